"""Each scenario of the book, on the real hub and its database.

A refusal is held to more than its code: no other row of the database changes, and the log gains
exactly the entry that says who was refused what.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest

from signaling.frames import Ok, RefusedFrame
from tests.conformance.book import scenarios
from tests.conformance.scenario import Accepted, Answer, Refused, Scenario
from tests.conformance.world import World
from tests.server.house import House

TRAIL = frozenset({"entry", "tile", "head", "checkpoint", "alembic_version"})
"""Tables of the log: what a refusal leaves there is looked at as entries."""
COUNTED = {"conversation": {"entries"}}
"""What an entry about a conversation counts up in it."""
LOGS = [(tenant, log) for tenant in ("990000001", "990000002") for log in ("care", "technical")]


@dataclass
class Before:
    """What stood when the frame that is judged was sent."""

    rows: dict[str, list[tuple[Any, ...]]] = field(default_factory=dict)
    entries: list[dict[str, Any]] = field(default_factory=list)


@pytest.mark.parametrize("scenario", scenarios(), ids=lambda one: one.sentence)
async def test_scenario(house: House, scenario: Scenario) -> None:
    """Given what came before, the hub answers as the sentence says."""
    world = World(house)
    for step in scenario.given:
        done = await step(world)
        assert isinstance(done, Ok), f"given: {done}"
    before = Before()

    def look() -> None:
        before.rows, before.entries = everything(house), trail(house)

    world.look = look
    look()

    answer = await scenario.when(world)
    world.answers.append(answer)

    left = [entry for entry in trail(house) if entry not in before.entries]
    match scenario.then:
        case Accepted() as then:
            assert isinstance(answer, Ok), answer
            assert [one["type"] for one in left if said_aloud(one)] == list(then.leaves)
        case Refused() as then:
            assert_refused(world, then, answer, left)
            if not then.moves:
                assert changes(before.rows, everything(house)) == []
    for check in scenario.then.also:
        await check(world)


def said_aloud(entry: dict[str, Any]) -> bool:
    """Tell whether an entry is care's: what devices do by themselves is not looked at."""
    return bool(entry["class"] == "care")


def assert_refused(world: World, then: Refused, answer: Answer, left: list[dict[str, Any]]) -> None:
    """Hold an answer and the entries it left to what a scenario says."""
    assert isinstance(answer, RefusedFrame), answer
    assert answer.code == then.code, answer
    if then.reason is not None:
        assert answer.reason == then.reason
    refusals = [one for one in left if one["type"] == "act.refused"]
    assert [one["type"] for one in refusals] == list(then.leaves)
    for entry in refusals:
        assert entry["decision"] == {"effect": "deny", "rule": then.code}
        assert (entry["conversation"] == world.conversation) is then.about
    if not then.moves:
        assert left == refusals
    if then.code == "E_CLOCK":
        assert answer.now == world.now


def everything(house: House) -> dict[str, list[tuple[Any, ...]]]:
    """Return every row of every table but the log's."""
    tables = [
        name
        for (name,) in house.rows("SELECT name FROM sqlite_master WHERE type = 'table'")
        if name not in TRAIL and not name.startswith("sqlite_")
    ]
    return {table: sorted(_rows(house, table), key=repr) for table in tables}


def _rows(house: House, table: str) -> list[tuple[Any, ...]]:
    columns = [row[1] for row in house.rows(f"PRAGMA table_info({table})")]
    kept = [one for one in columns if one not in COUNTED.get(table, ())]
    return [tuple(row) for row in house.rows(f"SELECT {', '.join(kept)} FROM {table}")]


def changes(
    before: dict[str, list[tuple[Any, ...]]], after: dict[str, list[tuple[Any, ...]]]
) -> list[str]:
    """Return the tables that are not what they were."""
    return [table for table in after if before.get(table) != after[table]]


def trail(house: House) -> list[dict[str, Any]]:
    """Return the entries of every log."""
    return [entry for tenant, log in LOGS for entry in house.entries(tenant, log, everything=True)]
