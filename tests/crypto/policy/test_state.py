"""The verified state of a group: nothing in it is believed that was not checked."""

from __future__ import annotations

from dataclasses import replace

import pytest

from crypto.policy import state as module
from crypto.policy.conversation import Delegations
from crypto.policy.decision import Refused
from crypto.policy.identity import Trust
from crypto.policy.state import State
from crypto.policy.vocabulary import Refusal
from tests.crypto.policy.states import certified, state_of
from tests.crypto.policy.world import (
    AUTHORITY,
    JEAN,
    KARIM,
    SOPHIE,
    TRUST,
    a_delegation,
    a_group,
    a_policy,
    a_record,
    leaf,
    named,
    signed,
    with_carer,
)


def test_a_state_says_whose_a_leaf_is_and_by_which_delegation() -> None:
    """By name, by account key, by id."""
    state = state_of(with_carer(leaf(SOPHIE, 2)))
    sophies, jeans = state.leaf(named(SOPHIE)), state.leaf(named(JEAN))
    assert sophies is not None
    assert jeans is not None

    found = state.delegation(a_delegation().delegation)

    assert found is not None
    assert state.delegation_of(sophies) == found
    assert state.delegation_of(jeans) is None
    assert {one.identity for one in state.leaves_under(found)} == {named(SOPHIE), named(SOPHIE, 2)}
    assert state.leaf(named(KARIM)) is None
    assert state.delegation(b"x" * 16) is None


def test_a_state_with_one_bad_record_is_none() -> None:
    """One signature that does not hold is enough."""
    bad = a_record(carer=KARIM, delegation=signed(a_delegation(KARIM), AUTHORITY))
    group = with_carer().listing(2, a_record(), bad)

    found = State.of(group.policy, group.delegations, (), TRUST)

    assert found == Refused(Refusal.E_SIGNATURE)


def test_no_signature_is_checked_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    """What stood in the state before is known, to the byte, under the same roots of trust."""
    known = state_of(with_carer())
    checked: list[object] = []
    monkeypatch.setattr(module, "check_record", lambda record, **_: checked.append(record))
    listed = Delegations(1, (a_record(),))

    State.of(known.policy, listed, (), TRUST, known=known)
    assert not checked

    State.of(known.policy, listed, (), Trust("other.example", TRUST.authority), known=known)
    State.of(replace(known.policy, suite_floor=3), listed, (), TRUST, known=known)
    changed = replace(listed.in_force[0], acceptance=b"another")
    State.of(known.policy, Delegations(1, (changed,)), (), TRUST, known=known)
    assert checked == [a_record(), a_record(), changed]


def test_a_state_keeps_what_is_listed() -> None:
    """Its number, its tombstones, its leaves."""
    group = a_group().listing(7)

    state = state_of(group)

    assert (state.number, state.tombstones, state.policy) == (7, (), a_policy())
    assert state.leaves == {certified(one, group) for one in group.leaves}
