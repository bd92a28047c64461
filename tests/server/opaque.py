"""Bodies that the hub can route and nobody can read: true headers around random bytes.

Of an application message the hub reads its group, epoch, content type and authenticated data, and
nothing else. These builders write exactly those, for tests of the hub that need no content.
Nothing here encrypts. Groups, commits and Welcomes that a hub accepts are `tests.server.mls`'s.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from crypto.encoding import Reader, Writer
from crypto.mls.authenticated_data import AuthenticatedData, SignalHeader
from crypto.mls.framing import (
    ContentType,
    MessageHeader,
    Sender,
    SenderType,
    WireFormat,
    decode_header,
    encode_private_message,
    encode_public_message_prefix,
)
from crypto.mls.franking import SALT_BYTES, franking_tag
from crypto.policy.vocabulary import MessageKind

RandomBytes = Callable[[int], bytes]

# Suite 1: a commit with a path in a small group, a sealed sender, a padded message (one bucket
# of 256 and the AEAD tag), and the key package of one device.
_COMMIT_BYTES = 600
_SENDER_DATA_BYTES = 28
_CIPHERTEXT_BYTES = 256 + 16
_KEY_PACKAGE_BYTES = 300
_GROUP_INFO_BYTES = 500
_WELCOME_BYTES = 700
_EMPTY = b"\x00"
"""An empty vector: its length, and nothing (RFC 9420, 2.1.2)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpaqueMessage:
    """One message to send: what stays the same however often it is encrypted again."""

    conversation: str
    id: str
    counter: int
    sent_at: int
    franking_tag: bytes
    acting_for: bytes = b""
    delegation: bytes = b""
    delegation_version: int = 0

    def at_epoch(self, epoch: int, random_bytes: RandomBytes = os.urandom) -> bytes:
        """Return a body for `epoch`: another ciphertext each time, the same id and tag."""
        header = MessageHeader(
            wire_format=WireFormat.PRIVATE_MESSAGE,
            group_id=group_id(self.conversation),
            epoch=epoch,
            content_type=ContentType.APPLICATION,
            authenticated_data=AuthenticatedData(
                id=UUID(self.id).bytes,
                kind=MessageKind.MESSAGE,
                counter=self.counter,
                sent_at=self.sent_at,
                franking_tag=self.franking_tag,
                acting_for=self.acting_for,
                delegation=self.delegation,
                delegation_version=self.delegation_version,
            ).encode(),
        )
        return encode_private_message(
            header, random_bytes(_SENDER_DATA_BYTES), random_bytes(_CIPHERTEXT_BYTES)
        )


def group_id(conversation: str) -> bytes:
    """Return the MLS group id of a conversation: the 16 bytes of its UUID."""
    return UUID(conversation).bytes


def message(
    conversation: str,
    content: bytes,
    *,
    counter: int,
    sent_at: int,
    random_bytes: RandomBytes = os.urandom,
    **acting: Any,
) -> OpaqueMessage:
    """Return a new message that commits to `content` under a salt nobody keeps.

    `acting`: what a carer's says of the patient and the delegation.
    """
    return OpaqueMessage(
        conversation=conversation,
        id=str(UUID(bytes=random_bytes(16), version=4)),
        counter=counter,
        sent_at=sent_at,
        franking_tag=franking_tag(random_bytes(SALT_BYTES), content),
        **acting,
    )


def signal(
    conversation: str,
    header: SignalHeader,
    *,
    epoch: int,
    size: int = _CIPHERTEXT_BYTES,
    ciphertext: bytes | None = None,
    random_bytes: RandomBytes = os.urandom,
    sent_at: int = 0,
    **acting: Any,
) -> bytes:
    """Return a signal of a call: a true header around `size` bytes that no one can read.

    `ciphertext`: what the caller sealed by some means of its own, in place of random bytes.
    `acting`: what a carer's says of the patient and the delegation.
    """
    data = AuthenticatedData(
        id=UUID(bytes=random_bytes(16), version=4).bytes,
        kind=MessageKind.SIGNAL,
        counter=0,
        sent_at=sent_at,
        franking_tag=franking_tag(random_bytes(SALT_BYTES), b""),
        signal=header,
        **acting,
    )
    return encode_private_message(
        MessageHeader(
            wire_format=WireFormat.PRIVATE_MESSAGE,
            group_id=group_id(conversation),
            epoch=epoch,
            content_type=ContentType.APPLICATION,
            authenticated_data=data.encode(),
        ),
        random_bytes(_SENDER_DATA_BYTES),
        random_bytes(size) if ciphertext is None else ciphertext,
    )


def read_ciphertext(body: bytes) -> bytes:
    """Return the sealed part of a PrivateMessage; raise `MalformedInput` where there is none."""
    around = len(encode_private_message(decode_header(body), b"", b"")) - 2 * len(_EMPTY)
    reader = Reader(body[around:])
    reader.opaque()  # the sealed sender
    ciphertext = reader.opaque()
    reader.finish()
    return ciphertext


def commit(
    conversation: str, epoch: int, *, leaf: int = 0, random_bytes: RandomBytes = os.urandom
) -> bytes:
    """Return a commit of `epoch` by the member at `leaf`."""
    header = MessageHeader(
        wire_format=WireFormat.PUBLIC_MESSAGE,
        group_id=group_id(conversation),
        epoch=epoch,
        content_type=ContentType.COMMIT,
        authenticated_data=b"",
        sender=Sender(SenderType.MEMBER, leaf),
    )
    return encode_public_message_prefix(header, random_bytes(_COMMIT_BYTES))


def group_info(random_bytes: RandomBytes = os.urandom) -> bytes:
    """Return bytes with the wire format of a GroupInfo."""
    return _wrapped(WireFormat.GROUP_INFO, random_bytes(_GROUP_INFO_BYTES))


def welcome(random_bytes: RandomBytes = os.urandom) -> bytes:
    """Return bytes with the wire format of a Welcome."""
    return _wrapped(WireFormat.WELCOME, random_bytes(_WELCOME_BYTES))


def key_package(random_bytes: RandomBytes = os.urandom) -> bytes:
    """Return bytes with the wire format of a key package."""
    return _wrapped(WireFormat.KEY_PACKAGE, random_bytes(_KEY_PACKAGE_BYTES))


def _wrapped(wire_format: WireFormat, body: bytes) -> bytes:
    writer = Writer()
    writer.uint16(1)  # mls10, RFC 9420, section 6
    writer.uint16(wire_format)
    writer.rest(body)
    return writer.finish()
