"""A whole hub on a real SQLite file, without a network: the tests' door to the server.

Time is an argument: `Hands` is the clock. Peers speak the real wire over an in-memory socket.
"""

from __future__ import annotations

import asyncio
import hashlib
import threading
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from crypto.log.checkpoint import VerifierKey
from crypto.log.verify import VerifiedReceipt, verify_receipt
from crypto.policy.conversation import ConversationPolicy
from crypto.policy.vocabulary import Profession
from server.demo import PERSONAS, seed
from server.domain.audit import LogClass
from server.domain.people import Principal, Session
from server.hub import gate
from server.hub.bounds import HubSettings
from server.hub.connection import Gone
from server.hub.gate import Asked
from server.hub.hub import Hub
from server.hub.outcome import Done, Outcome
from server.hub.rates import RateSettings
from server.hub.writer import Job
from server.ports import Tx
from server.storage.database import Database, sqlite_engine
from server.storage.keys import KeyRing
from signaling import codec, frames
from signaling.frames import AnyClientFrame, AnyServerFrame, Ok, RefusedFrame
from tests.server import opaque
from tests.server.accounts import Account, accounts_of, an_account, enrol_everyone
from tests.server.mls import MlsDevice, a_policy, founding

PEOPLE = {persona.slug: persona.person for persona in PERSONAS}
SECONDS = 1_000_000
PATIENCE = 10
"""A wait on the hub that takes longer has failed."""
NOON = 1_790_000_000 * SECONDS
MOVING_IN = frozenset({"identity.issued", "staff.certified", "device.certified"})
"""Entries that stand before whatever a test begins with."""

F = TypeVar("F", bound=AnyServerFrame)


class Hands:
    """A clock whose hands the test turns."""

    def __init__(self) -> None:
        self.at = NOON

    def now(self) -> int:
        """Return where the hands are."""
        return self.at

    def turn(self, seconds: float) -> None:
        """Let time pass, or go back."""
        self.at += int(seconds * SECONDS)


class Wire:
    """A socket in memory: what the peer sends and what it gets, with a switch to stop reading."""

    def __init__(self) -> None:
        self.incoming: asyncio.Queue[bytes | Exception] = asyncio.Queue()
        self.outgoing: asyncio.Queue[bytes] = asyncio.Queue()
        self.reads = asyncio.Event()
        self.reads.set()
        self.closes = asyncio.Event()
        self.closes.set()
        self.closed: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    async def receive(self) -> bytes:
        """Return what the peer sent."""
        item = await self.incoming.get()
        if isinstance(item, Exception):
            raise item
        return item

    async def send(self, data: bytes) -> None:
        """Give the peer a frame, once it reads."""
        await self.reads.wait()
        self.outgoing.put_nowait(data)

    async def close(self, code: int) -> None:
        """Close with a code, once the transport takes it."""
        await self.closes.wait()
        if not self.closed.done():
            self.closed.set_result(code)


def open_database(directory: Path, *, enrolled: bool = False) -> Database:
    """Open (again) the database of a directory, with the demonstration's people.

    `enrolled`: each of them with an account key that the authority certified.
    """
    database = Database(
        sqlite_engine(directory / "colloque.sqlite"),
        keys=KeyRing(directory / "keys"),
        deployment="test.example",
        node="test",
    )
    database.migrate()
    seed(database)
    if enrolled:
        enrol_everyone(database)
    return database


