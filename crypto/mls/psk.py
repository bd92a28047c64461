"""Pre-shared keys (RFC 9420, 8.4): which ones a commit names, and the secret they make."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Final

from crypto.encoding import Reader, Struct, Writer
from crypto.errors import InvalidPsk, MalformedInput, Rule
from crypto.hpke import RandomBytes
from crypto.keys import Secret
from crypto.suites import Suite


class PskType(IntEnum):
    """Where a PSK comes from."""

    EXTERNAL = 1
    RESUMPTION = 2


class ResumptionUsage(IntEnum):
    """What a resumption PSK is for."""

    APPLICATION = 1
    REINIT = 2
    BRANCH = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class PreSharedKeyId(Struct):
    """The name of a PSK, and the nonce of this use of it."""

    type: PskType
    psk_id: bytes = b""
    """Of an external PSK."""
    usage: ResumptionUsage | None = None
    """Of a resumption PSK, as are the group and the epoch."""
    group_id: bytes = b""
    epoch: int = 0
    nonce: bytes

    def __post_init__(self) -> None:
        if (self.usage is not None) != (self.type is PskType.RESUMPTION):
            raise MalformedInput("a resumption PSK, and no other, has a usage")

    @classmethod
    def external(cls, psk_id: bytes, suite: Suite, random_bytes: RandomBytes) -> PreSharedKeyId:
        """Name an external PSK for one use."""
        nonce = random_bytes(suite.secret_size)
        return cls(type=PskType.EXTERNAL, psk_id=psk_id, nonce=nonce)

    @classmethod
    def resumption(
        cls,
        usage: ResumptionUsage,
        group_id: bytes,
        epoch: int,
        suite: Suite,
        random_bytes: RandomBytes,
    ) -> PreSharedKeyId:
        """Name the resumption PSK of an epoch for one use."""
        return cls(
            type=PskType.RESUMPTION,
            usage=usage,
            group_id=group_id,
            epoch=epoch,
            nonce=random_bytes(suite.secret_size),
        )

    def write(self, writer: Writer) -> None:
        """Append the structure."""
        writer.uint8(self.type)
        if self.usage is None:
            writer.opaque(self.psk_id)
        else:
            writer.uint8(self.usage)
            writer.opaque(self.group_id)
            writer.uint64(self.epoch)
        writer.opaque(self.nonce)

    @classmethod
    def read(cls, reader: Reader) -> PreSharedKeyId:
        """Read the structure."""
        if _read_type(reader) is PskType.EXTERNAL:
            return cls(type=PskType.EXTERNAL, psk_id=reader.opaque(), nonce=reader.opaque())
        return cls(
            type=PskType.RESUMPTION,
            usage=_read_usage(reader),
            group_id=reader.opaque(),
            epoch=reader.uint64(),
            nonce=reader.opaque(),
        )

    @property
    def is_for_a_new_group(self) -> bool:
        """Tell whether it links a new group to an old one (RFC 9420, 11.2 and 11.3)."""
        return self.usage in {ResumptionUsage.REINIT, ResumptionUsage.BRANCH}


@dataclass(frozen=True, slots=True)
class Psks:
    """The PSKs that a client holds."""

    external: Mapping[bytes, Secret] = field(default_factory=dict)
    resumption: Mapping[tuple[bytes, int], Secret] = field(default_factory=dict)
    """By group and epoch, of groups other than the one in hand."""

    def find(self, psk: PreSharedKeyId) -> Secret:
        """Return the PSK of that name; raise `InvalidPsk` where the client does not hold it."""
        if psk.type is PskType.EXTERNAL:
            found = self.external.get(psk.psk_id)
        else:
            found = self.resumption.get((psk.group_id, psk.epoch))
        if found is None:
            raise InvalidPsk(Rule.UNKNOWN_PSK)
        return found


NO_PSKS: Final = Psks()


def psk_secret(suite: Suite, psks: Sequence[tuple[PreSharedKeyId, Secret]]) -> bytes:
    """Return the secret that so many PSKs make, in this order: zeros where there are none."""
    zero = bytes(suite.secret_size)
    secret = zero
    for index, (psk_id, psk) in enumerate(psks):
        extracted = suite.extract(zero, psk.reveal())
        label = _psk_label(psk_id, index, len(psks))
        psk_input = suite.expand_with_label(extracted, b"derived psk", label, suite.secret_size)
        secret = suite.extract(psk_input, secret)
    return secret


def _psk_label(psk_id: PreSharedKeyId, index: int, count: int) -> bytes:
    writer = Writer()
    psk_id.write(writer)
    writer.uint16(index)
    writer.uint16(count)
    return writer.finish()


def _read_type(reader: Reader) -> PskType:
    try:
        return PskType(reader.uint8())
    except ValueError as exc:
        raise MalformedInput("a PSK is external or a resumption") from exc


def _read_usage(reader: Reader) -> ResumptionUsage:
    try:
        return ResumptionUsage(reader.uint8())
    except ValueError as exc:
        raise MalformedInput("a resumption is for the application, a reinit or a branch") from exc
