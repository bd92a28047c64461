"""Welcome (RFC 9420, 12.4.3.1): an epoch's secret for each newcomer, its GroupInfo for all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from crypto.encoding import Reader, Struct, Writer, write_struct
from crypto.errors import BadCiphertext, BadKey, InvalidWelcome, Rule
from crypto.hpke import RandomBytes
from crypto.keys import Secret
from crypto.mls.commit import HpkeCiphertext
from crypto.mls.group_info import GroupInfo
from crypto.mls.key_package import KeyPackage
from crypto.mls.key_schedule import Joiner
from crypto.mls.psk import PreSharedKeyId
from crypto.suites import Suite

_LABEL: Final = b"Welcome"


@dataclass(frozen=True, slots=True)
class GroupSecrets(Struct):
    """What one newcomer needs: the joiner secret, the path secret it shares, the PSKs in use."""

    joiner_secret: Secret
    path_secret: Secret | None
    psks: tuple[PreSharedKeyId, ...]

    def write(self, writer: Writer) -> None:
        """Append the structure."""
        writer.opaque(self.joiner_secret.reveal())
        writer.optional(self.path_secret, lambda secret: writer.opaque(secret.reveal()))
        writer.vector(self.psks, write_struct)

    @classmethod
    def read(cls, reader: Reader) -> GroupSecrets:
        """Read the structure."""
        joiner_secret = Secret(reader.opaque())
        path_secret = reader.optional(lambda: Secret(reader.opaque()))
        return cls(joiner_secret, path_secret, reader.vector(PreSharedKeyId.read))


@dataclass(frozen=True, slots=True)
class EncryptedGroupSecrets(Struct):
    """The secrets for the owner of one key package."""

    new_member: bytes
    encrypted_group_secrets: HpkeCiphertext

    def write(self, writer: Writer) -> None:
        """Append the structure."""
        writer.opaque(self.new_member)
        self.encrypted_group_secrets.write(writer)

    @classmethod
    def read(cls, reader: Reader) -> EncryptedGroupSecrets:
        """Read the structure."""
        return cls(reader.opaque(), HpkeCiphertext.read(reader))


@dataclass(frozen=True, slots=True, kw_only=True)
class Welcome(Struct):
    """What the committer sends to those it added."""

    cipher_suite: int
    secrets: tuple[EncryptedGroupSecrets, ...]
    encrypted_group_info: bytes

    def write(self, writer: Writer) -> None:
        """Append the structure."""
        writer.uint16(self.cipher_suite)
        writer.vector(self.secrets, write_struct)
        writer.opaque(self.encrypted_group_info)

    @classmethod
    def read(cls, reader: Reader) -> Welcome:
        """Read the structure."""
        return cls(
            cipher_suite=reader.uint16(),
            secrets=reader.vector(EncryptedGroupSecrets.read),
            encrypted_group_info=reader.opaque(),
        )

    def open_secrets(self, suite: Suite, package: KeyPackage, init_key: Secret) -> GroupSecrets:
        """Return what is in it for the owner of a key package."""
        if self.cipher_suite != suite.id or package.cipher_suite != suite.id:
            raise InvalidWelcome(Rule.WRONG_SUITE)
        reference = package.reference()
        mine = [one for one in self.secrets if one.new_member == reference]
        if not mine:
            raise InvalidWelcome(Rule.NOT_FOR_US)
        sealed = mine[0].encrypted_group_secrets
        try:
            opened = suite.decrypt_with_label(
                init_key, _LABEL, self.encrypted_group_info, sealed.kem_output, sealed.ciphertext
            )
        except (BadCiphertext, BadKey) as exc:
            raise InvalidWelcome(Rule.BAD_CIPHERTEXT) from exc
        return GroupSecrets.decode(opened)

    def open_group_info(self, suite: Suite, joiner: Joiner) -> GroupInfo:
        """Return the GroupInfo, of which nothing has been verified yet."""
        key, nonce = joiner.welcome_key_and_nonce()
        try:
            opened = suite.hpke.aead.open(key, nonce, b"", self.encrypted_group_info)
        except BadCiphertext as exc:
            raise InvalidWelcome(Rule.BAD_CIPHERTEXT) from exc
        return GroupInfo.decode(opened)


@dataclass(frozen=True, slots=True)
class Newcomer:
    """Somebody a commit adds, and the path secret that is theirs to know."""

    key_package: KeyPackage
    path_secret: Secret | None


def make_welcome(
    suite: Suite,
    joiner: Joiner,
    group_info: GroupInfo,
    newcomers: Sequence[Newcomer],
    psks: tuple[PreSharedKeyId, ...],
    random_bytes: RandomBytes,
) -> Welcome:
    """Return one Welcome for all that a commit adds."""
    key, nonce = joiner.welcome_key_and_nonce()
    sealed_info = suite.hpke.aead.seal(key, nonce, b"", group_info.encode())
    secrets = []
    for newcomer in newcomers:
        group_secrets = GroupSecrets(joiner.joiner_secret, newcomer.path_secret, psks)
        package = newcomer.key_package
        sealed = suite.encrypt_with_label(
            package.init_key, _LABEL, sealed_info, group_secrets.encode(), random_bytes
        )
        secrets.append(EncryptedGroupSecrets(package.reference(), HpkeCiphertext(*sealed)))
    return Welcome(cipher_suite=suite.id, secrets=tuple(secrets), encrypted_group_info=sealed_info)
