"""Where devices stand: receipts of their epoch, forks, who cannot follow, and a new beginning."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from typing import Any

import pytest

from crypto.keys import Secret
from crypto.mls.credential import Credential
from crypto.mls.leaf_node import Capabilities
from crypto.policy.conversation import LEAF_EXTENSIONS, Delegations, read_extensions
from crypto.policy.identity import CREDENTIAL_TYPE
from server.hub.acts.epochs import MAX_GENERATION
from signaling import frames
from signaling.frames import Ok, RefusedFrame
from tests.server.house import PEOPLE, House, Peer, a_pair
from tests.server.mls import SUITE, fields_of, forged, founding

HASH = bytes(range(32))
"""A key that is nobody's."""


async def confirm(peer: Peer, conversation: str, /, **changes: Any) -> Ok | RefusedFrame:
    """Send this device's receipt of its epoch, or another one."""
    receipt = changes.pop("receipt", None) or peer.mls.receipt(conversation, **changes)
    return await peer.ask(frames.ConfirmEpoch, conversation=conversation, receipt=receipt)


async def be_stuck(peer: Peer, conversation: str, epoch: int = 1) -> Ok | RefusedFrame:
    """Report that this device cannot enter an epoch."""
    return await peer.ask(
        frames.ReportStuck, conversation=conversation, epoch=epoch, reason="path_secret"
    )


def result(answer: Ok | RefusedFrame) -> dict[str, Any]:
    """Return what an accepted frame was told."""
    assert isinstance(answer, Ok), answer
    return answer.result or {}


def refusal(answer: Ok | RefusedFrame) -> tuple[str, str | None]:
    """Return why a frame was refused."""
    assert isinstance(answer, RefusedFrame), answer
    return answer.code, answer.reason


async def test_devices_confirm_their_epoch_and_are_counted(house: House) -> None:
    """Each once; every receipt is kept as it was signed, with a technical entry."""
    claire, jean, conversation = await a_pair(house)

    counts = [result(await confirm(peer, conversation))["receipts"] for peer in (claire, jean)]

    assert counts == [1, 2]
    kept = house.rows("SELECT device, epoch, generation FROM epoch_receipt ORDER BY rowid")
    assert kept == [(claire.device, 1, 0), (jean.device, 1, 0)]
    entries = house.entries(log="technical")[-2:]
    assert [entry["type"] for entry in entries] == ["group.confirmed"] * 2
    assert entries[0]["outcome"] == {"conversation": conversation, "epoch": 1}


async def test_a_receipt_sent_again_changes_nothing(house: House) -> None:
    """A lost answer costs no second entry."""
    claire, _, conversation = await a_pair(house)
    await confirm(claire, conversation)
    before = len(house.entries(log="technical"))

    again = await confirm(claire, conversation)

    assert result(again) == {"receipts": 1}
    assert len(house.entries(log="technical")) == before


async def test_a_device_has_one_word_for_an_epoch(house: House) -> None:
    """Another hash from the same device is no receipt but a contradiction."""
    claire, _, conversation = await a_pair(house)
    await confirm(claire, conversation)

    answer = await confirm(claire, conversation, authenticator_hash=bytes(32))

    assert refusal(answer) == ("E_RECEIPT", "another_before")
    assert house.rows("SELECT count(*) FROM epoch_receipt") == [(1,)]


async def test_the_receipt_of_the_last_epoch_may_come_late(house: House) -> None:
    """The group went on while it was on its way; two epochs later it says nothing any more."""
    claire, jean, conversation = await a_pair(house)
    hers, his = (peer.mls.receipt(conversation) for peer in (claire, jean))
    await claire.ok(frames.Commit, **claire.mls.a_commit(conversation))

    late = await confirm(jean, conversation, receipt=his)
    await claire.ok(frames.Commit, **claire.mls.a_commit(conversation))
    too_late = await confirm(claire, conversation, receipt=hers)

    assert result(late) == {"receipts": 1}
    assert isinstance(too_late, RefusedFrame)
    assert (too_late.code, too_late.epoch) == ("E_EPOCH", 3)


async def test_nobody_is_in_an_epoch_that_nobody_opened(house: House) -> None:
    """A receipt from the future is as wrong as one from long ago."""
    claire, _, conversation = await a_pair(house)

    answer = await confirm(claire, conversation, epoch=2)

    assert isinstance(answer, RefusedFrame)
    assert (answer.code, answer.epoch) == ("E_EPOCH", 1)


