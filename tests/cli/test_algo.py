"""`optionix algo`: what is typed, what comes back, and with which exit code."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

KEY = "ORBIT270115C00230000"
WHAT = f"--symbol {KEY} --side buy --quantity 20"
START = f"algo start twap {WHAT} --duration 10m --slices 5 --client-id a"
IS = "--risk-aversion 0.05 --volatility 30 --temporary 0.1 --permanent 0.01"

REFUSED = [
    # command, exit code, what stderr must hold
    ("algo", 2, ["start", "costs"]),
    (f"algo start peg {WHAT} --duration 10m", 2, ["twap, vwap, pov, is", "'peg'"]),
    (f"algo start twap {WHAT}", 2, ["--until or --duration, exactly one"]),
    (f"algo start twap {WHAT} --duration 10m --until 2027-01-08T20:00Z", 2, ["exactly one"]),
    (f"algo start twap {WHAT} --duration soon", 2, ["--duration", "1h30m", "'soon'"]),
    (f"algo start twap {WHAT} --until soon", 2, ["--until", "'soon'"]),
    (f"algo start twap {WHAT} --until 2026-11-20T15:30Z", 1, ["until must be after the start"]),
    (f"algo start twap {WHAT} --until 2027-02-08T20:00Z", 1, ["until must be at or before", "expires, 2027-01-15"]),
    (f"algo start twap {WHAT} --duration 5s", 1, ["slices", "a second or more"]),
    (f"algo start twap {WHAT} --duration 5m --slices 0", 1, ["slices", "from 1 to 1000 (got 0)"]),
    (f"algo start twap {WHAT} --duration 5m --slices 1001", 1, ["slices", "(got 1001)"]),
    (f"algo start twap {WHAT} --duration 5m --curve u-shape:3", 2, ["--curve has no meaning for twap"]),
    (f"algo start twap {WHAT} --duration 5m --catch-up never", 2, ["--catch-up", "at-once, spread", "'never'"]),
    (f"algo start twap {WHAT} --duration 5m --style peg", 2, ["--style", "take, rest"]),
    (f"algo start twap {WHAT} --duration 5m --limit -1", 1, ["limit_price", "positive"]),
    (f"algo start twap {WHAT} --duration 5m --time-jitter 1", 1, ["time_jitter", "below 1 (got 1)"]),
    (f"algo start twap {WHAT} --duration 5m --client-id a/b", 1, ["client_order_id", "'a/b'"]),
    (f"algo start twap {WHAT} --duration 5m --plot --dry-run --json", 2, ["--plot draws a picture"]),
    (f"algo start vwap {WHAT} --duration 5m", 2, ["--curve is missing", "none is assumed"]),
    (f"algo start vwap {WHAT} --duration 5m --curve w-shape", 2, ["--curve must be u-shape:DEPTH", "'w-shape'"]),
    (f"algo start vwap {WHAT} --duration 5m --curve u-shape:x", 2, ["--curve must be", "'u-shape:x'"]),
    (f"algo start vwap {WHAT} --duration 5m --curve u-shape:0.5", 1, ["depth", "at least 1", "0.5"]),
    (f"algo start vwap {WHAT} --duration 5m --curve 1,2", 1, ["volume_curve", "one for each of 10"]),
    (f"algo start vwap {WHAT} --duration 5m --curve history:0", 1, ["days", "from 1 to 60", "(got 0)"]),
    (f"algo start pov {WHAT} --duration 5m", 2, ["--participation is missing"]),
    (f"algo start pov {WHAT} --duration 5m --participation 2", 1, ["participation", "at most 1 (got 2)"]),
    (f"algo start pov {WHAT} --duration 5m --participation 0.1 --catch-up spread", 1, ["catch_up", "at-once for pov"]),
    (f"algo start is {WHAT} --duration 5m --volatility 3", 2, ["--risk-aversion is missing"]),
    (f"algo start is {WHAT} --duration 5m {IS.replace('0.05', '-1')}", 1, ["risk_aversion", "not negative"]),
    ("algo start twap --side buy --quantity 2 --duration 5m", 2, ["--symbol is missing"]),
    (f"algo start twap {WHAT.replace('20', '0')} --duration 5m", 1, ["quantity", "at least 1"]),
    ("algo start twap --symbol NOSUCH270115C00230000 --side buy --quantity 2 --duration 5m", 2, ["NOSUCH"]),
    ("algo show nobody", 2, ["unknown algorithm", "'nobody'"]),
    ("algo pause nobody", 2, ["unknown algorithm"]),
    ("algo costs nobody", 2, ["unknown algorithm"]),
]


@pytest.mark.parametrize(("command", "code", "told"), REFUSED, ids=[command for command, _, _ in REFUSED])
def test_wrong_algorithms_are_named_and_nothing_is_printed(command, code, told, optionix):
    answer = optionix(*command.split())
    assert answer.code == code, answer.words
    assert answer.data == b""
    assert [word for word in told if word not in answer.words] == [], answer.words
    assert "Traceback" not in answer.words


def test_an_algorithm_runs_through_the_commands_that_come_by(optionix):
    story = json.loads(optionix(*START.split(), "--json").out)
    assert (story["state"], story["filled"], story["slices_sent"]) == ("running", 4, 1)
    optionix.clock.advance(timedelta(minutes=5))
    (row,) = json.loads(optionix("algo", "list", "--json").out)["algorithms"]
    assert (row["filled"], row["remaining"], row["slices_sent"]) == (10, 10, 2)
    optionix.clock.advance(timedelta(minutes=1))
    assert json.loads(optionix("algo", "pause", "a", "--json").out)["state"] == "paused"
    optionix.clock.advance(timedelta(minutes=2))
    story = json.loads(optionix("algo", "resume", "a", "--json").out)
    assert (story["state"], story["filled"]) == ("completed", 20)
    assert [(item["number"], item["order"]) for item in story["slices"]] == [
        (1, "a-1"),
        (3, "a-3"),
        (4, "a-4"),
        (5, "a-5"),
    ]
    assert sum(item["filled"] for item in story["slices"]) == 20
    order = json.loads(optionix("order", "show", "a-3", "--json").out)
    assert (order["tag"], order["state"]) == ("a", "filled")
    assert json.loads(optionix("algo", "list", "--json").out)["algorithms"] == []
    costs = json.loads(optionix("algo", "costs", "a", "--json").out)
    assert costs["shortfall"] == pytest.approx(costs["slippage_cost"] + costs["opportunity_cost"] + costs["fees"])
    assert sum(item["slippage_cost"] for item in costs["slices"]) > 0
    assert costs["interval_vwap"] is not None
    unmarked = json.loads(optionix("algo", "costs", "a", "--no-market", "--json").out)
    assert (unmarked["interval_vwap"], unmarked["shortfall"]) == (None, costs["shortfall"])
    assert json.loads(optionix("log", "verify", "--json").out)["verified"] is True


def test_a_dry_run_writes_nothing_and_tells_the_schedule_that_would_run(optionix):
    jitter = ["--time-jitter", "0.5", "--size-jitter", "0.5", "--jitter-seed", "3"]
    told = json.loads(optionix(*START.split(), *jitter, "--dry-run", "--json").out)
    assert told["state"] == "preview"
    assert sum(row["quantity"] for row in told["schedule"]) == 20
    assert "contracts by minutes" in optionix(*START.split(), "--dry-run", "--plot").out
    assert not optionix.home.exists()
    story = json.loads(optionix(*START.split(), *jitter, "--json").out)
    assert story["schedule"] == told["schedule"]
    assert optionix("algo", "cancel", "a", "--dry-run").code == 0
    assert json.loads(optionix("algo", "show", "a", "--json").out)["state"] == "running"
    assert optionix("algo", "cancel", "a").code == 0
    again = optionix("algo", "pause", "a")
    assert (again.code, "a: cancelled" in again.words) == (1, True)


@pytest.mark.parametrize(
    ("words", "first", "last"),
    [
        (f"vwap {WHAT} --duration 2h --curve u-shape:4", 3, 3),
        (f"vwap {WHAT} --duration 2h --curve 5,0,0,0,0,0,0,0,0,15", 5, 15),
        (f"vwap {WHAT} --duration 2h --curve history:3", 2, 2),
        (f"is {WHAT} --duration 2h {IS}", 3, 1),
        (f"is {WHAT} --duration 2h {IS.replace('0.05', '0')}", 2, 2),
    ],
)
def test_kinds_shape_their_schedules(words, first, last, optionix):
    told = json.loads(optionix("algo", "start", *words.split(), "--dry-run", "--json").out)
    assert (told["schedule"][0]["quantity"], told["schedule"][-1]["quantity"]) == (first, last)
    assert told["schedule"][-1]["target"] == 20


def test_participation_follows_the_venues_volume(optionix):
    words = f"algo start pov {WHAT} --duration 1h --slices 6 --participation 0.2 --client-id p"
    assert json.loads(optionix(*words.split(), "--json").out)["filled"] == 0
    optionix.clock.advance(timedelta(minutes=50))
    story = json.loads(optionix("algo", "show", "p", "--json").out)
    (item,) = story["slices"]
    assert item["quantity"] == int(0.2 * item["volume_seen"]) > 0
    assert item["passed_over"] == 5


def test_tables_say_what_stands(optionix):
    assert "would twap buy 20 ORBIT 15JAN27 230 C" in optionix(*START.split(), "--dry-run").out
    assert "running: twap buy 20 ORBIT 15JAN27 230 C" in optionix(*START.split()).out
    assert "a          running  twap  buy" in optionix("algo", "list").out
    assert "filled  a-1" in optionix("algo", "show", "a").out
    assert "contracts by minutes" in optionix("algo", "show", "a", "--plot").out
    assert "positive is cost" in optionix("algo", "costs", "a").out
    assert optionix("algo", "list", "--account", "other").out == "no algorithms\n"
    refused = optionix("algo", "show", "a", "--account", "other")
    assert (refused.code, "account must be paper-1" in refused.words) == (1, True)
