"""What somebody who is signed in tries against a call: others' calls, too many, too late."""

from __future__ import annotations

import json
import uuid
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from crypto.mls.authenticated_data import SignalType
from server.hub.backpressure import LANE_BYTES, LANE_ITEMS
from server.hub.outcome import SignalTo
from server.hub.rates import RateSettings
from server.hub.signals import MAILBOX_BYTES, MAX_SIGNALS
from signaling import frames
from signaling.call import MAX_REBUILDS
from signaling.codes import Close, Code
from signaling.frames import Ok, RefusedFrame
from tests.server.house import PEOPLE, SECONDS, Hands, House, Peer, a_house, a_pair, until
from tests.server.talk import (
    ANSWER,
    CANDIDATES,
    OFFER,
    TURN,
    Talk,
    a_colleague,
    a_lobby,
    a_ringing,
    a_talk,
    every_byte,
)

pytestmark = pytest.mark.slow

WIDE = RateSettings(
    device="1000000/second",
    conversation="1000000/second",
    costly="1000000/second",
    calls="1000000/second",
)
LONGEST_SIGNAL = 17_500


async def joins_the_group(talk: Talk, slug: str) -> Peer:
    """Bring another device of somebody into the conversation and its group."""
    person = PEOPLE[slug]
    if person.id not in (talk.claire.person, talk.jean.person):
        a_colleague(talk.house, talk.conversation, person)
    peer = await talk.house.peer(slug, packages=2)
    await talk.claire.add(talk.conversation, slug)
    return peer


def untouched(talk: Talk) -> tuple[Any, ...]:
    """Return what a refused attack must leave as it was."""
    return talk.row(), talk.types()


# Reports about others


REPORTS: dict[str, tuple[type[Any], dict[str, Any]]] = {
    "connected": (frames.ReportConnected, {"relay": False}),
    "pair lost": (frames.ReportPairLost, {"why": "failed"}),
}


@pytest.mark.parametrize("report", REPORTS.values(), ids=REPORTS)
@pytest.mark.parametrize("slug", ["hugo", "jean"], ids=["a colleague", "one's own tablet"])
async def test_nobody_reports_of_a_connection_that_is_others(
    house: House, slug: str, report: tuple[type[Any], dict[str, Any]]
) -> None:
    """A device of the group that is not in the call neither makes nor breaks a pair of it."""
    talk = await a_talk(house)
    liar = await joins_the_group(talk, slug)
    before = untouched(talk)
    kind, fields = report

    for peer in (talk.claire, talk.jean, liar):
        code = await talk.refused(liar, kind, peer=peer.device, generation=1, **fields)
        assert code == Code.CALL_WRONG_STATE

    assert untouched(talk) == before


async def test_one_side_alone_makes_no_call_active(house: House) -> None:
    """However often it says that it sees the other."""
    talk = await a_talk(house)

    for _ in range(5):
        view = await talk.ok(
            talk.jean, frames.ReportConnected, peer=talk.claire.device, generation=1
        )

    assert view["state"] == "accepted"
    assert talk.types().count("call.connected") == 1


async def test_a_flood_of_lost_pairs_rebuilds_ten_times_and_fills_no_log(home: Path) -> None:
    """Ten generations; then refusals, of which the trail keeps ten and a count."""
    async with a_house(home, rates=WIDE) as house:
        talk = await a_talk(house)

        generation = 1
        for _ in range(200):
            answer = await talk.jean.ask(
                frames.ReportPairLost,
                **talk.here,
                peer=talk.claire.device,
                generation=generation,
                why="failed",
            )
            generation += isinstance(answer, Ok)

        assert generation == 1 + MAX_REBUILDS
        assert talk.types().count("call.pair_lost") == MAX_REBUILDS
        assert len(house.refusals()) <= 10


async def test_incidents_are_told_by_who_is_there(house: House) -> None:
    """Nobody writes fingerprint alarms into the trail of a call from outside it."""
    talk = await a_talk(house)
    liar = await joins_the_group(talk, "hugo")
    before = untouched(talk)

    code = await talk.refused(liar, frames.ReportIncident, code="call.fingerprint_mismatch")

    assert code == Code.CALL_WRONG_STATE
    assert untouched(talk) == before


# Signals


