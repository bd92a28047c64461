"""uvicorn, with an orderly beginning (one line that says where) and end (drain first)."""

from __future__ import annotations

import socket

import uvicorn

from server.hub.hub import Hub


class Server(uvicorn.Server):
    """A uvicorn server that tells when it is ready and drains the hub before it closes."""

    def __init__(self, config: uvicorn.Config, hub: Hub, address: str) -> None:
        super().__init__(config)
        self._hub = hub
        self._address = address

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
