"""The two stages of a step on a grid of price and variance, and the right to exercise.

Planes of `f`: 0 to 2 what A0, A1 and A2 do to the values at the step's start, 3 to 5 what they do to the first stage, 6
room, 7 the stage itself, 8 the explicit start. Source: K. in 't Hout and S. Foulon, Int. J. Numer. Anal. Model. 7
(2010) 303, section 3.
"""

from __future__ import annotations

from typing import Any

from optionix_core.pricing.finite_difference._plane_steps import (
    plane_operators,
    plane_solve_spots,
    plane_solve_variances,
)


def plane_stage(
    stage: int,
    dt: float,
    soon: float,
    correction: Any,
    drift: float,
    rate: float,
    multiplier: Any,
    values: Any,
    s: Any,
    w: Any,
    lanes: Any,
    f: Any,
) -> None:
    """Stage zero is Douglas' step from `values`, with implicit halves of size `soon` and `multiplier` as a source.

    Stage one adds to its explicit start `correction[1]` dt times the change of A0 and `correction[2]` dt times that of
    A, and takes both halves again, from the first stage's operators where `correction[3]` is one. One function, called
    in one place, since each call would be compiled anew. The stage's first and last columns are the edges' values.
    """
    m, n = values.shape
    y = f[7]
    x = values if stage == 0 else y
    g = f[3 * stage : 3 * stage + 3]
    plane_operators(x, s, w, drift, rate, f[6], g[0], g[1], g[2])
    mixed = correction[1] * dt
    all_of_it = correction[2] * dt
    anew = correction[3]
    for j in range(m):
        if stage == 0:
            for i in range(1, n - 1):
                whole = values[j, i] + dt * (f[0, j, i] + f[1, j, i] + f[2, j, i] + multiplier[j, i])
                f[8, j, i] = whole
                y[j, i] = whole - soon * f[1, j, i]
        else:
            for i in range(1, n - 1):
                more0 = f[3, j, i] - f[0, j, i]
                more1 = f[4, j, i] - f[1, j, i]
                more2 = f[5, j, i] - f[2, j, i]
                f[1, j, i] += anew * more1
                f[2, j, i] += anew * more2
                whole = f[8, j, i] + mixed * more0 + all_of_it * (more0 + more1 + more2)
                y[j, i] = whole - soon * f[1, j, i]
    plane_solve_spots(y, lanes)
    for j in range(m):
        for i in range(1, n - 1):
            y[j, i] -= soon * f[2, j, i]
    plane_solve_variances(soon, y, w)


def plane_exercise(dt: float, american: int, payoff: Any, stage: Any, multiplier: Any, values: Any) -> None:
    """The stage as the new values, with the right to exercise split off from it into `multiplier`."""
    m, n = values.shape
    for j in range(m):
        if american != 0:
            for i in range(1, n - 1):
                free = stage[j, i] - dt * multiplier[j, i]
                least = payoff[i]
                values[j, i] = max(free, least)
                multiplier[j, i] = max((least - free) / dt, 0.0)
        else:
            for i in range(1, n - 1):
                values[j, i] = stage[j, i]
        values[j, 0] = stage[j, 0]
        values[j, n - 1] = stage[j, n - 1]
