"""What the screens do under the hand and the keyboard, in Chromium, over the pretended engine.

python clients/web/tests/preview/behave.py
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, Page, expect
from stage import FAULTS, SIDEWAYS, staged

Journey = Callable[[Page, str], None]
JOURNEYS: list[Journey] = []

# A radio group is one stop of the Tab key, so its unchecked members are not missed.
UNREACHED = """
(reached) => [...document.querySelectorAll("a[href], button:not([disabled]), input, select, textarea, summary, [tabindex='0']")]
  .filter((e) => e.checkVisibility() && !(e.type === "radio" && !e.checked))
  .filter((e) => !e.closest("[popover]"))
  .filter((e) => !e.dataset.reached)
  .map((e) => e.outerHTML.slice(0, 120))
"""
MARK = "document.activeElement.dataset.reached = 'yes'"


def journey(function: Journey) -> Journey:
    """Register a journey; its docstring is what it proves."""
    JOURNEYS.append(function)
    return function


def show(page: Page, address: str, scene: str) -> None:
    """Open one scene."""
    page.goto(f"{address}/?screen={scene}")
    page.wait_for_selector("#app > :nth-child(2)")
    page.wait_for_load_state("networkidle")


def composer(page: Page):
    """Return the composer's field."""
    return page.get_by_label("Votre message")


@journey
def four_clicks(page: Page, address: str) -> None:
    """From the counter, four clicks and a typed line with Enter are a message; no click more."""
    show(page, address, "staff-list")
    page.get_by_role("button", name="Nouvelle dispensation à distance").click()
    expect(page.get_by_role("button", name="Commencer")).to_be_disabled()
    page.get_by_label("Jean Lefèvre").click()
    expect(
        page.get_by_text("sans motif, une dispensation à distance ne commence pas")
    ).to_be_visible()
    page.get_by_label("Âge").click()
    page.get_by_role("button", name="Commencer").click()
    expect(composer(page)).to_be_focused()
    page.keyboard.type("Bonjour, c’est la pharmacie.")
    page.keyboard.press("Enter")
    expect(page.get_by_role("log").get_by_text("Bonjour, c’est la pharmacie.")).to_be_visible()


@journey
def only_patient(page: Page, address: str) -> None:
    """A patient who is the only match is chosen already: three clicks."""
    show(page, address, "staff-one-patient")
    page.get_by_role("button", name="Nouvelle dispensation à distance").click()
    page.get_by_label("État de santé").click()
    page.get_by_role("button", name="Commencer").click()
    expect(composer(page)).to_be_focused()


@journey
def dispensation_by_keyboard(page: Page, address: str) -> None:
    """A dispensation starts without a mouse, and the note is asked for before it can."""
    show(page, address, "staff-list")
    page.keyboard.press("n")
    page.get_by_label("Chercher un nom").focus()
    page.keyboard.type("lefevre")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowUp")
    expect(page.get_by_label(re.compile("Autre empêchement"))).to_be_checked()
    expect(page.get_by_role("button", name="Commencer")).to_be_disabled()
    page.keyboard.press("Tab")
    page.keyboard.type("Plâtre")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(composer(page)).to_be_focused()


@journey
def dialogs_hold_the_focus(page: Page, address: str) -> None:
    """A dialog keeps the focus inside, closes on Escape and gives the focus back to who opened it."""
    for scene, name in (
        ("staff-list", "Nouvelle dispensation à distance"),
        ("staff-talk", re.compile("Seules ces")),
    ):
        show(page, address, scene)
        opener = page.get_by_role("button", name=name)
        opener.focus()
        page.keyboard.press("Enter")
        expect(page.get_by_role("dialog")).to_be_visible()
        for _ in range(20):
            page.keyboard.press("Tab")
            assert page.evaluate(
                "document.activeElement === document.body || document.activeElement.closest('dialog') !== null"
            )
        page.keyboard.press("Escape")
        expect(page.get_by_role("dialog")).to_have_count(0)
        expect(opener).to_be_focused()


