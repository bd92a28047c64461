"""The rules of the RFC, one by one, on trees and lists that break one each."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from crypto.errors import CryptoError
from crypto.mls import validation
from crypto.mls.credential import Credential
from crypto.mls.extensions import Extension, RequiredCapabilities
from crypto.mls.framing import Sender, SenderType
from crypto.mls.key_package import KeyPackage, KeyPackageBundle
from crypto.mls.leaf_node import Capabilities, LeafNode, LeafNodeSource, Lifetime
from crypto.mls.proposal import GroupContextExtensions, Proposal, ReInit, Remove, Update
from crypto.mls.proposal_list import SentProposal, committable
from crypto.mls.ratchet_tree import ParentNode, RatchetTree
from tests.crypto.mls.members import NOW, PRIVATE_USE, SUITE, Client, Room, a_random, an_own


def a_package(**changes: Any) -> KeyPackage:
    """Return a key package of a client with other parameters, rightly signed."""
    random = a_random("someone")
    return KeyPackageBundle.create(SUITE, an_own("someone", random, **changes), random).key_package


def resigned(package: KeyPackage, **changes: Any) -> KeyPackage:
    """Return a changed key package, signed again by its owner."""
    own = an_own("someone", a_random("someone"))
    return replace(package, **changes).signed(SUITE.signing_key(own.signature_key))


def capabilities(**changes: Any) -> Capabilities:
    fields: dict[str, Any] = {
        "cipher_suites": (1,),
        "extensions": (PRIVATE_USE,),
        "credentials": (1,),
    }
    return Capabilities(**{**fields, **changes})


GOOD = a_package()
WRONG_PACKAGES: dict[str, tuple[KeyPackage, str]] = {
    "another version": (resigned(GOOD, version=2), "wrong_version"),
    "another suite": (resigned(GOOD, cipher_suite=3), "wrong_suite"),
    "not signed": (replace(GOOD, signature=bytes(64)), "bad_signature"),
    "a leaf not signed": (
        resigned(GOOD, leaf_node=replace(GOOD.leaf_node, signature=b"")),
        "bad_signature",
    ),
    "one key for two uses": (
        resigned(GOOD, init_key=GOOD.leaf_node.encryption_key),
        "same_key",
    ),
    "a useless init key": (resigned(GOOD, init_key=bytes(32)), "bad_key"),
    "an extension twice": (
        resigned(GOOD, extensions=(Extension(9, b""), Extension(9, b""))),
        "duplicate_extension",
    ),
    "not yet valid": (a_package(lifetime=Lifetime(NOW + 1, NOW + 2)), "bad_lifetime"),
    "no longer valid": (a_package(lifetime=Lifetime(0, NOW - 1)), "bad_lifetime"),
    "a credential it does not list": (
        a_package(credential=Credential(0xF000, b"")),
        "unsupported_credential",
    ),
    "an extension it does not list": (
        a_package(extensions=(Extension(0x0A0A, b""),)),
        "unlisted_extension",
    ),
    "a leaf extension twice": (
        a_package(extensions=(Extension(1, b"a"), Extension(1, b"b"))),
        "duplicate_extension",
    ),
    "not MLS 1.0": (a_package(capabilities=capabilities(versions=(2,))), "wrong_version"),
    "without the group's extension": (
        a_package(capabilities=capabilities(extensions=())),
        "missing_capability",
    ),
}
DEMANDS = (
    RequiredCapabilities(extension_types=(PRIVATE_USE,), credential_types=(1,)).as_extension(),
    Extension(PRIVATE_USE, b""),
)


@pytest.mark.parametrize("fault", WRONG_PACKAGES)
def test_a_wrong_key_package_is_refused(fault: str) -> None:
    """RFC 9420, 10.1 and 7.3, item by item."""
    package, code = WRONG_PACKAGES[fault]

    with pytest.raises(CryptoError) as refused:
        validation.check_key_package(SUITE, package, DEMANDS, NOW)

    assert refused.value.code == code


def test_unknown_and_grease_values_are_ignored() -> None:
    """RFC 9420, 13.5: in capabilities, and in extensions that are listed."""
    grease = 0x0A0A
    package = a_package(
        capabilities=capabilities(
            cipher_suites=(1, grease),
            extensions=(PRIVATE_USE, grease),
            proposals=(grease,),
            credentials=(1, grease),
        ),
        extensions=(Extension(grease, b"anything"),),
    )

    validation.check_key_package(SUITE, package, DEMANDS, NOW)


def test_a_suite_need_not_be_listed() -> None:
    """The RFC asks for no such check, and recorded leaves of suite 7 do not list it."""
    validation.check_key_package(
        SUITE, a_package(capabilities=capabilities(cipher_suites=())), (), NOW
    )


def leaf(name: str, **changes: Any) -> LeafNode:
    return replace(Client(name=name).bundle.key_package.leaf_node, **changes)


def a_tree(*leaves: LeafNode) -> RatchetTree:
    tree = RatchetTree.of_one(SUITE, leaves[0])
    for one in leaves[1:]:
        tree, _ = tree.with_member(one)
    return tree


def test_keys_are_unique_in_a_tree() -> None:
    """Signature keys among leaves, encryption keys among all nodes."""
    ada, bob = leaf("ada"), leaf("bob")
    validation.check_unique_keys(a_tree(ada, bob))

    for tree in (
        a_tree(ada, replace(bob, signature_key=ada.signature_key)),
        a_tree(ada, replace(bob, encryption_key=ada.encryption_key)),
        a_tree(ada, bob).with_nodes({1: ParentNode(ada.encryption_key)}),
    ):
        with pytest.raises(CryptoError, match="duplicate_key"):
            validation.check_unique_keys(tree)


def test_credentials_in_use_are_supported_by_all() -> None:
    """One member's type that another does not know keeps one of them out."""
    ada = leaf("ada")
    private = replace(
        leaf("bob"),
        credential=Credential(0xF000, b""),
        capabilities=capabilities(credentials=(1, 0xF000)),
    )

    with pytest.raises(CryptoError, match="unsupported_credential"):
        validation.check_credential_types(a_tree(ada, private))


