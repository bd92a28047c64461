"""A browser's part of a call, played by aiortc: connections, a silent voice, sealed signals.

aiortc gathers all candidates before it offers, so that a pair connects with two signals: MLS
messages of the conversation's group, as a browser sends them.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import aioice.ice
from aiortc import (
    AudioStreamTrack,
    MediaStreamTrack,
    RTCConfiguration,
    RTCPeerConnection,
    RTCSessionDescription,
)
from aiortc.mediastreams import MediaStreamError

from clients.python.calls import CallRef, Way, report_connected, send_signal
from clients.python.client import Client
from clients.python.content import IncomingSignal, SignalContent
from crypto.mls.authenticated_data import SignalType
from signaling.frames import CallView, PairView

CONNECT_SECONDS = 15.0


@contextlib.contextmanager
def only_loopback() -> Iterator[None]:
    """Have aioice gather 127.0.0.1, which it leaves out, and nothing else."""
    gather = aioice.ice.get_host_addresses
    aioice.ice.get_host_addresses = lambda use_ipv4, use_ipv6: ["127.0.0.1"]
    try:
        yield
    finally:
        aioice.ice.get_host_addresses = gather


@dataclass(slots=True)
class Figures:
    """What one call cost and took; both sides write into it."""

    connected: dict[str, float] = field(default_factory=dict)
    """By device: when its first frame of the other arrived."""
    signals: int = 0
    signal_bytes: int = 0


@dataclass(slots=True)
class MediaPeer:
    """One device's connections: it follows the roster, as the browser client does."""

    client: Client
    figures: Figures = field(default_factory=Figures)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)
    _begun: set[tuple[str, str, int]] = field(default_factory=set)
    _inboxes: dict[tuple[str, str, int], asyncio.Queue[SignalContent]] = field(default_factory=dict)

    def follow(self, view: CallView) -> None:
        """Begin whatever connection the roster has and this device has not."""
        for pair in view.pairs:
            if self.client.device.id in pair.devices:
                peer = next(one for one in pair.devices if one != self.client.device.id)
                self._begin(CallRef(view.conversation, view.id), peer, pair)

    def take(self, signal: IncomingSignal) -> None:
        """Hand a signal to its connection."""
        content = signal.content
        self._inbox(content.call, signal.device, content.generation).put_nowait(content)

    async def leave(self) -> None:
        """Drop every connection."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks.clear()
        self._begun.clear()
        self._inboxes.clear()

    def _begin(self, here: CallRef, peer: str, pair: PairView) -> None:
        key = (here.call, peer, pair.generation)
        if key not in self._begun:
            self._begun.add(key)
            self._tasks.add(asyncio.create_task(self._live(here, peer, pair)))

    async def _live(self, here: CallRef, peer: str, pair: PairView) -> None:
        connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        connection.createDataChannel("beat", ordered=False, maxRetransmits=0, negotiated=True, id=0)
        arrived = asyncio.Event()
        connection.on("track", lambda track: self._listen(track, arrived.set))
        connection.addTrack(AudioStreamTrack())
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                await self._connect(here, peer, pair, connection)
                await arrived.wait()
            self.figures.connected[self.client.device.id] = time.monotonic()
            await report_connected(self.client, here, peer=peer, generation=pair.generation)
            # The connection lives until `leave` cancels this task.
            await asyncio.get_running_loop().create_future()
        finally:
            await connection.close()

    async def _connect(
        self, here: CallRef, peer: str, pair: PairView, connection: RTCPeerConnection
    ) -> None:
        inbox = self._inbox(here.call, peer, pair.generation)
        if pair.offerer == self.client.device.id:
            await connection.setLocalDescription(await connection.createOffer())
            offer = connection.localDescription.sdp
            await self._send(here, peer, pair, SignalType.OFFER, offer)
            answer = await inbox.get()
            if answer.offer != _hash(offer) or answer.sdp is None:
                raise ValueError("an answer to another offer")
            await connection.setRemoteDescription(RTCSessionDescription(answer.sdp, "answer"))
            return
        told = (await inbox.get()).sdp or ""
        await connection.setRemoteDescription(RTCSessionDescription(told, "offer"))
        await connection.setLocalDescription(await connection.createAnswer())
        answered = connection.localDescription.sdp
        await self._send(here, peer, pair, SignalType.ANSWER, answered, offer=_hash(told))

    async def _send(
        self,
        here: CallRef,
        peer: str,
        pair: PairView,
        what: SignalType,
        sdp: str,
        *,
        offer: bytes | None = None,
    ) -> None:
        way = Way(to=peer, generation=pair.generation, what=what)
        body = await send_signal(self.client, here, way, sdp=sdp, offer=offer)
        self.figures.signals += 1
        self.figures.signal_bytes += len(body)

    def _listen(self, track: MediaStreamTrack, arrived: Callable[[], None]) -> None:
        async def until_the_first() -> None:
            with contextlib.suppress(MediaStreamError):
                await track.recv()
                arrived()

        self._tasks.add(asyncio.create_task(until_the_first()))

    def _inbox(self, call: str, peer: str, generation: int) -> asyncio.Queue[SignalContent]:
        return self._inboxes.setdefault((call, peer, generation), asyncio.Queue())


def _hash(sdp: str) -> bytes:
    return hashlib.sha256(sdp.encode()).digest()
