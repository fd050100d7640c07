"""What a model is calibrated to: volatilities by log-moneyness and time, each with a weight.

From prices, each with a forward and a discount factor of its own; from the judged quotes of a chain, whose weights are
the inverse squares of their spreads; or from the smiles of a surface. Refuses what has no volatility: a price at or
beyond its bounds, an option that has expired, a nan. Nothing is left out in silence: the first row at fault is named.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from optionix_core.errors import InvalidValueError
from optionix_core.pricing import _arrays
from optionix_core.pricing.implied_volatility import implied_volatility_with_status
from optionix_core.pricing.status import VolatilityStatus

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from optionix_core.volatility.surface.quotes import SliceQuotes
    from optionix_core.volatility.surface.surface import VolatilitySurface

    FloatArray = NDArray[np.float64]

FIELDS = ("spot", "strikes", "expiries", "option_types", "prices", "rate", "dividend_yield", "weights")
LARGEST = 1e140
NARROWEST_SPREAD = 1e-4
"""Volatility: a spread below this counts as this, so that no quote takes all the weight."""
SEVERAL = 2
"""Points that a smile needs."""
LEAST_TIME_VALUE = 1e-12
"""Of an option out of the money, over the forward: less is rounding."""


@dataclass(frozen=True, slots=True, eq=False)
class CalibrationQuotes:
    """Arrays of shape (quotes,), in the caller's order. `of_prices`, `of_slices` and `of_surface` check them."""

    years: FloatArray
    """Positive."""
    forward: FloatArray
    strike: FloatArray
    log_moneyness: FloatArray
    """ln(K / F)."""
    sign: FloatArray
    """+1 for a call, -1 for a put."""
    volatility: FloatArray
    """What the market says, a fraction per root year."""
    weight: FloatArray
    """What the square of an error in volatility counts, zero or more; one on average."""

    @property
    def count(self) -> int:
        """How many quotes."""
        return self.years.size

    @property
    def used(self) -> int:
        """How many of them have a weight."""
        return int(np.count_nonzero(self.weight))

    def require(self, parameters: int) -> None:
        """Raise InvalidValueError where fewer quotes have a weight than there are parameters."""
        if self.used < parameters:
            raise InvalidValueError("quotes", f"{self.used} with a weight", f"at least {parameters}, one a parameter")


def of_prices(
    spot: ArrayLike,
    strikes: ArrayLike,
    expiries: ArrayLike,
    option_types: object,
    prices: ArrayLike,
    rate: ArrayLike,
    dividend_yield: ArrayLike,
    weights: ArrayLike | None = None,
) -> CalibrationQuotes:
    """Quotes from present values. Arguments broadcast; rates continuously compounded, expiries in years.

    Raises InvalidValueError naming the argument, its value, its bound and the row.
    """
    columns = _columns((spot, strikes, expiries, option_types, prices, rate, dividend_yield), weights)
    spots, strike, years, sign, price, rates, yields, weight = columns
    for name, values, low, high, bound in (
        ("spot", spots, 1.0 / LARGEST, LARGEST, "positive and finite"),
        ("strikes", strike, 1.0 / LARGEST, LARGEST, "positive and finite"),
        ("expiries", years, 1e-9, 1e6, "positive, at most 1e6 years"),
        ("prices", price, 0.0, LARGEST, "zero or more and finite"),
        ("rate", rates, -1e3, 1e3, "a finite number from -1000 to 1000"),
        ("dividend_yield", yields, -1e3, 1e3, "a finite number from -1000 to 1000"),
        ("weights", weight, 0.0, LARGEST, "zero or more and finite"),
    ):
        _check(name, values, (values >= low) & (values <= high), bound)
    _check("option_types", sign, np.abs(sign) == 1.0, '"call" (+1) or "put" (-1)')
    _check("rate", rates, np.abs(rates * years) <= 300.0, "within 300 in size once multiplied by expiry")
    _check("dividend_yield", yields, np.abs(yields * years) <= 300.0, "within 300 in size once multiplied by expiry")
    solved = implied_volatility_with_status(sign, price, spots, strike, years, rates, yields)
    forward = spots * np.exp((rates - yields) * years)
    _refuse_without_volatility(price, solved.status, sign, strike, forward, np.exp(-rates * years))
    return CalibrationQuotes(
        years, forward, strike, np.log(strike / forward), sign, np.asarray(solved.value), _on_average_one(weight)
    )


