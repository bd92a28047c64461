"""RFC 9420, 12.4.3.2: commits from outside, by those who join or come back on their own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from typing import Any

from crypto.mls.commit import Commit
from crypto.mls.credential import Credential
from crypto.mls.group import Committed, Group
from crypto.mls.proposal import (
    Add,
    ExternalInit,
    GroupContextExtensions,
    PreSharedKey,
    Proposal,
    ProposalOrRef,
    ProposalRef,
    ReInit,
    Remove,
)
from tests.crypto.mls.negative import forging
from tests.crypto.mls.negative.case import Case, flipped, hub_committed, member
from tests.crypto.mls.negative.commits import judged
from tests.crypto.mls.negative.proposals import psk_id
from tests.crypto.mls.negative.scene import (
    ALICE,
    BOB,
    CAPABILITIES,
    CAROL,
    NOW,
    Draw,
    bundle_of,
    hub_senders,
    own_of,
    signing_key_of,
    the_scene,
)

_PLACE = 4


def cases() -> list[Case]:
    """Return the cases of this theme."""
    return [*_lists(), *_references(), *_paths(), *_secrets(), *_resyncs()]


@cache
def joined() -> Committed:
    """Return the commit by which Erin joins."""
    info = the_scene().member(ALICE).group_info()
    return Group.join_external(info, own_of("erin"), now=NOW, random_bytes=Draw("erin joins"))


@cache
def resynced() -> Committed:
    """Return the commit by which Carol comes back."""
    info = the_scene().member(ALICE).group_info()
    return Group.join_external(
        info, own_of("carol"), remove_prior=CAROL, now=NOW, random_bytes=Draw("carol returns")
    )


def _again(made: Committed, change: Commit, name: str = "erin", **how: Any) -> bytes:
    how.setdefault("key", signing_key_of(name))
    alice = the_scene().member(ALICE)
    return forging.again(alice, made.message, lambda said: replace(said, content=change), **how)


def _with(
    items: Sequence[ProposalOrRef], made: Committed | None = None, name: str = "erin"
) -> bytes:
    base = made or joined()
    return _again(base, replace(forging.commit_in(base.message), proposals=tuple(items)), name)


def _init(made: Committed) -> ExternalInit:
    items = forging.commit_in(made.message).proposals
    return next(one for one in items if isinstance(one, ExternalInit))


def _lists() -> list[Case]:
    init = _init(joined())
    other = Add(bundle_of("frank").key_package)
    reinit = ReInit(group_id=b"next", version=1, cipher_suite=1)
    psk = PreSharedKey(psk_id())
    beside: list[tuple[str, str, list[Proposal]]] = [
        ("with two ExternalInits", "external_init", [init]),
        ("that adds somebody else", "forbidden_sender", [other]),
        ("with the group's extensions", "forbidden_sender",
         [GroupContextExtensions(hub_senders())]),
        ("with a ReInit", "forbidden_sender", [reinit]),
        ("with two Removes", "same_leaf_twice", [Remove(BOB), Remove(CAROL)]),
        ("with one Remove twice", "same_leaf_twice", [Remove(CAROL), Remove(CAROL)]),
        ("that removes a leaf beyond the tree", "unknown_leaf", [Remove(8)]),
        ("of one pre-shared key twice", "duplicate_psk", [psk, psk]),
        ("of a pre-shared key with a short nonce", "psk_nonce",
         [PreSharedKey(psk_id(nonce=bytes(3)))]),
    ]  # fmt: skip
    listed = [
        case
        for name, expect, more in beside
        for case in judged(f"from outside {name}", _with([init, *more]), expect, joined())
    ]
    listed += judged("from outside without an ExternalInit", _with([]), "external_init", joined())
    listed += judged(
        "from outside with a Remove and no ExternalInit",
        _with([Remove(CAROL)], resynced(), "carol"),
        "external_init",
        resynced(),
    )
    return listed


def _references() -> list[Case]:
    scene = the_scene()
    remove = scene.member(ALICE).propose(Remove(CAROL), now=NOW, random_bytes=Draw("remove"))
    at = scene.without(ALICE).with_proposals(remove.message)
    init = _init(joined())
    known = _with([init, ProposalRef(remove.reference)])
    unknown = _with([init, ProposalRef(bytes(32))])
    code = "reference_in_external_commit"
    return [
        *judged("from outside of a proposal by reference", known, code, joined(), scene=at),
        *judged("from outside of a reference to nothing", unknown, code, joined()),
    ]


def _paths() -> list[Case]:
    made = joined()
    commit, path = forging.commit_in(made.message), forging.path_in(made.message)
    erin = signing_key_of("erin")
    tree = the_scene().member(ALICE).public.tree

    def leaf(place: int = _PLACE, key: Any = erin, **changes: Any) -> bytes:
        changed = replace(path.leaf_node, **changes).signed(
            key, the_scene().member(ALICE).group_id, place
        )
        return _again(made, replace(commit, path=replace(path, leaf_node=changed)), key=key)

    mallory, bob = signing_key_of("mallory"), signing_key_of("bob")
    strange = replace(CAPABILITIES, credentials=(1, 0xF00A))
    rows = [
        ("without a path", "missing_path", _again(made, replace(commit, path=None))),
        ("that somebody else signed", "bad_signature", _again(made, commit, key=mallory)),
        ("without a signature", "bad_signature", _again(made, commit, signature=b"")),
        ("whose leaf is for another place", "bad_signature", leaf(place=BOB)),
        ("whose leaf has another parent hash", "parent_hash", leaf(parent_hash=bytes(32))),
        ("whose leaf has a member's encryption key", "duplicate_key",
         leaf(encryption_key=tree.member(BOB).encryption_key)),
        ("whose leaf has a member's signature key", "duplicate_key",
         leaf(key=bob, signature_key=bob.public)),
        ("whose leaf has a credential that members do not support", "unsupported_credential",
         leaf(credential=Credential(0xF00A, b"erin"), capabilities=strange)),
        ("whose leaf does not support members' credentials", "unsupported_credential",
         leaf(credential=Credential(0x4A4A, b""),
              capabilities=replace(CAPABILITIES, credentials=(0x4A4A,)))),
        ("with a path one node short", "path_shape",
         _again(made, replace(commit, path=replace(path, nodes=path.nodes[:-1])))),
    ]  # fmt: skip
    return [
        case
        for name, expect, bad in rows
        for case in judged(f"from outside {name}", bad, expect, made)
    ]


def _secrets() -> list[Case]:
    """What members see and the hub does not."""
    made = joined()
    init = _init(made)
    tag = forging.opened(made.message).auth.confirmation_tag or b""
    commit = forging.commit_in(made.message)
    key = signing_key_of("frank").public
    rows = [
        ("with an encapsulation that is too short", "bad_key",
         _with([ExternalInit(init.kem_output[:31])])),
        ("with an empty encapsulation", "bad_key", _with([ExternalInit(b"")])),
        ("with an encapsulation that leads to zeros", "bad_key", _with([ExternalInit(bytes(32))])),
        ("with another encapsulation", "bad_confirmation_tag", _with([ExternalInit(key)])),
        ("with another confirmation tag", "bad_confirmation_tag",
         _again(made, commit, tag=flipped(tag))),
        ("of a pre-shared key that we do not have", "unknown_psk",
         _with([init, PreSharedKey(psk_id())])),
    ]  # fmt: skip
    return [
        case
        for name, expect, bad in rows
        for case in judged(f"from outside {name}", bad, expect, made, hub=False)
    ]


def _resyncs() -> list[Case]:
    made = resynced()
    commit, path = forging.commit_in(made.message), forging.path_in(made.message)
    scene = the_scene()
    alice = scene.member(ALICE)
    old = alice.public.tree.member(CAROL).encryption_key
    carol = signing_key_of("carol")
    leaf = replace(path.leaf_node, encryption_key=old).signed(carol, alice.group_id, CAROL)
    kept = _again(made, replace(commit, path=replace(path, leaf_node=leaf)), "carol")
    after = scene.hub().check_commit(
        made.message, group_info=made.group_info, welcome=None, now=NOW
    )
    return [
        *judged("from outside by one who comes back with the old key", kept, "same_key", made),
        Case(
            name="a commit from outside sent once more (to the hub)",
            bad=hub_committed(after.next.serialize(), made),
            expect="wrong_epoch",
            good=hub_committed(scene.public, made),
        ),
        Case(
            name="a commit of the member who was replaced from outside",
            bad=member(
                scene.member(BOB).receive(made.message, now=NOW).next.serialize(),  # type: ignore[union-attr]
                _late_word(alice),
            ),
            expect="wrong_epoch",
            good=member(scene.members[BOB], _late_word(alice)),
        ),
    ]


def _late_word(alice: Group) -> bytes:
    return forging.private(alice, b"a late word", leaf=CAROL, key=signing_key_of("carol"))
