"""Receipts: believed only once they verify against the pinned key, for the act that was sent."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field

from clients.python.errors import LogKeyChanged
from crypto.errors import WrongEntry, WrongOrigin
from crypto.log import canonical
from crypto.log.checkpoint import VerifierKey
from crypto.log.verify import VerifiedReceipt, verify_receipt
from signaling.frames import Receipt


@dataclass(slots=True)
class PinnedLogs:
    """The pharmacy's log keys as this client first saw them; another key is never taken."""

    _keys: dict[str, VerifierKey] = field(default_factory=dict)
    """By log class (`care`, `technical`): a log that changed its name changed its key."""

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

    def verify(self, receipt: Receipt) -> VerifiedReceipt:
        """Return what the receipt proves; raise the `CryptoError` that says why nothing."""
        return verify_receipt(receipt.proof, self.key(receipt.log), receipt.entry)


def verify_is_for(
    verified: VerifiedReceipt, *, act: str, conversation: str, body: bytes | None = None
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
