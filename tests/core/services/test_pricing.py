"""One option priced for a person: market units with their labels, and errors instead of nan."""

from __future__ import annotations

import json
import math

import pytest

from optionix_core.errors import InvalidValueError
from optionix_core.pricing import VolatilityStatus, black_scholes
from optionix_core.services import pricing, warm

OPTION = ("call", 100.0, 105.0, 0.5, 0.05, 0.0, 0.25)


def test_the_report_speaks_in_market_units_and_says_so() -> None:
    report = pricing.price_option(*OPTION)
    natural = black_scholes.greeks(*OPTION)
    assert report.price == pytest.approx(5.98849042, abs=1e-8)  # computed at 50 digits
    assert report.greeks.vega == pytest.approx(natural.vega / 100, rel=1e-15)
    assert report.greeks.theta == pytest.approx(natural.theta / 365, rel=1e-15)
    assert report.greeks.rho == pytest.approx(natural.rho / 100, rel=1e-15)
    assert report.greeks.delta == natural.delta
    assert report.units["vega"] == "per volatility point"
    assert report.units["theta"] == "per calendar day"
    assert set(report.units) == set(black_scholes.Greeks._fields)


def test_the_report_is_json_with_a_schema() -> None:
    document = pricing.to_json(pricing.price_option(*OPTION))
    assert list(document) == ["schema_version", "price", "greeks", "units", "method"]
    assert document["schema_version"] == 1
    assert set(document["greeks"]) == set(black_scholes.Greeks._fields[1:])
    assert json.loads(json.dumps(document, allow_nan=False)) == document


def test_an_infinite_greek_is_null_in_json() -> None:
    document = pricing.to_json(pricing.price_option("put", 100.0, 100.0, 0.0, 0.05, 0.0, 0.25))
    assert document["greeks"]["gamma"] is None
    assert document["greeks"]["delta"] == -0.5
    json.dumps(document, allow_nan=False)


def test_the_implied_volatility_of_an_unrounded_price_comes_back_to_1e12() -> None:
    report = pricing.implied_volatility("call", pricing.price_option(*OPTION).price, *OPTION[1:6])
    assert report.implied_volatility == pytest.approx(0.25, abs=1e-12)
    assert report.status is VolatilityStatus.OK
    document = pricing.to_json(report)
    assert document["schema_version"] == 1
    assert document["status"] == "ok"


@pytest.mark.parametrize(
    ("price", "bound"),
    [
        (5.0, "above its discounted intrinsic value 27.59"),  # 130 - 105 exp(-0.025)
        (-1.0, "above its discounted intrinsic value 27.59"),
        (130.0, "below its no-arbitrage maximum 130.0"),
        (130.0 - 105.0 * math.exp(-0.025), "by more than rounding"),
        (math.nan, "a number"),
    ],
)
def test_a_price_without_a_volatility_is_an_error_with_its_bound(price: float, bound: str) -> None:
    with pytest.raises(InvalidValueError, match=bound) as caught:
        pricing.implied_volatility("call", price, 130.0, 105.0, 0.5, 0.05, 0.0)
    assert caught.value.field == "price"
    assert caught.value.exit_code == 1


def test_bad_arguments_are_named() -> None:
    with pytest.raises(InvalidValueError, match=r"strike must be positive, from 1e-140 to 1e140 \(got -105.0\)"):
        pricing.price_option("call", 100.0, -105.0, 0.5, 0.05, 0.0, 0.25)
    with pytest.raises(InvalidValueError, match="option_type must be"):
        pricing.price_option("straddle", 100.0, 105.0, 0.5, 0.05, 0.0, 0.25)
    with pytest.raises(InvalidValueError, match="expiry must be positive"):
        pricing.implied_volatility("call", 5.0, 100.0, 105.0, 0.0, 0.05, 0.0)


def test_warming_names_every_kernel_with_its_time() -> None:
    heard: list[tuple[str, float]] = []
    timings = warm.warm(lambda name, seconds: heard.append((name, seconds)))
    assert sorted((timing.name, timing.seconds) for timing in timings) == sorted(heard)
    assert {"price_rows", "greeks_rows", "implied_volatility_rows"} <= {name for name, _ in heard}
    assert warm.is_warm()
