"""« Qui a vu quoi »: what the log says about one patient, told to that patient; and its proofs."""

from __future__ import annotations

from server.domain.audit import LogClass
from server.domain.refusals import Refused
from server.hub.acts.context import Context, as_result
from server.hub.outcome import Accessed, Done, Outcome
from server.ports import Tx
from signaling.codes import Code
from signaling.frames import AccessRow, ListAccesses, ProveConsistency


def list_accesses(context: Context, frame: ListAccesses) -> Outcome:
    """Tell the entries about this patient, the newest first."""
    tx, patient = context.tx, context.principal.person
    found = tx.accesses.about(patient, before=frame.before, limit=frame.limit + 1)
    more, found = len(found) > frame.limit, found[: frame.limit]
    names = tx.people.names({one.actor for one in found})
    rows = [
        AccessRow(
            log=one.located.log,
            index=one.located.index,
            name=names.get(one.actor, ""),
            entry=one.located.entry,
        )
        for one in found
    ]
    return Done({"rows": [as_result(row) for row in rows], "more": more})


def new_accesses(tx: Tx) -> list[Accessed]:
    """Return what the patients of a transaction just sealed are told of."""
    found = tx.accesses.sealed()
    names = tx.people.names({one.actor for one in found}) if found else {}
    return [
        Accessed(
            row=AccessRow(
                log=one.located.log,
                index=one.located.index,
                name=names.get(one.actor, ""),
                entry=one.located.entry,
            ),
            patient=one.patient,
            tenant=one.tenant,
        )
        for one in found
    ]


def prove_consistency(context: Context, frame: ProveConsistency) -> Outcome:
    """Prove that the `care` log of one size begins with that of an earlier one."""
    head = context.tx.log.head(context.principal.person.tenant, LogClass.CARE)
    if frame.first > frame.second:
        return Refused(Code.E_MALFORMED)
    if frame.second > head.size:
        return Refused(Code.E_NOT_FOUND)
    proof = context.tx.audit.consistency(head.log, frame.first, frame.second)
    return Done({"proof": list(proof), "checkpoint": head.checkpoint})
