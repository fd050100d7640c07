"""Sums over a contour for many strikes at once: products and sums alone, so that they become vector instructions."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from optionix_core.pricing._contour import FARTHEST, Contour, summand
from optionix_core.pricing._fourier_formulas import Row, cosine, decaying_exponential

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]
    Places = NDArray[np.int64]

FINEST_STEP = 1e-3
NEGLIGIBLE = 39.0
"""Terms exp(-39) below the largest are dropped."""


def add_node(real: float, imaginary: float, size: float, phase: float, k: Array, scale: Array, out: Array) -> int:
    """Add exp(size - real k - scale) cos(phase - imaginary k) to `out` for every k."""
    for i in range(out.size):
        out[i] += decaying_exponential(size - real * k[i] - scale[i]) * cosine(phase - imaginary * k[i])
    return out.size


def group_edges(k: Array, start: int, end: int, deviation: float, first: Places, last: Places, depth: Places) -> int:
    """Ranges of ascending strikes on one side of the forward within 0-3, 3-8 and more deviations; how many."""
    count, begin = 0, start
    for bound in (-8.0, -3.0, 0.0, 3.0, 8.0, math.inf):
        stop = end if bound == math.inf else start + int(np.searchsorted(k[start:end], bound * deviation))
        if stop > begin:
            first[count], last[count], depth[count] = begin, stop, 0
            count += 1
            begin = stop
    return count


def settle(
    k: Array,
    scale: Array,
    coarse: Array,
    added: Array,
    step: float,
    power: float,
    contour: Contour,
    value: Array,
    error: Array,
) -> float:
    """Values from the sums at 2 * step and between those, and their errors; returns the largest error.

    No error is larger than the largest value there can be: 1 for a call, exp(k) for a put.
    """
    crossing, width = contour[0], contour[1]
    worst = 0.0
    for i in range(k.size):
        factor = math.exp(scale[i] + k[i]) * width / math.pi
        fine = (coarse[i] + added[i]) * step
        amplitude = max(abs(coarse[i]) * 2.0 * step, step)
        gap = abs(fine - coarse[i] * 2.0 * step) / amplitude
        base = 0.0
        if 0.0 < crossing < 1.0:
            base = 1.0 if k[i] >= 0.0 else math.exp(k[i])
        estimate, ceiling = base + fine * factor, min(1.0, math.exp(k[i]))
        value[i] = min(estimate, ceiling) if estimate > 0.0 else 0.0
        error[i] = ceiling
        if gap < 1.0:
            error[i] = min(ceiling, amplitude * factor * gap**power + 4e-16 * (amplitude * factor + base))
        worst = max(worst, error[i])
    return worst


def reach(contour: Contour, expiry: float, p: Row, lowest: float, highest: float) -> tuple[float, float, float]:
    """Logarithm of the largest summand for strikes between, the y from which on they are negligible, and the first."""
    peak, first = -math.inf, 0.0
    for y in range(int(FARTHEST) + 1):
        real, _, size, _ = summand(float(y), contour, expiry, p, 1)
        if y == 0:
            first = size
        offset = real - contour[0]
        height = size - min(lowest * offset, highest * offset)
        peak = max(peak, height)
        if height < peak - NEGLIGIBLE:
            return peak, float(y), first
    return peak, FARTHEST, first


def sweep(
    contour: Contour,
    expiry: float,
    p: Row,
    start: float,
    spacing: float,
    farthest: float,
    floor: float,
    k: Array,
    scale: Array,
    out: Array,
) -> int:
    """Add the summands at start, start + spacing, ... that exceed exp(floor) for some strike; returns how many."""
    used = 0
    for j in range(int((farthest + spacing - start) / spacing) + 1):
        real, imaginary, size, phase = summand(start + j * spacing, contour, expiry, p, 0)
        offset = real - contour[0]
        if size - min(k[0] * offset, k[-1] * offset) > floor:
            add_node(real, imaginary, size, phase, k, scale, out)
            used += 1
    return used


def integrate(contour: Contour, expiry: float, p: Row, k: Array, aim: float, value: Array, error: Array) -> float:
    """Time values of ascending strikes on one contour, halving the step until all errors are below `aim`.

    Without jumps the finer step's error is about the square of the coarser one's; three halves are claimed. Returns the
    largest error; where it exceeds `aim` the finest step did not suffice.
    """
    peak, farthest, first = reach(contour, expiry, p, k[0], k[-1])
    scale = first - contour[0] * k
    coarse, added = np.zeros(k.size), np.zeros(k.size)
    step = contour[3]
    power = 1.5 if p[10] == 0.0 else 1.0
    sweep(contour, expiry, p, 0.0, 2.0 * step, farthest, peak - NEGLIGIBLE, k, scale, coarse)
    while True:
        added[:] = 0.0
        sweep(contour, expiry, p, step, 2.0 * step, farthest, peak - NEGLIGIBLE, k, scale, added)
        worst = settle(k, scale, coarse, added, step, power, contour, value, error)
        if worst <= aim or step < FINEST_STEP:
            return worst
        coarse += added
        step, power = 0.5 * step, 1.0
