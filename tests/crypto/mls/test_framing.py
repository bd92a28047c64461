"""The outside of MLS messages: what the hub reads, and what it refuses to read."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto.errors import CryptoError, MalformedInput
from crypto.mls.framing import (
    ContentType,
    MessageHeader,
    Sender,
    SenderType,
    WireFormat,
    decode_header,
    decode_wire_format,
    encode_private_message,
    encode_public_message_prefix,
)
from tests.crypto.vectors import official
from tests.needs import needs_official_vectors

SENDERS = st.one_of(
    st.builds(
        Sender,
        st.sampled_from([SenderType.MEMBER, SenderType.EXTERNAL]),
        st.integers(0, 2**32 - 1),
    ),
    st.builds(
        Sender, st.sampled_from([SenderType.NEW_MEMBER_PROPOSAL, SenderType.NEW_MEMBER_COMMIT])
    ),
)
GROUP_IDS = st.binary(max_size=64)
EPOCHS = st.integers(0, 2**64 - 1)
CONTENT_TYPES = st.sampled_from(ContentType)


def a_private_header(
    *, group_id: bytes = b"conversation", authenticated_data: bytes = b"aad"
) -> MessageHeader:
    return MessageHeader(
        wire_format=WireFormat.PRIVATE_MESSAGE,
        group_id=group_id,
        epoch=3,
        content_type=ContentType.APPLICATION,
        authenticated_data=authenticated_data,
    )


def a_public_header(sender: Sender) -> MessageHeader:
    return MessageHeader(
        wire_format=WireFormat.PUBLIC_MESSAGE,
        group_id=b"conversation",
        epoch=3,
        content_type=ContentType.COMMIT,
        authenticated_data=b"aad",
        sender=sender,
    )


@given(GROUP_IDS, EPOCHS, CONTENT_TYPES, st.binary(max_size=4096), st.binary(), st.binary())
def test_a_private_message_is_read_as_it_was_written(
    group_id: bytes,
    epoch: int,
    content_type: ContentType,
    authenticated_data: bytes,
    sender_data: bytes,
    ciphertext: bytes,
) -> None:
    """The header survives the round trip, whatever the opaque parts hold."""
    header = MessageHeader(
        wire_format=WireFormat.PRIVATE_MESSAGE,
        group_id=group_id,
        epoch=epoch,
        content_type=content_type,
        authenticated_data=authenticated_data,
    )

    assert decode_header(encode_private_message(header, sender_data, ciphertext)) == header
    assert header.sender_leaf is None


@given(SENDERS, st.binary())
def test_a_public_message_is_read_as_it_was_written(sender: Sender, rest: bytes) -> None:
    """The header survives the round trip; what follows is another layer's."""
    header = a_public_header(sender)

    assert decode_header(encode_public_message_prefix(header, rest)) == header


def test_only_a_member_has_a_leaf() -> None:
    """An external sender's index is no leaf index."""
    assert a_public_header(Sender(SenderType.MEMBER, 4)).sender_leaf == 4
    assert a_public_header(Sender(SenderType.EXTERNAL, 4)).sender_leaf is None
    assert a_public_header(Sender(SenderType.NEW_MEMBER_COMMIT)).sender_leaf is None


@needs_official_vectors
def test_the_official_messages_are_read() -> None:
    """The working group's own messages have the headers their names promise."""
    formats = {
        "mls_welcome": WireFormat.WELCOME,
        "mls_group_info": WireFormat.GROUP_INFO,
        "mls_key_package": WireFormat.KEY_PACKAGE,
    }
    contents = {
        "public_message_application": ContentType.APPLICATION,
        "public_message_proposal": ContentType.PROPOSAL,
        "public_message_commit": ContentType.COMMIT,
    }
    for case in official("mls/messages.json"):
        for name, expected in formats.items():
            assert decode_wire_format(bytes.fromhex(case[name])) is expected
        for name, content_type in contents.items():
            data = bytes.fromhex(case[name])
            header = decode_header(data)
            assert header.content_type is content_type
            assert data.startswith(encode_public_message_prefix(header, b""))
        private = decode_header(bytes.fromhex(case["private_message"]))
        assert private.wire_format is WireFormat.PRIVATE_MESSAGE


@needs_official_vectors
def test_an_official_private_message_has_no_room_for_more() -> None:
    """A private message is checked to its last byte: nothing missing, nothing after."""
    data = bytes.fromhex(official("mls/messages.json")[0]["private_message"])

    for wrong in (data[:-1], data + b"\x00"):
        with pytest.raises(MalformedInput):
            decode_header(wrong)


