"""The steps that a table's cursor can take, named as the action registry names them."""

from __future__ import annotations

import sys


class CursorActions:
    """For a table that has a cursor; it clamps what it is told to move to."""

    @property
    def cursor_place(self) -> tuple[int, int]:
        """Row and column of the cursor."""
        raise NotImplementedError

    @property
    def page(self) -> int:
        """Rows of a page, at least one."""
        raise NotImplementedError

    def move_to(self, row: int | None = None, column: int | None = None) -> None:
        """Put the cursor on a cell; what is not given stays."""
        raise NotImplementedError

    def action_up(self) -> None:
        """Cursor up."""
        self.move_to(row=self.cursor_place[0] - 1)

    def action_down(self) -> None:
        """Cursor down."""
        self.move_to(row=self.cursor_place[0] + 1)

    def action_left(self) -> None:
        """Cursor left."""
        self.move_to(column=self.cursor_place[1] - 1)

    def action_right(self) -> None:
        """Cursor right."""
        self.move_to(column=self.cursor_place[1] + 1)

    def action_page_up(self) -> None:
        """Cursor a page up."""
        self.move_to(row=self.cursor_place[0] - self.page)

    def action_page_down(self) -> None:
        """Cursor a page down."""
        self.move_to(row=self.cursor_place[0] + self.page)

    def action_top(self) -> None:
        """Cursor to the first row."""
        self.move_to(row=0)

    def action_bottom(self) -> None:
        """Cursor to the last row."""
        self.move_to(row=sys.maxsize)

    def action_row_start(self) -> None:
        """Cursor to the first column."""
        self.move_to(column=0)

    def action_row_end(self) -> None:
        """Cursor to the last column."""
        self.move_to(column=sys.maxsize)
