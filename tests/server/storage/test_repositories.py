"""The contract of `server.ports`, method by method: what each adapter must do."""

from __future__ import annotations

import hashlib
import uuid
from dataclasses import replace

import pytest
from sqlalchemy.exc import IntegrityError

from crypto.policy.vocabulary import Role
from crypto.suites import MLS_128_DHKEMX25519_AES128GCM_SHA256_ED25519 as SUITE
from server.demo import MARCHE, TILLEULS
from server.domain.conversation import Conversation, Device, Event, KeyPackage, What
from server.domain.group import KeptReceipt, PendingRemove, StoredGroup, StuckReport
from server.domain.people import Person, Pharmacy, Session
from server.ports import Admission, Database, Tx
from tests.server.house import PEOPLE
from tests.server.storage.rows import CLAIRE, JEAN, a_conversation, a_device, an_id

NOW = 1_790_000_000_000_000


def a_package(device: str, body: bytes, person: Person = CLAIRE) -> KeyPackage:
    """Return an unused package."""
    ref = hashlib.sha256(body).hexdigest()
    return KeyPackage(ref=ref, device=device, person=person.id, body=body)


def an_event(conversation: Conversation, seq: int, **changes: object) -> Event:
    """Return a message of Claire's device."""
    event = Event(
        conversation=conversation.id,
        seq=seq,
        ts=seq * 10,
        what=What.MESSAGE,
        person=CLAIRE.id,
        device=conversation.founder_device,
        body=b"sealed %d" % seq,
        epoch=0,
        message=an_id(),
        franking_tag=b"t" * 32,
        log_index=seq,
    )
    return replace(event, **changes)  # type: ignore[arg-type]


def test_people_are_found_by_pseudonym(tx: Tx) -> None:
    """With their role and tenant; nobody is None."""
    assert tx.people.find(CLAIRE.id) == CLAIRE
    assert tx.people.find(an_id()) is None


def test_people_are_listed_by_role_inside_one_pharmacy(tx: Tx) -> None:
    """Never another tenant's."""
    pharmacists = tx.people.with_roles("990000001", {Role.PHARMACIST})

    assert {one.id for one in pharmacists} == {CLAIRE.id, PEOPLE["hugo"].id}
    assert tx.people.with_roles("990000001", set()) == []


def test_names_come_out_of_the_vault(tx: Tx) -> None:
    """By pseudonym; a person nobody knows is absent."""
    assert tx.people.names([CLAIRE.id, an_id()]) == {CLAIRE.id: "Claire Morel"}
    assert tx.people.names([]) == {}


def test_a_pharmacy_is_found_or_raises(tx: Tx) -> None:
    """An unknown tenant is a programmer's mistake."""
    assert tx.people.pharmacy("990000001") == MARCHE
    with pytest.raises(KeyError):
        tx.people.pharmacy("000000000")


def test_a_person_is_enrolled_once(tx: Tx) -> None:
    """The pseudonym is theirs for good."""
    with pytest.raises(IntegrityError):
        tx.people.enrol(CLAIRE, "Somebody Else")


def test_tenants_stand_in_the_neutral_order(tx: Tx) -> None:
    """By name: nobody is put forward (red line R1)."""
    tx.tenants.open(Pharmacy("990000003", "Pharmacie de l’Abbaye", "01"))

    names = [one.name for one in tx.tenants.all()]

    assert names == ["Pharmacie de l’Abbaye", TILLEULS.name, MARCHE.name]


def test_a_session_is_found_until_it_is_closed(tx: Tx) -> None:
    """Its expiry is the caller's to judge; closed is for good."""
    session = Session(b"k" * 32, CLAIRE, 7)
    tx.sessions.open(session)

    found = tx.sessions.find(session.key)
    tx.sessions.close(session.key)

    assert found == session
    assert tx.sessions.find(session.key) is None
    assert tx.sessions.find(b"?" * 32) is None


def test_devices_stand_newest_first(tx: Tx) -> None:
    """Each bound to its person, with its signature key."""
    first, second = a_device(tx), a_device(tx)

    assert tx.devices.of(CLAIRE.id) == [second, first]
    assert tx.devices.of(JEAN.id) == []
    assert tx.devices.find(first) == Device(first, CLAIRE.id, b"k" * 32)
    assert tx.devices.find(an_id()) is None


def test_a_device_is_registered_once(tx: Tx) -> None:
    """Never bound again, not even to the same person."""
    device = a_device(tx)

    with pytest.raises(IntegrityError):
        tx.devices.register(Device(device, JEAN.id, b"j" * 32))


