"""Who may change a group how, and act in it: run by the hub on each commit, and by every client.

What a commit does is first established by the MLS core, and every signature by `State.of`,
`verify_credential` and `check_removal`; here stands only whether its sender may. Deny is the
default: what no line below allows is refused.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from crypto.policy.conversation import EndingStatement, Tombstone, tombstone_of
from crypto.policy.cosigned import check_succession
from crypto.policy.decision import Breach, Granted, Refused, breached
from crypto.policy.delegation import InForce, Why, check_ending, check_entry
from crypto.policy.identity import Certified, LeafIdentity
from crypto.policy.removal import Justified
from crypto.policy.state import State
from crypto.policy.vocabulary import (
    CLOCK_TOLERANCE_US,
    CONVERSATION_KINDS,
    ENDED,
    STAFF,
    ConversationKind,
    DelegationState,
    Refusal,
    Role,
    Scope,
)

__all__ = [
    "ACT_SCOPES",
    "BRINGS",
    "Breach",
    "CommitView",
    "Granted",
    "Refused",
    "State",
    "check_commit",
    "check_founding",
    "check_state",
    "may_act",
]

ACT_SCOPES: Final[Mapping[str, Scope]] = {
    "message": Scope.CONVERSATION_SEND,
    "document": Scope.DOCUMENT_SEND,
    "signal": Scope.CALL_JOIN,
    "call": Scope.CALL_JOIN,
    "cursor": Scope.CONVERSATION_READ,
    "commit": Scope.CONVERSATION_READ,
    "receipt": Scope.CONVERSATION_READ,
    "document.read": Scope.DOCUMENT_READ,
    "appointment.manage": Scope.APPOINTMENT_MANAGE,
    "dispensation.request": Scope.DISPENSATION_REQUEST,
    "prescription.present": Scope.PRESCRIPTION_PRESENT,
    "delivery.receive": Scope.DELIVERY_RECEIVE,
    "sensitive.read": Scope.SENSITIVE_READ,
    "decide.assist": Scope.DECIDE_ASSIST,
    "decide.final": Scope.DECIDE_FINAL,
}
"""The scope that a carer needs for an act. An act that is not here is nobody's."""

ENDED_AS: Final[Mapping[str, Refusal]] = {
    DelegationState.REVOKED: Refusal.E_DELEGATION_REVOKED,
    DelegationState.SUSPENDED: Refusal.E_DELEGATION_SUSPENDED,
    DelegationState.CONTESTED: Refusal.E_DELEGATION_SUSPENDED,
    DelegationState.EXPIRED: Refusal.E_DELEGATION_EXPIRED,
    DelegationState.RESIGNED: Refusal.E_DELEGATION_RESIGNED,
}

