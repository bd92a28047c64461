"""RFC 9420, 12.2 and 12.4: commits whose list, path or result breaks a rule.

Each goes to a member; to the hub too, unless only those who hold secrets can see it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from typing import Any

from crypto.mls.commit import HpkeCiphertext, UpdatePath, UpdatePathNode
from crypto.mls.credential import Credential
from crypto.mls.extensions import Extension, RequiredCapabilities
from crypto.mls.framing import Sender, SenderType
from crypto.mls.group import Committed, Group
from crypto.mls.leaf_node import LeafNodeSource
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
from crypto.mls.psk import Psks
from crypto.mls.tree_hash import tree_hash
from crypto.mls.treekem import merge_path
from tests.crypto.mls.negative import forging
from tests.crypto.mls.negative.case import Case, flipped, hub_committed, member
from tests.crypto.mls.negative.key_packages import SMALL_ORDER_X25519, package_of
from tests.crypto.mls.negative.proposals import psk_id
from tests.crypto.mls.negative.scene import (
    ALICE,
    BOB,
    CAPABILITIES,
    CAROL,
    DORA,
    NOW,
    PRIVATE_EXTENSION,
    SUITE,
    Draw,
    Scene,
    bundle_of,
    hub_key,
    hub_senders,
    own_of,
    psk,
    signing_key_of,
    the_scene,
)


def cases() -> list[Case]:
    """Return the cases of this theme."""
    return [
        *_lists(),
        *_references(),
        *_psks(),
        *_adds(),
        *_extensions(),
        *_missing_paths(),
        *_path_shapes(),
        *_path_leaves(),
        *_path_secrets(),
        *_committers(),
    ]


@cache
def fresh() -> Committed:
    """Return Alice's commit of nothing but fresh keys."""
    alice = the_scene().member(ALICE)
    return alice.commit(force_path=True, now=NOW, random_bytes=Draw("fresh"))


def _removal() -> Committed:
    alice = the_scene().member(ALICE)
    return alice.commit([Remove(DORA)], now=NOW, random_bytes=Draw("removal"))


def judged(
    name: str,
    bad: bytes,
    expect: str,
    good: Committed | None = None,
    *,
    scene: Scene | None = None,
    hub: bool = True,
) -> list[Case]:
    """Return a commit's cases: to Bob, and to the hub."""
    at = the_scene() if scene is None else scene
    made = fresh() if good is None else good
    listed = [
        Case(
            name=f"a commit {name}",
            bad=member(at.members[BOB], bad),
            expect=expect,
            good=member(at.members[BOB], made.message),
        )
    ]
    if hub:
        to_hub = Case(
            name=f"a commit {name} (to the hub)",
            bad=hub_committed(at.public, made, message=bad),
            expect=expect,
            good=hub_committed(at.public, made),
        )
        listed.append(to_hub)
    return listed


def _of(
    proposals: Sequence[ProposalOrRef], *, made: Committed | None = None, scene: Scene | None = None
) -> bytes:
    """Return Alice's commit with another list, signed and tagged anew."""
    alice = (scene or the_scene()).member(ALICE)
    base = (made or fresh()).message
    return forging.with_proposals(alice, base, proposals)


def _lists() -> list[Case]:
    one, two = Remove(DORA), Remove(CAROL)
    senders = GroupContextExtensions(hub_senders())
    reinit = ReInit(group_id=b"next", version=1, cipher_suite=1)
    init = ExternalInit(signing_key_of("erin").public)
    removal = _removal()
    rows: list[tuple[str, str, list[ProposalOrRef]]] = [
        ("that removes its committer", "own_remove", [Remove(ALICE)]),
        ("that removes one leaf twice", "same_leaf_twice", [one, one]),
        ("that removes nobody", "unknown_leaf", [Remove(4)]),
        ("that removes somebody and nobody", "unknown_leaf", [one, Remove(63)]),
        ("with the group's extensions twice", "several_extensions", [senders, senders]),
        ("with a ReInit and a Remove", "reinit_not_alone", [reinit, two]),
        ("with two ReInits", "reinit_not_alone", [reinit, reinit]),
        ("with a ReInit and the group's extensions", "reinit_not_alone", [senders, reinit]),
        ("with an ExternalInit by a member", "external_init", [init]),
        ("with a ReInit to an older protocol", "wrong_version", [replace(reinit, version=0)]),
    ]
    return [
        case
        for name, expect, items in rows
        for case in judged(name, _of(items, made=removal), expect, removal)
    ]


