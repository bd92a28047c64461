"""The desk that watches delegations: each ends at its second, and is let in when it begins.

Lives on the loop. One timer, to the next instant there is; what is due goes through the writer like
any act. A frame that comes first does it itself: nobody acts in the meantime.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable

from server.domain.delegation import StoredDelegation
from server.ports import Clock

SECOND = 1_000_000
"""Microseconds."""
PAUSE_SECONDS = 0.01
"""Between two looks, whatever is due."""
RETRY_SECONDS = 1
LONGEST_SECONDS = 3600
"""Between two looks, so that a clock that was set is noticed."""

PassTime = Callable[[str], Awaitable[bool]]
"""Do what is due in a conversation; False where that must wait."""


class DelegationDesk:
    """Follows every delegation that has an instant to come."""

    def __init__(self, clock: Clock, pass_time: PassTime) -> None:
        self._clock = clock
        self._pass_time = pass_time
        self._instants: defaultdict[str, dict[str, int]] = defaultdict(dict)
        """When something is due, by delegation, by conversation."""
        self._not_before = 0
        self._wake = asyncio.Event()

    def __len__(self) -> int:
        return sum(map(len, self._instants.values()))

    def follow(self, rows: Iterable[StoredDelegation]) -> None:
        """Delegations changed, or a hub before this one left them."""
        for row in rows:
            instant = row.next_instant(self._clock.now())
            if instant is not None:
                self._instants[row.conversation][row.id] = instant
            elif row.conversation in self._instants:
                self._instants[row.conversation].pop(row.id, None)
                if not self._instants[row.conversation]:
                    del self._instants[row.conversation]
        self._wake.set()

    def is_due(self, conversation: str, now: int) -> bool:
        """Tell whether something is due in a conversation. Asked in any thread."""
        there = self._instants.get(conversation)
        return there is not None and min(list(there.values()), default=now + 1) <= now

    async def run(self) -> None:
        """Wait for the next instant, whatever it is; until cancelled."""
        while True:
            await self._until_due()
            self._wake.clear()
            await self.sweep()

    async def sweep(self) -> None:
        """Do what is due now."""
        now = self._clock.now()
        due = [conversation for conversation in self._instants if self.is_due(conversation, now)]
        async with asyncio.TaskGroup() as acts:
            for conversation in due:
                acts.create_task(self._attend(conversation))

    async def _attend(self, conversation: str) -> None:
        if not await self._pass_time(conversation):
            self._not_before = self._clock.now() + RETRY_SECONDS * SECOND

    async def _until_due(self) -> None:
        instants = [one for there in self._instants.values() for one in there.values()]
        if not instants:
            await self._wake.wait()
            return
        wait = max(min(instants), self._not_before) - self._clock.now()
        try:
            async with asyncio.timeout(min(LONGEST_SECONDS, max(PAUSE_SECONDS, wait / SECOND))):
                await self._wake.wait()
        except TimeoutError:
            return
