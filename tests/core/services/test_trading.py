from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from steady_feed import CALL, CALL_110, EXPIRES_AT, PUT

from optionix_core.errors import InvalidValueError, MissingDataError, NotFilledError, RefusedError, UnknownNameError
from optionix_core.market.protocols import FeedState
from optionix_core.services import book, trading
from optionix_core.services.desk import CHECKPOINT, Desk
from optionix_core.sync.event import EMPTY_HEAD, Event
from optionix_core.trading import facts
from optionix_core.trading.orders import OrderState, Side
from optionix_core.trading.records import INTENT


def _types(store):
    return [record.event.type for record in store.read()]


def _cash(workspace):
    return book.account(workspace).state.cash


def test_a_buy_goes_from_intent_to_fill_to_ledger_in_that_order(workspace, store):
    result = trading.submit(workspace, "buy", 2, "TESTI 20MAR26 100 C")
    assert result.state is OrderState.FILLED
    assert (result.fills[0].price, result.fills[0].quantity, result.fees) == (Decimal("5.1"), 2, Decimal("1.30"))
    assert result.fills[0].model == "touch-displayed-size"
    assert result.cost == Decimal(1020)  # 2 contracts of 100 at 5.10
    assert _types(store) == [
        "account.opened",
        "ledger.entry",
        "order.intent",
        "order.completed",
    ]
    assert [fact.event.type for fact in facts.read(store)][3:] == ["order.filled", "ledger.entry", "order.completed"]
    assert _cash(workspace) == Decimal("98978.70")  # 100000 - 1020 - 1.30


def test_every_rule_of_the_gate_is_in_the_log_with_its_answer(workspace, store):
    trading.submit(workspace, Side.BUY, 1, CALL, client_order_id="mine")
    end = store.find("order/mine/end")
    assert [item["rule"] for item in end.event.payload["checks"]] == [
        "known-instrument",
        "market-open",
        "not-expired",
        "quoted",
        "not-stale",
        "account-venue",
        "quantity",
        "limit-price",
        "buying-power",
    ]
    assert all(item["passed"] for item in end.event.payload["checks"])


def test_a_round_trip_realises_the_spread_and_two_fees(workspace, clock):
    trading.submit(workspace, "buy", 3, CALL)
    clock.advance(timedelta(seconds=1))
    sold = trading.submit(workspace, "sell", 3, CALL)
    assert sold.cost == Decimal(-1470)  # 3 contracts of 100 at the bid of 4.90
    report = book.account(workspace)
    assert report.state.realised_pnl == Decimal(-60)  # 3 x 100 x (4.90 - 5.10)
    assert report.state.fees == Decimal("3.90")  # 6 contracts at 0.65
    assert report.state.cash == Decimal("99936.10")
    assert report.positions == ()


def test_the_same_client_order_id_is_answered_again_and_nothing_is_written(workspace_on, store, clock):
    first = trading.submit(workspace_on(), "buy", 2, CALL, client_order_id="once")
    head = store.head()
    clock.advance(timedelta(hours=1))
    again = trading.submit(workspace_on(), "buy", 2, CALL, client_order_id="once")
    assert store.head() == head
    assert again.replayed
    assert not first.replayed
    assert trading.to_json(again) == {**trading.to_json(first), "replayed": True}


def test_the_same_client_order_id_with_another_order_is_refused(workspace, store):
    trading.submit(workspace, "buy", 2, CALL, client_order_id="once")
    head = store.head()
    with pytest.raises(InvalidValueError, match="client_order_id must be unused, or repeat its order: buy 2"):
        trading.submit(workspace, "buy", 3, CALL, client_order_id="once")
    with pytest.raises(InvalidValueError, match="client_order_id"):
        trading.submit(workspace, "buy", 2, CALL, Decimal("5.10"), client_order_id="once")
    assert store.head() == head


@pytest.mark.parametrize("order_id", ["", "a/b", "a b", "x" * 65, "-a", "é"])
def test_a_client_order_id_that_could_name_another_event_is_refused(workspace, store, order_id):
    with pytest.raises(InvalidValueError, match="client_order_id must be 1 to 64"):
        trading.submit(workspace, "buy", 1, CALL, client_order_id=order_id)
    assert store.head() == EMPTY_HEAD


@pytest.mark.parametrize(
    ("side", "quantity", "symbol", "limit", "message"),
    [
        ("hold", 1, CALL, None, "side must be buy or sell"),
        ("buy", 0, CALL, None, "quantity must be a whole number, at least 1"),
        ("buy", -1, CALL, None, "quantity must be"),
        ("buy", True, CALL, None, "quantity must be"),
        ("buy", 1.0, CALL, None, "quantity must be"),
        ("buy", 1, CALL, Decimal(0), "limit_price must be positive"),
        ("buy", 1, CALL, Decimal("NaN"), "limit_price must be positive"),
        ("buy", 1, "nothing like an option", None, "symbol must be"),
    ],
)
def test_a_malformed_order_is_an_error_and_leaves_no_trace(workspace, store, side, quantity, symbol, limit, message):
    with pytest.raises(InvalidValueError, match=message):
        trading.submit(workspace, side, quantity, symbol, limit)
    assert store.head() == EMPTY_HEAD


