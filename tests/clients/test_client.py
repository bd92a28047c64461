"""A device's life on the wire: retried to one effect, resumed by cursor, believed when proven."""

from __future__ import annotations

import asyncio
from uuid import uuid4

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from websockets.asyncio.server import ServerConnection

from clients.python import opaque
from clients.python.client import Device, Observer, connected
from clients.python.connection import Patience
from clients.python.errors import Dismissed, HubFault, LogKeyChanged, NoAnswer, Refused
from crypto.errors import BadProof, WrongEntry
from crypto.mls.authenticated_data import AuthenticatedData
from crypto.mls.framing import decode_header
from crypto.policy.vocabulary import Motive
from signaling import frames
from signaling.codec import encode
from signaling.codes import Close, Code
from signaling.frames import ClientFrame, Event
from tests.clients.small_hub import PERSON, SmallHub, refused, serving

QUICK = Patience(opening=2, answer=2, act=5, first_pause=0.001, longest_pause=0.01)
CONVERSATION = "00000000-0000-4000-8000-0000000000aa"


def told(socket: ServerConnection, frame: frames.ServerFrame) -> bool:
    """Let the hub say `frame` instead of what it would."""
    asyncio.get_running_loop().create_task(socket.send(encode(frame)))
    return True


def closed(socket: ServerConnection, code: int) -> bool:
    """Let the hub close instead of answering."""
    asyncio.get_running_loop().create_task(socket.close(code))
    return True


def cut(socket: ServerConnection) -> bool:
    """Let the network break instead of the answer."""
    socket.transport.abort()
    return True


def sends(hub: SmallHub) -> int:
    return len(hub.bodies)


async def test_an_acknowledged_message_comes_with_a_verified_receipt() -> None:
    """The acknowledgement is the proof."""
    hub = SmallHub()

    async with serving(hub), connected(hub.session, Device.new(), patience=QUICK) as client:
        sent = await client.send(CONVERSATION, b"content")

    assert sent.seq == 1
    assert sent.receipt.entry == hub.entries[sent.receipt.index]


async def test_an_answer_lost_on_the_way_is_asked_for_again_and_counts_once() -> None:
    """The act took effect, the network broke before its answer: the same bytes come again."""
    hub = SmallHub()
    hub.after = lambda hub, socket, frame: (
        isinstance(frame, frames.SendMessage) and sends(hub) == 1 and cut(socket)
    )

    async with serving(hub), connected(hub.session, Device.new(), patience=QUICK) as client:
        sent = await client.send(CONVERSATION, b"content")
        await client.until(lambda: client.streams[CONVERSATION].cursor == 1)

    assert sent.seq == 1
    assert len(hub.events) == 1
    assert len(hub.bodies) == 2
    assert len(set(hub.bodies)) == 1


async def test_a_request_lost_on_the_way_is_sent_again() -> None:
    """The act never took effect: it does now, once."""
    hub = SmallHub()
    hub.before = lambda hub, socket, frame: (
        isinstance(frame, frames.SendMessage) and sends(hub) == 1 and cut(socket)
    )

    async with serving(hub), connected(hub.session, Device.new(), patience=QUICK) as client:
        await client.send(CONVERSATION, b"content")

    assert len(hub.events) == 1


async def test_a_hub_that_comes_back_finds_its_clients_again() -> None:
    """The hub dies with an act in flight and starts again on the same port."""
    hub = SmallHub()
    swallowed = asyncio.Event()

    def swallow(hub: SmallHub, socket: ServerConnection, frame: ClientFrame) -> bool:
        if isinstance(frame, frames.SendMessage) and sends(hub) == 1:
            swallowed.set()
            return True
        return False

    hub.before = swallow
    async with serving(hub) as server, asyncio.TaskGroup() as tasks:
        device = connected(hub.session, Device.new(), patience=QUICK)
        client = await device.__aenter__()
        sending = tasks.create_task(client.send(CONVERSATION, b"content"))
        await swallowed.wait()
        server.close(close_connections=True)
        await server.wait_closed()
        async with serving(hub):
            sent = await sending
            await device.__aexit__(None, None, None)

    assert sent.seq == 1
    assert len(hub.events) == 1


async def test_after_a_new_epoch_the_message_is_encrypted_again_under_its_own_id() -> None:
    """`E_EPOCH`: the commit is read first, then the same message id and tag in a new body."""
    hub = SmallHub()
    made: list[tuple[str, bytes]] = []
    observer = Observer(on_body=lambda message, body: made.append((message, body)))

    def commit_first(hub: SmallHub, socket: ServerConnection, frame: ClientFrame) -> bool:
        if isinstance(frame, frames.SendMessage) and hub.epoch == 0:
            event = hub.commit(CONVERSATION, opaque.commit(CONVERSATION, 0))
            told(socket, refused(frame, Code.E_EPOCH, epoch=1))
            return told(socket, event)
        return False

    hub.before = commit_first
    async with (
        serving(hub),
        connected(hub.session, Device.new(), patience=QUICK, observer=observer) as client,
    ):
        sent = await client.send(CONVERSATION, b"content")

    assert sent.seq == 2
    assert [message for message, _ in made] == [sent.message] * 2
    assert made[0][1] != made[1][1]


