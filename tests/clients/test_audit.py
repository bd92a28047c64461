"""An officer's client reads whole logs, page by page, under the key it pinned."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from clients.python.audit import read_logs
from clients.python.client import connected
from clients.python.device import Device
from clients.python.errors import LogKeyChanged
from crypto.log.checkpoint import UnverifiedCheckpoint
from crypto.policy.vocabulary import Role
from tests.clients.small_hub import SmallHub, serving
from tests.clients.test_client import QUICK, talking


@pytest.mark.parametrize("entries", [1, 2, 3, 4], ids=lambda count: f"{count} entries")
async def test_every_row_of_every_page_is_read_once(entries: int) -> None:
    """Whatever the size: less than a page, exactly one, more; in order, to the signed size."""
    hub = SmallHub(role=Role.COMPLIANCE_OFFICER)

    async with serving(hub), connected(hub.session, Device.new(), patience=QUICK) as client:
        for _ in range(entries - len(hub.entries)):
            hub.record("session.opened", None)
        [log] = await read_logs(client)

    assert len(log.rows) == entries
    assert [row.entry for row in log.rows] == hub.entries
    assert [row.index for row in log.rows] == list(range(len(hub.entries)))
    assert UnverifiedCheckpoint.parse(log.checkpoint).verify(log.key).size == len(log.rows)


async def test_a_log_under_another_key_is_not_read() -> None:
    """The officer's client pinned the key at its hello; the look shows another."""
    hub = SmallHub()

    async with serving(hub), talking(hub) as client:
        hub.key = Ed25519PrivateKey.generate()
        with pytest.raises(LogKeyChanged):
            await read_logs(client)
