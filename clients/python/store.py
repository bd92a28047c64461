"""Where a device keeps what it must not lose: rows of bytes, changed together or not at all.

The rows hold private keys in the clear. A file is readable by its owner only; the disk it lies on
should be encrypted, and a backup of it is as secret as the device.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final, Protocol

import msgspec

from clients.python.errors import StateInUse, StateUnreadable

Rows = dict[str, bytes]
Changes = Mapping[str, bytes | None]
"""New rows by name; None takes a row away."""

_MAGIC: Final = b"colloque device 1\n"
_LENGTH_BYTES: Final = 4
_HASH_BYTES: Final = 32
# What is superseded lies in the file until it is written anew: never much more than what counts.
_SLACK_BYTES: Final = 1024 * 1024


class Store(Protocol):
    """The rows of one device. One store at a time has them open."""

    def read(self) -> Rows:
        """Return every row."""
        ...

    def write(self, changes: Changes) -> None:
        """Make all changes or none; they are durable when it returns."""
        ...

    def close(self) -> None:
        """Let go of the rows."""
        ...


class MemoryStore:
    """Rows that end with the process: for loads, and for tests that restart a device."""

    def __init__(self, rows: Mapping[str, bytes] | None = None) -> None:
        self.rows: Rows = dict(rows or {})

    def read(self) -> Rows:
        """Return every row."""
        return dict(self.rows)

    def write(self, changes: Changes) -> None:
        """Make all changes."""
        _change(self.rows, changes)

    def close(self) -> None:
        """Nothing to let go of."""


class FileStore:
    """Rows in one file, to which each write appends.

    What a crash leaves half written was never answered for, and is ignored. The file is written
    anew when it is opened, and whenever it has grown far beyond its rows.
    """

    def __init__(self, path: Path) -> None:
        """Open the file or begin one; raise `StateInUse` or `StateUnreadable`."""
        self._path = path
        self._lock = _lock(path.with_name(path.name + ".lock"))
        try:
            self._rows = _replay(path.read_bytes()) if path.exists() else {}
            self._descriptor, self._size = self._rewritten()
        except BaseException:
            os.close(self._lock)
            raise

    def read(self) -> Rows:
        """Return every row."""
        return dict(self._rows)

    def write(self, changes: Changes) -> None:
        """Append all changes as one record, and have it on the disk."""
        record = _record(changes)
        _write_all(self._descriptor, record)
        os.fsync(self._descriptor)
        _change(self._rows, changes)
        self._size += len(record)
        if self._size > 4 * sum(map(len, self._rows.values())) + _SLACK_BYTES:
            os.close(self._descriptor)
            self._descriptor, self._size = self._rewritten()

    def close(self) -> None:
        """Close the file; another process may open it."""
        os.close(self._descriptor)
        os.close(self._lock)

    def _rewritten(self) -> tuple[int, int]:
        """Put a file of the present rows in the place of the old one; return it, open, its size."""
        fresh = self._path.with_name(self._path.name + ".new")
        data = _MAGIC + _record(self._rows)
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        _write_all(descriptor, data)
        os.fsync(descriptor)
        os.replace(fresh, self._path)
        _sync_directory(self._path.parent)
        return descriptor, len(data)


def _change(rows: Rows, changes: Changes) -> None:
    for name, value in changes.items():
        if value is None:
            rows.pop(name, None)
        else:
            rows[name] = value


def _record(changes: Changes) -> bytes:
    body = msgspec.msgpack.encode(dict(changes))
    return len(body).to_bytes(_LENGTH_BYTES, "big") + hashlib.sha256(body).digest() + body


def _replay(data: bytes) -> Rows:
    """Return the rows after every whole record."""
    if not data.startswith(_MAGIC):
        raise StateUnreadable("not a device's file")
    rows: Rows = {}
    at = len(_MAGIC)
    while at < len(data):
        head = at + _LENGTH_BYTES
        body = head + _HASH_BYTES
        end = body + int.from_bytes(data[at:head], "big")
        if end > len(data) or hashlib.sha256(data[body:end]).digest() != data[head:body]:
            if end < len(data):
                raise StateUnreadable("a record in the middle of the file is damaged")
            break  # the last write: it never returned
        _change(rows, _changes_of(data[body:end]))
        at = end
    return rows


def _changes_of(body: bytes) -> Changes:
    try:
        return msgspec.msgpack.decode(body, type=dict[str, bytes | None])
    except msgspec.DecodeError as exc:
        raise StateUnreadable("a record of another format") from exc


def _lock(path: Path) -> int:
    """Keep every other process off: two of one device would use one key twice."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        _lock_descriptor(descriptor)
    except OSError as exc:
        os.close(descriptor)
        raise StateInUse("another process has this device open") from exc
    return descriptor


if sys.platform == "win32":
    import msvcrt

    def _lock_descriptor(descriptor: int) -> None:
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
else:
    import fcntl

    def _lock_descriptor(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _write_all(descriptor: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


def _sync_directory(directory: Path) -> None:
    # Windows cannot open a directory, and needs no such thing.
    with contextlib.suppress(PermissionError):
        descriptor = os.open(directory, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
