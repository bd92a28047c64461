"""The persona cards: who lives where, one cookie per address, and the intruder's button."""

from __future__ import annotations

import sqlite3
import uuid
from typing import Any

import pytest

from server.app import SystemClock
from server.demo import PERSONAS
from server.web.auth import COOKIE
from signaling import frames
from signaling.frames import AnyClientFrame, Ok
from tests.server.accounts import an_account
from tests.server.house import PEOPLE
from tests.server.mls import MlsDevice, a_policy, founding, moving_in
from tests.server.web.visitor import PORT, Visitor, Web, hear, tell


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_the_bare_address_lists_the_personas_in_order(web: Web, host: str) -> None:
    """Their cards, each with the address where it opens; nobody lives here."""
    told = web.at(host).send("GET", "/api/session").json()

    assert [card["slug"] for card in told["personas"]] == [p.slug for p in PERSONAS]
    assert told["personas"][0] == {
        "slug": "claire",
        "name": "Claire Morel",
        "role": "pharmacist",
        "about": "Pharmacienne titulaire",
        "pharmacy": "Pharmacie du Marché",
        "origin": f"http://claire.localhost:{PORT}",
    }
    assert (told["demo"], told["persona"], told["signed_in"]) == (True, None, False)


def test_a_personas_address_tells_that_persona_only(web: Web) -> None:
    """No list of others there."""
    told = web.at("jean.localhost").send("GET", "/api/session").json()

    assert told["persona"]["name"] == "Jean Lefèvre"
    assert told["personas"] == []


def test_nobody_signs_in_at_the_bare_address(web: Web) -> None:
    """It has the cards and no persona: not found, no cookie."""
    answer = web.at("127.0.0.1").send("POST", "/api/session", json={})

    assert (answer.status_code, answer.json()["code"]) == (404, "E_NOT_FOUND")
    assert "set-cookie" not in answer.headers


def test_the_cookie_is_pinned_and_out_of_reach(web: Web) -> None:
    """`__Host-`, HttpOnly, Secure, Strict, the whole path, no domain, no date."""
    answer = web.at("claire.localhost").send("POST", "/api/session", json={})

    name, *attributes = answer.headers["set-cookie"].split("; ")
    assert name.startswith("__Host-colloque=")
    assert {one.lower() for one in attributes} == {
        "httponly",
        "secure",
        "samesite=strict",
        "path=/",
    }
    assert answer.json() == {}


def test_signing_in_and_out(web: Web) -> None:
    """Signed in until signed out; then the cookie is dropped and opens nothing."""
    claire = web.signed_in("claire")
    before = claire.send("GET", "/api/session").json()

    gone = claire.send("DELETE", "/api/session")
    after = claire.send("GET", "/api/session").json()

    assert (before["signed_in"], before["expired"]) == (True, False)
    assert gone.status_code == 204
    assert "Max-Age=0" in gone.headers["set-cookie"]
    assert (after["signed_in"], after["expired"]) == (False, True)


def test_a_cookie_nobody_gave_counts_as_expired(web: Web) -> None:
    """A session of before a reset, or a guess: not signed in, and told so."""
    stranger = web.at("claire.localhost")
    stranger.cookie = f"{COOKIE}=guess"

    told = stranger.send("GET", "/api/session").json()

    assert (told["signed_in"], told["expired"]) == (False, True)


def test_without_a_cookie_nothing_has_expired(web: Web) -> None:
    """A first visit is no lost session."""
    told = web.at("claire.localhost").send("GET", "/api/session").json()

    assert (told["signed_in"], told["expired"]) == (False, False)


def test_the_answer_about_a_session_is_not_kept(web: Web) -> None:
    """No cache shows who is signed in."""
    answer = web.at("claire.localhost").send("GET", "/api/session")

    assert answer.headers["cache-control"] == "no-store"


def test_the_token_is_stored_nowhere(web: Web) -> None:
    """Only its hash is in the database: whoever reads the file signs in as nobody."""
    claire = web.signed_in("claire")
    token = claire.cookie.partition("=")[2]

    stored = b"".join(path.read_bytes() for path in web.data.rglob("*") if path.is_file())

    assert len(token) >= 43
    assert token.encode() not in stored


@pytest.mark.parametrize(
    "path", ["/api/session", "/", "/api/demo/tamper", "/api/csp-reports", "/healthz"]
)
def test_a_get_changes_nothing(web: Web, path: str) -> None:
    """Whatever is got, signed in: no entry, no session, no byte of the database."""
    marc = web.signed_in("marc")
    before = _everything(web)

    marc.send("GET", path, origin=None)
    marc.send("HEAD", path, origin=None)

    assert _everything(web) == before


