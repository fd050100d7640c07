"""Volatilities of price and time against exact prices, closed forms of CEV and an independent engine."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from optionix_core.errors import InvalidValueError
from optionix_core.pricing import american, black_scholes
from optionix_core.pricing.contracts import AmericanOption, BarrierOption, EuropeanOption
from optionix_core.pricing.models import CevModel

Priced = Callable[..., Any]


class Timed:
    """From 10% now to 30% in a year."""

    def local_volatility(self, spot: Any, time: Any) -> Any:
        return 0.1 + 0.2 * np.asarray(time) + 0.0 * spot


class Smile:
    """Skewed, and steeper for short times; a smooth surface."""

    def local_volatility(self, spot: Any, time: Any) -> Any:
        x = np.log(np.asarray(spot) / 100.0)
        return 0.2 - 0.1 * np.tanh(x) / (1.0 + np.asarray(time)) + 0.1 * np.tanh(x) ** 2


class Flat:
    def local_volatility(self, spot: Any, time: Any) -> Any:
        return np.full(np.broadcast_shapes(np.shape(spot), np.shape(time)), 0.25)


@pytest.mark.parametrize("strike", [75.0, 100.0, 125.0])
@pytest.mark.parametrize("option_type", ["call", "put"])
def test_a_displaced_lognormal_price_has_its_exact_value(
    priced: Priced, displaced: Any, option_type: str, strike: float
) -> None:
    model = displaced(volatility=0.12, shift=60.0, drift=0.03, spot=100.0)
    contract = EuropeanOption(option_type=option_type, strike=strike, expiry=1.5)
    result = priced(contract, model)
    assert result.price == pytest.approx(model.price(option_type, strike, 1.5, 0.05), abs=2e-5)


def test_the_error_falls_with_the_square_of_the_step(priced: Priced, displaced: Any) -> None:
    model = displaced(volatility=0.12, shift=60.0, drift=0.03, spot=100.0)
    contract = EuropeanOption(option_type="put", strike=100.0, expiry=1.5)
    exact = model.price("put", 100.0, 1.5, 0.05)
    sizes = (100, 200, 400)
    plain = [abs(priced(contract, model, space_points=n, time_steps=n, extrapolate=False).price - exact) for n in sizes]
    best = [abs(priced(contract, model, space_points=n, time_steps=n).price - exact) for n in sizes]
    assert all(1.9 < math.log2(coarse / fine) < 2.1 for coarse, fine in pairwise(plain))
    assert all(math.log2(coarse / fine) > 3.0 for coarse, fine in pairwise(best))


def test_a_volatility_of_time_alone_is_its_root_mean_square(priced: Priced) -> None:
    exact = black_scholes.price("put", 100.0, 105.0, 1.0, 0.05, 0.02, math.sqrt(0.01 + 0.02 + 0.04 / 3.0))
    contract = EuropeanOption(option_type="put", strike=105.0, expiry=1.0)
    assert priced(contract, Timed()).price == pytest.approx(exact, abs=1e-5)


def test_a_flat_volatility_is_black_scholes_for_every_contract(priced: Priced) -> None:
    for contract in (
        EuropeanOption(option_type="call", strike=95.0, expiry=0.7),
        AmericanOption(option_type="put", strike=110.0, expiry=0.7),
        BarrierOption(option_type="call", strike=100.0, expiry=0.7, barrier_type="up-in", barrier=120.0, rebate=1.0),
    ):
        ours, plain = priced(contract, Flat()), priced(contract, 0.25)
        assert ours.price == pytest.approx(plain.price, abs=1e-9)
        assert ours.gamma == pytest.approx(plain.gamma, abs=1e-9)
        assert ours.theta == pytest.approx(plain.theta, abs=1e-7)


@pytest.mark.parametrize(("delta", "beta"), [(20.0 / 100.0**-0.5 / 1000.0, 0.5), (8.0, 0.3), (20.0, 0.0)])
def test_cev_prices_agree_with_noncentral_chi_square(priced: Priced, delta: float, beta: float) -> None:
    model = CevModel(delta=delta, beta=beta)
    for option_type, strike in (("put", 90.0), ("call", 110.0)):
        exact = model.price(option_type, 100.0, strike, 1.0, 0.05, 0.02)
        contract = EuropeanOption(option_type=option_type, strike=strike, expiry=1.0)
        result = priced(contract, model, space_points=400, time_steps=200)
        assert result.price == pytest.approx(exact, abs=2e-5)


def test_american_prices_dominate_european_ones_under_a_smile(priced: Priced) -> None:
    for strike in (80.0, 100.0, 120.0):
        european = priced(EuropeanOption(option_type="put", strike=strike, expiry=1.0), Smile()).price
        option = priced(AmericanOption(option_type="put", strike=strike, expiry=1.0), Smile()).price
        assert option > european + 1e-3
        assert option >= strike - 100.0


@pytest.mark.parametrize("bad", [-0.1, math.nan])
def test_a_volatility_that_is_none_is_an_error_naming_price_and_time(priced: Priced, bad: float) -> None:
    class Bad:
        def local_volatility(self, spot: Any, time: Any) -> Any:
            return np.where(np.asarray(spot) > 110.0, bad, 0.2) + 0.0 * np.asarray(time)

    with pytest.raises(InvalidValueError, match=r"local_volatility must be zero or more.*\(spot .*, time"):
        priced(EuropeanOption(option_type="put", strike=100.0, expiry=1.0), Bad())


def test_an_infinite_volatility_is_refused(priced: Priced) -> None:
    class Endless:
        def local_volatility(self, spot: Any, time: Any) -> Any:
            return np.full(np.broadcast_shapes(np.shape(spot), np.shape(time)), math.inf)

    with pytest.raises(InvalidValueError, match="local_volatility"):
        priced(EuropeanOption(option_type="put", strike=100.0, expiry=1.0), Endless())


def test_an_independent_engine_agrees_under_a_smile(priced: Priced) -> None:
    ql = pytest.importorskip("QuantLib", reason="the peer is an optional dependency")
    expected = quantlib_american(ql, Smile(), points=800, steps=800)
    contract = AmericanOption(option_type="put", strike=105.0, expiry=1.0)
    result = priced(contract, Smile(), space_points=800, time_steps=400)
    assert result.price == pytest.approx(expected, abs=4e-3)  # the peer's tabulated surface and first-order exercise


def quantlib_american(ql: Any, model: Any, points: int, steps: int) -> float:
    """Put of strike 105, one year, rate 5%, yield 2%, local volatility on a fine table."""
    today = ql.Date(2, 1, 2025)
    ql.Settings.instance().evaluationDate = today
    count = ql.Actual365Fixed()
    strikes = np.exp(np.linspace(math.log(15.0), math.log(700.0), 301))
    times = np.linspace(0.0, 1.0, 41)
    matrix = ql.Matrix(len(strikes), len(times))
    for i, strike in enumerate(strikes):
        for j, time in enumerate(times):
            matrix[i][j] = float(model.local_volatility(strike, time))
    surface = ql.FixedLocalVolSurface(today, list(times), list(strikes), matrix, count)
    rate = ql.YieldTermStructureHandle(ql.FlatForward(today, 0.05, count))
    carry = ql.YieldTermStructureHandle(ql.FlatForward(today, 0.02, count))
    black = ql.BlackVolTermStructureHandle(ql.BlackConstantVol(today, ql.NullCalendar(), 0.2, count))
    spot = ql.QuoteHandle(ql.SimpleQuote(100.0))
    local = ql.LocalVolTermStructureHandle(surface)
    process = ql.GeneralizedBlackScholesProcess(spot, carry, rate, black, local)
    expiry = today + ql.Period(365, ql.Days)
    option = ql.VanillaOption(ql.PlainVanillaPayoff(ql.Option.Put, 105.0), ql.AmericanExercise(today, expiry))
    scheme = ql.FdmSchemeDesc.Douglas()
    option.setPricingEngine(ql.FdBlackScholesVanillaEngine(process, steps, points, 0, scheme, True))
    return float(option.NPV())


def test_the_flat_limit_of_a_smile_is_the_boundary_method(priced: Priced) -> None:
    exact = american.price("put", 100.0, 110.0, 0.7, 0.05, 0.02, 0.25, accuracy="high")
    contract = AmericanOption(option_type="put", strike=110.0, expiry=0.7)
    assert priced(contract, Flat(), space_points=800, time_steps=400).price == pytest.approx(exact, abs=2e-5)
