"""What a hub, or a member with it, could forge about a carer: each is refused by every device.

The hub orders, and hands on what it likes. It holds neither the patient's account key, nor the
owner's, nor the carer's.
"""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from msgspec.structs import replace

from clients.python.commits import Wanted
from clients.python.content import Acting, frank
from clients.python.device import Device
from clients.python.errors import CannotFollow, GroupForked, HubFault, Unauthorised, Unlawful
from clients.python.groups import Room, group_id
from crypto.mls.group import Group
from crypto.mls.proposal import GroupContextExtensions, Remove
from crypto.policy.conversation import (
    CommitData,
    DelegationRecord,
    Delegations,
    EndingStatement,
    SignedConfirmation,
    Tombstone,
    extensions_of,
    read_extensions,
)
from crypto.policy.vocabulary import ConversationKind, Role, Scope
from signaling.frames import Event, WelcomePush
from tests.clients.circle import (
    DEPLOYMENT,
    NOW,
    NOW_US,
    SUITE,
    Circle,
    Mandates,
    add_of,
    authenticators,
    leaf_of,
    names,
)

HOUR_US = 3_600_000_000


@dataclasses.dataclass(slots=True)
class House:
    """A pharmacist, a patient, and a carer who may come in, or is in."""

    circle: Circle
    claire: Device
    jean: Device
    sophie: Device
    record: DelegationRecord

    @property
    def mandates(self) -> Mandates:
        """What people sign here."""
        return Mandates(self.circle)

    @property
    def delegations(self) -> Delegations:
        """What the group says of who acts for whom."""
        group = self.circle.room(self.claire).group
        assert group is not None
        return read_extensions(group.context.extensions)[1]

    def extensions(self, delegations: Delegations) -> GroupContextExtensions:
        """Return what puts other delegations into the group's context."""
        policy = self.circle.room(self.claire).policy
        return GroupContextExtensions(extensions_of(policy, delegations, self.claire.trust.hub))

    def outlawed(self, by: Device, *proposals: Any, **options: Any) -> Event:
        """Return the event of a commit that no policy would let through."""
        made = self.circle.outlaw(by, *proposals, **options)
        return self.circle.event("commit", by, made.message)

    def refused_by(self, device: Device, event: Event) -> str:
        """Return why a device does not follow a step; it stays where it was."""
        room = self.circle.room(device)
        epoch, authenticator = room.epoch, authenticators([device], self.circle.id)
        with pytest.raises((Unlawful, CannotFollow)) as refusal:
            self.circle.tell(event, device)
        assert (room.epoch, authenticators([device], self.circle.id)) == (epoch, authenticator)
        return refusal.value.code

    def ending(self, what: str, statement: bytes, **changes: Any) -> Event:
        """Return the hub's proposal to remove the carer, for a reason."""
        said = {"why": what, "delegation": self.record.id, "statement": statement}
        return self.circle.proposal(self.claire, self.sophie, **said | changes)


def a_house(*, inside: bool, **document: Any) -> House:
    """Return the people of a conversation; the carer has been let in, or not yet."""
    circle = Circle(
        people={
            "claire": Role.PHARMACIST,
            "jean": Role.PATIENT,
            "sophie": Role.CARER,
            "hugo": Role.PHARMACIST,
            "lea": Role.TECHNICIAN,
        }
    )
    claire, jean = circle.two()
    mandates = Mandates(circle)
    record = mandates.record(mandates.document(**document))
    house = House(circle, claire, jean, circle.device("sophie"), record)
    if inside:
        mandates.let_in(claire, house.sophie, record)
    return house


# Coming in


def test_a_carer_comes_in_with_the_delegation_in_one_commit() -> None:
    """And everybody holds the same epoch."""
    house = a_house(inside=True)

    assert len(authenticators([house.claire, house.jean, house.sophie], house.circle.id)) == 1
    assert [one.id for one in house.delegations.in_force] == [house.record.id]
    assert house.delegations.number == 1


