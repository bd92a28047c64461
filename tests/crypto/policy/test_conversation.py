"""What a group says of its conversation, and how one commit changes it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crypto.errors import CryptoError, MalformedInput
from crypto.mls.credential import Credential
from crypto.mls.extensions import (
    Extension,
    Extensions,
    ExternalSender,
    RequiredCapabilities,
    external_senders,
    external_senders_extension,
)
from crypto.policy.conversation import (
    DELEGATIONS_EXTENSION,
    LEAF_EXTENSIONS,
    MAX_IN_FORCE,
    MAX_KNOWN,
    POLICY_EXTENSION,
    CommitData,
    ConversationPolicy,
    Delegations,
    EndingStatement,
    Tombstone,
    changed,
    extensions_of,
    hub_sender,
    others_of,
    read_extensions,
    tombstone_of,
)
from crypto.policy.identity import CREDENTIAL_TYPE
from crypto.policy.vocabulary import ConversationKind, DelegationState
from tests.crypto.policy.world import (
    CALL,
    DAY,
    KARIM,
    NOW,
    a_delegation,
    a_policy,
    a_record,
    a_tombstone,
    a_withdrawal,
    key,
    uid,
)

HUB = hub_sender(key("hub").public)
WITH_SOPHIE = Delegations(1, (a_record(),))
END = a_delegation().not_after_us


def the_four(delegations: Delegations = WITH_SOPHIE) -> Extensions:
    """Return what the context of Jean's group says."""
    return extensions_of(a_policy(), delegations, HUB)


def test_a_groups_context_says_four_things() -> None:
    """What its members must support, who may propose, whose it is, who acts for the patient."""
    required, senders, policy, delegations = the_four()

    assert RequiredCapabilities.decode(required.data) == RequiredCapabilities(
        (POLICY_EXTENSION, DELEGATIONS_EXTENSION), (), (CREDENTIAL_TYPE,)
    )
    assert external_senders((senders,)) == (HUB,)
    assert (policy.type, delegations.type) == LEAF_EXTENSIONS == (0xF0C2, 0xF0C3)
    assert read_extensions(the_four()) == (a_policy(), WITH_SOPHIE)


def test_the_hub_stays_who_it_is_by_name() -> None:
    """It proposes under a basic credential, and has no leaf."""
    assert HUB.credential == Credential.basic(b"hub")


def bent(at: int, extension: Extension | None) -> Extensions:
    """Return the four with one of them another, or gone."""
    found = list(the_four())
    found[at : at + 1] = [] if extension is None else [extension]
    return tuple(found)


OTHER_REQUIRED = RequiredCapabilities(LEAF_EXTENSIONS, (), (1, CREDENTIAL_TYPE)).as_extension()


@pytest.mark.parametrize(
    "extensions",
    [
        *(bent(at, None) for at in range(4)),
        (*the_four(), Extension(0xF0C4, b"")),
        (*the_four(), the_four()[3]),
        tuple(reversed(the_four())),
        bent(0, OTHER_REQUIRED),
        bent(2, Extension(POLICY_EXTENSION, b"")),
        bent(3, Extension(DELEGATIONS_EXTENSION, b"")),
        bent(3, Extension(DELEGATIONS_EXTENSION, WITH_SOPHIE.encode() + b"\x00")),
        (),
    ],
)
def test_a_context_with_anything_else_is_none_of_ours(extensions: Extensions) -> None:
    """One more, one less, another order, other requirements: whatever it would have meant."""
    with pytest.raises(MalformedInput):
        read_extensions(extensions)


def test_what_no_commit_changes_is_compared_apart() -> None:
    """Who may propose, and what is required; not the delegations, which do change."""
    other_hub = ExternalSender(key("another hub").public, Credential.basic(b"hub"))
    ours, theirs = the_four(), bent(1, external_senders_extension((other_hub,)))

    assert others_of(ours) == others_of(the_four(Delegations()))
    assert others_of(ours) != others_of(theirs)


@pytest.mark.parametrize("kind", [*ConversationKind])
def test_a_policy_is_of_a_kind_that_there_is(kind: ConversationKind) -> None:
    """And of no other."""
    assert ConversationPolicy.decode(a_policy(kind=kind).encode()).kind == kind
    with pytest.raises(MalformedInput):
        a_policy(kind=f"{kind}s")


def test_a_delegation_comes_into_force() -> None:
    """And the number goes up by one."""
    after = changed(Delegations(4), admitted=[a_record()], at_us=NOW)

    assert after == Delegations(5, (a_record(),))


def test_a_delegation_loses_a_scope() -> None:
    """The patient's word is put behind what was signed before."""
    first, second = a_withdrawal(CALL), a_withdrawal("conversation.send")

    after = changed(WITH_SOPHIE, narrowed=[first], at_us=NOW)
    last = changed(after, narrowed=[second], at_us=NOW)

    assert after == Delegations(2, (a_record(revocations=(first,)),))
    assert last == Delegations(3, (a_record(revocations=(first, second)),))


@pytest.mark.parametrize("ending", [DelegationState.REVOKED, DelegationState.EXPIRED])
def test_a_delegation_that_ends_leaves_a_tombstone(ending: DelegationState) -> None:
    """Which says how, when, and until when it is remembered."""
    after = changed(WITH_SOPHIE, ended=[(a_delegation().delegation, ending)], at_us=NOW)

    assert after == Delegations(2, (), (tombstone_of(a_delegation(), ending, NOW),))
    assert after.tombstones[0] == Tombstone(
        delegation=a_delegation().delegation, ending=ending, at_us=NOW, not_after_us=END
    )