async def test_a_signal_goes_to_no_device_outside_the_call(house: House) -> None:
    """Neither to a tablet, nor to a colleague of the group, nor to a device of elsewhere."""
    talk = await a_talk(house)
    tablet = await joins_the_group(talk, "jean")
    hugo = await joins_the_group(talk, "hugo")
    rose = await house.peer("rose")
    for peer in (tablet, hugo, rose):
        peer.pushes.clear()

    for peer in (tablet, hugo, rose):
        answer = await talk.signal(talk.claire, peer, OFFER, epoch=3)
        assert isinstance(answer, RefusedFrame)
        assert answer.code == Code.CALL_WRONG_STATE

    await rose.nothing_but_pong()
    assert not any(isinstance(one, frames.SignalPush) for one in tablet.pushes + hugo.pushes)


async def test_a_signal_does_not_cross_into_another_conversation(house: House) -> None:
    """The same two people, another conversation: its call is not there, nor are these bytes."""
    talk, other = await a_talk(house), await a_lobby(house)
    here = talk.signal_body(talk.jean, OFFER)
    there = other.signal_body(talk.jean, OFFER, call=uuid.UUID(talk.call).bytes)

    moved = await talk.claire.refused(frames.Signal, conversation=other.conversation, body=here)
    forged = await other.claire.refused(frames.Signal, conversation=other.conversation, body=there)

    assert moved.code in (Code.E_FRANKING, Code.CALL_NOT_MEMBER)
    assert forged.code == Code.CALL_NOT_MEMBER
    await talk.jean.ok(frames.Ping)
    assert not any(isinstance(one, frames.SignalPush) for one in talk.jean.pushes)


async def test_a_signal_that_was_accepted_once_is_stale_in_the_next_generation(
    house: House,
) -> None:
    """A recorded offer cannot be played into the connection that replaced it."""
    talk = await a_talk(house)
    body = talk.signal_body(talk.jean, OFFER)
    await talk.claire.ok(frames.Signal, conversation=talk.conversation, body=body)
    await talk.lose_pair(talk.claire, talk.jean, 1)

    answer = await talk.claire.refused(frames.Signal, conversation=talk.conversation, body=body)

    assert answer.code == Code.CALL_STALE_GENERATION


async def test_nor_is_it_good_again_after_somebody_left_and_came_back(house: House) -> None:
    """The numbers of the connection that is gone are spent."""
    talk = await a_talk(house)
    hugo = await joins_the_group(talk, "hugo")
    await talk.ok(talk.claire, frames.RingCall, persons=[hugo.person])
    await talk.ok(hugo, frames.AcceptCall)
    body = talk.signal_body(hugo, OFFER, epoch=2)
    await talk.claire.ok(frames.Signal, conversation=talk.conversation, body=body)
    await talk.ok(hugo, frames.HangUp)
    await talk.ok(hugo, frames.AcceptCall)

    answer = await talk.claire.refused(frames.Signal, conversation=talk.conversation, body=body)

    assert answer.code == Code.CALL_STALE_GENERATION


async def test_a_replay_within_its_generation_counts_like_any_other(home: Path) -> None:
    """The hub passes at most fifty on, to that one device; MLS there takes each once."""
    async with a_house(home, rates=WIDE) as house:
        talk = await a_talk(house)
        body = talk.signal_body(talk.jean, OFFER)

        answers = [
            await talk.claire.ask(frames.Signal, conversation=talk.conversation, body=body)
            for _ in range(MAX_SIGNALS + 10)
        ]

        assert sum(isinstance(one, Ok) for one in answers) == MAX_SIGNALS
        refused = [one for one in answers if isinstance(one, RefusedFrame)]
        assert {one.code for one in refused} == {Code.CALL_RATE_LIMITED}


@pytest.mark.parametrize("what", list(SignalType), ids=lambda what: what.name.lower())
async def test_who_left_or_declined_signals_nobody(house: House, what: SignalType) -> None:
    """The connection went with them."""
    talk = await a_talk(house)
    hugo = await joins_the_group(talk, "hugo")
    await talk.ok(talk.claire, frames.RingCall, persons=[hugo.person])
    await talk.ok(hugo, frames.DeclineCall)
    answer = await talk.signal(hugo, talk.jean, what, epoch=2)
    assert isinstance(answer, RefusedFrame)
    assert answer.code == Code.CALL_WRONG_STATE


# Floods


def a_signal_at(peer: Peer) -> SignalTo:
    """Return a signal of the greatest length on its way to a device."""
    push = frames.SignalPush(
        conversation="here", person="somebody", device="theirs", body=bytes(LONGEST_SIGNAL)
    )
    until = peer.house.clock.now() + 10 * SECONDS
    return SignalTo(call="call", generation=1, to=peer.device, push=push, until=until)