@journey
def tab_reaches_everything(page: Page, address: str) -> None:
    """The Tab key reaches every control of every kind of screen."""
    for scene in (
        "landing",
        "signed-out-first",
        "staff-states",
        "staff-offline",
        "patient-talk",
        "patient-list",
        "staff-proofs",
        "control-gap",
        "staff-call-lobby-waits",
        "staff-call-in",
        "patient-call-ended",
        "patient-carers",
        "patient-delegate",
        "patient-part",
        "patient-device-asks",
        "patient-needs-link",
        "patient-carer-talk",
        "patient-carer-duties",
        "staff-carer-confirm",
        "staff-carer",
        "staff-team",
    ):
        show(page, address, scene)
        for _ in range(70):
            page.keyboard.press("Tab")
            page.evaluate(MARK)
        assert page.evaluate(UNREACHED, []) == [], (scene, page.evaluate(UNREACHED, []))


@journey
def shortcuts(page: Page, address: str) -> None:
    """J and K walk the list, ? shows the keys, Escape comes home, and none acts while one writes."""
    show(page, address, "staff-list")
    page.keyboard.press("j")
    expect(page.get_by_role("heading", name="Jean Lefèvre")).to_be_visible()
    page.keyboard.press("j")
    expect(page.get_by_role("heading", name="Monique Dubreuil")).to_be_visible()
    page.keyboard.press("ArrowUp")
    expect(page.get_by_role("heading", name="Jean Lefèvre")).to_be_visible()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Raccourcis clavier")).to_be_visible()
    page.keyboard.press("Escape")
    composer(page).focus()
    page.keyboard.type("njk?")
    expect(composer(page)).to_have_value("njk?")
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    expect(page.get_by_role("heading", name="Choisissez une conversation")).to_be_visible()


@journey
def writing(page: Page, address: str) -> None:
    """Enter sends, Shift+Enter breaks the line, Ctrl+Enter sends too, and 4,000 characters are the end."""
    show(page, address, "staff-talk")
    field = composer(page)
    field.focus()
    page.keyboard.type("un")
    page.keyboard.press("Shift+Enter")
    page.keyboard.type("deux")
    expect(field).to_have_value("un\ndeux")
    page.keyboard.press("Control+Enter")
    expect(field).to_have_value("")
    expect(field).to_be_focused()
    field.fill("a" * 4001)
    expect(page.get_by_text("1 caractère de trop")).to_be_visible()
    expect(page.get_by_role("button", name="Envoyer")).to_be_disabled()


@journey
def refused_text_comes_back(page: Page, address: str) -> None:
    """What could not be sent stands in the composer again, with the reason."""
    show(page, address, "staff-refused")
    page.keyboard.press("j")
    composer(page).fill("Bonjour")
    page.keyboard.press("Enter")
    expect(
        page.get_by_role("alert").get_by_text("Votre rôle ne permet pas cet acte")
    ).to_be_visible()
    expect(composer(page)).to_have_value("Bonjour")


@journey
def the_log_follows(page: Page, address: str) -> None:
    """The log follows who is at its end, leaves who reads above in place, and says that more came."""
    show(page, address, "staff-talk")
    log = page.get_by_role("log")
    at_end = "(log) => log.scrollHeight - log.scrollTop - log.clientHeight < 2"
    composer(page).focus()
    page.evaluate("dispatchEvent(new Event('pretend:receive'))")
    expect(log.get_by_text("Une dernière question.")).to_have_count(1)
    assert log.evaluate(at_end)
    expect(composer(page)).to_be_focused()
    log.evaluate("(log) => { log.scrollTop = 0 }")
    page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    page.evaluate("dispatchEvent(new Event('pretend:receive'))")
    page.get_by_role("button", name="Nouveaux messages").click()
    assert log.evaluate(at_end)
    expect(page.get_by_role("button", name="Nouveaux messages")).to_have_count(0)


