"""A real hub in a process of its own, with the demonstration's people."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from clients.python.acts import Observer
from clients.python.client import Client, connected
from clients.python.connection import Patience
from clients.python.content import Message
from clients.python.device import Device
from clients.python.errors import ClientError
from clients.python.session import Site, sign_in
from loadtests.hub_process import HubProcess
from signaling.frames import Event

PATIENT = Patience(opening=10, answer=10, act=30, first_pause=0.01, longest_pause=0.1)


@asynccontextmanager
async def a_hub(directory: Path) -> AsyncIterator[HubProcess]:
    """Run a hub until the block ends."""
    hub = HubProcess(directory)
    await hub.start()
    try:
        yield hub
    finally:
        # At once: nothing is left to drain for.
        await hub.kill()


class Ear:
    """What one client was told."""

    def __init__(self) -> None:
        self.messages: list[Message] = []
        self.alarms: list[ClientError] = []
        self.events: list[Event] = []

    @property
    def texts(self) -> list[str | None]:
        """What was said, in its order, by others and this device."""
        return [message.text for message in self.messages]

    @property
    def observer(self) -> Observer:
        """Listen for this ear."""
        return Observer(
            on_message=self.messages.append,
            on_alarm=self.alarms.append,
            on_event=self.events.append,
        )


@asynccontextmanager
async def online(
    hub: HubProcess, name: str, device: Device, ear: Ear | None = None
) -> AsyncIterator[Client]:
    """Bring somebody's device online."""
    session = await sign_in(Site(name, hub.port))
    observer = (ear or Ear()).observer
    async with connected(session, device, patience=PATIENT, observer=observer) as client:
        yield client


async def agree(conversation: str, *clients: Client) -> None:
    """Wait until devices hold the same epoch, and each has confirmed it."""

    def same() -> bool:
        rooms = [client.rooms.get(conversation) for client in clients]
        groups = [room.group for room in rooms if room is not None and room.confirmed]
        if len(groups) < len(clients):
            return False
        held = {group.epoch_authenticator.reveal() for group in groups if group is not None}
        return len(held) == 1

    await until(same, *clients)


async def until(condition: Callable[[], bool], *clients: Client) -> None:
    """Wait until something holds that several clients bring about."""
    waiting = [asyncio.create_task(client.until(condition)) for client in clients]
    done, rest = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    for task in rest:
        task.cancel()
    await asyncio.gather(*rest, return_exceptions=True)
    for task in done:
        task.result()
