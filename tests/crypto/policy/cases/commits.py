"""Commits: who may change a group how. A malicious hub, carer, technician or pharmacist tries."""

from __future__ import annotations

from typing import Any

from crypto.policy.decision import Breach
from crypto.policy.vocabulary import Refusal
from tests.crypto.policy.case import Book
from tests.crypto.policy.cases import admissions, ends, external
from tests.crypto.policy.cases.committing import (
    END,
    NOBODYS,
    SOPHIES,
    commit,
    data,
    other_account,
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
    SECOND,
    SOPHIE,
    Group,
    Leaf,
    Person,
    a_delegation,
    a_group,
    a_record,
    a_resignation,
    a_tombstone,
    a_withdrawal,
    device_of,
    identity_of,
    leaf,
    named,
    staff_of,
    text,
    with_carer,
)


def cases() -> list[dict[str, Any]]:
    """Return all of them."""
    book = Book("commit")
    for write in (_empty, _of_a_carer, admissions.write, ends.write, external.write):
        write(book)
    return book.cases


def _empty(book: Book) -> None:
    group = with_carer()
    stranger = leaf(KARIM)
    renewed = leaf(HUGO, identity=identity_of(HUGO, not_after_us=NOW + 300 * DAY))
    near = book.granted(
        "a pharmacist renews the keys of a group", NOBODYS, **commit(CLAIRE, group, group)
    )
    near.breach(
        "a commit with a proposal of another kind", Breach.FOREIGN_PROPOSAL, known_proposals=False
    )
    near.breach(
        "a commit that changes who may propose from outside",
        Breach.CHANGES_EXTENSIONS,
        same_other_extensions=False,
    )
    near.refused("a commit dated before the one before it", Refusal.E_CLOCK, not_below_us=NOW + 1)
    near.refused(
        "a commit dated more than two minutes after the hub's clock",
        Refusal.E_CLOCK,
        now_us=NOW - 120 * SECOND - 1,
    )
    near.refused(
        "a commit dated more than two minutes before the hub's clock",
        Refusal.E_CLOCK,
        now_us=NOW + 120 * SECOND + 1,
    )
    near.breach(
        "a carer who is there afterwards, and whom no Add brought",
        Breach.WRONG_MEMBERS,
        after=group.told(stranger),
    )
    near.breach(
        "a patient who is gone afterwards, and whom no Remove took out",
        Breach.WRONG_MEMBERS,
        after=group.without(leaf(JEAN)),
    )
    near.breach(
        "a Remove of a patient who is still there afterwards",
        Breach.WRONG_MEMBERS,
        removed=[named(JEAN)],
    )
    near.breach(
        "a Remove of somebody who is not in the group",
        Breach.WRONG_MEMBERS,
        removed=[named(KARIM)],
    )
    near.breach(
        "a commit that removes its own sender",
        Breach.WRONG_MEMBERS,
        after=group.without(leaf(CLAIRE)),
        removed=[named(CLAIRE)],
    )
    near.breach(
        "an Add of somebody who is not there afterwards", Breach.WRONG_MEMBERS, added=[named(KARIM)]
    )
    near.breach(
        "a commit that exchanges a colleague's certificate",
        Breach.CHANGES_LEAF,
        after=group.without(leaf(HUGO)).told(renewed),
    )
    near.breach(
        "a commit that makes a thread another kind of conversation",
        Breach.CHANGES_POLICY,
        after=group.told(kind="remote_dispensation"),
    )
    near.breach(
        "a commit that raises the suite floor",
        Breach.CHANGES_POLICY,
        after=group.told(suite_floor=3),
    )
    near.breach(
        "a commit that moves a thread to another conversation's id",
        Breach.CHANGES_POLICY,
        after=a_group().told(conversation=ELSEWHERE_CONVERSATION),
        before=a_group(),
    )
    near.refused(
        "a commit that exchanges the owner's key for the operator's",
        Refusal.E_IDENTITY,
        after=group.told(owner_aik=AUTHORITY.public),
    )
    near.refused(
        "a commit that moves a thread to another pharmacy",
        Refusal.E_IDENTITY,
        after=group.told(pharmacy=ELSEWHERE),
    )
    near.breach(
        "a commit that exchanges the patient's key",
        Breach.CHANGES_POLICY,
        before=a_group(),
        after=a_group().told(patient_aik=JEAN.renewed().key),
    )
    near.breach(
        "a commit that counts up where nothing changed",
        Breach.WRONG_NUMBER,
        after=group.listing(2, a_record()),
    )
    near.breach(
        "a commit that counts down", Breach.WRONG_NUMBER, after=group.listing(0, a_record())
    )
    near.refused(
        "a commit of a member whose own certificate has expired",
        Refusal.E_IDENTITY,
        before=_expiring(group),
        after=_expiring(group),
    )
    book.granted(
        "a commit dated at the very instant of the one before it",
        NOBODYS,
        **commit(CLAIRE, group, group, not_below_us=NOW),
    )
    book.granted(
        "a commit dated exactly two minutes after the hub's clock",
        NOBODYS,
        **commit(CLAIRE, group, group, now_us=NOW - 120 * SECOND),
    )
    book.granted(
        "a commit dated exactly two minutes before the hub's clock",
        NOBODYS,
        **commit(CLAIRE, group, group, now_us=NOW + 120 * SECOND),
    )
    book.granted(
        "a commit of a device that has been given up since, and made before",
        NOBODYS,
        **commit(CLAIRE, group, group, barred=[named(CLAIRE)]),
    )
    near = book.granted(
        "a commit of last week, read by a client that catches up",
        NOBODYS,
        **commit(CLAIRE, group, group, now_us=NOW + 7 * DAY, catching_up=True),
    )
    near.refused("a commit of last week, as if it were of now", Refusal.E_CLOCK, catching_up=False)
    near.refused(
        "a commit of the future, read by a client that catches up",
        Refusal.E_CLOCK,
        now_us=NOW - 120 * SECOND - 1,
    )
    near.refused(
        "a commit from before the last one, read by a client that catches up",
        Refusal.E_CLOCK,
        not_below_us=NOW + 1,
    )
    near = book.granted(
        "a commit in which its own sender's certificate is renewed",
        NOBODYS,
        **commit(HUGO, group, group.without(leaf(HUGO)).told(renewed)),
    )
    near.breach(
        "a commit by which a technician becomes a pharmacist",
        Breach.CHANGES_LEAF,
        committer=named(LEA),
        after=group.without(leaf(LEA)).told(_promoted(LEA)),
    )
    near.breach(
        "a commit by which its sender takes another account key",
        Breach.CHANGES_LEAF,
        after=group.without(leaf(HUGO)).told(other_account(HUGO)),
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


def _of_a_carer(book: Book) -> None:
    both = a_group(leaf(SOPHIE), leaf(KARIM)).listing(2, a_record(), a_record(carer=KARIM))
    group = with_carer()
    narrowed = a_record(revocations=(a_withdrawal(CALL),))
    near = book.granted(
        "a carer renews the keys of a group", SOPHIES, **commit(SOPHIE, group, group)
    )
    near.refused(
        "a carer's commit at the instant at which the delegation ends",
        Refusal.E_DELEGATION_EXPIRED,
        data=data(END),
    )
    near.breach(
        "a carer who adds a device of their own",
        Breach.CARER_CHANGES,
        after=group.told(leaf(SOPHIE, 2)),
        added=[named(SOPHIE, 2)],
    )
    near.breach(
        "a carer who adds another carer",
        Breach.CARER_CHANGES,
        after=both,
        before=a_group(leaf(SOPHIE)).listing(1, a_record()),
        added=[named(KARIM)],
    )
    near.breach(
        "a carer who adds the patient's device",
        Breach.CARER_CHANGES,
        after=group.told(leaf(JEAN, 2)),
        added=[named(JEAN, 2)],
    )
    near.breach(
        "a carer who removes the patient",
        Breach.CARER_CHANGES,
        after=group.without(leaf(JEAN)),
        removed=[named(JEAN)],
    )
    near.breach(
        "a carer who commits the patient's withdrawal of a scope",
        Breach.CARER_CHANGES,
        after=group.listing(2, narrowed),
    )
    near.breach(
        "a carer who carries a statement",
        Breach.CARER_CHANGES,
        data=data(NOW, saying("resignation", a_resignation())),
    )
    near.breach(
        "a carer who brings another delegation into force",
        Breach.CARER_CHANGES,
        after=group.listing(2, a_record(), a_record(carer=KARIM)),
    )
    ended = both.without(leaf(SOPHIE)).listing(3, a_record(carer=KARIM), ended=(a_tombstone(),))
    karims = {"by": text(a_delegation(KARIM).delegation)}
    near = book.granted(
        "a carer carries out the removal of another whose delegation ended",
        karims,
        **commit(KARIM, both, ended, removed=[named(SOPHIE)], due=[over()]),
    )
    near.breach(
        "a carer who removes another carer by the patient's word, before the hub has proposed it",
        Breach.CARER_CHANGES,
        due=[],
        data=data(NOW, saying("revocation", a_withdrawal())),
    )
    near.breach(
        "a carer who takes a third device out along with what is due",
        Breach.CARER_CHANGES,
        after=ended.without(leaf(LEA)),
        removed=[named(SOPHIE), named(LEA)],
    )
