"""The words of care: roles, conversation kinds, scopes, motives. Their only home.

Values travel on the wire and stand in the audit log: they are never renamed and never reused.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """Who someone is to a pharmacy (PRODUCT, "People and roles")."""

    PATIENT = "patient"
    CARER = "carer"
    PHARMACIST = "pharmacist"
    TECHNICIAN = "technician"
    COURIER = "courier"
    COMPLIANCE_OFFICER = "compliance_officer"
    SECOND_REVIEWER = "second_reviewer"


class ConversationKind(StrEnum):
    """What a conversation is for; decides who may be a member and which acts exist."""

    CARE_THREAD = "care_thread"
    REMOTE_DISPENSATION = "remote_dispensation"


class Scope(StrEnum):
    """What a person may do inside one conversation."""

    CONVERSATION_READ = "conversation.read"
    CONVERSATION_SEND = "conversation.send"
    CALL_JOIN = "call.join"


class Motive(StrEnum):
    """Why a dispensation happens at a distance. No motive, no start."""

    HEALTH = "health"
    AGE = "age"
    LOCATION = "location"
    OTHER = "other"


class MessageKind(StrEnum):
    """What an encrypted application message is; stands in its authenticated data."""

    MESSAGE = "message"
    SIGNAL = "signal"
    """An offer, an answer or candidates of a call, for one device; never in the stream."""


STAFF = frozenset({Role.PHARMACIST, Role.TECHNICIAN})
AUDITORS = frozenset({Role.COMPLIANCE_OFFICER})
PARTICIPANTS = frozenset({Role.PATIENT, Role.CARER, *STAFF})
"""Those who may hold a leaf in a group. A courier and the auditors never do."""


@dataclass(frozen=True, slots=True)
class KindRules:
    """Who may found a conversation of this kind, and who may be a member."""

    founders: frozenset[Role]
    members: frozenset[Role]


CONVERSATION_KINDS: Mapping[ConversationKind, KindRules] = {
    # A thread is opened by the pharmacy or by the patient's own act (red line R1).
    ConversationKind.CARE_THREAD: KindRules(
        founders=frozenset({Role.PHARMACIST, Role.PATIENT}), members=PARTICIPANTS
    ),
    # The act at a distance is the pharmacist's: a technician has no start button.
    ConversationKind.REMOTE_DISPENSATION: KindRules(
        founders=frozenset({Role.PHARMACIST}), members=PARTICIPANTS
    ),
}
