"""Networks of a test's own: nothing in them can leave, and their links can really be cut.

`Namespace` is a network namespace: loopback, and virtual cables whose two ends are both inside it,
or one in each of two. Programs run in it through `nsenter`; a thread of the tests enters it for the
sockets that it opens itself. `Host` is the machine's own network, for where no namespace can be
made (not root, no `ip`): it says so, and has no link to cut.
"""

from __future__ import annotations

import ctypes
import os
import select
import shutil
import signal
import socket
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Protocol

CLONE_NEWNET = 0x40000000
NAMED = Path("/run/netns")
PREFIX = "colloque-"
NOBODY = "02:00:00:00:00:01"
"""The address of no card: whoever gets a frame for it drops it, and tells nobody."""
NOWHERE = ("203.0.113.1", 9)
LOOPBACK = "127.0.0.1"
LOOPBACK_FLAG = "--allow-loopback-in-peer-connection"
COMMAND_SECONDS = 20
END_SECONDS = 10
CABLES = ("wifi", "4g")

_numbers = count()


class Place(Protocol):
    """Where the programs of a test run."""

    @property
    def says(self) -> str:
        """One line on what network this is."""
        ...

    @property
    def address(self) -> str:
        """An address by which its programs reach each other."""
        ...

    @property
    def flags(self) -> tuple[str, ...]:
        """What Chromium needs beside the usual so that calls connect here."""
        ...

    def command(self, words: Sequence[str]) -> list[str]:
        """Return the command that runs `words` here, with the process id of the program itself."""
        ...

    def entered(self) -> AbstractContextManager[None]:
        """Be here, with this thread: for sockets that it opens and programs that it starts."""
        ...


def telling(place: Place) -> list[str]:
    """Return the addresses of a place that would tell of a call, were they found in a file.

    Loopback is in every log as it is, and tells of nobody.
    """
    return [place.address] if place.address != LOOPBACK else []


class Host:
    """The machine's own network."""

    says = "on the host's own network: no namespace can be made here"

    def __init__(self) -> None:
        self.address = _own_address()
        # With another interface beside it, candidates of loopback only lead astray (CALLS).
        self.flags = (LOOPBACK_FLAG,) if self.address == LOOPBACK else ()

    def command(self, words: Sequence[str]) -> list[str]:
        """Return the words as they are."""
        return list(words)

    @contextmanager
    def entered(self) -> Iterator[None]:
        """Stay."""
        yield


@dataclass(frozen=True, slots=True)
class Namespace:
    """A network namespace, by name; what runs in it ends with it."""

    name: str
    address: str
    flags = ()

    @property
    def says(self) -> str:
        """One line on what network this is."""
        return f"in the network namespace {self.name}, at {self.address}"

    def command(self, words: Sequence[str]) -> list[str]:
        """Return the command that runs `words` here, with the process id of the program itself."""
        return ["nsenter", f"--net={NAMED / self.name}", *words]

    @contextmanager
    def entered(self) -> Iterator[None]:
        """Be here, with this thread."""
        with (
            open("/proc/thread-self/ns/net", "rb") as back,
            open(NAMED / self.name, "rb") as here,
        ):
            _set_namespace(here.fileno())
            try:
                yield
            finally:
                _set_namespace(back.fileno())


@dataclass(frozen=True, slots=True)
class End:
    """One end of a cable."""

    namespace: Namespace
    device: str
    address: str


@dataclass(frozen=True, slots=True)
class Cable:
    """Two ends. It can be pulled out, which both sides notice, or fall silent, which none does."""

    ends: tuple[End, End]

    def cut(self) -> None:
        """Take the link down on the far side: the near side sees its carrier go."""
        _ip("link", "set", self.ends[1].device, "down", of=self.ends[1].namespace)

    def mend(self) -> None:
        """Bring the link up again, with the routes that went with it."""
        _ip("link", "set", self.ends[1].device, "up", of=self.ends[1].namespace)
        for end, other in (self.ends, self.ends[::-1]):
            _route(end, other)

    def silence(self) -> None:
        """Let every packet vanish, both ways; no interface changes."""
        for end, other in (self.ends, self.ends[::-1]):
            neighbour = ("neigh", "replace", other.address, "lladdr", NOBODY, "nud", "permanent")
            _ip(*neighbour, "dev", end.device, of=end.namespace)

    def speak(self) -> None:
        """End the silence."""
        for end, other in (self.ends, self.ends[::-1]):
            _ip("neigh", "del", other.address, "dev", end.device, of=end.namespace)


@dataclass(frozen=True, slots=True)
class Town:
    """Two namespaces with two cables between them, "wifi" and "4g"."""

    here: Namespace
    there: Namespace
    wifi: Cable
    mobile: Cable


