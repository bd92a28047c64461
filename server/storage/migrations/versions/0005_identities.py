"""Identities: account keys and their certificates, links, recovery, carers; who saw what.

Devices that were registered before have no certificate: each asks for one at its next sign-in.
Their groups' leaves are of the basic credential, which nobody takes any more.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

# Looks of an officer at the whole pharmacy concern every patient of it.
_ABOUT = """
UPDATE entry SET about = CASE
    WHEN json_extract(bytes, '$.type') IN ('audit.conversations_listed', 'audit.logs_verified')
    THEN '*' ELSE json_extract(bytes, '$.subject') END
"""


def upgrade() -> None:
    op.add_column(
        "person", sa.Column("profession", sa.String(length=16), server_default="", nullable=False)
    )
    op.add_column(
        "device", sa.Column("registered_at", sa.BigInteger(), server_default="0", nullable=False)
    )
    op.add_column("device", sa.Column("certificate", sa.LargeBinary(), nullable=True))
    op.add_column(
        "device", sa.Column("certified_until", sa.BigInteger(), server_default="0", nullable=False)
    )
    _create_certificates()
    _create_links()
    _create_carers()
    _widen_removals()
    _index_accesses()


def _create_certificates() -> None:
    op.create_table(
        "identity_certificate",
        _person(),
        _bytes("aik", 32),
        _bytes("certificate"),
        sa.Column("tenant", sa.String(length=9), nullable=False),
        sa.Column("idx", sa.BigInteger(), nullable=False),
        sa.Column("issued_at", sa.BigInteger(), nullable=False),
        sa.Column("revocation", sa.LargeBinary(), nullable=True),
        _references("identity_certificate", "person", "person.id"),
        _references("identity_certificate", "tenant", "pharmacy.finess"),
        sa.PrimaryKeyConstraint("person", "aik", name=op.f("pk_identity_certificate")),
    )
    op.create_index(
        op.f("ix_identity_certificate_aik"), "identity_certificate", ["aik"], unique=False
    )
    op.create_index(
        "uq_identity_certificate_standing",
        "identity_certificate",
        ["person"],
        unique=True,
        sqlite_where=sa.text("revocation IS NULL"),
    )
    op.create_table(
        "staff_certificate",
        _person(),
        _bytes("aik", 32),
        _bytes("certificate"),
        sa.Column("certified_at", sa.BigInteger(), nullable=False),
        _references("staff_certificate", "person", "person.id"),
        sa.PrimaryKeyConstraint("person", "aik", name=op.f("pk_staff_certificate")),
    )
    op.create_table(
        "revocation_waiting",
        _person(),
        _id("signer"),
        _bytes("statement"),
        _bytes("staff"),
        sa.Column("proposed_at", sa.BigInteger(), nullable=False),
        _references("revocation_waiting", "person", "person.id"),
        _references("revocation_waiting", "signer", "person.id"),
        sa.PrimaryKeyConstraint("person", "signer", name=op.f("pk_revocation_waiting")),
    )


def _create_links() -> None:
    op.create_table(
        "link_request",
        _id("device"),
        _person(),
        _bytes("init_key", 32),
        sa.Column("asked_at", sa.BigInteger(), nullable=False),
        _bytes("sealed"),
        _references("link_request", "device", "device.id"),
        _references("link_request", "person", "person.id"),
        sa.PrimaryKeyConstraint("device", name=op.f("pk_link_request")),
    )
    op.create_index(op.f("ix_link_request_person"), "link_request", ["person"], unique=False)
    op.create_table(
        "recovery",
        _person(),
        _bytes("blob"),
        sa.Column("kept_at", sa.BigInteger(), nullable=False),
        _references("recovery", "person", "person.id"),
        sa.PrimaryKeyConstraint("person", name=op.f("pk_recovery")),
    )


def _create_carers() -> None:
    op.create_table(
        "relation",
        _id("patient"),
        _id("carer"),
        sa.Column("since", sa.BigInteger(), nullable=False),
        _references("relation", "patient", "person.id"),
        _references("relation", "carer", "person.id"),
        sa.PrimaryKeyConstraint("patient", "carer", name=op.f("pk_relation")),
    )
    op.create_index(op.f("ix_relation_carer"), "relation", ["carer"], unique=False)
    op.create_table(
        "carer_code",
        _id("carer"),
        sa.Column("code", sa.String(length=16), nullable=False),
        _bytes("digest", 32),
        _references("carer_code", "carer", "person.id"),
        sa.PrimaryKeyConstraint("carer", name=op.f("pk_carer_code")),
        sa.UniqueConstraint("digest", name=op.f("uq_carer_code_digest")),
    )


def _widen_removals() -> None:
    op.add_column(
        "pending_remove",
        sa.Column("why", sa.String(length=16), server_default="device", nullable=False),
    )
    for name in ("delegation", "staff"):
        op.add_column(
            "pending_remove",
            sa.Column(name, sa.LargeBinary(), server_default=sa.text("x''"), nullable=False),
        )
    op.add_column(
        "pending_remove", sa.Column("at_us", sa.BigInteger(), server_default="0", nullable=False)
    )


def _index_accesses() -> None:
    """Fill the new index of the entries: the bytes, which are the log, stay as they are."""
    op.add_column("entry", sa.Column("about", sa.String(length=36), nullable=True))
    op.execute("DROP TRIGGER entry_refuses_update")
    op.execute(_ABOUT)
    op.execute(
        "CREATE TRIGGER entry_refuses_update BEFORE UPDATE ON entry "
        "BEGIN SELECT RAISE(ABORT, 'entry is append-only'); END"
    )
    op.create_index(
        "ix_entry_about",
        "entry",
        ["about", "log", "idx"],
        unique=False,
        sqlite_where=sa.text("about IS NOT NULL"),
    )


def _person() -> sa.Column[str]:
    return _id("person")


def _id(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.String(length=36), nullable=False)


def _bytes(name: str, length: int | None = None) -> sa.Column[Any]:
    return sa.Column(name, sa.LargeBinary(length=length), nullable=False)


def _references(table: str, column: str, to: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [to], name=op.f(f"fk_{table}_{column}"))
