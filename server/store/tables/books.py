"""Books: streams of events, accounts, and what is folded from them."""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
)

from server.store.tables.base import metadata, user_column
from server.store.types import Document, ExactDecimal, UtcDateTime

devices: Final = Table(
    "devices",
    metadata,
    Column("id", Text, primary_key=True),
    user_column(),
    Column("name", Text, nullable=False),
    Column("stream_id", Uuid, ForeignKey("streams.id"), nullable=False),
    Column("cursor", BigInteger, nullable=False, default=0),
    Column("created_at", UtcDateTime, nullable=False),
    Column("last_seen_at", UtcDateTime),
    Column("revoked_at", UtcDateTime),
    Column("stopped_why", Text),
    Index("ix_devices_user_id", "user_id"),
)
"""`cursor`: the device's last sequence that was taken in. `stopped_why`: an alarm stopped it."""

streams: Final = Table(
    "streams",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("owner_id", Uuid, ForeignKey("users.id"), nullable=False, unique=True),
    Column("desk_id", Uuid, nullable=False),
    Column("head_seq", BigInteger, nullable=False, default=0),
    Column("head_hash", LargeBinary, nullable=False),
    Column("epoch", Integer, nullable=False, default=1),
    Column("created_at", UtcDateTime, nullable=False),
    Index("ix_streams_desk_id", "desk_id"),
)
"""One for each user: what the user's accounts did, in the server's order."""

