"""Signals: to the one device they name, in their order, or refused; and never on the disk."""

from __future__ import annotations

import uuid
from collections.abc import Awaitable
from pathlib import Path
from typing import Any

import pytest

from signaling import frames
from signaling.frames import Ok, RefusedFrame
from tests.server import opaque
from tests.server.house import House, Peer, a_house, a_pair, until
from tests.server.talk import (
    ANSWER,
    CANDIDATES,
    OFFER,
    Talk,
    a_lobby,
    a_ringing,
    a_talk,
    every_byte,
)


async def code(asked: Awaitable[Ok | RefusedFrame]) -> str:
    """Return the code of a signal that must be refused."""
    answer = await asked
    assert isinstance(answer, RefusedFrame), answer
    return answer.code


async def bodies(peer: Peer, count: int) -> list[bytes]:
    """Return the next signals a device gets."""
    return [(await peer.push(frames.SignalPush)).body for _ in range(count)]


async def never_reaches(peer: Peer) -> None:
    """What was sent before this moment did not come."""
    await peer.ok(frames.Ping)
    assert [push for push in peer.pushes if isinstance(push, frames.SignalPush)] == []


def send(sender: Peer, conversation: str, body: bytes, number: int = 0) -> None:
    """Send a signal without waiting for its answer."""
    sender.send(frames.Signal(id=f"s{number}", conversation=conversation, body=body))


async def test_a_signal_reaches_the_device_it_names_and_no_other(house: House) -> None:
    """As it was sent, with who sent it; no entry, and the sender gets no echo."""
    talk = await a_talk(house)
    tablet = await house.peer("jean")
    body, entries = talk.signal_body(talk.jean, OFFER), len(house.entries())

    done = await talk.claire.ok(frames.Signal, conversation=talk.conversation, body=body)

    assert await talk.jean.push(frames.SignalPush) == frames.SignalPush(
        conversation=talk.conversation,
        person=talk.claire.person,
        device=talk.claire.device,
        body=body,
    )
    assert (done.receipt, done.result) == (None, None)
    assert len(house.entries()) == entries
    await never_reaches(tablet)
    await never_reaches(talk.claire)


async def test_signals_of_one_sender_keep_their_order(house: House) -> None:
    """Candidates that overtake their offer would be thrown away."""
    talk = await a_talk(house)
    sent = [talk.signal_body(talk.jean, OFFER)]
    sent += [talk.signal_body(talk.jean, CANDIDATES) for _ in range(40)]

    for number, body in enumerate(sent):
        send(talk.claire, talk.conversation, body, number)

    assert await bodies(talk.jean, len(sent)) == sent


async def test_nothing_of_a_signal_reaches_the_disk(home: Path) -> None:
    """Accepted, refused, or waiting for who is away: no body is in any file."""
    async with a_house(home) as house:
        talk = await a_talk(house)
        passed = talk.signal_body(talk.jean, OFFER)
        refused = talk.signal_body(talk.claire, OFFER)
        await talk.claire.ok(frames.Signal, conversation=talk.conversation, body=passed)
        await talk.jean.refused(frames.Signal, conversation=talk.conversation, body=refused)
        talk.jean.hang_up()
        await until(lambda: house.hub.fanout.heard_at(talk.jean.device) is None)
        waiting = talk.signal_body(talk.jean, CANDIDATES)
        await talk.claire.ok(frames.Signal, conversation=talk.conversation, body=waiting)

    disk = every_byte(home)
    assert talk.call.encode() in disk
    for body in (passed, refused, waiting):
        assert body[-64:] not in disk


# For a device that is away


async def away(talk: Talk) -> None:
    """Have Jean's device lose its socket."""
    talk.jean.hang_up()
    await until(lambda: talk.house.hub.fanout.heard_at(talk.jean.device) is None)


async def back(talk: Talk) -> Peer:
    """Have it say hello again."""
    return await talk.house.peer(
        "jean", device=talk.jean.device, signature_key=talk.jean.signature_key
    )


async def test_a_signal_waits_for_a_device_that_is_away_for_a_moment(house: House) -> None:
    """Given at the next hello, after its answer, in order, and once."""
    talk = await a_talk(house)
    await away(talk)
    sent = [talk.signal_body(talk.jean, what) for what in (OFFER, CANDIDATES)]
    for body in sent:
        await talk.claire.ok(frames.Signal, conversation=talk.conversation, body=body)
    house.clock.turn(9.9)

    jean = await back(talk)

    assert jean.pushes == []
    assert await bodies(jean, 2) == sent
    await never_reaches(await back(talk))


