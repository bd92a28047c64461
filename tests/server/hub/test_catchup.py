"""The seam between what was missed and what is live: 1..n, in order, whatever interleaves."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.domain.conversation import Event, What
from server.hub.catchup import Behind, CatchUp
from server.hub.pushes import event_frame, welcome_frame
from signaling import codec, frames
from tests.server.house import House, Peer, a_pair

CARE = "11111111-1111-4111-8111-111111111111"


def an_event(seq: int, *, welcome: bytes | None = None) -> Event:
    """Return a step of the conversation."""
    return Event(
        conversation=CARE,
        seq=seq,
        ts=seq,
        what=What.COMMIT if welcome else What.MESSAGE,
        person="p",
        device="d",
        body=b"sealed",
        epoch=0,
        welcome=welcome,
    )


def told(*, since: int = 0, last_seq: int, joined: bool = True) -> dict[str, Any]:
    """Return what hello says of one conversation."""
    return {"conversations": [{"id": CARE, "joined": joined, "since": since, "last_seq": last_seq}]}


class Device:
    """Both ends of the seam: the database as it grows, and what the device was sent."""

    def __init__(self) -> None:
        self.catch_up = CatchUp()
        self.stored: list[Event] = []
        self.since = 0
        self.sent: list[frames.Event | frames.WelcomePush] = []
        self.reading: tuple[Behind, list[Event]] | None = None

    def happen(self) -> None:
        """A step is stored, then told."""
        event = an_event(len(self.stored) + 1)
        self.stored.append(event)
        self._take(self.catch_up.live(event, self.since, codec.encode(event_frame(event))))

    def read(self, limit: int) -> None:
        """The feeder asks the database; what happens until `feed` is not in its page."""
        behind = self.catch_up.next_behind()
        if self.reading is None and behind is not None:
            self.reading = (behind, self._page(behind, limit))

    def feed(self) -> None:
        """The page arrives."""
        if self.reading is not None:
            self._take(self.catch_up.fed(*self.reading))
            self.reading = None

    def _page(self, behind: Behind, limit: int) -> list[Event]:
        if behind.welcome is not None:
            return [an_event(behind.welcome, welcome=b"welcome")]
        return [event for event in self.stored if event.seq > behind.after][:limit]

    def _take(self, sent: list[bytes]) -> None:
        for data in sent:
            frame = codec.decode_server(data)
            assert isinstance(frame, frames.Event | frames.WelcomePush)
            self.sent.append(frame)


STEPS = st.lists(st.sampled_from(["happen", "read 1", "read 2", "read 7", "feed"]), max_size=60)


def play(device: Device, steps: list[str]) -> None:
    """Interleave, then let the feeder finish."""
    for step in steps:
        _step(device, step)
    while device.catch_up.next_behind() is not None:
        device.read(3)
        device.feed()


def _step(device: Device, step: str) -> None:
    verb, _, limit = step.partition(" ")
    if verb == "happen":
        device.happen()
    elif verb == "read":
        device.read(int(limit))
    else:
        device.feed()


@given(there=st.integers(0, 12), cursor=st.integers(0, 12), steps=STEPS)
def test_any_interleaving_of_pages_and_live_steps_is_gapless(
    there: int, cursor: int, steps: list[str]
) -> None:
    """A resumed device gets cursor+1..n, each once, in order, however reads and pushes meet."""
    device = Device()
    device.stored = [an_event(seq + 1) for seq in range(there)]
    cursor = min(cursor, there)
    device.catch_up.begin(told(last_seq=there), {CARE: cursor})

    play(device, steps)

    assert [one.seq for one in device.sent] == list(range(cursor + 1, len(device.stored) + 1))


@given(since=st.integers(1, 5), later=st.integers(0, 6), steps=STEPS)
def test_an_added_device_that_never_joined_gets_its_welcome_first(
    since: int, later: int, steps: list[str]
) -> None:
    """The Welcome of its own commit, then every step after it."""
    device = Device()
    device.since = since
    device.stored = [an_event(seq + 1) for seq in range(since + later)]
    device.catch_up.begin(told(since=since, last_seq=since + later), {})

    play(device, steps)

    welcome, *events = device.sent
    assert isinstance(welcome, frames.WelcomePush)
    assert welcome.seq == since
    assert [one.seq for one in events] == list(range(since + 1, len(device.stored) + 1))


@given(steps=STEPS)
def test_a_conversation_that_begins_while_one_is_connected_needs_no_resume(
    steps: list[str],
) -> None:
    """The founder gets 1..n although hello knew nothing of it."""
    device = Device()
    device.catch_up.begin({"conversations": []}, {})

    play(device, steps)

    assert [one.seq for one in device.sent] == list(range(1, len(device.stored) + 1))


@given(missing=st.lists(st.integers(1, 8), unique=True), steps=STEPS)
def test_a_push_that_never_came_is_fetched(missing: list[int], steps: list[str]) -> None:
    """A hole between two live steps is filled from the database, in order."""
    device = Device()
    device.catch_up.begin({"conversations": []}, {})
    device.happen()
    for seq in range(2, 10):
        if seq in missing:
            device.stored.append(an_event(seq))
        else:
            device.happen()
    device.happen()

    play(device, steps)

    assert [one.seq for one in device.sent] == list(range(1, len(device.stored) + 1))


def test_a_device_added_while_connected_gets_its_welcome_in_place_of_the_commit() -> None:
    """Its own commit is no step for it: the Welcome carries the state after it."""
    catch_up = CatchUp()
    commit = an_event(4, welcome=b"come in")

    sent = catch_up.live(commit, 4, b"the commit")

    assert sent == [codec.encode(welcome_frame(commit))]
    assert catch_up.live(an_event(5), 4, b"five") == [b"five"]


def test_a_step_told_twice_is_sent_once() -> None:
    """The reader sees each step once, even if the fan-out repeats itself."""
    catch_up = CatchUp()

    first = catch_up.live(an_event(1), 0, b"one")
    again = catch_up.live(an_event(1), 0, b"one")

    assert (first, again) == ([b"one"], [])


def test_a_conversation_one_is_not_in_is_not_followed() -> None:
    """An invited person's device has nothing to catch up before it is added."""
    catch_up = CatchUp()

    catch_up.begin(told(last_seq=9, joined=False), {CARE: 2})

    assert catch_up.next_behind() is None