@journey
def proofs_download(page: Page, address: str) -> None:
    """A proof and the log's key leave as files, under the strict policy, without a report."""
    show(page, address, "staff-proofs")
    with page.expect_download() as proof:
        page.get_by_role("button", name=re.compile("Télécharger la preuve")).first.click()
    assert proof.value.suggested_filename == "colloque-care-1239.tlog-proof"
    assert Path(proof.value.path()).read_text().startswith("c2sp.org/tlog-proof@v1")
    page.get_by_text("Vérifier une preuve ailleurs", exact=True).click()
    with page.expect_download() as key:
        page.get_by_role("button", name="Télécharger la clé du journal").click()
    assert key.value.suggested_filename == "colloque.vkey"


@journey
def tampering_asks_first(page: Page, address: str) -> None:
    """« Falsifier un octet » asks, can be left, and then says what to do."""
    show(page, address, "control-timeline")
    page.get_by_role("button", name="Falsifier un octet").click()
    page.get_by_role("button", name="Annuler").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.get_by_role("button", name="Falsifier un octet")).to_be_focused()
    page.get_by_role("button", name="Falsifier un octet").click()
    page.get_by_role("button", name="Falsifier", exact=True).click()
    expect(page.get_by_role("status").get_by_text("Un octet a été changé")).to_be_visible()


@journey
def long_timeline(page: Page, address: str) -> None:
    """A long timeline comes a hundred at a time, and the refusals can stand alone."""
    show(page, address, "control-timeline")
    entries = page.locator(".entries > li")
    expect(entries).to_have_count(100)
    page.get_by_role("button", name=re.compile("Afficher la suite")).click()
    expect(entries).to_have_count(200)
    page.get_by_label("Refus seulement").check()
    expect(page.locator(".entries > .entry-permit")).to_have_count(0)


@journey
def one_column_at_a_time(page: Page, address: str) -> None:
    """On a telephone the list gives way to the conversation, and the focus follows both ways."""
    page.set_viewport_size({"width": 390, "height": 844})
    show(page, address, "staff-list")
    page.get_by_role("link", name=re.compile("Jean Lefèvre")).click()
    expect(page.get_by_role("heading", name="Jean Lefèvre")).to_be_focused()
    expect(page.get_by_role("navigation", name="Conversations")).to_be_hidden()
    page.get_by_role("link", name="Détails").click()
    expect(page.get_by_role("heading", name="Détails")).to_be_focused()
    page.get_by_role("link", name="Conversation", exact=True).click()
    page.get_by_role("link", name="Conversations").click()
    expect(page.get_by_role("navigation", name="Conversations")).to_be_visible()
    expect(page.get_by_role("heading", name="Conversations")).to_be_focused()


@journey
def four_hundred_per_cent(page: Page, address: str) -> None:
    """At 400 % (320 by 256 points) nothing scrolls sideways and the composer can be reached and used."""
    page.set_viewport_size({"width": 320, "height": 256})
    for scene in (
        "staff-talk",
        "patient-talk",
        "landing",
        "control-broken",
        "patient-call-in",
        "staff-call-lobby-waits",
        "patient-carers",
        "patient-part",
        "patient-devices",
        "patient-carer-talk",
        "staff-carer-confirm",
        "staff-carer-trace",
    ):
        show(page, address, scene)
        assert page.evaluate(SIDEWAYS) == 0, scene
    show(page, address, "patient-talk")
    composer(page).fill("Bonjour")
    page.get_by_role("button", name="Envoyer").click()
    expect(composer(page)).to_have_value("")


@journey
def side_by_side(page: Page, address: str) -> None:
    """One click opens the patient's window and turns this one into the pharmacist's."""
    page.context.route(
        "**/*.localhost:8080/**", lambda route: route.fulfill(body="", content_type="text/html")
    )
    page.context.route(
        re.compile(r"http://\w+\.localhost:8080/"),
        lambda route: route.fulfill(body="", content_type="text/html"),
    )
    show(page, address, "landing")
    with page.expect_popup() as popup:
        page.get_by_role("button", name=re.compile("Voir en 60 secondes")).click()
    popup.value.wait_for_url("http://jean.localhost:8080/#demo")
    page.wait_for_url("http://claire.localhost:8080/#demo")


