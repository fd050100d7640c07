"""Loops over rows of American options; compiled by `_american_kernels`, never run by the interpreter.

Both fill `codes` with the `InputFault` of each row, or BOUNDARY_NOT_FOUND, and write nan where it is not zero. The
result is the number of such rows.
"""

from __future__ import annotations

import math
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from optionix_core.pricing._american_boundary import NODE_WORKSPACE, POINT_WORKSPACE
from optionix_core.pricing._american_grid import grid_shape
from optionix_core.pricing._american_value import BOUNDARY_NOT_FOUND, american_shape, boundary_levels
from optionix_core.pricing._formulas import TINY_DEVIATION, first_fault

Column: TypeAlias = NDArray[np.float64]
Table: TypeAlias = NDArray[np.float64]
Codes: TypeAlias = NDArray[np.int8]


def american_rows(  # noqa: PLR0917 - a kernel has as many arguments as it reads
    sign: Column,
    spot: Column,
    strike: Column,
    expiry: Column,
    rate: Column,
    dividend_yield: Column,
    volatility: Column,
    nodes: Column,
    spans: Column,
    matrix: Column,
    transform: Column,
    panel: Column,
    settled: Column,
    times: Column,
    levels: Table,
    out: Table,
    codes: Codes,
) -> int:
    """Price, delta, gamma of each row, in the rows of `out`. A row with the boundary of the one before it shares it.

    `levels`, of shape (2, len(times)), receives the upper and the lower boundary of the last row over its strike, at
    times to expiry.
    """
    w = np.empty(POINT_WORKSPACE)
    z = np.empty(NODE_WORKSPACE)
    s = x = k = t = r = q = v = math.nan
    known = 0.0
    faults = 0
    for i in range(len(codes)):
        last_type, last_expiry, last_rate, last_yield, last_volatility = s, t, r, q, v
        s = sign[i if len(sign) > 1 else 0]
        x = spot[i if len(spot) > 1 else 0]
        k = strike[i if len(strike) > 1 else 0]
        t = expiry[i if len(expiry) > 1 else 0]
        r = rate[i if len(rate) > 1 else 0]
        q = dividend_yield[i if len(dividend_yield) > 1 else 0]
        v = volatility[i if len(volatility) > 1 else 0]
        code = first_fault(s, x, k, t, r, q, v)
        price = delta = gamma = math.nan
        if code == 0:
            if s != last_type or t != last_expiry or r != last_rate or q != last_yield or v != last_volatility:
                known = 0.0
            price, delta, gamma, known = american_shape(
                s, x, k, t, r, q, v, nodes, spans, matrix, transform, panel, settled[0], known, w, z
            )
            if math.isnan(price):
                code = BOUNDARY_NOT_FOUND
        out[0, i] = price
        out[1, i] = delta
        out[2, i] = gamma
        codes[i] = code
        faults += code != 0
    if len(times) > 0 and known > 0.0:
        for j in range(len(times)):
            upper, lower = boundary_levels(s, times[j], known, r, q, len(nodes), z)
            levels[0, j] = upper
            levels[1, j] = lower
    return faults


def american_grid_rows(  # noqa: PLR0917 - a kernel has as many arguments as it reads
    sign: Column,
    spot: Column,
    strike: Column,
    expiry: Column,
    rate: Column,
    dividend_yield: Column,
    volatility: Column,
    times: Column,
    amounts: Column,
    proportional: int,
    points: int,
    steps: int,
    refinement: int,
    out: Table,
    codes: Codes,
) -> int:
    """Price, delta, gamma of each row on the grid of `_american_grid`, in the rows of `out`."""
    g = np.empty((8, points * refinement + 2))
    faults = 0
    for i in range(len(codes)):
        s = sign[i if len(sign) > 1 else 0]
        x = spot[i if len(spot) > 1 else 0]
        k = strike[i if len(strike) > 1 else 0]
        t = expiry[i if len(expiry) > 1 else 0]
        r = rate[i if len(rate) > 1 else 0]
        q = dividend_yield[i if len(dividend_yield) > 1 else 0]
        v = volatility[i if len(volatility) > 1 else 0]
        code = first_fault(s, x, k, t, r, q, v)
        price = delta = gamma = math.nan
        if code == 0:
            # a grid needs some volatility: less than 1e-4 in total is taken as that
            v = max(v, 1e-4 / math.sqrt(t)) if t > TINY_DEVIATION else v
            if t > TINY_DEVIATION:
                price, delta, gamma = grid_shape(
                    s, x, k, t, r, q, v, times, amounts, proportional, points, steps, refinement, g
                )
            else:
                price = max(s * (x - k), 0.0)
                delta = s if price > 0.0 else 0.0
                gamma = 0.0
        out[0, i] = price
        out[1, i] = delta
        out[2, i] = gamma
        codes[i] = code
        faults += code != 0
    return faults
