"""What somebody with the database file does while the hub is down; and what the hub then signs."""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Callable
from pathlib import Path

import pytest

from crypto.log import tree
from crypto.log.checkpoint import UnverifiedCheckpoint, VerifierKey
from crypto.policy.vocabulary import ConversationKind, Motive
from server.domain.audit import LogClass
from signaling import frames
from signaling.codes import Code
from tests.server.house import PEOPLE, House, Peer, a_house, a_pair

CARE = "test.example/990000001/care"


def unlock(house: House) -> None:
    """Take the triggers away, as whoever holds the file can."""
    for (name,) in house.rows("SELECT name FROM sqlite_master WHERE type = 'trigger'"):
        house.run(f"DROP TRIGGER {name}")


def shorten(house: House, size: int) -> None:
    """Make the care log `size` entries long: entries and tile, which leaves head and note."""
    unlock(house)
    house.run(
        f"DELETE FROM entry WHERE log = '{CARE}' AND idx >= {size}",
        f"UPDATE tile SET hashes = substr(hashes, 1, {size * 32}) WHERE log = '{CARE}'",
    )


def a_founding(peer: Peer, patient: str) -> frames.CreateConversation:
    """Return the frame that begins a dispensation."""
    conversation = str(uuid.uuid4())
    return frames.CreateConversation(
        id="found",
        conversation=conversation,
        conversation_kind=ConversationKind.REMOTE_DISPENSATION,
        patient=PEOPLE[patient].id,
        motive=Motive.AGE,
        group_info=peer.group_info(conversation, patient=patient),
    )


def another_leaf(house: House) -> None:
    """Put another hash in the tree in place of the first entry's."""
    hashes = house.rows(f"SELECT hashes FROM tile WHERE log = '{CARE}'")[0][0]
    altered = bytes(32) + hashes[32:]
    house.run(f"UPDATE tile SET hashes = x'{altered.hex()}' WHERE log = '{CARE}'")


def another_root(house: House) -> None:
    """Change what the head says of the tree."""
    house.run(f"UPDATE head SET root = zeroblob(32) WHERE log = '{CARE}'")


def an_older_size(house: House) -> None:
    """Roll the head's size back and leave everything else."""
    house.run(f"UPDATE head SET size = size - 1 WHERE log = '{CARE}'")


def an_unsigned_note(house: House) -> None:
    """Change one character of the signed note's root."""
    house.run(f"UPDATE head SET checkpoint = replace(checkpoint, '=', 'A=') WHERE log = '{CARE}'")


def another_logs_note(house: House) -> None:
    """Put the technical log's signed note where the care log's was."""
    house.run(
        "UPDATE head SET checkpoint = (SELECT checkpoint FROM head WHERE log = "
        f"'test.example/990000001/technical') WHERE log = '{CARE}'"
    )


def a_shorter_tree(house: House) -> None:
    """Drop the last two entries and their leaves."""
    shorten(house, 1)


def a_truncation_that_agrees_with_itself(house: House) -> None:
    """Roll entries, tile, size and root back, with a note that says more."""
    shorten(house, 1)
    leaf = house.rows(f"SELECT hashes FROM tile WHERE log = '{CARE}'")[0][0]
    house.run(f"UPDATE head SET size = 1, root = x'{leaf.hex()}' WHERE log = '{CARE}'")


ALTERATIONS = [
    another_leaf,
    another_root,
    an_older_size,
    an_unsigned_note,
    another_logs_note,
    a_shorter_tree,
    a_truncation_that_agrees_with_itself,
]


@pytest.mark.parametrize("alter", ALTERATIONS, ids=lambda one: one.__name__)
async def test_a_hub_that_finds_its_log_altered_signs_nothing_more(
    home: Path, alter: Callable[[House], None]
) -> None:
    """The next signature would make the alteration true: the act is refused, nothing is signed."""
    async with a_house(home) as house:
        claire, _jean, conversation = await a_pair(house)
        device, key = claire.device, claire.signature_key
        alter(house)
        head = house.rows(f"SELECT size, root, checkpoint FROM head WHERE log = '{CARE}'")

    async with a_house(home) as house:
        again = await house.peer("claire", device=device, signature_key=key)
        body = again.message(conversation).at_epoch(1)
        answer = await again.refused(frames.SendMessage, conversation=conversation, body=body)

        assert answer.code == Code.E_BUSY
        assert head == house.rows(f"SELECT size, root, checkpoint FROM head WHERE log = '{CARE}'")
        # Whatever needs no entry in that log goes on, and so does the other pharmacy.
        await again.ok(frames.ListPatients)
        assert [one["id"] for one in again.welcomed["conversations"]] == [conversation]
        paul = await house.peer("paul")
        await paul.create("rose")


