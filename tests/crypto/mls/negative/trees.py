"""RFC 9420, 7.7 to 7.9 and 12.4.3: GroupInfos and trees that a joiner or the hub must not believe.

Each goes to the hub that would found a group on it, and to a client that would join on its own.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from crypto.encoding import Writer
from crypto.mls.extensions import Extension, ExtensionType
from crypto.mls.group import Group
from crypto.mls.group_info import GroupInfo
from crypto.mls.leaf_node import LeafNode, LeafNodeSource
from crypto.mls.message import decode_group_info, encode_message
from crypto.mls.ratchet_tree import Node, ParentNode, RatchetTree
from crypto.mls.tree_hash import parent_hash
from crypto.suites import SigningKey
from tests.crypto.mls.negative import forging
from tests.crypto.mls.negative.case import Case, external_join, flipped, found
from tests.crypto.mls.negative.key_packages import SMALL_ORDER_X25519
from tests.crypto.mls.negative.scene import (
    ALICE,
    BOB,
    CAPABILITIES,
    CAROL,
    DORA,
    SUITE,
    Draw,
    bundle_of,
    hub_senders,
    own_of,
    signing_key_of,
    the_scene,
)


def cases() -> list[Case]:
    """Return the cases of this theme."""
    return [*_signatures(), *_contents(), *_encodings(), *_trees(), *_leaves(), *_joiners()]


def _info() -> bytes:
    return the_scene().member(ALICE).group_info()


def _alice() -> SigningKey:
    return signing_key_of("alice")


def _both(name: str, bad: bytes, expect: str, *, hub: bool = True) -> list[Case]:
    erin, good = bundle_of("erin").serialize(), _info()
    listed = [
        Case(
            name=f"{name} (to one who joins)",
            bad=external_join(erin, bad),
            expect=expect,
            good=external_join(erin, good),
        )
    ]
    if hub:
        listed.append(
            Case(name=f"{name} (to the hub)", bad=found(bad), expect=expect, good=found(good))
        )
    return listed


def _said(key: SigningKey | None = None, **changes: Any) -> bytes:
    return forging.info_again(_info(), key or _alice(), **changes)


def _signatures() -> list[Case]:
    info = decode_group_info(_info())
    context = info.group_context

    def unsigned(**changes: Any) -> bytes:
        return encode_message(replace(info, **changes))

    rows = [
        ("that nobody signed", "bad_signature", unsigned(signature=b"")),
        ("with one bit of its signature changed", "bad_signature",
         unsigned(signature=flipped(info.signature))),
        ("of Alice's that Bob signed", "bad_signature", _said(signing_key_of("bob"))),
        ("that a stranger signed", "bad_signature", _said(signing_key_of("mallory"))),
        ("of Alice's in Bob's name", "bad_signature", _said(signer=BOB)),
        ("in the name of a leaf beyond the tree", "wrong_signer", _said(signer=4)),
        ("in the name of the last leaf there is", "wrong_signer", _said(signer=2**32 - 1)),
        ("whose epoch was changed", "bad_signature",
         unsigned(group_context=replace(context, epoch=context.epoch + 1))),
        ("whose extensions were changed", "bad_signature",
         unsigned(group_context=replace(context, extensions=()))),
        ("whose confirmation tag was changed", "bad_signature",
         unsigned(confirmation_tag=flipped(info.confirmation_tag))),
        ("whose transcript was changed", "bad_signature",
         unsigned(group_context=replace(context, confirmed_transcript_hash=bytes(32)))),
    ]  # fmt: skip
    return [
        case for name, expect, bad in rows for case in _both(f"a GroupInfo {name}", bad, expect)
    ]


def _contents() -> list[Case]:
    info = decode_group_info(_info())
    context = info.group_context
    tree, external = info.extensions
    pub = Extension(ExtensionType.EXTERNAL_PUB, b"\x20" + bytes(32))
    short = Extension(ExtensionType.EXTERNAL_PUB, b"\x1f" + bytes(31))
    bare = Extension(ExtensionType.EXTERNAL_PUB, external.data[1:])
    one = Extension(0x0A0A, b"")
    broken = Extension(ExtensionType.EXTERNAL_SENDERS, b"\x05\x20")
    rows: list[tuple[str, str, dict[str, Any]]] = [
        ("without a tree", "missing_tree", {"extensions": (external,)}),
        ("with two trees", "duplicate_extension", {"extensions": (tree, tree, external)}),
        ("with one unknown extension twice", "duplicate_extension",
         {"extensions": (tree, external, one, one)}),
        ("of a suite that we do not have", "unsupported_suite",
         {"group_context": replace(context, cipher_suite=0x0A0A)}),
        ("with another tree hash", "tree_hash",
         {"group_context": replace(context, tree_hash=bytes(32))}),
        ("with an empty tree hash", "tree_hash",
         {"group_context": replace(context, tree_hash=b"")}),
        ("of a group with one type of extension twice", "duplicate_extension",
         {"group_context": replace(context, extensions=hub_senders() * 2)}),
        ("of a group whose external senders are cut short", "malformed",
         {"group_context": replace(context, extensions=(broken,))}),
        ("of a group with an extension that its members do not list", "unsupported_extension",
         {"group_context": replace(context, extensions=(Extension(0xF0F0, b""),))}),
    ]  # fmt: skip
    only_joiners: list[tuple[str, str, dict[str, Any]]] = [
        ("without an external key", "missing_external_pub", {"extensions": (tree,)}),
        ("with an external key that leads to zeros", "bad_key", {"extensions": (tree, pub)}),
        ("with an external key of 31 bytes", "bad_key", {"extensions": (tree, short)}),
        ("with an external key that is not a vector", "malformed", {"extensions": (tree, bare)}),
    ]
    listed = [
        case
        for name, expect, changes in rows
        for case in _both(f"a GroupInfo {name}", _said(**changes), expect)
    ]
    return listed + [
        case
        for name, expect, changes in only_joiners
        for case in _both(f"a GroupInfo {name}", _said(**changes), expect, hub=False)
    ]


def _encodings() -> list[Case]:
    good = _info()
    info = decode_group_info(good)
    tree = info.extensions[0].data
    package = encode_message(bundle_of("frank").key_package)
    blank_end = _tree_data(_nodes_in(tree) + b"\x00")
    rows = [
        ("nothing instead of a GroupInfo", b""),
        ("a GroupInfo cut short", good[:-1]),
        ("a GroupInfo with a byte after it", good + b"\x00"),
        ("a key package instead of a GroupInfo", package),
        ("a GroupInfo of version 2", b"\x00\x02" + good[2:]),
        ("a GroupInfo of a group of version 2", good[:4] + b"\x00\x02" + good[6:]),
        ("a GroupInfo whose tree ends with a blank node", _with_tree_data(info, blank_end)),
        ("a GroupInfo with an empty tree", _with_tree_data(info, b"\x00")),
        ("a GroupInfo whose tree is blank", _with_tree_data(info, _tree_data(b"\x00"))),
        ("a GroupInfo whose tree is cut short", _with_tree_data(info, tree[:-1])),
        ("a GroupInfo with a byte after its tree", _with_tree_data(info, tree + b"\x00")),
        (
            "a GroupInfo whose tree begins with a parent",
            _with_tree_data(info, _tree_data(b"\x00\x00\x00\x00" + _nodes_in(tree)[1:])),
        ),
        (
            "a GroupInfo with a leaf in a parent's place",
            _with_tree_data(info, _tree_data(b"\x00" + _nodes_in(tree))),
        ),
        (
            "a GroupInfo whose tree has a node of type 3",
            _with_tree_data(info, _tree_data(b"\x01\x03" + _nodes_in(tree)[2:])),
        ),
        (
            "a GroupInfo whose tree has a node neither there nor blank",
            _with_tree_data(info, _tree_data(b"\x02" + _nodes_in(tree)[1:])),
        ),
    ]
    return [case for name, bad in rows for case in _both(name, bad, "malformed")]


def _nodes_in(tree: bytes) -> bytes:
    """Return what is inside the vector of a tree, whose length takes two bytes here."""
    assert tree[0] >> 6 == 1
    return tree[2:]


def _tree_data(nodes: bytes) -> bytes:
    writer = Writer()
    writer.opaque(nodes)
    return writer.finish()


def _with_tree_data(info: GroupInfo, data: bytes) -> bytes:
    external = info.extensions[1]
    tree = Extension(ExtensionType.RATCHET_TREE, data)
    return encode_message(replace(info, extensions=(tree, external)).signed(_alice()))


class _Lie:
    """A member signs a GroupInfo with a tree that is not the group's: hash and all."""

    def __init__(self) -> None:
        self.group: Group = the_scene().member(ALICE)
        self.info = decode_group_info(self.group.group_info())
        self.tree: RatchetTree = self.group.public.tree

    def told(self, *changes: tuple[int, Node | None]) -> bytes:
        tree = self.tree
        for index, node in changes:
            tree = forging.with_node(tree, index, node)
        return forging.info_with_tree(self.info, tree, _alice())

    def by_carol(self, *unmerged: int) -> bytes:
        """The last committer tells it: her leaf vouches for a root with these unmerged leaves."""
        top = replace(self.parent(3), unmerged_leaves=unmerged)
        hashed = parent_hash(forging.with_node(self.tree, 3, top), 3, 1)
        carol = self.leaf(CAROL, signing_key_of("carol"), parent_hash=hashed)
        return self.told((3, top), (2 * CAROL, carol))

    def parent(self, index: int) -> ParentNode:
        found_node = self.tree.parent(index)
        assert found_node is not None
        return found_node

    def leaf(self, leaf_index: int, key: SigningKey | None, **changes: Any) -> LeafNode:
        leaf = replace(self.tree.member(leaf_index), **changes)
        return leaf if key is None else leaf.signed(key, self.group.group_id, leaf_index)


