"""Story B: a patient, a pharmacist and a carer, each at a screen; and what they do there."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from typing import Any

from playwright.sync_api import BrowserContext, Locator, ViewportSize, expect

from tests.e2e.callers import JEAN, PATIENCE_MS, Caller
from tests.e2e.stage import Stage
from tests.e2e.wiretap import tap

SOPHIE = "Sophie Lefèvre"
OVER = "Cette autorisation est terminée"
WRITE, VIDEO, PARCEL = "écrire", "participer à la visio", "recevoir le colis"


@dataclass
class Reader(Caller):
    """Somebody of the story: a caller who also goes to pages and deals with delegations."""

    here: str = ""
    """The conversation this story is about."""

    def goes_to(self, page: str) -> None:
        """Follow a link of the foot of the page; on a telephone it is in a menu."""
        if self.button("Plus").is_visible():
            self.button("Plus").click()
        self.page.get_by_role("link", name=page).and_(self.page.locator(":visible")).click()
        expect(self.page.get_by_role("heading", name=page, level=1)).to_be_visible()

    def goes_back(self) -> None:
        """Return to the messages of the conversation this story is about."""
        self.page.get_by_role("link", name="Mes messages").click()
        listed = self.page.locator(f"a[href='#conversation/{self.here}']")
        expect(self.log.or_(listed).first).to_be_visible()
        if listed.is_visible():
            listed.click()
        expect(self.log).to_be_visible()

    # The patient

    def begins_naming(self, *scopes: str, until: str | None = None) -> Locator:
        """Fill in « Autoriser un aidant » up to the sentence that is signed; return it."""
        self.goes_to("Mes aidants")
        self.page.get_by_role("link", name="Autoriser un aidant").click()
        self.page.get_by_role("radio", name=SOPHIE).check()
        self.button("Continuer").click()
        conversation = self.page.get_by_role("radio")
        expect(conversation.first).to_be_visible()
        conversation.first.check()
        self.button("Continuer").click()
        boxes = self.page.get_by_role("checkbox")
        expect(boxes.first).to_be_visible()
        assert not any(box.is_checked() for box in boxes.all()), "something was ticked for him"
        for scope in scopes:
            self.page.get_by_role("checkbox", name=scope).check()
        if until is not None:
            self.page.get_by_label("Dernier jour").fill(until)
        self.button("Continuer").click()
        return self.page.locator(".summary")

    def names(self, *scopes: str, until: str | None = None) -> str:
        """Name the carer and sign; return the sentence that was signed."""
        sentence = self.begins_naming(*scopes, until=until)
        expect(sentence).to_be_visible()
        said = sentence.inner_text()
        self.button("Je signe").click()
        expect(self.page.get_by_text("C’est signé")).to_be_visible()
        return said

    def renews(self, *scopes: str, until: str | None = None) -> None:
        """Name the carer once more, from what she had before: other scopes, another day."""
        self.goes_to("Mes aidants")
        history = self.page.get_by_text(re.compile(r"Historique \(\d+\)"))
        history.click()
        self.page.get_by_role("link", name="Renouveler").first.click()
        expect(self.page.locator(".summary")).to_be_visible()
        self.button("Revenir").click()
        for scope in (WRITE, VIDEO):
            self.page.get_by_role("checkbox", name=scope).set_checked(scope in scopes)
        if until is not None:
            self.page.get_by_label("Dernier jour").fill(until)
        self.button("Continuer").click()
        self.button("Je signe").click()
        expect(self.page.get_by_text("C’est signé")).to_be_visible()

    def card(self) -> Locator:
        """Find the delegation on « Mes aidants »."""
        return self.page.get_by_role("article", name=SOPHIE).first

    def withdraws(self) -> float:
        """Withdraw the delegation; return the instant of the last press, in milliseconds."""
        self.card().get_by_role("button", name=f"Retirer l’autorisation de {SOPHIE}").click()
        dialog = self.page.get_by_role("dialog", name=f"Retirer l’autorisation de {SOPHIE}")
        dialog.get_by_role("button", name="Oui, retirer").click()
        return self.pressed()

    def withdraws_scope(self, scope: str) -> None:
        """Withdraw one scope, and leave the rest."""
        self.card().get_by_role("button", name=f"Retirer : {scope}").click()
        self.page.get_by_role("dialog").get_by_role("button", name="Oui, retirer").click()
        expect(self.card().get_by_text(f"Retiré : {scope}")).to_be_visible()

    def reads_access(self, name: str, act: str, more: str = "") -> Locator:
        """Find a line of « Qui a vu quoi »."""
        rows = self.page.get_by_role("list", name="Qui a vu quoi").get_by_role("listitem")
        return rows.filter(has_text=name).filter(has_text=act).filter(has_text=more).first

    # The pharmacist

    def confirms(self, *, alone: bool = False) -> None:
        """Confirm who the carer is, having checked it."""
        strip = self.page.get_by_role("region", name=f"Autorisation à confirmer : {SOPHIE}")
        expect(strip.get_by_role("button", name="Confirmer l’autorisation")).to_be_disabled()
        strip.get_by_role("checkbox", name="J’ai vérifié l’identité").check()
        if alone:
            strip.get_by_role("checkbox", name="Entendu seul(e)").check()
        strip.get_by_role("button", name="Confirmer l’autorisation").click()

    def suspends(self, why: str = "Demandé par téléphone") -> None:
        """Suspend the carer at once."""
        self.page.get_by_role("button", name=f"Suspendre l’autorisation de {SOPHIE}").click()
        dialog = self.page.get_by_role("dialog", name="Suspendre l’autorisation")
        dialog.get_by_role("radio", name=why).check()
        dialog.get_by_role("button", name="Suspendre maintenant").click()

    # The carer

    def accepts(self) -> None:
        """Accept the duties."""
        expect(
            self.page.get_by_role("heading", name=f"{JEAN} vous demande de l’aider")
        ).to_be_visible()
        self.button("J’accepte ces devoirs").click()

    @property
    def chip(self) -> Locator:
        """The words above what a carer writes."""
        return self.page.locator(".acting-chip")

    def is_cut_off(self, within: float = 15) -> None:
        """Expect the page that says that it is over, and nothing to write on."""
        over = self.page.get_by_role("heading", name=OVER)
        expect(over).to_be_visible(timeout=1000 * within)
        expect(self.composer).to_have_count(0)

    def is_the_only_conversation(self) -> None:
        """Expect to see one conversation and no other."""
        expect(self.log).to_have_count(1)
        expect(self.page.get_by_role("link", name=re.compile("Dispensation"))).to_have_count(0)


@dataclass
class Story:
    """The three of them, and the conversation between them."""

    stage: Stage
    claire: Reader
    jean: Reader
    sophie: Reader
    conversation: str

    @property
    def everybody(self) -> tuple[Reader, Reader, Reader]:
        """All three."""
        return self.claire, self.jean, self.sophie

    def delegation(self) -> dict[str, Any]:
        """Return the newest delegation, as the hub has it."""
        names = ("id", "state", "not_after", "ended_at")
        rows = self.stage.hub.rows(
            f"SELECT {', '.join(names)} FROM delegation WHERE conversation = ? "
            "ORDER BY proposed_at DESC",
            self.conversation,
        )
        return dict(zip(names, rows[0], strict=True))

    def waits_for_end(self) -> None:
        """Wait until the hub has the word that ends it."""
        deadline = time.monotonic() + PATIENCE_MS / 1000
        while self.delegation()["ended_at"] is None:
            assert time.monotonic() < deadline, "the hub was not told"
            self.jean.page.wait_for_timeout(5)

    def place(self) -> tuple[int, int]:
        """Return the epoch of the group and the number of the last step."""
        ((epoch, seq),) = self.stage.hub.rows(
            "SELECT epoch, last_seq FROM conversation WHERE id = ?", self.conversation
        )
        return int(epoch), int(seq)


def met(stage: Stage, *contexts: BrowserContext, size: ViewportSize | None = None) -> Story:
    """Open the three, and let the pharmacist and the patient meet; the carer has signed in."""
    readers = []
    for slug, context in zip(("claire", "jean", "sophie"), contexts, strict=True):
        tap(context)
        stage.watch(context)
        reader = Reader.open(stage, slug, context)
        assert isinstance(reader, Reader)
        if size is not None:
            reader.page.set_viewport_size(size)
        readers.append(reader)
    claire, jean, sophie = readers
    expect(sophie.page.get_by_role("heading", name="Rien à lire pour l’instant")).to_be_visible()
    expect(jean.page.get_by_role("heading", name="Aucun message pour l’instant")).to_be_visible()
    claire.begin()
    claire.write("Bonjour Monsieur Lefèvre, votre fille peut-elle vous aider ?")
    expect(jean.message("votre fille peut-elle")).to_be_visible()
    conversation = claire.page.url.rpartition("/")[2]
    for reader in readers:
        reader.here = conversation
    return Story(stage, claire, jean, sophie, conversation)


def helped(
    story: Story,
    *scopes: str,
    until: str | None = None,
    anew: bool = False,
    lasts: float | None = None,
) -> None:
    """Have the carer named (anew), confirmed, and in the conversation; `lasts`: for seconds."""
    story.jean.page.evaluate("(ms) => { wire.lasts = ms }", lasts and 1000 * lasts)
    name = story.jean.renews if anew else story.jean.names
    name(*scopes, until=until)
    story.claire.confirms()
    story.sophie.accepts()
    expect(story.sophie.chip).to_be_visible()
    story.jean.goes_back()