def _unlisted(feed):
    return "TESTI 260320C00999000"


def _closed(feed):
    feed.open = False
    return CALL


def _no_ask(feed):
    feed.prices[CALL] = (4.9, None, 10, None)
    return CALL


def _no_size(feed):
    feed.prices[CALL] = (4.9, 5.1, 10, 0)
    return CALL


def _crossed(feed):
    feed.prices[CALL] = (5.2, 5.1, 10, 10)
    return CALL


def _stale(feed):
    feed.lag = timedelta(seconds=6)
    return CALL


def _future(feed):
    feed.lag = timedelta(seconds=-60)
    return CALL


def _file(feed):
    feed.state = FeedState.FILE
    return CALL


def _dear(feed):
    feed.prices[CALL] = (1200.0, 1201.0, 10, 10)
    return CALL


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        (_unlisted, "known-instrument"),
        (_closed, "market-open"),
        (_no_ask, "quoted"),
        (_no_size, "quoted"),
        (_crossed, "quoted"),
        (_stale, "not-stale"),
        (_future, "not-stale"),
        (_file, "account-venue"),
        (_dear, "buying-power"),
    ],
)
def test_what_the_gate_refuses_is_recorded_with_its_rule_and_moves_no_money(workspace, store, feed, change, rule):
    symbol = change(feed)
    result = trading.submit(workspace, "buy", 1, symbol, client_order_id="no")
    assert result.state is OrderState.REJECTED
    assert result.reason.startswith(f"{rule}: ")
    assert store.find("order/no/end").event.payload["rule"] == rule
    assert _types(store) == ["account.opened", "ledger.entry", "order.intent", "order.rejected"]
    with pytest.raises(RefusedError, match=f"refused by {rule}") as caught:
        trading.raise_for_state(result)
    assert caught.value.exit_code == 5
    again = trading.submit(workspace, "buy", 1, symbol, client_order_id="no")
    assert (again.state, again.checks, again.replayed) == (result.state, result.checks, True)


def test_an_order_after_the_settlement_moment_is_refused(workspace, clock):
    clock.moment = EXPIRES_AT
    result = trading.submit(workspace, "buy", 1, CALL)
    assert result.reason.startswith("not-expired: expired 2026-03-20 20:00 UTC")


def test_selling_more_than_is_held_needs_margin(workspace):
    trading.submit(workspace, "buy", 1, CALL)
    result = trading.submit(workspace, "sell", 2, CALL)
    assert result.reason == "buying-power: needs margin: 1 held, 2 to sell"


def test_buying_power_counts_the_fee(workspace, feed):
    feed.prices[CALL] = (990.0, 1000.0, 10, 10)
    assert trading.submit(workspace, "buy", 1, CALL).reason.startswith(
        "buying-power: costs 100000, fees 0.65, cash 100000"
    )
    feed.prices[CALL] = (990.0, 999.9, 10, 10)
    assert trading.submit(workspace, "buy", 1, CALL).state is OrderState.FILLED
    assert _cash(workspace) == Decimal("9.35")


@pytest.mark.parametrize(("limit", "passes"), [("2.95", True), ("2.96", False), ("3.10", True), ("3.15", False)])
def test_a_limit_lies_on_the_tick_grid_of_its_price(workspace, limit, passes):
    # NICKEL_DIME: 0.05 below 3.00, 0.10 from there on (Cboe's contract specification of SPX)
    result = trading.submit(workspace, "buy", 1, CALL_110, Decimal(limit))
    assert (result.state is OrderState.FILLED) is passes
    if not passes:
        assert result.reason.startswith("limit-price: ")


def test_a_limit_below_the_ask_is_not_filled_and_says_so(workspace):
    result = trading.submit(workspace, "buy", 1, CALL, Decimal("5.0"))
    assert (result.state, result.fills, result.reason) == (OrderState.CANCELLED, (), "the ask is 5.1, the limit 5")
    with pytest.raises(NotFilledError, match=r"the ask is 5.1, the limit 5"):
        trading.raise_for_state(result)


def test_a_limit_above_the_ask_fills_at_the_ask_and_no_better(workspace):
    result = trading.submit(workspace, "buy", 1, CALL, Decimal("9.0"))
    assert result.fills[0].price == Decimal("5.1")


