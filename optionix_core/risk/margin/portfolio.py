"""Portfolio margin in the TIMS style: the greatest loss of each product group over a range of prices.

FINRA Rule 4210(g) and Cboe Rule 10.4: ten equidistant valuation points, five below and five above the price, over a
range that depends on the class (-8% to +6% for broad indices of high capitalisation, 10% either way for others, 15%
for equities and narrow indices); volatilities are held. On one underlying gains and losses offset each other in full,
in a product group gains count in part, elsewhere not at all. Least is $0.375 times the multiplier per option, for
options held at most their value. The requirement stands against the net liquidation value: options are in it at
their value.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from optionix_core.errors import InvalidValueError
from optionix_core.risk.margin.book import MarginBook, MarginClass
from optionix_core.risk.margin.parameters import PortfolioParameters, shipped
from optionix_core.risk.margin.revalued import Rows, rows_of
from optionix_core.risk.margin.rules import Classified, classified

if TYPE_CHECKING:
    from numpy.typing import NDArray

    FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class GroupMargin:
    """Of one product group, or of an underlying that is in none."""

    name: str
    underlyings: tuple[str, ...]
    requirement: float
    """The larger of the next two."""
    greatest_loss: float
    """Zero where it cannot lose."""
    minimum: float
    worst: str
    """The valuation point of the greatest loss, such as `XYZ -15%`."""
    profits: tuple[float, ...]
    """P&L of the group along the valuation points, gains of one underlying against losses of another in part."""


@dataclass(frozen=True, slots=True)
class PortfolioMargin:
    """Of a book; money in its currency."""

    requirement: float
    groups: tuple[GroupMargin, ...]
    worst: str
    """The group that needs most and its worst scenario."""
    assumptions: tuple[str, ...]
    currency: str

    @property
    def regime(self) -> str:
        """`portfolio`."""
        return "portfolio"

    @property
    def requirement_net_of_premium(self) -> float:
        """The requirement itself: premiums are in the equity that it stands against."""
        return self.requirement

    @property
    def against_equity(self) -> float:
        """What the net liquidation value must reach."""
        return self.requirement

    @property
    def by_underlying(self) -> tuple[tuple[str, float], ...]:
        """By group, rather: requirements of one group cannot be told apart."""
        return tuple((group.name, group.requirement) for group in self.groups)


def portfolio_margin(
    book: MarginBook, parameters: PortfolioParameters | None = None, rows: Rows | None = None
) -> PortfolioMargin:
    """The sum over product groups of their greatest loss, or of their minimum where it is more.

    `rows`, made by `rows_of` from the same book, saves solving volatilities again. Raises MissingDataError for an
    option without volatility and price, and InvalidValueError for a class that the parameters have no range for.
    """
    parameters = shipped().portfolio if parameters is None else parameters
    known = classified(book)
    for position in book.positions:
        if known.classes[position.underlying] not in parameters.ranges or position.inverse:
            told = "coin" if position.inverse else str(known.classes[position.underlying])
            bound = "one that portfolio margin has a range for"
            raise InvalidValueError(f"margin class of position {position.id}", told, bound)
    rows = rows_of(book, known.classes) if rows is None else rows
    moves = {name: _points(known, name, parameters) for name in book.underlyings}
    profits = _profits(rows, moves, parameters)
    minimums = _minimums(rows, parameters)
    groups = tuple(
        _group(name, members, offset, profits, minimums, moves)
        for name, members, offset in _grouped(book.underlyings, parameters)
    )
    most = max(groups, key=lambda group: group.requirement, default=None)
    return PortfolioMargin(
        sum(group.requirement for group in groups),
        groups,
        "nothing is held" if most is None else f"{most.name}: {most.worst}",
        (*known.assumptions, *rows.assumptions),
        book.currency,
    )


def valuation_points(low: float, high: float, points: int = 10) -> FloatArray:
    """Moves as fractions, ascending: half of them equidistant down to `low`, half up to `high`; none is zero."""
    half = points // 2
    steps = np.arange(1, half + 1) / half
    return np.concatenate((low * steps[::-1], high * steps))


def _points(known: Classified, underlying: str, parameters: PortfolioParameters) -> FloatArray:
    low, high = parameters.ranges[known.classes[underlying]]
    leverage = known.leverages[underlying] if known.classes[underlying] is MarginClass.LEVERAGED else 1.0
    return valuation_points(max(-1.0, low * leverage), high * leverage, parameters.points)


def _profits(rows: Rows, moves: Mapping[str, FloatArray], parameters: PortfolioParameters) -> dict[str, FloatArray]:
    """P&L by underlying along its valuation points; where volatilities move, along all points at each of them."""
    shifts = (0.0,) if not parameters.volatility_shift else (-parameters.volatility_shift, parameters.volatility_shift)
    count = parameters.points * len(shifts)
    found = {name: np.zeros(count) for name in moves}
    if rows.positions:
        factors = np.stack([1.0 + moves[one.underlying] for one in rows.positions], axis=1)
        spots = np.maximum(np.tile(factors, (len(shifts), 1)) * rows.spot, 1e-6 * rows.spot)
        volatilities = np.repeat(1.0 + np.array(shifts), parameters.points)[:, np.newaxis] * rows.volatility
        changes = (rows.worth(spots, volatilities) - rows.base) * rows.units
        for at, position in enumerate(rows.positions):
            found[position.underlying] += changes[:, at]
    for share in rows.shares:
        found[share.underlying] += np.tile(moves[share.underlying], len(shifts)) * share.underlying_price * share.units
    return found


def _minimums(rows: Rows, parameters: PortfolioParameters) -> dict[str, float]:
    found: dict[str, float] = {}
    values = rows.base
    for at, position in enumerate(rows.positions):
        least = parameters.minimum_per_unit * abs(position.units)
        if position.quantity > 0:
            least = min(least, float(values[at]) * position.units)
        found[position.underlying] = found.get(position.underlying, 0.0) + least
    return found


def _grouped(underlyings: Sequence[str], parameters: PortfolioParameters) -> list[tuple[str, tuple[str, ...], float]]:
    left = list(underlyings)
    found = []
    for group in parameters.groups:
        members = tuple(name for name in left if name in group.members)
        if len(members) > 1:
            found.append((group.name, members, group.offset))
            left = [name for name in left if name not in members]
    return found + [(name, (name,), 1.0) for name in left]


def _group(
    name: str, members: tuple[str, ...], offset: float, profits: Mapping[str, FloatArray],
    minimums: Mapping[str, float], moves: Mapping[str, FloatArray],
) -> GroupMargin:  # fmt: skip
    own = np.stack([profits[member] for member in members])
    total = own[0] if len(members) == 1 else np.where(own > 0.0, offset * own, own).sum(axis=0)
    at = int(np.argmin(total))
    loss = max(0.0, -float(total[at]))
    minimum = sum(minimums.get(member, 0.0) for member in members)
    worst = _percent(members, moves, at) if loss >= minimum and loss > 0.0 else "the minimum per contract"
    return GroupMargin(name, members, max(loss, minimum), loss, minimum, worst, tuple(map(float, total)))


def _percent(members: tuple[str, ...], moves: Mapping[str, FloatArray], at: int) -> str:
    return ", ".join(f"{member} {100 * moves[member][at % len(moves[member])]:+.4g}%" for member in members)
