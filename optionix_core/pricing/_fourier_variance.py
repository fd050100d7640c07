"""Log moment of a square-root variance and its derivatives, at many points at once, as lanes.

`w` is the exponent of the moment E[exp(w X)], X = ln(S_T / F): the characteristic function at u is taken at w = i u.
Square-root variance: S. Heston, Rev. Financ. Stud. 6 (1993) 327. With P = w^2 - w, b = kappa - rho sigma w, d^2 = b^2 -
sigma^2 P, S = sinh(d T / 2) / d, C = cosh(d T / 2) and N = C + b S, the exponent is v0 A + kappa theta B, A = P S / N,
B the integral of A over time: S. del Bano Rollin, A. Ferreiro-Castilla, F. Utzet, "On the density of log-spot in the
Heston volatility model" (2010), whose form Y. Cui et al., Eur. J. Oper. Res. 263 (2017) 625, differentiate. All is
scaled by exp(-d T / 2), so that nothing overflows, N is taken as 1 + (b - d) S exp(-d T / 2), so that no term cancels
as sigma goes to zero, and the derivatives use A_b = -P (S^2 / N^2 + 2 b Q), A_s = P^2 Q, Q N^2 = T S^2 / 4 - C S_D,
B_b = -4 P S_D / N, S_D the derivative of S in d^2, s = sigma^2: nothing is divided by d where it is small.

A block is a flat array of rows of `BLOCK` points; the constants below say where each row begins. Refuses to check
anything: models check their fields, `fourier` checks the rows.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Protocol

from optionix_core.pricing._fourier_lanes import (
    lane_angle,
    lane_logarithm_of_size,
    lane_sine_cosine,
)
from optionix_core.pricing._lanes import lane_exponential

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Block = NDArray[np.float64]


class Row(Protocol):
    """A model's parameters; layout in `models._parameters`."""

    def __getitem__(self, place: int, /) -> float:
        """One of them."""
        ...


BLOCK = 16
"""Points in a block."""
W, P, SUM, LOGARITHM, ORDINATE = 0, 2 * BLOCK, 4 * BLOCK, 6 * BLOCK, 8 * BLOCK
"""Real rows, the imaginary one `BLOCK` further: w, w^2 - w, the exponent, the logarithm of a summand; and its y."""
D, H, S, N, QUOTIENT, Z, B = 9 * BLOCK, 11 * BLOCK, 13 * BLOCK, 15 * BLOCK, 17 * BLOCK, 19 * BLOCK, 21 * BLOCK
CURVE = 23 * BLOCK
"""Second derivative in the level."""
WEIGHTS = 26 * BLOCK
"""What summands are multiplied by; each weight has a real and an imaginary row."""
TIME, LEVEL, FIELD = WEIGHTS + 8 * BLOCK, WEIGHTS + 12 * BLOCK, WEIGHTS + 18 * BLOCK
"""Derivatives of the exponent: in expiry, in the model's level, in the first parameter."""
ROWS = 26 + 2 * 26
TINY = 1e-300


def square_root_block(x: Block, t: float, p: Row, start: int) -> int:
    """Add the Heston factor whose parameters begin at `start`, right after `square_root_quotients`.

    Kappa and sigma below 1e-14 change no digit and are zero, here and in the steps before.
    """
    v0, flow = p[start], (p[start + 1] if p[start + 1] > 1e-14 else 0.0) * p[start + 2]
    for j in range(BLOCK):
        zr, zi = x[Z + j], x[Z + BLOCK + j]
        size = zr * zr + zi * zi
        lr = lane_logarithm_of_size(zr, zi)
        li = lane_angle(zi, 1.0 + zr)
        inverse = 1.0 / (size + TINY)
        small = size < 1e-30
        ratio = 1.0 if small else (lr * zr + li * zi) * inverse
        turn = 0.0 if small else (li * zr - lr * zi) * inverse
        sr, si = x[S + j] * (2.0 / t), x[S + BLOCK + j] * (2.0 / t)
        rest, lean = 1.0 - (sr * ratio - si * turn), -(sr * turn + si * ratio)
        qr, qi = x[QUOTIENT + j], x[QUOTIENT + BLOCK + j]
        br, bi = t * (qr * rest - qi * lean), t * (qr * lean + qi * rest)
        x[B + j], x[B + BLOCK + j] = br, bi
        gr = x[S + j] * x[N + j] - x[S + BLOCK + j] * x[N + BLOCK + j]
        gi = x[S + j] * x[N + BLOCK + j] + x[S + BLOCK + j] * x[N + j]
        ar, ai = x[P + j] * gr - x[P + BLOCK + j] * gi, x[P + j] * gi + x[P + BLOCK + j] * gr
        x[SUM + j] += v0 * ar + flow * br
        x[SUM + BLOCK + j] += v0 * ai + flow * bi
    return BLOCK


