"""Founding a conversation, and the list of patients it may be founded for."""

from __future__ import annotations

import secrets
import unicodedata
from uuid import UUID

from crypto.policy.conversation import ConversationPolicy
from crypto.policy.vocabulary import CONVERSATION_KINDS, STAFF, ConversationKind, Role
from server.domain.audit import Draft, EntryType, commitment
from server.domain.conversation import Conversation, Member, group_id
from server.domain.people import Person
from server.domain.refusals import Refused
from server.hub.acts.context import Context, as_result, plain_state, reachable_persons, summary
from server.hub.acts.epochs import Wanted, keep_group, read_founding
from server.hub.acts.identities import owner_of
from server.hub.acts.staff import is_certified_staff
from server.hub.outcome import Changed, Done, Outcome
from server.ports import Admission, Located
from signaling.codes import Code
from signaling.frames import CreateConversation, ListPatients

STARTED = {
    ConversationKind.REMOTE_DISPENSATION: EntryType.DISPENSATION_STARTED,
    ConversationKind.CARE_THREAD: EntryType.THREAD_STARTED,
    ConversationKind.PRIVATE_ASIDE: EntryType.ASIDE_STARTED,
}


def list_patients(context: Context, _frame: ListPatients) -> Outcome:
    """Tell the patients of this pharmacy in the neutral order (red line R1: the name)."""
    patients = context.tx.people.with_roles(context.principal.person.tenant, {Role.PATIENT})
    names = context.tx.people.names([patient.id for patient in patients])
    reachable = reachable_persons(context.tx, [patient.id for patient in patients], context.now)
    rows = [
        {"person": p.id, "name": names.get(p.id, ""), "reachable": p.id in reachable}
        for p in patients
    ]
    return Done({"patients": sorted(rows, key=lambda row: (_collate(row["name"]), row["person"]))})


def create(context: Context, frame: CreateConversation) -> Outcome:
    """Found a conversation: the patient is invited, the founder's device is in its group."""
    founder, kind = context.principal.person, frame.conversation_kind
    there = context.tx.conversations.find(frame.conversation)
    if there is not None:
        return _again(context, there, frame)
    if founder.role not in CONVERSATION_KINDS[kind].founders:
        return Refused(Code.E_ROLE)
    if founder.role in STAFF and not is_certified_staff(context.tx, founder, context.now):
        # Policy would let nobody follow: told here, it says whom to ask.
        return Refused(Code.E_STAFF_CERTIFICATE)
    patient = context.tx.people.find(frame.patient)
    # Somebody else's patient and nobody at all: one answer, or it would tell who is whose.
    if patient is None or patient.tenant != founder.tenant or patient.role is not Role.PATIENT:
        return Refused(Code.E_TENANT)
    policy = _policy(context, frame)
    if isinstance(policy, Refused):
        return policy
    group = read_founding(
        context, frame.group_info, Wanted(group_id(frame.conversation, 0), policy)
    )
    if isinstance(group, Refused):
        return group
    founded, located = _found(context, frame, patient)
    keep_group(context, founded.id, group, frame.group_info)
    plain = plain_state(context.tx, founded, context.now)
    result = {
        "conversation": as_result(summary(plain, context.device, context.principal.person.id))
    }
    return Done(result, located, (Changed(plain),))


def _policy(context: Context, frame: CreateConversation) -> ConversationPolicy | Refused:
    """Return what the group must say: whose conversation it is, and whose word makes staff."""
    tenant = context.principal.person.tenant
    owner = owner_of(context.tx, tenant)
    if owner is None:
        return Refused(Code.E_IDENTITY, reason="no_owner")
    return ConversationPolicy(
        conversation=UUID(frame.conversation).bytes,
        kind=frame.conversation_kind.value,
        pharmacy=tenant,
        owner_aik=owner.aik,
        patient=UUID(frame.patient).bytes,
    )


def _found(
    context: Context, frame: CreateConversation, patient: Person
) -> tuple[Conversation, Located]:
    founder = context.principal.person
    # The motive has four values: without a secret salt anyone could try them all.
    salt = secrets.token_bytes(32)
    founded = Conversation(
        id=frame.conversation,
        tenant=founder.tenant,
        kind=frame.conversation_kind,
        motive=frame.motive,
        motive_salt=salt,
        founder=founder.id,
        founder_device=context.device,
        patient=patient.id,
        created_at=context.now,
    )
    members = [Member(person=founder.id, role=founder.role)]
    members.append(Member(person=patient.id, role=patient.role))
    context.tx.conversations.found(founded, members)
    context.tx.members.admit(founded.id, Admission(context.device, founder.id, 0))
    located = context.record(
        Draft(
            type=STARTED[frame.conversation_kind],
            actor=founder,
            device=context.device,
            rule="conversation.create",
            conversation=founded.id,
            subject=patient.id,
            outcome={"kind": founded.kind.value},
            commitments={"motive": commitment(salt, founded.motive.value)},
        )
    )
    return founded, located


def _again(context: Context, there: Conversation, frame: CreateConversation) -> Outcome:
    """Answer a retry as the first time; anyone else learns only that the id is taken."""
    same = (
        there.founder_device == context.device
        and there.patient == frame.patient
        and there.motive is frame.motive
        and there.kind is frame.conversation_kind
    )
    if not same:
        return Refused(Code.E_ID_REUSED)
    located = context.tx.log.numbered(there.tenant, there.id, 1)
    plain = plain_state(context.tx, there, context.now)
    result = {
        "conversation": as_result(summary(plain, context.device, context.principal.person.id))
    }
    return Done(result, located, repeated=True)


def _collate(name: str) -> str:
    """Order names as a French reader expects: family name first, accents and case aside."""
    plain = unicodedata.normalize("NFD", name)
    letters = "".join(c for c in plain if not unicodedata.combining(c)).casefold()
    *given, family = letters.split() or [""]
    return f"{family} {' '.join(given)}"