class House:
    """A running hub and the peers at its door."""

    def __init__(self, hub: Hub, database: Database, clock: Hands) -> None:
        self.hub = hub
        self.database = database
        self.clock = clock
        with database.read() as tx:
            self.accounts = accounts_of(tx, PEOPLE)
        """The account keys of those who were enrolled before."""
        self.mls: dict[str, MlsDevice] = {}
        """Every device that came with keys of its own: it may come again."""
        self._tasks: list[asyncio.Task[None]] = []

    async def session(self, slug: str, *, seconds: float = 3600) -> Session:
        """Sign a persona in."""
        key = hashlib.sha256(uuid.uuid4().bytes).digest()
        session = Session(key, PEOPLE[slug], self.clock.now() + int(seconds * SECONDS))
        await self.hub.sign_in(session)
        return session

    async def knock(self, slug: str, *, session: Session | None = None) -> Peer:
        """Open a socket as a persona, without hello."""
        wire = Wire()
        session = session or await self.session(slug)
        self._tasks.append(asyncio.create_task(self.hub.serve(wire, session)))
        return Peer(self, wire, slug, session)

    async def peer(self, slug: str, *, packages: int = 0, **hello: Any) -> Peer:
        """Connect a new device of a persona, certified; it may publish key packages."""
        certified = hello.pop("certified", True)
        peer = await self.knock(slug, session=hello.pop("session", None))
        await peer.hello(**hello)
        wanted = certified and peer.person in self.accounts
        if wanted and not peer.welcomed["device_certificate"]:
            await peer.certify()
        if packages:
            await peer.ok(frames.PublishKeyPackages, packages=peer.key_packages(packages))
        return peer

    async def leave(self) -> None:
        """Have every peer go."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def entries(
        self, tenant: str = "990000001", log: str = "care", *, everything: bool = False
    ) -> list[dict[str, Any]]:
        """Return a log's entries, decoded, from the database itself.

        Without those of how people and devices came by their certificates, unless asked.
        """
        with self.database.read() as tx:
            head = tx.log.head(tenant, LogClass(log))
            rows = tx.audit.entries(head.log, after=-1, size=head.size, limit=head.size)
        found = [msgspec.json.decode(row.entry or b"null") for row in rows]
        return [one for one in found if everything or one["type"] not in MOVING_IN]

    def refusals(self, tenant: str = "990000001", log: str = "care") -> list[dict[str, Any]]:
        """Return the `act.refused` entries of a log."""
        return [e for e in self.entries(tenant, log) if e["type"] == "act.refused"]

    def run(self, *statements: str) -> None:
        """Do what only someone with the database file can do."""
        with self.database.engine.connect() as connection:
            for statement in statements:
                connection.exec_driver_sql(statement)

    def rows(self, query: str) -> list[Any]:
        """Return what stands in the database."""
        with self.database.engine.connect() as connection:
            return list(connection.exec_driver_sql(query))

    async def judge(self, session: Session, device: str, frame: AnyClientFrame) -> Outcome:
        """Ask the gate itself, as the writer's thread does; nothing it does stays."""

        def ask() -> Outcome:
            asked = Asked(principal=Principal(session, device), frame=frame)
            with self.database.read() as tx:
                return gate.judge(tx, asked, self.clock.now())

        return await asyncio.to_thread(ask)

    @asynccontextmanager
    async def one_batch(self, acts: int) -> AsyncIterator[None]:
        """Hold the writer until `acts` wait for it: it commits them in one transaction."""
        writer, held = self.hub._writer, threading.Event()

        def hold(_tx: Tx, _now: int) -> Outcome:
            held.wait(PATIENCE)
            return Done()

        writer.submit(Job(hold, lambda _settled: None))
        await until(lambda: writer._queue.qsize() == 0)
        try:
            yield
            await until(lambda: writer._queue.qsize() == acts)
        finally:
            held.set()


async def until(condition: Callable[[], bool]) -> None:
    """Let the loop turn until something is so."""
    async with asyncio.timeout(PATIENCE):
        while not condition():  # noqa: ASYNC110 - what is awaited has no event of its own
            await asyncio.sleep(0.001)


