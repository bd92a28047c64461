"""The real hub, the built client and Debian's Chromium; and what every test is held to.

After each test: no error on any console, no uncaught exception, no violation of the content
security policy, and none of the sentences written in the hub's files.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Playwright, expect, sync_playwright

from tests.e2e.chromium import a_browser
from tests.e2e.hub import Hub
from tests.e2e.stage import DESKTOP, Stage

ROOT = Path(__file__).parents[2]
WEB = ROOT / "clients" / "web"
DIST = ROOT / "server" / "web" / "dist" / "index.html"
SCREENSHOTS = ROOT / "build" / "screenshots"
BUILD_SECONDS = 300
# Two cores shared by a hub, a browser and its workers: an expectation waits this long, not more.
EXPECT_MS = 15_000
NewContext = Callable[[], BrowserContext]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what drives a browser."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.e2e)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say in one line how the journeys went."""
    stats = terminalreporter.stats
    counts = [
        sum(
            "e2e" in report.keywords and (report.when == "call" or outcome != "passed")
            for report in stats.get(outcome, [])
        )
        for outcome in ("passed", "failed", "error", "skipped")
    ]
    passed, failed, errors, skipped = counts
    if any(counts):
        terminalreporter.write_line(
            f"e2e: {passed} passed, {failed + errors} failed, {skipped} skipped"
        )


@pytest.fixture(scope="session")
def built() -> None:
    """Build the client where it is absent."""
    if not DIST.exists():
        npm = shutil.which("npm")
        assert npm, "the client is not built and there is no npm: run `make build`"
        subprocess.run([npm, "run", "build"], cwd=WEB, check=True, timeout=BUILD_SECONDS)


@pytest.fixture(scope="session")
def axe() -> str:
    """Return axe-core, which judges what a program can judge of accessibility."""
    return (WEB / "node_modules" / "axe-core" / "axe.min.js").read_text(encoding="utf-8")


# Not "session": Playwright keeps a loop running in this thread until it ends, and the tests after
# this package run theirs.
@pytest.fixture(scope="package")
def playwright() -> Iterator[Playwright]:
    """Start what drives browsers, once for all journeys."""
    expect.set_options(timeout=EXPECT_MS)
    with sync_playwright() as playwright:
        yield playwright


@pytest.fixture(scope="package")
def browser(playwright: Playwright) -> Iterator[Browser]:
    """Start Debian's Chromium, once for all journeys."""
    with a_browser(playwright) as browser:
        yield browser


@pytest.fixture
def settings() -> dict[str, str]:
    """Return the hub's settings; a test module or class overrides it for what it needs."""
    return {}


@pytest.fixture
def hub(built: None, tmp_path: Path, settings: dict[str, str]) -> Iterator[Hub]:
    """Start a hub of the test's own."""
    hub = Hub(tmp_path / "hub", settings)
    (tmp_path / "hub").mkdir()
    hub.start()
    yield hub
    hub.stop()


@pytest.fixture
def new_context(browser: Browser) -> Iterator[NewContext]:
    """Open browser profiles of their own; French, and gone after the test."""
    contexts: list[BrowserContext] = []

    def new() -> BrowserContext:
        context = browser.new_context(
            locale="fr-FR", timezone_id="Europe/Paris", viewport=DESKTOP, accept_downloads=True
        )
        context.set_default_timeout(EXPECT_MS)
        contexts.append(context)
        return context

    yield new
    for context in contexts:
        context.close()


@pytest.fixture
def stage(hub: Hub, new_context: NewContext, axe: str) -> Iterator[Stage]:
    """Give a test its browser and people, then hold it to what must never happen."""
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    stage = Stage(hub, new_context(), axe, SCREENSHOTS)
    stage.watch(stage.context)

    yield stage

    assert stage.complaints == []
    assert hub.csp_reports() == 0
    for sentence in stage.sentences:
        assert hub.traces_of(sentence) == [], f"the server's files hold: {sentence}"
