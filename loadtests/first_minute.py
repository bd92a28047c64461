"""From nothing to the first encrypted message: `python -m loadtests.first_minute`.

Clones this repository into a temporary directory, runs `make demo` there as a newcomer would, opens
the pharmacist and the patient in real Chromium, and stops the clock when the patient's screen shows
what the pharmacist wrote. Needs the development dependencies and a Chromium.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

ROOT = Path(__file__).parents[1]
WORDS = "Bonjour Monsieur Lefèvre"
READY_SECONDS = 300
GOAL_SECONDS = 60
GOAL_CLICKS = 4


class Clicks:
    """A hand on a page that counts."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.count = 0

    def on(self, role: str, name: str) -> None:
        """Click what has this role and name."""
        self.page.get_by_role(role, name=name).first.click()  # type: ignore[arg-type]
        self.count += 1


def a_free_port() -> int:
    """Return a port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def a_demo(directory: Path, port: int) -> Iterator[None]:
    """Run `make demo` in a fresh clone until the block ends."""
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(directory)], check=True)
    environment = {k: v for k, v in os.environ.items() if k not in ("MAKEFLAGS", "MAKELEVEL")}
    with subprocess.Popen(
        ["make", "demo", f"PORT={port}"],
        cwd=directory,
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        try:
            _await_ready(process)
            yield
        finally:
            os.killpg(process.pid, signal.SIGTERM)


def _await_ready(process: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + READY_SECONDS
    for line in process.stdout or ():
        if line.startswith("Colloque is ready:"):
            return
        if time.monotonic() > deadline:
            break
    raise SystemExit("make demo did not get ready")


def write_first_message(port: int) -> int:
    """Open both people, write, wait until it is read; return the clicks it took."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        context = browser.new_context(locale="fr-FR")
        claire, jean = context.new_page(), context.new_page()
        jean.goto(f"http://jean.localhost:{port}/#demo")
        claire.goto(f"http://claire.localhost:{port}/#demo")
        hand = Clicks(claire)
        hand.on("button", "Nouvelle dispensation")
        hand.on("radio", "Âge")
        hand.on("button", "Commencer")
        claire.get_by_role("textbox", name="Votre message").fill(WORDS)
        claire.keyboard.press("Enter")
        jean.get_by_text(WORDS).first.wait_for()
        browser.close()
        return hand.count


def main() -> int:
    """Measure once; exit 1 beyond the goal."""
    port = a_free_port()
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as temporary, a_demo(Path(temporary) / "colloque", port):
        ready = time.monotonic() - began
        clicks = write_first_message(port)
        took = time.monotonic() - began
    print(f"ready after {ready:.1f} s, first message after {took:.1f} s and {clicks} clicks")
    return 0 if took <= GOAL_SECONDS and clicks <= GOAL_CLICKS else 1


if __name__ == "__main__":
    sys.exit(main())
