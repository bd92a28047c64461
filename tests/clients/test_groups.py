"""A conversation's group on one device: what it follows, what it opens, and what it refuses."""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import msgspec
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from clients.python import content as contents
from clients.python import groups
from clients.python.account import Account
from clients.python.content import Franked, frank
from clients.python.device import Device
from clients.python.errors import (
    BrokenStream,
    CannotFollow,
    NoGroup,
    StateUnreadable,
    Unlawful,
    Unproven,
)
from clients.python.groups import PREVIOUS_SECONDS, Room, group_id
from clients.python.judge import NeedsProof, identity_of
from clients.python.store import MemoryStore
from crypto.mls.authenticated_data import AuthenticatedData
from crypto.mls.extensions import Extension, Extensions
from crypto.mls.group import Group
from crypto.mls.message import decode_key_package
from crypto.mls.proposal import Add, GroupContextExtensions, Remove
from crypto.policy.conversation import CommitData, Delegations
from crypto.policy.statements import EpochReceipt, Unverified, authenticator_hash
from crypto.policy.vocabulary import MessageKind, Role
from signaling import frames
from signaling.frames import Event, WelcomePush
from tests.clients.circle import (
    DEPLOYMENT,
    NOW,
    NOW_US,
    Circle,
    Papers,
    a_signing_key,
    add_of,
    authenticators,
    leaf_of,
    names,
)


def code_of(work: Callable[[], object]) -> str:
    """Return the code with which something is refused."""
    with pytest.raises((CannotFollow, Unlawful, Unproven, NoGroup)) as refusal:
        work()
    return refusal.value.code


# Order


@pytest.mark.parametrize("seq", [1, 2, 4, 9], ids=["older", "repeated", "one skipped", "far"])
def test_an_event_that_is_not_the_next_changes_nothing(seq: int) -> None:
    """A gap or a repetition raises, and the cursor stays where it was."""
    room = Room("c", cursor=2)
    event = Event(conversation="c", seq=seq, ts=0, what="message", person="", device="", body=b"")

    with pytest.raises(BrokenStream):
        room.arrive(event)

    assert room.cursor == 2


def test_an_admission_begins_after_its_commit() -> None:
    """What came before the device was added is not for it."""
    circle = Circle()
    _, jean = circle.two()

    assert circle.room(jean).cursor == circle.seq


# Talking


def test_two_devices_read_each_other() -> None:
    """Both ways, and each knows who it was."""
    circle = Circle()
    claire, jean = circle.two()

    there = circle.message(claire, "Bonjour")
    back = circle.message(jean, "Merci")

    assert circle.read(jean, there) == "Bonjour"
    assert circle.read(claire, back) == "Merci"
    assert len(authenticators([claire, jean], circle.id)) == 1


LIES: dict[str, tuple[dict[str, Any], str]] = {
    "another device of that person": ({"device": str(uuid4())}, "wrong_sender"),
    "another person": ({"person": str(uuid4())}, "wrong_sender"),
    "another message": ({"message": str(uuid4())}, "wrong_data"),
    "no message at all": ({"message": None}, "wrong_data"),
}


@pytest.mark.parametrize("lie", LIES)
def test_a_message_is_who_and_what_its_leaf_says(lie: str) -> None:
    """The hub hangs another name on it: it is hidden, with the reason."""
    circle = Circle()
    claire, jean = circle.two()
    changes, code = LIES[lie]
    event = circle.message(claire, "Bonjour", **changes)

    assert code_of(lambda: circle.read(jean, event)) == code


def test_a_message_opens_once() -> None:
    """The hub repeats it under another number: its key is used up."""
    circle = Circle()
    claire, jean = circle.two()
    event = circle.message(claire, "Bonjour")
    circle.read(jean, event)

    refused = code_of(lambda: circle.read(jean, replace(event, seq=event.seq + 1)))

    assert refused == "consumed_generation"


def test_a_member_whose_tag_commits_to_something_else_is_refused() -> None:
    """Else an officer could be shown another content than the members saw."""
    circle = Circle()
    claire, jean = circle.two()
    header: dict[str, Any] = {"id": os.urandom(16), "counter": 1, "sent_at": 1}
    honest = frank("Bonjour", "", os.urandom, **header)
    other = frank("Bonsoir", "", os.urandom, **header)
    body = circle.room(claire).seal(Franked(honest.payload, other.data), os.urandom)
    event = circle.event("message", claire, body, message=str(UUID(bytes=header["id"])))

    assert code_of(lambda: circle.read(jean, event)) == "bad_franking_tag"


def test_a_signal_is_no_message() -> None:
    """Whatever number the hub gives it."""
    circle = Circle()
    claire, jean = circle.two()
    push = circle.signal(claire, jean)
    data = AuthenticatedData.decode(groups._header(push.body).authenticated_data)
    event = circle.event("message", claire, push.body, message=str(UUID(bytes=data.id)))

    assert code_of(lambda: circle.read(jean, event)) == "wrong_data"


@pytest.mark.parametrize("length", range(0, 400, 7))
def test_a_message_cut_short_is_refused(length: int) -> None:
    """Anywhere; and the whole one still opens after it."""
    circle = Circle()
    claire, jean = circle.two()
    event = circle.message(claire, "Bonjour")

    assert code_of(lambda: circle.read(jean, replace(event, body=event.body[:length])))
    assert circle.read(jean, event) == "Bonjour"


def test_nothing_is_encrypted_where_there_is_no_group() -> None:
    """Nor opened."""
    circle = Circle()
    jean = circle.device("jean")
    event = Event(
        conversation=circle.id, seq=1, ts=0, what="message", person="", device="", body=b""
    )

    assert code_of(lambda: circle.room(jean).seal(Franked(b"", b""), os.urandom))
    assert code_of(lambda: circle.read(jean, event)) == "not_in_group"