@journey
def a_ring_waits_for_a_choice(page: Page, address: str) -> None:
    """Escape, Enter and Space neither accept nor refuse; the title tells who calls; then one presses."""
    show(page, address, "patient-call-ring")
    dialog = page.get_by_role("dialog", name="Claire Morel vous appelle en visio")
    expect(dialog.get_by_role("heading")).to_be_focused()
    expect(page).to_have_title("Claire Morel vous appelle en visio")
    for key in ("Escape", "Enter", "Space", "Escape"):
        page.keyboard.press(key)
    expect(dialog).to_be_visible()
    expect(dialog.get_by_role("link", name=re.compile("01.99.00.12.34"))).to_be_visible()
    dialog.get_by_role("button", name="J’accepte l’appel vidéo").click()
    expect(dialog).to_have_count(0)
    expect(page.get_by_role("heading", name="Visio avec Claire Morel")).to_be_focused()
    expect(page.get_by_label("Image de Claire Morel")).to_be_visible()
    expect(page).to_have_title("Colloque")


@journey
def rather_the_telephone(page: Page, address: str) -> None:
    """« Appelez-moi » is confirmed in words."""
    show(page, address, "patient-call-ring")
    page.get_by_role("button", name=re.compile("Appelez-moi")).click()
    expect(page.get_by_role("dialog", name="C’est noté")).to_be_visible()
    page.get_by_role("button", name="Fermer").click()
    expect(page.get_by_role("dialog")).to_have_count(0)


@journey
def consent_before_the_camera(page: Page, address: str) -> None:
    """A patient's camera is not shown before the words are accepted; refusing leaves all as it was."""
    show(page, address, "patient-call-door")
    page.get_by_role("button", name="Salle d’attente").click()
    expect(page.get_by_text("quelqu’un peut filmer")).to_be_visible()
    page.get_by_role("button", name="Je refuse").click()
    expect(page.get_by_label("Votre image")).to_have_count(0)
    page.get_by_role("button", name="Salle d’attente").click()
    page.get_by_role("button", name="J’accepte sans caméra").click()
    expect(page.get_by_role("heading", name="Préparer la visio")).to_be_focused()
    expect(page.get_by_role("button", name="Caméra coupée")).to_be_visible()


@journey
def keys_of_a_call(page: Page, address: str) -> None:
    """M, C and E act at the counter, never while one writes, and never at a patient's."""
    show(page, address, "staff-call-in")
    page.keyboard.press("m")
    expect(page.get_by_role("button", name="Micro coupé")).to_be_visible()
    page.keyboard.press("m")
    page.keyboard.press("c")
    expect(page.get_by_role("button", name="Caméra coupée")).to_be_visible()
    composer(page).focus()
    page.keyboard.type("mce")
    expect(composer(page)).to_have_value("mce")
    expect(page.get_by_role("button", name="Micro en marche")).to_be_visible()
    page.get_by_role("heading", name="Visio avec Jean Lefèvre").focus()
    page.keyboard.press("e")
    expect(page.get_by_label("Votre texte s’affiche en grand")).to_have_value("")
    show(page, address, "patient-call-in")
    page.keyboard.press("m")
    expect(page.get_by_role("button", name="Micro en marche")).to_be_visible()


@journey
def written_large(page: Page, address: str) -> None:
    """What is written stands over the picture letter by letter, and is read aloud once it rests."""
    show(page, address, "patient-call-in")
    page.get_by_role("button", name="Écrire en grand").click()
    page.keyboard.type("Oui")
    expect(page.locator(".captions")).to_contain_text("Oui")
    page.keyboard.press("Escape")
    expect(page.get_by_label("Votre texte s’affiche en grand")).to_have_count(0)
    page.evaluate(
        "dispatchEvent(new CustomEvent('pretend:tile', {detail: {bigText: 'Deux boîtes'}}))"
    )
    expect(page.locator(".captions")).to_contain_text("Deux boîtes")
    expect(
        page.get_by_role("status").get_by_text("Claire Morel écrit : Deux boîtes")
    ).to_be_attached()


