"""A person's account key: certified once by the authority, and told to whoever meets that person.

The certificate is in the log before anybody gets it: clients believe none without its entry.
"""

from __future__ import annotations

import hashlib
import hmac
from uuid import UUID

from crypto.errors import CryptoError, MalformedInput
from crypto.policy.identity import Trust, Validity, validity_of
from crypto.policy.statements import Enrolment, IdentityCertificate, Unverified, sign
from crypto.policy.vocabulary import PARTICIPANTS, STAFF, Profession, Role
from crypto.suites import MLS_128_DHKEMX25519_AES128GCM_SHA256_ED25519 as SUITE
from server.domain.audit import Draft, EntryType, LogClass
from server.domain.identity import IssuedIdentity
from server.domain.people import Person
from server.domain.refusals import Refused
from server.hub.acts.context import Context, as_result
from server.hub.outcome import Done, IdentityChanged, Outcome
from server.ports import Located, Tx
from signaling.codes import Code
from signaling.frames import EnrolIdentity, IdentityView, ListIdentities, Receipt

YEAR = 365 * 24 * 3600 * 1_000_000
IDENTITY_LIFE = 5 * YEAR
RENEWAL = 30 * 24 * 3600 * 1_000_000
"""So long before its end the same key gets another certificate."""


def enrol(context: Context, frame: EnrolIdentity) -> Outcome:
    """Certify this person's account key; the same key again gets the same certificate."""
    device = context.own_device()
    if isinstance(device, Refused):
        return device
    aik = _verify(context, frame.statement)
    if isinstance(aik, Refused):
        return aik
    person = context.principal.person
    standing = context.tx.certificates.find(person.id)
    if standing is not None and not hmac.compare_digest(standing.aik, aik):
        return Refused(Code.E_IDENTITY_TAKEN)
    if standing is not None and not _ends_soon(standing, context.now):
        located = entry_of(context.tx, standing)
        return Done({"certificate": standing.certificate}, located, repeated=True)
    if context.tx.certificates.holder(aik) not in (None, person.id) or _was_revoked(context, aik):
        # One key of two people would make one of them the other's delegate.
        return Refused(Code.E_IDENTITY, reason="known_key")
    certificate = certificate_of(context.tx, person, aik, context.now)
    located = context.record(issued(person, certificate, device=context.device))
    keep(context.tx, person, aik, certificate, located, context.now)
    effects = (identity_changed(context.tx, person),)
    return Done({"certificate": certificate}, located, effects)


def list_identities(context: Context, frame: ListIdentities) -> Outcome:
    """Tell the certificates of those whom the sender may meet, each with its proof."""
    sender, tx = context.principal.person, context.tx
    met = _met_by(tx, sender)
    asked = (tx.people.find(one) for one in dict.fromkeys(frame.persons))
    told = [one for one in asked if one is not None and _may_meet(sender, one, met)]
    views = (identity_view(tx, one) for one in told)
    return Done({"identities": [as_result(one) for one in views if one is not None]})


def identity_view(tx: Tx, person: Person) -> IdentityView | None:
    """Return a person's certificates with their proof; None before they enrolled."""
    standing = tx.certificates.find(person.id)
    if standing is None:
        return None
    revoked = tx.certificates.revoked(person.id)
    return IdentityView(
        person=person.id,
        name=tx.people.names([person.id]).get(person.id, ""),
        role=person.role.value,
        certificate=standing.certificate,
        receipt=_receipt(tx, standing),
        staff=tx.staff.find(person.id, standing.aik),
        revoked=revoked[0].revocation if revoked else b"",
    )


def owner_of(tx: Tx, tenant: str) -> IssuedIdentity | None:
    """Return the identity of a pharmacy's owner: of several, who enrolled first."""
    pharmacists = tx.people.with_roles(tenant, {Role.PHARMACIST})
    owners = [one.id for one in pharmacists if one.profession is Profession.OWNER]
    found = [one for one in map(tx.certificates.find, owners) if one is not None]
    return min(found, key=lambda one: (one.issued_at, one.index), default=None)


def trust_of(tx: Tx) -> Trust:
    """Return what certificates are held against."""
    return Trust(tx.identity.deployment, tx.identity.authority_public_key)