def _references() -> list[Case]:
    scene = the_scene()
    alice, bob, carol = (scene.member(leaf) for leaf in (ALICE, BOB, CAROL))
    updates = [carol.propose_update(now=NOW, random_bytes=Draw(f"update {i}")) for i in range(2)]
    own = alice.propose_update(now=NOW, random_bytes=Draw("own update"))
    remove = bob.propose(Remove(CAROL), now=NOW, random_bytes=Draw("remove"))
    update, second = updates
    refs = {
        "own": ProposalRef(own.reference),
        "update": ProposalRef(update.reference),
        "second": ProposalRef(second.reference),
        "remove": ProposalRef(remove.reference),
    }
    # Who follows is Dora: neither she nor Alice has proposed anything but Alice's own Update.
    group = own.next
    for message in (update.message, second.message, remove.message):
        group = group.receive(message, now=NOW).next  # type: ignore[union-attr,assignment]
    dora = scene.member(DORA)
    hub = scene.hub()
    for message in (own.message, update.message, second.message, remove.message):
        dora = dora.receive(message, now=NOW).next  # type: ignore[union-attr,assignment]
        hub = hub.receive_proposal(message, now=NOW)[1]
    good = group.commit(
        by_reference=(update.reference,), now=NOW, random_bytes=Draw("by reference")
    )
    at = Scene({BOB: dora.serialize()}, hub.serialize())
    value = forging.authenticated(own.message).proposal()
    rows: list[tuple[str, str, list[ProposalOrRef]]] = [
        ("of a proposal that never came", "unknown_proposal", [ProposalRef(bytes(32))]),
        ("of a reference of no bytes", "unknown_proposal", [ProposalRef(b"")]),
        ("of its committer's own Update", "own_update", [refs["own"]]),
        ("with its committer's own Update by value", "own_update", [value]),
        ("of two Updates of one leaf", "same_leaf_twice", [refs["update"], refs["second"]]),
        ("of one Update twice", "same_leaf_twice", [refs["update"], refs["update"]]),
        ("of an Update and a Remove of one leaf", "same_leaf_twice",
         [refs["update"], refs["remove"]]),
        ("of a Remove by reference and by value", "same_leaf_twice",
         [refs["remove"], Remove(CAROL)]),
    ]  # fmt: skip
    listed = []
    for name, expect, items in rows:
        bad = forging.with_proposals(group, good.message, items)
        listed += judged(name, bad, expect, good, scene=at)
    return listed


def _psks() -> list[Case]:
    scene = the_scene()
    ours = psk("ours")
    wanted = PreSharedKey(psk_id())
    made = scene.member(ALICE).commit(
        [wanted], psks=Psks(external={b"psk": ours}), now=NOW, random_bytes=Draw("psk")
    )
    bob = scene.members[BOB]
    good = member(bob, made.message, psk=ours.reveal())
    listed = [
        Case(name="a commit of a pre-shared key that we do not have",
             bad=member(bob, made.message), expect="unknown_psk", good=good),
        Case(name="a commit of a pre-shared key that is another here",
             bad=member(bob, made.message, psk=psk("theirs").reveal()),
             expect="bad_confirmation_tag", good=good),
    ]  # fmt: skip
    rows: list[tuple[str, str, list[ProposalOrRef]]] = [
        ("of one pre-shared key twice", "duplicate_psk", [wanted, wanted]),
        ("of a pre-shared key with a short nonce", "psk_nonce",
         [PreSharedKey(psk_id(nonce=bytes(16)))]),
    ]  # fmt: skip
    for name, expect, items in rows:
        bad = _of(items, made=made)
        listed += [
            Case(name=f"a commit {name}", bad=member(bob, bad, psk=ours.reveal()), expect=expect,
                 good=good),
            Case(name=f"a commit {name} (to the hub)",
                 bad=hub_committed(scene.public, made, message=bad), expect=expect,
                 good=hub_committed(scene.public, made)),
        ]  # fmt: skip
    return listed


