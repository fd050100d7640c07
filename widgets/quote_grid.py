"""A table of quotes that redraws the cells that changed and nothing else.

Built on the line API: a row is rendered once into a strip and kept until one of its values, its marks or
the cursor changes. `show` compares the new rows with the old ones and hands exactly the changed cells to
the compositor. Columns that do not fit are left out whole, the least important first; none is cut.
The grid knows no market: what a value means is the columns' and the styler's business.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from textual.geometry import Region, Size
from textual.message import Message

from widgets.grid_columns import Column, GridRow, PlacedColumn
from widgets.grid_cursor import CursorActions
from widgets.grid_drawing import GridDrawing, Styler, plain_style

if TYPE_CHECKING:
    from textual import events

FLASH_SECONDS = 0.7


class QuoteGrid(CursorActions, GridDrawing, can_focus=True, inherit_bindings=False):
    """A grid with a sticky header and a cell cursor."""

    DEFAULT_CSS = """
    QuoteGrid { height: 1fr; width: 1fr; background: $background; color: $foreground; overflow-x: hidden;
                scrollbar-size-vertical: 1; scrollbar-gutter: stable;
                scrollbar-background: $background; scrollbar-color: $panel; }
    """

    class CursorMoved(Message):
        """The cursor stands on another cell."""

        def __init__(self, grid: QuoteGrid) -> None:
            self.grid = grid
            super().__init__()

        @property
        def control(self) -> QuoteGrid:
            """The grid that sent it."""
            return self.grid

    class Pressed(Message):
        """A cell was pressed with the mouse; the cursor stands on it."""

        def __init__(self, grid: QuoteGrid, column: Column, presses: int) -> None:
            self.grid, self.column = grid, column
            self.presses = presses
            """1, or 2 for the second press of a double one."""
            super().__init__()

        @property
        def control(self) -> QuoteGrid:
            """The grid that sent it."""
            return self.grid

    class HeaderPressed(Message):
        """The title of a column was pressed with the mouse."""

        def __init__(self, grid: QuoteGrid, column: Column) -> None:
            self.grid, self.column = grid, column
            super().__init__()

        @property
        def control(self) -> QuoteGrid:
            """The grid that sent it."""
            return self.grid

    def __init__(
        self,
        columns: Sequence[Column],
        *,
        styler: Styler = plain_style,
        groups: Sequence[tuple[str, str]] = (),
        empty: str = "",
        widget_id: str | None = None,
    ) -> None:
        """`groups` titles the columns of each group in a line of its own where there is room."""
        super().__init__(columns, styler, dict(groups), empty, widget_id)
        self._ticks = 0

    @property
    def rows(self) -> tuple[GridRow, ...]:
        """What the grid shows."""
        return self._rows

    @property
    def visible_columns(self) -> tuple[Column, ...]:
        """The columns that fit, from left to right."""
        return tuple(place.column for place in self._placed)

    @property
    def cursor_place(self) -> tuple[int, int]:
        """Row and visible column of the cursor."""
        return self._row, self._column

    @property
    def page(self) -> int:
        """Rows that are seen at once, less one for bearings."""
        return max(self.size.height - self.header_height - 1, 1)

    @property
    def cursor_row(self) -> GridRow | None:
        """The row under the cursor."""
        return self._rows[self._row] if self._rows else None

    def show(self, rows: Sequence[GridRow], *, flash: bool = True) -> int:
        """Replace the rows; returns how many cells were marked for redrawing.

        Rows with the same keys in the same order are compared cell by cell; anything else redraws the grid
        and keeps the cursor on the row of its key.
        """
        old, new = self._rows, tuple(rows)
        self._rows = new
        if len(old) != len(new) or any(before.key != after.key for before, after in zip(old, new, strict=True)):
            return self._replace(old)
        changed = 0
        dirty: list[Region] = []
        self._ticks += 1
        flashing = len(self._flashes)
        for index, before in enumerate(old):
            after = new[index]
            if before is after or before == after:
                continue
            spans = self._changed_cells(before, after, flash=flash)
            if before.flags != after.flags:
                self._forget(index)
                dirty.append(self._line_region(index))
                changed += len(self._placed)
                continue
            changed += len(spans)
            for number in spans:
                self._forget(index, number)
                dirty.append(self._cell_region(index, self._placed[number]))
        self._redraw(dirty)
        if flash and self._flashes and (flashing or dirty):
            self.set_timer(FLASH_SECONDS, partial(self._end_flashes, self._ticks))
        return changed

    def use_columns(self, columns: Sequence[Column], rows: Sequence[GridRow]) -> None:
        """Other columns, with rows that are made for them; the cursor keeps its row, and its column where that stays.

        Columns of the same key are the same column.
        """
        under = self.cursor_column
        old, self._columns, self._rows = self._rows, tuple(columns), tuple(rows)
        self._placed = ()
        self._replace(old)
        if under is not None:
            kept = next((i for i, column in enumerate(self.visible_columns) if column.key == under.key), None)
            self._column = self._column if kept is None else kept

    def _replace(self, old: tuple[GridRow, ...]) -> int:
        key = old[self._row].key if old else None
        self._flashes.clear()
        self._strips.clear()
        self._pieces.clear()
        self._row = next((i for i, row in enumerate(self._rows) if row.key == key), min(self._row, len(self._rows) - 1))
        self._row = max(self._row, 0)
        self._measure()
        self.refresh()
        return len(self._rows) * len(self._placed)

    def _changed_cells(self, before: GridRow, after: GridRow, *, flash: bool) -> list[int]:
        """Numbers of the placed columns whose text differs."""
        changed = []
        for number, place in enumerate(self._placed):
            old, new = before.cells[place.slot], after.cells[place.slot]
            if old == new or place.column.write(old) == place.column.write(new):
                continue
            changed.append(number)
            if flash and place.column.flashes and isinstance(old, int | float) and isinstance(new, int | float):
                self._flashes[after.key, place.slot] = (1 if new > old else -1, self._ticks)
        return changed

    def _end_flashes(self, tick: int) -> None:
        """Take away the arrows of changes up to `tick`; a cell that changed again keeps its own."""
        ended = [place for place, (_, since) in self._flashes.items() if since <= tick]
        if not ended:
            return
        rows = {item.key: index for index, item in enumerate(self._rows)}
        numbers = {place.slot: number for number, place in enumerate(self._placed)}
        dirty = []
        for key, slot in ended:
            del self._flashes[key, slot]
            if key in rows and slot in numbers:
                self._forget(rows[key], numbers[slot])
                dirty.append(self._cell_region(rows[key], self._placed[numbers[slot]]))
        self._redraw(dirty)

    def _redraw(self, regions: Sequence[Region]) -> None:
        body = Region(0, self.header_height, self.size.width, max(self.size.height - self.header_height, 0))
        seen = [part for region in regions if (part := region.intersection(body))]
        if seen:
            self.refresh(*seen)

    def _cell_region(self, row: int, place: PlacedColumn) -> Region:
        return Region(place.x, row + self.header_height - self.scroll_offset.y, place.width, 1)

    def _line_region(self, row: int) -> Region:
        return Region(0, row + self.header_height - self.scroll_offset.y, self.size.width, 1)

    def move_to(self, row: int | None = None, column: int | None = None, *, centre: bool = False) -> None:
        """Put the cursor on a cell (clamped to the grid) and bring it into view, or into the middle."""
        if not self._rows or not self._placed:
            return
        before = self._row, self._column
        self._row = self._row if row is None else min(max(row, 0), len(self._rows) - 1)
        self._column = self._column if column is None else min(max(column, 0), len(self._placed) - 1)
        for index in {before[0], self._row}:
            self._forget(index)
        visible = max(self.size.height - self.header_height, 1)
        top = self.scroll_offset.y
        if centre:
            top = self._row - visible // 2
        elif self._row < top:
            top = self._row
        elif self._row >= top + visible:
            top = self._row - visible + 1
        if top != self.scroll_offset.y:
            self.scroll_to(y=max(top, 0), animate=False, immediate=True)
        self._redraw([self._line_region(before[0]), self._line_region(self._row)])
        if before != (self._row, self._column):
            self.post_message(self.CursorMoved(self))

    def move_to_key(self, key: Hashable, column: str | None = None, *, centre: bool = False) -> bool:
        """Put the cursor on the row of `key` (and the column of that key, where visible); False if there is none."""
        row = next((index for index, item in enumerate(self._rows) if item.key == key), None)
        place = next((i for i, item in enumerate(self._placed) if item.column.key == column), None)
        if row is None:
            return False
        self.move_to(row, place, centre=centre)
        return True

    def on_click(self, event: events.Click) -> None:
        """Put the cursor where the mouse was pressed."""
        row = event.y - self.header_height + self.scroll_offset.y
        column = next((i for i, place in enumerate(self._placed) if place.x <= event.x < place.x + place.width), None)
        if event.y < self.header_height and column is not None:
            self.post_message(self.HeaderPressed(self, self._placed[column].column))
        if event.y < self.header_height or row >= len(self._rows):
            return
        self.move_to(row, column)
        if column is not None:
            self.post_message(self.Pressed(self, self._placed[column].column, event.chain))

    def on_resize(self) -> None:
        """Choose the columns that fit, and keep the cursor in view."""
        self._measure()
        self.call_after_refresh(self.move_to)

    def on_focus(self) -> None:
        """Show the cursor."""
        self._forget(self._row)
        self._redraw([self._line_region(self._row)])

    def on_blur(self) -> None:
        """Hide the cursor."""
        self._forget(self._row)
        self._redraw([self._line_region(self._row)])

    def _measure(self) -> None:
        self._lay_out()
        self.virtual_size = Size(self.size.width, len(self._rows) + self.header_height)
