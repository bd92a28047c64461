"""What a run of revocations says at its end; and that a carer really is cut off, over sockets."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from loadtests.hub_process import HubProcess
from loadtests.revocation import Result, at, last_line, parse, report, run
from loadtests.revocation_lane import Cut

pytestmark = pytest.mark.slow


def a_cut(refused_ms: float = 10.0, **changes: Any) -> Cut:
    """Return a round in which all went as it should."""
    fields: dict[str, Any] = {
        "number": 0,
        "refused_ms": refused_ms,
        "code": "E_DELEGATION_REVOKED",
        "typed": 3,
        "taken_after": 0,
        "session_opens": False,
    }
    return Cut(**fields | changes)


def test_a_clean_run_holds_and_says_so_in_one_line() -> None:
    """How many, how fast, and that no old session opened anything."""
    result = Result([a_cut(5.0), a_cut(7.0)])

    assert result.holds
    assert last_line(result) == (
        "revocation: 2 cut off, old session refused 2/2, p99 7.0 ms, goal 200 ms held"
    )


@pytest.mark.parametrize(
    "fault",
    [a_cut(201.0), a_cut(taken_after=1), a_cut(session_opens=True)],
    ids=["late", "a message taken afterwards", "the old session opens"],
)
def test_each_fault_makes_the_run_miss_its_goal(fault: Cut) -> None:
    """One round in a few is enough."""
    result = Result([a_cut(), fault])

    assert not result.holds
    assert last_line(result).endswith("MISSED")


def test_what_was_let_through_is_named() -> None:
    """With its round."""
    result = Result([a_cut(), a_cut(number=7, session_opens=True)])

    assert "LET THROUGH: round 7: the old session opened a socket" in list(report(result))


def test_a_run_of_nothing_holds_nothing() -> None:
    """No figure is not a good figure."""
    assert not Result([]).holds


@pytest.mark.parametrize(("share", "value"), [(0.5, 2.0), (0.95, 4.0), (0.99, 4.0), (0.25, 1.0)])
def test_a_percentile_is_a_value_that_was_measured(share: float, value: float) -> None:
    """The smallest that so many do not exceed."""
    assert at([1.0, 2.0, 3.0, 4.0], share) == value


def test_of_two_hundred_the_99th_percentile_leaves_two() -> None:
    """The two slowest are above it, and shown as the longest."""
    assert at([float(n) for n in range(1, 201)], 0.99) == 198.0


def test_the_count_is_two_hundred_unless_somebody_says_otherwise() -> None:
    """As the goal was set."""
    assert (parse([]), parse(["--count", "3"])) == (200, 3)
    with pytest.raises(SystemExit):
        parse(["--count", "0"])


async def test_a_carer_who_types_on_is_cut_off(tmp_path: Path) -> None:
    """A real hub, three devices, real sockets: three delegations, each ended while she types."""
    hub = HubProcess(tmp_path)
    await hub.start()
    try:
        result = await run(3, hub.port)
    finally:
        await hub.stop()

    assert result.let_through == []
    assert [cut.typed > 0 for cut in result.cuts] == [True] * 3
    assert {cut.code for cut in result.cuts} == {"E_DELEGATION_REVOKED"}
