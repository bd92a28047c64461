"""The pharmacist and the patient see and hear each other, and nothing stands between them.

In a network namespace of the test's own where one can be made, else on the host.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Playwright, expect

from tests.e2e.callers import CLAIRE, JEAN, Caller, a_context, in_call, who_met
from tests.e2e.chromium import CAMERA, a_browser
from tests.e2e.conftest import NewContext
from tests.e2e.coturn import Coturn
from tests.e2e.hub import Hub
from tests.e2e.netns import Place, a_place, telling
from tests.e2e.scenes import apart
from tests.e2e.stage import Stage
from tests.needs import needs_namespaces

# Twice the goal, which `tests.e2e.calls` holds on an idle machine.
MOST_GAP_MS = 4_000


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


@pytest.fixture(scope="module")
def coturn(place: Place, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Coturn]:
    """A relay in the same network."""
    coturn = Coturn(tmp_path_factory.mktemp("turn"), place)
    coturn.start()
    yield coturn
    coturn.stop()


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
    """A hub in the same network, whose echo is where the browsers are."""
    told = {"COLLOQUE_ECHO_ADDRESSES": place.address, **settings}
    hub = Hub(tmp_path / "hub", told, place=place)
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
    stage.sentences += [*telling(place), "a=candidate"]


def test_a_call_shows_and_sounds_both_ways(stage: Stage, met: tuple[Caller, Caller]) -> None:
    """From « Démarrer la visio » to « Raccrocher », and what each sees on the way."""
    claire, jean = met
    claire.button("Démarrer la visio").click()
    expect(claire.button(f"Appeler {JEAN}")).to_be_visible()
    stage.look(claire.page, "call-lobby")
    claire.button(f"Appeler {JEAN}").click()
    expect(claire.page.get_by_role("heading", name=f"Appel à {JEAN}")).to_be_visible()
    stage.look(claire.page, "call-calling")
    jean.is_rung()
    stage.look(jean.page, "call-ring")

    jean.answer()

    for caller, other in ((claire, JEAN), (jean, CLAIRE)):
        caller.sees_frames(other, since=jean.pressed())
        caller.keeps_seeing(other)
        caller.hears()
    assert claire.code() == jean.code() != ""
    assert all(caller.remember_secrets() for caller in met)
    stage.look(claire.page, "call-pharmacist")
    stage.look(jean.page, "call-patient")

    claire.hang_up()

    claire.ended("Visio terminée")
    jean.ended("Visio terminée")
    stage.look(claire.page, "call-ended-pharmacist")
    stage.look(jean.page, "call-ended-patient")


@pytest.mark.parametrize(
    ("answer", "title"),
    [("Je refuse", "Visio refusée"), ("Appelez-moi", "Visio refusée")],
    ids=["declined", "call me"],
)
def test_who_refuses_is_not_seen_and_the_pharmacist_is_told(
    stage: Stage, met: tuple[Caller, Caller], answer: str, title: str
) -> None:
    """« Je refuse », or « Appelez-moi »: the pharmacist is told which, and no camera was asked."""
    claire, jean = met
    claire.ring()
    jean.is_rung()

    jean.answer(answer)

    claire.ended(title)
    wants_telephone = claire.page.get_by_text(f"{JEAN} préfère le téléphone")
    expect(wants_telephone).to_have_count(1 if answer == "Appelez-moi" else 0)
    if answer == "Appelez-moi":
        expect(jean.page.get_by_role("dialog", name="C’est noté")).to_be_visible()
        stage.look(claire.page, "call-me-pharmacist")
        stage.look(jean.page, "call-me-patient")
    assert jean.page.evaluate("calls.connections.length") == 0


def test_a_call_that_is_cancelled_stops_ringing(stage: Stage, met: tuple[Caller, Caller]) -> None:
    """« Annuler l’appel »: the patient learns that there was one."""
    claire, jean = met
    claire.ring()
    jean.is_rung()

    claire.button("Annuler l’appel").click()

    expect(jean.page.get_by_role("dialog")).to_have_count(0)
    jean.ended("Appel annulé")
    stage.look(jean.page, "call-cancelled")


def test_a_reload_comes_back_into_the_call(met: tuple[Caller, Caller]) -> None:
    """Either side: the same call, a new connection."""
    claire, jean = met
    in_call(claire, jean)

    for one in (jean, claire):
        instant = one.now()
        one.page.reload()
        jean.sees_frames(CLAIRE, since=instant + 500)
        claire.sees_frames(JEAN, since=instant + 500)

    for caller, other in ((claire, JEAN), (jean, CLAIRE)):
        caller.keeps_seeing(other)
        caller.hears()


def test_a_cut_network_says_so_and_comes_back(stage: Stage, met: tuple[Caller, Caller]) -> None:
    """« Vidéo interrompue — vous pouvez continuer par message », then the picture is back."""
    claire, jean = met
    in_call(claire, jean)

    with stage.without_network():
        claire.button("Régler").click()
        instant = jean.now()
        claire.button("Couper le réseau").click()

        jean.has_read("Vidéo interrompue — vous pouvez continuer par message")
        jean.write("Je ne vous vois plus, je continue par écrit.")
        jean.sees_frames(CLAIRE, since=instant + 2_500)
        claire.sees_frames(JEAN, since=instant + 2_500)
        expect(jean.page.get_by_text("Vidéo interrompue")).to_have_count(0)
        expect(claire.message("je continue par écrit")).to_be_visible()


def test_a_hub_that_is_killed_takes_no_picture_along(
    stage: Stage, met: tuple[Caller, Caller]
) -> None:
    """The call goes on without it, and is commanded by it again once it is back."""
    claire, jean = met
    in_call(claire, jean)
    for caller, other in ((claire, JEAN), (jean, CLAIRE)):
        caller.keeps_seeing(other)

    with stage.without_network():
        stage.hub.kill()
        lost = [claire.lost(), jean.lost()]
        expect(jean.page.get_by_text("Le serveur redémarre. La visio continue.")).to_be_visible()
        for caller, other in ((claire, JEAN), (jean, CLAIRE)):
            caller.keeps_seeing(other)
        stage.hub.start()
        for caller in met:
            expect(caller.page.get_by_text("Le serveur redémarre")).to_have_count(0)

        assert [claire.lost(), jean.lost()] == lost
        claire.hang_up()
        jean.ended("Visio terminée")


def test_who_hangs_up_while_the_hub_is_away_has_hung_up(
    stage: Stage, met: tuple[Caller, Caller]
) -> None:
    """Nobody is seen again because the hub did not hear the end of it."""
    claire, jean = met
    in_call(claire, jean)

    with stage.without_network():
        stage.hub.kill()
        claire.hang_up()
        claire.ended("Visio terminée")
        stage.hub.start()
        instant = jean.now()

        jean.ended("Visio terminée")
        claire.ended("Visio terminée")
        assert [at for at in claire.shown(JEAN) if at > instant] == []


def test_the_first_device_to_accept_takes_the_call(
    stage: Stage, met: tuple[Caller, Caller], new_context: NewContext
) -> None:
    """It rings on every device of the patient; one takes it, and the others are told so."""
    claire, jean = met
    tablet = new_context()
    stage.watch(tablet)
    elsewhere = Caller.open(stage, "jean", tablet)
    jean.lets_in(elsewhere)
    claire.ring()
    jean.is_rung()
    elsewhere.is_rung()

    jean.answer()

    claire.sees_frames(JEAN, since=jean.pressed())
    expect(elsewhere.page.get_by_role("dialog")).to_have_count(0)
    expect(elsewhere.page.get_by_text("un autre de vos appareils")).to_be_visible()
    stage.look(elsewhere.page, "call-taken")
    assert elsewhere.page.evaluate("calls.connections.length") == 0


def test_whoever_waits_is_let_in(stage: Stage, met: tuple[Caller, Caller]) -> None:
    """Consent, preview, the waiting room with a word on the delay; then the pharmacist's door."""
    claire, jean = met
    jean.button("Salle d’attente").click()
    stage.look(jean.page, "call-consent")
    jean.answer()
    expect(jean.page.get_by_label("Votre image")).to_be_visible()
    stage.look(jean.page, "call-waiting-before")
    jean.button("Entrer en salle d’attente").click()
    expect(jean.page.get_by_text("Votre place est gardée 15 minutes")).to_be_visible()

    claire.button("Démarrer la visio").click()
    claire.button("Retard 5 min").click()
    expect(jean.page.get_by_text("La pharmacie a du retard")).to_be_visible()
    stage.look(jean.page, "call-waiting")
    stage.look(claire.page, "call-lobby-waiting")
    claire.button(f"Faire entrer {JEAN}").click()

    for caller, other in ((claire, JEAN), (jean, CLAIRE)):
        caller.keeps_seeing(other)


