"""The contract of the ports of identity: certificates, links, recovery, carers, who saw what."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy.exc import IntegrityError

from crypto.log.checkpoint import UnverifiedCheckpoint
from crypto.log.tree import verify_consistency
from crypto.policy.vocabulary import Profession
from server.demo import seed
from server.domain.audit import Draft, EntryType, LogClass
from server.domain.identity import IssuedIdentity, LinkRequest, WaitingRevocation
from server.ports import Access, Tx
from server.storage.database import MIGRATIONS, Database, sqlite_engine
from tests.server.house import PEOPLE, open_database
from tests.server.storage.rows import CLAIRE, HUGO, JEAN, a_conversation, a_device, an_id

SOPHIE, ROSE = PEOPLE["sophie"], PEOPLE["rose"]
NOW = 1_790_000_000_000_000


def an_identity(**changes: Any) -> IssuedIdentity:
    """Return Jean's identity, or somebody's."""
    said: dict[str, Any] = {
        "person": JEAN.id,
        "aik": b"a" * 32,
        "certificate": b"signed",
        "tenant": JEAN.tenant,
        "index": 3,
        "issued_at": NOW,
    }
    return IssuedIdentity(**said | changes)


def test_one_identity_of_a_person_stands(tx: Tx) -> None:
    """It is found by its person, and its key has a holder."""
    issued = an_identity()

    tx.certificates.issue(issued)

    assert tx.certificates.find(JEAN.id) == issued
    assert tx.certificates.holder(issued.aik) == JEAN.id
    assert (tx.certificates.find(CLAIRE.id), tx.certificates.holder(b"b" * 32)) == (None, None)


def test_a_second_account_key_is_refused_while_one_stands(tx: Tx) -> None:
    """A second line behind the act: the database holds one standing identity for each person."""
    tx.certificates.issue(an_identity())

    with pytest.raises(IntegrityError):
        tx.certificates.issue(an_identity(aik=b"b" * 32))


def test_the_same_key_may_get_another_certificate(tx: Tx) -> None:
    """For a new period; the earlier one is not kept beside it."""
    tx.certificates.issue(an_identity())
    renewed = an_identity(certificate=b"again", index=9, issued_at=NOW + 1)

    tx.certificates.issue(renewed)

    assert tx.certificates.find(JEAN.id) == renewed


def test_a_revoked_identity_stands_no_more_and_is_remembered(tx: Tx) -> None:
    """With what revoked it, the last one first; its key never stands again."""
    for n, aik in enumerate((b"a" * 32, b"b" * 32)):
        tx.certificates.issue(an_identity(aik=aik, issued_at=NOW + n))
        tx.certificates.revoke(JEAN.id, b"revocation %d" % n)
    tx.certificates.issue(an_identity())

    assert tx.certificates.find(JEAN.id) is None
    assert [one.revocation for one in tx.certificates.revoked(JEAN.id)] == [
        b"revocation 1",
        b"revocation 0",
    ]
    assert tx.certificates.holder(b"a" * 32) == JEAN.id


def test_a_pharmacist_is_appointed(tx: Tx) -> None:
    """What they are stands in their identity certificate; it may change."""
    tx.staff.appoint(HUGO.id, Profession.LOCUM)

    assert tx.people.find(HUGO.id) == replace(HUGO, profession=Profession.LOCUM)
    assert tx.people.find(CLAIRE.id) == CLAIRE


def test_an_older_demonstration_learns_who_is_the_owner(database: Database) -> None:
    """Its people were there before there were professions."""
    with database.write() as tx:
        tx.staff.appoint(CLAIRE.id, Profession.NONE)

    seed(database)

    with database.read() as tx:
        assert tx.people.find(CLAIRE.id) == CLAIRE


def test_a_staff_certificate_is_of_one_account_key(tx: Tx) -> None:
    """Another key of the same person has none; a later word takes the place of the earlier."""
    tx.staff.keep(HUGO.id, b"a" * 32, b"first", NOW)
    tx.staff.keep(HUGO.id, b"a" * 32, b"second", NOW + 1)

    assert tx.staff.find(HUGO.id, b"a" * 32) == b"second"
    assert tx.staff.find(HUGO.id, b"b" * 32) == tx.staff.find(JEAN.id, b"a" * 32) == b""


def test_a_device_is_certified_until_an_instant(tx: Tx) -> None:
    """At that instant it is no more, and without a certificate it never was."""
    device = a_device(tx)
    before = tx.devices.find(device)

    tx.devices.certify(device, b"signed", NOW)
    after = tx.devices.find(device)

    assert before is not None
    assert after == replace(before, certificate=b"signed", certified_until=NOW)
    assert [before.is_certified(0), after.is_certified(NOW - 1)] == [False, True]
    assert not after.is_certified(NOW)


def test_devices_that_were_given_up_are_told_if_asked(tx: Tx) -> None:
    """A person sees what they gave up; nobody else's work meets it."""
    kept, gone = a_device(tx), a_device(tx)
    tx.devices.retire(gone, NOW)

    assert tx.devices.of(CLAIRE.id) == [kept]
    assert tx.devices.of(CLAIRE.id, retired=True) == [gone, kept]


