"""RFC 9420, 6 to 6.2: what is not what its format says, and what nobody here wrote."""

from __future__ import annotations

from dataclasses import replace

from crypto.encoding import Writer
from crypto.mls.content import FramedContent
from crypto.mls.framing import Sender, SenderType, WireFormat
from crypto.mls.group import Group
from crypto.mls.message import encode_message
from crypto.mls.proposal import Proposal, Remove
from tests.crypto.mls.negative import forging
from tests.crypto.mls.negative.case import Case, flipped, hub_committed, hub_proposal, member
from tests.crypto.mls.negative.scene import (
    ALICE,
    BOB,
    CAROL,
    DORA,
    GROUP_ID,
    NOW,
    Draw,
    bundle_of,
    signing_key_of,
    the_scene,
)


class _Framing:
    """Bob receives what Alice sent; so does the hub."""

    def __init__(self) -> None:
        self.scene = the_scene()
        self.alice: Group = self.scene.member(ALICE)
        self.bob = self.scene.members[BOB]
        self.hub = self.scene.public
        self.said = forging.content_by(self.alice, Remove(DORA))
        self.good = forging.public(self.alice, self.said)

    def to_bob(self, name: str, message: bytes, expect: str) -> Case:
        return Case(
            name=f"{name} (to a member)",
            bad=member(self.bob, message),
            expect=expect,
            good=member(self.bob, self.good),
        )

    def to_hub(self, name: str, message: bytes, expect: str) -> Case:
        return Case(
            name=f"{name} (to the hub)",
            bad=hub_proposal(self.hub, message),
            expect=expect,
            good=hub_proposal(self.hub, self.good),
        )

    def to_both(self, name: str, message: bytes, expect: str) -> list[Case]:
        return [self.to_bob(name, message, expect), self.to_hub(name, message, expect)]

    def forged(self, said: FramedContent | None = None, **how: object) -> bytes:
        return forging.public(self.alice, said or self.said, **how)  # type: ignore[arg-type]


def cases() -> list[Case]:
    """Return the cases of this theme."""
    at = _Framing()
    return [
        *_signatures(at),
        *_membership_tags(at),
        *_addresses(at),
        *_kinds(at),
        *_encodings(at),
        *_commits(at),
    ]


def _signatures(at: _Framing) -> list[Case]:
    context = at.scene.member(ALICE).public.context
    other_epoch = replace(context, epoch=context.epoch - 1).encode()
    other_tree = replace(context, tree_hash=bytes(32)).encode()
    signature = forging.opened(at.good).auth.signature
    made = {
        "a message without a signature": at.forged(signature=b""),
        "a message with a signature of zeros": at.forged(signature=bytes(64)),
        "a signature with one bit changed": at.forged(signature=flipped(signature)),
        "a signature cut short": at.forged(signature=signature[:-1]),
        "a signature with a byte after it": at.forged(signature=signature + b"\x00"),
        "a message of Alice's that Carol signed": at.forged(key=signing_key_of("carol")),
        "a message that somebody unknown signed": at.forged(key=signing_key_of("mallory")),
        "a signature for the epoch before": at.forged(context=other_epoch),
        "a signature for another tree": at.forged(context=other_tree),
        "a signature without the group context": at.forged(context=b""),
        "a signature for an encrypted message": at.forged(signed_as=WireFormat.PRIVATE_MESSAGE),
    }
    return [
        case
        for name, message in made.items()
        for case in at.to_both(name, message, "bad_signature")
    ]


def _membership_tags(at: _Framing) -> list[Case]:
    tag = forging.opened(at.good).membership_tag or b""
    changed = replace(at.said, content=Remove(CAROL))
    signature = forging.opened(at.good).auth.signature
    unsigned = forging.public(at.alice, changed, signature=signature, membership_tag=tag)
    other_key = at.scene.member(ALICE).secrets.confirmation_key
    made = {
        "a membership tag with one bit changed": at.forged(membership_tag=flipped(tag)),
        "an empty membership tag": at.forged(membership_tag=b""),
        "a membership tag cut short": at.forged(membership_tag=tag[:-1]),
        "a membership tag made with another key": at.forged(membership_key=other_key),
        "a content changed under its tag and signature": unsigned,
    }
    return [at.to_bob(name, message, "bad_membership_tag") for name, message in made.items()]


