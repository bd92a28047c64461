"""What a Colloque application message says to the hub as well as to the members.

The structure travels in RFC 9420's `authenticated_data`: in the clear, and covered by the
sender's signature, so the hub can sort, count and log a message that only members can read.

    struct {
        uint16 version = 2;
        opaque id[16];
        opaque kind<V>;              /* 1 to 32 printable ASCII characters */
        uint64 counter;
        uint64 sent_at;              /* milliseconds since 1970-01-01T00:00Z */
        opaque franking_tag[32];
        opaque acting_for<V>;        /* 16 bytes: the patient; empty for all but carers */
        opaque delegation<V>;        /* 16 bytes; empty for all but carers */
        uint64 delegation_version;   /* of the epoch's delegations; 0 for all but carers */
        select (kind) {
            case "signal": SignalHeader signal;
            default:       struct {};
        };
    } AuthenticatedData;

    struct {
        opaque call[16];
        opaque to[16];               /* the device it is for */
        uint32 generation;
        uint8 type;                  /* offer (1), answer (2), candidates (3) */
    } SignalHeader;

Whoever acts for another says for whom, under which delegation and by which version of the group's
delegations: all three, or none. Whether they may is policy's to say (`may_act`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from crypto.encoding import Reader, Writer
from crypto.errors import MalformedInput
from crypto.policy.vocabulary import MessageKind

VERSION: Final = 2
ID_BYTES: Final = 16
FRANKING_TAG_BYTES: Final = 32
MAX_KIND_BYTES: Final = 32
# Neither a counter nor an instant may leave the range that a browser's numbers hold exactly.
MAX_NUMBER: Final = 2**53 - 1
MAX_GENERATION: Final = 2**31 - 1

_KIND: Final = re.compile(r"[\x21-\x7e]{1,32}")


class SignalType(IntEnum):
    """What a signal carries."""

    OFFER = 1
    ANSWER = 2
    CANDIDATES = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class SignalHeader:
    """Which connection of which call a signal is for: all that the hub needs to pass it on."""

    call: bytes
    to: bytes
    """The receiver's device."""
    generation: int
    type: SignalType

    def __post_init__(self) -> None:
        if len(self.call) != ID_BYTES or len(self.to) != ID_BYTES:
            raise MalformedInput("a fixed field has another length")
        if not 0 <= self.generation <= MAX_GENERATION:
            raise MalformedInput("a generation beyond 2^31")

    def write(self, writer: Writer) -> None:
        """Append the structure."""
        writer.fixed(self.call, ID_BYTES)
        writer.fixed(self.to, ID_BYTES)
        writer.uint32(self.generation)
        writer.uint8(self.type)

    @classmethod
    def read(cls, reader: Reader) -> SignalHeader:
        """Read the structure."""
        return cls(
            call=reader.fixed(ID_BYTES),
            to=reader.fixed(ID_BYTES),
            generation=reader.uint32(),
            type=_decode_type(reader.uint8()),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthenticatedData:
    """A message's id, kind, place in its sender's sequence, instant and franking tag."""

    id: bytes
    kind: str
    counter: int
    sent_at: int
    """Milliseconds since the epoch, by the sender's clock."""
    franking_tag: bytes
    acting_for: bytes = b""
    """The patient; empty where its sender acts for nobody but themselves."""
    delegation: bytes = b""
    delegation_version: int = 0
    signal: SignalHeader | None = None
    """Present exactly where the kind is `signal`."""

    def __post_init__(self) -> None:
        if not _KIND.fullmatch(self.kind):
            raise MalformedInput("a kind is 1 to 32 printable ASCII characters")
        if not all(0 <= one <= MAX_NUMBER for one in self._numbers):
            raise MalformedInput("a number beyond 2^53")
        if len(self.id) != ID_BYTES or len(self.franking_tag) != FRANKING_TAG_BYTES:
            raise MalformedInput("a fixed field has another length")
        self._check_acting()
        if (self.signal is not None) != (self.kind == MessageKind.SIGNAL):
            raise MalformedInput("a signal, and nothing else, says its call")

    @property
    def _numbers(self) -> tuple[int, ...]:
        return self.counter, self.sent_at, self.delegation_version

    def _check_acting(self) -> None:
        lengths = len(self.acting_for), len(self.delegation)
        if lengths not in ((0, 0), (ID_BYTES, ID_BYTES)):
            raise MalformedInput("for whom and under which delegation: both, or neither")
        if bool(self.delegation) != bool(self.delegation_version):
            raise MalformedInput("a delegation, and nothing else, has a version")

    def encode(self) -> bytes:
        """Return the bytes that `decode` reads."""
        writer = Writer()
        writer.uint16(VERSION)
        writer.fixed(self.id, ID_BYTES)
        writer.opaque(self.kind.encode("ascii"), at_most=MAX_KIND_BYTES)
        writer.uint64(self.counter)
        writer.uint64(self.sent_at)
        writer.fixed(self.franking_tag, FRANKING_TAG_BYTES)
        writer.opaque(self.acting_for, at_most=ID_BYTES)
        writer.opaque(self.delegation, at_most=ID_BYTES)
        writer.uint64(self.delegation_version)
        if self.signal is not None:
            self.signal.write(writer)
        return writer.finish()

    @classmethod
    def decode(cls, data: bytes) -> AuthenticatedData:
        """Read one structure and nothing after it."""
        reader = Reader(data)
        if reader.uint16() != VERSION:
            raise MalformedInput("not version 2 of the authenticated data")
        message_id = reader.fixed(ID_BYTES)
        kind = _decode_kind(reader.opaque(at_most=MAX_KIND_BYTES))
        decoded = cls(
            id=message_id,
            kind=kind,
            counter=reader.uint64(),
            sent_at=reader.uint64(),
            franking_tag=reader.fixed(FRANKING_TAG_BYTES),
            acting_for=reader.opaque(at_most=ID_BYTES),
            delegation=reader.opaque(at_most=ID_BYTES),
            delegation_version=reader.uint64(),
            signal=SignalHeader.read(reader) if kind == MessageKind.SIGNAL else None,
        )
        reader.finish()
        return decoded


def _decode_kind(data: bytes) -> str:
    try:
        return data.decode("ascii")
    except UnicodeDecodeError as exc:
        raise MalformedInput("a kind is 1 to 32 printable ASCII characters") from exc


def _decode_type(value: int) -> SignalType:
    try:
        return SignalType(value)
    except ValueError as exc:
        raise MalformedInput("a signal is an offer, an answer or candidates") from exc
