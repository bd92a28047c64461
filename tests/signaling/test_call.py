"""A call, rule by rule: who may do what in it, what each clock ends, what the trail is told."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from signaling import call as calls
from signaling import frames
from signaling.call import CallState, Leg, SocketLost, Stage
from signaling.codes import Code
from signaling.errors import CallRefused
from tests.signaling.call_builders import (
    ANNE,
    CLAIRE,
    CLAIRE_ELSEWHERE,
    HUGO,
    JEAN,
    JEAN_TABLET,
    LEA,
    NOON,
    PAUL,
    SOPHIE,
    Played,
    a_frame,
    a_lobby,
    a_ringing_call,
    an_accepted_call,
    an_active_call,
    an_ended_call,
)

JUST_BEFORE = 0.001
"""Seconds before a boundary."""


def refused(code: Code) -> pytest.RaisesExc[CallRefused]:
    """Expect a refusal with this very code."""
    return pytest.raises(CallRefused, match=f"^{re.escape(code)}$")


def whats(play: Played) -> list[str]:
    """Return the kinds of the entries since the last look."""
    return [event.what for event in play.told()]


# The lobby


def test_who_opens_the_lobby_waits_in_it_and_nobody_is_rung() -> None:
    """Preparing disturbs nobody."""
    play = Played()

    play.open(CLAIRE)

    assert play.state is CallState.LOBBY
    assert play.leg(CLAIRE).state is Leg.WAITING
    assert play.leg(CLAIRE).device == CLAIRE.device
    assert whats(play) == ["opened"]


def test_a_patient_may_wait_before_any_pharmacist_comes() -> None:
    """The waiting room needs no one inside."""
    assert a_lobby(JEAN).state is CallState.LOBBY


def test_opening_the_lobby_again_on_the_same_device_is_nothing_new() -> None:
    """A retry after a lost answer leaves no second entry."""
    play = a_lobby(JEAN)

    play.open(JEAN)

    assert whats(play) == []
    assert play.call.take_outgoing() == []


def test_who_opens_the_lobby_on_another_device_waits_there_instead() -> None:
    """One person, one place."""
    play = a_lobby(JEAN)

    play.open(JEAN_TABLET)

    assert play.leg(JEAN).device == JEAN_TABLET.device
    assert len(play.call.facts.legs) == 1


def test_who_is_in_the_call_does_not_wait_for_it() -> None:
    """On the same device it is out of place; on another the call is taken."""
    play = an_active_call()

    with refused(Code.CALL_WRONG_STATE):
        play.open(JEAN)
    with refused(Code.CALL_TAKEN):
        play.open(JEAN_TABLET)


def test_who_is_rung_accepts_and_does_not_wait() -> None:
    """It rings already: there is a call to accept."""
    with refused(Code.CALL_WRONG_STATE):
        a_ringing_call(JEAN).open(JEAN)


def test_a_lobby_that_everybody_left_is_over() -> None:
    """Nobody waits for nobody."""
    play = a_lobby(JEAN, SOPHIE)

    play.hang_up(JEAN)
    assert play.state is CallState.LOBBY
    play.hang_up(SOPHIE)

    assert (play.state, play.reason) == (CallState.ENDED, Code.CALL_CANCELLED)
    assert whats(play) == ["left", "ended"]


def test_the_place_of_a_locked_telephone_is_kept_for_fifteen_minutes() -> None:
    """A quarter of an hour less a moment: still there; then the lobby is over."""
    play = a_lobby(JEAN)
    play.lose(JEAN)

    play.wait(15 * 60 - JUST_BEFORE)
    assert play.leg(JEAN).state is Leg.WAITING
    play.wait(JUST_BEFORE)

    assert (play.state, play.reason) == (CallState.ENDED, Code.CALL_TIMEOUT)


def test_a_telephone_that_comes_back_has_its_place() -> None:
    """Each absence has its own fifteen minutes."""
    play = a_lobby(JEAN)
    play.lose(JEAN)
    play.wait(14 * 60)

    play.hear(JEAN)
    play.wait(2 * 60)

    assert play.leg(JEAN).state is Leg.WAITING
    assert play.leg(JEAN).lost_at is None


def test_a_locked_telephone_in_the_lobby_is_presence_and_no_entry() -> None:
    """Members see it; the trail does not follow people's telephones."""
    play = a_lobby(JEAN)

    play.lose(JEAN)

    (seen,) = play.call.take_outgoing()
    assert seen.legs[0].away
    assert seen.legs[0].until == NOON + 15 * 60 * calls.SECOND
    assert whats(play) == []


def test_a_forgotten_tab_keeps_no_lobby_open_for_ever() -> None:
    """After four hours whoever waits is told that nobody came."""
    play = a_lobby(JEAN)

    play.wait(calls.LOBBY_SECONDS - JUST_BEFORE)
    assert play.state is CallState.LOBBY
    play.wait(JUST_BEFORE)

    assert (play.state, play.reason) == (CallState.ENDED, Code.CALL_TIMEOUT)


def test_those_who_wait_leave_a_place_for_a_pharmacist() -> None:
    """Three may wait without one; the fourth place is hers."""
    play = a_lobby(JEAN, SOPHIE, ANNE)

    with refused(Code.CALL_FULL):
        play.open(LEA)
    play.open(CLAIRE)
    with refused(Code.CALL_FULL):
        play.open(HUGO)


def test_a_delay_is_told_to_those_who_wait() -> None:
    """« Retard 5 min »."""
    play = a_lobby(CLAIRE, JEAN)

    play.send(CLAIRE, frames.DelayCall, minutes=5)

    assert play.call.facts.delayed_until == NOON + 5 * 60 * calls.SECOND
    assert whats(play) == ["delayed"]


@pytest.mark.parametrize("who", [JEAN, SOPHIE, LEA], ids=lambda who: who.role)
def test_only_a_pharmacist_announces_a_delay(who: calls.Sender) -> None:
    """Nobody else makes a patient wait."""
    with refused(Code.CALL_NOT_AUTHORIZED):
        a_lobby(CLAIRE, JEAN).send(who, frames.DelayCall, minutes=5)


