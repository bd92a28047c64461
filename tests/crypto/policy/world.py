"""The people of the policy's tests, their keys, and valid things of all kinds.

Everything is made of its name: the same bytes at each run. A builder gives a valid thing; a test
changes only what it is about.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any, Final
from uuid import UUID

from crypto.keys import Secret
from crypto.mls.credential import Credential
from crypto.policy.conversation import (
    ConversationPolicy,
    DelegationRecord,
    Delegations,
    SignedConfirmation,
    Tombstone,
    tombstone_of,
)
from crypto.policy.cosigned import CoSigned, Signature, cosign
from crypto.policy.identity import CredentialParts, LeafIdentity, Trust
from crypto.policy.statements import (
    Acceptance,
    AccountRevocation,
    Confirmation,
    Delegation,
    DeviceCertificate,
    DeviceRevocation,
    IdentityCertificate,
    Resignation,
    Revocation,
    StaffCertificate,
    Statement,
    Succession,
    Suspension,
    sign,
    unsigned,
)
from crypto.policy.vocabulary import (
    ConversationKind,
    DelegationState,
    LegalBasis,
    Mandate,
    Profession,
    Role,
    Scope,
    SuspensionReason,
)
from crypto.suites import MLS_128_DHKEMX25519_AES128GCM_SHA256_ED25519 as SUITE
from crypto.suites import SigningKey

DEPLOYMENT: Final = "demo.colloque.example"
PHARMACY: Final = "990000001"
ELSEWHERE: Final = "990000002"
SECOND: Final = 1_000_000
HOUR: Final = 3600 * SECOND
DAY: Final = 24 * HOUR
NOW: Final = 1_790_000_000 * SECOND
A_YEAR: Final = (NOW - 100 * DAY, NOW + 265 * DAY)


def hashed(*words: object) -> bytes:
    """Return 32 bytes that stand for these words."""
    return hashlib.sha256("/".join(map(str, words)).encode()).digest()


def uid(*words: object) -> bytes:
    """Return the id that stands for these words."""
    return hashed("id", *words)[:16]


def key(*words: object) -> SigningKey:
    """Return the key that stands for these words."""
    return SUITE.signing_key(Secret(hashed("key", *words)))


def text(value: bytes) -> str:
    """Return an id as text."""
    return str(UUID(bytes=value))


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with an account key."""

    name: str
    role: Role
    profession: Profession = Profession.NONE
    account: str = "first"

    @property
    def id(self) -> bytes:
        """Return their id."""
        return uid("person", self.name)

    @property
    def aik(self) -> SigningKey:
        """Return their account key."""
        return key("aik", self.name, self.account)

    @property
    def key(self) -> bytes:
        """Return the public half."""
        return self.aik.public

    def renewed(self) -> Person:
        """Return the same person with another account key."""
        return replace(self, account="second")


CLAIRE: Final = Person("claire", Role.PHARMACIST, Profession.OWNER)
HUGO: Final = Person("hugo", Role.PHARMACIST, Profession.DEPUTY)
ROSE: Final = Person("rose", Role.PHARMACIST, Profession.LOCUM)
LEA: Final = Person("lea", Role.TECHNICIAN)
JEAN: Final = Person("jean", Role.PATIENT)
SOPHIE: Final = Person("sophie", Role.CARER)
KARIM: Final = Person("karim", Role.CARER)
ALICE: Final = Person("alice", Role.PATIENT)
"""Another patient."""
PAUL: Final = Person("paul", Role.PHARMACIST, Profession.OWNER)
"""The owner of another pharmacy."""
AUTHORITY: Final = key("authority")
TRUST: Final = Trust(DEPLOYMENT, AUTHORITY.public)
CONVERSATION: Final = uid("conversation")
ELSEWHERE_CONVERSATION: Final = uid("another conversation")
TRANSCRIPT: Final = hashed("transcript")

READ: Final = Scope.CONVERSATION_READ
SEND: Final = Scope.CONVERSATION_SEND
CALL: Final = Scope.CALL_JOIN


