"""Files of options for price, greeks and iv: CSV, JSON Lines, and errors that name line and column."""

from __future__ import annotations

import csv
import io
import json

import pytest

from optionix_core.pricing import black_scholes

COMMON = ("--spot", "100", "--expiry", "0.5", "--rate", "0.05")


def test_rows_are_priced_as_single_options_are(optionix) -> None:  # type: ignore[no-untyped-def] # conftest's own
    rows = "type,strike,volatility,rate\ncall,105,0.25,\nP, 95 ,0.3,0.01\n\n"
    out = optionix("price", "-", *COMMON, "--format", "csv", stdin=rows).out
    call, put = csv.DictReader(io.StringIO(out))
    # Arrays go through vector instructions, single options through libm: equal to 1e-14 of spot or strike.
    expected = black_scholes.price("call", 100.0, 105.0, 0.5, 0.05, 0.0, 0.25)
    assert float(call["price"]) == pytest.approx(expected, rel=0, abs=1.05e-12)
    expected = black_scholes.price("put", 100.0, 95.0, 0.5, 0.01, 0.0, 0.3)
    assert float(put["price"]) == pytest.approx(expected, rel=0, abs=1e-12)
    assert (call["rate"], put["rate"], put["type"]) == ("0.05", "0.01", "put")
    alone = json.loads(
        optionix("price", *COMMON, "--type", "call", "--strike", "105", "--volatility", "0.25", "--json").out
    )
    assert {name: float(call[name]) for name in alone["greeks"]} == pytest.approx(alone["greeks"], rel=1e-12)


def test_json_lines_and_csv_say_the_same(optionix) -> None:  # type: ignore[no-untyped-def]
    call = {"type": "call", "strike": 105, "volatility": 0.25, "id": "x"}
    put = {"type": "put", "strike": 95, "volatility": 0.3}
    lines = f"{json.dumps(call)}\n{json.dumps(put)}\n"
    table = "id,type,strike,volatility\nx,call,105,0.25\n,put,95,0.3\n"
    told = [optionix("price", "-", *COMMON, "--json", stdin=text).out for text in (lines, table)]
    assert told[0] == told[1]
    assert [row["id"] for row in json.loads(told[0])["rows"]] == ["x", None]


def test_what_iv_finds_prices_back(optionix) -> None:  # type: ignore[no-untyped-def]
    rows = "type,strike,volatility\n" + "".join(
        f"call,{strike},0.{digits}\n" for strike, digits in ((90, 2), (110, 35))
    )
    priced = list(csv.DictReader(io.StringIO(optionix("price", "-", *COMMON, "--format", "csv", stdin=rows).out)))
    prices = "type,strike,price\n" + "".join(f"call,{row['strike']},{row['price']}\n" for row in priced)
    found = [
        json.loads(line) for line in optionix("iv", "-", *COMMON, "--format", "jsonl", stdin=prices).out.splitlines()
    ]
    assert [row["implied_volatility"] for row in found] == pytest.approx([0.2, 0.35], rel=1e-12)
    assert {row["status"] for row in found} == {"ok"}


def test_greeks_leave_the_price_out(optionix) -> None:  # type: ignore[no-untyped-def]
    rows = "type,strike,volatility\ncall,105,0.25\n"
    (row,) = json.loads(optionix("greeks", "-", *COMMON, "--json", stdin=rows).out)["rows"]
    assert "price" not in row
    assert 0.4 < row["delta"] < 0.6


def test_a_file_is_read_like_standard_input(optionix) -> None:  # type: ignore[no-untyped-def]
    rows = "\ufefftype,strike,volatility\r\ncall,105,0.25\r\n"  # as spreadsheets write it
    (optionix.folder / "rows.csv").write_text(rows, "utf-8", newline="")
    file = optionix("price", "rows.csv", *COMMON)
    assert file.code == 0
    assert file.out == optionix("price", "-", *COMMON, stdin=rows).out
    assert " ".join(file.out.splitlines()[1].split()) == "type strike expiry price delta gamma vega theta rho"


@pytest.mark.parametrize(
    ("rows", "code", "told"),
    [
        ("", 6, "standard input holds no options"),
        ("type,strike,volatility\n", 6, "holds no options"),
        ("type,strike,vol\ncall,1,1\n", 2, "line 1, column vol: unknown column 'vol'; columns are id, type, spot"),
        ("type,strike,strike\ncall,1,1\n", 2, "line 1, column strike: column 'strike' comes twice"),
        ("type,strike,volatility\ncall,1\n", 2, "line 2: must have 3 cells (got 2)"),
        ('type,strike,volatility\ncall,1,"1\n', 2, "is not CSV"),
        ("type,strike,volatility\n\ncall,x,1\n", 2, "line 3, column strike: must be a number (got 'x')"),
        ("type,strike,volatility\nboth,1,1\n", 2, 'line 2, column type: must be "call" or "put" (got \'both\')'),
        ("type,strike,volatility\ncall,1,1\ncall,-1,1\n", 2, "line 3, column strike: must be positive"),
        ("type,volatility\ncall,1\n", 2, "line 2, column strike: is missing, and so is --strike"),
        ('{"type": "call"\n', 2, "line 1, column"),
        ('{"type": "call", "strike": true, "volatility": 1}\n', 2, "column strike: must be a number (got True)"),
        ('{"type": "call", "strike": 1, "volatility": 1}\n[1]\n', 2, "line 2: must be a JSON object (got [1])"),
        (b"type,strike\n\xff", 2, "standard input: is not UTF-8"),
    ],
)
def test_a_bad_row_is_told_by_line_and_column(rows: str | bytes, code: int, told: str, optionix) -> None:  # type: ignore[no-untyped-def]
    answer = optionix("price", "-", *COMMON, stdin=rows)
    assert (answer.code, answer.data) == (code, b"")
    assert told in answer.words


def test_one_bad_price_does_not_spoil_a_file_of_prices(optionix) -> None:  # type: ignore[no-untyped-def]
    prices = "type,strike,price\ncall,105,0\nput,300,1\ncall,105,1000\ncall,105,6\n"
    rows = json.loads(optionix("iv", "-", *COMMON, "--json", stdin=prices).out)["rows"]
    assert [row["status"] for row in rows] == ["no time value", "below intrinsic", "above maximum", "ok"]
    assert [row["implied_volatility"] is None for row in rows] == [True, True, True, False]
