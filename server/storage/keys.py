"""The logs' signing keys: one Ed25519 key per pharmacy, each in a file only its owner reads."""

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


class KeyRing:
    """Keys by pharmacy, made at first use."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._keys: dict[str, Ed25519PrivateKey] = {}

    def log_key(self, finess: str) -> Ed25519PrivateKey:
        """Return the key that signs the checkpoints of a pharmacy's logs."""
        if finess not in self._keys:
            self._keys[finess] = self._load(finess) or self._make(finess)
        return self._keys[finess]

    def __repr__(self) -> str:
        return f"KeyRing({len(self._keys)} keys)"

    def _path(self, finess: str) -> Path:
        if not finess.isdigit():
            raise ValueError("a FINESS is digits")
        return self._directory / f"log-{finess}.pem"

    def _load(self, finess: str) -> Ed25519PrivateKey | None:
        path = self._path(finess)
        if not path.exists():
            return None
        key = load_pem_private_key(path.read_bytes(), password=None)
        if not isinstance(key, Ed25519PrivateKey):
            raise TypeError("the log key is not Ed25519")
        return key

    def _make(self, finess: str) -> Ed25519PrivateKey:
        key = Ed25519PrivateKey.generate()
        pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        self._directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        path = self._path(finess)
        # O_EXCL: a key once there is never written over. Synced before the first checkpoint that
        # it signs can be durable, or a power cut would leave a log that nobody can continue.
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(pem)
            file.flush()
            os.fsync(file.fileno())
        return key
