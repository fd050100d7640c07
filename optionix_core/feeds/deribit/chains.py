"""From what is known of each option to chains and histories: arrays, nan where nothing came."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING

import numpy as np

from optionix_core.feeds.deribit.memory import Standing
from optionix_core.feeds.deribit.messages import Candle, IndexPrice, ListedOption
from optionix_core.market.chain import ChainSlice, OptionChain, QuoteColumns
from optionix_core.market.option_type import OptionType
from optionix_core.market.protocols import PriceHistory

if TYPE_CHECKING:
    from numpy.typing import NDArray

    FloatArray = NDArray[np.float64]

_NAN = float("nan")
_UNKNOWN = (_NAN,) * 10


def assemble(
    underlying: str,
    source: str,
    currency: str,
    moment: datetime,
    spot: tuple[datetime, IndexPrice] | None,
    expiries: Sequence[tuple[ListedOption, ...]],
    standings: Sequence[list[Standing | None]],
) -> OptionChain | None:
    """The chain of these expiries; None where no option has a quote. `as_of` is the exchange time of the newest."""
    known = [found for row in standings for found in row if found is not None]
    if expiries and not known:
        return None
    price = None if spot is None else spot[1]
    made_at = [found.made_at for found in known]
    came_at = [found.received_at for found in known]
    if spot is not None and price is not None:
        made_at.append(price.made_at)
        came_at.append(spot[0])
    return OptionChain(
        underlying=underlying,
        source=source,
        as_of=min(max(made_at, default=moment), moment),
        spot=None if price is None else price.price,
        currency=currency,
        slices=tuple(_slice(rows, found) for rows, found in zip(expiries, standings, strict=True)),
        received_at=max(came_at, default=None),
    )


def history(
    underlying: str, source: str, prices: Sequence[Candle], volatilities: Sequence[Candle], until: date
) -> PriceHistory | None:
    """Daily bars up to `until`, with the volatility index of the same days; None where there is no day."""
    days = [candle for candle in prices if candle.day <= until]
    if not days:
        return None
    levels = {candle.day: candle.close / 100.0 for candle in volatilities}
    return PriceHistory(
        underlying=underlying,
        source=source,
        days=tuple(candle.day for candle in days),
        open=np.array([candle.open for candle in days]),
        high=np.array([candle.high for candle in days]),
        low=np.array([candle.low for candle in days]),
        close=np.array([candle.close for candle in days]),
        volume=np.array([_NAN if candle.volume is None else candle.volume for candle in days]),
        implied_volatility=np.array([levels.get(candle.day, _NAN) for candle in days]),
    )


def _slice(rows: tuple[ListedOption, ...], standings: list[Standing | None]) -> ChainSlice:
    first = rows[0]
    strikes = sorted({float(item.option.strike) for item in rows})
    places = {strike: place for place, strike in enumerate(strikes)}
    names: dict[OptionType, list[str | None]] = {side: [None] * len(strikes) for side in OptionType}
    numbers = {side: np.full((len(_UNKNOWN), len(strikes)), _NAN) for side in OptionType}
    newest: Standing | None = None
    for item, found in zip(rows, standings, strict=True):
        side, place = item.option.option_type, places[float(item.option.strike)]
        names[side][place] = item.name
        if found is None:
            continue
        numbers[side][:, place] = _numbers(found)
        if found.forward is not None and (newest is None or found.made_at > newest.made_at):
            newest = found
    return ChainSlice(
        root=first.option.root,
        expiry=first.option.expiry,
        expires_at=first.expires_at,
        settlement="PM",
        exercise="european",
        multiplier=float(first.contract_size),
        inverse=first.option.inverse,
        strikes=np.array(strikes),
        call=_columns(names[OptionType.CALL], numbers[OptionType.CALL]),
        put=_columns(names[OptionType.PUT], numbers[OptionType.PUT]),
        underlying_price=None if newest is None else newest.forward,
    )


def _numbers(found: Standing) -> list[float]:
    values = (
        found.bid, found.ask, found.bid_size, found.ask_size, found.last,
        found.volume, found.open_interest, found.volatility, found.delta,
    )  # fmt: skip
    return [*(_NAN if value is None else value for value in values), found.made_at.timestamp()]


def _columns(names: list[str | None], numbers: FloatArray) -> QuoteColumns:
    bid, ask, bid_size, ask_size, last, volume, open_interest, volatility, delta, quoted_at = numbers
    return QuoteColumns(
        symbols=tuple(names),
        bid=bid,
        ask=ask,
        bid_size=bid_size,
        ask_size=ask_size,
        last=last,
        volume=volume,
        open_interest=open_interest,
        vendor_iv=volatility,
        vendor_delta=delta,
        quoted_at=quoted_at,
    )
