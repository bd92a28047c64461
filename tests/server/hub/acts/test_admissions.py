"""A carer comes into the group: in one commit with the record, as agreed here to the byte."""

from __future__ import annotations

import json
import uuid
from dataclasses import replace
from typing import Any

import pytest

from crypto.mls.extensions import Extension
from crypto.mls.message import decode_group_info
from crypto.mls.proposal import Add
from crypto.policy.conversation import (
    SUCCESSION_EXTENSION,
    ConversationPolicy,
    changed,
    read_extensions,
    succession_in,
)
from crypto.policy.cosigned import CoSigned, cosign
from crypto.policy.statements import Revocation, Succession
from crypto.policy.vocabulary import DelegationState
from server.domain.conversation import group_id
from signaling import frames
from signaling.frames import Ok, RefusedFrame
from tests.server.accounts import a_new_account
from tests.server.delegations import (
    DAY,
    READ,
    SEND,
    Care,
    a_care,
    a_carer,
    next_delegation,
    settle,
)
from tests.server.house import PEOPLE, House, Peer
from tests.server.hub.acts.test_epochs import be_stuck, begin_anew, successor
from tests.server.mls import added, adds_of, fields_of, policy_of, with_extensions


async def an_agreed(house: House, **changes: Any) -> tuple[Care, list[dict[str, Any]]]:
    """A carer whom all three have said yes to, and whose packages Claire has claimed."""
    care = await a_care(house)
    await care.agree(**changes)
    await settle(care)
    return care, await care.claire.claim(care.conversation, "sophie")


@pytest.mark.parametrize("who", ["claire", "lea", "jean"])
async def test_the_pharmacy_or_the_patient_lets_the_carer_in(house: House, who: str) -> None:
    """A technician too: what a pharmacist confirmed is only carried out."""
    care = await a_care(house)
    lea = await house.peer("lea", packages=1)
    await care.claire.add(care.conversation, "lea")
    await lea.push(frames.WelcomePush)
    await settle(care)
    await care.agree()

    await care.admit({"claire": care.claire, "lea": lea, "jean": care.jean}[who])

    row = care.row()
    assert (row.state, row.version) == (DelegationState.ACTIVE, 1)
    assert isinstance(await care.write(), Ok)


async def test_history_is_only_from_the_admission_on(house: House) -> None:
    """What was written before was for others: neither its ciphertext nor its number comes."""
    care = await a_care(house)
    await care.jean.say(care.conversation)
    await care.agree()

    await care.admit()

    state = [p for p in care.sophie.pushes if isinstance(p, frames.ConversationPush)][-1]
    assert state.conversation.since == 3
    back = await house.peer("sophie", device=care.sophie.device, cursors={care.conversation: 0})
    assert (await back.push(frames.WelcomePush)).seq == 3
    await back.settle()
    assert not [p for p in back.pushes if isinstance(p, frames.Event)]


async def test_who_comes_hears_of_the_conversation_before_the_welcome(house: House) -> None:
    """A device knows where it is welcomed to: a colleague's as well as a carer's."""
    care = await a_care(house)
    hugo = await house.peer("hugo", packages=1)

    await care.claire.add(care.conversation, "hugo")

    await hugo.settle()
    low, first, second, *_ = hugo.pushes
    assert isinstance(low, frames.KeyPackagesLowPush)
    assert isinstance(first, frames.ConversationPush)
    assert (first.conversation.joined, first.conversation.since) == (True, 2)
    assert isinstance(second, frames.WelcomePush)


async def test_a_colleague_is_brought_by_a_pharmacist(house: House) -> None:
    """The Add makes them a member; a technician or the patient cannot."""
    care = await a_care(house)
    lea = await house.peer("lea", packages=1)
    await house.peer("hugo", packages=1)
    await care.claire.add(care.conversation, "lea")
    await lea.push(frames.WelcomePush)
    claim = {"conversation": care.conversation, "person": PEOPLE["hugo"].id}

    by_lea = await lea.refused(frames.ClaimKeyPackages, **claim)
    by_jean = await care.jean.refused(frames.ClaimKeyPackages, **claim)

    assert {(one.code, one.reason) for one in (by_lea, by_jean)} == {("E_POLICY", "adds_another")}
    roles = house.rows(
        f"SELECT role FROM member WHERE conversation = '{care.conversation}' ORDER BY position"
    )
    assert [role for (role,) in roles] == ["pharmacist", "patient", "technician"]


