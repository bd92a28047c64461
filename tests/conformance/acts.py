"""What people do in a conversation: write, read, talk. Each returns a step."""

from __future__ import annotations

import itertools
import os
from typing import Any
from uuid import UUID, uuid4

from crypto.mls.authenticated_data import AuthenticatedData, SignalHeader, SignalType
from crypto.mls.framing import ContentType, MessageHeader, WireFormat, encode_private_message
from crypto.policy.conversation import read_extensions
from crypto.policy.vocabulary import MessageKind
from signaling import frames
from signaling.frames import Ok
from tests.conformance.scenario import Answer, Step
from tests.conformance.world import World
from tests.server.house import Peer

_COUNTER = itertools.count(1)
MILLISECONDS = 1_000
"""Microseconds in one: what `sent_at` is counted in."""


def _acting(world: World, by: str, peer: Peer, bend: dict[str, Any]) -> dict[str, Any]:
    """Return for whom somebody says to act: a carer for Jean, anybody else for nobody."""
    plain = bend.pop("plain", False)
    acts = by.split()[-1] == "sophie" and not plain
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


def _body(world: World, peer: Peer, kind: MessageKind, *, sent_at: int = 0, **said: Any) -> bytes:
    """Return a message that nobody can read, under a true header: the hub reads no more of it."""
    data = AuthenticatedData(
        id=uuid4().bytes,
        kind=kind,
        counter=next(_COUNTER),
        sent_at=(world.now + sent_at) // MILLISECONDS,
        franking_tag=os.urandom(32),
        **said,
    )
    header = MessageHeader(
        wire_format=WireFormat.PRIVATE_MESSAGE,
        group_id=UUID(world.conversation).bytes,
        epoch=_epoch(world, peer),
        content_type=ContentType.APPLICATION,
        authenticated_data=data.encode(),
    )
    return encode_private_message(header, os.urandom(28), os.urandom(272))


def writes(by: str = "sophie", *, sent_at: int = 0, **bend: Any) -> Step:
    """Somebody writes a message; a carer says for whom."""

    async def step(world: World) -> Answer:
        peer = await world.peer(by)
        await peer.ask(frames.Ping)
        acting = _acting(world, by, peer, dict(bend))
        body = _body(world, peer, MessageKind.MESSAGE, sent_at=sent_at, **acting)
        return await world.ask(peer, frames.SendMessage, conversation=world.conversation, body=body)

    return step


def reads_up_to(by: str) -> Step:
    """Somebody tells how far they have read."""

    async def step(world: World) -> Answer:
        peer = await world.peer(by)
        return await world.ask(
            peer, frames.AdvanceCursor, conversation=world.conversation, delivered=1, read=1
        )

    return step


# Calls


def _in_call(kind: type[Any], by: str, **fields: Any) -> Step:
    async def step(world: World) -> Answer:
        peer = await world.peer(by)
        answer = await world.ask(
            peer, kind, conversation=world.conversation, call=world.call, **fields
        )
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


def signals(by: str, to: str, what: SignalType = SignalType.OFFER, **bend: Any) -> Step:
    """Somebody sends an offer, or an answer."""

    async def step(world: World) -> Answer:
        peer, other = await world.peer(by), await world.peer(to)
        await peer.settle()
        header = SignalHeader(
            call=UUID(world.call).bytes,
            to=UUID(other.device).bytes,
            generation=1,
            type=what,
        )
        acting = _acting(world, by, peer, dict(bend))
        body = _body(world, peer, MessageKind.SIGNAL, signal=header, **acting)
        return await world.ask(peer, frames.Signal, conversation=world.conversation, body=body)

    return step
