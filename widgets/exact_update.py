"""Send to the terminal the cells that changed, and not the line in front of them.

Textual's partial update writes each dirty span from the left edge of its widget, so that one cell at the
right end of a wide table costs the whole row. This compositor crops a span at both ends. Nothing else
about compositing is touched; where Textual's own update has no spans it is used as it is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.control import Control
from textual._compositor import ChopsUpdate, Compositor

if TYPE_CHECKING:
    from rich.console import Console


class ExactChopsUpdate(ChopsUpdate):
    """Spans of lines, cropped exactly."""

    def render_segments(self, console: Console) -> str:
        """Terminal sequences for the spans alone."""
        pieces: list[str] = []
        move_to = Control.move_to
        for y, x1, x2 in self.spans:
            for end, (x, strip) in zip(self.chop_ends[y], self.chops[y].items(), strict=False):
                if strip is None or x >= x2 or end <= x1:
                    continue
                start = max(x, x1)
                pieces.append(move_to(start, y).segment.text)
                pieces.append(strip.crop(start - x, min(end, x2) - x).render(console))
        return "".join(pieces)


class ExactCompositor(Compositor):
    """Textual's compositor with exact partial updates."""

    def render_partial_update(self) -> ChopsUpdate | None:
        """Render a partial update; None where nothing is dirty."""
        update = super().render_partial_update()
        if update is None:
            return None
        return ExactChopsUpdate(update.chops, update.spans, update.chop_ends)
