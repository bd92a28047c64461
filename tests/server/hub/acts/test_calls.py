"""A call through a real hub: who may, what is told, what is written, and what changes nothing."""

from __future__ import annotations

import base64
import json
import uuid
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from signaling import frames
from signaling.call import MAX_REBUILDS
from signaling.frames import Ok, RefusedFrame
from tests.server.house import NOON, PEOPLE, SECONDS, House, Peer, a_house, a_pair
from tests.server.talk import (
    ANSWER,
    TURN,
    Talk,
    a_colleague,
    a_lobby,
    a_ringing,
    a_talk,
    every_byte,
    next_view,
)


async def test_a_call_from_the_first_ring_to_the_last_word(house: House) -> None:
    """Open, ring, accept, offer, answer, media, lost and found again, hang up: all of it told."""
    talk = await a_ringing(house)
    claire, jean = talk.claire, talk.jean
    ringing = await next_view(jean, "ringing")
    assert [(leg.person, leg.state) for leg in ringing.legs] == [
        (claire.person, "joined"),
        (jean.person, "ringing"),
    ]

    accepted = await talk.ok(jean, frames.AcceptCall)
    (pair,) = accepted["pairs"]
    assert (accepted["state"], pair["generation"], pair["offerer"]) == (
        "accepted",
        1,
        claire.device,
    )
    assert isinstance(await talk.signal(claire, jean), Ok)
    offer = await jean.push(frames.SignalPush)
    assert (offer.person, offer.device) == (claire.person, claire.device)
    assert isinstance(await talk.signal(jean, claire, ANSWER), Ok)
    assert (await claire.push(frames.SignalPush)).device == jean.device
    assert (await talk.connect())["state"] == "active"
    (pair,) = (await talk.lose_pair(claire, jean, 1))["pairs"]
    assert (pair["generation"], pair["offerer"]) == (2, jean.device)
    assert (await talk.ok(claire, frames.HangUp))["state"] == "ended"
    assert (await next_view(jean, "ended")).reason == "call.peer_left"

    assert talk.types() == [
        "call.opened",
        "call.rang",
        "call.accepted",
        "call.connected",
        "call.connected",
        "call.pair_lost",
        "call.ended",
    ]


async def test_a_step_is_an_entry_of_the_act_with_its_receipt(house: House) -> None:
    """Who did what, about which patient, in which call; and the proof that it is in the log."""
    talk = await a_talk(house)

    done = await talk.claire.ok(frames.HangUp, **talk.here)

    entry = json.loads(talk.claire.verify(done).entry)
    assert entry == talk.entries()[-1]
    assert (entry["type"], entry["class"]) == ("call.ended", "care")
    assert entry["actor"] == {
        "device": talk.claire.device,
        "person": talk.claire.person,
        "role": "pharmacist",
    }
    assert (entry["subject"], entry["conversation"]) == (talk.jean.person, talk.conversation)
    assert entry["decision"] == {"effect": "permit", "rule": "call.hang_up"}
    assert entry["outcome"] == {
        "call": talk.call,
        "reason": "call.peer_left",
        "state": "ended",
    }


async def test_every_device_of_every_member_is_told_the_whole_call(house: House) -> None:
    """Also a device that is not in the group yet: it cannot join, but it knows."""
    talk = await a_lobby(house)
    tablet = await house.peer("jean")

    answered = await talk.ok(talk.claire, frames.RingCall, persons=[talk.jean.person])

    for peer in (talk.claire, talk.jean, tablet):
        view = await next_view(peer, "ringing")
        assert view.version == answered["version"]
        assert [leg.person for leg in view.legs] == [leg["person"] for leg in answered["legs"]]


async def test_a_stranger_is_told_nothing(house: House) -> None:
    """Of the same pharmacy, and not in the conversation."""
    hugo = await house.peer("hugo")

    await a_talk(house)

    await hugo.nothing_but_pong()


# What a frame finds done already