def _adds() -> list[Case]:
    alice = the_scene().member(ALICE)
    tree = alice.public.tree
    erin = bundle_of("erin").key_package
    made = alice.commit([Add(erin)], now=NOW, random_bytes=Draw("add"))
    with_path = alice.commit([Add(erin)], force_path=True, now=NOW, random_bytes=Draw("add"))
    path_key = forging.path_in(with_path.message).nodes[0].encryption_key
    bobs = tree.member(BOB).encryption_key
    parents = next(node.encryption_key for _, node in tree.parents())
    no_basic = replace(CAPABILITIES, credentials=(2, 0x4A4A))
    foreign = package_of(
        {"credential": Credential(0xF00A, b"somebody"),
         "capabilities": replace(CAPABILITIES, credentials=(1, 0xF00A))}
    )  # fmt: skip
    unsupporting = package_of({"credential": Credential(2, b""), "capabilities": no_basic})
    rows: list[tuple[str, str, list[ProposalOrRef]]] = [
        ("that adds one client twice", "duplicate_key", [Add(erin), Add(erin)]),
        ("that adds a member once more", "duplicate_key", [Add(bundle_of("bob").key_package)]),
        ("that adds a leaf with a member's encryption key", "duplicate_key",
         [Add(package_of({"encryption_key": bobs}))]),
        ("that adds a leaf with a parent node's key", "duplicate_key",
         [Add(package_of({"encryption_key": parents}))]),
        ("that adds somebody whose credential members do not support", "unsupported_credential",
         [Add(foreign)]),
        ("that adds somebody who does not support members' credentials", "unsupported_credential",
         [Add(unsupporting)]),
        ("that adds an expired key package", "bad_lifetime",
         [Add(package_of({"lifetime": replace(erin.leaf_node.lifetime, not_after=NOW - 1)}))]),  # type: ignore[type-var]
        ("that adds a key package of another suite", "wrong_suite",
         [Add(package_of(package={"cipher_suite": 3}))]),
        ("that adds a key package that nobody signed", "bad_signature",
         [Add(package_of(package={"signature": b""}))]),
    ]  # fmt: skip
    listed = []
    for name, expect, items in rows:
        listed += judged(name, _of(items, made=made), expect, made)
    taken = [Add(package_of({"encryption_key": path_key}))]
    bad = _of(taken, made=with_path)
    return [
        *listed,
        *judged("that adds a leaf with a key of its own path", bad, "duplicate_key", with_path),
    ]


def _extensions() -> list[Case]:
    """GroupContextExtensions that somebody in the group cannot live with."""
    made = (
        the_scene()
        .member(ALICE)
        .commit(
            [GroupContextExtensions((*hub_senders(), Extension(PRIVATE_EXTENSION, b"new")))],
            now=NOW,
            random_bytes=Draw("extensions"),
        )
    )
    strange = Extension(0xF0F0, b"")
    required = {
        "an extension": RequiredCapabilities(extension_types=(0xF0F0,)),
        "a proposal": RequiredCapabilities(proposal_types=(0xF0F0,)),
        "a credential": RequiredCapabilities(credential_types=(0xF0F0,)),
    }
    listed = judged(
        "that brings an extension which members do not support",
        _of([GroupContextExtensions((strange,))], made=made),
        "unsupported_extension",
        made,
    )
    for name, capabilities in required.items():
        listed += judged(
            f"that requires {name} which members do not support",
            _of([GroupContextExtensions((capabilities.as_extension(),))], made=made),
            "missing_capability",
            made,
        )
    return [*listed, *_adds_under_requirements()]


