"""Answers of a venue, read strictly: what does not fit is a VenueError that names where it stands.

Nothing is converted on the way: a number in quotes is refused, and so are NaN and Infinity, which are no JSON.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import NoReturn

from optionix_core.errors import VenueError

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LATEST = 253_402_300_799_999
"""Milliseconds of the last moment that a datetime can hold."""
_SHOWN = 60


@dataclass(frozen=True, slots=True)
class Wire:
    """One value of an answer, with its path in it."""

    source: str
    """Who answered what, as errors begin: `deribit public/get_instruments`."""
    where: str
    """Path in the answer; empty for the whole."""
    value: object

    def refuse(self, reason: str) -> NoReturn:
        """Raise VenueError for this value."""
        raise VenueError(f"{self.source}: {self.where or 'the answer'} {reason}")

    def has(self, field: str) -> bool:
        """Whether the object has the field, and not as null."""
        return isinstance(self.value, dict) and self.value.get(field) is not None

    def get(self, field: str) -> Wire:
        """The value at a field, null where it is absent; refuses what is no object."""
        if not isinstance(self.value, dict):
            self.refuse(f"must be an object (got {_shown(self.value)})")
        return Wire(self.source, f"{self.where}.{field}" if self.where else field, self.value.get(field))

    def items(self) -> list[Wire]:
        """The entries of a list."""
        if not isinstance(self.value, list):
            self.refuse(f"must be a list (got {_shown(self.value)})")
        return [Wire(self.source, f"{self.where}[{place}]", entry) for place, entry in enumerate(self.value)]

    def text(self) -> str:
        """A text that is not empty."""
        if not isinstance(self.value, str) or not self.value:
            self.refuse(f"must be a text (got {_shown(self.value)})")
        return self.value

    def number(self, *, signed: bool = False) -> float:
        """A finite number, not negative unless `signed`."""
        value = self.value
        if isinstance(value, bool) or not isinstance(value, int | float):
            self.refuse(f"must be a number (got {_shown(value)})")
        try:
            number = float(value)
        except OverflowError:
            number = math.inf
        if not math.isfinite(number):
            self.refuse("must be finite")
        if number < 0 and not signed:
            self.refuse(f"must not be negative (got {number})")
        return number

    def optional(self, *, signed: bool = False) -> float | None:
        """A number, or None for null."""
        return None if self.value is None else self.number(signed=signed)

    def price(self) -> float | None:
        """A price; None for null and for zero, which say that there is none."""
        return self.optional() or None

    def positive(self) -> float:
        """A number above zero."""
        value = self.number()
        if value == 0:
            self.refuse("must be positive (got 0)")
        return value

    def whole(self) -> int:
        """A whole number that is not negative."""
        if isinstance(self.value, bool) or not isinstance(self.value, int) or self.value < 0:
            self.refuse(f"must be a whole number of at least 0 (got {_shown(self.value)})")
        return self.value

    def moment(self) -> datetime:
        """Milliseconds since 1970, as a moment in UTC."""
        milliseconds = self.whole()
        if milliseconds > _LATEST:
            self.refuse(f"must be milliseconds since 1970 (got {milliseconds})")
        return _EPOCH + timedelta(milliseconds=milliseconds)


def parse(source: str, content: bytes | str) -> Wire:
    """The JSON document that `source` sent; VenueError where it is none."""
    try:
        return Wire(source, "", json.loads(content, parse_constant=_refuse_constant))
    except (ValueError, RecursionError) as error:
        raise VenueError(f"{source}: the answer is not JSON: {error}") from None


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number")


def _shown(value: object) -> str:
    text = "nothing" if value is None else repr(value)
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 3]}..."
