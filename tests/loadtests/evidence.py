"""A clean run on paper: two conversations, two readers each, a true log and true receipts."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from crypto.log import canonical
from crypto.log.checkpoint import Checkpoint, VerifierKey, sign_checkpoint
from crypto.log.proof import LogProof
from crypto.log.tree import inclusion_proof, leaf_hash, node_hash, root_hash
from crypto.log.verify import VerifiedReceipt, verify_receipt
from loadtests.checker import AuditedLog, Decrypted, Evidence, Reading, Row, Seen, Sent, Tally

LOG = "colloque.test/990000001/care"
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
VKEY = VerifierKey.of(LOG, KEY)
HERE, THERE = "conversation-1", "conversation-2"
MESSAGES = 6


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


@dataclass(slots=True)
class Run:
    """A run being written down. A test changes one thing before `evidence()` is called."""

    sent: list[Sent] = field(default_factory=list)
    readings: dict[tuple[str, str], list[Seen]] = field(default_factory=dict)
    decrypted: dict[tuple[str, str], dict[int, str | None]] = field(default_factory=dict)
    entries: list[dict[str, Any]] = field(default_factory=list)
    receipts: list[VerifiedReceipt] = field(default_factory=list)
    tallies: dict[tuple[str, ...], Tally] = field(default_factory=dict)
    mend_log: Callable[[AuditedLog], AuditedLog] = lambda log: log

    def evidence(self) -> Evidence:
        """Close the log and hand everything to the judge."""
        return Evidence(
            sent=tuple(self.sent),
            readings=tuple(
                Reading(reader=reader, conversation=where, since=since(reader), events=tuple(seen))
                for (reader, where), seen in self.readings.items()
            ),
            decrypted=tuple(
                Decrypted(reader=reader, conversation=where, texts=texts)
                for (reader, where), texts in self.decrypted.items()
            ),
            logs=(self.mend_log(a_log(self.entries)),),
            receipts=tuple(self.receipts),
            tallies=self.tallies,
        )


def since(reader: str) -> int:
    """The founder reads from the start, the patient from after the commit that added them."""
    return 1 if reader == "patient" else 0


def a_clean_run() -> Run:
    """Return a run in which nothing is wrong."""
    run = Run()
    for where in (HERE, THERE):
        _enter(run, "dispensation.started", where, None)
        _enter(run, "group.committed", where, Seen(seq=1, what="commit", ciphertext=digest(where)))
        for number in range(MESSAGES):
            _send(run, where, number)
    run.tallies = {
        ("dispensation.started",): Tally(2),
        ("group.committed",): Tally(2),
        ("message.sent",): Tally(2 * MESSAGES),
    }
    return run


def _send(run: Run, where: str, number: int) -> None:
    body = digest(f"{where} {number}")
    message, seq = f"{where}-message-{number}", number + 2
    seen = Seen(seq=seq, what="message", ciphertext=body, message=message)
    _enter(run, "message.sent", where, seen)
    run.sent.append(
        Sent(
            device="founder",
            conversation=where,
            message=message,
            text=f"text {number}",
            ciphertexts=frozenset({body}),
            began=number,
            answered=number + 0.5,
            seq=seq,
        )
    )
    for reader in ("founder", "patient"):
        run.decrypted.setdefault((reader, where), {})[seq] = f"text {number}"
    run.receipts.append(a_receipt(run.entries, len(run.entries) - 1))


def _enter(run: Run, act: str, where: str, seen: Seen | None) -> None:
    sealed = None
    if seen is not None:
        sealed = {"ciphertext": seen.ciphertext, "message": seen.message, "seq": seen.seq}
        for reader in ("founder", "patient"):
            events = run.readings.setdefault((reader, where), [])
            if seen.seq > since(reader):
                events.append(seen)
    number = 1 + sum(entry["conversation"] == where for entry in run.entries)
    run.entries.append(
        {
            "conversation": where,
            "conversation_entry": number,
            "object": sealed,
            "seq": len(run.entries),
            "type": act,
        }
    )


def a_log(entries: list[dict[str, Any]]) -> AuditedLog:
    """Return the log of these entries, signed."""
    encoded = [canonical.encode(entry) for entry in entries]
    leaves = [leaf_hash(entry) for entry in encoded]
    checkpoint = Checkpoint(origin=LOG, size=len(leaves), root=root_hash(leaves))
    rows = tuple(Row(i, entry, leaf_hash(entry)) for i, entry in enumerate(encoded))
    return AuditedLog(key=VKEY, checkpoint=sign_checkpoint(checkpoint, KEY), rows=rows)


def a_receipt(entries: list[dict[str, Any]], index: int) -> VerifiedReceipt:
    """Return the verified receipt of entry `index` in the log of these entries."""
    log = a_log(entries)
    leaves = [row.leaf for row in log.rows]
    hashes = inclusion_proof(index, len(leaves), lambda level, at: _subtree(leaves, level, at))
    proof = LogProof(index=index, hashes=hashes, checkpoint_text=log.checkpoint)
    return verify_receipt(proof.encode(), VKEY, log.rows[index].entry)


def with_row(log: AuditedLog, index: int, **changes: Any) -> AuditedLog:
    """Return `log` with one row changed, as an intruder in the database would leave it."""
    rows = list(log.rows)
    rows[index] = replace(rows[index], **changes)
    return replace(log, rows=tuple(rows))


def _subtree(leaves: list[bytes], level: int, index: int) -> bytes:
    if level == 0:
        return leaves[index]
    left, right = (_subtree(leaves, level - 1, 2 * index + side) for side in (0, 1))
    return node_hash(left, right)
