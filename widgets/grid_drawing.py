"""How a grid draws itself: on the line API, a row rendered once into a strip and kept until something in it changes."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from textwrap import wrap
from typing import TYPE_CHECKING, Final

from rich.segment import Segment
from textual.filter import ANSIToTruecolor
from textual.scroll_view import ScrollView
from textual.strip import Strip

from widgets.grid_columns import Column, GridRow, PlacedColumn, place_columns
from widgets.tones import Tone, tone_style

if TYPE_CHECKING:
    from rich.style import Style
    from textual.geometry import Region

Styler = Callable[[Column, GridRow], tuple[str, str]]
"""For a column in a row: the tone of the background and the tone of the text."""

TONES: Final[Mapping[str, Tone]] = {
    "cell": Tone(),
    "muted": Tone("muted"),
    "faint": Tone("faint"),
    "bid": Tone("bid"),
    "ask": Tone("ask"),
    "up": Tone("up"),
    "down": Tone("down"),
    "strike": Tone("strike", words="bold"),
    "atm": Tone("atm", words="bold"),
    "strong": Tone("foreground", words="bold"),
    "warn": Tone("stale"),
    "row": Tone(background="row"),
    "money": Tone(background="money"),
    "money-row": Tone(background="row"),
    "bought": Tone(background="chip", words="bold"),
    "sold": Tone(background="chip", words="bold italic"),
    "header": Tone("muted", "surface"),
    "group": Tone("faint", "surface"),
    "cursor": Tone("cursor-text", "cursor", words="bold"),
    "flash-up": Tone("up", words="bold"),
    "flash-down": Tone("down", words="bold"),
}


def plain_style(column: Column, row: GridRow) -> tuple[str, str]:
    """The styler of a grid whose tones are its columns' own."""
    del row
    return "cell", column.tone


class GridDrawing(ScrollView, inherit_bindings=False):
    """Rows, columns and cursor of a grid as strips. What changes them is `QuoteGrid`'s business."""

    def __init__(
        self, columns: Sequence[Column], styler: Styler, groups: dict[str, str], empty: str, widget_id: str | None
    ) -> None:
        super().__init__(id=widget_id)
        self._columns = tuple(columns)
        self._styler = styler
        self._groups = groups
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
        self._row = 0
        self._column = 0

    @property
    def header_height(self) -> int:
        """Lines that stay at the top."""
        return 2 if self._groups and self.size.height >= 16 else 1

    @property
    def cursor_column(self) -> Column | None:
        """The column under the cursor."""
        return self._placed[self._column].column if self._placed else None

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

    def _forget(self, row: int, number: int | None = None) -> None:
        """What was drawn of a row, or of one cell of it, is out of date."""
        self._strips.pop(row, None)
        if number is None:
            self._pieces.pop(row, None)
        elif row in self._pieces:
            self._pieces[row][number] = self._piece(row, number)

    @property
    def columns(self) -> tuple[Column, ...]:
        """All columns, those that do not fit too, in the order of a row's cells."""
        return self._columns

    def notify_style_update(self) -> None:
        """Forget everything that was drawn in the old colours."""
        super().notify_style_update()
        self._styles.clear()
        self._strips.clear()
        self._pieces.clear()
        self._header.clear()

    def say_when_empty(self, text: str, tone: str = "muted") -> None:
        """What stands in the rows' place where there are none; a line break begins a new paragraph."""
        if (text, tone) != (self._empty, self._empty_tone):
            self._empty, self._empty_tone = text, tone
            self.refresh()

    def _style(self, *tones: str) -> Style:
        style = self._styles.get(tones)
        if style is None:
            style = self.rich_style
            for tone in tones:
                style += tone_style(self, TONES[tone])
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
