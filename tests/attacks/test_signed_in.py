"""What somebody who is signed in tries with forged frames: floods, borrowed ids, foreign groups."""

from __future__ import annotations

import asyncio
import uuid
from pathlib import Path

import pytest

from crypto.mls.framing import (
    ContentType,
    MessageHeader,
    Sender,
    SenderType,
    WireFormat,
    encode_public_message_prefix,
)
from server.domain.conversation import group_id
from server.hub.rates import RateSettings
from signaling import frames
from signaling.codes import Close, Code
from tests.server import opaque
from tests.server.house import PEOPLE, House, a_house, a_pair


async def test_naming_people_one_invents_fills_no_memory(home: Path) -> None:
    """The person of a claim comes from the wire: the limits keep no key for each."""
    async with a_house(home, rates=RateSettings(device="100000/second")) as house:
        nadia = await house.peer("nadia")

        for _ in range(1000):
            await nadia.ask(
                frames.ClaimKeyPackages,
                conversation=str(uuid.uuid4()),
                person=str(uuid.uuid4()),
            )

        assert len(house.hub.rates._limiter.storage.storage) < 300  # type: ignore[attr-defined]


async def test_hellos_without_end_do_not_hold_the_one_writer(home: Path) -> None:
    """A hello reads all of a person's conversations: no device needs sixty a minute."""
    async with a_house(
        home, rates=RateSettings(device="100000/second", costly="3/minute")
    ) as house:
        session = await house.session("claire")
        for _ in range(3):
            await house.peer("claire", session=session)

        fourth = await house.knock("claire", session=session)
        answer = await fourth.refused(
            frames.Hello, device=fourth.device, signature_key=fourth.signature_key
        )

        assert answer.code == Code.E_RATE


async def test_borrowing_a_new_device_id_each_time_does_not_fill_the_log(house: House) -> None:
    """Refusals are counted by person: an id that is only claimed makes nobody somebody else."""
    session = await house.session("nadia")
    known = [await house.peer("jean") for _ in range(15)]

    for victim in known:
        thief = await house.knock("nadia", session=session)
        answer = await thief.refused(
            frames.Hello, device=victim.device, signature_key=victim.signature_key
        )
        assert answer.code == Code.E_DEVICE

    refusals = house.refusals(log="technical")
    assert len(refusals) == 10
    # Nor does the log say that the device acted whose id was borrowed.
    assert {entry["actor"]["device"] for entry in refusals} == {None}


async def test_one_person_cannot_take_every_connection(home: Path) -> None:
    """The places are for everyone: somebody who holds many is turned away, nobody else is."""
    async with a_house(home, max_connections_of_person=5) as house:
        session = await house.session("nadia")
        for _ in range(5):
            await house.knock("nadia", session=session)
        await asyncio.sleep(0)

        sixth = await house.knock("nadia", session=session)
        assert await sixth.closed() == Close.UNAVAILABLE
        await house.peer("claire")


async def test_a_place_is_free_again_when_its_connection_ends(home: Path) -> None:
    """Leaving and coming back works without end."""
    async with a_house(home, max_connections_of_person=1) as house:
        session = await house.session("nadia")
        for _ in range(3):
            nadia = await house.peer("nadia", session=session)
            nadia.wire.incoming.put_nowait(ValueError())
            await nadia.closed()


@pytest.mark.parametrize(
    "sender",
    [Sender(SenderType.EXTERNAL, 0), Sender(SenderType.NEW_MEMBER_COMMIT)],
    ids=["an outsider's", "a newcomer's"],
)
async def test_a_commit_in_the_name_of_somebody_outside_is_refused(
    house: House, sender: Sender
) -> None:
    """No member follows such a commit: taken into the order, it would end the conversation."""
    claire, _jean, conversation = await a_pair(house)
    header = MessageHeader(
        wire_format=WireFormat.PUBLIC_MESSAGE,
        group_id=group_id(conversation, 0),
        epoch=1,
        content_type=ContentType.COMMIT,
        authenticated_data=b"",
        sender=sender,
    )

    answer = await claire.refused(
        frames.Commit,
        conversation=conversation,
        commit=encode_public_message_prefix(header, bytes(100)),
        group_info=claire.mls.groups[conversation].group_info(),
    )

    assert answer.code == Code.E_MALFORMED


async def test_devices_without_packages_do_not_hide_those_that_have_some(house: House) -> None:
    """Somebody who borrowed a session cannot make its person unreachable with empty devices."""
    claire = await house.peer("claire")
    await house.peer("jean", packages=1)
    for _ in range(6):
        await house.peer("jean")
    conversation = await claire.create()

    claimed = await claire.ok(
        frames.ClaimKeyPackages, conversation=conversation, person=PEOPLE["jean"].id
    )

    assert len((claimed.result or {})["packages"]) == 1


