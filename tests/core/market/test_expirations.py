"""Expiries fall where their exchanges put them, holidays and old Saturdays in."""

from __future__ import annotations

import json
import re
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from optionix_core.errors import InvalidValueError, MissingDataError
from optionix_core.market import expirations, products, sessions
from optionix_core.market.expirations import ListingPattern
from optionix_core.market.products import Symbology

NEW_YORK = ZoneInfo("America/New_York")


def new_york(moment: datetime) -> str:
    return moment.astimezone(NEW_YORK).strftime("%Y-%m-%d %H:%M")


@pytest.mark.parametrize(
    ("year", "month", "expiry", "am_last_trade"),
    [
        # Good Friday on the third Friday; the Thursday takes its place (Cboe and OCC expiration calendars).
        (2019, 4, date(2019, 4, 18), date(2019, 4, 17)),
        (2022, 4, date(2022, 4, 14), date(2022, 4, 13)),
        (2025, 4, date(2025, 4, 17), date(2025, 4, 16)),
        # Juneteenth on the third Friday, in 2027 observed on it.
        (2026, 6, date(2026, 6, 18), date(2026, 6, 17)),
        (2027, 6, date(2027, 6, 17), date(2027, 6, 16)),
        # Ordinary months; the first contract month with a Friday date is February 2015.
        (2015, 2, date(2015, 2, 20), date(2015, 2, 19)),
        (2023, 3, date(2023, 3, 17), date(2023, 3, 16)),
        (2024, 2, date(2024, 2, 16), date(2024, 2, 15)),
    ],
)
def test_standard_expiries_since_february_2015(year: int, month: int, expiry: date, am_last_trade: date) -> None:
    am = expirations.monthly(year, month, "SPX")
    assert (am.expiry, am.settles_on, am.last_trade, am.settlement) == (expiry, expiry, am_last_trade, "AM")
    pm = expirations.monthly(year, month, "AAPL")
    assert (pm.expiry, pm.settles_on, pm.last_trade, pm.settlement) == (expiry, expiry, expiry, "PM")


@pytest.mark.parametrize(
    ("year", "month", "expiry", "settles_on", "am_last_trade"),
    [
        # Good Friday 2014-04-18: settled on Thursday's prices, AM options last traded on Wednesday
        # (Cboe Options Hub, 2014-04-15); the date in the symbol stayed the Saturday (IWM 140419).
        (2014, 4, date(2014, 4, 19), date(2014, 4, 17), date(2014, 4, 16)),
        # SPX 141122: an example in encyclopaedias of option symbols.
        (2014, 11, date(2014, 11, 22), date(2014, 11, 21), date(2014, 11, 20)),
        # LAMR 150117, likewise; the last Saturday month.
        (2015, 1, date(2015, 1, 17), date(2015, 1, 16), date(2015, 1, 15)),
        (2012, 3, date(2012, 3, 17), date(2012, 3, 16), date(2012, 3, 15)),
    ],
)
def test_before_february_2015_symbols_bear_the_saturday(
    year: int, month: int, expiry: date, settles_on: date, am_last_trade: date
) -> None:
    am = expirations.monthly(year, month, "SPX")
    assert (am.expiry, am.settles_on, am.last_trade) == (expiry, settles_on, am_last_trade)
    pm = expirations.monthly(year, month, "LAMR")
    assert (pm.expiry, pm.settles_on, pm.last_trade) == (expiry, settles_on, settles_on)


