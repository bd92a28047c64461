"""A delegation is proposed, confirmed, accepted, and ends: each step one signed statement.

Whether a statement holds is `crypto.policy.delegation`'s to say, under the keys that the group
itself pins. The hub adds what only it knows: who is asking, by which hand, on which day, and who is
a carer of whom.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterable
from dataclasses import replace
from typing import Any, TypeVar
from uuid import UUID

from crypto.errors import CryptoError
from crypto.policy import decision
from crypto.policy.conversation import (
    MAX_IN_FORCE,
    DelegationRecord,
    SignedConfirmation,
)
from crypto.policy.delegation import (
    Why,
    check_acceptance,
    check_confirmation,
    check_ending,
    check_proposal,
    check_record,
    check_withdrawal,
)
from crypto.policy.state import State
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
    DelegationState,
    Mandate,
    Refusal,
    Role,
    Scope,
    SuspensionReason,
)
from server.domain.audit import Draft, EntryType
from server.domain.delegation import StoredDelegation
from server.domain.people import Person
from server.domain.refusals import Refused
from server.hub.acts.context import Context, as_result
from server.hub.acts.views import (
    carer_view,
    delegation_changed,
    expectation_changed,
    whole_view,
)
from server.hub.dues import due
from server.hub.endings import ENTRIES, Endings
from server.hub.outcome import Done, Effect, Outcome
from server.ports import Tx
from signaling.codes import Code
from signaling.frames import (
    AcceptDelegation,
    ConfirmDelegation,
    EndDelegation,
    ProposeDelegation,
)

S = TypeVar("S", bound=Statement)

FULL_RETRY_MS = 3_600_000
_ENDERS = {
    Why.REVOCATION: Role.PATIENT,
    Why.RESIGNATION: Role.CARER,
    Why.SUSPENSION: Role.PHARMACIST,
}


def propose(context: Context, frame: ProposeDelegation) -> Outcome:
    """Take the patient's word, or paper that a pharmacist brings, that a carer acts for them."""
    said = _read(Delegation, frame.delegation)
    if isinstance(said, Refused):
        return said
    refused = _not_theirs_to_give(context, said)
    if refused is not None:
        return refused
    there = context.tx.delegations.find(_uuid(said.delegation))
    if there is not None:
        return _proposed_again(context, there, frame)
    grantee = _grantee(context, said)
    if isinstance(grantee, Refused):
        return grantee
    row = _proposal(context, said, frame.delegation, grantee)
    if isinstance(row, Refused):
        return row
    refused = _unfit(context, said, grantee) or _beside(context, row)
    if refused is not None:
        return refused
    context.tx.delegations.save(row)
    return _told(context, row, EntryType.DELEGATION_PROPOSED, "delegation.propose")


def confirm(context: Context, frame: ConfirmDelegation) -> Outcome:
    """Take a pharmacist's word that they saw who the carer is; two of them where nobody signed."""
    said = _read(Confirmation, frame.confirmation)
    if isinstance(said, Refused):
        return said
    row = _row(context, frame.delegation)
    if isinstance(row, Refused):
        return row
    record = DelegationRecord.decode(row.record)
    if any(one.confirmation == frame.confirmation for one in record.confirmations):
        return Done(_result(context, row), unchanged=True)
    if row.state is not DelegationState.PROPOSED and not row.is_over:
        # A colleague was quicker: all is as this one asks for.
        return Done(_result(context, row), unchanged=True)
    refused = _ended(context, row) or _wrong_clock(context, said.at_us)
    if refused is not None:
        return refused
    confirmed = _confirmed(context, row, record, said, frame.confirmation)
    if isinstance(confirmed, Refused):
        return confirmed
    context.tx.delegations.save(confirmed)
    outcome = {"heard_alone": said.heard_alone, "enough": confirmed.is_expected}
    return _told(
        context,
        confirmed,
        EntryType.DELEGATION_CONFIRMED,
        "delegation.confirm",
        outcome,
        (expectation_changed(context.tx, confirmed, context.now),),
    )


