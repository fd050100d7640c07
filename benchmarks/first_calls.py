"""What each public function costs on its first call ever: a process and an empty cache of kernels for each.

Every kernel that a function needs is compiled within its call, so the sum is what somebody waits for who never ran
`optionix warm`. CPU seconds, the compiler's import among them.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile

from benchmarks.measure import Figure

LIMIT = 10.0
PREPARE = """
import numpy as np, time
from optionix_core.pricing import MonteCarloSimulator, PricingEngine, american, asian, black_scholes, contracts
from optionix_core.pricing import finite_difference
from optionix_core.pricing.flat_market import FlatMarket
from optionix_core.pricing.implied_volatility import implied_volatility
from optionix_core.pricing import models
from optionix_core.volatility import CalibrationEngine, LocalVolatilityModel, StochasticLocalVolatilityModel
from optionix_core.trading.matching import Books, Phase, messages

kind = np.array([1, -1, 1, -1])
row = (kind, 100.0, np.array([90.0, 100.0, 110.0, 120.0]), 0.5, 0.03, 0.01)
flat = (*row, 0.2)
jumps = {"jump_intensity": 0.5, "jump_mean": -0.1, "jump_volatility": 0.15}
lognormal = models.BlackScholesModel(volatility=0.2)
heston = models.HestonModel(v0=0.04, kappa=2.0, theta=0.05, sigma=0.5, rho=-0.7)
bates = models.BatesModel(v0=0.04, kappa=2.0, theta=0.05, sigma=0.5, rho=-0.7, **jumps)
merton = models.MertonModel(volatility=0.2, **jumps)
gamma = models.VarianceGammaModel(volatility=0.2, nu=0.2, theta=-0.1)
market = FlatMarket(spot=100.0, rate=0.03, dividend_yield=0.01)
several = FlatMarket(spot=(100.0, 95.0), rate=0.03, dividend_yield=(0.0, 0.01))
pair = models.MultiAssetModel.pair(0.2, 0.3, 0.5)
terms = {"option_type": "put", "strike": 100.0, "expiry": 0.5}
option = contracts.AmericanOption(**terms)
average = contracts.AsianOption(**terms, fixing_times=(0.25, 0.5))
basket = contracts.BasketOption(**terms, weights=(0.5, 0.5))
simulator = MonteCarloSimulator(paths=512, steps=8, seed=1)
sobol = MonteCarloSimulator(paths=512, steps=8, seed=1, sampler="sobol")
solver = finite_difference.FiniteDifferenceSolver()
quoted = np.array([11.6, 4.9, 2.0, 19.3])
strikes = np.array([80.0, 90.0, 100.0, 110.0, 120.0, 130.0])
calls = np.array([21.5, 13.2, 6.9, 3.0, 1.15, 0.42])
"""
CALLS = {
    "black_scholes.price": "black_scholes.price(*flat)",
    "black_scholes.greeks": "black_scholes.greeks(*flat)",
    "implied_volatility": "implied_volatility(kind, quoted, *row[1:])",
    "american.price": "american.price(*flat)",
    "american.price, cash dividend": "american.price(*flat, dividends=((0.2,), (1.0,)))",
    "american.greeks": "american.greeks(*flat)",
    "american.implied_volatility": "american.implied_volatility(kind, quoted, *row[1:])",
    "american.exercise_boundary": "american.exercise_boundary('put', 100.0, 0.5, 0.03, 0.01, 0.2)",
    "asian.arithmetic_price": "asian.arithmetic_price(*flat)",
    "HestonModel.price": "heston.price(*row)",
    "HestonModel.greeks": "heston.greeks(*row)",
    "HestonModel.gradient": "heston.gradient(*row)",
    "BatesModel.greeks": "bates.greeks(*row)",
    "MertonModel.price": "merton.price(*row)",
    "VarianceGammaModel.price": "gamma.price(*row)",
    "VarianceGammaModel.greeks": "gamma.greeks(*row)",
    "MonteCarloSimulator.price": "simulator.price(average, heston, market)",
    "MonteCarloSimulator.price, Sobol": "sobol.price(average, lognormal, market)",
    "MonteCarloSimulator.price, basket": "simulator.price(basket, pair, several)",
    "PricingEngine.price, LSM": "PricingEngine().price(option, heston, market, method='longstaff-schwartz')",
    "FiniteDifferenceSolver.price": "solver.price(option, lognormal, market)",
    "FiniteDifferenceSolver.price, Heston": "solver.price(option, heston, market)",
    "Books.submit, an auction": "Books(1).submit([messages.phase(0, Phase.AUCTION, 0), messages.uncross(0, 1, 1)])",
    "CalibrationEngine.heston": "CalibrationEngine().heston(100.0, strikes, 0.5, 'call', calls, 0.03, 0.01)",
    "FiniteDifferenceSolver.price, local volatility": "solver.price(option, LocalVolatilityModel.flat(0.2), market)",
    "StochasticLocalVolatilityModel.calibrate": "StochasticLocalVolatilityModel.calibrate("
    "heston, LocalVolatilityModel.flat(0.2), 0.5, particles=4096)",
    "VolatilitySurface.fit, svi": "VolatilitySurface.fit(chain, 'svi')",
    "VolatilitySurface.fit, essvi": "VolatilitySurface.fit(chain, 'essvi')",
    "VolatilitySurface.fit, spline": "VolatilitySurface.fit(chain, 'spline')",
}
CHAIN = """
from datetime import UTC, datetime
from optionix_core.feeds.simulated.venue import SimulatedFeed
from optionix_core.volatility import VolatilitySurface
chain = SimulatedFeed(1).chain("ORBIT", datetime(2025, 12, 15, 15, 0, tzinfo=UTC))
"""
CLOCKED = """
started = time.process_time()
import numba
{call}
print(time.process_time() - started)
"""


def figures(environment: dict[str, str]) -> list[Figure]:
    """CPU seconds of each call."""
    return [Figure(name, _seconds(call, environment), "s", LIMIT) for name, call in CALLS.items()]


def _seconds(call: str, environment: dict[str, str]) -> float:
    prepare = PREPARE + CHAIN if "chain" in call else PREPARE
    with tempfile.TemporaryDirectory() as folder:
        apart = {**environment, "NUMBA_CACHE_DIR": folder}
        command = [sys.executable, "-c", prepare + CLOCKED.format(call=call)]
        done = subprocess.run(command, env=apart, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{call} failed:\n{done.stderr}")
    return float(done.stdout)
