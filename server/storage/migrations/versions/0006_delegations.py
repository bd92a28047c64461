"""Delegations: who may act for a patient in which conversation, until when; a group's last hour.

Groups of before say neither whose conversation they are nor who their leaves are: they are let go.
Their conversations stay readable; a commit in one is refused.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "delegation",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("conversation", sa.String(length=36), nullable=False),
        sa.Column("grantor", sa.String(length=36), nullable=False),
        sa.Column("grantee", sa.String(length=36), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("record", sa.LargeBinary(), nullable=False),
        sa.Column("scopes", sa.String(length=400), nullable=False),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in _INSTANTS),
        *(sa.Column(name, sa.BigInteger(), nullable=True) for name in _STEPS),
        sa.Column("ended", sa.LargeBinary(), nullable=False),
        sa.Column("ended_staff", sa.LargeBinary(), nullable=False),
        sa.Column("ending", sa.Integer(), nullable=False),
        sa.Column("narrowing", sa.Integer(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["conversation"], ["conversation.id"], name=op.f("fk_delegation_conversation")
        ),
        sa.ForeignKeyConstraint(["grantor"], ["person.id"], name=op.f("fk_delegation_grantor")),
        sa.ForeignKeyConstraint(["grantee"], ["person.id"], name=op.f("fk_delegation_grantee")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delegation")),
    )
    op.create_index(
        op.f("ix_delegation_conversation_grantee"),
        "delegation",
        ["conversation", "grantee"],
        unique=False,
    )
    op.create_index(op.f("ix_delegation_grantee"), "delegation", ["grantee"], unique=False)
    op.create_index(
        "uq_delegation_active",
        "delegation",
        ["conversation", "grantor", "grantee"],
        unique=True,
        sqlite_where=sa.text("state = 'active'"),
    )
    op.execute("DELETE FROM pending_remove")
    op.execute("DELETE FROM mls_group")
    op.add_column("mls_group", sa.Column("at", sa.BigInteger(), server_default="0", nullable=False))


_INSTANTS = ("not_before", "not_after", "proposed_at")
_STEPS = ("confirmed_at", "accepted_at", "activated_at", "ended_at")
