"""A pharmacist's device and a patient's devices in one conversation, and one call after another."""

from __future__ import annotations

import asyncio
import random
import time
from contextlib import AsyncExitStack
from dataclasses import dataclass
from uuid import uuid4

from clients.python import calls
from clients.python.acts import Observer
from clients.python.calls import CallRef
from clients.python.client import Client, connected
from clients.python.content import IncomingSignal
from clients.python.device import Device
from clients.python.errors import NoAnswer, Refused
from clients.python.session import Site, sign_in
from crypto.policy.vocabulary import Motive
from loadtests.call_judge import Race, Talked
from loadtests.call_media import CONNECT_SECONDS, Figures, MediaPeer
from loadtests.crowd import PATIENCE, reached
from signaling.frames import CallView


class Watcher:
    """Hands what a client is told to the media peer that is made after it, where there is one."""

    def __init__(self) -> None:
        self.peer: MediaPeer | None = None

    def on_call(self, view: CallView) -> None:
        """A call moved on."""
        if self.peer is not None:
            self.peer.follow(view)

    def on_signal(self, signal: IncomingSignal) -> None:
        """A signal arrived."""
        if self.peer is not None:
            self.peer.take(signal)


@dataclass(frozen=True, slots=True)
class Phone:
    """One device."""

    client: Client
    watcher: Watcher

    @property
    def id(self) -> str:
        """The device's own."""
        return self.client.device.id

    def state(self, here: CallRef) -> str | None:
        """Return where a call is, as far as this device was told."""
        calls_known = self.client.calls
        return calls_known[here.call].state if here.call in calls_known else None

    async def hears(self, here: CallRef, state: str, seconds: float | None = None) -> None:
        """Wait until this device was told that the call is there."""
        await self.client.until(lambda: self.state(here) == state, seconds)


@dataclass(frozen=True, slots=True)
class Lane:
    """One conversation: it carries one call at a time."""

    name: str
    desk: Phone
    homes: list[Phone]
    conversation: str

    @property
    def phones(self) -> list[Phone]:
        """The pharmacist's device and the patient's."""
        return [self.desk, *self.homes]

    @property
    def patient(self) -> str:
        """Whom the pharmacist rings."""
        return self.homes[0].client.person

    async def control(self) -> Talked:
        """Accept, and report media that nobody sends: what is left is the hub's own time."""
        home, here = self.homes[0], await self._ring()
        began = time.monotonic()
        await calls.accept(home.client, here)
        await self.desk.hears(here, "accepted")
        for one, peer in ((home, self.desk), (self.desk, home)):
            await calls.report_connected(one.client, here, peer=peer.id, generation=1)
        took = 1000 * (time.monotonic() - began)
        await self._hang_up(here)
        return Talked(call=here.call, accepted_by=home.id, connected_ms=took)

    async def talk(self) -> Talked:
        """Accept, and connect for real: sealed offer and answer, DTLS, a voice both ways."""
        home, here, figures = self.homes[0], await self._ring(), Figures()
        for phone in self.phones:
            phone.watcher.peer = MediaPeer(phone.client, figures)
        began = time.monotonic()
        await calls.accept(home.client, here)
        try:
            await self.desk.hears(here, "active", CONNECT_SECONDS)
            took: float | None = 1000 * (max(figures.connected.values()) - began)
        except NoAnswer:
            took = None
        await self._hang_up(here)
        await self._drop_media()
        return Talked(
            call=here.call,
            accepted_by=home.id,
            connected_ms=took,
            signals=figures.signals,
            signal_bytes=figures.signal_bytes,
        )

    async def race(self, chance: random.Random) -> Race:
        """Have every device of the patient's accept at once, in any order."""
        here = await self._ring()
        runners = chance.sample(self.homes, len(self.homes))
        codes = await asyncio.gather(*(_try_to_accept(one, here) for one in runners))
        await self.desk.hears(here, "accepted")
        roster = _device_of(self.desk.client.calls[here.call], self.patient)
        await self._hang_up(here)
        answers = {one.id: code for one, code in zip(runners, codes, strict=True)}
        return Race(call=here.call, answers=answers, roster=roster)

    async def _ring(self) -> CallRef:
        """Open a call and have it ring on every device of the patient's."""
        here = await calls.open_call(self.desk.client, self.conversation)
        await calls.ring(self.desk.client, here, [self.patient])
        for home in self.homes:
            await home.hears(here, "ringing")
        return here

    async def _hang_up(self, here: CallRef) -> None:
        await calls.hang_up(self.desk.client, here)
        for home in self.homes:
            await home.hears(here, "ended")

    async def _drop_media(self) -> None:
        for phone in self.phones:
            if phone.watcher.peer is not None:
                await phone.watcher.peer.leave()
                phone.watcher.peer = None


async def open_lane(
    stack: AsyncExitStack, port: int, pharmacist: str, patient: str, *, homes: int
) -> Lane:
    """Sign two people in, bring their devices online and found their conversation."""
    desk = await _join(stack, port, pharmacist, Device.new())
    devices = [await _join(stack, port, patient, Device.new())]
    for _ in range(1, homes):
        # Another device of the same person: it holds the account key that the first one made.
        devices.append(await _join(stack, port, patient, devices[0].client.device.sibling()))
    for home in devices:
        await home.client.publish_key_packages(1)
    lane = Lane(pharmacist, desk, devices, str(uuid4()))
    founder = desk.client
    await founder.create_conversation(lane.conversation, patient=lane.patient, motive=Motive.AGE)
    packages = await founder.claim(lane.conversation, lane.patient)
    seq = await founder.add(lane.conversation, packages)
    for phone in lane.phones:
        await reached(phone.client, lane.conversation, seq)
    return lane


async def _join(stack: AsyncExitStack, port: int, name: str, device: Device) -> Phone:
    watcher, session = Watcher(), await sign_in(Site(name, port))
    observer = Observer(on_call=watcher.on_call, on_signal=watcher.on_signal)
    client = await stack.enter_async_context(
        connected(session, device, patience=PATIENCE, observer=observer)
    )
    return Phone(client, watcher)


async def _try_to_accept(phone: Phone, here: CallRef) -> str | None:
    try:
        await calls.accept(phone.client, here)
    except Refused as refusal:
        return refusal.code.value
    return None


def _device_of(view: CallView, person: str) -> str | None:
    return next((leg.device for leg in view.legs if leg.person == person), None)
