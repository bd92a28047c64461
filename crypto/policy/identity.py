"""Who a leaf is: a person and one of their devices, by certificates (credential type 0xF0C1).

    struct {
        opaque identity<V>;   /* IdentityCertificate, signed by the deployment's authority */
        opaque device<V>;     /* DeviceCertificate, signed by the person's account key (AIK) */
        opaque staff<V>;      /* StaffCertificate, signed by the owner pharmacist's AIK, or empty */
    } ColloqueCredential;

The authority says which account key is whose; that alone lets nobody in. Staff are the owner's to
name, the patient's key stands in the conversation's policy, and a carer's in a delegation.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from crypto.errors import BadIdentity, MalformedInput
from crypto.mls.credential import Credential
from crypto.policy.fields import Layout, opaque
from crypto.policy.statements import (
    MAX_STATEMENT_BYTES,
    DeviceCertificate,
    IdentityCertificate,
    StaffCertificate,
    Unverified,
)
from crypto.policy.vocabulary import CLOCK_TOLERANCE_US, PARTICIPANTS, STAFF, Profession, Role

CREDENTIAL_TYPE: Final = 0xF0C1
HUB: Final = b"hub"
"""What the hub's own (basic) credential says, as the external sender of its groups."""


@dataclass(frozen=True, slots=True)
class LeafIdentity:
    """A device of a person, by name: UUIDs as text."""

    person: str
    device: str

    @classmethod
    def of(cls, credential: Credential) -> LeafIdentity:
        """Read the names in a leaf's certificates; raise `MalformedInput` where there are none.

        Nothing is verified: `verify_credential` does that.
        """
        parts = CredentialParts.of(credential)
        identity = Unverified.decode(IdentityCertificate, parts.identity).content
        device = Unverified.decode(DeviceCertificate, parts.device).content
        if identity.person != device.person:
            raise MalformedInput("the certificates are of two people")
        return cls(str(UUID(bytes=device.person)), str(UUID(bytes=device.device)))


@dataclass(frozen=True, slots=True)
class CredentialParts(Layout):
    """The certificates of a leaf, each signed, as they came."""

    FIELDS = (
        opaque("identity", MAX_STATEMENT_BYTES),
        opaque("device", MAX_STATEMENT_BYTES),
        opaque("staff", MAX_STATEMENT_BYTES),
    )

    identity: bytes
    device: bytes
    staff: bytes = b""
    """Empty for everybody but the staff whom the owner certified."""

    def credential(self) -> Credential:
        """Return the credential of them."""
        return Credential(CREDENTIAL_TYPE, self.encode())

    @classmethod
    def of(cls, credential: Credential) -> CredentialParts:
        """Read a leaf's credential; raise `MalformedInput` where it is of another type."""
        if credential.type != CREDENTIAL_TYPE:
            raise MalformedInput("not a credential of certificates")
        return cls.decode(credential.body)


@dataclass(frozen=True, slots=True)
class Trust:
    """What a client pins of a deployment."""

    deployment: str
    authority: bytes
    """The public key that signs identity certificates."""


@dataclass(frozen=True, slots=True)
class Validity:
    """From when to when something holds: the last instant not included."""

    not_before_us: int
    not_after_us: int

    def includes(self, at_us: int) -> bool:
        """Tell whether it holds then; two clocks may disagree about its beginning."""
        return self.not_before_us - CLOCK_TOLERANCE_US <= at_us < self.not_after_us

    def within(self, other: Validity) -> Validity:
        """Return when both hold."""
        return Validity(
            max(self.not_before_us, other.not_before_us),
            min(self.not_after_us, other.not_after_us),
        )


Certificate = IdentityCertificate | DeviceCertificate | StaffCertificate


