"""Views of one expiry: what they carry, and what they leave out rather than make up."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest

from optionix_core.errors import MissingDataError, UnknownNameError
from optionix_core.feeds.simulated import SimulatedFeed
from optionix_core.market.protocols import PriceHistory
from optionix_core.services.chain_view import ChainView, ChainViewer, history_figures

MOMENT = datetime(2026, 1, 5, 15, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def viewer() -> ChainViewer:
    return ChainViewer(SimulatedFeed(seed=20))


@pytest.fixture(scope="module")
def view(viewer: ChainViewer) -> ChainView:
    listed = viewer.feed.expiries("ORBIT", MOMENT)
    return viewer.view("ORBIT", MOMENT, *listed[2])


def test_the_same_moment_gives_the_same_view(view: ChainView) -> None:
    again = ChainViewer(SimulatedFeed(seed=20)).view("ORBIT", MOMENT, view.expiry, view.root)
    assert again == view


def test_every_quote_is_solved_or_says_why_not(view: ChainView) -> None:
    sides = [side for row in view.rows for side in row.sides]
    assert any(side.rejected for side in sides)
    for side in sides:
        assert (side.iv is None) is (side.rejected is not None)
        assert (side.delta is None) is (side.iv is None)


def test_nothing_in_a_view_is_nan(view: ChainView) -> None:
    for row in view.rows:
        for side in row.sides:
            assert not any(isinstance(value, float) and math.isnan(value) for value in side)


def test_expected_move_is_forward_times_volatility_times_root_time(view: ChainView) -> None:
    assert view.forward is not None
    assert view.at_the_money_volatility is not None
    assert view.expected_move == pytest.approx(view.forward * view.at_the_money_volatility * math.sqrt(view.years))


def test_forward_spot_rate_and_carry_agree(view: ChainView) -> None:
    assert view.forward is not None
    assert view.spot is not None
    assert view.rate is not None
    assert view.carry is not None
    assert view.forward == pytest.approx(view.spot * math.exp((view.rate - view.carry) * view.years), rel=1e-12)


def test_tabs_count_their_days_as_the_chosen_expiry_does(view: ChainView) -> None:
    chosen = next(tab for tab in view.expiries if (tab.expiry, tab.root) == (view.expiry, view.root))
    assert chosen.days == view.days
    assert [tab.days for tab in view.expiries] == sorted(tab.days for tab in view.expiries)


def test_a_view_ages_and_becomes_stale(view: ChainView) -> None:
    assert not view.is_stale(view.quoted_at)
    assert view.age(view.quoted_at + timedelta(seconds=3)) == 3.0
    assert view.age(view.quoted_at - timedelta(seconds=3)) == 0.0
    assert view.is_stale(view.quoted_at + view.stale_after + timedelta(milliseconds=1))


def test_an_expiry_that_is_not_listed_is_named_with_those_that_are(viewer: ChainViewer) -> None:
    with pytest.raises(UnknownNameError, match="2026-01-06"):
        viewer.view("ORBIT", MOMENT, date(2026, 1, 6))


def test_an_underlying_without_history_has_no_figures_from_it() -> None:
    class Forgetful(SimulatedFeed):
        def history(self, underlying: str, until: date) -> PriceHistory:  # noqa: ARG002 - the protocol's signature
            raise MissingDataError(f"no history of {underlying}")

    view = ChainViewer(Forgetful(seed=20)).view("ORBIT", MOMENT)
    assert view.history.historical_volatility is None
    assert view.history.iv_rank is None


def history(closes: np.ndarray, implied: np.ndarray) -> PriceHistory:
    days = tuple(date(2024, 1, 1) + timedelta(days=place) for place in range(closes.size))
    return PriceHistory("X", "test", days, closes, closes, closes, closes, closes, implied)


def test_hv20_is_the_sample_deviation_of_twenty_log_returns() -> None:
    returns = np.tile([0.01, -0.01], 10)
    closes = 100 * np.exp(np.concatenate([[0.0], np.cumsum(returns)]))
    found = history_figures(history(closes, np.full(21, 0.2)))
    # ten +1% and ten -1%: mean 0, sum of squares 20e-4, over 19, times 252
    assert found.historical_volatility == pytest.approx(math.sqrt(20e-4 / 19 * 252), rel=1e-12)
    assert found.iv_rank is None  # 21 days are not 252


def test_iv_rank_is_the_place_between_lowest_and_highest_of_252_days() -> None:
    implied = np.linspace(0.1, 0.3, 300)
    implied[-1] = 0.25
    found = history_figures(history(np.full(300, 50.0), implied))
    low, high = implied[-252:].min(), implied[-252:].max()
    assert found.iv_rank == pytest.approx((0.25 - low) / (high - low))


def test_one_day_too_few_gives_no_hv20() -> None:
    assert history_figures(history(np.full(20, 50.0), np.full(20, 0.2))).historical_volatility is None


def test_a_rate_is_read_off_the_whole_chain_and_serves_the_shortest_expiry(viewer: ChainViewer) -> None:
    view = viewer.view("ORBIT", MOMENT)
    assert view.rate is not None
    assert view.discount_source is not None
    assert "whole chain" in view.discount_source


def test_the_view_says_where_its_money_is(view: ChainView) -> None:
    assert view.forward is not None
    money = view.at_the_money
    assert money is not None
    assert abs(money - view.forward) == min(abs(row.strike - view.forward) for row in view.rows)
    assert replace(view, forward=None, spot=None).at_the_money is None
