"""What holds in every call, whatever its people, their browsers and the clock do.

Any sequence of frames and notices, by anybody, at growing times: the machine below draws them
and asks after each step.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from crypto.policy.vocabulary import Role
from signaling import call as calls
from signaling import frames
from signaling.call import (
    SECOND,
    Call,
    CallEvent,
    CallFacts,
    CallState,
    Leg,
    Removed,
    Restarted,
    Sender,
    SocketBack,
    SocketLost,
)
from signaling.codes import Code
from signaling.errors import CallRefused
from tests.signaling.call_builders import (
    ANNE,
    CALL,
    CLAIRE_ELSEWHERE,
    CONVERSATION,
    JEAN_TABLET,
    MEMBERS,
    NOON,
    PAUL,
    PEOPLE,
    SOPHIE,
    Played,
    a_frame,
    a_lobby,
    a_ringing_call,
    an_accepted_call,
    an_active_call,
)

SENDERS = (*PEOPLE, CLAIRE_ELSEWHERE, JEAN_TABLET, PAUL)
DEVICES = tuple(one.device for one in SENDERS)
INSIDE = (Leg.WAITING, Leg.RINGING, Leg.JOINED)
LONGEST = (calls.LOBBY_SECONDS + calls.PLACE_SECONDS) * SECOND
"""No wait that nobody answers lasts longer than the lobby's."""

senders = st.sampled_from(SENDERS)
peers = st.sampled_from(DEVICES)
people = st.lists(st.sampled_from([one.person for one in SENDERS]), min_size=1, max_size=8)
whys = st.sampled_from(["stalled", "failed", "network", "slow", "reload", "refused"])
pauses = st.one_of(st.just(0.0), st.floats(0, 12), st.floats(0, 300), st.floats(0, 6 * 3600))

beginnings = st.sampled_from([a_lobby, a_ringing_call, an_accepted_call, an_active_call])
companies = st.lists(st.sampled_from(PEOPLE[1:]), min_size=1, max_size=3, unique=True)

controls = st.one_of(
    st.just(a_frame(frames.OpenCall)),
    st.builds(lambda persons: a_frame(frames.RingCall, persons=persons), people),
    st.just(a_frame(frames.AcceptCall)),
    st.builds(lambda call_me: a_frame(frames.DeclineCall, call_me=call_me), st.booleans()),
    st.just(a_frame(frames.HangUp)),
    st.just(a_frame(frames.DelayCall, minutes=5)),
    st.just(a_frame(frames.IssueTurn)),
    st.just(a_frame(frames.ReportIncident, code="call.media_lost")),
)


def reports(pair_of: calls.PairFacts, off: int, why: str) -> list[Any]:
    """Return the reports that either side of a pair may send, `off` by some generations."""
    generation = max(0, pair_of.generation + off)
    return [
        kind
        for peer in pair_of.devices
        for kind in (
            a_frame(frames.ReportConnected, peer=peer, generation=generation),
            a_frame(frames.ReportPairLost, peer=peer, generation=generation, why=why),
        )
    ]


