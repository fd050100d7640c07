"""How a smile moved at fixed strikes, taken apart into level, skew and curvature, expiry by expiry.

The move is fitted by least squares with a + b x + c x^2, where x = ln(K / F) / (sigma sqrt(T)) is measured at the start
and sigma is the volatility at the strike nearest the forward. Where both states have a surface the fit is to that, at
21 points from -2 to 2; else to the strikes that are held within these bounds (to all where none is).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from optionix_core.risk._path_terms import Move

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from optionix_core.market.protocols import VolatilityFunction

    FloatArray = NDArray[np.float64]

_WIDEST: Final = 2.0
_POINTS: Final = 21
_SAME: Final = 1e-9
"""Years: expiries that are one."""


class SmileMove(NamedTuple):
    """Parts of each option's change of volatility, shape (rows,); they sum to it."""

    level: FloatArray
    skew: FloatArray
    curvature: FloatArray
    other: FloatArray


def smile_moves(move: Move, surfaces: tuple[VolatilityFunction, VolatilityFunction] | None) -> SmileMove:
    """Of options of one underlying; `surfaces`: of the start and of the end, where both have one."""
    here = move.start
    change = move.volatility - here.volatility
    parts = np.zeros((3, change.size))
    ends = np.round(here.years / _SAME).astype(np.int64)
    forward = here.forward()
    for end in np.unique(ends):
        rows = np.flatnonzero(ends == end)
        years, left, middle = float(here.years[rows[0]]), float(move.years[rows[0]]), float(forward[rows[0]])
        nearest = rows[int(np.argmin(np.abs(np.log(here.strike[rows] / middle))))]
        width = float(here.volatility[nearest]) * np.sqrt(years)
        x = np.log(here.strike[rows] / middle) / width
        points, moves = x, change[rows]
        if surfaces is not None and left > 0.0:
            points = np.linspace(-_WIDEST, _WIDEST, _POINTS)
            strikes = middle * np.exp(points * width)
            moves = np.asarray(surfaces[1].implied_volatility(strikes, left)) - np.asarray(
                surfaces[0].implied_volatility(strikes, years)
            )
        fitted = _fit(points, moves)
        for power in range(3):
            parts[power, rows] = fitted[power] * x**power
    return SmileMove(parts[0], parts[1], parts[2], change - parts.sum(axis=0))


def _fit(x: FloatArray, moves: FloatArray) -> FloatArray:
    """Coefficients of 1, x and x^2, shape (3,); of a lower degree where fewer than three strikes tell them."""
    places, which = np.unique(x, return_inverse=True)
    means = np.bincount(which, moves) / np.bincount(which)
    near = np.abs(places) <= _WIDEST
    if near.any():
        places, means = places[near], means[near]
    degree = min(2, places.size - 1)
    found = np.zeros(3)
    found[: degree + 1] = np.polynomial.polynomial.polyfit(places, means, degree)
    return found
