"""Commits: who may change a group how. A malicious hub, carer, technician or pharmacist tries."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from crypto.policy.conversation import CommitData, EndingStatement
from crypto.policy.cosigned import CoSigned, cosign
from crypto.policy.decision import Breach
from crypto.policy.removal import RemoveJustification
from crypto.policy.vocabulary import DelegationState, Refusal
from tests.crypto.policy.case import Book
from tests.crypto.policy.world import (
    ALICE,
    AUTHORITY,
    CALL,
    CLAIRE,
    CONVERSATION,
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
    TRANSCRIPT,
    Group,
    Leaf,
    Person,
    a_confirmation,
    a_delegation,
    a_device_revocation,
    a_group,
    a_policy,
    a_record,
    a_resignation,
    a_suspension,
    a_tombstone,
    a_withdrawal,
    an_acceptance,
    an_account_revocation,
    chain_of,
    device_id,
    device_of,
    eyes,
    hashed,
    identity_of,
    key,
    leaf,
    named,
    on_paper,
    signed,
    staff_of,
    stolen,
    succeeded,
    text,
    uid,
    with_carer,
)

SOPHIES: Final = {"by": text(a_delegation().delegation)}
NOBODYS: Final = {"by": None}
END: Final = a_delegation().not_after_us
SIGNATURE_BYTES: Final = 2 + 64
"""A length, and an Ed25519 signature."""


def commit(
    who: Person,
    before: Group,
    after: Group,
    *,
    number: int = 1,
    at_us: int = NOW,
    statements: tuple[EndingStatement, ...] = (),
    **more: Any,
) -> dict[str, Any]:
    """Return what goes into the decision of a commit."""
    return {
        "before": before,
        "after": after,
        "external": False,
        "committer": named(who, number),
        "added": [],
        "removed": [],
        "barred": [],
        "due": [],
        "transcript": TRANSCRIPT,
        "data": data(at_us, *statements),
        "known_proposals": True,
        "same_other_extensions": True,
        "not_below_us": NOW - DAY,
        "now_us": None,
    } | more


def data(at_us: int, *statements: EndingStatement) -> bytes:
    """Return what a commit says of its time, and of what it ends."""
    return CommitData(at_us, statements).encode()


def saying(what: str, statement: bytes, staff: bytes = b"") -> EndingStatement:
    return EndingStatement(what=what, statement=statement, staff=staff)


def due(person: Person, number: int = 1, **changes: Any) -> dict[str, Any]:
    """Return the hub's removal of a device that its person gave up."""
    said = RemoveJustification(
        conversation=CONVERSATION,
        device=device_id(person, number),
        confirmed_transcript_hash=TRANSCRIPT,
        why="device",
        at_us=NOW,
        statement=a_device_revocation(person, number),
    )
    target = named(person, number)
    return {
        "person": target.person,
        "device": target.device,
        "justification": replace(said, **changes),
    }


def over(number: int = 1, **changes: Any) -> dict[str, Any]:
    """Return the hub's removal of Jean's daughter, whose authorisation he has withdrawn."""
    stated = {
        "why": "revocation",
        "delegation": a_delegation().delegation,
        "statement": a_withdrawal(),
    }
    return due(SOPHIE, number, **stated | changes)


def cases() -> list[dict[str, Any]]:
    """Return all of them."""
    book = Book("commit")
    for write in (
        _empty,
        _of_a_carer,
        _admission,
        _further_devices_of_a_carer,
        _first_device,
        _patients_devices,
        _colleagues,
        _own_devices,
        _devices_given_up,
        _ends_that_are_due,
        _ends_by_statement,
        _expiry,
        _accounts,
        _succession,
        _narrowing,
        _tombstones,
        _resync,
        _new_device,
    ):
        write(book)
    return book.cases