def a_request(device: str, **changes: Any) -> LinkRequest:
    """Return the request of a device of Claire's."""
    said: dict[str, Any] = {
        "device": device,
        "person": CLAIRE.id,
        "init_key": b"i" * 32,
        "asked_at": NOW,
    }
    return LinkRequest(**said | changes)


def test_a_device_has_one_request_to_be_let_in(tx: Tx) -> None:
    """A new one takes the place of the earlier, and its answer with it."""
    device = a_device(tx)
    tx.links.ask(a_request(device))
    tx.links.answer(device, b"sealed")
    again = a_request(device, init_key=b"j" * 32, asked_at=NOW + 1)

    answered = tx.links.of(CLAIRE.id)
    tx.links.ask(again)

    assert answered == [a_request(device, sealed=b"sealed")]
    assert tx.links.of(CLAIRE.id) == [again]
    assert tx.links.of(JEAN.id) == []


def test_old_requests_are_forgotten_and_no_others(tx: Tx) -> None:
    """By the instant they were made."""
    old, new = a_device(tx), a_device(tx)
    tx.links.ask(a_request(old, asked_at=NOW - 1))
    tx.links.ask(a_request(new))

    tx.links.forget(CLAIRE.id, NOW)

    assert [one.device for one in tx.links.of(CLAIRE.id)] == [new]


def test_a_request_lives_for_ten_minutes() -> None:
    """To the microsecond."""
    request = a_request(an_id())

    assert request.is_live(NOW + 600_000_000 - 1)
    assert not request.is_live(NOW + 600_000_000)


def test_what_is_kept_for_recovery_is_the_last(tx: Tx) -> None:
    """One of a person; forgotten, it is gone."""
    tx.recovery.keep(JEAN.id, b"first", NOW)
    tx.recovery.keep(JEAN.id, b"second", NOW + 1)

    kept = tx.recovery.find(JEAN.id)
    tx.recovery.forget(JEAN.id)

    assert (kept, tx.recovery.find(JEAN.id)) == (b"second", None)


def a_waiting(**changes: Any) -> WaitingRevocation:
    """Return what Claire says of Jean's key."""
    said: dict[str, Any] = {
        "person": JEAN.id,
        "signer": CLAIRE.id,
        "statement": b"lost",
        "staff": b"",
        "proposed_at": NOW,
    }
    return WaitingRevocation(**said | changes)


