"""Boxes: two strikes of one expiry whose synthetic forwards disagree by more than bid and ask.

At each strike a call less a put of the same strike is a forward: sold at the call's bid and the put's ask, bought the
other way round. Selling it at one strike and buying it at another leaves a sure amount of cash at expiry, whatever the
price then, so that only the discount factor is needed and no forward: unlike `arbitrage`'s parity, which blames quotes
that disagree with the forward that most of the others tell. Each strike is set against the one where the forward is
cheapest. In coins (inverse options) the cash between two strikes is not a fixed number of coins, so that a box there
does stand on the forward. American options have no boxes: what is sold may be exercised at once.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

import numpy as np

from optionix_core.errors import InvalidValueError

if TYPE_CHECKING:
    from optionix_core.volatility.solved import SolvedSlice


@dataclass(frozen=True, slots=True)
class Box:
    """A forward that is sold at one strike and bought at another for less."""

    root: str
    expiry: date
    strike: float
    """Where call is sold and put is bought."""
    other: float
    """Where call is bought and put is sold."""
    severity: float
    """Sure profit per unit, discounted, in the unit of the quotes."""


def boxes(slices: Iterable[SolvedSlice], tolerance: float = 1e-9) -> tuple[Box, ...]:
    """The best box of every strike that has one above `tolerance` (unit of the quotes), the largest profit first.

    Quotes that were rejected take part in none. Raises InvalidValueError for a negative tolerance.
    """
    if not tolerance >= 0.0:
        raise InvalidValueError("tolerance", tolerance, "zero or more")
    found = [one for item in slices for one in _of_slice(item, tolerance)]
    return tuple(sorted(found, key=lambda one: (-one.severity, one.expiry, one.root, one.strike)))


def _of_slice(item: SolvedSlice, tolerance: float) -> list[Box]:
    source = item.source
    if item.forward is None or item.discount_factor is None or source.exercise == "american":
        return []
    both = np.flatnonzero(item.call.usable & item.put.usable)
    if both.size < 2:
        return []
    strike = source.strikes[both]
    cash = item.discount_factor * strike / (item.forward if source.inverse else 1.0)
    sold = source.call.bid[both] - source.put.ask[both] + cash
    bought = source.call.ask[both] - source.put.bid[both] + cash
    cheapest = int(np.argmin(bought))
    profit = sold - bought[cheapest]
    return [
        Box(source.root, source.expiry, float(strike[place]), float(strike[cheapest]), float(profit[place]))
        for place in np.flatnonzero(profit > tolerance).tolist()
    ]
