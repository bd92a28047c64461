"""The contract of `ports.Delegations`, and what an admission makes of a person."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy.exc import IntegrityError

from crypto.policy.vocabulary import DelegationState, Scope
from server.domain.conversation import Conversation
from server.domain.delegation import StoredDelegation
from server.ports import Admission, Tx
from tests.server.house import PEOPLE
from tests.server.storage.rows import JEAN, a_conversation, a_device, an_id

SOPHIE = PEOPLE["sophie"]
NOW = 1_790_000_000_000_000
DAY = 24 * 3600 * 1_000_000


def a_delegation(conversation: Conversation, **changes: object) -> StoredDelegation:
    """Return Sophie's delegation, as it is when it has just been proposed."""
    new = StoredDelegation(
        id=an_id(),
        conversation=conversation.id,
        grantor=JEAN.id,
        grantee=SOPHIE.id,
        state=DelegationState.PROPOSED,
        record=b"a record",
        scopes=frozenset({Scope.CONVERSATION_READ, Scope.CONVERSATION_SEND}),
        not_before=NOW,
        not_after=NOW + DAY,
        proposed_at=NOW,
    )
    return replace(new, **changes)  # type: ignore[arg-type]


def test_a_delegation_is_kept_whole(tx: Tx) -> None:
    """Every field comes back as it was stored."""
    kept = a_delegation(
        a_conversation(tx),
        state=DelegationState.REVOKED,
        confirmed_at=NOW + 1,
        accepted_at=NOW + 2,
        activated_at=NOW + 3,
        ended_at=NOW + 4,
        ended=b"the statement",
        ended_staff=b"a certificate",
        ending=True,
        narrowing=True,
        version=7,
    )

    tx.delegations.save(kept)

    assert tx.delegations.find(kept.id) == kept
    assert tx.delegations.find(an_id()) is None


def test_what_becomes_of_a_delegation_takes_its_place(tx: Tx) -> None:
    """It is one row from the proposal to the end."""
    proposed = a_delegation(a_conversation(tx))
    tx.delegations.save(proposed)
    ended = proposed.end(DelegationState.REVOKED, NOW + 5, statement=b"said")

    tx.delegations.save(ended)

    assert tx.delegations.of(proposed.conversation) == [ended]


def test_delegations_are_found_by_conversation_and_by_carer(tx: Tx) -> None:
    """Oldest first; another conversation's are not among them."""
    here, there = a_conversation(tx), a_conversation(tx)
    first = a_delegation(here, state=DelegationState.REVOKED)
    second = a_delegation(here, proposed_at=NOW + 1)
    other = a_delegation(here, proposed_at=NOW + 2, grantee=PEOPLE["rose"].id)
    elsewhere = a_delegation(there, proposed_at=NOW + 3)
    for one in (second, first, elsewhere, other):
        tx.delegations.save(one)

    assert tx.delegations.of(here.id) == [first, second, other]
    assert tx.delegations.of(here.id, SOPHIE.id) == [first, second]
    assert tx.delegations.of_grantee(SOPHIE.id) == [first, second, elsewhere]
    assert tx.delegations.of(an_id()) == []


def test_what_is_over_and_settled_waits_for_nothing(tx: Tx) -> None:
    """The clock has to do with what still stands, and a group with what it has yet to remove."""
    conversation = a_conversation(tx)
    over = a_delegation(conversation, state=DelegationState.EXPIRED)
    ending = a_delegation(conversation, state=DelegationState.REVOKED, ending=True)
    standing = a_delegation(conversation, state=DelegationState.ACTIVE)
    for one in (over, ending, standing):
        tx.delegations.save(one)

    assert {one.id for one in tx.delegations.pending()} == {ending.id, standing.id}


def test_two_active_delegations_of_one_carer_are_a_mistake(tx: Tx) -> None:
    """A second line behind the act: the database itself refuses the second."""
    conversation = a_conversation(tx)
    tx.delegations.save(a_delegation(conversation, state=DelegationState.ACTIVE))

    with pytest.raises(IntegrityError):
        tx.delegations.save(a_delegation(conversation, state=DelegationState.ACTIVE))


def test_an_admission_makes_its_person_a_member(tx: Tx) -> None:
    """A carer becomes a member with their first device, behind those who were there, once."""
    conversation = a_conversation(tx)
    devices = [a_device(tx, SOPHIE), a_device(tx, SOPHIE)]

    for device in devices:
        tx.members.admit(conversation.id, Admission(device, SOPHIE.id, 3))

    assert [one.person for one in tx.members.of(conversation.id)][-1] == SOPHIE.id
    assert tx.members.of(conversation.id)[-1].role is SOPHIE.role
    assert len(tx.members.of(conversation.id)) == 3


def test_who_is_dismissed_altogether_is_no_member_any_more(tx: Tx) -> None:
    """All their devices go, whoever named which; the others stay."""
    conversation = a_conversation(tx)
    for person in (JEAN, SOPHIE, SOPHIE):
        tx.members.admit(conversation.id, Admission(a_device(tx, person), person.id, 3))

    tx.members.dismiss(conversation.id, [], person=SOPHIE.id)

    assert {one.person for one in tx.members.admissions(conversation.id)} == {JEAN.id}
    assert SOPHIE.id not in {one.person for one in tx.members.of(conversation.id)}
    assert len(tx.members.of(conversation.id)) == 2
