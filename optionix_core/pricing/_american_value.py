"""An American option from its boundaries: the put with strike one and, by symmetry, calls; column by column.

Source of the symmetry of puts and calls: R. McDonald and M. Schroder, J. Comput. Finance 1 (1998) 5; of the sum of a
European price and an integral over exercise: `_american_premium`. Refuses discrete dividends (`_american_grid`).
Arguments were admitted by `_american_cases`.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from optionix_core.pricing import _american_rules, _american_series
from optionix_core.pricing._american_kernels import KERNELS
from optionix_core.pricing._american_premium import PANEL_WORKSPACE
from optionix_core.pricing._american_record import CURVE, ESTIMATE, LOWER_END, MET, SERIES, UPPER_END
from optionix_core.pricing._american_rules import SHARPNESS
from optionix_core.pricing._american_series import EXPIRY, RATE, VOLATILITY, YIELD
from optionix_core.pricing._formulas import TINY_DEVIATION

FloatArray = NDArray[np.float64]
Rows = NDArray[np.int64]

SHARPEST_PANEL = 1e-4
"""Of the quadrature: the scale, relative to the root of the time, on which a spot near the boundary acts."""


class Put(NamedTuple):
    """Value of a put with strike one and its derivatives in spot."""

    value: FloatArray
    first: FloatArray
    second: FloatArray


def european_put(
    spot: FloatArray,
    log_spot: FloatArray,
    rate: FloatArray,
    dividend_yield: FloatArray,
    expiry: FloatArray,
    v: FloatArray,
) -> Put:
    """Of volatility `v`."""
    from scipy.special import ndtr

    deviation = v * np.sqrt(expiry)
    high = (log_spot + (rate - dividend_yield) * expiry) / deviation + 0.5 * deviation
    growth = np.exp(-dividend_yield * expiry)
    first = -growth * ndtr(-high)
    value = np.exp(-rate * expiry) * ndtr(deviation - high) + spot * first
    density = np.exp(-0.5 * high * high) / math.sqrt(2.0 * math.pi)
    return Put(value, first, growth * density / (spot * deviation))


def american_put(
    spot: FloatArray, picks: Rows, market: FloatArray, records: FloatArray, points: tuple[int, ...]
) -> Put:
    """Puts with strike one; `picks` are their places in `market` and `records`."""
    expiry, rate, dividend_yield, volatility = (market[picks, column] for column in (EXPIRY, RATE, YIELD, VOLATILITY))
    met, series, curve = records[picks, MET], records[picks, SERIES], records[picks, CURVE]
    log_spot = np.log(spot)
    two = _american_series.has_two(rate, dividend_yield)
    ended = met < expiry
    put = european_put(spot, log_spot, rate, dividend_yield, expiry, volatility)
    upper = records[picks, UPPER_END]
    within = ~ended & (log_spot <= upper)
    put.value[within], put.first[within], put.second[within] = 1.0 - spot[within], -1.0, 0.0
    premium = np.zeros((3, len(picks)))
    sides = [(1.0, upper, ~within)]
    if two.any():
        lower = np.where(two, records[picks, LOWER_END], -math.inf)
        sides.append((-1.0, lower, two & (ended | (within & (log_spot < lower)))))
    for direction, level, mask in sides:
        some = np.flatnonzero(mask)
        if not some.size:
            continue
        offset, end = (expiry - met)[some], met[some]
        near = np.sqrt(((log_spot - level)[some] / volatility[some]) ** 2 / end + offset / end)
        scale = np.clip(near, SHARPEST_PANEL, 1.0)
        anchor = _american_series.level_at_expiry(direction, rate[some], dividend_yield[some])
        given = np.array(
            [
                spot[some],
                log_spot[some] - anchor,
                scale,
                np.arcsinh(1.0 / scale),
                end,
                offset,
                np.sqrt(end / series[some]),
                rate[some],
                dividend_yield[some],
                volatility[some],
                curve[some] if direction > 0.0 else np.zeros(some.size),
            ]
        )
        sharp = _american_series.sharpness(expiry[some], rate[some], dividend_yield[some], volatility[some])
        kinds = np.searchsorted(SHARPNESS, sharp, side="right")
        premium[:, some] += direction * _exercise(direction, picks[some], given, kinds, records, points)
    return Put(put.value + np.maximum(premium[0], 0.0), put.first + premium[1], put.second + premium[2])


def by_boundary(
    columns: list[FloatArray],
    rows: Rows,
    picks: Rows,
    market: FloatArray,
    records: FloatArray,
    points: tuple[int, ...],
) -> FloatArray:
    """Price, delta, gamma and estimated error of rows, given the records of their twins' boundaries."""
    sign, spot, strike = (column[rows] if column.size > 1 else column for column in columns[:3])
    x = np.where(sign < 0.0, spot / strike, strike / spot)
    twin = american_put(x, picks, market, records, points)
    return _as_asked(sign, spot, strike, x, twin, records[picks, ESTIMATE])