async def test_an_act_in_an_altered_log_takes_no_other_act_with_it(home: Path) -> None:
    """Two acts of one batch in two logs: the one is refused, the other is durable."""
    async with a_house(home) as house:
        claire = await house.peer("claire")
        await claire.create()
        known, device = house.mls, claire.device
        another_leaf(house)

    async with a_house(home) as house:
        house.mls = known
        claire, paul = await house.peer("claire", device=device), await house.peer("paul")
        async with house.one_batch(2):
            claire.send(a_founding(claire, "jean"))
            paul.send(a_founding(paul, "rose"))
        answers = [await claire.answer("found"), await paul.answer("found")]

    assert [type(one).__name__ for one in answers] == ["RefusedFrame", "Ok"]


async def test_a_refusal_that_finds_no_log_is_still_a_refusal(home: Path) -> None:
    """Its entry cannot be written; its sender is told no all the same, and the hub goes on."""
    async with a_house(home) as house:
        claire, _jean, conversation = await a_pair(house)
        device, key = claire.device, claire.signature_key
        another_leaf(house)

    async with a_house(home) as house:
        again = await house.peer("claire", device=device, signature_key=key)
        body = again.message(conversation).at_epoch(9)
        answer = await again.refused(frames.SendMessage, conversation=conversation, body=body)

        assert answer.code == Code.E_EPOCH
        await again.ok(frames.ListPatients)


async def test_a_log_key_that_was_lost_is_not_replaced_in_silence(home: Path) -> None:
    """A new key would be a new log under the old name."""
    async with a_house(home) as house:
        claire = await house.peer("claire")
        await claire.create()
    shutil.rmtree(home / "keys")

    async with a_house(home) as house:
        with pytest.raises(Exception, match="E_BUSY"):
            await house.session("claire")


async def test_entries_hidden_from_a_timeline_leave_a_gap_in_its_numbers(home: Path) -> None:
    """The column that finds a conversation's entries is no proof: the count is told beside it."""
    async with a_house(home) as house:
        _claire, _jean, conversation = await a_pair(house)
        marc = await house.peer("marc")
        before = (await marc.ok(frames.ReadTimeline, conversation=conversation)).result or {}
        unlock(house)
        house.run(
            "UPDATE entry SET conversation = NULL WHERE conversation_entry = "
            f"(SELECT max(conversation_entry) FROM entry WHERE conversation = '{conversation}')"
        )

        look = (await marc.ok(frames.ReadTimeline, conversation=conversation)).result or {}
        page = (await marc.ok(frames.ReadPage, look=look["look"])).result or {}

    assert before["total"] == 3
    # Three entries and the first look.
    assert look["total"] == 4
    assert len(page["rows"]) == 3


async def test_a_look_in_the_batch_of_an_act_counts_what_it_shows(house: House) -> None:
    """The look ends before the batch: what the batch adds is not missing from it."""
    claire, _jean, conversation = await a_pair(house)
    marc = await house.peer("marc")

    async with house.one_batch(2):
        claire.send(
            frames.SendMessage(
                id="m", conversation=conversation, body=claire.message(conversation).at_epoch(1)
            )
        )
        marc.send(frames.ReadTimeline(id="t", conversation=conversation))
    answer = await marc.answer("t")
    look = getattr(answer, "result", None) or {}
    page = (await marc.ok(frames.ReadPage, look=look["look"])).result or {}

    assert look["total"] == len(page["rows"]) == 3


async def test_every_signed_head_makes_the_stored_tree(house: House) -> None:
    """After any work: leaves, tiles, head and note are one."""
    await a_pair(house)

    with house.database.read() as tx:
        for log_class in LogClass:
            head = tx.log.head("990000001", log_class)
            rows = tx.audit.entries(head.log, after=-1, size=head.size, limit=head.size)
            note = UnverifiedCheckpoint.parse(head.checkpoint)
            signed = note.verify(VerifierKey.parse(head.verifier_key))

            assert signed.root == tree.root_hash([tree.leaf_hash(r.entry or b"") for r in rows])
