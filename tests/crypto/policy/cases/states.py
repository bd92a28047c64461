"""States: what a group may be, seen as a whole: at a Welcome, an external join, a resync."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from crypto.policy.decision import Breach
from crypto.policy.vocabulary import Refusal
from tests.crypto.policy.case import Book
from tests.crypto.policy.world import (
    ALICE,
    AUTHORITY,
    CLAIRE,
    ELSEWHERE,
    ELSEWHERE_CONVERSATION,
    HUGO,
    JEAN,
    KARIM,
    LEA,
    NOW,
    PAUL,
    ROSE,
    SOPHIE,
    Group,
    a_delegation,
    a_group,
    a_policy,
    a_record,
    a_tombstone,
    device_id,
    device_of,
    identity_of,
    key,
    leaf,
    on_paper,
    signed,
    staff_of,
    uid,
    with_carer,
)

END = a_delegation().not_after_us


def cases() -> list[dict[str, Any]]:
    """Return all of them."""
    book = Book("state")
    for write in (_people, _devices, _carers, _delegations, _asides):
        write(book)
    return book.cases


def _people(book: Book) -> None:
    group = a_group()
    near = book.granted("the staff and the patient of a thread", {}, state=group, at_us=NOW)
    near.refused(
        "a pharmacist whom the authority certified, and the owner did not",
        Refusal.E_IDENTITY,
        state=group.told(leaf(ROSE, staff=b"")),
    )
    near.refused(
        "a pharmacist whom the owner of another pharmacy certified",
        Refusal.E_IDENTITY,
        state=group.told(leaf(ROSE, staff=staff_of(ROSE, by=PAUL.aik, pharmacy=ELSEWHERE))),
    )
    near.refused(
        "the owner of another pharmacy", Refusal.E_IDENTITY, state=group.told(leaf(PAUL, staff=b""))
    )
    near.refused(
        "a leaf whose identity certificate nobody of this deployment signed",
        Refusal.E_IDENTITY,
        state=group.without(leaf(LEA)).told(leaf(LEA, identity=identity_of(LEA, by=key("x")))),
    )
    near.refused(
        "another patient", Refusal.E_IDENTITY, Breach.OTHER_PATIENT, state=group.told(leaf(ALICE))
    )
    near.refused(
        "the patient under an account key that the policy does not name",
        Refusal.E_IDENTITY,
        Breach.OTHER_KEY,
        state=a_group().told(patient_aik=JEAN.renewed().key),
    )
    near.refused(
        "the patient in a group whose policy names no key of theirs",
        Refusal.E_IDENTITY,
        Breach.OTHER_KEY,
        state=a_group().told(patient_aik=b""),
    )
    near.refused(
        "the patient's name under another role",
        Refusal.E_IDENTITY,
        Breach.OTHER_PATIENT,
        state=group.without(leaf(JEAN)).told(_as_staff()),
    )
    book.granted("a group in which the patient is not yet", {}, state=Group(
        policy=a_policy(patient_aik=b""), leaves=(leaf(CLAIRE), leaf(LEA))
    ), at_us=NOW)  # fmt: skip
    book.granted(
        "certificates that have expired since: they blocked nobody who stays",
        {},
        state=a_group().without(leaf(HUGO)).told(
            leaf(HUGO, identity=identity_of(HUGO, not_after_us=NOW))
        ),
        at_us=NOW,
    )  # fmt: skip


def _as_staff() -> Any:
    """Return the patient as a technician of the pharmacy, certified by its owner."""
    return leaf(
        JEAN,
        identity=identity_of(JEAN, role="technician"),
        staff=staff_of(JEAN, role="technician"),
    )


def _devices(book: Book) -> None:
    group = a_group(leaf(JEAN, 2))
    other = key("another signature key").public
    twin = leaf(JEAN, device=device_of(JEAN, signature_key=other), signature_key=other)
    near = book.granted("two devices of the patient", {}, state=group, at_us=NOW)
    near.refused(
        "one device with two leaves",
        Refusal.E_POLICY,
        Breach.SAME_DEVICE_TWICE,
        state=a_group(twin),
    )
    near.refused(
        "a device that takes the name of somebody else's",
        Refusal.E_POLICY,
        Breach.SAME_DEVICE_TWICE,
        state=a_group(leaf(JEAN, 2, device=device_of(JEAN, 2, device=device_id(LEA)))),
    )
    near.refused(
        "two account keys of one person",
        Refusal.E_POLICY,
        Breach.OTHER_KEY,
        state=a_group(leaf(JEAN.renewed(), 2)),
    )
    near.refused(
        "one account key of two people",
        Refusal.E_POLICY,
        Breach.OTHER_KEY,
        state=a_group(_with_the_key_of_lea()),
    )
    near.refused(
        "a leaf whose signature key its certificate does not name",
        Refusal.E_IDENTITY,
        state=a_group(leaf(JEAN, 2, signature_key=other)),
    )


def _with_the_key_of_lea() -> Any:
    """Return a pharmacist's leaf under the technician's account key: the owner certified both."""
    return leaf(
        ROSE,
        identity=identity_of(ROSE, aik=LEA.key),
        device=device_of(ROSE, by=LEA.aik),
        staff=staff_of(ROSE, aik=LEA.key),
    )


def _carers(book: Book) -> None:
    group = with_carer()
    near = book.granted("a carer with a delegation", {}, state=group, at_us=NOW)
    near.refused("a carer without a delegation", Refusal.E_NO_DELEGATION, state=group.listing(1))
    near.refused(
        "a carer by somebody else's delegation",
        Refusal.E_NO_DELEGATION,
        state=group.listing(1, a_record(carer=KARIM)),
    )
    near.refused(
        "a carer under an account key that the delegation does not name",
        Refusal.E_NO_DELEGATION,
        state=a_group(leaf(SOPHIE.renewed())).listing(1, a_record()),
    )
    near.refused(
        "a carer at the instant at which the delegation ends",
        Refusal.E_DELEGATION_EXPIRED,
        at_us=END,
    )
    near.refused(
        "a carer before the delegation begins",
        Refusal.E_PERIOD,
        at_us=a_delegation().not_before_us - 1,
    )
    near.refused(
        "a carer whose delegation ended, and left a tombstone",
        Refusal.E_NO_DELEGATION,
        state=group.listing(1, ended=(a_tombstone(),)),
    )
    near = book.granted(
        "a carer whose delegation has expired, seen by who does not judge the time",
        {},
        state=group,
        at_us=None,
    )
    near.refused(
        "a carer without a delegation, seen by who does not judge the time",
        Refusal.E_NO_DELEGATION,
        state=group.listing(1),
    )
    book.granted(
        "a carer by a delegation on paper, of a patient who has a device since",
        {},
        state=group.listing(1, a_record(on_paper())),
        at_us=NOW,
    )
    book.granted(
        "a delegation that has expired, and whose carer has no device here",
        {},
        state=a_group().listing(1, a_record()),
        at_us=END,
    )
    book.granted(
        "a delegation whose carer has no device here at the moment",
        {},
        state=a_group().listing(1, a_record()),
        at_us=NOW,
    )


def _delegations(book: Book) -> None:
    group = with_carer()
    renewed = a_delegation(delegation=uid("delegation", "sophie", "renewed"))
    both = a_group(leaf(SOPHIE), leaf(KARIM)).listing(1, a_record(), a_record(carer=KARIM))
    near = book.granted("two carers", {}, state=both, at_us=NOW)
    near.refused(
        "two delegations of one patient to one carer",
        Refusal.E_DUPLICATE_DELEGATION,
        state=group.listing(1, a_record(), a_record(renewed)),
    )
    near.refused(
        "a delegation in force beside its own tombstone",
        Refusal.E_ALREADY_ENDED,
        Breach.BROUGHT_BACK,
        state=group.listing(1, a_record(), ended=(a_tombstone(),)),
    )
    near.refused(
        "a delegation of a patient who did not sign it",
        Refusal.E_SIGNATURE,
        state=group.listing(1, a_record(delegation=signed(a_delegation(), AUTHORITY))),
    )
    near.refused(
        "a delegation of another conversation",
        Refusal.E_NO_DELEGATION,
        state=group.listing(1, a_record(a_delegation(conversation=ELSEWHERE_CONVERSATION))),
    )
    near.refused(
        "a delegation to a member of the staff",
        Refusal.E_STAFF_GRANTEE,
        state=a_group().listing(1, a_record(carer=HUGO)),
    )
    near.refused(
        "a delegation to a member of the staff under another account key",
        Refusal.E_STAFF_GRANTEE,
        state=a_group().listing(1, a_record(carer=HUGO.renewed())),
    )
    near.refused(
        "a delegation to the account key of a member of the staff under another name",
        Refusal.E_STAFF_GRANTEE,
        state=a_group().listing(1, a_record(a_delegation(grantee_aik=HUGO.key), carer=HUGO)),
    )
    near.refused(
        "a tombstone that tells of no end",
        Refusal.E_POLICY,
        Breach.WITHOUT_TOMBSTONE,
        state=a_group().listing(1, ended=(replace(a_tombstone(), ending="active"),)),
    )


def _asides(book: Book) -> None:
    """« Parler seul(e) à ma pharmacie »: there is no carer, and no delegation."""
    aside = a_group().told(kind="private_aside")
    near = book.granted(
        "a private aside of the patient and the pharmacy", {}, state=aside, at_us=NOW
    )
    near.refused(
        "a delegation in a private aside", Refusal.E_KIND, state=aside.listing(1, a_record())
    )
    near.refused("a carer in a private aside", Refusal.E_KIND, state=aside.told(leaf(SOPHIE)))
    near.refused(
        "a conversation of a kind that there is not", Refusal.E_POLICY, state=_bent_kind(aside)
    )


def _bent_kind(group: Group) -> Any:
    """Return a group whose policy names no kind that there is."""
    policy = group.policy.encode().replace(b"private_aside", b"private_asidf")
    return {"policy": policy, "delegations": group.delegations, "leaves": group.leaves}
