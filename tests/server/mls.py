"""Real MLS for the server's tests: devices that found groups, commit, follow and rejoin.

The hub is given what a client would give it, made by the Python `Group`. Application messages stay
opaque where a test needs no content: of those the hub reads the header alone.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol
from uuid import UUID

from crypto.keys import Secret
from crypto.mls.commit import Commit
from crypto.mls.content import AuthData, AuthenticatedContent, FramedContent
from crypto.mls.credential import Credential
from crypto.mls.extensions import Extensions, ExternalSender, external_senders_extension
from crypto.mls.framing import Sender, SenderType, WireFormat, decode_header
from crypto.mls.group import Committed, Group, ReceivedCommit, ReceivedProposal
from crypto.mls.key_package import KeyPackageBundle, Own
from crypto.mls.leaf_node import Capabilities, Lifetime
from crypto.mls.message import decode_key_package, decode_welcome, encode_message
from crypto.mls.proposal import Add, Proposal, Remove
from crypto.mls.protection import protect_public, sign_content
from crypto.mls.public_group import PublicGroup
from crypto.policy.identity import HUB, LeafIdentity
from crypto.policy.statements import (
    DeviceRevocation,
    EpochReceipt,
    authenticator_hash,
    sign,
)
from crypto.suites import SUITES, SigningKey, Suite
from server.domain.conversation import group_id
from server.ports import Clock
from signaling import frames
from signaling.frames import Added, AnyServerFrame

SUITE = SUITES[1]
DAY = 24 * 3600
DEPLOYMENT = "test.example"


class Named(Protocol):
    """What a claim tells of a package."""

    def __getitem__(self, key: str, /) -> Any: ...


@dataclass(slots=True)
class MlsDevice:
    """One device: its signature key, its key packages, its groups by conversation."""

    person: str
    device: str
    clock: Clock
    seed: Secret = field(default_factory=lambda: Secret(os.urandom(32)))
    groups: dict[str, Group] = field(default_factory=dict)
    bundles: list[KeyPackageBundle] = field(default_factory=list)
    made: dict[bytes, Committed] = field(default_factory=dict)
    """Commits by their bytes, until the hub accepts one."""

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
            "credential": LeafIdentity(self.person, self.device).credential(),
            "capabilities": Capabilities(cipher_suites=(1, 3), credentials=(1,)),
            "lifetime": Lifetime(self.now - 3600, self.now + 30 * DAY),
        }
        return Own(**fields | changes)

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
        hub_key: bytes,
        generation: int = 0,
        *,
        suite: Suite = SUITE,
        extensions: Extensions | None = None,
        **changes: Any,
    ) -> bytes:
        """Found a conversation's group; return its GroupInfo."""
        said = hub_extensions(hub_key) if extensions is None else extensions
        group = Group.create(
            suite, group_id(conversation, generation), self.own(**changes), said, os.urandom
        )
        self.groups[conversation] = group
        return group.group_info()

    def commit(self, conversation: str, *proposals: Proposal, **options: Any) -> Committed:
        """Commit in the group as this device holds it; nothing changes until it is accepted."""
        defaults: dict[str, Any] = {"force_path": True, "now": self.now}
        group = self.groups[conversation]
        made = group.commit(proposals, random_bytes=os.urandom, **defaults | options)
        self.made[made.message] = made
        return made

    def without_path(self, conversation: str, *proposals: Proposal) -> bytes:
        """Return a commit, signed, that brings no keys: what the core refuses to make."""
        group = self.groups[conversation]
        content = FramedContent(
            group_id=group.group_id,
            epoch=group.epoch,
            sender=Sender(SenderType.MEMBER, group.own_leaf_index),
            authenticated_data=b"",
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
        """Return the fields of a commit that adds the claimed devices."""
        made = self.commit(conversation, *adds_of(rows))
        return fields_of(conversation, made) | {"adds": added(*rows)} | changes

    def rejoin(self, conversation: str, group_info: bytes, **options: Any) -> dict[str, Any]:
        """Return the fields of an external commit: in place of the own leaf, where there is one."""
        own = self.own(**options.pop("leaf", {}))
        prior = leaf_of(PublicGroup.found(group_info), self.device)
        defaults: dict[str, Any] = {"remove_prior": prior, "now": self.now}
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
        """Sign that a device is given up."""
        said: dict[str, Any] = {
            "deployment": DEPLOYMENT,
            "person": UUID(self.person).bytes,
            "device": UUID(device).bytes,
            "signer": UUID(self.device).bytes,
            "at_us": self.clock.now(),
        }
        key = changes.pop("key", self.key)
        return sign(DeviceRevocation(**said | changes), key)

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


def hub_extensions(hub_key: bytes) -> Extensions:
    """Return the context's extensions that every group of a hub has."""
    return (external_senders_extension((ExternalSender(hub_key, Credential.basic(HUB)),)),)


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
