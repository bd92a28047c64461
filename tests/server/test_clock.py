"""The hub's clock: the machine's, without its jumps back."""

from __future__ import annotations

import pytest

from server.app import SystemClock

HOUR = 3600 * 1_000_000_000


class Machine:
    """A machine's two clocks, in nanoseconds."""

    def __init__(self) -> None:
        self.wall = 1_790_000_000 * 1_000_000_000
        self.steady = 5 * HOUR

    def run(self, nanoseconds: int) -> None:
        """Let time pass."""
        self.wall += nanoseconds
        self.steady += nanoseconds


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Machine:
    """A machine whose clocks the test turns."""
    machine = Machine()
    monkeypatch.setattr("time.time_ns", lambda: machine.wall)
    monkeypatch.setattr("time.monotonic_ns", lambda: machine.steady)
    return machine


def test_it_is_the_machines_clock_in_microseconds(machine: Machine) -> None:
    """As long as that one goes forward."""
    clock = SystemClock()
    machine.run(1_500)

    assert clock.now() == machine.wall // 1000


def test_a_jump_forward_is_followed(machine: Machine) -> None:
    """A machine that slept says so."""
    clock = SystemClock()
    machine.wall += HOUR

    assert clock.now() == machine.wall // 1000


def test_set_back_it_neither_goes_back_nor_stands_still(machine: Machine) -> None:
    """A ring of two minutes ends after four at most, not after an hour."""
    clock = SystemClock()
    before = clock.now()
    machine.wall -= HOUR
    machine.run(240 * 1_000_000_000)

    assert clock.now() == before + 120 * 1_000_000


def test_it_agrees_with_the_machine_again_in_the_end(machine: Machine) -> None:
    """No wrong hour is kept for good."""
    clock = SystemClock()
    machine.wall -= HOUR

    for _ in range(120):
        machine.run(HOUR // 60)
        clock.now()

    assert clock.now() == machine.wall // 1000