# Commits


def test_an_own_commit_is_in_force_where_it_stands_and_not_before() -> None:
    """Until it comes back, this device is where the others are."""
    circle = Circle()
    claire, jean = circle.two()
    pending = circle.make(claire)

    assert circle.room(claire).epoch == 1

    circle.tell(circle.event("commit", claire, pending.body))
    assert (circle.room(claire).epoch, circle.room(claire).pending) == (2, None)
    assert len(authenticators([claire, jean], circle.id)) == 1


def test_of_two_commits_the_first_counts() -> None:
    """Whose came second drops it, and follows."""
    circle = Circle()
    claire, jean = circle.two()
    circle.make(claire)

    circle.commit(jean)

    assert circle.room(claire).pending is None
    assert len(authenticators([claire, jean], circle.id)) == 1


def test_a_commit_under_another_name_is_not_followed() -> None:
    """The hub says that the patient did what the pharmacist did."""
    circle = Circle()
    claire, jean = circle.two()
    made = circle.outlaw(claire)
    event = circle.event("commit", claire, made.message, device=jean.id)

    assert code_of(lambda: circle.tell(event, jean)) == "wrong_committer"
    assert circle.room(jean).epoch == 1


def test_an_own_commit_under_another_name_is_not_followed() -> None:
    """The others would see somebody else's."""
    circle = Circle()
    claire, jean = circle.two()
    pending = circle.make(claire)
    event = circle.event("commit", jean, pending.body)

    assert code_of(lambda: circle.tell(event, claire)) == "wrong_committer"


def three_people(**roles: Role) -> Circle:
    """Return a circle with somebody more."""
    return Circle(people={"claire": Role.PHARMACIST, "jean": Role.PATIENT, **roles})


def test_a_patient_who_adds_a_pharmacist_is_not_followed() -> None:
    """A hub that lets it through is found out by every member."""
    circle = three_people(hugo=Role.PHARMACIST)
    claire, jean = circle.two()
    made = circle.outlaw(jean, add_of(circle.device("hugo")))

    event = circle.event("commit", jean, made.message)

    assert code_of(lambda: circle.tell(event, claire)) == "adds_another"


STRANGERS: dict[str, tuple[Role, str]] = {
    "another patient": (Role.PATIENT, "other_patient"),
    "a carer without a delegation": (Role.CARER, "e_no_delegation"),
    "a courier": (Role.COURIER, "wrong_credential"),
}


@pytest.mark.parametrize("who", STRANGERS)
def test_somebody_who_has_no_place_here_is_not_followed_in(who: str) -> None:
    """A pharmacist may add; but whom nothing lets in may not read."""
    role, code = STRANGERS[who]
    circle = three_people(eve=role)
    claire, jean = circle.two()
    made = circle.outlaw(claire, add_of(circle.device("eve")))

    event = circle.event("commit", claire, made.message)

    assert code_of(lambda: circle.tell(event, jean)) == code


def test_staff_that_the_operator_made_up_is_not_followed_in() -> None:
    """The authority says « pharmacist »; the pharmacy's owner never did."""
    circle = three_people(eve=Role.PHARMACIST)
    claire, jean = circle.two()
    honest = circle.papers_of("eve")
    made_up = circle.device("eve", Papers(honest.account, honest.identity))
    made = circle.outlaw(claire, add_of(made_up))

    event = circle.event("commit", claire, made.message)

    assert code_of(lambda: circle.tell(event, jean)) == "wrong_credential"


def test_somebody_whom_the_log_does_not_show_is_asked_for_first() -> None:
    """A certificate without its entry may be for this device's eyes alone."""
    circle = three_people(hugo=Role.PHARMACIST)
    claire, jean = circle.two()
    hugo = circle.device("hugo")
    jean.trust._proven.discard(hashlib.sha256(circle.papers_of("hugo").identity).digest())
    pending = circle.make(claire, add_of(hugo))
    event = circle.event("commit", claire, pending.body)

    with pytest.raises(NeedsProof) as asked:
        circle.tell(event, jean)

    assert asked.value.persons == {circle.person("hugo")}
    assert (circle.room(jean).epoch, circle.room(jean).fault) == (1, None)


def test_another_account_key_under_a_known_name_is_not_followed_in() -> None:
    """Whom this device knows by another key: the hub certifies whom it likes."""
    circle = three_people(hugo=Role.PHARMACIST)
    claire, jean = circle.two()
    circle.papers_of("hugo")
    circle.introduce(jean)
    other = circle.town.papers(circle.person("hugo"), Role.PHARMACIST)
    made = circle.outlaw(claire, add_of(circle.device("hugo", other)))
    jean.trust.prove(other.identity)

    event = circle.event("commit", claire, made.message)

    assert code_of(lambda: circle.tell(event, jean)) == "identity_changed"


def test_nobody_is_removed_by_another_without_a_demand() -> None:
    """The hub's proposal, with its justification, is what makes it right."""
    circle = Circle()
    claire, jean = circle.two()
    other = circle.device("jean")
    circle.add(jean, other)
    made = circle.outlaw(claire, Remove(leaf_of(claire, circle.id, other)))

    event = circle.event("commit", claire, made.message)

    assert code_of(lambda: circle.tell(event, jean)) == "removes_another"


def with_policy(circle: Circle, **changes: Any) -> Extensions:
    """Return the group's extensions with another policy."""
    patient = circle.papers_of("jean").account.aik
    return circle.extensions(**{"patient_aik": patient} | changes)


