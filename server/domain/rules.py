"""Who may send which frame, and what trace it leaves. Total: a test proves it.

A frame without a row here does not exist for the gate: it is refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from crypto.policy.membership import ACT_SCOPES
from crypto.policy.vocabulary import AUDITORS, PARTICIPANTS, STAFF, Role, Scope
from server.domain.audit import EntryType
from signaling import frames
from signaling.codes import Code
from signaling.frames import AnyClientFrame

EVERYONE = frozenset(Role)
PHARMACISTS = frozenset({Role.PHARMACIST})
PATIENTS = frozenset({Role.PATIENT})
CARERS = frozenset({Role.CARER})
MANDATORS = PATIENTS | PHARMACISTS | CARERS
"""Who may try to give a delegation: a carer is told that it is not theirs to pass on."""


class Path(Enum):
    """How a permitted frame takes effect."""

    WRITE = "write"
    """In the writer's transaction, with its entry if the rule has one."""
    READ = "read"
    """From a snapshot; changes nothing."""
    LOCAL = "local"
    """On the connection itself."""


class Standing(Enum):
    """What the sender must be to the conversation that the frame names."""

    NONE = "none"
    """The frame names no conversation of the sender's."""
    MEMBER = "member"
    """The person is a member."""
    ADMITTED = "admitted"
    """The person is a member and this very device is in the group."""
    CONCERNED = "concerned"
    """The person is a member, or the carer of a delegation there that waits to begin."""


@dataclass(frozen=True, slots=True)
class Denials:
    """In which codes the gate says no. What does not exist and what is not yours share one."""

    role: Code = Code.E_ROLE
    standing: Code = Code.E_NOT_FOUND


OF_CALLS = Denials(Code.CALL_NOT_AUTHORIZED, Code.CALL_NOT_MEMBER)


@dataclass(frozen=True, slots=True)
class Rule:
    """One frame's rule. `audited`: the type of the entry that each accepted frame leaves."""

    roles: frozenset[Role]
    path: Path
    standing: Standing = Standing.NONE
    scope: Scope | None = None
    """What a carer's delegation must hold, where the frame acts in a conversation."""
    audited: EntryType | None = None
    bare: bool = False
    """A device may send it that its person's account key has not certified (yet)."""
    settled: bool = False
    """The frame may find all as it asks for: then it changes nothing and leaves no entry."""
    denials: Denials = Denials()


def _bare(audited: EntryType) -> Rule:
    return Rule(PARTICIPANTS, Path.WRITE, audited=audited, settled=True, bare=True)


def _of_call(
    audited: EntryType, roles: frozenset[Role] = PARTICIPANTS, *, settled: bool = True
) -> Rule:
    return Rule(
        roles,
        Path.WRITE,
        Standing.ADMITTED,
        scope=ACT_SCOPES["call"] if Role.CARER in roles else None,
        audited=audited,
        settled=settled,
        denials=OF_CALLS,
    )


