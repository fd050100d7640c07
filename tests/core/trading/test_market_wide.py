"""Market-wide circuit breakers: levels, hours, once a day."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optionix_core.errors import InvalidValueError
from optionix_core.market import sessions
from optionix_core.market.sessions import Session
from optionix_core.trading import halts, market_wide
from optionix_core.trading.eastern import NEW_YORK
from optionix_core.trading.market_wide import MarketPhase, step

DAY = Session(
    date(2026, 3, 10),
    datetime(2026, 3, 10, 13, 30, tzinfo=UTC),
    datetime(2026, 3, 10, 20, 0, tzinfo=UTC),
    early_close=False,
)
SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)


def at(hour: int, minute: int, second: int = 0, day: date = DAY.day) -> datetime:
    return datetime(day.year, day.month, day.day, hour, minute, second, tzinfo=NEW_YORK)


def market() -> market_wide.MarketWideState:
    return market_wide.start(DAY, 1000)


def test_the_levels_of_9_march_2020_are_those_published() -> None:
    # The S&P 500 closed at 2972.37 on 6 March 2020. Published for the day: 2764.30 (Wall Street Journal),
    # 2585.96 and 2377.90 (Bloomberg, 9 March 2020).
    assert halts.market_wide_levels("2972.37") == (Decimal("2764.30"), Decimal("2585.96"), Decimal("2377.90"))
    # The first print at or below level 1 was 2764.21 at 09:34 (Bloomberg).
    assert halts.level_reached(halts.market_wide_levels("2972.37"), "2764.21") == 1
    assert halts.level_reached(halts.market_wide_levels("2972.37"), "2764.31") == 0


def test_that_day_halted_at_0934_for_fifteen_minutes() -> None:
    day = sessions.session(date(2020, 3, 9))
    assert day is not None
    began = at(9, 34, 13, day.day)
    state = step(market_wide.start(day, "2972.37"), began, "2764.21")
    assert (state.phase, state.passed) == (MarketPhase.HALTED, 1)
    assert state.halted_until == began + 15 * MINUTE
    assert step(state, began + 15 * MINUTE, "2764.21").phase is MarketPhase.OPEN


def test_levels_are_exact_decimals_that_fall_in_order() -> None:
    assert [str(level) for level in halts.market_wide_levels(4000)] == ["3720.00", "3480.00", "3200.00"]
    assert str(halts.market_wide_levels(2480.64).level_1) == "2307.00"  # 2306.9952


@pytest.mark.parametrize(
    ("moment", "phase"),
    [
        (at(9, 30), MarketPhase.OPEN),  # after 09:30, not at it
        (at(9, 30, 1), MarketPhase.HALTED),
        (at(15, 25), MarketPhase.HALTED),  # up to and including 15:25
        (at(15, 25, 1), MarketPhase.OPEN),
        (at(16, 0), MarketPhase.OPEN),
    ],
)
@pytest.mark.parametrize("value", [930, 870])
def test_levels_one_and_two_halt_within_their_hours(moment, phase, value) -> None:
    assert step(market(), moment, value).phase is phase


@pytest.mark.parametrize("moment", [at(9, 30, 1), at(15, 25), at(15, 59), at(16, 0)])
def test_level_three_ends_the_day_at_any_time(moment) -> None:
    state = step(market(), moment, 800)
    assert (state.phase, state.halted_at, state.halted_until) == (MarketPhase.HALTED_FOR_THE_DAY, moment, None)
    assert step(state, at(16, 30), 1000).phase is MarketPhase.HALTED_FOR_THE_DAY


def test_an_early_close_moves_the_last_halt_to_1225() -> None:
    day = sessions.session(date(2026, 11, 27))
    assert day is not None
    state = market_wide.start(day, 1000)
    assert step(state, at(12, 25, 0, day.day), 930).phase is MarketPhase.HALTED
    assert step(state, at(12, 25, 1, day.day), 930).phase is MarketPhase.OPEN
    assert step(state, at(12, 59, 0, day.day), 800).phase is MarketPhase.HALTED_FOR_THE_DAY


def test_each_level_halts_once_a_day() -> None:
    state = step(market(), at(10, 0), 930)
    state = step(state, at(10, 15), 925)
    assert state.phase is MarketPhase.OPEN
    state = step(step(state, at(10, 30), 990), at(11, 0), 929)
    assert state.phase is MarketPhase.OPEN
    state = step(state, at(11, 5), 870)
    assert (state.phase, state.passed) == (MarketPhase.HALTED, 2)
    state = step(step(state, at(11, 20), 950), at(12, 0), 860)
    assert state.phase is MarketPhase.OPEN
    assert step(state, at(15, 50), 799).phase is MarketPhase.HALTED_FOR_THE_DAY


def test_a_fall_through_two_levels_is_the_lower_one_and_the_jumped_one_is_passed() -> None:
    state = step(market(), at(10, 0), 869)
    assert (state.phase, state.passed) == (MarketPhase.HALTED, 2)
    assert step(state, at(10, 20), 925).phase is MarketPhase.OPEN


def test_during_a_halt_only_level_three_is_heard() -> None:
    state = step(market(), at(10, 0), 930)
    same = step(state, at(10, 5), 869)
    assert (same.passed, same.halted_until) == (1, state.halted_until)
    assert step(same, at(10, 15), 869).passed == 2
    assert step(state, at(10, 5), 800).phase is MarketPhase.HALTED_FOR_THE_DAY


def test_a_decline_after_the_last_halt_is_not_used_up() -> None:
    state = step(market(), at(15, 30), 930)
    assert (state.phase, state.passed) == (MarketPhase.OPEN, 0)


@pytest.mark.parametrize(
    ("moment", "value", "field"),
    [
        (at(9, 29), 930, "at"),
        (datetime(2026, 3, 10, 15, 0), 930, "at"),  # noqa: DTZ001 - the naive moment that is refused
        (at(10, 0), 0, "index_value"),
        (at(10, 0), float("nan"), "index_value"),
    ],
)
def test_what_cannot_be_is_refused(moment, value, field) -> None:
    with pytest.raises(InvalidValueError) as caught:
        step(market(), moment, value)
    assert caught.value.field == field


def test_a_close_that_is_none_is_refused() -> None:
    with pytest.raises(InvalidValueError, match="prior_close"):
        halts.market_wide_levels(-1)


def test_the_rule_constants_are_those_of_the_reference(shared_reference: Path) -> None:
    rules = json.loads((shared_reference / "trading" / "market_wide_circuit_breaker_rules.json").read_text("utf-8"))
    for level, decline in zip(halts.market_wide_levels(1000), rules["levels"].values(), strict=True):
        assert level == 1000 * (1 - Decimal(str(decline)))
    assert rules["L1_L2_halt_minutes"] * MINUTE == market_wide.HALT


@given(st.integers(1, 10**9))
@settings(max_examples=100, deadline=None)
def test_levels_fall_with_their_number(hundredths) -> None:
    close = Decimal(hundredths).scaleb(-2)
    levels = halts.market_wide_levels(close)
    assert close >= levels.level_1 >= levels.level_2 >= levels.level_3 > 0 or hundredths < 3
    assert all(halts.level_reached(levels, level) >= rank for rank, level in enumerate(levels, 1) if level > 0)


@given(st.lists(st.tuples(st.integers(1, 1800), st.sampled_from((1000, 931, 930, 871, 870, 801, 800))), max_size=40))
@settings(max_examples=200, deadline=None)
def test_no_run_of_the_index_halts_outside_the_rule(run) -> None:
    state, moment, begun = market(), DAY.open, []
    for wait, value in run:
        moment += wait * SECOND
        before, state = state, step(state, moment, value)
        if before.phase is MarketPhase.HALTED_FOR_THE_DAY:
            assert state.phase is MarketPhase.HALTED_FOR_THE_DAY
        if state.phase is MarketPhase.OPEN and before.phase is MarketPhase.HALTED:
            assert before.halted_until is not None
            assert moment >= before.halted_until
        if state.passed > before.passed:
            begun.append(state.passed)
            assert value <= state.levels[state.passed - 1]
            assert state.passed == 3 or moment <= at(15, 25)
    assert begun == sorted(set(begun))
