"""Price bands of Limit Up-Limit Down, by tier, class and hour, and the reference that they lie around."""

from __future__ import annotations

import json
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optionix_core.errors import InvalidValueError, MissingDataError
from optionix_core.trading import halts, luld_reference
from optionix_core.trading.luld_reference import ReferencePrice

NOON = datetime(2026, 3, 10, 16, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)
cents = st.integers(1, 2_000_00).map(lambda number: Decimal(number).scaleb(-2))
hours = st.integers(0, 390).map(lambda minute: time(9 + (30 + minute) // 60, (30 + minute) % 60))


def bands(reference, close, tier, hour="11:00", close_et="16:00"):
    lower, upper = halts.luld_bands(reference, close, tier, hour, close_et)
    return str(lower), str(upper)


def test_the_published_example_of_a_hundred_dollars() -> None:
    # Solomon Exam Prep 5.13.3: reference 100, 5%, bands 95 and 105.
    assert bands(100, 100, 1) == ("95.00", "105.00")


@pytest.mark.parametrize(
    ("close", "tier", "expected"),
    [
        # LULD Plan, appendix A: 5% and 10% above $3.00, 20% from $0.75 to $3.00 with both edges, else 15 cents or 75%.
        ("3.01", 1, ("9.50", "10.50")),
        ("3.01", 2, ("9.00", "11.00")),
        ("3.00", 1, ("8.00", "12.00")),
        ("3.00", 2, ("8.00", "12.00")),
        ("0.75", 1, ("8.00", "12.00")),
        ("0.75", 2, ("8.00", "12.00")),
        ("0.74", 1, ("9.85", "10.15")),
        ("0.74", 2, ("9.85", "10.15")),
        ("0.7499", 2, ("9.85", "10.15")),
        ("3.0001", 1, ("9.50", "10.50")),
    ],
)
def test_the_class_comes_from_the_previous_close_and_its_edges_are_in_the_middle(close, tier, expected) -> None:
    assert bands(10, close, tier) == expected


def test_the_class_does_not_come_from_the_reference() -> None:
    assert bands("2.00", "3.50", 1) == ("1.90", "2.10")
    assert bands("5.00", "2.50", 1) == ("4.00", "6.00")


@pytest.mark.parametrize(
    ("reference", "expected"),
    [
        # Below $0.75: the lesser of 15 cents and 75%; they meet at 20 cents.
        ("0.60", ("0.45", "0.75")),
        ("0.20", ("0.05", "0.35")),
        ("0.10", ("0.03", "0.18")),
        ("0.04", ("0.01", "0.07")),
    ],
)
def test_the_lowest_class_takes_the_lesser_of_fifteen_cents_and_three_quarters(reference, expected) -> None:
    assert bands(reference, "0.50", 2) == expected


def test_the_lower_band_is_never_negative() -> None:
    assert bands("0.10", "0.50", 1, "15:40") == ("0.00", "0.25")
    assert bands("0.60", "0.50", 1, "15:40") == ("0.30", "0.90")


@pytest.mark.parametrize(
    ("hour", "close_et", "tier", "close", "expected"),
    [
        # Amendment 18 (84 FR 16086, effective 2020-02-24): nothing doubles after the opening.
        ("09:30", "16:00", 1, 50, ("95.00", "105.00")),
        ("09:40", "16:00", 2, 50, ("90.00", "110.00")),
        ("09:44:59", "16:00", 2, 2, ("80.00", "120.00")),
        # The last 25 minutes: tier 1, and tier 2 up to $3.00.
        ("15:34:59", "16:00", 1, 50, ("95.00", "105.00")),
        ("15:35", "16:00", 1, 50, ("90.00", "110.00")),
        ("16:00", "16:00", 1, 50, ("90.00", "110.00")),
        ("15:35", "16:00", 2, 50, ("90.00", "110.00")),
        ("15:35", "16:00", 2, "3.01", ("90.00", "110.00")),
        ("15:35", "16:00", 2, "3.00", ("60.00", "140.00")),
        ("15:35", "16:00", 1, "0.75", ("60.00", "140.00")),
        # An early close at 13:00.
        ("12:34:59", "13:00", 1, 50, ("95.00", "105.00")),
        ("12:35", "13:00", 1, 50, ("90.00", "110.00")),
    ],
)
def test_percentages_double_before_the_close_alone(hour, close_et, tier, close, expected) -> None:
    assert bands(100, close, tier, hour, close_et) == expected


def test_bands_are_rounded_to_the_nearest_cent_half_up() -> None:
    assert bands("33.33", 50, 1) == ("31.66", "35.00")  # 31.6635, 34.9965
    assert bands("100.10", 50, 1) == ("95.10", "105.11")  # 95.095, 105.105
    assert bands(33.33, 50.0, 1) == ("31.66", "35.00")


def test_the_hour_may_be_a_moment() -> None:
    assert bands(100, 50, 1, datetime(2026, 3, 10, 19, 36, tzinfo=UTC)) == ("90.00", "110.00")  # 15:36 in New York
    assert bands(100, 50, 1, time(15, 0)) == ("95.00", "105.00")


@given(cents, cents, st.sampled_from((1, 2)), hours)
@settings(max_examples=200, deadline=None)
def test_bands_enclose_the_reference_and_grow_with_it(reference, close, tier, hour) -> None:
    lower, upper = halts.luld_bands(reference, close, tier, hour)
    assert 0 <= lower <= reference <= upper
    beyond = halts.luld_bands(reference + 1, close, tier, hour)
    assert beyond.lower >= lower
    assert beyond.upper > upper
    doubled = halts.luld_bands(reference, close, tier, "15:59")
    assert doubled.lower <= lower
    assert doubled.upper >= upper


@given(cents, cents, hours)
@settings(max_examples=100, deadline=None)
def test_tier_two_is_never_narrower_by_day(reference, close, hour) -> None:
    if hour < time(15, 35):
        first, second = (halts.luld_bands(reference, close, tier, hour) for tier in (1, 2))
        assert second.lower <= first.lower
        assert second.upper >= first.upper


def test_the_rule_constants_are_those_of_the_reference(shared_reference: Path) -> None:
    rules = json.loads((shared_reference / "trading" / "luld_rules.json").read_text("utf-8"))
    example, percent = rules["example_from_source"], rules["pct"]
    assert halts.luld_bands(example["ref"], example["ref"], 1, "11:00") == tuple(example["band"])
    for tier, name in ((1, "tier1_gt3"), (2, "tier2_gt3")):
        lower, upper = halts.luld_bands(100, 100, tier, "11:00")
        assert upper - 100 == 100 - lower == Decimal(str(percent[name])) * 100
    assert halts.luld_bands(100, 3, 1, "11:00").upper - 100 == Decimal(str(percent["0.75_to_3.00"])) * 100


@pytest.mark.parametrize(
    ("arguments", "field"),
    [
        ((0, 100, 1, "11:00"), "reference_price"),
        ((float("nan"), 100, 1, "11:00"), "reference_price"),
        ((100, -1, 1, "11:00"), "previous_close"),
        ((100, "many", 1, "11:00"), "previous_close"),
        ((100, 100, 3, "11:00"), "tier"),
        ((100, 100, True, "11:00"), "tier"),
        ((100, 100, 1, "09:29:59"), "time_et"),
        ((100, 100, 1, "16:00:01"), "time_et"),
        ((100, 100, 1, "noon"), "time_et"),
        ((100, 100, 1, datetime(2026, 3, 10, 11, 0)), "time_et"),  # noqa: DTZ001 - the naive moment that is refused
        ((100, 100, 1, "11:00", "09:00"), "close_et"),
    ],
)
def test_what_has_no_bands_is_refused_by_name(arguments, field) -> None:
    with pytest.raises(InvalidValueError) as caught:
        halts.luld_bands(*arguments)
    assert caught.value.field == field


def test_the_reference_starts_with_the_opening_print() -> None:
    with pytest.raises(MissingDataError, match="opening price"):
        _ = ReferencePrice().known
    assert luld_reference.opened(100, NOON).known == 100
    assert luld_reference.with_trade(ReferencePrice(), "100.5", NOON).known == Decimal("100.5")


def test_the_reference_stays_while_the_mean_is_within_one_percent() -> None:
    kept = luld_reference.opened(100, NOON)
    kept = luld_reference.with_trade(kept, "101.98", NOON + 40 * SECOND)  # mean 100.99
    assert kept.known == 100
    kept = luld_reference.with_trade(kept, "101.02", NOON + 41 * SECOND)  # mean exactly 101: one percent
    assert kept.known == 101
    assert kept.since == NOON + 41 * SECOND


def test_the_reference_lives_thirty_seconds_at_least() -> None:
    kept = luld_reference.opened(100, NOON)
    kept = luld_reference.with_trade(kept, 110, NOON + 10 * SECOND)
    assert kept.known == 100
    assert luld_reference.at_time(kept, NOON + 29 * SECOND).known == 100
    kept = luld_reference.at_time(kept, NOON + 30 * SECOND)
    assert (kept.known, kept.since) == (105, NOON + 30 * SECOND)
    kept = luld_reference.with_trade(kept, 200, NOON + 59 * SECOND)
    assert kept.known == 105


def test_trades_leave_the_window_after_five_minutes_and_silence_keeps_the_reference() -> None:
    kept = luld_reference.opened(100, NOON)
    kept = luld_reference.with_trade(kept, 102, NOON + 200 * SECOND)
    assert kept.known == 101
    kept = luld_reference.at_time(kept, NOON + 300 * SECOND)  # the opening print is gone: 102 alone, 0.99% away
    assert kept.mean == 102
    assert kept.known == 101
    kept = luld_reference.at_time(kept, NOON + 900 * SECOND)
    assert kept.prints == ()
    assert kept.mean is None
    assert kept.known == 101


def test_a_reopening_print_starts_anew() -> None:
    kept = luld_reference.with_trade(luld_reference.opened(100, NOON), 101, NOON + SECOND)
    kept = luld_reference.opened(90, NOON + 400 * SECOND)
    assert kept.known == 90
    assert len(kept.prints) == 1


def test_time_does_not_run_backwards() -> None:
    kept = luld_reference.opened(100, NOON)
    with pytest.raises(InvalidValueError, match="not before"):
        luld_reference.with_trade(kept, 100, NOON - SECOND)


@given(st.lists(st.tuples(st.integers(0, 60), st.integers(5_000, 15_000)), min_size=1, max_size=60))
@settings(max_examples=60, deadline=None)
def test_the_reference_is_what_the_whole_history_says(steps) -> None:
    kept = luld_reference.opened(100, NOON)
    history = [(NOON, Decimal(100))]
    expected, since, at = Decimal(100), NOON, NOON
    for wait, price in steps:
        at += wait * SECOND
        history.append((at, Decimal(price).scaleb(-2)))
        kept = luld_reference.with_trade(kept, history[-1][1], at)
        window = [paid for when, paid in history if at - timedelta(minutes=5) < when]
        mean = sum(window) / len(window)
        if at - since >= 30 * SECOND and abs(mean / expected - 1) >= Decimal("0.01"):
            expected, since = mean, at
        assert abs(kept.known - expected) < Decimal("1e-9")
        assert kept.since == since
        expected = kept.known
