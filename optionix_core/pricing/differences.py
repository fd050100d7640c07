"""Derivatives of prices that only come as numbers, by interpolation: one means of Greeks for every closed form.

Along each direction the price is taken at Chebyshev points of an interval around (or, beside an edge, next to) the
point, and the interpolating polynomial is differentiated: for analytic prices that converges geometrically. Intervals
shrink until the polynomial's last coefficients are rounding, or no further; of all tried the one of least error is kept
for each row, and that error is handed out beside the derivative. A price with a kink at the point itself has no
derivative there: the error then is of the size of the value. Intervals never leave the domain that the caller names,
so that barriers, extremes, expiry and zero volatility are approached from one side.

L. N. Trefethen, "Approximation Theory and Approximation Practice" (2013), chapters 8 and 21. Refuses to smooth noise:
prices from paths need common random numbers or pathwise derivatives instead.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from optionix_core.errors import InvalidValueError, UnknownNameError

FloatArray = NDArray[np.float64]
Price: TypeAlias = Callable[..., Any]
Value: TypeAlias = Any
"""A float where no argument has a dimension, else a float64 array of the broadcast shape."""

POINTS = 22
SHRINKS = 9
FACTOR = 3.0
AXES = ("spot", "expiry", "rate", "dividend_yield", "volatility")
FLOORS = {"spot": 1e-140, "expiry": 0.0, "volatility": 0.0}

_ANGLES = (np.arange(POINTS) + 0.5) * np.pi / POINTS
NODES = np.cos(_ANGLES)
_TO_COEFFICIENTS = np.cos(np.outer(np.arange(POINTS), _ANGLES)) * (2.0 - (np.arange(POINTS) == 0)[:, None]) / POINTS


class FiniteGreeks(NamedTuple):
    """Price and derivatives in natural units, as `black_scholes.Greeks` has them. None where not asked for."""

    price: Value = None
    delta: Value = None
    """In spot."""
    gamma: Value = None
    """Twice in spot."""
    vega: Value = None
    """In volatility, per 1.00 of it."""
    theta: Value = None
    """In calendar time, per year: all dates come nearer together."""
    rho: Value = None
    """In rate, per 1.00 of it."""
    epsilon: Value = None
    """In dividend yield, per 1.00 of it."""
    vanna: Value = None
    """Delta in volatility."""
    volga: Value = None
    """Vega in volatility."""


class Differentiated(NamedTuple):
    """What `finite_greeks` hands out."""

    greeks: FiniteGreeks
    errors: FiniteGreeks
    """Estimated absolute error of each: the larger of what rounding and what interpolation leaves."""


class Derivatives(NamedTuple):
    """First and second derivative along a direction, with estimated absolute errors."""

    first: FloatArray
    second: FloatArray
    first_error: FloatArray
    second_error: FloatArray


def derivatives(
    function: Callable[[FloatArray], ArrayLike],
    scale: ArrayLike,
    low: ArrayLike = -np.inf,
    high: ArrayLike = np.inf,
    precision: float = 2e-16,
) -> Derivatives:
    """Derivatives of `function` at zero, along a line.

    `function` takes offsets of shape (points, *rows) and returns values of that shape. `scale` is the first half width
    tried, a length over which the price is smooth; `low` <= 0 <= `high` bound the offsets. `precision` is the relative
    error of the values. Raises InvalidValueError where the interval has no length.
    """
    scale, low, high = np.broadcast_arrays(*(np.asarray(each, dtype=np.float64) for each in (scale, low, high)))
    empty = ~((low <= 0.0) & (high >= 0.0) & (high > low) & (scale > 0.0) & np.isfinite(scale))
    if empty.any():
        row = int(np.flatnonzero(empty.ravel())[0])
        got = f"scale {scale.ravel()[row]!r} within {low.ravel()[row]!r} to {high.ravel()[row]!r}"
        raise InvalidValueError("interval", got, "positive, around or beside zero", row if empty.ndim else None)
    best = [np.zeros_like(scale), np.zeros_like(scale), np.full_like(scale, np.inf), np.full_like(scale, np.inf)]
    for shrink in range(SHRINKS):
        half = scale * FACTOR**-shrink
        begin, end = np.maximum(low, -half), np.minimum(high, half)
        centre, radius = 0.5 * (begin + end), 0.5 * (end - begin)
        offsets = centre + radius * NODES.reshape(-1, *(1,) * scale.ndim)
        values = np.asarray(function(offsets), dtype=np.float64)
        found, converged = _differentiated(values, -centre / radius, radius, precision)
        for order in (0, 1):
            better = found[order + 2] < best[order + 2]
            best[order] = np.where(better, found[order], best[order])
            best[order + 2] = np.where(better, found[order + 2], best[order + 2])
        if converged.all():
            break
    return Derivatives(*best)


def _differentiated(
    values: FloatArray, at: FloatArray, radius: FloatArray, precision: float
) -> tuple[list[FloatArray], NDArray[np.bool_]]:
    """Derivatives of the interpolant at `at` in [-1, 1], their errors, and whether only rounding is left."""
    coefficients = np.tensordot(_TO_COEFFICIENTS, values, axes=1)
    before, now = np.zeros_like(at), np.ones_like(at)
    slopes = (np.zeros_like(at), np.zeros_like(at))
    bends = (np.zeros_like(at), np.zeros_like(at))
    first, second = np.zeros_like(at), np.zeros_like(at)
    slope_square, bend_square = np.zeros_like(at), np.zeros_like(at)
    for n in range(1, POINTS):
        factor = 1.0 if n == 1 else 2.0
        before, now = now, factor * at * now - (before if n > 1 else 0.0)
        slopes = slopes[1], factor * (before + at * slopes[1]) - slopes[0]
        bends = bends[1], factor * (2.0 * slopes[0] + at * bends[1]) - bends[0]
        first += coefficients[n] * slopes[1]
        second += coefficients[n] * bends[1]
        slope_square += slopes[1] ** 2
        bend_square += bends[1] ** 2
    rounding = precision * np.max(np.abs(values), axis=0)
    tail = np.max(np.abs(coefficients[-3:]), axis=0)
    level = 5.0 * np.maximum(tail, rounding)
    errors = [level * np.sqrt(slope_square) / radius, level * np.sqrt(bend_square) / radius**2]
    return [first / radius, second / radius**2, *errors], tail <= 2.0 * rounding


def finite_greeks(
    price: Price,
    *,
    spot: ArrayLike,
    expiry: ArrayLike,
    rate: ArrayLike,
    dividend_yield: ArrayLike,
    volatility: ArrayLike,
    names: Sequence[str] | None = None,
    edges: Mapping[str, tuple[ArrayLike, ArrayLike]] | None = None,
    precision: float = 2e-16,
) -> Differentiated:
    """Greeks of `price(spot=, expiry=, rate=, dividend_yield=, volatility=)`, which must take arrays that broadcast.

    `names`: a subset of the fields of `FiniteGreeks`. `edges` bounds what the price may be asked for, as inclusive
    (lowest, highest) of any of the five arguments: `{"spot": (barrier, inf)}` above a barrier. Spot, expiry and
    volatility are bounded by zero anyhow. Contracts with further dates move them with `expiry` inside `price`
    (`start + (T - expiry)` for T asked) and name as lowest expiry the one at which the first date is now.
    `precision`: relative error of the price, 2e-16 for closed forms. Raises what `price` raises.
    """
    asked = FiniteGreeks._fields if names is None else tuple(names)
    for name in asked:
        if name not in FiniteGreeks._fields:
            raise UnknownNameError("Greek", name, FiniteGreeks._fields)
    point = dict(zip(AXES, _floats(spot, expiry, rate, dividend_yield, volatility), strict=True))
    lines = _Lines(price, point, dict(edges or {}), precision)
    values: dict[str, FloatArray] = {}
    errors: dict[str, FloatArray] = {}
    if "price" in asked:
        values["price"] = lines.price()
        errors["price"] = precision * np.abs(values["price"])
    for axis, one, two, sign in (
        ("spot", "delta", "gamma", 1.0),
        ("volatility", "vega", "volga", 1.0),
        ("expiry", "theta", "", -1.0),
        ("rate", "rho", "", 1.0),
        ("dividend_yield", "epsilon", "", 1.0),
    ):
        if one in asked or two in asked:
            along = lines.along({axis: 1.0})
            values[one], errors[one] = sign * along.first, along.first_error
            values[two], errors[two] = along.second, along.second_error
    if "vanna" in asked:
        together, against = (
            lines.along({"spot": 1.0, "volatility": 1.0}),
            lines.along({"spot": 1.0, "volatility": -1.0}),
        )
        unit = 4.0 * lines.scales["spot"] * lines.scales["volatility"]
        values["vanna"] = (together.second - against.second) / unit
        errors["vanna"] = (together.second_error + against.second_error) / unit
    return Differentiated(_shown(values, asked), _shown(errors, asked))


def _floats(*values: ArrayLike) -> list[FloatArray]:
    arrays = np.broadcast_arrays(*(np.asarray(value, dtype=np.float64) for value in values))
    return [np.array(array) for array in arrays]


def _shown(values: Mapping[str, FloatArray], asked: Sequence[str]) -> FiniteGreeks:
    return FiniteGreeks(**{name: values[name][()] if values[name].ndim else float(values[name]) for name in asked})


class _Lines:
    """The price along straight lines through the point; two axes at once are measured in their scales."""

    def __init__(
        self,
        price: Price,
        point: dict[str, FloatArray],
        edges: dict[str, tuple[ArrayLike, ArrayLike]],
        precision: float,
    ) -> None:
        self._price = price
        self._point = point
        self._precision = precision
        self._bounds: dict[str, tuple[FloatArray, FloatArray]] = {}
        for axis, value in point.items():
            low, high = edges.pop(axis, (-np.inf, np.inf))
            lowest = np.maximum(np.asarray(low, dtype=np.float64), FLOORS.get(axis, -np.inf))
            self._bounds[axis] = lowest - value, np.asarray(high, dtype=np.float64) - value
        if edges:
            raise UnknownNameError("argument", next(iter(edges)), AXES)
        self.scales = _scales(**point)

    def price(self) -> FloatArray:
        return np.asarray(self._price(**self._point), dtype=np.float64)

    def along(self, direction: Mapping[str, float]) -> Derivatives:
        """Derivatives in an axis' own unit, or in multiples of both scales where the direction has two axes."""
        alone = len(direction) == 1
        steps = {axis: sign * (1.0 if alone else self.scales[axis]) for axis, sign in direction.items()}
        low, high = np.asarray(-np.inf), np.asarray(np.inf)
        for axis, step in steps.items():
            ends = [bound / step for bound in self._bounds[axis]]
            low, high = np.maximum(low, np.minimum(*ends)), np.minimum(high, np.maximum(*ends))
        scale = self.scales[next(iter(direction))] if alone else np.ones_like(self._point["spot"])

        def function(offsets: FloatArray) -> ArrayLike:
            moved = dict(self._point)
            for axis, step in steps.items():
                moved[axis] = np.clip(moved[axis] + step * offsets, *self._limits(axis))
            values: ArrayLike = self._price(**moved)
            return values

        return derivatives(function, scale, low, high, self._precision)

    def _limits(self, axis: str) -> tuple[FloatArray, FloatArray]:
        low, high = self._bounds[axis]
        return low + self._point[axis], high + self._point[axis]


def _scales(
    spot: FloatArray, expiry: FloatArray, rate: FloatArray, dividend_yield: FloatArray, volatility: FloatArray
) -> dict[str, FloatArray]:
    """Lengths over which a lognormal price is smooth: Gaussian in ln(spot) and in rates, singular at no time or none.

    No larger than that, since intervals only shrink; what is flat or linear is as good on any.
    """
    deviation = volatility * np.sqrt(expiry)
    life = np.maximum(expiry, 1e-6)
    drift = np.clip(np.where(deviation > 0.0, deviation, 1.0), 1e-3, 1.0) / np.maximum(life, 1e-3)
    return {
        "spot": spot * np.clip(deviation, 1e-3, 0.5),
        "expiry": np.maximum(0.35 * expiry, 1e-3),
        "rate": drift + 0.0 * rate,
        "dividend_yield": drift + 0.0 * dividend_yield,
        "volatility": np.maximum(0.35 * volatility, 0.01),
    }
