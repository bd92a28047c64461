"""Update paths: who is meant to learn a secret does, and nobody is fooled."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from crypto.errors import InvalidCommit, InvalidWelcome
from crypto.keys import Secret
from crypto.mls.commit import UpdatePath
from crypto.mls.treekem import (
    FreshPath,
    check_recipients,
    keys_from_welcome,
    keys_still_true,
    make_path,
    merge_path,
    open_path,
)
from tests.crypto.mls.members import SUITE, Room, a_random

CONTEXT = b"the provisional group context"


def a_path(room: Room, sender: str) -> FreshPath:
    group = room.groups[sender]
    leaf = group.public.tree.member(group.own_leaf_index)
    return make_path(
        group.public.tree, group.own_leaf_index, leaf, b"room", group.signing_key, a_random("path")
    )


@pytest.fixture(name="room")
def a_room() -> Room:
    room = Room("ada", "bob", "cyd", "dan", "eve")
    room.commit("cyd")
    return room


def test_everybody_else_learns_the_commit_secret(room: Room) -> None:
    """Each from the node it shares with the sender, and the keys above it."""
    fresh = a_path(room, "ada")
    path = fresh.encrypt(CONTEXT, (), a_random("seal"))
    before = room.groups["ada"].public.tree
    merged = merge_path(before, 0, path)
    assert merged == fresh.tree

    for name in ("bob", "cyd", "dan", "eve"):
        group = room.groups[name]
        opened = open_path(merged, 0, path, group.own_leaf_index, group.path_keys, (), CONTEXT)
        assert opened.commit_secret == fresh.commit_secret
        for node, private in opened.keys.items():
            public = merged.node(node)
            assert public is not None
            assert SUITE.hpke.kem.public_key(private) == public.encryption_key


def test_a_newcomer_is_left_out(room: Room) -> None:
    """No ciphertext is for its leaf: it learns from its Welcome (7.5)."""
    tree, leaf = room.groups["ada"].public.tree.with_member(
        room.client("fay").bundle.key_package.leaf_node
    )
    group = room.groups["ada"]
    fresh = make_path(tree, 0, tree.member(0), b"room", group.signing_key, a_random("p"))

    path = fresh.encrypt(CONTEXT, (leaf,), a_random("seal"))

    check_recipients(tree, 0, path, (leaf,))
    with pytest.raises(InvalidCommit, match="path_shape"):
        check_recipients(tree, 0, path, ())
    secret = fresh.path_secret_for(leaf)
    assert secret is not None
    keys = keys_from_welcome(fresh.tree, leaf, 0, secret)
    assert all(keys[node] == fresh.keys[node] for node in keys)
    assert fresh.tree.root in keys


def spoilt_ciphertext(path: UpdatePath) -> UpdatePath:
    sealed = path.nodes[0].encrypted_path_secret[0]
    changed = replace(sealed, ciphertext=sealed.ciphertext[:-1] + b"\x00")
    return UpdatePath(
        path.leaf_node, (replace(path.nodes[0], encrypted_path_secret=(changed,)), *path.nodes[1:])
    )


def exchanged_secret(path: UpdatePath) -> UpdatePath:
    """The right key opens it, and it is another node's secret."""
    wrong = SUITE.generate_key_pair(a_random("wrong")).public
    return UpdatePath(
        path.leaf_node, (replace(path.nodes[0], encryption_key=wrong), *path.nodes[1:])
    )


@pytest.mark.parametrize("spoil", [spoilt_ciphertext, exchanged_secret])
def test_a_wrong_path_secret_is_refused(
    room: Room, spoil: Callable[[UpdatePath], UpdatePath]
) -> None:
    """A ciphertext that does not open, or that leads to another key."""
    path = spoil(a_path(room, "ada").encrypt(CONTEXT, (), a_random("seal")))
    bob = room.groups["bob"]
    tree = room.groups["ada"].public.tree
    leaf = replace(path.leaf_node, parent_hash=b"")
    merged = tree.with_nodes({0: leaf})

    with pytest.raises(InvalidCommit, match="path_secret"):
        open_path(merged, 0, path, 1, bob.path_keys, (), CONTEXT)


def test_another_context_does_not_open_it(room: Room) -> None:
    """Path secrets are encrypted under the new context (12.4.1)."""
    fresh = a_path(room, "ada")
    path = fresh.encrypt(CONTEXT, (), a_random("seal"))

    with pytest.raises(InvalidCommit, match="path_secret"):
        open_path(fresh.tree, 0, path, 1, room.groups["bob"].path_keys, (), b"the old one")


def test_who_has_no_key_below_learns_nothing(room: Room) -> None:
    """A member whose keys are all others' finds nothing to open."""
    fresh = a_path(room, "ada")
    path = fresh.encrypt(CONTEXT, (), a_random("seal"))

    with pytest.raises(InvalidCommit, match="path_shape"):
        open_path(fresh.tree, 0, path, 1, {}, (), CONTEXT)


def test_keys_of_changed_nodes_are_dropped(room: Room) -> None:
    """What is kept is copied: the former epoch may be wiped."""
    bob = room.groups["bob"]
    after = a_path(room, "ada").tree

    kept = keys_still_true(bob.public.tree, after, bob.path_keys)

    assert set(kept) == {2}
    assert kept[2] == bob.path_keys[2]
    assert kept[2] is not bob.path_keys[2]


def test_a_welcomes_path_secret_must_fit(room: Room) -> None:
    """Its keys are those of the tree; it is not from the newcomer itself."""
    tree = room.groups["ada"].public.tree

    with pytest.raises(InvalidWelcome, match="path_secret"):
        keys_from_welcome(tree, 1, 2, Secret(bytes(32)))
    with pytest.raises(InvalidWelcome, match="wrong_signer"):
        keys_from_welcome(tree, 1, 1, Secret(bytes(32)))
