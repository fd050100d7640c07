"""Key maps: which keys start which action, as data, shipped or written by the user, in TOML.

A key map is the action registry's keys, then the overrides of the map that is named (which may extend a shipped one),
then those of the user's `keymap.toml`, then those of a file that is named. Nothing is guessed: an action id that does
not exist, a key that cannot be typed, two actions of one scope on one key, or a key that begins another one's sequence
is an error that names file, line and the nearest valid name.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from config import toml_text
from config.actions import ACTIONS, Action
from config.errors import SettingsError
from config.screens import NAMES

KEY_MAPS = ("default", "vim")
"""Shipped maps."""
SUFFIX = ".toml"

_NAMED_KEYS = frozenset(
    {"esc", "enter", "space", "tab", "backspace", "delete", "insert", "up", "down", "left", "right"}
    | {"home", "end", "pageup", "pagedown"}
    | {f"f{number}" for number in range(1, 13)}
)
_MODIFIERS = ("ctrl+", "alt+", "shift+")
_HEADINGS = ("description", "extends", "keys")


class KeyMapError(SettingsError):
    """A key map that cannot be used; `str()` names file, line and what is wrong."""


@dataclass(frozen=True, slots=True)
class KeyMap:
    """Keys by action id; a key is one keystroke, or several with blanks between them (a sequence)."""

    name: str
    keys: Mapping[str, tuple[str, ...]]
    description: str = ""
    file: Path | None = None
    """Where a user's map lies; None of a shipped one."""

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


@dataclass(frozen=True, slots=True)
class _Written:
    """One file of overrides."""

    source: str
    keys: Mapping[str, tuple[str, ...]]
    lines: Mapping[str, int]
    extends: str | None
    description: str


def is_file(name: str) -> bool:
    """Whether a key map is named by a file and not by its name."""
    return name.endswith(SUFFIX)


def names(folder: Path | None = None) -> tuple[str, ...]:
    """The shipped maps, then those in the user's folder by name."""
    own = () if folder is None or not folder.is_dir() else sorted(path.stem for path in folder.glob(f"*{SUFFIX}"))
    return (*KEY_MAPS, *(name for name in own if name not in KEY_MAPS))


def load(name: str = "default", user_file: Path | None = None, folder: Path | None = None) -> KeyMap:
    """The map `name`, shipped, of the user's `folder`, or in a file where it ends in `.toml`.

    The overrides of `user_file`, where that exists, lie over a map that is named, and under a file. Raises KeyMapError
    for an unknown name, unreadable TOML, unknown action ids, impossible keys, and keys that can never act.
    """
    own = _own(name, folder)
    layers: list[_Written] = []
    base = own.extends if own is not None and own.extends is not None else name if own is None else "default"
    if base != "default":
        layers.append(_shipped(base))
    general = [] if user_file is None or not user_file.is_file() else [_user(user_file)]
    if own is None:
        layers += general
    else:
        layers += [*general, own] if is_file(name) else [own, *general]
    keys: dict[str, tuple[str, ...]] = {action.id: action.keys for action in ACTIONS}
    for layer in layers:
        keys |= layer.keys
    _refuse_doubles(keys, layers)
    _refuse_hidden(keys, layers)
    described = own or (layers[0] if base != "default" else _shipped("default"))
    return KeyMap(
        Path(name).stem if is_file(name) else name,
        keys,
        described.description,
        None if own is None else Path(own.source),
    )


def _own(name: str, folder: Path | None) -> _Written | None:
    """The user's map of that name; None of a shipped one."""
    if is_file(name):
        if not Path(name).is_file():
            raise KeyMapError(name, "there is no such file")
        return _user(Path(name))
    path = None if folder is None else folder / f"{name}{SUFFIX}"
    if name in KEY_MAPS:
        if path is not None and path.is_file():
            raise KeyMapError(str(path), f"{name} is a shipped key map: give it another name")
        return None
    if path is None or not path.is_file():
        raise KeyMapError("key map", f"unknown name {name!r}{toml_text.nearest(name, names(folder))}")
    return _user(path)


def _shipped(name: str) -> _Written:
    text = (Path(__file__).parent / "defaults" / "keymaps" / f"{name}{SUFFIX}").read_text(encoding="utf-8")
    return _overrides(text, f"{name}{SUFFIX}")


def _user(path: Path) -> _Written:
    return _overrides(toml_text.read(path, KeyMapError), str(path))


