"""Signals on their way: how many, and those for a device that is away for a moment.

In memory and bounded: a signal is never stored, and is worth nothing after ten seconds.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from dataclasses import dataclass

from server.hub.outcome import SignalTo

MAX_SIGNALS = 50
"""Of one generation, each way: an offer or an answer, and a browser's candidates in batches."""
MAX_CALLS = 4096
MAILBOX_BYTES = 8 * 1024 * 1024


@dataclass(slots=True)
class _Count:
    generation: int
    signals: int = 0


class SignalMeter:
    """Counts the signals of each call, pair and direction, in the pair's present generation."""

    def __init__(self) -> None:
        self._calls: OrderedDict[str, dict[tuple[str, str], _Count]] = OrderedDict()

    def over(self, signal: SignalTo) -> bool:
        """Count one signal; tell whether it is too many."""
        ways = self._calls.setdefault(signal.call, {})
        self._calls.move_to_end(signal.call)
        if len(self._calls) > MAX_CALLS:
            self._calls.popitem(last=False)
        way = (signal.push.device, signal.to)
        count = ways.get(way)
        if count is None or count.generation != signal.generation:
            count = ways[way] = _Count(signal.generation)
        count.signals += 1
        return count.signals > MAX_SIGNALS

    def forget(self, call: str) -> None:
        """The call is over."""
        self._calls.pop(call, None)


@dataclass(frozen=True, slots=True)
class Letter:
    """An encoded signal, and until when it is worth giving."""

    device: str
    data: bytes
    until: int


class Mailbox:
    """Signals for devices that are not connected, until their next hello; the oldest go first."""

    def __init__(self) -> None:
        self._letters: deque[Letter] = deque()
        self._bytes = 0

    def keep(self, letter: Letter) -> None:
        """Hold a signal for a device that may be back in a moment."""
        self._letters.append(letter)
        self._bytes += len(letter.data)
        while self._bytes > MAILBOX_BYTES:
            self._bytes -= len(self._letters.popleft().data)

    def collect(self, device: str, now: int) -> list[Letter]:
        """Take what waits for a device, in the order it came, and drop whatever is too old."""
        live = [letter for letter in self._letters if letter.until > now]
        mine = [letter for letter in live if letter.device == device]
        self._letters = deque(letter for letter in live if letter.device != device)
        self._bytes = sum(len(letter.data) for letter in self._letters)
        return mine