def _empty(book: Book) -> None:
    group = with_carer()
    stranger = leaf(KARIM)
    renewed = leaf(HUGO, identity=identity_of(HUGO, not_after_us=NOW + 300 * DAY))
    book.granted(
        "a pharmacist renews the keys of a group", NOBODYS, **commit(CLAIRE, group, group)
    ).breach(
        "a commit with a proposal of another kind", Breach.FOREIGN_PROPOSAL, known_proposals=False
    ).breach(
        "a commit that changes who may propose from outside",
        Breach.CHANGES_EXTENSIONS,
        same_other_extensions=False,
    ).refused(
        "a commit dated before the one before it", Refusal.E_CLOCK, not_below_us=NOW + 1
    ).refused(
        "a commit dated more than two minutes after the hub's clock",
        Refusal.E_CLOCK,
        now_us=NOW - 120 * SECOND - 1,
    ).refused(
        "a commit dated more than two minutes before the hub's clock",
        Refusal.E_CLOCK,
        now_us=NOW + 120 * SECOND + 1,
    ).breach(
        "a carer who is there afterwards, and whom no Add brought",
        Breach.WRONG_MEMBERS,
        after=group.told(stranger),
    ).breach(
        "a patient who is gone afterwards, and whom no Remove took out",
        Breach.WRONG_MEMBERS,
        after=group.without(leaf(JEAN)),
    ).breach(
        "a Remove of a patient who is still there afterwards",
        Breach.WRONG_MEMBERS,
        removed=[named(JEAN)],
    ).breach(
        "an Add of somebody who is not there afterwards",
        Breach.WRONG_MEMBERS,
        added=[named(KARIM)],
    ).breach(
        "a commit that exchanges a colleague's certificate",
        Breach.CHANGES_LEAF,
        after=group.without(leaf(HUGO)).told(renewed),
    ).breach(
        "a commit that makes a thread another kind of conversation",
        Breach.CHANGES_POLICY,
        after=group.told(kind="remote_dispensation"),
    ).breach(
        "a commit that raises the suite floor",
        Breach.CHANGES_POLICY,
        after=group.told(suite_floor=3),
    ).breach(
        "a commit that moves a thread to another conversation's id",
        Breach.CHANGES_POLICY,
        after=a_group().told(conversation=ELSEWHERE_CONVERSATION),
        before=a_group(),
    ).refused(
        "a commit that exchanges the owner's key for the operator's",
        Refusal.E_IDENTITY,
        after=group.told(owner_aik=AUTHORITY.public),
    ).refused(
        "a commit that moves a thread to another pharmacy",
        Refusal.E_IDENTITY,
        after=group.told(pharmacy=ELSEWHERE),
    ).breach(
        "a commit that exchanges the patient's key",
        Breach.CHANGES_POLICY,
        before=a_group(),
        after=a_group().told(patient_aik=JEAN.renewed().key),
    ).breach(
        "a commit that counts up where nothing changed",
        Breach.WRONG_NUMBER,
        after=group.listing(2, a_record()),
    ).breach(
        "a commit that counts down", Breach.WRONG_NUMBER, after=group.listing(0, a_record())
    ).refused(
        "a commit of a member whose own certificate has expired",
        Refusal.E_IDENTITY,
        before=_expiring(group),
        after=_expiring(group),
    )
    book.granted(
        "a commit dated exactly two minutes after the hub's clock",
        NOBODYS,
        **commit(CLAIRE, group, group, now_us=NOW - 120 * SECOND),
    )
    book.granted(
        "a commit in which its own sender's certificate is renewed",
        NOBODYS,
        **commit(HUGO, group, group.without(leaf(HUGO)).told(renewed)),
    ).breach(
        "a commit by which a technician becomes a pharmacist",
        Breach.CHANGES_LEAF,
        committer=named(LEA),
        after=group.without(leaf(LEA)).told(_promoted(LEA)),
    ).breach(
        "a commit by which its sender takes another account key",
        Breach.CHANGES_LEAF,
        after=group.without(leaf(HUGO)).told(_other_account(HUGO)),
    )


def _expiring(group: Group) -> Group:
    """Return the group with a certificate of Claire's that ends now."""
    ends = leaf(CLAIRE, device=device_of(CLAIRE, not_after_us=NOW))
    return group.without(leaf(CLAIRE)).told(ends)


def _promoted(person: Person) -> Leaf:
    """Return the leaf of somebody whom the owner has made a pharmacist."""
    return leaf(
        person,
        identity=identity_of(person, role="pharmacist", profession="deputy"),
        staff=staff_of(person, role="pharmacist"),
    )


def _other_account(person: Person, number: int = 1) -> Leaf:
    """Return a leaf of the same device, under another account key of the same person."""
    return leaf(person.renewed(), number)