CHANGED: dict[str, Callable[[Circle], Extensions]] = {
    "one more": lambda circle: (*with_policy(circle), Extension(1, b"")),
    "one less": lambda circle: with_policy(circle)[:-1],
    "another who may propose": lambda circle: with_policy(circle, hub=a_signing_key()),
    "another patient's key": lambda circle: with_policy(circle, patient_aik=bytes(32)),
    "no patient's key": lambda circle: with_policy(circle, patient_aik=b""),
    "another owner": lambda circle: with_policy(circle, owner_aik=bytes(32)),
}


@pytest.mark.parametrize("change", CHANGED)
def test_a_group_keeps_the_extensions_it_was_founded_with(change: str) -> None:
    """Who may propose from outside is not to change."""
    circle = Circle()
    claire, jean = circle.two()
    made = circle.outlaw(claire, GroupContextExtensions(CHANGED[change](circle)))

    event = circle.event("commit", claire, made.message)

    assert code_of(lambda: circle.tell(event, jean)) in {
        "wrong_extensions",
        "changes_policy",
        "owner_changed",
        "identity_changed",
        "unlisted_extension",
    }


def test_what_was_refused_stays_refused() -> None:
    """Later events are counted, and change nothing."""
    circle = Circle()
    claire, jean = circle.two()
    made = circle.outlaw(claire, add_of(circle.device("eve")))
    with pytest.raises(Unlawful):
        circle.tell(circle.event("commit", claire, made.message), jean)

    circle.tell(circle.event("commit", claire, made.message), jean)

    assert (circle.room(jean).epoch, circle.room(jean).cursor) == (1, circle.seq)
    assert not circle.room(jean).may_send


def test_a_device_that_shows_another_key_is_not_followed() -> None:
    """The account key certifies a device with its signature key: a swapped package is none."""
    circle = Circle()
    claire, jean = circle.two()
    other = circle.device("claire")
    impostor = Device(other.id, circle.device("claire").own().signature_key, MemoryStore())
    impostor.trust, impostor.certificates = other.trust, other.certificates
    made = circle.outlaw(claire, add_of(impostor))

    event = circle.event("commit", claire, made.message)

    assert code_of(lambda: circle.tell(event, jean)) == "wrong_credential"


INSTANTS: dict[str, tuple[bytes, str]] = {
    "no data": (b"", "wrong_commit_data"),
    "an older instant": (CommitData(NOW_US - 1).encode(), "e_clock"),
    "an instant to come": (CommitData(NOW_US + 121_000_000).encode(), "e_clock"),
}


@pytest.mark.parametrize("which", INSTANTS)
def test_time_does_not_run_backwards_nor_ahead(which: str) -> None:
    """By a commit's instant everybody judges what has ended."""
    circle = Circle()
    claire, jean = circle.two()
    data, code = INSTANTS[which]
    circle.commit(claire)
    made = circle.outlaw(claire, authenticated_data=data)

    event = circle.event("commit", claire, made.message)

    assert code_of(lambda: circle.tell(event, jean)) == code


@pytest.mark.parametrize("step", [3, 40, 200], ids=["header", "content", "path"])
def test_a_damaged_commit_cannot_be_followed(step: int) -> None:
    """The reason is MLS's own, and the group is where it was, byte for byte."""
    circle = Circle()
    claire, jean = circle.two()
    made = circle.outlaw(claire)
    broken = bytearray(made.message)
    broken[step] ^= 1
    room = circle.room(jean)
    assert room.group is not None
    before = room.group.serialize()

    with pytest.raises((CannotFollow, Unlawful)):
        circle.tell(circle.event("commit", claire, bytes(broken)), jean)

    assert room.group.serialize() == before


def test_a_step_of_a_kind_that_nobody_knows_cannot_be_followed() -> None:
    """A newer hub, or a lying one."""
    circle = Circle()
    claire, jean = circle.two()

    assert (
        code_of(lambda: circle.tell(circle.event("merge", claire, b"x"), jean)) == "unknown_event"
    )


# Removals


def three(circle: Circle) -> tuple[Device, Device, Device]:
    """Return a pharmacist's device and two of the patient's."""
    claire, jean = circle.two()
    other = circle.device("jean")
    circle.add(jean, other)
    return claire, jean, other


def test_a_justified_removal_waits_for_its_commit_and_nothing_is_sent_meanwhile() -> None:
    """Whoever is to go still has the epoch's keys."""
    circle = Circle()
    claire, jean, lost = three(circle)
    circle.inside.remove(lost)

    circle.tell(circle.removal(claire, lost))

    assert circle.room(claire).proposals == 1
    assert not circle.room(claire).may_send
    circle.commit(claire)
    assert names(circle.room(jean)) == {claire.identity, jean.identity}
    assert circle.room(jean).may_send
    assert len(authenticators([claire, jean], circle.id)) == 1


def test_the_one_that_is_removed_holds_no_group_any_more() -> None:
    """Where it is told at all."""
    circle = Circle()
    claire, _jean, lost = three(circle)
    circle.tell(circle.removal(claire, lost))

    circle.commit(claire)

    assert circle.room(lost).group is None
    assert code_of(lambda: circle.room(lost).seal(Franked(b"", b""), os.urandom))


