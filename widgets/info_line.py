"""One line of labelled pieces that drops the least important ones when the terminal is narrow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final, NamedTuple

from rich.cells import cell_len
from rich.segment import Segment
from textual.geometry import Region
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from widgets.tones import Tone, tone_style

if TYPE_CHECKING:
    from rich.style import Style
    from textual import events


class Piece(NamedTuple):
    """A word or figure on an information line."""

    text: str
    tone: str = "plain"
    """One of InfoLine's component classes, without its prefix."""
    rank: int = 0
    """Pieces with the highest rank are dropped first; 0 is never dropped."""
    joined: bool = False
    """Stands right behind the piece before it, after one blank, and is dropped with it."""
    action: str = ""
    """What a click on it asks for; nothing where it is empty."""


TONES: Final[Mapping[str, Tone]] = {
    "title": Tone("accent", words="bold"),
    "plain": Tone("bar-text"),
    "muted": Tone("muted"),
    "faint": Tone("faint"),
    "rule": Tone("faint"),
    "strong": Tone("bar-text", words="bold"),
    "up": Tone("up"),
    "down": Tone("down"),
    "warn": Tone("stale", words="bold"),
    "alert": Tone("error", words="bold"),
    "key": Tone("key", words="bold"),
    "accent": Tone("accent"),
    "chip": Tone("chip-text", "chip", words="bold"),
}
"""By the names that callers use."""


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
    """A line made of pieces. `show` redraws only the cells that differ; a click on a piece with an action tells it."""

    DEFAULT_CSS = """
    InfoLine { height: 1; width: 1fr; background: $bar; color: $bar-text; }
    """

    class Chosen(Message):
        """A piece with an action was clicked or tapped."""

        def __init__(self, action: str) -> None:
            super().__init__()
            self.action = action

    def __init__(self, pieces: Sequence[Piece] = (), *, gap: int = 2, widget_id: str | None = None) -> None:
        super().__init__(id=widget_id)
        self._pieces = tuple(pieces)
        self._gap = gap
        self._drawn: list[tuple[str, str]] = []

    @property
    def text(self) -> str:
        """What the line says at its present width."""
        return "".join(text for text, _ in self._segments(self.size.width)).rstrip()

    def action_at(self, x: int) -> str:
        """The action of the piece at column `x`, empty where there is none; the blank before a joined piece is its."""
        edge = 1
        for index, piece in enumerate(fit(self._pieces, max(self.size.width - 2, 0), self._gap)):
            start = edge + (0 if not index else 1 if piece.joined else self._gap)
            edge, reach = start + cell_len(piece.text), start - int(piece.joined)
            if reach <= x < edge:
                return piece.action
        return ""

    def on_click(self, event: events.Click) -> None:
        """Tell what the piece under the pointer asks for."""
        action = self.action_at(event.x)
        if action:
            event.stop()
            self.post_message(self.Chosen(action))

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
        segments = [Segment(text, base + tone_style(self, TONES[tone])) for text, tone in self._drawn]
        return Strip(segments).crop(0, width)

    def get_content_height(self, *_: object) -> int:
        """Always one line."""
        return 1
