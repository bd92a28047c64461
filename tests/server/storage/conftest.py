"""What every storage test is given."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from server.ports import Database, Tx
from tests.server.house import open_database


@pytest.fixture(scope="session")
def moved_in(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory as the demonstration's first start leaves it: its logs are empty."""
    directory = tmp_path_factory.mktemp("moved_in")
    open_database(directory).close()
    return directory


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
