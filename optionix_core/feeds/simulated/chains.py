"""Chains of the simulated venue: the quotes that `quoting` makes, laid out as arrays.

Nothing is priced here: a chain holds the very numbers that single quotes hold.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from math import nan
from typing import TYPE_CHECKING

import numpy as np

from optionix_core.feeds.simulated.path import EPOCH, moment_of, tick_of
from optionix_core.feeds.simulated.quoting import Contract, OptionQuote
from optionix_core.market.chain import ChainSlice, OptionChain, QuoteColumns

if TYPE_CHECKING:
    from optionix_core.feeds.simulated.listing import Series
    from optionix_core.feeds.simulated.venue import Market, SimulatedFeed

_EPOCH_SECONDS = EPOCH.timestamp()


def build(feed: SimulatedFeed, market: Market, moment: datetime, series: Sequence[Series]) -> OptionChain:
    """The chain of `series` at `moment`, in the given order."""
    spot = feed.spot(market.underlying.symbol, moment)
    standing = feed.standing(moment)[0]
    return OptionChain(
        underlying=market.underlying.symbol,
        source=feed.name,
        as_of=moment if standing == tick_of(moment) else moment_of(standing),
        spot=spot.last,
        currency="USD",
        slices=tuple(_slice(feed, market, moment, item) for item in series),
        received_at=moment,
        spot_change=_change(feed, market.underlying.symbol, moment, spot.last),
    )


def _change(feed: SimulatedFeed, underlying: str, moment: datetime, last: float | None) -> float | None:
    fraction = feed.day_change(underlying, moment)
    return None if fraction is None or last is None else round(last - last / (1.0 + fraction), 2)


def _slice(feed: SimulatedFeed, market: Market, moment: datetime, series: Series) -> ChainSlice:
    tick, window = feed.standing(moment)
    rows = market.rows(series, tick)
    quote = market.maker.quote
    calls = [(row[0], quote(row[0], tick, window)) for row in rows]
    puts = [(row[1], quote(row[1], tick, window)) for row in rows]
    return ChainSlice(
        root=market.underlying.symbol,
        expiry=series.expiry,
        expires_at=series.expires_at,
        settlement="PM",
        exercise="european",
        multiplier=float(market.underlying.product.multiplier),
        inverse=False,
        strikes=np.array([row[0].strike for row in rows]),
        call=_columns(calls),
        put=_columns(puts),
    )


def _columns(rows: Sequence[tuple[Contract, OptionQuote]]) -> QuoteColumns:
    return QuoteColumns(
        symbols=tuple(contract.symbol for contract, _ in rows),
        bid=np.array([nan if made.bid is None else made.bid / 100 for _, made in rows]),
        ask=np.array([made.ask / 100 for _, made in rows]),
        bid_size=np.array([nan if made.bid_size is None else float(made.bid_size) for _, made in rows]),
        ask_size=np.array([float(made.ask_size) for _, made in rows]),
        last=np.array([nan if made.last is None else made.last / 100 for _, made in rows]),
        volume=np.array([float(made.volume) for _, made in rows]),
        open_interest=np.array([float(made.open_interest) for _, made in rows]),
        vendor_iv=np.array([made.volatility for _, made in rows]),
        vendor_delta=np.array([made.delta for _, made in rows]),
        quoted_at=np.array([_EPOCH_SECONDS + 0.25 * made.tick for _, made in rows]),
    )
