"""Whom a patient may name as a carer: relatives the pharmacy knows, and whoever gave their code."""

from __future__ import annotations

import secrets

from crypto.policy.vocabulary import Role
from server.domain.audit import Draft, EntryType
from server.domain.refusals import Refused
from server.hub.acts.context import Context, as_result
from server.hub.acts.identities import identity_changed
from server.hub.outcome import Done, Outcome
from server.ports import Tx
from signaling.codes import Code
from signaling.frames import AskCarerCode, CarerView, LinkCarer, ListCarers

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's base 32: no letter that is mistaken for a digit."""
CODE_LENGTH = 10
"""50 bits, for whoever may try ten times an hour."""
_MISREAD = str.maketrans({"O": "0", "I": "1", "L": "1", "-": None})


def list_carers(context: Context, frame: ListCarers) -> Outcome:
    """Tell the carers that a patient may name: to the patient, or to the staff."""
    tx, sender = context.tx, context.principal.person
    patient = tx.people.find(frame.patient or sender.id)
    if sender.role is Role.PATIENT and (patient is None or patient.id != sender.id):
        return Refused(Code.E_TENANT)
    # Somebody else's patient and nobody at all: one answer.
    if patient is None or patient.tenant != sender.tenant or patient.role is not Role.PATIENT:
        return Refused(Code.E_TENANT)
    carers = tx.carers.of_patient(patient.id)
    names = tx.people.names(carers)
    rows = sorted((_view(tx, one, names) for one in carers), key=lambda row: (row.name, row.person))
    return Done({"carers": [as_result(row) for row in rows]})


def link(context: Context, frame: LinkCarer) -> Outcome:
    """Have a carer be one whom this patient may name, by the code that the carer told them."""
    patient = context.principal.person
    code = frame.code.translate(_MISREAD)
    carer = context.tx.carers.redeem(code, patient.tenant)
    if carer is None:
        return Refused(Code.E_CARER_CODE)
    context.tx.carers.relate(patient.id, carer, context.now)
    located = context.record(
        Draft(
            type=EntryType.CARER_LINKED,
            actor=patient,
            device=context.device,
            rule="carers.link",
            subject=patient.id,
            outcome={"carer": carer},
        )
    )
    names = context.tx.people.names([carer])
    view = _view(context.tx, carer, names)
    return Done({"carer": as_result(view)}, located, (identity_changed(context.tx, patient),))


def tell_code(context: Context, _frame: AskCarerCode) -> Outcome:
    """Tell a carer the code to pass on; once it was used, a new one."""
    fresh = "".join(secrets.choice(ALPHABET) for _ in range(CODE_LENGTH))
    code = context.tx.carers.code(context.principal.person.id, fresh)
    result = {"code": f"{code[:5]}-{code[5:]}"}
    if code != fresh:
        return Done(result, unchanged=True)
    located = context.record(
        Draft(
            type=EntryType.CARER_CODE_MADE,
            actor=context.principal.person,
            device=context.device,
            rule="carers.code",
        )
    )
    return Done(result, located)


def _view(tx: Tx, carer: str, names: dict[str, str]) -> CarerView:
    standing = tx.certificates.find(carer)
    return CarerView(
        person=carer,
        name=names.get(carer, ""),
        certificate=standing.certificate if standing else b"",
    )
