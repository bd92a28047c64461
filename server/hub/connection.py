"""One device's connection: reads frames, writes what waits, catches up, and ends with its code.

Four tasks in one group: the reader, the writer of the outbox, the feeder that streams what was
missed, the one that has questions answered in their order. Between the state they share there is no
`await`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Protocol

import structlog

from crypto.policy.vocabulary import Role
from server.domain.conversation import Event
from server.domain.people import Principal, Session
from server.domain.refusals import Refused
from server.domain.rules import RULES, Path
from server.hub.backpressure import Outbox, Overflow
from server.hub.bounds import HubSettings
from server.hub.catchup import Behind, CatchUp
from server.hub.fanout import FanOut
from server.hub.gate import Asked
from server.hub.metrics import CLOSED, FRAMES, UNREADABLE
from server.hub.outcome import Done, Look, Settled
from server.hub.rates import Rates
from server.ports import Clock
from signaling import codec, frames
from signaling.codes import CODES, Close, Code, Retry
from signaling.errors import MalformedFrame, Unreadable
from signaling.frames import AnyClientFrame, CreateConversation, Hello, Ping

log = structlog.get_logger(__name__)
Settle = Callable[[Settled], None]

MAX_IN_FLIGHT = 256
"""Frames of one connection that wait for their answer; the reader pauses beyond."""
MAX_LOOKS = 8
FLUSH_SECONDS = 1.0


class Gone(Exception):
    """The peer left."""


class Socket(Protocol):
    """What the web side gives: whole binary messages."""

    async def receive(self) -> bytes:
        """Return the next message; raises `Gone`, or `Unreadable` for text."""
        ...

    async def send(self, data: bytes) -> None:
        """Hand a message to the transport, waiting while its buffer is full; raises `Gone`."""
        ...

    async def close(self, code: int) -> None:
        """Close with a code."""
        ...


class House(Protocol):
    """What a connection needs of the hub it belongs to."""

    clock: Clock
    settings: HubSettings
    rates: Rates
    fanout: FanOut

    def submit(self, asked: Asked, settle: Settle) -> None:
        """Have the writer carry out a frame."""
        ...

    async def read(self, asked: Asked, settle: Settle) -> None:
        """Answer a frame that changes nothing."""
        ...

    def greet(self, connection: Connection, now: int) -> None:
        """A device has said hello: it is told what waited for it."""
        ...

    async def page(self, behind: Behind, device: str) -> list[Event]:
        """Read what comes next for a device that is behind."""
        ...


class _Ended(Exception):
    """The connection is over on our side."""


class Connection:
    """A signed-in peer on a socket. It becomes a subscriber when its device has said hello."""

    def __init__(self, socket: Socket, session: Session, hub: House) -> None:
        self._socket = socket
        self._hub = hub
        self._principal = Principal(session)
        self._outbox = Outbox(hub.settings.outbox_bytes, hub.clock.now)
        self._in_flight = asyncio.Semaphore(MAX_IN_FLIGHT)
        self._closing = asyncio.Event()
        self._close_code: Close | None = None
        self._flush_first = False
        self._greeted = asyncio.Event()
        self._catch_up = CatchUp()
        self._behind = asyncio.Event()
        self._looks: dict[str, Look] = {}
        # Not more than MAX_IN_FLIGHT: what is asked holds its place of the semaphore.
        self._questions: asyncio.Queue[AnyClientFrame] = asyncio.Queue()
        self._over = False
        self._turned_out = False
        self.device = ""
        self.person = session.person.id
        is_patient = session.person.role is Role.PATIENT
        self.patient_of = session.person.tenant if is_patient else None
        self.session = session.key
        self.heard_at = hub.clock.now()

    async def run(self) -> None:
        """Serve the connection until either side ends it."""
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._read())
                tasks.create_task(self._write())
                tasks.create_task(self._feed())
                tasks.create_task(self._ask())
                tasks.create_task(self._end())
        except* (_Ended, Gone):
            code = self._close_code
        except* Exception as group:
            log.error("connection_failed", error=type(group.exceptions[0]).__name__)
            code = Close.UNAVAILABLE
        finally:
            self._over = True
            self._hub.fanout.leave(self)
        if code is not None:
            CLOSED.labels(int(code)).inc()
            await self._close_socket(int(code))

    def close(self, code: Close, *, flush: bool = False) -> None:
        """End the connection; with `flush`, after what waits is written (at most a second)."""
        if not self._closing.is_set():
            self._close_code, self._flush_first = code, flush
            self._closing.set()

    def push(self, data: bytes) -> None:
        """Queue an encoded frame; a reader that is too slow is closed and resumes by cursor."""
        if self._closing.is_set():
            return
        try:
            self._outbox.put(data)
        except Overflow:
            self.close(Close.TOO_SLOW)

    def push_urgent(
        self, data: bytes, *, about: str | None = None, until: int | None = None
    ) -> None:
        """Queue a frame of a call before all others; a reader that takes none is closed."""
        if self._closing.is_set():
            return
        try:
            self._outbox.put_urgent(data, about=about, until=until)
        except Overflow:
            self.close(Close.TOO_SLOW)

    def push_event(self, event: Event, since: int, data: bytes) -> None:
        """Queue the next step of a conversation, unless the feeder is still before it."""
        for frame in self._catch_up.live(event, since, data):
            self.push(frame)
        if self._catch_up.next_behind() is not None:
            self._behind.set()

    async def _end(self) -> None:
        await self._closing.wait()
        if self._flush_first:
            await self._flush()
        raise _Ended

    async def _flush(self) -> None:
        try:
            async with asyncio.timeout(FLUSH_SECONDS):
                await self._outbox.drained()
        except TimeoutError:
            return

    async def _close_socket(self, code: int) -> None:
        # A transport whose buffer is full takes no close frame either: a peer that reads nothing
        # would hold this connection, and a drain, for as long as it likes.
        with suppress(TimeoutError):
            async with asyncio.timeout(self._hub.settings.close_seconds):
                await self._socket.close(code)

    async def _write(self) -> None:
        while True:
            data = await self._outbox.take()
            await self._socket.send(data)
            self._outbox.sent(data)

    async def _read(self) -> None:
        while True:
            try:
                async with asyncio.timeout(self._patience()):
                    data = await self._socket.receive()
            except TimeoutError:
                self.close(Close.SESSION if self._session_over() else Close.SILENT)
                return
            except Unreadable:
                UNREADABLE.inc()
                self.close(Close.MALFORMED)
                return
            if self._closing.is_set():
                return
            self.heard_at = self._hub.clock.now()
            await self._take(data)

    async def _take(self, data: bytes) -> None:
        try:
            frame = codec.decode_client(data)
        except Unreadable:
            UNREADABLE.inc()
            self.close(Close.MALFORMED)
        except MalformedFrame as malformed:
            FRAMES.labels("unknown", Code.E_MALFORMED.value).inc()
            if self._hub.rates.over_malformed(self._rate_key()):
                self.close(Close.MALFORMED)
            self._refuse(malformed.request_id, Refused(Code.E_MALFORMED))
        else:
            await self._dispatch(frame)

    async def _dispatch(self, frame: AnyClientFrame) -> None:
        inside = self._catch_up.follows(getattr(frame, "conversation", None))
        wait = self._hub.rates.over(self._rate_key(), frame, inside=inside, person=self.person)
        if self._session_over():
            # Said here although the gate says it too: the reader gives up at this same instant,
            # before the gate's answer, and a ping never comes to the gate.
            self._refuse(frame.id, Refused(Code.E_SESSION))
        elif wait is not None:
            self._refuse(frame.id, Refused(Code.E_RATE, retry_after=wait))
        elif isinstance(frame, Hello):
            await self._hello(frame)
        elif not self._greeted.is_set():
            # Which device asks is not known yet: nothing but hello is answered.
            self._refuse(frame.id, Refused(Code.E_MALFORMED))
        elif isinstance(frame, Ping):
            self.push(codec.encode(frames.Ok(id=frame.id, now=self._hub.clock.now())))
        else:
            await self._submit(frame)

    async def _hello(self, frame: Hello) -> None:
        if self._greeted.is_set():
            self._refuse(frame.id, Refused(Code.E_MALFORMED))
            return
        answered = asyncio.Event()

        def settle(settled: Settled) -> None:
            # A peer that left meanwhile must not join: nobody would make it leave again.
            if self._over:
                return
            if isinstance(settled.outcome, Done):
                # Not before: a refused hello is its person's act, not that of the device it names.
                self._principal = Principal(self._principal.session, frame.device)
                self.device = frame.device
                self._hub.fanout.join(self)
                self._catch_up.begin(settled.outcome.result or {}, frame.cursors)
                self._greeted.set()
            self._answer(frame, settled)
            if isinstance(settled.outcome, Refused):
                self._turn_away(settled.outcome)
            else:
                self._hub.greet(self, settled.now)
            self._behind.set()
            answered.set()

        self._hub.submit(self._asked(frame), settle)
        await answered.wait()

    def _turn_away(self, refused: Refused) -> None:
        # Busy is no reason to stay away: only a device that is not welcome must not come back.
        later = CODES[refused.code].retry is Retry.LATER
        self.close(Close.UNAVAILABLE if later else Close.FORBIDDEN, flush=True)

    async def _submit(self, frame: AnyClientFrame) -> None:
        await self._in_flight.acquire()

        if RULES[type(frame)].path is Path.READ:
            self._questions.put_nowait(frame)
        else:
            self._hub.submit(self._asked(frame), self._settle(frame))

    async def _ask(self) -> None:
        """Have what changes nothing answered in its order: signals overtake no signals."""
        while True:
            frame = await self._questions.get()
            await self._hub.read(self._asked(frame), self._settle(frame))

    def _settle(self, frame: AnyClientFrame) -> Settle:
        def settle(settled: Settled) -> None:
            self._in_flight.release()
            self._answer(frame, settled)

        return settle

    def _asked(self, frame: AnyClientFrame) -> Asked:
        return Asked(principal=self._principal, frame=frame, looks=dict(self._looks))

    def _answer(self, frame: AnyClientFrame, settled: Settled) -> None:
        outcome = settled.outcome
        if isinstance(outcome, Refused):
            FRAMES.labels(_kind(frame), outcome.code.value).inc()
            self._refuse(frame.id, outcome)
            return
        FRAMES.labels(_kind(frame), "ok").inc()
        if isinstance(frame, CreateConversation):
            self._catch_up.founded(frame.conversation)
        if outcome.opens is not None:
            self._remember(outcome.opens)
        data = codec.encode(_ok(frame.id, settled, outcome))
        if isinstance(frame, Hello):
            # Nothing overtakes it, not even what is urgent: before it the client knows nothing.
            self.push_urgent(data)
        else:
            self.push(data)

    def _remember(self, look: Look) -> None:
        self._looks[look.id] = look
        while len(self._looks) > MAX_LOOKS:
            self._looks.pop(next(iter(self._looks)))

    def _refuse(self, request_id: str, refused: Refused) -> None:
        row = CODES[refused.code]
        frame = frames.RefusedFrame(
            id=request_id,
            code=refused.code.value,
            text=row.text,
            retry=row.retry.value,
            epoch=refused.epoch,
            retry_after=refused.retry_after,
            reason=refused.reason,
            now=refused.now,
        )
        self.push(codec.encode(frame))
        self._turned_out = self._turned_out or refused.last
        if refused.code is Code.E_SESSION:
            self.close(Close.SESSION, flush=True)

    async def _feed(self) -> None:
        """Stream what this device missed, conversation by conversation, then stand aside."""
        while True:
            await self._behind.wait()
            self._behind.clear()
            while (behind := self._catch_up.next_behind()) is not None:
                page = await self._hub.page(behind, self.device)
                for data in self._catch_up.fed(behind, page):
                    await self._outbox.drained()
                    self.push(data)

    def _patience(self) -> float:
        idle = self._hub.settings.idle_seconds
        if not self._greeted.is_set():
            idle = min(idle, self._hub.settings.hello_seconds)
        left = (self._principal.session.expires_at - self._hub.clock.now()) / 1_000_000
        return max(0.0, min(idle, left))

    def _session_over(self) -> bool:
        live = self._principal.session.is_live(self._hub.clock.now())
        return self._turned_out or not live

    def _rate_key(self) -> str:
        return self.device or self.session.hex()


def _kind(frame: AnyClientFrame) -> str:
    return str(frame.__struct_config__.tag)


def _ok(request_id: str, settled: Settled, done: Done) -> frames.Ok:
    receipt = None
    if settled.proven is not None:
        located = settled.proven.located
        receipt = frames.Receipt(
            log=located.log, index=located.index, entry=located.entry, proof=settled.proven.proof
        )
    return frames.Ok(id=request_id, now=settled.now, receipt=receipt, result=done.result)
