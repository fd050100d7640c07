"""What a feed says of the symbols of a watchlist at one moment.

An underlying's implied volatility is the last 30-day one of its history, its rank and HV20 those of `chain_view`, its
expected move that of the nearest expiry after today; an option's are those of its own chain, and rank and HV20 are its
underlying's. What is not known is None with a reason beside the row, never a number.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite
from typing import TYPE_CHECKING, Final, NamedTuple

from optionix_core.errors import MissingDataError, UnknownNameError
from optionix_core.market import symbols as option_symbols
from optionix_core.portfolio.deliverables import label_of
from optionix_core.services import watchlists
from optionix_core.services.chain_view import ChainViewer
from optionix_core.services.daily_history import ended_day
from optionix_core.services.watchlists import Column

if TYPE_CHECKING:
    from datetime import date, datetime

    from optionix_core.market.protocols import FeedState, QuoteSource
    from optionix_core.market.quote import Quote
    from optionix_core.services.chain_view import ChainView
    from optionix_core.services.watchlists import Watchlist
    from optionix_core.services.workspace import Workspace

CLOSES: Final = 30
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
    closes: tuple[float, ...] = ()
    """The last `CLOSES` daily closes of the underlying, and its price now behind them; empty without a history."""
    underlying: str = ""
    """The symbol itself, or what the option is on."""


@dataclass(frozen=True, slots=True)
class WatchView:
    """A watchlist at a moment."""

    watchlist: Watchlist
    moment: datetime
    source: str
    state: FeedState
    rows: tuple[WatchRow, ...]


class WatchBoard(NamedTuple):
    """All lists by name, and the one that is looked at."""

    lists: tuple[Watchlist, ...]
    view: WatchView | None
    """None where there is no list."""


def view(workspace: Workspace, watchlist: Watchlist) -> WatchView:
    """The list's symbols in its order, now, from the workspace's feed."""
    return WatchViewer(workspace).view(watchlist)


class WatchViewer:
    """Builds views of one workspace's feed, and keeps chains and histories. For one thread at a time."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self.feed: QuoteSource = workspace.feed
        self._chains = ChainViewer(self.feed)
        self._closes: dict[str, tuple[date, tuple[float, ...]]] = {}

    def view(self, watchlist: Watchlist) -> WatchView:
        """The list's symbols in its order, now."""
        moment = self._workspace.clock.now()
        seen = _Chains(self._chains, moment)
        rows = tuple(self._row(seen, symbol, watchlist.columns, moment) for symbol in watchlist.symbols)
        return WatchView(watchlist, moment, self.feed.name, self.feed.state, rows)

    def board(self, name: str | None) -> WatchBoard:
        """The lists, and what is shown of `name`, or of the first where there is none of that name."""
        lists = watchlists.listing(self._workspace)
        chosen = next((one for one in lists if one.name == name), lists[0] if lists else None)
        return WatchBoard(lists, None if chosen is None else self.view(chosen))

    def _row(self, seen: _Chains, symbol: str, columns: tuple[Column, ...], moment: datetime) -> WatchRow:
        feed = self.feed
        values: dict[Column, float | None] = dict.fromkeys(Column)
        reason: str | None = None
        quote: Quote | None = None
        is_option = option_symbols.is_option(symbol)
        underlying = symbol
        try:
            quote = feed.quote(symbol, moment) if is_option else feed.spot(symbol, moment)
            underlying = feed.instrument(symbol).underlying if is_option else symbol
            values |= {Column.LAST: quote.last, Column.BID: quote.bid, Column.ASK: quote.ask}
            values[Column.CHANGE] = None if is_option else feed.day_change(symbol, moment)
            if not _OF_THE_CHAIN.isdisjoint(columns):
                tell = _of_option if is_option else _of_underlying
                values |= tell(feed, seen, symbol)
        except (MissingDataError, UnknownNameError) as error:
            reason = str(error)
        made = None if quote is None else quote.exchange_time or quote.received_at
        last = None if is_option or quote is None else quote.last
        return WatchRow(
            symbol=symbol,
            label=label_of(symbol),
            quoted_at=made,
            stale=made is not None and feed.is_open(moment) and moment - made > feed.stale_after,
            values={column: values[column] for column in columns},
            reason=reason,
            closes=self._past(underlying, moment) + (() if last is None else (last,)),
            underlying=underlying,
        )

    def _past(self, underlying: str, moment: datetime) -> tuple[float, ...]:
        """The last closes; none where the feed has no history of it."""
        day = ended_day(moment, (underlying,))
        known = self._closes.get(underlying)
        if known is None or known[0] != day:
            try:
                closes = self.feed.history(underlying, day).close[-CLOSES:].tolist()
            except (MissingDataError, UnknownNameError):
                closes = []
            known = self._closes[underlying] = (day, tuple(one for one in closes if isfinite(one)))
        return known[1]


class _Chains:
    """The chains of one moment, each solved once."""

    def __init__(self, chains: ChainViewer, moment: datetime) -> None:
        self._chains, self.moment = chains, moment
        self._seen: dict[tuple[str, date | None, str | None], ChainView] = {}

    def view(self, underlying: str, expiry: date | None = None, root: str | None = None) -> ChainView:
        key = underlying, expiry, root
        if key not in self._seen:
            self._seen[key] = self._chains.view(underlying, self.moment, expiry, root)
        return self._seen[key]


def _of_underlying(feed: QuoteSource, chains: _Chains, symbol: str) -> dict[Column, float | None]:
    """The chain is that of the nearest expiry after today: one that ends today has hardly a move left to expect."""
    later = next(
        (pair for pair in feed.expiries(symbol, chains.moment) if pair[0] > chains.moment.date()), (None, None)
    )
    seen = chains.view(symbol, *later)
    iv = seen.history.implied_volatility
    return {Column.IV: iv, **_standing(seen, iv), Column.EXPECTED_MOVE: seen.expected_move, Column.DELTA: 1.0}


def _of_option(feed: QuoteSource, chains: _Chains, symbol: str) -> dict[Column, float | None]:
    instrument = feed.instrument(symbol)
    seen = chains.view(instrument.underlying, instrument.expiry, instrument.root)
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
