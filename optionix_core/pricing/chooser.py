"""Choosers under Black-Scholes-Merton: at a date between now and expiry the holder picks the call or the put.

Conventions of `black_scholes`: arguments broadcast, scalars give floats; InvalidValueError names field, value, bound
and row. No time and no volatility are limits.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from optionix_core.pricing._bivariate import bivariate_cdf
from optionix_core.pricing._lognormal import black, european, standardised
from optionix_core.pricing._rows import MARKET, Inputs, Value, evaluate, not_after, positive
from optionix_core.pricing._rows import expiry as time_rule
from optionix_core.pricing._rows import rate as rate_rule
from optionix_core.pricing._rows import volatility as volatility_rule

FloatArray = NDArray[np.float64]


def simple_price(
    spot: Inputs,
    strike: Inputs,
    choice_time: Inputs,
    expiry: Inputs,
    rate: Inputs,
    dividend_yield: Inputs,
    volatility: Inputs,
) -> Value:
    """Price where call and put have one strike and one expiry: by parity the call and a put that expires at the choice.

    M. Rubinstein, "Options for the undecided", Risk 4 (April 1991) 43.
    """
    fields = {
        "spot": spot,
        "strike": strike,
        "choice_time": choice_time,
        "expiry": expiry,
        "rate": rate,
        "dividend_yield": dividend_yield,
        "volatility": volatility,
    }
    rules = (positive("spot"), positive("strike"), *MARKET, not_after("choice_time", "expiry"))
    return evaluate(_simple, fields, rules)


def complex_price(
    spot: Inputs,
    call_strike: Inputs,
    put_strike: Inputs,
    choice_time: Inputs,
    call_expiry: Inputs,
    put_expiry: Inputs,
    rate: Inputs,
    dividend_yield: Inputs,
    volatility: Inputs,
) -> Value:
    """Price where call and put have strikes and expiries of their own. M. Rubinstein, the same."""
    fields = {
        "spot": spot,
        "call_strike": call_strike,
        "put_strike": put_strike,
        "choice_time": choice_time,
        "call_expiry": call_expiry,
        "put_expiry": put_expiry,
        "rate": rate,
        "dividend_yield": dividend_yield,
        "volatility": volatility,
    }
    rules = [positive("spot"), positive("call_strike"), positive("put_strike")]
    for life in ("call_expiry", "put_expiry"):
        rules += [time_rule(life), not_after("choice_time", life), rate_rule("rate", life)]
        rules += [rate_rule("dividend_yield", life), volatility_rule("volatility", life)]
    return evaluate(_complex, fields, rules)


def _simple(
    spot: FloatArray,
    strike: FloatArray,
    choice_time: FloatArray,
    expiry: FloatArray,
    rate: FloatArray,
    dividend_yield: FloatArray,
    volatility: FloatArray,
) -> FloatArray:
    ones = np.ones_like(spot)
    call = european(ones, spot, strike, expiry, rate, dividend_yield, volatility)
    asset, cash = spot * np.exp(-dividend_yield * expiry), strike * np.exp(-rate * expiry)
    return call + black(-ones, asset, cash, volatility * np.sqrt(choice_time))


def _complex(
    spot: FloatArray,
    call_strike: FloatArray,
    put_strike: FloatArray,
    choice_time: FloatArray,
    call_expiry: FloatArray,
    put_expiry: FloatArray,
    rate: FloatArray,
    dividend_yield: FloatArray,
    volatility: FloatArray,
) -> FloatArray:
    boundary = _log_boundary(
        call_strike, put_strike, call_expiry - choice_time, put_expiry - choice_time, rate, dividend_yield, volatility
    )
    x = np.log(spot) - boundary + (rate - dividend_yield) * choice_time
    s = volatility * np.sqrt(choice_time)
    value = np.zeros_like(spot)
    for sign, strike, life in ((1.0, call_strike, call_expiry), (-1.0, put_strike, put_expiry)):
        end_x = np.log(spot / strike) + (rate - dividend_yield) * life
        end_s = volatility * np.sqrt(life)
        correlation = np.sqrt(np.where(life > 0.0, choice_time / np.where(life > 0.0, life, 1.0), 0.0))
        asset, cash = (
            bivariate_cdf(sign * standardised(x, s, tilt), sign * standardised(end_x, end_s, tilt), correlation)
            for tilt in (0.5, -0.5)
        )
        value += sign * (spot * np.exp(-dividend_yield * life) * asset - strike * np.exp(-rate * life) * cash)
    return np.maximum(value, 0.0)


def _log_boundary(
    call_strike: FloatArray,
    put_strike: FloatArray,
    call_life: FloatArray,
    put_life: FloatArray,
    rate: FloatArray,
    dividend_yield: FloatArray,
    volatility: FloatArray,
) -> FloatArray:
    """Logarithm of the spot at which call and put are worth the same, by halving a bracket."""
    ones = np.ones_like(volatility)
    life = np.maximum(call_life, put_life)
    margin = 1.0 + (np.abs(rate) + np.abs(dividend_yield)) * life + 40.0 * volatility * np.sqrt(life)
    margin += volatility * volatility * life
    left = np.log(np.minimum(call_strike, put_strike)) - margin
    right = np.log(np.maximum(call_strike, put_strike)) + margin
    for _ in range(80):
        middle = 0.5 * (left + right)
        call = european(ones, np.exp(middle), call_strike, call_life, rate, dividend_yield, volatility)
        put = european(-ones, np.exp(middle), put_strike, put_life, rate, dividend_yield, volatility)
        left, right = np.where(call < put, middle, left), np.where(call < put, right, middle)
    return 0.5 * (left + right)