async def test_to_enter_the_lobby_twice_changes_nothing(house: House) -> None:
    """The retry of a lost answer: the same call, no entry, nobody told."""
    talk = await a_lobby(house)
    before = talk.row(), len(house.entries())
    await next_view(talk.jean, "lobby")

    again = await talk.claire.ok(frames.OpenCall, **talk.here)

    assert (talk.row(), len(house.entries())) == before
    assert again.receipt is None
    assert again.result is not None
    assert again.result["call"]["id"] == talk.call
    talk.jean.pushes.clear()
    await talk.jean.nothing_but_pong()


async def test_who_hangs_up_what_the_other_just_hung_up_finds_it_done(house: House) -> None:
    """Both press at once: one end, one entry, no refusal in the trail of an ordinary call."""
    talk = await a_talk(house)
    await talk.ok(talk.claire, frames.HangUp)

    again = await talk.jean.ok(frames.HangUp, **talk.here)

    assert again.receipt is None
    assert talk.types().count("call.ended") == 1
    assert talk.refusals() == []


async def test_the_second_to_lose_the_same_connection_finds_it_done(house: House) -> None:
    """Both sides see the cut: one generation more, one entry."""
    talk = await a_talk(house)
    first = await talk.lose_pair(talk.claire, talk.jean, 1)

    second = await talk.lose_pair(talk.jean, talk.claire, 1)

    assert second == first
    assert second["pairs"][0]["generation"] == 2
    assert talk.types().count("call.pair_lost") == 1


async def test_two_who_hang_up_at_once_both_have_hung_up(house: House) -> None:
    """The second finds the call over: no refusal, no second entry."""
    talk = await a_talk(house)
    ended = await talk.ok(talk.claire, frames.HangUp)

    assert await talk.ok(talk.jean, frames.HangUp) == ended

    assert talk.types().count("call.ended") == 1
    assert talk.refusals() == []


# The lobby


async def test_whoever_comes_second_joins_the_live_call(house: House) -> None:
    """Whatever id they gave: two who open at the same moment are in one lobby."""
    talk = await a_lobby(house)

    joined = await talk.ok(talk.jean, frames.OpenCall, call=str(uuid.uuid4()))

    assert joined["id"] == talk.call
    assert {leg["person"]: leg["state"] for leg in joined["legs"]} == {
        talk.claire.person: "waiting",
        talk.jean.person: "waiting",
    }
    assert len(house.rows("SELECT id FROM call")) == 1


async def test_two_who_open_at_once_are_in_one_lobby(house: House) -> None:
    """In one transaction of the writer, under two ids: one call, both in it."""
    claire, jean, conversation = await a_pair(house)

    async with house.one_batch(2):
        for peer in (claire, jean):
            peer.send(frames.OpenCall(id="open", conversation=conversation, call=an_id()))

    first, second = await claire.answer("open"), await jean.answer("open")
    assert isinstance(first, Ok)
    assert isinstance(second, Ok)
    views = [(one.result or {})["call"] for one in (first, second)]
    assert views[0]["id"] == views[1]["id"]
    assert len(views[1]["legs"]) == 2
    assert len(house.rows("SELECT id FROM call")) == 1


async def test_who_waits_is_let_in_by_the_ring(house: House) -> None:
    """To wait was to say yes: no second question."""
    talk = await a_lobby(house)
    await talk.ok(talk.jean, frames.OpenCall)

    rung = await talk.ok(talk.claire, frames.RingCall, persons=[talk.jean.person])

    assert rung["state"] == "accepted"
    assert {leg["state"] for leg in rung["legs"]} == {"joined"}
    assert rung["pairs"][0]["devices"] == [talk.claire.device, talk.jean.device]


async def test_a_delay_is_told_to_who_waits(house: House) -> None:
    """« Retard 5 min »."""
    talk = await a_lobby(house)
    await talk.ok(talk.jean, frames.OpenCall)

    told = await talk.ok(talk.claire, frames.DelayCall, minutes=5)

    assert told["delayed_until"] == NOON + 300 * SECONDS
    assert talk.entries()[-1]["outcome"]["minutes"] == 5


