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

from clients.python.account import Account
from clients.python.content import (
    MAX_TEXT,
    Franked,
    SignalContent,
    Spoken,
    frank,
    frank_signal,
    read_own,
)
from clients.python.errors import NoGroup, NotLinked, StateUnreadable
from clients.python.groups import SUITE, Place, Room
from clients.python.judge import Judge
from clients.python.store import FileStore, MemoryStore, Rows, Store
from clients.python.trust import Trust
from crypto.errors import CryptoError
from crypto.hpke import RandomBytes
from crypto.keys import Secret
from crypto.mls.authenticated_data import AuthenticatedData
from crypto.mls.framing import decode_header
from crypto.mls.key_package import KeyPackageBundle, Own
from crypto.mls.leaf_node import Capabilities, Lifetime
from crypto.mls.message import encode_message
from crypto.policy.conversation import LEAF_EXTENSIONS
from crypto.policy.identity import CREDENTIAL_TYPE, CredentialParts, LeafIdentity
from crypto.suites import SigningKey
from signaling.frames import Summary

PACKAGE_SECONDS: Final = 30 * 24 * 3600
# A clock a little behind ours must not find the package not yet valid.
_SLACK_SECONDS: Final = 3600
_CAPABILITIES: Final = Capabilities(
    cipher_suites=(1, 3), extensions=LEAF_EXTENSIONS, credentials=(CREDENTIAL_TYPE,)
)
STALE_MS: Final = 60_000
"""So long a body may wait before it is made anew: the hub takes none dated 120 s before."""
_KEYS, _PINS, _CERTIFICATES = "device", "pins", "certificates"
_STORED_VERSION: Final = 2
"""Version 1 had no account key: what it holds is of nobody's groups any more."""
_ROOM, _PACKAGE, _WRITTEN = "room/", "package/", "written/"


class Certificates(msgspec.Struct, frozen=True, kw_only=True):
    """What says whose this device is; empty where it is not said yet."""

    identity: bytes = b""
    """By the deployment's authority: this person's account key."""
    device: bytes = b""
    """By the account key: this device's signature key."""
    staff: bytes = b""
    """By the pharmacy's owner, of staff."""


class _Versioned(msgspec.Struct, frozen=True, kw_only=True):
    v: int


class _StoredKeys(msgspec.Struct, frozen=True, kw_only=True):
    v: int = _STORED_VERSION
    id: str
    seed: bytes
    account: bytes | None
    link: bytes | None

    def __repr__(self) -> str:
        return f"_StoredKeys({self.id})"