def test_large_writing_stands_on_the_other_screen(stage: Stage, met: tuple[Caller, Caller]) -> None:
    """« Écrire en grand », for those who hear badly; it is nowhere on the server."""
    claire, jean = met
    in_call(claire, jean)
    sentence = "Un comprimé le matin, un comprimé le soir."
    stage.sentences.append(sentence)

    claire.button("Écrire en grand").click()
    claire.page.get_by_label("Votre texte s’affiche en grand").fill(sentence)

    expect(jean.page.locator(".captions").get_by_text(sentence).first).to_be_visible()
    stage.look(jean.page, "call-large-writing")


def test_a_muted_microphone_and_a_camera_that_is_off_are_told(met: tuple[Caller, Caller]) -> None:
    """The other side reads it; and no packet of a picture is sent any more."""
    claire, jean = met
    in_call(claire, jean)

    jean.page.get_by_role("button", name="Micro").click()
    jean.page.get_by_role("button", name="Caméra").click()

    tile = claire.page.get_by_role("figure").filter(has_text=JEAN)
    expect(tile.get_by_text("Micro coupé")).to_be_visible()
    expect(tile.get_by_text("Caméra coupée")).to_be_visible()
    expect(claire.picture(JEAN)).to_have_count(0)


class TestDevices:
    """Browsers that refuse the camera, or have none."""

    @pytest.fixture
    def flags(self) -> tuple[str, ...]:
        """Return what the patient's browser is started with."""
        return CAMERA

    @pytest.fixture
    def met(
        self, stage: Stage, playwright: Playwright, place: Place, flags: tuple[str, ...]
    ) -> Iterator[tuple[Caller, Caller]]:
        """The patient in a browser of his own."""
        with a_browser(playwright, flags, place) as browser:
            yield who_met(stage, stage.context, a_context(browser))

    @pytest.mark.parametrize(
        "flags", [[*CAMERA, "--use-fake-ui-for-media-stream=deny"]], ids=["denied"]
    )
    def test_who_denies_the_camera_can_be_in_the_call_without(
        self, stage: Stage, met: tuple[Caller, Caller]
    ) -> None:
        """The screen says why he is not seen; he sees and hears, and is shown as without camera."""
        claire, jean = met
        claire.ring()
        jean.is_rung()
        jean.answer()

        jean.sees_frames(CLAIRE, since=jean.pressed())
        jean.keeps_seeing(CLAIRE)
        jean.hears()
        denied = jean.page.get_by_text("n’a pas le droit d’utiliser la caméra ou le micro")
        expect(denied).to_be_visible()
        stage.look(jean.page, "call-denied")
        tile = claire.page.get_by_role("figure").filter(has_text=JEAN)
        expect(tile.get_by_text("Caméra coupée")).to_be_visible()
        jean.button("Continuer sans").click()
        expect(denied).to_have_count(0)

    @pytest.mark.parametrize(
        "flags",
        [["--use-fake-device-for-media-stream=device-count=0", *CAMERA[1:]]],
        ids=["no camera"],
    )
    def test_without_any_camera_the_demonstration_draws_one(
        self, stage: Stage, met: tuple[Caller, Caller]
    ) -> None:
        """« Caméra de démonstration »: a call on a computer that has no camera."""
        claire, jean = met

        in_call(claire, jean)

        claire.keeps_seeing(JEAN)
        jean.keeps_seeing(CLAIRE)
        stage.look(claire.page, "call-demo-camera")


