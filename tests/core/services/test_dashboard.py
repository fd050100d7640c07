"""The desk at a glance: every part is what its own service says."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from optionix_core.errors import InterruptedByUserError, MissingDataError
from optionix_core.market.clock import ManualClock
from optionix_core.portfolio.dividends import CashDividend, declared_event
from optionix_core.services import (
    dashboard_json,
    dashboard_risk,
    limits,
    risk_book,
    risk_tails,
    trading,
    watchlists,
)
from optionix_core.services.dashboard_view import AheadKind, DashboardViewer
from optionix_core.services.home import HomeFolders
from optionix_core.services.limit_figures import RiskLimitEngine
from optionix_core.services.workspace import Workspace
from optionix_core.trading.limit_board import LimitGrade, LimitKey, LimitLevel
from optionix_core.trading.limits import LimitKind

START = datetime(2026, 1, 5, 15, 0, tzinfo=UTC)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(START)


@pytest.fixture
def desk(tmp_path: Path, clock: ManualClock) -> Iterator[Workspace]:
    """Shares and an option held, an hour later."""
    with Workspace.open(HomeFolders.of(tmp_path), clock=clock, seed=20, limit_engine=RiskLimitEngine()) as workspace:
        listed = workspace.feed.expiries("ORBIT", START)
        chain = workspace.feed.chain("ORBIT", START, *listed[2]).slices[0]
        symbol = chain.call.symbols[len(chain.strikes) // 2]
        assert symbol is not None
        trading.raise_for_state(trading.submit(workspace, "buy", 2, symbol, None, "a"))
        trading.raise_for_state(trading.submit(workspace, "buy", 100, "ORBIT", None, "b"))
        clock.advance(timedelta(hours=1))
        yield workspace


def test_what_is_ahead_is_held_declared_or_listed(desk: Workspace, clock: ManualClock) -> None:
    dividend = CashDividend(
        "ORBIT", Decimal("0.26"), "USD", date(2026, 1, 9), date(2026, 1, 9), date(2026, 1, 20), "test"
    )
    with desk.store.writing("declare", 1.0) as log:
        log.append((declared_event(dividend, clock.now()),))
    watchlists.create(desk, "main", ["TUNDRA"])
    view = DashboardViewer(desk).view()
    by_kind = {kind: [one for one in view.ahead if one.kind is kind] for kind in AheadKind}
    (expiry,) = by_kind[AheadKind.EXPIRY]
    assert expiry.quantity == 2
    assert expiry.probability is not None
    assert 0.0 < expiry.probability < 1.0
    assert by_kind[AheadKind.DIVIDEND][0].what == "ORBIT ex-dividend 0.26 USD"
    assert {one.symbol for one in by_kind[AheadKind.LISTED]} == {"ORBIT", "TUNDRA"}
    assert [one.day for one in view.ahead] == sorted(one.day for one in view.ahead)
    assert view.watch.view is not None
    assert view.watch.view.watchlist.name == "main"
    assert desk.store.head().seq == view.events


def test_risk_is_that_of_the_book_with_the_limit_that_binds_it(desk: Workspace) -> None:
    key = LimitKey(LimitLevel.ACCOUNT, "paper-1", LimitKind.VALUE_AT_RISK, LimitGrade.SOFT)
    limits.set_limit(desk, key, Decimal(100), "tester")
    found = dashboard_risk.glance(desk)
    (tail,) = risk_tails.tails(risk_book.of_account(desk), desk.venue_feed, confidences=(0.99,)).estimates
    assert found.value_at_risk == tail.value_at_risk
    assert found.bound is not None
    assert found.bound.bound == 100
    assert found.limit_use == tail.value_at_risk / 100.0
    assert found.breaches == 1
    assert found.margin is not None
    assert found.margin_use is not None
    assert 0.0 < found.margin_use < 1.0


def test_a_revaluation_is_cancelled_between_its_parts(desk: Workspace) -> None:
    steps: list[tuple[int, int]] = []
    with pytest.raises(InterruptedByUserError):
        dashboard_risk.glance(desk, lambda done, total: steps.append((done, total)), lambda: bool(steps))
    assert steps == [(1, 3)]


def test_an_empty_account_has_no_curve_and_no_risk(tmp_path: Path, clock: ManualClock) -> None:
    with Workspace.open(HomeFolders.of(tmp_path), clock=clock, seed=20) as workspace:
        view = DashboardViewer(workspace).view("nobody")
        assert (view.curve.closes, view.watch.view, view.ahead) == ((), None, ())
        found = dashboard_risk.glance(workspace)
        assert (found.value_at_risk, found.margin, found.breaches) == (0.0, 0.0, 0)
        with pytest.raises(MissingDataError, match="opens with its first order"):
            dashboard_json.encode(view, found, "csv")
        assert json.loads(dashboard_json.encode(view, None, "json"))["risk"] is None


def test_json_holds_everything_and_csv_the_closes(desk: Workspace, clock: ManualClock) -> None:
    clock.advance(timedelta(days=2))
    view = DashboardViewer(desk).view()
    document = json.loads(dashboard_json.encode(view, dashboard_risk.glance(desk), "json"))
    rows = list(csv.DictReader(io.StringIO(dashboard_json.encode(view, None, "csv"))))
    assert [float(row["nlv"]) for row in rows] == [point["nlv"] for point in document["closes"]]
    assert document["total_pnl"] == document["closes"][-1]["pnl"]
    assert document["nlv"] == document["closes"][-1]["nlv"]
    assert document["risk"]["value_at_risk"] > 0.0
    assert document["ahead"][0]["day"] >= "2026-01-07"
