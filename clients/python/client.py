"""A device that stays connected: it resumes by its cursors and retries until it is answered.

    session = await sign_in(Site("claire", 8080))
    async with connected(session, Device.new()) as client:
        await client.create_conversation(conversation, patient=jean, motive=Motive.AGE)
        sent = await client.send(conversation, b"content")

An act is sent again with the same id and the same bytes after each lost connection, so that the
hub can recognise it; it is encrypted again (same message id, same franking tag) only when the
hub says that the epoch has moved. Every wait ends: see `Patience`.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import random
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, assert_never
from uuid import uuid4

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from clients.python import opaque
from clients.python.callbook import CallBook
from clients.python.connection import Connection, Patience, open_connection
from clients.python.errors import (
    BrokenStream,
    ClientError,
    ConnectionLost,
    Dismissed,
    HubFault,
    NoAnswer,
    Refused,
)
from clients.python.receipts import PinnedLogs, verify_is_for
from clients.python.session import Session
from clients.python.stream import Stream
from crypto.errors import CryptoError
from crypto.log.verify import VerifiedReceipt
from crypto.policy.vocabulary import ConversationKind, Motive
from signaling import frames
from signaling.codes import Code, Retry, reconnects
from signaling.frames import (
    AnyServerFrame,
    CallView,
    ClientFrame,
    Event,
    Ok,
    SignalPush,
    Summary,
    Welcomed,
)

_JITTER = random.SystemRandom()
CALL_CODES = frozenset(code for code in Code if code.value.startswith("call."))


@dataclass(frozen=True, slots=True)
class Device:
    """Who this installation is. The hub binds `id` and key to the first person that says hello."""

    id: str
    signature_key: bytes

    @classmethod
    def new(cls) -> Device:
        """Make a device with a signature key of its own; the bodies here are never signed."""
        return cls(str(uuid4()), Ed25519PrivateKey.generate().public_key().public_bytes_raw())


@dataclass(frozen=True, slots=True)
class ClaimedPackage:
    """A key package taken from the directory for one device."""

    person: str
    device: str
    key_package: str

    @property
    def added(self) -> frames.Added:
        """Return how a commit names the device it adds."""
        return frames.Added(person=self.person, device=self.device, key_package=self.key_package)


@dataclass(frozen=True, slots=True, kw_only=True)
class SentMessage:
    """A message the hub acknowledged: where it stands, and the proof."""

    message: str
    seq: int
    receipt: VerifiedReceipt


@dataclass(frozen=True, slots=True)
class Answer:
    """An act that took effect: what it returned, and its verified receipt where it is audited."""

    result: dict[str, Any]
    receipt: VerifiedReceipt | None

    def proof(self, *, act: str, conversation: str, body: bytes | None = None) -> VerifiedReceipt:
        """Return the receipt if it is of this act; raise `HubFault` or `WrongEntry` otherwise."""
        if self.receipt is None:
            raise HubFault("an audited act was answered without its receipt")
        return verify_is_for(self.receipt, act=act, conversation=conversation, body=body)


@dataclass(frozen=True, slots=True, kw_only=True)
class Observer:
    """What the owner of a client may watch; called in order, as it happens."""

    on_event: Callable[[Event], None] = lambda _: None
    """Every event as it came off the wire, before it is judged."""
    on_body: Callable[[str, bytes], None] = lambda *_: None
    """Every body made for a message id: one at first, one more for each new epoch."""
    on_hello: Callable[[], None] = lambda: None
    """A hello is about to be sent; its effect is known only once it is answered."""
    on_answer: Callable[[ClientFrame], None] = lambda _: None
    """A frame was answered ok: once for each act, however often it was sent."""
    on_call: Callable[[CallView], None] = lambda _: None
    """A call moved on, as far as this device did not know it yet."""
    on_signal: Callable[[SignalPush], None] = lambda _: None
    """A signal for this device arrived: nothing of it is verified."""


@dataclass(slots=True)
class _Sequence:
    """The device's counter in one conversation, from 1."""

    last: int = 0

    def take(self) -> int:
        self.last += 1
        return self.last


