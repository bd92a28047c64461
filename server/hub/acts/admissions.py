"""What a commit settles of delegations: one comes into force, is narrowed, or is out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from crypto.policy.delegation import Why
from crypto.policy.state import State
from crypto.policy.vocabulary import DelegationState
from server.domain.audit import Draft, EntryType
from server.domain.delegation import StoredDelegation
from server.hub.acts.context import Context
from server.hub.acts.judgements import Judged, id_of
from server.hub.acts.views import delegation_changed
from server.hub.endings import Endings
from server.hub.outcome import Effect


def settle_delegations(context: Context, judged: Judged) -> tuple[Effect, ...]:
    """Store what has become of each delegation by a commit, and say so where anything has."""
    return tuple(_settled(context, judged))


def start_again(context: Context, succession: bytes) -> tuple[Effect, ...]:
    """In a group that took another's place nobody acts for anybody yet: each is let in again.

    Not where a `succession` brought the patient another key: what the old one gave is over.
    """
    tx, effects = context.tx, list[Effect]()
    endings = Endings(tx, context.means.groups, context.now)
    for row in tx.delegations.of(context.conversation.id):
        if row.is_over:
            effects += _settle_over(context, row)
        elif succession:
            ended, told = endings.end(
                row, DelegationState.SUSPENDED, why=Why.SUCCESSION, statement=succession
            )
            effects += (*told, *_settle_over(context, ended))
        elif row.activated_at is not None:
            effects += _ask_again(context, row)
    return tuple(effects)


def _settle_over(context: Context, row: StoredDelegation) -> tuple[Effect, ...]:
    """The new group never had this one's carer."""
    if not row.ending:
        return ()
    after = replace(row, ending=False)
    context.tx.delegations.save(after)
    return (delegation_changed(context.tx, after, to_carer=False),)


def _ask_again(context: Context, row: StoredDelegation) -> tuple[Effect, ...]:
    after = replace(
        row, state=DelegationState.CONFIRMED, activated_at=None, narrowing=False, version=0
    )
    context.tx.members.dismiss(row.conversation, [], person=row.grantee)
    context.tx.delegations.save(after)
    return (delegation_changed(context.tx, after),)


def _settled(context: Context, judged: Judged) -> Iterator[Effect]:
    records = {id_of(one): one.record.encode() for one in judged.after.in_force}
    for row in judged.rows:
        after = _after(context, judged.after, row, records.get(row.id))
        if after == row:
            continue
        context.tx.delegations.save(after)
        if row.id in judged.admitted:
            _record_activation(context, after)
        # Of another's number alone nobody is told: it stands in the group.
        if replace(after, version=row.version) != row:
            yield delegation_changed(context.tx, after, to_carer=not row.is_over)


def _after(
    context: Context, state: State, row: StoredDelegation, record: bytes | None
) -> StoredDelegation:
    if record is None:
        return replace(row, ending=False) if row.is_over else row
    if row.is_over:
        return row  # Its removal was passed over, by an external commit.
    activated = row.activated_at or context.now
    return replace(
        row,
        state=DelegationState.ACTIVE,
        activated_at=activated,
        narrowing=row.narrowing and record != row.record,
        version=state.number,
    )


def _record_activation(context: Context, row: StoredDelegation) -> None:
    """Leave the entry of a carer who comes in: beside that of the commit which let them in."""
    context.tx.log.append(
        Draft(
            type=EntryType.DELEGATION_ACTIVATED,
            actor=context.principal.person,
            device=context.device,
            rule="group.commit",
            conversation=row.conversation,
            subject=row.grantor,
            outcome={"delegation": row.id, "carer": row.grantee, "version": row.version},
        ),
        context.now,
    )
