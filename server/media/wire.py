"""What the hub and its echo process say to each other over their socket.

One connection is one test: the offer, to the end of the stream; then a word and, after "ok", the
answer, to the end of the stream.
"""

from __future__ import annotations

import asyncio
from enum import Enum

MAX_SDP_BYTES = 16 * 1024
"""An offer of one camera and one microphone has 7 kB in Chromium, with every codec it knows."""
READY = b"ready\n"
"""What the process says on its output once it listens."""


class Word(Enum):
    """How the process answers."""

    OK = b"ok\n"
    MALFORMED = b"malformed\n"
    BUSY = b"busy\n"


async def read(reader: asyncio.StreamReader, most: int) -> bytes:
    """Return what comes to the end of the stream; raises `ConnectionError` beyond `most`."""
    whole = b""
    while piece := await reader.read(most + 1 - len(whole)):
        whole += piece
        if len(whole) > most:
            raise ConnectionError("too long")
    return whole


def parse(reply: bytes) -> tuple[Word, str]:
    """Return the word and the answer; a process that died in between was merely busy."""
    line, newline, rest = reply.partition(b"\n")
    try:
        return Word(line + newline), rest.decode()
    except ValueError:
        return Word.BUSY, ""
