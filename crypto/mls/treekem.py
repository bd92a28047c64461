"""Update paths (RFC 9420, 7.4 to 7.6): fresh keys from a leaf to the root, and who learns them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from crypto.errors import BadCiphertext, BadKey, InvalidCommit, InvalidWelcome, Rule
from crypto.hpke import KeyPair, RandomBytes
from crypto.keys import Secret
from crypto.mls import tree_math
from crypto.mls.commit import HpkeCiphertext, UpdatePath, UpdatePathNode
from crypto.mls.leaf_node import LeafNode, LeafNodeSource
from crypto.mls.ratchet_tree import Node, ParentNode, RatchetTree
from crypto.mls.tree_hash import parent_hash
from crypto.suites import SigningKey, Suite

_LABEL: Final = b"UpdatePathNode"

PathKeys = Mapping[int, Secret]
"""The private keys that a member holds, by node: of its leaf and of nodes above it."""


def node_key_pair(suite: Suite, path_secret: bytes) -> KeyPair:
    """Return the key pair of a node, from its path secret (7.4)."""
    return suite.derive_key_pair(suite.derive_secret(path_secret, b"node"))


def next_path_secret(suite: Suite, path_secret: bytes) -> bytes:
    """Return the path secret of the next node up; above the last, the commit secret."""
    return suite.derive_secret(path_secret, b"path")


@dataclass(frozen=True, slots=True)
class FreshPath:
    """A path as its maker holds it: the tree with it, and its secrets."""

    sender: int
    tree: RatchetTree
    leaf_node: LeafNode
    nodes: tuple[tuple[int, int], ...]
    """The filtered direct path: each node, and its child off the path."""
    path_secrets: tuple[Secret, ...]
    commit_secret: Secret
    keys: dict[int, Secret]

    def path_secret_for(self, leaf_index: int) -> Secret | None:
        """Return the path secret of the lowest node above both the maker and another leaf."""
        above = tree_math.common_ancestor(2 * self.sender, 2 * leaf_index)
        for (node, _), secret in zip(self.nodes, self.path_secrets, strict=True):
            if node == above:
                return secret
        return None

    def encrypt(
        self, context: bytes, newcomers: Collection[int], random_bytes: RandomBytes
    ) -> UpdatePath:
        """Encrypt each path secret to those off the path, newcomers excepted (7.5).

        `context` is the provisional group context: of the tree that this path leads to.
        """
        nodes = tuple(
            self._encrypt_node(node, other, secret, context, newcomers, random_bytes)
            for (node, other), secret in zip(self.nodes, self.path_secrets, strict=True)
        )
        return UpdatePath(self.leaf_node, nodes)

    def _encrypt_node(
        self,
        node: int,
        other: int,
        secret: Secret,
        context: bytes,
        newcomers: Collection[int],
        random_bytes: RandomBytes,
    ) -> UpdatePathNode:
        suite, tree = self.tree.suite, self.tree
        sealed = tuple(
            HpkeCiphertext(
                *suite.encrypt_with_label(
                    _key_of(tree, one), _LABEL, context, secret.reveal(), random_bytes
                )
            )
            for one in recipients(tree, other, newcomers)
        )
        return UpdatePathNode(_key_of(tree, node), sealed)

    def wipe(self) -> None:
        """Overwrite what only led to the keys: the path secrets and the commit secret."""
        for secret in (*self.path_secrets, self.commit_secret):
            secret.wipe()


def make_path(
    tree: RatchetTree,
    sender: int,
    leaf_node: LeafNode,
    group_id: bytes,
    key: SigningKey,
    random_bytes: RandomBytes,
) -> FreshPath:
    """Make fresh keys for a leaf and everything above it (7.5, steps 1 to 4).

    `leaf_node` says what the new leaf is to say; its keys, source and signature are made here.
    """
    suite = tree.suite
    leaf_keys = suite.generate_key_pair(random_bytes)
    filtered = tree.filtered_direct_path(sender)
    secrets, commit_secret = _path_secrets(suite, len(filtered), random_bytes)
    pairs = [node_key_pair(suite, secret.reveal()) for secret in secrets]
    publics = [pair.public for pair in pairs]
    with_keys, leaf_parent_hash = _with_path_keys(tree, sender, filtered, publics)
    leaf = replace(
        leaf_node,
        encryption_key=leaf_keys.public,
        signature_key=key.public,
        source=LeafNodeSource.COMMIT,
        lifetime=None,
        parent_hash=leaf_parent_hash,
    ).signed(key, group_id, sender)
    keys = {node: pair.private for (node, _), pair in zip(filtered, pairs, strict=True)}
    return FreshPath(
        sender=sender,
        tree=with_keys.with_nodes({2 * sender: leaf}),
        leaf_node=leaf,
        nodes=tuple(filtered),
        path_secrets=tuple(secrets),
        commit_secret=commit_secret,
        keys={2 * sender: leaf_keys.private, **keys},
    )


def merge_path(tree: RatchetTree, sender: int, path: UpdatePath) -> RatchetTree:
    """Return the tree with another's path; raise `InvalidCommit` where it does not fit (7.5)."""
    filtered = tree.filtered_direct_path(sender)
    if len(filtered) != len(path.nodes):
        raise InvalidCommit(Rule.PATH_SHAPE)
    publics = [node.encryption_key for node in path.nodes]
    merged, leaf_parent_hash = _with_path_keys(tree, sender, filtered, publics)
    if path.leaf_node.parent_hash != leaf_parent_hash:
        raise InvalidCommit(Rule.PARENT_HASH)
    return merged.with_nodes({2 * sender: path.leaf_node})


