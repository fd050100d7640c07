"""Quotes and what becomes of them: written down, rolled up to bars, and let go when they are old.

The jobs take the moment they run at, do what is left to do and nothing twice: a bar is computed anew from all that it
is made of. Bars of minutes are made of quotes (the traded price, else the middle of bid and ask; one with neither says
nothing), longer ones of shorter ones, so that an unfinished hour or day grows with each run. Quotes go only once they
are in bars and nothing late is expected for their minute.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
from itertools import groupby, pairwise
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from sqlalchemy import Connection, Select, delete, func, select, tuple_
from sqlalchemy.dialects import postgresql, sqlite

from optionix_core.portfolio.exact import exact_arithmetic
from server.store.tables import market_bars, market_data, settings

if TYPE_CHECKING:
    from server.store.database import Database

LENGTHS: Final = (1, 5, 60, 1440)
"""Minutes of a bar; each is made of the one before."""
LATE: Final = timedelta(hours=1)
"""For which a quote may come after its time and still be rolled up."""
AHEAD: Final = timedelta(days=45)
"""For which partitions are made before they are needed."""
_STRETCH: Final = timedelta(hours=1)
"""Quotes that are rolled up in one transaction."""
_BATCH: Final = 10_000
_ROLLED: Final = "market.rolled_up"
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class QuoteRow(NamedTuple):
    """A quote as it is kept."""

    timestamp: datetime
    symbol: str
    price: Decimal | None
    volume: int | None
    bid: Decimal | None
    ask: Decimal | None
    implied_volatility: float | None


@dataclass(frozen=True, slots=True)
class Bar:
    """What happened to a price in a stretch of time that begins at `start`."""

    symbol: str
    minutes: int
    start: datetime
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: int
    """Of the quotes that told one."""
    count: int
    """Quotes."""


_OF_BAR: Final = tuple(one.name for one in fields(Bar))


def record(connection: Connection, quotes: Sequence[QuoteRow]) -> None:
    """Keep quotes; one that is there for its symbol and moment stays as it is."""
    if quotes:
        kept = _insert(connection)(market_data).on_conflict_do_nothing()
        connection.execute(kept, [one._asdict() for one in quotes])


def make_room(database: Database, now: datetime) -> dict[str, int]:
    """Make the partitions of the months until AHEAD from now; nothing on SQLite."""
    if database.kind == "sqlite":
        return {"partitions": 0}
    made = select(func.optionix_market_ahead(now, now + AHEAD))
    return {"partitions": database.write(lambda connection: int(connection.execute(made).scalar_one()))}


def roll_up(database: Database, now: datetime) -> dict[str, int]:
    """Bring bars up to the last whole minute before `now`."""
    until = _floor(now, 1)
    with database.reading(fresh=True) as connection:
        begin = _begin(connection)
    if begin is None:
        return {"bars": 0}
    bars = 0
    while begin < until:
        with database.reading(fresh=True) as connection:
            first = connection.execute(_first(begin, until)).scalar_one()
        begin = until if first is None else _floor(first, 1)
        end = min(begin + _STRETCH, until)
        bars += database.write(partial(_stretch, since=begin, until=end))
        begin = end
    return {"bars": bars}


def let_go(database: Database, now: datetime, keep: timedelta) -> dict[str, int]:
    """Remove quotes older than `keep` that are in bars; whole partitions first."""
    with database.reading(fresh=True) as connection:
        rolled = _rolled(connection)
    if rolled is None:
        return {"partitions": 0, "quotes": 0}
    before = min(now - keep, rolled - LATE)
    partitions = 0
    if database.kind == "postgresql":
        dropped = select(func.optionix_market_drop(before))
        partitions = database.write(lambda connection: int(connection.execute(dropped).scalar_one()))
    key = tuple_(market_data.c.timestamp, market_data.c.symbol)
    old = select(market_data.c.timestamp, market_data.c.symbol).where(market_data.c.timestamp < before).limit(_BATCH)
    quotes, gone = 0, _BATCH
    while gone == _BATCH:
        gone = database.write(lambda connection: connection.execute(delete(market_data).where(key.in_(old))).rowcount)
        quotes += gone
    return {"partitions": partitions, "quotes": quotes}


def _first(since: datetime, until: datetime) -> Select[datetime | None]:
    moment = market_data.c.timestamp
    return select(func.min(moment)).where(moment >= since, moment < until)


def _begin(connection: Connection) -> datetime | None:
    """Where the next run takes up; None where there is nothing to roll up."""
    rolled = _rolled(connection)
    if rolled is not None:
        return rolled - LATE
    first = connection.execute(select(func.min(market_data.c.timestamp))).scalar_one()
    return None if first is None else _floor(first, 1)


def _rolled(connection: Connection) -> datetime | None:
    found = connection.execute(select(settings.c.value).where(settings.c.name == _ROLLED)).scalar_one_or_none()
    return None if found is None else datetime.fromisoformat(found)


def _stretch(connection: Connection, since: datetime, until: datetime) -> int:
    bars = list(_of_quotes(_quotes(connection, since, until)))
    _keep(connection, bars)
    done = len(bars)
    if bars:
        for shorter, minutes in pairwise(LENGTHS):
            begin, end = (
                _floor(since, minutes),
                _floor(until - timedelta(minutes=1), minutes) + timedelta(minutes=minutes),
            )
            longer = list(_of_bars(_bars(connection, shorter, begin, end), minutes))
            _keep(connection, longer)
            done += len(longer)
    rolled = _rolled(connection)
    if rolled is None or rolled < until:
        kept = _insert(connection)(settings).values(name=_ROLLED, value=until.isoformat())
        connection.execute(kept.on_conflict_do_update(index_elements=["name"], set_={"value": kept.excluded.value}))
    return done


def _quotes(connection: Connection, since: datetime, until: datetime) -> Iterator[QuoteRow]:
    row = market_data.c
    within = (row.timestamp >= since) & (row.timestamp < until)
    columns = [row[name] for name in QuoteRow._fields]
    for found in connection.execute(select(*columns).where(within).order_by(row.symbol, row.timestamp)):
        yield QuoteRow(*found)


def _bars(connection: Connection, minutes: int, since: datetime, until: datetime) -> Iterator[Bar]:
    row = market_bars.c
    within = (row.minutes == minutes) & (row.start >= since) & (row.start < until)
    columns = [row[name] for name in _OF_BAR]
    for found in connection.execute(select(*columns).where(within).order_by(row.symbol, row.start)):
        yield Bar(*found)


def _of_quotes(quotes: Iterable[QuoteRow]) -> Iterator[Bar]:
    """Bars of a minute, of quotes in the order of symbol and time."""
    plain = (
        Bar(one.symbol, 0, one.timestamp, price, price, price, price, one.volume or 0, 1)
        for one in quotes
        if (price := _price(one)) is not None
    )
    return _of_bars(plain, LENGTHS[0])


def _of_bars(bars: Iterable[Bar], minutes: int) -> Iterator[Bar]:
    """Longer bars of shorter ones, which come in the order of symbol and time."""
    for (symbol, start), group in groupby(bars, lambda one: (one.symbol, _floor(one.start, minutes))):
        parts = list(group)
        yield Bar(
            symbol,
            minutes,
            start,
            parts[0].open,
            max(one.high for one in parts),
            min(one.low for one in parts),
            parts[-1].close,
            sum(one.volume for one in parts),
            sum(one.count for one in parts),
        )


def _price(quote: QuoteRow) -> Decimal | None:
    if quote.price is not None or quote.bid is None or quote.ask is None:
        return quote.price
    with exact_arithmetic():
        return (quote.bid + quote.ask) / 2


def _keep(connection: Connection, bars: Sequence[Bar]) -> None:
    if not bars:
        return
    kept = _insert(connection)(market_bars)
    told = {name: kept.excluded[name] for name in _OF_BAR[3:]}
    upsert = kept.on_conflict_do_update(index_elements=["symbol", "minutes", "start"], set_=told)
    connection.execute(upsert, [asdict(one) for one in bars])


def _floor(moment: datetime, minutes: int) -> datetime:
    length = timedelta(minutes=minutes)
    return moment - (moment - _EPOCH) % length


def _insert(connection: Connection) -> Any:
    return sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
