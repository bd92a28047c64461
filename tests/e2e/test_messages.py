"""Two people write to each other, encrypted, whatever the network does."""

from __future__ import annotations

import pytest
from playwright.sync_api import ViewportSize, expect

from tests.e2e.conftest import NewContext
from tests.e2e.stage import Person, Stage

MOST_PRESSES = 4
# 1280 by 1024 at 400 %: the page is taller than the window, and scrolls as one.
ZOOMED: ViewportSize = {"width": 320, "height": 256}


def two_who_met(stage: Stage) -> tuple[Person, Person]:
    """Open the pharmacist and the patient, and let them exchange a first message."""
    claire, jean = stage.person("claire"), stage.person("jean")
    expect(jean.page.get_by_role("heading", name="Aucun message pour l’instant")).to_be_visible()
    claire.begin()
    claire.write("Bonjour Monsieur Lefèvre, avez-vous bien reçu votre ordonnance ?")
    expect(jean.message("avez-vous bien reçu votre ordonnance")).to_be_visible()
    return claire, jean


def test_two_people_exchange_messages_and_see_them_sent_delivered_and_read(stage: Stage) -> None:
    """Each message is sent, then delivered, then read; both ways; and both see who can read."""
    claire = stage.person("claire")
    stage.look(claire.page, "pharmacist-empty")
    jean = stage.person("jean")
    expect(jean.page.get_by_role("heading", name="Aucun message pour l’instant")).to_be_visible()
    stage.look(jean.page, "patient-empty")
    claire.begin()
    claire.write("Bonjour, comment vous sentez-vous depuis mardi ?")
    jean.reads("Bonjour, comment vous sentez-vous depuis mardi ?")
    claire.sees_state("comment vous sentez-vous", "Lu")

    jean.page.close()
    claire.write("N’oubliez pas le comprimé du soir.")
    claire.sees_state("comprimé du soir", "Envoyé")
    jean = stage.person("jean", route="proofs")
    claire.sees_state("comprimé du soir", "Remis")
    jean.page.get_by_role("link", name="Mes messages").click()
    jean.reads(
        "Bonjour, comment vous sentez-vous depuis mardi ?", "N’oubliez pas le comprimé du soir."
    )
    claire.sees_state("comprimé du soir", "Lu")
    jean.write("Merci Madame, je vais mieux et j’ai pris le comprimé.")
    expect(claire.message("je vais mieux")).to_be_visible()
    jean.sees_state("je vais mieux", "Lu")

    for person in (claire, jean):
        readers = person.button("Seules ces personnes peuvent lire")
        expect(readers).to_contain_text("Claire Morel")
        expect(readers).to_contain_text("Jean Lefèvre")
    stage.look(claire.page, "pharmacist-conversation")
    stage.look(jean.page, "patient-conversation")


def test_a_message_below_the_fold_is_read_only_once_scrolled_to(stage: Stage) -> None:
    """« Lu » is told for what was in the window, not for what is merely in the page."""
    claire, jean = two_who_met(stage)
    claire.sees_state("avez-vous bien reçu", "Lu")
    jean.page.set_viewport_size(ZOOMED)
    jean.page.evaluate("scrollTo(0, 0)")

    claire.write("Écrit sous le bas de la fenêtre.")
    claire.sees_state("sous le bas de la fenêtre", "Remis")
    # The second is told as delivered after anything that would have been told of the first.
    claire.write("Écrit plus bas encore.")
    claire.sees_state("plus bas encore", "Remis")
    claire.sees_state("sous le bas de la fenêtre", "Remis")
    expect(jean.message("plus bas encore")).not_to_be_in_viewport()

    jean.message("plus bas encore").scroll_into_view_if_needed()
    claire.sees_state("plus bas encore", "Lu")
    claire.sees_state("sous le bas de la fenêtre", "Lu")


