"""Calls: one row each, moved on by compare-and-swap, so that a restart of the hub ends nothing."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Row, bindparam, insert, select, update

from server.domain.call import StoredCall
from server.storage.schema import call, member

# Built once: every signal of every call asks the first of them.
_FIND = select(call).where(call.c.id == bindparam("call"))
_LIVE = select(call).where(call.c.live == 1)
_LIVE_IN = _LIVE.where(call.c.conversation == bindparam("conversation"))
_LIVE_OF = _LIVE.join(member, member.c.conversation == call.c.conversation).where(
    member.c.person == bindparam("person")
)
_MOVE = (
    update(call)
    .where(call.c.id == bindparam("call"), call.c.version == bindparam("was"))
    .values(
        state=bindparam("next_state"),
        live=bindparam("next_live"),
        version=bindparam("next_version"),
        deadline=bindparam("next_deadline"),
        facts=bindparam("next_facts"),
    )
)


class CallTable:
    """`ports.Calls`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def find(self, call_id: str) -> StoredCall | None:
        """Return a call of any conversation, live or ended."""
        row = self._connection.execute(_FIND, {"call": call_id}).first()
        return _call(row) if row else None

    def live_in(self, conversation: str) -> StoredCall | None:
        """Return the one live call of a conversation."""
        row = self._connection.execute(_LIVE_IN, {"conversation": conversation}).first()
        return _call(row) if row else None

    def live_of(self, person: str) -> list[StoredCall]:
        """Return the live calls of the conversations a person is a member of."""
        return [_call(row) for row in self._connection.execute(_LIVE_OF, {"person": person})]

    def live(self) -> list[StoredCall]:
        """Return every live call."""
        return [_call(row) for row in self._connection.execute(_LIVE)]

    def save(self, new: StoredCall, *, was: int) -> None:
        """Store the next version of a call; `was` is the one it was made from, 0 for none."""
        if was == 0:
            self._create(new)
            return
        values = {
            "call": new.id,
            "was": was,
            "next_state": new.state,
            "next_live": int(new.live),
            "next_version": new.version,
            "next_deadline": new.deadline,
            "next_facts": new.facts,
        }
        if self._connection.execute(_MOVE, values).rowcount != 1:
            # With one writer this never happens; if it does, two people would hold one call.
            raise RuntimeError("the call moved under the writer")

    def _create(self, new: StoredCall) -> None:
        self._connection.execute(
            insert(call).values(
                id=new.id,
                conversation=new.conversation,
                tenant=new.tenant,
                state=new.state,
                live=int(new.live),
                version=new.version,
                deadline=new.deadline,
                facts=new.facts,
            )
        )


def _call(row: Row[Any]) -> StoredCall:
    return StoredCall(
        id=row.id,
        conversation=row.conversation,
        tenant=row.tenant,
        state=row.state,
        live=bool(row.live),
        version=row.version,
        deadline=row.deadline,
        facts=row.facts,
    )
