"""Fixtures of the attacks: a whole hub in memory, and a real one behind its real front door."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.attacks.front_door import FrontDoor
from tests.e2e.hub import Hub
from tests.server.conftest import home, house, moved_in

__all__ = ["home", "house", "moved_in"]


@pytest.fixture(scope="session")
def front_door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FrontDoor]:
    """The demonstration as it is served, with a page of one line for a client."""
    directory = tmp_path_factory.mktemp("front_door")
    dist = directory / "dist"
    dist.mkdir()
    Path(dist, "index.html").write_text("<!doctype html><title>Colloque</title>")
    hub = Hub(directory, {"COLLOQUE_DIST": str(dist)})
    hub.start()
    try:
        yield FrontDoor(hub.port)
    finally:
        hub.stop()
