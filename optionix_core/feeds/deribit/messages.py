"""What Deribit's public API says, as values: listed options, summaries, tickers, book changes, index, candles.

A missing price is None, and so is one of zero, which the exchange sends where there is none. Amounts of coins
become contracts, volatilities in percent become fractions. An option whose terms contradict its own name is
refused, since one of the two would price it wrongly.

Source: Deribit API documentation (`public/get_instruments`, `public/get_book_summary_by_currency`, channels
`book`, `ticker`, `deribit_price_index`).
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import NamedTuple

from optionix_core.errors import InvalidValueError
from optionix_core.feeds.network.wire import Wire
from optionix_core.market.deribit_names import DeribitOption, is_option
from optionix_core.market.deribit_names import parse as parse_name


class ListedOption(NamedTuple):
    """An option that can be traded, by the exchange's own terms."""

    name: str
    option: DeribitOption
    expires_at: datetime
    contract_size: Decimal
    tick: Decimal
    """Price step below the first threshold, in what the option is quoted in."""
    tick_steps: tuple[tuple[Decimal, Decimal], ...]
    """(price above which it holds, price step), ascending."""
    price_index: str
    """Name of the index that it settles on: `btc_usd`."""


class Summary(NamedTuple):
    """An option's row in a summary of all."""

    name: str
    made_at: datetime
    bid: float | None
    ask: float | None
    last: float | None
    volume: float | None
    """Contracts in 24 hours, like open interest; parts of contracts count."""
    open_interest: float | None
    mark_volatility: float | None
    forward: float | None
    """The exchange's price of the underlying for this expiry."""


class Ticker(NamedTuple):
    """What an instrument's ticker tells beside its book."""

    name: str
    made_at: datetime
    last: float | None
    volume: float | None
    open_interest: float | None
    mark_volatility: float | None
    delta: float | None
    forward: float | None


class Action(Enum):
    """What becomes of a price level."""

    NEW = "new"
    CHANGE = "change"
    DELETE = "delete"


class Level(NamedTuple):
    """One changed price level."""

    action: Action
    price: float
    amount: float
    """In coins; zero where it is deleted."""


class BookChange(NamedTuple):
    """A book as a whole, or what changed in it."""

    name: str
    made_at: datetime
    change_id: int
    previous: int | None
    """Change before this one; None for a whole book."""
    bids: tuple[Level, ...]
    asks: tuple[Level, ...]


class IndexPrice(NamedTuple):
    """The index, which is the spot of all options on a coin."""

    name: str
    made_at: datetime
    price: float


class Candle(NamedTuple):
    """One day of a chart."""

    day: date
    open: float
    high: float
    low: float
    close: float
    volume: float | None
    """In coins; None for an index."""


def listed_options(result: Wire, root: str) -> tuple[ListedOption, ...]:
    """The tradable options of a root in an answer of `get_instruments`; other kinds and roots are passed over."""
    found: dict[str, ListedOption] = {}
    for entry in result.items():
        name = entry.get("instrument_name").text()
        if entry.get("kind").text() != "option" or name.partition("-")[0] != root:
            continue
        if entry.get("is_active").value is False:
            continue
        if name in found:
            entry.get("instrument_name").refuse(f"is given twice ({name})")
        found[name] = _listed(entry, name)
    return tuple(found.values())


def _listed(entry: Wire, name: str) -> ListedOption:
    try:
        option = parse_name(name)
    except InvalidValueError as error:
        entry.get("instrument_name").refuse(f"is no option's name: {error}")
    expires_at = entry.get("expiration_timestamp").moment()
    if expires_at.date() != option.expiry:
        entry.get("expiration_timestamp").refuse(f"is {expires_at.isoformat()}, and the name says {name}")
    strike = Decimal(repr(entry.get("strike").positive()))
    if strike != option.strike:
        entry.get("strike").refuse(f"is {strike}, and the name says {name}")
    if entry.get("option_type").text() != option.option_type.label:
        entry.get("option_type").refuse(f"is {entry.get('option_type').value}, and the name says {name}")
    steps = entry.get("tick_size_steps").items() if entry.has("tick_size_steps") else []
    return ListedOption(
        name=name,
        option=option,
        expires_at=expires_at,
        contract_size=Decimal(repr(entry.get("contract_size").positive())).normalize(),
        tick=Decimal(repr(entry.get("tick_size").positive())),
        tick_steps=tuple(
            sorted(
                (
                    Decimal(repr(step.get("above_price").number())),
                    Decimal(repr(step.get("tick_size").positive())),
                )
                for step in steps
            )
        ),
        price_index=entry.get("price_index").text() if entry.has("price_index") else _index_of(option),
    )


def _index_of(option: DeribitOption) -> str:
    return f"{option.base}_{'usd' if option.inverse else option.currency}".lower()


