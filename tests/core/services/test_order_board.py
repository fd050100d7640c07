"""The board of orders and the fills that are told: of the log as it stands, once, and without writing."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from optionix_core.errors import InvalidValueError
from optionix_core.market.clock import ManualClock
from optionix_core.services import algorithms, batches, halts, kill, order_export, orders, trading
from optionix_core.services.fill_news import FILE, FillFollower
from optionix_core.services.home import HomeFolders
from optionix_core.services.order_board import OrderBoardViewer
from optionix_core.services.workspace import Workspace
from optionix_core.trading.orders import OrderState, TimeInForce
from optionix_core.trading.terms import OrderTerms
from tests.core.services.desk_of_orders import ALERT, ALGO, BOUGHT, CALL, REFUSED, RESTING, SPREAD, work


@pytest.fixture
def clock():
    return ManualClock(datetime(2026, 1, 5, 15, 0, tzinfo=UTC))


@pytest.fixture
def opened(tmp_path, clock):
    def made(account="paper-1"):
        return Workspace.open(HomeFolders.of(tmp_path), account=account, clock=clock, seed=20)

    return made


def test_a_board_says_what_the_listings_say_and_writes_nothing(opened, clock):
    with opened() as workspace:
        work(workspace, clock)
        before = workspace.store.head()
        board = OrderBoardViewer(workspace).view()
        assert workspace.store.head() == before
        assert board.events == before.seq
        assert board.orders == tuple(reversed(orders.listing(workspace, ended=True)))
        assert [line.story for line in board.algorithms] == list(algorithms.listing(workspace, ended=True))
        assert board.algorithms[0].costs.whole.filled == 1
        assert board.halts == halts.status(workspace)
        assert [one.opened.alert.alert_id for one in board.alerts] == [ALERT]
        assert board.kill == kill.status(workspace)
        assert board.order(REFUSED).state is OrderState.REJECTED
        assert board.algorithm(ALGO) is not None
        assert board.order("none") is board.algorithm("none") is board.alert("none") is None


def test_a_board_follows_what_another_process_does_and_reads_what_ended_once(opened, clock, monkeypatch):
    with opened() as workspace, opened() as other:
        work(other, clock)
        viewer = OrderBoardViewer(workspace)
        assert viewer.view().order(RESTING).state is OrderState.WORKING
        orders.cancel(other, RESTING)
        trading.place(other, OrderTerms("buy", 1, CALL), "later")
        board = viewer.view()
        assert board.order(RESTING).state is OrderState.CANCELLED
        assert board.orders[0].intent.client_order_id == "later"
        asked = []
        real = trading.answers.of_log
        monkeypatch.setattr(
            "optionix_core.services.order_history.answers.of_log",
            lambda log, fold, intent: asked.append(intent.client_order_id) or real(log, fold, intent),
        )
        viewer.view()
        assert BOUGHT not in asked
        assert asked == ["stop"]


def test_a_board_shows_the_orders_of_its_own_account(opened, clock):
    with opened() as workspace, opened("paper-2") as other:
        trading.raise_for_state(trading.place(other, OrderTerms("buy", 1, CALL), "theirs"))
        trading.raise_for_state(trading.place(workspace, OrderTerms("buy", 1, CALL), "ours"))
        assert [order.intent.client_order_id for order in OrderBoardViewer(workspace).view().orders] == ["ours"]


def test_orders_of_a_batch_are_on_the_board_with_their_fills(opened):
    with opened() as workspace:
        wanted = [batches.Ordered(OrderTerms("buy", quantity, CALL)) for quantity in (1, 2)]
        sent = batches.place_many(workspace, wanted, "batch")
        board = OrderBoardViewer(workspace).view()
        assert board.orders == tuple(reversed([orders.show(workspace, f"batch-{n}").order for n in (1, 2)]))
        assert [order.fills for order in board.orders] == [order.fills for order in reversed(sent.orders)]
        assert [order.filled_quantity for order in board.orders] == [2, 1]


def test_orders_are_exported_in_both_formats_with_the_same_figures(opened, clock):
    with opened() as workspace:
        work(workspace, clock)
        found = OrderBoardViewer(workspace).view().orders
    lines = list(csv.DictReader(io.StringIO(order_export.encode(found, "csv"))))
    documents = json.loads(order_export.encode(found, "json"))["orders"]
    assert tuple(lines[0]) == order_export.COLUMNS
    assert len(lines) == len(documents) == len(found)
    for line, document in zip(lines, documents, strict=True):
        for name in order_export.COLUMNS:
            assert line[name] == ("" if document[name] is None else str(document[name])), name
    spread = next(document for document in documents if document["client_order_id"] == SPREAD)
    assert len(spread["fills"][0]["legs"]) == 2
    with pytest.raises(InvalidValueError, match="format must be one of csv, json"):
        order_export.encode(found, "xlsx")


def test_fills_of_resting_orders_are_told_once_whoever_found_them(opened, clock):
    with opened() as workspace:
        trading.raise_for_state(trading.place(workspace, OrderTerms("buy", 1, CALL), "before"))
        follower = FillFollower(workspace)
        assert follower.news() == ()
        follower.keep()
        ask = trading.preview(workspace, "buy", 1, CALL).quote.ask
        limit = Decimal(repr(ask)) - Decimal("0.10")
        trading.place(workspace, OrderTerms("buy", 2, CALL, limit, TimeInForce.GTC), "patient")
        trading.raise_for_state(trading.place(workspace, OrderTerms("buy", 1, CALL), "at-once"))
        for _ in range(200):
            clock.advance(timedelta(minutes=5))
            if orders.show(workspace, "patient").order.state is OrderState.FILLED:
                break
    with opened() as workspace:
        found = FillFollower(workspace).news()
        assert [(one.intent.client_order_id, one.fill.quantity, one.fill.price) for one in found] == [
            ("patient", 2, limit)
        ]
        assert FillFollower(workspace).news() == ()


@pytest.mark.parametrize("text", ["", "{", "[]", '{"seq": "7"}', '{"seq": -1}', '{"seq": 999999}'])
def test_a_place_that_cannot_be_read_begins_at_the_end(opened, text):
    with opened() as workspace:
        trading.place(workspace, OrderTerms("buy", 1, CALL, Decimal(99), TimeInForce.GTC), "filled-at-once")
        workspace.home.state.mkdir(parents=True, exist_ok=True)
        (workspace.home.state / FILE).write_text(text, "utf-8")
        assert FillFollower(workspace).news() == ()
