"""One call: who is in its lobby, whom it rings, which pairs of devices connect, and how it ends.

A protocol object with five verbs (`receive`, `tick`, `next_deadline`, `take_outgoing`,
`take_events`): the hub owns the sockets, the clock and the database, this owns the rules.

    lobby -> ringing -> accepted -> active <-> degraded -> ended(reason)

All of it is in `CallFacts`, a value that is stored whole, so that a restart of the hub ends
nothing. Instants are microseconds since 1970 UTC.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Any, assert_never

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from crypto.policy.vocabulary import STAFF, Role
from signaling import frames
from signaling.codes import Code
from signaling.errors import CallRefused

SECOND = 1_000_000
MAX_PEOPLE = 4
"""A mesh of four costs a quarter of a core each (measured); the fifth is `call.full`."""
RING_SECONDS = 120
"""A patient is fetching his glasses."""
RING_PROFESSIONAL_SECONDS = 45
PLACE_SECONDS = 15 * 60
"""How long the lobby keeps the place of a telephone that locked itself."""
GRACE_SECONDS = 30
"""A dead socket never ends a call that soon: media may flow without us."""
CONNECT_SECONDS = 8
"""Then the pair is made anew even if neither side asks: nobody hangs in silence."""
GIVE_UP_SECONDS = 30
ALONE_SECONDS = 60
MAX_REBUILDS = 10
"""A minute, for each pair."""
MINUTE_SECONDS = 60


class CallState(StrEnum):
    """Where a call is."""

    LOBBY = "lobby"
    RINGING = "ringing"
    ACCEPTED = "accepted"
    ACTIVE = "active"
    DEGRADED = "degraded"
    ENDED = "ended"


class Leg(StrEnum):
    """Where one person is."""

    WAITING = "waiting"
    RINGING = "ringing"
    JOINED = "joined"
    LEFT = "left"
    DECLINED = "declined"
    CALL_ME = "call_me"
    MISSED = "missed"


class Stage(StrEnum):
    """What a connection may try, in this order: all candidates, relay only, audio by relay."""

    ALL = "all"
    RELAY = "relay"
    AUDIO = "audio"


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


CallReport = (
    frames.ReportConnected | frames.ReportPairLost | frames.ReportIncident | frames.IssueTurn
)
REPORTS = (
    frames.ReportConnected,
    frames.ReportPairLost,
    frames.ReportIncident,
    frames.IssueTurn,
)
CallFrame = (
    frames.OpenCall
    | frames.RingCall
    | frames.AcceptCall
    | frames.DeclineCall
    | frames.HangUp
    | frames.DelayCall
    | CallReport
)
Notice = SocketLost | SocketBack | Removed


class LegFacts(Struct, frozen=True, kw_only=True):
    """One person of the call. `until`: when the ringing ends; `lost_at`: unheard since."""

    person: str
    role: Role
    state: Leg
    since: int
    device: str | None = None
    until: int | None = None
    lost_at: int | None = None


class PairFacts(Struct, frozen=True, kw_only=True):
    """The connection of two joined devices, in their order of joining."""

    devices: tuple[str, str]
    generation: int
    offerer: str
    stage: Stage
    since: int
    """When this generation began."""
    down_since: int | None
    """Since when no media is known to flow; None while it does."""
    up: tuple[str, ...] = ()
    """The devices that reported media in this generation."""
    rebuilds: tuple[int, ...] = ()
    """When it was rebuilt, within the last minute."""

    @property
    def connected(self) -> bool:
        """Both sides receive."""
        return len(self.up) == 2

    def holds(self, one: str, other: str) -> bool:
        """Tell whether these are its two devices."""
        return one != other and {one, other} == set(self.devices)


class CallFacts(Struct, frozen=True, kw_only=True):
    """A call as a value: what the database row holds."""

    id: str
    conversation: str
    opened_at: int
    since: int
    relay: bool
    """TURN is configured: the ladder has its relay step."""
    state: CallState = CallState.LOBBY
    reason: Code | None = None
    version: int = 0
    caller: str | None = None
    delayed_until: int | None = None
    alone_since: int | None = None
    legs: tuple[LegFacts, ...] = ()
    pairs: tuple[PairFacts, ...] = ()

    @property
    def live(self) -> bool:
        """The call goes on."""
        return self.state is not CallState.ENDED


class CallEvent(Struct, frozen=True, kw_only=True):
    """What the trail says of one step. `by` is None where the clock or the hub did it."""

    what: str
    """`opened rang accepted declined left ended missed delayed connected pair_lost incident
    turn_issued socket_lost socket_back`."""
    by: Sender | None
    outcome: dict[str, Any]


class Call:
    """The state machine of one call."""

    def __init__(self, facts: CallFacts, members: Mapping[str, Role]) -> None:
        """`members`: the conversation's people, by whom a frame may name."""
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
        event.
        """
        if not self.facts.live:
            raise CallRefused(Code.CALL_WRONG_STATE)
        before = self.facts, self._changed
        try:
            if sender is None:
                self._notice(frame, now)
            elif isinstance(frame, REPORTS):
                self._report(sender, frame, now)
            else:
                self._control(sender, frame, now)
        except CallRefused:
            self.facts, self._changed = before
            raise

    def tick(self, *, now: int) -> None:
        """Let time pass: whatever is due by `now` happens."""
        while self.facts.live and (due := self.next_deadline()) is not None and due <= now:
            self._let_pass(now)

    def next_deadline(self) -> int | None:
        """Return when `tick` has something to do, or None."""
        if not self.facts.live:
            return None
        return min(self._deadlines(), default=None)

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

    def _control(self, sender: Sender, frame: CallFrame | Notice, now: int) -> None:
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
                raise CallRefused(Code.CALL_WRONG_STATE)

    def _report(self, sender: Sender, frame: CallReport, now: int) -> None:
        match frame:
            case frames.ReportConnected():
                self._connected(sender, frame, now)
            case frames.ReportPairLost():
                self._pair_lost(sender, frame, now)
            case frames.ReportIncident():
                self._incident(sender, frame)
            case frames.IssueTurn():
                self._require_joined(sender)
                self._tell("turn_issued", sender)
            case _:
                assert_never(frame)

    def _open_lobby(self, sender: Sender, now: int) -> None:
        leg = self._leg(sender.person)
        if leg is not None and leg.state is Leg.JOINED:
            raise CallRefused(
                Code.CALL_WRONG_STATE if leg.device == sender.device else Code.CALL_TAKEN
            )
        if leg is not None and leg.state is Leg.RINGING:
            # It rings already: there is a call to accept, not a lobby to wait in.
            raise CallRefused(Code.CALL_WRONG_STATE)
        if leg is not None and leg.state is Leg.WAITING and leg.device == sender.device:
            return
        if leg is None or leg.state is not Leg.WAITING:
            self._require_room(1)
        self._put(_leg_of(sender, Leg.WAITING, now))
        self._tell("opened", sender)

    def _ring(self, sender: Sender, persons: Iterable[str], now: int) -> None:
        if sender.role is not Role.PHARMACIST:
            raise CallRefused(Code.CALL_NOT_AUTHORIZED)
        mine = self._leg(sender.person)
        if mine is None or mine.device != sender.device:
            raise CallRefused(Code.CALL_WRONG_STATE)
        wanted = [p for p in dict.fromkeys(persons) if p != sender.person and not self._is_in(p)]
        if any(person not in self._members for person in wanted):
            raise CallRefused(Code.CALL_NOT_MEMBER)
        self._require_room(sum(self._leg_is_gone(person) for person in wanted))
        if not wanted:
            return
        self._set(caller=self.facts.caller or sender.person, delayed_until=None)
        if mine.state is Leg.WAITING:
            self._join(sender.person, sender.device, sender.role, now)
        for person in wanted:
            self._ring_one(person, now)
        self._settle(now, Code.CALL_CANCELLED)
        self._tell("rang", sender, persons=sorted(wanted))

    def _ring_one(self, person: str, now: int) -> None:
        role, leg = self._members[person], self._leg(person)
        waits_here = leg is not None and leg.state is Leg.WAITING and leg.lost_at is None
        if leg is not None and leg.device is not None and waits_here:
            # Admitted: to wait in the lobby was to say yes.
            self._join(person, leg.device, role, now)
            return
        seconds = RING_PROFESSIONAL_SECONDS if role in STAFF else RING_SECONDS
        until = now + seconds * SECOND
        self._put(LegFacts(person=person, role=role, state=Leg.RINGING, since=now, until=until))

    def _accept(self, sender: Sender, now: int) -> None:
        leg = self._leg(sender.person)
        if leg is None or leg.state is Leg.WAITING:
            raise CallRefused(Code.CALL_WRONG_STATE)
        if leg.state is Leg.JOINED and leg.device == sender.device:
            return
        if leg.state is Leg.JOINED:
            raise CallRefused(Code.CALL_TAKEN)
        if self.facts.state is CallState.LOBBY:
            raise CallRefused(Code.CALL_WRONG_STATE)
        if self._leg_is_gone(sender.person):
            self._require_room(1)
        self._join(sender.person, sender.device, sender.role, now)
        self._settle(now, Code.CALL_PEER_LEFT)
        self._tell("accepted", sender)

    def _decline(self, sender: Sender, how: Leg, now: int) -> None:
        leg = self._leg(sender.person)
        if leg is not None and leg.state is how:
            return
        if leg is None or leg.state is not Leg.RINGING:
            raise CallRefused(Code.CALL_WRONG_STATE)
        self._put(replace(leg, state=how, since=now, until=None))
        self._settle(now, Code.CALL_DECLINED)
        self._tell("declined", sender, how=how.value)

    def _hang_up(self, sender: Sender, now: int) -> None:
        leg = self._leg(sender.person)
        if leg is None or leg.device != sender.device or leg.state not in (Leg.WAITING, Leg.JOINED):
            raise CallRefused(Code.CALL_WRONG_STATE)
        met = bool(self.facts.pairs)
        self._leave(leg, Leg.LEFT, now)
        # Two people are the ordinary call: when one hangs up it is over, for both at once.
        self._settle(now, Code.CALL_PEER_LEFT if met else Code.CALL_CANCELLED, at_once=True)
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
        self._rebuild(pair, now)
        self._tell("pair_lost", sender, peer=frame.peer, generation=frame.generation, why=frame.why)

    def _incident(self, sender: Sender, frame: frames.ReportIncident) -> None:
        leg = self._leg(sender.person)
        if leg is None:
            raise CallRefused(Code.CALL_WRONG_STATE)
        outcome = {"code": frame.code, "peer": frame.peer, "generation": frame.generation}
        self._tell("incident", sender, **outcome)

    # Notices of the hub

    def _notice(self, frame: CallFrame | Notice, now: int) -> None:
        match frame:
            case SocketLost():
                self._socket(frame.device, now, "socket_lost")
            case SocketBack():
                self._socket(frame.device, None, "socket_back")
            case Removed():
                leg = self._leg(frame.person)
                if leg is None or leg.state not in (Leg.WAITING, Leg.RINGING, Leg.JOINED):
                    return
                self._leave(leg, Leg.LEFT, now)
                self._settle(now, frame.why, at_once=True)
                self._tell("left", None, person=frame.person, code=frame.why.value)
            case _:
                raise TypeError("a frame without its sender")

    def _socket(self, device: str, lost_at: int | None, what: str) -> None:
        for leg in self.facts.legs:
            there = leg.device == device and leg.state in (Leg.WAITING, Leg.JOINED)
            if there and (leg.lost_at is None) != (lost_at is None):
                self._put(replace(leg, lost_at=lost_at))
                # Who waits and whose telephone locks is presence: told to members, never written.
                if leg.state is Leg.JOINED:
                    self._tell(what, None, person=leg.person, device=device)

    # Time

    def _deadlines(self) -> Iterable[int]:
        for leg in self.facts.legs:
            if leg.state is Leg.RINGING and leg.until is not None:
                yield leg.until
            elif leg.lost_at is not None:
                yield leg.lost_at + _patience(leg) * SECOND
        for pair in self.facts.pairs:
            if not pair.connected:
                yield self._pair_deadline(pair)
        if self.facts.alone_since is not None:
            yield self.facts.alone_since + ALONE_SECONDS * SECOND

    def _pair_deadline(self, pair: PairFacts) -> int:
        connect_by = pair.since + CONNECT_SECONDS * SECOND
        if pair.down_since is None:
            return connect_by
        give_up_at = pair.down_since + GIVE_UP_SECONDS * SECOND
        if pair.since >= give_up_at:
            return connect_by
        return min(connect_by, give_up_at)

    def _let_pass(self, now: int) -> None:
        """Do the one thing that is due first."""
        for leg in self.facts.legs:
            if leg.state is Leg.RINGING and leg.until is not None and leg.until <= now:
                return self._miss(leg, now)
            if leg.lost_at is not None and leg.lost_at + _patience(leg) * SECOND <= now:
                return self._lose(leg, now)
        for pair in self.facts.pairs:
            if not pair.connected and self._pair_deadline(pair) <= now:
                return self._overdue(pair, now)
        self._end(Code.CALL_PEER_LEFT, now)
        return self._tell("ended", None)

    def _miss(self, leg: LegFacts, now: int) -> None:
        self._put(replace(leg, state=Leg.MISSED, since=now, until=None))
        self._settle(now, Code.CALL_TIMEOUT)
        self._tell("missed", None, person=leg.person)

    def _lose(self, leg: LegFacts, now: int) -> None:
        waited = leg.state is Leg.WAITING
        self._leave(leg, Leg.LEFT, now)
        self._settle(now, Code.CALL_TIMEOUT if waited else Code.CALL_MEDIA_LOST)
        self._tell("left", None, person=leg.person)

    def _overdue(self, pair: PairFacts, now: int) -> None:
        given_up = pair.down_since is not None and now - pair.down_since >= GIVE_UP_SECONDS * SECOND
        if given_up and self._joined_count() == 2:
            self._end(Code.CALL_MEDIA_LOST, now)
            return self._tell("ended", None)
        rebuilt = self._rebuild(pair, now, refuse=False)
        why = "overdue" if rebuilt else "waits"
        return self._tell(
            "pair_lost", None, devices=list(pair.devices), generation=pair.generation, why=why
        )

    # What several of them do

    def _join(self, person: str, device: str, role: Role, now: int) -> None:
        others = [leg for leg in self.facts.legs if leg.state is Leg.JOINED]
        self._put(LegFacts(person=person, role=role, state=Leg.JOINED, since=now, device=device))
        for other in others:
            if other.device is not None and other.person != person:
                self._put_pair(_new_pair(other.device, device, now))

    def _leave(self, leg: LegFacts, how: Leg, now: int) -> None:
        self._put(replace(leg, state=how, since=now, until=None, lost_at=None, device=None))
        if leg.device is not None:
            kept = tuple(pair for pair in self.facts.pairs if leg.device not in pair.devices)
            self._set(pairs=kept)

    def _rebuild(self, pair: PairFacts, now: int, *, refuse: bool = True) -> bool:
        """Begin the next generation of a pair; tell whether there was room in this minute."""
        recent = tuple(at for at in pair.rebuilds if at > now - MINUTE_SECONDS * SECOND)
        if len(recent) >= MAX_REBUILDS:
            if refuse:
                raise CallRefused(Code.CALL_RATE_LIMITED)
            # Not now: look again when a place of this minute is free.
            self._put_pair(replace(pair, since=now))
            return False
        worked = bool(pair.up)
        self._put_pair(
            PairFacts(
                devices=pair.devices,
                generation=pair.generation + 1,
                offerer=self._next_offerer(pair),
                stage=Stage.ALL if worked else self._next_stage(pair.stage),
                since=now,
                down_since=now if pair.down_since is None else pair.down_since,
                rebuilds=(*recent, now),
            )
        )
        self._weigh(now)
        return True

    def _next_offerer(self, pair: PairFacts) -> str:
        """The other one, so that no single side's trouble decides; never one out of reach."""
        lost = {leg.device for leg in self.facts.legs if leg.lost_at is not None}
        first, second = pair.devices
        other = second if pair.offerer == first else first
        return pair.offerer if other in lost and pair.offerer not in lost else other

    def _next_stage(self, stage: Stage) -> Stage:
        if stage is Stage.ALL and self.facts.relay:
            return Stage.RELAY
        # Without a relay the last step keeps all candidates and leaves the picture out. After the
        # last step the ladder begins again, until the pair is given up.
        return Stage.ALL if stage is Stage.AUDIO else Stage.AUDIO

    def _settle(self, now: int, reason: Code, *, at_once: bool = False) -> None:
        """Draw the consequences of somebody coming or going: end, alone, or on."""
        legs = self.facts.legs
        joined = [leg for leg in legs if leg.state is Leg.JOINED]
        waiting = any(leg.state is Leg.WAITING for leg in legs)
        ringing = any(leg.state is Leg.RINGING for leg in legs)
        began = self.facts.caller is not None or bool(joined)
        if not began:
            if not waiting:
                self._end(reason, now)
            return
        # A call is the pharmacist's: it does not go on among those who were called.
        if not any(leg.role in STAFF for leg in joined):
            self._end(reason, now)
            return
        alone = len(joined) == 1 and not ringing
        if alone and (at_once or reason is not Code.CALL_MEDIA_LOST) and not waiting:
            self._end(reason, now)
            return
        self._set(alone_since=(self.facts.alone_since or now) if alone else None)
        self._weigh(now)

    def _weigh(self, now: int) -> None:
        """Say where the call is, from its legs and pairs."""
        if not self.facts.live:
            return
        pairs, before = self.facts.pairs, self.facts.state
        began = before in (CallState.ACTIVE, CallState.DEGRADED)
        if self._joined_count() < 2:
            state = CallState.DEGRADED if began else CallState.RINGING
        elif all(pair.connected for pair in pairs):
            audio = any(pair.stage is Stage.AUDIO for pair in pairs)
            state = CallState.DEGRADED if audio else CallState.ACTIVE
        else:
            state = CallState.DEGRADED if began else CallState.ACCEPTED
        if state is not before:
            self._set(state=state, since=now)

    def _end(self, reason: Code, now: int) -> None:
        self._set(
            state=CallState.ENDED,
            reason=reason,
            since=now,
            pairs=(),
            alone_since=None,
            legs=tuple(_over(leg, now) for leg in self.facts.legs),
        )

    # Small things

    def _current(self, sender: Sender, peer: str, generation: int) -> PairFacts | None:
        """Return the pair in this very generation, None if that one is over."""
        self._require_joined(sender)
        for pair in self.facts.pairs:
            if pair.holds(sender.device, peer):
                if generation > pair.generation:
                    raise CallRefused(Code.CALL_STALE_GENERATION)
                return pair if generation == pair.generation else None
        raise CallRefused(Code.CALL_WRONG_STATE)

    def _require_joined(self, sender: Sender) -> None:
        leg = self._leg(sender.person)
        if leg is None or leg.state is not Leg.JOINED or leg.device != sender.device:
            raise CallRefused(Code.CALL_WRONG_STATE)

    def _require_room(self, more: int) -> None:
        inside = sum(self._is_in_or_asked(leg) for leg in self.facts.legs)
        if inside + more > MAX_PEOPLE:
            raise CallRefused(Code.CALL_FULL)

    def _is_in_or_asked(self, leg: LegFacts) -> bool:
        return leg.state in (Leg.WAITING, Leg.RINGING, Leg.JOINED)

    def _is_in(self, person: str) -> bool:
        leg = self._leg(person)
        return leg is not None and leg.state in (Leg.RINGING, Leg.JOINED)

    def _leg_is_gone(self, person: str) -> bool:
        leg = self._leg(person)
        return leg is None or not self._is_in_or_asked(leg)

    def _joined_count(self) -> int:
        return sum(leg.state is Leg.JOINED for leg in self.facts.legs)

    def _leg(self, person: str) -> LegFacts | None:
        return next((leg for leg in self.facts.legs if leg.person == person), None)

    def _put(self, new: LegFacts) -> None:
        others = tuple(leg for leg in self.facts.legs if leg.person != new.person)
        self._set(legs=(*others, new))

    def _put_pair(self, new: PairFacts) -> None:
        others = tuple(p for p in self.facts.pairs if set(p.devices) != set(new.devices))
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


