"""Delegations: one row each, from the proposal to the end; none is ever deleted."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Row, bindparam, select
from sqlalchemy.dialects.sqlite import insert as upsert

from crypto.policy.vocabulary import ENDED, DelegationState, Scope
from server.domain.delegation import StoredDelegation
from server.storage.schema import delegation

# Each frame of a carer asks it: built once.
_HELD = (
    select(delegation)
    .where(
        delegation.c.conversation == bindparam("conversation"),
        delegation.c.grantee == bindparam("grantee"),
    )
    .order_by(delegation.c.proposed_at, delegation.c.id)
)
_OF = (
    select(delegation)
    .where(delegation.c.conversation == bindparam("conversation"))
    .order_by(delegation.c.proposed_at, delegation.c.id)
)


class DelegationTable:
    """`ports.Delegations`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def find(self, delegation_id: str) -> StoredDelegation | None:
        """Return a delegation of any conversation."""
        row = self._connection.execute(
            select(delegation).where(delegation.c.id == delegation_id)
        ).first()
        return _stored(row) if row else None

    def of(self, conversation: str, grantee: str | None = None) -> list[StoredDelegation]:
        """Return those of a conversation (of one carer in it), ended ones too, oldest first."""
        if grantee is None:
            rows = self._connection.execute(_OF, {"conversation": conversation})
        else:
            values = {"conversation": conversation, "grantee": grantee}
            rows = self._connection.execute(_HELD, values)
        return [_stored(row) for row in rows]

    def of_grantee(self, person: str) -> list[StoredDelegation]:
        """Return those that name a person as carer, oldest first."""
        rows = self._connection.execute(
            select(delegation)
            .where(delegation.c.grantee == person)
            .order_by(delegation.c.proposed_at, delegation.c.id)
        )
        return [_stored(row) for row in rows]

    def pending(self) -> list[StoredDelegation]:
        """Return those that the clock, or a group, has still to do with."""
        over = [state.value for state in sorted(ENDED)]
        rows = self._connection.execute(
            select(delegation).where(delegation.c.state.not_in(over) | (delegation.c.ending == 1))
        )
        return [_stored(row) for row in rows]

    def save(self, new: StoredDelegation) -> None:
        """Store a delegation, or what has become of it."""
        values = {
            "state": new.state.value,
            "record": new.record,
            "scopes": " ".join(sorted(new.scopes)),
            "not_before": new.not_before,
            "not_after": new.not_after,
            "proposed_at": new.proposed_at,
            "confirmed_at": new.confirmed_at,
            "accepted_at": new.accepted_at,
            "activated_at": new.activated_at,
            "ended_at": new.ended_at,
            "ended": new.ended,
            "ended_staff": new.ended_staff,
            "ending": int(new.ending),
            "narrowing": int(new.narrowing),
            "version": new.version,
        }
        fixed = {
            "id": new.id,
            "conversation": new.conversation,
            "grantor": new.grantor,
            "grantee": new.grantee,
        }
        self._connection.execute(
            upsert(delegation)
            .values(**fixed, **values)
            .on_conflict_do_update(index_elements=[delegation.c.id], set_=values)
        )


def _stored(row: Row[Any]) -> StoredDelegation:
    return StoredDelegation(
        id=row.id,
        conversation=row.conversation,
        grantor=row.grantor,
        grantee=row.grantee,
        state=DelegationState(row.state),
        record=row.record,
        scopes=frozenset(Scope(word) for word in row.scopes.split()),
        not_before=row.not_before,
        not_after=row.not_after,
        proposed_at=row.proposed_at,
        confirmed_at=row.confirmed_at,
        accepted_at=row.accepted_at,
        activated_at=row.activated_at,
        ended_at=row.ended_at,
        ended=row.ended,
        ended_staff=row.ended_staff,
        ending=bool(row.ending),
        narrowing=bool(row.narrowing),
        version=row.version,
    )
