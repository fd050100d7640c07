"""Key maps: which keys start which action, as data.

A key map is the action registry's keys, then a shipped map's overrides, then the user's file. Nothing is
guessed: an action id that does not exist, a key that cannot be typed, or two actions of one scope on one
key is an error that names file, line and the nearest valid name.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from config.actions import ACTIONS, Action
from config.errors import SettingsError

KEY_MAPS = ("default", "vim")
"""Shipped maps."""

_NAMED_KEYS = frozenset(
    {"esc", "enter", "space", "tab", "backspace", "delete", "insert", "up", "down", "left", "right"}
    | {"home", "end", "pageup", "pagedown"}
    | {f"f{number}" for number in range(1, 13)}
)
_MODIFIERS = ("ctrl+", "alt+", "shift+")
_KEY_LINE = re.compile(r"""^\s*(?:"(?P<double>[^"]+)"|'(?P<single>[^']+)'|(?P<bare>[\w.-]+))\s*=""")


class KeyMapError(SettingsError):
    """A key map that cannot be used; `str()` names file, line and what is wrong."""


@dataclass(frozen=True, slots=True)
class KeyMap:
    """Keys by action id; a key is one keystroke, or several with blanks between them (a sequence)."""

    name: str
    keys: Mapping[str, tuple[str, ...]]

    def of(self, action_id: str) -> tuple[str, ...]:
        """Keys of one action, the first being the one to show."""
        return self.keys.get(action_id, ())

    def by_key(self, scopes: Iterable[str]) -> dict[str, Action]:
        """Actions of `scopes` by key; a scope named earlier wins."""
        order = {scope: rank for rank, scope in enumerate(scopes)}
        found: dict[str, Action] = {}
        for action in sorted((item for item in ACTIONS if item.scope in order), key=lambda item: order[item.scope]):
            for key in self.of(action.id):
                found.setdefault(key, action)
        return found


def load(name: str = "default", user_file: Path | None = None) -> KeyMap:
    """The shipped map `name` with the overrides of `user_file`, where that exists.

    Raises KeyMapError for an unknown name, unreadable TOML, unknown action ids, impossible keys and
    keys given twice in one scope.
    """
    if name not in KEY_MAPS:
        raise KeyMapError("key map", f"unknown name {name!r}; known: {', '.join(KEY_MAPS)}")
    keys: dict[str, tuple[str, ...]] = {action.id: action.keys for action in ACTIONS}
    if name != "default":
        shipped = Path(__file__).parent / "defaults" / "keymaps" / f"{name}.toml"
        keys |= _overrides(shipped.read_text(encoding="utf-8"), f"{name}.toml")
    if user_file is not None and user_file.is_file():
        keys |= _overrides(user_file.read_text(encoding="utf-8"), str(user_file))
    _refuse_doubles(keys, str(user_file) if user_file is not None else f"{name}.toml")
    return KeyMap(name, keys)


def _overrides(text: str, source: str) -> dict[str, tuple[str, ...]]:
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        place = re.search(r"at line (\d+)", str(error))
        raise KeyMapError(source, str(error), line=int(place.group(1)) if place else None) from error
    lines = _lines_of_keys(text)
    for section in document:
        if section != "keys":
            reason = f"unknown section {section!r}; a key map has one, [keys]"
            raise KeyMapError(source, reason, line=lines.get(section))
    section_keys = document.get("keys", {})
    if not isinstance(section_keys, dict):
        raise KeyMapError(source, "[keys] must be a table of action ids", line=lines.get("keys"))
    known = tuple(action.id for action in ACTIONS)
    found: dict[str, tuple[str, ...]] = {}
    for action_id, written in _flattened(section_keys):
        line = lines.get(action_id)
        if action_id not in known:
            raise KeyMapError(source, f"unknown action {action_id!r}{_nearest(action_id, known)}", line=line)
        keys = [written] if isinstance(written, str) else written
        if not isinstance(keys, list) or not all(isinstance(key, str) for key in keys):
            raise KeyMapError(source, f"{action_id} must be a key or a list of keys (got {written!r})", line=line)
        for key in keys:
            _check_key(key, action_id, source, line)
        found[action_id] = tuple(keys)
    return found


def _flattened(table: Mapping[str, object], prefix: str = "") -> list[tuple[str, object]]:
    """Unquoted dotted ids (`chain.buy = "b"`) are nested tables to TOML; make them ids again."""
    pairs: list[tuple[str, object]] = []
    for name, value in table.items():
        if isinstance(value, dict):
            pairs.extend(_flattened(value, f"{prefix}{name}."))
        else:
            pairs.append((prefix + name, value))
    return pairs


def _lines_of_keys(text: str) -> dict[str, int]:
    lines: dict[str, int] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        if line.strip().startswith("["):
            lines.setdefault(line.strip().strip("[]").strip(), number)
        match = _KEY_LINE.match(line)
        if match:
            lines.setdefault(match["double"] or match["single"] or match["bare"], number)
    return lines


def _check_key(key: str, action_id: str, source: str, line: int | None) -> None:
    for stroke in key.split(" ") if key != " " else ["space"]:
        rest = stroke
        while rest.startswith(_MODIFIERS):
            rest = rest.partition("+")[2]
        if not (len(rest) == 1 and rest.isprintable() and rest != " ") and rest not in _NAMED_KEYS:
            hint = _nearest(rest, tuple(sorted(_NAMED_KEYS)))
            raise KeyMapError(source, f"{action_id}: no key is called {stroke!r}{hint}", line=line)


def _nearest(name: str, known: tuple[str, ...]) -> str:
    near = get_close_matches(name, known, n=1, cutoff=0.5)
    return f"; nearest: {near[0]}" if near else ""


def _refuse_doubles(keys: Mapping[str, tuple[str, ...]], source: str) -> None:
    owner: dict[tuple[str, str], str] = {}
    for action in ACTIONS:
        for key in keys.get(action.id, ()):
            other = owner.setdefault((action.scope, key), action.id)
            if other != action.id:
                raise KeyMapError(source, f"{key!r} is given to both {other} and {action.id}")
