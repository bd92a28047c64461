"""Real MLS for the server's tests: devices that found groups, commit, follow and rejoin.

The hub is given what a client would give it, made by the Python `Group`. Application messages stay
opaque where a test needs no content: of those the hub reads the header alone.
"""

from __future__ import annotations

import os
from collections.abc import Generator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol
from uuid import UUID

from crypto.keys import Secret
from crypto.mls.commit import Commit
from crypto.mls.content import AuthData, AuthenticatedContent, FramedContent
from crypto.mls.extensions import Extensions
from crypto.mls.framing import Sender, SenderType, WireFormat, decode_header
from crypto.mls.group import Committed, Group, ReceivedCommit, ReceivedProposal
from crypto.mls.key_package import KeyPackageBundle, Own
from crypto.mls.leaf_node import Capabilities, Lifetime
from crypto.mls.message import decode_key_package, decode_welcome, encode_message
from crypto.mls.proposal import Add, GroupContextExtensions, Proposal, Remove
from crypto.mls.protection import protect_public, sign_content
from crypto.mls.public_group import PublicGroup
from crypto.policy.conversation import (
    LEAF_EXTENSIONS,
    CommitData,
    ConversationPolicy,
    Delegations,
    extensions_of,
    hub_sender,
    others_of,
    read_extensions,
)
from crypto.policy.identity import CREDENTIAL_TYPE, CredentialParts, LeafIdentity
from crypto.policy.statements import (
    EpochReceipt,
    IdentityCertificate,
    Unverified,
    authenticator_hash,
    sign,
)
from crypto.suites import SUITES, SigningKey, Suite
from server.domain.conversation import group_id
from server.ports import Clock
from signaling import frames
from signaling.frames import Added, AnyClientFrame, AnyServerFrame
from tests.server.accounts import DEPLOYMENT, Account

SUITE = SUITES[1]
DAY = 24 * 3600
CAPABILITIES = Capabilities(
    cipher_suites=(1, 3), extensions=LEAF_EXTENSIONS, credentials=(CREDENTIAL_TYPE,)
)
"""What every device of ours can do."""


class Named(Protocol):
    """What a claim tells of a package."""

    def __getitem__(self, key: str, /) -> Any: ...


