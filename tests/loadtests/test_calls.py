"""What a run of calls says at its end; and that one really connects, here, by aiortc."""

from __future__ import annotations

from pathlib import Path

import pytest

from loadtests.call_judge import Fault, Finding, Race, Talked
from loadtests.call_media import only_loopback
from loadtests.calls import Plan, Result, last_line, parse, report, run
from loadtests.hub_process import HubProcess
from tests.server.talk import every_byte

pytestmark = pytest.mark.slow

RACES = Plan(what="double-accept", count=2, lanes=1, seed=7)
MEDIA = Plan(what="media", count=2, lanes=1, seed=7)


def a_race(call: str, *answers: str | None) -> Race:
    """Return a race with these answers."""
    devices = {f"device-{number}": answer for number, answer in enumerate(answers)}
    return Race(call=call, answers=devices, roster="device-0")


def a_result(**changes: object) -> Result:
    """Return a run of two seconds."""
    return Result(seconds=2.0, **changes)  # type: ignore[arg-type]


def test_a_clean_run_of_races_says_so_in_one_line() -> None:
    """How many had one winner, of how many."""
    result = a_result(races=[a_race("one", None, "call.taken"), a_race("two", "call.taken", None)])

    assert last_line(RACES, result) == "double-accept: 2/2 with one winner, nothing found"


def test_two_winners_are_not_counted_as_one() -> None:
    """Nor is none."""
    races = [a_race("one", None, None), a_race("two", "call.taken", "call.taken")]
    result = a_result(races=races, findings=[Finding(Fault.TWO_WINNERS, "one")])

    assert last_line(RACES, result) == "double-accept: 0/2 with one winner, 1 FOUND"


@pytest.mark.parametrize("fault", Fault)
@pytest.mark.parametrize("plan", [RACES, MEDIA], ids=lambda plan: plan.what)
def test_every_finding_is_in_the_report_and_changes_the_last_line(plan: Plan, fault: Fault) -> None:
    """No fault hides behind good figures."""
    result = a_result(findings=[Finding(fault, "the call")])

    lines = list(report(plan, result))

    assert f"FOUND 1 x {fault}, first: the call" in lines
    assert lines[-1] != last_line(plan, a_result())


def test_the_figures_are_of_the_calls_that_connected() -> None:
    """One that never did is a finding, not a time."""
    talks = [
        Talked(call=str(n), accepted_by="d", connected_ms=took, signals=n, signal_bytes=100 * n)
        for n, took in enumerate([200.0, 100.0, None, 300.0], start=1)
    ]

    lines = list(report(MEDIA, a_result(talks=talks)))

    assert "accept -> connected      p50 200  p95 300  max 300 ms, n=3" in lines
    assert "signalling of a pair     at most 4 messages, 400 bytes" in lines


@pytest.mark.parametrize(("lanes", "shares"), [(1, [7]), (2, [4, 3])])
def test_the_calls_are_shared_out_whole(lanes: int, shares: list[int]) -> None:
    """None is forgotten, none is done twice."""
    plan = Plan(what="control", count=7, lanes=lanes, seed=1)

    assert [plan.share(lane) for lane in range(lanes)] == shares


def test_each_kind_of_run_has_its_own_count() -> None:
    """A thousand races, unless somebody says otherwise."""
    assert parse(["--what", "double-accept"]).count == 1000
    assert parse(["--what", "control", "--count", "5", "--lanes", "2", "--seed", "7"]) == Plan(
        what="control", count=5, lanes=2, seed=7
    )
    with pytest.raises(SystemExit):
        parse(["--count", "0"])


@pytest.mark.parametrize("plan", [MEDIA, RACES], ids=lambda plan: plan.what)
async def test_a_run_over_a_real_hub_finds_nothing(tmp_path: Path, plan: Plan) -> None:
    """Two calls with a voice both ways; two races. Nothing of an SDP is left on the disk."""
    hub = HubProcess(tmp_path)
    with only_loopback():
        await hub.start()
        try:
            result = await run(plan, hub.port)
        finally:
            await hub.stop()

    assert result.findings == []
    assert result.audited == len(result.talks) + len(result.races) == 2
    assert all(talk.signals == 2 for talk in result.talks)
    stored = every_byte(tmp_path)
    assert b"a=fingerprint" not in stored
    assert b"candidate:" not in stored
