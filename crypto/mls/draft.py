"""A commit being made (RFC 9420, 12.4.1): everything but its armour, which only a member has."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from crypto.hpke import RandomBytes
from crypto.keys import Secret
from crypto.mls.commit import Commit
from crypto.mls.content import AuthData, AuthenticatedContent, FramedContent
from crypto.mls.framing import Sender, WireFormat
from crypto.mls.group_info import GroupInfo
from crypto.mls.key_schedule import EpochSecrets, GroupContext, Joiner
from crypto.mls.proposal import ProposalOrRef
from crypto.mls.protection import sign_content
from crypto.mls.psk import PreSharedKeyId, psk_secret
from crypto.mls.public_group import PublicGroup, StagedList
from crypto.mls.transcript import (
    confirmation_tag,
    confirmed_transcript_hash,
    interim_transcript_hash,
)
from crypto.mls.treekem import FreshPath, PathKeys, keys_still_true
from crypto.mls.welcome import Newcomer, Welcome, make_welcome
from crypto.suites import SigningKey


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirmed:
    """A finished commit, and the epoch it opens."""

    message: AuthenticatedContent
    public: PublicGroup
    secrets: EpochSecrets
    path_keys: Mapping[int, Secret]
    joiner: Joiner


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What a committer has decided."""

    public: PublicGroup
    staged: StagedList
    items: tuple[ProposalOrRef, ...]
    sender: Sender
    authenticated_data: bytes
    wire_format: WireFormat
    signing_key: SigningKey
    """Of the commit: in the current epoch. The new leaf may have another."""
    fresh: FreshPath | None
    psks: tuple[tuple[PreSharedKeyId, Secret], ...]
    random_bytes: RandomBytes

    def confirm(self, init_secret: Secret, held: PathKeys) -> Confirmed:
        """Sign the commit and derive the next epoch. `held` are our private keys in this one."""
        suite, public = self.public.suite, self.public
        tree = self.staged.tree if self.fresh is None else self.fresh.tree
        public.check_result(tree, self.staged)
        provisional = public.provisional_context(tree, self.staged.extensions)
        content = self._content(provisional)
        signature = sign_content(self.wire_format, content, public.context_bytes, self.signing_key)
        unconfirmed = AuthenticatedContent(self.wire_format, content, AuthData(signature))
        interim = public.interim_transcript_hash
        confirmed = confirmed_transcript_hash(suite, interim, unconfirmed)
        context = replace(provisional, confirmed_transcript_hash=confirmed)
        joiner = self._joiner(init_secret, context)
        secrets = joiner.epoch_secrets(context.encode())
        tag = confirmation_tag(suite, secrets.confirmation_key, confirmed)
        keys = keys_still_true(public.tree, tree, held)
        return Confirmed(
            message=replace(unconfirmed, auth=AuthData(signature, tag)),
            public=PublicGroup(
                suite=suite,
                context=context,
                tree=tree,
                interim_transcript_hash=interim_transcript_hash(suite, confirmed, tag),
                confirmation_tag=tag,
                reinit=self.staged.reinit,
            ),
            secrets=secrets,
            path_keys=keys if self.fresh is None else {**keys, **self.fresh.keys},
            joiner=joiner,
        )

    def welcome(self, joiner: Joiner, info: GroupInfo) -> Welcome | None:
        """Return the Welcome for all that the commit adds, where it adds anybody."""
        if not self.staged.added:
            return None
        newcomers = [
            Newcomer(package, None if self.fresh is None else self.fresh.path_secret_for(leaf))
            for leaf, package in self.staged.added
        ]
        psks = tuple(psk for psk, _ in self.psks)
        suite = self.public.suite
        return make_welcome(suite, joiner, info, newcomers, psks, self.random_bytes)

    def wipe(self) -> None:
        """Overwrite what only led to the next epoch."""
        if self.fresh is not None:
            self.fresh.wipe()

    def _content(self, provisional: GroupContext) -> FramedContent:
        path = None
        if self.fresh is not None:
            context, newcomers = provisional.encode(), self.staged.newcomers
            path = self.fresh.encrypt(context, newcomers, self.random_bytes)
        return FramedContent(
            group_id=self.public.group_id,
            epoch=self.public.epoch,
            sender=self.sender,
            authenticated_data=self.authenticated_data,
            content=Commit(self.items, path),
        )

    def _joiner(self, init_secret: Secret, context: GroupContext) -> Joiner:
        suite = self.public.suite
        commit_secret = bytes(suite.secret_size)
        if self.fresh is not None:
            commit_secret = self.fresh.commit_secret.reveal()
        psk = psk_secret(suite, self.psks)
        return Joiner.of_commit(suite, init_secret, commit_secret, psk, context.encode())
