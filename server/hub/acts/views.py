"""What each person is told of a delegation: all of it, that it is over, or nothing."""

from __future__ import annotations

from collections.abc import Iterable

from crypto.policy.conversation import DelegationRecord
from crypto.policy.vocabulary import STAFF, Role
from server.domain.conversation import Conversation
from server.domain.delegation import StoredDelegation
from server.domain.people import Person
from server.hub.acts.context import plain_state
from server.hub.outcome import Changed, DelegationChanged
from server.ports import Tx
from signaling.frames import DelegationView


def delegation_changed(
    tx: Tx, row: StoredDelegation, *, to_carer: bool = True
) -> DelegationChanged:
    """Say who is told what of a delegation that changed; a carer only once that it is over."""
    members = tx.members.of(row.conversation)
    staff = {member.person for member in members if member.role in STAFF}
    return DelegationChanged(
        row=row,
        whole=whole_view(tx, row),
        persons=frozenset({row.grantor, *staff}),
        carers=carer_view(tx, row) if to_carer else None,
    )


def expectation_changed(tx: Tx, row: StoredDelegation, now: int) -> Changed:
    """Tell that a carer is expected, or not any more: to those who see who is, and that carer."""
    conversation = tx.conversations.find(row.conversation)
    if conversation is None:
        raise RuntimeError("a delegation without its conversation")
    plain = plain_state(tx, conversation, now)
    carers = {one.person for one in plain.members if one.role == Role.CARER}
    return Changed(plain, only=plain.persons - (carers - {row.grantee}))


def whole_view(tx: Tx, row: StoredDelegation) -> DelegationView:
    """Return all of a delegation, with whatever was signed."""
    record, names = DelegationRecord.decode(row.record), tx.people.names([row.grantor, row.grantee])
    return DelegationView(
        id=row.id,
        conversation=row.conversation,
        grantor=row.grantor,
        grantor_name=names.get(row.grantor, ""),
        grantee=row.grantee,
        grantee_name=names.get(row.grantee, ""),
        state=row.state.value,
        delegation=record.delegation,
        confirmations=[one.confirmation for one in record.confirmations],
        staff=[one.staff for one in record.confirmations],
        acceptance=record.acceptance,
        revocations=list(record.revocations),
        proposed_at=row.proposed_at,
        not_before=row.not_before,
        not_after=row.not_after,
        ended_at=row.ended_at,
        ended=row.ended,
        ending=row.ending,
    )


def carer_view(tx: Tx, row: StoredDelegation) -> DelegationView | None:
    """Return what its carer may know: nothing before it is confirmed, little once over."""
    if row.confirmed_at is None:
        return None
    return _over_view(row) if row.is_over else whole_view(tx, row)


def views_for(
    tx: Tx, person: Person, conversations: Iterable[Conversation]
) -> list[DelegationView]:
    """Return the delegations that a person is told of at hello."""
    if person.role is Role.CARER:
        own = (carer_view(tx, row) for row in tx.delegations.of_grantee(person.id))
        return [view for view in own if view is not None]
    return [
        whole_view(tx, row)
        for conversation in conversations
        for row in tx.delegations.of(conversation.id)
    ]


def expected_in(tx: Tx, person: Person) -> list[Conversation]:
    """Return the conversations that a carer has accepted to come to, and is not in yet."""
    if person.role is not Role.CARER:
        return []
    inside = {one.id for one in tx.conversations.of_person(person.id)}
    rows = [row for row in tx.delegations.of_grantee(person.id) if row.is_expected]
    wanted = dict.fromkeys(row.conversation for row in rows if row.accepted_at is not None)
    found = (tx.conversations.find(one) for one in wanted if one not in inside)
    return [one for one in found if one is not None]


def _over_view(row: StoredDelegation) -> DelegationView:
    """Return that one is over: nothing that the carer could read again, or show around."""
    return DelegationView(
        id=row.id,
        conversation=row.conversation,
        grantor="",
        grantor_name="",
        grantee="",
        grantee_name="",
        state=row.state.value,
        delegation=b"",
        confirmations=[],
        staff=[],
        acceptance=b"",
        revocations=[],
        proposed_at=row.proposed_at,
        not_before=row.not_before,
        not_after=row.not_after,
        ended_at=row.ended_at,
        ended=b"",
        ending=False,
    )
