"""The log in tables: appended, sealed, proved; erasable names outside it; nothing changes."""

from __future__ import annotations

import json
import sqlite3
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crypto.log.checkpoint import UnverifiedCheckpoint, VerifierKey
from crypto.log.tree import leaf_hash
from crypto.log.verify import verify_receipt
from server.domain.audit import Draft, EntryType, LogClass
from server.ports import Located, Tx, Undone
from server.storage.database import Database
from server.storage.log import ARCHIVE_EVERY, TileCache
from tests.server.house import PEOPLE, open_database

TENANT = "990000001"
CARE = f"test.example/{TENANT}/care"


def a_draft(who: str = "marc", what: EntryType = EntryType.AUDIT_LOGS_VERIFIED) -> Draft:
    """Return an entry that names no conversation."""
    return Draft(type=what, actor=PEOPLE[who], device=None, rule="test")


def append(database: Database, count: int, *, now: int = 1) -> list[Located]:
    """Append entries in one sealed transaction."""
    with database.write() as tx:
        located = [tx.log.append(a_draft(), now) for _ in range(count)]
        tx.seal()
    return located


def test_a_log_begins_empty_and_signed(database: Database) -> None:
    """One per pharmacy and class, each under a key of the pharmacy."""
    with database.read() as tx:
        heads = [tx.log.head(tenant, one) for tenant in (TENANT, "990000002") for one in LogClass]

    for head in heads:
        checkpoint = UnverifiedCheckpoint.parse(head.checkpoint).verify(
            VerifierKey.parse(head.verifier_key)
        )
        assert (checkpoint.origin, checkpoint.size) == (head.log, 0)
    assert len({head.log for head in heads}) == 4


@settings(max_examples=15)
@given(batches=st.lists(st.integers(1, 300), min_size=1, max_size=4))
def test_every_entry_is_proved_whatever_the_batches(
    tmp_path_factory: pytest.TempPathFactory, batches: list[int]
) -> None:
    """Over tile borders and restarts: each entry verifies in the signed head of its batch."""
    directory = tmp_path_factory.mktemp("log")
    total = 0
    for size in batches:
        database = open_database(directory)
        with database.write() as tx:
            located = [tx.log.append(a_draft(), 1) for _ in range(size)]
            tx.seal()
            key = VerifierKey.parse(tx.log.head(TENANT, LogClass.CARE).verifier_key)
            for one in (located[0], located[-1]):
                receipt = verify_receipt(tx.log.prove(one).proof, key, one.entry)
                assert receipt.checkpoint.size == total + size
        total += size
        assert [one.index for one in located] == list(range(total - size, total))
        database.close()


def test_the_stored_bytes_are_the_leaf(database: Database) -> None:
    """What was given is what stands, byte for byte, and what hashes to the tree's leaf."""
    located = append(database, 3)

    with database.read() as tx:
        rows = tx.audit.entries(CARE, after=-1, size=3, limit=10)

    assert [row.entry for row in rows] == [one.entry for one in located]
    assert [row.leaf for row in rows] == [leaf_hash(one.entry) for one in located]
    assert [json.loads(one.entry)["seq"] for one in located] == [0, 1, 2]


def test_an_entry_is_found_by_its_place(database: Database) -> None:
    """A place that nobody gave is a `KeyError`."""
    (located,) = append(database, 1)

    with database.read() as tx:
        assert tx.log.located(TENANT, LogClass.CARE, 0) == located
        with pytest.raises(KeyError):
            tx.log.located(TENANT, LogClass.CARE, 1)
        with pytest.raises(KeyError):
            tx.log.numbered(TENANT, "no conversation", 1)


def test_an_old_entry_is_proved_in_the_newest_head(database: Database) -> None:
    """A retry's receipt is under today's checkpoint."""
    (old,) = append(database, 1)
    append(database, 9)

    with database.write() as tx:
        located = tx.log.located(TENANT, LogClass.CARE, 0)
        proof = tx.log.prove(located).proof
        key = VerifierKey.parse(tx.log.head(TENANT, LogClass.CARE).verifier_key)

    assert verify_receipt(proof, key, old.entry).checkpoint.size == 10


def test_pages_of_entries_are_bounded_by_size_and_limit(database: Database) -> None:
    """A look sees what stood when it was opened, in order, so many at a time."""
    append(database, 6)

    with database.read() as tx:
        pages = [
            [row.index for row in tx.audit.entries(CARE, after=after, size=5, limit=2)]
            for after in (-1, 1, 3, 4, 99)
        ]

    assert pages == [[0, 1], [2, 3], [4], [], []]


