"""Themes as data: names and colours of what the terminal draws, shipped or written by the user, in TOML.

A theme gives every colour that a screen may use, itself or by the shipped theme that it extends; a missing, unknown or
impossible one is an error with file, line and the nearest name, so that no screen falls back to a colour that nobody
chose. Colours that can hardly be told apart are no error: `warnings` tells them. Colour never carries meaning alone:
whatever is drawn in these colours also has a sign, an arrow or a word.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from config import contrast, toml_text
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
_HUES = ("black", "red", "green", "yellow", "blue", "magenta", "cyan", "white")
ANSI_COLOURS = ("ansi_default", *(f"ansi_{way}{hue}" for way in ("", "bright_") for hue in _HUES))
"""The terminal's own colours."""
SUFFIX = ".toml"
_HEX = re.compile(r"#[0-9a-fA-F]{6}")
_HEADINGS = ("description", "extends", "dark", "ansi", "base", "market")
_READ_ON = (
    ("foreground", "background"), ("up", "background"), ("down", "background"), ("bid", "background"),
    ("ask", "background"), ("strike", "background"), ("atm", "background"), ("key", "background"),
    ("stale", "background"), ("error", "background"), ("cursor-text", "cursor"), ("bar-text", "bar"),
    ("chip-text", "chip"),
)  # fmt: skip
"""What is written in the first colour stands on the second."""


class ThemeError(SettingsError):
    """A theme that cannot be used; `str()` names the file, the line and what is wrong with it."""


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
    file: Path | None = None
    """Where a user's theme lies; None of a shipped one."""


def is_file(name: str) -> bool:
    """Whether a theme is named by a file and not by its name."""
    return name.endswith(SUFFIX)


def names(folder: Path | None = None) -> tuple[str, ...]:
    """The shipped themes, then those in the user's folder by name."""
    own = () if folder is None or not folder.is_dir() else sorted(path.stem for path in folder.glob(f"*{SUFFIX}"))
    return (*THEMES, *(name for name in own if name not in THEMES))


def load(name: str, folder: Path | None = None) -> ThemeSpec:
    """Theme `name`: a shipped one, one in the user's folder, or one in a file where the name ends in `.toml`.

    Raises ThemeError naming file, line and the nearest name for what is missing, unknown or no colour.
    """
    if is_file(name):
        path = Path(name)
        if not path.is_file():
            raise ThemeError(name, "there is no such file")
        return _read(path.stem, path)
    if name in THEMES:
        if folder is not None and (folder / f"{name}{SUFFIX}").is_file():
            raise ThemeError(str(folder / f"{name}{SUFFIX}"), f"{name} is a shipped theme: give it another name")
        return _shipped(name)
    if name not in names(folder) or folder is None:
        raise ThemeError("theme", f"unknown name {name!r}{toml_text.nearest(name, names(folder))}")
    return _read(name, folder / f"{name}{SUFFIX}")


def source(name: str) -> str:
    """The text of a shipped theme, to begin one's own with. Raises ThemeError for another name."""
    if name not in THEMES:
        raise ThemeError("theme", f"{name!r} is not shipped{toml_text.nearest(name, THEMES)}")
    return _place(name).read_text(encoding="utf-8")


def warnings(spec: ThemeSpec) -> tuple[str, ...]:
    """What of a theme can hardly be read: contrast under 4.5 (WCAG 2.1). The terminal's own colours are not known."""
    colours = {**spec.market, **spec.base}
    found = []
    for ink, ground in _READ_ON:
        upper, lower = _rgb(colours[ink]), _rgb(colours[ground])
        if upper is None or lower is None:
            continue
        seen = contrast.ratio(upper, lower)
        if seen < contrast.LEGIBLE:
            found.append(f"{ink} on {ground}: contrast {seen:.1f}, under {contrast.LEGIBLE} it is hard to read")
    return tuple(found)


