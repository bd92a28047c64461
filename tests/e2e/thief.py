"""Whoever has the carer's computer afterwards: all that its browser stored, and what it opens.

The store is opened as the page itself could open it, by the very key that the browser keeps for it;
then every group in it is tried on what the hub has, with the client's own core under Node.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgpack
from playwright.sync_api import Page

from tests.interop.node import Node, Refused

LEAST_STATE_BYTES = 200
"""A stored group is longer."""
READ_ALL = Path(__file__).with_name("thief.js").read_text("utf-8")


@dataclass(frozen=True, slots=True)
class Loot:
    """A copy of what a browser stored, opened."""

    rows: dict[tuple[str, str], Any]

    def stores(self) -> set[str]:
        """Return the kinds of what is in it."""
        return {store for store, _ in self.rows}

    def secrets(self) -> Iterator[bytes]:
        """Return every run of bytes in it, however deep."""
        yield from _bytes_in(list(self.rows.values()))

    def texts(self) -> str:
        """Return all that can be read in it."""
        return repr(self.rows)


def loot(page: Page) -> Loot:
    """Copy what the browser of a page stored."""
    rows = page.evaluate(READ_ALL)
    return Loot(
        {
            (row["store"], row["key"]): msgpack.unpackb(
                base64.b64decode(row["value"]), strict_map_key=False
            )
            for row in rows
        }
    )


def read_with(found: Loot, node: Node, body: bytes, stream: Sequence[bytes], now: int) -> list[str]:
    """Try to open a message with every group in the loot; return what was read.

    `stream`: the commits and proposals that the hub has, in order: each group is first led as far
    along them as it can follow.
    """
    found_states = {one for one in found.secrets() if len(one) >= LEAST_STATE_BYTES}
    texts = (_try(state, node, body, stream, now) for state in found_states)
    return [text for text in texts if text is not None]


def _try(state: bytes, node: Node, body: bytes, stream: Sequence[bytes], now: int) -> str | None:
    try:
        node.ask("load", of="thief", state=state)
    except (Refused, AssertionError):
        return None  # No group at all: the core says so in a code, or falls over it.
    for step in (b"", *stream):
        if step:
            _receive(node, step, now)
        read = _receive(node, body, now)
        if read is not None:
            return read
    return None


def _receive(node: Node, message: bytes, now: int) -> str | None:
    try:
        done = node.ask("receive", of="thief", message=message, now=now, psks=[])
    except Refused:
        return None
    told = done["told"]
    return bytes.fromhex(told["data"]).decode("utf-8", "replace") if "data" in told else None


def _bytes_in(value: Any) -> Iterator[bytes]:
    if isinstance(value, bytes):
        yield value
    elif isinstance(value, dict):
        for one in value.values():
            yield from _bytes_in(one)
    elif isinstance(value, list | tuple):
        for one in value:
            yield from _bytes_in(one)