def _of_a_carer(book: Book) -> None:
    both = a_group(leaf(SOPHIE), leaf(KARIM)).listing(2, a_record(), a_record(carer=KARIM))
    group = with_carer()
    narrowed = a_record(revocations=(a_withdrawal(CALL),))
    book.granted(
        "a carer renews the keys of a group", SOPHIES, **commit(SOPHIE, group, group)
    ).refused(
        "a carer's commit at the instant at which the delegation ends",
        Refusal.E_DELEGATION_EXPIRED,
        data=data(END),
    ).breach(
        "a carer who adds a device of their own",
        Breach.CARER_CHANGES,
        after=group.told(leaf(SOPHIE, 2)),
        added=[named(SOPHIE, 2)],
    ).breach(
        "a carer who adds another carer",
        Breach.CARER_CHANGES,
        after=both,
        before=a_group(leaf(SOPHIE)).listing(1, a_record()),
        added=[named(KARIM)],
    ).breach(
        "a carer who adds the patient's device",
        Breach.CARER_CHANGES,
        after=group.told(leaf(JEAN, 2)),
        added=[named(JEAN, 2)],
    ).breach(
        "a carer who removes the patient",
        Breach.CARER_CHANGES,
        after=group.without(leaf(JEAN)),
        removed=[named(JEAN)],
    ).breach(
        "a carer who commits the patient's withdrawal of a scope",
        Breach.CARER_CHANGES,
        after=group.listing(2, narrowed),
    ).breach(
        "a carer who carries a statement",
        Breach.CARER_CHANGES,
        data=data(NOW, saying("resignation", a_resignation())),
    ).breach(
        "a carer who brings another delegation into force",
        Breach.CARER_CHANGES,
        after=group.listing(2, a_record(), a_record(carer=KARIM)),
    )
    ended = both.without(leaf(SOPHIE)).listing(3, a_record(carer=KARIM), ended=(a_tombstone(),))
    karims = {"by": text(a_delegation(KARIM).delegation)}
    book.granted(
        "a carer carries out the removal of another whose delegation ended",
        karims,
        **commit(KARIM, both, ended, removed=[named(SOPHIE)], due=[over()]),
    ).breach(
        "a carer who removes another carer by the patient's word, before the hub has proposed it",
        Breach.CARER_CHANGES,
        due=[],
        data=data(NOW, saying("revocation", a_withdrawal())),
    ).breach(
        "a carer who takes a third device out along with what is due",
        Breach.CARER_CHANGES,
        after=ended.without(leaf(LEA)),
        removed=[named(SOPHIE), named(LEA)],
    )


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
    ).breach(
        "a delegation that comes into force without its carer",
        Breach.WITHOUT_MEMBER,
        after=before.listing(1, a_record()),
        added=[],
    ).breach(
        "a delegation whose number does not go up",
        Breach.WRONG_NUMBER,
        after=listing(a_record(), 0),
    ).breach(
        "a delegation whose number goes up by two",
        Breach.WRONG_NUMBER,
        after=listing(a_record(), 2),
    ).breach(
        "a swapped key package: the carer's name, another account key",
        Breach.WITHOUT_MEMBER,
        after=before.told(_other_account(SOPHIE)).listing(1, a_record()),
    ).breach(
        "another carer in the place of the one who was named",
        Breach.WITHOUT_MEMBER,
        after=before.told(leaf(KARIM)).listing(1, a_record()),
        added=[named(KARIM)],
    ).refused(
        "a carer whom the operator certified as a technician",
        Refusal.E_IDENTITY,
        after=before.told(leaf(SOPHIE, identity=identity_of(SOPHIE, role="technician"))).listing(
            1, a_record()
        ),
    ).refused(
        "a carer whom the operator certified as the patient",
        Refusal.E_IDENTITY,
        Breach.OTHER_PATIENT,
        after=before.told(leaf(SOPHIE, identity=identity_of(SOPHIE, role="patient"))).listing(
            1, a_record()
        ),
    ).refused(
        "a carer whose device certificate has expired",
        Refusal.E_IDENTITY,
        after=before.told(leaf(SOPHIE, device=device_of(SOPHIE, not_after_us=NOW))).listing(
            1, a_record()
        ),
    ).breach(
        "a carer by a device that was given up", Breach.GIVEN_UP, barred=[named(SOPHIE)]
    ).breach("a carer let in by a carer", Breach.CARER_CHANGES, **_by_karim(before, after))
    _bad_records(near, listing)
    _bad_histories(near, before, after)


def _by_karim(before: Group, after: Group) -> dict[str, Any]:
    karims = a_record(carer=KARIM)
    return {
        "before": before.told(leaf(KARIM)).listing(1, karims),
        "after": after.told(leaf(KARIM)).listing(2, karims, a_record()),
        "committer": named(KARIM),
    }


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
        "a delegation that the carer signed", Refusal.E_SIGNATURE,
        after=listing(a_record(delegation=signed(a_delegation(), SOPHIE.aik))),
    ).refused(
        "a delegation that the operator signed", Refusal.E_SIGNATURE,
        after=listing(a_record(delegation=signed(a_delegation(), AUTHORITY))),
    ).refused(
        "a delegation that no pharmacist confirmed", Refusal.E_NOT_CONFIRMED,
        after=listing(a_record(confirmations=())),
    ).refused(
        "a delegation that the carer has not accepted", Refusal.E_NOT_ACCEPTED,
        after=listing(a_record(acceptance=b"")),
    ).refused(
        "a delegation confirmed by staff whom the operator minted", Refusal.E_IDENTITY,
        after=listing(a_record(confirmations=(from_staff_of_operator,))),
    ).refused(
        "a delegation confirmed by somebody who is no longer of the staff", Refusal.E_IDENTITY,
        after=listing(a_record(confirmations=(gone,))),
    ).refused(
        "a delegation confirmed in the future", Refusal.E_CLOCK,
        after=listing(a_record(confirmations=(
            a_confirmation(a_delegation(), at_us=NOW + 120 * SECOND + 1),
        ))),
    ).refused(
        "a delegation accepted in the future", Refusal.E_CLOCK,
        after=listing(a_record(
            acceptance=an_acceptance(a_delegation(), at_us=NOW + 120 * SECOND + 1)
        )),
    ).refused(
        "a delegation that begins a microsecond later", Refusal.E_PERIOD,
        after=listing(a_record(tomorrow)),
    ).refused(
        "a delegation that ends at this very instant", Refusal.E_DELEGATION_EXPIRED,
        after=listing(a_record(past)),
    ).refused(
        "a delegation for another conversation", Refusal.E_NO_DELEGATION,
        after=listing(a_record(elsewhere)),
    ).refused(
        "a delegation of another patient", Refusal.E_SUB_DELEGATION,
        after=listing(a_record(of_alice)),
    ).refused(
        "a delegation on paper, of a patient who has a device", Refusal.E_LEGAL_BASIS,
        after=listing(a_record(on_paper())),
    )  # fmt: skip


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
    ).refused(
        "a delegation brought back beside its tombstone",
        Refusal.E_ALREADY_ENDED,
        Breach.BROUGHT_BACK,
        before=before.listing(1, ended=(stone,)),
        after=after.listing(2, a_record(), ended=(stone,)),
    ).refused(
        "a second delegation of the same patient to the same carer",
        Refusal.E_DUPLICATE_DELEGATION,
        before=after,
        after=after.told(leaf(SOPHIE, 2)).listing(2, a_record(), a_record(again)),
        added=[named(SOPHIE, 2)],
    )


