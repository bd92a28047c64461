"""Photograph every screen and have axe read it: both themes, three widths, three languages.

    python clients/web/tests/preview/shoot.py [--out FOLDER] [--only PREFIX]

Builds the preview, serves it on loopback under the product's own content security policy, and
exits 1 on any axe violation, policy report, script error, sideways scroll or, where patients
read, any text under 7:1 or target under 48 px.
"""

from __future__ import annotations

import argparse
import re
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, expect
from stage import FAULTS, SIDEWAYS, WEB, staged

WIDTHS = {1280: 800, 390: 844, 320: 640}
THEMES = ("light", "dark")
READ_BY_PATIENTS = ("patient", "signed-out", "failed", "other-tab", "unsupported")
IN_OTHER_LANGUAGES = {
    "en": (
        "landing",
        "staff-talk",
        "staff-states",
        "control-timeline",
        "patient-talk",
        "failed-server",
        "staff-call-lobby-waits",
        "patient-call-in",
        "patient-call-ring",
        "patient-carers",
        "patient-accesses",
        "patient-devices",
        "patient-carer-talk",
        "staff-carer-confirm",
    ),
    "fr-simple": (
        "patient-talk",
        "patient-joining",
        "signed-out-first",
        "failed-server",
        "staff-waiting",
        "patient-call-ring",
        "patient-call-waiting",
        "patient-call-lost",
        "patient-carers",
        "patient-part",
        "patient-accesses",
        "patient-carer-duties",
        "patient-carer-talk",
    ),
}

SMALL_TARGETS = """
[...document.querySelectorAll("a, button, select, textarea, summary")]
  .filter((e) => e.checkVisibility() && !e.matches(".skip"))
  .map((e) => [e.textContent.trim(), e.getBoundingClientRect()])
  .filter(([, box]) => box.height < 47.5 || box.width < 47.5)
  .map(([text, box]) => `${text} ${Math.round(box.width)}x${Math.round(box.height)}`)
"""
# A call is answered, muted and ended without scrolling.
OUT_OF_SIGHT = """
[...document.querySelectorAll(".call-controls button, .call-foot button")]
  .filter((e) => e.checkVisibility())
  .map((e) => [e.textContent.trim(), e.getBoundingClientRect()])
  .filter(([, box]) => box.top < 0 || box.bottom > innerHeight || box.left < 0 || box.right > innerWidth)
  .map(([text, box]) => `${text} ${Math.round(box.top)} to ${Math.round(box.bottom)}`)
"""


@dataclass(frozen=True, slots=True)
class Shot:
    """One photograph: a scene, what is done in it first, and in which words."""

    scene: str
    name: str
    act: Callable[[Page], None] | None = None
    language: str = "fr"
    large: bool = False


def press(name: str) -> Callable[[Page], None]:
    """Return the act of pressing the button of that name."""
    return lambda page: page.get_by_role("button", name=re.compile(name)).first.click()


def begin_with_note(page: Page) -> None:
    """Open the dispensation and choose what asks for a note."""
    press("Nouvelle dispensation")(page)
    page.get_by_label("Jean Lefèvre").check()
    page.get_by_label(re.compile("Autre empêchement")).check()


def be_refused(page: Page) -> None:
    """Start a dispensation that the hub refuses."""
    press("Nouvelle dispensation")(page)
    page.get_by_label("Jean Lefèvre").check()
    page.get_by_label("Âge").check()
    press("Commencer")(page)


def fail_to_send(page: Page) -> None:
    """Write too much."""
    page.get_by_label("Votre message").fill("Bonjour. " * 460)


def write_large(page: Page) -> None:
    """Write large over the picture."""
    press("Écrire en grand")(page)
    expect(page.get_by_label("Votre texte s’affiche en grand")).to_be_focused()
    page.keyboard.type("Deux boîtes")


def show_messages(page: Page) -> None:
    """Bring the messages forward, where there is no room for both."""
    toggle = page.get_by_role("button", name="Messages")
    if toggle.is_visible():
        toggle.click()


def write_instead(page: Page) -> None:
    """Go on by message while the picture is away."""
    press("Écrire un message")(page)
    expect(page.get_by_label("Votre message")).to_be_focused()
    page.keyboard.type("Je vous écris ici.")


def open_settings(page: Page) -> None:
    """Open what can be adjusted and tested before a call."""
    page.get_by_text("Régler et tester").click()
    page.get_by_role("button", name="Entendez-vous ceci").click()


def authorise(steps: int) -> Callable[[Page], None]:
    """Return the act of going so many questions further in « Autoriser un aidant »."""

    def act(page: Page) -> None:
        page.get_by_label("Sophie Lefèvre").check()
        for step in range(steps):
            if step == 1:
                page.get_by_label("Recevoir mes médicaments").check()
            page.get_by_role("button", name="Continuer").click()
        if steps == 2:
            page.get_by_text("Autres autorisations").click()
            page.get_by_label("écrire en votre nom").check()

    return act


