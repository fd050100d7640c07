"""What the orders screen reads and says, without a terminal."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from optionix_core.errors import InvalidValueError
from optionix_core.market.quote import Quote
from optionix_core.services.fill_news import FillNews
from optionix_core.services.kill import Exposure, KillReport
from optionix_core.trading.kill_switch import KillPhase, KillSwitch
from optionix_core.trading.orders import (
    Fill,
    OrderIntent,
    OrderResult,
    OrderState,
    Side,
    TimeInForce,
    Trigger,
    TriggerKind,
)
from screens import orders_columns as columns
from screens.kill_text import allowed_words, done_lines, may_type, read_command, standing_lines
from screens.orders_entry import amend_text, read_amendment, read_minutes
from screens.orders_filter import ROUND, OrderFilter
from screens.orders_sort import NEWEST_FIRST, OrderSort
from screens.orders_summary import title_of_orders
from screens.venue_text import MOST_LINES, fill_notices
from widgets.grid_columns import Column, PlacedColumn

NOW = datetime(2026, 1, 5, 15, 0, tzinfo=UTC)
KEY = "ORBIT 260109C00205000"
LIMIT = OrderIntent("one", "paper-1", Side.BUY, 2, KEY, Decimal("3.10"), NOW, TimeInForce.GTC)
STOP = replace(LIMIT, client_order_id="two", side=Side.SELL, trigger=Trigger(TriggerKind.STOP, Decimal(190)))
TRAIL = replace(STOP, limit_price=None, trigger=Trigger(TriggerKind.TRAILING, distance=Decimal("0.50")))


def result(intent: OrderIntent, state: OrderState = OrderState.WORKING) -> OrderResult:
    return OrderResult(intent, state, (), (), None)


def fill(number: int, quantity: int, price: str, at: datetime = NOW) -> Fill:
    quote = Quote(
        symbol=KEY, bid=3.0, ask=3.2, bid_size=10, ask_size=10, source="sim", exchange_time=at, received_at=at
    )
    return Fill(f"order/one/fill-{number}", "one", quantity, Decimal(price), Decimal("1.30"), "touch", at, quote)


@pytest.mark.parametrize(
    ("text", "quantity", "limit", "trigger"),
    [
        ("5", 5, None, None),
        ("@ 3.20", None, "3.20", None),
        ("5@3.20", 5, "3.20", None),
        ("2 @ 3.10 ! 185.5", None, None, "185.5"),
        ("! 185.5 @ -1.25 7", 7, "-1.25", "185.5"),
    ],
)
def test_an_amendment_holds_what_differs_alone(
    text: str, quantity: int | None, limit: str | None, trigger: str | None
) -> None:
    asked = read_amendment(text, STOP, "a")
    assert asked.quantity == quantity
    assert asked.limit_price == (None if limit is None else Decimal(limit))
    assert asked.trigger_price == (None if trigger is None else Decimal(trigger))


@pytest.mark.parametrize(
    ("text", "field"),
    [("", "amendment"), ("2 @ 3.10", "amendment"), ("2 3", "amendment"), ("@", "amendment"), ("0", "quantity"),
     ("1.5", "quantity"), ("@ dear", "limit"), ("@ nan", "limit"), ("! inf", "trigger")],
)  # fmt: skip
def test_an_amendment_that_cannot_be_read_names_the_field(text: str, field: str) -> None:
    with pytest.raises(InvalidValueError, match=f"^{field} must be"):
        read_amendment(text, LIMIT, "a")


@given(st.integers(1, 10_000), st.decimals(Decimal("0.01"), 900, places=2), st.decimals(1, 900, places=2))
def test_the_terms_that_the_entry_line_offers_are_those_of_the_order(
    quantity: int, limit: Decimal, level: Decimal
) -> None:
    intent = replace(STOP, quantity=quantity, limit_price=limit, trigger=Trigger(TriggerKind.STOP, level))
    with pytest.raises(InvalidValueError, match="other terms than the order has"):
        read_amendment(amend_text(intent), intent, "a")


def test_what_has_no_level_of_its_own_offers_none() -> None:
    assert amend_text(TRAIL) == "2"
    assert amend_text(STOP) == "2 @ 3.10 ! 190"


def test_minutes_are_bounded() -> None:
    assert read_minutes(" 45 ") == 45
    for text in ("", "0", "-1", "1.5", "999999999"):
        with pytest.raises(InvalidValueError, match=r"^minutes must be"):
            read_minutes(text)


def test_a_filter_keeps_what_all_of_its_words_hold_for() -> None:
    orders = [
        result(LIMIT),
        result(STOP, OrderState.HELD),
        result(replace(LIMIT, client_order_id="old", created_at=NOW - timedelta(days=3)), OrderState.REJECTED),
        result(replace(LIMIT, client_order_id="shares", symbol="QUASAR", tag="twap-1"), OrderState.FILLED),
    ]
    names = {
        "": ["one", "two", "old", "shares"],
        "open": ["one", "two"],
        "held rejected": ["two", "old"],
        "sell": ["two"],
        "today": ["one", "two", "shares"],
        "orbit 205": ["one", "two", "old"],
        "TWAP": ["shares"],
        "ended buy orbit": ["old"],
        "nothing-of-the-kind": [],
    }
    for text, wanted in names.items():
        kept = OrderFilter.parse(text).apply(orders, NOW)
        assert [order.intent.client_order_id for order in kept] == wanted, text


def test_the_key_for_states_goes_round() -> None:
    chosen, seen = OrderFilter(), []
    for _ in ROUND:
        seen.append(chosen.text)
        chosen = chosen.after()
    assert tuple(seen) == ROUND
    assert chosen == OrderFilter()
    assert OrderFilter.parse("orbit sell").after() == OrderFilter.parse("open")


def test_the_title_says_how_many_are_kept_and_that_older_ones_are_left_out() -> None:
    assert title_of_orders(7, 7, 1000, OrderFilter(), NEWEST_FIRST) == "Orders, newest first: 7"
    assert title_of_orders(2, 7, 1000, OrderFilter.parse("open"), NEWEST_FIRST) == "Orders / open: 2 of 7"
    assert title_of_orders(1200, 1200, 1000, OrderFilter(), NEWEST_FIRST).endswith("the first 1000 shown")
    by_limit = OrderSort("limit", falling=True)
    assert title_of_orders(7, 7, 1000, OrderFilter(), by_limit) == "Orders, by limit ▼: 7"
    assert title_of_orders(2, 7, 1000, OrderFilter.parse("open"), by_limit) == "Orders / open, by limit ▼: 2 of 7"


def test_orders_and_their_terms_in_words() -> None:
    assert columns.order_words(LIMIT) == "BUY 2 ORBIT 09JAN26 205 C"
    assert columns.terms_words(LIMIT) == "limit GTC"
    assert columns.terms_words(STOP) == "stop 190.00 GTC"
    assert columns.terms_words(replace(TRAIL, reduce_only=True)) == "trail 0.50 GTC reduce-only"


def test_an_average_is_weighted_by_quantity() -> None:
    assert columns.average_price(()) is None
    assert columns.average_price((fill(1, 1, "3.00"), fill(2, 2, "3.30"))) == Decimal("3.2000")


@given(st.integers(0, 500), st.integers(1, 500))
def test_a_bar_is_full_only_where_all_is_done(done: int, whole: int) -> None:
    done = min(done, whole)
    bar = columns.progress_bar(done, whole).split()[0]
    assert len(bar) == columns.BAR_CELLS
    assert (bar == "▇" * columns.BAR_CELLS) is (done == whole)


def test_a_moment_is_as_short_as_it_can_be() -> None:
    assert columns.clock_text(NOW, NOW) == "15:00:00"
    assert columns.clock_text(NOW - timedelta(days=1), NOW) == "04 Jan"
    assert columns.clock_text(NOW - timedelta(days=10), NOW) == "26Dec25"


def test_words_are_shortened_and_figures_are_not() -> None:
    words = Column("a", "A", 6, str, "left", words=True)
    assert PlacedColumn(words, 0, 0, 6).justify("insufficient") == "insuf…"
    assert PlacedColumn(Column("b", "B", 6, str), 0, 0, 6).justify("1234567") == "######"


def switch(phase: KillPhase) -> KillSwitch:
    return KillSwitch(phase, 1, NOW, "desk", "a reason", "k1")


def test_only_the_whole_word_moves_the_kill_switch() -> None:
    armed, fired = switch(KillPhase.ARMED), switch(KillPhase.FIRED)
    assert read_command("arm", KillSwitch()).act == "arm"
    plain = read_command("fire the feed is wrong", armed)
    assert (plain.act, plain.flatten, plain.reason) == ("fire", False, "the feed is wrong")
    closing = read_command("fire flatten", armed)
    assert (closing.act, closing.flatten, closing.reason) == ("fire", True, "fired on request")
    again = read_command("rearm-k1 it is back", fired)
    assert (again.act, again.confirmation, again.reason) == ("rearm", "rearm-k1", "it is back")
    assert read_command("flatten", fired).flatten
    for text, state in (
        ("", armed), ("fir", armed), ("FIRE", armed), ("flatten", armed), ("arm", armed), ("fire", KillSwitch()),
        ("fire", fired), ("rearm", fired), ("rearm-k2", fired), ("disarm", fired),
    ):  # fmt: skip
        with pytest.raises(InvalidValueError, match=r"^word must be"):
            read_command(text, state)


@given(st.sampled_from(list(KillPhase)), st.text(max_size=12))
def test_no_other_text_is_ever_a_command(phase: KillPhase, text: str) -> None:
    state = switch(phase)
    words = text.split()
    if words and words[0] in allowed_words(state):
        assert read_command(text, state).reason
    else:
        with pytest.raises(InvalidValueError, match=r"^word must be"):
            read_command(text, state)


def test_the_kill_dialog_says_what_would_end_and_what_did() -> None:
    held = (Exposure("paper-1", KEY, Decimal(2)), Exposure("paper-2", "ORBIT", Decimal(-5), "its venue is live"))
    report = KillReport(switch(KillPhase.ARMED), NOW, ("one", "two"), held=held)
    lines = "\n".join((*standing_lines(report), *may_type(report)))
    assert "Working orders, all accounts: one, two" in lines
    assert "+2 ORBIT 09JAN26 205 C (paper-1), -5 ORBIT (paper-2)" in lines
    assert "ends 2 working orders" in lines
    assert "closes 2 positions" in lines
    fired = KillReport(switch(KillPhase.FIRED), NOW, ("one", "two"), (result(LIMIT, OrderState.FILLED),), held)
    told = "\n".join(done_lines(read_command("fire flatten", switch(KillPhase.ARMED)), fired))
    assert "Kill k1: 2 orders ended." in told
    assert "Sent buy 2 ORBIT 09JAN26 205 C: filled" in told
    assert "-5 ORBIT (its venue is live)" in told
    assert "rearm-k1" in "\n".join(may_type(fired))


def test_fills_before_the_start_are_told_apart_and_many_are_counted() -> None:
    before = FillNews(LIMIT, fill(1, 2, "3.10", NOW - timedelta(hours=1)))
    after = FillNews(replace(LIMIT, account="paper-2"), fill(2, 1, "3.05"))
    closed, here = fill_notices((before, after), "paper-1", NOW)
    assert closed.title == "Filled while the terminal was closed"
    assert closed.text == "BUY 2 ORBIT 09JAN26 205 C at 3.10, fee 1.30, 05 Jan 14:00:00 UTC"
    assert (here.title, here.text.startswith("paper-2 BUY 1")) == ("Filled", True)
    assert fill_notices((), "paper-1", NOW) == ()
    (many,) = fill_notices((after,) * (MOST_LINES + 2), "paper-1", NOW)
    assert many.text.endswith("and 2 more: see the orders (F7)")
