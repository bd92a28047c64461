"""Our Python and TypeScript cores, live in the same groups: the everyday life of one."""

from __future__ import annotations

from dataclasses import replace

import pytest

from crypto.mls.extensions import Extensions, ExtensionType
from crypto.mls.group import Group, Wire
from crypto.mls.group_info import GroupInfo
from crypto.mls.proposal import Remove
from crypto.mls.public_group import PublicGroup
from tests.interop.builders import an_add
from tests.interop.languages import (
    BOTH_WAYS,
    GREASE,
    GREASED,
    PRIVATE_CREDENTIAL,
    Language,
    PythonMember,
)
from tests.interop.node import Node, Refused
from tests.interop.room import Room, same

pytestmark = pytest.mark.slow

SUITES = {
    1: "X25519, AES-128-GCM, Ed25519",
    2: "P-256, AES-128-GCM",
    3: "X25519, ChaCha20-Poly1305, Ed25519",
    4: "X448, AES-256-GCM, Ed448",
    5: "P-521, AES-256-GCM",
    6: "X448, ChaCha20-Poly1305, Ed448",
    7: "P-384, AES-256-GCM",
}


@BOTH_WAYS
@pytest.mark.parametrize("suite", SUITES, ids=SUITES.values())
def test_a_group_lives_in_every_suite(
    node: Node, suite: int, one: Language, other: Language
) -> None:
    """Create, add, welcome, talk, update, remove: the same epoch for all after each step."""
    room = Room(node=node, suite=suite)
    room.found(room.client("claire", one))
    added = room.add("claire", room.client("jean", other), room.client("lea", one))
    assert added["added"] == [1, 2]
    room.talk()

    assert room.commit("jean", force_path=True)["updated"] == [1]
    room.propose("lea", None)
    assert room.commit("jean")["updated"] == [2, 1]

    room.add("jean", room.client("marc", other))
    assert room.remove("marc", "lea")["removed"] == [2]
    room.talk()


@BOTH_WAYS
def test_messages_of_an_epoch_may_come_in_any_order(
    room: Room, one: Language, other: Language
) -> None:
    """Late, early and reordered: each opens once, in both languages, and never again."""
    room.found(room.client("claire", one))
    room.add("claire", room.client("jean", other), room.client("lea", one))
    sender = room.members["claire"]
    messages = [sender.encrypt(b"%d" % n, padding=n) for n in range(6)]

    for n in (5, 0, 3, 1, 4, 2):
        told = same([room.members[name].receive(messages[n])[0] for name in ("jean", "lea")])
        assert (told["data"], told["generation"]) == ((b"%d" % n).hex(), n)
        room.check()

    for name in ("jean", "lea"):
        with pytest.raises(Refused, match="consumed_generation"):
            room.members[name].receive(messages[3])


@BOTH_WAYS
def test_both_keep_the_same_keys_and_skip_as_far(
    room: Room, one: Language, other: Language
) -> None:
    """64 skipped keys are kept, and no message is more than 1,000 ahead."""
    room.found(room.client("claire", "python"))
    room.add("claire", room.client("jean", one), room.client("lea", other))
    readers = [room.members["jean"], room.members["lea"]]
    messages = [room.members["claire"].encrypt(b"") for _ in range(1_002)]

    for reader in readers:
        with pytest.raises(Refused, match="too_far_ahead"):
            reader.receive(messages[1_001])
        reader.receive(messages[1_000])
        reader.receive(messages[936])
        with pytest.raises(Refused, match="consumed_generation"):
            reader.receive(messages[935])
        assert room.rewritten(reader) == reader.state()


@BOTH_WAYS
def test_a_message_of_the_former_epoch_opens_with_the_former_group(
    room: Room, one: Language, other: Language
) -> None:
    """What was sent before a commit and comes after it is not lost."""
    room.found(room.client("claire", one))
    room.add("claire", room.client("jean", other))
    former = room.client("jean", other)
    former.load(room.members["jean"].state())
    late = room.members["claire"].encrypt(b"late")

    room.commit("claire", force_path=True)

    assert former.receive(late)[0]["data"] == b"late".hex()
    with pytest.raises(Refused, match="wrong_epoch"):
        room.members["jean"].receive(late)


