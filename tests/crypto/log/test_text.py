"""The words of the log's texts: each has exactly one spelling."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto.errors import MalformedInput
from crypto.log import text


@given(st.binary(max_size=80))
def test_base64_is_read_as_it_was_written(data: bytes) -> None:
    """Every sequence of bytes survives the round trip."""
    assert text.decode_base64(text.encode_base64(data)) == data


@pytest.mark.parametrize(
    "spelled", ["AA", "AA=", "AB==", "AA==\n", " AA==", "AA==AA==", "é", "_-8="]
)
def test_another_spelling_in_base64_is_refused(spelled: str) -> None:
    """Padding is there, low bits are zero, and the alphabet is the standard one."""
    with pytest.raises(MalformedInput):
        text.decode_base64(spelled)


@given(st.integers(0, 2**63 - 1))
def test_a_number_is_read_as_it_was_written(number: int) -> None:
    """Every tree size survives the round trip."""
    assert text.decode_decimal(str(number)) == number


@pytest.mark.parametrize("spelled", ["", "00", "01", "-1", "+1", "1 ", "1_0", "٣", str(2**63)])
def test_another_spelling_of_a_number_is_refused(spelled: str) -> None:
    """Signs, leading zeros, spaces and other scripts' digits are refused."""
    with pytest.raises(MalformedInput):
        text.decode_decimal(spelled)


@pytest.mark.parametrize("length", [0, 31, 33])
def test_a_hash_of_another_length_is_refused(length: int) -> None:
    """SHA-256 is 32 bytes."""
    with pytest.raises(MalformedInput):
        text.decode_hash(text.encode_base64(bytes(length)))


@pytest.mark.parametrize(
    "name",
    [
        "",
        "a b",
        "a+b",
        "a\tb",
        "a\nb",
        "a\x7fb",
        "a\x85b",
        "a\x90b",
        "a\xa0b",
        "a\u2003b",
        "a\u3000",
        "\ud800",
    ],
)
def test_a_name_that_no_signature_line_can_carry_is_refused(name: str) -> None:
    """signed-note: key names have neither Unicode spaces nor plus."""
    with pytest.raises(MalformedInput):
        text.check_key_name(name)


@pytest.mark.parametrize("name", ["colloque.example/care/1", "pharmacie-de-la-gare", "é.example"])
def test_a_name_may_be_any_other_text(name: str) -> None:
    """A schema-less address is usual; nothing demands it."""
    text.check_key_name(name)
