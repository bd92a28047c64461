"""All scenarios, in the order one reads them; and how many there are."""

from __future__ import annotations

from collections.abc import Iterator

from tests.conformance import acting, agreeing, ending, hiding, naming, people
from tests.conformance.scenario import Area, Scenario

AREAS: tuple[Area, ...] = (
    naming.AREA,
    agreeing.CONFIRMING,
    agreeing.ACCEPTING,
    agreeing.LETTING_IN,
    acting.WRITING,
    acting.COMMITTING,
    acting.CALLING,
    acting.NARROWING,
    ending.REVOKING,
    ending.LEAVING,
    ending.EXPIRING,
    ending.SESSIONS,
    hiding.AREA,
    people.IDENTITIES,
    people.STAFF,
    people.CARERS,
    people.ACCESSES,
)


def scenarios() -> list[Scenario]:
    """Return every scenario."""
    return [one for area in AREAS for one in area]


def told() -> Iterator[str]:
    """Say how many there are, area by area, and then in one line."""
    for area in AREAS:
        yield f"{len(area):4}  {area.heading}: {_refusals(area)} refusals"
    every = scenarios()
    refusals = sum(one.is_refusal for one in every)
    yield f"{len(every)} scenarios, {refusals} refusals ({100 * refusals // len(every)} %)"


def _refusals(area: Area) -> int:
    return sum(one.is_refusal for one in area)
