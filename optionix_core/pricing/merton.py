"""European options under Merton's jump diffusion, as a Poisson-weighted sum of Black's formula.

Conventions of `black_scholes`: arguments broadcast, scalars give floats; InvalidValueError names field, value, bound
and row. R. Merton, J. Financial Economics 3 (1976) 125-144, eq. 16: given n jumps the price is lognormal. The sum runs
until the Poisson masses of both legs, under the measures of cash and of the asset, have less than 1e-20 left.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln, xlogy

from optionix_core.pricing._lognormal import black
from optionix_core.pricing._rows import MARKET, OPTION_TYPE, Columns, Inputs, Mask, Rule, Value, evaluate, positive

FloatArray = NDArray[np.float64]

MOST_JUMPS = 2000.0
"""Expected jumps in the life, under either measure."""


def price(
    option_type: object,
    spot: Inputs,
    strike: Inputs,
    expiry: Inputs,
    rate: Inputs,
    dividend_yield: Inputs,
    volatility: Inputs,
    jump_intensity: Inputs,
    jump_mean: Inputs,
    jump_volatility: Inputs,
) -> Value:
    """Price where the logarithm jumps `jump_intensity` times a year by normal amounts of `jump_mean` and deviation.

    `volatility` is that of the diffusion alone.
    """
    fields = {
        "option_type": option_type,
        "spot": spot,
        "strike": strike,
        "expiry": expiry,
        "rate": rate,
        "dividend_yield": dividend_yield,
        "volatility": volatility,
        "jump_intensity": jump_intensity,
        "jump_mean": jump_mean,
        "jump_volatility": jump_volatility,
    }
    rules = (
        OPTION_TYPE,
        positive("spot"),
        positive("strike"),
        *MARKET,
        Rule("jump_mean", "from -10 to 10", lambda c: np.abs(c["jump_mean"]) <= 10.0),
        Rule("jump_volatility", "from 0 to 5", lambda c: (c["jump_volatility"] >= 0.0) & (c["jump_volatility"] <= 5.0)),
        Rule(
            "jump_intensity",
            f"zero or more, with at most {MOST_JUMPS:g} jumps expected by expiry under the measures of cash and asset",
            _bearable,
        ),
    )
    return evaluate(_price, fields, rules)


def _bearable(c: Columns) -> Mask:
    growth = np.exp(np.maximum(c["jump_mean"] + 0.5 * c["jump_volatility"] ** 2, 0.0))
    return (c["jump_intensity"] >= 0.0) & (c["jump_intensity"] * c["expiry"] * growth <= MOST_JUMPS)


def _price(
    sign: FloatArray,
    spot: FloatArray,
    strike: FloatArray,
    expiry: FloatArray,
    rate: FloatArray,
    dividend_yield: FloatArray,
    volatility: FloatArray,
    jump_intensity: FloatArray,
    jump_mean: FloatArray,
    jump_volatility: FloatArray,
) -> FloatArray:
    log_growth = jump_mean + 0.5 * jump_volatility * jump_volatility
    expected = jump_intensity * expiry
    most = float(np.max(expected * np.exp(np.maximum(log_growth, 0.0)), initial=0.0))
    asset = spot * np.exp(-dividend_yield * expiry - expected * np.expm1(log_growth))
    cash = strike * np.exp(-rate * expiry)
    total = np.zeros_like(spot)
    for n in range(int(most + 10.0 * np.sqrt(most)) + 30):
        mass = np.exp(xlogy(n, expected) - expected - gammaln(n + 1.0))
        deviation = np.sqrt(volatility * volatility * expiry + n * jump_volatility * jump_volatility)
        total += mass * black(sign, asset * np.exp(n * log_growth), cash, deviation)
    return total