def _adds_under_requirements() -> list[Case]:
    """A group that requires something, and a newcomer that does not have it."""
    required = RequiredCapabilities(extension_types=(PRIVATE_EXTENSION,)).as_extension()
    scene = the_scene()
    first = scene.member(ALICE).commit(
        [GroupContextExtensions((*hub_senders(), required))], now=NOW, random_bytes=Draw("first")
    )
    at = scene.after(ALICE, first, {})
    made = at.member(ALICE).commit(
        [Add(bundle_of("erin").key_package)], now=NOW, random_bytes=Draw("second")
    )
    poor = package_of({"capabilities": replace(CAPABILITIES, extensions=())})
    bad = _of([Add(poor)], made=made, scene=at)
    return judged(
        "that adds somebody without what the group requires",
        bad,
        "missing_capability",
        made,
        scene=at,
    )


def _missing_paths() -> list[Case]:
    scene = the_scene()
    update = scene.member(CAROL).propose_update(now=NOW, random_bytes=Draw("update"))
    group = scene.member(ALICE).receive(update.message, now=NOW).next  # type: ignore[union-attr]
    assert isinstance(group, Group)
    dora = scene.member(DORA).receive(update.message, now=NOW).next  # type: ignore[union-attr]
    hub = scene.hub().receive_proposal(update.message, now=NOW)[1]
    assert isinstance(dora, Group)
    at = Scene({BOB: dora.serialize()}, hub.serialize())
    of_update = group.commit(now=NOW, random_bytes=Draw("of update"))
    rows: list[tuple[str, list[Proposal]]] = [
        ("of a Remove", [Remove(DORA)]),
        ("of the group's extensions", [GroupContextExtensions(hub_senders())]),
    ]
    alice = scene.member(ALICE)
    listed = judged(
        "of nothing, without a path",
        forging.with_path(alice, fresh().message, None),
        "missing_path",
    )
    for name, proposals in rows:
        made = scene.member(ALICE).commit(proposals, now=NOW, random_bytes=Draw("pathless"))
        bad = forging.with_path(scene.member(ALICE), made.message, None)
        listed += judged(f"{name}, without a path", bad, "missing_path", made)
    bad = forging.with_path(group, of_update.message, None)
    return [
        *listed,
        *judged("of an Update, without a path", bad, "missing_path", of_update, scene=at),
    ]


def _path_shapes() -> list[Case]:
    alice = the_scene().member(ALICE)
    message = fresh().message
    path = forging.path_in(message)
    nodes, first, last = path.nodes, path.nodes[0], path.nodes[-1]
    key = SUITE.generate_key_pair(Draw("another key")).public
    bobs = alice.public.tree.member(BOB).encryption_key
    sealed = first.encrypted_path_secret
    rows: list[tuple[str, str, tuple[UpdatePathNode, ...]]] = [
        ("with an empty path", "path_shape", ()),
        ("with a path one node short", "path_shape", nodes[:-1]),
        ("with a path one node long", "path_shape", (*nodes, UpdatePathNode(key, ()))),
        ("with a secret that nobody gets", "path_shape",
         (replace(first, encrypted_path_secret=()), *nodes[1:])),
        ("with a secret for one too many", "path_shape",
         (replace(first, encrypted_path_secret=(*sealed, *sealed)), *nodes[1:])),
        ("with one secret less at the root", "path_shape",
         (*nodes[:-1], replace(last, encrypted_path_secret=last.encrypted_path_secret[:-1]))),
        ("with another key in its path", "parent_hash",
         (replace(first, encryption_key=key), *nodes[1:])),
        ("with one key twice in its path", "duplicate_key",
         (replace(first, encryption_key=last.encryption_key), *nodes[1:])),
        ("with its leaf's key in its path", "duplicate_key",
         (replace(first, encryption_key=path.leaf_node.encryption_key), *nodes[1:])),
        ("with Bob's key in its path", "duplicate_key",
         (replace(first, encryption_key=bobs), *nodes[1:])),
        ("with an empty key in its path", "bad_key",
         (replace(first, encryption_key=b""), *nodes[1:])),
        ("with a key of 33 bytes in its path", "bad_key",
         (replace(first, encryption_key=key + b"\x00"), *nodes[1:])),
        ("with a key that leads to zeros in its path", "bad_key",
         (*nodes[:-1], replace(last, encryption_key=SMALL_ORDER_X25519[2]))),
    ]  # fmt: skip
    return [
        case
        for name, expect, changed in rows
        for case in judged(
            name, forging.with_path(alice, message, replace(path, nodes=changed)), expect
        )
    ]