UNJUSTIFIED: dict[str, dict[str, Any]] = {
    "of another conversation": {"why": {"conversation": bytes(16)}},
    "of another device": {"why": {"device": bytes(16)}},
    "of another epoch": {"why": {"confirmed_transcript_hash": bytes(32)}},
    "without a statement": {"why": {"statement": b""}},
    "for another reason": {"why": {"why": "account"}},
    "because a delegation ended": {"why": {"why": "expiry", "delegation": bytes(16)}},
    "in another deployment": {"said": {"deployment": "elsewhere"}},
    "of another person": {"said": {"person": bytes(16)}},
    "of a device that stays": {"said": {"device": bytes(16)}},
    "signed by a stranger": {"account": Account.new(os.urandom)},
    "from a clock that runs ahead": {"why": {"at_us": NOW_US + 121_000_000}},
}


@pytest.mark.parametrize("why", UNJUSTIFIED)
def test_an_unjustified_removal_is_refused(why: str) -> None:
    """The hub may not remove whom it likes."""
    circle = Circle()
    claire, _, lost = three(circle)
    event = circle.removal(claire, lost, **UNJUSTIFIED[why])

    assert code_of(lambda: circle.tell(event, claire)) == "unjustified"
    assert circle.room(claire).proposals == 0


def test_another_persons_word_gives_no_device_up() -> None:
    """The pharmacist does not retire the patient's device."""
    circle = Circle()
    claire, _, lost = three(circle)
    event = circle.removal(claire, lost, account=claire.account)

    assert code_of(lambda: circle.tell(event, claire)) == "unjustified"
    assert circle.room(claire).proposals == 0


def test_members_send_no_proposals() -> None:
    """A stand-alone proposal is the hub's or nobody's."""
    circle = Circle()
    claire, jean, other = three(circle)
    group = circle.room(jean).group
    assert group is not None
    proposed = group.propose(
        Remove(leaf_of(jean, circle.id, other)), now=int(NOW), random_bytes=os.urandom
    )

    event = circle.event("proposal", jean, proposed.message)

    assert code_of(lambda: circle.tell(event, claire)) == "foreign_proposal"


def test_a_proposal_of_another_key_is_refused() -> None:
    """The hub's key is in the group's context, and pinned."""
    circle = Circle()
    claire, _, lost = three(circle)
    event = circle.removal(claire, lost)
    body = bytearray(event.body)
    body[-1] ^= 1

    assert code_of(lambda: circle.tell(replace(event, body=bytes(body)), claire)) == "bad_signature"


# Signals


def test_a_signal_of_the_epoch_before_is_opened_for_ten_seconds() -> None:
    """It was on its way while a commit took its place."""
    circle = Circle()
    claire, jean = circle.two()
    first, second = circle.signal(claire, jean), circle.signal(claire, jean)
    circle.commit(claire)

    content = circle.hear(jean, first, NOW + PREVIOUS_SECONDS - 0.1)

    assert content is not None
    assert content.sdp == "v=0"
    late = code_of(lambda: circle.hear(jean, second, NOW + PREVIOUS_SECONDS))
    assert late == "wrong_epoch"


def test_no_signal_is_opened_across_a_removal() -> None:
    """Whoever was removed has the keys of the epoch before."""
    circle = Circle()
    claire, jean, lost = three(circle)
    push = circle.signal(claire, jean)
    circle.tell(circle.removal(claire, lost))
    circle.commit(jean)

    assert code_of(lambda: circle.hear(jean, push)) == "wrong_epoch"


def test_the_epoch_before_is_overwritten_when_its_time_is_over() -> None:
    """Also where nothing arrives any more."""
    circle = Circle()
    claire, jean = circle.two()
    push = circle.signal(claire, jean)
    circle.commit(claire)
    room = circle.room(jean)
    assert room._previous is not None
    before = room._previous.group

    room.forget_previous(NOW + PREVIOUS_SECONDS)

    with pytest.raises(ValueError, match="wiped"):
        before.secrets.sender_data_secret.reveal()
    assert code_of(lambda: circle.hear(jean, push, NOW)) == "wrong_epoch"


def test_a_signal_of_an_epoch_on_its_way_waits() -> None:
    """It may overtake the commit."""
    circle = Circle()
    claire, jean = circle.two()
    pending = circle.make(claire)
    commit = circle.event("commit", claire, pending.body)
    circle.tell(commit, claire)
    push = circle.signal(claire, jean)

    assert circle.hear(jean, push) is None

    circle.tell(commit, jean)
    assert circle.hear(jean, push) is not None


def test_a_signal_is_for_one_device() -> None:
    """And from one."""
    circle = Circle()
    claire, jean, other = three(circle)

    misled = circle.signal(claire, jean)
    renamed = circle.signal(claire, jean, device=other.id)

    assert code_of(lambda: circle.hear(other, misled)) == "wrong_data"
    assert code_of(lambda: circle.hear(jean, renamed)) == "wrong_sender"


def test_a_message_is_no_signal() -> None:
    """A hub that passes one on as the other is found out."""
    circle = Circle()
    claire, jean = circle.two()
    event = circle.message(claire, "Bonjour")
    push = frames.SignalPush(
        conversation=circle.id, person=event.person, device=event.device, body=event.body
    )

    assert code_of(lambda: circle.hear(jean, push)) == "wrong_data"


@pytest.mark.parametrize(
    "changes",
    [{"call": str(uuid4())}, {"generation": 2}, {"type": "answer"}, {"kind": "message"}, {"v": 2}],
    ids=str,
)
def test_what_a_signal_says_is_what_its_header_says(changes: dict[str, Any]) -> None:
    """The hub reads the header, the peer the content: they are one."""
    circle = Circle()
    claire, jean = circle.two()
    header = {"id": os.urandom(16), "counter": 1, "sent_at": 1}
    content = circle.offer(claire, jean)
    honest = groups_frank(content, header)
    lying = groups_frank(replace(content, **changes), header, way=content)
    push = circle.signal(claire, jean)
    body = circle.room(claire).seal(lying, os.urandom)

    assert honest.data != lying.data
    refused = code_of(lambda: circle.hear(jean, replace(push, body=body)))
    assert refused == "wrong_content"


