"""The verbs of a call from a headless device: one frame each; what is told, in order."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
import pytest
from websockets.asyncio.server import ServerConnection

from clients.python import callbook, calls, connection, opaque
from clients.python.calls import CallRef, Way, read_signal, send_signal
from clients.python.client import Client, Device, Observer, connected
from clients.python.errors import HubFault, Refused
from crypto.errors import CryptoError, MalformedInput
from crypto.mls.authenticated_data import AuthenticatedData, SignalType
from crypto.mls.framing import decode_header
from signaling import frames
from signaling.codes import Code
from signaling.frames import CallView, ClientFrame, Ok, SignalPush
from tests.clients.call_views import CALL, CONVERSATION, PEER, a_call, a_leg
from tests.clients.small_hub import PERSON, SmallHub, refused, serving
from tests.clients.test_client import QUICK, cut, told

HERE = CallRef(CONVERSATION, CALL)
OFFER = Way(to=PEER, generation=3, what=SignalType.OFFER)


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


def a_push(body: bytes) -> SignalPush:
    """Return a signal as the hub passes it on."""
    return SignalPush(conversation=CONVERSATION, person=PERSON, device=PEER, body=body)


async def test_a_signal_is_a_private_message_with_a_true_header() -> None:
    """Group, epoch, kind, call, receiver, generation and type are what the hub reads."""
    hub = SmallHub()
    answering(hub, {})

    async with serving(hub), connected(hub.session, Device.new(), patience=QUICK) as client:
        client._stream(CONVERSATION).advance_epoch(5)
        body = await send_signal(client, HERE, OFFER, b"sealed")

    frame = sent(hub)
    assert isinstance(frame, frames.Signal)
    assert frame.body == body
    header = decode_header(body)
    assert (header.group_id, header.epoch) == (opaque.group_id(CONVERSATION), 5)
    data = AuthenticatedData.decode(header.authenticated_data)
    assert data.kind == "signal"
    assert data.signal is not None
    assert (data.signal.generation, data.signal.type) == (3, SignalType.OFFER)
    assert opaque.read_ciphertext(body) == b"sealed"


async def test_a_signal_that_meets_a_new_epoch_is_made_again_for_it() -> None:
    """Its receiver may have moved on, and could not read the first."""
    hub = SmallHub()

    def move_on(hub: SmallHub, socket: ServerConnection, frame: ClientFrame) -> bool:
        if not isinstance(frame, frames.Signal):
            return False
        if decode_header(frame.body).epoch == 0:
            told(socket, refused(frame, Code.E_EPOCH, epoch=1))
            return told(socket, hub.commit(CONVERSATION, opaque.commit(CONVERSATION, 0)))
        return told(socket, Ok(id=frame.id, now=1))

    hub.before = move_on
    async with serving(hub), connected(hub.session, Device.new(), patience=QUICK) as client:
        client._stream(CONVERSATION)
        body = await send_signal(client, HERE, OFFER)

    assert decode_header(body).epoch == 1


async def test_a_signal_that_is_refused_is_not_sent_again() -> None:
    """Of a generation that is over: the caller looks at the call as it is now."""
    hub = SmallHub()
    hub.before = lambda _, socket, frame: (
        isinstance(frame, frames.Signal)
        and told(socket, refused(frame, Code.CALL_STALE_GENERATION))
    )

    async with serving(hub), connected(hub.session, Device.new(), patience=QUICK) as client:
        client._stream(CONVERSATION)
        with pytest.raises(Refused) as refusal:
            await send_signal(client, HERE, OFFER)

    assert refusal.value.code is Code.CALL_STALE_GENERATION


async def test_an_arriving_signal_is_shown_and_read() -> None:
    """From whom, for which connection, which step, and the sealed bytes."""
    hub = SmallHub()
    arrived: list[SignalPush] = []
    observer = Observer(on_signal=arrived.append)
    header = calls._header(HERE, OFFER)
    body = opaque.signal(CONVERSATION, header, epoch=0, ciphertext=b"sealed")

    async with (
        serving(hub),
        connected(hub.session, Device.new(), patience=QUICK, observer=observer) as client,
    ):
        told(hub.sockets[-1], a_push(body))
        await client.until(lambda: arrived != [])

    signal = read_signal(arrived[0])
    assert (signal.here, signal.device, signal.generation) == (HERE, PEER, 3)
    assert (signal.what, signal.ciphertext) == (SignalType.OFFER, b"sealed")


def test_a_message_is_no_signal() -> None:
    """A hub that passes one on as the other is found out."""
    body = opaque.message(CONVERSATION, b"bonjour", counter=1, sent_at=1).at_epoch(0)

    with pytest.raises(MalformedInput):
        read_signal(a_push(body))


def test_a_signal_cut_short_is_refused() -> None:
    """At every byte."""
    body = opaque.signal(CONVERSATION, calls._header(HERE, OFFER), epoch=0)

    for length in range(len(body)):
        with pytest.raises(CryptoError):
            read_signal(
                SignalPush(
                    conversation=CONVERSATION, person=PERSON, device=PEER, body=body[:length]
                )
            )


def test_a_view_survives_the_way_through_an_answer() -> None:
    """What the hub tells as a map is the frame it was."""
    assert msgspec.convert(the_call()["call"], CallView) == a_call()
