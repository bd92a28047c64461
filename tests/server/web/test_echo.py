"""`POST /api/echo`: who may have a test answered, how often, and what is said when not."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from server.app import create_demo
from server.ports import EchoBusy, EchoMalformed
from server.settings import Settings
from server.web.echo import MAX_BODY_BYTES, EchoRoute
from tests.server.web.visitor import PORT, Visitor, Web

OFFER = "v=0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\n"


class ScriptedEcho:
    """An echo peer that does as it is told."""

    def __init__(self) -> None:
        self.answers: str | Exception = "v=0 the answer"
        self.asked: list[str] = []

    async def answer(self, offer: str) -> str:
        self.asked.append(offer)
        if isinstance(self.answers, Exception):
            raise self.answers
        return self.answers


@pytest.fixture
def scripted() -> ScriptedEcho:
    return ScriptedEcho()


@pytest.fixture
def web(tmp_path: Path, scripted: ScriptedEcho, monkeypatch: pytest.MonkeyPatch) -> Iterator[Web]:
    """The demonstration, with an echo peer that does as it is told."""
    monkeypatch.setattr("server.app.EchoRoute", lambda _process, rate: EchoRoute(scripted, rate))
    dist = tmp_path / "dist"
    dist.mkdir()
    settings = Settings(data=tmp_path / "data", dist=dist, port=PORT, rate_echo="2/minute")
    assembled = create_demo(settings)
    with TestClient(assembled.app, raise_server_exceptions=False) as client:
        yield Web(client, assembled, tmp_path / "data")


def ask(visitor: Visitor, **body: Any) -> Any:
    return visitor.send("POST", "/api/echo", **(body or {"json": {"sdp": OFFER}}))


def test_someone_signed_in_is_answered(web: Web, scripted: ScriptedEcho) -> None:
    """The offer goes through as it is, and the answer is kept by nobody in between."""
    answer = ask(web.signed_in("jean"))

    assert answer.status_code == 200
    assert answer.json() == {"sdp": "v=0 the answer"}
    assert answer.headers["cache-control"] == "no-store"
    assert scripted.asked == [OFFER]


def test_a_stranger_is_not(web: Web, scripted: ScriptedEcho) -> None:
    """Without a session there is no test."""
    answer = ask(web.at("jean.localhost"))

    assert (answer.status_code, answer.json()["code"]) == (401, "E_SESSION")
    assert scripted.asked == []


@pytest.mark.parametrize("origin", [None, "https://elsewhere.example"])
def test_another_page_cannot_ask(web: Web, scripted: ScriptedEcho, origin: str | None) -> None:
    """Only the page's own origin."""
    answer = ask(web.signed_in("jean"), json={"sdp": OFFER}, origin=origin)

    assert (answer.status_code, answer.json()["code"]) == (403, "E_ORIGIN")
    assert scripted.asked == []


@pytest.mark.parametrize(
    "body",
    [
        {"content": b""},
        {"content": b"{"},
        {"content": b"[" * 9000},
        {"content": b'"\xff"'},
        {"json": {"sdp": 5}},
        {"json": {"offer": OFFER}},
        {"json": {"sdp": "a" * MAX_BODY_BYTES}},
    ],
    ids=["empty", "cut", "deep", "bytes", "number", "other", "long"],
)
def test_what_is_no_offer_is_malformed(
    web: Web, scripted: ScriptedEcho, body: dict[str, Any]
) -> None:
    """Refused before anybody is asked."""
    answer = ask(web.signed_in("jean"), **body)

    assert (answer.status_code, answer.json()["code"]) == (400, "E_MALFORMED")
    assert scripted.asked == []


def test_what_the_peer_cannot_read_is_malformed(web: Web, scripted: ScriptedEcho) -> None:
    """The peer's refusal, in the words of the table."""
    scripted.answers = EchoMalformed()

    answer = ask(web.signed_in("jean"))

    assert (answer.status_code, answer.json()["code"]) == (400, "E_MALFORMED")


def test_a_full_peer_says_to_try_later(web: Web, scripted: ScriptedEcho) -> None:
    """Politely, with a code, a sentence and a time; and about the test, not about a call."""
    scripted.answers = EchoBusy()

    answer = ask(web.signed_in("jean"))

    assert (answer.status_code, answer.json()["code"]) == (503, "call.busy")
    assert "Réessayez" in answer.json()["detail"]
    assert answer.headers["retry-after"] == "10"


def test_a_session_may_test_so_often_and_no_more(web: Web, scripted: ScriptedEcho) -> None:
    """By session: whoever tests too much takes nobody else's turn."""
    jean, claire = web.signed_in("jean"), web.signed_in("claire")
    ask(jean), ask(jean)

    third = ask(jean)

    assert (third.status_code, third.json()["code"]) == (429, "E_RATE")
    assert third.headers["retry-after"]
    assert ask(claire).status_code == 200


def test_the_demonstration_has_a_real_peer(tmp_path: Path) -> None:
    """What is assembled is the process itself: it refuses words that are no offer."""
    (tmp_path / "dist").mkdir()
    settings = Settings(data=tmp_path / "data", dist=tmp_path / "dist", port=PORT)
    assembled = create_demo(settings)
    with TestClient(assembled.app, raise_server_exceptions=False) as client:
        jean = Web(client, assembled, tmp_path / "data").signed_in("jean")

        answer = ask(jean, json={"sdp": "v=0\r\n"})

        assert (answer.status_code, answer.json()["code"]) == (400, "E_MALFORMED")


def test_addresses_to_offer_come_from_the_settings() -> None:
    """One argument for each; none by default."""
    assert Settings().echo_arguments() == []
    assert Settings(echo_addresses="127.0.0.1, ::1").echo_arguments() == [
        *("--address", "127.0.0.1"),
        *("--address", "::1"),
    ]
