"""Pictures of a surface by matplotlib: a smile beside its quotes, the term structure, a density, the surface in space.

Drawn on figures of their own, with no window and no state that outlives a picture. Text stays text in SVG, identifiers
are derived from what is drawn, and no date is written, so that the same surface gives the same SVG.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any, Literal

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure

from optionix_core.errors import MissingDataError
from optionix_core.services.surface_summary import summaries
from optionix_core.services.surfaces import smile_grid

if TYPE_CHECKING:
    from collections.abc import Callable

    from matplotlib.axes import Axes

    from optionix_core.services.surfaces import FittedSurface

PictureKind = Literal["smile", "term", "density", "surface"]

SIZE = (7.2, 4.2)
"""Inches."""
DOTS = 144
"""An inch, for PNG."""
POINTS = 201
FIT, QUOTE, MARK = "#1f5fa8", "#d98a1f", "#777777"
_LOOK: Any = {
    "svg.fonttype": "none",
    "font.size": 9.0,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.color": "#e4e4e4",
    "grid.linewidth": 0.6,
    "axes.titlesize": 10.0,
    "axes.titlelocation": "left",
}


def draw(found: FittedSurface, kind: PictureKind, place: int, format: Literal["svg", "png"]) -> bytes:  # noqa: A002 - what users call it
    """One picture; `place` is the slice of a smile or a density. Raises MissingDataError where there is nothing."""
    item = found.surface.slices[place]
    salt = f"{found.surface.underlying} {found.surface.as_of.isoformat()} {kind} {item.root} {item.expiry}"
    content = io.BytesIO()
    with mpl.rc_context(_LOOK | {"svg.hashsalt": salt}):
        figure = Figure(figsize=SIZE, layout="constrained")
        _DRAWN[kind](figure, found, place)
        metadata = {"Date": None, "Creator": "Optionix"} if format == "svg" else {"Software": "Optionix"}
        figure.savefig(content, format=format, dpi=DOTS, metadata=metadata)
    return content.getvalue()


def _smile(figure: Figure, found: FittedSurface, place: int) -> None:
    item, quotes = found.surface.slices[place], found.quotes_of(place)
    axes = figure.add_subplot()
    k = smile_grid(item, POINTS, 3.5)
    if quotes is not None and quotes.count:
        span = float(quotes.log_moneyness[-1] - quotes.log_moneyness[0])
        k = np.linspace(quotes.log_moneyness[0] - 0.05 * span, quotes.log_moneyness[-1] + 0.05 * span, POINTS)
        strikes = item.forward * np.exp(quotes.log_moneyness)
        bid, ask, middle = (100.0 * np.sqrt(one / item.years) for one in (quotes.bid, quotes.ask, quotes.middle))
        quoted = quotes.bid > 0.0
        axes.vlines(
            strikes[quoted], bid[quoted], ask[quoted], color=QUOTE, linewidth=2.4, alpha=0.6, label="bid to ask"
        )
        axes.plot(strikes, middle, ".", color=QUOTE, markersize=2.0, label="mid")
    points = 100.0 * np.sqrt(item.smile.total_variance(k) / item.years)
    axes.plot(item.forward * np.exp(k), points, color=FIT, linewidth=1.2, label=found.surface.model)
    axes.axvline(item.forward, color=MARK, linewidth=0.8, linestyle=":", label=f"forward {item.forward:,.2f}")
    share = f"{item.metrics.inside_bid_ask:.0%} of {item.metrics.quotes} quotes inside bid and ask"
    axes.set_title(f"{item.root} {item.expiry:%d %b %Y}, {item.years * 365:.0f} days: {share}")
    _named(axes, "strike", "implied volatility, points")


def _term(figure: Figure, found: FittedSurface, place: int) -> None:
    del place
    told = summaries(found.surface)
    days = [one.days for one in told]
    upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=(3, 2))
    upper.plot(days, [100.0 * one.at_the_money for one in told], ".-", color=FIT, linewidth=1.2, label="at the forward")
    upper.set_title(f"{found.surface.underlying}: term structure, {found.surface.as_of:%d %b %Y %H:%M} UTC")
    _named(upper, "", "volatility, points")
    upper.set_xscale("function", functions=(np.sqrt, np.square))
    upper.set_xlim(0.0, 1.03 * days[-1])
    upper.set_xticks(_days_marked(days[0] / 365.0, days[-1] / 365.0))
    for name, color, label in (
        ("risk_reversal_25", QUOTE, "25-delta risk reversal"),
        ("butterfly_25", FIT, "25-delta butterfly"),
    ):
        known = [(one.days, 100.0 * getattr(one, name)) for one in told if getattr(one, name) is not None]
        lower.plot([x for x, _ in known], [y for _, y in known], ".-", color=color, linewidth=1.2, label=label)
    _named(lower, "days to expiry", "points")


def _density(figure: Figure, found: FittedSurface, place: int) -> None:
    from optionix_core.volatility.analysis import percentile, risk_neutral_density

    surface, item = found.surface, found.surface.slices[place]
    told = risk_neutral_density(surface, item.years, points=POINTS, deviations=4.0)
    axes = figure.add_subplot()
    axes.fill_between(told.level, told.density, color=FIT, alpha=0.15)
    axes.plot(told.level, told.density, color=FIT, linewidth=1.2, label="risk-neutral density")
    shares = (0.05, 0.25, 0.5, 0.75, 0.95)
    for share, level in zip(shares, percentile(surface, shares, item.years).tolist(), strict=True):
        axes.axvline(level, color=MARK, linewidth=0.8, linestyle=":", label=f"{share:.0%}: {level:,.2f}")
    axes.set_title(f"{item.root} {item.expiry:%d %b %Y}: where the price may end, as the smile prices it")
    _named(axes, "price at expiry", "density per unit of price")


def _surface(figure: Figure, found: FittedSurface, place: int) -> None:
    """Volatility over standard deviations from the forward and the square root of time."""
    del place
    surface = found.surface
    years = surface.years
    if years.size < 2:
        raise MissingDataError(f"{surface.underlying} has one expiry with a smile: a surface needs two")
    t = np.linspace(np.sqrt(years[0]), np.sqrt(years[-1]), 60)[:, None] ** 2
    across = np.linspace(-2.5, 2.0, 80)[None, :] + np.zeros(t.shape)
    points = 100.0 * np.sqrt(surface.total_variance(across * np.sqrt(surface.total_variance(0.0, t)), t) / t)
    axes: Any = figure.add_subplot(projection="3d")
    root = np.sqrt(t) + np.zeros(across.shape)
    axes.plot_surface(across, root, points, cmap="viridis", rcount=60, ccount=80, linewidth=0.0, antialiased=True)
    axes.set_xticks([-2, -1, 0, 1, 2])
    ticks = _days_marked(float(years[0]), float(years[-1]))
    axes.set_yticks([np.sqrt(one / 365.0) for one in ticks], [str(one) for one in ticks])
    axes.set_title(f"{surface.underlying}: surface of implied volatility, {surface.model}", loc="center")
    axes.set_xlabel("deviations from the forward")
    axes.set_ylabel("days")
    axes.set_zlabel("volatility, points")
    axes.view_init(elev=24.0, azim=-52.0)
    axes.set_box_aspect((1.3, 1.3, 0.8))


def _days_marked(first: float, last: float) -> list[int]:
    """Round numbers of days between two times in years that stand apart where time is drawn as its square root."""
    room = 0.09 * (np.sqrt(last) - np.sqrt(first))
    kept: list[int] = []
    for days in (1, 7, 30, 90, 180, 365, 730, 1095, 1825, 3650):
        near = kept and np.sqrt(days / 365.0) - np.sqrt(kept[-1] / 365.0) < room
        if first * 365.0 <= days <= last * 365.0 and not near:
            kept.append(days)
    return kept


def _named(axes: Axes, across: str, up: str) -> None:
    axes.set_xlabel(across)
    axes.set_ylabel(up)
    axes.legend(frameon=False, fontsize=8.0)


_DRAWN: dict[PictureKind, Callable[[Figure, FittedSurface, int], None]] = {
    "smile": _smile,
    "term": _term,
    "density": _density,
    "surface": _surface,
}
