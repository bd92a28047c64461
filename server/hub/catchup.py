"""The seam between what a device missed and what is live: no gap, no duplicate. Pure.

For each conversation the device holds a position. Until the database has nothing more to give, live
pushes only raise the mark that says so; from then on they pass through.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from server.domain.conversation import Event
from server.hub.pushes import event_frame, welcome_frame
from signaling import codec


@dataclass(slots=True)
class _Track:
    position: int
    """The last `seq` that was queued for the device (or that it had)."""
    seen: int = 0
    """The newest `seq` that went by."""
    welcome: int | None = None
    """The commit whose Welcome the device still needs."""


@dataclass(frozen=True, slots=True)
class Behind:
    """What to read next: a Welcome's commit, or the events after a position."""

    conversation: str
    after: int
    welcome: int | None


class CatchUp:
    """Where one connection stands in each of its conversations."""

    def __init__(self) -> None:
        self._tracks: dict[str, _Track] = {}
        self._behind: dict[str, None] = {}

    def begin(self, welcomed: dict[str, Any], cursors: dict[str, int]) -> None:
        """Start from hello: what the device has against what it is admitted to."""
        for one in welcomed["conversations"]:
            if one["joined"]:
                self._fall_behind(one["id"], _track(one, cursors.get(one["id"])))

    def founded(self, conversation: str) -> None:
        """Begin a conversation of this device's own making: there is nothing to catch up with."""
        self._tracks.setdefault(conversation, _Track(position=0))

    def follows(self, conversation: object) -> bool:
        """Tell whether this device is in a conversation, as far as this connection knows."""
        return conversation in self._tracks

    def next_behind(self) -> Behind | None:
        """Return the first conversation that is not live."""
        for conversation in self._behind:
            track = self._tracks[conversation]
            return Behind(conversation, track.position, track.welcome)
        return None

    def fed(self, behind: Behind, page: list[Event]) -> list[bytes]:
        """Take what the database had; an empty page makes the conversation live."""
        track = self._tracks[behind.conversation]
        asked = (behind.after, behind.welcome) == (track.position, track.welcome)
        if behind.conversation not in self._behind or not asked:
            return []  # let in anew since the question was asked
        if behind.welcome is not None:
            track.welcome = None
            # A device that came by its own external commit, or founded, has no Welcome to get.
            page = [event for event in page if event.welcome is not None]
            return [codec.encode(welcome_frame(event)) for event in page]
        if page:
            track.position = page[-1].seq
        elif track.seen <= track.position:
            # Nothing went by between the read and now: from here on, live.
            del self._behind[behind.conversation]
        return [codec.encode(event_frame(event)) for event in page]

    def live(self, event: Event, since: int, data: bytes) -> list[bytes]:
        """Take a step as it happens; return what to send now."""
        if since == event.seq:
            # Let in by this very step, for the first time or anew: nothing before it counts.
            self._tracks[event.conversation] = _Track(position=event.seq)
            self._behind.pop(event.conversation, None)
            return [data if event.welcome is None else codec.encode(welcome_frame(event))]
        track = self._tracks.get(event.conversation)
        if track is None:
            track = _Track(position=since, welcome=since or None)
            self._tracks[event.conversation] = track
        track.seen = max(track.seen, event.seq)
        if event.conversation in self._behind or event.seq <= track.position:
            return []
        if track.welcome is not None or event.seq > track.position + 1:
            self._fall_behind(event.conversation, track)
            return []
        track.position = event.seq
        return [data]

    def _fall_behind(self, conversation: str, track: _Track) -> None:
        self._tracks[conversation] = track
        self._behind[conversation] = None


def _track(told: dict[str, Any], cursor: int | None) -> _Track:
    since: int = told["since"]
    if cursor is None or cursor < since:
        # It holds nothing, or the group of an admission that has ended.
        return _Track(position=since, welcome=since or None)
    # A cursor from the future would hide what is to come: it counts as the end.
    return _Track(position=min(max(cursor, since), told["last_seq"]))
