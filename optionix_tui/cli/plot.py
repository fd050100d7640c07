"""A curve as text for `--plot`, drawn by plotext: as wide as the terminal, the same in every pipe, without colour."""

from __future__ import annotations

import math
import shutil
import sys
from collections.abc import Sequence

WIDEST = 100
ROWS = 24
_TICKS_ACROSS = 6
_TICKS_UP = 5


def picture(
    title: str, across: Sequence[float], up: Sequence[float], *, marked: float | None = None, width: int | None = None
) -> str:
    """Points joined by lines; `marked` is a vertical line, where it lies within. Numbers must be finite."""
    import plotext

    room = width or (min(shutil.get_terminal_size().columns, WIDEST) if sys.stdout.isatty() else WIDEST)
    plotext.terminal.limit(width=False, height=False)
    figure = plotext.figure
    figure.clear()
    figure.plot_size(room, ROWS)
    for axis, values, about in (("x", across, _TICKS_ACROSS), ("y", up, _TICKS_UP)):
        ticks = _round_values(min(values), max(values), about)
        ruler = figure.ruler(axis)
        ruler.lim(min(values), max(values))
        ruler.ticks(ticks, [f"{tick:,.6g}" for tick in ticks])
    figure.draw(figure.signal(list(across), list(up), marker="braille").lines())
    if marked is not None and min(across) <= marked <= max(across):
        figure.line(marked, orientation=1, relative=False)
    figure.title(title)
    text: str = plotext.uncolorize(str(figure.build()))
    return "\n".join(line.rstrip() for line in text.splitlines()) + "\n"


def _round_values(low: float, high: float, about: int) -> list[float]:
    """About so many multiples of 1, 2 or 5 times a power of ten within the bounds; plotext's own are not round."""
    if high <= low:
        return [low]
    rough = (high - low) / about
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(size * power for size in (1, 2, 5, 10) if size * power >= rough * (1 - 1e-12))
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [number * step for number in range(first, last + 1)]
