"""A device that is given up: nothing more from it or to it, and its leaf goes from every group."""

from __future__ import annotations

import json
import uuid
from pathlib import Path as Directory
from typing import Any

import pytest

from crypto.keys import Secret
from crypto.mls.group import ReceivedProposal
from crypto.mls.proposal import Remove
from crypto.mls.public_group import PublicGroup
from crypto.policy.removal import RemoveJustification
from crypto.policy.statements import DeviceRevocation, Unverified
from signaling import frames
from signaling.frames import Ok, RefusedFrame
from tests.server.house import NOON, House, Peer, a_house, a_pair, a_removal
from tests.server.mls import SUITE, leaf_of, removal_of
from tests.server.talk import a_talk


async def retire(peer: Peer, device: str, **changes: Any) -> Ok:
    """Give a device up by this one's hand."""
    return await peer.ok(frames.RetireDevice, statement=peer.mls.revocation(device, **changes))


async def a_trio(house: House) -> tuple[Peer, Peer, Peer, str]:
    """Claire, and Jean with two devices, in one group at epoch 2."""
    claire, jean, conversation = await a_pair(house)
    tablet = await house.peer("jean", packages=1)
    await claire.add(conversation, "jean")
    await tablet.push(frames.WelcomePush)
    await jean.settle()
    return claire, jean, tablet, conversation


def pushes_of(peer: Peer, kind: type[Any]) -> list[Any]:
    """Return the pushes of a kind that this peer has read."""
    return [one for one in peer.pushes if isinstance(one, kind)]


async def test_a_retired_device_is_told_why_and_closed(house: House) -> None:
    """E_DEVICE_RETIRED, 4403, and its session is over: its cookie opens nothing."""
    _, jean, tablet, _ = await a_trio(house)

    done = await retire(jean, tablet.device)
    told = await tablet.push(RefusedFrame)

    assert (told.id, told.code) == ("", "E_DEVICE_RETIRED")
    assert await tablet.closed() == 4403
    assert await house.hub.find_session(tablet.session.key) is None
    assert await house.hub.find_session(jean.session.key) is not None
    entry = json.loads(jean.verify(done).entry)
    assert (entry["type"], entry["class"]) == ("device.retired", "care")
    assert entry["outcome"] == {"device": tablet.device}
    assert entry["subject"] == jean.person


async def test_a_retired_device_does_not_come_back(house: House) -> None:
    """Under a new session of its person it is refused at hello, as the same device."""
    _, jean, tablet, _ = await a_trio(house)
    await retire(jean, tablet.device)
    again = await house.knock("jean")

    refused = await again.refused(
        frames.Hello, device=tablet.device, signature_key=tablet.signature_key
    )

    assert (refused.code, refused.retry) == ("E_DEVICE_RETIRED", "never")
    assert await again.closed() == 4403


async def test_from_that_instant_nothing_is_accepted_or_delivered(house: House) -> None:
    """Not even what waits in the writer's queue behind the revocation."""
    claire, jean, tablet, conversation = await a_trio(house)
    statement = jean.mls.revocation(tablet.device)
    body = tablet.message(conversation).at_epoch(2)
    packages = tablet.key_packages()

    async with house.one_batch(3):
        jean.send(frames.RetireDevice(id="r", statement=statement))
        tablet.send(frames.SendMessage(id="m", conversation=conversation, body=body))
        tablet.send(frames.PublishKeyPackages(id="p", packages=packages))
    assert isinstance(await jean.answer("r"), Ok)

    await claire.settle()
    assert house.rows("SELECT count(*) FROM event WHERE what = 'message'") == [(0,)]
    device = f"device = '{tablet.device}' AND used = 0"
    assert house.rows(f"SELECT count(*) FROM key_package WHERE {device}") == [(0,)]
    assert house.rows(f"SELECT count(*) FROM admission WHERE device = '{tablet.device}'") == [(0,)]


