"""What two pharmacists sign: an account key that was lost, a patient who lost every device.

    struct {
        opaque statement<V>;        /* the struct's bytes, unsigned */
        struct {
            opaque signer<V>;       /* a person's id; empty: the deployment's authority */
            opaque staff<V>;        /* the signer's StaffCertificate; empty for the owner */
            opaque signature<V>;
        } signatures<V>;
    } CoSigned;

Two different pharmacists, by person and by key, neither of them concerned; an account's revocation
is then countersigned by the authority, so that it no longer vouches for the key.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Final, TypeVar

from crypto.errors import CryptoError
from crypto.policy.conversation import ConversationPolicy
from crypto.policy.decision import Refused
from crypto.policy.fields import ID_BYTES, Layout, opaque, optional, structs
from crypto.policy.identity import Trust
from crypto.policy.staff import Pharmacist, pharmacist_of
from crypto.policy.statements import (
    MAX_SIGNATURE_BYTES,
    MAX_STATEMENT_BYTES,
    AccountRevocation,
    Statement,
    Succession,
)
from crypto.policy.vocabulary import CLOCK_TOLERANCE_US, Refusal
from crypto.suites import MLS_128_DHKEMX25519_AES128GCM_SHA256_ED25519 as SUITE
from crypto.suites import SigningKey

EYES: Final = 2
"""Pharmacists who must sign."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature(Layout):
    """One of the signatures under a statement."""

    FIELDS: ClassVar = (
        optional("signer", ID_BYTES),
        opaque("staff", MAX_STATEMENT_BYTES),
        opaque("signature", MAX_SIGNATURE_BYTES),
    )

    signer: bytes = b""
    """Empty: the deployment's authority."""
    staff: bytes = b""
    signature: bytes


@dataclass(frozen=True, slots=True)
class CoSigned(Layout):
    """A statement and who signed it: readable, not yet to be believed."""

    FIELDS: ClassVar = (
        opaque("statement", MAX_STATEMENT_BYTES),
        structs("signatures", Signature, at_most=EYES + 1),
    )

    statement: bytes
    signatures: tuple[Signature, ...] = ()


T = TypeVar("T", AccountRevocation, Succession)


def cosign(
    statement: Statement, key: SigningKey, *, signer: bytes = b"", staff: bytes = b""
) -> Signature:
    """Return one signature under a statement."""
    signature = key.sign_with_label(statement.label, statement.encode())
    return Signature(signer=signer, staff=staff, signature=signature)


def check_account_revocation(
    data: bytes, *, policy: ConversationPolicy, trust: Trust, at_us: int | None
) -> AccountRevocation | Refused:
    """Return the revocation of an account key if two pharmacists and the authority signed it."""
    read = _read(data, AccountRevocation)
    if isinstance(read, Refused):
        return read
    said, signed = read
    if said.deployment != trust.deployment or said.conversation:
        return Refused(Refusal.E_IDENTITY)
    concerned = ((said.person, said.aik),)
    refused = _check_eyes(said, said.at_us, signed.signatures[:EYES], concerned, policy, trust)
    if refused is not None:
        return refused
    if len(signed.signatures) != EYES + 1:
        return Refused(Refusal.E_SIGNATURE)
    last = signed.signatures[EYES]
    if last.signer or last.staff or not _holds(said, trust.authority, last):
        return Refused(Refusal.E_SIGNATURE)
    return Refused(Refusal.E_CLOCK) if _is_future(said.at_us, at_us) else said


def check_succession(
    data: bytes, *, policy: ConversationPolicy, trust: Trust, at_us: int | None
) -> Succession | Refused:
    """Return the succession of this conversation's patient if two pharmacists signed it."""
    read = _read(data, Succession)
    if isinstance(read, Refused):
        return read
    said, signed = read
    here = (trust.deployment, policy.conversation, policy.patient)
    if (said.deployment, said.conversation, said.patient) != here or said.old_aik == said.new_aik:
        return Refused(Refusal.E_IDENTITY)
    concerned = ((said.patient, said.old_aik), (said.patient, said.new_aik))
    refused = _check_eyes(said, said.at_us, signed.signatures, concerned, policy, trust)
    if refused is not None:
        return refused
    return Refused(Refusal.E_CLOCK) if _is_future(said.at_us, at_us) else said


def _read(data: bytes, kind: type[T]) -> tuple[T, CoSigned] | Refused:
    try:
        signed = CoSigned.decode(data)
        return kind.decode(signed.statement), signed
    except CryptoError:
        return Refused(Refusal.E_SIGNATURE)


def _check_eyes(
    said: Statement,
    said_us: int,
    signatures: tuple[Signature, ...],
    concerned: tuple[tuple[bytes, bytes], ...],
    policy: ConversationPolicy,
    trust: Trust,
) -> Refused | None:
    """Refuse unless two different pharmacists signed, neither of whom is concerned."""
    if len(signatures) != EYES or not all(one.signer for one in signatures):
        return Refused(Refusal.E_FOUR_EYES)
    eyes: list[Pharmacist] = []
    for one in signatures:
        who = pharmacist_of(one.signer, one.staff, policy=policy, trust=trust, at_us=said_us)
        if isinstance(who, Refused):
            return who
        if not _holds(said, who.aik, one):
            return Refused(Refusal.E_SIGNATURE)
        if who.is_one_of(*concerned, *((other.person, other.aik) for other in eyes)):
            return Refused(Refusal.E_FOUR_EYES)
        eyes.append(who)
    return None


def _is_future(said_us: int, at_us: int | None) -> bool:
    return at_us is not None and said_us > at_us + CLOCK_TOLERANCE_US


def _holds(said: Statement, key: bytes, one: Signature) -> bool:
    try:
        SUITE.verify_with_label(key, said.label, said.encode(), one.signature)
    except CryptoError:
        return False
    return True
