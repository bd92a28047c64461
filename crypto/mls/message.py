"""Messages as they travel (RFC 9420, section 6), of all five wire formats."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from crypto.encoding import Reader, Struct, Writer, bounded_reader
from crypto.errors import MalformedInput
from crypto.mls.content import (
    MESSAGE_BEGINS,
    AuthData,
    AuthenticatedContent,
    FramedContent,
    framed_header,
)
from crypto.mls.framing import (
    MAX_AUTHENTICATED_DATA_BYTES,
    MAX_GROUP_ID_BYTES,
    ContentType,
    SenderType,
    WireFormat,
    read_content_type,
    read_versioned_wire_format,
)
from crypto.mls.group_info import GroupInfo
from crypto.mls.key_package import KeyPackage
from crypto.mls.welcome import Welcome


@dataclass(frozen=True, slots=True)
class PublicMessage(Struct):
    """Signed and readable; a member's also says that a member sent it."""

    content: FramedContent
    auth: AuthData
    membership_tag: bytes | None = None

    def authenticated_content(self) -> AuthenticatedContent:
        """Return what was signed."""
        return AuthenticatedContent(WireFormat.PUBLIC_MESSAGE, self.content, self.auth)

    def write(self, writer: Writer) -> None:
        """Append the structure."""
        is_member = self.content.sender.type is SenderType.MEMBER
        if (self.membership_tag is not None) != is_member:
            raise MalformedInput("members' messages, and no others, have a membership tag")
        self.content.write(writer)
        self.auth.write(writer, self.content.content_type)
        if self.membership_tag is not None:
            writer.opaque(self.membership_tag)

    @classmethod
    def read(cls, reader: Reader) -> PublicMessage:
        """Read the structure."""
        content = FramedContent.read(reader)
        auth = AuthData.read(reader, content.content_type)
        is_member = content.sender.type is SenderType.MEMBER
        return cls(content, auth, reader.opaque() if is_member else None)


@dataclass(frozen=True, slots=True, kw_only=True)
class PrivateMessage(Struct):
    """Encrypted: only its group, epoch, kind and authenticated data are in the clear."""

    group_id: bytes
    epoch: int
    content_type: ContentType
    authenticated_data: bytes
    encrypted_sender_data: bytes
    ciphertext: bytes

    def write(self, writer: Writer) -> None:
        """Append the structure."""
        writer.rest(framed_header(self.group_id, self.epoch))
        writer.uint8(self.content_type)
        writer.opaque(self.authenticated_data, at_most=MAX_AUTHENTICATED_DATA_BYTES)
        writer.opaque(self.encrypted_sender_data)
        writer.opaque(self.ciphertext)

    @classmethod
    def read(cls, reader: Reader) -> PrivateMessage:
        """Read the structure."""
        return cls(
            group_id=reader.opaque(at_most=MAX_GROUP_ID_BYTES),
            epoch=reader.uint64(),
            content_type=read_content_type(reader),
            authenticated_data=reader.opaque(at_most=MAX_AUTHENTICATED_DATA_BYTES),
            encrypted_sender_data=reader.opaque(),
            ciphertext=reader.opaque(),
        )


Body = PublicMessage | PrivateMessage | Welcome | GroupInfo | KeyPackage

_BODIES: Final[dict[WireFormat, type[Body]]] = {
    WireFormat.PUBLIC_MESSAGE: PublicMessage,
    WireFormat.PRIVATE_MESSAGE: PrivateMessage,
    WireFormat.WELCOME: Welcome,
    WireFormat.GROUP_INFO: GroupInfo,
    WireFormat.KEY_PACKAGE: KeyPackage,
}
_FORMATS: Final = {body: int(wire_format) for wire_format, body in _BODIES.items()}


def encode_message(body: Body) -> bytes:
    """Return the MLSMessage around `body`."""
    writer = Writer()
    writer.rest(MESSAGE_BEGINS[_FORMATS[type(body)]])
    body.write(writer)
    return writer.finish()


def decode_message(data: bytes) -> Body:
    """Read one MLSMessage and nothing after it."""
    reader = bounded_reader(data)
    body = _BODIES[read_versioned_wire_format(reader)].read(reader)
    reader.finish()
    return body


def decode_key_package(data: bytes) -> KeyPackage:
    """Read the MLSMessage of a key package."""
    body = decode_message(data)
    if not isinstance(body, KeyPackage):
        raise MalformedInput("not a key package")
    return body


def decode_group_info(data: bytes) -> GroupInfo:
    """Read the MLSMessage of a GroupInfo."""
    body = decode_message(data)
    if not isinstance(body, GroupInfo):
        raise MalformedInput("not a GroupInfo")
    return body


def decode_welcome(data: bytes) -> Welcome:
    """Read the MLSMessage of a Welcome."""
    body = decode_message(data)
    if not isinstance(body, Welcome):
        raise MalformedInput("not a Welcome")
    return body