def square_root_decay(x: Block, t: float, p: Row, start: int) -> int:
    """d, with its real part not negative, and exp(-d T / 2)."""
    kappa, sigma, rho = p[start + 1], p[start + 3], p[start + 4]
    kappa = kappa if kappa > 1e-14 else 0.0
    sigma = sigma if sigma > 1e-14 else 0.0
    s = sigma * sigma
    square, linear, bend = kappa * kappa, s - 2.0 * kappa * rho * sigma, s * (1.0 - rho) * (1.0 + rho)
    for j in range(BLOCK):
        re, im = x[W + j], x[W + BLOCK + j]
        fr = square + linear * re - bend * (re * re - im * im)
        fi = linear * im - bend * (2.0 * re * im)
        size = math.sqrt(fr * fr + fi * fi)
        major = math.sqrt(0.5 * (size + abs(fr)))
        minor = 0.5 * fi / (major + TINY)
        right = fr >= 0.0
        x[D + j] = major if right else abs(minor)
        x[D + BLOCK + j] = minor if right else (major if fi >= 0.0 else -major)
    for j in range(BLOCK):
        size = lane_exponential(-0.5 * t * x[D + j])
        sine, cosine = lane_sine_cosine(0.5 * t * x[D + BLOCK + j])
        x[H + j], x[H + BLOCK + j] = size * cosine, -size * sine
    return BLOCK


def square_root_quotients(x: Block, t: float, p: Row, start: int) -> int:
    """S and 1 / N, both scaled; (b - d) / sigma^2; and N - 1."""
    kappa, sigma, rho = p[start + 1], p[start + 3], p[start + 4]
    kappa = kappa if kappa > 1e-14 else 0.0
    sigma = sigma if sigma > 1e-14 else 0.0
    s = sigma * sigma
    for j in range(BLOCK):
        dr, di, hr, hi = x[D + j], x[D + BLOCK + j], x[H + j], x[H + BLOCK + j]
        yr, yi = 0.25 * t * t * (dr * dr - di * di), 0.25 * t * t * (2.0 * dr * di)
        ur, ui = 1.0 + yr * (1.0 / 110.0), yi * (1.0 / 110.0)
        ur, ui = 1.0 + (yr * ur - yi * ui) * (1.0 / 72.0), (yr * ui + yi * ur) * (1.0 / 72.0)
        ur, ui = 1.0 + (yr * ur - yi * ui) * (1.0 / 42.0), (yr * ui + yi * ur) * (1.0 / 42.0)
        ur, ui = 1.0 + (yr * ur - yi * ui) * (1.0 / 20.0), (yr * ui + yi * ur) * (1.0 / 20.0)
        ur, ui = 1.0 + (yr * ur - yi * ui) * (1.0 / 6.0), (yr * ui + yi * ur) * (1.0 / 6.0)
        er, ei = 1.0 - (hr * hr - hi * hi), -2.0 * hr * hi
        inverse = 0.5 / (dr * dr + di * di + TINY)
        small = yr * yr + yi * yi < 1.0 / 256.0
        x[S + j] = 0.5 * t * (hr * ur - hi * ui) if small else (er * dr + ei * di) * inverse
        x[S + BLOCK + j] = 0.5 * t * (hr * ui + hi * ur) if small else (ei * dr - er * di) * inverse
    for j in range(BLOCK):
        dr, di = x[D + j], x[D + BLOCK + j]
        br, bi = kappa - rho * sigma * x[W + j], -rho * sigma * x[W + BLOCK + j]
        same = br * dr + bi * di >= 0.0
        er, ei = (br + dr, bi + di) if same else (br - dr, bi - di)
        top_r, top_i = (x[P + j], x[P + BLOCK + j]) if same else (er, ei)
        low_r, low_i = (er, ei) if same else (s, 0.0)
        inverse = 1.0 / (low_r * low_r + low_i * low_i + TINY)
        qr, qi = (top_r * low_r + top_i * low_i) * inverse, (top_i * low_r - top_r * low_i) * inverse
        gr, gi = (s * qr, s * qi) if same else (er, ei)
        sr, si = x[S + j], x[S + BLOCK + j]
        zr, zi = gr * sr - gi * si, gr * si + gi * sr
        x[QUOTIENT + j], x[QUOTIENT + BLOCK + j] = qr, qi
        x[Z + j], x[Z + BLOCK + j] = zr, zi
        inverse = 1.0 / ((1.0 + zr) * (1.0 + zr) + zi * zi)
        x[N + j], x[N + BLOCK + j] = (1.0 + zr) * inverse, -zi * inverse
    return BLOCK


