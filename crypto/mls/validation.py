"""The validations of RFC 9420: one function for each item, in the RFC's order.

Whether a credential says the truth (5.3.1) is not here: `crypto.policy` judges it, on what these
functions let through.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from crypto.errors import (
    BadKey,
    BadSignature,
    InvalidGroupInfo,
    InvalidKeyPackage,
    InvalidLeafNode,
    InvalidProposal,
    InvalidTree,
    Rule,
)
from crypto.mls import tree_math
from crypto.mls.extensions import (
    DEFAULT_EXTENSIONS,
    Extensions,
    RequiredCapabilities,
    check_known_extensions,
)
from crypto.mls.key_package import KEY_PACKAGE_LABEL, KeyPackage
from crypto.mls.leaf_node import LEAF_NODE_LABEL, MLS10, LeafNode, LeafNodeSource
from crypto.mls.proposal import DEFAULT_PROPOSALS
from crypto.mls.ratchet_tree import RatchetTree
from crypto.mls.tree_hash import tree_hash, verify_parent_hashes
from crypto.suites import Suite


def check_leaf_signature(suite: Suite, leaf: LeafNode, group_id: bytes, leaf_index: int) -> None:
    """7.3: the signature on the LeafNode is valid using `signature_key`."""
    tbs = leaf.tbs(group_id, leaf_index)
    try:
        suite.verify_with_label(leaf.signature_key, LEAF_NODE_LABEL, tbs, leaf.signature)
    except BadSignature as exc:
        raise InvalidLeafNode(Rule.BAD_SIGNATURE) from exc


@dataclass(frozen=True, slots=True)
class Demands:
    """What a group's extensions ask of every member, read once for all of them."""

    required_extensions: frozenset[int]
    required_proposals: frozenset[int]
    required_credentials: frozenset[int]
    used_extensions: frozenset[int]

    @classmethod
    def of(cls, extensions: Extensions) -> Demands:
        """Read them from the group context's extensions; the default types need no support."""
        required = RequiredCapabilities.of(extensions)
        return cls(
            frozenset(required.extension_types) - DEFAULT_EXTENSIONS,
            frozenset(required.proposal_types) - DEFAULT_PROPOSALS,
            frozenset(required.credential_types),
            frozenset(one.type for one in extensions) - DEFAULT_EXTENSIONS,
        )

    @property
    def are_none(self) -> bool:
        """Tell whether anybody meets them."""
        required = self.required_extensions | self.required_proposals | self.required_credentials
        return not required and not self.used_extensions


def check_required_capabilities(leaf: LeafNode, demands: Demands) -> None:
    """7.3: what the group requires is listed in the leaf's capabilities."""
    listed = leaf.capabilities
    if not (
        demands.required_extensions.issubset(listed.extensions)
        and demands.required_proposals.issubset(listed.proposals)
        and demands.required_credentials.issubset(listed.credentials)
    ):
        raise InvalidLeafNode(Rule.MISSING_CAPABILITY)


def check_group_extensions(leaf: LeafNode, demands: Demands) -> None:
    """13.4: the leaf supports each extension of the group context."""
    if not demands.used_extensions.issubset(leaf.capabilities.extensions):
        raise InvalidLeafNode(Rule.UNSUPPORTED_EXTENSION)


def check_credential_types(tree: RatchetTree) -> None:
    """7.3: each credential type in use is supported by every member."""
    used = {leaf.credential.type for _, leaf in tree.leaves()}
    if not all(used.issubset(leaf.capabilities.credentials) for _, leaf in tree.leaves()):
        raise InvalidLeafNode(Rule.UNSUPPORTED_CREDENTIAL)


def check_lifetime(leaf: LeafNode, now: int) -> None:
    """7.3: the current time is within the range of the lifetime.

    Judged where a leaf enters; a leaf that has expired in the tree blocks nobody.
    """
    if leaf.lifetime is not None and not leaf.lifetime.includes(now):
        raise InvalidLeafNode(Rule.BAD_LIFETIME)


def check_leaf_extensions(leaf: LeafNode) -> None:
    """7.3: each extension of the leaf is listed in its own capabilities; 13.4: none twice."""
    used = {one.type for one in leaf.extensions} - DEFAULT_EXTENSIONS
    if not used <= set(leaf.capabilities.extensions):
        raise InvalidLeafNode(Rule.UNLISTED_EXTENSION)
    if len({one.type for one in leaf.extensions}) != len(leaf.extensions):
        raise InvalidLeafNode(Rule.DUPLICATE_EXTENSION)


def check_own_credential(leaf: LeafNode) -> None:
    """7.2: the credential's type is listed in the leaf's own capabilities."""
    if leaf.credential.type not in leaf.capabilities.credentials:
        raise InvalidLeafNode(Rule.UNSUPPORTED_CREDENTIAL)


def check_version(leaf: LeafNode) -> None:
    """7.2: the leaf's client speaks MLS 1.0."""
    if MLS10 not in leaf.capabilities.versions:
        raise InvalidLeafNode(Rule.WRONG_VERSION)


def check_source(leaf: LeafNode, source: LeafNodeSource) -> None:
    """7.3: the leaf comes from where it stands."""
    if leaf.source is not source:
        raise InvalidLeafNode(Rule.WRONG_SOURCE)


def check_new_encryption_key(leaf: LeafNode, replaced: LeafNode) -> None:
    """7.3, 12.4.2: the encryption key is not that of the leaf being replaced."""
    if leaf.encryption_key == replaced.encryption_key:
        raise InvalidLeafNode(Rule.SAME_KEY)


def check_encryption_key(suite: Suite, public: bytes) -> None:
    """Not an item of the RFC: a key to which nobody can encrypt would stop every later commit."""
    try:
        suite.check_hpke_key(public)
    except BadKey as exc:
        raise InvalidLeafNode(Rule.BAD_KEY) from exc


