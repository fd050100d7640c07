"""Themes as data: names and colours of what the terminal draws, read from the shipped TOML files.

A theme gives every colour that a screen may use; a missing or unknown one is an error, so that no
screen falls back to a colour that nobody chose. Colour never carries meaning alone: whatever is drawn
in these colours also has a sign, an arrow or a word.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from config.errors import SettingsError

THEMES = ("dark", "light", "high-contrast", "colour-blind", "ansi")
"""Shipped themes; the first is the default."""

BASE_COLOURS = (
    "primary", "secondary", "accent", "foreground", "background", "surface", "panel", "success", "warning", "error",
)  # fmt: skip
MARKET_COLOURS = (
    "up", "down", "bid", "ask", "muted", "faint", "strike", "atm", "money", "cursor", "cursor-text", "row",
    "bar", "bar-text", "chip", "chip-text", "key", "stale", "series-1", "series-2", "series-3",
)  # fmt: skip


class ThemeError(SettingsError):
    """A theme that cannot be used; `str()` names the theme and what is wrong with it."""


@dataclass(frozen=True, slots=True)
class ThemeSpec:
    """A theme: colours are `#rrggbb`, or `ansi_...` where the terminal's own palette is meant."""

    name: str
    description: str
    dark: bool
    ansi: bool
    """Drawn in the terminal's own sixteen colours."""
    base: Mapping[str, str]
    """Every name of BASE_COLOURS."""
    market: Mapping[str, str]
    """Every name of MARKET_COLOURS."""


def load(name: str) -> ThemeSpec:
    """The shipped theme `name`; ThemeError names what is missing or unknown."""
    if name not in THEMES:
        raise ThemeError("theme", f"unknown name {name!r}; known: {', '.join(THEMES)}")
    shipped = Path(__file__).parent / "defaults" / "themes" / f"{name}.toml"
    document = tomllib.loads(shipped.read_text(encoding="utf-8"))
    return ThemeSpec(
        name=name,
        description=str(document["description"]),
        dark=bool(document["dark"]),
        ansi=bool(document.get("ansi", False)),
        base=_colours(name, "base", document.get("base"), BASE_COLOURS),
        market=_colours(name, "market", document.get("market"), MARKET_COLOURS),
    )


def _colours(theme: str, section: str, table: object, names: tuple[str, ...]) -> dict[str, str]:
    if not isinstance(table, dict):
        raise ThemeError(f"theme {theme}", f"section [{section}] is missing")
    if missing := [name for name in names if name not in table]:
        raise ThemeError(f"theme {theme}", f"[{section}] lacks {', '.join(missing)}")
    if unknown := [name for name in table if name not in names]:
        raise ThemeError(f"theme {theme}", f"[{section}] has unknown {', '.join(unknown)}")
    return {name: str(table[name]) for name in names}
