"""Where the official vectors are: beside the project, not inside it."""

from __future__ import annotations

import json
from typing import Any

from tests.needs import VECTORS


def official(name: str) -> Any:
    """Return one file of the official vectors; its tests are marked `needs_official_vectors`."""
    return json.loads((VECTORS / name).read_text("utf-8"))
