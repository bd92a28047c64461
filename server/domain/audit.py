"""What an audit entry says: a closed list of types, one shape, nothing erasable in it.

Entries are canonical JSON, produced once; the stored bytes are the Merkle leaf. People stand in
them as pseudonyms, contents as hashes, low-entropy facts as salted commitments.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from crypto.log import canonical
from server.domain.people import HubItself, Person


class LogClass(StrEnum):
    """One log per pharmacy and retention class (AUDIT, "Shape")."""

    CARE = "care"
    """Acts, consents, delegations and who looked at them: 10 years."""
    TECHNICAL = "technical"
    """Sign-ins and connections: 12 months."""


class EntryType(StrEnum):
    """Every kind of entry there is. Never renamed: old logs must stay readable."""

    DISPENSATION_STARTED = "dispensation.started"
    THREAD_STARTED = "thread.started"
    KEY_PACKAGE_CLAIMED = "key_package.claimed"
    GROUP_COMMITTED = "group.committed"
    MESSAGE_SENT = "message.sent"
    ACT_REFUSED = "act.refused"
    AUDIT_CONVERSATIONS_LISTED = "audit.conversations_listed"
    AUDIT_TIMELINE_READ = "audit.timeline_read"
    AUDIT_LOGS_VERIFIED = "audit.logs_verified"
    SESSION_OPENED = "session.opened"
    SESSION_CLOSED = "session.closed"
    DEVICE_REGISTERED = "device.registered"
    CONNECTION_OPENED = "connection.opened"
    KEY_PACKAGES_PUBLISHED = "key_packages.published"
    CALL_OPENED = "call.opened"
    CALL_RANG = "call.rang"
    CALL_ACCEPTED = "call.accepted"
    CALL_DECLINED = "call.declined"
    CALL_MISSED = "call.missed"
    CALL_DELAYED = "call.delayed"
    CALL_CONNECTED = "call.connected"
    CALL_PAIR_LOST = "call.pair_lost"
    CALL_SOCKET_LOST = "call.socket_lost"
    CALL_SOCKET_BACK = "call.socket_back"
    CALL_INCIDENT = "call.incident"
    CALL_TURN_ISSUED = "call.turn_issued"
    CALL_LEFT = "call.left"
    CALL_ENDED = "call.ended"
    GROUP_INFO_TOLD = "group.info_told"
    GROUP_CONFIRMED = "group.confirmed"
    GROUP_FORKED = "group.forked"
    GROUP_STUCK = "group.stuck"
    GROUP_SUCCEEDED = "group.succeeded"
    REMOVE_PROPOSED = "group.remove_proposed"
    DEVICE_RETIRED = "device.retired"
    IDENTITY_ISSUED = "identity.issued"
    STAFF_CERTIFIED = "staff.certified"
    DEVICE_CERTIFIED = "device.certified"
    DEVICE_LINK_ASKED = "device.link_asked"
    RECOVERY_KEPT = "recovery.kept"
    RECOVERY_ASKED = "recovery.asked"
    ACCOUNT_REVOCATION_PROPOSED = "account.revocation_proposed"
    ACCOUNT_REVOKED = "account.revoked"
    CARER_LINKED = "carer.linked"
    CARER_CODE_MADE = "carer.code_made"
    ASIDE_STARTED = "aside.started"
    DELEGATION_PROPOSED = "delegation.proposed"
    DELEGATION_CONFIRMED = "delegation.confirmed"
    DELEGATION_ACCEPTED = "delegation.accepted"
    DELEGATION_ACTIVATED = "delegation.activated"
    DELEGATION_NARROWED = "delegation.narrowed"
    DELEGATION_REVOKED = "delegation.revoked"
    DELEGATION_RESIGNED = "delegation.resigned"
    DELEGATION_SUSPENDED = "delegation.suspended"
    DELEGATION_EXPIRED = "delegation.expired"


EVERY_PATIENT = "*"
"""What an entry is about that concerns all patients of a pharmacy."""
LOOKS_AT_ALL = frozenset({EntryType.AUDIT_CONVERSATIONS_LISTED, EntryType.AUDIT_LOGS_VERIFIED})
"""An officer's looks that no one patient is the subject of, and each is concerned by."""

