"""The server writes down what its feed quotes, of its underlyings and of what is held, while the market is open."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from uuid import uuid4

from sqlalchemy import Connection, insert, select

from optionix_core.feeds import SimulatedFeed
from server.quotes import keep_quotes
from server.store import read_models
from server.store.database import Database
from server.store.tables import market_data, positions, users
from tests.server.store.filling import row_of

NOW = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)


def hold(database: Database, symbol: str) -> None:
    user = uuid4()
    row = {
        "id": uuid4(),
        "user_id": user,
        "account_id": "server-1",
        "symbol": symbol,
        "option_type": "call",
        "strike_price": Decimal(200),
        "expiration_date": date(2026, 6, 19),
        "quantity": Decimal(2),
        "entry_price": Decimal("1.5"),
        "created_at": NOW,
        "updated_seq": 1,
    }

    def work(connection: Connection) -> None:
        connection.execute(insert(users).values({**row_of(users, user), "email": f"{user}@example.com"}))
        connection.execute(insert(positions).values(row))

    database.write(work)


def test_underlyings_and_what_is_held_are_written_down_once(database: Database) -> None:
    feed = SimulatedFeed()
    part = feed.chain("ORBIT", NOW).slices[2]
    held = next(name for name, bid in zip(part.call.symbols, part.call.bid, strict=True) if name and bid > 0.0)
    hold(database, held)
    hold(database, "NOSUCH")
    names = {info.symbol for info in feed.underlyings()}
    for _ in range(2):
        assert keep_quotes(database, feed, NOW) == {"quotes": len(names) + 1, "unquoted": 1}
    with database.reading(fresh=True) as connection:
        rows = {row.symbol: row for row in connection.execute(select(market_data))}
    assert set(rows) == names | {held}
    quote = feed.quote(held, NOW)
    assert (float(rows[held].bid), float(rows[held].ask)) == (quote.bid, quote.ask)
    read_models.mark(database)
    with database.reading(fresh=True) as connection:
        marked = {row.symbol: row.current_price for row in connection.execute(select(positions))}
    assert marked["NOSUCH"] is None
    assert marked[held] is not None


def test_a_closed_market_says_nothing(database: Database) -> None:
    feed = SimulatedFeed(session="exchange")
    assert keep_quotes(database, feed, NOW.replace(hour=3)) == {"quotes": 0, "unquoted": 0}
