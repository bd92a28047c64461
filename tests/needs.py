"""What a test needs of the machine: asked for in one place, never quietly done without."""

from __future__ import annotations

import os
import platform
import sys
from pathlib import Path
from typing import Final, NoReturn

import pytest

from tests.e2e.netns import can_make

needs_namespaces = pytest.mark.skipif(
    not can_make(), reason="no network namespace can be made here: not root, or no iproute2"
)
"""Who is not root runs everything else: calls then go over the host's own loopback."""

needs_wheels_of_peers = pytest.mark.skipif(
    (sys.platform, platform.machine()) != ("linux", "x86_64"),
    reason="the peers over mls-rs are published for Linux on x86-64 only",
)

VECTORS: Final = Path(
    os.environ.get("COLLOQUE_VECTORS", Path(__file__).parents[2] / "shared" / "vectors")
)
needs_official_vectors = pytest.mark.skipif(
    "CI" not in os.environ and not VECTORS.is_dir(),
    reason="the official vectors are not beside the project (see COLLOQUE_VECTORS)",
)
"""Where CI is set they must be there: what reads them then fails without them."""


def absent(reason: str) -> NoReturn:
    """Tell that a package that `make test` installs is not here."""
    pytest.fail(reason)