def test_everything_at_once_counts_once() -> None:
    """One commit, one number."""
    before = Delegations(7, (a_record(),), (a_tombstone(a_delegation(delegation=uid("x"))),))

    after = changed(
        before,
        admitted=[a_record(carer=KARIM)],
        ended=[(a_delegation().delegation, DelegationState.RESIGNED)],
        at_us=NOW,
    )

    assert after.number == 8
    assert after.in_force == (a_record(carer=KARIM),)
    assert len(after.tombstones) == 2


def test_where_nothing_changes_nothing_is_counted() -> None:
    """An empty commit leaves the delegations as they are, to the byte."""
    assert changed(WITH_SOPHIE, at_us=NOW) == WITH_SOPHIE


@pytest.mark.parametrize(("at_us", "left"), [(END - 1, 1), (END, 0)], ids=["before", "at"])
def test_a_tombstone_goes_when_its_time_has_come(at_us: int, left: int) -> None:
    """At the instant at which the delegation would have ended by itself."""
    before = Delegations(3, (), (a_tombstone(),))

    after = changed(before, at_us=at_us)

    assert len(after.tombstones) == left
    assert after.number == (3 if left else 4)


@pytest.mark.parametrize(
    "change",
    [
        {"narrowed": [a_withdrawal(CALL, delegation=uid("unknown"))]},
        {"ended": [(uid("unknown"), DelegationState.REVOKED)]},
        {"admitted": [a_record()]},
        {"narrowed": [b"nothing that reads"]},
    ],
    ids=["narrowed", "ended", "admitted twice", "unreadable"],
)
def test_what_is_not_there_does_not_change(change: dict[str, Any]) -> None:
    """And what is there is not admitted again."""
    with pytest.raises(MalformedInput):
        changed(WITH_SOPHIE, at_us=NOW, **change)


def test_what_ended_is_not_admitted_again() -> None:
    """Its tombstone stands in the way, for whoever would commit it."""
    with pytest.raises(MalformedInput):
        changed(Delegations(2, (), (a_tombstone(),)), admitted=[a_record()], at_us=NOW)


def test_there_is_always_room_for_an_end() -> None:
    """An end makes one of the other: the bound is on both together."""
    others = tuple(
        a_tombstone(a_delegation(delegation=bytes([1]) + n.to_bytes(15, "big")))
        for n in range(MAX_KNOWN - 1)
    )
    full = Delegations(9, (a_record(),), others)

    after = changed(full, ended=[(a_delegation().delegation, DelegationState.REVOKED)], at_us=NOW)

    assert len(Delegations.decode(after.encode()).tombstones) == MAX_KNOWN
    with pytest.raises(MalformedInput):
        changed(full, admitted=[a_record(carer=KARIM)], at_us=NOW)


def test_a_group_holds_so_many_delegations_and_no_more() -> None:
    """What every commit carries stays within a frame."""
    records = sorted(
        (a_record(a_delegation(delegation=uid(n))) for n in range(MAX_IN_FORCE + 1)),
        key=lambda one: one.id,
    )

    assert Delegations.decode(Delegations(1, tuple(records[1:])).encode()).number == 1
    with pytest.raises(MalformedInput):
        Delegations(1, tuple(records)).encode()


def test_what_is_out_of_order_is_not_written() -> None:
    """One form for each value: ascending by id."""
    records = sorted((a_record(), a_record(carer=KARIM)), key=lambda one: one.id, reverse=True)

    with pytest.raises(MalformedInput):
        Delegations(1, tuple(records)).encode()


@given(
    st.integers(0, 2**53 - 1),
    st.lists(
        st.builds(
            EndingStatement,
            what=st.sampled_from(["revocation", "suspension"]),
            statement=st.binary(max_size=40),
            staff=st.binary(max_size=40),
        ),
        max_size=8,
    ),
)
@settings(max_examples=50)
def test_the_data_of_a_commit_is_read_as_it_was_written(
    at_us: int, statements: list[EndingStatement]
) -> None:
    """Its time, and what it ends."""
    data = CommitData(at_us, tuple(statements))

    assert CommitData.decode(data.encode()) == data


def test_a_commit_ends_so_many_delegations_and_no_more() -> None:
    """A bound on what everybody must verify."""
    one = EndingStatement(what="revocation", statement=a_withdrawal())

    assert CommitData.decode(CommitData(NOW, (one,) * 8).encode())
    with pytest.raises(MalformedInput):
        CommitData(NOW, (one,) * 9).encode()


@pytest.mark.parametrize("structure", [a_policy(), WITH_SOPHIE, CommitData(NOW)])
def test_every_truncation_is_refused(structure: Any) -> None:
    """Half of it says nothing."""
    data = structure.encode()

    for length in range(0, len(data), 7):
        with pytest.raises(CryptoError):
            type(structure).decode(data[:length])


def test_a_record_says_its_delegation() -> None:
    """Readable before it is believed."""
    record = a_record()

    assert record.content == a_delegation()
    assert record.id == a_delegation().delegation
    with pytest.raises(MalformedInput):
        assert replace(record, delegation=b"").id
    assert a_delegation().not_after_us - a_delegation().not_before_us == 31 * DAY
