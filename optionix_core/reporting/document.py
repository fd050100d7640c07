"""A report before it is written: facts about a day, and tables, in exact values.

A report knows nothing of files or formats. What could not be told is None and has its reason in a note;
nothing is filled in. The same inputs make the same report: it holds no time of its own making.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from optionix_core.errors import InvalidValueError

Cell = str | int | float | Decimal | datetime | date | None
"""A float is a figure of the engine (a Greek, a risk); money and quantities are decimals."""


class Unit(StrEnum):
    """How a column's figures are spelled for eyes; files for programs hold them as they are."""

    TEXT = "text"
    MONEY = "money"
    PRICE = "price"
    QUANTITY = "quantity"
    FIGURE = "figure"
    """A float, four significant digits or more."""
    PERCENT = "percent"
    """A fraction, shown times a hundred."""
    TIME = "time"


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table."""

    key: str
    """In JSON and CSV."""
    title: str
    unit: Unit = Unit.TEXT


@dataclass(frozen=True, slots=True)
class Fact:
    """One figure with its name."""

    key: str
    title: str
    value: Cell
    unit: Unit = Unit.TEXT
    note: str = ""
    """Why there is no value, or what it means."""


@dataclass(frozen=True, slots=True)
class Section:
    """A table under a heading."""

    key: str
    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    note: str = ""
    empty: str = "nothing"
    """What is said where there are no rows."""

    def __post_init__(self) -> None:
        for row, cells in enumerate(self.rows):
            if len(cells) != len(self.columns):
                raise InvalidValueError(f"cells of {self.key}", len(cells), f"{len(self.columns)}, one a column", row)


@dataclass(frozen=True, slots=True)
class Report:
    """A report of one account about one day."""

    kind: str
    """`daily`, `pnl`, `risk`."""
    title: str
    account: str
    day: date
    since: datetime
    """The close of the session before; what happened at that very moment belongs to that session."""
    as_of: datetime
    """The close of the day's session, or the moment of asking where it has not come."""
    complete: bool
    """False where the session had not closed."""
    currency: str
    facts: tuple[Fact, ...]
    sections: tuple[Section, ...]