def test_a_silent_carer_is_not_followed_in() -> None:
    """A leaf without a delegation: by anybody's commit."""
    house = a_house(inside=False)

    event = house.outlawed(house.claire, add_of(house.sophie))

    assert house.refused_by(house.jean, event) == "e_no_delegation"


def test_a_delegation_without_its_carer_comes_into_force_in_no_commit() -> None:
    """Nobody could tell when she came."""
    house = a_house(inside=False)

    event = house.outlawed(house.claire, house.extensions(Delegations(1, (house.record,))))

    assert house.refused_by(house.jean, event) == "without_member"


FORGED: dict[str, tuple[Callable[[House], DelegationRecord], str]] = {
    "wider scopes than the patient signed": (
        lambda house: house.mandates.record(
            house.record.content,
            delegation=house.mandates.account("sophie").sign(
                dataclasses.replace(
                    house.record.content,
                    scopes=(Scope.CONVERSATION_READ.value, Scope.DOCUMENT_READ.value),
                )
            ),
        ),
        "e_signature",
    ),
    "for another conversation": (
        lambda house: house.mandates.record(
            house.mandates.document(conversation=bytes(16)),
        ),
        "e_no_delegation",
    ),
    "for another deployment": (
        lambda house: house.mandates.record(house.mandates.document(deployment="elsewhere")),
        "e_no_delegation",
    ),
    "of another patient": (
        lambda house: house.mandates.record(house.mandates.document(grantor=bytes(16))),
        "e_sub_delegation",
    ),
    "under another key of the patient's": (
        lambda house: house.mandates.record(house.mandates.document(grantor_aik=bytes(32))),
        "e_identity",
    ),
    "over already": (
        lambda house: house.mandates.record(
            house.mandates.document(not_before_us=NOW_US - HOUR_US, not_after_us=NOW_US)
        ),
        "e_delegation_expired",
    ),
    "not begun yet": (
        lambda house: house.mandates.record(
            house.mandates.document(
                not_before_us=NOW_US + HOUR_US, not_after_us=NOW_US + 2 * HOUR_US
            )
        ),
        "e_period",
    ),
    "for longer than a year": (
        lambda house: house.mandates.record(
            house.mandates.document(not_after_us=NOW_US + 366 * 24 * HOUR_US)
        ),
        "e_period_too_long",
    ),
    "to decide in the patient's place": (
        lambda house: house.mandates.record(
            house.mandates.document(
                scopes=(Scope.CONVERSATION_READ.value, Scope.DECIDE_FINAL.value)
            )
        ),
        "e_legal_basis",
    ),
    "confirmed by nobody": (
        lambda house: house.mandates.record(house.record.content, confirmations=()),
        "e_not_confirmed",
    ),
    "confirmed in the pharmacist's name by another": (
        lambda house: house.mandates.record(
            house.record.content,
            confirmations=(
                SignedConfirmation(
                    house.mandates.confirmation(
                        house.record.content,
                        by="sophie",
                        pharmacist=house.mandates.document().grantor,
                    )
                ),
            ),
        ),
        "e_signature",
    ),
    "confirmed for another document": (
        lambda house: house.mandates.record(
            house.record.content,
            confirmations=(
                SignedConfirmation(house.mandates.confirmation(house.mandates.document())),
            ),
        ),
        "e_stale_confirmation",
    ),
    "confirmed by a technician": (
        lambda house: house.mandates.record(
            house.record.content,
            confirmations=(
                SignedConfirmation(
                    house.mandates.confirmation(house.record.content, by="lea"),
                    house.circle.papers_of("lea").staff,
                ),
            ),
        ),
        "e_role",
    ),
    "accepted by nobody": (
        lambda house: house.mandates.record(house.record.content, acceptance=b""),
        "e_not_accepted",
    ),
    "accepted by another": (
        lambda house: house.mandates.record(
            house.record.content,
            acceptance=house.mandates.acceptance(house.record.content, by="claire"),
        ),
        "e_signature",
    ),
}


