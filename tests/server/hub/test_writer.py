"""One writer: a batch is one transaction, durable with its entries and its signed head, or not."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from server.domain.people import Principal, Session
from server.domain.refusals import ENTRIES_PER_MINUTE, Refused
from server.hub import writer as writer_module
from server.hub.outcome import Done, Outcome, Settled
from server.hub.writer import Job
from server.ports import Tx
from signaling import frames
from signaling.codes import Code
from signaling.frames import Ok, RefusedFrame
from tests.server.house import NOON, PEOPLE, House, Peer, a_house, a_pair, open_database, until

FULL_DISK = "SELECT RAISE({how}, 'disk full')"


def break_down(house: House, table: str, how: str = "ABORT", when: str = "INSERT") -> None:
    """Have the database fail for real on one table."""
    house.run(
        f"CREATE TRIGGER broken BEFORE {when} ON {table} BEGIN {FULL_DISK.format(how=how)}; END"
    )


def mend(house: House) -> None:
    """Have it work again."""
    house.run("DROP TRIGGER broken")


def everything(house: House) -> dict[str, list[object]]:
    """Return every row of every table."""
    tables = [name for (name,) in house.rows("SELECT name FROM sqlite_master WHERE type='table'")]
    return {table: house.rows(f"SELECT * FROM {table}") for table in tables}


def a_message(peer: Peer, conversation: str, request: str) -> frames.SendMessage:
    """Return a new message frame."""
    body = peer.message(conversation).at_epoch(1)
    return frames.SendMessage(id=request, conversation=conversation, body=body)


async def test_many_acts_of_one_batch_each_have_a_receipt_that_verifies(house: House) -> None:
    """One transaction, one signature, fifty proofs under the same checkpoint."""
    claire, _, conversation = await a_pair(house)

    async with house.one_batch(50):
        for at in range(50):
            claire.send(a_message(claire, conversation, f"m{at}"))
    receipts = []
    for at in range(50):
        answer = await claire.answer(f"m{at}")
        assert isinstance(answer, Ok)
        receipts.append(claire.verify(answer))

    assert len({receipt.checkpoint for receipt in receipts}) == 1
    indexes = [receipt.index for receipt in receipts]
    assert indexes == list(range(indexes[0], indexes[0] + 50))


async def test_an_act_that_fails_undoes_itself_and_not_its_batch(house: House) -> None:
    """The fault in the middle is told E_INTERNAL; those beside it are durable and proved."""
    claire, _, conversation = await a_pair(house)
    faulty: asyncio.Future[Settled] = asyncio.get_running_loop().create_future()

    def fail(tx: Tx, _now: int) -> Outcome:
        tx.members.advance_cursor(conversation, claire.person, delivered=1, read=1)
        raise ValueError("a fault of ours")

    async with house.one_batch(3):
        claire.send(a_message(claire, conversation, "before"))
        await _queued(house, 1)
        house.hub._writer.submit(Job(fail, faulty.set_result))
        claire.send(a_message(claire, conversation, "after"))
    answers = [await claire.answer("before"), await claire.answer("after")]

    outcome = (await faulty).outcome
    assert isinstance(outcome, Refused)
    assert outcome.code is Code.E_INTERNAL
    for answer in answers:
        assert isinstance(answer, Ok)
        claire.verify(answer)
    assert house.rows("SELECT max(read) FROM member") == [(0,)]


async def _queued(house: House, count: int) -> None:
    await until(lambda: house.hub._writer._queue.qsize() == count)


@pytest.mark.parametrize(
    ("table", "when"),
    [
        pytest.param("entry", "INSERT", id="the-entry-cannot-be-written"),
        pytest.param("tile", "INSERT", id="the-tile-cannot-be-written"),
        pytest.param("head", "UPDATE", id="the-signed-head-cannot-be-written"),
    ],
)
async def test_a_commit_that_fails_answers_busy_and_changes_nothing(
    house: House, table: str, when: str
) -> None:
    """No act without trace: where the entry cannot be durable, neither is the act."""
    claire, _, conversation = await a_pair(house)
    before = everything(house)
    break_down(house, table, when=when)

    async with house.one_batch(3):
        for at in range(3):
            claire.send(a_message(claire, conversation, f"m{at}"))
    answers = [await claire.answer(f"m{at}") for at in range(3)]
    mend(house)

    for answer in answers:
        assert isinstance(answer, RefusedFrame)
        assert (answer.code, answer.retry) == ("E_BUSY", "later")
        assert answer.retry_after is not None
    assert everything(house) == before


async def test_a_refused_act_passes_once_the_database_works_again(house: House) -> None:
    """The same bytes, later: accepted, proved, and in their place."""
    claire, _, conversation = await a_pair(house)
    message = a_message(claire, conversation, "first")
    break_down(house, "entry")
    claire.send(message)
    await claire.answer("first")
    mend(house)

    again = await claire.ok(frames.SendMessage, conversation=conversation, body=message.body)

    assert claire.verify(again).index == house.entries()[-1]["seq"]
    assert (again.result or {})["seq"] == 2


async def test_nothing_of_an_undone_transaction_survives_piecemeal(house: House) -> None:
    """Where the database gives the transaction up in the middle, the acts after it stop too.

    A full disk may do that; each of them would become durable alone, without its entry.
    """
    claire, jean, conversation = await a_pair(house)
    before = everything(house)
    house.run(
        "CREATE TRIGGER broken BEFORE INSERT ON event "
        f"WHEN NEW.device = '{jean.device}' BEGIN {FULL_DISK.format(how='ROLLBACK')}; END"
    )

    async with house.one_batch(3):
        claire.send(a_message(claire, conversation, "before"))
        await _queued(house, 1)
        jean.send(a_message(jean, conversation, "broken"))
        await _queued(house, 2)
        claire.send(a_message(claire, conversation, "after"))
    answers = [
        await claire.answer("before"),
        await jean.answer("broken"),
        await claire.answer("after"),
    ]
    mend(house)

    assert [getattr(answer, "code", "ok") for answer in answers] == ["E_BUSY"] * 3
    assert everything(house) == before


async def test_a_full_disk_refuses_and_loses_nothing(house: House) -> None:
    """SQLite's own « database or disk is full »: busy now, right again when there is room."""
    claire, _, conversation = await a_pair(house)
    before = everything(house)
    _limit_pages(house, grow=1)
    messages = [a_message(claire, conversation, f"m{at}") for at in range(60)]

    async with house.one_batch(60):
        for message in messages:
            claire.send(message)
    answers = [await claire.answer(one.id) for one in messages]
    undone = everything(house)
    _limit_pages(house, grow=1_000_000)

    assert {getattr(answer, "code", "ok") for answer in answers} == {"E_BUSY"}
    assert undone == before
    for message in messages:
        await claire.ok(frames.SendMessage, conversation=conversation, body=message.body)
    assert len(house.rows("SELECT seq FROM event WHERE what='message'")) == 60


