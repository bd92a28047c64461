"""One conversation's events as one device applies them: from its admission on, each exactly once.

Pure: it is told what arrived and says what that means.
"""

from __future__ import annotations

from dataclasses import dataclass

from clients.python.errors import BrokenStream
from crypto.mls.framing import decode_header
from signaling.frames import Event


@dataclass(slots=True)
class Stream:
    """What a device holds of one conversation. `cursor` is the last `seq` it applied."""

    conversation: str
    cursor: int = 0
    epoch: int = 0

    def apply(self, event: Event) -> None:
        """Apply the next event; raise `BrokenStream` when it is not the next one."""
        if event.seq != self.cursor + 1:
            raise BrokenStream(expected=self.cursor + 1, arrived=event.seq)
        self.cursor = event.seq
        if event.what == "commit":
            self.advance_epoch(decode_header(event.body).epoch + 1)

    def admit(self, seq: int) -> None:
        """Begin after the commit `seq`, which added this device."""
        self.cursor = max(self.cursor, seq)

    def advance_epoch(self, epoch: int) -> None:
        """Learn of a later epoch, from a commit or from the hub's summary. Never goes back."""
        self.epoch = max(self.epoch, epoch)
