"""The market: quotes, in partitions where the database has them, and the bars that they are rolled up to."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from server.store import market_storage
from server.store.types import ExactDecimal, UtcDateTime

revision = "s0003"
down_revision = "s0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables, and on PostgreSQL what quotes lie in."""
    kind = market_storage.best_storage(op.get_bind()) if op.get_bind().dialect.name == "postgresql" else None
    op.create_table(
        "market_data",
        sa.Column("timestamp", UtcDateTime(), nullable=False),
        sa.Column("symbol", sa.Text, nullable=False),
        sa.Column("price", ExactDecimal(), nullable=True),
        sa.Column("volume", sa.BigInteger, nullable=True),
        sa.Column("bid", ExactDecimal(), nullable=True),
        sa.Column("ask", ExactDecimal(), nullable=True),
        sa.Column("implied_volatility", sa.Float, nullable=True),
        sa.PrimaryKeyConstraint("timestamp", "symbol", name=op.f("pk_market_data")),
        postgresql_partition_by="RANGE (timestamp)" if kind == "partitions" else None,
    )
    op.create_index("ix_market_data_symbol", "market_data", ["symbol", "timestamp"], unique=False)
    op.create_table(
        "market_bars",
        sa.Column("symbol", sa.Text, nullable=False),
        sa.Column("minutes", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("start", UtcDateTime(), nullable=False),
        sa.Column("open", ExactDecimal(), nullable=False),
        sa.Column("high", ExactDecimal(), nullable=False),
        sa.Column("low", ExactDecimal(), nullable=False),
        sa.Column("close", ExactDecimal(), nullable=False),
        sa.Column("volume", sa.BigInteger, nullable=False),
        sa.Column("count", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("symbol", "minutes", "start", name=op.f("pk_market_bars")),
    )
    for statement in () if kind is None else market_storage.statements(kind):
        op.execute(sa.text(statement))


def downgrade() -> None:
    """Remove them, and all that they hold."""
    op.drop_table("market_bars")
    op.drop_table("market_data")
    for statement in market_storage.removal() if op.get_bind().dialect.name == "postgresql" else ():
        op.execute(sa.text(statement))
