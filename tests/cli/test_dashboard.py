"""`optionix dashboard`: the desk as a table, as JSON and as closes."""

from __future__ import annotations

import csv
import io
import json
from datetime import timedelta


def test_a_fresh_home_has_a_desk_with_nothing_on_it(optionix):
    answer = optionix("dashboard", "--json")
    assert answer.code == 0, answer.words
    document = json.loads(answer.out)
    assert (document["schema_version"], document["closes"], document["working_orders"]) == (1, [], [])
    assert document["risk"] is None
    assert "—" in optionix("dashboard").out


def test_the_desk_tells_what_the_account_and_the_lists_tell(optionix):
    optionix("buy", "100", "ORBIT")
    optionix("watchlist", "create", "main", "--symbol", "TUNDRA")
    optionix("alert", "add", "last", "--symbol", "ORBIT", "--above", "1")
    for symbol, limit in (("ORBIT 15JAN27 230 C", "0.50"), ("ORBIT", "1.00")):
        terms = ("--side", "buy", "--quantity", "1", "--type", "limit", "--limit", limit, "--tif", "gtc")
        answer = optionix("order", "submit", "--symbol", symbol, *terms)
        assert answer.code == 0, answer.words
    assert optionix("halt", "start", "QUASAR", "--reason", "news", "--yes").code == 0
    optionix("buy", "1", "ORBIT 15JAN27 230 C")
    optionix.clock.advance(timedelta(days=4))
    document = json.loads(optionix("dashboard", "--risk", "--json").out)
    account = json.loads(optionix("account", "--json").out)
    assert document["nlv"] == account["nlv"]
    assert document["risk"]["value_at_risk"] > 0.0
    assert document["watchlist"]["rows"][0]["symbol"] == "TUNDRA"
    assert document["alerts"][0]["status"] == "fired"
    assert len(document["working_orders"]) == 2
    assert {one["kind"] for one in document["ahead"]} == {"expiry", "listed"}
    rows = list(csv.DictReader(io.StringIO(optionix("dashboard", "--format", "csv").out)))
    assert float(rows[-1]["nlv"]) == account["nlv"]
    table = optionix("dashboard", "--risk").out
    assert "value at risk, 99%, one day" in table
    assert "TUNDRA expiry" in table


def test_a_watchlist_that_is_not_there_is_named(optionix):
    answer = optionix("dashboard", "--watchlist", "nobody")
    assert answer.code == 2
    assert answer.data == b""
    assert "unknown watchlist 'nobody'" in answer.words


def test_lists_are_arranged_from_the_command_line(optionix):
    optionix("watchlist", "create", "main", "--symbol", "ORBIT", "--symbol", "TUNDRA")
    moved = json.loads(optionix("watchlist", "move", "main", "TUNDRA", "--to", "1", "--json").out)
    assert moved["symbols"] == ["TUNDRA", "ORBIT"]
    chosen = json.loads(optionix("watchlist", "columns", "main", "bid,ask", "--json").out)
    assert chosen["columns"] == ["bid", "ask"]
    assert json.loads(optionix("watchlist", "rename", "main", "core", "--json").out)["name"] == "core"
    assert json.loads(optionix("watchlist", "show", "core", "--json").out)["rows"][0]["closes"]
    for command, told in (
        ("watchlist move core ORBIT --to 3", "place must be from 1 to 2 (got 3)"),
        ("watchlist columns core bid,mood", "'mood'"),
        ("watchlist rename nobody x", "unknown watchlist 'nobody'"),
    ):
        answer = optionix(*command.split())
        assert answer.code != 0
        assert told in answer.words
