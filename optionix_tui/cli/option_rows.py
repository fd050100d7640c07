"""Options of a CSV or JSON Lines file as rows for the pricer.

Columns are named as the options of `optionix price` are: type, spot, strike, expiry, rate, volatility (or
price), dividend_yield, and `id`, which is handed back. What a row leaves out comes from the command's
own options. A column of another name is refused: it would be a misspelt one that goes unnoticed.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from optionix_core.errors import InvalidValueError, MalformedFileError, MissingDataError, UnknownNameError
from optionix_core.market.option_type import OptionType
from optionix_tui.cli.files import DASH, SHOWN, as_file

if TYPE_CHECKING:
    from optionix_core.services.pricing_table import OptionRow

Given = Mapping[str, float | str | None]
"""Column to value, None where the command line left it out."""


class RowsFile:
    """Rows and the line that each came from."""

    def __init__(self, path: str, given: Given) -> None:
        """Read the file, or standard input for `-`. MalformedFileError names line and column."""
        self._shown = SHOWN if path == DASH else path
        self._given = given
        with as_file(path) as file:
            text = self._text(file)
        self.rows: tuple[OptionRow, ...] = ()
        self.lines: tuple[int, ...] = ()
        found = [(line, self._row(line, cells)) for line, cells in self._cells(text)]
        if not found:
            raise MissingDataError(f"{self._shown} holds no options")
        self.lines, self.rows = (tuple(items) for items in zip(*found, strict=True))

    def located(self, error: InvalidValueError) -> Exception:
        """An error of the engine, told by line and column of the file."""
        if error.row is None:
            return error
        column = "type" if error.field == "option_type" else error.field
        reason = f"must be {error.bound} (got {error.value})"
        return MalformedFileError(self._shown, reason, self.lines[error.row], column)

    def _text(self, file: Path) -> str:
        if not file.is_file():
            raise UnknownNameError("file", self._shown)
        try:
            return file.read_bytes().decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise MalformedFileError(self._shown, f"is not UTF-8: {error.reason}") from error

    def _cells(self, text: str) -> Iterator[tuple[int, Mapping[str, object]]]:
        if text.lstrip()[:1] == "{":
            yield from self._json_lines(text)
            return
        reader = csv.reader(io.StringIO(text, newline=""), strict=True)
        try:
            header = [cell.strip() for cell in next(reader, [])]
            self._check(header, 1)
            for cells in reader:
                if len(cells) not in (0, len(header)):
                    reason = f"must have {len(header)} cells (got {len(cells)})"
                    raise MalformedFileError(self._shown, reason, reader.line_num)
                if any(cell.strip() for cell in cells):
                    yield reader.line_num, dict(zip(header, (cell.strip() for cell in cells), strict=True))
        except csv.Error as error:
            raise MalformedFileError(self._shown, f"is not CSV: {error}", reader.line_num) from error

    def _json_lines(self, text: str) -> Iterator[tuple[int, Mapping[str, object]]]:
        for number, line in enumerate(text.splitlines(), start=1):
            if not line.strip():
                continue
            try:
                cells = json.loads(line)
            except json.JSONDecodeError as error:
                raise MalformedFileError(self._shown, f"is not JSON: {error.msg}", number, error.colno) from error
            if not isinstance(cells, dict):
                raise MalformedFileError(self._shown, f"must be a JSON object (got {line.strip()[:40]})", number)
            self._check(list(cells), number)
            yield number, cells

    def _check(self, names: list[str], line: int) -> None:
        known = ("id", *self._given)
        for name in names:
            if name not in known or names.count(name) > 1:
                reason = f"unknown column {name!r}" if name not in known else f"column {name!r} comes twice"
                raise MalformedFileError(self._shown, f"{reason}; columns are {', '.join(known)}", line, name)

    def _row(self, line: int, cells: Mapping[str, object]) -> OptionRow:
        from optionix_core.services.pricing_table import OptionRow

        def number(name: str) -> float:
            value = self._value(line, cells, name)
            if isinstance(value, (int, float, str)) and not isinstance(value, bool):
                with suppress(ValueError):
                    return float(value)
            raise MalformedFileError(self._shown, f"must be a number (got {value!r})", line, name)

        kind = self._value(line, cells, "type")
        try:
            option_type = OptionType.of(kind)
        except InvalidValueError as error:
            raise MalformedFileError(self._shown, f"must be {error.bound} (got {kind!r})", line, "type") from error
        name = cells.get("id")
        return OptionRow(
            name=None if name in (None, "") else str(name),
            option_type=option_type,
            spot=number("spot"),
            strike=number("strike"),
            expiry=number("expiry"),
            rate=number("rate"),
            dividend_yield=number("dividend_yield"),
            volatility=number("volatility") if "volatility" in self._given else None,
            price=number("price") if "price" in self._given else None,
        )

    def _value(self, line: int, cells: Mapping[str, object], name: str) -> object:
        value = cells.get(name)
        if value is None or value == "":
            value = self._given[name]
        if value is None:
            option = f"--{name.replace('_', '-')}"
            raise MalformedFileError(self._shown, f"is missing, and so is {option}", line, name)
        return value
