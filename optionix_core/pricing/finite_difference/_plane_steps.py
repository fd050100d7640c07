"""The operators of Heston's pricing equation on a grid of price and variance, and their implicit halves.

u_tau = A0 u + A1 u + A2 u: A0 the mixed derivative, A1 what acts along prices, A2 along variances, the discounting
halved between them. Central three-point differences; at variance zero the equation itself with a one-sided difference
of second order, at the highest variance without its second derivative in the variance. Values have shape (m, n), the
price in the last place, so that sweeps along variances run over whole rows; sweeps along prices work on transposed
copies. Source: K. in 't Hout and S. Foulon, Int. J. Numer. Anal. Model. 7 (2010) 303, section 2.

Spot rows `s`: 0, 1 weights of S^2 u'' / 2 at lower and upper neighbours; 2, 3 of S u'. Variance rows `w`: 0 variance;
1, 2 weights of A2 (at variance zero of the second and the first node above); 3, 4 of the mixed derivative; 5, 6
elimination; 7 the multiple of row one that is taken from row zero.
"""

from __future__ import annotations

from typing import Any

import numpy as np

SPOT_ROWS, VARIANCE_ROWS, LANES = 4, 8, 4
BLOCK = 16


def plane_tables(planes: int, first: int, second: int) -> Any:
    """Zeros of shape (planes, first, second)."""
    return np.zeros((planes, first, second))


def plane_stencils(
    spots: Any, variances: Any, kappa: float, theta: float, sigma: float, rho: float, s: Any, w: Any
) -> None:
    """Fill `s` and rows 0 to 4 of `w`."""
    for i in range(1, len(spots) - 1):
        x = spots[i]
        down = x - spots[i - 1]
        up = spots[i + 1] - x
        s[0, i] = x * x / (down * (down + up))
        s[1, i] = x * x / (up * (down + up))
        s[2, i] = -x * up / (down * (down + up))
        s[3, i] = x * down / (up * (down + up))
    m = len(variances)
    for j in range(m):
        w[0, j] = variances[j]
    for j in range(1, m - 1):
        v = variances[j]
        down = v - variances[j - 1]
        up = variances[j + 1] - v
        low = -up / (down * (down + up))
        high = down / (up * (down + up))
        pull = kappa * (theta - v)
        spread = sigma * sigma * v
        w[1, j] = spread / (down * (down + up)) + pull * low
        w[2, j] = spread / (up * (down + up)) + pull * high
        w[3, j] = rho * sigma * v * low
        w[4, j] = rho * sigma * v * high
    first = variances[1] - variances[0]
    second = variances[2] - variances[1]
    pull = kappa * (theta - variances[0])
    w[1, 0] = -pull * first / (second * (first + second))
    w[2, 0] = pull * (first + second) / (first * second)
    if abs(w[2, 1]) < 1e-6 * abs(w[1, 0]):
        w[1, 0] = 0.0
        w[2, 0] = pull / first
    w[1, m - 1] = -kappa * (theta - variances[m - 1]) / (variances[m - 1] - variances[m - 2])


def plane_slope(x: Any, s: Any, t: Any) -> None:
    """Fill t with S x'."""
    m, n = x.shape
    for j in range(m):
        for i in range(1, n - 1):
            t[j, i] = s[2, i] * (x[j, i - 1] - x[j, i]) + s[3, i] * (x[j, i + 1] - x[j, i])


