"""The bytes of every structure of policy: fields beside bytes, and bytes that are refused."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from typing import Any, Final

from crypto.encoding import vector
from crypto.keys import Secret
from crypto.mls.authenticated_data import AuthenticatedData, SignalHeader, SignalType
from crypto.policy.conversation import (
    CommitData,
    ConversationPolicy,
    DelegationRecord,
    Delegations,
    EndingStatement,
    SignedConfirmation,
    Tombstone,
)
from crypto.policy.cosigned import CoSigned, Signature
from crypto.policy.fields import MAX_NUMBER
from crypto.policy.identity import CredentialParts
from crypto.policy.removal import RemoveJustification
from crypto.policy.statements import (
    Acceptance,
    AccountRevocation,
    Act,
    Confirmation,
    Delegation,
    DeviceCertificate,
    DeviceRevocation,
    Enrolment,
    EpochReceipt,
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
from crypto.suites import MLS_128_DHKEMX25519_AES128GCM_SHA256_ED25519 as SUITE
from tests.crypto.policy.world import (
    CONVERSATION,
    DAY,
    DEPLOYMENT,
    HOUR,
    NOW,
    a_record,
    hashed,
    uid,
)

SEED: Final = bytes(range(32))
KEY: Final = SUITE.signing_key(Secret(SEED))
PERIOD: Final[dict[str, Any]] = {"not_before_us": NOW, "not_after_us": NOW + 31 * DAY}

DELEGATION: Final = Delegation(
    deployment=DEPLOYMENT,
    conversation=CONVERSATION,
    delegation=uid("delegation"),
    grantor=uid("jean"),
    grantor_aik=hashed("jean's key"),
    grantee=uid("sophie"),
    grantee_aik=hashed("sophie's key"),
    scopes=("call.join", "conversation.read", "conversation.send"),
    legal_basis="patient_mandate",
    mandate="device",
    text_hash=hashed("text"),
    reading_level="simple",
    language="fr",
    **PERIOD,
)
ON_PAPER: Final = Delegation(
    deployment=DEPLOYMENT,
    conversation=CONVERSATION,
    delegation=uid("delegation on paper"),
    grantor=uid("jean"),
    grantor_aik=b"",
    grantee=uid("sophie"),
    grantee_aik=hashed("sophie's key"),
    scopes=("conversation.read",),
    legal_basis="guardianship_person",
    mandate="evidence",
    text_hash=hashed("text"),
    reading_level="standard",
    language="fr",
    evidence=hashed("judgement"),
    issuer="Tribunal judiciaire de Besançon".encode(),
    **PERIOD,
)
STATEMENTS: Final[tuple[Statement, ...]] = (
    Enrolment(deployment=DEPLOYMENT, person=uid("jean"), aik=hashed("jean's key")),
    IdentityCertificate(
        deployment=DEPLOYMENT,
        person=uid("claire"),
        role="pharmacist",
        profession="owner",
        aik=hashed("claire's key"),
        **PERIOD,
    ),
    IdentityCertificate(
        deployment=DEPLOYMENT,
        person=uid("jean"),
        role="patient",
        profession="",
        aik=hashed("jean's key"),
        not_before_us=0,
        not_after_us=MAX_NUMBER,
    ),
    StaffCertificate(
        deployment=DEPLOYMENT,
        person=uid("hugo"),
        aik=hashed("hugo's key"),
        role="pharmacist",
        pharmacy="990000001",
        **PERIOD,
    ),
    DeviceCertificate(
        deployment=DEPLOYMENT,
        person=uid("jean"),
        device=uid("tablet"),
        signature_key=hashed("tablet's key"),
        **PERIOD,
    ),
    DeviceRevocation(deployment=DEPLOYMENT, person=uid("jean"), device=uid("tablet"), at_us=NOW),
    AccountRevocation(
        deployment=DEPLOYMENT,
        person=uid("jean"),
        aik=hashed("jean's key"),
        reason="stolen",
        at_us=NOW,
    ),
    Succession(
        deployment=DEPLOYMENT,
        conversation=CONVERSATION,
        old_group=CONVERSATION + b"\x01",
        old_epoch=12,
        new_group=CONVERSATION + b"\x02",
        patient=uid("jean"),
        old_aik=hashed("jean's key"),
        new_aik=hashed("jean's new key"),
        at_us=NOW,
    ),
    DELEGATION,
    ON_PAPER,
    Confirmation(
        deployment=DEPLOYMENT,
        conversation=CONVERSATION,
        delegation_hash=DELEGATION.digest,
        pharmacist=uid("claire"),
        heard_alone=True,
        at_us=NOW + HOUR,
    ),
    Acceptance(
        deployment=DEPLOYMENT,
        conversation=CONVERSATION,
        delegation_hash=DELEGATION.digest,
        duties_hash=hashed("duties"),
        at_us=NOW + 2 * HOUR,
    ),
    Revocation(
        deployment=DEPLOYMENT,
        conversation=CONVERSATION,
        delegation=DELEGATION.delegation,
        at_us=NOW + DAY,
    ),
    Revocation(
        deployment=DEPLOYMENT,
        conversation=CONVERSATION,
        delegation=DELEGATION.delegation,
        scopes=("call.join", "conversation.send"),
        at_us=NOW + DAY,
    ),
    Resignation(
        deployment=DEPLOYMENT,
        conversation=CONVERSATION,
        delegation=DELEGATION.delegation,
        at_us=NOW + DAY,
    ),
    Suspension(
        deployment=DEPLOYMENT,
        conversation=CONVERSATION,
        delegation=DELEGATION.delegation,
        pharmacist=uid("hugo"),
        reason="telephone",
        at_us=NOW + DAY,
    ),
    Act(
        deployment=DEPLOYMENT,
        conversation=CONVERSATION,
        group_id=CONVERSATION + b"\x02",
        epoch=7,
        kind="consent.given",
        object_hash=hashed("object"),
        delegation=DELEGATION.delegation,
        delegation_version=3,
        acting_for=uid("jean"),
        counter=41,
        previous_hash=hashed("previous"),
        at_us=NOW,
    ),
    EpochReceipt(
        deployment=DEPLOYMENT,
        conversation=CONVERSATION,
        group_id=CONVERSATION + b"\x02",
        epoch=7,
        confirmed_transcript_hash=hashed("transcript"),
        authenticator_hash=hashed("authenticator"),
        device=uid("tablet"),
    ),
)
RECORD: Final = DelegationRecord(
    delegation=sign(DELEGATION, KEY),
    confirmations=(
        SignedConfirmation(b"a confirmation", b""),
        SignedConfirmation(b"another", b"a staff certificate"),
    ),
    acceptance=b"an acceptance",
    revocations=(b"a first withdrawal", b"a second"),
)
TOMBSTONE: Final = Tombstone(
    delegation=uid("an ended delegation"), ending="revoked", at_us=NOW, not_after_us=NOW + DAY
)
SIGNAL: Final = SignalHeader(
    call=uid("call"), to=uid("tablet"), generation=70_000, type=SignalType.ANSWER
)
MESSAGE: Final[dict[str, Any]] = {
    "id": uid("message"),
    "kind": "message",
    "counter": 5,
    "sent_at": NOW // 1000,
    "franking_tag": hashed("tag"),
}
ACTING: Final[dict[str, Any]] = {
    "acting_for": uid("jean"),
    "delegation": DELEGATION.delegation,
    "delegation_version": 3,
}
STRUCTURES: Final[tuple[Any, ...]] = (
    CredentialParts(b"an identity certificate", b"a device certificate", b""),
    CredentialParts(b"an identity certificate", b"a device certificate", b"a staff certificate"),
    ConversationPolicy(
        conversation=CONVERSATION,
        kind="care_thread",
        pharmacy="990000001",
        owner_aik=hashed("claire's key"),
        patient=uid("jean"),
    ),
    ConversationPolicy(
        conversation=CONVERSATION,
        kind="remote_dispensation",
        pharmacy="990000001",
        owner_aik=hashed("claire's key"),
        patient=uid("jean"),
        patient_aik=hashed("jean's key"),
        suite_floor=3,
    ),
    Delegations(),
    Delegations(7, (RECORD,), (TOMBSTONE,)),
    Delegations(8, tuple(sorted((RECORD, a_record()), key=lambda one: one.id)), ()),
    CommitData(NOW),
    CommitData(
        NOW,
        (
            EndingStatement(what="revocation", statement=b"signed"),
            EndingStatement(what="suspension", statement=b"signed", staff=b"a staff certificate"),
        ),
    ),
    RemoveJustification(
        conversation=CONVERSATION,
        device=uid("tablet"),
        confirmed_transcript_hash=hashed("transcript"),
        why="device",
        at_us=NOW,
        statement=b"signed",
    ),
    RemoveJustification(
        conversation=CONVERSATION,
        device=uid("tablet"),
        confirmed_transcript_hash=hashed("transcript"),
        why="suspension",
        delegation=DELEGATION.delegation,
        at_us=NOW,
        statement=b"signed",
        staff=b"a staff certificate",
    ),
    CoSigned(
        b"a statement",
        (
            Signature(signer=uid("claire"), signature=b"a signature"),
            Signature(signer=uid("hugo"), staff=b"a staff certificate", signature=b"another"),
            Signature(signature=b"the authority's"),
        ),
    ),
    AuthenticatedData(**MESSAGE),
    AuthenticatedData(**MESSAGE, **ACTING),
    AuthenticatedData(**MESSAGE | {"kind": "signal"}, **ACTING, signal=SIGNAL),
)


def golden() -> dict[str, Any]:
    """Return what stands in the file."""
    return {
        "seed": SEED.hex(),
        "public_key": KEY.public.hex(),
        "statements": [_statement(one) for one in STATEMENTS],
        "structures": [
            {"kind": type(one).__name__, "fields": told(one), "bytes": one.encode().hex()}
            for one in STRUCTURES
        ],
        "refused": [
            {"kind": kind.__name__, "name": name, "bytes": data.hex()}
            for kind, name, data in refused()
        ],
    }


def _statement(one: Statement) -> dict[str, Any]:
    return {
        "kind": type(one).__name__,
        "label": one.label.decode("ascii"),
        "fields": told(one),
        "digest": one.digest.hex(),
        "signed": sign(one, KEY).hex(),
        "unsigned": unsigned(one).hex(),
    }


def told(value: Any) -> Any:
    """Return the fields of a structure as the file says them."""
    match value:
        case bytes():
            return value.hex()
        case tuple():
            return [told(one) for one in value]
        case _ if is_dataclass(value):
            return {one.name: told(getattr(value, one.name)) for one in fields(value)}
        case _:
            return value


LARGE: Final = (2**53).to_bytes(8, "big")


def refused() -> list[tuple[type[Any], str, bytes]]:
    """Return bytes that nobody may read: each is a good one with one fault."""
    return [
        *_bent_everywhere(),
        *_bent_statements(),
        *_bent_records(),
        *_bent_policies(),
        *_bent_authenticated_data(),
    ]


def _bent_everywhere() -> list[tuple[type[Any], str, bytes]]:
    """A byte too few, a byte too many, another version: of every structure."""
    found: list[tuple[type[Any], str, bytes]] = []
    kinds: set[type[Any]] = set()
    for one in (*STATEMENTS, *STRUCTURES):
        kind = type(one)
        if kind in kinds:
            continue
        kinds.add(kind)
        data = sign(one, KEY) if isinstance(one, Statement) else one.encode()
        found += [
            (kind, f"a {kind.__name__} that ends too early", data[:-1]),
            (kind, f"a {kind.__name__} with a byte after its end", data + b"\x00"),
            (kind, f"an empty {kind.__name__}", b""),
        ]
        if getattr(kind, "VERSION", None) is not None:
            other = bytes((kind.VERSION + 1,)) + data[1:]
            found.append((kind, f"a {kind.__name__} of another version", other))
    return found


def _bent_statements() -> list[tuple[type[Any], str, bytes]]:
    revocation = STATEMENTS[13]
    signed = sign(revocation, KEY)
    call, send = vector(b"call.join"), vector(b"conversation.send")
    words = vector(call + send)
    at = revocation.encode()[-8:]
    confirmation = sign(STATEMENTS[10], KEY)
    flag = b"\x01" + (NOW + HOUR).to_bytes(8, "big")
    return [
        (Revocation, "scopes in another order", signed.replace(words, vector(send + call))),
        (Revocation, "a scope twice", signed.replace(words, vector(call + call))),
        (
            Revocation,
            "a scope that is not ASCII",
            signed.replace(words, vector(vector("réservé".encode()))),
        ),
        (Revocation, "an instant beyond 2^53", signed.replace(at, LARGE)),
        (
            Revocation,
            "a deployment whose length is not in its shortest form",
            b"\x01\x40" + signed[1:],
        ),
        (
            Revocation,
            "a conversation of fifteen bytes",
            signed.replace(vector(CONVERSATION), vector(CONVERSATION[:15])),
        ),
        (
            Confirmation,
            "a flag that is neither true nor false",
            confirmation.replace(flag, b"\x02" + flag[1:]),
        ),
        (
            Delegation,
            "a patient's key of thirty-one bytes",
            sign(DELEGATION, KEY).replace(
                vector(DELEGATION.grantor_aik), vector(DELEGATION.grantor_aik[:31])
            ),
        ),
    ]


def _bent_records() -> list[tuple[type[Any], str, bytes]]:
    one, other = (record.encode() for record in sorted((RECORD, a_record()), key=lambda r: r.id))
    stone = TOMBSTONE.encode()
    three = tuple(SignedConfirmation(b"a confirmation") for _ in range(3))
    start = b"\x01" + (7).to_bytes(8, "big")
    many = RECORD.encode().replace(
        vector(b"".join(said.encode() for said in RECORD.confirmations)),
        vector(b"".join(said.encode() for said in three)),
    )
    nothing = _record(vector(b"a first withdrawal") + vector(b""))
    return [
        (Delegations, "two records in another order", start + vector(other + one) + b"\x00"),
        (Delegations, "a record twice", start + vector(one + one) + b"\x00"),
        (Delegations, "a tombstone twice", start + b"\x00" + vector(stone + stone)),
        (Delegations, "a number beyond 2^53", b"\x01" + LARGE + b"\x00\x00"),
        (DelegationRecord, "three confirmations", many),
        (DelegationRecord, "a withdrawal of no bytes", nothing),
        (CommitData, "an instant beyond 2^53", b"\x01" + LARGE + b"\x00"),
    ]


def _record(revocations: bytes) -> bytes:
    """Return a record whose withdrawals are these bytes."""
    confirmations = b"".join(one.encode() for one in RECORD.confirmations)
    fields_of = (RECORD.delegation, confirmations, RECORD.acceptance, revocations)
    return b"".join(map(vector, fields_of))


def _bent_policies() -> list[tuple[type[Any], str, bytes]]:
    policy = STRUCTURES[2].encode()
    keyed = STRUCTURES[3]
    justification = STRUCTURES[10]
    return [
        (
            ConversationPolicy,
            "a kind of conversation that there is not",
            policy.replace(vector(b"care_thread"), vector(b"care_threat")),
        ),
        (
            ConversationPolicy,
            "a patient's key of thirty-one bytes",
            keyed.encode().replace(vector(keyed.patient_aik), vector(keyed.patient_aik[:31])),
        ),
        (
            RemoveJustification,
            "a delegation of fifteen bytes",
            justification.encode().replace(
                vector(justification.delegation), vector(justification.delegation[:15])
            ),
        ),
        (
            CoSigned,
            "a signer of fifteen bytes",
            vector(b"a statement") + vector(vector(bytes(15)) + b"\x00" + vector(b"a signature")),
        ),
    ]


def _bent_authenticated_data() -> list[tuple[type[Any], str, bytes]]:
    data = AuthenticatedData(**MESSAGE, **ACTING).encode()
    patient, delegation = vector(ACTING["acting_for"]), vector(DELEGATION.delegation)
    version = (3).to_bytes(8, "big")
    kind = AuthenticatedData
    return [
        (kind, "authenticated data of version 1", b"\x00\x01" + data[2:]),
        (kind, "a delegation without a patient", data.replace(patient, b"\x00")),
        (kind, "a patient without a delegation", data.replace(delegation, b"\x00")),
        (kind, "a delegation of version 0", data.replace(version, bytes(8))),
        (
            kind,
            "a version without a delegation",
            data.replace(patient + delegation, b"\x00\x00"),
        ),
        (kind, "a patient of fifteen bytes", data.replace(patient, vector(patient[1:16]))),
        (kind, "a version beyond 2^53", data.replace(version, LARGE)),
    ]
