from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from optionix_core.market.clock import ManualClock
from optionix_core.services import book, trading
from optionix_core.services.book_view import BookView, BookViewer
from optionix_core.services.chain_view import ChainView, ChainViewer
from optionix_core.services.home import HomeFolders
from optionix_core.services.workspace import Workspace

MOMENT = datetime(2026, 1, 5, 15, 0, tzinfo=UTC)


def opened(home: Path) -> Workspace:
    return Workspace.open(HomeFolders.of(home), clock=ManualClock(MOMENT), seed=20)


def at_the_money(workspace: Workspace, place: int) -> tuple[ChainView, str, str]:
    """View of an expiry with the keys of its call and put at the money."""
    listed = workspace.feed.expiries("ORBIT", MOMENT)
    view = ChainViewer(workspace.feed).view("ORBIT", MOMENT, *listed[place])
    row = next(row for row in view.rows if row.strike == view.at_the_money)
    assert row.call.symbol is not None
    assert row.put.symbol is not None
    return view, row.call.symbol, row.put.symbol


def viewed(workspace: Workspace) -> BookView:
    return BookViewer(workspace, ChainViewer(workspace.feed)).view(MOMENT)


def test_a_fresh_home_has_an_empty_book(tmp_path: Path) -> None:
    with opened(tmp_path) as workspace:
        view = viewed(workspace)
    assert view.events == 0
    assert view.lines == ()
    assert view.entries == ()
    assert view.dollar_delta == 0
    assert view.net_liquidation_value == Decimal(100_000)


def test_greeks_of_a_position_are_those_of_its_chain_times_its_size(tmp_path: Path) -> None:
    with opened(tmp_path) as workspace:
        chain, call, _ = at_the_money(workspace, 2)
        trading.raise_for_state(trading.submit(workspace, "buy", 3, call))
        view = viewed(workspace)
        found = chain.side(call)
    assert found is not None
    side = found[1]
    greeks = view.lines[0].greeks
    assert greeks is not None
    assert side.delta is not None
    assert side.theta is not None
    assert chain.spot is not None
    assert greeks.delta == pytest.approx(300 * side.delta)  # 3 contracts of 100
    assert greeks.theta == pytest.approx(300 * side.theta)
    assert view.dollar_delta == pytest.approx(300 * side.delta * chain.spot)
    assert view.lines[0].days == chain.days


def test_a_long_call_and_a_short_put_are_long_and_lines_come_by_expiry(tmp_path: Path) -> None:
    with opened(tmp_path) as workspace:
        _, far, _ = at_the_money(workspace, 3)
        _, near, put = at_the_money(workspace, 1)
        for symbol in (far, near, put):
            trading.raise_for_state(trading.submit(workspace, "buy", 1, symbol))
        view = viewed(workspace)
    assert [line.symbol for line in view.lines] == [near, put, far]
    assert view.held == {near: 1, put: 1, far: 1}


def test_the_view_s_money_is_that_of_the_account_report(tmp_path: Path) -> None:
    with opened(tmp_path) as workspace:
        _, call, _ = at_the_money(workspace, 1)
        trading.raise_for_state(trading.submit(workspace, "buy", 1, call))
        view, report = viewed(workspace), book.account(workspace, MOMENT)
    assert view.report == report


def test_the_tail_is_newest_first_and_follows_the_log(tmp_path: Path) -> None:
    with opened(tmp_path) as workspace:
        _, call, _ = at_the_money(workspace, 1)
        viewer = BookViewer(workspace, ChainViewer(workspace.feed))
        assert viewer.view(MOMENT).entries == ()
        trading.raise_for_state(trading.submit(workspace, "buy", 1, call))
        first = viewer.view(MOMENT)
        trading.raise_for_state(trading.submit(workspace, "sell", 1, call))
        second = viewer.view(MOMENT)
    assert [entry.kind for entry in first.entries] == ["trade", "opening"]
    assert [entry.kind for entry in second.entries] == ["trade", "trade", "opening"]
    assert second.entries[1:] == first.entries
    assert second.lines == ()
