"""Whose a leaf is: a person and one of their devices, by name.

Until people have certificates a leaf has a basic credential (RFC 9420, 5.3) of the text
`person-uuid/device-uuid`, in UTF-8. It proves nothing by itself: the hub compares it with who
signed in, and members with what the hub told them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from crypto.errors import MalformedInput
from crypto.mls.credential import Credential, CredentialType

_UUID: Final = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
_IDENTITY: Final = re.compile(f"({_UUID})/({_UUID})".encode())
HUB: Final = b"hub"
"""What the hub's own credential says, as the external sender of its groups."""


@dataclass(frozen=True, slots=True)
class LeafIdentity:
    """A device of a person."""

    person: str
    device: str

    def credential(self) -> Credential:
        """Return the credential that says so."""
        return Credential.basic(f"{self.person}/{self.device}".encode())

    @classmethod
    def of(cls, credential: Credential) -> LeafIdentity:
        """Read a leaf's credential; raise `MalformedInput` where it names no device."""
        if credential.type != CredentialType.BASIC:
            raise MalformedInput("not a basic credential")
        found = _IDENTITY.fullmatch(credential.identity)
        if found is None:
            raise MalformedInput("a leaf is of a person and a device")
        return cls(*(part.decode("ascii") for part in found.groups()))
