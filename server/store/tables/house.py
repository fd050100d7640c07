"""What is the server's own: its audit log, keys, erasures and settings."""

from __future__ import annotations

from typing import Final

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, Table, Text, Uuid

from server.store.tables.base import metadata, user_column
from server.store.types import Document, UtcDateTime

audit_logs: Final = Table(
    "audit_logs",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("seq", BigInteger, nullable=False, unique=True),
    user_column(nullable=True),
    Column("action", Text, nullable=False),
    Column("resource", Text, nullable=False),
    Column("details", Document, nullable=False),
    Column("ip_address", Text),
    Column("user_agent", Text),
    Column("timestamp", UtcDateTime, nullable=False),
    Column("salt", LargeBinary),
    Column("data", LargeBinary, nullable=False),
    Column("epoch", Integer, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    Index("ix_audit_logs_user_id", "user_id", "timestamp"),
)
"""`data` is the canonical form that `hash` is chained over; the other columns repeat it, to be searched.

`ip_address` and `user_agent` are envelopes in text; `data` holds their SHA-256 with `salt`. An erasure empties the
three, and the chain stays valid.
"""

audit_roots: Final = Table(
    "audit_roots",
    metadata,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("root", LargeBinary, nullable=False),
    Column("peaks", LargeBinary, nullable=False),
    Column("signature", LargeBinary, nullable=False),
    Column("made_at", UtcDateTime, nullable=False),
)
"""Signed Merkle roots over the first `seq` entries; `peaks`: the tree's full subtrees, so that it grows on."""

encryption_keys: Final = Table(
    "encryption_keys",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("purpose", Text, nullable=False),
    Column("wrapped", LargeBinary, nullable=False),
    Column("reserved", BigInteger, nullable=False, default=0),
    Column("created_at", UtcDateTime, nullable=False),
    Column("retired_at", UtcDateTime),
)
"""Data keys, epoch keys of chains and signing keys, wrapped by the master key.

`reserved`: how many nonces processes have set aside under a data key.
"""

erasures: Final = Table(
    "erasures",
    metadata,
    user_column(primary_key=True),
    Column("asked_at", UtcDateTime, nullable=False),
    Column("done_at", UtcDateTime),
)

settings: Final = Table(
    "server_settings",
    metadata,
    Column("name", Text, primary_key=True),
    Column("value", Text, nullable=False),
)
"""What was fixed when the store was made: `created_at`, `server_id`."""
