"""Price one European option, or find an implied volatility, and say the result in market units.

Serves the command line and the order ticket. Loads neither numpy nor the compiler, so a process that prices one option
starts in a moment (American implied volatilities do load both). Refuses to answer with nan: what has no answer is an
error that names field, value and bound.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from optionix_core.errors import InvalidValueError
from optionix_core.market import units
from optionix_core.market.option_type import OptionType
from optionix_core.pricing import black_scholes
from optionix_core.pricing import implied_volatility as implied
from optionix_core.pricing.dividends import Dividends, schedule
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
    natural: black_scholes.Greeks[float]
    """Price and Greeks in the engine's own units: per 1.00 and per year."""


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
    return PriceReport(natural.price, black_scholes.Greeks(**shown), labels, METHOD, natural)


def implied_volatility(
    option_type: str | OptionType,
    price: float,
    spot: float,
    strike: float,
    expiry: float,
    rate: float,
    dividend_yield: float,
    style: str = "european",
    dividends: Dividends | None = None,
    accuracy: str = "standard",
) -> ImpliedVolatilityReport:
    """The volatility at which the option of this style is worth `price`.

    European cash dividends are escrowed, as in `black_scholes`; `accuracy` is that of `american`. Raises
    InvalidValueError, naming price and bound, where no single volatility does, and naming the argument where one is
    outside its bound.
    """
    if math.isnan(float(price)):
        raise InvalidValueError("price", price, "a number")
    if style == "american":
        return _american(option_type, price, (spot, strike, expiry, rate, dividend_yield), dividends, accuracy)
    spot = escrowed_spot(spot, expiry, rate, dividend_yield, dividends)
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


def repricing_error(
    report: ImpliedVolatilityReport,
    option_type: str | OptionType,
    spot: float,
    strike: float,
    expiry: float,
    rate: float,
    dividend_yield: float,
    style: str = "european",
) -> float:
    """What the option of this style is worth at the volatility that was found, less the price; without dividends."""
    arguments = (option_type, spot, strike, expiry, rate, dividend_yield, report.implied_volatility)
    if style == "american":
        from optionix_core.pricing import american

        return float(american.price(*arguments)) - report.price
    return black_scholes.price(*arguments) - report.price


def escrowed_spot(spot: float, expiry: float, rate: float, dividend_yield: float, dividends: Dividends | None) -> float:
    """The spot less what is paid before expiry, as `black_scholes` takes it.

    Raises InvalidValueError where nothing is left.
    """
    paid = schedule(dividends)
    if not paid.times:
        return spot
    due = [(time, amount) for time, amount in zip(paid.times, paid.amounts, strict=True) if time <= expiry]
    if paid.proportional:
        return spot * math.prod(1.0 - fraction for _, fraction in due)
    left = spot - math.fsum(amount * math.exp(-(rate - dividend_yield) * time) for time, amount in due)
    if not left > 0.0:
        raise InvalidValueError("dividends.amounts", spot - left, f"worth less than the spot, {spot}")
    return left


def request_of(report: PriceReport, given: Mapping[str, Any]) -> dict[str, Any]:
    """The request and its answer in natural units, as `price_requests.document` takes them.

    `given`: type, spot, strike, expiry, rate, dividend_yield and volatility, as a face read them.
    """
    contract = {
        "kind": "european",
        "expiry": given["expiry"],
        "option_type": OptionType.of(given["type"]).label,
        "strike": given["strike"],
    }
    market = {
        "spot": given["spot"],
        "rate": given["rate"],
        "dividend_yield": given["dividend_yield"],
        "dividends": None,
        "foreign_rate": None,
        "snapshot": None,
    }
    greeks = {name: _finite(value) for name, value in report.natural._asdict().items() if name != "price"}
    return {
        "contract": contract,
        "model": {"kind": "black-scholes", "volatility": given["volatility"]},
        "market": market,
        "method": None,
        "settings": None,
        "result": {"price": report.price, "greeks": greeks, "method": report.method, "method_id": "closed-form"},
    }


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


def _american(
    option_type: str | OptionType,
    price: float,
    market: tuple[float, float, float, float, float],
    dividends: Dividends | None,
    accuracy: str,
) -> ImpliedVolatilityReport:
    """`american.implied_volatility`, or the reason why there is none."""
    from optionix_core.services.pricing_table import AMERICAN_IMPLIED_METHOD, american_implied

    found, status = american_implied(option_type, price, market, dividends, accuracy)
    value, state = float(found), VolatilityStatus(int(status))
    if state == VolatilityStatus.OK:
        return ImpliedVolatilityReport(value, state, price, AMERICAN_IMPLIED_METHOD)
    spot, strike, expiry, *_ = market
    if state == VolatilityStatus.EXPIRED:
        raise InvalidValueError("expiry", expiry, "positive, or no volatility shows in a price")
    intrinsic = max(OptionType.of(option_type) * (spot - strike), 0.0)
    bound = {
        VolatilityStatus.BELOW_INTRINSIC: f"above its intrinsic value {intrinsic!r}",
        VolatilityStatus.NO_TIME_VALUE: f"above its intrinsic value {intrinsic!r} and its value without volatility",
        VolatilityStatus.ABOVE_MAXIMUM: "below its value at a volatility of 1000%",
    }[state]
    raise InvalidValueError("price", price, bound)


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