def test_no_more_than_the_displayed_size_fills_and_the_rest_is_cancelled(workspace):
    result = trading.submit(workspace, "buy", 25, CALL)
    assert (result.state, result.filled_quantity) == (OrderState.CANCELLED, 10)
    assert result.reason == "10 of 25 filled, the rest cancelled: no more displayed at the ask"
    trading.raise_for_state(result)


def test_a_displayed_size_is_taken_once(workspace_on, clock):
    assert trading.submit(workspace_on(), "buy", 7, CALL, client_order_id="a").filled_quantity == 7
    assert trading.submit(workspace_on(), "buy", 7, CALL, client_order_id="b").filled_quantity == 3
    nothing = trading.submit(workspace_on(), "buy", 1, CALL, client_order_id="c")
    assert (nothing.fills, nothing.reason) == ((), "all that was displayed at the ask is taken (10 contracts)")
    clock.advance(timedelta(seconds=1))  # a new quote
    assert trading.submit(workspace_on(), "buy", 7, CALL, client_order_id="d").filled_quantity == 7


def test_what_one_account_takes_is_gone_for_another(workspace_on):
    trading.submit(workspace_on(), "buy", 10, CALL, client_order_id="a")
    other = trading.submit(workspace_on(account="paper-2"), "buy", 1, CALL, client_order_id="b")
    assert other.fills == ()


def test_a_preview_writes_nothing_and_names_price_cost_and_fees(workspace, store):
    shown = trading.preview(workspace, "buy", 12, CALL)
    assert store.head() == EMPTY_HEAD
    assert (shown.price, shown.fillable, shown.cost, shown.fees) == (
        Decimal("5.1"),
        10,
        Decimal(5100),
        Decimal("6.50"),
    )
    trading.raise_for_checks(shown)
    assert trading.to_json(shown)["cost"] == 5100


def test_a_preview_of_what_the_gate_refuses_has_no_price(workspace):
    shown = trading.preview(workspace, "sell", 1, CALL)
    assert (shown.price, shown.fillable, shown.cost) == (None, 0, None)
    with pytest.raises(RefusedError, match="needs margin"):
        trading.raise_for_checks(shown)


def test_a_preview_of_an_unknown_symbol_is_an_error(workspace, feed):
    with pytest.raises(UnknownNameError):
        trading.preview(workspace, "buy", 1, "TESTI 260320C00999000")


def _left_by_a_killed_process(workspace, store, order_id):
    """A log as a process leaves it that dies after its intent."""
    trading.submit(workspace, "buy", 1, CALL, client_order_id=order_id)
    kept = [record.event for record in store.read() if record.event.type in ("account.opened", INTENT)]
    opening = store.find("account/paper-1/opening").event
    fresh = type(store)()
    with fresh.writing("set up") as log:
        log.append([kept[0], opening, kept[1]])
    return fresh


def test_the_same_order_sent_again_goes_on_where_a_killed_process_stopped(workspace, workspace_on, store, clock):
    left = _left_by_a_killed_process(workspace, store, "cut")
    began = left.find("order/cut/intent").event.time
    clock.advance(timedelta(seconds=30))
    result = trading.submit(workspace_on(store=left), "buy", 1, CALL, client_order_id="cut")
    assert (result.state, result.replayed) == (OrderState.FILLED, False)
    assert (result.intent.created_at, result.fills[0].filled_at) == (began, clock.now())
    assert _types(left).count(INTENT) == 1


def test_another_order_ends_what_a_killed_process_left_open(workspace, workspace_on, store):
    left = _left_by_a_killed_process(workspace, store, "cut")
    trading.submit(workspace_on(store=left), "buy", 1, CALL, client_order_id="next")
    end = left.find("order/cut/end").event
    assert (end.type, end.payload["reason"]) == ("order.expired", "interrupted")
    again = trading.submit(workspace_on(store=left), "buy", 1, CALL, client_order_id="cut")
    assert (again.state, again.replayed, again.fills) == (OrderState.EXPIRED, True, ())
    with pytest.raises(NotFilledError, match="interrupted"):
        trading.raise_for_state(again)


def test_expired_positions_settle_at_the_price_of_their_very_moment_before_the_next_order(
    workspace_on, store, clock, feed
):
    trading.submit(workspace_on(), "buy", 2, CALL, client_order_id="a")
    trading.submit(workspace_on(), "buy", 3, PUT, client_order_id="b")
    trading.submit(workspace_on(account="paper-2"), "buy", 1, CALL, client_order_id="c")
    clock.moment = EXPIRES_AT + timedelta(days=3)
    before = store.head().seq
    update = trading.bring_up_to_date(workspace_on())
    assert feed.questions == ["spot TESTI 2026-03-20T20:00:00"]
    # spot 103.456 is rounded to 103.46; a call struck at 100 pays 3.46 a unit
    assert update.settled == (
        ("paper-1", CALL, Decimal("692.00")),
        ("paper-1", PUT, Decimal(0)),
        ("paper-2", CALL, Decimal("346.00")),
    )
    events = [record.event for record in store.read(before)]
    assert [event.type for event in events] == ["settlement.fixed", "ledger.entry", "ledger.entry", "ledger.entry"]
    assert events[0].payload["price"] == "103.46"
    assert events[2].payload["memo"] == "expired worthless: TESTI settled at 103.46"
    report = book.account(workspace_on())
    assert report.positions == ()
    # the calls cost 1020 and paid 692, the puts cost 1500 and paid nothing
    assert report.state.realised_pnl == Decimal(-1828)
    assert trading.bring_up_to_date(workspace_on()) == type(update)()