_SIGNED_ENDS: Final = frozenset({Why.REVOCATION, Why.RESIGNATION, Why.SUSPENSION})
BRINGS: Final[Mapping[Role, frozenset[Role]]] = {
    Role.PATIENT: frozenset({Role.CARER}),
    Role.TECHNICIAN: frozenset({Role.CARER}),
    Role.PHARMACIST: frozenset({Role.CARER, Role.PATIENT, *STAFF}),
}
"""Whose leaves a role adds, besides its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CommitView:
    """What a commit does to a group, and by whom."""

    committer: Certified
    """As it stands in the group before; of an external commit, as it stands after."""
    external: bool = False
    added: frozenset[LeafIdentity] = frozenset()
    """By Add. Who comes in by an external commit is its committer."""
    removed: frozenset[LeafIdentity] = frozenset()
    due: Mapping[LeafIdentity, Justified] = field(default_factory=dict)
    """What the hub has proposed in this epoch, each justified."""
    barred: frozenset[LeafIdentity] = frozenset()
    """Devices that do not come in: given up, as this judge knows, or to be removed later."""
    ended: frozenset[bytes] = frozenset()
    """Delegations of which this judge knows that they ended, whatever the group says."""
    withdrawn: Mapping[bytes, frozenset[Scope]] = field(default_factory=dict)
    """Scopes of which this judge knows that the patient withdrew them, by delegation."""
    statements: tuple[EndingStatement, ...] = ()
    """Of its `CommitData`."""
    known_proposals: bool = True
    """It holds no other proposals than Add, Remove, at most one GroupContextExtensions and, of an
    external commit, ExternalInit."""
    same_other_extensions: bool = True
    """All but the policy and the delegations are, byte for byte, what they were."""


def check_commit(
    before: State,
    commit: CommitView,
    after: State,
    at_us: int,
    *,
    not_below_us: int = 0,
    now_us: int | None = None,
    catching_up: bool = False,
) -> Granted | Refused:
    """Decide whether a commit may be made at `at_us`, the hub time that it carries.

    `not_below_us` is the `at` of the commit before it, `now_us` the judge's clock. A client that
    catches up reads of the past, and of no future.
    """
    clock = now_us if now_us is not None else at_us
    earliest = not_below_us if catching_up else max(not_below_us, clock - CLOCK_TOLERANCE_US)
    return (
        _check_clock(at_us, earliest, clock + CLOCK_TOLERANCE_US)
        or _check_form(commit)
        or _check_leaves(before, commit, after)
        or _check_identities(after.leaves)
        or _check_newcomers(commit, after, at_us)
        or (
            _check_external(before, commit, after, at_us)
            if commit.external
            else _check_member(before, commit, after, at_us)
        )
        or Granted(before.delegation_of(commit.committer))
    )


def check_state(state: State, at_us: int | None) -> Granted | Refused:
    """Decide whether a group is as it may be: also at a Welcome, an external join and a resync.

    `at_us` is when delegations must hold; None where that is not the question.
    """
    return (
        _check_identities(state.leaves)
        or _check_delegations(state)
        or _first(_check_leaf(one, state, at_us) for one in _sorted(state.leaves))
        or Granted()
    )


def check_founding(
    state: State,
    founder: LeafIdentity,
    at_us: int,
    *,
    before: State | None = None,
    succession: bytes = b"",
) -> Granted | Refused:
    """Decide whether a group may begin so: alone, with nobody acting for anybody.

    `before` is the group that it succeeds, in its last epoch: then nothing that ended there is
    forgotten, and the patient's key is another only by a `succession`.
    """
    return (
        _check_founder(state, founder, at_us, before)
        or (_check_beginning(state) if before is None else None)
        or (before and _check_successor(state, before, succession, at_us))
        or check_state(state, at_us)
    )


def may_act(
    leaf: Certified,
    act: str,
    state: State,
    *,
    acting_for: bytes,
    delegation: bytes,
    delegation_version: int,
    at_us: int,
) -> Granted | Refused:
    """Decide whether somebody may do something here, as whom they say they do it for."""
    if leaf not in state.leaves:
        return breached(Breach.STRANGER)
    if act not in ACT_SCOPES:
        return Refused(Refusal.E_SCOPE)
    if leaf.role is not Role.CARER:
        says = acting_for or delegation or delegation_version
        return Refused(Refusal.E_ACTING_FOR) if says else Granted()
    if acting_for != state.policy.patient or delegation_version != state.number:
        return Refused(Refusal.E_ACTING_FOR)
    found = _delegation_named(leaf, delegation, state)
    if isinstance(found, Refused):
        return found
    why = found.too_early_or_late(at_us) or _beyond(found, ACT_SCOPES[act])
    return Granted(found) if why is None else Refused(why)


def _check_founder(
    state: State, founder: LeafIdentity, at_us: int, before: State | None
) -> Refused | None:
    own = state.leaf(founder)
    founders = CONVERSATION_KINDS[ConversationKind(state.policy.kind)].founders
    if before is not None:
        founders = frozenset({Role.PHARMACIST})
    if own is None or len(state.leaves) != 1 or own.role not in founders:
        return breached(Breach.WRONG_FOUNDER)
    if state.in_force:
        return breached(Breach.WITHOUT_MEMBER)
    return None if own.validity.includes(at_us) else Refused(Refusal.E_IDENTITY)


def _check_beginning(state: State) -> Refused | None:
    """Nothing has happened yet; and the patient's key is set by the patient, or later."""
    if state.number or state.tombstones:
        return breached(Breach.WRONG_NUMBER)
    by_patient = any(one.role is Role.PATIENT for one in state.leaves)
    early = bool(state.policy.patient_aik) and not by_patient
    return breached(Breach.CHANGES_POLICY) if early else None


