"""Fixtures of the server's tests."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.server.house import House, a_house

# Property tests are judged by what they find, not by how busy the machine is.
settings.register_profile(
    "server", deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
settings.load_profile("server")


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    """A running hub on an empty data directory, with the demonstration's people."""
    async with a_house(tmp_path) as running:
        yield running
