"""Finite differences beside QuantLib's, on the same grids: milliseconds of CPU, each with the error of its price."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.measure import Figure, cpu_of_call
from optionix_core.pricing import american
from optionix_core.pricing.contracts import AmericanOption, BarrierOption, Contract, EuropeanOption
from optionix_core.pricing.finite_difference import FiniteDifferenceSolver
from optionix_core.pricing.flat_market import FlatMarket
from optionix_core.pricing.models import BlackScholesModel, HestonModel

RATE, CARRY, STRIKE = 0.05, 0.02, 105.0
MARKET = FlatMarket(spot=100.0, rate=RATE, dividend_yield=CARRY)
PUT = AmericanOption(option_type="put", strike=STRIKE, expiry=1.0)
HESTON = HestonModel(v0=0.04, kappa=1.5, theta=0.04, sigma=0.3, rho=-0.9)
GOAL_MS = 5.0
"""American under local volatility, 200 points by 100 steps."""


class Smile:
    """A smooth local volatility of price and time."""

    def local_volatility(self, spot: Any, time: Any) -> Any:
        """Skewed, steeper for short times."""
        x = np.tanh(np.log(np.asarray(spot) / 100.0))
        return 0.2 - 0.1 * x / (1.0 + np.asarray(time)) + 0.1 * x * x


def figures(_environment: dict[str, str]) -> list[Figure]:
    """Ours, then the peer's where it is installed."""
    smile, plain = Smile(), BlackScholesModel(volatility=0.2)
    fine = FiniteDifferenceSolver(space_points=3200, time_steps=1600)
    references = {
        "local volatility, American, 200 x 100": fine.price(PUT, smile, MARKET).price,
        "Black-Scholes, American, 200 x 100": american.price(
            "put", 100.0, STRIKE, 1.0, RATE, CARRY, 0.2, accuracy="high"
        ),
        "Heston, European, 200 x 64 x 100": HESTON.price("put", 100.0, STRIKE, 1.0, RATE, CARRY),
        "Heston, American, 200 x 64 x 100": FiniteDifferenceSolver(
            space_points=600, variance_points=192, time_steps=1200
        )
        .price(PUT, HESTON, MARKET)
        .price,
    }
    solver = FiniteDifferenceSolver(space_points=200, time_steps=100, variance_points=64)
    european = EuropeanOption(option_type="put", strike=STRIKE, expiry=1.0)
    cases: dict[str, tuple[Contract, Any]] = dict(
        zip(references, ((PUT, smile), (PUT, plain), (european, HESTON), (PUT, HESTON)), strict=True)
    )
    jobs = _quantlib(smile)
    rows = []
    for name, (contract, model) in cases.items():
        exact = float(references[name])
        taken = cpu_of_call(lambda c=contract, m=model: solver.price(c, m, MARKET))  # type: ignore[misc]
        error = abs(solver.price(contract, model, MARKET).price - exact)
        budget = GOAL_MS if name.startswith("local") else None
        rows.append(Figure(f"{name} (and half of it)", 1e3 * taken, "ms", budget, note=f"error {error:.1e}"))
        if name in jobs:
            peer = cpu_of_call(jobs[name], runs=3)
            note = f"error {abs(jobs[name]() - exact):.1e}; {peer / taken:.0f} times ours"
            rows.append(Figure(f"{name}, QuantLib (peer)", 1e3 * peer, "ms", note=note))
    return rows + _barriers(solver)


def _barriers(solver: FiniteDifferenceSolver) -> list[Figure]:
    times = tuple((k + 1) / 250 for k in range(250))
    daily = BarrierOption(
        option_type="call", strike=100.0, expiry=1.0, barrier_type="down-out", barrier=90.0, monitoring_times=times
    )
    plain = BlackScholesModel(volatility=0.2)
    exact = FiniteDifferenceSolver(space_points=1600, time_steps=16_000).price(daily, plain, MARKET).price
    taken = cpu_of_call(lambda: solver.price(daily, plain, MARKET))
    error = abs(solver.price(daily, plain, MARKET).price - exact)
    return [Figure("barrier watched on 250 days, 200 points", 1e3 * taken, "ms", note=f"error {error:.1e}")]


def _quantlib(smile: Smile) -> dict[str, Callable[[], float]]:
    try:
        import QuantLib
    except ImportError:
        return {}
    ql: Any = QuantLib
    local_volatility = True
    today = ql.Date(2, 1, 2025)
    ql.Settings.instance().evaluationDate = today
    count, expiry = ql.Actual365Fixed(), today + 365
    rate = ql.YieldTermStructureHandle(ql.FlatForward(today, RATE, count))
    carry = ql.YieldTermStructureHandle(ql.FlatForward(today, CARRY, count))
    black = ql.BlackVolTermStructureHandle(ql.BlackConstantVol(today, ql.NullCalendar(), 0.2, count))
    spot = ql.QuoteHandle(ql.SimpleQuote(100.0))
    payoff = ql.PlainVanillaPayoff(ql.Option.Put, STRIKE)
    early, late = ql.AmericanExercise(today, expiry), ql.EuropeanExercise(expiry)
    strikes = np.exp(np.linspace(math.log(15.0), math.log(700.0), 301))
    times = np.linspace(0.0, 1.0, 41)
    matrix = ql.Matrix(len(strikes), len(times))
    for i, strike in enumerate(strikes):
        for j, time in enumerate(times):
            matrix[i][j] = float(smile.local_volatility(strike, time))
    surface = ql.FixedLocalVolSurface(today, list(times), list(strikes), matrix, count)
    local = ql.GeneralizedBlackScholesProcess(spot, carry, rate, black, ql.LocalVolTermStructureHandle(surface))
    plain = ql.GeneralizedBlackScholesProcess(spot, carry, rate, black)
    process = ql.HestonProcess(rate, carry, spot, HESTON.v0, HESTON.kappa, HESTON.theta, HESTON.sigma, HESTON.rho)
    heston = ql.HestonModel(process)
    scheme = ql.FdmSchemeDesc.Douglas()

    def priced(exercise: Any, engine: Callable[[], Any]) -> Callable[[], float]:
        def price() -> float:
            option = ql.VanillaOption(payoff, exercise)
            option.setPricingEngine(engine())
            return float(option.NPV())

        return price

    def heston_engine() -> Any:
        return ql.FdHestonVanillaEngine(heston, 100, 200, 64)

    return {
        "local volatility, American, 200 x 100": priced(
            early, lambda: ql.FdBlackScholesVanillaEngine(local, 100, 200, 0, scheme, local_volatility)
        ),
        "Black-Scholes, American, 200 x 100": priced(
            early, lambda: ql.FdBlackScholesVanillaEngine(plain, 100, 200, 0, scheme)
        ),
        "Heston, European, 200 x 64 x 100": priced(late, heston_engine),
        "Heston, American, 200 x 64 x 100": priced(early, heston_engine),
    }
