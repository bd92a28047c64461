"""One call: who is in its lobby, whom it rings, which pairs of devices connect, and how it ends.

A protocol object with five verbs (`receive`, `tick`, `next_deadline`, `take_outgoing`,
`take_events`): the hub owns the sockets, the clock and the database, this owns the rules.

    lobby -> ringing -> accepted -> active <-> degraded -> ended(reason)

All of it is in `CallFacts`, a value that is stored whole, so that a restart of the hub ends
nothing. The rules in one place:

- Only a pharmacist rings, delays, and lets in who waits; once a call has begun, only one inside it.
- Only who was asked (rung or let in) may accept, and come back; the first device of a person wins.
- It goes on while a pharmacist and somebody else are in it, or somebody rings, or may come back.
- Every wait has an end: of the ringing, of a place, of a grace, of a connection, of being alone.

`now` never goes back: who calls sees to it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, assert_never

from msgspec import Struct
from msgspec.structs import replace

from crypto.policy.vocabulary import Role
from signaling import frames
from signaling.call_facts import (
    ALONE_SECONDS,
    CONNECT_SECONDS,
    GIVE_UP_SECONDS,
    GRACE_SECONDS,
    LOBBY_SECONDS,
    MAX_PEOPLE,
    MAX_REBUILDS,
    MINUTE_SECONDS,
    PLACE_SECONDS,
    RETRY_SECONDS,
    RING_PROFESSIONAL_SECONDS,
    RING_SECONDS,
    SECOND,
    CallFacts,
    CallState,
    Leg,
    LegFacts,
    PairFacts,
    Stage,
    decode,
    encode,
    lately,
    over,
    ring_until,
    view,
)
from signaling.codes import Code
from signaling.errors import CallRefused

__all__ = [
    "ALONE_SECONDS",
    "CONNECT_SECONDS",
    "GIVE_UP_SECONDS",
    "GRACE_SECONDS",
    "LOBBY_SECONDS",
    "MAX_PEOPLE",
    "MAX_REBUILDS",
    "MINUTE_SECONDS",
    "PLACE_SECONDS",
    "RETRY_SECONDS",
    "RING_PROFESSIONAL_SECONDS",
    "RING_SECONDS",
    "SECOND",
    "Call",
    "CallEvent",
    "CallFacts",
    "CallFrame",
    "CallReport",
    "CallState",
    "Leg",
    "LegFacts",
    "Notice",
    "PairFacts",
    "Removed",
    "Restarted",
    "Sender",
    "SocketBack",
    "SocketLost",
    "Stage",
    "decode",
    "encode",
    "view",
]


class Sender(Struct, frozen=True):
    """Who sends a frame, from which device."""

    person: str
    device: str
    role: Role


class SocketLost(Struct, frozen=True):
    """The hub no longer hears a device."""

    device: str


class SocketBack(Struct, frozen=True):
    """The hub hears a device again."""

    device: str


class Removed(Struct, frozen=True):
    """A person may no longer be in this call."""

    person: str
    why: Code


class Restarted(Struct, frozen=True):
    """The hub was away and hears nobody yet: what fell due meanwhile was nobody's fault."""


CallReport = (
    frames.ReportConnected | frames.ReportPairLost | frames.ReportIncident | frames.IssueTurn
)
REPORTS = (
    frames.ReportConnected,
    frames.ReportPairLost,
    frames.ReportIncident,
    frames.IssueTurn,
)
CallControl = (
    frames.OpenCall
    | frames.RingCall
    | frames.AcceptCall
    | frames.DeclineCall
    | frames.HangUp
    | frames.DelayCall
)
CallFrame = CallControl | CallReport
Notice = SocketLost | SocketBack | Removed | Restarted
NOTICES = (SocketLost, SocketBack, Removed, Restarted)


class CallEvent(Struct, frozen=True, kw_only=True):
    """What the trail says of one step. `by` is None where the clock or the hub did it."""

    what: str
    """`opened rang accepted declined left ended missed delayed connected pair_lost incident
    turn_issued socket_lost socket_back`."""
    by: Sender | None
    outcome: dict[str, Any]


QUIET_AFTER_THE_END = (
    frames.HangUp,
    frames.DeclineCall,
    frames.ReportConnected,
    frames.ReportPairLost,
)
"""Sent by innocents who have not heard of the end: a refusal would stand against them."""


