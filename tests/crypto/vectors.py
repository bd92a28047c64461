"""Where the official vectors are: beside the project, not inside it."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest


def official(name: str) -> Any:
    """Return one file of the official vectors; skip where they are absent, fail in CI."""
    beside = Path(__file__).parents[2].parent / "shared" / "vectors"
    path = Path(os.environ.get("COLLOQUE_VECTORS", beside)) / name
    if not path.exists():
        reason = f"the official vectors are not there: {name} (see COLLOQUE_VECTORS)"
        pytest.fail(reason) if "CI" in os.environ else pytest.skip(reason)
    return json.loads(path.read_text("utf-8"))