def summaries(result: Wire, listed: dict[str, ListedOption]) -> tuple[tuple[Summary, ...], bool]:
    """Rows of listed options in an answer of `get_book_summary_by_currency`, and whether others of their root came."""
    roots = {name.partition("-")[0] for name in listed}
    found: dict[str, Summary] = {}
    unlisted = False
    for entry in result.items():
        name = entry.get("instrument_name").text()
        known = listed.get(name)
        if known is None:
            unlisted = unlisted or (name.partition("-")[0] in roots and is_option(name))
            continue
        if name in found:
            entry.get("instrument_name").refuse(f"is given twice ({name})")
        size = float(known.contract_size)
        found[name] = Summary(
            name=name,
            made_at=entry.get("creation_timestamp").moment(),
            bid=entry.get("bid_price").price(),
            ask=entry.get("ask_price").price(),
            last=entry.get("last").price(),
            volume=_over(entry.get("volume").optional(), size),
            open_interest=_over(entry.get("open_interest").optional(), size),
            mark_volatility=_over(entry.get("mark_iv").price(), 100.0),
            forward=entry.get("underlying_price").price(),
        )
    return tuple(found.values()), unlisted


def ticker(payload: Wire, listed: dict[str, ListedOption]) -> Ticker | None:
    """A ticker of a listed option; None for one that is not listed (any more)."""
    known = listed.get(payload.get("instrument_name").text())
    if known is None:
        return None
    size = float(known.contract_size)
    volume = payload.get("stats").get("volume").optional() if payload.has("stats") else None
    return Ticker(
        name=known.name,
        made_at=payload.get("timestamp").moment(),
        last=payload.get("last_price").price(),
        volume=_over(volume, size),
        open_interest=_over(payload.get("open_interest").optional(), size),
        mark_volatility=_over(payload.get("mark_iv").price(), 100.0),
        delta=payload.get("greeks").get("delta").optional(signed=True) if payload.has("greeks") else None,
        forward=payload.get("underlying_price").price(),
    )


def book_change(payload: Wire) -> BookChange:
    """A notification of channel `book.{instrument}.{interval}`."""
    kind = payload.get("type").text()
    if kind not in ("snapshot", "change"):
        payload.get("type").refuse(f"must be snapshot or change (got {kind!r})")
    whole = kind == "snapshot"
    return BookChange(
        name=payload.get("instrument_name").text(),
        made_at=payload.get("timestamp").moment(),
        change_id=payload.get("change_id").whole(),
        previous=None if whole else payload.get("prev_change_id").whole(),
        bids=tuple(_level(entry) for entry in payload.get("bids").items()),
        asks=tuple(_level(entry) for entry in payload.get("asks").items()),
    )


def _level(entry: Wire) -> Level:
    parts = entry.items()
    if len(parts) != 3:
        entry.refuse(f"must be action, price and amount (got {len(parts)} values)")
    word = parts[0].text()
    try:
        action = Action(word)
    except ValueError:
        parts[0].refuse(f"must be new, change or delete (got {word!r})")
    amount = parts[2].number()
    if action is not Action.DELETE and amount == 0:
        parts[2].refuse("must be positive (got 0)")
    return Level(action, parts[1].positive(), amount)


def index_price(payload: Wire) -> IndexPrice:
    """A notification of channel `deribit_price_index.{name}`."""
    return IndexPrice(
        payload.get("index_name").text(), payload.get("timestamp").moment(), payload.get("price").positive()
    )


def candles(result: Wire) -> tuple[Candle, ...]:
    """Daily candles of `get_tradingview_chart_data` (columns) or `get_volatility_index_data` (rows), by day."""
    if result.has("ticks"):
        columns = [result.get(field).items() for field in ("ticks", "open", "high", "low", "close", "volume")]
        if len({len(column) for column in columns}) != 1:
            result.refuse(f"must have columns of one length (got {', '.join(str(len(column)) for column in columns)})")
        rows = list(zip(*columns, strict=True))
    else:
        field = result.get("data")
        rows = [tuple(entry.items()) for entry in field.items()]
        if any(len(row) != 5 for row in rows):
            field.refuse("must have rows of a time and four levels")
    found: dict[date, Candle] = {}
    for at, *levels in rows:
        opened, high, low, close = (level.positive() for level in levels[:4])
        volume = levels[4].number() if len(levels) > 4 else None
        day = at.moment().date()
        found[day] = Candle(day, opened, high, low, close, volume)
    return tuple(found[day] for day in sorted(found))


def historical_volatility(result: Wire) -> tuple[tuple[datetime, float], ...]:
    """(moment, annualised volatility as a fraction) of `get_historical_volatility`, oldest first."""
    found = []
    for entry in result.items():
        pair = entry.items() if isinstance(entry.value, list) else [entry.get("timestamp"), entry.get("value")]
        if len(pair) != 2:
            entry.refuse(f"must be a time and a volatility (got {len(pair)} values)")
        found.append((pair[0].moment(), pair[1].number() / 100.0))
    return tuple(sorted(found))


def _over(value: float | None, unit: float) -> float | None:
    return None if value is None else value / unit
