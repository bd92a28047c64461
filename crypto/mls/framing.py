"""The outside of an MLSMessage (RFC 9420, section 6): what the hub may and must read.

The hub never holds a group's secrets. It reads which group and epoch a message is for, what
kind of content it claims, and the authenticated data. What is inside, `content` and `message` say.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Final, TypeVar

from crypto.encoding import Reader, Writer
from crypto.errors import MalformedInput

MAX_GROUP_ID_BYTES: Final = 64
MAX_AUTHENTICATED_DATA_BYTES: Final = 4096

_MLS10: Final = 1


class WireFormat(IntEnum):
    """RFC 9420, 17.2."""

    PUBLIC_MESSAGE = 1
    PRIVATE_MESSAGE = 2
    WELCOME = 3
    GROUP_INFO = 4
    KEY_PACKAGE = 5


class ContentType(IntEnum):
    """RFC 9420, section 6."""

    APPLICATION = 1
    PROPOSAL = 2
    COMMIT = 3


class SenderType(IntEnum):
    """RFC 9420, section 6."""

    MEMBER = 1
    EXTERNAL = 2
    NEW_MEMBER_PROPOSAL = 3
    NEW_MEMBER_COMMIT = 4


_Code = TypeVar("_Code", bound=IntEnum)

_HAS_HEADER: Final = frozenset({WireFormat.PUBLIC_MESSAGE, WireFormat.PRIVATE_MESSAGE})
_INDEXED_SENDERS: Final = (SenderType.MEMBER, SenderType.EXTERNAL)


@dataclass(frozen=True, slots=True)
class Sender:
    """Who says they sent a public message: a leaf, an external sender's index, or a newcomer."""

    type: SenderType
    index: int | None = None

    def __post_init__(self) -> None:
        if (self.index is not None) != (self.type in _INDEXED_SENDERS):
            raise MalformedInput("members and external senders have an index, newcomers none")


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageHeader:
    """What a PublicMessage or PrivateMessage says in the clear."""

    wire_format: WireFormat
    group_id: bytes
    epoch: int
    content_type: ContentType
    authenticated_data: bytes
    sender: Sender | None = None
    """Of a public message only: a private one hides its sender from the hub."""

    def __post_init__(self) -> None:
        if self.wire_format not in _HAS_HEADER:
            raise MalformedInput("only public and private messages have a header")
        if (self.sender is not None) != (self.wire_format is WireFormat.PUBLIC_MESSAGE):
            raise MalformedInput("public messages name their sender, private ones do not")

    @property
    def sender_leaf(self) -> int | None:
        """The member's leaf index, where a member is named."""
        if self.sender is None or self.sender.type is not SenderType.MEMBER:
            return None
        return self.sender.index


def decode_wire_format(data: bytes) -> WireFormat:
    """Return which kind of MLSMessage `data` claims to be; refuse another protocol version."""
    return read_versioned_wire_format(Reader(data))


def decode_header(data: bytes) -> MessageHeader:
    """Return the header of a public or private message.

    A private message is checked to its last byte; what follows a public message's header
    (content, signature, tags) is left to whoever verifies it.
    """
    reader = Reader(data)
    wire_format = read_versioned_wire_format(reader)
    if wire_format is WireFormat.PUBLIC_MESSAGE:
        return _read_public_header(reader)
    if wire_format is WireFormat.PRIVATE_MESSAGE:
        return _read_private_message(reader)
    raise MalformedInput("only public and private messages have a header")


def encode_private_message(
    header: MessageHeader, encrypted_sender_data: bytes, ciphertext: bytes
) -> bytes:
    """Return the PrivateMessage made of `header` and two opaque parts."""
    if header.wire_format is not WireFormat.PRIVATE_MESSAGE:
        raise MalformedInput("the header is for another wire format")
    writer = _begin(header)
    writer.uint8(header.content_type)
    writer.opaque(header.authenticated_data, at_most=MAX_AUTHENTICATED_DATA_BYTES)
    writer.opaque(encrypted_sender_data)
    writer.opaque(ciphertext)
    return writer.finish()


def encode_public_message_prefix(header: MessageHeader, rest: bytes) -> bytes:
    """Return the PublicMessage whose content and authentication are already encoded in `rest`."""
    if header.sender is None:
        raise MalformedInput("public messages name their sender, private ones do not")
    writer = _begin(header)
    write_sender(writer, header.sender)
    writer.opaque(header.authenticated_data, at_most=MAX_AUTHENTICATED_DATA_BYTES)
    writer.uint8(header.content_type)
    writer.rest(rest)
    return writer.finish()


def read_versioned_wire_format(reader: Reader) -> WireFormat:
    """Read how an MLSMessage begins: the protocol's version, and what follows."""
    if reader.uint16() != _MLS10:
        raise MalformedInput("not MLS 1.0")
    return read_wire_format(reader)


def read_wire_format(reader: Reader) -> WireFormat:
    """Read a WireFormat."""
    return _known(WireFormat, reader.uint16())


def read_content_type(reader: Reader) -> ContentType:
    """Read a ContentType."""
    return _known(ContentType, reader.uint8())


def _read_public_header(reader: Reader) -> MessageHeader:
    # RFC 9420, 6: FramedContent has the content type after the authenticated data,
    # PrivateMessage (6.3) before it.
    group_id, epoch = _read_group(reader)
    sender = read_sender(reader)
    authenticated_data = reader.opaque(at_most=MAX_AUTHENTICATED_DATA_BYTES)
    return MessageHeader(
        wire_format=WireFormat.PUBLIC_MESSAGE,
        group_id=group_id,
        epoch=epoch,
        content_type=read_content_type(reader),
        authenticated_data=authenticated_data,
        sender=sender,
    )


def _read_private_message(reader: Reader) -> MessageHeader:
    group_id, epoch = _read_group(reader)
    content_type = read_content_type(reader)
    authenticated_data = reader.opaque(at_most=MAX_AUTHENTICATED_DATA_BYTES)
    for _ in ("encrypted_sender_data", "ciphertext"):
        reader.opaque()
    reader.finish()
    return MessageHeader(
        wire_format=WireFormat.PRIVATE_MESSAGE,
        group_id=group_id,
        epoch=epoch,
        content_type=content_type,
        authenticated_data=authenticated_data,
    )


def _read_group(reader: Reader) -> tuple[bytes, int]:
    return reader.opaque(at_most=MAX_GROUP_ID_BYTES), reader.uint64()


def read_sender(reader: Reader) -> Sender:
    """Read a Sender."""
    kind = _known(SenderType, reader.uint8())
    return Sender(kind, reader.uint32() if kind in _INDEXED_SENDERS else None)


def _begin(header: MessageHeader) -> Writer:
    writer = Writer()
    writer.uint16(_MLS10)
    writer.uint16(header.wire_format)
    writer.opaque(header.group_id, at_most=MAX_GROUP_ID_BYTES)
    writer.uint64(header.epoch)
    return writer


def write_sender(writer: Writer, sender: Sender) -> None:
    """Append a Sender."""
    writer.uint8(sender.type)
    if sender.index is not None:
        writer.uint32(sender.index)


def _known(kind: type[_Code], value: int) -> _Code:
    try:
        return kind(value)
    except ValueError as exc:
        raise MalformedInput("a code point RFC 9420 does not define here") from exc
