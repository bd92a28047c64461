"""Calls as a hub tells them."""

from __future__ import annotations

from typing import Any

from signaling.frames import CallView, LegView, PairView

CONVERSATION = "00000000-0000-4000-8000-0000000000aa"
CALL = "00000000-0000-4000-8000-00000000ca11"
PEER = "00000000-0000-4000-8000-0000000000d2"


def a_leg(device: str | None, state: str = "joined", person: str = "somebody") -> LegView:
    """Return one person of a call."""
    return LegView(person=person, device=device, state=state, since=1, away=False, until=None)


def a_pair(*devices: str, generation: int = 1) -> PairView:
    """Return the connection of two devices; the first offers."""
    return PairView(
        devices=list(devices),
        generation=generation,
        offerer=devices[0],
        stage="all",
        state="connecting",
    )


def a_call(call: str = CALL, **changes: Any) -> CallView:
    """Return a call that rings, unless the test says otherwise."""
    fields: dict[str, Any] = {
        "id": call,
        "conversation": CONVERSATION,
        "version": 1,
        "state": "ringing",
        "reason": None,
        "caller": None,
        "opened_at": 1,
        "since": 1,
        "delayed_until": None,
        "turn": True,
        "legs": [],
        "pairs": [],
    }
    return CallView(**fields | changes)