def unfold(summary: str) -> Callable[[Page], None]:
    """Return the act of opening what is folded under those words."""
    return lambda page: page.get_by_text(summary, exact=True).click()


def compare(page: Page) -> None:
    """Open the readers, and compare with one of them."""
    press("Seules ces personnes")(page)
    page.get_by_role("dialog").get_by_role("button", name="Comparer avec").first.click()


def attest(page: Page) -> None:
    """Fill in a mandate on paper, as one pharmacist alone."""
    page.get_by_role("button", name="Mandat sur papier").click()
    page.get_by_role("radio", name="Sophie Lefèvre").check()
    page.get_by_label("écrire au nom du patient").check()
    page.get_by_label("Je suis seul(e)").check()


ACTS = (
    Shot("staff-list", "staff-dispensation", press("Nouvelle dispensation")),
    Shot("staff-empty", "staff-dispensation-nobody", press("Nouvelle dispensation")),
    Shot("staff-list", "staff-dispensation-note", begin_with_note),
    Shot("staff-refused", "staff-dispensation-refused", be_refused),
    Shot("staff-talk", "staff-readers", press("Seules ces personnes")),
    Shot("staff-waiting", "staff-readers-waiting", press("Seules ces personnes")),
    Shot("staff-alarm", "staff-readers-unlisted", press("Seules ces personnes")),
    Shot("staff-talk", "staff-menu", press("Menu")),
    Shot(
        "patient-talk",
        "patient-more",
        lambda page: page.locator("[popovertarget=more]").dispatch_event("click"),
    ),
    Shot("staff-list", "staff-shortcuts", lambda page: page.keyboard.press("?")),
    Shot("staff-talk", "staff-too-long", fail_to_send),
    Shot("patient-talk", "patient-readers", press("Seules ces personnes")),
    Shot("patient-talk", "patient-large", large=True),
    Shot("patient-list", "patient-list-large", large=True),
    Shot("staff-talk", "staff-large", large=True),
    Shot("control-timeline", "control-tamper", press("Falsifier")),
    Shot("staff-call-in", "staff-call-more", press("^Régler$")),
    Shot("patient-call-in", "patient-call-more", press("^Régler$")),
    Shot("staff-call-in", "staff-call-write", write_large),
    Shot("patient-call-in", "patient-call-write", write_large),
    Shot("patient-call-in", "patient-call-messages", show_messages),
    Shot("patient-call-waiting", "patient-call-waiting-messages", show_messages),
    Shot("patient-call-lost", "patient-call-write-instead", write_instead),
    Shot("patient-call-door", "patient-call-consent", press("Salle d’attente")),
    Shot("patient-call-tested", "patient-call-settings", open_settings),
    Shot("staff-call-lobby", "staff-call-settings", open_settings),
    Shot("patient-call-in", "patient-call-in-large", large=True),
    Shot("patient-call-large-long", "patient-call-large-long-large", large=True),
    Shot("patient-call-ring", "patient-call-ring-large", large=True),
    Shot("patient-call-waiting", "patient-call-waiting-large", large=True),
    Shot("patient-delegate", "patient-delegate-where", authorise(1)),
    Shot("patient-delegate", "patient-delegate-what", authorise(2)),
    Shot("patient-delegate", "patient-delegate-check", authorise(3)),
    Shot("patient-delegate", "patient-delegate-code", unfold("J’ai le code de mon aidant")),
    Shot("patient-carers", "patient-carers-withdraw", press("Retirer l’autorisation de")),
    Shot("patient-carers", "patient-carers-scope", press("Retirer : participer")),
    Shot("patient-carers", "patient-carers-history", unfold("Historique (2)")),
    Shot("patient-carers", "patient-carers-large", large=True),
    Shot("patient-devices", "patient-devices-retire", press("Retirer : Appareil 2")),
    Shot("patient-devices", "patient-devices-code", press("Créer un code de secours")),
    Shot("patient-needs-link", "patient-needs-link-code", unfold("Je n’ai plus d’autre appareil")),
    Shot("patient-carer-code", "patient-carer-code-shown", press("Afficher mon code")),
    Shot("patient-carer-talk", "patient-carer-limits", unfold("Ce que vous pouvez faire ici")),
    Shot("patient-carer-renewal", "patient-carer-renews", press("Renouvellement")),
    Shot("patient-carer-duties", "patient-carer-refuses", press("Je refuse")),
    Shot("staff-carer", "staff-carer-suspend", press("Suspendre l’autorisation")),
    Shot("staff-carer", "staff-compare", compare),
    Shot("staff-carer-paper-details", "staff-carer-attest", attest),
    Shot("control-timeline", "control-raw", lambda page: page.locator("summary").first.click()),
)


