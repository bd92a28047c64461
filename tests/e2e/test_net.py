"""The net under these tests is not blind: what it must catch, planted, is caught."""

from __future__ import annotations

import base64
import http.client
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.e2e.hub import Hub
from tests.e2e.netns import LOOPBACK
from tests.e2e.stage import Stage

SENTENCE = "Une phrase assez longue, écrite pour être retrouvée."


def test_a_violation_of_the_policy_is_heard(stage: Stage) -> None:
    """An image from elsewhere is blocked, and the test would have failed for it."""
    page = stage.context.new_page()
    page.goto(stage.hub.address)
    expect(page.get_by_role("main")).to_be_visible()

    with page.expect_console_message(lambda message: message.text.startswith("CSP img-src")):
        page.evaluate("new Image().src = 'http://127.0.0.1:9/planted.png'")

    assert any("img-src" in complaint for complaint in stage.complaints)
    stage.complaints.clear()
    _forget_reports(stage.hub)


def test_an_uncaught_exception_is_heard(stage: Stage) -> None:
    """A script that throws is written down."""
    page = stage.context.new_page()
    page.goto(stage.hub.address)
    expect(page.get_by_role("main")).to_be_visible()

    with page.expect_event("pageerror"):
        page.evaluate("setTimeout(() => { throw new Error('planted') })")

    assert any("planted" in complaint for complaint in stage.complaints)
    stage.complaints.clear()


def test_a_report_to_the_hub_is_counted(hub: Hub) -> None:
    """The count that every test ends with moves when a browser reports."""
    connection = http.client.HTTPConnection(LOOPBACK, hub.port, timeout=10)
    headers = {
        "Content-Type": "application/csp-report",
        "Origin": f"http://{LOOPBACK}:{hub.port}",
    }
    connection.request("POST", "/api/csp-reports", b"{}", headers)
    connection.getresponse().read()
    connection.close()

    assert hub.csp_reports() == 1


def test_a_page_that_axe_would_refuse_is_refused(stage: Stage) -> None:
    """A button without a name, planted on the first screen."""
    page = stage.context.new_page()
    page.goto(stage.hub.address)
    main = page.get_by_role("main")
    expect(main).to_be_visible()
    main.evaluate("(main) => main.append(document.createElement('button'))")

    with pytest.raises(AssertionError, match="button-name"):
        stage.look(page, "planted")


@pytest.mark.parametrize("before", [b"", b"x", b"xy"], ids=["aligned", "by one", "by two"])
def test_a_sentence_in_base64_is_found_at_each_alignment(tmp_path: Path, before: bytes) -> None:
    """Whatever stands before and after it in the encoded bytes."""
    hub = Hub(tmp_path)
    (tmp_path / "file").write_bytes(
        b"..." + base64.b64encode(before + SENTENCE.encode() + b"and more") + b"..."
    )

    assert hub.traces_of(SENTENCE) == ["file"]


@pytest.mark.parametrize(
    "encode", [str.encode, lambda text: text.encode().hex().encode()], ids=["plain", "hex"]
)
def test_a_sentence_is_found_in_a_file(tmp_path: Path, encode: object) -> None:
    """In its own bytes, and in hex."""
    assert callable(encode)
    hub = Hub(tmp_path)
    (tmp_path / "file").write_bytes(b"..." + encode(SENTENCE) + b"...")

    assert hub.traces_of(SENTENCE) == ["file"]
    assert hub.traces_of("Une autre phrase, que personne n’a écrite.") == []


def _forget_reports(hub: Hub) -> None:
    """Begin another life of the hub: its counts begin again."""
    hub.stop()
    hub.start()
