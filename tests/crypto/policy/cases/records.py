"""Records: everything that makes a delegation hold, as it was signed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from crypto.policy.conversation import ConversationPolicy, DelegationRecord, SignedConfirmation
from crypto.policy.statements import Delegation, unsigned
from crypto.policy.vocabulary import LONE_PHARMACIST_DELAY_US, Refusal, Scope
from tests.crypto.policy.case import Book
from tests.crypto.policy.world import (
    AUTHORITY,
    CALL,
    CLAIRE,
    DAY,
    ELSEWHERE,
    ELSEWHERE_CONVERSATION,
    HOUR,
    HUGO,
    JEAN,
    LEA,
    NOW,
    PAUL,
    READ,
    ROSE,
    SECOND,
    SEND,
    SOPHIE,
    Person,
    a_confirmation,
    a_delegation,
    a_policy,
    a_record,
    a_withdrawal,
    an_acceptance,
    by_evidence,
    hashed,
    on_paper,
    signed,
    staff_of,
    text,
    uid,
)

WITHOUT = a_policy(patient_aik=b"")
"""The policy of a patient without a device."""


def judging(record: DelegationRecord, **more: Any) -> dict[str, Any]:
    """Return what goes into the decision about a record that comes into force now."""
    return {"policy": a_policy(), "record": record, "at_us": NOW} | more


def holding(*by: Person, scopes: tuple[str, ...] = (CALL, READ, SEND)) -> dict[str, Any]:
    """Return what holds of a record."""
    return {
        "scopes": sorted(scopes),
        "confirmed_by": [text(one.id) for one in by],
        "heard_alone": [True for _ in by],
    }


def cases() -> list[dict[str, Any]]:
    """Return all of them."""
    book = Book("record")
    for write in (
        _signatures,
        _confirmations,
        _acceptances,
        _times,
        _on_paper,
        _representatives,
        _withdrawals,
    ):
        write(book)
    return book.cases


def _signatures(book: Book) -> None:
    near = book.granted(
        "a delegation signed by the patient, confirmed, and accepted",
        holding(CLAIRE),
        **judging(a_record()),
    )
    for who, by in (
        ("the carer", SOPHIE.aik),
        ("the owner", CLAIRE.aik),
        ("the authority", AUTHORITY),
        ("another account key of the patient's", JEAN.renewed().aik),
    ):
        near.refused(
            f"a delegation signed by {who}",
            Refusal.E_SIGNATURE,
            record=a_record(delegation=signed(a_delegation(), by)),
        )
    near.refused(
        "a delegation that nobody signed",
        Refusal.E_SIGNATURE,
        record=a_record(delegation=unsigned(a_delegation())),
    )
    near.refused(
        "a delegation of another deployment",
        Refusal.E_NO_DELEGATION,
        record=a_record(a_delegation(deployment="other.example")),
    )
    near.refused(
        "a delegation for another conversation",
        Refusal.E_NO_DELEGATION,
        record=a_record(a_delegation(conversation=ELSEWHERE_CONVERSATION)),
    )
    near.refused(
        "a delegation to the patient's own account key",
        Refusal.E_SELF_DELEGATION,
        record=a_record(a_delegation(grantee_aik=JEAN.key)),
    )
    near.refused(
        "a scope that there is not",
        Refusal.E_UNKNOWN_SCOPE,
        record=a_record(a_delegation(scopes=("conversation.read", "everything"))),
    )
    near.refused(
        "a final decision by the patient's mandate",
        Refusal.E_LEGAL_BASIS,
        record=a_record(a_delegation(scopes=("conversation.read", "decide.final"))),
    )
    near.refused(
        "a year and a microsecond",
        Refusal.E_PERIOD_TOO_LONG,
        record=a_record(a_delegation(not_after_us=NOW + 364 * DAY + 1)),
    )
    near.refused(
        "a record whose delegation does not read",
        Refusal.E_SIGNATURE,
        record=replace(a_record(), delegation=b"nothing"),
    )
    near.refused(
        "a record whose confirmation does not read",
        Refusal.E_SIGNATURE,
        record=a_record(confirmations=(SignedConfirmation(b"nothing"),)),
    )
    near.refused(
        "a record whose acceptance does not read",
        Refusal.E_SIGNATURE,
        record=a_record(acceptance=b"nothing"),
    )
    near.refused(
        "a record whose withdrawal does not read",
        Refusal.E_SIGNATURE,
        record=a_record(revocations=(b"nothing",)),
    )
    near.refused("a record that does not read", Refusal.E_SIGNATURE, record=b"\x00")


def _confirmations(book: Book) -> None:
    given = a_delegation()
    near = book.granted(
        "a delegation that a deputy confirmed",
        holding(HUGO),
        **judging(a_record(confirmations=(a_confirmation(given, HUGO),))),
    )

    def by(who: Person, **changes: Any) -> dict[str, Any]:
        return {"record": a_record(confirmations=(a_confirmation(given, who, **changes),))}

    near.refused(
        "a delegation that nobody confirmed",
        Refusal.E_NOT_CONFIRMED,
        record=a_record(confirmations=()),
    )
    near.refused(
        "a confirmation of another text",
        Refusal.E_STALE_CONFIRMATION,
        **by(HUGO, delegation_hash=a_delegation(text_hash=hashed("another text")).digest),
    )
    near.refused(
        "a confirmation of a delegation with fewer scopes",
        Refusal.E_STALE_CONFIRMATION,
        **by(HUGO, delegation_hash=a_delegation(scopes=(READ,)).digest),
    )
    near.refused(
        "a confirmation in another conversation",
        Refusal.E_STALE_CONFIRMATION,
        **by(HUGO, conversation=ELSEWHERE_CONVERSATION),
    )
    near.refused(
        "a confirmation of another deployment",
        Refusal.E_STALE_CONFIRMATION,
        **by(HUGO, deployment="other.example"),
    )
    near.refused(
        "a confirmation that the carer signed", Refusal.E_SIGNATURE, **by(HUGO, by=SOPHIE.aik)
    )
    near.refused(
        "a confirmation by somebody who passes for the owner",
        Refusal.E_SIGNATURE,
        **by(HUGO, staff=b""),
    )
    near.refused("a confirmation by a technician", Refusal.E_ROLE, **by(LEA))
    near.refused(
        "a confirmation by a pharmacist of another pharmacy",
        Refusal.E_IDENTITY,
        **by(PAUL, staff=staff_of(PAUL, by=PAUL.aik, pharmacy=ELSEWHERE)),
    )
    near.refused(
        "a confirmation by a pharmacist whom the authority minted",
        Refusal.E_IDENTITY,
        **by(ROSE, staff=staff_of(ROSE, by=AUTHORITY)),
    )
    near.refused(
        "a confirmation with a colleague's staff certificate",
        Refusal.E_IDENTITY,
        **by(HUGO, staff=staff_of(ROSE)),
    )
    near.refused(
        "a confirmation made after the staff certificate's end",
        Refusal.E_IDENTITY,
        **by(HUGO, staff=staff_of(HUGO, not_after_us=NOW - DAY + HOUR)),
    )
    near.refused(
        "one pharmacist who confirms twice",
        Refusal.E_FOUR_EYES,
        record=a_record(confirmations=(a_confirmation(given, HUGO), a_confirmation(given, HUGO))),
    )
    near.refused(
        "a confirmation by the carer, whom the owner certified as a pharmacist",
        Refusal.E_FOUR_EYES,
        **by(SOPHIE, staff=staff_of(SOPHIE, role="pharmacist")),
    )
    near.refused(
        "a confirmation by the carer's account key under a pharmacist's name",
        Refusal.E_FOUR_EYES,
        **by(HUGO, by=SOPHIE.aik, staff=staff_of(HUGO, aik=SOPHIE.key)),
    )
    near.refused(
        "a confirmation by the patient, whom the owner certified as a pharmacist",
        Refusal.E_FOUR_EYES,
        **by(JEAN, staff=staff_of(JEAN, role="pharmacist")),
    )
    near = book.granted(
        "a delegation that two pharmacists confirmed",
        holding(HUGO, CLAIRE),
        **judging(
            a_record(confirmations=(a_confirmation(given, HUGO), a_confirmation(given, CLAIRE)))
        ),
    )
    near.refused(
        "two confirmations, of which one is by a technician",
        Refusal.E_ROLE,
        record=a_record(confirmations=(a_confirmation(given, HUGO), a_confirmation(given, LEA))),
    )


def _acceptances(book: Book) -> None:
    given = a_delegation()
    near = book.granted(
        "a delegation that the carer accepted", holding(CLAIRE), **judging(a_record())
    )

    def accepted(**changes: Any) -> dict[str, Any]:
        return {"record": a_record(acceptance=an_acceptance(given, **changes))}

    near.refused(
        "a delegation that nobody accepted", Refusal.E_NOT_ACCEPTED, record=a_record(acceptance=b"")
    )
    near.refused(
        "an acceptance of another document",
        Refusal.E_NOT_ACCEPTED,
        **accepted(delegation_hash=a_delegation(text_hash=hashed("another")).digest),
    )
    near.refused(
        "an acceptance in another conversation",
        Refusal.E_NOT_ACCEPTED,
        **accepted(conversation=ELSEWHERE_CONVERSATION),
    )
    near.refused(
        "an acceptance that the patient signed", Refusal.E_SIGNATURE, **accepted(by=JEAN.aik)
    )
    near.refused(
        "an acceptance by another account key of the carer's",
        Refusal.E_SIGNATURE,
        **accepted(by=SOPHIE.renewed().aik),
    )


def _times(book: Book) -> None:
    given = a_delegation()
    near = book.granted(
        "a delegation in its first microsecond",
        holding(CLAIRE),
        **judging(a_record(), at_us=given.not_before_us + 2 * HOUR),
    )
    near.refused("a delegation before it begins", Refusal.E_PERIOD, at_us=given.not_before_us - 1)
    near.refused("a delegation at its end", Refusal.E_DELEGATION_EXPIRED, at_us=given.not_after_us)
    near.refused(
        "a delegation that is accepted more than two minutes later",
        Refusal.E_CLOCK,
        at_us=given.not_before_us + 2 * HOUR - 120 * SECOND - 1,
    )
    near = book.granted(
        "a delegation that is over, of which only the signatures are asked",
        holding(CLAIRE),
        **judging(a_record(a_delegation(not_after_us=NOW)), at_us=None),
    )
    near.refused("a delegation that is over", Refusal.E_DELEGATION_EXPIRED, at_us=NOW)
    gone = a_confirmation(given, HUGO, staff=staff_of(HUGO, not_after_us=NOW))
    near = book.granted(
        "a record whose confirmer has left since",
        holding(HUGO),
        **judging(a_record(confirmations=(gone,)), at_us=None),
    )
    near.refused(
        "a record that comes into force when its confirmer has left", Refusal.E_IDENTITY, at_us=NOW
    )


def paper(given: Delegation, *who: Person, **changes: Any) -> DelegationRecord:
    """Return the record of a delegation that pharmacists attest."""
    confirmations = tuple(a_confirmation(given, one, **changes) for one in who)
    return a_record(given, confirmations=confirmations)


def _on_paper(book: Book) -> None:
    given = on_paper()

    def attested(record: DelegationRecord, policy: ConversationPolicy = WITHOUT) -> dict[str, Any]:
        return judging(record, policy=policy)

    near = book.granted(
        "a delegation on paper, attested by two pharmacists",
        holding(CLAIRE, HUGO),
        **attested(paper(given, CLAIRE, HUGO)),
    )
    near.refused(
        "a paper attested by one pharmacist", Refusal.E_FOUR_EYES, record=paper(given, CLAIRE)
    )
    near.refused(
        "a paper attested by one pharmacist twice",
        Refusal.E_FOUR_EYES,
        record=paper(given, HUGO, HUGO),
    )
    near.refused(
        "a paper attested by one account key under two names",
        Refusal.E_FOUR_EYES,
        record=_one_key_under_two_names(given),
    )
    near.refused(
        "a paper attested by the owner under two names",
        Refusal.E_FOUR_EYES,
        record=_owner_under_two_names(given),
    )
    near.refused(
        "a paper attested by one person with two account keys",
        Refusal.E_FOUR_EYES,
        record=_one_person_with_two_keys(given),
    )
    near.refused(
        "a paper attested by a pharmacist and a technician",
        Refusal.E_ROLE,
        record=paper(given, CLAIRE, LEA),
    )
    near.refused("a paper that nobody attests", Refusal.E_NOT_CONFIRMED, record=paper(given))
    near.refused(
        "a paper with a signature on it",
        Refusal.E_SIGNATURE,
        record=a_record(given, delegation=signed(given, JEAN.aik)),
    )
    near.refused("a paper of a patient who has a device", Refusal.E_LEGAL_BASIS, policy=a_policy())
    _lone(book)


def _lone(book: Book) -> None:
    """One pharmacist alone: a document, and a day in which somebody else can object."""
    said = NOW - DAY
    start = said + LONE_PHARMACIST_DELAY_US
    given = on_paper(not_before_us=start, evidence=hashed("scan"))
    near = book.granted(
        "a paper with its document, attested by one pharmacist a day before",
        holding(CLAIRE),
        **judging(paper(given, CLAIRE, at_us=said), policy=WITHOUT),
    )
    near.refused(
        "a paper attested by one pharmacist less than a day before",
        Refusal.E_FOUR_EYES,
        record=paper(given, CLAIRE, at_us=said + 1),
    )
    near.refused(
        "a paper without a document, attested by one pharmacist a day before",
        Refusal.E_FOUR_EYES,
        record=paper(on_paper(not_before_us=start), CLAIRE, at_us=said),
    )


def _one_key_under_two_names(given: Delegation) -> DelegationRecord:
    rose = a_confirmation(given, ROSE, by=HUGO.aik, staff=staff_of(ROSE, aik=HUGO.key))
    return a_record(given, confirmations=(a_confirmation(given, HUGO), rose))


def _owner_under_two_names(given: Delegation) -> DelegationRecord:
    other = a_confirmation(given, CLAIRE, pharmacist=uid("somebody"), staff=b"")
    return a_record(given, confirmations=(a_confirmation(given, CLAIRE), other))


def _one_person_with_two_keys(given: Delegation) -> DelegationRecord:
    again = a_confirmation(given, HUGO.renewed(), staff=staff_of(HUGO.renewed()))
    return a_record(given, confirmations=(a_confirmation(given, HUGO), again))


def _representatives(book: Book) -> None:
    given = by_evidence()
    near = book.granted(
        "a guardian, attested by two pharmacists", holding(CLAIRE, HUGO), **judging(a_record(given))
    )
    near.refused(
        "a guardian attested by one pharmacist", Refusal.E_FOUR_EYES, record=paper(given, CLAIRE)
    )
    near.refused(
        "a guardian without a document",
        Refusal.E_EVIDENCE,
        record=a_record(by_evidence(evidence=b"")),
    )
    near.refused(
        "a guardian who signed in the patient's place",
        Refusal.E_SIGNATURE,
        record=a_record(given, delegation=signed(given, SOPHIE.aik)),
    )


def _withdrawals(book: Book) -> None:
    def less(*revocations: bytes) -> dict[str, Any]:
        return {"record": a_record(revocations=revocations)}

    near = book.granted(
        "a delegation of which the patient withdrew a scope",
        holding(CLAIRE, scopes=(READ, SEND)),
        **judging(**less(a_withdrawal(CALL))),
    )
    for who, by in (
        ("the carer", SOPHIE.aik),
        ("a pharmacist", HUGO.aik),
        ("the authority", AUTHORITY),
    ):
        near.refused(
            f"a scope withdrawn by {who}", Refusal.E_SIGNATURE, **less(a_withdrawal(CALL, by=by))
        )
    near.refused(
        "a scope withdrawn from another delegation",
        Refusal.E_NO_DELEGATION,
        **less(a_withdrawal(CALL, delegation=uid("another"))),
    )
    near.refused(
        "a scope withdrawn in another conversation",
        Refusal.E_NO_DELEGATION,
        **less(a_withdrawal(CALL, conversation=ELSEWHERE_CONVERSATION)),
    )
    near.refused(
        "a scope withdrawn that was never given",
        Refusal.E_SCOPE,
        **less(a_withdrawal("document.read")),
    )
    near.refused(
        "a scope withdrawn that there is not",
        Refusal.E_UNKNOWN_SCOPE,
        **less(a_withdrawal("everything")),
    )
    near.refused("the right to read withdrawn alone", Refusal.E_SCOPE, **less(a_withdrawal(READ)))
    near.refused(
        "every scope that there is withdrawn by its name",
        Refusal.E_SCOPE,
        **less(a_withdrawal(*Scope)),
    )
    near.refused(
        "everything withdrawn, and still in force", Refusal.E_SCOPE, **less(a_withdrawal())
    )
    near.refused(
        "one scope withdrawn by the carer, and then another by the patient",
        Refusal.E_SIGNATURE,
        **less(a_withdrawal(CALL, by=SOPHIE.aik), a_withdrawal(SEND)),
    )
    near = book.granted(
        "a delegation of which the patient withdrew one scope after another",
        holding(CLAIRE, scopes=(READ,)),
        **judging(**less(a_withdrawal(CALL), a_withdrawal(SEND))),
    )
    near.refused(
        "a scope withdrawn twice",
        Refusal.E_ALREADY_ENDED,
        **less(a_withdrawal(CALL), a_withdrawal(CALL)),
    )
    on_paper_narrowed = a_record(on_paper(), revocations=(a_withdrawal(CALL),))
    near = book.granted(
        "a paper of which the patient withdrew a scope, once they had a device",
        holding(CLAIRE, HUGO, scopes=(READ, SEND)),
        **judging(on_paper_narrowed, at_us=None),
    )
    near.refused(
        "a paper of which somebody withdrew a scope in the name of a patient without a device",
        Refusal.E_SIGNATURE,
        policy=WITHOUT,
    )
