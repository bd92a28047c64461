"""The stored form of a conversation: a version, and every secret of its group in the clear."""

from __future__ import annotations

from typing import Final

import msgspec

STORED_VERSION: Final = 2
"""Version 1 had no policy in its groups."""


class StoredPending(msgspec.Struct, frozen=True, kw_only=True):
    """What is under way, and where it leads."""

    frame: bytes
    following: bytes | None
    rejoins: bool

    def __repr__(self) -> str:
        return f"StoredPending({len(self.frame)} bytes)"


class StoredRoom(msgspec.Struct, frozen=True, kw_only=True):
    """The stored form of a room, with every secret of its group in the clear."""

    v: int = STORED_VERSION
    cursor: int
    place: tuple[int, int]
    number: int
    at_us: int
    group: bytes | None
    pending: StoredPending | None
    counter: int
    signals: int
    confirmed: bool
    fault: str | None
    unlawful: bool
    vouchers: dict[str, bytes] = {}
    given_up: list[str] = []
    ended: dict[str, bytes] = {}
    refused: list[bytes] = []
    stopped: list[bytes] = []
    policy: bytes | None = None
    tombstones: list[bytes] = []

    def __repr__(self) -> str:
        return f"StoredRoom(v{self.v}, {self.place})"
