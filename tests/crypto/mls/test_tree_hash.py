"""Tree hashes and parent hashes: every node counts, and nobody slips a key in."""

from __future__ import annotations

from dataclasses import replace

import pytest

from crypto.errors import InvalidTree
from crypto.mls.ratchet_tree import RatchetTree
from crypto.mls.tree_hash import parent_hash, tree_hash, verify_parent_hashes
from tests.crypto.mls.members import Room


def a_busy_tree() -> RatchetTree:
    """Return the tree of a group where paths were made, and members came after them."""
    room = Room("ada", "bob", "cyd", "dan", "eve")
    for name in ("ada", "cyd", "eve"):
        room.commit(name)
    room.add("bob", "fay")
    return room.groups["ada"].public.tree


def test_a_tree_made_by_commits_is_parent_hash_valid() -> None:
    """Also with an unmerged leaf, whom the original sibling hash leaves out."""
    tree = a_busy_tree()

    assert any(node.unmerged_leaves for _, node in tree.parents())
    verify_parent_hashes(tree)


def test_each_changed_parent_is_noticed() -> None:
    """A key that no member's path set has no place, wherever it stands."""
    tree = a_busy_tree()
    for index, node in tree.parents():
        for changed in (
            replace(node, encryption_key=bytes(32)),
            replace(node, parent_hash=bytes(32)),
        ):
            with pytest.raises(InvalidTree, match="parent_hash"):
                verify_parent_hashes(tree.with_nodes({index: changed}))


def test_each_node_is_in_the_hash_of_the_tree() -> None:
    """To change or blank one node is to change the root's hash."""
    tree = a_busy_tree()
    hashes = {tree_hash(tree)}
    filled = [i for i in range(tree.width) if tree.node(i) is not None]

    for index in filled:
        hashes.add(tree_hash(tree.with_nodes({index: None})))

    assert len(hashes) == len(filled) + 1


def test_a_blank_has_no_parent_hash() -> None:
    """There is no key to vouch for."""
    tree = a_busy_tree().with_nodes({3: None})

    with pytest.raises(InvalidTree):
        parent_hash(tree, 3, 1)
