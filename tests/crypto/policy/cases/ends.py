"""Commits that let somebody out, or take scopes from a carer; and what stays of an end."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from crypto.policy.cosigned import CoSigned, cosign
from crypto.policy.decision import Breach
from crypto.policy.vocabulary import DelegationState, Refusal
from tests.crypto.policy.case import Book
from tests.crypto.policy.cases.committing import (
    END,
    NOBODYS,
    commit,
    data,
    due,
    over,
    saying,
)
from tests.crypto.policy.world import (
    AUTHORITY,
    CALL,
    CLAIRE,
    DAY,
    ELSEWHERE,
    ELSEWHERE_CONVERSATION,
    HUGO,
    JEAN,
    KARIM,
    LEA,
    NOW,
    PAUL,
    READ,
    ROSE,
    SECOND,
    SEND,
    SOPHIE,
    Group,
    a_confirmation,
    a_delegation,
    a_device_revocation,
    a_group,
    a_record,
    a_resignation,
    a_suspension,
    a_tombstone,
    a_withdrawal,
    an_account_revocation,
    chain_of,
    eyes,
    hashed,
    key,
    leaf,
    named,
    signed,
    staff_of,
    stolen,
    succeeded,
    uid,
    with_carer,
)

SIGNATURE_BYTES: Final = 2 + 64
"""A length, and an Ed25519 signature."""


def write(book: Book) -> None:
    """Write the cases."""
    for some in (
        _own_devices,
        _devices_given_up,
        _ends_that_are_due,
        _ends_by_statement,
        _ends_of_one_of_two,
        _expiry,
        _accounts,
        _succession,
        _narrowing,
        _tombstones,
    ):
        some(book)


def _own_devices(book: Book) -> None:
    before = a_group(leaf(HUGO, 2))
    after = before.without(leaf(HUGO, 2))
    near = book.granted(
        "a member removes a device of their own",
        NOBODYS,
        **commit(HUGO, before, after, removed=[named(HUGO, 2)]),
    )
    near.breach(
        "the owner who removes a colleague's device",
        Breach.REMOVES_ANOTHER,
        committer=named(CLAIRE),
    )
    near.breach(
        "a pharmacist who removes the patient",
        Breach.REMOVES_ANOTHER,
        after=before.without(leaf(JEAN)),
        removed=[named(JEAN)],
    )
    near.breach(
        "a pharmacist who removes a carer whose delegation stands",
        Breach.REMOVES_ANOTHER,
        before=with_carer(),
        after=with_carer().without(leaf(SOPHIE)),
        removed=[named(SOPHIE)],
    )


def _devices_given_up(book: Book) -> None:
    before = a_group(leaf(JEAN, 2))
    after = before.without(leaf(JEAN, 2))
    near = book.granted(
        "a pharmacist removes a device that the patient gave up",
        NOBODYS,
        **commit(CLAIRE, before, after, removed=[named(JEAN, 2)], due=[due(JEAN, 2)]),
    )
    near.breach(
        "a commit that passes over the removal of a device",
        Breach.MISSING_REMOVE,
        after=before,
        removed=[],
    )
    near.breach(
        "a removal of the patient's device that the hub has not proposed",
        Breach.REMOVES_ANOTHER,
        due=[],
    )
    near.refused(
        "an unjustified removal of the patient, signed by the operator",
        Refusal.E_SIGNATURE,
        due=[due(JEAN, 2, statement=a_device_revocation(JEAN, 2, by=AUTHORITY))],
    )
    near.refused(
        "a removal justified by the giving up of another device",
        Refusal.E_IDENTITY,
        due=[due(JEAN, 2, statement=a_device_revocation(JEAN, 1))],
    )
    near.refused(
        "a removal justified in another epoch",
        Refusal.E_IDENTITY,
        due=[due(JEAN, 2, confirmed_transcript_hash=hashed("another transcript"))],
    )
    again = a_group()
    near = book.granted(
        "a carer's only device is given up: the delegation stands, and the device goes",
        NOBODYS,
        **commit(
            CLAIRE,
            with_carer(),
            again.listing(1, a_record()),
            removed=[named(SOPHIE)],
            due=[due(SOPHIE)],
        ),
    )
    near.breach(
        "a delegation that leaves with its carer's device, and has not ended",
        Breach.WITHOUT_END,
        after=again.listing(2, ended=(a_tombstone(),)),
    )


def _ends_that_are_due(book: Book) -> None:
    before = with_carer()
    after = a_group().listing(2, ended=(a_tombstone(),))
    two = with_carer(leaf(SOPHIE, 2))
    inputs = commit(LEA, before, after, removed=[named(SOPHIE)], due=[over()])
    near = book.granted(
        "a carer whose delegation was withdrawn goes, and leaves a tombstone", NOBODYS, **inputs
    )
    near.breach(
        "a carer who goes, and whose delegation stays in force",
        Breach.WITHOUT_TOMBSTONE,
        after=a_group().listing(1, a_record()),
    )
    near.breach(
        "a carer who goes, and leaves no tombstone",
        Breach.WITHOUT_TOMBSTONE,
        after=a_group().listing(2),
    )
    near.breach(
        "a tombstone that tells of another end",
        Breach.WITHOUT_TOMBSTONE,
        after=a_group().listing(2, ended=(a_tombstone(ending=DelegationState.RESIGNED),)),
    )
    near.breach(
        "a tombstone that will be forgotten too early",
        Breach.WITHOUT_TOMBSTONE,
        after=a_group().listing(2, ended=(a_tombstone(not_after_us=NOW + DAY),)),
    )
    near.breach(
        "a tombstone of another instant",
        Breach.WITHOUT_TOMBSTONE,
        after=a_group().listing(2, ended=(a_tombstone(at_us=NOW - 1),)),
    )
    near.breach(
        "an end of which one device of the carer stays",
        Breach.LEAVES_CARER,
        before=two,
        after=a_group(leaf(SOPHIE, 2)).listing(2, ended=(a_tombstone(),)),
    )
    near.breach(
        "a delegation that ends, and whose number does not go up",
        Breach.WRONG_NUMBER,
        after=a_group().listing(1, ended=(a_tombstone(),)),
    )
    near.breach(
        "a commit that passes over the removal of a carer",
        Breach.MISSING_REMOVE,
        after=before,
        removed=[],
    )
    near.refused(
        "a removal of a carer justified by nobody", Refusal.E_SIGNATURE, due=[over(statement=b"")]
    )
    book.granted(
        "all devices of a carer go at once, also those that the hub has not proposed yet",
        NOBODYS,
        **inputs | {"before": two, "removed": [named(SOPHIE), named(SOPHIE, 2)]},
    )
    renewed = a_delegation(delegation=uid("delegation", "sophie", "renewed"))
    near = book.granted(
        "a delegation ends and the next one begins, in one commit",
        NOBODYS,
        **inputs
        | {
            "after": with_carer().listing(2, a_record(renewed), ended=(a_tombstone(),)),
            "added": [named(SOPHIE)],
        },
    )
    near.refused(
        "a delegation that ends and begins again, in one commit",
        Refusal.E_POLICY,
        Breach.WITHOUT_TOMBSTONE,
        after=with_carer().listing(1, a_record()),
    )


def _ends_by_statement(book: Book) -> None:
    before = with_carer()

    def ending(state: DelegationState) -> Group:
        return a_group().listing(2, ended=(a_tombstone(ending=state),))

    revoked = ending(DelegationState.REVOKED)
    inputs = commit(JEAN, before, revoked, removed=[named(SOPHIE)])

    def by(what: str, statement: bytes, staff: bytes = b"") -> dict[str, Any]:
        return {"data": data(NOW, saying(what, statement, staff))}

    near = book.granted(
        "the patient's own commit ends a delegation",
        NOBODYS,
        **inputs | by("revocation", a_withdrawal()),
    )
    near.breach(
        "a removal of a carer without a word of anybody", Breach.REMOVES_ANOTHER, data=data(NOW)
    )
    near.refused(
        "a withdrawal that the operator signed",
        Refusal.E_SIGNATURE,
        **by("revocation", a_withdrawal(by=AUTHORITY)),
    )
    near.refused(
        "a withdrawal that a pharmacist signed in the patient's place",
        Refusal.E_SIGNATURE,
        **by("revocation", a_withdrawal(by=CLAIRE.aik)),
    )
    near.refused(
        "a withdrawal of another delegation",
        Refusal.E_NO_DELEGATION,
        **by("revocation", a_withdrawal(delegation=uid("another"))),
    )
    near.refused(
        "a withdrawal in another conversation",
        Refusal.E_NO_DELEGATION,
        **by("revocation", a_withdrawal(conversation=ELSEWHERE_CONVERSATION)),
    )
    near.refused(
        "a withdrawal of one scope, taken for one of all",
        Refusal.E_SCOPE,
        **by("revocation", a_withdrawal(CALL)),
    )
    near.refused(
        "a withdrawal that is dated in the future",
        Refusal.E_CLOCK,
        **by("revocation", a_withdrawal(at_us=NOW + 120 * SECOND + 1)),
    )
    near.refused("a word that ends nothing", Refusal.E_SIGNATURE, **by("expiry", b""))
    near.breach(
        "a withdrawal whose carer stays",
        Breach.LEAVES_CARER,
        after=before.listing(2, ended=(a_tombstone(),)),
        removed=[],
    )
    near.breach(
        "a withdrawal that changes nothing", Breach.WITHOUT_TOMBSTONE, after=before, removed=[]
    )
    near = book.granted(
        "a pharmacist commits the carer's resignation",
        NOBODYS,
        **inputs
        | {"committer": named(CLAIRE), "after": ending(DelegationState.RESIGNED)}
        | by("resignation", a_resignation()),
    )
    near.refused(
        "a resignation that the patient signed",
        Refusal.E_SIGNATURE,
        **by("resignation", a_resignation(by=JEAN.aik)),
    )
    suspended = inputs | {
        "committer": named(CLAIRE),
        "after": ending(DelegationState.SUSPENDED),
    }
    near = book.granted(
        "one pharmacist's word suspends a carer",
        NOBODYS,
        **suspended | by("suspension", a_suspension(), chain_of(HUGO)),
    )
    near.refused(
        "a suspension by a technician",
        Refusal.E_ROLE,
        **by("suspension", a_suspension(LEA), chain_of(LEA)),
    )
    near.refused(
        "a suspension by a pharmacist of another pharmacy",
        Refusal.E_IDENTITY,
        **by("suspension", a_suspension(PAUL), staff_of(PAUL, by=PAUL.aik, pharmacy=ELSEWHERE)),
    )
    near.refused(
        "a suspension by a pharmacist whom the operator minted",
        Refusal.E_IDENTITY,
        **by("suspension", a_suspension(ROSE), staff_of(ROSE, by=AUTHORITY)),
    )
    near.refused(
        "a suspension by somebody who passes for the owner",
        Refusal.E_SIGNATURE,
        **by("suspension", a_suspension(HUGO), b""),
    )


def _ends_of_one_of_two(book: Book) -> None:
    """A statement is about one delegation, whichever it is among those in force."""
    before = a_group(leaf(SOPHIE), leaf(KARIM)).listing(2, a_record(), a_record(carer=KARIM))
    for who, other in ((SOPHIE, KARIM), (KARIM, SOPHIE)):
        given = a_delegation(who)
        after = a_group(leaf(other)).listing(3, a_record(carer=other), ended=(a_tombstone(given),))
        said = saying("revocation", a_withdrawal(of=given))
        forged = saying("revocation", a_withdrawal(of=given, by=AUTHORITY))
        near = book.granted(
            f"the patient withdraws the delegation of {who.name}, one of two carers",
            NOBODYS,
            **commit(JEAN, before, after, statements=(said,), removed=[named(who)]),
        )
        near.refused(
            f"the operator withdraws the delegation of {who.name}, one of two carers",
            Refusal.E_SIGNATURE,
            data=data(NOW, forged),
        )
        near.breach(
            f"the removal of another carer than {who.name}, whose delegation is withdrawn",
            Breach.REMOVES_ANOTHER,
            after=a_group(leaf(who)).listing(3, a_record(carer=other), ended=(a_tombstone(given),)),
            removed=[named(other)],
        )
    nobody = a_group()
    book.granted(
        "a commit without a statement, where nobody acts", NOBODYS, **commit(JEAN, nobody, nobody)
    ).refused(
        "a withdrawal where nobody acts",
        Refusal.E_NO_DELEGATION,
        data=data(NOW, saying("revocation", a_withdrawal())),
    )


def _expiry(book: Book) -> None:
    before = with_carer()
    after = a_group().listing(2, ended=(a_tombstone(ending=DelegationState.EXPIRED, at_us=END),))
    near = book.granted(
        "a carer goes at the instant at which the delegation ends",
        NOBODYS,
        **commit(CLAIRE, before, after, at_us=END, removed=[named(SOPHIE)], not_below_us=NOW),
    )
    near.breach(
        "a carer removed for expiry a microsecond too early",
        Breach.REMOVES_ANOTHER,
        data=data(END - 1),
    )
    near.refused(
        "a commit that leaves a carer whose delegation has expired",
        Refusal.E_DELEGATION_EXPIRED,
        after=before,
        removed=[],
    )


def _accounts(book: Book) -> None:
    before = with_carer()
    after = a_group().listing(2, ended=(a_tombstone(ending=DelegationState.SUSPENDED),))

    def lost(statement: bytes) -> dict[str, Any]:
        return due(SOPHIE, why="account", statement=statement)

    said = an_account_revocation(SOPHIE)
    near = book.granted(
        "a carer whose account key was stolen goes, and acts for nobody",
        NOBODYS,
        **commit(CLAIRE, before, after, removed=[named(SOPHIE)], due=[lost(stolen(SOPHIE))]),
    )
    near.breach(
        "a carer whose account key was stolen, and who stays in force",
        Breach.WITHOUT_TOMBSTONE,
        after=a_group().listing(1, a_record()),
    )
    near.refused(
        "an account's revocation by the authority alone",
        Refusal.E_FOUR_EYES,
        due=[lost(CoSigned(said.encode(), (cosign(said, AUTHORITY),)).encode())],
    )
    near.refused(
        "an account's revocation without the authority",
        Refusal.E_SIGNATURE,
        due=[lost(CoSigned(said.encode(), eyes(said, CLAIRE, HUGO)).encode())],
    )
    near.refused(
        "an account's revocation by one pharmacist twice",
        Refusal.E_FOUR_EYES,
        due=[lost(stolen(SOPHIE, HUGO, HUGO))],
    )


def _succession(book: Book) -> None:
    before = a_group(leaf(JEAN, 2))
    after = before.without(leaf(JEAN), leaf(JEAN, 2))

    def by(statement: bytes) -> dict[str, Any]:
        return {"data": data(NOW, saying("succession", statement))}

    inputs = commit(CLAIRE, before, after, removed=[named(JEAN), named(JEAN, 2)])
    near = book.granted(
        "the old devices of a patient who lost them all go, by the word of two pharmacists",
        NOBODYS,
        **inputs | by(succeeded()),
    )
    near.breach(
        "a pharmacist who removes the patient without a succession",
        Breach.REMOVES_ANOTHER,
        data=data(NOW),
    )
    near.refused(
        "a succession by one pharmacist twice", Refusal.E_FOUR_EYES, **by(succeeded(HUGO, HUGO))
    )
    near.refused(
        "a succession by a pharmacist and a technician", Refusal.E_ROLE, **by(succeeded(HUGO, LEA))
    )
    near.refused(
        "a succession with somebody's staff certificate",
        Refusal.E_SIGNATURE,
        data=data(NOW, saying("succession", succeeded(), chain_of(HUGO))),
    )
    near.refused(
        "a succession of another account key",
        Refusal.E_IDENTITY,
        **by(succeeded(old_aik=key("any").public)),
    )
    near.refused(
        "a succession in another conversation",
        Refusal.E_IDENTITY,
        **by(succeeded(conversation=ELSEWHERE_CONVERSATION)),
    )
    near.breach(
        "a succession in a commit that removes a colleague's own device",
        Breach.IDLE_STATEMENT,
        before=a_group(leaf(CLAIRE, 2)),
        after=a_group(),
        removed=[named(CLAIRE, 2)],
    )
    near.breach("a succession that removes nobody", Breach.IDLE_STATEMENT, after=before, removed=[])


def _narrowing(book: Book) -> None:
    before = with_carer()
    narrowed = a_record(revocations=(a_withdrawal(CALL),))
    wider = a_delegation(scopes=tuple(sorted((*a_delegation().scopes, "document.read"))))
    other = replace(a_record(), confirmations=(a_confirmation(a_delegation(), HUGO),))

    def listing(record: Any, number: int = 2) -> Group:
        return before.listing(number, record)

    near = book.granted(
        "a pharmacist commits the patient's withdrawal of a scope",
        NOBODYS,
        **commit(CLAIRE, before, listing(narrowed)),
    )
    near.breach(
        "a withdrawal whose number does not go up", Breach.WRONG_NUMBER, after=listing(narrowed, 1)
    )
    near.refused(
        "a scope withdrawn by a pharmacist in the patient's place",
        Refusal.E_SIGNATURE,
        after=listing(a_record(revocations=(a_withdrawal(CALL, by=CLAIRE.aik),))),
    )
    near.refused(
        "a scope withdrawn by the operator",
        Refusal.E_SIGNATURE,
        after=listing(a_record(revocations=(a_withdrawal(CALL, by=AUTHORITY),))),
    )
    near.refused(
        "a scope withdrawn that the carer never had",
        Refusal.E_SCOPE,
        after=listing(a_record(revocations=(a_withdrawal("document.read"),))),
    )
    near.refused(
        "a scope withdrawn twice",
        Refusal.E_ALREADY_ENDED,
        after=listing(a_record(revocations=(a_withdrawal(CALL), a_withdrawal(CALL)))),
    )
    near.refused(
        "the right to read withdrawn, and nothing else",
        Refusal.E_SCOPE,
        after=listing(a_record(revocations=(a_withdrawal(READ),))),
    )
    near.refused(
        "scopes widened in the extension, under the old signature",
        Refusal.E_SIGNATURE,
        after=listing(
            a_record(delegation=wider.encode() + signed(a_delegation())[-SIGNATURE_BYTES:])
        ),
    )
    near.breach(
        "scopes widened by a new document under the old id",
        Breach.CHANGES_RECORD,
        after=listing(a_record(wider)),
    )
    near.breach(
        "another pharmacist's confirmation in the place of the first",
        Breach.CHANGES_RECORD,
        after=listing(other),
    )
    near.breach(
        "a withdrawn scope that comes back",
        Breach.CHANGES_RECORD,
        before=listing(narrowed),
        after=listing(a_record(), 3),
    )
    near.breach(
        "one withdrawal exchanged for another",
        Breach.CHANGES_RECORD,
        before=listing(narrowed),
        after=listing(a_record(revocations=(a_withdrawal(SEND),)), 3),
    )


def _tombstones(book: Book) -> None:
    stone = a_tombstone(at_us=NOW - DAY)
    before = a_group().listing(2, ended=(stone,))
    near = book.granted(
        "a tombstone goes when its delegation would have ended by itself",
        NOBODYS,
        **commit(CLAIRE, before, a_group().listing(3), at_us=END, not_below_us=NOW),
    )
    near.breach(
        "a tombstone dropped a microsecond too early", Breach.DROPS_TOMBSTONE, data=data(END - 1)
    )
    near.breach(
        "a tombstone dropped without a new number", Breach.WRONG_NUMBER, after=a_group().listing(2)
    )
    near = book.granted("a tombstone stays", NOBODYS, **commit(CLAIRE, before, before))
    near.breach(
        "a tombstone made to be forgotten earlier",
        Breach.DROPS_TOMBSTONE,
        after=a_group().listing(3, ended=(replace(stone, not_after_us=NOW + 1),)),
    )
    near.breach(
        "a tombstone of a delegation that never was",
        Breach.WITHOUT_END,
        after=a_group().listing(3, ended=(stone, replace(stone, delegation=uid("never")))),
    )
    near.breach(
        "a tombstone that loses its place to a delegation of another carer",
        Breach.DROPS_TOMBSTONE,
        after=a_group(leaf(KARIM)).listing(3, a_record(carer=KARIM)),
        added=[named(KARIM)],
    )