def test_there_is_nothing_to_delay_once_it_rings() -> None:
    """A delay is of the lobby."""
    with refused(Code.CALL_WRONG_STATE):
        a_ringing_call().send(CLAIRE, frames.DelayCall, minutes=5)


def test_ringing_ends_the_delay() -> None:
    """She is there now."""
    play = a_lobby(CLAIRE, JEAN)
    play.send(CLAIRE, frames.DelayCall, minutes=5)

    play.ring(CLAIRE, JEAN)

    assert play.call.facts.delayed_until is None


# Ringing


def test_a_pharmacist_in_the_lobby_rings_and_is_in_the_call() -> None:
    """She is the caller; the other's telephone rings."""
    play = a_lobby(CLAIRE)

    play.ring(CLAIRE, JEAN)

    assert play.state is CallState.RINGING
    assert play.call.facts.caller == CLAIRE.person
    assert play.joined == {"claire"}
    assert play.leg(JEAN).state is Leg.RINGING
    assert [(event.what, event.outcome["persons"]) for event in play.told()] == [("rang", ["jean"])]


@pytest.mark.parametrize("who", [JEAN, SOPHIE, LEA], ids=lambda who: who.role)
def test_nobody_rings_but_a_pharmacist(who: calls.Sender) -> None:
    """A technician has no start button, and a patient waits to be let in."""
    with refused(Code.CALL_NOT_AUTHORIZED):
        a_lobby(who).ring(who, CLAIRE)


def test_a_pharmacist_rings_from_the_lobby_and_from_the_device_she_waits_on() -> None:
    """Otherwise her picture would be on one screen and the button on another."""
    with refused(Code.CALL_WRONG_STATE):
        a_lobby(JEAN).ring(CLAIRE, JEAN)
    with refused(Code.CALL_WRONG_STATE):
        a_lobby(CLAIRE).ring(CLAIRE_ELSEWHERE, JEAN)


def test_a_pharmacist_outside_a_call_that_has_begun_does_not_ring_herself_in() -> None:
    """Whoever comes later is let in by somebody inside: nobody walks in on a conversation."""
    play = an_active_call()
    play.open(HUGO)

    with refused(Code.CALL_WRONG_STATE):
        play.ring(HUGO, SOPHIE)

    assert play.joined == {"claire", "jean"}


def test_a_stranger_to_the_conversation_is_not_rung() -> None:
    """Nor anyone else named beside them."""
    play = a_lobby(CLAIRE)

    with refused(Code.CALL_NOT_MEMBER):
        play.ring(CLAIRE, JEAN, PAUL)

    assert play.state is CallState.LOBBY
    assert play.call.facts.leg("jean") is None


def test_who_waits_is_let_in_at_once() -> None:
    """To wait in the lobby was to say yes."""
    play = a_lobby(CLAIRE, JEAN)

    play.ring(CLAIRE, JEAN)

    assert play.state is CallState.ACCEPTED
    assert play.connections == {frozenset({CLAIRE.device, JEAN.device})}


def test_who_waits_behind_a_locked_telephone_is_rung() -> None:
    """Nobody is put before a camera they do not look into."""
    play = a_lobby(CLAIRE, JEAN)
    play.lose(JEAN)

    play.ring(CLAIRE, JEAN)

    assert play.leg(JEAN).state is Leg.RINGING
    assert play.leg(JEAN).device is None
    play.accept(JEAN_TABLET)
    assert play.joined == {"claire", "jean"}


def test_who_waits_and_is_not_asked_stays_in_the_lobby() -> None:
    """A carer who waits does not see the patient being received."""
    play = a_lobby(CLAIRE, JEAN, SOPHIE)

    play.ring(CLAIRE, JEAN)

    assert play.leg(SOPHIE).state is Leg.WAITING
    with refused(Code.CALL_WRONG_STATE):
        play.accept(SOPHIE)


def test_to_have_waited_once_is_not_to_be_asked() -> None:
    """Leaving the lobby and accepting is no way around the pharmacist."""
    play = a_lobby(CLAIRE, SOPHIE)
    play.hang_up(SOPHIE)
    play.ring(CLAIRE, JEAN)

    with refused(Code.CALL_WRONG_STATE):
        play.accept(SOPHIE)

    assert play.joined == {"claire"}


def test_who_was_not_rung_does_not_accept() -> None:
    """Being a member of the conversation is not enough."""
    with refused(Code.CALL_WRONG_STATE):
        a_ringing_call(JEAN).accept(SOPHIE)


def test_ringing_somebody_who_rings_or_is_in_is_nothing_new() -> None:
    """The two minutes do not begin again, and a second press leaves no second entry."""
    play = a_ringing_call(JEAN)
    until = play.leg(JEAN).until
    play.sleep(30)

    play.ring(CLAIRE, JEAN, CLAIRE)

    assert play.leg(JEAN).until == until
    assert whats(play) == []


def test_four_people_are_a_full_call() -> None:
    """The fifth is refused, whether rung, waiting or coming back."""
    play = an_active_call(JEAN, SOPHIE, ANNE)

    with refused(Code.CALL_FULL):
        play.ring(CLAIRE, HUGO)
    with refused(Code.CALL_FULL):
        play.open(HUGO)
    play.hang_up(ANNE)
    play.ring(CLAIRE, HUGO)
    with refused(Code.CALL_FULL):
        play.accept(ANNE)


def test_a_ring_of_too_many_rings_nobody() -> None:
    """All or none: a frame that is refused has no effect."""
    play = a_lobby(CLAIRE)

    with refused(Code.CALL_FULL):
        play.ring(CLAIRE, JEAN, SOPHIE, ANNE, HUGO)

    assert play.state is CallState.LOBBY


@pytest.mark.parametrize(
    ("who", "seconds"), [(JEAN, 120), (SOPHIE, 120), (HUGO, 45), (LEA, 45)], ids=str
)
def test_it_rings_two_minutes_at_home_and_45_seconds_at_work(
    who: calls.Sender, seconds: int
) -> None:
    """A patient is fetching his glasses."""
    play = a_ringing_call(who)

    play.wait(seconds - JUST_BEFORE)
    assert play.state is CallState.RINGING
    play.wait(JUST_BEFORE)

    assert (play.state, play.reason) == (CallState.ENDED, Code.CALL_TIMEOUT)
    assert play.leg(who).state is Leg.MISSED
    assert whats(play) == ["missed"]