def accept(context: Context, frame: AcceptDelegation) -> Outcome:
    """Take the carer's word that they accept the duties: from here on a member can let them in."""
    said = _read(Acceptance, frame.acceptance)
    if isinstance(said, Refused):
        return said
    row = _row(context, frame.delegation)
    if isinstance(row, Refused):
        return row
    record = DelegationRecord.decode(row.record)
    if record.acceptance:
        same = hmac.compare_digest(record.acceptance, frame.acceptance)
        done = Done(_result(context, row), unchanged=True)
        return done if same else _refuse(context, Code.E_DUPLICATE_DELEGATION)
    refused = _ended(context, row) or _wrong_clock(context, said.at_us)
    if refused is not None:
        return refused
    accepted = _accepted(context, row, record, frame.acceptance)
    if isinstance(accepted, Refused):
        return accepted
    context.tx.delegations.save(accepted)
    return _told(
        context,
        accepted,
        EntryType.DELEGATION_ACCEPTED,
        "delegation.accept",
        None,
        (
            expectation_changed(context.tx, accepted, context.now),
            due(context.tx, context.conversation, context.now),
        ),
    )


def end(context: Context, frame: EndDelegation) -> Outcome:
    """End a delegation, or withdraw scopes of it: by the hand that may, from this instant."""
    why = Why(frame.what)
    if context.principal.person.role is not _ENDERS[why]:
        return _refuse(context, Code.E_ROLE)
    said = _read_ending(why, frame.statement)
    if isinstance(said, Refused):
        return said
    row = _row(context, _uuid(said.delegation))
    if isinstance(row, Refused):
        return row
    refused = _ended(context, row) or _wrong_clock(context, said.at_us)
    if refused is not None:
        return refused
    if isinstance(said, Revocation) and said.scopes:
        return _narrow(context, row, said, frame.statement)
    return _end(context, row, why, frame.statement)


def settle_due(tx: Tx, endings: Endings, conversation: str, now: int) -> tuple[Effect, ...]:
    """Do what fell due in one conversation: what is over ends, what begins is somebody's to admit.

    Nothing is due twice: what ended is not asked again.
    """
    effects: list[Effect] = []
    begins = False
    for row in tx.delegations.of(conversation):
        if not row.is_over and row.not_after <= now:
            effects += endings.expire(row)
        elif row.waits_for_admission(now):
            begins = True
            effects.append(delegation_changed(tx, row))
    found = tx.conversations.find(conversation)
    if begins and found is not None:
        effects.append(due(tx, found, now))
    return tuple(effects)


# What may be proposed


def _proposed_again(context: Context, there: StoredDelegation, frame: ProposeDelegation) -> Outcome:
    """Answer a retry as the first time; a second document under one id is refused."""
    same = DelegationRecord.decode(there.record).delegation == frame.delegation
    if there.conversation != context.conversation.id or not same or there.is_over:
        return _refuse(context, Code.E_ID_REUSED)
    return Done(_result(context, there), unchanged=True)


def _not_theirs_to_give(context: Context, said: Delegation) -> Refused | None:
    """The patient's own hand signs on a device; paper is the pharmacist's to bring."""
    role = context.principal.person.role
    if role is Role.CARER:
        return _refuse(context, Code.E_SUB_DELEGATION)
    by_hand = Role.PATIENT if said.mandate == Mandate.DEVICE else Role.PHARMACIST
    return None if role is by_hand else _refuse(context, Code.E_ROLE)


def _grantee(context: Context, said: Delegation) -> Person | Refused:
    """Return whom a delegation names, if it is somebody of this pharmacy."""
    grantee = context.tx.people.find(_uuid(said.grantee))
    # Another pharmacy's people and nobody at all: one answer, or it would tell who is whose.
    if grantee is None or grantee.tenant != context.conversation.tenant:
        return _refuse(context, Code.E_TENANT)
    return grantee


def _proposal(
    context: Context, said: Delegation, signed: bytes, grantee: Person
) -> StoredDelegation | Refused:
    """Have policy judge a proposal; return it as it is to be stored."""
    state = context.group_state()
    if isinstance(state, Refused):
        return state
    checked = check_proposal(
        signed,
        policy=state.policy,
        trust=state.trust,
        grantee_role=grantee.role,
        at_us=context.now,
    )
    if isinstance(checked, decision.Refused):
        return context.policy_says(checked)
    record = DelegationRecord(delegation=signed, confirmations=(), acceptance=b"")
    return StoredDelegation(
        id=_uuid(said.delegation),
        conversation=context.conversation.id,
        grantor=_uuid(said.grantor),
        grantee=grantee.id,
        state=DelegationState.PROPOSED,
        record=record.encode(),
        scopes=frozenset(map(Scope, said.scopes)),
        not_before=said.not_before_us,
        not_after=said.not_after_us,
        proposed_at=context.now,
    )


