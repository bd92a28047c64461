"""Calls to start from, the people in them, and a clock that the test turns."""

from __future__ import annotations

from typing import Any, TypeVar

from crypto.policy.vocabulary import Role
from signaling import frames
from signaling.call import (
    SECOND,
    Call,
    CallEvent,
    CallFrame,
    CallState,
    LegFacts,
    PairFacts,
    Removed,
    Restarted,
    Sender,
    SocketBack,
    SocketLost,
)
from signaling.codes import Code

NOON = 1_790_000_000 * SECOND
CALL = "00000000-0000-4000-8000-00000000ca11"
CONVERSATION = "00000000-0000-4000-8000-0000000000aa"

CLAIRE = Sender("claire", "claire-desk", Role.PHARMACIST)
CLAIRE_ELSEWHERE = Sender("claire", "claire-laptop", Role.PHARMACIST)
HUGO = Sender("hugo", "hugo-desk", Role.PHARMACIST)
LEA = Sender("lea", "lea-desk", Role.TECHNICIAN)
JEAN = Sender("jean", "jean-telephone", Role.PATIENT)
JEAN_TABLET = Sender("jean", "jean-tablet", Role.PATIENT)
SOPHIE = Sender("sophie", "sophie-telephone", Role.CARER)
ANNE = Sender("anne", "anne-telephone", Role.CARER)
PAUL = Sender("paul", "paul-desk", Role.PHARMACIST)
"""Of another pharmacy."""

PEOPLE = (CLAIRE, HUGO, LEA, JEAN, SOPHIE, ANNE)
MEMBERS = {one.person: one.role for one in PEOPLE}

Frame = TypeVar("Frame", bound=CallFrame)


def a_frame(kind: type[Frame], **fields: Any) -> Frame:
    """Return a frame of this very call."""
    return kind(**{"id": "r1", "conversation": CONVERSATION, "call": CALL} | fields)


class Played:
    """A call as its people live it: who does what, and how time passes between."""

    def __init__(self, *, relay: bool = True) -> None:
        self.now = NOON
        self.call = Call.open(CALL, CONVERSATION, MEMBERS, relay=relay, now=NOON)

    def send(self, who: Sender, kind: type[Frame], **fields: Any) -> None:
        """Have somebody send a frame now."""
        self.call.receive(who, a_frame(kind, **fields), now=self.now)

    def open(self, who: Sender) -> None:
        """Have somebody enter the lobby."""
        self.send(who, frames.OpenCall)

    def ring(self, who: Sender, *persons: Sender) -> None:
        """Have somebody ring others."""
        self.send(who, frames.RingCall, persons=[one.person for one in persons])

    def accept(self, who: Sender) -> None:
        """Have somebody take the call."""
        self.send(who, frames.AcceptCall)

    def decline(self, who: Sender, *, call_me: bool = False) -> None:
        """Have somebody refuse it."""
        self.send(who, frames.DeclineCall, call_me=call_me)

    def hang_up(self, who: Sender) -> None:
        """Have somebody leave."""
        self.send(who, frames.HangUp)

    def connected(self, who: Sender, peer: Sender, generation: int | None = None) -> None:
        """Have somebody report that media arrives, in the current generation by default."""
        generation = self.pair(who, peer).generation if generation is None else generation
        self.send(who, frames.ReportConnected, peer=peer.device, generation=generation)

    def connect(self, one: Sender, other: Sender) -> None:
        """Have both sides report it."""
        self.connected(one, other)
        self.connected(other, one)

    def pair_lost(
        self, who: Sender, peer: Sender, generation: int | None = None, *, why: str = "stalled"
    ) -> None:
        """Have somebody ask for another connection, in place of the current one by default."""
        generation = self.pair(who, peer).generation if generation is None else generation
        self.send(who, frames.ReportPairLost, peer=peer.device, generation=generation, why=why)

    def lose(self, who: Sender) -> None:
        """Have the hub hear somebody's device no more."""
        self.call.receive(None, SocketLost(who.device), now=self.now)

    def hear(self, who: Sender) -> None:
        """Have the hub hear it again."""
        self.call.receive(None, SocketBack(who.device), now=self.now)

    def remove(self, who: Sender, why: Code = Code.CALL_DELEGATION_REVOKED) -> None:
        """Take somebody's right to be here."""
        self.call.receive(None, Removed(who.person, why), now=self.now)

    def restart(self) -> None:
        """Have the hub come back."""
        self.call.receive(None, Restarted(), now=self.now)

    def wait(self, seconds: float) -> None:
        """Let time pass, with every deadline in it met on time."""
        end = self.now + round(seconds * SECOND)
        while (due := self.call.next_deadline()) is not None and due <= end:
            self.now = max(self.now, due)
            self.call.tick(now=self.now)
        self.now = end

    def sleep(self, seconds: float) -> None:
        """Let time pass in which nobody looks at the clock."""
        self.now += round(seconds * SECOND)

    @property
    def state(self) -> CallState:
        """Where the call is."""
        return self.call.facts.state

    @property
    def reason(self) -> Code | None:
        """Why it ended."""
        return self.call.facts.reason

    @property
    def version(self) -> int:
        """How often it changed."""
        return self.call.facts.version

    @property
    def joined(self) -> set[str]:
        """Who is in it."""
        return {leg.person for leg in self.call.facts.joined}

    @property
    def connections(self) -> set[frozenset[str]]:
        """Which devices connect."""
        return {frozenset(pair.devices) for pair in self.call.facts.pairs}

    def leg(self, who: Sender) -> LegFacts:
        """Return where somebody is, who is somewhere."""
        leg = self.call.facts.leg(who.person)
        assert leg is not None
        return leg

    def pair(self, one: Sender, other: Sender) -> PairFacts:
        """Return the connection of two devices, which must exist."""
        pairs = self.call.facts.pairs
        return next(pair for pair in pairs if pair.holds(one.device, other.device))

    def told(self) -> list[CallEvent]:
        """Drain what the trail is told."""
        return self.call.take_events()

    def forget(self) -> Played:
        """Drain everything: what comes next is the test's own."""
        self.call.take_events()
        self.call.take_outgoing()
        return self


def a_lobby(*waiting: Sender, relay: bool = True) -> Played:
    """Return a call in which these wait: Claire alone, unless the test names others."""
    play = Played(relay=relay)
    for one in waiting or (CLAIRE,):
        play.open(one)
    return play.forget()


def a_ringing_call(*rung: Sender, relay: bool = True) -> Played:
    """Return a call in which Claire rings these: Jean, unless the test names others."""
    play = a_lobby(relay=relay)
    play.ring(CLAIRE, *(rung or (JEAN,)))
    return play.forget()


def an_accepted_call(*others: Sender, relay: bool = True) -> Played:
    """Return a call that these accepted and where nothing is connected yet."""
    play = a_ringing_call(*others, relay=relay)
    for one in others or (JEAN,):
        play.accept(one)
    return play.forget()


def an_active_call(*others: Sender, relay: bool = True) -> Played:
    """Return a call of Claire and these in which everyone sees everyone."""
    play = an_accepted_call(*others, relay=relay)
    people = [CLAIRE, *(others or (JEAN,))]
    for number, one in enumerate(people):
        for other in people[:number]:
            play.connect(one, other)
    return play.forget()


def an_ended_call() -> Played:
    """Return a call that was hung up."""
    play = an_active_call()
    play.hang_up(JEAN)
    return play.forget()
