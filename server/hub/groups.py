"""What the hub holds of the MLS groups: their public state, decoded once for each epoch.

All of RFC 9420 that can be checked without a secret is `crypto.mls.public_group`; here it meets the
people and devices of this hub.
"""

from __future__ import annotations

import hmac
from collections import OrderedDict

from crypto.errors import CryptoError
from crypto.mls.credential import Credential
from crypto.mls.extensions import Extensions, ExternalSender, external_senders_extension
from crypto.mls.leaf_node import LeafNode
from crypto.mls.public_group import PublicGroup
from crypto.policy.identity import HUB, LeafIdentity
from server.domain.conversation import Device
from server.domain.group import StoredGroup
from server.ports import Identity

MAX_GROUPS = 256
"""Decoded groups kept at hand: of 100 members each, some 50 MB."""
SUITES = frozenset({1, 3})
"""Those of which a device's key (Ed25519) is the signature key."""
SECOND = 1_000_000
"""Microseconds."""
MAX_LEAF_BYTES = 384
"""Ours have some 270. Every commit carries the whole tree: who could bring a leaf of any size could
make it one that no frame holds, and the group would have had its last commit."""
MAX_GROWING_BYTES = 48 * 1024
"""Of the GroupInfo of a commit that brings a leaf, of the 96 KiB that a frame takes: some 140
devices, and room for every key that they renew."""


class GroupCache:
    """Decoded groups by conversation. Belongs to the writer's thread.

    A hit is by the stored bytes themselves: whatever was undone meanwhile, what is at hand is what
    the database says.
    """

    def __init__(self) -> None:
        self._groups: OrderedDict[str, tuple[bytes, PublicGroup]] = OrderedDict()

    def load(self, conversation: str, stored: StoredGroup) -> PublicGroup:
        """Return the group of a conversation as it is stored."""
        known = self._groups.get(conversation)
        if known is None or known[0] != stored.public:
            known = (stored.public, PublicGroup.deserialize(stored.public))
        self._remember(conversation, known)
        return known[1]

    def keep(self, conversation: str, stored: StoredGroup, group: PublicGroup) -> None:
        """Have a group at hand that was just stored."""
        self._remember(conversation, (stored.public, group))

    def _remember(self, conversation: str, known: tuple[bytes, PublicGroup]) -> None:
        self._groups[conversation] = known
        self._groups.move_to_end(conversation)
        if len(self._groups) > MAX_GROUPS:
            self._groups.popitem(last=False)


def group_extensions(identity: Identity) -> Extensions:
    """Return what every group's context says, and nothing else: who may propose from outside."""
    sender = ExternalSender(identity.mls_public_key, Credential.basic(HUB))
    return (external_senders_extension((sender,)),)


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
