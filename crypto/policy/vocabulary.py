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
    PRIVATE_ASIDE = "private_aside"
    """« Parler seul(e) à ma pharmacie »: no carer can tell that it exists."""


class Scope(StrEnum):
    """What a carer may do inside one conversation, on behalf of the patient."""

    CONVERSATION_READ = "conversation.read"
    """MLS cannot hide a message from a leaf: every carer has it."""
    CONVERSATION_SEND = "conversation.send"
    DOCUMENT_SEND = "document.send"
    DOCUMENT_READ = "document.read"
    CALL_JOIN = "call.join"
    APPOINTMENT_MANAGE = "appointment.manage"
    DISPENSATION_REQUEST = "dispensation.request"
    PRESCRIPTION_PRESENT = "prescription.present"
    DELIVERY_RECEIVE = "delivery.receive"
    SENSITIVE_READ = "sensitive.read"
    DECIDE_ASSIST = "decide.assist"
    DECIDE_FINAL = "decide.final"


class Profession(StrEnum):
    """What a pharmacist is in their pharmacy; empty for everybody else."""

    NONE = ""
    OWNER = "owner"
    DEPUTY = "deputy"
    LOCUM = "locum"


class LegalBasis(StrEnum):
    """In whose name a carer acts, in law. In France a carer has no power by being a carer."""

    PATIENT_MANDATE = "patient_mandate"
    TRUSTED_PERSON = "trusted_person"
    PARENTAL_AUTHORITY = "parental_authority"
    GUARDIANSHIP_PERSON = "guardianship_person"
    FAMILY_HABILITATION_REPRESENTATION = "family_habilitation_representation"
    FAMILY_HABILITATION_ASSISTANCE = "family_habilitation_assistance"
    CURATORSHIP = "curatorship"
    FUTURE_PROTECTION_MANDATE = "future_protection_mandate"
    DE_FACTO_CARER = "de_facto_carer"


class Mandate(StrEnum):
    """By whose hand a delegation was given."""

    DEVICE = "device"
    """The patient's own account key signed it."""
    PAPER = "paper"
    """The patient has no device: signed on paper, which pharmacists attest."""
    EVIDENCE = "evidence"
    """A legal representative: a document of a court or a notary, which pharmacists attest."""


class DelegationState(StrEnum):
    """Where a delegation stands in its life."""

    PROPOSED = "proposed"
    CONFIRMED = "confirmed"
    ACTIVE = "active"
    REVOKED = "revoked"
    SUSPENDED = "suspended"
    EXPIRED = "expired"
    RESIGNED = "resigned"
    CONTESTED = "contested"


ENDED = frozenset(
    {
        DelegationState.REVOKED,
        DelegationState.SUSPENDED,
        DelegationState.EXPIRED,
        DelegationState.RESIGNED,
        DelegationState.CONTESTED,
    }
)


class SuspensionReason(StrEnum):
    """Why a pharmacist stops a carer at once."""

    TELEPHONE = "telephone"
    """The patient asked for it by telephone."""
    ABUSE = "abuse"
    DEATH = "death"
    CONTEST = "contest"


class ReadingLevel(StrEnum):
    """In which French the text was shown that somebody agreed to."""

    STANDARD = "standard"
    SIMPLE = "simple"


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

    @property
    def delegable(self) -> bool:
        """Tell whether a carer may be let in at all."""
        return Role.CARER in self.members


CONVERSATION_KINDS: Mapping[ConversationKind, KindRules] = {
    # A thread is opened by the pharmacy or by the patient's own act (red line R1).
    ConversationKind.CARE_THREAD: KindRules(
        founders=frozenset({Role.PHARMACIST, Role.PATIENT}), members=PARTICIPANTS
    ),
    # The act at a distance is the pharmacist's: a technician has no start button.
    ConversationKind.REMOTE_DISPENSATION: KindRules(
        founders=frozenset({Role.PHARMACIST}), members=PARTICIPANTS
    ),
    ConversationKind.PRIVATE_ASIDE: KindRules(
        founders=frozenset({Role.PHARMACIST, Role.PATIENT}),
        members=PARTICIPANTS - {Role.CARER},
    ),
}


@dataclass(frozen=True, slots=True)
class BasisRules:
    """What a legal basis allows, and by whose hand it is given."""

    scopes: frozenset[Scope]
    mandates: frozenset[Mandate]