TECHNICAL_TYPES = frozenset(
    {
        EntryType.SESSION_OPENED,
        EntryType.SESSION_CLOSED,
        EntryType.DEVICE_REGISTERED,
        EntryType.CONNECTION_OPENED,
        EntryType.KEY_PACKAGES_PUBLISHED,
        EntryType.GROUP_INFO_TOLD,
        EntryType.GROUP_CONFIRMED,
        EntryType.DEVICE_LINK_ASKED,
        EntryType.RECOVERY_KEPT,
        EntryType.RECOVERY_ASKED,
        EntryType.CARER_CODE_MADE,
    }
)


@dataclass(frozen=True, slots=True)
class Sealed:
    """What an entry says of a ciphertext: enough to recognise it, nothing to read."""

    ciphertext: bytes
    epoch: int
    seq: int
    franking_tag: bytes | None = None
    message: str | None = None
    transcript: bytes | None = None
    """The confirmed transcript hash of the epoch that a commit opens."""

    def as_json(self) -> dict[str, Any]:
        """Return the entry's `object` field."""
        return {
            "ciphertext": hashlib.sha256(self.ciphertext).hexdigest(),
            "epoch": self.epoch,
            "franking_tag": self.franking_tag.hex() if self.franking_tag else None,
            "length_bucket": length_bucket(len(self.ciphertext)),
            "message": self.message,
            "seq": self.seq,
            "transcript": self.transcript.hex() if self.transcript else None,
        }


@dataclass(frozen=True, slots=True)
class ActingFor:
    """In whose name a carer acts, and by which delegation."""

    patient: str
    delegation: str
    version: int
    """The number of the group's delegations at that time."""

    def as_json(self) -> dict[str, Any]:
        """Return the entry's `acting_for` field."""
        return {
            "delegation": self.delegation,
            "patient": self.patient,
            "version": self.version,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """An entry before the log gives it its place."""

    type: EntryType
    actor: Person | HubItself
    device: str | None
    rule: str
    """Which frame's rule decided; for a refusal, its code."""
    permitted: bool = True
    conversation: str | None = None
    subject: str | None = None
    """The pseudonym of the patient it is about."""
    sealed: Sealed | None = None
    outcome: dict[str, Any] | None = None
    commitments: dict[str, str] = field(default_factory=dict)
    counter: int | None = None
    """The device's own counter in this conversation, as its client claims it."""
    acting_for: ActingFor | None = None
    """Of what a carer does; None of what anybody does in their own name."""

    @property
    def log_class(self) -> LogClass:
        """The log this entry belongs to: refusals outside a conversation are technical."""
        if self.type is EntryType.ACT_REFUSED:
            return LogClass.CARE if self.conversation else LogClass.TECHNICAL
        return LogClass.TECHNICAL if self.type in TECHNICAL_TYPES else LogClass.CARE

    @property
    def about(self) -> str | None:
        """The patient who is told of it (« Qui a vu quoi »), or `EVERY_PATIENT`."""
        return EVERY_PATIENT if self.type in LOOKS_AT_ALL else self.subject


@dataclass(frozen=True, slots=True)
class Place:
    """Where an entry stands: its index in the log and its number inside its conversation."""

    index: int
    ts: int
    conversation_entry: int | None
    node: str


def encode(draft: Draft, place: Place) -> bytes:
    """Return the entry's bytes, version 1: what is stored, hashed and never re-serialised."""
    return canonical.encode(
        {
            "acting_for": draft.acting_for.as_json() if draft.acting_for else None,
            "actor": {
                "device": draft.device,
                "person": draft.actor.id,
                "role": str(draft.actor.role),
            },
            "class": draft.log_class.value,
            "client": None
            if draft.counter is None
            else {"prev": None, "seq": draft.counter, "signature": None},
            "commitments": draft.commitments,
            "conversation": draft.conversation,
            "conversation_entry": place.conversation_entry,
            "decision": {"effect": "permit" if draft.permitted else "deny", "rule": draft.rule},
            "node": place.node,
            "object": draft.sealed.as_json() if draft.sealed else None,
            "outcome": draft.outcome,
            "purpose": None,
            "seq": place.index,
            "subject": draft.subject,
            "tenant": draft.actor.tenant,
            "ts": place.ts,
            "type": draft.type.value,
            "v": 1,
        }
    )


def commitment(salt: bytes, value: str) -> str:
    """Commit to a guessable value: SHA-256(salt ‖ value). Erasing the salt erases the fact."""
    return hashlib.sha256(salt + value.encode()).hexdigest()


def length_bucket(size: int) -> int:
    """Return the power of two that holds `size` bytes: an entry does not tell exact lengths."""
    return 1 << max(0, size - 1).bit_length()
