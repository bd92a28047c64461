"""The key schedule (RFC 9420, section 8): from one epoch's init secret to the next one's keys."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Final

from crypto.encoding import Reader, Struct, Writer, write_struct
from crypto.errors import MalformedInput
from crypto.hpke import KeyPair, RandomBytes
from crypto.keys import Secret
from crypto.mls.extensions import Extension, Extensions
from crypto.mls.leaf_node import MLS10
from crypto.suites import Suite

_EXTERNAL_INIT: Final = b"MLS 1.0 external init secret"


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupContext(Struct):
    """What all members of an epoch agree on (RFC 9420, 8.1)."""

    cipher_suite: int
    group_id: bytes
    epoch: int
    tree_hash: bytes
    confirmed_transcript_hash: bytes
    extensions: Extensions = ()

    def write(self, writer: Writer) -> None:
        """Append the structure."""
        writer.uint16(MLS10)
        writer.uint16(self.cipher_suite)
        writer.opaque(self.group_id)
        writer.uint64(self.epoch)
        writer.opaque(self.tree_hash)
        writer.opaque(self.confirmed_transcript_hash)
        writer.vector(self.extensions, write_struct)

    @classmethod
    def read(cls, reader: Reader) -> GroupContext:
        """Read the structure."""
        if reader.uint16() != MLS10:
            raise MalformedInput("not MLS 1.0")
        return cls(
            cipher_suite=reader.uint16(),
            group_id=reader.opaque(),
            epoch=reader.uint64(),
            tree_hash=reader.opaque(),
            confirmed_transcript_hash=reader.opaque(),
            extensions=reader.vector(Extension.read),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class EpochSecrets:
    """What an epoch's secret gives; each label is used for one purpose only."""

    sender_data_secret: Secret = field(metadata={"label": b"sender data"})
    encryption_secret: Secret = field(metadata={"label": b"encryption"})
    exporter_secret: Secret = field(metadata={"label": b"exporter"})
    external_secret: Secret = field(metadata={"label": b"external"})
    confirmation_key: Secret = field(metadata={"label": b"confirm"})
    membership_key: Secret = field(metadata={"label": b"membership"})
    resumption_psk: Secret = field(metadata={"label": b"resumption"})
    epoch_authenticator: Secret = field(metadata={"label": b"authentication"})
    init_secret: Secret = field(metadata={"label": b"init"})

    @classmethod
    def derive(cls, suite: Suite, epoch_secret: bytes) -> EpochSecrets:
        """Derive all of them."""
        return cls(
            **{
                one.name: Secret(suite.derive_secret(epoch_secret, one.metadata["label"]))
                for one in fields(cls)
            }
        )

    def wipe(self) -> None:
        """Overwrite all of them."""
        for one in fields(self):
            getattr(self, one.name).wipe()


@dataclass(frozen=True, slots=True)
class Joiner:
    """The secret a Welcome carries, with the PSKs: it opens the GroupInfo, and the epoch."""

    suite: Suite
    joiner_secret: Secret
    member_secret: Secret

    @classmethod
    def of_commit(
        cls, suite: Suite, init_secret: Secret, commit_secret: bytes, psk: bytes, context: bytes
    ) -> Joiner:
        """Return it as a member computes it: from the last epoch and a commit."""
        extracted = suite.extract(init_secret.reveal(), commit_secret)
        joiner = suite.expand_with_label(extracted, b"joiner", context, suite.secret_size)
        return cls.of_welcome(suite, joiner, psk)

    @classmethod
    def of_welcome(cls, suite: Suite, joiner_secret: bytes, psk: bytes) -> Joiner:
        """Return it as a newcomer computes it: from a Welcome."""
        return cls(suite, Secret(joiner_secret), Secret(suite.extract(joiner_secret, psk)))

    def welcome_secret(self) -> bytes:
        """Return the secret that encrypts the GroupInfo of a Welcome."""
        return self.suite.derive_secret(self.member_secret.reveal(), b"welcome")

    def welcome_key_and_nonce(self) -> tuple[bytes, bytes]:
        """Return the key and nonce that encrypt the GroupInfo (RFC 9420, 12.4.3.1)."""
        secret, aead = self.welcome_secret(), self.suite.hpke.aead
        key = self.suite.expand_with_label(secret, b"key", b"", aead.key_size)
        return key, self.suite.expand_with_label(secret, b"nonce", b"", aead.nonce_size)

    def epoch_secrets(self, context: bytes) -> EpochSecrets:
        """Return the secrets of the epoch that `context` describes."""
        epoch_secret = self.suite.expand_with_label(
            self.member_secret.reveal(), b"epoch", context, self.suite.secret_size
        )
        return EpochSecrets.derive(self.suite, epoch_secret)

    def wipe(self) -> None:
        """Overwrite both."""
        self.joiner_secret.wipe()
        self.member_secret.wipe()


def exporter(
    suite: Suite, exporter_secret: Secret, label: bytes, context: bytes, size: int
) -> bytes:
    """Return MLS-Exporter (RFC 9420, 8.5)."""
    secret = suite.derive_secret(exporter_secret.reveal(), label)
    return suite.expand_with_label(secret, b"exported", suite.hash(context), size)


def external_key_pair(suite: Suite, external_secret: Secret) -> KeyPair:
    """Return the key pair to which newcomers encrypt (RFC 9420, section 8)."""
    return suite.derive_key_pair(external_secret.reveal())


def external_init(suite: Suite, public: bytes, random_bytes: RandomBytes) -> tuple[bytes, Secret]:
    """Return the KEM output and init secret of a newcomer (RFC 9420, 8.3)."""
    kem_output, context = suite.hpke.setup_sender(public, b"", random_bytes)
    return kem_output, Secret(context.export(_EXTERNAL_INIT, suite.secret_size))


def open_external_init(suite: Suite, external_secret: Secret, kem_output: bytes) -> Secret:
    """Return the init secret that a newcomer sent (RFC 9420, 8.3)."""
    private = external_key_pair(suite, external_secret).private
    context = suite.hpke.setup_receiver(kem_output, private, b"")
    private.wipe()
    return Secret(context.export(_EXTERNAL_INIT, suite.secret_size))
