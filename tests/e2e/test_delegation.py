"""Story B: a carer under a limited delegation, ended in the middle of a conversation.

Three browsers. The steps are those of the story, by number.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import date, timedelta
from uuid import uuid4

import pytest
from playwright.sync_api import Browser, BrowserContext, Playwright, ViewportSize, expect

from signaling.frames import AskGroupInfo, OpenCall, RefusedFrame, SendMessage
from tests.e2e.callers import CLAIRE, JEAN, a_context
from tests.e2e.carers import OVER, SOPHIE, VIDEO, WRITE, Reader, Story, helped, met
from tests.e2e.chromium import CAMERA, a_browser
from tests.e2e.conftest import NewContext
from tests.e2e.stage import DESKTOP, TELEPHONE, Stage
from tests.e2e.thief import Loot, loot, read_with
from tests.e2e.wiretap import a_message, forge
from tests.interop.node import Node

AT_ONCE_MS = 1_000
SECOND = 1_000_000
SHORT_SECONDS = 40
"""Of a delegation that a test sees end: it takes some to be confirmed, accepted and let in."""
TOMORROW = (date.today() + timedelta(days=1)).isoformat()  # noqa: DTZ011 - as the browsers see it
SIZES = [pytest.param(DESKTOP, id="desktop"), pytest.param(TELEPHONE, id="390px")]
OLD_SESSION = """
() => new Promise((resolve) => {
  const again = new WebSocket(`ws://${location.host}/ws`, "colloque.v1")
  again.onclose = ({ code }) => resolve(code)
  again.onmessage = () => resolve(0)
})
"""


@pytest.fixture(scope="module")
def browser(playwright: Playwright) -> Iterator[Browser]:
    """A browser with a camera that draws itself."""
    with a_browser(playwright, CAMERA) as browser:
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


@pytest.fixture(scope="module")
def node() -> Iterator[Node]:
    """The client's core, under Node."""
    started = Node()
    yield started
    started.close()


def three(stage: Stage, new_context: NewContext, size: ViewportSize = DESKTOP) -> Story:
    """The three of story B."""
    return met(stage, stage.context, new_context(), new_context(), size=size)


def now_ms() -> int:
    """Return the clock of the hub and of the browsers, in milliseconds."""
    return int(1000 * time.time())


@pytest.mark.parametrize("size", SIZES)
def test_story_b(stage: Stage, new_context: NewContext, node: Node, size: ViewportSize) -> None:
    """Named, confirmed, accepted, writing, refused, cut off while typing, and out of time."""
    story = three(stage, new_context, size)
    the_patient_names_a_carer(story)
    the_pharmacist_confirms(story)
    the_carer_sees_one_conversation(story)
    the_carer_writes(story)
    what_is_outside_the_scopes_is_refused(story)
    the_same_words_for_a_suspension(story)
    helped(story, WRITE, VIDEO, until=TOMORROW, anew=True)
    cut_off_while_typing(story, node)
    helped(story, WRITE, VIDEO, anew=True, lasts=SHORT_SECONDS)
    it_ends_at_its_second(story)


def the_patient_names_a_carer(story: Story) -> None:
    """Step 1."""
    jean = story.jean
    sentence = jean.begins_naming(WRITE, until=TOMORROW)
    expect(sentence).to_contain_text(SOPHIE)
    expect(sentence).to_contain_text("lire les messages")
    expect(sentence).to_contain_text(WRITE)
    expect(sentence).not_to_contain_text(VIDEO)
    expect(sentence).to_contain_text("Rien d’autre. Vous pourrez l’arrêter à tout moment.")
    jean.button("Je signe").click()
    expect(jean.page.get_by_text("C’est signé")).to_be_visible()
    expect(jean.card()).to_contain_text("En attente de la pharmacie")
    expect(story.sophie.page.get_by_role("heading", name="Rien à lire")).to_be_visible()
    assert story.delegation()["state"] == "proposed"


def the_pharmacist_confirms(story: Story) -> None:
    """Step 2: who the carer is, and not a word more than was signed."""
    claire = story.claire
    expect(claire.page.get_by_text("ne peut pas être élargi ici")).to_be_visible()
    claire.confirms(alone=True)
    expect(story.jean.card()).to_contain_text("En attente de l’accord de l’aidant")
    assert story.delegation()["state"] == "confirmed"


def the_carer_sees_one_conversation(story: Story) -> None:
    """Step 3: from now on, and nothing of any other."""
    claire, sophie = story.claire, story.sophie
    sophie.accepts()
    expect(
        sophie.page.get_by_text("Vous voyez les messages à partir de maintenant")
    ).to_be_visible()
    expect(sophie.message("votre fille peut-elle")).to_have_count(0)
    sophie.is_the_only_conversation()
    expect(story.jean.card()).to_contain_text("Active")
    claire.page.goto(f"{story.stage.hub.origin('claire')}/#home")
    claire.begin()
    other = claire.page.url.rpartition("/")[2]
    claire.page.goto(f"{story.stage.hub.origin('claire')}/#conversation/{story.conversation}")
    there, nowhere = (
        forge(sophie.page, AskGroupInfo(id="-", conversation=one)) for one in (other, str(uuid4()))
    )
    assert isinstance(there, RefusedFrame)
    assert isinstance(nowhere, RefusedFrame)
    assert (there.code, there.text) == (nowhere.code, nowhere.text)
    assert there.code == "E_NOT_FOUND"


