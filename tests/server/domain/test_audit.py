"""What an entry says: one shape, frozen; nothing exact, nothing guessable, nobody by name."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto.policy.vocabulary import Role
from server.domain.audit import (
    TECHNICAL_TYPES,
    Draft,
    EntryType,
    LogClass,
    Place,
    Sealed,
    commitment,
    encode,
    length_bucket,
)
from server.domain.people import HubItself, Person

GOLDEN = Path(__file__).parent / "entry.golden.json"
CLAIRE = Person("11111111-1111-4111-8111-111111111111", "990000001", Role.PHARMACIST)


def a_full_draft() -> Draft:
    """Return a draft with every field given."""
    return Draft(
        type=EntryType.MESSAGE_SENT,
        actor=CLAIRE,
        device="22222222-2222-4222-8222-222222222222",
        rule="message.send",
        conversation="33333333-3333-4333-8333-333333333333",
        subject="44444444-4444-4444-8444-444444444444",
        sealed=Sealed(b"ciphertext", 3, 9, b"\xab" * 32, "55555555-5555-4555-8555-555555555555"),
        outcome={"kind": "remote_dispensation"},
        commitments={"motive": commitment(b"s" * 32, "age")},
        counter=7,
    )


A_PLACE = Place(index=41, ts=1_790_000_000_000_000, conversation_entry=5, node="hub-1")


def test_the_shape_of_an_entry_is_frozen() -> None:
    """Version 1, byte for byte: old logs must stay readable, so no field moves or goes."""
    assert encode(a_full_draft(), A_PLACE) == GOLDEN.read_bytes().rstrip(b"\n")


def test_an_entry_always_has_every_field() -> None:
    """What there is nothing to say of is null, never absent: a reader needs no second shape."""
    bare = Draft(type=EntryType.SESSION_OPENED, actor=CLAIRE, device=None, rule="session.opened")

    entry = json.loads(encode(bare, Place(0, 1, None, "n")))

    assert set(entry) == set(json.loads(GOLDEN.read_bytes()))
    assert (entry["object"], entry["client"], entry["outcome"]) == (None, None, None)
    assert entry["class"] == "technical"


def test_what_the_hub_did_by_itself_is_nobodys() -> None:
    """A call that nobody answered has an actor like every entry, and it is no person."""
    missed = Draft(
        type=EntryType.CALL_MISSED,
        actor=HubItself("990000001"),
        device=None,
        rule="call.clock",
        conversation="33333333-3333-4333-8333-333333333333",
    )

    entry = json.loads(encode(missed, A_PLACE))

    assert entry["actor"] == {"device": None, "person": "hub", "role": "hub"}
    assert (entry["tenant"], entry["class"]) == ("990000001", "care")


def test_a_refusal_is_a_denial() -> None:
    """The decision cites the code that refused."""
    refusal = Draft(
        type=EntryType.ACT_REFUSED, actor=CLAIRE, device=None, rule="E_ROLE", permitted=False
    )

    entry = json.loads(encode(refusal, A_PLACE))

    assert entry["decision"] == {"effect": "deny", "rule": "E_ROLE"}


@pytest.mark.parametrize("kind", list(EntryType))
@pytest.mark.parametrize("conversation", [None, "c"], ids=["outside", "in-a-conversation"])
def test_every_type_has_its_log(kind: EntryType, conversation: str | None) -> None:
    """Acts and looks are care, sign-ins and devices technical; a refusal goes with its place."""
    draft = Draft(type=kind, actor=CLAIRE, device=None, rule="r", conversation=conversation)

    if kind is EntryType.ACT_REFUSED:
        expected = LogClass.CARE if conversation else LogClass.TECHNICAL
    else:
        expected = LogClass.TECHNICAL if kind in TECHNICAL_TYPES else LogClass.CARE
    assert draft.log_class is expected


def test_the_types_are_the_documented_ones() -> None:
    """A closed list: a type renamed or gone would make an old log unreadable."""
    assert {kind.value for kind in EntryType} == {
        "dispensation.started",
        "thread.started",
        "key_package.claimed",
        "group.committed",
        "message.sent",
        "act.refused",
        "audit.conversations_listed",
        "audit.timeline_read",
        "audit.logs_verified",
        "session.opened",
        "session.closed",
        "device.registered",
        "connection.opened",
        "key_packages.published",
        "call.opened",
        "call.rang",
        "call.accepted",
        "call.declined",
        "call.missed",
        "call.delayed",
        "call.connected",
        "call.pair_lost",
        "call.socket_lost",
        "call.socket_back",
        "call.incident",
        "call.turn_issued",
        "call.left",
        "call.ended",
        "group.info_told",
        "group.confirmed",
        "group.forked",
        "group.stuck",
        "group.succeeded",
        "group.remove_proposed",
        "device.retired",
        "aside.started",
        "identity.issued",
        "staff.certified",
        "device.certified",
        "device.link_asked",
        "recovery.kept",
        "recovery.asked",
        "account.revocation_proposed",
        "account.revoked",
        "carer.linked",
        "carer.code_made",
        "delegation.proposed",
        "delegation.confirmed",
        "delegation.accepted",
        "delegation.activated",
        "delegation.narrowed",
        "delegation.revoked",
        "delegation.resigned",
        "delegation.suspended",
        "delegation.expired",
    }


@pytest.mark.parametrize(
    ("size", "bucket"),
    [(0, 1), (1, 1), (2, 2), (3, 4), (256, 256), (257, 512), (65536, 65536), (65537, 131072)],
)
def test_a_length_is_told_as_a_power_of_two(size: int, bucket: int) -> None:
    """At its border and one past it."""
    assert length_bucket(size) == bucket


@given(st.integers(1, 2**30))
def test_a_length_fits_its_bucket_and_no_smaller_one(size: int) -> None:
    """The bucket is a power of two, holds the length, and half of it would not."""
    bucket = length_bucket(size)

    assert bucket & (bucket - 1) == 0
    assert bucket // 2 < size <= bucket


def test_a_commitment_opens_with_its_salt_only() -> None:
    """SHA-256 over salt and value: another salt or another value is another commitment."""
    committed = commitment(b"s" * 32, "age")

    assert committed == hashlib.sha256(b"s" * 32 + b"age").hexdigest()
    assert committed != commitment(b"t" * 32, "age")
    assert committed != commitment(b"s" * 32, "health")


def test_an_entry_recognises_a_ciphertext_and_tells_nothing_of_it() -> None:
    """Hash, tag, bucket, epoch, place: not the length, not a byte."""
    told: dict[str, Any] = Sealed(b"ciphertext", 3, 9).as_json()

    assert told == {
        "ciphertext": hashlib.sha256(b"ciphertext").hexdigest(),
        "epoch": 3,
        "franking_tag": None,
        "length_bucket": 16,
        "message": None,
        "seq": 9,
        "transcript": None,
    }