def _unfit(context: Context, said: Delegation, grantee: Person) -> Refused | None:
    """Refuse a stranger, and keys that are not those on file.

    A patient names whom they know; the pharmacy may bring the paper of any carer it has.
    """
    patient = context.conversation.patient
    by_patient = context.principal.person.role is Role.PATIENT
    if by_patient and grantee.id not in context.tx.carers.of_patient(patient):
        return _refuse(context, Code.E_TENANT)
    known = _has_key(context, grantee.id, said.grantee_aik)
    if said.grantor_aik:
        known = known and _has_key(context, patient, said.grantor_aik)
    return None if known else _refuse(context, Code.E_IDENTITY)


def _has_key(context: Context, person: str, aik: bytes) -> bool:
    identity = context.tx.certificates.find(person)
    return identity is not None and hmac.compare_digest(identity.aik, aik)


def _beside(context: Context, row: StoredDelegation) -> Refused | None:
    """Refuse a second one of the same carer for the same time, and more than a group takes."""
    others = context.tx.delegations.of(row.conversation)
    if any(row.overlaps(one) for one in others):
        return _refuse(context, Code.E_DUPLICATE_DELEGATION)
    if sum(not one.is_over for one in others) >= MAX_IN_FORCE:
        return Refused(Code.E_RATE, retry_after=FULL_RETRY_MS)
    return None


# What may be confirmed and accepted


def _confirmed(
    context: Context,
    row: StoredDelegation,
    record: DelegationRecord,
    said: Confirmation,
    signed: bytes,
) -> StoredDelegation | Refused:
    state = context.group_state()
    if isinstance(state, Refused):
        return state
    staff = _own_staff_certificate(context)
    if isinstance(staff, Refused):
        return staff
    if said.pharmacist != UUID(context.principal.person.id).bytes:
        return _refuse(context, Code.E_SIGNATURE)
    checked = check_confirmation(
        signed,
        staff,
        delegation=record.content,
        policy=state.policy,
        trust=state.trust,
        at_us=context.now,
    )
    if isinstance(checked, decision.Refused):
        return context.policy_says(checked)
    words = (*record.confirmations, SignedConfirmation(signed, staff))
    return _so_far(context, row, replace(record, confirmations=words), state)


def _so_far(
    context: Context, row: StoredDelegation, record: DelegationRecord, state: State
) -> StoredDelegation | Refused:
    """Return what the words so far make of it: whole but for the carer's own, or waiting."""
    missing = check_record(record, policy=state.policy, trust=state.trust, at_us=None)
    if not isinstance(missing, decision.Refused):
        raise TypeError("a record without an acceptance holds nothing")
    confirmed = replace(row, record=record.encode())
    if missing.why is Refusal.E_NOT_ACCEPTED:
        return replace(confirmed, state=DelegationState.CONFIRMED, confirmed_at=context.now)
    # One pharmacist's word, where it takes two.
    needs_another = missing.why is Refusal.E_FOUR_EYES and len(record.confirmations) == 1
    return confirmed if needs_another else context.policy_says(missing)


def _accepted(
    context: Context, row: StoredDelegation, record: DelegationRecord, signed: bytes
) -> StoredDelegation | Refused:
    state = context.group_state()
    if isinstance(state, Refused):
        return state
    checked = check_acceptance(
        signed,
        delegation=record.content,
        policy=state.policy,
        trust=state.trust,
        at_us=context.now,
    )
    if isinstance(checked, decision.Refused):
        return context.policy_says(checked)
    accepted = replace(record, acceptance=signed)
    return replace(row, record=accepted.encode(), accepted_at=context.now)


# What ends


def _end(context: Context, row: StoredDelegation, why: Why, statement: bytes) -> Outcome:
    state = context.group_state()
    if isinstance(state, Refused):
        return state
    staff = _own_staff_certificate(context) if why is Why.SUSPENSION else b""
    if isinstance(staff, Refused):
        return staff
    ending = check_ending(
        why.value,
        statement,
        staff,
        delegation=DelegationRecord.decode(row.record).content,
        policy=state.policy,
        trust=state.trust,
        at_us=context.now,
    )
    if isinstance(ending, decision.Refused):
        return context.policy_says(ending)
    if ending.by != UUID(context.principal.person.id).bytes:
        return _refuse(context, Code.E_SIGNATURE)
    endings = Endings(context.tx, context.means.groups, context.now)
    located = context.record(_draft(context, row, ENTRIES[ending.state], "delegation.end"))
    ended, effects = endings.end(row, ending.state, why=why, statement=statement, staff=staff)
    return Done(_result(context, ended), located, effects)