def _limit_pages(house: House, grow: int) -> None:
    """Bound the database file, on every connection of the pool, to so many pages more."""
    pool = [house.database.engine.connect() for _ in range(4)]
    for connection in pool:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages + grow}")
    for connection in pool:
        connection.close()


async def test_a_database_locked_by_another_refuses_busy(house: House, home: Path) -> None:
    """Somebody else holds the file: the act is refused for now, and passes later."""
    claire, _, conversation = await a_pair(house)
    _busy_at_once(house)
    other = sqlite3.connect(home / "colloque.sqlite", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")

    body = claire.message(conversation).at_epoch(1)
    refused = await claire.refused(frames.SendMessage, conversation=conversation, body=body)
    other.execute("ROLLBACK")
    other.close()

    assert refused.code == "E_BUSY"
    await claire.ok(frames.SendMessage, conversation=conversation, body=body)


def _busy_at_once(house: House) -> None:
    pool = [house.database.engine.connect() for _ in range(4)]
    for connection in pool:
        connection.exec_driver_sql("PRAGMA busy_timeout = 1")
        connection.close()


async def test_a_full_queue_refuses_at_once(house: House) -> None:
    """Memory is bounded: what finds no room is refused E_BUSY, what found room is kept."""
    claire, _, conversation = await a_pair(house)
    house.hub._writer._queue._maxsize = 2  # type: ignore[attr-defined]

    async with house.one_batch(2):
        for at in range(3):
            claire.send(a_message(claire, conversation, f"m{at}"))
        refused = await claire.answer("m2")
    kept = [await claire.answer(f"m{at}") for at in range(2)]

    assert isinstance(refused, RefusedFrame)
    assert (refused.code, refused.retry) == ("E_BUSY", "later")
    assert all(isinstance(answer, Ok) for answer in kept)
    assert writer_module.MAX_WAITING == 4096


async def test_a_hello_that_finds_no_room_may_come_back(house: House) -> None:
    """Busy is no reason to turn a device away for good: it closes with a code that reconnects."""
    claire = await house.knock("claire")
    break_down(house, "entry")

    refused = await claire.refused(
        frames.Hello, device=claire.device, signature_key=claire.signature_key
    )
    code = await claire.closed()
    mend(house)

    assert refused.code == "E_BUSY"
    assert code == 4503
    house.mls[claire.device] = claire.mls
    await house.peer("claire", device=claire.device)


async def test_entries_never_go_back_in_time(house: House) -> None:
    """The machine's clock jumps back an hour: the log's instants stay in order."""
    claire, _, conversation = await a_pair(house)
    house.clock.turn(10)
    await claire.say(conversation)
    # Made before the jump: the hub's own clock, which does not go back, is what it is held against.
    body = claire.message(conversation).at_epoch(1)
    house.clock.turn(-3600)

    await claire.ok(frames.SendMessage, conversation=conversation, body=body)

    instants = [entry["ts"] for entry in house.entries()]
    assert instants == sorted(instants)
    assert instants[-1] == NOON + 10_000_000


async def test_what_was_queued_is_durable_when_the_hub_ends(home: Path) -> None:
    """The hub stops with acts in its queue: they are in the database when it has stopped."""
    async with a_house(home) as house:
        claire, _, conversation = await a_pair(house)
        gate = threading.Event()
        house.hub._writer.submit(_holding(gate))
        for at in range(5):
            claire.send(a_message(claire, conversation, f"m{at}"))
        await _queued(house, 5)
        asyncio.get_running_loop().call_later(0.02, gate.set)

    database = open_database(home)
    with database.read() as tx:
        events = tx.stream.after(conversation, 1, 100)
    database.close()
    assert [event.seq for event in events] == [2, 3, 4, 5, 6]


def _holding(gate: threading.Event) -> Job:
    def run(_tx: Tx, _now: int) -> Outcome:
        gate.wait(10)
        return Done()

    return Job(run, lambda _settled: None)


def _refusing(principal: Principal) -> Job:
    return Job(lambda _tx, _now: Refused(Code.E_ROLE), lambda _settled: None, principal)


def _flooder(slug: str = "jean") -> Principal:
    return Principal(Session(b"k" * 32, PEOPLE[slug], 0), "11111111-1111-4111-8111-111111111111")


def _counts(entries: list[dict[str, object]]) -> list[object]:
    return [(entry["decision"], entry["outcome"]) for entry in entries]


async def test_refusals_of_the_last_batch_are_counted_before_the_hub_ends(home: Path) -> None:
    """What was refused beyond the tenth stands in one counted entry, even at the very end."""
    async with a_house(home) as house:
        for _ in range(ENTRIES_PER_MINUTE + 7):
            house.hub._writer.submit(_refusing(_flooder()))

    entries = _refusals_in(home)
    assert len(entries) == ENTRIES_PER_MINUTE + 1
    assert entries[-1]["outcome"] == {"count": 7}


async def test_a_refusal_whose_commit_failed_was_not_counted(house: House) -> None:
    """The meter forgets what the database undid: the next ten still get entries of their own."""
    break_down(house, "entry")
    for _ in range(ENTRIES_PER_MINUTE):
        house.hub._writer.submit(_refusing(_flooder()))
    await house.hub._writer.finish()
    mend(house)

    house.hub._writer.submit(_refusing(_flooder()))
    await house.hub._writer.finish()

    assert len(house.refusals(log="technical")) == 1


def _refusals_in(home: Path) -> list[dict[str, object]]:
    connection = sqlite3.connect(home / "colloque.sqlite")
    rows = connection.execute("SELECT bytes FROM entry ORDER BY log, idx").fetchall()
    connection.close()
    entries = [json.loads(row[0]) for row in rows]
    return [entry for entry in entries if entry["type"] == "act.refused"]


async def test_a_batch_is_bounded(house: House) -> None:
    """At most 512 acts wait for one disk write; the rest is the next batch."""
    sizes: list[int] = []
    commit = house.hub._writer._commit

    async def watch(batch: list[Job]) -> None:
        sizes.append(len(batch))
        await commit(batch)

    house.hub._writer._commit = watch  # type: ignore[method-assign]
    await _submit_many(house, writer_module.MAX_BATCH + 88)

    assert sum(sizes) == 1 + writer_module.MAX_BATCH + 88
    assert max(sizes) == writer_module.MAX_BATCH


async def _submit_many(house: House, count: int) -> None:
    gate, nothing = threading.Event(), Done()
    house.hub._writer.submit(_holding(gate))
    await _queued(house, 0)
    run: Callable[[Tx, int], Outcome] = lambda _tx, _now: nothing  # noqa: E731 - an act of nothing
    for _ in range(count):
        house.hub._writer.submit(Job(run, lambda _settled: None))
    gate.set()
    await house.hub._writer.finish()
