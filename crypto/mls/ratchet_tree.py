"""The ratchet tree (RFC 9420, sections 4, 7.1, 7.7 and 12.4.3.3): its nodes and its shape.

A tree does not change: what adds, updates or removes returns another one. Each remembers the
encodings and hashes that are still true of it, so that a commit costs what it touches.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

from crypto.encoding import Reader, Struct, Writer, vector
from crypto.errors import InvalidProposal, InvalidTree, MalformedInput, Rule
from crypto.mls import tree_math
from crypto.mls.leaf_node import LeafNode
from crypto.suites import Suite

_LEAF: Final = 1
_PARENT: Final = 2
_BLANK: Final = b"\x00"
_PRESENT: Final = (bytes((1, _LEAF)), bytes((1, _PARENT)))
"""How a node that is there begins, by whether it is a parent."""
# 65,536 leaves: beyond any group here, and a bound on what a few bytes of blanks can ask for.
MAX_NODES: Final = 2**17 - 1


@dataclass(frozen=True, slots=True)
class ParentNode(Struct):
    """A key that the members below hold, except those not merged yet (RFC 9420, 7.1)."""

    encryption_key: bytes
    parent_hash: bytes = b""
    unmerged_leaves: tuple[int, ...] = ()

    def write(self, writer: Writer) -> None:
        """Append the structure."""
        writer.opaque(self.encryption_key)
        writer.opaque(self.parent_hash)
        writer.vector(self.unmerged_leaves, Writer.uint32)

    @classmethod
    def read(cls, reader: Reader) -> ParentNode:
        """Read the structure."""
        return cls(reader.opaque(), reader.opaque(), reader.vector(Reader.uint32))


Node = LeafNode | ParentNode


class RatchetTree:
    """A full binary tree of nodes, some of them blank."""

    __slots__ = ("_encodings", "_nodes", "hashes", "suite")

    def __init__(
        self,
        suite: Suite,
        nodes: Iterable[Node | None],
        encodings: list[bytes | None] | None = None,
        hashes: list[bytes | None] | None = None,
    ) -> None:
        self.suite = suite
        self._nodes: list[Node | None] = list(nodes)
        width = len(self._nodes)
        if width & (width + 1):
            raise InvalidTree(Rule.BAD_TREE)
        self._encodings: list[bytes | None] = encodings or [None] * width
        self.hashes: list[bytes | None] = hashes or [None] * width
        """The tree hashes known so far; `tree_hash` reads and fills them."""

    @classmethod
    def of_one(cls, suite: Suite, leaf: LeafNode) -> RatchetTree:
        """Return the tree of a new group."""
        return cls(suite, [leaf])

    @property
    def width(self) -> int:
        """Return how many nodes there are."""
        return len(self._nodes)

    @property
    def leaf_count(self) -> int:
        """Return how many leaves there are, blank ones included."""
        return (len(self._nodes) + 1) // 2

    @property
    def root(self) -> int:
        """Return the root."""
        return tree_math.root(self.leaf_count)

    def node(self, index: int) -> Node | None:
        """Return what stands at a node; nothing stands outside the tree."""
        return self._nodes[index] if 0 <= index < len(self._nodes) else None

    def leaf(self, leaf_index: int) -> LeafNode | None:
        """Return a leaf, where there is one."""
        found = self.node(2 * leaf_index)
        return found if isinstance(found, LeafNode) else None

    def member(self, leaf_index: int) -> LeafNode:
        """Return a leaf that must be there; raise `InvalidProposal` where it is blank."""
        found = self.leaf(leaf_index)
        if found is None:
            raise InvalidProposal(Rule.UNKNOWN_LEAF)
        return found

    def parent(self, index: int) -> ParentNode | None:
        """Return a parent node, where it is not blank."""
        found = self.node(index)
        return found if isinstance(found, ParentNode) else None

    def leaves(self) -> Iterator[tuple[int, LeafNode]]:
        """Return the leaves that are not blank, with their indices."""
        for index in range(0, len(self._nodes), 2):
            found = self._nodes[index]
            if isinstance(found, LeafNode):
                yield index // 2, found

    def parents(self) -> Iterator[tuple[int, ParentNode]]:
        """Return the parent nodes that are not blank, with their nodes."""
        for index in range(1, len(self._nodes), 2):
            found = self._nodes[index]
            if isinstance(found, ParentNode):
                yield index, found

    def resolution(self, index: int) -> list[int]:
        """Return the nodes that together cover every member below `index` (RFC 9420, 4.1.1)."""
        found = self._nodes[index]
        if isinstance(found, ParentNode):
            return [index, *(2 * leaf for leaf in found.unmerged_leaves)]
        if found is not None:
            return [index]
        if tree_math.is_leaf(index):
            return []
        below = (tree_math.left(index), tree_math.right(index))
        return [node for child in below for node in self.resolution(child)]

    def direct_path(self, leaf_index: int) -> list[int]:
        """Return the nodes above a leaf."""
        return tree_math.direct_path(2 * leaf_index, self.leaf_count)

    def filtered_direct_path(self, leaf_index: int) -> list[tuple[int, int]]:
        """Return the nodes above a leaf whose other child covers somebody, each with that child."""
        path: list[tuple[int, int]] = []
        below = 2 * leaf_index
        for node in self.direct_path(leaf_index):
            left, right = tree_math.left(node), tree_math.right(node)
            other = right if below < node else left
            if self.resolution(other):
                path.append((node, other))
            below = node
        return path

    def leftmost_blank(self) -> int:
        """Return the leaf that the next member will have, which may be the first beyond the end."""
        blank = (i for i in range(self.leaf_count) if self._nodes[2 * i] is None)
        return next(blank, self.leaf_count)

    def with_member(self, leaf: LeafNode) -> tuple[RatchetTree, int]:
        """Return the tree with one more leaf, not merged anywhere yet (RFC 9420, 12.1.1)."""
        leaf_index = self.leftmost_blank()
        tree = self._with_leaf(leaf_index)
        changes: dict[int, Node | None] = {2 * leaf_index: leaf}
        for node in tree.direct_path(leaf_index):
            above = tree.parent(node)
            if above is not None:
                unmerged = tuple(sorted((*above.unmerged_leaves, leaf_index)))
                changes[node] = replace(above, unmerged_leaves=unmerged)
        return tree.with_nodes(changes), leaf_index

    def with_room(self) -> tuple[RatchetTree, int]:
        """Return a tree with a blank leaf for a newcomer's path, and that leaf (12.4.3.2)."""
        leaf_index = self.leftmost_blank()
        return self._with_leaf(leaf_index), leaf_index

    def with_update(self, leaf_index: int, leaf: LeafNode) -> RatchetTree:
        """Return the tree with another leaf, and nothing above it (RFC 9420, 12.1.2)."""
        return self.with_nodes({**self._blanks_above(leaf_index), 2 * leaf_index: leaf})

    def without_members(self, leaf_indices: Iterable[int]) -> RatchetTree:
        """Return the tree without some leaves, as small as it can be (RFC 9420, 12.1.3)."""
        changes: dict[int, Node | None] = {}
        for leaf_index in leaf_indices:
            changes.update(self._blanks_above(leaf_index))
            changes[2 * leaf_index] = None
        if not changes:
            return self
        changed = self.with_nodes(changes)
        used = changed.used_width
        return changed.resized(max(2 ** used.bit_length() - 1, 1))

    def with_nodes(self, changes: Mapping[int, Node | None]) -> RatchetTree:
        """Return the tree with other nodes: what it still knows of the rest goes along."""
        nodes, encodings, hashes = self._nodes.copy(), self._encodings.copy(), self.hashes.copy()
        for index, node in changes.items():
            nodes[index] = node
            encodings[index] = None
            _forget_hashes(hashes, index, self.leaf_count)
        return RatchetTree(self.suite, nodes, encodings, hashes)

    def resized(self, width: int) -> RatchetTree:
        """Return the tree with blank nodes added at its right end, or nodes taken away there."""
        more = max(width - self.width, 0)
        nodes, encodings, hashes = (
            [*kept[:width], *([None] * more)]
            for kept in (self._nodes, self._encodings, self.hashes)
        )
        return RatchetTree(self.suite, nodes, encodings, hashes)

    @property
    def used_width(self) -> int:
        """Return the width without the blanks at the end."""
        width = self.width
        while width and self._nodes[width - 1] is None:
            width -= 1
        return width

    def encoding(self, index: int) -> bytes | None:
        """Return the encoded LeafNode or ParentNode at a node, where it is not blank."""
        node = self._nodes[index]
        if node is None:
            return None
        known = self._encodings[index]
        if known is None:
            known = self._encodings[index] = node.encode()
        return known

    def encode(self) -> bytes:
        """Return `optional<Node> ratchet_tree<V>`, without the blanks at its end."""
        encodings = (self.encoding(index) for index in range(self.used_width))
        nodes = (
            _BLANK if encoding is None else _PRESENT[index & 1] + encoding
            for index, encoding in enumerate(encodings)
        )
        return vector(b"".join(nodes))

    @classmethod
    def decode(cls, suite: Suite, data: bytes) -> RatchetTree:
        """Read `optional<Node> ratchet_tree<V>` and nothing after it."""
        reader = Reader(data)
        tree = cls.read(suite, reader)
        reader.finish()
        return tree

    @classmethod
    def read(cls, suite: Suite, reader: Reader) -> RatchetTree:
        """Read `optional<Node> ratchet_tree<V>`."""
        nodes: list[Node | None] = []
        inner = Reader(reader.opaque())
        while not inner.at_end:
            if len(nodes) == MAX_NODES:
                raise MalformedInput("a tree of more nodes than allowed")
            nodes.append(_read_optional_node(inner, len(nodes)))
        if not nodes or nodes[-1] is None:
            raise MalformedInput("a tree ends with a node that is not blank")
        width = 2 ** len(nodes).bit_length() - 1
        return cls(suite, nodes + [None] * (width - len(nodes)))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, RatchetTree):
            return NotImplemented
        return self.suite.id == other.suite.id and self._nodes == other._nodes

    __hash__ = None  # type: ignore[assignment]

    def _with_leaf(self, leaf_index: int) -> RatchetTree:
        inside = leaf_index < self.leaf_count
        return self if inside else self.resized(2 * self.width + 1)

    def _blanks_above(self, leaf_index: int) -> dict[int, Node | None]:
        return dict.fromkeys(self.direct_path(leaf_index))


def _forget_hashes(hashes: list[bytes | None], index: int, leaves: int) -> None:
    hashes[index] = None
    for above in tree_math.direct_path(index, leaves):
        if hashes[above] is None:
            return  # nothing above a forgotten hash is remembered
        hashes[above] = None


def _read_optional_node(reader: Reader, index: int) -> Node | None:
    present = reader.uint8()
    if present == 0:
        return None
    if present > 1:
        raise MalformedInput("an optional is present (1) or absent (0)")
    expected = _LEAF if tree_math.is_leaf(index) else _PARENT
    if reader.uint8() != expected:
        raise MalformedInput("leaves and parents take turns")
    return LeafNode.read(reader) if expected == _LEAF else ParentNode.read(reader)
