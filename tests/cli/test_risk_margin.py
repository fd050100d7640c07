"""`optionix risk margin`: the answer, its formats, and errors that name line and column."""

import json
import subprocess
import sys

import pytest

HEADER = "underlying,underlying_price,type,strike,expiry,quantity,price,multiplier"
STRANGLE = f"{HEADER}\nXYZ,45,call,47,2027-01-15,-1,2.10,100\nXYZ,45,put,43,2027-01-15,-1,1.20,100\n"


def test_a_strangle_from_standard_input(optionix):
    # tastytrade, "Short straddle / strangle": 910 and the put's premium.
    answer = optionix("risk", "margin", "--book", "-", "--json", stdin=STRANGLE)
    assert answer.code == 0, answer.words
    told = json.loads(answer.out)
    assert (told["requirement"], told["requirement_net_of_premium"]) == (1030.0, 700.0)
    assert [one["name"] for one in told["pairing"]] == ["short-strangle"]
    assert "XYZ: no margin class is given, taken as equity" in told["assumptions"]
    assert told["health"] is None
    assert answer.words == ""


def test_a_book_of_symbols_from_a_file(optionix):
    rows = "symbol,underlying_price,quantity,price\nXYZ270115C00047000,45,-1,2.10\nXYZ,45,100,\n"
    (optionix.folder / "book.csv").write_text(rows, "utf-8")
    told = json.loads(optionix("risk", "margin", "--book", "book.csv", "--json").out)
    assert told["requirement"] == 2250.0
    assert [one["name"] for one in told["pairing"]] == ["covered-call"]
    assert not any("multiplier" in note for note in told["assumptions"])


def test_tables_tell_sets_health_and_ends(optionix):
    words = optionix("risk", "margin", "--book", "-", "--cash", "1500", "--liquidation", stdin=STRANGLE).out
    assert "strategy margin, initial: 1,030.00 USD, 700.00 net of premium" in words
    assert "equity 1,170.00, 1.67 times what is needed, margin call 0.00" in words
    assert "XYZ at 45.00 ends below" in words
    assert "short-strangle" in words


@pytest.mark.parametrize("regime", ["strategy", "portfolio", "span", "all"])
@pytest.mark.parametrize("form", ["table", "csv", "jsonl", "md"])
def test_every_regime_in_every_format(optionix, regime, form):
    answer = optionix("risk", "margin", "--book", "-", "--regime", regime, "--format", form, stdin=STRANGLE)
    assert answer.code == 0, answer.words
    assert "XYZ" in answer.out


def test_a_cash_account_keeps_the_strike(optionix):
    rows = f"{HEADER}\nXYZ,45,put,43,2027-01-15,-1,1.20,100\n"
    told = json.loads(optionix("risk", "margin", "--book", "-", "--cash-account", "--json", stdin=rows).out)
    assert told["requirement"] == 4300.0
    assert told["pairing"][0]["name"] == "cash-secured-put"
    assert optionix("risk", "margin", "--book", "-", "--cash-account", stdin=STRANGLE).code == 1


def test_a_class_may_be_told_beside_the_book(optionix):
    rows = f"{HEADER}\nSPX,6000,put,6000,2027-01-15,-1,100,100\n"
    told = json.loads(optionix("risk", "margin", "--book", "-", "--class", "SPX=broad_index", "--json", stdin=rows).out)
    assert told["requirement"] == 10_000.0 + 0.15 * 600_000.0
    assert not any("margin class" in note for note in told["assumptions"])


def test_an_account_that_holds_nothing_needs_nothing(optionix):
    told = json.loads(optionix("risk", "margin", "--json").out)
    assert (told["requirement"], told["positions"], told["health"]["ratio"]) == (0.0, 0, None)


def test_parameters_of_ones_own(optionix):
    from optionix_core.risk.margin.parameters import SHIPPED

    text = SHIPPED.read_text("utf-8").replace("equity = [-0.15, 0.15]", "equity = [-0.30, 0.30]")
    (optionix.folder / "mine.toml").write_text(text, "utf-8")
    rows = f"{HEADER}\nXYZ,45,stock,,,100,,1\n"
    asked = ["risk", "margin", "--book", "-", "--regime", "portfolio", "--json"]
    assert json.loads(optionix(*asked, stdin=rows).out)["requirement"] == 675.0
    assert json.loads(optionix(*asked, "--parameters", "mine.toml", stdin=rows).out)["requirement"] == 1350.0


