"""A conversation as the hub sees it: members, devices in the group, and an ordered stream."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from crypto.policy.vocabulary import ConversationKind, Motive, Role


class What(StrEnum):
    """What one step of a stream is."""

    MESSAGE = "message"
    COMMIT = "commit"


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    """The plain state of one conversation; its MLS group id is the 16 bytes of `id`."""

    id: str
    tenant: str
    kind: ConversationKind
    motive: Motive
    motive_salt: bytes
    founder: str
    founder_device: str
    patient: str
    created_at: int
    epoch: int = 0
    last_seq: int = 0
    entries: int = 0
    """How many audit entries name this conversation: the next one's number less one."""
    group_info: bytes = b""


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
    claimed_by: str | None = None
    claimed_for: str | None = None
    used: bool = False


@dataclass(frozen=True, slots=True)
class Device:
    """A device and the person it belongs to for good."""

    id: str
    person: str
    signature_key: bytes