def test_a_later_account_settles_at_the_price_that_was_fixed_first(workspace_on, store, clock, feed):
    trading.submit(workspace_on(), "buy", 1, CALL, client_order_id="a")
    clock.moment = EXPIRES_AT
    trading.bring_up_to_date(workspace_on())
    feed.spot_price = 150.0
    with store.writing("another account's history") as log:
        desk = Desk()
        desk.follow(log)
        assert desk.book.account("paper-1").positions == ()
    clock.moment = EXPIRES_AT - timedelta(days=1)
    trading.submit(workspace_on(account="paper-2"), "buy", 1, CALL, client_order_id="b")
    clock.moment = EXPIRES_AT + timedelta(days=1)
    assert trading.bring_up_to_date(workspace_on()).settled == (("paper-2", CALL, Decimal("346.00")),)


def test_what_is_looked_at_settles_nothing_but_the_venue_s_own_feed_does(workspace_on, steady, clock, feed):
    trading.submit(workspace_on(), "buy", 1, CALL)
    clock.moment = EXPIRES_AT
    looked_at = steady.SteadyFeed(state=FeedState.REPLAY, spot_price=1.0)
    update = trading.bring_up_to_date(workspace_on(feed=looked_at, venue_feed=feed))
    assert update.settled == (("paper-1", CALL, Decimal("346.00")),)


def test_an_order_on_another_feed_than_the_venue_s_is_refused(workspace_on, steady, feed):
    looked_at = steady.SteadyFeed(state=FeedState.FILE)
    result = trading.submit(workspace_on(feed=looked_at, venue_feed=feed), "buy", 1, CALL)
    assert result.reason == "account-venue: paper-1 trades on local-sim, which the file feed does not belong to"


def test_a_settlement_without_a_price_waits_and_says_why(workspace_on, clock, feed, monkeypatch):
    trading.submit(workspace_on(), "buy", 1, CALL)
    clock.moment = EXPIRES_AT

    def nothing(underlying, moment):
        raise MissingDataError("no spot at that moment")

    monkeypatch.setattr(feed, "spot", nothing)
    update = trading.bring_up_to_date(workspace_on())
    assert [(item.symbol, item.reason) for item in update.unsettled] == [(CALL, "no spot at that moment")]
    assert book.account(workspace_on()).unmarked[0].reason == "expired, to be settled"


def test_a_checkpoint_is_kept_and_a_new_process_starts_from_it(workspace_on, store, clock):
    for number in range(70):
        clock.advance(timedelta(seconds=1))
        trading.submit(workspace_on(), "buy", 1, CALL, client_order_id=f"n{number}")
    kept = store.load_checkpoint(CHECKPOINT)
    assert kept is not None
    resumed, folded = Desk(), Desk()
    resumed.follow(store)
    for record in store.read():
        folded.take(record)
    assert resumed.to_bytes() == folded.to_bytes()
    assert book.verify(workspace_on()) > 0


def test_a_process_whose_log_was_replaced_folds_the_new_one(workspace_on, store):
    workspace = workspace_on()
    trading.submit(workspace, "buy", 2, CALL)
    other = type(store)()
    trading.submit(workspace_on(store=other), "buy", 5, PUT, client_order_id="x")
    workspace.desk.follow(other)
    assert [item.symbol for item in workspace.desk.book.account("paper-1").positions] == [PUT]


def test_an_entry_that_does_not_balance_stops_the_book(workspace, store, clock):
    trading.submit(workspace, "buy", 1, CALL)
    payload = {
        "account": "paper-1",
        "cause": None,
        "kind": "adjustment",
        "memo": "out of nothing",
        "postings": [
            {"account": "paper-1:cash", "amount": "5", "commodity": "USD"},
            {"account": "paper-1:equity", "amount": "-4", "commodity": "USD"},
        ],
    }
    with store.writing("forge") as log:
        log.append([Event("forged", "ledger.entry", clock.now(), payload)])
    with pytest.raises(Exception, match="sequence 5: forged: entry forged does not balance: sum of USD must be"):
        book.account(workspace)
    with pytest.raises(Exception, match="forged"):
        trading.submit(workspace, "buy", 1, CALL)
