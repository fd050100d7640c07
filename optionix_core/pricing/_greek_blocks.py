"""Black-Scholes Greeks of a block of rows as vector instructions, for rows inside the region of `_regions`.

First what the Greeks share, into a room that the first-level cache holds; then one loop for each Greek that is asked
for. Formulas, units and signs as `_formulas.greeks_row` has them; how the loops are written, as in `_blocks`.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from optionix_core.pricing._blocks import REDO, VANISHED
from optionix_core.pricing._lanes import (
    DENSITY_AT_ZERO,
    lane_exponential,
    lane_logarithm,
    lane_tail_denominator,
    lane_tail_numerator,
)
from optionix_core.pricing._regions import has_safe_greeks, is_safe

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    FloatArray = NDArray[np.float64]

GREEK_BLOCK = 256
"""Rows of a block."""
PRICE, ASSET_RATIO, CASH_RATIO, IN_ASSET, IN_CASH, DENSITY, UPPER, LOWER, INVERSE = (
    GREEK_BLOCK * place for place in range(9)
)
"""Where the room keeps price, discounted legs per unit, +-N(+-d1), +-N(+-d2), n(d1), d1, d2 and 1 / (sigma sqrt T)."""
GREEK_ROOM = 9 * GREEK_BLOCK


def greek_block(
    sign: FloatArray,
    spot: FloatArray,
    strike: FloatArray,
    expiry: FloatArray,
    rate: FloatArray,
    dividend_yield: FloatArray,
    volatility: FloatArray,
    room: FloatArray,
) -> int:
    """What the Greeks share, into `room`; REDO as the price of rows that are not safe, whose number is returned."""
    unsafe = 0
    for i in range(sign.size):
        w, s, k, t, r, q, v = sign[i], spot[i], strike[i], expiry[i], rate[i], dividend_yield[i], volatility[i]
        safe = is_safe(w, s, k, t, r, q, v) & has_safe_greeks(t, v)
        deviation = v * math.sqrt(t)
        inverse = 1.0 / deviation
        asset_ratio = lane_exponential(-q * t)
        cash_ratio = lane_exponential(-r * t)
        asset, cash = s * asset_ratio, k * cash_ratio
        x = lane_logarithm(s / k) + (r * t - q * t)
        h = x * inverse
        d1 = h + 0.5 * deviation
        d2 = h - 0.5 * deviation
        below = x <= 0.0
        near = d1 if below else d2
        bell = lane_exponential(-0.5 * near * near)
        bell = bell if near * near < VANISHED else 0.0
        share = min(asset, cash) / max(asset, cash)
        bell_1 = bell if below else bell * share
        bell_2 = bell * share if below else bell
        lower_1, upper_1 = lane_tail_denominator(abs(d1)), lane_tail_numerator(abs(d1))
        lower_2, upper_2 = lane_tail_denominator(abs(d2)), lane_tail_numerator(abs(d2))
        scale = 1.0 / (lower_1 * lower_2)
        first, second = upper_1 * lower_2 * scale, upper_2 * lower_1 * scale
        tail_1, tail_2 = bell_1 * first, bell_2 * second
        near_ratio, far_ratio = (first, second) if below else (second, first)
        outside = d1 > 0.0 if below else d2 < 0.0
        ratio = 1.0 - (near_ratio + far_ratio) * bell if outside else (near_ratio - far_ratio) * bell
        value = max(w * (asset - cash), 0.0) + min(asset, cash) * max(ratio, 0.0)
        room[i + PRICE] = value if safe else REDO
        room[i + ASSET_RATIO] = asset_ratio
        room[i + CASH_RATIO] = cash_ratio
        room[i + IN_ASSET] = w * (1.0 - tail_1 if w * d1 > 0.0 else tail_1)
        room[i + IN_CASH] = w * (1.0 - tail_2 if w * d2 > 0.0 else tail_2)
        room[i + DENSITY] = DENSITY_AT_ZERO * bell_1
        room[i + UPPER] = d1
        room[i + LOWER] = d2
        room[i + INVERSE] = inverse
        unsafe += 0 if safe else 1
    return unsafe


def greek_column(  # noqa: C901, PLR0912, PLR0915 - a table of loops; a branch inside one would end vectorisation
    pick: int,
    spot: FloatArray,
    strike: FloatArray,
    expiry: FloatArray,
    rate: FloatArray,
    dividend_yield: FloatArray,
    volatility: FloatArray,
    room: FloatArray,
    out: FloatArray,
) -> int:
    """The Greek that `pick` numbers in `black_scholes.Greeks`, for every row of a block; 0 is the price."""
    rows = range(out.size)
    if pick == 0:
        for i in rows:
            out[i] = room[i + PRICE]
    elif pick == 1:
        for i in rows:
            out[i] = room[i + ASSET_RATIO] * room[i + IN_ASSET]
    elif pick == 2:
        for i in rows:
            out[i] = room[i + ASSET_RATIO] * room[i + DENSITY] * room[i + INVERSE] / spot[i]
    elif pick == 3:
        for i in rows:
            out[i] = spot[i] * room[i + ASSET_RATIO] * room[i + DENSITY] * math.sqrt(expiry[i])
    elif pick == 4:
        for i in rows:
            asset, cash = spot[i] * room[i + ASSET_RATIO], strike[i] * room[i + CASH_RATIO]
            drift = dividend_yield[i] * asset * room[i + IN_ASSET] - rate[i] * cash * room[i + IN_CASH]
            out[i] = drift - 0.5 * asset * room[i + DENSITY] * volatility[i] * volatility[i] * room[i + INVERSE]
    elif pick == 5:
        for i in rows:
            out[i] = expiry[i] * strike[i] * room[i + CASH_RATIO] * room[i + IN_CASH]
    elif pick == 6:
        for i in rows:
            out[i] = -expiry[i] * spot[i] * room[i + ASSET_RATIO] * room[i + IN_ASSET]
    elif pick == 7:
        for i in rows:
            out[i] = -room[i + ASSET_RATIO] * room[i + DENSITY] * room[i + LOWER] / volatility[i]
    elif pick == 8:
        for i in rows:
            vega = spot[i] * room[i + ASSET_RATIO] * room[i + DENSITY] * math.sqrt(expiry[i])
            out[i] = vega * room[i + UPPER] * room[i + LOWER] / volatility[i]
    elif pick == 9:
        for i in rows:
            slope = (rate[i] - dividend_yield[i]) * room[i + INVERSE] - 0.5 * room[i + LOWER] / expiry[i]
            out[i] = room[i + ASSET_RATIO] * (dividend_yield[i] * room[i + IN_ASSET] - room[i + DENSITY] * slope)
    elif pick == 10:
        for i in rows:
            half_rate = 0.5 / expiry[i]
            slope = (rate[i] - dividend_yield[i]) * room[i + INVERSE] - room[i + LOWER] * half_rate
            vega = spot[i] * room[i + ASSET_RATIO] * room[i + DENSITY] * math.sqrt(expiry[i])
            out[i] = vega * (dividend_yield[i] + room[i + UPPER] * slope - half_rate)
    elif pick == 11:
        for i in rows:
            gamma = room[i + ASSET_RATIO] * room[i + DENSITY] * room[i + INVERSE] / (spot[i] * spot[i])
            out[i] = -gamma * (room[i + UPPER] * room[i + INVERSE] + 1.0)
    elif pick == 12:
        for i in rows:
            gamma = room[i + ASSET_RATIO] * room[i + DENSITY] * room[i + INVERSE]
            out[i] = gamma * (room[i + UPPER] * room[i + LOWER] - 1.0) / (spot[i] * volatility[i])
    elif pick == 13:
        for i in rows:
            half_rate = 0.5 / expiry[i]
            slope = (rate[i] - dividend_yield[i]) * room[i + INVERSE] - room[i + LOWER] * half_rate
            gamma = room[i + ASSET_RATIO] * room[i + DENSITY] * room[i + INVERSE] / spot[i]
            out[i] = gamma * (dividend_yield[i] + room[i + UPPER] * slope + half_rate)
    elif pick == 14:
        for i in rows:
            d1, d2 = room[i + UPPER], room[i + LOWER]
            product = d1 * d2
            vega = spot[i] * room[i + ASSET_RATIO] * room[i + DENSITY] * math.sqrt(expiry[i])
            out[i] = -vega * (product * (1.0 - product) + d1 * d1 + d2 * d2) / (volatility[i] * volatility[i])
    elif pick == 15:
        for i in rows:
            out[i] = -room[i + CASH_RATIO] * room[i + IN_CASH]
    else:
        for i in rows:
            leg = spot[i] * room[i + ASSET_RATIO] * room[i + DENSITY] * room[i + INVERSE]
            out[i] = leg / (strike[i] * strike[i])
    return pick
