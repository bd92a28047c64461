"""A small log in memory: what the tests of its parts need to stand on."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from crypto.log import tiles, tree
from crypto.log.checkpoint import Checkpoint, VerifierKey, sign_checkpoint
from crypto.log.proof import LogProof

if TYPE_CHECKING:
    from collections.abc import Iterable

ORIGIN: Final = "colloque.example/care/tests"
VECTORS: Final = Path(__file__).parents[2] / "vectors" / "log"


def a_key(name: str = "log") -> Ed25519PrivateKey:
    """Return the private key that belongs to `name` in every run."""
    return Ed25519PrivateKey.from_private_bytes(hashlib.sha256(name.encode()).digest())


def a_verifier_key(origin: str = ORIGIN, key: str = "log") -> VerifierKey:
    """Return the public half of `a_key`, under `origin`."""
    return VerifierKey.of(origin, a_key(key))


def some_leaves(count: int, first: int = 0) -> list[bytes]:
    """Return the leaf hashes of the decimal numbers from `first` on."""
    return [tree.leaf_hash(str(n).encode()) for n in range(first, first + count)]


def naive_root(leaves: list[bytes]) -> bytes:
    """RFC 6962, 2.1, word for word: the oracle that shares nothing with the code."""
    if not leaves:
        return hashlib.sha256().digest()
    if len(leaves) == 1:
        return leaves[0]
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    left, right = naive_root(leaves[:split]), naive_root(leaves[split:])
    return hashlib.sha256(b"\x01" + left + right).digest()


def naive_reader(leaves: list[bytes]) -> tree.HashReader:
    """Return a reader of complete subtrees over leaves held in memory."""

    def read(level: int, index: int) -> bytes:
        subtree = leaves[index << level : (index + 1) << level]
        assert len(subtree) == 1 << level, "only complete subtrees may be asked for"
        return naive_root(subtree)

    return read


class MemoryLog:
    """A log whose tiles are a dictionary."""

    def __init__(self, entries: Iterable[bytes] = ()) -> None:
        self.entries: list[bytes] = []
        self.tiles: dict[tiles.TileId, bytes] = {}
        self.append(entries)

    def append(self, entries: Iterable[bytes]) -> None:
        """Add `entries` in one batch."""
        batch = list(entries)
        leaves = [tree.leaf_hash(entry) for entry in batch]
        self.tiles |= tiles.append(len(self.entries), leaves, self.tiles.__getitem__)
        self.entries += batch

    @property
    def reader(self) -> tree.HashReader:
        """A reader of the tiles as they stand."""
        return tiles.hash_reader(self.tiles.__getitem__)

    def root(self, size: int | None = None) -> bytes:
        """Return the root of the first `size` entries, or of all."""
        return tree.root_from(len(self.entries) if size is None else size, self.reader)

    def checkpoint(self) -> str:
        """Return the signed checkpoint of the whole log."""
        head = Checkpoint(origin=ORIGIN, size=len(self.entries), root=self.root())
        return sign_checkpoint(head, a_key())

    def receipt(self, index: int, *, extra: bytes | None = None) -> str:
        """Return the receipt of entry `index`."""
        hashes = tree.inclusion_proof(index, len(self.entries), self.reader)
        return LogProof(
            index=index, hashes=hashes, checkpoint_text=self.checkpoint(), extra=extra
        ).encode()


def golden(name: str) -> Any:
    """Return one of the golden files of `tests/vectors/log`."""
    return json.loads((VECTORS / name).read_text("utf-8"))
