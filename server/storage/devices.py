"""Devices and their single-use key packages."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    bindparam,
    func,
    insert,
    or_,
    select,
    update,
)
from sqlalchemy.dialects.sqlite import insert as upsert

from server.domain.conversation import Device, KeyPackage
from server.storage.schema import device, key_package

# Asked for at each frame: built once, so that only the values travel.
_FIND = select(device).where(device.c.id == bindparam("device"))


class DeviceTable:
    """`ports.Devices`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def find(self, device_id: str) -> Device | None:
        """Return the device, or None."""
        row = self._connection.execute(_FIND, {"device": device_id}).first()
        return _device(row) if row else None

    def register(self, new: Device) -> None:
        """Bind a new device to its person."""
        number = select(func.count()).where(device.c.person == new.person).scalar_subquery()
        self._connection.execute(
            insert(device).values(
                id=new.id,
                person=new.person,
                signature_key=new.signature_key,
                number=number,
                registered_at=new.registered_at,
            )
        )

    def of(self, person: str, *, retired: bool = False) -> list[str]:
        """Return the ids of a person's devices, newest first; those `retired` only if asked."""
        found = select(device.c.id).where(device.c.person == person)
        if not retired:
            found = found.where(device.c.retired_at.is_(None))
        return list(self._connection.scalars(found.order_by(device.c.number.desc())))

    def certify(self, device_id: str, certificate: bytes, until: int) -> None:
        """Keep the certificate of a device, in place of an earlier one, and when it ends."""
        self._connection.execute(
            update(device)
            .where(device.c.id == device_id)
            .values(certificate=certificate, certified_until=until)
        )

    def retire(self, device_id: str, at: int) -> None:
        """Give a device up, for good."""
        self._connection.execute(
            update(device)
            .where(device.c.id == device_id, device.c.retired_at.is_(None))
            .values(retired_at=at)
        )


class KeyPackageTable:
    """`ports.Directory`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def publish(self, packages: Sequence[KeyPackage]) -> None:
        """Store unused packages; one already there stays as it is."""
        rows = [
            {
                "ref": p.ref,
                "device": p.device,
                "person": p.person,
                "body": p.body,
                "init_key": p.init_key or None,
                "not_after": p.not_after,
            }
            for p in packages
        ]
        self._connection.execute(upsert(key_package).on_conflict_do_nothing(), rows)

    def known(self, refs: Iterable[str], init_keys: Iterable[bytes] = ()) -> list[KeyPackage]:
        """Return the packages, used or not, that have one of these references or init keys."""
        either = or_(key_package.c.ref.in_(list(refs)), key_package.c.init_key.in_(list(init_keys)))
        return [
            _package(row) for row in self._connection.execute(select(key_package).where(either))
        ]

    def claim(self, device_id: str, *, by: str, conversation: str, now: int) -> KeyPackage | None:
        """Take one unused package of `device_id`, once; the same claim again gives the same."""
        unused = select(key_package).where(
            key_package.c.device == device_id, key_package.c.used == 0, _lives(now)
        )
        mine = unused.where(
            key_package.c.claimed_by == by, key_package.c.claimed_for == conversation
        )
        row = self._connection.execute(mine.limit(1)).first()
        if row is None:
            row = self._connection.execute(
                unused.where(key_package.c.claimed_by.is_(None)).limit(1)
            ).first()
            if row is None:
                return None
            self._connection.execute(
                update(key_package)
                .where(key_package.c.ref == row.ref, key_package.c.claimed_by.is_(None))
                .values(claimed_by=by, claimed_for=conversation)
            )
        return _package(row)

    def use(self, ref: str) -> None:
        """Mark a claimed package as used: it was in an accepted commit."""
        self._connection.execute(update(key_package).where(key_package.c.ref == ref).values(used=1))

    def left(self, devices: Iterable[str], *, now: int) -> dict[str, int]:
        """Count the packages of each device that can be claimed at `now` (absent: none)."""
        rows = self._connection.execute(
            select(key_package.c.device, func.count().label("left"))
            .where(
                key_package.c.device.in_(list(devices)),
                key_package.c.claimed_by.is_(None),
                key_package.c.used == 0,
                _lives(now),
            )
            .group_by(key_package.c.device)
        )
        return {row.device: row.left for row in rows}


def _device(row: Row[Any]) -> Device:
    return Device(
        id=row.id,
        person=row.person,
        signature_key=row.signature_key,
        retired_at=row.retired_at,
        registered_at=row.registered_at,
        certificate=row.certificate or b"",
        certified_until=row.certified_until,
        number=row.number,
    )


def _lives(now: int) -> ColumnElement[bool]:
    # Those of before packages were looked into (no `not_after`) may be anything.
    return key_package.c.not_after >= now


def _package(row: Row[Any]) -> KeyPackage:
    return KeyPackage(
        ref=row.ref,
        device=row.device,
        person=row.person,
        body=row.body,
        init_key=row.init_key or b"",
        not_after=row.not_after or 0,
        claimed_by=row.claimed_by,
        claimed_for=row.claimed_for,
        used=bool(row.used),
    )
