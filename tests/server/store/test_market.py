"""Quotes on both databases: bars that are what they are made of, whatever the runs; old quotes go, bars stay."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import create_engine, func, select, text
from sqlalchemy.pool import NullPool

from server.store import market, market_storage
from server.store.database import Database
from server.store.market import Bar, QuoteRow
from server.store.tables import market_bars, market_data

START = datetime(2026, 3, 2, 14, 30, tzinfo=UTC)
DAY = timedelta(days=1)


def quote(seconds: float, price: str | None, symbol: str = "AAA", volume: int | None = 10, **more: Decimal) -> QuoteRow:
    told = None if price is None else Decimal(price)
    moment = START + timedelta(seconds=seconds)
    return QuoteRow(moment, symbol, told, volume, more.get("bid"), more.get("ask"), 0.2)


def write(database: Database, *quotes: QuoteRow) -> None:
    database.write(lambda connection: market.record(connection, quotes))


def bars(database: Database, minutes: int) -> list[Bar]:
    query = (
        select(market_bars).where(market_bars.c.minutes == minutes).order_by(market_bars.c.symbol, market_bars.c.start)
    )
    with database.reading(fresh=True) as connection:
        return [Bar(*row) for row in connection.execute(query)]


def count(database: Database) -> int:
    with database.reading(fresh=True) as connection:
        return int(connection.execute(select(func.count()).select_from(market_data)).scalar_one())


def test_a_bar_tells_the_first_highest_lowest_and_last_price(database: Database) -> None:
    write(database, quote(0, "9.5"), quote(20, "10"), quote(40, "9"), quote(59.999999, "9.25"), quote(60, "100"))
    market.roll_up(database, START + timedelta(seconds=90))
    d = Decimal
    assert bars(database, 1) == [Bar("AAA", 1, START, d("9.5"), d("10"), d("9"), d("9.25"), 40, 4)]
    market.roll_up(database, START + timedelta(seconds=120))
    minute = START + timedelta(minutes=1)
    assert bars(database, 1)[1] == Bar("AAA", 1, minute, d(100), d(100), d(100), d(100), 10, 1)
    assert bars(database, 5) == [Bar("AAA", 5, START, d("9.5"), d(100), d(9), d(100), 50, 5)]
    assert bars(database, 60)[0].start == START - timedelta(minutes=30)
    assert bars(database, 1440) == [
        Bar("AAA", 1440, START.replace(hour=0, minute=0), d("9.5"), d(100), d(9), d(100), 50, 5)
    ]


def test_without_a_trade_the_middle_is_the_price_and_without_both_sides_there_is_none(database: Database) -> None:
    middle = quote(0, None, bid=Decimal("1.005"), ask=Decimal("1.010"), volume=None)
    write(database, middle, quote(1, None, symbol="BBB", bid=Decimal(1)), quote(2, None, symbol="CCC"))
    market.roll_up(database, START + timedelta(minutes=1))
    (only,) = bars(database, 1)
    assert (only.symbol, only.open, only.volume) == ("AAA", Decimal("1.0075"), 0)


def test_prices_are_compared_as_numbers(database: Database) -> None:
    write(database, quote(0, "9"), quote(1, "10"), quote(2, "-2"))
    market.roll_up(database, START + timedelta(minutes=1))
    assert (bars(database, 1)[0].high, bars(database, 1)[0].low) == (Decimal(10), Decimal(-2))


def test_many_runs_come_to_what_one_run_comes_to(database: Database) -> None:
    quotes = [quote(37 * n, str(100 + n % 17), symbol="AB"[n % 2] * 3) for n in range(400)]
    for at in range(0, 400, 40):
        write(database, *quotes[at : at + 40])
        market.roll_up(database, quotes[min(at + 39, 399)].timestamp)
    end = quotes[-1].timestamp + timedelta(days=2)
    market.roll_up(database, end)
    stepwise = [bars(database, minutes) for minutes in market.LENGTHS]
    database.write(lambda connection: connection.execute(text("DELETE FROM market_bars")).rowcount)
    database.write(lambda c: c.execute(text("DELETE FROM server_settings WHERE name = 'market.rolled_up'")).rowcount)
    market.roll_up(database, end)
    assert [bars(database, minutes) for minutes in market.LENGTHS] == stepwise
    assert sum(one.count for one in stepwise[3]) == 400
    market.roll_up(database, end)
    assert [bars(database, minutes) for minutes in market.LENGTHS] == stepwise


def test_a_late_quote_is_still_taken_in(database: Database) -> None:
    write(database, quote(10, "5"))
    market.roll_up(database, START + timedelta(minutes=30))
    write(database, quote(20, "6"))
    market.roll_up(database, START + timedelta(minutes=31))
    assert bars(database, 1)[0].close == Decimal(6)
    assert bars(database, 1440)[0].count == 2


def test_a_quote_that_is_there_stays(database: Database) -> None:
    write(database, quote(0, "5"))
    write(database, quote(0, "6"), quote(1, "7"))
    market.roll_up(database, START + timedelta(minutes=1))
    (only,) = bars(database, 1)
    assert (only.open, only.close, only.count) == (Decimal(5), Decimal(7), 2)


def test_nothing_is_rolled_up_or_let_go_where_nothing_is(database: Database) -> None:
    assert market.roll_up(database, START) == {"bars": 0}
    assert market.let_go(database, START, DAY) == {"partitions": 0, "quotes": 0}


def test_old_quotes_go_and_bars_stay(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(market, "_BATCH", 7)
    write(database, *(quote(3600 * n, "5") for n in range(60)))
    now = START + timedelta(hours=60)
    assert market.let_go(database, now, DAY)["quotes"] == 0  # nothing is in bars yet
    market.roll_up(database, now)
    before = [bars(database, minutes) for minutes in market.LENGTHS]
    assert market.let_go(database, now, DAY)["quotes"] == 36
    assert count(database) == 24
    assert market.let_go(database, now, DAY)["quotes"] == 0
    market.roll_up(database, now + timedelta(minutes=5))
    assert [bars(database, minutes) for minutes in market.LENGTHS] == before


def test_what_is_not_rolled_up_is_not_let_go_however_old(database: Database) -> None:
    write(database, quote(0, "5"), quote(7200, "6"))
    market.roll_up(database, START + timedelta(minutes=30))
    market.let_go(database, START + timedelta(days=400), DAY)
    assert count(database) == 2


class TestPartitions:
    @pytest.fixture
    def url(self, fresh_postgres_url: str) -> str:
        return fresh_postgres_url

    @staticmethod
    def _partitions(url: str) -> dict[str, int]:
        engine = create_engine(url.replace("postgresql:", "postgresql+psycopg:", 1), poolclass=NullPool)
        with engine.connect() as connection:
            assert market_storage.best_storage(connection) == "partitions"
            assert market_storage.storage(connection) == "partitions"
            found = text("SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'market_data'::regclass")
            names = list(connection.execute(found).scalars())
            return {name: connection.execute(text(f"SELECT count(*) FROM {name}")).scalar_one() for name in names}  # noqa: S608

    def test_months_are_made_ahead_once_and_take_what_lay_beside_them(self, url: str) -> None:
        from optionix_core.market.clock import SystemClock
        from server.settings import ServerSettings
        from server.store.opening import open_database

        database = open_database(ServerSettings(database_url=url), SystemClock())
        write(database, quote(0, "5"), quote(40 * 86400, "6"), quote(-40 * 86400, "4"))
        assert self._partitions(url) == {"market_data_rest": 3}
        assert market.make_room(database, START) == {"partitions": 2}
        assert self._partitions(url) == {"market_data_rest": 1, "market_data_202603": 1, "market_data_202604": 1}
        assert market.make_room(database, START) == {"partitions": 0}
        write(database, quote(1, "5"))
        assert self._partitions(url)["market_data_202603"] == 2
        assert count(database) == 4

        now = START + timedelta(days=75)
        market.roll_up(database, now)
        assert market.let_go(database, now, timedelta(days=20)) == {"partitions": 1, "quotes": 2}
        assert self._partitions(url) == {"market_data_rest": 0, "market_data_202604": 0}
        database.close()


def test_sqlite_needs_no_room(sqlite_backend: object) -> None:
    database = sqlite_backend.open()  # type: ignore[attr-defined]
    assert market.make_room(database, START) == {"partitions": 0}
    database.close()
