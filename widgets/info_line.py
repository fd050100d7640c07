"""One line of labelled pieces that drops the least important ones when the terminal is narrow."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from rich.cells import cell_len
from rich.segment import Segment
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

if TYPE_CHECKING:
    from rich.style import Style


class Piece(NamedTuple):
    """A word or figure on an information line."""

    text: str
    tone: str = "plain"
    """One of InfoLine's component classes, without its prefix."""
    rank: int = 0
    """Pieces with the highest rank are dropped first; 0 is never dropped."""
    joined: bool = False
    """Stands right behind the piece before it, after one blank, and is dropped with it."""


TONES = (
    "plain", "title", "muted", "faint", "strong", "up", "down", "warn", "alert", "key", "chip", "accent", "rule",
)  # fmt: skip


def fit(pieces: Sequence[Piece], width: int, gap: int) -> list[Piece]:
    """The pieces that fit into `width` cells with `gap` blanks between them, in order."""
    groups: list[list[Piece]] = []
    for piece in pieces:
        if piece.joined and groups:
            groups[-1].append(piece)
        elif not piece.joined:
            groups.append([piece])

    def needed(chosen: list[list[Piece]]) -> int:
        words = sum(sum(cell_len(piece.text) for piece in group) + len(group) - 1 for group in chosen)
        return words + gap * max(len(chosen) - 1, 0)

    while needed(groups) > width and any(group[0].rank for group in groups):
        worst = max(group[0].rank for group in groups)
        last = max(index for index, group in enumerate(groups) if group[0].rank == worst)
        del groups[last]
    return [
        piece._replace(joined=index > 0) if index else piece._replace(joined=False)
        for group in groups
        for index, piece in enumerate(group)
    ]


class InfoLine(Widget, inherit_bindings=False):
    """A line made of pieces. `show` redraws only the cells that differ."""

    DEFAULT_CSS = """
    InfoLine { height: 1; width: 1fr; background: $bar; color: $bar-text; }
    InfoLine > .info-line--title { color: $accent; text-style: bold; }
    InfoLine > .info-line--plain { color: $bar-text; }
    InfoLine > .info-line--muted { color: $muted; }
    InfoLine > .info-line--faint { color: $faint; }
    InfoLine > .info-line--rule { color: $faint; }
    InfoLine > .info-line--strong { color: $bar-text; text-style: bold; }
    InfoLine > .info-line--up { color: $up; }
    InfoLine > .info-line--down { color: $down; }
    InfoLine > .info-line--warn { color: $stale; text-style: bold; }
    InfoLine > .info-line--alert { color: $error; text-style: bold; }
    InfoLine > .info-line--key { color: $key; text-style: bold; }
    InfoLine > .info-line--accent { color: $accent; }
    InfoLine > .info-line--chip { color: $chip-text; background: $chip; text-style: bold; }
    """
    COMPONENT_CLASSES = {f"info-line--{tone}" for tone in TONES}  # noqa: RUF012 - Textual declares it as a plain set

    def __init__(self, pieces: Sequence[Piece] = (), *, gap: int = 2, widget_id: str | None = None) -> None:
        super().__init__(id=widget_id)
        self._pieces = tuple(pieces)
        self._gap = gap
        self._drawn: list[tuple[str, str]] = []

    @property
    def text(self) -> str:
        """What the line says at its present width."""
        return "".join(text for text, _ in self._segments(self.size.width)).rstrip()

    def show(self, pieces: Sequence[Piece]) -> None:
        """Replace what the line says."""
        fresh = tuple(pieces)
        if fresh == self._pieces:
            return
        self._pieces = fresh
        if not self.is_mounted or not self.size.width:
            self.refresh()
            return
        before, after = self._drawn, self._segments(self.size.width)
        old, new = "".join(text for text, _ in before), "".join(text for text, _ in after)
        if len(old) != len(new) or cell_len(new) != len(new) or len(before) != len(after):
            self.refresh()
            return
        x = 0
        for (old_text, old_tone), (new_text, new_tone) in zip(before, after, strict=True):
            if (old_text, old_tone) != (new_text, new_tone):
                if len(old_text) != len(new_text):
                    self.refresh(Region(x, 0, self.size.width - x, 1))
                    return
                self.refresh(Region(x, 0, len(new_text), 1))
            x += len(new_text)

    def _segments(self, width: int) -> list[tuple[str, str]]:
        chosen = fit(self._pieces, max(width - 2, 0), self._gap)
        line: list[tuple[str, str]] = [(" ", "plain")]
        for index, piece in enumerate(chosen):
            if index:
                line.append((" " * (1 if piece.joined else self._gap), "plain"))
            line.append((piece.text, piece.tone))
        used = sum(cell_len(text) for text, _ in line)
        if used < width:
            line.append((" " * (width - used), "plain"))
        return line

    def render_line(self, y: int) -> Strip:
        """The line's cells."""
        width = self.size.width
        if y:
            return Strip.blank(width, self.rich_style)
        base: Style = self.rich_style
        self._drawn = self._segments(width)
        segments = [
            Segment(text, base + self.get_component_rich_style(f"info-line--{tone}", partial=True))
            for text, tone in self._drawn
        ]
        return Strip(segments).crop(0, width)

    def get_content_height(self, *_: object) -> int:
        """Always one line."""
        return 1
