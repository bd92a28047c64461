"""Where the official vectors are: beside the project, not inside it."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from tests.needs import absent


def official(name: str) -> Any:
    """Return one file of the official vectors; they must be there where everything is run."""
    beside = Path(__file__).parents[2].parent / "shared" / "vectors"
    path = Path(os.environ.get("COLLOQUE_VECTORS", beside)) / name
    if not path.exists():
        absent(f"the official vectors are not there: {name} (see COLLOQUE_VECTORS)")
    return json.loads(path.read_text("utf-8"))
