"""What legs are worth before they end: by Black-Scholes, each leg with the volatility of its own strike and expiry.

The profit of legs that end at different moments is a model's even when the first of them ends, and is never exact:
each later option keeps its volatility (sticky strike), its forward moves in proportion to the underlying, and
exercise is European. Forwards and discount factors between two moments are those of today. Refuses moments after
which a leg has ended: what became of it depends on the path.

Source of the value: F. Black and M. Scholes, Journal of Political Economy 81 (1973) 637, on the forward (F. Black,
Journal of Financial Economics 3 (1976) 167).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from optionix_core.errors import DomainError, InvalidValueError, MissingDataError
from optionix_core.portfolio.strategies.payoff import check_priced

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from optionix_core.portfolio.strategies.values import Leg, Strategy
    from optionix_core.volatility.surface.surface import VolatilitySurface

    FloatArray = NDArray[np.float64]

MODEL = "black-scholes, each leg's own volatility"
REACH = 8.0
"""Standard deviations of the longest option beyond the strikes within which bounds and roots are looked for."""
_WIDEST = 50.0
_POINTS = 2001
_POINTS_BELOW = 41
_LOCAL = 161
_ZOOMS = 6
_NOISE = 1e-12
"""Change between neighbouring points, in units of the largest profit, that is rounding."""


class LegTerms(NamedTuple):
    """What the model knows about an option."""

    years: float
    """ACT/365 to its settlement; positive."""
    forward: float
    discount_factor: float
    volatility: float
    """Annualised, a fraction."""


@dataclass(frozen=True, slots=True)
class ModelTerms:
    """The underlying now and each leg's terms, along the strategy's legs."""

    spot: float
    legs: tuple[LegTerms | None, ...]
    """None for stock."""
    volatility_source: str
    """Where the volatilities come from, in words."""

    @property
    def nearest(self) -> float:
        """Years until the first option ends. DomainError where there is no option."""
        years = [terms.years for terms in self.legs if terms is not None]
        if not years:
            raise DomainError("stock alone never ends")
        return min(years)


class SummedGreeks(NamedTuple):
    """Sums over the legs, quantity and multiplier included, in natural units of money."""

    value: float
    """What the legs are worth now; negative where closing them costs money."""
    delta: float
    """Units of the underlying."""
    gamma: float
    vega: float
    """Per 1.00 of volatility."""
    theta: float
    """Per year."""
    rho: float
    """Per 1.00 of the rate."""


@dataclass(frozen=True, slots=True)
class ModelPayoff:
    """Profit and loss when the nearest expiry ends, in the model; floats, in money.

    Whether a side is bounded is told by the calls and the stock: where they do not cancel it is not. Where they do, the
    bounds are those within `between`, from zero to `REACH` standard deviations of the longest option above the
    strikes: further up nothing changes but what dividends take from a European option.
    """

    years: float
    """Until then."""
    max_gain: float | None
    """The most that can be made; None where unbounded."""
    max_loss: float | None
    """The most that can be lost, a positive amount; None where unbounded."""
    breakevens: tuple[float, ...]
    """Roots within `between`."""
    profitable: tuple[tuple[float, float | None], ...]
    """Intervals of positive profit; None is without end."""
    between: tuple[float, float]
    """Prices of the underlying, from zero."""


def flat_terms(
    strategy: Strategy, spot: float, years: tuple[float | None, ...], volatilities: tuple[float | None, ...],
    rate: float, dividend_yield: float,
) -> ModelTerms:  # fmt: skip
    """Terms by one rate and one dividend yield (continuously compounded); `years` and `volatilities` along the legs.

    Raises InvalidValueError for what is not positive or finite, MissingDataError for an option without a volatility.
    """
    for field, number in (("rate", rate), ("dividend_yield", dividend_yield)):
        if not math.isfinite(number):
            raise InvalidValueError(field, number, "finite")
    found: list[LegTerms | None] = []
    for row, (leg, t, volatility) in enumerate(zip(strategy.legs, years, volatilities, strict=True)):
        if leg.type == "stock":
            found.append(None)
            continue
        if volatility is None or t is None:
            missing = "time to expiry: neither expiry nor years is told" if t is None else "volatility"
            raise MissingDataError(f"leg {leg.label} has no {missing}")
        for field, number in (("spot", spot), ("years", t), ("volatility", volatility)):
            if not 0.0 < number < math.inf:
                raise InvalidValueError(field, number, "positive and finite", row)
        found.append(LegTerms(t, spot * math.exp((rate - dividend_yield) * t), math.exp(-rate * t), volatility))
    return ModelTerms(spot, tuple(found), "given")


def surface_terms(strategy: Strategy, surface: VolatilitySurface, years: tuple[float | None, ...]) -> ModelTerms:
    """Terms off a surface: volatility at each leg's strike, forward and discount factor of its expiry.

    Raises MissingDataError where the surface has no spot.
    """
    if surface.spot is None:
        raise MissingDataError(f"the surface of {surface.underlying} has no spot")
    found: list[LegTerms | None] = []
    for leg, t in zip(strategy.legs, years, strict=True):
        if leg.strike is None:
            found.append(None)
            continue
        if t is None:
            raise MissingDataError(f"leg {leg.label} has no time to expiry")
        volatility = float(surface.implied_volatility(float(leg.strike), t))
        found.append(LegTerms(t, float(surface.forward(t)), float(surface.discount_factor(t)), volatility))
    return ModelTerms(surface.spot, tuple(found), f"smile ({surface.model})")


def profit(strategy: Strategy, terms: ModelTerms, underlying: ArrayLike, elapsed: float) -> FloatArray:
    """Profit and loss in money after `elapsed` years at prices of the underlying (positive), of its shape.

    Options that end then are worth their intrinsic value. Raises InvalidValueError where a leg has ended before.
    """
    check_priced(strategy)
    S = np.asarray(underlying, dtype=np.float64)
    if not np.all((S > 0.0) & np.isfinite(S)):
        raise InvalidValueError("underlying", float(S.reshape(-1)[np.argmin((S > 0) & np.isfinite(S))]), "positive")
    if elapsed < 0.0 or any(one is not None and elapsed > one.years for one in terms.legs):
        raise InvalidValueError("elapsed", elapsed, "from 0 to the nearest expiry, in years")
    curve = _Curve(terms)
    total = np.zeros(S.shape)
    for leg, one in zip(strategy.legs, terms.legs, strict=True):
        total += float(leg.exposure) * (_worth(leg, one, curve, S, elapsed) - float(leg.price or 0))
    return total


def greeks(strategy: Strategy, terms: ModelTerms) -> SummedGreeks:
    """Value and Greeks of all legs now, summed."""
    from optionix_core.pricing import black_scholes

    totals = [0.0] * 6
    for leg, one in zip(strategy.legs, terms.legs, strict=True):
        size = float(leg.exposure)
        if one is None:
            totals[0] += size * terms.spot
            totals[1] += size
            continue
        rate = -math.log(one.discount_factor) / one.years
        carry = math.log(one.forward / terms.spot) / one.years
        found = black_scholes.greeks(
            leg.type, terms.spot, float(leg.strike or 0), one.years, rate, rate - carry, one.volatility
        )
        row = (found.price, found.delta, found.gamma, found.vega, found.theta, found.rho)
        totals = [total + size * float(number) for total, number in zip(totals, row, strict=True)]
    return SummedGreeks(*totals)


def at_nearest_expiry(strategy: Strategy, terms: ModelTerms) -> ModelPayoff:
    """Bounds and roots of the profit when the first option ends, found on a grid and refined to rounding."""
    elapsed = terms.nearest
    grid = _grid(strategy, terms, elapsed)
    values = profit(strategy, terms, grid, elapsed)
    nothing = _at_zero(strategy, terms, elapsed)
    most, least = max(float(values.max()), nothing), min(float(values.min()), nothing)
    for place in _turns(values):
        top = values[place] > values[place - 1]
        extreme = _zoomed(strategy, terms, elapsed, (float(grid[place - 1]), float(grid[place + 1])), top=top)
        most, least = max(most, extreme), min(least, extreme)
    slope = sum((leg.exposure for leg in strategy.legs if leg.type != "put"), Fraction(0))
    roots = _roots(strategy, terms, elapsed, grid, values)
    cuts = [0.0, *roots]
    middles = [*(0.5 * (a + b) for a, b in pairwise(cuts)), float(grid[-1])]
    signs = profit(strategy, terms, np.array(middles), elapsed) > 0.0
    uppers: list[float | None] = [*roots, None]
    return ModelPayoff(
        elapsed,
        None if slope > 0 else most,
        None if slope < 0 else -least,
        tuple(roots),
        tuple((low, high) for low, high, good in zip(cuts, uppers, signs.tolist(), strict=True) if good),
        (0.0, float(grid[-1])),
    )


class _Curve:
    """ln of growth and of discounting, linear between the legs' expiries from zero now."""

    def __init__(self, terms: ModelTerms) -> None:
        known = sorted({one.years: one for one in terms.legs if one is not None}.items())
        self._years = np.array([0.0, *(years for years, _ in known)])
        self._growth = np.array([0.0, *(math.log(one.forward / terms.spot) for _, one in known)])
        self._discount = np.array([0.0, *(math.log(one.discount_factor) for _, one in known)])

    def growth(self, start: float, end: float) -> float:
        """Forward for `end` seen at `start`, over the price then."""
        return math.exp(float(np.interp(end, self._years, self._growth) - np.interp(start, self._years, self._growth)))

    def discount(self, start: float, end: float) -> float:
        """Value at `start` of one unit paid at `end`."""
        low, high = np.interp([start, end], self._years, self._discount)
        return math.exp(float(high - low))


