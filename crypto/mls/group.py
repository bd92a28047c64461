"""A member's view of one epoch of a group (RFC 9420).

A `Group` does not change: what commits or joins returns the next one, and the caller goes on with
it once the hub has accepted the commit. The one thing inside that moves is the secret tree, and it
moves only when a message is sent, or wholly verified. What is refused leaves all as it was.

The caller keeps the former `Group` for late messages as long as its policy says, then wipes it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Final, Literal

from crypto.errors import (
    BadKey,
    InvalidCommit,
    InvalidGroupInfo,
    InvalidMessage,
    InvalidState,
    InvalidWelcome,
    Rule,
)
from crypto.hpke import RandomBytes
from crypto.keys import Secret
from crypto.mls import validation
from crypto.mls.commit import Commit
from crypto.mls.content import AuthData, AuthenticatedContent, Content, FramedContent
from crypto.mls.draft import Confirmed, Draft
from crypto.mls.extensions import (
    Extension,
    Extensions,
    ExtensionType,
    external_pub,
    external_pub_extension,
)
from crypto.mls.framing import Sender, SenderType, WireFormat
from crypto.mls.group_info import GroupInfo
from crypto.mls.joining import (
    CheckSigner,
    SameClient,
    check_link,
    check_nonces,
    check_tag,
    keys_of_newcomer,
    link_of,
    own_leaf,
    same_credential,
)
from crypto.mls.key_package import KeyPackageBundle, Own
from crypto.mls.key_schedule import (
    EpochSecrets,
    GroupContext,
    Joiner,
    exporter,
    external_init,
    external_key_pair,
    open_external_init,
)
from crypto.mls.leaf_node import LeafNode, LeafNodeSource
from crypto.mls.message import (
    PrivateMessage,
    PublicMessage,
    decode_group_info,
    decode_message,
    decode_welcome,
    encode_message,
)
from crypto.mls.proposal import (
    ExternalInit,
    PreSharedKey,
    Proposal,
    ProposalRef,
    Remove,
    Update,
)
from crypto.mls.proposal_list import committable, needs_path
from crypto.mls.protection import (
    open_private,
    open_public,
    open_sender_data,
    protect_private,
    protect_public,
    sign_content,
)
from crypto.mls.psk import (
    NO_PSKS,
    PreSharedKeyId,
    Psks,
    PskType,
    psk_secret,
)
from crypto.mls.public_group import (
    CommitEffects,
    Member,
    PublicGroup,
    StagedCommit,
    StagedList,
    effects_of,
)
from crypto.mls.ratchet_tree import RatchetTree
from crypto.mls.secret_tree import Found, SecretTree
from crypto.mls.stored import decode_group, encode_group
from crypto.mls.transcript import (
    confirmation_tag,
    interim_transcript_hash,
    verify_confirmation_tag,
)
from crypto.mls.tree_hash import tree_hash
from crypto.mls.treekem import (
    keys_still_true,
    make_path,
    open_path,
)
from crypto.suites import SigningKey, Suite, suite_of

Wire = Literal["public", "private"]

MAX_PAST_PSKS: Final = 16
"""Epochs whose resumption PSK is kept (RFC 9420, 8.6 asks for a limit)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceivedApplication:
    """A message of a member, verified."""

    sender: Member
    data: bytes
    authenticated_data: bytes
    generation: int
    epoch: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceivedProposal:
    """A proposal, verified; `next` is the same epoch, with the proposal remembered."""

    sender: Sender
    authenticated_data: bytes
    proposal: Proposal
    reference: bytes
    next: Group


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceivedCommit(CommitEffects):
    """A commit, verified; `next` is the epoch it opens, or nothing where it removes us.

    Of a commit that removes us only a member who stays can verify the confirmation tag.
    """

    next: Group | None


Received = ReceivedApplication | ReceivedProposal | ReceivedCommit


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposed:
    """A proposal to send; `next` remembers it, and the private key of an Update."""

    message: bytes
    reference: bytes
    next: Group


