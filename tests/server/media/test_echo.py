"""The echo peer, met by a real WebRTC client over real sockets."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack

import pytest
from av import VideoFrame

from server.media.echo import Malformed, readable
from server.media.process import EchoProcess
from server.ports import EchoBusy, EchoMalformed
from tests.server.media.caller import a_caller, hears_tone
from tests.server.media.conftest import ON_LOOPBACK

pytestmark = pytest.mark.slow

PATIENCE = 15
MOST_AUDIO = 10
MOST_VIDEO = 5


async def test_audio_comes_back(echo: EchoProcess) -> None:
    """What is said is heard again."""
    async with asyncio.timeout(PATIENCE), a_caller() as caller:
        await caller.take(await echo.answer(await caller.offer()))

        assert await hears_tone(await caller.track())


async def test_video_comes_back(echo: EchoProcess) -> None:
    """And what is shown is seen again."""
    async with asyncio.timeout(PATIENCE), a_caller(audio=False, video=True) as caller:
        await caller.take(await echo.answer(await caller.offer()))

        assert isinstance(await (await caller.track()).recv(), VideoFrame)


@pytest.mark.parametrize(
    ("most", "video"), [(MOST_AUDIO, False), (MOST_VIDEO, True)], ids=["audio", "video"]
)
async def test_beyond_what_a_core_carries_one_is_refused(
    echo: EchoProcess, most: int, video: bool
) -> None:
    """Ten who talk or five who show themselves; the next is told to come later."""
    async with asyncio.timeout(2 * PATIENCE), AsyncExitStack() as stack:
        callers = [await stack.enter_async_context(a_caller(video=video)) for _ in range(most + 1)]
        offers = [await caller.offer() for caller in callers]
        for offer in offers[:most]:
            await echo.answer(offer)

        with pytest.raises(EchoBusy):
            await echo.answer(offers[most])


async def test_whoever_hangs_up_makes_room(echo: EchoProcess) -> None:
    """A place is free when its caller goes, not only when the time is over."""
    async with asyncio.timeout(2 * PATIENCE), AsyncExitStack() as stack:
        callers = [await stack.enter_async_context(a_caller()) for _ in range(MOST_AUDIO)]
        for caller in callers:
            await caller.take(await echo.answer(await caller.offer()))
        first, another = callers[0], await stack.enter_async_context(a_caller())
        await hears_tone(await first.track())
        offer = await another.offer()

        await first.close()

        await another.take(await _when_there_is_room(echo, offer))
        assert await hears_tone(await another.track())


async def test_a_test_ends_by_itself() -> None:
    """Whoever stays is shown out when the seconds are over."""
    echo = EchoProcess((*ON_LOOPBACK, "--seconds", "1"))
    async with asyncio.timeout(PATIENCE), a_caller() as caller:
        await caller.take(await echo.answer(await caller.offer()))
        await hears_tone(await caller.track())

        await caller.over.wait()

    await echo.stop()


@pytest.mark.parametrize(
    "offer",
    [
        "",
        "v=0",
        "not an offer",
        "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\n",
        "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\nm=application 9 UDP/DTLS/SCTP x\r\n",
        "v=0\r\no=- x\r\ns=-\r\nt=0 0\r\nm=audio x UDP/TLS/RTP/SAVPF 111\r\na=mid:0\r\n",
        "\0" * 100,
        "é" * 8000,
        "a" * (16 * 1024 + 1),
    ],
    ids=["nothing", "a line", "words", "bare", "data", "numbers", "zeros", "accents", "long"],
)
async def test_what_is_no_offer_is_refused(echo: EchoProcess, offer: str) -> None:
    """Whatever it is, the process says so and goes on."""
    async with asyncio.timeout(PATIENCE), a_caller() as caller:
        with pytest.raises(EchoMalformed):
            await echo.answer(offer)

        assert "m=audio" in await echo.answer(await caller.offer())


async def test_what_is_refused_takes_no_room(echo: EchoProcess) -> None:
    """More refusals than there are places, and there is a place."""
    async with asyncio.timeout(PATIENCE), a_caller() as caller:
        for _ in range(MOST_AUDIO + 1):
            with pytest.raises(EchoMalformed):
                await echo.answer("m=audio 9 UDP/TLS/RTP/SAVPF 111\r\n")

        assert "m=audio" in await echo.answer(await caller.offer())


@pytest.mark.parametrize(
    "line",
    [
        "a=candidate:1 1 udp 2122260223 192.0.2.1 50000 typ host",
        "a=candidate:1 1 udp 2122260223 6ba7b810-9dad-41d1-80b4-00c04fd430c8.local 5 typ host",
        "a=end-of-candidates",
    ],
    ids=["address", "name", "no more"],
)
def test_an_offer_cannot_aim_the_peer_at_a_machine(line: str) -> None:
    """It sends to nobody who has not reached it first, and looks no name up."""
    offer = readable(f"v=0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\n{line}\r\n".encode())

    assert line not in offer
    assert "m=audio" in offer


@pytest.mark.parametrize("kinds", [[], ["audio", "audio"], ["video", "video"], ["audio"] * 9])
def test_one_microphone_and_one_camera_are_enough(kinds: list[str]) -> None:
    """More would cost what was not counted."""
    offer = "v=0\r\n" + "".join(f"m={kind} 9 UDP/TLS/RTP/SAVPF 96\r\n" for kind in kinds)

    with pytest.raises(Malformed):
        readable(offer.encode())


async def _when_there_is_room(echo: EchoProcess, offer: str) -> str:
    """Ask until there is a place: each ask takes the time of a round trip."""
    while True:
        try:
            return await echo.answer(offer)
        except EchoBusy:
            continue