class Call:
    """The state machine of one call."""

    def __init__(self, facts: CallFacts, members: Mapping[str, Role]) -> None:
        """`members`: the conversation's people, who alone may send frames and be named in them."""
        self.facts = facts
        self._members = members
        self._events: list[CallEvent] = []
        self._changed = False

    @classmethod
    def open(
        cls, call: str, conversation: str, members: Mapping[str, Role], *, relay: bool, now: int
    ) -> Call:
        """Begin a call, with nobody in its lobby yet."""
        facts = CallFacts(id=call, conversation=conversation, opened_at=now, since=now, relay=relay)
        return cls(facts, members)

    # The five verbs

    def receive(self, sender: Sender | None, frame: CallFrame | Notice, *, now: int) -> None:
        """Take one frame of `sender`, or one notice of the hub (no sender).

        Raises `CallRefused` when it may not be; then nothing changed. What already is so leaves no
        event. A notice is never refused: what concerns nobody here changes nothing.
        """
        # In each rule whatever may refuse comes before the first change.
        if sender is None:
            self._notice(frame, now)
        else:
            self._frame(sender, frame, now)

    def tick(self, *, now: int) -> None:
        """Let time pass: whatever is due by `now` happens."""
        while (due := self.facts.deadline) is not None and due <= now:
            self._let_pass(now)

    def next_deadline(self) -> int | None:
        """Return when `tick` has something to do, or None."""
        return self.facts.deadline

    def take_outgoing(self) -> list[frames.CallView]:
        """Drain what the members are told: the whole state, once, if it changed."""
        if not self._changed:
            return []
        self._changed = False
        return [view(self.facts)]

    def take_events(self) -> list[CallEvent]:
        """Drain what the trail is told."""
        events, self._events = self._events, []
        return events

    # Frames

    def _frame(self, sender: Sender, frame: CallFrame | Notice, now: int) -> None:
        if self._members.get(sender.person) != sender.role:
            raise CallRefused(Code.CALL_NOT_MEMBER)
        if isinstance(frame, NOTICES):
            raise TypeError("a notice is the hub's own")
        if not self.facts.live:
            self._refuse_after_the_end(sender, frame)
        elif isinstance(frame, REPORTS):
            self._report(sender, frame, now)
        else:
            self._control(sender, frame, now)

    def _refuse_after_the_end(self, sender: Sender, frame: CallFrame) -> None:
        """What crossed the end on its way means what already is so: hang-ups and pair reports."""
        crossed = isinstance(frame, QUIET_AFTER_THE_END)
        if not crossed or self.facts.leg(sender.person) is None:
            raise CallRefused(Code.CALL_WRONG_STATE)

    def _control(self, sender: Sender, frame: CallControl, now: int) -> None:
        match frame:
            case frames.OpenCall():
                self._open_lobby(sender, now)
            case frames.RingCall():
                self._ring(sender, frame.persons, now)
            case frames.AcceptCall():
                self._accept(sender, now)
            case frames.DeclineCall():
                self._decline(sender, Leg.CALL_ME if frame.call_me else Leg.DECLINED, now)
            case frames.HangUp():
                self._hang_up(sender, now)
            case frames.DelayCall():
                self._delay(sender, frame.minutes, now)
            case _:
                assert_never(frame)

    def _report(self, sender: Sender, frame: CallReport, now: int) -> None:
        match frame:
            case frames.ReportConnected():
                self._connected(sender, frame, now)
            case frames.ReportPairLost():
                self._pair_lost(sender, frame, now)
            case frames.ReportIncident():
                self._incident(sender, frame)
            case frames.IssueTurn():
                self._issue_turn(sender)
            case _:
                assert_never(frame)

    def _open_lobby(self, sender: Sender, now: int) -> None:
        leg = self.facts.leg(sender.person)
        if leg is not None and leg.state is Leg.JOINED:
            here = leg.device == sender.device
            raise CallRefused(Code.CALL_WRONG_STATE if here else Code.CALL_TAKEN)
        if leg is not None and leg.state is Leg.RINGING:
            # It rings already: there is a call to accept, not a lobby to wait in.
            raise CallRefused(Code.CALL_WRONG_STATE)
        if leg is not None and leg.state is Leg.WAITING and leg.device == sender.device:
            return
        if leg is None or not leg.inside:
            self._require_room(self._places_of(sender))
        self._put(_known(leg, sender.person, sender.role, Leg.WAITING, now, device=sender.device))
        self._tell("opened", sender)

    def _ring(self, sender: Sender, persons: Iterable[str], now: int) -> None:
        mine = self._require_host(sender)
        wanted = [p for p in dict.fromkeys(persons) if p != sender.person and not self._is_in(p)]
        if any(person not in self._members for person in wanted):
            raise CallRefused(Code.CALL_NOT_MEMBER)
        self._require_room(sum(self._is_gone(person) for person in wanted))
        if not wanted:
            return
        self._set(caller=self.facts.caller or sender.person, delayed_until=None)
        if mine.state is Leg.WAITING:
            self._join(sender.person, sender.role, sender.device, now)
        for person in wanted:
            self._ask(person, self._members[person], now)
        self._settle(now, Code.CALL_CANCELLED)
        self._tell("rang", sender, persons=sorted(wanted))

    def _ask(self, person: str, role: Role, now: int) -> None:
        """Let in who waits within hearing (to wait was to say yes); ring anyone else."""
        leg = self.facts.leg(person)
        if leg is not None and leg.state is Leg.WAITING and leg.lost_at is None and leg.device:
            self._join(person, role, leg.device, now)
        else:
            rung = _known(leg, person, role, Leg.RINGING, now, until=ring_until(role, now))
            self._put(replace(rung, asked=True))

    def _accept(self, sender: Sender, now: int) -> None:
        leg = self.facts.leg(sender.person)
        # To have waited once is not to be asked: who waits is let in, by a pharmacist.
        if leg is None or leg.state is Leg.WAITING or not leg.asked:
            raise CallRefused(Code.CALL_WRONG_STATE)
        if leg.state is Leg.JOINED:
            if leg.device != sender.device:
                raise CallRefused(Code.CALL_TAKEN)
            return
        if not leg.inside:
            self._require_room(1)
        if len(lately(leg.builds, now)) >= MAX_REBUILDS:
            raise CallRefused(Code.CALL_RATE_LIMITED)
        self._join(sender.person, sender.role, sender.device, now)
        self._settle(now, Code.CALL_PEER_LEFT)
        self._tell("accepted", sender)

    def _decline(self, sender: Sender, how: Leg, now: int) -> None:
        leg = self.facts.leg(sender.person)
        if leg is not None and leg.state is how:
            return
        if leg is None or leg.state is not Leg.RINGING:
            raise CallRefused(Code.CALL_WRONG_STATE)
        self._leave(leg, how, now)
        self._settle(now, Code.CALL_DECLINED)
        self._tell("declined", sender, how=how.value)

    def _hang_up(self, sender: Sender, now: int) -> None:
        leg = self.facts.leg(sender.person)
        if leg is not None and not leg.inside:
            return
        if leg is None or leg.device != sender.device:
            raise CallRefused(Code.CALL_WRONG_STATE)
        reason = self._reason(Code.CALL_PEER_LEFT)
        self._leave(leg, Leg.LEFT, now)
        # Two people are the ordinary call: when one hangs up it is over, for both at once.
        self._settle(now, reason)
        self._tell("left" if self.facts.live else "ended", sender)

    def _delay(self, sender: Sender, minutes: int, now: int) -> None:
        if sender.role is not Role.PHARMACIST:
            raise CallRefused(Code.CALL_NOT_AUTHORIZED)
        if self.facts.state is not CallState.LOBBY:
            raise CallRefused(Code.CALL_WRONG_STATE)
        self._set(delayed_until=now + minutes * 60 * SECOND)
        self._tell("delayed", sender, minutes=minutes)

    def _connected(self, sender: Sender, frame: frames.ReportConnected, now: int) -> None:
        pair = self._current(sender, frame.peer, frame.generation)
        if pair is None:
            raise CallRefused(Code.CALL_STALE_GENERATION)
        if sender.device in pair.up:
            return
        up = (*pair.up, sender.device)
        lost_ms = 0 if pair.down_since is None else (now - pair.down_since) // 1000
        self._put_pair(replace(pair, up=up, down_since=None if len(up) == 2 else pair.down_since))
        self._weigh(now)
        self._tell(
            "connected",
            sender,
            peer=frame.peer,
            generation=frame.generation,
            relay=frame.relay,
            stage=pair.stage.value,
            after_ms=lost_ms,
        )

    def _pair_lost(self, sender: Sender, frame: frames.ReportPairLost, now: int) -> None:
        pair = self._current(sender, frame.peer, frame.generation)
        if pair is None:
            # The other side said so first: this generation is over already.
            return
        if pair.is_given_up(now) and frame.why not in ("network", "reload"):
            # Known, and tried again at its own pace; a new network or page is worth a try at once.
            return
        if not pair.may_rebuild(now):
            raise CallRefused(Code.CALL_RATE_LIMITED)
        self._rebuild(pair, now)
        self._tell("pair_lost", sender, peer=frame.peer, generation=frame.generation, why=frame.why)

    def _incident(self, sender: Sender, frame: frames.ReportIncident) -> None:
        leg = self.facts.leg(sender.person)
        # A telephone that rings has no device in the call yet.
        if leg is None or not leg.inside or leg.device not in (None, sender.device):
            raise CallRefused(Code.CALL_WRONG_STATE)
        outcome = {"code": frame.code, "peer": frame.peer, "generation": frame.generation}
        self._tell("incident", sender, **outcome)

    def _issue_turn(self, sender: Sender) -> None:
        self._require_joined(sender)
        if not self.facts.relay:
            raise CallRefused(Code.CALL_TURN_UNAVAILABLE)
        self._tell("turn_issued", sender)

    # Notices of the hub

    def _notice(self, frame: CallFrame | Notice, now: int) -> None:
        if not isinstance(frame, NOTICES):
            raise TypeError("a frame without its sender")
        if not self.facts.live:
            return
        match frame:
            case SocketLost():
                self._hear(frame.device, now, "socket_lost")
            case SocketBack():
                self._hear(frame.device, None, "socket_back")
            case Removed():
                self._remove(frame, now)
            case Restarted():
                self._begin_again(now)
            case _:
                assert_never(frame)

    def _hear(self, device: str, lost_at: int | None, what: str) -> None:
        for leg in self.facts.legs:
            if leg.device == device and (leg.lost_at is None) != (lost_at is None):
                self._put(replace(leg, lost_at=lost_at))
                # Who waits and whose telephone locks is presence: told to members, never written.
                if leg.state is Leg.JOINED:
                    self._tell(what, None, person=leg.person, device=device)

    def _remove(self, notice: Removed, now: int) -> None:
        leg = self.facts.leg(notice.person)
        if leg is not None and leg.inside:
            self._leave(leg, Leg.LEFT, now, asked=False)
            self._settle(now, notice.why)
            self._tell("left", None, person=notice.person, code=notice.why.value)
        elif leg is not None and leg.asked:
            self._put(replace(leg, asked=False))

    def _begin_again(self, now: int) -> None:
        """Give everyone the whole of their time again, counted from now."""
        legs = [_heard_last(leg, now) for leg in self.facts.legs]
        pairs = [
            pair if pair.connected else replace(pair, since=now, down_since=now)
            for pair in self.facts.pairs
        ]
        alone = None if self.facts.alone_since is None else now
        self._set(legs=tuple(legs), pairs=tuple(pairs), alone_since=alone)

    # Time

    def _let_pass(self, now: int) -> None:
        """Do one thing that is due."""
        for leg in self.facts.legs:
            if leg.deadline is not None and leg.deadline <= now:
                return self._miss(leg, now) if leg.state is Leg.RINGING else self._lose(leg, now)
        for pair in self.facts.pairs:
            if pair.deadline is not None and pair.deadline <= now:
                return self._overdue(pair, now)
        return self._end_by_clock(Code.CALL_PEER_LEFT, now)

    def _miss(self, leg: LegFacts, now: int) -> None:
        self._leave(leg, Leg.MISSED, now)
        self._settle(now, Code.CALL_TIMEOUT)
        self._tell("missed", None, person=leg.person)

    def _lose(self, leg: LegFacts, now: int) -> None:
        waited = leg.state is Leg.WAITING
        reason = Code.CALL_TIMEOUT if waited else self._reason(Code.CALL_MEDIA_LOST)
        self._leave(leg, Leg.LEFT, now)
        self._settle(now, reason)
        self._tell("left", None, person=leg.person)

    def _overdue(self, pair: PairFacts, now: int) -> None:
        """Make a pair anew, or give up whoever nobody reaches any more."""
        if all(one.is_given_up(now) for one in self.facts.pairs):
            return self._end_by_clock(Code.CALL_MEDIA_LOST, now)
        for leg in self.facts.joined:
            if leg.device in pair.devices and self._is_unreachable(leg, now):
                self._leave(leg, Leg.LEFT, now)
                self._settle(now, Code.CALL_MEDIA_LOST)
                code = Code.CALL_MEDIA_LOST.value
                return self._tell("left", None, person=leg.person, code=code)
        return self._rebuild_by_clock(pair, now)

    def _rebuild_by_clock(self, pair: PairFacts, now: int) -> None:
        room = pair.may_rebuild(now)
        if room:
            self._rebuild(pair, now)
        else:
            # Not now: look again when a place of this minute may be free.
            self._put_pair(replace(pair, since=now))
        told = {"devices": list(pair.devices), "generation": pair.generation}
        self._tell("pair_lost", None, **told, why="overdue" if room else "waits")

    def _is_unreachable(self, leg: LegFacts, now: int) -> bool:
        """Tell whether every connection of theirs was given up."""
        theirs = [pair for pair in self.facts.pairs if leg.device in pair.devices]
        return all(pair.is_given_up(now) for pair in theirs)

    def _end_by_clock(self, reason: Code, now: int) -> None:
        self._end(reason, now)
        self._tell("ended", None)

    # What several of them do

    def _join(self, person: str, role: Role, device: str, now: int) -> None:
        leg, others = self.facts.leg(person), self.facts.joined
        joined = _known(leg, person, role, Leg.JOINED, now, device=device)
        self._put(replace(joined, asked=True))
        for other in others:
            if other.device is not None:
                builds = _longest([joined.builds], lately(other.builds, now))
                self._put_pair(self._new_pair(other.device, device, builds, now))

    def _new_pair(self, there: str, new: str, builds: tuple[int, ...], now: int) -> PairFacts:
        return PairFacts(
            devices=(there, new),
            generation=self.facts.spent + 1,
            # Who was there has had the time to prepare its offer; unless it is out of reach.
            offerer=new if there in self.facts.lost else there,
            stage=Stage.ALL,
            since=now,
            down_since=now,
            rebuilds=builds,
        )

    def _leave(self, leg: LegFacts, how: Leg, now: int, *, asked: bool | None = None) -> None:
        cut = [pair for pair in self.facts.pairs if leg.device in pair.devices]
        builds = _longest(
            [(*lately(pair.rebuilds, now), now) for pair in cut], lately(leg.builds, now)
        )
        gone = _known(leg, leg.person, leg.role, how, now)
        self._put(replace(gone, asked=leg.asked if asked is None else asked, builds=builds))
        if cut:
            kept = tuple(pair for pair in self.facts.pairs if leg.device not in pair.devices)
            spent = max(self.facts.spent, *(pair.generation for pair in cut))
            self._set(pairs=kept, spent=spent)

    def _rebuild(self, pair: PairFacts, now: int) -> None:
        """Begin the next generation of a pair."""
        self._put_pair(pair.rebuilt(now, lost=self.facts.lost, relay=self.facts.relay))
        self._weigh(now)

    def _settle(self, now: int, reason: Code) -> None:
        """Draw the consequences of somebody coming or going: end, alone, or on."""
        facts = self.facts
        if not self._goes_on(reason):
            self._end(reason, now)
        elif facts.joined:
            alone = len(facts.joined) == 1 and not facts.has(Leg.RINGING)
            since = now if facts.alone_since is None else facts.alone_since
            self._set(alone_since=since if alone else None)
            self._weigh(now)

    def _goes_on(self, reason: Code) -> bool:
        facts = self.facts
        if facts.state is CallState.LOBBY and not facts.joined:
            return facts.has(Leg.WAITING)
        # A call is the pharmacist's: it does not go on among those who were called.
        if not any(leg.role is Role.PHARMACIST for leg in facts.joined):
            return False
        return len(facts.joined) > 1 or facts.has(Leg.RINGING) or self._may_be_rejoined(reason)

    def _may_be_rejoined(self, reason: Code) -> bool:
        """Tell whether somebody may still come: lost just now or before, or waiting."""
        waited_for = self.facts.alone_since is not None or self.facts.has(Leg.WAITING)
        return waited_for or reason is Code.CALL_MEDIA_LOST

    def _weigh(self, now: int) -> None:
        """Say where the call is, from its legs and pairs."""
        pairs, before = self.facts.pairs, self.facts.state
        began = before in (CallState.ACTIVE, CallState.DEGRADED)
        if len(self.facts.joined) < 2:
            state = CallState.DEGRADED if began else CallState.RINGING
        elif all(pair.connected for pair in pairs):
            audio = any(pair.stage is Stage.AUDIO for pair in pairs)
            state = CallState.DEGRADED if audio else CallState.ACTIVE
        else:
            state = CallState.DEGRADED if began else CallState.ACCEPTED
        if state is not before:
            self._set(state=state, since=now)

    def _reason(self, met: Code) -> Code:
        """Return `met` where people have met, else that it was cancelled before."""
        unmet = self.facts.state in (CallState.LOBBY, CallState.RINGING)
        return Code.CALL_CANCELLED if unmet else met

    def _end(self, reason: Code, now: int) -> None:
        self._set(
            state=CallState.ENDED,
            reason=reason,
            since=now,
            pairs=(),
            alone_since=None,
            legs=tuple(over(leg, now) for leg in self.facts.legs),
        )

    # What a frame must meet

    def _require_host(self, sender: Sender) -> LegFacts:
        """Return the leg of a pharmacist who may ring: in the lobby before anyone, then inside."""
        if sender.role is not Role.PHARMACIST:
            raise CallRefused(Code.CALL_NOT_AUTHORIZED)
        mine = self.facts.leg(sender.person)
        host = Leg.WAITING if self.facts.state is CallState.LOBBY else Leg.JOINED
        if mine is None or mine.state is not host or mine.device != sender.device:
            raise CallRefused(Code.CALL_WRONG_STATE)
        return mine

    def _require_joined(self, sender: Sender) -> None:
        leg = self.facts.leg(sender.person)
        if leg is None or leg.state is not Leg.JOINED or leg.device != sender.device:
            raise CallRefused(Code.CALL_WRONG_STATE)

    def _require_room(self, places: int) -> None:
        inside = sum(leg.inside for leg in self.facts.legs)
        if inside + places > MAX_PEOPLE:
            raise CallRefused(Code.CALL_FULL)

    def _places_of(self, sender: Sender) -> int:
        """Return how many places must be free: those who wait keep one for a pharmacist."""
        there = any(leg.inside and leg.role is Role.PHARMACIST for leg in self.facts.legs)
        return 1 if there or sender.role is Role.PHARMACIST else 2

    def _current(self, sender: Sender, peer: str, generation: int) -> PairFacts | None:
        """Return the pair in this very generation, None if that one is over."""
        self._require_joined(sender)
        for pair in self.facts.pairs:
            if pair.holds(sender.device, peer):
                if generation > pair.generation:
                    raise CallRefused(Code.CALL_STALE_GENERATION)
                return pair if generation == pair.generation else None
        raise CallRefused(Code.CALL_WRONG_STATE)

    def _is_in(self, person: str) -> bool:
        leg = self.facts.leg(person)
        return leg is not None and leg.state in (Leg.RINGING, Leg.JOINED)

    def _is_gone(self, person: str) -> bool:
        leg = self.facts.leg(person)
        return leg is None or not leg.inside

    # Writing down

    def _put(self, new: LegFacts) -> None:
        others = tuple(leg for leg in self.facts.legs if leg.person != new.person)
        self._set(legs=(*others, new))

    def _put_pair(self, new: PairFacts) -> None:
        others = tuple(pair for pair in self.facts.pairs if not pair.holds(*new.devices))
        self._set(pairs=(*others, new))

    def _set(self, **changes: Any) -> None:
        if not self._changed:
            changes["version"] = self.facts.version + 1
        self.facts = replace(self.facts, **changes)
        self._changed = True

    def _tell(self, what: str, by: Sender | None, **outcome: Any) -> None:
        facts = self.facts
        told = {"call": facts.id, "state": facts.state.value, **outcome}
        if facts.reason is not None:
            told["reason"] = facts.reason.value
        self._events.append(CallEvent(what=what, by=by, outcome=told))


def _known(
    leg: LegFacts | None,
    person: str,
    role: Role,
    state: Leg,
    now: int,
    *,
    device: str | None = None,
    until: int | None = None,
) -> LegFacts:
    """Return a person in another state, with what the call remembers of them."""
    return LegFacts(
        person=person,
        role=role,
        state=state,
        since=now,
        device=device,
        until=until,
        asked=leg is not None and leg.asked,
        builds=() if leg is None else lately(leg.builds, now),
    )


def _longest(some: Iterable[tuple[int, ...]], other: tuple[int, ...]) -> tuple[int, ...]:
    """Return the one that says most."""
    return max((*some, other), key=len)


def _heard_last(leg: LegFacts, now: int) -> LegFacts:
    """Return a person whom the hub does not hear since now."""
    if leg.state is Leg.RINGING:
        return replace(leg, until=ring_until(leg.role, now))
    return replace(leg, lost_at=now) if leg.inside else leg
