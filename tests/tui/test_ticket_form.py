"""Forms of tickets: which fields a type has, what they make, mistakes that name the field, and the command that does
the same."""

from __future__ import annotations

import shlex
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from optionix_core.errors import InvalidValueError
from optionix_core.trading.algorithms.parent import AlgoKind, CatchUp
from optionix_core.trading.orders import LotsWanted, OrderLeg, OrderType, Side, TimeInForce, Trigger, TriggerKind
from optionix_core.trading.terms import UNSIZED, OrderTerms, intent_of_terms
from screens import ticket_fields as fields
from screens.host import Draft
from screens.ticket_form import TicketForm

CALL, FAR = "ORBIT 260109C00205000", "ORBIT 260109C00210000"
LEGS = (OrderLeg(CALL, 1), OrderLeg(FAR, -1))
NOW = datetime(2026, 1, 5, 15, 0, tzinfo=UTC)


def form(kind: str = "", limit: str | None = None, **entries: str) -> TicketForm:
    price = None if limit is None else Decimal(limit)
    return TicketForm.of(Draft("buy", CALL, 2, price, kind=kind, entries=tuple(entries.items())))


def test_a_draft_with_a_price_is_a_limit_order_for_the_day_and_one_without_takes_the_touch_at_once():
    assert form(limit="3.75").terms() == OrderTerms("buy", 2, CALL, Decimal("3.75"), TimeInForce.DAY)
    assert form().terms() == OrderTerms("buy", 2, CALL)


ENTRIES = {"limit": "3.70", "trigger": "4", "trail": "0.50", "until": "2026-01-08T20:00Z"}


@pytest.mark.parametrize("kind", fields.ORDER_TYPES)
def test_every_type_makes_an_order_of_that_type_out_of_the_fields_that_it_shows(kind):
    written = TicketForm.of(Draft("sell", CALL, 1, kind=kind))
    for name in written.shown:
        written = written.write(name, ENTRIES[name]) if name in ENTRIES else written
    intent = intent_of_terms(written.terms(), "paper-1", "a", NOW)
    assert intent.order_type is OrderType(kind)
    for time in fields.times(kind):
        timed = written.write("time", time).write("until", ENTRIES["until"])
        made = intent_of_terms(timed.terms(), "paper-1", "a", NOW)
        assert made.time_in_force is TimeInForce(time)
        assert (made.good_until is None) is (time != "GTD")


def test_triggers_are_read_by_their_type():
    assert form("stop", trigger="190").terms().trigger == Trigger(TriggerKind.STOP, Decimal(190))
    assert form("limit-if-touched", trigger="190", limit="1").terms().trigger == Trigger(
        TriggerKind.TOUCHED, Decimal(190)
    )
    trailing = [form("trailing-stop", trail=text).terms().trigger for text in ("0.50", "5%")]
    assert trailing == [
        Trigger(TriggerKind.TRAILING, distance=Decimal("0.50")),
        Trigger(TriggerKind.TRAILING, distance_percent=Decimal(5)),
    ]


def test_fields_that_an_order_may_have_are_hidden_until_they_say_something():
    bare = form(limit="3")
    assert bare.shown == ("side", "quantity", "kind", "limit", "time")
    assert {"post_only", "reduce_only", "lots", "parent", "group"} <= set(replace(bare, more=True).shown)
    assert "post_only" in bare.write("post_only", "yes").shown
    assert "post_only" not in replace(bare.write("time", "IOC"), more=True).shown
    full = form(limit="3", post_only="yes", reduce_only="yes", lots="lifo", parent="a", group="g").terms()
    assert (full.post_only, full.reduce_only, full.parent, full.one_cancels) == (True, True, "a", "g")
    assert full.lots == LotsWanted("lifo")


def test_what_does_not_belong_to_the_type_counts_no_longer_and_is_not_forgotten():
    stop = form("stop-limit", trigger="4", limit="3")
    market = stop.write("kind", "market")
    assert market.terms() == OrderTerms("buy", 2, CALL)
    assert market.key == form().key
    assert market.write("kind", "stop-limit").key == stop.key
    assert market.texts["trigger"] == "4"


