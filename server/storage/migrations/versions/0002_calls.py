"""Calls: one row for each, the live ones found by conversation and by deadline."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "call",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("conversation", sa.String(length=36), nullable=False),
        sa.Column("tenant", sa.String(length=9), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("live", sa.Integer(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("deadline", sa.BigInteger(), nullable=True),
        sa.Column("facts", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["conversation"], ["conversation.id"], name=op.f("fk_call_conversation")
        ),
        sa.ForeignKeyConstraint(["tenant"], ["pharmacy.finess"], name=op.f("fk_call_tenant")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_call")),
    )
    op.create_index(
        "ix_call_live_conversation",
        "call",
        ["conversation"],
        unique=True,
        sqlite_where=sa.text("live = 1"),
    )
    op.create_index(op.f("ix_call_live_deadline"), "call", ["live", "deadline"], unique=False)
