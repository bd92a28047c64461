"""The desk of delegations: one timer to the next instant, and nothing done twice."""

from __future__ import annotations

import asyncio

from server.domain.delegation import StoredDelegation
from server.hub.delegations import DelegationDesk
from tests.server.domain.test_delegation import BEGIN, END, a_delegation, an_accepted
from tests.server.house import Hands, until


class Acts:
    """What the desk has done."""

    def __init__(self) -> None:
        self.done: list[str] = []
        self.possible = True

    async def pass_time(self, conversation: str) -> bool:
        """Note a conversation in which something was due."""
        self.done.append(conversation)
        return self.possible


def a_desk(*rows: StoredDelegation, at: int = BEGIN) -> tuple[DelegationDesk, Acts, Hands]:
    """Return a desk that follows some delegations."""
    acts, clock = Acts(), Hands()
    clock.at = at
    desk = DelegationDesk(clock, acts.pass_time)
    desk.follow(rows)
    return desk, acts, clock


async def test_a_delegation_is_due_at_its_end() -> None:
    """Not a microsecond before."""
    desk, acts, clock = a_desk(a_delegation())
    clock.at = END - 1
    await desk.sweep()
    assert acts.done == []
    assert not desk.is_due("c", clock.at)

    clock.at = END

    assert desk.is_due("c", clock.at)
    await desk.sweep()
    assert acts.done == ["c"]


async def test_what_waits_to_begin_is_due_at_its_beginning() -> None:
    """Then somebody must let the carer in."""
    desk, acts, clock = a_desk(an_accepted(), at=BEGIN - 1)
    await desk.sweep()
    clock.at = BEGIN

    await desk.sweep()

    assert acts.done == ["c"]


async def test_what_is_over_is_followed_no_more() -> None:
    """By its id: another one in the same conversation still is."""
    desk, acts, clock = a_desk(a_delegation(), a_delegation(id="e", grantee="marie"))
    assert len(desk) == 2
    desk.follow([a_delegation(id="e").end(a_delegation().state.EXPIRED, END)])
    assert len(desk) == 1
    desk.follow([a_delegation().end(a_delegation().state.REVOKED, 2_000)])
    clock.at = END

    await desk.sweep()

    assert (acts.done, len(desk)) == ([], 0)


async def test_a_conversation_is_attended_once_for_all_that_is_due_in_it() -> None:
    """Two that end together are one step; another conversation is another."""
    desk, acts, clock = a_desk(
        a_delegation(), a_delegation(id="e"), a_delegation(id="f", conversation="d")
    )
    clock.at = END

    await desk.sweep()

    assert sorted(acts.done) == ["c", "d"]


async def test_elsewhere_nothing_is_due() -> None:
    """Nor where nothing is followed."""
    desk, _, clock = a_desk(a_delegation())
    clock.at = END

    assert not desk.is_due("elsewhere", clock.at)
    assert not desk.is_due("", clock.at)


async def test_what_the_writer_could_not_take_is_tried_again() -> None:
    """It stays due; the frames that come meanwhile find it so."""
    desk, acts, clock = a_desk(a_delegation())
    acts.possible = False
    clock.at = END

    await desk.sweep()
    acts.possible = True
    await desk.sweep()

    assert acts.done == ["c", "c"]
    assert desk.is_due("c", clock.at)


async def test_the_timer_waits_for_what_comes_next() -> None:
    """A delegation that is added while it waits is not forgotten."""
    desk, acts, clock = a_desk()
    running = asyncio.create_task(desk.run())
    await asyncio.sleep(0)
    clock.at = END

    desk.follow([a_delegation()])
    await until(lambda: bool(acts.done))

    running.cancel()
    assert acts.done[0] == "c"
