"""An encrypted message takes its place: order, receipts, retries, refusals."""

from __future__ import annotations

import hashlib
import json
import uuid

import pytest

from signaling import frames
from tests.server import opaque
from tests.server.house import House, a_pair


async def test_a_message_reaches_both_in_the_same_place(house: House) -> None:
    """The sender's echo and the reader's event are the same step of the stream."""
    claire, jean, conversation = await a_pair(house)

    sent = await claire.say(conversation)

    assert sent.result is not None
    assert (await claire.event()).what == "commit"
    echo, read = await claire.event(), await jean.event()
    assert echo == read
    assert read.seq == sent.result["seq"] == 2


async def test_the_answer_to_a_message_is_a_proof(house: House) -> None:
    """The receipt verifies offline and its entry names this very ciphertext."""
    claire, _, conversation = await a_pair(house)
    message = claire.message(conversation)
    body = message.at_epoch(1)

    sent = await claire.ok(frames.SendMessage, conversation=conversation, body=body)

    entry = json.loads(claire.verify(sent).entry)
    assert entry["type"] == "message.sent"
    assert entry["actor"] == {
        "device": claire.device,
        "person": claire.person,
        "role": "pharmacist",
    }
    assert entry["object"]["ciphertext"] == hashlib.sha256(body).hexdigest()
    assert entry["object"]["franking_tag"] == message.franking_tag.hex()
    assert entry["object"]["message"] == message.id
    assert entry["decision"] == {"effect": "permit", "rule": "message.send"}


async def test_a_retry_of_an_accepted_message_returns_its_receipt(house: House) -> None:
    """Same id, same tag: the same place, whatever the epoch is by now, and nothing is doubled."""
    claire, jean, conversation = await a_pair(house)
    message = claire.message(conversation)
    first = await claire.ok(frames.SendMessage, conversation=conversation, body=message.at_epoch(1))
    await claire.ok(frames.Commit, **claire.mls.a_commit(conversation))

    again = await claire.ok(frames.SendMessage, conversation=conversation, body=message.at_epoch(1))

    assert first.receipt is not None
    assert again.receipt is not None
    assert again.result == first.result
    assert again.receipt.index == first.receipt.index
    assert again.receipt.entry == first.receipt.entry
    claire.verify(again)
    assert [(await jean.event()).what for _ in range(2)] == ["message", "commit"]


async def test_a_reused_id_with_another_body_is_refused(house: House) -> None:
    """Another franking tag under the same id is another message in disguise."""
    claire, _, conversation = await a_pair(house)
    message = claire.message(conversation)
    await claire.ok(frames.SendMessage, conversation=conversation, body=message.at_epoch(1))
    other = opaque.OpaqueMessage(
        conversation=conversation,
        id=message.id,
        counter=message.counter,
        sent_at=1,
        franking_tag=bytes(32),
    )

    refused = await claire.refused(
        frames.SendMessage, conversation=conversation, body=other.at_epoch(1)
    )

    assert refused.code == "E_ID_REUSED"


async def test_an_accepted_id_is_refused_in_another_conversation(house: House) -> None:
    """The tag alone does not carry a message from one conversation to another."""
    claire, _, conversation = await a_pair(house)
    elsewhere = await claire.create()
    message = claire.message(conversation)
    await claire.ok(frames.SendMessage, conversation=conversation, body=message.at_epoch(1))
    moved = opaque.OpaqueMessage(
        conversation=elsewhere,
        id=message.id,
        counter=1,
        sent_at=1,
        franking_tag=message.franking_tag,
    )

    refused = await claire.refused(
        frames.SendMessage, conversation=elsewhere, body=moved.at_epoch(0)
    )

    assert refused.code == "E_ID_REUSED"


async def test_a_message_of_a_past_epoch_is_refused_and_its_id_stays_free(house: House) -> None:
    """E_EPOCH tells the current one; the same id passes once encrypted again."""
    claire, _, conversation = await a_pair(house)
    message = claire.message(conversation)

    refused = await claire.refused(
        frames.SendMessage, conversation=conversation, body=message.at_epoch(0)
    )
    accepted = await claire.ok(
        frames.SendMessage, conversation=conversation, body=message.at_epoch(1)
    )

    assert (refused.code, refused.epoch, refused.retry) == ("E_EPOCH", 1, "changed")
    assert accepted.receipt is not None


@pytest.mark.parametrize(
    "stranger",
    [
        pytest.param("hugo", id="colleague-not-a-member"),
        pytest.param("sophie", id="carer-without-delegation"),
        pytest.param("paul", id="pharmacist-of-another-pharmacy"),
        pytest.param("rose", id="patient-of-another-pharmacy"),
    ],
)
async def test_a_conversation_one_is_not_in_answers_like_one_that_is_not(
    house: House, stranger: str
) -> None:
    """Existence is not told: same code, same words, same fields."""
    _, _, conversation = await a_pair(house)
    outsider = await house.peer(stranger)
    nowhere = str(uuid.uuid4())

    there = await outsider.refused(
        frames.SendMessage,
        conversation=conversation,
        body=outsider.message(conversation).at_epoch(1),
    )
    not_there = await outsider.refused(
        frames.SendMessage, conversation=nowhere, body=outsider.message(nowhere).at_epoch(1)
    )

    assert there.code == not_there.code == "E_NOT_FOUND"
    assert (there.text, there.retry, there.epoch) == (
        not_there.text,
        not_there.retry,
        not_there.epoch,
    )


async def test_a_message_for_another_group_is_refused(house: House) -> None:
    """The MLS header must name the conversation that the frame names."""
    claire, _, conversation = await a_pair(house)
    elsewhere = str(uuid.uuid4())

    refused = await claire.refused(
        frames.SendMessage,
        conversation=conversation,
        body=claire.message(elsewhere).at_epoch(1),
    )

    assert refused.code == "E_FRANKING"


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"\x00", id="one-byte"),
        pytest.param(opaque.welcome(), id="a-welcome"),
        pytest.param(opaque.commit(str(uuid.UUID(int=0)), 1), id="a-commit"),
    ],
)
async def test_what_is_no_application_message_is_refused(house: House, body: bytes) -> None:
    """Only an encrypted application message may be sent as a message."""
    claire, _, conversation = await a_pair(house)

    refused = await claire.refused(frames.SendMessage, conversation=conversation, body=body)

    assert refused.code == "E_MALFORMED"


async def test_cursors_are_told_to_the_others_and_never_go_back(house: House) -> None:
    """« remis » and « lu » only grow, and never past the end."""
    claire, jean, conversation = await a_pair(house)
    await claire.say(conversation)

    await jean.ok(frames.AdvanceCursor, conversation=conversation, delivered=99, read=2)
    await jean.ok(frames.AdvanceCursor, conversation=conversation, delivered=1, read=0)

    first, second = await claire.push(frames.CursorPush), await claire.push(frames.CursorPush)
    assert (first.delivered, first.read) == (2, 2)
    assert (second.delivered, second.read) == (2, 2)


async def test_every_accepted_frame_of_a_conversation_left_one_numbered_entry(
    house: House,
) -> None:
    """The conversation's entries count 1, 2, 3… so that a withheld one shows."""
    claire, jean, conversation = await a_pair(house)
    await claire.say(conversation)
    await jean.say(conversation)

    here = [e for e in house.entries() if e["conversation"] == conversation]

    assert [e["type"] for e in here] == [
        "dispensation.started",
        "key_package.claimed",
        "group.committed",
        "message.sent",
        "message.sent",
    ]
    assert [e["conversation_entry"] for e in here] == [1, 2, 3, 4, 5]
