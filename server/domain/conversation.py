"""A conversation as the hub sees it: members, devices in the group, and an ordered stream."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from uuid import UUID

from crypto.policy.vocabulary import ConversationKind, Motive, Role


class What(StrEnum):
    """What one step of a stream is."""

    MESSAGE = "message"
    COMMIT = "commit"
    PROPOSAL = "proposal"
    """The hub's, to remove a device."""
    SUCCESSION = "succession"
    """A new group takes the place of one that nobody could follow."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    """The plain state of one conversation.

    Its MLS group has a row of its own: messages need none of it, and it is longer than all of this.
    """

    id: str
    tenant: str
    kind: ConversationKind
    motive: Motive
    motive_salt: bytes
    founder: str
    founder_device: str
    patient: str
    created_at: int
    generation: int = 0
    """How many groups came before the present one."""
    epoch: int = 0
    last_seq: int = 0
    entries: int = 0
    """How many audit entries name this conversation: the next one's number less one."""
    removing: bool = False
    """A device is to be removed: nothing but the commit that does it is accepted."""

    @property
    def group_id(self) -> bytes:
        """The id of the present MLS group."""
        return group_id(self.id, self.generation)


# Asked twice for each message.
@lru_cache(maxsize=4096)
def group_id(conversation: str, generation: int) -> bytes:
    """Return the MLS group id of a conversation's group: its UUID, and a byte for a successor."""
    return UUID(conversation).bytes + (bytes((generation,)) if generation else b"")


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One person of a conversation and how far they have come."""

    person: str
    role: Role
    delivered: int = 0
    read: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One step of a conversation: a message or a commit, in the order all members see."""

    conversation: str
    seq: int
    ts: int
    what: What
    person: str
    device: str
    body: bytes
    epoch: int
    message: str | None = None
    franking_tag: bytes | None = None
    welcome: bytes | None = None
    log_index: int = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyPackage:
    """A single-use package of one device; `ref` is SHA-256 of its bytes, in hex."""

    ref: str
    device: str
    person: str
    body: bytes
    init_key: bytes = b""
    """One package's alone: a second one with it would not be single-use."""
    not_after: int = 2**63 - 1
    """Until when it may be used (microseconds)."""
    claimed_by: str | None = None
    claimed_for: str | None = None
    used: bool = False


@dataclass(frozen=True, slots=True)
class Device:
    """A device and the person it belongs to for good."""

    id: str
    person: str
    signature_key: bytes
    retired_at: int | None = None
    """Since when it is no device of anybody's any more (microseconds)."""
    registered_at: int = 0
    """When it said hello first (microseconds); 0: before that was kept."""
    certificate: bytes = b""
    """The signed `DeviceCertificate` of its person's account key; empty: it is nobody's yet."""
    certified_until: int = 0
    number: int = 0
    """Its place among its person's devices, from 0."""

    def is_certified(self, now: int) -> bool:
        """Tell whether its person's account key says at `now` that it is theirs."""
        return bool(self.certificate) and now < self.certified_until
