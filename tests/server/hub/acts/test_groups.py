"""The group moves: packages are claimed once, one commit opens an epoch, the added are let in."""

from __future__ import annotations

import hashlib
import uuid
from typing import Any

import pytest

from crypto.mls.framing import (
    ContentType,
    MessageHeader,
    Sender,
    SenderType,
    WireFormat,
    encode_private_message,
    encode_public_message_prefix,
)
from server.domain.conversation import group_id
from server.hub.acts.groups import CLAIMED_DEVICES, LOW_STOCK
from signaling import frames
from signaling.frames import Ok, RefusedFrame
from tests.server.house import PEOPLE, House, a_pair
from tests.server.mls import added, removal_of


def state(house: House, conversation: str) -> tuple[Any, ...]:
    """Return all that an act on a group may change."""
    moving = "SELECT generation, epoch, last_seq FROM conversation"
    return (
        house.rows(f"{moving} WHERE id='{conversation}'"),
        house.rows("SELECT * FROM mls_group"),
        house.rows("SELECT * FROM event"),
        house.rows("SELECT * FROM admission"),
        house.rows("SELECT * FROM key_package ORDER BY ref"),
    )


async def test_the_first_commit_that_names_the_epoch_wins(house: House) -> None:
    """The second is told the current epoch, and nothing of it stays."""
    claire, jean, conversation = await a_pair(house)

    late = claire.mls.a_commit(conversation)
    won = await jean.ok(frames.Commit, **jean.mls.a_commit(conversation))
    before = state(house, conversation)
    lost = await claire.refused(frames.Commit, **late)

    assert won.result == {"seq": 2, "epoch": 2}
    assert (lost.code, lost.epoch, lost.retry) == ("E_EPOCH", 2, "changed")
    assert state(house, conversation) == before


async def test_of_two_commits_in_one_batch_the_first_wins(house: House) -> None:
    """One transaction orders them as two would: one opens the epoch, the other is told it."""
    claire, jean, conversation = await a_pair(house)

    async with house.one_batch(2):
        claire.send(frames.Commit(id="c", **claire.mls.a_commit(conversation)))
        jean.send(frames.Commit(id="j", **jean.mls.a_commit(conversation)))
    answers = [await claire.answer("c"), await jean.answer("j")]

    won = [one for one in answers if isinstance(one, Ok)]
    lost = [one for one in answers if isinstance(one, RefusedFrame)]
    assert [one.result for one in won] == [{"seq": 2, "epoch": 2}]
    assert [(one.code, one.epoch) for one in lost] == [("E_EPOCH", 2)]
    assert house.rows(f"SELECT epoch, last_seq FROM conversation WHERE id='{conversation}'") == [
        (2, 2)
    ]


async def test_a_commit_from_the_future_is_refused(house: House) -> None:
    """An epoch that nobody opened is as wrong as a past one."""
    claire, _, conversation = await a_pair(house)
    untold = claire.mls.a_commit(conversation)
    claire.mls.go_on(conversation, untold["commit"])

    refused = await claire.refused(frames.Commit, **claire.mls.a_commit(conversation))

    assert (refused.code, refused.epoch) == ("E_EPOCH", 1)


async def test_a_welcome_reaches_the_added_device_and_nobody_else(house: House) -> None:
    """The member's other device and the committer get the commit, never the Welcome."""
    claire, jean = await house.peer("claire"), await house.peer("jean", packages=1)
    late = await house.peer("jean")
    conversation = await claire.create()
    rows = await claire.claim(conversation, "jean")
    fields = claire.mls.an_add(conversation, *rows)

    await claire.ok(frames.Commit, **fields)

    welcome = await jean.push(frames.WelcomePush)
    assert (welcome.conversation, welcome.seq) == (conversation, 1)
    assert welcome.welcome == fields["welcome"]
    assert (await claire.event()).body == fields["commit"]
    await late.ok(frames.Ping)
    await claire.ok(frames.Ping)
    for peer in (late, claire):
        assert not [one for one in peer.pushes if isinstance(one, frames.WelcomePush)]
    assert not [one for one in late.pushes if isinstance(one, frames.Event)]


