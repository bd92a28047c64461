"""Franking: a sender's commitment to a content that the hub sees without learning the content.

The tag stands in the authenticated data and in the audit log. The salt stays inside the
ciphertext, so the tag tells the hub nothing; a participant who later discloses salt and content
proves that this, and nothing else, is what was sent.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from typing import Final

from crypto.errors import BadFrankingTag, MalformedInput

SALT_BYTES: Final = 32


def franking_tag(salt: bytes, content: bytes) -> bytes:
    """Return HMAC-SHA256(salt, content)."""
    # A shorter key is padded with zeros by HMAC: two salts would then share one tag.
    if len(salt) != SALT_BYTES:
        raise MalformedInput("a salt is 32 bytes")
    return hmac.digest(salt, content, "sha256")


def verify_franking_tag(tag: bytes, *, salt: bytes, content: bytes) -> bytes:
    """Return `content` if `tag` commits to it under `salt`; raise `BadFrankingTag` otherwise."""
    if not hmac.compare_digest(franking_tag(salt, content), tag):
        raise BadFrankingTag("the content is not the one its sender committed to")
    return content


@dataclass(frozen=True, slots=True)
class UnverifiedPayload:
    """A decrypted payload whose content has not been held against its tag yet."""

    salt: bytes
    content: bytes

    def verify(self, tag: bytes) -> bytes:
        """Return the content if `tag` commits to it; raise `BadFrankingTag` otherwise."""
        return verify_franking_tag(tag, salt=self.salt, content=self.content)


def encode_payload(salt: bytes, content: bytes) -> bytes:
    """Return the plaintext of an application message: salt, then content."""
    if len(salt) != SALT_BYTES:
        raise MalformedInput("a salt is 32 bytes")
    return salt + content


def decode_payload(payload: bytes) -> UnverifiedPayload:
    """Split the plaintext of an application message."""
    if len(payload) < SALT_BYTES:
        raise MalformedInput("a payload begins with a salt of 32 bytes")
    return UnverifiedPayload(payload[:SALT_BYTES], payload[SALT_BYTES:])
