"""Prices on two lognormal assets, by rows.

The lesser and the greater come from bivariate normal masses; a spread is an integral over the second asset's normal
variable of Black's formula for the first. Nothing here checks its arguments.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.polynomial.legendre import leggauss
from numpy.typing import NDArray

from optionix_core.pricing._bivariate import bivariate_cdf
from optionix_core.pricing._lognormal import TINY, black, standardised

FloatArray = NDArray[np.float64]

_NODES, _WEIGHTS = leggauss(16)
REACH = 8.8
"""Deviations beyond which a normal mass is below 1e-18."""
PANEL = 0.75
GRADES = tuple(2.0**-k for k in range(2, 46, 2))
"""Distances of panel edges from the exercise boundary, where the integrand may have a kink."""
DEPTHS = (0, 3, 6, 10, len(GRADES))
"""Numbers of grades: rows that need no more than one of these are integrated together."""


UNSURE = 10
"""Grades that a strike below zero needs: asset 2 plus strike may be next to nothing, however smooth the rest."""


def exchange(
    sign: FloatArray,
    spot_1: FloatArray,
    spot_2: FloatArray,
    strike: FloatArray,  # noqa: ARG001 - zero
    expiry: FloatArray,
    rate: FloatArray,  # noqa: ARG001 - neither leg is cash
    dividend_yield_1: FloatArray,
    dividend_yield_2: FloatArray,
    volatility_1: FloatArray,
    volatility_2: FloatArray,
    correlation: FloatArray,
) -> FloatArray:
    """Margrabe's formula."""
    asset = spot_1 * np.exp(-dividend_yield_1 * expiry)
    given = spot_2 * np.exp(-dividend_yield_2 * expiry)
    return black(sign, asset, given, _relative(volatility_1, volatility_2, correlation) * np.sqrt(expiry))


def _relative(volatility_1: FloatArray, volatility_2: FloatArray, correlation: FloatArray) -> FloatArray:
    """Volatility of the assets' ratio, without cancellation at a correlation of one."""
    difference = volatility_1 - volatility_2
    return np.sqrt(difference * difference + 2.0 * (1.0 - correlation) * volatility_1 * volatility_2)


def minimum(
    sign: FloatArray,
    spot_1: FloatArray,
    spot_2: FloatArray,
    strike: FloatArray,
    expiry: FloatArray,
    rate: FloatArray,
    dividend_yield_1: FloatArray,
    dividend_yield_2: FloatArray,
    volatility_1: FloatArray,
    volatility_2: FloatArray,
    correlation: FloatArray,
) -> FloatArray:
    """Stulz: which asset is the lesser, and whether it is above the strike; puts by parity with a strike of zero."""
    assets = (spot_1 * np.exp(-dividend_yield_1 * expiry), spot_2 * np.exp(-dividend_yield_2 * expiry))
    root = np.sqrt(expiry)
    deviations = (volatility_1 * root, volatility_2 * root)
    cash = strike * np.exp(-rate * expiry)
    call = _call_on_lesser(assets, deviations, cash, correlation)
    whole = _lesser(assets, deviations, correlation)
    return np.where(sign > 0.0, call, np.maximum(call - whole + cash, 0.0))


def maximum(
    sign: FloatArray,
    spot_1: FloatArray,
    spot_2: FloatArray,
    strike: FloatArray,
    expiry: FloatArray,
    rate: FloatArray,
    dividend_yield_1: FloatArray,
    dividend_yield_2: FloatArray,
    volatility_1: FloatArray,
    volatility_2: FloatArray,
    correlation: FloatArray,
) -> FloatArray:
    """The two single options less the one on the lesser."""
    root = np.sqrt(expiry)
    cash = strike * np.exp(-rate * expiry)
    first = black(sign, spot_1 * np.exp(-dividend_yield_1 * expiry), cash, volatility_1 * root)
    second = black(sign, spot_2 * np.exp(-dividend_yield_2 * expiry), cash, volatility_2 * root)
    lesser = minimum(
        sign, spot_1, spot_2, strike, expiry, rate,
        dividend_yield_1, dividend_yield_2, volatility_1, volatility_2, correlation,
    )  # fmt: skip
    return np.maximum(first + second - lesser, 0.0)


