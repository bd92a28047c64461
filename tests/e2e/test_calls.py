"""The pharmacist and the patient see and hear each other, and nothing stands between them.

In a network namespace of the test's own where one can be made, else on the host.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Playwright, expect

from tests.e2e.callers import CLAIRE, JEAN, Caller, a_context, who_met
from tests.e2e.chromium import CAMERA, a_browser
from tests.e2e.conftest import NewContext
from tests.e2e.hub import Hub
from tests.e2e.netns import Place, a_place
from tests.e2e.stage import Stage


@pytest.fixture(scope="module")
def place() -> Iterator[Place]:
    """A network of these tests' own."""
    with a_place() as place:
        yield place


@pytest.fixture(scope="module")
def browser(playwright: Playwright, place: Place) -> Iterator[Browser]:
    """A browser in it, with a camera that draws itself."""
    with a_browser(playwright, CAMERA, place) as browser:
        yield browser


@pytest.fixture
def new_context(browser: Browser) -> Iterator[NewContext]:
    """Profiles whose calls are watched."""
    contexts: list[BrowserContext] = []

    def new() -> BrowserContext:
        contexts.append(a_context(browser))
        return contexts[-1]

    yield new
    for context in contexts:
        context.close()


@pytest.fixture
def hub(built: None, tmp_path: Path, settings: dict[str, str], place: Place) -> Iterator[Hub]:
    """A hub in the same network."""
    hub = Hub(tmp_path / "hub", settings, place=place)
    (tmp_path / "hub").mkdir()
    hub.start()
    yield hub
    hub.stop()


@pytest.fixture
def met(stage: Stage, new_context: NewContext, place: Place) -> Iterator[tuple[Caller, Caller]]:
    """The pharmacist and the patient, who have met; no trace of their calls may stay behind."""
    pharmacist, patient = who_met(stage, stage.context, new_context())
    yield pharmacist, patient
    for caller in (pharmacist, patient):
        caller.remember_secrets()
    stage.sentences.append(place.address)
    stage.sentences.append("a=candidate")


def test_a_call_shows_and_sounds_both_ways(stage: Stage, met: tuple[Caller, Caller]) -> None:
    """From « Démarrer la visio » to « Raccrocher », and what each sees on the way."""
    claire, jean = met
    claire.button("Démarrer la visio").click()
    expect(claire.button(f"Appeler {JEAN}")).to_be_visible()
    stage.look(claire.page, "call-lobby")
    claire.button(f"Appeler {JEAN}").click()
    expect(claire.page.get_by_role("heading", name=f"Appel de {JEAN}")).to_be_visible()
    stage.look(claire.page, "call-calling")
    jean.is_rung()
    stage.look(jean.page, "call-ring")

    jean.answer()

    for caller, other in ((claire, JEAN), (jean, CLAIRE)):
        caller.sees_frames(other, since=jean.pressed())
        caller.keeps_seeing(other)
        caller.hears()
    assert claire.code() == jean.code() != ""
    stage.look(claire.page, "call-pharmacist")
    stage.look(jean.page, "call-patient")

    claire.hang_up()

    claire.ended("Visio terminée")
    jean.ended("Visio terminée")
    stage.look(claire.page, "call-ended-pharmacist")
    stage.look(jean.page, "call-ended-patient")