def _check_successor(state: State, before: State, succession: bytes, at_us: int) -> Refused | None:
    """The same conversation goes on: what ended stays ended."""
    patient_aik = before.policy.patient_aik
    if succession:
        said = check_succession(succession, policy=before.policy, trust=before.trust, at_us=at_us)
        if isinstance(said, Refused):
            return said
        if said.old_aik != patient_aik:
            return Refused(Refusal.E_IDENTITY)
        patient_aik = said.new_aik
    if state.policy != replace(before.policy, patient_aik=patient_aik):
        return breached(Breach.CHANGES_POLICY)
    if state.number != before.number + 1:
        return breached(Breach.WRONG_NUMBER)
    stays = {one for one in before.tombstones if one.not_after_us > at_us}
    if not stays <= set(state.tombstones):
        return breached(Breach.DROPS_TOMBSTONE)
    fresh = set(state.tombstones) - stays
    return None if _ended_meanwhile(fresh, before, at_us) else breached(Breach.WITHOUT_END)


def _ended_meanwhile(fresh: set[Tombstone], before: State, at_us: int) -> bool:
    """Tell whether tombstones are of what was in force, and ended when nobody could commit it.

    When, the founder says: a group begins without a commit that would carry the hub's time.
    """
    ended = {tombstone_of(one.delegation, end, 0) for one in before.in_force for end in ENDED}
    latest = at_us + CLOCK_TOLERANCE_US
    return all(replace(one, at_us=0) in ended and one.at_us <= latest for one in fresh)


def _delegation_named(leaf: Certified, named: bytes, state: State) -> InForce | Refused:
    ended = next((one for one in state.tombstones if one.delegation == named), None)
    if ended is not None:
        return Refused(ENDED_AS.get(ended.ending, Refusal.E_NO_DELEGATION))
    found = state.delegation(named)
    if found is None:
        return Refused(Refusal.E_NO_DELEGATION if named else Refusal.E_ACTING_FOR)
    if not found.is_of(leaf.person, leaf.aik):
        return Refused(Refusal.E_ACTING_FOR)
    return found


def _beyond(found: InForce, scope: Scope) -> Refusal | None:
    if scope not in found.scopes:
        return Refusal.E_SCOPE
    # Capacity is per decision, and dated: nothing that a delegation says can stand in for it.
    return Refusal.E_CAPACITY if scope is Scope.DECIDE_FINAL else None


def _check_clock(at_us: int, earliest_us: int, latest_us: int) -> Refused | None:
    return None if earliest_us <= at_us <= latest_us else Refused(Refusal.E_CLOCK)


def _check_form(commit: CommitView) -> Refused | None:
    if not commit.known_proposals:
        return breached(Breach.FOREIGN_PROPOSAL)
    return None if commit.same_other_extensions else breached(Breach.CHANGES_EXTENSIONS)


