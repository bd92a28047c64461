"""The contract of `ports.Calls`: one row each, one live for each conversation, no step lost."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy.exc import IntegrityError

from server.domain.call import StoredCall
from server.ports import Tx
from tests.server.house import open_database
from tests.server.storage.rows import CLAIRE, HUGO, JEAN, a_conversation, an_id


def a_call(tx: Tx, conversation: str | None = None) -> StoredCall:
    """Store the first version of a call."""
    call = StoredCall(
        id=an_id(),
        conversation=conversation or a_conversation(tx).id,
        tenant=CLAIRE.tenant,
        state="lobby",
        live=True,
        version=1,
        deadline=None,
        facts=b"{}",
    )
    tx.calls.save(call, was=0)
    return call


def ended(call: StoredCall) -> StoredCall:
    """Return the version after a call's last."""
    return replace(call, state="ended", live=False, version=call.version + 1)


def test_a_call_is_found_as_it_was_saved(tx: Tx) -> None:
    """Whole, at its first version and at the next."""
    call = a_call(tx)
    assert tx.calls.find(call.id) == call

    later = replace(call, state="ringing", version=2, deadline=7, facts=b'{"a": 1}')
    tx.calls.save(later, was=1)

    assert tx.calls.find(call.id) == later


def test_nobodys_call_is_none(tx: Tx) -> None:
    """An id that was never a call's."""
    assert tx.calls.find(an_id()) is None
    assert tx.calls.live_in(an_id()) is None


@pytest.mark.parametrize("was", [1, 3], ids=["an-older-one", "one-not-yet-there"])
def test_a_step_from_another_version_than_the_stored_one_is_refused(tx: Tx, was: int) -> None:
    """Compare-and-swap: of two who accept at once, one finds that the call moved."""
    call = a_call(tx)
    second = replace(call, version=2, facts=b"second")
    tx.calls.save(second, was=1)

    with pytest.raises(RuntimeError, match="moved"):
        tx.calls.save(replace(call, version=was + 1, facts=b"lost"), was=was)

    assert tx.calls.find(call.id) == second


def test_a_call_is_begun_once(tx: Tx) -> None:
    """The same id for a second call is refused, even after the first ended."""
    call = a_call(tx)
    tx.calls.save(ended(call), was=1)

    with pytest.raises(IntegrityError):
        tx.calls.save(call, was=0)


def test_a_conversation_has_one_live_call(tx: Tx) -> None:
    """A second line behind the act: the database refuses two."""
    call = a_call(tx)

    with pytest.raises(IntegrityError):
        a_call(tx, call.conversation)


def test_after_its_end_the_conversation_may_have_another(tx: Tx) -> None:
    """And the live one is the one that is found."""
    first = a_call(tx)
    tx.calls.save(ended(first), was=1)
    assert tx.calls.live_in(first.conversation) is None

    second = a_call(tx, first.conversation)

    assert tx.calls.live_in(first.conversation) == second


def test_live_calls_are_found_by_member(tx: Tx) -> None:
    """All of one's conversations, the ended ones and those of others left out."""
    first, second, over = a_call(tx), a_call(tx), a_call(tx)
    tx.calls.save(ended(over), was=1)

    by_id = {call.id: call for call in tx.calls.live_of(JEAN.id)}

    assert by_id == {first.id: first, second.id: second}
    assert tx.calls.live_of(HUGO.id) == []


def test_a_restart_finds_every_live_call(home: Path) -> None:
    """What a hub left is there for the next one: on disk, with its deadline."""
    database = open_database(home)
    with database.write() as tx:
        call, over = a_call(tx), a_call(tx)
        tx.calls.save(ended(over), was=1)
        waiting = replace(call, version=2, deadline=1_790_000_000_000_000)
        tx.calls.save(waiting, was=1)
    database.close()

    database = open_database(home)
    with database.read() as tx:
        found = tx.calls.live()
    database.close()

    assert found == [waiting]


def test_what_is_undone_was_never_saved(tx: Tx) -> None:
    """An act that fails takes its step back."""
    call = a_call(tx)

    def fail_after_the_step() -> None:
        with tx.savepoint():
            tx.calls.save(ended(call), was=1)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_after_the_step()
    assert tx.calls.find(call.id) == call
