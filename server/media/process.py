"""The echo process as the hub holds it: started at first need, asked, ended with the hub.

It may die (a codec that crashes takes its process along): the hub goes on, says « busy » until a
pause is over, and starts another. The pause doubles while it dies young.
"""

from __future__ import annotations

import asyncio
import shutil
import sys
import tempfile
import time
from asyncio.subprocess import PIPE, Process
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from server.media.wire import MAX_SDP_BYTES, READY, Word, parse, read
from server.ports import EchoBusy, EchoMalformed

ROOT = Path(__file__).parents[2]
START_SECONDS = 10.0
ANSWER_SECONDS = 8.0
STOP_SECONDS = 3.0
FIRST_PAUSE = 1.0
LONGEST_PAUSE = 60.0
YOUNG_SECONDS = 60.0
MAX_REPLY_BYTES = 2 * MAX_SDP_BYTES


class EchoProcess:
    """`server.ports.Echo`, by a child process."""

    def __init__(
        self, arguments: Sequence[str] = (), clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._arguments = arguments
        self._clock = clock
        self._starting = asyncio.Lock()
        self._process: Process | None = None
        self._directory: Path | None = None
        self._born = 0.0
        self._pause = 0.0
        self._not_before = 0.0

    async def answer(self, offer: str) -> str:
        """Return the answer to an offer. Raises `EchoMalformed` and `EchoBusy`."""
        asked = offer.encode()
        if len(asked) > MAX_SDP_BYTES:
            raise EchoMalformed
        try:
            path = await self._running()
            async with asyncio.timeout(ANSWER_SECONDS):
                word, answer = parse(await _ask(path, asked))
        except (OSError, TimeoutError) as exc:
            raise EchoBusy from exc
        if word is Word.MALFORMED:
            raise EchoMalformed
        if word is Word.BUSY:
            raise EchoBusy
        return answer

    async def stop(self) -> None:
        """End the process and remove its directory."""
        process, self._process = self._process, None
        if process is not None:
            await _end(process)
        if self._directory is not None:
            shutil.rmtree(self._directory, ignore_errors=True)
            self._directory = None

    async def _running(self) -> Path:
        """Return where a live process listens, started now if need be; raises `EchoBusy`."""
        async with self._starting:
            if self._process is not None and self._process.returncode is not None:
                self._bury()
            if self._process is None:
                await self._start()
            return self._socket

    def _bury(self) -> None:
        now = self._clock()
        young = now - self._born < YOUNG_SECONDS
        self._pause = min(max(FIRST_PAUSE, self._pause * 2), LONGEST_PAUSE) if young else 0.0
        self._not_before = now + self._pause
        self._process = None

    async def _start(self) -> None:
        if self._clock() < self._not_before:
            raise EchoBusy
        self._socket.unlink(missing_ok=True)
        # No environment: it holds the secrets of the hub.
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "server.media", "--socket", str(self._socket)),
            *self._arguments,
            stdin=PIPE,
            stdout=PIPE,
            cwd=ROOT,
            env={},
        )
        self._process, self._born = process, self._clock()
        try:
            async with asyncio.timeout(START_SECONDS):
                said = await process.stdout.readline() if process.stdout else b""
        except TimeoutError:
            await _end(process)
            raise
        if said != READY:
            await process.wait()
            raise EchoBusy

    @property
    def _socket(self) -> Path:
        # Beside the data its path could be longer than the 107 bytes that a socket's may be.
        if self._directory is None:
            self._directory = Path(tempfile.mkdtemp(prefix="colloque-"))
        return self._directory / "echo"


async def _ask(path: Path, offer: bytes) -> bytes:
    reader, writer = await asyncio.open_unix_connection(path)
    try:
        writer.write(offer)
        writer.write_eof()
        return await read(reader, MAX_REPLY_BYTES)
    finally:
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()


async def _end(process: Process) -> None:
    if process.stdin is not None:
        process.stdin.close()
    try:
        async with asyncio.timeout(STOP_SECONDS):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()