def check_unique_keys(tree: RatchetTree) -> None:
    """7.3, 12.4.3.1: signature keys are unique among leaves, encryption keys in the tree."""
    signature_keys = [leaf.signature_key for _, leaf in tree.leaves()]
    encryption_keys = [leaf.encryption_key for _, leaf in tree.leaves()]
    encryption_keys += [node.encryption_key for _, node in tree.parents()]
    for keys in (signature_keys, encryption_keys):
        if len(set(keys)) != len(keys):
            raise InvalidTree(Rule.DUPLICATE_KEY)


def check_leaf(
    suite: Suite, leaf: LeafNode, extensions: Extensions, source: LeafNodeSource
) -> None:
    """7.3: everything about a leaf that does not depend on its place or its neighbours."""
    demands = Demands.of(extensions)
    check_required_capabilities(leaf, demands)
    check_group_extensions(leaf, demands)
    check_own_credential(leaf)
    check_version(leaf)
    check_leaf_extensions(leaf)
    check_source(leaf, source)
    check_encryption_key(suite, leaf.encryption_key)


def check_key_package(suite: Suite, package: KeyPackage, extensions: Extensions, now: int) -> None:
    """10.1: suite and version, leaf, signature, and an init key of its own."""
    if package.version != MLS10:
        raise InvalidKeyPackage(Rule.WRONG_VERSION)
    if package.cipher_suite != suite.id:
        raise InvalidKeyPackage(Rule.WRONG_SUITE)
    leaf = package.leaf_node
    check_leaf(suite, leaf, extensions, LeafNodeSource.KEY_PACKAGE)
    check_lifetime(leaf, now)
    check_leaf_signature(suite, leaf, b"", 0)
    _check_key_package_signature(suite, package)
    if leaf.encryption_key == package.init_key:
        raise InvalidKeyPackage(Rule.SAME_KEY)
    if len({one.type for one in package.extensions}) != len(package.extensions):
        raise InvalidKeyPackage(Rule.DUPLICATE_EXTENSION)
    try:
        suite.check_hpke_key(package.init_key)
    except BadKey as exc:
        raise InvalidKeyPackage(Rule.BAD_KEY) from exc


def _check_key_package_signature(suite: Suite, package: KeyPackage) -> None:
    key = package.leaf_node.signature_key
    try:
        suite.verify_with_label(key, KEY_PACKAGE_LABEL, package.tbs(), package.signature)
    except BadSignature as exc:
        raise InvalidKeyPackage(Rule.BAD_SIGNATURE) from exc


def check_context_extensions(extensions: Extensions) -> None:
    """13.4: no type twice; and those this code looks into can be read."""
    if len({one.type for one in extensions}) != len(extensions):
        raise InvalidProposal(Rule.DUPLICATE_EXTENSION)
    check_known_extensions(extensions)


def check_info_extensions(extensions: Extensions) -> None:
    """13.4: no type twice in a GroupInfo; unknown ones are nobody's business."""
    if len({one.type for one in extensions}) != len(extensions):
        raise InvalidGroupInfo(Rule.DUPLICATE_EXTENSION)


def check_members_support(tree: RatchetTree, extensions: Extensions) -> None:
    """12.1.7: every member supports what the group's extensions ask."""
    demands = Demands.of(extensions)
    if demands.are_none:
        return
    for _, leaf in tree.leaves():
        check_required_capabilities(leaf, demands)
        check_group_extensions(leaf, demands)


def check_tree_hash(tree: RatchetTree, wanted: bytes) -> None:
    """12.4.3.1: the tree is the one that the group context names."""
    if tree_hash(tree) != wanted:
        raise InvalidTree(Rule.TREE_HASH)


def check_unmerged_leaves(tree: RatchetTree) -> None:
    """12.4.3.1: each unmerged leaf is a member below, and unmerged all the way down."""
    unmerged = {index: frozenset(node.unmerged_leaves) for index, node in tree.parents()}
    for index, node in tree.parents():
        if list(node.unmerged_leaves) != sorted(unmerged[index]):
            raise InvalidTree(Rule.UNMERGED_LEAVES)
        for leaf in node.unmerged_leaves:
            _check_unmerged(tree, unmerged, index, leaf)


def _check_unmerged(
    tree: RatchetTree, unmerged: Mapping[int, frozenset[int]], top: int, leaf: int
) -> None:
    if tree.leaf(leaf) is None or not tree_math.in_subtree(2 * leaf, top):
        raise InvalidTree(Rule.UNMERGED_LEAVES)
    for between in tree.direct_path(leaf):
        if between == top:
            return
        if between in unmerged and leaf not in unmerged[between]:
            raise InvalidTree(Rule.UNMERGED_LEAVES)


def check_tree(tree: RatchetTree, group_id: bytes, extensions: Extensions) -> None:
    """12.4.3.1: the integrity of a tree that comes with a Welcome or a GroupInfo."""
    # Before the parent hashes, which believe what a node says of its unmerged leaves.
    check_unmerged_leaves(tree)
    verify_parent_hashes(tree)
    for index, leaf in tree.leaves():
        check_leaf(tree.suite, leaf, extensions, leaf.source)
        check_leaf_signature(tree.suite, leaf, group_id, index)
    check_unique_keys(tree)
    check_credential_types(tree)


def check_joinable(leaf: LeafNode, extensions: Extensions) -> None:
    """13.4: a client joins a group only if it supports every extension of its context."""
    try:
        check_group_extensions(leaf, Demands.of(extensions))
    except InvalidLeafNode as exc:
        raise InvalidGroupInfo(Rule.UNSUPPORTED_EXTENSION) from exc
