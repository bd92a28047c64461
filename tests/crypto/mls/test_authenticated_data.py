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


def golden_acting(case: dict[str, Any]) -> dict[str, Any]:
    """Return for whom a golden message says it is sent."""
    acting = case.get("acting")
    return (
        {} if acting is None else an_acting(acting["for"], acting["delegation"], acting["version"])
    )


def an_acting(patient: str, delegation: str, version: int) -> dict[str, Any]:
    return {
        "acting_for": bytes.fromhex(patient),
        "delegation": bytes.fromhex(delegation),
        "delegation_version": version,
    }


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
        **golden_acting(case),
    )

    assert data.encode().hex() == case["authenticated_data"]
    assert AuthenticatedData.decode(bytes.fromhex(case["authenticated_data"])) == data


SIGNAL: dict[str, Any] = {
    "call": bytes(range(16)),
    "to": bytes(range(16, 32)),
    "generation": 1,
    "type": SignalType.OFFER,
}
HEADER_BYTES = 16 + 16 + 4 + 1


def a_signal(**changed: object) -> AuthenticatedData:
    return an_authenticated_data(kind="signal", signal=SignalHeader(**(SIGNAL | changed)))


@given(
    st.binary(min_size=16, max_size=16),
    st.binary(min_size=16, max_size=16),
    st.integers(0, 2**31 - 1),
    st.sampled_from(SignalType),
)
def test_a_signal_is_read_as_it_was_written(
    call: bytes, to: bytes, generation: int, what: SignalType
) -> None:
    """Its call, its receiver, its generation and its type survive the round trip."""
    data = a_signal(call=call, to=to, generation=generation, type=what)

    assert AuthenticatedData.decode(data.encode()) == data


def test_a_signal_lays_its_fields_at_the_end() -> None:
    """Byte after byte, as the twin in TypeScript writes them."""
    data = a_signal(generation=0x01020304, type=SignalType.CANDIDATES).encode()

    assert data[-HEADER_BYTES:] == bytes(range(32)) + b"\x01\x02\x03\x04" + b"\x03"
    for_nobody = bytes(2 + 8)
    assert data[:-HEADER_BYTES].endswith(for_nobody), "no patient, no delegation, version 0"


def test_every_truncation_of_a_signal_is_refused() -> None:
    """Half a header is no header, whatever it would have said."""
    data = a_signal().encode()

    for length in range(len(data)):
        with pytest.raises(CryptoError):
            AuthenticatedData.decode(data[:length])


@pytest.mark.parametrize("extra", [b"\x00", b"\x01" * HEADER_BYTES], ids=["a byte", "a header"])
@pytest.mark.parametrize("make", [an_authenticated_data, a_signal], ids=["message", "signal"])
def test_nothing_follows(make: Any, extra: bytes) -> None:
    """A message has no header of a signal, and a signal has one."""
    with pytest.raises(MalformedInput):
        AuthenticatedData.decode(make().encode() + extra)


def with_kind(data: bytes, kind: bytes) -> bytes:
    """Return authenticated data under another kind of the same or another length."""
    length = data[18]
    return data[:18] + bytes([len(kind)]) + kind + data[19 + length :]


def test_a_message_that_calls_itself_a_signal_is_refused() -> None:
    """It lacks the header; and a signal that calls itself a message has one too many."""
    with pytest.raises(MalformedInput):
        AuthenticatedData.decode(with_kind(an_authenticated_data().encode(), b"signal"))
    with pytest.raises(MalformedInput):
        AuthenticatedData.decode(with_kind(a_signal().encode(), b"message"))


@pytest.mark.parametrize("kind", ["message", "Signal", "signals", "signal.offer", "act.consent"])
def test_only_a_signal_says_its_call(kind: str) -> None:
    """The fields stand there exactly for the kind `signal`."""
    with pytest.raises(MalformedInput):
        an_authenticated_data(kind=kind, signal=SignalHeader(**SIGNAL))
    with pytest.raises(MalformedInput):
        an_authenticated_data(kind="signal")


@pytest.mark.parametrize("what", [0, 4, 255])
def test_a_type_that_is_none_is_refused(what: int) -> None:
    """Offer, answer, candidates: there is no fourth."""
    data = a_signal().encode()[:-1] + bytes([what])

    with pytest.raises(MalformedInput):
        AuthenticatedData.decode(data)


@pytest.mark.parametrize("generation", [2**31, 2**32 - 1])
def test_a_generation_beyond_the_wires_range_is_refused(generation: int) -> None:
    """Four bytes could hold it; the frames of a call could not."""
    data = bytearray(a_signal().encode())
    data[-5:-1] = generation.to_bytes(4, "big")

    with pytest.raises(MalformedInput):
        AuthenticatedData.decode(bytes(data))


@pytest.mark.parametrize(
    "changed",
    [
        {"call": bytes(15)},
        {"call": bytes(17)},
        {"to": bytes(15)},
        {"to": b""},
        {"generation": -1},
        {"generation": 2**31},
    ],
    ids=str,
)
def test_a_field_of_a_signal_out_of_bounds_is_refused(changed: dict[str, object]) -> None:
    """Also before it is written."""
    with pytest.raises(MalformedInput):
        a_signal(**changed)