@pytest.mark.parametrize(
    ("year", "month", "expiry", "reason"),
    [
        # Cboe's VIX specification: thirty days before the next month's third Friday, a Wednesday; the
        # business day before where that Wednesday or that Friday is a holiday.
        (2023, 2, date(2023, 2, 15), "ordinary"),
        (2020, 3, date(2020, 3, 18), "ordinary"),
        (2019, 3, date(2019, 3, 19), "Good Friday 2019-04-19 is the third Friday"),
        (2022, 3, date(2022, 3, 15), "Good Friday 2022-04-15 is the third Friday"),
        (2025, 3, date(2025, 3, 18), "Good Friday 2025-04-18 is the third Friday"),
        (2026, 5, date(2026, 5, 19), "Juneteenth 2026 is the third Friday"),
        (2024, 6, date(2024, 6, 18), "the Wednesday itself is Juneteenth"),
        (2008, 2, date(2008, 2, 19), "Good Friday 2008-03-21 is the third Friday"),
    ],
)
def test_vix_expires_thirty_days_before_the_next_third_friday(year: int, month: int, expiry: date, reason: str) -> None:
    found = expirations.monthly(year, month, "VIX")
    assert found.expiry == expiry, reason
    assert found.settlement == "AM"
    assert found.last_trade == sessions.previous_session(expiry).day
    assert new_york(expirations.settlement_moment("VIX", expiry)).endswith("09:30")


def test_every_monthly_2015_to_2027_trades_to_its_end_and_follows_the_sessions() -> None:
    for year in range(2015, 2028):
        for month in range(1, 13):
            for root in ("SPX", "AAPL", "VIX"):
                found = expirations.monthly(year, month, root)
                assert sessions.session(found.settles_on) is not None
                assert sessions.session(found.last_trade) is not None
                if (year, month) >= (2015, 2):
                    assert found.expiry == found.settles_on
                friday = expirations.third_friday(year, month)
                if root != "VIX":
                    assert found.settles_on == sessions.session_on_or_before(friday).day
                if root == "SPX":
                    assert sessions.next_session(found.last_trade).day == found.settles_on


def test_the_published_facts_hold(shared_reference: Path) -> None:
    facts = json.loads((shared_reference / "trading" / "expiration_facts.json").read_text("utf-8"))
    for fact in facts["published"]:
        friday = date.fromisoformat(fact["third_friday"])
        assert expirations.third_friday(friday.year, friday.month) == friday
        found = expirations.monthly(friday.year, friday.month)
        assert found.settles_on == date.fromisoformat(fact["expiration"])
        if "am_settled_last_trade" in fact:
            assert found.last_trade == date.fromisoformat(fact["am_settled_last_trade"])
    for root in facts["am_settled_roots"]:
        assert products.product(root).settlement == "AM"
    for root in facts["pm_settled_roots"]:
        if root.isalpha():
            assert products.product(root).settlement == "PM"


@pytest.mark.parametrize(
    ("root", "expiry", "expected"),
    [
        # QuantConnect Lean, option symbol tests: hours at which expiries take effect.
        ("SPY", date(2016, 2, 19), "2016-02-19 16:00"),
        ("SPY", date(2016, 2, 20), "2016-02-19 16:00"),
        ("SPXW", date(2016, 2, 12), "2016-02-12 16:00"),
        ("SPXW", date(2016, 2, 19), "2016-02-19 16:00"),
        ("SPX", date(2016, 2, 19), "2016-02-19 09:30"),
        # Saturday dates settle on the Friday, over Good Friday on the Thursday.
        ("SPX", date(2014, 5, 17), "2014-05-16 09:30"),
        ("SPX", date(2014, 4, 19), "2014-04-17 09:30"),
        ("AAPL", date(2014, 4, 19), "2014-04-17 16:00"),
        # The exchange closes at 13:00 on these days.
        ("SPXW", date(2023, 11, 24), "2023-11-24 13:00"),
        ("SPXW", date(2025, 12, 24), "2025-12-24 13:00"),
        ("AAPL", date(2026, 11, 27), "2026-11-27 13:00"),
    ],
)
def test_settlement_moments(root: str, expiry: date, expected: str) -> None:
    moment = expirations.settlement_moment(root, expiry)
    assert moment.tzinfo is UTC
    assert new_york(moment) == expected


def test_deribit_settles_at_eight_and_the_fund_of_that_name_does_not() -> None:
    day = date(2024, 12, 27)
    assert expirations.settlement_moment("BTC", day) == datetime(2024, 12, 27, 8, tzinfo=UTC)
    # A recorded answer of the exchange for BTC-STRD-29MAY26-77000 gives 1780041600000 ms.
    assert expirations.settlement_moment("BTC", date(2026, 5, 29)).timestamp() * 1000 == 1780041600000
    assert new_york(expirations.settlement_moment("BTC", day, Symbology.OSI)) == "2024-12-27 16:00"
    assert expirations.monthly(2024, 12, "BTC").expiry == day
    assert expirations.describe("BTC", date(2021, 2, 13)).last_trade == date(2021, 2, 13)