stream_events: Final = Table(
    "stream_events",
    metadata,
    Column("stream_id", Uuid, ForeignKey("streams.id"), primary_key=True),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("id", Text, nullable=False),
    Column("data", LargeBinary, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    Column("epoch", Integer, nullable=False),
    Column("status", Text, nullable=False),
    Column("reason", Text),
    Column("device_id", Text),
    Column("device_seq", BigInteger),
    Column("received_at", UtcDateTime, nullable=False),
    UniqueConstraint("stream_id", "id"),
    CheckConstraint("seq >= 1", name="seq_from_one"),
    CheckConstraint("status IN ('accepted', 'quarantined')", name="status"),
)
"""`data`: canonical bytes as they came. `hash`: of the keyed chain. `device_id` null: an act of the server."""

stream_contents: Final = Table(
    "stream_contents",
    metadata,
    Column("stream_id", Uuid, ForeignKey("streams.id"), primary_key=True),
    Column("id", Text, primary_key=True),
    Column("seq", BigInteger, nullable=False),
)
"""Ids under which events are filed beside their own."""

stream_roots: Final = Table(
    "stream_roots",
    metadata,
    Column("stream_id", Uuid, ForeignKey("streams.id"), primary_key=True),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("root", LargeBinary, nullable=False),
    Column("signature", LargeBinary, nullable=False),
    Column("made_at", UtcDateTime, nullable=False),
)
"""Signed Merkle roots over the first `seq` events."""

stream_checkpoints: Final = Table(
    "stream_checkpoints",
    metadata,
    Column("stream_id", Uuid, ForeignKey("streams.id"), primary_key=True),
    Column("name", Text, primary_key=True),
    Column("seq", BigInteger, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    Column("state", LargeBinary, nullable=False),
    Column("digest", LargeBinary, nullable=False),
)
"""States of folds: a cache."""

conflicts: Final = Table(
    "conflicts",
    metadata,
    Column("stream_id", Uuid, ForeignKey("streams.id"), primary_key=True),
    Column("event_id", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("reason", Text, nullable=False),
    Column("found_at", UtcDateTime, nullable=False),
    Column("resolved_at", UtcDateTime),
    Column("resolution", Text),
    Column("resolved_by", Uuid),
)

accounts: Final = Table(
    "accounts",
    metadata,
    Column("id", Text, primary_key=True),
    Column("stream_id", Uuid, ForeignKey("streams.id"), primary_key=True),
    user_column(),
    Column("kind", Text, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("market", Document),
    CheckConstraint("kind IN ('local-sim', 'server-paper', 'live')", name="kind"),
    Index("ix_accounts_user_id", "user_id"),
)
"""`user_id` owns it; `kind` says which venue it is bound to, for life. `market`: what a device's own venue matches it
on, as `portfolio.venue_market` spells it; null where its opening did not tell. How it stands, and until when, its
stream alone tells."""

account_members: Final = Table(
    "account_members",
    metadata,
    Column("stream_id", Uuid, primary_key=True),
    Column("account_id", Text, primary_key=True),
    user_column(primary_key=True),
    Column("rights", Text, nullable=False),
    Column("granted_by", Uuid, nullable=False),
    Column("granted_at", UtcDateTime, nullable=False),
    Column("revoked_at", UtcDateTime),
    CheckConstraint("rights IN ('read', 'trade')", name="rights"),
)
"""Other users that an account is shared with."""

positions: Final = Table(
    "positions",
    metadata,
    Column("id", Uuid, primary_key=True),
    user_column(),
    Column("account_id", Text, nullable=False),
    Column("symbol", Text, nullable=False),
    Column("option_type", Text),
    Column("strike_price", ExactDecimal),
    Column("expiration_date", Date),
    Column("quantity", ExactDecimal, nullable=False),
    Column("entry_price", ExactDecimal, nullable=False),
    Column("current_price", ExactDecimal),
    Column("created_at", UtcDateTime, nullable=False),
    Column("updated_seq", BigInteger, nullable=False),
    UniqueConstraint("user_id", "account_id", "symbol", "option_type", "strike_price", "expiration_date"),
    Index("ix_positions_user_id", "user_id", "account_id"),
)

trades: Final = Table(
    "trades",
    metadata,
    Column("id", Uuid, primary_key=True),
    user_column(),
    Column("position_id", Uuid, ForeignKey("positions.id")),
    Column("account_id", Text, nullable=False),
    Column("symbol", Text, nullable=False),
    Column("trade_type", Text, nullable=False),
    Column("quantity", ExactDecimal, nullable=False),
    Column("price", ExactDecimal, nullable=False),
    Column("fee", ExactDecimal, nullable=False),
    Column("timestamp", UtcDateTime, nullable=False),
    Column("blockchain_tx_hash", Text),
    Column("client_order_id", Text),
    Column("seq", BigInteger, nullable=False),
    CheckConstraint("trade_type IN ('open', 'close', 'exercise')", name="trade_type"),
    Index("ix_trades_user_id", "user_id", "timestamp"),
    Index("ix_trades_position_id", "position_id"),
)

orders: Final = Table(
    "orders",
    metadata,
    user_column(primary_key=True),
    Column("client_order_id", Text, primary_key=True),
    Column("account_id", Text, nullable=False),
    Column("symbol", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("document", Document, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    Column("updated_seq", BigInteger, nullable=False),
    Index("ix_orders_user_id", "user_id", "created_at"),
)
"""`document` is the order as the API tells it."""

limits: Final = Table(
    "limits",
    metadata,
    user_column(primary_key=True),
    Column("account_id", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("value", ExactDecimal, nullable=False),
    Column("set_by", Uuid, nullable=False),
    Column("set_at", UtcDateTime, nullable=False),
    Column("version", Integer, nullable=False, default=1),
)
"""Limits in force, a read model of the stream. `account_id`: of the account, or `user/NAME` and `desk/NAME`; `name`:
kind and grade; `version`: how often that one was set or removed. `set_by`: the owner where one of his homes did."""

predictions: Final = Table(
    "predictions",
    metadata,
    Column("id", Uuid, primary_key=True),
    user_column(),
    Column("symbol", Text, nullable=False),
    Column("model", Text, nullable=False),
    Column("made_at", UtcDateTime, nullable=False),
    Column("horizon_days", Integer, nullable=False),
    Column("document", Document, nullable=False),
    Index("ix_predictions_symbol", "symbol", "made_at"),
)