@BOTH_WAYS
def test_who_commits_second_follows_the_first(room: Room, one: Language, other: Language) -> None:
    """A commit that was not ordered is forgotten, and changed nothing."""
    room.found(room.client("claire", one))
    room.add("claire", room.client("jean", other))
    room.members["jean"].commit(force_path=True)
    room.check()

    room.commit("claire", force_path=True)
    room.commit("jean", force_path=True)

    room.talk()


@BOTH_WAYS
@pytest.mark.parametrize("wire", ["public", "private"])
def test_each_commits_what_the_other_proposed(
    room: Room, wire: Wire, one: Language, other: Language
) -> None:
    """An Add, an Update and a Remove, by reference in one commit; in the open, or encrypted."""
    room.found(room.client("claire", one), hubs=wire == "public")
    room.add("claire", *(room.client(*who) for who in (("jean", other), ("lea", one))), wire=wire)
    marc = room.client("marc", other)

    room.propose("jean", an_add(marc.key_package()), wire=wire)
    room.propose("jean", None, wire=wire)
    room.propose("claire", Remove(room.leaf("lea")), wire=wire)
    report = room.commit("claire", joining=[marc], wire=wire)

    assert (report["added"], report["removed"], report["updated"]) == ([2], [2], [1, 0])
    room.talk()


@BOTH_WAYS
def test_nobody_speaks_while_a_proposal_waits(room: Room, one: Language, other: Language) -> None:
    """Who has seen a proposal commits it before sending anything more (RFC 9420, 12.4)."""
    room.found(room.client("claire", one))
    room.add("claire", room.client("jean", other), room.client("lea", one))
    room.propose("jean", Remove(room.leaf("lea")))

    for member in room.members.values():
        with pytest.raises(Refused, match="pending_proposals"):
            member.encrypt(b"not now")

    room.commit("claire")
    room.talk()


@BOTH_WAYS
def test_a_welcome_may_come_with_the_tree_beside_it(
    room: Room, one: Language, other: Language, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both join with a tree that the Welcome does not hold, and neither does without one."""
    room.found(room.client("claire", "python"))
    clients = [room.client("jean", one), room.client("lea", other)]
    claire = room.members["claire"]
    assert isinstance(claire, PythonMember)
    without_the_tree(monkeypatch)
    welcome = claire.commit([an_add(client.key_package()) for client in clients]).welcome
    monkeypatch.undo()
    assert welcome is not None
    claire.merge()

    for client in clients:
        with pytest.raises(Refused, match="missing_tree"):
            client.join(welcome)
        client.join(welcome, ratchet_tree=claire.group.public.tree.encode())
        room.members[client.name] = client

    room.hubs = []
    room.check()
    room.talk()


@BOTH_WAYS
def test_a_member_takes_a_new_signature_key(room: Room, one: Language, other: Language) -> None:
    """By a commit signed with the old one; what it says afterwards is signed with the new one."""
    room.found(room.client("claire", one))
    room.add("claire", room.client("jean", other), room.client("lea", one))
    before = room.signature_key("jean")

    for name in ("jean", "claire"):
        room.commit(name, new_key=True)
        room.talk()

    assert room.signature_key("jean") != before
    room.remove("jean", "lea")
    room.talk()


@BOTH_WAYS
def test_what_nobody_knows_is_carried(node: Node, one: Language, other: Language) -> None:
    """Credentials of a private kind; values of no meaning in capabilities, leaves, key packages."""
    room = Room(node=node, credential=PRIVATE_CREDENTIAL)
    room.found(room.client("claire", one))
    room.add("claire", room.client("jean", other))

    for member in PublicGroup.found(room.members["jean"].group_info()).members():
        assert member.leaf_node.credential.type == PRIVATE_CREDENTIAL
        assert member.leaf_node.extensions == GREASED
        assert GREASE in member.leaf_node.capabilities.proposals
    room.commit("jean", force_path=True)
    room.talk()


def without_the_tree(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have GroupInfos of the Python core made, and signed, without the tree."""
    whole = Group.signed_info

    def bare(group: Group, extensions: Extensions) -> GroupInfo:
        info = whole(group, extensions)
        kept = tuple(one for one in info.extensions if one.type != ExtensionType.RATCHET_TREE)
        return replace(info, extensions=kept).signed(group.signing_key)

    monkeypatch.setattr(Group, "signed_info", bare)
