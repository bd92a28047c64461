"""What two pharmacists sign: what the shared vectors do not ask.

Who may sign what is in `removals.json`, and for successions in `commits.json`, `foundings.json`.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations
from typing import Any

import pytest

from crypto.errors import CryptoError, MalformedInput
from crypto.policy.cosigned import (
    CoSigned,
    Signature,
    check_account_revocation,
    check_succession,
    cosign,
)
from crypto.policy.decision import Refused
from crypto.policy.vocabulary import CLOCK_TOLERANCE_US, Refusal
from tests.crypto.policy.world import (
    AUTHORITY,
    CLAIRE,
    HOUR,
    HUGO,
    JEAN,
    NOW,
    ROSE,
    SOPHIE,
    TRUST,
    Person,
    a_policy,
    a_succession,
    an_account_revocation,
    eyes,
    staff_of,
    stolen,
    succeeded,
)

ROOTS: dict[str, Any] = {"policy": a_policy(), "trust": TRUST}
SAID = an_account_revocation(SOPHIE)
BY_AUTHORITY = cosign(SAID, AUTHORITY)


def revoked(*signatures: Signature) -> object:
    """Return what is decided of the revocation of the carer's account."""
    data = CoSigned(SAID.encode(), signatures).encode()
    return check_account_revocation(data, at_us=NOW, **ROOTS)


@pytest.mark.parametrize("pair", [*permutations((CLAIRE, HUGO, ROSE), 2)])
def test_any_two_pharmacists_will_do(pair: tuple[Person, Person]) -> None:
    """In any order; the authority after them."""
    assert revoked(*eyes(SAID, *pair), BY_AUTHORITY) == SAID


@pytest.mark.parametrize("left", range(3))
def test_no_signature_can_be_spared(left: int) -> None:
    """Neither pharmacist's, nor the authority's."""
    signatures = [*eyes(SAID, CLAIRE, HUGO), BY_AUTHORITY]
    del signatures[left]

    assert isinstance(revoked(*signatures), Refused)


def test_a_fourth_signature_has_no_place() -> None:
    """There is one form."""
    with pytest.raises(MalformedInput):
        revoked(*eyes(SAID, CLAIRE, HUGO, ROSE), BY_AUTHORITY)


def test_the_authority_signs_under_its_own_name() -> None:
    """Nobody's: a person's id beside it is another claim."""
    claims = replace(BY_AUTHORITY, signer=CLAIRE.id)
    certified = replace(BY_AUTHORITY, staff=staff_of(HUGO))

    for one in (claims, certified):
        assert revoked(*eyes(SAID, CLAIRE, HUGO), one) == Refused(Refusal.E_SIGNATURE)


def test_a_pharmacists_signature_is_of_this_very_statement() -> None:
    """One under an earlier theft is none under this one."""
    earlier = replace(SAID, at_us=NOW - 2 * HOUR)
    mixed = (*eyes(SAID, CLAIRE), *eyes(earlier, HUGO), BY_AUTHORITY)

    assert revoked(*mixed) == Refused(Refusal.E_SIGNATURE)


def test_a_succession_is_no_account_revocation() -> None:
    """Neither passes for the other."""
    assert check_succession(stolen(JEAN), at_us=NOW, **ROOTS) == Refused(Refusal.E_SIGNATURE)
    assert check_account_revocation(succeeded(), at_us=NOW, **ROOTS) == Refused(Refusal.E_SIGNATURE)


def test_a_succession_needs_no_authority() -> None:
    """Two pharmacists, and nobody else."""
    said = a_succession()
    third = CoSigned(said.encode(), (*eyes(said, CLAIRE, HUGO), cosign(said, AUTHORITY)))

    assert check_succession(succeeded(), at_us=NOW, **ROOTS) == said
    assert check_succession(third.encode(), at_us=NOW, **ROOTS) == Refused(Refusal.E_FOUR_EYES)


def test_a_succession_changes_the_key() -> None:
    """From one key to the same nobody goes on."""
    same = succeeded(new_aik=JEAN.key)

    assert check_succession(same, at_us=NOW, **ROOTS) == Refused(Refusal.E_IDENTITY)


@pytest.mark.parametrize("concerned", [CLAIRE, HUGO], ids=lambda one: one.name)
def test_nobody_signs_for_their_own_new_key(concerned: Person) -> None:
    """A pharmacist who would become the patient."""
    for change in ({"new_aik": concerned.key}, {"old_aik": concerned.key}):
        assert check_succession(succeeded(**change), at_us=NOW, **ROOTS) == Refused(
            Refusal.E_FOUR_EYES
        )


@pytest.mark.parametrize("ahead", [0, 1])
def test_what_is_dated_in_the_future_was_not_said(ahead: int) -> None:
    """By more than two clocks may disagree."""
    at = SAID.at_us - CLOCK_TOLERANCE_US - ahead
    decided = (
        check_account_revocation(stolen(SOPHIE), at_us=at, **ROOTS),
        check_succession(succeeded(), at_us=at, **ROOTS),
    )

    assert [one == Refused(Refusal.E_CLOCK) for one in decided] == [bool(ahead)] * 2


def test_whoever_left_before_signs_no_more() -> None:
    """A pharmacist is one when they sign: at the instant that the statement says."""

    def by_hugo(until: int) -> object:
        gone = cosign(SAID, HUGO.aik, signer=HUGO.id, staff=staff_of(HUGO, not_after_us=until))
        return revoked(*eyes(SAID, CLAIRE), gone, BY_AUTHORITY)

    assert by_hugo(SAID.at_us + 1) == SAID
    assert by_hugo(SAID.at_us) == Refused(Refusal.E_IDENTITY)


def test_every_flipped_bit_is_refused() -> None:
    """Of the statement, of each signature, and of each certificate.

    But for the owner's id: who they are, their pinned key says, and a certificate nobody else's.
    """
    data = stolen(SOPHIE)
    owners = range(data.index(CLAIRE.id), data.index(CLAIRE.id) + len(CLAIRE.id))

    for bit in range(0, len(data) * 8, 17):
        if bit // 8 in owners:
            continue
        flipped = bytearray(data)
        flipped[bit // 8] ^= 1 << bit % 8
        try:
            decided = check_account_revocation(bytes(flipped), at_us=NOW, **ROOTS)
        except CryptoError:  # pragma: no cover
            pytest.fail("what does not read is refused, and raises nothing")
        assert isinstance(decided, Refused)
