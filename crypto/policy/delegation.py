"""Whether a delegation holds: its rules, its signatures, its period, and what ends it.

Roots of trust are the patient's and the owner pharmacist's account keys, which the conversation's
policy pins, and the carer's, which the delegation names. Neither the hub nor the deployment's
authority can make, widen or bring back one.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final, TypeVar

from crypto.errors import CryptoError
from crypto.policy.conversation import ConversationPolicy, DelegationRecord
from crypto.policy.decision import Granted, Refused
from crypto.policy.identity import Trust
from crypto.policy.staff import Pharmacist, pharmacist_of
from crypto.policy.statements import (
    Acceptance,
    Confirmation,
    Delegation,
    Resignation,
    Revocation,
    Statement,
    Suspension,
    Unverified,
)
from crypto.policy.vocabulary import (
    CLOCK_TOLERANCE_US,
    CONVERSATION_KINDS,
    LEGAL_BASES,
    LONE_PHARMACIST_DELAY_US,
    MAX_DELEGATION_DAYS,
    STAFF,
    ConversationKind,
    DelegationState,
    LegalBasis,
    Mandate,
    Refusal,
    Role,
    Scope,
    SuspensionReason,
)

DAY_US: Final = 24 * 3600 * 1_000_000
MAX_PERIOD_US: Final = MAX_DELEGATION_DAYS * DAY_US
_SCOPES: Final = frozenset(Scope)


class Why(StrEnum):
    """What ends a delegation or takes a leaf out; a word of commits and of justifications."""

    DEVICE = "device"
    ACCOUNT = "account"
    REVOCATION = "revocation"
    RESIGNATION = "resignation"
    SUSPENSION = "suspension"
    EXPIRY = "expiry"
    SUCCESSION = "succession"


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirmed:
    """A pharmacist's confirmation that holds."""

    by: Pharmacist
    heard_alone: bool
    at_us: int


@dataclass(frozen=True, slots=True, kw_only=True)
class InForce:
    """A delegation all of whose signatures hold. Whether its time has come is asked apart."""

    record: DelegationRecord
    delegation: Delegation
    scopes: frozenset[Scope]
    """What is left of them."""
    confirmed_by: tuple[Confirmed, ...]
    accepted_at_us: int

    @property
    def id(self) -> bytes:
        """Return the delegation's id."""
        return self.delegation.delegation

    def is_of(self, person: bytes, aik: bytes) -> bool:
        """Tell whether somebody is its carer: by id and by account key."""
        return (person, aik) == (self.delegation.grantee, self.delegation.grantee_aik)

    def too_early_or_late(self, at_us: int) -> Refusal | None:
        """Return why it does not hold at an instant: it ends at its last one, not after."""
        if at_us >= self.delegation.not_after_us:
            return Refusal.E_DELEGATION_EXPIRED
        return Refusal.E_PERIOD if at_us < self.delegation.not_before_us else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """A delegation's end, as somebody signed it."""

    delegation: bytes
    state: DelegationState
    by: bytes
    """The person who signed."""
    at_us: int


S = TypeVar("S", bound=Statement)


def check_delegation(
    delegation: Delegation,
    *,
    policy: ConversationPolicy,
    grantee_role: Role,
    at_us: int | None,
) -> Granted | Refused:
    """Decide whether such a delegation may be given here, whoever signs it.

    `at_us` is when it is given; None where it was given before, and stands.
    """
    checks = (
        _check_place(delegation, policy),
        _check_people(delegation, policy, grantee_role),
        _check_scopes(delegation),
        _check_basis(delegation),
        _check_mandate(delegation, policy),
        _check_period(delegation),
        None if at_us is None else _check_given_now(delegation, policy, at_us),
    )
    why = next((one for one in checks if one is not None), None)
    return Granted() if why is None else Refused(why)


def check_proposal(
    signed: bytes,
    *,
    policy: ConversationPolicy,
    trust: Trust,
    grantee_role: Role,
    at_us: int,
) -> Delegation | Refused:
    """Return a delegation that is proposed, if its rules and (on a device) its signature hold."""
    found = _proposed(signed, policy, trust)
    if isinstance(found, Refused):
        return found
    allowed = check_delegation(found, policy=policy, grantee_role=grantee_role, at_us=at_us)
    if isinstance(allowed, Refused):
        return allowed
    return _signed_by_patient(signed, found, policy) or found