def groups_frank(content: Any, header: dict[str, Any], *, way: Any = None) -> Franked:
    """Return a signal whose header is of another content."""
    encoded = msgspec.msgpack.encode(content)
    return contents._frank(
        encoded,
        MessageKind.SIGNAL,
        os.urandom,
        {**header, "signal": contents._way(way or content)},
    )


def test_a_signal_by_another_device_than_its_content_says_is_refused() -> None:
    """`from` is what the call's own rules go by."""
    circle = Circle()
    claire, jean = circle.two()
    content = circle.offer(claire, jean, sender=jean.id)
    body = claire.seal_signal(circle.room(claire), content, circle.judge(claire))
    push = circle.signal(claire, jean)

    refused = code_of(lambda: circle.hear(jean, replace(push, body=body)))

    assert refused == "wrong_sender"


# Receipts


def test_a_receipt_says_where_a_device_stands() -> None:
    """Signed with the device's key, about its epoch and its secrets' hash."""
    circle = Circle()
    claire, jean = circle.two()

    said = Unverified.decode(EpochReceipt, circle.room(jean).receipt(DEPLOYMENT, jean.id))
    receipt = said.verify(jean.signature_key)

    group = circle.room(claire).group
    assert group is not None
    assert (receipt.group_id, receipt.epoch) == (group_id(circle.id), 1)
    assert receipt.confirmed_transcript_hash == group.context.confirmed_transcript_hash
    expected = authenticator_hash(group.epoch_authenticator.reveal())
    assert receipt.authenticator_hash == expected


# Welcomes


def a_welcome(circle: Circle, by: Device, to: Device) -> WelcomePush:
    """Have a device added; return the Welcome for it."""
    pending = circle.commit(by, wanted=circle.additions(to))
    frame = pending.frame
    assert isinstance(frame, frames.Commit)
    assert frame.welcome is not None
    return WelcomePush(conversation=circle.id, seq=circle.seq, welcome=frame.welcome)


def admitted(circle: Circle, device: Device, push: WelcomePush) -> groups.Joined | None:
    """Have a device take a Welcome."""
    packages = list(device.packages.values())
    return circle.room(device).admit(push, packages, circle.judge(device))


def test_a_package_is_spent_by_the_welcome_that_it_opened() -> None:
    """And by no other: what was published stays for who claims it next."""
    circle = Circle()
    claire, jean = circle.found(), circle.device("jean")
    jean.make_packages(2)
    push = a_welcome(circle, claire, jean)

    joined = admitted(circle, jean, push)

    assert joined is not None
    jean.spend(joined.spent)
    assert len(jean.packages) == 2


def test_a_welcome_for_another_device_is_none() -> None:
    """The device reports it, and may come in by itself."""
    circle = Circle()
    claire, jean = circle.found(), circle.device("jean")
    push = a_welcome(circle, claire, circle.device("jean"))

    assert code_of(lambda: admitted(circle, jean, push)) == "not_for_us"
    assert circle.room(jean).cursor == push.seq


def test_a_welcome_into_another_conversation_is_none() -> None:
    """The hub puts one group in another's place."""
    circle, elsewhere = Circle(), Circle()
    elsewhere.hub, elsewhere.persons = circle.hub, circle.persons
    claire, jean = elsewhere.found(), elsewhere.device("jean")
    push = a_welcome(elsewhere, claire, jean)

    moved = replace(push, conversation=circle.id)

    assert code_of(lambda: admitted(circle, jean, moved)) == "wrong_group"


def test_a_welcome_into_a_group_of_another_hub_is_refused() -> None:
    """Somebody else could propose removals there."""
    circle = Circle()
    jean = circle.device("jean")
    circle.hub = a_signing_key()
    claire = circle.found()
    push = a_welcome(circle, claire, jean)

    assert code_of(lambda: admitted(circle, jean, push)) == "wrong_extensions"


def test_a_welcome_into_a_group_with_a_stranger_is_refused() -> None:
    """Whom nothing lets in; and nobody is told by whom the group was made."""
    circle = three_people(eve=Role.CARER)
    claire, jean, eve = circle.found(), circle.device("jean"), circle.device("eve")
    made = circle.outlaw(
        claire,
        add_of(jean),
        add_of(eve),
        GroupContextExtensions(with_policy(circle)),
    )
    assert made.welcome is not None
    push = WelcomePush(conversation=circle.id, seq=1, welcome=made.welcome)

    assert code_of(lambda: admitted(circle, jean, push)) == "e_no_delegation"


def test_a_welcome_that_names_another_patient_is_refused() -> None:
    """The hub puts one patient's group in another's place."""
    circle = Circle()
    claire, jean = circle.found(), circle.device("jean")
    push = a_welcome(circle, claire, jean)
    packages = list(jean.packages.values())
    judge = circle.judge(jean, patient=circle.person("rose"))

    assert code_of(lambda: circle.room(jean).admit(push, packages, judge)) == "wrong_policy"


def test_a_welcome_that_was_taken_is_taken_once() -> None:
    """It comes again after a reconnection."""
    circle = Circle()
    claire, jean = circle.found(), circle.device("jean")
    push = a_welcome(circle, claire, jean)
    admitted(circle, jean, push)

    assert admitted(circle, jean, push) is None


# Coming in again


