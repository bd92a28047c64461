"""Lists of proposals (RFC 9420, 12.2 and 12.3): which a commit may hold, and what they do."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

from crypto.errors import InvalidCommit, InvalidProposal, Rule
from crypto.mls import validation
from crypto.mls.extensions import Extensions
from crypto.mls.framing import Sender, SenderType
from crypto.mls.key_package import KeyPackage
from crypto.mls.leaf_node import MLS10, LeafNodeSource
from crypto.mls.proposal import (
    ALLOWED_TO_EXTERNAL_SENDERS,
    PATH_REQUIRED,
    Add,
    ExternalInit,
    GroupContextExtensions,
    PreSharedKey,
    Proposal,
    ProposalOrRef,
    ProposalRef,
    ReInit,
    Remove,
    Update,
)
from crypto.mls.psk import PreSharedKeyId
from crypto.mls.ratchet_tree import RatchetTree
from crypto.suites import Suite

_AnyProposal = TypeVar("_AnyProposal", bound=Proposal)

_IN_EXTERNAL_COMMITS: Final = (ExternalInit, Remove, PreSharedKey)


@dataclass(frozen=True, slots=True)
class SentProposal:
    """A proposal, who made it, and the reference by which it was committed, if by one."""

    proposal: Proposal
    sender: Sender
    reference: bytes | None
    authenticated_data: bytes = b""
    """What it was sent with: of the hub's Remove, the justification."""

    @property
    def sender_leaf(self) -> int:
        """Return the leaf of the member who made it; raise `InvalidProposal` where none did."""
        if self.sender.type is not SenderType.MEMBER or self.sender.index is None:
            raise InvalidProposal(Rule.FORBIDDEN_SENDER)
        return self.sender.index


ProposalList = Sequence[SentProposal]


def of_kind(
    proposals: ProposalList, kind: type[_AnyProposal]
) -> list[tuple[SentProposal, _AnyProposal]]:
    """Return the proposals of one kind, in their order."""
    return [(one, one.proposal) for one in proposals if isinstance(one.proposal, kind)]


def resolve(
    items: Sequence[ProposalOrRef], committer: Sender, cached: Mapping[bytes, SentProposal]
) -> tuple[SentProposal, ...]:
    """Return the proposals that a commit names: its own, and those sent before."""
    proposals = []
    for item in items:
        if not isinstance(item, ProposalRef):
            proposals.append(SentProposal(item, committer, None))
            continue
        if committer.type is not SenderType.MEMBER:
            raise InvalidCommit(Rule.REFERENCE_IN_EXTERNAL_COMMIT)
        sent = cached.get(item.reference)
        if sent is None:
            raise InvalidCommit(Rule.UNKNOWN_PROPOSAL)
        proposals.append(sent)
    return tuple(proposals)


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """The state of the group against which a list is judged."""

    suite: Suite
    tree: RatchetTree
    extensions: Extensions
    """As they are once the list's GroupContextExtensions has replaced them (12.3)."""
    now: int
    is_new: bool = False
    """Whether the commit founds a group linked to an old one (11.2, 11.3)."""


def new_extensions(proposals: ProposalList, extensions: Extensions) -> Extensions:
    """Return the group's extensions after the list; they count for the list itself (12.3)."""
    replaced = of_kind(proposals, GroupContextExtensions)
    return replaced[0][1].extensions if replaced else extensions


def check_proposal(sent: SentProposal, judged: Judged) -> None:
    """12.1: one proposal by itself, as soon as it is received."""
    _check_sender(sent)
    match sent.proposal:
        case Add(package):
            validation.check_key_package(judged.suite, package, judged.extensions, judged.now)
        case Update():
            _check_update(sent, sent.proposal, judged)
        case Remove(removed):
            judged.tree.member(removed)
        case PreSharedKey(psk):
            _check_psk(psk, judged)
        case ReInit(version=version, extensions=extensions):
            if version < MLS10:
                raise InvalidProposal(Rule.WRONG_VERSION)
            validation.check_context_extensions(extensions)
        case GroupContextExtensions(extensions):
            validation.check_context_extensions(extensions)
        case ExternalInit():
            pass  # a place in a list is all it has: 12.2 judges that


def _check_sender(sent: SentProposal) -> None:
    """12.1.8: what may be proposed from outside."""
    kind = type(sent.proposal)
    if sent.sender.type is SenderType.EXTERNAL and kind not in ALLOWED_TO_EXTERNAL_SENDERS:
        raise InvalidProposal(Rule.FORBIDDEN_SENDER)
    if sent.sender.type is SenderType.NEW_MEMBER_PROPOSAL and kind is not Add:
        raise InvalidProposal(Rule.FORBIDDEN_SENDER)


def _check_update(sent: SentProposal, update: Update, judged: Judged) -> None:
    """12.1.2."""
    leaf, index = update.leaf_node, sent.sender_leaf
    validation.check_leaf(judged.suite, leaf, judged.extensions, LeafNodeSource.UPDATE)
    validation.check_new_encryption_key(leaf, judged.tree.member(index))


def check_update_signature(suite: Suite, sent: SentProposal, update: Update, group: bytes) -> None:
    """12.1.2: the leaf is signed for its place in this group."""
    validation.check_leaf_signature(suite, update.leaf_node, group, sent.sender_leaf)


def _check_psk(psk: PreSharedKeyId, judged: Judged) -> None:
    """12.1.4."""
    if psk.is_for_a_new_group and not judged.is_new:
        raise InvalidProposal(Rule.PSK_USAGE)
    if len(psk.nonce) != judged.suite.secret_size:
        raise InvalidProposal(Rule.PSK_NONCE)


