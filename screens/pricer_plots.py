"""The pictures of the pricer: value or profit by date over a strip of density, and the grid of moves. Pure."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from optionix_core.market.units import DAYS_PER_YEAR, POINT
from widgets import figures
from widgets.braille_chart import Plot, Series
from widgets.heat_map import Heat, HeatLine

if TYPE_CHECKING:
    from collections.abc import Sequence

    from optionix_core.services.what_if import Density, MoveGrid, Picture

STRIP = 0.2
"""Share of the picture's height that the density has."""
BARS = 240
"""Bars of the density: one for every dot of a wide picture."""


def payoff_plot(
    picture: Picture,
    density: Density | str,
    spot: float,
    *,
    money: bool,
    breakevens: Sequence[float] = (),
    title: str = "Value",
) -> Plot:
    """Curves by date, the last on top; the density along the bottom; spot and breakevens marked."""
    curves = []
    last = len(picture.curves) - 1
    for place, one in enumerate(picture.curves):
        points = tuple(
            (x, y) for x, y in zip(picture.spots.tolist(), one.values.tolist(), strict=True) if math.isfinite(y)
        )
        tone = "up" if place == last and last else "series-2" if not place else "series-3"
        name = "now" if not one.elapsed else f"+{days_text(one.elapsed)}"
        if place == last and last:
            name = f"{name} expiry" if not picture.note else name
        curves.append(Series(name, points, tone))
    series = list(reversed(curves)) if last else curves
    strip = _strip(picture, density)
    if strip is not None:
        series.append(strip)
    notes = [one for one in (picture.condition, picture.note) if one]
    if isinstance(density, str):
        notes.append(f"no density: {density}")
    finite = [value for one in picture.curves for value in one.values.tolist() if math.isfinite(value)]
    least = min(finite, default=0.0)

    def write_value(value: float) -> str:
        """Nothing along the density, whose height is no value."""
        return "" if value < least - 1e-9 * abs(least) else value_text(value)

    marks = [(spot, f"▴{figures.price(round(spot, 4))}")]
    marks += [(level, f"BE {figures.strike_label(level)}") for level in breakevens]
    return Plot(
        title,
        tuple(series),
        note="; ".join(notes),
        marks=tuple(marks),
        write_x=figures.strike_label,
        write_y=figures.signed_count if money else write_value,
        zero_line=money,
        split_at_zero=money and bool(last),
    )


def days_text(years: float) -> str:
    """`10d`, `0.4d`."""
    days = years * DAYS_PER_YEAR
    return f"{days:.0f}d" if days >= 9.5 or abs(days - round(days)) < 0.05 else f"{days:.1f}d"


def value_text(value: float) -> str:
    """A price on an axis."""
    size = abs(value)
    return f"{value:,.0f}" if size >= 1000 else f"{value:.1f}" if size >= 100 else f"{value:.2f}"


def _strip(picture: Picture, density: Density | str) -> Series | None:
    """The density as bars that stand on the bottom of the picture, no higher than a part of it."""
    if isinstance(density, str):
        return None
    left, right = float(picture.spots[0]), float(picture.spots[-1])
    highest = float(density.values.max())
    finite = [value for one in picture.curves for value in one.values.tolist() if math.isfinite(value)]
    if not finite or highest <= 0.0:
        return None
    low, high = min(finite), max(finite)
    height = STRIP * (high - low or 1.0)
    bars = []
    import numpy as np

    places = np.linspace(left, right, BARS)
    found = np.interp(places, density.levels, density.values, 0.0, 0.0)
    floor = low - height
    for x, chance in zip(places.tolist(), found.tolist(), strict=True):
        if chance > 0.004 * highest:
            bars.append((x, floor, floor + height * chance / highest))
    return Series(f"density: {density.source}", tuple(bars), "axis", "bars") if bars else None


def grid_heat(grid: MoveGrid | None, *, money: bool) -> Heat:
    """Changes of value: lines are moves of volatility or days that pass, columns moves of the spot."""
    if grid is None:
        return Heat("What if", note="not computed yet")
    known = known_columns(grid)
    columns = tuple(
        "spot" if not grid.spot_moves[place] else f"{100.0 * grid.spot_moves[place]:+.3g}%" for place in known
    )
    lines = []
    chosen = ""
    for line, changes in zip(grid.lines, grid.changes, strict=True):
        if grid.by == "days":
            key, label = f"{line!r}", f"+{days_text(line)}" if line else "now"
        else:
            key, label = f"{line!r}", f"vol {line / POINT:+.0f}" if line else "vol"
        if not line:
            chosen = key
        lines.append(HeatLine(key, label, tuple(changes[place] for place in known)))
    unit = "change of profit" if money else "change of value, per unit"
    return Heat(
        "What if",
        columns,
        tuple(lines),
        chosen,
        f"{unit}{f'; {grid.note}' if grid.note else ''}",
        figures.signed_count if money else change_text,
        balanced=True,
    )


def known_columns(grid: MoveGrid) -> tuple[int, ...]:
    """Places of the moves of the spot that every line has a value for."""
    places = range(len(grid.spot_moves))
    return tuple(place for place in places if all(math.isfinite(line[place]) for line in grid.changes))


def change_text(value: float) -> str:
    """`+1.24`, `-0.03`, `0`."""
    return figures.signed(round(value, 10), 2 if abs(value) >= 0.1 else 3)
