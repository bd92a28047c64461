"""What is authenticated in a message (RFC 9420, section 6 and 6.1), before and after its armour.

`AuthenticatedContent` is read off the wire by `message` and believed only once `protection`
verified it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from crypto.encoding import Reader, Struct, Writer, vector
from crypto.errors import MalformedInput
from crypto.mls.commit import Commit
from crypto.mls.framing import (
    MAX_AUTHENTICATED_DATA_BYTES,
    MAX_GROUP_ID_BYTES,
    ContentType,
    Sender,
    WireFormat,
    read_content_type,
    read_sender,
    read_wire_format,
    write_sender,
)
from crypto.mls.leaf_node import MLS10
from crypto.mls.proposal import (
    Add,
    ExternalInit,
    GroupContextExtensions,
    PreSharedKey,
    Proposal,
    ReInit,
    Remove,
    Update,
    read_proposal,
    write_proposal,
)
from crypto.suites import Suite

MESSAGE_BEGINS: Final = {
    int(one): MLS10.to_bytes(2, "big") + int(one).to_bytes(2, "big") for one in WireFormat
}
"""How a message of each wire format begins, and what is signed of it: the version, the format."""
_PROPOSAL_REFERENCE: Final = b"MLS 1.0 Proposal Reference"
_PROPOSALS: Final = (
    Add,
    Update,
    Remove,
    PreSharedKey,
    ReInit,
    ExternalInit,
    GroupContextExtensions,
)

Content = bytes | Proposal | Commit


def content_type_of(content: Content) -> ContentType:
    """Return what a content is."""
    if isinstance(content, bytes):
        return ContentType.APPLICATION
    return ContentType.COMMIT if isinstance(content, Commit) else ContentType.PROPOSAL


def write_content(writer: Writer, content: Content) -> None:
    """Append a content without its type."""
    if isinstance(content, bytes):
        writer.opaque(content)
    elif isinstance(content, Commit):
        content.write(writer)
    else:
        write_proposal(writer, content)


def read_content(reader: Reader, content_type: ContentType) -> Content:
    """Read a content of this type."""
    if content_type is ContentType.APPLICATION:
        return reader.opaque()
    return Commit.read(reader) if content_type is ContentType.COMMIT else read_proposal(reader)


@dataclass(frozen=True, slots=True, kw_only=True)
class FramedContent(Struct):
    """Who says what, in which group and epoch."""

    group_id: bytes
    epoch: int
    sender: Sender
    authenticated_data: bytes = b""
    content: Content

    @property
    def content_type(self) -> ContentType:
        """Return what the content is."""
        return content_type_of(self.content)

    def write(self, writer: Writer) -> None:
        """Append the structure."""
        writer.rest(framed_header(self.group_id, self.epoch))
        write_sender(writer, self.sender)
        writer.opaque(self.authenticated_data, at_most=MAX_AUTHENTICATED_DATA_BYTES)
        writer.uint8(self.content_type)
        write_content(writer, self.content)

    @classmethod
    def read(cls, reader: Reader) -> FramedContent:
        """Read the structure."""
        return cls(
            group_id=reader.opaque(at_most=MAX_GROUP_ID_BYTES),
            epoch=reader.uint64(),
            sender=read_sender(reader),
            authenticated_data=reader.opaque(at_most=MAX_AUTHENTICATED_DATA_BYTES),
            content=read_content(reader, read_content_type(reader)),
        )


@dataclass(frozen=True, slots=True)
class AuthData:
    """FramedContentAuthData: the signature, and a commit's confirmation tag."""

    signature: bytes
    confirmation_tag: bytes | None = None

    def write(self, writer: Writer, content_type: ContentType) -> None:
        """Append the structure, whose shape depends on the content's type."""
        if (self.confirmation_tag is not None) != (content_type is ContentType.COMMIT):
            raise MalformedInput("a commit, and nothing else, has a confirmation tag")
        writer.opaque(self.signature)
        if self.confirmation_tag is not None:
            writer.opaque(self.confirmation_tag)

    @classmethod
    def read(cls, reader: Reader, content_type: ContentType) -> AuthData:
        """Read the structure."""
        signature = reader.opaque()
        is_commit = content_type is ContentType.COMMIT
        return cls(signature, reader.opaque() if is_commit else None)


@dataclass(frozen=True, slots=True)
class AuthenticatedContent(Struct):
    """A content with its signature, and the wire format it was signed for."""

    wire_format: WireFormat
    content: FramedContent
    auth: AuthData

    def write(self, writer: Writer) -> None:
        """Append the structure."""
        writer.uint16(self.wire_format)
        self.content.write(writer)
        self.auth.write(writer, self.content.content_type)

    @classmethod
    def read(cls, reader: Reader) -> AuthenticatedContent:
        """Read the structure."""
        wire_format = read_wire_format(reader)
        content = FramedContent.read(reader)
        return cls(wire_format, content, AuthData.read(reader, content.content_type))

    def proposal(self) -> Proposal:
        """Return the proposal in it; raise `MalformedInput` where it is none."""
        if not isinstance(self.content.content, _PROPOSALS):
            raise MalformedInput("not a proposal")
        return self.content.content

    def reference(self, suite: Suite) -> bytes:
        """Return the ProposalRef of the proposal in it (RFC 9420, 5.2)."""
        return suite.ref_hash(_PROPOSAL_REFERENCE, self.encode())


def framed_header(group_id: bytes, epoch: int) -> bytes:
    """Return how every framed structure begins: the group's id and the epoch."""
    if len(group_id) > MAX_GROUP_ID_BYTES:
        raise MalformedInput("a vector is longer than allowed")
    return vector(group_id) + epoch.to_bytes(8, "big")


def framed_content_tbs(
    wire_format: WireFormat, content: FramedContent, context: bytes | None
) -> bytes:
    """Return FramedContentTBS: `context` is there exactly for members and joining newcomers."""
    writer = Writer()
    writer.rest(MESSAGE_BEGINS[wire_format])
    content.write(writer)
    if context is not None:
        writer.rest(context)
    return writer.finish()
