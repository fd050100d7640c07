"""Column layouts of the option chain: those that are shipped, and the user's own in `chain_layouts.toml`.

    [layouts.mine]
    columns = ["open_interest", "delta", "iv", "bid", "ask"]

Columns are told as they stand on the side of the calls, from the edge to the strike; the puts mirror them. A layout of
the user's with the name of a shipped one takes its place. Nothing is guessed: an unknown column, one that is told
twice, or a layout without columns is an error that names file, line and the nearest valid name.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Final

from config.errors import SettingsError

FILE_NAME: Final = "chain_layouts.toml"

COLUMNS: Final[dict[str, str]] = {
    "held": "position held, contracts",
    "open_interest": "open interest, contracts",
    "volume": "volume of the day, contracts",
    "delta": "delta",
    "gamma": "gamma",
    "theta": "theta a day",
    "vega": "vega a point of volatility",
    "iv": "implied volatility of the mid, points",
    "bid_iv": "implied volatility of the bid, points",
    "ask_iv": "implied volatility of the ask, points",
    "bid": "bid",
    "ask": "ask",
    "bid_size": "contracts bid for",
    "ask_size": "contracts offered",
    "mid": "half way between bid and ask",
    "last": "price of the last trade",
    "spread": "ask less bid",
    "relative_spread": "spread over the mid, per cent",
    "value": "theoretical value, by the smile fitted to the expiry",
    "beyond": "rich (+) or cheap (-) against that value, after the spread",
    "probability": "probability of ending in the money, per cent, by the smile",
    "lint": "what is odd about the strike's quotes: arbitrage, rich or cheap; one column, at the right edge",
}
"""Every column that there is, and what it holds."""

DEFAULT: Final = "default"
SHIPPED: Final[dict[str, tuple[str, ...]]] = {
    DEFAULT: ("held", "open_interest", "volume", "vega", "theta", "gamma", "delta", "iv", "bid", "ask", "lint"),
    "compact": ("held", "delta", "iv", "bid", "ask"),
    "greeks": ("held", "vega", "theta", "gamma", "delta", "iv", "mid"),
    "liquidity": ("held", "open_interest", "volume", "last", "relative_spread", "bid_size", "bid", "ask", "ask_size"),
    "volatility": ("held", "bid_iv", "iv", "ask_iv", "value", "beyond", "bid", "ask", "lint"),
    "odds": ("held", "probability", "delta", "iv", "value", "bid", "ask"),
}
"""In the order in which a key goes through them."""
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,31}")
_HEADER = re.compile(r"""^\s*\[\s*layouts\s*\.\s*["']?([\w-]+)["']?\s*\]\s*(?:#.*)?$""")
_SECTION = re.compile(r"^\s*\[")


class ChainLayoutError(SettingsError):
    """A layout that cannot be used; `str()` names file, line and what is wrong."""


@dataclass(frozen=True, slots=True)
class ChainLayouts:
    """The layouts in force."""

    layouts: Mapping[str, tuple[str, ...]]
    """Columns by name, shipped ones first."""
    own: frozenset[str] = frozenset()
    """Names of the user's."""

    def after(self, name: str, step: int = 1) -> str:
        """The name `step` places after another, round and round; the first after a name that is none."""
        names = list(self.layouts)
        return names[(names.index(name) + step) % len(names)] if name in names else names[0]

    def columns(self, name: str) -> tuple[str, ...]:
        """Columns of a layout. ChainLayoutError for a name that is none."""
        if name not in self.layouts:
            raise ChainLayoutError("layout", f"unknown layout {name!r}{nearest(name, self.layouts)}")
        return self.layouts[name]


SHIPPED_ALONE: Final = ChainLayouts(SHIPPED)


def load(path: Path | None) -> ChainLayouts:
    """The shipped layouts and those of the user's file, where that exists. Raises ChainLayoutError."""
    if path is None or not path.is_file():
        return SHIPPED_ALONE
    source = str(path)
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ChainLayoutError(source, f"cannot be read: {error}") from error
    own = read(text, source)
    return ChainLayouts({**SHIPPED, **own}, frozenset(own))


def read(text: str, source: str = FILE_NAME) -> dict[str, tuple[str, ...]]:
    """The layouts of a file's text. Raises ChainLayoutError."""
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        place = re.search(r"at line (\d+)", str(error))
        raise ChainLayoutError(source, f"is not TOML: {error}", line=int(place[1]) if place else None) from error
    for section in document:
        if section != "layouts":
            reason = f"unknown section {section!r}; layouts are [layouts.NAME]"
            raise ChainLayoutError(source, reason, line=_line(text, section), key=section)
    layouts = document.get("layouts", {})
    if not isinstance(layouts, dict):
        raise ChainLayoutError(source, "layouts must be sections, [layouts.NAME]", line=_line(text, "layouts"))
    return {name: _columns(name, table, text, source) for name, table in layouts.items()}


def check_name(name: str, source: str = "layout", line: int | None = None) -> None:
    """ChainLayoutError unless `name` can be one."""
    if not _NAME.fullmatch(name):
        bound = "1 to 32 letters, digits, dashes or underscores, beginning with a letter or digit"
        raise ChainLayoutError(
            source, f"a layout's name must be {bound} (got {name!r})", line=line, key=name, value=name, bound=bound
        )


def check_columns(
    columns: Iterable[str], source: str = "layout", text: str = "", after: int | None = None
) -> tuple[str, ...]:
    """The columns, where they can be a layout's. ChainLayoutError names the first that cannot, and the nearest.

    `after` is the line of `text` behind which they were written.
    """
    found = tuple(columns)
    for place, column in enumerate(found):
        line = _line(text, column, after or 0)
        if column not in COLUMNS:
            raise ChainLayoutError(
                source, f"unknown column {column!r}{nearest(column, COLUMNS)}", line=line, key=column
            )
        if column in found[:place]:
            raise ChainLayoutError(source, f"column {column!r} is told twice", line=line, key=column)
    if not any(column != "lint" for column in found):
        raise ChainLayoutError(source, "a layout needs one column of the options at least")
    return found


def with_layout(text: str, name: str, columns: Iterable[str]) -> str:
    """A file's text with a layout in it, in the place of one of that name; everything else stays as it was written."""
    check_name(name)
    listed = ", ".join(f'"{column}"' for column in check_columns(columns))
    section = [f"[layouts.{name}]", f"columns = [{listed}]"]
    kept, gap = _without(text.splitlines(), name)
    if gap is None:
        kept = [*kept, *([""] if kept and kept[-1].strip() else []), *section]
    else:
        kept[gap:gap] = section
    return "\n".join(kept) + "\n"


def without_layout(text: str, name: str) -> str:
    """A file's text without a layout."""
    kept, _ = _without(text.splitlines(), name)
    return "\n".join(kept) + "\n" if kept else ""


def _without(lines: list[str], name: str) -> tuple[list[str], int | None]:
    """The lines that are not of a layout's section, and where it stood; blanks and comments behind it stay."""
    start = next((i for i, line in enumerate(lines) if (m := _HEADER.match(line)) and m[1] == name), None)
    if start is None:
        return list(lines), None
    end = next((i for i in range(start + 1, len(lines)) if _SECTION.match(lines[i]) and "]" in lines[i]), len(lines))
    while end > start + 1 and (not lines[end - 1].strip() or lines[end - 1].lstrip().startswith("#")):
        end -= 1
    return [*lines[:start], *lines[end:]], start


def _columns(name: str, table: object, text: str, source: str) -> tuple[str, ...]:
    line = next((i for i, one in enumerate(text.splitlines(), 1) if (m := _HEADER.match(one)) and m[1] == name), None)
    check_name(name, source, line)
    if not isinstance(table, dict) or set(table) != {"columns"}:
        others = sorted(set(table) - {"columns"}) if isinstance(table, dict) else []
        got = f"got {others[0]!r}" if others else "it has none"
        raise ChainLayoutError(source, f"layout {name} must have one entry, columns ({got})", line=line, key=name)
    columns = table["columns"]
    if not isinstance(columns, list) or not all(isinstance(column, str) for column in columns):
        raise ChainLayoutError(source, f"columns of {name} must be a list of names (got {columns!r})", line=line)
    return check_columns(columns, source, text, line)


def nearest(name: str, known: Iterable[str]) -> str:
    """`; nearest: iv`, or all that there are."""
    names = tuple(known)
    near = get_close_matches(name.lower(), names, n=1, cutoff=0.5)
    return f"; nearest: {near[0]}" if near else f"; known: {', '.join(names)}"


def _line(text: str, word: str, after: int = 0) -> int | None:
    lines = enumerate(text.splitlines(), start=1)
    return next((number for number, line in lines if number > after and word in line), None)
