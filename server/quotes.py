"""Writing down what the server's feed quotes: its underlyings, and every instrument that somebody holds.

Nothing is written while the feed's market is closed, and nothing that the feed does not tell: a side that is absent
stays empty. Bars and marks are made of these rows by `server.store.market` and `server.store.read_models`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from optionix_core.errors import MissingDataError, UnknownNameError
from optionix_core.portfolio.exact import ZERO, decimal_of_float
from server.store import market
from server.store.market import QuoteRow
from server.store.tables import positions

if TYPE_CHECKING:
    from datetime import datetime
    from decimal import Decimal

    from optionix_core.market.protocols import QuoteSource
    from optionix_core.market.quote import Quote
    from server.store.database import Database


def keep_quotes(database: Database, feed: QuoteSource, now: datetime) -> dict[str, int]:
    """Write down the quotes of `now`; how many, and of how many instruments the feed said nothing."""
    if not feed.is_open(now):
        return {"quotes": 0, "unquoted": 0}
    with database.reading(fresh=True) as connection:
        held = connection.execute(select(positions.c.symbol).where(positions.c.quantity != ZERO).distinct()).scalars()
        names = sorted({*held, *(info.symbol for info in feed.underlyings())})
    underlyings = {info.symbol for info in feed.underlyings()}
    found: list[QuoteRow] = []
    for name in names:
        try:
            quote = feed.spot(name, now) if name in underlyings else feed.quote(name, now)
        except (UnknownNameError, MissingDataError):
            continue
        found.append(_row(quote, now))
    database.write(lambda connection: market.record(connection, found))
    return {"quotes": len(found), "unquoted": len(names) - len(found)}


def _row(quote: Quote, now: datetime) -> QuoteRow:
    return QuoteRow(
        now if quote.exchange_time is None else quote.exchange_time,
        quote.symbol,
        _exact(quote.last, "last"),
        quote.volume,
        _exact(quote.bid, "bid"),
        _exact(quote.ask, "ask"),
        quote.vendor_iv,
    )


def _exact(value: float | None, field: str) -> Decimal | None:
    return None if value is None else decimal_of_float(value, field)
