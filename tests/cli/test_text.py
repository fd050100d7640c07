"""Pieces of the command line by themselves: readers of arguments, widths of text, pictures."""

from __future__ import annotations

import pytest

from optionix_tui.cli import text_table
from optionix_tui.cli.order_text import table
from optionix_tui.cli.plot import picture


@pytest.mark.parametrize(
    ("text", "columns"), [("abc", 3), ("1σ move", 7), ("日経", 4), ("e\u0301", 1), ("", 0), ("…", 1)]
)
def test_width_is_what_a_terminal_takes(text: str, columns: int) -> None:
    assert text_table.width(text) == columns


@pytest.mark.parametrize(
    ("line", "room", "shown"),
    [
        ("abcdef", None, "abcdef"),
        ("abcdef", 6, "abcdef"),
        ("abcdef", 5, "abcd…"),
        ("日経平均", 5, "日経…"),
        ("ab", 1, "…"),
    ],
)
def test_a_line_is_cut_at_the_edge_with_a_mark(line: str, room: int | None, shown: str) -> None:
    assert text_table.cut(line, room) == shown


def test_a_picture_has_its_curve_its_ticks_and_no_line_too_long() -> None:
    lines = picture("a title", [0.0, 50.0, 100.0], [1.0, 2.0, 1.5], marked=50.0, width=60).splitlines()
    assert "a title" in lines[0]
    assert max(map(len, lines)) <= 60
    assert {"0", "20", "40", "60", "80", "100"} <= set(lines[-1].split())
    assert any(0x2800 < ord(sign) < 0x2900 for line in lines for sign in line)


def test_a_picture_of_one_point_is_drawn() -> None:
    assert picture("one", [5.0], [0.2], width=40).count("\n") > 5


ORDER = {
    "client_order_id": "id",
    "account": "paper-1",
    "side": "buy",
    "quantity": 5,
    "label": "BTC-27DEC24-100000-C",
    "created_at": "2026-11-20T15:30:00.000000Z",
    "state": "cancelled",
    "filled_quantity": 3,
    "average_price": 0.0125,
    "cost": 0.0375,
    "fees": 0,
    "replayed": False,
}


def test_an_order_in_part_and_in_small_prices() -> None:
    assert table(ORDER).title.startswith("bought 3 of 5 BTC-27DEC24-100000-C at 0.0125, cost 0.04 + fees 0.00 = 0.04, ")


def test_a_preview_that_would_do_nothing_says_so() -> None:
    preview = {**ORDER, "state": "preview", "fillable": 0, "bid": None, "ask": 2.5, "checks": []}
    assert table(preview).title == "would not buy 5 BTC-27DEC24-100000-C: quoted none x 2.50; nothing was sent"
