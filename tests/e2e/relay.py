"""The hub's address inside another network: what connects there arrives here, until it is severed.

Personas live on loopback, `NAME.localhost`, and each namespace has a loopback of its own. A socket
stays in the namespace in which it was made, so one thread can hold both ends.
"""

from __future__ import annotations

import asyncio
import socket
import threading
from concurrent.futures import Future
from contextlib import suppress

from tests.e2e.netns import LOOPBACK, Place

PIECE = 64 * 1024
PATIENCE = 10


class Relay:
    """One listening port `there`, one hub `here`."""

    def __init__(self, here: Place, there: Place, port: int) -> None:
        self._here, self._there, self._port = here, there, port
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._writers: set[asyncio.StreamWriter] = set()
        self._server: asyncio.Server | None = None

    def start(self) -> None:
        """Listen."""
        with self._there.entered():
            listening = socket.create_server((LOOPBACK, self._port))
        self._thread.start()
        self._ask(self._listen(listening)).result(PATIENCE)

    def sever(self) -> None:
        """Break every connection, as a telephone does that loses its Wi-Fi; new ones may come."""
        self._ask(self._abort()).result(PATIENCE)

    def stop(self) -> None:
        """End."""
        self._ask(self._close()).result(PATIENCE)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(PATIENCE)
        self._loop.close()

    def _ask(self, work: object) -> Future[None]:
        return asyncio.run_coroutine_threadsafe(work, self._loop)  # type: ignore[arg-type]

    async def _listen(self, listening: socket.socket) -> None:
        self._server = await asyncio.start_server(self._carry, sock=listening)

    async def _abort(self) -> None:
        for writer in list(self._writers):
            writer.transport.abort()

    async def _close(self) -> None:
        assert self._server is not None
        self._server.close()
        await self._abort()
        await self._idle()

    async def _idle(self) -> None:
        """Wait for every connection to have ended."""
        others = asyncio.all_tasks() - {asyncio.current_task()}
        await asyncio.gather(*others, return_exceptions=True)

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        try:
            with suppress(OSError):
                await self._carry_on(reader, writer)
        finally:
            self._writers.discard(writer)
            writer.transport.abort()

    async def _carry_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with self._here.entered():
            onward = socket.socket()
        onward.setblocking(False)
        try:
            await self._loop.sock_connect(onward, (LOOPBACK, self._port))
        except OSError:
            onward.close()
            raise
        hub_reader, hub_writer = await asyncio.open_connection(sock=onward)
        self._writers.add(hub_writer)
        try:
            await asyncio.gather(_pump(reader, hub_writer), _pump(hub_reader, writer))
        finally:
            self._writers.discard(hub_writer)
            hub_writer.transport.abort()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while piece := await reader.read(PIECE):
        writer.write(piece)
        await writer.drain()
    with suppress(OSError):
        writer.write_eof()
