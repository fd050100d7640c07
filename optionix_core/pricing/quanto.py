"""Options on a foreign asset paid in the home currency at a fixed exchange rate, under Black-Scholes-Merton.

Conventions of `black_scholes`: arguments broadcast, scalars give floats; InvalidValueError names field, value, bound
and row. E. Reiner, "Quanto mechanics", Risk 5 (March 1992) 59-63. Under the home measure the asset drifts as if it
paid another yield; any contract of this room becomes a quanto by being priced with that yield and the home rate.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from optionix_core.pricing._lognormal import european
from optionix_core.pricing._rows import (
    MARKET,
    OPTION_TYPE,
    Columns,
    Inputs,
    Mask,
    Rule,
    Value,
    evaluate,
    positive,
)
from optionix_core.pricing._rows import correlation as correlation_rule
from optionix_core.pricing._rows import rate as rate_rule

FloatArray = NDArray[np.float64]


def price(
    option_type: object,
    spot: Inputs,
    strike: Inputs,
    expiry: Inputs,
    rate: Inputs,
    foreign_rate: Inputs,
    dividend_yield: Inputs,
    volatility: Inputs,
    fx_volatility: Inputs,
    correlation: Inputs,
    exchange_rate: Inputs = 1.0,
) -> Value:
    """Price in home currency; spot and strike in foreign currency, `exchange_rate` home units per foreign one.

    `rate` is the home currency's, `correlation` that of the asset with the home price of foreign currency.
    """
    fields = {
        "option_type": option_type,
        "spot": spot,
        "strike": strike,
        "expiry": expiry,
        "rate": rate,
        "foreign_rate": foreign_rate,
        "dividend_yield": dividend_yield,
        "volatility": volatility,
        "fx_volatility": fx_volatility,
        "correlation": correlation,
        "exchange_rate": exchange_rate,
    }
    rules = (
        OPTION_TYPE,
        positive("spot"),
        positive("strike"),
        *MARKET,
        rate_rule("foreign_rate"),
        Rule("fx_volatility", "zero or more, and at most 36", _moderate),
        correlation_rule(),
        positive("exchange_rate"),
    )
    return evaluate(_price, fields, rules)


def adjusted_dividend_yield(
    rate: Inputs,
    foreign_rate: Inputs,
    dividend_yield: Inputs,
    volatility: Inputs,
    fx_volatility: Inputs,
    correlation: Inputs,
) -> Value:
    """The yield that the asset seems to pay in the home currency: q + r - r_f + rho sigma sigma_fx."""
    fields = {
        "rate": rate,
        "foreign_rate": foreign_rate,
        "dividend_yield": dividend_yield,
        "volatility": volatility,
        "fx_volatility": fx_volatility,
        "correlation": correlation,
    }
    rates = tuple(
        Rule(name, "finite, and within 100 in size", lambda c, name=name: np.abs(c[name]) <= 100.0)  # type: ignore[misc]
        for name in ("rate", "foreign_rate", "dividend_yield")
    )
    spreads = (
        Rule(
            "volatility", "zero or more, and at most 36", lambda c: (c["volatility"] >= 0.0) & (c["volatility"] <= 36.0)
        ),
        Rule("fx_volatility", "zero or more, and at most 36", _moderate),
    )
    return evaluate(_adjusted, fields, (*rates, *spreads, correlation_rule()))


def _moderate(c: Columns) -> Mask:
    return (c["fx_volatility"] >= 0.0) & (c["fx_volatility"] <= 36.0)


def _adjusted(
    rate: FloatArray,
    foreign_rate: FloatArray,
    dividend_yield: FloatArray,
    volatility: FloatArray,
    fx_volatility: FloatArray,
    correlation: FloatArray,
) -> FloatArray:
    return dividend_yield + rate - foreign_rate + correlation * volatility * fx_volatility


def _price(
    sign: FloatArray,
    spot: FloatArray,
    strike: FloatArray,
    expiry: FloatArray,
    rate: FloatArray,
    foreign_rate: FloatArray,
    dividend_yield: FloatArray,
    volatility: FloatArray,
    fx_volatility: FloatArray,
    correlation: FloatArray,
    exchange_rate: FloatArray,
) -> FloatArray:
    apparent = _adjusted(rate, foreign_rate, dividend_yield, volatility, fx_volatility, correlation)
    return exchange_rate * european(sign, spot, strike, expiry, rate, apparent, volatility)
