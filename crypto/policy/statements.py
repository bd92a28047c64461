"""What people, devices and the deployment's authority sign outside of MLS messages.

One codec (RFC 9420, 2.1), one way to sign: SignWithLabel (RFC 9420, 5.1.2) with the label
`Colloque 1 <name>` (Ed25519), so that no statement can pass for an MLS structure, nor one kind of
statement for another. Each begins with

    uint8 version = 1;
    opaque deployment<V>;
    opaque conversation<V>;              /* 16 bytes, or empty: about no conversation */

and goes on with the fields that its class declares, in their order: an id is 16 bytes (a UUID), a
key or a hash 32, an instant a uint64 (microseconds since 1970-01-01T00:00Z), a word `opaque<V>` of
ASCII, `words` a vector of words in ascending order, each once. A signed statement is the structure,
then `opaque signature<V>`.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import ClassVar, Final, Generic, TypeVar

from crypto.encoding import Reader, Writer
from crypto.policy.fields import (
    HASH_BYTES,
    ID_BYTES,
    KEY_BYTES,
    MAX_DEPLOYMENT_BYTES,
    Layout,
    flag,
    hash32,
    id16,
    number,
    opaque,
    optional,
    word,
    words,
)
from crypto.suites import MLS_128_DHKEMX25519_AES128GCM_SHA256_ED25519 as SUITE
from crypto.suites import SigningKey

MAX_GROUP_ID_BYTES: Final = 64
MAX_TRANSCRIPT_BYTES: Final = 64
MAX_SIGNATURE_BYTES: Final = 128
MAX_STATEMENT_BYTES: Final = 2048


class Statement(Layout):
    """A structure that somebody signs; subclasses are frozen dataclasses and declare `FIELDS`."""

    __slots__ = ()
    VERSION: ClassVar = 1
    label: ClassVar[bytes]

    @property
    def digest(self) -> bytes:
        """Return SHA-256 of what is signed: how one statement names another."""
        return hashlib.sha256(self.encode()).digest()


S = TypeVar("S", bound=Statement)

_DEPLOYMENT: Final = word("deployment", MAX_DEPLOYMENT_BYTES)
_HEADER: Final = (_DEPLOYMENT, optional("conversation", ID_BYTES))
_PERIOD: Final = (number("not_before_us"), number("not_after_us"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Enrolment(Statement):
    """A person's first device makes their account identity key (AIK). Signed by that key."""

    label: ClassVar[bytes] = b"Colloque 1 Enrolment"
    FIELDS: ClassVar = (*_HEADER, id16("person"), hash32("aik"))

    deployment: str
    conversation: bytes = b""
    person: bytes
    aik: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentityCertificate(Statement):
    """The deployment's authority: this person has this role and this account key."""

    label: ClassVar[bytes] = b"Colloque 1 IdentityCertificate"
    FIELDS: ClassVar = (
        *_HEADER,
        id16("person"),
        word("role"),
        word("profession"),
        hash32("aik"),
        *_PERIOD,
    )

    deployment: str
    conversation: bytes = b""
    person: bytes
    role: str
    profession: str
    aik: bytes
    not_before_us: int
    not_after_us: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffCertificate(Statement):
    """The owner pharmacist: this account key is of our staff. So the operator can mint nobody."""

    label: ClassVar[bytes] = b"Colloque 1 StaffCertificate"
    FIELDS: ClassVar = (
        *_HEADER,
        id16("person"),
        hash32("aik"),
        word("role"),
        word("pharmacy"),
        *_PERIOD,
    )

    deployment: str
    conversation: bytes = b""
    person: bytes
    aik: bytes
    role: str
    pharmacy: str
    """FINESS."""
    not_before_us: int
    not_after_us: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceCertificate(Statement):
    """A person's account key: this device is mine, and this is its MLS signature key."""

    label: ClassVar[bytes] = b"Colloque 1 DeviceCertificate"
    FIELDS: ClassVar = (
        *_HEADER,
        id16("person"),
        id16("device"),
        hash32("signature_key"),
        *_PERIOD,
    )

    deployment: str
    conversation: bytes = b""
    person: bytes
    device: bytes
    signature_key: bytes
    not_before_us: int
    not_after_us: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceRevocation(Statement):
    """A person gives up one of their devices. Signed by their account key."""

    label: ClassVar[bytes] = b"Colloque 1 DeviceRevocation"
    FIELDS: ClassVar = (*_HEADER, id16("person"), id16("device"), number("at_us"))

    deployment: str
    conversation: bytes = b""
    person: bytes
    device: bytes
    """The one that is given up."""
    at_us: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountRevocation(Statement):
    """A lost or stolen account key. Signed by two different pharmacists, then the authority."""

    label: ClassVar[bytes] = b"Colloque 1 AccountRevocation"
    FIELDS: ClassVar = (*_HEADER, id16("person"), hash32("aik"), word("reason"), number("at_us"))

    deployment: str
    conversation: bytes = b""
    person: bytes
    aik: bytes
    reason: str
    at_us: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Succession(Statement):
    """A patient lost every device: a new group, and the patient's new account key, go on from here.

    Signed by two different pharmacists.
    """

    label: ClassVar[bytes] = b"Colloque 1 Succession"
    FIELDS: ClassVar = (
        *_HEADER,
        opaque("old_group", MAX_GROUP_ID_BYTES),
        number("old_epoch"),
        opaque("new_group", MAX_GROUP_ID_BYTES),
        id16("patient"),
        hash32("old_aik"),
        hash32("new_aik"),
        number("at_us"),
    )

    deployment: str
    conversation: bytes
    old_group: bytes
    old_epoch: int
    new_group: bytes
    patient: bytes
    old_aik: bytes
    new_aik: bytes
    at_us: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Delegation(Statement):
    """A carer acts for a patient inside one conversation: these scopes, this period.

    Signed by the patient's account key; on paper, or for a legal representative, by nobody: then
    pharmacists attest it (`Confirmation`), and `evidence` and `issuer` say what they saw.
    """

    label: ClassVar[bytes] = b"Colloque 1 Delegation"
    FIELDS: ClassVar = (
        *_HEADER,
        id16("delegation"),
        id16("grantor"),
        optional("grantor_aik", KEY_BYTES),
        id16("grantee"),
        hash32("grantee_aik"),
        words("scopes"),
        word("legal_basis"),
        word("mandate"),
        *_PERIOD,
        hash32("text_hash"),
        word("reading_level"),
        word("language"),
        optional("evidence", HASH_BYTES),
        opaque("issuer", MAX_DEPLOYMENT_BYTES),
    )

    deployment: str
    conversation: bytes
    delegation: bytes
    """Its id."""
    grantor: bytes
    """The patient."""
    grantor_aik: bytes
    """Empty for a patient without a device."""
    grantee: bytes
    """The carer."""
    grantee_aik: bytes
    scopes: tuple[str, ...]
    """As written: whether each is a scope is policy's to say."""
    legal_basis: str
    mandate: str
    not_before_us: int
    not_after_us: int
    text_hash: bytes
    """SHA-256 of the sentence that was shown (UTF-8)."""
    reading_level: str
    language: str
    evidence: bytes = b""
    """SHA-256 of the sealed document; empty where the patient's key signed."""
    issuer: bytes = b""
    """Who issued that document (UTF-8)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirmation(Statement):
    """A pharmacist has seen who the carer is. Signed by the pharmacist's account key."""

    label: ClassVar[bytes] = b"Colloque 1 Confirmation"
    FIELDS: ClassVar = (
        *_HEADER,
        hash32("delegation_hash"),
        id16("pharmacist"),
        flag("heard_alone"),
        number("at_us"),
    )

    deployment: str
    conversation: bytes
    delegation_hash: bytes
    pharmacist: bytes
    heard_alone: bool
    """« Entendu seul(e) »: the patient was heard without the carer."""
    at_us: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Acceptance(Statement):
    """The carer accepts the duties. Signed by the carer's account key."""

    label: ClassVar[bytes] = b"Colloque 1 Acceptance"
    FIELDS: ClassVar = (*_HEADER, hash32("delegation_hash"), hash32("duties_hash"), number("at_us"))

    deployment: str
    conversation: bytes
    delegation_hash: bytes
    duties_hash: bytes
    """SHA-256 of the text of the duties that was shown (UTF-8)."""
    at_us: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Revocation(Statement):
    """The patient withdraws a delegation, or some of its scopes. Signed by the patient's key."""

    label: ClassVar[bytes] = b"Colloque 1 Revocation"
    FIELDS: ClassVar = (*_HEADER, id16("delegation"), words("scopes"), number("at_us"))

    deployment: str
    conversation: bytes
    delegation: bytes
    scopes: tuple[str, ...] = ()
    """What is withdrawn; empty: all of it."""
    at_us: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Resignation(Statement):
    """The carer gives a delegation back. Signed by the carer's account key."""

    label: ClassVar[bytes] = b"Colloque 1 Resignation"
    FIELDS: ClassVar = (*_HEADER, id16("delegation"), number("at_us"))

    deployment: str
    conversation: bytes
    delegation: bytes
    at_us: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspension(Statement):
    """One pharmacist stops a carer at once. Signed by the pharmacist's account key."""

    label: ClassVar[bytes] = b"Colloque 1 Suspension"
    FIELDS: ClassVar = (
        *_HEADER,
        id16("delegation"),
        id16("pharmacist"),
        word("reason"),
        number("at_us"),
    )

    deployment: str
    conversation: bytes
    delegation: bytes
    pharmacist: bytes
    reason: str
    at_us: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Act(Statement):
    """What a device did, in its own order: the hub can neither invent nor silently drop one."""

    label: ClassVar[bytes] = b"Colloque 1 Act"
    FIELDS: ClassVar = (
        *_HEADER,
        opaque("group_id", MAX_GROUP_ID_BYTES),
        number("epoch"),
        word("kind"),
        hash32("object_hash"),
        optional("delegation", ID_BYTES),
        number("delegation_version"),
        optional("acting_for", ID_BYTES),
        number("counter"),
        hash32("previous_hash"),
        number("at_us"),
    )

    deployment: str
    conversation: bytes
    group_id: bytes
    epoch: int
    kind: str
    object_hash: bytes
    delegation: bytes = b""
    delegation_version: int = 0
    acting_for: bytes = b""
    counter: int
    previous_hash: bytes
    at_us: int
    """By the device's clock."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EpochReceipt(Statement):
    """A device's word that it is in an epoch, and which secrets it holds there (their hash)."""

    label: ClassVar[bytes] = b"Colloque 1 EpochReceipt"
    FIELDS: ClassVar = (
        _DEPLOYMENT,
        id16("conversation"),
        opaque("group_id", MAX_GROUP_ID_BYTES),
        number("epoch"),
        opaque("confirmed_transcript_hash", MAX_TRANSCRIPT_BYTES),
        hash32("authenticator_hash"),
        id16("device"),
    )

    deployment: str
    conversation: bytes
    group_id: bytes
    epoch: int
    confirmed_transcript_hash: bytes
    authenticator_hash: bytes
    device: bytes


