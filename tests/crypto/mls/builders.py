"""The golden files of `tests/vectors/mls`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

VECTORS: Final = Path(__file__).parents[2] / "vectors" / "mls"


def golden_messages() -> list[dict[str, Any]]:
    """Return the messages that the Go program laid out."""
    messages: list[dict[str, Any]] = json.loads((VECTORS / "messages.json").read_text("utf-8"))
    return messages