def plane_operators(x: Any, s: Any, w: Any, drift: float, rate: float, t: Any, f0: Any, f1: Any, f2: Any) -> None:
    """f0, f1, f2 = A0 x, A1 x, A2 x inside; `t` is room for S x'."""
    m, n = x.shape
    plane_slope(x, s, t)
    half = 0.5 * rate
    for j in range(m):
        v = w[0, j]
        for i in range(1, n - 1):
            bend = s[0, i] * (x[j, i - 1] - x[j, i]) + s[1, i] * (x[j, i + 1] - x[j, i])
            f1[j, i] = v * bend + drift * t[j, i] - half * x[j, i]
    for i in range(1, n - 1):
        f0[0, i] = 0.0
        f2[0, i] = w[2, 0] * (x[1, i] - x[0, i]) + w[1, 0] * (x[2, i] - x[0, i]) - half * x[0, i]
        f0[m - 1, i] = 0.0
        f2[m - 1, i] = w[1, m - 1] * (x[m - 2, i] - x[m - 1, i]) - half * x[m - 1, i]
    for j in range(1, m - 1):
        low = w[1, j]
        high = w[2, j]
        mixed_low = w[3, j]
        mixed_high = w[4, j]
        for i in range(1, n - 1):
            f0[j, i] = mixed_low * (t[j - 1, i] - t[j, i]) + mixed_high * (t[j + 1, i] - t[j, i])
            f2[j, i] = low * (x[j - 1, i] - x[j, i]) + high * (x[j + 1, i] - x[j, i]) - half * x[j, i]


def plane_eliminate(soon: float, s: Any, w: Any, drift: float, rate: float, lanes: Any) -> None:
    """Eliminations of 1 - soon A1 (planes 0 to 2 of `lanes`, transposed) and 1 - soon A2 (rows 5 to 7 of `w`)."""
    n = lanes.shape[1]
    m = lanes.shape[2]
    base = 1.0 + 0.5 * soon * rate
    for j in range(m):
        lanes[0, 0, j] = 0.0
    for i in range(1, n - 1):
        bend_low = soon * s[0, i]
        bend_high = soon * s[1, i]
        slope_low = soon * drift * s[2, i]
        slope_high = soon * drift * s[3, i]
        for j in range(m):
            low = w[0, j] * bend_low + slope_low
            high = w[0, j] * bend_high + slope_high
            pivot = 1.0 / (base + high + low * (1.0 - lanes[0, i - 1, j]))
            lanes[0, i, j] = high * pivot
            lanes[1, i, j] = pivot
            lanes[2, i, j] = low
    part = w[1, 0] / w[2, 1] if w[1, 0] != 0.0 else 0.0
    own = base + soon * (w[2, 0] + w[1, 0]) + part * soon * w[1, 1]
    next_one = soon * w[2, 0] + part * (base + soon * (w[1, 1] + w[2, 1]))
    w[7, 0] = part
    w[6, 0] = 1.0 / own
    w[5, 0] = next_one / own
    for j in range(1, m):
        low = soon * w[1, j]
        high = soon * w[2, j]
        w[6, j] = 1.0 / (base + high + low * (1.0 - w[5, j - 1]))
        w[5, j] = high * w[6, j]


def plane_turn(x: Any, y: Any) -> None:
    """Transpose x into y, block by block."""
    m, n = x.shape
    for j0 in range(0, m, BLOCK):
        for i0 in range(0, n, BLOCK):
            for i in range(i0, min(i0 + BLOCK, n)):
                for j in range(j0, min(j0 + BLOCK, m)):
                    y[i, j] = x[j, i]


def plane_solve_spots(x: Any, lanes: Any) -> None:
    """Make x the solution of (1 - soon A1) y = x; its first and last columns are the edges' values."""
    n = lanes.shape[1]
    m = lanes.shape[2]
    d = lanes[3]
    plane_turn(x, d)
    for i in range(1, n - 1):
        for j in range(m):
            d[i, j] = (d[i, j] + lanes[2, i, j] * d[i - 1, j]) * lanes[1, i, j]
    for i in range(n - 2, 0, -1):
        for j in range(m):
            d[i, j] += lanes[0, i, j] * d[i + 1, j]
    plane_turn(d, x)


def plane_solve_variances(soon: float, x: Any, w: Any) -> None:
    """Make x the solution of (1 - soon A2) y = x inside."""
    m, n = x.shape
    part = w[7, 0]
    pivot = w[6, 0]
    for i in range(1, n - 1):
        x[0, i] = (x[0, i] - part * x[1, i]) * pivot
    for j in range(1, m):
        low = soon * w[1, j]
        pivot = w[6, j]
        for i in range(1, n - 1):
            x[j, i] = (x[j, i] + low * x[j - 1, i]) * pivot
    for j in range(m - 2, -1, -1):
        c = w[5, j]
        for i in range(1, n - 1):
            x[j, i] += c * x[j + 1, i]
