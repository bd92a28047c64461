"""A session ends at an instant or by its owner's hand, and everything on it ends with it."""

from __future__ import annotations

from signaling import frames
from tests.server.house import House, a_pair


async def test_a_session_is_refused_at_the_very_instant_it_ends(house: House) -> None:
    """The next frame gets E_SESSION, then the connection closes 4401; nothing took effect."""
    session = await house.session("claire", seconds=3600)
    claire = await house.peer("claire", session=session)
    await claire.ok(frames.Ping)
    house.clock.turn(3600)

    refused = await claire.refused(frames.ListPatients)

    assert (refused.code, refused.retry) == ("E_SESSION", "never")
    assert await claire.closed() == 4401


async def test_a_session_serves_until_that_instant(house: House) -> None:
    """A minute before its end it still stands."""
    claire = await house.peer("claire", session=await house.session("claire", seconds=3600))
    house.clock.turn(3540)

    conversation = await claire.create()

    assert conversation


async def test_an_act_on_an_expired_session_has_no_effect_and_no_trace(house: House) -> None:
    """E_SESSION is no refusal of policy: nobody was signed in."""
    claire, _, conversation = await a_pair(house)
    body = claire.message(conversation).at_epoch(1)
    before = len(house.entries())
    house.clock.at = claire.session.expires_at

    refused = await claire.refused(frames.SendMessage, conversation=conversation, body=body)

    assert refused.code == "E_SESSION"
    assert len(house.entries()) == before


async def test_a_heartbeat_does_not_outlive_the_session(house: House) -> None:
    """A connection is no reason to stay signed in: even a ping is refused."""
    claire = await house.peer("claire")
    house.clock.at = claire.session.expires_at

    refused = await claire.refused(frames.Ping)

    assert refused.code == "E_SESSION"
    assert await claire.closed() == 4401


async def test_an_idle_connection_closes_when_its_session_ends(house: House) -> None:
    """Nobody sends anything: the socket closes 4401 all the same."""
    session = await house.session("claire", seconds=0.3)
    claire = await house.peer("claire", session=session)

    house.clock.turn(0.3)

    assert await claire.closed() == 4401


async def test_signing_out_ends_every_connection_of_the_session(house: House) -> None:
    """Signed out in one place: two tabs on that session close 4401, another session stays."""
    session = await house.session("claire")
    tabs = [await house.peer("claire", session=session) for _ in range(2)]
    other = await house.peer("claire")

    await house.hub.sign_out(session)

    assert [await tab.closed() for tab in tabs] == [4401, 4401]
    await other.ok(frames.Ping)


async def test_a_hello_after_signing_out_is_refused(house: House) -> None:
    """A socket opened before, greeted after: the session is judged at the frame."""
    session = await house.session("claire")
    claire = await house.knock("claire", session=session)
    await house.hub.sign_out(session)

    refused = await claire.refused(
        frames.Hello, device=claire.device, signature_key=claire.signature_key
    )

    assert refused.code == "E_SESSION"
    assert await claire.closed() == 4401


async def test_signing_in_and_out_are_entries(house: House) -> None:
    """In the technical log, without a device: a person came and went."""
    session = await house.session("claire")

    await house.hub.sign_out(session)

    entries = house.entries(log="technical")
    assert [entry["type"] for entry in entries] == ["session.opened", "session.closed"]
    assert {entry["actor"]["person"] for entry in entries} == {session.person.id}


async def test_a_closed_session_is_found_no_more(house: House) -> None:
    """The cookie of a closed or expired session opens nothing."""
    closed, expired = await house.session("claire"), await house.session("hugo", seconds=60)
    await house.hub.sign_out(closed)
    house.clock.turn(60)

    found = [await house.hub.find_session(one.key) for one in (closed, expired)]

    assert found == [None, None]
