"""Signals on their way: how many, and those for a device that is away for a moment.

In memory and bounded: a signal is never stored, and is worth nothing after ten seconds.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from dataclasses import dataclass, field

from server.hub.backpressure import LANE_BYTES, LANE_ITEMS
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
    conversation: str = ""


class Mailbox:
    """Signals for devices that are not connected, until their next hello; the oldest go first.

    A device has no more waiting than its connection would take: nobody's flood for one costs
    another's letters.
    """

    def __init__(self) -> None:
        self._boxes: dict[str, _Box] = {}
        self._bytes = 0

    def keep(self, letter: Letter) -> None:
        """Hold a signal for a device that may be back in a moment."""
        box = self._boxes.setdefault(letter.device, _Box())
        self._bytes += box.put(letter)
        while box.is_over:
            self._bytes -= box.drop_oldest()
        while self._bytes > MAILBOX_BYTES:
            self._drop_the_oldest_of_all()

    def collect(self, device: str, now: int) -> list[Letter]:
        """Take what waits for a device, in the order it came, and drop whatever is too old."""
        for box in self._boxes.values():
            while box.letters and box.letters[0].until <= now:
                self._bytes -= box.drop_oldest()
        mine = self._boxes.pop(device, _Box())
        self._bytes -= mine.size
        self._boxes = {device: box for device, box in self._boxes.items() if box.letters}
        return list(mine.letters)

    def forget(self, device: str, conversation: str) -> None:
        """Drop what waits for a device that is in that conversation no more."""
        box = self._boxes.get(device)
        if box is None:
            return
        kept = [one for one in box.letters if one.conversation != conversation]
        self._bytes -= box.size
        del self._boxes[device]
        for letter in kept:
            self.keep(letter)

    def _drop_the_oldest_of_all(self) -> None:
        device = min(self._boxes, key=lambda one: self._boxes[one].letters[0].until)
        self._bytes -= self._boxes[device].drop_oldest()
        if not self._boxes[device].letters:
            del self._boxes[device]


@dataclass(slots=True)
class _Box:
    """What waits for one device."""

    letters: deque[Letter] = field(default_factory=deque)
    size: int = 0

    @property
    def is_over(self) -> bool:
        return len(self.letters) > LANE_ITEMS or self.size > LANE_BYTES

    def put(self, letter: Letter) -> int:
        self.letters.append(letter)
        self.size += len(letter.data)
        return len(letter.data)

    def drop_oldest(self) -> int:
        length = len(self.letters.popleft().data)
        self.size -= length
        return length