@pytest.mark.parametrize("what", FORGED)
def test_a_delegation_that_does_not_hold_lets_nobody_in(what: str) -> None:
    """Whoever commits it, and whatever the hub says."""
    house = a_house(inside=False)
    forge, code = FORGED[what]
    extensions = house.extensions(Delegations(1, (forge(house),)))

    event = house.outlawed(house.claire, add_of(house.sophie), extensions)

    assert house.refused_by(house.jean, event) == code


def test_paper_is_not_for_a_patient_who_has_a_device() -> None:
    """An unsigned document says nothing where the patient could have signed it."""
    house = a_house(inside=False)
    said = house.mandates.document(mandate="paper")
    record = house.mandates.record(said, delegation=said.encode() + b"\x00")

    event = house.outlawed(
        house.claire, add_of(house.sophie), house.extensions(Delegations(1, (record,)))
    )

    assert house.refused_by(house.jean, event) in {"e_legal_basis", "e_four_eyes"}


def test_a_carer_lets_nobody_in() -> None:
    """Not even under a delegation that holds."""
    house = a_house(inside=True)
    other = house.circle.device("sophie")

    event = house.outlawed(house.sophie, add_of(other))

    assert house.refused_by(house.jean, event) == "carer_changes"


def test_where_no_carer_may_be_none_is_followed_in() -> None:
    """« Parler seul(e) à ma pharmacie »."""
    circle = Circle(
        people={"claire": Role.PHARMACIST, "jean": Role.PATIENT, "sophie": Role.CARER},
        kind=ConversationKind.PRIVATE_ASIDE,
    )
    claire, jean = circle.two()
    mandates = Mandates(circle)
    house = House(circle, claire, jean, circle.device("sophie"), mandates.record())
    extensions = house.extensions(Delegations(1, (house.record,)))

    event = house.outlawed(claire, add_of(house.sophie), extensions)

    assert house.refused_by(jean, event) == "e_kind"


# What stands in the group


CHANGED: dict[str, tuple[Callable[[House], Delegations], str]] = {
    "widened": (
        lambda house: Delegations(
            2,
            (
                house.mandates.record(
                    house.mandates.document(
                        delegation=house.record.id,
                        scopes=(
                            Scope.CONVERSATION_READ.value,
                            Scope.DOCUMENT_READ.value,
                        ),
                    )
                ),
            ),
        ),
        "changes_record",
    ),
    "made longer": (
        lambda house: Delegations(
            2,
            (
                house.mandates.record(
                    house.mandates.document(
                        delegation=house.record.id, not_after_us=NOW_US + 48 * HOUR_US
                    )
                ),
            ),
        ),
        "changes_record",
    ),
    "under another number": (
        lambda house: Delegations(3, (house.record,)),
        "wrong_number",
    ),
    "taken away without a word": (
        lambda house: Delegations(2),
        "without_end",
    ),
    "narrowed by somebody else": (
        lambda house: Delegations(
            2,
            (
                house.mandates.record(
                    house.record.content,
                    revocations=(
                        house.mandates.withdrawal(
                            house.record.id, Scope.CONVERSATION_SEND, by="claire"
                        ),
                    ),
                ),
            ),
        ),
        "e_signature",
    ),
}


@pytest.mark.parametrize("how", CHANGED)
def test_a_delegation_stays_what_was_signed(how: str) -> None:
    """Scopes only go, and by the patient's hand."""
    house = a_house(inside=True)
    change, code = CHANGED[how]

    event = house.outlawed(house.claire, house.extensions(change(house)))

    assert house.refused_by(house.jean, event) == code


def test_the_patient_takes_a_scope_away_and_the_carer_stays() -> None:
    """Whoever commits it: it is signed."""
    house = a_house(inside=True)
    signed = house.mandates.withdrawal(house.record.id, Scope.CONVERSATION_SEND)

    house.circle.commit(house.claire, wanted=Wanted(narrowed=(signed,)))

    assert house.delegations.number == 2
    assert house.delegations.in_force[0].revocations == (signed,)
    assert house.sophie.identity in names(house.circle.room(house.jean))


# Ends


