"""The one writer: group commit. What waits when a commit ends is the next batch.

State, audit entries and the signed tree head of a batch are one transaction. Nobody is answered
before it is durable; if it fails, nobody was told anything and everything is asked again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass

import structlog

from server.domain.people import Principal
from server.domain.refusals import RefusalMeter, Refused
from server.hub import gate
from server.hub.acts.accesses import new_accesses
from server.hub.metrics import BATCH_SIZE
from server.hub.outcome import Accessed, Done, Effect, Outcome, Settled
from server.ports import Altered, Clock, Database, Tx, Undone
from signaling.codes import Code

log = structlog.get_logger(__name__)

MAX_BATCH = 512
MAX_WAITING = 4096
"""Beyond it a frame is refused E_BUSY: memory is bounded, and the client tries again."""
RETRY_MS = 250
ALTERED_RETRY_MS = 60_000
"""A log that somebody altered waits for its operator, not for the next second."""


@dataclass(frozen=True, slots=True)
class Job:
    """One act to carry out, and whom to tell. `principal` is whose refusal it would be."""

    run: Callable[[Tx, int], Outcome]
    settle: Callable[[Settled], None]
    principal: Principal | None = None
    before: Callable[[Tx, int], tuple[Effect, ...]] | None = None
    """What may have fallen due and comes first, whatever becomes of the act."""


@dataclass(frozen=True, slots=True)
class _Attempt:
    """What came of one job, inside the transaction."""

    outcome: Outcome
    now: int
    before: tuple[Effect, ...]


class Writer:
    """Owns the writing side of the database, in a thread of its own."""

    def __init__(
        self, database: Database, clock: Clock, told: Callable[[Accessed], None] = lambda _: None
    ) -> None:
        self._database = database
        self._told = told
        self._clock = clock
        self._queue: asyncio.Queue[Job] = asyncio.Queue(MAX_WAITING)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="writer")
        self._meter = RefusalMeter()
        self._last_now = 0

    def submit(self, job: Job) -> None:
        """Queue a job; one that finds no room is refused at once."""
        try:
            self._queue.put_nowait(job)
        except asyncio.QueueFull:
            job.settle(Settled(Refused(Code.E_BUSY, retry_after=RETRY_MS), None, self._now()))

    async def run(self) -> None:
        """Commit batch after batch, until cancelled."""
        while True:
            batch = [await self._queue.get()]
            while len(batch) < MAX_BATCH and not self._queue.empty():
                batch.append(self._queue.get_nowait())
            await self._commit(batch)
            for _ in batch:
                self._queue.task_done()

    async def finish(self) -> None:
        """Wait until all that was queued is durable and answered."""
        await self._queue.join()

    def close(self) -> None:
        """Let the thread go."""
        self._thread.shutdown()

    def flush_refusals(self, *, everything: bool = False) -> None:
        """Turn the refusals counted beyond ten a minute into one entry for each device.

        An act like any other: the meter belongs to the writer's thread, and is read there after
        all that was queued before.
        """

        def run(tx: Tx, now: int) -> Outcome:
            for principal, count in self._meter.take_over(now, everything=everything):
                gate.count_refusals(tx, principal, count, now)
            return Done()

        self.submit(Job(run, settle=lambda _settled: None))

    async def _commit(self, batch: list[Job]) -> None:
        BATCH_SIZE.observe(len(batch))
        loop = asyncio.get_running_loop()
        accessed: list[Accessed] = []
        try:
            settled, accessed = await loop.run_in_executor(self._thread, self._transact, batch)
        except Exception as exc:
            # The disk is full, the file is locked, a tile does not fit: the audit entry cannot be
            # written, so the act is refused (AUDIT, invariant 1). Only the kind of error is told.
            log.error("commit_failed", error=type(exc).__name__, batch=len(batch))
            busy = Refused(Code.E_BUSY, retry_after=RETRY_MS)
            settled = [Settled(busy, None, self._now()) for _ in batch]
        for job, one in zip(batch, settled, strict=True):
            job.settle(one)
            # Let the sockets write between two acts: the answers and echoes of a whole batch,
            # queued at once, would count a reader as slow who never had a chance to read.
            await asyncio.sleep(0)
        for access in accessed:
            self._told(access)
            await asyncio.sleep(0)

    def _transact(self, batch: list[Job]) -> tuple[list[Settled], list[Accessed]]:
        counted = self._meter.copy()
        try:
            with self._database.write() as tx:
                attempts = [self._attempt(tx, job) for job in batch]
                tx.seal()
                settled = [_settled(tx, one) for one in attempts]
                return settled, new_accesses(tx)
        except Exception:
            # What was undone was not refused either: its entries are not in the log.
            self._meter = counted
            raise

    def _attempt(self, tx: Tx, job: Job) -> _Attempt:
        now = self._now()
        before: tuple[Effect, ...] = ()
        try:
            if job.before is not None:
                with tx.savepoint():
                    before = job.before(tx, now)
            with tx.savepoint():
                outcome = job.run(tx, now)
        except Undone:
            # The acts before it are gone too, and those after it would stand without their entries.
            raise
        except Altered as altered:
            log.error("log_altered", log=str(altered))
            outcome = Refused(Code.E_BUSY, retry_after=ALTERED_RETRY_MS)
            return _Attempt(outcome, now, before)
        except Exception as exc:
            log.error("act_failed", error=type(exc).__name__)
            outcome = Refused(Code.E_INTERNAL, retry_after=RETRY_MS)
            return _Attempt(outcome, now, before)
        if isinstance(outcome, Refused):
            self._note(tx, job, outcome, now)
        return _Attempt(outcome, now, before)

    def _note(self, tx: Tx, job: Job, refused: Refused, now: int) -> None:
        """Write the refusal's own entry: it stands although its act was undone."""
        if job.principal is None or not gate.leaves_entry(refused):
            return
        if self._meter.record(job.principal, now):
            # A log that takes no entry takes no acts either: there is nothing to be silent about.
            with suppress(Altered), tx.savepoint():
                gate.note_refusal(tx, job.principal, refused, now)

    def _now(self) -> int:
        # Entries never go back in time, whatever the machine's clock does.
        self._last_now = max(self._last_now, self._clock.now())
        return self._last_now


def _settled(tx: Tx, one: _Attempt) -> Settled:
    entry = one.outcome.entry if isinstance(one.outcome, Done) else None
    proven = tx.log.prove(entry) if entry else None
    return Settled(one.outcome, proven, one.now, one.before)
