"""What policy answers: yes, and by which delegation; or no, and the first rule that failed."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from crypto.policy.vocabulary import Refusal

if TYPE_CHECKING:
    from crypto.policy.delegation import InForce


class Breach(StrEnum):
    """The first rule that a commit breaks. Stands in the audit log: never renamed or reused."""

    STRANGER = "stranger"
    """A newcomer by external commit, no key of whose account is in the group."""
    EXTERNAL_CHANGE = "external_change"
    """An external commit that does more than bring its own device (again)."""
    ADDS_ANOTHER = "adds_another"
    """It adds a leaf that its sender may not bring."""
    REMOVES_ANOTHER = "removes_another"
    """Nobody removes another person's device, but for a removal that is due."""
    CHANGES_EXTENSIONS = "changes_extensions"
    """The group context's other extensions stay as the group was founded."""
    FOREIGN_PROPOSAL = "foreign_proposal"
    """No proposal but Add, Remove, GroupContextExtensions and, of an external commit,
    ExternalInit."""
    CARER_CHANGES = "carer_changes"
    """A carer's commit changes nothing but what is due."""
    CHANGES_POLICY = "changes_policy"
    """The conversation's policy stays, but for the patient's key: once, with their first device."""
    WRONG_NUMBER = "wrong_number"
    """The number of the delegations goes up by one where they change, and only there."""
    WITHOUT_MEMBER = "without_member"
    """A delegation comes into force in the commit that adds its carer, and in no other."""
    WITHOUT_END = "without_end"
    """A delegation leaves, and nothing says that it ended."""
    WITHOUT_TOMBSTONE = "without_tombstone"
    """A delegation that ended leaves no tombstone, or another than its own."""
    LEAVES_CARER = "leaves_carer"
    """A delegation ends, and a leaf of its carer stays."""
    BROUGHT_BACK = "brought_back"
    """A delegation that has a tombstone comes again."""
    DROPS_TOMBSTONE = "drops_tombstone"
    """A tombstone goes, or changes, before its delegation would have ended by itself."""
    CHANGES_RECORD = "changes_record"
    """A record in force changes otherwise than by a further withdrawal of scopes."""
    DROPS_WITHDRAWAL = "drops_withdrawal"
    """A delegation comes into force with a scope of which the judge knows that it was withdrawn."""
    MISSING_REMOVE = "missing_remove"
    """A member's commit passes over a removal that is due."""
    IDLE_STATEMENT = "idle_statement"
    """A commit carries a statement that ends nothing in it."""
    CHANGES_LEAF = "changes_leaf"
    """A leaf that stays is another afterwards."""
    WRONG_MEMBERS = "wrong_members"
    """Who is there afterwards is not who was there, and came, without who left."""
    WRONG_FOUNDER = "wrong_founder"
    """A group begins with one leaf, of somebody who may found it."""
    GIVEN_UP = "given_up"
    """A device comes in that was given up, or whose removal waits."""
    SAME_DEVICE_TWICE = "same_device_twice"
    OTHER_KEY = "other_key"
    """One person with two account keys, or one account key of two people."""
    OTHER_PATIENT = "other_patient"
    """A leaf of a patient who is not this conversation's, or of this one with another role."""


@dataclass(frozen=True, slots=True)
class Granted:
    """Yes, and the delegation that says so, where one is needed (the audit entry cites it)."""

    by: InForce | None = None


@dataclass(frozen=True, slots=True)
class Refused:
    """No, and the first rule that failed."""

    why: Refusal
    breach: Breach | None = None


def breached(breach: Breach) -> Refused:
    """Return the refusal of a change that breaks a rule of membership."""
    return Refused(Refusal.E_POLICY, breach)
