"""Where devices stand in a group: who is in which epoch, who cannot follow, and what then.

A commit is never rolled back. A device that cannot follow rejoins by an external commit; where
nobody can follow, a pharmacist's device founds a successor group.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from crypto.errors import BadSignature, CryptoError, MalformedInput, Rule
from crypto.mls.group_info import GroupInfo
from crypto.mls.message import decode_group_info
from crypto.mls.public_group import PublicGroup, check_external_pub
from crypto.policy import decision
from crypto.policy.conversation import (
    ConversationPolicy,
    read_extensions,
    succession_in,
)
from crypto.policy.cosigned import check_succession
from crypto.policy.identity import LeafIdentity
from crypto.policy.membership import check_founding
from crypto.policy.state import State
from crypto.policy.statements import EpochReceipt, Succession, Unverified
from crypto.policy.vocabulary import STAFF
from server.domain.audit import Draft, EntryType, Sealed
from server.domain.conversation import Conversation, Device, Event, What, group_id
from server.domain.group import KeptReceipt, StoredGroup, StuckReport
from server.domain.refusals import Refused
from server.hub.acts.admissions import start_again
from server.hub.acts.context import Context, plain_state
from server.hub.dues import due
from server.hub.groups import (
    SUITES,
    group_extensions,
    is_large,
    is_leaf_of,
    state_of,
    trust_of,
)
from server.hub.outcome import (
    Changed,
    Confirmed,
    Done,
    Effect,
    GroupForked,
    Outcome,
    Streamed,
)
from server.ports import Admission, Located
from signaling.codes import Code
from signaling.frames import AskGroupInfo, ConfirmEpoch, ReportStuck, SucceedGroup

PATIENCE = 5_000_000
"""Microseconds between a device's word that it is stuck and the group that it may found instead."""
MAX_GENERATION = 255
"""The group id of a successor has one byte for it."""


def tell_group_info(context: Context, _frame: AskGroupInfo) -> Outcome:
    """Give a member's device what it needs to enter the group by an external commit."""
    conversation, here = context.conversation, context.conversation.id
    device, stored = context.own_device(), context.tx.groups.find(here)
    if isinstance(device, Refused):
        return device
    if stored is None:
        return _no_group(conversation)
    where = {"epoch": conversation.epoch, "generation": conversation.generation}
    # A technical entry: it is no step of the care, and has no number in the conversation.
    located = context.record(
        _draft(context, "group.info", EntryType.GROUP_INFO_TOLD, {"conversation": here, **where})
    )
    return Done({**where, "group_info": stored.group_info}, located)


def confirm(context: Context, frame: ConfirmEpoch) -> Outcome:
    """Keep a device's receipt of an epoch, and look whether all of them hold the same secrets."""
    conversation, here = context.conversation, context.conversation.id
    receipt = _read_receipt(context, frame.receipt)
    if isinstance(receipt, Refused):
        return receipt
    kept = context.tx.receipts.of(here, conversation.generation, receipt.epoch)
    mine = next((one for one in kept if one.device == context.device), None)
    if mine is not None:
        same = hmac.compare_digest(mine.authenticator_hash, receipt.authenticator_hash)
        done = Done({"receipts": len(kept)}, unchanged=True)
        return done if same else _false_receipt(conversation, "another_before")
    context.tx.receipts.keep(
        KeptReceipt(
            conversation=here,
            generation=conversation.generation,
            epoch=receipt.epoch,
            device=context.device,
            authenticator_hash=receipt.authenticator_hash,
            statement=frame.receipt,
            received_at=context.now,
        )
    )
    # Once for each version there is: those who come after and agree with one of them are no news.
    forked = bool(kept) and receipt.authenticator_hash not in {
        one.authenticator_hash for one in kept
    }
    located = _record_receipt(context, receipt.epoch, forked=forked)
    result = {"receipts": len(kept) + 1}
    effects = _fork(context, receipt.epoch) if forked else ()
    return Done(result, located, (*effects, _passed_on(context, frame.receipt)))