@pytest.mark.parametrize(("call_me", "leg"), [(False, "declined"), (True, "call_me")])
async def test_a_call_may_be_declined(house: House, call_me: bool, leg: str) -> None:
    """Or answered by « Appelez-moi »: the call is over, and says which."""
    talk = await a_ringing(house)

    declined = await talk.ok(talk.jean, frames.DeclineCall, call_me=call_me)

    assert (declined["state"], declined["reason"]) == ("ended", "call.declined")
    assert [x["state"] for x in declined["legs"] if x["person"] == talk.jean.person] == [leg]
    assert talk.entries()[-1]["outcome"]["how"] == leg


# What is refused: its code, its entry, and nothing changed

Attempt = Callable[[Talk], Awaitable[str]]


async def is_refused(talk: Talk, attempt: Awaitable[str], code: str) -> None:
    """The code, one entry of the conversation that says so, the call as it was, nobody told."""
    row, entries, refusals = talk.row(), talk.types(), talk.refusals()
    for peer in (talk.claire, talk.jean):
        await peer.ok(frames.Ping)
        peer.pushes.clear()

    assert await attempt == code

    assert talk.refusals() == [*refusals, code]
    assert (talk.row(), talk.types()) == (row, entries)
    for peer in (talk.claire, talk.jean):
        await peer.ok(frames.Ping)
        assert [push for push in peer.pushes if isinstance(push, frames.CallPush)] == []


async def a_tablet(talk: Talk) -> Peer:
    """Connect another device of Jean and let it into the group."""
    tablet = await talk.house.peer("jean", packages=1)
    await talk.claire.add(talk.conversation, "jean")
    return tablet


async def test_the_fifth_is_refused(house: House) -> None:
    """Four people are in the call or asked into it."""
    talk = await a_talk(house)
    third, fourth, fifth = (a_colleague(house, talk.conversation) for _ in range(3))
    await talk.ok(talk.claire, frames.RingCall, persons=[third.id, fourth.id])

    await is_refused(
        talk, talk.refused(talk.claire, frames.RingCall, persons=[fifth.id]), "call.full"
    )


async def test_nobody_accepts_after_the_end(house: House) -> None:
    """The ringing that a sleeping telephone shows is over."""
    talk = await a_ringing(house)
    await talk.ok(talk.claire, frames.HangUp)

    await is_refused(talk, talk.refused(talk.jean, frames.AcceptCall), "call.wrong_state")


async def test_the_id_of_an_ended_call_is_spent(house: House) -> None:
    """A late retry of the first frame does not begin the call anew."""
    talk = await a_lobby(house)
    await talk.ok(talk.claire, frames.HangUp)

    await is_refused(talk, talk.refused(talk.claire, frames.OpenCall), "call.wrong_state")


async def test_a_second_device_finds_the_call_taken(house: House) -> None:
    """One device of a person talks; the other learns which way it went."""
    talk = await a_talk(house)
    tablet = await a_tablet(talk)

    await is_refused(talk, talk.refused(tablet, frames.AcceptCall), "call.taken")


async def test_of_two_devices_that_accept_at_once_one_wins(house: House) -> None:
    """In one transaction of the writer: one joined, one `call.taken`, one entry."""
    talk = await a_ringing(house)
    tablet = await a_tablet(talk)

    async with house.one_batch(2):
        tablet.send(frames.AcceptCall(id="accept", **talk.here))
        talk.jean.send(frames.AcceptCall(id="accept", **talk.here))

    first, second = await tablet.answer("accept"), await talk.jean.answer("accept")
    assert isinstance(first, Ok)
    assert isinstance(second, RefusedFrame)
    assert second.code == "call.taken"
    view = (first.result or {})["call"]
    assert [leg["device"] for leg in view["legs"] if leg["person"] == talk.jean.person] == [
        tablet.device
    ]
    assert talk.types().count("call.accepted") == 1
    assert talk.refusals() == ["call.taken"]