async def test_the_welcome_of_a_refused_commit_goes_nowhere(house: House) -> None:
    """Before acceptance it is nobody's: the loser's Welcome is not stored either."""
    claire, jean = await house.peer("claire"), await house.peer("jean", packages=1)
    conversation = await claire.create()
    late = claire.mls.an_add(conversation, *(await claire.claim(conversation, "jean")))
    await claire.ok(frames.Commit, **claire.mls.a_commit(conversation))

    refused = await claire.refused(frames.Commit, **late)

    assert refused.code == "E_EPOCH"
    await jean.ok(frames.Ping)
    assert not [one for one in jean.pushes if isinstance(one, frames.WelcomePush)]
    assert house.rows("SELECT count(*) FROM event WHERE welcome IS NOT NULL") == [(0,)]
    assert house.rows("SELECT count(*) FROM key_package WHERE used = 1") == [(0,)]


async def test_the_claim_of_a_lost_race_serves_the_next_commit(house: House) -> None:
    """After E_EPOCH the same package adds the device in the epoch that stands now."""
    claire, jean = await house.peer("claire"), await house.peer("jean", packages=1)
    conversation = await claire.create()
    rows = await claire.claim(conversation, "jean")
    late = claire.mls.an_add(conversation, *rows)
    await claire.ok(frames.Commit, **claire.mls.a_commit(conversation))
    await claire.refused(frames.Commit, **late)

    await claire.ok(frames.Commit, **claire.mls.an_add(conversation, *rows))

    assert (await jean.push(frames.WelcomePush)).seq == 2


async def test_a_commit_sent_again_gets_the_same_answer(house: House) -> None:
    """Same bytes, same device: the receipt it earned, whatever the epoch is by now."""
    claire, jean = await house.peer("claire"), await house.peer("jean", packages=1)
    conversation = await claire.create()
    fields = claire.mls.an_add(conversation, *(await claire.claim(conversation, "jean")))
    first = await claire.ok(frames.Commit, **fields)
    await claire.ok(frames.Commit, **claire.mls.a_commit(conversation))
    before = state(house, conversation)

    again = await claire.ok(frames.Commit, **fields)

    assert again.result == first.result == {"seq": 1, "epoch": 1}
    assert first.receipt is not None
    assert again.receipt is not None
    assert again.receipt.entry == first.receipt.entry
    claire.verify(again)
    assert state(house, conversation) == before
    assert (await jean.push(frames.WelcomePush)).seq == 1


async def test_the_bytes_of_another_devices_commit_are_no_retry(house: House) -> None:
    """Only the device that sent a commit gets its answer again."""
    claire, jean, conversation = await a_pair(house)
    fields = claire.mls.a_commit(conversation)
    await claire.ok(frames.Commit, **fields)

    refused = await jean.refused(frames.Commit, **fields)

    assert (refused.code, refused.epoch) == ("E_EPOCH", 2)


async def test_a_commit_is_proved_and_names_whom_it_added(house: House) -> None:
    """The entry has the ciphertext's hash, the epoch and the devices; never the bytes."""
    claire, jean = await house.peer("claire"), await house.peer("jean", packages=1)
    conversation = await claire.create()
    fields = claire.mls.an_add(conversation, *(await claire.claim(conversation, "jean")))

    done = await claire.ok(frames.Commit, **fields)

    assert claire.verify(done).entry
    entry = house.entries()[-1]
    assert entry["type"] == "group.committed"
    assert entry["object"]["ciphertext"] == hashlib.sha256(fields["commit"]).hexdigest()
    assert (entry["object"]["epoch"], entry["object"]["seq"]) == (0, 1)
    assert entry["outcome"] == {
        "adds": [{"device": jean.device, "person": jean.person}],
        "removes": [],
        "removed": 0,
        "kind": "member",
    }
    transcript = claire.mls.groups[conversation].context.confirmed_transcript_hash
    assert entry["object"]["transcript"] == transcript.hex()


