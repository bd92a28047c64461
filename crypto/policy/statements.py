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
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, Final, Generic, Self, TypeVar

from crypto.encoding import Reader, Writer
from crypto.errors import MalformedInput
from crypto.suites import MLS_128_DHKEMX25519_AES128GCM_SHA256_ED25519 as SUITE
from crypto.suites import SigningKey

VERSION: Final = 1
ID_BYTES: Final = 16
HASH_BYTES: Final = 32
KEY_BYTES: Final = 32
MAX_DEPLOYMENT_BYTES: Final = 255
MAX_GROUP_ID_BYTES: Final = 64
MAX_TRANSCRIPT_BYTES: Final = 64
MAX_WORD_BYTES: Final = 64
MAX_WORDS: Final = 32
MAX_SIGNATURE_BYTES: Final = 128
MAX_STATEMENT_BYTES: Final = 2048
# Neither an epoch nor an instant may leave the range that a browser's numbers hold exactly.
MAX_NUMBER: Final = 2**53 - 1


@dataclass(frozen=True, slots=True)
class Field:
    """How one field of a statement is written and read."""

    name: str
    write: Callable[[Writer, Any], None]
    read: Callable[[Reader], Any]


class Statement:
    """A structure that somebody signs; subclasses are frozen dataclasses and declare `FIELDS`."""

    __slots__ = ()
    label: ClassVar[bytes]
    FIELDS: ClassVar[tuple[Field, ...]]

    def encode(self) -> bytes:
        """Return what is signed."""
        writer = Writer()
        writer.uint8(VERSION)
        for field in self.FIELDS:
            field.write(writer, getattr(self, field.name))
        return writer.finish()

    @classmethod
    def read(cls, reader: Reader) -> Self:
        """Read the structure."""
        if reader.uint8() != VERSION:
            raise MalformedInput("not version 1 of the statement")
        return cls(**{field.name: field.read(reader) for field in cls.FIELDS})

    @property
    def digest(self) -> bytes:
        """Return SHA-256 of what is signed: how one statement names another."""
        return hashlib.sha256(self.encode()).digest()


S = TypeVar("S", bound=Statement)


def _fixed(name: str, length: int) -> Field:
    def write(writer: Writer, value: bytes) -> None:
        writer.fixed(value, length)

    return Field(name, write, lambda reader: reader.fixed(length))


def _id(name: str) -> Field:
    return _fixed(name, ID_BYTES)


def _hash(name: str) -> Field:
    return _fixed(name, HASH_BYTES)


def _opaque(name: str, at_most: int) -> Field:
    def write(writer: Writer, value: bytes) -> None:
        writer.opaque(value, at_most=at_most)

    return Field(name, write, lambda reader: reader.opaque(at_most=at_most))


def _optional(name: str, length: int) -> Field:
    """Return a field of exactly so many bytes, or none."""

    def check(value: bytes) -> bytes:
        if len(value) not in (0, length):
            raise MalformedInput("a field has another length")
        return value

    def write(writer: Writer, value: bytes) -> None:
        writer.opaque(check(value), at_most=length)

    return Field(name, write, lambda reader: check(reader.opaque(at_most=length)))


def _number(name: str) -> Field:
    def read(reader: Reader) -> int:
        value = reader.uint64()
        if value > MAX_NUMBER:
            raise MalformedInput("a number beyond 2^53")
        return value

    def write(writer: Writer, value: int) -> None:
        writer.uint64(value)

    return Field(name, write, read)


def _flag(name: str) -> Field:
    def read(reader: Reader) -> bool:
        value = reader.uint8()
        if value > 1:
            raise MalformedInput("neither true nor false")
        return value == 1

    def write(writer: Writer, value: bool) -> None:
        writer.uint8(int(value))

    return Field(name, write, read)


def _word(name: str, at_most: int = MAX_WORD_BYTES) -> Field:
    def write(writer: Writer, value: str) -> None:
        _write_word(writer, value, at_most)

    return Field(name, write, lambda reader: _read_word(reader, at_most))


