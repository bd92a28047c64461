"""The desk that watches calls: silence, deadlines, restarts. Time passes when the test says so."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from signaling import call as machine
from signaling import frames
from signaling.call import CallFacts, CallState, Leg, LegFacts
from tests.server.house import Hands, House, Peer, a_house, until
from tests.server.talk import (
    Talk,
    a_lobby,
    a_ringing,
    a_talk,
    next_view,
)


async def passes(talk: Talk, seconds: float, *heard: Peer) -> None:
    """Let time pass, in which some devices say something every five seconds; the desk looks."""
    while True:
        step = min(5, seconds)
        talk.house.clock.turn(step)
        for peer in heard:
            await peer.ok(frames.Ping)
        await talk.house.hub.calls.sweep()
        seconds = round(seconds - step, 6)
        if seconds <= 0:
            return


def facts(talk: Talk) -> CallFacts:
    """Return the call as the database has it."""
    ((stored,),) = talk.house.rows(f"SELECT facts FROM call WHERE id = '{talk.call}'")
    return machine.decode(stored)


def leg(talk: Talk, peer: Peer) -> LegFacts:
    """Return where a person is in the call."""
    found = facts(talk).leg(peer.person)
    assert found is not None
    return found


def by_hub(talk: Talk) -> list[tuple[str, dict[str, Any]]]:
    """Return the entries that the hub wrote by itself: type and outcome, without the call."""
    return [
        (entry["type"], {k: v for k, v in entry["outcome"].items() if k != "call"})
        for entry in talk.entries()
        if entry["actor"] == {"device": None, "person": "hub", "role": "hub"}
    ]


async def an_active_talk(house: House) -> Talk:
    """A call in which both see and hear each other."""
    talk = await a_talk(house)
    await talk.connect()
    return talk


# Deadlines


async def test_a_ring_that_nobody_answers_is_missed_after_two_minutes(house: House) -> None:
    """Not a second before; told to both, and an entry that is nobody's act."""
    talk = await a_ringing(house)
    await passes(talk, 119, talk.claire, talk.jean)
    assert facts(talk).state is CallState.RINGING

    await passes(talk, 1, talk.claire, talk.jean)

    for peer in (talk.claire, talk.jean):
        assert (await next_view(peer, "ended")).reason == "call.timeout"
    (missed,) = by_hub(talk)
    assert missed == (
        "call.missed",
        {"person": talk.jean.person, "reason": "call.timeout", "state": "ended"},
    )
    entry = talk.entries()[-1]
    assert entry["decision"] == {"effect": "permit", "rule": "call.clock"}
    assert (entry["conversation"], entry["subject"]) == (talk.conversation, talk.jean.person)


async def test_a_connection_that_does_not_come_is_made_anew(house: House) -> None:
    """After eight seconds, even if neither side asks: nobody hangs in silence."""
    talk = await a_talk(house)

    await passes(talk, 8, talk.claire, talk.jean)

    (pair,) = facts(talk).pairs
    assert pair.generation == 2
    ((what, outcome),) = by_hub(talk)
    assert (what, outcome["why"]) == ("call.pair_lost", "overdue")


async def test_after_the_end_nothing_is_watched(house: House) -> None:
    """The desk forgets a call with its last step."""
    talk = await an_active_talk(house)
    assert len(house.hub.calls) == 1

    await talk.ok(talk.claire, frames.HangUp)
    await passes(talk, 3600)

    assert len(house.hub.calls) == 0
    assert by_hub(talk) == []


async def test_a_deadline_needs_nobody_to_look(home: Path) -> None:
    """The one timer of all calls goes off by itself."""
    async with a_house(home, call_sweep_seconds=0.01) as house:
        talk = await a_ringing(house)
        house.clock.turn(120)

        assert (await next_view(talk.jean, "ended")).reason == "call.timeout"


# Silence