OTHER = SUITE.signing_key(Secret(b"o" * 32))


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        pytest.param({"key": OTHER}, "bad_signature", id="another-key"),
        pytest.param({"deployment": "elsewhere"}, "wrong_group", id="another-deployment"),
        pytest.param({"conversation": bytes(16)}, "wrong_group", id="another-conversation"),
        pytest.param({"group_id": bytes(16)}, "wrong_group", id="another-group"),
        pytest.param({"device": bytes(16)}, "wrong_group", id="another-device"),
        pytest.param(
            {"confirmed_transcript_hash": bytes(32)}, "wrong_transcript", id="another-history"
        ),
    ],
)
async def test_a_false_receipt_is_refused_and_logged(
    house: House, change: dict[str, Any], reason: str
) -> None:
    """Of this device, this group, the transcript that the hub has; signed."""
    claire, _, conversation = await a_pair(house)

    answer = await confirm(claire, conversation, **change)

    assert refusal(answer) == ("E_RECEIPT", reason)
    (entry,) = house.refusals()
    assert entry["decision"]["rule"] == "E_RECEIPT"
    assert entry["outcome"] == {"reason": reason}
    assert house.rows("SELECT count(*) FROM epoch_receipt") == [(0,)]


async def test_what_is_no_receipt_is_refused(house: House) -> None:
    """A fault of form: no entry."""
    claire, _, conversation = await a_pair(house)

    answer = await confirm(claire, conversation, receipt=b"\x01\x02")

    assert refusal(answer) == ("E_MALFORMED", None)
    assert house.refusals() == []


async def test_the_receipt_of_another_device_is_not_mine_to_send(house: House) -> None:
    """Signed by its own key: not by mine."""
    claire, jean, conversation = await a_pair(house)

    answer = await confirm(claire, conversation, receipt=jean.mls.receipt(conversation))

    assert refusal(answer) == ("E_RECEIPT", "bad_signature")


async def test_two_devices_with_different_secrets_are_a_fork(house: House) -> None:
    """A care entry, and the staff is told at once; whoever agrees with one of them is no news."""
    claire, jean, conversation = await a_pair(house)
    second = await house.peer("claire", packages=1)
    await claire.add(conversation, "claire")
    for peer in (jean, second):
        await peer.settle()
    await confirm(claire, conversation)

    forked = await confirm(jean, conversation, authenticator_hash=b"x" * 32)
    agrees = await confirm(second, conversation)

    told = [await peer.push(frames.GroupForkedPush) for peer in (claire, second)]
    assert {(one.conversation, one.epoch) for one in told} == {(conversation, 2)}
    assert (result(forked), result(agrees)) == ({"receipts": 2}, {"receipts": 3})
    entries = [e for e in house.entries() if e["type"] == "group.forked"]
    assert [(e["actor"]["device"], e["outcome"]) for e in entries] == [(jean.device, {"epoch": 2})]
    await jean.settle()
    assert not [one for one in jean.pushes if isinstance(one, frames.GroupForkedPush)]


async def test_who_cannot_follow_is_told_whether_rejoining_helps(house: House) -> None:
    """It does where somebody follows: then there is a group to rejoin."""
    claire, jean, conversation = await a_pair(house)

    alone = await be_stuck(jean, conversation)
    await confirm(claire, conversation)
    again = await be_stuck(jean, conversation)

    assert (result(alone), result(again)) == ({"resync": False}, {"resync": True})
    (entry,) = [e for e in house.entries() if e["type"] == "group.stuck"]
    assert entry["outcome"] == {"epoch": 1, "reason": "path_secret", "resync": False}
    assert entry["conversation"] == conversation


async def test_ones_own_receipt_is_no_one_to_rejoin(house: House) -> None:
    """A device that was in the epoch and fell out of it does not follow itself."""
    claire, _, conversation = await a_pair(house)
    await confirm(claire, conversation)

    assert result(await be_stuck(claire, conversation)) == {"resync": False}


@pytest.mark.parametrize("epoch", [0, 2, 2**53 - 1])
async def test_one_is_stuck_at_the_present_epoch(house: House, epoch: int) -> None:
    """Another is told the current one: the device looks there first."""
    claire, _, conversation = await a_pair(house)

    answer = await be_stuck(claire, conversation, epoch)

    assert isinstance(answer, RefusedFrame)
    assert (answer.code, answer.epoch) == ("E_EPOCH", 1)


def successor(peer: Peer, conversation: str, generation: int = 1, **changes: Any) -> bytes:
    """Found the group that goes on from the one there is: nobody acts for anybody in it yet."""
    policy, before = read_extensions(peer.mls.groups[conversation].context.extensions)
    said = Delegations(before.number + 1, (), before.tombstones)
    extensions = founding(
        peer.welcomed["hub_key"],
        replace(policy, **changes.pop("policy", {})),
        replace(said, **changes),
    )
    return peer.mls.found(conversation, extensions, generation)


