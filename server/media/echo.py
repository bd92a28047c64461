"""Sends back what it hears and sees, for a few seconds; then forgets.

aiortc decodes and encodes anew, which costs: ten people who talk, or five who also show
themselves, saturate a core (measured: 15 and 6 to 8). More are refused, politely and at once.
Descriptions are never logged or kept.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from aiortc import (
    MediaStreamTrack,
    RTCConfiguration,
    RTCPeerConnection,
    RTCSessionDescription,
)

from server.media.wire import MAX_SDP_BYTES, Word, read

SECONDS = 10.0
"""A test lasts five; whoever stays is shown out."""
UNITS = 10
"""What one core carries: one process has one."""
AUDIO_UNITS = 1
VIDEO_UNITS = 2
ADDRESSES = ("a=candidate:", "a=end-of-candidates")
READ_SECONDS = 5.0
CLOSE_SECONDS = 5.0
OVER = frozenset({"closed", "failed"})


class Malformed(Exception):
    """Not an offer of a microphone and perhaps a camera."""


class Busy(Exception):
    """Enough people are testing just now."""


class EchoRoom:
    """The tests that run now."""

    def __init__(self, seconds: float = SECONDS) -> None:
        self._seconds = seconds
        self._used = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Carry out one test: answer the offer, then echo until it is over."""
        try:
            with suppress(TimeoutError, ConnectionError):
                await self._serve(reader, writer)
        finally:
            writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(READ_SECONDS):
                offer = readable(await read(reader, MAX_SDP_BYTES))
            with self._place(offer):
                await self._echo(offer, writer)
        except Malformed:
            await _say(writer, Word.MALFORMED)
        except Busy:
            await _say(writer, Word.BUSY)

    async def _echo(self, offer: str, writer: asyncio.StreamWriter) -> None:
        peer = EchoPeer()
        try:
            async with asyncio.timeout(self._seconds):
                await _say(writer, Word.OK, await peer.answer(offer))
                await peer.over.wait()
        finally:
            await peer.close()

    @contextmanager
    def _place(self, offer: str) -> Iterator[None]:
        """Take this test's share of the core; raises `Busy`."""
        units = VIDEO_UNITS if _media(offer).count("video") else AUDIO_UNITS
        if self._used + units > UNITS:
            raise Busy
        self._used += units
        try:
            yield
        finally:
            self._used -= units


class EchoPeer:
    """One connection, whose every track goes back to where it came from."""

    def __init__(self) -> None:
        # No servers named means none asked: aiortc's own default is somebody's public one.
        self._connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self.over = asyncio.Event()
        self._connection.on("track", self._send_back)
        self._connection.on("connectionstatechange", self._watch)

    async def answer(self, offer: str) -> str:
        """Return the answer, with all candidates. Raises `Malformed`."""
        try:
            description = RTCSessionDescription(offer, "offer")
            await self._connection.setRemoteDescription(description)
            await self._connection.setLocalDescription(await self._connection.createAnswer())
        except (TimeoutError, asyncio.CancelledError):
            raise
        except Exception as exc:
            # aiortc refuses what it cannot read in many ways, some of which quote it.
            raise Malformed from _without_words(exc)
        return self._connection.localDescription.sdp

    async def close(self) -> None:
        """End the connection, whatever state it is in."""
        with suppress(TimeoutError):
            async with asyncio.timeout(CLOSE_SECONDS):
                await self._connection.close()

    def _send_back(self, track: MediaStreamTrack) -> None:
        self._connection.addTrack(track)

    def _watch(self) -> None:
        if self._connection.connectionState in OVER:
            self.over.set()


def readable(raw: bytes) -> str:
    """Return an offer of one microphone, one camera or both, without addresses."""
    try:
        offer = raw.decode()
    except UnicodeDecodeError:
        raise Malformed from None
    if _media(offer) not in (["audio"], ["video"], ["audio", "video"], ["video", "audio"]):
        raise Malformed
    return _without_addresses(offer)


def _media(offer: str) -> list[str]:
    lines = (line for line in offer.splitlines() if line.startswith("m="))
    return [line[2:].partition(" ")[0] for line in lines]


def _without_addresses(offer: str) -> str:
    """Leave out where the other side says it is: it shows that itself, by reaching us.

    So no visitor can aim us at a machine or have a name looked up; and a browser that hides its
    addresses behind names (mDNS) is served like any other. Nor is it said that this is all: aioice
    then waits instead of giving up.
    """
    kept = (line for line in offer.splitlines() if not line.startswith(ADDRESSES))
    return "\r\n".join(kept) + "\r\n"


def _without_words(exc: Exception) -> Exception:
    return type(exc)() if type(exc) in (ValueError, KeyError) else RuntimeError()


async def _say(writer: asyncio.StreamWriter, word: Word, answer: str = "") -> None:
    writer.write(word.value + answer.encode())
    writer.write_eof()
    await writer.drain()
