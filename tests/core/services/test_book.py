from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from steady_feed import CALL, CALL_110, START, moved

from optionix_core.errors import InvalidValueError, MissingDataError
from optionix_core.market.protocols import FeedState
from optionix_core.services import book, trading
from optionix_core.services.home import HomeFolders
from optionix_core.services.workspace import Workspace
from optionix_core.sync.event import EMPTY_HEAD

CLOSE = datetime(2026, 3, 9, 20, 0, tzinfo=UTC)
"""Monday's close in New York, the last before the tests' Tuesday."""


def test_a_fresh_home_shows_the_account_as_it_will_open_and_writes_nothing(workspace, store):
    document = book.to_json(book.account(workspace))
    assert (document["state"], document["nlv"], document["cash"]) == ("opens with its first order", 100000, 100000)
    assert document["positions"] == document["unmarked"] == []
    assert book.to_json(book.positions(workspace)) == {"schema_version": 1, "positions": []}
    assert store.head() == EMPTY_HEAD


def test_net_liquidation_value_is_cash_and_marked_positions(workspace):
    trading.submit(workspace, "buy", 2, CALL)
    report = book.account(workspace)
    # 2 x 100 x mid of 4.90 and 5.10 = 1000; cash 98978.70
    assert (report.nlv, report.positions_value, report.unrealised_pnl) == (
        Decimal("99978.70"),
        Decimal(1000),
        Decimal(-20),
    )
    state = report.state
    assert report.nlv == state.opening_balance + state.realised_pnl + report.unrealised_pnl - state.fees
    assert (report.day_pnl, report.day_reason) == (Decimal("-21.30"), None)
    assert report.buying_power == state.cash


def test_a_position_as_json_has_numbers_and_its_label(workspace):
    trading.submit(workspace, "buy", 2, CALL)
    (row,) = book.to_json(book.positions(workspace))["positions"]
    shown = {key: row[key] for key in ("account", "symbol", "label", "quantity", "cost", "mark", "market_value")}
    assert shown == {
        "account": "paper-1",
        "symbol": CALL,
        "label": "TESTI 20MAR26 100 C",
        "quantity": 2,
        "cost": 1020,
        "mark": 5,
        "market_value": 1000,
    }
    assert (row["unrealised_pnl"], row["realised_pnl"], row["fees"]) == (-20, 0, 1.3)
    assert (row["expiry"], row["strike"], row["option_type"], row["multiplier"]) == ("2026-03-20", 100, "call", 100)


def test_an_unmarked_position_is_listed_and_left_out_and_never_made_up(workspace, feed):
    trading.submit(workspace, "buy", 2, CALL)
    trading.submit(workspace, "buy", 1, CALL_110)
    feed.prices[CALL] = (None, 5.1, None, 10)
    report = book.account(workspace)
    assert [(item.symbol, item.reason) for item in report.unmarked] == [(CALL, "no bid")]
    assert report.positions_value == Decimal("102.5")  # the other one alone: 100 x mid of 1.00 and 1.05
    assert (report.day_pnl, report.day_reason) == (None, "TESTI 20MAR26 100 C: no mark now")
    row = book.to_json(report)["positions"][0]
    assert (row["mark"], row["mark_reason"], row["market_value"]) == (None, "no bid", None)


def test_a_stale_quote_is_no_mark(workspace, feed):
    trading.submit(workspace, "buy", 1, CALL)
    feed.lag = timedelta(minutes=1)
    assert book.account(workspace).unmarked[0].reason == "stale: 60.0 s old"


def test_a_simulated_position_is_marked_by_its_own_feed_whatever_is_looked_at(workspace_on, steady, feed):
    trading.submit(workspace_on(), "buy", 1, CALL)
    looked_at = steady.SteadyFeed(state=FeedState.LIVE, name="elsewhere", prices={CALL: (90.0, 91.0, 1, 1)})
    report = book.account(workspace_on(feed=looked_at, venue_feed=feed))
    assert report.positions[0].mark.price == Decimal(5)
    assert (report.feed_state, report.positions[0].mark.quote.source) == (FeedState.SIMULATED, "steady")


def test_a_position_that_its_venue_does_not_quote_has_no_mark(workspace_on, steady):
    trading.submit(workspace_on(), "buy", 1, CALL)
    empty = steady.SteadyFeed(prices={})
    report = book.account(workspace_on(feed=empty))
    assert report.unmarked[0].reason == "steady does not know it"
    assert report.nlv == report.state.cash


def test_the_day_starts_at_the_mark_of_the_last_close(workspace, feed, clock, monkeypatch):
    clock.moment = START - timedelta(days=1)
    trading.submit(workspace, "buy", 2, CALL)
    clock.moment = START
    trading.submit(workspace, "buy", 1, CALL)
    monday = moved(feed, CALL, 5.9, 6.1)
    today = feed.quote

    def quote(symbol, moment):
        return monday.quote(symbol, moment) if moment <= CLOSE else today(symbol, moment)

    monkeypatch.setattr(feed, "quote", quote)
    report = book.account(workspace)
    # Monday's 2 from 6.00 to 5.00: -200; today's 1 bought at 5.10: -10; its fee -0.65
    assert report.day_pnl == report.positions[0].day_pnl == Decimal("-210.65")


def test_the_day_counts_what_was_sold_and_is_gone(workspace, feed, clock, monkeypatch):
    clock.moment = START - timedelta(days=1)
    trading.submit(workspace, "buy", 2, CALL)
    clock.moment = START
    trading.submit(workspace, "sell", 2, CALL)
    report = book.account(workspace)
    assert report.positions == ()
    # at the close 2 x 100 x 5.00, sold at 4.90, fees 1.30
    assert report.day_pnl == Decimal("-21.30")

    def nothing(symbol, moment):
        raise MissingDataError("no quotes of that day")

    monkeypatch.setattr(feed, "quote", nothing)
    report = book.account(workspace)
    assert report.day_pnl is None
    assert "no mark at the last close: no quotes of that day" in report.day_reason


def test_all_accounts_are_listed_when_asked_for(workspace_on):
    trading.submit(workspace_on(), "buy", 1, CALL, client_order_id="a")
    trading.submit(workspace_on(account="paper-2"), "buy", 2, CALL, client_order_id="b")
    one = book.positions(workspace_on())
    everything = book.positions(workspace_on(), all_accounts=True)
    assert [(item.position.account, item.position.quantity) for item in one.positions] == [("paper-1", 1)]
    assert [item.position.account for item in everything.positions] == ["paper-1", "paper-2"]


def test_a_follower_sees_what_another_process_did(workspace_on):
    reader = workspace_on()
    assert book.positions(reader).positions == ()
    trading.submit(workspace_on(), "buy", 1, CALL)
    assert [item.position.quantity for item in book.positions(reader).positions] == [1]


@pytest.mark.parametrize("name", ["", "a:b", "a/b", "x" * 33])
def test_an_account_name_that_could_name_a_ledger_account_is_refused(tmp_path, name):
    with pytest.raises(InvalidValueError, match="account must be 1 to 32"):
        Workspace.open(HomeFolders.of(tmp_path), account=name)


def test_opening_a_workspace_opens_no_file(tmp_path):
    with Workspace.open(HomeFolders.of(tmp_path / "home")) as workspace:
        assert workspace.feed_name == "sim"
    assert not (tmp_path / "home").exists()