def check_confirmation(
    signed: bytes,
    staff: bytes,
    *,
    delegation: Delegation,
    policy: ConversationPolicy,
    trust: Trust,
    at_us: int | None,
) -> Confirmed | Refused:
    """Return a pharmacist's confirmation of this very document."""
    said = _read(Confirmation, signed)
    if isinstance(said, Refused):
        return said
    content = said.content
    if content.delegation_hash != delegation.digest or not _is_here(content, policy, trust):
        return Refused(Refusal.E_STALE_CONFIRMATION)
    who = pharmacist_of(content.pharmacist, staff, policy=policy, trust=trust, at_us=content.at_us)
    if isinstance(who, Refused):
        return who
    if not _holds(said, who.aik):
        return Refused(Refusal.E_SIGNATURE)
    if who.is_one_of(*_concerned(delegation, policy)):
        return Refused(Refusal.E_FOUR_EYES)
    if _is_future(content.at_us, at_us):
        return Refused(Refusal.E_CLOCK)
    return Confirmed(by=who, heard_alone=content.heard_alone, at_us=content.at_us)


def check_acceptance(
    signed: bytes,
    *,
    delegation: Delegation,
    policy: ConversationPolicy,
    trust: Trust,
    at_us: int | None,
) -> Acceptance | Refused:
    """Return the carer's acceptance of this very document."""
    if not signed:
        return Refused(Refusal.E_NOT_ACCEPTED)
    said = _read(Acceptance, signed)
    if isinstance(said, Refused):
        return said
    content = said.content
    if content.delegation_hash != delegation.digest or not _is_here(content, policy, trust):
        return Refused(Refusal.E_NOT_ACCEPTED)
    if not _holds(said, delegation.grantee_aik):
        return Refused(Refusal.E_SIGNATURE)
    return Refused(Refusal.E_CLOCK) if _is_future(content.at_us, at_us) else content


def check_withdrawal(
    signed: bytes,
    *,
    delegation: Delegation,
    scopes: frozenset[Scope],
    policy: ConversationPolicy,
    trust: Trust,
    at_us: int | None,
) -> frozenset[Scope] | Refused:
    """Return what is left of a delegation's scopes after a partial revocation.

    Without `conversation.read` nothing is left to stand on: then all of it is withdrawn instead.
    """
    said = _statement_about(Revocation, signed, delegation, policy, trust, policy.patient_aik)
    if isinstance(said, Refused):
        return said
    if not set(said.scopes) <= _SCOPES:
        return Refused(Refusal.E_UNKNOWN_SCOPE)
    gone = frozenset(map(Scope, said.scopes))
    if not gone or Scope.CONVERSATION_READ in gone or not gone <= set(delegation.scopes):
        return Refused(Refusal.E_SCOPE)
    if not gone & scopes:
        return Refused(Refusal.E_ALREADY_ENDED)
    return Refused(Refusal.E_CLOCK) if _is_future(said.at_us, at_us) else scopes - gone


def check_record(
    record: DelegationRecord,
    *,
    policy: ConversationPolicy,
    trust: Trust,
    at_us: int | None,
) -> InForce | Refused:
    """Return the delegation of a record, if all that makes it hold is there and signed.

    With `at_us`, also that it may come into force then: `check_entry`.
    """
    delegation = _proposed(record.delegation, policy, trust)
    if isinstance(delegation, Refused):
        return delegation
    allowed = check_delegation(delegation, policy=policy, grantee_role=Role.CARER, at_us=None)
    if isinstance(allowed, Refused):
        return allowed
    unsigned = _signed_by_patient(record.delegation, delegation, policy)
    if unsigned is not None:
        return unsigned
    confirmed = _check_confirmations(record, delegation, policy, trust)
    if isinstance(confirmed, Refused):
        return confirmed
    accepted = check_acceptance(
        record.acceptance, delegation=delegation, policy=policy, trust=trust, at_us=None
    )
    if isinstance(accepted, Refused):
        return accepted
    scopes = _check_withdrawals(record, delegation, policy, trust)
    if isinstance(scopes, Refused):
        return scopes
    found = InForce(
        record=record,
        delegation=delegation,
        scopes=scopes,
        confirmed_by=confirmed,
        accepted_at_us=accepted.at_us,
    )
    if at_us is None:
        return found
    may = check_entry(found, policy=policy, at_us=at_us)
    return may if isinstance(may, Refused) else found


