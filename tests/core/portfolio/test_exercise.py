"""Exercise by exception: thresholds by day and product, contrary instructions, cut-offs."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optionix_core.errors import InvalidValueError, MissingDataError, RefusedError
from optionix_core.portfolio import exercise
from optionix_core.portfolio.exercise_cutoffs import NEW_YORK


@pytest.mark.parametrize(
    ("option_type", "strike", "price", "expected"),
    [
        # OCC Rule 805(d)(2): a cent in the money or more.
        ("call", 100, 100.01, "exercise"),
        ("call", 100, 100.0, "expire"),
        ("call", 100, 99.99, "expire"),
        ("call", 100, "100.0099", "expire"),
        ("put", 50, 49.99, "exercise"),
        ("put", 50, 50.0, "expire"),
        ("put", 50, 50.01, "expire"),
        ("put", 50, 0, "exercise"),
        ("C", Decimal("0.1"), 0.11, "exercise"),  # 0.11 - 0.1 is below a cent in binary
    ],
)
def test_an_equity_option_a_cent_in_the_money_is_exercised(option_type, strike, price, expected) -> None:
    assert exercise.by_exception(option_type, strike, price) == expected


@pytest.mark.parametrize(
    ("price", "on", "expected"),
    [
        # An October 25 call at 25.04 and 25.05 (OCC's notice of the change of 2006-10-21, and Cboe RG08-073).
        ("25.04", None, "exercise"),
        ("25.04", date(2008, 6, 21), "exercise"),
        ("25.04", date(2008, 6, 20), "expire"),
        ("25.04", date(2007, 1, 20), "expire"),
        ("25.05", date(2007, 1, 20), "exercise"),
        ("25.05", date(2006, 10, 21), "exercise"),
        ("25.05", date(2006, 10, 20), "expire"),
        # Release 34-54514: 0.25 for customers from autumn 2004, 0.75 before.
        ("25.25", date(2005, 1, 22), "exercise"),
        ("25.24", date(2005, 1, 22), "expire"),
        ("25.74", date(2004, 1, 17), "expire"),
        ("25.75", date(2004, 1, 17), "exercise"),
    ],
)
def test_the_equity_threshold_is_that_of_the_expiry_date(price, on, expected) -> None:
    assert exercise.by_exception("call", 25, price, on=on) == expected


@pytest.mark.parametrize(
    ("price", "multiplier", "expected"),
    [
        # OCC Rule 1804(c)(1): a dollar per contract, a cent where the multiplier is 1.
        (5000.005, 100, "expire"),
        (5000.01, 100, "exercise"),
        (5000.009, 100, "expire"),
        (5000.1, 10, "exercise"),
        (5000.09, 10, "expire"),
        (5000.01, 1, "exercise"),
        (5000.009, 1, "expire"),
        (4999.0, 1, "expire"),
    ],
)
def test_an_index_option_is_exercised_at_a_dollar_per_contract(price, multiplier, expected) -> None:
    assert exercise.by_exception("call", 5000, price, multiplier=multiplier, settlement="cash") == expected


def test_the_equity_threshold_does_not_look_at_the_multiplier() -> None:
    for multiplier in (1, 10, 100, 150):
        assert exercise.by_exception("call", 100, 100.01, multiplier=multiplier) == "exercise"


def test_a_contrary_instruction_decides() -> None:
    assert exercise.by_exception("call", 100, 110, instruction="expire") == "expire"
    assert exercise.by_exception("call", 100, 99, instruction="exercise") == "exercise"
    assert exercise.by_exception("call", 5000, 5000.005, settlement="cash", instruction="exercise") == "exercise"
    assert exercise.by_exception("put", 5000, 4000, settlement="cash", instruction="expire") == "expire"


@pytest.mark.parametrize(
    ("arguments", "field"),
    [
        ({"settlement_price": 4999, "settlement": "cash", "instruction": "exercise"}, "instruction"),
        ({"settlement_price": 5001, "instruction": "hold"}, "instruction"),
        ({"settlement_price": 5001, "settlement": "coin"}, "settlement"),
        ({"settlement_price": float("nan")}, "settlement_price"),
        ({"settlement_price": -1}, "settlement_price"),
        ({"settlement_price": 5001, "multiplier": 0}, "multiplier"),
        ({"settlement_price": 5001, "option_type": "straddle"}, "option_type"),
        ({"settlement_price": 5001, "strike": "five"}, "strike"),
        ({"settlement_price": 5001, "strike": True}, "strike"),
    ],
)
def test_what_cannot_be_judged_is_refused_by_name(arguments, field) -> None:
    with pytest.raises(InvalidValueError) as caught:
        exercise.by_exception(**({"option_type": "call", "strike": 5000} | arguments))
    assert caught.value.field == field


def test_scalars_of_numpy_count_as_what_they_print() -> None:
    assert exercise.by_exception("call", np.float64(0.1), np.float64(0.11)) == "exercise"
    assert exercise.by_exception("call", np.int64(100), np.float32(100.5)) == "exercise"
    with pytest.raises(InvalidValueError, match="strike"):
        exercise.by_exception("call", np.array([1.0]), 2.0)  # type: ignore[arg-type]


cents = st.integers(0, 20_000).map(lambda number: Decimal(number).scaleb(-2))


@given(st.sampled_from(("call", "put")), cents, cents, st.sampled_from(("physical", "cash")))
@settings(max_examples=150, deadline=None)
def test_one_of_call_and_put_at_most_is_exercised_and_never_out_of_the_money(kind, strike, price, settlement) -> None:
    outcome = exercise.by_exception(kind, strike, price, settlement=settlement)
    inside = price - strike if kind == "call" else strike - price
    assert (outcome == "exercise") == (inside >= Decimal("0.01"))
    other = exercise.by_exception("put" if kind == "call" else "call", strike, price, settlement=settlement)
    assert (outcome, other) != ("exercise", "exercise")


def test_the_cases_of_the_reference_hold(shared_reference: Path) -> None:
    rules = json.loads((shared_reference / "trading" / "exercise_rules.json").read_text("utf-8"))
    assert exercise.threshold() == Decimal(str(rules["equity_ex_by_ex_threshold_usd_per_share"]))
    checked = 0
    for kind, strike, price, _contracts, told in rules["cases"]:
        expected = "expire" if told.startswith("expire") or "no auto-exercise" in told else "exercise"
        cash = kind.startswith("index")
        found = exercise.by_exception(
            "call" if cash else kind, strike, price, settlement="cash" if cash else "physical"
        )
        assert found == expected, told
        checked += 1
    assert checked >= 9
    assert exercise.by_exception("call", 25, 25.04, on=date(2007, 6, 16)) == "expire"


def test_decisions_end_at_1730_and_advices_at_1930() -> None:
    # FINRA Rule 2360(b)(23)(A); Release 34-62711 for the hour of submission.
    hours = exercise.cutoffs("AAPL", date(2026, 3, 20))
    assert hours.decision == hours.broker == datetime(2026, 3, 20, 17, 30, tzinfo=NEW_YORK)
    assert hours.submission == datetime(2026, 3, 20, 19, 30, tzinfo=NEW_YORK)


def test_an_early_close_ends_decisions_an_hour_and_a_half_after_it() -> None:
    # FINRA's notice of 17 November 2025: 14:30 on 28 November 2025, when the close is at 13:00.
    assert exercise.cutoffs("AAPL", date(2025, 11, 28)).decision == datetime(2025, 11, 28, 14, 30, tzinfo=NEW_YORK)


def test_an_expiry_dated_on_a_saturday_or_holiday_is_decided_the_business_day_before() -> None:
    assert exercise.cutoffs("LAMR", date(2015, 1, 17)).decision.date() == date(2015, 1, 16)
    assert exercise.cutoffs("AAPL", date(2014, 4, 19)).decision.date() == date(2014, 4, 17)


def test_a_brokers_hour_may_be_earlier_and_not_later() -> None:
    hours = exercise.cutoffs("AAPL", date(2026, 3, 20), broker_cutoff=time(16, 30))
    assert hours.broker == datetime(2026, 3, 20, 16, 30, tzinfo=NEW_YORK)
    with pytest.raises(InvalidValueError, match="broker_cutoff"):
        exercise.cutoffs("AAPL", date(2026, 3, 20), broker_cutoff=time(17, 31))
    with pytest.raises(InvalidValueError, match="broker_cutoff"):
        exercise.cutoffs("AAPL", date(2025, 11, 28), broker_cutoff=time(16, 30))


def test_cash_settled_roots_have_no_such_hours() -> None:
    with pytest.raises(MissingDataError, match="SPX"):
        exercise.cutoffs("SPX", date(2026, 3, 20))


def test_an_instruction_counts_up_to_the_cut_off_and_not_after() -> None:
    hours = exercise.cutoffs("AAPL", date(2026, 3, 20), broker_cutoff=time(16, 30))
    cut = hours.broker.astimezone(UTC)
    assert exercise.instruction_in_force("expire", cut, hours) == "expire"
    with pytest.raises(RefusedError, match="16:30 New York") as caught:
        exercise.instruction_in_force("expire", cut + timedelta(seconds=1), hours)
    assert caught.value.rule == "exercise-cut-off"
    with pytest.raises(InvalidValueError, match="aware"):
        exercise.instruction_in_force("expire", datetime(2026, 3, 20, 12, 0), hours)  # noqa: DTZ001 - refused