def _trees() -> list[Case]:
    lie = _Lie()
    low, top = lie.parent(1), lie.parent(3)
    key = SUITE.generate_key_pair(Draw("another key")).public
    assert top.unmerged_leaves == (DORA,)
    rows: list[tuple[str, str, bytes]] = [
        ("with another key at its root", "parent_hash",
         lie.told((3, replace(top, encryption_key=key)))),
        ("with another key below its root", "parent_hash",
         lie.told((1, replace(low, encryption_key=key)))),
        ("with another parent hash below its root", "parent_hash",
         lie.told((1, replace(low, parent_hash=bytes(32))))),
        ("with a parent that nobody put there", "parent_hash",
         lie.told((5, ParentNode(key, b"", (DORA,))))),
        ("in which the last committer is gone and its root stays", "parent_hash",
         lie.told((2 * CAROL, None))),
        ("in which Dora was always there", "parent_hash",
         lie.told((3, replace(top, unmerged_leaves=())))),
        ("with an unmerged leaf that is blank", "unmerged_leaves",
         lie.told((6, None), (3, replace(top, unmerged_leaves=(DORA, 3 + 4))))),
        ("with one unmerged leaf twice", "unmerged_leaves", lie.by_carol(DORA, DORA)),
        ("with unmerged leaves in disorder", "unmerged_leaves", lie.by_carol(DORA, BOB)),
        ("with an unmerged leaf that is merged below", "unmerged_leaves",
         lie.by_carol(BOB, DORA)),
        ("with an unmerged leaf beyond it", "unmerged_leaves", lie.by_carol(DORA, 5)),
        ("with a key that leads to zeros at its root", "parent_hash",
         lie.told((3, replace(top, encryption_key=SMALL_ORDER_X25519[0])))),
    ]  # fmt: skip
    return [case for name, expect, bad in rows for case in _both(f"a tree {name}", bad, expect)]


