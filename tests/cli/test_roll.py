"""`optionix roll`: both legs or none, once for its id, and what it refuses."""

from __future__ import annotations

import json

import pytest

BUY = "buy 2 ORBIT 15JAN27 200 C --client-id first"
KEY = "ORBIT270115C00200000"

REFUSED = [
    # command, exit code, what stderr must hold
    ("roll", 2, ["SYMBOL is missing"]),
    (f"roll {KEY}", 1, ["roll must be an expiry or a strike"]),
    (f"roll {KEY} --strike 200", 1, ["roll must be to another expiry or strike"]),
    (f"roll {KEY} --to soon", 2, ["--to", "a date such as", "'soon'"]),
    (f"roll {KEY} --to 2027-03-19 --quantity 3", 1, ["quantity must be 1 to 2", "(got 3)"]),
    (f"roll {KEY} --to 2027-03-19 --tif gtc", 2, ["--limit is missing", "GTC"]),
    (f"roll {KEY} --to 2027-03-19 --limit -500", 1, ["not filled"]),
    (f"roll {KEY} --to 2027-03-19 --client-id first", 1, ["client_order_id", "'first'", "unused"]),
    ("roll ORBIT270115C00210000 --to 2027-03-19", 1, ["symbol must be held by paper-1"]),
]


@pytest.mark.parametrize(("command", "code", "told"), REFUSED, ids=[command for command, _, _ in REFUSED])
def test_what_cannot_be_rolled_is_named_and_moves_nothing(optionix, command, code, told):
    assert optionix(*BUY.split()).code == 0
    answer = optionix(*command.split())
    assert (answer.code, answer.out) == (code, "")
    for words in told:
        assert words in answer.words
    (row,) = json.loads(optionix("positions", "--json").out)["positions"]
    assert row["quantity"] == 2


def test_a_roll_moves_the_position_in_one_fill_and_one_entry_once_for_its_id(optionix):
    assert optionix(*BUY.split()).code == 0
    command = f"roll {KEY} --to 2027-03-19 --quantity 1 --client-id rolled --json"
    done = json.loads(optionix(*command.split()).out)
    assert (done["state"], done["filled_quantity"]) == ("filled", 1)
    again = json.loads(optionix(*command.split()).out)
    assert again["replayed"]
    rows = {row["expiry"]: row["quantity"] for row in json.loads(optionix("positions", "--json").out)["positions"]}
    assert rows == {"2027-01-15": 1, "2027-03-19": 1}
    fills = json.loads(optionix("log", "show", "--type", "order.filled", "--json").out)["events"]
    assert [fill["id"] for fill in fills].count("order/rolled/fill-1") == 1
    assert optionix("ledger", "verify").code == 0


def test_a_short_position_is_bought_back_and_sold_again_further_out(optionix):
    for command in (BUY, "sell 1 ORBIT 15JAN27 230 C --client-id short"):
        assert optionix(*command.split()).code == 0
    tried = optionix("roll", "ORBIT 15JAN27 230 C", "--strike", "235", "--dry-run", "--json")
    legs = {leg["symbol"]: leg["ratio"] for leg in json.loads(tried.out)["legs"]}
    assert legs == {"ORBIT 270115C00230000": 1, "ORBIT 270115C00235000": -1}
