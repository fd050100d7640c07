"""Stochastic local volatility: vanillas met, barriers between its two parents, seeds, workers, progress, documents."""

from __future__ import annotations

import json
import math
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.interpolate import CubicSpline

from optionix_core.errors import InterruptedByUserError, InvalidValueError, MalformedFileError
from optionix_core.pricing import PricingEngine
from optionix_core.pricing.contracts import BarrierOption, EuropeanOption, OneTouchOption
from optionix_core.pricing.engine import EngineSettings
from optionix_core.pricing.finite_difference import FiniteDifferenceSolver
from optionix_core.pricing.flat_market import FlatMarket
from optionix_core.pricing.implied_volatility import implied_volatility as black
from optionix_core.pricing.models import HestonModel
from optionix_core.pricing.models.leverage import LeveragedVariance, LeverageGrid
from optionix_core.pricing.monte_carlo import MonteCarloSimulator
from optionix_core.volatility import LocalVolatilityModel, StochasticLocalVolatilityModel, VolatilitySurface
from optionix_core.volatility.stochastic_local import document
from optionix_core.volatility.stochastic_local.regression import Regression

HESTON = HestonModel(v0=0.04, kappa=2.0, theta=0.04, sigma=0.4, rho=-0.6)
MARKET = FlatMarket(spot=100.0, rate=0.04, dividend_yield=0.01)
WANTED = 1e-3
"""Ten hundredths of a vol point."""
SMALL = {"particles": 1 << 14, "steps": 40, "nodes": 101}