def _lesser(
    assets: tuple[FloatArray, FloatArray], deviations: tuple[FloatArray, FloatArray], correlation: FloatArray
) -> FloatArray:
    """Value of the lesser of two assets."""
    ones = np.ones_like(correlation)
    return assets[0] - black(ones, assets[0], assets[1], _relative(*deviations, correlation))


def _call_on_lesser(
    assets: tuple[FloatArray, FloatArray],
    deviations: tuple[FloatArray, FloatArray],
    cash: FloatArray,
    correlation: FloatArray,
) -> FloatArray:
    s1, s2 = deviations
    spread = _relative(s1, s2, correlation)
    distances = []
    for asset, deviation in zip(assets, deviations, strict=True):
        x = np.log(asset / cash)
        distances.append((x, standardised(x, deviation, -0.5), standardised(x, deviation, 0.5)))
    ratio = np.log(assets[0] / assets[1])
    apart = spread > TINY
    safe = np.where(apart, spread, 1.0)
    to_first = np.where(apart, (s1 - correlation * s2) / safe, 0.0)
    to_second = np.where(apart, (s2 - correlation * s1) / safe, 0.0)
    one_less = bivariate_cdf(distances[0][2], standardised(-ratio, spread, -0.5), np.clip(-to_first, -1.0, 1.0))
    two_less = bivariate_cdf(distances[1][2], standardised(ratio, spread, -0.5), np.clip(-to_second, -1.0, 1.0))
    both = bivariate_cdf(distances[0][1], distances[1][1], correlation)
    value = assets[0] * one_less + assets[1] * two_less - cash * both
    return np.where(cash > 0.0, np.maximum(value, 0.0), _lesser(assets, deviations, correlation))


def kirk(
    sign: FloatArray,
    spot_1: FloatArray,
    spot_2: FloatArray,
    strike: FloatArray,
    expiry: FloatArray,
    rate: FloatArray,
    dividend_yield_1: FloatArray,
    dividend_yield_2: FloatArray,
    volatility_1: FloatArray,
    volatility_2: FloatArray,
    correlation: FloatArray,
) -> FloatArray:
    """Margrabe's formula with asset 2 plus strike taken as lognormal."""
    asset = spot_1 * np.exp(-dividend_yield_1 * expiry)
    second = spot_2 * np.exp(-dividend_yield_2 * expiry)
    given = second + strike * np.exp(-rate * expiry)
    deviation = _relative(volatility_1, volatility_2 * second / given, correlation)
    return black(sign, asset, given, deviation * np.sqrt(expiry))


def spread(
    sign: FloatArray,
    spot_1: FloatArray,
    spot_2: FloatArray,
    strike: FloatArray,
    expiry: FloatArray,
    rate: FloatArray,
    dividend_yield_1: FloatArray,
    dividend_yield_2: FloatArray,
    volatility_1: FloatArray,
    volatility_2: FloatArray,
    correlation: FloatArray,
) -> FloatArray:
    """Integral over z of the density times Black's formula for asset 1 given z, against asset 2 plus strike.

    The smaller what is left of asset 1's deviation given z, the nearer panels close in on the exercise boundary.
    """
    root = np.sqrt(expiry)
    slope_1, slope_2 = correlation * volatility_1 * root, volatility_2 * root
    rest = volatility_1 * root * np.sqrt((1.0 - correlation) * (1.0 + correlation))
    whole_1 = spot_1 * np.exp(-dividend_yield_1 * expiry)
    whole_2 = spot_2 * np.exp(-dividend_yield_2 * expiry)
    cash = strike * np.exp(-rate * expiry)
    steepness = np.abs(slope_1) + slope_2
    width = np.where(steepness > 0.0, rest / np.where(steepness > 0.0, steepness, 1.0), np.inf)
    needed = np.where(width > 0.25, 0, np.searchsorted(-np.array(GRADES), -0.25 * width) + 1)
    needed = np.where(cash < 0.0, np.maximum(needed, UNSURE), needed)
    columns = (sign, whole_1, slope_1, whole_2, slope_2, cash, rest)
    value = np.empty_like(cash)
    for least, depth in zip((-1, *DEPTHS), DEPTHS, strict=False):
        rows = np.flatnonzero((needed > least) & ((needed <= depth) | (depth == DEPTHS[-1])))
        if rows.size:
            value[rows] = _integrated(depth, *(column[rows] for column in columns))
    priced: FloatArray = np.maximum(value, np.maximum(sign * (whole_1 - whole_2 - cash), 0.0))
    return priced