@journey
def the_picture_goes_and_comes_back(page: Page, address: str) -> None:
    """A lost picture is said aloud, messages stay at hand with what was begun, and its return is said."""
    page.set_viewport_size({"width": 390, "height": 844})
    show(page, address, "patient-call-in")
    status = page.get_by_role("status")
    page.evaluate(
        "dispatchEvent(new CustomEvent('pretend:tile', {detail: {link: 'reconnecting'}}))"
    )
    expect(status.get_by_text("L’image de Claire Morel est interrompue")).to_be_attached()
    page.get_by_role("button", name="Écrire un message").click()
    expect(composer(page)).to_be_focused()
    page.keyboard.type("Je vous écris ici.")
    page.evaluate("dispatchEvent(new CustomEvent('pretend:tile', {detail: {link: 'connected'}}))")
    expect(status.get_by_text("L’image de Claire Morel est revenue")).to_be_attached()
    expect(composer(page)).to_be_focused()
    expect(composer(page)).to_have_value("Je vous écris ici.")
    page.get_by_role("button", name="Messages").click()
    expect(composer(page)).to_be_hidden()


@journey
def a_call_from_elsewhere(page: Page, address: str) -> None:
    """On another page the call keeps its way back and its way out."""
    show(page, address, "staff-call-elsewhere-page")
    bar = page.get_by_role("region", name="Visio")
    expect(bar.get_by_role("button", name="Raccrocher")).to_be_visible()
    bar.get_by_role("link", name="Revenir").click()
    expect(page.get_by_label("Image de Jean Lefèvre")).to_be_visible()
    page.get_by_role("button", name="Raccrocher").click()
    expect(page.get_by_role("heading", name="Visio terminée")).to_be_focused()
    page.get_by_role("button", name="Continuer par message").click()
    expect(composer(page)).to_be_focused()
    expect(page.get_by_role("button", name="Démarrer la visio")).to_be_visible()


@journey
def a_call_in_every_language(page: Page, address: str) -> None:
    """A language chosen during a call is the call's too."""
    show(page, address, "patient-call-in")
    page.get_by_label("Langue").select_option("en")
    expect(page.get_by_role("heading", name="Video call with Claire Morel")).to_be_visible()
    page.get_by_label("Language").select_option("fr-simple")
    expect(page.get_by_role("heading", name="Appel vidéo avec Claire Morel")).to_be_visible()


@journey
def authorise_by_keyboard(page: Page, address: str) -> None:
    """One question at a time, nothing ticked, the focus on each; the sentence, then the name."""
    show(page, address, "patient-delegate")
    go_on = page.get_by_role("button", name="Continuer")
    expect(go_on).to_be_disabled()
    page.get_by_label("Sophie Lefèvre").focus()
    page.keyboard.press("Space")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Pour quelle conversation")).to_be_focused()
    expect(page.get_by_label("Marie-Hélène")).to_have_count(0)
    page.get_by_label("Recevoir mes médicaments").check()
    go_on.click()
    expect(page.get_by_role("heading", name="Que pourra faire Sophie Lefèvre")).to_be_focused()
    expect(page.get_by_role("checkbox", checked=True)).to_have_count(0)
    page.get_by_label("écrire en votre nom").check()
    page.get_by_label("Dernier jour").fill("2020-01-01")
    expect(go_on).to_be_disabled()
    page.get_by_label("Dernier jour").fill(page.get_by_label("Dernier jour").get_attribute("max"))
    go_on.click()
    expect(page.get_by_role("heading", name="Relisez, puis signez")).to_be_focused()
    expect(page.locator(".summary")).to_contain_text(
        "Sophie Lefèvre pourra lire les messages et écrire en votre nom, seulement dans"
    )
    page.get_by_role("button", name="Je signe").click()
    expect(page.get_by_role("heading", name="Mes aidants")).to_be_focused()
    expect(page.get_by_role("status").get_by_text("C’est signé")).to_be_visible()


