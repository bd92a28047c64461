"""The echo process for real, on 127.0.0.1 alone."""

from __future__ import annotations

from collections.abc import AsyncIterator

import aioice.ice
import pytest

from server.media.process import EchoProcess

ON_LOOPBACK = ("--address", "127.0.0.1")


@pytest.fixture(autouse=True)
def on_loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    """Our own side offers nothing else either."""
    monkeypatch.setattr(aioice.ice, "get_host_addresses", lambda **_: ["127.0.0.1"])


@pytest.fixture
async def echo() -> AsyncIterator[EchoProcess]:
    """A process whose tests last as long as in production."""
    process = EchoProcess(ON_LOOPBACK)
    yield process
    await process.stop()