@dataclass(frozen=True, slots=True, kw_only=True)
class Certified:
    """A leaf whose certificates hold."""

    identity: LeafIdentity
    role: Role
    profession: Profession
    aik: bytes
    signature_key: bytes
    """The device's own, which its DeviceCertificate names."""
    staff: bool
    """The owner's, or certified by the owner."""
    certificate: bytes
    """SHA-256 of the signed identity certificate: what the log's entry says of it."""
    validity: Validity
    """When all of its certificates hold."""

    @property
    def person(self) -> bytes:
        """Return the person's id, as statements write it."""
        return UUID(self.identity.person).bytes

    @property
    def device(self) -> bytes:
        """Return the device's id, as statements write it."""
        return UUID(self.identity.device).bytes


def verify_identity(data: bytes, trust: Trust) -> IdentityCertificate:
    """Return an identity certificate if the authority signed it; raise `CryptoError` otherwise."""
    content = Unverified.decode(IdentityCertificate, data).verify(trust.authority)
    _require(_of_deployment(content, trust))
    return content


def verify_staff(
    data: bytes, *, trust: Trust, owner_aik: bytes, pharmacy: str, at_us: int | None
) -> StaffCertificate:
    """Return a staff certificate if this pharmacy's owner signed it; raise `CryptoError`."""
    content = Unverified.decode(StaffCertificate, data).verify(owner_aik)
    _require(_of_deployment(content, trust) and content.pharmacy == pharmacy)
    _require(content.role in STAFF)
    _require_time(validity_of(content), at_us)
    return content


def verify_credential(
    credential: Credential,
    *,
    signature_key: bytes,
    trust: Trust,
    owner_aik: bytes,
    pharmacy: str,
    at_us: int | None,
) -> Certified:
    """Return whose a leaf is; raise `CryptoError` where its certificates do not say so.

    `at_us` is when they must hold; None where that is not the question (a leaf that stays).
    """
    parts = CredentialParts.of(credential)
    identity = verify_identity(parts.identity, trust)
    role, profession = _role_of(identity)
    device = Unverified.decode(DeviceCertificate, parts.device).verify(identity.aik)
    _require(_of_deployment(device, trust) and device.person == identity.person)
    _require(hmac.compare_digest(device.signature_key, signature_key))
    validity = validity_of(identity).within(validity_of(device))
    if parts.staff:
        staff = verify_staff(
            parts.staff, trust=trust, owner_aik=owner_aik, pharmacy=pharmacy, at_us=None
        )
        _require((staff.person, staff.aik, staff.role) == (identity.person, identity.aik, role))
        validity = validity.within(validity_of(staff))
    elif role in STAFF:
        _require(profession is Profession.OWNER and hmac.compare_digest(identity.aik, owner_aik))
    _require_time(validity, at_us)
    return Certified(
        identity=LeafIdentity(str(UUID(bytes=device.person)), str(UUID(bytes=device.device))),
        role=role,
        profession=profession,
        aik=identity.aik,
        signature_key=device.signature_key,
        staff=role in STAFF,
        certificate=hashlib.sha256(parts.identity).digest(),
        validity=validity,
    )


def validity_of(certificate: Certificate) -> Validity:
    """Return when a certificate holds."""
    return Validity(certificate.not_before_us, certificate.not_after_us)


def _role_of(identity: IdentityCertificate) -> tuple[Role, Profession]:
    """Return what the authority says of a person, where such a person may hold a leaf."""
    try:
        role, profession = Role(identity.role), Profession(identity.profession)
    except ValueError as exc:
        raise BadIdentity("a role or a profession that nobody has") from exc
    _require(role in PARTICIPANTS)
    _require((profession is Profession.NONE) == (role is not Role.PHARMACIST))
    return role, profession


def _of_deployment(certificate: Certificate, trust: Trust) -> bool:
    """Tell whether a certificate is of this deployment, and about no one conversation."""
    return certificate.deployment == trust.deployment and not certificate.conversation


def _require_time(validity: Validity, at_us: int | None) -> None:
    if at_us is not None:
        _require(validity.includes(at_us))


def _require(holds: bool) -> None:
    if not holds:
        raise BadIdentity("a certificate that is not of this person, this device or this time")
