"""The one door to effects: every frame is judged here, in the transaction that carries it out.

Judged at each frame, never once per connection: the session, the role, the tenant, the membership,
the device's admission. What does not exist and what is not yours answer alike.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from crypto.policy.vocabulary import PARTICIPANTS, Role
from server.domain.acting import live_one, may_use, why_not
from server.domain.audit import Draft, EntryType
from server.domain.conversation import Conversation
from server.domain.delegation import StoredDelegation
from server.domain.people import Principal, Session
from server.domain.refusals import Refused
from server.domain.rules import RULES, Rule, Standing
from server.hub.acts import (
    accesses,
    accounts,
    audit,
    calls,
    carers,
    conversations,
    delegations,
    devices,
    epochs,
    groups,
    identities,
    messages,
    own_devices,
    retirements,
    signals,
    staff,
)
from server.hub.acts.context import Context, Means, Stood
from server.hub.outcome import Done, Look, Outcome
from server.ports import Located, Tx
from signaling import frames
from signaling.codes import CODES, Code
from signaling.frames import AnyClientFrame

Act = Callable[[Context, Any], Outcome]

ACTS: Mapping[type[AnyClientFrame], Act] = {
    frames.Hello: devices.hello,
    frames.PublishKeyPackages: devices.publish_key_packages,
    frames.ClaimKeyPackages: groups.claim_key_packages,
    frames.ListPatients: conversations.list_patients,
    frames.CreateConversation: conversations.create,
    frames.Commit: groups.commit,
    frames.AskGroupInfo: epochs.tell_group_info,
    frames.ConfirmEpoch: epochs.confirm,
    frames.ReportStuck: epochs.report_stuck,
    frames.SucceedGroup: epochs.succeed,
    frames.RetireDevice: retirements.retire,
    frames.EnrolIdentity: identities.enrol,
    frames.ListIdentities: identities.list_identities,
    frames.CertifyDevice: own_devices.certify,
    frames.ListDevices: own_devices.list_devices,
    frames.AskLink: own_devices.ask_link,
    frames.KeepRecovery: own_devices.keep_recovery,
    frames.AskRecovery: own_devices.ask_recovery,
    frames.ListStaff: staff.list_staff,
    frames.CertifyStaff: staff.certify,
    frames.RevokeAccount: accounts.revoke,
    frames.ListRevocations: accounts.list_revocations,
    frames.ListCarers: carers.list_carers,
    frames.LinkCarer: carers.link,
    frames.AskCarerCode: carers.tell_code,
    frames.ProposeDelegation: delegations.propose,
    frames.ConfirmDelegation: delegations.confirm,
    frames.AcceptDelegation: delegations.accept,
    frames.EndDelegation: delegations.end,
    frames.ListAccesses: accesses.list_accesses,
    frames.ProveConsistency: accesses.prove_consistency,
    frames.SendMessage: messages.send,
    frames.AdvanceCursor: messages.advance_cursor,
    frames.OpenCall: calls.open_call,
    frames.RingCall: calls.ring,
    frames.AcceptCall: calls.accept,
    frames.DeclineCall: calls.control,
    frames.HangUp: calls.control,
    frames.DelayCall: calls.control,
    frames.ReportConnected: calls.control,
    frames.ReportPairLost: calls.control,
    frames.ReportIncident: calls.control,
    frames.IssueTurn: calls.issue_turn,
    frames.Signal: signals.forward,
    frames.ListAuditedConversations: audit.list_conversations,
    frames.ReadTimeline: audit.open_timeline,
    frames.VerifyLogs: audit.open_logs,
    frames.ReadPage: audit.read_page,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A frame, who sends it, and what that connection has opened before."""

    principal: Principal
    frame: AnyClientFrame
    looks: Mapping[str, Look] = field(default_factory=dict)


def judge(tx: Tx, asked: Asked, now: int, means: Means | None = None) -> Outcome:
    """Carry out a frame, or say why not: the only caller of the acts."""
    principal, frame = asked.principal, asked.frame
    rule = RULES.get(type(frame))
    act = ACTS.get(type(frame))
    if rule is None or act is None:
        return Refused(Code.E_MALFORMED)
    session = tx.sessions.find(principal.session.key)
    if session is None or not session.is_live(now):
        return _over(tx, principal, session, frame)
    if session.person.role not in rule.roles:
        return Refused(rule.denials.role, conversation=_own_conversation(tx, principal, frame))
    if not rule.bare and _lacks_certificate(tx, principal, now):
        return Refused(Code.E_DEVICE_CERTIFICATE)
    standing = _standing(tx, principal, frame, rule, now)
    if isinstance(standing, Refused):
        return standing
    context = Context(tx, principal, standing, now, asked.looks, means or Means())
    outcome = act(context, frame)
    if isinstance(outcome, Done):
        _demand_entry(rule, outcome, context.recorded)
    return outcome


def leaves_entry(refused: Refused) -> bool:
    """Tell whether a refusal is one of policy (an entry) or of form (a metric)."""
    return CODES[refused.code].audited


def note_refusal(tx: Tx, principal: Principal, refused: Refused, now: int) -> Located:
    """Write the entry of one refusal."""
    return _append_refusal(
        tx,
        principal,
        now,
        rule=refused.code.value,
        about=refused.conversation,
        outcome={"reason": refused.reason} if refused.reason else None,
    )


