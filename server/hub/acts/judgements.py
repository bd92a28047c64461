"""Whether a sound commit may be made: policy's answer, and then the hub's own table's.

Policy (`crypto.policy.membership`) is what every client asks, too. The table knows what only the
hub does: that a delegation was proposed, confirmed and accepted here, and that it is over.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from uuid import UUID

from crypto.errors import CryptoError
from crypto.mls.proposal import Add, ExternalInit, GroupContextExtensions, Remove
from crypto.mls.public_group import CheckedCommit, PublicGroup
from crypto.policy import decision
from crypto.policy.conversation import CommitData, others_of, read_extensions
from crypto.policy.delegation import InForce
from crypto.policy.identity import Certified, LeafIdentity
from crypto.policy.membership import Breach, CommitView, check_commit
from crypto.policy.removal import Justified, RemoveJustification, check_removal
from crypto.policy.state import State
from crypto.policy.vocabulary import Role
from server.domain.conversation import Device
from server.domain.delegation import StoredDelegation
from server.domain.refusals import Refused
from server.hub.acts.context import Context
from server.hub.groups import MAX_CARERS_DEVICES, certified, identity_of, is_leaf_of
from signaling.codes import Code

_KNOWN = (Add, Remove, GroupContextExtensions, ExternalInit)


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A commit that may be made, and what it makes of the group."""

    before: State
    after: State
    at_us: int
    rows: tuple[StoredDelegation, ...]
    """The delegations of the conversation, as they stood."""

    @property
    def admitted(self) -> frozenset[str]:
        """Return the delegations that come into force by it."""
        return _ids(self.after) - _ids(self.before)


def judge_commit(
    context: Context, group: PublicGroup, checked: CheckedCommit, device: Device, *, last_at: int
) -> Judged | Refused:
    """Return what a sound commit makes of the group, if its sender may make it."""
    here = context.conversation.id
    if not is_leaf_of(checked.committer.leaf_node, device):
        return Refused(Code.E_SENDER, conversation=here)
    before = context.group_state()
    if isinstance(before, Refused):
        return before
    try:
        data = CommitData.decode(checked.authenticated_data)
    except CryptoError:
        return Refused(Code.E_COMMIT, conversation=here, reason="commit_data")
    after = _state_after(context, before, checked)
    if isinstance(after, Refused):
        return after
    decided = check_commit(
        before,
        _view(context, group, checked, before, after, data),
        after,
        data.at_us,
        not_below_us=last_at,
        now_us=context.now,
    )
    if isinstance(decided, decision.Refused):
        return context.policy_says(decided)
    rows = tuple(context.tx.delegations.of(here))
    judged = Judged(before=before, after=after, at_us=data.at_us, rows=rows)
    return _against_table(context, judged) or judged


def _state_after(context: Context, before: State, checked: CheckedCommit) -> State | Refused:
    """Return the group after a commit: what came in by it is verified, what stays was."""
    here = context.conversation.id
    try:
        policy, delegations = read_extensions(checked.extensions_after)
    except CryptoError:
        reason = Breach.CHANGES_EXTENSIONS.value
        return Refused(Code.E_POLICY, conversation=here, reason=reason)
    try:
        leaves = frozenset(_leaves_after(before, checked))
    except CryptoError as exc:
        return Refused(Code.E_IDENTITY, conversation=here, reason=exc.code)
    after = State.of(policy, delegations, leaves, before.trust, known=before)
    return context.policy_says(after) if isinstance(after, decision.Refused) else after


def _leaves_after(before: State, checked: CheckedCommit) -> Iterator[Certified]:
    new = [member.leaf_node for member in checked.added]
    gone = {identity_of(member.leaf_node) for member in checked.removed}
    if checked.external:
        new.append(checked.committer.leaf_node)
    for one in checked.updated:
        # A path brings fresh keys; what it says of its owner is mostly what it was.
        same = one.before.credential == one.after.credential
        if not (same and one.before.signature_key == one.after.signature_key):
            new.append(one.after)
            gone.add(identity_of(one.before))
    yield from (one for one in before.leaves if one.identity not in gone)
    for leaf in new:
        yield certified(leaf, before.policy, before.trust)


