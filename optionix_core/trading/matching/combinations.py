"""Combinations as one order: legs in whole ratios at one net price, and what tells of them.

Refuses a combination of fewer than two legs, of one book twice, of a ratio of zero, or of ratios with a common factor
(2:-2 is 1:-1 at half the price).
"""

from __future__ import annotations

from dataclasses import dataclass
from math import gcd
from typing import NamedTuple

from optionix_core.errors import InvalidValueError
from optionix_core.trading.matching.layout import QUANTITY_LIMIT, EventKind, FillModel, Reason

RATIO_LIMIT = 1_000


class Leg(NamedTuple):
    """One leg of one unit."""

    book: int
    ratio: int
    """Lots that who buys the combination buys (above zero) or sells (below)."""


@dataclass(frozen=True, slots=True)
class Combination:
    """What can be bought or sold as one; one unit is every leg's ratio of lots."""

    legs: tuple[Leg, ...]

    def __post_init__(self) -> None:
        if len(self.legs) < 2:
            raise InvalidValueError("legs", len(self.legs), "at least 2")
        books = [leg.book for leg in self.legs]
        for row, leg in enumerate(self.legs):
            if leg.ratio == 0 or abs(leg.ratio) > RATIO_LIMIT:
                raise InvalidValueError("ratio", leg.ratio, f"from -{RATIO_LIMIT} to {RATIO_LIMIT} and not zero", row)
            if books.index(leg.book) != row:
                raise InvalidValueError("book", leg.book, "another than those of the legs before", row)
        common = gcd(*(leg.ratio for leg in self.legs))
        if common > 1:
            ratios = [leg.ratio for leg in self.legs]
            raise InvalidValueError("ratios", ratios, f"without the common factor {common}")

    def lots(self, side: int) -> tuple[tuple[int, int], ...]:
        """Books and signed lots of one unit for who buys (side +1) or sells (-1) it."""
        return tuple((leg.book, side * leg.ratio) for leg in self.legs)


class CombinationOrder(NamedTuple):
    """An order for units of a combination."""

    handle: int
    """Unique among working orders, those of the legs' books among them."""
    combination: int
    side: int
    """+1 buys one unit's legs as they stand, -1 the opposite."""
    price: int
    """Net ticks for one unit: the sum of ratio times price of the legs, below zero where the buyer is paid."""
    units: int
    owner: int = 0
    flags: int = 0
    """Zero, IMMEDIATE, FILL_OR_KILL or POST_ONLY."""


class RestingCombination(NamedTuple):
    """A combination order that works."""

    order: CombinationOrder
    open_units: int
    arrival: int
    """Number of the event that gave it its place."""


class LegFill(NamedTuple):
    """What one leg of a fill of a combination traded."""

    book: int
    side: int
    """Of the combination's order in this leg."""
    price: int
    lots: int
    against: int
    """Handle of the other order; zero the outside market."""
    model: FillModel


class CombinationEvent(NamedTuple):
    """What happened to a combination order. Units of a fill have all their legs in `legs`."""

    kind: EventKind
    sequence: int
    time: int
    handle: int
    side: int
    price: int
    """Net ticks for one unit: of a fill, what the legs came to."""
    units: int
    remaining: int
    against: int
    """Of a fill, the other combination's or the leg order's handle; zero where the legs' books were met."""
    legs: tuple[LegFill, ...]
    model: FillModel | None
    reason: Reason | None


def check_order(order: CombinationOrder, combinations: int) -> None:
    """Raise InvalidValueError for the first field out of bounds."""
    price_bound = 2**48
    if not 0 <= order.combination < combinations:
        raise InvalidValueError("combination", order.combination, f"from 0 to {combinations - 1}")
    if not 1 <= order.handle <= 2**62:
        raise InvalidValueError("handle", order.handle, "from 1 to 2^62")
    if order.side not in (1, -1):
        raise InvalidValueError("side", order.side, "1 to buy or -1 to sell")
    if not 1 <= order.units <= QUANTITY_LIMIT // RATIO_LIMIT:
        raise InvalidValueError("units", order.units, f"from 1 to {QUANTITY_LIMIT // RATIO_LIMIT}")
    if abs(order.price) > price_bound:
        raise InvalidValueError("price", order.price, f"from -{price_bound} to {price_bound}")
    if order.owner < 0:
        raise InvalidValueError("owner", order.owner, "0 or above")
    if order.flags not in (0, 1, 2, 4):
        raise InvalidValueError("flags", order.flags, "0, or one of IMMEDIATE, FILL_OR_KILL, POST_ONLY")
