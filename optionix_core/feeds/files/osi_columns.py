"""Columns of OSI symbols, read at once: a chain of 20,000 quotes has some hundred roots and dates.

Every symbol is checked: its root, date and letter by the symbology itself, once for each that differs,
and its strike against the strike of its row.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from optionix_core.errors import InvalidValueError, MalformedFileError
from optionix_core.market.osi import OsiSymbol, parse

if TYPE_CHECKING:
    from numpy.typing import NDArray

    FloatArray = NDArray[np.float64]
    IntArray = NDArray[np.int64]

_STRIKE_WIDTH = 8
_TAIL_WIDTH = 15
_ROOT_WIDTH = 6


class OsiColumn(NamedTuple):
    """What a column of symbols says, in its order."""

    kinds: tuple[OsiSymbol, ...]
    """One symbol for each combination of root, date and letter."""
    kind: IntArray
    """Index into `kinds`."""
    strikes: FloatArray
    keys: list[str]
    """21-character keys."""


def read_symbols(path: Path, cells: Sequence[str], lines: Sequence[int], column: str) -> OsiColumn:
    """The symbols of one column. Raises MalformedFileError at the first that is no OSI symbol."""
    kinds: dict[str, int] = {}
    parsed: list[OsiSymbol] = []
    starts: list[str] = []
    kind = np.empty(len(cells), np.int64)
    thousandths = np.empty(len(cells), np.int64)
    keys: list[str] = []
    for row, cell in enumerate(cells):
        head, digits = cell[:-_STRIKE_WIDTH], cell[-_STRIKE_WIDTH:]
        index = kinds.get(head)
        if index is None or not (digits.isascii() and digits.isdigit()):
            symbol = _parse(path, cell, lines[row], column)
            stripped = cell.strip().upper()
            head, digits = stripped[:-_STRIKE_WIDTH], stripped[-_STRIKE_WIDTH:]
            index = kinds.setdefault(head, len(parsed))
            if index == len(parsed):
                parsed.append(symbol)
                starts.append(f"{symbol.root:<{_ROOT_WIDTH}}{head[_STRIKE_WIDTH - _TAIL_WIDTH :]}")
        kind[row] = index
        thousandths[row] = int(digits)
        keys.append(starts[index] + digits)
    return OsiColumn(tuple(parsed), kind, thousandths / 1000.0, keys)


def _parse(path: Path, cell: str, line: int, column: str) -> OsiSymbol:
    try:
        return parse(cell)
    except InvalidValueError as error:
        raise MalformedFileError(str(path), str(error), line, column) from None


def check_dates(path: Path, column: OsiColumn, dates: Sequence[date], lines: Sequence[int], date_column: str) -> None:
    """Raise MalformedFileError at the first row whose own date is not its symbol's."""
    ordinals = np.fromiter((day.toordinal() for day in dates), np.int64, len(dates))
    told = np.array([symbol.expiry.toordinal() for symbol in column.kinds], np.int64)[column.kind]
    wrong = ordinals != told
    if wrong.any():
        row = int(np.argmax(wrong))
        symbol = column.kinds[int(column.kind[row])]
        reason = f"{dates[row]} is not the expiry of {column.keys[row]}, {symbol.expiry}"
        raise MalformedFileError(str(path), reason, lines[row], date_column)
