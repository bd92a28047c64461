"""Who may change a group how, and act in it: what holds whatever is asked.

Case by case it is in the shared vectors (`commits.json`, `states.json`, `acts.json`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from itertools import product
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crypto.policy.decision import Breach, Granted, Refused
from crypto.policy.delegation import Why
from crypto.policy.identity import Certified, LeafIdentity
from crypto.policy.membership import (
    ACT_SCOPES,
    BRINGS,
    ENDED_AS,
    CommitView,
    check_commit,
    check_founding,
    check_state,
    may_act,
)
from crypto.policy.removal import Justified
from crypto.policy.state import State
from crypto.policy.vocabulary import (
    ENDED,
    PARTICIPANTS,
    STAFF,
    DelegationState,
    MessageKind,
    Refusal,
    Role,
    Scope,
)
from tests.crypto.policy.states import certified, state_of
from tests.crypto.policy.world import (
    CALL,
    CLAIRE,
    HUGO,
    JEAN,
    KARIM,
    LEA,
    NOW,
    ROSE,
    SOPHIE,
    Group,
    a_delegation,
    a_group,
    a_policy,
    a_record,
    a_tombstone,
    a_withdrawal,
    leaf,
    named,
    with_carer,
)

END: Final = a_delegation().not_after_us
WITHOUT_PATIENT: Final = Group(
    policy=a_policy(patient_aik=b""), leaves=(leaf(CLAIRE), leaf(HUGO), leaf(LEA))
)
GROUPS: Final[dict[str, Group]] = {
    "before the patient": WITHOUT_PATIENT,
    "before the patient, with a key": WITHOUT_PATIENT.told(patient_aik=JEAN.key),
    "nobody acts": a_group(),
    "nobody acts, one more device": a_group(leaf(JEAN, 2)),
    "nobody acts, another colleague": a_group(leaf(ROSE)),
    "the patient alone is gone": a_group().without(leaf(JEAN)),
    "a silent carer": a_group(leaf(SOPHIE)),
    "a delegation without its carer": a_group().listing(1, a_record()),
    "a carer": with_carer(),
    "a carer with two devices": with_carer(leaf(SOPHIE, 2)),
    "a carer, narrowed": with_carer().listing(2, a_record(revocations=(a_withdrawal(CALL),))),
    "two carers": a_group(leaf(SOPHIE), leaf(KARIM)).listing(2, a_record(), a_record(carer=KARIM)),
    "ended": a_group().listing(2, ended=(a_tombstone(),)),
    "ended, and another carer": a_group(leaf(KARIM)).listing(
        3, a_record(carer=KARIM), ended=(a_tombstone(),)
    ),
    "ended, and there": with_carer().listing(2, ended=(a_tombstone(),)),
    "brought back": with_carer().listing(3, a_record()),
    "expired": a_group().listing(
        2, ended=(a_tombstone(ending=DelegationState.EXPIRED, at_us=END),)
    ),
    "forgotten": a_group().listing(3),
}


@cache
def states() -> dict[str, State]:
    """Return the groups, verified once."""
    return {name: state_of(group) for name, group in GROUPS.items()}


def gone(name: LeafIdentity, *ends: tuple[bytes, DelegationState]) -> dict[Any, Justified]:
    """Return a removal that is due."""
    return {name: Justified(target=name, why=Why.REVOCATION, ends=ends)}


SOPHIES_END: Final = (a_delegation().delegation, DelegationState.REVOKED)
DUES: Final[tuple[dict[Any, Justified], ...]] = (
    {},
    gone(named(SOPHIE), SOPHIES_END),
    gone(named(JEAN)),
)


def commits() -> Iterator[tuple[State, CommitView, State, int]]:
    """Return every commit that leads from one of the groups to another, by any of its members."""
    for before, after in product(states().values(), repeat=2):
        there = {one.identity for one in before.leaves}
        then = {one.identity for one in after.leaves}
        for due, at_us, external in product(DUES, (NOW, END), (False, True)):
            if not set(due) <= there:
                continue
            for committer in after.leaves if external else before.leaves:
                own = {committer.identity} if external else set()
                yield (
                    before,
                    CommitView(
                        committer=committer,
                        external=external,
                        added=frozenset(then - there - own),
                        removed=frozenset((there - then) | (own & there)),
                        due=due,
                    ),
                    after,
                    at_us,
                )


def granted() -> Iterator[tuple[State, CommitView, State, int]]:
    """Return those that may be made."""
    for before, view, after, at_us in commits():
        if isinstance(check_commit(before, view, after, at_us), Granted):
            yield before, view, after, at_us


@cache
def lawful() -> tuple[tuple[State, CommitView, State, int], ...]:
    """Return them, found once."""
    return tuple(granted())


def test_some_of_all_commits_may_be_made() -> None:
    """So that what follows is about something."""
    made = lawful()

    assert 100 < len(made) < sum(1 for _ in commits()) / 4
    assert any(view.external for _, view, _, _ in made)
    assert {view.committer.role for _, view, _, _ in made} == PARTICIPANTS


def test_every_carer_is_there_by_a_delegation_that_lives() -> None:
    """After any commit of a member; and whoever comes by themselves has one, too."""
    for _, view, after, at_us in lawful():
        for one in after.leaves:
            if one.role is Role.CARER and (not view.external or one == view.committer):
                found = after.delegation_of(one)
                assert found is not None
                assert found.too_early_or_late(at_us) is None


def test_a_carers_commit_changes_nothing_but_what_is_due() -> None:
    """Neither who is there, nor who acts."""
    for before, view, after, _ in lawful():
        if view.committer.role is Role.CARER and not view.external:
            assert not view.added
            assert view.removed == set(view.due)
            kept = {one.record for one in after.in_force}
            assert kept <= {one.record for one in before.in_force}


def test_nobody_puts_the_patient_out() -> None:
    """But the patient, or a removal that is due."""
    for before, view, _, _ in lawful():
        for one in before.leaves:
            if one.role is Role.PATIENT and one.identity in view.removed - set(view.due):
                assert view.committer.aik == one.aik


def test_only_a_pharmacist_brings_the_patient_and_colleagues() -> None:
    """A technician lets in carers, a patient carers and their own devices."""
    for _, view, after, _ in lawful():
        for one in after.leaves:
            if one.identity in view.added and one.aik != view.committer.aik:
                assert one.role in BRINGS[view.committer.role]
                if one.role is not Role.CARER:
                    assert view.committer.role is Role.PHARMACIST


def test_what_ended_stays_ended() -> None:
    """No delegation with a tombstone is in force again, and no tombstone goes before its time."""
    for before, _, after, at_us in lawful():
        ended = {one.delegation for one in before.tombstones}
        assert not ended & {one.id for one in after.in_force}
        for one in before.tombstones:
            assert one in after.tombstones or one.not_after_us <= at_us


def test_scopes_only_ever_get_fewer() -> None:
    """In whatever group, by whoever's hand."""
    for before, _, after, _ in lawful():
        for found in after.in_force:
            earlier = before.delegation(found.id)
            assert earlier is None or found.scopes <= earlier.scopes