async def test_a_package_spends_once(house: House) -> None:
    """Its device was added and went again: the package that let it in does not do so twice."""
    claire, second = await house.peer("claire"), await house.peer("claire", packages=1)
    conversation = await claire.create()
    rows = await claire.claim(conversation, "claire")
    await claire.ok(frames.Commit, **claire.mls.an_add(conversation, *rows))
    gone = removal_of(claire.mls.groups[conversation], second.device)
    await claire.ok(frames.Commit, **claire.mls.a_commit(conversation, gone))
    before = state(house, conversation)

    refused = await claire.refused(frames.Commit, **claire.mls.an_add(conversation, *rows))

    assert (refused.code, refused.retry) == ("E_KEY_PACKAGE_USED", "changed")
    assert state(house, conversation) == before


async def test_a_commit_cannot_name_one_package_twice(house: House) -> None:
    """Two leaves from one package would be one device twice."""
    claire = await house.peer("claire")
    await house.peer("jean", packages=2)
    conversation = await claire.create()
    (row,) = await claire.claim(conversation, "jean")

    fields = claire.mls.an_add(conversation, row, adds=added(row, row))
    refused = await claire.refused(frames.Commit, **fields)

    assert refused.code == "E_KEY_PACKAGE_USED"


async def test_a_package_claimed_by_another_device_is_not_mine_to_spend(house: House) -> None:
    """The claim binds package and committer: the patient cannot spend the pharmacist's claim."""
    claire, jean, conversation = await a_pair(house)
    await house.peer("jean", packages=1)
    rows = await claire.claim(conversation, "jean")

    refused = await jean.refused(frames.Commit, **jean.mls.an_add(conversation, *rows))

    assert refused.code == "E_KEY_PACKAGE_USED"


async def test_a_package_claimed_for_another_conversation_is_refused_here(house: House) -> None:
    """The claim binds package and conversation, which the log has told."""
    claire = await house.peer("claire")
    await house.peer("jean", packages=2)
    here, elsewhere = await claire.create(), await claire.create()
    rows = await claire.claim(elsewhere, "jean")

    refused = await claire.refused(frames.Commit, **claire.mls.an_add(here, *rows))

    assert refused.code == "E_KEY_PACKAGE_USED"


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"key_package": "ab" * 32}, id="a-package-that-is-not"),
        pytest.param({"device": str(uuid.uuid4())}, id="another-device"),
        pytest.param({"person": PEOPLE["rose"].id}, id="another-person"),
    ],
)
async def test_a_package_is_spent_as_it_was_claimed(house: House, change: dict[str, str]) -> None:
    """An unknown package, or a known one under another name, adds nobody."""
    claire = await house.peer("claire")
    await house.peer("jean", packages=1)
    conversation = await claire.create()
    (row,) = await claire.claim(conversation, "jean")
    before = state(house, conversation)

    fields = claire.mls.an_add(conversation, row, adds=added(row | change))
    refused = await claire.refused(frames.Commit, **fields)

    assert refused.code == "E_KEY_PACKAGE_USED"
    assert state(house, conversation) == before


async def test_whoever_is_not_in_a_conversation_claims_nothing_for_it(house: House) -> None:
    """A colleague who is no member gets the answer of a conversation that is not."""
    claire, hugo = await house.peer("claire"), await house.peer("hugo")
    await house.peer("jean", packages=1)
    conversation = await claire.create()

    here = await hugo.refused(
        frames.ClaimKeyPackages, conversation=conversation, person=PEOPLE["jean"].id
    )
    nowhere = await hugo.refused(
        frames.ClaimKeyPackages, conversation=str(uuid.uuid4()), person=PEOPLE["jean"].id
    )

    assert here.code == nowhere.code == "E_NOT_FOUND"
    assert here.text == nowhere.text
    assert house.rows("SELECT count(*) FROM key_package WHERE claimed_by NOT NULL") == [(0,)]


