"""What an algorithm cost against the prices that it could have had. Positive is cost, whichever way it traded.

The arrival price is the mid of the quote at which a parent, or a slice, was decided. The total is the implementation
shortfall of A. Perold, "The implementation shortfall: paper versus reality", Journal of Portfolio Management 14(3),
1988: what was traded against arrival, what was not traded against the market at the end, and fees. Where a price is
missing, everything made of it is None: no data, never zero.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from optionix_core.market.quote import Quote
from optionix_core.portfolio.exact import ZERO, decimal_of_float, exact_arithmetic
from optionix_core.trading.algorithms.volume_curve import increment
from optionix_core.trading.orders import Fill, Side

_HALF = Decimal("0.5")
_BP = Decimal(10_000)


@dataclass(frozen=True, slots=True)
class Costs:
    """Of a parent or of one slice. Prices per unit of the underlying, money in the instrument's currency."""

    quantity: int
    filled: int
    arrival: Decimal | None
    """Mid at the decision."""
    average: Decimal | None
    """Quantity-weighted price of the fills; None where there are none."""
    slippage: Decimal | None
    """Average against arrival, per unit; positive where it was worse."""
    slippage_bp: Decimal | None
    """The same in basis points of arrival."""
    slippage_cost: Decimal | None
    """The same in money, over all that was filled."""
    vwap: Decimal | None
    """Volume-weighted price of the market's own trades from decision to end; None where no trades are told."""
    vwap_slippage: Decimal | None
    """Average against it, per unit."""
    spread_cost: Decimal | None
    """Fills against the mids of the quotes that they met, in money; negative where resting earned it."""
    fees: Decimal
    end_price: Decimal | None
    """Mid when it ended, or now."""
    opportunity_cost: Decimal | None
    """What was not filled, at the end's mid against arrival, in money; negative where waiting was right."""
    shortfall: Decimal | None
    """Slippage, opportunity and fees together."""

    @property
    def fill_rate(self) -> float:
        """Part of the quantity that was filled."""
        return self.filled / self.quantity


def mid_of(quote: Quote | None) -> Decimal | None:
    """Half way between bid and ask, exactly; None where a side is missing or they cross."""
    if quote is None or quote.bid is None or quote.ask is None or quote.ask < quote.bid:
        return None
    with exact_arithmetic():
        return _HALF * (decimal_of_float(quote.bid, "bid") + decimal_of_float(quote.ask, "ask"))


def costs_of(
    side: Side,
    quantity: int,
    fills: Sequence[Fill],
    multiplier: Decimal,
    arrival: Quote | None,
    end: Quote | None,
    vwap: Decimal | None = None,
) -> Costs:
    """The costs of fills out of `quantity` contracts wanted at the quote `arrival`, looked back at from `end`."""
    sign = Decimal(side.sign)
    filled = sum(fill.quantity for fill in fills)
    start, last = mid_of(arrival), mid_of(end)
    with exact_arithmetic():
        paid = sum((fill.price * fill.quantity for fill in fills), ZERO)
        fees = sum((fill.fee for fill in fills), ZERO)
        slippage_cost = None if start is None else sign * (paid - start * filled) * multiplier
        opportunity = _opportunity(sign, quantity - filled, start, last, multiplier)
        shortfall = None if slippage_cost is None or opportunity is None else slippage_cost + opportunity + fees
        spread = _spread(sign, fills, multiplier)
    average = paid / filled if filled else None
    slippage = None if average is None or start is None else sign * (average - start)
    return Costs(
        quantity=quantity,
        filled=filled,
        arrival=start,
        average=average,
        slippage=slippage,
        slippage_bp=None if slippage is None or not start else slippage / start * _BP,
        slippage_cost=slippage_cost,
        vwap=vwap,
        vwap_slippage=None if average is None or vwap is None else sign * (average - vwap),
        spread_cost=spread,
        fees=fees,
        end_price=last,
        opportunity_cost=opportunity,
        shortfall=shortfall,
    )


def interval_vwap(counter: int | None, quotes: Iterable[Quote]) -> Decimal | None:
    """The volume-weighted price of the trades between quotes: each rise of the volume counter at the quote's last.

    `counter` is what it said before the first. A feed that tells counters and last prices, not trades, lets one know
    no more. None where a quote lacks either, or where nothing was traded.
    """
    if counter is None:
        return None
    traded, paid = 0, ZERO
    for quote in quotes:
        if quote.volume is None:
            return None
        rise = increment(counter, quote.volume)
        counter = quote.volume
        if rise:
            if quote.last is None:
                return None
            traded += rise
            with exact_arithmetic():
                paid += rise * decimal_of_float(quote.last, "last")
    return paid / traded if traded else None


def _opportunity(
    sign: Decimal, unfilled: int, start: Decimal | None, last: Decimal | None, multiplier: Decimal
) -> Decimal | None:
    if not unfilled:
        return ZERO
    return None if start is None or last is None else sign * (last - start) * unfilled * multiplier


def _spread(sign: Decimal, fills: Sequence[Fill], multiplier: Decimal) -> Decimal | None:
    paid = ZERO
    for fill in fills:
        mid = mid_of(fill.quote)
        if mid is None:
            return None
        paid += sign * (fill.price - mid) * fill.quantity * multiplier
    return paid
