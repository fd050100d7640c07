"""Dots on a plane of braille characters: two across and four down in each cell. Pure values; draws nothing itself.

A cell has one colour, so the series drawn last owns the cells that it touches.
"""

from __future__ import annotations

_DOTS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))


class BrailleCanvas:
    """A canvas of `columns` x `rows` cells; dots are counted from the top left."""

    __slots__ = ("_bits", "_owner", "columns", "rows")

    def __init__(self, columns: int, rows: int) -> None:
        self.columns = max(columns, 0)
        self.rows = max(rows, 0)
        self._bits = [bytearray(self.columns) for _ in range(self.rows)]
        self._owner: list[list[int | None]] = [[None] * self.columns for _ in range(self.rows)]

    @property
    def width(self) -> int:
        """Dots across."""
        return self.columns * 2

    @property
    def height(self) -> int:
        """Dots down."""
        return self.rows * 4

    def dot(self, x: int, y: int, owner: int) -> None:
        """Set one dot; dots outside are ignored, as a line may leave the plane."""
        if 0 <= x < 2 * self.columns and 0 <= y < 4 * self.rows:
            self._bits[y >> 2][x >> 1] |= _DOTS[y & 3][x & 1]
            self._owner[y >> 2][x >> 1] = owner

    def line(self, x0: int, y0: int, x1: int, y1: int, owner: int) -> None:
        """A straight line between two dots, both included."""
        steps = max(abs(x1 - x0), abs(y1 - y0))
        if steps > 8 * (self.width + self.height):
            return
        if x0 == x1:
            self._upright(x0, y0, y1, owner)
            return
        for step in range(steps + 1):
            share = step / steps if steps else 0.0
            self.dot(round(x0 + (x1 - x0) * share), round(y0 + (y1 - y0) * share), owner)

    def _upright(self, x: int, y0: int, y1: int, owner: int) -> None:
        """Bars, of which there may be one in every column: a cell at a time where all four of its dots are set."""
        if not 0 <= x < self.width:
            return
        column, side = x >> 1, x & 1
        y, last = max(min(y0, y1), 0), min(max(y0, y1), self.height - 1)
        while y <= last:
            row, first = y >> 2, y & 3
            end = min(3, first + last - y)
            mask = 0
            for place in range(first, end + 1):
                mask |= _DOTS[place][side]
            self._bits[row][column] |= mask
            self._owner[row][column] = owner
            y += end - first + 1

    def row(self, y: int) -> list[tuple[str, int | None]]:
        """Cells of a row: character (a blank where nothing is drawn) and the series that owns it."""
        return [
            (chr(0x2800 + bits) if bits else " ", owner)
            for bits, owner in zip(self._bits[y], self._owner[y], strict=True)
        ]
