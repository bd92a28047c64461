"""Signed statements: frozen byte for byte, one form for each value, nothing believed unsigned."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto.errors import BadSignature, CryptoError, MalformedInput
from crypto.keys import Secret
from crypto.policy.statements import (
    MAX_NUMBER,
    DeviceRevocation,
    EpochReceipt,
    RemoveJustification,
    Unverified,
    authenticator_hash,
    sign,
)
from crypto.suites import MLS_128_DHKEMX25519_AES128GCM_SHA256_ED25519 as SUITE

GOLDEN: Final = Path(__file__).parents[2] / "vectors" / "policy" / "statements.json"
KEY = SUITE.signing_key(Secret(bytes(range(32))))
OTHER_KEY = SUITE.signing_key(Secret(b"\x07" * 32))

RECEIPT = EpochReceipt(
    deployment="test.example",
    conversation=b"c" * 16,
    group_id=b"c" * 16 + b"\x02",
    epoch=7,
    confirmed_transcript_hash=b"t" * 32,
    authenticator_hash=authenticator_hash(b"the authenticator of an epoch"),
    device=b"d" * 16,
)
REVOCATION = DeviceRevocation(
    deployment="test.example",
    person=b"p" * 16,
    device=b"d" * 16,
    signer=b"e" * 16,
    at_us=1_790_000_000_000_000,
)
JUSTIFICATION = RemoveJustification(
    conversation=b"c" * 16,
    device=b"d" * 16,
    confirmed_transcript_hash=b"t" * 32,
    statement=b"signed",
)
STATEMENTS: tuple[Any, ...] = (RECEIPT, REVOCATION)


def golden() -> dict[str, str]:
    """Return the frozen bytes, in hex."""
    rows: dict[str, str] = json.loads(GOLDEN.read_text("utf-8"))
    return rows


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("EpochReceipt", sign(RECEIPT, KEY)),
        ("DeviceRevocation", sign(REVOCATION, KEY)),
        ("RemoveJustification", JUSTIFICATION.encode()),
    ],
)
def test_the_bytes_of_a_statement_are_frozen(name: str, data: bytes) -> None:
    """Signatures stand for years: no field moves, no label changes."""
    assert data.hex() == golden()[name]


@pytest.mark.parametrize("statement", STATEMENTS, ids=lambda one: type(one).__name__)
def test_a_signed_statement_is_believed(statement: Any) -> None:
    """By the key that signed it, and it says what was signed."""
    came = Unverified.decode(type(statement), sign(statement, KEY))

    assert came.verify(KEY.public) == statement


@pytest.mark.parametrize("statement", STATEMENTS, ids=lambda one: type(one).__name__)
def test_another_key_signed_nothing(statement: Any) -> None:
    """A statement of somebody else is nobody's."""
    came = Unverified.decode(type(statement), sign(statement, OTHER_KEY))

    with pytest.raises(BadSignature):
        came.verify(KEY.public)


@pytest.mark.parametrize(
    "change",
    [
        {"deployment": "test.exampl"},
        {"conversation": b"x" * 16},
        {"group_id": b"c" * 16},
        {"epoch": 8},
        {"confirmed_transcript_hash": b"x" * 32},
        {"authenticator_hash": b"x" * 32},
        {"device": b"x" * 16},
    ],
    ids=lambda change: next(iter(change)),
)
def test_the_signature_covers_every_field_of_a_receipt(change: dict[str, Any]) -> None:
    """Whatever changes, the signature holds no more."""
    came = Unverified.decode(EpochReceipt, sign(RECEIPT, KEY))

    with pytest.raises(BadSignature):
        replace(came, content=replace(RECEIPT, **change)).verify(KEY.public)


@pytest.mark.parametrize(
    "change",
    [
        {"deployment": "x"},
        {"person": b"x" * 16},
        {"device": b"x" * 16},
        {"signer": b"x" * 16},
        {"at_us": 1},
    ],
    ids=lambda change: next(iter(change)),
)
def test_the_signature_covers_every_field_of_a_revocation(change: dict[str, Any]) -> None:
    """Whatever changes, the signature holds no more."""
    came = Unverified.decode(DeviceRevocation, sign(REVOCATION, KEY))

    with pytest.raises(BadSignature):
        replace(came, content=replace(REVOCATION, **change)).verify(KEY.public)


def test_the_signature_of_one_kind_is_none_of_another() -> None:
    """The label holds the kind: equal bytes under another name would not pass."""
    content = RECEIPT.encode()
    signature = KEY.sign_with_label(REVOCATION.label, content)

    with pytest.raises(BadSignature):
        Unverified(RECEIPT, signature).verify(KEY.public)


@pytest.mark.parametrize("kind", [EpochReceipt, DeviceRevocation])
@pytest.mark.parametrize("version", [0, 2, 255])
def test_another_version_is_refused(kind: Any, version: int) -> None:
    """Nobody guesses what a later one says."""
    data = sign(RECEIPT if kind is EpochReceipt else REVOCATION, KEY)

    with pytest.raises(MalformedInput):
        Unverified.decode(kind, bytes((version,)) + data[1:])


@pytest.mark.parametrize("statement", STATEMENTS, ids=lambda one: type(one).__name__)
def test_every_cut_is_refused(statement: Any) -> None:
    """Too short by any number of bytes, or one too long."""
    data = sign(statement, KEY)

    for wrong in (*(data[:size] for size in range(len(data))), data + b"\0"):
        with pytest.raises(MalformedInput):
            Unverified.decode(type(statement), wrong)


def test_a_justification_comes_back_whole() -> None:
    """And cut or lengthened it does not."""
    data = JUSTIFICATION.encode()

    assert RemoveJustification.decode(data) == JUSTIFICATION
    for wrong in (*(data[:size] for size in range(len(data))), data + b"\0"):
        with pytest.raises(MalformedInput):
            RemoveJustification.decode(wrong)


def test_a_number_that_a_browser_cannot_hold_is_refused() -> None:
    """At the border exactly."""
    held = sign(replace(REVOCATION, at_us=MAX_NUMBER), KEY)
    beyond = sign(replace(REVOCATION, at_us=MAX_NUMBER + 1), KEY)

    assert Unverified.decode(DeviceRevocation, held).content.at_us == MAX_NUMBER
    with pytest.raises(MalformedInput):
        Unverified.decode(DeviceRevocation, beyond)


def test_a_receipt_does_not_tell_the_authenticator() -> None:
    """Only its hash: two members compare, nobody else learns a secret."""
    assert len(authenticator_hash(b"a")) == 32
    assert authenticator_hash(b"a") != authenticator_hash(b"b")
    assert b"the authenticator" not in sign(RECEIPT, KEY)


@given(st.binary(max_size=300))
def test_no_bytes_do_more_than_raise(data: bytes) -> None:
    """Whatever comes, the fault is a declared one; what is read is written the same."""
    for kind in (EpochReceipt, DeviceRevocation):
        try:
            came = Unverified.decode(kind, b"\x01" + data)
        except CryptoError:
            continue
        with pytest.raises(BadSignature):
            came.verify(KEY.public)
