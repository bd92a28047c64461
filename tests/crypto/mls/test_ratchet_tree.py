"""The ratchet tree: its shape under adds and removes, and what it remembers."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crypto.encoding import Writer
from crypto.errors import InvalidProposal, InvalidTree, MalformedInput
from crypto.mls.leaf_node import LeafNode
from crypto.mls.ratchet_tree import ParentNode, RatchetTree
from crypto.mls.tree_hash import tree_hash
from tests.crypto.mls.members import SUITE, Client, Room

LEAVES = [Client(name=f"m{i}").bundle.key_package.leaf_node for i in range(8)]


def a_tree(count: int) -> RatchetTree:
    tree = RatchetTree.of_one(SUITE, LEAVES[0])
    for leaf in LEAVES[1:count]:
        tree, _ = tree.with_member(leaf)
    return tree


def test_a_tree_grows_by_doubling() -> None:
    """There is always room for a power of two."""
    assert [a_tree(count).leaf_count for count in (1, 2, 3, 4, 5, 8)] == [1, 2, 4, 4, 8, 8]


def test_a_tree_shrinks_as_far_as_it_can() -> None:
    """Without its right half, a tree is its left half; all at once is as one by one."""
    assert a_tree(5).without_members([4]).leaf_count == 4
    assert a_tree(5).without_members([2, 3, 4]).leaf_count == 2
    assert a_tree(5).without_members([1, 2, 3]).leaf_count == 8
    assert a_tree(5).without_members([]).leaf_count == 8


def test_the_leftmost_blank_is_taken_first() -> None:
    """RFC 9420, 12.1.1."""
    tree, index = a_tree(4).without_members([1, 2]).with_member(LEAVES[5])

    assert (index, tree.leaf(1)) == (1, LEAVES[5])
    assert tree.leftmost_blank() == 2


def test_a_newcomer_is_unmerged_above() -> None:
    """Nodes above it know that it does not hold their keys; the list stays sorted."""
    tree = a_tree(4).without_members([0]).with_nodes({3: ParentNode(b"key", b"", (2,))})

    tree, _ = tree.with_member(LEAVES[5])

    assert tree.parent(3) == ParentNode(b"key", b"", (0, 2))
    assert tree.resolution(3) == [3, 0, 4]


def test_an_operation_leaves_the_tree_it_was_done_on() -> None:
    """A refused commit has changed nothing."""
    tree = a_tree(4)
    before = tree.encode()

    tree.with_member(LEAVES[6])
    tree.without_members([1])
    tree.with_update(2, LEAVES[7])

    assert tree.encode() == before


@settings(max_examples=40)
@given(st.lists(st.tuples(st.sampled_from(["add", "remove", "update"]), st.integers(0, 7))))
def test_remembered_hashes_are_the_hashes(steps: list[tuple[str, int]]) -> None:
    """Whatever was changed, the hash is that of the same tree read anew."""
    tree = a_tree(3)
    for what, number in steps:
        present = tree.leaf(number) is not None
        if what == "add":
            tree, _ = tree.with_member(LEAVES[number])
        elif what == "remove" and present and sum(1 for _ in tree.leaves()) > 1:
            tree = tree.without_members([number])
        elif what == "update" and present:
            tree = tree.with_update(number, LEAVES[number])
        remembered = tree_hash(tree)

        anew = RatchetTree.decode(SUITE, tree.encode())
        assert tree_hash(anew) == remembered
        assert anew == tree


def test_an_unknown_leaf_is_nobody() -> None:
    """Blank, outside, or a parent's place."""
    tree = a_tree(3)

    assert tree.leaf(3) is None
    assert tree.leaf(400) is None
    assert tree.node(-1) is None
    with pytest.raises(InvalidProposal, match="unknown_leaf"):
        tree.member(3)


def encoded(*nodes: bytes) -> bytes:
    writer = Writer()
    writer.opaque(b"".join(nodes))
    return writer.finish()


@pytest.mark.parametrize(
    "data",
    [
        encoded(),
        encoded(b"\x00"),
        encoded(b"\x01\x01" + LEAVES[0].encode(), b"\x00"),
        encoded(b"\x01\x02" + ParentNode(b"key").encode()),
        encoded(b"\x01\x01" + LEAVES[0].encode(), b"\x01\x01" + LEAVES[1].encode()),
        encoded(b"\x02"),
        encoded(b"\x01\x03"),
        encoded(b"\x01\x01" + LEAVES[0].encode()) + b"\x00",
        a_tree(4).encode()[:-1],
    ],
)
def test_what_is_no_tree_is_refused(data: bytes) -> None:
    """RFC 9420, 12.4.3.3: no blank at the end, leaves and parents in turn, nothing after."""
    with pytest.raises(MalformedInput):
        RatchetTree.decode(SUITE, data)


def test_a_tree_is_full() -> None:
    """Its width is one less than a power of two."""
    nodes: list[LeafNode | None] = [LEAVES[0], None]
    with pytest.raises(InvalidTree):
        RatchetTree(SUITE, nodes)


def test_a_filtered_path_leaves_out_who_has_nobody_beside() -> None:
    """RFC 9420, 4.1.2: a node whose other child covers nobody gets no key."""
    room = Room("m0", "m1", "m2", "m3", "m4")
    tree = room.groups["m0"].public.tree

    assert tree.filtered_direct_path(4) == [(7, 3)]
    assert [node for node, _ in tree.filtered_direct_path(0)] == [1, 3, 7]
