"""A bounded queue of bytes in front of one socket: a slow reader hurts nobody but itself."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

LANE_ITEMS = 64
LANE_BYTES = 256 * 1024
"""Four people's signals of one generation, and the states they are of."""


class Overflow(Exception):
    """More would wait than the bound allows: the connection closes and resumes by its cursor."""


@dataclass(slots=True, eq=False)
class _Urgent:
    data: bytes
    about: str | None
    until: int | None


class UrgentLane:
    """Call control, which never waits behind a replay.

    A signal lives until its instant, and the oldest go where there is no room: their connection is
    made anew. A state is never dropped, but a newer one about the same call takes its place.
    """

    def __init__(self, now: Callable[[], int]) -> None:
        self._now = now
        self._items: deque[_Urgent] = deque()
        self._signal_bytes = 0

    def __bool__(self) -> bool:
        self._expire()
        return bool(self._items)

    def put(self, data: bytes, *, about: str | None = None, until: int | None = None) -> None:
        """Queue a frame; raises `Overflow` when states alone fill the lane."""
        if about is not None and self._replace(data, about):
            return
        item = _Urgent(data, about, until)
        self._items.append(item)
        self._signal_bytes += _weight(item)
        while len(self._items) > LANE_ITEMS or self._signal_bytes > LANE_BYTES:
            self._drop_oldest_signal()

    def take(self) -> bytes:
        """Return the next frame; there is one."""
        item = self._items[0]
        self._remove(item)
        return item.data

    def _replace(self, data: bytes, about: str) -> bool:
        # In place: the signals of a newer state never come before it.
        for item in self._items:
            if item.about == about:
                item.data = data
                return True
        return False

    def _expire(self) -> None:
        now = self._now()
        for item in [i for i in self._items if i.until is not None and i.until <= now]:
            self._remove(item)

    def _drop_oldest_signal(self) -> None:
        oldest = next((item for item in self._items if item.until is not None), None)
        if oldest is None:
            raise Overflow
        self._remove(oldest)

    def _remove(self, item: _Urgent) -> None:
        self._items.remove(item)
        self._signal_bytes -= _weight(item)


def _weight(item: _Urgent) -> int:
    return 0 if item.until is None else len(item.data)


class Outbox:
    """What waits to be written to one socket: at most `limit` bytes and the frame that crosses it.

    What is urgent goes first and has bounds of its own. The crossing frame passes because one act
    may give its sender two: the answer with its receipt, and the echo of a message that alone is as
    long as the limit.
    """

    def __init__(self, limit: int, now: Callable[[], int]) -> None:
        self._limit = limit
        self._frames: deque[bytes] = deque()
        self._urgent = UrgentLane(now)
        self._urgent_in_hand = False
        self._waiting = 0
        self._filled = asyncio.Event()
        self._drained = asyncio.Event()
        self._drained.set()

    @property
    def waiting(self) -> int:
        """Bytes not yet handed to the socket."""
        return self._waiting

    def put(self, data: bytes) -> None:
        """Queue one frame; raises `Overflow` when more than the limit waits already."""
        if self._waiting > self._limit:
            raise Overflow
        self._frames.append(data)
        self._waiting += len(data)
        self._filled.set()
        self._drained.clear()

    def put_urgent(
        self, data: bytes, *, about: str | None = None, until: int | None = None
    ) -> None:
        """Queue a frame before all that is not urgent (see `UrgentLane.put`)."""
        self._urgent.put(data, about=about, until=until)
        self._filled.set()
        self._drained.clear()

    async def take(self) -> bytes:
        """Wait for the next frame. It counts as waiting until `sent`."""
        while not (self._urgent or self._frames):
            self._note_drained()
            self._filled.clear()
            await self._filled.wait()
        self._urgent_in_hand = bool(self._urgent)
        return self._urgent.take() if self._urgent_in_hand else self._frames.popleft()

    def sent(self, data: bytes) -> None:
        """The socket has taken the frame."""
        if not self._urgent_in_hand:
            self._waiting -= len(data)
        self._note_drained()

    async def drained(self) -> None:
        """Wait until nothing waits."""
        await self._drained.wait()

    def _note_drained(self) -> None:
        if self._waiting == 0 and not self._urgent:
            self._drained.set()