def view(facts: CallFacts) -> frames.CallView:
    """Return what the members are told of a call."""
    return frames.CallView(
        id=facts.id,
        conversation=facts.conversation,
        version=facts.version,
        state=facts.state.value,
        reason=None if facts.reason is None else facts.reason.value,
        caller=facts.caller,
        opened_at=facts.opened_at,
        since=facts.since,
        delayed_until=facts.delayed_until,
        turn=facts.relay,
        legs=[_leg_view(leg) for leg in facts.legs],
        pairs=[_pair_view(pair) for pair in facts.pairs],
    )


def encode(facts: CallFacts) -> bytes:
    """Return the stored form of a call."""
    return msgspec.json.encode(facts)


def decode(data: bytes) -> CallFacts:
    """Read the stored form of a call."""
    return msgspec.json.decode(data, type=CallFacts)


def _leg_view(leg: LegFacts) -> frames.LegView:
    until = leg.until if leg.lost_at is None else leg.lost_at + _patience(leg) * SECOND
    return frames.LegView(
        person=leg.person,
        device=leg.device,
        state=leg.state.value,
        since=leg.since,
        away=leg.lost_at is not None,
        until=until,
    )


def _pair_view(pair: PairFacts) -> frames.PairView:
    return frames.PairView(
        devices=list(pair.devices),
        generation=pair.generation,
        offerer=pair.offerer,
        stage=pair.stage.value,
        state="connected" if pair.connected else "connecting",
    )


def _leg_of(sender: Sender, state: Leg, now: int) -> LegFacts:
    return LegFacts(
        person=sender.person, role=sender.role, state=state, since=now, device=sender.device
    )


def _new_pair(there: str, new: str, now: int) -> PairFacts:
    # Who was there has had the time to prepare its offer.
    return PairFacts(
        devices=(there, new),
        generation=1,
        offerer=there,
        stage=Stage.ALL,
        since=now,
        down_since=now,
    )


def _over(leg: LegFacts, now: int) -> LegFacts:
    gone = leg.state in (Leg.WAITING, Leg.RINGING, Leg.JOINED)
    state = {Leg.RINGING: Leg.MISSED}.get(leg.state, Leg.LEFT) if gone else leg.state
    since = now if gone else leg.since
    return replace(leg, state=state, since=since, device=None, until=None, lost_at=None)


def _patience(leg: LegFacts) -> int:
    return PLACE_SECONDS if leg.state is Leg.WAITING else GRACE_SECONDS
