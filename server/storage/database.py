"""SQLite as the hub uses it: WAL, `synchronous=FULL`, one writer, snapshots for readers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, Engine, create_engine, event

from server.storage.keys import HubIdentity, KeyRing
from server.storage.log import TileCache
from server.storage.transaction import Transaction, is_open

# FULL: an answered act survives a power cut, not only a crash of the process (HUB, guarantee 1).
PRAGMAS = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",
    "PRAGMA foreign_keys=ON",
    "PRAGMA trusted_schema=OFF",
    "PRAGMA busy_timeout=5000",
)
MIGRATIONS = Path(__file__).parent / "migrations"


def sqlite_engine(path: Path) -> Engine:
    """Return an engine on which every pooled connection is set up for durability."""
    engine = create_engine(
        f"sqlite:///{path}",
        connect_args={"check_same_thread": False},
        pool_size=4,
        max_overflow=0,
        # A database error names the statement, never the values: names and keys are among them.
        hide_parameters=True,
    )
    event.listen(engine, "connect", _set_up)
    return engine


def _set_up(connection: Any, _record: object) -> None:
    # The driver must not open transactions of its own: BEGIN is ours (see `Database.write`).
    connection.isolation_level = None
    for pragma in PRAGMAS:
        connection.execute(pragma)


class Database:
    """The `ports.Database` of one SQLite file."""

    def __init__(self, engine: Engine, *, keys: KeyRing, deployment: str, node: str) -> None:
        self.engine = engine
        self._keys = keys
        self._identity = HubIdentity(deployment, keys.mls_key(), keys.authority_key())
        self._node = node
        self._tiles = TileCache()

    def migrate(self) -> None:
        """Bring the schema to the newest version."""
        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS))
        with self.engine.connect() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
            connection.commit()

    @contextmanager
    def write(self) -> Iterator[Transaction]:
        """One exclusive transaction: durable when the block ends, undone if it raises."""
        with self._begin("BEGIN IMMEDIATE") as connection:
            try:
                yield self._transaction(connection)
                connection.exec_driver_sql("COMMIT")
            except BaseException:
                # What the cache holds may be of entries that never came to be.
                self._tiles.forget()
                if is_open(connection):
                    connection.exec_driver_sql("ROLLBACK")
                raise

    @contextmanager
    def read(self) -> Iterator[Transaction]:
        """One consistent snapshot."""
        with self._begin("BEGIN DEFERRED") as connection:
            try:
                yield self._transaction(connection)
            finally:
                connection.exec_driver_sql("ROLLBACK")

    def close(self) -> None:
        """Release every connection."""
        self.engine.dispose()

    @contextmanager
    def _begin(self, statement: str) -> Iterator[Connection]:
        with self.engine.connect() as connection:
            connection.exec_driver_sql(statement)
            yield connection

    def _transaction(self, connection: Connection) -> Transaction:
        return Transaction(
            connection,
            keys=self._keys,
            tiles=self._tiles,
            identity=self._identity,
            node=self._node,
        )
