"""Vanillas under a local volatility against its surface: the forward equation, the backward grid and simulation.

Distances are in implied volatility. 5e-4 is five hundredths of a vol point.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest

from optionix_core.errors import InvalidValueError
from optionix_core.feeds import files
from optionix_core.pricing import PricingEngine
from optionix_core.pricing.contracts import BarrierOption, EuropeanOption
from optionix_core.pricing.finite_difference import FiniteDifferenceSolver
from optionix_core.pricing.flat_market import FlatMarket
from optionix_core.pricing.implied_volatility import implied_volatility as black
from optionix_core.pricing.models import BlackScholesModel
from optionix_core.pricing.monte_carlo import MonteCarloSimulator
from optionix_core.volatility import LocalVolatilityModel, VolatilitySurface
from optionix_core.volatility.local.carry import flat_market
from optionix_core.volatility.local.forward_equation import calls, implied_volatility
from optionix_core.volatility.solve import solve
from optionix_core.volatility.svi import Svi

WANTED = 5e-4
STRIKES = np.linspace(-1.8, 1.8, 10)
"""In deviations at the money."""
TIMES = (0.07, 0.1, 0.25, 0.6, 1.0, 2.0)
Made = Callable[..., VolatilitySurface]


def vanilla(surface: VolatilitySurface, expiry: float, deviations: float) -> tuple[EuropeanOption, float]:
    """The option out of the money, and the surface's volatility."""
    k = deviations * math.sqrt(float(surface.total_variance(0.0, expiry)))
    strike = float(surface.forward(expiry)) * math.exp(k)
    contract = EuropeanOption(option_type="call" if k >= 0.0 else "put", strike=strike, expiry=expiry)
    return contract, float(surface.implied_volatility(strike, expiry))


def volatility_of(contract: EuropeanOption, price: float, market: FlatMarket) -> float:
    """Implied by a price."""
    arguments = (contract.strike, contract.expiry, market.rate, market.yields[0])
    return float(black(int(contract.option_type), price, market.spots[0], *arguments))


def distances(surface: VolatilitySurface, price: Callable, times: tuple[float, ...], strikes: np.ndarray) -> np.ndarray:
    """Implied by `price(contract, model, market)` less the surface's."""
    model = LocalVolatilityModel.from_surface(surface)
    found = []
    for expiry in times:
        market = flat_market(surface, expiry)
        there = model.on(market)
        for deviations in strikes.tolist():
            contract, volatility = vanilla(surface, expiry, deviations)
            found.append(volatility_of(contract, price(contract, there, market), market) - volatility)
    return np.array(found)


def on_a_grid(contract: EuropeanOption, model: LocalVolatilityModel, market: FlatMarket) -> float:
    return FiniteDifferenceSolver(space_points=200, time_steps=100).price(contract, model, market).price


def by_simulation(randomisations: int, points: int) -> Callable:
    simulator = MonteCarloSimulator(
        paths=randomisations * points, steps=60, sampler="sobol", randomisations=randomisations, seed=11
    )
    return lambda contract, model, market: simulator.price(contract, model, market).price


@pytest.fixture(scope="module")
def flat_surface(surface_of: Made) -> VolatilitySurface:
    return surface_of({years: Svi(0.04 * years, 0.0, 0.0, 0.0, 0.1) for years in (0.1, 1.0, 2.0)})


@pytest.fixture(scope="module", params=["NDX_2022-02-05_lucacastelli.csv", "SPX_2022-02-05_lucacastelli.csv"])
def real_surface(request, shared_data) -> VolatilitySurface:
    return VolatilitySurface.fit(solve(files.read(shared_data / "chains" / request.param)))


def some(surface: VolatilitySurface, count: int) -> tuple[float, ...]:
    """Expiries spread over the surface."""
    places = np.unique(np.linspace(0, len(surface.slices) - 1, count).astype(int))
    return tuple(surface.slices[place].years for place in places.tolist())


