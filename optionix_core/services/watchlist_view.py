"""What a feed says of the symbols of a watchlist at one moment.

An underlying's implied volatility is the last 30-day one of its history, its rank and HV20 those of `chain_view`, its
expected move that of the nearest expiry after today; an option's are those of its own chain, and rank and HV20 are its
underlying's. What is not known is None with a reason beside the row, never a number.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from optionix_core.errors import MissingDataError, UnknownNameError
from optionix_core.market import symbols as option_symbols
from optionix_core.portfolio.deliverables import label_of
from optionix_core.services.chain_view import ChainViewer
from optionix_core.services.watchlists import Column

if TYPE_CHECKING:
    from datetime import datetime

    from optionix_core.market.protocols import FeedState, QuoteSource
    from optionix_core.market.quote import Quote
    from optionix_core.services.chain_view import ChainView
    from optionix_core.services.watchlists import Watchlist
    from optionix_core.services.workspace import Workspace

_OF_THE_CHAIN = frozenset({Column.IV, Column.IV_RANK, Column.HV20, Column.IV_HV, Column.EXPECTED_MOVE, Column.DELTA})


@dataclass(frozen=True, slots=True)
class WatchRow:
    """One symbol. Prices as quoted, the rest fractions but the expected move, which is in price."""

    symbol: str
    label: str
    quoted_at: datetime | None
    stale: bool
    values: dict[Column, float | None]
    """Of the list's columns, in their order."""
    reason: str | None = None
    """Why something is not known that a feed could tell."""


@dataclass(frozen=True, slots=True)
class WatchView:
    """A watchlist at a moment."""

    watchlist: Watchlist
    moment: datetime
    source: str
    state: FeedState
    rows: tuple[WatchRow, ...]


def view(workspace: Workspace, watchlist: Watchlist) -> WatchView:
    """The list's symbols in its order, now, from the workspace's feed."""
    feed, moment = workspace.feed, workspace.clock.now()
    chains = ChainViewer(feed)
    rows = tuple(_row(feed, chains, symbol, watchlist.columns, moment) for symbol in watchlist.symbols)
    return WatchView(watchlist, moment, feed.name, feed.state, rows)


def _row(
    feed: QuoteSource, chains: ChainViewer, symbol: str, columns: tuple[Column, ...], moment: datetime
) -> WatchRow:
    values: dict[Column, float | None] = dict.fromkeys(Column)
    reason: str | None = None
    quote: Quote | None = None
    is_option = option_symbols.is_option(symbol)
    try:
        quote = feed.quote(symbol, moment) if is_option else feed.spot(symbol, moment)
        values |= {Column.LAST: quote.last, Column.BID: quote.bid, Column.ASK: quote.ask}
        values[Column.CHANGE] = None if is_option else feed.day_change(symbol, moment)
        if not _OF_THE_CHAIN.isdisjoint(columns):
            tell = _of_option if is_option else _of_underlying
            values |= tell(feed, chains, symbol, moment)
    except (MissingDataError, UnknownNameError) as error:
        reason = str(error)
    made = None if quote is None else quote.exchange_time or quote.received_at
    return WatchRow(
        symbol=symbol,
        label=label_of(symbol),
        quoted_at=made,
        stale=made is not None and feed.is_open(moment) and moment - made > feed.stale_after,
        values={column: values[column] for column in columns},
        reason=reason,
    )


def _of_underlying(feed: QuoteSource, chains: ChainViewer, symbol: str, moment: datetime) -> dict[Column, float | None]:
    """The chain is that of the nearest expiry after today: one that ends today has hardly a move left to expect."""
    later = next((pair for pair in feed.expiries(symbol, moment) if pair[0] > moment.date()), (None, None))
    seen = chains.view(symbol, moment, *later)
    iv = seen.history.implied_volatility
    return {Column.IV: iv, **_standing(seen, iv), Column.EXPECTED_MOVE: seen.expected_move, Column.DELTA: 1.0}


def _of_option(feed: QuoteSource, chains: ChainViewer, symbol: str, moment: datetime) -> dict[Column, float | None]:
    instrument = feed.instrument(symbol)
    seen = chains.view(instrument.underlying, moment, instrument.expiry, instrument.root)
    found = seen.side(symbol)
    if found is None:
        raise MissingDataError(f"{symbol.strip()} is not in its chain")
    side = found[1]
    return {
        Column.IV: side.iv,
        **_standing(seen, side.iv),
        Column.EXPECTED_MOVE: seen.expected_move,
        Column.DELTA: side.delta,
    }


def _standing(seen: ChainView, iv: float | None) -> dict[Column, float | None]:
    history = seen.history
    hv20 = history.historical_volatility
    return {
        Column.IV_RANK: history.iv_rank,
        Column.HV20: hv20,
        Column.IV_HV: None if iv is None or hv20 is None else iv - hv20,
    }
