"""Black-Scholes-Merton for one option: price, and all sixteen Greeks, from plain floats.

The one text of these formulas. Scalar calls run it as it stands; array calls run the same functions compiled
(`_kernels`). Formulas: F. Black and M. Scholes, J. Polit. Econ. 81 (1973) 637, eq. 13; R. Merton, Bell J. Econ. 4
(1973) 141, section 6 (dividend yield); Greeks as in E. G. Haug, "The Complete Guide to Option Pricing Formulas" (2nd
ed. 2007), chapter 2, in natural units. An option in the money is its discounted intrinsic value plus the option of the
other type, so that parity holds to a rounding and small time values keep their digits.

`times` and `amounts` are the dividends of `pricing.dividends`; both empty where there are none. Arguments are checked
by `first_fault` alone: the other functions here take what it admitted.
"""

from __future__ import annotations

import math
from typing import Protocol

from optionix_core.pricing._black import black_ratio
from optionix_core.pricing._special import (
    INVERSE_SQRT_TWO_PI,
    discounted,
    exact_sum,
    log_moneyness,
    normal_cdf,
    normal_density,
)

INFINITY = math.inf
TINY_DEVIATION = 1e-100
"""A total deviation sigma sqrt(T) below this is zero: its reciprocals would overflow."""

Row = tuple[
    float,
    float,
    float,
    float,
    float,
    float,
    float,
    float,
    float,
    float,
    float,
    float,
    float,
    float,
    float,
    float,
    float,
]


class Numbers(Protocol):
    """A tuple of floats, or a column of them."""

    def __len__(self) -> int:
        """How many."""
        ...

    def __getitem__(self, place: int, /) -> float:
        """One of them."""
        ...


def first_fault(
    sign: float, spot: float, strike: float, expiry: float, rate: float, dividend_yield: float, volatility: float
) -> int:
    """Code of the first argument outside its bound (`status.InputFault`), 0 where all are inside; nan is outside."""
    fault = 0
    if abs(sign) != 1.0:
        fault = 1
    elif not 1e-140 <= spot <= 1e140:
        fault = 2
    elif not 1e-140 <= strike <= 1e140:
        fault = 3
    elif not 0.0 <= expiry <= 1e6:
        fault = 4
    elif not (abs(rate) < INFINITY and abs(rate * expiry) <= 600.0):
        fault = 5
    elif not (abs(dividend_yield) < INFINITY and abs(dividend_yield * expiry) <= 600.0):
        fault = 6
    elif not 0.0 <= volatility < INFINITY:
        fault = 7
    return fault


def escrow(
    spot: float,
    rate: float,
    dividend_yield: float,
    expiry: float,
    times: Numbers,
    amounts: Numbers,
    proportional: int,
) -> tuple[float, float, float, float]:
    """Spot net of the dividends up to expiry, and its derivatives in spot, in rate and in calendar time.

    Cash: spot - sum a_i exp(-(r - q) t_i), the escrowed-dividend method. Proportional: spot times prod (1 - f_i),
    which is exact.
    """
    factor = 1.0
    paid = 0.0
    rate_slope = 0.0
    for i in range(len(times)):
        if times[i] <= expiry:
            if proportional:
                factor *= 1.0 - amounts[i]
            else:
                value = amounts[i] * math.exp((dividend_yield - rate) * times[i])
                paid += value
                rate_slope += value * times[i]
    return factor * spot - paid, factor, rate_slope, (dividend_yield - rate) * paid


def price_from_legs(
    sign: float, asset: float, asset_low: float, cash: float, cash_low: float, x: float, x_low: float, deviation: float
) -> float:
    """Value of an option on a discounted asset leg against a discounted cash leg, x = ln(asset / cash)."""
    intrinsic, intrinsic_low = exact_sum(sign * asset, -sign * cash)
    intrinsic_low += sign * (asset_low - cash_low)
    if deviation < TINY_DEVIATION:
        return max(intrinsic + intrinsic_low, 0.0)
    time_value = cash * black_ratio(-x, -x_low, deviation) if x > 0.0 else asset * black_ratio(x, x_low, deviation)
    return intrinsic + (intrinsic_low + time_value) if sign * x > 0.0 else time_value


