"""A device that must leave a group: the hub demands it, and a member's commit carries it out.

From the demand on nothing else is accepted there: no ciphertext that the device could read is ever
stored. The hub proposes (an external sender's Remove, RFC 9420, 12.1.8), with its justification in
the proposal's `authenticated_data`; members refuse an unjustified one. A proposal is of one epoch:
where an external commit passed it over, it is made anew.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from uuid import UUID

from crypto.mls.proposal import Remove
from crypto.mls.public_group import PublicGroup
from crypto.policy.removal import RemoveJustification
from server.domain.audit import Draft, EntryType, Sealed
from server.domain.conversation import Conversation, Event, What
from server.domain.group import PendingRemove
from server.domain.people import HubItself
from server.hub.dues import due
from server.hub.groups import SECOND, GroupCache, identity_of
from server.hub.outcome import Effect, Streamed
from server.ports import Tx

HUB_SENDER = 0
"""The hub's place among the external senders of its groups: it is the only one."""
NOBODYS_DEVICE = ""
MAX_AT_ONCE = 8
"""Removals that are proposed anew in one step. Each is a signature, an entry and an event: who
gave up a hundred devices could else have them all made again at each external commit of theirs."""


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a leaf must go, as every member checks it."""

    why: str
    statement: bytes
    delegation: bytes
    staff: bytes
    at_us: int
    """When it was demanded, by the hub's clock."""


@dataclass(frozen=True, slots=True)
class Removals:
    """What the hub demands of groups, in one transaction."""

    tx: Tx
    groups: GroupCache
    now: int

    def demand(
        self,
        conversation: Conversation,
        device: str,
        *,
        why: str,
        statement: bytes,
        delegation: bytes = b"",
        staff: bytes = b"",
    ) -> tuple[Conversation, tuple[Effect, ...]]:
        """Let a device out now, and have its leaf removed.

        Return the conversation after it, and what follows; nothing where the group has no such
        leaf.
        """
        self.tx.members.dismiss(conversation.id, [device])
        reason = Reason(why, statement, delegation, staff, self.now)
        moved, effects = self._propose(conversation, device, reason)
        return moved, (*effects, due(self.tx, moved, self.now)) if effects else ()

    def carry_over(
        self, conversation: Conversation, gone: Iterable[str]
    ) -> tuple[Conversation, tuple[Effect, ...]]:
        """After a commit: settle what it removed, and propose anew what it passed over.

        Where that is much, the rest comes after the commit that takes the first in.
        """
        if not conversation.removing:
            return conversation, ()
        self.tx.removes.settle(conversation.id, gone)
        moved, effects = conversation, list[Effect]()
        waiting = self.tx.removes.of(conversation.id)
        # Whose delegation ended first: all of a carer's leaves go in one commit.
        waiting.sort(key=lambda one: not one.delegation)
        for one in waiting[:MAX_AT_ONCE]:
            reason = Reason(one.why, one.statement, one.delegation, one.staff, one.at_us)
            moved, more = self._propose(moved, one.device, reason)
            effects += more
        moved = replace(moved, removing=bool(self.tx.removes.of(conversation.id)))
        return moved, tuple(effects)

    def _propose(
        self, conversation: Conversation, device: str, reason: Reason
    ) -> tuple[Conversation, tuple[Effect, ...]]:
        """Store the hub's proposal of this epoch, as the next step of the conversation."""
        stored = self.tx.groups.find(conversation.id)
        group = None if stored is None else self.groups.load(conversation.id, stored)
        leaf = None if group is None else _leaf_of(group, device)
        if stored is None or group is None or leaf is None:
            self.tx.removes.settle(conversation.id, [device])
            return conversation, ()
        proposal = self._signed(group, conversation, device, leaf, reason)
        # Verified like anybody's: what members will be sent is what they will accept.
        _, group = group.receive_proposal(proposal, now=self.now // SECOND)
        stored = replace(stored, public=group.serialize())
        self.tx.groups.save(conversation.id, stored)
        self.groups.keep(conversation.id, stored, group)
        after = replace(conversation, last_seq=conversation.last_seq + 1, removing=True)
        self.tx.removes.propose(
            PendingRemove(
                conversation=conversation.id,
                device=device,
                generation=after.generation,
                epoch=after.epoch,
                leaf=leaf,
                statement=reason.statement,
                proposal=proposal,
                seq=after.last_seq,
                why=reason.why,
                delegation=reason.delegation,
                staff=reason.staff,
                at_us=reason.at_us,
            )
        )
        return after, (self._stream(after, device, reason.why, proposal),)

    def _signed(
        self,
        group: PublicGroup,
        conversation: Conversation,
        device: str,
        leaf: int,
        reason: Reason,
    ) -> bytes:
        justification = RemoveJustification(
            conversation=UUID(conversation.id).bytes,
            device=UUID(device).bytes,
            confirmed_transcript_hash=group.context.confirmed_transcript_hash,
            why=reason.why,
            delegation=reason.delegation,
            at_us=reason.at_us,
            statement=reason.statement,
            staff=reason.staff,
        )
        return group.external_proposal(
            Remove(leaf),
            sender_index=HUB_SENDER,
            key=group.suite.signing_key(self.tx.identity.mls_key),
            authenticated_data=justification.encode(),
        )

    def _stream(self, after: Conversation, device: str, why: str, proposal: bytes) -> Effect:
        """Give the proposal its place and its entry: every member caches it in the same order."""
        located = self.tx.log.append(
            Draft(
                type=EntryType.REMOVE_PROPOSED,
                actor=HubItself(after.tenant),
                device=None,
                rule="group.remove",
                conversation=after.id,
                subject=after.patient,
                sealed=Sealed(proposal, after.epoch, after.last_seq),
                outcome={"device": device, "why": why},
            ),
            self.now,
        )
        event = Event(
            conversation=after.id,
            seq=after.last_seq,
            ts=self.now,
            what=What.PROPOSAL,
            person=HubItself.id,
            device=NOBODYS_DEVICE,
            body=proposal,
            epoch=after.epoch,
            log_index=located.index,
        )
        self.tx.conversations.advance(
            after.id, generation=after.generation, epoch=after.epoch, last_seq=after.last_seq
        )
        self.tx.stream.append(event)
        inside = self.tx.members.admissions(after.id)
        return Streamed(event, {one.device: one.since for one in inside})


def _leaf_of(group: PublicGroup, device: str) -> int | None:
    leaves = (
        member.leaf_index
        for member in group.members()
        if identity_of(member.leaf_node).device == device
    )
    return next(leaves, None)
