"""Price one European option, or find its implied volatility, and say the result in market units.

Serves the command line and the order ticket. Loads neither numpy nor the compiler, so a process that prices one option
starts in a moment. Refuses to answer with nan: what has no answer is an error that names field, value and bound.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from optionix_core.errors import InvalidValueError
from optionix_core.market import units
from optionix_core.market.option_type import OptionType
from optionix_core.pricing import black_scholes
from optionix_core.pricing import implied_volatility as implied
from optionix_core.pricing.status import VolatilityStatus

SCHEMA_VERSION = 1
METHOD = "Black-Scholes-Merton, closed form"
IMPLIED_METHOD = "Black-Scholes-Merton, inverted to machine precision"


@dataclass(frozen=True, slots=True)
class PriceReport:
    """Price and Greeks of one option, long one, in the underlying's currency."""

    price: float
    greeks: black_scholes.Greeks[float]
    """In market units: vega per volatility point, theta per calendar day; `units` says which."""
    units: dict[str, str]
    """What each Greek is per, in words, by the Greek's name."""
    method: str


@dataclass(frozen=True, slots=True)
class ImpliedVolatilityReport:
    """The volatility that gives a price."""

    implied_volatility: float
    """Fraction per root year (0.25 is 25%)."""
    status: VolatilityStatus
    price: float
    method: str


def price_option(
    option_type: str | OptionType,
    spot: float,
    strike: float,
    expiry: float,
    rate: float,
    dividend_yield: float,
    volatility: float,
) -> PriceReport:
    """Price and all Greeks. Arguments as in `black_scholes`; InvalidValueError names the one outside its bound.

    A Greek that is infinite (an option on its strike at expiry) stays infinite in the report.
    """
    natural = black_scholes.greeks(option_type, spot, strike, expiry, rate, dividend_yield, volatility)
    shown = {name: units.to_market(name, value) for name, value in natural._asdict().items()}
    labels = {name: units.unit(name).label for name in black_scholes.Greeks._fields}
    return PriceReport(natural.price, black_scholes.Greeks(**shown), labels, METHOD)


def implied_volatility(
    option_type: str | OptionType,
    price: float,
    spot: float,
    strike: float,
    expiry: float,
    rate: float,
    dividend_yield: float,
) -> ImpliedVolatilityReport:
    """The volatility at which `price_option` gives `price`.

    Raises InvalidValueError, naming price and bound, where no single volatility does, and naming the argument where one
    is outside its bound.
    """
    if math.isnan(float(price)):
        raise InvalidValueError("price", price, "a number")
    arguments = (option_type, price, spot, strike, expiry, rate, dividend_yield)
    implied.implied_volatility(*arguments)
    solved = implied.implied_volatility_with_status(*arguments)
    if solved.status == VolatilityStatus.OK:
        return ImpliedVolatilityReport(solved.value, solved.status, price, IMPLIED_METHOD)
    if solved.status == VolatilityStatus.EXPIRED:
        raise InvalidValueError("expiry", expiry, "positive, or no volatility shows in a price")
    floor, ceiling = _price_bounds(option_type, spot, strike, expiry, rate, dividend_yield)
    bound = {
        VolatilityStatus.BELOW_INTRINSIC: f"above its discounted intrinsic value {floor!r}",
        VolatilityStatus.NO_TIME_VALUE: f"above its discounted intrinsic value {floor!r} by more than rounding",
        VolatilityStatus.ABOVE_MAXIMUM: f"below its no-arbitrage maximum {ceiling!r}",
    }[solved.status]
    raise InvalidValueError("price", price, bound)


def to_json(report: PriceReport | ImpliedVolatilityReport) -> dict[str, Any]:
    """The report as plain JSON values. What is infinite is null, since JSON has no infinity."""
    if isinstance(report, PriceReport):
        greeks = {name: _finite(value) for name, value in report.greeks._asdict().items() if name != "price"}
        return {
            "schema_version": SCHEMA_VERSION,
            "price": report.price,
            "greeks": greeks,
            "units": report.units,
            "method": report.method,
        }
    return {
        "schema_version": SCHEMA_VERSION,
        "implied_volatility": report.implied_volatility,
        "status": report.status.label,
        "price": report.price,
        "units": {"implied_volatility": "fraction per root year"},
        "method": report.method,
    }


def _price_bounds(
    option_type: str | OptionType, spot: float, strike: float, expiry: float, rate: float, dividend_yield: float
) -> tuple[float, float]:
    """The price at volatility zero and the discounted leg that it can never exceed."""
    floor = black_scholes.price(option_type, spot, strike, expiry, rate, dividend_yield, 0.0)
    is_call = OptionType.of(option_type) is OptionType.CALL
    ceiling = spot * math.exp(-dividend_yield * expiry) if is_call else strike * math.exp(-rate * expiry)
    return floor, ceiling


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
