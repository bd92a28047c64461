"""The presentation language of MLS (RFC 9420, section 2.1), read and written with bounds.

A `Reader` never reads past its input, accepts only the shortest form of a length, and
`finish()` refuses what is left over. Lengths are checked against the caller's bound before
anything is copied.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, TypeVar

from crypto.errors import MalformedInput

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Self


T = TypeVar("T")

# RFC 9420, 2.1.2: the two high bits of the first byte say how many bytes the length takes;
# 0b11 (the 8-byte form of RFC 9000) is not allowed, which leaves 30 bits.
MAX_VECTOR_BYTES = 2**30 - 1
# The tree of a few thousand members in one message; frames have lower bounds of their own.
MAX_INPUT_BYTES = 2**24
_TWO_BYTES = 2**6
_FOUR_BYTES = 2**14
_INVALID_PREFIX = 3
_ONE_BYTE = [bytes((size,)) for size in range(_TWO_BYTES)]


class Reader:
    """Reads one structure from the front of `data`; raises `MalformedInput` at the first fault."""

    __slots__ = ("_at", "_data")

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def fixed(self, size: int) -> bytes:
        """Read `opaque[size]`."""
        end = self._at + size
        if end > len(self._data):
            raise MalformedInput("the input ends too early")
        taken = self._data[self._at : end]
        self._at = end
        return taken

    def uint8(self) -> int:
        """Read one byte."""
        at = self._at
        if at >= len(self._data):
            raise MalformedInput("the input ends too early")
        self._at = at + 1
        return self._data[at]

    def uint16(self) -> int:
        """Read a big-endian `uint16`."""
        return self._uint(2)

    def uint32(self) -> int:
        """Read a big-endian `uint32`."""
        return self._uint(4)

    def uint64(self) -> int:
        """Read a big-endian `uint64`."""
        return self._uint(8)

    def length(self) -> int:
        """Read the length that stands before a variable-size vector, in its shortest form."""
        first = self.uint8()
        prefix = first >> 6
        if prefix == 0:
            return first
        if prefix == _INVALID_PREFIX:
            raise MalformedInput("a vector length takes 1, 2 or 4 bytes")
        value = first & 0x3F
        for byte in self.fixed((1 << prefix) - 1):
            value = value << 8 | byte
        if _length_prefix(value) != prefix:
            raise MalformedInput("a vector length is not in its shortest form")
        return value

    def opaque(self, *, at_most: int = MAX_VECTOR_BYTES) -> bytes:
        """Read `opaque<V>` of at most `at_most` bytes."""
        size = self.length()
        if size > at_most:
            raise MalformedInput("a vector is longer than allowed")
        return self.fixed(size)

    def optional(self, read: Callable[[], T]) -> T | None:
        """Read `optional<T>`, using `read` when it is present."""
        present = self.uint8()
        if present > 1:
            raise MalformedInput("an optional is present (1) or absent (0)")
        return read() if present else None

    def vector(self, read: Callable[[Reader], T]) -> tuple[T, ...]:
        """Read `T<V>`: elements by `read` until the vector's bytes are used up."""
        inner = Reader(self.opaque())
        items: list[T] = []
        while not inner.at_end:
            items.append(read(inner))
        return tuple(items)

    @property
    def at_end(self) -> bool:
        """Tell whether everything has been read."""
        return self._at == len(self._data)

    def rest(self) -> bytes:
        """Take everything that is left, for a structure that another layer parses."""
        return self.fixed(len(self._data) - self._at)

    def finish(self) -> None:
        """Refuse trailing bytes."""
        if self._at < len(self._data):
            raise MalformedInput("bytes after the end")

    def _uint(self, size: int) -> int:
        return int.from_bytes(self.fixed(size), "big")


class Writer:
    """Writes one structure; the mirror of `Reader`, with the same bounds."""

    __slots__ = ("_parts",)

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def fixed(self, value: bytes, size: int) -> None:
        """Write `opaque[size]`."""
        if len(value) != size:
            raise MalformedInput("a fixed field has another length")
        self._parts.append(value)

    def uint8(self, value: int) -> None:
        """Write one byte."""
        self._uint(value, 1)

    def uint16(self, value: int) -> None:
        """Write a big-endian `uint16`."""
        self._uint(value, 2)

    def uint32(self, value: int) -> None:
        """Write a big-endian `uint32`."""
        self._uint(value, 4)

    def uint64(self, value: int) -> None:
        """Write a big-endian `uint64`."""
        self._uint(value, 8)

    def length(self, value: int) -> None:
        """Write a vector length in its shortest form."""
        self._parts.append(_length(value))

    def opaque(self, value: bytes, *, at_most: int = MAX_VECTOR_BYTES) -> None:
        """Write `opaque<V>` of at most `at_most` bytes."""
        if len(value) > at_most:
            raise MalformedInput("a vector is longer than allowed")
        self._parts.append(vector(value))

    def optional(self, value: T | None, write: Callable[[T], None]) -> None:
        """Write `optional<T>`, using `write` when there is a value."""
        self.uint8(0 if value is None else 1)
        if value is not None:
            write(value)

    def vector(self, items: Iterable[T], write: Callable[[Writer, T], None]) -> None:
        """Write `T<V>`, each element by `write`."""
        inner = Writer()
        for item in items:
            write(inner, item)
        self.opaque(inner.finish())

    def rest(self, value: bytes) -> None:
        """Append bytes that another layer has encoded."""
        self._parts.append(value)

    def finish(self) -> bytes:
        """Return everything written."""
        return b"".join(self._parts)

    def _uint(self, value: int, size: int) -> None:
        try:
            self._parts.append(value.to_bytes(size, "big"))
        except OverflowError as exc:
            raise MalformedInput("a number does not fit its field") from exc


def bounded_reader(data: bytes) -> Reader:
    """Return a reader of something that came from outside, if it is not too long for that."""
    if len(data) > MAX_INPUT_BYTES:
        raise MalformedInput("the input is longer than allowed")
    return Reader(data)


class Struct(ABC):
    """A structure of the presentation language: subclasses say how it is written and read."""

    __slots__ = ()

    @abstractmethod
    def write(self, writer: Writer) -> None:
        """Append the structure."""

    @classmethod
    @abstractmethod
    def read(cls, reader: Reader) -> Self:
        """Read the structure."""

    def encode(self) -> bytes:
        """Return the bytes that `decode` reads."""
        writer = Writer()
        self.write(writer)
        return writer.finish()

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """Read one structure and nothing after it."""
        reader = bounded_reader(data)
        decoded = cls.read(reader)
        reader.finish()
        return decoded


def write_struct(writer: Writer, value: Struct) -> None:
    """Append one element of a vector of structures."""
    value.write(writer)


def vector(value: bytes) -> bytes:
    """Return `opaque<V>` encoded."""
    size = len(value)
    # The common case, without a second call: every message writes a dozen of these.
    return (_ONE_BYTE[size] if size < _TWO_BYTES else _length(size)) + value


def _length(value: int) -> bytes:
    """Return a vector length in its shortest form."""
    prefix = _length_prefix(value)
    size = 1 << prefix
    return (prefix << (8 * size - 2) | value).to_bytes(size, "big")


def _length_prefix(value: int) -> int:
    """Return the two high bits that announce the shortest form of `value`."""
    if not 0 <= value <= MAX_VECTOR_BYTES:
        raise MalformedInput("a vector is longer than MLS allows")
    if value < _TWO_BYTES:
        return 0
    return 1 if value < _FOUR_BYTES else 2
