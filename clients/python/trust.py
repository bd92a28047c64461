"""What a device pinned: who the hub is, who certifies, who owns the pharmacy, and who people are.

A person is their account key (`aik`). It is pinned when it is first proven: the deployment's
authority certified it, and the certificate stands in the log, where the person, and everybody else,
can see it. A key that changes later is refused, unless two pharmacists and the authority signed
that the one before is lost; then it is told in plain words.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass, field
from typing import Final

import msgspec

from clients.python.errors import HubFault, HubKeyChanged, IdentityChanged, StateUnreadable
from clients.python.receipts import PinnedLogs
from crypto.mls.credential import Credential
from crypto.mls.extensions import ExternalSender
from crypto.policy.identity import HUB
from crypto.policy.identity import Trust as Authority
from signaling.frames import Welcomed

_STORED_VERSION: Final = 2


class Person(msgspec.Struct, frozen=True, kw_only=True):
    """How a person is pinned."""

    aik: bytes
    name: str
    """As the hub last told it; empty where it has not."""
    former: tuple[bytes, ...] = ()
    """Keys that were revoked as they must be: leaves that still stand may have them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """Somebody has another account key than before, and it was vouched for."""

    person: str
    name: str
    before: bytes
    after: bytes


class _Stored(msgspec.Struct, frozen=True, kw_only=True):
    """The stored form."""

    v: int = _STORED_VERSION
    person: str | None
    deployment: str | None
    hub_key: bytes | None
    authority: bytes | None
    pharmacy: str | None
    owner: bytes | None
    former_owners: tuple[bytes, ...]
    logs: dict[str, str]
    head: str
    people: dict[str, Person]
    proven: list[bytes]


@dataclass(slots=True)
class Trust:
    """Everything pinned; a device's for as long as it lives."""

    logs: PinnedLogs = field(default_factory=PinnedLogs)
    person: str | None = None
    deployment: str | None = None
    hub_key: bytes | None = None
    authority_key: bytes | None = None
    pharmacy: str | None = None
    """FINESS."""
    owner: bytes | None = None
    """The account key of the pharmacy's owner: who certifies its staff."""
    former_owners: tuple[bytes, ...] = ()
    people: dict[str, Person] = field(default_factory=dict)
    _proven: set[bytes] = field(default_factory=set)
    """Hashes of the identity certificates whose place in the log was seen."""

    def meet(self, welcomed: Welcomed, device: str) -> None:
        """Pin who the hub is and who this device's person is; raise where either is another."""
        if welcomed.device != device or self.person not in (None, welcomed.person):
            raise HubFault("the hub says this device is another person's")
        if self.pharmacy not in (None, welcomed.pharmacy.finess):
            raise HubFault("the hub says this device is of another pharmacy")
        mine = (self.deployment, self.hub_key, self.authority_key)
        told = (welcomed.deployment, welcomed.hub_key, welcomed.authority)
        if mine not in ((None, None, None), told):
            raise HubKeyChanged("the hub shows another key of its own, or another name")
        self.logs.pin(welcomed.logs)
        self.person, self.pharmacy = welcomed.person, welcomed.pharmacy.finess
        self.deployment, self.hub_key, self.authority_key = told

    @property
    def authority(self) -> Authority:
        """Return who certifies identities, and under which name."""
        if self.deployment is None or self.authority_key is None:
            raise HubFault("no hello before a certificate")
        return Authority(self.deployment, self.authority_key)

    @property
    def hub(self) -> ExternalSender:
        """Return who may propose a removal in every group."""
        if self.hub_key is None:
            raise HubFault("no hello before a group")
        return ExternalSender(self.hub_key, Credential.basic(HUB))

    def is_proven(self, digest: bytes) -> bool:
        """Tell whether the certificate of this hash was seen in the log."""
        return digest in self._proven

    def prove(self, certificate: bytes) -> None:
        """Remember that a certificate was seen in the log."""
        self._proven.add(digest_of(certificate))

    def pin(self, person: str, aik: bytes, name: str = "") -> bool:
        """Pin a person's account key; tell whether it is news.

        Raises `IdentityChanged` where another one was pinned: see `succeed`.
        """
        known = self.people.get(person)
        if known is not None and not hmac.compare_digest(known.aik, aik):
            raise IdentityChanged("identity_changed")
        before = known or Person(aik=aik, name="")
        self.people[person] = msgspec.structs.replace(before, name=name or before.name)
        return known != self.people[person]

    def succeed(self, person: str, aik: bytes, name: str) -> Notice:
        """Pin another account key in the place of one that was revoked as it must be."""
        before = self.people[person]
        former = (*before.former, before.aik)
        self.people[person] = Person(aik=aik, name=name or before.name, former=former)
        if self.owner == before.aik:
            self.owner, self.former_owners = aik, (*self.former_owners, before.aik)
        return Notice(person=person, name=name or before.name, before=before.aik, after=aik)

    def pin_owner(self, aik: bytes) -> None:
        """Pin who owns the pharmacy; raise `IdentityChanged` where it was another."""
        if self.owner is not None and not hmac.compare_digest(self.owner, aik):
            raise IdentityChanged("owner_changed")
        self.owner = aik

    def is_owner(self, aik: bytes) -> bool:
        """Tell whether an account key is the owner's, or was until it was revoked."""
        return aik == self.owner or aik in self.former_owners

    def is_of(self, person: str, aik: bytes) -> bool:
        """Tell whether an account key may be a person's, as far as this device knows."""
        known = self.people.get(person)
        return known is None or aik == known.aik or aik in known.former

    def is_now(self, person: str, aik: bytes) -> bool:
        """Tell whether an account key is the one that is pinned for a person."""
        known = self.people.get(person)
        return known is not None and aik == known.aik

    def aik_of(self, person: str) -> bytes | None:
        """Return a person's pinned account key."""
        known = self.people.get(person)
        return None if known is None else known.aik

    def encode(self) -> bytes:
        """Return the stored form."""
        return msgspec.msgpack.encode(
            _Stored(
                person=self.person,
                deployment=self.deployment,
                hub_key=self.hub_key,
                authority=self.authority_key,
                pharmacy=self.pharmacy,
                owner=self.owner,
                former_owners=self.former_owners,
                logs=self.logs.keys,
                head=self.logs.head,
                people=self.people,
                proven=sorted(self._proven),
            )
        )

    @classmethod
    def decode(cls, data: bytes) -> Trust:
        """Read the stored form."""
        try:
            stored = msgspec.msgpack.decode(data, type=_Stored)
        except msgspec.DecodeError as exc:
            raise StateUnreadable("no pins of this version") from exc
        if stored.v != _STORED_VERSION:
            raise StateUnreadable("no pins of this version")
        trust = cls(
            person=stored.person,
            deployment=stored.deployment,
            hub_key=stored.hub_key,
            authority_key=stored.authority,
            pharmacy=stored.pharmacy,
            owner=stored.owner,
            former_owners=stored.former_owners,
            people=stored.people,
            _proven=set(stored.proven),
        )
        trust.logs.restore(stored.logs, stored.head)
        return trust


def digest_of(certificate: bytes) -> bytes:
    """Return how the log names a certificate."""
    return hashlib.sha256(certificate).digest()