def scenes() -> list[str]:
    """Return the name of every scene, as written in the two tables."""
    names: list[str] = []
    for file, table in (
        ("scenes.ts", "SCENES"),
        ("callScenes.ts", "CALL_SCENES"),
        ("careScenes.ts", "CARE_SCENES"),
    ):
        source = (WEB / "tests/preview" / file).read_text(encoding="utf-8")
        lines = source[source.index(f"export const {table}") :]
        names += re.findall(r'^  "?([a-z-]+)"?: ', lines, re.MULTILINE)
    return names


def shots(only: str) -> Iterator[Shot]:
    """Yield every photograph whose name begins with `only`."""
    for scene in scenes():
        yield Shot(scene, scene)
    yield from ACTS
    for language, some in IN_OTHER_LANGUAGES.items():
        for scene in some:
            yield Shot(scene, f"{scene}-{language}", language=language)


def axe_of(page: Page, patient: bool) -> list[str]:
    """Return axe's violations, one line per node."""
    enhanced = "true" if patient else "false"
    found: list[dict[str, Any]] = page.evaluate(
        "async () => (await axe.run(document, {rules: {'color-contrast-enhanced': {enabled: "
        + enhanced
        + "}, 'target-size': {enabled: true}}})).violations"
    )
    return [
        f"axe {each['id']}: {node['target']} {node['failureSummary'].splitlines()[-1].strip()}"
        for each in found
        for node in each["nodes"]
    ]


def faults_of(page: Page, shot: Shot, axe: str) -> list[str]:
    """Return all that is wrong with the page as it stands."""
    patient = shot.name.startswith(READ_BY_PATIENTS)
    page.evaluate(axe)
    faults = axe_of(page, patient)
    faults += [f"policy: {report}" for report in page.evaluate("reports")]
    if width := page.evaluate(SIDEWAYS):
        faults.append(f"scrolls sideways to {width}")
    faults += [f"out of sight: {each}" for each in page.evaluate(OUT_OF_SIGHT)]
    if patient:
        faults += [f"small target: {each}" for each in page.evaluate(SMALL_TARGETS)]
    return faults


def photograph(page: Page, address: str, shot: Shot, out: Path, axe: str) -> list[str]:
    """Show one scene, act, photograph it, and return its faults."""
    errors: list[str] = []
    listener = partial(_note, errors)
    page.on("pageerror", listener)
    large = "&large" if shot.large else ""
    page.goto(f"{address}/?screen={shot.scene}&language={shot.language}{large}")
    page.wait_for_selector("#app > :nth-child(2)")
    page.wait_for_load_state("networkidle")
    if shot.act is not None:
        shot.act(page)
    faults = faults_of(page, shot, axe)
    page.screenshot(path=out)
    page.evaluate("localStorage.clear()")
    page.remove_listener("pageerror", listener)
    return faults + errors


def _note(errors: list[str], error: Any) -> None:
    errors.append(f"script error: {error}")


def visit(browser: Browser, address: str, out: Path, only: str) -> tuple[int, int]:
    """Photograph everything; return how many pages were read and how many faults they had."""
    axe = (WEB / "node_modules/axe-core/axe.min.js").read_text(encoding="utf-8")
    wanted = [shot for shot in shots(only) if shot.name.startswith(only)]
    pages = bad = 0
    for theme in THEMES:
        for width, height in WIDTHS.items():
            context = browser.new_context(
                viewport={"width": width, "height": height},
                color_scheme=theme,
                reduced_motion="reduce",
                locale="fr-FR",
                timezone_id="Europe/Paris",
            )
            context.add_init_script(FAULTS)
            page = context.new_page()
            for shot in wanted:
                file = out / f"{shot.name}-{width}-{theme}.png"
                faults = photograph(page, address, shot, file, axe)
                pages += 1
                bad += len(faults)
                for fault in faults:
                    print(f"{shot.name} {width} {theme}: {fault}", flush=True)
            context.close()
    return pages, bad


def main() -> int:
    """Build, serve, photograph, and say what axe found."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument(
        "--out", type=Path, default=Path(tempfile.gettempdir()) / "colloque-screens"
    )
    arguments.add_argument("--only", default="")
    chosen = arguments.parse_args()
    chosen.out.mkdir(parents=True, exist_ok=True)
    with staged() as (browser, address):
        pages, bad = visit(browser, address, chosen.out, chosen.only)
    print(f"screens: {pages} read, {bad} faults; photographs in {chosen.out}")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
