"""Commits (RFC 9420, 12.4) and the update paths they carry (7.6)."""

from __future__ import annotations

from dataclasses import dataclass

from crypto.encoding import Reader, Struct, Writer, write_struct
from crypto.mls.leaf_node import LeafNode
from crypto.mls.proposal import ProposalOrRef, read_proposal_or_ref, write_proposal_or_ref


@dataclass(frozen=True, slots=True)
class HpkeCiphertext(Struct):
    """What EncryptWithLabel returns."""

    kem_output: bytes
    ciphertext: bytes

    def write(self, writer: Writer) -> None:
        """Append the structure."""
        writer.opaque(self.kem_output)
        writer.opaque(self.ciphertext)

    @classmethod
    def read(cls, reader: Reader) -> HpkeCiphertext:
        """Read the structure."""
        return cls(reader.opaque(), reader.opaque())


@dataclass(frozen=True, slots=True)
class UpdatePathNode(Struct):
    """A new key for a node, and its secret for everybody below the node's other child."""

    encryption_key: bytes
    encrypted_path_secret: tuple[HpkeCiphertext, ...]

    def write(self, writer: Writer) -> None:
        """Append the structure."""
        writer.opaque(self.encryption_key)
        writer.vector(self.encrypted_path_secret, write_struct)

    @classmethod
    def read(cls, reader: Reader) -> UpdatePathNode:
        """Read the structure."""
        return cls(reader.opaque(), reader.vector(HpkeCiphertext.read))


@dataclass(frozen=True, slots=True)
class UpdatePath(Struct):
    """The committer's new leaf and the new keys above it."""

    leaf_node: LeafNode
    nodes: tuple[UpdatePathNode, ...]

    def write(self, writer: Writer) -> None:
        """Append the structure."""
        self.leaf_node.write(writer)
        writer.vector(self.nodes, write_struct)

    @classmethod
    def read(cls, reader: Reader) -> UpdatePath:
        """Read the structure."""
        return cls(LeafNode.read(reader), reader.vector(UpdatePathNode.read))


@dataclass(frozen=True, slots=True)
class Commit(Struct):
    """The proposals that take effect, and fresh keys where they ask for them."""

    proposals: tuple[ProposalOrRef, ...]
    path: UpdatePath | None = None

    def write(self, writer: Writer) -> None:
        """Append the structure."""
        writer.vector(self.proposals, write_proposal_or_ref)
        writer.optional(self.path, lambda path: path.write(writer))

    @classmethod
    def read(cls, reader: Reader) -> Commit:
        """Read the structure."""
        proposals = reader.vector(read_proposal_or_ref)
        return cls(proposals, reader.optional(lambda: UpdatePath.read(reader)))
