"""What a Welcome must be (RFC 9420, 12.4.3.1), as far as it does not depend on a `Group`."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

from crypto.errors import InvalidCommit, InvalidWelcome, Rule
from crypto.keys import Secret
from crypto.mls.key_package import KeyPackageBundle
from crypto.mls.key_schedule import EpochSecrets, GroupContext
from crypto.mls.leaf_node import LeafNode
from crypto.mls.proposal import ReInit
from crypto.mls.psk import PreSharedKeyId, ResumptionUsage
from crypto.mls.public_group import PublicGroup
from crypto.mls.ratchet_tree import RatchetTree
from crypto.mls.transcript import verify_confirmation_tag
from crypto.mls.treekem import keys_from_welcome
from crypto.mls.welcome import GroupSecrets
from crypto.suites import Suite

SameClient = Callable[[LeafNode, LeafNode], bool]
"""Whether two leaves are of one client: the application's to say (11.3)."""
CheckSigner = Callable[[LeafNode], None]
"""Whether to be led into a group by this member: the application's to say, too."""


def check_tag(public: PublicGroup, secrets: EpochSecrets) -> None:
    """Raise `InvalidWelcome` unless the GroupInfo's confirmation tag is of this epoch."""
    try:
        verify_confirmation_tag(
            public.suite,
            secrets.confirmation_key,
            public.context.confirmed_transcript_hash,
            public.confirmation_tag,
        )
    except InvalidCommit as exc:
        raise InvalidWelcome(Rule.BAD_CONFIRMATION_TAG) from exc


def own_leaf(public: PublicGroup, leaf: LeafNode) -> int:
    """Return the leaf that is identical to ours (12.4.3.1)."""
    found = next((index for index, one in public.tree.leaves() if one == leaf), None)
    if found is None:
        raise InvalidWelcome(Rule.NOT_FOR_US)
    return found


def keys_of_newcomer(
    public: PublicGroup, own_leaf: int, signer: int, bundle: KeyPackageBundle, secrets: GroupSecrets
) -> dict[int, Secret]:
    """Return the private keys of a newcomer: its leaf's, and those of the path it came in by."""
    keys = {2 * own_leaf: bundle.encryption_key.copy()}
    if secrets.path_secret is not None:
        keys.update(keys_from_welcome(public.tree, own_leaf, signer, secrets.path_secret))
    _check_all_told(public.tree, own_leaf, keys)
    return keys


def _check_all_told(tree: RatchetTree, own_leaf: int, keys: Collection[int]) -> None:
    """Raise `InvalidWelcome` where a node above us counts on a key that we were not told.

    Not an item of the RFC: the next commit would be encrypted to that key, and lose us.
    """
    for node in tree.direct_path(own_leaf):
        parent = tree.parent(node)
        if parent is not None and own_leaf not in parent.unmerged_leaves and node not in keys:
            raise InvalidWelcome(Rule.PATH_SECRET)


def check_nonces(suite: Suite, psks: Sequence[PreSharedKeyId]) -> None:
    """8.4: the nonce of a PSK is as long as a secret."""
    if any(len(psk.nonce) != suite.secret_size for psk in psks):
        raise InvalidWelcome(Rule.PSK_NONCE)


def link_of(psks: Sequence[PreSharedKeyId]) -> PreSharedKeyId | None:
    """Return the PSK that links a new group to an old one, of which there is one at most."""
    links = [psk for psk in psks if psk.is_for_a_new_group]
    if len(links) > 1:
        raise InvalidWelcome(Rule.PSK_USAGE)
    return links[0] if links else None


def check_link(
    link: PreSharedKeyId, public: PublicGroup, former: PublicGroup | None, same: SameClient
) -> None:
    """12.4.3.1, last item: the new group is the one that the old one said it would be."""
    broken = Rule.NOT_THE_REINIT
    if link.usage is ResumptionUsage.BRANCH:
        broken = Rule.NOT_THE_BRANCH
    if former is None or (former.group_id, former.epoch) != (link.group_id, link.epoch):
        raise InvalidWelcome(broken)
    old = [member.leaf_node for member in former.members()]
    new = [member.leaf_node for member in public.members()]
    context = public.context
    if link.usage is ResumptionUsage.BRANCH:
        expected = context.cipher_suite == former.suite.id and _all_in(new, old, same)
    else:
        expected = _is_reinit(context, former.reinit) and _all_in(old, new, same)
    if context.epoch != 1 or not expected:
        raise InvalidWelcome(broken)


def _is_reinit(context: GroupContext, reinit: ReInit | None) -> bool:
    return reinit is not None and (
        (context.group_id, context.cipher_suite, context.extensions)
        == (reinit.group_id, reinit.cipher_suite, reinit.extensions)
    )


def _all_in(some: Sequence[LeafNode], others: Sequence[LeafNode], same: SameClient) -> bool:
    return all(any(same(one, other) for other in others) for one in some)


def same_credential(one: LeafNode, other: LeafNode) -> bool:
    """Take equal credentials for one client, where the application says nothing else."""
    return one.credential == other.credential
