"""Extensions (RFC 9420, section 13.4): typed, opaque, and the few this code looks into."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from crypto.encoding import Reader, Struct, Writer, write_struct
from crypto.mls.credential import Credential


class ExtensionType(IntEnum):
    """RFC 9420, 17.3."""

    APPLICATION_ID = 1
    RATCHET_TREE = 2
    REQUIRED_CAPABILITIES = 3
    EXTERNAL_PUB = 4
    EXTERNAL_SENDERS = 5


# RFC 9420, 7.2: every client has these, so that nobody lists them.
DEFAULT_EXTENSIONS: Final = frozenset(int(one) for one in ExtensionType)


@dataclass(frozen=True, slots=True)
class Extension(Struct):
    """A type and its data; unknown types are carried as they are."""

    type: int
    data: bytes

    def write(self, writer: Writer) -> None:
        """Append the structure."""
        writer.uint16(self.type)
        writer.opaque(self.data)

    @classmethod
    def read(cls, reader: Reader) -> Extension:
        """Read the structure."""
        return cls(reader.uint16(), reader.opaque())


Extensions = tuple[Extension, ...]


def find_extension(extensions: Extensions, kind: ExtensionType) -> bytes | None:
    """Return the data of the extension of this type, where there is one."""
    return next((one.data for one in extensions if one.type == kind), None)


@dataclass(frozen=True, slots=True)
class RequiredCapabilities(Struct):
    """What every member must support (RFC 9420, 11.1)."""

    extension_types: tuple[int, ...] = ()
    proposal_types: tuple[int, ...] = ()
    credential_types: tuple[int, ...] = ()

    def write(self, writer: Writer) -> None:
        """Append the structure."""
        for types in (self.extension_types, self.proposal_types, self.credential_types):
            writer.vector(types, Writer.uint16)

    @classmethod
    def read(cls, reader: Reader) -> RequiredCapabilities:
        """Read the structure."""
        return cls(*(reader.vector(Reader.uint16) for _ in range(3)))

    @classmethod
    def of(cls, extensions: Extensions) -> RequiredCapabilities:
        """Return what a group requires: nothing, where it does not say."""
        data = find_extension(extensions, ExtensionType.REQUIRED_CAPABILITIES)
        return cls() if data is None else cls.decode(data)

    def as_extension(self) -> Extension:
        """Return it as an extension of the group context."""
        return Extension(ExtensionType.REQUIRED_CAPABILITIES, self.encode())


@dataclass(frozen=True, slots=True)
class ExternalSender(Struct):
    """Somebody outside the group who may propose (RFC 9420, 12.1.8.1)."""

    signature_key: bytes
    credential: Credential

    def write(self, writer: Writer) -> None:
        """Append the structure."""
        writer.opaque(self.signature_key)
        self.credential.write(writer)

    @classmethod
    def read(cls, reader: Reader) -> ExternalSender:
        """Read the structure."""
        return cls(reader.opaque(), Credential.read(reader))


def external_senders_extension(senders: tuple[ExternalSender, ...]) -> Extension:
    """Return the extension that lists those who may propose from outside."""
    writer = Writer()
    writer.vector(senders, write_struct)
    return Extension(ExtensionType.EXTERNAL_SENDERS, writer.finish())


def external_senders(extensions: Extensions) -> tuple[ExternalSender, ...]:
    """Return who may propose from outside: nobody, where the group does not say."""
    data = find_extension(extensions, ExtensionType.EXTERNAL_SENDERS)
    if data is None:
        return ()
    reader = Reader(data)
    senders = reader.vector(ExternalSender.read)
    reader.finish()
    return senders


def external_pub_extension(public: bytes) -> Extension:
    """Return the extension of a GroupInfo by which newcomers may join on their own."""
    writer = Writer()
    writer.opaque(public)
    return Extension(ExtensionType.EXTERNAL_PUB, writer.finish())


def external_pub(extensions: Extensions) -> bytes | None:
    """Return the key of an `external_pub` extension: a vector inside the extension's vector."""
    data = find_extension(extensions, ExtensionType.EXTERNAL_PUB)
    if data is None:
        return None
    reader = Reader(data)
    public = reader.opaque()
    reader.finish()
    return public


def check_known_extensions(extensions: Extensions) -> None:
    """Raise `MalformedInput` where an extension this code looks into cannot be read."""
    RequiredCapabilities.of(extensions)
    external_senders(extensions)
    external_pub(extensions)