def test_a_device_that_cannot_follow_rejoins_in_its_own_place() -> None:
    """One leaf, with new keys; and both read each other again."""
    circle = Circle()
    claire, jean = circle.two()
    circle.room(jean).fault = CannotFollow("path_secret")
    group = circle.room(claire).group
    assert group is not None

    pending = circle.room(jean).rejoin(
        group.group_info(),
        jean.own(),
        circle.judge(jean),
        random_bytes=os.urandom,
    )
    circle.tell(circle.event("commit", jean, pending.body))

    assert (circle.room(jean).fault, circle.room(jean).pending) == (None, None)
    assert names(circle.room(claire)) == {claire.identity, jean.identity}
    event = circle.message(claire, "Bonjour")
    assert circle.read(jean, event) == "Bonjour"


def rejoining(circle: Circle, device: Device, group_info: bytes) -> str:
    """Return why a device does not come in by a GroupInfo."""
    return code_of(
        lambda: circle.room(device).rejoin(
            group_info,
            device.own(),
            circle.judge(device),
            random_bytes=os.urandom,
        )
    )


def test_nobody_goes_back_to_an_older_epoch() -> None:
    """The hub hands out a GroupInfo of before a removal."""
    circle = Circle()
    claire, jean = circle.two()
    group = circle.room(claire).group
    assert group is not None
    old = group.group_info()
    circle.commit(claire)

    assert rejoining(circle, jean, old) == "old_group_info"


def test_nobody_comes_in_to_another_group() -> None:
    """Of another conversation, of another hub, or damaged."""
    circle, elsewhere = Circle(), Circle()
    _, jean = circle.two()
    foreign = elsewhere.room(elsewhere.found()).group
    assert foreign is not None

    assert rejoining(circle, jean, foreign.group_info()) == "wrong_group"
    assert rejoining(circle, jean, foreign.group_info()[:-1]) == "malformed"
    own = jean.own()
    alone = Group.create(groups.SUITE, group_id(circle.id, 1), own, (), os.urandom)
    assert rejoining(circle, jean, alone.group_info()) == "wrong_extensions"


def test_a_rejoin_may_skip_what_this_device_never_saw() -> None:
    """It begins where it came in."""
    circle = Circle()
    claire, jean = circle.two()
    group = circle.room(claire).group
    assert group is not None
    pending = circle.room(jean).rejoin(
        group.group_info(), jean.own(), circle.judge(jean), random_bytes=os.urandom
    )
    circle.message(claire, "unseen")
    circle.pass_over(claire)

    circle.tell(circle.event("commit", jean, pending.body))

    assert circle.room(jean).cursor == circle.seq


def test_a_rejoin_whose_answer_and_event_were_lost_is_learned_at_hello() -> None:
    """The hub says that this device is in since then."""
    circle = Circle()
    claire, jean = circle.two()
    group = circle.room(claire).group
    assert group is not None
    pending = circle.room(jean).rejoin(
        group.group_info(), jean.own(), circle.judge(jean), random_bytes=os.urandom
    )
    circle.tell(circle.event("commit", jean, pending.body), claire)

    moved = circle.room(jean).told(circle.summary(epoch=2, since=circle.seq, joined=True))

    assert moved
    assert len(authenticators([claire, jean], circle.id)) == 1


def test_an_own_message_ahead_of_what_is_stored_tells_of_an_old_copy() -> None:
    """Its keys were used already: it must not send from this state."""
    circle = Circle()
    claire, _ = circle.two()
    copy = Room.decode(circle.id, circle.room(claire).encode())
    event = circle.message(claire, "Bonjour")

    circle.room(claire).check_counter(event)
    assert code_of(lambda: copy.check_counter(event)) == "own_message_ahead"
    assert not copy.may_send


def removal_of(circle: Circle, by: Device, target: Device) -> Remove:
    """Return the proposal that removes a device of one's own."""
    group = circle.room(by).group
    assert group is not None
    found = {identity_of(member.leaf_node): member.leaf_index for member in group.members()}
    return Remove(found[target.identity])


def a_made_up_group(circle: Circle, by: Device, *others: Device, epochs: int = 5) -> Group:
    """Return a group under the conversation's name that a hub made with a device of its own."""
    own = by.own()
    group = Group.create(groups.SUITE, group_id(circle.id), own, with_policy(circle), os.urandom)
    for one in range(epochs):
        adds = [add_of(each) for each in others]
        made = group.commit(
            adds if one == 0 else (), force_path=True, now=int(NOW), random_bytes=os.urandom
        )
        group = made.next
    return group


@pytest.mark.parametrize("who", ["made up", "removed"])
def test_a_hub_leads_no_device_back_into_a_group_of_its_own(who: str) -> None:
    """A device that the hub made up under a member's name, or one whose key a thief has."""
    circle = Circle()
    claire, jean = circle.two()
    by = circle.device("jean")
    if who == "removed":
        circle.add(jean, by)
        circle.commit(jean, removal_of(circle, jean, by))
        circle.inside.remove(by)
    group = a_made_up_group(circle, by, claire)

    assert rejoining(circle, claire, group.group_info()) == "wrong_signer"


def test_a_hub_welcomes_no_device_into_a_group_of_its_own() -> None:
    """It has their key packages: that is enough to make a Welcome for anybody."""
    circle = Circle()
    claire, _ = circle.two()
    by = circle.device("jean")
    group = a_made_up_group(circle, by)
    package = decode_key_package(claire.make_packages(1)[0])
    made = group.commit([Add(package)], force_path=True, now=int(NOW), random_bytes=os.urandom)
    assert made.welcome is not None
    before = circle.room(claire).group
    push = WelcomePush(conversation=circle.id, seq=circle.seq + 1, welcome=made.welcome)

    assert code_of(lambda: admitted(circle, claire, push)) == "wrong_signer"
    assert circle.room(claire).group is before


