"""The judge of calls: one winner of each, everyone told the same, and the log says it once.

Pure. It is given what the devices were answered and told, and the pharmacy's log as an officer
reads it over the wire.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from crypto.errors import CryptoError
from crypto.log import canonical

TAKEN = "call.taken"
MAX_SIGNALS = 10
MAX_SIGNAL_BYTES = 15_000
"""Of one pair, both ways, until it connects (CALLS, "Goals")."""
TRAIL = (
    "call.opened",
    "call.rang",
    "call.accepted",
    "call.connected",
    "call.connected",
    "call.ended",
)
"""What an ordinary call leaves, in this order."""


class Fault(StrEnum):
    """What can be found wrong."""

    NO_WINNER = "no winner"
    TWO_WINNERS = "two winners"
    OTHER_REFUSAL = "the loser was told something else"
    ROSTER = "the call is on another device than the winner's"
    NOT_CONNECTED = "never connected"
    TOO_MANY_SIGNALS = "too many signals"
    TOO_MANY_BYTES = "too many bytes"
    MISSING_ENTRY = "missing entry"
    EXTRA_ENTRY = "extra entry"
    OTHER_DEVICE = "the entry names another device"
    ORDER = "the entries are out of order"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing wrong, and in which call."""

    fault: Fault
    call: str


@dataclass(frozen=True, slots=True)
class Step:
    """One entry of a call."""

    what: str
    device: str | None


Trail = Mapping[str, Sequence[Step]]
"""The entries of each call, in the order of the log."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Race:
    """Several devices of one person that accepted one call at the same moment."""

    call: str
    answers: Mapping[str, str | None]
    """By device: the code it was refused with, None where it was accepted."""
    roster: str | None
    """On which device that person is, as the call was told afterwards."""

    @property
    def winners(self) -> list[str]:
        """The devices that were accepted: one, if all is well."""
        return [device for device, code in self.answers.items() if code is None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Talked:
    """One call from its lobby to its end."""

    call: str
    accepted_by: str
    connected_ms: float | None
    """From accept to media on both sides; None where it never came."""
    signals: int = 0
    signal_bytes: int = 0


def judge_races(races: Sequence[Race], trail: Trail | None) -> list[Finding]:
    """Hold each race against what was told, and what was written where an officer could read it."""
    found = [one for race in races for one in _judge_race(race)]
    if trail is not None:
        found += [one for race in races for one in _judge_accepted(race, trail.get(race.call, ()))]
    return found


def judge_talks(talks: Sequence[Talked], trail: Trail | None) -> list[Finding]:
    """Hold each call against its bounds, and its trail where an officer could read it."""
    found = [one for talk in talks for one in _judge_figures(talk)]
    if trail is not None:
        found += [one for talk in talks for one in _judge_trail(talk, trail.get(talk.call, ()))]
    return found


def read_trail(entries: Iterable[bytes | None]) -> dict[str, list[Step]]:
    """Return the steps of each call, in the order of the log. What is no entry is left out."""
    trail: dict[str, list[Step]] = defaultdict(list)
    for entry in entries:
        read = _decode(entry)
        call = (read.get("outcome") or {}).get("call")
        if str(read.get("type")).startswith("call.") and isinstance(call, str):
            device = (read.get("actor") or {}).get("device")
            trail[call].append(Step(str(read["type"]), device))
    return dict(trail)


def _judge_race(race: Race) -> Iterator[Finding]:
    winners = race.winners
    losers = [code for code in race.answers.values() if code is not None]
    if not winners:
        yield Finding(Fault.NO_WINNER, race.call)
    if len(winners) > 1:
        yield Finding(Fault.TWO_WINNERS, race.call)
    if any(code != TAKEN for code in losers):
        yield Finding(Fault.OTHER_REFUSAL, race.call)
    if len(winners) == 1 and race.roster != winners[0]:
        yield Finding(Fault.ROSTER, race.call)


def _judge_accepted(race: Race, steps: Sequence[Step]) -> Iterator[Finding]:
    accepted = [step for step in steps if step.what == "call.accepted"]
    if not accepted:
        yield Finding(Fault.MISSING_ENTRY, race.call)
    if len(accepted) > 1:
        yield Finding(Fault.EXTRA_ENTRY, race.call)
    if any(step.device not in race.winners for step in accepted):
        yield Finding(Fault.OTHER_DEVICE, race.call)


def _judge_figures(talk: Talked) -> Iterator[Finding]:
    if talk.connected_ms is None:
        yield Finding(Fault.NOT_CONNECTED, talk.call)
    if talk.signals > MAX_SIGNALS:
        yield Finding(Fault.TOO_MANY_SIGNALS, talk.call)
    if talk.signal_bytes > MAX_SIGNAL_BYTES:
        yield Finding(Fault.TOO_MANY_BYTES, talk.call)


def _judge_trail(talk: Talked, steps: Sequence[Step]) -> Iterator[Finding]:
    whats = [step.what for step in steps]
    missing = [what for what in set(TRAIL) if whats.count(what) < TRAIL.count(what)]
    extra = [what for what in set(whats) if whats.count(what) > TRAIL.count(what)]
    if missing:
        yield Finding(Fault.MISSING_ENTRY, talk.call)
    if extra:
        yield Finding(Fault.EXTRA_ENTRY, talk.call)
    if not missing and not extra and tuple(whats) != TRAIL:
        yield Finding(Fault.ORDER, talk.call)
    accepted = {step.device for step in steps if step.what == "call.accepted"}
    if accepted - {talk.accepted_by}:
        yield Finding(Fault.OTHER_DEVICE, talk.call)


def _decode(entry: bytes | None) -> dict[str, Any]:
    try:
        read = canonical.decode(entry or b"")
    except CryptoError:
        return {}
    return read if isinstance(read, dict) else {}
