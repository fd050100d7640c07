"""`optionix order submit --batch`: orders out of a file, an answer for each, and one exit code."""

from __future__ import annotations

import json

import pytest

KEY, OTHER = "ORBIT270115C00230000", "ORBIT270115C00200000"
LINES = f"""{{"symbol": "{KEY}", "side": "buy", "quantity": 2, "client_id": "a"}}

{{"symbol": "{KEY}", "side": "sell", "quantity": 1, "limit": 1.0, "tif": "fok"}}
{{"symbol": "{OTHER}", "side": "buy", "quantity": 1, "limit": "30.00", "reduce_only": false}}
"""
TABLE = f"""symbol,side,quantity,limit,tif,client_id,reduce_only
{KEY},buy,2,,,a,
{KEY},sell,1,1.0,FOK,,
{OTHER},buy,1,30.00,IOC,,false
"""


def batch(optionix, text: str, *more: str):
    (optionix.folder / "orders").write_text(text)
    return optionix("order", "submit", "--batch", "orders", "--client-id", "b1", *more)


@pytest.mark.parametrize("text", [LINES, TABLE], ids=["JSON lines", "CSV"])
def test_the_orders_of_a_file_are_sent_as_one_and_each_is_answered(optionix, text):
    answer = batch(optionix, text, "--json")
    assert answer.code == 0, answer.words
    told = json.loads(answer.out)
    assert (told["batch_id"], told["replayed"], told["all_or_none"]) == ("b1", False, False)
    assert [(one["client_order_id"], one["state"], one["filled_quantity"]) for one in told["orders"]] == [
        ("a", "filled", 2),
        ("b1-2", "filled", 1),
        ("b1-3", "filled", 1),
    ]
    assert [event["type"] for event in json.loads(optionix("log", "show", "--json").out)["events"]] == [
        "account.opened",
        "ledger.entry",
        "orders.batch",
    ]
    again = batch(optionix, text, "--json")
    assert (again.code, json.loads(again.out)["replayed"]) == (0, True)
    shown = json.loads(optionix("order", "show", "b1-2", "--json").out)
    assert (shown["state"], shown["time_in_force"], shown["limit_price"]) == ("filled", "FOK", 1)
    assert [event["type"] for event in shown["events"]] == ["order.intent", "order.filled", "order.completed"]


def test_one_refused_order_is_told_and_refuses_no_other(optionix):
    answer = batch(optionix, LINES.replace('"sell", "quantity": 1', '"sell", "quantity": 9'), "--json")
    assert answer.code == 5
    assert "refused by buying-power: needs margin: 2 held, 9 to sell" in answer.words
    assert "order b1-2, one of 1 refused in a batch of 3" in answer.words
    assert [one["state"] for one in json.loads(answer.out)["orders"]] == ["filled", "rejected", "filled"]


def test_an_order_that_gets_nothing_exits_1_and_all_or_none_takes_all_back(optionix):
    text = LINES.replace('"30.00"', '"0.01"')
    answer = batch(optionix, text, "--all-or-none")
    assert answer.code == 1
    assert "one of 3 unfilled in a batch of 3" in answer.words
    title, _, *rows = answer.out.splitlines()
    assert title == "batch b1"
    assert all("all or none: b1-3 is cancelled" in row for row in rows)
    assert json.loads(optionix("positions", "--json").out)["positions"] == []


def test_a_dry_run_tells_what_would_be_and_writes_nothing(optionix):
    answer = batch(optionix, LINES, "--dry-run", "--json")
    assert (answer.code, "nothing was sent" in answer.words) == (0, True)
    assert [one["state"] for one in json.loads(answer.out)["orders"]] == ["filled"] * 3
    assert not optionix.home.exists()


WRONG = [
    ("{", 2, ["orders, line 1: not JSON"]),
    ('{"symbol": "X"}', 2, ["line 1, column side: side is missing"]),
    (LINES.replace('"tif"', '"time"'), 2, ["line 3", "unknown field 'time'", "reduce_only"]),
    (LINES.replace('"quantity": 2', '"quantity": 2.5'), 2, ["line 1, column quantity", "a whole number (got 2.5)"]),
    (LINES.replace('"fok"', '"gtc"'), 2, ["line 3, column tif", "IOC or FOK"]),
    (LINES.replace('"30.00"', '"dear"'), 2, ["line 4, column limit", "a decimal number (got dear)"]),
    (LINES.replace("false", '"perhaps"'), 2, ["line 4, column reduce_only", "true or false"]),
    (TABLE.replace("a,\n", "a,,7\n"), 2, ["line 2", "more cells than the heading has"]),
    (TABLE.replace("buy,2,", "buy,two,"), 2, ["line 2, column quantity", "(got two)"]),
    (TABLE.splitlines()[0], 1, ["orders must be 1 to 1000 in a batch (got 0)"]),
    (LINES.replace('"quantity": 2', '"quantity": 0'), 1, ["quantity", "at least 1", "at row 0"]),
    (
        LINES.replace('"fok"}', '"fok", "client_id": "a"}'),
        1,
        ["client_order_id", "one order of the batch only", "row 1"],
    ),
]


@pytest.mark.parametrize(("text", "code", "told"), WRONG)
def test_wrong_files_are_named_by_line_and_nothing_is_sent(optionix, text, code, told):
    answer = batch(optionix, text)
    assert answer.code == code, answer.words
    assert [word for word in told if word not in answer.words] == [], answer.words
    assert answer.out == ""
    assert not optionix.home.exists()


@pytest.mark.parametrize(
    ("command", "told"),
    [
        ("order submit --batch orders --side buy", "--side has no say beside --batch"),
        ("order submit --batch orders --post-only", "--post-only has no say beside --batch"),
        ("order submit --batch nowhere", "unknown file 'nowhere'"),
        ("order submit --symbol X --quantity 1 --type market", "--side is missing"),
        ("order submit --symbol X --side buy --quantity 1 --type market --all-or-none", "without --batch"),
    ],
)
def test_options_that_contradict_each_other_are_usage_errors(optionix, command, told):
    (optionix.folder / "orders").write_text(LINES)
    answer = optionix(*command.split())
    assert (answer.code, told in answer.words) == (2, True), answer.words
