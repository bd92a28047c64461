"""The owner pharmacist's word on who is of the staff: the operator of the hub can mint nobody."""

from __future__ import annotations

import hmac
from uuid import UUID

from crypto.errors import BadSignature, CryptoError, MalformedInput
from crypto.policy.identity import validity_of
from crypto.policy.statements import StaffCertificate, Unverified
from crypto.policy.vocabulary import CLOCK_TOLERANCE_US, STAFF
from server.domain.audit import Draft, EntryType
from server.domain.identity import IssuedIdentity
from server.domain.people import Person
from server.domain.refusals import Refused
from server.hub.acts.context import Context, as_result
from server.hub.acts.identities import digest, identity_changed, owner_of
from server.hub.outcome import Done, Outcome
from server.ports import Tx
from signaling.codes import Code
from signaling.frames import CertifyStaff, ListStaff, StaffView


def list_staff(context: Context, _frame: ListStaff) -> Outcome:
    """Tell the staff of this pharmacy, and whose certificates there are."""
    tx = context.tx
    people = tx.people.with_roles(context.principal.person.tenant, STAFF)
    names = tx.people.names([one.id for one in people])
    rows = sorted((_view(tx, one, names) for one in people), key=lambda row: (row.name, row.person))
    return Done({"staff": [as_result(row) for row in rows]})


def certify(context: Context, frame: CertifyStaff) -> Outcome:
    """Keep the owner's word on the account key of one of the staff."""
    owner = owner_of(context.tx, context.principal.person.tenant)
    if owner is None or owner.person != context.principal.person.id:
        return Refused(Code.E_ROLE)
    checked = _check(context, frame.certificate, owner)
    if isinstance(checked, Refused):
        return checked
    person, aik = checked
    if context.tx.staff.find(person.id, aik) == frame.certificate:
        return Done({"person": person.id}, unchanged=True)
    context.tx.staff.keep(person.id, aik, frame.certificate, context.now)
    located = context.record(
        Draft(
            type=EntryType.STAFF_CERTIFIED,
            actor=context.principal.person,
            device=context.device,
            rule="staff.certify",
            outcome={"certificate": digest(frame.certificate), "person": person.id},
        )
    )
    return Done({"person": person.id}, located, (identity_changed(context.tx, person),))


def is_certified_staff(tx: Tx, person: Person, now: int) -> bool:
    """Tell whether one of the staff may found groups: the owner, or whom the owner certified."""
    standing, owner = tx.certificates.find(person.id), owner_of(tx, person.tenant)
    if standing is None or owner is None:
        return False
    if owner.person == person.id:
        return True
    certificate = tx.staff.find(person.id, standing.aik)
    if not certificate:
        return False
    try:
        # The owner may be another than the one who signed it.
        said = Unverified.decode(StaffCertificate, certificate).verify(owner.aik)
    except CryptoError:
        return False
    return validity_of(said).includes(now)


def _check(context: Context, data: bytes, owner: IssuedIdentity) -> tuple[Person, bytes] | Refused:
    """Return of whose account key a certificate is; refuse one that does not say the truth."""
    try:
        unverified = Unverified.decode(StaffCertificate, data)
    except MalformedInput:
        return Refused(Code.E_MALFORMED)
    said, tenant = unverified.content, context.principal.person.tenant
    if said.deployment != context.tx.identity.deployment or said.conversation:
        return _unfit("wrong_deployment")
    if said.pharmacy != tenant:
        return _unfit("wrong_pharmacy")
    person = context.tx.people.find(str(UUID(bytes=said.person)))
    if person is None or person.tenant != tenant:
        return Refused(Code.E_TENANT)
    if person.role not in STAFF:
        return Refused(Code.E_ROLE)
    if person.id == owner.person or said.role != person.role:
        return _unfit("wrong_role")
    standing = context.tx.certificates.find(person.id)
    if standing is None or not hmac.compare_digest(standing.aik, said.aik):
        return _unfit("wrong_key")
    try:
        unverified.verify(owner.aik)
    except BadSignature:
        return Refused(Code.E_SIGNATURE)
    if said.not_before_us > context.now + CLOCK_TOLERANCE_US:
        return Refused(Code.E_CLOCK, now=context.now)
    return (person, said.aik) if validity_of(said).includes(context.now) else _unfit("expired")


def _view(tx: Tx, person: Person, names: dict[str, str]) -> StaffView:
    standing = tx.certificates.find(person.id)
    return StaffView(
        person=person.id,
        name=names.get(person.id, ""),
        role=person.role.value,
        profession=person.profession.value,
        certificate=standing.certificate if standing else b"",
        staff=tx.staff.find(person.id, standing.aik) if standing else b"",
    )


def _unfit(reason: str) -> Refused:
    return Refused(Code.E_IDENTITY, reason=reason)
