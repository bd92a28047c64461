"""What devices sign outside of MLS messages, and what the hub says when it proposes a removal.

One codec (RFC 9420, 2.1), one way to sign: SignWithLabel (RFC 9420, 5.1.2) with the label
`Colloque 1 <name>` and the device's MLS signature key (Ed25519), so that no statement can pass for
an MLS structure, nor one kind of statement for another.

    struct {
        uint8 version = 1;
        opaque deployment<V>;
        opaque conversation[16];
        opaque group_id<V>;
        uint64 epoch;
        opaque confirmed_transcript_hash<V>;
        opaque authenticator_hash[32];     /* SHA-256(epoch_authenticator) */
        opaque device[16];
    } EpochReceipt;

    struct {
        uint8 version = 1;
        opaque deployment<V>;
        opaque person[16];
        opaque device[16];                 /* the one that is given up */
        opaque signer[16];                 /* the device that signs: the same, or another */
        uint64 at_us;                      /* microseconds since 1970-01-01T00:00Z */
    } DeviceRevocation;

    struct {
        uint8 version = 1;
        opaque conversation[16];
        opaque device[16];
        opaque confirmed_transcript_hash<V>;
        opaque statement<V>;               /* a signed DeviceRevocation */
    } RemoveJustification;

A signed statement is the structure, then `opaque signature<V>`.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import ClassVar, Final, Generic, Protocol, Self, TypeVar

from crypto.encoding import Reader, Writer
from crypto.errors import MalformedInput
from crypto.suites import MLS_128_DHKEMX25519_AES128GCM_SHA256_ED25519 as SUITE
from crypto.suites import SigningKey

VERSION: Final = 1
ID_BYTES: Final = 16
AUTHENTICATOR_HASH_BYTES: Final = 32
MAX_DEPLOYMENT_BYTES: Final = 255
MAX_GROUP_ID_BYTES: Final = 64
MAX_TRANSCRIPT_BYTES: Final = 64
MAX_SIGNATURE_BYTES: Final = 128
MAX_STATEMENT_BYTES: Final = 1024
# Neither an epoch nor an instant may leave the range that a browser's numbers hold exactly.
MAX_NUMBER: Final = 2**53 - 1


class _Statement(Protocol):
    """A structure that a device signs."""

    label: ClassVar[bytes]

    def encode(self) -> bytes: ...

    @classmethod
    def read(cls, reader: Reader) -> Self: ...


S = TypeVar("S", bound=_Statement)


@dataclass(frozen=True, slots=True, kw_only=True)
class EpochReceipt:
    """A device's word that it is in an epoch, and which secrets it holds there (their hash)."""

    label: ClassVar[bytes] = b"Colloque 1 EpochReceipt"

    deployment: str
    conversation: bytes
    group_id: bytes
    epoch: int
    confirmed_transcript_hash: bytes
    authenticator_hash: bytes
    device: bytes

    def encode(self) -> bytes:
        """Return what is signed."""
        writer = _begin()
        writer.opaque(self.deployment.encode(), at_most=MAX_DEPLOYMENT_BYTES)
        writer.fixed(self.conversation, ID_BYTES)
        writer.opaque(self.group_id, at_most=MAX_GROUP_ID_BYTES)
        writer.uint64(self.epoch)
        writer.opaque(self.confirmed_transcript_hash, at_most=MAX_TRANSCRIPT_BYTES)
        writer.fixed(self.authenticator_hash, AUTHENTICATOR_HASH_BYTES)
        writer.fixed(self.device, ID_BYTES)
        return writer.finish()

    @classmethod
    def read(cls, reader: Reader) -> Self:
        """Read the structure."""
        _read_version(reader)
        return cls(
            deployment=_read_text(reader),
            conversation=reader.fixed(ID_BYTES),
            group_id=reader.opaque(at_most=MAX_GROUP_ID_BYTES),
            epoch=_read_number(reader),
            confirmed_transcript_hash=reader.opaque(at_most=MAX_TRANSCRIPT_BYTES),
            authenticator_hash=reader.fixed(AUTHENTICATOR_HASH_BYTES),
            device=reader.fixed(ID_BYTES),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceRevocation:
    """A person gives up one of their devices, by the hand of one of them."""

    label: ClassVar[bytes] = b"Colloque 1 DeviceRevocation"

    deployment: str
    person: bytes
    device: bytes
    signer: bytes
    at_us: int

    def encode(self) -> bytes:
        """Return what is signed."""
        writer = _begin()
        writer.opaque(self.deployment.encode(), at_most=MAX_DEPLOYMENT_BYTES)
        writer.fixed(self.person, ID_BYTES)
        writer.fixed(self.device, ID_BYTES)
        writer.fixed(self.signer, ID_BYTES)
        writer.uint64(self.at_us)
        return writer.finish()

    @classmethod
    def read(cls, reader: Reader) -> Self:
        """Read the structure."""
        _read_version(reader)
        return cls(
            deployment=_read_text(reader),
            person=reader.fixed(ID_BYTES),
            device=reader.fixed(ID_BYTES),
            signer=reader.fixed(ID_BYTES),
            at_us=_read_number(reader),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveJustification:
    """Why the hub proposes a removal: stands in the proposal's `authenticated_data`.

    It names the epoch by its transcript, so that a proposal proves nothing in another one.
    """

    conversation: bytes
    device: bytes
    confirmed_transcript_hash: bytes
    statement: bytes

    def encode(self) -> bytes:
        """Return the bytes that `decode` reads."""
        writer = _begin()
        writer.fixed(self.conversation, ID_BYTES)
        writer.fixed(self.device, ID_BYTES)
        writer.opaque(self.confirmed_transcript_hash, at_most=MAX_TRANSCRIPT_BYTES)
        writer.opaque(self.statement, at_most=MAX_STATEMENT_BYTES)
        return writer.finish()

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """Read one structure and nothing after it."""
        reader = Reader(data)
        _read_version(reader)
        decoded = cls(
            conversation=reader.fixed(ID_BYTES),
            device=reader.fixed(ID_BYTES),
            confirmed_transcript_hash=reader.opaque(at_most=MAX_TRANSCRIPT_BYTES),
            statement=reader.opaque(at_most=MAX_STATEMENT_BYTES),
        )
        reader.finish()
        return decoded


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


def sign(statement: _Statement, key: SigningKey) -> bytes:
    """Return the signed statement, as it goes on the wire."""
    content = statement.encode()
    writer = Writer()
    writer.rest(content)
    writer.opaque(key.sign_with_label(statement.label, content), at_most=MAX_SIGNATURE_BYTES)
    return writer.finish()


def authenticator_hash(epoch_authenticator: bytes) -> bytes:
    """Return what a receipt says of an epoch's authenticator: enough to compare, nothing to use."""
    return hashlib.sha256(epoch_authenticator).digest()


def _begin() -> Writer:
    writer = Writer()
    writer.uint8(VERSION)
    return writer


def _read_version(reader: Reader) -> None:
    if reader.uint8() != VERSION:
        raise MalformedInput("not version 1 of the statement")


def _read_text(reader: Reader) -> str:
    try:
        return reader.opaque(at_most=MAX_DEPLOYMENT_BYTES).decode()
    except UnicodeDecodeError as exc:
        raise MalformedInput("a deployment's name is UTF-8") from exc


def _read_number(reader: Reader) -> int:
    value = reader.uint64()
    if value > MAX_NUMBER:
        raise MalformedInput("a number beyond 2^53")
    return value
