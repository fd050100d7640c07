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
        kept = {name: value for name, value in self.settings.items() if name in ("steps", "monitoring")}
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


@dataclass(frozen=True)
class Scheme:
    """A model with the contract that it is tried on."""

    name: str
    contract: Contract
    model: object
    truth: Callable[[], float] | None
    market: FlatMarket = field(default=MARKET)
    steps: int | None = None
    controlled: bool = True


LARGER_PRICE = partial(two_asset.maximum, "call", 100.0, 95.0, 100.0, 1.0, 0.05, 0.02, 0.03, 0.2, 0.3, 0.5)
DOWN_OUT_PRICE = partial(barrier.price, "call", "down-out", 100.0, 100.0, 90.0, 0.0, *TERMS[2:])
LOOKBACK_PRICE = partial(lookback.fixed_price, "call", 100.0, 100.0, 105.0, *TERMS[2:])
GEOMETRIC_PRICE = partial(asian.geometric_price, "call", *TERMS, FIXINGS)
DIGITAL_PRICE = partial(digital.cash_or_nothing, "call", *TERMS, cash=10.0)
SCHEMES = [
    Scheme("lognormal", EUROPEAN, BLACK, BLACK_PRICE),
    Scheme("arithmetic average", ARITHMETIC, BLACK, asian_call),
    Scheme("barrier by bridge", DOWN_OUT, BLACK, DOWN_OUT_PRICE),
    Scheme("lookback by bridge", LOOKBACK, BLACK, LOOKBACK_PRICE),
    Scheme("jumps", EUROPEAN, MERTON, partial(MERTON.price, "call", *TERMS[:5])),
    Scheme("Heston", EUROPEAN, HESTON, None, steps=8),
    Scheme("Bates", EUROPEAN, BATES, None, steps=8),
    Scheme("local volatility", EUROPEAN_PUT, LocalVolatility(), None, steps=8, controlled=False),
    Scheme("square root", EUROPEAN, CIR, None, UNTRADED, steps=8),
    Scheme("Vasicek", EUROPEAN, VASICEK, vasicek_call, UNTRADED),
    Scheme("mean reverting", EUROPEAN, REVERTING, reverting_call, UNTRADED),
    Scheme("two assets", LARGER, CORRELATED, LARGER_PRICE, PAIR),
]
REDUCTIONS = {
    "plain": PLAIN,
    "antithetic": ANTITHETIC,
    "control": CONTROL,
    "antithetic and control": BOTH,
    "Sobol": SOBOL,
    "Sobol and control": SOBOL_CONTROL,
}


def cases() -> list[Case]:
    """Every scheme under every reduction that it allows, and some more payments."""
    found = []
    for scheme in SCHEMES:
        for name, settings in REDUCTIONS.items():
            if scheme.controlled or "control" not in name:
                more = {} if scheme.steps is None else {"steps": scheme.steps}
                truth = scheme.truth
                found.append(
                    Case(f"{scheme.name}, {name}", scheme.contract, scheme.model, settings | more, truth, scheme.market)
                )
    return [
        *found,
        Case("digital, plain", DIGITAL, BLACK, PLAIN, DIGITAL_PRICE),
        Case("geometric average, plain", GEOMETRIC, BLACK, PLAIN, GEOMETRIC_PRICE),
        Case("geometric average, eight scramblings", GEOMETRIC, BLACK, FEW, GEOMETRIC_PRICE),
        Case("barrier moved, plain", DOWN_OUT, BLACK, {**PLAIN, "steps": 8, "monitoring": "shifted"}, None),
    ]


CASES = cases()
SHORT = 150
"""Seeds of the fast run; the bounds are then three deviations of a binomial."""
QUICK = (
    "lognormal, plain",
    "arithmetic average, antithetic and control",
    "jumps, plain",
    "two assets, antithetic and control",
)


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
    for scheme in SCHEMES:
        assert sum(case.name.startswith(f"{scheme.name},") for case in CASES) >= 3
