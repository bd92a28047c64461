"""What a device pinned at first sight, and the rules it holds every group to.

It runs again what the hub is there to run, on the same code: a hub that lets through what it
should refuse is found out by each member. Until people have certificates, "who" is what was seen
first: a device's key never changes, and a group has no leaf of a person whom the conversation
does not name.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

import msgspec

from clients.python.errors import HubFault, HubKeyChanged, StateUnreadable, Unlawful, Unproven
from clients.python.receipts import PinnedLogs
from crypto.errors import CryptoError
from crypto.mls.credential import Credential
from crypto.mls.extensions import Extensions, ExternalSender, external_senders_extension
from crypto.mls.framing import Sender, SenderType
from crypto.mls.group import Group, ReceivedCommit, ReceivedProposal
from crypto.mls.proposal import Add, ExternalInit, Remove
from crypto.mls.public_group import Member, PublicGroup
from crypto.policy.identity import HUB, LeafIdentity
from crypto.policy.membership import Change, breach_of
from crypto.policy.statements import DeviceRevocation, RemoveJustification, Unverified
from crypto.policy.vocabulary import Role
from signaling.frames import Event, Summary, Welcomed

_HUB_SENDER: Final = Sender(SenderType.EXTERNAL, 0)
_COMMITTED_HERE: Final = (Add, Remove, ExternalInit)


class _Known(msgspec.Struct, frozen=True, kw_only=True):
    """How a device is pinned."""

    person: str
    key: bytes


class _Stored(msgspec.Struct, frozen=True, kw_only=True):
    """The stored form."""

    v: int = 1
    person: str | None
    deployment: str | None
    hub_key: bytes | None
    logs: dict[str, str]
    head: str
    devices: dict[str, _Known]


@dataclass(slots=True)
class Trust:
    """Everything pinned; a device's for as long as it lives."""

    logs: PinnedLogs = field(default_factory=PinnedLogs)
    person: str | None = None
    deployment: str | None = None
    hub_key: bytes | None = None
    _devices: dict[str, _Known] = field(default_factory=dict)

    def meet(self, welcomed: Welcomed, device: str) -> None:
        """Pin who the hub is and who this device's person is; raise where either is another."""
        if welcomed.device != device or self.person not in (None, welcomed.person):
            raise HubFault("the hub says this device is another person's")
        mine = (self.deployment, self.hub_key)
        if mine not in ((None, None), (welcomed.deployment, welcomed.hub_key)):
            raise HubKeyChanged("the hub shows another key for its groups, or another name")
        self.logs.pin(welcomed.logs)
        self.person = welcomed.person
        self.deployment, self.hub_key = welcomed.deployment, welcomed.hub_key

    @property
    def extensions(self) -> Extensions:
        """Return what the context of every group says, and nothing else: the hub may propose."""
        if self.hub_key is None:
            raise HubFault("no hello before a group")
        return (external_senders_extension((ExternalSender(self.hub_key, Credential.basic(HUB)),)),)

    def check_device(self, one: LeafIdentity, key: bytes) -> None:
        """Raise `Unlawful` where a device shows another key, or person, than it was pinned with."""
        known = self._devices.get(one.device)
        if known is None:
            return
        if known.person != one.person or not hmac.compare_digest(known.key, key):
            raise Unlawful("key_changed")

    def pin_devices(self, members: Iterable[Member]) -> bool:
        """Pin the devices of a group that was checked; tell whether any is new."""
        before = len(self._devices)
        for member in members:
            one = LeafIdentity.of(member.leaf_node.credential)
            known = _Known(person=one.person, key=member.leaf_node.signature_key)
            self._devices.setdefault(one.device, known)
        return len(self._devices) > before

    def key_of(self, one: LeafIdentity) -> bytes | None:
        """Return the pinned key of a person's device."""
        known = self._devices.get(one.device)
        return known.key if known is not None and known.person == one.person else None

    def encode(self) -> bytes:
        """Return the stored form."""
        return msgspec.msgpack.encode(
            _Stored(
                person=self.person,
                deployment=self.deployment,
                hub_key=self.hub_key,
                logs=self.logs.keys,
                head=self.logs.head,
                devices=self._devices,
            )
        )

    @classmethod
    def decode(cls, data: bytes) -> Trust:
        """Read the stored form."""
        try:
            stored = msgspec.msgpack.decode(data, type=_Stored)
        except msgspec.DecodeError as exc:
            raise StateUnreadable("no pins of this version") from exc
        if stored.v != 1:
            raise StateUnreadable("no pins of this version")
        trust = cls(
            person=stored.person,
            deployment=stored.deployment,
            hub_key=stored.hub_key,
            _devices=stored.devices,
        )
        trust.logs.restore(stored.logs, stored.head)
        return trust