def _addresses(at: _Framing) -> list[Case]:
    epoch = at.said.epoch
    beyond, far = Sender(SenderType.MEMBER, 4), Sender(SenderType.MEMBER, 2**32 - 1)
    cases = []
    for name, expect, said in (
        ("a message of another group", "wrong_group", replace(at.said, group_id=b"another")),
        ("a message of no group", "wrong_group", replace(at.said, group_id=b"")),
        ("a message of the epoch before", "wrong_epoch", replace(at.said, epoch=epoch - 1)),
        ("a message of the epoch after", "wrong_epoch", replace(at.said, epoch=epoch + 1)),
        ("a message of the last epoch there is", "wrong_epoch", replace(at.said, epoch=2**64 - 1)),
        ("a message by a leaf beyond the tree", "unknown_sender", replace(at.said, sender=beyond)),
        ("a message by the last leaf there is", "unknown_sender", replace(at.said, sender=far)),
    ):
        cases += at.to_both(name, at.forged(said), expect)
    bob = at.scene.member(BOB)
    own = forging.public(bob, forging.content_by(bob, Remove(DORA)))
    cases.append(at.to_bob("our own message sent back to us", own, "own_message"))
    return cases


def _kinds(at: _Framing) -> list[Case]:
    open_data = at.forged(replace(at.said, content=b"said in the clear"))
    alice = at.scene.member(ALICE)
    cases = at.to_both("application data in the clear", open_data, "wrong_wire_format")
    package = encode_message(bundle_of("erin").key_package)
    for name, message in (("a key package", package), ("a GroupInfo", alice.group_info())):
        cases += at.to_both(f"{name} instead of a message", message, "wrong_wire_format")
    commit = alice.commit(force_path=True, now=NOW, random_bytes=Draw("fresh"))
    cases.append(at.to_hub("a commit instead of a proposal", commit.message, "wrong_content"))
    cases.append(
        Case(
            name="a proposal instead of a commit (to the hub)",
            bad=hub_committed(at.hub, commit, message=at.good),
            expect="wrong_content",
            good=hub_committed(at.hub, commit),
        )
    )
    return cases


