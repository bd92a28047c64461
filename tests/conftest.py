"""Which tests `make check` leaves to `make test`: those that start something."""

from __future__ import annotations

import pytest

STARTS_SOMETHING = frozenset({"house", "hub", "home", "web", "front_door", "node", "go"})
"""Fixtures that start a hub, its database, or a process."""


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark as slow what asks for one of them."""
    for item in items:
        if STARTS_SOMETHING & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.slow)
