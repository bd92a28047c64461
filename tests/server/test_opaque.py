"""Opaque bodies: the hub reads their headers as it reads those of true MLS messages."""

from __future__ import annotations

from uuid import UUID

from crypto.mls.authenticated_data import AuthenticatedData
from crypto.mls.framing import ContentType, WireFormat, decode_header, decode_wire_format
from crypto.mls.franking import franking_tag
from tests.server import opaque

CONVERSATION = "7f9c1f3a-2b1d-4c55-9a7e-0123456789ab"


def zeros(size: int) -> bytes:
    return bytes(size)


def test_a_message_names_its_group_epoch_and_authenticated_data() -> None:
    """Everything the hub sorts by is in the header."""
    message = opaque.message(CONVERSATION, b"content", counter=3, sent_at=1700)

    header = decode_header(message.at_epoch(2))
    said = AuthenticatedData.decode(header.authenticated_data)

    assert (header.group_id, header.epoch) == (UUID(CONVERSATION).bytes, 2)
    assert header.content_type is ContentType.APPLICATION
    assert (str(UUID(bytes=said.id)), said.kind) == (message.id, "message")
    assert (said.counter, said.sent_at) == (3, 1700)


def test_encrypting_again_changes_the_bytes_and_keeps_the_identity() -> None:
    """Another epoch, another ciphertext: the same id, counter and franking tag."""
    message = opaque.message(CONVERSATION, b"content", counter=1, sent_at=0)

    first, second = decode_header(message.at_epoch(0)), decode_header(message.at_epoch(1))

    assert message.at_epoch(0) != message.at_epoch(0)
    assert first.authenticated_data == second.authenticated_data


def test_the_franking_tag_commits_to_the_content() -> None:
    """HMAC of the content under the salt; the randomness is an argument."""
    message = opaque.message(CONVERSATION, b"content", counter=1, sent_at=0, random_bytes=zeros)

    assert message.franking_tag == franking_tag(bytes(32), b"content")


def test_a_commit_names_its_group_epoch_and_member() -> None:
    """A public message of a member, as the hub requires of commits."""
    header = decode_header(opaque.commit(CONVERSATION, 4, leaf=1))

    assert header.wire_format is WireFormat.PUBLIC_MESSAGE
    assert header.content_type is ContentType.COMMIT
    assert (header.group_id, header.epoch) == (UUID(CONVERSATION).bytes, 4)
    assert header.sender_leaf == 1


def test_the_other_bodies_say_what_they_are() -> None:
    """Their wire format is true, the rest is random."""
    assert decode_wire_format(opaque.group_info()) is WireFormat.GROUP_INFO
    assert decode_wire_format(opaque.welcome()) is WireFormat.WELCOME
    assert decode_wire_format(opaque.key_package()) is WireFormat.KEY_PACKAGE
    assert opaque.key_package() != opaque.key_package()
