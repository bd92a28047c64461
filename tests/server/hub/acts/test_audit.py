"""The officer sees who did what and can prove it; never what was said."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from crypto.log.checkpoint import UnverifiedCheckpoint, VerifierKey
from crypto.log.tree import leaf_hash, node_hash, root_from, verify_inclusion
from server.hub.acts.audit import PAGE_ENTRIES
from server.storage.intruder import alter_one_byte
from signaling import frames
from tests.server.house import PEOPLE, House, Peer, a_house, a_pair

LOOKS = [
    pytest.param(frames.ListAuditedConversations, {}, id="audit.conversations"),
    pytest.param(frames.ReadTimeline, {"conversation": str(uuid.uuid4())}, id="audit.timeline"),
    pytest.param(frames.VerifyLogs, {}, id="audit.verify"),
    pytest.param(frames.ReadPage, {"look": str(uuid.uuid4())}, id="audit.page"),
]


async def look(peer: Peer, kind: type[Any], **fields: Any) -> dict[str, Any]:
    """Open a look; return what it tells."""
    return (await peer.ok(kind, **fields)).result or {}


async def pages(peer: Peer, opened: dict[str, Any], log: str = "care") -> list[dict[str, Any]]:
    """Read a look to its end."""
    rows: list[dict[str, Any]] = []
    after: int | None = -1
    while after is not None:
        page = await look(peer, frames.ReadPage, look=opened["look"], log=log, after=after)
        rows += page["rows"]
        after = page["next"]
    return rows


def root_of(leaves: list[bytes]) -> bytes:
    """Return the Merkle root of leaves (RFC 9162, 2.1), level by level."""
    levels = [leaves]
    while len(levels[-1]) > 1:
        below = levels[-1]
        levels.append([node_hash(below[i], below[i + 1]) for i in range(0, len(below) - 1, 2)])
    return root_from(len(leaves), lambda level, index: levels[level][index])


@pytest.mark.parametrize(("kind", "fields"), LOOKS)
@pytest.mark.parametrize("who", ["claire", "lea", "jean", "sophie", "nadia", "ines"])
async def test_only_the_officer_looks(
    house: House, who: str, kind: type[Any], fields: dict[str, Any]
) -> None:
    """Nobody else opens, reads or pages a look; the try is an entry."""
    peer = await house.peer(who)

    refused = await peer.refused(kind, **fields)

    assert refused.code == "E_ROLE"
    assert [e["actor"]["person"] for e in house.refusals(log="technical")] == [peer.person]


@pytest.mark.parametrize(
    ("kind", "entry"),
    [
        pytest.param(frames.ListAuditedConversations, "audit.conversations_listed", id="list"),
        pytest.param(frames.ReadTimeline, "audit.timeline_read", id="timeline"),
        pytest.param(frames.VerifyLogs, "audit.logs_verified", id="verify"),
    ],
)
async def test_a_look_is_an_entry_before_it_is_an_answer(
    house: House, kind: type[Any], entry: str
) -> None:
    """The answer carries the proof of its own entry; a look that cannot be logged shows nothing."""
    claire, _, conversation = await a_pair(house)
    marc = await house.peer("marc")
    fields = {"conversation": conversation} if kind is frames.ReadTimeline else {}

    done = await marc.ok(kind, **fields)
    house.run("CREATE TRIGGER broken BEFORE INSERT ON entry BEGIN SELECT RAISE(ABORT, 'full'); END")
    refused = await marc.refused(kind, **fields)

    assert marc.verify(done).index == house.entries()[-1]["seq"]
    assert house.entries()[-1]["type"] == entry
    assert house.entries()[-1]["actor"]["person"] == marc.person
    assert refused.code == "E_BUSY"
    assert claire


async def test_the_list_tells_who_and_why_and_how_much(house: House) -> None:
    """Names from the vault, the motive, the number of entries."""
    _, _, conversation = await a_pair(house)
    marc = await house.peer("marc")

    listed = await look(marc, frames.ListAuditedConversations)

    (row,) = listed["conversations"]
    assert row["id"] == conversation
    assert row["people"] == ["Claire Morel", "Jean Lefèvre"]
    assert (row["motive"], row["entries"]) == ("age", 3)


async def test_a_timeline_is_complete_and_each_row_is_proved(house: House) -> None:
    """Over several pages: numbered without gaps, each leaf in the signed checkpoint of the look."""
    claire, jean, conversation = await a_pair(house)
    await claire.create()
    for _ in range(PAGE_ENTRIES):
        await claire.say(conversation)
        await jean.say(conversation)
    marc = await house.peer("marc")

    opened = await look(marc, frames.ReadTimeline, conversation=conversation)
    rows = await pages(marc, opened)

    key = VerifierKey.parse(opened["logs"]["care"])
    checkpoint = UnverifiedCheckpoint.parse(opened["checkpoint"]).verify(key)
    assert checkpoint.size == opened["size"]
    assert len(rows) == opened["total"] == 3 + 2 * PAGE_ENTRIES
    for row in rows:
        assert row["leaf"] == leaf_hash(row["entry"])
        verify_inclusion(
            leaf=row["leaf"],
            index=row["index"],
            size=checkpoint.size,
            proof=tuple(row["proof"]),
            root=checkpoint.root,
        )
    assert opened["people"][claire.person] == {"name": "Claire Morel", "role": "pharmacist"}


async def test_a_timeline_of_exactly_full_pages_ends(house: House) -> None:
    """A last page that is full is followed by an empty one that says it is the last."""
    claire, _, conversation = await a_pair(house)
    for _ in range(PAGE_ENTRIES - 3):
        await claire.say(conversation)
    marc = await house.peer("marc")

    opened = await look(marc, frames.ReadTimeline, conversation=conversation)
    rows = await pages(marc, opened)

    assert len(rows) == PAGE_ENTRIES == opened["total"]


async def test_whole_logs_lead_to_their_signed_roots(house: House) -> None:
    """Every entry of both logs hashes to its leaf, and the leaves to the signed root."""
    claire, _, conversation = await a_pair(house)
    for _ in range(60):
        await claire.say(conversation)
    marc = await house.peer("marc")

    opened = await look(marc, frames.VerifyLogs)

    assert [log["log"] for log in opened["logs"]] == ["care", "technical"]
    for log in opened["logs"]:
        rows = await pages(marc, opened, log["log"])
        checkpoint = UnverifiedCheckpoint.parse(log["checkpoint"]).verify(
            VerifierKey.parse(log["vkey"])
        )
        assert [row["index"] for row in rows] == list(range(log["size"]))
        assert [row["leaf"] for row in rows] == [leaf_hash(row["entry"]) for row in rows]
        assert root_of([row["leaf"] for row in rows]) == checkpoint.root


async def test_a_look_stays_as_it_was_opened(house: House) -> None:
    """What happens later is not in its pages: their sizes agree with its checkpoint."""
    claire, _, conversation = await a_pair(house)
    marc = await house.peer("marc")
    opened = await look(marc, frames.ReadTimeline, conversation=conversation)
    await claire.say(conversation)

    rows = await pages(marc, opened)

    assert len(rows) == opened["total"] == 3


async def test_a_look_of_another_connection_is_not_found(house: House) -> None:
    """A look belongs to the connection that opened it, even between tabs of one officer."""
    _, _, conversation = await a_pair(house)
    first, second = await house.peer("marc"), await house.peer("marc")
    opened = await look(first, frames.ReadTimeline, conversation=conversation)

    refused = await second.refused(frames.ReadPage, look=opened["look"])

    assert refused.code == "E_NOT_FOUND"


@pytest.mark.parametrize("log", ["technical", "", "../care", "CARE"])
async def test_a_timeline_has_no_pages_of_another_log(house: House, log: str) -> None:
    """The look says which logs it opened; any other is not found."""
    _, _, conversation = await a_pair(house)
    marc = await house.peer("marc")
    opened = await look(marc, frames.ReadTimeline, conversation=conversation)

    refused = await marc.refused(frames.ReadPage, look=opened["look"], log=log)

    assert refused.code == "E_NOT_FOUND"


async def test_a_page_beyond_the_end_is_empty(house: House) -> None:
    """However far the client asks, nothing is invented."""
    marc = await house.peer("marc")
    opened = await look(marc, frames.VerifyLogs)

    page = await look(marc, frames.ReadPage, look=opened["look"], after=2**53 - 1)

    assert page == {"rows": [], "next": None}


async def test_another_pharmacys_conversation_is_not_found(house: House) -> None:
    """It answers as one that is not; and the list has only one's own."""
    paul = await house.peer("paul")
    elsewhere = await paul.create("rose")
    marc = await house.peer("marc")

    there = await marc.refused(frames.ReadTimeline, conversation=elsewhere)
    nowhere = await marc.refused(frames.ReadTimeline, conversation=str(uuid.uuid4()))
    listed = await look(marc, frames.ListAuditedConversations)

    assert there.code == nowhere.code == "E_NOT_FOUND"
    assert there.text == nowhere.text
    assert listed["conversations"] == []


