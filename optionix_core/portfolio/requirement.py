"""What short options can cost at worst when they end: the cash that must stand behind them, exact and without a model.

Options and shares of one underlying that settle at one moment lose the most at zero, at a strike, or, where calls are
sold that nothing covers, without bound. A long option that ends later may stand for one that ends sooner at its
intrinsic value then (it can be exercised or sold; a European one may fetch a little less than that), and shares may
stand for calls at any moment; each contract stands in one place only, and the places are chosen so that the sum is
smallest. Long options and shares that cover nothing need nothing: they were paid for. Sold shares need margin.
Premiums are not in it: they are in the cash that it is held against.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from typing import Final, NamedTuple

from optionix_core.market.option_type import OptionType
from optionix_core.portfolio.exact import ZERO, exact_arithmetic


class Kind(NamedTuple):
    """What of an instrument decides what it pays."""

    underlying: str
    multiplier: Decimal
    """Units of the underlying per contract; one for shares."""
    expires_at: datetime | None = None
    """The settlement moment; None for shares."""
    option_type: OptionType | None = None
    """None for shares."""
    strike: Decimal = ZERO

    def pays(self, underlying: Decimal) -> Decimal:
        """For one contract, with the underlying at a price when it ends."""
        if self.option_type is None:
            return underlying * self.multiplier
        return max(ZERO, int(self.option_type) * (underlying - self.strike)) * self.multiplier

    @property
    def rises(self) -> Decimal:
        """Payment per unit of price above every strike."""
        return ZERO if self.option_type is OptionType.PUT else self.multiplier


@dataclass(frozen=True, slots=True)
class Requirement:
    """Of a book."""

    amount: Decimal
    """Cash that must stand behind what is sold and bounded, not negative."""
    unbounded: tuple[str, ...] = ()
    """Underlyings on which the loss has no bound; `amount` leaves them out."""


_REMEMBERED: Final = 4096
"""Books whose requirement is kept."""

Book = Mapping[Kind, Decimal]
"""Signed contracts, or shares, of each kind."""


def requirement(holdings: Iterable[tuple[Kind, Decimal]]) -> Requirement:
    """The smallest cash that covers the worst end of all that is held and sold, whatever the order of the rows."""
    with exact_arithmetic():
        books: dict[str, dict[Kind, Decimal]] = {}
        for kind, quantity in holdings:
            book = books.setdefault(kind.underlying, {})
            book[kind] = book.get(kind, ZERO) + quantity
        amount, unbounded = ZERO, []
        for underlying in sorted(books):
            need = _known(tuple((kind, books[underlying][kind]) for kind in sorted(books[underlying], key=_order)))
            if need is None:
                unbounded.append(underlying)
            else:
                amount += need
        return Requirement(amount, tuple(unbounded))


def worst(book: Book) -> Decimal | None:
    """The worst loss of what ends together, without premiums; zero where it cannot lose, None where without bound."""
    with exact_arithmetic():
        if sum((kind.rises * quantity for kind, quantity in book.items()), ZERO) < 0:
            return None
        corners = {ZERO} | {kind.strike for kind in book}
        return max(ZERO, *(-_value(book, price) for price in corners))


@lru_cache(maxsize=_REMEMBERED)
def _known(rows: tuple[tuple[Kind, Decimal], ...]) -> Decimal | None:
    """Of one underlying. An order leaves most books as they were, and its choices differ in one."""
    return _of_underlying(dict(rows))


def _of_underlying(book: Book) -> Decimal | None:
    sold = {kind: quantity for kind, quantity in book.items() if quantity < 0}
    if not sold:
        return ZERO
    ends = sorted({kind.expires_at for kind in sold if kind.expires_at is not None})
    if any(kind.expires_at is None for kind in sold):
        return None
    bought = [(kind, quantity) for kind, quantity in book.items() if quantity > 0]
    places = [[place for place, end in enumerate(ends) if _stands(kind, end)] for kind, _ in bought]
    groups = [{kind: quantity for kind, quantity in sold.items() if kind.expires_at == end} for end in ends]
    nearest = [{place[-1]: quantity} if place else {} for (_, quantity), place in zip(bought, places, strict=True)]
    found = _sum(groups, bought, nearest)
    if all(len(place) <= 1 for place in places):
        return found
    everywhere = [dict.fromkeys(place, quantity) for (_, quantity), place in zip(bought, places, strict=True)]
    least = _sum(groups, bought, everywhere)
    if least is None or least == found:
        return found
    chosen = _chosen(groups, bought, places)
    better = None if chosen is None else _sum(groups, bought, chosen)
    return min((need for need in (found, better) if need is not None), default=None)


def _order(kind: Kind) -> tuple[bool, float, int, Decimal, Decimal]:
    moment = 0.0 if kind.expires_at is None else kind.expires_at.timestamp()
    return kind.expires_at is None, moment, int(kind.option_type or 0), kind.strike, kind.multiplier


def _stands(kind: Kind, end: datetime) -> bool:
    return kind.expires_at is None or kind.expires_at >= end


def _value(book: Book, price: Decimal) -> Decimal:
    return sum((kind.pays(price) * quantity for kind, quantity in book.items()), ZERO)


def _sum(
    groups: Sequence[Book], bought: Sequence[tuple[Kind, Decimal]], places: Sequence[Mapping[int, Decimal]]
) -> Decimal | None:
    """The worst losses of all groups together, each long standing as `places` says."""
    total = ZERO
    for place, group in enumerate(groups):
        covers = {kind: chosen[place] for (kind, _), chosen in zip(bought, places, strict=True) if place in chosen}
        need = worst({**group, **covers})
        if need is None:
            return None
        total += need
    return total


def _chosen(
    groups: Sequence[Book], bought: Sequence[tuple[Kind, Decimal]], places: Sequence[Sequence[int]]
) -> list[dict[int, Decimal]] | None:
    """Where each whole contract stands so that the sum is smallest; None where no choice bounds the loss.

    A mixed integer programme: contracts of each long in each group, and the loss of each group above its loss at every
    corner. The solver works in floating point; what it chooses is whole numbers, and is valued exactly.
    """
    import numpy as np
    from scipy.optimize import Bounds, LinearConstraint, milp

    cells = [(row, place) for row, allowed in enumerate(places) for place in allowed]
    width = len(cells) + len(groups)
    rows: list[list[float]] = []
    least: list[float] = []
    for row, (_, quantity) in enumerate(bought):
        rows.append([-1.0 if cell[0] == row else 0.0 for cell in cells] + [0.0] * len(groups))
        least.append(-float(int(quantity)))
    for place, group in enumerate(groups):
        rows.append([float(bought[row][0].rises) if at == place else 0.0 for row, at in cells] + [0.0] * len(groups))
        least.append(float(-sum((kind.rises * quantity for kind, quantity in group.items()), ZERO)))
        corners = {ZERO} | {kind.strike for kind in group}
        corners |= {bought[row][0].strike for row, at in cells if at == place}
        for price in sorted(corners):
            pays = [float(bought[row][0].pays(price)) if at == place else 0.0 for row, at in cells]
            rows.append(pays + [1.0 if other == place else 0.0 for other in range(len(groups))])
            least.append(float(-_value(group, price)))
    found = milp(
        np.array([0.0] * len(cells) + [1.0] * len(groups)),
        integrality=np.array([1] * len(cells) + [0] * len(groups)),
        bounds=Bounds(np.zeros(width), np.full(width, np.inf)),
        constraints=LinearConstraint(np.array(rows), np.array(least), np.full(len(rows), np.inf)),
        options={"mip_rel_gap": 0.0},
    )
    if found.x is None:
        return None
    chosen: list[dict[int, Decimal]] = [{} for _ in bought]
    for (row, place), contracts in zip(cells, found.x[: len(cells)], strict=True):
        if round(contracts) > 0:
            chosen[row][place] = Decimal(round(contracts))
    return chosen
