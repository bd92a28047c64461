"""The world of a scenario: a pharmacy's people at a real hub, and what they sign.

Builders give a valid thing; a scenario names what it changes. What people sign here is signed with
the account keys that they enrolled at this very hub.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID, uuid4

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
from crypto.suites import SigningKey
from tests.server.house import NOON, PEOPLE, SECONDS, House, Peer
from tests.server.mls import DEPLOYMENT

READ, SEND, CALL = "conversation.read", "conversation.send", "call.join"
DAY = 24 * 3600 * SECONDS
TEXT = "Sophie Lefèvre peut lire et écrire au nom de Jean Lefèvre, jusqu’au 22 octobre."
DUTIES = "Je n’agis que dans l’intérêt de Jean Lefèvre."


@dataclass(slots=True)
class World:
    """Who is connected, and how far the delegation of this scenario has come."""

    house: House
    peers: dict[str, Peer] = field(default_factory=dict)
    conversation: str = field(default_factory=lambda: str(uuid4()))
    paper: Delegation | None = None
    """The document of the delegation this scenario is about."""
    delegation: bytes = b""
    """The same, as it was sent."""
    confirmations: list[tuple[str, bytes]] = field(default_factory=list)
    """Who confirmed, and by what."""
    acceptance: bytes = b""
    revocations: list[bytes] = field(default_factory=list)
    call: str = field(default_factory=lambda: str(uuid4()))
    kept: dict[str, Any] = field(default_factory=dict)
    """What one step leaves for a later one."""

    @property
    def now(self) -> int:
        """The hub's clock."""
        return self.house.clock.now()

    def person(self, slug: str) -> bytes:
        """Return somebody's id, as statements have it."""
        return UUID(PEOPLE[slug].id).bytes

    @property
    def id(self) -> str:
        """Return the id of the delegation this scenario is about."""
        assert self.paper is not None
        return str(UUID(bytes=self.paper.delegation))

    async def peer(self, slug: str) -> Peer:
        """Return somebody's device, connected and with keys to be added by."""
        if slug not in self.peers:
            self.peers[slug] = await self.house.peer(slug, packages=5)
        return self.peers[slug]

    async def aik(self, slug: str) -> SigningKey:
        """Return somebody's account key: known to the hub once they came."""
        return (await self.peer(slug)).mls.account.key

    # What people sign

    async def a_delegation(self, **changes: Any) -> Delegation:
        """Return what Jean signs to name Sophie, or something else."""
        grantor, grantee = changes.pop("grantor", "jean"), changes.pop("grantee", "sophie")
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
            "not_before_us": self.now,
            "not_after_us": self.now + 31 * DAY,
            "text_hash": hashlib.sha256(TEXT.encode()).digest(),
            "reading_level": "simple",
            "language": "fr",
        }
        return Delegation(**said | _sorted(changes))

    async def a_confirmation(self, by: str, **changes: Any) -> bytes:
        """Return a pharmacist's word on the document that is proposed."""
        said: dict[str, Any] = {
            "deployment": DEPLOYMENT,
            "conversation": UUID(self.conversation).bytes,
            "delegation_hash": self._digest(),
            "pharmacist": self.person(by),
            "heard_alone": False,
            "at_us": self.now,
        }
        key = changes.pop("key", None) or await self.aik(by)
        return sign(Confirmation(**said | changes), key)

    async def an_acceptance(self, by: str, **changes: Any) -> bytes:
        """Return a carer's word on it."""
        said: dict[str, Any] = {
            "deployment": DEPLOYMENT,
            "conversation": UUID(self.conversation).bytes,
            "delegation_hash": self._digest(),
            "duties_hash": hashlib.sha256(DUTIES.encode()).digest(),
            "at_us": self.now,
        }
        key = changes.pop("key", None) or await self.aik(by)
        return sign(Acceptance(**said | changes), key)

    async def an_ending(self, what: str, by: str, **changes: Any) -> bytes:
        """Return the word that ends it, or takes scopes back."""
        assert self.paper is not None
        said: dict[str, Any] = {
            "deployment": DEPLOYMENT,
            "conversation": UUID(self.conversation).bytes,
            "delegation": self.paper.delegation,
            "at_us": self.now,
        }
        kinds: dict[str, tuple[type[Statement], dict[str, Any]]] = {
            "revocation": (Revocation, {"scopes": ()}),
            "resignation": (Resignation, {}),
            "suspension": (Suspension, {"pharmacist": self.person(by), "reason": "telephone"}),
        }
        kind, fields = kinds[what]
        key = changes.pop("key", None) or await self.aik(by)
        return sign(kind(**said | fields | changes), key)

    def _digest(self) -> bytes:
        assert self.paper is not None
        return self.paper.digest


def signed(paper: Delegation, key: SigningKey | None) -> bytes:
    """Return a document as it is sent: signed by nobody where there is no key."""
    return unsigned(paper) if key is None else sign(paper, key)


def _sorted(changes: dict[str, Any]) -> dict[str, Any]:
    """Scopes in their one order, however a scenario names them."""
    if "scopes" in changes:
        return changes | {"scopes": tuple(sorted(changes["scopes"]))}
    return changes


__all__ = ["CALL", "DAY", "NOON", "READ", "SECONDS", "SEND", "Sequence", "World", "replace"]
