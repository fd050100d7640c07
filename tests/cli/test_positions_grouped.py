"""`optionix positions --group`: the tree that the book shows, in every format, adding up to the account."""

from __future__ import annotations

import csv
import io
import json

import pytest

CONDOR = (
    '[{"symbol":"ORBIT270115P00190000","ratio":1},{"symbol":"ORBIT270115P00195000","ratio":-1},'
    '{"symbol":"ORBIT270115C00215000","ratio":-1},{"symbol":"ORBIT270115C00220000","ratio":1}]'
)


@pytest.fixture
def held(optionix):
    """Two iron condors by one order, one short call of them bought back, a far call without a bid, shares."""
    for command in (
        ("order", "submit", "--legs", CONDOR, "--side", "buy", "--quantity", "2", "--limit=0", "--client-id", "condor"),
        ("buy", "1", "ORBIT270115C00215000", "--client-id", "back"),
        ("buy", "10", "ORBIT", "--client-id", "shares"),
        ("buy", "1", "ORBIT261127C00232500", "--client-id", "dear", "--limit", "0.05"),
    ):
        answer = optionix(*command)
        assert answer.code == 0, answer.words
    return optionix


def test_by_strategy_every_contract_is_told_once(held):
    document = json.loads(held("positions", "--group", "strategy", "--json").out)
    (top,) = document["groups"]
    assert {one["title"]: one["units"] for one in top["groups"]} == {
        "long stock": 10,
        "bull put spread 15 Jan 27": 1,
        "iron condor 15 Jan 27": 1,
        "long call 15 Jan 27": 1,
        "long call 27 Nov 26": 1,
    }
    told: dict[str, float] = {}
    for row in document["positions"]:
        told[row["symbol"]] = told.get(row["symbol"], 0) + row["quantity"]
    plain = json.loads(held("positions", "--json").out)["positions"]
    assert told == {row["symbol"]: row["quantity"] for row in plain}
    dear = next(row for row in document["positions"] if row["symbol"] == "ORBIT 261127C00232500")
    assert dear["mark"] is None
    assert dear["mark_reason"] == "no bid"
    assert top["market_value"] is None  # a sum of which a part is unknown is unknown
    assert (top["without_mark"], top["without_greeks"]) == (1, 1)


def test_the_sums_are_those_of_the_account(optionix):
    for quantity, symbol in (("1", "ORBIT270115C00145000"), ("2", "ORBIT270115P00190000")):
        assert optionix("buy", quantity, symbol, "--client-id", symbol).code == 0
    account = json.loads(optionix("account", "--json").out)
    for by in ("strategy", "expiry", "underlying", "none"):
        document = json.loads(optionix("positions", "--group", by, "--json").out)
        totals = document["totals"]
        assert totals["market_value"] == pytest.approx(account["positions_value"])
        assert totals["unrealised_pnl"] == pytest.approx(account["unrealised_pnl"])
        assert totals["day_pnl"] == pytest.approx(account["day_pnl"])
        for field in ("market_value", "dollar_delta", "vega"):
            assert sum(row[field] for row in document["positions"]) == pytest.approx(totals[field])
            if document["groups"]:
                assert sum(one[field] for one in document["groups"]) == pytest.approx(totals[field])


@pytest.mark.parametrize(
    ("by", "titles"),
    [
        ("underlying", ["ORBIT"]),
        ("expiry", ["no expiry", "27 Nov 26", "15 Jan 27"]),
        ("none", []),
    ],
)
def test_by_anything_else_positions_stay_whole(held, by, titles):
    document = json.loads(held("positions", "--group", by, "--json").out)
    assert [one["title"] for one in document["groups"]] == titles
    assert len(document["positions"]) == 6
    assert all(row["quantity"] == row["position_quantity"] for row in document["positions"])
    rows = list(csv.DictReader(io.StringIO(held("positions", "--group", by, "--format", "csv").out)))
    assert [row["symbol"] for row in rows] == [row["symbol"] for row in document["positions"]]


def test_the_table_indents_and_tells_what_is_missing(held):
    lines = held("positions", "--group", "strategy").out.splitlines()
    assert lines[1].startswith("ORBIT ")
    assert any(line.startswith("  iron condor 15 Jan 27") for line in lines)
    assert any(line.startswith("    ORBIT 15JAN27 190 P") for line in lines)
    assert lines[-1].startswith("all ")
    assert "1 without a mark; 1 without Greeks" in lines[-1]


def test_one_account_is_told_and_names_are_checked(optionix):
    refused = optionix("positions", "--group", "strategy", "--all-accounts")
    assert (refused.code, refused.out) == (2, "")
    assert "--group tells one account" in refused.words
    wrong = optionix("positions", "--group", "colour")
    assert wrong.code == 2
    assert "underlying, expiry, strategy, none" in wrong.words
    assert optionix("positions", "--group", "expiry").out == "no open positions\n"
    empty = json.loads(optionix("positions", "--group", "strategy", "--json").out)
    assert (empty["groups"], empty["positions"], empty["totals"]["currency"]) == ([], [], None)