def price_row(
    sign: float, spot: float, strike: float, expiry: float, rate: float, dividend_yield: float, volatility: float
) -> float:
    """Price of a European option; `sign` is +1 for a call, -1 for a put."""
    asset, asset_low = discounted(spot, dividend_yield, expiry)
    cash, cash_low = discounted(strike, rate, expiry)
    x, x_low = log_moneyness(spot, strike, rate, dividend_yield, expiry)
    return price_from_legs(sign, asset, asset_low, cash, cash_low, x, x_low, volatility * math.sqrt(expiry))


def forward_row(
    sign: float, forward: float, strike: float, expiry: float, discount_factor: float, volatility: float
) -> float:
    """Price of a European option on a forward (F. Black, J. Fin. Econ. 3 (1976) 167, eq. 16)."""
    x, x_low = log_moneyness(forward, strike, 0.0, 0.0, expiry)
    deviation = volatility * math.sqrt(expiry)
    return discount_factor * price_from_legs(sign, forward, 0.0, strike, 0.0, x, x_low, deviation)


def forward_fault(
    sign: float, forward: float, strike: float, expiry: float, discount_factor: float, volatility: float
) -> int:
    """As `first_fault`, for the arguments of `forward_row`."""
    fault = first_fault(sign, forward, strike, expiry, 0.0, 0.0, volatility)
    if fault == 2:
        return 9
    if fault == 0 and not 0.0 < discount_factor < INFINITY:
        return 10
    return fault


def greeks_row(
    sign: float, spot: float, strike: float, expiry: float, rate: float, dividend_yield: float, volatility: float
) -> Row:
    """Price and Greeks in the order of `black_scholes.Greeks`, natural units, without discrete dividends."""
    asset, asset_low = discounted(spot, dividend_yield, expiry)
    cash, cash_low = discounted(strike, rate, expiry)
    x, x_low = log_moneyness(spot, strike, rate, dividend_yield, expiry)
    root = math.sqrt(expiry)
    deviation = volatility * root
    price = price_from_legs(sign, asset, asset_low, cash, cash_low, x, x_low, deviation)
    if deviation < TINY_DEVIATION:
        if x == 0.0:
            return _greeks_at_the_kink(sign, price, spot, strike, expiry, rate, dividend_yield, volatility)
        d1 = math.copysign(INFINITY, x)
        d2 = d1
    else:
        h = x / deviation + x_low / deviation
        d1 = h + 0.5 * deviation
        d2 = h - 0.5 * deviation
    asset_ratio = asset / spot
    cash_ratio = cash / strike
    in_asset = sign * normal_cdf(sign * d1)
    in_cash = sign * normal_cdf(sign * d2)
    density = normal_density(d1)
    delta = asset_ratio * in_asset
    theta = dividend_yield * asset * in_asset - rate * cash * in_cash
    rho = expiry * cash * in_cash
    epsilon = -expiry * asset * in_asset
    dual_delta = -cash_ratio * in_cash
    charm = dividend_yield * delta
    if density == 0.0:
        return (
            price, delta, 0.0, 0.0, theta, rho, epsilon, 0.0, 0.0, charm, 0.0, 0.0, 0.0, 0.0, 0.0, dual_delta, 0.0,
        )  # fmt: skip
    gamma = asset_ratio * density / (spot * deviation)
    vega = asset * density * root
    product = d1 * d2
    d1_in_expiry = (rate - dividend_yield) / deviation - d2 / (2.0 * expiry)
    slide = d1 * d1_in_expiry
    half_rate = 1.0 / (2.0 * expiry)
    return (
        price,
        delta,
        gamma,
        vega,
        theta - asset * density * volatility / (2.0 * root),
        rho,
        epsilon,
        -asset_ratio * density * d2 / volatility,
        vega * product / volatility,
        charm - asset_ratio * density * d1_in_expiry,
        vega * (dividend_yield + slide - half_rate),
        -gamma * (d1 / deviation + 1.0) / spot,
        gamma * (product - 1.0) / volatility,
        gamma * (dividend_yield + slide + half_rate),
        -vega * (product * (1.0 - product) + d1 * d1 + d2 * d2) / (volatility * volatility),
        dual_delta,
        asset / strike * density / strike / deviation,
    )


