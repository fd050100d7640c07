"""The surface: models fitted to synthetic chains, rules of time, planted arbitrage, quotes beyond it."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest

from optionix_core.errors import InvalidValueError, UnknownNameError
from optionix_core.market.chain import OptionChain
from optionix_core.market.protocols import VolatilityFunction
from optionix_core.volatility import VolatilitySurface
from optionix_core.volatility.solve import solve
from optionix_core.volatility.surface.clock import VarianceClock
from optionix_core.volatility.surface.mispricing import mispricings
from optionix_core.volatility.surface.smiles import FitMetrics, SurfaceSlice
from optionix_core.volatility.surface.surface import MODELS
from optionix_core.volatility.svi import Svi

AS_OF = datetime(2026, 1, 2, 21, 0, tzinfo=UTC)  # a Friday
METRICS = FitMetrics(10, 1.0, 0.0, 0.0)
# A. Vogt's example in J. Gatheral and A. Jacquier, "Arbitrage-free SVI volatility surfaces" (2014), eq. 3.8.
VOGT = Svi(-0.0410, 0.1331, 0.3060, 0.3586, 0.4153)
STRIKES = np.arange(60.0, 141.0, 2.0)


def svi_at(years: float) -> Svi:
    return Svi(0.01 * years, 0.04 * years + 0.02 * np.sqrt(years), -0.5, 0.02, 0.1 + 0.1 * years)


def surface_of(*smiles: tuple[float, Svi], spot: float | None = 100.0, **changes: object) -> VolatilitySurface:
    slices = tuple(
        SurfaceSlice(
            "T", AS_OF.date() + timedelta(days=round(365 * t)), t, 100.0 * np.exp(0.03 * t), np.exp(-0.04 * t), one,
            METRICS,
        )
        for t, one in smiles
    )  # fmt: skip
    return VolatilitySurface("T", AS_OF, "svi", spot, slices, **changes)


@pytest.fixture(scope="module")
def clean(known: Callable, slice_of: Callable, chain_of: Callable) -> OptionChain:
    days = (20.0, 45.0, 90.0, 180.0)
    return chain_of(*(slice_of(known(one, 100.0 + 0.01 * one, 0.03), STRIKES) for one in days), spot=100.0)


@pytest.mark.parametrize("model", MODELS)
def test_each_model_fits_a_clean_chain_and_the_fit_is_measured(
    model: str, clean: OptionChain, true_smile: Callable[[float, float], float]
) -> None:
    surface = VolatilitySurface.fit(clean, model)  # type: ignore[arg-type] # a name out of MODELS
    assert isinstance(surface, VolatilityFunction)
    assert [item.years for item in surface.slices] == pytest.approx([20 / 365, 45 / 365, 90 / 365, 180 / 365])
    assert surface.skipped == ()
    for item in surface.slices:
        assert item.metrics.quotes >= 9
        assert item.metrics.rmse_vol_points <= item.metrics.max_error_vol_points
        if model in {"svi", "spline"}:
            assert item.metrics.inside_bid_ask == 1.0
            assert item.metrics.rmse_vol_points < 0.15
    if model == "sabr":
        return
    report = surface.arbitrage()
    assert not report.found
    assert report.points == 4 * 201
    at_the_money = surface.implied_volatility(surface.forward(0.2), 0.2)
    assert at_the_money == pytest.approx(true_smile(0.0, 0.2), abs=0.01)


def test_svi_gives_the_smile_that_made_the_quotes(clean: OptionChain, true_smile: Callable) -> None:
    surface = VolatilitySurface.fit(solve(clean))
    for item in surface.slices:
        k = np.linspace(-1.5, 1.2, 12) * item.deviation
        found = np.sqrt(surface.total_variance(k, item.years) / item.years)
        np.testing.assert_allclose(found, [true_smile(x, item.years) for x in k], atol=3e-4)


def test_planted_arbitrage_is_found_with_its_price_and_a_clean_surface_has_none() -> None:
    clean = surface_of((0.25, svi_at(0.25)), (0.5, svi_at(0.5)), (1.0, svi_at(1.0)))
    assert not clean.arbitrage().found
    assert clean.arbitrage().minimum_g > 0.0
    bent = surface_of((0.5, svi_at(0.5)), (1.0, VOGT)).arbitrage(deviations=9.0)
    assert bent.minimum_g < -0.03
    assert {point.expiry for point in bent.butterflies} == {1.0}
    assert min(point.log_moneyness for point in bent.butterflies) > 0.6  # figure 1 of the paper
    assert [point.severity for point in bent.butterflies] == sorted(
        (point.severity for point in bent.butterflies), reverse=True
    )
    assert bent.butterflies[-1].severity > 0.0
    crossed = surface_of((0.5, svi_at(1.0)), (1.0, svi_at(0.99))).arbitrage()
    assert not crossed.butterflies
    assert {point.expiry for point in crossed.calendars} == {1.0}
    assert len(crossed.calendars) == 201


def test_the_severity_of_a_calendar_spread_is_the_difference_of_the_options() -> None:
    near, far = Svi(0.04, 0.0, 0.0, 0.0, 0.1), Svi(0.0361, 0.0, 0.0, 0.0, 0.1)
    worst = surface_of((0.5, near), (1.0, far)).arbitrage(points=201).calendars[0]
    # Black's option at the money for a forward of one is 2 N(sigma sqrt(T) / 2) - 1: 0.0796557 and 0.0756812
    assert worst.severity == pytest.approx(100.0 * np.exp(0.03) * (0.07965567 - 0.07568156), rel=2e-2)
    assert abs(worst.log_moneyness) < 0.05


@pytest.mark.parametrize(("field", "change"), [("points", {"points": 2}), ("deviations", {"deviations": 0.0})])
def test_a_grid_that_sees_nothing_is_refused(field: str, change: dict[str, float]) -> None:
    with pytest.raises(InvalidValueError, match=f"^{field} must be"):
        surface_of((1.0, svi_at(1.0))).arbitrage(**change)  # type: ignore[arg-type]


def test_total_variance_is_linear_in_time_and_volatility_is_kept_beyond_the_expiries() -> None:
    surface = surface_of((0.25, svi_at(0.25)), (1.0, svi_at(1.0)))
    k = np.linspace(-0.4, 0.3, 8)
    near, far = svi_at(0.25).total_variance(k), svi_at(1.0).total_variance(k)
    np.testing.assert_allclose(surface.total_variance(k, 0.25), near, rtol=1e-14)
    np.testing.assert_allclose(surface.total_variance(k, 1.0), far, rtol=1e-14)
    np.testing.assert_allclose(surface.total_variance(k, 0.5), near + (far - near) / 3.0, rtol=1e-13)
    np.testing.assert_allclose(surface.total_variance(k, 0.1), 0.4 * near, rtol=1e-13)
    np.testing.assert_allclose(surface.total_variance(k, 3.0), 3.0 * far, rtol=1e-13)
    grid = surface.total_variance(k[:, None], np.array([0.1, 0.5, 3.0]))
    assert grid.shape == (8, 3)
    np.testing.assert_array_equal(grid[:, 1], surface.total_variance(k, 0.5))
    assert surface.total_variance(np.zeros(0), 0.5).shape == (0,)


def test_weekends_and_events_move_variance_between_expiries_only() -> None:
    smiles = ((3.0 / 365.0, svi_at(3.0 / 365.0)), (10.0 / 365.0, svi_at(10.0 / 365.0)))
    plain = surface_of(*smiles)
    clock = VarianceClock(weekend_weight=0.2, events=((date(2026, 1, 7), 3.0),))
    timed = surface_of(*smiles, clock=clock)
    for years, _ in smiles:
        assert timed.total_variance(0.0, years) == pytest.approx(float(plain.total_variance(0.0, years)), rel=1e-13)
    days = clock.time(AS_OF, np.arange(1.0, 11.0) / 365.0) * 365.0
    # From Friday 21:00 UTC: three hours of Friday and 21 of Saturday in the first day
    assert days[0] == pytest.approx(3.0 / 24.0 + 0.2 * 21.0 / 24.0)
    assert days[2] == pytest.approx(3.0 / 24.0 + 2.0 * 0.2 + 21.0 / 24.0)
    assert days[6] - days[5] == pytest.approx(1.0)
    assert days[4] - days[3] == pytest.approx(3.0 / 24.0 + 4.0 * 21.0 / 24.0)  # Tuesday evening to Wednesday evening
    around = timed.total_variance(0.0, np.array([4.0, 5.0]) / 365.0)
    flat = plain.total_variance(0.0, np.array([4.0, 5.0]) / 365.0)
    assert around[1] - around[0] > 1.5 * (flat[1] - flat[0])
    assert VarianceClock().is_calendar
    for changes, name in (({"weekend_weight": 0.0}, "weekend_weight"), ({"events": ((AS_OF.date(), -1.0),)}, "events")):
        with pytest.raises(InvalidValueError, match=f"^{name} must be"):
            VarianceClock(**changes)  # type: ignore[arg-type]


def test_forwards_and_discounts_follow_their_stated_rules() -> None:
    surface = surface_of((0.5, svi_at(0.5)), (1.0, svi_at(1.0)))
    np.testing.assert_allclose(
        surface.forward([0.25, 0.5, 0.8, 2.0]), 100.0 * np.exp(0.03 * np.array([0.25, 0.5, 0.8, 2.0]))
    )
    np.testing.assert_allclose(surface.discount_factor([0.25, 1.0, 2.0]), np.exp(-0.04 * np.array([0.25, 1.0, 2.0])))
    blind = surface_of((0.5, svi_at(0.5)), spot=None)
    np.testing.assert_allclose(blind.forward([0.1, 0.5, 2.0]), 100.0 * np.exp(0.015))


def test_derivatives_are_those_of_total_variance_and_the_density_is_a_distribution() -> None:
    surface = surface_of((0.25, svi_at(0.25)), (1.0, svi_at(1.0)), clock=VarianceClock(weekend_weight=0.5))
    k, step = np.linspace(-0.4, 0.3, 8), 1e-5
    for t in (0.1, 0.6, 1.7):
        point = surface.derivatives(k, t)
        low, high = surface.total_variance(k - step, t), surface.total_variance(k + step, t)
        np.testing.assert_allclose(point.slope, (high - low) / (2.0 * step), rtol=1e-5, atol=1e-8)
        np.testing.assert_allclose(
            point.curve, (high - 2.0 * point.total_variance + low) / step**2, rtol=2e-3, atol=2e-5
        )
        pace = (surface.total_variance(k, t) - surface.total_variance(k, t - 1e-7)) / 1e-7
        np.testing.assert_allclose(point.time_slope, pace, rtol=1e-4)
        strike = surface.forward(t) * np.exp(np.linspace(-9.0, 6.0, 6001))
        density = surface.density(strike, t)
        assert np.trapezoid(density, strike) == pytest.approx(1.0, abs=2e-5)
        assert np.trapezoid(density * strike, strike) == pytest.approx(float(surface.forward(t)), rel=2e-4)


def test_quotes_beyond_the_surface_are_listed_and_no_others(clean: OptionChain) -> None:
    item = clean.slices[1]
    place = int(np.flatnonzero(item.strikes == 90.0)[0])
    bid, ask = item.put.bid.copy(), item.put.ask.copy()
    bid[place] += 0.5
    ask[place] += 0.5
    planted = replace(item, put=replace(item.put, bid=bid, ask=ask))
    solved = solve(replace(clean, slices=(clean.slices[0], planted, *clean.slices[2:])))
    surface = VolatilitySurface.fit(solved)
    (found,) = mispricings(surface, solved, tolerance=0.01)
    assert (found.kind, found.option_type, found.strike, found.expiry) == ("rich", "put", 90.0, item.expiry)
    mid, half = 0.5 * (item.put.bid[place] + item.put.ask[place]), 0.5 * (item.put.ask[place] - item.put.bid[place])
    assert found.fair == pytest.approx(mid, abs=0.02)
    assert found.amount == pytest.approx(0.5 - half, abs=0.02)
    assert mispricings(VolatilitySurface.fit(clean), solve(clean), tolerance=0.01) == ()
    with pytest.raises(InvalidValueError, match=r"^solved\.chain\.as_of must be"):
        mispricings(surface, solve(replace(clean, as_of=clean.as_of + timedelta(hours=1))))
    with pytest.raises(InvalidValueError, match=r"^tolerance must be"):
        mispricings(surface, solved, tolerance=-1.0)
    with pytest.raises(InvalidValueError, match=r"^smallest_delta must be"):
        mispricings(surface, solved, smallest_delta=1.0)


def test_options_of_a_small_delta_are_listed_only_where_asked_for(clean: OptionChain) -> None:
    item = clean.slices[0]
    place = int(np.flatnonzero(item.strikes == 84.0)[0])
    shift = 0.05 * (np.arange(item.strikes.size) == place)
    planted = replace(item, put=replace(item.put, bid=item.put.bid + shift, ask=item.put.ask + shift))
    solved = solve(replace(clean, slices=(planted, *clean.slices[1:])))
    surface = VolatilitySurface.fit(clean)
    (found,) = mispricings(surface, solved, tolerance=0.02, smallest_delta=0.0)
    assert found.strike == 84.0
    root = float(surface.implied_volatility(84.0, surface.years[0])) * np.sqrt(surface.years[0])
    d1 = np.log(surface.slices[0].forward / 84.0) / root + 0.5 * root
    assert found.delta == pytest.approx(-0.5 * math.erfc(d1 / math.sqrt(2.0)), rel=1e-6)
    assert -0.02 < found.delta < 0.0
    assert mispricings(surface, solved, tolerance=0.02) == ()


def test_questions_outside_the_domain_are_named() -> None:
    surface = surface_of((1.0, svi_at(1.0)))
    with pytest.raises(InvalidValueError, match=r"^expiry must be positive and finite .*row 1"):
        surface.total_variance(0.0, [1.0, 0.0])
    with pytest.raises(InvalidValueError, match=r"^strike must be positive and finite"):
        surface.implied_volatility(-1.0, 1.0)
    with pytest.raises(InvalidValueError, match=r"^slices must be at least one"):
        surface_of()
    with pytest.raises(InvalidValueError, match=r"^slices must be of positive, increasing times"):
        surface_of((1.0, svi_at(1.0)), (0.5, svi_at(0.5)))


def test_another_model_is_named_with_those_there_are(clean: OptionChain) -> None:
    with pytest.raises(UnknownNameError, match="'svi2'; known: svi, ssvi, essvi, spline, sabr"):
        VolatilitySurface.fit(clean, "svi2")  # type: ignore[arg-type]