def square_root_slopes(  # noqa: PLR0915 - one formula
    x: Block, t: float, p: Row, start: int
) -> int:
    """Derivatives in five parameters, right after `square_root_block`; adds the one in time."""
    v0, kappa, theta, sigma, rho = p[start], p[start + 1], p[start + 2], p[start + 3], p[start + 4]
    kappa = kappa if kappa > 1e-14 else 0.0
    sigma = sigma if sigma > 1e-14 else 0.0
    s, flow = sigma * sigma, kappa * theta
    over = 1.0 / s if s > 1e-15 else 0.0
    field = FIELD + 2 * start * BLOCK
    for j in range(BLOCK):
        dr, di, hr, hi = x[D + j], x[D + BLOCK + j], x[H + j], x[H + BLOCK + j]
        er, ei = hr * hr - hi * hi, 2.0 * hr * hi
        qr, qi = t * t * (dr * dr - di * di), t * t * (2.0 * dr * di)
        small = qr * qr + qi * qi < 1.0 / 16.0
        # (sinh(x) / x - 1) / x^2 and the derivative of S in d^2, as sums
        ur, ui = 1.0 + qr * (1.0 / 156.0), qi * (1.0 / 156.0)
        ur, ui = 1.0 + (qr * ur - qi * ui) * (1.0 / 110.0), (qr * ui + qi * ur) * (1.0 / 110.0)
        ur, ui = 1.0 + (qr * ur - qi * ui) * (1.0 / 72.0), (qr * ui + qi * ur) * (1.0 / 72.0)
        ur, ui = 1.0 + (qr * ur - qi * ui) * (1.0 / 42.0), (qr * ui + qi * ur) * (1.0 / 42.0)
        ur, ui = 1.0 + (qr * ur - qi * ui) * (1.0 / 20.0), (qr * ui + qi * ur) * (1.0 / 20.0)
        sr, si = x[S + j], x[S + BLOCK + j]
        cr, ci = 0.5 * (1.0 + er), 0.5 * ei
        inverse = 0.25 * t * t / (qr * qr + qi * qi + TINY)
        tr, ti = 2.0 * (sr * cr - si * ci) - t * er, 2.0 * (sr * ci + si * cr) - t * ei
        cube = t * t * t * (1.0 / 24.0)
        x[Z + j] = cube * (er * ur - ei * ui) if small else (tr * qr + ti * qi) * inverse
        x[Z + BLOCK + j] = cube * (er * ui + ei * ur) if small else (ti * qr - tr * qi) * inverse
        yr, yi = 0.25 * qr, 0.25 * qi
        ur, ui = 5.0 + yr * (6.0 / 156.0), yi * (6.0 / 156.0)
        ur, ui = 4.0 + (yr * ur - yi * ui) * (1.0 / 110.0), (yr * ui + yi * ur) * (1.0 / 110.0)
        ur, ui = 3.0 + (yr * ur - yi * ui) * (1.0 / 72.0), (yr * ui + yi * ur) * (1.0 / 72.0)
        ur, ui = 2.0 + (yr * ur - yi * ui) * (1.0 / 42.0), (yr * ui + yi * ur) * (1.0 / 42.0)
        ur, ui = 1.0 + (yr * ur - yi * ui) * (1.0 / 20.0), (yr * ui + yi * ur) * (1.0 / 20.0)
        tr, ti = t * cr - 2.0 * sr, t * ci - 2.0 * si
        cube = t * t * t * (1.0 / 48.0)
        x[QUOTIENT + j] = cube * (hr * ur - hi * ui) if small else (tr * qr + ti * qi) * inverse
        x[QUOTIENT + BLOCK + j] = cube * (hr * ui + hi * ur) if small else (ti * qr - tr * qi) * inverse
        # from here D holds E / N^2
        nr, ni = x[N + j], x[N + BLOCK + j]
        mr, mi = nr * nr - ni * ni, 2.0 * nr * ni
        x[D + j], x[D + BLOCK + j] = er * mr - ei * mi, er * mi + ei * mr
    for j in range(BLOCK):
        wr, wi, pr, pi = x[W + j], x[W + BLOCK + j], x[P + j], x[P + BLOCK + j]
        br, bi = kappa - rho * sigma * wr, -rho * sigma * wi
        nr, ni, sr, si = x[N + j], x[N + BLOCK + j], x[S + j], x[S + BLOCK + j]
        gr, gi = sr * nr - si * ni, sr * ni + si * nr
        ar, ai = pr * gr - pi * gi, pr * gi + pi * gr
        fr, fi = x[B + j], x[B + BLOCK + j]
        mr, mi = nr * nr - ni * ni, 2.0 * nr * ni
        zr, zi = x[Z + j], x[Z + BLOCK + j]
        qr, qi = zr * mr - zi * mi, zr * mi + zi * mr
        ur, ui = gr * gr - gi * gi + 2.0 * (br * qr - bi * qi), 2.0 * (gr * gi + br * qi + bi * qr)
        ab_r, ab_i = pi * ui - pr * ur, -pr * ui - pi * ur
        ur, ui = pr * qr - pi * qi, pr * qi + pi * qr
        as_r, as_i = pr * ur - pi * ui, pr * ui + pi * ur
        zr, zi = x[QUOTIENT + j], x[QUOTIENT + BLOCK + j]
        kr, ki = zr * nr - zi * ni, zr * ni + zi * nr
        bb_r, bb_i = -4.0 * (pr * kr - pi * ki), -4.0 * (pr * ki + pi * kr)
        ur, ui = 0.5 * t * gr + 2.0 * (br * kr - bi * ki), 0.5 * t * gi + 2.0 * (br * ki + bi * kr)
        bs_r, bs_i = (pr * ur - pi * ui - fr) * over, (pr * ui + pi * ur - fi) * over
        slope_r, slope_i = v0 * ab_r + flow * bb_r, v0 * ab_i + flow * bb_i
        er, ei = 0.5 * x[D + j], 0.5 * x[D + BLOCK + j]
        x[TIME + j] += v0 * (pr * er - pi * ei) + flow * ar
        x[TIME + BLOCK + j] += v0 * (pr * ei + pi * er) + flow * ai
        x[field + j], x[field + BLOCK + j] = ar, ai
        x[field + 2 * BLOCK + j], x[field + 3 * BLOCK + j] = slope_r + theta * fr, slope_i + theta * fi
        x[field + 4 * BLOCK + j], x[field + 5 * BLOCK + j] = kappa * fr, kappa * fi
        lean_r, lean_i = wr * slope_r - wi * slope_i, wr * slope_i + wi * slope_r
        x[field + 6 * BLOCK + j] = 2.0 * sigma * (v0 * as_r + flow * bs_r) - rho * lean_r
        x[field + 7 * BLOCK + j] = 2.0 * sigma * (v0 * as_i + flow * bs_i) - rho * lean_i
        x[field + 8 * BLOCK + j], x[field + 9 * BLOCK + j] = -sigma * lean_r, -sigma * lean_i
    return BLOCK
