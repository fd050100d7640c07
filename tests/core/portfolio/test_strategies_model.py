"""Legs before they end: values against the closed form, bounds of calendars, Greeks, probability of profit."""

from __future__ import annotations

import math
import random
from datetime import UTC, date, datetime
from decimal import Decimal

import numpy as np
import pytest
from scipy import integrate, optimize, stats

from optionix_core.errors import DomainError, InvalidValueError, MissingDataError
from optionix_core.portfolio.strategies import model, probability
from optionix_core.portfolio.strategies.building import build
from optionix_core.portfolio.strategies.payoff import at_expiry
from optionix_core.portfolio.strategies.recognition import recognise
from optionix_core.portfolio.strategies.values import Strategy
from optionix_core.pricing import black_scholes
from optionix_core.volatility.surface.smiles import FitMetrics, SurfaceSlice
from optionix_core.volatility.surface.surface import VolatilitySurface
from optionix_core.volatility.svi import Svi

from .strategy_legs import FAR, NEAR, leg

NO_FIT = FitMetrics(0, 0.0, 0.0, 0.0)


def calendar(price: str = "5", *, kind: str = "call") -> Strategy:
    return recognise([leg(f"-1 {kind} 100", "3", expiry=NEAR), leg(f"+1 {kind} 100", price, expiry=FAR)])


def skewed() -> VolatilitySurface:
    """Two expiries with a skew and no arbitrage."""
    slices = tuple(
        SurfaceSlice("X", day, years, 100.0 * math.exp(0.02 * years), math.exp(-0.04 * years),
                     Svi(0.04 * years, 0.1 * years, -0.4, 0.0, 0.2), NO_FIT)
        for day, years in ((NEAR, 0.1), (FAR, 0.2))
    )  # fmt: skip
    return VolatilitySurface("X", datetime(2026, 12, 9, tzinfo=UTC), "svi", 100.0, slices)


def test_the_value_at_the_near_expiry_is_intrinsic_and_what_the_closed_form_says() -> None:
    terms = model.flat_terms(calendar(), 98.0, (0.1, 0.25), (0.3, 0.22), 0.03, 0.01)
    prices = np.array([60.0, 95.0, 100.0, 104.5, 180.0])
    found = model.profit(calendar(), terms, prices, terms.nearest)
    later = np.array([black_scholes.price("call", price, 100.0, 0.15, 0.03, 0.01, 0.22) for price in prices])
    assert found == pytest.approx(100.0 * (later - 5.0 - np.maximum(prices - 100.0, 0.0) + 3.0), abs=1e-9)


def test_the_value_now_is_the_sum_of_prices_and_greeks_are_its_derivatives() -> None:
    condor = build("iron-condor", [Decimal(k) for k in (85, 95, 105, 115)], [NEAR], multiplier=Decimal(100))
    volatilities = (0.31, 0.27, 0.24, 0.22)
    terms = model.flat_terms(condor, 101.0, (0.3,) * 4, volatilities, 0.03, 0.01)
    summed = model.greeks(condor, terms)
    by_hand = sum(
        float(one.quantity) * 100 * black_scholes.price(one.type, 101.0, float(one.strike), 0.3, 0.03, 0.01, sigma)
        for one, sigma in zip(condor.legs, volatilities, strict=True)
    )
    assert summed.value == pytest.approx(by_hand, rel=1e-12)

    def worth(spot: float = 101.0, years: float = 0.3, rate: float = 0.03, more: float = 0.0) -> float:
        changed = model.flat_terms(condor, spot, (years,) * 4, tuple(v + more for v in volatilities), rate, 0.01)
        return model.greeks(condor, changed).value

    step = 1e-3
    assert summed.delta == pytest.approx((worth(101 + step) - worth(101 - step)) / (2 * step), rel=1e-6)
    assert summed.gamma == pytest.approx((worth(101.1) - 2 * worth() + worth(100.9)) / 0.01, rel=1e-4)
    assert summed.vega == pytest.approx((worth(more=1e-5) - worth(more=-1e-5)) / 2e-5, rel=1e-6)
    assert summed.theta == pytest.approx(-(worth(years=0.3 + 1e-5) - worth(years=0.3 - 1e-5)) / 2e-5, rel=1e-6)
    assert summed.rho == pytest.approx((worth(rate=0.03 + 1e-5) - worth(rate=0.03 - 1e-5)) / 2e-5, rel=1e-6)


