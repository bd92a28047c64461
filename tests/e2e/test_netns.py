"""The networks that calls are tested in: closed, cut at will, and gone afterwards."""

from __future__ import annotations

import os
import select
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e import netns
from tests.e2e.netns import NAMED, Host, Namespace, Town
from tests.needs import needs_namespaces

PATIENCE = 10


@pytest.fixture
def town() -> Iterator[Town]:
    with netns.a_town() as town:
        yield town


def a_listener(namespace: Namespace, address: str) -> socket.socket:
    """Receive datagrams in a namespace."""
    with namespace.entered():
        receiver = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    receiver.bind((address, 0))
    return receiver


def arrives(sender: Namespace, receiver: socket.socket, seconds: float) -> bool:
    """Send one datagram; tell whether it comes."""
    with sender.entered(), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out:
        out.sendto(b"hello", receiver.getsockname())
    readable, _, _ = select.select([receiver], [], [], seconds)
    return bool(readable) and receiver.recv(16) == b"hello"


@needs_namespaces
def test_nothing_leaves_a_namespace() -> None:
    """Its only interfaces are loopback and the two ends of its own cable."""
    with netns.a_place() as place, place.entered():
        names = {name for _, name in socket.if_nameindex()}

    assert names == {"lo", "w0", "w1"}


@needs_namespaces
def test_programs_started_in_a_place_are_there_and_end_with_it() -> None:
    """By the prefix of their command; whatever still runs is ended when the place is removed."""
    with netns.a_place() as place:
        assert isinstance(place, Namespace)
        command = place.command(["sleep", "600"])
        program = subprocess.Popen(command)
        there = os.stat(NAMED / place.name).st_ino
        with place.entered():
            assert os.stat("/proc/thread-self/ns/net").st_ino == there

    assert program.wait(PATIENCE) == -9
    assert not (NAMED / place.name).exists()
    assert os.stat("/proc/thread-self/ns/net").st_ino != there


@needs_namespaces
def test_a_place_is_removed_after_a_failure() -> None:
    """The namespace of a test that failed does not stay behind."""
    with pytest.raises(ZeroDivisionError), netns.a_town() as town:
        raise ZeroDivisionError

    assert not any((NAMED / one.name).exists() for one in (town.here, town.there))


@needs_namespaces
def test_what_a_killed_run_left_behind_is_swept(monkeypatch: pytest.MonkeyPatch) -> None:
    """A namespace whose owner is no more goes when the next one is made."""
    gone = subprocess.Popen(["true"])
    gone.wait(PATIENCE)
    left = f"{netns.PREFIX}{gone.pid}-0"
    subprocess.run(["ip", "netns", "add", left], check=True)

    with netns.a_place():
        assert not (NAMED / left).exists()


@needs_namespaces
@pytest.mark.parametrize("how", ["cut", "silence"])
def test_a_cable_carries_until_it_is_cut_and_again_once_mended(town: Town, how: str) -> None:
    """By what is really sent over it."""
    end, mend = (
        (town.wifi.cut, town.wifi.mend) if how == "cut" else (town.wifi.silence, town.wifi.speak)
    )
    with a_listener(town.there, town.there.address) as receiver:
        assert arrives(town.here, receiver, PATIENCE)
        end()
        assert not arrives(town.here, receiver, 0.2)
        mend()
        assert arrives(town.here, receiver, PATIENCE)


@needs_namespaces
def test_the_other_cable_carries_on_when_one_is_cut(town: Town) -> None:
    """The default route falls to it."""
    with a_listener(town.there, "10.78.2.2") as receiver:
        town.wifi.cut()

        assert arrives(town.here, receiver, PATIENCE)


@needs_namespaces
def test_an_executable_runs_a_program_in_its_place(tmp_path: Path) -> None:
    """For what starts programs by a path alone."""
    with netns.a_place() as place:
        path = netns.make_executable(place, "readlink", tmp_path / "readlink")
        done = subprocess.run([path, "/proc/self/ns/net"], capture_output=True, check=True)

    assert done.stdout.strip() != os.readlink("/proc/self/ns/net").encode()


def test_the_host_is_a_place_too() -> None:
    """Commands are as they were; loopback is gathered only where there is nothing else."""
    host = Host()

    assert host.command(["true"]) == ["true"]
    assert bool(host.flags) == (host.address == netns.LOOPBACK)
