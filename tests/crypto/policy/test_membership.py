"""Who may change a group how: denied unless a line allows it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto.policy.identity import LeafIdentity
from crypto.policy.membership import Breach, Change, breach_of
from crypto.policy.vocabulary import PARTICIPANTS, STAFF, Role

CLAIRE, JEAN, MARIE = "claire", "jean", "marie"


def a_device(person: str, device: str = "1") -> LeafIdentity:
    """Return a device of a person."""
    return LeafIdentity(person, f"{person}-{device}")


def a_change(**changes: Any) -> Change:
    """Return a pharmacist's commit that does nothing, in a group of hers and a patient's."""
    change = Change(
        committer=a_device(CLAIRE),
        role=Role.PHARMACIST,
        external=False,
        before=frozenset({a_device(CLAIRE), a_device(JEAN)}),
        added=frozenset(),
        removed=frozenset(),
        due=frozenset(),
        same_extensions=True,
        known_proposals=True,
    )
    return replace(change, **changes)


def by_jean(**changes: Any) -> Change:
    """Return a patient's commit."""
    return a_change(committer=a_device(JEAN), role=Role.PATIENT, **changes)


def some(*devices: LeafIdentity) -> frozenset[LeafIdentity]:
    """Return a set of devices."""
    return frozenset(devices)


@pytest.mark.parametrize("role", sorted(PARTICIPANTS))
def test_everyone_may_refresh_the_keys(role: Role) -> None:
    """A commit of nothing but new keys takes nothing from anybody."""
    assert breach_of(a_change(role=role)) is None


@pytest.mark.parametrize("role", sorted(PARTICIPANTS))
def test_only_the_staff_adds_other_people(role: Role) -> None:
    """A pharmacist or a technician; a patient or a carer adds nobody else."""
    change = a_change(role=role, added=some(a_device(MARIE)))

    assert breach_of(change) is (None if role in STAFF else Breach.ADDS_ANOTHER)


@pytest.mark.parametrize("role", sorted(PARTICIPANTS))
def test_everyone_brings_and_takes_their_own_devices(role: Role) -> None:
    """One's tablet comes and goes by one's own hand."""
    own = some(a_device(CLAIRE, "2"))

    assert breach_of(a_change(role=role, added=own)) is None
    assert breach_of(a_change(role=role, removed=own)) is None


def test_own_devices_do_not_carry_others_in_or_out() -> None:
    """One stranger among one's own is one too many."""
    mixed = some(a_device(JEAN, "2"), a_device(MARIE))

    assert breach_of(by_jean(added=mixed)) is Breach.ADDS_ANOTHER
    assert breach_of(by_jean(removed=mixed)) is Breach.REMOVES_ANOTHER


@pytest.mark.parametrize("role", sorted(PARTICIPANTS))
def test_nobody_puts_another_person_out(role: Role) -> None:
    """Not even a pharmacist: only a removal that is due does."""
    change = a_change(role=role, removed=some(a_device(JEAN)))

    assert breach_of(change) is Breach.REMOVES_ANOTHER
    assert breach_of(replace(change, due=some(a_device(JEAN)))) is None


@pytest.mark.parametrize("change", [a_change(), by_jean(external=True)], ids=["member", "external"])
def test_the_groups_extensions_stay(change: Change) -> None:
    """Whoever could change them could change who may propose."""
    assert breach_of(replace(change, same_extensions=False)) is Breach.CHANGES_EXTENSIONS


@pytest.mark.parametrize("change", [a_change(), by_jean(external=True)], ids=["member", "external"])
def test_no_other_proposal_is_taken(change: Change) -> None:
    """PSKs, ReInit, Updates of others: there is no use for them here, so there is no way."""
    assert breach_of(replace(change, known_proposals=False)) is Breach.FOREIGN_PROPOSAL


def test_a_device_rejoins_in_place_of_itself() -> None:
    """A resync: its own leaf goes, and it comes."""
    assert breach_of(by_jean(external=True, removed=some(a_device(JEAN)))) is None


def test_a_device_does_not_stand_in_a_group_twice() -> None:
    """Whoever rejoins takes their own old leaf out."""
    assert breach_of(by_jean(external=True)) is Breach.EXTERNAL_CHANGE


def test_a_new_device_of_a_member_does_not_come_by_itself() -> None:
    """Until people have certificates only the hub could vouch for it: a member brings it."""
    change = replace(by_jean(external=True), committer=a_device(JEAN, "2"))

    assert breach_of(change) is Breach.STRANGER


def test_a_stranger_does_not_come_by_themselves() -> None:
    """Somebody who is not in the group is brought by the staff."""
    change = a_change(committer=a_device(MARIE), role=Role.PATIENT, external=True)

    assert breach_of(change) is Breach.STRANGER


@pytest.mark.parametrize(
    "change",
    [
        {"removed": frozenset({a_device(CLAIRE)})},
        {"removed": frozenset({a_device(JEAN, "2")})},
        {"added": frozenset({a_device(JEAN, "2")})},
    ],
    ids=["another-person", "another-own-device", "an-add"],
)
def test_an_external_commit_does_nothing_else(change: dict[str, Any]) -> None:
    """It brings its own device, and takes nothing but that device's old leaf."""
    assert breach_of(by_jean(external=True, **change)) is Breach.EXTERNAL_CHANGE


DEVICES = st.builds(a_device, st.sampled_from([CLAIRE, JEAN, MARIE]), st.sampled_from("12"))


@given(
    committer=DEVICES,
    role=st.sampled_from(sorted(PARTICIPANTS - STAFF)),
    added=st.frozensets(DEVICES, max_size=3),
    removed=st.frozensets(DEVICES, max_size=3),
    external=st.booleans(),
)
def test_who_is_no_staff_changes_only_their_own(
    committer: LeafIdentity,
    role: Role,
    added: frozenset[LeafIdentity],
    removed: frozenset[LeafIdentity],
    external: bool,
) -> None:
    """Whatever is asked: what passes touches the committer's own devices alone."""
    change = a_change(
        committer=committer, role=role, added=added, removed=removed, external=external
    )

    if breach_of(change) is None:
        assert {one.person for one in added | removed} <= {committer.person}