def test_a_call_rings_on_while_one_of_several_can_still_answer() -> None:
    """The colleague's telephone stops at 45 seconds, the patient's goes on."""
    play = a_ringing_call(JEAN, HUGO)

    play.wait(60)

    assert play.state is CallState.RINGING
    assert play.leg(HUGO).state is Leg.MISSED
    assert play.leg(JEAN).state is Leg.RINGING


def test_a_caller_who_hangs_up_cancels() -> None:
    """Whoever was rung has missed a call."""
    play = a_ringing_call(JEAN)

    play.hang_up(CLAIRE)

    assert (play.state, play.reason) == (CallState.ENDED, Code.CALL_CANCELLED)
    assert play.leg(JEAN).state is Leg.MISSED


def test_a_caller_who_is_not_heard_for_thirty_seconds_cancels_too() -> None:
    """No telephone rings for somebody who is not there."""
    play = a_ringing_call(JEAN)
    play.lose(CLAIRE)

    play.wait(30)

    assert (play.state, play.reason) == (CallState.ENDED, Code.CALL_CANCELLED)


# Answering


def test_the_first_device_to_accept_has_the_call() -> None:
    """The other one is told that it is taken, and nothing changes."""
    play = a_ringing_call()

    play.accept(JEAN)
    with refused(Code.CALL_TAKEN):
        play.accept(JEAN_TABLET)

    assert play.leg(JEAN).device == JEAN.device
    assert whats(play) == ["accepted"]


def test_accepting_again_on_the_same_device_is_nothing_new() -> None:
    """A page that was reloaded, or an answer that got lost, does not disturb its call."""
    play = an_active_call()

    play.accept(JEAN)

    assert play.call.take_outgoing() == []
    assert whats(play) == []


def test_accepting_makes_one_connection_with_each_who_is_there() -> None:
    """A mesh: three people, three connections."""
    play = an_accepted_call(JEAN, SOPHIE)

    assert play.connections == {
        frozenset({CLAIRE.device, JEAN.device}),
        frozenset({CLAIRE.device, SOPHIE.device}),
        frozenset({JEAN.device, SOPHIE.device}),
    }


@pytest.mark.parametrize(
    ("call_me", "state"),
    [(False, Leg.DECLINED), (True, Leg.CALL_ME)],
    ids=["no", "« Appelez-moi »"],
)
def test_a_refusal_holds_for_all_devices_and_ends_a_call_of_two(call_me: bool, state: Leg) -> None:
    """It stops ringing everywhere; the caller knows why."""
    play = a_ringing_call()

    play.decline(JEAN, call_me=call_me)

    assert (play.state, play.reason) == (CallState.ENDED, Code.CALL_DECLINED)
    assert play.leg(JEAN).state is state
    assert [(event.what, event.outcome["how"]) for event in play.told()] == [("declined", state)]


def test_a_refusal_among_several_leaves_the_others_ringing() -> None:
    """One no is not everybody's."""
    play = a_ringing_call(JEAN, SOPHIE)

    play.decline(SOPHIE)

    assert play.state is CallState.RINGING


def test_who_declined_may_think_better_of_it_while_the_call_goes_on() -> None:
    """They were asked: the door stays open."""
    play = an_accepted_call(JEAN)
    play.ring(CLAIRE, SOPHIE)
    play.decline(SOPHIE)

    play.accept(SOPHIE)

    assert play.joined == {"claire", "jean", "sophie"}


@pytest.mark.parametrize("play", [a_lobby(CLAIRE, JEAN), an_active_call()], ids=["waiting", "in"])
def test_there_is_nothing_to_decline_for_who_waits_or_is_in(play: Played) -> None:
    """They hang up."""
    with refused(Code.CALL_WRONG_STATE):
        play.decline(JEAN)


def test_a_missed_call_is_not_declined_afterwards() -> None:
    """The trail already says how it went."""
    play = an_active_call(SOPHIE)
    play.ring(CLAIRE, JEAN)
    play.wait(120)

    with refused(Code.CALL_WRONG_STATE):
        play.decline(JEAN)


# Connecting


def test_who_was_there_first_makes_the_offer() -> None:
    """The hub names one offerer for each connection and generation."""
    play = an_accepted_call()

    assert play.pair(CLAIRE, JEAN).offerer == CLAIRE.device
    assert play.pair(CLAIRE, JEAN).generation == 1


def test_who_is_not_heard_is_not_named_to_offer() -> None:
    """An offer from a dead socket would be waited for in vain."""
    play = a_ringing_call()
    play.lose(CLAIRE)

    play.accept(JEAN)

    assert play.pair(CLAIRE, JEAN).offerer == JEAN.device


def test_a_call_is_active_once_both_sides_receive() -> None:
    """One report is not enough: half a picture is none."""
    play = an_accepted_call()

    play.connected(CLAIRE, JEAN)
    halfway = play.state
    play.connected(JEAN, CLAIRE)

    assert (halfway, play.state) == (CallState.ACCEPTED, CallState.ACTIVE)
    assert whats(play) == ["connected", "connected"]


def test_the_entry_says_how_long_the_picture_was_missing() -> None:
    """Incidents write themselves into the report, with their times."""
    play = an_accepted_call()
    play.sleep(0.25)

    play.connected(CLAIRE, JEAN)

    (event,) = play.told()
    assert event.outcome["after_ms"] == 250
    assert (event.outcome["stage"], event.outcome["relay"]) == ("all", False)


def test_a_second_report_of_the_same_is_nothing_new() -> None:
    """Once a generation, for each side."""
    play = an_active_call()

    play.connected(CLAIRE, JEAN)

    assert whats(play) == []


