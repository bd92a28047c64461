"""A message's armour (RFC 9420, 6.1 to 6.3): signature, membership tag, encryption.

Opening a private message changes no ratchet: the caller consumes its key once it believes it all.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from typing import Final

from crypto.encoding import Reader, Writer, vector
from crypto.errors import BadCiphertext, BadSignature, InvalidMessage, Rule
from crypto.hpke import RandomBytes
from crypto.keys import Secret
from crypto.mls.content import (
    AuthData,
    AuthenticatedContent,
    FramedContent,
    framed_content_tbs,
    framed_header,
    read_content,
    write_content,
)
from crypto.mls.framing import ContentType, Sender, SenderType, WireFormat
from crypto.mls.message import PrivateMessage, PublicMessage
from crypto.mls.secret_tree import Found, RatchetType, SecretTree, sender_data_key
from crypto.suites import SigningKey, Suite

_LABEL: Final = b"FramedContentTBS"
_GUARD_BYTES: Final = 4
# A whole file in one message is beyond what any hub forwards; a padding beyond it is a mistake.
MAX_PADDING: Final = 2**20

_WITH_CONTEXT: Final = (SenderType.MEMBER, SenderType.NEW_MEMBER_COMMIT)


def sign_content(
    wire_format: WireFormat, content: FramedContent, context: bytes, key: SigningKey
) -> bytes:
    """Return the signature over a content; `context` is the encoded GroupContext."""
    return key.sign_with_label(_LABEL, _tbs(wire_format, content, context))


def verify_content(
    suite: Suite, message: AuthenticatedContent, context: bytes, signature_key: bytes
) -> None:
    """Raise `InvalidMessage` unless the content was signed with this key, for this epoch."""
    tbs = _tbs(message.wire_format, message.content, context)
    try:
        suite.verify_with_label(signature_key, _LABEL, tbs, message.auth.signature)
    except BadSignature as exc:
        raise InvalidMessage(Rule.BAD_SIGNATURE) from exc


def protect_public(
    suite: Suite, message: AuthenticatedContent, context: bytes, membership_key: Secret | None
) -> PublicMessage:
    """Return the PublicMessage; a member's needs the membership key."""
    if message.content.content_type is ContentType.APPLICATION:
        raise InvalidMessage(Rule.WRONG_WIRE_FORMAT)
    tag = None
    if message.content.sender.type is SenderType.MEMBER:
        if membership_key is None:
            raise InvalidMessage(Rule.BAD_MEMBERSHIP_TAG)
        tag = _membership_tag(suite, message, context, membership_key)
    return PublicMessage(message.content, message.auth, tag)


def open_public(
    suite: Suite, message: PublicMessage, context: bytes, membership_key: Secret
) -> AuthenticatedContent:
    """Return the content of a PublicMessage, whose signature is still to be verified.

    RFC 9420, 6 and 6.2: application data is never public, and a member's message has its tag.
    """
    opened = message.authenticated_content()
    if opened.content.content_type is ContentType.APPLICATION:
        raise InvalidMessage(Rule.WRONG_WIRE_FORMAT)
    if message.membership_tag is not None:
        expected = _membership_tag(suite, opened, context, membership_key)
        if not hmac.compare_digest(expected, message.membership_tag):
            raise InvalidMessage(Rule.BAD_MEMBERSHIP_TAG)
    return opened


def protect_private(
    suite: Suite,
    message: AuthenticatedContent,
    tree: SecretTree,
    sender_data_secret: Secret,
    padding: int,
    random_bytes: RandomBytes,
) -> PrivateMessage:
    """Return the PrivateMessage; the sender's ratchet moves on, whatever becomes of it."""
    content = message.content
    leaf = content.sender.index
    if content.sender.type is not SenderType.MEMBER or leaf is None:
        raise InvalidMessage(Rule.UNKNOWN_SENDER)
    if not 0 <= padding <= MAX_PADDING:
        raise InvalidMessage(Rule.BAD_PADDING)
    plaintext = _encode_private_content(message, padding)
    content_type = content.content_type
    generation, key, nonce = tree.next_key(leaf, _ratchet_of(content_type))
    guard = random_bytes(_GUARD_BYTES)
    aead, header = suite.hpke.aead, _header(content)
    associated = header + vector(content.authenticated_data)
    ciphertext = aead.seal(key, _guarded(nonce, guard), associated, plaintext)
    sender_data = leaf.to_bytes(4, "big") + generation.to_bytes(4, "big") + guard
    data_key, data_nonce = sender_data_key(suite, sender_data_secret, ciphertext)
    return PrivateMessage(
        group_id=content.group_id,
        epoch=content.epoch,
        content_type=content_type,
        authenticated_data=content.authenticated_data,
        encrypted_sender_data=aead.seal(data_key, data_nonce, header, sender_data),
        ciphertext=ciphertext,
    )


