"""Tables of American options with discrete dividends: what the grid's value adds to the escrowed European price.

One backward recursion on the grid of `pricing._american_grid` gives a value at every spot, so that a table costs a few
recursions: one at each Chebyshev point of volatility, and of rate and yield where these move. What is tabled is the
difference from the European price with escrowed dividends, which carries the curvature at the strike; it is a sum of
products of Chebyshev polynomials in ln(spot) and ln v. The model is the pricing function's: the spot falls by each
payment at its date, and the grid is its "fast" one. At a put's boundary the difference has a bend that polynomials
blunt, so errors are larger than without dividends: each table says its own.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from optionix_core.pricing import black_scholes
from optionix_core.pricing._american_dividends import GRIDS
from optionix_core.pricing._american_grid import WIDTH
from optionix_core.pricing._american_solve import solve
from optionix_core.pricing.dividends import CashDividends, DividendSchedule, ProportionalDividends
from optionix_core.risk._kernels import CURVES
from optionix_core.risk.american_tables import FIXED, Reach
from optionix_core.risk.chebyshev import along, halfway, points_of, polynomials, to_coefficients

if TYPE_CHECKING:
    from numpy.typing import NDArray

    FloatArray = NDArray[np.float64]

AIM = 2e-5
"""Error over the strike at which a table has settled."""
LARGEST_ERROR = 1e-3
"""Of the finest table; with more, cells are priced directly."""
LADDER = ((24, 4), (40, 6), (64, 9))
"""Points in ln(spot) and in volatility of growing tables."""
RATE_POINTS = 3
"""In rate, and in yield, where these move."""


class Terms(NamedTuple):
    """Of one option, as its scenarios find it."""

    sign: float
    strike: float
    years: float
    spot_now: float
    """The spot of today, which logarithms are over."""
    paid: DividendSchedule
    """What is still to be paid."""


class DividendTable(NamedTuple):
    """Differences from escrowed European prices."""

    middles: FloatArray
    """Of ln(spot / spot of today), yield, rate and ln v."""
    halves: FloatArray
    coefficients: FloatArray
    """Shape (points in spot, yield, rate, volatility)."""
    error: float
    """Largest difference at points between, over the strike."""

    def values(
        self, log_spot: FloatArray, dividend_yield: FloatArray, rate: FloatArray, volatility: FloatArray
    ) -> FloatArray:
        """At n cells, shape (n,); nan outside the table."""
        columns = np.stack((log_spot, dividend_yield, rate, np.log(np.maximum(volatility, 1e-300))))
        x = (columns - self.middles[:, np.newaxis]) / self.halves[:, np.newaxis]
        basis = [polynomials(one, size) for one, size in zip(x, self.coefficients.shape, strict=True)]
        rest = basis[1]
        for one in basis[2:]:
            rest = (rest[:, :, np.newaxis] * one[:, np.newaxis, :]).reshape(len(one), -1)
        found = along(self.coefficients.reshape(self.coefficients.shape[0], -1), rest, 1)
        total = np.zeros(len(rest))
        for degree in range(found.shape[1]):
            total += basis[0][:, degree] * found[:, degree]
        inside = np.all(np.abs(x) <= 1.0 + 1e-9, axis=0)
        values: FloatArray = np.where(inside, total, np.nan)
        return values


def build_dividend_table(terms: Terms, reach: Reach, place: int) -> DividendTable | None:
    """The table of option `place` of `reach`; None where the finest one is too far from its grid."""
    found = None
    for spots, volatilities in LADDER:
        found = _table(terms, reach, place, spots, volatilities)
        if found.error <= AIM:
            return found
    return found if found is not None and found.error <= LARGEST_ERROR else None


def still_to_pay(paid: DividendSchedule, passed: float, years: float) -> DividendSchedule:
    """Payments after `passed` and up to expiry, in years from then, in order of time."""
    due = sorted(
        (time - passed, amount) for time, amount in zip(paid.times, paid.amounts, strict=True) if time > passed
    )
    due = [(time, amount) for time, amount in due if time <= years]
    return DividendSchedule(tuple(time for time, _ in due), tuple(amount for _, amount in due), paid.proportional)


def _table(terms: Terms, reach: Reach, place: int, spots: int, volatilities: int) -> DividendTable:
    lowest, highest = np.log(reach.volatility[:, place]).tolist()
    ranges = (reach.log_spot, reach.dividend_yield, reach.rate, (lowest, highest))
    halves = np.array([max(0.5 * (high - low) * (1.0 + 1e-12), 2.0 * FIXED) for low, high in ranges])
    middles = np.array([0.5 * (low + high) for low, high in ranges])
    sizes = [
        1 if half <= 2.0 * FIXED else size
        for half, size in zip(halves, (spots, RATE_POINTS, RATE_POINTS, volatilities), strict=True)
    ]
    x, q, r, v = (middle + half * points_of(size) for middle, half, size in zip(middles, halves, sizes, strict=True))
    between = x if sizes[0] == 1 else middles[0] + halves[0] * halfway(points_of(sizes[0]))
    values, checks = np.empty(sizes), np.empty((len(between), *sizes[1:]))
    for c, dividend_yield in enumerate(q.tolist()):
        for b, rate in enumerate(r.tolist()):
            for a, volatility in enumerate(np.exp(v).tolist()):
                curve = _difference(terms, rate, dividend_yield, volatility, np.concatenate((x, between)))
                values[:, c, b, a], checks[:, c, b, a] = curve[: len(x)], curve[len(x) :]
    for axis, size in enumerate(sizes):
        values = along(to_coefficients(size), values, axis)
    table = DividendTable(middles, halves, np.ascontiguousarray(values), 0.0)
    errors = [
        _error(table, between, (float(q[c]), float(r[b]), math.exp(v[a])), checks[:, c, b, a])
        for c, b, a in np.ndindex(*sizes[1:])
    ]
    if sizes[3] > 1:
        mids = halfway(points_of(sizes[3]))
        at = float(q[0]), float(r[0]), math.exp(middles[3] + halves[3] * mids[mids.size // 2])
        errors.append(_error(table, between, at, _difference(terms, at[1], at[0], at[2], between)))
    return table._replace(error=max(errors) / terms.strike)


def _error(table: DividendTable, x: FloatArray, at: tuple[float, float, float], expected: FloatArray) -> float:
    found = table.values(x, *(np.full(x.size, one) for one in at))
    return float(np.max(np.abs(found - expected)))


def _difference(
    terms: Terms, rate: float, dividend_yield: float, volatility: float, log_spots: FloatArray
) -> FloatArray:
    """Value on the grid less the escrowed European price, at spots."""
    spots = terms.spot_now * np.exp(log_spots)
    kind = ProportionalDividends if terms.paid.proportional else CashDividends
    coming = kind(terms.paid.times, terms.paid.amounts) if terms.paid.times else None
    european: FloatArray = black_scholes.price(
        np.full(spots.size, terms.sign),
        spots,
        terms.strike,
        terms.years,
        rate,
        dividend_yield,
        volatility,
        dividends=coming,
    )
    return american_curve(terms, rate, dividend_yield, volatility, log_spots) - european


def american_curve(
    terms: Terms, rate: float, dividend_yield: float, volatility: float, log_spots: FloatArray
) -> FloatArray:
    """Values at ln(spot / spot of today), extrapolated from grids of growing fineness."""
    points, steps, most, _ = GRIDS["fast"]
    deviation = volatility * math.sqrt(terms.years)
    log_strike = math.log(terms.strike / terms.spot_now)
    drift = abs(rate - dividend_yield - 0.5 * volatility * volatility) * terms.years
    reach = WIDTH * deviation + drift + float(np.max(np.abs(log_spots - log_strike)))
    dx = 2.0 * (WIDTH * deviation + drift) / points
    half = math.ceil(reach / dx)
    times, amounts = np.array(terms.paid.times), np.array(terms.paid.amounts)
    last = float(times[-1]) if times.size else 0.0
    best = before = np.empty(0)
    for refinement in range(most + 1):
        fine = half << refinement
        axis = terms.strike * np.exp(dx / (1 << refinement) * np.arange(-fine, fine + 1))
        start, end = np.maximum(terms.sign * (axis - terms.strike), 0.0), 0.0
        if terms.years > last:
            left = terms.years - last
            columns = [np.array([one]) for one in (terms.sign, terms.strike, left, rate, dividend_yield, volatility)]
            later = solve([columns[0], axis, *columns[1:]], axis.size, "standard").table[0]
            if not np.isnan(later).any():
                start, end = later, left
        out = np.empty(axis.size)
        CURVES.load("american_curve")(
            *(terms.sign, terms.strike, terms.years, rate, dividend_yield, volatility, times, amounts),
            *(terms.paid.proportional, steps << refinement, fine, end, axis, start, out),
        )
        now = _cubic(log_spots - log_strike, dx / (1 << refinement), fine, out)
        best = now if refinement == 0 else now + (now - before) / 3.0
        before = now
    spots = terms.spot_now * np.exp(log_spots)
    values: FloatArray = np.maximum(best, np.maximum(terms.sign * (spots - terms.strike), 0.0))
    return values


def _cubic(x: FloatArray, dx: float, half: int, values: FloatArray) -> FloatArray:
    """At `x`, by the four neighbours on an axis of steps `dx` around zero."""
    place = x / dx + half
    left = np.clip(np.floor(place).astype(np.int64), 1, values.size - 3)
    t = place - left
    found: FloatArray = (
        -t * (t - 1.0) * (t - 2.0) / 6.0 * values[left - 1]
        + (t + 1.0) * (t - 1.0) * (t - 2.0) / 2.0 * values[left]
        - (t + 1.0) * t * (t - 2.0) / 2.0 * values[left + 1]
        + (t + 1.0) * t * (t - 1.0) / 6.0 * values[left + 2]
    )
    return found