async def test_the_eleventh_rebuild_of_a_minute_is_refused(house: House) -> None:
    """A network that breaks at every second is not mended by trying; a minute later it may be."""
    talk = await a_talk(house)
    for generation in range(1, MAX_REBUILDS + 1):
        await talk.lose_pair(talk.claire, talk.jean, generation)
    again = {"peer": talk.jean.device, "generation": MAX_REBUILDS + 1, "why": "failed"}

    await is_refused(
        talk, talk.refused(talk.claire, frames.ReportPairLost, **again), "call.rate_limited"
    )

    house.clock.turn(61)
    await talk.ok(talk.claire, frames.ReportPairLost, **again)


async def test_a_report_from_a_generation_to_come_is_refused(house: House) -> None:
    """Nobody has seen it: a replay, or a lie."""
    talk = await a_talk(house)
    ahead = {"peer": talk.jean.device, "generation": 2}

    await is_refused(
        talk, talk.refused(talk.claire, frames.ReportConnected, **ahead), "call.stale_generation"
    )


@pytest.mark.parametrize("minutes", [None, 5], ids=["ring", "delay"])
async def test_a_patient_neither_rings_nor_delays(house: House, minutes: int | None) -> None:
    """The pharmacist's acts: `call.not_authorized`, and the conversation's trail says who tried."""
    talk = await a_lobby(house)
    frame, fields = (
        (frames.DelayCall, {"minutes": minutes})
        if minutes
        else (frames.RingCall, {"persons": [talk.claire.person]})
    )

    await is_refused(talk, talk.refused(talk.jean, frame, **fields), "call.not_authorized")


async def test_a_carer_needs_a_delegation(house: House) -> None:
    """Without one a carer neither comes in nor is rung; that there is a call is not told."""
    talk = await a_lobby(house)
    sophie = await house.peer("sophie")

    there = await talk.refused(sophie, frames.OpenCall)
    nowhere = await sophie.refused(
        frames.OpenCall, conversation=str(uuid.uuid4()), call=str(uuid.uuid4())
    )

    assert there == nowhere.code == "call.not_member"
    assert talk.refusals() == []
    await is_refused(
        talk, talk.refused(talk.claire, frames.RingCall, persons=[sophie.person]), "call.not_member"
    )


async def test_a_device_talks_in_one_call(house: House) -> None:
    """Whoever waits or talks somewhere neither opens nor accepts elsewhere."""
    talk = await a_talk(house)
    other = Talk(house, talk.claire, talk.jean, await talk.claire.create(), str(uuid.uuid4()))
    await other.claire.add(other.conversation, "jean")

    assert await other.refused(talk.claire, frames.OpenCall) == "call.busy"
    assert await other.refused(talk.jean, frames.OpenCall) == "call.busy"

    assert other.refusals() == ["call.busy", "call.busy"]
    assert house.rows("SELECT id FROM call") == [(talk.call,)]


async def test_who_waits_elsewhere_cannot_accept_here(house: House) -> None:
    """The telephone rings while it is in another lobby: leave that one first."""
    here = await a_ringing(house)
    claire = await house.peer("claire")
    elsewhere = Talk(house, claire, here.jean, await claire.create(), str(uuid.uuid4()))
    await claire.add(elsewhere.conversation, "jean")
    await elsewhere.ok(here.jean, frames.OpenCall)

    await is_refused(here, here.refused(here.jean, frames.AcceptCall), "call.busy")

    await elsewhere.ok(here.jean, frames.HangUp)
    await here.ok(here.jean, frames.AcceptCall)


