"""Secrets: what must not leak by being printed, compared, hashed or pickled."""

from __future__ import annotations

import copy
import pickle

import pytest

from crypto.keys import Secret


def test_a_secret_prints_its_length_only() -> None:
    """Neither a log line nor a traceback shows the bytes."""
    secret = Secret(b"\x2a" * 32)

    assert repr(secret) == str(secret) == f"{secret}" == "Secret(32 bytes)"


def test_a_secret_reveals_its_bytes_on_request() -> None:
    """The one way to the bytes, and a copy of what was handed in."""
    given = bytearray(b"key")
    secret = Secret(bytes(given))
    given[0] = 0

    assert secret.reveal() == b"key"
    assert len(secret) == 3


def test_secrets_are_equal_by_content_and_to_secrets_only() -> None:
    """A secret does not equal its own bytes: comparing those would not take constant time."""
    assert Secret(b"key") == Secret(b"key")
    assert Secret(b"key") != Secret(b"kez")
    assert Secret(b"key") != b"key"


def test_a_secret_has_no_hash() -> None:
    """A hash would be a hint about the secret."""
    with pytest.raises(TypeError):
        hash(Secret(b"key"))


def test_a_secret_is_not_serialised() -> None:
    """Pickling, and the copying built on it, would write the bytes somewhere."""
    with pytest.raises(TypeError):
        pickle.dumps(Secret(b"key"))
    with pytest.raises(TypeError):
        copy.deepcopy(Secret(b"key"))


def test_a_wiped_secret_is_gone() -> None:
    """It gives nothing any more; a copy made before lives on."""
    secret = Secret(b"key")
    copied = secret.copy()

    secret.wipe()

    assert copied.reveal() == b"key"
    assert secret != copied
    with pytest.raises(ValueError, match="wiped"):
        secret.reveal()
    with pytest.raises(ValueError, match="wiped"):
        secret.copy()


def test_an_empty_secret_is_no_wiped_one() -> None:
    """Whether it is any good is another's question."""
    assert Secret(b"").reveal() == b""
