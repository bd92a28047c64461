"""What people do in a conversation: write, read, talk. Each returns a step."""

from __future__ import annotations

import os
from typing import Any
from uuid import UUID

from crypto.mls.authenticated_data import SignalHeader, SignalType
from crypto.policy.conversation import read_extensions
from signaling import frames
from signaling.frames import Ok
from tests.conformance.scenario import Answer, Step
from tests.conformance.world import World
from tests.server import opaque
from tests.server.house import Peer

MILLISECONDS = 1_000
"""Microseconds in one: what `sent_at` is counted in."""


def _acting(world: World, by: str, peer: Peer, bend: dict[str, Any]) -> dict[str, Any]:
    """Return for whom somebody says to act: a carer for Jean, anybody else for nobody."""
    acts = by.split()[-1] == "sophie" and not bend.pop("plain", False)
    said: dict[str, Any] = {"acting_for": b"", "delegation": b"", "delegation_version": 0}
    if acts or bend.get("acting_for"):
        said |= {
            "acting_for": world.person("jean"),
            "delegation": world.paper.delegation if world.paper else os.urandom(16),
            "delegation_version": _version(world, peer, stale=bend.pop("stale", False)),
        }
    if "version" in bend:
        said["delegation_version"] = bend.pop("version")
    if isinstance(bend.get("acting_for"), str):
        said["acting_for"] = world.person(bend.pop("acting_for"))
    return said | bend


def _version(world: World, peer: Peer, *, stale: bool) -> int:
    group = peer.mls.groups.get(world.conversation)
    if group is None or stale:
        return int(world.kept.get("version", 1))
    _, delegations = read_extensions(group.context.extensions)
    return delegations.number


def _epoch(world: World, peer: Peer) -> int:
    group = peer.mls.groups.get(world.conversation)
    return 1 if group is None else group.epoch


def writes(by: str = "sophie", *, sent_at: int = 0, **bend: Any) -> Step:
    """Somebody writes a message; a carer says for whom."""

    async def step(world: World) -> Answer:
        peer = await world.peer(by)
        if "bare" not in by:
            await peer.settle()
        message = opaque.message(
            world.here or world.conversation,
            b"bonjour",
            counter=1 + len(world.answers),
            sent_at=(world.now + sent_at) // MILLISECONDS,
            **_acting(world, by, peer, dict(bend)),
        )
        return await peer.ask(
            frames.SendMessage,
            conversation=world.here or world.conversation,
            body=message.at_epoch(_epoch(world, peer)),
        )

    return step


def reads_up_to(by: str) -> Step:
    """Somebody tells how far they have read."""

    async def step(world: World) -> Answer:
        peer = await world.peer(by)
        return await peer.ask(
            frames.AdvanceCursor, conversation=world.conversation, delivered=1, read=1
        )

    return step


# Calls


def _in_call(kind: type[Any], by: str, **fields: Any) -> Step:
    async def step(world: World) -> Answer:
        peer = await world.peer(by)
        answer = await peer.ask(kind, conversation=world.conversation, call=world.call, **fields)
        if isinstance(answer, Ok) and "call" in (answer.result or {}):
            # Where one was live already, the answer tells that one.
            world.call = (answer.result or {})["call"]["id"]
        return answer

    return step


def opens_call(by: str) -> Step:
    """Somebody enters the lobby of the conversation's call."""
    return _in_call(frames.OpenCall, by)


def rings(whom: str, by: str = "claire") -> Step:
    """A pharmacist rings somebody: with the call opened before."""

    async def step(world: World) -> Answer:
        return await _in_call(frames.RingCall, by, persons=[world.id_of(whom)])(world)

    return step


def takes_call(by: str) -> Step:
    """Somebody takes the call."""
    return _in_call(frames.AcceptCall, by)


def hangs_up(by: str) -> Step:
    """Somebody leaves the call."""
    return _in_call(frames.HangUp, by)


def turn(by: str) -> Step:
    """Somebody asks for a relay."""
    return _in_call(frames.IssueTurn, by)


def signals(by: str, to: str, **bend: Any) -> Step:
    """Somebody sends an offer."""

    async def step(world: World) -> Answer:
        peer, other = await world.peer(by), await world.peer(to)
        await peer.settle()
        header = SignalHeader(
            call=UUID(world.call).bytes,
            to=UUID(other.device).bytes,
            generation=1,
            type=SignalType.OFFER,
        )
        body = opaque.signal(
            world.conversation,
            header,
            epoch=_epoch(world, peer),
            sent_at=world.now // MILLISECONDS,
            **_acting(world, by, peer, dict(bend)),
        )
        return await peer.ask(frames.Signal, conversation=world.conversation, body=body)

    return step
