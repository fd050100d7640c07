"""Prices, Greeks and implied volatilities a second on one thread, beside peers, each with its error."""

from __future__ import annotations

import math

import numpy as np

from benchmarks.measure import Figure, cpu_of_call
from optionix_core.pricing import black_scholes
from optionix_core.pricing.implied_volatility import implied_volatility

COUNT = 200_000
QUANTLIB_COUNT = 2_000


def figures(_environment: dict[str, str]) -> list[Figure]:
    """Throughput of the array forms; the budget of speed belongs to the pricing engine's own benchmark."""
    generator = np.random.default_rng(7)
    kind = np.where(generator.random(COUNT) < 0.5, 1, -1)
    spot = np.full(COUNT, 100.0)
    strike = generator.uniform(60, 160, COUNT)
    expiry = generator.uniform(0.02, 3, COUNT)
    rate = generator.uniform(0, 0.06, COUNT)
    carry = generator.uniform(0, 0.04, COUNT)
    volatility = generator.uniform(0.08, 0.9, COUNT)
    market = (kind, spot, strike, expiry, rate, carry)
    price = black_scholes.price(*market, volatility)

    ours = COUNT / cpu_of_call(lambda: black_scholes.price(*market, volatility)) / 1e6
    greeks = COUNT / cpu_of_call(lambda: black_scholes.greeks(*market, volatility)) / 1e6
    inverse = COUNT / cpu_of_call(lambda: implied_volatility(kind, price, *market[1:])) / 1e6
    numpy_price = _numpy_price(*market, volatility)
    peer = COUNT / cpu_of_call(lambda: _numpy_price(*market, volatility)) / 1e6
    found = implied_volatility(kind, price, *market[1:])
    solvable = np.abs(price - np.maximum(kind * (spot * np.exp(-carry * expiry) - strike * np.exp(-rate * expiry)), 0))
    worst = float(np.nanmax(np.abs(found / volatility - 1)[solvable > 0.01]))
    rows = [
        Figure("price", ours, "M/s", note=f"max difference to numpy {np.max(np.abs(price - numpy_price)):.1e}"),
        Figure("price, numpy + scipy.special (peer)", peer, "M/s"),
        Figure("price and 15 Greeks", greeks, "M/s"),
        Figure("implied volatility", inverse, "M/s", note=f"max relative error {worst:.1e}"),
    ]
    rows += _quantlib(kind, strike, volatility)
    return rows


def _numpy_price(kind, spot, strike, expiry, rate, carry, volatility):  # type: ignore[no-untyped-def]
    from scipy.special import ndtr

    forward = spot * np.exp((rate - carry) * expiry)
    width = volatility * np.sqrt(expiry)
    d1 = np.log(forward / strike) / width + 0.5 * width
    return kind * np.exp(-rate * expiry) * (forward * ndtr(kind * d1) - strike * ndtr(kind * (d1 - width)))


def _quantlib(kind, strike, volatility):  # type: ignore[no-untyped-def]
    try:
        import QuantLib
    except ImportError:
        return []

    def run() -> float:
        total = 0.0
        for row in range(QUANTLIB_COUNT):
            which = QuantLib.Option.Call if kind[row] == 1 else QuantLib.Option.Put
            width = float(volatility[row]) * math.sqrt(0.5)
            total += QuantLib.blackFormula(which, float(strike[row]), 100.0, width, 0.97)
        return total

    return [Figure("Black formula, QuantLib (peer)", QUANTLIB_COUNT / cpu_of_call(run) / 1e6, "M/s")]
