"""What a ticket says of a combination and of a refusal; how rows go on where the line is short; results in words."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

from optionix_core.market.quote import Quote
from optionix_core.services.order_effect import Change, OrderEffect, TailEffect
from optionix_core.services.order_touch import LegTouch, OrderTouch
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
    TimeInForce,
    combination_key,
)
from screens.ticket_preview import (
    Study,
    Told,
    effect_rows,
    leg_content,
    price_rows,
    study_rows,
    tail_rows,
    touch_pieces,
)
from screens.ticket_rows import Row, laid
from screens.ticket_text import market_rows, result_title

MOMENT = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
LEGS = (OrderLeg("ORBIT 261218C00210000", 1), OrderLeg("ORBIT 261218C00220000", -1))
INTENT = OrderIntent("a", "paper-1", Side.BUY, 2, combination_key(LEGS), Decimal("4.20"), MOMENT, legs=LEGS)
QUOTE = Quote("ORBIT 261218C00210000", "sim", MOMENT, MOMENT, bid=8.0, ask=8.2, bid_size=5, ask_size=6)
VIEW = CombinationView(
    "bull-call-spread", Decimal("4.23"), Decimal("4.1"), None, Decimal(840), (214.2,), Decimal(0), Decimal(840)
)
SIZE = GateCheck("size", passed=True, detail="2")
PREVIEW = OrderPreview(INTENT, QUOTE, None, 0, None, None, (SIZE,), combination=VIEW)
ASKED = (Told(), Told(), Told())
TOUCH = OrderTouch(MOMENT, (), Decimal("3.98"), Decimal("4.20"), None)


def told(preview: OrderPreview, width: int = 100) -> str:
    return laid(study_rows(Study(preview), MOMENT, TOUCH, *ASKED), width).plain


def test_a_preview_of_a_combination_tells_its_name_its_need_and_its_fill_model():
    text = told(PREVIEW)
    for words in ("strategy    bull-call-spread", "cash behind 0.00 → 840.00", "natural-touch-whole-units"):
        assert words in text
    assert "nothing at this price now" in text
    bare = replace(VIEW, requirement_after=None)
    assert "0.00 → unbounded" in told(replace(PREVIEW, combination=bare))


def test_what_was_asked_and_is_not_answered_says_so_and_what_cannot_be_told_says_why():
    assert told(PREVIEW).count("asking …") == 3
    assert effect_rows(Told(None, "no data for 1 of 2 positions")) == [
        Row("margin", "no data for 1 of 2 positions", "$stale")
    ]


def test_a_refusal_stands_beside_what_would_fill_and_first_among_the_answers_of_the_gate():
    no = GateCheck("buying-power", passed=False, detail="costs 840, cash 100")
    rows = market_rows(replace(PREVIEW, checks=(SIZE, no)))
    assert [row.text for row in rows[1:3]] == ["nothing: the gate refuses it", "✗ refused buying-power"]
    lines = told(replace(PREVIEW, checks=(SIZE, no))).splitlines()
    gate = next(place for place, line in enumerate(lines) if line.startswith("gate"))
    assert "1 of 2 passed" in lines[gate]
    assert "✗ refused buying-power  costs 840, cash 100" in lines[gate + 1]


def test_an_order_that_rests_tells_until_when_and_what_is_kept_for_it():
    resting = replace(INTENT, time_in_force=TimeInForce.DAY)
    ends = datetime(2026, 11, 20, 21, 0, tzinfo=UTC)
    text = told(replace(PREVIEW, intent=resting, reserve=Decimal("842.6"), ends_at=ends))
    assert "rests       2 until 20 Nov 21:00 UTC   842.60 kept for it" in text


def test_figures_before_and_after_carry_signs_and_a_limit_that_is_broken_is_marked():
    zero = Change(0.0, 0.0)
    effect = OrderEffect(Change(0.0, 735.0), 100_000.0, Change(0.0, -3600.4), zero, zero, ())
    text = laid(effect_rows(Told(effect)), 100).plain
    assert "margin      0.00 → 735.00   of 100,000.00 net liquidation" in text
    assert "dollar Δ    0 → -3,600   Θ/day 0.00 → 0.00" in text
    within, beyond = (TailEffect(Change(10.0, 900.0), Decimal(bound)) for bound in (900, 899))
    assert tail_rows(Told(within))[0].text == "10 → 900   limit 900"
    assert tail_rows(Told(beyond))[0].text == "10 → 900   ✗ limit 899"
    assert tail_rows(Told(replace(within, bound=None)))[0].text == "10 → 900   no limit set"


def test_a_limit_is_set_against_bid_middle_and_ask():
    assert "limit       0.22 above the bid   0.11 above the middle   at the ask" in told(PREVIEW)
    assert price_rows(None, TOUCH) == []
    assert price_rows(Decimal(4), None) == []
    assert price_rows(Decimal(4), replace(TOUCH, bid=None)) == [Row("limit", "0.20 below the ask")]


def test_rows_go_on_under_themselves_and_lose_nothing():
    row = Row("label", "one two   three four five", "", "a detail that is long")
    assert laid([row], 80).plain == "label       one two   three four five  a detail that is long"
    narrow = " ".join(laid([row], 26).plain.split())
    assert narrow == "label one two three four five a detail that is long"
    assert all(len(line) <= 26 for line in laid([row], 26).plain.splitlines())


def test_the_touch_is_clicked_into_the_price_and_legs_drop_sizes_before_prices():
    legs = (LegTouch(LEGS[0].symbol, 1, QUOTE), LegTouch(LEGS[1].symbol, -1, QUOTE))
    touch = OrderTouch(MOMENT, legs, Decimal("3.98"), None, None)
    pieces = touch_pieces(touch)
    assert {piece.action for piece in pieces} == {"ticket.bid", "ticket.mid", "ticket.ask", ""}
    assert [piece.text for piece in pieces if piece.tone == "accent"] == ["3.98", "·", "·"]
    assert "8.00 × 5" in leg_content(touch, "buy", 80).plain
    assert "×" not in leg_content(touch, "buy", 40).plain


def test_legs_are_signed_as_the_order_trades_them():
    touch = OrderTouch(MOMENT, tuple(LegTouch(leg.symbol, leg.ratio, QUOTE) for leg in LEGS), None, None, None)
    assert [line.split()[0] for line in leg_content(touch, "buy", 80).plain.splitlines()] == ["+1", "-1"]
    assert [line.split()[0] for line in leg_content(touch, "sell", 80).plain.splitlines()] == ["-1", "+1"]


def test_a_result_names_every_leg():
    fill = Fill("order/a/fill-1", "a", 2, Decimal("4.2"), Decimal("2.6"), "implied-in", MOMENT, QUOTE)
    title, text, loudness = result_title(OrderResult(INTENT, OrderState.FILLED, (), (fill,), None))
    assert title == "Filled: BUY 2 +1 ORBIT 18DEC26 210 C, -1 ORBIT 18DEC26 220 C"
    assert (text, loudness) == ("2 at 4.2, fees 2.60 (implied-in)", "information")


def test_a_result_that_works_on_says_how_long_and_what_is_kept():
    works = OrderResult(INTENT, OrderState.WORKING, (), (), None, reserved=Decimal(842))
    title, text, loudness = result_title(works)
    assert title.startswith("Working: BUY 2")
    assert (text, loudness) == ("2 until it is cancelled, 842.00 kept for it; it stands in F7", "information")
    assert result_title(replace(works, state=OrderState.HELD))[0].startswith("Held: ")
    part = replace(works, state=OrderState.PARTIALLY_FILLED, fills=(
        Fill("f", "a", 1, Decimal(4), Decimal("1.3"), "implied-in", MOMENT, QUOTE),))  # fmt: skip
    assert result_title(part)[2] == "information"
