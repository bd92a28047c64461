"""Debian's Firefox ESR, driven from Python by way of puppeteer-core (`firefox.mjs`)."""

from __future__ import annotations

import json
import select
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.e2e.netns import Place

HERE = Path(__file__).parent
DRIVER = HERE / "firefox.mjs"
PUPPETEER = (
    HERE.parents[1] / "clients/web/node_modules/puppeteer-core/lib/esm/puppeteer/puppeteer-core.js"
)
PATIENCE = 40
STOP_SECONDS = 15


class Firefox:
    """One page in one Firefox."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process
        self._asked = 0

    def ask(self, verb: str, **told: Any) -> Any:
        """Have the driver do something; return what comes of it, or fail with its words."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._asked += 1
        line = json.dumps({"id": self._asked, "verb": verb, **told})
        self._process.stdin.write(line.encode() + b"\n")
        self._process.stdin.flush()
        ready, _, _ = select.select([self._process.stdout], [], [], PATIENCE)
        assert ready, f"Firefox did not answer: {verb} {told}"
        answer = json.loads(self._process.stdout.readline())
        assert answer["id"] == self._asked
        assert "error" not in answer, f"{verb} {told}: {answer['error']}"
        return answer["value"]

    def press(self, name: str, role: str = "button") -> None:
        """Press what has this name."""
        self.ask("press", role=role, name=name)

    def see(self, name: str, role: str = "button") -> None:
        """Wait for what has this name."""
        self.ask("see", role=role, name=name)

    def evaluate(self, expression: str) -> Any:
        """Return what an expression is in the page."""
        return self.ask("evaluate", expression=expression)

    def wait(self, expression: str) -> Any:
        """Wait until an expression is true; return it."""
        return self.ask("wait", expression=expression)


@contextmanager
def a_firefox(place: Place, directory: Path) -> Iterator[Firefox]:
    """Start Firefox in a place; it ends with its driver, whose input ends."""
    node, program = shutil.which("node"), shutil.which("firefox-esr")
    assert node, "there is no Node"
    assert program, "Firefox ESR is missing: `make test` installs it"
    with (directory / "firefox.log").open("wb") as log:
        process = subprocess.Popen(
            place.command([node, str(DRIVER), str(PUPPETEER), program]),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
        )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        yield Firefox(process)
    finally:
        process.stdin.close()
        process.wait(STOP_SECONDS)
        process.stdout.close()
