"""The hub of the scenarios: that of the server's tests."""

from __future__ import annotations

from tests.server.conftest import home, house, moved_in

__all__ = ["home", "house", "moved_in"]
