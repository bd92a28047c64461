"""What the hub holds of the MLS groups: their public state, decoded once for each epoch.

All of RFC 9420 that can be checked without a secret is `crypto.mls.public_group`; here it meets the
people and devices of this hub. What policy verified of a group (certificates, delegations) is kept
beside it: signatures are checked once, when they come in.
"""

from __future__ import annotations

import hmac
from collections import OrderedDict
from dataclasses import dataclass

from crypto.errors import BadIdentity, CryptoError
from crypto.mls.extensions import (
    Extensions,
    RequiredCapabilities,
    external_senders_extension,
)
from crypto.mls.leaf_node import LeafNode
from crypto.mls.public_group import PublicGroup
from crypto.policy import decision
from crypto.policy.conversation import (
    LEAF_EXTENSIONS,
    ConversationPolicy,
    Delegations,
    extensions_of,
    hub_sender,
    read_extensions,
)
from crypto.policy.identity import (
    CREDENTIAL_TYPE,
    Certified,
    LeafIdentity,
    Trust,
    verify_credential,
)
from crypto.policy.state import State
from server.domain.conversation import Device
from server.domain.group import StoredGroup
from server.ports import Identity

MAX_GROUPS = 256
"""Decoded groups kept at hand: of 100 members each, some 50 MB."""
SUITES = frozenset({1, 3})
"""Those of which a device's key (Ed25519) is the signature key."""
SECOND = 1_000_000
"""Microseconds."""
MAX_LEAF_BYTES = 1536
"""Ours have some 800: three certificates of some 170 each, and the leaf itself; where a deployment
has the longest name there is, 1,500. Every commit carries the whole tree: who could bring a leaf
of any size could make it one that no frame holds, and the group would have had its last commit."""
MAX_GROWING_BYTES = 72 * 1024
"""Of the GroupInfo of a commit that brings a leaf, of the 96 KiB that a frame takes: 80 devices.
What may still grow is every key that they renew (a seventh of a leaf of 800 bytes: 11 KiB), and
withdrawals and tombstones in the delegations (12 KiB: 40 of the one, or 170 of the other)."""
MAX_CARERS_DEVICES = 5
"""Of one carer in a group: whose delegation ends, all of them must go in one commit."""


@dataclass(slots=True)
class _Known:
    """A group at hand, and what policy has verified of it, once somebody asked."""

    stored: bytes
    group: PublicGroup
    state: State | None = None


class GroupCache:
    """Decoded groups by conversation. Belongs to the writer's thread.

    A hit is by the stored bytes themselves: whatever was undone meanwhile, what is at hand is what
    the database says.
    """

    def __init__(self) -> None:
        self._groups: OrderedDict[str, _Known] = OrderedDict()

    def load(self, conversation: str, stored: StoredGroup) -> PublicGroup:
        """Return the group of a conversation as it is stored."""
        return self._known(conversation, stored).group

    def state(self, conversation: str, stored: StoredGroup, trust: Trust) -> State:
        """Return what the group says of itself, verified: each leaf and each record once.

        Raises `CryptoError` where it is no group of ours: from before people had certificates.
        """
        known = self._known(conversation, stored)
        if known.state is None:
            known.state = state_of(known.group, trust)
        return known.state

    def keep(
        self,
        conversation: str,
        stored: StoredGroup,
        group: PublicGroup,
        state: State | None = None,
    ) -> None:
        """Have a group at hand that was just stored, with what is known of it.

        Without a `state` it is still in the epoch it was in: only proposals came.
        """
        before = self._groups.get(conversation)
        if state is None and before is not None and before.group.context == group.context:
            state = before.state
        self._remember(conversation, _Known(stored.public, group, state))

    def _known(self, conversation: str, stored: StoredGroup) -> _Known:
        known = self._groups.get(conversation)
        if known is None or known.stored != stored.public:
            known = _Known(stored.public, PublicGroup.deserialize(stored.public))
        self._remember(conversation, known)
        return known

    def _remember(self, conversation: str, known: _Known) -> None:
        self._groups[conversation] = known
        self._groups.move_to_end(conversation)
        if len(self._groups) > MAX_GROUPS:
            self._groups.popitem(last=False)


def trust_of(identity: Identity) -> Trust:
    """Return what certificates are held against."""
    return Trust(identity.deployment, identity.authority_public_key)


def state_of(group: PublicGroup, trust: Trust) -> State:
    """Verify every leaf and every record of a group; raise `CryptoError` where one does not hold.

    Whether they hold at this hour is not asked: they did when they came in.
    """
    policy, delegations = read_extensions(group.context.extensions)
    leaves = [certified(member.leaf_node, policy, trust) for member in group.members()]
    found = State.of(policy, delegations, leaves, trust)
    if isinstance(found, decision.Refused):
        raise BadIdentity("a delegation in force that nobody signed so")
    return found


def certified(leaf: LeafNode, policy: ConversationPolicy, trust: Trust) -> Certified:
    """Verify whose a leaf is, at whatever time; raise `CryptoError`."""
    return verify_credential(
        leaf.credential,
        signature_key=leaf.signature_key,
        trust=trust,
        owner_aik=policy.owner_aik,
        pharmacy=policy.pharmacy,
        at_us=None,
    )


def group_extensions(
    identity: Identity, policy: ConversationPolicy, delegations: Delegations
) -> Extensions:
    """Return what a group's context says, and nothing else."""
    return extensions_of(policy, delegations, hub_sender(identity.mls_public_key))


def leaf_requirements(identity: Identity) -> Extensions:
    """Return what of a group's context every leaf must be able to bear."""
    required = RequiredCapabilities(
        extension_types=LEAF_EXTENSIONS, credential_types=(CREDENTIAL_TYPE,)
    )
    sender = external_senders_extension((hub_sender(identity.mls_public_key),))
    return (required.as_extension(), sender)


def identity_of(leaf: LeafNode) -> LeafIdentity:
    """Return whose a leaf of a checked group is."""
    return LeafIdentity.of(leaf.credential)


def is_large(leaf: LeafNode) -> bool:
    """Tell whether a leaf takes more than its part of a frame."""
    return len(leaf.encode()) > MAX_LEAF_BYTES


def is_leaf_of(leaf: LeafNode, device: Device) -> bool:
    """Tell whether a leaf is this device's: by name and by key."""
    try:
        named = identity_of(leaf)
    except CryptoError:
        return False
    same_key = hmac.compare_digest(leaf.signature_key, device.signature_key)
    return same_key and named == LeafIdentity(device.person, device.id)