async def test_a_signal_is_too_old_after_ten_seconds(house: House) -> None:
    """Its connection has been made anew: it would only confuse."""
    talk = await a_talk(house)
    await away(talk)
    assert isinstance(await talk.signal(talk.claire, talk.jean), Ok)
    house.clock.turn(10)

    await never_reaches(await back(talk))


# What is refused: its code, its entry, and it goes nowhere


async def goes_nowhere(talk: Talk, asked: Awaitable[Ok | RefusedFrame], expected: str) -> None:
    """The code, one entry of the conversation that says so; nobody gets the signal."""
    row = talk.row()

    assert await code(asked) == expected

    assert talk.refusals()[-1] == expected
    assert talk.row() == row
    await never_reaches(talk.claire)
    await never_reaches(talk.jean)


async def test_an_offer_by_the_one_who_answers(house: House) -> None:
    """The hub named the offerer: two offers that meet is what hangs calls."""
    talk = await a_talk(house)

    await goes_nowhere(talk, talk.signal(talk.jean, talk.claire, OFFER), "call.wrong_role")


async def test_an_answer_by_the_one_who_offers(house: House) -> None:
    """And the reverse."""
    talk = await a_talk(house)

    await goes_nowhere(talk, talk.signal(talk.claire, talk.jean, ANSWER), "call.wrong_role")


@pytest.mark.parametrize("generation", [0, 1, 3], ids=["never", "over", "to-come"])
async def test_a_signal_of_another_generation(house: House, generation: int) -> None:
    """One that is over (a replay), or one that nobody began."""
    talk = await a_talk(house)
    await talk.lose_pair(talk.claire, talk.jean, 1)

    await goes_nowhere(
        talk,
        talk.signal(talk.jean, talk.claire, OFFER, generation=generation),
        "call.stale_generation",
    )


async def test_the_roles_change_with_the_generation(house: House) -> None:
    """The other one offers in the second: its offer passes, the first one's does not."""
    talk = await a_talk(house)
    await talk.lose_pair(talk.claire, talk.jean, 1)

    assert isinstance(await talk.signal(talk.jean, talk.claire, OFFER, generation=2), Ok)
    assert await code(talk.signal(talk.claire, talk.jean, OFFER, generation=2)) == "call.wrong_role"


async def test_a_signal_for_a_device_that_is_no_pair_with_the_sender(house: House) -> None:
    """One's own other device, or nobody's."""
    talk = await a_talk(house)
    tablet = await house.peer("jean")

    for to in (tablet.device, talk.claire.device, str(uuid.uuid4())):
        await goes_nowhere(
            talk,
            talk.signal(talk.claire, talk.jean, to=uuid.UUID(to).bytes),
            "call.wrong_state",
        )


async def test_a_signal_from_a_device_that_has_not_joined(house: House) -> None:
    """A member's tablet, in the group: it is not the one that talks."""
    talk = await a_talk(house)
    tablet = await house.peer("jean", packages=1)
    await talk.claire.add(talk.conversation, "jean")

    await goes_nowhere(talk, talk.signal(tablet, talk.claire, ANSWER, epoch=2), "call.wrong_state")


@pytest.mark.parametrize("stage", [a_lobby, a_ringing], ids=["lobby", "ringing"])
async def test_a_signal_before_anyone_answered(house: House, stage: Any) -> None:
    """Nobody connects to who has not said yes."""
    talk = await stage(house)

    await goes_nowhere(talk, talk.signal(talk.claire, talk.jean), "call.wrong_state")


async def test_a_signal_after_the_end(house: House) -> None:
    """A call that is over has no connection."""
    talk = await a_talk(house)
    await talk.ok(talk.claire, frames.HangUp)

    await goes_nowhere(talk, talk.signal(talk.claire, talk.jean), "call.wrong_state")


async def test_a_signal_for_another_call(house: House) -> None:
    """A call of another conversation, and one that never was: the same words."""
    talk, other = await a_talk(house), await a_lobby(house)

    for call in (other.call, str(uuid.uuid4())):
        await goes_nowhere(
            talk,
            talk.signal(talk.claire, talk.jean, call=uuid.UUID(call).bytes),
            "call.not_member",
        )


