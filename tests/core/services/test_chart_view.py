"""Charts: what is drawn is what the feed tells by that moment."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from optionix_core.errors import InvalidValueError, MissingDataError, UnknownNameError
from optionix_core.feeds.recording import record
from optionix_core.feeds.replay import ReplayFeed
from optionix_core.market.clock import ManualClock
from optionix_core.market.intervals import Interval
from optionix_core.portfolio.dividends import CashDividend, declared_event
from optionix_core.services import chart_json, trading
from optionix_core.services.chart_marks import MarkKind
from optionix_core.services.chart_terms import ChartTerms, Range, interval_of, longest, range_of, study_of
from optionix_core.services.chart_view import ChartViewer, of_range
from optionix_core.services.home import HomeFolders
from optionix_core.services.workspace import Workspace
from optionix_core.volatility.realised import realised_volatility

MOMENT = datetime(2026, 1, 5, 15, 0, tzinfo=UTC)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(MOMENT)


@pytest.fixture
def workspace(tmp_path: Path, clock: ManualClock) -> Workspace:
    return Workspace.open(HomeFolders.of(tmp_path), clock=clock, seed=20)


def test_days_end_with_the_running_one_and_know_nothing_of_its_close(workspace: Workspace) -> None:
    viewer = ChartViewer(workspace)
    view = viewer.view(ChartTerms("ORBIT"), MOMENT)
    history = workspace.feed.history("ORBIT", date(2026, 1, 2))
    assert view.bars.starts[-1].date() == date(2026, 1, 5)
    assert view.running
    np.testing.assert_array_equal(view.bars.close[:-1], history.close)
    last = workspace.feed.spot("ORBIT", MOMENT).last
    assert view.bars.close[-1] == pytest.approx(last, abs=0.05)
    assert view.bars.close[-1] != workspace.feed.history("ORBIT", MOMENT.date()).close[-1]
    later = viewer.view(ChartTerms("ORBIT"), MOMENT.replace(hour=22))
    assert not later.running
    assert later.bars.close[-1] == workspace.feed.history("ORBIT", MOMENT.date()).close[-1]


def test_indicators_are_whole_at_the_left_edge_and_realised_volatility_is_that_of_the_engine(
    workspace: Workspace,
) -> None:
    view = ChartViewer(workspace).view(ChartTerms("ORBIT", span=Range.MONTH), MOMENT.replace(hour=22))
    kept = of_range(view)
    assert kept.bars.starts[0].date() == date(2025, 12, 5)
    assert all(np.isfinite(line.values).all() for line in (*kept.indicators.averages, *kept.indicators.volatility))
    history = workspace.feed.history("ORBIT", MOMENT.date())
    for line, name in zip(view.indicators.volatility[1:], ("close-close", "parkinson", "yang-zhang"), strict=True):
        assert line.values[-1] == pytest.approx(realised_volatility(history, 20, name), rel=1e-12)  # type: ignore[arg-type] # names of estimators
    assert view.indicators.volatility[0].values[-1] == history.implied_volatility[-1]


@pytest.mark.parametrize(
    ("interval", "span"),
    [(Interval.WEEK, Range.THREE_YEARS), (Interval.MONTH, Range.ALL), (Interval.YEAR, Range.ALL)],
)
def test_longer_bars_have_the_volatility_of_their_last_day(
    workspace: Workspace, interval: Interval, span: Range
) -> None:
    viewer = ChartViewer(workspace)
    days = viewer.view(ChartTerms("ORBIT"), MOMENT)
    view = viewer.view(ChartTerms("ORBIT", interval, span), MOMENT)
    assert view.bars.close[-1] == days.bars.close[-1]
    assert view.indicators.volatility[1].values[-1] == days.indicators.volatility[1].values[-1]
    assert view.bars.volume.sum() == days.bars.volume.sum()


def test_minutes_go_on_where_they_were_left(workspace: Workspace) -> None:
    viewer = ChartViewer(workspace)
    terms = ChartTerms("ORBIT", Interval.FIVE_MINUTES, Range.DAY)
    first = viewer.view(terms, MOMENT)
    again = viewer.view(terms, MOMENT + timedelta(minutes=13))
    afresh = ChartViewer(workspace).view(terms, MOMENT + timedelta(minutes=13))
    assert again.bars.starts[-40:] == afresh.bars.starts[-40:]
    np.testing.assert_array_equal(again.bars.close[-40:], afresh.bars.close[-40:])
    assert of_range(first).bars.starts[0].date() == MOMENT.date()
    assert "realised and implied volatility" in first.notes[0]
    assert first.indicators.volatility == ()


def test_trades_expiries_and_dividends_are_marked(workspace: Workspace, clock: ManualClock) -> None:
    listed = workspace.feed.expiries("ORBIT", MOMENT)
    chain = workspace.feed.chain("ORBIT", MOMENT, *listed[2]).slices[0]
    symbol = chain.call.symbols[len(chain.strikes) // 2]
    assert symbol is not None
    trading.raise_for_state(trading.submit(workspace, "buy", 2, symbol, None, "one"))
    clock.advance(timedelta(minutes=5))
    trading.raise_for_state(trading.submit(workspace, "sell", 1, symbol, None, "two"))
    dividend = CashDividend(
        "ORBIT", Decimal("0.26"), "USD", date(2026, 1, 9), date(2026, 1, 9), date(2026, 1, 20), "test"
    )
    with workspace.store.writing("declare", 1.0) as log:
        log.append((declared_event(dividend, clock.now()),))
    view = ChartViewer(workspace).view(ChartTerms("ORBIT"), clock.now())
    told = {mark.kind: mark for mark in view.marks}
    assert told[MarkKind.BUY].quantity == 2
    assert told[MarkKind.BUY].words.startswith("bought 2 ORBIT ")
    assert told[MarkKind.SELL].quantity == -1
    fill = trading.submit(workspace, "buy", 2, symbol, None, "one").fills[0]
    assert told[MarkKind.BUY].price == fill.price
    assert told[MarkKind.DIVIDEND].day == date(2026, 1, 9)
    assert {mark.kind for mark in view.marks_at(view.place_now)} == {MarkKind.BUY, MarkKind.SELL}
    expiries = [mark.day for mark in view.marks if mark.kind is MarkKind.EXPIRY]
    assert date(2025, 12, 19) in expiries
    assert date(2026, 1, 16) in expiries
    assert ChartViewer(workspace).view(ChartTerms("TUNDRA"), clock.now()).marks_at(view.place_now) == ()


def test_csv_and_json_hold_the_range_and_null_what_is_not_known(workspace: Workspace) -> None:
    view = ChartViewer(workspace).view(ChartTerms("ORBIT", span=Range.QUARTER), MOMENT)
    document = json.loads(chart_json.encode(view, "json"))
    rows = list(csv.DictReader(io.StringIO(chart_json.encode(view, "csv"))))
    assert len(rows) == len(document["bars"]) == len(view.bars) - view.first
    assert document["bars"][-1]["iv30"] is None
    assert rows[-1]["iv30"] == ""
    assert float(rows[-1]["close"]) == document["bars"][-1]["close"] == view.bars.close[-1]
    assert list(rows[0]) == list(document["bars"][0])
    assert {"sma_20", "sma_50", "upper_20", "rsi_14", "macd_12_26", "yang_zhang_20d"} <= set(rows[0])


def test_what_a_feed_lacks_is_said(tmp_path: Path, clock: ManualClock, feed: Any) -> None:
    with Workspace(HomeFolders.of(tmp_path), clock=clock, feed=feed) as workspace:
        name = workspace.feed.underlyings()[0].symbol
        with pytest.raises(MissingDataError):
            ChartViewer(workspace).view(ChartTerms(name), MOMENT)
        with pytest.raises(MissingDataError, match="tells no bars of 5min"):
            ChartViewer(workspace).view(ChartTerms(name, Interval.FIVE_MINUTES, Range.DAY), MOMENT)


def test_an_underlying_that_is_not_quoted_is_refused(workspace: Workspace) -> None:
    with pytest.raises(UnknownNameError, match="NOPE"):
        ChartViewer(workspace).view(ChartTerms("NOPE"), MOMENT)


def test_terms_out_of_bounds_are_refused_with_their_bound() -> None:
    with pytest.raises(InvalidValueError, match="at most 5d of bars of 1min"):
        ChartTerms("ORBIT", Interval.MINUTE, Range.MONTH)
    with pytest.raises(InvalidValueError, match="range must be at most 1y of bars of 1h"):
        ChartTerms("ORBIT", Interval.HOUR, Range.ALL)
    with pytest.raises(InvalidValueError, match="averages must be windows from 2 to 500"):
        ChartTerms("ORBIT", averages=(1,))
    with pytest.raises(InvalidValueError, match="each once"):
        ChartTerms("ORBIT", averages=(20, 20))
    with pytest.raises(InvalidValueError, match="realised must be from 2"):
        ChartTerms("ORBIT", realised=1)
    with pytest.raises(InvalidValueError, match="width"):
        ChartTerms("ORBIT", width=0.0)
    assert [longest(interval) for interval in (Interval.MINUTE, Interval.HOUR, Interval.DAY)] == [
        Range.WEEK, Range.YEAR, Range.ALL
    ]  # fmt: skip
    for read, name in ((interval_of, "interval"), (range_of, "range"), (study_of, "study")):
        with pytest.raises(UnknownNameError, match=f"unknown {name} 'nope'"):
            read("nope")


def test_a_recording_that_is_played_another_day_shows_its_own_days(
    workspace: Workspace, tmp_path: Path, clock: ManualClock
) -> None:
    path = tmp_path / "one.recording.gz"
    record(
        workspace.feed, path, clock=clock, wait=lambda seconds: clock.advance(timedelta(seconds=seconds)),
        underlyings=("ORBIT",), expiries=1, interval=timedelta(seconds=20), count=6,
    )  # fmt: skip
    played = datetime(2026, 6, 9, 15, 0, tzinfo=UTC)
    feed = ReplayFeed(path, started_at=played)
    later = ManualClock(played + timedelta(minutes=2))
    with Workspace(HomeFolders.of(tmp_path / "other"), clock=later, feed=feed) as other:
        viewer = ChartViewer(other)
        days = viewer.view(ChartTerms("ORBIT", span=Range.MONTH), later.now())
        assert days.bars.starts[-1].date() < date(2026, 1, 6)
        assert len(days.bars) - days.first > 15
        assert any("does not tell the day that is running" in note for note in days.notes)
        minutes = viewer.view(ChartTerms("ORBIT", Interval.MINUTE, Range.DAY), later.now())
        assert minutes.bars.starts[0] == played
        assert minutes.quote is not None
        assert minutes.bars.close[-1] == minutes.quote.last