def _place(name: str) -> Path:
    return Path(__file__).parent / "defaults" / "themes" / f"{name}{SUFFIX}"


def _shipped(name: str) -> ThemeSpec:
    document = toml_text.parse(_place(name).read_text(encoding="utf-8"), f"{name}{SUFFIX}", ThemeError)
    return _spec(name, document, _Place(f"theme {name}", {}), None)


def _read(name: str, path: Path) -> ThemeSpec:
    text = toml_text.read(path, ThemeError)
    return _spec(
        name,
        toml_text.parse(text, str(path), ThemeError),
        _Place(str(path), toml_text.lines_of(text)),
        path,
    )


@dataclass(frozen=True, slots=True)
class _Place:
    """A file, and the lines of what is in it."""

    source: str
    lines: Mapping[str, int]

    def error(self, reason: str, key: str, value: object = None) -> ThemeError:
        section = key.rpartition(".")[0]
        return ThemeError(self.source, reason, line=self.lines.get(key, self.lines.get(section)), key=key, value=value)


def _spec(name: str, document: Mapping[str, Any], place: _Place, file: Path | None) -> ThemeSpec:
    for heading in document:
        if heading not in _HEADINGS:
            raise place.error(f"unknown name {heading!r}{toml_text.nearest(heading, _HEADINGS)}", heading)
    extended, under = document.get("extends"), None
    if extended is not None:
        if extended not in THEMES:
            near = toml_text.nearest(str(extended), THEMES)
            raise place.error(f"extends must be a shipped theme (got {extended!r}){near}", "extends", extended)
        under = _shipped(extended)
    description = document.get("description", "" if under is None else f"A kind of {under.name}.")
    if not isinstance(description, str):
        raise place.error(f"description must be text (got {description!r})", "description", description)
    return ThemeSpec(
        name=name,
        description=description,
        dark=_switch(document, place, "dark", None if under is None else under.dark),
        ansi=_switch(document, place, "ansi", False if under is None else under.ansi),
        base=_colours(document, place, "base", BASE_COLOURS, {} if under is None else under.base),
        market=_colours(document, place, "market", MARKET_COLOURS, {} if under is None else under.market),
        file=file,
    )


def _switch(document: Mapping[str, Any], place: _Place, name: str, given: bool | None) -> bool:  # noqa: FBT001 - a value
    value = document.get(name, given)
    if not isinstance(value, bool):
        what = "is missing" if value is None else f"must be true or false (got {value!r})"
        raise place.error(f"{name} {what}", name, value)
    return value


def _colours(
    document: Mapping[str, Any], place: _Place, section: str, known: tuple[str, ...], under: Mapping[str, str]
) -> dict[str, str]:
    table = document.get(section, {} if under else None)
    if not isinstance(table, dict):
        reason = f"section [{section}] is missing" if table is None else f"{section} must be a section, [{section}]"
        raise place.error(reason, section, table)
    for name, colour in table.items():
        key = f"{section}.{name}"
        if name not in known:
            raise place.error(f"unknown colour {name!r} in [{section}]{toml_text.nearest(name, known)}", key)
        if not isinstance(colour, str) or not (_HEX.fullmatch(colour) or colour in ANSI_COLOURS):
            near = toml_text.nearest(colour, ANSI_COLOURS) if str(colour).startswith("ansi") else ""
            raise place.error(f"{name} must be #rrggbb or one of the ansi_ colours (got {colour!r}){near}", key, colour)
    if missing := [name for name in known if name not in table and name not in under]:
        raise place.error(f"[{section}] lacks {', '.join(missing)}: give them, or extend a shipped theme", section)
    return {name: str(table[name] if name in table else under[name]) for name in known}


def _rgb(colour: str) -> contrast.RGB | None:
    """The parts of `#rrggbb`; None of the terminal's own."""
    if not _HEX.fullmatch(colour):
        return None
    red, green, blue = (int(colour[start : start + 2], 16) for start in (1, 3, 5))
    return red, green, blue
