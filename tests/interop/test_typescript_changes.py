"""Our Python and TypeScript cores, live in the same groups: what changes who is in, and how."""

from __future__ import annotations

import pytest

from crypto.keys import Secret
from crypto.mls.credential import Credential
from crypto.mls.extensions import (
    Extension,
    ExternalSender,
    RequiredCapabilities,
    external_senders_extension,
)
from crypto.mls.group import MAX_PAST_PSKS, Group
from crypto.mls.proposal import (
    GroupContextExtensions,
    PreSharedKey,
    ReInit,
    Remove,
    encode_proposal,
)
from crypto.mls.psk import PreSharedKeyId, Psks, ResumptionUsage
from crypto.suites import suite_of
from tests.interop.builders import RANDOM, an_add
from tests.interop.languages import BOTH_WAYS, PRIVATE_EXTENSION, Language, Member
from tests.interop.node import Node, Refused
from tests.interop.room import GROUP_ID, Room, same

pytestmark = pytest.mark.slow

SUITE_1 = suite_of(1)
HUB_KEY = SUITE_1.signing_key(SUITE_1.generate_signature_key(RANDOM))
EXTENSIONS = (
    RequiredCapabilities(
        extension_types=(PRIVATE_EXTENSION,), credential_types=(1,)
    ).as_extension(),
    external_senders_extension((ExternalSender(HUB_KEY.public, Credential.basic(b"hub")),)),
    Extension(PRIVATE_EXTENSION, b"version 1"),
)
REVOKED = (*EXTENSIONS[:2], Extension(PRIVATE_EXTENSION, b"version 2"))
EXTERNAL_PSK = Psks(external={b"paper": Secret(b"a key on paper")})


def three(room: Room, one: Language, other: Language) -> None:
    """Have claire found a group that the hub may propose in, with jean and lea."""
    room.found(room.client("claire", one), EXTENSIONS)
    room.add("claire", room.client("jean", other), room.client("lea", one))


@BOTH_WAYS
def test_a_carer_is_revoked_in_one_commit(room: Room, one: Language, other: Language) -> None:
    """GroupContextExtensions and Remove together: neither without the other."""
    three(room, one, other)

    report = room.remove("claire", "jean", also=[GroupContextExtensions(REVOKED)])

    assert report["removed"] == [1]
    assert [proposal["proposal"] for proposal in report["proposals"]] == [
        encode_proposal(one).hex() for one in (GroupContextExtensions(REVOKED), Remove(1))
    ]
    room.talk()


@BOTH_WAYS
def test_a_carer_is_admitted_in_one_commit(room: Room, one: Language, other: Language) -> None:
    """GroupContextExtensions and Add together; the newcomer sees the new extensions."""
    three(room, one, other)
    marc = room.client("marc", other)

    room.commit(
        "lea", [GroupContextExtensions(REVOKED), an_add(marc.key_package())], joining=[marc]
    )

    room.talk()


@BOTH_WAYS
def test_extensions_that_a_member_lacks_are_refused_by_all(
    room: Room, one: Language, other: Language
) -> None:
    """Whoever would commit them is refused by its own core, with the same word in both."""
    three(room, one, other)
    unknown = GroupContextExtensions((Extension(0xF0FF, b""),))

    codes = [refusal(room.members[name], [unknown]) for name in ("claire", "jean")]

    assert same(codes) == "unsupported_extension"
    room.check()


def refusal(member: Member, proposals: list[GroupContextExtensions]) -> str:
    """Return with which word a member's own core refuses to commit this."""
    with pytest.raises(Refused) as refused:
        member.commit(proposals)
    return refused.value.code


@BOTH_WAYS
def test_the_hub_proposes_a_remove_that_every_commit_must_include(
    room: Room, one: Language, other: Language
) -> None:
    """An external Remove, by reference, beside the matching extension by value."""
    three(room, one, other)
    hub = next(hub for hub in room.hubs if hub.language == other)
    message = hub.propose(Remove(1), key=HUB_KEY, authenticated_data=b"why")
    heedless = room.members["claire"].commit(force_path=True)

    report = room.forward(message)
    pending = [bytes.fromhex(report["reference"])]
    assert (report["sender"], report["authenticated_data"]) == ("external 0", b"why".hex())
    for each in room.hubs:
        with pytest.raises(Refused, match="missing_remove"):
            each.check(heedless, pending=pending)
    done = room.commit("claire", [GroupContextExtensions(REVOKED)], pending=pending)

    assert done["removed"] == [1]
    assert "jean" not in room.members
    room.talk()


