"""One WebSocket, as long as it lives: frames out, answers by id, pushes in order.

A connection never comes back; `client.Client` opens the next one.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException
from websockets.typing import Origin, Subprotocol

from clients.python.errors import ConnectionLost, Refused
from clients.python.session import LOOPBACK, Session
from signaling.codec import decode_server, encode
from signaling.codes import Close
from signaling.errors import Unreadable
from signaling.frames import SUBPROTOCOL, AnyServerFrame, ClientFrame, Ok, Ping, RefusedFrame

# A page of the log or the conversations of a busy pharmacy; what the hub sends is bounded too.
MAX_INCOMING_BYTES = 8 * 1024 * 1024
HEARTBEAT_SECONDS = 25.0
# How often the pause is asked for again: a call may have begun in it.
BEAT_SECONDS = 2.5

OnPush = Callable[[AnyServerFrame], None]
OnAnswer = Callable[[Ok], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long this client waits for what, in seconds. Nothing waits for ever."""

    opening: float = 5.0
    answer: float = 10.0
    """For one answer on one connection; a hub that is silent longer counts as gone."""
    act: float = 60.0
    """For one act, over as many connections as it takes."""
    first_pause: float = 0.05
    longest_pause: float = 5.0


class Connection:
    """An open WebSocket. Answers resolve `request`; every other frame goes to `on_push`."""

    def __init__(
        self,
        socket: ClientConnection,
        patience: Patience,
        on_push: OnPush,
        pause: Callable[[], float] = lambda: HEARTBEAT_SECONDS,
    ) -> None:
        """`pause`: how long this connection may be silent just now, in seconds."""
        self._socket = socket
        self._patience = patience
        self._on_push = on_push
        self._pause = pause
        self._waiting: dict[str, asyncio.Future[Ok | RefusedFrame | None]] = {}
        self._first: dict[str, OnAnswer] = {}
        self._close_code: int | None = None

    @property
    def in_flight(self) -> int:
        """How many requests wait for their answer."""
        return len(self._waiting)

    async def request(self, frame: ClientFrame, first: OnAnswer | None = None) -> Ok:
        """Send `frame` and return its answer; raise `Refused` or `ConnectionLost`.

        `first` is given the answer before any frame that came after it is; what it raises comes
        out here.
        """
        if self._socket.transport.is_closing():
            # The network broke and the reader is not told yet: nothing written now would leave.
            raise ConnectionLost(self._close_code)
        answer: asyncio.Future[Ok | RefusedFrame | None] = (
            asyncio.get_running_loop().create_future()
        )
        self._waiting[frame.id] = answer
        if first is not None:
            self._first[frame.id] = first
        try:
            async with asyncio.timeout(self._patience.answer):
                await self._socket.send(encode(frame))
                said = await answer
        except ConnectionClosed as exc:
            raise ConnectionLost(_close_code(exc)) from exc
        except TimeoutError as exc:
            # A half-open socket looks like this: give it up, the next one resumes.
            self.abort()
            raise ConnectionLost(None) from exc
        finally:
            self._waiting.pop(frame.id, None)
            self._first.pop(frame.id, None)
        if said is None:
            raise ConnectionLost(self._close_code)
        if isinstance(said, RefusedFrame):
            raise Refused(said)
        return said

    async def read(self) -> int | None:
        """Read until the connection ends; return its close code, None for a broken network.

        What `on_push` raises ends the reading and comes out here.
        """
        heartbeat = asyncio.create_task(self._beat())
        try:
            self._close_code = await self._read()
        finally:
            heartbeat.cancel()
            self._abandon()
        return self._close_code

    def abort(self) -> None:
        """Drop the connection at once, without a word."""
        self._socket.transport.abort()

    async def close(self) -> None:
        """Close politely, within the patience for an answer."""
        await self._socket.close()

    async def _read(self) -> int | None:
        try:
            while True:
                self._take(decode_server(_binary(await self._socket.recv())))
        except ConnectionClosed as exc:
            return _close_code(exc)
        except Unreadable:
            await self._socket.close(Close.MALFORMED)
            return Close.MALFORMED

    async def _beat(self) -> None:
        beat, silent = 0, 0.0
        while True:
            await asyncio.sleep(BEAT_SECONDS)
            silent += BEAT_SECONDS
            if silent >= self._pause():
                beat, silent = beat + 1, 0.0
                with contextlib.suppress(ConnectionLost, Refused):
                    await self.request(Ping(id=f"ping-{beat}"))

    def _take(self, frame: AnyServerFrame) -> None:
        if not isinstance(frame, (Ok, RefusedFrame)):
            self._on_push(frame)
            return
        answer = self._waiting.get(frame.id)
        if answer is None or answer.done():
            return
        try:
            if isinstance(frame, Ok) and frame.id in self._first:
                self._first[frame.id](frame)
        except Exception as exc:
            answer.set_exception(exc)
            raise
        answer.set_result(frame)

    def _abandon(self) -> None:
        """Tell whoever waits that no answer comes on this connection."""
        for answer in self._waiting.values():
            if not answer.done():
                answer.set_result(None)


async def open_connection(
    session: Session,
    patience: Patience,
    on_push: OnPush,
    pause: Callable[[], float] = lambda: HEARTBEAT_SECONDS,
) -> Connection:
    """Dial the hub with the session's cookie; raise `ConnectionLost` when it does not answer."""
    try:
        socket = await connect(
            f"ws://{session.site.host}/ws",
            host=LOOPBACK,
            port=session.site.port,
            origin=Origin(session.site.origin),
            additional_headers=session.headers,
            subprotocols=[Subprotocol(SUBPROTOCOL)],
            compression=None,
            ping_interval=None,
            open_timeout=patience.opening,
            close_timeout=patience.answer,
            max_size=MAX_INCOMING_BYTES,
            proxy=None,
        )
    except InvalidStatus as exc:
        raise ConnectionLost(_close_for(exc.response.status_code)) from exc
    except (OSError, TimeoutError, WebSocketException) as exc:
        raise ConnectionLost(None) from exc
    return Connection(socket, patience, on_push, pause)


def _binary(message: str | bytes) -> bytes:
    if isinstance(message, str):
        raise Unreadable("the hub sent text")
    return message


def _close_code(exc: ConnectionClosed) -> int | None:
    return exc.rcvd.code if exc.rcvd else None


def _close_for(status: int) -> int | None:
    """Return the close code that a refused handshake amounts to."""
    if status == 401:
        return Close.SESSION
    return Close.FORBIDDEN if status in {400, 403, 404} else None
