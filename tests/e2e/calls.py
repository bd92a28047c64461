"""What real calls measure: `python -m tests.e2e.calls --what first-frame --count 100`.

Chromium with a camera that draws itself, the real hub, the product's own screens, links that are
really cut. Prints figures and exits 1 when a goal is missed. Goals: `GOALS`.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from itertools import cycle, islice, pairwise
from pathlib import Path

from playwright.sync_api import Error, Playwright, expect, sync_playwright

from tests.e2e.callers import CLAIRE, JEAN, Caller, a_context, in_call, who_met
from tests.e2e.chromium import CAMERA, a_browser
from tests.e2e.coturn import Coturn
from tests.e2e.hub import Hub
from tests.e2e.netns import Cable, Place, Town, a_place, a_town, can_make
from tests.e2e.relay import Relay
from tests.e2e.stage import Stage

DOWN_SECONDS = 3.0
"""How long the hub stays away."""
SETTLED_FRAMES = 20
WINDOW_MS = 2_500
"""A gap is looked for this long after a fault at least."""
BACK_MS = 5_000
HUNG_MS = 15_000
EXPECT_MS = 15_000


@dataclass
class Figures:
    """One measured quantity: its values, in milliseconds unless said, and what went wrong."""

    name: str
    values: list[float] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)

    def at(self, share: float) -> float:
        """Return the value that `share` of the values do not exceed."""
        ordered = sorted(self.values)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0

    def line(self) -> str:
        """Say it in one line."""
        return (
            f"{self.name}: n={len(self.values)} p50={self.at(0.5):.0f} p95={self.at(0.95):.0f} "
            f"max={self.at(1):.0f} failed={len(self.failures)}"
        )


@dataclass(frozen=True, slots=True)
class Goal:
    """What a quantity must not exceed."""

    p50: float | None = None
    p95: float | None = None
    most: float | None = None

    def missed(self, figures: Figures) -> list[str]:
        """Return what is missed, in words."""
        bounds = (("p50", self.p50, 0.5), ("p95", self.p95, 0.95), ("max", self.most, 1.0))
        over = [
            f"{figures.name}: {name} {figures.at(share):.0f} > {bound:.0f}"
            for name, bound, share in bounds
            if bound is not None and figures.at(share) > bound
        ]
        return over if figures.values else [f"{figures.name}: nothing was measured"]


GOALS = {
    "accept to first frame": Goal(p50=250, p95=400),
    "accept to first frame, relay by UDP": Goal(p95=600),
    "accept to first frame, relay by TLS": Goal(p95=1_200),
    "gap, link down": Goal(p95=2_000),
    "gap, link silent": Goal(p95=2_000),
    "socket back after the hub is up": Goal(most=1_500),
    "packets lost while the hub was away": Goal(most=0),
    "gap while the hub was away": Goal(most=500),
    "calls not back within 5 s, per thousand": Goal(most=5),
    "calls silently hung": Goal(most=0),
}


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

    def first_frames(self, instant: float) -> float:
        """Return how long after an instant the later of the two first frames was shown."""
        at = (
            self.claire.sees_frames(JEAN, since=instant),
            self.jean.sees_frames(CLAIRE, since=instant),
        )
        return max(at) - instant

    def settle(self) -> None:
        """Let the call go on for a moment."""
        self.claire.keeps_seeing(JEAN, SETTLED_FRAMES)
        self.jean.keeps_seeing(CLAIRE, SETTLED_FRAMES)

    def gap_after(self, instant: float) -> float:
        """Return the longest time without a new picture, on either side, from an instant on."""
        self.seen_after(instant + WINDOW_MS)
        gaps = []
        for caller, other in ((self.claire, JEAN), (self.jean, CLAIRE)):
            shown = [at for at in caller.shown(other) if at > instant - 500]
            gaps.append(max(later - earlier for earlier, later in pairwise(shown)))
        return max(gaps)

    def hang_up(self) -> None:
        """End the call, and forget what it showed."""
        self.claire.hang_up()
        self.claire.ended("Visio terminée")
        self.jean.ended("Visio terminée")
        for caller in (self.claire, self.jean):
            caller.page.evaluate("calls.forget()")


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


def first_frame(playwright: Playwright, count: int) -> list[Figures]:
    """Measure from the patient's « J’accepte » to the later of the two first pictures."""
    figures = Figures("accept to first frame")
    with in_one_place(playwright) as scene:
        _measure_first_frames(scene, figures, count, {"host"})
    return [figures]