@pytest.mark.parametrize(
    ("rows", "code", "words"),
    [
        (f"{HEADER}\nXYZ,45,call,47,2027-01-15,-1,abc,100\n", 2, "line 2, column price: price must be a number"),
        (f"{HEADER}\nXYZ,45,call,,2027-01-15,-1,1,100\n", 2, "line 2, column strike"),
        (f"{HEADER}\n", 6, "standard input holds no positions"),
        (f"{HEADER},colour\n", 2, "the column 'colour' must be one of"),
        (f"{HEADER}\nXYZ,45,call,47,2027-01-15,-1,,100\n", 6, "position XYZ 2027-01-15 47 call has no price"),
        (
            f"{HEADER}\nXYZ,45,call,47,2026-01-16,-1,1,100\n",
            1,
            "expiry of position XYZ 2026-01-16 47 call",
        ),
        (f"{HEADER}\nXYZ,45,call,47,2027-01-15,-1.5,1,100\n", 1, "must be whole contracts (got -1.5)"),
        (f"{HEADER},margin_class\nXYZ,45,stock,,,100,,1,bond\n", 2, "margin_class must be one of equity"),
    ],
)
def test_what_is_wrong_is_named(optionix, rows, code, words):
    answer = optionix("risk", "margin", "--book", "-", stdin=rows)
    assert answer.code == code, answer.words
    assert words in answer.words
    assert answer.out == ""


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        ("--regime house", 2, "unknown regime 'house'"),
        ("--book none.csv", 2, "unknown file 'none.csv'"),
        ("--cash 5", 2, "--cash goes with --book"),
        ("--class XYZ", 2, "--class must be NAME=CLASS"),
        ("--regime span --cash-account", 1, "account type must be margin"),
        ("--regime span --parameters none.toml", 2, "no such file of margin parameters"),
    ],
)
def test_options_that_do_not_fit(optionix, arguments, code, words):
    answer = optionix("risk", "margin", *arguments.split())
    assert answer.code == code, answer.words
    assert words in answer.words


def test_ends_need_cash(optionix):
    answer = optionix("risk", "margin", "--book", "-", "--liquidation", stdin=STRANGLE)
    assert (answer.code, answer.out) == (6, "")
    assert "cash" in answer.words


def test_an_order_before_it_is_sent(optionix):
    hedge = f"{HEADER}\nXYZ,45,put,40,2027-01-15,1,0.50,100\n"
    (optionix.folder / "hedge.csv").write_text(hedge, "utf-8")
    rows = f"{HEADER}\nXYZ,45,put,43,2027-01-15,-1,1.20,100\n"
    asked = ["risk", "margin", "--book", "-", "--order", "hedge.csv"]
    told = json.loads(optionix(*asked, "--cash", "1000", "--json", stdin=rows).out)["order"]
    # Naked 820; a spread of three dollars with its long paid in 350.
    assert (told["requirement_after"], told["requirement_change"]) == (350.0, 350.0 - 820.0)
    assert told["units_that_fit"] == 14  # 880 of equity against 180 and 50 for each
    assert told["bounded"]
    assert "with the order: requirement -470.00 to 350.00" in optionix(*asked, stdin=rows).out
    both = optionix("risk", "margin", "--book", "-", "--order", "-", stdin=rows)
    assert (both.code, both.out) == (2, "")


def test_what_an_expiry_leaves(optionix):
    rows = f"{HEADER}\nXYZ,42,put,43,2027-01-15,-2,1.20,100\n"
    told = json.loads(
        optionix(
            "risk", "margin", "--book", "-", "--maintenance", "--after-expiry", "2027-01-15", "--json", stdin=rows
        ).out
    )["after_expiry"]
    assert (told["shares"], told["cash"]) == ({"XYZ": 200.0}, -8600.0)
    assert told["requirement"] == 0.25 * 200 * 42
    assert "XYZ settles at its price now, 42" in told["assumptions"]
    none = optionix("risk", "margin", "--book", "-", "--after-expiry", "2027-02-19", stdin=rows)
    assert (none.code, none.out) == (6, "")


def test_rows_of_one_instrument_are_added_up(optionix):
    rows = f"{HEADER}\nXYZ,45,put,43,2027-01-15,-3,1.20,100\nXYZ,45,put,43,2027-01-15,2,1.20,100\n"
    told = json.loads(optionix("risk", "margin", "--book", "-", "--json", stdin=rows).out)
    assert told["requirement"] == 820.0
    assert any("added up" in note for note in told["assumptions"])
    other = rows.replace("2,1.20", "2,1.30")
    assert "price of position" in optionix("risk", "margin", "--book", "-", stdin=other).words


def test_what_a_library_prints_is_no_data():
    program = """
import os, sys
from optionix_tui.cli.native import keep_stdout_for_data
print("before")
keep_stdout_for_data()
os.write(1, b"printed by a library\\n")
print("after")
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["before", "after"]
    assert done.stderr.splitlines() == ["printed by a library"]
