"""`python -m server.media --socket PATH`: the echo process. It ends when its input does."""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import resource
import signal
import socket
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import aioice.ice
import av.logging

from server.media.echo import SECONDS, EchoRoom
from server.media.wire import READY

NICENESS = 5
"""Everyone's messages come before somebody's test."""


def main() -> None:
    """Serve until the hub, which holds the other end of our input, is gone."""
    arguments = _arguments().parse_args()
    _keep_quiet()
    _keep_back()
    _offer(arguments.address)
    with _listening(arguments.socket) as listening:
        asyncio.new_event_loop().run_until_complete(_serve(listening, arguments.seconds))
    # Not by way of closing every test in turn: there is nothing to save, and nobody who waits.
    os._exit(0)


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m server.media", description=__doc__)
    parser.add_argument("--socket", type=Path, required=True, help="where to listen")
    parser.add_argument("--seconds", type=float, default=SECONDS, help="how long a test may last")
    parser.add_argument(
        "--address", action="append", default=[], help="offer this address and no other"
    )
    return parser


@contextmanager
def _listening(path: Path) -> Iterator[socket.socket]:
    os.umask(0o077)
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(path))
        try:
            yield listening
        finally:
            # A hub that was killed removes nothing.
            with suppress(OSError):
                path.unlink(missing_ok=True)
                path.parent.rmdir()


async def _serve(listening: socket.socket, seconds: float) -> None:
    loop, orphaned = asyncio.get_running_loop(), asyncio.Event()
    loop.set_exception_handler(_tell_kind)
    loop.add_reader(sys.stdin.fileno(), orphaned.set)
    async with await asyncio.start_unix_server(EchoRoom(seconds).serve, sock=listening):
        sys.stdout.buffer.write(READY)
        sys.stdout.buffer.flush()
        await orphaned.wait()


def _keep_quiet() -> None:
    """Say nothing: what these libraries tell holds addresses, and errors quote descriptions."""
    logging.disable(logging.CRITICAL)
    av.logging.set_level(av.logging.PANIC)
    sys.excepthook = lambda kind, _error, _trace: _tell(kind.__name__)


def _keep_back() -> None:
    """Yield to the hub, leave no memory image behind, and do not die of its terminal's ^C."""
    os.nice(NICENESS)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _offer(addresses: Sequence[str]) -> None:
    """Gather at these addresses alone, if any: aioice never offers loopback by itself."""
    if not addresses:
        return

    def told(use_ipv4: bool, use_ipv6: bool) -> list[str]:
        return [one for one in addresses if (use_ipv6 if ":" in one else use_ipv4)]

    aioice.ice.get_host_addresses = told


def _tell_kind(_loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    _tell(type(context.get("exception")).__name__)


def _tell(kind: str) -> None:
    with suppress(OSError):
        sys.stderr.write(f"echo: {kind}\n")


if __name__ == "__main__":
    main()
