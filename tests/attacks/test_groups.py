"""What a member with a hostile client tries with the group of a conversation."""

from __future__ import annotations

from dataclasses import replace

import pytest

from crypto.mls.extensions import ExtensionType, external_pub_extension
from crypto.mls.group_info import GroupInfo
from crypto.mls.message import decode_group_info, encode_message
from server.hub import removals
from server.hub.acts import groups
from signaling import frames
from tests.server.house import House, Peer, a_pair
from tests.server.mls import CAPABILITIES, removal_of


def with_dead_door(peer: Peer, group_info: bytes) -> bytes:
    """Return a GroupInfo, signed anew, by whose key nobody can come in."""
    info = decode_group_info(group_info)
    others = tuple(one for one in info.extensions if one.type != ExtensionType.EXTERNAL_PUB)
    dead = GroupInfo(
        group_context=info.group_context,
        extensions=(*others, external_pub_extension(bytes(32))),
        confirmation_tag=info.confirmation_tag,
        signer=info.signer,
    )
    return encode_message(dead.signed(peer.mls.key))


async def test_a_commit_leaves_no_door_that_nobody_can_open(house: House) -> None:
    """With ciphertexts that nobody can read, and a receipt of its own, it would end the group."""
    _, jean, conversation = await a_pair(house)
    fields = jean.mls.a_commit(conversation)

    refused = await jean.refused(
        frames.Commit, **fields | {"group_info": with_dead_door(jean, fields["group_info"])}
    )

    assert (refused.code, refused.reason) == ("E_GROUP_INFO", "bad_key")


FAT = replace(CAPABILITIES, extensions=(*CAPABILITIES.extensions, *range(0x0A0B, 0x0DFF)))


async def test_no_leaf_is_so_large_that_the_next_commit_fits_no_frame(house: House) -> None:
    """Forty kilobytes of capabilities in one's own leaf, by one's own commit."""
    claire, jean, conversation = await a_pair(house)
    info = claire.mls.groups[conversation].group_info()

    refused = await jean.refused(
        frames.Commit, **jean.mls.rejoin(conversation, info, leaf={"capabilities": FAT})
    )
    package = await jean.refused(
        frames.PublishKeyPackages, packages=[jean.mls.key_package(capabilities=FAT)]
    )

    assert (refused.code, refused.reason) == ("E_COMMIT", "large_leaf")
    assert (package.code, package.reason) == ("E_KEY_PACKAGE", "large_leaf")


async def test_a_group_grows_only_while_a_frame_holds_what_it_may_become(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A person may have two hundred devices: they do not fill the group to its last commit."""
    claire, jean, conversation = await a_pair(house)
    monkeypatch.setattr(groups, "MAX_GROWING_BYTES", 800)
    tablet = await house.peer("jean")
    info = claire.mls.groups[conversation].group_info()

    refused = await tablet.refused(frames.Commit, **tablet.mls.rejoin(conversation, info))
    await jean.ok(frames.Commit, **jean.mls.a_commit(conversation))

    assert (refused.code, refused.reason) == ("E_COMMIT", "full_group")


async def test_a_thief_does_not_wash_a_session_with_another_device(house: House) -> None:
    """A hello as a new device under the telephone's cookie; then the telephone is given up."""
    _, jean, _ = await a_pair(house)
    stolen = await house.peer("jean")
    await house.peer("jean", session=stolen.session)

    await jean.ok(frames.RetireDevice, statement=jean.mls.revocation(stolen.device))

    assert await house.hub.find_session(stolen.session.key) is None
    third = await house.knock("jean", session=stolen.session)
    refused = await third.refused(
        frames.Hello, device=third.device, signature_key=third.signature_key
    )
    assert refused.code == "E_SESSION"


async def test_many_removals_are_not_all_made_again_at_each_external_commit(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A few at a time, until none is left; and nothing is written meanwhile."""
    monkeypatch.setattr(removals, "MAX_AT_ONCE", 2)
    claire, jean, conversation = await a_pair(house)
    spares = [await house.peer("jean", packages=1) for _ in range(5)]
    await claire.add(conversation, "jean")
    info = claire.mls.groups[conversation].group_info()
    await jean.settle()
    for spare in spares:
        await jean.ok(frames.RetireDevice, statement=jean.mls.revocation(spare.device))
    await jean.settle()
    await claire.settle()
    before = len(proposed(claire))

    await jean.ok(frames.Commit, **jean.mls.rejoin(conversation, info))
    rounds: list[int] = []
    for _ in range(3):
        await claire.settle()
        rounds.append(len(proposed(claire)) - before - sum(rounds))
        body = claire.message(conversation).at_epoch(claire.mls.groups[conversation].epoch)
        held = await claire.refused(frames.SendMessage, conversation=conversation, body=body)
        assert held.code == "E_REMOVE_PENDING"
        await claire.ok(frames.Commit, **claire.mls.a_commit(conversation))

    await claire.settle()
    assert (before, rounds) == (5, [2, 2, 1])
    assert len(claire.mls.groups[conversation].members()) == 2
    await claire.say(conversation, epoch=claire.mls.groups[conversation].epoch)


def proposed(peer: Peer) -> list[frames.Event]:
    """Return the removals that this peer was shown so far."""
    events = [one for one in peer.pushes if isinstance(one, frames.Event)]
    return [one for one in events if one.what == "proposal"]


async def test_a_removal_whose_turn_is_later_is_nobodys_to_make(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By value it would carry no reason: the members would not follow what the hub took."""
    monkeypatch.setattr(removals, "MAX_AT_ONCE", 1)
    claire, jean, conversation = await a_pair(house)
    spares = [await house.peer("jean", packages=1) for _ in range(2)]
    await claire.add(conversation, "jean")
    await jean.settle()
    for spare in spares:
        await jean.ok(frames.RetireDevice, statement=jean.mls.revocation(spare.device))
    await claire.settle()
    info = claire.mls.groups[conversation].group_info()
    await jean.ok(frames.Commit, **jean.mls.rejoin(conversation, info))
    await claire.settle()
    later = removal_of(claire.mls.groups[conversation], spares[1].device)

    refused = await claire.refused(frames.Commit, **claire.mls.a_commit(conversation, later))

    assert (refused.code, refused.reason) == ("E_POLICY", "removes_another")
