"""`optionix chain show` with columns and a filter, and `optionix screen --with`."""

from __future__ import annotations

import csv
import io
import json

import pytest

FIELDS = "bid,ask,value,beyond,probability,lint"


def rows_of(answer) -> list[dict[str, str]]:
    assert answer.code == 0, answer.words
    return list(csv.DictReader(io.StringIO(answer.out)))


def test_rows_have_the_columns_asked_for_and_are_those_that_the_filter_keeps(optionix) -> None:
    rows = rows_of(
        optionix("chain", "show", "ORBIT", "--columns", FIELDS, "--filter", "days 7-20 delta .2-.4", "--format", "csv")
    )
    assert list(rows[0]) == ["expiry", "root", "strike", "type", "symbol", *FIELDS.split(","), "rejected"]
    assert len({row["expiry"] for row in rows}) > 1
    for row in rows:
        assert float(row["bid"]) <= float(row["ask"])
        assert abs(float(row["value"]) - float(row["bid"])) < 0.2
        assert 0.0 < float(row["probability"]) < 0.6
    document = json.loads(
        optionix("chain", "show", "ORBIT", "--columns", FIELDS, "--filter", "days 7-20 delta .2-.4", "--json").out
    )
    assert sum(len(one["rows"]) for one in document["expiries"]) == len(rows)
    assert document["filter"] == "days 7-20 delta .2-.4"
    assert all(one["smile"]["model"] == "svi" for one in document["expiries"])


def test_a_layout_s_name_stands_for_its_columns_a_user_s_too(optionix) -> None:
    shown = optionix("chain", "show", "ORBIT", "--columns", "greeks", "--filter", "+-2")
    assert shown.code == 0
    assert "vega/pt" in shown.out
    assert len(shown.out.splitlines()) == 2 + 2 * 5
    own = optionix.home / "config" / "chain_layouts.toml"
    own.parent.mkdir(parents=True, exist_ok=True)
    own.write_text('[layouts.mine]\ncolumns = ["spread"]\n')
    assert "spread" in rows_of(optionix("chain", "show", "ORBIT", "--columns", "mine", "--format", "csv"))[0]
    own.write_text('[layouts.mine]\ncolumns = ["spreed"]\n')
    told = optionix("chain", "show", "ORBIT", "--columns", "mine")
    assert told.code == 2
    assert "chain_layouts.toml, line 2: unknown column 'spreed'; nearest: spread" in told.words


def test_positions_stand_in_their_column(optionix) -> None:
    symbol = rows_of(optionix("chain", "show", "ORBIT", "--columns", "bid", "--filter", "+-0", "--format", "csv"))[0][
        "symbol"
    ]
    assert optionix("buy", "2", symbol).code == 0
    rows = rows_of(optionix("chain", "show", "ORBIT", "--columns", "held,bid", "--filter", "+-0", "--format", "csv"))
    assert {row["symbol"]: row["held"] for row in rows}[symbol] == "2"


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (("--columns", "grekes"), 2, "no layout or column 'grekes'; nearest: greeks"),
        (("--columns", "bid,asks"), 2, "unknown column 'asks'; nearest: ask"),
        (("--columns", "bid,bid"), 2, "'bid' is told twice"),
        (("--filter", "dleta .2-.4"), 1, "nearest: delta (got 'dleta')"),
        (("--filter", "days 5000-6000"), 6, "days to them"),
        (("--filter", "1-2"), 6, "no option of ORBIT is within '1-2'"),
        (("--columns", "bid", "--plot"), 2, "go with neither --plot"),
        (("--columns", "bid", "--expiry", "2027-01-16"), 2, "2027-01-15"),
    ],
)
def test_a_mistake_is_named(optionix, words: tuple[str, ...], code: int, told: str) -> None:
    answer = optionix("chain", "show", "ORBIT", *words)
    assert told in answer.words
    assert answer.code == code
    assert answer.data == b""


def test_a_screen_is_drawn_as_it_is_set_up(optionix) -> None:
    drawn = optionix("screen", "chain", "--with", "layout=odds", "--with", "filter=+-3 otm", "--size", "120x20")
    assert drawn.code == 0, drawn.words
    assert "ITM%" in drawn.out
    assert "/ +-3 otm" in drawn.out
    for words, told in (
        ("layout=odd", "layout must be one of default, compact"),
        ("layot=odds", "arrangement must be one of layout, filter, pane, zoomed (got 'layot')"),
        ("zoomed=maybe", "zoomed must be like false (got 'maybe')"),
    ):
        answer = optionix("screen", "chain", "--with", words, "--size", "80x24")
        assert answer.code == 1
        assert told in answer.words
    assert "NAME=VALUE" in optionix("screen", "chain", "--with", "layout").words
