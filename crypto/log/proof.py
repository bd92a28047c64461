"""A receipt anyone can check without the hub (c2sp.org/tlog-proof@v1).

In the file a person keeps, the entry itself travels in `extra`; the receipt on the wire leaves
it out, because its reader has just sent it. Nothing authenticates `extra`: it is believed only
once it hashes to the proven leaf.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from crypto.errors import MalformedInput
from crypto.log.canonical import MAX_ENTRY_BYTES
from crypto.log.checkpoint import MAX_CHECKPOINT_BYTES, UnverifiedCheckpoint
from crypto.log.text import decode_base64, decode_decimal, decode_hash, encode_base64
from crypto.log.tree import MAX_PROOF_HASHES

MAGIC: Final = "c2sp.org/tlog-proof@v1"
# An entry in base64, 64 hashes of 45 bytes, a checkpoint and two short lines.
MAX_PROOF_BYTES: Final = MAX_ENTRY_BYTES * 4 // 3 + 64 * 45 + MAX_CHECKPOINT_BYTES + 64


@dataclass(frozen=True, slots=True, kw_only=True)
class LogProof:
    """What the log hands out for one entry."""

    index: int
    hashes: tuple[bytes, ...]
    checkpoint_text: str
    extra: bytes | None = None

    def encode(self) -> str:
        """Return the proof as text, ready to be kept as a `.tlog-proof` file."""
        lines = [MAGIC]
        if self.extra is not None:
            lines.append(f"extra {encode_base64(self.extra)}")
        lines.append(f"index {self.index}")
        lines.extend(encode_base64(one) for one in self.hashes)
        return "\n".join(lines) + "\n\n" + self.checkpoint_text


@dataclass(frozen=True, slots=True, kw_only=True)
class UnverifiedLogProof:
    """A proof as it came: readable, not yet to be believed; `verify_receipt` decides."""

    index: int
    hashes: tuple[bytes, ...]
    checkpoint_text: str
    checkpoint: UnverifiedCheckpoint
    extra: bytes | None

    @classmethod
    def parse(cls, text: str) -> UnverifiedLogProof:
        """Read a proof and the checkpoint it ends with."""
        if len(text) > MAX_PROOF_BYTES:
            raise MalformedInput("longer than a proof may be")
        head, separator, checkpoint = text.partition("\n\n")
        if not separator:
            raise MalformedInput("a proof ends with a checkpoint")
        magic, *lines = head.split("\n")
        if magic != MAGIC:
            raise MalformedInput("not a tlog-proof@v1")
        extra = _take_extra(lines)
        index = _take_index(lines)
        if len(lines) > MAX_PROOF_HASHES:
            raise MalformedInput("a proof has at most 64 hashes")
        return cls(
            index=index,
            hashes=tuple(decode_hash(line) for line in lines),
            checkpoint_text=checkpoint,
            checkpoint=UnverifiedCheckpoint.parse(checkpoint),
            extra=extra,
        )


def _take_extra(lines: list[str]) -> bytes | None:
    if not lines or not lines[0].startswith("extra "):
        return None
    extra = decode_base64(lines.pop(0).removeprefix("extra "))
    if len(extra) > MAX_ENTRY_BYTES:
        raise MalformedInput("longer than an entry may be")
    return extra


def _take_index(lines: list[str]) -> int:
    if not lines or not lines[0].startswith("index "):
        raise MalformedInput("a proof names an index")
    return decode_decimal(lines.pop(0).removeprefix("index "))