def _check_leaves(before: State, commit: CommitView, after: State) -> Refused | None:
    """Who stays is who they were; who is there is who was, and came, without who left."""
    comes = commit.added | ({commit.committer.identity} if commit.external else frozenset())
    there = _names(before.leaves)
    if not commit.removed <= there or comes & (there - commit.removed):
        return breached(Breach.SAME_DEVICE_TWICE if comes & there else Breach.WRONG_MEMBERS)
    if _names(after.leaves) != (there - commit.removed) | comes:
        return breached(Breach.WRONG_MEMBERS)
    stay = {one for one in before.leaves if one.identity not in commit.removed | comes}
    changed = {one.identity for one in stay if one not in after.leaves}
    return _check_changed(before, commit, after, changed)


def _check_changed(
    before: State, commit: CommitView, after: State, changed: set[LeafIdentity]
) -> Refused | None:
    """Only the committer's leaf may be another, and only by newer certificates."""
    own = after.leaf(commit.committer.identity)
    if own is None:
        return breached(Breach.WRONG_MEMBERS)
    if commit.external:
        return breached(Breach.CHANGES_LEAF) if changed or own != commit.committer else None
    if commit.committer not in before.leaves:
        return breached(Breach.STRANGER)
    if changed <= {own.identity} and _same_person(own, commit.committer):
        return None
    return breached(Breach.CHANGES_LEAF)


def _same_person(one: Certified, other: Certified) -> bool:
    """Tell whether nothing but certificates was renewed."""
    return (
        replace(
            one,
            profession=other.profession,
            certificate=other.certificate,
            validity=other.validity,
        )
        == other
    )


def _check_newcomers(commit: CommitView, after: State, at_us: int) -> Refused | None:
    """Certificates are judged when a leaf enters or changes: an expired one blocks nobody else."""
    comes = commit.added | ({commit.committer.identity} if commit.external else frozenset())
    if comes & commit.barred:
        return breached(Breach.GIVEN_UP)
    entering = comes | {commit.committer.identity}
    leaves = (one for one in after.leaves if one.identity in entering)
    holds = all(one.validity.includes(at_us) for one in leaves)
    return None if holds else Refused(Refusal.E_IDENTITY)


def _check_external(before: State, commit: CommitView, after: State, at_us: int) -> Refused | None:
    """A device comes (again): its own leaf, and nothing else. It need not cure others."""
    if commit.added or commit.statements or _context(before) != _context(after):
        return breached(Breach.EXTERNAL_CHANGE)
    going = commit.barred | set(commit.due)
    mine = commit.committer
    if mine.identity in going or not _is_known(mine, before, going):
        return breached(Breach.STRANGER)
    own = frozenset({mine.identity}) & _names(before.leaves)
    if commit.removed != own:
        return breached(Breach.EXTERNAL_CHANGE)
    return _check_leaf(mine, after, at_us)


def _is_known(mine: Certified, before: State, going: frozenset[LeafIdentity]) -> bool:
    """Tell whether a leaf that stays has the same account key, person and role.

    In place of itself a device comes with the same signature key, too.
    """
    itself = before.leaf(mine.identity)
    if itself is not None:
        return _same_person(itself, mine)
    return any(
        (one.identity.person, one.aik, one.role) == (mine.identity.person, mine.aik, mine.role)
        for one in before.leaves
        if one.identity not in going
    )


def _check_member(before: State, commit: CommitView, after: State, at_us: int) -> Refused | None:
    if not set(commit.due) <= commit.removed:
        return breached(Breach.MISSING_REMOVE)
    ends = _ends_of(before, commit, at_us)
    if isinstance(ends, Refused):
        return ends
    return (
        _check_policy(before, commit, after)
        or _check_number(before, after)
        or _check_carer(before, commit, after)
        or _check_added(commit, after)
        or _check_removed(before, commit, ends)
        or _check_ended(before, commit, after, ends, at_us)
        or _check_admitted(before, commit, after, at_us)
        or _check_records(before, after)
        or _check_tombstones(before, after, at_us)
        or _refusal(check_state(after, at_us))
    )


