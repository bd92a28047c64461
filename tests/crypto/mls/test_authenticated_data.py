"""Authenticated data: what a message says to the hub and the members alike."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto.errors import CryptoError, MalformedInput
from crypto.mls.authenticated_data import AuthenticatedData, SignalHeader, SignalType
from tests.crypto.mls.builders import golden_messages

VALID: dict[str, Any] = {
    "id": bytes(range(16)),
    "kind": "message",
    "counter": 5,
    "sent_at": 1_790_000_000_000,
    "franking_tag": bytes(32),
}


def an_authenticated_data(**changed: object) -> AuthenticatedData:
    return AuthenticatedData(**(VALID | changed))


@given(
    st.binary(min_size=16, max_size=16),
    st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=1, max_size=32),
    st.integers(0, 2**53 - 1),
    st.integers(0, 2**53 - 1),
    st.binary(min_size=32, max_size=32),
)
def test_it_is_read_as_it_was_written(
    message_id: bytes, kind: str, counter: int, sent_at: int, tag: bytes
) -> None:
    """Every field survives the round trip."""
    data = AuthenticatedData(
        id=message_id, kind=kind, counter=counter, sent_at=sent_at, franking_tag=tag
    )

    assert AuthenticatedData.decode(data.encode()) == data


def golden_signal(case: dict[str, Any]) -> SignalHeader | None:
    """Return what a golden signal says of its call."""
    signal = case.get("signal")
    return signal and SignalHeader(
        call=bytes.fromhex(signal["call"]),
        to=bytes.fromhex(signal["to"]),
        generation=signal["generation"],
        type=SignalType(signal["type"]),
    )


@pytest.mark.parametrize("case", golden_messages(), ids=lambda case: case["kind"])
def test_its_layout_is_that_of_the_golden_file(case: dict[str, Any]) -> None:
    """A Go program laid the same fields out, byte after byte."""
    data = AuthenticatedData(
        id=bytes.fromhex(case["id"]),
        kind=case["kind"],
        counter=case["counter"],
        sent_at=case["sent_at"],
        franking_tag=bytes.fromhex(case["franking_tag"]),
        signal=golden_signal(case),
    )

    assert data.encode().hex() == case["authenticated_data"]
    assert AuthenticatedData.decode(bytes.fromhex(case["authenticated_data"])) == data


@pytest.mark.parametrize(
    "changed",
    [
        {"id": bytes(15)},
        {"id": bytes(17)},
        {"kind": ""},
        {"kind": "k" * 33},
        {"kind": "été"},
        {"kind": "a b"},
        {"kind": "a\n"},
        {"counter": -1},
        {"counter": 2**53},
        {"sent_at": -1},
        {"sent_at": 2**53},
        {"franking_tag": bytes(31)},
        {"acting_for": b"patient"},
        {"delegation": b"delegation"},
    ],
    ids=str,
)
def test_a_field_out_of_bounds_is_refused(changed: dict[str, object]) -> None:
    """Lengths, alphabets and ranges hold; and in version 1 nobody acts for another."""
    with pytest.raises(MalformedInput):
        an_authenticated_data(**changed)


@pytest.mark.parametrize(
    ("at", "value"),
    [
        (slice(0, 2), b"\x00\x00"),
        (slice(0, 2), b"\x00\x02"),
        (slice(18, 26), b"\x00"),
        (slice(19, 20), b"\xff"),
        (slice(26, 34), b"\xff" * 8),
        (slice(-2, None), b"\x01x\x00"),
        (slice(-1, None), b"\x01x"),
        (slice(-1, None), b"\x00\x00"),
        (slice(-1, None), b""),
    ],
    ids=[
        "version 0",
        "version 2",
        "no kind",
        "kind not ASCII",
        "counter of 2^64 - 1",
        "acting for somebody",
        "under a delegation",
        "a byte after the end",
        "cut short",
    ],
)
def test_bytes_with_a_fault_are_refused(at: slice, value: bytes) -> None:
    """Each fault alone is enough."""
    data = bytearray(an_authenticated_data().encode())
    data[at] = value

    with pytest.raises(MalformedInput):
        AuthenticatedData.decode(bytes(data))


@given(st.binary(max_size=120), st.sampled_from([b"", b"\x00\x01"]))
def test_random_bytes_crash_nothing(data: bytes, start: bytes) -> None:
    """They are refused, or they were authenticated data."""
    try:
        decoded = AuthenticatedData.decode(start + data)
    except CryptoError:
        return
    assert decoded.encode() == start + data