async def test_a_device_that_never_reads_costs_a_bounded_memory(home: Path) -> None:
    """Ten thousand signals at it: what waits fits its lane, and its call goes on for the other."""
    async with a_house(home, rates=WIDE) as house:
        talk = await a_talk(house)
        talk.jean.wire.reads.clear()
        lane = next(
            one._outbox._urgent  # type: ignore[attr-defined]
            for one in house.hub.fanout.subscribers()
            if one.device == talk.jean.device
        )

        answers = [
            await talk.signal(talk.claire, talk.jean, CANDIDATES, size=LONGEST_SIGNAL)
            for _ in range(MAX_SIGNALS + 10)
        ]
        # Behind that meter the lane holds by itself.
        for _ in range(10_000):
            house.hub.fanout.apply(a_signal_at(talk.jean))

        assert sum(isinstance(one, Ok) for one in answers) == MAX_SIGNALS
        assert len(lane._items) <= LANE_ITEMS
        assert sum(len(item.data) for item in lane._items) <= LANE_BYTES + 64 * 1024
        await talk.ok(talk.claire, frames.HangUp)


async def test_a_device_that_is_away_is_kept_a_bounded_mailbox(home: Path) -> None:
    """Every generation's fifty, ten times over: no more waits than a connection would take."""
    async with a_house(home, rates=WIDE) as house:
        talk = await a_talk(house)
        talk.jean.hang_up()
        await until(lambda: house.hub.fanout.heard_at(talk.jean.device) is None)

        for generation in range(1, MAX_REBUILDS + 1):
            for _ in range(MAX_SIGNALS):
                answer = await talk.signal(
                    talk.claire,
                    talk.jean,
                    CANDIDATES,
                    size=LONGEST_SIGNAL,
                    generation=generation,
                )
                assert isinstance(answer, Ok)
            await talk.lose_pair(talk.claire, talk.jean, generation)

        assert house.hub.fanout._mailbox._bytes <= LANE_BYTES < MAILBOX_BYTES
        back = await house.peer(
            "jean", device=talk.jean.device, signature_key=talk.jean.signature_key
        )
        await back.ok(frames.Ping)
        signals = [one for one in back.pushes if isinstance(one, frames.SignalPush)]
        assert 0 < len(signals) <= LANE_ITEMS


async def test_a_patient_opens_one_call_however_often_they_try(home: Path) -> None:
    """A conversation has one live call; the second lobby is the first one."""
    async with a_house(home, rates=WIDE) as house:
        _claire, jean, conversation = await a_pair(house)

        views = [
            (await jean.ok(frames.OpenCall, conversation=conversation, call=str(uuid.uuid4())))
            for _ in range(50)
        ]

        assert len({(one.result or {})["call"]["id"] for one in views}) == 1
        assert len(house.rows("SELECT id FROM call")) == 1
        assert [e["type"] for e in house.entries()].count("call.opened") == 1


async def test_opening_and_leaving_without_end_is_refused_for_a_while(home: Path) -> None:
    """Each lobby shows on other people's screens: so many a minute, then `E_RATE`."""
    rates = RateSettings(device="100000/second", conversation="100000/second", calls="5/minute")
    async with a_house(home, rates=rates) as house:
        claire, jean, conversation = await a_pair(house)
        for _ in range(5):
            call = str(uuid.uuid4())
            await jean.ok(frames.OpenCall, conversation=conversation, call=call)
            await jean.ok(frames.HangUp, conversation=conversation, call=call)

        again = {"conversation": conversation, "call": str(uuid.uuid4())}
        refused = await jean.refused(frames.OpenCall, **again)

        assert (refused.code, refused.retry) == (Code.E_RATE, "later")
        await claire.ok(frames.OpenCall, **again)


async def test_a_call_rings_nobody_twice_however_often_it_is_said(house: House) -> None:
    """The same person eight times over, again and again: one ring, one entry."""
    talk = await a_lobby(house)

    for _ in range(5):
        await talk.ok(talk.claire, frames.RingCall, persons=[talk.jean.person] * 8)

    assert talk.types().count("call.rang") == 1