@dataclass(frozen=True)
class Smile:
    """Total variance by a spline, straight beyond its knots."""

    spline: CubicSpline

    def derivatives(self, log_moneyness: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        k = np.asarray(log_moneyness, np.float64)
        inside = np.clip(k, self.spline.x[0], self.spline.x[-1])
        value, slope = self.spline(inside), self.spline(inside, 1)
        return value + slope * (k - inside), slope, np.where(k == inside, self.spline(inside, 2), 0.0)

    def total_variance(self, log_moneyness: Any) -> np.ndarray:
        return self.derivatives(log_moneyness)[0]


@pytest.fixture(scope="module")
def heston_surface(surface_of: Callable[..., VolatilitySurface]) -> VolatilitySurface:
    """Heston's own smiles at many expiries."""
    smiles = {}
    for years in [0.05, 0.1, 0.15, *np.linspace(0.2, 1.0, 15).tolist()]:
        k = np.linspace(-3.5, 2.5, 61) * 0.2 * math.sqrt(years)
        side = np.where(k >= 0.0, 1, -1)
        prices = HESTON.price(side, 1.0, np.exp(k), years, 0.0, 0.0)
        volatility = np.asarray(black(side, prices, 1.0, np.exp(k), years, 0.0, 0.0))
        smiles[years] = Smile(CubicSpline(k, volatility**2 * years, bc_type="natural"))
    return surface_of(smiles)


@pytest.fixture(scope="module")
def local(skewed_surface: VolatilitySurface) -> LocalVolatilityModel:
    return LocalVolatilityModel.from_surface(skewed_surface)


@pytest.fixture(scope="module")
def small(local: LocalVolatilityModel) -> StochasticLocalVolatilityModel:
    return StochasticLocalVolatilityModel.calibrate(HESTON, local, 0.5, mixing=0.7, seed=3, **SMALL)


def distances(
    model: StochasticLocalVolatilityModel,
    surface: VolatilitySurface,
    times: tuple[float, ...],
    paths: int,
    strikes: Any,
) -> np.ndarray:
    """Implied by simulation less the surface's, and standard errors: (2, times * strikes)."""
    simulator = MonteCarloSimulator(paths=paths, steps=1, sampler="sobol", randomisations=8, seed=7)
    found = []
    for expiry in times:
        for deviations in strikes:
            k = deviations * math.sqrt(float(surface.total_variance(0.0, expiry)))
            strike = 100.0 * math.exp(k + 0.03 * expiry)
            contract = EuropeanOption(option_type="call" if k >= 0.0 else "put", strike=strike, expiry=expiry)
            result = simulator.price(contract, model, MARKET)
            terms = (100.0, strike, expiry, MARKET.rate, MARKET.yields[0])
            side = int(contract.option_type)
            price, error = result.price, result.standard_error
            volatility, above = (float(black(side, one, *terms)) for one in (price, price + error))
            found.append(
                (volatility - math.sqrt(float(surface.total_variance(k, expiry)) / expiry), above - volatility)
            )
    return np.array(found).T


@pytest.mark.parametrize("mixing", [0.0, 0.6])
def test_vanillas_of_a_skewed_surface_are_met(
    mixing: float, local: LocalVolatilityModel, skewed_surface: VolatilitySurface
) -> None:
    made = {"particles": 1 << 15, "steps": 80, "nodes": 101}
    model = StochasticLocalVolatilityModel.calibrate(HESTON, local, 1.0, mixing=mixing, **made)
    found, errors = distances(model, skewed_surface, (0.25, 1.0), 1 << 14, (-1.2, 0.0, 1.2))
    assert np.all(np.abs(found) < WANTED + 3.0 * errors)
    assert errors.max() < WANTED
    assert np.abs(found).mean() < WANTED


def test_on_its_own_surface_hestons_leverage_is_one(heston_surface: VolatilitySurface) -> None:
    local = LocalVolatilityModel.from_surface(heston_surface)
    model = StochasticLocalVolatilityModel.calibrate(HESTON, local, 1.0, particles=1 << 15, steps=60, nodes=101)
    for time in (0.3, 0.9):
        x = np.linspace(-1.5, 1.0, 11) * 0.2 * math.sqrt(time)
        assert np.abs(model.leverage.at(x, time) - 1.0).mean() < 0.03
        assert np.abs(model.leverage.at(x, time) - 1.0).max() < 0.1


def test_a_touch_is_worth_between_local_and_stochastic_volatility(heston_surface: VolatilitySurface) -> None:
    between(heston_surface, particles=1 << 15, steps=50, paths=1 << 15, apart=5.0)


@pytest.mark.soak
def test_a_touch_is_worth_between_local_and_stochastic_volatility_in_full_size(
    heston_surface: VolatilitySurface,
) -> None:
    between(heston_surface, particles=1 << 18, steps=200, paths=1 << 19, apart=15.0)


def between(surface: VolatilitySurface, *, particles: int, steps: int, paths: int, apart: float) -> None:
    """A one-touch far above, on the same vanillas: local, half mixed and Heston, `apart` standard errors apart."""
    local = LocalVolatilityModel.from_surface(surface)
    mixed = StochasticLocalVolatilityModel.calibrate(HESTON, local, 1.0, mixing=0.5, particles=particles, steps=steps)
    market = FlatMarket(spot=100.0, rate=0.0, dividend_yield=-0.03)
    contract = OneTouchOption(barrier=125.0, expiry=1.0, cash=100.0, pay_at="expiry")
    simulator = MonteCarloSimulator(paths=paths, steps=steps, sampler="sobol", randomisations=16, seed=9)
    most, middle, least = prices = [
        simulator.price(contract, model, market) for model in (local.on(market), mixed, HESTON)
    ]
    error = max(one.standard_error for one in prices)
    assert most.price - middle.price > apart * error
    assert middle.price - least.price > apart * error
    exact = FiniteDifferenceSolver(space_points=300).price(contract, local.on(market), market).price
    assert abs(most.price - exact) < 4.0 * error + 0.1


def test_without_mixing_barriers_are_those_of_the_local_volatility(
    local: LocalVolatilityModel, skewed_surface: VolatilitySurface
) -> None:
    model = StochasticLocalVolatilityModel.calibrate(HESTON, local, 0.5, mixing=0.0, **SMALL)
    contract = BarrierOption(option_type="put", barrier_type="down-out", strike=100.0, barrier=85.0, expiry=0.5)
    exact = FiniteDifferenceSolver().price(contract, local.on(MARKET), MARKET).price
    found = MonteCarloSimulator(paths=1 << 16, steps=100).price(contract, model, MARKET)
    assert abs(found.price - exact) < 4.0 * found.standard_error + 0.01
    assert found.bias is not None
    assert "bridge" in found.bias


@pytest.mark.soak
@pytest.mark.parametrize("mixing", [0.5, 1.0])
def test_vanillas_are_met_in_full_size(
    mixing: float, local: LocalVolatilityModel, skewed_surface: VolatilitySurface
) -> None:
    steep = HestonModel(v0=0.04, kappa=2.0, theta=0.04, sigma=0.6, rho=-0.7)
    model = StochasticLocalVolatilityModel.calibrate(steep, local, 1.0, mixing=mixing)
    found, errors = distances(model, skewed_surface, (0.1, 0.25, 0.5, 1.0), 1 << 18, np.linspace(-1.6, 1.2, 5))
    assert errors.max() < 0.3 * WANTED
    assert np.abs(found).max() < WANTED


def test_the_leverage_depends_on_the_seed_alone(
    small: StochasticLocalVolatilityModel, local: LocalVolatilityModel
) -> None:
    for workers in (1, 3):
        again = StochasticLocalVolatilityModel.calibrate(
            HESTON, local, 0.5, mixing=0.7, seed=3, workers=workers, **SMALL
        )
        assert np.array_equal(again.leverage.values, small.leverage.values)
        assert again.notes == small.notes
    other = StochasticLocalVolatilityModel.calibrate(HESTON, local, 0.5, mixing=0.7, seed=4, **SMALL)
    assert not np.array_equal(other.leverage.values, small.leverage.values)
    prices = {
        MonteCarloSimulator(paths=4096, workers=workers).price(
            EuropeanOption(option_type="call", strike=100.0, expiry=0.4), small, MARKET
        ).price
        for workers in (1, 2)
    }  # fmt: skip
    assert len(prices) == 1


def test_progress_is_heard_and_a_stop_obeyed(local: LocalVolatilityModel) -> None:
    heard: list[float] = []
    made = {**SMALL, "steps": 12, "particles": 1024}
    StochasticLocalVolatilityModel.calibrate(HESTON, local, 0.2, progress=heard.append, **made)
    assert heard == sorted(heard)
    assert heard[-1] == 1.0
    flag = threading.Event()
    flag.set()
    for cancel in (flag, lambda: True):
        with pytest.raises(InterruptedByUserError, match="calibration"):
            StochasticLocalVolatilityModel.calibrate(HESTON, local, 0.2, cancel=cancel, **made)


def test_the_engine_simulates_it_and_nothing_else(small: StochasticLocalVolatilityModel) -> None:
    assert isinstance(small, LeveragedVariance)
    engine = PricingEngine()
    contract = EuropeanOption(option_type="call", strike=100.0, expiry=0.4)
    found = engine.price(contract, small, MARKET, greeks=(), settings=EngineSettings(paths=4096))
    assert found.method.id == "monte-carlo"
    assert found.standard_error is not None
    later = replace(contract, expiry=0.6)
    with pytest.raises(InvalidValueError, match=r"expiry must be at most 0.5 years"):
        MonteCarloSimulator(paths=1024).price(later, small, MARKET)


def test_the_same_moneyness_is_worth_the_same_on_any_forward(small: StochasticLocalVolatilityModel) -> None:
    simulator = MonteCarloSimulator(paths=4096)
    values = []
    for spot, carry in ((100.0, 0.0), (37.0, 0.2)):
        forward = spot * math.exp(carry * 0.4)
        contract = EuropeanOption(option_type="put", strike=0.95 * forward, expiry=0.4)
        market = FlatMarket(spot=spot, rate=0.0, dividend_yield=-carry)
        values.append(simulator.price(contract, small, market).price / forward)
    assert values[0] == pytest.approx(values[1], rel=1e-9)


@pytest.mark.parametrize(
    ("field", "changes"),
    [
        ("mixing", {"mixing": 1.5}),
        ("particles", {"particles": 1000}),
        ("particles", {"particles": 1500}),
        ("steps", {"steps": 1}),
        ("nodes", {"nodes": 3}),
        ("seed", {"seed": -1}),
        ("horizon", {"horizon": 0.0}),
        ("heston", {"heston": None}),
        ("v0", {"heston": HestonModel(v0=0.0, kappa=1.0, theta=0.04, sigma=0.3, rho=0.0)}),
        ("local", {"local": LocalVolatilityModel.flat(0.0)}),
    ],
)
def test_bad_input_is_refused_by_name(field: str, changes: dict[str, Any], local: LocalVolatilityModel) -> None:
    arguments = {"heston": HESTON, "local": local, "horizon": 0.5, **SMALL, **changes}
    with pytest.raises(InvalidValueError) as error:
        StochasticLocalVolatilityModel.calibrate(**arguments)
    assert error.value.field == field


@pytest.mark.parametrize(
    ("field", "changes"),
    [
        ("edges", {"edges": np.array([0.1, 1.0])}),
        ("spacings", {"spacings": np.zeros(1)}),
        ("values", {"values": np.ones((2, 3))}),
        ("values", {"values": np.full((1, 3), -1.0)}),
        ("edges, starts", {"starts": np.array([np.nan])}),
    ],
)
def test_a_leverage_that_is_none_is_refused(field: str, changes: dict[str, Any]) -> None:
    fields = {"edges": np.array([0.0, 1.0]), "starts": np.zeros(1), "spacings": np.ones(1), "values": np.ones((1, 3))}
    grid = LeverageGrid(**fields)
    assert float(grid.at(0.5, 1.0)) == 1.0
    with pytest.raises(InvalidValueError, match="horizon"):
        grid.at(0.5, 1.1)
    with pytest.raises(InvalidValueError) as error:
        LeverageGrid(**{**fields, **changes})
    assert error.value.field == field


def test_the_regression_meets_lines_and_curves() -> None:
    x = np.random.default_rng(8).normal(size=1 << 16)
    regression = Regression.of(101, x.size)
    inside = np.abs(regression.places) <= 2.5
    middle = np.abs(regression.places) <= 1.5
    for curve in (lambda z: 2.0 + 0.5 * z, lambda z: 1.0 + z * z, np.cosh):
        found = regression.means(x, curve(x))
        assert found.known[inside].all()
        assert not found.known[[0, -1]].any()
        np.testing.assert_allclose(found.values[inside], curve(regression.places[inside]), rtol=2e-2)
        np.testing.assert_allclose(found.values[middle], curve(regression.places[middle]), rtol=2e-3)
    nothing = regression.means(np.zeros(50), np.full(50, 3.0))
    assert not nothing.known.any()
    np.testing.assert_allclose(nothing.values, 3.0)


def test_a_model_read_back_has_the_same_bits(small: StochasticLocalVolatilityModel, tmp_path: Path) -> None:
    document.save(small, tmp_path / "model.json")
    found = document.load(tmp_path / "model.json")
    assert found.heston == small.heston
    assert (found.mixing, found.notes, found.horizon) == (0.7, small.notes, 0.5)
    for name in ("edges", "starts", "spacings", "values"):
        assert np.array_equal(getattr(found.leverage, name), getattr(small.leverage, name))
    assert document.dumps(found) == document.dumps(small)


def test_a_wrong_document_is_refused_by_name(small: StochasticLocalVolatilityModel) -> None:
    good = json.loads(document.dumps(small))
    for name in good:
        with pytest.raises(MalformedFileError, match=name):
            document.loads(json.dumps({key: value for key, value in good.items() if key != name}))
    for name, value in (
        ("format", "else"), ("version", 0), ("heston", 1), ("heston", {**good["heston"], "rho": 2.0}),
        ("mixing", "half"), ("leverage", [[1.0], [1.0, 2.0]]), ("edges", [0.0, None]), ("notes", {}),
    ):  # fmt: skip
        with pytest.raises(MalformedFileError):
            document.loads(json.dumps({**good, name: value}), "a file")
    with pytest.raises(MalformedFileError, match="JSON"):
        document.loads("{")
