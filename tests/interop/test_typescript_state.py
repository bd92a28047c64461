"""What one of our cores stores the other goes on from; what one refuses the other refuses."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from crypto.mls.credential import Credential
from crypto.mls.extensions import ExternalSender, external_senders_extension
from crypto.mls.proposal import Remove
from crypto.suites import suite_of
from tests.interop.builders import RANDOM, an_add
from tests.interop.languages import BOTH_WAYS, OTHER, Language, Member
from tests.interop.node import Refused
from tests.interop.room import Room

pytestmark = pytest.mark.slow

SUITE_1 = suite_of(1)
HUB_KEY = SUITE_1.signing_key(SUITE_1.generate_signature_key(RANDOM))
EXTENSIONS = (
    external_senders_extension((ExternalSender(HUB_KEY.public, Credential.basic(b"hub")),)),
)


def three(room: Room, one: Language, other: Language) -> None:
    """Have claire found a group that the hub may propose in, with jean and lea."""
    room.found(room.client("claire", one), EXTENSIONS)
    room.add("claire", room.client("jean", other), room.client("lea", one))


def change_languages(room: Room) -> None:
    """Have every member and every hub go on in the other language, from what was stored."""
    for name, member in room.members.items():
        successor = room.client(name, OTHER[member.language])
        successor.load(member.state())
        assert successor.state() == member.state()
        room.members[name] = successor
    first, second = room.hubs
    states = [first.state(), second.state()]
    first.load(states[1])
    second.load(states[0])


@BOTH_WAYS
def test_members_change_languages_at_any_time(room: Room, one: Language, other: Language) -> None:
    """With messages outstanding, proposals pending and our own Update among them."""
    three(room, one, other)
    waiting = [room.members["claire"].encrypt(b"%d" % n) for n in range(4)]
    for name in ("jean", "lea"):
        room.members[name].receive(waiting[2])
    change_languages(room)
    for name in ("jean", "lea"):
        with pytest.raises(Refused, match="consumed_generation"):
            room.members[name].receive(waiting[2])
        for n in (3, 0, 1):
            assert room.members[name].receive(waiting[n])[0]["generation"] == n

    room.propose("jean", None)
    room.propose("claire", an_add(room.client("marc", one).key_package()))
    room.forward(room.hubs[0].propose(Remove(2), key=HUB_KEY, authenticated_data=b"why"))
    change_languages(room)
    done = room.commit("claire")

    assert (done["added"], done["removed"], done["updated"]) == ([2], [2], [1, 0])
    room.talk()
    change_languages(room)
    room.commit("jean", force_path=True)
    room.talk()


@BOTH_WAYS
def test_a_key_package_of_one_language_is_used_by_the_other(
    room: Room, one: Language, other: Language
) -> None:
    """Published by one core, stored, and joined with by the other."""
    room.found(room.client("claire", other))
    published = room.client("jean", one)
    add = an_add(published.key_package())
    successor = room.client("jean", other)
    successor.load_bundle(published.bundle())

    room.commit("claire", [add], joining=[successor])

    assert successor.bundle() == published.bundle()
    room.talk()
    room.commit("jean", force_path=True)
    room.talk()


def unchanged(message: bytes) -> bytes:
    return message


def cut(message: bytes) -> bytes:
    return message[:-1]


def prolonged(message: bytes) -> bytes:
    return message + b"\0"


def ended_otherwise(message: bytes) -> bytes:
    return message[:-1] + bytes([message[-1] ^ 1])


def of_another_version(message: bytes) -> bytes:
    return b"\0\2" + message[2:]


Made = Callable[[Member], bytes]

REFUSED: dict[str, tuple[Made, Callable[[bytes], bytes], str]] = {
    "a message cut short": (lambda one: one.encrypt(b"text"), cut, "malformed"),
    "a message with more after it": (lambda one: one.encrypt(b"text"), prolonged, "malformed"),
    "another version of MLS": (lambda one: one.encrypt(b"text"), of_another_version, "malformed"),
    "a ciphertext changed": (lambda one: one.encrypt(b"text"), ended_otherwise, "bad_ciphertext"),
    "a commit's membership tag changed": (
        lambda one: one.commit(force_path=True).message,
        ended_otherwise,
        "bad_membership_tag",
    ),
    "a proposal's membership tag changed": (
        lambda one: one.propose(Remove(2)),
        ended_otherwise,
        "bad_membership_tag",
    ),
    "an encrypted commit changed": (
        lambda one: one.commit(force_path=True, wire="private").message,
        ended_otherwise,
        "bad_ciphertext",
    ),
    "a GroupInfo": (lambda one: one.group_info(), unchanged, "wrong_wire_format"),
    "a key package": (lambda one: one.key_package(), unchanged, "wrong_wire_format"),
}


@BOTH_WAYS
@pytest.mark.parametrize("fault", REFUSED)
def test_both_refuse_alike_and_stay_as_they_were(
    room: Room, fault: str, one: Language, other: Language
) -> None:
    """The same word in both languages, and not a byte of what is stored has changed."""
    three(room, one, other)
    make, spoil, code = REFUSED[fault]
    readers = [room.members["jean"], room.members["lea"]]
    before = [reader.state() for reader in readers]

    message = spoil(make(room.members["claire"]))

    for reader in readers:
        with pytest.raises(Refused) as refused:
            reader.receive(message)
        assert refused.value.code == code
    assert [reader.state() for reader in readers] == before


@BOTH_WAYS
def test_a_commit_of_what_one_never_saw_is_refused_by_all_who_did_not(
    room: Room, one: Language, other: Language
) -> None:
    """By members and hubs of both languages, with the same word."""
    three(room, one, other)
    room.members["claire"].propose(Remove(2))
    sent = room.members["claire"].commit()
    before = [hub.state() for hub in room.hubs]

    for name in ("jean", "lea"):
        with pytest.raises(Refused, match="unknown_proposal"):
            room.members[name].receive(sent.message)
    for hub in room.hubs:
        with pytest.raises(Refused, match="unknown_proposal"):
            hub.check(sent)
    assert [hub.state() for hub in room.hubs] == before
