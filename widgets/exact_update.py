"""Send to the terminal the cells that changed, and not the line in front of them.

Textual's partial update writes each dirty span from the left edge of its widget, so that one cell at the
right end of a wide table costs the whole row. This compositor crops a span at both ends. Nothing else
about compositing is touched; where Textual's own update has no spans it is used as it is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.cells import cell_len
from rich.console import COLOR_SYSTEMS
from textual._compositor import ChopsUpdate, Compositor
from textual.message import Message
from textual.strip import Strip

if TYPE_CHECKING:
    from rich.color import ColorSystem
    from rich.console import Console, RenderableType
    from rich.segment import Segment


class ExactChopsUpdate(ChopsUpdate):
    """Spans of lines, cropped exactly."""

    def render_segments(self, console: Console) -> str:
        """Terminal sequences for the spans alone."""
        colours = COLOR_SYSTEMS[console.color_system or "truecolor"]
        pieces: list[str] = []
        for y, x1, x2 in self.spans:
            for end, (x, strip) in zip(self.chop_ends[y], self.chops[y].items(), strict=False):
                if strip is not None and x < x2 and end > x1:
                    start = max(x, x1)
                    pieces.append(f"\x1b[{y + 1};{start + 1}H")
                    pieces += _rendered(strip, start - x, min(end, x2) - x, colours)
        return "".join(pieces)


def _rendered(strip: Strip, start: int, end: int, colours: ColorSystem) -> list[str]:
    """The cells from `start` to `end` of a strip. A strip made for each span would cost more than all the rest."""
    pieces: list[str] = []
    position = 0
    for segment in strip:
        text, style, _ = segment
        width = cell_len(text)
        first, last = start - position, end - position
        position += width
        if first >= width:
            continue
        if last <= 0:
            break
        if first > 0 or last < width:
            text = _cut(segment, max(first, 0), min(last, width))
        pieces.append(text if style is None else Strip.render_style(style, text, colours))
    return pieces


def _cut(segment: Segment, first: int, last: int) -> str:
    if segment.text.isascii():
        return segment.text[first:last]
    return segment.split_cells(last)[0].split_cells(first)[1].text if first else segment.split_cells(last)[0].text


class ExactCompositor(Compositor):
    """Textual's compositor with exact partial updates, which can tell when something was painted first."""

    def __init__(self) -> None:
        super().__init__()
        self.painted_at: float | None = None
        """When the first painting since `watch` began, on the clock of Textual's messages; None: there was none yet."""

    def watch(self) -> None:
        """Something new is to be seen: wait for its painting."""
        self.painted_at = None

    def render_update(self, *told: Any, **named: Any) -> RenderableType | None:
        """What is to be written to the terminal next."""
        if self.painted_at is None:
            self.painted_at = Message().time
        return super().render_update(*told, **named)

    def render_partial_update(self) -> ChopsUpdate | None:
        """Render a partial update; None where nothing is dirty."""
        update = super().render_partial_update()
        if update is None:
            return None
        return ExactChopsUpdate(update.chops, update.spans, update.chop_ends)
