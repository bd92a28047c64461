"""Endings: what ends a delegation, by whose word."""

from __future__ import annotations

from typing import Any

from crypto.policy.vocabulary import DelegationState, Refusal
from tests.crypto.policy.case import Book
from tests.crypto.policy.world import (
    AUTHORITY,
    CALL,
    CLAIRE,
    ELSEWHERE,
    ELSEWHERE_CONVERSATION,
    HOUR,
    HUGO,
    JEAN,
    KARIM,
    LEA,
    NOW,
    PAUL,
    ROSE,
    SECOND,
    SOPHIE,
    Person,
    a_delegation,
    a_policy,
    a_resignation,
    a_suspension,
    a_withdrawal,
    chain_of,
    on_paper,
    staff_of,
    text,
    uid,
)

LATER = NOW + 120 * SECOND + 1
"""Later than two clocks may disagree."""


def ending(what: str, statement: bytes, staff: bytes = b"", **more: Any) -> dict[str, Any]:
    """Return what goes into the decision about an end."""
    return {
        "policy": a_policy(),
        "delegation": a_delegation(),
        "what": what,
        "statement": statement,
        "staff": staff,
        "at_us": NOW,
    } | more


def over(state: DelegationState, by: Person | None, at_us: int = NOW - HOUR) -> dict[str, Any]:
    """Return what is said of an end."""
    return {
        "delegation": text(a_delegation().delegation),
        "ending": state.value,
        "by": "" if by is None else text(by.id),
        "at_us": at_us,
    }


def cases() -> list[dict[str, Any]]:
    """Return all of them."""
    book = Book("ending")
    for write in (_revocations, _resignations, _suspensions, _expiry):
        write(book)
    return book.cases


def _revocations(book: Book) -> None:
    near = book.granted(
        "the patient withdraws everything",
        over(DelegationState.REVOKED, JEAN),
        **ending("revocation", a_withdrawal()),
    )

    def by(**changes: Any) -> dict[str, Any]:
        return {"statement": a_withdrawal(**changes)}

    near.refused("a withdrawal by the carer", Refusal.E_SIGNATURE, **by(by=SOPHIE.aik))
    near.refused("a withdrawal by a pharmacist", Refusal.E_SIGNATURE, **by(by=CLAIRE.aik))
    near.refused("a withdrawal by the authority", Refusal.E_SIGNATURE, **by(by=AUTHORITY))
    near.refused(
        "a withdrawal by another account key of the patient's",
        Refusal.E_SIGNATURE,
        **by(by=JEAN.renewed().aik),
    )
    near.refused("a withdrawal of nothing that reads", Refusal.E_SIGNATURE, statement=b"")
    near.refused(
        "a withdrawal with somebody's staff certificate", Refusal.E_SIGNATURE, staff=chain_of(HUGO)
    )
    near.refused("a withdrawal of one scope alone", Refusal.E_SCOPE, statement=a_withdrawal(CALL))
    near.refused(
        "a withdrawal of another delegation",
        Refusal.E_NO_DELEGATION,
        **by(delegation=uid("another")),
    )
    near.refused(
        "a withdrawal in another conversation",
        Refusal.E_NO_DELEGATION,
        **by(conversation=ELSEWHERE_CONVERSATION),
    )
    near.refused(
        "a withdrawal of another deployment", Refusal.E_NO_DELEGATION, **by(deployment="x.example")
    )
    near.refused("a withdrawal of the future", Refusal.E_CLOCK, **by(at_us=LATER))
    near.refused(
        "a resignation called a withdrawal", Refusal.E_SIGNATURE, statement=a_resignation()
    )
    near.refused("an end that there is not", Refusal.E_SIGNATURE, what="regret")
    near = book.granted(
        "a patient who has a device since withdraws a delegation on paper",
        over(DelegationState.REVOKED, JEAN),
        **ending("revocation", a_withdrawal(), delegation=on_paper()),
    )
    near.refused(
        "a withdrawal in the name of a patient without a device",
        Refusal.E_SIGNATURE,
        policy=a_policy(patient_aik=b""),
    )


