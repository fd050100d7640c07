"""Known parameters come back from prices, whatever they are and from wherever the search begins."""

from __future__ import annotations

import threading

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optionix_core.errors import InterruptedByUserError, InvalidValueError, UnknownNameError
from optionix_core.pricing import black_scholes
from optionix_core.volatility import (
    BatesModel,
    CalibrationEngine,
    DoubleHestonModel,
    HestonModel,
    MertonModel,
    SabrModel,
)
from optionix_core.volatility.calibration import sabr
from optionix_core.volatility.calibration.families import FAMILIES, Family
from optionix_core.volatility.calibration.quotes import of_prices
from optionix_core.volatility.calibration.smiles import FourierSmiles

EXPIRIES = np.array([1.0 / 12.0, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0])[:, None]
SPREAD = np.linspace(-2.0, 1.5, 8)
JUMPS = {"jump_intensity": 0.5, "jump_mean": -0.1, "jump_volatility": 0.15}


def market(model, level, spot=100.0, rate=0.02, dividend_yield=0.01):
    """56 quotes, 8 strikes an expiry, calls above the spot and puts below."""
    strikes = spot * np.exp(level * np.sqrt(EXPIRIES) * SPREAD)
    sides = np.where(strikes >= spot, 1, -1)
    prices = model.price(sides, spot, strikes, EXPIRIES, rate, dividend_yield)
    return spot, strikes, EXPIRIES, sides, prices, rate, dividend_yield


def values_of(result):
    return {one.name: one.value for one in result.parameters}


HESTON = {
    "Feller holds": (0.04, 1.5, 0.06, 0.4, -0.7),
    "Feller violated": (0.04, 1.5, 0.06, 0.9, -0.7),
    "slow, wild, nearly one-sided": (0.09, 0.5, 0.04, 1.0, -0.9),
    "fast and rising": (0.01, 5.0, 0.09, 0.8, -0.3),
    "leaning to the right": (0.04, 2.0, 0.04, 0.3, 0.2),
    "high": (0.2, 1.0, 0.1, 1.5, -0.5),
    "slow and rising": (0.02, 0.3, 0.3, 0.4, -0.6),
}


@pytest.mark.parametrize("name", HESTON)
def test_heston_is_recovered_from_56_quotes_to_six_digits(name):
    v0, kappa, theta, sigma, rho = HESTON[name]
    model = HestonModel(v0=v0, kappa=kappa, theta=theta, sigma=sigma, rho=rho)
    result = CalibrationEngine().heston(*market(model, np.sqrt(0.5 * (v0 + theta))))
    assert isinstance(result.model, HestonModel)
    for field in ("v0", "kappa", "theta", "sigma", "rho"):
        assert getattr(result.model, field) == pytest.approx(getattr(model, field), abs=1e-6)
    assert result.converged
    assert result.rmse_volatility < 1e-9
    assert result.feller is model.feller
    assert any("Feller" in note for note in result.notes) is not model.feller


@settings(max_examples=25, deadline=None, derandomize=True)
@given(
    v0=st.floats(0.005, 0.3), kappa=st.floats(0.2, 8.0), theta=st.floats(0.01, 0.25),
    sigma=st.floats(0.15, 2.0), rho=st.floats(-0.95, 0.4),
)  # fmt: skip
def test_heston_is_recovered_wherever_it_lies(v0, kappa, theta, sigma, rho):
    model = HestonModel(v0=v0, kappa=kappa, theta=theta, sigma=sigma, rho=rho)
    level = float(np.median(model.implied_volatility(100.0, 100.0, EXPIRIES, 0.0, 0.0)))
    result = CalibrationEngine().heston(*market(model, level))
    assert values_of(result) == pytest.approx(
        {"v0": v0, "kappa": kappa, "theta": theta, "sigma": sigma, "rho": rho}, abs=1e-6
    )