async def test_the_staff_of_another_pharmacy_is_nobody_here(house: House) -> None:
    """Nor is it told that there is such a person."""
    care = await a_care(house)
    await house.peer("paul", packages=1)

    refused = await care.claire.refused(
        frames.ClaimKeyPackages, conversation=care.conversation, person=PEOPLE["paul"].id
    )

    assert refused.code == "E_TENANT"


# What is not as agreed


def widened(care: Care) -> Any:
    """The record with a scope more: nobody signed that."""
    record = care.record()
    wider = care.signed(care.document(scopes=(READ, SEND, "decide.assist")))
    return replace(record, delegation=wider)


def unconfirmed(care: Care) -> Any:
    """The record without the pharmacist."""
    return replace(care.record(), confirmations=())


def unaccepted(care: Care) -> Any:
    """The record without the carer's yes."""
    return replace(care.record(), acceptance=b"")


def unknown(care: Care) -> Any:
    """A record that is signed by all, and was never agreed at this hub."""
    return replace(
        care.record(),
        acceptance=care.acceptance(duties_hash=bytes(32))["acceptance"],
    )


@pytest.mark.parametrize(
    ("make", "code", "reason"),
    [
        pytest.param(widened, "E_STALE_CONFIRMATION", None, id="widened"),
        pytest.param(unconfirmed, "E_NOT_CONFIRMED", None, id="not-confirmed"),
        pytest.param(unaccepted, "E_NOT_ACCEPTED", None, id="not-accepted"),
        pytest.param(unknown, "E_POLICY", "unknown_record", id="never-agreed-here"),
    ],
)
async def test_a_record_is_let_in_as_it_was_agreed_to_the_byte(
    house: House, make: Any, code: str, reason: str | None
) -> None:
    """Policy refuses what is not signed; the hub's own table what is signed, and new to it."""
    care, rows = await an_agreed(house)

    fields = care.admission(care.claire, rows, record=make(care))
    refused = await care.claire.refused(frames.Commit, **fields)

    assert (refused.code, refused.reason) == (code, reason)
    assert care.row().state is DelegationState.CONFIRMED


async def test_a_carer_does_not_come_without_the_record(house: House) -> None:
    """An Add alone gives nobody a place."""
    care, rows = await an_agreed(house)

    refused = await care.claire.refused(
        frames.Commit, **care.claire.mls.an_add(care.conversation, *rows)
    )

    assert refused.code == "E_NO_DELEGATION"


async def test_a_record_does_not_come_without_the_carer(house: House) -> None:
    """A delegation in force of somebody who is not there would be a door left open."""
    care, _ = await an_agreed(house)
    change = care.change(care.claire, admitted=[care.record()])

    refused = await care.claire.refused(
        frames.Commit, **care.claire.mls.a_commit(care.conversation, change)
    )

    assert (refused.code, refused.reason) == ("E_POLICY", "without_member")


@pytest.mark.parametrize("number", [0, 2, 7])
async def test_the_delegations_count_one_by_one(house: House, number: int) -> None:
    """A number that jumps, or stays, would let an older state pass for a newer one."""
    care, rows = await an_agreed(house)
    group = care.claire.mls.groups[care.conversation]
    policy, before = read_extensions(group.context.extensions)
    after = changed(before, admitted=[care.record()], at_us=care.now)
    jump = with_extensions(group, policy, replace(after, number=number))
    made = care.claire.mls.commit(care.conversation, jump, *adds_of(rows))

    refused = await care.claire.refused(
        frames.Commit, **fields_of(care.conversation, made) | {"adds": added(*rows)}
    )

    assert (refused.code, refused.reason) == ("E_POLICY", "wrong_number")


async def test_what_was_withdrawn_before_it_began_is_not_let_in(house: House) -> None:
    """The committer had claimed already: the hub's table has the last word."""
    care, rows = await an_agreed(house)
    fields = care.admission(care.claire, rows)
    await care.end()

    refused = await care.claire.refused(frames.Commit, **fields)

    assert (refused.code, refused.reason) == ("E_POLICY", "ended_here")