@dataclass(frozen=True, slots=True)
class _Ends:
    """What ends in a commit, and why it may."""

    delegations: Mapping[bytes, frozenset[DelegationState]]
    patient_aik: bytes = b""
    """The patient's old key, where a succession lets their old devices go."""


def _ends_of(before: State, commit: CommitView, at_us: int) -> _Ends | Refused:
    ends: dict[bytes, set[DelegationState]] = {}
    for justified in commit.due.values():
        for named, state in justified.ends:
            ends.setdefault(named, set()).add(state)
    patient_aik = b""
    for one in commit.statements:
        if one.what == Why.SUCCESSION:
            old = _succeeded(before, commit, one, at_us)
            if isinstance(old, Refused):
                return old
            patient_aik = old
            continue
        if one.what not in _SIGNED_ENDS:
            return Refused(Refusal.E_SIGNATURE)
        ended = _ended(before, one, at_us)
        if isinstance(ended, Refused):
            return ended
        ends.setdefault(ended[0], set()).add(ended[1])
    for found in before.in_force:
        if at_us >= found.delegation.not_after_us:
            ends.setdefault(found.id, set()).add(DelegationState.EXPIRED)
    return _Ends({named: frozenset(states) for named, states in ends.items()}, patient_aik)


def _ended(
    before: State, one: EndingStatement, at_us: int
) -> tuple[bytes, DelegationState] | Refused:
    """Return the delegation in force that a statement ends, and how."""
    refused = Refused(Refusal.E_NO_DELEGATION)
    for found in before.in_force:
        ending = check_ending(
            one.what,
            one.statement,
            one.staff,
            delegation=found.delegation,
            policy=before.policy,
            trust=before.trust,
            at_us=at_us,
        )
        if not isinstance(ending, Refused):
            return ending.delegation, ending.state
        if ending.why is not Refusal.E_NO_DELEGATION:
            refused = ending
    return refused


def _succeeded(
    before: State, commit: CommitView, one: EndingStatement, at_us: int
) -> bytes | Refused:
    if one.staff:
        return Refused(Refusal.E_SIGNATURE)
    said = check_succession(one.statement, policy=before.policy, trust=before.trust, at_us=at_us)
    if isinstance(said, Refused):
        return said
    if said.old_aik != before.policy.patient_aik:
        return Refused(Refusal.E_IDENTITY)
    gone = any(one.identity in commit.removed and one.aik == said.old_aik for one in before.leaves)
    return said.old_aik if gone else breached(Breach.IDLE_STATEMENT)


def _check_policy(before: State, commit: CommitView, after: State) -> Refused | None:
    """It stays; a pharmacist sets the patient's key, once, as the patient's first device comes."""
    if after.policy == before.policy:
        return None
    sets_key = replace(before.policy, patient_aik=after.policy.patient_aik) == after.policy
    if before.policy.patient_aik or not sets_key:
        return breached(Breach.CHANGES_POLICY)
    if commit.committer.role is not Role.PHARMACIST:
        return breached(Breach.CHANGES_POLICY)
    comes = any(one.role is Role.PATIENT and one.identity in commit.added for one in after.leaves)
    return None if comes else breached(Breach.CHANGES_POLICY)


def _check_number(before: State, after: State) -> Refused | None:
    changes = _listed(before) != _listed(after)
    return None if after.number == before.number + changes else breached(Breach.WRONG_NUMBER)


def _check_carer(before: State, commit: CommitView, after: State) -> Refused | None:
    """A carer's commit is empty, or carries out what is due."""
    if commit.committer.role is not Role.CARER:
        return None
    due = {named for one in commit.due.values() for named, _ in one.ends}
    stay = {one.id: one.record for one in before.in_force if one.id not in due}
    same = {one.id: one.record for one in after.in_force} == stay
    if commit.added or commit.statements or not commit.removed <= set(commit.due) or not same:
        return breached(Breach.CARER_CHANGES)
    return None


