"""RFC 9420, 7.3 and 10.1: key packages that nobody may be added by.

Each goes to the directory, to a member as a proposal, and to the hub as one.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from itertools import count
from typing import Any

from crypto.encoding import vector
from crypto.mls.credential import Credential
from crypto.mls.extensions import Extension
from crypto.mls.framing import Sender, SenderType
from crypto.mls.key_package import KEY_PACKAGE_LABEL, KeyPackage
from crypto.mls.leaf_node import LEAF_NODE_LABEL, LeafNodeSource, Lifetime
from crypto.mls.message import encode_message
from crypto.mls.proposal import Add
from crypto.suites import SigningKey
from tests.crypto.mls.negative import forging
from tests.crypto.mls.negative.case import (
    Case,
    flipped,
    hub_committed,
    hub_proposal,
    key_package,
    member,
)
from tests.crypto.mls.negative.scene import (
    ALICE,
    BOB,
    CAPABILITIES,
    NOW,
    PRIVATE_EXTENSION,
    SUITE,
    Draw,
    bundle_of,
    own_of,
    signing_key_of,
    the_scene,
)

# RFC 7748: with these every agreement gives zeros; the last is a point of order 8.
SMALL_ORDER_X25519 = (
    bytes(32),
    (1).to_bytes(32, "little"),
    (39382357235489614581723060781553021112529911719440698176882885853963445705823).to_bytes(
        32, "little"
    ),
)
# RFC 8032: anybody can sign for these keys, of order 1, 2, 4 and 8.
SMALL_ORDER_ED25519 = (
    (1).to_bytes(32, "little"),
    (2**255 - 20).to_bytes(32, "little"),
    bytes(32),
    bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"),
)


def package_of(
    leaf: dict[str, Any] | None = None,
    package: dict[str, Any] | None = None,
    *,
    leaf_key: SigningKey | None = None,
    package_key: SigningKey | None = None,
    name: str = "erin",
) -> KeyPackage:
    """Return a key package of Erin's that says something else, and is signed so."""
    key = signing_key_of(name)
    made = bundle_of(name).key_package
    node = replace(made.leaf_node, **(leaf or {})).signed(leaf_key or key)
    if leaf and "signature" in leaf:
        node = replace(node, signature=leaf["signature"])
    changed = replace(made, leaf_node=node, **(package or {})).signed(package_key or key)
    if package and "signature" in package:
        changed = replace(changed, signature=package["signature"])
    return changed


@dataclass(frozen=True, slots=True)
class _Row:
    name: str
    expect: str
    package: KeyPackage
    now: int = NOW


def cases() -> list[Case]:
    """Return the cases of this theme."""
    scene = the_scene()
    alice = scene.member(ALICE)
    fine = bundle_of("erin").key_package
    said = forging.public(alice, forging.content_by(alice, Add(fine)))
    listed = []
    for row in [*_leaves(), *_packages(), *_keys()]:
        bad = forging.public(alice, forging.content_by(alice, Add(row.package)))
        to_bob, to_hub = scene.members[BOB], scene.public
        listed += [
            Case(
                name=f"a key package with {row.name} (published)",
                bad=key_package(encode_message(row.package), now=row.now),
                expect=row.expect,
                good=key_package(encode_message(fine)),
            ),
            Case(
                name=f"a key package with {row.name} (proposed to a member)",
                bad=member(to_bob, bad, now=row.now),
                expect=row.expect,
                good=member(to_bob, said),
            ),
            Case(
                name=f"a key package with {row.name} (proposed to the hub)",
                bad=hub_proposal(to_hub, bad, now=row.now),
                expect=row.expect,
                good=hub_proposal(to_hub, said),
            ),
        ]
    return [*listed, *_encodings(fine), *_by_newcomers(), *_strange_but_allowed()]


def _leaves() -> list[_Row]:
    unlisted = Extension(0xF0F0, b"")
    listed = Extension(PRIVATE_EXTENSION, b"")
    expired = Lifetime(NOW - 7_200, NOW - 1)
    early = Lifetime(NOW + 1, NOW + 7_200)
    upside_down = Lifetime(NOW + 7_200, NOW - 7_200)
    no_basic = replace(CAPABILITIES, credentials=(2,))
    old = replace(CAPABILITIES, versions=(0x0A0A,))
    return [
        _Row("an extension that its leaf does not list", "unlisted_extension",
             package_of({"extensions": (unlisted,)})),
        _Row("one type of leaf extension twice", "duplicate_extension",
             package_of({"extensions": (listed, listed)})),
        _Row("a credential of a type that it does not support", "unsupported_credential",
             package_of({"capabilities": no_basic})),
        _Row("a leaf that does not speak MLS 1.0", "wrong_version",
             package_of({"capabilities": old})),
        _Row("a lifetime that ended a second ago", "bad_lifetime",
             package_of({"lifetime": expired})),
        _Row("a lifetime that begins in a second", "bad_lifetime", package_of({"lifetime": early})),
        _Row("a lifetime that ends before it begins", "bad_lifetime",
             package_of({"lifetime": upside_down})),
        _Row("a lifetime that was fine yesterday", "bad_lifetime", package_of(), now=NOW + 86_401),
        _Row("a leaf that says it comes from an Update", "wrong_source",
             package_of({"source": LeafNodeSource.UPDATE, "lifetime": None})),
        _Row("a leaf that says it comes from a commit", "wrong_source",
             package_of({"source": LeafNodeSource.COMMIT, "lifetime": None, "parent_hash": b""})),
        _Row("a leaf without a signature", "bad_signature", package_of({"signature": b""})),
        _Row("a leaf that somebody else signed", "bad_signature",
             package_of(leaf_key=signing_key_of("mallory"))),
    ]  # fmt: skip


