"""A browser at one of the demonstration's addresses, reduced to what it sends."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import CancelledError
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from starlette.testclient import TestClient, WebSocketTestSession

from server.app import Assembled
from server.hub.hub import Hub
from signaling import codec
from signaling.frames import SUBPROTOCOL, AnyServerFrame, ClientFrame

PORT = 8080
PATIENCE = 10


@dataclass(frozen=True, slots=True)
class Web:
    """The running demonstration."""

    client: TestClient
    assembled: Assembled
    data: Path

    def at(self, host: str) -> Visitor:
        """Return a browser at one address."""
        return Visitor(self.client, self.assembled.hub, f"{host}:{PORT}")

    def signed_in(self, slug: str) -> Visitor:
        """Return a persona's browser, signed in."""
        visitor = self.at(f"{slug}.localhost")
        answer = visitor.send("POST", "/api/session", json={})
        assert answer.status_code == 200, answer.text
        visitor.cookie = answer.headers["set-cookie"].partition(";")[0]
        return visitor


@dataclass(slots=True)
class Visitor:
    """One tab: it sends its own host, its own origin and its cookie, as a browser does."""

    client: TestClient
    hub: Hub
    host: str
    cookie: str = ""
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def origin(self) -> str:
        """The page's origin."""
        return f"http://{self.host}"

    def send(self, method: str, path: str, *, origin: str | None = "", **rest: Any) -> Any:
        """Send a request; `origin=None` leaves the header out."""
        headers = self._headers(origin) | rest.pop("headers", {})
        return self.client.request(method, f"http://{self.host}{path}", headers=headers, **rest)

    @contextmanager
    def connect(
        self, *, origin: str | None = "", subprotocol: str | None = SUBPROTOCOL
    ) -> Iterator[WebSocketTestSession]:
        """Open the WebSocket, and let the hub see it end."""
        opening = self.client.websocket_connect(
            f"ws://{self.host}/ws",
            subprotocols=[subprotocol] if subprotocol else None,
            headers=self._headers(origin),
        )
        # Python 3.11 leaves a task that ended a TaskGroup counted as being cancelled; the test
        # client, which cancels it at its end, then takes its own cancellation for a stranger's.
        with suppress(CancelledError), opening as socket:
            yield socket
            socket.close(1000)
            deadline = time.monotonic() + PATIENCE
            while self.hub._connections and time.monotonic() < deadline:
                time.sleep(0.001)

    def _headers(self, origin: str | None) -> dict[str, str]:
        headers = {"host": self.host}
        if origin is not None:
            headers["origin"] = origin or self.origin
        if self.cookie:
            headers["cookie"] = self.cookie
        return headers


def tell(socket: WebSocketTestSession, frame: ClientFrame) -> None:
    """Send a frame."""
    socket.send_bytes(codec.encode(frame))


def hear(socket: WebSocketTestSession) -> AnyServerFrame:
    """Return the next frame."""
    return codec.decode_server(socket.receive_bytes())
