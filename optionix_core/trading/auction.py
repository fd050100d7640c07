"""The price at which an auction opens or reopens a stock.

    1. the price at which the most is matched;
    2. among those, the one that leaves the least imbalance;
    3. among those, the one nearest to the reference price;
    4. two ticks as near, with the reference between them: the higher where buyers are left over, else the lower.

These are the criteria of the exchanges' opening crosses (Nasdaq Rules 4752 and 4753: maximum executable
quantity, then minimum imbalance, then least distance to a reference). Every tick is a candidate, also where
no order's limit is: between two limits less may be left over than at either. Where nothing would match there
is no price. Refuses limits off the tick, and to say who of those at the price is filled: that is the
venue's business.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import accumulate, pairwise
from typing import Final, NamedTuple

from optionix_core.errors import InvalidValueError
from optionix_core.portfolio.exact import exact_arithmetic
from optionix_core.portfolio.exact_input import Number, positive

CENT: Final = Decimal("0.01")

RULE: Final = "maximum volume, minimum imbalance, nearest to the reference, side of the imbalance"
"""The criteria in their order, as a record of an auction names them."""


class AuctionOrder(NamedTuple):
    """An order that takes part; a limit of None is a market order."""

    limit: Decimal | None
    quantity: int


@dataclass(frozen=True, slots=True)
class AuctionResult:
    """What an auction comes to."""

    price: Decimal | None
    """None where nothing matches."""
    matched: int
    imbalance: int
    """Buys less sells willing at the price; positive where buyers are left over. At no price: zero."""
    rule: str = RULE


class _Candidate(NamedTuple):
    price: Decimal
    matched: int
    imbalance: int


def clear(
    buys: Sequence[AuctionOrder],
    sells: Sequence[AuctionOrder],
    reference_price: Number,
    tick: Number = CENT,
) -> AuctionResult:
    """The auction price of `buys` against `sells` by the criteria of the module, on a multiple of `tick`.

    Raises InvalidValueError for a quantity or a price that is not positive and a limit off the tick, naming the
    order's row.
    """
    reference, step = positive(reference_price, "reference_price"), positive(tick, "tick")
    _check(buys, "buys", step)
    _check(sells, "sells", step)
    with exact_arithmetic():
        limits = sorted({order.limit for order in (*buys, *sells) if order.limit is not None})
        candidates = _candidates(_prices(limits, reference, step), buys, sells)
        distances = {item: abs(item.price - reference) for item in candidates}
    best = max((item.matched for item in candidates), default=0)
    if best == 0:
        return AuctionResult(None, 0, 0)
    left = [item for item in candidates if item.matched == best]
    least = min(abs(item.imbalance) for item in left)
    left = [item for item in left if abs(item.imbalance) == least]
    nearest = min(distances[item] for item in left)
    left = [item for item in left if distances[item] == nearest]
    chosen = left[-1] if left[-1].imbalance > 0 else left[0]
    return AuctionResult(chosen.price, chosen.matched, chosen.imbalance)


def _prices(limits: list[Decimal], reference: Decimal, tick: Decimal) -> list[Decimal]:
    """Ascending: every limit, and of each stretch of ticks without one, those nearest to the reference."""
    below = reference // tick * tick
    around = (below, below if below == reference else below + tick)
    found = set(limits)
    if limits:
        found.update(min(price, limits[0] - tick) for price in around)
        found.update(max(price, limits[-1] + tick) for price in around)
    else:
        found.update(around)
    for lower, upper in pairwise(limits):
        if upper - lower > tick:
            found.update(min(max(price, lower + tick), upper - tick) for price in around)
    return sorted(price for price in found if price > 0)


def _candidates(prices: list[Decimal], buys: Sequence[AuctionOrder], sells: Sequence[AuctionOrder]) -> list[_Candidate]:
    """What matches at each price, ascending."""
    buy_limits, bought = _ladder(buys)
    sell_limits, sold = _ladder(sells)
    buy_market = sum(order.quantity for order in buys if order.limit is None)
    sell_market = sum(order.quantity for order in sells if order.limit is None)
    found = []
    for price in prices:
        willing_buys = buy_market + bought[-1] - bought[bisect_left(buy_limits, price)]
        willing_sells = sell_market + sold[bisect_right(sell_limits, price)]
        found.append(_Candidate(price, min(willing_buys, willing_sells), willing_buys - willing_sells))
    return found


def _ladder(orders: Iterable[AuctionOrder]) -> tuple[list[Decimal], list[int]]:
    """Limits, ascending, and the quantity before each of them (one entry more)."""
    priced = sorted((order.limit, order.quantity) for order in orders if order.limit is not None)
    return [limit for limit, _ in priced], list(accumulate((quantity for _, quantity in priced), initial=0))


def _check(orders: Sequence[AuctionOrder], field: str, tick: Decimal) -> None:
    for row, (limit, quantity) in enumerate(orders):
        if isinstance(quantity, bool) or not isinstance(quantity, int) or quantity < 1:
            raise InvalidValueError(f"{field}.quantity", quantity, "a whole number, at least 1", row)
        if limit is not None and not (limit.is_finite() and limit > 0):
            raise InvalidValueError(f"{field}.limit", limit, "positive", row)
        if limit is not None and limit % tick:
            raise InvalidValueError(f"{field}.limit", limit, f"a multiple of {tick}", row)
