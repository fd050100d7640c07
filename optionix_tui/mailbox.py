"""What the stream hands to the interface: the latest value of each kind, and what must not be missed in full."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from threading import Lock
from typing import Any


class Mailbox:
    """Values by name. The owner is told once, and again only after it has taken everything out."""

    def __init__(self, tell: Callable[[], object]) -> None:
        self._tell = tell
        self._lock = Lock()
        self._latest: dict[str, Any] = {}
        self._told = False

    def put(self, **values: object) -> None:
        """Leave values, over those of the same names that nobody has taken yet. From any thread."""
        self._leave(values)

    def add(self, name: str, value: object) -> None:
        """Leave a value behind those of the same name that nobody has taken yet: `take` gives a tuple of them."""
        with self._lock:
            earlier = self._latest.get(name, ())
            self._latest[name] = (*earlier, value)
        self._leave({})

    def _leave(self, values: Mapping[str, object]) -> None:
        with self._lock:
            self._latest.update(values)
            told, self._told = self._told, True
        if not told:
            self._tell()

    def take(self) -> dict[str, Any]:
        """Everything that has arrived since the last time."""
        with self._lock:
            values, self._latest, self._told = self._latest, {}, False
        return values