@dataclass(frozen=True, slots=True)
class SenderData:
    """Who sent a private message, and with which key."""

    leaf: int
    generation: int
    reuse_guard: bytes


@dataclass(frozen=True, slots=True)
class OpenedPrivate:
    """A decrypted message, not yet verified, and the key to consume once it is."""

    message: AuthenticatedContent
    found: Found


def open_sender_data(
    suite: Suite, message: PrivateMessage, sender_data_secret: Secret
) -> SenderData:
    """Return who says they sent a private message (RFC 9420, 6.3.2)."""
    key, nonce = sender_data_key(suite, sender_data_secret, message.ciphertext)
    header = _header(message)
    try:
        opened = suite.hpke.aead.open(key, nonce, header, message.encrypted_sender_data)
    except BadCiphertext as exc:
        raise InvalidMessage(Rule.BAD_CIPHERTEXT) from exc
    reader = Reader(opened)
    data = SenderData(reader.uint32(), reader.uint32(), reader.fixed(_GUARD_BYTES))
    reader.finish()
    return data


def open_private(
    suite: Suite, message: PrivateMessage, tree: SecretTree, sender: SenderData
) -> OpenedPrivate:
    """Decrypt a private message (RFC 9420, 6.3.1); its signature is still to be verified."""
    found = tree.find(sender.leaf, _ratchet_of(message.content_type), sender.generation)
    nonce = _guarded(found.key.nonce.reveal(), sender.reuse_guard)
    associated = _header(message) + vector(message.authenticated_data)
    try:
        plaintext = suite.hpke.aead.open(
            found.key.key.reveal(), nonce, associated, message.ciphertext
        )
    except BadCiphertext as exc:
        raise InvalidMessage(Rule.BAD_CIPHERTEXT) from exc
    return OpenedPrivate(_decode_private_content(message, sender.leaf, plaintext), found)


def _tbs(wire_format: WireFormat, content: FramedContent, context: bytes) -> bytes:
    with_context = content.sender.type in _WITH_CONTEXT
    return framed_content_tbs(wire_format, content, context if with_context else None)


def _membership_tag(
    suite: Suite, message: AuthenticatedContent, context: bytes, membership_key: Secret
) -> bytes:
    """Return MAC(membership_key, AuthenticatedContentTBM)."""
    writer = Writer()
    writer.rest(_tbs(message.wire_format, message.content, context))
    message.auth.write(writer, message.content.content_type)
    return suite.mac(membership_key.reveal(), writer.finish())


def _encode_private_content(message: AuthenticatedContent, padding: int) -> bytes:
    content = message.content.content
    if isinstance(content, bytes):
        # What every application message takes, without a writer.
        return vector(content) + vector(message.auth.signature) + bytes(padding)
    writer = Writer()
    write_content(writer, content)
    message.auth.write(writer, message.content.content_type)
    writer.rest(bytes(padding))
    return writer.finish()


def _decode_private_content(
    message: PrivateMessage, leaf: int, plaintext: bytes
) -> AuthenticatedContent:
    reader = Reader(plaintext)
    content = read_content(reader, message.content_type)
    auth = AuthData.read(reader, message.content_type)
    # RFC 9420, 6.3.1: padding of anything but zeros would be a covert channel.
    if reader.rest().strip(b"\x00"):
        raise InvalidMessage(Rule.BAD_PADDING)
    framed = FramedContent(
        group_id=message.group_id,
        epoch=message.epoch,
        sender=Sender(SenderType.MEMBER, leaf),
        authenticated_data=message.authenticated_data,
        content=content,
    )
    return AuthenticatedContent(WireFormat.PRIVATE_MESSAGE, framed, auth)


def _header(message: FramedContent | PrivateMessage) -> bytes:
    """Return SenderDataAAD, with which PrivateContentAAD begins."""
    return framed_header(message.group_id, message.epoch) + bytes((message.content_type,))


def _ratchet_of(content_type: ContentType) -> RatchetType:
    is_application = content_type is ContentType.APPLICATION
    return RatchetType.APPLICATION if is_application else RatchetType.HANDSHAKE


def _guarded(nonce: bytes, guard: bytes) -> bytes:
    """XOR the reuse guard into the first four bytes of a nonce."""
    mixed = int.from_bytes(nonce[:_GUARD_BYTES], "big") ^ int.from_bytes(guard, "big")
    return mixed.to_bytes(_GUARD_BYTES, "big") + nonce[_GUARD_BYTES:]
