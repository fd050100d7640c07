"""Bars within a day, simulated and recorded: what the quotes told, and nothing ahead of its time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from optionix_core.errors import InvalidValueError, UnknownNameError
from optionix_core.feeds.recording import record
from optionix_core.feeds.replay import ReplayFeed
from optionix_core.feeds.simulated import SimulatedFeed
from optionix_core.market import sessions
from optionix_core.market.clock import ManualClock
from optionix_core.market.intervals import Interval
from optionix_core.market.protocols import TellsBars

MOMENT = datetime(2026, 1, 5, 15, 7, 30, tzinfo=UTC)


def test_bars_join_and_end_at_the_moment_they_are_asked_for() -> None:
    feed = SimulatedFeed(20)
    found = feed.bars("ORBIT", Interval.FIVE_MINUTES, MOMENT - timedelta(hours=3), MOMENT)
    assert len(found) == 36
    np.testing.assert_array_equal(found.open[1:], found.close[:-1])
    assert (found.high >= np.maximum(found.open, found.close)).all()
    assert (found.low <= np.minimum(found.open, found.close)).all()
    assert found.close[-1] == feed.settlement_price("ORBIT", MOMENT)
    assert found.starts[-1] == datetime(2026, 1, 5, 15, 5, tzinfo=UTC)


def test_a_bar_that_is_over_does_not_change_and_none_knows_what_comes() -> None:
    feed = SimulatedFeed(20)
    early = feed.bars("ORBIT", Interval.MINUTE, MOMENT - timedelta(minutes=20), MOMENT)
    late = feed.bars("ORBIT", Interval.MINUTE, MOMENT - timedelta(minutes=20), MOMENT + timedelta(minutes=5))
    assert late.starts[: len(early)] == early.starts
    np.testing.assert_array_equal(late.close[: len(early) - 1], early.close[:-1])
    np.testing.assert_array_equal(late.volume[: len(early) - 1], early.volume[:-1])


def test_volume_is_what_the_quotes_count() -> None:
    feed = SimulatedFeed(20)
    midnight = MOMENT.replace(hour=0, minute=0, second=0)
    found = feed.bars("ORBIT", Interval.HOUR, midnight - timedelta(seconds=1), MOMENT)
    counted = feed.spot("ORBIT", MOMENT)
    assert counted.volume is not None
    assert counted.exchange_time is not None
    assert found.volume.sum() == pytest.approx(counted.volume, abs=100 + found.volume.sum() / 1000)


def test_an_exchange_session_has_bars_in_its_hours_alone() -> None:
    feed = SimulatedFeed(20, "exchange")
    found = feed.bars("ORBIT", Interval.HALF_HOUR, MOMENT - timedelta(days=4), MOMENT)
    assert {start.date() for start in found.starts} == {datetime(2026, 1, 2, tzinfo=UTC).date(), MOMENT.date()}
    assert all(sessions.is_open(start + timedelta(seconds=1)) for start in found.starts)


def test_a_day_is_no_interval_within_a_day() -> None:
    with pytest.raises(InvalidValueError, match="shorter than a day"):
        SimulatedFeed(20).bars("ORBIT", Interval.DAY, MOMENT - timedelta(days=3), MOMENT)
    with pytest.raises(UnknownNameError, match="NOPE"):
        SimulatedFeed(20).bars("NOPE", Interval.HOUR, MOMENT - timedelta(days=3), MOMENT)


def test_a_recording_tells_the_prices_that_it_holds(tmp_path: Path) -> None:
    source = SimulatedFeed(20)
    path = tmp_path / "one.recording.gz"
    clock = ManualClock(MOMENT)
    record(
        source,
        path,
        clock=clock,
        wait=lambda seconds: clock.advance(timedelta(seconds=seconds)),
        underlyings=("ORBIT",),
        expiries=1,
        interval=timedelta(seconds=20),
        count=9,
    )
    feed = ReplayFeed(path)
    assert isinstance(feed, TellsBars)
    found = feed.bars("ORBIT", Interval.MINUTE, MOMENT - timedelta(minutes=1), MOMENT + timedelta(minutes=10))
    told = [source.spot("ORBIT", MOMENT + timedelta(seconds=20 * k)).last for k in range(9)]
    assert found.open[0] == told[0]
    assert found.close[-1] == told[-1]
    assert found.high.max() == max(price for price in told if price is not None)
    moved = ReplayFeed(path, started_at=MOMENT + timedelta(days=100))
    assert moved.bars("ORBIT", Interval.MINUTE, MOMENT, MOMENT + timedelta(days=101)).close[-1] == told[-1]
    with pytest.raises(UnknownNameError):
        feed.bars("NOPE", Interval.MINUTE, MOMENT, MOMENT)