def _everything(web: Web) -> dict[str, list[Any]]:
    connection = sqlite3.connect(web.data / "colloque.sqlite")
    tables = [n for (n,) in connection.execute("SELECT name FROM sqlite_master WHERE type='table'")]
    rows = {table: connection.execute(f"SELECT * FROM {table}").fetchall() for table in tables}
    connection.close()
    return rows


@pytest.fixture(scope="module")
def conversation(web: Web) -> str:
    """A conversation of Claire and Jean."""
    return _found(web.signed_in("claire"), "jean")


def _said(socket: Any, frame: AnyClientFrame) -> dict[str, Any]:
    """Send a frame that must be accepted; return its result."""
    tell(socket, frame)
    answer = hear(socket)
    while isinstance(answer, frames.IdentityPush):
        answer = hear(socket)
    assert isinstance(answer, Ok), answer
    return answer.result or {}


def _found(visitor: Visitor, patient: str) -> str:
    conversation, device = str(uuid.uuid4()), str(uuid.uuid4())
    with visitor.connect() as socket:
        owner = an_account(PEOPLE[visitor.host.partition(".")[0]])
        mls = MlsDevice(owner, device, SystemClock())
        hello = frames.Hello(id="h", device=device, signature_key=mls.signature_key)
        welcomed = _said(socket, hello)
        steps = moving_in(mls, welcomed)
        _said(socket, steps.send(_said(socket, next(steps))))
        policy = a_policy(conversation, owner, an_account(PEOPLE[patient]))
        said = founding(welcomed["hub_key"], policy)
        tell(
            socket,
            frames.CreateConversation(
                id="c",
                conversation=conversation,
                conversation_kind="remote_dispensation",  # type: ignore[arg-type]
                patient=PEOPLE[patient].id,
                motive="age",  # type: ignore[arg-type]
                group_info=mls.found(conversation, said),
            ),
        )
        assert isinstance(hear(socket), Ok)
    return conversation


@pytest.mark.parametrize("who", ["claire", "lea", "jean", "sophie", "nadia", "ines"])
def test_only_the_officer_has_the_intruders_button(web: Web, conversation: str, who: str) -> None:
    """Anyone else is refused for the role, and the log is as it was."""
    visitor = web.signed_in(who)
    before = _everything(web)["entry"]

    refused = visitor.send("POST", "/api/demo/tamper", json={"conversation": conversation})

    assert (refused.status_code, refused.json()["code"]) == (403, "E_ROLE")
    assert _everything(web)["entry"] == before


def test_the_intruders_button_needs_a_session(web: Web, conversation: str) -> None:
    """Nobody signed in: 401."""
    refused = web.at("marc.localhost").send(
        "POST", "/api/demo/tamper", json={"conversation": conversation}
    )

    assert (refused.status_code, refused.json()["code"]) == (401, "E_SESSION")


def test_the_intruders_button_reaches_ones_own_pharmacy_only(web: Web) -> None:
    """Another pharmacy's conversation is not found, and not touched."""
    elsewhere = _found(web.signed_in("paul"), "rose")
    before = _everything(web)["entry"]

    refused = web.signed_in("marc").send(
        "POST", "/api/demo/tamper", json={"conversation": elsewhere}
    )

    assert (refused.status_code, refused.json()["code"]) == (404, "E_NOT_FOUND")
    after = _everything(web)["entry"]
    assert [row for row in before if row not in after] == []


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"{", id="cut-short"),
        pytest.param(b"[]", id="a-list"),
        pytest.param(b'{"conversation": 1}', id="a-number"),
        pytest.param(b'{"conversation": "' + b"x" * 5000 + b'"}', id="too-long"),
        pytest.param(b"\xff\xfe", id="not-utf-8"),
    ],
)
def test_what_names_no_conversation_is_malformed(web: Web, body: bytes) -> None:
    """400 with the problem document."""
    refused = web.signed_in("marc").send("POST", "/api/demo/tamper", content=body)

    assert (refused.status_code, refused.json()["code"]) == (400, "E_MALFORMED")


def test_the_officer_alters_one_byte_and_the_trigger_stands_again(
    web: Web, conversation: str
) -> None:
    """One entry differs by one byte; the table refuses the next one as before."""
    marc = web.signed_in("marc")
    before = _everything(web)["entry"]

    told = marc.send("POST", "/api/demo/tamper", json={"conversation": conversation}).json()

    pairs = zip(before, _everything(web)["entry"], strict=True)
    ((old, new),) = [(old, new) for old, new in pairs if old != new]
    assert told == {"log": "care", "index": old[1]}
    assert sum(a != b for a, b in zip(old[2], new[2], strict=True)) == 1
    connection = sqlite3.connect(web.data / "colloque.sqlite")
    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        connection.execute("UPDATE entry SET bytes = x'00'")
    connection.close()
