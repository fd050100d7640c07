"""The method of `_contour` for a characteristic function of which nothing is known off the line Re w = 1/2."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from optionix_core.pricing._contour import FARTHEST
from optionix_core.pricing._fourier_kernels import KERNELS
from optionix_core.pricing._strike_sums import settle

if TYPE_CHECKING:
    from numpy.typing import NDArray

    FloatArray = NDArray[np.float64]
    LogCharacteristic = Callable[[NDArray[np.complex128]], NDArray[np.complex128]]

FIRST_STEP = 0.16
FINEST_STEP = 3e-4
NEGLIGIBLE = 39.0
"""Terms exp(-39) below the largest are dropped."""


def time_values(characteristic: LogCharacteristic, log_moneyness: FloatArray, aim: float) -> tuple[Any, Any]:
    """Undiscounted out-of-the-money value over the forward for each k = ln(K / F), and its estimated error."""
    k = np.ascontiguousarray(log_moneyness)
    probe = _summands(characteristic, np.arange(0.0, FARTHEST + 0.5))[2]
    tallest = np.flatnonzero(probe > probe.max() - NEGLIGIBLE)
    farthest = float(tallest[-1] + 1)
    scale = probe[0] - 0.5 * k
    add = KERNELS.load("strike_sums")

    def sums(start: float, spacing: float) -> FloatArray:
        out = np.zeros(k.size)
        add(*_summands(characteristic, np.arange(start, farthest + spacing, spacing)), k, scale, out)
        return out

    value, error = np.empty(k.size), np.empty(k.size)
    base = np.where(k >= 0.0, 1.0, np.exp(k))
    step, power = FIRST_STEP, 1.5
    coarse = sums(0.0, 2.0 * step)
    while True:
        added = sums(step, 2.0 * step)
        worst = settle(k, scale, coarse, added, step, power, 0.5, base, value, error)
        if worst <= aim or step < FINEST_STEP:
            return value, error
        coarse += added
        step, power = 0.5 * step, 1.0


def _summands(
    characteristic: LogCharacteristic, y: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """As `_contour.summand`, for an array of ordinates on the straight line."""
    w = 0.5 + 0.5j * np.sinh(y)
    total = characteristic(-1j * w) + np.log(np.cosh(y) / (w * (w - 1.0)))
    size = np.where(y > 0.0, total.real, total.real - math.log(2.0))
    return np.ascontiguousarray(w.real), np.ascontiguousarray(w.imag), size, np.ascontiguousarray(total.imag)