def test_a_type_that_waits_starts_with_the_day_and_keeps_a_time_that_was_chosen():
    assert form().write("kind", "limit").texts["time"] == "DAY"
    assert form(limit="3").write("time", "GTC").write("kind", "stop").texts["time"] == "GTC"
    assert form(limit="3").write("kind", "market").texts["time"] == "IOC"
    assert form("twap", ends="30m").write("kind", "limit").texts["time"] == "DAY"


def test_money_stands_for_a_quantity():
    terms = form(limit="3", quantity="$5000").terms()
    assert (terms.quantity, terms.amount) == (UNSIZED, Decimal(5000))


def test_a_combination_is_a_limit_or_market_order_without_more():
    combination = TicketForm.of(Draft("buy", "", 2, Decimal("-1.20"), LEGS))
    assert combination.choices("kind") == ("market", "limit")
    assert set(replace(combination, more=True).shown) == {"side", "quantity", "kind", "limit", "time"}
    assert combination.terms() == OrderTerms("buy", 2, "", Decimal("-1.20"), TimeInForce.DAY, legs=LEGS)
    with pytest.raises(InvalidValueError, match="type must be one of market, limit"):
        TicketForm.of(Draft("buy", "", 1, legs=LEGS, kind="stop"))


WRONG = [
    ({"quantity": "none"}, "quantity must be a whole number, at least 1 (got 'none')"),
    ({"quantity": "0"}, "quantity must be a whole number, at least 1 (got '0')"),
    ({"quantity": "²"}, "quantity must be a whole number, at least 1 (got '²')"),
    ({"quantity": "$lots"}, "quantity must be an amount of money such as $5000 (got '$lots')"),
    ({"limit": ""}, "limit must be a number (got nothing)"),
    ({"limit": "cheap"}, "limit must be a number (got 'cheap')"),
    ({"limit": "nan"}, "limit must be finite (got 'nan')"),
    ({"kind": "trailing-stop", "trail": "far"}, "trail must be a distance such as 0.50, or a percentage such as 5%"),
    ({"time": "GTD", "until": "tomorrow"}, "until must be a moment with its offset, such as 2027-01-08T20:00Z"),
    ({"time": "GTD", "until": "2026-01-08T20:00"}, "until must be a moment with its offset"),
    ({"lots": "oldest"}, "lots must be fifo, lifo or ENTRY=N"),
    ({"kind": "twap", "ends": "soon"}, "ends must be a stretch of time such as 90s, 30m, 1h30m or 2d (got 'soon')"),
    ({"kind": "twap"}, "ends must be a length such as 30m, or a moment"),
    ({"kind": "twap", "ends": "30m", "quantity": "$5"}, "quantity must be a whole number: money buys market and limit"),
    ({"kind": "vwap", "ends": "30m"}, "curve must be given, such as u-shape:3"),
    ({"kind": "pov", "ends": "30m", "participation": "some"}, "share must be a number (got 'some')"),
]


@pytest.mark.parametrize(("entries", "words"), WRONG)
def test_a_mistake_names_the_field_as_the_ticket_shows_it(entries, words):
    written = form(limit="3")
    for name, text in entries.items():
        written = written.write(name, text)
    with pytest.raises(InvalidValueError) as caught:
        written.algorithm() if written.is_algorithm else written.terms()
    assert words in str(caught.value)
    labels = {fields.BY_NAME[name].label: name for name in written.has}
    assert (fields.field_at_fault(caught.value.field) or labels[caught.value.field]) in written.has


ODD = [
    "", "0", "-1", "1e999999", "1e-999999", "9" * 5000, "9" * 30, "nan", "-inf", "²", "１２", "1e99%", "%", "$",
    "$1e30", "999999d" * 2000, "0s", "0001-01-01T00:00+14:00", "9999-12-31T23:59:59-14:00", "u-shape:nan",
    "a=" + "9" * 5000, ";", "\x00", "a" * 70,
]  # fmt: skip


