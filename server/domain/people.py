"""The people of a pharmacy, as the hub knows them: a pseudonym, a role and a tenant."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from crypto.policy.vocabulary import Profession, Role


@dataclass(frozen=True, slots=True)
class Person:
    """Someone of one pharmacy. `id` is a pseudonym: names live in the vault, never in the log."""

    id: str
    tenant: str
    role: Role
    profession: Profession = Profession.NONE


@dataclass(frozen=True, slots=True)
class HubItself:
    """Nobody: what the hub did by its own clock or its own eyes, in one pharmacy's log."""

    tenant: str
    id: ClassVar[str] = "hub"
    role: ClassVar[str] = "hub"


@dataclass(frozen=True, slots=True)
class Pharmacy:
    """A tenant; `finess` is its national identifier."""

    finess: str
    name: str
    phone: str


@dataclass(frozen=True, slots=True)
class Session:
    """A signed-in person. `key` is SHA-256 of the cookie's token, which is stored nowhere."""

    key: bytes
    person: Person
    expires_at: int
    """Microseconds since 1970 UTC."""
    turned_out: bool = False
    """It ended with its carer's last delegation: they may hear why, and nothing else."""

    def is_live(self, now: int) -> bool:
        """Tell whether the session still stands at `now`: refused at the very instant it ends."""
        return now < self.expires_at and not self.turned_out


@dataclass(frozen=True, slots=True)
class Principal:
    """Who sends a frame: a session, and the device that said hello on this connection."""

    session: Session
    device: str | None = None

    @property
    def person(self) -> Person:
        """The signed-in person."""
        return self.session.person