def test_a_package_is_published_once(tx: Tx) -> None:
    """One already there stays as it is, claimed or used."""
    device = a_device(tx)
    package = a_package(device, b"one")
    tx.directory.publish([package])
    tx.directory.claim(device, by="d", conversation="c", now=NOW)
    tx.directory.use(package.ref)

    tx.directory.publish([package])

    (stored,) = tx.directory.known([package.ref])
    assert stored.used
    assert tx.directory.left([device], now=NOW) == {}


def test_a_claim_takes_one_package_once(tx: Tx) -> None:
    """The same claim again gives the same one; another claim another; then none are left."""
    device = a_device(tx)
    tx.directory.publish([a_package(device, b"one"), a_package(device, b"two")])

    mine = tx.directory.claim(device, by="d1", conversation="c", now=NOW)
    again = tx.directory.claim(device, by="d1", conversation="c", now=NOW)
    theirs = tx.directory.claim(device, by="d2", conversation="c", now=NOW)
    none = tx.directory.claim(device, by="d1", conversation="elsewhere", now=NOW)

    assert mine is not None
    assert again is not None
    assert theirs is not None
    assert mine.ref == again.ref != theirs.ref
    assert none is None


def test_a_used_claim_is_not_handed_out_again(tx: Tx) -> None:
    """Once it was in a commit, the same claim takes a fresh package."""
    device = a_device(tx)
    tx.directory.publish([a_package(device, b"one"), a_package(device, b"two")])
    first = tx.directory.claim(device, by="d", conversation="c", now=NOW)
    assert first is not None
    tx.directory.use(first.ref)

    second = tx.directory.claim(device, by="d", conversation="c", now=NOW)

    assert second is not None
    assert second.ref != first.ref


def test_what_is_left_is_counted_for_each_device(tx: Tx) -> None:
    """Unclaimed and unused; a device without any is absent."""
    full, empty = a_device(tx), a_device(tx)
    tx.directory.publish([a_package(full, b"%d" % n) for n in range(3)])
    tx.directory.claim(full, by="d", conversation="c", now=NOW)

    assert tx.directory.left([full, empty], now=NOW) == {full: 2}
    assert tx.directory.known(["ab" * 32]) == []


def test_a_package_that_has_expired_is_as_good_as_used(tx: Tx) -> None:
    """At its last instant it is still handed out; after it neither counted nor claimed."""
    device = a_device(tx)
    tx.directory.publish([replace(a_package(device, b"one"), not_after=NOW)])

    assert tx.directory.left([device], now=NOW) == {device: 1}
    assert tx.directory.left([device], now=NOW + 1) == {}
    assert tx.directory.claim(device, by="d", conversation="c", now=NOW + 1) is None
    assert tx.directory.claim(device, by="d", conversation="c", now=NOW) is not None
    assert tx.directory.claim(device, by="d", conversation="c", now=NOW + 1) is None


def test_a_package_is_known_by_its_reference_or_its_init_key(tx: Tx) -> None:
    """Used or not: neither may come a second time."""
    device = a_device(tx)
    one, two = (
        replace(a_package(device, body), init_key=key)
        for body, key in ((b"one", b"k1" * 16), (b"two", b"k2" * 16))
    )
    tx.directory.publish([one, two])
    tx.directory.use(one.ref)

    assert [package.ref for package in tx.directory.known([], [one.init_key])] == [one.ref]
    assert tx.directory.known([two.ref], [b"?" * 32]) == [two]
    assert tx.directory.known([], []) == []


def test_two_packages_never_share_an_init_key(tx: Tx) -> None:
    """A second line behind the act: the other one is not stored."""
    device = a_device(tx)
    one, two = (replace(a_package(device, body), init_key=b"k" * 32) for body in (b"one", b"two"))
    tx.directory.publish([one])

    tx.directory.publish([two])

    assert tx.directory.known([one.ref, two.ref]) == [one]


def test_a_conversation_comes_back_as_it_was_founded(tx: Tx) -> None:
    """Every field, with its members in the founder's order."""
    founded = a_conversation(tx)

    assert tx.conversations.find(founded.id) == founded
    assert [m.person for m in tx.members.of(founded.id)] == [CLAIRE.id, JEAN.id]
    assert tx.conversations.find(an_id()) is None
    assert tx.members.of(an_id()) == []


def test_a_conversation_only_moves_on(tx: Tx) -> None:
    """The next `seq` exactly, an epoch that does not go back: else nothing may become durable."""
    founded = a_conversation(tx)
    tx.conversations.advance(founded.id, generation=0, epoch=1, last_seq=1)

    for epoch, last_seq in ((1, 1), (1, 3), (0, 2), (1, 0)):
        with pytest.raises(RuntimeError):
            tx.conversations.advance(founded.id, generation=0, epoch=epoch, last_seq=last_seq)

    found = tx.conversations.find(founded.id)
    assert found is not None
    assert (found.epoch, found.last_seq) == (1, 1)


