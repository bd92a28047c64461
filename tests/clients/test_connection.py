"""One WebSocket: answers by id, everything else in the order it came."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from clients.python.connection import Connection, Patience
from clients.python.errors import ConnectionLost
from signaling.codec import encode
from signaling.frames import AnyServerFrame, Ok, Ping, ReconnectPush


class Wire:
    """A socket whose next frames have all arrived already."""

    def __init__(self, *arriving: AnyServerFrame) -> None:
        self._arriving = [encode(frame) for frame in arriving]
        self.transport = self
        self.asked = asyncio.Event()

    def is_closing(self) -> bool:
        """Nobody closes it."""
        return False

    async def send(self, _data: bytes) -> None:
        """Take a request; what arrives may be read from now on."""
        self.asked.set()

    async def recv(self) -> bytes:
        """Return the next frame, without giving anybody else a turn."""
        await self.asked.wait()
        if not self._arriving:
            await asyncio.Event().wait()
        return self._arriving.pop(0)


def a_connection(wire: Wire, seen: list[Any]) -> Connection:
    """Return a connection over a wire."""
    return Connection(wire, Patience(answer=2), seen.append)  # type: ignore[arg-type]


async def test_what_came_after_an_answer_finds_it_taken_in() -> None:
    """The events that follow a hello are in the same packet."""
    seen: list[Any] = []
    answer, push = Ok(id="1", now=1), ReconnectPush(after=1)
    connection = a_connection(Wire(answer, push), seen)
    reading = asyncio.create_task(connection.read())

    await connection.request(Ping(id="1"), seen.append)
    reading.cancel()

    assert seen == [answer, push]


async def test_an_answer_that_cannot_be_taken_in_ends_both_the_request_and_the_reading() -> None:
    """Nothing that came after it is looked at."""
    seen: list[Any] = []
    connection = a_connection(Wire(Ok(id="1", now=1), ReconnectPush(after=1)), seen)
    reading = asyncio.create_task(connection.read())

    def refuse(_: Ok) -> None:
        raise ConnectionLost(4321)

    for outcome in (connection.request(Ping(id="1"), refuse), reading):
        with pytest.raises(ConnectionLost, match="4321"):
            await outcome

    assert seen == []
