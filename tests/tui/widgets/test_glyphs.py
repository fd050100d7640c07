from __future__ import annotations

import ast
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.color import Color

from widgets.glyphs import to_ascii
from widgets.terminal_filters import AsciiGlyphs, Colourless

ROOT = Path(__file__).resolve().parents[3]
NO_SIGN = "\U0010ffff\ufeff"
"""In the sources as bounds and marks of files, never drawn."""


def written_signs() -> set[str]:
    """Every sign beyond ASCII in a text of the faces or of what the engine hands them."""
    found: set[str] = set()
    for room in ("screens", "widgets", "optionix_tui", "config", "optionix_core"):
        for path in (ROOT / room).rglob("*.py"):
            if path.name == "glyphs.py":
                continue
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                if isinstance(node, ast.Constant) and isinstance(node.value, str):
                    found |= {sign for sign in node.value if not sign.isascii()}
    return found - set(NO_SIGN)


def test_every_sign_that_our_sources_write_has_a_likeness() -> None:
    signs = written_signs()
    assert {"Δ", "▲", "✗", "…", "│"} <= signs
    assert [sign for sign in sorted(signs) if "?" in to_ascii(sign)] == []


@given(st.text(max_size=40))
@settings(max_examples=300, deadline=None)
def test_any_text_becomes_ascii_cell_for_cell(text: str) -> None:
    plain = to_ascii(text)
    assert plain.isascii()
    beyond = [sign for sign in text if not sign.isascii()]
    assert [len(to_ascii(sign)) for sign in beyond] == [cell_len(sign) for sign in beyond]


def test_a_pattern_of_dots_is_never_blank_and_a_blank_is() -> None:
    assert to_ascii("⠀") == " "
    assert all(to_ascii(chr(0x2800 + dots)) not in {" ", "?"} for dots in range(1, 256))


@pytest.mark.parametrize(
    ("pattern", "sign"),
    [("⣀", "_"), ("⠉", '"'), ("⡇", "|"), ("⠤", "-"), ("⡜", "/"), ("⢣", "\\"), ("⣿", "#"), ("⡀", ".")],
)
def test_lines_of_a_chart_run_the_same_way_in_ascii(pattern: str, sign: str) -> None:
    assert to_ascii(pattern) == sign


def test_boxes_stay_boxes() -> None:
    assert to_ascii("╭─┬─╮│║╔═╗┄╱") == "+-+-+||+=+-/"


def test_the_edge_of_a_marked_pane_differs_from_that_of_another() -> None:
    assert to_ascii("▌") != to_ascii("▏")
    assert to_ascii("┏━━┓") != to_ascii("╭──╮")


def test_accents_go_and_letters_stay() -> None:
    assert to_ascii("Dvořák é") == "Dvorak e"


def test_the_filter_keeps_styles() -> None:
    bold = Style(bold=True)
    (segment,) = AsciiGlyphs().apply([Segment("Δ ▲", bold)], Color(0, 0, 0))
    assert segment == Segment("D ^", bold)


def test_without_colour_what_stands_out_is_reversed_and_the_rest_keeps_its_weight() -> None:
    ground = Color.parse("#0e1116")
    segments = [
        Segment("cursor", Style.parse("#12151b on #e0a33a bold")),
        Segment("row", Style.parse("#d5d9e0 on #1d2530")),
        Segment("own", Style.parse("yellow")),
        Segment("plain"),
    ]
    cursor, row, own, plain = Colourless().apply(segments, ground)
    assert cursor.style == Style(bold=True, reverse=True)
    assert row.style == Style.null()
    assert own.style == Style.null()
    assert plain.style is None
    for segment in (cursor, row, own):
        assert segment.style is not None
        assert segment.style.color is None
        assert segment.style.bgcolor is None
