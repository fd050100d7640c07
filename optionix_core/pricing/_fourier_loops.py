"""The loops of `fourier` that are compiled: one function, one kernel (`_fourier_kernels`)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from optionix_core.pricing._fourier_exponents import exponent_block
from optionix_core.pricing._fourier_formulas import parts_in_use
from optionix_core.pricing._fourier_sums import add_node
from optionix_core.pricing._fourier_surface import surface_values
from optionix_core.pricing._fourier_variance import BLOCK, ROWS, SUM, W

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Column = NDArray[np.float64]
    Output = NDArray[np.float64]
    Picks = NDArray[np.int64]


def exponent_nodes(
    parameters: Column, expiry: Column, real: Column, imaginary: Column, out_real: Output, out_imaginary: Output
) -> int:
    """Log characteristic function at w = real + i imaginary."""
    x = np.zeros(ROWS * BLOCK)
    mask = parts_in_use(parameters)
    for begin in range(0, real.size, BLOCK):
        n = min(BLOCK, real.size - begin)
        x[W : W + n], x[W + BLOCK : W + BLOCK + n] = real[begin : begin + n], imaginary[begin : begin + n]
        exponent_block(x, expiry[0], parameters, mask, 0.0)
        out_real[begin : begin + n] = x[SUM : SUM + n]
        out_imaginary[begin : begin + n] = x[SUM + BLOCK : SUM + BLOCK + n]
    return -1


def strike_sums(
    real: Column, imaginary: Column, size: Column, phase: Column, log_moneyness: Column, scale: Column, out: Output
) -> int:
    """Add sum_j exp(size_j - real_j k - scale) cos(phase_j - imaginary_j k) to `out` for every k."""
    k, shift = log_moneyness.copy(), scale.copy()
    for j in range(real.size):
        add_node(real[j], imaginary[j], size[j], phase[j], k, shift, out)
    return -1


def time_values(
    parameters: Column, expiry: Column, starts: Picks, log_moneyness: Column, aim: float, value: Output, error: Output
) -> int:
    """Undiscounted out-of-the-money values over the forward and their errors: `surface_values` without weights."""
    active = np.ones(1)
    return surface_values(parameters, expiry, starts, log_moneyness, aim, 0, None, active, value, error)


def weighted_values(
    parameters: Column,
    expiry: Column,
    starts: Picks,
    log_moneyness: Column,
    aim: float,
    asked: int,
    level: int,
    active: Column,
    values: Output,
    errors: Output,
) -> int:
    """As `time_values`, with the sums of every weight that is active: `surface_values`."""
    weights = active.copy()
    return surface_values(parameters, expiry, starts, log_moneyness, aim, asked, float(level), weights, values, errors)