async def test_what_ended_is_not_brought_back(house: House) -> None:
    """Its tombstone stays as long as it could have lasted."""
    care = await a_carer(house)
    record = care.record()
    await care.end()
    await care.carry_out()
    rows = [
        {
            "person": care.sophie.person,
            "device": care.sophie.device,
            "key_package": "ab" * 32,
            "bytes": care.sophie.mls.key_package(),
        }
    ]
    group = care.claire.mls.groups[care.conversation]
    policy, before = read_extensions(group.context.extensions)
    again = with_extensions(
        group, policy, replace(before, number=before.number + 1, in_force=(record,), tombstones=())
    )
    made = care.claire.mls.commit(care.conversation, again, *adds_of(rows))

    refused = await care.claire.refused(
        frames.Commit, **fields_of(care.conversation, made) | {"adds": added(*rows)}
    )
    claimed = await care.claire.refused(
        frames.ClaimKeyPackages, conversation=care.conversation, person=care.sophie.person
    )

    assert refused.code == "E_KEY_PACKAGE_USED"
    assert claimed.code == "E_ALREADY_ENDED"


async def test_a_carer_lets_nobody_in(house: House) -> None:
    """Neither another carer nor a device of their own; they claim nothing at all."""
    care = await a_carer(house)
    tablet = await house.peer("sophie", packages=1)
    mine = Add(tablet.mls.bundle().key_package)

    claimed = await care.sophie.refused(
        frames.ClaimKeyPackages, conversation=care.conversation, person=care.sophie.person
    )
    made = care.sophie.mls.commit(care.conversation, mine)
    committed = await care.sophie.refused(
        frames.Commit,
        **fields_of(care.conversation, made)
        | {
            "adds": [
                frames.Added(person=care.sophie.person, device=tablet.device, key_package="ab" * 32)
            ]
        },
    )

    assert (claimed.code, committed.code) == ("E_ROLE", "E_KEY_PACKAGE_USED")


async def test_a_carer_renews_their_keys(house: House) -> None:
    """An empty commit is anybody's; its entry says for whom."""
    care = await a_carer(house)

    await care.sophie.ok(frames.Commit, **care.sophie.mls.a_commit(care.conversation))

    entry = house.entries()[-1]
    assert (entry["type"], entry["acting_for"]["delegation"]) == (
        "group.committed",
        care.delegation,
    )


async def test_a_carers_second_device_comes_by_itself(house: House) -> None:
    """The account key that the delegation names vouches for it."""
    care = await a_carer(house)
    tablet = await house.peer("sophie")
    info = await tablet.ok(frames.AskGroupInfo, conversation=care.conversation)
    fields = tablet.mls.rejoin(care.conversation, (info.result or {})["group_info"])

    await tablet.ok(frames.Commit, **fields)

    assert house.entries()[-1]["outcome"]["kind"] == "join"


async def test_a_renewed_carer_comes_in_by_the_new_document(house: House) -> None:
    """The first one runs out, its carer leaves the group, and comes in again."""
    care = await a_carer(house, not_after_us=house.clock.now() + 600 * 1_000_000)
    first = care.row()
    renewed = {"not_before_us": first.not_after, "not_after_us": first.not_after + DAY}
    await care.agree(**renewed)
    house.clock.turn(600)
    await house.hub.delegations.sweep()
    second, care.delegation = care.delegation, first.id
    await care.carry_out(state=DelegationState.EXPIRED)
    care.delegation = second
    await care.sophie.settle()

    await care.admit()

    assert isinstance(await care.write(), Ok)
    assert care.row().version == 3


# Narrowed, and in another group


@pytest.mark.parametrize("which", ["none", "forged", "another"])
async def test_a_record_is_narrowed_by_the_patients_own_word(house: House, which: str) -> None:
    """As the hub has it: nothing less, nothing more, nothing else."""
    care = await a_carer(house)
    if which != "none":
        await care.end(scopes=(SEND,))
        await settle(care)
    said: dict[str, Any] = {
        "deployment": "test.example",
        "conversation": uuid.UUID(care.conversation).bytes,
        "delegation": uuid.UUID(care.delegation).bytes,
        "scopes": (str(SEND),),
        "at_us": care.now + (1 if which == "another" else 0),
    }
    signer = care.account("sophie" if which == "forged" else "jean")
    change = care.change(care.claire, narrowed=[signer.signed(Revocation, **said)])

    refused = await care.claire.refused(
        frames.Commit, **care.claire.mls.a_commit(care.conversation, change)
    )

    if which == "forged":
        assert refused.code == "E_SIGNATURE"
    else:
        assert (refused.code, refused.reason) == ("E_POLICY", "unknown_record")


