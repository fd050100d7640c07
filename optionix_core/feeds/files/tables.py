"""Text, tables and numbers out of a file, strictly: whatever does not fit names its line and column.

Nothing is guessed: no other encoding is tried, no cell is skipped, and a word where a number belongs is
an error. An empty cell is a number that the source did not give (nan).
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from optionix_core.errors import MalformedFileError, UnknownNameError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    FloatArray = NDArray[np.float64]
    IntArray = NDArray[np.int64]

_WIDE_ENCODINGS = {b"\xff\xfe": "UTF-16", b"\xfe\xff": "UTF-16"}


def read_bytes(path: Path) -> bytes:
    """The file's bytes. Raises UnknownNameError where there is no such file, MalformedFileError where it is empty."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise UnknownNameError("file", str(path)) from None
    except OSError as error:
        raise MalformedFileError(str(path), f"cannot be read: {error.strerror}") from error
    if not content:
        raise MalformedFileError(str(path), "the file is empty", 1, 1)
    return content


def decode(path: Path, content: bytes) -> str:
    """UTF-8 text (a byte order mark is allowed) of a text file.

    Raises MalformedFileError with line and column for another encoding, for binary content and for
    a file of blanks.
    """
    wide = _WIDE_ENCODINGS.get(content[:2])
    if wide is not None:
        raise MalformedFileError(str(path), f"is {wide}, and must be UTF-8", 1, 1)
    zero = content.find(b"\0")
    if zero >= 0:
        raise MalformedFileError(str(path), "is binary: a zero byte", *_place(content, zero))
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        offset = error.start + (3 if content.startswith(b"\xef\xbb\xbf") else 0)
        reason = f"is not UTF-8: byte 0x{content[offset]:02x}"
        raise MalformedFileError(str(path), reason, *_place(content, offset)) from None
    if not text.strip():
        raise MalformedFileError(str(path), "the file is empty", 1, 1)
    return text


def _place(content: bytes, offset: int) -> tuple[int, int]:
    before = content[:offset]
    return before.count(b"\n") + 1, offset - (before.rfind(b"\n") + 1) + 1


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a CSV file."""

    line: int
    """1-based line on which the row ends."""
    cells: list[str]


def rows(path: Path, text: str) -> list[Row]:
    """All rows of CSV text that hold anything, with their lines. Any line ending; blank lines are passed over."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    found: list[Row] = []
    try:
        for cells in reader:
            if cells and (len(cells) > 1 or cells[0].strip()):
                found.append(Row(reader.line_num, cells))  # noqa: PERF401 - line_num is the reader's state at this row
    except csv.Error as error:
        raise MalformedFileError(str(path), f"is not CSV: {error}", reader.line_num, 1) from None
    return found


@dataclass(frozen=True, slots=True)
class Table:
    """Columns of cells under their names."""

    path: Path
    names: tuple[str, ...]
    """As the header line has them, stripped."""
    header_line: int
    lines: tuple[int, ...]
    """Line of each row."""
    columns: tuple[tuple[str, ...], ...]

    @property
    def height(self) -> int:
        """Number of rows under the header."""
        return len(self.lines)

    def index(self, name: str, start: int = 0) -> int:
        """Position of the first column called `name` (any letter case) from `start` on; MalformedFileError if none."""
        found = self.find(name, start)
        if found is None:
            raise MalformedFileError(str(self.path), f"has no column {name!r}", self.header_line, name)
        return found

    def find(self, name: str, start: int = 0) -> int | None:
        """As `index`, with None where there is no such column."""
        wanted = name.casefold()
        for position in range(start, len(self.names)):
            if self.names[position].casefold() == wanted:
                return position
        return None

    def cells(self, name: str) -> tuple[str, ...]:
        """The column of that name."""
        return self.columns[self.index(name)]

    def numbers(self, position: int, label: str | None = None, *, signed: bool = False) -> FloatArray:
        """The column at `position` as numbers, nan where a cell is empty; see `numbers`."""
        return numbers(self.path, self.columns[position], self.lines, label or self.names[position], signed=signed)


def table(path: Path, header: Row, body: Sequence[Row]) -> Table:
    """Columns of `body` under `header`; every row must be as wide as the header, and there must be one."""
    names = tuple(name.strip() for name in header.cells)
    width = len(names)
    if not body:
        raise MalformedFileError(str(path), "has no rows under its header", header.line, 1)
    for row in body:
        if len(row.cells) != width:
            short = len(row.cells) < width
            column = names[len(row.cells)] if short else width + 1
            reason = f"the row has {len(row.cells)} columns, and the header has {width}"
            raise MalformedFileError(str(path), reason, row.line, column)
    columns = tuple(zip(*(row.cells for row in body), strict=True))
    return Table(path, names, header.line, tuple(row.line for row in body), columns)


def numbers(path: Path, cells: Sequence[str], lines: Sequence[int], column: str, *, signed: bool = False) -> FloatArray:
    """Cells as float64, shape (rows,), nan where a cell is empty.

    Raises MalformedFileError at the first cell that is not a finite number, and, unless `signed`, at
    the first that is negative.
    """
    joined = "".join(cells)
    values: FloatArray | None = None
    if joined.isascii() and "_" not in joined:
        try:
            values = np.fromiter(map(float, cells), np.float64, len(cells))
        except ValueError:
            values = None
    if values is None or not np.isfinite(values).all():
        parsed = (_number(path, cell, line, column) for cell, line in zip(cells, lines, strict=True))
        values = np.fromiter(parsed, np.float64, len(cells))
    if not signed:
        refuse(path, values < 0, lines, column, lambda row: f"must not be negative (got {cells[row].strip()})")
    return values


def _number(path: Path, cell: str, line: int, column: str) -> float:
    text = cell.strip()
    if not text:
        return float("nan")
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not np.isfinite(value) or "_" in text or not text.isascii():
        raise MalformedFileError(str(path), f"must be a number (got {text!r})", line, column)
    return value


def refuse(
    path: Path, bad: NDArray[np.bool_], lines: Sequence[int] | IntArray, column: str, reason: Callable[[int], str]
) -> None:
    """Raise MalformedFileError at the first row for which `bad` is true, with `reason(row)`."""
    if bad.any():
        row = int(np.argmax(bad))
        raise MalformedFileError(str(path), reason(row), int(lines[row]), column)


def absent_where_zero(values: FloatArray) -> FloatArray:
    """The same numbers with nan for zero: how these sources write "nothing"."""
    return np.where(values == 0.0, np.nan, values)