class AnyCall(RuleBasedStateMachine):
    """A call in the hands of anybody."""

    def __init__(self) -> None:
        super().__init__()
        self.now = NOON
        self.call = Call.open(CALL, CONVERSATION, MEMBERS, relay=True, now=NOON)
        self.generations: dict[frozenset[str], int] = {}
        self.asked: set[str] = set()
        self.rebuilds: dict[frozenset[str], list[int]] = {}

    # What happens

    @initialize(begun=beginnings, others=companies, relay=st.booleans())
    def it_has_begun(self, begun: Callable[..., Played], others: list[Sender], relay: bool) -> None:
        """Begin somewhere on the ordinary way: of itself, chance seldom comes that far."""
        self.call = begun(*others, relay=relay).call
        self.generations, self.rebuilds = {}, {}
        self.asked = set() if begun is a_lobby else {one.person for one in others}

    @precondition(lambda self: not self.call.facts.live)
    @rule(begun=beginnings, others=companies, relay=st.booleans())
    def another_begins(
        self, begun: Callable[..., Played], others: list[Sender], relay: bool
    ) -> None:
        """The end of a call is not the end of the search."""
        self.it_has_begun(begun, others, relay)

    @rule(persons=people)
    def a_pharmacist_inside_rings(self, persons: list[str]) -> None:
        """The one who may."""
        for leg in self.call.facts.legs:
            if leg.role is Role.PHARMACIST and leg.device is not None:
                sender = Sender(leg.person, leg.device, leg.role)
                return self._receive(sender, a_frame(frames.RingCall, persons=persons))
        return None

    @rule(sender=senders)
    def somebody_comes_and_goes(self, sender: Sender) -> None:
        """Into the lobby and out of it; out of the call and in again."""
        for kind in (frames.OpenCall, frames.HangUp, frames.AcceptCall):
            self._receive(sender, a_frame(kind))

    @rule(data=st.data(), times=st.integers(2, 12), mended=st.booleans())
    def a_storm(self, data: st.DataObject, times: int, mended: bool) -> None:
        """One side asks for new connections as fast as it can, or comes in and goes."""
        if self.call.facts.pairs:
            pair = data.draw(st.sampled_from(self.call.facts.pairs))
            for _ in range(times):
                self._ask_for_another(pair.devices)
                if mended:
                    self.everyone_connects()

    def _ask_for_another(self, devices: tuple[str, str]) -> None:
        for pair in self.call.facts.pairs:
            if pair.holds(*devices):
                sender = next(one for one in SENDERS if one.device == devices[0])
                lost = {"peer": devices[1], "generation": pair.generation, "why": "network"}
                self._receive(sender, a_frame(frames.ReportPairLost, **lost))

    @rule(sender=senders, frame=controls)
    def somebody_sends(self, sender: Sender, frame: Any) -> None:
        """Anyone sends any frame of control."""
        self._receive(sender, frame)

    @rule(sender=senders, peer=peers, generation=st.integers(0, 30), why=whys)
    def somebody_reports_anything(
        self, sender: Sender, peer: str, generation: int, why: str
    ) -> None:
        """Anyone reports of anyone's connection."""
        self._receive(sender, a_frame(frames.ReportConnected, peer=peer, generation=generation))
        self._receive(
            sender, a_frame(frames.ReportPairLost, peer=peer, generation=generation, why=why)
        )

    @rule(data=st.data(), off=st.sampled_from([0, 0, 0, -1, 1]), why=whys)
    def a_side_reports_its_own(self, data: st.DataObject, off: int, why: str) -> None:
        """One who is in it reports what its browser sees: mostly of the current generation."""
        if self.call.facts.pairs:
            pair = data.draw(st.sampled_from(self.call.facts.pairs))
            frame = data.draw(st.sampled_from(reports(pair, off, why)))
            others = [one for one in SENDERS if one.device in pair.devices]
            self._receive(data.draw(st.sampled_from(others)), frame)

    @rule()
    def everyone_connects(self) -> None:
        """All browsers report media on all connections."""
        for pair in self.call.facts.pairs:
            for mine, peer in (pair.devices, pair.devices[::-1]):
                sender = next(one for one in SENDERS if one.device == mine)
                frame = a_frame(frames.ReportConnected, peer=peer, generation=pair.generation)
                self._receive(sender, frame)

    @rule(sender=senders, back=st.booleans())
    def a_socket_dies_or_comes_back(self, sender: Sender, back: bool) -> None:
        """The hub hears a device no more, or again."""
        self._receive(None, SocketBack(sender.device) if back else SocketLost(sender.device))

    @rule(sender=st.sampled_from([SOPHIE, ANNE, JEAN_TABLET]))
    def somebody_loses_the_right(self, sender: Sender) -> None:
        """A delegation ends."""
        self._receive(None, Removed(sender.person, Code.CALL_DELEGATION_REVOKED))
        self.asked.discard(sender.person)

    @rule()
    def the_hub_restarts(self) -> None:
        """It goes on from the stored row alone."""
        self.call = Call(calls.decode(calls.encode(self.call.facts)), MEMBERS)
        self._receive(None, Restarted())

    @rule(seconds=pauses)
    def time_passes(self, seconds: float) -> None:
        """The clock is looked at once, however late."""
        self.now += int(seconds * SECOND)
        self._step(lambda: self.call.tick(now=self.now), events=None)
        due = self.call.next_deadline()
        assert due is None or due > self.now

    # What is asked after each step

    def _receive(self, sender: Sender | None, frame: Any) -> None:
        before = self.call.facts
        if isinstance(frame, frames.RingCall):
            self._step(lambda: self._try(sender, frame), events=1)
            self.asked |= {p for p in frame.persons if self._was_asked(p, before)}
        else:
            self._step(lambda: self._try(sender, frame), events=1)
        if sender is None:
            return
        rang = self.call.facts.caller != before.caller
        assert not rang or sender.role is Role.PHARMACIST

    def _was_asked(self, person: str, before: CallFacts) -> bool:
        leg, then = self.call.facts.leg(person), before.leg(person)
        return leg is not None and leg != then

    def _try(self, sender: Sender | None, frame: Any) -> None:
        before = self.call.facts
        try:
            self.call.receive(sender, frame, now=self.now)
        except CallRefused:
            assert self.call.facts == before
            assert self.call.take_events() == []
            assert sender is not None, "a notice is never refused"
        else:
            # No act without trace: whoever changes a call by a frame stands in its trail.
            assert sender is None or self.call.facts == before or len(self._peek()) == 1

    def _peek(self) -> list[CallEvent]:
        return self.call._events

    def _step(self, act: Any, *, events: int | None) -> None:
        """Act, and hold what came of it against what was."""
        before = self.call.facts
        act()
        told, pushed = self.call.take_events(), self.call.take_outgoing()
        after = self.call.facts
        assert events is None or len(told) <= events
        assert len(pushed) == (after != before)
        assert after.version == before.version + len(pushed)
        assert [one.version for one in pushed] == [after.version] * len(pushed)
        assert all(isinstance(one, CallEvent) and one.outcome["call"] == CALL for one in told)
        self._hold_against(before)

    def _hold_against(self, before: CallFacts) -> None:
        after = self.call.facts
        if not before.live:
            assert after == before, "ended is final"
        if before.state is not CallState.LOBBY:
            assert after.state is not CallState.LOBBY, "no call goes back to its lobby"
        self._count_rebuilds(before)

    def _count_rebuilds(self, before: CallFacts) -> None:
        known = {frozenset(pair.devices): pair.generation for pair in before.pairs}
        for pair in self.call.facts.pairs:
            devices = frozenset(pair.devices)
            if pair.generation > known.get(devices, pair.generation):
                self.rebuilds.setdefault(devices, []).append(self.now)

    # What holds

    @invariant()
    def at_most_four_are_inside(self) -> None:
        """Waiting, ringing and joined together."""
        assert sum(leg.state in INSIDE for leg in self.call.facts.legs) <= calls.MAX_PEOPLE

    @invariant()
    def exactly_the_joined_devices_connect(self) -> None:
        """A full mesh, no connection more, none less."""
        joined = [leg.device for leg in self.call.facts.joined]
        assert None not in joined
        assert len(set(joined)) == len(joined)
        mesh = {frozenset({a, b}) for a in joined for b in joined if a != b}
        pairs = [frozenset(pair.devices) for pair in self.call.facts.pairs]
        assert len(pairs) == len(set(pairs))
        assert set(pairs) == mesh

    @invariant()
    def a_generation_never_comes_back(self) -> None:
        """For two devices: also after one of them left and came again."""
        for pair in self.call.facts.pairs:
            devices = frozenset(pair.devices)
            assert pair.generation >= self.generations.get(devices, 1)
            self.generations[devices] = pair.generation
        gone = set(self.generations) - {frozenset(pair.devices) for pair in self.call.facts.pairs}
        for devices in gone:
            # Whatever comes next for these two is a generation of its own.
            self.generations[devices] = max(self.generations[devices], self.call.facts.spent + 1)

    @invariant()
    def one_of_the_two_offers(self) -> None:
        """And only devices of the pair have reported in it."""
        for pair in self.call.facts.pairs:
            assert pair.offerer in pair.devices
            assert set(pair.up) <= set(pair.devices)
            assert pair.connected == (pair.down_since is None)

    @invariant()
    def an_end_has_a_reason_and_nothing_else_has(self) -> None:
        """Nobody is in a call that is over."""
        facts = self.call.facts
        assert (facts.reason is not None) == (facts.state is CallState.ENDED)
        if not facts.live:
            assert facts.pairs == ()
            assert not any(leg.state in INSIDE for leg in facts.legs)

    @invariant()
    def nobody_is_in_who_was_not_asked(self) -> None:
        """Rung or let in by a pharmacist, and not removed since."""
        facts = self.call.facts
        assert {leg.person for leg in facts.joined} <= self.asked | {facts.caller}
        assert {leg.person for leg in facts.legs if leg.state is Leg.RINGING} <= self.asked

    @invariant()
    def a_call_that_has_begun_has_a_pharmacist_in_it(self) -> None:
        """It does not go on among those who were called."""
        facts = self.call.facts
        if facts.live and facts.state is not CallState.LOBBY:
            assert any(leg.role is Role.PHARMACIST for leg in facts.joined)

    @invariant()
    def the_state_says_what_is(self) -> None:
        """Active where everyone sees everyone; people in it where it is not the lobby."""
        facts = self.call.facts
        if facts.state is CallState.ACTIVE:
            assert len(facts.joined) > 1
            assert all(pair.connected for pair in facts.pairs)
        if facts.state is CallState.LOBBY:
            assert facts.joined == ()
        if facts.state is CallState.ACCEPTED:
            assert len(facts.joined) > 1

    @invariant()
    def ten_generations_a_minute_are_the_most(self) -> None:
        """For each pair of devices, whoever asks and however."""
        for instants in self.rebuilds.values():
            window = calls.MINUTE_SECONDS * SECOND
            for first, eleventh in zip(instants, instants[calls.MAX_REBUILDS :], strict=False):
                assert eleventh - first >= window

    @invariant()
    def it_is_stored_and_read_again_without_loss(self) -> None:
        """The row is the call."""
        assert calls.decode(calls.encode(self.call.facts)) == self.call.facts

    @invariant()
    def only_a_call_in_which_all_are_connected_has_no_deadline(self) -> None:
        """Anything else that goes on is waiting for something, and no wait is without an end."""
        facts = self.call.facts
        if facts.live and self.call.next_deadline() is None and facts.legs:
            assert len(facts.joined) > 1
            assert all(pair.connected for pair in facts.pairs)
            assert facts.lost == frozenset()

    def teardown(self) -> None:
        """If nobody does anything more, everything that waits comes to an end.

        Either the call ends, or all who are in it are connected; never later than the lobby's own
        bound, and without the clock being asked for ever.
        """
        if not self.call.facts.legs:
            return
        play = Played()
        play.call, play.now = self.call, self.now
        play.wait(LONGEST / SECOND)
        facts = play.call.facts
        held_up = [pair for pair in facts.pairs if not pair.connected]
        assert not facts.live or facts.joined
        assert not any(leg.state in (Leg.WAITING, Leg.RINGING) for leg in facts.legs)
        if held_up:
            # Among three or four who otherwise see each other: tried on, and said.
            assert facts.state is CallState.DEGRADED
            assert any(pair.connected for pair in facts.pairs)


AnyCall.TestCase.settings = settings(max_examples=300, stateful_step_count=50, deadline=None)


@pytest.mark.slow
class TestAnyCall(AnyCall.TestCase):  # type: ignore[misc, valid-type]
    """Whatever happens, the invariants hold."""
