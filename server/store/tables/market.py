"""Quotes, and the bars that they are rolled up to."""

from __future__ import annotations

from typing import Final

from sqlalchemy import BigInteger, Column, Float, Index, Integer, Table, Text

from server.store.tables.base import metadata
from server.store.types import ExactDecimal, UtcDateTime

market_data: Final = Table(
    "market_data",
    metadata,
    Column("timestamp", UtcDateTime, primary_key=True),
    Column("symbol", Text, primary_key=True),
    Column("price", ExactDecimal),
    Column("volume", BigInteger),
    Column("bid", ExactDecimal),
    Column("ask", ExactDecimal),
    Column("implied_volatility", Float),
    Index("ix_market_data_symbol", "symbol", "timestamp"),
    postgresql_partition_by="RANGE (timestamp)",
)

market_bars: Final = Table(
    "market_bars",
    metadata,
    Column("symbol", Text, primary_key=True),
    Column("minutes", Integer, primary_key=True, autoincrement=False),
    Column("start", UtcDateTime, primary_key=True),
    Column("open", ExactDecimal, nullable=False),
    Column("high", ExactDecimal, nullable=False),
    Column("low", ExactDecimal, nullable=False),
    Column("close", ExactDecimal, nullable=False),
    Column("volume", BigInteger, nullable=False),
    Column("count", Integer, nullable=False),
)
"""What quotes were rolled up to before they were let go."""
