"""A carer is cut off while typing: how long from the patient's click to the first refusal.

    python -m loadtests.revocation                 200 delegations, ended one after another
    python -m loadtests.revocation --count 20

Starts a hub of its own and speaks to it over sockets on loopback. Each round is a delegation of its
own: named, confirmed, accepted, let in; the carer then types without pause until a frame is
refused. The clock runs from the instant the patient's device sends `delegation.end`. Afterwards the
carer comes back with the old session, and must find it closed. Prints p50, p95, p99 and the
longest; exit 0 when p99 is within the goal and nothing was let through, 1 otherwise.
"""

from __future__ import annotations

import argparse
import asyncio
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from loadtests.hub_process import HubProcess
from loadtests.revocation_lane import Cut, Lane, open_lane

GOAL_MS = 200.0
COUNT = 200
SECONDS_PER_CUT = 10.0
SECONDS_BESIDES = 120.0


@dataclass(frozen=True, slots=True)
class Result:
    """What happened, round by round."""

    cuts: list[Cut] = field(default_factory=list)

    @property
    def took(self) -> list[float]:
        """How long each carer could still type, in milliseconds, the shortest first."""
        return sorted(cut.refused_ms for cut in self.cuts)

    @property
    def let_through(self) -> list[Cut]:
        """Rounds in which something was taken after the hub had said that it is over."""
        return [cut for cut in self.cuts if cut.taken_after or cut.session_opens]

    @property
    def holds(self) -> bool:
        """Tell whether the goal is met."""
        return bool(self.cuts) and not self.let_through and at(self.took, 0.99) <= GOAL_MS


def at(ordered: Sequence[float], share: float) -> float:
    """Return the value that this share of them does not exceed."""
    return ordered[max(0, -(-int(share * 1000) * len(ordered) // 1000) - 1)]


def report(result: Result) -> Iterator[str]:
    """Tell the run in a few lines and one last line."""
    took = result.took
    typed = sum(cut.typed for cut in result.cuts)
    codes = sorted({cut.code for cut in result.cuts})
    yield f"typed meanwhile          {typed} messages; refused as {', '.join(codes)}"
    for cut in result.let_through:
        yield f"LET THROUGH: round {cut.number}: {cut.fault}"
    yield (
        f"click -> refusal         p50 {at(took, 0.5):.1f}  p95 {at(took, 0.95):.1f}  "
        f"p99 {at(took, 0.99):.1f}  max {took[-1]:.1f} ms, n={len(took)}"
    )
    yield last_line(result)


def last_line(result: Result) -> str:
    """Say the verdict in one line."""
    closed = len(result.cuts) - sum(cut.session_opens for cut in result.cuts)
    verdict = "held" if result.holds else "MISSED"
    return (
        f"revocation: {len(result.cuts)} cut off, old session refused {closed}/{len(result.cuts)}, "
        f"p99 {at(result.took, 0.99):.1f} ms, goal {GOAL_MS:.0f} ms {verdict}"
    )


async def run(count: int, port: int) -> Result:
    """Cut a carer off so many times, at a running hub."""
    result = Result()
    async with open_lane(port) as lane:
        for number in range(count):
            result.cuts.append(await one(lane, number))
    return result


async def one(lane: Lane, number: int) -> Cut:
    """Name a carer, let her type, and withdraw it."""
    async with asyncio.timeout(SECONDS_PER_CUT):
        return await lane.cut(number)


async def main(count: int) -> int:
    """Run within the time bound; return the exit code."""
    directory = Path(tempfile.mkdtemp(prefix="colloque-revocation-"))
    hub = HubProcess(directory)
    try:
        async with asyncio.timeout(SECONDS_BESIDES + count * SECONDS_PER_CUT):
            await hub.start()
            result = await run(count, hub.port)
    except BaseException:
        print(f"the hub's log ends:\n{hub.log_tail()}", file=sys.stderr)
        raise
    finally:
        await hub.stop()
        shutil.rmtree(directory, ignore_errors=True)
    print(*report(result), sep="\n")
    return 0 if result.holds else 1


def parse(arguments: Sequence[str] | None = None) -> int:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        prog="loadtests.revocation", description=__doc__.split("\n")[0]
    )
    parser.add_argument("--count", type=_positive, default=COUNT, help="how many delegations")
    count: int = parser.parse_args(arguments).count
    return count


def _positive(text: str) -> int:
    if int(text) < 1:
        raise argparse.ArgumentTypeError("at least one")
    return int(text)


if __name__ == "__main__":
    sys.exit(asyncio.run(main(parse())))
