"""What travels inside the encryption, and the checks that stand before it is believed.

As the browser client writes it: a payload is salt ‖ content (franked, see `crypto.mls.franking`),
a content is one MessagePack map. The leaf that signed must be the device that the hub names, the
authenticated data this very message's, the tag a commitment to the content, and the kind inside
the kind outside.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Final, Generic, TypeVar
from uuid import UUID

import msgspec

from clients.python.errors import Unproven
from crypto.errors import CryptoError
from crypto.hpke import RandomBytes
from crypto.mls.authenticated_data import AuthenticatedData, SignalHeader, SignalType
from crypto.mls.franking import SALT_BYTES, decode_payload, encode_payload, franking_tag
from crypto.mls.group import Group, ReceivedApplication
from crypto.mls.leaf_node import LeafNode
from crypto.policy.identity import LeafIdentity
from crypto.policy.vocabulary import MessageKind
from signaling.frames import Event, SignalPush

VERSION: Final = 1
BUCKET_BYTES: Final = 256
MAX_TEXT: Final = 10_000
"""Characters: a frame ends at 64 KiB of ciphertext, and a character takes at most four bytes."""

_SIGNATURE_BYTES: Final = 64


class Said(msgspec.Struct, frozen=True, kw_only=True):
    """The content of a message."""

    v: int = VERSION
    kind: str = MessageKind.MESSAGE.value
    text: str
    checkpoint: str
    """The largest signed head of the `care` log that its sender saw."""


class SignalContent(msgspec.Struct, frozen=True, kw_only=True):
    """The content of a signal."""

    v: int = VERSION
    kind: str = MessageKind.SIGNAL.value
    call: str
    sender: str = msgspec.field(name="from")
    to: str
    generation: int
    type: str
    sdp: str | None = None
    candidates: list[dict[str, Any]] | None = None
    offer: bytes | None = None
    """SHA-256 of the offer's description, in what answers it."""


