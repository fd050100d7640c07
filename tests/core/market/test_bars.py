"""Bars merged, grouped and made of told prices."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest

from optionix_core.errors import InvalidValueError
from optionix_core.market.bars import Bars, daily, grouped, merged, of_prices
from optionix_core.market.intervals import Interval
from optionix_core.market.protocols import PriceHistory

START = datetime(2026, 1, 5, 14, 30, tzinfo=UTC)


def history(count: int = 300, first: date = date(2025, 1, 1)) -> PriceHistory:
    days = tuple(day for day in (first + timedelta(days=k) for k in range(2 * count)) if day.weekday() < 5)[:count]
    close = 100.0 + np.sin(np.arange(count) / 7.0) * 10.0
    opens = np.concatenate(([100.0], close[:-1]))
    return PriceHistory(
        "ORBIT", "test", days, opens, np.maximum(opens, close) + 1.0, np.minimum(opens, close) - 1.0, close,
        np.arange(1.0, count + 1.0), np.linspace(0.2, 0.3, count),
    )  # fmt: skip


@pytest.mark.parametrize("interval", [Interval.WEEK, Interval.MONTH, Interval.QUARTER, Interval.YEAR])
def test_longer_bars_hold_their_days_and_nothing_else(interval: Interval) -> None:
    days = daily(history())
    found = merged(days, interval)
    assert found.volume.sum() == days.volume.sum()
    assert found.open[0] == days.open[0]
    assert found.close[-1] == days.close[-1]
    assert found.high.max() == days.high.max()
    assert found.low.min() == days.low.min()
    assert found.implied_volatility[-1] == days.implied_volatility[-1]
    np.testing.assert_array_equal(found.open[1:], found.close[:-1])
    assert list(found.starts) == sorted(set(found.starts))


def test_weeks_begin_on_monday_and_months_on_the_first() -> None:
    days = daily(history())
    assert {start.weekday() for start in merged(days, Interval.WEEK).starts} == {0}
    assert {start.day for start in merged(days, Interval.MONTH).starts} == {1}
    assert {start.month for start in merged(days, Interval.QUARTER).starts} <= {1, 4, 7, 10}
    one = merged(days, Interval.MONTH)
    january = [place for place, start in enumerate(days.starts) if start.month == 1 and start.year == 2025]
    assert one.high[0] == days.high[january].max()
    assert one.close[0] == days.close[january[-1]]


def test_what_a_day_lacks_its_week_lacks() -> None:
    told = history()
    told.volume[3] = np.nan
    week = merged(daily(told), Interval.WEEK)
    assert np.isnan(week.volume[(daily(told).starts[3].date() - week.starts[0].date()).days // 7])
    assert np.isfinite(week.volume[5:]).all()


def test_grouped_bars_are_counted_from_the_newest() -> None:
    days = daily(history(10))
    found = grouped(days, 4)
    assert len(found) == 3
    assert found.starts == (days.starts[0], days.starts[2], days.starts[6])
    assert found.close[-1] == days.close[-1]
    assert found.high[-1] == days.high[6:].max()
    assert found.volume.sum() == days.volume.sum()
    assert grouped(days, 1) is days


def test_only_days_are_merged_to_longer_bars() -> None:
    days = daily(history(10))
    with pytest.raises(InvalidValueError, match="1d to 5min"):
        merged(days, Interval.FIVE_MINUTES)
    with pytest.raises(InvalidValueError, match="1w to 1mo"):
        merged(merged(days, Interval.WEEK), Interval.MONTH)
    with pytest.raises(InvalidValueError, match="at least 1"):
        grouped(days, 0)


def told(*rows: tuple[int, float, float | None]) -> Bars:
    moments = tuple((START + timedelta(seconds=second), price, count) for second, price, count in rows)
    return of_prices("ORBIT", "test", Interval.MINUTE, moments)


def test_told_prices_make_bars_where_something_was_told() -> None:
    found = told((0, 10.0, 100.0), (20, 12.0, 110.0), (59, 11.0, 130.0), (180, 9.0, 150.0))
    assert found.starts == (START, START + timedelta(minutes=3))
    assert (found.open[0], found.high[0], found.low[0], found.close[0]) == (10.0, 12.0, 10.0, 11.0)
    assert np.isnan(found.volume[0])  # nobody told what was counted before
    assert found.volume[1] == 20.0


def test_a_count_that_begins_anew_is_no_volume() -> None:
    assert np.isnan(told((0, 10.0, 100.0), (70, 10.0, 5.0)).volume).all()
    assert np.isnan(told((0, 10.0, None), (70, 10.0, 5.0)).volume).all()
    assert len(of_prices("ORBIT", "test", Interval.HOUR, ())) == 0


def test_bars_follow_bars() -> None:
    days = daily(history(10))
    later = days.since(8)
    assert days.followed_by(later).starts == days.starts
    assert days.first(3).starts == days.starts[:3]
    assert days.followed_by(days.since(10)) is days
