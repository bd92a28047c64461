"""Transcript hashes (RFC 9420, 8.2): every commit that led to an epoch, in one value."""

from __future__ import annotations

import hmac

from crypto.encoding import Writer, vector
from crypto.errors import InvalidCommit, Rule
from crypto.keys import Secret
from crypto.mls.content import AuthenticatedContent
from crypto.suites import Suite


def confirmed_transcript_hash(suite: Suite, interim: bytes, commit: AuthenticatedContent) -> bytes:
    """Return the hash over all commits up to this one's signature."""
    writer = Writer()
    writer.rest(interim)
    writer.uint16(commit.wire_format)
    commit.content.write(writer)
    writer.opaque(commit.auth.signature)
    return suite.hash(writer.finish())


def interim_transcript_hash(suite: Suite, confirmed: bytes, confirmation_tag: bytes) -> bytes:
    """Return the hash that also covers the last commit's confirmation tag."""
    return suite.hash(confirmed + vector(confirmation_tag))


def confirmation_tag(suite: Suite, confirmation_key: Secret, confirmed: bytes) -> bytes:
    """Return the tag by which members prove that they came to the same epoch (6.1)."""
    return suite.mac(confirmation_key.reveal(), confirmed)


def verify_confirmation_tag(
    suite: Suite, confirmation_key: Secret, confirmed: bytes, tag: bytes
) -> None:
    """Raise `InvalidCommit` unless the tag is of this epoch."""
    if not hmac.compare_digest(confirmation_tag(suite, confirmation_key, confirmed), tag):
        raise InvalidCommit(Rule.BAD_CONFIRMATION_TAG)
