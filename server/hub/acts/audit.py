"""What a compliance officer may look at. Each look is an entry before it is an answer.

No ciphertext passes here: a look returns entries, which hold hashes, and the people in them.
"""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from crypto.policy.vocabulary import AUDITORS, STAFF, Role
from server.domain.audit import Draft, EntryType, LogClass
from server.domain.conversation import Conversation
from server.domain.refusals import Refused
from server.hub.acts.context import Context
from server.hub.outcome import Done, Look, Outcome
from server.ports import Located, StoredEntry, Tx
from signaling.codes import Code
from signaling.frames import ListAuditedConversations, ReadPage, ReadTimeline, VerifyLogs

PAGE_ENTRIES = 50
"""An entry is under 1 KiB and its proof under 1 KiB: a page stays within one connection's queue."""


def list_conversations(context: Context, _frame: ListAuditedConversations) -> Outcome:
    """Tell which conversations this pharmacy has: who, why, when; never what was said."""
    located = _record(context, EntryType.AUDIT_CONVERSATIONS_LISTED, "audit.conversations")
    found = context.tx.conversations.of_tenant(context.principal.person.tenant)
    return Done({"conversations": [_row(context.tx, one) for one in found]}, located)


def open_timeline(context: Context, frame: ReadTimeline) -> Outcome:
    """Open one conversation's entries as they stand now."""
    conversation = context.tx.conversations.find(frame.conversation)
    tenant = context.principal.person.tenant
    if conversation is None or conversation.tenant != tenant:
        return Refused(Code.E_NOT_FOUND)
    # What is shown ends before this very look: it is sealed only when the answer is on its way.
    head = context.tx.log.head(tenant, LogClass.CARE)
    look = Look(
        id=str(uuid4()),
        logs={"care": head.log},
        sizes={"care": head.size},
        conversation=conversation.id,
    )
    total = context.tx.audit.count(conversation.id)
    located = _record(context, EntryType.AUDIT_TIMELINE_READ, "audit.timeline", conversation)
    result: dict[str, Any] = {
        "look": look.id,
        "total": total,
        "logs": {one.value: context.tx.log.head(tenant, one).verifier_key for one in LogClass},
        "checkpoint": head.checkpoint,
        "size": head.size,
        "people": _people(context.tx, conversation),
    }
    return Done(result, located, opens=look)


def open_logs(context: Context, _frame: VerifyLogs) -> Outcome:
    """Open this pharmacy's logs, whole, for a verification on the officer's own device."""
    tenant = context.principal.person.tenant
    heads = [context.tx.log.head(tenant, one) for one in LogClass]
    located = _record(context, EntryType.AUDIT_LOGS_VERIFIED, "audit.verify")
    look = Look(
        id=str(uuid4()),
        logs={head.log_class.value: head.log for head in heads},
        sizes={head.log_class.value: head.size for head in heads},
    )
    rows = [
        {
            "log": head.log_class.value,
            "vkey": head.verifier_key,
            "checkpoint": head.checkpoint,
            "size": head.size,
        }
        for head in heads
    ]
    return Done({"look": look.id, "logs": rows}, located, opens=look)


def read_page(context: Context, frame: ReadPage) -> Outcome:
    """Return the next entries of a look opened on this connection."""
    look = context.looks.get(frame.look)
    if look is None or frame.log not in look.logs:
        return Refused(Code.E_NOT_FOUND)
    rows = _rows(context.tx, look, frame)
    more = len(rows) == PAGE_ENTRIES
    return Done(
        {
            "rows": [_page_row(context.tx, look, frame.log, row) for row in rows],
            "next": rows[-1].index if more else None,
        }
    )


def _rows(tx: Tx, look: Look, frame: ReadPage) -> list[StoredEntry]:
    log, size = look.logs[frame.log], look.sizes[frame.log]
    if look.conversation is None:
        return tx.audit.entries(log, after=frame.after, size=size, limit=PAGE_ENTRIES)
    return tx.audit.of_conversation(
        log, look.conversation, after=frame.after, size=size, limit=PAGE_ENTRIES
    )


def _page_row(tx: Tx, look: Look, log: str, row: StoredEntry) -> dict[str, Any]:
    told: dict[str, Any] = {"index": row.index, "entry": row.entry, "leaf": row.leaf}
    if look.conversation is not None:
        told["proof"] = list(tx.audit.inclusion(look.logs[log], row.index, look.sizes[log]))
    return told


def _record(
    context: Context, what: EntryType, rule: str, conversation: Conversation | None = None
) -> Located:
    return context.record(
        Draft(
            type=what,
            actor=context.principal.person,
            device=context.principal.device,
            rule=rule,
            conversation=conversation.id if conversation else None,
            subject=conversation.patient if conversation else None,
        )
    )


def _row(tx: Tx, conversation: Conversation) -> dict[str, Any]:
    names = tx.people.names([member.person for member in tx.members.of(conversation.id)])
    return {
        "id": conversation.id,
        "conversation_kind": conversation.kind.value,
        "motive": conversation.motive.value,
        "created_at": conversation.created_at,
        "people": sorted(names.values()),
        "entries": conversation.entries,
    }


def _people(tx: Tx, conversation: Conversation) -> dict[str, dict[str, str]]:
    """Name whoever may stand in its entries; an erased person stays a pseudonym."""
    roles = {row.grantee: Role.CARER for row in tx.delegations.of(conversation.id)}
    roles |= {member.person: member.role for member in tx.members.of(conversation.id)}
    roles |= {
        one.id: one.role for one in tx.people.with_roles(conversation.tenant, STAFF | AUDITORS)
    }
    names = tx.people.names(roles)
    return {
        person: {"name": names.get(person, ""), "role": role.value}
        for person, role in roles.items()
    }