async def test_nobody_is_torn_out_of_another_call(house: House) -> None:
    """The pharmacist who rings learns that the patient talks to somebody."""
    await a_talk(house)
    second = await a_lobby(house)

    await is_refused(
        second,
        second.refused(second.claire, frames.RingCall, persons=[second.jean.person]),
        "call.busy",
    )


async def test_that_a_stranger_talks_is_nobodys_to_know(house: House) -> None:
    """Of someone outside the conversation: not a member, busy or not."""
    await a_talk(house)
    hugo = await house.peer("hugo")
    alone = Talk(house, hugo, hugo, await hugo.create("jean"), str(uuid.uuid4()))
    await alone.ok(hugo, frames.OpenCall)

    code = await alone.refused(hugo, frames.RingCall, persons=[PEOPLE["claire"].id])

    assert code == "call.not_member"


CONTROL: list[tuple[type[Any], dict[str, Any]]] = [
    (frames.OpenCall, {}),
    (frames.RingCall, {"persons": [PEOPLE["jean"].id]}),
    (frames.AcceptCall, {}),
    (frames.DeclineCall, {}),
    (frames.HangUp, {}),
    (frames.DelayCall, {"minutes": 5}),
    (frames.ReportConnected, {"peer": str(uuid.uuid4()), "generation": 1}),
    (frames.ReportPairLost, {"peer": str(uuid.uuid4()), "generation": 1, "why": "slow"}),
    (frames.ReportIncident, {"code": "call.no_device"}),
    (frames.IssueTurn, {}),
]
IDS = [str(frame.__struct_config__.tag) for frame, _ in CONTROL]


@pytest.mark.parametrize(("frame", "fields"), CONTROL, ids=IDS)
async def test_a_call_in_a_conversation_one_is_not_in(
    home: Path, frame: type[Any], fields: dict[str, Any]
) -> None:
    """`call.not_member`, in the words of a conversation that never was; nothing changes."""
    async with a_house(home, turn=TURN) as house:
        talk = await a_talk(house)
        hugo, row = await house.peer("hugo"), talk.row()

        there = await hugo.refused(frame, **talk.here | fields)
        nowhere = await hugo.refused(frame, **talk.here | {"conversation": an_id()} | fields)

        assert (there.code, there.text) == (nowhere.code, nowhere.text)
        assert there.code == "call.not_member"
        assert talk.row() == row
        entries = house.refusals(log="technical")
        assert [entry["decision"]["rule"] for entry in entries] == ["call.not_member"] * 2
        assert [entry["conversation"] for entry in entries] == [None, None]


def an_id() -> str:
    """Return an id that names nothing."""
    return str(uuid.uuid4())


@pytest.mark.parametrize(("frame", "fields"), CONTROL[1:], ids=IDS[1:])
async def test_a_call_of_another_conversation_does_not_exist_here(
    home: Path, frame: type[Any], fields: dict[str, Any]
) -> None:
    """Its id under a conversation that is one's own: told like an id that never was."""
    async with a_house(home, turn=TURN) as house:
        talk = await a_talk(house)
        claire, _, own = await a_pair(house)
        before = talk.row(), talk.types()

        elsewhere = await claire.refused(frame, **fields, conversation=own, call=talk.call)
        nothing = await claire.refused(frame, **fields, conversation=own, call=an_id())

        assert elsewhere.code == nothing.code == "call.not_member"
        assert (talk.row(), talk.types()) == before


async def test_the_id_of_a_call_elsewhere_begins_nothing(house: House) -> None:
    """An id is its call's for good, and which ids are taken elsewhere is not told apart."""
    talk = await a_talk(house)
    claire, _, own = await a_pair(house)

    refused = await claire.refused(frames.OpenCall, conversation=own, call=talk.call)

    assert refused.code == "call.not_member"
    assert len(house.rows("SELECT id FROM call")) == 1


async def test_a_device_outside_the_group_is_outside_the_call(house: House) -> None:
    """It could not read a signal: the person's membership is not enough."""
    talk = await a_ringing(house)
    tablet = await house.peer("jean")

    assert await talk.refused(tablet, frames.AcceptCall) == "call.not_member"