async def test_the_hub_proposes_the_removal_to_every_member(house: House) -> None:
    """An ordered event of the hub's own, signed under the key told at hello, with its reason."""
    claire, jean, tablet, conversation = await a_trio(house)
    epoch = claire.mls.groups[conversation]
    leaf = leaf_of(epoch, tablet.device)
    transcript = epoch.context.confirmed_transcript_hash
    statement = jean.mls.revocation(tablet.device)

    await jean.ok(frames.RetireDevice, statement=statement)
    event = await claire.event()
    while event.what != "proposal":
        event = await claire.event()
    received = epoch.receive(event.body, now=claire.mls.now)

    assert (event.seq, event.person, event.device) == (3, "hub", "")
    assert isinstance(received, ReceivedProposal)
    assert received.proposal == Remove(leaf or -1)
    why = RemoveJustification.decode(received.authenticated_data)
    assert (why.conversation, why.device) == (
        uuid.UUID(conversation).bytes,
        uuid.UUID(tablet.device).bytes,
    )
    assert why.confirmed_transcript_hash == transcript
    assert (why.why, why.at_us, why.delegation, why.staff) == ("device", NOON, b"", b"")
    said = Unverified.decode(DeviceRevocation, why.statement).verify(jean.account.aik)
    assert said.device == why.device
    entry = house.entries()[-1]
    assert (entry["type"], entry["actor"]["person"]) == ("group.remove_proposed", "hub")
    assert entry["outcome"] == {"device": tablet.device, "why": "device"}


async def test_members_are_told_that_a_removal_waits(house: House) -> None:
    """`removing` in the plain state, until the commit."""
    claire, jean, tablet, conversation = await a_trio(house)
    await claire.settle()
    claire.pushes.clear()

    await retire(jean, tablet.device)
    await claire.settle()
    await claire.ok(frames.Commit, **claire.mls.a_commit(conversation))
    await claire.settle()

    told = [one.conversation for one in pushes_of(claire, frames.ConversationPush)]
    assert [(one.removing, one.epoch) for one in told] == [(True, 2), (False, 3)]


async def test_while_a_removal_waits_no_message_is_accepted(house: House) -> None:
    """No ciphertext that the device could read is ever stored; afterwards they flow again."""
    claire, jean, tablet, conversation = await a_trio(house)
    await retire(jean, tablet.device)
    await claire.settle()
    message = claire.message(conversation)

    refused = await claire.refused(
        frames.SendMessage, conversation=conversation, body=message.at_epoch(2)
    )
    await claire.ok(frames.Commit, **claire.mls.a_commit(conversation))
    accepted = await claire.ok(
        frames.SendMessage, conversation=conversation, body=message.at_epoch(3)
    )

    assert (refused.code, refused.retry) == ("E_REMOVE_PENDING", "changed")
    assert (accepted.result or {})["seq"] == 5


async def test_a_message_sent_again_finds_its_receipt_all_the_same(house: House) -> None:
    """What was accepted before the removal was demanded stays accepted."""
    claire, jean, tablet, conversation = await a_trio(house)
    message = claire.message(conversation)
    body = message.at_epoch(2)
    first = await claire.ok(frames.SendMessage, conversation=conversation, body=body)
    await retire(jean, tablet.device)

    again = await claire.ok(frames.SendMessage, conversation=conversation, body=body)

    assert again.result == first.result


async def test_while_a_removal_waits_no_signal_passes(house: House) -> None:
    """What sets a call up is encrypted like a message."""
    talk = await a_talk(house)
    tablet = await house.peer("jean", packages=1)
    await talk.claire.add(talk.conversation, "jean")
    for peer in (tablet, talk.jean):
        await peer.settle()
    await retire(talk.jean, tablet.device)

    refused = await talk.signal(talk.claire, talk.jean, epoch=2)

    assert isinstance(refused, RefusedFrame)
    assert (refused.code, refused.retry) == ("E_REMOVE_PENDING", "changed")


async def test_a_commit_that_leaves_the_removal_out_is_refused(house: House) -> None:
    """The next commit takes it in, whoever makes it; no other opens an epoch."""
    claire, jean, tablet, conversation = await a_trio(house)
    await retire(jean, tablet.device)
    await claire.settle()
    made = claire.mls.commit(conversation, by_reference=())

    refused = await claire.refused(
        frames.Commit,
        conversation=conversation,
        commit=made.message,
        group_info=made.group_info,
    )

    assert (refused.code, refused.reason) == ("E_REMOVE_PENDING", "missing_remove")


async def test_a_removal_by_value_is_not_the_one_that_was_demanded(house: House) -> None:
    """The proposal carries the reason: it is committed by its reference."""
    claire, jean, tablet, conversation = await a_trio(house)
    await retire(jean, tablet.device)
    await claire.settle()
    gone = removal_of(claire.mls.groups[conversation], tablet.device)
    made = claire.mls.commit(conversation, gone, by_reference=())

    refused = await claire.refused(
        frames.Commit,
        conversation=conversation,
        commit=made.message,
        group_info=made.group_info,
    )

    assert refused.code == "E_REMOVE_PENDING"


