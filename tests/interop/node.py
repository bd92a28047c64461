"""The TypeScript core in a process of Node's, asked over a local pipe."""

from __future__ import annotations

import json
import os
import select
import shutil
import subprocess
import time
from pathlib import Path
from typing import Any, Final

from tests.needs import absent

WEB: Final = Path(__file__).parents[2] / "clients" / "web"
START: Final = WEB / "tests" / "interop" / "start.mjs"

STARTING_SECONDS: Final = 60.0
"""The first answer waits for the bundle: one second, more on a busy machine."""
ANSWER_SECONDS: Final = 20.0
END_SECONDS: Final = 5.0


class Refused(Exception):
    """A core refused; both give the same code for the same rule."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Node:
    """A process that answers one request after another, each within a time."""

    def __init__(self) -> None:
        node = shutil.which("node")
        if node is None or not (WEB / "node_modules" / "vite").is_dir():
            absent("no Node here, or the client's packages are not installed")
        self._process = subprocess.Popen(
            [node, START], cwd=WEB, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        self._unread = b""
        self._patience = STARTING_SECONDS

    def ask(self, action: str, **fields: Any) -> dict[str, Any]:
        """Have one thing done; raise `Refused` where the core refuses it."""
        assert self._process.stdin is not None
        request = {"do": action} | {name: _as_json(value) for name, value in fields.items()}
        self._process.stdin.write(json.dumps(request).encode() + b"\n")
        self._process.stdin.flush()
        answer: dict[str, Any] = json.loads(self._line(self._patience))
        self._patience = ANSWER_SECONDS
        if "refused" in answer:
            raise Refused(answer["refused"])
        assert "done" in answer, answer
        done: dict[str, Any] = answer["done"]
        return done

    def close(self) -> None:
        """End the process, kindly or not."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        try:
            self._process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(END_SECONDS)
        self._process.stdout.close()

    def _line(self, seconds: float) -> bytes:
        assert self._process.stdout is not None
        deadline = time.monotonic() + seconds
        while b"\n" not in self._unread:
            left = deadline - time.monotonic()
            readable, _, _ = select.select([self._process.stdout], [], [], max(left, 0))
            assert readable, "the TypeScript core does not answer"
            read = os.read(self._process.stdout.fileno(), 1 << 16)
            assert read, "the TypeScript core has ended"
            self._unread += read
        line, _, self._unread = self._unread.partition(b"\n")
        return line


def _as_json(value: Any) -> Any:
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, (list, tuple)):
        return [_as_json(one) for one in value]
    if isinstance(value, dict):
        return {key: _as_json(one) for key, one in value.items()}
    return value
