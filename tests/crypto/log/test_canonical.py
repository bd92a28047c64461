"""Canonical JSON: one value, one sequence of bytes."""

from __future__ import annotations

import enum
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto.errors import CryptoError, MalformedInput
from crypto.log import canonical
from crypto.log.canonical import JsonValue

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
KEYS = st.text(st.characters(max_codepoint=127), max_size=8)
VALUES: st.SearchStrategy[JsonValue] = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=12,
)


class Colour(enum.IntEnum):
    """An integer that knows its name."""

    RED = 1


def nested(depth: int) -> JsonValue:
    value: JsonValue = 0
    for _ in range(depth):
        value = [value]
    return value


@given(VALUES)
def test_a_value_is_read_as_it_was_written(value: JsonValue) -> None:
    """Encoding loses nothing, and reading again accepts it."""
    assert canonical.decode(canonical.encode(value)) == value


@given(VALUES)
def test_a_value_has_one_spelling(value: JsonValue) -> None:
    """With spaces or escapes the same value is refused."""
    spelled = json.dumps(value, indent=1, ensure_ascii=True).encode()

    if spelled != canonical.encode(value):
        with pytest.raises(MalformedInput):
            canonical.decode(spelled)


def test_keys_are_sorted_and_nothing_is_spaced() -> None:
    """The order in which a caller names fields leaves no trace; text stays UTF-8."""
    assert canonical.encode({"b": [1, True, None], "a": "é\n"}) == (
        '{"a":"é\\n","b":[1,true,null]}'.encode()
    )


@pytest.mark.parametrize(
    "value",
    [
        1.0,
        float("nan"),
        {"a": {"b": 0.5}},
        b"bytes",
        {1: 2},
        {"é": 1},
        {None: 1},
        2**53 + 1,
        -(2**53) - 1,
        "\ud800",
        Colour.RED,
        {"a"},
        object(),
        "x" * 8191,
    ],
    ids=repr,
)
def test_what_has_no_canonical_form_is_refused(value: object) -> None:
    """Floats, other types, foreign keys, large numbers, broken text and 8 kB: never in a leaf."""
    with pytest.raises(MalformedInput):
        canonical.encode(value)  # type: ignore[arg-type]


def test_nesting_is_bounded() -> None:
    """Sixteen levels are written, seventeen are not."""
    assert canonical.decode(canonical.encode(nested(16))) == nested(16)
    with pytest.raises(MalformedInput):
        canonical.encode(nested(17))


def test_an_entry_of_exactly_8192_bytes_is_written() -> None:
    """The bound itself is allowed."""
    assert len(canonical.encode("x" * 8190)) == canonical.MAX_ENTRY_BYTES


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b'{"b":1,"a":2}',
        b'{"a":1,"a":1}',
        b'{"a": 1}',
        b"1.0",
        b"1e3",
        b"-0",
        b"01",
        b"NaN",
        b"Infinity",
        b'"\\u0041"',
        b'"\\/"',
        b'"\xff"',
        b'"\\ud800"',
        b"\xef\xbb\xbf1",
        b" 1",
        b"9007199254740993",
        b"1" * 5000,
        b"[" * 8000,
        b"[" * 17 + b"]" * 17,
        b'"' + b"x" * 8191 + b'"',
    ],
)
def test_bytes_that_are_not_canonical_are_refused(data: bytes) -> None:
    """Another spelling of an entry is another entry, hence no entry."""
    with pytest.raises(MalformedInput):
        canonical.decode(data)


@given(st.binary(max_size=60))
def test_random_bytes_crash_nothing(data: bytes) -> None:
    """They are refused, or they were canonical."""
    try:
        value = canonical.decode(data)
    except CryptoError:
        return
    assert canonical.encode(value) == data
