"""One hub for one data directory: two writers would each believe to hold the end of the log."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path


class InUse(Exception):
    """Another process holds this data directory."""


def hold(directory: Path) -> int:
    """Hold the directory until the process ends; return the descriptor. Raises `InUse`."""
    descriptor = os.open(directory / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as exc:
        os.close(descriptor)
        raise InUse(str(directory)) from exc
    return descriptor