def check_recipients(
    tree: RatchetTree, sender: int, path: UpdatePath, newcomers: Collection[int]
) -> None:
    """Raise `InvalidCommit` unless each secret is encrypted for as many as must have it (7.6)."""
    filtered = tree.filtered_direct_path(sender)
    if len(filtered) != len(path.nodes):
        raise InvalidCommit(Rule.PATH_SHAPE)
    for (_, other), node in zip(filtered, path.nodes, strict=True):
        if len(recipients(tree, other, newcomers)) != len(node.encrypted_path_secret):
            raise InvalidCommit(Rule.PATH_SHAPE)


@dataclass(frozen=True, slots=True)
class OpenedPath:
    """What a member learns from another's path."""

    commit_secret: Secret
    path_secret: Secret
    """Of the lowest node above both."""
    keys: dict[int, Secret]


def open_path(
    tree: RatchetTree,
    sender: int,
    path: UpdatePath,
    own_leaf: int,
    own_keys: PathKeys,
    newcomers: Collection[int],
    context: bytes,
) -> OpenedPath:
    """Decrypt the secret that a path has for us, and derive the rest (7.5).

    `tree` is the tree with the path merged: what is off the path is the same in both.
    """
    suite, filtered = tree.suite, tree.filtered_direct_path(sender)
    place = next(
        (i for i, (_, other) in enumerate(filtered) if tree_math.in_subtree(2 * own_leaf, other)),
        None,
    )
    if place is None or place >= len(path.nodes):
        raise InvalidCommit(Rule.PATH_SHAPE)
    covered = recipients(tree, filtered[place][1], newcomers)
    ours = next((i for i, node in enumerate(covered) if node in own_keys), None)
    if ours is None or ours >= len(path.nodes[place].encrypted_path_secret):
        raise InvalidCommit(Rule.PATH_SHAPE)
    sealed = path.nodes[place].encrypted_path_secret[ours]
    try:
        secret = suite.decrypt_with_label(
            own_keys[covered[ours]], _LABEL, context, sealed.kem_output, sealed.ciphertext
        )
    except (BadCiphertext, BadKey) as exc:
        raise InvalidCommit(Rule.PATH_SECRET) from exc
    if len(secret) != suite.secret_size:
        raise InvalidCommit(Rule.PATH_SECRET)
    above = [node for node, _ in filtered[place:]]
    keys, commit_secret = keys_from(tree, above, secret, _bad_path)
    return OpenedPath(commit_secret, Secret(secret), keys)


