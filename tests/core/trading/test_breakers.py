"""Configured breakers judge what they are shown, and say so where it is not enough."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optionix_core.errors import InvalidValueError
from optionix_core.trading.breakers import (
    DailyLossBreaker,
    DrawdownBreaker,
    EquityPoint,
    PricePoint,
    QuotePoint,
    SpreadBreaker,
    Verdict,
    VolatilityBreaker,
    VolumeBreaker,
    VolumePoint,
)

NOW = datetime(2026, 3, 10, 16, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def at(minutes_ago: float) -> datetime:
    return NOW - minutes_ago * MINUTE


def prices(*pairs):
    return [PricePoint(at(ago), Decimal(str(price))) for ago, price in pairs]


def quotes(*rows):
    sides = [[None if side is None else Decimal(str(side)) for side in row[1:]] for row in rows]
    return [QuotePoint(at(row[0]), *pair) for row, pair in zip(rows, sides, strict=True)]


def equities(*pairs):
    return [EquityPoint(at(ago), Decimal(str(equity))) for ago, equity in pairs]


def test_volatility_is_the_root_of_squared_log_returns_of_the_window() -> None:
    breaker = VolatilityBreaker(0.1, 5 * MINUTE)
    told = breaker.judge(prices((9, 50), (4, 100), (2, 110), (0, 100)), NOW)
    assert told.rule == "volatility"
    assert told.value == pytest.approx(math.sqrt(2) * math.log(1.1), rel=1e-14)
    assert (told.verdict, told.bound) == (Verdict.TRIPPED, 0.1)
    assert breaker.judge(prices((4, 100), (0, 101)), NOW).verdict is Verdict.CLEAR


def test_a_volatility_of_one_price_is_no_data() -> None:
    told = VolatilityBreaker(0.1, 5 * MINUTE).judge(prices((9, 50), (0, 100)), NOW)
    assert (told.verdict, told.value) == (Verdict.NO_DATA, None)
    assert "1 prices" in told.detail


def test_volume_is_the_sum_of_the_window_and_the_bound_itself_trips() -> None:
    trades = [VolumePoint(at(ago), Decimal(size)) for ago, size in ((6, 500), (5, 400), (4, 60), (0, 40))]
    told = VolumeBreaker(Decimal(100), 5 * MINUTE).judge(trades, NOW)
    assert (told.verdict, told.value) == (Verdict.TRIPPED, 100)
    assert VolumeBreaker(Decimal("100.5"), 5 * MINUTE).judge(trades, NOW).verdict is Verdict.CLEAR
    assert VolumeBreaker(Decimal(1), MINUTE).judge([], NOW).value == 0


def test_a_spread_trips_where_it_stayed_wide_for_the_whole_window() -> None:
    breaker = SpreadBreaker(Decimal("0.10"), 2 * MINUTE)
    wide = quotes((5, "9.5", "10.5"), (1, 9, 11))
    told = breaker.judge(wide, NOW)
    assert (told.verdict, told.value) == (Verdict.TRIPPED, Decimal("0.1"))
    assert breaker.judge([*wide, *quotes((0.5, "9.9", "10.1"))], NOW).verdict is Verdict.CLEAR
    assert breaker.judge(quotes((5, "9.51", "10.49"), (1, 9, 11)), NOW).verdict is Verdict.CLEAR


def test_an_absent_side_is_wide_and_a_crossed_quotation_is_no_data() -> None:
    breaker = SpreadBreaker(Decimal("0.10"), 2 * MINUTE)
    one_sided = breaker.judge(quotes((5, None, 10), (1, 9, None)), NOW)
    assert (one_sided.verdict, one_sided.value) == (Verdict.TRIPPED, Decimal("Infinity"))
    assert breaker.judge(quotes((5, None, 10), (1, 9, 11)), NOW).value == Decimal("0.2")
    for bid, ask in ((11, 10), (10, 10), (0, 10)):
        assert breaker.judge(quotes((5, 9, 11), (1, bid, ask)), NOW).verdict is Verdict.NO_DATA


def test_a_spread_needs_a_quotation_as_old_as_its_window() -> None:
    told = SpreadBreaker(Decimal("0.10"), 2 * MINUTE).judge(quotes((1, 5, 11)), NOW)
    assert told.verdict is Verdict.NO_DATA


def test_a_daily_loss_is_positive_and_trips_at_its_bound() -> None:
    breaker = DailyLossBreaker(Decimal(500))
    told = breaker.judge(Decimal(10_000), Decimal(9_500))
    assert (told.rule, told.verdict, told.value) == ("daily-loss", Verdict.TRIPPED, 500)
    assert breaker.judge(Decimal(10_000), Decimal("9500.01")).verdict is Verdict.CLEAR
    assert breaker.judge(Decimal(10_000), Decimal(11_000)).value == -1000
    assert breaker.judge(None, Decimal(1)).verdict is Verdict.NO_DATA
    assert breaker.judge(Decimal(1), None).verdict is Verdict.NO_DATA


def test_a_drawdown_is_the_fall_from_the_highest_of_the_window() -> None:
    breaker = DrawdownBreaker(Decimal("0.10"), 60 * MINUTE)
    told = breaker.judge(equities((90, 5000), (50, 900), (30, 1000), (10, 950), (0, 900)), NOW)
    assert (told.verdict, told.value) == (Verdict.TRIPPED, Decimal("0.1"))
    assert breaker.judge(equities((30, 1000), (10, 850), (0, "900.01")), NOW).verdict is Verdict.CLEAR
    assert breaker.judge(equities((90, 1000)), NOW).verdict is Verdict.NO_DATA
    assert breaker.judge(equities((1, -5), (0, -6)), NOW).verdict is Verdict.NO_DATA


@given(st.lists(st.integers(1, 10_000), min_size=1, max_size=20), st.integers(1, 99))
@settings(max_examples=100, deadline=None)
def test_a_drawdown_trips_exactly_at_its_share(values, percent) -> None:
    points = [EquityPoint(at(len(values) - row), Decimal(value)) for row, value in enumerate(values)]
    told = DrawdownBreaker(Decimal(percent) / 100, 60 * MINUTE).judge(points, NOW)
    assert (told.verdict is Verdict.TRIPPED) == (100 * (max(values) - values[-1]) >= percent * max(values))


@pytest.mark.parametrize(
    ("make", "field"),
    [
        (lambda: VolatilityBreaker(0.0, MINUTE), "bound"),
        (lambda: VolatilityBreaker(math.nan, MINUTE), "bound"),
        (lambda: VolumeBreaker(Decimal(0), MINUTE), "bound"),
        (lambda: VolumeBreaker(Decimal(1), timedelta(0)), "window"),
        (lambda: SpreadBreaker(Decimal("NaN"), MINUTE), "bound"),
        (lambda: DrawdownBreaker(Decimal(1), -MINUTE), "window"),
        (lambda: DailyLossBreaker(Decimal(-1)), "bound"),
        (lambda: VolatilityBreaker(1.0, MINUTE).judge(prices((0, -1)), NOW), "prices.price"),
        (lambda: VolumeBreaker(Decimal(1), MINUTE).judge([VolumePoint(NOW, Decimal(0))], NOW), "trades.quantity"),
        (lambda: DrawdownBreaker(Decimal(1), MINUTE).judge(equities((0, 1), (1, 1)), NOW), "equities.at"),
        (lambda: DrawdownBreaker(Decimal(1), MINUTE).judge(equities((-1, 1)), NOW), "equities.at"),
    ],
)
def test_what_makes_no_breaker_or_no_history_is_refused(make, field) -> None:
    with pytest.raises(InvalidValueError) as caught:
        make()
    assert caught.value.field == field