@pytest.mark.parametrize("kind", ["call", "put"])
def test_a_calendar_s_bounds_and_roots_are_those_of_a_search(kind: str) -> None:
    strategy = calendar(kind=kind)
    terms = model.flat_terms(strategy, 100.0, (0.1, 0.2), (0.25, 0.25), 0.0, 0.0)
    found = model.at_nearest_expiry(strategy, terms)

    def profit(price: float) -> float:
        return float(model.profit(strategy, terms, price, 0.1))

    best = optimize.minimize_scalar(lambda price: -profit(price), bounds=(90, 110), method="bounded")
    assert found.max_gain == pytest.approx(max(-best.fun, profit(100.0)), abs=1e-5)
    assert found.max_loss == pytest.approx(200.0, abs=1e-6)  # the debit: far from the strike both options are alike
    low, high = found.breakevens
    assert (low, high) == (
        pytest.approx(optimize.brentq(profit, 60, 100), abs=1e-8),
        pytest.approx(optimize.brentq(profit, 100, 160), abs=1e-8),
    )
    assert found.profitable == ((low, high),)
    assert all(-200.0 - 1e-9 <= profit(price) <= found.max_gain + 1e-9 for price in np.linspace(1, 400, 500))


def test_more_calls_sold_than_bought_is_an_unbounded_loss_in_the_model_too() -> None:
    strategy = recognise([leg("-2 call 105", "3", expiry=NEAR), leg("+1 call 100", "5", expiry=FAR)])
    terms = model.flat_terms(strategy, 100.0, (0.1, 0.2), (0.25, 0.25), 0.0, 0.0)
    assert strategy.name == "custom"
    assert model.at_nearest_expiry(strategy, terms).max_loss is None
    turned = recognise([one.times(-1) for one in strategy.legs])
    found = model.at_nearest_expiry(turned, terms)
    assert found.max_gain is None
    assert found.profitable[-1][1] is None


def test_a_bought_calendar_at_no_cost_cannot_lose_without_carry() -> None:
    strategy = recognise([leg("-1 call 100", "4", expiry=NEAR), leg("+1 call 100", "4", expiry=FAR)])
    terms = model.flat_terms(strategy, 100.0, (0.1, 0.2), (0.25, 0.25), 0.0, 0.0)
    found = model.at_nearest_expiry(strategy, terms)
    assert found.max_loss == pytest.approx(0.0, abs=1e-9)


def test_a_jelly_roll_and_a_synthetic_obey_parity_at_every_price() -> None:
    roll = build("jelly-roll", [Decimal(100)], [NEAR, FAR], multiplier=Decimal(1))
    priced = recognise([leg(one.label.rsplit(" ", 1)[0], "0", 1, one.expiry) for one in roll.legs])
    terms = model.flat_terms(priced, 100.0, (0.1, 0.1, 0.35, 0.35), (0.2, 0.2, 0.3, 0.3), 0.05, 0.0)
    prices = np.linspace(40.0, 200.0, 17)
    # C - P of the far month is S - K exp(-r t), of the near one S - K: the roll is worth K (1 - exp(-r t)).
    assert model.profit(priced, terms, prices, 0.1) == pytest.approx(100.0 * (1 - math.exp(-0.05 * 0.25)), abs=1e-11)


def test_a_surface_gives_each_leg_its_own_volatility_and_forward() -> None:
    surface = skewed()
    strategy = recognise([leg("-1 put 95", "3", expiry=NEAR), leg("+1 put 90", "4", expiry=FAR)])
    terms = model.surface_terms(strategy, surface, (0.1, 0.2))
    assert strategy.name == "long-put-diagonal"
    for one, strike, years in zip(terms.legs, (95.0, 90.0), (0.1, 0.2), strict=True):
        assert one is not None
        assert one.volatility == pytest.approx(float(surface.implied_volatility(strike, years)))
        assert one.forward == pytest.approx(100.0 * math.exp(0.02 * years))
    later = black_scholes.forward_price("put", 97.0 * math.exp(0.02 * 0.1), 90.0, 0.1, math.exp(-0.04 * 0.1),
                                        terms.legs[1].volatility)  # type: ignore[union-attr] # fmt: skip
    found = float(model.profit(strategy, terms, 97.0, 0.1))
    assert found == pytest.approx(100 * (later - 4.0 + 3.0), abs=1e-9)


def test_the_probability_of_profit_is_the_integral_of_the_smile_s_density_where_profit_is_positive() -> None:
    surface = skewed()
    legs = [leg("+1 put 90", "1"), leg("-1 put 96", "2"), leg("-1 call 104", "2"), leg("+1 call 110", "1")]
    found = at_expiry(recognise(legs))
    stretches = [model.as_interval(*one) for one in found.profitable]
    ((low, high),) = stretches
    by_density, error = integrate.quad(lambda price: float(surface.density(price, 0.1)), low, high, epsabs=1e-12)  # type: ignore[arg-type]
    assert error < 1e-9
    told = probability.from_surface(stretches, surface, 0.1)
    assert told.value == pytest.approx(by_density, abs=1e-9)
    assert told.method == "smile (svi)"
    outside = probability.from_surface([(0.0, low), (high, None)], surface, 0.1)  # type: ignore[list-item, arg-type]
    assert outside.value == pytest.approx(1.0 - told.value, abs=1e-12)