@pytest.mark.parametrize("kind", [*fields.ORDER_TYPES, *fields.ALGORITHMS])
def test_whatever_is_written_makes_an_order_or_a_mistake(kind):
    whole = form(kind, limit="3", trigger="4", trail="0.5", ends="30m", curve="u-shape:3", participation="0.1",
                 risk_aversion="0.05", volatility="30", temporary="0.1", permanent="0.01")  # fmt: skip
    made = wrong = 0
    for name in (one for one in whole.has if not fields.BY_NAME[one].choices):
        for text in ODD:
            written = whole.write(name, text)
            try:
                if written.is_algorithm:
                    written.algorithm()
                else:
                    intent_of_terms(written.terms(), "paper-1", "a", NOW)
            except InvalidValueError:
                wrong += 1
            else:
                made += 1
    assert made > 0
    assert wrong > len(ODD)


def test_algorithms_have_their_own_fields_and_no_others():
    twap = form("twap", ends="1h30m", slices="6", catch_up="at-once").algorithm()
    assert (twap.kind, twap.side, twap.quantity, twap.slices) == (AlgoKind.TWAP, Side.BUY, 2, 6)
    assert (twap.lasts, twap.catch_up, twap.curve) == (timedelta(minutes=90), CatchUp.AT_ONCE, None)
    until = form("vwap", ends="2026-01-05T20:00Z", curve="u-shape:3").algorithm()
    assert (until.lasts, until.until) == (None, datetime(2026, 1, 5, 20, 0, tzinfo=UTC))
    pov = form("pov", ends="30m", participation="0.1", limit="3").algorithm()
    assert (pov.participation, pov.catch_up, pov.limit_price) == (Decimal("0.1"), None, Decimal(3))
    impact = {"risk_aversion": "0.05", "volatility": "30", "temporary": "0.1", "permanent": "0.01"}
    found = form("is", ends="2h", **impact).algorithm()
    assert (found.risk_aversion, found.volatility, found.temporary, found.permanent) == (0.05, 30.0, 0.1, 0.01)


def test_a_draft_of_a_form_opens_the_same_form():
    written = form("stop-limit", trigger="4", limit="3.5", group="g").write("quantity", "none").write("time", "GTC")
    assert TicketForm.of(written.draft()).key == written.key


def test_drafts_that_are_none_are_refused():
    with pytest.raises(InvalidValueError, match="field must be one of"):
        form(colour="red")
    with pytest.raises(InvalidValueError, match="time must be IOC or FOK for a market order"):
        TicketForm.of(Draft("buy", CALL, time_in_force="DAY"))


COMMANDS = [
    (form(limit="3.75"), '--symbol "ORBIT 09JAN26 205 C" --side buy --quantity 2 --type limit --limit 3.75 --tif day'),
    (form(quantity="$500"), "--dollars 500 --type market --tif ioc"),
    (form("trailing-stop", trail="5%"), "--type trailing-stop --trail-percent 5 --tif day"),
    (form(limit="3", post_only="yes", group="g"), "--tif day --post-only --one-cancels g"),
]


@pytest.mark.parametrize(("written", "words"), COMMANDS)
def test_the_command_says_the_same(written, words):
    line = written.command("optionix", "id-1")
    assert line.startswith("optionix order submit ")
    assert line.endswith(" --client-id id-1")
    assert words in line


def test_the_command_of_a_combination_carries_its_legs_and_that_of_an_algorithm_its_terms():
    words = shlex.split(TicketForm.of(Draft("sell", "", 1, Decimal("1.2"), LEGS)).command("optionix", "a"))
    assert words[words.index("--legs") + 1] == f'[{{"symbol":"{CALL}","ratio":1}},{{"symbol":"{FAR}","ratio":-1}}]'
    line = form("twap", ends="30m", slices="6", catch_up="at-once").command("optionix --account b", "a")
    assert line == (
        'optionix --account b algo start twap --symbol "ORBIT 09JAN26 205 C" --side buy --quantity 2 --duration 30m '
        "--slices 6 --catch-up at-once --client-id a"
    )
