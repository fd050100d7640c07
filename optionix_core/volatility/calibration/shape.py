"""Level, slope and bend of volatility at the money by expiry, from which descents start.

A parabola in log-moneyness for each expiry, weighted towards the money. Refuses to be a smile: it is a first guess.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from optionix_core.volatility.calibration.quotes import CalibrationQuotes

    FloatArray = NDArray[np.float64]


RIDGE = 1e-9
"""Added to the normal equations, so that few strikes give a small slope and bend rather than none."""


class Shape(NamedTuple):
    """At the forward, shape (expiries,), by ascending time."""

    years: FloatArray
    volatility: FloatArray
    slope: FloatArray
    """First derivative of volatility in log-moneyness."""
    bend: FloatArray
    """Second derivative."""
    trust: FloatArray
    """How many quotes the parabola stands on, at most ten."""


def shape_of(quotes: CalibrationQuotes) -> Shape:
    """From quotes with a weight. An expiry with two strikes has no bend, with one no slope: the least parabola."""
    order = np.argsort(quotes.years, kind="stable")
    order = order[quotes.weight[order] > 0.0]
    years, k, volatility = quotes.years[order], quotes.log_moneyness[order], quotes.volatility[order]
    starts = np.concatenate(([0], np.flatnonzero(np.diff(years)) + 1))
    sizes = np.diff(np.append(starts, years.size))
    scale = np.add.reduceat(volatility, starts) / sizes * np.sqrt(years[starts])
    x = k / np.repeat(scale, sizes)
    weight = np.exp(-x * x) + 1e-6
    powers = x ** np.arange(5.0)[:, None] * weight
    moments = np.add.reduceat(powers, starts, axis=1)
    seen = np.add.reduceat(powers[:3] * volatility, starts, axis=1)
    matrix = moments[np.add.outer(np.arange(3), np.arange(3))].transpose(2, 0, 1)
    matrix = matrix + RIDGE * moments[0][:, None, None] * np.eye(3)
    found = np.linalg.solve(matrix, seen.T[:, :, None])[:, :, 0]
    lowest, highest = np.minimum.reduceat(volatility, starts), np.maximum.reduceat(volatility, starts)
    level = np.clip(found[:, 0], 0.7 * lowest, highest)
    return Shape(years[starts], level, found[:, 1] / scale, 2.0 * found[:, 2] / scale**2, np.minimum(sizes, 10.0))