def test_a_removed_device_founds_no_successor() -> None:
    """Its key is known, and a thief's: it led the others out of the group it was put out of."""
    circle = Circle()
    claire, jean = circle.two()
    stolen = circle.device("claire")
    circle.add(claire, stolen)
    circle.commit(claire, removal_of(circle, claire, stolen))
    event = circle.event("succession", stolen, a_successor(circle, stolen))

    assert code_of(lambda: circle.tell(event, jean)) == "wrong_signer"


# Successors


def test_whom_a_person_gave_up_stays_given_up_across_a_rejoin() -> None:
    """An external commit takes no proposals along, and the hub asks no more."""
    circle = Circle()
    claire, jean = circle.two()
    tablet = circle.device("jean")
    circle.add(jean, tablet)
    circle.tell(circle.removal(claire, tablet), claire, jean)
    group = circle.room(claire).group
    assert group is not None
    pending = circle.room(jean).rejoin(
        group.group_info(), jean.own(), circle.judge(jean), random_bytes=os.urandom
    )

    circle.tell(circle.event("commit", jean, pending.body), claire, jean)

    for device in (claire, jean):
        room = restarted(circle, device)
        assert (room.epoch, room.proposals, room.may_send) == (3, 0, False)
    circle.tell(circle.removal(claire, tablet), claire, jean)
    pending = circle.make(claire)
    circle.tell(circle.event("commit", claire, pending.body), claire, jean)
    assert circle.room(jean).may_send


FORGETFUL: dict[str, tuple[dict[str, Any], str]] = {
    "the number": ({"delegations": Delegations(0)}, "wrong_number"),
    "the policy": ({"suite_floor": 0}, "changes_policy"),
}


@pytest.mark.parametrize("what", FORGETFUL)
def test_a_successor_forgets_nothing(what: str) -> None:
    """Neither what ended in the group before it, nor whose conversation it is."""
    circle = Circle()
    claire, jean = circle.two()
    changes, code = FORGETFUL[what]
    extensions = with_policy(circle, **{"delegations": Delegations(1)} | changes)
    named = group_id(circle.id, 1)
    group = Group.create(groups.SUITE, named, claire.own(), extensions, os.urandom)
    event = circle.event("succession", claire, group.group_info())

    assert code_of(lambda: circle.tell(event, jean)) == code


def a_successor(circle: Circle, by: Device, generation: int = 1) -> bytes:
    """Return the GroupInfo of a new group by a device."""
    named = group_id(circle.id, generation)
    extensions = with_policy(circle, delegations=Delegations(1))
    group = Group.create(groups.SUITE, named, by.own(), extensions, os.urandom)
    return group.group_info()


def test_a_successor_takes_the_groups_place() -> None:
    """Nothing of the old group is kept; a Welcome leads into the new one."""
    circle = Circle()
    claire, jean = circle.two()
    room = circle.room(claire)
    room.found(
        lambda info: frames.SucceedGroup(id="-", conversation=circle.id, group_info=info),
        claire.own(),
        with_policy(circle, delegations=room.for_successor(NOW_US)[1]),
        os.urandom,
    )
    assert room.pending is not None

    circle.tell(circle.event("succession", claire, room.pending.body))

    assert (circle.room(claire).place, circle.room(jean).place) == ((1, 0), (1, 0))
    assert circle.room(jean).group is None
    circle.inside.remove(jean)
    circle.add(claire, jean)
    event = circle.message(jean, "Me voici")
    assert circle.read(claire, event) == "Me voici"


def test_a_successor_is_a_pharmacists() -> None:
    """Not the patient's, whatever the hub lets through."""
    circle = Circle()
    claire, jean = circle.two()
    event = circle.event("succession", jean, a_successor(circle, jean))

    assert code_of(lambda: circle.tell(event, claire)) == "wrong_founder"


def test_a_successor_is_of_a_device_that_was_seen_before() -> None:
    """Else the hub could found one with a device that it made up."""
    circle = Circle()
    _, jean = circle.two()
    made_up = circle.device("claire")
    event = circle.event("succession", made_up, a_successor(circle, made_up))

    assert code_of(lambda: circle.tell(event, jean)) == "wrong_signer"


@pytest.mark.parametrize("generation", [0, 256], ids=["the same", "none"])
def test_a_successor_comes_after(generation: int) -> None:
    """One byte tells the generation, and it never goes back."""
    circle = Circle()
    claire, jean = circle.two()
    named = group_id(circle.id) if generation == 0 else UUID(circle.id).bytes + b"\x01\x00"
    group = Group.create(groups.SUITE, named, claire.own(), circle.extensions(), os.urandom)
    event = circle.event("succession", claire, group.group_info())

    with pytest.raises((Unlawful, CannotFollow)):
        circle.tell(event, jean)


def test_a_succession_that_was_missed_is_learned_at_hello() -> None:
    """The device is out, and waits for its Welcome."""
    circle = Circle()
    _, jean = circle.two()

    assert circle.room(jean).told(circle.summary(generation=1, joined=False))
    assert (circle.room(jean).group, circle.room(jean).place) == (None, (1, 0))
    assert not circle.room(jean).told(circle.summary(generation=1))


# Stored form


def restarted(circle: Circle, device: Device) -> Room:
    """Put a room in the place of its stored form."""
    room = Room.decode(circle.id, circle.room(device).encode())
    device.rooms[circle.id] = room
    return room


