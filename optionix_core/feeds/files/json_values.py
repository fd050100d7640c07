"""JSON documents read strictly: where a value does not fit, the error names its line and its path in the document."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from optionix_core.errors import MalformedFileError
from optionix_core.feeds.files.tables import decode, read_bytes

_NAN = float("nan")


@dataclass(frozen=True, slots=True)
class Document:
    """A parsed document with the text that it came from, for the lines of errors."""

    path: Path
    text: str
    root: object

    def refuse(self, reason: str, column: str, near: str | None = None) -> NoReturn:
        """Raise MalformedFileError for the value at `column`; its line is that of the quoted text `near`."""
        found = self.text.find(json.dumps(near)) if near is not None else 0
        line = self.text.count("\n", 0, max(found, 0)) + 1
        raise MalformedFileError(str(self.path), reason, line, column)

    def lines_of(self, words: Sequence[str]) -> list[int]:
        """Line of each quoted word, which mostly follow each other in the order of the text."""
        found, place, line = [], 0, 1
        for word in words:
            quoted = json.dumps(word)
            at = self.text.find(quoted, place)
            if at < 0:
                found.append(self.text.count("\n", 0, max(self.text.find(quoted), 0)) + 1)
                continue
            line += self.text.count("\n", place, at)
            place = at + len(quoted)
            found.append(line)
        return found


def load(path: Path) -> Document:
    """Parse the file. Raises MalformedFileError with line and column where it is not JSON."""
    text = decode(path, read_bytes(path))
    return parse(path, text)


def parse(path: Path, text: str) -> Document:
    """Parse text that was read from `path`; NaN and Infinity are not JSON."""
    try:
        return Document(path, text, json.loads(text, parse_constant=_refuse_constant))
    except json.JSONDecodeError as error:
        raise MalformedFileError(str(path), f"is not JSON: {error.msg}", error.lineno, error.colno) from None
    except _ConstantError as error:
        at = text.find(error.name)
        line, column = text.count("\n", 0, at) + 1, at - text.rfind("\n", 0, at)
        raise MalformedFileError(str(path), f"is not JSON: {error.name}", line, column) from None
    except RecursionError:
        raise MalformedFileError(str(path), "is not JSON that can be read: nested too deeply", 1, 1) from None


class _ConstantError(ValueError):
    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


def _refuse_constant(name: str) -> NoReturn:
    raise _ConstantError(name)


@dataclass(frozen=True, slots=True)
class Item:
    """One object of a document, with its path in it and a text near which it stands."""

    document: Document
    where: str
    values: Mapping[str, object]
    near: str | None = None

    def refuse(self, field: str, reason: str) -> NoReturn:
        """Raise MalformedFileError for one of its fields."""
        self.document.refuse(reason, f"{self.where}.{field}" if self.where else field, self.near)

    def number(self, field: str, *, signed: bool = False) -> float:
        """The number at `field`, nan where it is absent or null; not negative unless `signed`."""
        value = self.values.get(field)
        if value is None:
            return _NAN
        if isinstance(value, bool) or not isinstance(value, int | float):
            self.refuse(field, f"must be a number (got {value!r})")
        if not math.isfinite(value):
            self.refuse(field, f"must be finite (got {value!r})")
        if value < 0 and not signed:
            self.refuse(field, f"must not be negative (got {value!r})")
        return float(value)

    def needed_number(self, field: str, *, signed: bool = False) -> float:
        """As `number`, and absent or null is an error."""
        value = self.number(field, signed=signed)
        if math.isnan(value):
            self.refuse(field, "must be a number, and is absent")
        return value

    def price(self, field: str) -> float:
        """A number for which zero means that there is none."""
        return self.number(field) or _NAN

    def text(self, field: str) -> str:
        """The text at `field`; absent is an error."""
        value = self.values.get(field)
        if not isinstance(value, str) or not value:
            self.refuse(field, f"must be a text (got {value!r})")
        return value

    def child(self, field: str) -> Item:
        """The object at `field`; absent is an error."""
        return item(self.document, self.values.get(field), f"{self.where}.{field}" if self.where else field, self.near)

    def children(self, field: str, name: str) -> list[Item]:
        """The objects of the list at `field`, each near the text of its field `name`."""
        where = f"{self.where}.{field}" if self.where else field
        return items(self.document, self.values.get(field), where, name)


def item(document: Document, value: object, where: str, near: str | None = None) -> Item:
    """`value` as an object of the document."""
    if not isinstance(value, dict):
        document.refuse(f"must be an object (got {type(value).__name__})", where or "1", near)
    return Item(document, where, value, near)


def items(document: Document, value: object, where: str, name: str) -> list[Item]:
    """`value` as a list of objects, each found in the text by its field `name`."""
    if not isinstance(value, list):
        document.refuse(f"must be a list (got {type(value).__name__})", where or "1")
    found = []
    for place, entry in enumerate(value):
        made = item(document, entry, f"{where}[{place}]")
        near = made.values.get(name)
        found.append(Item(document, made.where, made.values, near if isinstance(near, str) else None))
    return found
