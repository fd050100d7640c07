"""Log moments of jumps and of Variance Gamma, of a constant volatility, and what Greeks weigh the moments by.

Blocks as in `_fourier_variance`. Refuses to check anything: models check their fields.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from optionix_core.pricing._fourier_lanes import (
    lane_angle,
    lane_growth,
    lane_logarithm_of_size,
    lane_sine_cosine,
)
from optionix_core.pricing._fourier_variance import (
    BLOCK,
    CURVE,
    FIELD,
    LEVEL,
    SUM,
    TIME,
    TINY,
    WEIGHTS,
    D,
    P,
    Row,
    S,
    W,
    Z,
)

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Block = NDArray[np.float64]

FIRST, SECOND, JUMPS, DIFFUSION, GAMMA = 1, 2, 4, 8, 16
"""Bits of a mask of parts."""


def jump_block(x: Block, t: float, intensity: float, mean: float, volatility: float, ceiling: float) -> int:
    """Add compensated Merton jumps: R. Merton, J. Financ. Econ. 3 (1976) 125."""
    variance = volatility * volatility
    drift = math.expm1(mean + 0.5 * variance)
    for j in range(BLOCK):
        re, im = x[W + j], x[W + BLOCK + j]
        growth = lane_growth(re * mean + 0.5 * variance * (re * re - im * im))
        sine, cosine = lane_sine_cosine(0.5 * (im * mean + variance * re * im))
        drop = 0.0 if ceiling > 0.0 else -2.0 * sine * sine
        turn = 0.0 if ceiling > 0.0 else 2.0 * sine * cosine
        jump = growth + drop + growth * drop
        x[S + j], x[S + BLOCK + j] = 1.0 + jump, (1.0 + growth) * turn
        x[Z + j], x[Z + BLOCK + j] = jump - re * drift, (1.0 + growth) * turn - im * drift
    for j in range(BLOCK):
        x[SUM + j] += intensity * t * x[Z + j]
        x[SUM + BLOCK + j] += intensity * t * x[Z + BLOCK + j]
    return BLOCK


def jump_slopes(x: Block, t: float, intensity: float, mean: float, volatility: float) -> int:
    """Derivatives in three parameters, right after `jump_block`; adds the one in time."""
    field, total = FIELD + 20 * BLOCK, intensity * t
    drift = math.expm1(mean + 0.5 * volatility * volatility)
    for j in range(BLOCK):
        re, im, jr, ji = x[W + j], x[W + BLOCK + j], x[S + j], x[S + BLOCK + j]
        zr, zi = x[Z + j], x[Z + BLOCK + j]
        x[TIME + j] += intensity * zr
        x[TIME + BLOCK + j] += intensity * zi
        x[field + j], x[field + BLOCK + j] = t * zr, t * zi
        ur, ui = re * jr - im * ji, re * ji + im * jr
        x[field + 2 * BLOCK + j] = total * (ur - re * (1.0 + drift))
        x[field + 3 * BLOCK + j] = total * (ui - im * (1.0 + drift))
        x[field + 4 * BLOCK + j] = total * volatility * (re * ur - im * ui - re * (1.0 + drift))
        x[field + 5 * BLOCK + j] = total * volatility * (re * ui + im * ur - im * (1.0 + drift))
    return BLOCK


def clock_ratio(z: float) -> float:
    """ln(1 + z) / z, 1 at zero."""
    return math.log1p(z) / z if abs(z) > 1e-16 else 1.0 - 0.5 * z


def clock_slope(z: float) -> float:
    """Derivative of `clock_ratio`."""
    if abs(z) > 0.03:
        return (1.0 / (1.0 + z) - math.log1p(z) / z) / z
    total = 0.0
    for n in range(12, 0, -1):
        total = -n / (n + 1.0) - z * total
    return total


def gamma_block(x: Block, t: float, volatility: float, nu: float, theta: float) -> int:
    """Add a compensated Variance Gamma: Madan, Carr, Chang, Eur. Finance Rev. 2 (1998) 79, eq. 22."""
    half = 0.5 * volatility * volatility
    all_drift = theta + half
    drift = -all_drift * clock_ratio(-nu * all_drift)
    for j in range(BLOCK):
        re, im = x[W + j], x[W + BLOCK + j]
        cr, ci = re * theta + half * (re * re - im * im), im * theta + half * (2.0 * re * im)
        zr, zi = -nu * cr, -nu * ci
        size = zr * zr + zi * zi
        lr = lane_logarithm_of_size(zr, zi)
        li = lane_angle(zi, 1.0 + zr)
        inverse = 1.0 / (size + TINY)
        small = size < 1e-30
        ratio = 1.0 - 0.5 * zr if small else (lr * zr + li * zi) * inverse
        turn = -0.5 * zi if small else (li * zr - lr * zi) * inverse
        sr, si = re * drift + cr * ratio - ci * turn, im * drift + cr * turn + ci * ratio
        x[S + j], x[S + BLOCK + j] = sr, si
        x[D + j], x[D + BLOCK + j] = cr, ci
        x[Z + j], x[Z + BLOCK + j] = ratio, turn
        x[SUM + j] += t * sr
        x[SUM + BLOCK + j] += t * si
    return BLOCK


def gamma_slopes(x: Block, t: float, volatility: float, nu: float, theta: float) -> int:
    """Derivatives in three parameters, right after `gamma_block`; adds the one in time.

    The second derivative in the volatility goes to `CURVE`.
    """
    field = FIELD + 28 * BLOCK
    all_drift = theta + 0.5 * volatility * volatility
    still = 1.0 / (1.0 - nu * all_drift)
    bend = all_drift * all_drift * clock_slope(-nu * all_drift)
    for j in range(BLOCK):
        re, im, cr, ci = x[W + j], x[W + BLOCK + j], x[D + j], x[D + BLOCK + j]
        zr, zi = -nu * cr, -nu * ci
        inverse = 1.0 / ((1.0 + zr) * (1.0 + zr) + zi * zi)
        ir, ii = (1.0 + zr) * inverse, -zi * inverse
        x[TIME + j] += x[S + j]
        x[TIME + BLOCK + j] += x[S + BLOCK + j]
        ur, ui = re * ir - im * ii, re * ii + im * ir
        x[field + 4 * BLOCK + j], x[field + 5 * BLOCK + j] = t * (ur - re * still), t * (ui - im * still)
        vr, vi = re * ur - im * ui, re * ui + im * ur
        sr, si = vr - re * still, vi - im * still
        x[field + j], x[field + BLOCK + j] = t * volatility * sr, t * volatility * si
        push = nu * volatility * volatility
        x[CURVE + j] = t * (sr + push * (vr * vr - vi * vi - re * still * still))
        x[CURVE + BLOCK + j] = t * (si + push * (2.0 * vr * vi - im * still * still))
        size = zr * zr + zi * zi
        small = size < 9e-4
        ar, ai = -11.0 / 12.0, 0.0
        ar, ai = -10.0 / 11.0 - (zr * ar - zi * ai), -(zr * ai + zi * ar)
        ar, ai = -9.0 / 10.0 - (zr * ar - zi * ai), -(zr * ai + zi * ar)
        ar, ai = -8.0 / 9.0 - (zr * ar - zi * ai), -(zr * ai + zi * ar)
        ar, ai = -7.0 / 8.0 - (zr * ar - zi * ai), -(zr * ai + zi * ar)
        ar, ai = -6.0 / 7.0 - (zr * ar - zi * ai), -(zr * ai + zi * ar)
        ar, ai = -5.0 / 6.0 - (zr * ar - zi * ai), -(zr * ai + zi * ar)
        ar, ai = -4.0 / 5.0 - (zr * ar - zi * ai), -(zr * ai + zi * ar)
        ar, ai = -3.0 / 4.0 - (zr * ar - zi * ai), -(zr * ai + zi * ar)
        ar, ai = -2.0 / 3.0 - (zr * ar - zi * ai), -(zr * ai + zi * ar)
        ar, ai = -1.0 / 2.0 - (zr * ar - zi * ai), -(zr * ai + zi * ar)
        inverse = 1.0 / (size + TINY)
        gr, gi = ir - x[Z + j], ii - x[Z + BLOCK + j]
        lr = ar if small else (gr * zr + gi * zi) * inverse
        li = ai if small else (gi * zr - gr * zi) * inverse
        qr, qi = cr * cr - ci * ci, 2.0 * cr * ci
        x[field + 2 * BLOCK + j] = t * (re * bend - (qr * lr - qi * li))
        x[field + 3 * BLOCK + j] = t * (im * bend - (qr * li + qi * lr))
    return BLOCK


def diffusion_block(x: Block, t: float, p: Row) -> int:
    """Begin with w^2 - w, and the exponent of the constant volatility with its derivatives."""
    volatility = p[13]
    half = 0.5 * volatility * volatility
    for j in range(BLOCK):
        re, im = x[W + j], x[W + BLOCK + j]
        pr, pi = re * re - im * im - re, 2.0 * re * im - im
        x[P + j], x[P + BLOCK + j] = pr, pi
        x[SUM + j], x[SUM + BLOCK + j] = half * t * pr, half * t * pi
        x[TIME + j], x[TIME + BLOCK + j] = half * pr, half * pi
        x[FIELD + 26 * BLOCK + j] = volatility * t * pr
        x[FIELD + 27 * BLOCK + j] = volatility * t * pi
        x[CURVE + j], x[CURVE + BLOCK + j] = t * pr, t * pi
    return BLOCK


def weight_block(x: Block, p: Row, level: float) -> int:
    """The nine weights of Greeks from the derivatives of the exponent, `level` as in `models._parameters`."""
    total = p[0] + p[5]
    root = math.sqrt(total)
    for j in range(BLOCK):
        re, im, pr, pi = x[W + j], x[W + BLOCK + j], x[P + j], x[P + BLOCK + j]
        x[WEIGHTS + j], x[WEIGHTS + BLOCK + j] = 1.0, 0.0
        x[WEIGHTS + 2 * BLOCK + j], x[WEIGHTS + 3 * BLOCK + j] = re, im
        x[WEIGHTS + 4 * BLOCK + j], x[WEIGHTS + 5 * BLOCK + j] = pr, pi
        x[WEIGHTS + 6 * BLOCK + j] = pr * (re - 2.0) - pi * im
        x[WEIGHTS + 7 * BLOCK + j] = pr * im + pi * (re - 2.0)
        tr, ti = x[TIME + j], x[TIME + BLOCK + j]
        x[WEIGHTS + 10 * BLOCK + j], x[WEIGHTS + 11 * BLOCK + j] = re * tr - im * ti, re * ti + im * tr
        if level == 0.0:
            first, second = (p[0], p[5]) if total > 0.0 else (0.5, 0.5)
            ar = first * x[FIELD + j] + second * x[FIELD + 10 * BLOCK + j]
            ai = first * x[FIELD + BLOCK + j] + second * x[FIELD + 11 * BLOCK + j]
            factor = 2.0 / root if total > 0.0 else 0.0
            bend = 2.0 / total if total > 0.0 else 2.0
            lr, li, sr, si = factor * ar, factor * ai, bend * ar, bend * ai
        elif level == 1.0:
            lr, li = x[FIELD + 26 * BLOCK + j], x[FIELD + 27 * BLOCK + j]
            sr, si = x[CURVE + j], x[CURVE + BLOCK + j]
        else:
            lr, li = x[FIELD + 28 * BLOCK + j], x[FIELD + 29 * BLOCK + j]
            sr, si = x[CURVE + j], x[CURVE + BLOCK + j]
        x[LEVEL + j], x[LEVEL + BLOCK + j] = lr, li
        x[LEVEL + 2 * BLOCK + j], x[LEVEL + 3 * BLOCK + j] = re * lr - im * li, re * li + im * lr
        x[LEVEL + 4 * BLOCK + j], x[LEVEL + 5 * BLOCK + j] = lr * lr - li * li + sr, 2.0 * lr * li + si
    return BLOCK
