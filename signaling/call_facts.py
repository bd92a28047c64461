"""What a call is, as a value: who is where, which devices connect, and until when.

Stored whole in one database row and told whole to the members. The rules that change it are in
`signaling.call`; here are the facts, their bounds and what follows from them alone. Instants are
microseconds since 1970 UTC.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from crypto.policy.vocabulary import STAFF, Role
from signaling import frames
from signaling.codes import Code

SECOND = 1_000_000
MAX_PEOPLE = 4
"""A mesh of four costs a quarter of a core each (measured); the fifth is `call.full`."""
RING_SECONDS = 120
"""A patient is fetching his glasses."""
RING_PROFESSIONAL_SECONDS = 45
PLACE_SECONDS = 15 * 60
"""How long the lobby keeps the place of a telephone that locked itself."""
LOBBY_SECONDS = 4 * 3600
"""Then whoever waits is told that nobody came: a forgotten tab keeps no call alive."""
GRACE_SECONDS = 30
"""A dead socket never ends a call that soon: media may flow without us."""
CONNECT_SECONDS = 8
"""Then the pair is made anew even if neither side asks: nobody hangs in silence."""
GIVE_UP_SECONDS = 30
RETRY_SECONDS = 60
"""How often a pair that was given up is tried again, while the others go on."""
ALONE_SECONDS = 60
MAX_REBUILDS = 10
"""A minute, for each pair; coming in again counts too."""
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


INSIDE = frozenset({Leg.WAITING, Leg.RINGING, Leg.JOINED})
"""Who takes one of the four places."""


class Stage(StrEnum):
    """What a connection may try, in this order: all candidates, relay only, audio by relay."""

    ALL = "all"
    RELAY = "relay"
    AUDIO = "audio"


class LegFacts(Struct, frozen=True, kw_only=True):
    """One person of the call."""

    person: str
    role: Role
    state: Leg
    since: int
    device: str | None = None
    """Where they wait or joined."""
    until: int | None = None
    """When the ringing ends."""
    lost_at: int | None = None
    """Since when their device is not heard."""
    asked: bool = False
    """A pharmacist inside rang them or let them in: they may accept, and come back."""
    builds: tuple[int, ...] = ()
    """When they made the others connect to them, within the last minute, as far as it concerns
    connections that are gone."""

    @property
    def inside(self) -> bool:
        """They take a place."""
        return self.state in INSIDE

    @property
    def gone_at(self) -> int | None:
        """When an unheard device loses its place."""
        if self.lost_at is None:
            return None
        patience = PLACE_SECONDS if self.state is Leg.WAITING else GRACE_SECONDS
        return self.lost_at + patience * SECOND

    @property
    def deadline(self) -> int | None:
        """When the clock moves them."""
        if self.state is Leg.RINGING:
            return self.until
        ends = [self.gone_at] if self.gone_at is not None else []
        if self.state is Leg.WAITING:
            ends.append(self.since + LOBBY_SECONDS * SECOND)
        return min(ends, default=None)


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

    @property
    def given_up_at(self) -> int | None:
        """When it counts as lost for good, if it does not connect before."""
        return None if self.down_since is None else self.down_since + GIVE_UP_SECONDS * SECOND

    @property
    def deadline(self) -> int | None:
        """When the clock makes it anew, or gives it up."""
        if self.given_up_at is None:
            return None
        if self.since >= self.given_up_at:
            return self.since + RETRY_SECONDS * SECOND
        return min(self.since + CONNECT_SECONDS * SECOND, self.given_up_at)

    def holds(self, one: str, other: str) -> bool:
        """Tell whether these are its two devices."""
        return one != other and {one, other} == set(self.devices)

    def is_given_up(self, now: int) -> bool:
        """Tell whether it was tried for long enough."""
        return self.given_up_at is not None and now >= self.given_up_at

    def may_rebuild(self, now: int) -> bool:
        """Tell whether this minute has room for one more generation."""
        return len(lately(self.rebuilds, now)) < MAX_REBUILDS

    def rebuilt(self, now: int, *, lost: Iterable[str], relay: bool) -> PairFacts:
        """Return its next generation. `lost`: the devices that are out of reach."""
        return PairFacts(
            devices=self.devices,
            generation=self.generation + 1,
            offerer=self._next_offerer(frozenset(lost)),
            stage=self._next_stage(relay=relay),
            since=now,
            down_since=now if self.down_since is None else self.down_since,
            rebuilds=(*lately(self.rebuilds, now), now),
        )

    def _next_offerer(self, lost: frozenset[str]) -> str:
        """The other one, so that no single side's trouble decides; never one out of reach."""
        first, second = self.devices
        other = second if self.offerer == first else first
        return self.offerer if other in lost and self.offerer not in lost else other

    def _next_stage(self, *, relay: bool) -> Stage:
        """Return the next step down the ladder; from its foot, and where it held, the first."""
        # Without a relay the two lower steps would try nothing that the first does not.
        if self.connected or not relay or self.stage is Stage.AUDIO:
            return Stage.ALL
        return Stage.RELAY if self.stage is Stage.ALL else Stage.AUDIO


