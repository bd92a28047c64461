"""Signals on their way: counted for each direction of each connection, and kept for a moment."""

from __future__ import annotations

import pytest

from server.hub import signals
from server.hub.backpressure import LANE_BYTES, LANE_ITEMS
from server.hub.outcome import SignalTo
from server.hub.signals import MAILBOX_BYTES, MAX_SIGNALS, Letter, Mailbox, SignalMeter
from signaling.frames import SignalPush


def a_signal(sender: str = "a", to: str = "b", generation: int = 1, call: str = "c") -> SignalTo:
    """Return a signal between two devices."""
    push = SignalPush(conversation="here", person="p", device=sender, body=b"x")
    return SignalTo(call=call, generation=generation, to=to, push=push, until=10)


def full() -> SignalMeter:
    """Return a meter in which one direction has sent all it may."""
    meter = SignalMeter()
    for _ in range(MAX_SIGNALS):
        assert not meter.over(a_signal())
    return meter


def test_the_fiftieth_passes_and_the_next_does_not() -> None:
    """The bound itself is inside."""
    assert full().over(a_signal())


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(a_signal(sender="b", to="a"), id="the-other-way"),
        pytest.param(a_signal(to="d"), id="another-connection"),
        pytest.param(a_signal(generation=2), id="the-next-generation"),
        pytest.param(a_signal(call="d"), id="another-call"),
    ],
)
def test_each_has_its_own_count(other: SignalTo) -> None:
    """What one direction used up, no other misses."""
    assert not full().over(other)


def test_a_call_that_is_over_is_forgotten() -> None:
    """Its count goes with it."""
    meter = full()

    meter.forget("c")

    assert not meter.over(a_signal())


def test_the_meter_remembers_a_bounded_number_of_calls(monkeypatch: pytest.MonkeyPatch) -> None:
    """The one unheard for longest goes."""
    monkeypatch.setattr(signals, "MAX_CALLS", 2)
    meter = full()
    meter.over(a_signal(call="d"))

    meter.over(a_signal(call="e"))

    assert not meter.over(a_signal())


def a_letter(data: bytes, device: str = "b", until: int = 10) -> Letter:
    """Return a signal that waits for a device."""
    return Letter(device, data, until)


def kept(*letters: Letter) -> Mailbox:
    """Return a mailbox with letters in it."""
    mailbox = Mailbox()
    for letter in letters:
        mailbox.keep(letter)
    return mailbox


def test_a_device_collects_its_own_in_order_and_once() -> None:
    """Those of others stay."""
    one, other, two = a_letter(b"1"), a_letter(b"other", "d"), a_letter(b"2")
    mailbox = kept(one, other, two)

    assert mailbox.collect("b", 0) == [one, two]
    assert mailbox.collect("b", 0) == []
    assert mailbox.collect("d", 0) == [other]


@pytest.mark.parametrize(("now", "there"), [(9, True), (10, False)])
def test_a_letter_lives_until_its_instant(now: int, there: bool) -> None:
    """Refused at the very instant it ends, like a session."""
    assert bool(kept(a_letter(b"1")).collect("b", now)) is there


def test_whoever_collects_clears_what_is_too_old_for_all() -> None:
    """Nothing lingers because its device never comes back."""
    mailbox = kept(a_letter(b"old", "d", until=5))

    mailbox.collect("b", 6)

    assert mailbox.collect("d", 0) == []


def test_the_mailbox_is_bounded() -> None:
    """The oldest go first, whoever they were for."""
    many = MAILBOX_BYTES // LANE_BYTES + 1
    letters = [a_letter(bytes(LANE_BYTES), device=str(number)) for number in range(many)]

    mailbox = kept(*letters)

    assert mailbox.collect("0", 0) == []
    assert [mailbox.collect(str(n), 0) for n in range(1, many)] == [[one] for one in letters[1:]]


@pytest.mark.parametrize(
    ("size", "count"), [(1, LANE_ITEMS), (LANE_BYTES // 4, 4)], ids=["by number", "by length"]
)
def test_a_flood_for_one_device_costs_no_other_its_letters(size: int, count: int) -> None:
    """Of its own the oldest go: no more waits than its connection would take."""
    flood = [a_letter(bytes(size)) for _ in range(10_000 // count)]

    mailbox = kept(a_letter(b"first", "d"), *flood)

    assert len(mailbox.collect("b", 0)) == count
    assert mailbox.collect("d", 0) == [a_letter(b"first", "d")]
