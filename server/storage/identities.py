"""Account keys and certificates, devices on their way in, recovery, and carers one may name."""

from __future__ import annotations

import hashlib
import hmac
from typing import Any

from sqlalchemy import Connection, Row, delete, select, update
from sqlalchemy.dialects.sqlite import insert as upsert

from crypto.policy.vocabulary import Profession
from server.domain.identity import IssuedIdentity, LinkRequest, WaitingRevocation
from server.storage.schema import (
    carer_code,
    identity_certificate,
    link_request,
    person,
    recovery,
    relation,
    revocation_waiting,
    staff_certificate,
)


class CertificateTable:
    """`ports.Certificates`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def find(self, person_id: str) -> IssuedIdentity | None:
        """Return the identity of a person that stands."""
        row = self._connection.execute(
            select(identity_certificate).where(
                identity_certificate.c.person == person_id,
                identity_certificate.c.revocation.is_(None),
            )
        ).first()
        return None if row is None else _issued(row)

    def holder(self, aik: bytes) -> str | None:
        """Return whose account key this is, or was."""
        found: str | None = self._connection.scalar(
            select(identity_certificate.c.person).where(identity_certificate.c.aik == aik)
        )
        return found

    def revoked(self, person_id: str) -> list[IssuedIdentity]:
        """Return those that were revoked, the last one first."""
        rows = self._connection.execute(
            select(identity_certificate)
            .where(
                identity_certificate.c.person == person_id,
                identity_certificate.c.revocation.is_not(None),
            )
            .order_by(identity_certificate.c.issued_at.desc(), identity_certificate.c.idx.desc())
        )
        return [_issued(row) for row in rows]

    def issue(self, new: IssuedIdentity) -> None:
        """Store a certificate, or one of the same key for a new period."""
        row = upsert(identity_certificate).values(
            person=new.person,
            aik=new.aik,
            certificate=new.certificate,
            tenant=new.tenant,
            idx=new.index,
            issued_at=new.issued_at,
        )
        renewed = {
            "certificate": row.excluded.certificate,
            "idx": row.excluded.idx,
            "issued_at": row.excluded.issued_at,
        }
        self._connection.execute(
            row.on_conflict_do_update(
                index_elements=[identity_certificate.c.person, identity_certificate.c.aik],
                set_=renewed,
                where=identity_certificate.c.revocation.is_(None),
            )
        )

    def revoke(self, person_id: str, revocation: bytes) -> None:
        """End the identity that stands, for good."""
        self._connection.execute(
            update(identity_certificate)
            .where(
                identity_certificate.c.person == person_id,
                identity_certificate.c.revocation.is_(None),
            )
            .values(revocation=revocation)
        )


class StaffTable:
    """`ports.StaffCertificates`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def appoint(self, person_id: str, profession: Profession) -> None:
        """Have a pharmacist be the owner, a deputy or a locum."""
        self._connection.execute(
            update(person).where(person.c.id == person_id).values(profession=profession.value)
        )

    def find(self, person_id: str, aik: bytes) -> bytes:
        """Return the certificate of an account key, or nothing."""
        found: bytes | None = self._connection.scalar(
            select(staff_certificate.c.certificate).where(
                staff_certificate.c.person == person_id, staff_certificate.c.aik == aik
            )
        )
        return found or b""

    def keep(self, person_id: str, aik: bytes, certificate: bytes, at: int) -> None:
        """Store the owner's word on an account key, or a later one on the same."""
        row = upsert(staff_certificate).values(
            person=person_id, aik=aik, certificate=certificate, certified_at=at
        )
        self._connection.execute(
            row.on_conflict_do_update(
                index_elements=[staff_certificate.c.person, staff_certificate.c.aik],
                set_={
                    "certificate": row.excluded.certificate,
                    "certified_at": row.excluded.certified_at,
                },
            )
        )


class LinkTable:
    """`ports.Links`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def ask(self, request: LinkRequest) -> None:
        """Store a device's request, in place of an earlier one."""
        row = upsert(link_request).values(
            device=request.device,
            person=request.person,
            init_key=request.init_key,
            asked_at=request.asked_at,
            sealed=request.sealed,
        )
        self._connection.execute(
            row.on_conflict_do_update(
                index_elements=[link_request.c.device],
                set_={
                    "init_key": row.excluded.init_key,
                    "asked_at": row.excluded.asked_at,
                    "sealed": row.excluded.sealed,
                },
            )
        )

    def of(self, person_id: str) -> list[LinkRequest]:
        """Return the requests of a person's devices, the first one first."""
        rows = self._connection.execute(
            select(link_request)
            .where(link_request.c.person == person_id)
            .order_by(link_request.c.asked_at, link_request.c.device)
        )
        return [LinkRequest(**row._mapping) for row in rows]  # noqa: SLF001 - SQLAlchemy's name

    def answer(self, device: str, sealed: bytes) -> None:
        """Keep what another device sealed to this one, until its request is over."""
        self._connection.execute(
            update(link_request).where(link_request.c.device == device).values(sealed=sealed)
        )

    def forget(self, person_id: str, asked_before: int) -> None:
        """Drop the requests of a person from before an instant."""
        self._connection.execute(
            delete(link_request).where(
                link_request.c.person == person_id, link_request.c.asked_at < asked_before
            )
        )