@dataclass(frozen=True, slots=True)
class Unverified(Generic[S]):
    """A statement as it came off the wire: readable, not yet to be believed."""

    content: S
    signature: bytes

    @classmethod
    def decode(cls, kind: type[S], data: bytes) -> Unverified[S]:
        """Read a signed statement of one kind; raise `MalformedInput`."""
        reader = Reader(data)
        content = kind.read(reader)
        signature = reader.opaque(at_most=MAX_SIGNATURE_BYTES)
        reader.finish()
        return Unverified(content, signature)

    def verify(self, signature_key: bytes) -> S:
        """Return the statement if this key signed it; raise `BadSignature` otherwise."""
        # Written anew and equal to what came: the codec has one form for each value.
        content = self.content
        SUITE.verify_with_label(signature_key, content.label, content.encode(), self.signature)
        return content


def sign(statement: Statement, key: SigningKey) -> bytes:
    """Return the signed statement, as it goes on the wire."""
    content = statement.encode()
    return _signed(content, key.sign_with_label(statement.label, content))


def unsigned(statement: Statement) -> bytes:
    """Return the statement as it goes on the wire where nobody signs it: a mandate on paper."""
    return _signed(statement.encode(), b"")


def _signed(content: bytes, signature: bytes) -> bytes:
    writer = Writer()
    writer.rest(content)
    writer.opaque(signature, at_most=MAX_SIGNATURE_BYTES)
    return writer.finish()


def authenticator_hash(epoch_authenticator: bytes) -> bytes:
    """Return what a receipt says of an epoch's authenticator: enough to compare, nothing to use."""
    return hashlib.sha256(epoch_authenticator).digest()