def check_entry(found: InForce, *, policy: ConversationPolicy, at_us: int) -> Granted | Refused:
    """Decide whether a delegation that holds may come into force at an instant."""
    why = found.too_early_or_late(at_us) or _check_given_now(found.delegation, policy, at_us)
    if why is not None:
        return Refused(why)
    if not all(one.by.validity.includes(at_us) for one in found.confirmed_by):
        return Refused(Refusal.E_IDENTITY)
    said = (found.accepted_at_us, *(one.at_us for one in found.confirmed_by))
    if any(_is_future(one, at_us) for one in said):
        return Refused(Refusal.E_CLOCK)
    return Granted(found)


def check_ending(
    what: str,
    statement: bytes,
    staff: bytes,
    *,
    delegation: Delegation,
    policy: ConversationPolicy,
    trust: Trust,
    at_us: int | None,
) -> Ending | Refused:
    """Return the end of a delegation, if whoever may end it signed that.

    The patient revokes, the carer resigns, any one pharmacist suspends; its time ends it at
    `at_us`, and nobody signs that.
    """
    if what == Why.EXPIRY:
        return _expired(statement, staff, delegation, at_us)
    if what == Why.SUSPENSION:
        return _suspended(statement, staff, delegation, policy, trust, at_us)
    if staff:
        return Refused(Refusal.E_SIGNATURE)
    if what == Why.REVOCATION:
        return _revoked(statement, delegation, policy, trust, at_us)
    if what == Why.RESIGNATION:
        return _resigned(statement, delegation, policy, trust, at_us)
    return Refused(Refusal.E_SIGNATURE)


def _check_place(delegation: Delegation, policy: ConversationPolicy) -> Refusal | None:
    """A delegation for another conversation says nothing here."""
    if delegation.conversation != policy.conversation:
        return Refusal.E_NO_DELEGATION
    delegable = CONVERSATION_KINDS[ConversationKind(policy.kind)].delegable
    return None if delegable else Refusal.E_KIND


def _check_people(
    delegation: Delegation, policy: ConversationPolicy, grantee_role: Role
) -> Refusal | None:
    if delegation.grantee in (delegation.grantor, policy.patient):
        return Refusal.E_SELF_DELEGATION
    if delegation.grantee_aik in (delegation.grantor_aik, policy.patient_aik):
        return Refusal.E_SELF_DELEGATION
    if delegation.grantor != policy.patient:
        return Refusal.E_SUB_DELEGATION
    if grantee_role in STAFF or delegation.grantee_aik == policy.owner_aik:
        return Refusal.E_STAFF_GRANTEE
    return None if grantee_role is Role.CARER else Refusal.E_ROLE


def _check_scopes(delegation: Delegation) -> Refusal | None:
    if not set(delegation.scopes) <= _SCOPES:
        return Refusal.E_UNKNOWN_SCOPE
    # MLS cannot hide a message from a leaf.
    return None if Scope.CONVERSATION_READ in delegation.scopes else Refusal.E_SCOPE


def _check_basis(delegation: Delegation) -> Refusal | None:
    """The legal basis decides by whose hand, and for what."""
    if delegation.legal_basis not in set(LegalBasis):
        return Refusal.E_LEGAL_BASIS
    rules = LEGAL_BASES[LegalBasis(delegation.legal_basis)]
    fits = delegation.mandate in rules.mandates and set(delegation.scopes) <= rules.scopes
    return None if fits else Refusal.E_LEGAL_BASIS