def test_the_number_counts_every_change() -> None:
    """Up by one, and only then."""
    for before, _, after, _ in lawful():
        same = (before.in_force, before.tombstones) == (after.in_force, after.tombstones)
        assert after.number == before.number + (0 if same else 1)


def test_the_patients_key_is_set_once() -> None:
    """With the patient's first device, and never again."""
    for before, view, after, _ in lawful():
        if before.policy != after.policy:
            assert not before.policy.patient_aik
            assert view.committer.role is Role.PHARMACIST
            assert any(one.role is Role.PATIENT for one in after.leaves)


def test_what_a_commit_leaves_may_be() -> None:
    """A member's commit leaves a group that anybody may join."""
    for _, view, after, at_us in lawful():
        if not view.external:
            assert isinstance(check_state(after, at_us), Granted)


def test_who_is_not_in_the_group_commits_nothing() -> None:
    """Nor whoever shows other certificates than those that the group knows."""
    group = a_group()
    state = state_of(group)
    inside = state.leaf(named(CLAIRE))
    assert inside is not None
    for outside in (certified(leaf(CLAIRE, 2), group), replace(inside, certificate=bytes(32))):
        view = CommitView(committer=outside)
        assert isinstance(check_commit(state, view, state, NOW), Refused)
    assert check_commit(state, CommitView(committer=inside), state, NOW) == Granted()