def the_carer_writes(story: Story) -> None:
    """Step 4: in nobody's name but the patient's, and everybody sees that."""
    claire, jean, sophie = story.everybody
    jean.goes_back()
    expect(sophie.chip).to_contain_text(f"Vous écrivez au nom de {JEAN}")
    sophie.write("Bonjour, mon père a bien reçu ses comprimés.")
    for reader in story.everybody:
        message = reader.message("bien reçu ses comprimés")
        expect(message).to_contain_text(SOPHIE)
        expect(message).to_contain_text(f"aidant(e), au nom de {JEAN}, jusqu’au")
    expect(claire.button("Seules ces personnes peuvent lire")).to_contain_text(SOPHIE)
    epoch, _ = story.place()
    body = a_message(story.conversation, epoch, now_ms())
    bare = forge(sophie.page, SendMessage(id="-", conversation=story.conversation, body=body))
    assert isinstance(bare, RefusedFrame)
    assert bare.code == "E_ACTING_FOR"
    expect(sophie.chip).to_be_visible()


def what_is_outside_the_scopes_is_refused(story: Story) -> None:
    """Step 5: with a reason that can be read, and the patient sees it within a second."""
    jean, sophie = story.jean, story.sophie
    expect(sophie.button("Salle d’attente")).to_have_count(0)
    jean.goes_to("Qui a vu quoi")
    expect(jean.reads_access(SOPHIE, "Message chiffré envoyé")).to_be_visible()
    refused = forge(
        sophie.page, OpenCall(id="-", conversation=story.conversation, call=str(uuid4()))
    )
    assert isinstance(refused, RefusedFrame)
    assert refused.code == "E_SCOPE"
    assert "ne permet pas cet acte" in refused.text
    row = jean.reads_access(SOPHIE, "Acte refusé", "participer à la visio")
    expect(row).to_be_visible(timeout=AT_ONCE_MS)
    expect(row).to_contain_text("Refusé")
    jean.goes_back()


def the_same_words_for_a_suspension(story: Story) -> None:
    """A pharmacist stops the carer: she reads what she would read whoever had ended it."""
    story.claire.suspends()
    story.sophie.is_cut_off()
    expect(story.sophie.page.get_by_text("Questions :")).to_be_visible()
    expect(story.sophie.page.locator("body")).not_to_contain_text("Suspendue")
    assert story.delegation()["state"] == "suspended"
    signs_in_again(story)


def signs_in_again(story: Story) -> None:
    """The carer's session ended with her last delegation: she signs in anew."""
    sophie = story.sophie
    sophie.page.goto(f"{story.stage.hub.origin('sophie')}/#demo")
    sophie.page.reload()
    back = sophie.button(f"Continuer comme {SOPHIE}")
    expect(back.or_(sophie.page.get_by_role("heading", name=OVER)).first).to_be_visible()
    if back.is_visible():
        back.click()
    expect(sophie.page.get_by_role("heading", name=OVER)).to_be_visible()


def cut_off_while_typing(story: Story, node: Node) -> None:
    """Step 6: socket open, in a call, in the middle of a word."""
    claire, jean, sophie = story.everybody
    in_a_call(story)
    copied = loot(sophie.page)
    before, _ = story.place()
    sophie.page.evaluate("calls.forget()")
    if not sophie.composer.is_visible():
        # On a telephone the call has the screen: the messages are one press away.
        sophie.button("Messages").click()
    sophie.composer.press_sequentially("Je voulais encore dire que ")
    jean.goes_to("Mes aidants")

    jean.withdraws()

    story.waits_for_end()
    body = a_message(story.conversation, before, now_ms())
    refused = forge(sophie.page, SendMessage(id="-", conversation=story.conversation, body=body))
    assert isinstance(refused, RefusedFrame)
    assert refused.code in {"E_DELEGATION_REVOKED", "E_SESSION"}
    sophie.is_cut_off()
    claire.ended("Visio terminée")
    assert sophie.page.evaluate("calls.live().length") == 0
    jean.has_read("En cours…")
    expect(jean.card()).to_contain_text("Arrêtée")
    assert story.place()[0] > before
    assert story.delegation()["state"] == "revoked"
    nothing_later_can_be_read(story, node, copied)
    assert sophie.page.evaluate(OLD_SESSION) == 4401
    jean.goes_to("Qui a vu quoi")
    ended = jean.reads_access(JEAN, "Autorisation retirée par le patient")
    expect(ended).to_be_visible()
    jean.goes_back()
    signs_in_again(story)


