"""Foundings: how a group begins, and how a conversation goes on in another one."""

from __future__ import annotations

from typing import Any

from crypto.policy.cosigned import CoSigned, cosign
from crypto.policy.decision import Breach
from crypto.policy.vocabulary import Refusal
from tests.crypto.policy.case import Book
from tests.crypto.policy.world import (
    AUTHORITY,
    CLAIRE,
    DAY,
    ELSEWHERE_CONVERSATION,
    HOUR,
    HUGO,
    JEAN,
    KARIM,
    LEA,
    NOW,
    SECOND,
    SOPHIE,
    Group,
    a_delegation,
    a_policy,
    a_record,
    a_succession,
    a_tombstone,
    eyes,
    identity_of,
    leaf,
    named,
    succeeded,
    with_carer,
)

END = a_delegation().not_after_us
NEW = Group(policy=a_policy(patient_aik=b""), leaves=(leaf(CLAIRE),))
"""A group that Claire begins."""


def founding(state: Group, **more: Any) -> dict[str, Any]:
    """Return what goes into the decision."""
    return {
        "state": state,
        "founder": named(CLAIRE),
        "before": None,
        "succession": b"",
        "at_us": NOW,
    } | more


def cases() -> list[dict[str, Any]]:
    """Return all of them."""
    book = Book("founding")
    for write in (_first, _by_the_patient, _next, _after_a_succession):
        write(book)
    return book.cases


def _first(book: Book) -> None:
    near = book.granted("a pharmacist opens a thread", {}, **founding(NEW))
    near.refused(
        "a thread that begins with two members",
        Refusal.E_POLICY,
        Breach.WRONG_FOUNDER,
        state=NEW.told(leaf(HUGO)),
    )
    near.refused(
        "a thread whose founder is not in it",
        Refusal.E_POLICY,
        Breach.WRONG_FOUNDER,
        founder=named(HUGO),
    )
    near.refused(
        "a thread opened by a technician",
        Refusal.E_POLICY,
        Breach.WRONG_FOUNDER,
        state=NEW.without(leaf(CLAIRE)).told(leaf(LEA)),
        founder=named(LEA),
    )
    near.refused(
        "a thread opened by a carer",
        Refusal.E_POLICY,
        Breach.WRONG_FOUNDER,
        state=NEW.without(leaf(CLAIRE)).told(leaf(SOPHIE)),
        founder=named(SOPHIE),
    )
    near.refused(
        "a thread that begins with a delegation",
        Refusal.E_POLICY,
        Breach.WITHOUT_MEMBER,
        state=NEW.told(patient_aik=JEAN.key).listing(1, a_record()),
    )
    near.refused(
        "a thread that begins with another number than nought",
        Refusal.E_POLICY,
        Breach.WRONG_NUMBER,
        state=NEW.listing(1),
    )
    near.refused(
        "a thread that begins with a tombstone",
        Refusal.E_POLICY,
        Breach.WRONG_NUMBER,
        state=NEW.listing(0, ended=(a_tombstone(),)),
    )
    near.refused(
        "a pharmacist who sets the patient's key before the patient comes",
        Refusal.E_POLICY,
        Breach.CHANGES_POLICY,
        state=NEW.told(patient_aik=JEAN.key),
    )
    near.refused(
        "a founder whose certificate has expired",
        Refusal.E_IDENTITY,
        state=NEW.without(leaf(CLAIRE)).told(
            leaf(CLAIRE, identity=identity_of(CLAIRE, not_after_us=NOW))
        ),
    )
    near.refused(
        "a founder whom the owner did not certify",
        Refusal.E_IDENTITY,
        state=NEW.without(leaf(CLAIRE)).told(leaf(HUGO, staff=b"")),
        founder=named(HUGO),
    )
    book.granted(
        "a pharmacist begins a dispensation at a distance",
        {},
        **founding(NEW.told(kind="remote_dispensation")),
    )


def _by_the_patient(book: Book) -> None:
    mine = Group(policy=a_policy(), leaves=(leaf(JEAN),))
    near = book.granted(
        "the patient opens a private aside",
        {},
        **founding(mine.told(kind="private_aside"), founder=named(JEAN)),
    )
    near.refused(
        "the patient begins a dispensation at a distance",
        Refusal.E_POLICY,
        Breach.WRONG_FOUNDER,
        state=mine.told(kind="remote_dispensation"),
    )
    near.refused(
        "the patient opens an aside under another account key than the policy's",
        Refusal.E_IDENTITY,
        Breach.OTHER_KEY,
        state=mine.told(kind="private_aside", patient_aik=JEAN.renewed().key),
    )