def test_a_cursor_from_the_future_counts_as_the_end() -> None:
    """Else it would hide every step until then."""
    device = Device()
    device.stored = [an_event(1), an_event(2)]
    device.catch_up.begin(told(last_seq=2), {CARE: 99})

    play(device, ["happen"])

    assert [one.seq for one in device.sent] == [3]


async def resumed(house: House, before: Peer, cursors: dict[str, int]) -> Peer:
    """Come back as the same device."""
    return await house.peer(
        before.slug,
        device=before.device,
        signature_key=before.signature_key,
        cursors=cursors,
    )


@pytest.mark.parametrize("cursor", [1, 2, 4, 6])
async def test_a_device_resumes_from_its_cursor(house: House, cursor: int) -> None:
    """From wherever it stood: exactly what it missed, then live."""
    claire, jean, conversation = await a_pair(house)
    for _ in range(5):
        await claire.say(conversation)
    jean.hang_up()

    back = await resumed(house, jean, {conversation: cursor})
    await claire.say(conversation)

    seqs = [(await back.event()).seq for _ in range(7 - cursor)]
    assert seqs == list(range(cursor + 1, 8))
    await back.ok(frames.Ping)
    assert not [one for one in back.pushes if isinstance(one, frames.Event | frames.WelcomePush)]


async def test_a_cursor_before_the_admission_counts_as_the_admission(house: House) -> None:
    """What came before a device was added is not for it, whatever its cursor says."""
    claire, jean, conversation = await a_pair(house)
    await claire.say(conversation)
    jean.hang_up()

    back = await resumed(house, jean, {conversation: 0})

    assert (await back.event()).seq == 2


async def test_a_hello_with_a_cursor_from_the_future_still_gets_what_comes(house: House) -> None:
    """A restored or confused client is not left deaf."""
    claire, jean, conversation = await a_pair(house)
    jean.hang_up()

    back = await resumed(house, jean, {conversation: 2**53 - 1})
    await claire.say(conversation)

    assert (await back.event()).seq == 2


async def test_an_unknown_conversation_among_the_cursors_is_passed_over(house: House) -> None:
    """A cursor for a conversation that is not, or is not one's own, tells nothing."""
    claire, _, conversation = await a_pair(house)
    await claire.say(conversation)

    hugo = await house.peer("hugo", cursors={conversation: 0, str(uuid.uuid4()): 3})

    await hugo.nothing_but_pong()


async def test_a_device_that_never_joined_gets_its_welcome_first(house: House) -> None:
    """Added while away: the Welcome, then what was said since."""
    claire, jean = await house.peer("claire"), await house.peer("jean", packages=1)
    jean.hang_up()
    conversation = await claire.create()
    await claire.add(conversation, "jean")
    await claire.say(conversation)

    back = await resumed(house, jean, {})

    first = await back.next()
    second = await back.next()
    assert isinstance(first, frames.WelcomePush)
    assert isinstance(second, frames.Event)
    assert (first.seq, second.seq) == (1, 2)


