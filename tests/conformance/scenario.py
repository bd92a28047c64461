"""What a scenario is: one sentence, and what is given, done and answered.

Rows of a table that an auditor reads: `given` are steps that the hub accepts, `when` is the one
step that is judged, `then` is the answer, the entry it leaves, and that a refusal changes nothing
else.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass

from signaling.frames import Ok, RefusedFrame
from tests.conformance.world import World

Answer = Ok | RefusedFrame
Step = Callable[[World], Awaitable[Answer]]
Check = Callable[[World], Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """The frame took effect and left these entries of the care log, in this order."""

    leaves: tuple[str, ...] = ()
    also: tuple[Check, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """The frame had no effect but the entry of its refusal."""

    code: str
    leaves: tuple[str, ...] = ("act.refused",)
    """Entries of either log; none where the fault is one of form, which is only counted."""
    reason: str | None = None
    about: bool = True
    """The entry names the conversation: not where its existence is hidden from the sender."""
    moves: bool = False
    """The hub found, at this very frame, that a period is over: that is carried out first."""
    also: tuple[Check, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """One row."""

    sentence: str
    given: tuple[Step, ...]
    when: Step
    then: Accepted | Refused

    @property
    def is_refusal(self) -> bool:
        """Tell whether the hub says no."""
        return isinstance(self.then, Refused)


@dataclass(frozen=True, slots=True)
class Area:
    """A table, and its heading."""

    heading: str
    scenarios: tuple[Scenario, ...]

    def __iter__(self) -> Iterator[Scenario]:
        return iter(self.scenarios)

    def __len__(self) -> int:
        return len(self.scenarios)


def scenario(
    sentence: str, *, given: Sequence[Step], when: Step, then: Accepted | Refused
) -> Scenario:
    """Write a row."""
    return Scenario(sentence=sentence, given=tuple(given), when=when, then=then)


def accepted(*leaves: str, also: Sequence[Check] = ()) -> Accepted:
    """The hub says yes, and this is what it leaves in the log."""
    return Accepted(leaves=leaves, also=tuple(also))


def refused(
    code: str,
    *,
    reason: str | None = None,
    about: bool = True,
    moves: bool = False,
    leaves: Sequence[str] = ("act.refused",),
    also: Sequence[Check] = (),
) -> Refused:
    """The hub says no, in this code."""
    return Refused(
        code=code,
        reason=reason,
        about=about,
        moves=moves,
        leaves=tuple(leaves),
        also=tuple(also),
    )