def _path_leaves() -> list[Case]:
    alice = the_scene().member(ALICE)
    message = fresh().message
    tree = alice.public.tree
    leaf = forging.path_in(message).leaf_node
    listed = Extension(PRIVATE_EXTENSION, b"")
    unsupported = replace(CAPABILITIES, credentials=(1, 0xF00A))
    rows: list[tuple[str, str, dict[str, Any]]] = [
        ("whose leaf has another parent hash", "parent_hash", {"parent_hash": bytes(32)}),
        ("whose leaf has an empty parent hash", "parent_hash", {"parent_hash": b""}),
        ("whose leaf has a parent hash cut short", "parent_hash",
         {"parent_hash": (leaf.parent_hash or b"")[:-1]}),
        ("whose leaf is not signed", "bad_signature", {"signature": b""}),
        ("whose leaf is signed for another place", "bad_signature", {"leaf_index": BOB}),
        ("whose leaf is signed for another group", "bad_signature", {"group_id": b"another"}),
        ("whose leaf somebody else signed", "bad_signature",
         {"leaf_key": signing_key_of("mallory")}),
        ("whose leaf says it comes from an Update", "wrong_source",
         {"source": LeafNodeSource.UPDATE, "parent_hash": None}),
        ("whose leaf says it comes from a key package", "wrong_source",
         {"source": LeafNodeSource.KEY_PACKAGE, "parent_hash": None,
          "lifetime": tree.member(DORA).lifetime}),
        ("that keeps its leaf's key", "same_key",
         {"encryption_key": tree.member(ALICE).encryption_key}),
        ("whose leaf has Bob's encryption key", "duplicate_key",
         {"encryption_key": tree.member(BOB).encryption_key}),
        ("whose leaf has a key that leads to zeros", "bad_key",
         {"encryption_key": SMALL_ORDER_X25519[0]}),
        ("whose leaf has Bob's signature key", "bad_signature",
         {"signature_key": signing_key_of("bob").public}),
        ("whose leaf has an extension that it does not list", "unlisted_extension",
         {"extensions": (Extension(0xF0F0, b""),)}),
        ("whose leaf has one type of extension twice", "duplicate_extension",
         {"extensions": (listed, listed)}),
        ("whose leaf does not speak MLS 1.0", "wrong_version",
         {"capabilities": replace(CAPABILITIES, versions=(2,))}),
        ("whose leaf does not support its own credential", "unsupported_credential",
         {"capabilities": replace(CAPABILITIES, credentials=(2,))}),
        ("whose leaf has a credential that others do not support", "unsupported_credential",
         {"credential": Credential(0xF00A, b"alice"), "capabilities": unsupported}),
    ]  # fmt: skip
    cases_ = [
        case
        for name, expect, changes in rows
        for case in judged(name, forging.with_leaf(alice, message, **changes), expect)
    ]
    return [*cases_, *_new_signature_keys()]


def _new_signature_keys() -> list[Case]:
    """A committer may change its signature key; the commit is signed with the old one."""
    scene = the_scene()
    new = replace(own_of("alice"), signature_key=own_of("alice, later").signature_key)
    made = scene.member(ALICE).commit(own=new, now=NOW, random_bytes=Draw("rotated"))
    later = signing_key_of("alice, later")
    bad = forging.again(scene.member(ALICE), made.message, lambda said: said, key=later)
    stolen = forging.with_leaf(
        scene.member(ALICE), made.message, signature_key=signing_key_of("bob").public,
        leaf_key=signing_key_of("bob"),
    )  # fmt: skip
    return [
        *judged("that is signed with the key it brings", bad, "bad_signature", made),
        *judged("that gives its leaf Bob's signature key", stolen, "duplicate_key", made),
    ]


