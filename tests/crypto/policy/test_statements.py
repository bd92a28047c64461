"""Signed statements and structures: frozen byte for byte, one form for each value."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crypto.errors import BadSignature, CryptoError, MalformedInput
from crypto.mls.authenticated_data import AuthenticatedData
from crypto.policy import conversation, cosigned, identity, removal, statements
from crypto.policy.fields import MAX_NUMBER, Layout
from crypto.policy.statements import (
    DeviceRevocation,
    Statement,
    Unverified,
    authenticator_hash,
    sign,
    unsigned,
)
from crypto.suites import MLS_128_DHKEMX25519_AES128GCM_SHA256_ED25519 as SUITE
from tests.crypto.policy.build import golden_text
from tests.crypto.policy.golden import KEY, STATEMENTS, STRUCTURES, golden, told
from tests.crypto.policy.trial import DIRECTORY
from tests.crypto.policy.world import key

GOLDEN: Final[dict[str, Any]] = json.loads((DIRECTORY / "statements.json").read_text("utf-8"))
OTHER_KEY: Final = key("somebody else")
KINDS: Final[dict[str, type[Any]]] = {
    one.__name__: one
    for module in (conversation, cosigned, identity, removal, statements)
    for one in vars(module).values()
    if isinstance(one, type) and issubclass(one, Layout) and one not in (Layout, Statement)
} | {"AuthenticatedData": AuthenticatedData}
NAMED: Final = pytest.mark.parametrize("statement", STATEMENTS, ids=lambda one: type(one).__name__)


def test_the_golden_file_is_what_the_builder_makes() -> None:
    """Signatures stand for years: no field moves, no label changes, and nobody edits the file."""
    assert (DIRECTORY / "statements.json").read_text("utf-8") == golden_text()
    assert golden() == GOLDEN


def test_every_statement_is_in_the_golden_file() -> None:
    """A new one cannot be added without its bytes."""
    made = {name for name, kind in KINDS.items() if issubclass(kind, Statement)}

    assert {row["kind"] for row in GOLDEN["statements"]} == made


def test_every_structure_is_in_the_golden_file() -> None:
    """By itself, or as a part of another."""
    parts = {"DelegationRecord", "SignedConfirmation", "Tombstone", "EndingStatement", "Signature"}
    whole = {row["kind"] for row in GOLDEN["structures"]}

    assert whole | parts == {
        name for name, kind in KINDS.items() if not issubclass(kind, Statement)
    }


@pytest.mark.parametrize("row", GOLDEN["statements"], ids=lambda row: row["kind"])
def test_a_golden_statement_is_read_and_believed(row: dict[str, Any]) -> None:
    """It says what the file says, and the file's key signed it."""
    data = bytes.fromhex(row["signed"])
    came = Unverified.decode(KINDS[row["kind"]], data)

    said = came.verify(bytes.fromhex(GOLDEN["public_key"]))

    assert told(said) == row["fields"]
    assert said.digest.hex() == row["digest"]
    assert said.label.decode() == row["label"] == f"Colloque 1 {row['kind']}"
    assert unsigned(said).hex() == row["unsigned"]


@pytest.mark.parametrize("row", GOLDEN["structures"], ids=lambda row: row["kind"])
def test_a_golden_structure_is_read_and_written_again(row: dict[str, Any]) -> None:
    """It says what the file says, in one form."""
    read = KINDS[row["kind"]].decode(bytes.fromhex(row["bytes"]))

    assert told(read) == row["fields"]
    assert read.encode().hex() == row["bytes"]


@pytest.mark.parametrize("row", GOLDEN["refused"], ids=lambda row: row["name"])
def test_bytes_with_a_fault_are_refused(row: dict[str, Any]) -> None:
    """Each is a good structure with one fault."""
    kind, data = KINDS[row["kind"]], bytes.fromhex(row["bytes"])

    with pytest.raises(MalformedInput):
        _read(kind, data)


def _read(kind: type[Any], data: bytes) -> Any:
    return Unverified.decode(kind, data) if issubclass(kind, Statement) else kind.decode(data)


@NAMED
def test_another_key_signed_nothing(statement: Statement) -> None:
    """A statement of somebody else is nobody's."""
    came = Unverified.decode(type(statement), sign(statement, OTHER_KEY))

    with pytest.raises(BadSignature):
        came.verify(KEY.public)


