"""Fixtures of the server's tests."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.server.house import House, a_house, open_database

# Property tests are judged by what they find, not by how busy the machine is.
settings.register_profile(
    "server", deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
settings.load_profile("server")


@pytest.fixture(scope="session")
def moved_in(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory in which everyone has an account key; made once, then copied."""
    directory = tmp_path_factory.mktemp("moved_in")
    open_database(directory, enrolled=True).close()
    return directory


@pytest.fixture
def home(tmp_path: Path, moved_in: Path) -> Path:
    """A data directory of one's own, with the demonstration's people and nothing else."""
    return Path(shutil.copytree(moved_in, tmp_path / "home"))


@pytest.fixture
async def house(home: Path) -> AsyncIterator[House]:
    """A running hub on that directory."""
    async with a_house(home) as running:
        yield running
