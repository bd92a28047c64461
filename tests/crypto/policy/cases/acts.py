"""Acts: who may do something in a conversation, and as whom."""

from __future__ import annotations

from typing import Any, Final

from crypto.policy.decision import Breach
from crypto.policy.vocabulary import DelegationState, Refusal
from tests.crypto.policy.case import Book
from tests.crypto.policy.world import (
    ALICE,
    CALL,
    CLAIRE,
    DAY,
    HUGO,
    JEAN,
    KARIM,
    LEA,
    NOW,
    SOPHIE,
    Person,
    a_delegation,
    a_group,
    a_record,
    a_tombstone,
    a_withdrawal,
    by_evidence,
    leaf,
    text,
    uid,
    with_carer,
)

SOPHIES: Final = {"by": text(a_delegation().delegation)}
NOBODYS: Final = {"by": None}


def act(who: Person, what: str, **more: Any) -> dict[str, Any]:
    """Return what goes into the decision of an act that is done for oneself."""
    return {
        "state": with_carer(),
        "leaf": leaf(who),
        "act": what,
        "acting_for": b"",
        "delegation": b"",
        "delegation_version": 0,
        "at_us": NOW,
    } | more


def for_jean(what: str = "message", **more: Any) -> dict[str, Any]:
    """Return what goes into the decision of what his daughter does for Jean."""
    said = {
        "acting_for": JEAN.id,
        "delegation": a_delegation().delegation,
        "delegation_version": 1,
    }
    return act(SOPHIE, what, **said | more)


def cases() -> list[dict[str, Any]]:
    """Return all of them."""
    book = Book("act")
    for write in (_of_others, _of_a_carer, _in_time, _by_scope, _after_an_end, _decisions):
        write(book)
    return book.cases


def _of_others(book: Book) -> None:
    """Patient and staff act for themselves, and say nothing else."""
    for who in (JEAN, HUGO, LEA):
        near = book.granted(f"a message by a {who.role}", NOBODYS, **act(who, "message"))
        near.refused(
            f"a {who.role} who claims to act for the patient",
            Refusal.E_ACTING_FOR,
            acting_for=JEAN.id,
        )
        near.refused(
            f"a {who.role} who names a delegation",
            Refusal.E_ACTING_FOR,
            delegation=a_delegation().delegation,
        )
        near.refused(
            f"a {who.role} who names a version of the delegations",
            Refusal.E_ACTING_FOR,
            delegation_version=1,
        )
    near = book.granted("a signal by the owner", NOBODYS, **act(CLAIRE, "signal"))
    near.refused("an act that there is not, by the owner", Refusal.E_SCOPE, act="act.unheard")
    near.refused("an act without a name", Refusal.E_SCOPE, act="")
    near.refused(
        "a signal by a pharmacist who is not in the group",
        Refusal.E_POLICY,
        Breach.STRANGER,
        state=with_carer().without(leaf(CLAIRE)),
    )
    near.refused(
        "a signal by another device of a member",
        Refusal.E_POLICY,
        Breach.STRANGER,
        leaf=leaf(CLAIRE, 2),
    )


def _of_a_carer(book: Book) -> None:
    near = book.granted("a message that a carer writes for the patient", SOPHIES, **for_jean())
    near.refused("a carer who does not say for whom", Refusal.E_ACTING_FOR, acting_for=b"")
    near.refused("a carer who acts for another patient", Refusal.E_ACTING_FOR, acting_for=ALICE.id)
    near.refused("a carer who acts for themselves", Refusal.E_ACTING_FOR, acting_for=SOPHIE.id)
    near.refused(
        "a carer who does not say by which delegation", Refusal.E_ACTING_FOR, delegation=b""
    )
    near.refused(
        "a carer who names a delegation that is not here",
        Refusal.E_NO_DELEGATION,
        delegation=uid("not here"),
    )
    near.refused(
        "a carer who names an older version of the delegations",
        Refusal.E_ACTING_FOR,
        delegation_version=0,
    )
    near.refused(
        "a carer who names a later version of the delegations",
        Refusal.E_ACTING_FOR,
        delegation_version=2,
    )
    near.refused(
        "a carer whose leaf was taken out",
        Refusal.E_POLICY,
        Breach.STRANGER,
        state=a_group().listing(1, a_record()),
    )
    both = a_group(leaf(SOPHIE), leaf(KARIM)).listing(1, a_record(), a_record(carer=KARIM))
    near = book.granted("a message by one of two carers", SOPHIES, **for_jean(state=both))
    near.refused(
        "a carer who names another carer's delegation",
        Refusal.E_ACTING_FOR,
        delegation=a_delegation(KARIM).delegation,
    )


