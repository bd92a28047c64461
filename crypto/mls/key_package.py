"""Key packages (RFC 9420, section 10): what a client publishes so that others can add it.

`KeyPackageBundle` is the owner's copy, with the private keys.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from crypto.encoding import Reader, Struct, Writer, write_struct
from crypto.errors import BadKey, MalformedInput
from crypto.hpke import RandomBytes
from crypto.keys import Secret
from crypto.mls.credential import Credential
from crypto.mls.extensions import Extension, Extensions
from crypto.mls.leaf_node import (
    ALWAYS,
    MLS10,
    Capabilities,
    LeafNode,
    LeafNodeSource,
    Lifetime,
)
from crypto.suites import SigningKey, Suite, suite_of

KEY_PACKAGE_LABEL: Final = b"KeyPackageTBS"
_REFERENCE: Final = b"MLS 1.0 KeyPackage Reference"
_STATE_VERSION: Final = 1
_STATE_WHAT: Final = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyPackage(Struct):
    """A leaf, and the key to which a Welcome is encrypted."""

    version: int = MLS10
    cipher_suite: int
    init_key: bytes
    leaf_node: LeafNode
    extensions: Extensions = ()
    signature: bytes = b""

    def write(self, writer: Writer) -> None:
        """Append the structure."""
        self._write_signed(writer)
        writer.opaque(self.signature)

    @classmethod
    def read(cls, reader: Reader) -> KeyPackage:
        """Read the structure."""
        return cls(
            version=reader.uint16(),
            cipher_suite=reader.uint16(),
            init_key=reader.opaque(),
            leaf_node=LeafNode.read(reader),
            extensions=reader.vector(Extension.read),
            signature=reader.opaque(),
        )

    def tbs(self) -> bytes:
        """Return KeyPackageTBS."""
        writer = Writer()
        self._write_signed(writer)
        return writer.finish()

    def signed(self, key: SigningKey) -> KeyPackage:
        """Return this package with the signature of `key`."""
        return replace(self, signature=key.sign_with_label(KEY_PACKAGE_LABEL, self.tbs()))

    def reference(self) -> bytes:
        """Return its KeyPackageRef (RFC 9420, 5.2)."""
        return suite_of(self.cipher_suite).ref_hash(_REFERENCE, self.encode())

    def _write_signed(self, writer: Writer) -> None:
        writer.uint16(self.version)
        writer.uint16(self.cipher_suite)
        writer.opaque(self.init_key)
        self.leaf_node.write(writer)
        writer.vector(self.extensions, write_struct)


@dataclass(frozen=True, slots=True, kw_only=True)
class Own:
    """What a client brings into a group: its signature key and what its leaf will say."""

    signature_key: Secret
    credential: Credential
    capabilities: Capabilities
    extensions: Extensions = ()
    lifetime: Lifetime = ALWAYS

    def key_package_leaf(self, key: SigningKey, encryption_key: bytes) -> LeafNode:
        """Return a signed leaf that may stand in a key package, or alone in a new group."""
        leaf = LeafNode(
            encryption_key=encryption_key,
            signature_key=key.public,
            credential=self.credential,
            capabilities=self.capabilities,
            source=LeafNodeSource.KEY_PACKAGE,
            lifetime=self.lifetime,
            extensions=self.extensions,
        )
        return leaf.signed(key)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyPackageBundle(Struct):
    """A key package with its private keys: what its owner keeps until it has joined."""

    key_package: KeyPackage
    init_key: Secret
    encryption_key: Secret
    signature_key: Secret

    @classmethod
    def create(
        cls, suite: Suite, own: Own, random_bytes: RandomBytes, *, extensions: Extensions = ()
    ) -> KeyPackageBundle:
        """Make a key package of fresh keys."""
        signing_key = suite.signing_key(own.signature_key)
        init, encryption = (suite.generate_key_pair(random_bytes) for _ in range(2))
        package = KeyPackage(
            cipher_suite=suite.id,
            init_key=init.public,
            leaf_node=own.key_package_leaf(signing_key, encryption.public),
            extensions=extensions,
        )
        return cls(
            key_package=package.signed(signing_key),
            init_key=init.private,
            encryption_key=encryption.private,
            signature_key=own.signature_key,
        )

    def write(self, writer: Writer) -> None:
        """Append the stored form, with the private keys in the clear: wrap it."""
        writer.uint8(_STATE_VERSION)
        writer.uint8(_STATE_WHAT)
        self.key_package.write(writer)
        for secret in (self.init_key, self.encryption_key, self.signature_key):
            writer.opaque(secret.reveal())

    @classmethod
    def read(cls, reader: Reader) -> KeyPackageBundle:
        """Read the stored form."""
        if (reader.uint8(), reader.uint8()) != (_STATE_VERSION, _STATE_WHAT):
            raise MalformedInput("not version 1 of a stored key package")
        return cls(
            key_package=KeyPackage.read(reader),
            init_key=Secret(reader.opaque()),
            encryption_key=Secret(reader.opaque()),
            signature_key=Secret(reader.opaque()),
        )

    def serialize(self) -> bytes:
        """Return the stored form."""
        return self.encode()

    @classmethod
    def deserialize(cls, data: bytes) -> KeyPackageBundle:
        """Read the stored form."""
        return cls.decode(data)

    def check(self, suite: Suite) -> None:
        """Raise `BadKey` unless each private key is of its public one."""
        package = self.key_package
        pairs = (
            (suite.hpke.kem.public_key(self.init_key), package.init_key),
            (suite.hpke.kem.public_key(self.encryption_key), package.leaf_node.encryption_key),
            (suite.signing_key(self.signature_key).public, package.leaf_node.signature_key),
        )
        if any(ours != theirs for ours, theirs in pairs):
            raise BadKey("a private key of another key package")

    def wipe(self) -> None:
        """Overwrite the keys of this one package; the signature key is the client's."""
        self.init_key.wipe()
        self.encryption_key.wipe()