def test_a_flat_volatility_is_lognormal_and_is_named() -> None:
    found = probability.from_flat_volatility([(95.0, 108.0), (120.0, None)], 101.0, 0.25, 0.3)
    law = stats.lognorm(s=0.15, scale=101.0 * math.exp(-0.5 * 0.15**2))
    assert found.value == pytest.approx(law.cdf(108.0) - law.cdf(95.0) + law.sf(120.0), abs=1e-14)
    assert found.method == "flat volatility 0.3"
    assert probability.from_flat_volatility([(0.0, None)], 101.0, 0.25, 0.3).value == 1.0
    assert probability.from_flat_volatility([], 101.0, 0.25, 0.3).value == 0.0
    with pytest.raises(InvalidValueError, match=r"volatility must be positive and finite \(got 0.0\)"):
        probability.from_flat_volatility([(1.0, 2.0)], 101.0, 0.25, 0.0)


def test_what_the_model_cannot_know_is_refused() -> None:
    strategy = calendar()
    terms = model.flat_terms(strategy, 100.0, (0.1, 0.2), (0.25, 0.25), 0.0, 0.0)
    with pytest.raises(InvalidValueError, match="elapsed must be from 0 to the nearest expiry"):
        model.profit(strategy, terms, 100.0, 0.11)
    with pytest.raises(InvalidValueError, match=r"underlying must be positive \(got 0.0\)"):
        model.profit(strategy, terms, [100.0, 0.0], 0.1)
    with pytest.raises(MissingDataError, match="has no volatility"):
        model.flat_terms(strategy, 100.0, (0.1, 0.2), (0.25, None), 0.0, 0.0)
    with pytest.raises(MissingDataError, match="neither expiry nor years"):
        model.flat_terms(strategy, 100.0, (0.1, None), (0.25, 0.25), 0.0, 0.0)
    with pytest.raises(InvalidValueError, match="rate must be finite"):
        model.flat_terms(strategy, 100.0, (0.1, 0.2), (0.25, 0.25), math.nan, 0.0)
    stock = recognise([leg("+1 stock", "100")])
    with pytest.raises(DomainError, match="stock alone never ends"):
        _ = model.flat_terms(stock, 100.0, (None,), (None,), 0.0, 0.0).nearest


@pytest.mark.parametrize("seed", [109, 150, *range(20)])
def test_bounds_and_roots_of_random_legs_are_those_of_a_dense_grid(seed: int) -> None:
    chance = random.Random(seed)
    days, years = (NEAR, date(2027, 1, 22), date(2027, 6, 18)), (0.02, 0.04, 0.45)
    legs = [leg("-1 call 100", "2", expiry=days[0]), leg("+1 put 105", "9", expiry=days[2])]
    for _ in range(chance.randint(1, 4)):
        kind, strike = chance.choice(["call", "put"]), chance.choice([80, 95, 100, 130])
        text = f"{chance.choice([-2, -1, 1, 2])} {kind} {strike}"
        legs.append(leg(text, str(chance.randint(0, 20)), expiry=chance.choice(days)))
    strategy = recognise(legs)
    told = tuple(years[days.index(one.expiry)] for one in strategy.legs)  # type: ignore[arg-type]
    volatilities = tuple(chance.uniform(0.05, 0.6) for _ in strategy.legs)
    terms = model.flat_terms(strategy, 100.0, told, volatilities, chance.choice([0.0, 0.1]), chance.choice([0.0, 0.02]))
    found = model.at_nearest_expiry(strategy, terms)
    grid = np.concatenate([np.linspace(1e-6, 30.0, 1000), np.geomspace(30.0, found.between[1], 30001)])
    values = model.profit(strategy, terms, grid, terms.nearest)
    noise = 1e-9 * float(np.abs(values).max())
    assert found.max_gain is None or -noise <= found.max_gain - values.max() < 0.02 * abs(found.max_gain) + 20.0
    assert found.max_loss is None or -noise <= found.max_loss + values.min() < 0.02 * abs(found.max_loss) + 20.0
    signs = np.sign(values)
    assert np.count_nonzero(signs[1:] * signs[:-1] < 0) == len(found.breakevens)
    assert model.profit(strategy, terms, list(found.breakevens), terms.nearest) == pytest.approx(0.0, abs=1e-6)
