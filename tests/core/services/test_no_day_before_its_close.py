"""Nothing is told from a day before its session has closed: a feed that ends at a moment gives the same figures."""

from __future__ import annotations

import ast
from dataclasses import fields, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import optionix_core
from optionix_core.errors import InvalidValueError
from optionix_core.feeds.simulated import SimulatedFeed
from optionix_core.market import sessions
from optionix_core.market.clock import ManualClock
from optionix_core.market.protocols import PriceHistory
from optionix_core.services import risk_book, risk_tails, volume_history, watchlist_view, watchlists
from optionix_core.services.chain_view import ChainViewer
from optionix_core.services.daily_history import ended_day
from optionix_core.services.limit_figures import RiskLimitEngine
from optionix_core.services.risk_book import Holding
from optionix_core.services.risk_factors import history_betas, history_factors
from optionix_core.services.risk_history import Histories, history_scenarios
from optionix_core.services.surface_view import SurfaceViewer
from optionix_core.services.watchlists import Column

BEGIN = datetime(2026, 11, 23, tzinfo=UTC)
"""A Monday; Thursday of that week is a holiday, and Friday closes early."""
CLOSE = datetime(2026, 11, 24, 21, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)
MOMENTS = st.integers(0, 8 * 24 * 60).map(lambda minutes: BEGIN + timedelta(minutes=minutes))
DESCRIBING = ("underlying", "source")


class Remembering(SimulatedFeed):
    """The simulated venue, whose histories are made once for all tests."""

    _made: ClassVar[dict[tuple[str, date], PriceHistory]] = {}

    def history(self, underlying, until):
        key = underlying, until
        if key not in self._made:
            self._made[key] = super().history(underlying, until)
        return self._made[key]


class EndsAt(Remembering):
    """The same venue, whose history is not simulated any further than a moment."""

    def __init__(self, end):
        super().__init__()
        self.end = end

    def history(self, underlying, until):
        whole = super().history(underlying, until)
        kept = sum(sessions.session(day).close <= self.end for day in whole.days)
        names = [item.name for item in fields(whole) if item.name not in DESCRIBING]
        return replace(whole, **{name: getattr(whole, name)[:kept] for name in names})


WHOLE = Remembering()


def same(one, two):
    """Whether two answers are equal to the last digit."""
    if isinstance(one, np.ndarray):
        return np.array_equal(one, two, equal_nan=True)
    return one == two


def of_scenarios(found):
    shocks = found.scenarios.shocks("ORBIT")
    return (*found.scenarios.names, *shocks.spot_return.tolist(), *shocks.volatility_return.tolist())


def of_factors(found):
    return (*(factor.deviation for factor in found.factors), *found.correlations.ravel().tolist())


READERS = {
    "scenarios": lambda feed, moment: of_scenarios(history_scenarios(feed, ["ORBIT", "TUNDRA"], moment)),
    "remembered scenarios": lambda feed, moment: of_scenarios(history_scenarios(Histories(feed), ["ORBIT"], moment)),
    "factors": lambda feed, moment: of_factors(history_factors(feed, ["ORBIT", "TUNDRA"], moment)),
    "betas": lambda feed, moment: history_betas(feed, ["TUNDRA"], "ORBIT", moment),
    "limits": lambda feed, moment: RiskLimitEngine()._history(feed, ("ORBIT",), moment).names,
    "chain": lambda feed, moment: ChainViewer(feed).view("ORBIT", moment).history,
}


@pytest.mark.parametrize("reader", READERS)
@given(moment=MOMENTS)
@example(moment=CLOSE - SECOND)
@example(moment=CLOSE)
@settings(max_examples=8, deadline=None)
def test_what_a_reader_is_told_is_known_at_its_moment(reader, moment):
    assert same(READERS[reader](WHOLE, moment), READERS[reader](EndsAt(moment), moment))


@pytest.mark.parametrize("reader", READERS)
def test_a_day_counts_from_its_close_on(reader):
    before, at = (READERS[reader](WHOLE, moment) for moment in (CLOSE - SECOND, CLOSE))
    assert not same(before, at)
    assert same(before, READERS[reader](WHOLE, CLOSE - timedelta(hours=6)))


