"""The officer sees who did what, verifies it in the browser, and never sees a content."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import expect

from server.verify import verify_file
from tests.e2e.stage import Person, Stage
from tests.e2e.test_messages import two_who_met


def open_control(stage: Stage) -> Person:
    """Open the officer's page on the one conversation there is."""
    marc = stage.person("marc")
    marc.page.get_by_role("link", name="Jean Lefèvre").click()
    expect(marc.page.get_by_text("numérotées sans trou")).to_be_visible()
    return marc


def verify(marc: Person) -> None:
    """Ask for the verification, which the officer's own browser computes."""
    marc.button("Vérifier l’intégrité").click()


def test_the_officer_sees_the_acts_and_finds_the_log_intact(stage: Stage) -> None:
    """Who, role, act, decision, time; no word of the messages; green, with size and root."""
    claire, jean = two_who_met(stage)
    jean.write("Réponse que l’officier ne doit pas lire.")
    expect(claire.message("officier ne doit pas lire")).to_be_visible()
    marc = stage.person("marc")
    expect(marc.page.get_by_text("Chaque consultation est tracée")).to_be_visible()
    stage.look(marc.page, "control-list")
    marc.page.get_by_role("link", name="Jean Lefèvre").click()

    expect(marc.page.get_by_text("numérotées sans trou")).to_be_visible()
    acts = marc.page.get_by_role("region", name="Chronologie").get_by_role("listitem")
    expect(acts.filter(has_text="Dispensation à distance commencée")).to_have_count(1)
    expect(acts.filter(has_text="Message chiffré envoyé")).to_have_count(2)
    expect(acts.filter(has_text="Jean Lefèvre, Patient")).to_have_count(1)
    for sentence in stage.sentences:
        expect(marc.page.locator("body")).not_to_contain_text(sentence)
    verify(marc)
    expect(marc.page.get_by_text("Intègre :")).to_be_visible()
    expect(marc.page.get_by_text("signature vérifiée").first).to_be_visible()
    stage.look(marc.page, "control-intact")


def test_one_byte_altered_in_the_database_is_named_by_its_entry(stage: Stage) -> None:
    """The hub starts again over an altered entry, and the officer is told which one."""
    two_who_met(stage)
    marc = open_control(stage)
    verify(marc)
    expect(marc.page.get_by_text("Intègre :")).to_be_visible()

    with stage.without_network():
        stage.hub.stop()
        _, index = stage.hub.alter_entry()
        stage.hub.start()
        marc.page.reload()
        acts = marc.page.get_by_role("region", name="Chronologie").get_by_role("listitem")
        expect(acts.filter(has_text="Altérée").filter(has_text=f"n° {index} du")).to_have_count(1)
        verify(marc)

    expect(
        marc.page.get_by_text(f"Altéré : entrée n° {index} du journal des soins")
    ).to_be_visible()
    stage.look(marc.page, "control-altered")


def test_the_demonstrations_intruder_is_caught(stage: Stage) -> None:
    """« Falsifier un octet » alters one stored byte; the verification names its entry."""
    two_who_met(stage)
    marc = open_control(stage)
    verify(marc)
    expect(marc.page.get_by_text("Intègre :")).to_be_visible()

    marc.button("Falsifier un octet").click()
    dialog = marc.page.get_by_role("dialog", name="Falsifier un octet ?")
    expect(dialog).to_be_visible()
    stage.look(marc.page, "control-tamper")
    dialog.get_by_role("button", name="Falsifier").click()
    expect(marc.page.get_by_text("Un octet a été changé dans la base")).to_be_visible()
    expect(marc.page.get_by_text("Le résultat affiché avant ne vaut plus")).to_be_visible()
    expect(marc.page.get_by_text("Intègre :")).to_have_count(0)
    verify(marc)

    expect(marc.page.get_by_text("Altéré : entrée n°")).to_be_visible()
    expect(marc.page.get_by_text("son contenu a été modifié dans la base")).to_be_visible()
    marc.button("Voir l’entrée n°").click()
    acts = marc.page.get_by_role("region", name="Chronologie").get_by_role("listitem")
    altered = acts.filter(has_text="ces octets ne sont pas ceux qui ont été scellés")
    expect(altered).to_have_count(1)
    expect(altered).to_be_focused()
    expect(altered).not_to_contain_text("Permis")
    expect(altered).not_to_contain_text("telle qu’elle est scellée")
    expect(acts.filter(has_text="telle qu’elle est scellée")).to_have_count(acts_of(marc) - 1)
    stage.look(marc.page, "control-altered-entry")


def acts_of(marc: Person) -> int:
    """Count the entries of the open timeline."""
    return marc.page.get_by_role("region", name="Chronologie").get_by_role("listitem").count()


def test_a_timeline_that_is_refused_says_so_and_leads_back(stage: Stage) -> None:
    """A conversation that is not there: the refusal in words, nothing to falsify, a way back."""
    two_who_met(stage)
    marc = open_control(stage)
    unknown = "#conversation/00000000-0000-4000-8000-0000000000aa"

    marc.page.evaluate(f"location.hash = '{unknown}'")
    for again in (False, True):
        if again:
            marc.page.reload()
        timeline = marc.page.get_by_role("region", name="Chronologie")
        expect(timeline.get_by_text("Cette conversation n’est pas accessible")).to_be_visible()
        expect(marc.page.get_by_role("link", name="Jean Lefèvre")).to_be_visible()
        expect(marc.page.get_by_text("Chargement…")).to_have_count(0)
        expect(marc.button("Falsifier un octet")).to_have_count(0)
    stage.look(marc.page, "control-refused-timeline")

    timeline.get_by_role("link", name="Contrôle").click()
    expect(marc.page.get_by_text("Choisissez une conversation pour voir")).to_be_visible()


def test_a_proof_kept_by_a_patient_holds_without_the_server(stage: Stage, tmp_path: Path) -> None:
    """« Mes preuves »: the receipt and the log's key, downloaded, verify alone; altered, do not."""
    _, jean = two_who_met(stage)
    jean.write("Un message dont je garde la preuve.")
    jean.sees_state("garde la preuve", "Lu")
    jean.page.get_by_role("link", name="Mes preuves").click()
    proof = jean.page.get_by_role("listitem").filter(has_text="Message chiffré envoyé")
    expect(proof).to_contain_text("Vérifiée sur cet appareil")
    stage.look(jean.page, "proofs")

    with jean.page.expect_download() as download:
        proof.get_by_role("button", name="Télécharger la preuve").click()
    download.value.save_as(tmp_path / "message.tlog-proof")
    jean.page.get_by_text("Vérifier une preuve ailleurs", exact=True).click()
    with jean.page.expect_download() as download:
        jean.button("Télécharger la clé du journal").click()
    download.value.save_as(tmp_path / "colloque.vkey")
    stage.hub.stop()

    key = str(tmp_path / "colloque.vkey")
    whole = (tmp_path / "message.tlog-proof").read_bytes()
    at = whole.index(b"extra ") + 40
    (tmp_path / "altered.tlog-proof").write_bytes(
        whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :]
    )
    assert verify_file(tmp_path / "message.tlog-proof", key=key, entry=None) == 0
    assert verify_file(tmp_path / "altered.tlog-proof", key=key, entry=None) == 1
    stage.hub.start()