class Written(msgspec.Struct, kw_only=True):
    """A message on its way: id, counter, payload and data stay; the body is of one epoch."""

    conversation: str
    id: str
    counter: int
    payload: bytes
    data: bytes
    """As it was written; each try says anew when, and under which delegation, it is sent."""
    body: bytes | None = None
    place: Place | None = None
    """Of which group and epoch the body is."""
    sent_at: int = 0
    """Milliseconds, hub time: when the body says that it was sent."""
    answered: bool = False
    echoed: bool = False

    @property
    def spoken(self) -> Spoken:
        """Return what was written, and for whom it was sent."""
        data = AuthenticatedData.decode(self.data)
        if self.body is not None:
            data = AuthenticatedData.decode(decode_header(self.body).authenticated_data)
        return Spoken.of(read_own(self.payload, data.franking_tag), data)


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
        self.account: Account | None = None
        """Its person's account key, where it holds it."""
        self.certificates = Certificates()
        self.link_key: Secret | None = None
        """Of the request to be let in that is under way."""
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
        device.account = None if keys.account is None else _account(keys.account)
        device.link_key = None if keys.link is None else Secret(keys.link)
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

    def sibling(self, store: Store | None = None) -> Device:
        """Return a new device of the same person: it holds the account key from the beginning.

        Elsewhere than in this process a new device asks to be let in (`Client.ask_link`).
        """
        if self.account is None:
            raise NotLinked("this device holds no account key to share")
        other = Device.new(store)
        other.take_account(Account(self.account.seed.copy()))
        return other

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
        """Return what this device brings into a group; raise `NotLinked` without certificates."""
        now, held = _now(), self.certificates
        if not (held.identity and held.device):
            raise NotLinked("this device has no certificate yet")
        return Own(
            signature_key=self._seed,
            credential=CredentialParts(held.identity, held.device, held.staff).credential(),
            capabilities=_CAPABILITIES,
            lifetime=Lifetime(now - _SLACK_SECONDS, now + PACKAGE_SECONDS),
        )

    # Whose it is

    def make_account(self) -> Account:
        """Return the person's account key, made and kept where there is none."""
        if self.account is None:
            self.account = Account.new(self.random_bytes)
            self._keep_keys()
        return self.account

    def take_account(self, account: Account, certificate: bytes = b"") -> None:
        """Take up the person's account key, which another device or a recovery code gave."""
        self.account, self.link_key = account, None
        self.certificates = Certificates(device=certificate)
        self._unsaved.add(_CERTIFICATES)
        self._keep_keys()

    def drop_account(self) -> None:
        """Forget an account key that nobody ever certified."""
        if self.account is not None and not self.certificates.identity:
            self.account.seed.wipe()
            self.account = None
            self._keep_keys()

    def keep_link_key(self, key: Secret) -> None:
        """Keep the key to which the account key will be sealed for this device."""
        self.link_key = key
        self._keep_keys()

    def certify(self, **changes: bytes) -> None:
        """Keep a certificate that this device was given."""
        self.certificates = msgspec.structs.replace(self.certificates, **changes)
        self._unsaved.add(_CERTIFICATES)
        self.save()

    def _keep_keys(self) -> None:
        self._unsaved.add(_KEYS)
        self.save()

    def judge(self, summary: Summary, now_us: int) -> Judge:
        """Return the judge of a conversation's group at an instant of hub time."""
        return Judge.of(summary, self.identity, self.trust, now_us)

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
        # When, and under which delegation, is said as it is sent: see `seal`.
        franked = frank(
            text,
            self.trust.logs.head,
            self.random_bytes,
            id=message.bytes,
            counter=counter,
            sent_at=0,
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

    def seal(self, room: Room, written: Written, judge: Judge) -> bytes:
        """Return a message's body for the present epoch: the one it has, or a new one, kept.

        A body says when it was sent: the hub takes none that has waited for long.
        """
        now_ms = judge.now_us // 1_000
        fresh = written.place == room.place and abs(now_ms - written.sent_at) <= STALE_MS
        if written.body is None or not fresh:
            franked = Franked(written.payload, written.data).sent(now_ms, room.acting(judge))
            written.body = room.seal(franked, self.random_bytes)
            written.place, written.sent_at = room.place, now_ms
            self._touch_written(written)
            self.keep(room)
        return written.body

    def seal_signal(self, room: Room, content: SignalContent, judge: Judge) -> bytes:
        """Return a signal's body for the present epoch, kept before it leaves."""
        franked = frank_signal(
            content,
            self.random_bytes,
            id=self.random_bytes(16),
            counter=room.signals + 1,
            sent_at=judge.now_us // 1_000,
            **room.acting(judge).fields,
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
            return self._encoded_keys()
        if name == _PINS:
            return self.trust.encode()
        if name == _CERTIFICATES:
            return msgspec.msgpack.encode(self.certificates)
        kind, _, key = name.partition("/")
        encode: dict[str, Callable[[], bytes | None]] = {
            "room": lambda: _encoded(self.rooms.get(key)),
            "package": lambda: _encoded(self.packages.get(bytes.fromhex(key))),
            "written": lambda: _packed(self.written.get(key)),
        }
        return encode[kind]()

    def _encoded_keys(self) -> bytes:
        stored = _StoredKeys(
            id=self.id,
            seed=self._seed.reveal(),
            account=None if self.account is None else self.account.seed.reveal(),
            link=None if self.link_key is None else self.link_key.reveal(),
        )
        return msgspec.msgpack.encode(stored)

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
                case "certificates":
                    self.certificates = msgspec.msgpack.decode(row, type=Certificates)
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
        version = msgspec.msgpack.decode(rows.get(_KEYS, b""), type=_Versioned).v
        if version < _STORED_VERSION:
            raise StateUnreadable("the state of an older version: begin with a new device")
        if version > _STORED_VERSION:
            raise StateUnreadable("the state of a newer version")
        return msgspec.msgpack.decode(rows[_KEYS], type=_StoredKeys)
    except msgspec.DecodeError as exc:
        raise StateUnreadable("not a device's state") from exc


def _account(seed: bytes) -> Account:
    try:
        return Account(Secret(seed))
    except CryptoError as exc:
        raise StateUnreadable("a row of another format") from exc


def _encoded(one: Room | KeyPackageBundle | None) -> bytes | None:
    return None if one is None else one.encode()


def _packed(one: Written | None) -> bytes | None:
    return None if one is None else msgspec.msgpack.encode(one)


def _now() -> int:
    return int(time.time())
