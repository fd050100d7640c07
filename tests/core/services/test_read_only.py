"""A home opened for reading alone: everything can be read, and nothing in it changes."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from optionix_core.errors import ReadOnlyError, RefusedError
from optionix_core.market.clock import ManualClock
from optionix_core.services import (
    alerts,
    algorithms,
    calibration_history,
    feeds,
    halts,
    journal,
    kill,
    limits,
    orders,
    price_requests,
    trading,
)
from optionix_core.services.home import HomeFolders
from optionix_core.services.order_board import OrderBoardViewer
from optionix_core.services.workspace import Workspace
from tests.core.services.desk_of_orders import work

MOMENT = datetime(2026, 1, 5, 15, 0, tzinfo=UTC)
CACHE = "cache"


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(MOMENT)


@pytest.fixture
def home(tmp_path: Path, clock: ManualClock) -> HomeFolders:
    """With orders in every state, an algorithm and an alert, and then a day on which nobody looked."""
    folders = HomeFolders.of(tmp_path)
    with Workspace.open(folders, clock=clock) as workspace:
        work(workspace, clock)
    clock.advance(timedelta(days=1))
    return replace(folders, read_only=True)


def files(root: Path) -> dict[str, bytes]:
    """Every file of the home but its cache, and what SQLite keeps beside a database while it is read."""
    return {
        str(path.relative_to(root)): path.read_bytes()
        for path in sorted(root.rglob("*"))
        if path.is_file() and path.relative_to(root).parts[0] != CACHE and not path.name.endswith(("-shm", "-wal"))
    }


def test_what_is_only_read_works_and_leaves_the_home_as_it_was(
    home: HomeFolders, clock: ManualClock, tmp_path: Path
) -> None:
    before = files(tmp_path)
    with Workspace.open(home, clock=clock) as workspace:
        events = workspace.store.head().seq
        assert orders.listing(workspace, all_accounts=True)
        assert OrderBoardViewer(workspace).view().events == events
        algorithms.listing(workspace, all_accounts=True, ended=True)
        limits.report(workspace)
        halts.status(workspace)
        alerts.listing(workspace)
        kill.status(workspace)
        assert trading.bring_up_to_date(workspace).settled == ()
        assert workspace.store.head().seq == events
    assert files(tmp_path) == before


def test_every_way_to_write_is_refused_by_name(home: HomeFolders, clock: ManualClock, tmp_path: Path) -> None:
    before = files(tmp_path)
    with Workspace.open(home, clock=clock) as workspace:
        acts = (
            lambda: trading.submit(workspace, "buy", 1, "ORBIT 260109C00205000", Decimal("0.05"), "no-1"),
            lambda: orders.cancel(workspace, orders.listing(workspace, all_accounts=True)[0].intent.client_order_id),
            lambda: alerts.check(workspace),
            lambda: kill.fire(workspace, "tester", "a try"),
            lambda: journal.add(workspace, "a note"),
            lambda: feeds.record(workspace.feed, home, "monday", clock, count=1),
            lambda: price_requests.keep(home, clock, [{"id": "x"}]),
            lambda: calibration_history.keep(home, clock, {"id": "x"}),
        )
        for act in acts:
            with pytest.raises(ReadOnlyError, match="refused by read-only: nothing is written here"):
                act()
    assert files(tmp_path) == before


def test_a_home_that_there_is_not_is_not_made(tmp_path: Path, clock: ManualClock) -> None:
    with Workspace.open(replace(HomeFolders.of(tmp_path / "none"), read_only=True), clock=clock) as workspace:
        assert workspace.store.head().seq == 0
        with pytest.raises(RefusedError):
            trading.submit(workspace, "buy", 1, "ORBIT 260109C00205000")
    assert not (tmp_path / "none").exists()
