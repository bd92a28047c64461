"""Health, readiness, metrics, the client's files."""

from __future__ import annotations

import pytest

from server.demo import PERSONAS
from tests.server.web.visitor import Web


def test_a_process_that_serves_is_healthy(web: Web) -> None:
    """200 as long as it answers."""
    answer = web.at("localhost").send("GET", "/healthz")

    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


def test_a_hub_that_can_take_an_act_is_ready(web: Web) -> None:
    """200 while its database answers."""
    answer = web.at("localhost").send("GET", "/readyz")

    assert (answer.status_code, answer.json()) == (200, {"status": "ready"})


def test_a_draining_hub_is_healthy_and_not_ready(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    """503 to whoever balances load; the process itself still answers."""
    monkeypatch.setattr(web.assembled.hub, "draining", True)

    ready = web.at("localhost").send("GET", "/readyz")

    assert (ready.status_code, ready.json()) == (503, {"status": "draining"})
    assert web.at("localhost").send("GET", "/healthz").status_code == 200


def test_a_hub_without_its_database_is_not_ready(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    """503, and the answer tells no detail."""

    def away() -> None:
        raise OSError("the disk is gone")

    monkeypatch.setattr(web.assembled.hub._database, "read", away)

    answer = web.at("localhost").send("GET", "/readyz")

    assert (answer.status_code, answer.json()) == (503, {"status": "unavailable"})


def test_metrics_name_nobody(web: Web) -> None:
    """Counts by kind, outcome and code: no person, no conversation, no device."""
    claire = web.signed_in("claire")
    with claire.connect():
        pass

    text = web.at("localhost").send("GET", "/metrics").text

    assert "colloque_connections" in text
    for persona in PERSONAS:
        assert persona.name not in text
        assert persona.person.id not in text
        assert f'"{persona.slug}"' not in text


def test_a_violation_report_is_counted_and_not_kept(web: Web) -> None:
    """Its text comes from anyone: 204, one more on the counter."""
    localhost = web.at("localhost")
    count = _csp_reports(localhost.send("GET", "/metrics").text)

    answer = localhost.send("POST", "/api/csp-reports", origin=None, content=b"anything")

    assert answer.status_code == 204
    assert _csp_reports(localhost.send("GET", "/metrics").text) == count + 1


def _csp_reports(text: str) -> float:
    (line,) = [x for x in text.splitlines() if x.startswith("colloque_csp_reports_total")]
    return float(line.split()[1])


def test_hashed_files_are_kept_for_ever_and_the_page_is_not(web: Web) -> None:
    """A file with its hash in its name never changes; the page that names it may."""
    claire = web.at("claire.localhost")

    asset = claire.send("GET", "/assets/app-1a2b3c4d.js").headers["cache-control"]
    page = claire.send("GET", "/").headers["cache-control"]

    assert "immutable" in asset
    assert "immutable" not in page
    assert "max-age=0" in page