@dataclass(frozen=True, slots=True)
class Spoken:
    """What somebody wrote, and for whom."""

    text: str
    acting_for: str | None = None
    delegation: str | None = None

    @classmethod
    def of(cls, said: Said, data: AuthenticatedData) -> Spoken:
        """Return what a message says, with what it says of itself."""
        return cls(said.text, _uuid(data.acting_for), _uuid(data.delegation))


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A message in its place; `text` is None where it was refused, and `refused` says why."""

    conversation: str
    seq: int
    id: str
    person: str
    device: str
    at: int
    """Microseconds, the hub's clock."""
    mine: bool
    """This very device sent it."""
    text: str | None = None
    refused: str | None = None
    acting_for: str | None = None
    """The patient, of what a carer wrote."""
    delegation: str | None = None
    """Under which the carer wrote."""

    @classmethod
    def of(
        cls,
        event: Event,
        *,
        mine: bool,
        said: Spoken | None = None,
        refused: str | None = None,
    ) -> Message:
        """Return the message of an event."""
        return cls(
            conversation=event.conversation,
            seq=event.seq,
            id=event.message or "",
            person=event.person,
            device=event.device,
            at=event.ts,
            mine=mine,
            text=None if said is None else said.text,
            refused=refused,
            acting_for=None if said is None else said.acting_for,
            delegation=None if said is None else said.delegation,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class IncomingSignal:
    """A signal for this device, proven to be of this device of this person."""

    conversation: str
    person: str
    device: str
    content: SignalContent

    @classmethod
    def of(cls, push: SignalPush, content: SignalContent) -> IncomingSignal:
        """Return the signal of a push."""
        return cls(
            conversation=push.conversation,
            person=push.person,
            device=push.device,
            content=content,
        )


Content = TypeVar("Content", Said, SignalContent)


@dataclass(frozen=True, slots=True)
class Acting:
    """For whom, and under which delegation, a device sends now; nothing, of all but carers."""

    acting_for: bytes = b""
    delegation: bytes = b""
    delegation_version: int = 0

    @property
    def fields(self) -> dict[str, Any]:
        """Return how authenticated data says so."""
        return {
            "acting_for": self.acting_for,
            "delegation": self.delegation,
            "delegation_version": self.delegation_version,
        }


@dataclass(frozen=True, slots=True)
class Franked:
    """A plaintext, and the authenticated data that commits to it."""

    payload: bytes
    data: bytes

    def sent(self, at_ms: int, acting: Acting) -> Franked:
        """Return it as it is sent now: id, counter and commitment stay what they are."""
        data = replace(AuthenticatedData.decode(self.data), sent_at=at_ms, **acting.fields)
        return Franked(self.payload, data.encode())


@dataclass(frozen=True, slots=True)
class Opened(Generic[Content]):
    """A content that is its sender's; whether the sender may send it is policy's to say."""

    content: Content
    data: AuthenticatedData
    sender: LeafNode


def frank(text: str, checkpoint: str, random_bytes: RandomBytes, **header: Any) -> Franked:
    """Return a new message; `header` are its id, counter and instant."""
    content = msgspec.msgpack.encode(Said(text=text, checkpoint=checkpoint))
    return _frank(content, MessageKind.MESSAGE, random_bytes, header)


def frank_signal(content: SignalContent, random_bytes: RandomBytes, **header: Any) -> Franked:
    """Return a new signal; `header` are its id, counter and instant."""
    encoded = msgspec.msgpack.encode(content)
    return _frank(encoded, MessageKind.SIGNAL, random_bytes, {**header, "signal": _way(content)})


def seal(group: Group, franked: Franked, random_bytes: RandomBytes) -> bytes:
    """Encrypt in the group's epoch, padded so that sizes say little; a key is used up."""
    return group.encrypt(
        franked.payload,
        authenticated_data=franked.data,
        padding=_padding(len(franked.payload)),
        random_bytes=random_bytes,
    )


def open_message(group: Group, event: Event, *, now: int) -> Opened[Said]:
    """Return what a member wrote; raise `Unproven`. A key is used up once MLS has verified it."""
    sender = LeafIdentity(event.person, event.device)
    leaf, data, payload = _open(group, event.body, sender, now)
    if data.kind != MessageKind.MESSAGE or str(UUID(bytes=data.id)) != event.message:
        raise Unproven("wrong_data")
    return Opened(_read(Said, data, payload), data, leaf)


def read_own(payload: bytes, tag: bytes) -> Said:
    """Return what this device wrote, from the payload it kept: MLS does not open one's own."""
    return _decode(Said, decode_payload(payload).verify(tag))


def open_signal(group: Group, push: SignalPush, *, me: str, now: int) -> Opened[SignalContent]:
    """Return what a device of the call says to this one; raise `Unproven`."""
    leaf, data, payload = _open(group, push.body, LeafIdentity(push.person, push.device), now)
    if data.signal is None or data.signal.to != UUID(me).bytes:
        raise Unproven("wrong_data")
    content = _read(SignalContent, data, payload)
    if content.sender != push.device:
        raise Unproven("wrong_sender")
    if _way(content) != data.signal:
        raise Unproven("wrong_content")
    return Opened(content, data, leaf)


def _frank(
    content: bytes, kind: MessageKind, random_bytes: RandomBytes, header: dict[str, Any]
) -> Franked:
    salt = random_bytes(SALT_BYTES)
    data = AuthenticatedData(kind=kind, franking_tag=franking_tag(salt, content), **header)
    return Franked(encode_payload(salt, content), data.encode())


def _open(
    group: Group, body: bytes, sender: LeafIdentity, now: int
) -> tuple[LeafNode, AuthenticatedData, bytes]:
    """Decrypt a message of `sender`'s; what else the keys may open is refused."""
    try:
        received = group.receive(body, now=now)
        if not isinstance(received, ReceivedApplication):
            raise Unproven("wrong_wire_format")
        leaf = received.sender.leaf_node
        if LeafIdentity.of(leaf.credential) != sender:
            raise Unproven("wrong_sender")
        return leaf, AuthenticatedData.decode(received.authenticated_data), received.data
    except CryptoError as exc:
        raise Unproven(exc.code) from exc


def _read(kind: type[Content], data: AuthenticatedData, payload: bytes) -> Content:
    try:
        return _decode(kind, decode_payload(payload).verify(data.franking_tag))
    except CryptoError as exc:
        raise Unproven(exc.code) from exc


def _decode(kind: type[Content], content: bytes) -> Content:
    try:
        decoded = msgspec.msgpack.decode(content, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as exc:
        raise Unproven("wrong_content") from exc
    expected = MessageKind.MESSAGE if kind is Said else MessageKind.SIGNAL
    if (decoded.v, decoded.kind) != (VERSION, expected):
        raise Unproven("wrong_content")
    return decoded


def _way(content: SignalContent) -> SignalHeader:
    """Return the header that a signal's own content asks for."""
    try:
        return SignalHeader(
            call=UUID(content.call).bytes,
            to=UUID(content.to).bytes,
            generation=content.generation,
            type=SignalType[content.type.upper()],
        )
    except (CryptoError, KeyError, ValueError) as exc:
        raise Unproven("wrong_content") from exc


def _uuid(value: bytes) -> str | None:
    return str(UUID(bytes=value)) if value else None


def _padding(payload: int) -> int:
    """Return the zeros that fill the plaintext (content, signature) to whole buckets."""
    plain = _vector_bytes(payload) + _vector_bytes(_SIGNATURE_BYTES)
    return -plain % BUCKET_BYTES


def _vector_bytes(size: int) -> int:
    """Return how long a vector of this size is with its length before it (RFC 9420, 2.1.2)."""
    return size + (1 if size < 64 else 2 if size < 16_384 else 4)
