"""What the hub keeps of people's account keys: certificates, and how a device comes to one.

Nothing here is secret to the hub but what is sealed to somebody else.
"""

from __future__ import annotations

from dataclasses import dataclass

LINK_LIFE = 600_000_000
"""How long a device may wait to be let in (microseconds)."""
REVOCATION_LIFE = 7 * 24 * 3600 * 1_000_000
"""How long a first pharmacist's word on a lost account waits for a second one's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuedIdentity:
    """An account key, as the deployment's authority certified it, and the entry that says so."""

    person: str
    aik: bytes
    certificate: bytes
    """The signed `IdentityCertificate`."""
    tenant: str
    index: int
    """Of its entry, in the `care` log of the tenant."""
    issued_at: int
    revocation: bytes = b""
    """The co-signed `AccountRevocation` that ended it; empty while it stands."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkRequest:
    """A device that waits to be let in by another one of the same person."""

    device: str
    person: str
    init_key: bytes
    asked_at: int
    sealed: bytes = b""
    """The account key, for this device alone, once another one let it in."""

    def is_live(self, now: int) -> bool:
        """Tell whether it may still be answered."""
        return now < self.asked_at + LINK_LIFE


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingRevocation:
    """A pharmacist's word that an account key is lost: it takes another one's to have an effect."""

    person: str
    """Whose key it is."""
    signer: str
    statement: bytes
    """The signed `AccountRevocation`, as it came."""
    staff: bytes
    """The signer's `StaffCertificate`; empty for the owner."""
    proposed_at: int
