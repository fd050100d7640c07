"""The price at which a call auction opens or reopens an instrument.

    1. the price at which the most is matched;
    2. among those, the one that leaves the least imbalance;
    3. among those, the one nearest to the reference price;
    4. two ticks as near, with the reference between them: the higher where buyers are left over, else the lower.

These are the criteria of the exchanges' opening crosses (Nasdaq Rules 4752 and 4753: maximum executable
quantity, then minimum imbalance, then least distance to a reference). Every tick is a candidate, also where
no order's limit is: between two limits, or beyond them, less may be left over than at either. Where nothing would
match there is no price. There is one rule, on whole ticks (`auction_price`), and a form of it for exact prices
(`clear`). Refuses limits off the tick, and to say who of those at the price is filled: that is the venue's business.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from itertools import accumulate, pairwise
from math import floor
from typing import Final, NamedTuple

from optionix_core.errors import InvalidValueError
from optionix_core.portfolio.exact import exact_arithmetic
from optionix_core.portfolio.exact_input import Number, positive

CENT: Final = Decimal("0.01")

RULE: Final = "maximum volume, minimum imbalance, nearest to the reference, side of the imbalance"
"""The criteria in their order, as a record of an auction names them."""


class AuctionPrice(NamedTuple):
    """Where an auction would end, on whole ticks."""

    price: int
    """In ticks."""
    volume: int
    """Lots that match."""
    imbalance: int
    """Lots of buyers at that price less lots of sellers."""


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


def auction_price(
    buyers: Sequence[tuple[int, int]],
    sellers: Sequence[tuple[int, int]],
    reference: int | Fraction,
    market_buyers: int = 0,
    market_sellers: int = 0,
    lowest: int | None = None,
) -> AuctionPrice | None:
    """The price for limits of `buyers` and `sellers`, as (price, lots), and for lots without a limit.

    Prices are whole ticks, of any sign unless there is a `lowest` one; the reference may lie between two. None where
    nothing matches.
    """
    prices = _prices(sorted({price for price, _ in (*buyers, *sellers)}), reference)
    buy_limits, bought = _ladder(buyers)
    sell_limits, sold = _ladder(sellers)
    middle = Fraction(reference)
    best: tuple[tuple[int, int, Fraction, int], AuctionPrice] | None = None
    for price in prices:
        if lowest is not None and price < lowest:
            continue
        willing = market_buyers + bought[-1] - bought[bisect_left(buy_limits, price)]
        offered = market_sellers + sold[bisect_right(sell_limits, price)]
        volume, imbalance = min(willing, offered), willing - offered
        score = (-volume, abs(imbalance), abs(price - middle), -price if imbalance > 0 else price)
        if volume and (best is None or score < best[0]):
            best = score, AuctionPrice(price, volume, imbalance)
    return None if best is None else best[1]


def clear(
    buys: Sequence[AuctionOrder],
    sells: Sequence[AuctionOrder],
    reference_price: Number,
    tick: Number = CENT,
) -> AuctionResult:
    """The auction price of `buys` against `sells` by the criteria of the module, on a multiple of `tick`, above zero.

    Raises InvalidValueError for a quantity or a price that is not positive and a limit off the tick, naming the
    order's row.
    """
    reference, step = positive(reference_price, "reference_price"), positive(tick, "tick")
    _check(buys, "buys", step)
    _check(sells, "sells", step)
    found = auction_price(
        _in_ticks(buys, step),
        _in_ticks(sells, step),
        Fraction(reference) / Fraction(step),
        sum(order.quantity for order in buys if order.limit is None),
        sum(order.quantity for order in sells if order.limit is None),
        lowest=1,
    )
    if found is None:
        return AuctionResult(None, 0, 0)
    with exact_arithmetic():
        return AuctionResult(found.price * step, found.volume, found.imbalance)


def _prices(limits: list[int], reference: int | Fraction) -> list[int]:
    """Every limit, and of each stretch of ticks without one, those nearest to the reference."""
    below = floor(reference)
    around = (below,) if below == reference else (below, below + 1)
    found = set(limits)
    if limits:
        found.update(min(price, limits[0] - 1) for price in around)
        found.update(max(price, limits[-1] + 1) for price in around)
    else:
        found.update(around)
    for lower, upper in pairwise(limits):
        if upper - lower > 1:
            found.update(min(max(price, lower + 1), upper - 1) for price in around)
    return sorted(found)


def _in_ticks(orders: Iterable[AuctionOrder], step: Decimal) -> list[tuple[int, int]]:
    with exact_arithmetic():
        return [(int(order.limit / step), order.quantity) for order in orders if order.limit is not None]


def _ladder(orders: Iterable[tuple[int, int]]) -> tuple[list[int], list[int]]:
    """Limits, ascending, and the quantity before each of them (one entry more)."""
    priced = sorted(orders)
    return [limit for limit, _ in priced], list(accumulate((quantity for _, quantity in priced), initial=0))


def _check(orders: Sequence[AuctionOrder], field: str, tick: Decimal) -> None:
    for row, (limit, quantity) in enumerate(orders):
        if isinstance(quantity, bool) or not isinstance(quantity, int) or quantity < 1:
            raise InvalidValueError(f"{field}.quantity", quantity, "a whole number, at least 1", row)
        if limit is not None and not (limit.is_finite() and limit > 0):
            raise InvalidValueError(f"{field}.limit", limit, "positive", row)
        if limit is not None and limit % tick:
            raise InvalidValueError(f"{field}.limit", limit, f"a multiple of {tick}", row)
