"""Commits that let somebody in: carers, the patient, colleagues, devices."""

from __future__ import annotations

from typing import Any

from crypto.policy.decision import Breach
from crypto.policy.vocabulary import Refusal
from tests.crypto.policy.case import Book
from tests.crypto.policy.cases.committing import (
    END,
    NOBODYS,
    commit,
    other_account,
    twin,
)
from tests.crypto.policy.world import (
    ALICE,
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
    ROSE,
    SECOND,
    SOPHIE,
    Group,
    a_confirmation,
    a_delegation,
    a_group,
    a_policy,
    a_record,
    a_tombstone,
    a_withdrawal,
    an_acceptance,
    device_of,
    identity_of,
    key,
    leaf,
    named,
    on_paper,
    signed,
    staff_of,
    text,
    uid,
    with_carer,
)


def write(book: Book) -> None:
    """Write the cases."""
    for some in (
        _admission,
        _two_at_once,
        _further_devices_of_a_carer,
        _first_device,
        _patients_devices,
        _colleagues,
    ):
        some(book)


def _admission(book: Book) -> None:
    before = a_group()
    after = with_carer()
    inputs = commit(CLAIRE, before, after, added=[named(SOPHIE)])
    book.granted("a technician lets in a carer", NOBODYS, **inputs | {"committer": named(LEA)})
    book.granted("the patient lets in a carer", NOBODYS, **inputs | {"committer": named(JEAN)})
    near = book.granted(
        "a pharmacist lets in a carer with the delegation, in one commit", NOBODYS, **inputs
    )

    def listing(record: Any, number: int = 1) -> Group:
        return after.listing(number, record)

    near.refused(
        "a silent carer: an Add, and no delegation", Refusal.E_NO_DELEGATION, after=after.listing(0)
    )
    near.breach(
        "a delegation that comes into force without its carer",
        Breach.WITHOUT_MEMBER,
        after=before.listing(1, a_record()),
        added=[],
    )
    near.breach(
        "a delegation whose number does not go up",
        Breach.WRONG_NUMBER,
        after=listing(a_record(), 0),
    )
    near.breach(
        "a delegation whose number goes up by two",
        Breach.WRONG_NUMBER,
        after=listing(a_record(), 2),
    )
    near.breach(
        "a swapped key package: the carer's name, another account key",
        Breach.WITHOUT_MEMBER,
        after=before.told(other_account(SOPHIE)).listing(1, a_record()),
    )
    near.breach(
        "another carer in the place of the one who was named",
        Breach.WITHOUT_MEMBER,
        after=before.told(leaf(KARIM)).listing(1, a_record()),
        added=[named(KARIM)],
    )
    near.refused(
        "a carer whom the operator certified as a technician",
        Refusal.E_IDENTITY,
        after=before.told(leaf(SOPHIE, identity=identity_of(SOPHIE, role="technician"))).listing(
            1, a_record()
        ),
    )
    near.refused(
        "a carer whom the operator certified as the patient",
        Refusal.E_IDENTITY,
        Breach.OTHER_PATIENT,
        after=before.told(leaf(SOPHIE, identity=identity_of(SOPHIE, role="patient"))).listing(
            1, a_record()
        ),
    )
    near.refused(
        "a carer whose device certificate has expired",
        Refusal.E_IDENTITY,
        after=before.told(leaf(SOPHIE, device=device_of(SOPHIE, not_after_us=NOW))).listing(
            1, a_record()
        ),
    )
    near.breach("a carer by a device that was given up", Breach.GIVEN_UP, barred=[named(SOPHIE)])
    near.breach("a carer let in by a carer", Breach.CARER_CHANGES, **_by_karim(before, after))
    sophies = a_delegation().delegation
    near.refused(
        "a delegation that the patient has ended, and whose end the hub withholds",
        Refusal.E_ALREADY_ENDED,
        Breach.BROUGHT_BACK,
        ended=[text(sophies)],
    )
    near.breach(
        "a scope that the patient has withdrawn, and whose withdrawal the hub withholds",
        Breach.DROPS_WITHDRAWAL,
        withdrawn={text(sophies): [CALL.value]},
    )
    book.granted(
        "a carer comes in without the scope that the patient has withdrawn",
        NOBODYS,
        **inputs
        | {
            "after": listing(a_record(revocations=(a_withdrawal(CALL),))),
            "withdrawn": {text(sophies): [CALL.value]},
        },
    )
    _bad_records(near, listing)
    _bad_histories(near, before, after)