def at_once(columns: list[FloatArray], rows: Rows) -> FloatArray:
    """Price, delta, gamma and error of rows that are to be exercised now."""
    sign, spot, strike = (column[rows] if column.size > 1 else column for column in columns[:3])
    table = np.zeros((4, rows.size))
    table[0] = sign * (spot - strike)
    table[1] = sign
    return table


def nearly_european(columns: list[FloatArray], rows: Rows, bound: FloatArray) -> FloatArray:
    """Price, delta, gamma and error of rows whose exercise is worth less than `bound`, over the twin's strike."""
    sign, spot, strike, expiry, rate, dividend_yield, volatility = (c[rows] if c.size > 1 else c for c in columns)
    put = sign < 0.0
    x = np.where(put, spot / strike, strike / spot)
    cash, asset = np.where(put, rate, dividend_yield), np.where(put, dividend_yield, rate)
    twin = european_put(x, np.log(x), cash, asset, expiry, volatility)
    return _as_asked(sign, spot, strike, x, twin, bound)


def _as_asked(
    sign: FloatArray, spot: FloatArray, strike: FloatArray, x: FloatArray, twin: Put, error: FloatArray
) -> FloatArray:
    """Price, delta, gamma and error of options from their twins, puts with strike one and spot `x`."""
    put = sign < 0.0
    scale = np.where(put, strike, spot)
    table = np.empty((4, error.size))
    now = (twin.first == -1.0) & (twin.second == 0.0)
    intrinsic = sign * (spot - strike)
    table[0] = np.where(now, intrinsic, np.maximum(scale * twin.value, np.maximum(intrinsic, 0.0)))
    table[1] = np.where(now, sign, np.where(put, twin.first, twin.value - x * twin.first))
    table[2] = np.where(put, twin.second, x * x * twin.second) / scale
    table[3] = error * scale
    return table


def without_boundary(columns: list[FloatArray], rows: int) -> FloatArray:
    """Price, delta, gamma and error, zero, where exercise never pays or nothing is left to chance."""
    from optionix_core.pricing import black_scholes

    table = np.zeros((4, rows))
    sign, spot, strike, expiry, rate, dividend_yield, volatility = (np.broadcast_to(c, rows) for c in columns)
    sure = volatility * np.sqrt(expiry) < TINY_DEVIATION
    table[:2, sure] = certain_value(*(np.broadcast_to(c, rows)[sure] for c in columns[:6]))
    free = np.flatnonzero(~sure)
    if free.size:
        some = [np.ascontiguousarray(np.broadcast_to(c, rows)[free]) for c in columns]
        table[0, free] = black_scholes.price(*(some if rows > 1 else (float(c[0]) for c in some)))
        sign, spot, strike, expiry, rate, dividend_yield, volatility = some
        x = spot / strike
        put = european_put(x, np.log(x), rate, dividend_yield, expiry, volatility)
        table[1, free] = put.first + np.where(sign > 0.0, np.exp(-dividend_yield * expiry), 0.0)
        table[2, free] = put.second / strike
    return table


def _exercise(
    direction: float,
    picks: Rows,
    given: FloatArray,
    kinds: Rows,
    records: FloatArray,
    points: tuple[int, ...],
) -> FloatArray:
    """Worth of exercise and its derivatives, (3, n), by as many points as drifts ask for."""
    kernel = KERNELS.load("american_premiums")
    room = np.empty(PANEL_WORKSPACE)
    worth = np.empty((3, picks.size))
    for kind, count in enumerate(points):
        some = np.flatnonzero(kinds == kind)
        if not some.size:
            continue
        panel = _american_rules.panel(count)
        if some.size == picks.size:
            kernel(direction, picks, given, panel, records, room, worth)
        else:
            part = np.empty((3, some.size))
            kernel(direction, picks[some], given[:, some].copy(), panel, records, room, part)
            worth[:, some] = part
    return worth


def certain_value(
    sign: FloatArray,
    spot: FloatArray,
    strike: FloatArray,
    expiry: FloatArray,
    rate: FloatArray,
    dividend_yield: FloatArray,
) -> tuple[FloatArray, FloatArray]:
    """Value and delta without volatility: the best of exercising now, at expiry, or where the payoff stops growing."""
    carry = rate - dividend_yield
    turns = (rate * dividend_yield > 0.0) & (carry != 0.0)
    ratio = np.where(turns, rate * strike, 1.0) / np.where(turns, dividend_yield * spot, 1.0)
    between = np.clip(np.log(ratio) / np.where(turns, carry, 1.0), 0.0, expiry)
    best = np.zeros(len(sign))
    delta = np.zeros(len(sign))
    for time in (np.zeros(len(sign)), expiry, between):
        growth = np.exp(-dividend_yield * time)
        value = sign * (spot * growth - strike * np.exp(-rate * time))
        better = value > best
        best = np.where(better, value, best)
        delta = np.where(better, sign * growth, delta)
    return best, delta
