"""Tones: what a widget paints its words and cells in, as the theme's names of colours.

A table of tones takes the place of component classes: a style sheet would find the rules of each anew for each widget,
on every change of a class, which costs more than all the rest of showing a screen.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple
from weakref import WeakKeyDictionary

from rich.style import Style
from textual.color import Color

if TYPE_CHECKING:
    from collections.abc import Mapping

    from textual.app import App
    from textual.widget import Widget


class Tone(NamedTuple):
    """Colours by the theme's names, empty where the widget's own stays, and words such as `bold italic`."""

    colour: str = ""
    background: str = ""
    words: str = ""


def tone_style(widget: Widget, tone: Tone) -> Style:
    """What `tone` adds to the widget's own style, in the theme that is in force."""
    variables = _variables(widget.app)
    return _style(
        variables[tone.colour] if tone.colour else "",
        variables[tone.background] if tone.background else "",
        tone.words,
    )


_KNOWN: WeakKeyDictionary[App[Any], tuple[str, Mapping[str, str]]] = WeakKeyDictionary()
"""Of each application the theme whose colours were asked for last, and these."""


def _variables(app: App[Any]) -> Mapping[str, str]:
    known = _KNOWN.get(app)
    if known is None or known[0] != app.theme:
        known = _KNOWN[app] = (app.theme, app.get_css_variables())
    return known[1]


@lru_cache(maxsize=512)
def _style(colour: str, background: str, words: str) -> Style:
    style = Style(
        color=Color.parse(colour).rich_color if colour else None,
        bgcolor=Color.parse(background).rich_color if background else None,
    )
    return style + Style.parse(words) if words else style