def _leaves() -> list[Case]:
    """Dora's leaf has no parent node above it that vouches: what it says can be changed at will."""
    lie = _Lie()
    dora = signing_key_of("dora")
    bob = lie.tree.member(BOB)
    strange = Extension(0xF0F0, b"")
    place = 2 * DORA
    rows: list[tuple[str, str, dict[str, Any]]] = [
        ("that is not signed", "bad_signature", {"key": None, "signature": b""}),
        ("that somebody else signed", "bad_signature", {"key": signing_key_of("mallory")}),
        ("with Bob's encryption key", "duplicate_key", {"encryption_key": bob.encryption_key}),
        ("with Bob's signature key", "duplicate_key",
         {"signature_key": bob.signature_key, "key": signing_key_of("bob")}),
        ("with the root's encryption key", "duplicate_key",
         {"encryption_key": lie.parent(3).encryption_key}),
        ("with an encryption key that leads to zeros", "bad_key",
         {"encryption_key": SMALL_ORDER_X25519[0]}),
        ("with an empty encryption key", "bad_key", {"encryption_key": b""}),
        ("with an extension that it does not list", "unlisted_extension",
         {"extensions": (strange,)}),
        ("that does not support the others' credentials", "unsupported_credential",
         {"capabilities": replace(CAPABILITIES, credentials=(0x4A4A,))}),
        ("that does not speak MLS 1.0", "wrong_version",
         {"capabilities": replace(CAPABILITIES, versions=(2,))}),
        ("that was signed for another place", "bad_signature",
         {"source": LeafNodeSource.UPDATE, "lifetime": None, "leaf_index": BOB}),
    ]  # fmt: skip
    listed = []
    for name, expect, changes in rows:
        key = changes.pop("key", dora)
        index = changes.pop("leaf_index", None)
        leaf = lie.leaf(DORA, key, **changes)
        if index is not None:
            leaf = leaf.signed(dora, lie.group.group_id, index)
        listed += _both(f"a tree with a leaf {name}", lie.told((place, leaf)), expect)
    return listed


def _joiners() -> list[Case]:
    """A GroupInfo that is right, and a client that may not join by it."""
    info = _info()
    poor = own_of("erin", capabilities=replace(CAPABILITIES, credentials=(2,)))
    mute = own_of("erin", capabilities=replace(CAPABILITIES, versions=(2,)))
    erin, bob = bundle_of("erin").serialize(), bundle_of("bob").serialize()
    return [
        Case(
            name=f"joining {name}",
            bad=external_join(bundle, info, remove_prior=prior),
            expect=expect,
            good=external_join(good, info, remove_prior=good_prior),
        )
        for name, expect, bundle, prior, good, good_prior in (
            ("in the place of a leaf beyond the tree", "unknown_leaf", erin, 4, erin, None),
            ("beside one's former self", "duplicate_key", bob, None, bob, BOB),
            ("in the place of another beside one's former self", "duplicate_key", bob, CAROL, bob,
             BOB),
            ("without support for one's own credential", "unsupported_credential",
             bundle_of("erin", own=poor).serialize(), None, erin, None),
            ("without speaking MLS 1.0", "wrong_version",
             bundle_of("erin", own=mute).serialize(), None, erin, None),
        )
    ]  # fmt: skip