@pytest.mark.parametrize("generation", [0, 1, 3], ids=["before any", "the last", "the next"])
def test_media_of_another_generation_is_no_news(generation: int) -> None:
    """What arrived on a connection that is over says nothing about this one."""
    play = an_active_call()
    play.pair_lost(CLAIRE, JEAN)

    with refused(Code.CALL_STALE_GENERATION):
        play.connected(JEAN, CLAIRE, generation)


def test_a_lost_connection_is_made_anew_by_the_other_side() -> None:
    """Generation + 1, another offerer, the first step again: it had worked."""
    play = an_active_call()

    play.pair_lost(CLAIRE, JEAN)

    pair = play.pair(CLAIRE, JEAN)
    assert (pair.generation, pair.offerer, pair.stage) == (2, JEAN.device, Stage.ALL)
    assert play.state is CallState.DEGRADED
    assert whats(play) == ["pair_lost"]


def test_both_sides_notice_and_it_is_made_anew_once() -> None:
    """The second report is of a generation that is over already."""
    play = an_active_call()
    play.pair_lost(CLAIRE, JEAN, 1)

    play.pair_lost(JEAN, CLAIRE, 1)

    assert play.pair(CLAIRE, JEAN).generation == 2
    assert whats(play) == ["pair_lost"]


def test_a_generation_that_was_never_made_is_not_lost() -> None:
    """Nobody skips ahead."""
    with refused(Code.CALL_STALE_GENERATION):
        an_active_call().pair_lost(CLAIRE, JEAN, 2)


def test_who_is_not_heard_does_not_become_the_offerer() -> None:
    """The side that is there offers again rather than wait."""
    play = an_active_call()
    play.lose(JEAN)

    play.pair_lost(CLAIRE, JEAN)

    assert play.pair(CLAIRE, JEAN).offerer == CLAIRE.device


def test_with_both_out_of_reach_somebody_is_named_all_the_same() -> None:
    """Whoever comes back first finds the roles settled."""
    play = an_active_call()
    play.lose(JEAN)
    play.lose(CLAIRE)

    play.pair_lost(CLAIRE, JEAN)

    assert play.pair(CLAIRE, JEAN).offerer in (CLAIRE.device, JEAN.device)


def test_the_ladder_is_all_candidates_then_relay_then_audio_and_again() -> None:
    """Each step that does not hold leads to the next, the last to the first."""
    play = an_accepted_call()
    climbed = [play.pair(CLAIRE, JEAN).stage]

    for _ in range(4):
        play.pair_lost(CLAIRE, JEAN, why="slow")
        climbed.append(play.pair(CLAIRE, JEAN).stage)

    assert climbed == [Stage.ALL, Stage.RELAY, Stage.AUDIO, Stage.ALL, Stage.RELAY]


def test_half_a_connection_did_not_hold() -> None:
    """One side received, the other never did: the next step, not the same again."""
    play = an_accepted_call()
    play.connected(CLAIRE, JEAN)

    play.pair_lost(JEAN, CLAIRE, why="slow")

    assert play.pair(CLAIRE, JEAN).stage is Stage.RELAY


def test_without_a_relay_everything_is_tried_each_time() -> None:
    """The lower steps are of the relay: without one they would only cost the picture."""
    play = an_accepted_call(relay=False)

    for _ in range(3):
        play.pair_lost(CLAIRE, JEAN, why="slow")
        assert play.pair(CLAIRE, JEAN).stage is Stage.ALL


def test_sound_alone_is_a_degraded_call() -> None:
    """It is said, not passed off as a good one."""
    play = an_accepted_call()
    for _ in range(2):
        play.pair_lost(CLAIRE, JEAN, why="slow")

    play.connect(CLAIRE, JEAN)

    assert play.pair(CLAIRE, JEAN).connected
    assert play.state is CallState.DEGRADED


def test_a_connection_that_stays_silent_for_eight_seconds_is_made_anew_unasked() -> None:
    """Nobody hangs in silence, whatever the browsers do."""
    play = an_accepted_call()

    play.wait(8 - JUST_BEFORE)
    assert play.pair(CLAIRE, JEAN).generation == 1
    play.wait(JUST_BEFORE)

    assert play.pair(CLAIRE, JEAN).generation == 2
    assert play.pair(CLAIRE, JEAN).stage is Stage.RELAY
    assert [(event.what, event.outcome["why"]) for event in play.told()] == [
        ("pair_lost", "overdue")
    ]


def test_two_people_who_cannot_connect_are_told_after_thirty_seconds() -> None:
    """Then « Rappeler » in one gesture; nobody looks at a frozen picture."""
    play = an_active_call()
    play.pair_lost(CLAIRE, JEAN)

    play.wait(30 - JUST_BEFORE)
    assert play.state is CallState.DEGRADED
    play.wait(JUST_BEFORE)

    assert (play.state, play.reason) == (CallState.ENDED, Code.CALL_MEDIA_LOST)


def test_the_thirty_seconds_are_of_silence_and_not_of_one_generation() -> None:
    """New tries do not put it off."""
    play = an_active_call()
    play.pair_lost(CLAIRE, JEAN)

    for _ in range(9):
        play.wait(3)
        play.pair_lost(JEAN, CLAIRE, why="slow")
    play.wait(3)

    assert play.reason is Code.CALL_MEDIA_LOST


def test_a_call_that_came_back_has_thirty_seconds_again() -> None:
    """Each interruption has its own."""
    play = an_active_call()
    play.pair_lost(CLAIRE, JEAN)
    play.wait(7)
    play.connect(CLAIRE, JEAN)
    play.pair_lost(CLAIRE, JEAN)

    play.wait(29)

    assert play.state is CallState.DEGRADED


def test_ten_connections_a_minute_are_made_anew_and_no_more() -> None:
    """The eleventh is refused; a minute after the first there is room again."""
    play = an_active_call()
    for _ in range(10):
        play.pair_lost(CLAIRE, JEAN)
        play.connect(CLAIRE, JEAN)
    generation = play.pair(CLAIRE, JEAN).generation

    with refused(Code.CALL_RATE_LIMITED):
        play.pair_lost(JEAN, CLAIRE)
    play.wait(60 - JUST_BEFORE)
    with refused(Code.CALL_RATE_LIMITED):
        play.pair_lost(JEAN, CLAIRE)
    play.wait(JUST_BEFORE)
    play.pair_lost(JEAN, CLAIRE)

    assert play.pair(CLAIRE, JEAN).generation == generation + 1


