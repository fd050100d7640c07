"""One short text a row for the chain screen: what is wrong with the quotes at a strike, and by how much.

A text is a word and an amount in price, such as `butterfly .03` or `rich .06`; the empty text means nothing to
say. An arbitrage outranks a judgement of value, and the larger amount outranks the smaller. Rich and cheap are net
of the spread: rich when the bid alone is above the fair price, cheap when the ask is below it. The fair volatility is a
volatility function's where one is given; without one it is what the strike's four nearest neighbours say, two on
either side, by the cubic through their volatilities, the strike itself left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from optionix_core.market.option_type import OptionType

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from optionix_core.market.protocols import VolatilityFunction
    from optionix_core.volatility.arbitrage import Violation
    from optionix_core.volatility.solved import SolvedSlice

    FloatArray = NDArray[np.float64]

_SMALLEST = 0.005
"""Amounts that round to nothing in two decimals are not shown."""


def row_texts(
    item: SolvedSlice, violations: Sequence[Violation] = (), gap: FloatArray | None = None
) -> tuple[str, ...]:
    """A text for each strike of `item`, shape (strikes,).

    `violations` may be a whole chain's (`arbitrage.check_chain`); those of other expiries are passed over. `gap` is how
    far each strike's quote lies beyond fair, as `richness` tells it; None: by the neighbours. Amounts are in the unit
    of the quotes.
    """
    texts = [""] * item.source.strikes.size
    if item.forward is None:
        return tuple(texts)
    if gap is None:
        gap = richness(item)
    for place in np.flatnonzero(np.abs(gap) >= _SMALLEST).tolist():
        texts[place] = f"{'rich' if gap[place] > 0.0 else 'cheap'} {_amount(abs(float(gap[place])))}"
    place_of = {strike: place for place, strike in enumerate(item.source.strikes.tolist())}
    mine = [one for one in violations if (one.root, one.expiry) == (item.source.root, item.source.expiry)]
    for one in sorted(mine, key=lambda one: one.severity):
        if one.severity >= _SMALLEST:
            texts[place_of[one.strike]] = f"{one.kind} {_amount(one.severity)}"
    return tuple(texts)


def richness(item: SolvedSlice, function: VolatilityFunction | None = None) -> FloatArray:
    """How far the out-of-the-money quote at each strike lies beyond fair, in price: shape (strikes,).

    Bid less fair price where that is positive (rich), ask less fair price where that is negative (cheap), zero
    where the fair price lies between them, nan where it is not known.
    """
    source, forward, discount = item.source, item.forward, item.discount_factor
    gap = np.full(source.strikes.shape, np.nan)
    if forward is None or discount is None:
        return gap
    smile = item.smile
    known = np.flatnonzero(np.isfinite(smile))
    if function is None:
        fair = _neighbours(np.log(source.strikes[known] / forward), smile[known])
    else:
        fair = np.asarray(function.implied_volatility(source.strikes[known], item.years), dtype=float)
    told = np.isfinite(fair) & (fair > 0.0)
    known, fair = known[told], fair[told]
    if not known.size:
        return gap
    strike = source.strikes[known]
    call = strike >= forward
    price = _prices(item, np.where(call, int(OptionType.CALL), int(OptionType.PUT)), strike, fair)
    price = price / (forward if source.inverse else 1.0)
    bid = np.where(call, source.call.bid[known], source.put.bid[known])
    ask = np.where(call, source.call.ask[known], source.put.ask[known])
    gap[known] = np.maximum(bid - price, 0.0) + np.minimum(ask - price, 0.0)
    return gap


def _prices(item: SolvedSlice, sign: NDArray[np.int64], strike: FloatArray, volatility: FloatArray) -> FloatArray:
    """European prices, and American ones where early exercise was taken out of the quotes."""
    taken = item.early_exercise
    if taken is not None:
        from optionix_core.pricing import american

        found: FloatArray = american.price(
            sign, taken.spot, strike, item.years, taken.rate, taken.dividend_yield, volatility,
            dividends=taken.dividends,
        )  # fmt: skip
        return found
    from optionix_core.pricing.black_scholes import price

    if item.forward is None or item.discount_factor is None:
        return np.full(strike.shape, np.nan)
    rate = -np.log(item.discount_factor) / item.years
    return np.asarray(price(sign, item.forward, strike, item.years, rate, rate, volatility), dtype=float)


def _neighbours(k: FloatArray, volatility: FloatArray) -> FloatArray:
    """At each point the cubic through the two points on either side of it; nan for the two at each end."""
    fair = np.full(k.shape, np.nan)
    if k.size < 5:
        return fair
    shifts = (-2, -1, 1, 2)
    size = k.size
    around = [k[2 + shift : size - 2 + shift] for shift in shifts]
    here = k[2:-2]
    total = np.zeros(here.shape)
    for one, shift in enumerate(shifts):
        weight = np.ones(here.shape)
        for other in range(4):
            if other != one:
                weight *= (here - around[other]) / (around[one] - around[other])
        total += weight * volatility[2 + shift : size - 2 + shift]
    fair[2:-2] = total
    return fair


def _amount(value: float) -> str:
    """Two decimals, no zero before the point: `.06`, `1.20`."""
    text = f"{value:.2f}"
    return text[1:] if text.startswith("0.") else text