def _next(book: Book) -> None:
    stone = a_tombstone(a_delegation(HUGO), at_us=NOW - DAY)
    old = with_carer().listing(6, a_record(), ended=(stone,))
    new = Group(leaves=(leaf(CLAIRE),)).listing(7, ended=(stone,))
    near = book.granted(
        "a conversation goes on in another group, and what ended stays ended",
        {},
        **founding(new, before=old),
    )
    near.refused(
        "another group that forgets what ended",
        Refusal.E_POLICY,
        Breach.DROPS_TOMBSTONE,
        state=new.listing(7),
    )
    near.refused(
        "another group with a tombstone of a delegation that never was",
        Refusal.E_POLICY,
        Breach.WITHOUT_END,
        state=new.listing(7, ended=(stone, a_tombstone(a_delegation(KARIM)))),
    )
    near.refused(
        "another group with a tombstone that will be forgotten too early",
        Refusal.E_POLICY,
        Breach.WITHOUT_END,
        state=new.listing(7, ended=(stone, a_tombstone(not_after_us=NOW + DAY))),
    )
    near.refused(
        "another group with a tombstone of the future",
        Refusal.E_POLICY,
        Breach.WITHOUT_END,
        state=new.listing(7, ended=(stone, a_tombstone(at_us=NOW + 120 * SECOND + 1))),
    )
    near.refused(
        "another group that begins with the old delegations",
        Refusal.E_POLICY,
        Breach.WITHOUT_MEMBER,
        state=new.listing(7, a_record(), ended=(stone,)),
    )
    near.refused(
        "another group that counts from the beginning",
        Refusal.E_POLICY,
        Breach.WRONG_NUMBER,
        state=new.listing(1, ended=(stone,)),
    )
    near.refused(
        "another group with another key of the patient's, and nobody's word",
        Refusal.E_POLICY,
        Breach.CHANGES_POLICY,
        state=new.told(patient_aik=JEAN.renewed().key),
    )
    near.refused(
        "another group of another kind",
        Refusal.E_POLICY,
        Breach.CHANGES_POLICY,
        state=new.told(kind="remote_dispensation"),
    )
    near.refused(
        "another group begun by the patient",
        Refusal.E_POLICY,
        Breach.WRONG_FOUNDER,
        state=new.without(leaf(CLAIRE)).told(leaf(JEAN)),
        founder=named(JEAN),
    )
    book.granted(
        "another group, where nobody acted",
        {},
        **founding(new, before=old.without(leaf(SOPHIE)).listing(6, ended=(stone,))),
    )
    book.granted(
        "another group, which remembers a delegation that ended with the old one",
        {},
        **founding(new.listing(7, ended=(stone, a_tombstone())), before=old),
    )
    book.granted(
        "another group, which remembers a delegation that ended a while before",
        {},
        **founding(new.listing(7, ended=(stone, a_tombstone(at_us=NOW - HOUR))), before=old),
    )
    book.granted(
        "another group, when the old one's tombstone has had its time",
        {},
        **founding(new.listing(7), before=old, at_us=END),
    )


def _after_a_succession(book: Book) -> None:
    old = with_carer().listing(6, a_record())
    new = Group(leaves=(leaf(CLAIRE),)).told(patient_aik=JEAN.renewed().key).listing(7)
    near = book.granted(
        "a conversation goes on under the patient's new key, by the word of two pharmacists",
        {},
        **founding(new, before=old, succession=succeeded()),
    )
    near.refused(
        "a succession by one pharmacist twice",
        Refusal.E_FOUR_EYES,
        succession=succeeded(HUGO, HUGO),
    )
    near.refused(
        "a succession by a pharmacist and a technician",
        Refusal.E_ROLE,
        succession=succeeded(CLAIRE, LEA),
    )
    near.refused(
        "a succession from another key than the old one",
        Refusal.E_IDENTITY,
        succession=succeeded(old_aik=SOPHIE.key),
    )
    for name, why, changes in (
        ("of another patient", Refusal.E_IDENTITY, {"patient": SOPHIE.id}),
        ("of another deployment", Refusal.E_IDENTITY, {"deployment": "x.example"}),
        ("to the same key", Refusal.E_IDENTITY, {"new_aik": JEAN.key}),
        ("of the future", Refusal.E_CLOCK, {"at_us": NOW + 120 * SECOND + 1}),
    ):
        near.refused(f"a succession {name}", why, succession=succeeded(**changes))
    said = a_succession()
    claire, hugo = eyes(said, CLAIRE, HUGO)
    by_authority = cosign(said, AUTHORITY)
    for name, why, signatures in (
        ("by one pharmacist", Refusal.E_FOUR_EYES, (claire,)),
        ("with a third signature", Refusal.E_FOUR_EYES, (claire, hugo, by_authority)),
        (
            "by one pharmacist and the authority",
            Refusal.E_FOUR_EYES,
            (claire, by_authority),
        ),
        (
            "with one signature under another statement",
            Refusal.E_SIGNATURE,
            (claire, *eyes(a_succession(old_epoch=13), HUGO)),
        ),
    ):
        near.refused(f"a succession {name}", why, succession=CoSigned(said.encode(), signatures))
    near.refused("a succession of which nothing reads", Refusal.E_SIGNATURE, succession=b"nothing")
    near.refused(
        "a succession in another conversation",
        Refusal.E_IDENTITY,
        succession=succeeded(conversation=ELSEWHERE_CONVERSATION),
    )
    near.refused(
        "a succession to a pharmacist's own key",
        Refusal.E_FOUR_EYES,
        succession=succeeded(new_aik=HUGO.key),
    )
    near.refused(
        "a succession to another key than the new group's",
        Refusal.E_POLICY,
        Breach.CHANGES_POLICY,
        succession=succeeded(new_aik=SOPHIE.key),
    )
    near.refused(
        "a succession after which the old key stays",
        Refusal.E_POLICY,
        Breach.CHANGES_POLICY,
        state=new.told(patient_aik=JEAN.key),
    )