@pytest.mark.parametrize("count", [0, 9, 5000])
async def test_a_list_of_persons_that_is_none_or_too_long_is_no_frame(
    house: House, count: int
) -> None:
    """One to eight: anything else is refused before anyone is looked up."""
    talk = await a_lobby(house)
    before = untouched(talk)

    persons = [str(uuid.uuid4()) for _ in range(count)]

    assert await talk.refused(talk.claire, frames.RingCall, persons=persons) == Code.E_MALFORMED
    assert untouched(talk) == before


# Roles


@pytest.mark.parametrize("slug", ["lea", "jean"], ids=["a technician", "a patient"])
async def test_only_a_pharmacist_rings(house: House, slug: str) -> None:
    """Also from the group, also from the lobby."""
    talk = await a_lobby(house)
    peer = talk.jean if slug == "jean" else await joins_the_group(talk, slug)
    await talk.ok(peer, frames.OpenCall)
    before = untouched(talk)

    code = await talk.refused(peer, frames.RingCall, persons=[talk.claire.person])

    assert code == Code.CALL_NOT_AUTHORIZED
    assert untouched(talk) == before


EVERY_FRAME: list[tuple[type[Any], dict[str, Any]]] = [
    (frames.OpenCall, {}),
    (frames.RingCall, {"persons": [PEOPLE["jean"].id]}),
    (frames.AcceptCall, {}),
    (frames.DeclineCall, {}),
    (frames.HangUp, {}),
    (frames.IssueTurn, {}),
]


@pytest.mark.parametrize("slug", ["lea", "nadia", "marc", "ines", "hugo", "sophie", "paul", "rose"])
async def test_nobody_outside_starts_rings_takes_or_ends_a_call(home: Path, slug: str) -> None:
    """Technician, courier, officer, reviewer, colleague, carer, the other pharmacy's people."""
    async with a_house(home, turn=TURN) as house:
        talk = await a_ringing(house)
        outsider = await house.peer(slug)
        before = untouched(talk)

        codes = {await talk.refused(outsider, kind, **fields) for kind, fields in EVERY_FRAME}

        assert codes <= {Code.CALL_NOT_MEMBER, Code.CALL_NOT_AUTHORIZED}
        assert untouched(talk) == before
        await outsider.nothing_but_pong()


@pytest.mark.parametrize("slug", ["lea", "nadia", "marc", "hugo", "paul", "rose"])
async def test_nobody_outside_learns_that_a_call_exists(house: House, slug: str) -> None:
    """A live call, an ended one and none at all: the same code, the same words, no conversation."""
    live, ended = await a_ringing(house), await a_talk(house)
    await ended.ok(ended.claire, frames.HangUp)
    nowhere = {"conversation": str(uuid.uuid4()), "call": str(uuid.uuid4())}
    outsider = await house.peer(slug)

    told = [
        [
            (answer.code, answer.text, answer.retry, answer.epoch)
            for kind, fields in EVERY_FRAME
            for answer in [await outsider.refused(kind, **named | fields)]
        ]
        for named in (live.here, ended.here, nowhere)
    ]

    assert told[0] == told[1] == told[2]
    tenant = PEOPLE[slug].tenant
    logs = house.refusals(tenant) + house.refusals(tenant, "technical")
    assert {entry["conversation"] for entry in logs} <= {None}


async def test_a_technician_who_waited_does_not_slip_in(house: House) -> None:
    """Into the lobby, out of it, and accept while the patient is being rung."""
    talk = await a_lobby(house)
    lea = await joins_the_group(talk, "lea")
    await talk.ok(lea, frames.OpenCall)
    await talk.ok(lea, frames.HangUp)
    await talk.ok(talk.claire, frames.RingCall, persons=[talk.jean.person])

    assert await talk.refused(lea, frames.AcceptCall) == Code.CALL_WRONG_STATE


async def test_a_technician_alone_does_not_hold_a_call(house: House) -> None:
    """When the pharmacist hangs up it is over for the patient too."""
    talk = await a_talk(house)
    lea = await joins_the_group(talk, "lea")
    await talk.ok(talk.claire, frames.RingCall, persons=[lea.person])
    await talk.ok(lea, frames.AcceptCall)

    assert (await talk.ok(talk.claire, frames.HangUp))["state"] == "ended"


