"""A bounded queue of bytes in front of one socket: a slow reader hurts nobody but itself."""

from __future__ import annotations

import asyncio
from collections import deque


class Overflow(Exception):
    """More would wait than the bound allows: the connection closes and resumes by its cursor."""


class Outbox:
    """What waits to be written to one socket: at most `limit` bytes and the frame that crosses it.

    The crossing frame passes because one act may give its sender two: the answer with its receipt,
    and the echo of a message that alone is as long as the limit.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._frames: deque[bytes] = deque()
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

    async def take(self) -> bytes:
        """Wait for the next frame. It counts as waiting until `sent`."""
        while not self._frames:
            self._filled.clear()
            await self._filled.wait()
        return self._frames.popleft()

    def sent(self, data: bytes) -> None:
        """The socket has taken the frame."""
        self._waiting -= len(data)
        if self._waiting == 0:
            self._drained.set()

    async def drained(self) -> None:
        """Wait until nothing waits."""
        await self._drained.wait()
