"""What somebody outside tries at the front door: hosts, origins, paths, floods."""

from __future__ import annotations

import json
import socket
import struct

import pytest

from signaling.codes import Close
from tests.attacks.front_door import FrontDoor, read_to_end, ws_frame

BINARY, CONTINUATION, CLOSE, PING = 0x2, 0x0, 0x8, 0x9


@pytest.mark.parametrize(
    "spelling",
    [
        "claire.localhost.:{port}",
        "CLAIRE.localhost:{port}",
        "claire.localhost",
        "claire.localhost:0{port}",
        "x@claire.localhost:{port}",
        "claire.localhost:{port}, evil.example",
        "a.claire.localhost:{port}",
        "[::1]:{port}",
        "0x7f000001:{port}",
        "evil.example",
        "",
    ],
)
def test_a_host_that_is_not_letter_for_letter_ours_is_refused(
    front_door: FrontDoor, spelling: str
) -> None:
    """A foreign name that resolves here (DNS rebinding) is refused, and so are odd spellings."""
    host = spelling.format(port=front_door.port)

    assert front_door.ask("GET /api/session", f"Host: {host}") == 403


@pytest.mark.parametrize(
    "origin",
    ["", "Origin: null", "Origin: http://evil.example", "Origin: http://jean.localhost:{port}"],
)
@pytest.mark.parametrize("line", ["POST /api/session", "DELETE /api/session", "OPTIONS /"])
def test_a_write_from_another_origin_is_refused(
    front_door: FrontDoor, line: str, origin: str
) -> None:
    """Another page of the same browser, another persona's included, writes nothing."""
    headers = [f"Host: {front_door.host()}"]
    headers += [origin.format(port=front_door.port)] if origin else []

    assert front_door.ask(line, *headers) == 403


@pytest.mark.parametrize("origin", ["Origin: null", "Origin: http://jean.localhost:{port}", ""])
def test_a_socket_from_another_origin_is_refused(front_door: FrontDoor, origin: str) -> None:
    """WebSockets know no same-origin policy: the hub is it."""
    headers = [f"Host: {front_door.host()}", front_door.sign_in("claire")]
    headers += [origin.format(port=front_door.port)] if origin else []

    knocking, status = front_door.upgrade(*headers)

    knocking.close()
    assert status == 403


def test_a_cookie_made_up_by_somebody_opens_nothing(front_door: FrontDoor) -> None:
    """No session: the socket is accepted and closed at once, in a code a browser can see."""
    host = front_door.host()
    headers = (f"Host: {host}", f"Origin: http://{host}", "Cookie: __Host-colloque=made-up")

    knocking, status = front_door.upgrade(*headers)

    with knocking:
        assert status == 101
        assert _close_code(knocking) == Close.SESSION


@pytest.mark.parametrize(
    "path",
    [
        "/../app.py",
        "/..%2f..%2fapp.py",
        "/%2e%2e/%2e%2e/pyproject.toml",
        "/assets/..%5c..%5capp.py",
        "//etc/passwd",
        "/index.html%00.js",
    ],
)
def test_no_path_leads_out_of_the_built_client(front_door: FrontDoor, path: str) -> None:
    """The files are a closed list made at start."""
    assert front_door.ask(f"GET {path}", f"Host: {front_door.host()}") == 404


@pytest.mark.parametrize(
    "start", [b"GET /", b"GET / HTTP/1.1\r\nHost: "], ids=["an address", "a header"]
)
def test_a_request_that_never_ends_is_cut_off(front_door: FrontDoor, start: bytes) -> None:
    """Nobody who has not even signed in fills the memory with one request."""
    with front_door.knock() as knocking:
        knocking.sendall(start)

        assert _is_cut_off(knocking, b"a" * 65536)


def test_headers_without_end_are_cut_off(front_door: FrontDoor) -> None:
    """Many small headers are as much memory as a large one."""
    with front_door.knock() as knocking:
        knocking.sendall(f"GET / HTTP/1.1\r\nHost: {front_door.host()}\r\n".encode())

        assert _is_cut_off(knocking, b"X-Header: aaaaaaaaaaaaaaaaaaaa\r\n" * 2000)


def test_pings_whose_pongs_nobody_reads_are_not_piled_up(front_door: FrontDoor) -> None:
    """A pong waits in memory as long as the peer does not read: there is no second one."""
    flood, rounds = ws_frame(PING, b"p" * 125) * 800, 200
    with front_door.enter("claire") as entered:
        for _ in range(rounds):
            entered.sendall(flood)
        entered.sendall(ws_frame(CLOSE, struct.pack("!H", 1000)))

        pongs = read_to_end(entered)

    # What the kernel's own buffers hold may have gone out; the rest of 20 MB may not wait here.
    assert len(pongs) < len(flood) * rounds / 2


def test_a_frame_in_a_million_pieces_is_bounded_and_told_so(front_door: FrontDoor) -> None:
    """Pieces are counted together: more than a frame may be is closed, as in one piece."""
    with front_door.enter("claire") as entered:
        entered.sendall(ws_frame(BINARY, b"", fin=False))
        piece = ws_frame(CONTINUATION, b"a" * 16384, fin=False)
        try:
            for _ in range(100):
                entered.sendall(piece)
        except OSError:
            return

        assert _close_code(entered) == 1009


@pytest.mark.parametrize(
    "body",
    [
        "[" * 4000,
        '{"conversation":"\\ud800"}',
        '{"conversation":[]}',
        '{"conversation":"x"}',
        "9" * 4000,
    ],
    ids=["nested", "half of a pair", "a list", "no UUID", "a number"],
)
def test_nonsense_for_the_demonstrations_intruder_is_refused_in_words(
    front_door: FrontDoor, body: str
) -> None:
    """A body that is nobody's gets our refusal, not the traceback of something that broke."""
    host = front_door.host("marc")
    headers = (f"Host: {host}", f"Origin: http://{host}", front_door.sign_in("marc"))

    assert front_door.ask("POST /api/demo/tamper", *headers, body=body) == 400


def test_a_body_in_pieces_is_as_bounded_as_a_whole_one(front_door: FrontDoor) -> None:
    """Chunks name no length: what they add up to is counted."""
    host = front_door.host("marc")
    headers = [f"Host: {host}", f"Origin: http://{host}", front_door.sign_in("marc")]
    chunks = "4000\r\n" + "a" * 0x4000 + "\r\n"

    with front_door.knock() as knocking:
        lines = ["POST /api/demo/tamper HTTP/1.1", *headers, "Transfer-Encoding: chunked"]
        knocking.sendall(("\r\n".join(lines) + "\r\n\r\n" + chunks * 4).encode())
        status = knocking.recv(12)

    assert status == b"HTTP/1.1 400"


def test_the_personas_are_told_at_the_bare_address_only(front_door: FrontDoor) -> None:
    """At a persona's own address nobody else is listed."""
    host = front_door.host()
    answer = front_door.say(
        f"GET /api/session HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode()
    )

    told = json.loads(answer.partition(b"\r\n\r\n")[2])

    assert told["personas"] == []
    assert told["persona"]["slug"] == "claire"


def _is_cut_off(connection: socket.socket, more: bytes) -> bool:
    """Send more and more; tell whether the hub ended it before 60 MB."""
    try:
        for _ in range(1000):
            connection.sendall(more)
    except OSError:
        return True
    return False


def _close_code(connection: socket.socket) -> int:
    head = connection.recv(2)
    assert head[0] == 0x80 | CLOSE
    code: int = struct.unpack("!H", connection.recv(2))[0]
    return code