def test_a_successor_begins_again_and_nobody_goes_back(tx: Tx) -> None:
    """Epoch 0 of the next generation comes after every epoch of this one."""
    founded = a_conversation(tx)
    tx.conversations.advance(founded.id, generation=0, epoch=9, last_seq=1)

    tx.conversations.advance(founded.id, generation=1, epoch=0, last_seq=2)

    with pytest.raises(RuntimeError):
        tx.conversations.advance(founded.id, generation=0, epoch=10, last_seq=3)
    found = tx.conversations.find(founded.id)
    assert found is not None
    assert (found.generation, found.epoch, found.last_seq) == (1, 0, 2)
    assert found.group_id == uuid.UUID(founded.id).bytes + b"\x01"
    assert founded.group_id == uuid.UUID(founded.id).bytes


def test_a_group_is_what_was_saved_last(tx: Tx) -> None:
    """One for each conversation; none is None."""
    here, elsewhere = a_conversation(tx), a_conversation(tx)
    first = StoredGroup(public=b"epoch 0", group_info=b"info 0")
    second = StoredGroup(public=b"epoch 1", group_info=b"info 1", last_transcript=b"t" * 32)
    tx.groups.save(here.id, first)

    assert tx.groups.find(here.id) == first
    tx.groups.save(here.id, second)
    assert tx.groups.find(here.id) == second
    assert tx.groups.find(elsewhere.id) is None


def a_remove(here: Conversation, device: str, **changes: object) -> PendingRemove:
    """Return a removal that waits for its commit."""
    remove = PendingRemove(
        conversation=here.id,
        device=device,
        generation=0,
        epoch=1,
        leaf=1,
        statement=b"signed",
        proposal=b"remove it",
        seq=1,
    )
    return replace(remove, **changes)  # type: ignore[arg-type]


def test_a_removal_waits_until_it_is_settled(tx: Tx) -> None:
    """Proposed anew it takes the place of the old one; the conversation says that it waits."""
    here, elsewhere = a_conversation(tx), a_conversation(tx)
    ended = {"why": "suspension", "delegation": b"d" * 16, "staff": b"staff", "at_us": 7}
    one = a_remove(here, a_device(tx), seq=2, **ended)
    two = a_remove(here, a_device(tx), seq=1)
    for remove in (one, two):
        tx.removes.propose(remove)
    again = replace(two, epoch=2, proposal=b"remove it again", seq=3)
    tx.removes.propose(again)

    assert tx.removes.of(here.id) == [one, again]
    assert tx.removes.waiting() == [here.id]
    found, other = tx.conversations.find(here.id), tx.conversations.find(elsewhere.id)
    assert found is not None
    assert other is not None
    assert (found.removing, other.removing) == (True, False)
    tx.removes.settle(here.id, [one.device])
    assert tx.removes.of(here.id) == [again]
    tx.removes.settle(here.id, [again.device])
    assert tx.removes.waiting() == []
    assert tx.conversations.find(here.id) == here


def test_a_device_says_once_where_it_is(tx: Tx) -> None:
    """One receipt and one report for each epoch, found by it."""
    here = a_conversation(tx)
    device = here.founder_device
    receipt = KeptReceipt(
        conversation=here.id,
        generation=0,
        epoch=1,
        device=device,
        authenticator_hash=b"h" * 32,
        statement=b"signed",
        received_at=5,
    )
    report = StuckReport(
        conversation=here.id,
        generation=0,
        epoch=1,
        device=device,
        reason="path_secret",
        reported_at=6,
    )
    tx.receipts.keep(receipt)
    tx.receipts.report_stuck(report)

    assert tx.receipts.of(here.id, 0, 1) == [receipt]
    assert tx.receipts.stuck(here.id, 0, 1) == [report]
    for generation, epoch in ((0, 2), (1, 1)):
        assert tx.receipts.of(here.id, generation, epoch) == []
        assert tx.receipts.stuck(here.id, generation, epoch) == []
    with pytest.raises(IntegrityError):
        tx.receipts.keep(receipt)


def test_a_retired_device_is_nobodys_any_more(tx: Tx) -> None:
    """It is not among its person's, and when it went stays."""
    kept, gone = a_device(tx), a_device(tx)

    tx.devices.retire(gone, 7)
    tx.devices.retire(gone, 9)

    assert tx.devices.of(CLAIRE.id) == [kept]
    assert tx.devices.find(gone) == Device(gone, CLAIRE.id, b"k" * 32, 7, number=1)


