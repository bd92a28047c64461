"""One value, one sequence of bytes: the JSON that log entries are made of.

Keys are ASCII and sorted, numbers are integers within ±2^53, there is no white space, and
text is UTF-8 with only the escapes that JSON demands. That is the subset of RFC 8785 that
needs no floating point, so any JCS implementation writes the same bytes. The bytes are made
once, by the hub; a verifier hashes what it is given and never encodes again.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, NoReturn, TypeAlias

from crypto.errors import MalformedInput

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

JsonValue: TypeAlias = "bool | int | str | Sequence[JsonValue] | Mapping[str, JsonValue] | None"

# AUDIT.md: an entry over 8 kB is not an entry but somebody's payload.
MAX_ENTRY_BYTES = 8192
# The largest integer that every JSON reader, JavaScript's included, keeps exact.
MAX_INTEGER = 2**53
# Entries nest three deep; 16 leaves room and keeps the recursion below small.
MAX_DEPTH = 16

_ENCODER = json.JSONEncoder(
    ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":"), check_circular=False
)


def encode(value: JsonValue) -> bytes:
    """Return the canonical bytes of `value`; raise `MalformedInput` if it has none."""
    _check(value, MAX_DEPTH)
    try:
        data = _ENCODER.encode(value).encode()
    except UnicodeEncodeError as exc:
        raise MalformedInput("text with half of a surrogate pair") from exc
    if len(data) > MAX_ENTRY_BYTES:
        raise MalformedInput("longer than an entry may be")
    return data


def decode(data: bytes) -> JsonValue:
    """Return the value of canonical bytes; refuse any other spelling of the same value."""
    if len(data) > MAX_ENTRY_BYTES:
        raise MalformedInput("longer than an entry may be")
    try:
        value: JsonValue = json.loads(
            data.decode(), parse_float=_refuse_number, parse_constant=_refuse_number
        )
    except (ValueError, RecursionError) as exc:
        raise MalformedInput("not JSON") from exc
    # Encoding again catches everything at once: order, spaces, escapes, repeated keys, -0.
    if encode(value) != data:
        raise MalformedInput("JSON, but not in its canonical form")
    return value


def _check(value: object, depth: int) -> None:
    # Exact types: a subclass (an IntEnum, a named tuple) may print as something else.
    kind = type(value)
    if value is None or kind is bool or kind is str:
        return
    if kind is int:
        _check_integer(value)
    elif depth == 0:
        raise MalformedInput("nested too deep")
    elif kind is dict:
        _check_object(value, depth)
    elif kind is list or kind is tuple:
        for item in value:  # type: ignore[attr-defined]
            _check(item, depth - 1)
    else:
        raise MalformedInput("a value of this type has no canonical form")


def _check_integer(value: object) -> None:
    if not -MAX_INTEGER <= value <= MAX_INTEGER:  # type: ignore[operator]
        raise MalformedInput("an integer beyond ±2^53")


def _check_object(value: object, depth: int) -> None:
    for key, item in value.items():  # type: ignore[attr-defined]
        if type(key) is not str or not key.isascii():
            raise MalformedInput("a key is not ASCII text")
        _check(item, depth - 1)


def _refuse_number(text: str) -> NoReturn:
    raise ValueError(text)
