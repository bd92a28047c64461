"""The benchmark runs, and measures what it says."""

from __future__ import annotations

from loadtests.mls_bench import commit_checks, messages, settled_group


def test_messages_are_timed_beside_the_primitives_in_them() -> None:
    """No claim about how fast: the machine may be busy."""
    for found in messages(3, rounds=2, times=3):
        assert found.ours > 0
        assert found.bare > 0


def test_the_checks_of_commits_are_timed() -> None:
    found = dict(commit_checks(4, 3))

    assert set(found) == {"fresh keys", "an Add", "a Remove", "fresh keys, group read from storage"}
    assert all(len(latency.cpu) == len(latency.wall) == 3 for latency in found.values())


def test_the_group_of_the_benchmark_has_no_blank_node() -> None:
    """A path in it has a key at every level: the dearest there is."""
    _, hub = settled_group(5)
    path = hub.tree.direct_path(0)

    assert all(hub.tree.parent(node) is not None for node in path)