def _check_added(commit: CommitView, after: State) -> Refused | None:
    mine = commit.committer
    brings = BRINGS.get(mine.role, frozenset())
    for one in _sorted(after.leaves):
        own = (one.identity.person, one.aik) == (mine.identity.person, mine.aik)
        if one.identity in commit.added and not own and one.role not in brings:
            return breached(Breach.ADDS_ANOTHER)
    return None


def _check_removed(before: State, commit: CommitView, ends: _Ends) -> Refused | None:
    """Own devices go; others where it is due, or where what let them in ends here."""
    mine = commit.committer
    for one in _sorted(before.leaves):
        if one.identity not in commit.removed or one.identity in commit.due:
            continue
        if (one.identity.person, one.aik) == (mine.identity.person, mine.aik):
            continue
        if not _is_out(one, before, ends):
            return breached(Breach.REMOVES_ANOTHER)
    return None


def _is_out(one: Certified, before: State, ends: _Ends) -> bool:
    if one.role is Role.PATIENT:
        return one.aik == ends.patient_aik
    found = before.delegation_of(one)
    return found is not None and found.id in ends.delegations


def _check_ended(
    before: State, commit: CommitView, after: State, ends: _Ends, at_us: int
) -> Refused | None:
    """What ended leaves one tombstone, and no leaf; what leaves had ended."""
    stays = {one.id for one in after.in_force}
    for found in before.in_force:
        states = ends.delegations.get(found.id)
        if found.id in stays:
            if states and _signed(states):
                return breached(Breach.WITHOUT_TOMBSTONE)
            continue
        if not states:
            return breached(Breach.WITHOUT_END)
        if not {one.identity for one in before.leaves_under(found)} <= commit.removed:
            return breached(Breach.LEAVES_CARER)
        due = {tombstone_of(found.delegation, state, at_us) for state in states}
        if not due & set(after.tombstones):
            return breached(Breach.WITHOUT_TOMBSTONE)
    return None


def _signed(states: frozenset[DelegationState]) -> bool:
    """Tell whether more than the clock ended it: that, `check_state` sees by itself."""
    return states != {DelegationState.EXPIRED}


def _check_admitted(before: State, commit: CommitView, after: State, at_us: int) -> Refused | None:
    """A delegation comes into force with its carer, and never again after its end."""
    known = {one.id for one in before.in_force}
    ended = commit.ended | {one.delegation for one in before.tombstones}
    for found in after.in_force:
        if found.id in known:
            continue
        if found.id in ended:
            return Refused(Refusal.E_ALREADY_ENDED, Breach.BROUGHT_BACK)
        if found.scopes & commit.withdrawn.get(found.id, frozenset()):
            return breached(Breach.DROPS_WITHDRAWAL)
        if not any(one.identity in commit.added for one in after.leaves_under(found)):
            return breached(Breach.WITHOUT_MEMBER)
        refused = _refusal(check_entry(found, policy=after.policy, at_us=at_us))
        if refused is not None:
            return refused
    return None


def _check_records(before: State, after: State) -> Refused | None:
    """What stays in force is what was signed; scopes only go, and by the patient's hand."""
    records = {one.id: one.record for one in before.in_force}
    for found in after.in_force:
        record = records.get(found.id)
        if record is None:
            continue
        kept = found.record.revocations[: len(record.revocations)]
        if replace(found.record, revocations=kept) != record:
            return breached(Breach.CHANGES_RECORD)
    return None


def _check_tombstones(before: State, after: State, at_us: int) -> Refused | None:
    """A tombstone stays until its delegation would have ended; a new one is of one that ended."""
    stays = {one for one in before.tombstones if one.not_after_us > at_us}
    if not stays <= set(after.tombstones):
        return breached(Breach.DROPS_TOMBSTONE)
    ended = {one.id for one in before.in_force} - {one.id for one in after.in_force}
    new = [one for one in after.tombstones if one not in before.tombstones]
    if {one.delegation for one in new} - ended:
        return breached(Breach.WITHOUT_END)
    return None


