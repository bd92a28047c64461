"""How the fields of policy's structures are written: one form for each value.

The codec is the presentation language of MLS (RFC 9420, 2.1). An id is 16 bytes (a UUID), a key or
a hash 32, an instant or a count a uint64 below 2^53, a word `opaque<V>` of ASCII, `words` a vector
of words in ascending order, each once.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, Final, Self

from crypto.encoding import Reader, Struct, Writer, write_struct
from crypto.errors import MalformedInput

ID_BYTES: Final = 16
HASH_BYTES: Final = 32
KEY_BYTES: Final = 32
MAX_DEPLOYMENT_BYTES: Final = 255
MAX_WORD_BYTES: Final = 64
MAX_WORDS: Final = 32
# Neither an epoch nor an instant may leave the range that a browser's numbers hold exactly.
MAX_NUMBER: Final = 2**53 - 1


@dataclass(frozen=True, slots=True)
class Field:
    """How one field of a structure is written and read."""

    name: str
    write: Callable[[Writer, Any], None]
    read: Callable[[Reader], Any]


class Layout(Struct):
    """A structure of declared fields; subclasses are frozen dataclasses and declare `FIELDS`."""

    __slots__ = ()
    VERSION: ClassVar[int | None] = None
    """Stands before the fields as a uint8, where there is one."""
    FIELDS: ClassVar[tuple[Field, ...]]

    def write(self, writer: Writer) -> None:
        """Append the structure."""
        if self.VERSION is not None:
            writer.uint8(self.VERSION)
        for field in self.FIELDS:
            field.write(writer, getattr(self, field.name))

    @classmethod
    def read(cls, reader: Reader) -> Self:
        """Read the structure."""
        if cls.VERSION is not None and reader.uint8() != cls.VERSION:
            raise MalformedInput("another version of the structure")
        return cls(**{field.name: field.read(reader) for field in cls.FIELDS})


def fixed(name: str, length: int) -> Field:
    """Return a field of exactly so many bytes, without a length."""

    def write(writer: Writer, value: bytes) -> None:
        writer.fixed(value, length)

    return Field(name, write, lambda reader: reader.fixed(length))


def id16(name: str) -> Field:
    """Return the field of a UUID."""
    return fixed(name, ID_BYTES)


def hash32(name: str) -> Field:
    """Return the field of a hash, or of an Ed25519 key."""
    return fixed(name, HASH_BYTES)


def opaque(name: str, at_most: int) -> Field:
    """Return a field of any bytes, up to so many."""

    def write(writer: Writer, value: bytes) -> None:
        writer.opaque(value, at_most=at_most)

    return Field(name, write, lambda reader: reader.opaque(at_most=at_most))


def optional(name: str, length: int) -> Field:
    """Return a field of exactly so many bytes, or none."""

    def check(value: bytes) -> bytes:
        if len(value) not in (0, length):
            raise MalformedInput("a field has another length")
        return value

    def write(writer: Writer, value: bytes) -> None:
        writer.opaque(check(value), at_most=length)

    return Field(name, write, lambda reader: check(reader.opaque(at_most=length)))


def number(name: str) -> Field:
    """Return the field of an instant, an epoch or a count."""

    def check(value: int) -> int:
        if value > MAX_NUMBER:
            raise MalformedInput("a number beyond 2^53")
        return value

    def write(writer: Writer, value: int) -> None:
        writer.uint64(check(value))

    return Field(name, write, lambda reader: check(reader.uint64()))


def uint16(name: str) -> Field:
    """Return the field of a code point."""

    def write(writer: Writer, value: int) -> None:
        writer.uint16(value)

    return Field(name, write, lambda reader: reader.uint16())


def flag(name: str) -> Field:
    """Return the field of a yes or a no."""

    def read(reader: Reader) -> bool:
        value = reader.uint8()
        if value > 1:
            raise MalformedInput("neither true nor false")
        return value == 1

    def write(writer: Writer, value: bool) -> None:
        writer.uint8(int(value))

    return Field(name, write, read)


def word(name: str, at_most: int = MAX_WORD_BYTES) -> Field:
    """Return the field of a word."""

    def write(writer: Writer, value: str) -> None:
        _write_word(writer, value, at_most)

    return Field(name, write, lambda reader: _read_word(reader, at_most))


def words(name: str) -> Field:
    """Return a set of words: ascending, so that it is written one way only."""

    def write_one(writer: Writer, value: str) -> None:
        _write_word(writer, value, MAX_WORD_BYTES)

    def write(writer: Writer, value: tuple[str, ...]) -> None:
        writer.vector(_ascending(value), write_one)

    def read(reader: Reader) -> tuple[str, ...]:
        return _ascending(reader.vector(lambda inner: _read_word(inner, MAX_WORD_BYTES)))

    return Field(name, write, read)


def opaques(name: str, *, at_most: int, each: int) -> Field:
    """Return a vector of so many byte strings at the most, none of them empty."""

    def check(value: tuple[bytes, ...]) -> tuple[bytes, ...]:
        if len(value) > at_most or not all(value):
            raise MalformedInput("too many, or an empty one")
        return value

    def write_one(writer: Writer, value: bytes) -> None:
        writer.opaque(value, at_most=each)

    def write(writer: Writer, value: tuple[bytes, ...]) -> None:
        writer.vector(check(value), write_one)

    def read(reader: Reader) -> tuple[bytes, ...]:
        return check(reader.vector(lambda inner: inner.opaque(at_most=each)))

    return Field(name, write, read)


def structs(
    name: str, kind: type[Layout], *, at_most: int, key: Callable[[Any], bytes] | None = None
) -> Field:
    """Return a vector of so many structures at the most; ascending by `key`, where there is one."""

    def check(value: tuple[Any, ...]) -> tuple[Any, ...]:
        if len(value) > at_most:
            raise MalformedInput("more structures than allowed")
        keys = [] if key is None else [key(one) for one in value]
        if keys != sorted(set(keys)):
            raise MalformedInput("structures are ascending, each once")
        return value

    def write(writer: Writer, value: tuple[Any, ...]) -> None:
        writer.vector(check(value), write_struct)

    def read(reader: Reader) -> tuple[Any, ...]:
        return check(reader.vector(kind.read))

    return Field(name, write, read)


def _ascending(value: tuple[str, ...]) -> tuple[str, ...]:
    if len(value) > MAX_WORDS or list(value) != sorted(set(value)):
        raise MalformedInput("a set of words is ascending, each word once")
    return value


def _write_word(writer: Writer, value: str, at_most: int) -> None:
    try:
        writer.opaque(value.encode("ascii"), at_most=at_most)
    except UnicodeEncodeError as exc:
        raise MalformedInput("a word is ASCII") from exc


def _read_word(reader: Reader, at_most: int) -> str:
    try:
        return reader.opaque(at_most=at_most).decode("ascii")
    except UnicodeDecodeError as exc:
        raise MalformedInput("a word is ASCII") from exc
