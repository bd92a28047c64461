"""RFC 9420, 12.4.3.1: Welcomes that a newcomer must not follow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from crypto.keys import Secret
from crypto.mls.commit import HpkeCiphertext
from crypto.mls.extensions import Extension, ExtensionType
from crypto.mls.group import Committed
from crypto.mls.group_info import GroupInfo
from crypto.mls.key_package import KeyPackageBundle
from crypto.mls.key_schedule import Joiner
from crypto.mls.leaf_node import LeafNode
from crypto.mls.message import decode_group_info, decode_welcome, encode_message
from crypto.mls.proposal import Add, PreSharedKey
from crypto.mls.psk import PreSharedKeyId, Psks, ResumptionUsage, psk_secret
from crypto.mls.ratchet_tree import RatchetTree
from crypto.mls.welcome import EncryptedGroupSecrets, GroupSecrets, Welcome
from tests.crypto.mls.negative import forging
from tests.crypto.mls.negative.case import Case, flipped, welcome
from tests.crypto.mls.negative.proposals import psk_id, resumption
from tests.crypto.mls.negative.scene import (
    ALICE,
    BOB,
    NOW,
    SUITE,
    Draw,
    bundle_of,
    own_of,
    psk,
    signing_key_of,
    the_scene,
)


def cases() -> list[Case]:
    """Return the cases of this theme."""
    return [*_outside(), *_secrets(), *_infos(), *_psks()]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Opened:
    """A Welcome taken apart by the one it is for, to be put together otherwise."""

    bundle: KeyPackageBundle
    made: Welcome
    secrets: GroupSecrets
    info: GroupInfo
    psk: bytes

    @classmethod
    def of(cls, message: bytes, name: str, psks: Psks | None = None) -> _Opened:
        bundle, made = bundle_of(name), decode_welcome(message)
        secrets = made.open_secrets(SUITE, bundle.key_package, bundle.init_key)
        held = [(one, psks.find(one)) for one in secrets.psks] if psks else []
        mixed = psk_secret(SUITE, held)
        joiner = Joiner.of_welcome(SUITE, secrets.joiner_secret.reveal(), mixed)
        info = made.open_group_info(SUITE, joiner)
        return cls(bundle=bundle, made=made, secrets=secrets, info=info, psk=mixed)

    def again(
        self,
        *,
        info: GroupInfo | None = None,
        sealed_secrets: bytes | None = None,
        joiner_secret: bytes | None = None,
        **secrets: Any,
    ) -> bytes:
        """Return the Welcome with another GroupInfo or other secrets, encrypted anew."""
        told = replace(self.secrets, **secrets)
        joiner = Joiner.of_welcome(SUITE, self.secrets.joiner_secret.reveal(), self.psk)
        key, nonce = joiner.welcome_key_and_nonce()
        sealed = SUITE.hpke.aead.seal(key, nonce, b"", (info or self.info).encode())
        if joiner_secret is not None:
            told = replace(told, joiner_secret=Secret(joiner_secret))
        plain = told.encode() if sealed_secrets is None else sealed_secrets
        return encode_message(replace(self.made, encrypted_group_info=sealed, secrets=(
            self.for_us(sealed, plain),)))  # fmt: skip

    def for_us(self, sealed_info: bytes, plain: bytes) -> EncryptedGroupSecrets:
        package = self.bundle.key_package
        sealed = SUITE.encrypt_with_label(
            package.init_key, b"Welcome", sealed_info, plain, Draw("sealed again")
        )
        return EncryptedGroupSecrets(package.reference(), HpkeCiphertext(*sealed))

    def stored(self) -> bytes:
        return self.bundle.serialize()


@cache
def _added(*, force_path: bool = True) -> Committed:
    alice = the_scene().member(ALICE)
    return alice.commit(
        [Add(bundle_of("erin").key_package)],
        force_path=force_path,
        now=NOW,
        random_bytes=Draw("erin is added"),
    )


def _message(made: Committed) -> bytes:
    assert made.welcome is not None
    return made.welcome


def _outside() -> list[Case]:
    made = _added()
    whole = _message(made)
    read = decode_welcome(whole)
    good = welcome(bundle_of("erin").serialize(), whole)
    mine = read.secrets[0]
    sealed = mine.encrypted_group_secrets
    another = bundle_of("frank").serialize()
    erin = bundle_of("erin").serialize()

    def with_secrets(**changes: Any) -> bytes:
        changed = replace(mine, encrypted_group_secrets=replace(sealed, **changes))
        return encode_message(replace(read, secrets=(changed,)))

    rows = [
        ("for somebody else", "not_for_us", another, whole),
        ("for nobody", "not_for_us", erin, encode_message(replace(read, secrets=()))),
        ("for another key package of ours", "not_for_us",
         KeyPackageBundle.create(SUITE, own_of("erin"), Draw("second")).serialize(), whole),
        ("of another suite", "wrong_suite", erin, encode_message(replace(read, cipher_suite=3))),
        ("of a suite that we do not have", "unsupported_suite", erin,
         encode_message(replace(read, cipher_suite=0x0A0A))),
        ("whose secrets do not open", "bad_ciphertext", erin,
         with_secrets(ciphertext=flipped(sealed.ciphertext))),
        ("whose secrets are empty", "bad_ciphertext", erin, with_secrets(ciphertext=b"")),
        ("whose secrets are for another key", "bad_ciphertext", erin,
         with_secrets(kem_output=signing_key_of("x").public)),
        ("whose secrets are for no key", "bad_ciphertext", erin, with_secrets(kem_output=b"")),
        ("whose secrets lead to zeros", "bad_ciphertext", erin, with_secrets(kem_output=bytes(32))),
        ("whose GroupInfo was changed", "bad_ciphertext", erin,
         encode_message(replace(read, encrypted_group_info=flipped(read.encrypted_group_info)))),
        ("without a GroupInfo", "bad_ciphertext", erin,
         encode_message(replace(read, encrypted_group_info=b""))),
        ("cut short", "malformed", erin, whole[:-1]),
        ("with a byte after it", "malformed", erin, whole + b"\x00"),
        ("that is a GroupInfo", "malformed", erin, made.group_info),
        ("that is a commit", "malformed", erin, made.message),
        ("that is nothing", "malformed", erin, b""),
    ]  # fmt: skip
    return [
        Case(name=f"a Welcome {name}", bad=welcome(bundle, bad), expect=expect, good=good)
        for name, expect, bundle, bad in rows
    ]


def _secrets() -> list[Case]:
    opened = _Opened.of(_message(_added()), "erin")
    pathless = _Opened.of(_message(_added(force_path=False)), "erin")
    assert opened.secrets.path_secret is not None
    assert pathless.secrets.path_secret is None
    path_secret = opened.secrets.path_secret.reveal()
    plain = opened.secrets.encode()
    rows = [
        ("with another joiner secret", "bad_ciphertext", opened.again(joiner_secret=bytes(32))),
        ("with an empty joiner secret", "bad_ciphertext", opened.again(joiner_secret=b"")),
        ("with another path secret", "path_secret",
         opened.again(path_secret=Secret(flipped(path_secret)))),
        ("with a path secret cut short", "path_secret",
         opened.again(path_secret=Secret(path_secret[:-1]))),
        ("with an empty path secret", "path_secret", opened.again(path_secret=Secret(b""))),
        ("without the secret of its path", "path_secret", opened.again(path_secret=None)),
        ("with a path secret where there is no path", "path_secret",
         pathless.again(path_secret=Secret(path_secret))),
        ("whose secrets are cut short", "malformed", opened.again(sealed_secrets=plain[:-1])),
        ("whose secrets go on", "malformed", opened.again(sealed_secrets=plain + b"\x00")),
        ("whose secrets are nothing", "malformed", opened.again(sealed_secrets=b"")),
    ]  # fmt: skip
    return [_told(opened, name, expect, bad) for name, expect, bad in rows]


def _told(opened: _Opened, name: str, expect: str, bad: bytes) -> Case:
    return Case(
        name=f"a Welcome {name}",
        bad=welcome(opened.stored(), bad),
        expect=expect,
        good=welcome(opened.stored(), opened.again()),
    )


def _infos() -> list[Case]:
    opened = _Opened.of(_message(_added()), "erin")
    info, alice = opened.info, signing_key_of("alice")
    context = info.group_context

    def told(key: Any = alice, **changes: Any) -> bytes:
        return opened.again(info=replace(info, **changes).signed(key))

    rows = [
        ("whose GroupInfo nobody signed", "bad_signature",
         opened.again(info=replace(info, signature=b""))),
        ("whose GroupInfo another leaf signed", "bad_signature", told(signing_key_of("bob"))),
        ("whose GroupInfo a stranger signed", "bad_signature", told(signing_key_of("mallory"))),
        ("whose GroupInfo is in another's name", "bad_signature", told(signer=BOB)),
        ("whose GroupInfo is in nobody's name", "wrong_signer", told(signer=6)),
        ("whose GroupInfo has another confirmation tag", "bad_confirmation_tag",
         told(confirmation_tag=flipped(info.confirmation_tag))),
        ("whose GroupInfo has an empty confirmation tag", "bad_confirmation_tag",
         told(confirmation_tag=b"")),
        ("of another epoch", "bad_confirmation_tag",
         told(group_context=replace(context, epoch=context.epoch + 1))),
        ("of another group", "bad_signature",
         told(group_context=replace(context, group_id=b"another"))),
        ("with another transcript", "bad_confirmation_tag",
         told(group_context=replace(context, confirmed_transcript_hash=bytes(32)))),
        ("of a group with other extensions", "bad_confirmation_tag",
         told(group_context=replace(context, extensions=()))),
        ("of a group of another suite", "wrong_suite",
         told(group_context=replace(context, cipher_suite=3))),
        ("with another tree hash", "tree_hash",
         told(group_context=replace(context, tree_hash=bytes(32)))),
        ("without a tree", "missing_tree", told(extensions=())),
        ("with a tree twice", "duplicate_extension",
         told(extensions=(info.extensions[0], info.extensions[0]))),
        ("of a group with an extension that we do not support", "unsupported_extension",
         told(group_context=replace(context, extensions=(Extension(0xF0F0, b""),)))),
    ]  # fmt: skip
    assert info.extensions[0].type == ExtensionType.RATCHET_TREE
    listed = [_told(opened, name, expect, bad) for name, expect, bad in rows]
    return [*listed, *_without_us()]


def _without_us() -> list[Case]:
    """A group that its member says we are in, and we are not."""
    opened = _Opened.of(_message(_added(force_path=False)), "erin")
    tree = RatchetTree.decode(SUITE, opened.info.extensions[0].data)
    place = next(i for i, leaf in tree.leaves() if leaf == opened.bundle.key_package.leaf_node)
    other = bundle_of("frank").key_package.leaf_node

    def lied(leaf: LeafNode | None) -> bytes:
        changed = _with_leaf(tree, place, leaf)
        message = forging.info_with_tree(opened.info, changed, signing_key_of("alice"))
        return opened.again(info=decode_group_info(message))

    return [
        _told(opened, "to a group with another in our place", "not_for_us", lied(other)),
        _told(opened, "to a group with nobody in our place", "not_for_us", lied(None)),
    ]


def _with_leaf(tree: RatchetTree, place: int, leaf: LeafNode | None) -> RatchetTree:
    """Return the tree with another leaf in a place, or none: it was added, and vouches for none."""
    changed = forging.with_node(tree, 2 * place, leaf)
    return RatchetTree.decode(SUITE, changed.encode())


def _psks() -> list[Case]:
    ours = psk("ours")
    holding = Psks(external={b"psk": ours})
    made = (
        the_scene()
        .member(ALICE)
        .commit(
            [Add(bundle_of("erin").key_package), PreSharedKey(psk_id())],
            psks=holding,
            now=NOW,
            random_bytes=Draw("erin is added with a psk"),
        )
    )
    whole, erin = _message(made), bundle_of("erin").serialize()
    opened = _Opened.of(whole, "erin", holding)
    named = opened.secrets.psks
    assert len(named) == 1
    branch = resumption(ResumptionUsage.BRANCH)
    reinit = resumption(ResumptionUsage.REINIT)
    strange = PreSharedKeyId.external(b"another", SUITE, Draw("nonce"))
    good = welcome(erin, whole, psk=ours.reveal())

    def naming(psks: Sequence[PreSharedKeyId]) -> bytes:
        return opened.again(psks=tuple(psks))

    held = ours.reveal()
    rows = [
        ("with a pre-shared key that we do not have", "unknown_psk", whole, None),
        ("with a pre-shared key that is another here", "bad_ciphertext", whole,
         psk("theirs").reveal()),
        ("that does not name its pre-shared key", "bad_ciphertext", naming(()), held),
        ("that names its pre-shared key twice", "bad_ciphertext", naming(named * 2), held),
        ("that names another pre-shared key", "unknown_psk", naming((strange,)), held),
        ("that names another nonce", "bad_ciphertext",
         naming((replace(named[0], nonce=bytes(32)),)), held),
        ("with a nonce of another length", "psk_nonce",
         naming((replace(named[0], nonce=bytes(16)),)), held),
        ("with an empty nonce", "psk_nonce", naming((replace(named[0], nonce=b""),)), held),
        ("that continues two groups", "psk_usage", naming((branch, reinit)), held),
        ("that branches a group which we do not know", "unknown_psk", naming((branch,)), held),
    ]  # fmt: skip
    return [
        Case(name=f"a Welcome {name}", bad=welcome(erin, bad, psk=key), expect=expect, good=good)
        for name, expect, bad, key in rows
    ]
