"""Tree hashes and parent hashes (RFC 9420, 7.8 and 7.9): what a tree is, and who put its keys."""

from __future__ import annotations

from typing import Final

from crypto.encoding import vector
from crypto.errors import InvalidTree, Rule
from crypto.mls import tree_math
from crypto.mls.ratchet_tree import Node, ParentNode, RatchetTree

_LEAF: Final = b"\x01"
_PARENT: Final = b"\x02"


def tree_hash(tree: RatchetTree, index: int | None = None) -> bytes:
    """Return the hash of the subtree at a node: of the whole tree, where none is named."""
    node = tree.root if index is None else index
    known = tree.hashes[node]
    if known is None:
        encoding = tree.encoding(node)
        if tree_math.is_leaf(node):
            known = _leaf_hash(tree, node, encoding)
        else:
            below = (tree_math.left(node), tree_math.right(node))
            known = _parent_hash(tree, encoding, *(tree_hash(tree, child) for child in below))
        tree.hashes[node] = known
    return known


def parent_hash(tree: RatchetTree, index: int, sibling: int) -> bytes:
    """Return the parent hash of a parent node, with the child that its path did not go through."""
    node = tree.parent(index)
    if node is None:
        raise InvalidTree(Rule.PARENT_HASH)
    original = _original_hash(tree, sibling, frozenset(node.unmerged_leaves))
    return tree.suite.hash(
        vector(node.encryption_key) + vector(node.parent_hash) + vector(original)
    )


def verify_parent_hashes(tree: RatchetTree) -> None:
    """Raise `InvalidTree` unless every parent node is parent-hash valid (RFC 9420, 7.9.2).

    Each parent node must have below it a node that was set with it; a chain of such nodes ends at
    a leaf, because every node in it was checked in its turn.
    """
    for index, node in tree.parents():
        left, right = tree_math.left(index), tree_math.right(index)
        if not (
            _was_set_with(tree, index, node, left, right)
            or _was_set_with(tree, index, node, right, left)
        ):
            raise InvalidTree(Rule.PARENT_HASH)


def _was_set_with(
    tree: RatchetTree, index: int, node: ParentNode, child: int, sibling: int
) -> bool:
    """Tell whether a node under `child` was set by the path that set `node`."""
    unmerged = {2 * leaf for leaf in node.unmerged_leaves}
    unmerged_below = {leaf for leaf in unmerged if tree_math.in_subtree(leaf, child)}
    resolution = tree.resolution(child)
    candidates = [one for one in resolution if one not in unmerged_below]
    if len(candidates) != 1 or len(resolution) != len(unmerged_below) + 1:
        return False
    below = tree.node(candidates[0])
    return below is not None and own_parent_hash(below) == parent_hash(tree, index, sibling)


def own_parent_hash(node: Node) -> bytes | None:
    """Return what a node says of its parent: a leaf that made no path says nothing."""
    return node.parent_hash


def _original_hash(tree: RatchetTree, index: int, without: frozenset[int]) -> bytes:
    """Return the hash of a subtree as it was before the leaves of `without` came in."""
    reach = range(*_leaves_below(index))
    if not any(leaf in reach for leaf in without):
        return tree_hash(tree, index)
    if tree_math.is_leaf(index):
        return _leaf_hash(tree, index, None)
    node = tree.parent(index)
    encoding = None
    if node is not None:
        kept = tuple(leaf for leaf in node.unmerged_leaves if leaf not in without)
        encoding = ParentNode(node.encryption_key, node.parent_hash, kept).encode()
    below = (tree_math.left(index), tree_math.right(index))
    return _parent_hash(tree, encoding, *(_original_hash(tree, one, without) for one in below))


def _leaves_below(index: int) -> tuple[int, int]:
    reach = (1 << tree_math.level(index)) - 1
    return (index - reach) // 2, (index + reach) // 2 + 1


def _leaf_hash(tree: RatchetTree, node: int, encoding: bytes | None) -> bytes:
    leaf_index = (node // 2).to_bytes(4, "big")
    return tree.suite.hash(_LEAF + leaf_index + _optional(encoding))


def _parent_hash(tree: RatchetTree, encoding: bytes | None, left: bytes, right: bytes) -> bytes:
    return tree.suite.hash(_PARENT + _optional(encoding) + vector(left) + vector(right))


def _optional(encoding: bytes | None) -> bytes:
    return b"\x00" if encoding is None else b"\x01" + encoding