def _in_time(book: Book) -> None:
    given = a_delegation()
    near = book.granted(
        "a message in the first microsecond of a delegation",
        SOPHIES,
        **for_jean(at_us=given.not_before_us),
    )
    near.refused(
        "a message a microsecond before it", Refusal.E_PERIOD, at_us=given.not_before_us - 1
    )
    near = book.granted(
        "a message in the last microsecond of a delegation",
        SOPHIES,
        **for_jean(at_us=given.not_after_us - 1),
    )
    near.refused(
        "a message at the instant of its end",
        Refusal.E_DELEGATION_EXPIRED,
        at_us=given.not_after_us,
    )


SCOPED: Final = {
    "message": "conversation.send",
    "document": "document.send",
    "signal": "call.join",
    "call": "call.join",
    "document.read": "document.read",
    "appointment.manage": "appointment.manage",
    "dispensation.request": "dispensation.request",
    "prescription.present": "prescription.present",
    "delivery.receive": "delivery.receive",
    "sensitive.read": "sensitive.read",
    "decide.assist": "decide.assist",
}


def _by_scope(book: Book) -> None:
    """Each act by its scope alone; and by nothing else that a carer may have."""
    everything = {"conversation.read", *SCOPED.values()}

    def allowing(scopes: set[str]) -> Any:
        given = a_delegation(scopes=tuple(sorted(scopes)))
        return a_group(leaf(SOPHIE)).listing(1, a_record(given))

    for what, scope in SCOPED.items():
        only = allowing({"conversation.read", scope})
        near = book.granted(
            f"the act {what} under the scope {scope}", SOPHIES, **for_jean(what, state=only)
        )
        near.refused(
            f"the act {what} under every other scope",
            Refusal.E_SCOPE,
            state=allowing(everything - {scope}),
        )
    reading = allowing({"conversation.read"})
    for what in ("cursor", "commit", "receipt"):
        near = book.granted(
            f"the act {what} of a carer who may only read", SOPHIES, **for_jean(what, state=reading)
        )
        near.refused(
            f"a message of a carer who may only read, and do the act {what}",
            Refusal.E_SCOPE,
            act="message",
        )
    narrowed = a_record(revocations=(a_withdrawal(CALL),))
    near = book.granted(
        "a message by a carer who may no longer join calls",
        SOPHIES,
        **for_jean(state=with_carer().listing(1, narrowed)),
    )
    near.refused("a signal of a carer who may no longer join calls", Refusal.E_SCOPE, act="signal")
    near.refused("an act that there is not, by a carer", Refusal.E_SCOPE, act="delegation.give")


def _after_an_end(book: Book) -> None:
    """A carer who is let in again says the delegation that is in force, not one that ended."""
    renewed = a_delegation(delegation=uid("delegation", "sophie", "renewed"))
    again = a_group(leaf(SOPHIE))
    refusals = {
        DelegationState.REVOKED: Refusal.E_DELEGATION_REVOKED,
        DelegationState.RESIGNED: Refusal.E_DELEGATION_RESIGNED,
        DelegationState.SUSPENDED: Refusal.E_DELEGATION_SUSPENDED,
        DelegationState.CONTESTED: Refusal.E_DELEGATION_SUSPENDED,
        DelegationState.EXPIRED: Refusal.E_DELEGATION_EXPIRED,
    }
    for ending, why in refusals.items():
        stone = a_tombstone(ending=ending, at_us=NOW - DAY)
        near = book.granted(
            f"a message under a renewed delegation, after one that was {ending}",
            {"by": text(renewed.delegation)},
            **for_jean(
                state=again.listing(1, a_record(renewed), ended=(stone,)),
                delegation=renewed.delegation,
            ),
        )
        near.refused(
            f"a message under a delegation that was {ending}",
            why,
            delegation=a_delegation().delegation,
        )


def _decisions(book: Book) -> None:
    """Capacity is per decision, and dated: no delegation stands in for it."""
    guardian = by_evidence(scopes=("conversation.read", "decide.assist", "decide.final"))
    state = a_group(leaf(SOPHIE)).listing(1, a_record(guardian))
    near = book.granted(
        "a guardian who helps to decide", SOPHIES, **for_jean("decide.assist", state=state)
    )
    near.refused(
        "a guardian who decides, without a record of capacity",
        Refusal.E_CAPACITY,
        act="decide.final",
    )
    near.refused(
        "a final decision that calls itself a message, by who may not write",
        Refusal.E_SCOPE,
        act="message",
    )
