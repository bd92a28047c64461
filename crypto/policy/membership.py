"""Who may change a group how: run by the hub on each commit, and by every client again.

What a commit does is first established by the MLS core; here stands only whether its sender may.
Deny is the default: what no line below allows is a breach.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from crypto.policy.identity import LeafIdentity
from crypto.policy.vocabulary import STAFF, Role


class Breach(StrEnum):
    """The first rule that a commit breaks. Stands in the audit log: never renamed or reused."""

    STRANGER = "stranger"
    """A newcomer by external commit: whose device has no leaf in the group."""
    EXTERNAL_CHANGE = "external_change"
    """An external commit that does more than bring its own device (again)."""
    ADDS_ANOTHER = "adds_another"
    """Only the staff adds other people's devices."""
    REMOVES_ANOTHER = "removes_another"
    """Nobody removes another person's device, but for a removal that is due."""
    CHANGES_EXTENSIONS = "changes_extensions"
    """The group context's extensions stay as the group was founded."""
    FOREIGN_PROPOSAL = "foreign_proposal"
    """No proposal but Add, Remove and, of an external commit, ExternalInit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What a commit does to a group, and by whom."""

    committer: LeafIdentity
    role: Role
    external: bool
    before: frozenset[LeafIdentity]
    """The group before it, without those whose removal is due."""
    added: frozenset[LeafIdentity]
    removed: frozenset[LeafIdentity]
    due: frozenset[LeafIdentity]
    """Whom the hub has proposed to remove."""
    same_extensions: bool
    known_proposals: bool
    """It holds no other proposals than those that the three fields above tell."""


def breach_of(change: Change) -> Breach | None:
    """Return why a commit may not be made; None where it may."""
    if not change.known_proposals:
        return Breach.FOREIGN_PROPOSAL
    if not change.same_extensions:
        return Breach.CHANGES_EXTENSIONS
    return _external_breach(change) if change.external else _member_breach(change)


def _external_breach(change: Change) -> Breach | None:
    """A device rejoins in place of itself.

    A new one is brought by a member: until people have certificates only the hub could vouch for
    one that comes by itself.
    """
    own = frozenset({change.committer})
    if change.added or not change.removed <= own:
        return Breach.EXTERNAL_CHANGE
    if change.committer not in change.before:
        return Breach.STRANGER
    return None if change.removed == own else Breach.EXTERNAL_CHANGE


def _member_breach(change: Change) -> Breach | None:
    """Own devices come and go; the staff adds others; what is due goes by anyone's hand."""
    if change.role not in STAFF and not _all_of(change.committer.person, change.added):
        return Breach.ADDS_ANOTHER
    if not _all_of(change.committer.person, change.removed - change.due):
        return Breach.REMOVES_ANOTHER
    return None


def _all_of(person: str, leaves: frozenset[LeafIdentity]) -> bool:
    return all(one.person == person for one in leaves)
