"""The arithmetic of full trees in an array (RFC 9420, appendix C).

Leaf L stands at node 2 × L; the parents stand between. A tree has 2^d leaves and 2^(d+1) − 1 nodes.
"""

from __future__ import annotations


class NoSuchNode(ValueError):
    """A leaf has no children, a root neither parent nor sibling: asking is the caller's mistake."""


def level(node: int) -> int:
    """Return how high a node stands: 0 for a leaf."""
    return (node ^ (node + 1)).bit_length() - 1


def is_leaf(node: int) -> bool:
    """Tell whether the node is a leaf."""
    return node & 1 == 0


def node_width(leaves: int) -> int:
    """Return how many nodes a tree of so many leaves has."""
    return 2 * leaves - 1 if leaves else 0


def root(leaves: int) -> int:
    """Return the root of a tree of so many leaves."""
    return (1 << (node_width(leaves).bit_length() - 1)) - 1


def left(node: int) -> int:
    """Return the left child."""
    height = level(node)
    if height == 0:
        raise NoSuchNode("a leaf has no children")
    return node ^ (1 << (height - 1))


def right(node: int) -> int:
    """Return the right child."""
    height = level(node)
    if height == 0:
        raise NoSuchNode("a leaf has no children")
    return node ^ (3 << (height - 1))


def parent(node: int, leaves: int) -> int:
    """Return the node above."""
    if node == root(leaves):
        raise NoSuchNode("the root has no parent")
    height = level(node)
    return (node | (1 << height)) & ~(1 << (height + 1))


def sibling(node: int, leaves: int) -> int:
    """Return the other child of the node's parent."""
    above = parent(node, leaves)
    return right(above) if node < above else left(above)


def direct_path(node: int, leaves: int) -> list[int]:
    """Return the nodes above `node`, from its parent to the root."""
    path = []
    top = root(leaves)
    while node != top:
        node = parent(node, leaves)
        path.append(node)
    return path


def copath(node: int, leaves: int) -> list[int]:
    """Return the siblings of the node and of its direct path, without the root."""
    path = [node, *direct_path(node, leaves)]
    return [sibling(one, leaves) for one in path[:-1]]


def common_ancestor(one: int, other: int) -> int:
    """Return the lowest node above both: one of the two, where it is above the other."""
    for below, above in ((one, other), (other, one)):
        height = level(above) + 1
        if level(below) < height and below >> height == above >> height:
            return above
    climbed = 0
    while one != other:
        one, other, climbed = one >> 1, other >> 1, climbed + 1
    return (one << climbed) + (1 << (climbed - 1)) - 1


def in_subtree(node: int, top: int) -> bool:
    """Tell whether `node` is `top` or below it."""
    reach = (1 << level(top)) - 1
    return top - reach <= node <= top + reach