@BOTH_WAYS
def test_a_remove_by_somebody_else_is_not_the_hubs(
    room: Room, one: Language, other: Language
) -> None:
    """Another key than the hub's proposes nothing, and its signature deceives nobody."""
    three(room, one, other)
    stranger = SUITE_1.signing_key(SUITE_1.generate_signature_key(RANDOM))
    for hub in room.hubs:
        with pytest.raises(Refused, match="unknown_sender"):
            hub.propose(Remove(1), key=stranger, authenticated_data=b"")
    message = room.hubs[0].propose(Remove(1), key=HUB_KEY, authenticated_data=b"")
    forged = message[:-1] + bytes([message[-1] ^ 1])

    for each in (*room.hubs, *room.members.values()):
        with pytest.raises(Refused, match="bad_signature"):
            each.receive(forged)

    room.check()


@BOTH_WAYS
def test_a_new_device_joins_from_outside(room: Room, one: Language, other: Language) -> None:
    """By a GroupInfo of a member of the other language, and of its own."""
    three(room, one, other)

    first = room.join_external(room.client("marc", other), by="claire")
    second = room.join_external(room.client("anne", one), by="claire")

    assert (first["how"], first["committer"]) == ("join", 3)
    assert (second["how"], second["committer"]) == ("join", 4)
    room.talk()
    room.remove("marc", "claire")
    room.talk()


@BOTH_WAYS
def test_a_lost_device_takes_its_own_place(room: Room, one: Language, other: Language) -> None:
    """A resync: its former leaf goes by the same commit; a pending Remove does not hinder it."""
    three(room, one, other)
    room.forward(room.hubs[0].propose(Remove(2), key=HUB_KEY, authenticated_data=b""))

    report = room.join_external(room.members["jean"], by="lea", remove_prior=1)

    assert (report["how"], report["removed"], report["committer"]) == ("resync", [1], 1)
    room.talk()
    room.commit("jean", force_path=True)
    room.talk()


@BOTH_WAYS
def test_a_key_from_elsewhere_is_mixed_in(room: Room, one: Language, other: Language) -> None:
    """An external PSK: committed, brought by a newcomer from outside, asked of who is added."""
    three(room, one, other)

    room.commit("claire", [an_external_psk()], psks=EXTERNAL_PSK)
    room.propose("jean", an_external_psk())
    room.commit("lea", psks=EXTERNAL_PSK)
    room.join_external(
        room.client("marc", other),
        by="claire",
        psk_ids=[an_external_psk().psk],
        psks=EXTERNAL_PSK,
    )
    anne = room.client("anne", one)
    room.commit(
        "marc", [an_external_psk(), an_add(anne.key_package())], joining=[anne], psks=EXTERNAL_PSK
    )

    room.talk()


@BOTH_WAYS
def test_a_key_that_one_lacks_is_an_error(room: Room, one: Language, other: Language) -> None:
    """Who has not the key refuses the commit, and the Welcome, and stays as it was."""
    three(room, one, other)
    marc = room.client("marc", other)
    sent = room.members["claire"].commit(
        [an_external_psk(), an_add(marc.key_package())], psks=EXTERNAL_PSK
    )
    assert sent.welcome is not None

    for name in ("jean", "lea"):
        with pytest.raises(Refused, match="unknown_psk"):
            room.members[name].receive(sent.message)
    with pytest.raises(Refused, match="unknown_psk"):
        marc.join(sent.welcome)

    room.check()


def an_external_psk() -> PreSharedKey:
    """Return the proposal to mix the key on paper in."""
    return PreSharedKey(PreSharedKeyId.external(b"paper", SUITE_1, RANDOM))


@BOTH_WAYS
def test_a_past_epochs_own_key_is_mixed_in(room: Room, one: Language, other: Language) -> None:
    """A resumption PSK: members have it of themselves, a newcomer is given it."""
    three(room, one, other)
    told = bytes.fromhex(room.members["jean"].facts()["resumption_psk"])
    room.commit("jean", force_path=True)
    room.commit("claire", force_path=True)

    room.commit("claire", [a_resumption_psk(ResumptionUsage.APPLICATION, 1)])
    room.commit("jean", [a_resumption_psk(ResumptionUsage.APPLICATION, 4)])
    marc = room.client("marc", other)
    room.commit(
        "lea",
        [a_resumption_psk(ResumptionUsage.APPLICATION, 1), an_add(marc.key_package())],
        joining=[marc],
        psks=Psks(resumption={(GROUP_ID, 1): Secret(told)}),
    )

    room.talk()