async def begin_anew(peer: Peer, conversation: str, **changes: Any) -> Ok | RefusedFrame:
    """Ask for a successor group."""
    info = changes.pop("group_info", None) or successor(peer, conversation)
    # It has been stuck for a while.
    peer.house.clock.turn(changes.pop("after", 5))
    return await peer.ask(frames.SucceedGroup, conversation=conversation, group_info=info)


async def test_a_successor_begins_where_nobody_can_go_on(house: House) -> None:
    """Epoch 0 of the next generation: its founder alone, the others invited again."""
    claire, jean, conversation = await a_pair(house)
    await be_stuck(claire, conversation)

    done = await begin_anew(claire, conversation)
    told = await jean.event()

    assert result(done) == {"seq": 2, "epoch": 0, "generation": 1}
    assert isinstance(done, Ok)
    entry = json.loads(claire.verify(done).entry)
    assert (entry["type"], entry["outcome"]) == ("group.succeeded", {"generation": 1})
    while told.what != "succession":
        told = await jean.event()
    assert (told.seq, told.device) == (2, claire.device)
    admitted = house.rows(
        f"SELECT device, since FROM admission WHERE conversation='{conversation}'"
    )
    assert admitted == [(claire.device, 2)]
    state = [
        push.conversation
        for push in (await drained(jean))
        if isinstance(push, frames.ConversationPush)
    ][-1]
    assert (state.generation, state.epoch, state.joined) == (1, 0, False)


async def drained(peer: Peer) -> list[Any]:
    """Return all that the hub has said so far."""
    await peer.settle()
    return peer.pushes


async def test_everyone_comes_back_into_the_successor(house: House) -> None:
    """Claimed, added and welcomed as at the beginning; messages flow again."""
    claire, jean, conversation = await a_pair(house)
    await be_stuck(claire, conversation)
    await begin_anew(claire, conversation)

    await claire.add(conversation, "jean")
    welcome = await jean.push(frames.WelcomePush)
    await jean.settle()
    await claire.ok(frames.Commit, **claire.mls.a_commit(conversation))
    await jean.settle()

    assert welcome.seq == 3
    groups = [peer.mls.groups[conversation] for peer in (claire, jean)]
    assert [(group.epoch, group.group_id[-1]) for group in groups] == [(2, 1)] * 2
    assert groups[0].epoch_authenticator == groups[1].epoch_authenticator


async def test_a_device_that_was_away_finds_the_successor(house: House) -> None:
    """Its cursor is of the old group: it is given the Welcome of the new one, then what follows."""
    claire, jean, conversation = await a_pair(house)
    jean.hang_up()
    await be_stuck(claire, conversation)
    await begin_anew(claire, conversation)
    await claire.add(conversation, "jean")

    back = await house.peer("jean", device=jean.device, cursors={conversation: 1})

    assert (await back.push(frames.WelcomePush)).seq == 3
    (state,) = back.welcomed["conversations"]
    assert (state["generation"], state["joined"], state["since"]) == (1, True, 3)


async def test_what_is_of_the_old_group_is_refused(house: House) -> None:
    """A message and a commit of the generation before meet the epoch that stands."""
    claire, jean, conversation = await a_pair(house)
    late = claire.mls.a_commit(conversation)
    await be_stuck(claire, conversation)
    await begin_anew(claire, conversation)

    commit = await claire.refused(frames.Commit, **late)
    message = await claire.refused(
        frames.SendMessage,
        conversation=conversation,
        body=claire.message(conversation).at_epoch(0),
    )

    assert [(one.code, one.epoch) for one in (commit, message)] == [("E_EPOCH", 0)] * 2
    assert jean.device != claire.device


@pytest.mark.parametrize("who", ["nobody-is-stuck", "another-is-stuck", "somebody-follows"])
async def test_no_successor_while_the_group_may_live(house: House, who: str) -> None:
    """Only the device that said it is stuck, and only where no receipt says that one is not."""
    claire, jean, conversation = await a_pair(house)
    if who == "another-is-stuck":
        await be_stuck(jean, conversation)
    if who == "somebody-follows":
        await be_stuck(claire, conversation)
        await confirm(jean, conversation)
    before = house.rows("SELECT generation, epoch, last_seq FROM conversation")

    answer = await begin_anew(claire, conversation)

    reason = "somebody_follows" if who == "somebody-follows" else "not_stuck"
    assert refusal(answer) == ("E_POLICY", reason)
    assert house.rows("SELECT generation, epoch, last_seq FROM conversation") == before


