"""Where the market has an option that is to be priced: the pricer's inputs out of a chain's view, and where from.

An input that the market does not tell stays None and says why; nothing is put in its place. The volatility is the one
at which the option's own style of exercise gives the mid, so that the price is the market's until something moves.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING

from optionix_core.errors import InvalidValueError, UnknownNameError
from optionix_core.market import symbols
from optionix_core.market.option_type import OptionType
from optionix_core.services.price_options import PriceOptions

if TYPE_CHECKING:
    from optionix_core.services.chain_view import ChainRow, ChainView, SideRow


@dataclass(frozen=True, slots=True)
class OptionMarket:
    """One listed option and what its chain says of it, at one moment."""

    symbol: str
    label: str
    underlying: str
    root: str
    expiry: date
    multiplier: float
    currency: str
    inverse: bool
    """Whether it is quoted in the underlying: bid, ask and mid are times the forward here."""
    bid: float | None
    ask: float | None
    mid: float | None
    as_of: datetime
    source: str
    forward: float | None
    at_the_money: float | None
    """Volatility at the forward of its expiry."""
    options: PriceOptions
    """The request that the market makes of it; None where it does not say."""
    reasons: Mapping[str, str]
    """Why, by the name of the input."""


def market_of(view: ChainView, symbol: str) -> OptionMarket:
    """What `view` says of one of its options. UnknownNameError where it lists none of that key."""
    found = view.side(symbol)
    if found is None:
        raise UnknownNameError("option", symbol.strip(), tuple(row.call.symbol or "" for row in view.rows[:3]))
    row, side = found
    kind = OptionType.CALL if side is row.call else OptionType.PUT
    unit = (view.forward or 1.0) if view.inverse else 1.0
    bid, ask, mid = (None if price is None else price * unit for price in (side.bid, side.ask, side.mid))
    years = max(view.years, 0.0)
    options = PriceOptions(
        type=kind.label,
        spot=view.spot,
        strike=row.strike,
        expiry=years,
        rate=view.rate,
        dividend_yield=view.carry,
        style=str(view.exercise),
        model="black-scholes",
    )
    volatility, why = _volatility(row, side, options, mid)
    reasons = {
        "spot": "the source gives no price of the underlying, and no forward implies one",
        "rate": "no discount rate: too few good pairs of calls and puts",
        "dividend_yield": "no yield: it is read off spot, forward and rate, and one of them is missing",
        "volatility": why,
    }
    options = options._replace(volatility=volatility)
    return OptionMarket(
        symbol=symbol,
        label=symbols.terms(symbol).label,
        underlying=view.underlying,
        root=view.root,
        expiry=view.expiry,
        multiplier=view.multiplier,
        currency=view.currency,
        inverse=view.inverse,
        bid=bid,
        ask=ask,
        mid=mid,
        as_of=view.as_of,
        source=view.source,
        forward=view.forward,
        at_the_money=view.at_the_money_volatility,
        options=options,
        reasons={name: told for name, told in reasons.items() if getattr(options, name) is None},
    )


def _volatility(row: ChainRow, side: SideRow, options: PriceOptions, mid: float | None) -> tuple[float | None, str]:
    """At which the option's style of exercise gives the mid, or why there is none."""
    if side.iv is None or mid is None:
        return None, f"no implied volatility: {side.rejected or 'no quote on both sides'}"
    needed = (options.spot, options.rate, options.dividend_yield, options.expiry)
    if options.style != "american" or any(value is None for value in needed):
        return side.iv, ""
    from optionix_core.services.pricing import implied_volatility

    spot, rate, dividend_yield, expiry = (float(value or 0.0) for value in needed)
    try:
        found = implied_volatility(
            options.type or "", mid, spot, row.strike, expiry, rate, dividend_yield, style="american"
        )
    except InvalidValueError as error:
        return None, f"no American implied volatility of the mid: {error}"
    return found.implied_volatility, ""
