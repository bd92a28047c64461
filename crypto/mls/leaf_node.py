"""Leaf nodes (RFC 9420, 7.2): a client's appearance in a group, signed by that client."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import IntEnum
from typing import Final

from crypto.encoding import Reader, Struct, Writer, write_struct
from crypto.errors import MalformedInput
from crypto.mls.credential import Credential
from crypto.mls.extensions import Extension, Extensions
from crypto.suites import SigningKey

MLS10: Final = 1
LEAF_NODE_LABEL: Final = b"LeafNodeTBS"
_MAX_UINT64: Final = 2**64 - 1


class LeafNodeSource(IntEnum):
    """How a leaf came into the tree."""

    KEY_PACKAGE = 1
    UPDATE = 2
    COMMIT = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities(Struct):
    """What a client supports. What it does not know of another's list, it ignores."""

    versions: tuple[int, ...] = (MLS10,)
    cipher_suites: tuple[int, ...] = ()
    extensions: tuple[int, ...] = ()
    proposals: tuple[int, ...] = ()
    credentials: tuple[int, ...] = ()

    def write(self, writer: Writer) -> None:
        """Append the structure."""
        lists = (self.versions, self.cipher_suites, self.extensions, self.proposals)
        for codes in (*lists, self.credentials):
            writer.vector(codes, Writer.uint16)

    @classmethod
    def read(cls, reader: Reader) -> Capabilities:
        """Read the structure."""
        return cls(
            versions=reader.vector(Reader.uint16),
            cipher_suites=reader.vector(Reader.uint16),
            extensions=reader.vector(Reader.uint16),
            proposals=reader.vector(Reader.uint16),
            credentials=reader.vector(Reader.uint16),
        )


@dataclass(frozen=True, slots=True)
class Lifetime(Struct):
    """From when to when a key package may be used, in seconds since 1970, both included."""

    not_before: int = 0
    not_after: int = _MAX_UINT64

    def includes(self, now: int) -> bool:
        """Tell whether `now` lies within."""
        return self.not_before <= now <= self.not_after

    def write(self, writer: Writer) -> None:
        """Append the structure."""
        writer.uint64(self.not_before)
        writer.uint64(self.not_after)

    @classmethod
    def read(cls, reader: Reader) -> Lifetime:
        """Read the structure."""
        return cls(reader.uint64(), reader.uint64())


ALWAYS: Final = Lifetime()


@dataclass(frozen=True, slots=True, kw_only=True)
class LeafNode(Struct):
    """Keys, credential and capabilities of one client."""

    encryption_key: bytes
    signature_key: bytes
    credential: Credential
    capabilities: Capabilities
    source: LeafNodeSource
    lifetime: Lifetime | None = None
    """Of a leaf from a key package."""
    parent_hash: bytes | None = None
    """Of a leaf from a commit."""
    extensions: Extensions = ()
    signature: bytes = b""

    def __post_init__(self) -> None:
        if (self.lifetime is not None) != (self.source is LeafNodeSource.KEY_PACKAGE):
            raise MalformedInput("a leaf from a key package, and no other, has a lifetime")
        if (self.parent_hash is not None) != (self.source is LeafNodeSource.COMMIT):
            raise MalformedInput("a leaf from a commit, and no other, has a parent hash")

    def write(self, writer: Writer) -> None:
        """Append the structure."""
        self._write_signed(writer)
        writer.opaque(self.signature)

    @classmethod
    def read(cls, reader: Reader) -> LeafNode:
        """Read the structure."""
        encryption_key = reader.opaque()
        signature_key = reader.opaque()
        credential = Credential.read(reader)
        capabilities = Capabilities.read(reader)
        source = _read_source(reader)
        from_package = source is LeafNodeSource.KEY_PACKAGE
        return cls(
            encryption_key=encryption_key,
            signature_key=signature_key,
            credential=credential,
            capabilities=capabilities,
            source=source,
            lifetime=Lifetime.read(reader) if from_package else None,
            parent_hash=reader.opaque() if source is LeafNodeSource.COMMIT else None,
            extensions=reader.vector(Extension.read),
            signature=reader.opaque(),
        )

    def tbs(self, group_id: bytes, leaf_index: int) -> bytes:
        """Return LeafNodeTBS: in a group, the signature is for one place in it."""
        writer = Writer()
        self._write_signed(writer)
        if self.source is not LeafNodeSource.KEY_PACKAGE:
            writer.opaque(group_id)
            writer.uint32(leaf_index)
        return writer.finish()

    def signed(self, key: SigningKey, group_id: bytes = b"", leaf_index: int = 0) -> LeafNode:
        """Return this leaf with the signature of `key`."""
        return replace(
            self, signature=key.sign_with_label(LEAF_NODE_LABEL, self.tbs(group_id, leaf_index))
        )

    def _write_signed(self, writer: Writer) -> None:
        writer.opaque(self.encryption_key)
        writer.opaque(self.signature_key)
        self.credential.write(writer)
        self.capabilities.write(writer)
        writer.uint8(self.source)
        if self.lifetime is not None:
            self.lifetime.write(writer)
        if self.parent_hash is not None:
            writer.opaque(self.parent_hash)
        writer.vector(self.extensions, write_struct)


def _read_source(reader: Reader) -> LeafNodeSource:
    try:
        return LeafNodeSource(reader.uint8())
    except ValueError as exc:
        raise MalformedInput("a leaf comes from a key package, an update or a commit") from exc
