"""The server's tables. People and books have UUIDs, money is exact, moments are UTC.

The log of a book (`stream_events`) is the truth about it; `positions`, `trades`, `orders` and `limits` are read models
that are folded from it and can be made anew. Personal and secret columns hold envelopes (`server.crypto`), never plain
text.
"""

from __future__ import annotations

from server.store.tables.base import metadata
from server.store.tables.books import (
    account_members,
    accounts,
    conflicts,
    devices,
    limits,
    orders,
    positions,
    predictions,
    stream_checkpoints,
    stream_contents,
    stream_events,
    stream_roots,
    streams,
    trades,
)
from server.store.tables.house import audit_logs, audit_roots, encryption_keys, erasures, settings
from server.store.tables.market import market_bars, market_data
from server.store.tables.people import (
    api_keys,
    backup_codes,
    login_failures,
    password_history,
    refresh_tokens,
    sessions,
    users,
)

__all__ = (
    "account_members",
    "accounts",
    "api_keys",
    "audit_logs",
    "audit_roots",
    "backup_codes",
    "conflicts",
    "devices",
    "encryption_keys",
    "erasures",
    "limits",
    "login_failures",
    "market_bars",
    "market_data",
    "metadata",
    "orders",
    "password_history",
    "positions",
    "predictions",
    "refresh_tokens",
    "sessions",
    "settings",
    "stream_checkpoints",
    "stream_contents",
    "stream_events",
    "stream_roots",
    "streams",
    "trades",
    "users",
)