@journey
def withdrawing_asks_once(page: Page, address: str) -> None:
    """« Retirer » asks, can be left, then says that it is under way, and stays in sight."""
    show(page, address, "patient-carers-narrowed")
    withdraw = page.get_by_role("button", name="Retirer l’autorisation de Sophie Lefèvre")
    withdraw.click()
    page.get_by_role("button", name="Annuler").click()
    expect(withdraw).to_be_focused()
    withdraw.click()
    page.get_by_role("button", name="Oui, retirer").click()
    card = page.get_by_role("article", name="Sophie Lefèvre")
    expect(card.get_by_text("En cours…", exact=True)).to_be_visible()
    expect(card.get_by_role("status")).to_contain_text("doit encore confirmer")
    expect(withdraw).to_have_count(0)


@journey
def a_scope_withdrawn_alone(page: Page, address: str) -> None:
    """One scope goes, the others stay, and reading cannot go alone."""
    show(page, address, "patient-carers-narrowed")
    card = page.get_by_role("article", name="Sophie Lefèvre")
    expect(card.get_by_role("button", name=re.compile("^Retirer : lire"))).to_have_count(0)
    card.get_by_role("button", name=re.compile("^Retirer : écrire en votre nom")).click()
    page.get_by_role("button", name="Oui, retirer").click()
    expect(
        card.get_by_text("Retiré : écrire en votre nom et participer à la visio")
    ).to_be_visible()
    expect(card.get_by_role("listitem")).to_have_count(1)


@journey
def confirming_needs_an_identity(page: Page, address: str) -> None:
    """A pharmacist confirms only after having checked who the carer is; then sees the limits."""
    show(page, address, "staff-carer-confirm")
    asked = page.get_by_role("region", name="Autorisation à confirmer")
    expect(asked.get_by_role("button", name="Confirmer l’autorisation")).to_be_disabled()
    asked.get_by_label("J’ai vérifié l’identité de Sophie Lefèvre").check()
    asked.get_by_role("button", name="Confirmer l’autorisation").click()
    expect(asked).to_have_count(0)
    expect(page.get_by_text("Sophie Lefèvre, aidant(e) : lire les messages")).to_be_visible()


@journey
def suspending_says_why(page: Page, address: str) -> None:
    """A suspension has a reason, and takes effect at once."""
    show(page, address, "staff-carer")
    page.get_by_role("button", name="Suspendre l’autorisation de Sophie Lefèvre").click()
    expect(page.get_by_role("button", name="Suspendre maintenant")).to_be_disabled()
    page.get_by_label("Demandé par téléphone").check()
    page.get_by_role("button", name="Suspendre maintenant").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.get_by_text("Sophie Lefèvre, aidant(e) : lire")).to_have_count(0)


@journey
def a_paper_stays_here(page: Page, address: str) -> None:
    """A document is hashed on the device, a lone pharmacist must name it, and the rule is said."""
    show(page, address, "staff-carer-paper-details")
    page.get_by_role("button", name="Mandat sur papier").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text("24 h plus tard")).to_be_visible()
    dialog.get_by_role("radio", name="Sophie Lefèvre").check()
    dialog.get_by_label("J’ai vérifié l’identité").check()
    attest = dialog.get_by_role("button", name="Signer cette attestation")
    expect(attest).to_be_enabled()
    dialog.get_by_label("Je suis seul(e)").check()
    expect(attest).to_be_disabled()
    page.get_by_label("Le document, en photo").set_input_files(
        {"name": "mandat.txt", "mimeType": "application/pdf", "buffer": b"abc"}
    )
    expect(dialog.get_by_text("ba7816bf8f01cfea414140de5dae2223")).to_be_visible()
    dialog.get_by_label("Délivré par").fill("Jean Lefèvre, le 2 mars")
    attest.click()
    expect(dialog).to_have_count(0)


