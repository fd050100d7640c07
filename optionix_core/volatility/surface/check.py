"""Arbitrage in the smiles of a surface, on a grid of log-moneyness, with its severity in price.

Butterfly: Durrleman's g from the smile's own derivatives. Calendar: total variance that falls from an expiry to the
next at the same moneyness. A violation is worth what a trader would lock in, undiscounted: the butterfly spread between
grid points that costs less than nothing, or the difference of the two options. The grid is a test and not a proof.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from optionix_core.errors import InvalidValueError
from optionix_core.volatility.smile_arbitrage import SmilePoint, SmileReport
from optionix_core.volatility.surface.density_fit import black
from optionix_core.volatility.surface.smiles import SurfaceSlice
from optionix_core.volatility.svi import durrleman

if TYPE_CHECKING:
    from numpy.typing import NDArray

    FloatArray = NDArray[np.float64]

TOLERANCE = 1e-9
"""g below minus this is negative; a fall of total variance counts above this share of it."""


def check(slices: Sequence[SurfaceSlice], *, points: int = 201, deviations: float = 5.0) -> SmileReport:
    """Search each expiry, and each beside the one before, within `deviations` standard deviations of the forward.

    Raises InvalidValueError for fewer than three points or a reach that is not positive.
    """
    if points < 3:
        raise InvalidValueError("points", points, "at least 3")
    if not 0.0 < deviations < math.inf:
        raise InvalidValueError("deviations", deviations, "positive and finite")
    least = math.inf
    butterflies: list[SmilePoint] = []
    calendars: list[SmilePoint] = []
    for place, item in enumerate(slices):
        reach = deviations * item.deviation
        k = np.linspace(-reach, reach, points)
        value, slope, curve = item.smile.derivatives(k)
        g = np.where(value > 0.0, durrleman(np.maximum(value, 1e-300), slope, curve, k), -1.0)
        least = min(least, float(g.min()))
        bad = np.flatnonzero(g < -TOLERANCE)
        worth = -g[bad] * _unit(k[bad], np.maximum(value[bad], 1e-300), item.forward, float(k[1] - k[0]))
        butterflies += [
            SmilePoint(item.years, x, amount) for x, amount in zip(k[bad].tolist(), worth.tolist(), strict=True)
        ]
        if place:
            before = slices[place - 1].smile.total_variance(k)
            falls = np.flatnonzero(before - value > TOLERANCE * before)
            drop = item.forward * (black(k[falls], before[falls]) - black(k[falls], value[falls]))
            calendars += [
                SmilePoint(item.years, x, amount) for x, amount in zip(k[falls].tolist(), drop.tolist(), strict=True)
            ]
    return SmileReport(least, _worst_first(butterflies), _worst_first(calendars), points * len(slices))


def _unit(k: FloatArray, w: FloatArray, forward: float, step: float) -> FloatArray:
    """Price of a butterfly of wings `step` times the forward, for each unit of g: density times its payoff's area."""
    root = np.sqrt(w)
    d2 = -k / root - 0.5 * root
    density = np.exp(-0.5 * d2 * d2) / (math.sqrt(2.0 * math.pi) * root * forward * np.exp(k))
    found: FloatArray = density * (step * forward) ** 2
    return found


def _worst_first(found: Sequence[SmilePoint]) -> tuple[SmilePoint, ...]:
    return tuple(sorted(found, key=lambda one: (-one.severity, one.expiry, one.log_moneyness)))
