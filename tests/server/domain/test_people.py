"""A session stands until an instant, and not at it."""

from __future__ import annotations

import pytest

from crypto.policy.vocabulary import Role
from server.domain.people import Person, Principal, Session

JEAN = Person("jean", "990000001", Role.PATIENT)


@pytest.mark.parametrize(
    ("now", "live"),
    [
        pytest.param(99, True, id="before"),
        pytest.param(100, False, id="at-its-very-instant"),
        pytest.param(101, False, id="after"),
    ],
)
def test_a_session_ends_at_its_instant(now: int, live: bool) -> None:
    """Refused at the very instant it ends."""
    assert Session(b"k" * 32, JEAN, 100).is_live(now) is live


def test_a_principal_is_its_sessions_person() -> None:
    """With a device once one said hello."""
    session = Session(b"k" * 32, JEAN, 100)

    assert Principal(session).person == JEAN
    assert (Principal(session).device, Principal(session, "d").device) == (None, "d")
