"""Our Python and TypeScript cores, live in the same groups: the everyday life of one."""

from __future__ import annotations

import pytest

from tests.interop.languages import Language
from tests.interop.node import Node
from tests.interop.room import Room

SUITES = {
    1: "X25519, AES-128-GCM, Ed25519",
    2: "P-256, AES-128-GCM",
    3: "X25519, ChaCha20-Poly1305, Ed25519",
    4: "X448, AES-256-GCM, Ed448",
    5: "P-521, AES-256-GCM",
    6: "X448, ChaCha20-Poly1305, Ed448",
    7: "P-384, AES-256-GCM",
}

BOTH_WAYS = pytest.mark.parametrize(
    ("one", "other"),
    [("python", "typescript"), ("typescript", "python")],
    ids=["Python acts", "TypeScript acts"],
)


@BOTH_WAYS
@pytest.mark.parametrize("suite", SUITES, ids=SUITES.values())
def test_a_group_lives_in_every_suite(
    node: Node, suite: int, one: Language, other: Language
) -> None:
    """Create, add, welcome, talk, update, remove: the same epoch for all after each step."""
    room = Room(node=node, suite=suite)
    room.found(room.client("claire", one))
    added = room.add("claire", room.client("jean", other), room.client("lea", one))
    assert added["added"] == [1, 2]
    room.talk()

    assert room.commit("jean", force_path=True)["updated"] == [1]
    room.propose("lea", None)
    assert room.commit("jean")["updated"] == [2, 1]

    room.add("jean", room.client("marc", other))
    assert room.remove("marc", "lea")["removed"] == [2]
    room.talk()
