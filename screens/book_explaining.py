"""What `explain` tells of the cursor in each pane of the book."""

from __future__ import annotations

from typing import TYPE_CHECKING

from screens import book_explanations as words
from screens import book_panes

if TYPE_CHECKING:
    from screens.book_board import BookBoard
    from screens.explanations import Explanation
    from widgets.grid_columns import Column, GridRow


def explain(board: BookBoard) -> Explanation | None:
    """Of the number under the cursor of the marked pane; None where there is none."""
    marked = board.panes.marked
    grid = board.panes.grid(marked)
    row, column = grid.cursor_row, grid.cursor_column
    view = board.view
    if row is None or column is None or view is None:
        return None
    if marked == "positions":
        return _position(board, column, row)
    if marked == "explained":
        return None if board.standing is None else words.explain_pnl(board.standing, row, board.words_under_cursor())
    columns = book_panes.COLUMNS[marked]
    place = next(i for i, one in enumerate(columns) if one.key == column.key)
    if marked == "calendar":
        return None if board.life is None else words.explain_ahead(board.life, row, column, place)
    if marked == "detail":
        story = board.story or ()
        number = next(i for i, one in enumerate(grid.rows) if one.key == row.key)
        return words.explain_story(story[number]) if number < len(story) else None
    if marked == "ledger":
        entry = next((one for one in view.entries if one.id == row.key), None)
        return None if entry is None else words.explain_entry(entry, columns, row)
    facts = (
        ("cost", "signed cash paid for it, fees excluded; negative for what was sold"),
        ("P&L", "of an open lot at the position's mark; of a closed one proceeds less cost"),
    )
    return words.explain_row(f"Lot of {row.cells[1]}", columns, row, facts)


def _position(board: BookBoard, column: Column, row: GridRow) -> Explanation | None:
    key, parts, now = board.key_under_cursor(), board.parts_under_cursor(), board.session.now
    if key is None or not parts or board.view is None or board.positions is None:
        return None
    if key.kind == "part":
        return words.explain_part(parts[0], column, board.notes.get(key.symbol, ""), now)
    if key.kind == "all" and column.key == "label":
        return words.explain_account(board.view, board.standing)
    group = board.groups.get(key.group)
    totals = board.positions.totals if group is None else group.totals
    place = next(i for i, one in enumerate(book_panes.COLUMNS["positions"]) if one.key == column.key)
    return words.explain_group(board.words_under_cursor(), group, totals, column, row, place, board.view.moment)