async def test_a_joined_device_that_is_silent_for_twelve_seconds_is_away(house: House) -> None:
    """Told to the other side, an entry, and the call goes on: media may flow without us."""
    talk = await an_active_talk(house)
    await passes(talk, 11.9, talk.claire)
    assert by_hub(talk) == []

    await passes(talk, 0.1, talk.claire)

    view = await next_view(talk.claire, "active")
    while not any(one.away for one in view.legs):
        view = await next_view(talk.claire, "active")
    assert [one.person for one in view.legs if one.away] == [talk.jean.person]
    assert by_hub(talk) == [
        (
            "call.socket_lost",
            {"device": talk.jean.device, "person": talk.jean.person, "state": "active"},
        )
    ]


async def test_a_device_that_speaks_is_not_away(house: House) -> None:
    """Any frame counts, also a ping."""
    talk = await an_active_talk(house)

    await passes(talk, 60, talk.claire, talk.jean)

    assert by_hub(talk) == []


async def test_a_device_that_was_away_is_back_when_it_says_hello(house: House) -> None:
    """At once, not at the next sweep."""
    talk = await an_active_talk(house)
    talk.jean.hang_up()
    await until(lambda: house.hub.fanout.heard_at(talk.jean.device) is None)
    await passes(talk, 12, talk.claire)
    assert leg(talk, talk.jean).lost_at is not None

    await house.peer("jean", device=talk.jean.device, signature_key=talk.jean.signature_key)
    await until(lambda: leg(talk, talk.jean).lost_at is None)

    assert [what for what, _ in by_hub(talk)] == ["call.socket_lost", "call.socket_back"]


async def test_a_device_that_is_away_for_a_moment_was_never_away(house: House) -> None:
    """A lift, a tunnel: eleven seconds without a socket leave no trace."""
    talk = await an_active_talk(house)
    talk.jean.hang_up()
    await until(lambda: house.hub.fanout.heard_at(talk.jean.device) is None)

    await passes(talk, 11, talk.claire)
    await house.peer("jean", device=talk.jean.device, signature_key=talk.jean.signature_key)
    await passes(talk, 11, talk.claire)

    assert by_hub(talk) == []


async def test_thirty_seconds_after_it_was_lost_it_has_left(house: House) -> None:
    """The grace is over: the other one is told that the media is lost for good."""
    talk = await an_active_talk(house)
    await passes(talk, 12, talk.claire)
    await passes(talk, 29.9, talk.claire)
    assert leg(talk, talk.jean).state is Leg.JOINED

    await passes(talk, 0.1, talk.claire)

    assert leg(talk, talk.jean).state is Leg.LEFT
    assert [what for what, _ in by_hub(talk)] == ["call.socket_lost", "call.left"]


async def test_a_telephone_that_locks_itself_keeps_its_place(house: House) -> None:
    """Shown as away after thirty seconds, for fifteen minutes; and that is in no trail."""
    talk = await a_lobby(house)
    await talk.ok(talk.jean, frames.OpenCall)
    await passes(talk, 29.9, talk.claire)
    assert leg(talk, talk.jean).lost_at is None

    await passes(talk, 0.1, talk.claire)

    assert leg(talk, talk.jean).lost_at is not None
    await passes(talk, 15 * 60 - 1, talk.claire)
    assert leg(talk, talk.jean).state is Leg.WAITING
    assert by_hub(talk) == []
    await passes(talk, 1, talk.claire)
    assert leg(talk, talk.jean).state is Leg.LEFT
    assert [what for what, _ in by_hub(talk)] == ["call.left"]


async def test_a_telephone_that_wakes_up_has_its_place_again(house: House) -> None:
    """It speaks on the socket that it had: the others see it at the next look."""
    talk = await a_lobby(house)
    await talk.ok(talk.jean, frames.OpenCall)
    await passes(talk, 30, talk.claire)

    await passes(talk, 60, talk.claire, talk.jean)

    assert leg(talk, talk.jean).lost_at is None
    assert by_hub(talk) == []


# The writer has no room