async def test_in_a_successor_group_carers_are_let_in_again(house: House) -> None:
    """Nobody acts for anybody in a group that has just begun; what was agreed stands."""
    care = await a_carer(house)
    await be_stuck(care.claire, care.conversation, 2)

    await begin_anew(care.claire, care.conversation)

    view = await next_delegation(care.jean, "confirmed")
    assert view.acceptance
    refused = await care.sophie.refused(
        frames.AdvanceCursor, conversation=care.conversation, delivered=1, read=1
    )
    assert refused.code == "E_NOT_FOUND"
    await settle(care)
    await care.admit()
    assert care.row().version == 3


async def a_lost_patient(house: House) -> tuple[Care, Peer]:
    """The patient has lost every device: their key is revoked, and they enrolled another one."""
    care = await a_carer(house)
    hugo, at_us = await house.peer("hugo"), house.clock.now()
    lost = care.account("jean")
    for peer in (hugo, care.claire):
        word = peer.account.account_revocation(lost, at_us)
        await peer.ok(frames.RevokeAccount, statement=word)
    jean = await house.knock("jean")
    await jean.hello()
    fresh = a_new_account(PEOPLE["jean"])
    done = await jean.ok(frames.EnrolIdentity, statement=fresh.enrolment())
    fresh = replace(fresh, identity=(done.result or {})["certificate"])
    house.accounts[PEOPLE["jean"].id] = jean.mls.account = fresh
    await care.claire.settle()
    return care, jean


def a_succession(care: Care, was: bytes, **changes: Any) -> bytes:
    """Return two pharmacists' word that the patient goes on with another key."""
    group = care.claire.mls.groups[care.conversation]
    said: dict[str, Any] = {
        "deployment": "test.example",
        "conversation": uuid.UUID(care.conversation).bytes,
        "old_group": group.group_id,
        "old_epoch": group.epoch,
        "new_group": group_id(care.conversation, 1),
        "patient": care.account("jean").id,
        "old_aik": was,
        "new_aik": care.account("jean").aik,
        "at_us": care.now,
    }
    eyes = changes.pop("eyes", ("claire", "hugo"))
    statement = Succession(**said | changes)
    signatures = [
        cosign(statement, one.key, signer=one.id, staff=one.staff)
        for one in map(care.account, eyes)
    ]
    return CoSigned(statement.encode(), tuple(signatures)).encode()


def founded_by(care: Care, succession: bytes, **policy: Any) -> bytes:
    """Found the group that goes on with the patient's new key, and carry the word for it."""
    fields = {"patient_aik": care.account("jean").aik} | policy
    successor(care.claire, care.conversation, policy=fields)
    group = care.claire.mls.groups[care.conversation]
    return group.group_info(extensions=(Extension(SUCCESSION_EXTENSION, succession),))


