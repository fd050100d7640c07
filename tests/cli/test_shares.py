"""Shares on the command line: bought, sold, by an amount, by lots; and what is refused, with its exit code."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from config.schema import BY_KEY
from optionix_core.portfolio.fee_schedule import FEE_PLANS

SUBMIT = "order submit --symbol {} --side {} --quantity {} --type limit --limit {} --tif GTC --client-id a"
OPTION = "ORBIT270115C00230000"

REFUSED = [
    # command, exit code, what stderr must hold: for shares what tests of orders hold for options.
    ("buy 10 NOSUCH", 5, ["refused by known-instrument", "NOSUCH"]),
    ("buy 10 TUNDRA", 5, ["refused by tradable", "TUNDRA is an index, which nobody can hold: its options are traded"]),
    ("buy 10 TUNDRA --dry-run", 5, ["refused by tradable", "TUNDRA is an index"]),
    ("buy 0 ORBIT", 1, ["quantity", "at least 1", "0"]),
    ("buy 1.5 ORBIT", 2, ["QUANTITY must be a whole number", "'1.5'"]),
    ("buy ORBIT", 2, ["QUANTITY must be a whole number", "'ORBIT'"]),
    ("buy 1 ORBIT 15JAN27", 1, ["symbol", "'ORBIT 15JAN27'"]),
    ("buy 1000001 ORBIT", 5, ["refused by quantity", "1000001", "1000000"]),
    ("buy 1000 ORBIT", 5, ["refused by buying-power", "cash 100000"]),
    ("buy 1 ORBIT --limit 215.005", 5, ["refused by limit-price", "215.005", "steps of 0.01"]),
    ("buy 1 ORBIT --limit 1", 1, ["not filled", "the ask is"]),
    ("sell 1 ORBIT", 5, ["refused by buying-power", "needs margin", "0 held, 1 to sell"]),
    ("sell 1 ORBIT --lots lifo", 5, ["refused by lots", "0 held, sell 1"]),
    ("sell 1 ORBIT --lots oldest", 2, ["--lots must be fifo, lifo or ENTRY=N", "'oldest'"]),
    ("sell 1 ORBIT --lots order/a/fill-1/entry=2", 1, ["lots must be 1 in all", "2 in all"]),
    ("buy --dollars 100 ORBIT", 1, ["amount must be at least", "of one share of ORBIT at", "(got 100)"]),
    (f"buy --dollars 100 {OPTION}", 1, ["amount must be at least", "of one contract of ORBIT 15JAN27 230 C"]),
    ("buy --dollars -5 ORBIT", 1, ["amount must be above 0"]),
    ("buy --dollars 5000", 2, ["QUANTITY is missing"]),
    (f"buy --dollars 5000 {OPTION} extra", 1, ["symbol"]),
    ("buy 1", 2, ["SYMBOL is missing"]),
    (SUBMIT.format("ORBIT", "buy", 1, "0.99995"), 5, ["refused by limit-price", "steps of 0.01"]),
    (SUBMIT.format("ORBIT", "buy", -1, "200"), 1, ["quantity", "at least 1", "(got -1)"]),
    (f"{SUBMIT.format('ORBIT', 'buy', 1, '200')} --dollars 5", 2, ["--quantity has no say beside --dollars"]),
    ("order submit --symbol ORBIT --side buy --type market", 2, ["--quantity is missing: give it, or --dollars"]),
    (
        "order submit --symbol ORBIT --side sell --dollars 500 --type stop --trigger 200",
        1,
        ["amount must be absent for an order with a trigger"],
    ),
    ("order submit --symbol ORBIT --side sell --quantity 5 --type stop --trigger 1.001", 5, ["trigger-price", "0.01"]),
]


@pytest.mark.parametrize(("command", "code", "told"), REFUSED, ids=[command for command, _, _ in REFUSED])
def test_wrong_orders_for_shares_are_named_and_nothing_is_printed(command, code, told, optionix):
    answer = optionix(*command.split())
    assert answer.code == code, answer.words
    assert [word for word in told if word not in answer.words] == [], answer.words
    assert "Traceback" not in answer.words
    if "--dry-run" not in command:
        assert answer.data == b""


def test_shares_are_bought_held_and_sold(optionix):
    bought = json.loads(optionix("buy", "100", "orbit", "--client-id", "a", "--json").out)
    assert (bought["state"], bought["symbol"], bought["label"], bought["fees"]) == ("filled", "ORBIT", "ORBIT", 0)
    assert bought["cost"] == pytest.approx(100 * bought["average_price"])
    (held,) = json.loads(optionix("positions", "--json").out)["positions"]
    assert (held["symbol"], held["quantity"], held["multiplier"]) == ("ORBIT", 100, 1)
    optionix.clock.advance(timedelta(seconds=30))
    sold = json.loads(optionix("sell", "40", "ORBIT", "--json").out)
    assert (sold["state"], sold["filled_quantity"]) == ("filled", 40)
    assert "bought 100 ORBIT at" in optionix("buy", "100", "ORBIT", "--client-id", "a").out
    assert json.loads(optionix("ledger", "verify", "--json").out)["verified"] is True


def test_a_covered_call_of_single_orders_needs_no_cash_behind_it(optionix):
    assert optionix("buy", "100", "ORBIT").code == 0
    assert optionix("sell", "1", OPTION).code == 0
    refused = optionix("sell", "1", "ORBIT")
    assert (refused.code, "needs margin: the loss on ORBIT has no bound" in refused.words) == (5, True)


def test_a_gtc_limit_for_shares_is_filled_while_nothing_runs(optionix):
    placed = json.loads(optionix(*SUBMIT.format("ORBIT", "buy", 10, "214").split(), "--json").out)
    assert (placed["state"], placed["ends_at"], placed["reserved"]) == ("working", None, 2140)
    optionix.clock.advance(timedelta(days=3))
    story = json.loads(optionix("order", "show", "a", "--json").out)
    assert (story["state"], story["average_price"]) == ("filled", 214)


def test_an_amount_makes_a_quantity_once(optionix):
    command = ("buy", "--dollars", "5000", "ORBIT", "--client-id", "a", "--json")
    first = json.loads(optionix(*command).out)
    assert (first["amount"], first["state"]) == (5000, "filled")
    assert first["cost"] <= 5000 < first["cost"] + first["average_price"]
    optionix.clock.advance(timedelta(days=9))
    again = json.loads(optionix(*command).out)
    assert (again["replayed"], again["quantity"]) == (True, first["quantity"])
    assert "made of 5,000.00, answered before" in optionix(*command[:-1]).out
    other = optionix("buy", "--dollars", "6000", "ORBIT", "--client-id", "a")
    assert (other.code, "client_order_id must be unused, or repeat its order" in other.words) == (1, True)


def test_the_lots_that_an_order_names_are_closed(optionix):
    for name in ("a", "b"):
        optionix("buy", "10", "ORBIT", "--client-id", name)
        optionix.clock.advance(timedelta(seconds=30))
    assert optionix("sell", "4", "ORBIT", "--lots", "order/b/fill-1/entry=3,order/a/fill-1/entry=1").code == 0
    closed = json.loads(optionix("ledger", "lots", "--json").out)["closed"]
    assert [(lot["lot"], lot["quantity"]) for lot in closed] == [
        ("order/b/fill-1/entry", "3"),
        ("order/a/fill-1/entry", "1"),
    ]


def test_a_frozen_account_trades_no_shares_and_a_close_only_one_closes_them(optionix):
    assert optionix("buy", "10", "ORBIT").code == 0
    optionix("account", "state", "close-only", "--by", "ada", "--reason", "review", "--yes")
    for command in ("buy 1 ORBIT", "buy --dollars 500 ORBIT", f"buy 1 {OPTION}"):
        answer = optionix(*command.split())
        assert (answer.code, "refused by account-state: paper-1 is close-only: review" in answer.words) == (5, True)
    assert optionix("sell", "4", "ORBIT").code == 0
    optionix("account", "state", "blocked", "--by", "ada", "--reason", "review", "--yes")
    refused = optionix("sell", "4", "ORBIT")
    assert (refused.code, "refused by account-state: paper-1 is blocked" in refused.words) == (5, True)


@pytest.mark.parametrize("symbol", ["ORBIT", OPTION])
def test_nothing_is_traded_while_the_market_is_closed(symbol, optionix, monkeypatch):
    monkeypatch.setenv("OPTIONIX_FEED_SESSION", "exchange")
    optionix.clock.advance(timedelta(days=1))
    refused = optionix("buy", "1", symbol)
    assert (refused.code, "refused by market-open: the market is closed" in refused.words) == (5, True)


@pytest.mark.parametrize("symbol", ["ORBIT", OPTION])
def test_an_id_with_other_content_is_refused(symbol, optionix):
    assert optionix("buy", "1", symbol, "--client-id", "a").code == 0
    for words in (("2", symbol), ("1", "QUASAR"), ("1", symbol, "--limit", "500")):
        answer = optionix("buy", *words, "--client-id", "a")
        assert (answer.code, "client_order_id must be unused, or repeat its order: buy 1" in answer.words) == (1, True)


def test_an_expired_option_is_refused_beside_its_living_shares(optionix):
    legs = json.dumps([{"symbol": "ORBIT", "ratio": 100}, {"symbol": "ORBIT261113C00230000", "ratio": -1}])
    answer = optionix("order", "submit", "--legs", legs, "--side", "buy", "--quantity", "1")
    assert (answer.code, "refused by not-expired" in answer.words) == (5, True)


def test_the_fee_plan_of_the_settings_is_charged(optionix, monkeypatch):
    assert tuple(BY_KEY["trading.fees"].choices()) == tuple(FEE_PLANS)
    monkeypatch.setenv("OPTIONIX_TRADING_FEES", "us-fixed")
    # Interactive Brokers, fixed: USD 0.005 a share, USD 1.00 an order at least; USD 0.65 a contract.
    assert json.loads(optionix("buy", "10", "ORBIT", "--json").out)["fees"] == 1
    assert json.loads(optionix("buy", "300", "QUASAR", "--json").out)["fees"] == 1.5
    assert json.loads(optionix("buy", "1", OPTION, "--json").out)["fees"] == 1
    monkeypatch.setenv("OPTIONIX_TRADING_FEES", "dear")
    refused = optionix("buy", "1", "ORBIT")
    assert (refused.code, "us-retail, us-fixed" in refused.words) == (2, True)


def test_a_kill_buys_the_sold_call_back_and_sells_the_shares(optionix):
    optionix("buy", "110", "ORBIT")
    assert optionix("sell", "1", OPTION).code == 0
    assert optionix("kill", "arm", "--by", "ada", "--reason", "test", "--yes").code == 0
    fired = optionix("kill", "fire", "--flatten", "--by", "ada", "--reason", "test", "--yes")
    assert fired.code == 0, fired.words
    assert json.loads(optionix("positions", "--json").out)["positions"] == []


def test_an_algorithm_buys_shares(optionix):
    start = "algo start twap --symbol orbit --side buy --quantity 50 --duration 10m --slices 5 --client-id m"
    assert optionix(*start.split()).code == 0
    optionix.clock.advance(timedelta(minutes=4))
    assert optionix("buy", "1", "QUASAR").code == 0
    orders = json.loads(optionix("order", "list", "--all", "--json").out)["orders"]
    assert [(order["tag"], order["label"]) for order in orders] == [("m", "ORBIT"), ("m", "ORBIT"), (None, "QUASAR")]
    listed = optionix("order", "list", "--all").out
    assert "sent by" in listed
    assert "ORBIT" in optionix("algo", "list").out


def test_shares_halt_with_their_underlying_and_their_combinations_with_them(optionix):
    resting = optionix(*SUBMIT.format("ORBIT", "buy", 1, "1").split(), "--json")
    assert json.loads(resting.out)["state"] == "working"
    halted = optionix("halt", "start", "ORBIT", "--reason", "news", "--by", "ada", "--yes")
    assert halted.code == 0, halted.words
    legs = json.dumps([{"symbol": "ORBIT", "ratio": 100}, {"symbol": OPTION, "ratio": -1}])
    combination = ("order", "submit", "--legs", legs, "--side", "buy", "--quantity", "1")
    for words in (("buy", "1", "ORBIT"), ("buy", "1", OPTION), combination):
        refused = optionix(*words)
        assert (refused.code, "refused by not-halted: ORBIT is halted" in refused.words) == (5, True)
    (order,) = json.loads(optionix("order", "list", "--json").out)["orders"]
    assert order["state"] == "suspended"
    assert optionix("buy", "1", "QUASAR").code == 0