def test_with_no_room_in_the_minute_the_clock_waits_too() -> None:
    """The entry says that it waits; the thirty seconds run on."""
    play = an_active_call()
    for _ in range(10):
        play.pair_lost(CLAIRE, JEAN)
    generation = play.pair(CLAIRE, JEAN).generation
    play.forget()

    play.wait(8)

    assert [event.outcome["why"] for event in play.told()] == ["waits"]
    assert play.pair(CLAIRE, JEAN).generation == generation
    play.wait(22)
    assert play.reason is Code.CALL_MEDIA_LOST


def test_of_three_the_one_whom_nobody_reaches_leaves_and_the_others_go_on() -> None:
    """Thirty seconds after the last connection of theirs was lost."""
    play = an_active_call(JEAN, SOPHIE)
    play.pair_lost(CLAIRE, SOPHIE)
    play.wait(5)
    play.pair_lost(JEAN, SOPHIE)

    play.wait(30 - JUST_BEFORE)
    assert "sophie" in play.joined
    play.wait(JUST_BEFORE)

    assert play.joined == {"claire", "jean"}
    assert play.state is CallState.ACTIVE
    assert play.told()[-1].outcome["code"] == Code.CALL_MEDIA_LOST


def test_who_was_given_up_comes_back_by_accepting_again() -> None:
    """One gesture, and a generation that no earlier signal is of."""
    play = an_active_call(JEAN, SOPHIE)
    for peer in (CLAIRE, JEAN):
        play.pair_lost(peer, SOPHIE)
    play.wait(30)
    generation = play.call.facts.spent

    play.accept(SOPHIE)

    assert play.joined == {"claire", "jean", "sophie"}
    assert play.pair(CLAIRE, SOPHIE).generation == generation + 1


def test_one_connection_of_three_that_fails_ends_nothing_and_is_tried_once_a_minute() -> None:
    """Two who cannot see each other still see the pharmacist; the trail is not flooded."""
    play = an_active_call(JEAN, SOPHIE)
    play.pair_lost(JEAN, SOPHIE)
    play.wait(30)
    play.forget()

    play.wait(600)

    assert play.joined == {"claire", "jean", "sophie"}
    assert whats(play) == ["pair_lost"] * 10


@pytest.mark.parametrize(
    ("why", "tried"),
    [
        ("slow", False),
        ("stalled", False),
        ("failed", False),
        ("refused", False),
        ("network", True),
        ("reload", True),
    ],
)
def test_a_connection_given_up_is_tried_at_once_only_where_something_is_new(
    why: str, tried: bool
) -> None:
    """Another network or a fresh page may mend it; that it is slow is known."""
    play = an_active_call(JEAN, SOPHIE)
    play.pair_lost(JEAN, SOPHIE)
    play.wait(31)
    generation = play.pair(JEAN, SOPHIE).generation

    play.pair_lost(JEAN, SOPHIE, why=why)

    assert (play.pair(JEAN, SOPHIE).generation > generation) is tried


def test_when_nobody_reaches_anybody_the_call_is_over() -> None:
    """All three connections lost for thirty seconds."""
    play = an_active_call(JEAN, SOPHIE)
    for one, other in ((CLAIRE, JEAN), (CLAIRE, SOPHIE), (JEAN, SOPHIE)):
        play.pair_lost(one, other)

    play.forget()

    play.wait(30)

    assert (play.state, play.reason) == (CallState.ENDED, Code.CALL_MEDIA_LOST)
    assert "left" not in whats(play)


# Reports of what is not one's own


REPORTS: dict[str, Callable[[Played, calls.Sender, calls.Sender], None]] = {
    "connected": lambda play, who, peer: play.connected(who, peer, 1),
    "pair lost": lambda play, who, peer: play.pair_lost(who, peer, 1),
}


@pytest.mark.parametrize("report", REPORTS.values(), ids=REPORTS)
@pytest.mark.parametrize(
    ("who", "peer"),
    [(SOPHIE, JEAN), (JEAN_TABLET, CLAIRE), (HUGO, CLAIRE), (JEAN, JEAN), (JEAN, SOPHIE)],
    ids=["who left", "another device", "who never came", "oneself", "about who left"],
)
def test_a_report_is_of_ones_own_connection(
    report: Callable[[Played, calls.Sender, calls.Sender], None],
    who: calls.Sender,
    peer: calls.Sender,
) -> None:
    """By the device that has it, about one that is there."""
    play = an_active_call(JEAN, SOPHIE)
    play.hang_up(SOPHIE)
    facts = play.call.facts

    with refused(Code.CALL_WRONG_STATE):
        report(play, who, peer)

    assert play.call.facts == facts


def test_an_incident_is_an_entry_and_changes_nothing() -> None:
    """What a client refused or met by itself."""
    play = an_active_call()

    play.send(JEAN, frames.ReportIncident, code="call.fingerprint_mismatch", peer=CLAIRE.device)

    assert play.call.take_outgoing() == []
    (event,) = play.told()
    assert (event.what, event.outcome["code"]) == ("incident", "call.fingerprint_mismatch")


@pytest.mark.parametrize("play", [a_lobby(CLAIRE, JEAN), a_ringing_call()], ids=["lobby", "ring"])
def test_who_has_no_camera_may_say_so_before_coming_in(play: Played) -> None:
    """Devices fail in the lobby, and while it rings."""
    play.send(JEAN, frames.ReportIncident, code="call.no_device")

    assert whats(play) == ["incident"]


@pytest.mark.parametrize("who", [SOPHIE, JEAN_TABLET, HUGO], ids=lambda who: who.device)
def test_who_is_not_in_it_has_no_incidents(who: calls.Sender) -> None:
    """Nobody writes into the trail of a call from outside."""
    play = an_active_call(JEAN, SOPHIE)
    play.hang_up(SOPHIE)

    with refused(Code.CALL_WRONG_STATE):
        play.send(who, frames.ReportIncident, code="call.media_lost")


# TURN credentials


