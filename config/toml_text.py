"""TOML that people write: parsed, with the line of everything in it, so that a mistake can be told with its place."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from config.errors import SettingsError

_SECTION_LINE = re.compile(r"^\s*\[([\w.\- ]+)\]")
_KEY_LINE = re.compile(r"""^\s*(?:"(?P<double>[^"]+)"|'(?P<single>[^']+)'|(?P<bare>[\w.\-]+))\s*=""")


def read(path: Path, kind: type[SettingsError] = SettingsError) -> str:
    """The text of a file; an error of `kind` where it cannot be read."""
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise kind(str(path), f"cannot be read: {error}") from error


def parse(text: str, source: str, kind: type[SettingsError] = SettingsError) -> dict[str, Any]:
    """The document; an error of `kind` with the line where it is none."""
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        place = re.search(r"line (\d+)", str(error))
        raise kind(source, f"is not TOML: {error}", line=int(place[1]) if place else None) from error


def lines_of(text: str) -> dict[str, int]:
    """Line of each section and of each key, by dotted name: `market`, `market.up`."""
    lines: dict[str, int] = {}
    section = ""
    for number, line in enumerate(text.splitlines(), start=1):
        header = _SECTION_LINE.match(line)
        if header is not None:
            section = header[1].strip()
            lines.setdefault(section, number)
            continue
        key = _KEY_LINE.match(line)
        if key is not None:
            name = key["double"] or key["single"] or key["bare"]
            lines.setdefault(f"{section}.{name}" if section else name, number)
    return lines


def nearest(name: str, known: Iterable[str]) -> str:
    """`; nearest: NAME`, or what there is where nothing is near."""
    from difflib import get_close_matches

    names = tuple(known)
    near = get_close_matches(name, names, n=1, cutoff=0.5)
    return f"; nearest: {near[0]}" if near else f"; known: {', '.join(names)}"
