"""Greeks by simulation against closed forms, and their errors."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from optionix_core.errors import InvalidValueError
from optionix_core.pricing import CashDividends, MonteCarloSimulator, asian, barrier, black_scholes, digital, lookback
from optionix_core.pricing.contracts import (
    AsianOption,
    AutocallableNote,
    BarrierOption,
    CashOrNothingOption,
    Contract,
    EuropeanOption,
    FixedLookbackOption,
    RainbowOption,
)
from optionix_core.pricing.flat_market import FlatMarket
from optionix_core.pricing.models import BlackScholesModel, HestonModel, MertonModel, MultiAssetModel
from optionix_core.pricing.models.diffusions import CirModel

MARKET = FlatMarket(spot=100.0, rate=0.05, dividend_yield=0.02)
BLACK = BlackScholesModel(volatility=0.2)
HESTON = HestonModel(v0=0.04, kappa=1.5, theta=0.05, sigma=0.6, rho=-0.7)
MERTON = MertonModel(volatility=0.15, jump_intensity=0.8, jump_mean=-0.1, jump_volatility=0.15)
CALL = {"option_type": "call", "strike": 100.0, "expiry": 1.0}
FIXINGS = (0.25, 0.5, 0.75, 1.0)
EUROPEAN = EuropeanOption(**CALL)
ALL = ("delta", "gamma", "vega", "rho", "epsilon")


def closed(contract: Contract, spot: float, rate: float, carry: float, volatility: float) -> float:
    if isinstance(contract, AsianOption):
        value = asian.geometric_price("call", spot, 100.0, 1.0, rate, carry, volatility, FIXINGS)
    elif isinstance(contract, BarrierOption):
        value = barrier.price("call", "down-out", spot, 100.0, 90.0, 0.0, 1.0, rate, carry, volatility)
    elif isinstance(contract, FixedLookbackOption):
        value = lookback.fixed_price("call", spot, max(spot, 103.0), 105.0, 1.0, rate, carry, volatility)
    elif isinstance(contract, CashOrNothingOption):
        value = digital.cash_or_nothing("call", spot, 100.0, 1.0, rate, carry, volatility, cash=10.0)
    else:
        value = black_scholes.price("call", spot, 100.0, 1.0, rate, carry, volatility)
    return float(value)


def derivative(contract: Contract, name: str) -> float:
    """Of the closed form, by differences."""
    point = {"spot": 100.0, "rate": 0.05, "carry": 0.02, "volatility": 0.2}

    def at(**moved: float) -> float:
        return closed(contract, **{**point, **moved})

    if name == "gamma":
        return (at(spot=100.05) - 2.0 * at() + at(spot=99.95)) / 0.0025
    field = {"delta": "spot", "vega": "volatility", "rho": "rate", "epsilon": "carry"}[name]
    step = 1e-5 * max(point[field], 0.1)
    return (at(**{field: point[field] + step}) - at(**{field: point[field] - step})) / (2.0 * step)


CONTRACTS = {
    "european": EUROPEAN,
    "digital": CashOrNothingOption(**CALL, cash=10.0),
    "average": AsianOption(**CALL, average="geometric", fixing_times=FIXINGS),
    "barrier": BarrierOption(**CALL, barrier_type="down-out", barrier=90.0),
    "lookback": FixedLookbackOption(option_type="call", strike=105.0, expiry=1.0, running_extreme=103.0),
}


@pytest.mark.parametrize("contract", CONTRACTS.values(), ids=CONTRACTS.keys())
@pytest.mark.parametrize("settings", [{}, {"antithetic": True}, {"sampler": "sobol"}], ids=["plain", "pairs", "sobol"])
def test_greeks_agree_with_closed_forms(contract: Contract, settings: dict[str, Any]) -> None:
    simulator = MonteCarloSimulator(**{"paths": 60_000, "seed": 5, "workers": 1, **settings})
    result = simulator.price(contract, BLACK, MARKET, greeks=ALL)
    assert [estimate.name for estimate in result.greeks] == list(ALL)
    for estimate in result.greeks:
        truth = derivative(contract, estimate.name)
        assert abs(estimate.value - truth) < 4.0 * estimate.standard_error + 2e-4 * abs(truth), estimate
        assert estimate.standard_error < 0.2 * abs(truth), estimate


@pytest.mark.parametrize("model", [HESTON, MERTON], ids=["Heston", "jumps"])
def test_greeks_of_other_models_agree_with_fourier(model: Any) -> None:
    result = MonteCarloSimulator(paths=100_000, steps=50, antithetic=True).price(
        EUROPEAN, model, MARKET, greeks=("delta", "gamma", "rho", "epsilon")
    )

    def at(spot: float = 100.0, rate: float = 0.05, carry: float = 0.02) -> float:
        return float(model.price("call", spot, 100.0, 1.0, rate, carry))

    truths = {
        "delta": (at(spot=100.1) - at(spot=99.9)) / 0.2,
        "gamma": (at(spot=101.0) - 2.0 * at() + at(spot=99.0)),
        "rho": (at(rate=0.0501) - at(rate=0.0499)) / 0.0002,
        "epsilon": (at(carry=0.0201) - at(carry=0.0199)) / 0.0002,
    }
    for name, truth in truths.items():
        estimate = result.greek(name)
        assert abs(estimate.value - truth) < 4.0 * estimate.standard_error + 2e-3 * abs(truth), estimate


def test_a_likelihood_ratio_and_a_difference_agree_on_a_note() -> None:
    note = AutocallableNote(
        expiry=1.0, reference=100.0, observation_times=FIXINGS, call_level=103.0, protection_level=80.0, coupon=0.03
    )
    simulator = MonteCarloSimulator(paths=400_000, seed=2)
    result = simulator.price(note, BLACK, MARKET, greeks=("delta", "vega"))
    assert result.greek("delta").method == "likelihood ratio"
    for name, up, down, width in (
        ("delta", (BLACK, FlatMarket(spot=101.0, rate=0.05, dividend_yield=0.02)), None, 2.0),
        ("vega", (BlackScholesModel(volatility=0.21), MARKET), (BlackScholesModel(volatility=0.19), MARKET), 0.02),
    ):
        low = down or (BLACK, FlatMarket(spot=99.0, rate=0.05, dividend_yield=0.02))
        difference = (simulator.price(note, *up).price - simulator.price(note, *low).price) / width
        assert abs(difference - result.greek(name).value) < 4.0 * result.greek(name).standard_error


def test_greeks_after_a_cash_dividend_are_differences_that_agree_with_bumped_prices() -> None:
    market = FlatMarket(spot=100.0, rate=0.05, dividends=CashDividends((0.5,), (5.0,)))
    simulator = MonteCarloSimulator(paths=200_000, seed=4)
    result = simulator.price(EUROPEAN, BLACK, market, greeks=("delta", "gamma"))
    assert "common random numbers" in result.greek("gamma").method
    near = [
        simulator.price(EUROPEAN, BLACK, FlatMarket(spot=spot, rate=0.05, dividends=market.dividends)).price
        for spot in (99.0, 100.0, 101.0)
    ]
    assert result.greek("delta").value == pytest.approx((near[2] - near[0]) / 2.0, abs=1e-3)
    assert result.greek("gamma").value == pytest.approx(near[2] - 2.0 * near[1] + near[0], abs=1e-9)


@pytest.mark.parametrize("contract", [EUROPEAN, CONTRACTS["digital"]], ids=["continuous", "jumping"])
def test_errors_of_greeks_are_right(contract: Contract) -> None:
    # Standard scores over seeds have mean 0 and deviation 1.
    scores = []
    for seed in range(200):
        result = MonteCarloSimulator(paths=2048, seed=seed, workers=1).price(contract, BLACK, MARKET, greeks=ALL[:3])
        scores.append([(g.value - derivative(contract, g.name)) / g.standard_error for g in result.greeks])
    spread = np.std(scores, axis=0)
    assert np.all(np.abs(spread - 1.0) < 4.0 / math.sqrt(2 * 200)), spread
    assert np.all(np.abs(np.mean(scores, axis=0)) < 4.0 / math.sqrt(200))


@pytest.mark.parametrize(
    ("contract", "model", "market", "name"),
    [
        (EUROPEAN, BLACK, MARKET, "speed"),
        (EUROPEAN, HESTON, MARKET, "vega"),
        (EUROPEAN, CirModel(kappa=1.0, theta=90.0, sigma=2.0), FlatMarket(spot=100.0, rate=0.05), "epsilon"),
        (
            RainbowOption(**CALL, extreme="maximum"),
            MultiAssetModel.pair(0.2, 0.3, 0.5),
            FlatMarket(spot=(100.0, 95.0), rate=0.05, dividend_yield=(0.0, 0.0)),
            "delta",
        ),
    ],
)
def test_greeks_that_are_not_offered_are_refused(
    contract: Contract, model: object, market: FlatMarket, name: str
) -> None:
    with pytest.raises(InvalidValueError) as caught:
        MonteCarloSimulator(paths=512).price(contract, model, market, greeks=(name,))
    assert caught.value.field == "greeks"
    assert name in str(caught.value)