def test_the_backward_grid_meets_sixty_vanillas_of_a_flat_and_a_skewed_surface(
    flat_surface: VolatilitySurface, skewed_surface: VolatilitySurface
) -> None:
    assert np.abs(distances(flat_surface, on_a_grid, TIMES, STRIKES)).max() < 1e-6
    found = distances(skewed_surface, on_a_grid, TIMES, STRIKES)
    assert found.size == 60
    assert np.abs(found).max() < 0.3 * WANTED


def test_the_forward_equation_meets_sixty_vanillas_of_a_flat_and_a_skewed_surface(
    flat_surface: VolatilitySurface, skewed_surface: VolatilitySurface
) -> None:
    for surface, bound in ((flat_surface, 1e-5), (skewed_surface, 0.4 * WANTED)):
        k = np.sqrt(surface.total_variance(0.0, np.array(TIMES)))[:, None] * STRIKES
        wanted = np.sqrt(surface.total_variance(k, np.array(TIMES)[:, None]) / np.array(TIMES)[:, None])
        found = implied_volatility(LocalVolatilityModel.from_surface(surface), TIMES, k)
        assert np.abs(found - wanted).max() < bound


def test_simulation_meets_vanillas_of_a_flat_and_a_skewed_surface(
    flat_surface: VolatilitySurface, skewed_surface: VolatilitySurface
) -> None:
    price = by_simulation(4, 4096)
    assert np.abs(distances(flat_surface, price, (0.7,), STRIKES[::4])).max() < 0.5 * WANTED
    assert np.abs(distances(skewed_surface, price, (0.1, 1.0), STRIKES[1::4])).max() < WANTED


def test_grid_and_forward_equation_meet_a_real_surface(real_surface: VolatilitySurface) -> None:
    times = some(real_surface, 6)
    found = distances(real_surface, on_a_grid, times, STRIKES)
    assert found.size == 60
    assert np.abs(found).max() < WANTED
    model = LocalVolatilityModel.from_surface(real_surface)
    for expiry in times:
        k = STRIKES * math.sqrt(float(real_surface.total_variance(0.0, expiry)))
        wanted = np.sqrt(real_surface.total_variance(k, expiry) / expiry)
        assert np.abs(implied_volatility(model, expiry, k)[0] - wanted).max() < WANTED


def meets_by_simulation(surface: VolatilitySurface, times: tuple[float, ...], paths: int) -> None:
    """Sixty vanillas, each with a standard error well below the distance that is allowed."""
    simulator = MonteCarloSimulator(paths=paths, steps=100, sampler="sobol", randomisations=16, seed=5)
    model = LocalVolatilityModel.from_surface(surface)
    assert len(times) * STRIKES.size == 60
    for expiry in times:
        market = flat_market(surface, expiry)
        for deviations in STRIKES.tolist():
            contract, wanted = vanilla(surface, expiry, deviations)
            result = simulator.price(contract, model.on(market), market)
            found = volatility_of(contract, result.price, market)
            above = volatility_of(contract, result.price + result.standard_error, market)
            assert above - found < 0.4 * WANTED, (expiry, deviations)
            assert abs(found - wanted) < WANTED, (expiry, deviations)


@pytest.mark.soak
def test_simulation_meets_sixty_vanillas_of_a_flat_and_a_skewed_surface(
    flat_surface: VolatilitySurface, skewed_surface: VolatilitySurface
) -> None:
    meets_by_simulation(flat_surface, TIMES, 1 << 18)
    meets_by_simulation(skewed_surface, TIMES, 1 << 18)


@pytest.mark.soak
def test_simulation_meets_sixty_vanillas_of_a_real_surface(real_surface: VolatilitySurface) -> None:
    # Beyond two years one surface has volatilities above 100% in its right wing, whose means paths do not reach.
    times = tuple(one for one in some(real_surface, 8) if one < 2.0)[-6:]
    meets_by_simulation(real_surface, times, 1 << 19)