def _worth(leg: Leg, terms: LegTerms | None, curve: _Curve, S: FloatArray, elapsed: float) -> FloatArray:
    if terms is None:
        return S
    strike = float(leg.strike or 0)
    left = terms.years - elapsed
    if left == 0.0:
        return np.maximum(leg.sign * (S - strike), 0.0)
    from optionix_core.pricing import black_scholes

    growth, discount = curve.growth(elapsed, terms.years), curve.discount(elapsed, terms.years)
    found = black_scholes.forward_price(leg.sign, np.atleast_1d(S * growth), strike, left, discount, terms.volatility)
    return np.asarray(found).reshape(S.shape)


def _at_zero(strategy: Strategy, terms: ModelTerms, elapsed: float) -> float:
    """Profit with the underlying worth nothing: a put is worth its discounted strike, all else nothing."""
    curve = _Curve(terms)
    total = 0.0
    for leg, one in zip(strategy.legs, terms.legs, strict=True):
        worth = float(leg.strike or 0) * curve.discount(elapsed, one.years) if one and leg.type == "put" else 0.0
        total += float(leg.exposure) * (worth - float(leg.price or 0))
    return total


def _grid(strategy: Strategy, terms: ModelTerms, elapsed: float) -> FloatArray:
    strikes = [float(leg.strike) for leg in strategy.legs if leg.strike is not None]
    widest = max(one.volatility * math.sqrt(one.years) for one in terms.legs if one is not None)
    reach = min(math.exp(REACH * widest), _WIDEST)
    parts = [np.geomspace(min(strikes) / reach, max(strikes) * reach, _POINTS), np.array(strikes)]
    parts.append(parts[0][0] * np.linspace(0.0, 1.0, _POINTS_BELOW)[1:])  # hardly more than straight lines
    spread = np.linspace(-REACH, REACH, _LOCAL)
    for leg, one in zip(strategy.legs, terms.legs, strict=True):
        if one is not None and one.years > elapsed:
            unit = min(one.volatility * math.sqrt(one.years - elapsed), math.log(reach) / REACH)
            parts.append(float(leg.strike or 0) * np.exp(spread * unit))
    return np.unique(np.concatenate(parts))


