"""Proposals (RFC 9420, 12.1): each kind, and the choice between a proposal and a reference."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from crypto.encoding import Reader, Struct, Writer, write_struct
from crypto.errors import MalformedInput
from crypto.mls.extensions import Extension, Extensions
from crypto.mls.key_package import KeyPackage
from crypto.mls.leaf_node import LeafNode
from crypto.mls.psk import PreSharedKeyId


class ProposalType(IntEnum):
    """RFC 9420, 17.4."""

    ADD = 1
    UPDATE = 2
    REMOVE = 3
    PSK = 4
    REINIT = 5
    EXTERNAL_INIT = 6
    GROUP_CONTEXT_EXTENSIONS = 7


# RFC 9420, 7.2: every client has these, so that nobody lists them.
DEFAULT_PROPOSALS: Final = frozenset(int(one) for one in ProposalType)


@dataclass(frozen=True, slots=True)
class Add(Struct):
    """Let a client in (12.1.1)."""

    key_package: KeyPackage

    def write(self, writer: Writer) -> None:
        """Append the structure."""
        self.key_package.write(writer)

    @classmethod
    def read(cls, reader: Reader) -> Add:
        """Read the structure."""
        return cls(KeyPackage.read(reader))


@dataclass(frozen=True, slots=True)
class Update(Struct):
    """Replace the sender's leaf (12.1.2)."""

    leaf_node: LeafNode

    def write(self, writer: Writer) -> None:
        """Append the structure."""
        self.leaf_node.write(writer)

    @classmethod
    def read(cls, reader: Reader) -> Update:
        """Read the structure."""
        return cls(LeafNode.read(reader))


@dataclass(frozen=True, slots=True)
class Remove(Struct):
    """Put a member out (12.1.3)."""

    removed: int

    def write(self, writer: Writer) -> None:
        """Append the structure."""
        writer.uint32(self.removed)

    @classmethod
    def read(cls, reader: Reader) -> Remove:
        """Read the structure."""
        return cls(reader.uint32())


@dataclass(frozen=True, slots=True)
class PreSharedKey(Struct):
    """Mix a pre-shared key in (12.1.4)."""

    psk: PreSharedKeyId

    def write(self, writer: Writer) -> None:
        """Append the structure."""
        self.psk.write(writer)

    @classmethod
    def read(cls, reader: Reader) -> PreSharedKey:
        """Read the structure."""
        return cls(PreSharedKeyId.read(reader))


@dataclass(frozen=True, slots=True, kw_only=True)
class ReInit(Struct):
    """Close the group, and begin another one with the same members (12.1.5)."""

    group_id: bytes
    version: int
    cipher_suite: int
    extensions: Extensions = ()

    def write(self, writer: Writer) -> None:
        """Append the structure."""
        writer.opaque(self.group_id)
        writer.uint16(self.version)
        writer.uint16(self.cipher_suite)
        writer.vector(self.extensions, write_struct)

    @classmethod
    def read(cls, reader: Reader) -> ReInit:
        """Read the structure."""
        return cls(
            group_id=reader.opaque(),
            version=reader.uint16(),
            cipher_suite=reader.uint16(),
            extensions=reader.vector(Extension.read),
        )


@dataclass(frozen=True, slots=True)
class ExternalInit(Struct):
    """Bring a newcomer's init secret in (12.1.6)."""

    kem_output: bytes

    def write(self, writer: Writer) -> None:
        """Append the structure."""
        writer.opaque(self.kem_output)

    @classmethod
    def read(cls, reader: Reader) -> ExternalInit:
        """Read the structure."""
        return cls(reader.opaque())


@dataclass(frozen=True, slots=True)
class GroupContextExtensions(Struct):
    """Replace all extensions of the group context (12.1.7)."""

    extensions: Extensions

    def write(self, writer: Writer) -> None:
        """Append the structure."""
        writer.vector(self.extensions, write_struct)

    @classmethod
    def read(cls, reader: Reader) -> GroupContextExtensions:
        """Read the structure."""
        return cls(reader.vector(Extension.read))


Proposal = Add | Update | Remove | PreSharedKey | ReInit | ExternalInit | GroupContextExtensions

_KINDS: Final[dict[ProposalType, type[Proposal]]] = {
    ProposalType.ADD: Add,
    ProposalType.UPDATE: Update,
    ProposalType.REMOVE: Remove,
    ProposalType.PSK: PreSharedKey,
    ProposalType.REINIT: ReInit,
    ProposalType.EXTERNAL_INIT: ExternalInit,
    ProposalType.GROUP_CONTEXT_EXTENSIONS: GroupContextExtensions,
}
_TYPES: Final = {kind: code for code, kind in _KINDS.items()}

# RFC 9420, 12.4: what changes who is in, or what the group is, goes with fresh keys.
PATH_REQUIRED: Final = (Update, Remove, ExternalInit, GroupContextExtensions)
# RFC 9420, 12.1.8.
ALLOWED_TO_EXTERNAL_SENDERS: Final = (Add, Remove, PreSharedKey, ReInit, GroupContextExtensions)


def write_proposal(writer: Writer, proposal: Proposal) -> None:
    """Append a Proposal: its type, and itself."""
    writer.uint16(_TYPES[type(proposal)])
    proposal.write(writer)


def read_proposal(reader: Reader) -> Proposal:
    """Read a Proposal. One of an unknown type cannot be read, nor, then, committed."""
    code = reader.uint16()
    try:
        kind = _KINDS[ProposalType(code)]
    except ValueError as exc:
        raise MalformedInput("a proposal type that nobody here supports") from exc
    return kind.read(reader)


def encode_proposal(proposal: Proposal) -> bytes:
    """Return the bytes that `decode_proposal` reads."""
    writer = Writer()
    write_proposal(writer, proposal)
    return writer.finish()


def decode_proposal(data: bytes) -> Proposal:
    """Read one Proposal and nothing after it."""
    reader = Reader(data)
    proposal = read_proposal(reader)
    reader.finish()
    return proposal


@dataclass(frozen=True, slots=True)
class ProposalRef:
    """The hash of the message in which a proposal was sent."""

    reference: bytes


ProposalOrRef = Proposal | ProposalRef

_BY_VALUE: Final = 1
_BY_REFERENCE: Final = 2


def write_proposal_or_ref(writer: Writer, item: ProposalOrRef) -> None:
    """Append a ProposalOrRef."""
    if isinstance(item, ProposalRef):
        writer.uint8(_BY_REFERENCE)
        writer.opaque(item.reference)
    else:
        writer.uint8(_BY_VALUE)
        write_proposal(writer, item)


def read_proposal_or_ref(reader: Reader) -> ProposalOrRef:
    """Read a ProposalOrRef."""
    kind = reader.uint8()
    if kind == _BY_REFERENCE:
        return ProposalRef(reader.opaque())
    if kind != _BY_VALUE:
        raise MalformedInput("a commit names proposals by value or by reference")
    return read_proposal(reader)
