"""The loops of `fourier` that are compiled: one function, one kernel (`_fourier_kernels`)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from optionix_core.pricing._fourier_formulas import cosine, decaying_exponential, log_moment, total_exponent

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Column = NDArray[np.float64]
    Output = NDArray[np.float64]


def exponent_nodes(
    parameters: Column,
    expiry: Column,
    ceiling: int,
    real: Column,
    imaginary: Column,
    out_real: Output,
    out_imaginary: Output,
) -> int:
    """Log characteristic function at w = real + i imaginary, or its ceiling."""
    for j in range(real.size):
        value = total_exponent(complex(real[j], imaginary[j]), expiry[0], parameters, ceiling)
        out_real[j] = value.real
        out_imaginary[j] = value.imag
    return -1


def moment_nodes(parameters: Column, expiry: Column, exponent: Column, out: Output) -> int:
    """Log moments at real exponents, infinite where the moment is."""
    for j in range(exponent.size):
        out[j] = log_moment(exponent[j], expiry[0], parameters)
    return -1


def strike_sums(
    real: Column, imaginary: Column, size: Column, phase: Column, log_moneyness: Column, scale: Column, out: Output
) -> int:
    """Add sum_j exp(size_j - real_j k - scale) cos(phase_j - imaginary_j k) to `out` for every k.

    The strike is the inner loop and has no branch and no library call, so that it becomes vector instructions.
    """
    for j in range(real.size):
        a, b, g, f = real[j], imaginary[j], size[j], phase[j]
        for i in range(out.size):
            k = log_moneyness[i]
            out[i] += decaying_exponential(g - a * k - scale[i]) * cosine(f - b * k)
    return -1
