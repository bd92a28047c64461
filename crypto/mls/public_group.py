"""What anybody can know and check of a group without a secret: the hub's face of MLS.

A `PublicGroup` is one epoch: the group context, the whole public tree, the transcript. It verifies
signatures, judges proposals and commits by every rule that needs no secret, and returns the next
epoch. A member's `Group` holds one and adds the secrets. Nothing here changes: what is refused
leaves the object as it was.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, Literal

from crypto.encoding import Reader, Struct, Writer
from crypto.errors import (
    InvalidCommit,
    InvalidGroupInfo,
    InvalidLeafNode,
    InvalidMessage,
    InvalidProposal,
    InvalidState,
    InvalidTree,
    InvalidWelcome,
    MalformedInput,
    Rule,
)
from crypto.mls import validation
from crypto.mls.commit import Commit, UpdatePath
from crypto.mls.content import AuthData, AuthenticatedContent, FramedContent
from crypto.mls.extensions import (
    Extensions,
    ExtensionType,
    external_pub,
    external_senders,
    find_extension,
)
from crypto.mls.framing import ContentType, Sender, SenderType, WireFormat
from crypto.mls.group_info import GroupInfo
from crypto.mls.key_package import KeyPackage
from crypto.mls.key_schedule import GroupContext
from crypto.mls.leaf_node import LeafNode, LeafNodeSource
from crypto.mls.message import (
    PublicMessage,
    decode_group_info,
    decode_message,
    decode_welcome,
    encode_message,
)
from crypto.mls.proposal import (
    Add,
    ExternalInit,
    Proposal,
    ProposalOrRef,
    ProposalRef,
    ReInit,
    Update,
)
from crypto.mls.proposal_list import (
    Judged,
    SentProposal,
    apply_to_tree,
    check_external_list,
    check_list,
    check_proposal,
    check_update_signature,
    needs_path,
    new_extensions,
    of_kind,
    psk_ids,
    resolve,
)
from crypto.mls.protection import protect_public, sign_content, verify_content
from crypto.mls.psk import PreSharedKeyId
from crypto.mls.ratchet_tree import RatchetTree
from crypto.mls.transcript import confirmed_transcript_hash, interim_transcript_hash
from crypto.mls.tree_hash import tree_hash
from crypto.mls.treekem import check_recipients, merge_path
from crypto.suites import SigningKey, Suite, suite_of

MAX_PROPOSALS: Final = 1_024
"""Proposals that an epoch remembers; a commit of more would be beyond any frame."""

_STATE_VERSION: Final = 1
_STATE_WHAT: Final = 3


@dataclass(frozen=True, slots=True)
class Member:
    """A leaf and its place."""

    leaf_index: int
    leaf_node: LeafNode


@dataclass(frozen=True, slots=True)
class Replaced:
    """A leaf that another one took the place of, by an Update or by its owner's path."""

    leaf_index: int
    before: LeafNode
    after: LeafNode


@dataclass(frozen=True, slots=True, kw_only=True)
class StagedList:
    """What a list of proposals makes of the group, before any path."""

    proposals: tuple[SentProposal, ...]
    tree: RatchetTree
    extensions: Extensions
    added: tuple[tuple[int, KeyPackage], ...]
    removed: tuple[Member, ...]
    updated: tuple[Replaced, ...]

    @property
    def newcomers(self) -> tuple[int, ...]:
        """Return the leaves of those added, to whom no path secret is encrypted."""
        return tuple(index for index, _ in self.added)

    @property
    def psks(self) -> tuple[PreSharedKeyId, ...]:
        """Return the PSKs to mix in."""
        return psk_ids(self.proposals)

    @property
    def external_init(self) -> ExternalInit | None:
        """Return a newcomer's init secret, encrypted."""
        found = of_kind(self.proposals, ExternalInit)
        return found[0][1] if found else None

    @property
    def reinit(self) -> ReInit | None:
        """Return what closes the group."""
        found = of_kind(self.proposals, ReInit)
        return found[0][1] if found else None