def _check_identities(leaves: frozenset[Certified]) -> Refused | None:
    """A device once; one account key for each person, and one person for each account key."""
    if len({one.identity.device for one in leaves}) != len(leaves):
        return breached(Breach.SAME_DEVICE_TWICE)
    pairs = {(one.identity.person, one.aik, one.role) for one in leaves}
    people, keys = {one[0] for one in pairs}, {one[1] for one in pairs}
    return None if len(pairs) == len(people) == len(keys) else breached(Breach.OTHER_KEY)


def _check_delegations(state: State) -> Refused | None:
    """What is in force is once, and of nobody who must not have it.

    Its time is asked of the leaves that are there by it: one without any harms nobody.
    """
    ended = {one.delegation for one in state.tombstones}
    pairs = {(one.delegation.grantor, one.delegation.grantee) for one in state.in_force}
    if any(one.id in ended for one in state.in_force):
        return Refused(Refusal.E_ALREADY_ENDED, Breach.BROUGHT_BACK)
    if len(pairs) != len(state.in_force):
        return Refused(Refusal.E_DUPLICATE_DELEGATION)
    if any(one.ending not in ENDED_AS for one in state.tombstones):
        return breached(Breach.WITHOUT_TOMBSTONE)
    staff = [one for one in state.leaves if one.role in STAFF] if state.in_force else []
    people, keys = {one.person for one in staff}, {one.aik for one in staff}
    for found in state.in_force:
        if found.delegation.grantee in people or found.delegation.grantee_aik in keys:
            return Refused(Refusal.E_STAFF_GRANTEE)
    return None


def _check_leaf(leaf: Certified, state: State, at_us: int | None) -> Refused | None:
    """Each leaf hangs on a root that neither the hub nor the authority holds."""
    if leaf.role not in CONVERSATION_KINDS[ConversationKind(state.policy.kind)].members:
        return Refused(Refusal.E_KIND)
    is_patient = leaf.person == state.policy.patient
    if is_patient is not (leaf.role is Role.PATIENT):
        return Refused(Refusal.E_IDENTITY, Breach.OTHER_PATIENT)
    if leaf.role is Role.PATIENT:
        return (
            None
            if leaf.aik == state.policy.patient_aik
            else Refused(Refusal.E_IDENTITY, Breach.OTHER_KEY)
        )
    if leaf.role in STAFF:
        return None if leaf.staff else Refused(Refusal.E_IDENTITY)
    return _check_carers_leaf(leaf, state, at_us)


def _check_carers_leaf(leaf: Certified, state: State, at_us: int | None) -> Refused | None:
    found = state.delegation_of(leaf)
    if found is None:
        return Refused(Refusal.E_NO_DELEGATION)
    if Scope.CONVERSATION_READ not in found.scopes:
        return Refused(Refusal.E_SCOPE)
    why = None if at_us is None else found.too_early_or_late(at_us)
    return None if why is None else Refused(why)


def _context(state: State) -> object:
    return state.policy, state.number, _listed(state)


def _listed(state: State) -> tuple[object, tuple[Tombstone, ...]]:
    return tuple(one.record for one in state.in_force), state.tombstones


def _names(leaves: Iterable[Certified]) -> frozenset[LeafIdentity]:
    return frozenset(one.identity for one in leaves)


def _sorted(leaves: Iterable[Certified]) -> list[Certified]:
    """Return leaves in one order: which refusal comes first is the same for everybody."""
    return sorted(leaves, key=lambda one: (one.identity.person, one.identity.device))


def _first(refusals: Iterable[Refused | None]) -> Refused | None:
    return next((one for one in refusals if one is not None), None)


def _refusal(decided: Granted | Refused) -> Refused | None:
    return decided if isinstance(decided, Refused) else None
