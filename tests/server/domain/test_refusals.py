"""A flood of refusals is one counted entry, in the name of whoever made it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from crypto.policy.vocabulary import Role
from server.domain.people import Person, Principal, Session
from server.domain.refusals import ENTRIES_PER_MINUTE, MINUTE, RefusalMeter


def a_principal(person: str = "jean", device: str | None = "d") -> Principal:
    """Return someone on a device."""
    return Principal(Session(b"k" * 32, Person(person, "990000001", Role.PATIENT), 1), device)


def refuse(meter: RefusalMeter, times: int, who: Principal, now: int = 0) -> list[bool]:
    """Record refusals; return which got an entry of their own."""
    return [meter.record(who, now) for _ in range(times)]


def test_the_first_ten_are_entries_and_the_eleventh_is_counted() -> None:
    """At the border exactly."""
    meter = RefusalMeter()

    assert refuse(meter, ENTRIES_PER_MINUTE, a_principal()) == [True] * ENTRIES_PER_MINUTE
    assert refuse(meter, 1, a_principal()) == [False]


def test_the_count_comes_when_the_minute_is_over() -> None:
    """Not an instant before; then once, and the next minute starts anew."""
    meter, jean = RefusalMeter(), a_principal()
    refuse(meter, ENTRIES_PER_MINUTE + 3, jean)

    before = meter.take_over(MINUTE - 1)
    after = meter.take_over(MINUTE)

    assert (before, after) == ([], [(jean, 3)])
    assert meter.take_over(2 * MINUTE) == []
    assert refuse(meter, 1, jean, 2 * MINUTE) == [True]


def test_ten_and_no_more_leave_no_count() -> None:
    """Every one of them is an entry already."""
    meter = RefusalMeter()
    refuse(meter, ENTRIES_PER_MINUTE, a_principal())

    assert meter.take_over(MINUTE) == []


def test_at_the_end_every_open_minute_is_counted() -> None:
    """The hub stops: what was not written yet is written now."""
    meter, jean = RefusalMeter(), a_principal()
    refuse(meter, ENTRIES_PER_MINUTE + 1, jean)

    assert meter.take_over(0, everything=True) == [(jean, 1)]


def test_each_device_has_its_own_ten() -> None:
    """One that floods does not hide another's."""
    meter = RefusalMeter()
    refuse(meter, ENTRIES_PER_MINUTE + 5, a_principal(device="d1"))

    assert refuse(meter, 1, a_principal(device="d2")) == [True]


def test_a_borrowed_device_id_counts_for_the_borrower() -> None:
    """Whoever says hello with another's device is counted, and named, as themselves."""
    meter, jean, thief = RefusalMeter(), a_principal("jean"), a_principal("paul")
    refuse(meter, ENTRIES_PER_MINUTE + 4, thief)

    own = refuse(meter, 1, jean)

    assert own == [True]
    assert meter.take_over(MINUTE) == [(thief, 4)]


def test_a_copy_stands_where_the_meter_stood() -> None:
    """What is recorded afterwards is not in it: an undone batch counts nothing."""
    meter = RefusalMeter()
    refuse(meter, ENTRIES_PER_MINUTE, a_principal())
    kept = meter.copy()
    refuse(meter, 5, a_principal())

    assert kept.take_over(MINUTE) == []
    assert len(meter.take_over(MINUTE)) == 1


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, MINUTE // 2)), max_size=80))
def test_no_refusal_is_lost(refusals: list[tuple[str, int]]) -> None:
    """Entries and counts together are all there were, whoever and whenever."""
    meter, now, entries, counted = RefusalMeter(), 0, 0, 0
    for device, pause in refusals:
        now += pause
        counted += sum(count for _, count in meter.take_over(now))
        entries += meter.record(a_principal(device=device), now)

    counted += sum(count for _, count in meter.take_over(now, everything=True))

    assert entries + counted == len(refusals)
