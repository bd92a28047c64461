"""What every storage test is given."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from server.ports import Database, Tx
from tests.server.house import open_database


@pytest.fixture
def database(home: Path) -> Iterator[Database]:
    """The database of a data directory."""
    opened = open_database(home)
    yield opened
    opened.close()


@pytest.fixture
def tx(database: Database) -> Iterator[Tx]:
    """One transaction on it."""
    with database.write() as running:
        yield running
