"""uvicorn, with an orderly beginning (one line that says where) and end (drain first)."""

from __future__ import annotations

import signal
import socket
from types import FrameType

import uvicorn
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from server.hub.hub import Hub


class BoundedSocket(WebSocketsSansIOProtocol):
    """uvicorn's WebSocket, which answers no ping while the peer does not read.

    The library writes each pong at once, whatever already waits: a peer that floods pings and reads
    nothing would fill the memory. RFC 6455 (5.5.3) lets a pong be left out.
    """

    def handle_ping(self) -> None:
        """Write the pong where the transport still takes bytes, and drop it where not."""
        if self.writable.is_set():
            super().handle_ping()
        else:
            self.conn.data_to_send()


class Server(uvicorn.Server):
    """A uvicorn server that tells when it is ready and drains the hub before it closes."""

    def __init__(self, config: uvicorn.Config, hub: Hub, address: str) -> None:
        super().__init__(config)
        self._hub = hub
        self._address = address

    def run(self, sockets: list[socket.socket] | None = None) -> None:
        """Serve until told to stop; an orderly stop is exit 0, not a death by signal."""
        for told in (signal.SIGINT, signal.SIGTERM):
            # uvicorn puts these back when it has shut down, and raises the signal once more.
            signal.signal(told, lambda _number, _frame: None)
        super().run(sockets)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Stop at the first signal; a second changes nothing.

        The drain is bounded as it is, and to skip it would leave what is queued neither durable
        nor refused.
        """
        if not self.should_exit:
            super().handle_exit(sig, frame)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, then print the one line that people and scripts wait for."""
        await super().startup(sockets)
        if self.started:
            print(f"Colloque is ready: {self._address}", flush=True)  # noqa: T201

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Drain the hub while its sockets still write, then close them (HUB, guarantee 7)."""
        for server in self.servers:
            server.close()
        await self._hub.drain()
        await super().shutdown(sockets)