@pytest.mark.parametrize("who", ["claire", "jean"])
async def test_anyones_commit_carries_the_removal_out(house: House, who: str) -> None:
    """A patient may, too: it is not they who remove."""
    claire, jean, tablet, conversation = await a_trio(house)
    await retire(jean, tablet.device)
    for peer in (claire, jean):
        await peer.settle()
    committer = claire if who == "claire" else jean

    done = await committer.ok(frames.Commit, **committer.mls.a_commit(conversation))
    for peer in (claire, jean):
        await peer.settle()

    assert done.result == {"seq": 4, "epoch": 3}
    assert house.rows("SELECT count(*) FROM pending_remove") == [(0,)]
    groups = [peer.mls.groups[conversation] for peer in (claire, jean)]
    assert {group.epoch for group in groups} == {3}
    assert groups[0].epoch_authenticator == groups[1].epoch_authenticator
    assert leaf_of(groups[0], tablet.device) is None
    entry = house.entries()[-1]
    assert entry["outcome"]["removes"] == [tablet.device]


async def test_a_removal_goes_with_other_changes_in_one_commit(house: House) -> None:
    """Somebody is added while a removal waits: one commit does both."""
    claire, jean, tablet, conversation = await a_trio(house)
    await house.peer("claire", packages=1)
    rows = await claire.claim(conversation, "claire")
    await retire(jean, tablet.device)
    await claire.settle()

    done = await claire.ok(frames.Commit, **claire.mls.an_add(conversation, *rows))

    assert done.result == {"seq": 4, "epoch": 3}
    assert house.rows("SELECT count(*) FROM pending_remove") == [(0,)]


async def test_an_external_commit_passes_a_removal_over_and_it_is_made_anew(
    house: House,
) -> None:
    """A device rejoins meanwhile: the proposal of the old epoch is nobody's, a new one comes."""
    claire, jean, tablet, conversation = await a_trio(house)
    await retire(jean, tablet.device)
    info = await claire.ok(frames.AskGroupInfo, conversation=conversation)
    fields = claire.mls.rejoin(conversation, (info.result or {})["group_info"])

    joined = await claire.ok(frames.Commit, **fields)
    await claire.settle()
    refused = await claire.refused(
        frames.SendMessage,
        conversation=conversation,
        body=claire.message(conversation).at_epoch(3),
    )
    done = await claire.ok(frames.Commit, **claire.mls.a_commit(conversation))

    assert (joined.result or {})["epoch"] == 3
    assert refused.code == "E_REMOVE_PENDING"
    assert (done.result or {})["epoch"] == 4
    kinds = [row[0] for row in house.rows("SELECT what FROM event ORDER BY seq")]
    assert kinds == ["commit", "commit", "proposal", "commit", "proposal", "commit"]
    group = claire.mls.groups[conversation]
    assert leaf_of(group, tablet.device) is None


async def test_a_retired_device_does_not_rejoin(house: House) -> None:
    """Its person is in the group; the device is not a device any more."""
    _, jean, tablet, conversation = await a_trio(house)
    info = await tablet.ok(frames.AskGroupInfo, conversation=conversation)
    fields = tablet.mls.rejoin(conversation, (info.result or {})["group_info"])
    jean.send(frames.RetireDevice(id="r", statement=jean.mls.revocation(tablet.device)))
    await jean.answer("r")

    outcome = await house.judge(jean.session, tablet.device, frames.Commit(id="c", **fields))
    asked = await house.judge(
        jean.session, tablet.device, frames.AskGroupInfo(id="i", conversation=conversation)
    )

    assert [getattr(one, "code", None) for one in (outcome, asked)] == ["E_DEVICE_RETIRED"] * 2


async def test_a_package_of_a_retired_device_is_worth_nothing(house: House) -> None:
    """Neither claimed any more, nor spent by whoever claimed it before."""
    claire, jean = await house.peer("claire"), await house.peer("jean", packages=1)
    tablet = await house.peer("jean", packages=2)
    conversation = await claire.create()
    rows = await claire.claim(conversation, "jean")
    elsewhere = await claire.create()
    await retire(jean, tablet.device)

    refused = await claire.refused(frames.Commit, **claire.mls.an_add(conversation, *rows))
    fresh = await claire.ok(frames.ClaimKeyPackages, conversation=conversation, person=jean.person)
    there = await claire.refused(
        frames.ClaimKeyPackages, conversation=elsewhere, person=jean.person
    )

    assert {row["device"] for row in rows} == {jean.device, tablet.device}
    assert refused.code == "E_KEY_PACKAGE_USED"
    assert [row["device"] for row in (fresh.result or {})["packages"]] == [jean.device]
    assert there.code == "E_NO_KEY_PACKAGE"


