"""The price at which an auction opens or reopens a stock.

    1. the price at which the most is matched;
    2. among those, the one that leaves the least imbalance;
    3. among those, the one nearest to the reference price.

These are the criteria of the exchanges' opening crosses (Nasdaq Rules 4752 and 4753: maximum executable
quantity, then minimum imbalance, then least distance to a reference). Candidates are the limits of the
orders and the reference itself, so a reference off the tick may become the price; the best are neighbours,
so that no two of them are as near. Where nothing would match there is no price. Refuses to say who of those
at the price is filled: that is the venue's business.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import accumulate
from typing import Literal, NamedTuple

from optionix_core.errors import InvalidValueError
from optionix_core.portfolio.exact import exact_arithmetic
from optionix_core.portfolio.exact_input import Number, positive

Criterion = Literal["maximum volume", "minimum imbalance", "nearest to the reference", "none"]


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
    decided_by: Criterion
    """The last criterion that had to be asked."""


class _Candidate(NamedTuple):
    price: Decimal
    matched: int
    imbalance: int


def clear(buys: Sequence[AuctionOrder], sells: Sequence[AuctionOrder], reference_price: Number) -> AuctionResult:
    """The auction price of `buys` against `sells` by the criteria of the module.

    Raises InvalidValueError for a quantity or a price that is not positive, naming the order's row.
    """
    reference = positive(reference_price, "reference_price")
    _check(buys, "buys")
    _check(sells, "sells")
    limits = {order.limit for order in (*buys, *sells) if order.limit is not None}
    candidates = _candidates(sorted(limits | {reference}), buys, sells)
    best = max(item.matched for item in candidates)
    if best == 0:
        return AuctionResult(None, 0, 0, "none")
    left = [item for item in candidates if item.matched == best]
    decided: Criterion = "maximum volume"
    if len(left) > 1:
        decided = "minimum imbalance"
        least = min(abs(item.imbalance) for item in left)
        left = [item for item in left if abs(item.imbalance) == least]
    if len(left) > 1:
        decided = "nearest to the reference"
    with exact_arithmetic():
        chosen = min(left, key=lambda item: abs(item.price - reference))
    return AuctionResult(chosen.price, chosen.matched, chosen.imbalance, decided)


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


def _check(orders: Sequence[AuctionOrder], field: str) -> None:
    for row, (limit, quantity) in enumerate(orders):
        if isinstance(quantity, bool) or not isinstance(quantity, int) or quantity < 1:
            raise InvalidValueError(f"{field}.quantity", quantity, "a whole number, at least 1", row)
        if limit is not None and not (limit.is_finite() and limit > 0):
            raise InvalidValueError(f"{field}.limit", limit, "positive", row)