async def test_what_the_writer_cannot_take_is_done_later(house: House) -> None:
    """A full disk when the ringing ends: nothing is told, and it ends when there is room."""
    talk = await a_ringing(house)
    house.run("CREATE TRIGGER broken BEFORE UPDATE ON call BEGIN SELECT RAISE(ABORT, 'full'); END")
    await passes(talk, 120, talk.claire, talk.jean)
    assert facts(talk).state is CallState.RINGING
    house.run("DROP TRIGGER broken")

    await passes(talk, 0.9, talk.claire, talk.jean)
    assert facts(talk).state is CallState.RINGING
    await passes(talk, 0.1, talk.claire, talk.jean)

    assert facts(talk).state is CallState.ENDED
    assert [what for what, _ in by_hub(talk)] == ["call.missed"]


# A restart of the hub ends nothing


async def returns(house: House, peer: Peer) -> Peer:
    """Have a device of before connect to the hub of now."""
    return await house.peer(peer.slug, device=peer.device, signature_key=peer.signature_key)


async def test_a_restart_keeps_the_call(home: Path) -> None:
    """Whoever comes back within seconds finds it as it was, and nothing of it is in the trail."""
    async with a_house(home) as house:
        talk = await an_active_talk(house)
        before = facts(talk)

    async with a_house(home) as house:
        again = Talk(house, talk.claire, talk.jean, talk.conversation, talk.call)
        claire = await returns(house, talk.claire)
        assert [one["id"] for one in claire.welcomed["calls"]] == [talk.call]
        await passes(again, 11.9, claire)
        jean = await returns(house, talk.jean)
        await passes(again, 5, claire, jean)

        assert facts(again) == before
        assert by_hub(again) == []
        assert (await again.lose_pair(jean, claire, 1))["pairs"][0]["generation"] == 2


async def test_after_a_restart_silence_counts_from_then(home: Path) -> None:
    """Nobody comes back: away after twelve seconds, gone thirty later."""
    async with a_house(home) as house:
        talk = await an_active_talk(house)

    async with a_house(home) as house:
        again = Talk(house, talk.claire, talk.jean, talk.conversation, talk.call)
        claire = await returns(house, talk.claire)
        await passes(again, 11.9, claire)
        assert by_hub(again) == []
        await passes(again, 0.1, claire)
        assert [what for what, _ in by_hub(again)] == ["call.socket_lost"]
        await passes(again, 30, claire)
        assert [what for what, _ in by_hub(again)] == ["call.socket_lost", "call.left"]


async def test_what_fell_due_while_the_hub_was_away_begins_again(home: Path) -> None:
    """A ring of two minutes, the hub down for ten: nobody missed what could not be answered."""
    clock = Hands()
    async with a_house(home, clock=clock) as house:
        talk = await a_ringing(house)
    clock.turn(600)

    async with a_house(home, clock=clock) as house:
        again = Talk(house, talk.claire, talk.jean, talk.conversation, talk.call)
        claire, jean = await returns(house, talk.claire), await returns(house, talk.jean)
        await passes(again, 0, claire, jean)
        await passes(again, 11, claire, jean)
        await again.ok(jean, frames.AcceptCall)

        assert facts(again).state is CallState.ACCEPTED
        assert [what for what, _ in by_hub(again) if what != "call.socket_back"] == []


async def test_a_grace_that_ran_when_the_hub_went_begins_again(home: Path) -> None:
    """Away when it stopped: thirty seconds from the restart, whatever the clock says."""
    clock = Hands()
    async with a_house(home, clock=clock) as house:
        talk = await an_active_talk(house)
        await passes(talk, 12, talk.claire)
    clock.turn(60)

    async with a_house(home, clock=clock) as house:
        again = Talk(house, talk.claire, talk.jean, talk.conversation, talk.call)
        claire = await returns(house, talk.claire)
        await passes(again, 0, claire)
        await passes(again, 29, claire)
        assert leg(again, talk.jean).state is Leg.JOINED
        await passes(again, 1, claire)
        assert leg(again, talk.jean).state is Leg.LEFT


async def test_an_ended_call_does_not_come_back(home: Path) -> None:
    """A restart takes up what is live, and nothing else."""
    async with a_house(home) as house:
        talk = await a_talk(house)
        await talk.ok(talk.claire, frames.HangUp)
        assert facts(talk).state is CallState.ENDED

    async with a_house(home) as house:
        claire = await returns(house, talk.claire)

        assert claire.welcomed["calls"] == []
        assert len(house.hub.calls) == 0
