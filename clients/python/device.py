"""A device: its keys, its key packages, its groups, what it pinned, what it has not sent yet.

All of it is rows of one `Store`, so that a device outlives its process. Nothing that the hub or a
member may see leaves before the state that it came from is kept: a key that encrypted once never
encrypts again, whatever happens to the process.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final
from uuid import UUID

import msgspec

from clients.python.content import (
    MAX_TEXT,
    Franked,
    Said,
    SignalContent,
    frank,
    frank_signal,
    read_own,
)
from clients.python.errors import NoGroup, StateUnreadable
from clients.python.groups import SUITE, Place, Room
from clients.python.store import FileStore, MemoryStore, Rows, Store
from clients.python.trust import Judge, Trust
from crypto.errors import CryptoError
from crypto.hpke import RandomBytes
from crypto.keys import Secret
from crypto.mls.authenticated_data import AuthenticatedData
from crypto.mls.key_package import KeyPackageBundle, Own
from crypto.mls.leaf_node import Capabilities, Lifetime
from crypto.mls.message import encode_message
from crypto.policy.identity import LeafIdentity
from crypto.policy.statements import DeviceRevocation, sign
from crypto.suites import SigningKey
from signaling.frames import Summary

PACKAGE_SECONDS: Final = 30 * 24 * 3600
# A clock a little behind ours must not find the package not yet valid.
_SLACK_SECONDS: Final = 3600
_CAPABILITIES: Final = Capabilities(cipher_suites=(1, 3), credentials=(1,))
_KEYS, _PINS = "device", "pins"
_ROOM, _PACKAGE, _WRITTEN = "room/", "package/", "written/"


class _StoredKeys(msgspec.Struct, frozen=True, kw_only=True):
    v: int = 1
    id: str
    seed: bytes


class Written(msgspec.Struct, kw_only=True):
    """A message on its way: id, counter, payload and data stay; the body is of one epoch."""

    conversation: str
    id: str
    counter: int
    payload: bytes
    data: bytes
    body: bytes | None = None
    place: Place | None = None
    """Of which group and epoch the body is."""
    answered: bool = False
    echoed: bool = False

    @property
    def franked(self) -> Franked:
        """Return what is encrypted, at every try."""
        return Franked(self.payload, self.data)

    @property
    def said(self) -> Said:
        """Return what was written."""
        return read_own(self.payload, AuthenticatedData.decode(self.data).franking_tag)


class Device:
    """Who this installation is. The hub binds `id` and key to the first person that says hello."""

    def __init__(
        self, name: str, seed: Secret, store: Store, *, random_bytes: RandomBytes = os.urandom
    ) -> None:
        self.id = name
        self.trust = Trust()
        self.rooms: dict[str, Room] = {}
        self.packages: dict[bytes, KeyPackageBundle] = {}
        self.written: dict[str, Written] = {}
        self.opens = True
        """Whether it opens what it is told. See `outside`."""
        self.random_bytes = random_bytes
        self._seed = seed
        self._key: SigningKey = SUITE.signing_key(seed)
        self._store = store
        self._unsaved: set[str] = set()

    def __repr__(self) -> str:
        return f"Device({self.id})"

    @classmethod
    def new(cls, store: Store | None = None) -> Device:
        """Make a device with a signature key of its own."""
        name = str(UUID(bytes=os.urandom(16), version=4))
        device = cls(name, SUITE.generate_signature_key(os.urandom), store or MemoryStore())
        device._unsaved |= {_KEYS, _PINS}
        device.save()
        return device

    @classmethod
    def load(cls, store: Store) -> Device:
        """Take up the device that a store holds; raise `StateUnreadable`."""
        rows = store.read()
        keys = _keys(rows)
        device = cls(keys.id, Secret(keys.seed), store)
        device.trust = Trust.decode(rows[_PINS]) if _PINS in rows else Trust()
        for name, row in rows.items():
            device._take_row(name, row)
        return device

    @classmethod
    def open(cls, path: Path | str) -> Device:
        """Take up the device kept in a file, or make one there; raise `StateInUse`."""
        store = FileStore(Path(path))
        try:
            return cls.load(store) if store.read() else cls.new(store)
        except BaseException:
            store.close()
            raise

    def outside(self, cursors: dict[str, int] | None = None) -> Device:
        """Return this device for whoever only compares what it is told.

        It says hello as the same device and takes events in their order, from these cursors on;
        it opens, joins and keeps nothing.
        """
        twin = Device(self.id, self._seed, MemoryStore())
        twin.opens = False
        for conversation, cursor in (cursors or {}).items():
            twin.rooms[conversation] = Room(conversation, cursor)
        return twin

    def close(self) -> None:
        """Keep what is not kept yet, and let go of the store."""
        self.save()
        self._store.close()

    @property
    def signature_key(self) -> bytes:
        """Return the public half of the key that signs for this device."""
        return self._key.public

    @property
    def identity(self) -> LeafIdentity:
        """Return what this device's leaves say; there is a person only after the first hello."""
        if self.trust.person is None:
            raise NoGroup("no_hello_yet")
        return LeafIdentity(self.trust.person, self.id)

    def own(self) -> Own:
        """Return what this device brings into a group."""
        now = _now()
        return Own(
            signature_key=self._seed,
            credential=self.identity.credential(),
            capabilities=_CAPABILITIES,
            lifetime=Lifetime(now - _SLACK_SECONDS, now + PACKAGE_SECONDS),
        )

    def judge(self, summary: Summary) -> Judge:
        """Return the judge of a conversation's group."""
        return Judge.of(summary, self.identity, self.trust)

    # Rooms

    def room(self, conversation: str) -> Room:
        """Return a conversation as it is held here, begun if it is new."""
        return self.rooms.setdefault(conversation, Room(conversation))

    def keep(self, room: Room) -> None:
        """Have a room kept, before anything of it leaves."""
        self.touch(room)
        self.save()

    def touch(self, room: Room) -> None:
        """Have a room kept with the next thing that is: a crash until then undoes it whole."""
        self._unsaved.add(_ROOM + room.conversation)

    def touch_pins(self) -> None:
        """Have the pins kept with the next thing that is."""
        self._unsaved.add(_PINS)

    def forget(self, conversation: str) -> None:
        """Drop a conversation that the hub never took."""
        room = self.rooms.pop(conversation, None)
        if room is not None and room.group is not None:
            room.group.wipe()
        self._unsaved.add(_ROOM + conversation)
        self.save()

    # Key packages

    def make_packages(self, count: int) -> list[bytes]:
        """Make key packages and keep their private keys; return them as they are published."""
        self._drop_expired()
        own = self.own()
        made = [KeyPackageBundle.create(SUITE, own, self.random_bytes) for _ in range(count)]
        for bundle in made:
            reference = bundle.key_package.reference()
            self.packages[reference] = bundle
            self._unsaved.add(_PACKAGE + reference.hex())
        self.save()
        return [encode_message(bundle.key_package) for bundle in made]

    def spend(self, reference: bytes) -> None:
        """Destroy the private keys of a package by which this device came in."""
        bundle = self.packages.pop(reference, None)
        if bundle is not None:
            bundle.wipe()
            self._unsaved.add(_PACKAGE + reference.hex())

    # Messages

    def write(self, room: Room, text: str) -> Written:
        """Make a message durable; it keeps its id, counter and tag at every try."""
        if len(text) > MAX_TEXT:
            raise ValueError("a message has at most 10,000 characters")
        message = UUID(bytes=self.random_bytes(16), version=4)
        counter = room.next_counter()
        franked = frank(
            text,
            self.trust.logs.head,
            self.random_bytes,
            id=message.bytes,
            counter=counter,
            sent_at=time.time_ns() // 1_000_000,
        )
        written = Written(
            conversation=room.conversation,
            id=str(message),
            counter=counter,
            payload=franked.payload,
            data=franked.data,
        )
        self.written[written.id] = written
        self._touch_written(written)
        self.keep(room)
        return written

    def seal(self, room: Room, written: Written) -> bytes:
        """Return a message's body for the present epoch: the one it has, or a new one, kept."""
        if written.body is None or written.place != room.place:
            written.body = room.seal(written.franked, self.random_bytes)
            written.place = room.place
            self._touch_written(written)
            self.keep(room)
        return written.body

    def seal_signal(self, room: Room, content: SignalContent) -> bytes:
        """Return a signal's body for the present epoch, kept before it leaves."""
        franked = frank_signal(
            content,
            self.random_bytes,
            id=self.random_bytes(16),
            counter=room.signals + 1,
            sent_at=time.time_ns() // 1_000_000,
        )
        body = room.seal(franked, self.random_bytes)
        room.signals += 1
        self.keep(room)
        return body

    def answered(self, written: Written) -> None:
        """The hub has a message; what was written is kept until it comes back in its place."""
        written.answered = True
        self._touch_written(written)

    def echoed(self, written: Written) -> None:
        """A message came back in its place; it is kept until the hub has answered for it."""
        written.echoed = True
        self._touch_written(written)

    def discard(self, written: Written) -> None:
        """Forget a message that the hub refused."""
        written.answered = written.echoed = True
        self._touch_written(written)
        self.save()

    def revocation(self, device: str, deployment: str) -> bytes:
        """Sign that a device of this person is given up."""
        said = DeviceRevocation(
            deployment=deployment,
            person=UUID(self.identity.person).bytes,
            device=UUID(device).bytes,
            signer=UUID(self.id).bytes,
            at_us=time.time_ns() // 1_000,
        )
        return sign(said, self._key)

    # The store

    def save(self) -> None:
        """Keep everything that has changed, at once."""
        if self._unsaved:
            self._store.write({name: self._row(name) for name in self._unsaved})
            self._unsaved.clear()

    def serialize(self) -> bytes:
        """Return the whole state as bytes, private keys in the clear: wrap it."""
        self.save()
        return msgspec.msgpack.encode(self._store.read())

    @classmethod
    def deserialize(cls, data: bytes) -> Device:
        """Take up a device from `serialize`, kept in memory."""
        try:
            return cls.load(MemoryStore(msgspec.msgpack.decode(data, type=Rows)))
        except msgspec.DecodeError as exc:
            raise StateUnreadable("not a device's state") from exc

    def _touch_written(self, written: Written) -> None:
        if written.answered and written.echoed:
            self.written.pop(written.id, None)
        self._unsaved.add(_WRITTEN + written.id)

    def _row(self, name: str) -> bytes | None:
        """Return a row as it is to be kept; None where it is to go."""
        if name == _KEYS:
            return msgspec.msgpack.encode(_StoredKeys(id=self.id, seed=self._seed.reveal()))
        if name == _PINS:
            return self.trust.encode()
        kind, _, key = name.partition("/")
        encode: dict[str, Callable[[], bytes | None]] = {
            "room": lambda: _encoded(self.rooms.get(key)),
            "package": lambda: _encoded(self.packages.get(bytes.fromhex(key))),
            "written": lambda: _packed(self.written.get(key)),
        }
        return encode[kind]()

    def _take_row(self, name: str, row: bytes) -> None:
        kind, _, key = name.partition("/")
        try:
            match kind:
                case "room":
                    self.rooms[key] = Room.decode(key, row)
                case "package":
                    self.packages[bytes.fromhex(key)] = KeyPackageBundle.deserialize(row)
                case "written":
                    self.written[key] = msgspec.msgpack.decode(row, type=Written)
                case "device" | "pins":
                    pass
                case _:
                    raise StateUnreadable("a row of a newer version")
        except (CryptoError, msgspec.DecodeError, ValueError) as exc:
            raise StateUnreadable("a row of another format") from exc

    def _drop_expired(self) -> None:
        now = _now()
        for reference, bundle in list(self.packages.items()):
            lifetime = bundle.key_package.leaf_node.lifetime
            if lifetime is not None and not lifetime.includes(now):
                self.spend(reference)


def _keys(rows: Rows) -> _StoredKeys:
    try:
        keys = msgspec.msgpack.decode(rows.get(_KEYS, b""), type=_StoredKeys)
    except msgspec.DecodeError as exc:
        raise StateUnreadable("not a device's state") from exc
    if keys.v != 1:
        raise StateUnreadable("the state of a newer version")
    return keys


def _encoded(one: Room | KeyPackageBundle | None) -> bytes | None:
    return None if one is None else one.encode()


def _packed(one: Written | None) -> bytes | None:
    return None if one is None else msgspec.msgpack.encode(one)


def _now() -> int:
    return int(time.time())
