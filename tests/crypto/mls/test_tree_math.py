"""The arithmetic of trees: relations that hold in every full tree."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto.mls import tree_math
from crypto.mls.tree_math import NoSuchNode

DEPTHS = st.integers(0, 12)


@given(DEPTHS, st.data())
def test_children_know_their_parent(depth: int, data: st.DataObject) -> None:
    """Left and right are each other's sibling, under the same parent."""
    leaves = 2**depth
    node = data.draw(st.integers(0, tree_math.node_width(leaves) - 1))

    if tree_math.is_leaf(node):
        with pytest.raises(NoSuchNode):
            tree_math.left(node)
        with pytest.raises(NoSuchNode):
            tree_math.right(node)
        return
    left, right = tree_math.left(node), tree_math.right(node)
    assert tree_math.parent(left, leaves) == tree_math.parent(right, leaves) == node
    assert tree_math.sibling(left, leaves) == right
    assert tree_math.sibling(right, leaves) == left


@given(DEPTHS, st.data())
def test_a_path_goes_to_the_root(depth: int, data: st.DataObject) -> None:
    """It is as long as the tree is deep, and the copath stands beside it."""
    leaves = 2**depth
    leaf = 2 * data.draw(st.integers(0, leaves - 1))

    path = tree_math.direct_path(leaf, leaves)

    assert len(path) == len(tree_math.copath(leaf, leaves)) == depth
    assert not path or path[-1] == tree_math.root(leaves)
    assert all(tree_math.in_subtree(leaf, node) for node in path)
    assert not any(tree_math.in_subtree(leaf, node) for node in tree_math.copath(leaf, leaves))


@given(DEPTHS, st.data())
def test_the_common_ancestor_is_the_lowest_above_both(depth: int, data: st.DataObject) -> None:
    """Of two leaves it is the first node that both paths share."""
    leaves = 2**depth
    one, other = (2 * data.draw(st.integers(0, leaves - 1)) for _ in range(2))
    shared = [
        node
        for node in [one, *tree_math.direct_path(one, leaves)]
        if node in {other, *tree_math.direct_path(other, leaves)}
    ]

    assert tree_math.common_ancestor(one, other) == shared[0]
    for node in tree_math.direct_path(one, leaves):
        assert tree_math.common_ancestor(one, node) == tree_math.common_ancestor(node, one) == node


def test_a_root_has_neither_parent_nor_sibling() -> None:
    """Asking is the caller's mistake."""
    for leaves in (1, 2, 8):
        with pytest.raises(NoSuchNode):
            tree_math.parent(tree_math.root(leaves), leaves)
        with pytest.raises(NoSuchNode):
            tree_math.sibling(tree_math.root(leaves), leaves)
