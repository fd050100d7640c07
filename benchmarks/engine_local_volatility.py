"""Local and stochastic local volatility: what building them takes, and how near vanillas come back to their surface.

A skewed surface of six expiries, and the real chains where the shared data lies beside the checkout. Distances are the
largest of sixty vanillas, in hundredths of a vol point (1e-4 of volatility).
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np

from benchmarks.engine_surface import DATA
from benchmarks.measure import Figure, cpu_of_call
from optionix_core.feeds import files
from optionix_core.pricing.contracts import EuropeanOption
from optionix_core.pricing.finite_difference.solver import FiniteDifferenceSolver
from optionix_core.pricing.implied_volatility import implied_volatility as black
from optionix_core.pricing.models.heston import HestonModel
from optionix_core.pricing.monte_carlo.simulator import MonteCarloSimulator
from optionix_core.volatility import LocalVolatilityModel, StochasticLocalVolatilityModel, VolatilitySurface
from optionix_core.volatility.local.carry import flat_market
from optionix_core.volatility.local.forward_equation import implied_volatility
from optionix_core.volatility.solve import solve
from optionix_core.volatility.surface.smiles import FitMetrics, SurfaceSlice
from optionix_core.volatility.svi import Svi

STRIKES = np.linspace(-1.8, 1.8, 10)
"""In deviations at the money."""
GOAL = 5.0
HESTON = HestonModel(v0=0.04, kappa=2.0, theta=0.04, sigma=0.6, rho=-0.7)
LONGEST = 2.0
"""Years that are simulated: later, right wings of two surfaces have volatilities above 100%."""


def figures(_environment: dict[str, str]) -> list[Figure]:
    """CPU times with kernels loaded, and distances to the surface."""
    skewed = _skewed()
    model = LocalVolatilityModel.from_surface(skewed)
    nodes = model.grid.variances.size
    spots, times = 100.0 * np.exp(np.linspace(-1.0, 1.0, 400)), np.linspace(0.0, 2.0, 200)[:, None]
    expiries = np.array([item.years for item in skewed.slices])
    k = np.sqrt(skewed.total_variance(0.0, expiries))[:, None] * STRIKES
    rows = [
        Figure(f"grid of a surface, {nodes:,} nodes", 1e3 * _many(lambda: LocalVolatilityModel.from_surface(skewed)),
               "ms", 1.0),
        Figure("80,000 volatilities", 1e3 * cpu_of_call(lambda: model.local_volatility(spots, times)), "ms"),
        Figure("forward equation, 60 calls", 1e3 * cpu_of_call(lambda: implied_volatility(model, expiries, k)), "ms"),
    ]  # fmt: skip
    _distances(rows, "skewed", skewed, expiries.tolist())
    for path in sorted(DATA.glob("*.csv")):
        surface = VolatilitySurface.fit(solve(files.read(path)))
        count = LocalVolatilityModel.from_surface(surface).grid.variances.size
        taken = _many(lambda s=surface: LocalVolatilityModel.from_surface(s))  # type: ignore[misc]
        told = LocalVolatilityModel.from_surface(surface).repairs
        note = f"repaired: calendar {told.calendar}, butterfly {told.butterfly}, capped {told.capped}"
        rows.append(Figure(f"{path.stem[:14]}, {count:,} nodes", 1e3 * taken, "ms", None, note))
        places = np.unique(np.linspace(0, len(surface.slices) - 1, 6).astype(int)).tolist()
        _distances(rows, path.stem[:14], surface, [surface.slices[place].years for place in places])
    _stochastic(rows, skewed)
    return rows


def _stochastic(rows: list[Figure], surface: VolatilitySurface) -> None:
    """Leverages of one year under a variance that may touch zero, by mixing."""
    local = LocalVolatilityModel.from_surface(surface)
    for mixing in (0.5, 1.0):
        started = time.process_time()
        model = StochasticLocalVolatilityModel.calibrate(HESTON, local, 1.0, mixing=mixing)
        name = f"leverage of a year, mixing {mixing:g}, {model.notes.particles:,} particles"
        rows.append(Figure(name, time.process_time() - started, "s CPU"))
        simulator = MonteCarloSimulator(paths=1 << 18, steps=1, sampler="sobol", randomisations=16, seed=5)
        worst, error = 0.0, 0.0
        for expiry in (0.1, 0.25, 0.5, 1.0):
            for deviations in STRIKES[1::2].tolist():
                found, wanted, wide = _found(surface, model, simulator.price, expiry, deviations)
                worst, error = max(worst, abs(found - wanted)), max(error, wide)
        note = f"largest standard error {error:.1f}"
        rows.append(Figure(f"its vanillas, mixing {mixing:g}", worst, "bp of volatility", 10.0, note))


def _many(job: Callable[[], object], times: int = 20) -> float:
    """CPU seconds of one call, from runs of several."""
    return cpu_of_call(lambda: [job() for _ in range(times)]) / times


def _skewed() -> VolatilitySurface:
    now = datetime(2026, 1, 5, 21, 0, tzinfo=UTC)
    slices = tuple(
        SurfaceSlice(
            "ORBIT", now.date() + timedelta(days=round(365 * t)), t, 100.0 * math.exp(0.03 * t), math.exp(-0.04 * t),
            Svi.surface_slice(0.04 * t, -0.6, 4.5 / math.sqrt(t)), FitMetrics(10, 1.0, 0.0, 0.0),
        )
        for t in (0.05, 0.1, 0.25, 0.5, 1.0, 2.0)
    )  # fmt: skip
    return VolatilitySurface("ORBIT", now, "ssvi", 100.0, slices)


def _distances(rows: list[Figure], name: str, surface: VolatilitySurface, expiries: list[float]) -> None:
    model = LocalVolatilityModel.from_surface(surface)
    grid = FiniteDifferenceSolver(space_points=200, time_steps=100)
    paths = MonteCarloSimulator(paths=1 << 19, steps=100, sampler="sobol", randomisations=16)
    methods: dict[str, Callable[..., Any]] = {"finite differences": grid.price, "simulation": paths.price}
    for method, price in methods.items():
        worst, error = 0.0, 0.0
        for expiry in expiries if method == "finite differences" else [one for one in expiries if one < LONGEST]:
            there = model.on(flat_market(surface, expiry))
            for deviations in STRIKES[:: 1 if method == "finite differences" else 5].tolist():
                found, wanted, wide = _found(surface, there, price, expiry, deviations)
                worst, error = max(worst, abs(found - wanted)), max(error, wide)
        note = f"largest standard error {error:.1f}" if method == "simulation" else ""
        rows.append(Figure(f"{name}, {method}", worst, "bp of volatility", GOAL, note))


def _found(
    surface: VolatilitySurface, model: object, price: Callable[..., Any], expiry: float, deviations: float
) -> tuple[float, float, float]:
    """Volatility of a price, that of the surface, and the standard error where there is one, in 1e-4."""
    market = flat_market(surface, expiry)
    k = deviations * math.sqrt(float(surface.total_variance(0.0, expiry)))
    strike = float(surface.forward(expiry)) * math.exp(k)
    contract = EuropeanOption(option_type="call" if k >= 0.0 else "put", strike=strike, expiry=expiry)
    result = price(contract, model, market)
    terms = (market.spots[0], strike, expiry, market.rate, market.yields[0])
    side, more = int(contract.option_type), getattr(result, "standard_error", 0.0)
    found, above = (float(np.asarray(black(side, one, *terms))) for one in (result.price, result.price + more))
    return 1e4 * found, 1e4 * float(surface.implied_volatility(strike, expiry)), 1e4 * (above - found)
