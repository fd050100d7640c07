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
    return layers(title, [(across, up)], marked=marked, width=width)


def layers(
    title: str,
    curves: Sequence[tuple[Sequence[float], Sequence[float]]],
    bars: Sequence[tuple[float, float, float]] = (),
    *,
    marked: float | None = None,
    width: int | None = None,
) -> str:
    """Several curves over upright bars (x, low, high), on one pair of axes; otherwise as `picture`."""
    import plotext

    room = width or (min(shutil.get_terminal_size().columns, WIDEST) if sys.stdout.isatty() else WIDEST)
    plotext.terminal.limit(width=False, height=False)
    figure = plotext.figure
    figure.clear()
    figure.plot_size(room, ROWS)
    xs = [x for across, _ in curves for x in across] + [x for x, _, _ in bars]
    ys = [y for _, up in curves for y in up] + [y for _, *ends in bars for y in ends]
    for axis, values, about in (("x", xs, _TICKS_ACROSS), ("y", ys, _TICKS_UP)):
        ticks = _round_values(min(values), max(values), about)
        ruler = figure.ruler(axis)
        ruler.lim(min(values), max(values))
        ruler.ticks(ticks, [f"{tick:,.6g}" for tick in ticks])
    if bars:
        dots = 4 * ROWS
        step = (max(ys) - min(ys)) / dots or 1.0
        points = [
            (x, low + (high - low) * place / count)
            for x, low, high in bars
            for count in (max(round((high - low) / step), 1),)
            for place in range(count + 1)
        ]
        figure.draw(figure.signal([x for x, _ in points], [y for _, y in points], marker="braille"))
    for across, up in curves:
        figure.draw(figure.signal(list(across), list(up), marker="braille").lines())
    if marked is not None and min(xs) <= marked <= max(xs):
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