def _by_karim(before: Group, after: Group) -> dict[str, Any]:
    karims = a_record(carer=KARIM)
    return {
        "before": before.told(leaf(KARIM)).listing(1, karims),
        "after": after.told(leaf(KARIM)).listing(2, karims, a_record()),
        "committer": named(KARIM),
    }


def _two_at_once(book: Book) -> None:
    """Each of several is judged, whichever comes first."""
    before = a_group()
    comes = [named(SOPHIE), named(KARIM)]

    def after(**over: int) -> Group:
        records = [
            a_record(a_delegation(who, not_after_us=over.get(who.name, END)), carer=who)
            for who in (SOPHIE, KARIM)
        ]
        return a_group(leaf(SOPHIE), leaf(KARIM)).listing(1, *records)

    near = book.granted(
        "two carers are let in at once", NOBODYS, **commit(CLAIRE, before, after(), added=comes)
    )
    for who in (SOPHIE, KARIM):
        near.refused(
            f"two carers at once, of whom the delegation of {who.name} is over",
            Refusal.E_DELEGATION_EXPIRED,
            after=after(**{who.name: NOW}),
        )
        near.breach(
            f"two delegations at once, and no device of {who.name}",
            Breach.WITHOUT_MEMBER,
            after=after().without(leaf(who)),
            added=[named(one) for one in (SOPHIE, KARIM) if one != who],
        )


def _bad_records(near: Any, listing: Any) -> None:
    """What is wrong with the record alone; `records` has more of it."""
    elsewhere = a_delegation(conversation=ELSEWHERE_CONVERSATION)
    of_alice = a_delegation(grantor=ALICE.id, grantor_aik=ALICE.key)
    from_staff_of_operator = a_confirmation(
        a_delegation(), HUGO, staff=staff_of(HUGO, by=AUTHORITY)
    )
    gone = a_confirmation(a_delegation(), HUGO, staff=staff_of(HUGO, not_after_us=NOW))
    tomorrow = a_delegation(not_before_us=NOW + 1)
    past = a_delegation(not_after_us=NOW)
    near.refused(
        "a delegation that the carer signed",
        Refusal.E_SIGNATURE,
        after=listing(a_record(delegation=signed(a_delegation(), SOPHIE.aik))),
    )
    near.refused(
        "a delegation that the operator signed",
        Refusal.E_SIGNATURE,
        after=listing(a_record(delegation=signed(a_delegation(), AUTHORITY))),
    )
    near.refused(
        "a delegation that no pharmacist confirmed",
        Refusal.E_NOT_CONFIRMED,
        after=listing(a_record(confirmations=())),
    )
    near.refused(
        "a delegation that the carer has not accepted",
        Refusal.E_NOT_ACCEPTED,
        after=listing(a_record(acceptance=b"")),
    )
    near.refused(
        "a delegation confirmed by staff whom the operator minted",
        Refusal.E_IDENTITY,
        after=listing(a_record(confirmations=(from_staff_of_operator,))),
    )
    near.refused(
        "a delegation confirmed by somebody who is no longer of the staff",
        Refusal.E_IDENTITY,
        after=listing(a_record(confirmations=(gone,))),
    )
    near.refused(
        "a delegation confirmed in the future",
        Refusal.E_CLOCK,
        after=listing(
            a_record(confirmations=(a_confirmation(a_delegation(), at_us=NOW + 120 * SECOND + 1),))
        ),
    )
    near.refused(
        "a delegation accepted in the future",
        Refusal.E_CLOCK,
        after=listing(
            a_record(acceptance=an_acceptance(a_delegation(), at_us=NOW + 120 * SECOND + 1))
        ),
    )
    near.refused(
        "a delegation that begins a microsecond later",
        Refusal.E_PERIOD,
        after=listing(a_record(tomorrow)),
    )
    near.refused(
        "a delegation that ends at this very instant",
        Refusal.E_DELEGATION_EXPIRED,
        after=listing(a_record(past)),
    )
    near.refused(
        "a delegation for another conversation",
        Refusal.E_NO_DELEGATION,
        after=listing(a_record(elsewhere)),
    )
    near.refused(
        "a delegation of another patient",
        Refusal.E_SUB_DELEGATION,
        after=listing(a_record(of_alice)),
    )
    near.refused(
        "a delegation on paper, of a patient who has a device",
        Refusal.E_LEGAL_BASIS,
        after=listing(a_record(on_paper())),
    )