def _narrow(context: Context, row: StoredDelegation, said: Revocation, statement: bytes) -> Outcome:
    """Withdraw scopes: the hub heeds it from now on, the group from its next epoch."""
    state = context.group_state()
    if isinstance(state, Refused):
        return state
    record = DelegationRecord.decode(row.record)
    left = check_withdrawal(
        statement,
        delegation=record.content,
        scopes=row.scopes,
        policy=state.policy,
        trust=state.trust,
        at_us=context.now,
    )
    if isinstance(left, decision.Refused):
        return context.policy_says(left)
    narrowed = replace(
        row,
        record=replace(record, revocations=(*record.revocations, statement)).encode(),
        scopes=left,
        narrowing=row.state is DelegationState.ACTIVE,
    )
    context.tx.delegations.save(narrowed)
    told = _told(
        context,
        narrowed,
        EntryType.DELEGATION_NARROWED,
        "delegation.end",
        {"scopes": sorted(said.scopes)},
        (due(context.tx, context.conversation, context.now),),
    )
    if Scope.CALL_JOIN not in row.scopes - left:
        return told
    endings = Endings(context.tx, context.means.groups, context.now)
    return replace(told, effects=(*endings.hang_up(narrowed), *told.effects))


# What all of them need


def _read(kind: type[S], signed: bytes) -> S | Refused:
    """Read a statement; whether it is to be believed is asked later."""
    try:
        return Unverified.decode(kind, signed).content
    except CryptoError:
        return Refused(Code.E_MALFORMED)


def _read_ending(why: Why, signed: bytes) -> Revocation | Resignation | Suspension | Refused:
    if why is Why.REVOCATION:
        return _read(Revocation, signed)
    if why is Why.RESIGNATION:
        return _read(Resignation, signed)
    said = _read(Suspension, signed)
    known = isinstance(said, Refused) or said.reason in set(SuspensionReason)
    return said if known else Refused(Code.E_MALFORMED)


def _row(context: Context, delegation: str) -> StoredDelegation | Refused:
    """Return a delegation of this conversation; a carer's own, once they know of it.

    To a carer any other is like one that never was.
    """
    row = context.tx.delegations.find(delegation)
    here = row is not None and row.conversation == context.conversation.id
    person = context.principal.person
    if person.role is Role.CARER:
        known = here and row is not None and row.grantee == person.id and row.confirmed_at
        return row if row is not None and known else Refused(Code.E_NOT_FOUND)
    return row if row is not None and here else _refuse(context, Code.E_NOT_FOUND)


def _ended(context: Context, row: StoredDelegation) -> Refused | None:
    if row.is_over:
        return _refuse(context, Code.E_ALREADY_ENDED)
    # Its second has come; the clock's own step is only about to follow.
    return _refuse(context, Code.E_PERIOD) if row.not_after <= context.now else None


def _wrong_clock(context: Context, at_us: int) -> Refused | None:
    if abs(at_us - context.now) <= CLOCK_TOLERANCE_US:
        return None
    return replace(_refuse(context, Code.E_CLOCK), now=context.now)


def _own_staff_certificate(context: Context) -> bytes | Refused:
    """Return the sender's StaffCertificate: empty for the owner, who needs none."""
    person = context.principal.person
    identity = context.tx.certificates.find(person.id)
    if identity is None:
        return _refuse(context, Code.E_IDENTITY)
    return context.tx.staff.find(person.id, identity.aik)


def _told(
    context: Context,
    row: StoredDelegation,
    what: EntryType,
    rule: str,
    outcome: dict[str, Any] | None = None,
    effects: Iterable[Effect] = (),
) -> Done:
    """Write the entry of a step, and tell it to whoever it concerns."""
    draft = _draft(context, row, what, rule)
    located = context.record(replace(draft, outcome={**(draft.outcome or {}), **(outcome or {})}))
    return Done(_result(context, row), located, (delegation_changed(context.tx, row), *effects))


def _draft(context: Context, row: StoredDelegation, what: EntryType, rule: str) -> Draft:
    return Draft(
        type=what,
        actor=context.principal.person,
        device=context.device,
        rule=rule,
        conversation=row.conversation,
        subject=row.grantor,
        outcome={"delegation": row.id, "carer": row.grantee},
    )


def _result(context: Context, row: StoredDelegation) -> dict[str, Any]:
    """Return the delegation as its asker may know it."""
    is_carer = context.principal.person.id == row.grantee
    view = carer_view(context.tx, row) if is_carer else whole_view(context.tx, row)
    return {"delegation": as_result(view)} if view is not None else {}


def _refuse(context: Context, code: Code) -> Refused:
    return Refused(code, conversation=context.conversation.id)


def _uuid(raw: bytes) -> str:
    return str(UUID(bytes=raw))