def _integrated(
    depth: int,
    sign: FloatArray,
    whole_1: FloatArray,
    slope_1: FloatArray,
    whole_2: FloatArray,
    slope_2: FloatArray,
    cash: FloatArray,
    rest: FloatArray,
) -> FloatArray:
    """The integral with `depth` grades; the density goes into all amounts, so that nothing overflows."""
    low = -REACH + np.minimum(np.minimum(slope_1, slope_2), 0.0)
    high = REACH + np.maximum(np.maximum(slope_1, slope_2), 0.0)
    panels = int(np.ceil(np.max(high - low) / PANEL))
    edges = list(low + (high - low) * np.arange(panels + 1)[:, None] / panels)
    if depth:
        for centre in _boundaries(whole_1, slope_1, whole_2, slope_2, cash, low, high):
            edges.append(np.clip(centre, low, high))
            for grade in GRADES[:depth]:
                edges += [np.clip(centre - grade, low, high), np.clip(centre + grade, low, high)]
    ordered = np.sort(np.stack(edges), axis=0)
    total = np.zeros_like(whole_1)
    for begin, end in pairwise(ordered):
        half = 0.5 * (end - begin)
        for node, weight in zip(_NODES, _WEIGHTS, strict=True):
            z = begin + half * (1.0 + node)
            asset = whole_1 * np.exp(-0.5 * (z - slope_1) ** 2)
            given = whole_2 * np.exp(-0.5 * (z - slope_2) ** 2) + cash * np.exp(-0.5 * z * z)
            total += weight * half * _conditional(sign, asset, given, rest)
    value: FloatArray = total / np.sqrt(2.0 * np.pi)
    return value


def _conditional(sign: FloatArray, asset: FloatArray, given: FloatArray, deviation: FloatArray) -> FloatArray:
    """Black's formula, also against an amount of zero or less, which a call then always pays."""
    certain = np.where(sign > 0.0, asset - given, 0.0)
    priced: FloatArray = np.where(
        given > 0.0, black(sign, asset, np.where(given > 0.0, given, 1.0), deviation), certain
    )
    return priced


def _boundaries(
    whole_1: FloatArray,
    slope_1: FloatArray,
    whole_2: FloatArray,
    slope_2: FloatArray,
    cash: FloatArray,
    low: FloatArray,
    high: FloatArray,
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Up to two z where asset 1 equals asset 2 plus strike, and the one where asset 2 plus strike is zero."""

    def gap(z: FloatArray) -> FloatArray:
        asset = whole_1 * np.exp(-0.5 * (z - slope_1) ** 2)
        return asset - whole_2 * np.exp(-0.5 * (z - slope_2) ** 2) - cash * np.exp(-0.5 * z * z)

    first, second = whole_1 * np.exp(-0.5 * slope_1 * slope_1), whole_2 * np.exp(-0.5 * slope_2 * slope_2)

    turns = np.log(second * slope_2 / (first * slope_1)) / (slope_1 - slope_2)
    turn = np.clip(np.where(np.isfinite(turns), turns, low), low, high)
    roots = []
    for begin, end in ((low, turn), (turn, high)):
        left, right = begin.copy(), end.copy()
        side = np.sign(gap(begin))
        for _ in range(60):
            middle = 0.5 * (left + right)
            same = np.sign(gap(middle)) == side
            left, right = np.where(same, middle, left), np.where(same, right, middle)
        roots.append(0.5 * (left + right))
    zero = np.log(-cash / second) / slope_2
    return roots[0], roots[1], np.where(np.isfinite(zero), zero, low)