@BOTH_WAYS
def test_both_remember_the_keys_of_the_same_epochs(
    room: Room, one: Language, other: Language
) -> None:
    """What one may still commit, the other can still follow; what is forgotten, by both."""
    room.found(room.client("claire", one))
    room.add("claire", room.client("jean", other))
    for _ in range(MAX_PAST_PSKS):
        room.commit("claire", force_path=True)

    room.commit("claire", [a_resumption_psk(ResumptionUsage.APPLICATION, 1)])
    for member in room.members.values():
        with pytest.raises(Refused, match="unknown_psk"):
            member.commit([a_resumption_psk(ResumptionUsage.APPLICATION, 1)])


def a_resumption_psk(usage: ResumptionUsage, epoch: int) -> PreSharedKey:
    """Return the proposal to mix an epoch's key in."""
    return PreSharedKey(PreSharedKeyId.resumption(usage, GROUP_ID, epoch, SUITE_1, RANDOM))


@BOTH_WAYS
def test_a_reinit_closes_the_group_and_opens_another(
    room: Room, node: Node, one: Language, other: Language
) -> None:
    """The members go on in a group of another suite, that the old one named."""
    former, following = a_closed_group(room, one, other), Room(node=node, suite=3)
    psk = a_resumption_psk(ResumptionUsage.REINIT, former.epoch)
    psks = Psks(resumption={(GROUP_ID, former.epoch): former.resumption_psk})
    claire, others = (
        following.client("claire", one),
        [following.client("jean", other), following.client("lea", one)],
    )
    claire.create(b"next", EXTENSIONS)
    adds = [an_add(client.key_package()) for client in others]

    welcome = claire.commit([psk, *adds], psks=psks).welcome
    claire.merge()
    assert welcome is not None
    for client in others:
        client.join(welcome, former=former)

    following.members = {client.name: client for client in (claire, *others)}
    following.check()
    following.talk()


def a_closed_group(room: Room, one: Language, other: Language) -> Group:
    """Close a group by a ReInit; return it as Python has it, whoever committed."""
    room.found(room.client("claire", one))
    room.add("claire", room.client("jean", other), room.client("lea", one))
    room.propose("jean", ReInit(group_id=b"next", version=1, cipher_suite=3, extensions=EXTENSIONS))
    room.commit("claire")
    for member in room.members.values():
        with pytest.raises(Refused, match="group_closed"):
            member.encrypt(b"")
        with pytest.raises(Refused, match="group_closed"):
            member.commit(force_path=True)
        with pytest.raises(Refused, match="group_closed"):
            member.propose(None)
    return Group.deserialize(room.members["claire"].state())


@BOTH_WAYS
def test_a_welcome_to_another_group_than_the_reinit_said_is_refused(
    room: Room, node: Node, one: Language, other: Language
) -> None:
    """RFC 9420, 12.4.3.1, last item: id, suite, extensions and members are the promised ones."""
    former, following = a_closed_group(room, one, other), Room(node=node, suite=3)
    psk = a_resumption_psk(ResumptionUsage.REINIT, former.epoch)
    psks = Psks(resumption={(GROUP_ID, former.epoch): former.resumption_psk})
    claire = following.client("claire", one)
    others = [following.client("jean", other), following.client("lea", one)]
    claire.create(b"not the next", EXTENSIONS)

    welcome = claire.commit(
        [psk, *(an_add(client.key_package()) for client in others)], psks=psks
    ).welcome

    assert welcome is not None
    for client in others:
        with pytest.raises(Refused, match="not_the_reinit"):
            client.join(welcome, former=former)


@BOTH_WAYS
def test_a_branch_is_a_group_of_some_of_the_members(
    room: Room, node: Node, one: Language, other: Language
) -> None:
    """Two of three go on by themselves, linked to where they come from; a stranger is refused."""
    three(room, one, other)
    trunk = Group.deserialize(room.members["claire"].state())
    psk = a_resumption_psk(ResumptionUsage.BRANCH, trunk.epoch)
    psks = Psks(resumption={(GROUP_ID, trunk.epoch): trunk.resumption_psk})
    branch = Room(node=node)
    lea, jean = branch.client("lea", one), branch.client("jean", other)
    lea.create(b"branch")
    stranger = branch.client("marc", other)

    with_stranger = lea.commit(
        [psk, an_add(jean.key_package()), an_add(stranger.key_package())], psks=psks
    ).welcome
    assert with_stranger is not None
    with pytest.raises(Refused, match="not_the_branch"):
        jean.join(with_stranger, former=trunk)
    welcome = lea.commit([psk, an_add(jean.key_package())], psks=psks).welcome
    lea.merge()
    assert welcome is not None
    jean.join(welcome, former=trunk)

    branch.members = {"lea": lea, "jean": jean}
    branch.check()
    branch.talk()