async def test_a_busy_hub_is_asked_again_after_the_pause_it_told() -> None:
    """`retry: later` means the same frame, after `retry_after`."""
    hub = SmallHub()
    hub.before = lambda hub, socket, frame: (
        isinstance(frame, frames.SendMessage)
        and sends(hub) == 1
        and told(socket, refused(frame, Code.E_BUSY, retry_after=1))
    )

    async with serving(hub), connected(hub.session, Device.new(), patience=QUICK) as client:
        await client.send(CONVERSATION, b"content")

    assert len(hub.bodies) == 2
    assert len(set(hub.bodies)) == 1


async def test_a_refusal_for_good_reaches_the_caller_with_its_code() -> None:
    """Nothing is retried that would be refused again."""
    hub = SmallHub()
    hub.before = lambda hub, socket, frame: (
        isinstance(frame, frames.CreateConversation) and told(socket, refused(frame, Code.E_ROLE))
    )

    async with serving(hub), connected(hub.session, Device.new(), patience=QUICK) as client:
        with pytest.raises(Refused) as refusal:
            await client.create_conversation(CONVERSATION, patient=PERSON, motive=Motive.AGE)

    assert refusal.value.code is Code.E_ROLE


async def test_events_missed_while_away_arrive_in_order_and_once() -> None:
    """The next hello names the cursor; the hub streams from there."""
    hub = SmallHub()
    arrived: list[int] = []
    observer = Observer(on_event=lambda event: arrived.append(event.seq))

    async with (
        serving(hub),
        connected(hub.session, Device.new(), patience=QUICK, observer=observer) as client,
    ):
        for _ in range(3):
            await client.send(CONVERSATION, b"content")
        await client.until(lambda: client.streams[CONVERSATION].cursor == 3)
        cut(hub.sockets[-1])
        hub.commit(CONVERSATION, opaque.commit(CONVERSATION, 0))
        await client.until(lambda: client.streams[CONVERSATION].cursor == 4)

    assert arrived == [1, 2, 3, 4]
    assert client.faults == []


async def test_a_gap_is_noticed_and_mended_by_resuming() -> None:
    """An event that skips one is not applied: the connection is dropped, the cursor asks again."""
    hub = SmallHub()

    def skip_one(hub: SmallHub, socket: ServerConnection, frame: ClientFrame) -> bool:
        if isinstance(frame, frames.Ping) and hub.epoch == 0:
            hub.commit(CONVERSATION, opaque.commit(CONVERSATION, 0))
            return told(socket, hub.commit(CONVERSATION, opaque.commit(CONVERSATION, 1)))
        return False

    hub.before = skip_one
    async with serving(hub), connected(hub.session, Device.new(), patience=QUICK) as client:
        await client.send(CONVERSATION, b"content")
        await client.perform(frames.Ping(id="ping"))
        await client.until(lambda: client.streams[CONVERSATION].cursor == 3)

    assert [(fault.expected, fault.arrived) for fault in client.faults] == [(2, 3)]


@pytest.mark.parametrize(
    "code", [Close.MALFORMED, Close.SESSION, Close.FORBIDDEN, Close.SUPERSEDED]
)
async def test_a_hub_that_closes_for_good_is_not_dialled_again(code: Close) -> None:
    """4400 to 4499: whoever waits is told, and nobody comes back."""
    hub = SmallHub()
    hub.before = lambda hub, socket, frame: (
        isinstance(frame, frames.SendMessage) and closed(socket, code)
    )

    async with serving(hub), connected(hub.session, Device.new(), patience=QUICK) as client:
        with pytest.raises(Dismissed) as dismissal:
            await client.send(CONVERSATION, b"content")

    assert dismissal.value.close_code == code
    assert len(hub.sockets) == 1


@pytest.mark.parametrize("code", [Close.TOO_SLOW, Close.DRAINING, Close.UNAVAILABLE, 1012])
async def test_a_hub_that_closes_for_a_while_is_dialled_again(code: int) -> None:
    """4500 and more: come back and resume."""
    hub = SmallHub()
    hub.before = lambda hub, socket, frame: (
        isinstance(frame, frames.SendMessage) and sends(hub) == 1 and closed(socket, code)
    )

    async with serving(hub), connected(hub.session, Device.new(), patience=QUICK) as client:
        await client.send(CONVERSATION, b"content")

    assert len(hub.sockets) == 2


async def test_a_silent_hub_is_given_up_within_the_patience() -> None:
    """A half-open connection answers nothing: the act ends with `NoAnswer`, not never."""
    hub = SmallHub()
    hub.before = lambda hub, socket, frame: isinstance(frame, frames.SendMessage)
    patience = Patience(opening=2, answer=0.05, act=0.3, first_pause=0.001, longest_pause=0.01)

    async with serving(hub), connected(hub.session, Device.new(), patience=patience) as client:
        with pytest.raises(NoAnswer):
            await client.send(CONVERSATION, b"content")

    assert len(set(hub.bodies)) == 1


