"""What becomes of drawn lines where a terminal cannot or shall not show all of it. No widget knows of it.

Applied to every line of every widget on its way to the screen, as Textual applies its own filters.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from rich.segment import Segment
from rich.style import Style
from textual.color import BLACK, WHITE, Color
from textual.filter import LineFilter

from config.contrast import ratio
from widgets.glyphs import to_ascii

if TYPE_CHECKING:
    from rich.color import Color as RichColor

STANDS_OUT = 3.0
"""Contrast (WCAG 2.1) of a ground with that of its widget from which it is told by turning ink and ground round."""
_REVERSED = Style(reverse=True)


class AsciiGlyphs(LineFilter):
    """Every sign in ASCII."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """The same cells in ASCII."""
        del background
        return [
            segment if segment.text.isascii() else Segment(to_ascii(segment.text), segment.style, segment.control)
            for segment in segments
        ]


class Colourless(LineFilter):
    """No colour at all: bold, underlined and the like stay, and a ground that stands out is drawn reversed."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """The same cells without colours."""
        return [
            segment
            if segment.style is None
            else Segment(segment.text, _bare(segment.style, background), segment.control)
            for segment in segments
        ]


@lru_cache(4096)
def _bare(style: Style, background: Color) -> Style:
    plain = style.without_color
    return plain + _REVERSED if style.bgcolor is not None and _stands_out(style.bgcolor, background) else plain


def _stands_out(ground: RichColor, background: Color) -> bool:
    if ground.is_default:
        return False
    around = background
    if background.ansi is not None:  # the terminal's own: dark or light, as far as anybody here can know
        around = WHITE if background.brightness > 0.5 else BLACK
    return ratio(Color.from_rich_color(ground).rgb, around.rgb) >= STANDS_OUT
