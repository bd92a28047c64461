"""One connection: hello first, every frame answered or the socket closed with its code."""

from __future__ import annotations

import uuid
from pathlib import Path

import msgpack
import pytest

from server.hub.connection import Gone
from signaling import frames
from signaling.codes import reconnects
from signaling.frames import Ok, RefusedFrame
from tests.server.house import House, a_house, a_pair, until
from tests.signaling.builders import KINDS, a_frame


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "hello"])
async def test_before_hello_nothing_is_answered(house: House, kind: str) -> None:
    """Which device asks is not known yet: the frame is refused and the connection stays."""
    claire = await house.knock("claire")

    claire.send_raw(msgpack.packb(a_frame(kind)))
    answer = await claire.answer("request-1")

    assert isinstance(answer, RefusedFrame)
    assert answer.code == "E_MALFORMED"
    await claire.hello()


async def test_hello_is_said_once(house: House) -> None:
    """A second one is refused: a connection is one device's."""
    claire = await house.peer("claire")

    refused = await claire.refused(
        frames.Hello, device=str(uuid.uuid4()), signature_key=claire.signature_key
    )

    assert refused.code == "E_MALFORMED"
    assert house.rows("SELECT count(*) FROM device") == [(1,)]
    await claire.ok(frames.Ping)


async def test_a_ping_is_answered_with_the_hubs_time(house: House) -> None:
    """The heartbeat: a pong that tells what time it is here."""
    claire = await house.peer("claire")
    house.clock.turn(5)

    pong = await claire.ok(frames.Ping)

    assert pong.now == house.clock.now()
    assert pong.receipt is None


async def test_a_silent_connection_is_closed_and_may_come_back(home: Path) -> None:
    """Nothing heard for the idle time: 4502, which reconnects."""
    async with a_house(home, idle_seconds=0.05) as house:
        claire = await house.peer("claire")

        code = await claire.closed()

    assert code == 4502
    assert reconnects(code)


async def test_a_connection_that_never_says_hello_is_closed(home: Path) -> None:
    """A socket opened and forgotten holds nothing for long."""
    async with a_house(home, hello_seconds=0.05) as house:
        claire = await house.knock("claire")

        assert await claire.closed() == 4502


async def test_a_peer_that_leaves_is_forgotten(house: House) -> None:
    """A closed tab leaves no subscriber and no connection behind."""
    claire = await house.peer("claire")

    claire.hang_up()

    await until(lambda: not house.hub._connections)
    assert len(house.hub.fanout) == 0


async def test_a_peer_that_left_during_hello_never_becomes_a_subscriber(house: House) -> None:
    """Its answer comes too late: joining a dead connection would keep it for good."""
    claire = await house.knock("claire")

    async with house.one_batch(1):
        claire.send(frames.Ping(id="before-hello"))
        claire.send(frames.Hello(id="h", device=claire.device, signature_key=claire.signature_key))
        await until(lambda: house.hub._writer._queue.qsize() == 1)
        await house.leave()
    await house.hub._writer.finish()

    assert len(house.hub.fanout) == 0


async def test_too_many_connections_are_sent_away(home: Path) -> None:
    """The hub is full: 4503, come back later; those inside are served."""
    async with a_house(home, max_connections=1) as house:
        inside = await house.peer("claire")
        outside = await house.knock("hugo")

        assert await outside.closed() == 4503
        await inside.ok(frames.Ping)


async def test_a_draining_hub_takes_nobody_and_lets_everybody_go(house: House) -> None:
    """Reconnect push with a pause, then 4501; a newcomer gets 4501 at once."""
    claire = await house.peer("claire")

    await house.hub.drain()
    late = await house.knock("hugo")

    push = await claire.push(frames.ReconnectPush)
    assert 0 <= push.after <= house.hub.settings.drain_seconds * 1000
    assert [await claire.closed(), await late.closed()] == [4501, 4501]
    assert not await house.hub.ready()


async def test_what_was_queued_before_the_drain_is_answered(house: House) -> None:
    """An act that waits when the hub is told to stop is durable, acknowledged and proved."""
    claire, _, conversation = await a_pair(house)
    async with house.one_batch(3):
        for at in range(3):
            body = claire.message(conversation).at_epoch(1)
            claire.send(frames.SendMessage(id=f"m{at}", conversation=conversation, body=body))

    await house.hub.drain()

    for at in range(3):
        answer = await claire.answer(f"m{at}")
        assert isinstance(answer, Ok)
        claire.verify(answer)
    assert await claire.closed() == 4501


async def test_a_socket_that_breaks_ends_its_connection_only(house: House) -> None:
    """An error of the transport is no error of the hub."""
    claire, hugo = await house.peer("claire"), await house.peer("hugo")

    claire.wire.incoming.put_nowait(RuntimeError("the transport broke"))

    assert await claire.closed() == 4503
    await hugo.ok(frames.Ping)


async def test_a_write_to_a_peer_that_left_ends_its_connection(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The hub notices at the first frame it cannot hand over."""
    claire, jean, conversation = await a_pair(house)

    async def gone(_data: bytes) -> None:
        raise Gone

    monkeypatch.setattr(jean.wire, "send", gone)
    await claire.say(conversation)

    await until(lambda: len(house.hub._connections) == 1)
    await claire.say(conversation)
