"""A short straddle revalued in full, and the law of the moves it is held under. Tests of coverage share both."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from optionix_core.pricing import black_scholes
from optionix_core.risk import value_at_risk

FloatArray = NDArray[np.float64]
DAY = 1.0 / 252.0
DEGREES, RETURN_SCALE, VOLATILITY_SCALE, VOLATILITY_DEGREES, CORRELATION = 5.0, 0.010, 0.035, 4.0, -0.7


class Straddle(NamedTuple):
    """One sold call and one sold put of one strike; no rate, no dividends. Numbers, or arrays of one book a day."""

    spot: FloatArray | float
    strike: FloatArray | float
    expiry: FloatArray | float
    """Years."""
    volatility: FloatArray | float


def law(seed: int) -> value_at_risk.MoveGenerator:
    """Log moves of spot and of volatility in a day: Student-t of 5 and of 4 degrees of freedom, in a t copula of 5."""
    copula = value_at_risk.StudentCopula(np.array([[1.0, CORRELATION], [CORRELATION, 1.0]]), DEGREES)
    laws = (
        value_at_risk.StudentMarginal(0.0, RETURN_SCALE, DEGREES),
        value_at_risk.StudentMarginal(0.0, VOLATILITY_SCALE, VOLATILITY_DEGREES),
    )
    return value_at_risk.MoveGenerator(copula, laws, seed)


def covariance() -> FloatArray:
    """Of the same moves: variances in closed form, the correlation of 400,000 scenarios."""
    deviations = np.array([RETURN_SCALE * np.sqrt(5.0 / 3.0), VOLATILITY_SCALE * np.sqrt(2.0)])
    return np.asarray(np.corrcoef(law(99).moves(400_000)) * np.outer(deviations, deviations))


def worth(book: Straddle) -> FloatArray:
    """Of a bought straddle: without carry the put is the call less spot plus strike."""
    call = black_scholes.price(1, *book[:3], 0.0, 0.0, book.volatility)
    return np.asarray(2.0 * call - np.asarray(book.spot) + np.asarray(book.strike))


def short_pnl(book: Straddle, moves: FloatArray) -> FloatArray:
    """Profit and loss of a day, [scenarios], of `moves` [2, scenarios]: time passes, both move."""
    after = Straddle(book.spot * np.exp(moves[0]), book.strike, book.expiry - DAY, book.volatility * np.exp(moves[1]))
    return np.asarray(worth(book) - worth(after))


def exposures(book: Straddle) -> FloatArray:
    """What a linear view of the sold straddle holds in log moves of spot and volatility: delta S, vega sigma, [2]."""
    sold = [
        black_scholes.greeks(kind, *book[:3], 0.0, 0.0, book.volatility, names=("delta", "vega"))
        for kind in ("call", "put")
    ]
    delta, vega = sold[0].delta + sold[1].delta, sold[0].vega + sold[1].vega
    return -np.array([delta * book.spot, vega * book.volatility])