def test_few_steps_suffice_where_volatility_jumps_in_time_alone(surface_of: Made) -> None:
    # 10% in the first week, 60% in the second, 20% on to a year: every method must see the whole of each.
    total = {1.0 / 52.0: 0.01 / 52.0, 2.0 / 52.0: 0.37 / 52.0, 1.0: 0.37 / 52.0 + 0.04 * 50.0 / 52.0}
    surface = surface_of({years: Svi(w, 0.0, 0.0, 0.0, 0.1) for years, w in total.items()})
    assert LocalVolatilityModel.from_surface(surface).breaks == tuple(total)
    grid = FiniteDifferenceSolver(space_points=200, time_steps=40)
    simulator = MonteCarloSimulator(paths=1 << 14, steps=2, sampler="sobol", randomisations=4)
    for solver, bound in ((grid, 0.2 * WANTED), (simulator, 0.3 * WANTED)):
        found = distances(surface, lambda *given, by=solver: by.price(*given).price, (0.03, 0.5, 1.0), STRIKES[2:-2:3])
        assert np.abs(found).max() < bound


def test_forwards_between_are_those_of_the_market_and_not_of_the_surface(skewed_surface: VolatilitySurface) -> None:
    # At one expiry both markets have the surface's forward; the surface's own forwards before are far away.
    market = flat_market(skewed_surface, 1.0)
    bent = VolatilitySurface("ORBIT", skewed_surface.as_of, "svi", 115.0, skewed_surface.slices)
    model = LocalVolatilityModel.from_surface(bent)
    contract, wanted = vanilla(skewed_surface, 1.0, -1.0)
    moved = volatility_of(contract, on_a_grid(contract, model.on(market), market), market)
    assert moved == pytest.approx(wanted, abs=0.3 * WANTED)


def test_the_forward_equation_keeps_parity_and_order_and_refuses_bad_times(skewed_surface: VolatilitySurface) -> None:
    model = LocalVolatilityModel.from_surface(skewed_surface)
    k = np.linspace(-1.0, 0.8, 61)
    prices = calls(model, TIMES, k)
    assert np.all(prices >= np.maximum(1.0 - np.exp(k), 0.0) - 1e-7)
    assert np.all(np.diff(prices, axis=0) > -1e-7)
    slopes = np.diff(prices, axis=1) / np.diff(np.exp(k))
    assert np.all((slopes <= 1e-5) & (slopes >= -1.0 - 1e-5))
    assert np.all(np.diff(slopes, axis=1) > -1e-4)
    for times in ([], [0.0], [1.0, 0.5]):
        with pytest.raises(InvalidValueError, match="expiries"):
            calls(model, times, k)
    with pytest.raises(InvalidValueError, match="time_steps"):
        calls(model, TIMES, k, time_steps=3)


def test_the_engine_prices_under_a_local_volatility(skewed_surface: VolatilitySurface) -> None:
    market = FlatMarket(spot=100.0, rate=0.04, dividend_yield=0.01)
    flat = LocalVolatilityModel.flat(0.2)
    barrier = BarrierOption(option_type="call", barrier_type="down-out", strike=100.0, barrier=85.0, expiry=0.5)
    engine = PricingEngine()
    exact = engine.price(barrier, BlackScholesModel(volatility=0.2), market)
    assert engine.price(barrier, flat, market).price == pytest.approx(exact.price, abs=2e-4)
    skewed = LocalVolatilityModel.from_surface(skewed_surface).on(market)
    found = engine.price(barrier, skewed, market)
    simulated = engine.price(barrier, skewed, market, method="monte-carlo", greeks=("delta",))
    assert simulated.standard_error is not None
    assert abs(simulated.price - found.price) < 4.0 * simulated.standard_error + 0.01
    assert abs(found.price - exact.price) > 0.05
