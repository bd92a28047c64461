"""The WebSocket endpoint: `GET /ws`, subprotocol `colloque.v1`, binary frames only."""

from __future__ import annotations

from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from server.hub.connection import Gone
from server.hub.hub import Hub
from server.web.auth import find_session
from signaling.codes import Close
from signaling.errors import Unreadable
from signaling.frames import SUBPROTOCOL


class StarletteSocket:
    """A Starlette WebSocket as the hub sees it."""

    def __init__(self, websocket: WebSocket) -> None:
        self._websocket = websocket

    async def receive(self) -> bytes:
        """Return the next binary message; raises `Gone`, or `Unreadable` for text."""
        message = await self._websocket.receive()
        if message["type"] == "websocket.disconnect":
            raise Gone
        data = message.get("bytes")
        if not isinstance(data, bytes):
            raise Unreadable("text frame")
        return data

    async def send(self, data: bytes) -> None:
        """Hand a message to the transport, waiting while its buffer is full; raises `Gone`."""
        try:
            await self._websocket.send_bytes(data)
        except (WebSocketDisconnect, RuntimeError) as exc:
            raise Gone from exc

    async def close(self, code: int) -> None:
        """Close with a code; a peer already gone is fine."""
        if self._websocket.application_state is WebSocketState.DISCONNECTED:
            return
        try:
            await self._websocket.close(code)
        except (WebSocketDisconnect, RuntimeError):
            return


async def endpoint(websocket: WebSocket) -> None:
    """Accept a signed-in peer; tell any other why not, in a code that a browser can see."""
    hub: Hub = websocket.app.state.hub
    if SUBPROTOCOL not in websocket.scope.get("subprotocols", []):
        await websocket.close(Close.MALFORMED)
        return
    session = await find_session(websocket, hub)
    # Accepted first: a browser is not told the status of a refused handshake.
    await websocket.accept(subprotocol=SUBPROTOCOL)
    if session is None:
        await websocket.close(Close.SESSION)
        return
    await hub.serve(StarletteSocket(websocket), session)
