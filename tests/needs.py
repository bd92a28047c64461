"""What a test needs of the machine: asked for in one place, never quietly done without."""

from __future__ import annotations

import os
from typing import NoReturn

import pytest

from tests.e2e.netns import can_make

needs_namespaces = pytest.mark.skipif(
    not can_make(), reason="no network namespace can be made here: not root, or no iproute2"
)
"""Who is not root runs everything else: calls then go over the host's own loopback."""


def absent(reason: str) -> NoReturn:
    """Tell that a package or a file is not here: a failure in CI, a reason elsewhere."""
    if "CI" in os.environ:
        pytest.fail(reason)
    pytest.skip(reason)
