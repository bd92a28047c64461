"""What real calls measure: `python -m tests.e2e.calls --what first-frame --count 100`.

Chromium with a camera that draws itself, the real hub, the product's own screens, links that are
really cut. Prints figures and exits 1 when a goal is missed. Goals: `GOALS`.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import cycle, islice

from playwright.sync_api import Error, Playwright, expect, sync_playwright

from loadtests import calls as headless
from tests.e2e.callers import Caller
from tests.e2e.figures import Figures, Goal
from tests.e2e.netns import can_make
from tests.e2e.scenes import HUNG_MS, Apart, Scene, apart, in_one_place
from tests.e2e.tampering import REFUSED, tampering

DOWN_SECONDS = 3.0
"""How long the hub stays away."""
BACK_MS = 5_000
EXPECT_MS = 15_000

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
    REFUSED: Goal(most=200),
}


def first_frame(playwright: Playwright, count: int) -> list[Figures]:
    """Measure from the patient's « J’accepte » to the later of the two first pictures."""
    with in_one_place(playwright) as scene:
        return _first_frames(scene, count, "accept to first frame", {"host"})


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
            scene.start_over()
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
            scene.start_over()
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
    times = {kind: Figures(f"back after {kind}", counted=True) for kind in kinds}
    late, hung = [], []
    with apart(playwright) as scene:
        for kind in islice(cycle(kinds), count):
            took = HUNG_MS * 1.0
            with _noting(times[kind]):
                took = kinds[kind](scene)
                times[kind].values.append(took)
            if took > BACK_MS:
                late.append(kind)
            if took >= HUNG_MS and scene.is_silent():
                hung.append(kind)
            scene.start_over()
    return [
        *times.values(),
        Figures("calls not back within 5 s, per thousand", [1000 * len(late) / count]),
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
    scene.set_policy("relay")
    try:
        accepted = scene.call()
        assert scene.ways("type") <= {"relay"}, scene.ways("type")
        return max(scene.first_frames(accepted))
    finally:
        scene.set_policy(None)


def _fault_reload(scene: Apart) -> float:
    scene.call()
    instant = scene.claire.now()
    scene.jean.page.reload()
    return max(scene.first_frames(instant + 200))


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
    with in_one_place(playwright, way=way) as scene:
        named = f"accept to first frame, relay by {name}"
        return _first_frames(scene, count, named, {"relay"}, {protocol})


def _first_frames(
    scene: Scene, count: int, name: str, kinds: set[str], protocols: set[str] | None = None
) -> list[Figures]:
    """Measure the first frames of some calls; each must go by these kinds of candidate only."""
    later, pharmacist, patient = (Figures(name + who) for who in ("", ", pharmacist", ", patient"))
    for _ in range(count):
        with _noting(later):
            seen = scene.first_frames(scene.call())
            assert scene.ways("type") <= kinds, f"went by {scene.ways('type')}"
            used = scene.ways("protocol")
            assert protocols is None or used == protocols, f"relayed by {used}"
            for figures, value in ((later, max(seen)), (pharmacist, seen[0]), (patient, seen[1])):
                figures.values.append(value)
        scene.start_over()
    return [later, pharmacist, patient]


def _heard(caller: Caller, since: float) -> float:
    """Wait for the hub to answer on a connection made after an instant; return when it did."""
    answered = "(since) => calls.sockets.map(({ heard }) => heard).find((at) => at > since)"
    found = caller.page.wait_for_function(answered, arg=since, timeout=HUNG_MS)
    return float(found.json_value())


@contextmanager
def _noting(figures: Figures) -> Iterator[None]:
    """Note a call that failed, and go on with the next."""
    try:
        yield
    except (Error, AssertionError) as exc:
        figures.failures.append(str(exc).splitlines()[0])
        print(f"{figures.name}: {figures.failures[-1]}", flush=True)


WHAT: dict[str, Callable[[Playwright, int], list[Figures]]] = {
    "first-frame": first_frame,
    "relay-udp": relay_udp,
    "relay-tls": relay_tls,
    "link-cut": link_cut,
    "hub-kill": hub_kill,
    "faults": faults,
    "tampering": tampering,
}
HEADLESS = "double-accept"
"""A race that no browser is quick enough for: two devices by wire (`loadtests.calls`)."""
NEEDS_NAMESPACES = {"link-cut", "faults"}


def main() -> int:
    """Measure, print, judge."""
    parser = argparse.ArgumentParser(prog="python -m tests.e2e.calls", description=__doc__)
    parser.add_argument("--what", choices=sorted([*WHAT, HEADLESS]), required=True)
    parser.add_argument("--count", type=int, default=20)
    arguments = parser.parse_args()
    if arguments.what == HEADLESS:
        plan = headless.parse(["--what", HEADLESS, "--count", str(arguments.count)])
        return asyncio.run(headless.main(plan))
    if arguments.what in NEEDS_NAMESPACES and not can_make():
        print("this needs network namespaces: run it as root, with iproute2")
        return 1
    expect.set_options(timeout=EXPECT_MS)
    with sync_playwright() as playwright:
        measured = WHAT[arguments.what](playwright, arguments.count)
    missed = [one for figures in measured if not figures.counted for one in figures.failures]
    for figures in measured:
        print(figures.line())
        missed += GOALS.get(figures.name, Goal()).missed(figures)
    for one in missed:
        print(f"MISSED {one}")
    print("all goals met" if not missed else f"{len(missed)} missed")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
