"""A session remembers every device that said hello under it, not only the last."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "session_device",
        sa.Column("session", sa.LargeBinary(length=32), nullable=False),
        sa.Column("device", sa.String(length=36), nullable=False),
        sa.ForeignKeyConstraint(
            ["session"], ["session.key"], name=op.f("fk_session_device_session")
        ),
        sa.PrimaryKeyConstraint("session", "device", name=op.f("pk_session_device")),
    )
    op.create_index(op.f("ix_session_device_device"), "session_device", ["device"], unique=False)
    op.execute(
        "INSERT INTO session_device (session, device)"
        " SELECT key, device FROM session WHERE device IS NOT NULL"
    )
    op.drop_index(op.f("ix_session_device"), table_name="session")
    op.drop_column("session", "device")