def _bad_histories(near: Any, before: Group, after: Group) -> None:
    """What is wrong with the record because of what was before."""
    stone = a_tombstone(at_us=NOW - DAY)
    again = a_delegation(delegation=uid("delegation", "sophie", "renewed"))
    near.refused(
        "a delegation brought back in the place of its tombstone",
        Refusal.E_ALREADY_ENDED,
        Breach.BROUGHT_BACK,
        before=before.listing(1, ended=(stone,)),
        after=after.listing(2, a_record()),
    )
    near.refused(
        "a delegation brought back beside its tombstone",
        Refusal.E_ALREADY_ENDED,
        Breach.BROUGHT_BACK,
        before=before.listing(1, ended=(stone,)),
        after=after.listing(2, a_record(), ended=(stone,)),
    )
    near.refused(
        "a second delegation of the same patient to the same carer",
        Refusal.E_DUPLICATE_DELEGATION,
        before=after,
        after=after.told(leaf(SOPHIE, 2)).listing(2, a_record(), a_record(again)),
        added=[named(SOPHIE, 2)],
    )


def _further_devices_of_a_carer(book: Book) -> None:
    before = with_carer()
    near = book.granted(
        "a technician adds a further device of a carer",
        NOBODYS,
        **commit(LEA, before, before.told(leaf(SOPHIE, 2)), added=[named(SOPHIE, 2)]),
    )
    near.refused(
        "a further device of a carer under another account key",
        Refusal.E_POLICY,
        Breach.OTHER_KEY,
        after=before.told(other_account(SOPHIE, 2)),
    )
    near.refused(
        "a further device whose certificate the authority signed in the carer's place",
        Refusal.E_IDENTITY,
        after=before.told(leaf(SOPHIE, 2, device=device_of(SOPHIE, 2, by=AUTHORITY))),
    )
    near.breach(
        "a device added a second time",
        Breach.SAME_DEVICE_TWICE,
        after=before.told(twin(SOPHIE)),
        added=[named(SOPHIE)],
    )


def _first_device(book: Book) -> None:
    before = Group(policy=a_policy(patient_aik=b""), leaves=(leaf(CLAIRE), leaf(HUGO), leaf(LEA)))
    after = before.told(leaf(JEAN), patient_aik=JEAN.key)
    near = book.granted(
        "a pharmacist adds the patient's first device, and sets the patient's key",
        NOBODYS,
        **commit(CLAIRE, before, after, added=[named(JEAN)]),
    )
    near.breach(
        "a technician who adds the patient's first device",
        Breach.CHANGES_POLICY,
        committer=named(LEA),
    )
    near.refused(
        "the patient's first device without the patient's key",
        Refusal.E_IDENTITY,
        Breach.OTHER_KEY,
        after=before.told(leaf(JEAN)),
    )
    near.breach(
        "the patient's key without the patient's first device",
        Breach.CHANGES_POLICY,
        after=before.told(patient_aik=JEAN.key),
        added=[],
    )
    near.breach(
        "the patient's key, set as a colleague comes",
        Breach.CHANGES_POLICY,
        after=before.told(leaf(ROSE), patient_aik=JEAN.key),
        added=[named(ROSE)],
    )
    near.refused(
        "the patient's first device with somebody else's key",
        Refusal.E_IDENTITY,
        Breach.OTHER_KEY,
        after=before.told(leaf(JEAN), patient_aik=key("anybody").public),
    )
    near.refused(
        "another patient's device as the patient's first",
        Refusal.E_IDENTITY,
        Breach.OTHER_PATIENT,
        after=before.told(leaf(ALICE), patient_aik=ALICE.key),
        added=[named(ALICE)],
    )
    near.breach(
        "the patient's first device, and another policy",
        Breach.CHANGES_POLICY,
        after=after.told(suite_floor=3),
    )
    near.breach(
        "the patient's key set a second time",
        Breach.CHANGES_POLICY,
        before=before.told(patient_aik=JEAN.renewed().key),
    )
    paper = a_record(on_paper())
    with_paper = before.told(leaf(SOPHIE)).listing(1, paper)
    near = book.granted(
        "the patient's first device, where a carer acts by a delegation on paper",
        NOBODYS,
        **commit(
            CLAIRE,
            with_paper,
            with_paper.told(leaf(JEAN), patient_aik=JEAN.key),
            added=[named(JEAN)],
        ),
    )
    near.refused(
        "the patient's first device, with the carer's own key as the patient's",
        Refusal.E_SELF_DELEGATION,
        after=with_paper.told(leaf(JEAN), patient_aik=SOPHIE.key),
    )
    near = book.granted(
        "a pharmacist lets in a carer by a delegation on paper",
        NOBODYS,
        **commit(CLAIRE, before, with_paper, added=[named(SOPHIE)]),
    )
    near.refused(
        "a delegation on paper in the commit that brings the patient's first device",
        Refusal.E_LEGAL_BASIS,
        after=with_paper.told(leaf(JEAN), patient_aik=JEAN.key),
        added=[named(SOPHIE), named(JEAN)],
    )


