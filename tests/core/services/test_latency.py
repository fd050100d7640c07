"""Latency: what is sent meets the market of its arrival, and nobody waits for it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from optionix_core.market.clock import ManualClock
from optionix_core.services import orders, trading
from optionix_core.services.home import HomeFolders
from optionix_core.services.trading import OrderTerms
from optionix_core.services.workspace import Workspace
from optionix_core.sync.memory import MemoryEventStore
from optionix_core.trading.orders import TimeInForce

NOW = datetime(2026, 11, 20, 15, 30, tzinfo=UTC)
CALL = "ORBIT270115C00200000"


def _workspace(tmp_path, latency):
    clock = ManualClock(NOW)
    store = MemoryEventStore()
    waited = []

    def travel(seconds):
        waited.append((seconds, store.head().seq))
        clock.advance(timedelta(seconds=seconds))

    return Workspace(HomeFolders.of(tmp_path), store=store, clock=clock, latency=latency, travel=travel), waited


def test_an_order_meets_the_market_of_its_arrival(tmp_path):
    workspace, waited = _workspace(tmp_path, 90.0)
    (fill,) = trading.place(workspace, OrderTerms("buy", 1, CALL), "late").fills
    arrived = workspace.venue_feed.quote(CALL, NOW + timedelta(seconds=90))
    assert (float(fill.price), fill.quote.exchange_time) == (arrived.ask, arrived.exchange_time)
    assert fill.filled_at == NOW + timedelta(seconds=90)
    assert workspace.venue_feed.quote(CALL, NOW).ask != arrived.ask
    # Nothing was written, and so nothing held, while it was on its way.
    assert waited == [(90.0, 0)]


def test_an_order_and_its_cancellation_are_on_their_way_each(tmp_path):
    workspace, waited = _workspace(tmp_path, 0.25)
    terms = OrderTerms("buy", 1, CALL, limit_price=Decimal("18.80"), time_in_force=TimeInForce.GTC)
    placed = trading.place(workspace, terms, "deep")
    assert placed.open
    assert orders.cancel(workspace, "deep").state == "cancelled"
    assert [seconds for seconds, _ in waited] == [0.25, 0.25]


def test_without_latency_nothing_waits(tmp_path):
    workspace, waited = _workspace(tmp_path, 0.0)
    trading.place(workspace, OrderTerms("buy", 1, CALL), "now")
    assert waited == []