RULES: Mapping[type[AnyClientFrame], Rule] = {
    frames.Hello: Rule(EVERYONE, Path.WRITE, audited=EntryType.CONNECTION_OPENED, bare=True),
    frames.Ping: Rule(EVERYONE, Path.LOCAL, bare=True),
    # How a device comes by its certificate.
    frames.EnrolIdentity: _bare(EntryType.IDENTITY_ISSUED),
    frames.ListIdentities: Rule(PARTICIPANTS, Path.READ, bare=True),
    frames.CertifyDevice: _bare(EntryType.DEVICE_CERTIFIED),
    frames.ListDevices: Rule(PARTICIPANTS, Path.READ, bare=True),
    frames.AskLink: _bare(EntryType.DEVICE_LINK_ASKED),
    frames.AskRecovery: _bare(EntryType.RECOVERY_ASKED),
    # Not from a device that nobody let in: it would put its own in place of what is kept.
    frames.KeepRecovery: Rule(
        PARTICIPANTS, Path.WRITE, audited=EntryType.RECOVERY_KEPT, settled=True
    ),
    frames.ListStaff: Rule(PHARMACISTS, Path.READ),
    # The owner alone: the act looks at that.
    frames.CertifyStaff: Rule(
        PHARMACISTS, Path.WRITE, audited=EntryType.STAFF_CERTIFIED, settled=True
    ),
    # The first pharmacist's word leaves `account.revocation_proposed`.
    frames.RevokeAccount: Rule(
        PHARMACISTS, Path.WRITE, audited=EntryType.ACCOUNT_REVOKED, settled=True
    ),
    frames.ListRevocations: Rule(PHARMACISTS, Path.READ),
    frames.ListCarers: Rule(STAFF | PATIENTS, Path.READ),
    frames.LinkCarer: Rule(PATIENTS, Path.WRITE, audited=EntryType.CARER_LINKED),
    frames.AskCarerCode: Rule(
        frozenset({Role.CARER}), Path.WRITE, audited=EntryType.CARER_CODE_MADE, settled=True
    ),
    frames.ListAccesses: Rule(PATIENTS, Path.READ),
    frames.ProveConsistency: Rule(PARTICIPANTS, Path.READ),
    frames.PublishKeyPackages: Rule(
        PARTICIPANTS, Path.WRITE, audited=EntryType.KEY_PACKAGES_PUBLISHED
    ),
    # A carer lets nobody in, not even another device of their own.
    frames.ClaimKeyPackages: Rule(
        PARTICIPANTS - CARERS,
        Path.WRITE,
        Standing.ADMITTED,
        audited=EntryType.KEY_PACKAGE_CLAIMED,
    ),
    frames.ListPatients: Rule(STAFF, Path.READ),
    # The act is the pharmacist's: for anyone else there is no start button, and a forged frame is
    # refused E_ROLE.
    frames.CreateConversation: Rule(
        PHARMACISTS, Path.WRITE, audited=EntryType.DISPENSATION_STARTED
    ),
    # A device outside the group enters it by an external commit: the act looks at which one it is.
    frames.Commit: Rule(
        PARTICIPANTS,
        Path.WRITE,
        Standing.MEMBER,
        scope=ACT_SCOPES["commit"],
        audited=EntryType.GROUP_COMMITTED,
    ),
    frames.AskGroupInfo: Rule(
        PARTICIPANTS,
        Path.WRITE,
        Standing.MEMBER,
        scope=ACT_SCOPES["commit"],
        audited=EntryType.GROUP_INFO_TOLD,
    ),
    # A receipt that makes a fork evident leaves `group.forked` in place of its own entry.
    frames.ConfirmEpoch: Rule(
        PARTICIPANTS,
        Path.WRITE,
        Standing.ADMITTED,
        scope=ACT_SCOPES["receipt"],
        audited=EntryType.GROUP_CONFIRMED,
        settled=True,
    ),
    frames.ReportStuck: Rule(
        PARTICIPANTS,
        Path.WRITE,
        Standing.ADMITTED,
        scope=ACT_SCOPES["receipt"],
        audited=EntryType.GROUP_STUCK,
        settled=True,
    ),
    frames.SucceedGroup: Rule(
        PHARMACISTS, Path.WRITE, Standing.ADMITTED, audited=EntryType.GROUP_SUCCEEDED
    ),
    frames.RetireDevice: Rule(
        PARTICIPANTS, Path.WRITE, audited=EntryType.DEVICE_RETIRED, settled=True
    ),
    frames.ProposeDelegation: Rule(
        MANDATORS,
        Path.WRITE,
        Standing.MEMBER,
        scope=Scope.CONVERSATION_READ,
        audited=EntryType.DELEGATION_PROPOSED,
        settled=True,
    ),
    frames.ConfirmDelegation: Rule(
        PHARMACISTS,
        Path.WRITE,
        Standing.MEMBER,
        audited=EntryType.DELEGATION_CONFIRMED,
        settled=True,
    ),
    frames.AcceptDelegation: Rule(
        CARERS,
        Path.WRITE,
        Standing.CONCERNED,
        audited=EntryType.DELEGATION_ACCEPTED,
        settled=True,
    ),
    # By whose hand which end: the act looks at that. Its entry's type is that of the end.
    frames.EndDelegation: Rule(
        MANDATORS, Path.WRITE, Standing.CONCERNED, audited=EntryType.DELEGATION_REVOKED
    ),
    frames.SendMessage: Rule(
        PARTICIPANTS,
        Path.WRITE,
        Standing.ADMITTED,
        scope=ACT_SCOPES["message"],
        audited=EntryType.MESSAGE_SENT,
    ),
    frames.AdvanceCursor: Rule(
        PARTICIPANTS, Path.WRITE, Standing.ADMITTED, scope=ACT_SCOPES["cursor"]
    ),
    # Only a pharmacist starts a call and lets people in. Who hangs up last leaves `call.ended`.
    frames.OpenCall: _of_call(EntryType.CALL_OPENED),
    frames.RingCall: _of_call(EntryType.CALL_RANG, PHARMACISTS),
    frames.AcceptCall: _of_call(EntryType.CALL_ACCEPTED),
    frames.DeclineCall: _of_call(EntryType.CALL_DECLINED),
    frames.HangUp: _of_call(EntryType.CALL_LEFT),
    frames.DelayCall: _of_call(EntryType.CALL_DELAYED, PHARMACISTS, settled=False),
    frames.ReportConnected: _of_call(EntryType.CALL_CONNECTED),
    frames.ReportPairLost: _of_call(EntryType.CALL_PAIR_LOST),
    frames.ReportIncident: _of_call(EntryType.CALL_INCIDENT, settled=False),
    frames.IssueTurn: _of_call(EntryType.CALL_TURN_ISSUED, settled=False),
    # Judged at each frame and passed on; what it leaves in the trail is what comes of it.
    frames.Signal: Rule(
        PARTICIPANTS,
        Path.READ,
        Standing.ADMITTED,
        scope=ACT_SCOPES["signal"],
        denials=OF_CALLS,
    ),
    frames.ListAuditedConversations: Rule(
        AUDITORS, Path.WRITE, audited=EntryType.AUDIT_CONVERSATIONS_LISTED
    ),
    frames.ReadTimeline: Rule(AUDITORS, Path.WRITE, audited=EntryType.AUDIT_TIMELINE_READ),
    frames.VerifyLogs: Rule(AUDITORS, Path.WRITE, audited=EntryType.AUDIT_LOGS_VERIFIED),
    frames.ReadPage: Rule(AUDITORS, Path.READ),
}
