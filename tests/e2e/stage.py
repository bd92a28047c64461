"""One browser, the people in it, and what must never happen on any of their screens."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from playwright.sync_api import (
    BrowserContext,
    ConsoleMessage,
    Locator,
    Page,
    ViewportSize,
    WebError,
    expect,
)

from tests.e2e.hub import Hub

DESKTOP: ViewportSize = {"width": 1280, "height": 800}
TELEPHONE: ViewportSize = {"width": 390, "height": 844}
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")

# A violation that a browser reports nowhere else would still be an error on the console.
WATCH_POLICY = """
addEventListener("securitypolicyviolation", (event) =>
  console.error(`CSP ${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}`))
"""
# What a browser says on its console of a network that is away, where a test took it away.
NETWORK_AWAY = re.compile(
    r"net::ERR_(INTERNET_DISCONNECTED|CONNECTION_REFUSED|CONNECTION_RESET|EMPTY_RESPONSE"
    r"|SOCKET_NOT_CONNECTED|ABORTED|NETWORK_CHANGED)"
    r"|closed before receiving a handshake response"
)
COUNT_PRESSES = """
window.presses = 0
addEventListener("pointerdown", (event) => { if (event.isTrusted) window.presses += 1 }, true)
"""


@dataclass
class Stage:
    """A hub, a browser context in which every persona is an origin, and everything they said."""

    hub: Hub
    context: BrowserContext
    axe: str
    screenshots: Path
    sentences: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    people: list[Person] = field(default_factory=list)
    may_lose_network: bool = False

    def watch(self, context: BrowserContext) -> None:
        """Keep what any page of `context` complains about."""
        context.add_init_script(WATCH_POLICY + COUNT_PRESSES)
        context.on("console", self._hear)
        context.on("weberror", self._catch)

    def person(
        self, slug: str, context: BrowserContext | None = None, route: str = "demo"
    ) -> Person:
        """Open a persona's own origin; with `#demo` the client signs in by itself."""
        page = (context or self.context).new_page()
        page.goto(f"{self.hub.origin(slug)}/#{route}")
        expect(page.get_by_text("Chargement…")).to_have_count(0)
        person = Person(self, slug, page)
        self.people.append(person)
        return person

    @contextmanager
    def without_network(self) -> Iterator[None]:
        """Allow the console to say that the network is away, from here on."""
        self.may_lose_network = True
        yield

    def look(self, page: Page, name: str) -> None:
        """Check a screen with axe at both widths, light and dark, and keep its pictures."""
        before = page.viewport_size or DESKTOP
        for size in (DESKTOP, TELEPHONE):
            page.set_viewport_size(size)
            for scheme in SCHEMES:
                page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
                self._check(page, f"{name} at {size['width']} px, {scheme}")
                suffix = "" if scheme == "light" else "-dark"
                page.screenshot(path=self.screenshots / f"{name}-{size['width']}{suffix}.png")
        page.emulate_media(color_scheme="light", reduced_motion="no-preference")
        page.set_viewport_size(before)

    def _check(self, page: Page, where: str) -> None:
        page.evaluate(self.axe)
        found: list[dict[str, Any]] = page.evaluate(
            "async () => (await axe.run(document, { resultTypes: ['violations'] })).violations"
            ".map(({ id, help, nodes }) => ({ id, help, nodes: nodes.map(({ html }) => html) }))"
        )
        wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert found == [], f"{where}: {json.dumps(found, indent=1, ensure_ascii=False)}"
        assert wide <= 0, f"{where}: the page scrolls sideways by {wide} px"

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type not in {"error", "warning"}:
            return
        if self.may_lose_network and NETWORK_AWAY.search(message.text):
            return
        self.complaints.append(f"{message.type}: {message.text} {message.location}")

    def _catch(self, error: WebError) -> None:
        self.complaints.append(f"uncaught: {error.error}")


@dataclass
class Person:
    """Somebody at a screen, doing what people do: by role and French name, as a reader would."""

    stage: Stage
    slug: str
    page: Page

    @property
    def log(self) -> Locator:
        """The messages."""
        return self.page.get_by_role("log")

    @property
    def composer(self) -> Locator:
        """Where one writes."""
        return self.page.get_by_role("textbox", name="Votre message")

    @property
    def presses(self) -> int:
        """How often this person pressed on something since the page was loaded."""
        count: int = self.page.evaluate("window.presses")
        return count

    def button(self, name: str) -> Locator:
        """Find a button by its name."""
        return self.page.get_by_role("button", name=name, exact=False)

    def asks_to_be_let_in(self) -> str:
        """« Relier cet appareil »; return the digits it shows."""
        expect(self.page.get_by_role("heading", name="Relier cet appareil")).to_be_visible()
        self.button("Demander à mon autre appareil").click()
        digits = self.page.locator(".digits")
        expect(digits).to_be_visible()
        return digits.inner_text()

    def is_asked(self, digits: str) -> Locator:
        """Open what another device of one's own asks; it must show the same digits."""
        self.page.get_by_role("link", name="Voir la demande").click()
        title = "Un autre appareil demande à entrer dans votre compte"
        asks = self.page.get_by_role("region", name=title)
        expect(asks.locator(".digits")).to_have_text(digits)
        return asks

    def lets_in(self, other: Person) -> None:
        """Let in another device of one's own, after comparing the digits."""
        asks = self.is_asked(other.asks_to_be_let_in())
        asks.get_by_role("button", name="Laisser entrer").click()
        expect(asks).to_have_count(0)
        expect(other.page.locator(".digits")).to_have_count(0)
        self.page.go_back()

    def begin(self, patient: str = "Jean Lefèvre", motive: str = "Âge") -> None:
        """Begin a dispensation at a distance; the composer takes the focus."""
        self.button("Nouvelle dispensation à distance").click()
        dialog = self.page.get_by_role("dialog", name="Nouvelle dispensation à distance")
        expect(dialog.get_by_role("radio", name=patient)).to_be_checked()
        dialog.get_by_role("radio", name=motive, exact=True).click()
        dialog.get_by_role("button", name="Commencer").click()
        expect(self.composer).to_be_focused()

    def write(self, sentence: str) -> None:
        """Write a message and send it by the keyboard."""
        self.stage.sentences.append(sentence)
        self.composer.fill(sentence)
        self.composer.press("Enter")
        expect(self.message(sentence)).to_be_visible()

    def message(self, sentence: str) -> Locator:
        """Find a message by its words."""
        return self.log.get_by_role("article").filter(has_text=sentence)

    def reads(self, *sentences: str) -> None:
        """Expect these messages and no others, each once, in this order."""
        texts = self.log.locator(".message-text")
        expect(texts).to_have_text(list(sentences))

    def sees_state(self, sentence: str, state: str) -> None:
        """Expect the state of an own message: en attente, envoyé, remis, lu."""
        expect(self.message(sentence).locator(".message-state")).to_have_text(state)