def test_who_is_in_the_call_gets_turn_credentials_and_the_trail_says_so() -> None:
    """The hub makes them; here stands only that they may."""
    play = an_accepted_call()

    play.send(JEAN, frames.IssueTurn)

    assert whats(play) == ["turn_issued"]
    assert play.call.take_outgoing() == []


@pytest.mark.parametrize(
    "play",
    [a_lobby(CLAIRE, JEAN), a_ringing_call(), an_ended_call()],
    ids=["waiting", "ringing", "ended"],
)
def test_who_is_not_in_a_live_call_gets_none(play: Played) -> None:
    """Nor on another device than the one that joined."""
    with refused(Code.CALL_WRONG_STATE):
        play.send(JEAN, frames.IssueTurn)


@pytest.mark.parametrize("who", [JEAN_TABLET, SOPHIE, HUGO], ids=lambda who: who.device)
def test_another_device_and_who_declined_or_never_came_get_none(who: calls.Sender) -> None:
    """A credential is a place on the relay: it is for who talks."""
    play = a_ringing_call(JEAN, SOPHIE)
    play.accept(JEAN)
    play.decline(SOPHIE)

    with refused(Code.CALL_WRONG_STATE):
        play.send(who, frames.IssueTurn)


def test_without_a_relay_there_are_no_credentials() -> None:
    """The demonstration on one machine needs none."""
    with refused(Code.CALL_TURN_UNAVAILABLE):
        an_accepted_call(relay=False).send(JEAN, frames.IssueTurn)


# Leaving


@pytest.mark.parametrize("who", [CLAIRE, JEAN], ids=["the pharmacist", "the patient"])
def test_of_two_either_ends_the_call_by_hanging_up(who: calls.Sender) -> None:
    """For both at once."""
    play = an_active_call()

    play.hang_up(who)

    assert (play.state, play.reason) == (CallState.ENDED, Code.CALL_PEER_LEFT)
    assert play.call.facts.pairs == ()
    assert whats(play) == ["ended"]


def test_of_three_one_leaves_and_the_others_go_on() -> None:
    """Their connection is not touched."""
    play = an_active_call(JEAN, SOPHIE)

    play.hang_up(SOPHIE)

    assert play.state is CallState.ACTIVE
    assert play.connections == {frozenset({CLAIRE.device, JEAN.device})}
    assert whats(play) == ["left"]


def test_without_a_pharmacist_the_others_do_not_go_on() -> None:
    """The act is the pharmacist's: a technician alone does not hold the call."""
    play = an_active_call(JEAN, LEA)

    play.hang_up(CLAIRE)

    assert (play.state, play.reason) == (CallState.ENDED, Code.CALL_PEER_LEFT)


def test_a_second_pharmacist_holds_the_call_when_the_first_leaves() -> None:
    """Whoever rang is not more than any pharmacist inside."""
    play = an_active_call(JEAN, HUGO)

    play.hang_up(CLAIRE)

    assert play.state is CallState.ACTIVE


def test_hanging_up_while_others_still_ring_leaves_the_pharmacist_waiting_for_them() -> None:
    """The carer may still answer; if she does not, the call is over."""
    play = an_active_call(JEAN)
    play.ring(CLAIRE, SOPHIE)

    play.hang_up(JEAN)
    assert play.state is CallState.DEGRADED
    play.wait(120)

    assert (play.state, play.reason) == (CallState.ENDED, Code.CALL_TIMEOUT)


def test_hanging_up_twice_is_nothing_new() -> None:
    """Nor after the call has ended: two who hang up at once mean the same."""
    play = an_active_call(JEAN, SOPHIE)
    play.hang_up(SOPHIE)
    play.hang_up(SOPHIE)
    play.hang_up(CLAIRE)
    play.hang_up(JEAN)

    assert whats(play) == ["left", "ended"]


def test_another_device_does_not_hang_up() -> None:
    """A tablet on the table does not cut the telephone's call."""
    with refused(Code.CALL_WRONG_STATE):
        an_active_call().hang_up(JEAN_TABLET)


def test_who_rings_declines_and_does_not_hang_up() -> None:
    """They are not in it yet."""
    with refused(Code.CALL_WRONG_STATE):
        a_ringing_call().hang_up(JEAN)


def test_who_left_a_call_that_goes_on_may_come_back() -> None:
    """On any device, with a generation of its own."""
    play = an_active_call(JEAN, SOPHIE)
    play.hang_up(SOPHIE)

    play.accept(SOPHIE)

    assert play.pair(CLAIRE, SOPHIE).generation == 2
    assert play.pair(CLAIRE, JEAN).generation == 1


def test_coming_and_going_is_bounded_like_rebuilding() -> None:
    """Ten times a minute: each makes the others' browsers build a connection."""
    play = an_active_call(JEAN, SOPHIE)
    for _ in range(9):
        play.hang_up(SOPHIE)
        play.accept(SOPHIE)
    play.hang_up(SOPHIE)

    with refused(Code.CALL_RATE_LIMITED):
        play.accept(SOPHIE)
    play.wait(60)
    play.accept(SOPHIE)

    assert "sophie" in play.joined


def test_who_left_waits_in_the_lobby_and_is_let_in_again() -> None:
    """The lobby is a way back too."""
    play = an_active_call(JEAN, SOPHIE)
    play.hang_up(SOPHIE)
    play.open(SOPHIE)

    play.ring(CLAIRE, SOPHIE)

    assert play.joined == {"claire", "jean", "sophie"}


# Lost sockets


def test_a_dead_socket_ends_nothing_for_thirty_seconds() -> None:
    """The picture may flow without the hub; the connection is not touched."""
    play = an_active_call()

    play.lose(JEAN)
    play.wait(30 - JUST_BEFORE)

    assert play.state is CallState.ACTIVE
    assert play.joined == {"claire", "jean"}
    assert whats(play) == ["socket_lost"]


def test_a_socket_that_comes_back_in_time_is_told_and_nothing_else_happens() -> None:
    """Not even a new generation: the media never stopped."""
    play = an_active_call()
    play.lose(JEAN)
    play.wait(29)

    play.hear(JEAN)
    play.wait(3600)

    assert play.state is CallState.ACTIVE
    assert play.pair(CLAIRE, JEAN).generation == 1
    assert whats(play) == ["socket_lost", "socket_back"]


