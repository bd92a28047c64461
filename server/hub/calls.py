"""The desk that watches live calls: their deadlines, and whether their devices are still heard.

Lives on the loop. What it finds goes through the writer like any act; the call's own machine then
decides what follows. A dead socket ends nothing by itself: media may flow without us.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from server.ports import Clock
from signaling.call import (
    SECOND,
    CallFacts,
    Leg,
    LegFacts,
    Notice,
    Restarted,
    SocketBack,
    SocketLost,
)

PAUSE_SECONDS = 0.05
"""Between two sweeps, whatever is due."""
RETRY_SECONDS = 1
SILENCE_SECONDS = {Leg.WAITING: 30, Leg.JOINED: 12}
"""A lobby is heard every 10 s, a call every 5 s: then two beats were missed."""

HeardAt = Callable[[str], int | None]
PassTime = Callable[[str, Sequence[Notice], bool], Awaitable[bool]]
"""Tell a call what was noticed and, if asked to, what time it is; False where that must wait."""


@dataclass(slots=True)
class _Watched:
    facts: CallFacts
    resumed: bool = False
    """A hub before this one left it in the middle of a wait: that begins again."""
    not_before: int = 0
    """Nothing is due before: the writer had no room."""
    heard: dict[str, int] = field(default_factory=dict)
    """When each device was last heard, or since when it is watched."""

    def devices(self) -> Iterator[tuple[str, LegFacts]]:
        """Return who waits or talks, and where."""
        for leg in self.facts.legs:
            if leg.device is not None and leg.state in SILENCE_SECONDS:
                yield leg.device, leg


class CallDesk:
    """Follows every live call."""

    def __init__(
        self, clock: Clock, heard_at: HeardAt, pass_time: PassTime, sweep_seconds: float
    ) -> None:
        self._clock = clock
        self._sweep_seconds = sweep_seconds
        self._heard_at = heard_at
        self._pass_time = pass_time
        self._calls: dict[str, _Watched] = {}
        self._wake = asyncio.Event()
        self._sweeping = asyncio.Lock()

    def __len__(self) -> int:
        return len(self._calls)

    def resume(self, calls: Iterable[CallFacts]) -> None:
        """Take up the calls that a hub before this one left."""
        for facts in calls:
            self._watch(_Watched(facts, resumed=facts.deadline is not None))

    def follow(self, facts: CallFacts) -> None:
        """A call moved on."""
        known = self._calls.get(facts.id)
        if not facts.live:
            self._calls.pop(facts.id, None)
        elif known is None:
            self._watch(_Watched(facts))
        elif facts.version > known.facts.version:
            known.facts = facts
            self._note_heard(known)
        self._wake.set()

    def heard(self, device: str) -> None:
        """A device is back: its calls learn it now, not at the next sweep."""
        if any(device in watched.heard for watched in self._calls.values()):
            self._wake.set()

    async def run(self) -> None:
        """Sweep every second, or when something is due, while there are calls; until cancelled."""
        while True:
            await self._until_due()
            self._wake.clear()
            await self.sweep()

    async def sweep(self) -> None:
        """Do what is due now: devices fallen silent or heard again, deadlines."""
        # All at once, so that the writer has them in one commit: a cut may concern every call.
        async with self._sweeping, asyncio.TaskGroup() as acts:
            now = self._clock.now()
            for watched in self._calls.values():
                self._note_heard(watched)
                notices, due = self._found(watched, now)
                if notices or due:
                    acts.create_task(self._attend(watched, notices, due=due))

    async def _attend(self, watched: _Watched, notices: list[Notice], *, due: bool) -> None:
        if await self._pass_time(watched.facts.id, notices, due):
            watched.resumed = False
        else:
            watched.not_before = self._clock.now() + RETRY_SECONDS * SECOND

    def _found(self, watched: _Watched, now: int) -> tuple[list[Notice], bool]:
        """Return what a call must be told, and whether its clock has something to do."""
        if watched.resumed:
            return [Restarted()], False
        return list(self._notices(watched, now)), self._due_at(watched) <= now

    def _watch(self, watched: _Watched) -> None:
        self._calls[watched.facts.id] = watched
        self._note_heard(watched)
        self._wake.set()

    def _note_heard(self, watched: _Watched) -> None:
        now = self._clock.now()
        watched.heard = {
            device: max(watched.heard.get(device, 0), self._heard_at(device) or 0) or now
            for device, _ in watched.devices()
        }

    def _notices(self, watched: _Watched, now: int) -> Iterator[Notice]:
        for device, leg in watched.devices():
            silence = SILENCE_SECONDS[leg.state] * SECOND
            if leg.lost_at is None and now - watched.heard[device] >= silence:
                yield SocketLost(device)
            elif leg.lost_at is not None and now - (self._heard_at(device) or 0) < silence:
                yield SocketBack(device)

    def _due_at(self, watched: _Watched) -> float:
        if watched.resumed:
            return watched.not_before
        deadline = watched.facts.deadline
        return float("inf") if deadline is None else max(deadline, watched.not_before)

    async def _until_due(self) -> None:
        if not self._calls:
            await self._wake.wait()
            return
        due = min(self._due_at(watched) for watched in self._calls.values())
        seconds = min(self._sweep_seconds, max(PAUSE_SECONDS, (due - self._clock.now()) / SECOND))
        try:
            async with asyncio.timeout(seconds):
                await self._wake.wait()
        except TimeoutError:
            return
