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
from optionix_core.portfolio.strategies.values import Strategy, check_number, exact_decimal

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
        check_number("underlying", underlying)
        if underlying < 0:
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
    nodes, values, slope = _corners(strategy)
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


def _corners(strategy: Strategy) -> tuple[list[Fraction], list[Fraction], Fraction]:
    """Zero and the strikes, the profit there, and the slope beyond: each option bends the line at its strike once."""
    bends: dict[Fraction, Fraction] = {}
    value, slope = -Fraction(cost(strategy)), Fraction(0)
    for leg in strategy.legs:
        strike = Fraction(leg.strike or 0)
        if leg.type == "stock":
            slope += leg.exposure
            continue
        bends[strike] = bends.get(strike, Fraction(0)) + leg.exposure
        if leg.type == "put":
            slope -= leg.exposure
            value += leg.exposure * strike
    nodes, values = [Fraction(0)], [value]
    for strike in sorted(bends):
        values.append(values[-1] + slope * (strike - nodes[-1]))
        nodes.append(strike)
        slope += bends[strike]
    return nodes, values, slope


class _Stretches:
    """Where a piecewise linear function is negative, zero and positive."""

    def __init__(self, nodes: list[Fraction], values: list[Fraction], slope: Fraction) -> None:
        points = [(nodes[0], values[0])]
        for right, high in zip(nodes[1:], values[1:], strict=True):
            left, low = points[-1]
            if low * high < 0:
                points.append((left - low * (right - left) / (high - low), Fraction(0)))
            points.append((right, high))
        last, end = points[-1]
        if end * slope < 0:
            points.append((last - end / slope, Fraction(0)))
        signs = [_sign(low + high) for (_, low), (_, high) in pairwise(points)]  # no stretch holds both signs
        signs.append(_sign(points[-1][1]) or _sign(slope))
        prices = [price for price, _ in points]
        self._stretches = list(zip(prices, [*prices[1:], None], signs, strict=True))
        before = [signs[0], *signs]
        self.roots = tuple(
            price for (price, value), left, right in zip(points, before, signs, strict=False)
            if value == 0 and (left or right)
        )  # fmt: skip
        """Isolated roots and ends of level stretches, those at zero left out."""

    def of(self, sign: int) -> tuple[Interval, ...]:
        """Intervals of that sign; two that touch at a root stay apart."""
        joined: list[Interval] = []
        for left, right, found in self._stretches:
            if found != sign:
                continue
            if joined and joined[-1][1] == left and left not in self.roots:
                joined[-1] = (joined[-1][0], right)
            else:
                joined.append((left, right))
        return tuple(joined)


def _sign(value: Fraction) -> int:
    return (value > 0) - (value < 0)