def test_after_thirty_seconds_the_pharmacist_waits_alone_for_one_minute() -> None:
    """Ninety seconds in all after the socket died; then it is over."""
    play = an_active_call()
    play.lose(JEAN)

    play.wait(30)
    assert play.joined == {"claire"}
    assert play.state is CallState.DEGRADED
    play.wait(60 - JUST_BEFORE)
    assert play.call.facts.live
    play.wait(JUST_BEFORE)

    assert (play.state, play.reason) == (CallState.ENDED, Code.CALL_PEER_LEFT)
    assert whats(play) == ["socket_lost", "left", "ended"]


def test_who_comes_back_after_the_grace_rejoins_and_nobody_is_alone_any_more() -> None:
    """By accepting again, also from another device."""
    play = an_active_call()
    play.lose(JEAN)
    play.wait(80)

    play.accept(JEAN_TABLET)
    play.connect(CLAIRE, JEAN_TABLET)
    play.wait(3600)

    assert play.state is CallState.ACTIVE
    assert play.call.facts.alone_since is None


def test_a_lost_pharmacist_ends_the_call_after_the_grace() -> None:
    """Those who were called are not left among themselves."""
    play = an_active_call(JEAN, SOPHIE)
    play.lose(CLAIRE)

    play.wait(30)

    assert (play.state, play.reason) == (CallState.ENDED, Code.CALL_MEDIA_LOST)


def test_a_device_that_is_not_in_the_call_is_nobodys_news() -> None:
    """The hub says it of every socket."""
    play = an_active_call()

    play.lose(JEAN_TABLET)
    play.hear(JEAN)

    assert whats(play) == []
    assert play.call.take_outgoing() == []


def test_while_alone_somebody_who_waits_can_be_let_in() -> None:
    """The carer waits, the patient hangs up: a minute to open to her."""
    play = an_active_call(JEAN)
    play.open(SOPHIE)

    play.hang_up(JEAN)
    assert play.call.facts.live
    play.ring(CLAIRE, SOPHIE)

    assert play.joined == {"claire", "sophie"}
    assert play.call.facts.alone_since is None


def test_alone_with_somebody_who_waits_lasts_one_minute() -> None:
    """Also when the one who waited goes."""
    play = an_active_call(JEAN)
    play.open(SOPHIE)
    play.hang_up(JEAN)
    play.wait(20)
    play.hang_up(SOPHIE)

    play.wait(40 - JUST_BEFORE)
    assert play.call.facts.live
    play.wait(JUST_BEFORE)

    assert play.state is CallState.ENDED


def test_a_hub_that_restarts_ends_nothing() -> None:
    """Down for ten minutes in the worst moment: everyone has their time again."""
    play = an_active_call(JEAN, SOPHIE)
    play.lose(JEAN)
    play.pair_lost(CLAIRE, SOPHIE)
    play.ring(CLAIRE, HUGO)
    play.sleep(600)

    play.restart()
    play.call.tick(now=play.now)

    assert play.joined == {"claire", "jean", "sophie"}
    assert play.leg(HUGO).state is Leg.RINGING
    assert play.pair(CLAIRE, SOPHIE).generation == 2
    for who in (CLAIRE, JEAN, SOPHIE):
        play.hear(who)
    play.connect(CLAIRE, SOPHIE)
    play.wait(44)
    assert play.state is CallState.ACTIVE
    assert play.leg(HUGO).state is Leg.RINGING


def test_who_does_not_come_back_after_a_restart_is_gone_after_the_grace() -> None:
    """The hub hears nobody until they say hello."""
    play = an_active_call()

    play.restart()
    play.hear(CLAIRE)
    play.wait(30)

    assert play.joined == {"claire"}


def test_alone_begins_again_with_the_hub() -> None:
    """The minute was the patient's to come back in: he could not."""
    play = an_active_call()
    play.lose(JEAN)
    play.wait(40)
    play.sleep(600)

    play.restart()
    play.hear(CLAIRE)
    play.wait(59)

    assert play.call.facts.live


# Losing the right to be there


@pytest.mark.parametrize(
    "why",
    [Code.CALL_DELEGATION_REVOKED, Code.CALL_DELEGATION_EXPIRED],
    ids=["withdrawn", "expired"],
)
def test_who_is_removed_is_out_at_once_and_the_others_go_on(why: Code) -> None:
    """Their connections are gone from the roster with them."""
    play = an_active_call(JEAN, SOPHIE)

    play.remove(SOPHIE, why)

    assert play.joined == {"claire", "jean"}
    assert play.connections == {frozenset({CLAIRE.device, JEAN.device})}
    assert [(event.what, event.outcome["code"]) for event in play.told()] == [("left", why)]


def test_who_was_removed_does_not_come_back_by_accepting() -> None:
    """Neither from the call, nor from its ringing, nor after having left."""
    for play in (an_active_call(JEAN, SOPHIE), a_ringing_call(JEAN, SOPHIE)):
        play.remove(SOPHIE)
        with refused(Code.CALL_WRONG_STATE):
            play.accept(SOPHIE)

    play = an_active_call(JEAN, SOPHIE)
    play.hang_up(SOPHIE)
    play.remove(SOPHIE)
    with refused(Code.CALL_WRONG_STATE):
        play.accept(SOPHIE)


def test_a_call_of_two_ends_with_the_right_of_one() -> None:
    """And says why."""
    play = an_active_call(SOPHIE)

    play.remove(SOPHIE)

    assert (play.state, play.reason) == (CallState.ENDED, Code.CALL_DELEGATION_REVOKED)


def test_removing_somebody_who_never_came_is_nothing_new() -> None:
    """The hub tells every call of the conversation."""
    play = an_active_call()

    play.remove(SOPHIE)

    assert play.call.take_outgoing() == []
    assert whats(play) == []


