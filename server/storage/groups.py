"""The MLS groups of conversations: their public state, what must leave them, who is where."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Connection, delete, insert, select
from sqlalchemy.dialects.sqlite import insert as upsert

from server.domain.group import KeptReceipt, PendingRemove, StoredGroup, StuckReport
from server.storage.schema import epoch_receipt, mls_group, pending_remove, stuck_report


class GroupTable:
    """`ports.Groups`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def find(self, conversation: str) -> StoredGroup | None:
        """Return the group as its last commit left it."""
        row = self._connection.execute(
            select(mls_group).where(mls_group.c.conversation == conversation)
        ).first()
        if row is None:
            return None
        return StoredGroup(
            public=row.public,
            group_info=row.group_info,
            last_transcript=row.last_transcript,
            at=row.at,
        )

    def save(self, conversation: str, group: StoredGroup) -> None:
        """Store the group of a new epoch, or the first one."""
        values = {
            "public": group.public,
            "group_info": group.group_info,
            "last_transcript": group.last_transcript,
            "at": group.at,
        }
        self._connection.execute(
            upsert(mls_group)
            .values(conversation=conversation, **values)
            .on_conflict_do_update(index_elements=[mls_group.c.conversation], set_=values)
        )


class RemoveTable:
    """`ports.Removes`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def propose(self, remove: PendingRemove) -> None:
        """Store a removal, or the new proposal for one that an epoch passed over."""
        values = {
            "generation": remove.generation,
            "epoch": remove.epoch,
            "leaf": remove.leaf,
            "statement": remove.statement,
            "proposal": remove.proposal,
            "seq": remove.seq,
            "why": remove.why,
            "delegation": remove.delegation,
            "staff": remove.staff,
            "at_us": remove.at_us,
        }
        self._connection.execute(
            upsert(pending_remove)
            .values(conversation=remove.conversation, device=remove.device, **values)
            .on_conflict_do_update(
                index_elements=[pending_remove.c.conversation, pending_remove.c.device],
                set_=values,
            )
        )

    def of(self, conversation: str) -> list[PendingRemove]:
        """Return what is pending in a conversation, in the order it was proposed."""
        rows = self._connection.execute(
            select(pending_remove)
            .where(pending_remove.c.conversation == conversation)
            .order_by(pending_remove.c.seq)
        )
        return [PendingRemove(**row._mapping) for row in rows]  # noqa: SLF001 - SQLAlchemy's name

    def settle(self, conversation: str, devices: Iterable[str]) -> None:
        """Forget removals that were committed."""
        self._connection.execute(
            delete(pending_remove).where(
                pending_remove.c.conversation == conversation,
                pending_remove.c.device.in_(list(devices)),
            )
        )

    def waiting(self) -> list[str]:
        """Return the conversations in which a removal is pending."""
        return list(self._connection.scalars(select(pending_remove.c.conversation).distinct()))


class ReceiptTable:
    """`ports.Receipts`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def keep(self, receipt: KeptReceipt) -> None:
        """Store a device's receipt of an epoch; there is one at most."""
        self._connection.execute(
            insert(epoch_receipt).values(
                conversation=receipt.conversation,
                generation=receipt.generation,
                epoch=receipt.epoch,
                device=receipt.device,
                authenticator_hash=receipt.authenticator_hash,
                statement=receipt.statement,
                received_at=receipt.received_at,
            )
        )

    def of(self, conversation: str, generation: int, epoch: int) -> list[KeptReceipt]:
        """Return the receipts of an epoch."""
        rows = self._connection.execute(
            select(epoch_receipt).where(
                epoch_receipt.c.conversation == conversation,
                epoch_receipt.c.generation == generation,
                epoch_receipt.c.epoch == epoch,
            )
        )
        return [KeptReceipt(**row._mapping) for row in rows]  # noqa: SLF001 - SQLAlchemy's name

    def report_stuck(self, report: StuckReport) -> None:
        """Store a device's report; there is one at most for each epoch."""
        self._connection.execute(
            insert(stuck_report).values(
                conversation=report.conversation,
                generation=report.generation,
                epoch=report.epoch,
                device=report.device,
                reason=report.reason,
                reported_at=report.reported_at,
            )
        )

    def stuck(self, conversation: str, generation: int, epoch: int) -> list[StuckReport]:
        """Return the reports of an epoch."""
        rows = self._connection.execute(
            select(stuck_report).where(
                stuck_report.c.conversation == conversation,
                stuck_report.c.generation == generation,
                stuck_report.c.epoch == epoch,
            )
        )
        return [StuckReport(**row._mapping) for row in rows]  # noqa: SLF001 - SQLAlchemy's name