def byte_strings(value: Any) -> Iterator[bytes]:
    """Return every bytes in an answer, however deep."""
    if isinstance(value, bytes):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from byte_strings(item)
    elif isinstance(value, list):
        for item in value:
            yield from byte_strings(item)


async def test_no_answer_to_an_officer_holds_any_ciphertext(house: House) -> None:
    """Body, Welcome, GroupInfo, key package: no endpoint of this role gives one, nor its hex."""
    claire, jean, conversation = await a_pair(house)
    for peer in (claire, jean):
        await peer.say(conversation)
    stored = [
        value
        for query in (
            "SELECT body FROM event",
            "SELECT welcome FROM event WHERE welcome NOT NULL",
            "SELECT group_info FROM mls_group",
            "SELECT public FROM mls_group",
            "SELECT body FROM key_package",
        )
        for (value,) in house.rows(query)
    ]
    marc = await house.knock("marc")
    answers = [await marc.hello()]
    for kind, fields in (
        (frames.Ping, {}),
        (frames.ListAuditedConversations, {}),
        (frames.ReadTimeline, {"conversation": conversation}),
        (frames.VerifyLogs, {}),
    ):
        answers.append(await marc.ok(kind, **fields))
    for opened in [one.result for one in answers if "look" in (one.result or {})]:
        for log in ("care", "technical") if "total" not in (opened or {}) else ("care",):
            answers.append(await marc.ok(frames.ReadPage, look=(opened or {})["look"], log=log))

    said = b"\n".join(
        part for answer in answers for part in (*byte_strings(answer.result), repr(answer).encode())
    )

    assert len(stored) >= 8
    for secret in stored:
        # Its middle: an answer that cut the ends off would still be one.
        middle = secret[len(secret) // 2 :][:24]
        assert middle not in said
        assert middle.hex().encode() not in said
    assert hashlib.sha256(stored[1]).hexdigest().encode() in said


async def test_an_officer_is_pushed_nothing(house: House) -> None:
    """No event, no summary: this role is in no conversation."""
    marc = await house.peer("marc")

    claire, _, conversation = await a_pair(house)
    await claire.say(conversation)

    await marc.nothing_but_pong()


@pytest.mark.parametrize("frame", ["publish", "commit", "message", "cursor", "claim"])
async def test_an_officer_acts_in_no_conversation(house: House, frame: str) -> None:
    """Every frame of a participant is refused for the role."""
    claire, _, conversation = await a_pair(house)
    marc = await house.peer("marc")
    here = {"conversation": conversation}
    acts: dict[str, tuple[type[Any], dict[str, Any]]] = {
        "publish": (frames.PublishKeyPackages, {"packages": claire.key_packages()}),
        "commit": (frames.Commit, claire.mls.a_commit(conversation)),
        "message": (
            frames.SendMessage,
            here | {"body": claire.message(conversation).at_epoch(1)},
        ),
        "cursor": (frames.AdvanceCursor, here | {"delivered": 1, "read": 1}),
        "claim": (frames.ClaimKeyPackages, here | {"person": PEOPLE["jean"].id}),
    }
    kind, fields = acts[frame]

    refused = await marc.refused(kind, **fields)

    assert refused.code == "E_ROLE"


async def test_an_altered_entry_shows_at_its_index_and_the_hub_still_serves(home: Path) -> None:
    """One byte altered while the hub is down: it starts, serves, and the leaf tells."""
    async with a_house(home) as house:
        claire, _, conversation = await a_pair(house)
        for _ in range(4):
            await claire.say(conversation)
        altered = alter_one_byte(house.database.engine, "990000001", conversation)

    async with a_house(home) as house:
        marc, again = await house.peer("marc"), await house.peer("claire")
        opened = await look(marc, frames.VerifyLogs)
        rows = await pages(marc, opened)
        await again.create()

    bad = [row["index"] for row in rows if row["leaf"] != leaf_hash(row["entry"])]
    assert altered == {"log": "care", "index": bad[0]}
    assert len(bad) == 1
    care = opened["logs"][0]
    checkpoint = UnverifiedCheckpoint.parse(care["checkpoint"]).verify(
        VerifierKey.parse(care["vkey"])
    )
    assert root_of([row["leaf"] for row in rows]) == checkpoint.root


async def test_a_deleted_entry_shows_as_absent(house: House) -> None:
    """Its leaf still stands: the row comes with no entry, and the rest still verifies."""
    claire, _, conversation = await a_pair(house)
    await claire.say(conversation)
    house.run(
        "DROP TRIGGER entry_refuses_delete", "DELETE FROM entry WHERE log LIKE '%care' AND idx=7"
    )
    marc = await house.peer("marc")

    opened = await look(marc, frames.VerifyLogs)
    rows = await pages(marc, opened)

    assert [row["entry"] is None for row in rows] == [at == 7 for at in range(len(rows))]
    care = opened["logs"][0]
    checkpoint = UnverifiedCheckpoint.parse(care["checkpoint"]).verify(
        VerifierKey.parse(care["vkey"])
    )
    assert root_of([row["leaf"] for row in rows]) == checkpoint.root


async def test_the_looks_of_a_connection_are_bounded(house: House) -> None:
    """The oldest goes: an officer who opens many keeps the newest eight."""
    marc = await house.peer("marc")
    opened = [await look(marc, frames.VerifyLogs) for _ in range(9)]

    oldest = await marc.refused(frames.ReadPage, look=opened[0]["look"])
    newest = await marc.ok(frames.ReadPage, look=opened[-1]["look"])

    assert oldest.code == "E_NOT_FOUND"
    assert newest.result is not None