async def test_no_successor_before_the_others_had_time_to_say_that_they_follow(
    house: House,
) -> None:
    """A receipt may be on its way: who is stuck waits five seconds."""
    claire, _, conversation = await a_pair(house)
    await be_stuck(claire, conversation)
    info = successor(claire, conversation)

    soon = await begin_anew(claire, conversation, group_info=info, after=4.9)
    then = await begin_anew(claire, conversation, group_info=info, after=0.1)

    assert refusal(soon) == ("E_POLICY", "too_soon")
    assert isinstance(then, Ok)


@pytest.mark.parametrize(
    ("changes", "answer"),
    [
        pytest.param(
            {"policy": {"patient_aik": HASH}},
            ("E_GROUP_INFO", "wrong_extensions"),
            id="another-patients-key",
        ),
        pytest.param(
            {"policy": {"owner_aik": HASH}},
            ("E_GROUP_INFO", "wrong_extensions"),
            id="another-owner",
        ),
        pytest.param({"number": 0}, ("E_POLICY", "wrong_number"), id="its-number-begins-anew"),
    ],
)
async def test_a_successor_goes_on_with_what_was(
    house: House, changes: dict[str, Any], answer: tuple[str, str]
) -> None:
    """Whose conversation it is, and how often its delegations changed, is not for a founder."""
    claire, _, conversation = await a_pair(house)
    await be_stuck(claire, conversation)
    info = successor(claire, conversation, **changes)

    assert refusal(await begin_anew(claire, conversation, group_info=info)) == answer


async def test_a_report_of_another_epoch_founds_nothing(house: House) -> None:
    """It was stuck, the group went on, and now it is not known to be."""
    claire, jean, conversation = await a_pair(house)
    await be_stuck(claire, conversation)
    await jean.ok(frames.Commit, **jean.mls.a_commit(conversation))

    answer = await begin_anew(claire, conversation)

    assert refusal(answer) == ("E_POLICY", "not_stuck")


async def test_only_a_pharmacist_begins_anew(house: House) -> None:
    """The patient's device waits for the pharmacy's."""
    _, jean, conversation = await a_pair(house)
    await be_stuck(jean, conversation)

    answer = await begin_anew(jean, conversation)

    assert refusal(answer) == ("E_ROLE", None)


@pytest.mark.parametrize("generation", [0, 2])
async def test_a_successor_is_the_next_one(house: House, generation: int) -> None:
    """Its group id counts: neither the old group again nor one beyond the next."""
    claire, _, conversation = await a_pair(house)
    await be_stuck(claire, conversation)

    answer = await begin_anew(
        claire, conversation, group_info=successor(claire, conversation, generation)
    )

    assert refusal(answer) == ("E_GROUP_INFO", "wrong_group")


async def test_there_are_not_more_successors_than_their_byte_counts(house: House) -> None:
    """The 256th is refused before anything is looked at."""
    claire, _, conversation = await a_pair(house)
    house.run(f"UPDATE conversation SET generation = {MAX_GENERATION}")
    await be_stuck(claire, conversation)

    answer = await begin_anew(claire, conversation)

    assert refusal(answer) == ("E_POLICY", "last_generation")


async def test_a_removal_that_was_due_ends_with_its_group(house: House) -> None:
    """In the new group the device never was."""
    claire, jean, conversation = await a_pair(house)
    second = await house.peer("jean", packages=1)
    await claire.add(conversation, "jean")
    await jean.settle()
    await jean.ok(frames.RetireDevice, statement=jean.mls.revocation(second.device))
    await be_stuck(claire, conversation, 2)

    done = await begin_anew(claire, conversation)

    assert isinstance(done, Ok)
    assert house.rows("SELECT count(*) FROM pending_remove") == [(0,)]
    assert len(house.hub.committers) == 0


# What a group may be when it is founded; a successor the same.


def founded_as(**changes: Any) -> Any:
    """Return how a test founds a group that is not as it must be."""

    def found(peer: Peer, conversation: str) -> bytes:
        said, own = dict(changes), {}
        policy = replace(peer.policy(conversation), **said.pop("policy", {}))
        key = said.pop("hub_key", peer.welcomed["hub_key"])
        own["extensions"] = founding(key, policy, said.pop("delegations", None))
        return peer.mls.found(conversation, **own | said)

    return found


def at_epoch_one(peer: Peer, conversation: str) -> bytes:
    """Found a group, and move it on before the hub has seen it."""
    peer.group_info(conversation)
    made = peer.mls.commit(conversation)
    return bytes(fields_of(conversation, made)["group_info"])


