"""What people do, in the order a scenario tells it. Each returns a step."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

from crypto.policy.statements import Delegation
from signaling import frames
from signaling.frames import Ok, RefusedFrame
from tests.conformance.scenario import Answer, Step
from tests.conformance.world import World, signed
from tests.server.house import PEOPLE

Wanted = Callable[[World], Awaitable[dict[str, Any]]]


def sends(by: str, kind: type[Any], fields: Wanted | dict[str, Any] | None = None) -> Step:
    """Somebody sends a frame."""

    async def step(world: World) -> Answer:
        peer = await world.peer(by)
        said = await fields(world) if callable(fields) else dict(fields or {})
        return await peer.ask(kind, **said)

    return step


def in_conversation(by: str, kind: type[Any], **fields: Any) -> Step:
    """Somebody sends a frame about the conversation."""

    async def wanted(world: World) -> dict[str, Any]:
        return {"conversation": world.conversation} | fields

    return sends(by, kind, wanted)


# Before a delegation


def a_conversation(kind: str = "remote_dispensation") -> Step:
    """Claire and Jean are in a conversation."""

    async def step(world: World) -> Answer:
        claire, jean = await world.peer("claire"), await world.peer("jean")
        await claire.create(conversation=world.conversation, conversation_kind=kind)
        answer = await claire.add(world.conversation, "jean")
        await jean.push(frames.WelcomePush)
        return answer

    return step


def comes(slug: str) -> Step:
    """Somebody signs in for the first time."""

    async def step(world: World) -> Answer:
        peer = await world.peer(slug)
        return await peer.ask(frames.Ping)

    return step


def passes(seconds: float) -> Step:
    """Time passes."""

    async def step(world: World) -> Answer:
        world.house.clock.turn(seconds)
        return Ok(id="-", now=world.now)

    return step


# The life of a delegation


def names(by: str = "jean", *, key: str | None = "", **changes: Any) -> Step:
    """The patient names a carer; `key`: whose key signs, None: nobody's."""

    async def step(world: World) -> Answer:
        peer = await world.peer(by)
        inside = changes.pop("inside", world.conversation)
        world.paper = await world.a_delegation(**changes)
        signer = None if key is None else await world.aik(key or "jean")
        world.delegation = signed(world.paper, signer)
        world.confirmations.clear()
        return await peer.ask(
            frames.ProposeDelegation, conversation=inside, delegation=world.delegation
        )

    return step


def names_again(by: str = "jean") -> Step:
    """The same document is sent once more."""

    async def step(world: World) -> Answer:
        peer = await world.peer(by)
        return await peer.ask(
            frames.ProposeDelegation,
            conversation=world.conversation,
            delegation=world.delegation,
        )

    return step


def confirms(by: str = "claire", *, key: str | None = None, **changes: Any) -> Step:
    """A pharmacist confirms what is proposed."""

    async def step(world: World) -> Answer:
        said = dict(changes)
        if key is not None:
            said["key"] = await world.aik(key)
        peer = await world.peer(by)
        confirmation = await world.a_confirmation(by, **said)
        answer = await peer.ask(
            frames.ConfirmDelegation,
            conversation=world.conversation,
            delegation=world.id,
            confirmation=confirmation,
        )
        if isinstance(answer, Ok):
            world.confirmations.append((by, confirmation))
        return answer

    return step


def accepts(by: str = "sophie", *, key: str | None = None, **changes: Any) -> Step:
    """The carer accepts the duties."""

    async def step(world: World) -> Answer:
        said = dict(changes)
        if key is not None:
            said["key"] = await world.aik(key)
        peer = await world.peer(by)
        acceptance = await world.an_acceptance(by, **said)
        answer = await peer.ask(
            frames.AcceptDelegation,
            conversation=world.conversation,
            delegation=world.id,
            acceptance=acceptance,
        )
        if isinstance(answer, Ok):
            world.acceptance = acceptance
        return answer

    return step


def ends(
    what: str = "revocation", by: str = "jean", *, key: str | None = None, **changes: Any
) -> Step:
    """Somebody ends it, or withdraws scopes."""

    async def step(world: World) -> Answer:
        said = dict(changes)
        if key is not None:
            said["key"] = await world.aik(key)
        peer = await world.peer(by)
        statement = await world.an_ending(what, by, **said)
        answer = await peer.ask(
            frames.EndDelegation,
            conversation=world.conversation,
            what=what,
            statement=statement,
        )
        if isinstance(answer, Ok) and said.get("scopes"):
            world.revocations.append(statement)
        return answer

    return step


def revokes(**changes: Any) -> Step:
    """« Retirer l’autorisation »."""
    return ends("revocation", "jean", **changes)


def withdraws(*scopes: str) -> Step:
    """The patient takes some scopes back."""
    return ends("revocation", "jean", scopes=tuple(sorted(scopes)))


def resigns(**changes: Any) -> Step:
    """The carer gives it back."""
    return ends("resignation", "sophie", **changes)


def suspends(by: str = "claire", **changes: Any) -> Step:
    """A pharmacist stops the carer at once."""
    return ends("suspension", by, **changes)


__all__ = ["Any", "Delegation", "PEOPLE", "RefusedFrame", "UUID", "replace", "uuid4"]