async def test_a_signal_of_somebody_outside(house: House) -> None:
    """Not a member: told like a conversation that is not there, and not in its trail."""
    talk = await a_talk(house)
    hugo = await house.peer("hugo")

    assert await code(talk.signal(hugo, talk.jean)) == "call.not_member"

    (entry,) = house.refusals(log="technical")
    assert (entry["decision"]["rule"], entry["conversation"]) == ("call.not_member", None)
    await never_reaches(talk.jean)


async def test_a_signal_longer_than_an_sdp_may_be(house: House) -> None:
    """18 KiB pass: 16 kB of SDP, padded, with its headers. One byte more does not."""
    talk = await a_talk(house)
    empty = len(talk.signal_body(talk.jean, OFFER, size=17_000)) - 17_000
    longest = 18 * 1024 - empty
    assert len(talk.signal_body(talk.jean, OFFER, size=longest)) == 18 * 1024

    assert isinstance(await talk.signal(talk.claire, talk.jean, size=longest), Ok)
    await talk.jean.push(frames.SignalPush)
    await goes_nowhere(
        talk, talk.signal(talk.claire, talk.jean, size=longest + 1), "call.too_large"
    )


async def test_the_fifty_first_signal_of_a_generation(house: House) -> None:
    """Each way has its own fifty; the next generation has fifty again."""
    talk = await a_talk(house)
    for _ in range(50):
        assert isinstance(await talk.signal(talk.claire, talk.jean, CANDIDATES), Ok)
    await bodies(talk.jean, 50)

    await goes_nowhere(talk, talk.signal(talk.claire, talk.jean, CANDIDATES), "call.rate_limited")

    assert isinstance(await talk.signal(talk.jean, talk.claire, CANDIDATES), Ok)
    await talk.lose_pair(talk.claire, talk.jean, 1)
    assert isinstance(await talk.signal(talk.claire, talk.jean, CANDIDATES, generation=2), Ok)


async def test_a_signal_of_another_epoch(house: House) -> None:
    """Its receiver could not read it: encrypt it again for the epoch told."""
    talk = await a_talk(house)

    refused = await talk.signal(talk.claire, talk.jean, epoch=0)

    assert isinstance(refused, RefusedFrame)
    assert (refused.code, refused.epoch, refused.retry) == ("E_EPOCH", 1, "changed")
    await never_reaches(talk.jean)


async def test_a_message_is_no_signal_and_a_signal_no_message(house: House) -> None:
    """Each kind has its frame: a signal in the stream would be stored for good."""
    talk = await a_talk(house)
    message = talk.claire.message(talk.conversation).at_epoch(1)
    signal = talk.signal_body(talk.jean, OFFER)

    as_signal = await talk.claire.refused(
        frames.Signal, conversation=talk.conversation, body=message
    )
    as_message = await talk.claire.refused(
        frames.SendMessage, conversation=talk.conversation, body=signal
    )

    assert as_signal.code == as_message.code == "E_KIND"
    assert house.rows("SELECT seq FROM event WHERE what = 'message'") == []
    await never_reaches(talk.jean)


async def test_a_signal_of_another_group(house: House) -> None:
    """The group in the message is not the conversation in the frame."""
    talk = await a_talk(house)
    _, _, elsewhere = await a_pair(house)
    foreign = Talk(house, talk.claire, talk.jean, elsewhere, talk.call)
    body = foreign.signal_body(talk.jean, OFFER)

    refused = await talk.claire.refused(frames.Signal, conversation=talk.conversation, body=body)

    assert refused.code == "E_FRANKING"


@pytest.mark.parametrize(
    "make",
    [
        pytest.param(lambda _: b"\x00", id="a-byte"),
        pytest.param(lambda _: opaque.welcome(), id="a-welcome"),
        pytest.param(lambda talk: opaque.commit(talk.conversation, 1), id="a-commit"),
        pytest.param(lambda talk: talk.signal_body(talk.jean, OFFER)[:-1], id="cut-short"),
    ],
)
async def test_what_is_no_application_message_is_no_signal(house: House, make: Any) -> None:
    """A fault of form: no entry."""
    talk = await a_talk(house)

    refused = await talk.claire.refused(
        frames.Signal, conversation=talk.conversation, body=make(talk)
    )

    assert refused.code == "E_MALFORMED"
    assert talk.refusals() == []
