"""The verbs of a call from a headless device: one frame each; what is told, in order."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
import pytest
from websockets.asyncio.server import ServerConnection

from clients.python import callbook, calls, connection
from clients.python.acts import Observer
from clients.python.calls import CallRef, Way, send_signal
from clients.python.client import Client, connected
from clients.python.content import IncomingSignal
from clients.python.device import Device
from clients.python.errors import HubFault, Refused, Unproven
from clients.python.groups import group_id
from crypto.mls.authenticated_data import AuthenticatedData, SignalType
from crypto.mls.framing import decode_header
from signaling import frames
from signaling.codes import Code
from signaling.frames import CallView, ClientFrame, Ok, SignalPush
from tests.clients.call_views import CALL, CONVERSATION, PEER, a_call, a_leg, a_pair
from tests.clients.small_hub import COLLEAGUE, PERSON, SmallHub, refused, serving
from tests.clients.test_client import QUICK, Colleague, cut, talking, told

HERE = CallRef(CONVERSATION, CALL)


def answering(hub: SmallHub, result: dict[str, Any]) -> None:
    """Have the hub answer every frame of a call with `result`."""

    def answer(_hub: SmallHub, socket: ServerConnection, frame: ClientFrame) -> bool:
        ours = str(frame.__struct_config__.tag).startswith("call.")
        return ours and told(socket, Ok(id=frame.id, now=1, result=result))

    hub.before = answer


def the_call(**changes: Any) -> dict[str, Any]:
    """Return a call as an answer carries it."""
    return {"call": msgspec.to_builtins(a_call(**changes))}


def sent(hub: SmallHub) -> ClientFrame:
    """Return the last frame of a call that the hub saw."""
    return [one for one in hub.seen if str(one.__struct_config__.tag).startswith("call.")][-1]


VERBS: dict[str, tuple[Callable[[Client], Awaitable[object]], dict[str, Any]]] = {
    "call.ring": (lambda c: calls.ring(c, HERE, [PERSON]), {"persons": [PERSON]}),
    "call.accept": (lambda c: calls.accept(c, HERE), {}),
    "call.decline": (lambda c: calls.decline(c, HERE, call_me=True), {"call_me": True}),
    "call.hang_up": (lambda c: calls.hang_up(c, HERE), {}),
    "call.delay": (lambda c: calls.delay(c, HERE, 5), {"minutes": 5}),
    "call.connected": (
        lambda c: calls.report_connected(c, HERE, peer=PEER, generation=2, relay=True),
        {"peer": PEER, "generation": 2, "relay": True},
    ),
    "call.pair_lost": (
        lambda c: calls.pair_lost(c, HERE, peer=PEER, generation=2, why="stalled"),
        {"peer": PEER, "generation": 2, "why": "stalled"},
    ),
    "call.incident": (
        lambda c: calls.report_incident(c, HERE, "call.media_lost", peer=PEER, generation=2),
        {"code": "call.media_lost", "peer": PEER, "generation": 2},
    ),
}


@pytest.mark.parametrize("kind", VERBS)
async def test_a_verb_is_one_frame_of_its_call(kind: str) -> None:
    """Named after it, about this call, with what the caller said."""
    hub, (verb, fields) = SmallHub(), VERBS[kind]
    answering(hub, the_call())

    async with serving(hub), connected(hub.session, Device.new(), patience=QUICK) as client:
        await verb(client)

    frame = sent(hub)
    assert str(frame.__struct_config__.tag) == kind
    named = {"conversation": CONVERSATION, "call": CALL} | fields
    assert {name: getattr(frame, name) for name in named} == named


async def test_the_answer_is_what_the_device_knows_from_then_on() -> None:
    """Also before the push comes."""
    hub = SmallHub()
    answering(hub, the_call(version=7, state="accepted"))

    async with serving(hub), connected(hub.session, Device.new(), patience=QUICK) as client:
        view = await calls.accept(client, HERE)

        assert client.calls[CALL] == view
        assert view.version == 7


async def test_opening_finds_the_call_that_is_live_already() -> None:
    """Whoever comes second is in the first one's call, whatever id they named."""
    hub = SmallHub()
    answering(hub, the_call())

    async with serving(hub), connected(hub.session, Device.new(), patience=QUICK) as client:
        here = await calls.open_call(client, CONVERSATION, "7f9c1f3a-2b1d-4c55-9a7e-0123456789ab")

    assert here == HERE


async def test_credentials_for_the_relay_are_read_whole() -> None:
    """Urls, user, password and both instants."""
    hub = SmallHub()
    told_by_hub = {
        "urls": ["turn:127.0.0.1:3478"],
        "username": "1:2:3",
        "credential": "secret",
        "expires_at": 600,
        "renew_at": 300,
    }
    answering(hub, told_by_hub)

    async with serving(hub), connected(hub.session, Device.new(), patience=QUICK) as client:
        credentials = await calls.turn(client, HERE)

    assert msgspec.to_builtins(credentials) == told_by_hub


