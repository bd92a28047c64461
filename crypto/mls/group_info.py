"""GroupInfo (RFC 9420, 12.4.3): what a member tells those who join."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from crypto.encoding import Reader, Struct, Writer, write_struct
from crypto.errors import BadSignature, InvalidGroupInfo, Rule
from crypto.mls.extensions import Extension, Extensions
from crypto.mls.key_schedule import GroupContext
from crypto.suites import SigningKey, Suite

_LABEL: Final = b"GroupInfoTBS"


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupInfo(Struct):
    """An epoch as one of its members signed it."""

    group_context: GroupContext
    extensions: Extensions
    confirmation_tag: bytes
    signer: int
    signature: bytes = b""

    def write(self, writer: Writer) -> None:
        """Append the structure."""
        self._write_signed(writer)
        writer.opaque(self.signature)

    @classmethod
    def read(cls, reader: Reader) -> GroupInfo:
        """Read the structure."""
        return cls(
            group_context=GroupContext.read(reader),
            extensions=reader.vector(Extension.read),
            confirmation_tag=reader.opaque(),
            signer=reader.uint32(),
            signature=reader.opaque(),
        )

    def tbs(self) -> bytes:
        """Return GroupInfoTBS."""
        writer = Writer()
        self._write_signed(writer)
        return writer.finish()

    def signed(self, key: SigningKey) -> GroupInfo:
        """Return this GroupInfo with the signature of `key`."""
        return replace(self, signature=key.sign_with_label(_LABEL, self.tbs()))

    def verify(self, suite: Suite, signer_key: bytes) -> None:
        """Raise `InvalidGroupInfo` unless the signature is by this key."""
        try:
            suite.verify_with_label(signer_key, _LABEL, self.tbs(), self.signature)
        except BadSignature as exc:
            raise InvalidGroupInfo(Rule.BAD_SIGNATURE) from exc

    def _write_signed(self, writer: Writer) -> None:
        self.group_context.write(writer)
        writer.vector(self.extensions, write_struct)
        writer.opaque(self.confirmation_tag)
        writer.uint32(self.signer)
