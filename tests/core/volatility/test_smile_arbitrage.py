"""Durrleman's function and the calendar test on functions whose arbitrage is known."""

from __future__ import annotations

import numpy as np
import pytest

from optionix_core.errors import InvalidValueError
from optionix_core.volatility.smile_arbitrage import check_function, durrleman


class Svi:
    """Raw SVI total variance in log-moneyness, the same for all expiries times `growth` (Gatheral 2004)."""

    def __init__(self, a, b, rho, m, sigma, forward=1.0, growth=lambda expiry: expiry):
        self.parameters = (a, b, rho, m, sigma)
        self.forward = forward
        self.growth = growth

    def implied_volatility(self, strike, expiry):
        a, b, rho, m, sigma = self.parameters
        k = np.log(np.asarray(strike, dtype=float) / self.forward)
        variance = a + b * (rho * (k - m) + np.sqrt((k - m) ** 2 + sigma**2))
        return np.sqrt(variance * self.growth(expiry) / expiry)


class Flat:
    def implied_volatility(self, strike, expiry):
        return np.full(np.broadcast(strike, expiry).shape, 0.2)


def test_a_flat_smile_has_a_g_of_one():
    k = np.linspace(-1.0, 1.0, 21)
    assert durrleman(Flat(), k, 0.5, 100.0) == pytest.approx(np.ones(21), abs=1e-10)


def test_vogts_slice_has_a_butterfly_arbitrage_and_its_place_is_known():
    # Axel Vogt's parameters, Gatheral & Jacquier 2014, example 3.1; the minimum is that of g by exact derivatives
    vogt = Svi(-0.0410, 0.1331, 0.3060, 0.3586, 0.4153)
    report = check_function(vogt, [1.0], [1.0], deviations=12.0, points=1201)
    assert report.found
    assert report.minimum_g == pytest.approx(-0.0329, abs=5e-4)
    places = [one.log_moneyness for one in report.butterflies]
    assert min(places) > 0.6
    assert max(places) < 1.4
    assert report.butterflies[0].severity > 0.0
    assert report.calendars == ()


def test_g_agrees_with_its_exact_derivatives_on_svi():
    a, b, rho, m, sigma = -0.0410, 0.1331, 0.3060, 0.3586, 0.4153
    k = np.linspace(-1.0, 1.5, 51)
    root = np.sqrt((k - m) ** 2 + sigma**2)
    w = a + b * (rho * (k - m) + root)
    slope = b * (rho + (k - m) / root)
    curve = b * sigma**2 / root**3
    exact = (1.0 - 0.5 * k * slope / w) ** 2 - 0.25 * slope**2 * (1.0 / w + 0.25) + 0.5 * curve
    assert durrleman(Svi(a, b, rho, m, sigma), k, 1.0, 1.0) == pytest.approx(exact, abs=1e-7)


def test_a_tame_slice_is_found_clean_across_expiries():
    tame = Svi(0.02, 0.06, -0.5, 0.02, 0.15, forward=100.0)
    report = check_function(tame, [0.02, 0.1, 0.5, 1.0, 2.0], [100.0] * 5)
    assert not report.found
    assert report.minimum_g > 0.0
    assert report.points == 5 * 401


def test_total_variance_that_falls_is_a_calendar_arbitrage():
    falling = Svi(0.02, 0.06, -0.5, 0.02, 0.15, forward=100.0, growth=lambda expiry: 1.0 - 0.1 * expiry)
    report = check_function(falling, [0.5, 1.0], [100.0, 100.0])
    assert {one.expiry for one in report.calendars} == {1.0}
    assert len(report.calendars) == 401
    assert all(one.severity > 0.0 for one in report.calendars)


def test_questions_that_mean_nothing_are_refused():
    with pytest.raises(InvalidValueError, match="expiries must be positive and increasing"):
        check_function(Flat(), [1.0, 0.5], [1.0, 1.0])
    with pytest.raises(InvalidValueError, match="forwards must be positive"):
        check_function(Flat(), [1.0], [0.0])
    with pytest.raises(InvalidValueError, match="points must be at least 5"):
        check_function(Flat(), [1.0], [1.0], points=4)

    class Negative:
        def implied_volatility(self, strike, expiry):
            return np.full(np.broadcast(strike, expiry).shape, -0.1)

    with pytest.raises(InvalidValueError, match="implied_volatility must be positive and finite"):
        check_function(Negative(), [1.0], [1.0])
