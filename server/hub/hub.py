"""The hub: one writer, the readers, the connections, and an orderly end."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import TypeVar

import structlog

from crypto.policy.vocabulary import Role
from server.domain.conversation import Event
from server.domain.people import Session
from server.domain.refusals import Refused
from server.hub import gate
from server.hub.acts import calls, delegations, sessions
from server.hub.acts.context import Means
from server.hub.bounds import HubSettings
from server.hub.calls import CallDesk
from server.hub.catchup import Behind
from server.hub.committers import CommitterDesk
from server.hub.connection import Connection, Socket
from server.hub.delegations import DelegationDesk
from server.hub.dues import due_now
from server.hub.endings import Endings
from server.hub.fanout import FanOut
from server.hub.gate import Asked
from server.hub.metrics import CONNECTIONS
from server.hub.outcome import (
    CallChanged,
    CommitDue,
    DelegationChanged,
    Done,
    Effect,
    Outcome,
    Settled,
    SignalTo,
)
from server.hub.rates import Rates
from server.hub.signals import SignalMeter
from server.hub.writer import Job, Writer
from server.ports import Clock, Database, Tx
from signaling import codec, frames
from signaling.call import CallFacts, Notice
from signaling.codes import Close, Code

T = TypeVar("T")
log = structlog.get_logger(__name__)

PAGE_EVENTS = 32
READERS = 2
REFUSAL_FLUSH_SECONDS = 15


class Hub:
    """Everything that is alive while the server runs."""

    def __init__(self, database: Database, clock: Clock, settings: HubSettings) -> None:
        self.clock = clock
        self.settings = settings
        self.rates = Rates(settings.rates)
        self.fanout = FanOut()
        self.draining = False
        self._database = database
        self._writer = Writer(database, clock, self.fanout.apply)
        self.calls = CallDesk(
            clock, self.fanout.heard_at, self._pass_time, settings.call_sweep_seconds
        )
        self.committers = CommitterDesk(
            clock, self.fanout.is_there, self.fanout.name_committer, settings.call_sweep_seconds
        )
        self.delegations = DelegationDesk(clock, self._let_pass)
        self._means = Means(settings.turn)
        self._signals = SignalMeter()
        self._readers = ThreadPoolExecutor(READERS, thread_name_prefix="reader")
        self._connections: set[Connection] = set()
        self._of_person: Counter[str] = Counter()
        self._empty = asyncio.Event()
        self._empty.set()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Run the writer for as long as the block lasts; at its end nothing queued is lost."""
        async with asyncio.TaskGroup() as tasks:
            self.calls.resume(await self._in_reader(calls.live_facts))
            self.delegations.follow(await self._in_reader(lambda tx: tx.delegations.pending()))
            self.committers.resume(await self._in_reader(lambda tx: due_now(tx, self.clock.now())))
            writing = tasks.create_task(self._writer.run())
            flushing = tasks.create_task(self._flush_refusals())
            watching = [tasks.create_task(desk.run()) for desk in self._desks()]
            try:
                yield
            finally:
                for task in watching:
                    task.cancel()
                finishing = tasks.create_task(self._finish())
                # A loop that ends in a hurry has cancelled the writer: then nothing will finish.
                await asyncio.wait({finishing, writing}, return_when=asyncio.FIRST_COMPLETED)
                for task in (finishing, writing, flushing):
                    task.cancel()
        self._writer.close()
        self._readers.shutdown()

    def _desks(self) -> tuple[CallDesk, CommitterDesk, DelegationDesk]:
        return self.calls, self.committers, self.delegations

    async def _finish(self) -> None:
        await self._writer.finish()
        self._writer.flush_refusals(everything=True)
        await self._writer.finish()

    async def serve(self, socket: Socket, session: Session) -> None:
        """Serve one signed-in peer until either side ends it."""
        if self.draining:
            await socket.close(Close.DRAINING)
            return
        if self._is_full_for(session.person.id):
            await socket.close(Close.UNAVAILABLE)
            return
        connection = Connection(socket, session, self)
        self._connections.add(connection)
        self._of_person[connection.person] += 1
        self._empty.clear()
        CONNECTIONS.inc()
        try:
            await connection.run()
        finally:
            self._connections.discard(connection)
            self._of_person[connection.person] -= 1
            if not self._of_person[connection.person]:
                del self._of_person[connection.person]
            CONNECTIONS.dec()
            if not self._connections:
                self._empty.set()

    def submit(self, asked: Asked, settle: Callable[[Settled], None]) -> None:
        """Have the writer carry out a frame; then tell its sender, then everyone concerned."""
        if self.draining:
            # Else those who go on sending would keep the queue from ever being finished.
            busy = Refused(Code.E_BUSY, retry_after=int(self.settings.drain_seconds * 1000))
            settle(Settled(busy, None, self.clock.now()))
            return

        def told(settled: Settled) -> None:
            # What fell due first is told first: the frame was judged by it.
            self._follow_all(settled.before)
            settle(settled)
            self._apply(settled.outcome)

        def run(tx: Tx, now: int) -> Outcome:
            return gate.judge(tx, asked, now, self._means)

        def before(tx: Tx, now: int) -> tuple[Effect, ...]:
            places = (one for one in _places_of(tx, asked) if self.delegations.is_due(one, now))
            return tuple(effect for one in places for effect in self._settle_due(tx, one, now))

        self._writer.submit(Job(run, told, asked.principal, before))

    async def read(self, asked: Asked, settle: Callable[[Settled], None]) -> None:
        """Answer a frame that changes nothing, from a snapshot."""
        now = self.clock.now()
        here = _conversation_of(asked)
        if self.delegations.is_due(here, now):
            await self._let_pass(here)
        outcome = self._count(await self._look(asked, now))
        if isinstance(outcome, Refused):
            # The refusal is an act of its own: it goes to the writer for its entry.
            refused = outcome
            self._writer.submit(Job(lambda _tx, _now: refused, settle, asked.principal))
            return
        settle(Settled(outcome, None, now))
        self._apply(outcome)

    def greet(self, connection: Connection, now: int) -> None:
        """A device has said hello: give it the signals that waited, and look at its calls."""
        self.fanout.hand_over(connection, now)
        self.calls.heard(connection.device)
        self.committers.heard(connection.device)

    async def page(self, behind: Behind, device: str) -> list[Event]:
        """Read what comes next for a device that is behind: nothing, once it was let out."""
        return await self._in_reader(lambda tx: _page(tx, behind, device))

    async def sign_in(self, session: Session) -> None:
        """Open a session; it is in the log before the cookie leaves. Raises `Unavailable`."""
        await self._act(lambda tx, now: sessions.open_session(tx, session, now))

    async def sign_out(self, session: Session) -> None:
        """Close a session and every connection it has."""
        await self._act(lambda tx, now: sessions.close_session(tx, session, now))

    async def find_session(self, key: bytes) -> Session | None:
        """Return a live session by SHA-256 of its token."""
        found = await self._in_reader(lambda tx: tx.sessions.find(key))
        return found if found is not None and found.is_live(self.clock.now()) else None

    async def ready(self) -> bool:
        """Tell whether the hub can take an act now: not draining, database readable."""
        if self.draining:
            return False
        try:
            await self._in_reader(lambda tx: tx.tenants.all())
        except Exception as exc:
            log.error("not_ready", error=type(exc).__name__)
            return False
        return True

    async def drain(self) -> None:
        """Finish what is queued, tell clients when to come back, let them go (HUB, 7)."""
        self.draining = True
        await self._writer.finish()
        spread = self.settings.drain_seconds * 1000
        for one in self.fanout.subscribers():
            # Spread, so that a restart is not met by everyone at once.
            after = random.randint(0, int(spread))  # noqa: S311 - jitter, no secret
            one.push(codec.encode(frames.ReconnectPush(after=after)))
        for connection in list(self._connections):
            connection.close(Close.DRAINING, flush=True)
        try:
            async with asyncio.timeout(self.settings.drain_seconds):
                await self._empty.wait()
        except TimeoutError:
            log.warning("drain_cut_short", connections=len(self._connections))

    def _is_full_for(self, person: str) -> bool:
        return (
            len(self._connections) >= self.settings.max_connections
            or self._of_person[person] >= self.settings.max_connections_of_person
        )

    def _apply(self, outcome: Outcome) -> None:
        if isinstance(outcome, Done):
            self._follow_all(outcome.effects)

    def _follow_all(self, effects: tuple[Effect, ...]) -> None:
        for effect in effects:
            self.fanout.apply(effect)
            if isinstance(effect, CallChanged):
                self._follow(effect.facts)
            elif isinstance(effect, CommitDue):
                self.committers.follow(effect)
            elif isinstance(effect, DelegationChanged):
                self.delegations.follow([effect.row])

    def _follow(self, facts: CallFacts) -> None:
        self.calls.follow(facts)
        if not facts.live:
            self._signals.forget(facts.id)

    async def _look(self, asked: Asked, now: int) -> Outcome:
        try:
            return await self._in_reader(lambda tx: gate.judge(tx, asked, now, self._means))
        except Exception as exc:
            log.error("read_failed", error=type(exc).__name__)
            return Refused(Code.E_INTERNAL, retry_after=1000)

    def _count(self, outcome: Outcome) -> Outcome:
        """Refuse the signal that is too many: the count is the loop's, not the database's."""
        if isinstance(outcome, Refused):
            return outcome
        for effect in outcome.effects:
            if isinstance(effect, SignalTo) and self._signals.over(effect):
                return Refused(Code.CALL_RATE_LIMITED, conversation=effect.push.conversation)
        return outcome

    async def _pass_time(self, call: str, notices: Sequence[Notice], due: bool) -> bool:
        """Let the hub's eyes and clock act on a call; tell whether the writer could take it."""
        done = await self._do(lambda tx, now: calls.pass_time(tx, call, notices, now, due=due))
        return isinstance(done, Done)

    async def _let_pass(self, conversation: str) -> bool:
        """Do what is due of a conversation's delegations; tell whether the writer could take it."""
        done = await self._do(lambda tx, now: Done(effects=self._settle_due(tx, conversation, now)))
        return isinstance(done, Done)

    def _settle_due(self, tx: Tx, conversation: str, now: int) -> tuple[Effect, ...]:
        endings = Endings(tx, self._means.groups, now)
        return delegations.settle_due(tx, endings, conversation, now)

    async def _act(self, run: Callable[[Tx, int], Outcome]) -> None:
        outcome = await self._do(run)
        if isinstance(outcome, Refused):
            raise Unavailable(outcome.code)

    async def _do(self, run: Callable[[Tx, int], Outcome]) -> Outcome:
        """Have the writer carry out an act of nobody's connection."""
        done: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()

        def settle(settled: Settled) -> None:
            # Here, not by whoever waits: they may be gone, and what is durable is told.
            self._apply(settled.outcome)
            if not done.done():
                done.set_result(settled.outcome)

        self._writer.submit(Job(run, settle))
        return await done

    async def _in_reader(self, read: Callable[[Tx], T]) -> T:
        def run() -> T:
            with self._database.read() as tx:
                return read(tx)

        return await asyncio.get_running_loop().run_in_executor(self._readers, run)

    async def _flush_refusals(self) -> None:
        while True:
            await asyncio.sleep(REFUSAL_FLUSH_SECONDS)
            self._writer.flush_refusals()


def _conversation_of(asked: Asked) -> str:
    """Return the conversation that a frame names; nothing where it names none."""
    named: str = getattr(asked.frame, "conversation", "")
    return named


def _places_of(tx: Tx, asked: Asked) -> Iterable[str]:
    """Return where nothing due may wait: a carer's hello tells of all their conversations."""
    person = asked.principal.person
    if isinstance(asked.frame, frames.Hello) and person.role is Role.CARER:
        return dict.fromkeys(row.conversation for row in tx.delegations.of_grantee(person.id))
    return (_conversation_of(asked),)


class Unavailable(Exception):
    """The writer could not take an act now; nothing happened."""

    def __init__(self, code: Code) -> None:
        super().__init__(code.value)
        self.code = code


def _page(tx: Tx, behind: Behind, device: str) -> list[Event]:
    if device not in {one.device for one in tx.members.admissions(behind.conversation)}:
        return []
    if behind.welcome is not None:
        commit = tx.stream.at(behind.conversation, behind.welcome)
        return [commit] if commit else []
    return tx.stream.after(behind.conversation, behind.after, PAGE_EVENTS)
