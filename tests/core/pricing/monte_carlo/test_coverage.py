"""Intervals cover the truth as often as they say, for each scheme and each reduction of variance.

Truths are closed forms (checked by the tests of their own rooms) or, for schemes with a bias, the scheme's own limit at
the same steps. Scrambled points: where the outcome of a randomisation takes few values, as a digital's on one step,
their spread says little, and no such case is here.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
import pytest

from optionix_core.pricing import MonteCarloSimulator, asian, barrier, black_scholes, digital, lookback, two_asset
from optionix_core.pricing.contracts import (
    AsianOption,
    BarrierOption,
    CashOrNothingOption,
    Contract,
    EuropeanOption,
    FixedLookbackOption,
    RainbowOption,
)
from optionix_core.pricing.flat_market import FlatMarket
from optionix_core.pricing.models import BatesModel, BlackScholesModel, HestonModel, MertonModel, MultiAssetModel
from optionix_core.pricing.models.diffusions import CirModel, MeanRevertingModel, VasicekModel

MARKET = FlatMarket(spot=100.0, rate=0.05, dividend_yield=0.02)
UNTRADED = FlatMarket(spot=100.0, rate=0.05)
PAIR = FlatMarket(spot=(100.0, 95.0), rate=0.05, dividend_yield=(0.02, 0.03))
BLACK = BlackScholesModel(volatility=0.2)
MERTON = MertonModel(volatility=0.15, jump_intensity=0.8, jump_mean=-0.1, jump_volatility=0.15)
HESTON = HestonModel(v0=0.04, kappa=1.5, theta=0.05, sigma=0.6, rho=-0.7)
BATES = BatesModel(
    v0=0.04, kappa=1.5, theta=0.05, sigma=0.6, rho=-0.7, jump_intensity=0.8, jump_mean=-0.1, jump_volatility=0.15
)
CIR = CirModel(kappa=1.0, theta=90.0, sigma=2.0)
VASICEK = VasicekModel(kappa=1.0, theta=95.0, sigma=15.0)
REVERTING = MeanRevertingModel(kappa=1.0, log_mean=4.6, sigma=0.3)
CORRELATED = MultiAssetModel.pair(0.2, 0.3, 0.5)
TERMS = (100.0, 100.0, 1.0, 0.05, 0.02, 0.2)
FIXINGS = (0.25, 0.5, 0.75, 1.0)


class LocalVolatility:
    """Falls with the price."""

    def local_volatility(self, spot: Any, time: Any) -> Any:
        return 0.2 * np.sqrt(100.0 / np.asarray(spot)) * (1.0 + 0.2 * np.asarray(time))


EUROPEAN = EuropeanOption(option_type="call", strike=100.0, expiry=1.0)
EUROPEAN_PUT = EuropeanOption(option_type="put", strike=95.0, expiry=1.0)
DIGITAL = CashOrNothingOption(option_type="call", strike=100.0, expiry=1.0, cash=10.0)
GEOMETRIC = AsianOption(option_type="call", strike=100.0, expiry=1.0, average="geometric", fixing_times=FIXINGS)
ARITHMETIC = AsianOption(option_type="call", strike=100.0, expiry=1.0, fixing_times=FIXINGS)
DOWN_OUT = BarrierOption(option_type="call", strike=100.0, expiry=1.0, barrier_type="down-out", barrier=90.0)
LOOKBACK = FixedLookbackOption(option_type="call", strike=105.0, expiry=1.0)
LARGER = RainbowOption(option_type="call", strike=100.0, expiry=1.0, extreme="maximum")

PLAIN = {"paths": 1024}
ANTITHETIC = {"paths": 1024, "antithetic": True}
CONTROL = {"paths": 1024, "control_variate": True}
BOTH = {"paths": 1024, "antithetic": True, "control_variate": True}
SOBOL = {"paths": 2048, "sampler": "sobol", "randomisations": 32}
FEW = {"paths": 512, "sampler": "sobol", "randomisations": 8}
SOBOL_CONTROL = {**SOBOL, "control_variate": True}
BLACK_PRICE = partial(black_scholes.price, "call", *TERMS)


@dataclass(frozen=True)
class Case:
    """One row of the table."""

    name: str
    contract: Contract
    model: object
    settings: dict[str, Any]
    truth: Callable[[], float] | None
    """None: the limit of the scheme at the same steps, from two million scrambled points."""
    market: FlatMarket = field(default=MARKET)

    def simulator(self, seed: int) -> MonteCarloSimulator:
        return MonteCarloSimulator(seed=seed, workers=1, **self.settings)

    def value(self) -> float:
        if self.truth is not None:
            return float(self.truth())
        kept = {name: value for name, value in self.settings.items() if name == "steps"}
        many = MonteCarloSimulator(paths=1 << 21, seed=987654321, sampler="sobol", **kept)
        return many.price(self.contract, self.model, self.market).price


def vasicek_call() -> float:
    mean, variance = VASICEK.moments(100.0, 1.0)
    deviation = math.sqrt(variance)
    d = (mean - 100.0) / deviation
    density = math.exp(-0.5 * d * d) / math.sqrt(2.0 * math.pi)
    tail = 0.5 * math.erfc(-d / math.sqrt(2.0))
    return math.exp(-0.05) * ((mean - 100.0) * tail + deviation * density)


def reverting_call() -> float:
    mean, variance = REVERTING.log_moments(100.0, 1.0)
    forward = math.exp(mean + 0.5 * variance)
    return math.exp(-0.05) * float(black_scholes.price("call", forward, 100.0, 1.0, 0.0, 0.0, math.sqrt(variance)))


def asian_call() -> float:
    return float(asian.arithmetic_price("call", *TERMS, fixing_times=FIXINGS, method="exact"))


CASES = [
    Case("lognormal", EUROPEAN, BLACK, PLAIN, BLACK_PRICE),
    Case("lognormal, antithetic", EUROPEAN, BLACK, ANTITHETIC, BLACK_PRICE),
    Case("lognormal, control", EUROPEAN, BLACK, CONTROL, BLACK_PRICE),
    Case("lognormal, antithetic and control", EUROPEAN, BLACK, BOTH, BLACK_PRICE),
    Case("lognormal, Sobol", EUROPEAN, BLACK, SOBOL, BLACK_PRICE),
    Case("digital", DIGITAL, BLACK, PLAIN, partial(digital.cash_or_nothing, "call", *TERMS, cash=10.0)),
    Case("geometric average", GEOMETRIC, BLACK, PLAIN, partial(asian.geometric_price, "call", *TERMS, FIXINGS)),
    Case("geometric average, Sobol", GEOMETRIC, BLACK, SOBOL, partial(asian.geometric_price, "call", *TERMS, FIXINGS)),
    Case(
        "geometric average, few scramblings",
        GEOMETRIC,
        BLACK,
        FEW,
        partial(asian.geometric_price, "call", *TERMS, FIXINGS),
    ),
    Case("arithmetic average", ARITHMETIC, BLACK, PLAIN, asian_call),
    Case("arithmetic average, control", ARITHMETIC, BLACK, CONTROL, asian_call),
    Case("arithmetic average, antithetic and control", ARITHMETIC, BLACK, BOTH, asian_call),
    Case("arithmetic average, Sobol and control", ARITHMETIC, BLACK, SOBOL_CONTROL, asian_call),
    Case(
        "barrier by bridge",
        DOWN_OUT,
        BLACK,
        PLAIN,
        partial(barrier.price, "call", "down-out", 100.0, 100.0, 90.0, 0.0, *TERMS[2:]),
    ),
    Case(
        "barrier by bridge, control",
        DOWN_OUT,
        BLACK,
        CONTROL,
        partial(barrier.price, "call", "down-out", 100.0, 100.0, 90.0, 0.0, *TERMS[2:]),
    ),
    Case(
        "lookback by bridge",
        LOOKBACK,
        BLACK,
        PLAIN,
        partial(lookback.fixed_price, "call", 100.0, 100.0, 105.0, *TERMS[2:]),
    ),
    Case(
        "lookback by bridge, antithetic",
        LOOKBACK,
        BLACK,
        ANTITHETIC,
        partial(lookback.fixed_price, "call", 100.0, 100.0, 105.0, *TERMS[2:]),
    ),
    Case("jumps", EUROPEAN, MERTON, PLAIN, partial(MERTON.price, "call", *TERMS[:5])),
    Case("jumps, antithetic", EUROPEAN, MERTON, ANTITHETIC, partial(MERTON.price, "call", *TERMS[:5])),
    Case("jumps, control", EUROPEAN, MERTON, CONTROL, partial(MERTON.price, "call", *TERMS[:5])),
    Case("jumps, Sobol", EUROPEAN, MERTON, SOBOL, partial(MERTON.price, "call", *TERMS[:5])),
    Case("Heston", EUROPEAN, HESTON, {**PLAIN, "steps": 8}, None),
    Case("Heston, antithetic", EUROPEAN, HESTON, {**ANTITHETIC, "steps": 8}, None),
    Case("Heston, control", EUROPEAN, HESTON, {**CONTROL, "steps": 8}, None),
    Case("Heston, Sobol", EUROPEAN, HESTON, {**SOBOL, "steps": 8}, None),
    Case("Bates", EUROPEAN, BATES, {**PLAIN, "steps": 8}, None),
    Case("Bates, antithetic and control", EUROPEAN, BATES, {**BOTH, "steps": 8}, None),
    Case("local volatility", EUROPEAN_PUT, LocalVolatility(), {**PLAIN, "steps": 8}, None),
    Case("local volatility, antithetic", EUROPEAN_PUT, LocalVolatility(), {**ANTITHETIC, "steps": 8}, None),
    Case("local volatility, Sobol", EUROPEAN_PUT, LocalVolatility(), {**SOBOL, "steps": 8}, None),
    Case("square root", EUROPEAN, CIR, {**PLAIN, "steps": 8}, None, UNTRADED),
    Case("square root, control", EUROPEAN, CIR, {**CONTROL, "steps": 8}, None, UNTRADED),
    Case("Vasicek", EUROPEAN, VASICEK, PLAIN, vasicek_call, UNTRADED),
    Case("Vasicek, antithetic", EUROPEAN, VASICEK, ANTITHETIC, vasicek_call, UNTRADED),
    Case("Vasicek, control", EUROPEAN, VASICEK, CONTROL, vasicek_call, UNTRADED),
    Case("mean reverting", EUROPEAN, REVERTING, PLAIN, reverting_call, UNTRADED),
    Case("mean reverting, Sobol", EUROPEAN, REVERTING, SOBOL, reverting_call, UNTRADED),
    Case(
        "two assets",
        LARGER,
        CORRELATED,
        PLAIN,
        partial(two_asset.maximum, "call", 100.0, 95.0, 100.0, 1.0, 0.05, 0.02, 0.03, 0.2, 0.3, 0.5),
        PAIR,
    ),
    Case(
        "two assets, antithetic and control",
        LARGER,
        CORRELATED,
        BOTH,
        partial(two_asset.maximum, "call", 100.0, 95.0, 100.0, 1.0, 0.05, 0.02, 0.03, 0.2, 0.3, 0.5),
        PAIR,
    ),
    Case(
        "two assets, Sobol",
        LARGER,
        CORRELATED,
        SOBOL,
        partial(two_asset.maximum, "call", 100.0, 95.0, 100.0, 1.0, 0.05, 0.02, 0.03, 0.2, 0.3, 0.5),
        PAIR,
    ),
]
SHORT = 150
"""Seeds of the fast run; the bounds are then three deviations of a binomial."""
QUICK = ("lognormal", "arithmetic average, antithetic and control", "jumps", "two assets, antithetic and control")


def coverage(case: Case, seeds: int) -> float:
    truth = case.value()
    covered = 0
    for seed in range(seeds):
        result = case.simulator(seed).price(case.contract, case.model, case.market)
        low, high = result.interval_95
        covered += low <= truth <= high
    return covered / seeds


@pytest.mark.parametrize("case", [case for case in CASES if case.name in QUICK], ids=lambda case: case.name)
def test_intervals_cover_the_truth_about_as_often_as_they_say(case: Case) -> None:
    assert abs(coverage(case, SHORT) - 0.95) <= 3.0 * math.sqrt(0.95 * 0.05 / SHORT)


@pytest.mark.soak
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_intervals_cover_the_truth_in_93_to_97_percent_of_2000_seeds(case: Case) -> None:
    assert 0.93 <= coverage(case, 2000) <= 0.97


def test_every_scheme_and_every_reduction_of_variance_has_a_case() -> None:
    schemes = {type(case.model).__name__ for case in CASES}
    assert schemes == {
        "BlackScholesModel",
        "MertonModel",
        "HestonModel",
        "BatesModel",
        "LocalVolatility",
        "CirModel",
        "VasicekModel",
        "MeanRevertingModel",
        "MultiAssetModel",
    }
    settings = {frozenset(set(case.settings) - {"paths", "steps"}) for case in CASES}
    assert frozenset() in settings
    assert frozenset({"antithetic"}) in settings
    assert frozenset({"control_variate"}) in settings
    assert frozenset({"antithetic", "control_variate"}) in settings
    assert frozenset({"sampler", "randomisations"}) in settings
    assert frozenset({"sampler", "randomisations", "control_variate"}) in settings
