"""What goes into the decision of a commit."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from crypto.policy.conversation import CommitData, EndingStatement
from crypto.policy.removal import RemoveJustification
from tests.crypto.policy.world import (
    CONVERSATION,
    DAY,
    NOW,
    SOPHIE,
    TRANSCRIPT,
    Group,
    Leaf,
    Person,
    a_delegation,
    a_device_revocation,
    a_withdrawal,
    device_id,
    device_of,
    key,
    leaf,
    named,
    text,
)

SOPHIES: Final = {"by": text(a_delegation().delegation)}
NOBODYS: Final = {"by": None}
END: Final = a_delegation().not_after_us


def commit(
    who: Person,
    before: Group,
    after: Group,
    *,
    number: int = 1,
    at_us: int = NOW,
    statements: tuple[EndingStatement, ...] = (),
    **more: Any,
) -> dict[str, Any]:
    """Return what goes into the decision of a commit."""
    return {
        "before": before,
        "after": after,
        "external": False,
        "committer": named(who, number),
        "added": [],
        "removed": [],
        "barred": [],
        "due": [],
        "ended": [],
        "withdrawn": {},
        "transcript": TRANSCRIPT,
        "data": data(at_us, *statements),
        "known_proposals": True,
        "same_other_extensions": True,
        "not_below_us": NOW - DAY,
        "now_us": None,
        "catching_up": False,
    } | more


def data(at_us: int, *statements: EndingStatement) -> bytes:
    """Return what a commit says of its time, and of what it ends."""
    return CommitData(at_us, statements).encode()


def saying(what: str, statement: bytes, staff: bytes = b"") -> EndingStatement:
    return EndingStatement(what=what, statement=statement, staff=staff)


def due(person: Person, number: int = 1, **changes: Any) -> dict[str, Any]:
    """Return the hub's removal of a device that its person gave up."""
    said = RemoveJustification(
        conversation=CONVERSATION,
        device=device_id(person, number),
        confirmed_transcript_hash=TRANSCRIPT,
        why="device",
        at_us=NOW,
        statement=a_device_revocation(person, number),
    )
    target = named(person, number)
    return {
        "person": target.person,
        "device": target.device,
        "justification": replace(said, **changes),
    }


def over(number: int = 1, **changes: Any) -> dict[str, Any]:
    """Return the hub's removal of Jean's daughter, whose authorisation he has withdrawn."""
    stated = {
        "why": "revocation",
        "delegation": a_delegation().delegation,
        "statement": a_withdrawal(),
    }
    return due(SOPHIE, number, **stated | changes)


def other_account(person: Person, number: int = 1) -> Leaf:
    """Return a leaf of the same device, under another account key of the same person."""
    return leaf(person.renewed(), number)


def twin(person: Person) -> Leaf:
    """Return another leaf of the same device, with another signature key."""
    other = key("another signature key").public
    return leaf(person, device=device_of(person, signature_key=other), signature_key=other)
