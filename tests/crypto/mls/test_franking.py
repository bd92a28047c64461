"""Franking: a content is the one its sender committed to, or it is not shown."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto.errors import BadFrankingTag, MalformedInput
from crypto.mls.franking import (
    UnverifiedPayload,
    decode_payload,
    encode_payload,
    franking_tag,
    verify_franking_tag,
)
from tests.crypto.mls.builders import golden_messages

SALT = bytes(range(32))


@given(st.binary(min_size=32, max_size=32), st.binary(max_size=200))
def test_a_payload_is_opened_with_its_tag(salt: bytes, content: bytes) -> None:
    """What was franked and packed comes out again."""
    payload = decode_payload(encode_payload(salt, content))

    assert payload == UnverifiedPayload(salt, content)
    assert payload.verify(franking_tag(salt, content)) == content


@pytest.mark.parametrize("case", golden_messages(), ids=lambda case: case["kind"])
def test_tags_and_payloads_are_those_of_the_golden_file(case: dict[str, Any]) -> None:
    """Go's HMAC gives the same tag, and its payload opens."""
    salt, content = bytes.fromhex(case["salt"]), case["content"].encode()

    assert franking_tag(salt, content).hex() == case["franking_tag"]
    assert encode_payload(salt, content).hex() == case["payload"]


@pytest.mark.parametrize(
    ("tag", "salt", "content"),
    [
        (franking_tag(SALT, b"yes"), SALT, b"no"),
        (franking_tag(SALT, b"yes"), bytes(32), b"yes"),
        (bytes(32), SALT, b"yes"),
        (b"", SALT, b"yes"),
    ],
    ids=["another content", "another salt", "another tag", "no tag"],
)
def test_another_content_salt_or_tag_is_refused(tag: bytes, salt: bytes, content: bytes) -> None:
    """A participant cannot disclose what was never sent."""
    with pytest.raises(BadFrankingTag):
        verify_franking_tag(tag, salt=salt, content=content)


@pytest.mark.parametrize("length", [0, 31, 33])
def test_a_salt_is_32_bytes(length: int) -> None:
    """HMAC pads a shorter key with zeros: two salts would share one tag."""
    with pytest.raises(MalformedInput):
        franking_tag(bytes(length), b"content")
    with pytest.raises(MalformedInput):
        encode_payload(bytes(length), b"content")


def test_a_payload_without_room_for_a_salt_is_refused() -> None:
    """Thirty-two bytes are a salt and an empty content; fewer are nothing."""
    assert decode_payload(SALT).content == b""
    with pytest.raises(MalformedInput):
        decode_payload(SALT[:-1])