async def test_what_is_sent_while_one_resumes_arrives_once_and_in_order(house: House) -> None:
    """A hundred missed, a hundred more while the feeder runs: no gap and no double at the seam."""
    claire, jean, conversation = await a_pair(house)
    jean.hang_up()

    def fire(count: int, tag: str) -> None:
        for at in range(count):
            body = claire.message(conversation).at_epoch(1)
            frame = frames.SendMessage(id=f"{tag}{at}", conversation=conversation, body=body)
            claire.send(frame)

    fire(100, "missed")
    await claire.answer("missed99")
    back = await house.knock("jean")
    back.send(
        frames.Hello(
            id="hello",
            device=jean.device,
            signature_key=jean.signature_key,
            cursors={conversation: 1},
        )
    )
    fire(100, "live")
    await back.answer("hello")

    assert [(await back.event()).seq for _ in range(200)] == list(range(2, 202))


async def test_many_conversations_are_caught_up_beside_each_other(house: House) -> None:
    """Each conversation is a stream of its own, each without gap."""
    claire, jean = await house.peer("claire"), await house.peer("jean", packages=6)
    conversations = [await claire.create() for _ in range(4)]
    for conversation in conversations:
        await claire.add(conversation, "jean")
        await claire.say(conversation)
        await claire.say(conversation)
    jean.hang_up()

    back = await resumed(house, jean, dict.fromkeys(conversations[:2], 2))

    seen: dict[str, list[int]] = {one: [] for one in conversations}
    for _ in range(2 * 1 + 2 * 2):
        event = await back.event()
        seen[event.conversation].append(event.seq)
    welcomes = [one for one in back.pushes if isinstance(one, frames.WelcomePush)]
    assert list(seen.values()) == [[3], [3], [2, 3], [2, 3]]
    assert {one.conversation for one in welcomes} == set(conversations[2:])


@given(cursor=st.integers(0, 4), later=st.integers(0, 4), steps=STEPS)
def test_a_device_that_was_let_in_anew_begins_with_its_welcome(
    cursor: int, later: int, steps: list[str]
) -> None:
    """Its cursor is of an admission that has ended: what it had leads nowhere."""
    device = Device()
    device.since = 5
    device.stored = [an_event(seq + 1) for seq in range(5 + later)]
    device.catch_up.begin(told(since=5, last_seq=5 + later), {CARE: cursor})

    play(device, steps)

    welcome, *events = device.sent
    assert isinstance(welcome, frames.WelcomePush)
    assert [one.seq for one in events] == list(range(6, len(device.stored) + 1))


@given(before=st.integers(0, 5), outstanding=st.booleans())
def test_a_device_let_in_anew_while_it_is_behind_gets_nothing_of_before(
    before: int, outstanding: bool
) -> None:
    """Even a page that was asked for earlier is not sent once the Welcome has gone out."""
    device = Device()
    device.stored = [an_event(seq + 1) for seq in range(before)]
    device.catch_up.begin(told(last_seq=before), {CARE: 0})
    if outstanding:
        device.read(2)
    event = an_event(before + 1, welcome=b"welcome")

    sent = device.catch_up.live(event, event.seq, codec.encode(event_frame(event)))
    device.feed()
    after = an_event(before + 2)
    later = device.catch_up.live(after, event.seq, codec.encode(event_frame(after)))

    assert [type(codec.decode_server(data)) for data in sent] == [frames.WelcomePush]
    assert device.sent == []
    assert [codec.decode_server(data).seq for data in later] == [before + 2]  # type: ignore[union-attr]
    assert device.catch_up.next_behind() is None


def test_whoever_comes_by_their_own_commit_has_its_echo_for_a_welcome() -> None:
    """An external commit adds nobody else: there is no Welcome, now or at the next hello."""
    device = Device()
    event = an_event(3)
    device.catch_up.begin(told(last_seq=2, joined=False), {})

    sent = device.catch_up.live(event, 3, codec.encode(event_frame(event)))
    again = Device()
    again.catch_up.begin(told(since=3, last_seq=3), {})
    behind = again.catch_up.next_behind()

    assert [codec.decode_server(data) for data in sent] == [event_frame(event)]
    assert behind == Behind(CARE, 3, 3)
    assert again.catch_up.fed(behind, [event]) == []
    assert again.catch_up.fed(Behind(CARE, 3, None), []) == []
    assert again.catch_up.next_behind() is None