def test_a_commit_by_a_certificate_that_the_group_does_not_hold_is_a_strangers() -> None:
    """The leaf that signed is the one that is judged."""
    state = state_of(a_group())
    inside = state.leaf(named(CLAIRE))
    assert inside is not None

    decided = check_commit(
        state, CommitView(committer=replace(inside, certificate=bytes(32))), state, NOW
    )

    assert decided == Refused(Refusal.E_POLICY, Breach.STRANGER)


def test_a_founder_is_judged_as_everybody() -> None:
    """Certificates, kind, patient: what holds for a group holds for its beginning."""
    state = state_of(Group(policy=a_policy(patient_aik=b""), leaves=(leaf(CLAIRE),)))
    begun = replace(state, leaves=frozenset(replace(one, staff=False) for one in state.leaves))

    assert check_founding(state, named(CLAIRE), NOW) == Granted()
    assert check_founding(begun, named(CLAIRE), NOW) == Refused(Refusal.E_IDENTITY)


def test_staff_that_nobody_certified_is_none() -> None:
    """However the state came by such a leaf."""
    state = state_of(a_group())
    minted = replace(state, leaves=frozenset(replace(one, staff=False) for one in state.leaves))

    assert check_state(minted, NOW) == Refused(Refusal.E_IDENTITY)


def test_a_delegation_without_reading_lets_nobody_in() -> None:
    """However the state came by it: MLS cannot hide a message from a leaf."""
    state = state_of(with_carer())
    blind = replace(
        state, in_force=tuple(replace(one, scopes=frozenset()) for one in state.in_force)
    )

    assert check_state(blind, NOW) == Refused(Refusal.E_SCOPE)


@pytest.mark.parametrize("kind", MessageKind)
def test_every_kind_of_message_has_a_scope(kind: MessageKind) -> None:
    """A new kind cannot be sent by a carer before somebody says under which scope."""
    assert kind.value in ACT_SCOPES


def test_every_scope_allows_something_but_reading_others() -> None:
    """No scope is an empty promise."""
    assert set(ACT_SCOPES.values()) == set(Scope)


def test_every_end_has_a_refusal() -> None:
    """Whoever names a delegation that ended learns how."""
    assert set(ENDED_AS) == set(ENDED)


def test_every_role_of_a_leaf_but_carers_brings_somebody() -> None:
    """A carer's row would be a carer who adds."""
    assert set(BRINGS) == PARTICIPANTS - {Role.CARER}
    assert all(brings <= PARTICIPANTS for brings in BRINGS.values())


@given(
    act=st.one_of(st.sampled_from(sorted(ACT_SCOPES)), st.text(max_size=12)),
    acting_for=st.sampled_from([b"", JEAN.id, SOPHIE.id]),
    delegation=st.sampled_from([b"", a_delegation().delegation, a_delegation(KARIM).delegation]),
    version=st.integers(0, 3),
    at_us=st.integers(a_delegation().not_before_us - 2, END + 2),
    who=st.sampled_from([SOPHIE, KARIM, JEAN, CLAIRE, LEA]),
)
@settings(max_examples=120)
def test_a_carer_does_only_what_the_patient_allows(
    act: str, acting_for: bytes, delegation: bytes, version: int, at_us: int, who: Any
) -> None:
    """Whatever is asked, whoever asks: what passes is within a living delegation, said aloud."""
    state = states()["two carers"]
    mine: Certified | None = state.leaf(named(who))
    assert mine is not None

    decided = may_act(
        mine,
        act,
        state,
        acting_for=acting_for,
        delegation=delegation,
        delegation_version=version,
        at_us=at_us,
    )

    if isinstance(decided, Refused):
        return
    assert act in ACT_SCOPES
    if mine.role is not Role.CARER:
        assert (acting_for, delegation, version) == (b"", b"", 0)
        assert mine.role in {Role.PATIENT, *STAFF}
        return
    assert decided.by == state.delegation_of(mine)
    assert decided.by is not None
    assert ACT_SCOPES[act] in decided.by.scopes
    assert (acting_for, delegation, version) == (JEAN.id, decided.by.id, state.number)
    assert decided.by.too_early_or_late(at_us) is None
