"""What the legs' books make of a combination, in whole units: the next units at one price.

Units are taken one after the other from the best offers of every leg, so each costs at least what the one before did;
the first units that cost the same are a run. Refuses part of a unit: a leg without enough lots gives no run.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from optionix_core.trading.matching.books import Books
from optionix_core.trading.matching.combinations import Combination, RestingCombination
from optionix_core.trading.matching.layout import PRICE_LIMIT, Phase


class Run(NamedTuple):
    """The next units, all at one price."""

    units: int
    cost: int
    """Ticks that one unit pays, below zero where it is paid."""
    limits: tuple[int, ...]
    """The worst price of each leg."""


def first_run(legs: Sequence[tuple[Iterable[tuple[int, int]], int]], most: int) -> Run | None:
    """The first units, at most `most`; a leg is its offers (price, lots), best first, and signed lots of one unit."""
    units, cost, limits = most, 0, []
    for offers, lots in legs:
        needed = abs(lots)
        best = worst = flat = taken = spent = 0
        for price, available in offers:
            if taken == 0:
                best = price
            if price == best:
                flat += available
            elif taken >= needed:
                break
            quantity = min(available, needed - taken)
            if quantity > 0:
                taken, spent, worst = taken + quantity, spent + quantity * price, price
            if flat >= needed * most:
                break
        if taken < needed:
            return None
        units = min(units, flat // needed)
        cost += spent if lots > 0 else -spent
        limits.append(worst)
    return Run(max(units, 1), cost, tuple(limits))


def leg_price(budget: int, others: int, lots: int) -> int:
    """The best price that a combination gives in one leg, where a unit may cost `budget` and its other legs `others`.

    `lots` of the leg are bought (above zero: the highest price it can pay) or sold (the lowest that it can take). What
    whole ticks leave over stays with the combination.
    """
    left = budget - others
    return left // lots if lots > 0 else -(left // -lots)


class Implied(NamedTuple):
    """What a resting combination offers in one leg."""

    resting: RestingCombination
    price: int
    """In the leg's ticks."""
    lots: int
    """Signed lots of the leg that the combination trades for one unit."""
    run: Run
    """Of the other legs."""


def offered(books: Books, lots: Iterable[tuple[int, int]], owner: int, most: int) -> Run | None:
    """The next units that the books give an owner for legs (book, signed lots)."""
    return first_run([(books.offered(book, -1 if n > 0 else 1, owner), n) for book, n in lots], most)


def is_open(books: Books, combination: Combination) -> bool:
    """Whether all its legs are."""
    return all(books.phase(leg.book) is Phase.OPEN for leg in combination.legs)


def implied_in_leg(
    books: Books,
    combinations: Sequence[Combination],
    resting: Iterable[RestingCombination],
    taker: tuple[int, int, int, int],
    limit: int,
) -> Implied | None:
    """The best that resting combinations offer a taker (book, side, lots, owner) within its limit."""
    book, side, quantity, owner = taker
    best: tuple[tuple[int, int], Implied] | None = None
    for one in resting:
        order, combination = one.order, combinations[one.order.combination]
        others = dict(combination.lots(order.side))
        mine = others.pop(book, 0)
        if mine * side >= 0 or quantity < abs(mine) or (owner and owner == order.owner):
            continue
        if not is_open(books, combination):
            continue
        run = offered(books, others.items(), order.owner, min(one.open_units, quantity // abs(mine)))
        if run is None:
            continue
        price = leg_price(order.side * order.price, run.cost, mine)
        rank = (side * price, one.arrival)
        if side * (price - limit) <= 0 and abs(price) < PRICE_LIMIT and (best is None or rank < best[0]):
            best = (rank, Implied(one, price, mine, run))
    return None if best is None else best[1]
