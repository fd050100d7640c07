"""The pictures of the volatility screen, out of a view alone: smile, term structure, wings, density, cone, surface."""

from __future__ import annotations

from math import exp, log, sqrt
from typing import TYPE_CHECKING

from optionix_core.market.units import volatility_points
from widgets import figures
from widgets.braille_chart import Plot, Series
from widgets.heat_map import Heat, HeatLine

if TYPE_CHECKING:
    from collections.abc import Sequence

    from optionix_core.services.calibration_view import CalibrationView
    from optionix_core.services.surface_smile import DensityCurve, HeatRow, SmileQuote
    from optionix_core.services.surface_view import SurfaceView

SESSIONS_A_DAY = 252 / 365


def expiry_key(view: SurfaceView, place: int) -> str:
    """What names an expiry in tabs and lines."""
    item = view.found.surface.slices[place]
    return f"{item.expiry} {item.root}"


def smile_plot(
    view: SurfaceView,
    place: int,
    quotes: Sequence[SmileQuote],
    curve: Sequence[tuple[float, float]],
    cursor: SmileQuote | None,
    calibrated: CalibrationView | None = None,
) -> Plot:
    """The smile and a calibrated model's over bid and ask, in points by strike; forward and cursor marked."""
    item = view.found.surface.slices[place]
    bars = tuple(
        (one.strike, volatility_points(one.bid_iv), volatility_points(one.ask_iv))
        for one in quotes
        if one.bid_iv is not None
    )
    line = tuple((strike, volatility_points(volatility)) for strike, volatility in curve)
    other = () if calibrated is None else calibrated.smile_of(item.expiry, item.root)
    model = tuple((strike, volatility_points(volatility)) for strike, volatility in other)
    marks = [(item.forward, "F")]
    if cursor is not None:
        marks.insert(0, (cursor.strike, f"▴{figures.strike(cursor.strike)}"))
    share = f"{item.metrics.inside_bid_ask:.0%} of {item.metrics.quotes} inside" if quotes else ""
    return Plot(
        f"Smile {item.expiry:%d %b %y}",
        (
            Series(view.model, line, "series-2"),
            *([Series(calibrated.model, model, "series-3")] if calibrated is not None and model else []),
            Series("bid to ask", bars, "series-1", "bars"),
        ),
        note=share,
        marks=tuple(marks),
        write_x=figures.strike_label,
        write_y=figures.points,
    )


def _days(x: float) -> str:
    days = x * x
    return f"{days:.0f}d" if days >= 9.5 else f"{days:.1f}d"


def term_plot(view: SurfaceView, place: int) -> Plot:
    """Volatility at the forward by the square root of time; the chosen expiry marked."""
    told = view.summaries
    line = tuple((sqrt(one.days), volatility_points(one.at_the_money)) for one in told)
    here = told[place]
    return Plot(
        "Term structure",
        (Series("at the forward", line, "series-2"),),
        note=f"{here.days:.0f}d {volatility_points(here.at_the_money):.2f}",
        marks=((sqrt(here.days), "▴"),),
        write_x=_days,
        write_y=_fine,
    )


def wings_plot(view: SurfaceView, place: int) -> Plot:
    """Risk reversal and butterfly of delta 0.25 by the square root of time."""
    told, here = view.summaries, view.summaries[place]
    series = []
    for name, values, tone in (
        ("RR25", [one.risk_reversal_25 for one in told], "series-1"),
        ("BF25", [one.butterfly_25 for one in told], "series-3"),
    ):
        points = tuple(
            (sqrt(one.days), volatility_points(value))
            for one, value in zip(told, values, strict=True)
            if value is not None
        )
        series.append(Series(name, points, tone))
    note = ""
    if here.risk_reversal_25 is not None and here.butterfly_25 is not None:
        pair = (volatility_points(here.risk_reversal_25), volatility_points(here.butterfly_25))
        note = f"{pair[0]:+.2f} {pair[1]:+.2f}"
    return Plot(
        "Wings",
        tuple(series),
        note=note if any(one.points for one in series) else "no expiry has calls and puts of delta 0.25",
        marks=((sqrt(here.days), "▴"),),
        write_x=_days,
        write_y=_fine,
        zero_line=True,
    )


def _fine(value: float) -> str:
    """A volatility in points where tenths may all be the same."""
    return f"{value:.2f}" if abs(value) < 100 else f"{value:.1f}"


def density_plot(view: SurfaceView, place: int, told: DensityCurve | str) -> Plot:
    """Where the price may end, with its percentiles; or why there is no density."""
    item = view.found.surface.slices[place]
    title = f"Density {item.expiry:%d %b %y}"
    if isinstance(told, str):
        return Plot(title, note=told)
    points = tuple(zip(told.level, told.density, strict=True))
    low, _, middle, _, high = told.percentiles
    return Plot(
        title,
        (Series("", points, "series-3"),),
        note=f"5% {figures.strike_label(low)}  50% {figures.strike_label(middle)}  95% {figures.strike_label(high)}",
        marks=tuple((level, f"{share}%") for share, level in zip((5, 25, 50, 75, 95), told.percentiles, strict=True)),
        write_x=figures.strike_label,
        write_y=lambda value: f"{max(value, 0.0):.2g}",
    )


def cone_plot(view: SurfaceView) -> Plot:
    """Realised volatility by window: range, quartiles, median and now; implied volatility of the same spans."""
    cone = view.past.cone
    if cone is None:
        return Plot("Cone", note="; ".join(view.past.trouble) or "no history")
    x = [log(days) for days in cone.windows]

    def line(name: str, values: Sequence[float], tone: str) -> Series:
        return Series(name, tuple((at, volatility_points(value)) for at, value in zip(x, values, strict=True)), tone)

    quartiles = tuple(
        (at, volatility_points(low), volatility_points(high))
        for at, low, high in zip(x, cone.lower_quartile.tolist(), cone.upper_quartile.tolist(), strict=True)
    )
    implied = tuple(
        (log(sessions), volatility_points(one.at_the_money))
        for one in view.summaries
        if cone.windows[0] <= (sessions := one.days * SESSIONS_A_DAY) <= cone.windows[-1]
    )
    return Plot(
        "Cone",
        (
            line("now", cone.now.tolist(), "series-2"),
            *([Series("implied", implied, "series-3")] if implied else []),
            line("median", cone.median.tolist(), "series-1"),
            Series("quartiles", quartiles, "series-1", "bars"),
            line("", cone.minimum.tolist(), "axis"),
            line("", cone.maximum.tolist(), "axis"),
        ),
        marks=tuple((at, f"{days}d") for at, days in zip(x, cone.windows, strict=True)),
        write_x=lambda at: f"{exp(at):.0f}d",
        write_y=figures.points,
    )


def heat(view: SurfaceView, place: int, rows: Sequence[HeatRow], deviations: Sequence[float]) -> Heat:
    """Every expiry's volatility in points at so many deviations from its forward."""
    lines = tuple(
        HeatLine(
            f"{row.expiry} {row.root}",
            f"{row.days:.0f}d" if row.days >= 9.5 else f"{row.days:.1f}d",
            tuple(volatility_points(value) for value in row.volatilities),
        )
        for row in rows
    )
    columns = tuple("F" if not at else f"{at:+g}" for at in deviations)
    return Heat("Surface", columns, lines, expiry_key(view, place), "at σ from F", figures.points)
