"""The suites: each has its primitives, and its signatures hold for what was signed only."""

from __future__ import annotations

import os

import pytest

from crypto.errors import BadCiphertext, BadKey, BadSignature, UnsupportedSuite
from crypto.keys import Secret
from crypto.suites import SUITES, Suite, suite_of

EACH = pytest.mark.parametrize("suite", SUITES.values(), ids=lambda suite: suite.name)


def test_the_seven_suites_of_the_rfc() -> None:
    """RFC 9420, 17.1; what is not among them, private use and GREASE included, is refused."""
    assert sorted(SUITES) == [1, 2, 3, 4, 5, 6, 7]
    assert [suite_of(code).id for code in SUITES] == list(SUITES)
    for code in (0, 8, 0x0A0A, 0xF001):
        with pytest.raises(UnsupportedSuite):
            suite_of(code)


@EACH
def test_a_signature_holds_for_its_label_and_content(suite: Suite) -> None:
    """Another label, content, key or byte is no signature."""
    key = suite.signing_key(suite.generate_signature_key(os.urandom))
    other = suite.signing_key(suite.generate_signature_key(os.urandom))
    signature = key.sign_with_label(b"Label", b"content")

    suite.verify_with_label(key.public, b"Label", b"content", signature)

    for public, label, content, signed in (
        (other.public, b"Label", b"content", signature),
        (key.public, b"Other", b"content", signature),
        (key.public, b"Label", b"contents", signature),
        (key.public, b"Label", b"content", signature[:-1]),
        (key.public, b"Label", b"content", b""),
        (b"", b"Label", b"content", signature),
        (key.public[:-1], b"Label", b"content", signature),
    ):
        with pytest.raises(BadSignature):
            suite.verify_with_label(public, label, content, signed)


@EACH
def test_what_is_encrypted_opens_for_its_label_and_context(suite: Suite) -> None:
    """EncryptWithLabel binds label and context."""
    pair = suite.generate_key_pair(os.urandom)
    sealed = suite.encrypt_with_label(pair.public, b"Label", b"context", b"text", os.urandom)

    assert suite.decrypt_with_label(pair.private, b"Label", b"context", *sealed) == b"text"
    for label, context, kem_output in (
        (b"Other", b"context", sealed[0]),
        (b"Label", b"other", sealed[0]),
        (b"Label", b"context", b""),
    ):
        with pytest.raises(BadCiphertext):
            suite.decrypt_with_label(pair.private, label, context, kem_output, sealed[1])


@EACH
def test_a_key_of_another_size_is_none(suite: Suite) -> None:
    """Private keys are of their algorithm."""
    for wrong in (b"", bytes(200)):
        with pytest.raises(BadKey):
            suite.signing_key(Secret(wrong))


def test_a_signing_key_shows_its_public_half_only() -> None:
    """What a traceback prints is no secret."""
    key = SUITES[1].signing_key(Secret(bytes(range(32))))

    assert bytes(range(32)).hex() not in repr(key)
    assert key.public.hex() in repr(key)


def test_a_scalar_is_drawn_until_it_lies_below_the_order() -> None:
    """The first candidates are beyond the order of P-256: they are thrown away."""
    drawn = iter([b"\xff" * 32, bytes(32), bytes(31) + b"\x05"])

    private = SUITES[2].generate_signature_key(lambda _: next(drawn))

    assert private == Secret(bytes(31) + b"\x05")