class TestRelay:
    """Where no direct way exists."""

    @pytest.fixture
    def settings(self, coturn: Coturn) -> dict[str, str]:
        """Tell the hub of it."""
        return coturn.settings()

    @pytest.fixture
    def met(
        self, stage: Stage, playwright: Playwright, place: Place, coturn: Coturn
    ) -> Iterator[tuple[Caller, Caller]]:
        """Two people whose browsers may go by the relay only."""
        with a_browser(playwright, [*CAMERA, coturn.flag], place) as browser:
            stage.context = a_context(browser, "relay")
            yield who_met(stage, stage.context, a_context(browser, "relay"))

    def test_a_call_goes_by_the_relay(
        self, stage: Stage, coturn: Coturn, met: tuple[Caller, Caller]
    ) -> None:
        """Both pictures by TURN; neither the secret nor an address is in the hub's files."""
        claire, jean = met
        in_call(claire, jean)

        for caller, other in ((claire, JEAN), (jean, CLAIRE)):
            caller.keeps_seeing(other)
            assert [path[0]["type"] for path in caller.paths()] == ["relay"]
        stage.sentences.append(coturn.secret.reveal().decode())


class TestLine:
    """« Tester ma connexion », before a call."""

    @pytest.fixture
    def met(
        self, stage: Stage, playwright: Playwright, place: Place, flags: tuple[str, ...]
    ) -> Iterator[tuple[Caller, Caller]]:
        """The patient in a browser of his own."""
        with a_browser(playwright, flags, place) as browser:
            yield who_met(stage, stage.context, a_context(browser))

    @pytest.mark.parametrize(
        "flags",
        [CAMERA, tuple(flag for flag in CAMERA if "Mdns" not in flag)],
        ids=["plain", "hidden addresses"],
    )
    def test_sound_comes_back_from_the_hub(
        self, stage: Stage, met: tuple[Caller, Caller], flags: tuple[str, ...]
    ) -> None:
        """The hub's echo answers, also to a browser that hides its addresses behind names."""
        _, jean = met
        jean.button("Salle d’attente").click()
        jean.answer()
        jean.page.get_by_text("Régler et tester").click()

        jean.button("Tester ma connexion").click()

        expect(jean.page.get_by_text("Votre connexion convient pour la visio")).to_be_visible()
        if flags is CAMERA:
            stage.look(jean.page, "call-tested")