def test_am_options_stop_trading_the_evening_before() -> None:
    assert new_york(expirations.last_trading_moment("SPX", date(2023, 3, 17))) == "2023-03-16 16:00"
    assert new_york(expirations.last_trading_moment("SPXW", date(2023, 3, 17))) == "2023-03-17 16:00"


def test_every_spx_expiry_of_the_real_chains_is_a_monthly_one(shared_data: Path) -> None:
    checked = 0
    for path in sorted((shared_data / "chains").glob("SPX_*.csv")):
        for text in sorted(set(re.findall(r"\bSPX(\d{6})C", path.read_text("utf-8")))):
            expiry = date(2000 + int(text[:2]), int(text[2:4]), int(text[4:]))
            assert expirations.monthly(expiry.year, expiry.month).expiry == expiry
            checked += 1
    assert checked > 40


def test_an_equity_root_lists_weeklies_months_quarters_and_leaps() -> None:
    found = [item.expiry.isoformat() for item in expirations.listed("ORBITX", date(2026, 3, 30))]
    assert found == [
        "2026-04-02",  # Good Friday 2026-04-03 moves the weekly to the Thursday
        "2026-04-10",
        "2026-04-17",
        "2026-04-24",
        "2026-05-01",
        "2026-05-15",
        "2026-06-18",
        "2026-09-18",
        "2026-12-18",
        "2027-01-15",
        "2027-03-19",
        "2028-01-21",
    ]


def test_an_am_root_lists_no_weeklies_and_drops_out_after_its_last_trade() -> None:
    thursday = [item.expiry for item in expirations.listed("SPX", date(2023, 3, 16))]
    friday = [item.expiry for item in expirations.listed("SPX", date(2023, 3, 17))]
    assert thursday[0] == date(2023, 3, 17)
    assert friday[0] == date(2023, 4, 21)
    assert {expirations.monthly(day.year, day.month).expiry for day in friday} == set(friday)


def test_a_pm_root_lists_today_and_the_month_end() -> None:
    found = [item.expiry for item in expirations.listed("SPXW", date(2023, 2, 7))]
    assert found[:10] == [item.day for item in sessions.sessions_between(date(2023, 2, 7), date(2023, 2, 21))]
    assert date(2023, 2, 28) in found
    assert date(2023, 3, 31) in found
    assert date(2023, 6, 16) in found


def test_volatility_weeklies_are_the_wednesdays_between() -> None:
    monthly = {item.expiry for item in expirations.listed("VIX", date(2026, 8, 7))}
    weekly = [item.expiry for item in expirations.listed("VIXW", date(2026, 8, 7))]
    assert weekly[:3] == [date(2026, 8, 12), date(2026, 8, 26), date(2026, 9, 2)]
    assert not monthly & set(weekly)


def test_a_listing_is_ordered_tradable_and_of_the_size_asked_for() -> None:
    pattern = ListingPattern(weeks=2, months=2)
    for root in ("AAPL", "SPX", "BTC", "NDXP"):
        on = date(2027, 6, 10)
        found = expirations.listed(root, on, pattern)
        days = [item.expiry for item in found]
        assert days == sorted(set(days))
        assert len(days) == 4
        assert all(item.last_trade >= on for item in found)


@pytest.mark.parametrize(("year", "month", "field"), [(2026, 0, "month"), (2026, 13, "month"), (1999, 1, "year")])
def test_a_month_that_is_none_is_refused(year: int, month: int, field: str) -> None:
    with pytest.raises(InvalidValueError) as caught:
        expirations.monthly(year, month)
    assert caught.value.field == field


def test_an_expiry_past_the_known_sessions_is_an_error() -> None:
    with pytest.raises(MissingDataError, match="2040-12-31"):
        expirations.settlement_moment("SPX", date(2041, 1, 18))