def test_every_flipped_bit_of_a_signal_is_another_one_or_refused() -> None:
    """No two spellings of one header."""
    data = a_signal().encode()

    for bit in range(len(data) * 8):
        flipped = bytearray(data)
        flipped[bit // 8] ^= 1 << bit % 8
        try:
            decoded = AuthenticatedData.decode(bytes(flipped))
        except CryptoError:
            continue
        assert decoded != a_signal()
        assert decoded.encode() == bytes(flipped)


def test_the_golden_file_has_a_signal() -> None:
    """What the Go program laid out, the browser reads too."""
    assert [case["kind"] for case in golden_messages() if case.get("signal")] == ["signal"]


PATIENT, DELEGATION = b"p" * 16, b"d" * 16
ACTING = an_acting(PATIENT.hex(), DELEGATION.hex(), 3)


@given(
    st.binary(min_size=16, max_size=16),
    st.binary(min_size=16, max_size=16),
    st.integers(1, 2**53 - 1),
)
def test_a_carers_message_is_read_as_it_was_written(
    patient: bytes, delegation: bytes, version: int
) -> None:
    """For whom, under which delegation and by which version survive the round trip."""
    data = an_authenticated_data(**an_acting(patient.hex(), delegation.hex(), version))

    assert AuthenticatedData.decode(data.encode()) == data


def test_a_carers_signal_says_both() -> None:
    """For whom it is made, then which call it is of."""
    data = an_authenticated_data(kind="signal", signal=SignalHeader(**SIGNAL), **ACTING)

    said = b"\x10" + PATIENT + b"\x10" + DELEGATION + (3).to_bytes(8, "big")
    assert data.encode()[:-HEADER_BYTES].endswith(said)
    assert AuthenticatedData.decode(data.encode()) == data


def test_the_golden_file_has_carers_messages() -> None:
    """What the Go program laid out, the browser reads too."""
    assert sum("acting" in case for case in golden_messages()) == 2


@pytest.mark.parametrize(
    "without",
    [
        {"acting_for": b""},
        {"delegation": b""},
        {"delegation_version": 0},
        {"acting_for": b"", "delegation": b""},
        {"acting_for": b"", "delegation_version": 0},
        {"delegation": b"", "delegation_version": 0},
        {"acting_for": PATIENT[1:]},
        {"acting_for": PATIENT + b"p"},
        {"delegation": DELEGATION[1:]},
        {"delegation": DELEGATION + b"d"},
        {"delegation_version": -1},
        {"delegation_version": 2**53},
    ],
    ids=str,
)
def test_who_acts_for_another_says_everything_or_nothing(without: dict[str, object]) -> None:
    """A patient without a delegation, or a version of none, is no way to say it."""
    assert an_authenticated_data(**ACTING)

    with pytest.raises(MalformedInput):
        an_authenticated_data(**(ACTING | without))


@pytest.mark.parametrize(
    ("length", "value"),
    [(0, b"\x00"), (0, b"\x0f"), (17, b"\x00"), (17, b"\x0f"), (34, bytes(8)), (34, b"\xff" * 8)],
    ids=[
        "no patient",
        "a shorter patient",
        "no delegation",
        "a shorter delegation",
        "version 0",
        "version 2^64 - 1",
    ],
)
def test_a_carers_bytes_with_a_fault_are_refused(length: int, value: bytes) -> None:
    """Each fault alone is enough."""
    data = bytearray(an_authenticated_data(**ACTING).encode())
    at = len(data) - (17 + 17 + 8) + length
    data[at : at + len(value)] = value

    with pytest.raises(MalformedInput):
        AuthenticatedData.decode(bytes(data))


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
    ],
    ids=str,
)
def test_a_field_out_of_bounds_is_refused(changed: dict[str, object]) -> None:
    """Lengths, alphabets and ranges hold."""
    with pytest.raises(MalformedInput):
        an_authenticated_data(**changed)


@pytest.mark.parametrize(
    ("at", "value"),
    [
        (slice(0, 2), b"\x00\x00"),
        (slice(0, 2), b"\x00\x01"),
        (slice(0, 2), b"\x00\x03"),
        (slice(18, 26), b"\x00"),
        (slice(19, 20), b"\xff"),
        (slice(26, 34), b"\xff" * 8),
        (slice(-10, -8), b"\x01x\x00"),
        (slice(-10, -8), b"\x00\x01x"),
        (slice(-1, None), b"\x01"),
        (slice(-1, None), b"\x00\x00"),
        (slice(-1, None), b""),
    ],
    ids=[
        "version 0",
        "version 1",
        "version 3",
        "no kind",
        "kind not ASCII",
        "counter of 2^64 - 1",
        "acting for somebody",
        "under a delegation",
        "a version of no delegation",
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


@given(st.binary(max_size=120), st.sampled_from([b"", b"\x00\x02"]))
def test_random_bytes_crash_nothing(data: bytes, start: bytes) -> None:
    """They are refused, or they were authenticated data."""
    try:
        decoded = AuthenticatedData.decode(start + data)
    except CryptoError:
        return
    assert decoded.encode() == start + data