def _packages() -> list[_Row]:
    listed = Extension(PRIVATE_EXTENSION, b"")
    fine = bundle_of("erin").key_package
    other_suite = bundle_of("erin", own=own_of("erin"), suite=SUITE).key_package
    return [
        _Row("another cipher suite", "wrong_suite", package_of(package={"cipher_suite": 3})),
        _Row("a cipher suite that nobody knows", "wrong_suite",
             package_of(package={"cipher_suite": 0x0A0A})),
        _Row("another version of the protocol", "wrong_version",
             package_of(package={"version": 2})),
        _Row("one type of extension twice", "duplicate_extension",
             package_of(package={"extensions": (listed, listed)})),
        _Row("no signature", "bad_signature", package_of(package={"signature": b""})),
        _Row("a signature of which one bit is changed", "bad_signature",
             package_of(package={"signature": flipped(other_suite.signature)})),
        _Row("the signature of somebody else", "bad_signature",
             package_of(package_key=signing_key_of("mallory"))),
        _Row("the signature of its leaf", "bad_signature",
             package_of(package={"signature": fine.leaf_node.signature})),
    ]  # fmt: skip


def _keys() -> list[_Row]:
    leaf_key = bundle_of("erin").key_package.leaf_node.encryption_key
    rows = [
        _Row("its leaf's encryption key as its init key", "same_key",
             package_of(package={"init_key": leaf_key})),
        _Row("an empty init key", "bad_key", package_of(package={"init_key": b""})),
        _Row("an init key of 31 bytes", "bad_key", package_of(package={"init_key": leaf_key[:31]})),
        _Row("an empty encryption key", "bad_key", package_of({"encryption_key": b""})),
        _Row("an encryption key of 33 bytes", "bad_key",
             package_of({"encryption_key": leaf_key + b"\x00"})),
    ]  # fmt: skip
    for order, weak in enumerate(SMALL_ORDER_X25519, 1):
        rows += [
            _Row(f"an init key that leads to zeros ({order})", "bad_key",
                 package_of(package={"init_key": weak})),
            _Row(f"an encryption key that leads to zeros ({order})", "bad_key",
                 package_of({"encryption_key": weak})),
        ]  # fmt: skip
    rows += [
        _Row("a signature key of 31 bytes", "bad_signature",
             package_of({"signature_key": signing_key_of("erin").public[:31]})),
        *(_weakly_signed(order, weak) for order, weak in enumerate(SMALL_ORDER_ED25519, 1)),
    ]  # fmt: skip
    return rows


def _weakly_signed(order: int, weak: bytes) -> _Row:
    """A signature that holds wherever the hash times the key is nothing: R = B, S = 1.

    For the key of order 1 that is always so; for the others it is once in so many tries, and the
    signer may say something else each time.
    """
    package = bundle_of("erin").key_package
    leaf = replace(package.leaf_node, signature_key=weak, signature=_BASE_POINT_AND_ONE)
    for names in count():
        leaf = replace(leaf, credential=Credential.basic(b"erin %d" % names))
        if _is_multiple_of_8(weak, LEAF_NODE_LABEL, leaf.tbs(b"", 0)):
            break
    changed = replace(package, leaf_node=leaf, signature=_BASE_POINT_AND_ONE)
    for numbers in count():
        said = Extension(PRIVATE_EXTENSION, b"%d" % numbers)
        changed = replace(changed, extensions=(said,))
        if _is_multiple_of_8(weak, KEY_PACKAGE_LABEL, changed.tbs()):
            break
    return _Row(f"a signature key for which anybody can sign ({order})", "bad_signature", changed)


_BASE_POINT_AND_ONE = bytes((0x58, *(0x66,) * 31)) + (1).to_bytes(32, "little")
_GROUP_ORDER = 2**252 + 27742317777372353535851937790883648493