def _resignations(book: Book) -> None:
    near = book.granted(
        "the carer gives the delegation back",
        over(DelegationState.RESIGNED, SOPHIE),
        **ending("resignation", a_resignation()),
    )
    for who in (JEAN, KARIM, CLAIRE):
        near.refused(
            f"a resignation by {who.name}, who is not its carer",
            Refusal.E_SIGNATURE,
            statement=a_resignation(by=who.aik),
        )
    near.refused(
        "a resignation from another delegation",
        Refusal.E_NO_DELEGATION,
        statement=a_resignation(delegation=uid("another")),
    )
    near.refused("a resignation of which nothing reads", Refusal.E_SIGNATURE, statement=b"nothing")
    near.refused("a resignation by a word that there is not", Refusal.E_SIGNATURE, what="regret")
    near.refused(
        "a resignation of the future", Refusal.E_CLOCK, statement=a_resignation(at_us=LATER)
    )
    near.refused("a withdrawal called a resignation", Refusal.E_SIGNATURE, statement=a_withdrawal())


def _suspensions(book: Book) -> None:
    owner = ending("suspension", a_suspension(CLAIRE))
    book.granted("the owner suspends a carer", over(DelegationState.SUSPENDED, CLAIRE), **owner)
    for reason, state in (
        ("telephone", DelegationState.SUSPENDED),
        ("abuse", DelegationState.SUSPENDED),
        ("death", DelegationState.SUSPENDED),
        ("contest", DelegationState.CONTESTED),
    ):
        book.granted(
            f"a pharmacist stops a carer for the reason {reason}",
            over(state, HUGO),
            **ending("suspension", a_suspension(reason=reason), chain_of(HUGO)),
        )
    near = book.granted(
        "any one pharmacist suspends a carer",
        over(DelegationState.SUSPENDED, HUGO),
        **ending("suspension", a_suspension(), chain_of(HUGO)),
    )

    def by(who: Person, staff: bytes, **changes: Any) -> dict[str, Any]:
        return {"statement": a_suspension(who, **changes), "staff": staff}

    near.refused("a suspension by a technician", Refusal.E_ROLE, **by(LEA, chain_of(LEA)))
    near.refused("a suspension of which nothing reads", Refusal.E_SIGNATURE, statement=b"nothing")
    near.refused("a suspension without a staff certificate", Refusal.E_SIGNATURE, **by(HUGO, b""))
    near.refused(
        "a suspension by the operator's pharmacist",
        Refusal.E_IDENTITY,
        **by(ROSE, staff_of(ROSE, by=AUTHORITY)),
    )
    near.refused(
        "a suspension by another pharmacy's owner",
        Refusal.E_IDENTITY,
        **by(PAUL, staff_of(PAUL, by=PAUL.aik, pharmacy=ELSEWHERE)),
    )
    near.refused(
        "a suspension under a colleague's certificate",
        Refusal.E_IDENTITY,
        **by(HUGO, chain_of(ROSE)),
    )
    near.refused(
        "a suspension made after the staff certificate's end",
        Refusal.E_IDENTITY,
        **by(HUGO, staff_of(HUGO, not_after_us=NOW - HOUR)),
    )
    near.refused(
        "a suspension signed by the patient",
        Refusal.E_SIGNATURE,
        **by(HUGO, chain_of(HUGO), by=JEAN.aik),
    )
    near.refused(
        "a suspension for a reason that there is not",
        Refusal.E_SIGNATURE,
        **by(HUGO, chain_of(HUGO), reason="dislike"),
    )
    near.refused(
        "a suspension of another delegation",
        Refusal.E_NO_DELEGATION,
        **by(HUGO, chain_of(HUGO), delegation=uid("another")),
    )
    near.refused(
        "a suspension of the future", Refusal.E_CLOCK, **by(HUGO, chain_of(HUGO), at_us=LATER)
    )


def _expiry(book: Book) -> None:
    end = a_delegation().not_after_us
    near = book.granted(
        "a delegation ends at its instant, and nobody signs that",
        over(DelegationState.EXPIRED, None, end),
        **ending("expiry", b"", at_us=end),
    )
    near.refused("an expiry a microsecond too early", Refusal.E_PERIOD, at_us=end - 1)
    near.refused("an expiry that somebody signed", Refusal.E_SIGNATURE, statement=a_withdrawal())
    near.refused("an expiry with a staff certificate", Refusal.E_SIGNATURE, staff=chain_of(HUGO))
    near.refused("an expiry at no time", Refusal.E_PERIOD, at_us=None)
