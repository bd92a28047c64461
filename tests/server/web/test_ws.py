"""The WebSocket endpoint: subprotocol, cookie, binary frames, and closes a browser can read."""

from __future__ import annotations

import uuid

import pytest
from starlette.testclient import WebSocketDenialResponse
from starlette.websockets import WebSocketDisconnect

from signaling import frames
from signaling.frames import SUBPROTOCOL, Hello, Ok, Ping
from tests.server.web.visitor import Web, hear, tell


def a_hello() -> Hello:
    """Return the hello of a new device."""
    return Hello(id="h", device=str(uuid.uuid4()), signature_key=b"k" * 32)


def test_a_signed_in_peer_says_hello_on_our_subprotocol(web: Web) -> None:
    """The session says who it is, the hub says it back."""
    with web.signed_in("lea").connect() as socket:
        tell(socket, a_hello())
        welcome = hear(socket)

    assert socket.accepted_subprotocol == SUBPROTOCOL
    assert isinstance(welcome, Ok)
    assert welcome.result is not None
    assert (welcome.result["name"], welcome.result["role"]) == ("Léa Roux", "technician")


@pytest.mark.parametrize("subprotocol", [None, "colloque.v2", "chat"])
def test_without_our_subprotocol_there_is_no_socket(web: Web, subprotocol: str | None) -> None:
    """A peer that speaks something else is sent away before it speaks."""
    claire = web.signed_in("claire")

    with (
        pytest.raises((WebSocketDisconnect, WebSocketDenialResponse)) as refused,
        claire.connect(subprotocol=subprotocol),
    ):
        pass

    assert getattr(refused.value, "code", 4400) == 4400


@pytest.mark.parametrize("cookie", ["", "__Host-colloque=guess"], ids=["none", "a-guess"])
def test_without_a_session_the_socket_closes_4401(web: Web, cookie: str) -> None:
    """Accepted first: a browser is not told the status of a refused handshake."""
    stranger = web.at("claire.localhost")
    stranger.cookie = cookie

    with stranger.connect() as socket, pytest.raises(WebSocketDisconnect) as closed:
        socket.receive_bytes()

    assert closed.value.code == 4401


def test_signing_out_closes_the_sockets_of_the_session(web: Web) -> None:
    """4401 on the open socket, as soon as the other tab signs out."""
    claire = web.signed_in("claire")
    with claire.connect() as socket:
        tell(socket, a_hello())
        hear(socket)

        claire.send("DELETE", "/api/session")

        with pytest.raises(WebSocketDisconnect) as closed:
            socket.receive_bytes()
    assert closed.value.code == 4401


def test_a_text_frame_closes_4400(web: Web) -> None:
    """The wire is binary."""
    with web.signed_in("claire").connect() as socket:
        socket.send_text('{"kind": "hello"}')

        with pytest.raises(WebSocketDisconnect) as closed:
            socket.receive_bytes()

    assert closed.value.code == 4400


def test_a_peer_that_leaves_leaves_the_hub_as_it_was(web: Web) -> None:
    """An abrupt end is no error; the next peer is served."""
    with web.signed_in("claire").connect() as socket:
        tell(socket, a_hello())
        hear(socket)

    with web.signed_in("claire").connect() as socket:
        tell(socket, a_hello())
        hear(socket)
        tell(socket, Ping(id="p"))
        assert isinstance(hear(socket), frames.Ok)
