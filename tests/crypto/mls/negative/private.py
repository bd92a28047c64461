"""RFC 9420, 6.3 and 9: encrypted messages that do not open, or must not."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from crypto.mls.content import content_type_of
from crypto.mls.framing import ContentType
from crypto.mls.group import Group
from crypto.mls.message import PrivateMessage, decode_message, encode_message
from crypto.mls.proposal import Remove
from crypto.mls.secret_tree import MAX_FORWARD, MAX_SKIPPED, RatchetType
from tests.crypto.mls.negative import forging
from tests.crypto.mls.negative.case import Case, flipped, hub_committed, member
from tests.crypto.mls.negative.scene import (
    ALICE,
    BOB,
    CAROL,
    DORA,
    NOW,
    Draw,
    Scene,
    signing_key_of,
    the_scene,
)

_DATA = b"a word"


def cases() -> list[Case]:
    """Return the cases of this theme."""
    scene = the_scene()
    return [
        *_changed(scene),
        *_made_by_hand(scene),
        *_generations(scene),
        *_handshakes(scene),
        *_removed(scene),
    ]


def _case(scene: Scene, name: str, message: bytes, expect: str, **hand: Any) -> Case:
    good = forging.private(scene.member(ALICE), _DATA, **hand)
    return Case(
        name=name,
        bad=member(scene.members[BOB], message),
        expect=expect,
        good=member(scene.members[BOB], good),
    )


def _changed(scene: Scene) -> list[Case]:
    read = decode_message(forging.private(scene.member(ALICE), _DATA))
    assert isinstance(read, PrivateMessage)
    whole = encode_message(read)
    other = decode_message(forging.private(scene.member(CAROL), b"another word"))
    assert isinstance(other, PrivateMessage)
    sealed, sender = read.ciphertext, read.encrypted_sender_data
    rows: list[tuple[str, str, dict[str, Any]]] = [
        (
            "a ciphertext with its last bit changed",
            "bad_ciphertext",
            {"ciphertext": flipped(sealed)},
        ),
        (
            "a ciphertext with its first bit changed",
            "bad_ciphertext",
            {"ciphertext": flipped(sealed, 0)},
        ),
        ("a ciphertext cut short", "bad_ciphertext", {"ciphertext": sealed[:-1]}),
        ("a ciphertext shorter than its tag", "bad_ciphertext", {"ciphertext": sealed[:8]}),
        ("an empty ciphertext", "bad_ciphertext", {"ciphertext": b""}),
        (
            "sender data with one bit changed",
            "bad_ciphertext",
            {"encrypted_sender_data": flipped(sender)},
        ),
        ("empty sender data", "bad_ciphertext", {"encrypted_sender_data": b""}),
        (
            "the sender data of another message",
            "bad_ciphertext",
            {"encrypted_sender_data": other.encrypted_sender_data},
        ),
        ("authenticated data that was changed", "bad_ciphertext", {"authenticated_data": b"\x00"}),
        ("another content type", "bad_ciphertext", {"content_type": ContentType.PROPOSAL}),
        ("another epoch on the outside", "wrong_epoch", {"epoch": read.epoch - 1}),
        ("another group on the outside", "wrong_group", {"group_id": b"another"}),
    ]
    listed = [
        _case(
            scene,
            f"an encrypted message with {name}",
            encode_message(replace(read, **changes)),
            code,
        )
        for name, code, changes in rows
    ]
    for name, message in (
        ("cut short", whole[:-1]),
        ("with a byte after it", whole + b"\x00"),
        ("with authenticated data of 4,097 bytes", _with_long_data(read)),
    ):
        listed.append(_case(scene, f"an encrypted message {name}", message, "malformed"))
    return listed


def _with_long_data(read: PrivateMessage) -> bytes:
    small = encode_message(replace(read, authenticated_data=b"")).split(read.encrypted_sender_data)[
        0
    ]
    rest = encode_message(read)[len(small) :]
    # Before the sender data stand its length and the empty vector.
    return small[:-2] + b"\x50\x01" + bytes(4_097) + small[-1:] + rest


def _made_by_hand(scene: Scene) -> list[Case]:
    alice = scene.member(ALICE)

    def made(**how: Any) -> bytes:
        return forging.private(alice, _DATA, **how)

    good_signature_context = signing_key_of("carol")
    rows = [
        ("nothing after its signature but a one", "bad_padding", made(after=b"\x01")),
        ("zeros and then a one as padding", "bad_padding", made(after=bytes(31) + b"\x80")),
        ("no signature", "bad_signature", made(signature=b"")),
        ("a signature of zeros", "bad_signature", made(signature=bytes(64))),
        ("Carol's signature on Alice's words", "bad_signature", made(key=good_signature_context)),
        ("a stranger's signature", "bad_signature", made(key=signing_key_of("mallory"))),
        ("another member named as its sender", "bad_ciphertext", made(said_leaf=CAROL)),
        ("the receiver named as its sender", "own_message", made(said_leaf=BOB, leaf=BOB)),
        ("a leaf beyond the tree named as its sender", "unknown_sender", made(said_leaf=4)),
        ("the last leaf there is as its sender", "unknown_sender", made(said_leaf=2**32 - 1)),
        ("another generation named", "bad_ciphertext", made(said_generation=1)),
        ("sender data that go on", "malformed", made(after_sender_data=b"\x00")),
        ("the key of the handshake ratchet", "bad_ciphertext", made(kind=RatchetType.HANDSHAKE)),
    ]
    listed = [
        _case(scene, f"an encrypted message with {name}", it, code) for name, code, it in rows
    ]
    padded = forging.private(alice, _DATA, after=bytes(31))
    listed[0] = replace(listed[0], good=member(scene.members[BOB], padded))
    in_carols_name = forging.private(alice, _DATA, leaf=CAROL)
    listed.append(
        _case(scene, "a message of Alice's in Carol's name", in_carols_name, "bad_signature")
    )
    return listed


def _generations(scene: Scene) -> list[Case]:
    alice, bob = scene.member(ALICE), scene.members[BOB]
    first = forging.private(alice, _DATA)
    taken = _received(bob, first)
    again = forging.private(alice, b"another word")
    far = forging.private(alice, _DATA, generation=MAX_FORWARD + 1)
    near = forging.private(alice, _DATA, generation=MAX_FORWARD)
    jumped = _received(bob, forging.private(alice, _DATA, generation=MAX_SKIPPED + 1))
    kept = forging.private(alice, _DATA, generation=1)
    late = _received(jumped, kept)
    return [
        Case(
            name="an encrypted message sent once more",
            bad=member(taken, first),
            expect="consumed_generation",
            good=member(bob, first),
        ),
        Case(
            name="another message with a key that was used",
            bad=member(taken, again),
            expect="consumed_generation",
            good=member(bob, again),
        ),
        Case(
            name="a message 1,001 generations ahead",
            bad=member(bob, far),
            expect="too_far_ahead",
            good=member(bob, near),
        ),
        Case(
            name="a message of the last generation there is",
            bad=member(bob, forging.private(alice, _DATA, said_generation=2**32 - 1)),
            expect="too_far_ahead",
            good=member(bob, first),
        ),
        Case(
            name="a late message whose key was the 65th that was kept",
            bad=member(jumped, first),
            expect="consumed_generation",
            good=member(jumped, kept),
        ),
        Case(
            name="a late message sent once more",
            bad=member(late, kept),
            expect="consumed_generation",
            good=member(jumped, kept),
        ),
    ]


def _received(state: bytes, message: bytes) -> bytes:
    group = Group.deserialize(state)
    group.receive(message, now=NOW)
    return group.serialize()


def _handshakes(scene: Scene) -> list[Case]:
    alice = scene.member(ALICE)
    sealed = alice.commit(force_path=True, wire="private", now=NOW, random_bytes=Draw("sealed"))
    plain = scene.member(ALICE).commit(force_path=True, now=NOW, random_bytes=Draw("sealed"))
    proposal = Remove(DORA)
    wrong = forging.private(scene.member(ALICE), proposal, kind=RatchetType.APPLICATION)
    right = forging.private(scene.member(ALICE), proposal, kind=RatchetType.HANDSHAKE)
    assert content_type_of(proposal) is ContentType.PROPOSAL
    return [
        Case(
            name="an encrypted commit, to the hub",
            bad=hub_committed(scene.public, sealed),
            expect="wrong_wire_format",
            good=hub_committed(scene.public, plain),
        ),
        Case(
            name="a proposal with a key of the application ratchet",
            bad=member(scene.members[BOB], wrong),
            expect="bad_ciphertext",
            good=member(scene.members[BOB], right),
        ),
    ]


def _removed(scene: Scene) -> list[Case]:
    """Dora was removed; Carol lends her the epoch's secrets, to speak from her blank leaf."""
    removal = scene.member(ALICE).commit([Remove(DORA)], now=NOW, random_bytes=Draw("removal"))
    after = scene.after(ALICE, removal, {})
    carol = after.member(CAROL)
    bad = forging.private(carol, _DATA, leaf=DORA, key=signing_key_of("dora"))
    return [
        Case(
            name="an encrypted message by a member who was removed",
            bad=member(after.members[BOB], bad),
            expect="unknown_sender",
            good=member(after.members[BOB], forging.private(carol, _DATA)),
        )
    ]
