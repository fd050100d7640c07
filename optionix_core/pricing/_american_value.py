"""An American option from its boundaries: the put with strike one and, by symmetry, calls; column by column.

Source of the symmetry of puts and calls: R. McDonald and M. Schroder, J. Comput. Finance 1 (1998) 5; of the sum of a
European price and an integral over exercise: `_american_premium`. Refuses discrete dividends (`_american_grid`).
Arguments were admitted by `first_faults`.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from optionix_core.pricing import _american_series
from optionix_core.pricing._american_kernels import KERNELS
from optionix_core.pricing._american_premium import PANEL_WORKSPACE
from optionix_core.pricing._american_series import (
    CURVE,
    ESTIMATE,
    EXPIRY,
    LOWER_END,
    MET,
    RATE,
    SERIES,
    UPPER_END,
    VOLATILITY,
    YIELD,
)
from optionix_core.pricing._formulas import TINY_DEVIATION

FloatArray = NDArray[np.float64]
Rows = NDArray[np.int64]

NO_RATE = 1e-14
"""A rate that changes less than this over the life of an option is none."""
SHARPEST_PANEL = 1e-4
"""Of the quadrature: the scale, relative to the root of the time, on which a spot near the boundary acts."""


SPREADER = np.uint64(0x9E3779B97F4A7C15)
"""An odd multiplier that spreads bits: 2^64 over the golden ratio."""


class Put(NamedTuple):
    """Value of a put with strike one and its derivatives in spot."""

    value: FloatArray
    first: FloatArray
    second: FloatArray


def market_of_put(
    sign: FloatArray, expiry: FloatArray, rate: FloatArray, dividend_yield: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Rate and yield of the put that is the twin of an option, those that act for nothing being nothing."""
    cash = np.where(sign < 0.0, rate, dividend_yield)
    asset = np.where(sign < 0.0, dividend_yield, rate)
    cash = np.where(np.abs(cash * expiry) < NO_RATE, 0.0, cash)
    asset = np.where(np.abs(asset * expiry) < NO_RATE, 0.0, asset)
    return cash, asset


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


def american_put(spot: FloatArray, picks: Rows, market: FloatArray, records: FloatArray, panel: FloatArray) -> Put:
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
        part = np.empty((3, some.size))
        KERNELS.load("american_premiums")(
            direction, picks[some], given, panel, records, np.empty(PANEL_WORKSPACE), part
        )
        premium[:, some] += direction * part
    return Put(put.value + np.maximum(premium[0], 0.0), put.first + premium[1], put.second + premium[2])


def by_boundary(
    columns: list[FloatArray], rows: Rows, picks: Rows, market: FloatArray, records: FloatArray, panel: FloatArray
) -> FloatArray:
    """Price, delta, gamma and estimated error of rows, given the records of their twins' boundaries."""
    sign, spot, strike = (column[rows] if column.size > 1 else column for column in columns[:3])
    put = sign < 0.0
    x = np.where(put, spot / strike, strike / spot)
    value, first, second = american_put(x, picks, market, records, panel)
    scale = np.where(put, strike, spot)
    return np.array(
        [
            np.maximum(scale * value, np.maximum(sign * (spot - strike), 0.0)),
            np.where(put, first, value - x * first),
            np.where(put, second, x * x * second) / scale,
            records[picks, ESTIMATE] * scale,
        ]
    )


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


def first_faults(columns: list[FloatArray], rows: int) -> NDArray[np.int8]:
    """`_formulas.first_fault` of each row."""
    sign, spot, strike, expiry, rate, dividend_yield, volatility = columns
    with np.errstate(invalid="ignore", over="ignore"):
        admitted = (
            np.abs(sign) == 1.0,
            (spot >= 1e-140) & (spot <= 1e140),
            (strike >= 1e-140) & (strike <= 1e140),
            (expiry >= 0.0) & (expiry <= 1e6),
            (np.abs(rate) < math.inf) & (np.abs(rate * expiry) <= 600.0),
            (np.abs(dividend_yield) < math.inf) & (np.abs(dividend_yield * expiry) <= 600.0),
            (volatility >= 0.0) & (volatility < math.inf),
        )
    codes = np.zeros(rows, dtype=np.int8)
    for place in range(len(admitted) - 1, -1, -1):
        if not admitted[place].all():
            codes[np.broadcast_to(~admitted[place], rows)] = place + 1
    return codes


def groups(columns: list[FloatArray], faults: NDArray[np.int8]) -> tuple[FloatArray, Rows]:
    """Expiry, rate, yield and volatility of each different boundary, and each row's place among them, -1 for none."""
    sign, _, _, expiry, rate, dividend_yield, volatility = columns
    rows = len(faults)
    picks = np.full(rows, -1, dtype=np.int64)
    with np.errstate(invalid="ignore", over="ignore"):
        cash, asset = market_of_put(sign, expiry, rate, dividend_yield)
        bounded = (faults == 0) & (volatility * np.sqrt(np.abs(expiry)) >= TINY_DEVIATION)
        bounded &= _american_series.has_any(cash, asset)
    held = np.flatnonzero(bounded)
    market = np.empty((held.size, 4))
    for place, column in enumerate((expiry, cash, asset, volatility)):
        market[:, place] = column[held] if column.size > 1 else column
    if held.size > 1:
        mixed = np.zeros(held.size, dtype=np.uint64)
        for bits in market.T.copy().view(np.uint64):
            mixed = (mixed ^ bits) * SPREADER
            mixed ^= mixed >> np.uint64(29)
        _, first, places = np.unique(mixed, return_index=True, return_inverse=True)
        if not (market[first][places] == market).all():
            _, first, places = np.unique(market, axis=0, return_index=True, return_inverse=True)
        picks[held] = places.reshape(-1)
        return market[first], picks
    picks[held] = 0
    return market, picks
