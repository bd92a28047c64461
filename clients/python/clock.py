"""Hub time, as this device knows it: its own clock, and how far the hub's was from it last."""

from __future__ import annotations

import time
from collections.abc import Callable


def wall_us() -> int:
    """Return this machine's clock: microseconds since 1970 UTC."""
    return time.time_ns() // 1_000


class HubClock:
    """What is signed and sent is dated by the hub's clock; an expiry is held against both."""

    def __init__(self, own: Callable[[], int] = wall_us) -> None:
        self._own = own
        self._offset = 0

    def learn(self, hub_now_us: int) -> None:
        """Take the hub's clock from an answer."""
        self._offset = hub_now_us - self._own()

    def now_us(self) -> int:
        """Return hub time."""
        return self._own() + self._offset

    def own_us(self) -> int:
        """Return this device's own time."""
        return self._own()