def test_a_room_goes_on_after_a_restart() -> None:
    """Group, counter, cursor: the conversation continues both ways."""
    circle = Circle()
    claire, jean = circle.two()
    circle.read(jean, circle.message(claire, "un"))

    for device in (claire, jean):
        restarted(circle, device)

    assert circle.read(jean, circle.message(claire, "deux")) == "deux"
    assert circle.room(claire).counter == 2
    circle.pass_over(claire, jean)
    circle.commit(jean)
    assert len(authenticators([claire, jean], circle.id)) == 1


def test_what_is_under_way_goes_on_after_a_restart() -> None:
    """A commit that was kept and perhaps sent: its event is still recognised."""
    circle = Circle()
    claire, jean = circle.two()
    pending = circle.make(claire)

    restarted(circle, claire)
    circle.tell(circle.event("commit", claire, pending.body))

    assert len(authenticators([claire, jean], circle.id)) == 1


def test_a_removal_and_a_fault_are_remembered() -> None:
    """Neither a pending removal nor a refusal is undone by a restart."""
    circle = Circle()
    claire, jean, lost = three(circle)
    circle.tell(circle.removal(claire, lost))
    circle.room(jean).fault = Unlawful("stranger")

    assert restarted(circle, claire).proposals == 1
    assert isinstance(restarted(circle, jean).fault, Unlawful)


def test_the_epoch_before_ends_with_the_process() -> None:
    """It is in memory alone."""
    circle = Circle()
    claire, jean = circle.two()
    push = circle.signal(claire, jean)
    circle.commit(claire)

    restarted(circle, jean)

    assert code_of(lambda: circle.hear(jean, push, NOW)) == "wrong_epoch"


@pytest.mark.parametrize("cut", range(20))
def test_a_damaged_room_is_unreadable(cut: int) -> None:
    """And says so: it is never half a room."""
    circle = Circle()
    claire, _ = circle.two()
    encoded = circle.room(claire).encode()

    with pytest.raises(StateUnreadable):
        Room.decode(circle.id, encoded[: len(encoded) * cut // 20])


def test_nothing_secret_is_printed() -> None:
    """Neither of a room nor of what is under way."""
    circle = Circle()
    claire, _ = circle.two()
    room = circle.room(claire)
    circle.make(claire)
    assert room.group is not None

    printed = repr(room)

    secrets = (room.group.secrets.init_secret, room.group.secrets.exporter_secret)
    assert all(repr(one.reveal())[2:-1] not in printed for one in secrets)


def test_the_id_of_a_successor_has_one_byte_more() -> None:
    """As the hub writes it."""
    conversation = "00000000-0000-4000-8000-0000000000aa"

    assert group_id(conversation) == UUID(conversation).bytes
    assert group_id(conversation, 2) == UUID(conversation).bytes + b"\x02"


# Whatever a hub may hand on


CIRCLE = Circle()
CLAIRE, JEAN = CIRCLE.two()
TRUE_BODIES = [
    CIRCLE.message(CLAIRE, "Bonjour").body,
    CIRCLE.outlaw(CLAIRE).message,
    CIRCLE.removal(CLAIRE, JEAN).body,
    a_successor(CIRCLE, CLAIRE),
    CIRCLE.signal(CLAIRE, JEAN).body,
]


@st.composite
def bodies(draw: st.DrawFn) -> bytes:
    """Anything at all, or something true with a few bytes changed, cut or added."""
    if draw(st.booleans()):
        return draw(st.binary(max_size=400))
    body = bytearray(draw(st.sampled_from(TRUE_BODIES)))
    for _ in range(draw(st.integers(1, 3))):
        body[draw(st.integers(0, len(body) - 1))] ^= draw(st.integers(1, 255))
    changed = bytes(body[: draw(st.integers(1, len(body)))] + draw(st.binary(max_size=2)))
    assume(changed not in TRUE_BODIES)
    return changed


@settings(max_examples=300, deadline=None)
@given(body=bodies(), what=st.sampled_from(["commit", "proposal", "succession", "x"]))
def test_no_step_of_a_group_is_a_crash_or_half_taken(body: bytes, what: str) -> None:
    """Refused with a declared error; the group is as it was, byte for byte."""
    room = Room.decode(CIRCLE.id, CIRCLE.room(JEAN).encode())
    assert room.group is not None
    before = room.group.serialize()
    event = Event(
        conversation=CIRCLE.id,
        seq=room.cursor + 1,
        ts=0,
        what=what,
        person=CLAIRE.identity.person,
        device=CLAIRE.id,
        body=body,
    )

    with pytest.raises((CannotFollow, Unlawful, Unproven)):
        room.follow(event, CIRCLE.judge(JEAN), NOW)

    assert room.group is not None
    assert room.group.serialize() == before


@settings(max_examples=300, deadline=None)
@given(body=bodies())
def test_no_message_signal_or_welcome_is_a_crash(body: bytes) -> None:
    """Refused with a declared error, whatever it is taken for."""
    room = Room.decode(CIRCLE.id, CIRCLE.room(JEAN).encode())
    named: dict[str, Any] = {
        "conversation": CIRCLE.id,
        "person": CLAIRE.identity.person,
        "device": CLAIRE.id,
        "body": body,
    }

    event = Event(seq=9, ts=0, what="message", message=CIRCLE.id, **named)
    with pytest.raises(Unproven):
        room.read(event, CIRCLE.judge(JEAN), NOW)
    with contextlib.suppress(Unproven):
        # None: of an epoch that may come.
        assert room.read_signal(frames.SignalPush(**named), CIRCLE.judge(JEAN), NOW) is None
    push = WelcomePush(conversation=CIRCLE.id, seq=99, welcome=body)
    with pytest.raises((CannotFollow, Unlawful)):
        room.admit(push, list(JEAN.packages.values()), CIRCLE.judge(JEAN))
