"""The march in time on a line of prices; compiled by `_kernels`, never run by the interpreter."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from optionix_core.pricing.finite_difference._line_steps import (
    NOTHING,
    line_coefficients,
    line_edge,
    line_stencils,
    line_step,
    line_step_with_exercise,
    line_work,
)

Column: TypeAlias = NDArray[np.float64]
Grid: TypeAlias = NDArray[np.float64]
Output: TypeAlias = NDArray[np.float64]
Codes: TypeAlias = NDArray[np.int8]


def march_line(
    spots: Column,
    steps: Column,
    weights: Column,
    variance: Grid,
    rate: float,
    dividend_yield: float,
    american: int,
    payoff: Column,
    edges: Output,
    exercised: Codes,
    values: Output,
) -> int:
    """`values` at the nodes carried back over `steps`, each with its weight on the new level.

    `variance` has one row for each step, or one for all. `edges` holds A, B and the discounting of the lower edge, then
    of the upper; both are left as they are at the end. `exercised` is the policy, kept from call to call. The result is
    the largest number of policies that a step needed.
    """
    n = len(spots)
    w = line_work(n)
    line_stencils(spots, w)
    for i in range(n):
        w[11, i] = 1.0 if exercised[i] != 0 else 0.0
    most = 0
    drift = rate - dividend_yield
    fixed = variance.shape[0] == 1
    if fixed:
        line_coefficients(variance, 0, drift, n, w)
    for k in range(len(steps)):
        dt = steps[k]
        if not fixed:
            line_coefficients(variance, k, drift, n, w)
        low_least = payoff[0] if american != 0 else NOTHING
        high_least = payoff[n - 1] if american != 0 else NOTHING
        low_edge = line_edge(edges, 0, dt, rate, dividend_yield, spots[0], low_least)
        high_edge = line_edge(edges, 3, dt, rate, dividend_yield, spots[n - 1], high_least)
        if american != 0:
            count = line_step_with_exercise(dt, weights[k], rate, low_edge, high_edge, n, payoff, values, w)
            most = max(most, count)
        else:
            line_step(dt, weights[k], rate, low_edge, high_edge, n, values, w)
    for i in range(n):
        exercised[i] = 1 if w[11, i] > 0.0 else 0
    return most
