"""External commits: a device comes by itself, in the place of itself or anew."""

from __future__ import annotations

from crypto.policy.decision import Breach
from crypto.policy.vocabulary import Refusal
from tests.crypto.policy.case import Book
from tests.crypto.policy.cases.committing import (
    END,
    NOBODYS,
    SOPHIES,
    commit,
    data,
    due,
    other_account,
    over,
    saying,
    twin,
)
from tests.crypto.policy.world import (
    CALL,
    CLAIRE,
    DAY,
    HUGO,
    JEAN,
    KARIM,
    LEA,
    NOW,
    ROSE,
    SOPHIE,
    a_group,
    a_record,
    a_withdrawal,
    device_id,
    device_of,
    identity_of,
    leaf,
    named,
    with_carer,
)


def write(book: Book) -> None:
    """Write the cases."""
    for some in (_resync, _alone, _new_device):
        some(book)


def _resync(book: Book) -> None:
    before = with_carer(leaf(JEAN, 2))
    mine = [named(JEAN)]
    inputs = commit(JEAN, before, before, external=True, removed=mine)
    other_key = before.without(leaf(JEAN)).told(twin(JEAN))
    near = book.granted("a device comes again in the place of itself", NOBODYS, **inputs)
    near.breach("a device that comes again, and stays", Breach.SAME_DEVICE_TWICE, removed=[])
    near.breach(
        "a device that comes again with another signature key", Breach.STRANGER, after=other_key
    )
    near.breach(
        "a device that comes again and removes another of its own",
        Breach.EXTERNAL_CHANGE,
        after=before.without(leaf(JEAN, 2)),
        removed=[*mine, named(JEAN, 2)],
    )
    near.breach(
        "a device that comes again and removes a pharmacist",
        Breach.EXTERNAL_CHANGE,
        after=before.without(leaf(LEA)),
        removed=[*mine, named(LEA)],
    )
    near.breach(
        "a device that comes again and brings another",
        Breach.EXTERNAL_CHANGE,
        after=before.told(leaf(JEAN, 3)),
        added=[named(JEAN, 3)],
    )
    near.breach(
        "a device that comes again and widens a delegation",
        Breach.EXTERNAL_CHANGE,
        before=before.listing(1, a_record(revocations=(a_withdrawal(CALL),))),
        after=before.listing(2, a_record()),
    )
    near.breach(
        "a device that comes again and ends a delegation",
        Breach.EXTERNAL_CHANGE,
        data=data(NOW, saying("revocation", a_withdrawal())),
    )
    near.breach(
        "a device that comes again and sets the patient's key",
        Breach.EXTERNAL_CHANGE,
        before=a_group(),
        after=a_group().told(patient_aik=JEAN.renewed().key),
    )
    near.breach(
        "a device that comes again though its removal is due", Breach.STRANGER, due=[due(JEAN)]
    )
    near.breach("a device that comes again though it was given up", Breach.GIVEN_UP, barred=mine)
    near.breach(
        "a device that comes again, while another's certificate is exchanged",
        Breach.CHANGES_LEAF,
        after=before.without(leaf(HUGO)).told(
            leaf(HUGO, identity=identity_of(HUGO, not_after_us=NOW + 300 * DAY))
        ),
    )
    near.refused(
        "a device that comes again with a certificate that has expired",
        Refusal.E_IDENTITY,
        after=before.without(leaf(JEAN)).told(leaf(JEAN, device=device_of(JEAN, not_after_us=NOW))),
    )
    near.refused(
        "a device that comes again at a time before the last commit",
        Refusal.E_CLOCK,
        not_below_us=NOW + 1,
    )
    near = book.granted(
        "a device comes again though a delegation has expired: the next commit cures it",
        NOBODYS,
        **inputs | {"data": data(END), "not_below_us": NOW},
    )
    near.refused(
        "a carer who comes again after the end of the delegation",
        Refusal.E_DELEGATION_EXPIRED,
        committer=named(SOPHIE),
        removed=[named(SOPHIE)],
    )
    near = book.granted(
        "a carer comes again in the place of themselves",
        SOPHIES,
        **inputs | {"committer": named(SOPHIE), "removed": [named(SOPHIE)]},
    )
    near.breach(
        "a carer who comes again under another account key",
        Breach.STRANGER,
        after=before.without(leaf(SOPHIE)).told(other_account(SOPHIE)),
    )


def _alone(book: Book) -> None:
    alone = a_group().without(leaf(HUGO), leaf(LEA), leaf(JEAN))
    inputs = commit(CLAIRE, alone, alone, external=True, removed=[named(CLAIRE)])
    near = book.granted("the only member comes again in the place of themselves", NOBODYS, **inputs)
    near.breach(
        "a colleague in the place of the only member",
        Breach.STRANGER,
        after=alone.without(leaf(CLAIRE)).told(leaf(HUGO)),
        committer=named(HUGO),
    )


def _new_device(book: Book) -> None:
    before = with_carer()
    inputs = commit(JEAN, before, before.told(leaf(JEAN, 2)), external=True, number=2)
    stolen_name = leaf(SOPHIE, 2, device=device_of(SOPHIE, 2, device=device_id(JEAN)))
    near = book.granted(
        "a new device comes by itself, under the account key of a member", NOBODYS, **inputs
    )
    near.breach(
        "a stranger who comes by themselves",
        Breach.STRANGER,
        after=before.told(leaf(KARIM)),
        committer=named(KARIM),
    )
    near.breach(
        "a colleague who comes by themselves",
        Breach.STRANGER,
        after=before.told(leaf(ROSE)),
        committer=named(ROSE),
    )
    near.breach(
        "a new device of the patient's name, under a key that the operator certified",
        Breach.OTHER_KEY,
        after=before.told(other_account(JEAN, 2)),
    )
    near.breach(
        "a new device that removes the old one",
        Breach.EXTERNAL_CHANGE,
        after=before.without(leaf(JEAN)).told(leaf(JEAN, 2)),
        removed=[named(JEAN)],
    )
    near.breach(
        "a new device of somebody all of whose devices are to go", Breach.STRANGER, due=[due(JEAN)]
    )
    near.breach(
        "a new device that takes the name of somebody else's",
        Breach.SAME_DEVICE_TWICE,
        after=before.told(stolen_name),
        committer={"person": named(SOPHIE).person, "device": named(JEAN).device},
    )
    near = book.granted(
        "a new device of a carer comes by itself",
        SOPHIES,
        **inputs | {"after": before.told(leaf(SOPHIE, 2)), "committer": named(SOPHIE, 2)},
    )
    near.breach("a new device of a carer whose removal is due", Breach.STRANGER, due=[over()])
