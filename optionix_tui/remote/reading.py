"""Reading fields of a server's answer: what is missing or of another type is an error that names it, never a guess."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Final, TypeVar

from optionix_core.errors import VenueError

_Kind = TypeVar("_Kind")
_WORDS: Final[Mapping[type[Any], str]] = {
    str: "a text", int: "a whole number", bool: "true or false", list: "a list",
}  # fmt: skip


class Fields:
    """An object of an answer; every reader raises VenueError that names the field."""

    def __init__(self, document: Any, what: str) -> None:
        """`what`: the answer's name in errors."""
        self._what = what
        if not isinstance(document, dict):
            raise VenueError(f"{what}: an object was to come, not {type(document).__name__}")
        self.document: Mapping[str, Any] = document

    def text(self, name: str) -> str:
        """A text."""
        return self._of(name, str)

    def words(self, name: str) -> str:
        """A text, empty where it is null or absent."""
        return "" if self.document.get(name) is None else self.text(name)

    def whole(self, name: str) -> int:
        """A whole number."""
        value = self._of(name, int)
        if isinstance(value, bool):
            raise self._wrong(name, "a whole number")
        return value

    def flag(self, name: str) -> bool:
        """A truth value."""
        return self._of(name, bool)

    def number(self, name: str) -> float | None:
        """A model number; None for null or absent."""
        value = self.document.get(name)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise self._wrong(name, "a number")
        try:
            return float(value)
        except OverflowError:
            raise self._wrong(name, "a number below 1.8e308") from None

    def decimal(self, name: str) -> Decimal | None:
        """Money or a quantity, a decimal string; None for null or absent."""
        value = self.document.get(name)
        if value is None:
            return None
        if not isinstance(value, str):
            raise self._wrong(name, "a decimal string")
        try:
            read = Decimal(value)
        except InvalidOperation:
            raise self._wrong(name, "a decimal string") from None
        if not read.is_finite():
            raise self._wrong(name, "a finite decimal")
        return read

    def moment(self, name: str) -> datetime | None:
        """A moment (UTC); None for null or absent."""
        value = self.document.get(name)
        if value is None:
            return None
        try:
            read = datetime.fromisoformat(value) if isinstance(value, str) else None
            if read is not None and read.tzinfo is not None:
                return read.astimezone(UTC)
        except (ValueError, OverflowError):  # in UTC it may lie before the year 1 or past 9999
            pass
        raise self._wrong(name, "a moment with its offset")

    def texts(self, name: str) -> tuple[str, ...]:
        """A list of texts; empty where it is null or absent."""
        found = self.document.get(name) or []
        if not isinstance(found, list) or not all(isinstance(one, str) for one in found):
            raise self._wrong(name, "a list of texts")
        return tuple(found)

    def pair(self, name: str) -> tuple[float, float]:
        """Two numbers."""
        found = self._list(name)
        if len(found) != 2 or not all(isinstance(one, int | float) and not isinstance(one, bool) for one in found):
            raise self._wrong(name, "two numbers")
        return float(found[0]), float(found[1])

    def several(self, name: str) -> tuple[Fields, ...]:
        """A list of objects."""
        return tuple(Fields(one, f"{self._what}.{name}") for one in self._list(name))

    def within(self, name: str) -> Fields:
        """An object."""
        return Fields(self.document.get(name), f"{self._what}.{name}")

    def _list(self, name: str) -> list[Any]:
        return self._of(name, list)

    def _of(self, name: str, kind: type[_Kind]) -> _Kind:
        value = self.document.get(name)
        if not isinstance(value, kind):
            raise self._wrong(name, _WORDS[kind])
        return value

    def _wrong(self, name: str, bound: str) -> VenueError:
        got = "nothing" if name not in self.document else type(self.document[name]).__name__
        return VenueError(f"{self._what}: {name} must be {bound} (got {got}): is the server of another version?")
