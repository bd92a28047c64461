"""SQLAlchemy Core and Alembic: one schema; SQLite today, PostgreSQL beside it later."""
