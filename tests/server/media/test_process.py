"""The echo process and the hub that holds it: neither takes the other along."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from server.media import process as module
from server.media.process import EchoProcess
from server.ports import EchoBusy
from tests.server.media.caller import a_caller, hears_tone
from tests.server.media.conftest import ON_LOOPBACK

pytestmark = pytest.mark.slow

PATIENCE = 15
ROOT = Path(__file__).parents[3]
UFRAG = "a=ice-ufrag:"


class Hands:
    """A clock that the test turns."""

    at = 1000.0

    def now(self) -> float:
        return self.at


@pytest.fixture
def hands() -> Hands:
    return Hands()


@pytest.fixture
async def echo(hands: Hands) -> AsyncIterator[EchoProcess]:
    echo = EchoProcess(ON_LOOPBACK, hands.now)
    yield echo
    await echo.stop()


async def an_offer() -> str:
    async with a_caller() as caller:
        return await caller.offer()


def child_of(echo: EchoProcess) -> asyncio.subprocess.Process:
    assert echo._process is not None
    return echo._process


def environment_of(pid: int) -> bytes:
    return Path(f"/proc/{pid}/environ").read_bytes()


async def kill(echo: EchoProcess) -> None:
    child = child_of(echo)
    child.kill()
    await child.wait()


async def test_a_process_that_died_is_busy_then_back(echo: EchoProcess, hands: Hands) -> None:
    """For a second at first; then another takes its place."""
    async with asyncio.timeout(PATIENCE):
        offer = await an_offer()
        await echo.answer(offer)
        await kill(echo)

        with pytest.raises(EchoBusy):
            await echo.answer(offer)
        hands.at += module.FIRST_PAUSE

        assert "m=audio" in await echo.answer(offer)


async def test_one_that_keeps_dying_is_started_ever_more_rarely(
    echo: EchoProcess, hands: Hands
) -> None:
    """The pause doubles, up to a minute; one that lived takes it back to nothing."""
    async with asyncio.timeout(2 * PATIENCE):
        offer = await an_offer()
        pauses = []
        for _ in range(4):
            await echo.answer(offer)
            await kill(echo)
            with pytest.raises(EchoBusy):
                await echo.answer(offer)
            pauses.append(echo._not_before - hands.at)
            hands.at = echo._not_before
        await echo.answer(offer)
        hands.at += module.YOUNG_SECONDS
        await kill(echo)

        assert pauses == [1, 2, 4, 8]
        assert "m=audio" in await echo.answer(offer)


async def test_one_that_cannot_start_is_busy(hands: Hands) -> None:
    """A process that ends before it listens is as good as dead."""
    echo = EchoProcess(("--no-such-argument",), hands.now)

    with pytest.raises(EchoBusy):
        await echo.answer(await an_offer())

    await echo.stop()


async def test_it_ends_with_the_hub_and_leaves_nothing(hands: Hands) -> None:
    """Told so at an orderly end: neither a process nor a file stays."""
    echo = EchoProcess(ON_LOOPBACK, hands.now)
    await echo.answer(await an_offer())
    child, socket = child_of(echo), echo._socket
    assert socket.exists()

    await echo.stop()

    assert child.returncode == 0
    assert not socket.parent.exists()


def test_it_ends_when_the_hub_is_killed(tmp_path: Path) -> None:
    """Its input ends: it removes its own socket and goes."""
    directory = tmp_path / "private"
    directory.mkdir()
    child = subprocess.Popen(
        [sys.executable, "-m", "server.media", "--socket", str(directory / "echo")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=ROOT,
    )
    assert child.stdin is not None
    assert child.stdout is not None
    assert child.stdout.readline() == b"ready\n"

    child.stdin.close()

    assert child.wait(PATIENCE) == 0
    child.stdout.close()
    assert not directory.exists()


async def test_the_terminals_interrupt_is_the_hubs_to_obey(echo: EchoProcess) -> None:
    """^C reaches every process of a terminal; this one waits for the hub to end it."""
    async with asyncio.timeout(PATIENCE), a_caller() as caller:
        await caller.take(await echo.answer(await caller.offer()))
        os.kill(child_of(echo).pid, signal.SIGINT)

        assert await hears_tone(await caller.track())


async def test_it_knows_no_secret_of_the_hub(
    echo: EchoProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is started without the hub's environment, and can read nothing else of it."""
    monkeypatch.setenv("COLLOQUE_TURN_SECRET", "known to the hub alone")
    await echo.answer(await an_offer())

    environment = await asyncio.to_thread(environment_of, child_of(echo).pid)

    assert b"COLLOQUE" not in environment


async def test_its_socket_is_private(echo: EchoProcess) -> None:
    """Nobody else on the machine can have a description answered, or see one."""
    await echo.answer(await an_offer())

    assert echo._socket.stat().st_mode & 0o077 == 0
    assert echo._socket.parent.stat().st_mode & 0o077 == 0


async def test_nothing_of_a_description_is_ever_said(tmp_path: Path) -> None:
    """Neither of one that is answered, nor of one that breaks the library that reads it."""
    path = tmp_path / "echo"
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-X", "dev", "-m", "server.media", "--socket", str(path), *ON_LOOPBACK),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        cwd=ROOT,
    )
    assert child.stdout is not None
    assert await child.stdout.readline() == b"ready\n"
    async with asyncio.timeout(PATIENCE), a_caller() as caller:
        offer = await caller.offer()
        ufrag = offer.partition(UFRAG)[2].split()[0]
        answer = (await module._ask(path, offer.encode())).partition(b"\n")[2].decode()
        await module._ask(path, offer.replace("m=audio 5", "m=audio x5").encode())
        await caller.take(answer)
        await hears_tone(await caller.track())
        said = b"".join(await child.communicate(b""))

    assert ufrag.encode() not in said
    assert answer.partition(UFRAG)[2].split()[0].encode() not in said
    assert b"127.0.0.1" not in said


def test_the_hub_carries_nothing_of_webrtc() -> None:
    """Its start and its memory are what they were: the codecs are loaded in their own process."""
    ask = (
        "import sys, server.app\n"
        "print(sorted({'aiortc', 'aioice', 'av', 'server.media.echo'} & set(sys.modules)))"
    )

    done = subprocess.run(
        [sys.executable, "-c", ask], cwd=ROOT, capture_output=True, text=True, check=True
    )

    assert done.stdout.strip() == "[]"