def of_slices(slices: Sequence[SliceQuotes], *, equal: bool = False) -> CalibrationQuotes:
    """Quotes from those of `surface.quotes`: the middle's volatility, weighted by the inverse square of the spread.

    Half the spread in volatility, at least `NARROWEST_SPREAD`; `equal` weighs all the same. Quotes at and above the
    forward are calls. Raises InvalidValueError where there is none.
    """
    if not slices:
        raise InvalidValueError("slices", "none", "at least one expiry")
    for place, item in enumerate(slices):
        if not (item.forward > 0.0 and np.isfinite(item.forward)):
            raise InvalidValueError("forward", item.forward, "positive and finite", place)
    years = np.concatenate([np.full(item.count, item.years) for item in slices])
    forward = np.concatenate([np.full(item.count, item.forward) for item in slices])
    k, bid, ask, middle = (
        np.concatenate([getattr(item, name) for item in slices]) for name in ("log_moneyness", "bid", "ask", "middle")
    )
    volatility = np.sqrt(middle / years)
    half = 0.5 * (np.sqrt(ask / years) - np.sqrt(bid / years))
    weight = np.ones(k.size) if equal else np.maximum(half, NARROWEST_SPREAD) ** -2.0
    sign = np.where(k >= 0.0, 1.0, -1.0)
    return CalibrationQuotes(years, forward, forward * np.exp(k), k, sign, volatility, _on_average_one(weight))


def of_surface(
    surface: VolatilitySurface, points: int = 15, reach: tuple[float, float] = (-2.5, 1.5)
) -> CalibrationQuotes:
    """Quotes from the smiles of a surface: `points` an expiry, evenly over `reach` standard deviations, equal weights.

    Raises InvalidValueError for fewer than two points or a reach that is not ascending.
    """
    if points < SEVERAL:
        raise InvalidValueError("points", points, f"at least {SEVERAL}")
    if not reach[0] < reach[1]:
        raise InvalidValueError("reach", reach, "ascending")
    columns = []
    for item in surface.slices:
        k = np.linspace(*reach, points) * item.deviation
        years, forward = np.full(points, item.years), np.full(points, item.forward)
        volatility = np.sqrt(item.smile.total_variance(k) / item.years)
        sign, one = np.where(k >= 0.0, 1.0, -1.0), np.ones(points)
        columns.append((years, forward, item.forward * np.exp(k), k, sign, volatility, one))
    return CalibrationQuotes(*(np.concatenate(column) for column in zip(*columns, strict=True)))


def _columns(values: tuple[object, ...], weights: ArrayLike | None) -> list[FloatArray]:
    given = (*values, 1.0 if weights is None else weights)
    arrays = []
    for name, value in zip(FIELDS, given, strict=True):
        if name == "option_types":
            try:
                array = _arrays.signs(value)
            except InvalidValueError as error:
                raise InvalidValueError(name, error.value, error.bound, error.row) from error
        else:
            try:
                array = np.asarray(value, dtype=np.float64)
            except (TypeError, ValueError) as error:
                raise InvalidValueError(name, repr(value), "numbers") from error
        arrays.append(array)
    shapes = {array.shape for array in arrays if array.ndim}
    try:
        shape = np.broadcast_shapes(*shapes)
    except ValueError as error:
        told = ", ".join(f"{name} {array.shape}" for name, array in zip(FIELDS, arrays, strict=True) if array.ndim)
        raise InvalidValueError("shapes", told, "the same, or broadcastable against each other") from error
    if not shape:
        raise InvalidValueError("quotes", "a single one", "arrays of several")
    return [np.ascontiguousarray(np.broadcast_to(array, shape)).reshape(-1) for array in arrays]


def _check(name: str, values: FloatArray, good: NDArray[np.bool_], bound: str) -> None:
    if not good.all():
        row = int(np.flatnonzero(~good)[0])
        raise InvalidValueError(name, float(values[row]), bound, row)


def _refuse_without_volatility(
    price: FloatArray,
    status: NDArray[np.int8],
    sign: FloatArray,
    strike: FloatArray,
    forward: FloatArray,
    discount: FloatArray,
) -> None:
    floors = discount * np.maximum(sign * (forward - strike), 0.0)
    small = price - floors < LEAST_TIME_VALUE * discount * forward
    bad = np.flatnonzero((np.asarray(status) != VolatilityStatus.OK) | small)
    if not bad.size:
        return
    row = int(bad[0])
    floor = float(floors[row])
    ceiling = float(discount[row] * (forward[row] if sign[row] > 0.0 else strike[row]))
    value = float(price[row])
    if floor < value < ceiling:
        words = f"above {floor:.10g}, the intrinsic value, by at least {LEAST_TIME_VALUE:g} of the forward"
        raise InvalidValueError("prices", value, words, row)
    words = f"above {floor:.10g}, the intrinsic value, by a time value, and below {ceiling:.10g}"
    raise InvalidValueError("prices", value, words, row)


def _on_average_one(weight: FloatArray) -> FloatArray:
    total = float(weight.sum())
    if not total > 0.0:
        raise InvalidValueError("weights", total, "positive in sum")
    found: FloatArray = weight * (weight.size / total)
    return found
