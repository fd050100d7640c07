"""Thirteen years of expiries against arithmetic that knows no exchange calendar: Easter, Juneteenth and weekdays."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from optionix_core.market import expirations, products, sessions

YEARS = range(2015, 2028)
DAY = timedelta(days=1)


def good_friday(year: int) -> date:
    """Two days before Easter by the anonymous Gregorian computus (Nature, 20 April 1876)."""
    a, b, c = year % 19, year // 100, year % 100
    d, e = b // 4, b % 4
    g = (8 * b + 13) // 25
    h = (19 * a + b - d - g + 15) % 30
    i, k = c // 4, c % 4
    m = (32 + 2 * e + 2 * i - h - k) % 7
    n = (a + 11 * h + 22 * m) // 451
    month, day = divmod(h + m - 7 * n + 114, 31)
    return date(year, month, day + 1) - 2 * DAY


def juneteenth(year: int) -> date | None:
    """The weekday on which exchanges close for 19 June, which they do since 2022 (NYSE Rule 7.2)."""
    if year < 2022:
        return None
    day = date(year, 6, 19)
    return day - DAY if day.weekday() == 5 else day + DAY if day.weekday() == 6 else day


def third_friday(year: int, month: int) -> date:
    return next(date(year, month, day) for day in range(15, 22) if date(year, month, day).weekday() == 4)


def is_closed(day: date) -> bool:
    """Of the holidays, those alone that can fall on a third Friday or on a Wednesday or Tuesday 30 days before one."""
    return day in (good_friday(day.year), juneteenth(day.year)) or day.weekday() > 4


def day_before(day: date) -> date:
    """The business day before: on 20 June 2025 that is Wednesday the 18th, since Thursday is Juneteenth."""
    before = day - DAY
    while is_closed(before):
        before -= DAY
    return before


def test_the_computus_gives_the_published_good_fridays() -> None:
    # Dates of the exchange's closings as Cboe published them.
    published = {2014: (4, 18), 2019: (4, 19), 2022: (4, 15), 2025: (4, 18)}
    assert {year: (good_friday(year).month, good_friday(year).day) for year in published} == published


def test_the_months_without_a_third_friday_are_those_five() -> None:
    moved = {
        (year, month): expirations.monthly(year, month).expiry.isoformat()
        for year in YEARS
        for month in range(1, 13)
        if expirations.monthly(year, month).settles_on != third_friday(year, month)
    }
    assert moved == {
        (2019, 4): "2019-04-18",  # Good Friday
        (2022, 4): "2022-04-14",  # Good Friday
        (2025, 4): "2025-04-17",  # Good Friday
        (2026, 6): "2026-06-18",  # Juneteenth
        (2027, 6): "2027-06-17",  # Juneteenth, a Saturday, kept on the Friday
    }


@pytest.mark.parametrize("root", ["SPX", "NDX", "RUT", "AAPL", "SPXW"])
def test_every_monthly_expiry_is_the_third_friday_or_the_day_before_a_holiday(root: str) -> None:
    for year in YEARS:
        for month in range(1, 13):
            friday = third_friday(year, month)
            settles = friday - DAY if is_closed(friday) else friday
            found = expirations.monthly(year, month, root)
            assert found.settles_on == settles
            saturday = (year, month) == (2015, 1) and products.product(root).cycle is products.ExpiryCycle.STANDARD
            assert found.expiry == (date(2015, 1, 17) if saturday else settles)
            assert found.last_trade == (day_before(settles) if root in ("SPX", "NDX", "RUT") else settles)


@pytest.mark.parametrize("root", ["SPX", "AAPL"])
def test_every_standard_expiry_before_february_2015_bears_the_saturday(root: str) -> None:
    for year in range(2005, 2015):
        for month in range(1, 13):
            friday = third_friday(year, month)
            found = expirations.monthly(year, month, root)
            assert found.expiry == friday + DAY
            assert found.settles_on == (friday - DAY if is_closed(friday) else friday)


def test_every_vix_expiry_is_thirty_days_before_and_a_wednesday_but_six() -> None:
    odd = {}
    for year in YEARS:
        for month in range(1, 13):
            following = third_friday(year + month // 12, month % 12 + 1)
            wednesday = following - 30 * DAY
            expected = wednesday - DAY if is_closed(following) or is_closed(wednesday) else wednesday
            found = expirations.monthly(year, month, "VIX")
            assert found.expiry == found.settles_on == expected
            assert found.last_trade == sessions.previous_session(expected).day
            assert sessions.session(found.last_trade) is not None
            if expected.weekday() != 2:
                odd[(year, month)] = expected.day
    assert odd == {
        (2019, 3): 19,  # Good Friday in April
        (2022, 3): 15,  # Good Friday in April
        (2024, 6): 18,  # the Wednesday is Juneteenth
        (2025, 3): 18,  # Good Friday in April
        (2026, 5): 19,  # Juneteenth in June
        (2027, 5): 18,  # Juneteenth in June
    }


def test_am_roots_are_those_and_pm_roots_are_the_others() -> None:
    for root in ("SPX", "NDX", "RUT", "VIX", "VIXW"):
        assert products.product(root).settlement == "AM", root
    for root in ("SPXW", "RUTW", "NDXP", "NQX", "AAPL", "SPY"):
        assert products.product(root).settlement == "PM", root


def test_good_friday_2014_stopped_am_options_on_the_wednesday() -> None:
    # Cboe Options Hub, 15 April 2014.
    found = expirations.monthly(2014, 4)
    assert (found.settles_on, found.last_trade) == (date(2014, 4, 17), date(2014, 4, 16))
