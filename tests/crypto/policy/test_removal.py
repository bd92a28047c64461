"""Why the hub removes a leaf: what the shared vectors (`removals.json`) do not ask."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crypto.errors import CryptoError
from crypto.policy.decision import Refused
from crypto.policy.delegation import Why
from crypto.policy.removal import Justified, RemoveJustification, check_removal
from crypto.policy.state import State
from crypto.policy.vocabulary import Refusal
from tests.crypto.policy.states import state_of
from tests.crypto.policy.world import (
    CONVERSATION,
    JEAN,
    NOW,
    SOPHIE,
    TRANSCRIPT,
    Group,
    Person,
    a_delegation,
    a_device_revocation,
    a_withdrawal,
    device_id,
    leaf,
    named,
    with_carer,
)


def said_of(person: Person, number: int = 1, **changes: Any) -> RemoveJustification:
    """Return the justification for a device that was given up."""
    said = RemoveJustification(
        conversation=CONVERSATION,
        device=device_id(person, number),
        confirmed_transcript_hash=TRANSCRIPT,
        why="device",
        at_us=NOW,
        statement=a_device_revocation(person, number),
    )
    return replace(said, **changes)


def decide(
    said: RemoveJustification, person: Person, group: Group | None = None
) -> Justified | Refused:
    """Return what is decided of the removal of a person's first device."""
    state = state_of(group or with_carer())
    target = state.leaf(named(person))
    assert target is not None
    return check_removal(said, target=target, state=state, transcript=TRANSCRIPT, now_us=None)


def test_a_device_that_was_given_up_goes() -> None:
    """And no delegation ends with it."""
    assert decide(said_of(JEAN), JEAN) == Justified(target=named(JEAN), why=Why.DEVICE)


def test_a_leaf_that_is_not_in_the_group_is_not_removed_from_it() -> None:
    """A certificate that once held proves no membership."""
    state = state_of(with_carer(leaf(JEAN, 2)))
    target = state.leaf(named(JEAN, 2))
    assert target is not None
    without = replace(state, leaves=state.leaves - {target})

    def decided(among: State) -> Justified | Refused:
        said = said_of(JEAN, 2)
        return check_removal(said, target=target, state=among, transcript=TRANSCRIPT, now_us=None)

    assert isinstance(decided(state), Justified)
    assert decided(without) == Refused(Refusal.E_IDENTITY)


@pytest.mark.parametrize("person", [JEAN, SOPHIE], ids=["the patient", "a carer"])
def test_every_flipped_bit_of_a_justification_is_refused(person: Person) -> None:
    """But for the hub's own clock, which the reader compares with another."""
    said = said_of(person)
    if person == SOPHIE:
        ended = a_delegation().delegation
        said = replace(said, why="revocation", delegation=ended, statement=a_withdrawal())
    data = said.encode()
    state = state_of(with_carer())
    target = state.leaf(named(person))
    assert target is not None

    for bit in range(0, len(data) * 8, 5):
        flipped = bytearray(data)
        flipped[bit // 8] ^= 1 << bit % 8
        try:
            read = RemoveJustification.decode(bytes(flipped))
        except CryptoError:
            continue
        decided = check_removal(read, target=target, state=state, transcript=TRANSCRIPT, now_us=NOW)
        assert isinstance(decided, Refused) or read == replace(said, at_us=read.at_us)


@given(
    st.sampled_from([*Why, "because"]),
    st.binary(max_size=60),
    st.binary(max_size=60),
    st.sampled_from([b"", a_delegation().delegation]),
)
@settings(max_examples=60)
def test_nobody_goes_for_what_nobody_signed(
    why: str, statement: bytes, staff: bytes, delegation: bytes
) -> None:
    """Whatever the hub says: without a signature it removes nobody before their time."""
    said = said_of(SOPHIE, why=str(why), statement=statement, staff=staff, delegation=delegation)

    assert isinstance(decide(said, SOPHIE), Refused)
