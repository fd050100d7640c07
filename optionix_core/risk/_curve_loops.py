"""The loop behind curves of American values with discrete dividends; compiled by `_kernels`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from optionix_core.pricing._american_grid import grid_shape

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Column = NDArray[np.float64]
    Output = NDArray[np.float64]


def american_curve(  # noqa: PLR0917 - a kernel has as many arguments as it reads
    sign: float,
    strike: float,
    expiry: float,
    rate: float,
    dividend_yield: float,
    volatility: float,
    times: Column,
    amounts: Column,
    proportional: int,
    steps: int,
    half: int,
    start_time: float,
    axis: Column,
    start: Column,
    out: Output,
) -> int:
    """Values of one option now at every spot of the axis, by the grid of `pricing._american_grid`."""
    g = np.empty((8, len(axis) + 1))
    middle = np.empty(3)
    grid_shape(
        sign,
        strike,
        expiry,
        rate,
        dividend_yield,
        volatility,
        times,
        amounts,
        proportional,
        steps,
        half,
        start_time,
        axis,
        start,
        g,
        middle,
    )
    for i in range(len(axis)):
        out[i] = max(g[2, i], g[1, i])
    return 0