@dataclass(frozen=True, slots=True, kw_only=True)
class StagedCommit:
    """A commit of which everything that needs no secret is verified."""

    message: AuthenticatedContent
    list: StagedList
    committer: int
    """The committer's leaf: in an external commit, the one it takes."""
    path: UpdatePath | None
    tree: RatchetTree
    context: GroupContext
    """The provisional one: the new epoch, with the old transcript (12.4.2)."""
    updated: tuple[Replaced, ...]
    joined: Member | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CommitEffects:
    """Who commits, and what changes by it: what policy judges."""

    kind: Literal["member", "join", "resync"]
    committer: Member
    """As its leaf stands in the new epoch."""
    authenticated_data: bytes
    proposals: tuple[SentProposal, ...]
    added: tuple[Member, ...]
    removed: tuple[Member, ...]
    updated: tuple[Replaced, ...]
    extensions_before: Extensions
    extensions_after: Extensions

    @property
    def external(self) -> bool:
        """Tell whether somebody came in, or came back, by it."""
        return self.kind != "member"


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedCommit(CommitEffects):
    """A commit that the hub may accept, as far as RFC 9420 goes. Policy has the last word."""

    group_info: GroupInfo
    next: PublicGroup


_Merged = tuple[RatchetTree, int, Member | None, tuple[Replaced, ...]]
"""The tree with a path, the committer's leaf, whoever joined by it, and whose leaf it replaced."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicGroup(Struct):
    """One epoch of a group, as anybody may know it."""

    suite: Suite
    context: GroupContext
    tree: RatchetTree
    interim_transcript_hash: bytes
    confirmation_tag: bytes
    proposals: Mapping[bytes, AuthenticatedContent] = field(default_factory=dict)
    """Those verified in this epoch, by reference."""
    reinit: ReInit | None = None
    """What closed the group: nothing is sent in it any more (12.4.2)."""
    context_bytes: bytes = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        # Each signature of the epoch covers them: encoded once.
        object.__setattr__(self, "context_bytes", self.context.encode())

    @classmethod
    def found(cls, group_info: bytes, *, ratchet_tree: bytes | None = None) -> PublicGroup:
        """Begin from a signed GroupInfo (an MLSMessage), verified down to each leaf and hash."""
        return cls.of_info(decode_group_info(group_info), ratchet_tree=ratchet_tree)

    @classmethod
    def of_info(cls, info: GroupInfo, *, ratchet_tree: bytes | None = None) -> PublicGroup:
        """Begin from a GroupInfo: everything of 12.4.3.1 that needs no secret."""
        context = info.group_context
        suite = suite_of(context.cipher_suite)
        tree = _tree_of(info, suite, ratchet_tree)
        signer = tree.leaf(info.signer)
        if signer is None:
            raise InvalidGroupInfo(Rule.WRONG_SIGNER)
        info.verify(suite, signer.signature_key)
        validation.check_info_extensions(info.extensions)
        validation.check_context_extensions(context.extensions)
        validation.check_tree_hash(tree, context.tree_hash)
        validation.check_tree(tree, context.group_id, context.extensions)
        return cls(
            suite=suite,
            context=context,
            tree=tree,
            interim_transcript_hash=interim_transcript_hash(
                suite, context.confirmed_transcript_hash, info.confirmation_tag
            ),
            confirmation_tag=info.confirmation_tag,
        )

    @property
    def group_id(self) -> bytes:
        """Return the group's id."""
        return self.context.group_id

    @property
    def epoch(self) -> int:
        """Return the number of this epoch."""
        return self.context.epoch

    def members(self) -> tuple[Member, ...]:
        """Return the members, in the order of their leaves."""
        return tuple(Member(index, leaf) for index, leaf in self.tree.leaves())

    def remembered(self) -> dict[bytes, SentProposal]:
        """Return the proposals of this epoch, by reference."""
        return {ref: _sent(message, ref) for ref, message in self.proposals.items()}

    def check_epoch(self, group_id: bytes, epoch: int) -> None:
        """Raise `InvalidMessage` unless a message is for this group and epoch."""
        if group_id != self.context.group_id:
            raise InvalidMessage(Rule.WRONG_GROUP)
        if epoch != self.context.epoch:
            raise InvalidMessage(Rule.WRONG_EPOCH)

    def check_open(self) -> None:
        """Raise `InvalidState` where a ReInit has closed the group (12.4.2)."""
        if self.reinit is not None:
            raise InvalidState(Rule.GROUP_CLOSED)

    def verify(self, message: AuthenticatedContent) -> AuthenticatedContent:
        """Return the message if it is of this epoch and signed by who says they sent it (6.1)."""
        self.check_epoch(message.content.group_id, message.content.epoch)
        key = self._signature_key(message.content)
        verify_content(self.suite, message, self.context_bytes, key)
        return message

    def receive_proposal(self, message: bytes, *, now: int) -> tuple[bytes, PublicGroup]:
        """Verify a proposal that came in the open; return its reference, and the group with it.

        A member's membership tag needs a secret: the hub takes the signature for it.
        """
        decoded = _decode_public(message)
        self.check_open()
        return self.with_proposal(self.verify(decoded.authenticated_content()), now=now)

    def with_proposal(
        self, message: AuthenticatedContent, *, now: int
    ) -> tuple[bytes, PublicGroup]:
        """Return the reference of a verified proposal, and the group that remembers it."""
        if message.content.content_type is not ContentType.PROPOSAL:
            raise InvalidMessage(Rule.WRONG_CONTENT)
        reference = message.reference(self.suite)
        sent = _sent(message, reference)
        self._check_one(sent, now)
        if reference in self.proposals:
            return reference, self
        if len(self.proposals) >= MAX_PROPOSALS:
            raise InvalidState(Rule.EXHAUSTED)
        return reference, replace(self, proposals={**self.proposals, reference: message})

    def external_proposal(
        self,
        proposal: Proposal,
        *,
        sender_index: int,
        key: SigningKey,
        authenticated_data: bytes = b"",
    ) -> bytes:
        """Return a proposal of the external sender at `sender_index`, signed with its key."""
        self.check_open()
        senders = external_senders(self.context.extensions)
        known = sender_index < len(senders) and senders[sender_index].signature_key == key.public
        if not known:
            raise InvalidProposal(Rule.UNKNOWN_SENDER)
        content = FramedContent(
            group_id=self.group_id,
            epoch=self.epoch,
            sender=Sender(SenderType.EXTERNAL, sender_index),
            authenticated_data=authenticated_data,
            content=proposal,
        )
        wire_format = WireFormat.PUBLIC_MESSAGE
        signature = sign_content(wire_format, content, self.context_bytes, key)
        message = AuthenticatedContent(wire_format, content, AuthData(signature))
        return encode_message(protect_public(self.suite, message, self.context_bytes, None))

    def check_commit(
        self,
        message: bytes,
        *,
        group_info: bytes,
        welcome: bytes | None,
        pending: Collection[bytes] = (),
        now: int,
    ) -> CheckedCommit:
        """Check all of a commit that needs no secret; return the epoch it leads to.

        `pending` are references of proposals that a commit of a member must include: the hub's
        Removes. Not checked, because only members can: membership tag, confirmation tag, and what
        the path's ciphertexts hold.
        """
        decoded = self.verify(_decode_public(message).authenticated_content())
        _check_pending(decoded, pending)
        staged = self.stage(decoded, now=now)
        following = self.after(staged)
        info = decode_group_info(group_info)
        _check_info(info, staged, following)
        _check_welcome(welcome, staged, self.suite)
        return CheckedCommit(**effects_of(self, staged), group_info=info, next=following)

    def stage(self, message: AuthenticatedContent, *, now: int) -> StagedCommit:
        """Judge a verified commit by every rule of 12.4.2 that needs no secret."""
        self.check_open()
        commit = message.content.content
        if not isinstance(commit, Commit):
            raise InvalidMessage(Rule.WRONG_CONTENT)
        sender = message.content.sender
        staged = self.stage_list(commit.proposals, sender, now=now)
        if commit.path is None:
            if needs_path(staged.proposals):
                raise InvalidCommit(Rule.MISSING_PATH)
            merged: _Merged = (staged.tree, sender.index or 0, None, ())
        else:
            merged = self._merge(staged, sender, commit.path)
        tree, committer, joined, replaced = merged
        self.check_result(tree, staged)
        return StagedCommit(
            message=message,
            list=staged,
            committer=committer,
            path=commit.path,
            tree=tree,
            context=self.provisional_context(tree, staged.extensions),
            updated=(*staged.updated, *replaced),
            joined=joined,
        )

    def stage_list(self, items: Sequence[ProposalOrRef], sender: Sender, *, now: int) -> StagedList:
        """Judge a commit's list of proposals (12.2), and apply it (12.3)."""
        proposals = resolve(items, sender, self.remembered())
        extensions = new_extensions(proposals, self.context.extensions)
        judged = self._judged(extensions, now)
        if sender.type is SenderType.NEW_MEMBER_COMMIT:
            check_external_list(proposals, judged)
        elif sender.type is SenderType.MEMBER and sender.index is not None:
            check_list(proposals, sender.index, judged)
        else:
            raise InvalidMessage(Rule.WRONG_CONTENT)
        for sent, update in of_kind(proposals, Update):
            check_update_signature(self.suite, sent, update, self.group_id)
        applied = apply_to_tree(self.tree, proposals)
        return StagedList(
            proposals=proposals,
            tree=applied.tree,
            extensions=extensions,
            added=applied.added,
            removed=tuple(Member(i, self.tree.member(i)) for i in applied.removed),
            updated=tuple(
                Replaced(i, self.tree.member(i), applied.tree.member(i)) for i in applied.updated
            ),
        )

    def check_result(self, tree: RatchetTree, staged: StagedList) -> None:
        """12.2, last item: after the commit, the tree is valid."""
        validation.check_unique_keys(tree)
        validation.check_credential_types(tree)
        if staged.extensions != self.context.extensions:
            validation.check_members_support(tree, staged.extensions)

    def provisional_context(self, tree: RatchetTree, extensions: Extensions) -> GroupContext:
        """Return the context of the next epoch, with this one's transcript (12.4.1)."""
        return replace(
            self.context,
            epoch=self.context.epoch + 1,
            tree_hash=tree_hash(tree),
            extensions=extensions,
        )

    def after(self, staged: StagedCommit) -> PublicGroup:
        """Return the epoch that a staged commit leads to."""
        tag = staged.message.auth.confirmation_tag
        if tag is None:
            raise InvalidCommit(Rule.BAD_CONFIRMATION_TAG)
        interim = self.interim_transcript_hash
        confirmed = confirmed_transcript_hash(self.suite, interim, staged.message)
        return PublicGroup(
            suite=self.suite,
            context=replace(staged.context, confirmed_transcript_hash=confirmed),
            tree=staged.tree,
            interim_transcript_hash=interim_transcript_hash(self.suite, confirmed, tag),
            confirmation_tag=tag,
            reinit=staged.list.reinit,
        )

    def write(self, writer: Writer) -> None:
        """Append the stored form."""
        writer.uint8(_STATE_VERSION)
        writer.uint8(_STATE_WHAT)
        writer.uint16(self.suite.id)
        self.context.write(writer)
        writer.rest(self.tree.encode())
        writer.opaque(self.interim_transcript_hash)
        writer.opaque(self.confirmation_tag)
        self.write_proposals(writer)
        writer.optional(self.reinit, lambda reinit: reinit.write(writer))

    def write_proposals(self, writer: Writer) -> None:
        """Append the proposals of the epoch, each as it was signed."""
        writer.vector(
            (message.encode() for message in self.proposals.values()),
            lambda inner, encoded: inner.opaque(encoded),
        )

    @classmethod
    def read(cls, reader: Reader) -> PublicGroup:
        """Read the stored form."""
        if (reader.uint8(), reader.uint8()) != (_STATE_VERSION, _STATE_WHAT):
            raise MalformedInput("not version 1 of a stored public group")
        suite = suite_of(reader.uint16())
        return cls(
            suite=suite,
            context=GroupContext.read(reader),
            tree=RatchetTree.read(suite, reader),
            interim_transcript_hash=reader.opaque(),
            confirmation_tag=reader.opaque(),
            proposals=read_proposals(suite, reader),
            reinit=reader.optional(lambda: ReInit.read(reader)),
        )

    def serialize(self) -> bytes:
        """Return the stored form."""
        return self.encode()

    @classmethod
    def deserialize(cls, data: bytes) -> PublicGroup:
        """Read the stored form."""
        return cls.decode(data)

    def _judged(self, extensions: Extensions, now: int) -> Judged:
        # 11.2, 11.3: the first commit of a group may link it to an old one.
        is_new = self.context.epoch == 0 and self.tree.width == 1
        return Judged(
            suite=self.suite, tree=self.tree, extensions=extensions, now=now, is_new=is_new
        )

    def _check_one(self, sent: SentProposal, now: int) -> None:
        check_proposal(sent, self._judged(self.context.extensions, now))
        if isinstance(sent.proposal, Update):
            check_update_signature(self.suite, sent, sent.proposal, self.group_id)
        if isinstance(sent.proposal, ExternalInit):
            raise InvalidProposal(Rule.EXTERNAL_INIT)

    def _signature_key(self, content: FramedContent) -> bytes:
        """Return the key that must have signed a content (6.1)."""
        sender, said = content.sender, content.content
        if sender.type is SenderType.MEMBER:
            leaf = self.tree.leaf(sender.index or 0)
            if leaf is None:
                raise InvalidMessage(Rule.UNKNOWN_SENDER)
            return leaf.signature_key
        if sender.type is SenderType.EXTERNAL and content.content_type is ContentType.PROPOSAL:
            senders = external_senders(self.context.extensions)
            if sender.index is None or sender.index >= len(senders):
                raise InvalidMessage(Rule.UNKNOWN_SENDER)
            return senders[sender.index].signature_key
        if sender.type is SenderType.NEW_MEMBER_PROPOSAL and isinstance(said, Add):
            return said.key_package.leaf_node.signature_key
        if sender.type is SenderType.NEW_MEMBER_COMMIT and isinstance(said, Commit):
            if said.path is None:
                raise InvalidCommit(Rule.MISSING_PATH)
            return said.path.leaf_node.signature_key
        raise InvalidMessage(Rule.WRONG_CONTENT)

    def _merge(self, staged: StagedList, sender: Sender, path: UpdatePath) -> _Merged:
        """Validate a path and merge it (12.4.2)."""
        leaf, tree = path.leaf_node, staged.tree
        is_external = sender.type is SenderType.NEW_MEMBER_COMMIT
        if is_external:
            tree, committer = tree.with_room()
            replaced = [member.leaf_node for member in staged.removed]
        else:
            committer = sender.index or 0
            replaced = [tree.member(committer)]
        validation.check_leaf(self.suite, leaf, staged.extensions, LeafNodeSource.COMMIT)
        for before in replaced:
            validation.check_new_encryption_key(leaf, before)
        self._check_path_keys(tree, path)
        check_recipients(tree, committer, path, staged.newcomers)
        merged = merge_path(tree, committer, path)
        validation.check_leaf_signature(self.suite, leaf, self.group_id, committer)
        if is_external:
            return merged, committer, Member(committer, leaf), ()
        return merged, committer, None, (Replaced(committer, replaced[0], leaf),)

    def _check_path_keys(self, tree: RatchetTree, path: UpdatePath) -> None:
        """12.4.2: no key of the path appears in any node of the tree; each can be encrypted to."""
        keys = [path.leaf_node.encryption_key, *(node.encryption_key for node in path.nodes)]
        known = {leaf.encryption_key for _, leaf in tree.leaves()}
        known |= {node.encryption_key for _, node in tree.parents()}
        if len(set(keys)) != len(keys) or not known.isdisjoint(keys):
            raise InvalidCommit(Rule.DUPLICATE_KEY)
        try:
            for key in keys:
                validation.check_encryption_key(self.suite, key)
        except InvalidLeafNode as exc:
            raise InvalidCommit(exc.rule) from exc