def report_stuck(context: Context, frame: ReportStuck) -> Outcome:
    """Note that a device cannot enter the current epoch; say whether rejoining will help."""
    conversation, here = context.conversation, context.conversation.id
    if frame.epoch != conversation.epoch:
        return Refused(Code.E_EPOCH, epoch=conversation.epoch, conversation=here)
    where = (here, conversation.generation, conversation.epoch)
    others = [one for one in context.tx.receipts.of(*where) if one.device != context.device]
    result = {"resync": bool(others)}
    if context.device in {one.device for one in context.tx.receipts.stuck(*where)}:
        return Done(result, unchanged=True)
    context.tx.receipts.report_stuck(
        StuckReport(
            conversation=here,
            generation=conversation.generation,
            epoch=conversation.epoch,
            device=context.device,
            reason=frame.reason,
            reported_at=context.now,
        )
    )
    outcome = {"epoch": conversation.epoch, "reason": frame.reason, **result}
    draft = _care_draft(context, "group.stuck", EntryType.GROUP_STUCK, outcome)
    return Done(result, context.record(draft))


def succeed(context: Context, frame: SucceedGroup) -> Outcome:
    """Begin anew where nobody can go on: the founder's device alone, everyone invited again."""
    conversation, here = context.conversation, context.conversation.id
    before = context.group_state()
    if isinstance(before, Refused):
        return before
    succession = _succession_in(frame.group_info)
    said = _read_succession(context, before, succession) if succession else None
    if isinstance(said, Refused):
        return said
    reason = _why_not_succeed(context, patient_lost_all=said is not None)
    if reason is not None:
        return Refused(Code.E_POLICY, conversation=here, reason=reason)
    successor = conversation.generation + 1
    policy = replace(before.policy, patient_aik=said.new_aik) if said else before.policy
    wanted = Wanted(group_id(here, successor), policy, before, succession)
    founded = read_founding(context, frame.group_info, wanted)
    if isinstance(founded, Refused):
        return replace(founded, conversation=here)
    after = replace(
        conversation,
        generation=successor,
        epoch=0,
        last_seq=conversation.last_seq + 1,
        removing=False,
    )
    sealed = Sealed(frame.group_info, 0, after.last_seq)
    outcome = {"generation": successor}
    draft = _care_draft(context, "group.succeed", EntryType.GROUP_SUCCEEDED, outcome)
    located = context.record(replace(draft, sealed=sealed))
    keep_group(context, here, founded, frame.group_info)
    effects = _begin_anew(context, after, frame, located, succession)
    return Done({"seq": after.last_seq, "epoch": 0, "generation": successor}, located, effects)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a new group of ours must be."""

    group_id: bytes
    policy: ConversationPolicy
    before: State | None = None
    """The group that it succeeds, in its last epoch."""
    succession: bytes = b""
    """What two pharmacists signed, where the patient's key is another."""


Founded = tuple[PublicGroup, State]
"""A new group, and what policy verified of it."""


def read_founding(context: Context, data: bytes, wanted: Wanted) -> Founded | Refused:
    """Return the group that a GroupInfo founds: epoch 0, this device alone, as it must be."""
    device = context.own_device()
    if isinstance(device, Refused):
        return device
    try:
        info = decode_group_info(data)
        group = PublicGroup.of_info(info)
    except MalformedInput:
        return Refused(Code.E_MALFORMED)
    except CryptoError as exc:
        return Refused(Code.E_GROUP_INFO, reason=exc.code)
    fault = _founding_fault(context, info, group, device, wanted)
    if fault is not None:
        return Refused(Code.E_GROUP_INFO, reason=fault)
    state = _founding_state(context, group, device, wanted)
    return state if isinstance(state, Refused) else (group, state)


def keep_group(context: Context, conversation: str, founded: Founded, group_info: bytes) -> None:
    """Store a group that was just founded."""
    group, state = founded
    stored = StoredGroup(public=group.serialize(), group_info=group_info, at=context.now)
    context.tx.groups.save(conversation, stored)
    context.means.groups.keep(conversation, stored, group, state)


def _founding_fault(
    context: Context, info: GroupInfo, group: PublicGroup, device: Device, wanted: Wanted
) -> str | None:
    """Name the first thing that a new group of ours may not be."""
    leaves = group.members()
    if group.suite.id not in SUITES:
        return Rule.WRONG_SUITE.value
    if group.group_id != wanted.group_id:
        return Rule.WRONG_GROUP.value
    if group.epoch != 0 or group.context.confirmed_transcript_hash:
        return Rule.WRONG_EPOCH.value
    if not _has_our_extensions(context, group, wanted.policy):
        return "wrong_extensions"
    try:
        check_external_pub(info, group.suite)
    except CryptoError as exc:
        return exc.code
    if len(leaves) != 1 or not is_leaf_of(leaves[0].leaf_node, device):
        return "wrong_leaf"
    return "large_leaf" if is_large(leaves[0].leaf_node) else None


