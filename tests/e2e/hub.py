"""The real hub as a child process: started, stopped, killed, and its files looked through."""

from __future__ import annotations

import base64
import http.client
import os
import signal
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.e2e.netns import LOOPBACK, Host, Place

READY = "Colloque is ready: "
START_SECONDS = 30
STOP_SECONDS = 15
CSP_METRIC = "colloque_csp_reports_total"


@dataclass
class Hub:
    """One hub on one port with one data directory, through as many lives as a test asks."""

    directory: Path
    settings: dict[str, str] = field(default_factory=dict)
    port: int = 0
    place: Place = field(default_factory=Host)
    _process: subprocess.Popen[str] | None = None

    @property
    def data(self) -> Path:
        """Where the database and the keys are."""
        return self.directory / "data"

    @property
    def log(self) -> Path:
        """What the hub wrote on both its outputs."""
        return self.directory / "hub.log"

    @property
    def address(self) -> str:
        """The demonstration's first screen."""
        return f"http://{LOOPBACK}:{self.port}/"

    def origin(self, slug: str) -> str:
        """Where a persona lives."""
        return f"http://{slug}.localhost:{self.port}"

    def start(self) -> None:
        """Start the hub and return once it says that it is ready."""
        self.port = self.port or free_port(self.place)
        command = self.place.command([sys.executable, "-m", "server", "demo"])
        with self.log.open("a") as log:
            self._process = subprocess.Popen(
                [*command, "--port", str(self.port), "--data", str(self.data)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                env={**os.environ, **self.settings},
            )
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line.startswith(READY), f"the hub did not start: {self.log.read_text()}"
        with self.log.open("a") as log:
            log.write(line)

    def stop(self) -> None:
        """End the hub in order."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """End the hub as a power cut would."""
        self._end(signal.SIGKILL)

    def csp_reports(self) -> float:
        """Return how many violations browsers reported to this life of the hub."""
        with self.place.entered():
            connection = http.client.HTTPConnection(LOOPBACK, self.port, timeout=10)
            connection.request("GET", "/metrics")
            lines = connection.getresponse().read().decode().splitlines()
            connection.close()
        counts = [line.rpartition(" ")[2] for line in lines if line.startswith(f"{CSP_METRIC} ")]
        return float(counts[0])

    def alter_entry(self) -> tuple[str, int]:
        """Change one byte of how a dispensation began, as an intruder in the database would.

        Returns which log and index: what the officer must be told.
        """
        with sqlite3.connect(self.data / "colloque.sqlite") as database:
            log, index, entry = database.execute(
                "SELECT log, idx, bytes FROM entry WHERE log LIKE '%/care'"
                " AND instr(bytes, CAST('\"dispensation.started\"' AS BLOB)) > 0"
            ).fetchone()
            triggers = database.execute(
                "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'entry'"
            ).fetchall()
            for (trigger,) in triggers:
                database.execute(f'DROP TRIGGER "{trigger}"')
            at = entry.index(b'"ts":') + len(b'"ts":')
            altered = entry[:at] + bytes([entry[at] ^ 1]) + entry[at + 1 :]
            database.execute(
                "UPDATE entry SET bytes = ? WHERE log = ? AND idx = ?", (altered, log, index)
            )
        database.close()
        return log, index

    def rows(self, query: str, *arguments: Any) -> list[tuple[Any, ...]]:
        """Return what stands in the hub's database: what its operator sees."""
        with closing(sqlite3.connect(f"file:{self.data}/colloque.sqlite?mode=ro", uri=True)) as db:
            return list(db.execute(query, arguments))

    def events(self, conversation: str) -> list[tuple[int, str, str, bytes]]:
        """Return the steps of a conversation: number, kind, device and body."""
        return self.rows(
            "SELECT seq, what, device, body FROM event WHERE conversation = ? ORDER BY seq",
            conversation,
        )

    def traces_of(self, text: str) -> list[str]:
        """Return the files of this hub in which `text` stands, plain, in base64 or in hex."""
        needles = list(_spellings(text))
        return [
            path.name
            for path in sorted(self.directory.rglob("*"))
            if path.is_file() and any(needle in path.read_bytes() for needle in needles)
        ]

    def _end(self, how: signal.Signals) -> None:
        process = self._process
        if process is None:
            return
        process.send_signal(how)
        process.wait(STOP_SECONDS)
        assert process.stdout is not None
        process.stdout.close()
        self._process = None


def free_port(place: Place | None = None) -> int:
    """Return a port that nobody listens on now, on loopback."""
    with (place or Host()).entered(), socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        port: int = probe.getsockname()[1]
        return port


def _spellings(text: str) -> Iterator[bytes]:
    """Yield `text` as it may stand in a file: its bytes, their hex, base64 at each alignment."""
    raw = text.encode()
    yield raw
    yield raw.hex().encode()
    yield raw.hex().upper().encode()
    for shift in range(3):
        encoded = base64.b64encode(b"\0" * shift + raw)
        # The first characters depend on what stands before the text, the last on what follows.
        middle = encoded[4 if shift else 0 : -4]
        yield middle
        yield middle.translate(bytes.maketrans(b"+/", b"-_"))
