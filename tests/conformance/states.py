"""How far a delegation has come: what scenarios are given."""

from __future__ import annotations

from tests.conformance.steps import (
    a_conversation,
    accepts,
    colleague,
    comes,
    commits,
    confirms,
    lets_in,
    names,
    revokes,
    rings,
    takes_call,
)
from tests.conformance.world import READ

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
STAFFED = (*HERE, colleague("hugo"), colleague("lea"))
"""Hugo and Léa are in the conversation too."""
STAFFED_NAMED = (*STAFFED, names())
TALKING = (*ACTIVE, rings("sophie"), takes_call("sophie"))
"""Claire and Sophie are in a call."""
STRANGER = (*HERE, comes("sophie"))
"""Sophie has signed in; nobody has named her."""