_NO_DECISION = frozenset(Scope) - {Scope.DECIDE_FINAL}
_BY_PATIENT = frozenset({Mandate.DEVICE, Mandate.PAPER})
_BY_EVIDENCE = frozenset({Mandate.EVIDENCE})

LEGAL_BASES: Mapping[LegalBasis, BasisRules] = {
    LegalBasis.PATIENT_MANDATE: BasisRules(_NO_DECISION, _BY_PATIENT),
    LegalBasis.TRUSTED_PERSON: BasisRules(_NO_DECISION - {Scope.DECIDE_ASSIST}, _BY_PATIENT),
    LegalBasis.PARENTAL_AUTHORITY: BasisRules(frozenset(Scope), _BY_EVIDENCE),
    LegalBasis.GUARDIANSHIP_PERSON: BasisRules(frozenset(Scope), _BY_EVIDENCE),
    LegalBasis.FAMILY_HABILITATION_REPRESENTATION: BasisRules(frozenset(Scope), _BY_EVIDENCE),
    LegalBasis.FAMILY_HABILITATION_ASSISTANCE: BasisRules(_NO_DECISION, _BY_EVIDENCE),
    LegalBasis.CURATORSHIP: BasisRules(_NO_DECISION, _BY_EVIDENCE),
    LegalBasis.FUTURE_PROTECTION_MANDATE: BasisRules(frozenset(Scope), _BY_EVIDENCE),
    # Gives information by telephone or at the counter, and reads nothing: no place in a group.
    LegalBasis.DE_FACTO_CARER: BasisRules(frozenset(), _BY_PATIENT),
}


class Refusal(StrEnum):
    """Why policy says no: codes of the wire, and of the audit log. Never renamed or reused."""

    E_POLICY = "E_POLICY"
    """A change of the group that its sender may not make; `Breach` says which rule."""
    E_IDENTITY = "E_IDENTITY"
    """A certificate that does not hold: not signed, not of this person, not of this time."""
    E_ROLE = "E_ROLE"
    E_KIND = "E_KIND"
    E_SCOPE = "E_SCOPE"
    E_CAPACITY = "E_CAPACITY"
    """A final decision: it needs a record of capacity for this very decision."""
    E_ACTING_FOR = "E_ACTING_FOR"
    """Not said, or wrongly said, for whom and under which delegation one acts."""
    E_NO_DELEGATION = "E_NO_DELEGATION"
    E_DELEGATION_EXPIRED = "E_DELEGATION_EXPIRED"
    E_DELEGATION_REVOKED = "E_DELEGATION_REVOKED"
    E_DELEGATION_SUSPENDED = "E_DELEGATION_SUSPENDED"
    E_DELEGATION_RESIGNED = "E_DELEGATION_RESIGNED"
    E_LEGAL_BASIS = "E_LEGAL_BASIS"
    E_EVIDENCE = "E_EVIDENCE"
    E_SELF_DELEGATION = "E_SELF_DELEGATION"
    E_SUB_DELEGATION = "E_SUB_DELEGATION"
    E_STAFF_GRANTEE = "E_STAFF_GRANTEE"
    E_PERIOD = "E_PERIOD"
    """It ends before it begins, or is over already."""
    E_PERIOD_TOO_LONG = "E_PERIOD_TOO_LONG"
    E_UNKNOWN_SCOPE = "E_UNKNOWN_SCOPE"
    E_DUPLICATE_DELEGATION = "E_DUPLICATE_DELEGATION"
    E_SIGNATURE = "E_SIGNATURE"
    E_STALE_CONFIRMATION = "E_STALE_CONFIRMATION"
    """It confirms another text than the one that is proposed."""
    E_NOT_CONFIRMED = "E_NOT_CONFIRMED"
    E_NOT_ACCEPTED = "E_NOT_ACCEPTED"
    E_FOUR_EYES = "E_FOUR_EYES"
    """Two different pharmacists are needed, and neither may be concerned."""
    E_ALREADY_ENDED = "E_ALREADY_ENDED"
    E_CLOCK = "E_CLOCK"
    """Instants that disagree by more than two minutes, or run backwards."""


MAX_DELEGATION_DAYS = 365
DEFAULT_DELEGATION_DAYS = 31
CLOCK_TOLERANCE_US = 120_000_000
"""How far two clocks may disagree."""
LONE_PHARMACIST_DELAY_US = 24 * 3600 * 1_000_000
"""What one pharmacist alone attests begins no sooner than a day later."""