def test_who_has_scrolled_up_reads_new_messages_once_he_goes_to_them(stage: Stage) -> None:
    """« Nouveaux messages » is offered, and nothing is told as read before it is taken."""
    claire, jean = two_who_met(stage)
    for number in range(12):
        claire.write(f"Ligne {number} d’un échange plus haut que la fenêtre.")
    claire.sees_state("Ligne 11", "Lu")
    # A tab behind another draws no frame of its own accord, and would see nothing either way.
    claire.page.bring_to_front()
    claire.log.evaluate("(log) => log.scrollTo(0, 0)")
    expect(claire.message("Ligne 11")).not_to_be_in_viewport()

    jean.write("Une question pendant que vous relisez.")
    expect(claire.button("Nouveaux messages")).to_be_visible()
    jean.write("Et une seconde.")
    jean.sees_state("Et une seconde", "Remis")
    # Told as delivered after anything that would have been told of the others.
    jean.write("Et une dernière.")
    jean.sees_state("Et une dernière", "Remis")
    jean.sees_state("Et une seconde", "Remis")
    jean.sees_state("pendant que vous relisez", "Remis")

    claire.button("Nouveaux messages").click()
    jean.sees_state("Et une dernière", "Lu")


def test_the_first_encrypted_message_takes_at_most_four_clicks(stage: Stage) -> None:
    """Counted on both screens, from both personas open to the message shown on the other side."""
    claire, jean = stage.person("claire"), stage.person("jean")
    expect(jean.page.get_by_role("heading", name="Aucun message pour l’instant")).to_be_visible()

    claire.begin()
    claire.write("Premier message, aussi peu de gestes que possible.")
    expect(jean.message("aussi peu de gestes")).to_be_visible()

    assert claire.presses + jean.presses <= MOST_PRESSES


def test_messages_written_offline_leave_once_when_the_network_is_back(stage: Stage) -> None:
    """They wait in the outbox, say so, and arrive each once, in the order they were written."""
    claire, jean = two_who_met(stage)
    first = "Bonjour Monsieur Lefèvre, avez-vous bien reçu votre ordonnance ?"
    with stage.without_network():
        stage.context.set_offline(True)
        claire.write("Écrit sans réseau, numéro un.")
        claire.write("Écrit sans réseau, numéro deux.")
        claire.sees_state("numéro deux", "En attente")
        expect(claire.page.get_by_text("Vos messages partiront")).to_be_visible()
        stage.look(claire.page, "pharmacist-offline")
        stage.context.set_offline(False)

    jean.reads(first, "Écrit sans réseau, numéro un.", "Écrit sans réseau, numéro deux.")
    claire.reads(first, "Écrit sans réseau, numéro un.", "Écrit sans réseau, numéro deux.")
    claire.sees_state("numéro deux", "Lu")


def test_a_hub_killed_and_started_again_loses_and_doubles_nothing(stage: Stage) -> None:
    """Messages sent around the kill arrive each once, on both sides, in the same order."""
    claire, jean = two_who_met(stage)
    first = "Bonjour Monsieur Lefèvre, avez-vous bien reçu votre ordonnance ?"
    with stage.without_network():
        claire.write("Juste avant la coupure du serveur.")
        stage.hub.kill()
        claire.write("Pendant que le serveur est arrêté.")
        claire.sees_state("serveur est arrêté", "En attente")
        stage.hub.start()

    expected = (first, "Juste avant la coupure du serveur.", "Pendant que le serveur est arrêté.")
    jean.reads(*expected)
    claire.reads(*expected)
    claire.sees_state("serveur est arrêté", "Lu")


def test_a_reload_keeps_the_history_and_the_draft(stage: Stage) -> None:
    """What was exchanged and what was begun are on this device, and nowhere else."""
    claire, jean = two_who_met(stage)
    first = "Bonjour Monsieur Lefèvre, avez-vous bien reçu votre ordonnance ?"
    stage.sentences.append("Un brouillon que personne ne doit voir")
    claire.page.clock.install()
    claire.composer.fill("Un brouillon que personne ne doit voir")
    # Typing is saved when it pauses: let the pause be over, and what comes after it arrive.
    claire.page.clock.fast_forward("00:01")
    jean.write("Pendant que vous écrivez : bonjour.")
    expect(claire.message("Pendant que vous écrivez")).to_be_visible()

    for person in (claire, jean):
        person.page.reload()

    claire.reads(first, "Pendant que vous écrivez : bonjour.")
    jean.reads(first, "Pendant que vous écrivez : bonjour.")
    expect(claire.composer).to_have_value("Un brouillon que personne ne doit voir")
    jean.write("Je l’ai reçue, merci.")
    expect(claire.message("Je l’ai reçue, merci.")).to_be_visible()


