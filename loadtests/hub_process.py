"""The hub as a child process of a scenario: started, killed by its own pid, started again."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import sys
from pathlib import Path

START_SECONDS = 30.0
STOP_SECONDS = 15.0
LOOPBACK = "127.0.0.1"

# A scenario sends in a second what a pharmacy sends in a day. The limits are a policy of the
# hub, tested beside it; here they would only slow the clients down.
_WIDE_LIMITS = {
    "COLLOQUE_RATE_DEVICE": "1000000/10 seconds",
    "COLLOQUE_RATE_CONVERSATION": "1000000/10 seconds",
    "COLLOQUE_RATE_COSTLY": "1000000/minute",
    "COLLOQUE_RATE_CLAIMS": "1000000/hour",
    "COLLOQUE_RATE_CALLS": "1000000/minute",
}


class HubDied(Exception):
    """The hub ended, or never began, without being told to; its log says more."""


class HubProcess:
    """One hub on one port with one data directory, through as many lives as a scenario asks."""

    def __init__(self, directory: Path) -> None:
        self.port = free_port()
        self._data = directory / "data"
        self._dist = directory / "dist"
        self._log = directory / "hub.log"
        self._process: asyncio.subprocess.Process | None = None
        # The scenario needs no client: a page of one line lets the hub start unbuilt.
        self._dist.mkdir(parents=True, exist_ok=True)
        (self._dist / "index.html").write_text("<!doctype html><title>loadtest</title>\n")

    async def start(self) -> None:
        """Start the hub and return once it says that it is ready."""
        with self._log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "server", "demo"),
                *("--port", str(self.port), "--data", str(self._data)),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=log,
                env={**os.environ, **_WIDE_LIMITS, "COLLOQUE_DIST": str(self._dist)},
            )
        async with asyncio.timeout(START_SECONDS):
            await self._wait_until_ready(self._process)

    async def kill(self) -> None:
        """Send SIGKILL to this very process, as a power cut would, and reap it."""
        process = self._running()
        process.kill()
        await process.wait()

    async def stop(self) -> None:
        """End the hub in order, or by force when it does not end in time."""
        process = self._process
        if process is None or process.returncode is not None:
            return
        process.terminate()
        try:
            async with asyncio.timeout(STOP_SECONDS):
                await process.wait()
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()

    def log_tail(self, lines: int = 20) -> str:
        """Return the end of what the hub wrote to its log."""
        if not self._log.exists():
            return ""
        return "\n".join(self._log.read_text(errors="replace").splitlines()[-lines:])

    async def _wait_until_ready(self, process: asyncio.subprocess.Process) -> None:
        if process.stdout is not None:
            async for line in process.stdout:
                if line.startswith(b"Colloque is ready"):
                    return
        raise HubDied("the hub did not start")

    def _running(self) -> asyncio.subprocess.Process:
        if self._process is None or self._process.returncode is not None:
            raise HubDied("the hub ended by itself")
        return self._process


def free_port() -> int:
    """Return a port of this machine that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        port: int = probe.getsockname()[1]
        return port
