"""Column layouts: those that are shipped, and the user's file."""

from __future__ import annotations

from pathlib import Path

import pytest

from config.chain_layouts import (
    COLUMNS,
    SHIPPED,
    ChainLayoutError,
    check_columns,
    load,
    read,
    with_layout,
    without_layout,
)
from optionix_core.services.chain_export import FIELDS, LINT
from screens.chain_columns import NAMES, layout


def test_every_shipped_layout_can_be_shown_and_mirrors_itself() -> None:
    for name, columns in SHIPPED.items():
        assert check_columns(columns) == columns
        made = layout(name, columns)
        calls = [column.key for column in made.columns if column.group == "call"]
        puts = [column.key for column in made.columns if column.group == "put"]
        assert sorted(key.removeprefix("call.") for key in calls) == sorted(key.removeprefix("put.") for key in puts)
        if "bid" in columns:
            assert puts.index("put.bid") < puts.index("put.ask")
            assert calls.index("call.bid") < calls.index("call.ask")
        assert sum(column.home for column in made.columns) == 1


def test_a_column_of_the_settings_can_be_shown_and_written() -> None:
    assert set(COLUMNS) == set(NAMES) == {*FIELDS, LINT}


def test_puts_mirror_calls_but_keep_the_order_of_quotes() -> None:
    made = layout("x", ("volume", "iv", "bid_size", "bid", "ask", "ask_size"))
    puts = [column.key.removeprefix("put.") for column in made.columns if column.group == "put"]
    assert puts == ["bid_size", "bid", "ask", "ask_size", "iv", "volume"]
    band = layout("x", ("held", "bid_iv", "iv", "ask_iv", "delta"))
    puts = [column.key.removeprefix("put.") for column in band.columns if column.group == "put"]
    assert puts == ["delta", "bid_iv", "iv", "ask_iv", "held"]


def test_a_user_s_layout_takes_the_place_of_a_shipped_one(tmp_path: Path) -> None:
    path = tmp_path / "chain_layouts.toml"
    assert load(path).layouts == SHIPPED
    path.write_text('[layouts.compact]\ncolumns = ["bid", "ask"]\n[layouts.mine]\ncolumns = ["iv"]\n')
    found = load(path)
    assert found.columns("compact") == ("bid", "ask")
    assert found.own == {"compact", "mine"}
    assert found.after("odds") == "mine"
    assert found.after("mine") == "default"
    assert found.after("default", -1) == "mine"
    with pytest.raises(ChainLayoutError, match="nearest: greeks"):
        found.columns("grekes")


@pytest.mark.parametrize(
    ("text", "line", "told"),
    [
        ('[layouts.a]\ncolumns = ["bid", "dleta"]\n', 2, "unknown column 'dleta'; nearest: delta"),
        ('# dleta\n\n[layouts.a]\ncolumns = [\n  "bid",\n  "dleta",\n]\n', 6, "nearest: delta"),
        ('[layouts.a]\ncolumns = ["bid", "bid"]\n', 2, "told twice"),
        ('[layouts.a]\ncolumns = ["lint"]\n', None, "one column of the options"),
        ("[layouts.a]\ncolumns = []\n", None, "one column of the options"),
        ('[layouts.a]\nculumns = ["bid"]\n', 1, "must have one entry, columns (got 'culumns')"),
        ("[layouts.a]\n", 1, "it has none"),
        ("[layouts.a]\ncolumns = 3\n", 1, "must be a list of names (got 3)"),
        ('[layouts."two words"]\ncolumns = ["bid"]\n', None, "a layout's name must be"),
        ('[layout.a]\ncolumns = ["bid"]\n', 1, "unknown section 'layout'"),
        ("[layouts.a\n", 1, "is not TOML"),
        ("layouts = 3\n", 1, "must be sections"),
    ],
)
def test_a_mistake_names_file_line_and_what_is_near(text: str, line: int | None, told: str) -> None:
    with pytest.raises(ChainLayoutError) as caught:
        read(text, "layouts.toml")
    assert told in str(caught.value)
    assert caught.value.line == line
    assert str(caught.value).startswith("layouts.toml" if line is None else f"layouts.toml, line {line}: ")


def test_writing_a_layout_leaves_everything_else_as_it_was() -> None:
    text = '# mine\n[layouts.a]\ncolumns = [\n  "bid",\n  "ask",\n]\n# of b\n\n[layouts.b]  # kept\ncolumns = ["iv"]\n'
    changed = with_layout(text, "a", ["iv", "delta"])
    assert changed == (
        '# mine\n[layouts.a]\ncolumns = ["iv", "delta"]\n# of b\n\n[layouts.b]  # kept\ncolumns = ["iv"]\n'
    )
    assert read(changed) == {"a": ("iv", "delta"), "b": ("iv",)}
    added = with_layout(changed, "c", ["bid"])
    assert added == f'{changed}\n[layouts.c]\ncolumns = ["bid"]\n'
    assert without_layout(added, "c") == f"{changed}\n"
    assert with_layout("", "c", ["bid"]) == '[layouts.c]\ncolumns = ["bid"]\n'
    with pytest.raises(ChainLayoutError, match="name must be"):
        with_layout("", "a b", ["bid"])
    with pytest.raises(ChainLayoutError, match="unknown column"):
        with_layout("", "a", ["bids"])
