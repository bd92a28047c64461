"""The judge of calls is judged: it finds every planted fault, and nothing in a clean run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from crypto.log import canonical
from loadtests.call_judge import (
    MAX_SIGNAL_BYTES,
    MAX_SIGNALS,
    TRAIL,
    Fault,
    Race,
    Step,
    Talked,
    judge_races,
    judge_talks,
    read_trail,
)

CALL, DESK, PHONE, TABLET = "the call", "desk", "telephone", "tablet"


def a_race(**changes: Any) -> Race:
    """Return a race that the telephone won."""
    fields: dict[str, Any] = {
        "call": CALL,
        "answers": {PHONE: None, TABLET: "call.taken"},
        "roster": PHONE,
    }
    return Race(**fields | changes)


def a_talk(**changes: Any) -> Talked:
    """Return a call at its bounds."""
    fields: dict[str, Any] = {
        "call": CALL,
        "accepted_by": PHONE,
        "connected_ms": 190.0,
        "signals": MAX_SIGNALS,
        "signal_bytes": MAX_SIGNAL_BYTES,
    }
    return Talked(**fields | changes)


def a_trail(*whats: str, accepted_by: str = PHONE) -> Mapping[str, list[Step]]:
    """Return the trail of an ordinary call, or another one."""
    return {
        CALL: [
            Step(what, accepted_by if what == "call.accepted" else DESK)
            for what in (whats or TRAIL)
        ]
    }


def faults(found: list[Any]) -> list[Fault]:
    """Return what was found, each of this call."""
    assert all(one.call == CALL for one in found)
    return [one.fault for one in found]


def test_a_race_with_one_winner_and_one_entry_is_clean() -> None:
    """The loser was told that it is taken; the log names the winner."""
    assert judge_races([a_race()], a_trail()) == []


def test_without_an_officer_the_answers_are_judged_alone() -> None:
    """No trail is read, none is missed."""
    assert judge_races([a_race()], None) == []
    assert faults(judge_races([a_race(roster=TABLET)], None)) == [Fault.ROSTER]


RACES: dict[str, tuple[dict[str, Any], Fault]] = {
    "nobody won": ({"answers": {PHONE: "call.taken", TABLET: "call.taken"}}, Fault.NO_WINNER),
    "both won": ({"answers": {PHONE: None, TABLET: None}}, Fault.TWO_WINNERS),
    "the loser was told that it failed": (
        {"answers": {PHONE: None, TABLET: "E_INTERNAL"}},
        Fault.OTHER_REFUSAL,
    ),
    "the loser was told that it is over": (
        {"answers": {PHONE: None, TABLET: "call.wrong_state"}},
        Fault.OTHER_REFUSAL,
    ),
    "the call is on the loser": ({"roster": TABLET}, Fault.ROSTER),
    "the call is on nobody": ({"roster": None}, Fault.ROSTER),
}


@pytest.mark.parametrize(("changes", "fault"), RACES.values(), ids=RACES)
def test_a_race_that_went_wrong_is_found(changes: dict[str, Any], fault: Fault) -> None:
    """From what the devices were told."""
    assert fault in faults(judge_races([a_race(**changes)], a_trail()))


ACCEPTED: dict[str, tuple[Mapping[str, list[Step]], Fault]] = {
    "no entry": (a_trail("call.opened", "call.rang", "call.ended"), Fault.MISSING_ENTRY),
    "no trail at all": ({}, Fault.MISSING_ENTRY),
    "two entries": (a_trail(*TRAIL, "call.accepted"), Fault.EXTRA_ENTRY),
    "the loser's entry": (a_trail(accepted_by=TABLET), Fault.OTHER_DEVICE),
}


@pytest.mark.parametrize(("trail", "fault"), ACCEPTED.values(), ids=ACCEPTED)
def test_a_race_that_the_log_tells_otherwise_is_found(
    trail: Mapping[str, list[Step]], fault: Fault
) -> None:
    """From what an officer reads."""
    assert faults(judge_races([a_race()], trail)) == [fault]


def test_one_bad_race_among_good_ones_is_the_one_found() -> None:
    """Each is held against its own trail."""
    good = [a_race(call=f"good-{number}") for number in range(50)]
    trail = {one.call: a_trail()[CALL] for one in good} | dict(a_trail())

    found = judge_races([*good[:25], a_race(roster=TABLET), *good[25:]], trail)

    assert faults(found) == [Fault.ROSTER]


def test_a_call_within_its_bounds_is_clean() -> None:
    """Ten signals and 15 kB are inside."""
    assert judge_talks([a_talk()], a_trail()) == []


TALKS: dict[str, tuple[dict[str, Any], Fault]] = {
    "never connected": ({"connected_ms": None}, Fault.NOT_CONNECTED),
    "a signal too many": ({"signals": MAX_SIGNALS + 1}, Fault.TOO_MANY_SIGNALS),
    "a byte too many": ({"signal_bytes": MAX_SIGNAL_BYTES + 1}, Fault.TOO_MANY_BYTES),
}


@pytest.mark.parametrize(("changes", "fault"), TALKS.values(), ids=TALKS)
@pytest.mark.parametrize("trail", [a_trail(), None], ids=["read", "not read"])
def test_a_call_out_of_its_bounds_is_found(
    changes: dict[str, Any], fault: Fault, trail: Mapping[str, list[Step]] | None
) -> None:
    """With or without a trail."""
    assert faults(judge_talks([a_talk(**changes)], trail)) == [fault]


TRAILS: dict[str, tuple[Mapping[str, list[Step]], Fault]] = {
    "none": ({}, Fault.MISSING_ENTRY),
    "one side never connected": (a_trail(*TRAIL[:3], *TRAIL[4:]), Fault.MISSING_ENTRY),
    "it never ended": (a_trail(*TRAIL[:-1]), Fault.MISSING_ENTRY),
    "it ended twice": (a_trail(*TRAIL, "call.ended"), Fault.EXTRA_ENTRY),
    "it was made anew": (a_trail(*TRAIL[:-1], "call.pair_lost", "call.ended"), Fault.EXTRA_ENTRY),
    "somebody was lost": (a_trail(*TRAIL, "call.socket_lost"), Fault.EXTRA_ENTRY),
    "the end before the beginning": (a_trail(*reversed(TRAIL)), Fault.ORDER),
    "accepted before it rang": (
        a_trail(TRAIL[0], TRAIL[2], TRAIL[1], *TRAIL[3:]),
        Fault.ORDER,
    ),
    "accepted by another": (a_trail(accepted_by=TABLET), Fault.OTHER_DEVICE),
}


@pytest.mark.parametrize(("trail", "fault"), TRAILS.values(), ids=TRAILS)
def test_a_trail_that_is_not_that_of_an_ordinary_call_is_found(
    trail: Mapping[str, list[Step]], fault: Fault
) -> None:
    """Each step once, in its order, by its device."""
    assert faults(judge_talks([a_talk()], trail)) == [fault]


def test_every_fault_has_a_plant() -> None:
    """A fault that nobody planted is one the judge may not see."""
    planted = {fault for _, fault in [*RACES.values(), *ACCEPTED.values()]}
    planted |= {fault for _, fault in [*TALKS.values(), *TRAILS.values()]}

    assert planted == set(Fault)


def an_entry(kind: str, call: str | None, device: str | None = PHONE) -> bytes:
    """Return an entry as it stands in the log."""
    return canonical.encode(
        {
            "actor": {"device": device, "person": "somebody", "role": "patient"},
            "outcome": None if call is None else {"call": call},
            "type": kind,
        }
    )


def test_the_trail_is_read_from_the_entries_in_their_order() -> None:
    """By call; what is of no call, withheld or unreadable is left out."""
    entries = [
        an_entry("call.opened", "one"),
        an_entry("call.opened", "two", device=TABLET),
        an_entry("message.sent", None),
        an_entry("act.refused", "one"),
        None,
        b"no entry",
        b"[]",
        an_entry("call.ended", "one", device=None),
    ]

    assert read_trail(entries) == {
        "one": [Step("call.opened", PHONE), Step("call.ended", None)],
        "two": [Step("call.opened", TABLET)],
    }
