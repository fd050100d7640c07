"""A line of values is what the engine gives spot by spot, for every method that takes arrays."""

from __future__ import annotations

import numpy as np
import pytest

from optionix_core.errors import DomainError, InvalidValueError
from optionix_core.pricing import contracts
from optionix_core.pricing.dividends import CashDividends, ProportionalDividends
from optionix_core.pricing.engine import lines
from optionix_core.pricing.engine.engine import PricingEngine
from optionix_core.pricing.engine.model_terms import of_terms
from optionix_core.pricing.flat_market import FlatMarket

MARKET = FlatMarket(spot=100.0, rate=0.04, dividend_yield=0.01)
FLAT = of_terms({"kind": "black-scholes", "volatility": 0.25})
HESTON = of_terms({"kind": "heston", "v0": 0.05, "kappa": 1.5, "theta": 0.06, "sigma": 0.4, "rho": -0.6})
SPOTS = np.array([72.0, 88.0, 99.0, 101.0, 113.0, 131.0])
OPTION = {"option_type": "call", "strike": 104.0, "expiry": 0.5}
QUANTO = {"kind": "quanto", "volatility": 0.25, "fx_volatility": 0.1, "correlation": 0.3}
PAIRS = [
    ({"kind": "european", **OPTION}, {"kind": "black-scholes", "volatility": 0.25}),
    ({"kind": "american", **OPTION, "option_type": "put"}, {"kind": "black-scholes", "volatility": 0.25}),
    ({"kind": "cash-or-nothing", **OPTION, "cash": 5.0}, {"kind": "black-scholes", "volatility": 0.25}),
    ({"kind": "asset-or-nothing", **OPTION}, {"kind": "black-scholes", "volatility": 0.25}),
    ({"kind": "one-touch", "expiry": 0.5, "barrier": 90.0}, {"kind": "black-scholes", "volatility": 0.25}),
    ({"kind": "no-touch", "expiry": 0.5, "barrier": 90.0}, {"kind": "black-scholes", "volatility": 0.25}),
    (
        {"kind": "barrier", **OPTION, "barrier_type": "down-out", "barrier": 90.0},
        {"kind": "black-scholes", "volatility": 0.25},
    ),
    (
        {"kind": "double-barrier", **OPTION, "barrier_type": "knock-out", "lower": 80.0, "upper": 125.0},
        {"kind": "black-scholes", "volatility": 0.25},
    ),
    (
        {"kind": "compound", **OPTION, "strike": 6.0, "underlying_option_type": "call", "underlying_strike": 100.0,
         "underlying_expiry": 0.9},
        {"kind": "black-scholes", "volatility": 0.25},
    ),
    ({"kind": "fixed-lookback", **OPTION}, {"kind": "black-scholes", "volatility": 0.25}),
    ({"kind": "floating-lookback", "option_type": "put", "expiry": 0.5}, {"kind": "black-scholes", "volatility": 0.25}),
    (
        {"kind": "forward-start", "option_type": "call", "moneyness": 1.0, "start": 0.25, "expiry": 0.5},
        {"kind": "black-scholes", "volatility": 0.25},
    ),
    (
        {"kind": "asian", **OPTION, "average": "geometric", "fixing_times": [0.2, 0.5]},
        {"kind": "black-scholes", "volatility": 0.25},
    ),
    ({"kind": "european", **OPTION}, {"kind": "heston", "v0": 0.05, "kappa": 1.5, "theta": 0.06, "sigma": 0.4,
                                      "rho": -0.6}),
    ({"kind": "european", **OPTION}, {"kind": "merton", "volatility": 0.2, "jump_intensity": 0.4, "jump_mean": -0.1,
                                      "jump_volatility": 0.15}),
    ({"kind": "european", **OPTION}, {"kind": "sabr", "alpha": 0.25, "beta": 1.0, "rho": -0.3, "nu": 0.5}),
    ({"kind": "european", **OPTION}, {"kind": "cev", "delta": 0.25, "beta": 1.0}),
]  # fmt: skip
KINDS = [f"{contract['kind']}-{model['kind']}" for contract, model in PAIRS]


