"""The loops of `fourier` that are compiled: one function, one kernel (`_fourier_kernels`)."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from optionix_core.pricing._contour import (
    MOST_SPLITS,
    NARROW,
    STRAIGHT,
    contour_of,
    deviation_of,
    slants,
    tail_of,
)
from optionix_core.pricing._fourier_formulas import total_exponent
from optionix_core.pricing._strike_sums import add_node, group_edges, integrate

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Column = NDArray[np.float64]
    Output = NDArray[np.float64]
    Picks = NDArray[np.int64]


def exponent_nodes(
    parameters: Column, expiry: Column, real: Column, imaginary: Column, out_real: Output, out_imaginary: Output
) -> int:
    """Log characteristic function at w = real + i imaginary."""
    for j in range(real.size):
        value = total_exponent(complex(real[j], imaginary[j]), expiry[0], parameters, 0)
        out_real[j] = value.real
        out_imaginary[j] = value.imag
    return -1


def strike_sums(
    real: Column, imaginary: Column, size: Column, phase: Column, log_moneyness: Column, scale: Column, out: Output
) -> int:
    """Add sum_j exp(size_j - real_j k - scale) cos(phase_j - imaginary_j k) to `out` for every k."""
    for j in range(real.size):
        add_node(real[j], imaginary[j], size[j], phase[j], log_moneyness, scale, out)
    return -1


def time_values(
    parameters: Column, expiry: Column, starts: Picks, log_moneyness: Column, aim: Column, value: Output, error: Output
) -> int:
    """Undiscounted out-of-the-money values over the forward, and their estimated errors, for a whole surface.

    Strikes ascend within each expiry; those of the i-th lie from starts[i] to starts[i + 1]. A call where k >= 0, a put
    below. Returns how many contours were used.
    """
    used = 0
    first, last, depth = np.empty(64, np.int64), np.empty(64, np.int64), np.empty(64, np.int64)
    value[:] = 0.0
    error[:] = 0.0
    for i in range(expiry.size):
        years = expiry[i]
        deviation = deviation_of(years, parameters)
        if deviation == 0.0:
            continue
        tail = tail_of(years, parameters)
        stack = group_edges(log_moneyness, starts[i], starts[i + 1], deviation, first, last, depth)
        while stack > 0:
            stack -= 1
            a, b, level = first[stack], last[stack], depth[stack]
            k = log_moneyness[a:b]
            low, high, split = slants(tail, k[0], k[-1])
            middle = a if math.isnan(split) else a + np.searchsorted(k, split)
            if high - low < NARROW and level < MOST_SPLITS and a < middle < b:
                first[stack], last[stack], depth[stack] = a, middle, level + 1
                first[stack + 1], last[stack + 1], depth[stack + 1] = middle, b, level + 1
                stack += 2
                continue
            contour = contour_of(years, parameters, deviation, tail, k[0], k[-1])
            used += 1
            if not integrate(contour, years, parameters, k, aim[0], value[a:b], error[a:b]) <= aim[0]:
                integrate(STRAIGHT, years, parameters, k, aim[0], value[a:b], error[a:b])
                used += 1
    return used
