"""Points of a contour, and sums over them for many strikes at once, as lanes.

A summand is exp(size - w k + i phase) times a weight, size and phase the logarithm of the moment and the path together.
Refuses to choose contours and to judge sums: `_contour` and `_strike_sums`.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from optionix_core.pricing._fourier_lanes import lane_angle, lane_sine_cosine
from optionix_core.pricing._fourier_variance import BLOCK, LOGARITHM, ORDINATE, SUM, WEIGHTS, P, W
from optionix_core.pricing._lanes import lane_bell, lane_cdf, lane_exponential, lane_logarithm

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Array = NDArray[np.float64]
    Block = NDArray[np.float64]


def path_block(x: Block, start: float, spacing: float, contour: tuple[float, float, float, float, float]) -> int:
    """Points of a path at ordinates start, start + spacing, ..., and the logarithm of its slope over w (w - 1)."""
    crossing, width, bend, _, _ = contour
    sine, cosine = math.sin(bend), math.cos(bend)
    for j in range(BLOCK):
        y = start + j * spacing
        up = lane_exponential(y)
        down = 1.0 / up
        growth, rise = 0.5 * (up + down), 0.5 * (up - down)
        re, im = crossing - width * sine * (growth - 1.0), width * cosine * rise
        x[W + j], x[W + BLOCK + j] = re, im
        x[ORDINATE + j] = y
        pr, pi = re * re - im * im - re, 2.0 * re * im - im
        tr, ti = cosine * growth, sine * rise
        inverse = 1.0 / (pr * pr + pi * pi)
        ur, ui = (tr * pr + ti * pi) * inverse, (ti * pr - tr * pi) * inverse
        half = 0.5 if y == 0.0 else 1.0
        x[LOGARITHM + j] = 0.5 * lane_logarithm(half * half * (ur * ur + ui * ui))
        x[LOGARITHM + BLOCK + j] = lane_angle(ui, ur)
    return BLOCK


def less_control(x: Block, control: float, weighted: int) -> int:
    """Take the moment of a Gaussian of variance `control` off: in the first weight, or in the exponent without any."""
    for j in range(BLOCK):
        sine, cosine = lane_sine_cosine(0.5 * control * x[P + BLOCK + j] - x[SUM + BLOCK + j])
        size = lane_exponential(min(0.5 * control * x[P + j] - x[SUM + j], 300.0))
        x[WEIGHTS + j], x[WEIGHTS + BLOCK + j] = 1.0 - size * cosine, -size * sine
    if weighted == 0:
        for j in range(BLOCK):
            re, im = x[WEIGHTS + j] + 1e-150, x[WEIGHTS + BLOCK + j]
            x[SUM + j] += 0.5 * lane_logarithm(re * re + im * im)
            x[SUM + BLOCK + j] += lane_angle(im, re)
    return BLOCK


def control_values(k: Array, control: float, out: Array) -> int:
    """Out-of-the-money values over the forward under a Gaussian of variance `control`."""
    deviation = math.sqrt(control)
    for i in range(k.size):
        side = 1.0 if k[i] >= 0.0 else -1.0
        d1 = side * (0.5 * deviation - k[i] / deviation)
        d2 = d1 - side * deviation
        d1, d2 = min(max(d1, -37.0), 37.0), min(max(d2, -37.0), 37.0)
        strike = lane_exponential(k[i]) * lane_cdf(d2, lane_bell(d2))
        out[i] = side * (lane_cdf(d1, lane_bell(d1)) - strike)
    return k.size


def add_node(real: float, imaginary: float, size: float, phase: float, k: Array, scale: Array, out: Array) -> int:
    """Add exp(size - real k - scale) cos(phase - imaginary k) to `out` for every k."""
    for i in range(out.size):
        _, cosine = lane_sine_cosine(phase - imaginary * k[i])
        out[i] += lane_exponential(size - real * k[i] - scale[i]) * cosine
    return out.size


def add_weighted(x: Block, j: int, k: Array, scale: Array, active: Array, wave: Array, out: Array) -> int:
    """Add the real parts of the j-th summand times each weight that is active; `wave` has two rows of room."""
    real, imaginary, size, phase = x[W + j], x[W + BLOCK + j], x[LOGARITHM + j], x[LOGARITHM + BLOCK + j]
    n = k.size
    for i in range(n):
        sine, cosine = lane_sine_cosine(phase - imaginary * k[i])
        height = lane_exponential(size - real * k[i] - scale[i])
        wave[i], wave[n + i] = height * cosine, height * sine
    for g in range(active.size):
        if active[g] > 0.0:
            wr, wi = x[WEIGHTS + 2 * g * BLOCK + j], x[WEIGHTS + (2 * g + 1) * BLOCK + j]
            base = g * n
            for i in range(n):
                out[base + i] += wr * wave[i] - wi * wave[n + i]
    return n
