"""What an account was worth: the same as its book says, at every close, and a gap where nothing can be told."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from steady_feed import CALL

from optionix_core.market.clock import ManualClock
from optionix_core.portfolio.cash_flows import deposit_entry
from optionix_core.portfolio.ledger import entry_event
from optionix_core.services import book, report_day, trading
from optionix_core.services.account_curve import AccountCurve, CurveReader
from optionix_core.services.home import HomeFolders
from optionix_core.services.workspace import Workspace

START = datetime(2026, 1, 5, 15, 0, tzinfo=UTC)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(START)


@pytest.fixture
def simulated(tmp_path: Path, clock: ManualClock) -> Iterator[Workspace]:
    with Workspace.open(HomeFolders.of(tmp_path), clock=clock, seed=20) as workspace:
        yield workspace


def curve_of(workspace: Workspace) -> AccountCurve:
    return CurveReader(workspace).curve(book.account(workspace).state if book.account(workspace).opened else None)


def some_option(workspace: Workspace) -> str:
    listed = workspace.feed.expiries("ORBIT", START)
    chain = workspace.feed.chain("ORBIT", START, *listed[3]).slices[0]
    symbol = chain.call.symbols[len(chain.strikes) // 2]
    assert symbol is not None
    return symbol


def test_every_point_is_what_the_book_said_then(simulated: Workspace, clock: ManualClock) -> None:
    symbol = some_option(simulated)
    trading.raise_for_state(trading.submit(simulated, "buy", 10, symbol, None, "a"))
    trading.raise_for_state(trading.submit(simulated, "buy", 100, "ORBIT", None, "b"))
    clock.advance(timedelta(days=2))
    trading.raise_for_state(trading.submit(simulated, "sell", 4, symbol, None, "c"))
    clock.advance(timedelta(days=1, hours=3))
    curve = curve_of(simulated)
    report = book.account(simulated)
    assert curve.now is not None
    assert curve.now.value == report.nlv
    assert [point.at.date() for point in curve.closes[:-1]] == [date(2026, 1, day) for day in (5, 6, 7)]
    for point in curve.closes[:-1]:
        window = report_day.window_of(point.at.date(), clock.now())
        assert point.value == report_day.account_day(simulated, window).after.nlv
    assert curve.total == report.nlv - Decimal(100_000)
    day = curve.day[-1].gain
    start = curve.day[0].gain
    assert day is not None
    assert start is not None
    assert day - start == report.day_pnl
    assert curve.since(date(2026, 1, 8)) == report.day_pnl
    assert curve.since(date(2026, 1, 1)) == curve.total


def test_the_day_an_account_is_opened_begins_with_what_was_paid_in(simulated: Workspace, clock: ManualClock) -> None:
    trading.raise_for_state(trading.submit(simulated, "buy", 10, some_option(simulated), None, "a"))
    clock.advance(timedelta(hours=1))
    curve = curve_of(simulated)
    assert (curve.day[0].at, curve.day[0].gain) == (START, Decimal(0))
    assert [point.at for point in curve.day] == sorted(point.at for point in curve.day)
    assert curve.day[-1].gain == book.account(simulated).day_pnl == curve.total


def test_a_reader_goes_on_and_tells_the_same_as_a_fresh_one(simulated: Workspace, clock: ManualClock) -> None:
    symbol = some_option(simulated)
    reader = CurveReader(simulated)
    assert reader.curve(None).closes == ()
    trading.raise_for_state(trading.submit(simulated, "buy", 2, symbol, None, "a"))
    reader.curve(book.account(simulated).state)
    clock.advance(timedelta(days=1))
    trading.raise_for_state(trading.submit(simulated, "sell", 2, symbol, None, "b"))
    state = book.account(simulated).state
    assert reader.curve(state) == CurveReader(simulated).curve(state)


def test_what_is_paid_in_is_no_gain(simulated: Workspace, clock: ManualClock) -> None:
    trading.raise_for_state(trading.submit(simulated, "buy", 1, some_option(simulated), None, "a"))
    clock.advance(timedelta(days=1))
    before = curve_of(simulated)
    paid = deposit_entry(entry_id="one", account="paper-1", currency="USD", amount=Decimal(5000), time=clock.now())
    with simulated.store.writing("deposit", 1.0) as log:
        log.append((entry_event(paid),))
    after = curve_of(simulated)
    assert before.now is not None
    assert after.now is not None
    assert before.now.value is not None
    assert after.now.value == before.now.value + 5000
    assert after.total == before.total
    assert after.closes[0] == before.closes[0]


def test_a_position_without_a_mark_is_a_gap_with_its_reason(workspace: Any, feed: Any) -> None:
    trading.raise_for_state(trading.submit(workspace, "buy", 1, CALL, None, "a"))
    feed.prices[CALL] = (4.9, None, 10, None)
    curve = curve_of(workspace)
    assert curve.now is not None
    assert (curve.now.value, curve.total) == (None, None)
    assert "no ask" in str(curve.now.reason)
    assert "TESTI" in str(curve.now.reason)
    assert curve.since(date(2026, 3, 1)) is None
