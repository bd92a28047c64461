"""SQLite as the hub needs it: durable on every connection, append-only, at the schema we say."""

from __future__ import annotations

import stat
import uuid
from contextlib import suppress
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy.exc import IntegrityError

from crypto.policy.vocabulary import Role
from server.domain.people import Person
from server.storage.database import Database
from server.storage.schema import APPEND_ONLY, metadata


@pytest.mark.parametrize(
    ("pragma", "value"),
    [
        pytest.param("synchronous", 2, id="synchronous-is-FULL"),
        pytest.param("journal_mode", "wal", id="journal-is-WAL"),
        pytest.param("foreign_keys", 1, id="foreign-keys-hold"),
        pytest.param("trusted_schema", 0, id="schema-is-not-trusted"),
    ],
)
def test_every_pooled_connection_is_durable(database: Database, pragma: str, value: object) -> None:
    """Acknowledged means durable on whichever connection the pool hands out."""
    pool = [database.engine.connect() for _ in range(4)]

    found = [one.exec_driver_sql(f"PRAGMA {pragma}").scalar_one() for one in pool]

    for connection in pool:
        connection.close()
    assert found == [value] * 4


def test_a_broken_reference_is_refused(database: Database) -> None:
    """Foreign keys are not decoration: a device of nobody is refused."""
    with pytest.raises(IntegrityError), database.write() as tx:
        tx.people.enrol(Person(str(uuid.uuid4()), "999999999", Role.PATIENT), "Nobody")


def test_the_migrations_make_the_schema(database: Database) -> None:
    """What Alembic makes and what the code says are one schema."""
    with database.engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "compare_server_default": False}
        )

        assert compare_metadata(context, metadata) == []


def test_migrating_again_changes_nothing(database: Database) -> None:
    """A restart finds the schema there."""
    with database.engine.connect() as connection:
        before = connection.exec_driver_sql("SELECT sql FROM sqlite_master").all()

    database.migrate()

    with database.engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT sql FROM sqlite_master").all() == before


@pytest.mark.parametrize("verb", ["UPDATE", "DELETE"])
@pytest.mark.parametrize("table", APPEND_ONLY)
def test_what_was_logged_refuses_to_change(database: Database, table: str, verb: str) -> None:
    """Even a stray statement in a console meets the trigger."""
    fill = {
        "entry": "INSERT INTO entry (log, idx, bytes) VALUES ('l', 0, x'00')",
        "checkpoint": "INSERT INTO checkpoint (log, size, ts, note) VALUES ('l', 0, 0, '')",
    }
    statement = {"UPDATE": f"UPDATE {table} SET log = 'm'", "DELETE": f"DELETE FROM {table}"}
    with database.engine.connect() as connection:
        connection.exec_driver_sql(fill[table])

        with pytest.raises(IntegrityError, match="append-only"):
            connection.exec_driver_sql(statement[verb])

        rows = connection.exec_driver_sql(f"SELECT log FROM {table}").all()
    assert rows == [("l",)]


def test_a_reader_sees_one_snapshot(database: Database) -> None:
    """What is written while it reads is not there for it."""
    newcomer = Person(str(uuid.uuid4()), "990000001", Role.PATIENT)
    with database.read() as reading:
        assert reading.people.find(newcomer.id) is None
        with database.write() as writing:
            writing.people.enrol(newcomer, "Nouvelle Venue")

        seen = reading.people.find(newcomer.id)

    assert seen is None
    with database.read() as later:
        assert later.people.find(newcomer.id) == newcomer


def test_a_reader_writes_nothing(database: Database) -> None:
    """Whatever an act does on a snapshot is undone at its end."""
    newcomer = Person(str(uuid.uuid4()), "990000001", Role.PATIENT)

    with database.read() as tx:
        tx.people.enrol(newcomer, "Nouvelle Venue")

    with database.read() as tx:
        assert tx.people.find(newcomer.id) is None


def test_a_transaction_that_raises_leaves_nothing(database: Database) -> None:
    """All of it or none of it, and the next one begins well."""
    newcomer = Person(str(uuid.uuid4()), "990000001", Role.PATIENT)

    with suppress(KeyError), database.write() as tx:
        tx.people.enrol(newcomer, "Nouvelle Venue")
        raise KeyError

    with database.write() as tx:
        assert tx.people.find(newcomer.id) is None


def test_a_database_error_tells_no_value(database: Database) -> None:
    """Names, tokens and keys are among the values: an exception names the statement only."""
    secret = "Élodie Secrète"
    with database.read() as tx:
        someone = tx.people.with_roles("990000001", {Role.PATIENT})[0]

    with pytest.raises(IntegrityError) as caught, database.write() as tx:
        tx.people.enrol(someone, secret)

    assert someone.id not in str(caught.value)
    assert secret not in str(caught.value)


def test_keys_are_their_owners_alone(home: Path, database: Database) -> None:
    """0600 in a directory of 0700: one key a pharmacy, the hub's in its groups, the authority's."""
    directory = home / "keys"

    files = sorted(directory.iterdir())

    assert stat.S_IMODE(directory.stat().st_mode) == 0o700
    assert [file.stem for file in files] == ["authority", "log-990000001", "log-990000002", "mls"]
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