def test_value_at_risk_and_its_backtest_take_no_close_that_is_to_come():
    moment = CLOSE - timedelta(hours=3)
    holdings = [Holding("TUNDRA", "TUNDRA", 100.0)]
    found = []
    for feed in (WHOLE, EndsAt(moment)):
        built = risk_book.build(holdings, feed, moment, "USD")
        figure = risk_tails.tails(built, feed).estimates[0]
        tested = risk_tails.backtest(built, feed)
        found.append((figure.value_at_risk, figure.expected_shortfall, tested.days, tested.forecasts.pnl.tolist()))
    assert found[0] == found[1]
    assert found[0][2][-1] == "2026-11-23"


def test_a_surface_is_set_beside_days_that_have_ended():
    moment = CLOSE - timedelta(hours=3)
    whole, ended = (SurfaceViewer(feed).view("ORBIT", moment, "svi").past for feed in (WHOLE, EndsAt(moment)))
    assert whole.standing == ended.standing
    assert whole.standing is not None
    for item in fields(whole.cone):
        assert same(getattr(whole.cone, item.name), getattr(ended.cone, item.name))


def test_a_watchlist_tells_the_same_whatever_is_simulated_later(workspace_on):
    moment = CLOSE - timedelta(hours=3)
    told = []
    for feed in (WHOLE, EndsAt(moment)):
        workspace = workspace_on(feed=feed, clock=ManualClock(moment))
        if not told:
            watchlists.create(workspace, "main", ["ORBIT"], list(Column))
        told.append(watchlist_view.view(workspace, watchlists.watchlist(workspace, "main")).rows)
    assert told[0] == told[1]
    history = EndsAt(moment).history("ORBIT", date(2026, 11, 24))
    assert told[0][0].closes[:-1] == tuple(history.close[-watchlist_view.CLOSES :])


def test_a_viewer_that_has_looked_further_tells_an_earlier_moment_as_before():
    viewer = ChainViewer(WHOLE)
    first = viewer.view("ORBIT", CLOSE - SECOND).history
    later = viewer.view("ORBIT", CLOSE).history
    assert (first.until, later.until) == (date(2026, 11, 23), date(2026, 11, 24))
    assert viewer.view("ORBIT", CLOSE - SECOND).history == first


def test_a_volume_curve_leaves_out_a_stretch_that_is_not_over(workspace_on, steady):
    asked = []

    class Counting(steady.SteadyFeed):
        def quote(self, symbol, moment):
            asked.append(moment)
            minutes = int((moment - moment.replace(hour=0, minute=0)) / timedelta(minutes=1))
            return replace(super().quote(symbol, moment), volume=minutes)

    workspace = workspace_on(feed=Counting())
    hours = timedelta(hours=26)
    curve = volume_history.past_curve(
        workspace, steady.CALL, steady.START + hours, steady.START + hours + timedelta(hours=1), 4, 3
    )
    assert curve == pytest.approx([0.25] * 4)
    assert max(asked) <= workspace.clock.now()


def test_days_end_by_the_calendar_of_what_trades():
    sunday = datetime(2026, 11, 22, 12, tzinfo=UTC)
    assert ended_day(sunday, ["BTC"]) == date(2026, 11, 21)
    assert ended_day(sunday, ["ORBIT"]) == date(2026, 11, 20)
    assert ended_day(sunday, ["BTC", "ORBIT"]) == date(2026, 11, 20)
    early = datetime(2026, 11, 27, 18, 0, tzinfo=UTC)
    assert ended_day(early, ["ORBIT"]) == date(2026, 11, 27)
    assert ended_day(early - SECOND, ["ORBIT"]) == date(2026, 11, 25)
    with pytest.raises(InvalidValueError, match="underlyings must be at least one"):
        ended_day(sunday, [])


def test_whoever_asks_a_feed_for_its_history_asks_first_which_day_has_ended():
    """A recording is made of days that ended before it began; `feeds` themselves hand on what they are asked."""
    package = Path(optionix_core.__file__).parent
    places = [package / "services", *(package.parent / name for name in ("optionix_tui", "screens", "config"))]
    asking = set()
    for place in places:
        for file in place.rglob("*.py"):
            tree = ast.parse(file.read_text(encoding="utf-8"))
            calls = [node.func for node in ast.walk(tree) if isinstance(node, ast.Call)]
            names = [
                ast.unparse(func.value)
                for func in calls
                if isinstance(func, ast.Attribute) and func.attr == "history" and "feed" in ast.unparse(func.value)
            ]
            if names:
                asking.add(file.stem)
                text = file.read_text(encoding="utf-8")
                assert "ended_day(" in text or "last_day(" in text, f"{file} asks {names} without ended_day"
    assert {"chain_view", "surface_view", "watchlist_view", "chart_view", "risk_history", "risk_factors"} <= asking
