"""The tables. Alembic makes them (`migrations/`); a test proves that both say the same."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    UniqueConstraint,
    text,
)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

Id = String(36)
Finess = String(9)

pharmacy = Table(
    "pharmacy",
    metadata,
    Column("finess", Finess, primary_key=True),
    Column("name", String(200), nullable=False),
    Column("phone", String(40), nullable=False),
)

person = Table(
    "person",
    metadata,
    Column("id", Id, primary_key=True),
    Column("tenant", Finess, ForeignKey("pharmacy.finess"), nullable=False),
    Column("role", String(32), nullable=False),
    Column("profession", String(16), nullable=False, server_default=""),
    Index(None, "tenant", "role"),
)

# Names, sealed with a key per person: erase the key and the log still verifies.
vault = Table(
    "vault",
    metadata,
    Column("person", Id, ForeignKey("person.id"), primary_key=True),
    Column("sealed", LargeBinary, nullable=False),
)
vault_key = Table(
    "vault_key",
    metadata,
    Column("person", Id, ForeignKey("person.id"), primary_key=True),
    Column("key", LargeBinary, nullable=False),
)

session = Table(
    "session",
    metadata,
    Column("key", LargeBinary(32), primary_key=True),
    Column("person", Id, ForeignKey("person.id"), nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Column("closed", Integer, nullable=False, server_default="0"),
)

session_device = Table(
    "session_device",
    metadata,
    Column("session", LargeBinary(32), ForeignKey("session.key"), primary_key=True),
    Column("device", Id, primary_key=True),
    Index(None, "device"),
)

device = Table(
    "device",
    metadata,
    Column("id", Id, primary_key=True),
    Column("person", Id, ForeignKey("person.id"), nullable=False),
    Column("signature_key", LargeBinary(32), nullable=False),
    Column("number", Integer, nullable=False),
    Column("retired_at", BigInteger),
    Column("registered_at", BigInteger, nullable=False, server_default="0"),
    Column("certificate", LargeBinary),
    Column("certified_until", BigInteger, nullable=False, server_default="0"),
    UniqueConstraint("person", "number"),
)

# The account keys that the deployment's authority certified: one of a person stands at a time.
identity_certificate = Table(
    "identity_certificate",
    metadata,
    Column("person", Id, ForeignKey("person.id"), primary_key=True),
    Column("aik", LargeBinary(32), primary_key=True),
    Column("certificate", LargeBinary, nullable=False),
    Column("tenant", Finess, ForeignKey("pharmacy.finess"), nullable=False),
    Column("idx", BigInteger, nullable=False),
    Column("issued_at", BigInteger, nullable=False),
    Column("revocation", LargeBinary),
    Index(None, "aik"),
    Index(
        "uq_identity_certificate_standing",
        "person",
        unique=True,
        sqlite_where=text("revocation IS NULL"),
    ),
)

# The owner's word that an account key is of the staff.
staff_certificate = Table(
    "staff_certificate",
    metadata,
    Column("person", Id, ForeignKey("person.id"), primary_key=True),
    Column("aik", LargeBinary(32), primary_key=True),
    Column("certificate", LargeBinary, nullable=False),
    Column("certified_at", BigInteger, nullable=False),
)

link_request = Table(
    "link_request",
    metadata,
    Column("device", Id, ForeignKey("device.id"), primary_key=True),
    Column("person", Id, ForeignKey("person.id"), nullable=False),
    Column("init_key", LargeBinary(32), nullable=False),
    Column("asked_at", BigInteger, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Index(None, "person"),
)

# Wrapped under a code that the hub never sees.
recovery = Table(
    "recovery",
    metadata,
    Column("person", Id, ForeignKey("person.id"), primary_key=True),
    Column("blob", LargeBinary, nullable=False),
    Column("kept_at", BigInteger, nullable=False),
)

revocation_waiting = Table(
    "revocation_waiting",
    metadata,
    Column("person", Id, ForeignKey("person.id"), primary_key=True),
    Column("signer", Id, ForeignKey("person.id"), primary_key=True),
    Column("statement", LargeBinary, nullable=False),
    Column("staff", LargeBinary, nullable=False),
    Column("proposed_at", BigInteger, nullable=False),
)

# Whom a patient may name as a carer.
relation = Table(
    "relation",
    metadata,
    Column("patient", Id, ForeignKey("person.id"), primary_key=True),
    Column("carer", Id, ForeignKey("person.id"), primary_key=True),
    Column("since", BigInteger, nullable=False),
    Index(None, "carer"),
)

# Looked for by its hash: how long a search takes says nothing of the code.
carer_code = Table(
    "carer_code",
    metadata,
    Column("carer", Id, ForeignKey("person.id"), primary_key=True),
    Column("code", String(16), nullable=False),
    Column("digest", LargeBinary(32), nullable=False),
    UniqueConstraint("digest"),
)

key_package = Table(
    "key_package",
    metadata,
    Column("ref", String(64), primary_key=True),
    Column("device", Id, ForeignKey("device.id"), nullable=False),
    Column("person", Id, ForeignKey("person.id"), nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("claimed_by", Id),
    Column("claimed_for", Id),
    Column("used", Integer, nullable=False, server_default="0"),
    Column("init_key", LargeBinary),
    Column("not_after", BigInteger),
    Index(None, "device", "claimed_by"),
    Index("uq_key_package_init_key", "init_key", unique=True),
)

conversation = Table(
    "conversation",
    metadata,
    Column("id", Id, primary_key=True),
    Column("tenant", Finess, ForeignKey("pharmacy.finess"), nullable=False),
    Column("kind", String(32), nullable=False),
    Column("motive", String(16), nullable=False),
    Column("motive_salt", LargeBinary(32), nullable=False),
    Column("founder", Id, ForeignKey("person.id"), nullable=False),
    Column("founder_device", Id, ForeignKey("device.id"), nullable=False),
    Column("patient", Id, ForeignKey("person.id"), nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("epoch", BigInteger, nullable=False),
    Column("last_seq", BigInteger, nullable=False),
    Column("entries", BigInteger, nullable=False),
    Column("generation", Integer, nullable=False, server_default="0"),
    Index(None, "tenant", "created_at"),
)

member = Table(
    "member",
    metadata,
    Column("conversation", Id, ForeignKey("conversation.id"), primary_key=True),
    Column("person", Id, ForeignKey("person.id"), primary_key=True),
    Column("role", String(32), nullable=False),
    Column("position", Integer, nullable=False),
    Column("delivered", BigInteger, nullable=False, server_default="0"),
    Column("read", BigInteger, nullable=False, server_default="0"),
    Index(None, "person"),
)

admission = Table(
    "admission",
    metadata,
    Column("conversation", Id, ForeignKey("conversation.id"), primary_key=True),
    Column("device", Id, ForeignKey("device.id"), primary_key=True),
    Column("person", Id, ForeignKey("person.id"), nullable=False),
    Column("since", BigInteger, nullable=False),
)

# Apart from the conversation: SQLite rewrites a row whole, and each message changes that one.
mls_group = Table(
    "mls_group",
    metadata,
    Column("conversation", Id, ForeignKey("conversation.id"), primary_key=True),
    Column("public", LargeBinary, nullable=False),
    Column("group_info", LargeBinary, nullable=False),
    Column("last_transcript", LargeBinary, nullable=False),
    Column("at", BigInteger, nullable=False, server_default="0"),
)

delegation = Table(
    "delegation",
    metadata,
    Column("id", Id, primary_key=True),
    Column("conversation", Id, ForeignKey("conversation.id"), nullable=False),
    Column("grantor", Id, ForeignKey("person.id"), nullable=False),
    Column("grantee", Id, ForeignKey("person.id"), nullable=False),
    Column("state", String(16), nullable=False),
    Column("record", LargeBinary, nullable=False),
    Column("scopes", String(400), nullable=False),
    Column("not_before", BigInteger, nullable=False),
    Column("not_after", BigInteger, nullable=False),
    Column("proposed_at", BigInteger, nullable=False),
    Column("confirmed_at", BigInteger),
    Column("accepted_at", BigInteger),
    Column("activated_at", BigInteger),
    Column("ended_at", BigInteger),
    Column("ended", LargeBinary, nullable=False),
    Column("ended_staff", LargeBinary, nullable=False),
    Column("ending", Integer, nullable=False),
    Column("narrowing", Integer, nullable=False),
    Column("version", BigInteger, nullable=False),
    Index(None, "conversation", "grantee"),
    Index(None, "grantee"),
    # A second line behind the act: one of a carer for a patient stands at a time.
    Index(
        "uq_delegation_active",
        "conversation",
        "grantor",
        "grantee",
        unique=True,
        sqlite_where=text("state = 'active'"),
    ),
)

pending_remove = Table(
    "pending_remove",
    metadata,
    Column("conversation", Id, ForeignKey("conversation.id"), primary_key=True),
    Column("device", Id, ForeignKey("device.id"), primary_key=True),
    Column("generation", Integer, nullable=False),
    Column("epoch", BigInteger, nullable=False),
    Column("leaf", BigInteger, nullable=False),
    Column("statement", LargeBinary, nullable=False),
    Column("proposal", LargeBinary, nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("why", String(16), nullable=False, server_default="device"),
    Column("delegation", LargeBinary, nullable=False, server_default=text("x''")),
    Column("staff", LargeBinary, nullable=False, server_default=text("x''")),
    Column("at_us", BigInteger, nullable=False, server_default="0"),
)

epoch_receipt = Table(
    "epoch_receipt",
    metadata,
    Column("conversation", Id, ForeignKey("conversation.id"), primary_key=True),
    Column("generation", Integer, primary_key=True),
    Column("epoch", BigInteger, primary_key=True),
    Column("device", Id, ForeignKey("device.id"), primary_key=True),
    Column("authenticator_hash", LargeBinary(32), nullable=False),
    Column("statement", LargeBinary, nullable=False),
    Column("received_at", BigInteger, nullable=False),
)

stuck_report = Table(
    "stuck_report",
    metadata,
    Column("conversation", Id, ForeignKey("conversation.id"), primary_key=True),
    Column("generation", Integer, primary_key=True),
    Column("epoch", BigInteger, primary_key=True),
    Column("device", Id, ForeignKey("device.id"), primary_key=True),
    Column("reason", String(64), nullable=False),
    Column("reported_at", BigInteger, nullable=False),
)

event = Table(
    "event",
    metadata,
    Column("conversation", Id, ForeignKey("conversation.id"), primary_key=True),
    Column("seq", BigInteger, primary_key=True),
    Column("ts", BigInteger, nullable=False),
    Column("what", String(16), nullable=False),
    Column("person", Id, nullable=False),
    Column("device", Id, nullable=False),
    Column("epoch", BigInteger, nullable=False),
    Column("message", Id),
    Column("franking_tag", LargeBinary(32)),
    Column("body", LargeBinary, nullable=False),
    Column("digest", LargeBinary(32), nullable=False),
    Column("welcome", LargeBinary),
    Column("log_index", BigInteger, nullable=False),
    # A message id is its device's for good: a retry finds it, a reuse is refused.
    UniqueConstraint("device", "message"),
    Index(None, "conversation", "device", "digest"),
)

call = Table(
    "call",
    metadata,
    Column("id", Id, primary_key=True),
    Column("conversation", Id, ForeignKey("conversation.id"), nullable=False),
    Column("tenant", Finess, ForeignKey("pharmacy.finess"), nullable=False),
    Column("state", String(16), nullable=False),
    Column("live", Integer, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("deadline", BigInteger),
    Column("facts", LargeBinary, nullable=False),
    # A second line behind the act: one live call for each conversation.
    Index("ix_call_live_conversation", "conversation", unique=True, sqlite_where=text("live = 1")),
    Index(None, "live", "deadline"),
)

# The audit trail. `entry.bytes` is the Merkle leaf as written; the columns beside it are an index
# that can be rebuilt from it. Triggers refuse UPDATE and DELETE as a second line.
entry = Table(
    "entry",
    metadata,
    Column("log", String(120), primary_key=True),
    Column("idx", BigInteger, primary_key=True),
    Column("bytes", LargeBinary, nullable=False),
    Column("conversation", Id),
    Column("conversation_entry", BigInteger),
    Column("about", Id),
    Index(None, "conversation", "conversation_entry"),
    Index("ix_entry_about", "about", "log", "idx", sqlite_where=text("about IS NOT NULL")),
)

tile = Table(
    "tile",
    metadata,
    Column("log", String(120), primary_key=True),
    Column("level", Integer, primary_key=True),
    Column("idx", BigInteger, primary_key=True),
    Column("hashes", LargeBinary, nullable=False),
)

head = Table(
    "head",
    metadata,
    Column("log", String(120), primary_key=True),
    Column("tenant", Finess, ForeignKey("pharmacy.finess"), nullable=False),
    Column("class", String(16), nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("root", LargeBinary(32), nullable=False),
    Column("checkpoint", String, nullable=False),
    Column("archived_at", BigInteger, nullable=False),
    UniqueConstraint("tenant", "class"),
)

# One signed checkpoint a minute is kept for good; `head` has the last one.
checkpoint = Table(
    "checkpoint",
    metadata,
    Column("log", String(120), primary_key=True),
    Column("size", BigInteger, primary_key=True),
    Column("ts", BigInteger, nullable=False),
    Column("note", String, nullable=False),
)

APPEND_ONLY = ("entry", "checkpoint")
"""Tables whose rows never change and never go."""