@pytest.mark.parametrize("result", [{}, {"call": {}}, {"call": 7}], ids=str)
async def test_an_answer_that_is_no_call_is_the_hubs_fault(result: dict[str, Any]) -> None:
    """Nothing is guessed."""
    hub = SmallHub()
    answering(hub, result)

    async with serving(hub), connected(hub.session, Device.new(), patience=QUICK) as client:
        with pytest.raises(HubFault):
            await calls.accept(client, HERE)


@pytest.mark.parametrize(
    "code",
    [Code.CALL_TURN_UNAVAILABLE, Code.CALL_RATE_LIMITED, Code.CALL_TAKEN],
)
async def test_what_a_call_refuses_is_not_asked_again(code: Code) -> None:
    """« Later » of a call is for who is in it to decide: by then it may be another one."""
    hub = SmallHub()
    hub.before = lambda _, socket, frame: (
        isinstance(frame, frames.IssueTurn) and told(socket, refused(frame, code))
    )

    async with serving(hub), connected(hub.session, Device.new(), patience=QUICK) as client:
        with pytest.raises(Refused) as refusal:
            await calls.turn(client, HERE)

    assert refusal.value.code is code
    assert len([one for one in hub.seen if isinstance(one, frames.IssueTurn)]) == 1


async def test_a_verb_whose_answer_was_lost_is_sent_again() -> None:
    """The hub finds all as it asks for: accepting twice on one device is nothing new."""
    hub, view = SmallHub(), the_call()

    def lose_the_first(hub: SmallHub, socket: ServerConnection, frame: ClientFrame) -> bool:
        if not isinstance(frame, frames.AcceptCall):
            return False
        first = sum(isinstance(one, frames.AcceptCall) for one in hub.seen) == 1
        return cut(socket) if first else told(socket, Ok(id=frame.id, now=1, result=view))

    hub.before = lose_the_first
    async with serving(hub), connected(hub.session, Device.new(), patience=QUICK) as client:
        await calls.accept(client, HERE)

    assert len([one for one in hub.seen if isinstance(one, frames.AcceptCall)]) == 2


async def test_a_push_tells_the_call_and_an_older_one_nothing() -> None:
    """In the order they come, whoever watches sees only what is new."""
    hub = SmallHub()
    seen: list[int] = []
    observer = Observer(on_call=lambda view: seen.append(view.version))

    async with (
        serving(hub),
        connected(hub.session, Device.new(), patience=QUICK, observer=observer) as client,
    ):
        for version in (2, 1, 3):
            told(hub.sockets[-1], frames.CallPush(call=a_call(version=version)))
        await client.until(lambda: CALL in client.calls and client.calls[CALL].version == 3)

    assert seen == [2, 3]


async def test_hello_tells_the_live_calls_and_that_the_others_are_over() -> None:
    """A reconnection needs nothing else."""
    hub = SmallHub()
    hub.calls = [a_call(version=4, state="active")]

    async with serving(hub), connected(hub.session, Device.new(), patience=QUICK) as client:
        assert client.calls[CALL].version == 4
        hub.calls = []
        cut(hub.sockets[-1])
        await client.until(lambda: client.calls[CALL].state == "ended")


async def test_a_device_in_a_call_is_heard_often(monkeypatch: pytest.MonkeyPatch) -> None:
    """It pings by itself; one that is in no call does not hurry."""
    monkeypatch.setattr(connection, "BEAT_SECONDS", 0.001)
    monkeypatch.setattr(callbook, "CALL_HEARTBEAT_SECONDS", 0.001)
    hub, device, thrice = SmallHub(), Device.new(), asyncio.Event()

    def count(hub: SmallHub, _socket: ServerConnection, frame: ClientFrame) -> None:
        if sum(isinstance(one, frames.Ping) for one in hub.seen) == 3:
            thrice.set()

    hub.after = count
    async with serving(hub), connected(hub.session, device, patience=QUICK):
        told(hub.sockets[-1], frames.CallPush(call=a_call(legs=[a_leg(device.id)])))
        async with asyncio.timeout(5):
            await thrice.wait()


# Signals


async def test_a_signal_is_an_mls_message_with_its_way_in_the_clear() -> None:
    """Group, epoch, kind, call, receiver, generation and type are what the hub reads."""
    hub = SmallHub()

    async with serving(hub), talking(hub) as client:
        colleague = Colleague(hub)
        await colleague.join(client)
        body = await send_signal(client, HERE, to(colleague), sdp="v=0")

    frame = sent(hub)
    assert isinstance(frame, frames.Signal)
    assert frame.body == body
    header = decode_header(body)
    assert (header.group_id, header.epoch) == (group_id(CONVERSATION), 1)
    data = AuthenticatedData.decode(header.authenticated_data)
    assert data.kind == "signal"
    assert data.signal is not None
    assert (data.signal.generation, data.signal.type) == (3, SignalType.OFFER)
    assert b"v=0" not in body