def _check_mandate(delegation: Delegation, policy: ConversationPolicy) -> Refusal | None:
    """Who signed it, and what stands in for a signature."""
    if delegation.mandate == Mandate.DEVICE:
        if not policy.patient_aik or delegation.grantor_aik != policy.patient_aik:
            return Refusal.E_IDENTITY
        return Refusal.E_EVIDENCE if delegation.evidence or delegation.issuer else None
    if delegation.grantor_aik not in (b"", policy.patient_aik):
        return Refusal.E_IDENTITY
    documented = bool(delegation.evidence), bool(delegation.issuer)
    needed = {(True, True)} if delegation.mandate == Mandate.EVIDENCE else _ON_PAPER
    return None if documented in needed else Refusal.E_EVIDENCE


_ON_PAPER: Final = {(False, False), (True, True), (True, False)}


def _check_period(delegation: Delegation) -> Refusal | None:
    length = delegation.not_after_us - delegation.not_before_us
    if length <= 0:
        return Refusal.E_PERIOD
    return Refusal.E_PERIOD_TOO_LONG if length > MAX_PERIOD_US else None


def _check_given_now(
    delegation: Delegation, policy: ConversationPolicy, at_us: int
) -> Refusal | None:
    if at_us >= delegation.not_after_us:
        return Refusal.E_PERIOD
    # Paper is for a patient without a device: whoever has one signs there, and nobody else can.
    if delegation.mandate == Mandate.PAPER and policy.patient_aik:
        return Refusal.E_LEGAL_BASIS
    return None


def _proposed(signed: bytes, policy: ConversationPolicy, trust: Trust) -> Delegation | Refused:
    said = _read(Delegation, signed)
    if isinstance(said, Refused):
        return said
    if not _is_here(said.content, policy, trust):
        return Refused(Refusal.E_NO_DELEGATION)
    return said.content


def _signed_by_patient(
    signed: bytes, delegation: Delegation, policy: ConversationPolicy
) -> Refused | None:
    """On a device the patient's key signs; elsewhere nobody does, and nothing may look like it."""
    said = Unverified.decode(Delegation, signed)
    if delegation.mandate == Mandate.DEVICE:
        return None if _holds(said, policy.patient_aik) else Refused(Refusal.E_SIGNATURE)
    return Refused(Refusal.E_SIGNATURE) if said.signature else None


def _check_confirmations(
    record: DelegationRecord, delegation: Delegation, policy: ConversationPolicy, trust: Trust
) -> tuple[Confirmed, ...] | Refused:
    """One pharmacist where the patient signed, two different ones where nobody did."""
    confirmed: list[Confirmed] = []
    for one in record.confirmations:
        said = check_confirmation(
            one.confirmation,
            one.staff,
            delegation=delegation,
            policy=policy,
            trust=trust,
            at_us=None,
        )
        if isinstance(said, Refused):
            return said
        if said.by.is_one_of(*((other.by.person, other.by.aik) for other in confirmed)):
            return Refused(Refusal.E_FOUR_EYES)
        confirmed.append(said)
    if not confirmed:
        return Refused(Refusal.E_NOT_CONFIRMED)
    if delegation.mandate != Mandate.DEVICE and len(confirmed) == 1:
        return _check_lone(confirmed[0], delegation) or tuple(confirmed)
    return tuple(confirmed)


def _check_lone(confirmed: Confirmed, delegation: Delegation) -> Refused | None:
    """One pharmacist alone: a document, and a day in which somebody else can object."""
    waits = delegation.not_before_us >= confirmed.at_us + LONE_PHARMACIST_DELAY_US
    return None if waits and delegation.evidence else Refused(Refusal.E_FOUR_EYES)


def _check_withdrawals(
    record: DelegationRecord, delegation: Delegation, policy: ConversationPolicy, trust: Trust
) -> frozenset[Scope] | Refused:
    scopes = frozenset(map(Scope, delegation.scopes))
    for signed in record.revocations:
        left = check_withdrawal(
            signed,
            delegation=delegation,
            scopes=scopes,
            policy=policy,
            trust=trust,
            at_us=None,
        )
        if isinstance(left, Refused):
            return left
        scopes = left
    return scopes


def _expired(
    statement: bytes, staff: bytes, delegation: Delegation, at_us: int | None
) -> Ending | Refused:
    if statement or staff:
        return Refused(Refusal.E_SIGNATURE)
    if at_us is None or at_us < delegation.not_after_us:
        return Refused(Refusal.E_PERIOD)
    return Ending(
        delegation=delegation.delegation,
        state=DelegationState.EXPIRED,
        by=b"",
        at_us=delegation.not_after_us,
    )


