"""Orders that rest: what they meet, when, at which price, and what is kept for them meanwhile."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from steady_feed import CALL, CALL_110, EXPIRES_AT, PUT, START

from optionix_core.errors import InvalidValueError, UnknownNameError
from optionix_core.services import book, trading
from optionix_core.services.trading import OrderTerms
from optionix_core.trading import facts
from optionix_core.trading.gate import GateLimits
from optionix_core.trading.limits import BookLimit, LimitKind
from optionix_core.trading.orders import OrderState, TimeInForce, Trigger, TriggerKind

GTC, DAY, GTD, FOK = TimeInForce.GTC, TimeInForce.DAY, TimeInForce.GTD, TimeInForce.FOK


@pytest.fixture
def desk(workspace_on, told, clock, store):
    """Acts on the told feed as short processes would: each act has a workspace of its own."""

    class Acts:
        feed = told

        def workspace(self):
            return workspace_on(feed=told)

        def place(self, name, side="buy", quantity=2, symbol=CALL, limit=None, force=GTC, limits=None, **terms):
            price = None if limit is None else Decimal(limit)
            wanted = OrderTerms(side, quantity, symbol, price, force, **terms)
            return trading.place(self.workspace(), wanted, name, limits)

        def pass_time(self, seconds):
            clock.moment = max(clock.moment, START + timedelta(seconds=seconds))
            return trading.bring_up_to_date(self.workspace())

        def end(self, name):
            record = store.find(f"order/{name}/end")
            return None if record is None else record.event

        def fills(self, name):
            found = [record.event for record in facts.read(store) if record.event.type == "order.filled"]
            return [
                (event.payload["quantity"], event.payload["price"], event.time, event.payload["model"])
                for event in found
                if event.payload["client_order_id"] == name
            ]

        def reserved(self):
            workspace = self.workspace()
            workspace.desk.follow(store)
            return workspace.desk.orders.reserved("paper-1")

        def types(self, name):
            return [r.event.type for r in facts.read(store) if r.event.payload.get("client_order_id") == name]

    return Acts()


def stop(price):
    return Trigger(TriggerKind.STOP, Decimal(price))


def touched(price):
    return Trigger(TriggerKind.TOUCHED, Decimal(price))


def trail(distance=None, percent=None):
    return Trigger(
        TriggerKind.TRAILING,
        distance=None if distance is None else Decimal(distance),
        distance_percent=None if percent is None else Decimal(percent),
    )


def test_a_limit_below_the_ask_rests_and_keeps_its_price_and_fee(desk):
    result = desk.place("a", limit="4.5")
    assert (result.state, result.fills, result.reserved) == (OrderState.WORKING, (), Decimal("901.30"))
    assert desk.types("a") == ["order.intent", "order.accepted"]
    assert desk.reserved() == Decimal("901.30")  # 2 contracts of 100 at 4.50, and 0.65 for each
    assert book.account(desk.workspace()).buying_power == Decimal("99098.70")


def test_a_resting_limit_fills_when_the_ask_comes_to_it_at_the_time_of_that_quote(desk):
    desk.place("a", limit="4.5")
    desk.feed.tell(10, CALL, 4.3, 4.55)
    at = desk.feed.tell(20, CALL, 4.2, 4.4)
    desk.feed.tell(30, CALL, 4.0, 4.1)
    update = desk.pass_time(3600)
    assert update.filled == ("order/a/fill-1",)
    assert desk.fills("a") == [(2, "4.5", at, "queue-behind-displayed")]
    assert (desk.end("a").type, desk.end("a").time) == ("order.completed", at)
    assert desk.reserved() == 0


def test_a_marketable_limit_takes_what_is_there_and_rests_with_the_rest(desk):
    result = desk.place("a", quantity=14, limit="5.2")
    assert result.state is OrderState.PARTIALLY_FILLED
    assert [(fill.quantity, fill.price, fill.model) for fill in result.fills] == [
        (10, Decimal("5.1"), "touch-displayed-size")
    ]
    assert desk.reserved() == Decimal("2082.60")  # 4 of 100 at 5.20, and 4 fees
    at = desk.feed.tell(9, CALL, 5.0, 5.15, size=3)
    later = desk.feed.tell(11, CALL, 5.0, 5.2, size=3)
    desk.pass_time(60)
    assert desk.fills("a")[1:] == [
        (3, "5.2", at, "queue-behind-displayed"),
        (1, "5.2", later, "queue-behind-displayed"),
    ]


def test_one_quote_is_taken_once_by_all_orders_together_the_better_limit_first(desk):
    desk.place("low", quantity=8, limit="4.5")
    desk.place("high", quantity=8, limit="4.6")
    at = desk.feed.tell(10, CALL, 4.3, 4.4, size=10)
    desk.pass_time(20)
    assert desk.fills("high") == [(8, "4.6", at, "queue-behind-displayed")]
    assert desk.fills("low") == [(2, "4.5", at, "queue-behind-displayed")]


def test_a_day_order_ends_with_its_session_and_a_gtd_order_at_its_moment(desk):
    until = START + timedelta(hours=2)
    desk.place("day", limit="4", force=DAY)
    desk.place("gtd", limit="4", force=GTD, good_until=until)
    desk.place("gtc", limit="4")
    desk.feed.tell(6 * 3600, CALL, 3.0, 3.2)
    desk.pass_time(8 * 3600)
    assert (desk.end("day").type, desk.end("day").time) == ("order.expired", START.replace(hour=20))
    assert desk.end("day").payload["reason"] == "DAY: the session closed 2026-03-10 20:00 UTC"
    assert (desk.end("gtd").type, desk.end("gtd").time) == ("order.expired", until)
    assert desk.end("gtc").type == "order.completed"
    assert desk.fills("day") == desk.fills("gtd") == []


def test_an_order_ends_with_its_instrument(desk):
    desk.place("a", limit="4")
    desk.feed.tell(11 * 86400, CALL, 1.0, 1.1)
    desk.pass_time(12 * 86400)
    assert (desk.end("a").type, desk.end("a").time) == ("order.expired", EXPIRES_AT)


def test_what_was_filled_before_an_expiry_is_settled_with_it(desk, store):
    desk.place("a", limit="4")
    desk.feed.tell(3600, CALL, 3.8, 3.9)
    update = desk.pass_time(12 * 86400)
    assert [item[:2] for item in update.settled] == [("paper-1", CALL)]
    assert store.find(f"account/paper-1/expiry/{CALL}") is not None
    assert book.account(desk.workspace()).state.positions == ()


def test_a_stop_waits_for_the_bid_and_takes_the_touch_of_that_quote(desk):
    desk.place("own", force=TimeInForce.IOC)
    held = desk.place("stop", "sell", trigger=stop("4.5"))
    assert (held.state, held.reserved) == (OrderState.HELD, 0)
    desk.feed.tell(5, CALL, 4.55, 4.8)
    at = desk.feed.tell(9, CALL, 4.4, 4.6, size=1)
    later = desk.feed.tell(11, CALL, 4.6, 4.9)
    desk.pass_time(60)
    assert desk.fills("stop") == [(1, "4.4", at, "touch-displayed-size"), (1, "4.6", later, "touch-displayed-size")]
    assert desk.types("stop")[2] == "order.triggered"


def test_a_stop_limit_rests_at_its_limit_once_triggered(desk):
    desk.place("a", trigger=stop("5.5"), limit="5.6")
    met = desk.feed.tell(5, CALL, 5.6, 5.8)
    at = desk.feed.tell(9, CALL, 5.3, 5.55)
    desk.pass_time(6)
    assert desk.types("a") == ["order.intent", "order.accepted", "order.triggered"]
    desk.pass_time(60)
    assert met < at
    assert desk.fills("a") == [(2, "5.6", at, "queue-behind-displayed")]


def test_an_if_touched_order_buys_below_and_a_stop_above(desk):
    desk.place("mit", trigger=touched("4.5"))
    desk.place("stop", trigger=stop("5.5"))
    low = desk.feed.tell(5, CALL, 4.3, 4.45)
    high = desk.feed.tell(9, CALL, 5.4, 5.6)
    desk.pass_time(60)
    assert desk.fills("mit") == [(2, "4.45", low, "touch-displayed-size")]
    assert desk.fills("stop") == [(2, "5.6", high, "touch-displayed-size")]


@pytest.mark.parametrize("steps", [1, 7])
@pytest.mark.parametrize(("away", "level"), [({"distance": "0.5"}, "5.8"), ({"percent": "10"}, "5.67")])
def test_a_trailing_stop_follows_the_best_bid_and_never_turns_back(desk, store, away, level, steps):
    desk.place("own", force=TimeInForce.IOC)
    desk.place("a", "sell", trigger=trail(**away))
    for second, bid in ((2, 5.2), (4, 6.3), (6, 6.0), (8, 5.85)):
        desk.feed.tell(second, CALL, bid, bid + 0.2)
    at = desk.feed.tell(10, CALL, 5.6, 5.7)
    for step in range(steps):
        desk.pass_time(20 * (step + 1) / steps)
    assert desk.fills("a") == [(2, "5.6", at, "touch-displayed-size")]
    assert store.find("order/a/triggered").event.payload["level"] == level


def test_a_stop_that_cannot_be_paid_for_when_it_triggers_is_refused_then(desk):
    desk.place("a", quantity=150, trigger=stop("5.5"))
    desk.feed.tell(5, CALL, 7.0, 7.2, size=500)
    desk.pass_time(60)
    assert desk.end("a").type == "order.rejected"
    assert desk.end("a").payload["reason"].startswith("triggered, then refused by buying-power")
    assert desk.reserved() == 0


def test_what_is_reserved_cannot_be_spent_again(desk):
    desk.place("a", quantity=200, limit="4.8")
    refused = desk.place("b", quantity=10, limit="4.8")
    assert refused.state is OrderState.REJECTED
    assert refused.reason == "buying-power: costs 4800, fees 6.5, cash 100000, 96130 of it reserved"
    assert desk.reserved() == Decimal(96130)


def test_contracts_promised_to_one_sell_are_not_promised_to_another(desk):
    desk.place("own", quantity=5, force=TimeInForce.IOC)
    assert desk.place("a", "sell", 4, limit="6").state is OrderState.WORKING
    refused = desk.place("b", "sell", 2, limit="6")
    assert refused.reason == "buying-power: needs margin: 5 held (4 of them in other orders), 2 to sell"


def test_orders_of_one_group_take_from_each_other(desk):
    desk.place("own", quantity=5, force=TimeInForce.IOC)
    desk.place("take", "sell", 5, limit="6", one_cancels="exit")
    desk.place("stop", "sell", 5, trigger=stop("4.5"), one_cancels="exit")
    desk.feed.tell(5, CALL, 6.1, 6.3, size=2)
    low = desk.feed.tell(9, CALL, 4.4, 4.6)
    desk.pass_time(60)
    assert [fill[:2] for fill in desk.fills("take")] == [(2, "6")]
    assert desk.fills("stop") == [(3, "4.4", low, "touch-displayed-size")]
    assert desk.end("take").type == "order.cancelled"
    assert desk.end("stop").type == "order.completed"


def test_a_bracket_works_as_its_entry_fills(desk):
    desk.place("entry", quantity=4, limit="4.5")
    take = desk.place("take", "sell", 4, limit="6", parent="entry", one_cancels="exit")
    desk.place("stop", "sell", 4, trigger=stop("4.0"), parent="entry", one_cancels="exit")
    assert take.state is OrderState.HELD
    desk.feed.tell(1, CALL, 6.5, 6.6)
    desk.feed.tell(2, CALL, 4.3, 4.5, size=3)
    desk.feed.tell(3, CALL, 6.0, 6.2)
    desk.feed.tell(4, CALL, 4.3, 4.5)
    at = desk.feed.tell(5, CALL, 3.9, 4.1)
    desk.pass_time(60)
    assert [fill[:2] for fill in desk.fills("take")] == [(3, "6")]
    assert desk.fills("stop") == [(1, "3.9", at, "touch-displayed-size")]
    assert book.account(desk.workspace()).state.positions == ()


def test_children_of_an_entry_that_ends_unfilled_end_too(desk):
    desk.place("entry", limit="4.5", force=DAY)
    desk.place("take", "sell", limit="6", parent="entry")
    desk.pass_time(86400)
    assert desk.end("take").payload["reason"] == "entry, which it waits for, is expired"
    assert desk.end("take").time == desk.end("entry").time
    late = desk.place("late", "sell", limit="6", parent="entry")
    assert late.reason == "parent: entry is expired with 0 filled"


def test_a_child_that_joins_its_group_late_gets_what_the_group_has_left(desk):
    desk.place("spare", quantity=5, force=TimeInForce.IOC)
    desk.place("entry", quantity=3, limit="5.2")
    desk.place("take", "sell", 2, limit="4.6", parent="entry", one_cancels="exit")
    refused = desk.place("stop", "sell", 3, trigger=stop("4.5"), parent="entry", one_cancels="exit")
    assert refused.reason == "parent: entry is filled with 3 filled, 2 of them taken by exit"
    assert desk.place("rest", "sell", 1, trigger=stop("4.5"), parent="entry", one_cancels="exit").open


def test_children_of_one_group_never_sell_more_than_their_parent_bought_however_it_fills(desk):
    desk.place("spare", quantity=6, force=TimeInForce.IOC)
    desk.place("entry", quantity=7, limit="5.2")
    desk.place("take", "sell", 7, limit="4.6", parent="entry", one_cancels="exit")
    desk.place("stop", "sell", 7, trigger=stop("9"), parent="entry", one_cancels="exit")
    desk.feed.tell(5, CALL, 4.9, 5.2, size=2)
    desk.feed.tell(6, CALL, 4.9, 5.2, size=20)
    desk.feed.tell(7, CALL, 4.9, 5.3, size=20)
    desk.pass_time(60)
    sold = sum(fill[0] for name in ("take", "stop") for fill in desk.fills(name))
    assert (sum(fill[0] for fill in desk.fills("entry")), sold) == (7, 7)
    assert desk.end("take") is not None
    assert desk.end("stop") is not None


def test_a_fill_on_one_instrument_releases_a_child_on_another_from_then_on(desk):
    desk.place("own", symbol=PUT, force=TimeInForce.IOC)
    desk.place("entry", limit="4.5")
    desk.place("hedge", "sell", symbol=PUT, limit="5.5", parent="entry")
    desk.feed.tell(1, PUT, 5.6, 5.8)
    desk.feed.tell(2, CALL, 4.3, 4.5)
    at = desk.feed.tell(3, PUT, 5.5, 5.7)
    desk.pass_time(60)
    assert desk.fills("hedge") == [(2, "5.5", at, "queue-behind-displayed")]


def test_fill_or_kill_is_all_or_nothing(desk):
    killed = desk.place("a", quantity=11, force=FOK)
    assert (killed.state, killed.fills) == (OrderState.CANCELLED, ())
    assert killed.reason == "fill or kill: 10 of 11 could be filled"
    assert desk.place("b", quantity=10, force=FOK).state is OrderState.FILLED


def test_post_only_and_reduce_only_are_refused_where_they_would_not(desk):
    assert desk.place("a", limit="5.1", post_only=True).reason == "post-only: ask 5.1"
    assert desk.place("b", limit="5", post_only=True).state is OrderState.WORKING
    assert desk.place("c", limit="4", reduce_only=True).reason == "reduce-only: 0 held, buy 2"


def test_an_answered_order_sent_again_is_answered_as_it_stands(desk, store):
    desk.place("a", limit="4.5")
    head = store.head()
    again = desk.place("a", limit="4.5")
    assert (again.state, again.replayed, store.head()) == (OrderState.WORKING, True, head)
    desk.feed.tell(5, CALL, 4.3, 4.4)
    desk.pass_time(6)
    assert desk.place("a", limit="4.5").state is OrderState.FILLED
    with pytest.raises(InvalidValueError, match="client_order_id must be unused"):
        desk.place("a", limit="4.55")


def test_a_feed_that_cannot_tell_its_quotes_fills_nothing_and_says_so(workspace_on, feed, clock):
    terms = OrderTerms("buy", 1, CALL, Decimal("4.5"), GTC)
    trading.place(workspace_on(), terms, "a")
    assert trading.place(workspace_on(), OrderTerms("buy", 1, CALL, Decimal("4.5"), DAY), "b").reason == (
        "time-in-force: DAY: the feed does not tell when its session ends"
    )
    feed.prices[CALL] = (4.0, 4.1, 10, 10)
    clock.advance(timedelta(hours=2))
    update = trading.bring_up_to_date(workspace_on())
    assert (update.filled, update.unseen) == ((), (CALL,))


@pytest.mark.parametrize(
    ("limits", "terms", "rule"),
    [
        (GateLimits(maximum_value=Decimal(999)), {"limit": "5"}, "fat-finger"),
        (GateLimits(collar_percent=Decimal(5)), {"limit": "5.5"}, "price-collar"),
        (GateLimits(duplicate_within=timedelta(seconds=5)), {"limit": "4.5"}, "duplicate"),
        (GateLimits(maximum_orders=1), {"limit": "4.4"}, "message-rate"),
        (GateLimits(book_limits=(BookLimit(LimitKind.VEGA, Decimal(5)),)), {"limit": "4.4"}, "limit-vega"),
        (None, {"limit": "4.52"}, "limit-price"),
        (None, {"trigger": stop("4.52")}, "trigger-price"),
    ],
)
def test_limits_that_are_set_refuse_by_name(desk, limits, terms, rule):
    assert desk.place("first", limit="4.5").state is OrderState.WORKING
    refused = desk.place("second", limits=limits, **terms)
    assert refused.state is OrderState.REJECTED
    assert refused.reason.startswith(f"{rule}: ")
    assert desk.place("third", limit="4.4", symbol=CALL_110, quantity=1).state is OrderState.FILLED


@pytest.mark.parametrize(
    ("terms", "message"),
    [
        ({"force": GTC}, "time_in_force must be IOC or FOK for a market order"),
        ({"trigger": stop("4"), "force": FOK}, "time_in_force must be DAY, GTC or GTD for a stop order"),
        ({"limit": "4", "force": GTD}, "good_until must be given with GTD"),
        ({"limit": "4", "good_until": EXPIRES_AT}, "good_until must be given with GTD"),
        ({"limit": "4", "force": GTD, "good_until": EXPIRES_AT.replace(tzinfo=None)}, "good_until must be aware"),
        ({"limit": "-1"}, "limit_price must be positive"),
        ({"trigger": stop("0")}, "trigger_price must be positive"),
        ({"trigger": Trigger(TriggerKind.STOP)}, "trigger_price must be given"),
        ({"trigger": Trigger(TriggerKind.TRAILING)}, "trail must be a distance or a percentage"),
        ({"trigger": trail("1", "1")}, "trail must be a distance or a percentage"),
        ({"trigger": trail(percent="100")}, "trail_percent must be below 100"),
        ({"limit": "4", "force": TimeInForce.IOC, "post_only": True}, "post_only must be asked of a limit order"),
        ({"limit": "4", "parent": "a"}, "parent must be another order"),
        ({"limit": "4", "one_cancels": "a b"}, "one_cancels must be 1 to 64 letters"),
        ({"limit": "4", "quantity": 0}, "quantity must be a whole number"),
    ],
)
def test_terms_that_contradict_themselves_are_malformed_and_nothing_is_written(desk, store, terms, message):
    with pytest.raises(InvalidValueError, match=message):
        desk.place("a", **terms)
    assert store.head().seq == 0


def test_an_unknown_parent_is_named(desk):
    with pytest.raises(UnknownNameError, match="unknown parent order 'nobody'"):
        desk.place("a", limit="4", parent="nobody")
