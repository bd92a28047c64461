"""Key material that does not slip out by accident."""

from __future__ import annotations

import hmac
from typing import NoReturn


class Secret:
    """Bytes that print as their length, compare in constant time and refuse to be pickled.

    `.reveal()` is the only way to the bytes, so that one `grep` lists every use.
    """

    __slots__ = ("_bytes", "_wiped")

    def __init__(self, value: bytes | bytearray) -> None:
        self._bytes = bytearray(value)
        self._wiped = False

    def reveal(self) -> bytes:
        """Return a copy of the bytes; a wiped secret has none to give."""
        if self._wiped:
            raise ValueError("the secret was wiped")
        return bytes(self._bytes)

    def copy(self) -> Secret:
        """Return the same secret with a life of its own: wiping one leaves the other."""
        return Secret(self.reveal())

    def wipe(self) -> None:
        """Overwrite the bytes and forget them. Copies that were revealed are their holders'."""
        self._bytes[:] = bytes(len(self._bytes))
        self._wiped = True

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        return hmac.compare_digest(self._bytes, other._bytes)

    # A hash of a secret is a hint about it, and dictionaries compare in variable time.
    __hash__ = None  # type: ignore[assignment]

    def __len__(self) -> int:
        return len(self._bytes)

    def __repr__(self) -> str:
        return f"Secret({len(self._bytes)} bytes)"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a Secret is not serialised; reveal it where it is wrapped")