@dataclass(slots=True)
class MlsDevice:
    """One device: its signature key, its key packages, its groups by conversation."""

    account: Account
    device: str
    clock: Clock
    seed: Secret = field(default_factory=lambda: Secret(os.urandom(32)))
    groups: dict[str, Group] = field(default_factory=dict)
    bundles: list[KeyPackageBundle] = field(default_factory=list)
    made: dict[bytes, Committed] = field(default_factory=dict)
    """Commits by their bytes, until the hub accepts one."""

    @property
    def person(self) -> str:
        """Whose it is."""
        return self.account.person.id

    @property
    def certificate(self) -> bytes:
        """What its person's account key says of it."""
        return self.account.device_certificate(self.device, self.signature_key)

    @property
    def now(self) -> int:
        """Seconds, as MLS has them."""
        return self.clock.now() // 1_000_000

    @property
    def key(self) -> SigningKey:
        """The device's signing key."""
        return SUITE.signing_key(self.seed)

    @property
    def signature_key(self) -> bytes:
        """Its public half."""
        return self.key.public

    def own(self, **changes: Any) -> Own:
        """Return what this device's leaf says, or something else."""
        fields: dict[str, Any] = {
            "signature_key": self.seed,
            "credential": self.parts().credential(),
            "capabilities": CAPABILITIES,
            "lifetime": Lifetime(self.now - 3600, self.now + 30 * DAY),
        }
        return Own(**fields | changes)

    def parts(self, **changes: bytes) -> CredentialParts:
        """Return the certificates in this device's leaf, or others."""
        account = self.account
        said = {
            "identity": account.identity,
            "device": self.certificate,
            "staff": account.staff,
        }
        return CredentialParts(**said | changes)

    def bundle(self, suite: Suite = SUITE, **changes: Any) -> KeyPackageBundle:
        """Make a key package and keep its private keys."""
        made = KeyPackageBundle.create(suite, self.own(**changes), os.urandom)
        self.bundles.append(made)
        return made

    def key_package(self, suite: Suite = SUITE, **changes: Any) -> bytes:
        """Return a fresh key package, as it is published."""
        return encode_message(self.bundle(suite, **changes).key_package)

    def found(
        self,
        conversation: str,
        extensions: Extensions,
        generation: int = 0,
        *,
        suite: Suite = SUITE,
        **changes: Any,
    ) -> bytes:
        """Found a conversation's group; return its GroupInfo."""
        named = group_id(conversation, generation)
        group = Group.create(suite, named, self.own(**changes), extensions, os.urandom)
        self.groups[conversation] = group
        return group.group_info()

    def commit(self, conversation: str, *proposals: Proposal, **options: Any) -> Committed:
        """Commit in the group as this device holds it; nothing changes until it is accepted."""
        defaults: dict[str, Any] = {
            "force_path": True,
            "now": self.now,
            "authenticated_data": self.commit_data(),
        }
        group = self.groups[conversation]
        made = group.commit(proposals, random_bytes=os.urandom, **defaults | options)
        self.made[made.message] = made
        return made

    def commit_data(self, **changes: Any) -> bytes:
        """Return what stands in the authenticated data of each commit."""
        return CommitData(**{"at_us": self.clock.now()} | changes).encode()

    def without_path(self, conversation: str, *proposals: Proposal) -> bytes:
        """Return a commit, signed, that brings no keys: what the core refuses to make."""
        group = self.groups[conversation]
        content = FramedContent(
            group_id=group.group_id,
            epoch=group.epoch,
            sender=Sender(SenderType.MEMBER, group.own_leaf_index),
            authenticated_data=self.commit_data(),
            content=Commit(proposals),
        )
        context, wire_format = group.public.context_bytes, WireFormat.PUBLIC_MESSAGE
        auth = AuthData(sign_content(wire_format, content, context, self.key), bytes(32))
        message = AuthenticatedContent(wire_format, content, auth)
        tagged = protect_public(group.suite, message, context, group.secrets.membership_key)
        return encode_message(tagged)

    def a_commit(self, conversation: str, *proposals: Proposal, **changes: Any) -> dict[str, Any]:
        """Return the fields of a commit that adds nobody."""
        made = self.commit(conversation, *proposals)
        return fields_of(conversation, made) | changes

    def an_add(self, conversation: str, *rows: Named, **changes: Any) -> dict[str, Any]:
        """Return the fields of a commit that adds the claimed devices.

        With the first of the patient's it sets the key that everything of theirs hangs on.
        """
        adds = adds_of(rows)
        made = self.commit(conversation, *patients_key(self.groups[conversation], adds), *adds)
        return fields_of(conversation, made) | {"adds": added(*rows)} | changes

    def rejoin(self, conversation: str, group_info: bytes, **options: Any) -> dict[str, Any]:
        """Return the fields of an external commit: in place of the own leaf, where there is one."""
        own = self.own(**options.pop("leaf", {}))
        prior = leaf_of(PublicGroup.found(group_info), self.device)
        defaults: dict[str, Any] = {
            "remove_prior": prior,
            "now": self.now,
            "authenticated_data": self.commit_data(),
        }
        made = Group.join_external(group_info, own, random_bytes=os.urandom, **defaults | options)
        self.made[made.message] = made
        return fields_of(conversation, made)

    def go_on(self, conversation: str, message: bytes) -> None:
        """The hub has accepted a commit of this device: its next epoch stands."""
        made = self.made.pop(message, None)
        if made is not None:
            self.groups[conversation] = made.next

    def see(self, frame: AnyServerFrame) -> None:
        """Follow what the hub pushes: Welcomes, proposals and others' commits."""
        if isinstance(frame, frames.WelcomePush):
            self.join(frame.conversation, frame.welcome)
        elif isinstance(frame, frames.Event) and frame.what in ("commit", "proposal"):
            self._follow(frame)

    def join(self, conversation: str, welcome: bytes) -> None:
        """Join by a Welcome for one of this device's packages."""
        invited = {secrets.new_member for secrets in decode_welcome(welcome).secrets}
        mine = [one for one in self.bundles if one.key_package.reference() in invited]
        # None: its keys are those of a test that ran before this hub.
        for bundle in mine[:1]:
            self.groups[conversation] = Group.join(welcome, bundle)

    def receipt(self, conversation: str, /, **changes: Any) -> bytes:
        """Sign where this device stands."""
        group = self.groups[conversation]
        said: dict[str, Any] = {
            "deployment": DEPLOYMENT,
            "conversation": UUID(conversation).bytes,
            "group_id": group.group_id,
            "epoch": group.epoch,
            "confirmed_transcript_hash": group.context.confirmed_transcript_hash,
            "authenticator_hash": authenticator_hash(group.epoch_authenticator.reveal()),
            "device": UUID(self.device).bytes,
        }
        key = changes.pop("key", self.key)
        return sign(EpochReceipt(**said | changes), key)

    def revocation(self, device: str, **changes: Any) -> bytes:
        """Sign, with the account key, that a device is given up."""
        at_us = changes.pop("at_us", self.clock.now())
        return self.account.device_revocation(device, at_us, **changes)

    def _follow(self, event: frames.Event) -> None:
        group, header = self.groups.get(event.conversation), decode_header(event.body)
        if group is None or (header.group_id, header.epoch) != (group.group_id, group.epoch):
            return
        if event.body in self.made:
            self.go_on(event.conversation, event.body)
            return
        received = group.receive(event.body, now=self.now)
        if isinstance(received, ReceivedProposal | ReceivedCommit) and received.next is not None:
            self.groups[event.conversation] = received.next