def _further_devices_of_a_carer(book: Book) -> None:
    before = with_carer()
    book.granted(
        "a technician adds a further device of a carer",
        NOBODYS,
        **commit(LEA, before, before.told(leaf(SOPHIE, 2)), added=[named(SOPHIE, 2)]),
    ).refused(
        "a further device of a carer under another account key",
        Refusal.E_POLICY,
        Breach.OTHER_KEY,
        after=before.told(_other_account(SOPHIE, 2)),
    ).refused(
        "a further device whose certificate the authority signed in the carer's place",
        Refusal.E_IDENTITY,
        after=before.told(leaf(SOPHIE, 2, device=device_of(SOPHIE, 2, by=AUTHORITY))),
    ).breach(
        "a device added a second time",
        Breach.SAME_DEVICE_TWICE,
        after=before.told(_twin(SOPHIE)),
        added=[named(SOPHIE)],
    )


def _twin(person: Person) -> Leaf:
    """Return another leaf of the same device, with another signature key."""
    other = key("another signature key").public
    return leaf(person, device=device_of(person, signature_key=other), signature_key=other)


def _first_device(book: Book) -> None:
    before = Group(policy=a_policy(patient_aik=b""), leaves=(leaf(CLAIRE), leaf(HUGO), leaf(LEA)))
    after = before.told(leaf(JEAN), patient_aik=JEAN.key)
    book.granted(
        "a pharmacist adds the patient's first device, and sets the patient's key",
        NOBODYS,
        **commit(CLAIRE, before, after, added=[named(JEAN)]),
    ).breach(
        "a technician who adds the patient's first device",
        Breach.CHANGES_POLICY,
        committer=named(LEA),
    ).refused(
        "the patient's first device without the patient's key",
        Refusal.E_IDENTITY,
        Breach.OTHER_KEY,
        after=before.told(leaf(JEAN)),
    ).breach(
        "the patient's key without the patient's first device",
        Breach.CHANGES_POLICY,
        after=before.told(patient_aik=JEAN.key),
        added=[],
    ).refused(
        "the patient's first device with somebody else's key",
        Refusal.E_IDENTITY,
        Breach.OTHER_KEY,
        after=before.told(leaf(JEAN), patient_aik=key("anybody").public),
    ).refused(
        "another patient's device as the patient's first",
        Refusal.E_IDENTITY,
        Breach.OTHER_PATIENT,
        after=before.told(leaf(ALICE), patient_aik=ALICE.key),
        added=[named(ALICE)],
    ).breach(
        "the patient's first device, and another policy",
        Breach.CHANGES_POLICY,
        after=after.told(suite_floor=3),
    ).breach(
        "the patient's key set a second time",
        Breach.CHANGES_POLICY,
        before=before.told(patient_aik=JEAN.renewed().key),
    )
    paper = a_record(on_paper())
    with_paper = before.told(leaf(SOPHIE)).listing(1, paper)
    book.granted(
        "the patient's first device, where a carer acts by a delegation on paper",
        NOBODYS,
        **commit(
            CLAIRE,
            with_paper,
            with_paper.told(leaf(JEAN), patient_aik=JEAN.key),
            added=[named(JEAN)],
        ),
    ).refused(
        "the patient's first device, with the carer's own key as the patient's",
        Refusal.E_SELF_DELEGATION,
        after=with_paper.told(leaf(JEAN), patient_aik=SOPHIE.key),
    )
    book.granted(
        "a pharmacist lets in a carer by a delegation on paper",
        NOBODYS,
        **commit(CLAIRE, before, with_paper, added=[named(SOPHIE)]),
    ).refused(
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
    book.granted("the patient adds a device of their own", NOBODYS, **inputs).breach(
        "a technician who adds a device of the patient", Breach.ADDS_ANOTHER, committer=named(LEA)
    ).breach(
        "a device under another account key of the patient",
        Breach.OTHER_KEY,
        committer=named(CLAIRE),
        after=before.told(_other_account(JEAN, 2)),
    ).breach(
        "a patient who adds a pharmacist",
        Breach.ADDS_ANOTHER,
        after=before.told(leaf(ROSE)),
        added=[named(ROSE)],
    ).refused(
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

    book.granted(
        "a pharmacist adds a colleague whom the owner certified",
        NOBODYS,
        **commit(HUGO, before, with_rose(), added=[named(ROSE)]),
    ).refused(
        "a pharmacist whom the authority certified, and the owner did not",
        Refusal.E_IDENTITY,
        after=with_rose(staff=b""),
    ).refused(
        "a pharmacist whose staff certificate the authority signed",
        Refusal.E_IDENTITY,
        after=with_rose(staff=staff_of(ROSE, by=AUTHORITY)),
    ).refused(
        "a pharmacist whom the owner of another pharmacy certified",
        Refusal.E_IDENTITY,
        after=with_rose(staff=staff_of(ROSE, by=PAUL.aik, pharmacy=ELSEWHERE)),
    ).refused(
        "a pharmacist whom a colleague certified in the owner's place",
        Refusal.E_IDENTITY,
        after=with_rose(staff=staff_of(ROSE, by=HUGO.aik)),
    ).refused(
        "a pharmacist whose staff certificate has expired",
        Refusal.E_IDENTITY,
        after=with_rose(staff=staff_of(ROSE, not_after_us=NOW)),
    ).refused(
        "a technician of the owner's whom the operator certified as a pharmacist",
        Refusal.E_IDENTITY,
        after=with_rose(staff=staff_of(ROSE, role="technician")),
    ).refused(
        "somebody whom the operator certified as a second owner",
        Refusal.E_IDENTITY,
        after=with_rose(staff=b"", identity=identity_of(ROSE, profession="owner")),
    ).refused(
        "the owner of another pharmacy",
        Refusal.E_IDENTITY,
        after=before.told(leaf(PAUL, staff=b"")),
        added=[named(PAUL)],
    ).breach(
        "a technician who adds a pharmacist", Breach.ADDS_ANOTHER, committer=named(LEA)
    ).breach(
        "a patient who adds a colleague of the pharmacy's",
        Breach.ADDS_ANOTHER,
        committer=named(JEAN),
    )


def _own_devices(book: Book) -> None:
    before = a_group(leaf(HUGO, 2))
    after = before.without(leaf(HUGO, 2))
    book.granted(
        "a member removes a device of their own",
        NOBODYS,
        **commit(HUGO, before, after, removed=[named(HUGO, 2)]),
    ).breach(
        "the owner who removes a colleague's device",
        Breach.REMOVES_ANOTHER,
        committer=named(CLAIRE),
    ).breach(
        "a pharmacist who removes the patient",
        Breach.REMOVES_ANOTHER,
        after=before.without(leaf(JEAN)),
        removed=[named(JEAN)],
    ).breach(
        "a pharmacist who removes a carer whose delegation stands",
        Breach.REMOVES_ANOTHER,
        before=with_carer(),
        after=with_carer().without(leaf(SOPHIE)),
        removed=[named(SOPHIE)],
    )


def _devices_given_up(book: Book) -> None:
    before = a_group(leaf(JEAN, 2))
    after = before.without(leaf(JEAN, 2))
    book.granted(
        "a pharmacist removes a device that the patient gave up",
        NOBODYS,
        **commit(CLAIRE, before, after, removed=[named(JEAN, 2)], due=[due(JEAN, 2)]),
    ).breach(
        "a commit that passes over the removal of a device",
        Breach.MISSING_REMOVE,
        after=before,
        removed=[],
    ).breach(
        "a removal of the patient's device that the hub has not proposed",
        Breach.REMOVES_ANOTHER,
        due=[],
    ).refused(
        "an unjustified removal of the patient, signed by the operator",
        Refusal.E_SIGNATURE,
        due=[due(JEAN, 2, statement=a_device_revocation(JEAN, 2, by=AUTHORITY))],
    ).refused(
        "a removal justified by the giving up of another device",
        Refusal.E_IDENTITY,
        due=[due(JEAN, 2, statement=a_device_revocation(JEAN, 1))],
    ).refused(
        "a removal justified in another epoch",
        Refusal.E_IDENTITY,
        due=[due(JEAN, 2, confirmed_transcript_hash=hashed("another transcript"))],
    )
    again = a_group()
    book.granted(
        "a carer's only device is given up: the delegation stands, and the device goes",
        NOBODYS,
        **commit(
            CLAIRE,
            with_carer(),
            again.listing(1, a_record()),
            removed=[named(SOPHIE)],
            due=[due(SOPHIE)],
        ),
    ).breach(
        "a delegation that leaves with its carer's device, and has not ended",
        Breach.WITHOUT_END,
        after=again.listing(2, ended=(a_tombstone(),)),
    )


def _ends_that_are_due(book: Book) -> None:
    before = with_carer()
    after = a_group().listing(2, ended=(a_tombstone(),))
    two = with_carer(leaf(SOPHIE, 2))
    inputs = commit(LEA, before, after, removed=[named(SOPHIE)], due=[over()])
    book.granted(
        "a carer whose delegation was withdrawn goes, and leaves a tombstone", NOBODYS, **inputs
    ).breach(
        "a carer who goes, and whose delegation stays in force",
        Breach.WITHOUT_TOMBSTONE,
        after=a_group().listing(1, a_record()),
    ).breach(
        "a carer who goes, and leaves no tombstone",
        Breach.WITHOUT_TOMBSTONE,
        after=a_group().listing(2),
    ).breach(
        "a tombstone that tells of another end",
        Breach.WITHOUT_TOMBSTONE,
        after=a_group().listing(2, ended=(a_tombstone(ending=DelegationState.RESIGNED),)),
    ).breach(
        "a tombstone that will be forgotten too early",
        Breach.WITHOUT_TOMBSTONE,
        after=a_group().listing(2, ended=(a_tombstone(not_after_us=NOW + DAY),)),
    ).breach(
        "a tombstone of another instant",
        Breach.WITHOUT_TOMBSTONE,
        after=a_group().listing(2, ended=(a_tombstone(at_us=NOW - 1),)),
    ).breach(
        "an end of which one device of the carer stays",
        Breach.LEAVES_CARER,
        before=two,
        after=a_group(leaf(SOPHIE, 2)).listing(2, ended=(a_tombstone(),)),
    ).breach(
        "a delegation that ends, and whose number does not go up",
        Breach.WRONG_NUMBER,
        after=a_group().listing(1, ended=(a_tombstone(),)),
    ).breach(
        "a commit that passes over the removal of a carer",
        Breach.MISSING_REMOVE,
        after=before,
        removed=[],
    ).refused(
        "a removal of a carer justified by nobody",
        Refusal.E_SIGNATURE,
        due=[over(statement=b"")],
    )
    book.granted(
        "all devices of a carer go at once, also those that the hub has not proposed yet",
        NOBODYS,
        **inputs | {"before": two, "removed": [named(SOPHIE), named(SOPHIE, 2)]},
    )
    renewed = a_delegation(delegation=uid("delegation", "sophie", "renewed"))
    book.granted(
        "a delegation ends and the next one begins, in one commit",
        NOBODYS,
        **inputs
        | {
            "after": with_carer().listing(2, a_record(renewed), ended=(a_tombstone(),)),
            "added": [named(SOPHIE)],
        },
    ).refused(
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

    book.granted(
        "the patient's own commit ends a delegation", NOBODYS, **inputs | by("revocation", a_withdrawal())
    ).breach("a removal of a carer without a word of anybody", Breach.REMOVES_ANOTHER, data=data(NOW)).refused(
        "a withdrawal that the operator signed",
        Refusal.E_SIGNATURE,
        **by("revocation", a_withdrawal(by=AUTHORITY)),
    ).refused(
        "a withdrawal that a pharmacist signed in the patient's place",
        Refusal.E_SIGNATURE,
        **by("revocation", a_withdrawal(by=CLAIRE.aik)),
    ).refused(
        "a withdrawal of another delegation",
        Refusal.E_NO_DELEGATION,
        **by("revocation", a_withdrawal(delegation=uid("another"))),
    ).refused(
        "a withdrawal in another conversation",
        Refusal.E_NO_DELEGATION,
        **by("revocation", a_withdrawal(conversation=ELSEWHERE_CONVERSATION)),
    ).refused(
        "a withdrawal of one scope, taken for one of all",
        Refusal.E_SCOPE,
        **by("revocation", a_withdrawal(CALL)),
    ).refused(
        "a withdrawal that is dated in the future",
        Refusal.E_CLOCK,
        **by("revocation", a_withdrawal(at_us=NOW + 120 * SECOND + 1)),
    ).refused("a word that ends nothing", Refusal.E_SIGNATURE, **by("expiry", b"")).breach(
        "a withdrawal whose carer stays", Breach.LEAVES_CARER, after=before.listing(
            2, ended=(a_tombstone(),)
        ), removed=[]
    ).breach(
        "a withdrawal that changes nothing",
        Breach.WITHOUT_TOMBSTONE,
        after=before,
        removed=[],
    )  # fmt: skip
    book.granted(
        "a pharmacist commits the carer's resignation",
        NOBODYS,
        **inputs
        | {"committer": named(CLAIRE), "after": ending(DelegationState.RESIGNED)}
        | by("resignation", a_resignation()),
    ).refused(
        "a resignation that the patient signed",
        Refusal.E_SIGNATURE,
        **by("resignation", a_resignation(by=JEAN.aik)),
    )
    suspended = inputs | {
        "committer": named(CLAIRE),
        "after": ending(DelegationState.SUSPENDED),
    }
    book.granted(
        "one pharmacist's word suspends a carer",
        NOBODYS,
        **suspended | by("suspension", a_suspension(), chain_of(HUGO)),
    ).refused(
        "a suspension by a technician",
        Refusal.E_ROLE,
        **by("suspension", a_suspension(LEA), chain_of(LEA)),
    ).refused(
        "a suspension by a pharmacist of another pharmacy",
        Refusal.E_IDENTITY,
        **by("suspension", a_suspension(PAUL), staff_of(PAUL, by=PAUL.aik, pharmacy=ELSEWHERE)),
    ).refused(
        "a suspension by a pharmacist whom the operator minted",
        Refusal.E_IDENTITY,
        **by("suspension", a_suspension(ROSE), staff_of(ROSE, by=AUTHORITY)),
    ).refused(
        "a suspension by somebody who passes for the owner",
        Refusal.E_SIGNATURE,
        **by("suspension", a_suspension(HUGO), b""),
    )


def _expiry(book: Book) -> None:
    before = with_carer()
    after = a_group().listing(2, ended=(a_tombstone(ending=DelegationState.EXPIRED, at_us=END),))
    book.granted(
        "a carer goes at the instant at which the delegation ends",
        NOBODYS,
        **commit(CLAIRE, before, after, at_us=END, removed=[named(SOPHIE)], not_below_us=NOW),
    ).breach(
        "a carer removed for expiry a microsecond too early",
        Breach.REMOVES_ANOTHER,
        data=data(END - 1),
    ).refused(
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
    book.granted(
        "a carer whose account key was stolen goes, and acts for nobody",
        NOBODYS,
        **commit(CLAIRE, before, after, removed=[named(SOPHIE)], due=[lost(stolen(SOPHIE))]),
    ).breach(
        "a carer whose account key was stolen, and who stays in force",
        Breach.WITHOUT_TOMBSTONE,
        after=a_group().listing(1, a_record()),
    ).refused(
        "an account's revocation by the authority alone",
        Refusal.E_FOUR_EYES,
        due=[lost(CoSigned(said.encode(), (cosign(said, AUTHORITY),)).encode())],
    ).refused(
        "an account's revocation without the authority",
        Refusal.E_SIGNATURE,
        due=[lost(CoSigned(said.encode(), eyes(said, CLAIRE, HUGO)).encode())],
    ).refused(
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
    book.granted(
        "the old devices of a patient who lost them all go, by the word of two pharmacists",
        NOBODYS,
        **inputs | by(succeeded()),
    ).breach(
        "a pharmacist who removes the patient without a succession",
        Breach.REMOVES_ANOTHER,
        data=data(NOW),
    ).refused(
        "a succession by one pharmacist twice", Refusal.E_FOUR_EYES, **by(succeeded(HUGO, HUGO))
    ).refused(
        "a succession by a pharmacist and a technician", Refusal.E_ROLE, **by(succeeded(HUGO, LEA))
    ).refused(
        "a succession of another account key",
        Refusal.E_IDENTITY,
        **by(succeeded(old_aik=key("any").public)),
    ).refused(
        "a succession in another conversation",
        Refusal.E_IDENTITY,
        **by(succeeded(conversation=ELSEWHERE_CONVERSATION)),
    ).breach("a succession that removes nobody", Breach.IDLE_STATEMENT, after=before, removed=[])


def _narrowing(book: Book) -> None:
    before = with_carer()
    narrowed = a_record(revocations=(a_withdrawal(CALL),))
    wider = a_delegation(scopes=tuple(sorted((*a_delegation().scopes, "document.read"))))
    other = replace(a_record(), confirmations=(a_confirmation(a_delegation(), HUGO),))

    def listing(record: Any, number: int = 2) -> Group:
        return before.listing(number, record)

    book.granted(
        "a pharmacist commits the patient's withdrawal of a scope",
        NOBODYS,
        **commit(CLAIRE, before, listing(narrowed)),
    ).breach(
        "a withdrawal whose number does not go up", Breach.WRONG_NUMBER, after=listing(narrowed, 1)
    ).refused(
        "a scope withdrawn by a pharmacist in the patient's place",
        Refusal.E_SIGNATURE,
        after=listing(a_record(revocations=(a_withdrawal(CALL, by=CLAIRE.aik),))),
    ).refused(
        "a scope withdrawn by the operator",
        Refusal.E_SIGNATURE,
        after=listing(a_record(revocations=(a_withdrawal(CALL, by=AUTHORITY),))),
    ).refused(
        "a scope withdrawn that the carer never had",
        Refusal.E_SCOPE,
        after=listing(a_record(revocations=(a_withdrawal("document.read"),))),
    ).refused(
        "a scope withdrawn twice",
        Refusal.E_ALREADY_ENDED,
        after=listing(a_record(revocations=(a_withdrawal(CALL), a_withdrawal(CALL)))),
    ).refused(
        "the right to read withdrawn, and nothing else",
        Refusal.E_SCOPE,
        after=listing(a_record(revocations=(a_withdrawal(READ),))),
    ).refused(
        "scopes widened in the extension, under the old signature",
        Refusal.E_SIGNATURE,
        after=listing(
            a_record(delegation=wider.encode() + signed(a_delegation())[-SIGNATURE_BYTES:])
        ),
    ).breach(
        "scopes widened by a new document under the old id",
        Breach.CHANGES_RECORD,
        after=listing(a_record(wider)),
    ).breach(
        "another pharmacist's confirmation in the place of the first",
        Breach.CHANGES_RECORD,
        after=listing(other),
    ).breach(
        "a withdrawn scope that comes back",
        Breach.CHANGES_RECORD,
        before=listing(narrowed),
        after=listing(a_record(), 3),
    ).breach(
        "one withdrawal exchanged for another",
        Breach.CHANGES_RECORD,
        before=listing(narrowed),
        after=listing(a_record(revocations=(a_withdrawal(SEND),)), 3),
    )


def _tombstones(book: Book) -> None:
    stone = a_tombstone(at_us=NOW - DAY)
    before = a_group().listing(2, ended=(stone,))
    book.granted(
        "a tombstone goes when its delegation would have ended by itself",
        NOBODYS,
        **commit(CLAIRE, before, a_group().listing(3), at_us=END, not_below_us=NOW),
    ).breach(
        "a tombstone dropped a microsecond too early", Breach.DROPS_TOMBSTONE, data=data(END - 1)
    ).breach(
        "a tombstone dropped without a new number", Breach.WRONG_NUMBER, after=a_group().listing(2)
    )
    book.granted("a tombstone stays", NOBODYS, **commit(CLAIRE, before, before)).breach(
        "a tombstone made to be forgotten earlier",
        Breach.DROPS_TOMBSTONE,
        after=a_group().listing(3, ended=(replace(stone, not_after_us=NOW + 1),)),
    ).breach(
        "a tombstone of a delegation that never was",
        Breach.WITHOUT_END,
        after=a_group().listing(3, ended=(stone, replace(stone, delegation=uid("never")))),
    ).breach(
        "a tombstone that loses its place to a delegation of another carer",
        Breach.DROPS_TOMBSTONE,
        after=a_group(leaf(KARIM)).listing(3, a_record(carer=KARIM)),
        added=[named(KARIM)],
    )


def _resync(book: Book) -> None:
    before = with_carer(leaf(JEAN, 2))
    mine = [named(JEAN)]
    inputs = commit(JEAN, before, before, external=True, removed=mine)
    other_key = before.without(leaf(JEAN)).told(_twin(JEAN))
    near = book.granted("a device comes again in the place of itself", NOBODYS, **inputs)
    near.breach(
        "a device that comes again, and stays", Breach.SAME_DEVICE_TWICE, removed=[]
    ).breach(
        "a device that comes again with another signature key", Breach.STRANGER, after=other_key
    ).breach(
        "a device that comes again and removes another of its own",
        Breach.EXTERNAL_CHANGE,
        after=before.without(leaf(JEAN, 2)),
        removed=[*mine, named(JEAN, 2)],
    ).breach(
        "a device that comes again and removes a pharmacist",
        Breach.EXTERNAL_CHANGE,
        after=before.without(leaf(LEA)),
        removed=[*mine, named(LEA)],
    ).breach(
        "a device that comes again and brings another",
        Breach.EXTERNAL_CHANGE,
        after=before.told(leaf(JEAN, 3)),
        added=[named(JEAN, 3)],
    ).breach(
        "a device that comes again and widens a delegation",
        Breach.EXTERNAL_CHANGE,
        before=before.listing(1, a_record(revocations=(a_withdrawal(CALL),))),
        after=before.listing(2, a_record()),
    ).breach(
        "a device that comes again and ends a delegation",
        Breach.EXTERNAL_CHANGE,
        data=data(NOW, saying("revocation", a_withdrawal())),
    ).breach(
        "a device that comes again and sets the patient's key",
        Breach.EXTERNAL_CHANGE,
        before=a_group(),
        after=a_group().told(patient_aik=JEAN.renewed().key),
    ).breach(
        "a device that comes again though its removal is due",
        Breach.STRANGER,
        due=[due(JEAN)],
    ).breach(
        "a device that comes again though it was given up", Breach.GIVEN_UP, barred=mine
    ).refused(
        "a device that comes again with a certificate that has expired",
        Refusal.E_IDENTITY,
        after=before.without(leaf(JEAN)).told(leaf(JEAN, device=device_of(JEAN, not_after_us=NOW))),
    ).refused(
        "a device that comes again at a time before the last commit",
        Refusal.E_CLOCK,
        not_below_us=NOW + 1,
    )
    book.granted(
        "a device comes again while somebody else's delegation has expired: the next commit cures it",
        NOBODYS,
        **inputs | {"data": data(END), "not_below_us": NOW},
    ).refused(
        "a carer who comes again after the end of the delegation",
        Refusal.E_DELEGATION_EXPIRED,
        committer=named(SOPHIE),
        removed=[named(SOPHIE)],
    )
    book.granted(
        "a carer comes again in the place of themselves",
        SOPHIES,
        **inputs | {"committer": named(SOPHIE), "removed": [named(SOPHIE)]},
    ).breach(
        "a carer who comes again under another account key",
        Breach.STRANGER,
        after=before.without(leaf(SOPHIE)).told(_other_account(SOPHIE)),
    )


def _new_device(book: Book) -> None:
    before = with_carer()
    inputs = commit(JEAN, before, before.told(leaf(JEAN, 2)), external=True, number=2)
    stolen_name = leaf(SOPHIE, 2, device=device_of(SOPHIE, 2, device=device_id(JEAN)))
    book.granted(
        "a new device comes by itself, under the account key of a member", NOBODYS, **inputs
    ).breach(
        "a stranger who comes by themselves",
        Breach.STRANGER,
        after=before.told(leaf(KARIM)),
        committer=named(KARIM),
    ).breach(
        "a colleague who comes by themselves",
        Breach.STRANGER,
        after=before.told(leaf(ROSE)),
        committer=named(ROSE),
    ).breach(
        "a new device of the patient's name, under a key that the operator certified",
        Breach.OTHER_KEY,
        after=before.told(_other_account(JEAN, 2)),
    ).breach(
        "a new device that removes the old one",
        Breach.EXTERNAL_CHANGE,
        after=before.without(leaf(JEAN)).told(leaf(JEAN, 2)),
        removed=[named(JEAN)],
    ).breach(
        "a new device of somebody all of whose devices are to go",
        Breach.STRANGER,
        due=[due(JEAN)],
    ).breach(
        "a new device that takes the name of somebody else's",
        Breach.SAME_DEVICE_TWICE,
        after=before.told(stolen_name),
        committer={"person": named(SOPHIE).person, "device": named(JEAN).device},
    )
    book.granted(
        "a new device of a carer comes by itself",
        SOPHIES,
        **inputs | {"after": before.told(leaf(SOPHIE, 2)), "committer": named(SOPHIE, 2)},
    ).breach(
        "a new device of a carer whose removal is due",
        Breach.STRANGER,
        due=[over()],
    )
