"""Who may knock: a closed list of hosts, the page's own origin; and what every answer carries."""

from __future__ import annotations

import pytest
from starlette.testclient import WebSocketDenialResponse

from server.web.headers import SECURITY_HEADERS
from signaling.codes import CODES, Code
from tests.server.web.visitor import PORT, Web

FOREIGN_ORIGINS = [
    pytest.param(None, id="none"),
    pytest.param("http://evil.example", id="foreign"),
    pytest.param(f"http://hugo.localhost:{PORT}", id="another-persona"),
    pytest.param("http://claire.localhost:9999", id="another-port"),
    pytest.param("null", id="null"),
    pytest.param(f"http://claire.localhost:{PORT}.evil.example", id="our-name-as-a-prefix"),
]
FOREIGN_HOSTS = ["evil.example", "claire.localhost.evil.example", "mallory.localhost", ""]


@pytest.mark.parametrize("origin", FOREIGN_ORIGINS)
@pytest.mark.parametrize(("method", "path"), [("POST", "/api/session"), ("DELETE", "/api/session")])
def test_a_request_of_another_origin_is_refused(
    web: Web, method: str, path: str, origin: str | None
) -> None:
    """403 with the problem document, and no session comes or goes."""
    claire = web.signed_in("claire")

    refused = claire.send(method, path, origin=origin, json={} if method == "POST" else None)

    assert refused.status_code == 403
    assert refused.headers["content-type"] == "application/problem+json"
    assert refused.json() == {
        "code": "E_ORIGIN",
        "title": CODES[Code.E_ORIGIN].simple,
        "detail": CODES[Code.E_ORIGIN].text,
        "status": 403,
    }
    assert "set-cookie" not in refused.headers
    assert claire.send("GET", "/api/session").json()["signed_in"] is True


@pytest.mark.parametrize("origin", FOREIGN_ORIGINS)
def test_a_socket_of_another_origin_is_refused(web: Web, origin: str | None) -> None:
    """A page elsewhere cannot open a socket with one's cookie: 403 before any frame."""
    claire = web.signed_in("claire")

    with pytest.raises(WebSocketDenialResponse) as denied, claire.connect(origin=origin):
        pass

    assert denied.value.status_code == 403
    assert denied.value.json()["code"] == "E_ORIGIN"


@pytest.mark.parametrize("host", FOREIGN_HOSTS)
@pytest.mark.parametrize("path", ["/", "/api/session", "/healthz", "/assets/app-1a2b3c4d.js"])
def test_a_foreign_host_is_refused_even_a_get(web: Web, path: str, host: str) -> None:
    """A foreign name that resolves here gets nothing: no rebinding."""
    visitor = web.at("localhost")

    refused = visitor.send("GET", path, headers={"host": f"{host}:{PORT}" if host else ""})

    assert refused.status_code == 403
    assert refused.json()["code"] == "E_ORIGIN"


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/", 200),
        ("GET", "/assets/app-1a2b3c4d.js", 200),
        ("GET", "/api/session", 200),
        ("POST", "/api/session", 200),
        ("GET", "/healthz", 200),
        ("GET", "/readyz", 200),
        ("GET", "/metrics", 200),
        ("GET", "/no/such/page", 404),
        ("GET", "/assets/../../data/colloque.sqlite", 404),
        ("PUT", "/api/session", 404),
        ("POST", "/api/demo/tamper", 401),
        ("POST", "/api/csp-reports", 204),
    ],
)
def test_every_answer_carries_the_security_headers(
    web: Web, method: str, path: str, status: int
) -> None:
    """The page, its files, the interface and each error."""
    answer = web.at("claire.localhost").send(method, path)

    assert answer.status_code == status
    assert {name: answer.headers.get(name) for name in SECURITY_HEADERS} == SECURITY_HEADERS


def test_the_policy_lets_in_no_inline_script_and_no_one_elses() -> None:
    """Nothing but the page's own files, Trusted Types on, no frame around it."""
    policy = SECURITY_HEADERS["content-security-policy"]

    assert "default-src 'none'" in policy
    assert "require-trusted-types-for 'script'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert "http:" not in policy


def test_a_fault_of_ours_is_a_problem_document_with_the_headers(
    web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An error nobody foresaw: E_INTERNAL in our words, and nothing of what went wrong."""

    async def fail(_key: bytes) -> None:
        raise RuntimeError("a secret detail")

    claire = web.signed_in("claire")
    monkeypatch.setattr(web.assembled.hub, "find_session", fail)

    answer = claire.send("GET", "/api/session")

    assert answer.status_code == 500
    assert answer.json()["code"] == "E_INTERNAL"
    assert "secret" not in answer.text
    assert {name: answer.headers.get(name) for name in SECURITY_HEADERS} == SECURITY_HEADERS


@pytest.mark.parametrize(
    "feature", ["camera", "microphone", "display-capture", "screen-wake-lock", "autoplay"]
)
def test_a_call_may_use_what_it_needs_and_only_on_our_own_page(feature: str) -> None:
    """Picture, sound, a shared document, a screen that stays awake: for this origin alone."""
    allowed = SECURITY_HEADERS["permissions-policy"].split(", ")

    assert f"{feature}=(self)" in allowed
    assert "geolocation=()" in allowed