@NAMED
def test_what_nobody_signed_is_not_believed(statement: Statement) -> None:
    """A mandate on paper reads like a statement, and no key vouches for it."""
    came = Unverified.decode(type(statement), unsigned(statement))

    assert came.content == statement
    with pytest.raises(BadSignature):
        came.verify(KEY.public)


@NAMED
def test_the_signature_covers_every_field(statement: Statement) -> None:
    """Whatever changes, the signature holds no more."""
    came: Unverified[Statement] = Unverified.decode(type(statement), sign(statement, KEY))

    for field in type(statement).FIELDS:
        bent = replace(
            statement, **{field.name: _other(field.name, getattr(statement, field.name))}
        )  # type: ignore[type-var]
        with pytest.raises(BadSignature):
            Unverified(bent, came.signature).verify(KEY.public)


def _other(name: str, value: Any) -> Any:
    """Return another value of the same kind and length."""
    match value:
        case bool():
            return not value
        case int():
            return value ^ 1
        case str():
            return f"{value}x"
        case tuple():
            return (*value, "~")
        case bytes() if not value:
            return bytes(32 if name in {"grantor_aik", "evidence"} else 16)
        case _:
            return bytes((value[0] ^ 1,)) + value[1:]


@NAMED
def test_every_flipped_bit_of_a_statement_is_refused(statement: Statement) -> None:
    """No bit of it is free: it does not read, or the signature does not hold."""
    data = sign(statement, KEY)

    for bit in range(0, len(data) * 8, 7):
        flipped = bytearray(data)
        flipped[bit // 8] ^= 1 << bit % 8
        with pytest.raises(CryptoError):
            Unverified.decode(type(statement), bytes(flipped)).verify(KEY.public)


@pytest.mark.parametrize("structure", STRUCTURES, ids=lambda one: type(one).__name__)
def test_every_flipped_bit_of_a_structure_is_another_one_or_refused(structure: Any) -> None:
    """No two spellings of one value."""
    data = structure.encode()

    for bit in range(0, len(data) * 8, 1 + len(data) // 256):
        flipped = bytearray(data)
        flipped[bit // 8] ^= 1 << bit % 8
        try:
            read = type(structure).decode(bytes(flipped))
        except CryptoError:
            continue
        assert read != structure
        assert read.encode() == bytes(flipped)


@pytest.mark.parametrize("kind", sorted(KINDS))
@settings(max_examples=30)
@given(st.binary(max_size=200), st.sampled_from([b"", b"\x01", b"\x02", b"\x00\x02"]))
def test_random_bytes_crash_nothing(kind: str, data: bytes, start: bytes) -> None:
    """They are refused, or they were what they are read as."""
    try:
        read = _read(KINDS[kind], start + data)
    except CryptoError:
        return
    if not isinstance(read, Unverified):
        assert read.encode() == start + data


def test_the_signature_of_one_kind_is_none_of_another() -> None:
    """The label holds the kind: equal bytes under another name would not pass."""
    receipt, revocation = STATEMENTS[-1], STATEMENTS[5]
    signature = KEY.sign_with_label(revocation.label, receipt.encode())

    with pytest.raises(BadSignature):
        Unverified(receipt, signature).verify(KEY.public)


def test_every_label_is_of_one_kind() -> None:
    """Two kinds under one label could pass for one another."""
    labels = [one.label for one in KINDS.values() if issubclass(one, Statement)]

    assert len(set(labels)) == len(labels)


@pytest.mark.parametrize(
    "change",
    [
        {"at_us": MAX_NUMBER + 1},
        {"at_us": -1},
        {"device": b"d" * 15},
        {"device": b"d" * 17},
        {"conversation": b"c" * 15},
        {"deployment": "x" * 256},
        {"deployment": "démonstration"},
    ],
    ids=str,
)
def test_what_is_out_of_bounds_is_not_written(change: dict[str, Any]) -> None:
    """What nobody may read, nobody signs."""
    revocation = STATEMENTS[5]
    assert isinstance(revocation, DeviceRevocation)

    with pytest.raises(MalformedInput):
        sign(replace(revocation, **change), KEY)


def test_a_hash_of_an_authenticator_tells_nothing_of_it() -> None:
    """It is enough to compare, and it is the same for everybody."""
    assert authenticator_hash(b"secret") == SUITE.hash(b"secret")
