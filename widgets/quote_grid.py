"""A table of quotes that redraws the cells that changed and nothing else.

Built on the line API: a row is rendered once into a strip and kept until one of its values, its marks or
the cursor changes. `show` compares the new rows with the old ones and hands exactly the changed cells to
the compositor. Columns that do not fit are left out whole, the least important first; none is cut.
The grid knows no market: what a value means is the columns' and the styler's business.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from functools import partial
from textwrap import wrap
from typing import TYPE_CHECKING, ClassVar

from rich.segment import Segment
from textual.filter import ANSIToTruecolor
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from widgets.grid_columns import Column, GridRow, PlacedColumn, place_columns
from widgets.grid_cursor import CursorActions

if TYPE_CHECKING:
    from rich.style import Style
    from textual import events

Styler = Callable[[Column, GridRow], tuple[str, str]]
"""For a column in a row: the tone of the background and the tone of the text."""

FLASH_SECONDS = 0.7

TONES = (
    "cell", "muted", "faint", "bid", "ask", "up", "down", "strike", "atm", "strong", "warn",
    "row", "money", "money-row", "header", "group", "cursor", "flash-up", "flash-down",
)  # fmt: skip


def plain_style(column: Column, row: GridRow) -> tuple[str, str]:
    """The styler of a grid whose tones are its columns' own."""
    del row
    return "cell", column.tone


