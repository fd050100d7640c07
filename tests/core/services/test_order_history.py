"""Orders and fills of an account: as the listings tell them, and read once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from optionix_core.market.clock import ManualClock
from optionix_core.services import orders, trading
from optionix_core.services.home import HomeFolders
from optionix_core.services.order_history import all_fills, all_orders, holds
from optionix_core.services.workspace import Workspace
from optionix_core.trading.orders import Amendment, TimeInForce
from optionix_core.trading.terms import OrderTerms
from tests.core.services.desk_of_orders import BOUGHT, CALL, RESTING, work


@pytest.fixture
def clock():
    return ManualClock(datetime(2026, 1, 5, 15, 0, tzinfo=UTC))


@pytest.fixture
def opened(tmp_path, clock):
    def made(account="paper-1"):
        return Workspace.open(HomeFolders.of(tmp_path), account=account, clock=clock, seed=20)

    return made


def _told(workspace):
    return list(reversed(orders.listing(workspace, ended=True)))


def test_orders_are_those_of_the_listing_the_newest_first(opened, clock):
    with opened() as workspace:
        work(workspace, clock)
        assert list(all_orders(workspace)) == _told(workspace)
        resting = OrderTerms("buy", 3, CALL, Decimal("0.05"), TimeInForce.GTC)
        trading.place(workspace, resting, "amended")
        orders.amend(workspace, "amended", Amendment("less", quantity=2))
        assert list(all_orders(workspace)) == _told(workspace)
        clock.advance(timedelta(minutes=5))
        orders.cancel(workspace, "amended")
        orders.cancel(workspace, RESTING)
        assert list(all_orders(workspace)) == _told(workspace)


def test_fills_are_those_of_the_orders_the_latest_first(opened, clock):
    with opened() as workspace:
        work(workspace, clock)
        fills = all_fills(workspace)
        assert sorted(one.fill.fill_id for one in fills) == sorted(
            fill.fill_id for order in _told(workspace) for fill in order.fills
        )
        moments = [one.fill.filled_at for one in fills]
        assert moments == sorted(moments, reverse=True)
        assert all(one.fill in one.order.fills for one in fills)


def test_a_long_past_is_read_once_and_nothing_is_looked_up_order_by_order(opened, clock, monkeypatch):
    with opened() as workspace:
        work(workspace, clock)
        looked = []
        find, read = workspace.store.find, workspace.store.read
        monkeypatch.setattr(workspace.store, "find", lambda event_id: looked.append(event_id) or find(event_id))
        monkeypatch.setattr(workspace.store, "read", lambda *some: looked.append("read") or read(*some))
        first = all_orders(workspace)
        assert set(looked) <= {"read"}
        looked.clear()
        assert all_orders(workspace) == first
        assert not looked


def test_orders_of_another_account_are_not_told(opened, clock):
    with opened() as workspace, opened("paper-2") as other:
        work(workspace, clock)
        assert all_orders(other) == ()
        assert holds(workspace, BOUGHT)
        assert not holds(other, BOUGHT)
        assert not holds(workspace, "nobody")
