"""Columns of a grid, and which of them fit into a width. Pure values: nothing here draws."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple


@dataclass(frozen=True, slots=True, eq=False)
class Column:
    """How one value of a row is written."""

    key: str
    title: str
    width: int
    """Cells that its widest value needs, without the flash arrow."""
    write: Callable[[Any], str]
    align: Literal["left", "right", "centre"] = "right"
    rank: int = 0
    """Columns of the highest rank are left out first; 0 always stays."""
    tone: str = "cell"
    group: str = ""
    flashes: bool = False
    """A change is shown by an arrow in one more cell, for a moment."""
    home: bool = False
    """Where the cursor starts."""
    grow: bool = False
    """Takes all the room that is left; the last such column where several fit."""

    words: bool = False
    """Words, which may be shortened where there is no room; figures never are."""

    @property
    def cells(self) -> int:
        """Cells needed in all."""
        return self.width + self.flashes


class GridRow(NamedTuple):
    """A row: values in the order of the grid's columns, None where absent (never nan)."""

    key: Hashable
    cells: tuple[Any, ...]
    flags: int = 0
    """Marks of the row, for the styler."""


class PlacedColumn(NamedTuple):
    """A column with its place in the line."""

    column: Column
    slot: int
    """Of its value in a row's cells."""
    x: int
    width: int

    def justify(self, text: str) -> str:
        """`text` in the column's cells. Words that are too long end in …; figures are shown as `#`, never cut."""
        width = self.width
        if len(text) > width:
            return f"{text[: width - 1]}…" if self.column.words else "#" * width
        if self.column.align == "left":
            return text.ljust(width)
        return text.rjust(width) if self.column.align == "right" else text.center(width)


def place_columns(columns: Sequence[Column], width: int, gap: int = 1, slack: int = 4) -> tuple[PlacedColumn, ...]:
    """The columns that fit into `width` cells and where; each grows by up to `slack` cells where there is room.

    Columns are left out by rank, whole ranks at a time, so that both sides of a chain lose the same.
    """
    chosen = [(index, column) for index, column in enumerate(columns) if column.rank >= 0]

    def needed() -> int:
        return sum(column.cells for _, column in chosen) + gap * max(len(chosen) - 1, 0)

    while needed() > width and any(column.rank for _, column in chosen):
        worst = max(column.rank for _, column in chosen)
        chosen = [(index, column) for index, column in chosen if column.rank != worst]
    if not chosen or width <= 0:
        return ()
    spare = max(width - needed(), 0)
    growing = next((index for index, column in reversed(chosen) if column.grow), None)
    extra = min(spare // len(chosen), slack) if growing is None else 0
    x = (spare - extra * len(chosen)) // 2 if growing is None else 0
    placed = []
    for index, column in chosen:
        room = column.cells + (spare if index == growing else extra)
        placed.append(PlacedColumn(column, index, x, room))
        x += room + gap
    return tuple(placed)