def test_a_model_with_jumps_or_two_variances_is_recovered():
    heston = {"v0": 0.04, "kappa": 1.5, "theta": 0.06, "sigma": 0.5, "rho": -0.7}
    for model, name in (
        (BatesModel(**heston, **JUMPS), "bates"),
        (MertonModel(volatility=0.2, **JUMPS), "merton"),
        (MertonModel(volatility=0.15, jump_intensity=0.2, jump_mean=-0.4, jump_volatility=0.2), "merton"),
        (
            DoubleHestonModel(
                first=HestonModel(v0=0.02, kappa=6.0, theta=0.02, sigma=0.6, rho=-0.5),
                second=HestonModel(v0=0.03, kappa=0.5, theta=0.05, sigma=0.4, rho=-0.8),
            ),
            "double_heston",
        ),
    ):
        result = getattr(CalibrationEngine(), name)(*market(model, 0.2))
        known = [float(value) for value in model.full_row[list(model.places)]]
        assert list(values_of(result).values()) == pytest.approx(known, abs=1e-6)
        assert tuple(values_of(result)) == model.parameter_names
        assert result.feller is getattr(model, "feller", None)


@pytest.mark.parametrize(("beta", "alpha", "forward"), [(1.0, 0.2, 100.0), (0.5, 2.0, 100.0), (0.0, 0.01, 0.03)])
def test_sabr_is_recovered_for_a_given_beta(beta, alpha, forward):
    model = SabrModel(alpha=alpha, beta=beta, rho=-0.4, nu=0.7)
    strikes = forward * np.exp(np.linspace(-0.6, 0.5, 11))
    sides = np.where(strikes >= forward, 1, -1)
    prices = model.price(sides, forward, strikes, 0.7, 0.0, 0.0)
    result = CalibrationEngine().sabr(forward, strikes, 0.7, sides, prices, 0.0, 0.0, beta=beta)
    assert result.model.beta == beta
    assert values_of(result) == pytest.approx({"alpha": alpha, "rho": -0.4, "nu": 0.7}, abs=1e-6)
    assert result.notes == ()


def test_one_sabr_model_for_several_expiries_says_so():
    model = SabrModel(alpha=0.2, beta=1.0, rho=-0.4, nu=0.7)
    result = CalibrationEngine().sabr(*market(model, 0.2))
    assert values_of(result) == pytest.approx({"alpha": 0.2, "rho": -0.4, "nu": 0.7}, abs=1e-6)
    assert result.notes[0] == "one SABR model for 7 expiries: its expansion is made for one"


def test_every_expiry_may_have_its_own_forward_and_discount_factor():
    model = HestonModel(v0=0.04, kappa=1.5, theta=0.06, sigma=0.5, rho=-0.7)
    rate, dividend_yield = 0.01 + 0.02 * EXPIRIES, 0.03 - 0.01 * EXPIRIES
    result = CalibrationEngine().heston(*market(model, 0.22, rate=rate, dividend_yield=dividend_yield))
    assert result.model.kappa == pytest.approx(1.5, abs=1e-6)


def test_the_same_quotes_give_the_same_bits_in_any_order():
    model = HestonModel(v0=0.04, kappa=1.5, theta=0.06, sigma=0.5, rho=-0.7)
    quotes = market(model, 0.2)
    noise = 1.0 + 0.01 * np.sin(np.arange(56.0)).reshape(7, 8)
    quotes = (*quotes[:4], quotes[4] * noise, *quotes[5:])
    first, second = CalibrationEngine().heston(*quotes), CalibrationEngine().heston(*quotes)
    assert first.parameters == second.parameters
    assert first.quotes.model_volatility.tobytes() == second.quotes.model_volatility.tobytes()
    shuffled = np.random.default_rng(3).permutation(56)
    columns = (np.broadcast_to(column, (7, 8)).ravel()[shuffled] for column in quotes)
    third = CalibrationEngine().heston(*columns)
    assert values_of(third) == pytest.approx(values_of(first), rel=1e-6)
    assert third.quotes.market_volatility == pytest.approx(first.quotes.market_volatility[shuffled], rel=1e-12)
    assert third.quotes.model_volatility == pytest.approx(first.quotes.model_volatility[shuffled], abs=1e-8)


def test_a_quote_without_weight_has_no_say_and_is_reported():
    model = HestonModel(v0=0.04, kappa=1.5, theta=0.06, sigma=0.5, rho=-0.7)
    spot, strikes, expiries, sides, prices, rate, dividend_yield = market(model, 0.2)
    wrong, weights = prices.copy(), np.ones(prices.shape)
    wrong[2, 3], weights[2, 3] = 1.3 * prices[2, 3], 0.0
    result = CalibrationEngine().heston(spot, strikes, expiries, sides, wrong, rate, dividend_yield, weights)
    assert result.model.kappa == pytest.approx(1.5, abs=1e-6)
    assert result.quotes.error[2 * 8 + 3] < -0.01
    assert result.max_error < 1e-8
    pulled = CalibrationEngine().heston(spot, strikes, expiries, sides, wrong, rate, dividend_yield)
    assert pulled.max_error > 0.01


