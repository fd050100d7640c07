"""A screen's colours as text: for each line runs of styles, each named by the theme's words for its colours.

A colour that no word of the theme names is a blend of several (heat maps, what lies under a dialog): it is written as
`~`, because the last bit of a blend is the processor's.
"""

from __future__ import annotations

import string
from itertools import groupby
from typing import TYPE_CHECKING

from textual.color import Color, ColorParseError

if TYPE_CHECKING:
    from rich.style import Style

    from optionix_tui.app import OptionixApp

BLEND = "~"
_MARKS = string.ascii_letters + string.digits


def screen_styles(app: OptionixApp) -> str:
    """Runs of styles per line (`a12 b3`), then what each letter stands for, in the order in which they come."""
    names = _names(app)
    marks: dict[str, str] = {}
    lines = []
    for strip in app.screen._compositor.render_strips(app.size):
        cells = [
            marks.setdefault(_words(segment.style, names), _MARKS[min(len(marks), len(_MARKS) - 1)])
            for segment in strip
            for _ in range(segment.cell_length)
        ]
        lines.append(" ".join(f"{mark}{len(list(run))}" for mark, run in groupby(cells)))
    legend = [f"{mark} = {words}" for words, mark in marks.items()]
    return "\n".join([*lines, "", *legend]) + "\n"


def _names(app: OptionixApp) -> dict[tuple[int, int, int], str]:
    """The theme's words by colour; of several words for one colour the first in the alphabet."""
    found: dict[tuple[int, int, int], str] = {}
    theme = app.current_theme
    base = (
        "primary",
        "secondary",
        "accent",
        "foreground",
        "background",
        "surface",
        "panel",
        "success",
        "warning",
        "error",
    )
    words = {**{name: getattr(theme, name) for name in base}, **theme.variables}
    for name in sorted(words):
        try:
            colour = Color.parse(str(words[name]))
        except ColorParseError:
            continue
        found.setdefault((colour.r, colour.g, colour.b), name)
    return found


def _words(style: Style | None, names: dict[tuple[int, int, int], str]) -> str:
    if style is None:
        return "plain"
    parts = []
    for colour in (style.color, style.bgcolor):
        triplet = None if colour is None else colour.get_truecolor()
        parts.append("-" if triplet is None else names.get(tuple(triplet), BLEND))
    flags = [name for name in ("bold", "italic", "underline", "reverse", "dim", "strike") if getattr(style, name)]
    return " ".join(["/".join(parts), *flags])
