"""The rules of one conversation's group, as this device holds everybody to them, the hub too.

It runs again what the hub is there to run, on the same code (`crypto.policy`): a hub that lets
through what it should refuse is found out by each member. Beyond that it holds a group to what this
device pinned: the hub's key, the authority, the pharmacy's owner, and every person's account key.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Final
from uuid import UUID

from clients.python.errors import IdentityChanged, Unauthorised, Unlawful
from clients.python.trust import Trust
from crypto.errors import CryptoError
from crypto.mls.authenticated_data import AuthenticatedData
from crypto.mls.extensions import Extensions
from crypto.mls.framing import Sender, SenderType
from crypto.mls.group import Group, ReceivedCommit, ReceivedProposal
from crypto.mls.leaf_node import LeafNode
from crypto.mls.proposal import Add, ExternalInit, GroupContextExtensions, Remove
from crypto.mls.public_group import Member, PublicGroup
from crypto.policy.conversation import (
    CommitData,
    ConversationPolicy,
    Tombstone,
    extensions_of,
    others_of,
    read_extensions,
)
from crypto.policy.cosigned import check_succession
from crypto.policy.decision import Breach, Granted, Refused
from crypto.policy.identity import Certified, LeafIdentity, verify_credential
from crypto.policy.membership import (
    CommitView,
    check_commit,
    check_founding,
    check_state,
    may_act,
)
from crypto.policy.removal import Justified, RemoveJustification, check_removal
from crypto.policy.state import State
from crypto.policy.statements import Succession
from crypto.policy.vocabulary import CLOCK_TOLERANCE_US, Refusal, Role
from signaling.frames import Event, Summary

_HUB_SENDER: Final = Sender(SenderType.EXTERNAL, 0)
_COMMITTED_HERE: Final = frozenset({Add, Remove, GroupContextExtensions, ExternalInit})


class NeedsProof(Exception):
    """Certificates of these people were not seen in the log yet: ask, then judge again."""

    def __init__(self, persons: Iterable[str]) -> None:
        super().__init__("certificates that were not seen in the log")
        self.persons = frozenset(persons)


@dataclass(frozen=True, slots=True)
class Floor:
    """Where a conversation stood at the highest: what is older is refused."""

    number: int = 0
    """Of its delegations."""
    at_us: int = 0
    """Of its commits."""


@dataclass(frozen=True, slots=True)
class Before:
    """What this device knew of a conversation when it is led into a group of it (again)."""

    floor: Floor = field(default_factory=Floor)
    policy: ConversationPolicy | None = None
    tombstones: tuple[Tombstone, ...] = ()
    ended: frozenset[bytes] = frozenset()
    """Delegations that this device's person ended before they were in force."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judge:
    """The rules of one conversation's group, for this device."""

    conversation: str
    kind: str
    patient: str
    me: LeafIdentity
    trust: Trust
    now_us: int
    """Hub time."""

    @classmethod
    def of(cls, summary: Summary, me: LeafIdentity, trust: Trust, now_us: int) -> Judge:
        """Return the judge of a conversation as the hub describes it."""
        return cls(
            conversation=summary.id,
            kind=summary.conversation_kind,
            patient=summary.patient,
            me=me,
            trust=trust,
            now_us=now_us,
        )

    def state_of(self, public: PublicGroup, known: State | None = None) -> State:
        """Return what a group says of itself, verified; raise `Unlawful` or `NeedsProof`."""
        return self._state(public.context.extensions, public.members(), public.suite.id, known)

    def check_own(self, event: Event) -> None:
        """Raise `Unlawful` where the hub hangs another's name on what this device did."""
        if LeafIdentity(event.person, event.device) != self.me:
            raise Unlawful("wrong_committer")

    def check_group(self, public: PublicGroup, before: Before) -> State:
        """Return the state of a group that this device is led into; raise unless it is lawful.

        Whether a carer's time is over is not asked here: the next member's commit has to end it.
        """
        state = self.state_of(public)
        _require(check_state(state, None))
        self._check_known(state.leaves)
        if before.policy is not None and not _goes_on_from(state.policy, before.policy):
            raise Unlawful(Breach.CHANGES_POLICY.value)
        if state.number < before.floor.number:
            raise Unlawful("old_delegations")
        stays = {one for one in before.tombstones if one.not_after_us > self.now_us}
        if not stays <= set(state.tombstones):
            raise Unlawful(Breach.DROPS_TOMBSTONE.value)
        if any(one.id in before.ended for one in state.in_force):
            raise Unlawful(Breach.BROUGHT_BACK.value)
        return state

    def check_commit(
        self,
        event: Event,
        group: Group,
        before: State,
        received: ReceivedCommit,
        *,
        floor: Floor,
        waiting: frozenset[LeafIdentity],
        ended: frozenset[bytes] = frozenset(),
    ) -> tuple[State, int]:
        """Return the state that a commit leads to, and its instant.

        Raises `Unlawful` unless its committer is who the event says, and may do what it does.
        """
        committer = identity_of(received.committer.leaf_node)
        if committer != LeafIdentity(event.person, event.device):
            raise Unlawful("wrong_committer")
        data = _commit_data(received)
        if data.at_us > self.now_us + CLOCK_TOLERANCE_US:
            raise Unlawful("e_clock")
        after = self._after(group, before, received)
        mine = (after if received.external else before).leaf(committer)
        if mine is None:
            raise Unlawful("wrong_committer")
        view = CommitView(
            committer=mine,
            external=received.external,
            added=_identities(received.added),
            removed=_identities(received.removed),
            due=due_in(group, before),
            barred=waiting,
            ended=ended,
            statements=data.statements,
            known_proposals=_are_known(received),
            same_other_extensions=(
                others_of(received.extensions_after) == others_of(received.extensions_before)
            ),
        )
        _require(check_commit(before, view, after, data.at_us, not_below_us=floor.at_us))
        self._check_entering(after.leaves - before.leaves)
        return after, data.at_us

    def check_made(
        self, group: Group, before: State, following: Group, data: CommitData, floor: Floor
    ) -> State:
        """Return the state that a commit of this device's own leads to; raise `Unlawful`.

        What the hub told of a delegation may be forged: nobody would follow, and nobody should.
        """
        after = self.state_of(following.public, before)
        mine = before.leaf(self.me)
        if mine is None:
            raise Unlawful("wrong_committer")
        there, then = _names(before), _names(after)
        view = CommitView(
            committer=mine,
            added=then - there,
            removed=there - then,
            due=due_in(group, before),
            statements=data.statements,
        )
        _require(check_commit(before, view, after, data.at_us, not_below_us=floor.at_us))
        self._check_entering(after.leaves - before.leaves)
        return after

    def check_removal(self, group: Group, state: State, received: ReceivedProposal) -> None:
        """Raise `Unlawful` unless the hub proposes a removal for which somebody signed."""
        removal = received.proposal
        if received.sender != _HUB_SENDER or not isinstance(removal, Remove):
            raise Unlawful("foreign_proposal")
        found = _justified(group, state, removal, received.authenticated_data, self.now_us)
        if isinstance(found, Refused):
            raise Unlawful("unjustified")

    def check_succession(self, data: bytes, before: Before) -> Succession:
        """Return the word of two pharmacists that the patient goes on with another key.

        Raises `Unlawful`, or `NeedsProof` of the patient whose new key this device has not seen.
        """
        if before.policy is None:
            raise Unlawful("not_in_group")
        said = check_succession(
            data, policy=before.policy, trust=self.trust.authority, at_us=self.now_us
        )
        if isinstance(said, Refused):
            raise Unlawful(reason_of(said))
        if said.old_aik != before.policy.patient_aik:
            raise Unlawful(Refusal.E_IDENTITY.value.lower())
        # Two pharmacists alone give nobody a key: the log shows it, and that the old one ended.
        if not self.trust.is_now(self.patient, said.new_aik):
            raise NeedsProof((self.patient,))
        return said

    def check_successor(
        self, event: Event, public: PublicGroup, before: Before, said: Succession | None = None
    ) -> State:
        """Return the state of a new group: one pharmacist's alone, and it forgets no end.

        Raises `Unlawful`. The patient's key is another only by what two pharmacists `said`.
        """
        state = self.check_group(public, before)
        stays = b"" if before.policy is None else before.policy.patient_aik
        key = stays if said is None else said.new_aik
        if key and state.policy.patient_aik != key:
            raise Unlawful(Breach.CHANGES_POLICY.value)
        leaf = state.leaf(LeafIdentity(event.person, event.device))
        alone = len(state.leaves) == 1 and public.epoch == 0
        if leaf is None or not alone or leaf.role is not Role.PHARMACIST:
            raise Unlawful(Breach.WRONG_FOUNDER.value)
        if state.in_force or state.number == before.floor.number:
            raise Unlawful(Breach.WRONG_NUMBER.value)
        return state

    def check_founding(
        self, state: State, founder: LeafIdentity, before: State, floor: Floor, succession: bytes
    ) -> None:
        """Raise `Unlawful` unless policy lets a group take the place of one in its last epoch."""
        at_us = max(self.now_us, floor.at_us)
        _require(check_founding(state, founder, at_us, before=before, succession=succession))

    def check_act(
        self, sender: LeafNode, data: AuthenticatedData, state: State, *, at_us: int
    ) -> None:
        """Raise `Unauthorised` unless the sender's leaf may send this, and says under what."""
        leaf = state.leaf(identity_of(sender))
        if leaf is None:
            raise Unauthorised("not_in_group")
        verdict = may_act(
            leaf,
            data.kind,
            state,
            acting_for=data.acting_for,
            delegation=data.delegation,
            delegation_version=data.delegation_version,
            at_us=at_us,
        )
        if isinstance(verdict, Refused):
            raise Unauthorised(verdict.why.value)

    def newcomer(self, leaf: LeafNode, policy: ConversationPolicy) -> Certified:
        """Return whose device a key package is, before it is added; raise `Unlawful`."""
        certified = self._certified(leaf, policy)
        self._check_entering([certified])
        if not certified.validity.includes(self.now_us):
            raise Unlawful(Refusal.E_IDENTITY.value.lower())
        return certified

    # Inside

    def _state(
        self, extensions: Extensions, members: Iterable[Member], suite: int, known: State | None
    ) -> State:
        try:
            policy, delegations = read_extensions(extensions)
        except CryptoError as exc:
            raise Unlawful("wrong_extensions") from exc
        if extensions != extensions_of(policy, delegations, self.trust.hub):
            raise Unlawful("wrong_extensions")
        self._check_policy(policy, suite)
        leaves = [self._certified(member.leaf_node, policy) for member in members]
        state = State.of(policy, delegations, leaves, self.trust.authority, known=known)
        if isinstance(state, Refused):
            raise Unlawful(reason_of(state))
        return state

    def _check_policy(self, policy: ConversationPolicy, suite: int) -> None:
        """Raise unless it is this conversation's, and hangs on the keys that were pinned."""
        told = (policy.conversation, policy.kind, policy.patient, policy.pharmacy)
        true = (
            UUID(self.conversation).bytes,
            self.kind,
            UUID(self.patient).bytes,
            self.trust.pharmacy,
        )
        if told != true or policy.suite_floor > suite:
            raise Unlawful("wrong_policy")
        if self.trust.owner is None:
            raise NeedsProof(())
        if not self.trust.is_owner(policy.owner_aik):
            raise IdentityChanged("owner_changed")
        if policy.patient_aik and not self.trust.is_of(self.patient, policy.patient_aik):
            raise IdentityChanged("identity_changed")

    def _certified(self, leaf: LeafNode, policy: ConversationPolicy) -> Certified:
        """Return whose a leaf is by its certificates; when they must hold is judged apart."""
        try:
            return verify_credential(
                leaf.credential,
                signature_key=leaf.signature_key,
                trust=self.trust.authority,
                owner_aik=policy.owner_aik,
                pharmacy=policy.pharmacy,
                at_us=None,
            )
        except CryptoError as exc:
            raise Unlawful("wrong_credential") from exc

    def _check_entering(self, leaves: Iterable[Certified]) -> None:
        """Raise unless these are people whom the log shows, under the keys that they have now."""
        entering = list(leaves)
        self._check_known(entering)
        if not all(self.trust.is_now(one.identity.person, one.aik) for one in entering):
            raise IdentityChanged("identity_changed")

    def _check_known(self, leaves: Iterable[Certified]) -> None:
        """Raise unless each of these leaves is of somebody whom the log shows, by the pinned key.

        What is proven was pinned: see `Identities.learn`.
        """
        entering = list(leaves)
        unproven = {
            leaf.identity.person for leaf in entering if not self.trust.is_proven(leaf.certificate)
        }
        if unproven:
            raise NeedsProof(unproven)
        if not all(self.trust.is_of(leaf.identity.person, leaf.aik) for leaf in entering):
            raise IdentityChanged("identity_changed")

    def _after(self, group: Group, before: State, received: ReceivedCommit) -> State:
        if received.next is not None:
            return self.state_of(received.next.public, before)
        # It removes this device: who stays is told by what the commit does.
        gone = {member.leaf_index for member in received.removed}
        stays = {one.leaf_index: one for one in group.members() if one.leaf_index not in gone}
        for member in (*received.added, received.committer):
            stays[member.leaf_index] = member
        return self._state(received.extensions_after, stays.values(), group.suite.id, before)


