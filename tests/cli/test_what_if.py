"""`optionix what-if`: scenarios of a contract and of legs, and what is refused."""

from __future__ import annotations

import csv
import io
import json

import pytest

ONE = (
    *("--type", "call", "--spot", "100", "--strike", "105", "--expiry", "0.5"),
    *("--rate", "0.05", "--volatility", "0.25"),
)
LEGS = [
    {"type": "call", "strike": 100, "quantity": 1, "price": 5, "years": 0.25},
    {"type": "call", "strike": 110, "quantity": -1, "price": 2, "years": 0.25},
]


def test_a_scenario_is_the_price_that_optionix_price_gives(optionix):
    answer = optionix("what-if", *ONE, "--moves", "-0.1,0", "--vol-moves", "0,0.05", "--days", "0,36.5", "--json")
    assert answer.code == 0, answer.words
    found = json.loads(answer.out)
    assert len(found["rows"]) == 8
    row = found["rows"][-2]
    assert (row["days"], row["volatility_move"], row["spot"]) == (36.5, 0.05, 90.0)
    moved = ("--type", "call", "--spot", "90", "--strike", "105", "--expiry", "0.4", "--rate", "0.05")
    price = json.loads(optionix("price", *moved, "--volatility", "0.3", "--json").out)["price"]
    assert row["value"] == pytest.approx(price, rel=1e-12)
    assert row["change"] == pytest.approx(price - found["value"])
    assert found["contract"]["kind"] == "european"


def test_csv_has_a_row_for_each_scenario_and_the_table_a_column_for_each_spot(optionix):
    rows = list(csv.DictReader(io.StringIO(optionix("what-if", *ONE, "--moves", "0,0.1", "--format", "csv").out)))
    assert list(rows[0]) == ["days", "volatility_move", "spot_move", "spot", "value", "change"]
    assert [row["spot"] for row in rows] == ["100.0", "110.0"]
    table = optionix("what-if", *ONE, "--moves", "0,0.1").out
    assert "days  vol" in table
    assert "110" in table


def test_legs_are_told_in_money(optionix):
    asked = ("--legs", json.dumps(LEGS), "--spot", "104", "--rate", "0.04", "--volatility", "0.22", "--moves", "0")
    found = json.loads(optionix("what-if", *asked, "--days", "0,91.25", "--json").out)
    assert found["name"] == "bull-call-spread"
    assert found["rows"][-1]["value"] == pytest.approx(100.0, abs=1e-6)
    picture = optionix("what-if", *asked, "--days", "30", "--plot")
    assert "profit of the legs: now, +30d, +91.25d" in picture.out


def test_a_picture_has_a_curve_for_each_date(optionix):
    answer = optionix("what-if", *ONE, "--days", "60", "--plot")
    assert answer.code == 0, answer.words
    assert "value of a european: now, +60d, +182.5d" in answer.out


@pytest.mark.parametrize(
    ("more", "code", "words"),
    [
        (("--days", "400"), 1, "days must be from 0 to 182.5 (got 400)"),
        (("--vol-moves", "-0.3"), 1, "vol move must be above -0.25"),
        (("--moves", "-1"), 1, "spot move must be above -1"),
        (("--moves", "x"), 2, "--moves must be numbers"),
        (("--plot", "--json"), 2, "--plot draws a picture"),
        (("--legs", "[]"), 2, "--legs tells the contracts"),
        (("--barrier", "90"), 2, "--barrier-type is missing"),
    ],
)
def test_what_cannot_be_is_named(optionix, more, code, words):
    answer = optionix("what-if", *ONE, *more)
    assert (answer.code, words in answer.words) == (code, True), answer.words


def test_legs_need_a_market(optionix):
    answer = optionix("what-if", "--legs", json.dumps(LEGS))
    assert (answer.code, "--spot is missing" in answer.words) == (2, True)
