"""Sign-in over HTTP: dialled on the loopback, said for the persona's own origin."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from clients.python.errors import SignInFailed
from clients.python.session import LOOPBACK, Session, Site, sign_in, sign_out


class _Desk(BaseHTTPRequestHandler):
    """Answers as told and keeps what it was asked."""

    answer: tuple[int, list[str]]
    asked: list[tuple[str, str, dict[str, str], bytes]]

    def do_POST(self) -> None:
        self._answer()

    def do_DELETE(self) -> None:
        self._answer()

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        self.asked.append((self.command, self.path, dict(self.headers), body))
        status, cookies = self.answer
        self.send_response(status)
        for cookie in cookies:
            self.send_header("Set-Cookie", cookie)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (the base class's name)
        """Keep the tests' output clean."""


@pytest.fixture
def desk() -> Iterator[tuple[type[_Desk], int]]:
    handler = type("Desk", (_Desk,), {"answer": (200, []), "asked": []})
    with ThreadingHTTPServer((LOOPBACK, 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield handler, server.server_address[1]
        server.shutdown()
        thread.join()


async def test_signing_in_names_the_personas_origin(desk: tuple[type[_Desk], int]) -> None:
    """`Host` and `Origin` are the persona's, whatever address was dialled."""
    handler, port = desk
    handler.answer = (200, ["other=1", "__Host-colloque=secret; Path=/; HttpOnly; Secure"])

    session = await sign_in(Site("claire", port))

    [(method, path, headers, body)] = handler.asked
    assert (method, path, body) == ("POST", "/api/session", b"{}")
    assert headers["Host"] == f"claire.localhost:{port}"
    assert headers["Origin"] == f"http://claire.localhost:{port}"
    assert session.headers == {"Cookie": "__Host-colloque=secret"}


async def test_a_session_does_not_print_its_cookie() -> None:
    """Whoever holds the cookie is signed in: it stays out of logs and tracebacks."""
    session = Session(Site("claire", 8080), "secret")

    assert "secret" not in repr(session)


@pytest.mark.parametrize(
    "answer",
    [(403, []), (500, []), (200, []), (200, ["other=1"]), (200, ["__Host-colloque="])],
    ids=["forbidden", "broken", "no cookie", "another cookie", "empty cookie"],
)
async def test_without_a_session_cookie_nobody_is_signed_in(
    desk: tuple[type[_Desk], int], answer: tuple[int, list[str]]
) -> None:
    """Any other answer is a failure, and says the status."""
    handler, port = desk
    handler.answer = answer

    with pytest.raises(SignInFailed) as failure:
        await sign_in(Site("claire", port))

    assert failure.value.status == answer[0]


async def test_a_hub_that_is_not_there_gives_no_session(desk: tuple[type[_Desk], int]) -> None:
    """A refused connection is said in this package's own words."""
    with pytest.raises(SignInFailed):
        await sign_in(Site("claire", 1))


async def test_signing_out_carries_the_cookie(desk: tuple[type[_Desk], int]) -> None:
    """The session ended is the caller's own."""
    handler, port = desk
    handler.answer = (204, [])

    await sign_out(Session(Site("claire", port), "secret"))

    [(method, path, headers, _)] = handler.asked
    assert (method, path, headers["Cookie"]) == ("DELETE", "/api/session", "__Host-colloque=secret")