async def test_a_patient_who_lost_every_device_goes_on_with_another_key(house: House) -> None:
    """Two pharmacists say so; nobody has to be stuck; what the old key gave is over."""
    care, jean = await a_lost_patient(house)
    was = read_policy(care).patient_aik
    info = founded_by(care, a_succession(care, was))

    done = await begin_anew(care.claire, care.conversation, group_info=info)

    assert isinstance(done, Ok), done
    row = care.row()
    assert row.is_over
    assert not row.ending
    await jean.certify()
    await jean.ok(frames.PublishKeyPackages, packages=jean.key_packages())
    await care.claire.add(care.conversation, "jean")
    await jean.push(frames.WelcomePush)
    groups = [peer.mls.groups[care.conversation] for peer in (care.claire, jean)]
    assert groups[0].epoch_authenticator == groups[1].epoch_authenticator


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        pytest.param({"eyes": ("claire",)}, "E_FOUR_EYES", id="one-pharmacist"),
        pytest.param({"eyes": ("claire", "claire")}, "E_FOUR_EYES", id="one-twice"),
        pytest.param({"old_epoch": 0}, "E_IDENTITY", id="of-another-epoch"),
        pytest.param({"old_group": b"elsewhere"}, "E_IDENTITY", id="of-another-group"),
        pytest.param({"new_group": b"elsewhere"}, "E_IDENTITY", id="to-another-group"),
        pytest.param({"conversation": bytes(16)}, "E_IDENTITY", id="in-another-conversation"),
        pytest.param({"deployment": "elsewhere"}, "E_IDENTITY", id="of-another-deployment"),
        pytest.param({"eyes": ("claire", "jean")}, "E_SIGNATURE", id="by-the-patient-too"),
        pytest.param({"new_aik": bytes(32)}, "E_IDENTITY", id="a-key-that-nobody-enrolled"),
        pytest.param({"old_aik": bytes(32)}, "E_IDENTITY", id="for-another-key"),
        pytest.param({"patient": bytes(16)}, "E_IDENTITY", id="for-another-patient"),
    ],
)
async def test_a_false_succession_founds_nothing(
    house: House, changes: dict[str, Any], code: str
) -> None:
    """Two different pharmacists, this group in its last epoch, the key that is on file."""
    care, _ = await a_lost_patient(house)
    was = read_policy(care).patient_aik
    info = founded_by(care, a_succession(care, was, **changes))

    refused = await begin_anew(care.claire, care.conversation, group_info=info)

    assert isinstance(refused, RefusedFrame)
    assert refused.code == code
    assert house.rows("SELECT generation FROM conversation") == [(0,)]


@pytest.mark.parametrize("key", ["the-same", "another"])
async def test_a_patient_whose_key_stands_is_not_succeeded(house: House, key: str) -> None:
    """Two pharmacists give nobody another key: the one on file has to be given up before."""
    care = await a_carer(house)
    await house.peer("hugo")
    was = read_policy(care).patient_aik
    new = was if key == "the-same" else a_new_account(PEOPLE["jean"]).aik
    info = founded_by(care, a_succession(care, was, new_aik=new), patient_aik=new)

    refused = await begin_anew(care.claire, care.conversation, group_info=info)

    assert isinstance(refused, RefusedFrame)
    assert refused.code == "E_IDENTITY"
    assert house.rows("SELECT generation FROM conversation") == [(0,)]


async def test_a_succession_founds_one_group_and_no_second(house: House) -> None:
    """It names the group that it ended: neither its bytes nor its word are of use again."""
    care, _ = await a_lost_patient(house)
    word = a_succession(care, read_policy(care).patient_aik)
    info = founded_by(care, word)
    done = await begin_anew(care.claire, care.conversation, group_info=info)
    assert isinstance(done, Ok), done

    for again in (info, founded_by(care, word)):
        refused = await begin_anew(care.claire, care.conversation, group_info=again)
        assert isinstance(refused, RefusedFrame)
        assert (refused.code, refused.reason) == ("E_IDENTITY", "wrong_succession")
    assert house.rows("SELECT generation FROM conversation") == [(1,)]


async def test_a_succession_leaves_its_word_with_everybody(house: House) -> None:
    """In the event, whose GroupInfo carries what two pharmacists signed; and there is an entry."""
    care, _ = await a_lost_patient(house)
    word = a_succession(care, read_policy(care).patient_aik)
    info = founded_by(care, word)

    done = await begin_anew(care.claire, care.conversation, group_info=info)

    assert isinstance(done, Ok), done
    entry = json.loads(care.claire.verify(done).entry)
    assert (entry["type"], entry["outcome"]) == ("group.succeeded", {"generation": 1})
    told = await care.claire.event()
    while told.what != "succession":
        told = await care.claire.event()
    assert succession_in(decode_group_info(told.body).extensions) == word


def read_policy(care: Care) -> ConversationPolicy:
    """Return what the group says of its conversation."""
    return policy_of(care.claire.mls.groups[care.conversation])


async def test_the_past_of_a_conversation_goes_on_in_its_successor(house: House) -> None:
    """A tombstone is not left behind: who was sent away does not come back by a new group."""
    care = await a_carer(house)
    await care.end()
    await care.carry_out()
    await be_stuck(care.claire, care.conversation, 3)

    forgetful = await begin_anew(
        care.claire,
        care.conversation,
        group_info=successor(care.claire, care.conversation, tombstones=()),
    )

    assert isinstance(forgetful, RefusedFrame)
    assert (forgetful.code, forgetful.reason) == ("E_POLICY", "drops_tombstone")
