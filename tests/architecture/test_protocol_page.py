"""The page that others write clients from says what the code says."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

ROOT = Path(__file__).parents[2]


def load_writer() -> ModuleType:
    """Load the tool that writes the tables."""
    path = ROOT / "tools" / "write_protocol.py"
    spec = importlib.util.spec_from_file_location("write_protocol", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_tables_of_the_protocol_page_are_those_of_the_code() -> None:
    """`python tools/write_protocol.py` would change nothing."""
    writer = load_writer()
    page = writer.PAGE.read_text()

    assert writer.rewritten(page) == page