def identity_of(person: Person, /, *, by: SigningKey = AUTHORITY, **changes: Any) -> bytes:
    """Return a person's identity certificate."""
    certificate = IdentityCertificate(
        deployment=DEPLOYMENT,
        person=person.id,
        role=person.role.value,
        profession=person.profession.value,
        aik=person.key,
        not_before_us=A_YEAR[0],
        not_after_us=A_YEAR[1],
    )
    return sign(replace(certificate, **changes), by)


def staff_of(person: Person, /, *, by: SigningKey = CLAIRE.aik, **changes: Any) -> bytes:
    """Return a colleague's staff certificate."""
    certificate = StaffCertificate(
        deployment=DEPLOYMENT,
        person=person.id,
        aik=person.key,
        role=person.role.value,
        pharmacy=PHARMACY,
        not_before_us=A_YEAR[0],
        not_after_us=A_YEAR[1],
    )
    return sign(replace(certificate, **changes), by)


def chain_of(person: Person) -> bytes:
    """Return what says that somebody is of the staff: nothing, for the owner."""
    return b"" if person == CLAIRE else staff_of(person)


def device_id(person: Person, number: int = 1) -> bytes:
    """Return the id of one of a person's devices."""
    return uid("device", person.name, number)


def device_key(person: Person, number: int = 1) -> SigningKey:
    """Return its key."""
    return key("device", person.name, number)


def named(person: Person, number: int = 1) -> LeafIdentity:
    """Return a device of a person, by name."""
    return LeafIdentity(text(person.id), text(device_id(person, number)))


def device_of(
    person: Person, number: int = 1, /, *, by: SigningKey | None = None, **changes: Any
) -> bytes:
    """Return the certificate of one of a person's devices."""
    certificate = DeviceCertificate(
        deployment=DEPLOYMENT,
        person=person.id,
        device=device_id(person, number),
        signature_key=device_key(person, number).public,
        not_before_us=A_YEAR[0],
        not_after_us=A_YEAR[1],
    )
    return sign(replace(certificate, **changes), by or person.aik)


@dataclass(frozen=True, slots=True)
class Leaf:
    """A leaf of a group: what it says, and the key it signs with."""

    parts: CredentialParts
    signature_key: bytes

    @property
    def credential(self) -> Credential:
        """Return its credential."""
        return self.parts.credential()


def leaf(
    person: Person,
    number: int = 1,
    *,
    identity: bytes | None = None,
    device: bytes | None = None,
    staff: bytes | None = None,
    signature_key: bytes | None = None,
) -> Leaf:
    """Return the leaf of one of a person's devices."""
    is_staff = person.role in (Role.PHARMACIST, Role.TECHNICIAN)
    chain = chain_of(person) if is_staff else b""
    return Leaf(
        CredentialParts(
            identity=identity or identity_of(person),
            device=device or device_of(person, number),
            staff=chain if staff is None else staff,
        ),
        signature_key or device_key(person, number).public,
    )


def a_policy(**changes: Any) -> ConversationPolicy:
    """Return the policy of Jean's thread with the pharmacy."""
    policy = ConversationPolicy(
        conversation=CONVERSATION,
        kind=ConversationKind.CARE_THREAD,
        pharmacy=PHARMACY,
        owner_aik=CLAIRE.key,
        patient=JEAN.id,
        patient_aik=JEAN.key,
    )
    return replace(policy, **changes)


def a_delegation(carer: Person = SOPHIE, /, **changes: Any) -> Delegation:
    """Return what Jean lets his daughter do: read, write and come along in a call, for a month."""
    delegation = Delegation(
        deployment=DEPLOYMENT,
        conversation=CONVERSATION,
        delegation=uid("delegation", carer.name),
        grantor=JEAN.id,
        grantor_aik=JEAN.key,
        grantee=carer.id,
        grantee_aik=carer.key,
        scopes=(CALL, READ, SEND),
        legal_basis=LegalBasis.PATIENT_MANDATE,
        mandate=Mandate.DEVICE,
        not_before_us=NOW - DAY,
        not_after_us=NOW + 30 * DAY,
        text_hash=hashed("text"),
        reading_level="standard",
        language="fr",
    )
    return replace(delegation, **changes)