def _revoked(
    statement: bytes,
    delegation: Delegation,
    policy: ConversationPolicy,
    trust: Trust,
    at_us: int | None,
) -> Ending | Refused:
    key = policy.patient_aik
    said = _statement_about(Revocation, statement, delegation, policy, trust, key)
    if isinstance(said, Refused):
        return said
    if said.scopes:
        return Refused(Refusal.E_SCOPE)
    return _ending(DelegationState.REVOKED, delegation, delegation.grantor, said.at_us, at_us)


def _resigned(
    statement: bytes,
    delegation: Delegation,
    policy: ConversationPolicy,
    trust: Trust,
    at_us: int | None,
) -> Ending | Refused:
    key = delegation.grantee_aik
    said = _statement_about(Resignation, statement, delegation, policy, trust, key)
    if isinstance(said, Refused):
        return said
    return _ending(DelegationState.RESIGNED, delegation, delegation.grantee, said.at_us, at_us)


def _suspended(
    statement: bytes,
    staff: bytes,
    delegation: Delegation,
    policy: ConversationPolicy,
    trust: Trust,
    at_us: int | None,
) -> Ending | Refused:
    read = _read(Suspension, statement)
    if isinstance(read, Refused):
        return read
    who = pharmacist_of(
        read.content.pharmacist, staff, policy=policy, trust=trust, at_us=read.content.at_us
    )
    if isinstance(who, Refused):
        return who
    said = _statement_about(Suspension, statement, delegation, policy, trust, who.aik)
    if isinstance(said, Refused):
        return said
    if said.reason not in set(SuspensionReason):
        return Refused(Refusal.E_SIGNATURE)
    contested = said.reason == SuspensionReason.CONTEST
    state = DelegationState.CONTESTED if contested else DelegationState.SUSPENDED
    return _ending(state, delegation, who.person, said.at_us, at_us)


def _ending(
    state: DelegationState, delegation: Delegation, by: bytes, said_us: int, at_us: int | None
) -> Ending | Refused:
    if _is_future(said_us, at_us):
        return Refused(Refusal.E_CLOCK)
    return Ending(delegation=delegation.delegation, state=state, by=by, at_us=said_us)


About = TypeVar("About", Revocation, Resignation, Suspension)


def _statement_about(
    kind: type[About],
    signed: bytes,
    delegation: Delegation,
    policy: ConversationPolicy,
    trust: Trust,
    key: bytes,
) -> About | Refused:
    """Return a statement about this delegation, in this conversation, signed by this key."""
    said = _read(kind, signed)
    if isinstance(said, Refused):
        return said
    content = said.content
    if not _is_here(content, policy, trust) or content.delegation != delegation.delegation:
        return Refused(Refusal.E_NO_DELEGATION)
    return content if _holds(said, key) else Refused(Refusal.E_SIGNATURE)


def _concerned(
    delegation: Delegation, policy: ConversationPolicy
) -> tuple[tuple[bytes, bytes], ...]:
    return (
        (delegation.grantor, policy.patient_aik),
        (delegation.grantee, delegation.grantee_aik),
    )


_Here = Delegation | Confirmation | Acceptance | Revocation | Resignation | Suspension


def _is_here(content: _Here, policy: ConversationPolicy, trust: Trust) -> bool:
    told = (content.deployment, content.conversation)
    return told == (trust.deployment, policy.conversation)


def _is_future(said_us: int, at_us: int | None) -> bool:
    """Tell whether something claims to be said later than two clocks may disagree."""
    return at_us is not None and said_us > at_us + CLOCK_TOLERANCE_US


def _read(kind: type[S], signed: bytes) -> Unverified[S] | Refused:
    try:
        return Unverified.decode(kind, signed)
    except CryptoError:
        return Refused(Refusal.E_SIGNATURE)


def _holds(said: Unverified[S], key: bytes) -> bool:
    """Tell whether a key signed; no key signed nothing."""
    try:
        said.verify(key)
    except CryptoError:
        return False
    return True
