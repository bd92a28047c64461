"""The desk that asks somebody to commit a removal: one device at a time, the pharmacy's first.

Lives on the loop. Any member's device may commit at any time; naming one only keeps ten from doing
it at once. Whoever is named and does nothing for two seconds is not waited for. Where nobody is
connected, the first that comes is named at once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from server.hub.outcome import CommitDue
from server.ports import Clock

SECOND = 1_000_000
"""Microseconds."""
PATIENCE = 2 * SECOND
"""For the one that is named."""
PAUSE_SECONDS = 0.05
"""Between two looks, whatever is due."""

IsThere = Callable[[str], bool]
Name = Callable[[str, CommitDue], None]
"""Tell a device that it is the one."""


@dataclass(slots=True)
class _Waiting:
    due: CommitDue
    named: list[str] = field(default_factory=list)
    """Who was asked in this epoch, the last one last."""
    named_at: int | None = None
    """None: nobody was there to be asked."""


class CommitterDesk:
    """Follows every removal that waits for its commit."""

    def __init__(self, clock: Clock, is_there: IsThere, name: Name, sweep_seconds: float) -> None:
        self._clock = clock
        self._is_there = is_there
        self._name = name
        self._sweep_seconds = sweep_seconds
        self._waiting: dict[str, _Waiting] = {}
        self._wake = asyncio.Event()

    def __len__(self) -> int:
        return len(self._waiting)

    def resume(self, dues: Iterable[CommitDue]) -> None:
        """Take up what a hub before this one left."""
        for due in dues:
            self.follow(due)

    def follow(self, due: CommitDue) -> None:
        """A removal waits, in a new epoch perhaps; or none does any more."""
        if not due.devices:
            self._waiting.pop(due.conversation, None)
            return
        known = self._waiting.get(due.conversation)
        if known is None or known.due.epoch != due.epoch:
            known = self._waiting[due.conversation] = _Waiting(due)
            self._ask_next(known)
        known.due = due
        self._wake.set()

    def heard(self, device: str) -> None:
        """A device has said hello: it is asked where nobody else is, or where it was asked last."""
        for waiting in self._waiting.values():
            if device not in waiting.due.devices:
                continue
            if waiting.named_at is None or waiting.named[-1:] == [device]:
                self._ask(waiting, device)
                self._wake.set()

    async def run(self) -> None:
        """Look when somebody's time is over, while something waits; until cancelled."""
        while True:
            await self._until_due()
            self._wake.clear()
            self.sweep()

    def sweep(self) -> None:
        """Ask another where the one that was named has let its time pass."""
        now = self._clock.now()
        for waiting in self._waiting.values():
            if waiting.named_at is None or now - waiting.named_at >= PATIENCE:
                self._ask_next(waiting)

    async def _until_due(self) -> None:
        # Whoever comes where nobody was is asked at their hello: nothing is due there.
        asked = [one.named_at for one in self._waiting.values() if one.named_at is not None]
        if not asked:
            await self._wake.wait()
            return
        due = (min(asked) + PATIENCE - self._clock.now()) / SECOND
        try:
            async with asyncio.timeout(min(self._sweep_seconds, max(PAUSE_SECONDS, due))):
                await self._wake.wait()
        except TimeoutError:
            return

    def _ask_next(self, waiting: _Waiting) -> None:
        there = [device for device in waiting.due.devices if self._is_there(device)]
        fresh = [device for device in there if device not in waiting.named]
        if there and not fresh:
            # Everyone had their turn: from the beginning.
            waiting.named.clear()
            fresh = there
        if fresh:
            self._ask(waiting, fresh[0])
        else:
            waiting.named_at = None

    def _ask(self, waiting: _Waiting, device: str) -> None:
        if waiting.named[-1:] != [device]:
            waiting.named.append(device)
        waiting.named_at = self._clock.now()
        self._name(device, waiting.due)
