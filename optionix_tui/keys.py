"""Keystrokes as key maps write them, and sequences such as `g c`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual.events import Key

    from config.actions import Action
    from config.keymaps import KeyMap

_NAMES = {"escape": "esc", "return": "enter"}


def written(event: Key) -> str:
    """The key as a key map writes it: `G`, `?`, `ctrl+p`, `esc`, `space`."""
    character = event.character
    if character is not None and event.is_printable and character != " ":
        return character
    return _NAMES.get(event.key, event.key)


class KeyReader:
    """Turns keystrokes into actions; remembers the beginning of a sequence."""

    def __init__(self, keymap: KeyMap) -> None:
        self.keymap = keymap
        self._pending = ""

    @property
    def pending(self) -> str:
        """The beginning of a sequence, or nothing."""
        return self._pending

    def drop(self) -> bool:
        """Forget the beginning of a sequence; whether there was one."""
        began, self._pending = bool(self._pending), ""
        return began

    def press(self, stroke: str, scopes: Sequence[str]) -> Action | Literal["pending", "unknown"] | None:
        """The action that `stroke` completes, `pending` inside a sequence, `unknown` where a sequence breaks off.

        None is a key that means nothing here and was not part of a sequence.
        """
        table = self.keymap.by_key(scopes)
        keys = f"{self._pending} {stroke}".strip()
        began = bool(self._pending)
        if any(key.startswith(f"{keys} ") for key in table):
            self._pending = keys
            return "pending"
        self._pending = ""
        if keys in table:
            return table[keys]
        return "unknown" if began else None