def test_the_sessions_of_a_device_end_together(tx: Tx) -> None:
    """Those under which it said hello, whoever did after it; each is told once."""
    device, other = a_device(tx), a_device(tx)
    sessions = [Session(bytes([n]) * 32, CLAIRE, 7) for n in range(3)]
    for session, used_by in zip(sessions, (device, device, other), strict=True):
        tx.sessions.open(session)
        tx.sessions.use(session.key, used_by)
    tx.sessions.use(sessions[1].key, other)
    tx.sessions.use(sessions[1].key, other)

    closed = tx.sessions.close_of(device)

    assert sorted(closed) == [session.key for session in sessions[:2]]
    assert tx.sessions.close_of(device) == []
    assert [tx.sessions.find(session.key) for session in sessions] == [None, None, sessions[2]]


def test_the_hub_is_one_sender_to_all_its_groups(tx: Tx, database: Database) -> None:
    """The same key in every transaction, under the deployment's name."""
    with database.read() as reading:
        again = reading.identity

    assert tx.identity.deployment == again.deployment == "test.example"
    assert tx.identity.mls_public_key == again.mls_public_key
    assert SUITE.signing_key(tx.identity.mls_key).public == again.mls_public_key


def test_conversations_stand_newest_first(tx: Tx) -> None:
    """A person's, and a pharmacy's."""
    older, newer = a_conversation(tx, created_at=1), a_conversation(tx, created_at=2)

    assert [c.id for c in tx.conversations.of_person(JEAN.id)] == [newer.id, older.id]
    assert [c.id for c in tx.conversations.of_tenant("990000001")] == [newer.id, older.id]
    assert tx.conversations.of_tenant("990000002") == []
    assert tx.conversations.of_person(PEOPLE["hugo"].id) == []


def test_a_device_is_let_in_once(tx: Tx) -> None:
    """Since when, for which person; twice is a mistake, unless it was let out in between."""
    here = a_conversation(tx)
    admission = Admission(here.founder_device, CLAIRE.id, 0)
    tx.members.admit(here.id, admission)

    assert tx.members.admissions(here.id) == [admission]
    with pytest.raises(IntegrityError):
        tx.members.admit(here.id, admission)
    tx.members.dismiss(here.id, [admission.device, an_id()])
    assert tx.members.admissions(here.id) == []
    tx.members.admit(here.id, replace(admission, since=4))
    assert tx.members.admissions(here.id) == [replace(admission, since=4)]


def test_cursors_move_forward_only(tx: Tx) -> None:
    """Each of the two by itself, and only that member's."""
    here = a_conversation(tx)
    tx.members.advance_cursor(here.id, JEAN.id, delivered=5, read=3)

    tx.members.advance_cursor(here.id, JEAN.id, delivered=4, read=4)

    claire, jean = tx.members.of(here.id)
    assert (jean.delivered, jean.read) == (5, 4)
    assert (claire.delivered, claire.read) == (0, 0)


def test_the_stream_gives_back_what_it_was_given(tx: Tx) -> None:
    """By place, by message id, by the very bytes of a commit."""
    here = a_conversation(tx)
    message = an_event(here, 1)
    commit = an_event(
        here, 2, what=What.COMMIT, message=None, franking_tag=None, welcome=b"come in"
    )
    for event in (message, commit):
        tx.stream.append(event)

    assert tx.stream.at(here.id, 1) == message
    assert tx.stream.message(here.founder_device, message.message or "") == message
    assert tx.stream.commit(here.id, here.founder_device, commit.body) == commit
    assert tx.stream.at(here.id, 3) is None
    assert tx.stream.message(an_id(), message.message or "") is None
    assert tx.stream.commit(here.id, here.founder_device, message.body) is None


def test_the_stream_is_read_in_order_and_in_pages(tx: Tx) -> None:
    """What comes after a place, at most so many."""
    here, elsewhere = a_conversation(tx), a_conversation(tx)
    for seq in (3, 1, 2):
        tx.stream.append(an_event(here, seq))
    tx.stream.append(an_event(elsewhere, 1))

    pages = [tx.stream.after(here.id, after, 2) for after in (0, 2, 3)]

    assert [[event.seq for event in page] for page in pages] == [[1, 2], [3], []]


@pytest.mark.parametrize("same", ["seq", "message"])
def test_a_place_and_an_id_are_taken_once(tx: Tx, same: str) -> None:
    """Two events never share a `seq` in one conversation, nor an id from one device."""
    here = a_conversation(tx)
    first = an_event(here, 1)
    tx.stream.append(first)
    second = an_event(here, 1) if same == "seq" else an_event(here, 2, message=first.message)

    with pytest.raises(IntegrityError):
        tx.stream.append(second)
