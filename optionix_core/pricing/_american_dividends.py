"""American options with discrete dividends: grids of growing fineness, extrapolated until two agree.

What follows the last dividend has no dividends, so its value is known from collocation, and the grid starts there: it
never sees the kink at expiry nor the boundary's root beside it. Rows without dividends come here where collocation
found no boundary; their grid starts at expiry.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from optionix_core.pricing._american_grid import grid_axis
from optionix_core.pricing._american_kernels import KERNELS
from optionix_core.pricing._american_solve import solve
from optionix_core.pricing._formulas import first_fault
from optionix_core.pricing._threads import spread
from optionix_core.pricing.dividends import DividendSchedule

if TYPE_CHECKING:
    from numpy.typing import NDArray

    FloatArray = NDArray[np.float64]

GRIDS = {
    # name: points and time steps of the coarsest grid, most refinements, error over the strike that is aimed at
    "fast": (100, 32, 2, 1e-5),
    "standard": (160, 56, 3, 1e-7),
    "high": (256, 96, 4, 1e-8),
}
CAUTION = 10.0
"""Over the distance of two extrapolations: the error is rarely more, since boundaries converge unevenly."""
LEAST_DEVIATION = 1e-4
"""A grid needs some volatility: less in total is taken as that."""


def on_grid(
    columns: list[FloatArray], rows: int, accuracy: str, paid: DividendSchedule
) -> tuple[FloatArray, NDArray[np.int8]]:
    """Price, delta, gamma and error of every row, and their faults."""
    full = [np.ascontiguousarray(np.broadcast_to(column, rows)) for column in columns]
    faults = np.array([first_fault(*row) for row in zip(*(column.tolist() for column in full), strict=True)], np.int8)
    order = sorted(range(len(paid.times)), key=paid.times.__getitem__)
    times = np.array([paid.times[place] for place in order])
    amounts = np.array([paid.amounts[place] for place in order])
    table = np.full((4, rows), math.nan)

    def job(first: int, last: int) -> None:
        for row in range(first, last):
            if faults[row] == 0:
                table[:, row] = _row(tuple(float(c[row]) for c in full), times, amounts, paid.proportional, accuracy)

    spread(job, rows, 1)
    return table, faults


def _row(
    option: tuple[float, ...], times: FloatArray, amounts: FloatArray, proportional: int, accuracy: str
) -> tuple[float, float, float, float]:
    sign, spot, strike, expiry, rate, dividend_yield, volatility = option
    held = times <= expiry
    times, amounts = times[held], amounts[held]
    intrinsic = max(sign * (spot - strike), 0.0)
    if not expiry > 0.0:
        return intrinsic, sign if intrinsic > 0.0 else 0.0, 0.0, 0.0
    volatility = max(volatility, LEAST_DEVIATION / math.sqrt(expiry))
    points, steps, most, aim = GRIDS[accuracy]
    levels: list[NDArray[np.float64]] = []
    best = before = np.full(3, math.nan)
    error = math.inf
    for refinement in range(most + 1):
        axis, half = grid_axis(spot, strike, expiry, rate, dividend_yield, volatility, points, refinement)
        start = np.maximum(sign * (axis - strike), 0.0)
        end = 0.0
        if times.size and expiry > times[-1]:
            end = expiry - float(times[-1])
            ahead = [np.array([x]) for x in (sign, strike, end, rate, dividend_yield, volatility)]
            later = solve([ahead[0], axis, *ahead[1:]], len(axis), "high")
            if np.isnan(later.table[0]).any():
                end = 0.0
            else:
                start = later.table[0]
        out = np.empty(3)
        KERNELS.load("american_grid")(
            *(sign, strike, expiry, rate, dividend_yield, volatility),
            *(times, amounts, proportional, steps << refinement, half, end, axis, start, out),
        )
        levels.append(out)
        if refinement:
            before, best = best, out + (out - levels[-2]) / 3.0
        if refinement > 1:
            error = CAUTION * abs(float(best[0] - before[0]))
            if error <= aim * strike:
                break
    if levels[-1][0] <= intrinsic:
        return intrinsic, sign, 0.0, error
    return max(float(best[0]), intrinsic), float(best[1]), float(best[2]), error
