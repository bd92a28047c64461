"""What waits in a group for a member's commit, and whose devices can make it.

A device that must leave; a carer to let in; scopes that were withdrawn; a delegation that is over.
"""

from __future__ import annotations

from collections.abc import Iterable

from crypto.policy.vocabulary import Role
from server.domain.conversation import Conversation
from server.domain.delegation import StoredDelegation
from server.hub.outcome import CommitDue
from server.ports import Tx

_ORDER = (Role.PHARMACIST, Role.TECHNICIAN, Role.PATIENT, Role.CARER)
"""The pharmacy first: its devices are the ones that are there. A carer only takes leaves out."""


def due(tx: Tx, conversation: Conversation, now: int) -> CommitDue:
    """Say who can commit what waits in a conversation: nobody, where nothing does."""
    rows = tx.delegations.of(conversation.id)
    waits = any(_waits(tx, row, rows, now) for row in rows)
    if not (conversation.removing or waits):
        return CommitDue(conversation.id, conversation.epoch)
    able = _ORDER if conversation.removing else _ORDER[:-1]
    roles = {member.person: member.role for member in tx.members.of(conversation.id)}
    inside = [one for one in tx.members.admissions(conversation.id) if roles[one.person] in able]
    inside.sort(key=lambda one: able.index(roles[one.person]))
    return CommitDue(conversation.id, conversation.epoch, tuple(one.device for one in inside))


def due_now(tx: Tx, now: int) -> list[CommitDue]:
    """Return everything that waits: what a hub before this one left."""
    here = dict.fromkeys(
        [*tx.removes.waiting(), *(row.conversation for row in tx.delegations.pending())]
    )
    found = (tx.conversations.find(one) for one in here)
    return [due(tx, one, now) for one in found if one is not None]


def _waits(tx: Tx, row: StoredDelegation, rows: Iterable[StoredDelegation], now: int) -> bool:
    if row.ending or row.narrowing:
        return True
    # One of a carer at a time: the next is let in when the one before it is out of the group.
    if not row.waits_for_admission(now) or _still_inside(row, rows):
        return False
    # Nobody is asked to add a carer whose devices have nothing to be added by.
    return bool(tx.directory.left(tx.devices.of(row.grantee), now=now))


def _still_inside(row: StoredDelegation, rows: Iterable[StoredDelegation]) -> bool:
    before = (one for one in rows if one.id != row.id and one.grantee == row.grantee)
    return any(one.ending or (one.activated_at is not None and not one.is_over) for one in before)