def read_proposals(suite: Suite, reader: Reader) -> dict[bytes, AuthenticatedContent]:
    """Read the proposals of an epoch."""
    messages = reader.vector(lambda inner: AuthenticatedContent.decode(inner.opaque()))
    for message in messages:
        message.proposal()
    return {message.reference(suite): message for message in messages}


def _sent(message: AuthenticatedContent, reference: bytes) -> SentProposal:
    content = message.content
    return SentProposal(message.proposal(), content.sender, reference, content.authenticated_data)


def _tree_of(info: GroupInfo, suite: Suite, ratchet_tree: bytes | None) -> RatchetTree:
    """Return the tree of a GroupInfo: from its extension, else as it was sent otherwise."""
    inside = find_extension(info.extensions, ExtensionType.RATCHET_TREE)
    data = ratchet_tree if inside is None else inside
    if data is None:
        raise InvalidTree(Rule.MISSING_TREE)
    return RatchetTree.decode(suite, data)


def _decode_public(message: bytes) -> PublicMessage:
    decoded = decode_message(message)
    if not isinstance(decoded, PublicMessage):
        raise InvalidMessage(Rule.WRONG_WIRE_FORMAT)
    # RFC 9420, section 6: application data is never public.
    if decoded.content.content_type is ContentType.APPLICATION:
        raise InvalidMessage(Rule.WRONG_WIRE_FORMAT)
    return decoded


