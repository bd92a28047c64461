"""The fuzzer finds nothing in a moment, and would find something if it were there."""

from __future__ import annotations

import pytest

from loadtests.mls_fuzz import Fuzzer, Tally, fuzz
from loadtests.mls_targets import Crash, Target

pytestmark = pytest.mark.slow


def test_a_moment_of_fuzzing_finds_nothing() -> None:
    """`python -m loadtests.mls_fuzz` goes on for longer."""
    tally = fuzz(3, rounds=600)

    assert tally.inputs > 0
    assert len(tally.refused) > 10


def _broken(data: bytes) -> None:
    raise IndexError(len(data))


@pytest.mark.parametrize(
    ("target", "says"),
    [
        (Target("breaks", (b"some bytes",), _broken), "breaks"),
        (Target("takes all", (b"some bytes",), len, is_sealed=True), "accepted"),
    ],
)
def test_what_must_not_happen_ends_the_run(target: Target, says: str) -> None:
    """An error that is not declared, and a forgery that is believed."""
    fuzzer = Fuzzer(1, Tally())
    fuzzer._targets = [target]

    with pytest.raises(Crash, match=says):
        _rounds(fuzzer)


def _rounds(fuzzer: Fuzzer) -> None:
    for _ in range(50):
        fuzzer.round()