class RecoveryTable:
    """`ports.Recovery`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def keep(self, person_id: str, blob: bytes, at: int) -> None:
        """Store a wrapped key, in place of the one before."""
        row = upsert(recovery).values(person=person_id, blob=blob, kept_at=at)
        self._connection.execute(
            row.on_conflict_do_update(
                index_elements=[recovery.c.person],
                set_={"blob": row.excluded.blob, "kept_at": row.excluded.kept_at},
            )
        )

    def find(self, person_id: str) -> bytes | None:
        """Return what a person stored, or None."""
        found: bytes | None = self._connection.scalar(
            select(recovery.c.blob).where(recovery.c.person == person_id)
        )
        return found

    def forget(self, person_id: str) -> None:
        """Drop it: the key it wraps is nobody's any more."""
        self._connection.execute(delete(recovery).where(recovery.c.person == person_id))


class RevocationTable:
    """`ports.Revocations`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def propose(self, waiting: WaitingRevocation) -> None:
        """Store a first pharmacist's word, in place of their own earlier one on this person."""
        row = upsert(revocation_waiting).values(
            person=waiting.person,
            signer=waiting.signer,
            statement=waiting.statement,
            staff=waiting.staff,
            proposed_at=waiting.proposed_at,
        )
        self._connection.execute(
            row.on_conflict_do_update(
                index_elements=[revocation_waiting.c.person, revocation_waiting.c.signer],
                set_={
                    "statement": row.excluded.statement,
                    "staff": row.excluded.staff,
                    "proposed_at": row.excluded.proposed_at,
                },
            )
        )

    def of(self, person_id: str) -> list[WaitingRevocation]:
        """Return what waits about a person."""
        rows = self._connection.execute(
            select(revocation_waiting)
            .where(revocation_waiting.c.person == person_id)
            .order_by(revocation_waiting.c.proposed_at)
        )
        return [_waiting(row) for row in rows]

    def of_tenant(self, tenant: str) -> list[WaitingRevocation]:
        """Return what waits in a pharmacy, the first one first."""
        rows = self._connection.execute(
            select(revocation_waiting)
            .join(person, person.c.id == revocation_waiting.c.person)
            .where(person.c.tenant == tenant)
            .order_by(revocation_waiting.c.proposed_at, revocation_waiting.c.person)
        )
        return [_waiting(row) for row in rows]

    def settle(self, person_id: str) -> None:
        """Drop what waits about a person: it was carried out."""
        self._connection.execute(
            delete(revocation_waiting).where(revocation_waiting.c.person == person_id)
        )


class CarerTable:
    """`ports.Carers`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def relate(self, patient: str, carer: str, at: int) -> bool:
        """Have a carer be one that a patient may name; tell whether that is new."""
        row = upsert(relation).values(patient=patient, carer=carer, since=at)
        done = self._connection.execute(row.on_conflict_do_nothing())
        return done.rowcount == 1

    def of_patient(self, patient: str) -> list[str]:
        """Return the carers that a patient may name."""
        return list(
            self._connection.scalars(
                select(relation.c.carer)
                .where(relation.c.patient == patient)
                .order_by(relation.c.since, relation.c.carer)
            )
        )

    def of_carer(self, carer: str) -> list[str]:
        """Return the patients who may name a carer."""
        return list(
            self._connection.scalars(
                select(relation.c.patient)
                .where(relation.c.carer == carer)
                .order_by(relation.c.since, relation.c.patient)
            )
        )

    def code(self, carer: str, fresh: str) -> str:
        """Return a carer's code: `fresh` becomes it where there is none."""
        row = upsert(carer_code).values(carer=carer, code=fresh, digest=_digest(fresh))
        self._connection.execute(row.on_conflict_do_nothing())
        code: str = self._connection.execute(
            select(carer_code.c.code).where(carer_code.c.carer == carer)
        ).scalar_one()
        return code

    def redeem(self, code: str, tenant: str) -> str | None:
        """Return whose code it is, of the carers of a pharmacy; it is used up."""
        row = self._connection.execute(
            select(carer_code.c.carer, carer_code.c.code)
            .join(person, person.c.id == carer_code.c.carer)
            .where(carer_code.c.digest == _digest(code), person.c.tenant == tenant)
        ).first()
        if row is None or not hmac.compare_digest(row.code, code):
            return None
        carer: str = row.carer
        self._connection.execute(delete(carer_code).where(carer_code.c.carer == carer))
        return carer


def _digest(code: str) -> bytes:
    return hashlib.sha256(code.encode()).digest()


def _issued(row: Row[Any]) -> IssuedIdentity:
    return IssuedIdentity(
        person=row.person,
        aik=row.aik,
        certificate=row.certificate,
        tenant=row.tenant,
        index=row.idx,
        issued_at=row.issued_at,
        revocation=row.revocation or b"",
    )


def _waiting(row: Row[Any]) -> WaitingRevocation:
    return WaitingRevocation(**row._mapping)  # noqa: SLF001 - SQLAlchemy's name
