"""A real WebRTC client of the echo peer, on loopback: it talks, and listens to what comes back."""

from __future__ import annotations

import array
import asyncio
import math
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from fractions import Fraction

from aiortc import (
    AudioStreamTrack,
    MediaStreamTrack,
    RTCConfiguration,
    RTCPeerConnection,
    RTCSessionDescription,
    VideoStreamTrack,
)
from av import AudioFrame

RATE = 48_000
SAMPLES = 960
PERIOD = 96
"""A tone of 500 Hz, of which each frame holds ten periods."""
WAVE = array.array("h", (int(8000 * math.sin(math.tau * n / PERIOD)) for n in range(SAMPLES)))
LOUD = 1000


class Tone(AudioStreamTrack):
    """Something that silence is not."""

    _at = 0

    async def recv(self) -> AudioFrame:
        await asyncio.sleep(SAMPLES / RATE)
        frame = AudioFrame("s16", "mono", SAMPLES)
        frame.planes[0].update(WAVE.tobytes())
        frame.sample_rate, frame.pts, frame.time_base = RATE, self._at, Fraction(1, RATE)
        self._at += SAMPLES
        return frame


class Caller:
    """One test of a connection, from the side of whoever makes it."""

    def __init__(self, *, audio: bool = True, video: bool = False) -> None:
        self._connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self._tracks: asyncio.Queue[MediaStreamTrack] = asyncio.Queue()
        self.over = asyncio.Event()
        self._connection.on("track", self._tracks.put_nowait)
        self._connection.on("connectionstatechange", self._watch)
        if audio:
            self._connection.addTrack(Tone())
        if video:
            self._connection.addTrack(VideoStreamTrack())

    async def offer(self) -> str:
        await self._connection.setLocalDescription(await self._connection.createOffer())
        return self._connection.localDescription.sdp

    async def take(self, answer: str) -> None:
        await self._connection.setRemoteDescription(RTCSessionDescription(answer, "answer"))

    async def track(self) -> MediaStreamTrack:
        return await self._tracks.get()

    async def close(self) -> None:
        await self._connection.close()

    def _watch(self) -> None:
        if self._connection.connectionState in ("closed", "failed"):
            self.over.set()


@asynccontextmanager
async def a_caller(*, audio: bool = True, video: bool = False) -> AsyncIterator[Caller]:
    """A caller who hangs up at the end."""
    caller = Caller(audio=audio, video=video)
    try:
        yield caller
    finally:
        await caller.close()


async def hears_tone(track: MediaStreamTrack) -> bool:
    """Wait for a frame that is loud: what was sent, not silence."""
    while True:
        frame = await track.recv()
        assert isinstance(frame, AudioFrame)
        if max(memoryview(bytes(frame.planes[0])).cast("h")) > LOUD:
            return True
