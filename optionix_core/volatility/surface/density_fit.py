"""Free-form smiles for all expiries: non-negative least squares on kernels, calendar spreads kept as constraints.

Each expiry's weights minimise the distance to the quotes in half spreads, in rounds that give quotes near or beyond the
edge of their interval more say. From the second round on, second differences of the weights over their neighbourhood's
mean are held small, as in P. Eilers and B. Marx, "Flexible smoothing with B-splines and penalties", Statistical Science
11 (1996) 89: without them few kernels stand alone far out, the density nearly vanishes between them, and half way to
the next expiry total variance has butterflies. An expiry may not be worth less than the one before it at any
log-moneyness of a grid that covers it: such points enter as rows with slack, so that the problem stays one of
non-negative least squares (C. Lawson and R. Hanson, "Solving Least Squares Problems" (1974), chapter 23). What rounding
leaves is lifted away by widening all kernels a little. Expiries are fitted in order of time. Deterministic.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import nnls
from scipy.special import ndtr

from optionix_core.errors import DomainError
from optionix_core.volatility.surface.density_smile import DensitySmile, kernel_prices
from optionix_core.volatility.surface.quotes import SliceQuotes

if TYPE_CHECKING:
    from numpy.typing import NDArray

    FloatArray = NDArray[np.float64]

KERNELS = 60
OVERLAP = 1.1
"""Deviation of a kernel over the distance to its neighbours."""
CORE = 0.6
"""Share of the at-the-money deviation within which kernels stand evenly; further out their distance grows."""
REACH = 6.0
"""At-the-money deviations that kernels cover at least."""
EXTRAPOLATED = 15.0
"""At-the-money deviations at which total variance becomes a straight line."""
GRID = np.linspace(-5.25, 5.25, 211)
"""At-the-money deviations at which expiries are compared."""
FINE = np.linspace(-5.25, 5.25, 631)
"""As `GRID`, for the last word."""
SMALLEST = 1e-60
"""Least price over the forward that a volatility is taken from."""
LOT = 64
"""Rows that go into a triangle at a time."""
EXACT = 1e4
"""Weight of the rows that must hold."""
ROUNDS = 4
SMOOTHNESS = 0.5
"""Half spreads that a bend costs which is as large as the weights around it."""
NEIGHBOURS = 4
"""Kernels on either side that the mean of a neighbourhood takes in, the further the less."""
LEAST_MEAN = 1e-7
"""Least mean of a neighbourhood's density, over the greatest density."""
CLEAR = 5e-6
"""As `MARGIN`, in the end and between the points of `GRID`."""
MARGIN = 1e-5
"""By which total variance is to exceed the expiry before, as a share of it."""


def fit(slices: Sequence[SliceQuotes]) -> tuple[DensitySmile, ...]:
    """One smile for each expiry, in their order, which is that of time.

    Raises DomainError where no weights meet the constraints.
    """
    found: list[DensitySmile] = []
    for quotes in slices:
        found.append(_fit_one(quotes, found[-1] if found else None))
    return tuple(found)


def _fit_one(quotes: SliceQuotes, before: DensitySmile | None) -> DensitySmile:
    k = quotes.log_moneyness
    low, high = black(k, quotes.bid), black(k, quotes.ask)
    half = np.maximum(0.5 * (high - low), 1e-7)
    log_means, deviations = _kernels(quotes)
    data = kernel_prices(k, log_means, deviations) / half[:, None]
    wanted = 0.5 * (high + low) / half
    laws = np.vstack([np.ones(KERNELS), np.exp(log_means)])
    grid = GRID * quotes.deviation
    comparison = None if before is None else _Comparison(before, grid, log_means, deviations)
    say = np.ones(k.size)
    weights = np.zeros(KERNELS)
    bends = np.zeros((0, KERNELS))
    for _ in range(ROUNDS):
        rows = np.vstack([data * say[:, None], bends])
        weights = _solve(rows, np.concatenate([wanted * say, np.zeros(len(bends))]), laws, comparison)
        bends = _bends(weights, np.gradient(log_means))
        distance = np.abs(data @ weights - wanted)
        say = np.where(distance > 0.9, np.minimum(2.0 * say, 8.0), np.maximum(0.7 * say, 0.2))
    smile = _normalised(weights, log_means, deviations, _reach(weights, log_means, deviations, quotes.deviation))
    return smile if before is None else _lifted(smile, before, FINE * quotes.deviation)


def _bends(weights: FloatArray, gaps: FloatArray) -> FloatArray:
    """Rows that are small where weights follow their neighbourhood smoothly: (kernels - 2, kernels)."""
    share = np.concatenate([np.arange(1.0, NEIGHBOURS + 2.0), np.arange(NEIGHBOURS, 0.0, -1.0)])
    density = np.pad(weights / gaps, NEIGHBOURS, mode="edge")
    mean = np.convolve(density, share / share.sum(), mode="valid")
    unit = gaps * np.maximum(mean, LEAST_MEAN * float(density.max()))
    second = np.diff(np.eye(weights.size), 2, axis=0)
    found: FloatArray = SMOOTHNESS * second / unit
    return found


def _reach(weights: FloatArray, log_means: FloatArray, deviations: FloatArray, deviation: float) -> tuple[float, float]:
    """As far as `EXTRAPOLATED` says, and no further than there are prices to take a volatility from."""
    out = np.linspace(EXTRAPOLATED, GRID[-1], 40) * deviation
    ends = []
    for side in (-1.0, 1.0):
        priced = np.flatnonzero(kernel_prices(side * out, log_means, deviations) @ weights > SMALLEST)
        ends.append(side * float(out[priced[0] if priced.size else -1]))
    return ends[0], ends[1]


