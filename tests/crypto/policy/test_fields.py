"""Fields: what is written is read again, and what is out of bounds is neither written nor read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crypto.encoding import Writer
from crypto.errors import MalformedInput
from crypto.policy.fields import (
    MAX_NUMBER,
    MAX_WORDS,
    Field,
    Layout,
    fixed,
    flag,
    hash32,
    id16,
    number,
    opaque,
    opaques,
    optional,
    structs,
    uint16,
    word,
    words,
)


@dataclass(frozen=True, slots=True)
class Part(Layout):
    """A structure within another."""

    FIELDS: ClassVar = (number("value"),)

    value: int


def _key(part: Part) -> bytes:
    return part.value.to_bytes(8, "big")


def of(field: Field) -> type[Layout]:
    """Return a structure of one field."""

    @dataclass(frozen=True, slots=True)
    class One(Layout):
        VERSION: ClassVar = 1
        FIELDS: ClassVar = (field,)

        value: Any

    return One


GOOD: list[tuple[Field, Any, str]] = [
    (fixed("value", 3), b"abc", "616263"),
    (id16("value"), bytes(16), "00" * 16),
    (hash32("value"), bytes(32), "00" * 32),
    (opaque("value", 3), b"", "00"),
    (opaque("value", 3), b"abc", "03616263"),
    (optional("value", 3), b"", "00"),
    (optional("value", 3), b"abc", "03616263"),
    (number("value"), 0, "00" * 8),
    (number("value"), MAX_NUMBER, "001fffffffffffff"),
    (uint16("value"), 0xF0C1, "f0c1"),
    (flag("value"), True, "01"),
    (flag("value"), False, "00"),
    (word("value"), "abc", "03616263"),
    (words("value"), (), "00"),
    (words("value"), ("a", "b"), "0401610162"),
    (opaques("value", at_most=2, each=1), (b"x", b"y"), "0401780179"),
    (structs("value", Part, at_most=1), (Part(1),), "080000000000000001"),
]


@pytest.mark.parametrize(("field", "value", "expected"), GOOD)
def test_a_field_has_one_form(field: Field, value: Any, expected: str) -> None:
    """Byte for byte, as the twin in TypeScript writes it."""
    kind = of(field)

    data = kind(value).encode()  # type: ignore[call-arg]

    assert data.hex() == f"01{expected}"
    assert kind.decode(data) == kind(value)  # type: ignore[call-arg]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        (fixed("value", 3), b"ab"),
        (opaque("value", 3), b"abcd"),
        (optional("value", 3), b"ab"),
        (optional("value", 3), b"abcd"),
        (number("value"), MAX_NUMBER + 1),
        (number("value"), -1),
        (uint16("value"), 2**16),
        (word("value", 3), "abcd"),
        (word("value"), "é"),
        (words("value"), ("b", "a")),
        (words("value"), ("a", "a")),
        (words("value"), tuple(f"{n:03}" for n in range(MAX_WORDS + 1))),
        (opaques("value", at_most=2, each=1), (b"x", b"y", b"z")),
        (opaques("value", at_most=2, each=1), (b"",)),
        (opaques("value", at_most=2, each=1), (b"xy",)),
        (structs("value", Part, at_most=1), (Part(1), Part(2))),
        (structs("value", Part, at_most=2, key=_key), (Part(2), Part(1))),
        (structs("value", Part, at_most=2, key=_key), (Part(1), Part(1))),
    ],
)
def test_what_is_out_of_bounds_is_not_written(field: Field, value: Any) -> None:
    """Whoever writes it learns it first."""
    with pytest.raises(MalformedInput):
        of(field)(value).encode()  # type: ignore[call-arg]


@pytest.mark.parametrize(
    ("field", "data"),
    [
        (opaque("value", 3), "0461626364"),
        (optional("value", 3), "026162"),
        (number("value"), "0020000000000000"),
        (flag("value"), "02"),
        (word("value", 3), "0461626364"),
        (word("value"), "02c3a9"),
        (words("value"), "0401620161"),
        (words("value"), "0401610161"),
        (opaques("value", at_most=2, each=1), "06017801790" + "17a"),
        (opaques("value", at_most=2, each=1), "0100"),
        (structs("value", Part, at_most=1), "10" + "00" * 16),
        (structs("value", Part, at_most=2, key=_key), "10" + "00" * 16),
    ],
)
def test_what_is_out_of_bounds_is_not_read(field: Field, data: str) -> None:
    """Whatever it would have meant."""
    with pytest.raises(MalformedInput):
        of(field).decode(bytes.fromhex(f"01{data}"))


@pytest.mark.parametrize("version", [0, 2, 255])
def test_another_version_is_not_read(version: int) -> None:
    """Nobody guesses what a later one says."""
    with pytest.raises(MalformedInput):
        of(number("value")).decode(bytes((version,)) + bytes(8))


def test_a_structure_without_a_version_has_none() -> None:
    """A part is as old as the whole."""
    writer = Writer()
    Part(5).write(writer)

    assert writer.finish() == (5).to_bytes(8, "big")


@given(st.frozensets(st.text(st.characters(codec="ascii"), max_size=10), max_size=MAX_WORDS))
@settings(max_examples=50)
def test_any_set_of_words_is_read_as_it_was_written(said: frozenset[str]) -> None:
    """In one order."""
    kind = of(words("value"))
    value = kind(tuple(sorted(said)))  # type: ignore[call-arg]

    assert kind.decode(value.encode()) == value