def _words(name: str) -> Field:
    """Return a set of words: ascending, so that it is written one way only."""

    def write_one(writer: Writer, word: str) -> None:
        _write_word(writer, word, MAX_WORD_BYTES)

    def write(writer: Writer, value: tuple[str, ...]) -> None:
        writer.vector(_ascending(value), write_one)

    def read(reader: Reader) -> tuple[str, ...]:
        return _ascending(reader.vector(lambda inner: _read_word(inner, MAX_WORD_BYTES)))

    return Field(name, write, read)


def _ascending(words: tuple[str, ...]) -> tuple[str, ...]:
    if len(words) > MAX_WORDS or list(words) != sorted(set(words)):
        raise MalformedInput("a set of words is ascending, each word once")
    return words


def _write_word(writer: Writer, value: str, at_most: int) -> None:
    writer.opaque(value.encode("ascii"), at_most=at_most)


def _read_word(reader: Reader, at_most: int) -> str:
    try:
        return reader.opaque(at_most=at_most).decode("ascii")
    except UnicodeDecodeError as exc:
        raise MalformedInput("a word is ASCII") from exc


_DEPLOYMENT: Final = _word("deployment", MAX_DEPLOYMENT_BYTES)
_HEADER: Final = (_DEPLOYMENT, _optional("conversation", ID_BYTES))
_PERIOD: Final = (_number("not_before_us"), _number("not_after_us"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Enrolment(Statement):
    """A person's first device makes their account identity key (AIK). Signed by that key."""

    label: ClassVar[bytes] = b"Colloque 1 Enrolment"
    FIELDS: ClassVar = (*_HEADER, _id("person"), _hash("aik"))

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
        _id("person"),
        _word("role"),
        _word("profession"),
        _hash("aik"),
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
        _id("person"),
        _hash("aik"),
        _word("role"),
        _word("pharmacy"),
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
        _id("person"),
        _id("device"),
        _hash("signature_key"),
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
    FIELDS: ClassVar = (*_HEADER, _id("person"), _id("device"), _number("at_us"))

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
    FIELDS: ClassVar = (*_HEADER, _id("person"), _hash("aik"), _word("reason"), _number("at_us"))

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
        _opaque("old_group", MAX_GROUP_ID_BYTES),
        _number("old_epoch"),
        _opaque("new_group", MAX_GROUP_ID_BYTES),
        _id("patient"),
        _hash("old_aik"),
        _hash("new_aik"),
        _number("at_us"),
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
        _id("delegation"),
        _id("grantor"),
        _optional("grantor_aik", KEY_BYTES),
        _id("grantee"),
        _hash("grantee_aik"),
        _words("scopes"),
        _word("legal_basis"),
        _word("mandate"),
        *_PERIOD,
        _hash("text_hash"),
        _word("reading_level"),
        _word("language"),
        _optional("evidence", HASH_BYTES),
        _opaque("issuer", MAX_DEPLOYMENT_BYTES),
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
        _hash("delegation_hash"),
        _id("pharmacist"),
        _flag("heard_alone"),
        _number("at_us"),
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
    FIELDS: ClassVar = (*_HEADER, _hash("delegation_hash"), _hash("duties_hash"), _number("at_us"))

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
    FIELDS: ClassVar = (*_HEADER, _id("delegation"), _words("scopes"), _number("at_us"))

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
    FIELDS: ClassVar = (*_HEADER, _id("delegation"), _number("at_us"))

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
        _id("delegation"),
        _id("pharmacist"),
        _word("reason"),
        _number("at_us"),
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
        _opaque("group_id", MAX_GROUP_ID_BYTES),
        _number("epoch"),
        _word("kind"),
        _hash("object_hash"),
        _optional("delegation", ID_BYTES),
        _number("delegation_version"),
        _optional("acting_for", ID_BYTES),
        _number("counter"),
        _hash("previous_hash"),
        _number("at_us"),
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
        _id("conversation"),
        _opaque("group_id", MAX_GROUP_ID_BYTES),
        _number("epoch"),
        _opaque("confirmed_transcript_hash", MAX_TRANSCRIPT_BYTES),
        _hash("authenticator_hash"),
        _id("device"),
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
