"""The MLS presentation language: what is written is read again, and nothing else is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto.encoding import MAX_VECTOR_BYTES, Reader, Writer, vector
from crypto.errors import MalformedInput
from tests.crypto.vectors import official
from tests.needs import needs_official_vectors


@given(st.integers(0, MAX_VECTOR_BYTES))
def test_a_length_is_read_as_it_was_written(length: int) -> None:
    """Every length MLS allows survives the round trip."""
    writer = Writer()
    writer.length(length)
    reader = Reader(writer.finish())

    assert reader.length() == length
    reader.finish()


@pytest.mark.parametrize(
    ("length", "encoded"),
    [
        (0, "00"),
        (63, "3f"),
        (64, "4040"),
        (16383, "7fff"),
        (16384, "80004000"),
        (MAX_VECTOR_BYTES, "bfffffff"),
    ],
)
def test_a_length_takes_its_shortest_form(length: int, encoded: str) -> None:
    """RFC 9420, 2.1.2: one, two or four bytes."""
    writer = Writer()
    writer.length(length)

    assert writer.finish().hex() == encoded


@pytest.mark.parametrize("encoded", ["4000", "403f", "80000000", "80003fff"])
def test_a_longer_form_of_a_length_is_refused(encoded: str) -> None:
    """RFC 9420, 2.1.2: a length that is not in its shortest form is malformed."""
    with pytest.raises(MalformedInput):
        Reader(bytes.fromhex(encoded)).length()


@pytest.mark.parametrize("encoded", ["c0", "ffffffffffffffff"])
def test_an_eight_byte_length_is_refused(encoded: str) -> None:
    """RFC 9420, 2.1.2: the prefix 0b11 is invalid."""
    with pytest.raises(MalformedInput):
        Reader(bytes.fromhex(encoded)).length()


@needs_official_vectors
def test_lengths_are_those_of_the_official_vectors() -> None:
    """The working group's own headers are read, and written again byte for byte."""
    for case in official("mls/deserialization.json"):
        header = bytes.fromhex(case["vlbytes_header"])
        writer = Writer()
        writer.length(case["length"])

        assert Reader(header).length() == case["length"]
        assert writer.finish() == header


@given(
    st.integers(0, 2**8 - 1),
    st.integers(0, 2**16 - 1),
    st.integers(0, 2**32 - 1),
    st.integers(0, 2**64 - 1),
    st.binary(max_size=300),
    st.none() | st.binary(max_size=70),
)
def test_a_structure_is_read_as_it_was_written(
    one: int, two: int, four: int, eight: int, vector: bytes, option: bytes | None
) -> None:
    """Every kind of field survives the round trip."""
    writer = Writer()
    writer.uint8(one)
    writer.uint16(two)
    writer.uint32(four)
    writer.uint64(eight)
    writer.opaque(vector)
    writer.optional(option, writer.opaque)
    writer.fixed(b"four", 4)
    writer.rest(b"rest")
    reader = Reader(writer.finish())

    assert (reader.uint8(), reader.uint16(), reader.uint32(), reader.uint64()) == (
        one,
        two,
        four,
        eight,
    )
    assert reader.opaque() == vector
    assert reader.optional(reader.opaque) == option
    assert reader.fixed(4) == b"four"
    assert reader.rest() == b"rest"
    reader.finish()


def test_trailing_bytes_are_refused() -> None:
    """A structure ends where its input ends."""
    reader = Reader(b"\x01\x02")
    reader.uint8()

    with pytest.raises(MalformedInput):
        reader.finish()


def test_input_that_ends_early_is_refused() -> None:
    """A length that promises more than there is reads nothing."""
    with pytest.raises(MalformedInput):
        Reader(b"\x05abcd").opaque()
    with pytest.raises(MalformedInput):
        Reader(b"\x00").uint16()
    with pytest.raises(MalformedInput):
        Reader(b"").uint8()


def test_a_vector_beyond_its_bound_is_refused() -> None:
    """The bound holds for readers and writers alike."""
    with pytest.raises(MalformedInput):
        Reader(b"\x05abcde").opaque(at_most=4)
    with pytest.raises(MalformedInput):
        Writer().opaque(b"abcde", at_most=4)


def test_an_optional_is_there_or_not() -> None:
    """RFC 9420, 2.1.1: presence is 0 or 1."""
    reader = Reader(b"\x02\x00")

    with pytest.raises(MalformedInput):
        reader.optional(reader.uint8)


@pytest.mark.parametrize("value", [-1, 256])
def test_a_number_that_does_not_fit_is_not_written(value: int) -> None:
    """No number is cut to its field."""
    with pytest.raises(MalformedInput):
        Writer().uint8(value)


@pytest.mark.parametrize("length", [-1, MAX_VECTOR_BYTES + 1])
def test_a_length_mls_does_not_allow_is_not_written(length: int) -> None:
    """Thirty bits is all there is."""
    with pytest.raises(MalformedInput):
        Writer().length(length)


def test_a_fixed_field_has_its_length() -> None:
    """A field of 16 bytes takes 16 bytes."""
    with pytest.raises(MalformedInput):
        Writer().fixed(b"short", 16)


@given(st.lists(st.binary(max_size=80)))
def test_a_vector_is_read_as_it_was_written(items: list[bytes]) -> None:
    """Any number of elements, none of them lost, and nothing beyond the vector's end."""
    writer = Writer()
    writer.vector(items, lambda inner, item: inner.opaque(item))
    writer.uint8(7)
    reader = Reader(writer.finish())

    assert reader.vector(lambda inner: inner.opaque()) == tuple(items)
    assert reader.uint8() == 7
    reader.finish()


def test_an_element_does_not_reach_beyond_its_vector() -> None:
    """A vector of one byte holds no number of two, whatever follows it."""
    with pytest.raises(MalformedInput):
        Reader(b"\x01\x00\x00\x00").vector(Reader.uint16)


@given(st.integers(0, 20_000))
def test_the_shortcut_writes_what_the_writer_does(size: int) -> None:
    """`vector` is `opaque` without a writer."""
    writer = Writer()
    writer.opaque(bytes(size))

    assert vector(bytes(size)) == writer.finish()
