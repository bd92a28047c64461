"""Random lives of a group: short ones always, long ones where there is time."""

from __future__ import annotations

import pytest

from loadtests.random_group import live

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("seed", range(3))
def test_everybody_agrees_through_a_short_life(seed: int) -> None:
    """Adds, removes, keys, late words and returns: one epoch authenticator at each step."""
    counts = live(seed, 250)

    assert counts["commits"] > 0
    assert counts["messages read"] > 0


def test_a_seed_gives_the_same_life_again() -> None:
    """So that what is found can be found again."""
    assert live(11, 60) == live(11, 60)


@pytest.mark.slow
@pytest.mark.parametrize("suite", [1, 2, 3])
def test_everybody_agrees_through_a_long_life(suite: int) -> None:
    """In each suite that the browser carries from the start."""
    counts = live(100 + suite, 1_500, suite=suite)

    for what in ("resyncs", "external joins", "external removes", "messages read late", "restarts"):
        assert counts[what] > 0, what
