"""The real process: one line that says where, and an end on SIGTERM that loses nothing."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from clients.python.connection import Connection, Patience, open_connection
from clients.python.errors import ConnectionLost, Refused
from clients.python.session import Session, Site, sign_in
from server.app import SystemClock
from server.hub.outcome import Done
from server.hub.writer import Job
from signaling import frames
from signaling.codes import Code
from signaling.frames import AnyServerFrame
from tests.server import opaque
from tests.server.accounts import an_account
from tests.server.house import PATIENCE, PEOPLE, a_house, until
from tests.server.mls import MlsDevice, a_policy, founding, moving_in

pytestmark = pytest.mark.slow

SENDERS = 8
# A drain ends as soon as everyone is let go; its bound is for the peer that never goes. Wide here,
# so that two busy cores do not cut the farewell short.
DRAIN_SECONDS = 20
EXIT_SECONDS = 30


def a_free_port() -> int:
    """Return a port on loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


@contextmanager
def a_server(directory: Path, port: int) -> Iterator[subprocess.Popen[str]]:
    """Run `python -m server demo` until the block ends."""
    dist = directory / "dist"
    dist.mkdir(exist_ok=True)
    (dist / "index.html").write_text("<!doctype html>")
    environment = os.environ | {
        "COLLOQUE_DIST": str(dist),
        "COLLOQUE_DRAIN_SECONDS": str(DRAIN_SECONDS),
        "COLLOQUE_RATE_DEVICE": "99999/second",
        "COLLOQUE_RATE_CONVERSATION": "99999/second",
    }
    command = [sys.executable, "-m", "server", "demo", "--port", str(port)]
    process = subprocess.Popen(
        [*command, "--data", str(directory / "data")],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        said = process.stdout.readline()
        assert said == f"Colloque is ready: http://127.0.0.1:{port}\n"
        yield process
    finally:
        process.kill()
        process.communicate()


def a_device() -> MlsDevice:
    """Return a new device of the pharmacist."""
    return MlsDevice(an_account(PEOPLE["claire"]), str(uuid.uuid4()), SystemClock())


class Tab:
    """One device's connection, with everything it was pushed."""

    def __init__(self, session: Session, device: MlsDevice) -> None:
        self.session, self.device = session, device
        self.pushes: list[AnyServerFrame] = []
        self.accepted: dict[str, int] = {}
        self.refused: set[Code] = set()

    async def open(self, cursors: dict[str, int] | None = None) -> Connection:
        """Connect and say hello."""
        self.connection = await open_connection(self.session, Patience(), self.pushes.append)
        self._reading = asyncio.create_task(self.connection.read())
        hello = frames.Hello(
            id="hello",
            device=self.device.device,
            signature_key=self.device.signature_key,
            cursors=cursors or {},
        )
        self.welcomed = (await self.connection.request(hello)).result or {}
        await self._move_in()
        return self.connection

    async def _move_in(self) -> None:
        """Enrol and certify, where this device was not before."""
        steps = moving_in(self.device, self.welcomed)
        said: dict[str, Any] | None = None
        with suppress(StopIteration):
            while True:
                frame = next(steps) if said is None else steps.send(said)
                said = (await self.connection.request(frame)).result or {}

    def found(self, conversation: str) -> bytes:
        """Found the group of a conversation with Jean; return its GroupInfo."""
        owner, patient = self.device.account, an_account(PEOPLE["jean"])
        policy = a_policy(conversation, owner, patient)
        return self.device.found(conversation, founding(self.welcomed["hub_key"], policy))

    async def ended(self) -> int | None:
        """Wait for the hub to close; return its code."""
        return await self._reading

    async def send_until_closed(self, conversation: str) -> None:
        """Send one message after another, and write down what was acknowledged."""
        while True:
            sent_at = self.device.clock.now() // 1000
            message = opaque.message(conversation, b"x", counter=1, sent_at=sent_at)
            frame = frames.SendMessage(
                id=message.id, conversation=conversation, body=message.at_epoch(0)
            )
            try:
                done = await self.connection.request(frame)
            except ConnectionLost:
                return
            except Refused as refusal:
                self.refused.add(refusal.code)
                return
            assert done.result is not None
            self.accepted[message.id] = done.result["seq"]

    def events(self) -> list[frames.Event]:
        """Return the steps it was pushed."""
        return [one for one in self.pushes if isinstance(one, frames.Event)]


async def test_a_hub_told_to_stop_under_load_loses_nothing_acknowledged(tmp_path: Path) -> None:
    """Reconnect push, exit 0 in time; after the restart every acknowledged act is there."""
    port, conversation = a_free_port(), str(uuid.uuid4())
    with a_server(tmp_path, port) as process:
        tab = Tab(await sign_in(Site("claire", port)), a_device())
        connection = await tab.open()
        await connection.request(
            frames.CreateConversation(
                id="create",
                conversation=conversation,
                conversation_kind="remote_dispensation",  # type: ignore[arg-type]
                patient=PEOPLE["jean"].id,
                motive="age",  # type: ignore[arg-type]
                group_info=tab.found(conversation),
            )
        )
        async with asyncio.TaskGroup() as sending:
            for _ in range(SENDERS):
                sending.create_task(tab.send_until_closed(conversation))
            await until(lambda: len(tab.events()) >= 40)
            process.send_signal(signal.SIGTERM)
            began = time.monotonic()
        closed = await tab.ended()
        status = await asyncio.to_thread(process.wait, EXIT_SECONDS)
        took = time.monotonic() - began

    with a_server(tmp_path, port):
        again = Tab(tab.session, tab.device)
        await again.open({conversation: 0})
        await until(lambda: len(again.events()) >= max(tab.accepted.values()))

    pushed = [one for one in tab.pushes if isinstance(one, frames.ReconnectPush)]
    stored = again.events()
    places = {one.message: one.seq for one in stored}
    # Who is still sending may see the connection break instead: TCP resets over unread bytes, and
    # the farewell is lost with it. Both come back, and the reconnect push came before.
    assert closed in (4501, None)
    assert status == 0
    assert tab.refused <= {Code.E_BUSY}
    assert took < EXIT_SECONDS
    assert len(pushed) == 1
    assert 0 <= pushed[0].after <= DRAIN_SECONDS * 1000
    assert [one.seq for one in stored] == list(range(1, len(stored) + 1))
    assert {message: places.get(message) for message in tab.accepted} == tab.accepted
    assert len(places) == len(stored)


@pytest.mark.parametrize(
    "told", [pytest.param(signal.SIGINT, id="ctrl-c"), pytest.param(signal.SIGTERM, id="sigterm")]
)
async def test_an_impatient_second_signal_changes_nothing(tmp_path: Path, told: int) -> None:
    """Ctrl-C twice: it still drains, ends by itself with 0, and lets its directory go."""
    port = a_free_port()
    with a_server(tmp_path, port) as process:
        tab = Tab(await sign_in(Site("claire", port)), a_device())
        await tab.open()
        process.send_signal(told)
        await until(lambda: any(isinstance(one, frames.ReconnectPush) for one in tab.pushes))
        process.send_signal(told)

        closed = await tab.ended()
        status = await asyncio.to_thread(process.wait, EXIT_SECONDS)

        assert (closed, status) == (4501, 0)
    with a_server(tmp_path, port) as process:
        assert process.poll() is None


async def test_a_writer_that_is_gone_keeps_nobody_waiting(tmp_path: Path) -> None:
    """A loop that ends in a hurry cancels the writer first: the hub's end must not wait for it."""
    async with asyncio.timeout(PATIENCE), a_house(tmp_path) as house:
        others = asyncio.all_tasks() - {asyncio.current_task()}
        house.hub._writer.submit(Job(lambda _tx, _now: Done(), lambda _settled: None))
        for task in others:
            task.cancel()


@pytest.mark.parametrize("fault", ["client not built", "port taken"])
def test_a_demo_that_cannot_start_says_why_in_one_sentence(tmp_path: Path, fault: str) -> None:
    """Exit 1 and what to do next, no traceback."""
    dist = tmp_path / "dist"
    dist.mkdir()
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        if fault == "port taken":
            (dist / "index.html").write_text("<!doctype html>")
        command = [sys.executable, "-m", "server", "demo", "--data", str(tmp_path / "data")]
        port = str(holder.getsockname()[1])

        done = subprocess.run(
            [*command, "--port", port],
            env=os.environ | {"COLLOQUE_DIST": str(dist)},
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )

    assert done.returncode == 1
    assert done.stdout == ""
    expected = "is taken" if fault == "port taken" else "is not built"
    assert expected in done.stderr
    assert len(done.stderr.splitlines()) == 1