async def test_a_colleague_does_not_walk_in_on_a_call(house: House) -> None:
    """A pharmacist of the conversation, waiting outside, rings somebody new: not from there."""
    talk = await a_talk(house)
    hugo = await joins_the_group(talk, "hugo")
    a_colleague(house, talk.conversation, PEOPLE["lea"])
    await talk.ok(hugo, frames.OpenCall)

    code = await talk.refused(hugo, frames.RingCall, persons=[PEOPLE["lea"].id])

    assert code == Code.CALL_WRONG_STATE


# Borrowed identities


async def test_nobody_accepts_as_a_device_that_is_somebody_elses(house: House) -> None:
    """A device's id belongs to the first person that said hello with it."""
    talk = await a_ringing(house)
    before = untouched(talk)
    thief = await house.knock("hugo")

    answer = await thief.refused(
        frames.Hello, device=talk.jean.device, signature_key=talk.jean.signature_key
    )
    thief.send(frames.AcceptCall(id="theirs", **talk.here))

    assert answer.code == Code.E_DEVICE
    assert await thief.closed() == Close.FORBIDDEN
    assert untouched(talk) == before


async def test_the_id_of_a_call_is_nobody_elses_in_another_pharmacy(house: House) -> None:
    """Live or ended: opening under it there begins nothing and touches nothing here."""
    talk = await a_talk(house)
    paul, rose = await house.peer("paul"), await house.peer("rose", packages=1)
    theirs = await paul.create("rose")
    await paul.add(theirs, "rose")
    await rose.push(frames.WelcomePush)
    before = untouched(talk)

    codes = {(await paul.refused(frames.OpenCall, conversation=theirs, call=talk.call)).code}
    await talk.ok(talk.claire, frames.HangUp)
    codes |= {(await paul.refused(frames.OpenCall, conversation=theirs, call=talk.call)).code}

    assert codes == {Code.CALL_NOT_MEMBER}
    assert before[1] == talk.types()[: len(before[1])]
    assert len(house.rows("SELECT id FROM call")) == 1
    assert all(e["conversation"] != theirs for e in house.entries() if e["type"] == "call.opened")


async def test_a_second_device_ends_nothing_and_takes_nothing(home: Path) -> None:
    """A stolen session of the same person, on another device of the group."""
    async with a_house(home, turn=TURN) as house:
        talk = await a_talk(house)
        tablet = await joins_the_group(talk, "jean")
        before = untouched(talk)

        codes = [
            await talk.refused(tablet, frames.HangUp),
            await talk.refused(tablet, frames.IssueTurn),
            await talk.refused(tablet, frames.AcceptCall),
        ]

        assert codes == [Code.CALL_WRONG_STATE, Code.CALL_WRONG_STATE, Code.CALL_TAKEN]
        assert untouched(talk) == before


# Credentials of the relay


async def ringing(talk: Talk) -> None:
    """Leave the call as it is: it rings at Jean's."""


async def declined(talk: Talk) -> None:
    """Hugo is in it, Jean said no."""
    hugo = await joins_the_group(talk, "hugo")
    await talk.ok(talk.claire, frames.RingCall, persons=[hugo.person])
    await talk.ok(hugo, frames.AcceptCall)
    await talk.ok(talk.jean, frames.DeclineCall)


async def left(talk: Talk) -> None:
    """Hugo is in it, Jean was."""
    hugo = await joins_the_group(talk, "hugo")
    await talk.ok(talk.claire, frames.RingCall, persons=[hugo.person])
    await talk.ok(hugo, frames.AcceptCall)
    await talk.ok(talk.jean, frames.AcceptCall)
    await talk.ok(talk.jean, frames.HangUp)


async def left_and_waits(talk: Talk) -> None:
    """He waits to be let in again."""
    await left(talk)
    await talk.ok(talk.jean, frames.OpenCall)


async def ended(talk: Talk) -> None:
    """It is over."""
    await talk.ok(talk.jean, frames.AcceptCall)
    await talk.ok(talk.claire, frames.HangUp)


@pytest.mark.parametrize(
    "gone", [ringing, declined, left, left_and_waits, ended], ids=lambda one: one.__name__
)
async def test_no_credentials_for_who_is_not_in_the_call(
    home: Path, gone: Callable[[Talk], Awaitable[None]]
) -> None:
    """A place on the relay is for who talks, now."""
    async with a_house(home, turn=TURN) as house:
        talk = await a_ringing(house)
        await gone(talk)
        before = untouched(talk)

        assert await talk.refused(talk.jean, frames.IssueTurn) == Code.CALL_WRONG_STATE

        assert untouched(talk) == before


# The trail