async def test_a_member_whose_device_is_not_in_the_group_claims_nothing(house: House) -> None:
    """The second device of a member sees later conversations only."""
    claire, second = await house.peer("claire"), await house.peer("claire")
    await house.peer("jean", packages=1)
    conversation = await claire.create()

    refused = await second.refused(
        frames.ClaimKeyPackages, conversation=conversation, person=PEOPLE["jean"].id
    )

    assert refused.code == "E_NOT_FOUND"


@pytest.mark.parametrize("whom", ["sophie", "rose"])
async def test_nobody_is_claimed_into_a_conversation_they_are_no_member_of(
    house: House, whom: str
) -> None:
    """The hub's list of members decides who can be added, not the claimer."""
    claire = await house.peer("claire")
    await house.peer(whom, packages=1)
    conversation = await claire.create()

    refused = await claire.refused(
        frames.ClaimKeyPackages, conversation=conversation, person=PEOPLE[whom].id
    )

    assert refused.code == "E_TENANT"
    assert house.rows("SELECT count(*) FROM key_package WHERE claimed_by NOT NULL") == [(0,)]


async def test_a_person_without_packages_is_waited_for_and_announced(house: House) -> None:
    """E_NO_KEY_PACKAGE now; the push when the patient's device presents itself; then the claim."""
    claire, jean = await house.peer("claire"), await house.peer("jean")
    conversation = await claire.create()

    refused = await claire.refused(
        frames.ClaimKeyPackages, conversation=conversation, person=jean.person
    )
    await jean.ok(frames.PublishKeyPackages, packages=jean.key_packages())
    push = await claire.push(frames.KeyPackagesPush)

    assert (refused.code, refused.retry) == ("E_NO_KEY_PACKAGE", "changed")
    assert push.person == jean.person
    assert len(await claire.claim(conversation, "jean")) == 1


async def test_nobody_is_told_of_packages_once_the_person_is_in(house: House) -> None:
    """A restock is nobody's news where the person already has a device in the group."""
    claire, jean, _ = await a_pair(house)

    await jean.ok(frames.PublishKeyPackages, packages=jean.key_packages())

    await claire.ok(frames.Ping)
    assert not [one for one in claire.pushes if isinstance(one, frames.KeyPackagesPush)]


async def test_a_claim_sent_again_gives_the_same_package(house: House) -> None:
    """A lost answer costs no package: the stock is spent once."""
    claire, jean = await house.peer("claire"), await house.peer("jean", packages=3)
    conversation = await claire.create()

    first = await claire.claim(conversation, "jean")
    again = await claire.claim(conversation, "jean")

    assert first == again
    assert [row["person"] for row in first] == [jean.person]
    assert hashlib.sha256(first[0]["bytes"]).hexdigest() == first[0]["key_package"]
    assert house.rows("SELECT count(*) FROM key_package WHERE claimed_by NOT NULL") == [(1,)]


async def test_two_claimers_get_two_packages(house: House) -> None:
    """A package is handed out to one claimer only: single use starts at the claim."""
    claire, jean, conversation = await a_pair(house)
    await house.peer("jean", packages=2)

    hers = await claire.claim(conversation, "jean")
    his = await jean.claim(conversation, "jean")

    assert {row["key_package"] for row in hers}.isdisjoint(row["key_package"] for row in his)


async def test_a_claim_gives_one_package_for_each_of_the_newest_devices(house: House) -> None:
    """At most five, the newest, and none that is in the group already."""
    claire = await house.peer("claire")
    devices = [(await house.peer("jean", packages=1)).device for _ in range(CLAIMED_DEVICES + 1)]
    conversation = await claire.create()

    rows = await claire.claim(conversation, "jean")

    assert [row["device"] for row in rows] == devices[:0:-1]


async def test_the_claimers_own_device_is_never_among_the_claimed(house: House) -> None:
    """One's other devices are; the one in hand is in the group already."""
    claire = await house.peer("claire", packages=2)
    second = await house.peer("claire", packages=2)
    conversation = await claire.create()

    rows = await claire.claim(conversation, "claire")

    assert [row["device"] for row in rows] == [second.device]


