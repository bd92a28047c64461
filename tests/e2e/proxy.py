"""Stands between the browsers and the hub, as whoever runs the server does, and may lie to them.

The real hub does all the work and keeps the log. What it says to a browser passes through `tap`;
what a browser reports is noted with its instant. Nothing here holds a key.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

import msgspec
from websockets.asyncio.client import ClientConnection, connect
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.typing import Origin, Subprotocol

from signaling.codec import decode_client, decode_server, encode
from signaling.frames import (
    SUBPROTOCOL,
    AnyServerFrame,
    CallPush,
    CallView,
    Ok,
    RefusedFrame,
    ReportIncident,
    SignalPush,
)
from tests.e2e.hub import Hub
from tests.e2e.netns import LOOPBACK

PIECE = 64 * 1024
MAX_HEAD = 16 * 1024
PATIENCE = 10
MAX_MESSAGE = 8 * 1024 * 1024
SPREAD = 1000
"""Versions that a lie may take between two of the hub's own."""

Tap = Callable[[str, AnyServerFrame], Sequence[AnyServerFrame]]
"""(persona, frame of the hub) -> what that persona's browser is given instead."""


def pass_on(_slug: str, frame: AnyServerFrame) -> Sequence[AnyServerFrame]:
    """Be honest."""
    return [frame]


@dataclass(frozen=True, slots=True)
class Told:
    """A browser said that it refused something, or the hub refused something of a browser's."""

    slug: str
    at: float
    code: str
    by_hub: bool
    after: float
    """When the hub was asked; or when the browser was given the last signal."""


@dataclass(frozen=True, slots=True)
class Given:
    """A signal, and when a browser was given it."""

    at: float
    push: SignalPush


@dataclass
class Line:
    """What passed between one browser and the hub."""

    slug: str
    browser: ServerConnection
    person: str = ""
    device: str = ""
    signals: list[Given] = field(default_factory=list)
    views: dict[str, CallView] = field(default_factory=dict)
    asked: dict[str, float] = field(default_factory=dict)
    """What a browser asked of a call, and when."""


