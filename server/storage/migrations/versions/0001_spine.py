"""The spine: people, conversations, the stream and the audit trail."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

# A second line behind the code, which has no UPDATE and no DELETE on these tables: even a stray
# statement in a console cannot change what was logged.
APPEND_ONLY = ("entry", "checkpoint")


def upgrade() -> None:
    op.create_table(
        "checkpoint",
        sa.Column("log", sa.String(length=120), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("ts", sa.BigInteger(), nullable=False),
        sa.Column("note", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("log", "size", name=op.f("pk_checkpoint")),
    )
    op.create_table(
        "entry",
        sa.Column("log", sa.String(length=120), nullable=False),
        sa.Column("idx", sa.BigInteger(), nullable=False),
        sa.Column("bytes", sa.LargeBinary(), nullable=False),
        sa.Column("conversation", sa.String(length=36), nullable=True),
        sa.Column("conversation_entry", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("log", "idx", name=op.f("pk_entry")),
    )
    op.create_index(
        op.f("ix_entry_conversation_conversation_entry"),
        "entry",
        ["conversation", "conversation_entry"],
        unique=False,
    )
    op.create_table(
        "pharmacy",
        sa.Column("finess", sa.String(length=9), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("phone", sa.String(length=40), nullable=False),
        sa.PrimaryKeyConstraint("finess", name=op.f("pk_pharmacy")),
    )
    op.create_table(
        "tile",
        sa.Column("log", sa.String(length=120), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("idx", sa.BigInteger(), nullable=False),
        sa.Column("hashes", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("log", "level", "idx", name=op.f("pk_tile")),
    )
    op.create_table(
        "head",
        sa.Column("log", sa.String(length=120), nullable=False),
        sa.Column("tenant", sa.String(length=9), nullable=False),
        sa.Column("class", sa.String(length=16), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("root", sa.LargeBinary(length=32), nullable=False),
        sa.Column("checkpoint", sa.String(), nullable=False),
        sa.Column("archived_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["tenant"], ["pharmacy.finess"], name=op.f("fk_head_tenant")),
        sa.PrimaryKeyConstraint("log", name=op.f("pk_head")),
        sa.UniqueConstraint("tenant", "class", name=op.f("uq_head_tenant_class")),
    )
    op.create_table(
        "person",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("tenant", sa.String(length=9), nullable=False),
        sa.Column("role", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(["tenant"], ["pharmacy.finess"], name=op.f("fk_person_tenant")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person")),
    )
    op.create_index(op.f("ix_person_tenant_role"), "person", ["tenant", "role"], unique=False)
    op.create_table(
        "device",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("person", sa.String(length=36), nullable=False),
        sa.Column("signature_key", sa.LargeBinary(length=32), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["person"], ["person.id"], name=op.f("fk_device_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_device")),
        sa.UniqueConstraint("person", "number", name=op.f("uq_device_person_number")),
    )
    op.create_table(
        "session",
        sa.Column("key", sa.LargeBinary(length=32), nullable=False),
        sa.Column("person", sa.String(length=36), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("closed", sa.Integer(), server_default="0", nullable=False),
        sa.ForeignKeyConstraint(["person"], ["person.id"], name=op.f("fk_session_person")),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_session")),
    )
    op.create_table(
        "vault",
        sa.Column("person", sa.String(length=36), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["person"], ["person.id"], name=op.f("fk_vault_person")),
        sa.PrimaryKeyConstraint("person", name=op.f("pk_vault")),
    )
    op.create_table(
        "vault_key",
        sa.Column("person", sa.String(length=36), nullable=False),
        sa.Column("key", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["person"], ["person.id"], name=op.f("fk_vault_key_person")),
        sa.PrimaryKeyConstraint("person", name=op.f("pk_vault_key")),
    )
    op.create_table(
        "conversation",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("tenant", sa.String(length=9), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("motive", sa.String(length=16), nullable=False),
        sa.Column("motive_salt", sa.LargeBinary(length=32), nullable=False),
        sa.Column("founder", sa.String(length=36), nullable=False),
        sa.Column("founder_device", sa.String(length=36), nullable=False),
        sa.Column("patient", sa.String(length=36), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("epoch", sa.BigInteger(), nullable=False),
        sa.Column("last_seq", sa.BigInteger(), nullable=False),
        sa.Column("entries", sa.BigInteger(), nullable=False),
        sa.Column("group_info", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["founder"], ["person.id"], name=op.f("fk_conversation_founder")),
        sa.ForeignKeyConstraint(
            ["founder_device"], ["device.id"], name=op.f("fk_conversation_founder_device")
        ),
        sa.ForeignKeyConstraint(["patient"], ["person.id"], name=op.f("fk_conversation_patient")),
        sa.ForeignKeyConstraint(
            ["tenant"], ["pharmacy.finess"], name=op.f("fk_conversation_tenant")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_conversation")),
    )
    op.create_index(
        op.f("ix_conversation_tenant_created_at"),
        "conversation",
        ["tenant", "created_at"],
        unique=False,
    )
    op.create_table(
        "key_package",
        sa.Column("ref", sa.String(length=64), nullable=False),
        sa.Column("device", sa.String(length=36), nullable=False),
        sa.Column("person", sa.String(length=36), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("claimed_by", sa.String(length=36), nullable=True),
        sa.Column("claimed_for", sa.String(length=36), nullable=True),
        sa.Column("used", sa.Integer(), server_default="0", nullable=False),
        sa.ForeignKeyConstraint(["device"], ["device.id"], name=op.f("fk_key_package_device")),
        sa.ForeignKeyConstraint(["person"], ["person.id"], name=op.f("fk_key_package_person")),
        sa.PrimaryKeyConstraint("ref", name=op.f("pk_key_package")),
    )
    op.create_index(
        op.f("ix_key_package_device_claimed_by"),
        "key_package",
        ["device", "claimed_by"],
        unique=False,
    )
    op.create_table(
        "admission",
        sa.Column("conversation", sa.String(length=36), nullable=False),
        sa.Column("device", sa.String(length=36), nullable=False),
        sa.Column("person", sa.String(length=36), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["conversation"], ["conversation.id"], name=op.f("fk_admission_conversation")
        ),
        sa.ForeignKeyConstraint(["device"], ["device.id"], name=op.f("fk_admission_device")),
        sa.ForeignKeyConstraint(["person"], ["person.id"], name=op.f("fk_admission_person")),
        sa.PrimaryKeyConstraint("conversation", "device", name=op.f("pk_admission")),
    )
    op.create_table(
        "event",
        sa.Column("conversation", sa.String(length=36), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("ts", sa.BigInteger(), nullable=False),
        sa.Column("what", sa.String(length=16), nullable=False),
        sa.Column("person", sa.String(length=36), nullable=False),
        sa.Column("device", sa.String(length=36), nullable=False),
        sa.Column("epoch", sa.BigInteger(), nullable=False),
        sa.Column("message", sa.String(length=36), nullable=True),
        sa.Column("franking_tag", sa.LargeBinary(length=32), nullable=True),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("welcome", sa.LargeBinary(), nullable=True),
        sa.Column("log_index", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["conversation"], ["conversation.id"], name=op.f("fk_event_conversation")
        ),
        sa.PrimaryKeyConstraint("conversation", "seq", name=op.f("pk_event")),
        sa.UniqueConstraint("device", "message", name=op.f("uq_event_device_message")),
    )
    op.create_index(
        op.f("ix_event_conversation_device_digest"),
        "event",
        ["conversation", "device", "digest"],
        unique=False,
    )
    op.create_table(
        "member",
        sa.Column("conversation", sa.String(length=36), nullable=False),
        sa.Column("person", sa.String(length=36), nullable=False),
        sa.Column("role", sa.String(length=32), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("delivered", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("read", sa.BigInteger(), server_default="0", nullable=False),
        sa.ForeignKeyConstraint(
            ["conversation"], ["conversation.id"], name=op.f("fk_member_conversation")
        ),
        sa.ForeignKeyConstraint(["person"], ["person.id"], name=op.f("fk_member_person")),
        sa.PrimaryKeyConstraint("conversation", "person", name=op.f("pk_member")),
    )
    op.create_index(op.f("ix_member_person"), "member", ["person"], unique=False)
    for table in APPEND_ONLY:
        for verb in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {table}_refuses_{verb.lower()} BEFORE {verb} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
            )
