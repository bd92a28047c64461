"""The armour of messages: what was signed, by whom, for which group and epoch."""

from __future__ import annotations

from dataclasses import replace

import pytest

from crypto.errors import CryptoError, InvalidMessage
from crypto.keys import Secret
from crypto.mls.content import AuthData, AuthenticatedContent, Content, FramedContent
from crypto.mls.framing import Sender, SenderType, WireFormat
from crypto.mls.message import PrivateMessage, PublicMessage
from crypto.mls.proposal import Remove
from crypto.mls.protection import (
    MAX_PADDING,
    open_private,
    open_public,
    open_sender_data,
    protect_private,
    protect_public,
    sign_content,
    verify_content,
)
from crypto.mls.secret_tree import RatchetType, SecretTree
from tests.crypto.mls.members import SUITE, a_random

KEY = SUITE.signing_key(SUITE.generate_signature_key(a_random("key")))
MEMBERSHIP = Secret(b"membership")
SENDER_DATA = Secret(b"sender data")
CONTEXT = b"group context"
MEMBER = Sender(SenderType.MEMBER, 1)


def a_tree() -> SecretTree:
    return SecretTree(SUITE, 2, Secret(bytes(32)))


def a_message(
    content: Content,
    *,
    sender: Sender = MEMBER,
    wire_format: WireFormat = WireFormat.PUBLIC_MESSAGE,
) -> AuthenticatedContent:
    framed = FramedContent(
        group_id=b"g", epoch=3, sender=sender, authenticated_data=b"aad", content=content
    )
    signature = sign_content(wire_format, framed, CONTEXT, KEY)
    return AuthenticatedContent(wire_format, framed, AuthData(signature))


def private(text: bytes = b"text", padding: int = 0) -> PrivateMessage:
    message = a_message(text, wire_format=WireFormat.PRIVATE_MESSAGE)
    return protect_private(SUITE, message, a_tree(), SENDER_DATA, padding, a_random("guard"))


def opened(message: PrivateMessage) -> AuthenticatedContent:
    sender = open_sender_data(SUITE, message, SENDER_DATA)
    return open_private(SUITE, message, a_tree(), sender).message


def test_a_signature_is_for_one_context_and_wire_format() -> None:
    """The same content signed as public is not signed as private, nor for another epoch."""
    message = a_message(Remove(0))
    verify_content(SUITE, message, CONTEXT, KEY.public)

    as_private = replace(message, wire_format=WireFormat.PRIVATE_MESSAGE)
    for wrong, context in ((as_private, CONTEXT), (message, b"another context")):
        with pytest.raises(InvalidMessage, match="bad_signature"):
            verify_content(SUITE, wrong, context, KEY.public)


def test_an_outsiders_signature_does_not_cover_the_context() -> None:
    """RFC 9420, 6.1: an external sender does not know it."""
    message = a_message(Remove(0), sender=Sender(SenderType.EXTERNAL, 0))

    verify_content(SUITE, message, b"whatever it is", KEY.public)


def test_a_members_public_message_has_its_tag() -> None:
    """Under another key, or over other bytes, it is no member's."""
    message = protect_public(SUITE, a_message(Remove(0)), CONTEXT, MEMBERSHIP)
    assert open_public(SUITE, message, CONTEXT, MEMBERSHIP).content.content == Remove(0)

    for wrong, key in (
        (replace(message, membership_tag=bytes(32)), MEMBERSHIP),
        (replace(message, membership_tag=b""), MEMBERSHIP),
        (message, Secret(b"another")),
        (replace(message, content=replace(message.content, epoch=4)), MEMBERSHIP),
    ):
        with pytest.raises(InvalidMessage, match="bad_membership_tag"):
            open_public(SUITE, wrong, CONTEXT, key)


def test_application_data_is_never_public() -> None:
    """Neither written nor read (section 6)."""
    message = a_message(b"in the open")

    with pytest.raises(InvalidMessage, match="wrong_wire_format"):
        protect_public(SUITE, message, CONTEXT, MEMBERSHIP)
    with pytest.raises(InvalidMessage, match="wrong_wire_format"):
        open_public(
            SUITE, PublicMessage(message.content, message.auth, b"tag"), CONTEXT, MEMBERSHIP
        )


def test_a_private_message_opens_to_what_was_said() -> None:
    """Padding makes it longer and changes nothing else."""
    short, long = private(padding=0), private(padding=100)

    assert len(long.ciphertext) == len(short.ciphertext) + 100
    for message in (short, long):
        said = opened(message)
        assert (said.content.content, said.content.sender) == (b"text", MEMBER)
        verify_content(SUITE, said, CONTEXT, KEY.public)


def test_every_visible_field_is_authenticated() -> None:
    """Group, epoch, authenticated data, and both ciphertexts."""
    message = private()
    for wrong in (
        replace(message, group_id=b"h"),
        replace(message, epoch=4),
        replace(message, authenticated_data=b"other"),
        replace(message, ciphertext=message.ciphertext[:-1] + b"\x00"),
        replace(message, encrypted_sender_data=bytes(28)),
        replace(message, ciphertext=b""),
    ):
        with pytest.raises(InvalidMessage, match="bad_ciphertext"):
            opened(wrong)


def test_padding_is_zeros() -> None:
    """RFC 9420, 6.3.1: anything else would be a covert channel."""
    tree, message = a_tree(), private(padding=8)
    sender = open_sender_data(SUITE, message, SENDER_DATA)
    found = tree.find(1, RatchetType.APPLICATION, sender.generation)
    nonce = bytearray(found.key.nonce.reveal())
    for i, byte in enumerate(sender.reuse_guard):
        nonce[i] ^= byte
    header = b"\x01g" + (3).to_bytes(8, "big") + b"\x01"
    associated, key = header + b"\x03aad", found.key.key.reveal()
    plaintext = SUITE.hpke.aead.open(key, bytes(nonce), associated, message.ciphertext)
    assert plaintext.endswith(bytes(8))
    spoilt = SUITE.hpke.aead.seal(key, bytes(nonce), associated, plaintext[:-1] + b"\x01")

    with pytest.raises(InvalidMessage, match="bad_padding"):
        open_private(SUITE, replace(message, ciphertext=spoilt), tree, sender)


@pytest.mark.parametrize("padding", [-1, MAX_PADDING + 1])
def test_a_senseless_padding_uses_up_no_key(padding: int) -> None:
    """It is refused before the ratchet moves."""
    tree = a_tree()
    message = a_message(b"text", wire_format=WireFormat.PRIVATE_MESSAGE)

    with pytest.raises(InvalidMessage, match="bad_padding"):
        protect_private(SUITE, message, tree, SENDER_DATA, padding, a_random("guard"))
    assert tree.next_key(1, RatchetType.APPLICATION)[0] == 0


def test_only_members_encrypt() -> None:
    """An outsider has no ratchet."""
    message = a_message(Remove(0), sender=Sender(SenderType.EXTERNAL, 0))

    with pytest.raises(CryptoError, match="unknown_sender"):
        protect_private(SUITE, message, a_tree(), SENDER_DATA, 0, a_random("guard"))


def test_no_nonce_is_used_as_it_was_derived() -> None:
    """The reuse guard is drawn anew: the same key twice is not the same nonce twice (6.3.1)."""
    message = a_message(b"text", wire_format=WireFormat.PRIVATE_MESSAGE)
    first, second = (
        protect_private(SUITE, message, a_tree(), SENDER_DATA, 0, a_random(seed))
        for seed in ("one", "two")
    )

    assert first.ciphertext != second.ciphertext