class Proxy:
    """One listening port in the hub's own network."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run)
        self._changed = threading.Condition()
        self._servers: list[asyncio.Server | Any] = []
        self._inner = 0
        self._tasks: set[asyncio.Task[None]] = set()
        self.port = 0
        self.tap: Tap = pass_on
        self.lines: dict[str, Line] = {}
        self.told: list[Told] = []
        self.lied_at: dict[str, float] = {}
        self.faults: list[BaseException] = []
        """What went wrong here, and is nobody else's."""

    def start(self) -> Hub:
        """Listen; return the hub as browsers see it from now on."""
        self._thread.start()
        self._ask(self._listen())
        return replace(self._hub, port=self.port)

    def stop(self) -> None:
        """End."""
        self._ask(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(PATIENCE)
        self._loop.close()

    def lie(self, slug: str, frame: AnyServerFrame) -> float:
        """Say something to a browser that the hub did not say; return when."""
        at: float = self._ask(self._lie(slug, frame))
        return at

    def wait_told(self, slug: str, since: float, code: str) -> Told | None:
        """Wait for the first refusal under a code, of or towards a browser, after an instant."""

        def found() -> Told | None:
            told = (one for one in self.told if one.slug == slug and one.at >= since)
            return next((one for one in told if one.code == code), None)

        with self._changed:
            return self._changed.wait_for(found, PATIENCE)

    # The thread's own

    def _run(self) -> None:
        # Every socket is made by this thread, and so in the hub's network.
        with self._hub.place.entered():
            self._loop.run_forever()

    def _ask(self, work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(PATIENCE)

    async def _listen(self) -> None:
        sockets = await serve(
            self._between,
            LOOPBACK,
            0,
            subprotocols=[Subprotocol(SUBPROTOCOL)],
            max_size=MAX_MESSAGE,
            compression=None,
        )
        self._inner = next(iter(sockets.sockets)).getsockname()[1]
        doors = await asyncio.start_server(self._door, LOOPBACK, 0, limit=MAX_HEAD)
        self.port = doors.sockets[0].getsockname()[1]
        self._servers = [doors, sockets]

    async def _close(self) -> None:
        for server in self._servers:
            server.close()
        for task in list(self._tasks):
            task.cancel()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        await asyncio.wait(others, timeout=PATIENCE / 2)

    async def _door(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Send a socket to where its frames are read, anything else on to the hub."""
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            with suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
                head = await reader.readuntil(b"\r\n\r\n")
                if b"upgrade: websocket" in head.lower():
                    await self._pump(head, self._inner, reader, writer)
                else:
                    await self._pump(self._rewritten(head), self._hub.port, reader, writer)
        finally:
            self._tasks.discard(task)
            writer.close()

    def _rewritten(self, head: bytes) -> bytes:
        """Return a request as the hub's own page would make it, the only one of its connection."""
        for name in (".localhost", LOOPBACK):
            ours, theirs = f"{name}:{self.port}", f"{name}:{self._hub.port}"
            head = head.replace(ours.encode(), theirs.encode())
        return head.replace(b"Connection: keep-alive", b"Connection: close")

    async def _pump(
        self, head: bytes, port: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        far_reader, far_writer = await asyncio.open_connection(LOOPBACK, port)
        far_writer.write(head)
        try:
            # A browser that has asked waits for its answer, or goes away.
            await _first_of(_carry(far_reader, writer), _carry(reader, far_writer))
        finally:
            far_writer.transport.abort()

    async def _between(self, browser: ServerConnection) -> None:
        """Be the hub for one browser's socket, and that browser for the hub."""
        assert browser.request is not None
        headers = browser.request.headers
        slug = headers["Host"].partition(".")[0]
        origin = self._hub.origin(slug)
        uri = f"{origin.replace('http', 'ws', 1)}/ws"
        try:
            hub = await connect(
                uri,
                host=LOOPBACK,
                origin=Origin(origin),
                additional_headers={"Cookie": headers.get("Cookie", "")},
                subprotocols=[Subprotocol(SUBPROTOCOL)],
                max_size=MAX_MESSAGE,
                compression=None,
                proxy=None,
            )
        except OSError:
            # As a hub that is away.
            browser.transport.abort()
            return
        line = self.lines[slug] = Line(slug, browser)
        async with hub:
            up, down = self._up(line, browser, hub), self._down(line, browser, hub)
            self.faults += await _first_of(up, down)
        await browser.close(hub.close_code or 1001)

    async def _up(self, line: Line, browser: ServerConnection, hub: ClientConnection) -> None:
        with suppress(ConnectionClosed):
            async for data in browser:
                assert isinstance(data, bytes)
                frame = decode_client(data)
                kind = str(type(frame).__struct_config__.tag)
                if kind.startswith("call."):
                    line.asked[frame.id] = time.monotonic()
                if isinstance(frame, ReportIncident):
                    self._told(line, frame.code, None)
                await hub.send(data)

    async def _down(self, line: Line, browser: ServerConnection, hub: ClientConnection) -> None:
        with suppress(ConnectionClosed):
            async for data in hub:
                assert isinstance(data, bytes)
                frame = _spread(decode_server(data))
                _remember(line, frame)
                if isinstance(frame, RefusedFrame) and frame.id in line.asked:
                    self._told(line, frame.code, line.asked[frame.id])
                for given in self.tap(line.slug, frame):
                    if given is not frame:
                        self.lied_at[line.slug] = time.monotonic()
                    await browser.send(encode(given))

    async def _lie(self, slug: str, frame: AnyServerFrame) -> float:
        self.lied_at[slug] = at = time.monotonic()
        await self.lines[slug].browser.send(encode(frame))
        return at

    def _told(self, line: Line, code: str, asked: float | None) -> None:
        given = line.signals[-1].at if line.signals else 0.0
        after = given if asked is None else asked
        told = Told(line.slug, time.monotonic(), code, by_hub=asked is not None, after=after)
        with self._changed:
            self.told.append(told)
            self._changed.notify_all()


async def _first_of(*works: Coroutine[Any, Any, None]) -> list[BaseException]:
    """Do several things until one of them is done, then end the others; return what failed."""
    tasks = [asyncio.ensure_future(work) for work in works]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        ends = await asyncio.gather(*tasks, return_exceptions=True)
    return [one for one in ends if isinstance(one, Exception)]


async def _carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while piece := await reader.read(PIECE):
        writer.write(piece)
        await writer.drain()
    with suppress(OSError):
        writer.write_eof()


def _remember(line: Line, frame: AnyServerFrame) -> None:
    if isinstance(frame, SignalPush):
        line.signals.append(Given(time.monotonic(), frame))
    if isinstance(frame, CallPush):
        line.views[frame.call.id] = frame.call
    if isinstance(frame, Ok) and frame.result is not None and "person" in frame.result:
        line.person, line.device = frame.result["person"], frame.result["device"]


def _spread(frame: AnyServerFrame) -> AnyServerFrame:
    """Make room between the versions of calls, for lies that do not outlive the truth."""
    if isinstance(frame, CallPush):
        call = msgspec.structs.replace(frame.call, version=frame.call.version * SPREAD)
        return CallPush(call=call)
    if isinstance(frame, Ok) and frame.result is not None:
        result = dict(frame.result)
        if "call" in result:
            result["call"] = _later(result["call"])
        if "calls" in result:
            result["calls"] = [_later(call) for call in result["calls"]]
        return msgspec.structs.replace(frame, result=result)
    return frame


def _later(call: dict[str, Any]) -> dict[str, Any]:
    return {**call, "version": call["version"] * SPREAD}