def relay_udp(playwright: Playwright, count: int) -> list[Figures]:
    """Measure the same by TURN over UDP, and nothing else."""
    return _relayed(playwright, count, "UDP", "udp", ("turn:", "transport=udp"))


def relay_tls(playwright: Playwright, count: int) -> list[Figures]:
    """Measure the same by TURN over TLS, and nothing else."""
    return _relayed(playwright, count, "TLS", "tls", ("turns:", "transport=tcp"))


def link_cut(playwright: Playwright, count: int) -> list[Figures]:
    """Measure the gap in the picture when the cable that carries it is cut, or falls silent."""
    down, silent = Figures("gap, link down"), Figures("gap, link silent")
    with apart(playwright) as scene:
        for figures in islice(cycle((down, silent)), count):
            with _noting(figures):
                scene.call()
                scene.settle()
                cable, instant = scene.cable(), scene.jean.now()
                if figures is down:
                    cable.cut()
                    # What a telephone had open over its Wi-Fi ends with it.
                    scene.relay.sever()
                else:
                    cable.silence()
                try:
                    figures.values.append(scene.gap_after(instant))
                finally:
                    (cable.mend if figures is down else cable.speak)()
            _start_over(scene)
    return [down, silent]


def hub_kill(playwright: Playwright, count: int) -> list[Figures]:
    """Kill the hub in the middle of a call, start it again, and measure what that cost."""
    back = Figures("socket back after the hub is up")
    lost = Figures("packets lost while the hub was away")
    gap = Figures("gap while the hub was away")
    with in_one_place(playwright) as scene:
        scene.stage.may_lose_network = True
        for _ in range(count):
            with _noting(back):
                scene.call()
                scene.settle()
                missed = [caller.lost() for caller in (scene.claire, scene.jean)]
                instant = scene.jean.now()
                scene.hub.kill()
                threading.Event().wait(DOWN_SECONDS)
                scene.hub.start()
                up = scene.jean.now()
                back.values.append(max(_heard(one, up) - up for one in (scene.claire, scene.jean)))
                gap.values.append(scene.gap_after(instant))
                now = [caller.lost() for caller in (scene.claire, scene.jean)]
                lost.values.append(sum(now) - sum(missed))
            _start_over(scene)
    return [back, lost, gap]


def faults(playwright: Playwright, count: int) -> list[Figures]:
    """Have calls with a fault each; count those that are not back in time, and those that hang."""
    kinds: dict[str, Callable[[Apart], float]] = {
        "kill": _fault_kill,
        "cut": _fault_cut,
        "silence": _fault_silence,
        "relay only": _fault_relay_only,
        "reload": _fault_reload,
        "glare": _fault_glare,
    }
    times = {kind: Figures(f"back after {kind}") for kind in kinds}
    late, hung = [], []
    with apart(playwright) as scene:
        for kind in islice(cycle(kinds), count):
            took = HUNG_MS * 1.0
            with _noting(times[kind]):
                took = kinds[kind](scene)
                times[kind].values.append(took)
            if took > BACK_MS:
                late.append(kind)
            if took >= HUNG_MS and _is_silent(scene):
                hung.append(kind)
            _start_over(scene)
    return [
        *times.values(),
        Figures("calls not back within 5 s, per thousand", [1000 * len(late) / max(count, 1)]),
        Figures("calls silently hung", [float(len(hung))]),
    ]


def _fault_kill(scene: Apart) -> float:
    scene.call()
    scene.hub.kill()
    scene.hub.start()
    up = scene.jean.now()
    heard = max(_heard(caller, up) for caller in (scene.claire, scene.jean))
    scene.seen_after(heard)
    return heard - up


def _fault_cut(scene: Apart) -> float:
    scene.call()
    scene.settle()
    cable, instant = scene.cable(), scene.jean.now()
    cable.cut()
    scene.relay.sever()
    try:
        return scene.gap_after(instant)
    finally:
        cable.mend()


def _fault_silence(scene: Apart) -> float:
    scene.call()
    scene.settle()
    cable, instant = scene.cable(), scene.jean.now()
    cable.silence()
    try:
        return scene.gap_after(instant)
    finally:
        cable.speak()


def _fault_relay_only(scene: Apart) -> float:
    _set_policy(scene, "relay")
    try:
        accepted = scene.call()
        assert _kinds(scene) <= {"relay"}, _kinds(scene)
        return scene.first_frames(accepted)
    finally:
        _set_policy(scene, None)


def _fault_reload(scene: Apart) -> float:
    scene.call()
    instant = scene.claire.now()
    scene.jean.page.reload()
    return scene.first_frames(instant + 200)