async def test_a_device_whose_stock_runs_low_is_told(house: House) -> None:
    """The push says how many are left; above the mark there is none."""
    claire, jean = await house.peer("claire"), await house.peer("jean", packages=LOW_STOCK + 1)
    first, second = await claire.create(), await claire.create()

    await claire.claim(first, "jean")
    await claire.claim(second, "jean")

    assert (await jean.push(frames.KeyPackagesLowPush)).left == LOW_STOCK - 1
    await jean.ok(frames.Ping)
    assert not [one for one in jean.pushes if isinstance(one, frames.KeyPackagesLowPush)]


def private_commit(conversation: str) -> bytes:
    """A commit that hides its sender, which the hub cannot order by its content."""
    header = MessageHeader(
        wire_format=WireFormat.PRIVATE_MESSAGE,
        group_id=group_id(conversation, 0),
        epoch=1,
        content_type=ContentType.COMMIT,
        authenticated_data=b"",
    )
    return encode_private_message(header, bytes(28), bytes(200))


def a_proposal(conversation: str) -> bytes:
    """A public message that is no commit."""
    header = MessageHeader(
        wire_format=WireFormat.PUBLIC_MESSAGE,
        group_id=group_id(conversation, 0),
        epoch=1,
        content_type=ContentType.PROPOSAL,
        authenticated_data=b"",
        sender=Sender(SenderType.MEMBER, 0),
    )
    return encode_public_message_prefix(header, bytes(100))


@pytest.mark.parametrize(
    "fault",
    [
        "adds without a Welcome",
        "a Welcome without adds",
        "a private commit",
        "a proposal",
        "an application message",
        "bytes that are no message",
        "a GroupInfo of another format",
        "a Welcome of another format",
        "an empty MLS version",
    ],
)
async def test_what_is_no_public_commit_with_its_companions_is_refused(
    house: House, fault: str
) -> None:
    """A commit is public, its GroupInfo and Welcome are what they say, and nothing changes."""
    claire, _, conversation = await a_pair(house)
    await house.peer("jean", packages=1)
    rows = await claire.claim(conversation, "jean")
    right = claire.mls.an_add(conversation, *rows)
    faults: dict[str, dict[str, Any]] = {
        "adds without a Welcome": {"welcome": None},
        "a Welcome without adds": {"adds": []},
        "a private commit": {"commit": private_commit(conversation)},
        "a proposal": {"commit": a_proposal(conversation)},
        "an application message": {"commit": claire.message(conversation).at_epoch(1)},
        "bytes that are no message": {"commit": b"\xff" * 40},
        "a GroupInfo of another format": {"group_info": right["welcome"]},
        "a Welcome of another format": {"welcome": right["group_info"]},
        "an empty MLS version": {"group_info": b"\x00"},
    }
    before = state(house, conversation)

    refused = await claire.refused(frames.Commit, **(right | faults[fault]))
    after = state(house, conversation)
    accepted = await claire.ok(frames.Commit, **right)

    assert refused.code == "E_MALFORMED"
    assert after == before
    assert accepted.result == {"seq": 2, "epoch": 2}


async def test_a_commit_of_another_group_is_refused(house: House) -> None:
    """The MLS group id must be the conversation's: the header and the frame name one group."""
    claire, _, conversation = await a_pair(house)
    elsewhere = claire.mls.a_commit(await claire.create())

    refused = await claire.refused(frames.Commit, **elsewhere | {"conversation": conversation})

    assert (refused.code, refused.reason) == ("E_COMMIT", "wrong_group")


async def test_a_device_that_is_added_is_told_with_the_plain_state(house: House) -> None:
    """Everyone learns that the patient has joined; each its own way."""
    claire, jean, conversation = await a_pair(house)

    told = []
    for peer in (claire, jean):
        while True:
            push = await peer.push(frames.ConversationPush)
            if push.conversation.epoch == 1:
                told.append(push.conversation)
                break

    assert [(one.joined, one.since) for one in told] == [(True, 0), (True, 1)]
    assert [m.state for one in told for m in one.members] == ["joined"] * 4
    assert {one.id for one in told} == {conversation}
