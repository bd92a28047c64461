"""RFC 9420, 12.1: proposals that nobody may make, or not so, or not here."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from crypto.mls.commit import Commit
from crypto.mls.extensions import Extension, ExtensionType, RequiredCapabilities
from crypto.mls.framing import Sender, SenderType
from crypto.mls.group import Group
from crypto.mls.leaf_node import LeafNodeSource
from crypto.mls.proposal import (
    Add,
    ExternalInit,
    GroupContextExtensions,
    PreSharedKey,
    Proposal,
    ReInit,
    Remove,
    Update,
)
from crypto.mls.psk import PreSharedKeyId, ResumptionUsage
from tests.crypto.mls.negative import forging
from tests.crypto.mls.negative.case import Case, hub_proposal, member
from tests.crypto.mls.negative.key_packages import SMALL_ORDER_X25519
from tests.crypto.mls.negative.scene import (
    ALICE,
    BOB,
    CAPABILITIES,
    CAROL,
    DORA,
    GROUP_ID,
    NOW,
    PRIVATE_EXTENSION,
    SUITE,
    Draw,
    bundle_of,
    hub_key,
    hub_senders,
    signing_key_of,
    the_scene,
)

_FROM_HUB = Sender(SenderType.EXTERNAL, 0)


def cases() -> list[Case]:
    """Return the cases of this theme."""
    return [*_by_alice(), *_updates(), *_from_outside(), *_in_a_closed_group()]


def _both(name: str, bad: bytes, expect: str, good: bytes) -> list[Case]:
    scene = the_scene()
    to_bob, to_hub = scene.members[BOB], scene.public
    return [
        Case(
            name=f"{name} (to a member)",
            bad=member(to_bob, bad),
            expect=expect,
            good=member(to_bob, good),
        ),
        Case(
            name=f"{name} (to the hub)",
            bad=hub_proposal(to_hub, bad),
            expect=expect,
            good=hub_proposal(to_hub, good),
        ),
    ]


def _proposed(proposal: Proposal) -> bytes:
    alice = the_scene().member(ALICE)
    return forging.public(alice, forging.content_by(alice, proposal))


def psk_id(name: bytes = b"psk", **changes: Any) -> PreSharedKeyId:
    """Return the name of an external PSK."""
    made = PreSharedKeyId.external(name, SUITE, Draw("nonce"))
    return replace(made, **changes)


def resumption(usage: ResumptionUsage) -> PreSharedKeyId:
    """Return the name of the PSK of the epoch before."""
    return PreSharedKeyId.resumption(usage, GROUP_ID, 3, SUITE, Draw("nonce"))


def extension(kind: int, data: bytes = b"") -> Extension:
    """Return an extension of any type."""
    return Extension(kind, data)


def _by_alice() -> list[Case]:
    one = extension(PRIVATE_EXTENSION)
    remove, extensions = Remove(DORA), GroupContextExtensions((*hub_senders(), one))
    psk, reinit = PreSharedKey(psk_id()), ReInit(group_id=b"next", version=1, cipher_suite=1)
    application = PreSharedKey(resumption(ResumptionUsage.APPLICATION))
    senders, required = ExtensionType.EXTERNAL_SENDERS, ExtensionType.REQUIRED_CAPABILITIES
    rows: list[tuple[str, str, Proposal, Proposal]] = [
        ("a Remove of a leaf beyond the tree", "unknown_leaf", Remove(4), remove),
        ("a Remove of the last leaf there is", "unknown_leaf", Remove(2**32 - 1), remove),
        (
            "a PSK with a nonce one byte short",
            "psk_nonce",
            PreSharedKey(psk_id(nonce=bytes(31))),
            psk,
        ),
        ("a PSK with an empty nonce", "psk_nonce", PreSharedKey(psk_id(nonce=b"")), psk),
        ("a PSK with a nonce of 33 bytes", "psk_nonce", PreSharedKey(psk_id(nonce=bytes(33))), psk),
        (
            "a PSK for a reinit in the midst of a group",
            "psk_usage",
            PreSharedKey(resumption(ResumptionUsage.REINIT)),
            application,
        ),
        (
            "a PSK for a branch in the midst of a group",
            "psk_usage",
            PreSharedKey(resumption(ResumptionUsage.BRANCH)),
            application,
        ),
        ("a ReInit to an older protocol", "wrong_version", replace(reinit, version=0), reinit),
        (
            "a ReInit with one type of extension twice",
            "duplicate_extension",
            replace(reinit, extensions=(one, one)),
            replace(reinit, extensions=(one,)),
        ),
        (
            "extensions of the group with one type twice",
            "duplicate_extension",
            GroupContextExtensions((one, one)),
            extensions,
        ),
        (
            "external senders that are cut short",
            "malformed",
            GroupContextExtensions((extension(senders, b"\x05\x20"),)),
            extensions,
        ),
        (
            "external senders with a byte after them",
            "malformed",
            GroupContextExtensions((extension(senders, b"\x00\x00"),)),
            extensions,
        ),
        (
            "required capabilities that are cut short",
            "malformed",
            GroupContextExtensions((extension(required, b"\x00\x00"),)),
            GroupContextExtensions((RequiredCapabilities().as_extension(),)),
        ),
        (
            "required capabilities of an odd length",
            "malformed",
            GroupContextExtensions((extension(required, b"\x01\x00\x00\x00"),)),
            extensions,
        ),
        (
            "an ExternalInit by a member",
            "external_init",
            ExternalInit(signing_key_of("erin").public),
            remove,
        ),
    ]
    return [
        case
        for name, expect, bad, good in rows
        for case in _both(name, _proposed(bad), expect, _proposed(good))
    ]


def _update_of(group: Group, **changes: Any) -> Update:
    where = {
        "group_id": changes.pop("group_id", group.group_id),
        "leaf_index": changes.pop("leaf_index", group.own_leaf_index),
    }
    key = changes.pop("key", group.signing_key)
    said = {
        "encryption_key": SUITE.generate_key_pair(Draw("update")).public,
        "source": LeafNodeSource.UPDATE,
        "lifetime": None,
        "parent_hash": None,
        **changes,
    }
    leaf = replace(group.public.tree.member(group.own_leaf_index), **said).signed(key, **where)
    if "signature" in changes:
        leaf = replace(leaf, signature=changes["signature"])
    return Update(leaf)


def _updates() -> list[Case]:
    alice = the_scene().member(ALICE)
    tree = alice.public.tree
    own_key = tree.member(ALICE).encryption_key
    package = bundle_of("alice").key_package.leaf_node
    good = _proposed(_update_of(alice))
    listed = extension(PRIVATE_EXTENSION)
    rows: list[tuple[str, str, dict[str, Any]]] = [
        ("keeps its encryption key", "same_key", {"encryption_key": own_key}),
        ("is signed for Bob's place", "bad_signature", {"leaf_index": BOB}),
        ("is signed for another group", "bad_signature", {"group_id": b"another"}),
        ("is not signed", "bad_signature", {"signature": b""}),
        ("is signed by somebody else", "bad_signature", {"key": signing_key_of("mallory")}),
        ("has an empty encryption key", "bad_key", {"encryption_key": b""}),
        (
            "has a key that leads to zeros",
            "bad_key",
            {"encryption_key": SMALL_ORDER_X25519[2]},
        ),
        (
            "says it comes from a commit",
            "wrong_source",
            {"source": LeafNodeSource.COMMIT, "parent_hash": b""},
        ),
        (
            "says it comes from a key package",
            "wrong_source",
            {"source": LeafNodeSource.KEY_PACKAGE, "lifetime": package.lifetime},
        ),
        (
            "has an extension that it does not list",
            "unlisted_extension",
            {"extensions": (extension(0xF0F0),)},
        ),
        (
            "has one type of extension twice",
            "duplicate_extension",
            {"extensions": (listed, listed)},
        ),
        (
            "has a credential that it does not support",
            "unsupported_credential",
            {"capabilities": replace(CAPABILITIES, credentials=(2,))},
        ),
    ]
    return [
        case
        for name, expect, changes in rows
        for case in _both(
            f"an Update that {name}", _proposed(_update_of(alice, **changes)), expect, good
        )
    ]


def _from_outside() -> list[Case]:
    alice, key = the_scene().member(ALICE), hub_key()

    def by(sender: Sender, content: Proposal | Commit, signer: Any = key, **how: Any) -> bytes:
        said = forging.content_by(alice, content, sender=sender)
        return forging.public(alice, said, key=signer, context=b"", **how)

    remove, erin = Remove(DORA), Add(bundle_of("erin").key_package)
    good = by(_FROM_HUB, remove)
    newcomer = Sender(SenderType.NEW_MEMBER_PROPOSAL)
    commit = Sender(SenderType.NEW_MEMBER_COMMIT)
    mallory = signing_key_of("mallory")
    rows = [
        ("a Remove by the hub that somebody else signed", "bad_signature",
         by(_FROM_HUB, remove, mallory)),
        ("a Remove by the hub without a signature", "bad_signature",
         by(_FROM_HUB, remove, signature=b"")),
        ("a Remove by an external sender who is not listed", "unknown_sender",
         by(Sender(SenderType.EXTERNAL, 1), remove)),
        ("a Remove by the last external sender there is", "unknown_sender",
         by(Sender(SenderType.EXTERNAL, 2**32 - 1), remove)),
        ("a Remove by the hub of a leaf that is blank", "unknown_leaf", by(_FROM_HUB, Remove(7))),
        ("an Update by the hub", "forbidden_sender", by(_FROM_HUB, _update_of(alice))),
        ("an ExternalInit by the hub", "forbidden_sender", by(_FROM_HUB, ExternalInit(bytes(32)))),
        ("a commit by the hub", "wrong_content", by(_FROM_HUB, Commit(()), tag=bytes(32))),
        ("a Remove by a newcomer", "wrong_content", by(newcomer, remove)),
        ("a PSK by a newcomer", "wrong_content", by(newcomer, PreSharedKey(psk_id()))),
        ("a commit by one who may only propose to be added", "wrong_content",
         by(newcomer, Commit(()), tag=bytes(32))),
        ("a proposal by one who says it commits", "wrong_content",
         by(commit, erin, signing_key_of("erin"))),
    ]  # fmt: skip
    listed = [case for name, expect, it in rows for case in _both(name, it, expect, good)]
    in_the_clear = forging.content_by(alice, b"a word", sender=_FROM_HUB)
    bad = forging.public(alice, in_the_clear, key=key, context=b"")
    return [*listed, *_both("application data by the hub", bad, "wrong_wire_format", good)]


def _in_a_closed_group() -> list[Case]:
    """RFC 9420, 12.4.2: after a commit of a ReInit there is nothing more to say."""
    scene = the_scene()
    reinit = ReInit(group_id=b"next", version=1, cipher_suite=1)
    made = scene.member(ALICE).commit([reinit], now=NOW, random_bytes=Draw("reinit"))
    closed = scene.after(ALICE, made, {})
    carol, before = closed.member(CAROL), scene.member(CAROL)
    bad = forging.public(carol, forging.content_by(carol, Remove(DORA)))
    good = forging.public(before, forging.content_by(before, Remove(DORA)))
    forced = before.commit(force_path=True, now=NOW, random_bytes=Draw("forced"))
    late = forging.with_path(carol, forced.message, forging.path_in(forced.message))
    late = forging.again(carol, late, lambda said: replace(said, epoch=carol.epoch))
    return [
        Case(
            name="a proposal in a group that was closed (to a member)",
            bad=member(closed.members[BOB], bad),
            expect="group_closed",
            good=member(scene.members[BOB], good),
        ),
        Case(
            name="a proposal in a group that was closed (to the hub)",
            bad=hub_proposal(closed.public, bad),
            expect="group_closed",
            good=hub_proposal(scene.public, good),
        ),
        Case(
            name="a commit in a group that was closed",
            bad=member(closed.members[BOB], late),
            expect="group_closed",
            good=member(scene.members[BOB], forced.message),
        ),
    ]
