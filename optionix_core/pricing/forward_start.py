"""Options whose strike is set at a later date, as a multiple of the price then, under Black-Scholes-Merton.

Conventions of `black_scholes`: arguments broadcast, scalars give floats; InvalidValueError names field, value, bound
and row. Rates and volatility are those of the whole life.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from optionix_core.pricing._lognormal import european
from optionix_core.pricing._rows import MARKET, OPTION_TYPE, Inputs, Rule, Value, evaluate, not_after, positive

FloatArray = NDArray[np.float64]


def price(
    option_type: object,
    spot: Inputs,
    moneyness: Inputs,
    start: Inputs,
    expiry: Inputs,
    rate: Inputs,
    dividend_yield: Inputs,
    volatility: Inputs,
) -> Value:
    """Price of an option whose strike will be `moneyness` times the price at `start`.

    M. Rubinstein, "Pay now, choose later", Risk 4 (February 1991) 13.
    """
    fields, rules = _contract(option_type, spot, moneyness, start, expiry, rate, dividend_yield, volatility)
    return evaluate(_price, fields, rules)


def performance_price(
    option_type: object,
    moneyness: Inputs,
    start: Inputs,
    expiry: Inputs,
    rate: Inputs,
    dividend_yield: Inputs,
    volatility: Inputs,
) -> Value:
    """Price of the same option's payment divided by the price at `start`: a ratchet's period."""
    fields, rules = _contract(option_type, 1.0, moneyness, start, expiry, rate, dividend_yield, volatility)
    return evaluate(_performance, fields, rules)


def _contract(
    option_type: object,
    spot: Inputs,
    moneyness: Inputs,
    start: Inputs,
    expiry: Inputs,
    rate: Inputs,
    dividend_yield: Inputs,
    volatility: Inputs,
) -> tuple[dict[str, object], tuple[Rule, ...]]:
    fields = {
        "option_type": option_type,
        "spot": spot,
        "moneyness": moneyness,
        "start": start,
        "expiry": expiry,
        "rate": rate,
        "dividend_yield": dividend_yield,
        "volatility": volatility,
    }
    return fields, (OPTION_TYPE, positive("spot"), positive("moneyness"), *MARKET, not_after("start", "expiry"))


def _price(
    sign: FloatArray,
    spot: FloatArray,
    moneyness: FloatArray,
    start: FloatArray,
    expiry: FloatArray,
    rate: FloatArray,
    dividend_yield: FloatArray,
    volatility: FloatArray,
) -> FloatArray:
    unit = european(sign, np.ones_like(spot), moneyness, expiry - start, rate, dividend_yield, volatility)
    return spot * np.exp(-dividend_yield * start) * unit


def _performance(
    sign: FloatArray,
    spot: FloatArray,
    moneyness: FloatArray,
    start: FloatArray,
    expiry: FloatArray,
    rate: FloatArray,
    dividend_yield: FloatArray,
    volatility: FloatArray,
) -> FloatArray:
    return np.exp(-rate * start) * european(sign, spot, moneyness, expiry - start, rate, dividend_yield, volatility)
