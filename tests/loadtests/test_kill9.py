"""What a run of kill -9 says at its end."""

from __future__ import annotations

import pytest

from clients.python.device import Device
from clients.python.session import Session, Site
from loadtests.checker import Fault, Finding, Tally, Verdict
from loadtests.crowd import Notebook
from loadtests.kill9 import ENTRIES_OF, Outcome, Plan, _tallies, last_line, parse, report

PLAN = Plan(count=50, in_flight=200, seed=7)


def a_verdict(*faults: Fault) -> Verdict:
    findings = tuple(Finding(fault, f"at {fault}") for fault in faults)
    return Verdict(acknowledged=1234, receipts=1300, entries=1310, findings=findings)


def test_a_clean_run_says_so_in_one_line() -> None:
    """The line that `make test` shows."""
    assert last_line(PLAN, a_verdict()) == (
        "kill9: 50 kills, 1234 acknowledged, 0 lost, 0 duplicated, 0 out of order, "
        "0 unreadable, log verifies, audited frames = entries"
    )


@pytest.mark.parametrize("fault", Fault)
def test_every_fault_changes_the_last_line(fault: Fault) -> None:
    """No finding hides behind a good last line."""
    assert last_line(PLAN, a_verdict(fault)) != last_line(PLAN, a_verdict())


def test_the_report_names_what_was_found_and_the_seed() -> None:
    """Enough to run it again and to know where to look."""
    lines = list(report(PLAN, Outcome(a_verdict(Fault.LOST, Fault.LOST), [180, 200], 12.0)))

    assert lines[0] == "seed 7, 12.0 s"
    assert "FOUND 2 x lost, first: at lost" in lines


def test_the_same_seed_is_the_same_run() -> None:
    """`--seed` repeats the instants; without it each run has its own."""
    assert parse(["--count", "3", "--seed", "7"]) == Plan(count=3, in_flight=200, seed=7)
    assert parse([]).count == 50


def test_only_a_hello_may_be_unanswered_at_the_end() -> None:
    """Three hellos went out, two were answered: the third may stand in the log or not."""
    notebook = Notebook("desk-0", Device.new(), Session(Site("claire", 1), ""))
    notebook.hellos = 3
    notebook.answered.update({"hello": 2, "message.send": 5})

    tallies = _tallies([notebook], sign_ins=4)

    assert tallies[ENTRIES_OF["hello"]] == Tally(2, unanswered=1)
    assert tallies["message.sent",] == Tally(5)
    assert tallies["session.opened",] == Tally(4)