@dataclass(frozen=True, slots=True, kw_only=True)
class Committed:
    """A commit to send, with what goes along. Go on with `next` only once it is accepted."""

    message: bytes
    welcome: bytes | None
    group_info: bytes
    next: Group


def _no_secrets() -> Mapping[bytes, Secret]:
    return MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Group:
    """One epoch, as one of its members holds it."""

    public: PublicGroup
    own_leaf_index: int
    signing_key: SigningKey
    path_keys: Mapping[int, Secret] = field(repr=False)
    secrets: EpochSecrets = field(repr=False)
    secret_tree: SecretTree = field(repr=False)
    own_updates: Mapping[bytes, Secret] = field(default_factory=_no_secrets, repr=False)
    """The private keys of our own Update proposals, by reference."""
    past_psks: tuple[tuple[int, Secret], ...] = field(default=(), repr=False)
    """Resumption PSKs of past epochs, the newest last."""

    @property
    def suite(self) -> Suite:
        """Return the cipher suite."""
        return self.public.suite

    @property
    def context(self) -> GroupContext:
        """Return the group context."""
        return self.public.context

    @property
    def group_id(self) -> bytes:
        """Return the group's id."""
        return self.public.group_id

    @property
    def epoch(self) -> int:
        """Return the number of this epoch."""
        return self.public.epoch

    @property
    def epoch_authenticator(self) -> Secret:
        """Return what two members compare to know that they are in the same epoch (8.7)."""
        return self.secrets.epoch_authenticator

    @property
    def resumption_psk(self) -> Secret:
        """Return the PSK that proves membership in this epoch (8.6)."""
        return self.secrets.resumption_psk

    def members(self) -> tuple[Member, ...]:
        """Return the members, in the order of their leaves."""
        return self.public.members()

    def export(self, label: bytes, context: bytes, length: int) -> bytes:
        """Return MLS-Exporter (8.5)."""
        return exporter(self.suite, self.secrets.exporter_secret, label, context, length)

    def group_info(self, *, extensions: Extensions = ()) -> bytes:
        """Return a signed GroupInfo with the tree, and with the key for external joins."""
        return encode_message(self.signed_info(extensions))

    def signed_info(self, extensions: Extensions) -> GroupInfo:
        """Return the GroupInfo that `group_info` encodes."""
        external = external_key_pair(self.suite, self.secrets.external_secret)
        info = GroupInfo(
            group_context=self.context,
            extensions=(
                Extension(ExtensionType.RATCHET_TREE, self.public.tree.encode()),
                external_pub_extension(external.public),
                *extensions,
            ),
            confirmation_tag=self.public.confirmation_tag,
            signer=self.own_leaf_index,
        )
        external.private.wipe()
        validation.check_info_extensions(info.extensions)
        return info.signed(self.signing_key)

    def find_psk(self, psk: PreSharedKeyId, psks: Psks) -> Secret:
        """Return a PSK: of this group's own epochs, else of what the client holds."""
        ours = psk.type is PskType.RESUMPTION and psk.group_id == self.group_id
        if ours and psk.epoch == self.epoch:
            return self.secrets.resumption_psk
        past = dict(self.past_psks)
        if ours and psk.epoch in past:
            return past[psk.epoch]
        return psks.find(psk)

    @classmethod
    def create(
        cls,
        suite: Suite,
        group_id: bytes,
        own: Own,
        extensions: Extensions,
        random_bytes: RandomBytes,
    ) -> Group:
        """Found a group of one (RFC 9420, section 11)."""
        key = suite.signing_key(own.signature_key)
        pair = suite.generate_key_pair(random_bytes)
        leaf = own.key_package_leaf(key, pair.public)
        validation.check_context_extensions(extensions)
        validation.check_leaf(suite, leaf, extensions, LeafNodeSource.KEY_PACKAGE)
        tree = RatchetTree.of_one(suite, leaf)
        context = GroupContext(
            cipher_suite=suite.id,
            group_id=group_id,
            epoch=0,
            tree_hash=tree_hash(tree),
            confirmed_transcript_hash=b"",
            extensions=extensions,
        )
        secrets = EpochSecrets.derive(suite, random_bytes(suite.secret_size))
        tag = confirmation_tag(suite, secrets.confirmation_key, b"")
        return cls(
            public=PublicGroup(
                suite=suite,
                context=context,
                tree=tree,
                interim_transcript_hash=interim_transcript_hash(suite, b"", tag),
                confirmation_tag=tag,
            ),
            own_leaf_index=0,
            signing_key=key,
            path_keys={0: pair.private},
            secrets=secrets,
            secret_tree=SecretTree(suite, 1, secrets.encryption_secret),
        )

    @classmethod
    def join(
        cls,
        welcome: bytes,
        bundle: KeyPackageBundle,
        *,
        ratchet_tree: bytes | None = None,
        psks: Psks = NO_PSKS,
        former: Group | None = None,
        same_client: SameClient | None = None,
        check_signer: CheckSigner | None = None,
    ) -> Group:
        """Join by a Welcome (12.4.3.1). A reinit or a branch is joined with the `former` group.

        `check_signer` raises where the device that signed the GroupInfo is none to be led by.
        """
        decoded = decode_welcome(welcome)
        suite, package = suite_of(decoded.cipher_suite), bundle.key_package
        secrets = decoded.open_secrets(suite, package, bundle.init_key)
        check_nonces(suite, secrets.psks)
        link = link_of(secrets.psks)
        psk = psk_secret(suite, [(one, _psk_of(one, psks, former)) for one in secrets.psks])
        joiner = Joiner.of_welcome(suite, secrets.joiner_secret.reveal(), psk)
        info = decoded.open_group_info(suite, joiner)
        if info.group_context.cipher_suite != suite.id:
            raise InvalidWelcome(Rule.WRONG_SUITE)
        public = PublicGroup.of_info(info, ratchet_tree=ratchet_tree)
        if check_signer is not None:
            check_signer(public.tree.member(info.signer))
        own_index = own_leaf(public, package.leaf_node)
        validation.check_joinable(package.leaf_node, public.context.extensions)
        if link is not None:
            check_link(
                link,
                public,
                None if former is None else former.public,
                same_client or same_credential,
            )
        epoch = joiner.epoch_secrets(public.context_bytes)
        check_tag(public, epoch)
        joiner.wipe()
        return cls(
            public=public,
            own_leaf_index=own_index,
            signing_key=suite.signing_key(bundle.signature_key),
            path_keys=keys_of_newcomer(public, own_index, info.signer, bundle, secrets),
            secrets=epoch,
            secret_tree=SecretTree(suite, public.tree.leaf_count, epoch.encryption_secret),
        )

    @classmethod
    def join_external(
        cls,
        group_info: bytes,
        own: Own,
        *,
        ratchet_tree: bytes | None = None,
        remove_prior: int | None = None,
        psk_ids: Sequence[PreSharedKeyId] = (),
        psks: Psks = NO_PSKS,
        authenticated_data: bytes = b"",
        info_extensions: Extensions = (),
        now: int,
        random_bytes: RandomBytes,
    ) -> Committed:
        """Join on one's own by an external commit (12.4.3.2); `remove_prior` makes it a resync."""
        info = decode_group_info(group_info)
        public = PublicGroup.of_info(info, ratchet_tree=ratchet_tree)
        suite, external = public.suite, external_pub(info.extensions)
        if external is None:
            raise InvalidGroupInfo(Rule.MISSING_EXTERNAL_PUB)
        try:
            kem_output, init_secret = external_init(suite, external, random_bytes)
        except BadKey as exc:
            raise InvalidGroupInfo(Rule.BAD_KEY) from exc
        prior = () if remove_prior is None else (Remove(remove_prior),)
        items = (ExternalInit(kem_output), *prior, *(PreSharedKey(one) for one in psk_ids))
        sender = Sender(SenderType.NEW_MEMBER_COMMIT)
        staged = public.stage_list(items, sender, now=now)
        tree, leaf_index = staged.tree.with_room()
        key = suite.signing_key(own.signature_key)
        leaf = own.key_package_leaf(key, b"")
        fresh = make_path(tree, leaf_index, leaf, public.group_id, key, random_bytes)
        _check_own_leaf(suite, fresh.leaf_node, staged.extensions)
        draft = Draft(
            public=public,
            staged=staged,
            items=items,
            sender=sender,
            authenticated_data=authenticated_data,
            wire_format=WireFormat.PUBLIC_MESSAGE,
            signing_key=key,
            fresh=fresh,
            psks=tuple((one, psks.find(one)) for one in psk_ids),
            random_bytes=random_bytes,
        )
        confirmed = draft.confirm(init_secret, {})
        following = _of_confirmed(confirmed, leaf_index, key, ())
        armoured = protect_public(suite, confirmed.message, public.context_bytes, None)
        return _committed(draft, confirmed, following, encode_message(armoured), info_extensions)

    def encrypt(
        self,
        data: bytes,
        *,
        authenticated_data: bytes = b"",
        padding: int = 0,
        random_bytes: RandomBytes,
    ) -> bytes:
        """Return an application message, with `padding` zeros inside; a key of ours is used up."""
        self.public.check_open()
        # RFC 9420, 12.4: who has seen a valid proposal commits before sending anything more.
        if self.public.proposals:
            raise InvalidState(Rule.PENDING_PROPOSALS)
        message = self._signed(WireFormat.PRIVATE_MESSAGE, data, authenticated_data)
        return encode_message(self._private(message, padding, random_bytes))

    def propose(
        self,
        proposal: Proposal,
        *,
        authenticated_data: bytes = b"",
        wire: Wire = "public",
        now: int,
        random_bytes: RandomBytes,
    ) -> Proposed:
        """Return a proposal to send, and the group that remembers it."""
        self.public.check_open()
        wire_format = _wire_format(wire)
        message = self._signed(wire_format, proposal, authenticated_data)
        reference, public = self.public.with_proposal(message, now=now)
        sealed = self._armoured(message, wire_format, random_bytes)
        return Proposed(message=sealed, reference=reference, next=replace(self, public=public))

    def propose_update(
        self,
        *,
        own: Own | None = None,
        authenticated_data: bytes = b"",
        wire: Wire = "public",
        now: int,
        random_bytes: RandomBytes,
    ) -> Proposed:
        """Propose a leaf with a fresh key of our own; its private key stays in `next`.

        `own` says what else changes; the signature key does not, in an Update.
        """
        pair = self.suite.generate_key_pair(random_bytes)
        leaf = replace(
            self._leaf_with(own),
            encryption_key=pair.public,
            source=LeafNodeSource.UPDATE,
            lifetime=None,
            parent_hash=None,
        ).signed(self.signing_key, self.group_id, self.own_leaf_index)
        proposed = self.propose(
            Update(leaf),
            authenticated_data=authenticated_data,
            wire=wire,
            now=now,
            random_bytes=random_bytes,
        )
        updates = {**self.own_updates, proposed.reference: pair.private}
        return replace(proposed, next=replace(proposed.next, own_updates=updates))

    def commit(
        self,
        proposals: Sequence[Proposal] = (),
        *,
        by_reference: Sequence[bytes] | None = None,
        force_path: bool = False,
        own: Own | None = None,
        psks: Psks = NO_PSKS,
        authenticated_data: bytes = b"",
        wire: Wire = "public",
        info_extensions: Extensions = (),
        now: int,
        random_bytes: RandomBytes,
    ) -> Committed:
        """Return a commit of remembered proposals, and of some by value (12.4.1).

        `by_reference` is all remembered ones that we may commit, where it is not given. `own` says
        what our leaf becomes, signature key included; without it only its keys change.
        """
        self.public.check_open()
        references = (
            committable(self.public.remembered(), self.own_leaf_index)
            if by_reference is None
            else by_reference
        )
        items = (*(ProposalRef(one) for one in references), *proposals)
        sender = Sender(SenderType.MEMBER, self.own_leaf_index)
        staged = self.public.stage_list(items, sender, now=now)
        leaf_key = self.signing_key
        if own is not None:
            leaf_key = self.suite.signing_key(own.signature_key)
        fresh = None
        if force_path or own is not None or needs_path(staged.proposals):
            leaf = self._leaf_with(own)
            fresh = make_path(
                staged.tree, self.own_leaf_index, leaf, self.group_id, leaf_key, random_bytes
            )
            _check_own_leaf(self.suite, fresh.leaf_node, staged.extensions)
        draft = Draft(
            public=self.public,
            staged=staged,
            items=items,
            sender=sender,
            authenticated_data=authenticated_data,
            wire_format=_wire_format(wire),
            signing_key=self.signing_key,
            fresh=fresh,
            psks=self._find_psks(staged.psks, psks),
            random_bytes=random_bytes,
        )
        confirmed = draft.confirm(self.secrets.init_secret, self.path_keys)
        following = _of_confirmed(confirmed, self.own_leaf_index, leaf_key, self._psks_after())
        armoured = self._armoured(confirmed.message, draft.wire_format, random_bytes)
        return _committed(draft, confirmed, following, armoured, info_extensions)

    def receive(self, message: bytes, *, now: int, psks: Psks = NO_PSKS) -> Received:
        """Verify a message of this epoch, whatever it is; raise a `CryptoError` otherwise."""
        decoded = decode_message(message)
        if isinstance(decoded, PrivateMessage):
            opened, found = self._open_private(decoded)
            return self._take(opened, found, now, psks)
        if isinstance(decoded, PublicMessage):
            self.public.check_epoch(decoded.content.group_id, decoded.content.epoch)
            opened = open_public(
                self.suite, decoded, self.public.context_bytes, self.secrets.membership_key
            )
            self._check_not_ours(opened)
            return self._take(self.public.verify(opened), None, now, psks)
        raise InvalidMessage(Rule.WRONG_WIRE_FORMAT)

    def wipe(self) -> None:
        """Overwrite the secrets of this epoch. The signature key is the client's, not ours."""
        self.secrets.wipe()
        self.secret_tree.wipe()
        for secret in (*self.path_keys.values(), *self.own_updates.values()):
            secret.wipe()
        for _, psk in self.past_psks:
            psk.wipe()

    def serialize(self) -> bytes:
        """Return the stored form, with every secret in the clear: wrap it."""
        return encode_group(self)

    @classmethod
    def deserialize(cls, data: bytes) -> Group:
        """Read the stored form."""
        return cls(**decode_group(data))

    def _own_leaf(self) -> LeafNode:
        return self.public.tree.member(self.own_leaf_index)

    def _leaf_with(self, own: Own | None) -> LeafNode:
        leaf = self._own_leaf()
        if own is None:
            return leaf
        return replace(
            leaf,
            credential=own.credential,
            capabilities=own.capabilities,
            extensions=own.extensions,
        )

    def _find_psks(
        self, wanted: Sequence[PreSharedKeyId], psks: Psks
    ) -> tuple[tuple[PreSharedKeyId, Secret], ...]:
        return tuple((one, self.find_psk(one, psks)) for one in wanted)

    def _signed(
        self,
        wire_format: WireFormat,
        content: Content,
        authenticated_data: bytes,
    ) -> AuthenticatedContent:
        framed = FramedContent(
            group_id=self.group_id,
            epoch=self.epoch,
            sender=Sender(SenderType.MEMBER, self.own_leaf_index),
            authenticated_data=authenticated_data,
            content=content,
        )
        signature = sign_content(wire_format, framed, self.public.context_bytes, self.signing_key)
        return AuthenticatedContent(wire_format, framed, AuthData(signature))

    def _armoured(
        self, message: AuthenticatedContent, wire_format: WireFormat, random_bytes: RandomBytes
    ) -> bytes:
        if wire_format is WireFormat.PRIVATE_MESSAGE:
            return encode_message(self._private(message, 0, random_bytes))
        key = self.secrets.membership_key
        return encode_message(protect_public(self.suite, message, self.public.context_bytes, key))

    def _private(
        self, message: AuthenticatedContent, padding: int, random_bytes: RandomBytes
    ) -> PrivateMessage:
        return protect_private(
            self.suite,
            message,
            self.secret_tree,
            self.secrets.sender_data_secret,
            padding,
            random_bytes,
        )

    def _open_private(self, message: PrivateMessage) -> tuple[AuthenticatedContent, Found]:
        """Return a private message, decrypted and with a signature that holds."""
        self.public.check_epoch(message.group_id, message.epoch)
        sender = open_sender_data(self.suite, message, self.secrets.sender_data_secret)
        # 6.3.2: the leaf is not blank. Our own messages are not ours to open: their keys are gone.
        if self.public.tree.leaf(sender.leaf) is None:
            raise InvalidMessage(Rule.UNKNOWN_SENDER)
        if sender.leaf == self.own_leaf_index:
            raise InvalidMessage(Rule.OWN_MESSAGE)
        opened = open_private(self.suite, message, self.secret_tree, sender)
        return self.public.verify(opened.message), opened.found

    def _check_not_ours(self, message: AuthenticatedContent) -> None:
        sender = message.content.sender
        if sender.type is SenderType.MEMBER and sender.index == self.own_leaf_index:
            raise InvalidMessage(Rule.OWN_MESSAGE)

    def _take(
        self, message: AuthenticatedContent, found: Found | None, now: int, psks: Psks
    ) -> Received:
        """Take a verified message in; its key is used up once nothing can refuse it any more."""
        content = message.content.content
        received: Received
        if isinstance(content, bytes):
            received = self._take_application(message, found)
        elif isinstance(content, Commit):
            received = self._take_commit(message, now, psks)
        else:
            received = self._take_proposal(message, now)
        if found is not None:
            self.secret_tree.consume(found)
        return received

    def _take_application(
        self, message: AuthenticatedContent, found: Found | None
    ) -> ReceivedApplication:
        content = message.content
        if found is None or not isinstance(content.content, bytes):
            raise InvalidMessage(Rule.WRONG_WIRE_FORMAT)
        return ReceivedApplication(
            sender=Member(found.leaf, self.public.tree.member(found.leaf)),
            data=content.content,
            authenticated_data=content.authenticated_data,
            generation=found.generation,
            epoch=self.epoch,
        )

    def _take_proposal(self, message: AuthenticatedContent, now: int) -> ReceivedProposal:
        self.public.check_open()
        reference, public = self.public.with_proposal(message, now=now)
        return ReceivedProposal(
            sender=message.content.sender,
            authenticated_data=message.content.authenticated_data,
            proposal=message.proposal(),
            reference=reference,
            next=replace(self, public=public),
        )

    def _take_commit(self, message: AuthenticatedContent, now: int, psks: Psks) -> ReceivedCommit:
        staged = self.public.stage(message, now=now)
        removed = {member.leaf_index for member in staged.list.removed}
        following = None
        if self.own_leaf_index not in removed:
            following = self._follow(staged, self._find_psks(staged.list.psks, psks))
        return ReceivedCommit(**effects_of(self.public, staged), next=following)

    def _follow(self, staged: StagedCommit, psks: Sequence[tuple[PreSharedKeyId, Secret]]) -> Group:
        """Return the epoch that a staged commit opens, once its confirmation tag holds."""
        keys, commit_secret = self._keys_after(staged)
        public = self.public.after(staged)
        init_secret = self._init_secret(staged.list)
        joiner = Joiner.of_commit(
            self.suite,
            init_secret,
            commit_secret.reveal(),
            psk_secret(self.suite, psks),
            public.context_bytes,
        )
        secrets = joiner.epoch_secrets(public.context_bytes)
        verify_confirmation_tag(
            self.suite,
            secrets.confirmation_key,
            public.context.confirmed_transcript_hash,
            public.confirmation_tag,
        )
        commit_secret.wipe()
        joiner.wipe()
        return Group(
            public=public,
            own_leaf_index=self.own_leaf_index,
            signing_key=self.signing_key,
            path_keys=keys,
            secrets=secrets,
            secret_tree=SecretTree(self.suite, public.tree.leaf_count, secrets.encryption_secret),
            past_psks=self._psks_after(),
        )

    def _keys_after(self, staged: StagedCommit) -> tuple[dict[int, Secret], Secret]:
        """Return our private keys in the next epoch, and the commit secret."""
        keys = keys_still_true(self.public.tree, staged.tree, self.path_keys)
        for sent in staged.list.proposals:
            private = None if sent.reference is None else self.own_updates.get(sent.reference)
            if private is not None:
                keys[2 * self.own_leaf_index] = private.copy()
        if staged.path is None:
            return keys, Secret(bytes(self.suite.secret_size))
        opened = open_path(
            staged.tree,
            staged.committer,
            staged.path,
            self.own_leaf_index,
            keys,
            staged.list.newcomers,
            staged.context.encode(),
        )
        opened.path_secret.wipe()
        return {**keys, **opened.keys}, opened.commit_secret

    def _init_secret(self, staged: StagedList) -> Secret:
        external = staged.external_init
        if external is None:
            return self.secrets.init_secret
        try:
            return open_external_init(self.suite, self.secrets.external_secret, external.kem_output)
        except BadKey as exc:
            raise InvalidCommit(Rule.BAD_KEY) from exc

    def _psks_after(self) -> tuple[tuple[int, Secret], ...]:
        kept = ((epoch, psk.copy()) for epoch, psk in self.past_psks)
        return (*kept, (self.epoch, self.secrets.resumption_psk.copy()))[-MAX_PAST_PSKS:]


