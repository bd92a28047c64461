"""What follows from a delegation's state: who may act when, what a carer is told, what overlaps."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from crypto.policy.vocabulary import ENDED, DelegationState, Scope
from server.domain.acting import live_one, may_use, why_not
from server.domain.delegation import StoredDelegation
from server.domain.refusals import Refused
from signaling.codes import Code

BEGIN, END = 1_000, 9_000
STATES = DelegationState


def a_delegation(**changes: Any) -> StoredDelegation:
    """Return one that is active, for reading and writing."""
    active = StoredDelegation(
        id="d",
        conversation="c",
        grantor="jean",
        grantee="sophie",
        state=STATES.ACTIVE,
        record=b"",
        scopes=frozenset({Scope.CONVERSATION_READ, Scope.CONVERSATION_SEND}),
        not_before=BEGIN,
        not_after=END,
        proposed_at=1,
        confirmed_at=2,
        accepted_at=3,
        activated_at=BEGIN,
    )
    return replace(active, **changes)


def an_accepted(**changes: Any) -> StoredDelegation:
    """Return one that waits to be let in."""
    return a_delegation(**{"state": STATES.CONFIRMED, "activated_at": None} | changes)


@pytest.mark.parametrize(
    ("now", "live"),
    [
        pytest.param(BEGIN - 1, False, id="before-it-begins"),
        pytest.param(BEGIN, True, id="at-its-first-instant"),
        pytest.param(END - 1, True, id="at-its-last-instant"),
        pytest.param(END, False, id="at-its-end"),
        pytest.param(END + 1, False, id="after-it"),
    ],
)
def test_a_delegation_is_live_from_its_first_instant_until_its_end(now: int, live: bool) -> None:
    """The end itself is outside: refused at the very instant."""
    assert a_delegation().is_live(now) is live


@pytest.mark.parametrize("state", sorted(set(STATES) - {STATES.ACTIVE}))
def test_only_an_active_delegation_is_live(state: DelegationState) -> None:
    """Proposed and confirmed are not yet; the rest are not any more."""
    assert not a_delegation(state=state).is_live(BEGIN)
    assert live_one([a_delegation(state=state)], BEGIN) is None


@pytest.mark.parametrize("state", sorted(ENDED))
def test_each_end_is_over(state: DelegationState) -> None:
    """Five ways to end, and nothing after them."""
    ended = a_delegation().end(state, 5_000, statement=b"said", staff=b"by")

    assert ended.is_over
    assert (ended.ended_at, ended.ended, ended.ended_staff) == (5_000, b"said", b"by")
    assert ended.next_instant(5_001) is None


def test_what_was_active_has_still_to_leave_the_group() -> None:
    """`ending` until the group's next epoch; one that never was in it is simply over."""
    assert a_delegation().end(STATES.REVOKED, 5_000).ending
    assert not an_accepted().end(STATES.REVOKED, 5_000).ending
    assert not a_delegation(narrowing=True).end(STATES.REVOKED, 5_000).narrowing


@pytest.mark.parametrize(
    ("changes", "waits"),
    [
        pytest.param({}, True, id="all-is-said"),
        pytest.param({"accepted_at": None}, False, id="not-accepted"),
        pytest.param({"state": STATES.PROPOSED}, False, id="not-confirmed"),
        pytest.param({"not_before": BEGIN + 1}, False, id="not-yet"),
        pytest.param({"not_after": BEGIN}, False, id="over"),
        pytest.param({"state": STATES.ACTIVE}, False, id="in-already"),
    ],
)
def test_a_carer_is_let_in_when_all_is_said_and_it_has_begun(
    changes: dict[str, Any], waits: bool
) -> None:
    """Confirmed, accepted, begun and not over."""
    assert an_accepted(**changes).waits_for_admission(BEGIN) is waits


