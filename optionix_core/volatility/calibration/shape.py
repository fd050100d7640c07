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
    """From quotes with a weight. Expiries with fewer than three of them have no bend, with one no slope."""
    rows = []
    used = quotes.weight > 0.0
    for years in np.unique(quotes.years[used]).tolist():
        chosen = used & (quotes.years == years)
        k, volatility = quotes.log_moneyness[chosen], quotes.volatility[chosen]
        near = float(volatility[np.argmin(np.abs(k))])
        x = k / (near * years**0.5)
        weight = np.exp(-0.5 * x * x) + 1e-3
        degree = min(2, np.unique(x).size - 1)
        powers = x[:, None] ** np.arange(degree + 1)
        found = np.linalg.lstsq(powers * weight[:, None], volatility * weight, rcond=None)[0]
        level, slope, bend = (float(value) for value in (*found, 0.0, 0.0)[:3])
        scale = near * years**0.5
        level = level if 0.5 * near < level < 2.0 * near else near
        rows.append((years, level, slope / scale, 2.0 * bend / scale**2, min(float(k.size), 10.0)))
    return Shape(*(np.array(column) for column in zip(*rows, strict=True)))
