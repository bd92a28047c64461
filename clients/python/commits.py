"""What a commit of this device's says: what its owner wants, and all that is due by then.

A delegation and its carer's place in the group change in one commit: whoever commits anything also
commits the ends that are pending, and those whose time has come. Nothing here touches the world.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from clients.python.errors import Denied
from clients.python.judge import due_in, identity_of
from crypto.mls.extensions import external_senders
from crypto.mls.group import Group
from crypto.mls.proposal import GroupContextExtensions, Proposal, Remove
from crypto.policy.conversation import (
    CommitData,
    ConversationPolicy,
    DelegationRecord,
    Delegations,
    EndingStatement,
    changed,
    extensions_of,
    read_extensions,
)
from crypto.policy.decision import Refused
from crypto.policy.delegation import check_ending
from crypto.policy.identity import Certified, LeafIdentity
from crypto.policy.state import State
from crypto.policy.statements import Revocation, Unverified
from crypto.policy.vocabulary import DelegationState, Role
from signaling import frames


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is to change, besides what is due anyway."""

    proposals: tuple[Proposal, ...] = ()
    adds: tuple[frames.Added, ...] = ()
    patient_aik: bytes = b""
    """Of the patient whose first device comes in."""
    admitted: tuple[DelegationRecord, ...] = ()
    narrowed: tuple[bytes, ...] = ()
    """Signed withdrawals of some scopes."""
    ended: tuple[EndingStatement, ...] = ()
    """Signed ends that the hub has not proposed to carry out."""


@dataclass(frozen=True, slots=True)
class _Commit:
    """One group in its epoch, and who commits there."""

    group: Group
    state: State
    me: Certified
    at_us: int


def compose(
    group: Group, state: State, me: LeafIdentity, wanted: Wanted, *, at_us: int
) -> tuple[list[Proposal], CommitData]:
    """Return the proposals of a commit by value, and its data; raise `Denied`."""
    mine = state.leaf(me)
    if mine is None:
        raise Denied("not_in_group")
    here = _Commit(group, state, mine, at_us)
    due = _due_ends(here)
    wanted = replace(wanted, ended=_needed(here, due, wanted))
    ends = _ends(here, due, wanted)
    policy, delegations = read_extensions(group.context.extensions)
    after = changed(
        delegations,
        admitted=_new(delegations, wanted),
        narrowed=_news(delegations, ends, wanted),
        ended=sorted(ends.items()),
        at_us=at_us,
    )
    proposals = [*wanted.proposals, *_removals(here, ends)]
    proposals += _context(group, (policy, delegations), (_with_key(policy, wanted), after))
    return proposals, CommitData(at_us, wanted.ended)


def _due_ends(here: _Commit) -> dict[bytes, DelegationState]:
    """Return which delegations end by what the hub has proposed."""
    return {
        named: ending
        for justified in due_in(here.group, here.state).values()
        for named, ending in justified.ends
    }


def _needed(
    here: _Commit, due: Mapping[bytes, DelegationState], wanted: Wanted
) -> tuple[EndingStatement, ...]:
    """Return the statements without which nothing would say why: a carer brings none."""
    if here.me.role is Role.CARER:
        return ()
    return tuple(one for one in wanted.ended if _ending(here, one)[0] not in due)


def _ends(
    here: _Commit, due: Mapping[bytes, DelegationState], wanted: Wanted
) -> dict[bytes, DelegationState]:
    """Return which delegations end in this commit, and how."""
    ends = dict(due)
    ends.update(_ending(here, one) for one in wanted.ended)
    if here.me.role is not Role.CARER:
        for found in here.state.in_force:
            if here.at_us >= found.delegation.not_after_us:
                ends.setdefault(found.id, DelegationState.EXPIRED)
    return ends


def _ending(here: _Commit, one: EndingStatement) -> tuple[bytes, DelegationState]:
    """Return the delegation that a statement ends, and how; raise `Denied`."""
    for found in here.state.in_force:
        ending = check_ending(
            one.what,
            one.statement,
            one.staff,
            delegation=found.delegation,
            policy=here.state.policy,
            trust=here.state.trust,
            at_us=here.at_us,
        )
        if not isinstance(ending, Refused):
            return ending.delegation, ending.state
    raise Denied("ends_nothing")


def _removals(here: _Commit, ends: Mapping[bytes, DelegationState]) -> Iterator[Remove]:
    """Yield what removes the carers whose delegation ends, where the hub has not proposed it."""
    due = due_in(here.group, here.state)
    going = {
        leaf.identity
        for found in here.state.in_force
        if found.id in ends
        for leaf in here.state.leaves_under(found)
    }
    for member in here.group.members():
        one = identity_of(member.leaf_node)
        if one in going and one not in due:
            yield Remove(member.leaf_index)


def _new(delegations: Delegations, wanted: Wanted) -> list[DelegationRecord]:
    """Return the records that are not in the group yet."""
    known = {one.id for one in delegations.in_force}
    return [one for one in wanted.admitted if one.id not in known]


def _news(
    delegations: Delegations, ends: Mapping[bytes, DelegationState], wanted: Wanted
) -> list[bytes]:
    """Return the withdrawals that the group does not hold yet, of what stays in force."""
    records = {one.id: one for one in delegations.in_force if one.id not in ends}
    return [
        one
        for one in wanted.narrowed
        if (record := records.get(_delegation_of(one))) is not None
        and one not in record.revocations
    ]


def _delegation_of(withdrawal: bytes) -> bytes:
    return Unverified.decode(Revocation, withdrawal).content.delegation


def _with_key(policy: ConversationPolicy, wanted: Wanted) -> ConversationPolicy:
    """Return the policy once the patient's first device is in."""
    if policy.patient_aik or not wanted.patient_aik:
        return policy
    return replace(policy, patient_aik=wanted.patient_aik)


def _context(
    group: Group,
    before: tuple[ConversationPolicy, Delegations],
    after: tuple[ConversationPolicy, Delegations],
) -> list[Proposal]:
    if before == after:
        return []
    [hub] = external_senders(group.context.extensions)
    return [GroupContextExtensions(extensions_of(*after, hub))]