def _encodings(at: _Framing) -> list[Case]:
    good, size = at.good, len(GROUP_ID)
    body = good[5 + size :]  # behind version, wire format and group id
    head, longer = good[:4], b"\x40" + bytes((size,))
    made = {
        "nothing at all": b"",
        "one byte": b"\x00",
        "a message cut in its middle": good[: len(good) // 2],
        "a message without its last byte": good[:-1],
        "a message with a byte after it": good + b"\x00",
        "a message twice": good + good,
        "a protocol version 0": b"\x00\x00" + good[2:],
        "a protocol version 2": b"\x00\x02" + good[2:],
        "a wire format 0": good[:2] + b"\x00\x00" + good[4:],
        "a wire format 6": good[:2] + b"\x00\x06" + good[4:],
        "a length of two bytes where one would do": head + longer + GROUP_ID + body,
        "a length of four bytes where one would do": head
        + b"\x80\x00\x00"
        + bytes((size,))
        + GROUP_ID
        + body,
        "a length of eight bytes": head + b"\xc0" + bytes(6) + bytes((size,)) + GROUP_ID + body,
        "a length beyond the end": head + b"\xbf\xff\xff\xff" + GROUP_ID + body,
        "a group id of 65 bytes": head + b"\x40\x41" + bytes(65) + body,
        "a sender type 0": head + _after_group_id(at, b"\x00" + bytes(4)),
        "a sender type 5": head + _after_group_id(at, b"\x05" + bytes(4)),
        "authenticated data of 4,097 bytes": _with_authenticated_data(at, 4_097),
        "a content type 0": _with_content(at, b"\x00"),
        "a content type 4": _with_content(at, b"\x04"),
        "a proposal of type 0": _with_content(at, b"\x02\x00\x00"),
        "a proposal of an unknown type": _with_content(at, b"\x02\x0a\x0a"),
        "a Remove cut short": _with_content(at, b"\x02\x00\x03\x00\x00"),
        "a commit with an item of type 3": _with_content(at, b"\x03\x01\x03\x00"),
        "a commit with an item of type 0": _with_content(at, b"\x03\x01\x00\x00"),
        "a commit whose path is neither there nor not": _with_content(at, b"\x03\x00\x02"),
        "a commit whose path is announced and missing": _with_content(at, b"\x03\x00\x01"),
        "a proposal inside a vector that is one byte too short": _with_content(
            at, b"\x03\x06\x01\x00\x03\x00\x00\x00\x03\x00"
        ),
    }
    return [case for name, data in made.items() for case in at.to_both(name, data, "malformed")]


def _after_group_id(at: _Framing, sender: bytes) -> bytes:
    writer = Writer()
    writer.opaque(GROUP_ID)
    writer.uint64(at.said.epoch)
    writer.rest(sender)
    writer.rest(at.good[4 + 1 + len(GROUP_ID) + 8 + 5 :])
    return writer.finish()


def _with_authenticated_data(at: _Framing, size: int) -> bytes:
    writer = Writer()
    writer.opaque(bytes(size))
    before = 4 + 1 + len(GROUP_ID) + 8 + 5
    return at.good[:before] + writer.finish() + at.good[before + 1 :]


def _with_content(at: _Framing, content: bytes) -> bytes:
    """Return the message with this in the place of its content type and content."""
    before = 4 + 1 + len(GROUP_ID) + 8 + 5 + 1
    after = before + 1 + 2 + 4
    return at.good[:before] + content + at.good[after:]


def _commits(at: _Framing) -> list[Case]:
    alice = at.scene.member(ALICE)
    made = alice.commit(force_path=True, now=NOW, random_bytes=Draw("fresh"))
    good = member(at.bob, made.message)
    tag = forging.opened(made.message).auth.confirmation_tag or b""
    cases = [
        Case(
            name=f"a commit with {name}",
            bad=member(
                at.bob, forging.again(alice, made.message, lambda said: said, tag=confirmation_tag)
            ),
            expect="bad_confirmation_tag",
            good=good,
        )
        for name, confirmation_tag in (
            ("a confirmation tag that has one bit changed", flipped(tag)),
            ("an empty confirmation tag", b""),
            ("a confirmation tag cut short", tag[:-1]),
            ("the confirmation tag of the epoch before", alice.public.confirmation_tag),
            ("the commit's signature as its confirmation tag", bytes(64)),
        )
    ]
    after = at.scene.after(ALICE, made, {})
    cases.append(
        Case(
            name="a commit sent once more after it was taken",
            bad=member(after.members[BOB], made.message),
            expect="wrong_epoch",
            good=good,
        )
    )
    cases.append(
        Case(
            name="a commit sent once more to the hub after it was taken",
            bad=hub_committed(after.public, made),
            expect="wrong_epoch",
            good=hub_committed(at.hub, made),
        )
    )
    cases.append(_replayed_proposal(at, after.members[BOB]))
    cases.append(_by_a_removed_member(at))
    return cases


def _replayed_proposal(at: _Framing, later: bytes) -> Case:
    return Case(
        name="a proposal of the last epoch, sent once more in this one",
        bad=member(later, at.good),
        expect="wrong_epoch",
        good=member(at.bob, at.good),
    )


def _by_a_removed_member(at: _Framing) -> Case:
    """Dora was removed. A friend told her the new epoch's membership key: it does not help her."""
    alice = at.scene.member(ALICE)
    removal = alice.commit([Remove(DORA)], now=NOW, random_bytes=Draw("removal"))
    after = at.scene.after(ALICE, removal, {})
    friend, proposal = after.member(CAROL), _remove(CAROL)
    dora = Sender(SenderType.MEMBER, DORA)
    said = forging.content_by(friend, proposal, sender=dora)
    return Case(
        name="a message by a member who was removed",
        bad=member(after.members[BOB], forging.public(friend, said, key=signing_key_of("dora"))),
        expect="unknown_sender",
        good=member(
            after.members[BOB],
            forging.public(friend, forging.content_by(friend, proposal)),
        ),
    )


def _remove(leaf: int) -> Proposal:
    return Remove(leaf)