class Peer:
    """One device of one persona on one socket."""

    def __init__(self, house: House, wire: Wire, slug: str, session: Session) -> None:
        self.house = house
        self.wire = wire
        self.slug = slug
        self.session = session
        self.person = PEOPLE[slug].id
        self.mls = self._new_device(str(uuid.uuid4()))
        self.welcomed: dict[str, Any] = {}
        self.pushes: list[AnyServerFrame] = []
        self.accesses: list[frames.AccessRow] = []
        """What a patient was told of « Qui a vu quoi »: apart, for each act tells it."""
        self._counter = 0

    @property
    def device(self) -> str:
        """This device's id."""
        return self.mls.device

    @property
    def signature_key(self) -> bytes:
        """This device's public key."""
        return self.mls.signature_key

    def send(self, frame: AnyClientFrame) -> None:
        """Send a frame without waiting."""
        self.wire.incoming.put_nowait(codec.encode(frame))

    def send_raw(self, data: bytes) -> None:
        """Send bytes that may be no frame at all."""
        self.wire.incoming.put_nowait(data)

    def hang_up(self) -> None:
        """Leave as a closed tab does."""
        self.wire.incoming.put_nowait(Gone())

    async def hello(
        self,
        *,
        device: str | None = None,
        signature_key: bytes | None = None,
        cursors: dict[str, int] | None = None,
    ) -> Ok:
        """Say hello, as a new device or a known one."""
        if device is not None:
            self.mls = self.house.mls.get(device) or self._new_device(device)
        done = await self.ok(
            frames.Hello,
            device=self.device,
            signature_key=signature_key or self.signature_key,
            cursors=cursors or {},
        )
        self.house.mls[self.device] = self.mls
        self.welcomed = done.result or {}
        return done

    def _new_device(self, device: str) -> MlsDevice:
        person = PEOPLE[self.slug]
        account = self.house.accounts.get(person.id) or an_account(person)
        return MlsDevice(account, device, self.house.clock)

    @property
    def account(self) -> Account:
        """This person's account, as this device knows it."""
        return self.mls.account

    async def certify(self) -> Ok:
        """Have this device certified: by its own hand, for it has the account key."""
        return await self.ok(frames.CertifyDevice, certificate=self.mls.certificate)

    async def ask(self, kind: type[Any], **fields: Any) -> Ok | RefusedFrame:
        """Send a frame and return its answer; what comes in between is kept in `pushes`."""
        self._counter += 1
        request = f"r{self._counter}"
        self.send(kind(id=request, **fields))
        answer = await self.answer(request)
        if kind is frames.Commit and isinstance(answer, Ok):
            self.mls.go_on(fields["conversation"], fields["commit"])
        return answer

    async def answer(self, request: str) -> Ok | RefusedFrame:
        """Wait for the answer to a frame sent before."""
        while True:
            frame = await self.next()
            if isinstance(frame, Ok | RefusedFrame) and frame.id == request:
                return frame
            self.pushes.append(frame)

    async def ok(self, kind: type[Any], **fields: Any) -> Ok:
        """Send a frame that must be accepted."""
        answer = await self.ask(kind, **fields)
        assert isinstance(answer, Ok), answer
        return answer

    async def refused(self, kind: type[Any], **fields: Any) -> RefusedFrame:
        """Send a frame that must be refused."""
        answer = await self.ask(kind, **fields)
        assert isinstance(answer, RefusedFrame), answer
        return answer

    async def next(self) -> AnyServerFrame:
        """Return the next frame of the hub."""
        async with asyncio.timeout(PATIENCE):
            frame = codec.decode_server(await self.wire.outgoing.get())
            while isinstance(frame, frames.AccessPush):
                self.accesses.append(frame.row)
                frame = codec.decode_server(await self.wire.outgoing.get())
        self.mls.see(frame)
        return frame

    async def push(self, kind: type[F]) -> F:
        """Return the next push of a kind, kept or to come."""
        for at, frame in enumerate(self.pushes):
            if isinstance(frame, kind):
                del self.pushes[at]
                return frame
        while True:
            frame = await self.next()
            if isinstance(frame, kind):
                return frame
            self.pushes.append(frame)

    async def event(self) -> frames.Event:
        """Return the next step of a conversation."""
        return await self.push(frames.Event)

    async def closed(self) -> int:
        """Wait for the hub to close, and return its code."""
        async with asyncio.timeout(PATIENCE):
            return await asyncio.shield(self.wire.closed)

    def verify(self, answer: Ok) -> VerifiedReceipt:
        """Verify the receipt of an answer with the log's key told at hello."""
        assert answer.receipt is not None
        key = self.welcomed["logs"][answer.receipt.log.rsplit("/", 1)[-1]]
        return verify_receipt(answer.receipt.proof, VerifierKey.parse(key), answer.receipt.entry)

    def key_packages(self, count: int = 1) -> list[bytes]:
        """Make fresh key packages of this device."""
        return [self.mls.key_package() for _ in range(count)]

    def policy(
        self, conversation: str, patient: str = "jean", **changes: Any
    ) -> ConversationPolicy:
        """Return what the group of a conversation for a patient says, or something else."""
        owner = next(
            one
            for one in self.house.accounts.values()
            if one.person.tenant == PEOPLE[self.slug].tenant
            and one.person.profession is Profession.OWNER
        )
        return a_policy(conversation, owner, an_account(PEOPLE[patient]), **changes)

    def group_info(
        self, conversation: str, generation: int = 0, *, patient: str = "jean", **changes: Any
    ) -> bytes:
        """Found the MLS group of a conversation; return its GroupInfo."""
        policy = self.policy(conversation, patient, **changes)
        said = founding(self.welcomed["hub_key"], policy)
        return self.mls.found(conversation, said, generation)

    async def create(self, patient: str = "jean", **other: Any) -> str:
        """Found a conversation for a patient; return its id."""
        conversation = other.pop("conversation", None) or str(uuid.uuid4())
        kind = other.get("conversation_kind", "remote_dispensation")
        fields: dict[str, Any] = {
            "conversation": conversation,
            "conversation_kind": "remote_dispensation",
            "patient": PEOPLE[patient].id,
            "motive": "age",
            "group_info": other.pop("group_info", None)
            or self.group_info(conversation, patient=patient, kind=kind),
        }
        await self.ok(frames.CreateConversation, **fields | other)
        return conversation

    async def claim(self, conversation: str, slug: str) -> list[dict[str, Any]]:
        """Claim a persona's packages; return the rows."""
        done = await self.ok(
            frames.ClaimKeyPackages, conversation=conversation, person=PEOPLE[slug].id
        )
        packages: list[dict[str, Any]] = (done.result or {})["packages"]
        return packages

    async def add(self, conversation: str, slug: str) -> Ok:
        """Claim a persona's packages and commit their devices into the group."""
        rows = await self.claim(conversation, slug)
        return await self.ok(frames.Commit, **self.mls.an_add(conversation, *rows))

    async def settle(self) -> None:
        """Read all that the hub has said so far: this device stands where the group does."""
        await self.ok(frames.Ping)

    async def nothing_but_pong(self) -> None:
        """Ask for a pong and get nothing else before it: the hub had nothing to say."""
        self._counter += 1
        request = f"r{self._counter}"
        self.send(frames.Ping(id=request))
        frame = await self.next()
        assert isinstance(frame, Ok), frame
        assert frame.id == request
        assert self.pushes == []

    def message(
        self, conversation: str, content: bytes = b"bonjour", **acting: Any
    ) -> opaque.OpaqueMessage:
        """Make a new opaque message; `acting`: for whom a carer says to send it."""
        self._counter += 1
        return opaque.message(
            conversation,
            content,
            counter=self._counter,
            sent_at=self.house.clock.now() // 1000,
            **acting,
        )

    async def say(self, conversation: str, *, epoch: int = 1) -> Ok:
        """Send a new message that must be accepted."""
        body = self.message(conversation).at_epoch(epoch)
        return await self.ok(frames.SendMessage, conversation=conversation, body=body)