def identity_of(leaf: LeafNode) -> LeafIdentity:
    """Return whose a leaf says it is; raise `Unlawful` where it names no device."""
    try:
        return LeafIdentity.of(leaf.credential)
    except CryptoError as exc:
        raise Unlawful("wrong_credential") from exc


def due_in(group: Group, state: State) -> dict[LeafIdentity, Justified]:
    """Return whom the remembered proposals remove, and why: each was judged before it was kept."""
    due = {}
    for message in group.public.proposals.values():
        proposal, data = message.proposal(), message.content.authenticated_data
        if isinstance(proposal, Remove):
            found = _justified(group, state, proposal, data, None)
            if isinstance(found, Justified):
                due[found.target] = found
    return due


def _goes_on_from(policy: ConversationPolicy, before: ConversationPolicy) -> bool:
    """Tell whether nothing but the patient's key is another: whose that is, the pins say."""
    return replace(before, patient_aik=policy.patient_aik) == policy


def reason_of(refused: Refused) -> str:
    """Return the word under which a refusal is told: a wire's reason is in small letters."""
    return (refused.why if refused.breach is None else refused.breach).value.lower()


def _justified(
    group: Group, state: State, removal: Remove, data: bytes, now_us: int | None
) -> Justified | Refused:
    target = state.leaf(identity_of(group.public.tree.member(removal.removed)))
    try:
        said = RemoveJustification.decode(data)
    except CryptoError:
        return Refused(Refusal.E_SIGNATURE)
    if target is None:
        return Refused(Refusal.E_IDENTITY)
    return check_removal(
        said,
        target=target,
        state=state,
        transcript=group.context.confirmed_transcript_hash,
        now_us=now_us,
    )


def _identities(members: Iterable[Member]) -> frozenset[LeafIdentity]:
    return frozenset(identity_of(one.leaf_node) for one in members)


def _names(state: State) -> frozenset[LeafIdentity]:
    return frozenset(leaf.identity for leaf in state.leaves)


def _are_known(received: ReceivedCommit) -> bool:
    kinds = [type(sent.proposal) for sent in received.proposals]
    return set(kinds) <= _COMMITTED_HERE and kinds.count(GroupContextExtensions) <= 1


def _commit_data(received: ReceivedCommit) -> CommitData:
    try:
        return CommitData.decode(received.authenticated_data)
    except CryptoError as exc:
        raise Unlawful("wrong_commit_data") from exc


def _require(verdict: Granted | Refused) -> None:
    if isinstance(verdict, Refused):
        raise Unlawful(reason_of(verdict))
