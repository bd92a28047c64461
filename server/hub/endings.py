"""A delegation ends: from that instant its carer is nobody there. One transaction does all of it.

The state, the membership, the leg of a call, the hub's Removes, the entry, and, where it was the
carer's last one, their sessions. What the group itself still has to do is asked of its members.
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from crypto.policy.delegation import Why
from crypto.policy.vocabulary import DelegationState
from server.domain.audit import Draft, EntryType
from server.domain.conversation import Conversation
from server.domain.delegation import StoredDelegation
from server.domain.people import HubItself
from server.hub.acts import calls
from server.hub.acts.context import plain_state
from server.hub.acts.views import delegation_changed, expectation_changed
from server.hub.dues import due
from server.hub.groups import GroupCache
from server.hub.outcome import Changed, Effect, LetOut
from server.hub.removals import Removals
from server.ports import Tx

ENTRIES = {
    DelegationState.REVOKED: EntryType.DELEGATION_REVOKED,
    DelegationState.RESIGNED: EntryType.DELEGATION_RESIGNED,
    DelegationState.SUSPENDED: EntryType.DELEGATION_SUSPENDED,
    DelegationState.CONTESTED: EntryType.DELEGATION_SUSPENDED,
    DelegationState.EXPIRED: EntryType.DELEGATION_EXPIRED,
}


@dataclass(frozen=True, slots=True)
class Endings:
    """What ends, in one transaction."""

    tx: Tx
    groups: GroupCache
    now: int

    def end(
        self,
        row: StoredDelegation,
        state: DelegationState,
        *,
        why: Why,
        statement: bytes = b"",
        staff: bytes = b"",
    ) -> tuple[StoredDelegation, tuple[Effect, ...]]:
        """End a delegation now; return it so, and what follows. The entry is the caller's."""
        tx = self.tx
        ended = row.end(state, self.now, statement=statement, staff=staff)
        tx.delegations.save(ended)
        conversation = _conversation(tx, row)
        if self._was_last(ended):
            tx.sessions.close_of(carer=row.grantee)
        if row.state is not DelegationState.ACTIVE:
            changed = expectation_changed(tx, ended, self.now)
            return ended, (delegation_changed(tx, ended), due(tx, conversation, self.now), changed)
        conversation, out = self._put_out(conversation, ended, why)
        return ended, (
            *out,
            delegation_changed(tx, ended),
            due(tx, conversation, self.now),
            Changed(plain_state(tx, conversation, self.now)),
        )

    def expire(self, row: StoredDelegation) -> tuple[Effect, ...]:
        """End a delegation whose time is over, with the entry that says so."""
        self.tx.log.append(
            Draft(
                type=EntryType.DELEGATION_EXPIRED,
                actor=HubItself(_conversation(self.tx, row).tenant),
                device=None,
                rule="delegation.clock",
                conversation=row.conversation,
                subject=row.grantor,
                outcome={"delegation": row.id, "carer": row.grantee},
            ),
            self.now,
        )
        _, effects = self.end(row, DelegationState.EXPIRED, why=Why.EXPIRY)
        return effects

    def hang_up(self, row: StoredDelegation) -> tuple[Effect, ...]:
        """End the carer's legs of a call: they may be in none any more."""
        inside = self.tx.members.admissions(row.conversation)
        devices = [one.device for one in inside if one.person == row.grantee]
        ended = (calls.put_out(self.tx, row.conversation, one, self.now) for one in devices)
        return tuple(effect for effects in ended for effect in effects)

    def _put_out(
        self, conversation: Conversation, row: StoredDelegation, why: Why
    ) -> tuple[Conversation, tuple[Effect, ...]]:
        """End what the carer has there: legs of a call, devices, the membership; leaves follow."""
        tx, effects = self.tx, list(self.hang_up(row))
        removals = Removals(tx, self.groups, self.now)
        inside = tx.members.admissions(conversation.id)
        devices = [one.device for one in inside if one.person == row.grantee]
        tx.members.dismiss(conversation.id, devices, person=row.grantee)
        # A lost account takes its leaves along by itself: that names no delegation.
        named = b"" if why is Why.ACCOUNT else UUID(row.id).bytes
        for device in devices:
            conversation, demanded = removals.demand(
                conversation,
                device,
                why=why.value,
                statement=row.ended,
                delegation=named,
                staff=row.ended_staff,
            )
            effects += [LetOut(conversation.id, device), *demanded]
        return conversation, tuple(effects)

    def _was_last(self, row: StoredDelegation) -> bool:
        """Tell whether the carer has nothing left to sign in for in this pharmacy."""
        known = [
            one
            for one in self.tx.delegations.of_grantee(row.grantee)
            if one.confirmed_at is not None
        ]
        return bool(known) and all(one.is_over for one in known)


def _conversation(tx: Tx, row: StoredDelegation) -> Conversation:
    conversation = tx.conversations.find(row.conversation)
    if conversation is None:
        raise RuntimeError("a delegation without its conversation")
    return conversation