def test_an_end_that_the_patient_signed_is_carried_out_with_its_tombstone() -> None:
    """By the hub's proposal, whoever commits; nothing is sealed meanwhile."""
    house = a_house(inside=True)
    house.circle.inside.remove(house.sophie)
    house.circle.tell(house.ending("revocation", house.mandates.withdrawal(house.record.id)))
    assert not house.circle.room(house.jean).may_send

    house.circle.commit(house.claire)

    [stone] = house.delegations.tombstones
    assert (stone.delegation, stone.ending) == (house.record.id, "revoked")
    assert house.sophie.identity not in names(house.circle.room(house.jean))
    assert house.circle.room(house.jean).may_send


UNJUSTIFIED: dict[str, Callable[[House], Event]] = {
    "signed by the pharmacist as if by the patient": lambda house: house.ending(
        "revocation", house.mandates.withdrawal(house.record.id, by="claire")
    ),
    "of some scopes alone": lambda house: house.ending(
        "revocation", house.mandates.withdrawal(house.record.id, Scope.CONVERSATION_SEND)
    ),
    "of another delegation": lambda house: house.ending(
        "revocation", house.mandates.withdrawal(bytes(16))
    ),
    "of another conversation": lambda house: house.ending(
        "revocation", house.mandates.withdrawal(house.record.id, conversation=bytes(16))
    ),
    "by nobody's word": lambda house: house.ending("revocation", b""),
    "before its time": lambda house: house.ending("expiry", b""),
    "by a clock that runs ahead": lambda house: house.ending("expiry", b"", at_us=NOW_US + HOUR_US),
    "of a device of the patient's": lambda house: house.circle.proposal(
        house.claire,
        house.jean,
        why="revocation",
        delegation=house.record.id,
        statement=house.mandates.withdrawal(house.record.id),
    ),
}


@pytest.mark.parametrize("how", UNJUSTIFIED)
def test_an_end_that_nobody_signed_is_none(how: str) -> None:
    """A hub cannot put a carer out, nor anybody else in her name."""
    house = a_house(inside=True)

    assert house.refused_by(house.jean, UNJUSTIFIED[how](house)) == "unjustified"


def test_the_patient_is_removed_by_nobody() -> None:
    """By no commit of the pharmacy's."""
    house = a_house(inside=True)

    event = house.outlawed(house.claire, Remove(leaf_of(house.claire, house.circle.id, house.jean)))

    assert house.refused_by(house.sophie, event) == "removes_another"


def test_a_removal_is_not_passed_over() -> None:
    """A member who commits something else first is not followed."""
    house = a_house(inside=True)
    house.circle.tell(
        house.ending("revocation", house.mandates.withdrawal(house.record.id)),
        house.claire,
        house.jean,
    )

    event = house.outlawed(house.claire, by_reference=())

    assert house.refused_by(house.jean, event) == "missing_remove"


def test_an_end_without_its_tombstone_is_not_followed() -> None:
    """Else the same document could come again."""
    house = a_house(inside=True)
    house.circle.tell(
        house.ending("revocation", house.mandates.withdrawal(house.record.id)),
        house.claire,
        house.jean,
    )

    event = house.outlawed(house.claire, house.extensions(Delegations(2)))

    assert house.refused_by(house.jean, event) == "without_tombstone"


def ended() -> House:
    """Return a house in which the delegation was withdrawn."""
    house = a_house(inside=True)
    house.circle.inside.remove(house.sophie)
    house.circle.tell(house.ending("revocation", house.mandates.withdrawal(house.record.id)))
    house.circle.commit(house.claire)
    return house


def test_a_delegation_that_ended_never_comes_back() -> None:
    """All its signatures hold; its tombstone says that it is over."""
    house = ended()
    back = Delegations(3, (house.record,), house.delegations.tombstones)

    event = house.outlawed(house.claire, add_of(house.sophie), house.extensions(back))

    assert house.refused_by(house.jean, event) == "brought_back"