def on_paper(**changes: Any) -> Delegation:
    """Return a delegation of a patient who has no device."""
    return a_delegation(**{"mandate": Mandate.PAPER, "grantor_aik": b""} | changes)


def by_evidence(**changes: Any) -> Delegation:
    """Return the delegation of somebody whom a court named."""
    stated = {
        "mandate": Mandate.EVIDENCE,
        "legal_basis": LegalBasis.GUARDIANSHIP_PERSON,
        "evidence": hashed("judgement"),
        "issuer": b"Tribunal judiciaire de Lyon",
    }
    return a_delegation(**stated | changes)


def signed(delegation: Delegation, by: SigningKey | None = None) -> bytes:
    """Return a delegation as it goes on the wire: signed on a device, and by nobody elsewhere."""
    if by is None and delegation.mandate != Mandate.DEVICE:
        return unsigned(delegation)
    return sign(delegation, by or JEAN.aik)


def a_confirmation(
    delegation: Delegation,
    who: Person = CLAIRE,
    *,
    by: SigningKey | None = None,
    staff: bytes | None = None,
    **changes: Any,
) -> SignedConfirmation:
    """Return a pharmacist's confirmation."""
    confirmation = Confirmation(
        deployment=DEPLOYMENT,
        conversation=CONVERSATION,
        delegation_hash=delegation.digest,
        pharmacist=who.id,
        heard_alone=True,
        at_us=NOW - DAY + HOUR,
    )
    chain = chain_of(who) if staff is None else staff
    return SignedConfirmation(sign(replace(confirmation, **changes), by or who.aik), chain)


def an_acceptance(delegation: Delegation, *, by: SigningKey = SOPHIE.aik, **changes: Any) -> bytes:
    """Return the carer's acceptance."""
    acceptance = Acceptance(
        deployment=DEPLOYMENT,
        conversation=CONVERSATION,
        delegation_hash=delegation.digest,
        duties_hash=hashed("duties"),
        at_us=NOW - DAY + 2 * HOUR,
    )
    return sign(replace(acceptance, **changes), by)


def a_withdrawal(
    *scopes: str, of: Delegation | None = None, by: SigningKey = JEAN.aik, **changes: Any
) -> bytes:
    """Return the patient's revocation of some scopes; of everything, where none is named."""
    revocation = Revocation(
        deployment=DEPLOYMENT,
        conversation=CONVERSATION,
        delegation=(of or a_delegation()).delegation,
        scopes=tuple(sorted(scopes)),
        at_us=NOW - HOUR,
    )
    return sign(replace(revocation, **changes), by)


def a_resignation(*, by: SigningKey = SOPHIE.aik, **changes: Any) -> bytes:
    """Return the carer's resignation."""
    resignation = Resignation(
        deployment=DEPLOYMENT,
        conversation=CONVERSATION,
        delegation=a_delegation().delegation,
        at_us=NOW - HOUR,
    )
    return sign(replace(resignation, **changes), by)


def a_suspension(who: Person = HUGO, *, by: SigningKey | None = None, **changes: Any) -> bytes:
    """Return a pharmacist's suspension."""
    suspension = Suspension(
        deployment=DEPLOYMENT,
        conversation=CONVERSATION,
        delegation=a_delegation().delegation,
        pharmacist=who.id,
        reason=SuspensionReason.TELEPHONE,
        at_us=NOW - HOUR,
    )
    return sign(replace(suspension, **changes), by or who.aik)


def a_device_revocation(
    person: Person, number: int = 1, /, *, by: SigningKey | None = None, **changes: Any
) -> bytes:
    """Return somebody's word that a device of theirs is given up."""
    revocation = DeviceRevocation(
        deployment=DEPLOYMENT,
        person=person.id,
        device=device_id(person, number),
        at_us=NOW - HOUR,
    )
    return sign(replace(revocation, **changes), by or person.aik)


def eyes(statement: Statement, *who: Person) -> tuple[Signature, ...]:
    """Return the signatures of pharmacists under a statement."""
    return tuple(cosign(statement, one.aik, signer=one.id, staff=chain_of(one)) for one in who)


