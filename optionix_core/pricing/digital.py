"""Digital options under Black-Scholes-Merton: paid for where the price ends, or for a level touched on the way.

Conventions of `black_scholes`: arguments broadcast, scalars give floats; InvalidValueError names field, value, bound
and row. European digitals: M. Rubinstein and E. Reiner, "Unscrambling the binary code", Risk 4 (October 1991) 75-83,
also for the touches, which are watched continuously. A spot on the barrier has touched it. Where nothing moves any
more (no time, no volatility) prices are limits; a forward exactly on the strike then counts half, so that call and put
still add up to the whole payment.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from scipy.special import ndtr

from optionix_core.pricing._first_passage import FloatArray, discounted_hit, survival, touch
from optionix_core.pricing._lognormal import TINY, step
from optionix_core.pricing._rows import MARKET, OPTION_TYPE, Inputs, Mask, Value, chosen, evaluate, finite, positive

Payment = Literal["hit", "expiry"]


def cash_or_nothing(
    option_type: object,
    spot: Inputs,
    strike: Inputs,
    expiry: Inputs,
    rate: Inputs,
    dividend_yield: Inputs,
    volatility: Inputs,
    cash: Inputs = 1.0,
) -> Value:
    """Value of `cash` paid at expiry if the price ends above the strike (call) or below it (put)."""
    fields = {
        "option_type": option_type,
        "spot": spot,
        "strike": strike,
        "expiry": expiry,
        "rate": rate,
        "dividend_yield": dividend_yield,
        "volatility": volatility,
        "cash": cash,
    }
    rules = (OPTION_TYPE, positive("spot"), positive("strike"), *MARKET, finite("cash"))
    return evaluate(_cash_or_nothing, fields, rules)


def asset_or_nothing(
    option_type: object,
    spot: Inputs,
    strike: Inputs,
    expiry: Inputs,
    rate: Inputs,
    dividend_yield: Inputs,
    volatility: Inputs,
) -> Value:
    """Value of one unit of the asset, delivered at expiry if it ends above the strike (call) or below it (put)."""
    fields = {
        "option_type": option_type,
        "spot": spot,
        "strike": strike,
        "expiry": expiry,
        "rate": rate,
        "dividend_yield": dividend_yield,
        "volatility": volatility,
    }
    return evaluate(_asset_or_nothing, fields, (OPTION_TYPE, positive("spot"), positive("strike"), *MARKET))


def one_touch(
    spot: Inputs,
    barrier: Inputs,
    expiry: Inputs,
    rate: Inputs,
    dividend_yield: Inputs,
    volatility: Inputs,
    cash: Inputs = 1.0,
    pay_at: Payment = "hit",
) -> Value:
    """Value of `cash` paid if the price touches the barrier by expiry: at the hit, or at expiry.

    The barrier lies below or above the spot as it comes. Negative rates are exact too.
    """
    fields = _touch_fields(spot, barrier, expiry, rate, dividend_yield, volatility, cash)
    kernel = _touch_at_hit if chosen("pay_at", pay_at, ("hit", "expiry")) == "hit" else _touch_at_expiry
    return evaluate(kernel, fields, _TOUCH_RULES)


def no_touch(
    spot: Inputs,
    barrier: Inputs,
    expiry: Inputs,
    rate: Inputs,
    dividend_yield: Inputs,
    volatility: Inputs,
    cash: Inputs = 1.0,
) -> Value:
    """Value of `cash` paid at expiry if the price never touches the barrier."""
    fields = _touch_fields(spot, barrier, expiry, rate, dividend_yield, volatility, cash)
    return evaluate(_untouched, fields, _TOUCH_RULES)


def asset_one_touch(
    spot: Inputs,
    barrier: Inputs,
    expiry: Inputs,
    rate: Inputs,
    dividend_yield: Inputs,
    volatility: Inputs,
) -> Value:
    """Value of one unit of the asset, delivered at expiry if it has touched the barrier by then.

    Delivered at the hit it is worth the barrier: `one_touch` with `cash` equal to it.
    """
    fields = _touch_fields(spot, barrier, expiry, rate, dividend_yield, volatility, 1.0)
    return evaluate(_asset_touch, fields, _TOUCH_RULES)


_TOUCH_RULES = (positive("spot"), positive("barrier"), *MARKET, finite("cash"))


def _touch_fields(
    spot: Inputs,
    barrier: Inputs,
    expiry: Inputs,
    rate: Inputs,
    dividend_yield: Inputs,
    volatility: Inputs,
    cash: Inputs,
) -> dict[str, object]:
    return {
        "spot": spot,
        "barrier": barrier,
        "expiry": expiry,
        "rate": rate,
        "dividend_yield": dividend_yield,
        "volatility": volatility,
        "cash": cash,
    }


def _end_mass(
    sign: FloatArray,
    spot: FloatArray,
    strike: FloatArray,
    expiry: FloatArray,
    carry: FloatArray,
    volatility: FloatArray,
    tilt: float,
) -> FloatArray:
    """Probability of ending beyond the strike, under the measure of cash (tilt -1) or of the asset (tilt +1)."""
    s = volatility * np.sqrt(expiry)
    x = np.log(spot / strike) + carry * expiry
    return np.where(s > TINY, ndtr(sign * (x / np.where(s > TINY, s, 1.0) + 0.5 * tilt * s)), step(sign * x))


def _cash_or_nothing(
    sign: FloatArray,
    spot: FloatArray,
    strike: FloatArray,
    expiry: FloatArray,
    rate: FloatArray,
    dividend_yield: FloatArray,
    volatility: FloatArray,
    cash: FloatArray,
) -> FloatArray:
    mass = _end_mass(sign, spot, strike, expiry, rate - dividend_yield, volatility, -1.0)
    return cash * np.exp(-rate * expiry) * mass


def _asset_or_nothing(
    sign: FloatArray,
    spot: FloatArray,
    strike: FloatArray,
    expiry: FloatArray,
    rate: FloatArray,
    dividend_yield: FloatArray,
    volatility: FloatArray,
) -> FloatArray:
    mass = _end_mass(sign, spot, strike, expiry, rate - dividend_yield, volatility, 1.0)
    return spot * np.exp(-dividend_yield * expiry) * mass


def _touch_at_hit(
    spot: FloatArray,
    barrier: FloatArray,
    expiry: FloatArray,
    rate: FloatArray,
    dividend_yield: FloatArray,
    volatility: FloatArray,
    cash: FloatArray,
) -> FloatArray:
    h = np.log(barrier / spot)
    growth = (rate - dividend_yield) * expiry
    s = volatility * np.sqrt(expiry)
    safe = np.where(s > TINY, s, 1.0)
    moving = discounted_hit(-np.sign(h), h, growth - 0.5 * s * s, safe, rate * expiry)
    still = np.where(reached(h, growth), np.exp(-rate * expiry * np.where(reached(h, growth), h / growth, 0.0)), 0.0)
    return cash * np.where(h == 0.0, 1.0, np.where(s > TINY, moving, still))


def _touch_at_expiry(
    spot: FloatArray,
    barrier: FloatArray,
    expiry: FloatArray,
    rate: FloatArray,
    dividend_yield: FloatArray,
    volatility: FloatArray,
    cash: FloatArray,
) -> FloatArray:
    return cash * np.exp(-rate * expiry) * _touched(spot, barrier, expiry, rate - dividend_yield, volatility, -1.0)


def _asset_touch(
    spot: FloatArray,
    barrier: FloatArray,
    expiry: FloatArray,
    rate: FloatArray,
    dividend_yield: FloatArray,
    volatility: FloatArray,
    cash: FloatArray,
) -> FloatArray:
    touched = _touched(spot, barrier, expiry, rate - dividend_yield, volatility, 1.0)
    return cash * spot * np.exp(-dividend_yield * expiry) * touched


def _untouched(
    spot: FloatArray,
    barrier: FloatArray,
    expiry: FloatArray,
    rate: FloatArray,
    dividend_yield: FloatArray,
    volatility: FloatArray,
    cash: FloatArray,
) -> FloatArray:
    h = np.log(barrier / spot)
    growth = (rate - dividend_yield) * expiry
    s = volatility * np.sqrt(expiry)
    moving = survival(-np.sign(h), h, growth - 0.5 * s * s, np.where(s > TINY, s, 1.0))
    alive = np.where(s > TINY, moving, ~reached(h, growth))
    return cash * np.exp(-rate * expiry) * np.where(h == 0.0, 0.0, alive)


def _touched(
    spot: FloatArray, barrier: FloatArray, expiry: FloatArray, carry: FloatArray, volatility: FloatArray, tilt: float
) -> FloatArray:
    h = np.log(barrier / spot)
    s = volatility * np.sqrt(expiry)
    moving = touch(-np.sign(h), h, carry * expiry + 0.5 * tilt * s * s, np.where(s > TINY, s, 1.0))
    return np.where(h == 0.0, 1.0, np.where(s > TINY, moving, reached(h, carry * expiry)))


def reached(h: FloatArray, growth: FloatArray) -> Mask:
    """Whether a price that only grows by `growth` in logarithm meets a level at `h`."""
    met: Mask = (h == 0.0) | ((np.sign(growth) == np.sign(h)) & (np.abs(growth) >= np.abs(h)))
    return met
