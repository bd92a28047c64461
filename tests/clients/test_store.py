"""What a device must not lose: durable when written, whole after any crash, opened by one."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from clients.python import store as module
from clients.python.errors import StateInUse, StateUnreadable
from clients.python.store import FileStore, MemoryStore, Store


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where a device is kept."""
    return tmp_path / "claire.device"


def reopened(store: FileStore, path: Path) -> FileStore:
    """Close a file and open it again."""
    store.close()
    return FileStore(path)


@pytest.mark.parametrize("kind", ["file", "memory"])
def test_rows_are_changed_together(kind: str, path: Path) -> None:
    """New, changed and gone in one write."""
    store: Store = FileStore(path) if kind == "file" else MemoryStore()
    store.write({"a": b"1", "b": b"2"})

    store.write({"a": b"3", "b": None, "c": b""})

    assert store.read() == {"a": b"3", "c": b""}
    store.close()


def test_what_was_written_is_there_after_a_restart(path: Path) -> None:
    """Every write, in its order."""
    store = FileStore(path)
    for number in range(10):
        store.write({"a": b"%d" % number, f"row/{number}": bytes(number)})

    store = reopened(store, path)

    assert store.read()["a"] == b"9"
    assert len(store.read()) == 11


@pytest.mark.parametrize("cut", [1, 4, 35, 36, 40])
def test_a_write_that_a_crash_cut_short_never_was(path: Path, cut: int) -> None:
    """The one before it counts; nobody was told of the other."""
    store = FileStore(path)
    store.write({"a": b"kept"})
    whole = path.stat().st_size
    store.write({"a": b"lost", "b": bytes(100)})
    store.close()
    os.truncate(path, whole + cut)

    assert FileStore(path).read() == {"a": b"kept"}


def test_a_last_write_of_garbage_never_was(path: Path) -> None:
    """A file system may grow a file before it fills it."""
    store = FileStore(path)
    store.write({"a": b"kept"})
    whole = path.stat().st_size
    store.write({"a": b"lost"})
    store.close()
    data = bytearray(path.read_bytes())
    data[whole + 4 :] = bytes(len(data) - whole - 4)
    path.write_bytes(data)

    assert FileStore(path).read() == {"a": b"kept"}


def test_damage_before_the_last_write_is_not_passed_over(path: Path) -> None:
    """What follows it may build on what is gone."""
    store = FileStore(path)
    store.write({"a": b"kept"})
    at = path.stat().st_size - 1
    store.write({"b": b"later"})
    store.close()
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    path.write_bytes(data)

    with pytest.raises(StateUnreadable):
        FileStore(path)


@pytest.mark.parametrize("data", [b"", b"something else", b"colloque device 2\n"], ids=repr)
def test_another_file_is_not_taken_for_a_device(path: Path, data: bytes) -> None:
    """Nor written over."""
    path.write_bytes(data)

    with pytest.raises(StateUnreadable):
        FileStore(path)

    assert path.read_bytes() == data


def test_a_second_process_is_kept_off(path: Path) -> None:
    """Two of one device would encrypt twice with one key."""
    store = FileStore(path)

    with pytest.raises(StateInUse):
        FileStore(path)

    store.close()
    FileStore(path).close()


def test_only_its_owner_reads_the_file(path: Path) -> None:
    """It holds private keys."""
    FileStore(path).close()

    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_what_is_superseded_does_not_pile_up(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor stay: old secrets leave the file."""
    monkeypatch.setattr(module, "_SLACK_BYTES", 1_000)
    store = FileStore(path)

    for number in range(100):
        store.write({"group": b"secret-%d" % number * 10})

    assert path.stat().st_size < 3_000
    assert reopened(store, path).read() == {"group": b"secret-99" * 10}
    assert b"secret-98" not in path.read_bytes()


def test_a_file_that_cannot_be_written_says_so(path: Path) -> None:
    """And the rows are as they were."""
    store = FileStore(path)
    store.write({"a": b"1"})
    os.close(store._descriptor)

    with pytest.raises(OSError, match="descriptor"):
        store.write({"a": b"2"})

    assert store.read() == {"a": b"1"}