# TURN


async def test_credentials_for_the_relay_are_given_inside_a_call(home: Path) -> None:
    """For ten minutes, with the addresses; the entry says that, and nothing of the credential."""
    async with a_house(home, turn=TURN) as house:
        talk = await a_talk(house)

        given = (await talk.jean.ok(frames.IssueTurn, **talk.here)).result or {}

        assert given["urls"] == list(TURN.urls)
        assert given["username"].split(":")[:2] == [str(NOON // SECONDS + 600), talk.call]
        assert given["expires_at"] == NOON + 600 * SECONDS
        assert given["renew_at"] == NOON + 300 * SECONDS
        assert len(base64.b64decode(given["credential"])) == 20
        issued = talk.entries()[-1]
        assert issued["type"] == "call.turn_issued"
        assert issued["outcome"] == {"call": talk.call, "state": "accepted"}


async def test_no_credential_reaches_the_disk(home: Path) -> None:
    """Neither it nor the secret it is made of: not in the database, not in the log."""
    async with a_house(home, turn=TURN) as house:
        talk = await a_talk(house)
        given = (await talk.jean.ok(frames.IssueTurn, **talk.here)).result or {}
        await talk.ok(talk.jean, frames.HangUp)

    disk = every_byte(home)
    assert talk.call.encode() in disk
    assert given["credential"].encode() not in disk
    assert given["username"].encode() not in disk
    assert TURN.secret.reveal() not in disk


async def test_no_credential_for_a_call_that_has_ended(home: Path) -> None:
    """Its time is over, and so is the relay's."""
    async with a_house(home, turn=TURN) as house:
        talk = await a_talk(house)
        await talk.ok(talk.claire, frames.HangUp)

        await is_refused(talk, talk.refused(talk.jean, frames.IssueTurn), "call.wrong_state")


async def test_no_credential_for_who_waits(home: Path) -> None:
    """The relay is for those who talk."""
    async with a_house(home, turn=TURN) as house:
        talk = await a_lobby(house)
        await talk.ok(talk.jean, frames.OpenCall)

        await is_refused(talk, talk.refused(talk.jean, frames.IssueTurn), "call.wrong_state")


async def test_without_a_relay_there_are_no_credentials(house: House) -> None:
    """The call says so before anyone asks."""
    talk = await a_talk(house)
    assert not (await next_view(talk.jean, "accepted")).turn

    await is_refused(talk, talk.refused(talk.jean, frames.IssueTurn), "call.turn_unavailable")


# What clients report


async def test_what_a_client_refused_by_itself_is_in_the_trail(house: House) -> None:
    """A fingerprint that does not match: an entry, and the call goes on as it was."""
    talk = await a_talk(house)
    row = talk.row()

    await talk.ok(
        talk.jean,
        frames.ReportIncident,
        code="call.fingerprint_mismatch",
        peer=talk.claire.device,
        generation=1,
    )

    assert talk.row() == row
    incident = talk.entries()[-1]
    assert incident["type"] == "call.incident"
    assert incident["outcome"] == {
        "call": talk.call,
        "code": "call.fingerprint_mismatch",
        "generation": 1,
        "peer": talk.claire.device,
        "state": "accepted",
    }


# Coming back


async def test_hello_tells_the_live_calls(house: House) -> None:
    """A reload needs nothing else: the call, whole, and none that is over."""
    over = await a_talk(house)
    await over.ok(over.claire, frames.HangUp)
    talk = await a_talk(house)
    now = await talk.connect()

    back = await house.peer("jean", device=talk.jean.device, signature_key=talk.jean.signature_key)

    assert back.welcomed["calls"] == [now]


async def test_hello_tells_no_call_of_others(house: House) -> None:
    """Only those of one's own conversations."""
    await a_talk(house)

    hugo = await house.peer("hugo")

    assert hugo.welcomed["calls"] == []