def test_another_tab_takes_the_call_over(stage: Stage, met: tuple[Caller, Caller]) -> None:
    """« Continuer ici »: the call goes on in the tab one looks at, and in no other."""
    claire, jean = met
    in_call(claire, jean)

    again = Caller.open(stage, "jean", jean.page.context, jean.page.url.partition("#")[2])
    again.button("Continuer ici").click()

    again.keeps_seeing(CLAIRE)
    claire.keeps_seeing(JEAN)
    assert jean.page.evaluate("calls.live().length") == 0


@needs_namespaces
@pytest.mark.parametrize("how", ["down", "silent"])
def test_a_picture_is_back_after_its_link_was_cut(
    built: None, playwright: Playwright, how: str
) -> None:
    """Two networks, two cables: the one that carries the picture is cut, or falls silent."""
    with apart(playwright) as scene:
        scene.call()
        scene.settle()
        cable, instant = scene.cable(), scene.jean.now()
        if how == "down":
            cable.cut()
            scene.relay.sever()
        else:
            cable.silence()

        assert scene.gap_after(instant) < MOST_GAP_MS
        assert scene.cable() is not cable


class TestWhereTheClockIsTurned:
    """The hub's machine gets another clock (libfaketime), whose hands the test turns."""

    @pytest.fixture
    def hands(self, tmp_path: Path) -> Path:
        """Where the clock of the hub's process reads how far ahead it is."""
        hands = tmp_path / "hands"
        hands.write_text("+0")
        return hands

    @pytest.fixture
    def settings(self, hands: Path) -> dict[str, str]:
        """The clock of the day is turned; the one that waits are measured by only runs."""
        library = next(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"))
        return {
            "LD_PRELOAD": str(library),
            "FAKETIME_TIMESTAMP_FILE": str(hands),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            # Else it turns waits of the hub's threads into waits of its own, and loses some.
            "FAKETIME_FORCE_MONOTONIC_FIX": "0",
        }

    def test_a_call_that_nobody_answers_is_missed(
        self, stage: Stage, met: tuple[Caller, Caller], hands: Path
    ) -> None:
        """After two minutes it rings no more, and both are told what they can do."""
        claire, jean = met
        claire.ring()
        jean.is_rung()

        hands.write_text("+121")

        claire.ended("Pas de réponse")
        expect(jean.page.get_by_role("dialog", name="vous appelle en visio")).to_have_count(0)
        stage.look(claire.page, "call-missed-pharmacist")
        stage.look(jean.page, "call-missed-patient")
        expect(claire.button("Rappeler")).to_be_visible()