def _overrides(text: str, source: str) -> _Written:
    document = toml_text.parse(text, source, KeyMapError)
    lines = toml_text.lines_of(text)
    for heading in document:
        if heading not in _HEADINGS:
            reason = f"unknown section {heading!r}{toml_text.nearest(heading, _HEADINGS)}"
            raise KeyMapError(source, reason, line=lines.get(heading))
    extends = document.get("extends")
    if extends is not None and extends not in KEY_MAPS:
        near = toml_text.nearest(str(extends), KEY_MAPS)
        reason = f"extends must be a shipped key map (got {extends!r}){near}"
        raise KeyMapError(source, reason, line=lines.get("extends"))
    description = document.get("description", "")
    if not isinstance(description, str):
        reason = f"description must be text (got {description!r})"
        raise KeyMapError(source, reason, line=lines.get("description"))
    section = document.get("keys", {})
    if not isinstance(section, dict):
        raise KeyMapError(source, "[keys] must be a table of action ids", line=lines.get("keys"))
    return _Written(source, dict(_keys(section, source, lines)), lines, extends, description)


def _keys(section: Mapping[str, Any], source: str, lines: Mapping[str, int]) -> Iterator[tuple[str, tuple[str, ...]]]:
    known = tuple(action.id for action in ACTIONS)
    for action_id, written in _flattened(section):
        line = _line(lines, action_id)
        if action_id not in known:
            raise KeyMapError(source, f"unknown action {action_id!r}{toml_text.nearest(action_id, known)}", line=line)
        keys = [written] if isinstance(written, str) else written
        if not isinstance(keys, list) or not all(isinstance(key, str) for key in keys):
            raise KeyMapError(source, f"{action_id} must be a key or a list of keys (got {written!r})", line=line)
        for key in keys:
            _check_key(key, action_id, source, line)
        yield action_id, tuple(keys)


def _flattened(table: Mapping[str, object], prefix: str = "") -> list[tuple[str, object]]:
    """Unquoted dotted ids (`chain.buy = "b"`) are nested tables to TOML; make them ids again."""
    pairs: list[tuple[str, object]] = []
    for name, value in table.items():
        if isinstance(value, dict):
            pairs.extend(_flattened(value, f"{prefix}{name}."))
        else:
            pairs.append((prefix + name, value))
    return pairs


def _line(lines: Mapping[str, int], action_id: str) -> int | None:
    """Of `"chain.buy" = ...` under [keys], or of `buy = ...` under [keys.chain]."""
    return lines.get(f"keys.{action_id}", lines.get("keys"))


def _check_key(key: str, action_id: str, source: str, line: int | None) -> None:
    for stroke in key.split(" ") if key != " " else ["space"]:
        rest = stroke
        while rest.startswith(_MODIFIERS):
            rest = rest.partition("+")[2]
        if not (len(rest) == 1 and rest.isprintable() and rest != " ") and rest not in _NAMED_KEYS:
            near = toml_text.nearest(rest, sorted(_NAMED_KEYS)) if len(rest) > 1 else ""
            raise KeyMapError(source, f"{action_id}: no key is called {stroke!r}{near}", line=line)


def _refuse_doubles(keys: Mapping[str, tuple[str, ...]], layers: list[_Written]) -> None:
    owner: dict[tuple[str, str], str] = {}
    for action in ACTIONS:
        for key in keys.get(action.id, ()):
            other = owner.setdefault((action.scope, key), action.id)
            if other != action.id:
                raise _clash(f"{key!r} is given to both {other} and {action.id}", (action.id, other), layers)


def _refuse_hidden(keys: Mapping[str, tuple[str, ...]], layers: list[_Written]) -> None:
    """A key that begins a sequence which works at the same time would wait for the rest and never act."""
    dialogs = {action.scope for action in ACTIONS} - {"grid", "replay", "app", *NAMES}
    for scopes in (*(("grid", name, "replay", "app") for name in NAMES), *((name,) for name in sorted(dialogs))):
        held = [(key, action.id) for action in ACTIONS if action.scope in scopes for key in keys.get(action.id, ())]
        begun = {key.rpartition(" ")[0]: (key, action_id) for key, action_id in held if " " in key}
        for key, action_id in held:
            if key in begun:
                longer, other = begun[key]
                reason = f"{key!r} of {action_id} begins {longer!r} of {other}, and so would never act"
                raise _clash(reason, (action_id, other), layers)


def _clash(reason: str, action_ids: tuple[str, str], layers: list[_Written]) -> KeyMapError:
    """Told of the last file that gives one of them a key."""
    for layer in reversed(layers):
        for action_id in action_ids:
            if action_id in layer.keys:
                return KeyMapError(layer.source, reason, line=_line(layer.lines, action_id))
    return KeyMapError("key map", reason)
