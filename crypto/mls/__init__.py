"""MLS (RFC 9420), and what Colloque says in its authenticated data."""