def _patients_devices(book: Book) -> None:
    before = a_group()
    after = before.told(leaf(JEAN, 2))
    inputs = commit(JEAN, before, after, added=[named(JEAN, 2)])
    book.granted("a pharmacist adds a further device of the patient", NOBODYS, **inputs | {
        "committer": named(CLAIRE)
    })  # fmt: skip
    near = book.granted("the patient adds a device of their own", NOBODYS, **inputs)
    near.breach(
        "a technician who adds a device of the patient", Breach.ADDS_ANOTHER, committer=named(LEA)
    )
    near.breach(
        "a device under another account key of the patient",
        Breach.OTHER_KEY,
        committer=named(CLAIRE),
        after=before.told(other_account(JEAN, 2)),
    )
    near.breach(
        "a patient who adds a pharmacist",
        Breach.ADDS_ANOTHER,
        after=before.told(leaf(ROSE)),
        added=[named(ROSE)],
    )
    near.refused(
        "another patient in this patient's thread",
        Refusal.E_IDENTITY,
        Breach.OTHER_PATIENT,
        committer=named(CLAIRE),
        after=before.told(leaf(ALICE)),
        added=[named(ALICE)],
    )


def _colleagues(book: Book) -> None:
    before = a_group()

    def with_rose(**changes: Any) -> Group:
        return before.told(leaf(ROSE, **changes))

    near = book.granted(
        "a pharmacist adds a colleague whom the owner certified",
        NOBODYS,
        **commit(HUGO, before, with_rose(), added=[named(ROSE)]),
    )
    near.refused(
        "a pharmacist whom the authority certified, and the owner did not",
        Refusal.E_IDENTITY,
        after=with_rose(staff=b""),
    )
    near.refused(
        "a pharmacist whose staff certificate the authority signed",
        Refusal.E_IDENTITY,
        after=with_rose(staff=staff_of(ROSE, by=AUTHORITY)),
    )
    near.refused(
        "a pharmacist whom the owner of another pharmacy certified",
        Refusal.E_IDENTITY,
        after=with_rose(staff=staff_of(ROSE, by=PAUL.aik, pharmacy=ELSEWHERE)),
    )
    near.refused(
        "a pharmacist whom a colleague certified in the owner's place",
        Refusal.E_IDENTITY,
        after=with_rose(staff=staff_of(ROSE, by=HUGO.aik)),
    )
    near.refused(
        "a pharmacist whose staff certificate has expired",
        Refusal.E_IDENTITY,
        after=with_rose(staff=staff_of(ROSE, not_after_us=NOW)),
    )
    near.refused(
        "a technician of the owner's whom the operator certified as a pharmacist",
        Refusal.E_IDENTITY,
        after=with_rose(staff=staff_of(ROSE, role="technician")),
    )
    near.refused(
        "somebody whom the operator certified as a second owner",
        Refusal.E_IDENTITY,
        after=with_rose(staff=b"", identity=identity_of(ROSE, profession="owner")),
    )
    near.refused(
        "the owner of another pharmacy",
        Refusal.E_IDENTITY,
        after=before.told(leaf(PAUL, staff=b"")),
        added=[named(PAUL)],
    )
    near.breach("a technician who adds a pharmacist", Breach.ADDS_ANOTHER, committer=named(LEA))
    near.breach(
        "a patient who adds a colleague of the pharmacy's",
        Breach.ADDS_ANOTHER,
        committer=named(JEAN),
    )