@pytest.mark.parametrize("slug", ["paul", "rose", "marc", "nadia", "lea"])
async def test_nobody_outside_learns_that_a_conversation_exists(house: House, slug: str) -> None:
    """A real id and a random one: the same refusal, the same push (none), the same entry."""
    claire, jean, conversation = await a_pair(house)
    commit = claire.mls.commit(conversation)
    outsider = await house.peer(slug)
    told: list[tuple[str, ...]] = []

    for named in (conversation, str(uuid.uuid4())):
        message = opaque.message(named, b"hello", counter=1, sent_at=1)
        answers = [
            await outsider.refused(
                frames.SendMessage, conversation=named, body=message.at_epoch(1)
            ),
            await outsider.refused(
                frames.AdvanceCursor, conversation=named, delivered=2**53 - 1, read=2**53 - 1
            ),
            await outsider.refused(frames.ClaimKeyPackages, conversation=named, person=jean.person),
            await outsider.refused(
                frames.Commit,
                conversation=named,
                commit=commit.message,
                group_info=commit.group_info,
            ),
        ]
        told.append(tuple(one.code for one in answers))

    assert told[0] == told[1]
    assert outsider.pushes == []
    assert house.refusals() == []
    tenant = PEOPLE[slug].tenant
    assert all(entry["conversation"] is None for entry in house.refusals(tenant, "technical"))


async def test_another_tenants_officer_opens_no_timeline_here(house: House) -> None:
    """Their own pharmacy's conversations, and those alone, are an officer's to look at."""
    paul = await house.peer("paul")
    theirs = await paul.create("rose")
    marc = await house.peer("marc")

    answer = await marc.refused(frames.ReadTimeline, conversation=theirs)
    listed = await marc.ok(frames.ListAuditedConversations)

    assert answer.code == Code.E_NOT_FOUND
    assert (listed.result or {})["conversations"] == []


async def test_a_look_of_one_officer_is_no_look_of_another(house: House) -> None:
    """A look lives on the connection that opened it, with its entry: its id opens nothing else."""
    marc, again = await house.peer("marc"), await house.peer("marc")
    look = ((await marc.ok(frames.VerifyLogs)).result or {})["look"]

    answer = await again.refused(frames.ReadPage, look=look, log="care")

    assert answer.code == Code.E_NOT_FOUND


async def test_an_id_of_one_conversation_sends_nothing_again_in_another(house: House) -> None:
    """A receipt is for where the message was accepted."""
    claire, _jean, here = await a_pair(house)
    there = await claire.create()
    message = claire.message(here)
    await claire.ok(frames.SendMessage, conversation=here, body=message.at_epoch(1))
    moved = opaque.OpaqueMessage(
        conversation=there,
        id=message.id,
        counter=1,
        sent_at=1,
        franking_tag=message.franking_tag,
    )

    answer = await claire.refused(frames.SendMessage, conversation=there, body=moved.at_epoch(0))

    assert answer.code == Code.E_ID_REUSED


async def test_two_devices_in_one_batch_win_one_epoch_once(house: House) -> None:
    """Both name the current epoch in the same transaction: one commit, one entry, one E_EPOCH."""
    claire, jean, conversation = await a_pair(house)
    async with house.one_batch(2):
        for peer in (claire, jean):
            peer.send(frames.Commit(id="race", **peer.mls.a_commit(conversation)))
    answers = [await claire.answer("race"), await jean.answer("race")]

    assert sorted(type(one).__name__ for one in answers) == ["Ok", "RefusedFrame"]
    committed = [e for e in house.entries() if e["type"] == "group.committed"]
    assert len(committed) == 2


async def test_signing_out_in_the_batch_of_a_hello_leaves_no_open_door(house: House) -> None:
    """Whichever comes first, the socket of an ended session is closed."""
    session = await house.session("claire")
    claire = await house.knock("claire", session=session)

    async with house.one_batch(2):
        claire.send(
            frames.Hello(id="late", device=claire.device, signature_key=claire.signature_key)
        )
        out = asyncio.create_task(house.hub.sign_out(session))
    await out

    assert await claire.closed() == Close.SESSION
    assert len(house.hub.fanout) == 0


async def test_an_ended_session_opens_nothing_on_a_socket_that_said_no_hello(house: House) -> None:
    """A socket kept silent through the sign-out has no session left to say hello with."""
    session = await house.session("claire")
    claire = await house.knock("claire", session=session)
    await house.hub.sign_out(session)

    answer = await claire.refused(
        frames.Hello, device=claire.device, signature_key=claire.signature_key
    )

    assert answer.code == Code.E_SESSION
    assert await claire.closed() == Close.SESSION


async def test_the_longest_entry_that_a_frame_can_make_fits(house: House) -> None:
    """An act is never lost because its entry would be over 8 KiB: fifty adds make under 6."""
    claire = await house.peer("claire")
    conversation = await claire.create()
    for _ in range(10):
        await house.peer("jean", packages=1)
    rows = await claire.claim(conversation, "jean")
    done = await claire.ok(frames.Commit, **claire.mls.an_add(conversation, *rows))

    assert done.receipt is not None
    # Each add takes at most a hundred bytes, and a frame holds fifty of them.
    assert len(done.receipt.entry) + (50 - len(rows)) * 100 < 8192
