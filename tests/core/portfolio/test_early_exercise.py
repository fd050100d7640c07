"""Early exercise by comparison with the American price, and the calendar of what expires."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optionix_core.errors import InvalidValueError
from optionix_core.market import instrument
from optionix_core.portfolio import exercise
from optionix_core.portfolio.expiry_calendar import ExpiryMarket, probability_in_the_money
from optionix_core.pricing import american, black_scholes
from optionix_core.pricing.dividends import CashDividends

NOW = datetime(2026, 3, 10, 15, 0, tzinfo=UTC)


def test_a_call_is_exercised_where_the_dividend_beats_interest_and_put() -> None:
    # Interest on 90 at 3% over a month is 0.225, the put after the dividend costs cents: 2 is more, 0.2 is less.
    rich = exercise.advise_early_exercise("call", 110, 90, 1 / 12, 0.03, 0.2, dividend=2.0)
    assert rich.exercise
    assert rich.rule_of_thumb
    assert rich.exercise_value == 20
    assert rich.interest == pytest.approx(90 * (1 - math.exp(-0.03 / 12)), rel=1e-14)
    poor = exercise.advise_early_exercise("call", 110, 90, 1 / 12, 0.03, 0.2, dividend=0.2)
    assert not poor.exercise
    assert not poor.rule_of_thumb


@given(
    st.floats(101, 140),
    st.floats(0.02, 1.0),
    st.floats(0.0, 0.08),
    st.floats(0.1, 0.6),
    st.floats(0.05, 6.0),
)
@settings(max_examples=40, deadline=None)
def test_the_traders_rule_is_the_exact_comparison_for_a_last_dividend(spot, expiry, rate, volatility, dividend) -> None:
    told = exercise.advise_early_exercise("call", spot, 100, expiry, rate, volatility, dividend=dividend)
    # Put-call parity after the dividend: exercise less holding is dividend less interest less put.
    assert told.gain == pytest.approx(told.dividend - told.interest - told.other_side, abs=1e-6)
    if abs(told.gain) > 1e-5:
        assert told.exercise == told.rule_of_thumb == (told.gain > 0)


def test_a_call_without_a_dividend_is_held_whatever_the_rate() -> None:
    for rate in (0.0, 0.05):
        assert not exercise.advise_early_exercise("call", 300, 100, 0.1, rate, 0.2).exercise


def test_later_dividends_leave_more_to_wait_for() -> None:
    alone = exercise.advise_early_exercise("call", 120, 100, 0.5, 0.03, 0.25, dividend=2.5)
    again = exercise.advise_early_exercise(
        "call", 120, 100, 0.5, 0.03, 0.25, dividend=2.5, later_dividends=CashDividends([0.25], [2.5])
    )
    assert again.hold_value < alone.hold_value
    assert again.rule_of_thumb is None


def test_a_put_is_exercised_below_its_boundary_and_held_above() -> None:
    boundary = american.exercise_boundary("put", 100, 0.5, 0.05, 0.0, 0.25, times=[0.5]).upper[0]
    assert exercise.advise_early_exercise("put", boundary - 0.5, 100, 0.5, 0.05, 0.25).exercise
    assert not exercise.advise_early_exercise("put", boundary + 0.5, 100, 0.5, 0.05, 0.25).exercise
    waits = exercise.advise_early_exercise("put", boundary - 0.5, 100, 0.5, 0.05, 0.25, dividend=1.0)
    assert not waits.exercise
    assert waits.gain <= -1.0


@pytest.mark.parametrize(
    ("arguments", "field"),
    [
        (("call", 90, 100, 0.5, 0.03, 0.2), "spot"),
        (("put", 110, 100, 0.5, 0.03, 0.2), "spot"),
        (("call", 110, 100, 0.5, 0.03, 0.2, 110.0), "dividend"),
        (("call", 110, 100, 0.5, 0.03, 0.2, -1.0), "dividend"),
        (("call", 110, 100, 0.5, 0.03, -0.2), "volatility"),
    ],
)
def test_advice_on_nothing_is_refused(arguments, field) -> None:
    with pytest.raises(InvalidValueError) as caught:
        exercise.advise_early_exercise(*arguments)
    assert caught.value.field == field


def test_the_chance_is_that_of_the_lognormal_law_and_names_itself() -> None:
    item = instrument("AAPL  260619C00200000")
    market = ExpiryMarket(210.0, 0.04, 0.01, 0.3)
    years = (item.expires_at - NOW) / timedelta(days=365)
    d2 = (math.log(210 / 200) + (0.04 - 0.01 - 0.045) * years) / (0.3 * math.sqrt(years))
    normal = 0.5 * math.erfc(-d2 / math.sqrt(2))
    assert probability_in_the_money(item, NOW, market) == pytest.approx(normal, rel=1e-12)
    delta = black_scholes.greeks("call", 210, 200, years, 0.04, 0.01, 0.3, names=("delta",)).delta
    assert probability_in_the_money(item, NOW, market, "delta") == pytest.approx(delta, rel=1e-12)
    put = instrument("AAPL  260619P00200000")
    assert probability_in_the_money(put, NOW, market) == pytest.approx(1 - normal, rel=1e-12)


def test_a_calendar_shows_what_expires_when_and_what_of_it_may_be_assigned() -> None:
    short_call, long_put = instrument("AAPL  260320C00200000"), instrument("AAPL  260320P00200000")
    index, later = instrument("SPX   260320C05000000"), instrument("AAPL  260619C00200000")
    gone = instrument("AAPL  260306C00200000")
    market = ExpiryMarket(220.0, 0.04, 0.0, 0.3, dividend=1.5, ex_date=date(2026, 3, 13))
    book = [(later, Decimal(-2)), (short_call, Decimal(-3)), (long_put, Decimal(1)), (index, Decimal(-1))]
    entries = exercise.expiry_calendar(
        [*book, (gone, Decimal(-1)), (long_put, Decimal(0))],
        NOW,
        {short_call.symbol: market, long_put.symbol: market},
    )
    assert [entry.symbol for entry in entries] == [index.symbol, short_call.symbol, long_put.symbol, later.symbol]
    am, call, put, far = entries
    assert am.last_trade < am.settles_at
    assert (am.decision_by, am.probability, am.expected_assigned) == (None, None, None)
    assert call.measure == "N(d2)"
    assert call.probability is not None
    assert call.expected_assigned == pytest.approx(3 * call.probability)
    assert call.decision_by == exercise.cutoffs("AAPL", date(2026, 3, 20)).decision
    assert call.before_dividend is not None
    assert call.before_dividend.exercise
    assert put.expected_assigned == 0.0
    assert put.before_dividend is None
    assert far.probability is None


def test_a_dividend_after_expiry_or_out_of_the_money_is_no_risk() -> None:
    item = instrument("AAPL  260320C00200000")
    for spot, ex_date in ((220.0, date(2026, 3, 27)), (190.0, date(2026, 3, 13)), (220.0, date(2026, 3, 10))):
        market = ExpiryMarket(spot, 0.04, 0.0, 0.3, dividend=1.5, ex_date=ex_date)
        (entry,) = exercise.expiry_calendar([(item, Decimal(-1))], NOW, {item.symbol: market})
        assert entry.before_dividend is None


def test_coins_have_their_place_in_the_calendar() -> None:
    coin = instrument("BTC-27MAR26-100000-C")
    (entry,) = exercise.expiry_calendar([(coin, Decimal(-1))], NOW, {})
    assert entry.settles_at == datetime(2026, 3, 27, 8, 0, tzinfo=UTC)
    assert entry.decision_by is None


def test_a_calendar_of_no_time_or_no_measure_is_refused() -> None:
    with pytest.raises(InvalidValueError, match="now"):
        exercise.expiry_calendar([], datetime(2026, 3, 10), {})  # noqa: DTZ001 - the naive moment that is refused
    with pytest.raises(InvalidValueError, match="measure"):
        exercise.expiry_calendar([], NOW, {}, measure="gamma")  # type: ignore[arg-type]
