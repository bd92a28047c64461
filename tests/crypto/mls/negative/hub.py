"""What the hub checks of a commit beyond the commit itself: GroupInfo, Welcome, pending Removes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from typing import Any

from crypto.mls.extensions import Extension, ExtensionType
from crypto.mls.group import Committed, Group
from crypto.mls.message import decode_group_info, decode_welcome, encode_message
from crypto.mls.proposal import Add, Remove
from tests.crypto.mls.negative import forging
from tests.crypto.mls.negative.case import Case, Trial, flipped, hub_commit, hub_committed
from tests.crypto.mls.negative.scene import (
    ALICE,
    BOB,
    CAROL,
    DORA,
    NOW,
    Draw,
    bundle_of,
    hub_key,
    own_of,
    signing_key_of,
    the_scene,
)


def cases() -> list[Case]:
    """Return the cases of this theme."""
    return [*_infos(), *_welcomes(), *_pending(), *_external()]


@cache
def _added() -> Committed:
    packages = [bundle_of(name).key_package for name in ("erin", "frank")]
    return (
        the_scene()
        .member(ALICE)
        .commit(
            [Add(package) for package in packages],
            force_path=True,
            now=NOW,
            random_bytes=Draw("erin and frank"),
        )
    )


def _trial(**changes: Any) -> Trial:
    return {**hub_committed(the_scene().public, _added()), **changes}


def _rows(rows: Sequence[tuple[str, str, Trial]], good: Trial | None = None) -> list[Case]:
    return [
        Case(name=f"a commit {name}", bad=bad, expect=expect, good=good or _trial())
        for name, expect, bad in rows
    ]


def _infos() -> list[Case]:
    scene, made = the_scene(), _added()
    info = decode_group_info(made.group_info)
    tree, external = info.extensions
    context = info.group_context
    alice, bob = signing_key_of("alice"), signing_key_of("bob")
    old = decode_group_info(scene.member(ALICE).group_info())
    other = scene.member(ALICE).commit(force_path=True, now=NOW, random_bytes=Draw("other"))
    unknown = Extension(0x0A0A, b"")
    bare = Extension(ExtensionType.EXTERNAL_PUB, external.data[1:])

    def told(key: Any = alice, **changes: Any) -> Trial:
        return _trial(group_info=forging.info_again(made.group_info, key, **changes))

    def unsigned(**changes: Any) -> Trial:
        return _trial(group_info=encode_message(replace(info, **changes)))

    rows = [
        ("with a GroupInfo of the epoch before", "wrong_context",
         _trial(group_info=encode_message(old))),
        ("with the GroupInfo of another commit", "wrong_context",
         _trial(group_info=other.group_info)),
        ("with a GroupInfo of another group", "wrong_context",
         told(group_context=replace(context, group_id=b"another"))),
        ("with a GroupInfo of another tree hash", "wrong_context",
         told(group_context=replace(context, tree_hash=bytes(32)))),
        ("with a GroupInfo of other extensions", "wrong_context",
         told(group_context=replace(context, extensions=()))),
        ("with a GroupInfo of another transcript", "wrong_context",
         told(group_context=replace(context, confirmed_transcript_hash=bytes(32)))),
        ("with a GroupInfo of another confirmation tag", "bad_confirmation_tag",
         told(confirmation_tag=flipped(info.confirmation_tag))),
        ("with a GroupInfo by another leaf", "wrong_signer", told(bob, signer=BOB)),
        ("with a GroupInfo by no leaf", "wrong_signer", told(signer=63)),
        ("with a GroupInfo that another leaf signed", "bad_signature", told(bob)),
        ("with a GroupInfo that nobody signed", "bad_signature", unsigned(signature=b"")),
        ("with a GroupInfo of which one bit was changed", "bad_signature",
         unsigned(signature=flipped(info.signature))),
        ("with a GroupInfo that gained an extension", "bad_signature",
         unsigned(extensions=(tree, external, unknown))),
        ("with a GroupInfo without the tree", "missing_tree", told(extensions=(external,))),
        ("with a GroupInfo of the tree before", "tree_hash",
         told(extensions=(old.extensions[0], external))),
        ("with a GroupInfo of an empty tree", "tree_hash",
         told(extensions=(replace(tree, data=b""), external))),
        ("with a GroupInfo that nobody could join by", "missing_external_pub",
         told(extensions=(tree,))),
        ("with an external key that is not a vector", "malformed", told(extensions=(tree, bare))),
        ("with a GroupInfo of two trees", "duplicate_extension",
         told(extensions=(tree, external, tree))),
        ("with a GroupInfo cut short", "malformed", _trial(group_info=made.group_info[:-1])),
        ("with a GroupInfo that goes on", "malformed", _trial(group_info=made.group_info + b"\0")),
        ("with an empty GroupInfo", "malformed", _trial(group_info=b"")),
        ("with a commit for a GroupInfo", "malformed", _trial(group_info=made.message)),
    ]  # fmt: skip
    return [*_rows(rows), *_by_the_former_key()]


def _by_the_former_key() -> list[Case]:
    """A committer changes its signature key: its GroupInfo is signed with the new one."""
    scene = the_scene()
    new = replace(own_of("alice"), signature_key=own_of("alice, later").signature_key)
    made = scene.member(ALICE).commit(own=new, now=NOW, random_bytes=Draw("rotated"))
    info = forging.info_again(made.group_info, signing_key_of("alice"))
    return [
        Case(
            name="a commit with a GroupInfo signed with the key that it replaces",
            bad=hub_commit(scene.public, made.message, info),
            expect="bad_signature",
            good=hub_committed(scene.public, made),
        )
    ]


def _welcomes() -> list[Case]:
    scene, made = the_scene(), _added()
    assert made.welcome is not None
    read = decode_welcome(made.welcome)
    erin, frank = read.secrets
    stranger = replace(erin, new_member=bundle_of("grace").key_package.reference())

    def welcoming(*secrets: Any, **changes: Any) -> Trial:
        return _trial(welcome=encode_message(replace(read, secrets=secrets, **changes)))

    rows = [
        ("that adds without a Welcome", "wrong_welcome", _trial(welcome=None)),
        ("with a Welcome for nobody", "wrong_welcome", welcoming()),
        ("with a Welcome for one of two", "wrong_welcome", welcoming(erin)),
        ("with a Welcome for one of two, twice", "wrong_welcome", welcoming(erin, erin)),
        ("with a Welcome for one too many", "wrong_welcome", welcoming(erin, frank, stranger)),
        ("with a Welcome for somebody else", "wrong_welcome", welcoming(stranger, frank)),
        ("with a Welcome of another suite", "wrong_suite", welcoming(erin, frank, cipher_suite=3)),
        ("with a Welcome cut short", "malformed", _trial(welcome=made.welcome[:-1])),
        ("with a Welcome that goes on", "malformed", _trial(welcome=made.welcome + b"\x00")),
        ("with an empty Welcome", "malformed", _trial(welcome=b"")),
        ("with a GroupInfo for a Welcome", "malformed", _trial(welcome=made.group_info)),
    ]  # fmt: skip
    plain = scene.member(ALICE).commit(force_path=True, now=NOW, random_bytes=Draw("plain"))
    good = hub_committed(scene.public, plain)
    nobody = encode_message(replace(read, secrets=()))
    uninvited = [
        ("that adds nobody and welcomes somebody", "wrong_welcome",
         {**good, "welcome": made.welcome}),
        ("that adds nobody and welcomes nobody", "wrong_welcome", {**good, "welcome": nobody}),
    ]  # fmt: skip
    return [*_rows(rows), *_rows(uninvited, good)]


def _pending() -> list[Case]:
    """The hub has proposed to remove Dora, and Carol: a member's commit must do both."""
    scene = the_scene()
    hub = scene.hub()
    removes = [
        hub.external_proposal(Remove(leaf), sender_index=0, key=hub_key()) for leaf in (DORA, CAROL)
    ]
    references = []
    for message in removes:
        reference, hub = hub.receive_proposal(message, now=NOW)
        references.append(reference)
    alice = scene.member(ALICE)
    for message in removes:
        received = alice.receive(message, now=NOW).next  # type: ignore[union-attr]
        assert isinstance(received, Group)
        alice = received
    state, pending = hub.serialize(), tuple(references)
    both = alice.commit(now=NOW, random_bytes=Draw("both"))
    one = alice.commit(by_reference=references[:1], now=NOW, random_bytes=Draw("one"))
    none = alice.commit(by_reference=(), force_path=True, now=NOW, random_bytes=Draw("none"))
    value = alice.commit(
        [Remove(DORA), Remove(CAROL)], by_reference=(), now=NOW, random_bytes=Draw("by value")
    )

    def trial(made: Committed) -> Trial:
        return hub_commit(state, made.message, made.group_info, pending=pending)

    rows = [
        ("that leaves a pending Remove out", "missing_remove", trial(one)),
        ("that leaves all pending Removes out", "missing_remove", trial(none)),
        ("that removes by value what is pending by reference", "missing_remove", trial(value)),
    ]
    return _rows(rows, trial(both))


def _external() -> list[Case]:
    """A commit from outside need not do what is pending; but it must be of the present epoch."""
    scene = the_scene()
    hub = scene.hub()
    message = hub.external_proposal(Remove(DORA), sender_index=0, key=hub_key())
    reference, hub = hub.receive_proposal(message, now=NOW)
    info = scene.member(ALICE).group_info()
    made = Group.join_external(info, own_of("erin"), now=NOW, random_bytes=Draw("erin joins"))
    good = hub_commit(hub.serialize(), made.message, made.group_info, pending=(reference,))
    bob = forging.info_again(made.group_info, signing_key_of("bob"), signer=BOB)
    rows = [
        ("from outside with a GroupInfo of the epoch before", "wrong_context",
         {**good, "group_info": info}),
        ("from outside with a member's GroupInfo", "wrong_signer", {**good, "group_info": bob}),
        ("from outside with a Welcome", "wrong_welcome", {**good, "welcome": _added().welcome}),
    ]  # fmt: skip
    return _rows(rows, good)
