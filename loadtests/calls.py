"""Calls over a real hub, by headless devices: how fast they connect, how many it carries.

    python -m loadtests.calls                                     media by aiortc, on loopback
    python -m loadtests.calls --what control --count 500          no media: what the hub carries
    python -m loadtests.calls --what double-accept --count 1000   two devices, one winner

Starts a hub of its own. Prints figures; exit 0 when the judge (`loadtests.call_judge`) has nothing
against what the devices were told and what an officer reads in the log, 1 otherwise.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from clients.python.audit import read_logs
from clients.python.client import connected
from clients.python.device import Device
from clients.python.session import Site, sign_in
from loadtests.call_judge import (
    Fault,
    Finding,
    Race,
    Step,
    Talked,
    judge_races,
    judge_talks,
    read_trail,
)
from loadtests.call_lane import Lane, open_lane
from loadtests.call_media import only_loopback
from loadtests.crowd import PATIENCE
from loadtests.hub_process import HubProcess

What = Literal["media", "control", "double-accept"]
COUNTS: dict[What, int] = {"media": 20, "control": 200, "double-accept": 1000}
SECONDS_PER_CALL = 20.0
SECONDS_BESIDES = 120.0
LANES = (("claire", "jean"), ("paul", "rose"))
"""The demonstration's two pharmacies: a person is in one call at a time, so two calls at once."""
AUDITED = "claire"
"""Whose pharmacy has an officer: of the other one no trail is read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is measured, and how often."""

    what: What
    count: int
    lanes: int
    seed: int

    def share(self, lane: int) -> int:
        """Return how many of the calls are a lane's."""
        return self.count // self.lanes + (lane < self.count % self.lanes)


@dataclass(slots=True)
class Result:
    """What the devices saw of all calls, and what is held against it."""

    seconds: float = 0.0
    talks: list[Talked] = field(default_factory=list)
    races: list[Race] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    audited: int = 0
    """Of how many calls an officer read the trail."""


async def run(plan: Plan, port: int) -> Result:
    """Carry out the plan against a running hub, and judge it."""
    result = Result()
    async with AsyncExitStack() as stack:
        homes = 2 if plan.what == "double-accept" else 1
        lanes = [await open_lane(stack, port, *who, homes=homes) for who in LANES[: plan.lanes]]
        began = time.monotonic()
        async with asyncio.TaskGroup() as running:
            seen = [
                running.create_task(_fill(plan, lane, plan.share(number)))
                for number, lane in enumerate(lanes)
            ]
        result.seconds = time.monotonic() - began
    trail = await _read_trail(port)
    for lane, task in zip(lanes, seen, strict=True):
        _judge(result, task.result(), trail if lane.name == AUDITED else None)
    return result


async def _fill(plan: Plan, lane: Lane, share: int) -> list[Talked | Race]:
    chance = random.Random(f"{plan.seed} {lane.name}")
    match plan.what:
        case "double-accept":
            return [await lane.race(chance) for _ in range(share)]
        case "control":
            return [await lane.control() for _ in range(share)]
        case "media":
            return [await lane.talk() for _ in range(share)]


def _judge(
    result: Result, seen: Sequence[Talked | Race], trail: dict[str, list[Step]] | None
) -> None:
    talks = [one for one in seen if isinstance(one, Talked)]
    races = [one for one in seen if isinstance(one, Race)]
    result.talks += talks
    result.races += races
    result.findings += judge_talks(talks, trail) + judge_races(races, trail)
    result.audited += 0 if trail is None else len(seen)


async def _read_trail(port: int) -> dict[str, list[Step]]:
    """Read the log as the first pharmacy's officer."""
    session = await sign_in(Site("marc", port))
    async with connected(session, Device.new(), patience=PATIENCE) as client:
        logs = await read_logs(client)
    return read_trail(row.entry for log in logs for row in log.rows)


def report(plan: Plan, result: Result) -> Iterator[str]:
    """Tell the run in a few lines and one last line."""
    yield f"seed {plan.seed}, {result.seconds:.1f} s, {plan.lanes} at once"
    took = sorted(talk.connected_ms for talk in result.talks if talk.connected_ms is not None)
    if took:
        yield f"accept -> connected      {_percentiles(took)} ms, n={len(took)}"
    if plan.what == "media" and result.talks:
        signals = max(talk.signals for talk in result.talks)
        longest = max(talk.signal_bytes for talk in result.talks)
        yield f"signalling of a pair     at most {signals} messages, {longest} bytes"
    yield f"trails read              {result.audited}"
    for fault in Fault:
        calls = [found.call for found in result.findings if found.fault is fault]
        if calls:
            yield f"FOUND {len(calls)} x {fault}, first: {calls[0]}"
    yield last_line(plan, result)


def last_line(plan: Plan, result: Result) -> str:
    """Say the verdict in one line."""
    verdict = "nothing found" if not result.findings else f"{len(result.findings)} FOUND"
    if plan.what == "double-accept":
        one = sum(list(race.answers.values()).count(None) == 1 for race in result.races)
        return f"double-accept: {one}/{len(result.races)} with one winner, {verdict}"
    pace = len(result.talks) / result.seconds if result.seconds else 0.0
    return f"calls ({plan.what}): {len(result.talks)} calls, {pace:.1f} a second, {verdict}"


def _percentiles(ordered: Sequence[float]) -> str:
    def at(share: float) -> float:
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))]

    return f"p50 {at(0.5):.0f}  p95 {at(0.95):.0f}  max {ordered[-1]:.0f}"


async def main(plan: Plan) -> int:
    """Run within the time bound; return the exit code."""
    directory = Path(tempfile.mkdtemp(prefix="colloque-calls-"))
    hub = HubProcess(directory)
    try:
        with only_loopback():
            async with asyncio.timeout(SECONDS_BESIDES + plan.count * SECONDS_PER_CALL):
                await hub.start()
                result = await run(plan, hub.port)
    except BaseException:
        print(f"seed {plan.seed}; the hub's log ends:\n{hub.log_tail()}", file=sys.stderr)
        raise
    finally:
        await hub.stop()
        shutil.rmtree(directory, ignore_errors=True)
    print(*report(plan, result), sep="\n")
    return 1 if result.findings else 0


def parse(arguments: Sequence[str] | None = None) -> Plan:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="loadtests.calls", description=__doc__.split("\n")[0])
    parser.add_argument("--what", choices=tuple(COUNTS), default="media")
    parser.add_argument("--count", type=_positive, default=None, help="how many calls")
    parser.add_argument("--lanes", type=int, choices=(1, 2), default=1, help="calls at once")
    parser.add_argument("--seed", type=int, default=None, help="default random")
    given = parser.parse_args(arguments)
    seed = random.SystemRandom().randrange(2**32) if given.seed is None else given.seed
    count = COUNTS[given.what] if given.count is None else given.count
    return Plan(what=given.what, count=count, lanes=given.lanes, seed=seed)


def _positive(text: str) -> int:
    if int(text) < 1:
        raise argparse.ArgumentTypeError("at least one")
    return int(text)


if __name__ == "__main__":
    sys.exit(asyncio.run(main(parse())))