def test_a_pharmacists_word_waits_in_its_pharmacy(tx: Tx) -> None:
    """One of each about each person, the last they gave; carried out, none waits."""
    tx.revocations.propose(a_waiting(statement=b"earlier"))
    tx.revocations.propose(a_waiting())
    tx.revocations.propose(a_waiting(signer=HUGO.id, staff=b"staff", proposed_at=NOW + 1))
    tx.revocations.propose(a_waiting(person=ROSE.id))

    words = tx.revocations.of(JEAN.id)
    ours = tx.revocations.of_tenant(JEAN.tenant)
    tx.revocations.settle(JEAN.id)

    assert [one.signer for one in words] == [CLAIRE.id, HUGO.id]
    assert [one.statement for one in words] == [b"lost", b"lost"]
    assert ours == words
    assert tx.revocations.of(JEAN.id) == []
    assert len(tx.revocations.of_tenant(ROSE.tenant)) == 1


def test_the_demonstrations_daughter_may_be_named(tx: Tx) -> None:
    """Whom a patient declared needs no code."""
    assert tx.carers.of_patient(JEAN.id) == [SOPHIE.id]
    assert tx.carers.of_carer(SOPHIE.id) == [JEAN.id]
    assert tx.carers.of_patient(ROSE.id) == []


def test_a_carer_is_related_once(tx: Tx) -> None:
    """A second time changes nothing and says so."""
    assert tx.carers.relate(ROSE.id, SOPHIE.id, NOW)
    assert not tx.carers.relate(ROSE.id, SOPHIE.id, NOW + 1)


def test_a_carers_code_stays_until_it_is_used(tx: Tx) -> None:
    """Used by whoever was told; then there is another."""
    first = tx.carers.code(SOPHIE.id, "AAAAA11111")
    again = tx.carers.code(SOPHIE.id, "BBBBB22222")

    redeemed = tx.carers.redeem("AAAAA11111", SOPHIE.tenant)
    twice = tx.carers.redeem("AAAAA11111", SOPHIE.tenant)

    assert first == again == "AAAAA11111"
    assert (redeemed, twice) == (SOPHIE.id, None)
    assert tx.carers.code(SOPHIE.id, "BBBBB22222") == "BBBBB22222"


def test_a_code_opens_nothing_in_another_pharmacy(tx: Tx) -> None:
    """And is not used up by whoever tries it there."""
    tx.carers.code(SOPHIE.id, "AAAAA11111")

    assert tx.carers.redeem("AAAAA11111", ROSE.tenant) is None
    assert tx.carers.redeem("AAAAA1111", SOPHIE.tenant) is None
    assert tx.carers.redeem("AAAAA11111", SOPHIE.tenant) == SOPHIE.id


def test_the_authority_is_the_same_after_a_restart(home: Path, database: Database) -> None:
    """Clients pin its key; it is not the one under which the hub proposes."""
    with database.read() as tx:
        first = tx.identity.authority_public_key
        other = tx.identity.mls_public_key
        printed = repr(tx.identity)
        seed = tx.identity.authority_key.reveal()
    database.close()

    again = open_database(home)
    with again.read() as tx:
        assert tx.identity.authority_public_key == first != other
    again.close()
    assert seed.hex() not in printed


def an_entry(what: EntryType, **changes: Any) -> Draft:
    """Return the draft of an entry by Claire."""
    said: dict[str, Any] = {"type": what, "actor": CLAIRE, "device": None, "rule": "a rule"}
    return Draft(**said | changes)


def test_a_patient_is_told_the_entries_about_them(database: Database) -> None:
    """Newest first, before an index, at most so many; nobody else's."""
    with database.write() as tx:
        here = a_conversation(tx).id
        for n in range(3):
            draft = an_entry(EntryType.MESSAGE_SENT, conversation=here, subject=JEAN.id)
            tx.log.append(draft, NOW + n)
            tx.log.append(an_entry(EntryType.STAFF_CERTIFIED), NOW + n)
        tx.seal()

    with database.read() as tx:
        newest = tx.accesses.about(JEAN, before=None, limit=2)
        rest = tx.accesses.about(JEAN, before=newest[-1].located.index, limit=2)
        others = tx.accesses.about(SOPHIE, before=None, limit=2)

    assert [one.located.index for one in newest] == [4, 2]
    assert [one.located.index for one in rest] == [0]
    assert {(one.actor, one.patient) for one in newest} == {(CLAIRE.id, JEAN.id)}
    assert others == []


