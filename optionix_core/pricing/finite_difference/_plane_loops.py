"""The march in time on a grid of price and variance; compiled by `_kernels`, never run by the interpreter."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from optionix_core.pricing.finite_difference._line_steps import NOTHING, line_edge
from optionix_core.pricing.finite_difference._plane_stages import plane_exercise, plane_stage
from optionix_core.pricing.finite_difference._plane_steps import (
    LANES,
    SPOT_ROWS,
    VARIANCE_ROWS,
    plane_eliminate,
    plane_stencils,
    plane_tables,
)

Column: TypeAlias = NDArray[np.float64]
Output: TypeAlias = NDArray[np.float64]
Table: TypeAlias = NDArray[np.float64]


def march_plane(  # noqa: PLR0917 - a kernel has as many arguments as it reads
    spots: Column,
    variances: Column,
    steps: Column,
    weights: Column,
    model: Column,
    scheme: Column,
    rate: float,
    dividend_yield: float,
    american: int,
    payoff: Column,
    edges: Output,
    multiplier: Table,
    values: Table,
) -> int:
    """`values`, of shape (m, n), carried back over `steps`.

    `model` holds kappa, theta, sigma and rho. A step of weight one is Douglas' with that weight; others take the two
    stages of `scheme`: weight of the implicit halves, of the mixed derivative's and of the whole operator's correction,
    and one where the second stage starts from the first rather than from the step's start. Exercise by splitting: the
    `multiplier` of the right to exercise is kept from step to step. `edges` as in `march_line`.
    """
    m, n = values.shape
    drift = rate - dividend_yield
    f = plane_tables(9, m, n)
    lanes = plane_tables(LANES, n, m)
    tables = plane_tables(1, SPOT_ROWS + VARIANCE_ROWS, max(m, n))[0]
    s = tables[:SPOT_ROWS]
    w = tables[SPOT_ROWS:]
    plane_stencils(spots, variances, model[0], model[1], model[2], model[3], s, w)
    known = -1.0
    for k in range(len(steps)):
        dt = steps[k]
        damped = weights[k] == 1.0
        soon = dt if damped else scheme[0] * dt
        if soon != known:
            plane_eliminate(soon, s, w, drift, rate, lanes)
            known = soon
        low_least = payoff[0] if american != 0 else NOTHING
        high_least = payoff[n - 1] if american != 0 else NOTHING
        low = line_edge(edges, 0, dt, rate, dividend_yield, spots[0], low_least)
        high = line_edge(edges, 3, dt, rate, dividend_yield, spots[n - 1], high_least)
        for j in range(m):
            f[7, j, 0] = low
            f[7, j, n - 1] = high
        for stage in range(1 if damped else 2):
            plane_stage(stage, dt, soon, scheme, drift, rate, multiplier, values, s, w, lanes, f)
        plane_exercise(dt, american, payoff, f[7], multiplier, values)
    return len(steps)
