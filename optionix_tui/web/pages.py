"""The page's text: the shipped HTML with theme, size of letters and keys to tap."""

from __future__ import annotations

import html
import json
from collections.abc import Iterable, Mapping
from importlib.resources import files
from string import Template
from typing import NamedTuple

from config.actions import ACTIONS
from config.keymaps import KeyMap
from config.screens import NAMES
from config.themes import ThemeSpec
from screens.frame import shown_key

SMALLEST_FONT, LARGEST_FONT = 6, 48
"""Pixels."""
PHONE_COLUMNS = 44
"""A narrow page writes so small that this many columns fit."""

_ARROWS = {"up": "A", "down": "B", "right": "C", "left": "D", "end": "F", "home": "H"}
_FUNCTION = ("OP", "OQ", "OR", "OS", "[15~", "[17~", "[18~", "[19~", "[20~", "[21~", "[23~", "[24~")
_TYPED: Mapping[str, str] = {
    "esc": "\x1b", "enter": "\r", "tab": "\t", "space": " ", "backspace": "\x7f", "shift+tab": "\x1b[Z",
    "delete": "\x1b[3~", "insert": "\x1b[2~", "pageup": "\x1b[5~", "pagedown": "\x1b[6~",
    **{name: f"\x1b[{letter}" for name, letter in _ARROWS.items()},
    **{f"f{number}": f"\x1b{code}" for number, code in enumerate(_FUNCTION, start=1)},
}  # fmt: skip
_TAPPED = (
    "esc", "left", "up", "down", "right", "enter", "tab", ":", "/", "[", "]", "space", "i", "+", "-", "backspace",
)  # fmt: skip
"""Keys of the bar besides those of the screens; a phone without its keyboard reaches the rest by `:`."""
_NAMES = {"backspace": "⌫", "tab": "⇥", "esc": "esc"}


class Key(NamedTuple):
    """A key on the bar."""

    label: str
    typed: str
    """What a terminal sends for it."""


def typed(key: str) -> str | None:
    """What a terminal sends for a key or a sequence, as key maps write them; None for what it cannot tell apart."""
    sent = [_stroke(stroke) for stroke in key.split(" ")]
    return None if None in sent else "".join(stroke for stroke in sent if stroke)


def _stroke(stroke: str) -> str | None:
    if stroke in _TYPED:
        return _TYPED[stroke]
    if len(stroke) == 1:
        return stroke
    letter = stroke.removeprefix("ctrl+")
    if letter != stroke and len(letter) == 1 and "a" <= letter <= "z":
        return chr(ord(letter) - ord("a") + 1)
    rest = stroke.removeprefix("alt+")
    if rest != stroke and (inner := _stroke(rest)) is not None:
        return f"\x1b{inner}"
    return None


def screen_keys(keymap: KeyMap) -> tuple[Key, ...]:
    """A key for each screen by the live key map, and one for help."""
    labels = {action.id: action.label for action in ACTIONS}
    found: list[Key] = []
    for name in (*NAMES, "help"):
        for key in keymap.of(f"app.{name}"):
            sent = typed(key)
            if sent is not None:
                label = labels[f"app.{name}"]
                found.append(Key(label if " " in key else f"{shown_key(key)} {label}", sent))
                break
    return tuple(found)


def plain_keys() -> tuple[Key, ...]:
    """Keys that a phone has nowhere else."""
    return tuple(Key(_NAMES.get(key, shown_key(key)), typed(key) or "") for key in _TAPPED)


def page(theme: ThemeSpec, font_size: int, keymap: KeyMap, *, read_only: bool) -> str:
    """The page of the terminal."""
    return Template(_asset("page.html")).substitute(
        title="Optionix (read-only)" if read_only else "Optionix",
        font_size=str(font_size),
        columns=str(PHONE_COLUMNS),
        background=_in_css(theme.base["background"], "#000000"),
        foreground=_in_css(theme.base["foreground"], "#d5d9e0"),
        bar=_in_css(theme.market["bar"], "#171c25"),
        accent=_in_css(theme.base["accent"], "#e0a33a"),
        scheme="dark" if theme.dark else "light",
        screens=_buttons(screen_keys(keymap)),
        keys=_buttons(plain_keys()),
    )


def door() -> str:
    """The page of whoever has no session: it hands a token in, or says what is needed."""
    return _asset("door.html")


def asset(name: str) -> bytes:
    """A shipped file of ours."""
    return files("optionix_tui.web").joinpath("assets", name).read_bytes()


def terminal_asset(path: str) -> bytes:
    """A file of textual-serve's."""
    return files("textual_serve").joinpath("static", *path.split("/")).read_bytes()


def _asset(name: str) -> str:
    return asset(name).decode("utf-8")


def _in_css(colour: str, own: str) -> str:
    """A theme's colour around the terminal; `own` where the theme leaves it to the terminal."""
    return colour if colour.startswith("#") else own


def _buttons(keys: Iterable[Key]) -> str:
    return "".join(
        f'<button type="button" data-typed="{html.escape(json.dumps(key.typed))}">{html.escape(key.label)}</button>'
        for key in keys
    )
