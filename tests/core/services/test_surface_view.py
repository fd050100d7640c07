"""What the volatility screen is given: a fit, its answers, the past, and one expiry in detail."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import numpy as np
import pytest

from optionix_core.errors import MissingDataError
from optionix_core.feeds.simulated import SimulatedFeed
from optionix_core.market.protocols import FeedState
from optionix_core.services import surface_smile
from optionix_core.services.surface_view import SurfaceViewer
from optionix_core.volatility.analysis import percentile, probability_between

MOMENT = datetime(2026, 1, 5, 15, 0, tzinfo=UTC)


class FewExpiries(SimulatedFeed):
    """The simulated feed with the expiries that a test needs, and what it does to them."""

    change = staticmethod(lambda chain: chain)
    without_history = False
    asked = 0

    def chain(self, underlying, moment, expiry=None, root=None):
        chain = super().chain(underlying, moment, expiry, root)
        if expiry is None:
            chain = replace(chain, slices=chain.slices[3:7])
        return self.change(chain)

    def history(self, underlying, until):
        self.asked += 1
        if self.without_history:
            raise MissingDataError(f"no history of {underlying}")
        return super().history(underlying, until)


@pytest.fixture(scope="module")
def feed():
    return FewExpiries(seed=20)


@pytest.fixture(scope="module")
def view(feed):
    return SurfaceViewer(feed).view("ORBIT", MOMENT, "svi")


def test_a_view_says_what_it_is_of(view, feed):
    assert (view.underlying, view.model, view.source, view.state) == ("ORBIT", "svi", "sim", FeedState.SIMULATED)
    assert len(view.summaries) == len(view.found.surface.slices) == 4
    assert view.as_of == MOMENT
    assert view.age(MOMENT + timedelta(seconds=3)) == 3.0
    assert view.age(MOMENT - timedelta(seconds=3)) == 0.0
    assert not view.is_stale(MOMENT + feed.stale_after)
    assert view.is_stale(MOMENT + feed.stale_after + timedelta(seconds=1))
    assert not replace(view, state=FeedState.FILE).is_stale(MOMENT + timedelta(days=900))


def test_the_slice_to_show_is_the_one_chosen_or_near_it(view):
    slices = view.found.surface.slices
    for place, item in enumerate(slices):
        assert view.place(item.expiry, item.root) == view.place(item.expiry, None) == place
        assert view.place(item.expiry + timedelta(days=1), None) == place
    days = [abs(item.years * 365.0 - 30.0) for item in slices]
    assert view.place(None, None) == days.index(min(days))
    assert view.place(date(2001, 1, 1), None) == 0


def test_the_past_is_asked_once_a_day_and_may_be_missing():
    feed = FewExpiries(seed=20)
    viewer = SurfaceViewer(feed)
    first, second = (viewer.view("ORBIT", MOMENT + timedelta(minutes=minute), "ssvi") for minute in (0, 1))
    assert feed.asked == 1
    assert first.past.cone is not None
    assert second.past.standing is not None
    # The standing is of the surface's own 30-day volatility, which lies between the smiles around it.
    levels = [one.at_the_money for one in second.summaries]
    assert min(levels) <= second.past.standing.now <= max(levels)
    feed.without_history = True
    told = SurfaceViewer(feed).view("ORBIT", MOMENT, "ssvi").past
    assert (told.cone, told.standing, told.trouble) == (None, None, ("no history of ORBIT",))


def test_an_underlying_that_cannot_be_fitted_says_why():
    feed = FewExpiries(seed=20)
    feed.change = lambda chain: replace(chain, slices=())
    with pytest.raises(MissingDataError, match="no expiry of ORBIT can be fitted"):
        SurfaceViewer(feed).view("ORBIT", MOMENT, "svi")


def test_the_quotes_of_an_expiry_are_those_of_its_fit(view):
    for place, item in enumerate(view.found.surface.slices):
        quotes = surface_smile.smile_quotes(view.found, place)
        assert len(quotes) == item.metrics.quotes
        assert sum(one.inside for one in quotes) == round(item.metrics.inside_bid_ask * item.metrics.quotes)
        assert all(low.strike < high.strike for low, high in pairwise(quotes))
        for one in quotes:
            assert (one.option_type == "call") == (one.strike >= item.forward)
            assert one.symbol is not None
            assert math.copysign(1.0, one.delta) == (1.0 if one.option_type == "call" else -1.0)
            assert 0.02 <= abs(one.delta) <= 0.6


def test_a_fair_price_is_black_s_at_the_smile(view):
    item = view.found.surface.slices[1]
    for one in surface_smile.smile_quotes(view.found, 1)[::5]:
        root = one.fit_iv * math.sqrt(item.years)
        d1 = math.log(item.forward / one.strike) / root + 0.5 * root
        side = 1.0 if one.option_type == "call" else -1.0

        def normal(x: float) -> float:
            return 0.5 * math.erfc(-x / math.sqrt(2.0))

        price = side * (item.forward * normal(side * d1) - one.strike * normal(side * (d1 - root)))
        assert one.fair == pytest.approx(item.discount_factor * price, rel=1e-10)


def test_a_quote_beyond_the_smile_is_rich_or_cheap_by_what_is_left_of_it():
    quote = surface_smile.SmileQuote(100.0, "call", "X", 1.0, 1.1, 0.2, 0.21, 0.205, 0.19, 0.9, 0.5)
    assert quote.beyond == pytest.approx(0.1)
    assert not quote.inside
    assert quote._replace(fair=1.3).beyond == pytest.approx(-0.2)
    assert quote._replace(fair=1.05).beyond == 0.0
    assert quote._replace(fair=1.05).inside


def test_a_saved_surface_has_a_curve_and_no_quotes(view):
    alone = replace(view.found, solved=None, quotes=())
    assert surface_smile.smile_quotes(alone, 0) == ()
    item = view.found.surface.slices[0]
    curve = surface_smile.smile_curve(alone, 0)
    assert curve[0][0] < item.forward < curve[-1][0]
    strike, volatility = curve[10]
    assert volatility == pytest.approx(float(view.found.surface.implied_volatility(strike, item.years)))


def test_percentiles_are_of_the_surface_s_own_distribution(view):
    told = surface_smile.density_curve(view.found, 2)
    years = view.found.surface.slices[2].years
    assert told.percentiles == tuple(percentile(view.found.surface, surface_smile.SHARES, years).tolist())
    assert list(told.percentiles) == sorted(told.percentiles)
    area = np.trapezoid(told.density, told.level)
    ends = probability_between(view.found.surface, told.level[0], told.level[-1], years)
    assert area == pytest.approx(float(ends), abs=1e-4)
    assert 0.95 < area < 1.0
    assert told.negative == pytest.approx(0.0, abs=1e-9)


def test_the_rows_of_the_map_are_the_surface_at_its_deviations(view):
    rows = surface_smile.heat_rows(view.found)
    assert [row.expiry for row in rows] == [item.expiry for item in view.found.surface.slices]
    for row, item in zip(rows, view.found.surface.slices, strict=True):
        k = np.array(surface_smile.DEVIATIONS) * item.deviation
        told = view.found.surface.implied_volatility(item.forward * np.exp(k), item.years)
        assert row.volatilities == pytest.approx(told.tolist())
