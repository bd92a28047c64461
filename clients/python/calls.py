"""The verbs of a video call, for a headless device: control and signals, no media.

    here = await open_call(client, conversation)
    await ring(client, here, [jean])
    await client.until(lambda: client.calls[here.call].pairs != [])
    way = Way(to=peer, generation=1, what=SignalType.OFFER)
    await send_signal(client, here, way, sdp=description)
    await report_connected(client, here, peer=peer, generation=1)
    await hang_up(client, here)

What a call refuses (`Refused`, a `call.*` code) is not asked again: it is of that instant.
A signal is an MLS message of the conversation's group; the client hands one on (`on_signal`) only
once its sender's leaf is proven. What it describes is for whoever makes the media to judge.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeVar
from uuid import uuid4

import msgspec

from clients.python.client import Client
from clients.python.content import SignalContent
from clients.python.errors import HubFault
from clients.python.groups import MAX_SIGNALS
from crypto.mls.authenticated_data import SignalType
from signaling import frames
from signaling.frames import CallView, ClientFrame, TurnCredentials

Told = TypeVar("Told")
Why = Literal["stalled", "failed", "network", "slow", "reload", "refused"]


@dataclass(frozen=True, slots=True)
class CallRef:
    """Which call of which conversation."""

    conversation: str
    call: str

    @property
    def fields(self) -> dict[str, Any]:
        """How every frame of the call names it."""
        return {"conversation": self.conversation, "call": self.call}


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """One way of one connection: for which device a signal is, and in which generation."""

    to: str
    generation: int
    what: SignalType


async def open_call(client: Client, conversation: str, call: str | None = None) -> CallRef:
    """Enter the lobby of the conversation's call; return which call that is."""
    named = CallRef(conversation, call or str(uuid4()))
    view = await _control(client, frames.OpenCall(id=client.next_id(), **named.fields))
    return CallRef(conversation, view.id)


async def ring(client: Client, here: CallRef, persons: Sequence[str]) -> CallView:
    """Ring these people, or let them in where they wait: a pharmacist's."""
    return await _control(
        client, frames.RingCall(id=client.next_id(), persons=list(persons), **here.fields)
    )


async def accept(client: Client, here: CallRef) -> CallView:
    """Take the call on this device."""
    return await _control(client, frames.AcceptCall(id=client.next_id(), **here.fields))


async def decline(client: Client, here: CallRef, *, call_me: bool = False) -> CallView:
    """Refuse the call for this person; `call_me`: they would rather be telephoned."""
    return await _control(
        client, frames.DeclineCall(id=client.next_id(), call_me=call_me, **here.fields)
    )


async def hang_up(client: Client, here: CallRef) -> CallView:
    """Leave the call or its lobby."""
    return await _control(client, frames.HangUp(id=client.next_id(), **here.fields))


async def delay(client: Client, here: CallRef, minutes: int) -> CallView:
    """Tell those who wait that it takes some minutes more: a pharmacist's."""
    return await _control(
        client, frames.DelayCall(id=client.next_id(), minutes=minutes, **here.fields)
    )


async def report_connected(
    client: Client, here: CallRef, *, peer: str, generation: int, relay: bool = False
) -> CallView:
    """Say that media of `peer` arrives in this generation."""
    return await _control(
        client,
        frames.ReportConnected(
            id=client.next_id(), peer=peer, generation=generation, relay=relay, **here.fields
        ),
    )


async def pair_lost(
    client: Client, here: CallRef, *, peer: str, generation: int, why: Why
) -> CallView:
    """Ask for the next generation of the connection to `peer`; the view names its offerer."""
    return await _control(
        client,
        frames.ReportPairLost(
            id=client.next_id(), peer=peer, generation=generation, why=why, **here.fields
        ),
    )


async def report_incident(
    client: Client,
    here: CallRef,
    code: frames.IncidentCode,
    *,
    peer: str | None = None,
    generation: int = 0,
) -> None:
    """Leave in the trail what this device refused or met by itself."""
    await client.perform(
        frames.ReportIncident(
            id=client.next_id(), code=code, peer=peer, generation=generation, **here.fields
        )
    )


async def turn(client: Client, here: CallRef) -> TurnCredentials:
    """Return credentials for the relay, to be asked for again at their `renew_at`."""
    answer = await client.perform(frames.IssueTurn(id=client.next_id(), **here.fields))
    return _read(answer.result, TurnCredentials)


async def send_signal(
    client: Client,
    here: CallRef,
    way: Way,
    *,
    sdp: str | None = None,
    candidates: list[dict[str, Any]] | None = None,
    offer: bytes | None = None,
) -> bytes:
    """Seal a signal for one device and send it; return the body as it was sent.

    `offer`: SHA-256 of the description that this answers. Where the group has moved on, the signal
    is sealed again in its new epoch.
    """
    content = SignalContent(
        call=here.call,
        sender=client.device.id,
        to=way.to,
        generation=way.generation,
        type=way.what.name.lower(),
        sdp=sdp,
        candidates=candidates,
        offer=offer,
    )
    room = client.known(here.conversation)
    bodies: list[bytes] = []

    def seal() -> ClientFrame:
        bodies.append(client.device.seal_signal(room, content, client.judge(room.conversation)))
        return frames.Signal(id=client.next_id(), conversation=here.conversation, body=bodies[-1])

    await client.in_epoch(room, seal)
    if room.signals >= MAX_SIGNALS:
        client.worn(room)
    return bodies[-1]


async def _control(client: Client, frame: ClientFrame) -> CallView:
    answer = await client.perform(frame)
    view = _read(answer.result.get("call"), CallView)
    client.learn_call(view)
    return view


def _read(told: object, kind: type[Told]) -> Told:
    try:
        return msgspec.convert(told, kind)
    except msgspec.ValidationError as exc:
        raise HubFault("the hub answered a call's frame with something else") from exc