def _greeks_at_the_kink(
    sign: float,
    price: float,
    spot: float,
    strike: float,
    expiry: float,
    rate: float,
    dividend_yield: float,
    volatility: float,
) -> Row:
    """Limits as sigma sqrt(T) falls to zero with the forward on the strike: half a step, and infinite densities.

    The limit is taken in sigma where expiry is positive, else in expiry. Infinities carry the sign of the limit.
    """
    asset_ratio = math.exp(-dividend_yield * expiry)
    cash_ratio = math.exp(-rate * expiry)
    asset = asset_ratio * spot
    half = 0.5 * sign
    root = math.sqrt(expiry)
    vega = asset * INVERSE_SQRT_TWO_PI * root
    theta = half * (dividend_yield * asset - rate * cash_ratio * strike)
    carry = rate - dividend_yield
    if expiry > 0.0:
        drift = carry
        veta = vega * (dividend_yield + 0.5 * carry - 0.5 / expiry)
        color = _infinite(dividend_yield + 0.5 * carry + 0.5 / expiry)
    else:
        drift = carry + 0.5 * volatility * volatility
        veta = -INFINITY
        color = INFINITY
        if volatility > 0.0:
            theta = -INFINITY
    charm = half * dividend_yield * asset_ratio - _infinite(drift)
    return (
        price,
        half * asset_ratio,
        INFINITY,
        vega,
        theta,
        half * expiry * cash_ratio * strike,
        -half * expiry * asset,
        0.5 * asset_ratio * INVERSE_SQRT_TWO_PI * root,
        0.0,
        charm,
        veta,
        -INFINITY,
        -INFINITY,
        color,
        -0.25 * vega * expiry,
        -half * cash_ratio,
        INFINITY,
    )


def _infinite(slope: float) -> float:
    """Infinity with the sign of `slope`, zero for zero."""
    if slope == 0.0:
        return 0.0
    return math.copysign(INFINITY, slope)


def greeks_with_dividends(
    sign: float,
    spot: float,
    strike: float,
    expiry: float,
    rate: float,
    dividend_yield: float,
    volatility: float,
    factor: float,
    rate_slope: float,
    time_slope: float,
) -> Row:
    """Greeks in the undiminished spot, by the chain rule; `spot` and the slopes come from `escrow`."""
    (
        price, delta, gamma, vega, theta, rho, epsilon, vanna, volga, charm, veta, speed, zomma, color, ultima,
        dual_delta, dual_gamma,
    ) = greeks_row(sign, spot, strike, expiry, rate, dividend_yield, volatility)  # fmt: skip
    if time_slope != 0.0:
        theta += delta * time_slope
        charm += gamma * time_slope
        veta += vanna * time_slope
        color += speed * time_slope
    if rate_slope != 0.0:
        rho += delta * rate_slope
        epsilon -= delta * rate_slope
    return (
        price,
        factor * delta,
        factor * factor * gamma,
        vega,
        theta,
        rho,
        epsilon,
        factor * vanna,
        volga,
        factor * charm,
        veta,
        factor * factor * factor * speed,
        factor * factor * zomma,
        factor * factor * color,
        ultima,
        dual_delta,
        dual_gamma,
    )
