"""A call through a real hub: who may, what is told, what is written, and what changes nothing."""

from __future__ import annotations

from signaling import frames
from signaling.frames import Ok
from tests.server.house import House
from tests.server.talk import ANSWER, a_ringing, next_view


async def test_a_call_from_the_first_ring_to_the_last_word(house: House) -> None:
    """Open, ring, accept, offer, answer, media, lost and found again, hang up: all of it told."""
    talk = await a_ringing(house)
    claire, jean = talk.claire, talk.jean
    ringing = await next_view(jean, "ringing")
    assert [(leg.person, leg.state) for leg in ringing.legs] == [
        (claire.person, "joined"),
        (jean.person, "ringing"),
    ]

    accepted = await talk.ok(jean, frames.AcceptCall)
    (pair,) = accepted["pairs"]
    assert (accepted["state"], pair["generation"], pair["offerer"]) == (
        "accepted",
        1,
        claire.device,
    )
    assert isinstance(await talk.signal(claire, jean), Ok)
    offer = await jean.push(frames.SignalPush)
    assert (offer.person, offer.device) == (claire.person, claire.device)
    assert isinstance(await talk.signal(jean, claire, ANSWER), Ok)
    assert (await claire.push(frames.SignalPush)).device == jean.device
    assert (await talk.connect())["state"] == "active"
    (pair,) = (await talk.lose_pair(claire, jean, 1))["pairs"]
    assert (pair["generation"], pair["offerer"]) == (2, jean.device)
    assert (await talk.ok(claire, frames.HangUp))["state"] == "ended"
    assert (await next_view(jean, "ended")).reason == "call.peer_left"

    assert talk.types() == [
        "call.opened",
        "call.rang",
        "call.accepted",
        "call.connected",
        "call.connected",
        "call.pair_lost",
        "call.ended",
    ]
