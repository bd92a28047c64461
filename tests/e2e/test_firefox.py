"""A call between two makes of browser, whichever of them makes the offer."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Playwright, expect

from tests.e2e.callers import ACCEPT, CLAIRE, JEAN, WATCH, Caller, a_context
from tests.e2e.chromium import CAMERA, a_browser
from tests.e2e.firefox import Firefox, a_firefox
from tests.e2e.hub import Hub
from tests.e2e.netns import LOOPBACK, Place, a_place, telling
from tests.e2e.stage import Stage
from tests.needs import needs_namespaces

# Firefox gathers nothing where loopback is all there is.
pytestmark = needs_namespaces

FRAMES = 20
SENTENCE = "Bonjour Monsieur Lefèvre, nous nous voyons dans un instant."


@pytest.fixture(scope="module")
def place() -> Iterator[Place]:
    """A network of these tests' own."""
    with a_place() as place:
        assert place.address != LOOPBACK
        yield place


@pytest.fixture(scope="module")
def browser(playwright: Playwright, place: Place) -> Iterator[Browser]:
    """Chromium in it, with a camera that draws itself."""
    with a_browser(playwright, CAMERA, place) as browser:
        yield browser


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    """A profile whose calls are watched."""
    context = a_context(browser)
    yield context
    context.close()


@pytest.fixture
def hub(built: None, tmp_path: Path, place: Place) -> Iterator[Hub]:
    """A hub in the same network."""
    hub = Hub(tmp_path / "hub", place=place)
    (tmp_path / "hub").mkdir()
    hub.start()
    yield hub
    hub.stop()


@pytest.fixture
def stage(hub: Hub, context: BrowserContext, tmp_path: Path, place: Place) -> Iterator[Stage]:
    """Chromium's side, held to what must never happen."""
    stage = Stage(hub, context, "", tmp_path)
    stage.watch(context)
    yield stage
    assert stage.complaints == []
    for secret in (*stage.sentences, *telling(place), "a=candidate"):
        assert hub.traces_of(secret) == []


@pytest.fixture
def firefox(place: Place, tmp_path: Path) -> Iterator[Firefox]:
    """Firefox's side."""
    with a_firefox(place, tmp_path) as firefox:
        firefox.ask("watch", script=WATCH)
        yield firefox
        assert firefox.ask("said") == []


def sees(firefox: Firefox, name: str) -> None:
    """Expect pictures to be decoded and shown in Firefox, and more of them to come."""
    for _ in range(2):
        decoded = firefox.evaluate("calls.decoded()")
        firefox.wait(f"calls.decoded().then((now) => now >= {decoded + FRAMES})")
    shown = f"calls.shown('Image de {name}').length"
    firefox.wait(f"{shown} >= {FRAMES}")


def test_a_call_from_chromium_to_firefox(stage: Stage, firefox: Firefox) -> None:
    """Chromium, which was there first, makes the offer."""
    firefox.ask("open", url=f"{stage.hub.origin('jean')}/#demo")
    firefox.see("Aucun message pour l’instant", "heading")
    claire = Caller.open(stage, "claire", stage.context)
    claire.begin()
    claire.write(SENTENCE)
    claire.sees_state(SENTENCE, "Lu")

    claire.ring()
    firefox.press(ACCEPT)

    claire.keeps_seeing(JEAN, FRAMES)
    claire.hears()
    sees(firefox, CLAIRE)
    assert offerers(claire, firefox) == (True, False)
    stage.sentences.extend(firefox.evaluate("calls.secrets()"))
    claire.remember_secrets()
    claire.hang_up()
    firefox.see("Visio terminée", "heading")


def test_a_call_from_firefox_to_chromium(stage: Stage, firefox: Firefox) -> None:
    """Firefox makes the offer."""
    jean = Caller.open(stage, "jean", stage.context)
    expect(jean.page.get_by_role("heading", name="Aucun message pour l’instant")).to_be_visible()
    firefox.ask("open", url=f"{stage.hub.origin('claire')}/#demo")
    firefox.press("Nouvelle dispensation à distance")
    firefox.press("Âge", "radio")
    firefox.press("Commencer")
    firefox.ask("write", role="textbox", name="Votre message", text=SENTENCE)
    firefox.ask("key", key="Enter")
    expect(jean.message(SENTENCE)).to_be_visible()

    firefox.press("Démarrer la visio")
    firefox.press(f"Appeler {JEAN}")
    jean.is_rung()
    jean.answer()

    jean.keeps_seeing(CLAIRE, FRAMES)
    jean.hears()
    sees(firefox, JEAN)
    assert offerers(jean, firefox) == (False, True)
    stage.sentences.extend(firefox.evaluate("calls.secrets()"))
    jean.remember_secrets()
    jean.hang_up()
    firefox.see("Visio terminée", "heading")


def offerers(chromium: Caller, firefox: Firefox) -> tuple[bool, bool]:
    """Tell which side made the offer of the connection that lives."""
    mine = "calls.live().every(({ localDescription }) => localDescription.type === 'offer')"
    return bool(chromium.page.evaluate(mine)), bool(firefox.evaluate(mine))
