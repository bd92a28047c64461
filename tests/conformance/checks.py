"""What is looked at besides the answer: who was told, what the entries say."""

from __future__ import annotations

from typing import Any

import msgspec

from signaling import frames
from signaling.frames import Ok
from tests.conformance.scenario import Check, Step
from tests.conformance.world import World
from tests.server.house import Peer


async def _heard(peer: Peer) -> list[Any]:
    await peer.settle()
    return peer.pushes


def others_hear(name: str, state: str | None) -> Check:
    """Somebody was told that the delegation is in this state; None: of no delegation at all."""

    async def check(world: World) -> None:
        peer = await world.peer(name)
        pushed = [one for one in await _heard(peer) if isinstance(one, frames.DelegationPush)]
        states = [one.delegation.state for one in pushed]
        assert states[-1:] == ([] if state is None else [state])

    return check


def asked_to_commit(name: str) -> Check:
    """Somebody's device was asked to commit what is due."""

    async def check(world: World) -> None:
        peer = await world.peer(name)
        asked = [one for one in await _heard(peer) if isinstance(one, frames.CommitDuePush)]
        assert [one.conversation for one in asked][-1:] == [world.conversation]

    return check


def told_nothing_of_why(name: str) -> Check:
    """The carer learns that it is over: not by whom, nor in what words."""

    async def check(world: World) -> None:
        peer = await world.peer(name)
        pushed = [one for one in await _heard(peer) if isinstance(one, frames.DelegationPush)]
        view = pushed[-1].delegation
        assert (view.delegation, view.ended, view.confirmations, view.revocations) == (
            b"",
            b"",
            [],
            [],
        )

    return check


def proposes_removal(name: str) -> Check:
    """Somebody was shown the hub's proposal to remove the carer's leaf."""

    async def check(world: World) -> None:
        peer = await world.peer(name)
        events = [one for one in await _heard(peer) if isinstance(one, frames.Event)]
        assert "proposal" in {one.what for one in events}

    return check


def others_get_message(*names: str) -> Check:
    """These got the message, and the one who sent it is named."""

    async def check(world: World) -> None:
        for name in names:
            peer = await world.peer(name)
            events = [one for one in await _heard(peer) if isinstance(one, frames.Event)]
            assert events[-1].what == "message"

    return check


def entry_says_for_whom() -> Check:
    """The entry names the patient, the delegation and its version, beside the one who acts."""

    async def check(world: World) -> None:
        entry = world.house.entries()[-1]
        assert entry["actor"]["person"] == world.id_of("sophie")
        assert entry["acting_for"] == {
            "delegation": world.id,
            "patient": world.id_of("jean"),
            "version": 1,
        }

    return check


def told_the_time() -> Check:
    """The refusal carries the hub's clock, so that a device can set its own by it."""

    async def check(world: World) -> None:
        assert getattr(world.answers[-1], "now", None) == world.now

    return check


def rows_say(kind: str, by: str, *, permit: bool) -> Check:
    """The patient reads this line on top of those that this person left."""

    async def check(world: World) -> None:
        jean = await world.peer("jean")
        told = await jean.ok(frames.ListAccesses)
        rows = [msgspec.json.decode(one["entry"]) for one in (told.result or {})["rows"]]
        mine = [row for row in rows if row["actor"]["person"] == world.id_of(by)]
        effect = "permit" if permit else "deny"
        assert (kind, effect) in {(row["type"], row["decision"]["effect"]) for row in mine}

    return check


def like_a_random_id() -> Check:
    """The answer is the one that an id gets which nobody ever had: word for word."""

    async def check(world: World) -> None:
        there, here = world.answers[-2:]
        assert not isinstance(there, Ok)
        assert msgspec.structs.replace(there, id=here.id) == here
        entries = [_without_place(one) for one in world.house.refusals(log="technical")[-2:]]
        assert entries[0] == entries[1]

    return check


def _without_place(entry: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in entry.items() if name not in {"seq", "ts"}}


def call_is_over() -> Check:
    """No call is live in the conversation."""

    async def check(world: World) -> None:
        query = f"SELECT live FROM call WHERE conversation = '{world.conversation}'"
        assert [live for (live,) in world.house.rows(query)] == [0]

    return check


def session_is_closed(name: str) -> Check:
    """Somebody's cookie opens nothing any more."""

    async def check(world: World) -> None:
        peer = await world.peer(name)
        assert await world.house.hub.find_session(peer.session.key) is None

    return check


__all__ = ["Step"]