class QuoteGrid(CursorActions, ScrollView, can_focus=True, inherit_bindings=False):
    """A grid with a sticky header and a cell cursor."""

    DEFAULT_CSS = """
    QuoteGrid { height: 1fr; width: 1fr; background: $background; color: $foreground; overflow-x: hidden;
                scrollbar-size-vertical: 1; scrollbar-gutter: stable;
                scrollbar-background: $background; scrollbar-color: $panel; }
    QuoteGrid > .quote-grid--muted { color: $muted; }
    QuoteGrid > .quote-grid--faint { color: $faint; }
    QuoteGrid > .quote-grid--bid { color: $bid; }
    QuoteGrid > .quote-grid--ask { color: $ask; }
    QuoteGrid > .quote-grid--up { color: $up; }
    QuoteGrid > .quote-grid--down { color: $down; }
    QuoteGrid > .quote-grid--strike { color: $strike; text-style: bold; }
    QuoteGrid > .quote-grid--atm { color: $atm; text-style: bold; }
    QuoteGrid > .quote-grid--strong { color: $foreground; text-style: bold; }
    QuoteGrid > .quote-grid--warn { color: $stale; }
    QuoteGrid > .quote-grid--row { background: $row; }
    QuoteGrid > .quote-grid--money { background: $money; }
    QuoteGrid > .quote-grid--money-row { background: $row; }
    QuoteGrid > .quote-grid--header { color: $muted; background: $surface; }
    QuoteGrid > .quote-grid--group { color: $faint; background: $surface; }
    QuoteGrid > .quote-grid--cursor { color: $cursor-text; background: $cursor; text-style: bold; }
    QuoteGrid > .quote-grid--flash-up { color: $up; text-style: bold; }
    QuoteGrid > .quote-grid--flash-down { color: $down; text-style: bold; }
    """
    COMPONENT_CLASSES: ClassVar[set[str]] = {f"quote-grid--{tone}" for tone in TONES}

    class CursorMoved(Message):
        """The cursor stands on another cell."""

        def __init__(self, grid: QuoteGrid) -> None:
            self.grid = grid
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
        super().__init__(id=widget_id)
        self._columns = tuple(columns)
        self._styler = styler
        self._groups = dict(groups)
        self._empty = empty
        self._empty_tone = "muted"
        self._rows: tuple[GridRow, ...] = ()
        self._placed: tuple[PlacedColumn, ...] = ()
        self._laid_out_for = (0, 0)
        self._strips: dict[int, Strip] = {}
        self._pieces: dict[int, list[tuple[str, Style]]] = {}
        self._header: list[Strip] = []
        self._styles: dict[tuple[str, ...], Style] = {}
        self._flashes: dict[tuple[Hashable, int], tuple[int, int]] = {}
        self._ticks = 0
        self._row = 0
        self._column = 0

    @property
    def rows(self) -> tuple[GridRow, ...]:
        """What the grid shows."""
        return self._rows

    @property
    def visible_columns(self) -> tuple[Column, ...]:
        """The columns that fit, from left to right."""
        return tuple(place.column for place in self._placed)

    @property
    def header_height(self) -> int:
        """Lines that stay at the top."""
        return 2 if self._groups and self.size.height >= 16 else 1

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

    @property
    def cursor_column(self) -> Column | None:
        """The column under the cursor."""
        return self._placed[self._column].column if self._placed else None

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

    def _forget(self, row: int, number: int | None = None) -> None:
        """What was drawn of a row, or of one cell of it, is out of date."""
        self._strips.pop(row, None)
        if number is None:
            self._pieces.pop(row, None)
        elif row in self._pieces:
            self._pieces[row][number] = self._piece(row, number)

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
        if event.y < self.header_height or row >= len(self._rows):
            return
        column = next((i for i, place in enumerate(self._placed) if place.x <= event.x < place.x + place.width), None)
        self.move_to(row, column)

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

    def notify_style_update(self) -> None:
        """Forget everything that was drawn in the old colours."""
        super().notify_style_update()
        self._styles.clear()
        self._strips.clear()
        self._pieces.clear()
        self._header.clear()

    def _measure(self) -> None:
        self._lay_out()
        self.virtual_size = Size(self.size.width, len(self._rows) + self.header_height)

    def _lay_out(self) -> None:
        """Choose the columns for the present size; nothing that was drawn for another size stays."""
        self._laid_out_for = (self.size.width, self.header_height)
        under_cursor = self.cursor_column
        placed = place_columns(self._columns, self.scrollable_content_region.width)
        if placed != self._placed:
            self._placed = placed
            kept = next((i for i, place in enumerate(placed) if place.column is under_cursor), None)
            home = next((i for i, place in enumerate(placed) if place.column.home), 0)
            self._column = home if kept is None else kept
        self._strips.clear()
        self._pieces.clear()
        self._header.clear()

    def _style(self, *tones: str) -> Style:
        style = self._styles.get(tones)
        if style is None:
            style = self.rich_style
            for tone in tones:
                style += self.get_component_rich_style(f"quote-grid--{tone}", partial=True)
            self._styles[tones] = style
        return style

    def render_line(self, y: int) -> Strip:
        """One line of the widget: header, a row, or blank."""
        width = self.size.width
        if y < self.header_height:
            if not self._header:
                self._header = self._render_header(width)
            return self._header[y]
        row = y - self.header_height + self.scroll_offset.y
        if row >= len(self._rows):
            return self._empty_line(y - self.header_height - 1, width)
        strip = self._strips.get(row)
        if strip is None:
            strip = self._strips[row] = self._render_row(row, width)
        return strip

    def say_when_empty(self, text: str, tone: str = "muted") -> None:
        """What stands in the rows' place where there are none; a line break begins a new paragraph."""
        if (text, tone) != (self._empty, self._empty_tone):
            self._empty, self._empty_tone = text, tone
            self.refresh()

    def _empty_line(self, number: int, width: int) -> Strip:
        if self._rows or not self._empty or number < 0:
            return Strip.blank(width, self._style())
        lines = [line for part in self._empty.split("\n") for line in wrap(part, max(width - 4, 8)) or [""]]
        if number >= len(lines):
            return Strip.blank(width, self._style())
        text = lines[number].center(width) if len(lines) == 1 else f"  {lines[number]}".ljust(width)
        tone = self._empty_tone if number < len(wrap(self._empty.split("\n")[0], max(width - 4, 8))) else "muted"
        return Strip([Segment(text[:width], self._style(tone))], width)

    def _render_header(self, width: int) -> list[Strip]:
        titles = self._style("header")
        line = "".join(
            " " * (place.x - (0 if not index else self._placed[index - 1].x + self._placed[index - 1].width))
            + place.justify(place.column.title + " " * place.column.flashes)
            for index, place in enumerate(self._placed)
        )
        lines = [Strip([Segment(line.ljust(width)[:width], titles)], width)]
        if self.header_height == 2:
            text = [" "] * width
            for group, title in self._groups.items():
                places = [place for place in self._placed if place.column.group == group]
                if places:
                    start, end = places[0].x, places[-1].x + places[-1].width
                    text[start:end] = f" {title} ".center(end - start, "─")
            lines.insert(0, Strip([Segment("".join(text)[:width], self._style("group"))], width))
        return lines

    def _render_row(self, index: int, width: int) -> Strip:
        pieces = self._pieces.get(index)
        if pieces is None:
            pieces = [self._piece(index, number) for number in range(len(self._placed))]
            self._pieces[index] = pieces
        blank = self._style("row") if self._is_cursor_row(index) else self._style()
        segments: list[Segment] = []
        text, style = " " * self._placed[0].x if self._placed else "", blank
        for piece_text, piece_style in pieces:
            if piece_style is style:
                text += piece_text
            else:
                if text:
                    segments.append(Segment(text, style))
                text, style = piece_text, piece_style
        segments.append(Segment(text, style))
        end = self._placed[-1].x + self._placed[-1].width if self._placed else 0
        if end < width:
            segments.append(Segment(" " * (width - end), blank))
        return Strip(segments, width)

    def _is_cursor_row(self, index: int) -> bool:
        return index == self._row and self.has_focus

    def _piece(self, index: int, number: int) -> tuple[str, Style]:
        """Text and style of one cell, with the gap in front of it."""
        row, place = self._rows[index], self._placed[number]
        column = place.column
        text = column.write(row.cells[place.slot])
        way = self._flashes.get((row.key, place.slot), (0, 0))[0]
        if column.flashes:
            text += " ▲▼"[way]
        text = place.justify(text)
        if number:
            before = self._placed[number - 1]
            text = " " * (place.x - before.x - before.width) + text
        on_row = self._is_cursor_row(index)
        if on_row and number == self._column:
            return text, self._style("cursor")
        ground, tone = self._styler(column, row)
        if on_row:
            ground = "money-row" if ground == "money" else "row"
        if way:
            tone = "flash-up" if way > 0 else "flash-down"
        return text, self._style(ground, tone)

    def render_lines(self, crop: Region) -> list[Strip]:
        """The lines inside `crop`, without Textual's own cache: rows are cached here, and a grid has no border.

        Colours come from the style sheet as they are, so of Textual's filters only those for terminals
        without colour are applied.
        """
        if self._laid_out_for != (self.size.width, self.header_height):
            self._lay_out()  # drawn after a change of size and before its event
        strips = [self.render_line(y) for y in crop.line_range]
        for line_filter in self.get_line_filters():
            if not isinstance(line_filter, ANSIToTruecolor):
                background = self.background_colors[1]
                strips = [strip.apply_filter(line_filter, background) for strip in strips]
        if crop.column_span != (0, self.size.width):
            strips = [strip.crop(*crop.column_span) for strip in strips]
        return strips