def test_an_undone_act_gives_its_place_back(database: Database) -> None:
    """A savepoint rewinds the log: the next entry takes the index, and the log is gapless."""
    with database.write() as tx:
        first = tx.log.append(a_draft(), 1)
        with suppress(KeyError), tx.savepoint():
            tx.log.append(a_draft("claire"), 1)
            tx.log.append(a_draft("claire", EntryType.SESSION_OPENED), 1)
            raise KeyError
        second = tx.log.append(a_draft(), 1)
        tx.seal()

    assert [first.index, second.index] == [0, 1]
    with database.read() as tx:
        assert tx.log.head(TENANT, LogClass.CARE).size == 2
        assert tx.log.head(TENANT, LogClass.TECHNICAL).size == 0


def test_an_undone_transaction_gives_everything_back(database: Database) -> None:
    """After a failure the log goes on from its last sealed head, with proofs that hold."""
    append(database, 2)
    with suppress(KeyError), database.write() as tx:
        tx.log.append(a_draft(), 1)
        tx.seal()
        raise KeyError

    (located,) = append(database, 1)

    assert located.index == 2
    with database.write() as tx:
        key = VerifierKey.parse(tx.log.head(TENANT, LogClass.CARE).verifier_key)
        proof = tx.log.prove(tx.log.located(TENANT, LogClass.CARE, 2)).proof
    assert verify_receipt(proof, key, located.entry).checkpoint.size == 3


def test_a_transaction_the_database_gave_up_says_so(database: Database) -> None:
    """Nothing may go on in it: the savepoint raises `Undone`, and nothing stays."""
    with database.engine.connect() as connection:
        connection.exec_driver_sql(
            "CREATE TRIGGER broken BEFORE INSERT ON session "
            "BEGIN SELECT RAISE(ROLLBACK, 'disk full'); END"
        )

    with pytest.raises(Undone), database.write() as tx, tx.savepoint():
        _open_session(tx)

    with database.write() as tx:
        assert tx.tenants.all()


def _open_session(tx: Tx) -> None:
    from server.domain.people import Session

    tx.sessions.open(Session(b"k" * 32, PEOPLE["claire"], 1))


def test_a_checkpoint_a_minute_is_kept_for_good(database: Database) -> None:
    """The head has the last one; the archive one a minute, each under the log's key."""
    for now in (ARCHIVE_EVERY, ARCHIVE_EVERY + 1, 2 * ARCHIVE_EVERY):
        append(database, 1, now=now)

    with database.engine.connect() as connection:
        rows = connection.exec_driver_sql("SELECT size, note FROM checkpoint").all()
        vkey = _care_key(database)
    assert [row.size for row in rows] == [1, 3]
    for row in rows:
        assert UnverifiedCheckpoint.parse(row.note).verify(vkey).size == row.size


def _care_key(database: Database) -> VerifierKey:
    with database.read() as tx:
        return VerifierKey.parse(tx.log.head(TENANT, LogClass.CARE).verifier_key)


def test_names_are_sealed_in_the_file(home: Path, database: Database) -> None:
    """No name of a person stands in the database, the write-ahead log or the keys."""
    append(database, 1)

    stored = b"".join(path.read_bytes() for path in home.rglob("*") if path.is_file())

    for name in ("Claire Morel", "Lefèvre", "Sophie"):
        assert name.encode() not in stored


def test_erasing_a_persons_key_erases_the_name_and_the_log_still_verifies(
    home: Path, database: Database
) -> None:
    """The vault is erasable, the log is not: a pseudonym is left, and every proof holds."""
    (located,) = append(database, 1)
    connection = sqlite3.connect(home / "colloque.sqlite")
    connection.execute("DELETE FROM vault_key WHERE person = ?", (PEOPLE["marc"].id,))
    connection.commit()
    connection.close()

    with database.write() as tx:
        names = tx.people.names([PEOPLE["marc"].id, PEOPLE["claire"].id])
        key = VerifierKey.parse(tx.log.head(TENANT, LogClass.CARE).verifier_key)
        proof = tx.log.prove(tx.log.located(TENANT, LogClass.CARE, 0)).proof

    assert names == {PEOPLE["claire"].id: "Claire Morel"}
    receipt = verify_receipt(proof, key, located.entry)
    assert json.loads(receipt.entry)["actor"]["person"] == PEOPLE["marc"].id


def test_a_full_tile_is_let_go_of() -> None:
    """The cache holds the growing edge of each log and nothing else: memory is bounded."""
    from crypto.log.tiles import TileId

    cache, tile = TileCache(), TileId(level=0, index=0)
    cache.put("log", tile, bytes(32 * 255))
    growing = cache.get("log", tile)

    cache.put("log", tile, bytes(32 * 256))

    assert growing == bytes(32 * 255)
    assert cache.get("log", tile) is None