def test_every_prefix_of_a_private_message_is_refused() -> None:
    """There is no place to cut a message unnoticed."""
    data = encode_private_message(a_private_header(), b"sender", b"ciphertext")

    for end in range(len(data)):
        with pytest.raises(MalformedInput):
            decode_header(data[:end])


@pytest.mark.parametrize(
    "data",
    [
        "",
        "0001",
        "00000002",
        "00020002",
        "00010000",
        "00010006",
        "00010003",
        "00010004",
        "00010005",
        "0001f001",
    ],
)
def test_what_is_neither_public_nor_private_has_no_header(data: str) -> None:
    """Other versions, other wire formats and unknown ones are refused."""
    with pytest.raises(MalformedInput):
        decode_header(bytes.fromhex(data))


@pytest.mark.parametrize("content_type", [0, 4, 255])
def test_an_unknown_content_type_is_refused(content_type: int) -> None:
    """RFC 9420 knows application, proposal and commit."""
    data = bytearray(encode_private_message(a_private_header(), b"", b""))
    data[4 + 13 + 8] = content_type

    with pytest.raises(MalformedInput):
        decode_header(bytes(data))


@pytest.mark.parametrize("sender_type", [0, 5, 255])
def test_an_unknown_sender_is_refused(sender_type: int) -> None:
    """RFC 9420 knows members, external senders and two kinds of newcomers."""
    data = bytearray(
        encode_public_message_prefix(a_public_header(Sender(SenderType.MEMBER, 0)), b"")
    )
    data[4 + 13 + 8] = sender_type

    with pytest.raises(MalformedInput):
        decode_header(bytes(data))


@pytest.mark.parametrize(
    ("group_id", "authenticated_data"),
    [(bytes(65), b""), (b"", bytes(4097))],
    ids=["group id of 65 bytes", "authenticated data of 4097 bytes"],
)
def test_a_header_out_of_bounds_is_refused(group_id: bytes, authenticated_data: bytes) -> None:
    """The bounds hold for writers; readers meet them in the next test."""
    header = a_private_header(group_id=group_id, authenticated_data=authenticated_data)

    with pytest.raises(MalformedInput):
        encode_private_message(header, b"", b"")


@pytest.mark.parametrize(
    "data",
    [
        "00010002" + "4041" + "00" * 65 + "00" * 8 + "01" + "00" + "00" + "00",
        "00010002" + "00" + "00" * 8 + "01" + "5001" + "00" * 4097 + "00" + "00",
    ],
    ids=["group id of 65 bytes", "authenticated data of 4097 bytes"],
)
def test_a_message_out_of_bounds_is_refused(data: str) -> None:
    """A peer's long group id or authenticated data is not copied anywhere."""
    with pytest.raises(MalformedInput):
        decode_header(bytes.fromhex(data))


def test_a_header_that_contradicts_itself_cannot_be_made() -> None:
    """A private message names no sender, a public one does, and a Welcome has no header."""
    member = Sender(SenderType.MEMBER, 0)
    for wire_format, sender in [
        (WireFormat.PRIVATE_MESSAGE, member),
        (WireFormat.PUBLIC_MESSAGE, None),
        (WireFormat.WELCOME, None),
    ]:
        with pytest.raises(MalformedInput):
            MessageHeader(
                wire_format=wire_format,
                group_id=b"",
                epoch=0,
                content_type=ContentType.COMMIT,
                authenticated_data=b"",
                sender=sender,
            )


@pytest.mark.parametrize(
    ("kind", "index"),
    [(SenderType.MEMBER, None), (SenderType.EXTERNAL, None), (SenderType.NEW_MEMBER_COMMIT, 0)],
)
def test_a_sender_has_an_index_when_its_type_has_one(kind: SenderType, index: int | None) -> None:
    """RFC 9420, section 6: members and external senders are numbered, newcomers are not."""
    with pytest.raises(MalformedInput):
        Sender(kind, index)


def test_a_header_is_encoded_in_its_own_wire_format_only() -> None:
    """A private header does not become a public message, nor the other way round."""
    with pytest.raises(MalformedInput):
        encode_public_message_prefix(a_private_header(), b"")
    with pytest.raises(MalformedInput):
        encode_private_message(a_public_header(Sender(SenderType.MEMBER, 0)), b"", b"")


@given(st.binary(max_size=120), st.sampled_from([b"", b"\x00\x01\x00\x01", b"\x00\x01\x00\x02"]))
def test_random_bytes_crash_nothing(data: bytes, start: bytes) -> None:
    """They are refused, or they were a message."""
    try:
        header = decode_header(start + data)
    except CryptoError:
        return
    assert len(header.group_id) <= 64