async def test_a_device_gives_itself_up(house: House) -> None:
    """It has its answer, then it is closed."""
    _, _, tablet, _ = await a_trio(house)

    done = await retire(tablet, tablet.device)

    assert done.result == {"device": tablet.device}
    assert await tablet.closed() == 4403


async def test_the_leg_of_a_retired_device_ends_at_once(house: House) -> None:
    """The others are told as when somebody leaves."""
    talk = await a_talk(house)
    phone = await house.peer("jean")
    await phone.settle()

    await retire(phone, talk.jean.device)
    view = (await talk.claire.push(frames.CallPush)).call
    while not [leg for leg in view.legs if leg.state == "left"]:
        view = (await talk.claire.push(frames.CallPush)).call

    assert talk.jean.person in [leg.person for leg in view.legs if leg.state == "left"]


async def test_a_device_without_groups_is_given_up_too(house: House) -> None:
    """A browser that was only tried: nothing is proposed to anybody."""
    jean, old = await house.peer("jean"), await house.peer("jean")

    await retire(jean, old.device)

    assert house.rows("SELECT count(*) FROM event") == [(0,)]
    assert [e["type"] for e in house.entries()] == ["device.retired"]


async def test_a_device_outside_the_group_gives_up_one_that_is_in_it(house: House) -> None:
    """It is the account key that signs, and its name stands in the leaf that goes."""
    claire, jean, conversation = await a_pair(house)
    laptop = await house.peer("jean")

    await retire(laptop, jean.device)
    await claire.settle()
    await claire.ok(frames.Commit, **claire.mls.a_commit(conversation))
    await claire.say(conversation, epoch=2)

    assert await jean.closed() == 4403
    assert len(claire.mls.groups[conversation].members()) == 1
    assert house.rows(f"SELECT count(*) FROM admission WHERE device = '{jean.device}'") == [(0,)]


async def test_a_revocation_sent_again_changes_nothing(house: House) -> None:
    """The same answer, no second proposal and no second entry."""
    _, jean, tablet, _ = await a_trio(house)
    statement = jean.mls.revocation(tablet.device)
    await jean.ok(frames.RetireDevice, statement=statement)
    before = len(house.entries()), house.rows("SELECT * FROM event")

    again = await jean.ok(frames.RetireDevice, statement=statement)

    assert again.result == {"device": tablet.device}
    assert (len(house.entries()), house.rows("SELECT * FROM event")) == before


async def test_several_devices_go_by_one_commit(house: House) -> None:
    """Each has its proposal; one commit takes them all."""
    claire, jean, tablet, conversation = await a_trio(house)
    phone = await house.peer("jean", packages=1)
    await claire.add(conversation, "jean")
    for peer in (jean, phone):
        await peer.settle()
    for one in (tablet, phone):
        await retire(jean, one.device)
    await claire.settle()

    done = await claire.ok(frames.Commit, **claire.mls.a_commit(conversation))

    assert (done.result or {})["epoch"] == 4
    leaves = claire.mls.groups[conversation].members()
    assert len(leaves) == 2
    assert house.rows("SELECT count(*) FROM pending_remove") == [(0,)]


async def test_a_device_of_several_conversations_leaves_them_all(house: House) -> None:
    """In each its own proposal, of that group and that epoch."""
    claire, jean, tablet, here = await a_trio(house)
    await tablet.ok(frames.PublishKeyPackages, packages=tablet.key_packages(2))
    await jean.ok(frames.PublishKeyPackages, packages=jean.key_packages(2))
    there = await claire.create()
    await claire.add(there, "jean")

    await retire(jean, tablet.device)
    await claire.settle()
    for conversation in (here, there):
        await claire.ok(frames.Commit, **claire.mls.a_commit(conversation))

    assert [leaf_of(claire.mls.groups[one], tablet.device) for one in (here, there)] == [None] * 2