@pytest.mark.parametrize("name", FAMILIES)
def test_derivatives_are_those_of_the_volatilities(name):
    heston, jumps = (0.04, 1.5, 0.06, 0.5, -0.7), (0.5, -0.1, 0.15)
    values = {
        "heston": heston, "bates": (*heston, *jumps), "merton": (0.2, *jumps),
        "double-heston": (*heston, 0.02, 6.0, 0.02, 0.6, -0.5),
    }[name]  # fmt: skip
    family: Family = FAMILIES[name]
    smiles = FourierSmiles(family, of_prices(*market(family.make(*values), 0.2)))
    _compare_slopes(smiles, np.array(values))


def test_derivatives_of_sabr_are_those_of_its_volatilities_and_the_model_agrees():
    for beta in (0.0, 0.6, 1.0):
        values = np.array([0.2 * 100.0 ** (1.0 - beta), -0.4, 0.7])
        model = SabrModel(alpha=values[0], beta=beta, rho=-0.4, nu=0.7)
        spot, strikes, *rest = market(model, 0.2)
        strikes[3, 4] = 100.0 * np.exp(0.01 * 0.75)  # struck at the forward, where the series is used
        quotes = of_prices(spot, strikes, EXPIRIES, 1, model.price(1, spot, strikes, EXPIRIES, 0.02, 0.01), *rest[-2:])
        smiles = sabr.SabrSmiles(beta, quotes)
        found, _ = smiles.evaluate(values, 0.0)
        assert found == pytest.approx(model.black_volatility(quotes.forward, quotes.strike, quotes.years), rel=1e-12)
        _compare_slopes(smiles, values)


def _compare_slopes(smiles, values):
    _, slopes = smiles.evaluate(values, 1e-12)
    for place, value in enumerate(values):
        step = np.zeros(values.size)
        step[place] = 1e-5 * abs(value)
        above, below = (smiles.evaluate(values + side * step, 1e-12)[0] for side in (1.0, -1.0))
        difference = (above - below) / (2.0 * step[place])
        assert slopes[place] == pytest.approx(difference, abs=2e-6 * np.abs(slopes[place]).max() + 1e-9)


def test_progress_is_told_and_a_cancelled_calibration_stops():
    quotes = market(HestonModel(v0=0.04, kappa=1.5, theta=0.06, sigma=0.5, rho=-0.7), 0.2)
    heard = []
    result = CalibrationEngine().heston(*quotes, progress=lambda done, total: heard.append((done, total)))
    count = len(result.starts)
    assert heard == [(done, count + 1) for done in range(count + 2)]
    asked = threading.Event()

    def stop_later(done: int, _total: int) -> None:
        if done == 1:
            asked.set()

    with pytest.raises(InterruptedByUserError, match="calibration was stopped"):
        CalibrationEngine().heston(*quotes, progress=stop_later, cancel=asked.is_set)


def test_an_unknown_model_or_number_of_starts_is_refused_by_name():
    quotes = of_prices(*market(HestonModel(v0=0.04, kappa=1.5, theta=0.06, sigma=0.5, rho=-0.7), 0.2))
    with pytest.raises(UnknownNameError, match=r"unknown model to calibrate 'cev'; known: heston, bates"):
        CalibrationEngine().fit("cev", quotes)
    for starts in (0, 9, True):
        with pytest.raises(InvalidValueError, match="starts must be from 1 to 8"):
            CalibrationEngine(starts=starts)
    with pytest.raises(InvalidValueError, match=r"beta must be from 0 to 1 \(got 1.5\)"):
        CalibrationEngine().fit("sabr", quotes, 1.5)


def test_flat_prices_calibrate_to_a_flat_model():
    spot, strikes, expiries, sides, _, rate, dividend_yield = market(MertonModel(volatility=0.2, **JUMPS), 0.2)
    prices = black_scholes.price(sides, spot, strikes, expiries, rate, dividend_yield, 0.25)
    result = CalibrationEngine().heston(spot, strikes, expiries, sides, prices, rate, dividend_yield)
    assert result.max_error < 1e-5
    assert result.model.v0 == pytest.approx(0.0625, abs=1e-4)
    assert result.weak_directions
