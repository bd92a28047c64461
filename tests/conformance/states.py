"""How far a delegation has come: what scenarios are given."""

from __future__ import annotations

from signaling.frames import Ok, RefusedFrame
from tests.conformance.acts import opens_call, rings, takes_call, writes
from tests.conformance.groups import colleague, commits, lets_in
from tests.conformance.life import (
    a_conversation,
    accepts,
    comes,
    confirms,
    names,
    remembers,
    returns,
    revokes,
)
from tests.conformance.scenario import Answer, Step
from tests.conformance.world import READ, World

HERE = (a_conversation(),)
"""Claire and Jean in a conversation."""
NAMED = (*HERE, names())
"""Jean has named Sophie."""
CONFIRMED = (*NAMED, confirms())
"""Claire has confirmed it."""
ACCEPTED = (*CONFIRMED, accepts())
"""Sophie has accepted it; nobody has let her in yet."""
ACTIVE = (*ACCEPTED, lets_in())
"""Sophie is in the group: she may read, write and join calls."""
READER = (*HERE, names(scopes=(READ,)), confirms(), accepts(), lets_in())
"""Sophie is in the group, and may only read."""
ENDING = (*ACTIVE, revokes())
"""Jean has withdrawn it; the group still has Sophie's leaf."""
OVER = (*ENDING, commits("claire"))
"""And Claire's device has committed her out."""
NAMED_ANEW = (*OVER, remembers(), names(), confirms(), returns("sophie"), accepts())
"""And Jean has named her anew; the old document is remembered."""
STAFFED = (*HERE, colleague("hugo"), colleague("lea"))
"""Hugo and Léa are in the conversation too."""
STAFFED_NAMED = (*STAFFED, names())
TALKING = (*ACTIVE, opens_call("claire"), rings("sophie"), takes_call("sophie"))
"""Claire and Sophie are in a call."""
DEVICELESS = (a_conversation(patient=False), colleague("hugo"), colleague("lea"))
"""Three of the staff, and a patient who has no device: what there is, is on paper."""
STRANGER = (*HERE, comes("sophie"))
"""Sophie has signed in; nobody has named her."""


def tries(code: str, by: str = "sophie") -> Step:
    """Somebody has written, and been refused."""

    async def step(world: World) -> Answer:
        answer = await writes(by)(world)
        assert isinstance(answer, RefusedFrame)
        assert answer.code == code
        return Ok(id="-", now=world.now)

    return step


def second_delegation() -> Step:
    """Sophie acts for Jean in another conversation too."""

    async def step(world: World) -> Answer:
        elsewhere = World(world.house, world.peers)
        for before in ACTIVE:
            answer = await before(elsewhere)
            assert isinstance(answer, Ok), answer
        return answer

    return step