def _check_pending(message: AuthenticatedContent, pending: Collection[bytes]) -> None:
    """Refuse a member's commit that leaves out what the hub demands."""
    commit = message.content.content
    if isinstance(commit, Commit) and message.content.sender.type is SenderType.MEMBER:
        named = {item.reference for item in commit.proposals if isinstance(item, ProposalRef)}
        if not set(pending) <= named:
            raise InvalidCommit(Rule.MISSING_REMOVE)


def _check_info(info: GroupInfo, staged: StagedCommit, following: PublicGroup) -> None:
    """Refuse a GroupInfo that is not of the epoch the commit leads to, by its committer."""
    if info.group_context != following.context:
        raise InvalidGroupInfo(Rule.WRONG_CONTEXT)
    if info.confirmation_tag != following.confirmation_tag:
        raise InvalidGroupInfo(Rule.BAD_CONFIRMATION_TAG)
    if info.signer != staged.committer:
        raise InvalidGroupInfo(Rule.WRONG_SIGNER)
    validation.check_info_extensions(info.extensions)
    tree = find_extension(info.extensions, ExtensionType.RATCHET_TREE)
    if tree is None:
        raise InvalidGroupInfo(Rule.MISSING_TREE)
    if tree != following.tree.encode():
        raise InvalidGroupInfo(Rule.TREE_HASH)
    check_external_pub(info, following.suite)
    info.verify(following.suite, following.tree.member(staged.committer).signature_key)