def _fault_glare(scene: Apart) -> float:
    """Both sides lose their connection at once, and both say so."""
    scene.call()
    scene.settle()
    instant = scene.jean.now()
    for caller in (scene.claire, scene.jean):
        caller.page.evaluate("calls.live().forEach((one) => one.close())")
    return scene.gap_after(instant)


def _relayed(
    playwright: Playwright, count: int, name: str, protocol: str, way: tuple[str, str]
) -> list[Figures]:
    figures = Figures(f"accept to first frame, relay by {name}")
    with in_one_place(playwright, way=way) as scene:
        _measure_first_frames(scene, figures, count, {"relay"}, protocol)
    return [figures]


def _measure_first_frames(
    scene: Scene, figures: Figures, count: int, kinds: set[str], protocol: str | None = None
) -> None:
    for _ in range(count):
        with _noting(figures):
            figures.values.append(scene.first_frames(scene.call()))
            assert _kinds(scene) <= kinds, f"went by {_kinds(scene)}"
            if protocol is not None:
                assert _protocols(scene) == {protocol}, f"relayed by {_protocols(scene)}"
        _start_over(scene)


def _kinds(scene: Scene) -> set[str]:
    """Return by what kind of candidate of their own the two send; reflexive ones are direct."""
    kinds = {path[0]["type"] for one in (scene.claire, scene.jean) for path in one.paths()}
    return {"host" if kind in ("prflx", "srflx") else str(kind) for kind in kinds}


def _protocols(scene: Scene) -> set[str]:
    return {str(path[0]["protocol"]) for one in (scene.claire, scene.jean) for path in one.paths()}


def _heard(caller: Caller, since: float) -> float:
    """Wait for the hub to answer on a connection made after an instant; return when it did."""
    answered = "(since) => calls.sockets.map(({ heard }) => heard).find((at) => at > since)"
    found = caller.page.wait_for_function(answered, arg=since, timeout=HUNG_MS)
    return float(found.json_value())


def _set_policy(scene: Scene, policy: str | None) -> None:
    for caller in (scene.claire, scene.jean):
        caller.page.evaluate("(policy) => { calls.policy = policy }", policy)


def _is_silent(scene: Scene) -> bool:
    """Tell whether somebody looks at a still picture and is told nothing."""
    words = ("Vidéo interrompue", "Visio terminée", "Liaison perdue", "redémarre")
    texts = [caller.page.locator("body").inner_text() for caller in (scene.claire, scene.jean)]
    return not all(any(word in text for word in words) for text in texts)


def _start_over(scene: Scene) -> None:
    """End the call, in order if possible, else by beginning anew."""
    try:
        scene.hang_up()
    except (Error, AssertionError):
        for caller in (scene.claire, scene.jean):
            if caller.button("Raccrocher").is_visible():
                caller.hang_up()


@contextmanager
def _noting(figures: Figures) -> Iterator[None]:
    """Note a call that failed, and go on with the next."""
    try:
        yield
    except (Error, AssertionError) as exc:
        figures.failures.append(str(exc).splitlines()[0])
        print(f"{figures.name}: {figures.failures[-1]}", flush=True)


def _a_hub(stack: ExitStack, directory: Path, place: Place, settings: dict[str, str]) -> Hub:
    hub = Hub(directory, settings, place=place)
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


WHAT: dict[str, Callable[[Playwright, int], list[Figures]]] = {
    "first-frame": first_frame,
    "relay-udp": relay_udp,
    "relay-tls": relay_tls,
    "link-cut": link_cut,
    "hub-kill": hub_kill,
    "faults": faults,
}
NEEDS_NAMESPACES = {"link-cut", "faults"}


def main() -> int:
    """Measure, print, judge."""
    parser = argparse.ArgumentParser(prog="python -m tests.e2e.calls", description=__doc__)
    parser.add_argument("--what", choices=sorted(WHAT), required=True)
    parser.add_argument("--count", type=int, default=20)
    arguments = parser.parse_args()
    if arguments.what in NEEDS_NAMESPACES and not can_make():
        print("this needs network namespaces: run it as root, with iproute2")
        return 1
    expect.set_options(timeout=EXPECT_MS)
    with sync_playwright() as playwright:
        measured = WHAT[arguments.what](playwright, arguments.count)
    missed = [failure for figures in measured for failure in figures.failures]
    for figures in measured:
        print(figures.line())
        missed += GOALS.get(figures.name, Goal()).missed(figures)
    for one in missed:
        print(f"MISSED {one}")
    print("all goals met" if not missed else f"{len(missed)} missed")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
