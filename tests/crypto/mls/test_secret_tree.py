"""The secret tree: each key once, and nothing changed by looking."""

from __future__ import annotations

import pytest

from crypto.encoding import Reader, Writer
from crypto.errors import InvalidMessage, InvalidState, MalformedInput
from crypto.keys import Secret
from crypto.mls.secret_tree import MAX_SKIPPED, Ratchet, RatchetType, SecretTree
from tests.crypto.mls.members import SUITE

APPLICATION = RatchetType.APPLICATION


def a_tree(leaves: int = 4) -> SecretTree:
    return SecretTree(SUITE, leaves, Secret(bytes(32)))


def stored(tree: SecretTree) -> bytes:
    writer = Writer()
    tree.write(writer)
    return writer.finish()


def test_both_ends_come_to_the_same_keys() -> None:
    """Whoever sends and whoever receives derive the same, for each leaf and kind others."""
    sender, receiver = a_tree(), a_tree()
    seen = set()
    for leaf in range(4):
        for kind in RatchetType:
            generation, key, nonce = sender.next_key(leaf, kind)
            found = receiver.find(leaf, kind, generation)
            assert (found.key.key, found.key.nonce) == (Secret(key), Secret(nonce))
            seen.add(key)

    assert len(seen) == 8


def test_looking_changes_nothing() -> None:
    """A forged message finds a key and leaves no trace, be it a leaf's first or a jump ahead."""
    tree = a_tree()
    before = stored(tree)

    tree.find(2, APPLICATION, 17)
    assert stored(tree) == before
    tree.consume(tree.find(2, APPLICATION, 3))
    before = stored(tree)
    tree.find(2, APPLICATION, 1)
    tree.find(2, APPLICATION, 90)
    assert stored(tree) == before


def test_a_consumed_key_is_gone() -> None:
    """So is the node secret that led to it; what was jumped over is there once."""
    tree = a_tree()
    tree.consume(tree.find(0, APPLICATION, 2))

    for generation in (0, 1):
        tree.consume(tree.find(0, APPLICATION, generation))
        with pytest.raises(InvalidMessage, match="consumed_generation"):
            tree.find(0, APPLICATION, generation)
    with pytest.raises(InvalidMessage, match="consumed_generation"):
        tree.find(0, APPLICATION, 2)
    assert tree.find(0, RatchetType.HANDSHAKE, 0).key is not None


def test_only_so_many_skipped_keys_are_kept() -> None:
    """The newest 64, over however many jumps."""
    tree = a_tree()
    for generation in (40, 80, 120):
        tree.consume(tree.find(1, APPLICATION, generation))

    kept = []
    for generation in range(121):
        try:
            tree.find(1, APPLICATION, generation)
        except InvalidMessage:
            continue
        kept.append(generation)

    assert len(kept) == MAX_SKIPPED
    assert kept[-1] == 119


def test_a_ratchet_does_not_run_over() -> None:
    """After the last generation there is no further one to send with."""
    ratchet = Ratchet(SUITE, Secret(bytes(32)), 2**32 - 1)

    with pytest.raises(InvalidState, match="exhausted"):
        ratchet.advance()


def test_the_stored_form_is_the_state() -> None:
    """Read again, it is the same bytes and gives the same keys."""
    tree = a_tree()
    tree.consume(tree.find(3, APPLICATION, 5))
    tree.next_key(0, RatchetType.HANDSHAKE)

    again = SecretTree.read(SUITE, 4, Reader(stored(tree)))

    assert stored(again) == stored(tree)
    assert again.find(3, APPLICATION, 2).key.key == tree.find(3, APPLICATION, 2).key.key
    assert again.next_key(1, APPLICATION) == tree.next_key(1, APPLICATION)


def test_a_stored_secret_outside_the_tree_is_refused() -> None:
    """A node of a bigger tree is nobody's."""
    with pytest.raises(MalformedInput):
        SecretTree.read(SUITE, 1, Reader(stored(a_tree(4))))


def test_a_wiped_tree_gives_no_key() -> None:
    """Nothing of the epoch can be sent or opened any more."""
    tree = a_tree()
    tree.next_key(0, APPLICATION)
    tree.wipe()

    with pytest.raises(InvalidMessage):
        tree.next_key(0, APPLICATION)
    assert stored(tree) == b"\x00\x00"