@pytest.mark.parametrize(("contract", "model"), PAIRS, ids=KINDS)
def test_a_line_is_what_the_engine_says_spot_by_spot(contract: dict[str, object], model: dict[str, object]) -> None:
    made, engine = contracts.of_terms(contract), PricingEngine(0)
    under = of_terms(model)
    found = lines.line(made, under, MARKET, SPOTS)
    one_by_one = [
        engine.price(made, under, FlatMarket(spot=spot, rate=0.04, dividend_yield=0.01), greeks=()).price
        for spot in SPOTS.tolist()
    ]
    np.testing.assert_allclose(found, one_by_one, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize(("contract", "model"), PAIRS, ids=KINDS)
def test_a_value_after_some_time_is_that_of_the_contract_with_less_time(
    contract: dict[str, object], model: dict[str, object]
) -> None:
    made = contracts.of_terms(contract)
    if not lines.known_until(made):
        with pytest.raises(InvalidValueError, match="elapsed"):
            lines.line(made, of_terms(model), MARKET, SPOTS, 0.1)
        return
    sooner = {"expiry": 0.4}
    for moved in ("underlying_expiry", "start"):
        if moved in contract:
            sooner[moved] = float(str(contract[moved])) - 0.1
    shorter = contracts.of_terms({**contract, **sooner})
    np.testing.assert_allclose(
        lines.line(made, of_terms(model), MARKET, SPOTS, 0.1),
        lines.line(shorter, of_terms(model), MARKET, SPOTS),
        rtol=1e-9,
        atol=1e-9,
    )


@pytest.mark.parametrize("model", [FLAT, HESTON], ids=["flat", "heston"])
def test_at_expiry_it_is_the_payoff(model: object) -> None:
    made = contracts.of_terms({"kind": "european", **OPTION, "option_type": "put"})
    np.testing.assert_array_equal(lines.line(made, model, MARKET, SPOTS, 0.5), np.maximum(104.0 - SPOTS, 0.0))


def test_dividends_that_were_paid_in_between_are_gone() -> None:
    made = contracts.of_terms({"kind": "american", **OPTION})
    for paid in (CashDividends((0.1, 0.3), (2.0, 1.0)), ProportionalDividends((0.1, 0.3), (0.02, 0.01))):
        market = FlatMarket(spot=100.0, rate=0.04, dividends=paid)
        rest = FlatMarket(spot=100.0, rate=0.04, dividends=type(paid)((0.1,), (paid_second(paid),)))
        shorter = contracts.of_terms({**made.terms(), "expiry": 0.3})
        np.testing.assert_allclose(
            lines.line(made, FLAT, market, SPOTS, 0.2), lines.line(shorter, FLAT, rest, SPOTS), atol=1e-9
        )


def paid_second(paid: CashDividends | ProportionalDividends) -> float:
    return paid.amounts[1] if isinstance(paid, CashDividends) else paid.fractions[1]


def test_volatilities_stand_side_by_side() -> None:
    made = contracts.of_terms({"kind": "european", **OPTION})
    both = lines.line(made, FLAT, MARKET, SPOTS[:, None], volatility=np.array([0.2, 0.25]))
    assert both.shape == (6, 2)
    np.testing.assert_allclose(both[:, 1], lines.line(made, FLAT, MARKET, SPOTS))
    with pytest.raises(DomainError, match="side by side"):
        lines.line(made, HESTON, MARKET, SPOTS, volatility=np.array([0.2]))


def test_a_method_that_takes_no_arrays_says_so() -> None:
    made = contracts.of_terms({"kind": "american", **OPTION})
    assert not lines.has_line(made, HESTON, MARKET)
    with pytest.raises(DomainError, match="one spot at a time"):
        lines.line(made, HESTON, MARKET, SPOTS)


def test_a_spot_beyond_the_extreme_so_far_has_no_value() -> None:
    made = contracts.of_terms({"kind": "fixed-lookback", **OPTION, "running_extreme": 110.0})
    found = lines.line(made, FLAT, MARKET, SPOTS)
    assert np.isnan(found).tolist() == [False, False, False, False, True, True]


def test_a_watched_contract_says_what_it_supposes() -> None:
    made = contracts.of_terms({"kind": "one-touch", "expiry": 0.5, "barrier": 90.0})
    assert lines.condition(made) == lines.NOT_MET
    assert lines.condition(contracts.of_terms({"kind": "european", **OPTION})) == ""
