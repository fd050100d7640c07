"""People: accounts, sessions, second factors, keys."""

from __future__ import annotations

from typing import Final

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Index, Integer, LargeBinary, Table, Text, Uuid

from server.store.tables.base import metadata, user_column
from server.store.types import Document, UtcDateTime

users: Final = Table(
    "users",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("email", Text, nullable=False, unique=True),
    Column("hashed_password", Text, nullable=False),
    Column("full_name", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("kyc_status", Text, nullable=False),
    Column("mfa_enabled", Boolean, nullable=False, default=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("last_login", UtcDateTime),
    Column("tier", Text, nullable=False, default="standard"),
    Column("timezone", Text, nullable=False, default="UTC"),
    Column("active", Boolean, nullable=False, default=True),
    Column("desk_id", Uuid, nullable=False),
    Column("mfa_secret", LargeBinary),
    Column("mfa_pending", LargeBinary),
    Column("mfa_last_step", BigInteger),
    Column("password_changed_at", UtcDateTime, nullable=False),
    Column("version", Integer, nullable=False, default=1),
    Index("ix_users_desk_id", "desk_id"),
)
"""`email` is what is signed in with, case-folded. `full_name` is an envelope in text. `desk_id`: the team,
own at first. `version` counts changes, for ETag."""

password_history: Final = Table(
    "password_history",
    metadata,
    Column("id", Uuid, primary_key=True),
    user_column(),
    Column("hashed_password", Text, nullable=False),
    Column("replaced_at", UtcDateTime, nullable=False),
    Index("ix_password_history_user_id", "user_id"),
)

sessions: Final = Table(
    "sessions",
    metadata,
    Column("id", Uuid, primary_key=True),
    user_column(),
    Column("device_id", Text),
    Column("created_at", UtcDateTime, nullable=False),
    Column("last_used_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
    Column("revoked_at", UtcDateTime),
    Column("revoked_why", Text),
    Column("ip_address", Text),
    Column("user_agent", Text),
    Column("stepped_up_at", UtcDateTime),
    Index("ix_sessions_user_id", "user_id"),
)
"""A session is one refresh family."""

refresh_tokens: Final = Table(
    "refresh_tokens",
    metadata,
    Column("digest", LargeBinary, primary_key=True),
    Column("session_id", Uuid, ForeignKey("sessions.id", ondelete="CASCADE"), nullable=False),
    Column("issued_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
    Column("used_at", UtcDateTime),
    Column("successor", LargeBinary),
    Index("ix_refresh_tokens_session_id", "session_id"),
)
"""`digest` is SHA-256 of the token; `successor` an envelope of the next one, handed out again for a few seconds."""

backup_codes: Final = Table(
    "backup_codes",
    metadata,
    Column("id", Uuid, primary_key=True),
    user_column(),
    Column("hashed_code", Text, nullable=False),
    Column("used_at", UtcDateTime),
    Index("ix_backup_codes_user_id", "user_id"),
)

api_keys: Final = Table(
    "api_keys",
    metadata,
    Column("id", Uuid, primary_key=True),
    user_column(),
    Column("name", Text, nullable=False),
    Column("prefix", Text, nullable=False, unique=True),
    Column("digest", LargeBinary, nullable=False),
    Column("scopes", Document, nullable=False),
    Column("addresses", Document, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime),
    Column("last_used_at", UtcDateTime),
    Column("revoked_at", UtcDateTime),
    Index("ix_api_keys_user_id", "user_id"),
)

login_failures: Final = Table(
    "login_failures",
    metadata,
    Column("key", Text, primary_key=True),
    Column("failures", Integer, nullable=False),
    Column("first_at", UtcDateTime, nullable=False),
    Column("blocked_until", UtcDateTime),
)
"""By account and address, hashed; for unknown accounts as for known ones."""
