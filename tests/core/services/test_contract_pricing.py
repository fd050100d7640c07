"""Any contract priced for a person: market units with labels, what was asked beside it, comparisons."""

from __future__ import annotations

import json

import pytest

from optionix_core.pricing import american, black_scholes
from optionix_core.pricing.contracts import AmericanOption, AsianOption, EuropeanOption
from optionix_core.pricing.flat_market import FlatMarket
from optionix_core.pricing.models.black_scholes import BlackScholesModel
from optionix_core.services import contract_pricing, price_requests, pricing
from optionix_core.services.contract_pricing import Asked

MARKET = FlatMarket(spot=100.0, rate=0.05, dividend_yield=0.02)
FLAT = BlackScholesModel(volatility=0.25)
PUT = AmericanOption(option_type="put", strike=105.0, expiry=0.5)
ASIAN = AsianOption(option_type="call", strike=100.0, expiry=0.5, fixing_times=(0.25, 0.5))


@pytest.fixture(autouse=True)
def forgetful() -> None:
    contract_pricing.engine().clear()


def test_greeks_are_in_market_units_and_in_natural_ones_in_the_record() -> None:
    asked = Asked(PUT, FLAT, MARKET, greeks=("delta", "vega", "theta", "ultima"))
    result = contract_pricing.price(asked)
    natural = american.greeks("put", 100.0, 105.0, 0.5, 0.05, 0.02, 0.25)
    told = contract_pricing.to_json(asked, result)
    assert told["greeks"]["vega"] == pytest.approx(natural.vega / 100, rel=1e-12)
    assert told["greeks"]["theta"] == pytest.approx(natural.theta / 365, rel=1e-12)
    assert "ultima" not in told["greeks"]
    assert "ultima" in told["greeks_missing"]
    assert told["units"]["theta"] == "per calendar day"
    assert told["contract"] == PUT.terms()
    assert told["market"] == MARKET.terms()
    kept = contract_pricing.record(result)
    assert kept["greeks"]["vega"] == natural.vega
    assert kept["digest"] == told["digest"]
    json.dumps([told, kept], allow_nan=False)


def test_what_was_asked_before_is_answered_from_the_cache() -> None:
    asked = Asked(PUT, FLAT, MARKET)
    told = [contract_pricing.to_json(asked, contract_pricing.price(asked)) for _ in range(2)]
    assert [one["from_cache"] for one in told] == [False, True]
    assert told[0]["price"] == told[1]["price"]


def test_a_comparison_tells_failures_beside_prices() -> None:
    asked = Asked(ASIAN, FLAT, MARKET, greeks=("delta",))
    found = contract_pricing.compare(asked._replace(settings=contract_pricing.EngineSettings(paths=1000)))
    told = contract_pricing.comparison_to_json(asked, found, {"curran": "20260101-000000-aaaaaaaa"})
    rows = {row["method_id"]: row for row in told["methods"]}
    assert rows["closed-form"]["failure"] == "the average is arithmetic"
    assert rows["closed-form"]["price"] is None
    assert rows["curran"]["request"] == "20260101-000000-aaaaaaaa"
    assert rows["density"]["error_bound"] == pytest.approx(1e-11)
    assert rows["curran"]["price"] <= rows["density"]["price"]
    assert rows["monte-carlo"]["standard_error"] > 0.0
    assert told["units"].keys() == {"price", "delta"}
    json.dumps(told, allow_nan=False)


def test_the_short_way_is_kept_in_the_form_of_the_engine() -> None:
    """A request priced without the engine says the same terms as one that went through it."""
    given = {
        "type": "C",
        "spot": 100.0,
        "strike": 105.0,
        "expiry": 0.5,
        "rate": 0.05,
        "dividend_yield": 0.02,
        "volatility": 0.25,
    }
    report = pricing.price_option("C", 100.0, 105.0, 0.5, 0.05, 0.02, 0.25)
    short = pricing.request_of(report, given)
    asked = Asked(EuropeanOption(option_type="call", strike=105.0, expiry=0.5), FLAT, MARKET, greeks="all")
    long = contract_pricing.request_terms(asked)
    result = contract_pricing.record(contract_pricing.price(asked))
    for name in ("contract", "model", "market", "method"):
        assert short[name] == long[name], name
    for name in ("price", "greeks", "method", "method_id"):
        assert short["result"][name] == result[name], name
    assert price_requests.SCHEMA_VERSION == 1


def test_an_american_implied_volatility_prices_back_or_says_why_not() -> None:
    price = american.price("put", 100.0, 105.0, 0.5, 0.05, 0.02, 0.25)
    arguments = (100.0, 105.0, 0.5, 0.05, 0.02)
    report = pricing.implied_volatility("put", price, *arguments, style="american")
    assert report.implied_volatility == pytest.approx(0.25, abs=1e-9)
    for bad, words in (
        (4.0, "above its intrinsic value 5.0"),
        (5.0, "above its intrinsic"),
        (106.0, "at a volatility"),
    ):
        with pytest.raises(ValueError, match=words) as caught:
            pricing.implied_volatility("put", bad, *arguments, style="american")
        assert "price must be" in str(caught.value)


def test_an_implied_volatility_with_dividends_prices_back() -> None:
    from optionix_core.pricing import CashDividends, ProportionalDividends

    for paid in (CashDividends((0.2, 0.7), (1.5, 9.0)), ProportionalDividends((0.2, 0.7), (0.02, 0.5))):
        price = black_scholes.price("call", 100.0, 105.0, 0.5, 0.05, 0.02, 0.25, dividends=paid)
        report = pricing.implied_volatility("call", price, 100.0, 105.0, 0.5, 0.05, 0.02, dividends=paid)
        assert report.implied_volatility == pytest.approx(0.25, abs=1e-12)
    with pytest.raises(ValueError, match=r"dividends\.amounts must be worth less than the spot"):
        pricing.implied_volatility(
            "call", 1.0, 100.0, 105.0, 0.5, 0.05, 0.02, dividends=CashDividends((0.1,), (200.0,))
        )