def _has_our_extensions(context: Context, group: PublicGroup, wanted: ConversationPolicy) -> bool:
    """Tell whether the group says whose conversation it is, and that the hub alone may propose."""
    try:
        policy, delegations = read_extensions(group.context.extensions)
    except CryptoError:
        return False
    said = group_extensions(context.tx.identity, policy, delegations)
    fits = 0 < policy.suite_floor <= group.suite.id
    same = replace(policy, suite_floor=wanted.suite_floor) == wanted
    return fits and same and said == group.context.extensions


def _founding_state(
    context: Context, group: PublicGroup, device: Device, wanted: Wanted
) -> State | Refused:
    """Have policy judge a new group: its founder's certificates, and what it begins with."""
    try:
        state = state_of(group, trust_of(context.tx.identity))
    except CryptoError as exc:
        return Refused(Code.E_IDENTITY, reason=exc.code)
    founder = LeafIdentity(device.person, device.id)
    decided = check_founding(
        state, founder, context.now, before=wanted.before, succession=wanted.succession
    )
    if isinstance(decided, decision.Refused):
        reason = None if decided.breach is None else decided.breach.value
        return Refused(Code(decided.why.value), reason=reason)
    standing = context.tx.certificates.find(device.person)
    leaf = state.leaf(founder)
    if standing is None or leaf is None or not hmac.compare_digest(standing.aik, leaf.aik):
        return Refused(Code.E_IDENTITY, reason="other_key")
    return state


def _read_receipt(context: Context, data: bytes) -> EpochReceipt | Refused:
    """Return a receipt of this device about an epoch that the hub knows; refuse any other."""
    conversation, device = context.conversation, context.own_device()
    if isinstance(device, Refused):
        return device
    stored = context.tx.groups.find(conversation.id)
    if stored is None:
        return _no_group(conversation)
    try:
        receipt = Unverified.decode(EpochReceipt, data).verify(device.signature_key)
    except MalformedInput:
        return Refused(Code.E_MALFORMED)
    except BadSignature as exc:
        return _false_receipt(conversation, exc.code)
    if not _is_of(receipt, context):
        return _false_receipt(conversation, Rule.WRONG_GROUP.value)
    transcript = _transcript_of(context, stored, receipt.epoch)
    if transcript is None:
        epoch = conversation.epoch
        return Refused(Code.E_EPOCH, epoch=epoch, conversation=conversation.id)
    if not hmac.compare_digest(transcript, receipt.confirmed_transcript_hash):
        return _false_receipt(conversation, "wrong_transcript")
    return receipt


def _is_of(receipt: EpochReceipt, context: Context) -> bool:
    """Tell whether a receipt names this deployment, conversation, group and device."""
    conversation = context.conversation
    return (
        receipt.deployment == context.tx.identity.deployment
        and receipt.conversation == UUID(conversation.id).bytes
        and receipt.group_id == conversation.group_id
        and receipt.device == UUID(context.device).bytes
    )


def _transcript_of(context: Context, stored: StoredGroup, epoch: int) -> bytes | None:
    """Return the confirmed transcript hash of the current epoch, or of the one before."""
    conversation = context.conversation
    if epoch == conversation.epoch:
        group = context.means.groups.load(conversation.id, stored)
        return group.context.confirmed_transcript_hash
    return stored.last_transcript if epoch == conversation.epoch - 1 else None


def _record_receipt(context: Context, epoch: int, *, forked: bool) -> Located:
    rule = "group.receipt"
    if forked:
        return context.record(_care_draft(context, rule, EntryType.GROUP_FORKED, {"epoch": epoch}))
    outcome = {"conversation": context.conversation.id, "epoch": epoch}
    return context.record(_draft(context, rule, EntryType.GROUP_CONFIRMED, outcome))


def _fork(context: Context, epoch: int) -> tuple[Effect, ...]:
    members = context.tx.members.of(context.conversation.id)
    staff = frozenset(member.person for member in members if member.role in STAFF)
    return (GroupForked(context.conversation.id, epoch, staff),)