WORDS = {
    *("call", "state", "reason", "persons", "how", "minutes", "peer", "generation", "relay"),
    *("stage", "after_ms", "why", "code", "devices", "person", "device", "count"),
}


async def test_the_trail_of_a_call_holds_no_body_and_no_address(home: Path) -> None:
    """Its entries say known words, ids and numbers; nothing of a signal is in the directory."""
    async with a_house(home, turn=TURN) as house:
        talk = await a_ringing(house)
        await talk.ok(talk.jean, frames.AcceptCall)
        sealed = [talk.signal_body(talk.jean, OFFER), talk.signal_body(talk.claire, ANSWER)]
        for sender, body in zip((talk.claire, talk.jean), sealed, strict=True):
            await sender.ok(frames.Signal, conversation=talk.conversation, body=body)
        await talk.connect()
        turn = (await talk.claire.ok(frames.IssueTurn, **talk.here)).result or {}
        await talk.lose_pair(talk.claire, talk.jean, 1)
        await talk.ok(talk.claire, frames.HangUp)
        entries = talk.entries()
    stored = every_byte(home)

    assert len(entries) >= 8
    for entry in entries:
        assert set(entry["outcome"]) <= WORDS, entry
        assert "credential" not in json.dumps(entry)
    for secret in (turn["credential"].encode(), TURN.secret.reveal(), *(b[-64:] for b in sealed)):
        assert secret not in stored


# The hub is cut down


async def test_a_hub_that_dies_between_accept_and_answer_keeps_the_call(home: Path) -> None:
    """Accepted is durable: the device finds itself in it, and to accept again is nothing new."""
    clock = Hands()
    async with a_house(home, clock=clock) as house:
        talk = await a_ringing(house)
        talk.jean.wire.reads.clear()
        talk.jean.send(frames.AcceptCall(id="lost", **talk.here))
        await until(lambda: "call.accepted" in talk.types())
    clock.turn(5)

    async with a_house(home, clock=clock) as house:
        jean = await house.peer(
            "jean", device=talk.jean.device, signature_key=talk.jean.signature_key
        )
        (call,) = jean.welcomed["calls"]
        assert call["id"] == talk.call
        assert {leg["device"] for leg in call["legs"]} == {talk.claire.device, jean.device}

        again = await jean.ok(frames.AcceptCall, **talk.here)

        assert again.receipt is None
        revived = Talk(house, talk.claire, jean, talk.conversation, talk.call)
        assert revived.types().count("call.accepted") == 1


async def test_after_a_restart_the_trail_says_of_nobody_that_they_are_back_who_are_not(
    home: Path,
) -> None:
    """The hub hears no one yet: it does not write that it does."""
    clock = Hands()
    async with a_house(home, clock=clock) as house:
        talk = await a_talk(house)
        await talk.connect()
        clock.turn(12)
        await house.hub.calls.sweep()
        assert "call.socket_lost" in talk.types()
    clock.turn(5)

    async with a_house(home, clock=clock) as house:
        for _ in range(3):
            await house.hub.calls.sweep()

        assert (
            "call.socket_back"
            not in Talk(house, talk.claire, talk.jean, talk.conversation, talk.call).types()
        )


# The clock


async def test_a_clock_that_jumps_back_breaks_nothing_and_ends_nothing(house: House) -> None:
    """No entry goes back in time, no interval is negative, and people go on talking."""
    talk = await a_ringing(house)
    house.clock.turn(-3600)

    await talk.ok(talk.jean, frames.AcceptCall)
    await talk.connect()
    await house.hub.calls.sweep()
    await talk.lose_pair(talk.claire, talk.jean, 1)
    await talk.ok(talk.claire, frames.HangUp)

    entries = talk.entries()
    times = [entry["ts"] for entry in house.entries()]
    assert times == sorted(times)
    assert all(e["outcome"].get("after_ms", 0) >= 0 for e in entries)
    assert entries[-1]["outcome"]["reason"] == Code.CALL_PEER_LEFT


async def test_a_clock_that_jumps_forward_misses_the_ring_and_hangs_nothing(house: House) -> None:
    """Whatever was due is done, once."""
    talk = await a_ringing(house)
    house.clock.turn(86_400)

    for _ in range(3):
        await house.hub.calls.sweep()

    assert talk.types().count("call.missed") <= 1
    view = json.loads(talk.row()[-1])
    assert view["state"] == "ended"
    assert len(house.hub.calls) == 0
