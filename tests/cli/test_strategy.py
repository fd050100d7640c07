"""`optionix strategy`: legs named and valued, built out of the feed, and what is refused."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import pytest

VERTICAL = [
    {"type": "call", "strike": 100, "quantity": 1, "price": 5},
    {"type": "call", "strike": 110, "quantity": -1, "price": 2},
]
EXPIRY = "2027-01-15"
ELSEWHERE = ("--underlying", "ORBIT", "--strikes", "215", "--expiry")
ON_FEED = ("--underlying", "ORBIT", "--expiry", EXPIRY)


def payoff(optionix, legs: object, *more: str) -> dict[str, Any]:  # type: ignore[no-untyped-def]
    answer = optionix("strategy", "payoff", "--legs", json.dumps(legs), *more, "--json")
    assert answer.code == 0, answer.words
    return json.loads(answer.out)


def build(optionix, *arguments: str) -> dict[str, Any]:  # type: ignore[no-untyped-def]
    answer = optionix("strategy", "build", *arguments, "--json")
    assert answer.code == 0, answer.words
    return json.loads(answer.out)


def test_payoff_answers_bounds_and_breakevens_first(optionix):
    found = payoff(optionix, VERTICAL, "--multiplier", "100")
    assert list(found)[:3] == ["max_gain", "max_loss", "breakevens"]
    assert (found["max_gain"], found["max_loss"], found["breakevens"]) == (700.0, 300.0, [103.0])
    assert (found["name"], found["payment"], found["net_price"]) == ("bull-call-spread", "debit", 3.0)


@pytest.mark.parametrize(
    ("legs", "name", "gain", "loss", "breakevens"),
    [
        ([{"type": "call", "strike": 100, "quantity": -2, "price": 3}], "short-call", 600, None, [103]),
        ([{"type": "put", "strike": 100, "quantity": 1, "price": "2.5"}], "long-put", 9750, 250, [97.5]),
        ([{"type": "stock", "quantity": 1, "price": 50}, {"type": "call", "strike": 55, "quantity": -1, "price": 1}],
         "covered-call", 600, 4900, [49]),
        ([{"type": "stock", "quantity": 100, "price": 50, "multiplier": 1},
          {"type": "call", "strike": 55, "quantity": -1, "price": 1}], "covered-call", 600, 4900, [49]),
        ([{"type": kind, "strike": 100, "quantity": 1, "price": 4} for kind in ("call", "put")],
         "long-straddle", None, 800, [92, 108]),
    ],
)  # fmt: skip
def test_named_strategies_and_what_is_unbounded(optionix, legs, name, gain, loss, breakevens):
    found = payoff(optionix, legs)
    assert (found["name"], found["max_gain"], found["max_loss"]) == (name, gain, loss)
    assert found["breakevens"] == breakevens
    assert (found["gain_is_bounded"], found["loss_is_bounded"]) == (gain is not None, loss is not None)


def test_legs_come_inline_from_a_file_and_from_standard_input_alike(optionix):
    (optionix.folder / "legs.json").write_text(json.dumps({"legs": VERTICAL}), "utf-8")
    inline = optionix("strategy", "payoff", "--legs", json.dumps(VERTICAL), "--json")
    assert optionix("strategy", "payoff", "--legs", "@legs.json", "--json").out == inline.out
    assert optionix("strategy", "payoff", "--legs", "-", "--json", stdin=json.dumps(VERTICAL)).out == inline.out


def test_stock_in_lots_is_remarked_on_stderr_alone(optionix):
    legs = [{"type": "stock", "quantity": 1, "price": 50}]
    answer = optionix("strategy", "payoff", "--legs", json.dumps(legs), "--json")
    assert "lots of the multiplier" in answer.words
    legs[0]["multiplier"] = 1
    assert optionix("strategy", "payoff", "--legs", json.dumps(legs), "--json").words == ""


def test_a_price_is_read_as_it_is_written(optionix):
    found = payoff(optionix, [{"type": "call", "strike": 0.1, "quantity": 3, "price": 0.1}], "--multiplier", "1")
    assert (found["max_loss"], found["breakevens"]) == (0.3, [0.2])  # 3 * 0.1 is 0.30000000000000004 in floats


def test_cash_makes_a_short_put_cash_secured(optionix):
    legs = [{"type": "put", "strike": 50, "quantity": -1, "price": 1}]
    assert payoff(optionix, legs)["name"] == "short-put"
    assert payoff(optionix, legs, "--cash", "5000")["name"] == "cash-secured-put"


def test_a_flat_volatility_gives_odds_and_greeks_and_is_named(optionix):
    legs = [{**leg, "expiry": EXPIRY} for leg in VERTICAL]
    found = payoff(optionix, legs, "--spot", "104", "--rate", "0.03", "--volatility", "0.2", "--at", "104")
    assert 0.4 < found["probability_of_profit"] < 0.6
    assert found["probability_method"] == "flat volatility 0.2"
    assert found["volatility_source"] == "given"
    assert "time to expiry is whole calendar days over 365" in found["assumptions"]
    assert found["legs"][0]["years"] == 56 / 365
    assert found["profits"] == [{"underlying": 104.0, "profit": 100.0}]
    assert found["delta"] > 0 > found["theta"]
    silent = payoff(optionix, legs)
    assert silent["probability_of_profit"] is None
    assert silent["no_probability"] == "neither a smile nor a flat volatility is given"


def test_several_expiries_are_the_model_s_and_say_so(optionix):
    legs = [
        {"type": "call", "strike": 215, "quantity": -1, "price": 4, "expiry": "2026-12-18"},
        {"type": "call", "strike": 215, "quantity": 1, "price": 7, "expiry": EXPIRY},
    ]
    refused = optionix("strategy", "payoff", "--legs", json.dumps(legs))
    assert (refused.code, refused.data) == (6, b"")
    assert "several expiries are worth what a model says" in refused.words
    found = payoff(optionix, legs, "--spot", "215", "--rate", "0.04", "--volatility", "0.23")
    assert found["name"] == "long-call-calendar"
    assert found["payoff_by"] == "black-scholes, each leg's own volatility, at the nearest expiry"
    assert found["max_loss"] == pytest.approx(300.0, abs=1e-6)
    low, high = found["breakevens"]
    assert low < 215 < high
    by_smile = payoff(optionix, legs, "--surface", "ORBIT")
    assert by_smile["probability_method"] == by_smile["volatility_source"] == "smile (svi)"
    assert by_smile["max_gain"] == pytest.approx(found["max_gain"], rel=0.2)


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        (("vertical", "--strikes", "215,225"), "bull-call-spread"),
        (("vertical", "--type", "put", "--short", "--width", "10"), "bull-put-spread"),
        (("strangle", "--short", "--delta", "0.2"), "short-strangle"),
        (("iron-condor", "--delta", "0.1,0.3,0.3,0.1"), "iron-condor"),
        (("put-backspread", "--ratio", "2:3", "--width", "5"), "put-backspread"),
        (("box", "--width", "10"), "long-box"),
        (("collar", "--width", "10"), "collar"),
        (("conversion", "--strikes", "215"), "conversion"),
        (("cash-secured-put", "--delta", "0.3", "--units", "2"), "cash-secured-put"),
        (("broken-wing-butterfly", "--width", "5"), "long-call-broken-wing-butterfly"),
    ],
)
def test_build_lists_legs_with_prices_and_recognises_them(optionix, arguments, name):
    found = build(optionix, *arguments, *ON_FEED, "--model", "none")
    assert found["name"] == name
    assert found["natural"] >= found["mid"] >= found["opposite"]
    assert found["net_price"] == pytest.approx(found["mid"])
    for leg in found["legs"]:
        if leg["type"] != "stock":
            assert leg["bid"] < leg["price"] < leg["ask"]
            assert leg["symbol"].startswith("ORBIT")
    again = payoff(optionix, found["legs"], "--cash", "1000000")
    assert (again["name"], again["max_gain"], again["max_loss"]) == (name, found["max_gain"], found["max_loss"])
    assert found["value"] == pytest.approx(found["cost"], abs=0.01)  # each leg at the volatility of its mid


def test_build_at_the_natural_price_pays_every_far_side(optionix):
    found = build(optionix, "straddle", *ON_FEED, "--strikes", "215", "--price", "natural", "--model", "none")
    assert found["net_price"] == found["natural"] == pytest.approx(sum(leg["ask"] for leg in found["legs"]))


def test_the_odds_of_a_built_strategy_and_of_its_opposite_add_up_to_one(optionix):
    odds = [
        build(optionix, "strangle", *short, *ON_FEED, "--delta", "0.25")["probability_of_profit"]
        for short in ((), ("--short",))
    ]
    assert sum(odds) == pytest.approx(1.0, abs=1e-12)
    assert 0.2 < odds[0] < odds[1]


def test_a_file_is_as_good_as_the_feed(optionix):
    written = optionix("chain", "export", "ORBIT").data
    (optionix.folder / "orbit.csv").write_bytes(written)
    arguments = ("butterfly", "--expiry", EXPIRY, "--width", "10")
    shown = [build(optionix, *arguments, "--underlying", name) for name in ("ORBIT", "orbit.csv")]
    assert shown[0]["legs"] == shown[1]["legs"]
    assert shown[0]["probability_of_profit"] == pytest.approx(shown[1]["probability_of_profit"], abs=1e-12)


def test_what_was_built_is_valued_again_from_its_own_output(optionix):
    built = optionix("strategy", "build", "calendar", "--underlying", "ORBIT", "--expiry", f"2026-12-18,{EXPIRY}",
                     "--strikes", "215", "--json")  # fmt: skip
    again = optionix("strategy", "payoff", "--legs", "-", "--surface", "ORBIT", "--json", stdin=built.data)
    first, second = json.loads(built.out), json.loads(again.out)
    assert second["name"] == first["name"] == "long-call-calendar"
    assert second["cost"] == first["cost"]
    assert second["max_gain"] == pytest.approx(first["max_gain"], rel=0.05)  # the smile's volatilities, not the mids'


@pytest.mark.parametrize("format_", ["table", "md", "csv", "jsonl"])
def test_every_format_carries_the_legs(optionix, format_):
    answer = optionix("strategy", "build", "straddle", *ON_FEED, "--strikes", "215", "--model", "none",
                      "--format", format_)  # fmt: skip
    assert answer.code == 0
    assert answer.out.count("2027-01-15") >= 2
    if format_ == "csv":
        rows = list(csv.DictReader(io.StringIO(answer.out)))
        assert [row["type"] for row in rows] == ["put", "call"]
    if format_ == "table":
        assert answer.out.splitlines()[0] == "ORBIT long-straddle: large move either way, volatility up"
        assert "max gain unbounded" in answer.out


def test_a_picture_is_drawn_of_either_payoff(optionix):
    drawn = optionix("strategy", "payoff", "--legs", json.dumps(VERTICAL), "--plot").out
    assert drawn.splitlines()[0].strip() == "bull-call-spread: profit at expiry"
    assert any("⠒" in line or "⠤" in line for line in drawn.splitlines())
    drawn = optionix("strategy", "build", "straddle", *ON_FEED, "--strikes", "215", "--plot").out
    assert "and now, price of the underlying marked" in drawn.splitlines()[0]


def test_list_names_every_strategy_with_legs_and_outlook(optionix):
    listed = json.loads(optionix("strategy", "list", "--json").out)["strategies"]
    assert {"name", "family", "legs", "outlook"} <= set(listed[0])
    by_name = {item["name"]: item for item in listed}
    assert by_name["iron-condor"]["legs"] == "+1 put K1, -1 put K2, -1 call K3, +1 call K4"
    assert len(by_name) == len(listed) >= 50
    assert "long-jelly-roll" in optionix("strategy", "list").out


def test_options_priced_in_coin_are_refused(optionix):
    shown = json.loads(optionix("chain", "expiries", "deribit_recording.csv", "--json").out)
    expiry = shown["expiries"][0]["expiry"]
    answer = optionix("strategy", "build", "straddle", "--underlying", "deribit_recording.csv", "--expiry", expiry,
                      "--strikes", "60000")  # fmt: skip
    assert (answer.code, answer.data) == (1, b"")
    assert "priced in coin" in answer.words


def legs_text(**changes: object) -> str:
    return json.dumps([{**VERTICAL[0], **changes}])


REFUSED = [
    (("payoff",), 2, ["--legs", "missing"]),
    (("payoff", "--legs", "[{"), 2, ["--legs", "not JSON", "line 1"]),
    (("payoff", "--legs", "3"), 2, ["JSON array of legs"]),
    (("payoff", "--legs", "[]"), 6, ["no legs"]),
    (("payoff", "--legs", "@nosuch.json"), 2, ["'nosuch.json'"]),
    (("payoff", "--legs", "-"), 2, ["standard input", "not JSON"]),
    (("payoff", "--legs", legs_text(type="future")), 1, ["type", "'future'", "call, put, stock", "row 0"]),
    (("payoff", "--legs", legs_text(quantity=0)), 1, ["quantity", "other than zero", "row 0"]),
    (("payoff", "--legs", legs_text(strike=-5)), 1, ["strike", "positive", "(got -5"]),
    (("payoff", "--legs", legs_text(strike=None)), 1, ["strike", "positive"]),
    (("payoff", "--legs", legs_text(price=None)), 6, ["has no price"]),
    (("payoff", "--legs", legs_text(price="much")), 1, ["price", "a number", "'much'"]),
    (("payoff", "--legs", legs_text(price=True)), 1, ["price", "a number", "True"]),
    (("payoff", "--legs", legs_text(price=float("nan"))), 1, ["number", "finite", "NaN"]),
    (("payoff", "--legs", legs_text(expiry="soon")), 1, ["expiry", "'soon'", "2027-01-15"]),
    (("payoff", "--legs", legs_text(strik=100)), 1, ["field", "'strik'", "strike"]),
    (("payoff", "--legs", legs_text(), "--multiplier", "0"), 1, ["--multiplier", "positive", "0"]),
    (("payoff", "--legs", legs_text(), "--multiplier", "x"), 2, ["--multiplier", "a decimal number"]),
    (("payoff", "--legs", legs_text(), "--at", "-1"), 1, ["underlying", "0 or more"]),
    (("payoff", "--legs", legs_text(), "--spot", "100"), 2, ["--rate", "missing"]),
    (("payoff", "--legs", legs_text(), "--volatility", "0.2"), 2, ["--spot", "missing"]),
    (("payoff", "--legs", legs_text(), "--model", "svi"), 2, ["--model", "--surface"]),
    (("payoff", "--legs", legs_text(), "--surface", "ORBIT", "--spot", "1"), 2, ["--spot", "--surface"]),
    (("payoff", "--legs", legs_text(), "--surface", "ORBIT"), 6, ["no expiry of the surface"]),
    (("payoff", "--legs", legs_text(), "--surface", "NOPE"), 2, ["'NOPE'", "ORBIT"]),
    (("payoff", "--legs", legs_text(expiry="2026-11-20"), "--spot", "100", "--rate", "0", "--volatility", "0.2"),
     1, ["expiry", "after 2026-11-20"]),
    (("payoff", "--legs", legs_text(), "--spot", "100", "--rate", "0", "--volatility", "0.2"), 6, ["neither expiry"]),
    (("payoff", "--legs", legs_text(), "--plot", "--json"), 2, ["--plot", "--format json"]),
    (("build", "straddle", "--expiry", EXPIRY, "--strikes", "215"), 2, ["--underlying", "missing"]),
    (("build", "seagull", *ON_FEED, "--strikes", "215"), 2, ["strategy", "'seagull'", "straddle"]),
    (("build", "straddle", *ON_FEED), 2, ["strikes, width, delta"]),
    (("build", "straddle", *ON_FEED, "--strikes", "215", "--width", "5"), 2, ["strikes, width, delta"]),
    (("build", "straddle", *ON_FEED, "--strikes", "217"), 1, ["strike", "listed", "215, 220", "(got 217)"]),
    (("build", "straddle", *ON_FEED, "--strikes", "x"), 2, ["--strikes", "'x'"]),
    (("build", "strangle", *ON_FEED, "--strikes", "215"), 1, ["strikes", "2 for long-strangle"]),
    (("build", "strangle", *ON_FEED, "--delta", "1.2"), 1, ["delta", "(0, 1)", "1.2"]),
    (("build", "strangle", *ON_FEED, "--width", "-5"), 1, ["width", "positive", "-5"]),
    (("build", "calendar", *ON_FEED, "--strikes", "215"), 1, ["expiries", "2 for long-call-calendar"]),
    (("build", "straddle", *ELSEWHERE, "2027-01-16"), 2, ["2027-01-16", EXPIRY]),
    (("build", "straddle", *ELSEWHERE, "soon"), 2, ["--expiry", "'soon'"]),
    (("build", "straddle", "--underlying", "NOPE", "--expiry", EXPIRY, "--strikes", "215"), 2, ["'NOPE'", "ORBIT"]),
    (("build", "straddle", *ON_FEED, "--strikes", "215", "--price", "last"), 1, ["price", "'last'", "mid, natural"]),
    (("build", "straddle", *ON_FEED, "--strikes", "215", "--units", "0"), 1, ["units", "positive"]),
    (("build", "straddle", *ON_FEED, "--strikes", "215", "--ratio", "1:2"), 2, ["ratio of its own"]),
    (("build", "backspread", *ON_FEED, "--width", "5", "--ratio", "two"), 2, ["--ratio", "'two'"]),
    (("build", "straddle", *ON_FEED, "--strikes", "215", "--type", "both"), 1, ["--type", "'both'"]),
    (("build", "straddle", *ON_FEED, "--strikes", "215", "--model", "nosuch"), 2, ["'nosuch'", "svi"]),
    (("build", "collar", "--short", *ON_FEED, "--width", "10"), 1, ["collar", "other way round"]),
    (("build", "long-stock", *ON_FEED, "--strikes", "215"), 1, ["expiries", "0 for long-stock"]),
]  # fmt: skip


@pytest.mark.parametrize(("arguments", "code", "told"), REFUSED, ids=[" ".join(words)[:70] for words, _, _ in REFUSED])
def test_wrong_input(arguments, code, told, optionix):
    answer = optionix("strategy", *arguments)
    assert (answer.code, answer.data) == (code, b""), answer.words
    assert [word for word in told if word not in answer.words] == [], answer.words
    assert "Traceback" not in answer.words
