"""The scene of a measured call: a hub, two browsers, the people in them, and their networks."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from playwright.sync_api import Error, Playwright

from tests.e2e.callers import CLAIRE, JEAN, Caller, a_context, in_call, who_met
from tests.e2e.chromium import CAMERA, a_browser
from tests.e2e.coturn import Coturn
from tests.e2e.hub import Hub
from tests.e2e.netns import Cable, Place, Town, a_place, a_town
from tests.e2e.relay import Relay
from tests.e2e.stage import Stage

SETTLED_FRAMES = 20
WINDOW_MS = 2_500
"""A gap is looked for this long after a fault at least."""
BEFORE_MS = 500
HUNG_MS = 15_000
# People do not call each other sixty times a minute; a measurement does.
UNHURRIED = {"COLLOQUE_RATE_CALLS": "6000/minute", "COLLOQUE_RATE_COSTLY": "6000/minute"}
TOLD = ("Vidéo interrompue", "Visio terminée", "Liaison perdue", "redémarre")


@dataclass
class Scene:
    """A hub, two browsers and the two people in them, who have met."""

    hub: Hub
    stage: Stage
    claire: Caller
    jean: Caller

    def call(self) -> float:
        """Have a call; return the instant of the acceptance once both see each other."""
        if self.claire.button("Rappeler").is_visible():
            self.jean.close_ended()
            self.claire.ring_again()
            self.jean.is_rung()
            self.jean.answer()
            return self.seen_after(self.jean.pressed())
        return in_call(self.claire, self.jean)

    def seen_after(self, instant: float, most: int = HUNG_MS) -> float:
        """Wait until both have seen a frame shown after an instant; return that instant."""
        self.claire.sees_frames(JEAN, since=instant, most=most)
        self.jean.sees_frames(CLAIRE, since=instant, most=most)
        return instant

    def first_frames(self, instant: float) -> tuple[float, float]:
        """Return how long after an instant the pharmacist, and the patient, saw the first frame."""
        return (
            self.claire.sees_frames(JEAN, since=instant) - instant,
            self.jean.sees_frames(CLAIRE, since=instant) - instant,
        )

    def settle(self) -> None:
        """Let the call go on for a moment."""
        self.claire.keeps_seeing(JEAN, SETTLED_FRAMES)
        self.jean.keeps_seeing(CLAIRE, SETTLED_FRAMES)

    def gap_after(self, instant: float) -> float:
        """Return the longest time without a new picture, on either side, from an instant on."""
        self.seen_after(instant + WINDOW_MS)
        gaps = []
        for caller, other in ((self.claire, JEAN), (self.jean, CLAIRE)):
            shown = [at for at in caller.shown(other) if at > instant - BEFORE_MS]
            gaps.append(max(later - earlier for earlier, later in pairwise(shown)))
        return max(gaps)

    @property
    def both(self) -> tuple[Caller, Caller]:
        """The pharmacist and the patient."""
        return self.claire, self.jean

    def ways(self, what: str) -> set[str]:
        """Return the "type" or "protocol" of their own ends that the two send from."""
        found = {str(path[0][what]) for one in self.both for path in one.paths()}
        # A reflexive address is the same direct way, seen from outside.
        return {"host" if one in ("prflx", "srflx") else one for one in found}

    def set_policy(self, policy: str | None) -> None:
        """Let the connections of coming calls use one kind of candidate only."""
        for caller in self.both:
            caller.page.evaluate("(policy) => { calls.policy = policy }", policy)

    def is_silent(self) -> bool:
        """Tell whether somebody looks at a still picture and is told nothing."""
        texts = [caller.page.locator("body").inner_text() for caller in self.both]
        return not all(any(word in text for word in TOLD) for text in texts)

    def start_over(self) -> None:
        """End the call, in order if that is possible, and forget what it showed."""
        try:
            self.claire.hang_up()
            self.claire.ended("Visio terminée")
            self.jean.ended("Visio terminée")
        except (Error, AssertionError):
            for caller in self.both:
                self._clear(caller)
        for caller in self.both:
            caller.page.evaluate("calls.forget()")


    @staticmethod
    def _clear(caller: Caller) -> None:
        """Leave whatever this person's screen shows of a call, so that one failure stays one."""
        caller.page.reload()
        caller.page.wait_for_function("calls.sockets.some(({ heard }) => heard)")
        for name in ("Raccrocher", "Je refuse", "Fermer"):
            if caller.button(name).is_visible():
                caller.button(name).click()


@contextmanager
def in_one_place(playwright: Playwright, *, way: tuple[str, str] | None = None) -> Iterator[Scene]:
    """Set the scene in one network; `way`: how its URL begins and ends, if all is relayed."""
    with ExitStack() as stack:
        place = stack.enter_context(a_place())
        print(place.says, flush=True)
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="colloque-")))
        settings, flags = {}, list(CAMERA)
        if way is not None:
            coturn = _a_relay(stack, directory, place)
            first, last = way
            urls = [url for url in coturn.urls if url.startswith(first) and url.endswith(last)]
            settings = coturn.settings(urls)
            flags.append(coturn.flag)
        hub = _a_hub(stack, directory, place, settings)
        browser = stack.enter_context(a_browser(playwright, flags, place))
        contexts = [a_context(browser, "relay" if way else None) for _ in range(2)]
        stage = Stage(hub, contexts[0], "", directory)
        yield Scene(hub, stage, *who_met(stage, *contexts))
        _complain(stage)


@dataclass
class Apart(Scene):
    """The same in two networks: the patient's browser is elsewhere, over two cables."""

    town: Town
    relay: Relay

    def cable(self) -> Cable:
        """Return the cable that the picture goes over now."""
        addresses = {end["address"] for path in self.jean.paths() for end in path}
        for cable in (self.town.wifi, self.town.mobile):
            if addresses & {end.address for end in cable.ends}:
                return cable
        message = f"no cable of ours: {addresses}"
        raise AssertionError(message)


@contextmanager
def apart(playwright: Playwright) -> Iterator[Apart]:
    """Set the scene in two networks, with a relay in the first."""
    with ExitStack() as stack:
        town = stack.enter_context(a_town())
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="colloque-")))
        near = [cable.ends[0].address for cable in (town.wifi, town.mobile)]
        coturn = _a_relay(stack, directory, town.here, near)
        hub = _a_hub(stack, directory, town.here, coturn.settings())
        relay = Relay(town.here, town.there, hub.port)
        relay.start()
        stack.callback(relay.stop)
        contexts = [
            a_context(stack.enter_context(a_browser(playwright, [*CAMERA, coturn.flag], place)))
            for place in (town.here, town.there)
        ]
        stage = Stage(hub, contexts[0], "", directory)
        stage.may_lose_network = True
        yield Apart(hub, stage, *who_met(stage, *contexts), town, relay)
        _complain(stage)


def _a_hub(stack: ExitStack, directory: Path, place: Place, settings: dict[str, str]) -> Hub:
    hub = Hub(directory, {**UNHURRIED, **settings}, place=place)
    stack.callback(hub.stop)
    hub.start()
    return hub


def _a_relay(
    stack: ExitStack, directory: Path, place: Place, addresses: Sequence[str] = ()
) -> Coturn:
    coturn = Coturn(directory / "turn", place, addresses=addresses)
    stack.callback(coturn.stop)
    coturn.start()
    return coturn


def _complain(stage: Stage) -> None:
    for complaint in stage.complaints:
        print(f"console: {complaint}", flush=True)
