"""One database transaction, as the bundle of repositories that `ports.Tx` names."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection

from server.ports import Undone
from server.storage.calls import CallTable
from server.storage.conversations import ConversationTable, EventTable, MemberTable
from server.storage.delegations import DelegationTable
from server.storage.devices import DeviceTable, KeyPackageTable
from server.storage.groups import GroupTable, ReceiptTable, RemoveTable
from server.storage.identities import (
    CarerTable,
    CertificateTable,
    LinkTable,
    RecoveryTable,
    RevocationTable,
    StaffTable,
)
from server.storage.keys import HubIdentity, KeyRing
from server.storage.log import LogTables, TileCache
from server.storage.people import PeopleTables, SessionTable, TenantTables


class Transaction:
    """The `ports.Tx` of a SQLAlchemy connection on which a transaction has begun."""

    def __init__(
        self,
        connection: Connection,
        *,
        keys: KeyRing,
        tiles: TileCache,
        identity: HubIdentity,
        node: str,
    ) -> None:
        self._connection = connection
        self._logs = LogTables(
            connection, keys=keys, tiles=tiles, deployment=identity.deployment, node=node
        )
        self.identity = identity
        self.people = PeopleTables(connection)
        self.tenants = TenantTables(connection, self._logs)
        self.sessions = SessionTable(connection)
        self.devices = DeviceTable(connection)
        self.directory = KeyPackageTable(connection)
        self.conversations = ConversationTable(connection)
        self.members = MemberTable(connection)
        self.stream = EventTable(connection)
        self.groups = GroupTable(connection)
        self.delegations = DelegationTable(connection)
        self.removes = RemoveTable(connection)
        self.receipts = ReceiptTable(connection)
        self.calls = CallTable(connection)
        self.certificates = CertificateTable(connection)
        self.staff = StaffTable(connection)
        self.links = LinkTable(connection)
        self.recovery = RecoveryTable(connection)
        self.revocations = RevocationTable(connection)
        self.carers = CarerTable(connection)
        self.log = self._logs
        self.audit = self._logs
        self.accesses = self._logs

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """Undo what happens inside if it raises; the rest of the transaction goes on."""
        mark = self._logs.mark()
        self._connection.exec_driver_sql("SAVEPOINT act")
        try:
            yield
        except BaseException as exc:
            if not is_open(self._connection):
                raise Undone from exc
            self._connection.exec_driver_sql("ROLLBACK TO act")
            self._logs.rewind(mark)
            raise
        finally:
            if is_open(self._connection):
                self._connection.exec_driver_sql("RELEASE act")

    def seal(self) -> None:
        """Write entries, tiles and signed heads of every log touched."""
        self._logs.seal()


def is_open(connection: Connection) -> bool:
    """Tell whether the transaction still stands.

    SQLite may undo all of it by itself when the disk is full or fails (sqlite.org/lang_transaction,
    3): from then on each statement would be durable on its own.
    """
    driver: Any = connection.connection.driver_connection
    return bool(driver.in_transaction)
