"""Profit and loss when all legs end at one moment: piecewise linear in the underlying, and exact.

Between zero, the strikes and infinity the profit is a straight line, so that its bounds lie at zero, at a strike or
beyond every strike, and each root is the quotient of two exact numbers. Refuses legs without a price, and legs of
several expiries: their worth when the first ends is a model's (see `model`).
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import TYPE_CHECKING

from optionix_core.errors import DomainError, InvalidValueError, MissingDataError
from optionix_core.portfolio.strategies.values import Strategy, exact_decimal

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import ArrayLike, NDArray

    FloatArray = NDArray[np.float64]

Interval = tuple[Fraction, Fraction | None]
"""Open interval of underlying prices; None is without end."""


@dataclass(frozen=True, slots=True)
class ExpiryPayoff:
    """Profit and loss at expiry in money, the legs' prices paid and received. Losses are negative in `value`."""

    strategy: Strategy
    nodes: tuple[Decimal, ...]
    """Zero and the strikes, ascending."""
    values: tuple[Decimal, ...]
    """Profit at each node."""
    slope: Fraction
    """Profit per unit of price above the last node."""
    max_gain: Decimal | None
    """The most that can be made; None where unbounded. Negative where even the best is a loss."""
    max_loss: Decimal | None
    """The most that can be lost, a positive amount; None where unbounded. Negative where even the worst is a gain."""
    breakevens: tuple[Fraction, ...]
    """Every price at which profit turns from zero, ascending: isolated roots, and ends of stretches without profit."""
    level: tuple[Interval, ...]
    """Stretches on which the profit is zero."""
    profitable: tuple[Interval, ...]
    """Stretches on which it is positive."""

    def value(self, underlying: Decimal) -> Decimal:
        """Profit at a price of the underlying (0 or more), exact."""
        if not underlying.is_finite() or underlying < 0:
            raise InvalidValueError("underlying", underlying, "0 or more")
        return exact_decimal(_profit(self.strategy, Fraction(underlying)))

    def curve(self, underlying: ArrayLike) -> FloatArray:
        """Profit at many prices (0 or more) in floating point, for pictures; of the shape of the argument."""
        import numpy as np

        S = np.asarray(underlying, dtype=np.float64)
        bad = np.flatnonzero(~((S >= 0.0) & np.isfinite(S)))
        if bad.size:
            row = int(bad[0])
            raise InvalidValueError("underlying", float(S.reshape(-1)[row]), "0 or more", row if S.ndim else None)
        nodes = [float(node) for node in self.nodes]
        found: FloatArray = np.interp(S, nodes, [float(value) for value in self.values])
        return found + float(self.slope) * np.maximum(S - nodes[-1], 0.0)


def at_expiry(strategy: Strategy) -> ExpiryPayoff:
    """The payoff of a strategy whose options end together.

    Raises MissingDataError for a leg without a price, DomainError where the legs have several expiries.
    """
    check_priced(strategy)
    if len(strategy.expiries) > 1:
        days = ", ".join(f"{day} {root}".strip() for day, root in strategy.expiries)
        raise DomainError(f"legs of several expiries ({days}) have no payoff without a model")
    nodes = sorted({Fraction(0), *(Fraction(leg.strike) for leg in strategy.legs if leg.strike is not None)})
    values = [_profit(strategy, node) for node in nodes]
    slope = sum((leg.exposure for leg in strategy.legs if leg.type != "put"), Fraction(0))
    signs = _Stretches(nodes, values, slope)
    return ExpiryPayoff(
        strategy,
        tuple(exact_decimal(node) for node in nodes),
        tuple(exact_decimal(value) for value in values),
        slope,
        None if slope > 0 else exact_decimal(max(values)),
        None if slope < 0 else exact_decimal(-min(values)),
        signs.roots,
        signs.of(0),
        signs.of(1),
    )


def check_priced(strategy: Strategy) -> None:
    """MissingDataError where a leg has no price."""
    for leg in strategy.legs:
        if leg.price is None:
            raise MissingDataError(f"leg {leg.label} has no price: what was paid for it is not known")


def cost(strategy: Strategy) -> Decimal:
    """Money paid for all legs together; negative where it was received. MissingDataError as `check_priced`."""
    check_priced(strategy)
    return exact_decimal(sum((leg.exposure * Fraction(leg.price or 0) for leg in strategy.legs), Fraction(0)))


def _profit(strategy: Strategy, underlying: Fraction) -> Fraction:
    return sum(
        (leg.exposure * (leg.intrinsic(underlying) - Fraction(leg.price or 0)) for leg in strategy.legs), Fraction(0)
    )


class _Stretches:
    """Where a piecewise linear function is negative, zero and positive."""

    def __init__(self, nodes: list[Fraction], values: list[Fraction], slope: Fraction) -> None:
        cuts = {nodes[0]}
        for (left, low), (right, high) in pairwise(zip(nodes, values, strict=True)):
            cuts.add(right)
            if low * high < 0:
                cuts.add(left - low * (right - left) / (high - low))
        if slope and -values[-1] / slope > 0:
            cuts.add(nodes[-1] - values[-1] / slope)
        self._signs: list[tuple[Fraction, Fraction | None, int]] = []
        places = sorted(cuts)

        def at(price: Fraction) -> Fraction:
            if price >= nodes[-1]:
                return values[-1] + slope * (price - nodes[-1])
            place = next(index for index, node in enumerate(nodes) if node > price)
            left, right = nodes[place - 1], nodes[place]
            return values[place - 1] + (values[place] - values[place - 1]) * (price - left) / (right - left)

        for left, right in pairwise(places):
            self._add(left, right, at((left + right) / 2))
        self._add(places[-1], None, at(places[-1] + 1))
        ends = {price for left, right, sign in self._signs if sign == 0 for price in (left, right) if price}
        zeros = {price for price in places if at(price) == 0}
        inner = {price for price in zeros if any(sign == 0 and left <= price and (right is None or price <= right)
                                                  for left, right, sign in self._signs)}  # fmt: skip
        self.roots = tuple(sorted((zeros - inner) | ends))
        """Isolated roots and ends of level stretches, those at zero left out."""

    def _add(self, left: Fraction, right: Fraction | None, value: Fraction) -> None:
        sign = (value > 0) - (value < 0)
        if self._signs and self._signs[-1][2] == sign == 0:
            left = self._signs.pop()[0]
        self._signs.append((left, right, sign))

    def of(self, sign: int) -> tuple[Interval, ...]:
        """Intervals of that sign; neighbours that touch at a root of the same sign on both sides stay apart."""
        joined: list[Interval] = []
        for left, right, found in self._signs:
            if found != sign:
                continue
            if joined and joined[-1][1] == left and left not in self.roots:
                joined[-1] = (joined[-1][0], right)
            else:
                joined.append((left, right))
        return tuple(joined)
