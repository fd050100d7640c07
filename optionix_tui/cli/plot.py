"""A curve as text: braille dots between two axes, as wide as the terminal, the same in every pipe."""

from __future__ import annotations

import math
import shutil
import sys
from collections.abc import Sequence

from widgets.braille_canvas import BrailleCanvas

WIDEST = 100
ROWS = 20
_TICKS_ACROSS = 6
_TICKS_UP = 5


def picture(
    title: str, across: Sequence[float], up: Sequence[float], *, marked: float | None = None, width: int | None = None
) -> str:
    """Points joined by lines; `marked` is a vertical line, where it lies within. Numbers must be finite."""
    room = width or (min(shutil.get_terminal_size().columns, WIDEST) if sys.stdout.isatty() else WIDEST)
    left, right = min(across), max(across)
    bottom, top = _spread(min(up), max(up))
    labels = {_place(value, bottom, top, ROWS - 1): f"{value:,.6g}" for value in _round_values(bottom, top, _TICKS_UP)}
    margin = max(map(len, labels.values()))
    canvas = BrailleCanvas(max(room - margin - 2, 10), ROWS)

    def dot(x: float, y: float) -> tuple[int, int]:
        return (
            _place(x, left, right, canvas.width - 1),
            canvas.height - 1 - _place(y, bottom, top, canvas.height - 1),
        )

    if marked is not None and left <= marked <= right:
        column = _place(marked, left, right, canvas.width - 1)
        for height in range(0, canvas.height, 3):
            canvas.dot(column, height, 1)
    dots = [dot(x, y) for x, y in zip(across, up, strict=True)]
    for (x0, y0), (x1, y1) in zip(dots, dots[1:] or dots, strict=False):
        canvas.line(x0, y0, x1, y1, 0)
    lines = [title]
    for row in range(ROWS):
        label = labels.get(ROWS - 1 - row)
        cells = "".join(sign for sign, _ in canvas.row(row)).rstrip()
        lines.append(f"{label or '':>{margin}} {'┤' if label else '│'}{cells}".rstrip())
    return "\n".join([*lines, *_axis(left, right, margin, canvas.columns)]) + "\n"


def _axis(left: float, right: float, margin: int, columns: int) -> list[str]:
    """The line below and its numbers, each centred on its tick."""
    line, numbers = ["─"] * columns, [" "] * (columns + 8)
    free = 0
    for value in _round_values(left, right, _TICKS_ACROSS):
        tick, label = _place(value, left, right, columns - 1), f"{value:,.6g}"
        start = max(0, tick - len(label) // 2)
        line[tick] = "┬"
        if start >= free:
            numbers[start : start + len(label)] = label
            free = start + len(label) + 1
    return [f"{'':>{margin}} └{''.join(line)}", f"{'':>{margin}}  {''.join(numbers)}".rstrip()]


def _round_values(low: float, high: float, about: int) -> list[float]:
    """About so many multiples of 1, 2 or 5 times a power of ten within the bounds."""
    if high <= low:
        return [low]
    rough = (high - low) / about
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(size * power for size in (1, 2, 5, 10) if size * power >= rough * (1 - 1e-12))
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [number * step for number in range(first, last + 1)]


def _spread(low: float, high: float) -> tuple[float, float]:
    """The bounds; room above and below where they are one."""
    return (low, high) if high > low else (low - 1.0, high + 1.0)


def _place(value: float, low: float, high: float, last: int) -> int:
    """Where a value lies among 0 to `last`."""
    return 0 if high <= low else round((value - low) / (high - low) * last)
