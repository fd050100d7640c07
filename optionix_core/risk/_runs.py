"""What the options of one expiry share in a block of scenarios, and their volatilities; runs compiled."""

from __future__ import annotations

from typing import TYPE_CHECKING

from optionix_core.risk._cells import deviations, lay_logarithms, lay_scenarios, price_cells, scale_by
from optionix_core.risk._table_lanes import (
    clear,
    clenshaw,
    combine,
    distances,
    farthest,
    lay_polynomials,
    lay_products,
    log_volatilities,
    to_coordinate,
)

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    FloatArray = NDArray[np.float64]
    Picks = NDArray[np.int64]

ASSET, CASH, FORWARD, ROOT, RATE, YIELD, LEVEL, CHANGE, SKEW, CURVATURE, LOG_SPOT = 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10
OWN, DEVIATION, PRICE, X, BOUND, LATER, LAST, ADDED, OUTSIDE = 11, 12, 13, 14, 15, 16, 17, 18, 19
ROOM = 20
"""Columns of a block."""


def lay_group(
    g: int,
    start: int,
    groups: FloatArray,
    spot_now: float,
    spot: FloatArray,
    scenarios: FloatArray,
    rate_change: FloatArray,
    shocks: FloatArray,
    room: FloatArray,
) -> int:
    """Columns ASSET to LOG_SPOT of scenarios from `start` on, as many as `room` has, for group `g`."""
    size: int = room.shape[1]
    stop = start + size
    spots = spot[g if spot.shape[0] > 1 else 0, start:stop]
    r_row = g if rate_change.shape[0] > 1 else 0
    v_row = 4 * g if shocks.shape[0] > 4 else 0
    for i in range(size):
        room[RATE, i] = groups[1, g] + rate_change[r_row, start + i]
        room[YIELD, i] = groups[2, g] + scenarios[1, start + i]
    lay_scenarios(
        groups[0, g],
        spot_now,
        spots,
        scenarios[0, start:stop],
        room[RATE],
        room[YIELD],
        room[ASSET],
        room[CASH],
        room[FORWARD],
        room[ROOT],
    )
    lay_logarithms(spot_now, spots, room[LOG_SPOT])
    for row in range(4):
        scale_by(room[ROOT], shocks[v_row + row, start:stop], room[LEVEL + row])
    return size


def european_block(c: int, start: int, options: FloatArray, smiles: FloatArray, room: FloatArray) -> int:
    """Columns DEVIATION and PRICE of option `c`; returns how many prices are to be computed otherwise."""
    sign, strike, log_strike, volatility = options[0, c], options[1, c], options[2, c], options[3, c]
    level = room[LEVEL]
    if smiles.shape[0] > 0:
        scale_by(smiles[c, start : start + room.shape[1]], room[LEVEL], room[OWN])
        level, volatility = room[OWN], 1.0
    deviations(volatility, log_strike, room[FORWARD], level, room[CHANGE], room[SKEW], room[CURVATURE], room[DEVIATION])
    asset, cash, forward, deviation = room[ASSET], room[CASH], room[FORWARD], room[DEVIATION]
    unsafe: int = price_cells(sign, strike, log_strike, asset, cash, forward, deviation, room[PRICE])
    return unsafe


def premium_block(
    c: int,
    options: FloatArray,
    shapes: Picks,
    numbers: FloatArray,
    coefficients: FloatArray,
    in_rate: FloatArray,
    in_yield: FloatArray,
    rows: FloatArray,
    room: FloatArray,
) -> int:
    """Columns BOUND, LAST (the premium) and OUTSIDE of option `c`, after `european_block`."""
    size: int = room.shape[1]
    degrees, by_v, by_r, by_q = shapes[6 * c + 1], shapes[6 * c + 2], shapes[6 * c + 3], shapes[6 * c + 4]
    place = shapes[6 * c + 5]
    padded = (by_v * by_r * by_q + 3) // 4 * 4
    x, outside = room[X], room[OUTSIDE]
    log_volatilities(room[DEVIATION], room[ROOT], numbers[0, c], numbers[1, c], x)
    clear(outside)
    farthest(x, outside)
    lay_polynomials(x, by_v, rows)
    to_coordinate(room[RATE], numbers[2, c], numbers[3, c], x)
    farthest(x, outside)
    lay_polynomials(x, by_r, in_rate)
    to_coordinate(room[YIELD], numbers[4, c], numbers[5, c], x)
    farthest(x, outside)
    lay_polynomials(x, by_q, in_yield)
    lay_products(by_v, by_r, by_q, padded, size, in_rate, in_yield, rows)
    combine(coefficients, place, padded, size, rows, room[BOUND])
    distances(-options[0, c], options[2, c], numbers[6, c], room[LOG_SPOT], room[BOUND], room[DEVIATION], x)
    later, last = room[LATER], room[LAST]
    clear(later)
    clear(last)
    for degree in range(degrees - 1, 0, -1):
        combine(coefficients, place + (degree + 1) * padded, padded, size, rows, room[ADDED])
        clenshaw(x, later, room[ADDED], last, 2.0)
        later, last = last, later
    combine(coefficients, place + padded, padded, size, rows, room[ADDED])
    clenshaw(x, later, room[ADDED], last, 1.0)
    for i in range(size):
        room[LAST, i] = last[i]
    return size
