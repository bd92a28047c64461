"""One conversation's events, from the device's admission on, each exactly once."""

from __future__ import annotations

import pytest

from clients.python import opaque
from clients.python.errors import BrokenStream
from clients.python.stream import Stream
from signaling.frames import Event

CONVERSATION = "7f9c1f3a-2b1d-4c55-9a7e-0123456789ab"


def an_event(seq: int, *, what: str = "message", body: bytes = b"") -> Event:
    return Event(
        conversation=CONVERSATION, seq=seq, ts=0, what=what, person="p", device="d", body=body
    )


def test_events_in_order_move_the_cursor() -> None:
    """The cursor is the last event applied: what a resume asks from."""
    stream = Stream(CONVERSATION)

    for seq in (1, 2, 3):
        stream.apply(an_event(seq))

    assert stream.cursor == 3


@pytest.mark.parametrize("seq", [1, 2, 4, 9], ids=["older", "repeated", "one skipped", "far"])
def test_an_event_that_is_not_the_next_changes_nothing(seq: int) -> None:
    """A gap or a repetition raises, and the cursor stays where it was."""
    stream = Stream(CONVERSATION, cursor=2)

    with pytest.raises(BrokenStream):
        stream.apply(an_event(seq))

    assert stream.cursor == 2


def test_a_commit_moves_the_epoch() -> None:
    """The next message is made for the epoch after the commit's own."""
    stream = Stream(CONVERSATION, epoch=3)

    stream.apply(an_event(1, what="commit", body=opaque.commit(CONVERSATION, 3)))

    assert stream.epoch == 4


def test_an_epoch_never_goes_back() -> None:
    """A summary that was on its way while commits arrived is older than they are."""
    stream = Stream(CONVERSATION, epoch=3)

    stream.advance_epoch(1)

    assert stream.epoch == 3


def test_an_admission_begins_after_its_commit() -> None:
    """What came before the device was added is not for it."""
    stream = Stream(CONVERSATION)

    stream.admit(7)
    stream.apply(an_event(8))

    assert stream.cursor == 8