def check_list(proposals: ProposalList, committer: int, judged: Judged) -> None:
    """12.2: the list of a commit by the member at leaf `committer`."""
    for one in proposals:
        check_proposal(one, judged)
    if any(one.sender_leaf == committer for one, _ in of_kind(proposals, Update)):
        raise InvalidProposal(Rule.OWN_UPDATE)
    if any(remove.removed == committer for _, remove in of_kind(proposals, Remove)):
        raise InvalidProposal(Rule.OWN_REMOVE)
    _check_one_change_per_leaf(proposals)
    _check_psks_once(proposals)
    if len(of_kind(proposals, GroupContextExtensions)) > 1:
        raise InvalidProposal(Rule.SEVERAL_EXTENSIONS)
    if of_kind(proposals, ReInit) and len(proposals) > 1:
        raise InvalidProposal(Rule.REINIT_NOT_ALONE)
    if of_kind(proposals, ExternalInit):
        raise InvalidProposal(Rule.EXTERNAL_INIT)


def check_external_list(proposals: ProposalList, judged: Judged) -> None:
    """12.2: the list of an external commit."""
    if any(not isinstance(one.proposal, _IN_EXTERNAL_COMMITS) for one in proposals):
        raise InvalidProposal(Rule.FORBIDDEN_SENDER)
    if len(of_kind(proposals, ExternalInit)) != 1:
        raise InvalidProposal(Rule.EXTERNAL_INIT)
    if len(of_kind(proposals, Remove)) > 1:
        raise InvalidProposal(Rule.SAME_LEAF_TWICE)
    for one in proposals:
        check_proposal(one, judged)
    _check_psks_once(proposals)


def _check_one_change_per_leaf(proposals: ProposalList) -> None:
    updated = [one.sender_leaf for one, _ in of_kind(proposals, Update)]
    removed = [remove.removed for _, remove in of_kind(proposals, Remove)]
    if any(times > 1 for times in Counter(updated + removed).values()):
        raise InvalidProposal(Rule.SAME_LEAF_TWICE)


def _check_psks_once(proposals: ProposalList) -> None:
    psks = [one.psk for _, one in of_kind(proposals, PreSharedKey)]
    if len(set(psks)) != len(psks):
        raise InvalidProposal(Rule.DUPLICATE_PSK)


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """What a list does to the tree, and who comes and goes by it."""

    tree: RatchetTree
    added: tuple[tuple[int, KeyPackage], ...]
    removed: tuple[int, ...]
    updated: tuple[int, ...]


def apply_to_tree(tree: RatchetTree, proposals: ProposalList) -> Applied:
    """12.3: updates, then removes, then adds."""
    updated, removed, added = [], [], []
    for sent, update in of_kind(proposals, Update):
        tree.member(sent.sender_leaf)
        tree = tree.with_update(sent.sender_leaf, update.leaf_node)
        updated.append(sent.sender_leaf)
    for _, remove in of_kind(proposals, Remove):
        tree.member(remove.removed)
        removed.append(remove.removed)
    tree = tree.without_members(removed)
    for _, add in of_kind(proposals, Add):
        tree, index = tree.with_member(add.key_package.leaf_node)
        added.append((index, add.key_package))
    return Applied(tree=tree, added=tuple(added), removed=tuple(removed), updated=tuple(updated))


def needs_path(proposals: ProposalList) -> bool:
    """12.4: a commit of nothing has a path, and one that changes members or the group."""
    return not proposals or any(isinstance(one.proposal, PATH_REQUIRED) for one in proposals)


def psk_ids(proposals: ProposalList) -> tuple[PreSharedKeyId, ...]:
    """Return the PSKs that a list mixes in, in its order."""
    return tuple(one.psk for _, one in of_kind(proposals, PreSharedKey))


def committable(remembered: Mapping[bytes, SentProposal], own_leaf: int) -> list[bytes]:
    """Return the references of what a member may commit of all it has received (12.2).

    Not its own Updates, nor what removes it; of several that change one leaf the Remove of an
    external sender (the hub insists on its own), else a Remove, else the last Update; of several
    GroupContextExtensions the last; a ReInit only where there is no other.
    """
    chosen: dict[object, SentProposal] = {}
    for sent in remembered.values():
        place = _place_of(sent)
        held = chosen.get(place)
        is_beaten = held is not None and _rank(held) > _rank(sent)
        if not is_beaten and not _is_ours_to_leave(sent, own_leaf):
            chosen[place] = sent
    reinits = [one for one in chosen.values() if isinstance(one.proposal, ReInit)]
    others = [one for one in chosen.values() if not isinstance(one.proposal, ReInit)]
    return [one.reference for one in others or reinits[:1] if one.reference is not None]


def _rank(sent: SentProposal) -> int:
    if not isinstance(sent.proposal, Remove):
        return 0
    return 2 if sent.sender.type is SenderType.EXTERNAL else 1


def _is_ours_to_leave(sent: SentProposal, own_leaf: int) -> bool:
    """Tell whether a member may not commit a proposal: its own Update, or its own removal."""
    if isinstance(sent.proposal, Remove):
        return sent.proposal.removed == own_leaf
    is_ours = sent.sender.type is SenderType.MEMBER and sent.sender.index == own_leaf
    return isinstance(sent.proposal, Update) and is_ours


def _place_of(sent: SentProposal) -> object:
    """Return what two proposals of one commit must not both be about."""
    match sent.proposal:
        case Remove(removed):
            return removed
        case Update():
            return sent.sender_leaf
        case GroupContextExtensions():
            return GroupContextExtensions
        case PreSharedKey(psk):
            return psk
        case _:
            return sent.reference