def _wire_format(wire: Wire) -> WireFormat:
    return WireFormat.PUBLIC_MESSAGE if wire == "public" else WireFormat.PRIVATE_MESSAGE


def _check_own_leaf(suite: Suite, leaf: LeafNode, extensions: Extensions) -> None:
    validation.check_leaf(suite, leaf, extensions, LeafNodeSource.COMMIT)


def _of_confirmed(
    confirmed: Confirmed,
    own_leaf_index: int,
    signing_key: SigningKey,
    past_psks: tuple[tuple[int, Secret], ...],
) -> Group:
    public, secrets = confirmed.public, confirmed.secrets
    return Group(
        public=public,
        own_leaf_index=own_leaf_index,
        signing_key=signing_key,
        path_keys=confirmed.path_keys,
        secrets=secrets,
        secret_tree=SecretTree(public.suite, public.tree.leaf_count, secrets.encryption_secret),
        past_psks=past_psks,
    )


def _committed(
    draft: Draft, confirmed: Confirmed, following: Group, message: bytes, extensions: Extensions
) -> Committed:
    """Sign the GroupInfo of the next epoch, make the Welcome, and forget what led there."""
    info = following.signed_info(extensions)
    welcome = draft.welcome(confirmed.joiner, info)
    confirmed.joiner.wipe()
    draft.wipe()
    return Committed(
        message=message,
        welcome=None if welcome is None else encode_message(welcome),
        group_info=encode_message(info),
        next=following,
    )


def _psk_of(psk: PreSharedKeyId, psks: Psks, former: Group | None) -> Secret:
    return psks.find(psk) if former is None else former.find_psk(psk, psks)
