"""People, the vault of their names, tenants and sessions."""

from __future__ import annotations

import os
from collections.abc import Iterable, Set
from typing import TYPE_CHECKING, Any

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import Connection, bindparam, insert, select, update
from sqlalchemy.dialects.sqlite import insert as upsert

from crypto.policy.vocabulary import Profession, Role
from server.domain.people import Person, Pharmacy, Session
from server.storage.schema import person, pharmacy, session, session_device, vault, vault_key

if TYPE_CHECKING:
    from server.storage.log import LogTables

NONCE_BYTES = 12
CLOSED, TURNED_OUT = 1, 2
"""How a session ended: it is gone, or its carer is still told why."""

# Asked for at each frame: built once, so that only the values travel (SQLAlchemy builds and keys a
# statement in the time it takes to run two).
_FIND_SESSION = (
    select(
        session.c.expires_at,
        session.c.closed,
        person.c.id,
        person.c.tenant,
        person.c.role,
        person.c.profession,
    )
    .join(person, person.c.id == session.c.person)
    .where(session.c.key == bindparam("key"), session.c.closed != CLOSED)
)


class PeopleTables:
    """`ports.People`. A name is sealed under its person's own key: erase the key, it is gone."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def find(self, person_id: str) -> Person | None:
        """Return the person, or None."""
        row = self._connection.execute(select(person).where(person.c.id == person_id)).first()
        return _person(row) if row else None

    def with_roles(self, tenant: str, roles: Set[Role]) -> list[Person]:
        """Return the people of one pharmacy who have one of `roles`."""
        rows = self._connection.execute(
            select(person).where(
                person.c.tenant == tenant, person.c.role.in_(sorted(role.value for role in roles))
            )
        )
        return [_person(row) for row in rows]

    def names(self, persons: Iterable[str]) -> dict[str, str]:
        """Open the vault: names by pseudonym; an erased person is absent."""
        rows = self._connection.execute(
            select(vault.c.person, vault.c.sealed, vault_key.c.key)
            .join(vault_key, vault_key.c.person == vault.c.person)
            .where(vault.c.person.in_(list(persons)))
        )
        return {row.person: _open(row.sealed, row.key, row.person) for row in rows}

    def pharmacy(self, finess: str) -> Pharmacy:
        """Return the tenant; raises `KeyError`."""
        row = self._connection.execute(select(pharmacy).where(pharmacy.c.finess == finess)).first()
        if row is None:
            raise KeyError(finess)
        return Pharmacy(row.finess, row.name, row.phone)

    def enrol(self, new: Person, name: str) -> None:
        """Store a person, the name sealed in the vault."""
        key, nonce = AESGCM.generate_key(256), os.urandom(NONCE_BYTES)
        sealed = nonce + AESGCM(key).encrypt(nonce, name.encode(), new.id.encode())
        run = self._connection.execute
        run(
            insert(person).values(
                id=new.id, tenant=new.tenant, role=new.role.value, profession=new.profession.value
            )
        )
        run(insert(vault).values(person=new.id, sealed=sealed))
        run(insert(vault_key).values(person=new.id, key=key))


def _person(row: Any) -> Person:
    return Person(row.id, row.tenant, Role(row.role), Profession(row.profession))


def _open(sealed: bytes, key: bytes, owner: str) -> str:
    nonce, ciphertext = sealed[:NONCE_BYTES], sealed[NONCE_BYTES:]
    return AESGCM(key).decrypt(nonce, ciphertext, owner.encode()).decode()


class TenantTables:
    """`ports.Tenants`."""

    def __init__(self, connection: Connection, logs: LogTables) -> None:
        self._connection = connection
        self._logs = logs

    def all(self) -> list[Pharmacy]:
        """Return them in the neutral order (name, then FINESS; red line R1)."""
        rows = self._connection.execute(
            select(pharmacy).order_by(pharmacy.c.name, pharmacy.c.finess)
        )
        return [Pharmacy(row.finess, row.name, row.phone) for row in rows]

    def open(self, new: Pharmacy) -> None:
        """Store a new tenant and start its logs, empty and signed."""
        self._connection.execute(
            insert(pharmacy).values(finess=new.finess, name=new.name, phone=new.phone)
        )
        self._logs.start(new.finess)


class SessionTable:
    """`ports.Sessions`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def find(self, key: bytes) -> Session | None:
        """Return the session unless it was closed; whether it is live is the caller's to judge."""
        row = self._connection.execute(_FIND_SESSION, {"key": key}).first()
        if row is None:
            return None
        return Session(key, _person(row), row.expires_at, turned_out=row.closed == TURNED_OUT)

    def open(self, new: Session) -> None:
        """Store a new session."""
        self._connection.execute(
            insert(session).values(key=new.key, person=new.person.id, expires_at=new.expires_at)
        )

    def close(self, key: bytes) -> None:
        """End it for good."""
        self._connection.execute(update(session).where(session.c.key == key).values(closed=CLOSED))

    def use(self, key: bytes, device: str) -> None:
        """Remember that a device said hello under it."""
        row = upsert(session_device).values(session=key, device=device)
        self._connection.execute(row.on_conflict_do_nothing())

    def close_of(self, device: str | None = None, *, carer: str | None = None) -> list[bytes]:
        """End the sessions of a device, or of a carer whose last delegation is over."""
        used = select(session_device.c.session).where(session_device.c.device == device)
        whose = session.c.person == carer if carer is not None else session.c.key.in_(used)
        closed = self._connection.scalars(
            update(session)
            .where(whose, session.c.closed == 0)
            .values(closed=CLOSED if carer is None else TURNED_OUT)
            .returning(session.c.key)
        )
        return list(closed)
