"""Options of a CSV, JSON Lines or Parquet file as rows for the pricer.

Columns are named as the options of `optionix price` are: type, spot, strike, expiry, rate, volatility (or
price), dividend_yield, and `id`, which is handed back. What a row leaves out comes from the command's
own options. A column of another name is refused: it would be a misspelt one that goes unnoticed.
"""

from __future__ import annotations

import csv
import importlib
import io
import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from optionix_core.errors import (
    ConfigurationError,
    InvalidValueError,
    MalformedFileError,
    MissingDataError,
    UnknownNameError,
)
from optionix_core.market.option_type import OptionType
from optionix_tui.cli.files import DASH, SHOWN, as_file

if TYPE_CHECKING:
    from optionix_core.services.pricing_table import OptionRow

PARQUET = b"PAR1"
"""How a Parquet file begins."""
Given = Mapping[str, Any]
"""Column to value, None where the command line left it out."""


class RowsFile:
    """Rows and the line that each came from. The form is told by the content: Parquet, JSON Lines, else CSV."""

    def __init__(self, path: str, given: Given) -> None:
        """Read the file, or standard input for `-`. MalformedFileError names line and column."""
        self._shown = SHOWN if path == DASH else path
        self._given = given
        with as_file(path) as file:
            if not file.is_file():
                raise UnknownNameError("file", self._shown)
            data = file.read_bytes()
        found = list(self._parquet(data) if data[:4] == PARQUET else self._cells(self._text(data)))
        if not found:
            raise MissingDataError(f"{self._shown} holds no options")
        self.lines: tuple[int, ...] = tuple(line for line, _ in found)
        """Where each row stands, from 1."""
        self.cells: tuple[Mapping[str, object], ...] = tuple(cells for _, cells in found)
        """Each row's own cells by column."""

    @property
    def rows(self) -> tuple[OptionRow, ...]:
        """The rows as the pricer of tables takes them."""
        return tuple(self._row(line, cells) for line, cells in zip(self.lines, self.cells, strict=True))

    def located(self, error: InvalidValueError) -> Exception:
        """An error of the engine, told by line and column of the file."""
        if error.row is None:
            return error
        return self.refused(error.row, f"must be {error.bound} (got {error.value})", error.field)

    def refused(self, row: int, reason: str, field: str | None = None) -> MalformedFileError:
        """What is wrong with a row, counted from 0, told by line and column of the file."""
        column = {"option_type": "type", None: None}.get(field, field)
        return MalformedFileError(self._shown, reason, self.lines[row], column)

    def _text(self, data: bytes) -> str:
        try:
            return data.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise MalformedFileError(self._shown, f"is not UTF-8: {error.reason}") from error

    def _parquet(self, data: bytes) -> Iterator[tuple[int, Mapping[str, object]]]:
        """Rows of a Parquet file; ConfigurationError where pyarrow is not installed."""
        try:
            pyarrow, parquet = importlib.import_module("pyarrow"), importlib.import_module("pyarrow.parquet")
        except ImportError:
            reason = "Parquet needs pyarrow, which is not installed: install optionix[parquet]"
            raise ConfigurationError(reason) from None
        try:
            table = parquet.read_table(io.BytesIO(data))
        except (pyarrow.ArrowException, OSError) as error:
            raise MalformedFileError(self._shown, f"is not Parquet that can be read: {error}", 1) from None
        self._check(list(table.column_names), 1)
        yield from enumerate(table.to_pylist(), start=1)

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