def test_a_second_tab_offers_to_continue_here(stage: Stage) -> None:
    """One tab holds the keys; the other takes over when asked, with everything in it."""
    claire, jean = two_who_met(stage)

    again = stage.person("claire", route=claire.page.url.partition("#")[2])
    expect(again.page.get_by_role("heading", name="ouvert dans un autre onglet")).to_be_visible()
    stage.look(again.page, "other-tab")
    again.button("Continuer ici").click()

    expect(again.message("avez-vous bien reçu votre ordonnance")).to_be_visible()
    expect(claire.page.get_by_role("heading", name="ouvert dans un autre onglet")).to_be_visible()
    again.write("Écrit depuis le second onglet.")
    expect(jean.message("second onglet")).to_be_visible()


def test_a_patient_who_has_not_come_yet_is_added_when_he_does(stage: Stage) -> None:
    """« En attente de son appareil » until his device brings its keys; then he reads on."""
    claire = stage.person("claire")
    claire.button("Nouvelle dispensation à distance").click()
    dialog = claire.page.get_by_role("dialog")
    expect(dialog.get_by_text("en attente de son appareil")).to_be_visible()
    stage.look(claire.page, "new-dispensation")
    dialog.get_by_role("radio", name="Âge", exact=True).click()
    dialog.get_by_role("button", name="Commencer").click()
    expect(claire.page.get_by_text("L’appareil de Jean Lefèvre sera ajouté")).to_be_visible()
    expect(claire.button("Seules ces personnes peuvent lire")).not_to_contain_text("Jean")
    stage.look(claire.page, "waiting-for-device")

    jean = stage.person("jean")

    expect(claire.button("Seules ces personnes peuvent lire")).to_contain_text("Jean Lefèvre")
    claire.write("Vous voilà, bonjour.")
    jean.reads("Vous voilà, bonjour.")


def test_a_second_device_reads_only_what_comes_after_the_first_let_it_in(
    stage: Stage, new_context: NewContext
) -> None:
    """It shows nothing until the first device has said that it is his, and then nothing older."""
    claire, jean = two_who_met(stage)
    other = new_context()
    stage.watch(other)

    elsewhere = stage.person("jean", other)
    digits = elsewhere.asks_to_be_let_in()
    stage.look(elsewhere.page, "link-this-device")
    asks = jean.is_asked(digits)
    stage.look(jean.page, "link-asked")
    claire.write("Seul le premier appareil peut lire ceci.")
    asks.get_by_role("button", name="Laisser entrer").click()
    expect(asks).to_have_count(0)
    jean.page.go_back()

    expect(jean.message("Seul le premier appareil")).to_be_visible()
    expect(elsewhere.button("Seules ces personnes peuvent lire")).to_be_visible()
    claire.write("Vos deux appareils peuvent lire ceci.")
    for reader in (jean, elsewhere):
        expect(reader.message("Vos deux appareils")).to_be_visible()
    elsewhere.reads("Vos deux appareils peuvent lire ceci.")
    elsewhere.write("Écrit depuis le second appareil.")
    for reader in (jean, claire):
        expect(reader.message("depuis le second appareil")).to_be_visible()


@pytest.mark.parametrize(
    "sentence", ["Numéro de suivi : œuf, ÿ, 药房, 🙂", "a\nb"], ids=["signs", "lines"]
)
def test_every_sign_arrives_as_it_was_written(stage: Stage, sentence: str) -> None:
    """Accents, other scripts, faces and line breaks."""
    claire, jean = two_who_met(stage)

    claire.composer.fill(sentence)
    claire.composer.press("Enter")

    expect(jean.log.locator(".message-text").last).to_have_text(sentence)
