"""A slow reader hurts nobody but itself: bounded, closed with its code, and nothing is lost."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto.mls.authenticated_data import AuthenticatedData
from crypto.mls.framing import ContentType, MessageHeader, WireFormat, encode_private_message
from server.hub.backpressure import LANE_BYTES, LANE_ITEMS, Outbox, Overflow
from signaling import frames
from tests.server import opaque
from tests.server.house import NOON, Hands, House, Peer, a_house, a_pair, until
from tests.server.talk import a_talk

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


# Call control: a lane of its own


async def all_of(outbox: Outbox) -> list[bytes]:
    """Take and send whatever waits, in the order it leaves."""
    taken: list[bytes] = []
    while True:
        waiting = asyncio.create_task(outbox.take())
        for _ in range(3):
            await asyncio.sleep(0)
        if not waiting.done():
            waiting.cancel()
            return taken
        taken.append(waiting.result())
        outbox.sent(taken[-1])


async def test_what_is_urgent_does_not_wait_behind_a_replay() -> None:
    """A ring is heard although a hundred old messages wait; among themselves the order stays."""
    outbox = Outbox(LIMIT, lambda: 0)
    outbox.put(b"replay 1")
    outbox.put(b"replay 2")
    outbox.put_urgent(b"state", about="call")
    outbox.put_urgent(b"signal", until=1)

    assert await all_of(outbox) == [b"state", b"signal", b"replay 1", b"replay 2"]


async def test_a_full_outbox_still_takes_what_is_urgent() -> None:
    """The lane has bounds of its own, and fills nobody else's."""
    outbox = Outbox(LIMIT, lambda: 0)
    outbox.put(bytes(LIMIT + 1))

    outbox.put_urgent(b"state", about="call")

    assert outbox.waiting == LIMIT + 1
    with pytest.raises(Overflow):
        outbox.put(b"x")


async def test_a_signal_is_not_given_after_its_time() -> None:
    """At its very instant it is too old; a state never is."""
    clock = Hands()
    outbox = Outbox(LIMIT, clock.now)
    outbox.put_urgent(b"early", until=NOON + 1)
    outbox.put_urgent(b"state", about="call")
    outbox.put_urgent(b"late", until=NOON + 2)
    clock.at = NOON + 1

    assert await all_of(outbox) == [b"state", b"late"]


async def test_drained_does_not_wait_for_what_nobody_gets_any_more() -> None:
    """A signal that grew too old while the socket was slow is gone, not waiting."""
    clock = Hands()
    outbox = Outbox(LIMIT, clock.now)
    outbox.put(b"frame")
    frame = await outbox.take()
    outbox.put_urgent(b"signal", until=NOON + 1)
    outbox.sent(frame)
    clock.at = NOON + 1

    assert await all_of(outbox) == []

    await asyncio.wait_for(outbox.drained(), 5)


async def test_a_newer_state_takes_the_place_of_the_older() -> None:
    """The place, not the end: the signals of a generation never come before it."""
    outbox = Outbox(LIMIT, lambda: 0)
    outbox.put_urgent(b"version 1", about="call")
    outbox.put_urgent(b"other", about="another call")
    outbox.put_urgent(b"signal", until=1)
    outbox.put_urgent(b"version 2", about="call")

    assert await all_of(outbox) == [b"version 2", b"other", b"signal"]


async def test_the_oldest_signals_go_where_there_is_no_room() -> None:
    """By number and by length: their connection is made anew; no state is dropped for them."""
    outbox = Outbox(LIMIT, lambda: 0)
    outbox.put_urgent(b"state", about="call")
    for number in range(LANE_ITEMS):
        outbox.put_urgent(b"%d" % number, until=1)

    left = await all_of(outbox)

    assert left == [b"state", *(b"%d" % number for number in range(1, LANE_ITEMS))]


async def test_the_signals_that_wait_are_bounded_in_length() -> None:
    """Whoever does not read holds no more than the lane's bytes."""
    outbox = Outbox(LIMIT, lambda: 0)
    signal = bytes(18 * 1024)
    for _ in range(LANE_ITEMS):
        outbox.put_urgent(signal, until=1)

    assert sum(map(len, await all_of(outbox))) <= LANE_BYTES


async def test_states_that_fill_the_lane_close_the_connection() -> None:
    """A state is not dropped: the device comes back, and hello tells them all."""
    outbox = Outbox(LIMIT, lambda: 0)
    for number in range(LANE_ITEMS):
        outbox.put_urgent(b"state", about=str(number))

    with pytest.raises(Overflow):
        outbox.put_urgent(b"state", about="one more")


async def test_a_signal_overtakes_the_messages_that_wait(house: House) -> None:
    """Right after the frame that the socket held already; then the messages, none missing."""
    talk = await a_talk(house)
    await talk.jean.ok(frames.Ping)
    talk.jean.wire.reads.clear()
    for _ in range(10):
        await talk.claire.say(talk.conversation)

    await talk.signal(talk.claire, talk.jean)
    talk.jean.wire.reads.set()

    kinds = [type(await talk.jean.next()) for _ in range(11)]
    assert kinds == [frames.Event, frames.SignalPush, *[frames.Event] * 9]


async def test_what_waited_for_a_device_comes_after_the_answer_to_its_hello(house: House) -> None:
    """Before that answer a client knows of no call."""
    talk = await a_talk(house)
    talk.jean.hang_up()
    await until(lambda: house.hub.fanout.heard_at(talk.jean.device) is None)
    await talk.signal(talk.claire, talk.jean)
    back = await house.knock("jean", session=talk.jean.session)

    back.send(
        frames.Hello(
            id="hello",
            device=talk.jean.device,
            signature_key=talk.jean.signature_key,
            cursors={},
        )
    )

    kinds = [type(await back.next()) for _ in range(3)]
    assert kinds == [frames.Ok, frames.SignalPush, frames.WelcomePush]


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
        id=os.urandom(16), kind="message", counter=1, sent_at=NOON // 1000, franking_tag=bytes(32)
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
