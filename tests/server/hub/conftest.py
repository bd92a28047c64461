"""The loop belongs to everyone: in the hub's tests a blocking call on it is an error."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from blockbuster import BlockBuster, blockbuster_ctx


@pytest.fixture(autouse=True)
def blockbuster() -> Iterator[BlockBuster]:
    """Raise where the hub would hold the loop: files, sockets, SQLite, locks, sleep."""
    # What the tests themselves read from the database is their own business.
    with blockbuster_ctx(["server.hub", "server.web"]) as guard:
        # When nobody is left to serve, the hub waits for its own threads.
        guard.functions["threading.Lock.acquire"].can_block_in("server/hub/hub.py", "running")
        yield guard