class _Comparison:
    """Rows that say that an expiry is worth more than the one before, in relative total variance."""

    def __init__(self, before: DensitySmile, grid: FloatArray, log_means: FloatArray, deviations: FloatArray) -> None:
        variance = before.total_variance(grid)
        unit = variance * black_slope(grid, variance)
        told = unit > SMALLEST  # where the expiry before is worth nothing, any is worth more
        grid, variance, unit = grid[told], variance[told], unit[told]
        self.rows = kernel_prices(grid, log_means, deviations) / unit[:, None]
        self.least = black(grid, variance * (1.0 + MARGIN)) / unit
        self.active = np.zeros(grid.size, dtype=bool)
        self.asked = self.least.copy()

    def miss(self, weights: FloatArray) -> FloatArray:
        """How far each point lies below, in relative total variance."""
        found: FloatArray = self.least - self.rows @ weights
        return found


def _solve(data: FloatArray, wanted: FloatArray, laws: FloatArray, comparison: _Comparison | None) -> FloatArray:
    """Weights; points of the comparison are taken in as they are found to be missed."""
    right = np.concatenate([wanted, np.full(2, EXACT)])
    triangle = _triangle(np.column_stack([np.vstack([data, EXACT * laws]), right]))
    for _ in range(20):
        matrix, aim = triangle[:, :-1], triangle[:, -1]
        if comparison is not None and comparison.active.any():
            slack = int(np.count_nonzero(comparison.active))
            bounds = np.column_stack([comparison.rows[comparison.active], -np.eye(slack)])
            matrix = np.vstack([np.pad(matrix, ((0, 0), (0, slack))), EXACT * bounds])
            aim = np.concatenate([aim, EXACT * comparison.asked[comparison.active]])
        try:
            solution, _ = nnls(matrix, aim, maxiter=20 * matrix.shape[1])
        except RuntimeError as error:
            raise DomainError("the quotes of an expiry have no density: least squares did not end") from error
        weights: FloatArray = solution[: data.shape[1]]
        if comparison is None:
            return weights
        miss = comparison.miss(weights)
        missed = miss > 0.5 * MARGIN
        if not missed.any():
            return weights
        again = missed & comparison.active
        comparison.asked[again] += miss[again]
        # Of points beside each other the worst stands for all
        beside = np.concatenate([[-np.inf], miss, [-np.inf]])
        comparison.active |= missed & (miss >= beside[:-2]) & (miss >= beside[2:])
    return weights


def _triangle(matrix: FloatArray) -> FloatArray:
    """Fewer rows with the same least squares: the triangle of QR.

    A few rows at a time: matrices so small are never shared out between threads, whose waiting costs a hundred times
    more than the work, and their number cannot change the result.
    """
    found: FloatArray = np.zeros((0, matrix.shape[1]))
    for first in range(0, len(matrix), LOT):
        part = np.vstack([found, matrix[first : first + LOT]])
        found = np.linalg.qr(part, mode="r")  # type: ignore[assignment] # mode "r" gives one array
    return found


def _kernels(quotes: SliceQuotes) -> tuple[FloatArray, FloatArray]:
    """Log means and deviations: even near the money, wider apart further out."""
    k, deviation = quotes.log_moneyness, quotes.deviation
    ends = np.sqrt(quotes.middle[[0, -1]])
    low = min(float(k[0] - 1.5 * ends[0]), -REACH * deviation)
    high = max(float(k[-1] + 1.5 * ends[1]), REACH * deviation)
    core = CORE * deviation
    places = core * np.sinh(np.linspace(math.asinh(low / core), math.asinh(high / core), KERNELS))
    return places, OVERLAP * np.gradient(places)


def _normalised(
    weights: FloatArray, log_means: FloatArray, deviations: FloatArray, reach: tuple[float, float]
) -> DensitySmile:
    """Sum and mean exactly one: least squares leaves them a little off."""
    kept = weights > 0.0
    share = weights[kept] / weights.sum()
    centres = log_means[kept]
    centres = centres - math.log(float(share @ np.exp(centres)))
    return DensitySmile(share, centres, deviations[kept], reach)


def _lifted(smile: DensitySmile, before: DensitySmile, grid: FloatArray) -> DensitySmile:
    """Kernels widened until no point of the grid lies below the expiry before."""
    floor = before.total_variance(grid)
    asked = floor * (1.0 + CLEAR)
    lack = float(np.max(asked - smile.total_variance(grid)))
    width = 2.0 * lack
    lifted = smile
    for _ in range(40):
        if lack < 0.0:
            return lifted
        width = max(3.0 * width, 1e-9 * float(floor.min()))
        lifted = smile.broadened(width)
        lack = float(np.max(asked - lifted.total_variance(grid)))
    raise DomainError("an expiry could not be lifted above the one before it")


def black(k: FloatArray, w: FloatArray) -> FloatArray:
    """Undiscounted out-of-the-money option over the forward; zero variance gives zero."""
    root = np.sqrt(np.maximum(w, 1e-300))
    side = np.where(k >= 0.0, 1.0, -1.0)
    d1 = -k / root + 0.5 * root
    found: FloatArray = side * (ndtr(side * d1) - np.exp(k) * ndtr(side * (d1 - root)))
    return np.maximum(found, 0.0)


def black_slope(k: FloatArray, w: FloatArray) -> FloatArray:
    """Derivative of `black` in total variance."""
    root = np.sqrt(w)
    d1 = -k / root + 0.5 * root
    found: FloatArray = np.exp(-0.5 * d1 * d1) / (2.0 * math.sqrt(2.0 * math.pi) * root)
    return found