async def test_a_receipt_that_proves_nothing_is_not_believed() -> None:
    """The hub alters the entry it proves: the caller gets the reason, not the message's place."""
    hub = SmallHub()

    def lie(hub: SmallHub, socket: ServerConnection, frame: ClientFrame) -> bool:
        if not isinstance(frame, frames.SendMessage):
            return False
        [said] = hub.answers.values()
        receipt = said.receipt
        assert receipt is not None
        altered = msgspec.structs.replace(receipt, entry=receipt.entry + b" ")
        return told(socket, msgspec.structs.replace(said, id=frame.id, receipt=altered))

    hub.after = lie
    async with serving(hub), connected(hub.session, Device.new(), patience=QUICK) as client:
        with pytest.raises(BadProof):
            await client.send(CONVERSATION, b"content")


async def test_a_true_receipt_of_another_act_is_not_believed() -> None:
    """The hub answers with the receipt of the connection's own entry."""
    hub = SmallHub()

    def swap(hub: SmallHub, socket: ServerConnection, frame: ClientFrame) -> bool:
        if not isinstance(frame, frames.SendMessage):
            return False
        [said] = hub.answers.values()
        return told(socket, msgspec.structs.replace(said, id=frame.id, receipt=hub.receipt(0)))

    hub.after = swap
    async with serving(hub), connected(hub.session, Device.new(), patience=QUICK) as client:
        with pytest.raises(WrongEntry):
            await client.send(CONVERSATION, b"content")


async def test_an_act_without_its_receipt_is_the_hubs_fault() -> None:
    """An audited act is acknowledged with its proof or not at all."""
    hub = SmallHub()

    def keep_it(hub: SmallHub, socket: ServerConnection, frame: ClientFrame) -> bool:
        if not isinstance(frame, frames.SendMessage):
            return False
        [said] = hub.answers.values()
        return told(socket, msgspec.structs.replace(said, id=frame.id, receipt=None))

    hub.after = keep_it
    async with serving(hub), connected(hub.session, Device.new(), patience=QUICK) as client:
        with pytest.raises(HubFault):
            await client.send(CONVERSATION, b"content")


async def test_another_log_key_ends_the_client() -> None:
    """The key is pinned at first sight; a hub that comes back with another is not the same log."""
    hub = SmallHub()

    async with serving(hub), connected(hub.session, Device.new(), patience=QUICK) as client:
        hub.key = Ed25519PrivateKey.generate()
        cut(hub.sockets[-1])
        with pytest.raises(LogKeyChanged):
            await client.until(lambda: False)


async def test_an_event_that_no_member_could_have_sent_ends_the_client() -> None:
    """A commit whose body is no MLS message: the hub is at fault, and the client says so."""
    hub = SmallHub()
    hub.before = lambda hub, socket, frame: (
        isinstance(frame, frames.SendMessage) and told(socket, hub.commit(CONVERSATION, b"not MLS"))
    )

    async with serving(hub), connected(hub.session, Device.new(), patience=QUICK) as client:
        with pytest.raises(HubFault):
            await client.send(CONVERSATION, b"content")


async def test_many_acts_in_flight_are_each_answered_once_across_cuts() -> None:
    """Two hundred messages, the network cut three times under them."""
    hub = SmallHub()
    cuts = {20, 70, 120}

    def now_and_then(hub: SmallHub, socket: ServerConnection, frame: ClientFrame) -> bool:
        if len(hub.events) in cuts:
            cuts.remove(len(hub.events))
            return cut(socket)
        return False

    hub.after = now_and_then
    arrived: list[Event] = []
    async with (
        serving(hub),
        connected(
            hub.session, Device.new(), patience=QUICK, observer=Observer(on_event=arrived.append)
        ) as client,
        asyncio.TaskGroup() as tasks,
    ):
        sending = [tasks.create_task(client.send(CONVERSATION, b"content")) for _ in range(200)]
        await asyncio.gather(*sending)
        await client.until(lambda: client.streams[CONVERSATION].cursor == 200)

    assert sorted(task.result().seq for task in sending) == list(range(1, 201))
    assert [event.seq for event in arrived] == list(range(1, 201))
    assert cuts == set()


async def test_a_counter_runs_from_one_in_each_conversation() -> None:
    """The counter is the device's own, and no conversation tells of another."""
    hub = SmallHub()
    other = str(uuid4())

    async with serving(hub), connected(hub.session, Device.new(), patience=QUICK) as client:
        await client.send(CONVERSATION, b"content")
        await client.send(CONVERSATION, b"content")
        hub.events.clear()
        await client.send(other, b"content")

    assert [counter_of(body) for body in hub.bodies] == [1, 2, 1]


def counter_of(body: bytes) -> int:
    """Return the counter in a body's authenticated data."""
    return AuthenticatedData.decode(decode_header(body).authenticated_data).counter