@asynccontextmanager
async def a_house(directory: Path, **settings: Any) -> AsyncIterator[House]:
    """Run a hub on a directory (again) for as long as the block lasts."""
    database = open_database(directory, enrolled=True)
    clock = settings.pop("clock", None) or Hands()
    # What is due when a test turns the clock is the test's to say (`hub.calls.sweep`).
    settings.setdefault("call_sweep_seconds", 3600)
    rates = settings.pop(
        "rates",
        RateSettings(device="100000/second", conversation="100000/second", costly="100000/second"),
    )
    hub = Hub(database, clock, HubSettings(rates=rates, **settings))
    house = House(hub, database, clock)
    async with hub.running():
        try:
            yield house
        finally:
            await house.leave()
    database.close()


async def a_pair(house: House) -> tuple[Peer, Peer, str]:
    """A pharmacist and a patient in one group, at epoch 1."""
    claire, jean = await house.peer("claire"), await house.peer("jean", packages=3)
    conversation = await claire.create()
    await claire.add(conversation, "jean")
    await jean.push(frames.WelcomePush)
    return claire, jean, conversation


async def a_removal(house: House) -> tuple[Peer, Peer, str]:
    """A pharmacist with two devices in a group of her own: the second is to be given up."""
    claire, second = await house.peer("claire"), await house.peer("claire", packages=1)
    conversation = await claire.create()
    await claire.add(conversation, "claire")
    await second.push(frames.WelcomePush)
    return claire, second, conversation
