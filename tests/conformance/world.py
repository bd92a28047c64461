"""The world of a scenario: a pharmacy's people at a real hub, and what they sign.

Builders give a valid thing; a scenario names what it changes. What people sign here is signed with
the account keys that they enrolled at this very hub.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID, uuid4

from crypto.keys import Secret
from crypto.policy.conversation import EndingStatement
from crypto.policy.statements import (
    Acceptance,
    Confirmation,
    Delegation,
    Resignation,
    Revocation,
    Statement,
    Suspension,
    sign,
    unsigned,
)
from crypto.policy.vocabulary import DelegationState
from crypto.suites import SigningKey
from signaling.frames import Ok, RefusedFrame
from tests.server.accounts import DEPLOYMENT, Account, an_account
from tests.server.house import PEOPLE, SECONDS, House, Peer
from tests.server.mls import SUITE

READ, SEND, CALL = "conversation.read", "conversation.send", "call.join"
DAY = 24 * 3600 * SECONDS
TEXT = "Sophie Lefèvre peut lire et écrire au nom de Jean Lefèvre, jusqu’au 22 octobre."
DUTIES = "Je n’agis que dans l’intérêt de Jean Lefèvre."


def a_key() -> SigningKey:
    """Return a key that nobody knows."""
    return SUITE.signing_key(Secret(os.urandom(32)))


@dataclass(slots=True)
class World:
    """Who is connected, and how far the delegation of this scenario has come."""

    house: House
    peers: dict[str, Peer] = field(default_factory=dict)
    """By name: the last word is the person's, what stands before it says which device."""
    conversation: str = field(default_factory=lambda: str(uuid4()))
    paper: Delegation | None = None
    """The document of the delegation this scenario is about."""
    delegation: bytes = b""
    """The same, as it was sent."""
    confirmations: list[tuple[str, bytes]] = field(default_factory=list)
    """Who confirmed, and by what."""
    acceptance: bytes = b""
    revocations: list[bytes] = field(default_factory=list)
    """Of single scopes."""
    ending: DelegationState | None = None
    """How it ended at the hub, where the group has not heard of it."""
    statements: tuple[EndingStatement, ...] = ()
    """What a commit carries with it."""
    call: str = field(default_factory=lambda: str(uuid4()))
    code: str = ""
    """A carer's, for the patient."""
    here: str = ""
    """Where frames go, if not to the conversation this scenario is about."""
    stray: SigningKey = field(default_factory=a_key)
    answers: list[Ok | RefusedFrame] = field(default_factory=list)
    """Each judged answer, the last one last."""
    kept: dict[str, Any] = field(default_factory=dict)
    """What one step leaves for a later one."""
    look: Callable[[], None] = lambda: None
    """Called before each step's own frame."""

    @property
    def now(self) -> int:
        """The hub's clock."""
        return self.house.clock.now()

    @property
    def id(self) -> str:
        """Return the id of the delegation this scenario is about."""
        return str(UUID(bytes=self._said.delegation))

    @property
    def _said(self) -> Delegation:
        assert self.paper is not None
        return self.paper

    async def ask(self, peer: Peer, kind: type[Any], /, **fields: Any) -> Ok | RefusedFrame:
        """Send the frame of a step: what stood before it is what a refusal must leave."""
        self.look()
        return await peer.ask(kind, **fields)

    def id_of(self, name: str) -> str:
        """Return somebody's id."""
        return PEOPLE[name.split()[-1]].id

    def person(self, name: str) -> bytes:
        """Return it as statements have it."""
        return UUID(self.id_of(name)).bytes

    async def peer(self, name: str) -> Peer:
        """Return somebody's device, connected and with keys to be added by."""
        if name not in self.peers:
            self.peers[name] = await self._connect(*name.split())
        return self.peers[name]

    async def _connect(self, *words: str) -> Peer:
        match words:
            case ("bare", slug):
                return await self.house.peer(slug, certified=False)
            case _:
                return await self.house.peer(words[-1], packages=5)

    async def aik(self, name: str) -> SigningKey:
        """Return somebody's account key: known to the hub once they came."""
        if name == "nobody":
            return self.stray
        return self.account(name).key

    def account(self, name: str) -> Account:
        """Return somebody's account: one has it, enrolled or not."""
        person = PEOPLE[name.split()[-1]]
        return self.house.accounts.get(person.id) or an_account(person)

    def staff_of(self, name: str) -> bytes:
        """Return somebody's StaffCertificate; empty for the owner."""
        return self.account(name).staff

    # What people sign

    async def a_delegation(self, **changes: Any) -> Delegation:
        """Return what Jean signs to name Sophie, or something else."""
        grantor, grantee = changes.pop("grantor", "jean"), changes.pop("grantee", "sophie")
        begins, lasts = changes.pop("begins", 0), changes.pop("lasts", 31 * DAY)
        begin = self.now + begins
        said: dict[str, Any] = {
            "deployment": DEPLOYMENT,
            "conversation": UUID(self.conversation).bytes,
            "delegation": uuid4().bytes,
            "grantor": self.person(grantor),
            "grantor_aik": (await self.aik(grantor)).public,
            "grantee": self.person(grantee),
            "grantee_aik": (await self.aik(grantee)).public,
            "scopes": (CALL, READ, SEND),
            "legal_basis": "patient_mandate",
            "mandate": "device",
            "not_before_us": begin,
            "not_after_us": begin + lasts,
            "text_hash": hashlib.sha256(TEXT.encode()).digest(),
            "reading_level": "simple",
            "language": "fr",
        }
        if changes.pop("same_id", False):
            said["delegation"] = self._said.delegation
        if changes.get("mandate") == "paper":
            said["grantor_aik"] = b""
        return Delegation(**said | _in_order(changes))

    async def a_confirmation(self, by: str, **changes: Any) -> bytes:
        """Return a pharmacist's word on the document that is proposed."""
        document = replace(self._said, **changes.pop("of", {}))
        said: dict[str, Any] = {
            "deployment": DEPLOYMENT,
            "conversation": UUID(self.conversation).bytes,
            "delegation_hash": document.digest,
            "pharmacist": self.person(changes.pop("in_name_of", by)),
            "heard_alone": False,
            "at_us": self.now + changes.pop("at", 0),
        }
        key = await self.aik(changes.pop("key", by))
        return sign(Confirmation(**said | changes), key)

    async def an_acceptance(self, by: str, **changes: Any) -> bytes:
        """Return a carer's word on it."""
        said: dict[str, Any] = {
            "deployment": DEPLOYMENT,
            "conversation": UUID(self.conversation).bytes,
            "delegation_hash": self._said.digest,
            "duties_hash": hashlib.sha256(DUTIES.encode()).digest(),
            "at_us": self.now + changes.pop("at", 0),
        }
        key = await self.aik(changes.pop("key", by))
        return sign(Acceptance(**said | changes), key)

    async def an_ending(self, what: str, by: str, **changes: Any) -> bytes:
        """Return the word that ends it, or takes scopes back."""
        key = await self.aik(changes.pop("key", by))
        return sign(self.a_word(what, by, **changes), key)

    def a_word(self, what: str, by: str = "jean", **changes: Any) -> Statement:
        """Return what would end it, or take scopes back: not signed."""
        said: dict[str, Any] = {
            "deployment": DEPLOYMENT,
            "conversation": UUID(self.conversation).bytes,
            "delegation": self._said.delegation,
            "at_us": self.now + changes.pop("at", 0),
        }
        pharmacist = self.person(changes.pop("in_name_of", by))
        kinds: dict[str, tuple[type[Statement], dict[str, Any]]] = {
            "revocation": (Revocation, {"scopes": ()}),
            "resignation": (Resignation, {}),
            "suspension": (Suspension, {"pharmacist": pharmacist, "reason": "telephone"}),
        }
        kind, fields = kinds[what]
        return kind(**said | fields | changes)


def signed(paper: Delegation, key: SigningKey | None) -> bytes:
    """Return a document as it is sent: signed by nobody where there is no key."""
    return unsigned(paper) if key is None else sign(paper, key)


def _in_order(changes: dict[str, Any]) -> dict[str, Any]:
    """Scopes in their one order, however a scenario names them."""
    if "scopes" in changes:
        return changes | {"scopes": tuple(sorted(changes["scopes"]))}
    return changes
