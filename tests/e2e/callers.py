"""People in a call; and what really arrived: the frames that were shown, the way they came."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Locator, expect

from tests.e2e.stage import DESKTOP, Person, Stage

WATCH = Path(__file__).with_name("watch.js").read_text("utf-8")
CLAIRE, JEAN = "Claire Morel", "Jean Lefèvre"
NAMES = {"claire": CLAIRE, "jean": JEAN}
PATIENCE_MS = 15_000
ACCEPT = "J’accepte l’appel vidéo"


def a_context(browser: Browser, policy: str | None = None) -> BrowserContext:
    """Open a profile of its own, whose connections and pictures are watched.

    `policy`: the only kind of candidate that its connections may use ("relay").
    """
    context = browser.new_context(
        locale="fr-FR", timezone_id="Europe/Paris", viewport=DESKTOP, accept_downloads=True
    )
    context.set_default_timeout(PATIENCE_MS)
    context.add_init_script(WATCH)
    if policy is not None:
        context.add_init_script(f"calls.policy = '{policy}'")
    return context


@dataclass
class Caller(Person):
    """Somebody with a camera."""

    @classmethod
    def open(cls, stage: Stage, slug: str, context: BrowserContext, route: str = "demo") -> Caller:
        """Open a persona's origin in a profile of its own: a window, not a tab behind another."""
        person = stage.person(slug, context, route)
        stage.people[-1] = caller = cls(stage, slug, person.page)
        return caller

    # What people do

    def ring(self, name: str = JEAN) -> None:
        """Prepare the call and ring."""
        self.button("Démarrer la visio").click()
        self.button(f"Appeler {name}").click()

    def ring_again(self) -> None:
        """Ring after a call has ended."""
        self.button("Rappeler").click()

    def answer(self, with_words: str = ACCEPT) -> None:
        """Press one of the answers while it rings."""
        self.page.get_by_role("dialog").get_by_role("button", name=with_words).click()

    def hang_up(self) -> None:
        """End the call, for both."""
        self.button("Raccrocher").click()

    def close_ended(self) -> None:
        """Leave the screen that says how it ended."""
        self.button("Fermer").click()

    # What they see

    def is_rung(self) -> Locator:
        """Expect the call to ring here; return its screen."""
        ring = self.page.get_by_role("dialog", name="vous appelle en visio")
        expect(ring).to_be_visible()
        return ring

    def picture(self, name: str) -> Locator:
        """Find somebody's moving image."""
        return self.page.get_by_label(f"Image de {name}")

    def sees_frames(self, name: str, *, since: float = 0, most: int = PATIENCE_MS) -> float:
        """Wait for a frame of somebody shown after an instant; return when it was shown."""
        shown = "([name, since]) => calls.shown(name).find((at) => at > since)"
        found = self.page.wait_for_function(shown, arg=[f"Image de {name}", since], timeout=most)
        return float(found.json_value())

    def keeps_seeing(self, name: str, frames: int = 10) -> None:
        """Expect that many further frames to be decoded and shown."""
        self.page.wait_for_function(
            """async ([name, since, decoded, frames]) =>
                calls.shown(name).filter((at) => at > since).length >= frames
                && await calls.decoded() >= decoded + frames""",
            arg=[f"Image de {name}", self.now(), self.decoded(), frames],
            timeout=PATIENCE_MS,
        )

    def hears(self) -> None:
        """Expect more sound to have been received."""
        self.page.wait_for_function(
            "async (since) => await calls.sound() > since",
            arg=self.page.evaluate("calls.sound()"),
            timeout=PATIENCE_MS,
        )

    def has_read(self, words: str) -> None:
        """Expect words to stand on the screen, or to have stood there, however shortly."""
        self.page.wait_for_function("(words) => calls.stood(words)", arg=words)

    def ended(self, title: str | re.Pattern[str]) -> None:
        """Expect the call to be over, under this title."""
        expect(self.page.get_by_role("heading", name=title)).to_be_visible()

    def code(self) -> str:
        """Read the thirty digits that both screens must show."""
        self.button("Régler").click()
        dialog = self.page.get_by_role("dialog", name="Régler la visio")
        groups = dialog.get_by_role("listitem").filter(has_text=re.compile(r"^\d{5}$"))
        expect(groups).to_have_count(6)
        code = " ".join(groups.all_inner_texts())
        dialog.get_by_role("button", name="Fermer").click()
        return code

    # What was measured

    def now(self) -> float:
        """Return the instant, in milliseconds, by the clock that frames are noted with."""
        return float(self.page.evaluate("performance.timeOrigin + performance.now()"))

    def pressed(self) -> float:
        """Return when this person last pressed something."""
        return float(self.page.evaluate("calls.pressed"))

    def shown(self, name: str) -> list[float]:
        """Return when each frame of somebody was shown."""
        return list(self.page.evaluate("(name) => calls.shown(name)", f"Image de {name}"))

    def decoded(self) -> int:
        """Return how many frames the live connections have decoded."""
        return int(self.page.evaluate("calls.decoded()"))

    def lost(self) -> int:
        """Return how many packets the live connections have missed."""
        return int(self.page.evaluate("calls.lost()"))

    def paths(self) -> list[list[dict[str, Any]]]:
        """Return, for each live connection, the local and the remote end of its way."""
        return list(self.page.evaluate("calls.paths()"))

    def sockets(self) -> list[dict[str, float]]:
        """Return when each connection to the hub opened, was first answered and closed."""
        return list(self.page.evaluate("calls.sockets"))

    def remember_secrets(self) -> int:
        """Have the stage look for this person's keys of calls in the server's files; count them."""
        secrets: list[str] = self.page.evaluate("calls.secrets()")
        self.stage.sentences.extend(secrets)
        return len(secrets)


def who_met(stage: Stage, claire: BrowserContext, jean: BrowserContext) -> tuple[Caller, Caller]:
    """Open the pharmacist and the patient, and let them exchange a first message."""
    for context in (claire, jean):
        stage.watch(context)
    pharmacist = Caller.open(stage, "claire", claire)
    patient = Caller.open(stage, "jean", jean)
    expect(patient.page.get_by_role("heading", name="Aucun message pour l’instant")).to_be_visible()
    pharmacist.begin()
    sentence = "Bonjour Monsieur Lefèvre, nous nous voyons dans un instant."
    pharmacist.write(sentence)
    expect(patient.message(sentence)).to_be_visible()
    return pharmacist, patient


def in_call(claire: Caller, jean: Caller) -> float:
    """Ring and accept; return the instant of the acceptance, once both see each other."""
    claire.ring()
    jean.is_rung()
    jean.answer()
    pressed = jean.pressed()
    claire.sees_frames(JEAN, since=pressed)
    jean.sees_frames(CLAIRE, since=pressed)
    return pressed
