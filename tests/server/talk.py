"""Calls on a real hub: two people on their way to talk, and the frames that bring them there."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from crypto.keys import Secret
from crypto.mls.authenticated_data import SignalHeader, SignalType
from crypto.policy.vocabulary import Role
from server.domain.people import Person
from server.hub.bounds import TurnSettings
from signaling import frames
from signaling.frames import CallView, Ok, RefusedFrame
from tests.server import opaque
from tests.server.house import PEOPLE, House, Peer, a_pair

OFFER, ANSWER, CANDIDATES = SignalType
TURN = TurnSettings(("turn:127.0.0.1:3478",), Secret(b"between coturn and the hub"))


@dataclass(frozen=True, slots=True)
class Talk:
    """A pharmacist, a patient, and the call between them."""

    house: House
    claire: Peer
    jean: Peer
    conversation: str
    call: str

    @property
    def here(self) -> dict[str, str]:
        """The fields that every frame of this call has."""
        return {"conversation": self.conversation, "call": self.call}

    async def ok(self, peer: Peer, kind: type[Any], /, **fields: Any) -> dict[str, Any]:
        """Send a frame of this call that must be accepted; return the call as it is now."""
        result = (await peer.ok(kind, **self.here | fields)).result or {}
        view: dict[str, Any] = result["call"]
        return view

    async def refused(self, peer: Peer, kind: type[Any], /, **fields: Any) -> str:
        """Send a frame of this call that must be refused; return its code."""
        return (await peer.refused(kind, **self.here | fields)).code

    async def signal(
        self, sender: Peer, to: Peer, what: SignalType = OFFER, /, **changes: Any
    ) -> Ok | RefusedFrame:
        """Send a signal of the first generation, or one with another header."""
        body = self.signal_body(to, what, **changes)
        return await sender.ask(frames.Signal, conversation=self.conversation, body=body)

    def signal_body(self, to: Peer, what: SignalType, /, **changes: Any) -> bytes:
        """Return a signal's bytes."""
        header: dict[str, Any] = {
            "call": uuid.UUID(self.call).bytes,
            "to": uuid.UUID(to.device).bytes,
            "generation": 1,
            "type": what,
        }
        epoch, size = changes.pop("epoch", 1), changes.pop("size", 272)
        sent_at = changes.pop("sent_at", self.house.clock.now() // 1000)
        said = SignalHeader(**header | changes)
        return opaque.signal(self.conversation, said, epoch=epoch, size=size, sent_at=sent_at)

    async def lose_pair(self, peer: Peer, other: Peer, generation: int) -> dict[str, Any]:
        """Have the connection made anew."""
        return await self.ok(
            peer,
            frames.ReportPairLost,
            peer=other.device,
            generation=generation,
            why="failed",
        )

    async def connect(self) -> dict[str, Any]:
        """Have both report media."""
        await self.ok(
            self.claire, frames.ReportConnected, peer=self.jean.device, generation=1, relay=False
        )
        return await self.ok(
            self.jean, frames.ReportConnected, peer=self.claire.device, generation=1, relay=False
        )

    def entries(self) -> list[dict[str, Any]]:
        """Return what the trail says of calls."""
        return [e for e in self.house.entries() if e["type"].startswith("call.")]

    def types(self) -> list[str]:
        """Return the types of those entries, in order."""
        return [entry["type"] for entry in self.entries()]

    def refusals(self) -> list[str]:
        """Return the rules that refused something in this conversation."""
        return [
            entry["decision"]["rule"]
            for entry in self.house.refusals()
            if entry["conversation"] == self.conversation
        ]

    def row(self) -> tuple[Any, ...]:
        """Return the call as it is stored."""
        (row,) = self.house.rows(f"SELECT * FROM call WHERE id = '{self.call}'")
        return tuple(row)


async def a_lobby(house: House) -> Talk:
    """A call that Claire has opened: she prepares, nobody rings."""
    claire, jean, conversation = await a_pair(house)
    talk = Talk(house, claire, jean, conversation, str(uuid.uuid4()))
    await talk.ok(claire, frames.OpenCall)
    return talk


async def a_ringing(house: House) -> Talk:
    """A call that rings at Jean's."""
    talk = await a_lobby(house)
    await talk.ok(talk.claire, frames.RingCall, persons=[PEOPLE["jean"].id])
    return talk


async def a_talk(house: House) -> Talk:
    """A call that Jean has accepted; its connection is being made."""
    talk = await a_ringing(house)
    await talk.ok(talk.jean, frames.AcceptCall)
    return talk


def a_colleague(house: House, conversation: str, person: Person | None = None) -> Person:
    """Make somebody a member of a conversation: Hugo, or a person nobody knew."""
    if person is None:
        person = Person(str(uuid.uuid4()), PEOPLE["claire"].tenant, Role.PHARMACIST)
        with house.database.write() as tx:
            tx.people.enrol(person, "Alix Renaud")
            tx.seal()
    house.run(
        "INSERT INTO member (conversation, person, role, position) VALUES "
        f"('{conversation}', '{person.id}', '{person.role.value}', 9)"
    )
    return person


async def next_view(peer: Peer, state: str) -> CallView:
    """Wait for the call to be told in a state."""
    while True:
        view = (await peer.push(frames.CallPush)).call
        if view.state == state:
            return view


def every_byte(directory: Path) -> bytes:
    """Return all that a data directory holds."""
    return b"".join(p.read_bytes() for p in sorted(directory.rglob("*")) if p.is_file())
