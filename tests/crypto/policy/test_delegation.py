"""Whether a delegation holds: what the shared vectors do not ask.

Its rules, signatures, periods and ends are in `delegations.json`, `records.json`, `endings.json`.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crypto.policy.conversation import DelegationRecord
from crypto.policy.decision import Granted, Refused
from crypto.policy.delegation import (
    InForce,
    check_acceptance,
    check_confirmation,
    check_delegation,
    check_ending,
    check_entry,
    check_proposal,
    check_record,
    check_withdrawal,
)
from crypto.policy.statements import Confirmation, Delegation, Unverified, unsigned
from crypto.policy.vocabulary import (
    CLOCK_TOLERANCE_US,
    CONVERSATION_KINDS,
    LEGAL_BASES,
    LegalBasis,
    Mandate,
    Refusal,
    Role,
    Scope,
)
from tests.crypto.policy.world import (
    AUTHORITY,
    CALL,
    CLAIRE,
    DAY,
    HUGO,
    NOW,
    READ,
    SEND,
    SOPHIE,
    TRUST,
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
)

ROOTS: Final[dict[str, Any]] = {"policy": a_policy(), "trust": TRUST}
WITHOUT_DEVICE: Final[dict[str, Any]] = ROOTS | {"policy": a_policy(patient_aik=b"")}


def in_force(record: DelegationRecord | None = None, **roots: Any) -> InForce:
    """Return a delegation whose signatures hold."""
    found = check_record(record or a_record(), at_us=None, **{**ROOTS, **roots})
    assert isinstance(found, InForce)
    return found


def test_a_proposal_is_judged_with_its_signature() -> None:
    """Its rules first, then whose hand it is by."""
    stated: dict[str, Any] = {**ROOTS, "grantee_role": Role.CARER, "at_us": NOW}

    assert check_proposal(signed(a_delegation()), **stated) == a_delegation()
    for data, why in (
        (signed(a_delegation(), AUTHORITY), Refusal.E_SIGNATURE),
        (unsigned(a_delegation()), Refusal.E_SIGNATURE),
        (b"", Refusal.E_SIGNATURE),
        (signed(a_delegation(deployment="other.example")), Refusal.E_NO_DELEGATION),
        (signed(a_delegation(scopes=())), Refusal.E_SCOPE),
        (signed(a_delegation(not_after_us=NOW)), Refusal.E_PERIOD),
    ):
        assert check_proposal(data, **stated) == Refused(why)
    staff = stated | {"grantee_role": Role.TECHNICIAN}
    assert check_proposal(signed(a_delegation()), **staff) == Refused(Refusal.E_STAFF_GRANTEE)


def test_a_paper_is_proposed_unsigned() -> None:
    """Whoever writes it down; two pharmacists will attest it."""
    stated: dict[str, Any] = {**WITHOUT_DEVICE, "grantee_role": Role.CARER, "at_us": NOW}

    assert check_proposal(unsigned(on_paper()), **stated) == on_paper()
    forged = check_proposal(signed(on_paper(), CLAIRE.aik), **stated)
    assert forged == Refused(Refusal.E_SIGNATURE)


@pytest.mark.parametrize("ahead", [0, 1], ids=["two minutes ahead", "a microsecond more"])
def test_what_is_dated_in_the_future_was_not_said(ahead: int) -> None:
    """Two clocks may disagree by two minutes, and by no more."""
    said = NOW + CLOCK_TOLERANCE_US + ahead
    given = a_delegation()
    about: dict[str, Any] = {**ROOTS, "delegation": given, "at_us": NOW}
    one = a_confirmation(given, at_us=said)
    decided = (
        check_confirmation(one.confirmation, one.staff, **about),
        check_acceptance(an_acceptance(given, at_us=said), **about),
        check_withdrawal(a_withdrawal(CALL, at_us=said), scopes=frozenset({READ, CALL}), **about),
        check_ending("revocation", a_withdrawal(at_us=said), b"", **about),
    )

    refused = [isinstance(one, Refused) for one in decided]

    assert refused == [bool(ahead)] * 4
    assert not ahead or set(decided) == {Refused(Refusal.E_CLOCK)}


def test_a_withdrawal_says_what_is_left() -> None:
    """Of what was left before."""
    about: dict[str, Any] = {**ROOTS, "delegation": a_delegation(), "at_us": NOW}

    left = check_withdrawal(a_withdrawal(CALL), scopes=frozenset({READ, SEND, CALL}), **about)
    again = check_withdrawal(a_withdrawal(CALL), scopes=frozenset({READ, SEND}), **about)

    assert left == frozenset({READ, SEND})
    assert again == Refused(Refusal.E_ALREADY_ENDED)


def test_a_delegation_in_force_names_its_carer_by_key() -> None:
    """The same name under another account key is somebody else."""
    found = in_force()

    assert found.is_of(SOPHIE.id, SOPHIE.key)
    assert not found.is_of(SOPHIE.id, SOPHIE.renewed().key)
    assert not found.is_of(HUGO.id, SOPHIE.key)
    assert found.id == a_delegation().delegation


@given(st.integers(-1, 32 * DAY))
@settings(max_examples=50)
def test_a_delegation_holds_from_its_first_microsecond_to_its_last(after: int) -> None:
    """And not at the instant of its end."""
    found = in_force()
    at = a_delegation().not_before_us + after

    why = found.too_early_or_late(at)

    holds = a_delegation().not_before_us <= at < a_delegation().not_after_us
    assert (why is None) is holds


def test_a_delegation_enters_once_everything_has_been_said() -> None:
    """And the audit entry cites it."""
    found = in_force()

    assert check_entry(found, policy=a_policy(), at_us=NOW) == Granted(found)


def test_who_confirmed_is_known_by_key() -> None:
    """With the owner's certificate's time, for the day on which the delegation enters."""
    found = in_force(a_record(confirmations=(a_confirmation(a_delegation(), HUGO),)))

    assert [(one.by.person, one.by.aik) for one in found.confirmed_by] == [(HUGO.id, HUGO.key)]


def test_every_flipped_bit_of_a_record_is_refused() -> None:
    """No bit of what makes a delegation hold is free."""
    record = a_record(revocations=(a_withdrawal(CALL),))
    data = record.encode()
    assert in_force(DelegationRecord.decode(data))

    for bit in range(0, len(data) * 8, 13):
        flipped = bytearray(data)
        flipped[bit // 8] ^= 1 << bit % 8
        try:
            read = DelegationRecord.decode(bytes(flipped))
        except Exception as exc:
            assert getattr(exc, "code", None) == "malformed"  # noqa: PT017
            continue
        assert isinstance(check_record(read, at_us=None, **ROOTS), Refused)


FIELDS = [field.name for field in Delegation.FIELDS]


@pytest.mark.parametrize("field", FIELDS)
def test_a_confirmation_is_of_every_word_of_the_document(field: str) -> None:
    """Whatever changes afterwards, two people have seen another text."""
    given = a_delegation()
    value = getattr(given, field)
    other = replace(given, **{field: _other(field, value)})

    assert other.digest != given.digest
    one = a_confirmation(given)
    decided = check_confirmation(one.confirmation, one.staff, delegation=other, at_us=NOW, **ROOTS)
    assert decided == Refused(Refusal.E_STALE_CONFIRMATION)


def _other(field: str, value: Any) -> Any:
    match value:
        case int():
            return value + 1
        case str():
            return f"{value}x"
        case tuple():
            return value[:-1]
        case _:
            return hashed(field)[: len(value) or 32]


SCOPES = st.frozensets(st.sampled_from(Scope))


@given(
    basis=st.sampled_from(LegalBasis),
    mandate=st.sampled_from(Mandate),
    scopes=SCOPES,
    kind=st.sampled_from(sorted(CONVERSATION_KINDS)),
    role=st.sampled_from(Role),
)
@settings(max_examples=200)
def test_what_is_granted_is_within_the_law(
    basis: LegalBasis, mandate: Mandate, scopes: frozenset[Scope], kind: str, role: Role
) -> None:
    """Whatever is asked: what passes, its legal basis allows, to a carer, where one may be."""
    without = mandate is Mandate.PAPER
    builder = {Mandate.DEVICE: a_delegation, Mandate.PAPER: on_paper}.get(mandate, by_evidence)
    given = builder(legal_basis=basis.value, scopes=tuple(sorted(scopes)))
    policy = a_policy(kind=kind, patient_aik=b"" if without else a_policy().patient_aik)

    decided = check_delegation(given, policy=policy, grantee_role=role, at_us=NOW)

    lawful = (
        role is Role.CARER
        and kind != "private_aside"
        and mandate in LEGAL_BASES[basis].mandates
        and READ in scopes <= LEGAL_BASES[basis].scopes
    )
    assert isinstance(decided, Granted) is lawful


@given(scopes=SCOPES, withdrawn=st.lists(SCOPES, max_size=4))
@settings(max_examples=60)
def test_scopes_only_ever_get_fewer(
    scopes: frozenset[Scope], withdrawn: list[frozenset[Scope]]
) -> None:
    """Whatever is withdrawn, and however often: nothing comes back, and reading stays."""
    allowed = frozenset({READ, *scopes}) - {Scope.DECIDE_FINAL}
    given = a_delegation(scopes=tuple(sorted(allowed)))
    record = a_record(given, revocations=tuple(a_withdrawal(*one) for one in withdrawn))

    found = check_record(record, at_us=None, **ROOTS)

    if isinstance(found, InForce):
        assert found.scopes == allowed.difference(*withdrawn)
        assert READ in found.scopes


def test_a_confirmation_says_whether_the_patient_was_heard_alone() -> None:
    """« Entendu seul(e) »: signed, so that nobody says it afterwards."""
    one = a_confirmation(a_delegation(), heard_alone=False)
    said = Unverified.decode(Confirmation, one.confirmation)

    found = in_force(a_record(confirmations=(one,)))

    assert said.content.heard_alone is False
    assert [one.heard_alone for one in found.confirmed_by] == [False]
