"""What a ticket says of a combination: its legs by name, net prices, payoff and what the account needs."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

from optionix_core.market.quote import Quote
from optionix_core.trading.orders import (
    CombinationView,
    Fill,
    GateCheck,
    OrderIntent,
    OrderLeg,
    OrderPreview,
    OrderResult,
    OrderState,
    Side,
    combination_key,
)
from screens.ticket_text import preview_content, result_title

MOMENT = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
LEGS = (OrderLeg("ORBIT 261218C00210000", 1), OrderLeg("ORBIT 261218C00220000", -1))
INTENT = OrderIntent("a", "paper-1", Side.BUY, 2, combination_key(LEGS), Decimal("4.20"), MOMENT, legs=LEGS)
QUOTE = Quote("ORBIT 261218C00210000", "sim", MOMENT, MOMENT, bid=8.0, ask=8.2, bid_size=5, ask_size=6)
VIEW = CombinationView(
    "bull-call-spread", Decimal("4.23"), Decimal("4.1"), None, Decimal(840), (214.2,), Decimal(0), Decimal(0)
)
PREVIEW = OrderPreview(
    INTENT, QUOTE, None, 0, None, None, (GateCheck("size", passed=True, detail="2"),), combination=VIEW
)


def test_a_preview_of_a_combination_tells_net_prices_payoff_and_need():
    told = preview_content(PREVIEW).plain
    for words in ("bull-call-spread", "natural 4.23   mid 4.1", "gain unbounded   loss 840", "breakeven 214.2"):
        assert words in told
    assert "natural-touch-whole-units" in told
    assert "bid 8" not in told


def test_a_preview_without_numbers_says_that_there_are_none():
    bare = replace(VIEW, natural=None, mid=None, breakevens=None, requirement_after=None)
    told = preview_content(replace(PREVIEW, combination=bare)).plain
    assert "natural -   mid -" in told
    assert "at expiry" not in told
    assert "unbounded" in told


def test_a_result_names_every_leg():
    fill = Fill("order/a/fill-1", "a", 2, Decimal("4.2"), Decimal("2.6"), "implied-in", MOMENT, QUOTE)
    title, text, loudness = result_title(OrderResult(INTENT, OrderState.FILLED, (), (fill,), None))
    assert title == "Filled: BUY 2 +1 ORBIT 18DEC26 210 C, -1 ORBIT 18DEC26 220 C"
    assert (text, loudness) == ("2 at 4.2, fees 2.60 (implied-in)", "information")
