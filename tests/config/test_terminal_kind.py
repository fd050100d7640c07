from __future__ import annotations

import pytest

from config import terminal_kind


@pytest.mark.parametrize(
    ("environ", "in_ascii"),
    [
        ({}, False),
        ({"LANG": "en_GB.UTF-8"}, False),
        ({"LANG": "C.utf8"}, False),
        ({"LANG": "C"}, True),
        ({"LANG": "POSIX"}, True),
        ({"LC_ALL": "C", "LANG": "en_GB.UTF-8"}, True),
        ({"LC_ALL": "de_DE.ISO-8859-1"}, True),
        ({"LC_CTYPE": "UTF-8"}, False),
        ({"LC_CTYPE": "C.UTF-8", "LANG": "C"}, True),  # Python wrote the first of them
        ({"LC_CTYPE": "de_DE.UTF-8", "LANG": "C"}, False),
        ({"LANG": "en_GB.UTF-8", "TERM": "linux"}, True),
        ({"LANG": "en_GB.UTF-8", "TERM": "xterm-256color"}, False),
    ],
)
def test_the_environment_says_whether_signs_beyond_ascii_are_shown(environ: dict[str, str], in_ascii: bool) -> None:
    assert terminal_kind.draws_ascii("auto", environ) is in_ascii
    assert terminal_kind.draws_ascii("ascii", environ)
    assert not terminal_kind.draws_ascii("unicode", environ)


def test_a_stream_that_cannot_carry_them_decides_too() -> None:
    assert terminal_kind.draws_ascii("auto", {"LANG": "en_GB.UTF-8"}, "cp437")


@pytest.mark.parametrize(
    ("environ", "few"),
    [
        ({"TERM": "xterm"}, True),
        ({"TERM": "xterm-16color"}, True),
        ({"TERM": "linux"}, True),
        ({"TERM": "tmux-256color"}, False),
        ({"TERM": "xterm-kitty"}, False),
        ({"TERM": "xterm", "COLORTERM": "truecolor"}, False),
        ({}, False),
    ],
)
def test_few_colours_are_told_by_term_and_colorterm(environ: dict[str, str], few: bool) -> None:
    assert terminal_kind.has_few_colours(environ) is few


def test_no_color_counts_where_it_is_not_empty() -> None:
    assert terminal_kind.without_colour({"NO_COLOR": "1"})
    assert not terminal_kind.without_colour({"NO_COLOR": ""})
    assert not terminal_kind.without_colour({})


def test_a_dumb_terminal_is_told_by_its_name() -> None:
    assert terminal_kind.is_dumb({"TERM": "dumb"})
    assert not terminal_kind.is_dumb({"TERM": "xterm"})