async def test_what_waits_survives_a_restart(home: Directory) -> None:
    """The removal, the refusal of messages and the committer that is named."""
    async with a_house(home) as house:
        claire, jean, tablet, conversation = await a_trio(house)
        await retire(jean, tablet.device)
        await claire.settle()
        known = house.mls

    async with a_house(home) as house:
        house.mls = known
        again = await house.peer("claire", device=claire.device, cursors={conversation: 3})
        due = await again.push(frames.CommitDuePush)
        refused = await again.refused(
            frames.SendMessage,
            conversation=conversation,
            body=again.message(conversation).at_epoch(2),
        )
        await again.ok(frames.Commit, **again.mls.a_commit(conversation))

    assert (due.conversation, due.epoch) == (conversation, 2)
    assert refused.code == "E_REMOVE_PENDING"


OTHER = SUITE.signing_key(Secret(b"o" * 32))


@pytest.mark.parametrize(
    ("change", "code", "reason"),
    [
        pytest.param({"key": OTHER}, "E_SIGNATURE", None, id="another-key"),
        pytest.param(
            {"deployment": "elsewhere"}, "E_POLICY", "wrong_deployment", id="another-deployment"
        ),
        pytest.param({"person": bytes(16)}, "E_POLICY", "unknown_device", id="another-person"),
        pytest.param({"at_us": NOON + 120_000_001}, "E_CLOCK", None, id="from-the-future"),
    ],
)
async def test_a_false_revocation_is_refused_and_logged(
    house: House, change: dict[str, Any], code: str, reason: str | None
) -> None:
    """Of this deployment and one's own device, by one's own account key; else it stays."""
    _, jean, tablet, _ = await a_trio(house)

    refused = await jean.refused(
        frames.RetireDevice, statement=jean.mls.revocation(tablet.device, **change)
    )

    assert (refused.code, refused.reason) == (code, reason)
    assert house.rows("SELECT count(*) FROM device WHERE retired_at NOT NULL") == [(0,)]
    await tablet.ok(frames.Ping)
    (entry,) = house.refusals(log="technical")
    assert entry["decision"]["rule"] == code
    assert entry["outcome"] == ({"reason": reason} if reason else None)


async def test_another_persons_device_and_none_at_all_answer_alike(house: House) -> None:
    """Else the answer would tell which devices there are."""
    claire, jean, _ = await a_pair(house)

    hers = await jean.refused(frames.RetireDevice, statement=jean.mls.revocation(claire.device))
    nobodys = await jean.refused(
        frames.RetireDevice, statement=jean.mls.revocation(str(uuid.uuid4()))
    )

    assert (hers.code, hers.reason, hers.text) == (nobodys.code, nobodys.reason, nobodys.text)


async def test_no_device_signs_for_another_with_its_own_key(house: House) -> None:
    """Only the account key gives devices up: a leaf's signature key is of no use for it."""
    _, jean, tablet, _ = await a_trio(house)

    by_its_own = jean.mls.revocation(tablet.device, key=jean.mls.key)
    refused = await jean.refused(frames.RetireDevice, statement=by_its_own)

    assert refused.code == "E_SIGNATURE"


async def test_a_device_that_was_not_let_in_gives_nothing_up(house: House) -> None:
    """A stolen session alone ends nobody's devices, even where the statement is good."""
    _, jean, tablet, _ = await a_trio(house)
    thief = await house.peer("jean", certified=False)

    refused = await thief.refused(frames.RetireDevice, statement=jean.mls.revocation(tablet.device))

    assert refused.code == "E_DEVICE_CERTIFICATE"


@pytest.mark.parametrize("slug", ["marc", "nadia"])
async def test_those_without_account_keys_give_up_nothing(house: House, slug: str) -> None:
    """An officer or a courier signs out: they have no key by which to say it."""
    peer = await house.peer(slug)

    refused = await peer.refused(frames.RetireDevice, statement=peer.mls.revocation(peer.device))

    assert refused.code == "E_ROLE"


async def test_what_is_no_revocation_is_refused(house: House) -> None:
    """A fault of form: no entry."""
    jean = await house.peer("jean")

    refused = await jean.refused(frames.RetireDevice, statement=b"\x01")

    assert refused.code == "E_MALFORMED"
    assert house.refusals(log="technical") == []


async def test_the_stored_group_remembers_what_was_proposed(house: House) -> None:
    """After a restart the next commit is still held to it."""
    claire, second, _ = await a_removal(house)
    await retire(claire, second.device)

    ((public,),) = house.rows("SELECT public FROM mls_group")
    ((proposal,),) = house.rows("SELECT proposal FROM pending_remove")
    group = PublicGroup.deserialize(public)

    reference, again = group.receive_proposal(proposal, now=claire.mls.now)
    assert list(group.proposals) == [reference]
    assert again is group
