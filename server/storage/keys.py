"""The hub's signing keys (Ed25519): of each pharmacy's logs, of its groups, of its authority.

Each is in a file that only its owner reads.
"""

from __future__ import annotations

import os
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from crypto.keys import Secret


class KeyRing:
    """Keys by what they are for, made at first use."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._keys: dict[str, Ed25519PrivateKey] = {}

    def log_key(self, finess: str) -> Ed25519PrivateKey:
        """Return the key that signs the checkpoints of a pharmacy's logs."""
        if not finess.isdigit():
            raise ValueError("a FINESS is digits")
        return self._key(f"log-{finess}")

    def mls_key(self) -> Ed25519PrivateKey:
        """Return the key under which the hub proposes to the groups of this deployment."""
        return self._key("mls")

    def authority_key(self) -> Ed25519PrivateKey:
        """Return the key under which this deployment certifies identities."""
        return self._key("authority")

    def __repr__(self) -> str:
        return f"KeyRing({len(self._keys)} keys)"

    def _key(self, name: str) -> Ed25519PrivateKey:
        if name not in self._keys:
            path = self._directory / f"{name}.pem"
            self._keys[name] = self._load(path) or self._make(path)
        return self._keys[name]

    def _load(self, path: Path) -> Ed25519PrivateKey | None:
        if not path.exists():
            return None
        key = load_pem_private_key(path.read_bytes(), password=None)
        if not isinstance(key, Ed25519PrivateKey):
            raise TypeError("a signing key of the hub is not Ed25519")
        return key

    def _make(self, path: Path) -> Ed25519PrivateKey:
        key = Ed25519PrivateKey.generate()
        pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        self._directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        # O_EXCL: a key once there is never written over. Synced before the first checkpoint that
        # it signs can be durable, or a power cut would leave a log that nobody can continue.
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(pem)
            file.flush()
            os.fsync(file.fileno())
        return key


class HubIdentity:
    """`ports.Identity`."""

    def __init__(
        self, deployment: str, mls: Ed25519PrivateKey, authority: Ed25519PrivateKey
    ) -> None:
        self.deployment = deployment
        self.mls_public_key = mls.public_key().public_bytes_raw()
        self.mls_key = Secret(mls.private_bytes_raw())
        self.authority_public_key = authority.public_key().public_bytes_raw()
        self.authority_key = Secret(authority.private_bytes_raw())

    def __repr__(self) -> str:
        return f"HubIdentity({self.deployment!r}, {self.mls_public_key.hex()})"
