"""Sessions agree with exchange_calendars day by day, and with dates that history fixed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optionix_core.errors import InvalidValueError, MissingDataError, UnknownNameError
from optionix_core.market import sessions

NEW_YORK = ZoneInfo("America/New_York")


def days(first: date, last: date) -> Iterator[date]:
    return (first + timedelta(days=step) for step in range((last - first).days + 1))


# exchange_calendars 4.13 calls pandas in a way that pandas 3.1 announces to change.
@pytest.mark.filterwarnings("ignore:Series.values:DeprecationWarning")
@pytest.mark.parametrize("exchange", ["XNYS", "XCBF"])
def test_every_day_from_2015_to_2027_agrees_with_exchange_calendars(exchange: str) -> None:
    import exchange_calendars

    calendar = exchange_calendars.get_calendar(exchange, start="2014-12-01", end="2028-02-01")
    opens = {moment.date(): start.to_pydatetime() for moment, start in calendar.opens.items()}
    closes = {moment.date(): stop.to_pydatetime() for moment, stop in calendar.closes.items()}
    early = {moment.date() for moment in calendar.early_closes}
    checked = 0
    for day in days(date(2015, 1, 1), date(2027, 12, 31)):
        found = sessions.session(day, exchange)
        expected = None if day not in opens else (day, opens[day], closes[day], day in early)
        assert found == expected
        checked += found is not None
    assert checked == sum(2015 <= day.year <= 2027 for day in opens) > 3200


@pytest.mark.parametrize(
    ("day", "reason"),
    [
        (date(2015, 4, 3), "Good Friday"),
        (date(2018, 12, 5), "national day of mourning for G. H. W. Bush"),
        (date(2021, 12, 24), "Christmas observed"),
        (date(2022, 6, 20), "first Juneteenth, observed"),
        (date(2023, 6, 19), "Juneteenth"),
        (date(2025, 1, 9), "national day of mourning for J. Carter"),
        (date(2025, 4, 18), "Good Friday"),
        (date(2026, 6, 19), "Juneteenth"),
        (date(2026, 7, 3), "Independence Day observed"),
        (date(2027, 6, 18), "Juneteenth observed"),
        (date(2027, 3, 26), "Good Friday"),
        (date(2024, 12, 25), "Christmas"),
        (date(2024, 12, 28), "a Saturday"),
    ],
)
def test_closed_days(day: date, reason: str) -> None:
    assert sessions.session(day) is None, reason


@pytest.mark.parametrize(
    ("day", "reason"),
    [
        (date(2021, 6, 18), "Juneteenth was no exchange holiday before 2022"),
        (date(2021, 12, 31), "New Year's Day on a Saturday is not observed on the Friday"),
        (date(2018, 12, 4), "the day before the day of mourning"),
    ],
)
def test_days_that_look_like_holidays_but_trade(day: date, reason: str) -> None:
    assert sessions.session(day) is not None, reason


@pytest.mark.parametrize(
    "day",
    [
        date(2015, 11, 27),  # the day after Thanksgiving
        date(2018, 7, 3),  # the day before Independence Day
        date(2018, 12, 24),  # Christmas Eve
        date(2023, 11, 24),
        date(2024, 7, 3),
        date(2025, 12, 24),
        date(2026, 11, 27),
    ],
)
def test_early_closes_are_at_one_in_new_york(day: date) -> None:
    found = sessions.session(day)
    assert found is not None
    assert found.early_close
    assert found.close.astimezone(NEW_YORK).strftime("%H:%M") == "13:00"


@pytest.mark.parametrize("day", [date(2023, 3, 10), date(2023, 3, 13), date(2023, 11, 3), date(2023, 11, 6)])
def test_hours_are_new_york_hours_on_both_sides_of_a_clock_change(day: date) -> None:
    found = sessions.session(day)
    assert found is not None
    assert not found.early_close
    assert found.open.astimezone(NEW_YORK).strftime("%H:%M") == "09:30"
    assert found.close.astimezone(NEW_YORK).strftime("%H:%M") == "16:00"


def test_the_last_close_before_a_weekend_file_is_fridays() -> None:
    # A file saved on Saturday 2022-06-11 shows Friday's quotes.
    assert sessions.last_close(datetime(2022, 6, 11, 18, 0, tzinfo=UTC)) == datetime(2022, 6, 10, 20, 0, tzinfo=UTC)


def test_a_close_counts_from_its_own_moment_on() -> None:
    close = datetime(2023, 2, 7, 21, 0, tzinfo=UTC)
    assert sessions.last_close(close) == close
    assert sessions.last_close(close - timedelta(microseconds=1)) == datetime(2023, 2, 6, 21, 0, tzinfo=UTC)
    assert not sessions.is_open(close)
    assert sessions.is_open(close - timedelta(microseconds=1))
    assert sessions.last_closed_session(close).day == date(2023, 2, 7)


def test_an_open_counts_as_open_and_the_next_one_is_tomorrows() -> None:
    start = datetime(2023, 2, 7, 14, 30, tzinfo=UTC)
    assert sessions.is_open(start)
    assert not sessions.is_open(start - timedelta(seconds=1))
    assert sessions.next_open(start - timedelta(seconds=1)) == start
    assert sessions.next_open(start) == start + timedelta(days=1)


@given(
    st.integers(0, 38 * 365 * 24 * 60).map(
        lambda minutes: datetime(2001, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
    )
)
@settings(max_examples=150, deadline=None)
def test_the_clock_lies_between_last_close_and_next_close(moment: datetime) -> None:
    closed = sessions.last_closed_session(moment)
    assert closed.close <= moment
    following = sessions.next_session(closed.day)
    assert following.close > moment
    assert sessions.is_open(moment) == (following.open <= moment)
    assert sessions.current_session(moment) == (following if following.open <= moment else None)
    assert sessions.previous_session(following.day) == closed
    assert sessions.next_open(moment) > moment


@given(st.dates(date(2001, 1, 1), date(2039, 6, 1)), st.integers(0, 40))
@settings(max_examples=100, deadline=None)
def test_sessions_between_are_the_days_that_have_one(first: date, length: int) -> None:
    last = first + timedelta(days=length)
    each = [found for day in days(first, last) if (found := sessions.session(day))]
    assert list(sessions.sessions_between(first, last)) == each


def test_the_last_session_counts_the_day_itself_only_where_asked() -> None:
    tuesday = date(2023, 2, 7)
    assert sessions.session_on_or_before(tuesday).day == tuesday
    assert sessions.previous_session(tuesday).day == date(2023, 2, 6)
    assert sessions.session_on_or_before(date(2023, 2, 12)).day == date(2023, 2, 10)


@pytest.mark.parametrize("day", [date(1999, 12, 31), date(2041, 1, 1)])
def test_outside_the_known_span_is_an_error_that_names_it(day: date) -> None:
    with pytest.raises(MissingDataError, match="2000-01-01 to 2040-12-31"):
        sessions.session(day)
    with pytest.raises(MissingDataError, match="XNYS"):
        sessions.is_open(datetime(day.year, day.month, day.day, 12, tzinfo=UTC))


def test_nothing_before_the_first_session_is_made_up() -> None:
    with pytest.raises(MissingDataError):
        sessions.last_close(datetime(2000, 1, 1, 12, tzinfo=UTC))
    with pytest.raises(MissingDataError):
        sessions.next_session(date(2040, 12, 31))


def test_leaps_six_years_out_are_inside_the_span() -> None:
    assert sessions.session(date(2031, 12, 19)) is not None


def test_continuous_venues_never_close() -> None:
    saturday = datetime(2022, 6, 11, 3, 0, tzinfo=UTC)
    assert sessions.is_open(saturday, "24/7")
    assert sessions.last_close(saturday, "24/7") == datetime(2022, 6, 11, tzinfo=UTC)
    assert sessions.next_open(saturday, "24/7") == datetime(2022, 6, 12, tzinfo=UTC)
    assert len(sessions.sessions_between(date(2024, 2, 1), date(2024, 3, 1), "24/7")) == 30
    assert sessions.previous_session(date(2024, 3, 1), "24/7").day == date(2024, 2, 29)


def test_a_moment_without_a_zone_is_refused() -> None:
    with pytest.raises(InvalidValueError, match="moment"):
        sessions.is_open(datetime(2023, 2, 7, 15, 0))  # noqa: DTZ001 - what is refused


@pytest.mark.parametrize("exchange", ["NOWHERE", "../XNYS", ""])
def test_an_unknown_exchange_is_named(exchange: str) -> None:
    with pytest.raises(UnknownNameError, match="exchange"):
        sessions.session(date(2023, 2, 7), exchange)
