"""Greeks and gradients of Fourier models: closed mixtures, quadrature at 30 digits, differences, limits."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from optionix_core.errors import UnknownNameError
from optionix_core.pricing import black_scholes
from optionix_core.pricing.models.bates import BatesModel
from optionix_core.pricing.models.double_heston import DoubleHestonModel
from optionix_core.pricing.models.heston import HestonModel
from optionix_core.pricing.models.merton import MertonModel
from optionix_core.pricing.models.variance_gamma import VarianceGammaModel

HESTON = HestonModel(v0=0.04, kappa=1.5, theta=0.05, sigma=0.6, rho=-0.7)
JUMPS = {"jump_intensity": 0.5, "jump_mean": -0.1, "jump_volatility": 0.15}
MODELS: list[Any] = [
    HESTON,
    BatesModel(v0=0.04, kappa=1.5, theta=0.05, sigma=0.6, rho=-0.7, **JUMPS),
    MertonModel(volatility=0.2, **JUMPS),
    VarianceGammaModel(volatility=0.2, nu=0.2, theta=-0.15),
    DoubleHestonModel(first=HESTON, second=HestonModel(v0=0.02, kappa=0.5, theta=0.03, sigma=0.3, rho=-0.2)),
]
NAMED = [pytest.param(model, id=type(model).__name__) for model in MODELS]
STRIKES = np.array([70.0, 85.0, 99.0, 100.0, 103.0, 115.0, 140.0])
KINDS = np.array([1, -1, 1, -1, 1, -1, 1])


def slope(function: Callable[[float], Any], place: float, step: float) -> Any:
    """Central difference of sixth order."""
    return (
        sum(
            weight * (function(place + n * step) - function(place - n * step))
            for n, weight in ((1, 0.75), (2, -0.15), (3, 1.0 / 60.0))
        )
        / step
    )


def at_level(model: Any, level: float) -> Any:
    """The model with another volatility now, as the docstring of `greeks` says."""
    if isinstance(model, DoubleHestonModel):
        share = level**2 / (model.first.v0 + model.second.v0)
        return DoubleHestonModel(
            first=dataclasses.replace(model.first, v0=model.first.v0 * share),
            second=dataclasses.replace(model.second, v0=model.second.v0 * share),
        )
    if isinstance(model, HestonModel | BatesModel):
        return dataclasses.replace(model, v0=level**2)
    return dataclasses.replace(model, volatility=level)


@pytest.mark.parametrize("expiry", [0.7, 3.0])
@pytest.mark.parametrize("model", NAMED)
def test_greeks_are_the_slopes_of_prices_and_of_each_other(model: Any, expiry: float) -> None:
    def priced(which: Any = model, **moved: Any) -> Any:
        market = {"spot": 100.0, "strike": STRIKES, "expiry": expiry, "rate": 0.03, "dividend_yield": 0.01} | moved
        return which.greeks(KINDS, *market.values())

    greeks = priced()
    level = model.level_now
    expected = {
        "delta": slope(lambda x: priced(spot=x).price, 100.0, 0.2),
        "gamma": slope(lambda x: priced(spot=x).delta, 100.0, 0.2),
        "speed": slope(lambda x: priced(spot=x).gamma, 100.0, 0.2),
        "theta": -slope(lambda x: priced(expiry=x).price, expiry, 0.004 * expiry),
        "charm": -slope(lambda x: priced(expiry=x).delta, expiry, 0.004 * expiry),
        "rho": slope(lambda x: priced(rate=x).price, 0.03, 1e-3),
        "epsilon": slope(lambda x: priced(dividend_yield=x).price, 0.01, 1e-3),
        "dual_delta": slope(lambda x: priced(strike=STRIKES + x).price, 0.0, 0.2),
        "dual_gamma": slope(lambda x: priced(strike=STRIKES + x).dual_delta, 0.0, 0.2),
        "vega": slope(lambda x: priced(at_level(model, x)).price, level, 1e-3),
        "vanna": slope(lambda x: priced(at_level(model, x)).delta, level, 1e-3),
        "volga": slope(lambda x: priced(at_level(model, x)).vega, level, 1e-3),
    }
    for name, values in expected.items():
        scale = np.abs(values).max()
        np.testing.assert_allclose(getattr(greeks, name), values, rtol=0, atol=3e-8 * scale, err_msg=name)
    np.testing.assert_allclose(greeks.price, model.price(KINDS, 100.0, STRIKES, expiry, 0.03, 0.01), rtol=0, atol=1e-11)


def parameters_of(model: Any) -> dict[str, float]:
    if isinstance(model, DoubleHestonModel):
        return {
            f"{factor}.{field.name}": getattr(getattr(model, factor), field.name)
            for factor in ("first", "second")
            for field in dataclasses.fields(HestonModel)
        }
    return {field.name: getattr(model, field.name) for field in dataclasses.fields(model)}


def replaced(model: Any, name: str, value: float) -> Any:
    if isinstance(model, DoubleHestonModel):
        factor, field = name.split(".")
        return dataclasses.replace(model, **{factor: dataclasses.replace(getattr(model, factor), **{field: value})})
    return dataclasses.replace(model, **{name: value})


@pytest.mark.parametrize("expiry", [1.0 / 365.0, 1.0, 10.0])
@pytest.mark.parametrize("model", NAMED)
def test_the_gradient_is_the_slope_of_prices_in_every_parameter(model: Any, expiry: float) -> None:
    market = (KINDS, 100.0, 100.0 * np.exp((STRIKES / 100.0 - 1.0) * min(1.0, 5.0 * expiry**0.5)), expiry, 0.03, 0.01)
    gradient = model.gradient(*market)
    assert gradient.shape == (len(model.parameter_names), STRIKES.size)
    own = parameters_of(model)
    assert set(model.parameter_names) == set(own)
    for row, name in zip(gradient, model.parameter_names, strict=True):
        step = 0.01 * abs(own[name])
        expected = slope(lambda x, name=name: replaced(model, name, x).price(*market), own[name], step)
        np.testing.assert_allclose(
            row, expected, rtol=0, atol=1e-9 * np.abs(expected).max() + 3e-10 / step, err_msg=name
        )
    quick = model.gradient(*market, tolerance=1e-9)
    np.testing.assert_allclose(quick, gradient, rtol=0, atol=1e-7 * np.abs(gradient).max())
    prices, same = model.price_and_gradient(*market)
    np.testing.assert_array_equal(same, gradient)
    np.testing.assert_allclose(prices, model.price(*market), rtol=0, atol=1e-11)


@pytest.mark.soak
def test_bates_gradient_and_greeks_agree_with_differences_at_thirty_digits(quadrature: Callable[..., float]) -> None:
    fields = {"v0": 0.05, "kappa": 2.0, "theta": 0.04, "sigma": 0.5, "rho": -0.6} | JUMPS
    model = BatesModel(**fields)

    def exact(strike: float = 1.1, expiry: float = 0.5, **moved: float) -> float:
        own = fields | moved
        jumps = (own["jump_intensity"], own["jump_mean"], own["jump_volatility"])
        return quadrature(own["v0"], own["kappa"], own["theta"], own["sigma"], own["rho"], jumps, expiry, strike)

    gradient = model.gradient("call", 1.0, 1.1, 0.5, 0.0, 0.0)
    for row, name in zip(gradient, model.parameter_names, strict=True):
        step = 2e-3 * abs(fields[name])
        expected = (exact(**{name: fields[name] + step}) - exact(**{name: fields[name] - step})) / (2.0 * step)
        assert float(row) == pytest.approx(expected, rel=2e-5, abs=1e-9), name
    greeks = model.greeks("call", 1.0, 1.1, 0.5, 0.0, 0.0)
    up, middle, down = exact(1.1 + 1e-3), exact(), exact(1.1 - 1e-3)
    assert greeks.dual_delta == pytest.approx((up - down) / 2e-3, rel=1e-5)
    assert greeks.dual_gamma == pytest.approx((up - 2.0 * middle + down) / 1e-6, rel=1e-5)
    assert greeks.theta == pytest.approx(-(exact(expiry=0.501) - exact(expiry=0.499)) / 2e-3, rel=1e-5)


def test_merton_greeks_are_the_poisson_mixture_of_black_scholes_greeks() -> None:
    # Merton (1976), eq. 19
    volatility, intensity, mean, spread, expiry, rate = 0.15, 1.3, -0.1, 0.25, 0.75, 0.04
    model = MertonModel(volatility=volatility, jump_intensity=intensity, jump_mean=mean, jump_volatility=spread)
    ours = model.greeks(KINDS, 100.0, STRIKES, expiry, rate, 0.0)
    total = dict.fromkeys(("price", "delta", "gamma", "speed", "vega", "dual_delta", "dual_gamma", "rho"), 0.0)
    weight = np.exp(-intensity * expiry)
    for n in range(60):
        growth = np.exp(-intensity * np.expm1(mean + 0.5 * spread**2) * expiry + n * (mean + 0.5 * spread**2))
        deviation = np.sqrt(volatility**2 + n * spread**2 / expiry)
        plain = black_scholes.greeks(KINDS, 100.0 * growth, STRIKES, expiry, rate, 0.0, deviation)
        factors = {"delta": growth, "gamma": growth**2, "speed": growth**3, "vega": volatility / deviation}
        for name in total:
            total[name] = total[name] + weight * factors.get(name, 1.0) * np.asarray(getattr(plain, name))
        weight *= intensity * expiry / (n + 1)
    for name, values in total.items():
        np.testing.assert_allclose(getattr(ours, name), values, rtol=0, atol=1e-11 * np.abs(values).max(), err_msg=name)


def test_the_density_of_returns_integrates_to_one_and_to_the_forward() -> None:
    """D. Breeden, R. Litzenberger, J. Business 51 (1978) 621."""
    strikes = np.exp(np.linspace(-4.0, 2.0, 1201))
    for model in MODELS:
        density = model.greeks("call", 1.0, strikes, 1.0, 0.0, 0.0, names=("dual_gamma",)).dual_gamma
        assert np.trapezoid(density * strikes, np.log(strikes)) == pytest.approx(1.0, abs=1e-6)
        assert np.trapezoid(density * strikes**2, np.log(strikes)) == pytest.approx(1.0, abs=1e-6)


@pytest.mark.parametrize("model", NAMED)
def test_greeks_obey_homogeneity(model: Any) -> None:
    # prices are homogeneous of degree one in spot and strike: Euler's relations, Merton (1973), theorem 9
    for expiry in (1.0 / 365.0, 0.5, 20.0):
        strikes = 100.0 * np.exp(0.2 * expiry**0.5 * np.linspace(-3.0, 3.0, 13))
        greeks = model.greeks("put", 100.0, strikes, expiry, 0.02, 0.05)
        np.testing.assert_allclose(greeks.delta * 100.0 + greeks.dual_delta * strikes, greeks.price, rtol=0, atol=1e-9)
        np.testing.assert_allclose(greeks.gamma * 1e4, greeks.dual_gamma * strikes**2, rtol=1e-12)
        assert np.all(greeks.gamma >= 0.0)


def test_greeks_without_time_or_variance_are_limits() -> None:
    plain = black_scholes.greeks("call", [90.0, 100.0, 110.0], 100.0, 0.0, 0.05, 0.02, 0.2)
    for model in MODELS[:4]:
        ours = model.greeks("call", [90.0, 100.0, 110.0], 100.0, 0.0, 0.05, 0.02)
        for name in ("price", "delta", "gamma", "theta", "rho", "epsilon", "charm", "dual_delta", "dual_gamma"):
            np.testing.assert_allclose(getattr(ours, name), getattr(plain, name), err_msg=name)
    still = HestonModel(v0=0.0, kappa=1.0, theta=0.0, sigma=0.5, rho=-0.5)
    ours = still.greeks("call", [90.0, 100.0, 110.0], 100.0, 1.0, 0.0, 0.0)
    np.testing.assert_array_equal(ours.delta, [0.0, 0.5, 1.0])
    np.testing.assert_array_equal(np.isnan(ours.vega), [False, True, False])
    assert np.isnan(still.gradient("call", 100.0, 100.0, 1.0, 0.0, 0.0)).all()
    awake = HestonModel(v0=0.0, kappa=1.0, theta=0.04, sigma=0.5, rho=-0.5).greeks("call", 100.0, 100.0, 1.0, 0.0, 0.0)
    assert awake.vega == 0.0
    assert awake.volga > 0.0


def test_a_subset_comes_in_the_order_asked_and_unknown_names_are_refused() -> None:
    some = HESTON.greeks("call", 100.0, STRIKES, 1.0, 0.0, 0.0, names=("vega", "delta"))
    assert some._fields == ("price", "vega", "delta")
    everything = HESTON.greeks("call", 100.0, STRIKES, 1.0, 0.0, 0.0)
    np.testing.assert_array_equal(some.vega, everything.vega)
    assert isinstance(HESTON.greeks("call", 100.0, 100.0, 1.0, 0.0, 0.0).delta, float)
    with pytest.raises(UnknownNameError, match="ultima"):
        HESTON.greeks("call", 100.0, 100.0, 1.0, 0.0, 0.0, names=("ultima",))
