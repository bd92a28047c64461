"""A log's signed statement of its size and root (c2sp.org/tlog-checkpoint over signed-note).

The log signs with Ed25519 under a key named like its origin. Lines signed by others (witnesses)
may follow; a verifier here looks only for the key it was given. Extension lines, which the
specification discourages because nobody audits them, are refused.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from crypto.errors import BadSignature, MalformedInput, WrongOrigin
from crypto.log.text import (
    check_key_name,
    decode_base64,
    decode_decimal,
    decode_hash,
    encode_base64,
)
from crypto.log.tree import HASH_BYTES, MAX_TREE_SIZE

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

# signed-note: at least 16 signatures must be accepted; we write one and a few witnesses'.
MAX_SIGNATURES: Final = 16
MAX_CHECKPOINT_BYTES: Final = 8192

_ED25519: Final = b"\x01"
_PUBLIC_KEY_BYTES: Final = 32
_KEY_ID_BYTES: Final = 4
_VERIFIER_KEY: Final = re.compile(r"([^+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/=]+)", re.ASCII)
_NOT_IN_A_NOTE: Final = re.compile(r"[\x00-\x09\x0b-\x1f\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """A log's public key and the name it signs under; what a client pins."""

    name: str
    public_key: bytes

    def __post_init__(self) -> None:
        check_key_name(self.name)
        if len(self.public_key) != _PUBLIC_KEY_BYTES:
            raise MalformedInput("an Ed25519 public key is 32 bytes")

    @classmethod
    def of(cls, name: str, key: Ed25519PrivateKey) -> VerifierKey:
        """Return the verifier's half of `key` under `name`."""
        return cls(name, key.public_key().public_bytes_raw())

    @classmethod
    def parse(cls, text: str) -> VerifierKey:
        """Read `name+key id+base64`, the form in which Go's sumdb and C2SP tools print keys."""
        match = _VERIFIER_KEY.fullmatch(text)
        if match is None:
            raise MalformedInput("not a verifier key")
        encoded = decode_base64(match[3])
        if encoded[:1] != _ED25519:
            raise MalformedInput("not an Ed25519 verifier key")
        key = cls(match[1], encoded[1:])
        if key.key_id.hex() != match[2]:
            raise MalformedInput("the key id is not this key's")
        return key

    @property
    def key_id(self) -> bytes:
        """The first four bytes of the hash that names this key in signature lines."""
        named = self.name.encode() + b"\n" + _ED25519 + self.public_key
        return hashlib.sha256(named).digest()[:_KEY_ID_BYTES]

    def encode(self) -> str:
        """Return the text that `parse` reads."""
        return f"{self.name}+{self.key_id.hex()}+{encode_base64(_ED25519 + self.public_key)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """The log `origin` had `size` entries under `root`."""

    origin: str
    size: int
    root: bytes

    def __post_init__(self) -> None:
        check_key_name(self.origin)
        if not 0 <= self.size <= MAX_TREE_SIZE:
            raise MalformedInput("not a tree size")
        if len(self.root) != HASH_BYTES:
            raise MalformedInput("a hash is 32 bytes")

    def encode(self) -> str:
        """Return the note text: what is signed."""
        return f"{self.origin}\n{self.size}\n{encode_base64(self.root)}\n"


@dataclass(frozen=True, slots=True)
class NoteSignature:
    """One signature line: who claims to have signed, and the bytes."""

    name: str
    key_id: bytes
    signature: bytes


@dataclass(frozen=True, slots=True)
class UnverifiedCheckpoint:
    """A checkpoint as it came: readable, not yet to be believed."""

    content: Checkpoint
    signatures: tuple[NoteSignature, ...]

    @classmethod
    def parse(cls, text: str) -> UnverifiedCheckpoint:
        """Read a signed note whose text is a checkpoint."""
        if _NOT_IN_A_NOTE.search(text):
            raise MalformedInput("a note is valid Unicode without control characters")
        if len(text.encode()) > MAX_CHECKPOINT_BYTES:
            raise MalformedInput("a checkpoint is at most 8 KiB")
        body, separator, signatures = text.rpartition("\n\n")
        if not separator or not signatures.endswith("\n"):
            raise MalformedInput("a note is a text, an empty line and signature lines")
        lines = signatures[:-1].split("\n")
        if len(lines) > MAX_SIGNATURES:
            raise MalformedInput("a checkpoint has at most 16 signatures")
        return cls(_parse_body(body), tuple(_parse_signature(line) for line in lines))

    def verify(self, key: VerifierKey) -> Checkpoint:
        """Return the checkpoint if the log that `key` names signed it; raise otherwise.

        Lines by other keys are ignored, as signed-note demands; every line by this key must hold.
        """
        if self.content.origin != key.name:
            raise WrongOrigin("the checkpoint is another log's")
        ours = [s for s in self.signatures if (s.name, s.key_id) == (key.name, key.key_id)]
        if not ours:
            raise BadSignature("the log did not sign this checkpoint")
        # Encoding again yields the signed text: parsing accepted no other spelling of it.
        text = self.content.encode().encode()
        public_key = Ed25519PublicKey.from_public_bytes(key.public_key)
        for line in ours:
            _verify_signature(public_key, line.signature, text)
        return self.content


def sign_checkpoint(checkpoint: Checkpoint, key: Ed25519PrivateKey) -> str:
    """Return `checkpoint` as a note signed by `key` under the log's own name."""
    text = checkpoint.encode()
    key_id = VerifierKey.of(checkpoint.origin, key).key_id
    signature = encode_base64(key_id + key.sign(text.encode()))
    return f"{text}\n— {checkpoint.origin} {signature}\n"


def _parse_body(body: str) -> Checkpoint:
    lines = body.split("\n")
    if len(lines) != 3:
        raise MalformedInput("a checkpoint is an origin, a size and a root")
    origin, size, root = lines
    return Checkpoint(origin=origin, size=decode_decimal(size), root=decode_hash(root))


def _parse_signature(line: str) -> NoteSignature:
    parts = line.split(" ")
    if len(parts) != 3 or parts[0] != "—":
        raise MalformedInput("a signature line is a dash, a name and a signature")
    check_key_name(parts[1])
    value = decode_base64(parts[2])
    if len(value) <= _KEY_ID_BYTES:
        raise MalformedInput("a signature follows its key id")
    return NoteSignature(parts[1], value[:_KEY_ID_BYTES], value[_KEY_ID_BYTES:])


def _verify_signature(key: Ed25519PublicKey, signature: bytes, text: bytes) -> None:
    try:
        key.verify(signature, text)
    except InvalidSignature as exc:
        raise BadSignature("the log's signature does not hold") from exc