class CallFacts(Struct, frozen=True, kw_only=True):
    """A call as a value: what the database row holds."""

    id: str
    conversation: str
    opened_at: int
    since: int
    relay: bool
    """TURN is configured: the ladder has its relay steps."""
    state: CallState = CallState.LOBBY
    reason: Code | None = None
    version: int = 0
    caller: str | None = None
    delayed_until: int | None = None
    alone_since: int | None = None
    legs: tuple[LegFacts, ...] = ()
    pairs: tuple[PairFacts, ...] = ()
    spent: int = 0
    """The highest generation of a connection that is gone: no later one of this call uses it
    again, so that a signal held back for it is stale for ever."""

    @property
    def live(self) -> bool:
        """The call goes on."""
        return self.state is not CallState.ENDED

    @property
    def joined(self) -> tuple[LegFacts, ...]:
        """Who is in the call itself."""
        return tuple(leg for leg in self.legs if leg.state is Leg.JOINED)

    @property
    def lost(self) -> frozenset[str]:
        """The devices that are not heard now."""
        unheard = (leg.device for leg in self.legs if leg.lost_at is not None)
        return frozenset(device for device in unheard if device is not None)

    @property
    def alone_until(self) -> int | None:
        """When a call with one person in it ends."""
        return None if self.alone_since is None else self.alone_since + ALONE_SECONDS * SECOND

    @property
    def deadline(self) -> int | None:
        """When the clock has something to do."""
        if not self.live:
            return None
        all_of_them = (
            self.alone_until,
            *(leg.deadline for leg in self.legs),
            *(pair.deadline for pair in self.pairs),
        )
        return min((one for one in all_of_them if one is not None), default=None)

    def leg(self, person: str) -> LegFacts | None:
        """Return where a person is, None if they never were in it."""
        return next((leg for leg in self.legs if leg.person == person), None)

    def has(self, state: Leg) -> bool:
        """Tell whether anybody is there."""
        return any(leg.state is state for leg in self.legs)


def ring_until(role: Role, now: int) -> int:
    """Return when the telephone of somebody in this role stops ringing."""
    return now + (RING_PROFESSIONAL_SECONDS if role in STAFF else RING_SECONDS) * SECOND


def lately(instants: Iterable[int], now: int) -> tuple[int, ...]:
    """Return those of the last minute."""
    return tuple(at for at in instants if at > now - MINUTE_SECONDS * SECOND)


def over(leg: LegFacts, now: int) -> LegFacts:
    """Return where a person is once the call has ended."""
    if not leg.inside:
        return leg
    state = Leg.MISSED if leg.state is Leg.RINGING else Leg.LEFT
    return replace(leg, state=state, since=now, device=None, until=None, lost_at=None)


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
    return frames.LegView(
        person=leg.person,
        device=leg.device,
        state=leg.state.value,
        since=leg.since,
        away=leg.lost_at is not None,
        until=leg.until if leg.lost_at is None else leg.gone_at,
    )


def _pair_view(pair: PairFacts) -> frames.PairView:
    return frames.PairView(
        devices=list(pair.devices),
        generation=pair.generation,
        offerer=pair.offerer,
        stage=pair.stage.value,
        state="connected" if pair.connected else "connecting",
    )