def can_make() -> bool:
    """Tell whether this process may make network namespaces."""
    if os.geteuid() != 0 or not all(map(shutil.which, ("ip", "nsenter"))):
        return False
    name = _new_name()
    made = subprocess.run(
        ["ip", "netns", "add", name], capture_output=True, timeout=COMMAND_SECONDS, check=False
    )
    if made.returncode == 0:
        _remove(name)
    return made.returncode == 0


@contextmanager
def a_place() -> Iterator[Place]:
    """Make a namespace with one cable, both ends inside; where that cannot be, be on the host."""
    if not can_make():
        yield Host()
        return
    with _a_namespace("10.77.0.1") as here:
        near, far = End(here, "w0", "10.77.0.1"), End(here, "w1", "10.77.0.2")
        _lay(near, far)
        _ip("route", "add", "default", "via", far.address, "dev", near.device, of=here)
        yield here


@contextmanager
def a_town() -> Iterator[Town]:
    """Make two namespaces joined by two cables."""
    with ExitStack() as stack:
        here = stack.enter_context(_a_namespace("10.78.1.1"))
        there = stack.enter_context(_a_namespace("10.78.1.2"))
        cables = []
        for number, device in enumerate(CABLES, 1):
            near = End(here, device, f"10.78.{number}.1")
            far = End(there, device, f"10.78.{number}.2")
            _lay(near, far)
            for end, other in ((near, far), (far, near)):
                _route(end, other)
            cables.append(Cable((near, far)))
        yield Town(here, there, *cables)


def make_executable(place: Place, program: str, at: Path) -> Path:
    """Write an executable that runs `program` in `place`, for who only takes an executable."""
    words = " ".join(place.command([program]))
    at.write_text(f'#!/bin/sh\nexec {words} "$@"\n')
    at.chmod(0o700)
    return at


@contextmanager
def _a_namespace(address: str) -> Iterator[Namespace]:
    _sweep()
    here = Namespace(_new_name(), address)
    _run("ip", "netns", "add", here.name)
    try:
        _ip("link", "set", "lo", "up", of=here)
        yield here
    finally:
        _remove(here.name)


def _lay(near: End, far: End) -> None:
    peer = ("peer", "name", far.device, "netns", far.namespace.name)
    _ip("link", "add", near.device, "type", "veth", *peer, of=near.namespace)
    for end in (near, far):
        # An address that IPv6 gives itself later would look like a change of network.
        _ip("link", "set", end.device, "addrgenmode", "none", of=end.namespace)
        _ip("addr", "add", f"{end.address}/24", "dev", end.device, of=end.namespace)
        _ip("link", "set", end.device, "up", of=end.namespace)


def _route(end: End, other: End) -> None:
    """Reach everything by this cable; by the first named, where there is a choice."""
    metric = str(100 + CABLES.index(end.device))
    route = ("default", "via", other.address, "dev", end.device, "metric", metric)
    _ip("route", "replace", *route, of=end.namespace)


def _remove(name: str) -> None:
    """End whatever still runs in a namespace that we made, and remove it."""
    listed = _run("ip", "netns", "pids", name).split()
    with ExitStack() as stack:
        for pid in map(int, listed):
            with suppress(ProcessLookupError):
                watched = os.pidfd_open(pid)
                stack.callback(os.close, watched)
                signal.pidfd_send_signal(watched, signal.SIGKILL)
                select.select([watched], [], [], END_SECONDS)
    _run("ip", "netns", "del", name)


def _sweep() -> None:
    """Remove what a test run that was killed has left behind."""
    for path in NAMED.glob(f"{PREFIX}*"):
        owner = path.name.removeprefix(PREFIX).partition("-")[0]
        if not Path("/proc", owner).exists():
            _remove(path.name)


def _new_name() -> str:
    return f"{PREFIX}{os.getpid()}-{next(_numbers)}"


def _ip(*words: str, of: Namespace) -> None:
    _run("ip", "-n", of.name, *words)


def _run(*words: str) -> str:
    done = subprocess.run(
        words, capture_output=True, text=True, timeout=COMMAND_SECONDS, check=False
    )
    assert done.returncode == 0, f"{' '.join(words)}: {done.stderr.strip()}"
    return done.stdout


def _set_namespace(descriptor: int) -> None:
    if ctypes.CDLL(None, use_errno=True).setns(descriptor, CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "setns")


def _own_address() -> str:
    """Return the address of the default route, or loopback; a datagram socket connects silently."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(NOWHERE)
        except OSError:
            return LOOPBACK
        address: str = probe.getsockname()[0]
        return address
