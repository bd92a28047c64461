"""Whoever runs the server can listen in on nothing, look in on nobody, and lie only in vain."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pytest
from msgspec.structs import replace
from playwright.sync_api import Playwright, expect

from signaling.frames import AnyServerFrame, CallPush, SignalPush
from tests.e2e.figures import Figures
from tests.e2e.netns import a_place
from tests.e2e.proxy import pass_on
from tests.e2e.tampering import REFUSED, Scene, a_scene, attacks, planned, play

MOST_MS = 200


@pytest.fixture(scope="module")
def whole(
    built: None, playwright: Playwright, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Scene]:
    """Two people, a hub and its owner; whatever was tried, no description stays in its files."""
    with (
        a_place() as place,
        a_scene(playwright, tmp_path_factory.mktemp("hub"), place) as scene,
    ):
        yield scene
        for caller in scene.people.values():
            caller.remember_secrets()
        assert scene.stage.complaints == []
        for sentence in scene.stage.sentences:
            assert scene.hub.traces_of(sentence) == [], "the server's files hold a secret"


@pytest.fixture
def scene(whole: Scene) -> Iterator[Scene]:
    """The same, honest at first, and nobody in a call at the end."""
    yield whole
    whole.proxy.tap = pass_on
    if whole.people["claire"].button("Raccrocher").is_visible():
        whole.end()


def test_every_lie_is_refused_in_time_and_is_an_entry(scene: Scene) -> None:
    """Each attack on each side: told by its victim, written by the hub; the call goes on."""
    refused = Figures(REFUSED)
    play(scene, [], refused)

    for call in planned(attacks()):
        play(scene, call, refused)

    assert refused.failures == []
    assert len(refused.values) == len(attacks())
    # Of a machine that does nothing else, `python -m tests.e2e.calls --what tampering` tells more.
    assert refused.at(0.5) <= MOST_MS, refused.line()


def test_a_signal_that_never_arrives_costs_a_generation(scene: Scene) -> None:
    """The offer is kept back: nobody waits for it without end."""
    dropped: list[SignalPush] = []

    def tap(slug: str, frame: AnyServerFrame) -> Sequence[AnyServerFrame]:
        if slug != "jean" or dropped or not isinstance(frame, SignalPush):
            return [frame]
        dropped.append(frame)
        return []

    scene.proxy.tap = tap
    scene.begin()

    assert len(dropped) == 1
    assert scene.view("jean").pairs[0].generation == 2


def test_signals_that_arrive_twice_cost_nothing(scene: Scene) -> None:
    """Each is opened once; what nobody proved to be the peer's breaks no connection."""

    def tap(_slug: str, frame: AnyServerFrame) -> Sequence[AnyServerFrame]:
        return [frame, replace(frame)] if isinstance(frame, SignalPush) else [frame]

    scene.proxy.tap = tap
    scene.begin()
    scene.goes_on()

    assert scene.view("jean").pairs[0].generation == 1


def test_a_hub_that_says_somebody_is_in_a_call_does_not_see_them(scene: Scene) -> None:
    """No press, no camera: what the hub can do is offer the way in."""
    scene.begin()
    view = scene.view("jean")
    assert scene.is_seen("jean")
    scene.end()
    assert not scene.is_seen("jean")
    jean = scene.people["jean"]
    jean.close_ended()
    other = replace(view, id=view.id[:-4] + "0000")

    scene.proxy.lie("jean", CallPush(call=other))

    expect(jean.button("Visio en cours — revenir")).to_be_visible()
    assert not scene.is_seen("jean")
    scene.proxy.lie("jean", CallPush(call=replace(other, version=view.version + 1, state="ended")))
    expect(jean.button("Visio en cours — revenir")).to_have_count(0)


def test_who_hangs_up_is_not_seen_whatever_the_hub_says(scene: Scene) -> None:
    """It swallows the hang-up's answer and goes on as if there had been none."""
    scene.begin()
    jean, view = scene.people["jean"], scene.view("jean")
    scene.proxy.tap = lambda slug, frame: (
        [] if slug == "jean" and isinstance(frame, CallPush) else [frame]
    )

    jean.hang_up()
    assert not scene.is_seen("jean")
    scene.proxy.lie("jean", CallPush(call=replace(view, version=view.version + 1)))

    jean.ended("Visio terminée")
    assert not scene.is_seen("jean")
    scene.people["claire"].ended("Visio terminée")
