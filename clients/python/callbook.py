"""What a device knows of the calls of its conversations: each as it was last told.

Pure: it is told what arrived and says what is known.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from msgspec.structs import replace

from clients.python.connection import HEARTBEAT_SECONDS
from signaling.frames import CallView

LOBBY_HEARTBEAT_SECONDS = 10.0
CALL_HEARTBEAT_SECONDS = 5.0
MAX_ENDED = 64
"""How many ended calls are remembered: enough to read how the last ones went."""
ENDED = "ended"


class CallBook:
    """The calls, by id. A view is only ever replaced by a later one."""

    def __init__(self) -> None:
        self._calls: dict[str, CallView] = {}

    def __getitem__(self, call: str) -> CallView:
        """Return a call as it was last told; raises `KeyError` for one never heard of."""
        return self._calls[call]

    def __contains__(self, call: object) -> bool:
        return call in self._calls

    def last(self, call: str) -> CallView | None:
        """Return a call as it was last told, if it ever was."""
        return self._calls.get(call)

    def live(self) -> Iterator[CallView]:
        """Return the calls that go on."""
        return (call for call in self._calls.values() if call.state != ENDED)

    def live_in(self, conversation: str) -> CallView | None:
        """Return a conversation's live call: it has at most one."""
        return next((call for call in self.live() if call.conversation == conversation), None)

    def learn(self, call: CallView) -> bool:
        """Take in what was told; tell whether it was news. An older version is none."""
        known = self._calls.get(call.id)
        if known is not None and known.version >= call.version:
            return False
        # At the end of the order: the longest ended are forgotten first.
        self._calls.pop(call.id, None)
        self._calls[call.id] = call
        self._forget()
        return True

    def end_all_but(self, live: Iterable[CallView]) -> None:
        """Take in a hello: of the calls known here only these still go on.

        How the others ended was told while this device was away: their reason stays unknown.
        """
        going_on = {call.id for call in live}
        for call in list(self.live()):
            if call.id not in going_on:
                self._calls[call.id] = replace(call, state=ENDED, legs=[], pairs=[])

    def heartbeat(self, device: str) -> float:
        """Return how long a device may be silent, by what it is in just now."""
        states = {leg.state for call in self.live() for leg in call.legs if leg.device == device}
        if "joined" in states:
            return CALL_HEARTBEAT_SECONDS
        return LOBBY_HEARTBEAT_SECONDS if "waiting" in states else HEARTBEAT_SECONDS

    def _forget(self) -> None:
        ended = [call.id for call in self._calls.values() if call.state == ENDED]
        for call in ended[: max(0, len(ended) - MAX_ENDED)]:
            del self._calls[call]
