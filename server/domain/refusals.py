"""A policy "no" is a value; and a flood of them is one counted entry, not a full disk."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from server.domain.people import Principal
from signaling.codes import Code

ENTRIES_PER_MINUTE = 10
MINUTE = 60_000_000
"""Microseconds."""


@dataclass(frozen=True, slots=True)
class Refused:
    """No, and why. `epoch` is the group's current one where that is the reason."""

    code: Code
    epoch: int | None = None
    retry_after: int | None = None
    """Milliseconds."""
    conversation: str | None = None
    """Only where the sender may know that it exists: else the entry would tell."""
    reason: str | None = None
    """Which rule was broken, in a word that never changes; nothing a peer wrote."""
    now: int | None = None
    """The hub's clock, where the sender's disagrees (E_CLOCK)."""
    last: bool = False
    """Said in place of E_SESSION, once: the next frame of this connection is told that."""


@dataclass(frozen=True, slots=True)
class _Window:
    principal: Principal
    since: int
    written: int = 0
    unwritten: int = 0


@dataclass(slots=True)
class RefusalMeter:
    """Decides, per device and minute, which refusals become entries of their own (AUDIT, 1).

    Beyond ten a minute they are counted, and the count becomes one entry when the minute is over.
    """

    _windows: dict[tuple[str, str | None], _Window] = field(default_factory=dict)

    def copy(self) -> RefusalMeter:
        """Return a meter that stands where this one does, for an attempt that may be undone."""
        return RefusalMeter(dict(self._windows))

    def record(self, principal: Principal, now: int) -> bool:
        """Count one refusal; tell whether it gets an entry of its own now."""
        # By person too: whoever borrows another's device id is counted in their own name.
        key = (principal.person.id, principal.device)
        window = self._windows.get(key) or _Window(principal, now)
        own_entry = window.written < ENTRIES_PER_MINUTE
        self._windows[key] = (
            replace(window, written=window.written + 1)
            if own_entry
            else replace(window, unwritten=window.unwritten + 1)
        )
        return own_entry

    def take_over(self, now: int, *, everything: bool = False) -> list[tuple[Principal, int]]:
        """Drain the minutes that are over: who was refused, and how often beyond the tenth."""
        over = [k for k, w in self._windows.items() if everything or now - w.since >= MINUTE]
        windows = [self._windows.pop(key) for key in over]
        return [(w.principal, w.unwritten) for w in windows if w.unwritten]