def check_external_pub(info: GroupInfo, suite: Suite) -> None:
    """Raise `InvalidGroupInfo` unless newcomers can come in by it (12.4.3.2).

    Whether the group knows the private key is its members' to see. That one can encrypt to it is
    not an item of the RFC: by any other key nobody who is lost would find the way back.
    """
    public = external_pub(info.extensions)
    if public is None:
        raise InvalidGroupInfo(Rule.MISSING_EXTERNAL_PUB)
    try:
        validation.check_encryption_key(suite, public)
    except InvalidLeafNode as exc:
        raise InvalidGroupInfo(exc.rule) from exc


def _check_welcome(welcome: bytes | None, staged: StagedCommit, suite: Suite) -> None:
    """Refuse a Welcome that is not for exactly those whom the commit adds."""
    if welcome is None:
        if staged.list.added:
            raise InvalidWelcome(Rule.WRONG_WELCOME)
        return
    decoded = decode_welcome(welcome)
    if decoded.cipher_suite != suite.id:
        raise InvalidWelcome(Rule.WRONG_SUITE)
    invited = sorted(secrets.new_member for secrets in decoded.secrets)
    if not invited or invited != sorted(package.reference() for _, package in staged.list.added):
        raise InvalidWelcome(Rule.WRONG_WELCOME)


def effects_of(before: PublicGroup, staged: StagedCommit) -> dict[str, Any]:
    """Return the fields of `CommitEffects`."""
    kind = "member"
    if staged.joined is not None:
        kind = "resync" if staged.list.removed else "join"
    return {
        "kind": kind,
        "committer": Member(staged.committer, staged.tree.member(staged.committer)),
        "authenticated_data": staged.message.content.authenticated_data,
        "proposals": staged.list.proposals,
        "added": tuple(Member(i, package.leaf_node) for i, package in staged.list.added),
        "removed": staged.list.removed,
        "updated": staged.updated,
        "extensions_before": before.context.extensions,
        "extensions_after": staged.context.extensions,
    }