@pytest.mark.parametrize(
    "who",
    [PAUL, calls.Sender("jean", JEAN.device, CLAIRE.role)],
    ids=["another pharmacy's pharmacist", "a patient who says pharmacist"],
)
def test_who_is_not_a_member_in_that_role_may_nothing(who: calls.Sender) -> None:
    """Here too, though the gate has asked before."""
    play = an_active_call()

    for kind in (frames.OpenCall, frames.AcceptCall, frames.HangUp, frames.IssueTurn):
        with refused(Code.CALL_NOT_MEMBER):
            play.send(who, kind)


# The end


AFTER_THE_END: dict[str, Callable[[Played], None]] = {
    "open": lambda play: play.open(JEAN),
    "ring": lambda play: play.ring(CLAIRE, JEAN),
    "accept": lambda play: play.accept(JEAN),
    "delay": lambda play: play.send(CLAIRE, frames.DelayCall, minutes=1),
    "incident": lambda play: play.send(JEAN, frames.ReportIncident, code="call.media_lost"),
    "turn": lambda play: play.send(JEAN, frames.IssueTurn),
    "hang up by a stranger to it": lambda play: play.hang_up(SOPHIE),
}


@pytest.mark.parametrize("act", AFTER_THE_END.values(), ids=AFTER_THE_END)
def test_after_the_end_nothing_is_taken_any_more(act: Callable[[Played], None]) -> None:
    """`call.wrong_state`, for whoever was in it."""
    play = an_ended_call()
    facts = play.call.facts

    with refused(Code.CALL_WRONG_STATE):
        act(play)

    assert play.call.facts == facts
    assert whats(play) == []


def test_a_report_that_crossed_the_end_is_no_refusal() -> None:
    """Who says so had not heard: nothing changes, and nothing stands against them."""
    play = an_ended_call()
    facts = play.call.facts

    play.connected(JEAN, CLAIRE, 1)
    play.pair_lost(JEAN, CLAIRE, 1)

    assert play.call.facts == facts
    assert whats(play) == []


def test_after_the_end_the_hub_may_say_what_it_likes() -> None:
    """A socket that dies then concerns nobody."""
    play = an_ended_call()

    play.lose(JEAN)
    play.hear(JEAN)
    play.remove(JEAN)
    play.restart()
    play.wait(86_400)

    assert play.call.take_outgoing() == []
    assert play.call.next_deadline() is None


def test_an_ended_call_says_where_everyone_was_left() -> None:
    """Nobody is in it, nothing connects, and who rang has missed it."""
    play = an_active_call(JEAN)
    play.open(ANNE)
    play.ring(CLAIRE, SOPHIE)

    play.hang_up(CLAIRE)

    states = {leg.person: leg.state for leg in play.call.facts.legs}
    assert states == {
        "claire": Leg.LEFT,
        "jean": Leg.LEFT,
        "anne": Leg.LEFT,
        "sophie": Leg.MISSED,
    }
    assert all(leg.device is None for leg in play.call.facts.legs)


# What members and trail are told


def test_members_are_told_the_whole_state_once_for_each_change() -> None:
    """And the version tells two states apart."""
    play = a_lobby(CLAIRE)
    play.ring(CLAIRE, JEAN)

    (told,) = play.call.take_outgoing()

    assert play.call.take_outgoing() == []
    assert (told.version, told.state, told.caller, told.turn) == (2, "ringing", "claire", True)
    assert {(leg.person, leg.state) for leg in told.legs} == {
        ("claire", "joined"),
        ("jean", "ringing"),
    }


def test_members_are_told_who_offers_which_generation_at_which_step() -> None:
    """All that a browser needs to build the connection."""
    play = an_accepted_call()
    play.pair_lost(CLAIRE, JEAN)

    (told,) = play.call.take_outgoing()

    assert told.pairs == [
        frames.PairView(
            devices=[CLAIRE.device, JEAN.device],
            generation=2,
            offerer=JEAN.device,
            stage="relay",
            state="connecting",
        )
    ]


def test_several_frames_of_one_batch_are_one_version() -> None:
    """What is stored together is one step of the row."""
    play = a_ringing_call(JEAN, SOPHIE)
    version = play.version

    play.accept(JEAN)
    play.accept(SOPHIE)

    assert play.version == version + 1


def test_a_refused_frame_changes_nothing_and_leaves_nothing() -> None:
    """Neither state, nor version, nor entry, nor push."""
    play = an_active_call()
    facts = play.call.facts

    with refused(Code.CALL_NOT_MEMBER):
        play.ring(CLAIRE, PAUL)

    assert play.call.facts == facts
    assert play.call.take_outgoing() == []
    assert whats(play) == []


def test_every_entry_says_the_call_and_its_state_and_why_it_ended() -> None:
    """The officer needs no other row to read this one."""
    play = a_ringing_call()

    play.decline(JEAN)

    (event,) = play.told()
    assert event.by == JEAN
    assert event.outcome == {
        "call": play.call.facts.id,
        "state": "ended",
        "reason": "call.declined",
        "how": "declined",
    }


def test_what_the_clock_did_is_nobodys_act() -> None:
    """`by` is None: the entry names no one who did not do it."""
    play = a_ringing_call()

    play.wait(120)

    assert [event.by for event in play.told()] == [None]


def test_a_frame_without_its_sender_is_the_hubs_own_mistake() -> None:
    """And a notice with one: neither is a refusal that a peer could cause."""
    play = an_active_call()

    with pytest.raises(TypeError):
        play.call.receive(None, a_frame(frames.HangUp), now=NOON)
    with pytest.raises(TypeError):
        play.call.receive(JEAN, SocketLost(CLAIRE.device), now=NOON)


PLAYS: dict[str, Callable[[], Played]] = {
    "a lobby": a_lobby,
    "a ringing call": a_ringing_call,
    "an accepted call": an_accepted_call,
    "an active call": an_active_call,
    "an ended call": an_ended_call,
}


@pytest.mark.parametrize("make", PLAYS.values(), ids=PLAYS)
def test_a_call_is_stored_and_read_again_without_loss(make: Callable[[], Played]) -> None:
    """A restart of the hub goes on from the row."""
    facts = make().call.facts

    assert calls.decode(calls.encode(facts)) == facts