def test_a_look_at_the_whole_pharmacy_concerns_each_of_its_patients(database: Database) -> None:
    """An officer's list of all conversations names no patient, and is about every one."""
    marc = PEOPLE["marc"]
    with database.write() as tx:
        tx.log.append(an_entry(EntryType.AUDIT_LOGS_VERIFIED, actor=marc), NOW)
        tx.seal()

    with database.read() as tx:
        (told,) = tx.accesses.about(JEAN, before=None, limit=9)
        elsewhere = tx.accesses.about(ROSE, before=None, limit=9)

    assert (told.actor, told.patient) == (marc.id, None)
    assert elsewhere == []


def test_what_a_transaction_brought_is_told_once_it_is_sealed(database: Database) -> None:
    """Not what was undone in it, and not what is about nobody."""
    with database.write() as tx:
        tx.log.append(an_entry(EntryType.ACCOUNT_REVOKED, subject=JEAN.id), NOW)
        tx.log.append(an_entry(EntryType.STAFF_CERTIFIED), NOW)
        with suppress(KeyError), tx.savepoint():
            tx.log.append(an_entry(EntryType.ACCOUNT_REVOKED, subject=ROSE.id), NOW)
            raise KeyError
        before = list(tx.accesses.sealed())
        tx.seal()
        told = tx.accesses.sealed()
        (located,) = [one.located for one in told]

    assert before == []
    assert told == [Access(located, JEAN.tenant, CLAIRE.id, JEAN.id)]
    assert json.loads(located.entry)["subject"] == JEAN.id


def test_a_log_proves_that_it_only_grew(database: Database) -> None:
    """Between any two of its sizes (RFC 9162, 2.1.4)."""
    roots: dict[int, bytes] = {0: b""}
    for n in range(5):
        with database.write() as tx:
            tx.log.append(an_entry(EntryType.STAFF_CERTIFIED), NOW + n)
            tx.seal()
            head = tx.log.head(CLAIRE.tenant, LogClass.CARE)
            roots[head.size] = UnverifiedCheckpoint.parse(head.checkpoint).content.root

    with database.read() as tx:
        for first, second in ((1, 5), (2, 3), (4, 5), (3, 3)):
            proof = tx.audit.consistency(head.log, first, second)
            verify_consistency(
                old_size=first,
                new_size=second,
                old_root=roots[first],
                new_root=roots[second],
                proof=proof,
            )


def test_entries_of_before_are_about_whom_they_say(tmp_path: Path) -> None:
    """The migration fills the index from the entries' own bytes, and changes none of them."""
    engine, config = sqlite_engine(tmp_path / "old.sqlite"), Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    entries = [
        {"type": "message.sent", "subject": JEAN.id},
        {"type": "audit.logs_verified", "subject": None},
        {"type": "connection.opened", "subject": None},
    ]
    with engine.connect() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0004")
        for index, entry in enumerate(entries):
            connection.exec_driver_sql(
                "INSERT INTO entry (log, idx, bytes) VALUES ('l', ?, ?)",
                (index, json.dumps(entry).encode()),
            )
        command.upgrade(config, "0005")

        rows = connection.exec_driver_sql("SELECT about, bytes FROM entry ORDER BY idx").all()
        with pytest.raises(IntegrityError, match="append-only"):
            connection.exec_driver_sql("UPDATE entry SET about = NULL")
    engine.dispose()

    assert [row.about for row in rows] == [JEAN.id, "*", None]
    assert [json.loads(row.bytes) for row in rows] == entries