@pytest.mark.parametrize(
    ("row", "instant"),
    [
        pytest.param(a_delegation(), END, id="active-until-its-end"),
        pytest.param(an_accepted(), BEGIN, id="accepted-until-it-begins"),
        pytest.param(an_accepted(accepted_at=None), END, id="confirmed-until-its-end"),
        pytest.param(a_delegation(state=STATES.REVOKED), None, id="over-for-ever"),
    ],
)
def test_the_clock_waits_for_the_next_instant(row: StoredDelegation, instant: int | None) -> None:
    """When it begins, where somebody waits for that; else when it ends."""
    assert row.next_instant(BEGIN - 1) == instant


def test_after_its_beginning_the_clock_waits_for_the_end() -> None:
    """Nothing is due twice."""
    assert an_accepted().next_instant(BEGIN) == END


@pytest.mark.parametrize(
    ("other", "overlaps"),
    [
        pytest.param({}, True, id="the-same-weeks"),
        pytest.param({"not_before": END - 1, "not_after": END + 9}, True, id="the-last-instant"),
        pytest.param({"not_before": END, "not_after": END + 9}, False, id="from-its-end-on"),
        pytest.param({"not_before": 1, "not_after": BEGIN}, False, id="until-it-begins"),
        pytest.param({"grantee": "marie"}, False, id="another-carer"),
        pytest.param({"grantor": "rose"}, False, id="another-patient"),
        pytest.param({"state": STATES.REVOKED}, False, id="one-that-is-over"),
        pytest.param({"state": STATES.PROPOSED}, True, id="one-that-is-proposed"),
    ],
)
def test_a_carer_has_one_delegation_of_a_patient_at_a_time(
    other: dict[str, Any], overlaps: bool
) -> None:
    """A renewal begins where the one before it ends."""
    assert a_delegation().overlaps(a_delegation(**other)) is overlaps
    assert a_delegation(**other).overlaps(a_delegation()) is overlaps


@pytest.mark.parametrize(
    ("state", "code"),
    [
        (STATES.REVOKED, Code.E_DELEGATION_REVOKED),
        (STATES.SUSPENDED, Code.E_DELEGATION_SUSPENDED),
        (STATES.CONTESTED, Code.E_DELEGATION_SUSPENDED),
        (STATES.RESIGNED, Code.E_DELEGATION_RESIGNED),
        (STATES.EXPIRED, Code.E_DELEGATION_EXPIRED),
        (STATES.ACTIVE, Code.E_DELEGATION_EXPIRED),
    ],
)
def test_a_carer_is_told_that_what_they_had_is_over(state: DelegationState, code: Code) -> None:
    """By how it ended; of an active one whose second has come, that its time is over."""
    assert why_not([a_delegation(state=state, ended_at=5_000)]) is code


@pytest.mark.parametrize(
    "rows",
    [
        pytest.param([], id="none"),
        pytest.param([a_delegation(state=STATES.PROPOSED, confirmed_at=None)], id="proposed"),
        pytest.param(
            [a_delegation(state=STATES.REVOKED, confirmed_at=None)], id="withdrawn-untold"
        ),
        pytest.param([an_accepted()], id="not-let-in-yet"),
    ],
)
def test_what_a_carer_never_had_does_not_exist(rows: list[StoredDelegation]) -> None:
    """The same as for an id that nobody has."""
    assert why_not(rows) is Code.E_NOT_FOUND


def test_the_last_end_is_the_one_that_is_told() -> None:
    """An older one ended otherwise."""
    older = a_delegation(state=STATES.EXPIRED, ended_at=2_000)
    newer = a_delegation(state=STATES.REVOKED, ended_at=7_000)

    assert why_not([older, newer]) is Code.E_DELEGATION_REVOKED
    assert why_not([newer, an_accepted()]) is Code.E_DELEGATION_REVOKED


def test_a_delegation_is_used_within_its_scopes() -> None:
    """What it does not hold is refused by name; what has no scope is for nobody who acts so."""
    row = a_delegation()

    assert may_use(row, Scope.CONVERSATION_SEND) is None
    assert may_use(row, Scope.CALL_JOIN) == Refused(
        Code.E_SCOPE, conversation="c", reason="call.join"
    )
    assert may_use(row, None) == Refused(Code.E_ROLE, conversation="c")