def _view(
    context: Context,
    group: PublicGroup,
    checked: CheckedCommit,
    before: State,
    after: State,
    data: CommitData,
) -> CommitView:
    """Say what a checked commit does, in the words of policy."""
    mine = identity_of(checked.committer.leaf_node)
    committer = (after if checked.external else before).leaf(mine)
    if committer is None:
        raise RuntimeError("a checked commit of nobody")
    due = _due(group, before)
    proposals = [one.proposal for one in checked.proposals]
    return CommitView(
        committer=committer,
        external=checked.external,
        added=frozenset(identity_of(member.leaf_node) for member in checked.added),
        removed=frozenset(identity_of(member.leaf_node) for member in checked.removed),
        due=due,
        barred=_waiting(context, before),
        statements=data.statements,
        known_proposals=all(isinstance(one, _KNOWN) for one in proposals),
        same_other_extensions=(
            others_of(checked.extensions_after) == others_of(checked.extensions_before)
        ),
    )


def _due(group: PublicGroup, before: State) -> Mapping[LeafIdentity, Justified]:
    """Return whom the hub has proposed to remove in this epoch, as members must see it."""
    due: dict[LeafIdentity, Justified] = {}
    for sent in group.remembered().values():
        if not isinstance(sent.proposal, Remove):
            raise TypeError("the hub proposes nothing but removals")
        leaf = group.tree.member(sent.proposal.removed)
        target = before.leaf(identity_of(leaf))
        if target is None:
            raise RuntimeError("a removal of nobody")
        justified = check_removal(
            RemoveJustification.decode(sent.authenticated_data),
            target=target,
            state=before,
            transcript=group.context.confirmed_transcript_hash,
            now_us=None,
        )
        if isinstance(justified, decision.Refused):
            raise TypeError("a removal that no member would carry out")
        due[target.identity] = justified
    return due


def _waiting(context: Context, before: State) -> frozenset[LeafIdentity]:
    """Return all whose removal was demanded: proposed in this epoch, or still to be."""
    devices = {one.device for one in context.tx.removes.of(context.conversation.id)}
    return frozenset(one.identity for one in before.leaves if one.identity.device in devices)


# The hub's own table


def _against_table(context: Context, judged: Judged) -> Refused | None:
    """Refuse what was never agreed here, or is over, or has not ended."""
    rows = {row.id: row for row in judged.rows}
    before = {one.id: one for one in judged.before.in_force}
    after = {one.id: one for one in judged.after.in_force}
    checks = (
        *(_unknown(context, before.get(named), one, rows) for named, one in after.items()),
        *(_not_over(judged, one, rows) for named, one in before.items() if named not in after),
        *(_unfit_newcomer(context, judged, leaf) for leaf in _newcomers(judged)),
        *(_too_many(judged, one) for one in after.values()),
    )
    reason = next((one for one in checks if one is not None), None)
    if reason is None:
        return None
    return Refused(Code.E_POLICY, conversation=context.conversation.id, reason=reason)


def _unknown(
    context: Context,
    was: InForce | None,
    found: InForce,
    rows: Mapping[str, StoredDelegation],
) -> str | None:
    """A record that comes, or changes, is the hub's own to the byte: agreed on here."""
    if was is not None and was.record == found.record:
        return None
    row = rows.get(id_of(found))
    if row is None or row.record != found.record.encode():
        return "unknown_record"
    stands = row.is_live(context.now) if was is not None else row.waits_for_admission(context.now)
    return None if stands else "ended_here"


def _not_over(judged: Judged, found: InForce, rows: Mapping[str, StoredDelegation]) -> str | None:
    """What leaves the group has ended here first, and as the tombstone says."""
    row = rows.get(id_of(found))
    stones = {one.delegation: one.ending for one in judged.after.tombstones}
    over = row is not None and row.is_over and stones.get(found.id) == row.state.value
    return None if over else "not_ended_here"


def _newcomers(judged: Judged) -> frozenset[Certified]:
    return judged.after.leaves - judged.before.leaves


def _unfit_newcomer(context: Context, judged: Judged, leaf: Certified) -> str | None:
    """Who comes in has the account key on file; a carer's delegation stands here, too."""
    identity = context.tx.certificates.find(leaf.identity.person)
    if identity is None or not hmac.compare_digest(identity.aik, leaf.aik):
        return "other_key"
    if leaf.role is not Role.CARER:
        return None
    found = judged.after.delegation_of(leaf)
    row = next((one for one in judged.rows if found is not None and one.id == id_of(found)), None)
    if row is None or not (row.is_live(context.now) or row.waits_for_admission(context.now)):
        return "ended_here"
    return None


def _too_many(judged: Judged, found: InForce) -> str | None:
    many = len(judged.after.leaves_under(found)) > MAX_CARERS_DEVICES
    return "too_many_devices" if many else None


def _ids(state: State) -> frozenset[str]:
    return frozenset(id_of(one) for one in state.in_force)


def id_of(found: InForce) -> str:
    """Return a delegation's id as text."""
    return str(UUID(bytes=found.id))
