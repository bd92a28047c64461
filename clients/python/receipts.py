"""Receipts: believed only once they verify against the pinned key, for the act that was sent."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from clients.python.errors import LogForked, LogKeyChanged
from crypto.errors import CryptoError, WrongEntry, WrongOrigin
from crypto.log import canonical
from crypto.log.checkpoint import Checkpoint, UnverifiedCheckpoint, VerifierKey
from crypto.log.proof import UnverifiedLogProof
from crypto.log.verify import VerifiedReceipt, verify_receipt
from signaling.frames import Receipt

CARE: Final = "care"
# Roots of checkpoints seen in this run: enough to meet a fork that is shown a little later.
_REMEMBERED: Final = 4_096


@dataclass(slots=True)
class PinnedLogs:
    """The pharmacy's log keys as this client first saw them; another key is never taken."""

    head: str = ""
    """The largest signed head of the `care` log that was seen: it rides in every message."""
    top: Checkpoint | None = None
    """What that head says."""
    _keys: dict[str, VerifierKey] = field(default_factory=dict)
    """By log class (`care`, `technical`): a log that changed its name changed its key."""
    _roots: dict[int, bytes] = field(default_factory=dict)

    @property
    def keys(self) -> dict[str, str]:
        """Return the pinned keys as they were told."""
        return {log_class: key.encode() for log_class, key in self._keys.items()}

    def pin(self, logs: Mapping[str, str]) -> None:
        """Pin each log's key at first sight; raise `LogKeyChanged` when one differs later."""
        for log_class, text in logs.items():
            key = VerifierKey.parse(text)
            if self._keys.setdefault(log_class, key) != key:
                raise LogKeyChanged("a log shows another key than the pinned one")

    def key(self, log: str) -> VerifierKey:
        """Return the pinned key of the log of that name; raise `WrongOrigin` for another log."""
        for key in self._keys.values():
            if key.name == log:
                return key
        raise WrongOrigin("a receipt of a log that was never pinned")

    def verify(self, receipt: Receipt, of: str | None = None) -> VerifiedReceipt:
        """Return what the receipt proves; raise the `CryptoError` that says why nothing.

        `of`: the class of the only log that will do.
        """
        key = self.key(receipt.log)
        if of is not None and key != self._keys.get(of):
            raise WrongOrigin("a receipt of another log than the one that counts")
        verified = verify_receipt(receipt.proof, key, receipt.entry)
        if key == self._keys.get(CARE):
            note = UnverifiedLogProof.parse(receipt.proof).checkpoint_text
            self._observe(verified.checkpoint, note)
        return verified

    def told(self, note: str) -> Checkpoint | None:
        """Take the head that the hub tells at hello; raise `LogForked` where it cannot be true.

        Returns the head that stood here before, where it has yet to be proven the beginning.
        """
        checkpoint, before = self._signed(note), self.top
        if checkpoint is None or (before is not None and checkpoint.size < before.size):
            raise LogForked("the hub tells a head that is unsigned, or of a shorter log")
        news = checkpoint.size not in self._roots
        self._observe(checkpoint, note)
        return before if news and before is not None and before.size > 0 else None

    def heard(self, note: str) -> Checkpoint | None:
        """Take the head that a member saw; raise `LogForked` where it is of another history.

        Returns it where it has yet to be proven of this one. What the log did not sign says
        nothing: anybody can write it into a message.
        """
        checkpoint = self._signed(note)
        if checkpoint is None or checkpoint.size == 0:
            return None
        known = self._roots.get(checkpoint.size)
        if known is None:
            return checkpoint
        if known != checkpoint.root:
            raise LogForked("two heads of one size with different roots")
        return None

    def proven(self, checkpoint: Checkpoint, note: str) -> None:
        """Note a head that the hub has proven to be of this history."""
        self._observe(checkpoint, note)

    def restore(self, keys: Mapping[str, str], head: str) -> None:
        """Take up what an earlier run of this device pinned and saw."""
        self.pin(keys)
        checkpoint = self._signed(head)
        if checkpoint is not None:
            self._observe(checkpoint, head)

    def _signed(self, note: str) -> Checkpoint | None:
        key = self._keys.get(CARE)
        try:
            return None if key is None else UnverifiedCheckpoint.parse(note).verify(key)
        except CryptoError:
            return None

    def _observe(self, checkpoint: Checkpoint, note: str) -> None:
        if self._roots.setdefault(checkpoint.size, checkpoint.root) != checkpoint.root:
            raise LogForked("two heads of one size with different roots")
        if len(self._roots) > _REMEMBERED:
            del self._roots[next(iter(self._roots))]
        if self.top is None or checkpoint.size > self.top.size:
            self.top, self.head = checkpoint, note


def verify_is_for(
    verified: VerifiedReceipt, *, act: str, conversation: str | None, body: bytes | None = None
) -> VerifiedReceipt:
    """Return the receipt if its entry, of type `act`, is of this act; raise `WrongEntry` otherwise.

    A hub that answers with a true receipt of some other entry has proved nothing of this one.
    """
    entry = canonical.decode(verified.entry)
    if not isinstance(entry, dict):
        raise WrongEntry("the entry is not an object")
    if (entry.get("type"), entry.get("conversation")) != (act, conversation):
        raise WrongEntry("the receipt is of another act")
    if body is not None:
        sealed = entry.get("object")
        told = sealed.get("ciphertext") if isinstance(sealed, dict) else None
        if told != hashlib.sha256(body).hexdigest():
            raise WrongEntry("the receipt is of other bytes")
    return verified