def _is_multiple_of_8(key: bytes, label: bytes, content: bytes) -> bool:
    """Tell whether the challenge of RFC 8032 is one that makes a key of small order vanish."""
    said = vector(b"MLS 1.0 " + label) + vector(content)
    digest = hashlib.sha512(_BASE_POINT_AND_ONE[:32] + key + said).digest()
    return int.from_bytes(digest, "little") % _GROUP_ORDER % 8 == 0


def _encodings(fine: KeyPackage) -> list[Case]:
    whole = encode_message(fine)
    alice = the_scene().member(ALICE)
    certificates = replace(fine.leaf_node, credential=Credential(0x0A0A, b"\x05abc"))
    x509 = encode_message(replace(fine, leaf_node=certificates)).replace(
        b"\x0a\x0a\x04\x05abc", b"\x00\x02\x04\x05abc", 1
    )
    source = whole.replace(b"\x01" + fine.leaf_node.lifetime.encode(), b"\x04" + bytes(16), 1)  # type: ignore[union-attr]
    rows = [
        ("cut short", whole[:-1]),
        ("with a byte after it", whole + b"\x00"),
        ("whose leaf comes from nowhere", source),
        ("with a chain of certificates that is cut short", x509),
    ]
    good = key_package(whole)
    listed = [
        Case(name=f"a key package {name}", bad=key_package(it), expect="malformed", good=good)
        for name, it in rows
    ]
    info = alice.group_info()
    listed.append(
        Case(
            name="a GroupInfo instead of a key package",
            bad=key_package(info),
            expect="malformed",
            good=good,
        )
    )
    return listed


def _by_newcomers() -> list[Case]:
    """RFC 9420, 12.1.8: a newcomer proposes itself, signed with the key in its key package."""
    scene = the_scene()
    alice, erin = scene.member(ALICE), signing_key_of("erin")
    newcomer = Sender(SenderType.NEW_MEMBER_PROPOSAL)
    fine = forging.content_by(alice, Add(bundle_of("erin").key_package), sender=newcomer)
    good = forging.public(alice, fine, key=erin, context=b"")
    stranger = forging.public(alice, fine, key=signing_key_of("mallory"), context=b"")
    old = package_of({"lifetime": Lifetime(0, 1)})
    late = forging.public(alice, replace(fine, content=Add(old)), key=erin, context=b"")
    listed = []
    for name, expect, bad in (
        ("that somebody else signed", "bad_signature", stranger),
        ("with an expired key package", "bad_lifetime", late),
    ):
        listed += [
            Case(
                name=f"a newcomer's proposal {name} (to a member)",
                bad=member(scene.members[BOB], bad),
                expect=expect,
                good=member(scene.members[BOB], good),
            ),
            Case(
                name=f"a newcomer's proposal {name} (to the hub)",
                bad=hub_proposal(scene.public, bad),
                expect=expect,
                good=hub_proposal(scene.public, good),
            ),
        ]
    return listed


def _strange_but_allowed() -> list[Case]:
    """What may stand in a key package and means nothing there is nobody's reason to refuse it.

    If one implementation did, a group of two implementations would part over it.
    """
    scene = the_scene()
    alice = scene.member(ALICE)
    unsigned = {"signature": b""}
    rows: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
        ("an external key in its leaf", {"extensions": (Extension(4, b"\x20"),)}, {}),
        ("external senders in its leaf", {"extensions": (Extension(5, b"\x05"),)}, {}),
        ("required capabilities in its leaf", {"extensions": (Extension(3, b"\xff"),)}, {}),
        ("a tree in its leaf", {"extensions": (Extension(2, b"\x01"),)}, {}),
        ("external senders beside it", {}, {"extensions": (Extension(5, b"\x05"),)}),
        ("an unknown extension beside it", {}, {"extensions": (Extension(0xF0F0, b""),)}),
        ("its name given away as application id", {"extensions": (Extension(1, b"erin"),)}, {}),
        ("an unknown credential", {
            "credential": Credential(0x4A4A, b"\x01"),
        }, {}),
        ("no capability twice but all of them", {
            "capabilities": replace(CAPABILITIES, extensions=(*CAPABILITIES.extensions,) * 2),
        }, {}),
    ]  # fmt: skip
    listed = []
    for name, leaf, package in rows:
        strange = package_of(leaf, package)
        made = alice.commit([Add(strange)], now=NOW, random_bytes=Draw(name))
        bad = package_of(leaf, {**package, **unsigned})
        listed += [
            Case(
                name=f"a key package with {name} that is not signed, in a commit",
                bad=member(
                    scene.members[BOB], forging.with_proposals(alice, made.message, [Add(bad)])
                ),
                expect="bad_signature",
                good=member(scene.members[BOB], made.message),
            ),
            Case(
                name=f"a key package with {name} that is not signed, in a commit (to the hub)",
                bad=hub_committed(
                    scene.public,
                    made,
                    message=forging.with_proposals(alice, made.message, [Add(bad)]),
                ),
                expect="bad_signature",
                good=hub_committed(scene.public, made),
            ),
        ]
    return listed
