"""Too much of anything is refused for a while, and told for how long."""

from __future__ import annotations

from pathlib import Path

import msgpack

from server.hub.rates import RateSettings
from signaling import frames
from tests.server.house import PEOPLE, a_house


def rates(**changes: str) -> RateSettings:
    """Return bounds of which only one matters."""
    free = {"device": "9999/minute", "conversation": "9999/minute", "claims": "9999/minute"}
    return RateSettings(**(free | changes))


async def test_a_device_that_asks_too_much_is_told_when_to_come_back(home: Path) -> None:
    """E_RATE with its pause; the connection stays, another device is not concerned."""
    async with a_house(home, rates=rates(device="4/minute")) as house:
        claire, hugo = await house.peer("claire"), await house.peer("hugo")
        # Its certificate was the first.
        for _ in range(3):
            await claire.ok(frames.Ping)

        refused = await claire.refused(frames.Ping)

        assert (refused.code, refused.retry) == ("E_RATE", "later")
        assert refused.retry_after is not None
        assert 100 <= refused.retry_after <= 60_000
        assert not claire.wire.closed.done()
        await hugo.ok(frames.Ping)


async def test_a_conversation_has_its_own_bound(home: Path) -> None:
    """Too many frames that name one: E_RATE there, not elsewhere, and nothing is stored."""
    async with a_house(home, rates=rates(conversation="2/minute")) as house:
        claire = await house.peer("claire")
        busy, calm = await claire.create(), await claire.create()
        for _ in range(2):
            await claire.say(busy, epoch=0)

        body = claire.message(busy).at_epoch(0)
        refused = await claire.refused(frames.SendMessage, conversation=busy, body=body)

        assert refused.code == "E_RATE"
        assert refused.retry_after is not None
        await claire.say(calm, epoch=0)
        assert house.rows("SELECT count(*) FROM event") == [(3,)]


async def test_a_stranger_does_not_use_up_a_conversations_allowance(home: Path) -> None:
    """The count is each device's: someone outside cannot silence those inside."""
    async with a_house(home, rates=rates(conversation="3/minute")) as house:
        claire, hugo = await house.peer("claire"), await house.peer("hugo")
        conversation = await claire.create()
        for _ in range(5):
            body = hugo.message(conversation).at_epoch(0)
            await hugo.refused(frames.SendMessage, conversation=conversation, body=body)

        await claire.say(conversation, epoch=0)


async def test_nobody_drains_a_persons_stock_of_packages(home: Path) -> None:
    """Claims of one person by one device are bounded by the hour."""
    async with a_house(home, rates=rates(claims="2/hour")) as house:
        claire = await house.peer("claire")
        await house.peer("jean", packages=5)
        conversations = [await claire.create() for _ in range(3)]
        for conversation in conversations[:2]:
            await claire.ok(
                frames.ClaimKeyPackages, conversation=conversation, person=PEOPLE["jean"].id
            )

        refused = await claire.refused(
            frames.ClaimKeyPackages, conversation=conversations[2], person=PEOPLE["jean"].id
        )

        assert refused.code == "E_RATE"
        assert house.rows("SELECT count(*) FROM key_package WHERE claimed_by NOT NULL") == [(2,)]


async def test_too_many_malformed_frames_close_the_connection(home: Path) -> None:
    """Each is refused; beyond the bound it is 4400, which does not reconnect."""
    async with a_house(home, rates=rates(malformed="3/minute")) as house:
        claire = await house.peer("claire")
        for at in range(4):
            claire.send_raw(msgpack.packb({"kind": "nope", "id": f"bad{at}"}))

        codes = [getattr(await claire.answer(f"bad{at}"), "code", "") for at in range(3)]

        assert codes == ["E_MALFORMED"] * 3
        assert await claire.closed() == 4400
