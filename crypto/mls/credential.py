"""Credentials (RFC 9420, 5.3): who a member says they are; `crypto.policy` judges it.

A type this code does not know is carried as one opaque vector: what the known ones are, and what
Colloque's private-use type is.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from crypto.encoding import Reader, Struct, Writer
from crypto.errors import MalformedInput


class CredentialType(IntEnum):
    """RFC 9420, 17.5."""

    BASIC = 1
    X509 = 2


_X509: Final = int(CredentialType.X509)


@dataclass(frozen=True, slots=True)
class Credential(Struct):
    """A type, and the bytes of the one vector behind it."""

    type: int
    body: bytes

    def __post_init__(self) -> None:
        if self.type == _X509:
            self.certificates()

    @classmethod
    def basic(cls, identity: bytes) -> Credential:
        """Return a credential that claims an identity and proves nothing."""
        return cls(CredentialType.BASIC, identity)

    @classmethod
    def x509(cls, certificates: tuple[bytes, ...]) -> Credential:
        """Return a chain of certificates in DER, the leaf first."""
        writer = Writer()
        for certificate in certificates:
            writer.opaque(certificate)
        return cls(CredentialType.X509, writer.finish())

    @property
    def identity(self) -> bytes:
        """Return what a basic credential claims."""
        if self.type != CredentialType.BASIC:
            raise MalformedInput("not a basic credential")
        return self.body

    def certificates(self) -> tuple[bytes, ...]:
        """Return the chain of an X.509 credential."""
        if self.type != _X509:
            raise MalformedInput("not an X.509 credential")
        reader = Reader(self.body)
        chain = []
        while not reader.at_end:
            chain.append(reader.opaque())
        return tuple(chain)

    def write(self, writer: Writer) -> None:
        """Append the structure."""
        writer.uint16(self.type)
        writer.opaque(self.body)

    @classmethod
    def read(cls, reader: Reader) -> Credential:
        """Read the structure."""
        return cls(reader.uint16(), reader.opaque())
