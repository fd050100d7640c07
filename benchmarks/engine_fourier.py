"""Fourier prices a second of CPU, each beside its error: surfaces, Greeks, gradients; QuantLib and PyFENG as peers.

Errors are the largest against prices at the tightest tolerance, over the forward; those agree with quadrature at 30
digits to 3e-13, which the tests of the models show.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from benchmarks.measure import Figure, cpu_of_call
from optionix_core.pricing.models.bates import BatesModel
from optionix_core.pricing.models.heston import HestonModel
from optionix_core.pricing.models.merton import MertonModel
from optionix_core.pricing.models.variance_gamma import VarianceGammaModel

EXPIRIES = np.linspace(0.05, 2.0, 100)
SPOT, RATE, YIELD = 100.0, 0.03, 0.01
HESTON = {"v0": 0.04, "kappa": 1.5, "theta": 0.05, "sigma": 0.6, "rho": -0.7}
JUMPS = {"jump_intensity": 0.5, "jump_mean": -0.1, "jump_volatility": 0.15}
GOAL = 1.0
"""Million prices a second."""
PEER_ROWS = 400


def strikes_of(count: int) -> Any:
    """`count` strikes an expiry, three deviations below the spot to two above."""
    return SPOT * np.exp(0.2 * np.sqrt(EXPIRIES)[:, None] * np.linspace(-3.0, 2.0, count))


def figures(_environment: dict[str, str]) -> list[Figure]:
    """Rates in millions a second of CPU on one thread."""
    heston = HestonModel(**HESTON)
    rows = []
    for count in (20, 60):
        rows += _surface(f"Heston, {count} strikes an expiry", heston, count, budget=GOAL)
    rows += _surface("Bates, 40 strikes", BatesModel(**HESTON, **JUMPS), 40)
    rows += _surface("Merton, 40 strikes", MertonModel(volatility=0.2, **JUMPS), 40)
    rows += _surface("Variance Gamma, 40 strikes", VarianceGammaModel(volatility=0.2, nu=0.2, theta=-0.15), 40)
    strikes = strikes_of(20)
    market = ("call", SPOT, strikes, EXPIRIES[:, None], RATE, YIELD)
    greeks = strikes.size / cpu_of_call(lambda: heston.greeks(*market)) / 1e6
    slopes = strikes.size / cpu_of_call(lambda: heston.price_and_gradient(*market, tolerance=1e-9)) / 1e6
    rows.append(Figure("Heston price and 12 Greeks, 20 strikes", greeks, "M/s"))
    rows.append(Figure("Heston price and gradient at 1e-9, 20 strikes", slopes, "M/s"))
    return [*rows, *_quantlib(heston), *_pyfeng(heston)]


def _surface(name: str, model: Any, count: int, budget: float | None = None) -> list[Figure]:
    strikes = strikes_of(count)
    market = ("call", SPOT, strikes, EXPIRIES[:, None], RATE, YIELD)
    exact = model.price(*market)
    forward = SPOT * np.exp((RATE - YIELD) * EXPIRIES)[:, None]
    rows = []
    for tolerance in (1e-9, 1e-13):
        rate = strikes.size / cpu_of_call(lambda tolerance=tolerance: model.price(*market, tolerance=tolerance)) / 1e6
        error = float(np.max(np.abs(model.price(*market, tolerance=tolerance) - exact) / forward))
        note = f"error {error:.1e}" if tolerance > 1e-13 else "reference"
        goal = budget if tolerance > 1e-13 else None
        rows.append(Figure(f"{name}, tolerance {tolerance:g}", rate, "M/s", goal, note, larger_is_better=True))
    return rows


def _quantlib(model: HestonModel) -> list[Figure]:
    try:
        import QuantLib as ql  # noqa: N813 - as its own examples name it
    except ImportError:
        return []
    today = ql.Date(1, 1, 2025)
    ql.Settings.instance().evaluationDate = today
    days = ql.Actual365Fixed()
    rate, carry = (ql.YieldTermStructureHandle(ql.FlatForward(today, value, days)) for value in (RATE, YIELD))
    process = ql.HestonProcess(rate, carry, ql.QuoteHandle(ql.SimpleQuote(SPOT)), *HESTON.values())
    terms = np.repeat([30, 90, 180, 365, 730], PEER_ROWS // 5)
    strikes = SPOT * np.exp(0.2 * np.sqrt(terms / 365.0) * np.tile(np.linspace(-3.0, 2.0, PEER_ROWS // 5), 5))
    options = [
        ql.VanillaOption(ql.PlainVanillaPayoff(ql.Option.Call, float(strike)), ql.EuropeanExercise(today + int(term)))
        for term, strike in zip(terms, strikes, strict=True)
    ]
    exact = model.price("call", SPOT, strikes, terms / 365.0, RATE, YIELD)
    engines = {
        "QuantLib AnalyticHeston, Lobatto 1e-9 (peer)": lambda: ql.AnalyticHestonEngine(
            ql.HestonModel(process), 1e-9, 100_000
        ),
        "QuantLib ExponentialFittingHeston (peer)": lambda: ql.ExponentialFittingHestonEngine(ql.HestonModel(process)),
    }
    rows = []
    for name, engine in engines.items():

        def run(engine: Any = engine) -> list[float]:
            made = engine()
            prices = []
            for option in options:
                option.setPricingEngine(made)
                prices.append(option.NPV())
            return prices

        rows.append(_peer(name, len(options) / cpu_of_call(run, runs=3) / 1e6, np.array(run()), exact))
    return rows


def _pyfeng(model: HestonModel) -> list[Figure]:
    try:
        import pyfeng
    except ImportError:
        return []
    peer = pyfeng.HestonFft(
        HESTON["v0"],
        vov=HESTON["sigma"],
        mr=HESTON["kappa"],
        rho=HESTON["rho"],
        theta=HESTON["theta"],
        intr=RATE,
        divr=YIELD,
    )
    strikes = strikes_of(20)

    def run() -> Any:
        return np.array([peer.price(row, SPOT, float(years)) for row, years in zip(strikes, EXPIRIES, strict=True)])

    exact = model.price("call", SPOT, strikes, EXPIRIES[:, None], RATE, YIELD)
    rate = strikes.size / cpu_of_call(run, runs=3) / 1e6
    return [_peer("PyFENG HestonFft, a smile at once (peer)", rate, run(), exact)]


def _peer(name: str, rate: float, prices: Any, exact: Any) -> Figure:
    error = float(np.max(np.abs(prices - exact)))
    return Figure(name, rate, "M/s", note=f"error {error / SPOT:.1e} of the spot" if math.isfinite(error) else "nan")