@journey
def a_carer_is_cut_off(page: Page, address: str) -> None:
    """Where a carer writes stands for whom; when it ends, the page says so and takes no word."""
    show(page, address, "patient-carer-talk")
    expect(page.get_by_text("Vous écrivez au nom de Jean Lefèvre jusqu’au")).to_be_visible()
    composer(page).fill("Encore une qu")
    page.get_by_text("Ce que vous pouvez faire ici").click()
    page.get_by_role("button", name="Rendre cette autorisation").click()
    page.get_by_role("button", name="Oui, la rendre").click()
    ended = page.get_by_role("alert").filter(has_text="Cette autorisation est terminée")
    expect(ended).to_contain_text("Questions : 01 99 00 12 34")
    expect(composer(page)).to_have_count(0)


@journey
def only_reading(page: Page, address: str) -> None:
    """A carer who may only read finds no composer and no door to a call, and is told why."""
    show(page, address, "patient-carer-reads")
    expect(page.get_by_text("Vous lisez au nom de Jean Lefèvre")).to_be_visible()
    expect(page.get_by_text("Écrire ne fait pas partie de cette autorisation")).to_be_visible()
    expect(composer(page)).to_have_count(0)
    expect(page.get_by_role("button", name="Salle d’attente")).to_have_count(0)


@journey
def takes_part_in_one_press(page: Page, address: str) -> None:
    """Who helped before is asked in with one press, or put aside for good."""
    show(page, address, "patient-part")
    asked = page.get_by_role("group", name="Sophie Lefèvre participe à cette dispensation")
    expect(asked.get_by_role("checkbox", checked=True)).to_have_count(0)
    asked.get_by_label("Vidéo").check()
    expect(asked.get_by_text("lire les messages et participer à la visio")).to_be_visible()
    asked.get_by_role("button", name="Pas cette fois").click()
    expect(asked).to_have_count(0)
    show(page, address, "patient-part")
    expect(page.get_by_role("heading", name="Recevoir mes médicaments")).to_be_visible()
    expect(asked).to_have_count(0)


@journey
def a_recovery_code_once(page: Page, address: str) -> None:
    """The recovery code is shown once and leaves the screen when it is written down."""
    show(page, address, "patient-devices")
    page.get_by_role("button", name="Créer un code de secours").click()
    code = page.get_by_text("7K2QX-9MDRT")
    expect(code).to_be_visible()
    page.get_by_role("button", name="C’est noté").click()
    expect(code).to_have_count(0)


@journey
def languages(page: Page, address: str) -> None:
    """The language and the size of the text change at once and are kept on this device."""
    show(page, address, "patient-talk")
    page.get_by_label("Langue").select_option("en")
    expect(page.get_by_role("heading", name="Receive my medicines")).to_be_visible()
    assert page.evaluate("document.documentElement.lang") == "en"
    page.get_by_role("button", name="Larger text").click()
    show(page, address, "patient-talk")
    expect(page.get_by_role("heading", name="Receive my medicines")).to_be_visible()
    expect(page.get_by_role("button", name="Larger text")).to_have_attribute("aria-pressed", "true")


def run(browser: Browser, address: str, each: Journey) -> None:
    """Make one journey in a fresh context; no error and no report may be left behind."""
    context: BrowserContext = browser.new_context(
        viewport={"width": 1280, "height": 800}, locale="fr-FR", reduced_motion="reduce"
    )
    context.add_init_script(FAULTS)
    page = context.new_page()
    page.set_default_timeout(5000)
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    each(page, address)
    reports = page.evaluate("globalThis.reports ?? []")
    context.close()
    assert not errors and not reports, (errors, reports)


def main() -> int:
    """Make every journey and say which failed."""
    failed = 0
    with staged() as (browser, address):
        for each in JOURNEYS:
            try:
                run(browser, address, each)
            except Exception as fault:
                failed += 1
                print(f"FAILED {each.__name__}: {fault}", flush=True)
    print(f"behaviours: {len(JOURNEYS) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