def an_account_revocation(person: Person, /, **changes: Any) -> AccountRevocation:
    """Return the statement that an account key was stolen."""
    revocation = AccountRevocation(
        deployment=DEPLOYMENT,
        person=person.id,
        aik=person.key,
        reason="stolen",
        at_us=NOW - HOUR,
    )
    return replace(revocation, **changes)


def stolen(person: Person, *who: Person) -> bytes:
    """Return an account's revocation, signed by pharmacists and the authority."""
    statement = an_account_revocation(person)
    signatures = (*eyes(statement, *(who or (CLAIRE, HUGO))), cosign(statement, AUTHORITY))
    return CoSigned(statement.encode(), signatures).encode()


def a_succession(**changes: Any) -> Succession:
    """Return the statement that Jean goes on with another account key, in another group."""
    succession = Succession(
        deployment=DEPLOYMENT,
        conversation=CONVERSATION,
        old_group=CONVERSATION + b"\x01",
        old_epoch=12,
        new_group=CONVERSATION + b"\x02",
        patient=JEAN.id,
        old_aik=JEAN.key,
        new_aik=JEAN.renewed().key,
        at_us=NOW - HOUR,
    )
    return replace(succession, **changes)


def succeeded(*who: Person, **changes: Any) -> bytes:
    """Return a succession, signed by pharmacists."""
    statement = a_succession(**changes)
    return CoSigned(statement.encode(), eyes(statement, *(who or (CLAIRE, HUGO)))).encode()


def a_record(
    document: Delegation | None = None,
    *,
    carer: Person = SOPHIE,
    confirmations: Iterable[SignedConfirmation] | None = None,
    revocations: tuple[bytes, ...] = (),
    **changes: Any,
) -> DelegationRecord:
    """Return a delegation with all that makes it hold."""
    given = document or a_delegation(carer)
    attested = (CLAIRE,) if given.mandate == Mandate.DEVICE else (CLAIRE, HUGO)
    confirmed = tuple(a_confirmation(given, one) for one in attested)
    record = DelegationRecord(
        delegation=signed(given),
        confirmations=confirmed if confirmations is None else tuple(confirmations),
        acceptance=an_acceptance(given, by=carer.aik),
        revocations=revocations,
    )
    return replace(record, **changes)


def a_tombstone(
    delegation: Delegation | None = None,
    ending: DelegationState = DelegationState.REVOKED,
    at_us: int = NOW,
    **changes: Any,
) -> Tombstone:
    """Return what is left of a delegation that ended."""
    return replace(tombstone_of(delegation or a_delegation(), ending, at_us), **changes)


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """What a group says of itself in one epoch."""

    policy: ConversationPolicy = field(default_factory=a_policy)
    delegations: Delegations = field(default_factory=Delegations)
    leaves: tuple[Leaf, ...] = ()

    def told(self, *leaves: Leaf, **changes: Any) -> Group:
        """Return it with further leaves, and these changes of its policy."""
        policy = replace(self.policy, **changes)
        return replace(self, policy=policy, leaves=(*self.leaves, *leaves))

    def without(self, *leaves: Leaf) -> Group:
        """Return it without these leaves."""
        return replace(self, leaves=tuple(one for one in self.leaves if one not in leaves))

    def listing(
        self, number: int, *records: DelegationRecord, ended: Iterable[Tombstone] = ()
    ) -> Group:
        """Return it with these delegations, and none else."""
        return replace(
            self,
            delegations=Delegations(
                number,
                tuple(sorted(records, key=lambda one: one.id)),
                tuple(sorted(ended, key=lambda one: one.delegation)),
            ),
        )


def a_group(*more: Leaf) -> Group:
    """Return Jean's group: Claire, Hugo, Léa, and his tablet."""
    staff = (leaf(CLAIRE), leaf(HUGO), leaf(LEA))
    return Group(leaves=(*staff, leaf(JEAN), *more))


def with_carer(*more: Leaf) -> Group:
    """Return it with his daughter in it, acting for him."""
    return a_group(leaf(SOPHIE), *more).listing(1, a_record())