def test_a_tombstone_stays_for_as_long_as_its_document_could_come_back() -> None:
    """Nor may it be dropped and the document brought back in one commit."""
    house = ended()
    for after in (Delegations(3), Delegations(3, (house.record,))):
        adds = [add_of(house.sophie)] if after.in_force else []
        proposals = [house.extensions(after), *adds]

        event = house.outlawed(house.claire, *proposals)

        house.circle.room(house.jean).fault = None
        assert house.refused_by(house.jean, event) in {"drops_tombstone", "brought_back"}


def test_an_old_group_info_leads_nobody_back_to_before_the_end() -> None:
    """It is older than what this device has seen."""
    house = a_house(inside=True)
    group = house.circle.room(house.claire).group
    assert group is not None
    old = group.group_info()
    house.circle.inside.remove(house.sophie)
    house.circle.tell(house.ending("revocation", house.mandates.withdrawal(house.record.id)))
    house.circle.commit(house.claire)
    jean = house.jean

    with pytest.raises(CannotFollow) as refusal:
        house.circle.room(jean).rejoin(
            old, jean.own(), house.circle.judge(jean), random_bytes=os.urandom
        )

    assert refusal.value.code == "old_group_info"


def test_whose_time_is_over_is_removed_by_the_next_commit_of_a_members() -> None:
    """Also where the hub keeps its proposal back."""
    house = a_house(inside=True)
    house.circle.inside.remove(house.sophie)
    later = NOW + 3_601
    judge = house.circle.judge(house.claire, at=later)
    room = house.circle.room(house.claire)

    pending = room.commit(Wanted(), house.claire.own(), judge, random_bytes=os.urandom)
    house.circle.tell(house.circle.event("commit", house.claire, pending.body), now=later)

    assert house.delegations.tombstones[0].ending == "expired"
    assert house.sophie.identity not in names(house.circle.room(house.jean))


def test_nobody_ends_a_carers_time_early_by_a_clock_that_runs_ahead() -> None:
    """An instant to come is none."""
    house = a_house(inside=True)
    stone = Tombstone(
        delegation=house.record.id,
        ending="expired",
        at_us=NOW_US + HOUR_US,
        not_after_us=NOW_US + HOUR_US,
    )
    event = house.outlawed(
        house.claire,
        Remove(leaf_of(house.claire, house.circle.id, house.sophie)),
        house.extensions(Delegations(2, (), (stone,))),
        authenticated_data=CommitData(NOW_US + HOUR_US).encode(),
    )

    assert house.refused_by(house.jean, event) == "e_clock"


def test_a_patient_who_ended_a_delegation_seals_nothing_until_the_carer_is_out() -> None:
    """And carries it out alone, where the hub keeps it back: everybody follows."""
    house = a_house(inside=True)
    house.circle.inside.remove(house.sophie)
    room = house.circle.room(house.jean)
    signed = house.mandates.withdrawal(house.record.id)
    room.ended[house.record.id] = EndingStatement(what="revocation", statement=signed)
    assert not room.may_send

    house.circle.commit(house.jean)

    assert room.may_send
    assert room.ended == {}
    assert house.delegations.tombstones[0].ending == "revoked"
    assert len(authenticators([house.claire, house.jean], house.circle.id)) == 1


def test_where_the_hub_proposes_an_end_too_the_patients_word_is_brought_once() -> None:
    """A statement that ends nothing more would be refused."""
    house = a_house(inside=True)
    house.circle.inside.remove(house.sophie)
    signed = house.mandates.withdrawal(house.record.id)
    room = house.circle.room(house.jean)
    room.ended[house.record.id] = EndingStatement(what="revocation", statement=signed)
    house.circle.tell(house.ending("revocation", signed))

    house.circle.commit(house.jean)

    assert len(authenticators([house.claire, house.jean], house.circle.id)) == 1


def test_a_device_whose_own_clock_is_past_a_carers_time_says_so() -> None:
    """The hub's clock stands still: then nothing is sent before she is out."""
    house = a_house(inside=True)
    room = house.circle.room(house.jean)

    assert not room.is_overdue(NOW_US + HOUR_US + 120_000_000)
    assert room.is_overdue(NOW_US + HOUR_US + 120_000_001)


# Acting for somebody