def founding(
    hub_key: bytes, policy: ConversationPolicy, delegations: Delegations | None = None
) -> Extensions:
    """Return the context's extensions with which a group of a hub begins."""
    return extensions_of(policy, delegations or Delegations(), hub_sender(hub_key))


def a_policy(
    conversation: str, owner: Account, patient: Account, **changes: Any
) -> ConversationPolicy:
    """Return what the group of a conversation says: of an owner's pharmacy, for a patient."""
    said: dict[str, Any] = {
        "conversation": UUID(conversation).bytes,
        "kind": "remote_dispensation",
        "pharmacy": owner.person.tenant,
        "owner_aik": owner.aik,
        "patient": patient.id,
    }
    return ConversationPolicy(**said | changes)


def moving_in(
    mls: MlsDevice, welcomed: dict[str, Any]
) -> Generator[AnyClientFrame, dict[str, Any], None]:
    """Yield what a device says at its first run, given what each `ok` says; then it is certified.

    For hubs that nobody prepared: the account key is enrolled where it is not yet.
    """
    account = replace(mls.account, deployment=welcomed["deployment"], since=mls.clock.now())
    certificate = welcomed["identity"]
    if not certificate:
        statement = account.enrolment()
        certificate = (yield frames.EnrolIdentity(id="enrol", statement=statement))["certificate"]
    mls.account = replace(account, identity=certificate, staff=welcomed["staff"])
    if not welcomed["device_certificate"]:
        yield frames.CertifyDevice(id="certify", certificate=mls.certificate)


def policy_of(group: Group) -> ConversationPolicy:
    """Return what a group says of its conversation."""
    return read_extensions(group.context.extensions)[0]


def with_extensions(
    group: Group, policy: ConversationPolicy, delegations: Delegations
) -> GroupContextExtensions:
    """Return the proposal that puts others in the place of a group's policy and delegations."""
    sender = others_of(group.context.extensions)
    changing = extensions_of(policy, delegations, hub_sender(b""))[2:]
    return GroupContextExtensions((*sender, *changing))


def patients_key(group: Group, adds: Sequence[Add]) -> tuple[GroupContextExtensions, ...]:
    """Return the proposal that sets the patient's account key, where these adds ask for it."""
    policy, delegations = read_extensions(group.context.extensions)
    for add in adds:
        certificate = identity_in(add)
        if not policy.patient_aik and certificate.person == policy.patient:
            named = replace(policy, patient_aik=certificate.aik)
            return (with_extensions(group, named, delegations),)
    return ()


def identity_in(add: Add) -> IdentityCertificate:
    """Read the identity certificate of a leaf to be added."""
    parts = CredentialParts.of(add.key_package.leaf_node.credential)
    return Unverified.decode(IdentityCertificate, parts.identity).content


def fields_of(conversation: str, made: Committed) -> dict[str, Any]:
    """Return a commit as the fields of its frame."""
    return {
        "conversation": conversation,
        "commit": made.message,
        "group_info": made.group_info,
        "welcome": made.welcome,
    }


def adds_of(rows: Sequence[Named]) -> list[Add]:
    """Return the proposals that add the claimed packages."""
    return [Add(decode_key_package(row["bytes"])) for row in rows]


def added(*rows: Named) -> list[Added]:
    """Name the claimed devices as a commit does."""
    return [
        Added(person=row["person"], device=row["device"], key_package=row["key_package"])
        for row in rows
    ]


def leaf_of(group: Group | PublicGroup, device: str) -> int | None:
    """Return the leaf of a device."""
    leaves = (
        member.leaf_index
        for member in group.members()
        if LeafIdentity.of(member.leaf_node.credential).device == device
    )
    return next(leaves, None)


def removal_of(group: Group, device: str) -> Remove:
    """Return the proposal that removes a device."""
    leaf = leaf_of(group, device)
    assert leaf is not None
    return Remove(leaf)


# Behind the signature of a commit stand its confirmation tag and its membership tag.
IN_THE_SIGNATURE = -(2 * (1 + 32) + 8)


def forged(message: bytes, at: int = IN_THE_SIGNATURE) -> bytes:
    """Return a commit with one bit of its signature, or elsewhere, turned over."""
    data = bytearray(message)
    data[at] ^= 1
    return bytes(data)
