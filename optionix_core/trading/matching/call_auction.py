"""The price of a call auction on whole ticks: most volume, least imbalance, nearest to a reference.

Candidates are every tick from the lowest limit to the highest, also those between orders, and the reference. Where two
are as good and as near, the higher one is taken with buyers left over, the lower one otherwise (as in opening crosses:
Nasdaq rule 4752(d)). Market orders count at every price. Refuses to name a price where nothing matches.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Numbers = NDArray[np.int64]


class AuctionPrice(NamedTuple):
    """Where an auction would end now."""

    price: int
    """In ticks."""
    volume: int
    """Lots that match."""
    imbalance: int
    """Lots of buyers at that price less lots of sellers."""


def auction_price(
    buyers: Sequence[tuple[int, int]],
    sellers: Sequence[tuple[int, int]],
    reference: int,
    market_buyers: int = 0,
    market_sellers: int = 0,
) -> AuctionPrice | None:
    """The price for limits of `buyers` and `sellers`, as (price, lots), and for lots without a limit.

    None where nothing matches.
    """
    import numpy as np

    buy_price, buy_lots = _columns(buyers)
    sell_price, sell_lots = _columns(sellers)
    limits = np.unique(np.concatenate((buy_price, sell_price)))
    between = np.clip(reference, limits[:-1] + 1, limits[1:] - 1)
    prices = np.concatenate((limits, between[np.diff(limits) > 1], [reference]))
    bought = market_buyers + buy_lots.sum() - _lots_to(buy_price, buy_lots, prices, "left")
    sold = market_sellers + _lots_to(sell_price, sell_lots, prices, "right")
    volume, imbalance = np.minimum(bought, sold), bought - sold
    push = np.where(imbalance > 0, -prices, prices)
    best = int(np.lexsort((push, abs(prices - reference), abs(imbalance), -volume))[0])
    if volume[best] == 0:
        return None
    return AuctionPrice(int(prices[best]), int(volume[best]), int(imbalance[best]))


def _columns(orders: Sequence[tuple[int, int]]) -> tuple[Numbers, Numbers]:
    """Prices, rising, and lots."""
    import numpy as np

    rows = np.array(sorted(orders), dtype=np.int64).reshape(-1, 2)
    return rows[:, 0], rows[:, 1]


def _lots_to(price: Numbers, lots: Numbers, prices: Numbers, side: Literal["left", "right"]) -> Numbers:
    """Lots at less than each of `prices`, or with side "right" at no more."""
    import numpy as np

    return np.append(0, lots.cumsum())[np.searchsorted(price, prices, side)]
