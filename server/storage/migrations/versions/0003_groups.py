"""MLS groups: their public state, removals, epoch receipts; devices that are given up.

A group that was founded before was never checked, and its GroupInfo is not one: it is let go. Its
conversation stays readable and takes messages; a commit in it is refused.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("session", sa.Column("device", sa.String(length=36), nullable=True))
    op.create_index(op.f("ix_session_device"), "session", ["device"], unique=False)
    op.add_column("device", sa.Column("retired_at", sa.BigInteger(), nullable=True))
    op.add_column("key_package", sa.Column("init_key", sa.LargeBinary(), nullable=True))
    op.add_column("key_package", sa.Column("not_after", sa.BigInteger(), nullable=True))
    op.create_index("uq_key_package_init_key", "key_package", ["init_key"], unique=True)
    op.add_column(
        "conversation", sa.Column("generation", sa.Integer(), server_default="0", nullable=False)
    )
    op.drop_column("conversation", "group_info")
    _create_group_tables()


def _create_group_tables() -> None:
    op.create_table(
        "mls_group",
        _conversation(),
        sa.Column("public", sa.LargeBinary(), nullable=False),
        sa.Column("group_info", sa.LargeBinary(), nullable=False),
        sa.Column("last_transcript", sa.LargeBinary(), nullable=False),
        _of_conversation("mls_group"),
        sa.PrimaryKeyConstraint("conversation", name=op.f("pk_mls_group")),
    )
    op.create_table(
        "pending_remove",
        _conversation(),
        sa.Column("device", sa.String(length=36), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("epoch", sa.BigInteger(), nullable=False),
        sa.Column("leaf", sa.BigInteger(), nullable=False),
        sa.Column("statement", sa.LargeBinary(), nullable=False),
        sa.Column("proposal", sa.LargeBinary(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        _of_conversation("pending_remove"),
        _of_device("pending_remove"),
        sa.PrimaryKeyConstraint("conversation", "device", name=op.f("pk_pending_remove")),
    )
    op.create_table(
        "epoch_receipt",
        *_device_in_epoch("epoch_receipt"),
        sa.Column("authenticator_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("statement", sa.LargeBinary(), nullable=False),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
    )
    op.create_table(
        "stuck_report",
        *_device_in_epoch("stuck_report"),
        sa.Column("reason", sa.String(length=64), nullable=False),
        sa.Column("reported_at", sa.BigInteger(), nullable=False),
    )


def _device_in_epoch(table: str) -> list[sa.Column[Any] | sa.Constraint]:
    return [
        _conversation(),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("epoch", sa.BigInteger(), nullable=False),
        sa.Column("device", sa.String(length=36), nullable=False),
        _of_conversation(table),
        _of_device(table),
        sa.PrimaryKeyConstraint(
            "conversation", "generation", "epoch", "device", name=op.f(f"pk_{table}")
        ),
    ]


def _conversation() -> sa.Column[str]:
    return sa.Column("conversation", sa.String(length=36), nullable=False)


def _of_conversation(table: str) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_conversation")
    return sa.ForeignKeyConstraint(["conversation"], ["conversation.id"], name=name)


def _of_device(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["device"], ["device.id"], name=op.f(f"fk_{table}_device"))