def said_by(house: House, by: Device, acting: Acting) -> Event:
    """Return a message that says for whom it is sent, whoever sends it."""
    header: dict[str, Any] = {"id": os.urandom(16), "counter": 1, "sent_at": 0}
    franked = frank("Bonjour", "", os.urandom, **header).sent(NOW_US // 1_000, acting)
    body = house.circle.room(by).seal(franked, os.urandom)
    return house.circle.event("message", by, body, message=str(UUID(bytes=header["id"])))


def true_acting(house: House) -> Acting:
    """Return what the carer's messages say."""
    return house.circle.room(house.sophie).acting(house.circle.judge(house.sophie))


def test_a_carer_says_for_whom_and_is_read() -> None:
    """The patient, the delegation, and its version in this epoch."""
    house = a_house(inside=True)

    event = said_by(house, house.sophie, true_acting(house))

    assert true_acting(house).delegation_version == 1
    assert house.circle.read(house.jean, event) == "Bonjour"


HIDDEN: dict[str, tuple[Callable[[House], Acting], str]] = {
    "in her own name": (lambda _: Acting(), "E_ACTING_FOR"),
    "for somebody else": (
        lambda house: dataclasses.replace(true_acting(house), acting_for=os.urandom(16)),
        "E_ACTING_FOR",
    ),
    "under another delegation": (
        lambda house: dataclasses.replace(true_acting(house), delegation=os.urandom(16)),
        "E_NO_DELEGATION",
    ),
    "in another version": (
        lambda house: dataclasses.replace(true_acting(house), delegation_version=2),
        "E_ACTING_FOR",
    ),
}


@pytest.mark.parametrize("how", HIDDEN)
def test_what_a_carer_sends_otherwise_stays_hidden(how: str) -> None:
    """« Message masqué : hors autorisation », by the code that says why."""
    house = a_house(inside=True)
    acting, code = HIDDEN[how]
    event = said_by(house, house.sophie, acting(house))

    with pytest.raises(Unauthorised) as refusal:
        house.circle.read(house.jean, event)

    assert refusal.value.code == code


@pytest.mark.parametrize("who", ["claire", "jean"])
def test_nobody_else_acts_for_the_patient(who: str) -> None:
    """Neither the pharmacist, nor the patient under the carer's delegation."""
    house = a_house(inside=True)
    by = getattr(house, who)
    event = said_by(house, by, true_acting(house))

    with pytest.raises(Unauthorised, match="E_ACTING_FOR"):
        house.circle.read(house.sophie, event)


def test_a_carer_without_the_scope_is_not_read() -> None:
    """She may read; what she writes stays hidden, though the hub let it through."""
    house = a_house(inside=True)
    signed = house.mandates.withdrawal(house.record.id, Scope.CONVERSATION_SEND)
    house.circle.commit(house.claire, wanted=Wanted(narrowed=(signed,)))
    event = said_by(house, house.sophie, true_acting(house))

    with pytest.raises(Unauthorised, match="E_SCOPE"):
        house.circle.read(house.jean, event)


def test_a_carer_whose_time_is_over_is_not_read() -> None:
    """By the instant at which the hub took it."""
    house = a_house(inside=True)
    event = said_by(house, house.sophie, true_acting(house))

    with pytest.raises(Unauthorised, match="E_DELEGATION_EXPIRED"):
        house.circle.read(house.jean, replace(event, ts=NOW_US + HOUR_US))


def test_a_signal_of_a_carer_without_the_scope_is_not_heard() -> None:
    """Nobody joins a call whom the patient did not let."""
    house = a_house(inside=True, scopes=(Scope.CONVERSATION_READ.value,))
    push = house.circle.signal(house.sophie, house.claire)

    with pytest.raises(Unauthorised, match="E_SCOPE"):
        house.circle.hear(house.claire, push)


def test_what_was_seen_stays_seen_across_a_restart() -> None:
    """The number, the instant, what this person ended, and what ended before it was put out."""
    house = ended()
    circle = house.circle
    room = circle.room(house.jean)
    room.ended[bytes(16)] = EndingStatement(what="revocation", statement=b"signed")
    circle.room(house.claire)._leave((1, 0))

    kept = Room.decode(circle.id, room.encode())
    left = Room.decode(circle.id, circle.room(house.claire).encode())

    assert (kept.floor.number, kept.floor.at_us) == (2, NOW_US)
    assert kept.ended == room.ended
    assert kept.before() == room.before()
    assert left.before().policy == room.policy
    assert [one.delegation for one in left.before().tombstones] == [house.record.id]


def test_a_delegation_that_was_stopped_stays_so_across_a_restart() -> None:
    """« Arrêtée »."""
    house = ended()
    room, judge = house.circle.room(house.jean), house.circle.judge(house.jean)
    room.confirmed_by(house.circle.room(house.claire).receipt(DEPLOYMENT, house.claire.id), judge)

    assert Room.decode(house.circle.id, room.encode()).stopped == {house.record.id}


# Receipts


def test_a_delegation_is_stopped_once_a_pharmacys_device_goes_on_without_the_carer() -> None:
    """The patient's own device, and the hub's word, are not enough: « En cours… »."""
    house = ended()
    room, judge = house.circle.room(house.jean), house.circle.judge(house.jean)
    own = room.receipt(DEPLOYMENT, house.jean.id)
    theirs = house.circle.room(house.claire).receipt(DEPLOYMENT, house.claire.id)

    room.confirmed_by(own, judge)
    assert house.record.id not in room.stopped
    room.confirmed_by(theirs, judge)

    assert house.record.id in room.stopped


def test_a_receipt_that_contradicts_is_told_as_a_fork() -> None:
    """A member holds other secrets for the epoch: somebody must look."""
    house, elsewhere = ended(), ended()
    other = elsewhere.circle.room(elsewhere.claire)
    room = house.circle.room(house.jean)
    assert other.group is not None
    assert room.group is not None
    forked = dataclasses.replace(
        other.group,
        public=house.circle.room(house.claire).group.public,  # type: ignore[union-attr]
    )
    lying = dataclasses.replace(forked, signing_key=house.claire._key)
    other.conversation, other.group = house.circle.id, lying

    with pytest.raises(GroupForked):
        room.confirmed_by(
            other.receipt(DEPLOYMENT, house.claire.id), house.circle.judge(house.jean)
        )


def test_a_receipt_that_its_device_did_not_sign_is_the_hubs_fault() -> None:
    """It says nothing of who goes on."""
    house = ended()
    room, judge = house.circle.room(house.jean), house.circle.judge(house.jean)
    theirs = bytearray(house.circle.room(house.claire).receipt(DEPLOYMENT, house.claire.id))
    theirs[-1] ^= 1

    with pytest.raises(HubFault):
        room.confirmed_by(bytes(theirs), judge)

    assert house.record.id not in room.stopped


FORGETFUL: dict[str, tuple[Delegations, str]] = {
    "an older number": (Delegations(1), "old_delegations"),
    "no tombstone": (Delegations(9), "drops_tombstone"),
}


@pytest.mark.parametrize("how", FORGETFUL)
def test_a_group_in_which_an_end_never_happened_is_not_entered(how: str) -> None:
    """A pharmacist's device made it, and every signature in it holds."""
    house, (delegations, code) = ended(), FORGETFUL[how]
    circle, claire, jean = house.circle, house.claire, house.jean
    room = circle.room(jean)
    extensions = extensions_of(room.policy, delegations, claire.trust.hub)
    group = Group.create(SUITE, group_id(circle.id), claire.own(), extensions, os.urandom)
    options: dict[str, Any] = {"force_path": True, "now": int(NOW), "random_bytes": os.urandom}
    for _ in range(5):
        group = group.commit((), **options).next
    made = group.commit([add_of(jean)], **options)
    assert made.welcome is not None
    push = WelcomePush(conversation=circle.id, seq=99, welcome=made.welcome)

    with pytest.raises(Unlawful) as refusal:
        room.admit(push, list(jean.packages.values()), circle.judge(jean))

    assert refusal.value.code == code
