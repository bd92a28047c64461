"""What an intruder with the database file would do: alter one byte. The demonstration's button.

Not reachable but through `colloque demo`. It goes past the triggers, as someone who holds the file
can, and leaves them as they were.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Engine, text

TRIGGER = "entry_refuses_update"


def alter_one_byte(engine: Engine, tenant: str, conversation: str) -> dict[str, Any] | None:
    """Alter one byte of the conversation's middle entry; return its log and index, or None."""
    with engine.connect() as connection:
        connection.exec_driver_sql("BEGIN IMMEDIATE")
        rows = connection.execute(
            text(
                "SELECT e.log, e.idx, e.bytes FROM entry e JOIN head h ON h.log = e.log "
                "WHERE h.tenant = :tenant AND e.conversation = :conversation ORDER BY e.idx"
            ),
            {"tenant": tenant, "conversation": conversation},
        ).all()
        if not rows:
            connection.exec_driver_sql("ROLLBACK")
            return None
        row = rows[len(rows) // 2]
        trigger = connection.execute(
            text("SELECT sql FROM sqlite_master WHERE name = :name"), {"name": TRIGGER}
        ).scalar_one()
        connection.exec_driver_sql(f"DROP TRIGGER {TRIGGER}")
        connection.execute(
            text("UPDATE entry SET bytes = :bytes WHERE log = :log AND idx = :idx"),
            {"bytes": _altered(row.bytes), "log": row.log, "idx": row.idx},
        )
        connection.exec_driver_sql(trigger)
        connection.exec_driver_sql("COMMIT")
        return {"log": row.log.rsplit("/", 1)[-1], "index": row.idx}


def _altered(entry: bytes) -> bytes:
    """Flip one bit of one digit of the time: the entry still reads well, and lies."""
    at = entry.index(b'"ts":') + len(b'"ts":') + 12
    return entry[:at] + bytes([entry[at] ^ 1]) + entry[at + 1 :]
