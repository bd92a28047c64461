"""A log's signing key is made once, kept from everyone, and never written over."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from server.storage.keys import HubIdentity, KeyRing


def test_a_key_is_made_at_first_use_and_found_again(tmp_path: Path) -> None:
    """A restart continues the same log with the same key."""
    first = KeyRing(tmp_path / "keys").log_key("990000001")

    again = KeyRing(tmp_path / "keys").log_key("990000001")

    assert again.public_key() == first.public_key()


def test_each_pharmacy_has_its_own_key(tmp_path: Path) -> None:
    """A pharmacy's key signs nothing of another's."""
    ring = KeyRing(tmp_path / "keys")

    assert ring.log_key("990000001").public_key() != ring.log_key("990000002").public_key()


def test_the_groups_of_a_deployment_know_one_key_of_the_hub(tmp_path: Path) -> None:
    """Kept like a log's, found again, and no log's key."""
    first = KeyRing(tmp_path / "keys").mls_key()

    again = KeyRing(tmp_path / "keys")

    assert again.mls_key().public_key() == first.public_key()
    assert again.log_key("990000001").public_key() != first.public_key()
    assert stat.S_IMODE((tmp_path / "keys" / "mls.pem").stat().st_mode) == 0o600


def test_the_hubs_identity_prints_no_key(tmp_path: Path) -> None:
    """The public half is told; of the seed not a byte."""
    ring = KeyRing(tmp_path / "keys")
    key, authority = ring.mls_key(), ring.authority_key()

    told = repr(HubIdentity("test.example", key, authority))

    assert key.private_bytes_raw().hex() not in told
    assert authority.private_bytes_raw().hex() not in told
    assert key.public_key().public_bytes_raw().hex() in told


def test_a_key_file_is_for_its_owner_alone(tmp_path: Path) -> None:
    """0600 in 0700, whatever the umask."""
    KeyRing(tmp_path / "keys").log_key("990000001")

    assert stat.S_IMODE((tmp_path / "keys").stat().st_mode) == 0o700
    assert stat.S_IMODE((tmp_path / "keys" / "log-990000001.pem").stat().st_mode) == 0o600


def test_a_key_ring_prints_no_key(tmp_path: Path) -> None:
    """Neither its representation nor its text."""
    ring = KeyRing(tmp_path / "keys")
    ring.log_key("990000001")

    assert repr(ring) == str(ring) == "KeyRing(1 keys)"


@pytest.mark.parametrize("finess", ["", "../990000001", "99 0000001", "9900/0001"])
def test_a_name_that_is_no_finess_opens_no_file(tmp_path: Path, finess: str) -> None:
    """The tenant's number is part of a path: only digits pass."""
    with pytest.raises(ValueError, match="FINESS"):
        KeyRing(tmp_path / "keys").log_key(finess)


def test_a_key_of_another_kind_is_refused(tmp_path: Path) -> None:
    """Nobody signs a checkpoint with a key that its vkey does not describe."""
    (tmp_path / "log-990000001.pem").write_bytes(
        generate_private_key(SECP256R1()).private_bytes(
            Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
        )
    )

    with pytest.raises(TypeError, match="Ed25519"):
        KeyRing(tmp_path).log_key("990000001")