async def test_a_signal_is_read_by_the_device_it_is_for() -> None:
    """And by who it is from, as its leaf proves."""
    hub = SmallHub()

    async with serving(hub), talking(hub) as client:
        colleague = Colleague(hub)
        await colleague.join(client)
        body = await send_signal(client, HERE, to(colleague), sdp="v=0")
        push = a_push(body, device=client.device.id)
        room = colleague.device.room(CONVERSATION)
        content = room.read_signal(push, colleague.judge, time.time())

    assert content is not None
    assert (content.call, content.sender, content.sdp) == (CALL, client.device.id, "v=0")
    assert (content.type, content.generation) == ("offer", 3)


async def test_a_signal_that_meets_a_new_epoch_is_made_again_for_it() -> None:
    """Its receiver may have moved on, and could not read the first."""
    hub = SmallHub()

    async with serving(hub), talking(hub) as client:
        colleague = Colleague(hub)
        await colleague.join(client)

        def move_on(hub: SmallHub, socket: ServerConnection, frame: ClientFrame) -> bool:
            if isinstance(frame, frames.Signal) and decode_header(frame.body).epoch == 1:
                told(socket, refused(frame, Code.E_EPOCH, epoch=2))
                return told(socket, colleague.commit())
            return False

        hub.before = move_on
        body = await send_signal(client, HERE, to(colleague))

    assert decode_header(body).epoch == 2


async def test_a_signal_that_is_refused_is_not_sent_again() -> None:
    """Of a generation that is over: the caller looks at the call as it is now."""
    hub = SmallHub()
    hub.before = lambda _, socket, frame: (
        isinstance(frame, frames.Signal)
        and told(socket, refused(frame, Code.CALL_STALE_GENERATION))
    )

    async with serving(hub), talking(hub) as client:
        with pytest.raises(Refused) as refusal:
            await send_signal(client, HERE, Way(to=PEER, generation=3, what=SignalType.OFFER))

    assert refusal.value.code is Code.CALL_STALE_GENERATION
    assert len([one for one in hub.seen if isinstance(one, frames.Signal)]) == 1


async def test_a_signal_that_overtakes_its_commit_is_read_after_it() -> None:
    """Shown once, when its epoch has arrived; a forged one is an alarm."""
    hub = SmallHub()
    arrived: list[IncomingSignal] = []

    async with serving(hub), talking(hub, observer=Observer(on_signal=arrived.append)) as client:
        colleague = Colleague(hub)
        await colleague.join(client)
        commit = colleague.commit()
        body = colleague.offer(client.device.id)
        told(hub.sockets[-1], a_push(body, colleague.device.id, COLLEAGUE))
        told(hub.sockets[-1], commit)
        await client.until(lambda: arrived != [])
        told(hub.sockets[-1], a_push(body, PEER, COLLEAGUE))
        await client.until(lambda: bool(client.alarms))

        assert [type(one) for one in client.alarms] == [Unproven]
    assert len(arrived) == 1
    assert (arrived[0].device, arrived[0].content.sdp) == (colleague.device.id, "v=0")


async def test_many_signals_end_in_fresh_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """RFC 9420, 15.3: a device renews what encrypted much."""
    monkeypatch.setattr(calls, "MAX_SIGNALS", 2)
    hub = SmallHub()

    async with serving(hub), talking(hub) as client:
        colleague = Colleague(hub)
        await colleague.join(client)
        for _ in range(2):
            await send_signal(client, HERE, to(colleague))
        await client.until(lambda: client.rooms[CONVERSATION].epoch == 2)

        assert client.rooms[CONVERSATION].signals == 0


async def test_the_pharmacist_renews_keys_at_the_end_of_a_call() -> None:
    """What was sealed in it cannot be opened from here any more."""
    hub = SmallHub()

    async with serving(hub), talking(hub) as client:
        colleague = Colleague(hub)
        await colleague.join(client)
        legs, pair = [a_leg(client.device.id)], a_pair(client.device.id, PEER)
        client.learn_call(a_call(version=1, state="active", legs=legs, pairs=[pair]))
        await send_signal(client, HERE, to(colleague))
        told(hub.sockets[-1], frames.CallPush(call=a_call(version=2, state="ended")))
        await client.until(lambda: client.rooms[CONVERSATION].epoch == 2)


def to(colleague: Colleague) -> Way:
    """Return the way of an offer to a colleague's device."""
    return Way(to=colleague.device.id, generation=3, what=SignalType.OFFER)


def a_push(body: bytes, device: str, person: str = PERSON) -> SignalPush:
    """Return a signal as the hub passes it on."""
    return SignalPush(conversation=CONVERSATION, person=person, device=device, body=body)


def test_a_view_survives_the_way_through_an_answer() -> None:
    """What the hub tells as a map is the frame it was."""
    assert msgspec.convert(the_call()["call"], CallView) == a_call()
