"""A call as the database keeps it: what is looked for, and the whole of it as bytes."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredCall:
    """One row for each call; `facts` is what `signaling.call` encoded, and it alone decides."""

    id: str
    conversation: str
    tenant: str
    state: str
    live: bool
    version: int
    """One more at each change; 0 is a call that was never stored."""
    deadline: int | None
    """When the clock has something to do (microseconds)."""
    facts: bytes
