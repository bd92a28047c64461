"""Real coturn, real allocations: what the hub's credentials open, and what nothing opens.

The configuration is the one that `docs/turn.md` recommends.
"""

from __future__ import annotations

import asyncio
import ssl
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import pytest
from aioice import stun, turn

from crypto.keys import Secret
from signaling.frames import TurnCredentials
from signaling.turn import LIFE_SECONDS, credentials
from tests.e2e.coturn import Coturn, recommended
from tests.e2e.netns import Place, a_place

CALL = str(uuid.uuid4())
DEVICE = str(uuid.uuid4())
SECOND = 1_000_000
WAYS = ("udp", "tcp", "tls")
CHANNEL = 0x4000
PUBLIC = "9.9.9.9"
PRIVATE = ("10.1.2.3", "127.0.0.1", "169.254.169.254", "172.16.0.1", "192.168.1.1", "100.64.0.1")

T = TypeVar("T")


@pytest.fixture(scope="module")
def place() -> Iterator[Place]:
    with a_place() as place:
        yield place


@pytest.fixture(scope="module")
def coturn(place: Place, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Coturn]:
    """A server that may relay within this place."""
    yield from _running(Coturn(tmp_path_factory.mktemp("turn"), place))


@pytest.fixture(scope="module")
def strict(place: Place, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Coturn]:
    """A server exactly as strict as in production."""
    yield from _running(Coturn(tmp_path_factory.mktemp("strict"), place, strict=True))


def _running(coturn: Coturn) -> Iterator[Coturn]:
    coturn.start()
    yield coturn
    coturn.stop()


def issued(secret: Secret, *, ago: float = 0) -> TurnCredentials:
    """Return the credential that a hub gave some seconds ago."""
    now = int((time.time() - ago) * SECOND)
    return credentials(secret, CALL, DEVICE, [], now)


class Receiver(asyncio.DatagramProtocol):
    """What arrives at one relayed address."""

    def __init__(self) -> None:
        self.got: asyncio.Queue[bytes] = asyncio.Queue()

    def datagram_received(self, data: bytes, _addr: Any) -> None:
        self.got.put_nowait(data)


class ByUdp(turn.TurnClientUdpProtocol):
    """aioice's client, which tells when its socket is gone."""

    def __init__(self, *told: Any) -> None:
        super().__init__(*told)
        self.receiver = Receiver()
        self.gone = asyncio.Event()

    def connection_lost(self, _exc: Exception | None) -> None:
        self.gone.set()


class ByTcp(turn.TurnClientTcpProtocol):
    """The same over a stream."""

    def __init__(self, *told: Any) -> None:
        super().__init__(*told)
        self.receiver = Receiver()
        self.gone = asyncio.Event()

    def connection_lost(self, _exc: Exception | None) -> None:
        self.gone.set()


Client = ByUdp | ByTcp