@pytest.mark.parametrize("unmerged", [(1, 0), (0, 0), (2,), (3,), (500,)])
def test_unmerged_leaves_are_members_below_in_order(unmerged: tuple[int, ...]) -> None:
    """Sorted, once each, not blank, under the node."""
    tree = a_tree(leaf("ada"), leaf("bob"), leaf("cyd"))
    tree = tree.with_nodes({1: ParentNode(b"key", b"", unmerged)})

    with pytest.raises(CryptoError, match="unmerged_leaves"):
        validation.check_unmerged_leaves(tree)


def test_an_unmerged_leaf_is_unmerged_all_the_way() -> None:
    """A node between that claims it as merged contradicts the one above."""
    tree = a_tree(leaf("ada"), leaf("bob"), leaf("cyd"))
    top = ParentNode(b"top", b"", (1,))

    validation.check_unmerged_leaves(tree.with_nodes({3: top}))
    with pytest.raises(CryptoError, match="unmerged_leaves"):
        validation.check_unmerged_leaves(tree.with_nodes({3: top, 1: ParentNode(b"between")}))


def test_a_leaf_stands_where_it_comes_from() -> None:
    """A leaf of a key package is no update."""
    with pytest.raises(CryptoError, match="wrong_source"):
        validation.check_source(leaf("ada"), LeafNodeSource.UPDATE)


def test_a_client_joins_what_it_supports() -> None:
    """RFC 9420, 13.4: an extension of the group that it does not know keeps it out."""
    validation.check_joinable(leaf("ada"), (Extension(PRIVATE_USE, b""),))

    with pytest.raises(CryptoError, match="unsupported_extension"):
        validation.check_joinable(leaf("ada"), (Extension(0xF777, b""),))


def sent(name: str, proposal: Proposal, by: int) -> SentProposal:
    return SentProposal(proposal, Sender(SenderType.MEMBER, by), name.encode())


def chosen(*proposals: SentProposal, own_leaf: int = 0) -> list[bytes]:
    remembered = {one.reference: one for one in proposals if one.reference is not None}
    return committable(remembered, own_leaf)


def test_a_committer_chooses_what_makes_a_valid_list() -> None:
    """RFC 9420, 12.2: the Remove before the Update, the last Update, no own ones, ReInit alone."""
    first, second = (sent(name, Update(leaf("bob")), 1) for name in ("u1", "u2"))
    remove = sent("r", Remove(1), 2)
    reinit = sent("i", ReInit(group_id=b"n", version=1, cipher_suite=1), 1)

    assert chosen(first, second) == [b"u2"]
    assert chosen(first, remove, second) == [b"r"]
    assert chosen(first, own_leaf=1) == []
    assert chosen(remove, own_leaf=1) == []
    assert chosen(reinit, first) == [b"u1"]
    assert chosen(reinit) == [b"i"]
    extensions = [sent(name, GroupContextExtensions(()), 1) for name in ("g1", "g2")]
    assert chosen(*extensions) == [b"g2"]
    # The hub insists on its own Remove, whichever came first.
    hub = SentProposal(Remove(1), Sender(SenderType.EXTERNAL, 0), b"h")
    assert chosen(remove, hub) == chosen(hub, remove) == chosen(hub, first) == [b"h"]


def test_a_room_full_of_proposals_is_committed_at_once() -> None:
    """What `commit` chooses by itself is a list that everybody accepts."""
    room = Room("ada", "bob", "cyd", "dan")
    room.propose_update("bob")
    room.propose_update("cyd")
    room.propose("bob", Remove(room.leaf("cyd")))
    room.propose_update("ada")
    room.propose("cyd", room.client("eve").add())

    room.commit("ada", joining=["eve"])

    assert set(room.groups) == {"ada", "bob", "dan", "eve"}
    room.assert_agreed()
    room.assert_hub_agrees()
