"""The MLS group of a conversation as the database keeps it: nothing of it is secret."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredGroup:
    """What the hub checks the next commit against, and tells whoever rejoins."""

    public: bytes
    """The serialised `PublicGroup`."""
    group_info: bytes
    """The GroupInfo that the last committer signed."""
    last_transcript: bytes = b""
    """The confirmed transcript hash of the epoch before: its receipts may come late."""
    at: int = 0
    """The instant that its last commit named: the next one's is not before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingRemove:
    """A device that must leave a group: no message is accepted there until a commit says so."""

    conversation: str
    device: str
    generation: int
    epoch: int
    leaf: int
    statement: bytes
    """What justifies it: a signed revocation, or what else says so in time."""
    why: str = "device"
    """In a word of `crypto.policy.removal`."""
    delegation: bytes = b""
    """The id of the delegation that ended, where one did."""
    staff: bytes = b""
    """The certificate of the pharmacist who signed the statement, where one did."""
    at_us: int = 0
    """When it was demanded."""
    proposal: bytes
    """The hub's proposal for this epoch (MLSMessage)."""
    seq: int


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptReceipt:
    """A device's signed word that it is in an epoch, as it came."""

    conversation: str
    generation: int
    epoch: int
    device: str
    authenticator_hash: bytes
    statement: bytes
    received_at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StuckReport:
    """A device's word that it cannot follow the group past an epoch."""

    conversation: str
    generation: int
    epoch: int
    device: str
    reason: str
    reported_at: int
