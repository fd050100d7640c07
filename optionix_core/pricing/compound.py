"""Options on options under Black-Scholes-Merton.

Conventions of `black_scholes`: arguments broadcast, scalars give floats; InvalidValueError names field, value, bound
and row. No time, no volatility and equal expiries are limits.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from optionix_core.pricing._bivariate import bivariate_cdf
from optionix_core.pricing._lognormal import black, standardised
from optionix_core.pricing._rows import (
    OPTION_TYPE,
    Inputs,
    Rule,
    Value,
    evaluate,
    not_after,
    not_negative,
    positive,
)
from optionix_core.pricing._rows import expiry as time_rule
from optionix_core.pricing._rows import rate as rate_rule
from optionix_core.pricing._rows import volatility as volatility_rule

FloatArray = NDArray[np.float64]


def price(
    option_type: object,
    underlying_option_type: object,
    spot: Inputs,
    strike: Inputs,
    underlying_strike: Inputs,
    expiry: Inputs,
    underlying_expiry: Inputs,
    rate: Inputs,
    dividend_yield: Inputs,
    volatility: Inputs,
) -> Value:
    """Price of the right to buy or sell, at `expiry` for `strike`, a European option with its own strike and expiry.

    R. Geske, J. Financial Economics 7 (1979) 63-81; all four kinds as in M. Rubinstein, "Double trouble", Risk 5
    (December 1991 - January 1992) 73. Bivariate normal masses are good to 1e-15, and the price with them.
    """
    fields = {
        "option_type": option_type,
        "underlying_option_type": underlying_option_type,
        "spot": spot,
        "strike": strike,
        "underlying_strike": underlying_strike,
        "expiry": expiry,
        "underlying_expiry": underlying_expiry,
        "rate": rate,
        "dividend_yield": dividend_yield,
        "volatility": volatility,
    }
    rules = (
        OPTION_TYPE,
        Rule("underlying_option_type", OPTION_TYPE.bound, lambda c: np.abs(c["underlying_option_type"]) == 1.0),
        positive("spot"),
        not_negative("strike"),
        positive("underlying_strike"),
        time_rule("underlying_expiry"),
        not_after("expiry", "underlying_expiry"),
        rate_rule("rate", "underlying_expiry"),
        rate_rule("dividend_yield", "underlying_expiry"),
        volatility_rule("volatility", "underlying_expiry"),
    )
    return evaluate(_price, fields, rules)


def _price(
    sign: FloatArray,
    inner: FloatArray,
    spot: FloatArray,
    strike: FloatArray,
    inner_strike: FloatArray,
    expiry: FloatArray,
    inner_expiry: FloatArray,
    rate: FloatArray,
    dividend_yield: FloatArray,
    volatility: FloatArray,
) -> FloatArray:
    rest = inner_expiry - expiry
    boundary = _log_boundary(
        inner,
        strike * np.exp(dividend_yield * rest),
        inner_strike * np.exp((dividend_yield - rate) * rest),
        volatility * np.sqrt(rest),
    )
    s, inner_s = volatility * np.sqrt(expiry), volatility * np.sqrt(inner_expiry)
    carry = rate - dividend_yield
    x = np.log(spot) - boundary + carry * expiry
    inner_x = np.log(spot / inner_strike) + carry * inner_expiry
    correlation = sign * np.sqrt(
        np.where(inner_expiry > 0.0, expiry / np.where(inner_expiry > 0.0, inner_expiry, 1.0), 0.0)
    )
    both = sign * inner
    asset = bivariate_cdf(both * standardised(x, s, 0.5), inner * standardised(inner_x, inner_s, 0.5), correlation)
    cash = bivariate_cdf(both * standardised(x, s, -0.5), inner * standardised(inner_x, inner_s, -0.5), correlation)
    value = both * (
        spot * np.exp(-dividend_yield * inner_expiry) * asset - inner_strike * np.exp(-rate * inner_expiry) * cash
    ) - sign * strike * np.exp(-rate * expiry) * ndtr(both * standardised(x, s, -0.5))
    return np.maximum(value, 0.0)


def _log_boundary(inner: FloatArray, strike: FloatArray, inner_strike: FloatArray, deviation: FloatArray) -> FloatArray:
    """Logarithm of the spot at which the inner option is worth the strike, all amounts in units of the asset leg.

    A call is worth between spot - inner_strike and spot, a put at least inner_strike - spot and nothing far out; so the
    root is bracketed, and halving the bracket finds it. It is -inf where the option is worth more, or less, everywhere.
    """
    call = inner > 0.0
    low = np.log(np.where(call, strike, np.maximum(inner_strike - strike, 0.0)))
    high = np.where(
        call, np.log(strike + inner_strike), np.log(inner_strike) + 40.0 * deviation + deviation * deviation
    )
    left, right = np.where(np.isfinite(low), low, high), np.maximum(high, low)
    for _ in range(80):
        middle = 0.5 * (left + right)
        worth = black(inner, np.exp(middle), inner_strike, deviation)
        further = inner * (worth - strike) < 0.0
        left, right = np.where(further, middle, left), np.where(further, right, middle)
    root = np.where(call, right, left)
    never = np.where(call, strike <= 0.0, strike >= inner_strike)
    return np.where(never, -np.inf, np.where(~call & (strike <= 0.0), np.inf, root))
