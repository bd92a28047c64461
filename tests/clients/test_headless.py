"""The example of `docs/headless.md` runs: exactly that text, against a real hub."""

from __future__ import annotations

import asyncio
import os
import re
import sys
from pathlib import Path

import pytest

from tests.clients.real_hub import a_hub

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "headless.md"


def the_example() -> str:
    """Return the page's one piece of Python."""
    [example] = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    return str(example)


@pytest.mark.slow
async def test_the_example_of_the_page_runs_and_again_from_its_files(tmp_path: Path) -> None:
    """The first time it makes the devices, the second time it takes them up."""
    said = []
    async with a_hub(tmp_path) as hub:
        for _ in range(2):
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-c", the_example()),
                cwd=tmp_path,
                env={**os.environ, "COLLOQUE_PORT": str(hub.port), "PYTHONPATH": str(ROOT)},
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
            )
            out, err = await process.communicate()
            assert process.returncode == 0, err.decode()
            said.append(out.decode())

    assert all(
        re.fullmatch(r"Bonjour Monsieur Lefèvre \(entry \d+ of the log, proven\)\n", line)
        for line in said
    )
    assert (tmp_path / "claire.device").exists()


def test_the_example_is_short() -> None:
    """Some twenty lines."""
    lines = [line for line in the_example().splitlines() if line.strip()]

    assert len(lines) <= 22