def _turns(values: FloatArray) -> list[int]:
    rise = np.diff(values)
    rise[np.abs(rise) <= _NOISE * np.abs(values).max()] = 0.0
    found: list[int] = (1 + np.flatnonzero(rise[1:] * rise[:-1] < 0.0)).tolist()
    return found


def _zoomed(strategy: Strategy, terms: ModelTerms, elapsed: float, inner: tuple[float, float], *, top: bool) -> float:
    """Greatest (least) profit within a bracket that holds one turn; a kink at a strike is a point of the grid."""
    found = -math.inf if top else math.inf
    for _ in range(_ZOOMS):
        grid = np.linspace(*inner, 21)
        values = profit(strategy, terms, grid, elapsed)
        place = int(np.argmax(values) if top else np.argmin(values))
        found = max(found, float(values[place])) if top else min(found, float(values[place]))
        inner = (float(grid[max(place - 1, 0)]), float(grid[min(place + 1, 20)]))
    return found


def _roots(strategy: Strategy, terms: ModelTerms, elapsed: float, grid: FloatArray, values: FloatArray) -> list[float]:
    sign = np.concatenate([[0.0], np.sign(values), [0.0]])
    found = grid[(values == 0.0) & ((sign[:-2] != 0.0) | (sign[2:] != 0.0))].tolist()  # ends of level stretches
    places = np.flatnonzero(values[1:] * values[:-1] < 0.0)
    low, high = grid[places], grid[places + 1]
    rising = values[places + 1] > 0.0
    for _ in range(60 if places.size else 0):
        middle = 0.5 * (low + high)
        above = (profit(strategy, terms, middle, elapsed) > 0.0) == rising
        low, high = np.where(above, low, middle), np.where(above, middle, high)
    return sorted({*found, *(0.5 * (low + high)).tolist()})


def as_interval(low: Fraction, high: Fraction | None) -> tuple[float, float | None]:
    """An exact interval in floats."""
    return float(low), None if high is None else float(high)