def validity(certificate: bytes) -> Validity:
    """Return when an identity certificate of ours holds."""
    return validity_of(Unverified.decode(IdentityCertificate, certificate).content)


def certificate_of(tx: Tx, person: Person, aik: bytes, now: int) -> bytes:
    """Return what the authority says of a person and their account key, signed."""
    content = IdentityCertificate(
        deployment=tx.identity.deployment,
        person=UUID(person.id).bytes,
        role=person.role.value,
        profession=person.profession.value,
        aik=aik,
        not_before_us=now,
        not_after_us=now + IDENTITY_LIFE,
    )
    return sign(content, SUITE.signing_key(tx.identity.authority_key))


def issued(person: Person, certificate: bytes, *, device: str | None) -> Draft:
    """Return the entry without which nobody believes a certificate."""
    return Draft(
        type=EntryType.IDENTITY_ISSUED,
        actor=person,
        device=device,
        rule="identity.enrol",
        subject=own_subject(person),
        outcome={"certificate": digest(certificate)},
    )


def keep(
    tx: Tx, person: Person, aik: bytes, certificate: bytes, located: Located, now: int
) -> None:
    """Store a certificate, and where its entry is."""
    tx.certificates.issue(
        IssuedIdentity(
            person=person.id,
            aik=aik,
            certificate=certificate,
            tenant=person.tenant,
            index=located.index,
            issued_at=now,
        )
    )


def entry_of(tx: Tx, identity: IssuedIdentity) -> Located:
    """Return the entry of a certificate."""
    return tx.log.located(identity.tenant, LogClass.CARE, identity.index)


def digest(certificate: bytes) -> str:
    """Return how entries name a certificate."""
    return hashlib.sha256(certificate).hexdigest()


def own_subject(person: Person) -> str | None:
    """Return whom an entry about a person's own keys is about: a patient is told of it."""
    return person.id if person.role is Role.PATIENT else None


def identity_changed(tx: Tx, person: Person) -> IdentityChanged:
    """Say whose certificates changed to those who meet that person."""
    staff = {one.id for one in tx.people.with_roles(person.tenant, STAFF)}
    return IdentityChanged(person.id, frozenset(staff | _met_by(tx, person) | {person.id}))


def _verify(context: Context, data: bytes) -> bytes | Refused:
    """Return the account key that a statement enrols: of the sender, who holds it."""
    try:
        unverified = Unverified.decode(Enrolment, data)
    except MalformedInput:
        return Refused(Code.E_MALFORMED)
    said, person = unverified.content, context.principal.person
    if said.deployment != context.tx.identity.deployment or said.conversation:
        return Refused(Code.E_IDENTITY, reason="wrong_deployment")
    if said.person != UUID(person.id).bytes:
        return Refused(Code.E_IDENTITY, reason="wrong_person")
    try:
        unverified.verify(said.aik)
    except CryptoError:
        return Refused(Code.E_SIGNATURE)
    return said.aik


def _ends_soon(standing: IssuedIdentity, now: int) -> bool:
    return not validity(standing.certificate).includes(now + RENEWAL)


def _was_revoked(context: Context, aik: bytes) -> bool:
    revoked = context.tx.certificates.revoked(context.principal.person.id)
    return any(hmac.compare_digest(one.aik, aik) for one in revoked)


def _met_by(tx: Tx, person: Person) -> set[str]:
    """Return those who share a conversation with a person, or may be carer and patient."""
    met = {*tx.carers.of_patient(person.id), *tx.carers.of_carer(person.id)}
    for conversation in tx.conversations.of_person(person.id):
        met |= {member.person for member in tx.members.of(conversation.id)}
    return met


def _may_meet(sender: Person, other: Person, met: set[str]) -> bool:
    """Tell whether the sender may ask for another's certificates."""
    if other.id == sender.id:
        return True
    if other.tenant != sender.tenant or other.role not in PARTICIPANTS:
        return False
    return sender.role in STAFF or other.role in STAFF or other.id in met


def _receipt(tx: Tx, identity: IssuedIdentity) -> Receipt:
    located = entry_of(tx, identity)
    proof = tx.log.prove(located).proof
    return Receipt(log=located.log, index=located.index, entry=located.entry, proof=proof)