def in_a_call(story: Story) -> None:
    """The pharmacist calls the carer, alone."""
    claire, sophie = story.claire, story.sophie
    sophie.button("Salle d’attente").click()
    sophie.answer()
    sophie.button("Entrer en salle d’attente").click()
    expect(sophie.page.get_by_text("Votre place est gardée")).to_be_visible()
    claire.button("Démarrer la visio").click()
    claire.button(f"Faire entrer {SOPHIE}").click()
    pressed = claire.pressed()
    claire.sees_frames(SOPHIE, since=pressed)
    sophie.sees_frames(CLAIRE, since=pressed)


def nothing_later_can_be_read(story: Story, node: Node, copied: Loot) -> None:
    """What is written after the end opens with nothing that the carer's browser stored, ever.

    The same tools do read, with the copy from before, what was written while she was in.
    """
    claire, jean, sophie = story.everybody
    claire.close_ended()
    claire.write("Elle ne doit plus lire ceci.")
    jean.goes_back()
    expect(jean.message("Elle ne doit plus lire ceci")).to_be_visible()
    jean.goes_to("Mes aidants")
    now = int(time.time())
    events = story.stage.hub.events(story.conversation)
    stream = [body for _, what, _, body in events if what in {"commit", "proposal"}]
    last = [body for _, what, _, body in events if what == "message"][-1]
    taken = loot(sophie.page)
    assert {"rooms", "device"} <= taken.stores()
    for found in (copied, taken):
        assert read_with(found, node, last, stream, now) == []
    assert "Elle ne doit plus lire ceci" not in taken.texts()


def it_ends_at_its_second(story: Story) -> None:
    """Step 7: ten seconds left, the socket open, and nobody ends it.

    One scope of it goes before: each can be withdrawn alone.
    """
    jean, sophie = story.jean, story.sophie
    jean.goes_to("Mes aidants")
    jean.withdraws_scope(VIDEO)
    ends = story.delegation()["not_after"]
    sophie.write("Il me reste quelques secondes.")
    sophie.composer.fill("Et une de trop")
    assert time.time() < ends / SECOND

    sophie.is_cut_off(within=SHORT_SECONDS)

    ended = story.delegation()
    assert ended["state"] == "expired"
    assert ends <= ended["ended_at"] <= ends + SECOND // 2
    expect(story.claire.page.get_by_text(f"{SOPHIE}, aidant(e)")).to_have_count(0)


def test_what_the_thief_uses_does_read_what_the_carer_could(
    stage: Stage, new_context: NewContext, node: Node
) -> None:
    """The control of the test above: a copy of her browser opens what was written for her."""
    story = three(stage, new_context)
    helped(story, WRITE, until=TOMORROW)
    copied = loot(story.sophie.page)

    story.claire.write("Ceci, elle peut le lire.")
    expect(story.sophie.message("elle peut le lire")).to_be_visible()

    events = story.stage.hub.events(story.conversation)
    last = [body for _, what, _, body in events if what == "message"][-1]
    read = read_with(copied, node, last, [], int(time.time()))
    assert any("Ceci, elle peut le lire." in text for text in read)


def test_the_pharmacist_commits_where_the_patient_has_left(
    stage: Stage, new_context: NewContext
) -> None:
    """He presses, and closes the tab: it is over all the same."""
    story = three(stage, new_context)
    helped(story, WRITE, until=TOMORROW)
    claire, jean, sophie = story.everybody
    before, _ = story.place()
    jean.goes_to("Mes aidants")
    jean.withdraws()
    expect(sophie.page.get_by_role("heading", name=OVER)).to_be_visible()
    jean.page.close()

    claire.write("Nous ne sommes plus que deux.")

    claire.sees_state("plus que deux", "Envoyé")
    assert story.place()[0] > before
    assert story.delegation()["state"] == "revoked"
    expect(claire.button("Seules ces personnes peuvent lire")).not_to_contain_text(SOPHIE)


def test_where_nobody_else_is_online_the_first_who_comes_commits_before_anything_else(
    stage: Stage, new_context: NewContext
) -> None:
    """Only the carer is there when her time ends; then the patient comes, and writes.

    His device commits at once; what he writes leaves once a pharmacy's device goes on without her.
    """
    story = three(stage, new_context)
    helped(story, WRITE, lasts=SHORT_SECONDS)
    _, jean, sophie = story.everybody
    before, seq = story.place()
    story.claire.page.close()
    jean.page.close()
    sophie.is_cut_off(within=SHORT_SECONDS)
    assert story.place()[0] == before

    back = Reader.open(stage, "jean", jean.page.context)
    back.write("Me voici de retour.")

    back.sees_state("Me voici de retour", "En attente")
    Reader.open(stage, "claire", story.claire.page.context)
    back.sees_state("Me voici de retour", "Remis")
    steps = [what for number, what, _, _ in stage.hub.events(story.conversation) if number > seq]
    assert steps == ["proposal", "commit", "message"]
