"""A later process compiles nothing: every kernel that the public functions need comes from the cache."""

from __future__ import annotations

import subprocess
import sys

CALLS = """
import numba.core.compiler
import numpy as np

def refuse(*arguments, **named):
    raise AssertionError(f"compiling {arguments[2] if len(arguments) > 2 else arguments}")

numba.core.compiler.compile_extra = refuse

from optionix_core.pricing import (
    MonteCarloSimulator, PricingEngine, american, asian, barrier, black_scholes, chooser, compound, contracts, digital,
    finite_difference, forward_start, lookback, quanto, two_asset,
)
from optionix_core.pricing.flat_market import FlatMarket
from optionix_core.pricing.implied_volatility import implied_volatility, implied_volatility_with_status
from optionix_core.pricing.models import BatesModel, BlackScholesModel, HestonModel, MertonModel, VarianceGammaModel
from optionix_core.pricing.models import CevModel, DoubleHestonModel, MultiAssetModel, SabrModel
from optionix_core.services.warm import LIBRARIES

kind = np.array([1, -1, 1, -1])
row = (kind, 100.0, np.array([90.0, 100.0, 110.0, 120.0]), 0.5, 0.03, 0.01)
flat = (*row, 0.2)
price = black_scholes.price(*flat)
black_scholes.price(*flat, dividends=((0.2,), (1.0,)))
black_scholes.greeks(*flat)
black_scholes.greeks(*flat, names=("delta", "vega"), dividends=((0.2,), (1.0,)))
black_scholes.forward_price(kind, 100.0, 100.0, 0.5, 0.99, 0.2)
black_scholes.price(*flat, errors="nan")
implied_volatility(kind, price, *row[1:])
implied_volatility_with_status(kind, price, *row[1:])
exercised = american.price(*flat)
american.price(*flat, dividends=((0.2,), (1.0,)))
american.greeks(*flat)
american.implied_volatility(kind, exercised, *row[1:])
american.exercise_boundary("put", 100.0, 0.5, 0.03, 0.01, 0.2)
american.price("put", 100.0, 100.0, 0.5, -0.02, -0.01, 0.2, accuracy="high")
barrier.price(kind, "down-out", 100.0, 100.0, 90.0, 1.0, *flat[3:])
barrier.double_price(kind, "knock-out", 100.0, 100.0, 80.0, 120.0, *flat[3:])
digital.cash_or_nothing(*flat)
digital.one_touch(100.0, 110.0, *flat[3:])
lookback.floating_price(1, 100.0, 95.0, *flat[3:])
asian.geometric_price(*flat)
asian.arithmetic_price(*flat)
asian.arithmetic_price(*flat, method="curran")
two_asset.spread(kind, 100.0, 95.0, 3.0, 0.5, 0.03, 0.01, 0.02, 0.2, 0.3, 0.4)
compound.price(1, 1, 100.0, 5.0, 100.0, 0.25, 0.5, 0.03, 0.01, 0.2)
chooser.simple_price(100.0, 100.0, 0.25, 0.5, 0.03, 0.01, 0.2)
forward_start.price(1, 100.0, 1.0, 0.25, 0.5, 0.03, 0.01, 0.2)
quanto.price(1, 100.0, 100.0, 0.5, 0.03, 0.01, 0.01, 0.2, 0.1, 0.3)

heston = HestonModel(v0=0.04, kappa=2.0, theta=0.05, sigma=0.5, rho=-0.7)
jumps = {"jump_intensity": 0.5, "jump_mean": -0.1, "jump_volatility": 0.15}
bates = BatesModel(v0=0.04, kappa=2.0, theta=0.05, sigma=0.5, rho=-0.7, **jumps)
merton = MertonModel(volatility=0.2, **jumps)
gamma = VarianceGammaModel(volatility=0.2, nu=0.2, theta=-0.1)
double = DoubleHestonModel(first=heston, second=heston)
for model in (heston, bates, merton, gamma, double):
    model.price(*row)
    model.greeks(*row)
    model.gradient(*row)
    model.characteristic_function(np.array([0.5, 1.0]), 0.5)
SabrModel(alpha=0.2, beta=1.0, rho=-0.3, nu=0.4).price(*row)
CevModel(delta=2.0, beta=0.5).price(*row)

lognormal = BlackScholesModel(volatility=0.2)
market = FlatMarket(spot=100.0, rate=0.03, dividend_yield=0.01)
terms = {"option_type": "put", "strike": 100.0, "expiry": 0.5}
several = FlatMarket(spot=(100.0, 95.0), rate=0.03, dividend_yield=(0.0, 0.01))
engine = PricingEngine()
paths = [
    (contracts.AsianOption(**terms, fixing_times=(0.25, 0.5)), lognormal, market),
    (contracts.BarrierOption(**terms, barrier_type="down-out", barrier=80.0), heston, market),
    (contracts.FixedLookbackOption(**terms), bates, market),
    (contracts.CliquetOption(reset_times=(0.25, 0.5), expiry=0.5), merton, market),
    (contracts.BasketOption(**terms, weights=(0.5, 0.5)), MultiAssetModel.pair(0.2, 0.3, 0.5), several),
]
for contract, model, where in paths:
    for sampler in ("random", "sobol"):
        MonteCarloSimulator(paths=512, steps=8, seed=1, sampler=sampler).price(contract, model, where)
option = contracts.AmericanOption(**terms)
for model in (lognormal, heston):
    finite_difference.FiniteDifferenceSolver().price(option, model, market)
for contract in (option, contracts.EuropeanOption(**terms)):
    for model in (lognormal, heston):
        for one in engine.methods(contract, model):
            engine.price(contract, model, market, method=getattr(one, "id", one))

from datetime import UTC, datetime, timedelta
from optionix_core.market.curves import DiscountCurve
from optionix_core.market.snapshot import Market
from optionix_core.risk.book import Position, RiskBook
from optionix_core.risk.revaluation import revalue
from optionix_core.risk.scenario_builders import grid

noon = datetime(2026, 1, 5, 17, tzinfo=UTC)
listed = {"underlying": "ORBIT", "quantity": 1.0, "option_type": "put", "strike": 95.0, "volatility": 0.2}
held = [Position(id=kind, kind=kind, expiry=noon + timedelta(90), **listed) for kind in ("european", "american")]
snapshot = Market(as_of=noon, spots={"ORBIT": 100.0}, discount_curves={"USD": DiscountCurve.flat(0.03)})
currency = {"currencies": {"ORBIT": "USD"}, "reporting_currency": "USD", "dividend_yields": {"ORBIT": 0.0}}
revalue(RiskBook(positions=tuple(held), market=snapshot, **currency), grid((-0.1, 0.1), (0.0, 0.05)))

missed = {
    name: kernel.stats.cache_misses
    for library in LIBRARIES
    for name, kernel in library._kernels.items()
    if kernel.stats.cache_misses or not kernel.stats.cache_hits
}
used = {name for library in LIBRARIES for name in library._kernels}
assert not missed, missed
print(len(used), "kernels from the cache")
"""


def test_a_later_process_finds_every_kernel_in_the_cache_and_compiles_nothing() -> None:
    from optionix_core.services.warm import warm

    warm()
    done = subprocess.run([sys.executable, "-c", CALLS], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "kernels from the cache" in done.stdout
