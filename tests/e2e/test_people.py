"""Who comes in, who may begin, who sees what; and what the server keeps of it."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.e2e.stage import Stage
from tests.e2e.test_messages import two_who_met


def test_the_first_screen_shows_the_pharmacist_and_the_patient_side_by_side(stage: Stage) -> None:
    """One click, two windows, each signed in on an origin of its own."""
    landing = stage.context.new_page()
    landing.goto(stage.hub.address)
    expect(landing.get_by_text("Démonstration, personnes fictives")).to_be_visible()
    expect(landing.get_by_role("link", name="Marc Tellier")).to_be_visible()
    stage.look(landing, "landing")

    with stage.context.expect_page() as opened:
        landing.get_by_role("button", name="Voir en 60 secondes").click()

    patient = opened.value
    expect(patient.get_by_role("heading", name="Aucun message pour l’instant")).to_be_visible()
    expect(landing.get_by_role("button", name="Nouvelle dispensation à distance")).to_be_visible()


def test_a_technician_has_no_start_button(stage: Stage) -> None:
    """To begin a dispensation at a distance is a pharmacist's act: by mouse or by keyboard."""
    lea = stage.person("lea")

    expect(
        lea.page.get_by_text("Commencer une dispensation est l’acte d’un pharmacien")
    ).to_be_visible()
    expect(lea.button("Nouvelle dispensation à distance")).to_have_count(0)
    lea.page.keyboard.press("n")
    expect(lea.page.get_by_role("dialog")).to_have_count(0)
    stage.look(lea.page, "technician")


@pytest.mark.parametrize("slug", ["sophie", "nadia", "ines"], ids=["carer", "courier", "reviewer"])
def test_everyone_has_a_page_that_says_what_to_expect(stage: Stage, slug: str) -> None:
    """A carer without delegation, a courier, a second reviewer: nothing to read, and why."""
    someone = stage.person(slug)

    expect(someone.page.get_by_role("main").get_by_role("heading", level=1)).to_be_visible()
    expect(someone.button("Nouvelle dispensation à distance")).to_have_count(0)
    stage.look(someone.page, f"home-{slug}")


def test_a_patient_of_another_pharmacy_sees_nothing_of_this_one(stage: Stage) -> None:
    """Neither in her list, nor by the address of the conversation; nor her pharmacist."""
    claire, _ = two_who_met(stage)
    conversation = claire.page.url.partition("#")[2]
    rose, paul = stage.person("rose"), stage.person("paul")
    expect(rose.page.get_by_role("heading", name="Aucun message pour l’instant")).to_be_visible()
    expect(paul.page.get_by_text("Aucune conversation.")).to_be_visible()

    for person in (rose, paul):
        person.page.goto(f"{stage.hub.origin(person.slug)}/#{conversation}")
        expect(person.page.get_by_text("Cette conversation n’est pas accessible")).to_be_visible()
        expect(person.page.locator("body")).not_to_contain_text("Lefèvre")
    stage.look(rose.page, "not-accessible")


def test_signing_out_and_coming_back_keeps_what_was_read(stage: Stage) -> None:
    """« Quitter » ends the session; the messages stay on the device for whoever signs in again."""
    _, jean = two_who_met(stage)

    jean.button("Quitter").click()
    expect(jean.page.get_by_role("heading", name="Vous avez quitté Colloque")).to_be_visible()
    stage.look(jean.page, "signed-out")
    jean.button("Continuer comme Jean Lefèvre").click()

    jean.reads("Bonjour Monsieur Lefèvre, avez-vous bien reçu votre ordonnance ?")


class TestExpiry:
    """A session of a few seconds."""

    @pytest.fixture
    def settings(self) -> dict[str, str]:
        """Let sessions end soon."""
        return {"COLLOQUE_SESSION_SECONDS": "5"}

    def test_an_expired_session_says_so_and_loses_nothing(self, stage: Stage) -> None:
        """The socket is closed at the second it ends; signing in again goes on where one was."""
        jean = stage.person("jean")
        expect(jean.page.get_by_role("heading", name="Aucun message")).to_be_visible()

        expect(jean.page.get_by_role("heading", name="Votre session est terminée")).to_be_visible()
        stage.look(jean.page, "session-expired")
        jean.button("Continuer comme Jean Lefèvre").click()

        expect(jean.page.get_by_role("heading", name="Aucun message")).to_be_visible()


def test_no_sentence_is_in_the_servers_files(stage: Stage) -> None:
    """Neither its bytes, nor its hex, nor its base64 at any alignment: in no file, at no time.

    The same search finds what the server does know: it is not blind.
    """
    claire, jean = two_who_met(stage)
    conversation = claire.page.url.rpartition("/")[2]
    jean.write("Ma tension est de quatorze ce matin, et je tousse.")
    claire.sees_state("avez-vous bien reçu", "Lu")
    claire.write("Gardez cette phrase entre nous deux seulement.")
    jean.reads(*stage.sentences[:1], *stage.sentences[1:])

    stage.hub.stop()

    assert stage.hub.traces_of(conversation) != []
    assert [stage.hub.traces_of(sentence) for sentence in stage.sentences] == [[], [], []]
    stage.hub.start()


def test_the_owner_confirms_a_colleagues_account(stage: Stage) -> None:
    """Until then he founds no conversation; his page says so, and hers whom she has to confirm."""
    stage.person("claire").page.close()
    hugo = stage.person("hugo")
    waits = hugo.page.get_by_text("Votre compte attend la confirmation")
    expect(waits).to_be_visible()
    stage.look(hugo.page, "account-waits")
    hugo.button("Nouvelle dispensation à distance").click()
    dialog = hugo.page.get_by_role("dialog", name="Nouvelle dispensation à distance")
    dialog.get_by_role("radio", name="Âge", exact=True).click()
    dialog.get_by_role("button", name="Commencer").click()
    expect(dialog.get_by_role("alert")).to_contain_text("titulaire")
    hugo.page.keyboard.press("Escape")

    claire = stage.person("claire")
    expect(claire.page.get_by_text("Hugo Petit attend la confirmation")).to_be_visible()
    claire.page.get_by_role("link", name="Voir l’équipe").click()
    member = claire.page.get_by_role("listitem").filter(has_text="Hugo Petit")
    expect(member).to_contain_text("Attend la confirmation")
    stage.look(claire.page, "team")
    member.get_by_role("button", name="Confirmer Hugo Petit").click()
    expect(member).to_contain_text("Compte confirmé")

    hugo.page.reload()
    expect(hugo.button("Nouvelle dispensation à distance")).to_be_visible()
    expect(waits).to_have_count(0)
    jean = stage.person("jean")
    expect(jean.page.get_by_role("heading", name="Aucun message pour l’instant")).to_be_visible()
    hugo.begin()
    hugo.write("Bonjour, je suis le pharmacien adjoint.")
    expect(jean.message("je suis le pharmacien adjoint")).to_be_visible()
