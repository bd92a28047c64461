"""A slow reader hurts nobody but itself: bounded, closed with its code, and nothing is lost."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clients.python import opaque
from crypto.mls.authenticated_data import AuthenticatedData
from crypto.mls.framing import ContentType, MessageHeader, WireFormat, encode_private_message
from server.hub.backpressure import Outbox, Overflow
from signaling import frames
from tests.server.house import House, Peer, a_house, a_pair, until

LIMIT = 4096


async def test_frames_leave_in_the_order_they_came() -> None:
    """First in, first out."""
    outbox = Outbox(LIMIT, lambda: 0)
    for frame in (b"one", b"two"):
        outbox.put(frame)

    taken = [await outbox.take(), await outbox.take()]

    assert taken == [b"one", b"two"]


async def test_a_frame_waits_until_the_socket_has_it() -> None:
    """Taken is not sent: it counts until the transport took it."""
    outbox = Outbox(LIMIT, lambda: 0)
    outbox.put(b"12345")

    frame = await outbox.take()

    assert outbox.waiting == 5
    outbox.sent(frame)
    assert outbox.waiting == 0


async def test_more_than_the_limit_does_not_wait() -> None:
    """The frame that crosses the limit passes, the next one overflows."""
    outbox = Outbox(LIMIT, lambda: 0)
    outbox.put(bytes(LIMIT))
    outbox.put(bytes(10))

    with pytest.raises(Overflow):
        outbox.put(b"x")

    assert outbox.waiting == LIMIT + 10


async def test_taking_waits_for_a_frame() -> None:
    """An idle socket's writer sleeps until something is put."""
    outbox = Outbox(LIMIT, lambda: 0)
    taking = asyncio.create_task(outbox.take())
    await asyncio.sleep(0)
    assert not taking.done()

    outbox.put(b"frame")

    assert await taking == b"frame"


async def test_drained_means_that_nothing_waits() -> None:
    """An empty outbox is drained at once; a filled one when its last frame was sent."""
    outbox = Outbox(LIMIT, lambda: 0)
    await outbox.drained()
    outbox.put(b"frame")
    draining = asyncio.create_task(outbox.drained())

    outbox.sent(await outbox.take())

    await draining


@given(sizes=st.lists(st.integers(1, 3000), max_size=60), takes=st.lists(st.booleans()))
def test_what_waits_is_bounded_whatever_comes(sizes: list[int], takes: list[bool]) -> None:
    """At most the limit and one frame, however puts and sends alternate."""

    async def fill() -> int:
        outbox, most, turns = Outbox(LIMIT, lambda: 0), 0, iter(takes)
        for size in sizes:
            try:
                outbox.put(bytes(size))
            except Overflow:
                break
            most = max(most, outbox.waiting)
            if next(turns, False):
                outbox.sent(await outbox.take())
        return most

    assert asyncio.run(fill()) <= LIMIT + 3000


def a_long_message(conversation: str, size: int) -> bytes:
    """Return a message body of `size` bytes."""
    data = AuthenticatedData(
        id=os.urandom(16), kind="message", counter=1, sent_at=1, franking_tag=bytes(32)
    )
    header = MessageHeader(
        wire_format=WireFormat.PRIVATE_MESSAGE,
        group_id=opaque.group_id(conversation),
        epoch=1,
        content_type=ContentType.APPLICATION,
        authenticated_data=data.encode(),
    )
    empty = len(encode_private_message(header, bytes(28), bytes(20_000))) - 20_000
    return encode_private_message(header, bytes(28), os.urandom(size - empty))


async def test_the_longest_message_closes_nobody(house: House) -> None:
    """The answer and the echo of 64 KiB reach the sender on the connection that sent it."""
    claire, jean, conversation = await a_pair(house)
    body = a_long_message(conversation, 64 * 1024)

    await claire.ok(frames.SendMessage, conversation=conversation, body=body)

    assert (await claire.event()).what == "commit"
    assert (await claire.event()).body == (await jean.event()).body == body


async def test_a_burst_closes_nobody_who_reads(house: House) -> None:
    """Two hundred acts of one batch are far more than 64 KiB of answers: all arrive."""
    claire, jean, conversation = await a_pair(house)

    async with house.one_batch(200):
        for at in range(200):
            body = claire.message(conversation).at_epoch(1)
            claire.send(frames.SendMessage(id=f"m{at}", conversation=conversation, body=body))

    for at in range(200):
        claire.verify(await _accepted(claire, f"m{at}"))
    assert [(await jean.event()).seq for _ in range(200)] == list(range(2, 202))


async def _accepted(peer: Peer, request: str) -> frames.Ok:
    answer = await peer.answer(request)
    assert isinstance(answer, frames.Ok), answer
    return answer


async def test_a_peer_that_stops_reading_is_closed_and_the_others_get_everything(
    home: Path,
) -> None:
    """It gets 4500 and resumes by its cursor with nothing lost; the others never waited."""
    async with a_house(home, outbox_bytes=LIMIT) as house:
        claire, jean, conversation = await a_pair(house)
        await claire.event()
        jean.wire.reads.clear()

        for _ in range(20):
            await claire.say(conversation)

        assert await jean.closed() == 4500
        assert [(await claire.event()).seq for _ in range(20)] == list(range(2, 22))
        back = await house.peer(
            "jean",
            device=jean.device,
            signature_key=jean.signature_key,
            cursors={conversation: 1},
        )
        assert [(await back.event()).seq for _ in range(20)] == list(range(2, 22))


async def test_a_stalled_reader_holds_a_bounded_memory(home: Path) -> None:
    """What waits for it is under the limit and one frame until it is closed."""
    async with a_house(home, outbox_bytes=LIMIT) as house:
        claire, jean, conversation = await a_pair(house)
        (stalled,) = [c for c in house.hub._connections if c.device == jean.device]
        jean.wire.reads.clear()

        most = 0
        while not jean.wire.closed.done():
            await claire.say(conversation)
            most = max(most, stalled._outbox.waiting)

        assert LIMIT / 2 < most < LIMIT + 2048


async def test_a_socket_that_cannot_even_close_is_let_go(home: Path) -> None:
    """A peer that stalls the close frame too does not hold its connection, nor the drain."""
    async with a_house(home, outbox_bytes=LIMIT, close_seconds=0.05) as house:
        claire, jean, conversation = await a_pair(house)
        jean.wire.closes.clear()
        jean.wire.reads.clear()

        for _ in range(20):
            await claire.say(conversation)

        await until(lambda: len(house.hub._connections) == 1)
