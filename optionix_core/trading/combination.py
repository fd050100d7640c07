"""Net prices of a combination: what buying one unit of the proportion costs, per unit of the underlying.

Fill model `natural-touch-whole-units`: every leg at the far side, what is bought at the ask and what is sold at the
bid, as many units as the displayed sizes of all legs have left. Never at mid, and never half a spread: a leg without a
size stops all. What orders of the home add to that is in `crossing`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Final

from optionix_core.market.protocols import TouchRange
from optionix_core.market.quote import Quote
from optionix_core.portfolio.exact import ZERO, exact_arithmetic
from optionix_core.trading.orders import OrderIntent, OrderLeg, Side
from optionix_core.trading.touch import crossed, touch

COMBINATION_MODEL: Final = "natural-touch-whole-units"

Quotes = Mapping[str, Quote]
"""The last quote of each leg, by symbol."""


def leg_side(side: Side, leg: OrderLeg) -> Side:
    """Which way a leg goes when the combination goes `side`."""
    return side if leg.ratio > 0 else Side.SELL if side is Side.BUY else Side.BUY


def contracts(intent: OrderIntent, units: int = 1) -> int:
    """Contracts, and lots of shares, of all legs in so many units; of a single instrument the units themselves."""
    return units * (sum(abs(leg.weight) for leg in intent.legs) or 1)


def natural(side: Side, legs: Sequence[OrderLeg], quotes: Quotes) -> Decimal | None:
    """Net price at the far side of every leg; None where a leg has no touch there, or is crossed."""
    total = ZERO
    with exact_arithmetic():
        for leg in legs:
            quote = quotes.get(leg.symbol)
            met = None if quote is None or crossed(quote) else touch(quote, leg_side(side, leg))
            if met is None:
                return None
            total += leg.weight * met[0]
    return total


def mid(legs: Sequence[OrderLeg], quotes: Quotes) -> Decimal | None:
    """The middle of buying and selling; None where either has no price."""
    bought, sold = natural(Side.BUY, legs, quotes), natural(Side.SELL, legs, quotes)
    if bought is None or sold is None:
        return None
    with exact_arithmetic():
        return (bought + sold) / 2


def could_meet(intent: OrderIntent, ranges: Mapping[str, Sequence[TouchRange]], elsewhere: Mapping[str, float]) -> bool:
    """Whether some quotes within the ranges of a stretch could meet the limit; an order without one always could.

    `elsewhere` are prices at which a leg can be traded beside the displayed ones.
    """
    if intent.limit_price is None:
        return True
    best = 0.0
    for leg in intent.legs:
        told, others = ranges[leg.symbol], [elsewhere[leg.symbol]] if leg.symbol in elsewhere else []
        bought = leg_side(intent.side, leg) is Side.BUY
        prices = [*(one.ask_low if bought else one.bid_high for one in told), *others]
        if not prices:
            return False
        best += leg.weight * (min(prices) if bought else max(prices))
    sign = intent.side.sign
    return sign * best <= sign * float(intent.limit_price) + _SLACK


_SLACK: Final = 1e-9
"""Of a sum of floats: a stretch is looked at rather than left out."""
