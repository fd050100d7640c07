"""Which American options need a boundary, and who shares one with whom; column by column.

Most options of a chain need none: where exercise never pays, where nothing is left to chance, where spots are beyond
the perpetual boundary, so that exercise is right whatever the expiry, and where so few paths come to where exercise
could pay that a bound on all of its worth is within the error. Refuses to price (`_american_value`).
"""

from __future__ import annotations

import math
from enum import IntEnum
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from optionix_core.pricing import _american_series
from optionix_core.pricing._formulas import TINY_DEVIATION

FloatArray = NDArray[np.float64]
Rows = NDArray[np.int64]

NO_RATE = 1e-14
"""A rate that changes less than this over the life of an option is none."""
SPREADER = np.uint64(0x9E3779B97F4A7C15)
"""An odd multiplier that spreads bits: 2^64 over the golden ratio."""


class Case(IntEnum):
    """What a row needs."""

    FAULT = 0
    FREE = 1
    """Exercise never pays, or nothing is left to chance."""
    AT_ONCE = 2
    """To be exercised whatever the expiry."""
    NEARLY_EUROPEAN = 3
    """Exercise is worth too little to count."""
    BOUNDED = 4


class Cases(NamedTuple):
    """Of the rows of a block."""

    kinds: NDArray[np.int8]
    """`Case` of each row."""
    faults: NDArray[np.int8]
    """`InputFault` of each row."""
    bound: FloatArray
    """Of what exercise is worth over the twin's strike, where the case is NEARLY_EUROPEAN."""
    market: FloatArray
    """Expiry, rate, yield and volatility of the put of each different boundary: (boundaries, 4)."""
    picks: Rows
    """Place in `market` of each row, -1 for none."""


def cases(columns: list[FloatArray], rows: int, negligible: float) -> Cases:
    """Columns of one element or `rows`. `negligible` bounds the worth of exercise that is left out, over the strike.

    With a negative `negligible` every row that has a boundary gets it.
    """
    sign, spot, strike, expiry, rate, dividend_yield, volatility = columns
    faults = first_faults(columns, rows)
    bound = np.zeros(rows)
    with np.errstate(all="ignore"):
        cash, asset = market_of_put(sign, expiry, rate, dividend_yield)
        deviation = volatility * np.sqrt(expiry)
        bounded = (deviation >= TINY_DEVIATION) & _american_series.has_any(cash, asset)
        kinds = np.where(faults != 0, Case.FAULT, np.where(bounded, Case.BOUNDED, Case.FREE)).astype(np.int8)
        if negligible >= 0.0:
            distance = np.log(np.where(sign < 0.0, spot / strike, strike / spot))
            anchor = _american_series.level_at_expiry(1.0, cash, asset)
            bound[:] = worth_at_most(distance - anchor, anchor, cash, asset, expiry, volatility)
            kinds[(kinds == Case.BOUNDED) & (bound <= negligible)] = Case.NEARLY_EUROPEAN
            far = _american_series.perpetual_distance(1.0, anchor, cash, asset, volatility)
            perpetual = (cash > 0.0) & (distance < anchor - far)
            kinds[(kinds == Case.BOUNDED) & perpetual] = Case.AT_ONCE
    market, picks = _groups((expiry, cash, asset, volatility), kinds == Case.BOUNDED)
    return Cases(kinds, faults, bound, market, picks)


def worth_at_most(
    distance: FloatArray,
    anchor: FloatArray,
    rate: FloatArray,
    dividend_yield: FloatArray,
    expiry: FloatArray,
    volatility: FloatArray,
) -> FloatArray:
    """A bound on Kim's integral for a put of strike one, infinite where the spot is not above all boundaries.

    Exercise earns r - q S where the spot is below the boundary, so below its limit at expiry, exp(`anchor`), which is
    `distance` below the logarithm of the spot. At any time at most as many paths are there as have fallen by the
    distance less all drift there can be; N(-z) is at most exp(-z^2 / 2) / 2.
    """
    drift = np.minimum((rate - dividend_yield - 0.5 * volatility * volatility) * expiry, 0.0)
    z = (distance + drift) / (volatility * np.sqrt(expiry))
    flow = np.maximum(rate, 0.0) + np.maximum(-dividend_yield, 0.0) * np.exp(anchor)
    most = 0.5 * flow * expiry * np.exp(np.maximum(-rate, 0.0) * expiry - 0.5 * z * z)
    return np.where(z > 0.0, most, math.inf)


def market_of_put(
    sign: FloatArray, expiry: FloatArray, rate: FloatArray, dividend_yield: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Rate and yield of the put that is the twin of an option, those that act for nothing being nothing."""
    cash = np.where(sign < 0.0, rate, dividend_yield)
    asset = np.where(sign < 0.0, dividend_yield, rate)
    cash = np.where(np.abs(cash * expiry) < NO_RATE, 0.0, cash)
    asset = np.where(np.abs(asset * expiry) < NO_RATE, 0.0, asset)
    return cash, asset


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


def _groups(columns: tuple[FloatArray, ...], bounded: NDArray[np.bool_]) -> tuple[FloatArray, Rows]:
    """Different rows of the columns, and each bounded row's place among them, -1 for the others."""
    picks = np.full(len(bounded), -1, dtype=np.int64)
    held = np.flatnonzero(bounded)
    market = np.empty((held.size, len(columns)))
    for place, column in enumerate(columns):
        market[:, place] = column[held] if column.size > 1 else column
    first = places = np.arange(held.size)
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