class Client:
    """One device's life on the wire. Made by `connected`, which also ends it."""

    def __init__(
        self, session: Session, device: Device, patience: Patience, observer: Observer
    ) -> None:
        self.device = device
        self.logs = PinnedLogs()
        self.streams: dict[str, Stream] = {}
        self.summaries: dict[str, Summary] = {}
        self.receipts: list[VerifiedReceipt] = []
        self.faults: list[BrokenStream] = []
        self.calls = CallBook()
        self.welcomed: Welcomed | None = None
        self._session = session
        self._patience = patience
        self._observer = observer
        self._ids = itertools.count(1)
        self._counters: dict[str, _Sequence] = {}
        self._connection: Connection | None = None
        self._over: ClientError | None = None
        self._moved = asyncio.Event()
        self._reconnect_after = 0.0

    @property
    def in_flight(self) -> int:
        """How many frames wait for their answer on the connection that stands now."""
        return self._connection.in_flight if self._connection else 0

    @property
    def online(self) -> bool:
        """Whether a connection stands and said hello."""
        return self._connection is not None

    @property
    def person(self) -> str:
        """Whose device this is, as the hub said at the last hello."""
        if self.welcomed is None:
            raise ConnectionLost(None)
        return self.welcomed.person

    async def until(self, condition: Callable[[], bool], seconds: float | None = None) -> None:
        """Wait until `condition` holds; it is asked again whenever something arrives."""
        try:
            async with asyncio.timeout(self._patience.act if seconds is None else seconds):
                while not condition():
                    if self._over is not None:
                        raise self._over
                    self._moved.clear()
                    await self._moved.wait()
        except TimeoutError as exc:
            raise NoAnswer("what was waited for did not happen") from exc

    async def publish_key_packages(self, count: int) -> None:
        """Give the directory `count` key packages of this device."""
        packages = [opaque.key_package() for _ in range(count)]
        await self.perform(frames.PublishKeyPackages(id=self.next_id(), packages=packages))

    async def claim(self, conversation: str, person: str) -> list[ClaimedPackage]:
        """Take one key package of each device of `person`."""
        answer = await self.perform(
            frames.ClaimKeyPackages(id=self.next_id(), conversation=conversation, person=person)
        )
        rows = answer.result["packages"]
        return [ClaimedPackage(one["person"], one["device"], one["key_package"]) for one in rows]

    async def list_patients(self) -> list[dict[str, Any]]:
        """Return the patients of this pharmacy."""
        answer = await self.perform(frames.ListPatients(id=self.next_id()))
        patients: list[dict[str, Any]] = answer.result["patients"]
        return patients

    async def create_conversation(
        self,
        conversation: str,
        *,
        patient: str,
        motive: Motive,
        kind: ConversationKind = ConversationKind.REMOTE_DISPENSATION,
    ) -> VerifiedReceipt:
        """Found a conversation whose group has this device alone."""
        answer = await self.perform(
            frames.CreateConversation(
                id=self.next_id(),
                conversation=conversation,
                conversation_kind=kind,
                patient=patient,
                motive=motive,
                group_info=opaque.group_info(),
            )
        )
        self._stream(conversation)
        return answer.proof(act="dispensation.started", conversation=conversation)

    async def add(self, conversation: str, packages: list[ClaimedPackage]) -> int:
        """Commit the Add of the claimed devices; return the commit's `seq`."""
        body = opaque.commit(conversation, self._stream(conversation).epoch)
        answer = await self.perform(
            frames.Commit(
                id=self.next_id(),
                conversation=conversation,
                commit=body,
                group_info=opaque.group_info(),
                welcome=opaque.welcome(),
                adds=[package.added for package in packages],
            )
        )
        answer.proof(act="group.committed", conversation=conversation, body=body)
        seq: int = answer.result["seq"]
        return seq

    async def send(self, conversation: str, content: bytes) -> SentMessage:
        """Send one message exactly once; return its place and its verified receipt."""
        counter = self._counters.setdefault(conversation, _Sequence()).take()
        message = opaque.message(
            conversation, content, counter=counter, sent_at=time.time_ns() // 1_000_000
        )
        while True:
            epoch = self._stream(conversation).epoch
            body = message.at_epoch(epoch)
            self._observer.on_body(message.id, body)
            try:
                answer = await self.perform(
                    frames.SendMessage(id=self.next_id(), conversation=conversation, body=body)
                )
            except Refused as refusal:
                if refusal.code is not Code.E_EPOCH:
                    raise
                await self.reach(conversation, refusal.epoch or epoch + 1)
                continue
            receipt = answer.proof(act="message.sent", conversation=conversation, body=body)
            return SentMessage(message=message.id, seq=answer.result["seq"], receipt=receipt)

    async def advance(self, conversation: str, *, delivered: int, read: int) -> None:
        """Say how far this device has received and displayed."""
        await self.perform(
            frames.AdvanceCursor(
                id=self.next_id(), conversation=conversation, delivered=delivered, read=read
            )
        )

    async def perform(self, frame: ClientFrame) -> Answer:
        """Send `frame`, over as many connections as it takes, and return its answer.

        Raises `Refused` unless the refusal says to try the same frame later, `NoAnswer` when the
        patience for an act is over, `Dismissed` when the hub closed for good.
        """
        try:
            async with asyncio.timeout(self._patience.act):
                while True:
                    answer = await self._attempt(frame)
                    if answer is not None:
                        return self._keep(frame, answer)
        except TimeoutError as exc:
            raise NoAnswer("the hub did not answer the act") from exc

    async def stay_connected(self) -> None:
        """Keep one connection open until the hub closes for good or the task is cancelled."""
        pauses = _pauses(self._patience)
        while True:
            try:
                code = await self._live_on(
                    await open_connection(
                        self._session, self._patience, self._take, self._heartbeat
                    )
                )
                pauses = _pauses(self._patience)
            except ConnectionLost as lost:
                code = lost.close_code
            except ClientError as exc:
                self._end(exc)
                return
            except (CryptoError, msgspec.ValidationError, KeyError) as exc:
                self._end(HubFault(str(exc)))
                return
            if code is not None and not reconnects(code):
                self._end(Dismissed(code))
                return
            await asyncio.sleep(max(next(pauses), self._reconnect_after))
            self._reconnect_after = 0.0

    def next_id(self) -> str:
        """Return a request id that this client has not used."""
        return f"{next(self._ids)}"

    def end(self) -> None:
        """Forget the connection; whoever still waits is told."""
        self._end(ConnectionLost(None))

    async def _live_on(self, connection: Connection) -> int | None:
        """Greet and read until the connection ends; return its close code."""
        reading = asyncio.create_task(connection.read())
        try:
            await self._greet(connection)
            self._connection = connection
            self._moved.set()
            return await asyncio.shield(reading)
        except BrokenStream:
            # The cursor still stands before the fault: the next connection resumes from there.
            return None
        finally:
            self._connection = None
            self._moved.set()
            try:
                await connection.close()
            finally:
                # Also when this task is cancelled while it closes: no socket is left behind.
                connection.abort()
                reading.cancel()
                await asyncio.gather(reading, return_exceptions=True)

    async def _greet(self, connection: Connection) -> None:
        self._observer.on_hello()
        hello = frames.Hello(
            id=self.next_id(),
            device=self.device.id,
            signature_key=self.device.signature_key,
            cursors={stream.conversation: stream.cursor for stream in self.streams.values()},
        )
        answer = await connection.request(hello)
        welcomed = msgspec.convert(answer.result or {}, Welcomed)
        self.logs.pin(welcomed.logs)
        self._keep(hello, answer)
        for summary in welcomed.conversations:
            self._learn(summary)
        self.calls.end_all_but(welcomed.calls)
        for call in welcomed.calls:
            self.learn_call(call)
        self.welcomed = welcomed

    async def _attempt(self, frame: ClientFrame) -> Ok | None:
        """Try once on the connection that stands; None when it is to be tried again."""
        await self.until(lambda: self._connection is not None)
        connection = self._connection
        if connection is None:  # lost again before this task had its turn
            return None
        try:
            return await connection.request(frame)
        except ConnectionLost:
            # Let `stay_connected` see the loss first: the dead connection is not tried twice.
            await self.until(lambda: self._connection is not connection)
        except Refused as refusal:
            # What a call refuses it refuses of this instant: whoever is in it decides what is next.
            if refusal.retry is not Retry.LATER or refusal.code in CALL_CODES:
                raise
            await asyncio.sleep((refusal.retry_after or 100) / 1000)
        return None

    def _take(self, frame: AnyServerFrame) -> None:
        match frame:
            case Event():
                self._apply(frame)
            case frames.WelcomePush():
                self._stream(frame.conversation).admit(frame.seq)
            case frames.ConversationPush():
                self._learn(frame.conversation)
            case frames.ReconnectPush():
                self._reconnect_after = frame.after / 1000
            case frames.CallPush():
                self.learn_call(frame.call)
            case frames.SignalPush():
                self._observer.on_signal(frame)
            case frames.CursorPush() | frames.KeyPackagesPush() | frames.KeyPackagesLowPush():
                pass
            case Ok() | frames.RefusedFrame():
                pass  # `Connection` keeps these
            case _:
                assert_never(frame)
        self._moved.set()

    def learn_call(self, call: CallView) -> None:
        """Take in a call's state, from wherever it was told."""
        if self.calls.learn(call):
            self._observer.on_call(call)

    def _heartbeat(self) -> float:
        return self.calls.heartbeat(self.device.id)

    def _apply(self, event: Event) -> None:
        self._observer.on_event(event)
        try:
            self._stream(event.conversation).apply(event)
        except BrokenStream as fault:
            self.faults.append(fault)
            raise

    def _learn(self, summary: Summary) -> None:
        self.summaries[summary.id] = summary
        if summary.joined:
            self._stream(summary.id).advance_epoch(summary.epoch)

    def _stream(self, conversation: str) -> Stream:
        return self.streams.setdefault(conversation, Stream(conversation))

    async def reach(self, conversation: str, epoch: int) -> None:
        """Wait until this device has followed a conversation's group to an epoch."""
        stream = self._stream(conversation)
        await self.until(lambda: stream.epoch >= epoch)

    def _keep(self, frame: ClientFrame, answer: Ok) -> Answer:
        self._observer.on_answer(frame)
        receipt = None
        if answer.receipt is not None:
            receipt = self.logs.verify(answer.receipt)
            self.receipts.append(receipt)
        return Answer(answer.result or {}, receipt)

    def _end(self, why: ClientError) -> None:
        self._over = why
        self._connection = None
        self._moved.set()


@contextlib.asynccontextmanager
async def connected(
    session: Session,
    device: Device,
    *,
    patience: Patience | None = None,
    observer: Observer | None = None,
    cursors: Mapping[str, int] | None = None,
) -> AsyncIterator[Client]:
    """Keep `device` connected for as long as the block lasts; enter once it said hello.

    `cursors`: the last event this device applied in each conversation, in an earlier life.
    """
    client = Client(session, device, patience or Patience(), observer or Observer())
    for conversation, cursor in (cursors or {}).items():
        client.streams[conversation] = Stream(conversation, cursor)
    staying = asyncio.create_task(client.stay_connected())
    try:
        await client.until(lambda: client.online)
        yield client
    finally:
        client.end()
        staying.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await staying


def _pauses(patience: Patience) -> Iterator[float]:
    """Yield the pauses before each next connection: doubling, bounded, jittered.

    Full jitter, so that a thousand clients of one hub do not come back in step.
    """
    longest = patience.first_pause
    while True:
        yield _JITTER.uniform(0, longest)
        longest = min(2 * longest, patience.longest_pause)
