"""What a device knows of its calls: the last that was told, and never an older one again."""

from __future__ import annotations

import pytest

from clients.python.callbook import MAX_ENDED, CallBook
from tests.clients.call_views import CALL, CONVERSATION, a_call, a_leg, a_pair

DEVICE = "00000000-0000-4000-8000-0000000000d1"


def a_book(*calls: object) -> CallBook:
    book = CallBook()
    for call in calls:
        book.learn(call)  # type: ignore[arg-type]
    return book


def test_a_call_is_as_it_was_last_told() -> None:
    """The later version replaces the earlier one, whole."""
    book = a_book(a_call(version=1), a_call(version=2, state="accepted"))

    assert book[CALL].state == "accepted"


@pytest.mark.parametrize("version", [1, 2], ids=["older", "the same"])
def test_what_is_known_is_no_news(version: int) -> None:
    """Pushes and answers cross: whichever comes late says nothing new."""
    book = a_book(a_call(version=2, state="active"))

    assert not book.learn(a_call(version=version, state="ringing"))
    assert book[CALL].state == "active"


def test_a_conversation_has_one_live_call() -> None:
    """The one that goes on; an ended one is remembered beside it."""
    book = a_book(a_call("ended", state="ended"), a_call("live"))

    live = book.live_in(CONVERSATION)

    assert live is not None
    assert live.id == "live"
    assert book.live_in("elsewhere") is None
    assert "ended" in book


def test_a_hello_ends_what_it_does_not_name() -> None:
    """How it ended was told while this device was away; that it ended is certain."""
    pairs = [a_pair(DEVICE, "peer")]
    book = a_book(a_call("gone", legs=[a_leg(DEVICE)], pairs=pairs), a_call("going on"))

    book.end_all_but([a_call("going on")])

    assert (book["gone"].state, book["gone"].pairs) == ("ended", [])
    assert [call.id for call in book.live()] == ["going on"]


def test_only_so_many_ended_calls_are_remembered() -> None:
    """The longest ended go first; a live one never does."""
    book = a_book(a_call("live"))

    for number in range(MAX_ENDED + 10):
        book.learn(a_call(f"call-{number}", state="ended"))

    assert "live" in book
    assert "call-9" not in book
    assert "call-10" in book


@pytest.mark.parametrize(
    ("state", "seconds"),
    [("joined", 5.0), ("waiting", 10.0), ("ringing", 25.0), ("left", 25.0)],
)
def test_a_device_is_heard_more_often_where_somebody_waits_for_it(
    state: str, seconds: float
) -> None:
    """Every 5 s in a call, every 10 s in its lobby, else every 25 s."""
    assert a_book(a_call(legs=[a_leg(DEVICE, state)])).heartbeat(DEVICE) == seconds


def test_another_device_in_a_call_is_no_reason_to_hurry() -> None:
    """Nor is a call that has ended."""
    book = a_book(
        a_call("one", legs=[a_leg("another")]), a_call("two", state="ended", legs=[a_leg(DEVICE)])
    )

    assert book.heartbeat(DEVICE) == 25.0
