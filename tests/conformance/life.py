"""What people do, in the order a scenario tells it. Each returns a step."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from crypto.policy.vocabulary import DelegationState
from signaling import frames
from signaling.frames import Ok, client_kinds
from tests.conformance.scenario import Answer, Step
from tests.conformance.world import World, signed
from tests.server import opaque
from tests.server.house import until
from tests.signaling.builders import a_frame

ENDS = {
    "revocation": DelegationState.REVOKED,
    "resignation": DelegationState.RESIGNED,
    "suspension": DelegationState.SUSPENDED,
}


async def _ask(world: World, by: str, kind: type[Any], /, **fields: Any) -> Answer:
    """Have somebody send a frame, which can be sent again."""
    peer = await world.peer(by)
    world.kept["last"] = (peer, kind, fields)
    return await world.ask(peer, kind, **fields)


def _note_ending(world: World, what: str, said: dict[str, Any], statement: bytes) -> None:
    if said.get("scopes"):
        world.revocations.append(statement)
        return
    contested = said.get("reason") == "contest"
    world.ending = DelegationState.CONTESTED if contested else ENDS[what]


# Before a delegation


def a_conversation(kind: str = "remote_dispensation", *, patient: bool = True) -> Step:
    """Claire and Jean are in a conversation; without `patient`, he has no device."""

    async def step(world: World) -> Answer:
        claire = await world.peer("claire")
        await claire.create(conversation=world.conversation, conversation_kind=kind)
        if not patient:
            return Ok(id="-", now=world.now)
        jean = await world.peer("jean")
        answer = await claire.add(world.conversation, "jean")
        await jean.push(frames.WelcomePush)
        return answer

    return step


def comes(slug: str) -> Step:
    """Somebody signs in for the first time."""

    async def step(world: World) -> Answer:
        peer = await world.peer(slug)
        return await world.ask(peer, frames.Ping)

    return step


def remembers() -> Step:
    """Somebody keeps what made the delegation hold."""

    async def step(world: World) -> Answer:
        world.kept["former"] = (world.delegation, list(world.confirmations), world.acceptance)
        return Ok(id="-", now=world.now)

    return step


def pings(by: str) -> Step:
    """Somebody's device says that it is still there."""

    async def step(world: World) -> Answer:
        return await world.ask(await world.peer(by), frames.Ping)

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
        said = dict(changes)
        paper = await world.a_delegation(**said)
        document = signed(paper, None if key is None else await world.aik(key or "jean"))
        fields = {"conversation": world.conversation, "delegation": document}
        answer = await _ask(world, by, frames.ProposeDelegation, **fields)
        if isinstance(answer, Ok):
            world.paper, world.delegation, world.ending = paper, document, None
            world.confirmations.clear()
            world.revocations.clear()
        return answer

    return step


def confirms(by: str = "claire", *, key: str | None = None, **changes: Any) -> Step:
    """A pharmacist confirms what is proposed."""

    async def step(world: World) -> Answer:
        said = dict(changes) | ({} if key is None else {"key": key})
        confirmation = await world.a_confirmation(by, **said)
        answer = await _ask(
            world,
            by,
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
        said = dict(changes) | ({} if key is None else {"key": key})
        acceptance = await world.an_acceptance(by, **said)
        answer = await _ask(
            world,
            by,
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
    what: str = "revocation",
    by: str = "jean",
    *,
    key: str | None = None,
    sent_as: str | None = None,
    **changes: Any,
) -> Step:
    """Somebody ends it, or withdraws scopes."""

    async def step(world: World) -> Answer:
        said = dict(changes) | ({} if key is None else {"key": key})
        statement = await world.an_ending(what, by, **said)
        answer = await _ask(
            world,
            by,
            frames.EndDelegation,
            conversation=world.conversation,
            what=sent_as or what,
            statement=statement,
        )
        if isinstance(answer, Ok):
            _note_ending(world, what, said, statement)
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


def confirms_unknown(by: str = "claire") -> Step:
    """A pharmacist confirms a delegation that is not here."""

    async def step(world: World) -> Answer:
        peer = await world.peer(by)
        return await world.ask(
            peer,
            frames.ConfirmDelegation,
            conversation=world.conversation,
            delegation=str(uuid4()),
            confirmation=await world.a_confirmation(by),
        )

    return step


def again() -> Step:
    """The frame sent last is sent once more, byte for byte."""

    async def step(world: World) -> Answer:
        peer, kind, fields = world.kept["last"]
        return await world.ask(peer, kind, **fields)

    return step


def garbage(by: str, kind: type[Any], **fields: Any) -> Step:
    """Somebody sends bytes that are no statement."""

    async def step(world: World) -> Answer:
        peer = await world.peer(by)
        return await world.ask(peer, kind, conversation=world.conversation, **fields)

    return step


def sweeps() -> Step:
    """The hub looks at its clock."""

    async def step(world: World) -> Answer:
        await world.house.hub.delegations.sweep()
        if world.paper is not None and world.now >= world.paper.not_after_us:
            world.ending = DelegationState.EXPIRED
        return Ok(id="-", now=world.now)

    return step


# Who comes and goes


def greets(by: str, *, anew: bool = False) -> Step:
    """Somebody comes again with the device they have: by the old cookie, or signed in anew."""

    async def step(world: World) -> Answer:
        before = await world.peer(by)
        session = None if anew else before.session
        peer = await world.house.knock(by, session=session)
        peer.mls = before.mls
        return await world.ask(
            peer, frames.Hello, device=peer.device, signature_key=peer.signature_key, cursors={}
        )

    return step


def returns(slug: str) -> Step:
    """Somebody signs in anew, with the device they have."""

    async def step(world: World) -> Answer:
        before = world.peers.pop(slug)
        world.peers[slug] = await world.house.peer(slug, device=before.device)
        return Ok(id="-", now=world.now)

    return step


def leaves(slug: str) -> Step:
    """Somebody closes the tab."""

    async def step(world: World) -> Answer:
        peer = world.peers.pop(slug)
        peer.hang_up()
        await until(lambda: not world.house.hub.fanout.is_there(peer.device))
        return Ok(id="-", now=world.now)

    return step


def another_conversation(
    patient: str, *, founder: str = "claire", kind: str = "remote_dispensation"
) -> Step:
    """There is another conversation, in which Sophie is not: frames go there from now on."""

    async def step(world: World) -> Answer:
        peer = await world.peer(founder)
        world.here = await peer.create(patient, conversation_kind=kind)
        return Ok(id="-", now=world.now)

    return step


def hidden(by: str, kind: str, *, here: bool = False) -> Step:
    """A frame is sent to an id that nobody ever had, then to the conversation."""

    async def step(world: World) -> Answer:
        peer = await world.peer(by)
        await peer.settle()
        there = world.conversation if here else world.here
        for conversation in (str(uuid4()), there):
            frame = a_frame(kind, conversation=conversation)
            if kind == "message.send":
                frame["body"] = _a_message(conversation, world)
            del frame["kind"], frame["id"]
            world.answers.append(await world.ask(peer, client_kinds()[kind], **frame))
        return world.answers.pop()

    return step


def _a_message(conversation: str, world: World) -> bytes:
    """Return what a member could send there."""
    message = opaque.message(conversation, b"bonjour", counter=1, sent_at=world.now // 1_000)
    return message.at_epoch(0)