def of_two(peer: Peer, conversation: str) -> bytes:
    """Found a group of two leaves, in the name of epoch 0: nobody can sign that."""
    return forged(peer.group_info(conversation), -1)


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        pytest.param(founded_as(extensions=()), "wrong_extensions", id="no-hub"),
        pytest.param(founded_as(hub_key=b"x" * 32), "wrong_extensions", id="another-hub"),
        pytest.param(
            founded_as(policy={"kind": "care_thread"}), "wrong_extensions", id="another-kind"
        ),
        pytest.param(
            founded_as(policy={"pharmacy": "990000002"}),
            "wrong_extensions",
            id="another-pharmacy",
        ),
        pytest.param(
            founded_as(policy={"owner_aik": bytes(32)}), "wrong_extensions", id="another-owner"
        ),
        pytest.param(
            founded_as(policy={"patient": bytes(16)}), "wrong_extensions", id="another-patient"
        ),
        pytest.param(
            founded_as(policy={"patient_aik": bytes(32)}),
            "wrong_extensions",
            id="the-patients-key-before-the-patient",
        ),
        pytest.param(
            founded_as(policy={"conversation": bytes(16)}),
            "wrong_extensions",
            id="another-conversation",
        ),
        pytest.param(
            founded_as(policy={"suite_floor": 3}), "wrong_extensions", id="a-floor-above-its-suite"
        ),
        pytest.param(founded_as(generation=1), "wrong_group", id="another-generation"),
        pytest.param(founded_as(signature_key=Secret(b"o" * 32)), "wrong_leaf", id="another-key"),
        pytest.param(
            founded_as(
                credential=Credential.basic(b"claire"),
                capabilities=Capabilities(
                    cipher_suites=(1,),
                    extensions=LEAF_EXTENSIONS,
                    credentials=(1, CREDENTIAL_TYPE),
                ),
            ),
            "wrong_leaf",
            id="a-basic-credential",
        ),
        pytest.param(at_epoch_one, "wrong_epoch", id="a-later-epoch"),
        pytest.param(of_two, "bad_signature", id="a-broken-signature"),
    ],
)
async def test_a_group_begins_with_its_founder_and_the_hub(
    house: House, make: Any, reason: str
) -> None:
    """One leaf, the device's; one outsider who may propose, the hub; nothing else."""
    claire = await house.peer("claire")
    conversation = "11111111-1111-4111-8111-111111111111"

    answer = await claire.ask(
        frames.CreateConversation,
        conversation=conversation,
        conversation_kind="remote_dispensation",
        patient=PEOPLE["jean"].id,
        motive="age",
        group_info=make(claire, conversation),
    )

    assert refusal(answer) == ("E_GROUP_INFO", reason)
    assert house.rows("SELECT count(*) FROM conversation") == [(0,)]


async def test_a_suite_whose_keys_no_device_has_is_refused(house: House) -> None:
    """A device's key is Ed25519: suites 1 and 3."""
    from crypto.suites import SUITES

    claire = await house.peer("claire")
    p256 = SUITES[2]
    own: dict[str, Any] = {
        "signature_key": p256.generate_signature_key(os.urandom),
        "capabilities": Capabilities(
            cipher_suites=(2,), extensions=LEAF_EXTENSIONS, credentials=(CREDENTIAL_TYPE,)
        ),
    }
    conversation = "11111111-1111-4111-8111-111111111111"
    extensions = founding(bytes(32), claire.policy(conversation))
    info = claire.mls.found(conversation, extensions, suite=p256, **own)

    answer = await claire.ask(
        frames.CreateConversation,
        conversation=conversation,
        conversation_kind="remote_dispensation",
        patient=PEOPLE["jean"].id,
        motive="age",
        group_info=info,
    )

    assert refusal(answer) == ("E_GROUP_INFO", "wrong_suite")


async def test_a_conversation_may_be_of_suite_3(house: House) -> None:
    """Founded, joined and moved on like any other."""
    from crypto.suites import SUITES

    claire, jean = await house.peer("claire"), await house.peer("jean")
    await jean.ok(frames.PublishKeyPackages, packages=[jean.mls.key_package(SUITES[3])])
    conversation = "11111111-1111-4111-8111-111111111111"
    extensions = founding(claire.welcomed["hub_key"], claire.policy(conversation))
    info = claire.mls.found(conversation, extensions, suite=SUITES[3])
    await claire.create(conversation=conversation, group_info=info)

    done = await claire.add(conversation, "jean")

    assert done.result == {"seq": 1, "epoch": 1}
