"""Options that a barrier brings to life or ends, under Black-Scholes-Merton, the barrier watched continuously.

Conventions of `black_scholes`: arguments broadcast (types too), scalars give floats; InvalidValueError names field,
value, bound and row. A spot on or beyond a barrier has touched it: then an out option is worth its rebate and an in
option is the European option. No time or no volatility are limits. Refuses discrete watching and curved barriers.
"""

from __future__ import annotations

from typing import Literal

import numpy as np

from optionix_core.pricing import _double_barrier, _partial_barrier, _single_barrier
from optionix_core.pricing._rows import (
    MARKET,
    OPTION_TYPE,
    Inputs,
    Rule,
    Value,
    codes,
    evaluate,
    finite,
    not_after,
    positive,
)

BarrierType = Literal["down-in", "down-out", "up-in", "up-out"]
DoubleBarrierType = Literal["knock-out", "knock-in"]
Window = Literal["start", "end-b1", "end-b2"]

BARRIER_TYPES = ("down-out", "down-in", "up-out", "up-in")
DOUBLE_TYPES = ("knock-out", "knock-in")
WINDOWS = ("start", "end-b1", "end-b2")


def price(
    option_type: object,
    barrier_type: object,
    spot: Inputs,
    strike: Inputs,
    barrier: Inputs,
    rebate: Inputs,
    expiry: Inputs,
    rate: Inputs,
    dividend_yield: Inputs,
    volatility: Inputs,
) -> Value:
    """Price of a single-barrier option: `"down-in"`, `"down-out"`, `"up-in"`, `"up-out"`, or an array of them.

    The rebate of an out option is paid at the hit, that of an in option at expiry if it never came to life. E. Reiner
    and M. Rubinstein, "Breaking down the barriers", Risk 4 (September 1991) 28-35; E. G. Haug, "The Complete Guide to
    Option Pricing Formulas" (2nd ed. 2007), 4.17.1. Absolute error about 1e-15 of spot and strike.
    """
    fields = {
        "option_type": option_type,
        "barrier_type": codes("barrier_type", barrier_type, BARRIER_TYPES),
        "spot": spot,
        "strike": strike,
        "barrier": barrier,
        "rebate": rebate,
        "expiry": expiry,
        "rate": rate,
        "dividend_yield": dividend_yield,
        "volatility": volatility,
    }
    rules = (OPTION_TYPE, positive("spot"), positive("strike"), positive("barrier"), finite("rebate"), *MARKET)
    return evaluate(_single_barrier.price, fields, rules)


def double_price(
    option_type: object,
    barrier_type: object,
    spot: Inputs,
    strike: Inputs,
    lower: Inputs,
    upper: Inputs,
    expiry: Inputs,
    rate: Inputs,
    dividend_yield: Inputs,
    volatility: Inputs,
) -> Value:
    """Price of an option between two flat barriers: `"knock-out"` or `"knock-in"`, without rebate.

    Images for short lives (M. Ikeda and N. Kunitomo, Math. Finance 2 (1992) 275-298), sines for long ones (A. Pelsser,
    Finance and Stochastics 4 (2000) 95-104), each run until nothing is added. In is European less out.
    """
    fields = {
        "option_type": option_type,
        "barrier_type": codes("barrier_type", barrier_type, DOUBLE_TYPES),
        "spot": spot,
        "strike": strike,
        "lower": lower,
        "upper": upper,
        "expiry": expiry,
        "rate": rate,
        "dividend_yield": dividend_yield,
        "volatility": volatility,
    }
    crossed = Rule("upper", "above lower", lambda c: c["upper"] > c["lower"])
    levels = (positive("spot"), positive("strike"), positive("lower"), positive("upper"), crossed)
    return evaluate(_double_barrier.price, fields, (OPTION_TYPE, *levels, *MARKET))


def partial_price(
    option_type: object,
    barrier_type: object,
    window: object,
    spot: Inputs,
    strike: Inputs,
    barrier: Inputs,
    barrier_time: Inputs,
    expiry: Inputs,
    rate: Inputs,
    dividend_yield: Inputs,
    volatility: Inputs,
) -> Value:
    """Price of an option whose barrier is watched for a part of its life, without rebate.

    `window="start"`: from now to `barrier_time` (type A). `"end-b2"`: from `barrier_time` to expiry; a price that is
    then already beyond the barrier has touched it. `"end-b1"`: the same time, but touched means met from either side,
    so that `down` and `up` are the same. R. Heynen and H. Kat, "Partial barrier options", J. Financial Engineering 3
    (1994) 253-274. In is European less out.
    """
    fields = {
        "option_type": option_type,
        "barrier_type": codes("barrier_type", barrier_type, BARRIER_TYPES),
        "window": codes("window", window, WINDOWS),
        "spot": spot,
        "strike": strike,
        "barrier": barrier,
        "barrier_time": barrier_time,
        "expiry": expiry,
        "rate": rate,
        "dividend_yield": dividend_yield,
        "volatility": volatility,
    }
    levels = (positive("spot"), positive("strike"), positive("barrier"), not_after("barrier_time", "expiry"))
    return evaluate(_partial_barrier.price, fields, (OPTION_TYPE, *levels, *MARKET))


def survival_probability(
    spot: Inputs,
    lower: Inputs,
    upper: Inputs,
    expiry: Inputs,
    rate: Inputs,
    dividend_yield: Inputs,
    volatility: Inputs,
) -> Value:
    """Risk-neutral probability that the price stays strictly between two barriers until expiry."""
    fields = {
        "spot": spot,
        "lower": lower,
        "upper": upper,
        "expiry": expiry,
        "rate": rate,
        "dividend_yield": dividend_yield,
        "volatility": volatility,
    }
    crossed = Rule("upper", "above lower", lambda c: np.asarray(c["upper"] > c["lower"]))
    rules = (positive("spot"), positive("lower"), positive("upper"), crossed, *MARKET)
    return evaluate(_double_barrier.survival, fields, rules)
