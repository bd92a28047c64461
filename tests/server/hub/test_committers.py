"""One device is asked to commit a removal: the pharmacy's first, another after two seconds."""

from __future__ import annotations

import asyncio
from functools import partial

import pytest

from server.hub.committers import CommitterDesk
from server.hub.outcome import CommitDue
from signaling import frames
from tests.server.house import Hands, House, a_pair, until

CARE = "11111111-1111-4111-8111-111111111111"


class Room:
    """A desk, who is there, and whom it asked."""

    def __init__(self, *there: str) -> None:
        self.clock = Hands()
        self.there = set(there)
        self.asked: list[tuple[str, int]] = []
        self.desk = CommitterDesk(self.clock, self.there.__contains__, self._note, 1)

    def _note(self, device: str, due: CommitDue) -> None:
        self.asked.append((device, due.epoch))

    def pass_time(self, seconds: float) -> None:
        """Let time pass, and the desk look."""
        self.clock.turn(seconds)
        self.desk.sweep()


def due(*devices: str, epoch: int = 1) -> CommitDue:
    """Return a removal that these can commit, in this order."""
    return CommitDue(CARE, epoch, devices)


def test_the_first_who_is_there_is_asked_at_once() -> None:
    """In the order of the removal: the pharmacy's devices come first in it."""
    room = Room("phone", "counter")

    room.desk.follow(due("away", "counter", "phone"))

    assert room.asked == [("counter", 1)]


def test_another_is_asked_after_two_seconds() -> None:
    """Not a moment before."""
    room = Room("counter", "phone")
    room.desk.follow(due("counter", "phone"))

    room.pass_time(1.999)
    before = list(room.asked)
    room.pass_time(0.001)

    assert before == [("counter", 1)]
    assert room.asked == [("counter", 1), ("phone", 1)]


def test_when_everyone_had_their_turn_it_begins_again() -> None:
    """Nobody is given up on: a tab may have been busy."""
    room = Room("counter", "phone")
    room.desk.follow(due("counter", "phone"))

    for _ in range(3):
        room.pass_time(2)

    assert [device for device, _ in room.asked] == ["counter", "phone", "counter", "phone"]


def test_the_first_that_comes_is_asked_where_nobody_was() -> None:
    """At its hello, not at the next look."""
    room = Room()
    room.desk.follow(due("counter", "phone"))
    room.pass_time(60)
    assert room.asked == []

    room.there.add("phone")
    room.desk.heard("phone")

    assert room.asked == [("phone", 1)]


def test_who_comes_while_another_is_at_it_waits() -> None:
    """One at a time."""
    room = Room("counter")
    room.desk.follow(due("counter", "phone"))

    room.there.add("phone")
    room.desk.heard("phone")

    assert room.asked == [("counter", 1)]


def test_who_was_asked_and_comes_back_is_asked_again() -> None:
    """The push may have gone with the connection."""
    room = Room("counter")
    room.desk.follow(due("counter"))

    room.desk.heard("counter")

    assert room.asked == [("counter", 1), ("counter", 1)]


def test_a_stranger_is_asked_nothing() -> None:
    """Only a device in the group can commit."""
    room = Room("stranger")
    room.desk.follow(due("counter"))

    room.desk.heard("stranger")
    room.pass_time(10)

    assert room.asked == []


def test_a_new_epoch_is_asked_for_at_once() -> None:
    """An external commit passed the removal over: the old request is worth nothing."""
    room = Room("counter", "phone")
    room.desk.follow(due("counter", "phone"))

    room.desk.follow(due("counter", "phone", epoch=2))

    assert room.asked == [("counter", 1), ("counter", 2)]


def test_a_second_removal_in_the_same_epoch_asks_nobody_twice() -> None:
    """Whoever commits takes both."""
    room = Room("counter")
    room.desk.follow(due("counter", "phone"))

    room.desk.follow(due("counter"))

    assert room.asked == [("counter", 1)]


def test_what_was_committed_is_asked_for_no_more() -> None:
    """The desk is empty then."""
    room = Room("counter", "phone")
    room.desk.follow(due("counter", "phone"))

    room.desk.follow(due(epoch=2))
    room.pass_time(10)

    assert room.asked == [("counter", 1)]
    assert len(room.desk) == 0


def _is_away(house: House, device: str) -> bool:
    return not house.hub.fanout.is_there(device)


async def test_the_desk_looks_by_itself_when_somebodys_time_is_over() -> None:
    """No sweep is asked for: it wakes when the two seconds are over."""
    room = Room("counter", "phone")
    room.desk.follow(due("counter", "phone"))
    room.clock.turn(2)

    running = asyncio.create_task(room.desk.run())
    await until(lambda: len(room.asked) == 2)
    running.cancel()

    assert [device for device, _ in room.asked] == ["counter", "phone"]


@pytest.mark.parametrize("who", ["both", "the-patient-alone", "nobody"])
async def test_the_hub_asks_the_pharmacys_device_first(house: House, who: str) -> None:
    """Then whoever is there; with nobody, the first that connects, before anything else."""
    claire, jean, conversation = await a_pair(house)
    tablet = await house.peer("jean", packages=1)
    await claire.add(conversation, "jean")
    other = await house.peer("jean")
    for peer in (claire, jean, tablet):
        await peer.settle()
    gone = {"both": [], "the-patient-alone": [claire], "nobody": [claire, jean]}[who]
    for peer in gone:
        peer.hang_up()
        await until(partial(_is_away, house, peer.device))

    await other.ok(frames.RetireDevice, statement=tablet.mls.revocation(tablet.device))

    if who == "both":
        due_push = await claire.push(frames.CommitDuePush)
        await jean.settle()
        assert not [one for one in jean.pushes if isinstance(one, frames.CommitDuePush)]
    elif who == "the-patient-alone":
        due_push = await jean.push(frames.CommitDuePush)
    else:
        back = await house.peer("claire", device=claire.device, cursors={conversation: 2})
        due_push = await back.push(frames.CommitDuePush)
    assert (due_push.conversation, due_push.epoch) == (conversation, 2)


async def test_the_hub_asks_another_after_two_seconds(house: House) -> None:
    """The clock is the test's: the desk looks when it is told to."""
    claire, jean, conversation = await a_pair(house)
    tablet = await house.peer("jean", packages=1)
    await claire.add(conversation, "jean")
    await tablet.settle()
    await jean.ok(frames.RetireDevice, statement=jean.mls.revocation(tablet.device))
    await claire.push(frames.CommitDuePush)

    house.clock.turn(2)
    house.hub.committers.sweep()

    assert (await jean.push(frames.CommitDuePush)).epoch == 2
    await claire.settle()
    await claire.ok(frames.Commit, **claire.mls.a_commit(conversation))
    assert len(house.hub.committers) == 0