def _path_secrets() -> list[Case]:
    """What only those to whom a path is encrypted can see; to Bob it is by its first node."""
    scene = the_scene()
    alice = scene.member(ALICE)
    message = fresh().message
    path = forging.path_in(message)
    first, rest = path.nodes[0], path.nodes[1:]
    sealed = first.encrypted_path_secret[0]
    made = alice.suite.encrypt_with_label(
        alice.public.tree.member(BOB).encryption_key,
        b"UpdatePathNode",
        alice.public.context_bytes,
        bytes(32),
        Draw("path secret"),
    )
    provisional = _provisional(alice, path)
    other = _sealed_to_bob(alice, provisional, bytes(32))
    short = _sealed_to_bob(alice, provisional, bytes(31))
    rows = [
        ("whose secret does not open", replace(sealed, ciphertext=flipped(sealed.ciphertext))),
        ("whose secret is encrypted for the old context", HpkeCiphertext(*made)),
        ("whose secret is for another key", replace(sealed, kem_output=made[0])),
        ("whose secret is encrypted to nobody", replace(sealed, kem_output=bytes(32))),
        ("whose secret has an empty encapsulation", replace(sealed, kem_output=b"")),
        ("whose secret is shorter than its tag", replace(sealed, ciphertext=b"")),
        ("whose secret does not lead to its keys", other),
        ("whose secret is a byte short", short),
    ]
    listed = []
    for name, changed in rows:
        nodes = (replace(first, encrypted_path_secret=(changed,)), *rest)
        bad = forging.with_path(alice, message, replace(path, nodes=nodes))
        listed += judged(name, bad, "path_secret", hub=False)
    return listed


def _provisional(alice: Group, path: UpdatePath) -> bytes:
    merged = merge_path(alice.public.tree, ALICE, path)
    context = replace(alice.context, epoch=alice.epoch + 1, tree_hash=tree_hash(merged))
    return context.encode()


def _sealed_to_bob(alice: Group, context: bytes, secret: bytes) -> HpkeCiphertext:
    key = alice.public.tree.member(BOB).encryption_key
    return HpkeCiphertext(
        *SUITE.encrypt_with_label(key, b"UpdatePathNode", context, secret, Draw("sealed"))
    )


def _committers() -> list[Case]:
    """Commits by those who may not commit, or not any more."""
    scene = the_scene()
    alice = scene.member(ALICE)
    message = fresh().message
    hub = Sender(SenderType.EXTERNAL, 0)
    newcomer = Sender(SenderType.NEW_MEMBER_PROPOSAL)

    def by(sender: Sender, key: Any) -> bytes:
        return forging.again(alice, message, lambda said: replace(said, sender=sender), key=key)

    nobody = Sender(SenderType.MEMBER, 5)
    carol = Sender(SenderType.MEMBER, CAROL)
    rows = [
        ("by a leaf that is not there", "unknown_sender", by(nobody, signing_key_of("mallory"))),
        ("of Alice's in Carol's name", "bad_signature", by(carol, alice.signing_key)),
        ("of Alice's by Carol", "bad_signature",
         by(Sender(SenderType.MEMBER, ALICE), signing_key_of("carol"))),
        ("by the external sender", "wrong_content", by(hub, hub_key())),
        ("by one who may only propose", "wrong_content", by(newcomer, signing_key_of("erin"))),
        ("without a signature", "bad_signature",
         forging.again(alice, message, lambda said: said, signature=b"")),
    ]  # fmt: skip
    listed = [case for name, expect, bad in rows for case in judged(name, bad, expect)]
    removal = _removal()
    after = scene.after(ALICE, removal, {})
    friend = after.member(CAROL)
    good = friend.commit(force_path=True, now=NOW, random_bytes=Draw("friend"))
    dora = Sender(SenderType.MEMBER, DORA)
    bad = forging.again(
        friend, good.message, lambda said: replace(said, sender=dora), key=signing_key_of("dora")
    )
    return [
        *listed,
        *judged("by a member who was removed", bad, "unknown_sender", good, scene=after),
    ]
