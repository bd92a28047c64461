"""The two grids, square by square, on the real hub."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from crypto.policy.vocabulary import LegalBasis, Scope
from server.domain.refusals import Refused
from signaling import frames
from signaling.frames import AnyClientFrame, Ok, RefusedFrame
from tests.conformance.grids import (
    ANYONE,
    BY_THE_PATIENT,
    CALLS,
    FRAMES,
    LEGAL,
    NEVER,
    READS,
    SCOPES,
    SENDS,
)
from tests.conformance.persons import keeps_recovery
from tests.conformance.states import ACTIVE, HERE, READER
from tests.conformance.world import READ, World, signed
from tests.server.house import House
from tests.signaling.builders import KINDS, a_frame

EVIDENCE = {"mandate": "evidence", "evidence": bytes(range(32)), "issuer": b"Tribunal"}


def test_the_grid_of_the_law_is_whole() -> None:
    """Each basis there is, against each scope there is."""
    assert set(LEGAL) == set(LegalBasis)
    assert set(SCOPES) == set(Scope)
    assert {len(row) for row in LEGAL.values()} == {len(SCOPES)}


def test_the_grid_of_frames_is_whole() -> None:
    """A new frame cannot ship without saying what a carer needs for it."""
    assert set(FRAMES) == set(KINDS)


@pytest.mark.parametrize("basis", LEGAL)
async def test_each_scope_is_given_under_a_basis_or_is_not(house: House, basis: str) -> None:
    """One conversation for each scope; what may not be given is refused E_LEGAL_BASIS."""
    found = ""
    for scope in SCOPES:
        world = World(house)
        for step in HERE:
            await step(world)
        found += await _given(world, basis, scope)

    assert found == LEGAL[basis]


async def _given(world: World, basis: str, scope: str) -> str:
    """Tell whether a delegation of that scope, beside reading, is taken."""
    by_patient = basis in BY_THE_PATIENT
    changes: dict[str, Any] = {} if by_patient else dict(EVIDENCE)
    paper = await world.a_delegation(legal_basis=basis, scopes={READ, scope}, **changes)
    peer = await world.peer("jean" if by_patient else "claire")
    key = await world.aik("jean") if by_patient else None
    answer = await peer.ask(
        frames.ProposeDelegation,
        conversation=world.conversation,
        delegation=signed(paper, key),
    )
    if isinstance(answer, Ok):
        return "+"
    assert answer.code == "E_LEGAL_BASIS"
    return "-"


@pytest.mark.parametrize("kind", KINDS)
async def test_a_carer_who_may_only_read_is_held_to_that_at_each_frame(
    house: House, kind: str
) -> None:
    """E_SCOPE where another scope is needed, a role's refusal where it is never hers."""
    code = await _judged(house, READER, kind)

    if FRAMES[kind] in {SENDS, CALLS}:
        assert code == "E_SCOPE"
    elif FRAMES[kind] == NEVER:
        assert code in {"E_ROLE", "E_SUB_DELEGATION", "call.not_authorized"}
    else:
        assert FRAMES[kind] in {READS, ANYONE}
        assert code not in {"E_SCOPE", "E_ROLE", "E_NOT_FOUND", "call.not_authorized"}


@pytest.mark.parametrize(
    "kind", [kind for kind, needs in FRAMES.items() if needs in {SENDS, CALLS}]
)
async def test_a_carer_who_may_write_and_join_calls_meets_no_scope(house: House, kind: str) -> None:
    """The same frames, once the scope is given: refused for what they say, if at all."""
    assert await _judged(house, ACTIVE, kind) != "E_SCOPE"


async def _judged(house: House, given: Any, kind: str) -> str | None:
    """Have the gate judge a frame of a carer; return its code, None where it is let through."""
    world = World(house)
    for step in given:
        await step(world)
    sophie = await world.peer("sophie")
    fields = a_frame(kind) | await _true_fields(world, kind)
    if "conversation" in fields:
        fields["conversation"] = world.conversation
    frame: AnyClientFrame = msgspec.convert(fields, AnyClientFrame)
    if kind == "ping":
        answer = await sophie.ask(frames.Ping)
        return answer.code if isinstance(answer, RefusedFrame) else None
    outcome = await house.judge(sophie.session, sophie.device, frame)
    return outcome.code.value if isinstance(outcome, Refused) else None


async def _true_fields(world: World, kind: str) -> dict[str, Any]:
    """Return what a frame must say for more than its form to be judged."""
    match kind:
        case "delegation.propose":
            paper = await world.a_delegation()
            return {"delegation": signed(paper, await world.aik("sophie"))}
        case "delegation.end":
            return {"what": "resignation"}
        case "recovery.ask":
            await keeps_recovery("sophie")(world)
    return {}