def keys_from_welcome(
    tree: RatchetTree, own_leaf: int, sender: int, path_secret: Secret
) -> dict[int, Secret]:
    """Return the private keys that a newcomer derives from its Welcome (12.4.3.1)."""
    if own_leaf == sender:
        raise InvalidWelcome(Rule.WRONG_SIGNER)
    lowest = tree_math.common_ancestor(2 * own_leaf, 2 * sender)
    path = [node for node, _ in tree.filtered_direct_path(sender)]
    if lowest not in path:
        raise InvalidWelcome(Rule.PATH_SECRET)
    above = path[path.index(lowest) :]
    return keys_from(tree, above, path_secret.reveal(), _bad_welcome)[0]


def keys_from(
    tree: RatchetTree, above: Sequence[int], path_secret: bytes, refuse: Callable[[], Exception]
) -> tuple[dict[int, Secret], Secret]:
    """Return the private keys of `above`, and the commit secret; each must fit its public key."""
    suite, keys = tree.suite, {}
    for node in above:
        pair = node_key_pair(suite, path_secret)
        found = tree.parent(node)
        if found is None or pair.public != found.encryption_key:
            raise refuse()
        keys[node] = pair.private
        path_secret = next_path_secret(suite, path_secret)
    return keys, Secret(path_secret)


def recipients(tree: RatchetTree, index: int, newcomers: Collection[int]) -> list[int]:
    """Return the nodes to which a path secret is encrypted: a resolution without newcomers."""
    fresh = {2 * leaf for leaf in newcomers}
    return [node for node in tree.resolution(index) if node not in fresh]


def keys_still_true(before: RatchetTree, after: RatchetTree, keys: PathKeys) -> dict[int, Secret]:
    """Return copies of those keys whose nodes are as they were."""
    return {
        node: secret.copy()
        for node, secret in keys.items()
        if (left := after.node(node)) is not None
        and (was := before.node(node)) is not None
        and left.encryption_key == was.encryption_key
    }


def _path_secrets(
    suite: Suite, count: int, random_bytes: RandomBytes
) -> tuple[list[Secret], Secret]:
    secret = random_bytes(suite.secret_size)
    secrets = []
    for _ in range(count):
        secrets.append(Secret(secret))
        secret = next_path_secret(suite, secret)
    # With nobody above or beside, nobody else ever derives it: the fresh secret itself will do.
    return secrets, Secret(secret)


def _with_path_keys(
    tree: RatchetTree, sender: int, filtered: list[tuple[int, int]], publics: Sequence[bytes]
) -> tuple[RatchetTree, bytes]:
    """Return the tree with new keys above a leaf, and the parent hash that the leaf must have.

    From the root down, so that each parent hash covers everything above it (7.9).
    """
    blank: dict[int, Node | None] = dict.fromkeys(tree.direct_path(sender))
    changed = tree.with_nodes(blank)
    above = b""
    for (node, other), public in reversed(list(zip(filtered, publics, strict=True))):
        changed = changed.with_nodes({node: ParentNode(public, above)})
        above = parent_hash(changed, node, other)
    return changed, above


def _key_of(tree: RatchetTree, index: int) -> bytes:
    node = tree.node(index)
    if node is None:
        raise InvalidCommit(Rule.PATH_SHAPE)
    return node.encryption_key


def _bad_path() -> Exception:
    return InvalidCommit(Rule.PATH_SECRET)


def _bad_welcome() -> Exception:
    return InvalidWelcome(Rule.PATH_SECRET)
