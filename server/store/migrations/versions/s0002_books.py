"""Books: streams of events with chains and conflicts, accounts and who shares them, and what is folded from them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from server.store.types import Document, ExactDecimal, UtcDateTime

revision = "s0002"
down_revision = "s0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "streams",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("owner_id", sa.Uuid, nullable=False),
        sa.Column("desk_id", sa.Uuid, nullable=False),
        sa.Column("head_seq", sa.BigInteger, nullable=False),
        sa.Column("head_hash", sa.LargeBinary, nullable=False),
        sa.Column("epoch", sa.Integer, nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["owner_id"], ["users.id"], name=op.f("fk_streams_owner_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_streams")),
        sa.UniqueConstraint("owner_id", name=op.f("uq_streams_owner_id")),
    )
    op.create_index("ix_streams_desk_id", "streams", ["desk_id"], unique=False)
    op.create_table(
        "devices",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("user_id", sa.Uuid, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("stream_id", sa.Uuid, nullable=False),
        sa.Column("cursor", sa.BigInteger, nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("last_seen_at", UtcDateTime(), nullable=True),
        sa.Column("revoked_at", UtcDateTime(), nullable=True),
        sa.Column("stopped_why", sa.Text, nullable=True),
        sa.ForeignKeyConstraint(["stream_id"], ["streams.id"], name=op.f("fk_devices_stream_id")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_devices_user_id"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_devices")),
    )
    op.create_index("ix_devices_user_id", "devices", ["user_id"], unique=False)
    op.create_table(
        "stream_events",
        sa.Column("stream_id", sa.Uuid, nullable=False),
        sa.Column("seq", sa.BigInteger, autoincrement=False, nullable=False),
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("data", sa.LargeBinary, nullable=False),
        sa.Column("hash", sa.LargeBinary, nullable=False),
        sa.Column("epoch", sa.Integer, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=True),
        sa.Column("device_id", sa.Text, nullable=True),
        sa.Column("device_seq", sa.BigInteger, nullable=True),
        sa.Column("received_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("status IN ('accepted', 'quarantined')", name=op.f("ck_stream_events_status")),
        sa.CheckConstraint("seq >= 1", name=op.f("ck_stream_events_seq_from_one")),
        sa.ForeignKeyConstraint(["stream_id"], ["streams.id"], name=op.f("fk_stream_events_stream_id")),
        sa.PrimaryKeyConstraint("stream_id", "seq", name=op.f("pk_stream_events")),
        sa.UniqueConstraint("stream_id", "id", name=op.f("uq_stream_events_stream_id")),
    )
    op.create_table(
        "stream_contents",
        sa.Column("stream_id", sa.Uuid, nullable=False),
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("seq", sa.BigInteger, nullable=False),
        sa.ForeignKeyConstraint(["stream_id"], ["streams.id"], name=op.f("fk_stream_contents_stream_id")),
        sa.PrimaryKeyConstraint("stream_id", "id", name=op.f("pk_stream_contents")),
    )
    op.create_table(
        "stream_roots",
        sa.Column("stream_id", sa.Uuid, nullable=False),
        sa.Column("seq", sa.BigInteger, autoincrement=False, nullable=False),
        sa.Column("root", sa.LargeBinary, nullable=False),
        sa.Column("signature", sa.LargeBinary, nullable=False),
        sa.Column("made_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["stream_id"], ["streams.id"], name=op.f("fk_stream_roots_stream_id")),
        sa.PrimaryKeyConstraint("stream_id", "seq", name=op.f("pk_stream_roots")),
    )
    op.create_table(
        "stream_checkpoints",
        sa.Column("stream_id", sa.Uuid, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("seq", sa.BigInteger, nullable=False),
        sa.Column("hash", sa.LargeBinary, nullable=False),
        sa.Column("state", sa.LargeBinary, nullable=False),
        sa.Column("digest", sa.LargeBinary, nullable=False),
        sa.ForeignKeyConstraint(["stream_id"], ["streams.id"], name=op.f("fk_stream_checkpoints_stream_id")),
        sa.PrimaryKeyConstraint("stream_id", "name", name=op.f("pk_stream_checkpoints")),
    )
    op.create_table(
        "conflicts",
        sa.Column("stream_id", sa.Uuid, nullable=False),
        sa.Column("event_id", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("seq", sa.BigInteger, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("found_at", UtcDateTime(), nullable=False),
        sa.Column("resolved_at", UtcDateTime(), nullable=True),
        sa.Column("resolution", sa.Text, nullable=True),
        sa.Column("resolved_by", sa.Uuid, nullable=True),
        sa.ForeignKeyConstraint(["stream_id"], ["streams.id"], name=op.f("fk_conflicts_stream_id")),
        sa.PrimaryKeyConstraint("stream_id", "event_id", name=op.f("pk_conflicts")),
    )
    op.create_table(
        "accounts",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("stream_id", sa.Uuid, nullable=False),
        sa.Column("user_id", sa.Uuid, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("lease_hours", sa.Float, nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("kind IN ('local-sim', 'server-paper', 'live')", name=op.f("ck_accounts_kind")),
        sa.ForeignKeyConstraint(["stream_id"], ["streams.id"], name=op.f("fk_accounts_stream_id")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_accounts_user_id"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id", "stream_id", name=op.f("pk_accounts")),
    )
    op.create_index("ix_accounts_user_id", "accounts", ["user_id"], unique=False)
    op.create_table(
        "account_members",
        sa.Column("stream_id", sa.Uuid, nullable=False),
        sa.Column("account_id", sa.Text, nullable=False),
        sa.Column("user_id", sa.Uuid, nullable=False),
        sa.Column("rights", sa.Text, nullable=False),
        sa.Column("granted_by", sa.Uuid, nullable=False),
        sa.Column("granted_at", UtcDateTime(), nullable=False),
        sa.Column("revoked_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint("rights IN ('read', 'trade')", name=op.f("ck_account_members_rights")),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_account_members_user_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("stream_id", "account_id", "user_id", name=op.f("pk_account_members")),
    )
    op.create_table(
        "positions",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("user_id", sa.Uuid, nullable=False),
        sa.Column("account_id", sa.Text, nullable=False),
        sa.Column("symbol", sa.Text, nullable=False),
        sa.Column("option_type", sa.Text, nullable=True),
        sa.Column("strike_price", ExactDecimal(), nullable=True),
        sa.Column("expiration_date", sa.Date, nullable=True),
        sa.Column("quantity", ExactDecimal(), nullable=False),
        sa.Column("entry_price", ExactDecimal(), nullable=False),
        sa.Column("current_price", ExactDecimal(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("updated_seq", sa.BigInteger, nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_positions_user_id"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_positions")),
        sa.UniqueConstraint(
            "user_id",
            "account_id",
            "symbol",
            "option_type",
            "strike_price",
            "expiration_date",
            name=op.f("uq_positions_user_id"),
        ),
    )
    op.create_index("ix_positions_user_id", "positions", ["user_id", "account_id"], unique=False)
    op.create_table(
        "trades",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("user_id", sa.Uuid, nullable=False),
        sa.Column("position_id", sa.Uuid, nullable=True),
        sa.Column("account_id", sa.Text, nullable=False),
        sa.Column("symbol", sa.Text, nullable=False),
        sa.Column("trade_type", sa.Text, nullable=False),
        sa.Column("quantity", ExactDecimal(), nullable=False),
        sa.Column("price", ExactDecimal(), nullable=False),
        sa.Column("fee", ExactDecimal(), nullable=False),
        sa.Column("timestamp", UtcDateTime(), nullable=False),
        sa.Column("blockchain_tx_hash", sa.Text, nullable=True),
        sa.Column("client_order_id", sa.Text, nullable=True),
        sa.Column("seq", sa.BigInteger, nullable=False),
        sa.CheckConstraint("trade_type IN ('open', 'close', 'exercise')", name=op.f("ck_trades_trade_type")),
        sa.ForeignKeyConstraint(["position_id"], ["positions.id"], name=op.f("fk_trades_position_id")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_trades_user_id"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_trades")),
    )
    op.create_index("ix_trades_position_id", "trades", ["position_id"], unique=False)
    op.create_index("ix_trades_user_id", "trades", ["user_id", "timestamp"], unique=False)
    op.create_table(
        "orders",
        sa.Column("user_id", sa.Uuid, nullable=False),
        sa.Column("client_order_id", sa.Text, nullable=False),
        sa.Column("account_id", sa.Text, nullable=False),
        sa.Column("symbol", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("document", Document, nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.Column("updated_seq", sa.BigInteger, nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_orders_user_id"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("user_id", "client_order_id", name=op.f("pk_orders")),
    )
    op.create_index("ix_orders_user_id", "orders", ["user_id", "created_at"], unique=False)
    op.create_table(
        "limits",
        sa.Column("user_id", sa.Uuid, nullable=False),
        sa.Column("account_id", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("value", ExactDecimal(), nullable=False),
        sa.Column("set_by", sa.Uuid, nullable=False),
        sa.Column("set_at", UtcDateTime(), nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_limits_user_id"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("user_id", "account_id", "name", name=op.f("pk_limits")),
    )
    op.create_table(
        "predictions",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("user_id", sa.Uuid, nullable=False),
        sa.Column("symbol", sa.Text, nullable=False),
        sa.Column("model", sa.Text, nullable=False),
        sa.Column("made_at", UtcDateTime(), nullable=False),
        sa.Column("horizon_days", sa.Integer, nullable=False),
        sa.Column("document", Document, nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_predictions_user_id"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_predictions")),
    )
    op.create_index("ix_predictions_symbol", "predictions", ["symbol", "made_at"], unique=False)


def downgrade() -> None:
    """Remove them, and all that they hold."""
    op.drop_table("predictions")
    op.drop_table("limits")
    op.drop_table("orders")
    op.drop_table("trades")
    op.drop_table("positions")
    op.drop_table("account_members")
    op.drop_table("accounts")
    op.drop_table("conflicts")
    op.drop_table("stream_checkpoints")
    op.drop_table("stream_roots")
    op.drop_table("stream_contents")
    op.drop_table("stream_events")
    op.drop_table("devices")
    op.drop_table("streams")
