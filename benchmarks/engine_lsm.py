"""American options by simulation: 100,000 paths with 50 exercise dates, beside numpy and QuantLib, each with its error.

The option is the first row of the table of Longstaff and Schwartz (2001): put, spot 36, strike 40, one year, rate 6%,
volatility 20%, worth 4.4778 with these dates (backward recursion on a grid; the paper's finite differences: 4.478).
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable

import numpy as np

from benchmarks.measure import Figure, cpu_of_call
from optionix_core.pricing.contracts import AmericanOption
from optionix_core.pricing.flat_market import FlatMarket
from optionix_core.pricing.models import BlackScholesModel, HestonModel
from optionix_core.pricing.monte_carlo.dual_bound import dual_upper_bound
from optionix_core.pricing.monte_carlo.longstaff_schwartz import LongstaffSchwartz, LowerBound

PATHS, DATES = 100_000, 50
WORTH = 4.4778
CONTRACT = AmericanOption(option_type="put", strike=40.0, expiry=1.0)
MODEL = BlackScholesModel(volatility=0.2)
MARKET = FlatMarket(spot=36.0, rate=0.06)
HESTON = HestonModel(v0=0.04, kappa=2.0, theta=0.04, sigma=0.5, rho=-0.7)


def figures(_environment: dict[str, str]) -> list[Figure]:
    """Wall and CPU seconds of each; the wall budget is that of two idle cores."""
    default = LongstaffSchwartz(paths=PATHS, exercise_dates=DATES)
    in_sample = LongstaffSchwartz(paths=PATHS, exercise_dates=DATES, in_sample=True)
    lower = default.price(CONTRACT, MODEL, MARKET)
    upper = dual_upper_bound(lower, CONTRACT, MODEL, MARKET)
    rows = _timed("LSM, out of sample", lambda: default.price(CONTRACT, MODEL, MARKET), _note(lower), 0.12)
    biased = in_sample.price(CONTRACT, MODEL, MARKET)
    rows += _timed("LSM, in sample", lambda: in_sample.price(CONTRACT, MODEL, MARKET), _note(biased), 0.12)
    rows += _timed("LSM, numpy (peer)", _numpy, _told(*_numpy()))
    rows += _quantlib()
    note = f"{upper.price:.4f} +- {upper.standard_error:.4f}, {upper.price - WORTH:+.4f}; gap {upper.gap:.4f}"
    rows += _timed("dual bound", lambda: dual_upper_bound(lower, CONTRACT, MODEL, MARKET), note)
    stochastic = default.price(CONTRACT, HESTON, MARKET)
    note = f"{stochastic.price:.4f} +- {stochastic.standard_error:.4f}"
    return rows + _timed("LSM, Heston", lambda: default.price(CONTRACT, HESTON, MARKET), note)


def _timed(name: str, job: Callable[[], object], note: str, budget: float | None = None) -> list[Figure]:
    cpu = cpu_of_call(job, 5)
    walls = []
    for _ in range(5):
        started = time.perf_counter()
        job()
        walls.append(time.perf_counter() - started)
    return [Figure(name, min(walls), "s wall", budget, note), Figure(f"{name}, all threads", cpu, "s CPU")]


def _note(bound: LowerBound) -> str:
    return _told(bound.price, bound.standard_error)


def _told(price: float, error: float) -> str:
    return f"{price:.4f} +- {error:.4f}, {price - WORTH:+.4f}"


def _numpy() -> tuple[float, float]:
    """The paper's algorithm with arrays: mirrored paths, in sample, the same regressors."""
    generator = np.random.default_rng(1)
    half = generator.standard_normal((DATES, PATHS // 2))
    step = 1.0 / DATES
    moves = (0.06 - 0.02) * step + 0.2 * math.sqrt(step) * np.concatenate([half, -half], axis=1)
    prices = 36.0 * np.exp(np.cumsum(moves, axis=0))
    cash = np.maximum(40.0 - prices[-1], 0.0)
    for row in prices[-2::-1]:
        cash *= math.exp(-0.06 * step)
        inside = np.flatnonzero(row < 40.0)
        x = row[inside] / 40.0
        weight = np.exp(-0.5 * x)
        columns = np.stack([np.ones_like(x), weight, weight * (1.0 - x), weight * (1.0 - 2.0 * x + 0.5 * x * x)])
        slopes = np.linalg.solve(columns @ columns.T, columns @ cash[inside])
        payoff = 40.0 - row[inside]
        cash[inside] = np.where(payoff >= slopes @ columns, payoff, cash[inside])
    cash *= math.exp(-0.06 * step)
    pairs = 0.5 * (cash[: PATHS // 2] + cash[PATHS // 2 :])
    return float(pairs.mean()), float(pairs.std() / math.sqrt(len(pairs)))


def _quantlib() -> list[Figure]:
    try:
        import QuantLib
    except ImportError:
        return []
    ql = QuantLib
    today = ql.Date(1, 1, 2025)
    ql.Settings.instance().evaluationDate = today
    days = ql.Actual365Fixed()
    curve = ql.YieldTermStructureHandle(ql.FlatForward(today, 0.06, days))
    flat = ql.YieldTermStructureHandle(ql.FlatForward(today, 0.0, days))
    volatility = ql.BlackVolTermStructureHandle(ql.BlackConstantVol(today, ql.NullCalendar(), 0.2, days))
    process = ql.BlackScholesMertonProcess(ql.QuoteHandle(ql.SimpleQuote(36.0)), flat, curve, volatility)
    option = ql.VanillaOption(ql.PlainVanillaPayoff(ql.Option.Put, 40.0), ql.AmericanExercise(today, today + 365))

    def run() -> tuple[float, float]:
        engine = ql.MCAmericanEngine(
            process,
            "pseudorandom",
            timeSteps=DATES,
            antitheticVariate=True,
            requiredSamples=PATHS // 2,
            seed=42,
            polynomOrder=3,
            polynomType=ql.LsmBasisSystem.Laguerre,
            nCalibrationSamples=PATHS // 4,
        )
        option.setPricingEngine(engine)
        return float(option.NPV()), float(option.errorEstimate())

    return _timed("LSM, QuantLib (peer)", run, _told(*run()))