def count_refusals(tx: Tx, principal: Principal, count: int, now: int) -> Located:
    """Write one entry for the refusals of a device beyond ten in a minute."""
    return _append_refusal(tx, principal, now, rule="coalesced", outcome={"count": count})


def _append_refusal(
    tx: Tx,
    principal: Principal,
    now: int,
    *,
    rule: str,
    about: str | None = None,
    outcome: dict[str, Any] | None = None,
) -> Located:
    conversation = tx.conversations.find(about) if about else None
    draft = Draft(
        type=EntryType.ACT_REFUSED,
        actor=principal.person,
        device=principal.device,
        rule=rule,
        permitted=False,
        conversation=about,
        subject=conversation.patient if conversation else None,
        outcome=outcome,
    )
    return tx.log.append(draft, now)


def _standing(
    tx: Tx, principal: Principal, frame: AnyClientFrame, rule: Rule, now: int
) -> Stood | Refused:
    """Return the conversation the frame names if the sender may act in it."""
    if rule.standing is Standing.NONE:
        return Stood()
    conversation = tx.conversations.find(getattr(frame, "conversation", ""))
    if conversation is None or conversation.tenant != principal.person.tenant:
        return Refused(rule.denials.standing)
    by = None
    if principal.person.role is Role.CARER:
        found = _delegation(tx, principal, conversation, rule, now)
        if isinstance(found, Refused):
            return found
        by = found
    elif not _is_member(tx, principal, conversation):
        return Refused(rule.denials.standing)
    if rule.standing is not Standing.ADMITTED:
        return Stood(conversation, by=by)
    admitted = {one.device: one.since for one in tx.members.admissions(conversation.id)}
    if principal.device not in admitted:
        return Refused(rule.denials.standing)
    return Stood(conversation, admitted, by)


def _delegation(
    tx: Tx, principal: Principal, conversation: Conversation, rule: Rule, now: int
) -> StoredDelegation | Refused | None:
    """Return the delegation under which a carer acts; None where they have only yet to answer one.

    A carer stands in a conversation by that alone, at this very instant.
    """
    rows = tx.delegations.of(conversation.id, principal.person.id)
    live = live_one(rows, now)
    if rule.standing is Standing.CONCERNED:
        waits = live is not None or any(row.is_expected for row in rows)
        return live if waits else _told_why_not(rows, conversation, rule)
    if live is None:
        return _told_why_not(rows, conversation, rule)
    return may_use(live, rule.scope) or live


def _told_why_not(rows: list[StoredDelegation], conversation: Conversation, rule: Rule) -> Refused:
    """Refuse a carer: what they once had is over; what they never had does not exist."""
    code = why_not(rows)
    if code is Code.E_NOT_FOUND:
        return Refused(rule.denials.standing)
    return Refused(code, conversation=conversation.id)


def _over(tx: Tx, principal: Principal, session: Session | None, frame: AnyClientFrame) -> Refused:
    """Tell a carer whose last delegation is over why, once; anyone else is signed out.

    Only on the connection that was open then: who comes back with that session has none.
    """
    if session is None or not session.turned_out or principal.device is None:
        return Refused(Code.E_SESSION)
    here = getattr(frame, "conversation", None)
    known = [one for one in tx.delegations.of_grantee(session.person.id) if one.confirmed_at]
    there = [one for one in known if one.conversation == here]
    code = why_not(there or known)
    if code is Code.E_NOT_FOUND:
        return Refused(Code.E_SESSION)
    return Refused(code, conversation=here if there else None, last=True)


def _lacks_certificate(tx: Tx, principal: Principal, now: int) -> bool:
    """Tell whether a device is to be certified before it may act: those who hold no leaf need not.

    One that was given up is refused as that.
    """
    if principal.person.role not in PARTICIPANTS or principal.device is None:
        return False
    device = tx.devices.find(principal.device)
    return device is not None and device.retired_at is None and not device.is_certified(now)


def _is_member(tx: Tx, principal: Principal, conversation: Conversation) -> bool:
    if conversation.tenant != principal.person.tenant:
        return False
    return principal.person.id in {member.person for member in tx.members.of(conversation.id)}


def _own_conversation(tx: Tx, principal: Principal, frame: AnyClientFrame) -> str | None:
    """Return the conversation a frame names, for its refusal's entry, where the sender is in it."""
    conversation = tx.conversations.find(getattr(frame, "conversation", ""))
    if conversation is None or not _is_member(tx, principal, conversation):
        return None
    return conversation.id


def _demand_entry(rule: Rule, done: Done, recorded: list[Located]) -> None:
    """No act without trace, no trace without act: an audited act leaves exactly one entry.

    A repeated act (same id, same bytes) leaves none and answers with the entry it left before. One
    that changed nothing leaves none and has none, where its rule says that this may be.
    """
    if done.unchanged:
        agree = rule.settled and not recorded and done.entry is None and not done.effects
    else:
        expected = 1 if rule.audited is not None and not done.repeated else 0
        answered = rule.audited is None or done.entry is not None
        agree = len(recorded) == expected and answered
    if not agree:
        raise RuntimeError("an act and its audit entries disagree")