@dataclass(frozen=True, slots=True, kw_only=True)
class Judge:
    """The rules of one conversation's group, for this device."""

    conversation: str
    me: LeafIdentity
    trust: Trust
    roles: Mapping[str, Role]
    """Of the people whom the conversation names."""

    @classmethod
    def of(cls, summary: Summary, me: LeafIdentity, trust: Trust) -> Judge:
        """Return the judge of a conversation as the hub describes it."""
        try:
            roles = {member.person: Role(member.role) for member in summary.members}
        except ValueError as exc:
            raise HubFault("a role that nobody has") from exc
        return cls(conversation=summary.id, me=me, trust=trust, roles=roles)

    def check_own(self, event: Event) -> None:
        """Raise `Unlawful` where the hub hangs another's name on what this device did."""
        if LeafIdentity(event.person, event.device) != self.me:
            raise Unlawful("wrong_committer")

    def check_group(self, public: PublicGroup) -> None:
        """Raise `Unlawful` unless the context, and every leaf, is what a group of ours has."""
        if public.context.extensions != self.trust.extensions:
            raise Unlawful("wrong_extensions")
        devices: set[str] = set()
        for member in public.members():
            one = identity_of(member)
            if one.person not in self.roles:
                raise Unlawful("stranger")
            if one.device in devices:
                raise Unlawful("same_device_twice")
            self.trust.check_device(one, member.leaf_node.signature_key)
            devices.add(one.device)

    def check_commit(self, event: Event, group: Group, received: ReceivedCommit) -> None:
        """Raise `Unlawful` unless its committer is who the event says, and may do what it does."""
        committer = identity_of(received.committer)
        if committer != LeafIdentity(event.person, event.device):
            raise Unlawful("wrong_committer")
        due = frozenset(due_in(group))
        breach = breach_of(
            Change(
                committer=committer,
                # Whom the conversation does not name may do the least.
                role=self.roles.get(committer.person, Role.PATIENT),
                external=received.kind != "member",
                before=frozenset(map(identity_of, group.members())) - due,
                added=frozenset(map(identity_of, received.added)),
                removed=frozenset(map(identity_of, received.removed)),
                due=due,
                same_extensions=received.extensions_after == received.extensions_before,
                known_proposals=all(
                    isinstance(sent.proposal, _COMMITTED_HERE) for sent in received.proposals
                ),
            )
        )
        if breach is not None:
            raise Unlawful(breach.value)
        if received.next is not None:
            self.check_group(received.next.public)

    def check_removal(self, group: Group, received: ReceivedProposal) -> None:
        """Raise `Unlawful` unless the hub proposes to remove a device that was given up.

        Raises `Unproven` where the device that signed was never seen here: then nothing is held
        against the hub, and nothing is done for it.
        """
        removal = received.proposal
        if received.sender != _HUB_SENDER or not isinstance(removal, Remove):
            raise Unlawful("foreign_proposal")
        leaf = group.public.tree.member(removal.removed)
        target = LeafIdentity.of(leaf.credential)
        try:
            said = RemoveJustification.decode(received.authenticated_data)
            revocation = Unverified.decode(DeviceRevocation, said.statement)
            self._check_justification(group, target, said)
            self._check_revocation(target, revocation)
        except CryptoError as exc:
            raise Unlawful("unjustified") from exc

    def check_successor(self, event: Event, public: PublicGroup) -> None:
        """Raise `Unlawful` unless a new group is one pharmacist's device's alone, at its start."""
        self.check_group(public)
        founders = [identity_of(member) for member in public.members()]
        founder = LeafIdentity(event.person, event.device)
        if founders != [founder] or public.epoch != 0:
            raise Unlawful("wrong_founder")
        if self.roles.get(founder.person) is not Role.PHARMACIST:
            raise Unlawful("wrong_founder")
        if self.trust.key_of(founder) is None:
            raise Unlawful("unknown_founder")

    def _check_justification(
        self, group: Group, target: LeafIdentity, said: RemoveJustification
    ) -> None:
        told = (said.conversation, said.device, said.confirmed_transcript_hash)
        true = (
            UUID(self.conversation).bytes,
            UUID(target.device).bytes,
            group.context.confirmed_transcript_hash,
        )
        if told != true:
            raise Unlawful("unjustified")

    def _check_revocation(
        self, target: LeafIdentity, unverified: Unverified[DeviceRevocation]
    ) -> None:
        said = unverified.content
        told = (said.deployment, said.person, said.device)
        if told != (
            self.trust.deployment,
            UUID(target.person).bytes,
            UUID(target.device).bytes,
        ):
            raise Unlawful("unjustified")
        signer = LeafIdentity(target.person, str(UUID(bytes=said.signer)))
        key = self.trust.key_of(signer)
        if key is None:
            raise Unproven("unknown_signer")
        unverified.verify(key)


def identity_of(member: Member) -> LeafIdentity:
    """Return whose a leaf is; raise `Unlawful` where it names no device."""
    try:
        return LeafIdentity.of(member.leaf_node.credential)
    except CryptoError as exc:
        raise Unlawful("wrong_credential") from exc


def due_in(group: Group) -> Iterable[LeafIdentity]:
    """Return whom the remembered proposals remove: each was justified before it was kept."""
    for message in group.public.proposals.values():
        proposal = message.proposal()
        if isinstance(proposal, Remove):
            yield LeafIdentity.of(group.public.tree.member(proposal.removed).credential)
