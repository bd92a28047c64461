"""From a receipt to a fact: this entry stands at this index of this log."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from crypto.errors import WrongEntry
from crypto.log.proof import UnverifiedLogProof
from crypto.log.tree import leaf_hash, verify_inclusion

if TYPE_CHECKING:
    from crypto.log.checkpoint import Checkpoint, VerifierKey


@dataclass(frozen=True, slots=True)
class VerifiedReceipt:
    """The log has committed itself to `entry` at `index`; only `verify_receipt` makes one."""

    entry: bytes
    index: int
    checkpoint: Checkpoint


def verify_receipt(
    proof_text: str, vkey: VerifierKey, entry: bytes | None = None
) -> VerifiedReceipt:
    """Return what the receipt proves; raise the `CryptoError` that says why it proves nothing.

    The entry is the caller's, or the one that travels in the receipt; where both are there they
    must be the same bytes.
    """
    proof = UnverifiedLogProof.parse(proof_text)
    proven = _choose_entry(entry, proof.extra)
    checkpoint = proof.checkpoint.verify(vkey)
    verify_inclusion(
        leaf=leaf_hash(proven),
        index=proof.index,
        size=checkpoint.size,
        proof=proof.hashes,
        root=checkpoint.root,
    )
    return VerifiedReceipt(proven, proof.index, checkpoint)


def _choose_entry(given: bytes | None, carried: bytes | None) -> bytes:
    known = {entry for entry in (given, carried) if entry is not None}
    if not known:
        raise WrongEntry("the receipt carries no entry and none was given")
    if len(known) > 1:
        raise WrongEntry("the receipt carries another entry")
    return known.pop()