def run(place: Place, work: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine on a loop of its own, in the place: the journeys' browser has this thread."""

    def inside() -> T:
        with place.entered():
            return asyncio.run(asyncio.wait_for(work, 30))

    with ThreadPoolExecutor(1) as thread:
        return thread.submit(inside).result()


@asynccontextmanager
async def connected(coturn: Coturn, way: str, credential: TurnCredentials) -> AsyncIterator[Client]:
    """Reach the server by one of its three ways in; nothing is asked for yet."""
    loop = asyncio.get_running_loop()
    server = (coturn.place.address, coturn.tls_port if way == "tls" else coturn.port)
    told = (server, credential.username, credential.credential, LIFE_SECONDS, LIFE_SECONDS)
    transport: asyncio.DatagramTransport | asyncio.Transport
    client: Client
    if way == "udp":
        transport, client = await loop.create_datagram_endpoint(
            lambda: ByUdp(*told), remote_addr=server
        )
    else:
        trust = ssl.create_default_context(cafile=coturn.directory / "cert.pem")
        transport, client = await loop.create_connection(
            lambda: ByTcp(*told), *server, ssl=trust if way == "tls" else None
        )
    try:
        yield client
    finally:
        transport.abort()
        await client.gone.wait()


@asynccontextmanager
async def allocated(coturn: Coturn, way: str, credential: TurnCredentials) -> AsyncIterator[Client]:
    """Hold a relayed address."""
    async with connected(coturn, way, credential) as client:
        await client.connect()
        yield client
        await client.delete()


async def refusal(work: Awaitable[Any]) -> int:
    """Return the STUN error with which something is refused."""
    with pytest.raises(stun.TransactionFailed) as refused:
        await work
    return int(refused.value.response.attributes["ERROR-CODE"][0])


async def allocation_refused(coturn: Coturn, way: str, credential: TurnCredentials) -> int:
    """Ask for a relayed address; return why there is none."""
    async with connected(coturn, way, credential) as client:
        return await refusal(client.connect())


async def peer_refused(coturn: Coturn, peer: str) -> int:
    """Ask for packets to be sent to `peer`; return why they are not."""
    async with allocated(coturn, "udp", issued(coturn.secret)) as client:
        return await refusal(client.channel_bind(CHANNEL, (peer, 9)))


async def relayed(coturn: Coturn, way: str) -> bytes:
    """Send from one relayed address to another; return what arrives."""
    mine = issued(coturn.secret)
    async with (
        allocated(coturn, way, mine) as sender,
        allocated(coturn, way, mine) as receiver,
    ):
        assert sender.relayed_address
        assert receiver.relayed_address
        await receiver.send_data(b"opens the way back", sender.relayed_address)
        await sender.send_data(b"from one relay to the other", receiver.relayed_address)
        assert isinstance(receiver.receiver, Receiver)
        return await receiver.receiver.got.get()


@pytest.mark.parametrize("way", WAYS)
def test_the_hubs_credential_relays(coturn: Coturn, way: str) -> None:
    """By UDP, by TCP and by TLS: an allocation, and what is sent through it arrives."""
    assert run(coturn.place, relayed(coturn, way)) == b"from one relay to the other"


@pytest.mark.parametrize("way", WAYS)
def test_an_expired_credential_is_refused(coturn: Coturn, way: str) -> None:
    """401 from the second after its ten minutes."""
    old = issued(coturn.secret, ago=LIFE_SECONDS + 2)

    assert run(coturn.place, allocation_refused(coturn, way, old)) == 401


@pytest.mark.parametrize("way", WAYS)
def test_a_credential_under_another_secret_is_refused(coturn: Coturn, way: str) -> None:
    """A password that the hub did not make."""
    forged = issued(Secret(b"guessed" * 8))

    assert run(coturn.place, allocation_refused(coturn, way, forged)) == 401


def test_a_credential_cannot_be_prolonged(coturn: Coturn) -> None:
    """The password belongs to the hour in the name."""
    old = issued(coturn.secret, ago=LIFE_SECONDS + 2)
    _, _, rest = old.username.partition(":")
    later = msgspec.structs.replace(old, username=f"{int(time.time()) + 3600}:{rest}")

    assert run(coturn.place, allocation_refused(coturn, "udp", later)) == 401


@pytest.mark.parametrize("peer", PRIVATE)
def test_production_relays_to_nothing_private(strict: Coturn, peer: str) -> None:
    """403 for every private, loopback or link-local peer: the relay is no door inwards."""
    assert run(strict.place, peer_refused(strict, peer)) == 403


def test_production_relays_to_public_addresses(strict: Coturn) -> None:
    """The list of what is denied does not deny everything."""

    async def bind() -> None:
        async with allocated(strict, "udp", issued(strict.secret)) as client:
            await client.channel_bind(CHANNEL, (PUBLIC, 9))

    run(strict.place, bind())


def test_no_key_is_in_its_log(place: Place, tmp_path: Path) -> None:
    """Neither the shared secret nor a credential; the same search finds what it does know."""
    coturn = Coturn(tmp_path, place)
    coturn.start()
    one, forged = issued(coturn.secret), issued(Secret(b"guessed" * 8))
    run(place, relayed(coturn, "udp"))
    run(place, allocation_refused(coturn, "udp", forged))
    coturn.stop()

    said = coturn.log.read_text()

    assert "colloque.test" in said
    assert coturn.secret.reveal().decode() not in said
    assert one.credential not in said
    assert forged.credential not in said


def test_the_configuration_in_the_documentation_is_complete() -> None:
    """Every line that keeps the relay closed is there, and none that opens it."""
    lines = recommended()

    assert {"use-auth-secret", "no-multicast-peers", "no-tcp-relay", "no-cli"} <= set(lines)
    assert not {"no-auth", "allow-loopback-peers", "server-relay", "verbose"} & set(lines)