def _passed_on(context: Context, receipt: bytes) -> Confirmed:
    """Tell the other devices: « Arrêtée » is what a pharmacy's device confirms, not what we say."""
    inside = {one.device for one in context.tx.members.admissions(context.conversation.id)}
    return Confirmed(context.conversation.id, receipt, frozenset(inside - {context.device}))


def _succession_in(group_info: bytes) -> bytes:
    """Return the co-signed `Succession` that a founder's GroupInfo carries, or nothing."""
    try:
        return succession_in(decode_group_info(group_info).extensions)
    except CryptoError:
        return b""


def _read_succession(context: Context, before: State, data: bytes) -> Succession | Refused:
    """Return the word of two pharmacists that the patient goes on with another key.

    It is of this very group, in its last epoch, and names the key that is on file by now.
    """
    conversation = context.conversation
    said = check_succession(data, policy=before.policy, trust=before.trust, at_us=context.now)
    if isinstance(said, decision.Refused):
        return context.policy_says(said)
    standing = context.tx.certificates.find(conversation.patient)
    truth = (
        conversation.group_id,
        conversation.epoch,
        group_id(conversation.id, conversation.generation + 1),
        before.policy.patient_aik,
    )
    told = (said.old_group, said.old_epoch, said.new_group, said.old_aik)
    on_file = standing is not None and hmac.compare_digest(standing.aik, said.new_aik)
    if told != truth or not on_file:
        return Refused(Code.E_IDENTITY, conversation=conversation.id, reason="wrong_succession")
    return said


def _why_not_succeed(context: Context, *, patient_lost_all: bool) -> str | None:
    """Name what stands against a successor: somebody follows, or nobody said they could not."""
    conversation = context.conversation
    where = (conversation.id, conversation.generation, conversation.epoch)
    if conversation.generation >= MAX_GENERATION:
        return "last_generation"
    if patient_lost_all:
        return None
    mine = [one for one in context.tx.receipts.stuck(*where) if one.device == context.device]
    if not mine:
        return "not_stuck"
    if context.tx.receipts.of(*where):
        return "somebody_follows"
    # Whoever is in the epoch and slow to say so is given the time to.
    return "too_soon" if context.now < mine[0].reported_at + PATIENCE else None


def _begin_anew(
    context: Context,
    after: Conversation,
    frame: SucceedGroup,
    located: Located,
    succession: bytes,
) -> tuple[Effect, ...]:
    """Let everyone out but the founder's device, and tell all of them why."""
    tx, here = context.tx, after.id
    event = Event(
        conversation=here,
        seq=after.last_seq,
        ts=context.now,
        what=What.SUCCESSION,
        person=context.principal.person.id,
        device=context.device,
        body=frame.group_info,
        epoch=0,
        log_index=located.index,
    )
    tx.conversations.advance(here, generation=after.generation, epoch=0, last_seq=after.last_seq)
    tx.stream.append(event)
    before = {one.device: one.since for one in tx.members.admissions(here)}
    tx.members.dismiss(here, before)
    tx.members.admit(here, Admission(context.device, context.principal.person.id, after.last_seq))
    tx.removes.settle(here, [one.device for one in tx.removes.of(here)])
    return (
        Streamed(event, before | {context.device: after.last_seq}),
        *start_again(context, succession),
        due(tx, after, context.now),
        Changed(plain_state(tx, after, context.now)),
    )


def _draft(context: Context, rule: str, what: EntryType, outcome: dict[str, Any]) -> Draft:
    return Draft(
        type=what,
        actor=context.principal.person,
        device=context.device,
        rule=rule,
        outcome=outcome,
    )


def _care_draft(context: Context, rule: str, what: EntryType, outcome: dict[str, Any]) -> Draft:
    """Return the draft of a step of the conversation."""
    return replace(
        _draft(context, rule, what, outcome),
        conversation=context.conversation.id,
        subject=context.conversation.patient,
    )


def _false_receipt(conversation: Conversation, reason: str) -> Refused:
    return Refused(Code.E_RECEIPT, conversation=conversation.id, reason=reason)


def _no_group(conversation: Conversation) -> Refused:
    return Refused(Code.E_COMMIT, conversation=conversation.id, reason="no_group")
