"""One step of the theta scheme on a line of prices, with or without the right to exercise.

Three-point differences in S on any increasing nodes, exact for 1 and S, so that forwards carry no error of space:
central, of second order, unless the drift across a step is ten times the diffusion; there one-sided in the direction of
the drift, which damps but is of first order. Layers that steep only come with volatilities far below the carry.
Sources: K. in 't Hout, "Numerical Partial Differential Equations in Finance Explained" (2017), chapters 4 and 8; C.
Reisinger and J. Witte, SIAM J. Financ. Math. 3 (2012) 459.

Rows of the work table: 0 to 5 stencils; 6, 7 coefficients of the lower and the upper neighbour; 8 right-hand side;
9, 10 elimination; 11 policy (1 exercised).
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

NOTHING = -1e300
"""What exercise pays where there is no such right."""
WORK_ROWS = 12
STRONGEST = 9.0
"""Drift over diffusion across a step, less one, up to which differences are central."""
MOST_POLICIES = 50
TIE = 1e-12
"""Relative to spot and payoff: where holding and exercising differ by less, the policy stays as it was."""


def line_work(n: int) -> Any:
    """The work table for n nodes."""
    return np.zeros((WORK_ROWS, n))


def line_stencils(spots: Any, w: Any) -> None:
    """Weights of S u' (rows 0, 1) and S^2 u'' / 2 (2, 3) at lower and upper neighbours; of one-sided S u' (4, 5)."""
    for i in range(1, len(spots) - 1):
        s = spots[i]
        down = s - spots[i - 1]
        up = spots[i + 1] - s
        w[0, i] = -s * up / (down * (down + up))
        w[1, i] = s * down / (up * (down + up))
        w[2, i] = s * s / (down * (down + up))
        w[3, i] = s * s / (up * (down + up))
        w[4, i] = s / down
        w[5, i] = s / up


def line_coefficients(variance: Any, row: int, drift: float, n: int, w: Any) -> None:
    """Rows 6 and 7 for the instantaneous variances in `row` of `variance`."""
    for i in range(1, n - 1):
        v = variance[row, i]
        low = v * w[2, i] + drift * w[0, i]
        high = v * w[3, i] + drift * w[1, i]
        central = min(low + STRONGEST * v * w[2, i], high + STRONGEST * v * w[3, i]) > 0.0
        w[6, i] = low if central else v * w[2, i] + max(-drift, 0.0) * w[4, i]
        w[7, i] = high if central else v * w[3, i] + max(drift, 0.0) * w[5, i]


def line_edge(e: Any, first: int, dt: float, rate: float, dividend_yield: float, spot: float, least: float) -> float:
    """Value on one edge a step further from expiry.

    `e[first:first + 3]` hold A, B of A + B S there and whether the claim is discounted; `least` is what exercise pays
    (`NOTHING` where there is no such right), and the claim becomes a fixed amount where that is more.
    """
    if e[first + 2] > 0.0:
        e[first] *= math.exp(-rate * dt)
        e[first + 1] *= math.exp(-dividend_yield * dt)
    value: float = e[first] + e[first + 1] * spot
    if value < least:
        e[first] = least - e[first + 1] * spot
        value = least
    return value


def line_step(dt: float, weight: float, rate: float, low_edge: float, high_edge: float, n: int, u: Any, w: Any) -> None:
    """Make u the value a step further from expiry: the theta scheme with `weight` on the new level."""
    late = (1.0 - weight) * dt
    soon = weight * dt
    for i in range(1, n - 1):
        low = w[6, i]
        high = w[7, i]
        w[8, i] = u[i] + late * (low * (u[i - 1] - u[i]) + high * (u[i + 1] - u[i]) - rate * u[i])
    c = 0.0
    d = low_edge
    w[9, 0] = c
    w[10, 0] = d
    for i in range(1, n - 1):
        low = soon * w[6, i]
        high = soon * w[7, i]
        pivot = 1.0 / (1.0 + soon * rate + high + low * (1.0 - c))
        d = (w[8, i] + low * d) * pivot
        c = high * pivot
        w[9, i] = c
        w[10, i] = d
    value = high_edge
    u[n - 1] = value
    for i in range(n - 2, 0, -1):
        value = w[10, i] + w[9, i] * value
        u[i] = value
    u[0] = low_edge


def line_step_with_exercise(
    dt: float, weight: float, rate: float, low_edge: float, high_edge: float, n: int, payoff: Any, u: Any, w: Any
) -> int:
    """The same never below `payoff`, exactly, by policy iteration from the last step's policy; how many it took."""
    late = (1.0 - weight) * dt
    soon = weight * dt
    for i in range(1, n - 1):
        low = w[6, i]
        high = w[7, i]
        w[8, i] = u[i] + late * (low * (u[i - 1] - u[i]) + high * (u[i + 1] - u[i]) - rate * u[i])
    for count in range(MOST_POLICIES):
        c = 0.0
        d = low_edge
        w[9, 0] = c
        w[10, 0] = d
        for i in range(1, n - 1):
            low = soon * w[6, i]
            high = soon * w[7, i]
            held = w[11, i] == 0.0
            pivot = 1.0 / (1.0 + soon * rate + high + low * (1.0 - c))
            d = (w[8, i] + low * d) * pivot if held else payoff[i]
            c = high * pivot if held else 0.0
            w[9, i] = c
            w[10, i] = d
        value = high_edge
        u[n - 1] = value
        for i in range(n - 2, 0, -1):
            value = w[10, i] + w[9, i] * value
            u[i] = value
        u[0] = low_edge
        changed = 0
        for i in range(1, n - 1):
            low = soon * w[6, i]
            high = soon * w[7, i]
            residual = (1.0 + soon * rate) * u[i] - low * (u[i - 1] - u[i]) - high * (u[i + 1] - u[i]) - w[8, i]
            excess = residual - (u[i] - payoff[i])
            now = 1.0 if excess > 0.0 else 0.0
            now = w[11, i] if abs(excess) <= TIE * (abs(u[i]) + abs(payoff[i]) + abs(w[8, i])) else now
            changed += 1 if now != w[11, i] else 0
            w[11, i] = now
        if changed == 0:
            return count + 1
    return MOST_POLICIES
