"""The chain's charts: the smile of the expiry, what the option under the cursor pays, and what the stage pays."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from optionix_core.market.units import volatility_points
from widgets import figures
from widgets.braille_chart import Plot, Series

if TYPE_CHECKING:
    from optionix_core.errors import OptionixError
    from optionix_core.services.chain_view import ChainRow, ChainView, SideRow
    from optionix_core.services.staging import StagedReport

DRAWN_EVERY = timedelta(seconds=0.25)
SMILE_WIDTH = 3.5
"""Standard deviations of the smile that are drawn on each side."""
PAYOFF_STEPS = 72
STRIP = 0.2
"""Height of the density, of the payoff's picture."""


def _signed(value: float) -> str:
    return figures.signed_count(value)


def smile_plot(view: ChainView) -> Plot:
    """Implied volatility by strike of the out-of-the-money side: the fit as a line, bid to ask as bars, odd mids."""
    title = f"Smile {view.expiry:%d %b %y}"
    if view.forward is None:
        return Plot(title, note="no forward: too few good pairs of calls and puts")
    reach = SMILE_WIDTH * (view.expected_move or 0.25 * view.forward)
    bars: list[tuple[float, float, float]] = []
    mids: list[tuple[float, float]] = []
    odd: list[tuple[float, float]] = []
    for row in view.rows:
        if abs(row.strike - view.forward) > reach:
            continue
        side = row.call if row.strike >= view.forward else row.put
        if side.iv is None:
            continue
        point = (row.strike, volatility_points(side.iv))
        (odd if row.lint else mids).append(point)
        if side.bid_iv is not None and side.ask_iv is not None:
            bars.append((row.strike, volatility_points(side.bid_iv), volatility_points(side.ask_iv)))
    if not mids and not odd:
        return Plot(title, note="no quote of this expiry could be solved")
    fit = _fitted(view, min(mids + odd)[0], max(mids + odd)[0])
    line = Series("mid", tuple(sorted(mids + odd)), "series-2")
    series = [Series(view.smile.model, fit, "series-2") if view.smile is not None and fit else line]
    if odd:
        series.append(Series("odd", tuple(odd), "down", "dots"))
    series.append(Series("bid to ask", tuple(bars), "series-1", "bars"))
    return Plot(
        title,
        tuple(series),
        note=_fit_words(view),
        marks=((view.forward, f"F {figures.price(view.forward)}"),),
        write_x=figures.strike_label,
        write_y=figures.points,
    )


def _fitted(view: ChainView, low: float, high: float) -> tuple[tuple[float, float], ...]:
    curve = () if view.smile is None else view.smile.curve
    return tuple((strike, volatility_points(one)) for strike, one in curve if low <= strike <= high)


def _fit_words(view: ChainView) -> str:
    if view.smile is None:
        return f"no fit: {view.no_smile}"
    return f"rmse {view.smile.rmse_vol_points:.2f} pt, {view.smile.inside_bid_ask:.0%} inside"


@dataclass(slots=True)
class Pace:
    """Whether a picture is due: at once where it is of something else, else a few times a second."""

    key: Hashable = None
    drawn: datetime | None = None

    def due(self, key: Hashable, now: datetime) -> bool:
        """Whether to draw now; a clock that was set back does not hold it up."""
        fresh = self.drawn is None or key != self.key or not timedelta(0) <= now - self.drawn < DRAWN_EVERY
        if fresh:
            self.key, self.drawn = key, now
        return fresh


def stage_plot(found: StagedReport | None, problem: OptionixError | None, level: float | None) -> Plot:
    """Profit of the staged legs when the nearest expiry ends and today, over the density of where it may end."""
    if found is None:
        return Plot("Payoff staged", note="being priced" if problem is None else str(problem))
    title = f"Payoff {found.report.strategy.name}"
    series = [Series("expiry", found.expiry, "up")]
    if found.today:
        series.append(Series("today", found.today, "series-3"))
    strip = _density_strip(found)
    if strip:
        series.append(Series("density", strip, "series-1", "bars"))
    edges = ", ".join(figures.price(one) for one in found.report.breakevens) or "none"
    return Plot(
        title,
        tuple(series),
        note=f"BE {edges}",
        marks=() if level is None else ((level, "F"),),
        write_x=figures.strike_label,
        write_y=_signed,
        zero_line=True,
        split_at_zero=True,
    )


def _density_strip(found: StagedReport) -> tuple[tuple[float, float, float], ...]:
    """The density as bars that stand on the floor of the payoff's picture, a fifth of it at most."""
    left, right = found.expiry[0][0], found.expiry[-1][0]
    inside = [(level, one) for level, one in found.density if left <= level <= right and one > 0.0]
    if not inside:
        return ()
    values = [value for curve in (found.expiry, found.today) for _, value in curve]
    floor, top = min(values), max(values)
    scale = STRIP * ((top - floor) or 1.0) / max(one for _, one in inside)
    return tuple((level, floor, floor + scale * one) for level, one in inside)


def payoff_plot(view: ChainView, row: ChainRow, side: SideRow) -> Plot:
    """Profit and loss of one contract bought at the ask: at expiry, and today by Black-Scholes at its volatility."""
    is_call = side is row.call
    title = f"Payoff +1 {figures.strike(row.strike)} {'C' if is_call else 'P'}"
    level = view.forward if view.forward is not None else view.spot
    paid = side.ask
    if paid is None or level is None:
        return Plot(title, note="no ask, so no price to pay")
    if view.inverse:
        return Plot(title, note=f"premium in {view.currency}: its payoff is drawn by the pricer")
    reach = 2.5 * (view.expected_move or 0.15 * level)
    low = max(level - reach, 0.02 * level)
    spots = [low + (level + reach - low) * step / PAYOFF_STEPS for step in range(PAYOFF_STEPS + 1)]
    sign = 1.0 if is_call else -1.0
    expiry = tuple((spot, view.multiplier * (max(sign * (spot - row.strike), 0.0) - paid)) for spot in spots)
    series = [Series("expiry", expiry, "up")]
    if side.iv is not None and view.rate is not None and view.carry is not None and view.years > 0:
        from optionix_core.pricing.black_scholes import price

        option = "call" if is_call else "put"
        worth = price(option, spots, row.strike, view.years, view.rate, view.carry, side.iv)
        today = [view.multiplier * (one - paid) for one in worth.tolist()]
        series.append(Series("today", tuple(zip(spots, today, strict=True)), "series-3"))
    breakeven = row.strike + sign * paid
    return Plot(
        title,
        tuple(series),
        note=f"BE {figures.price(breakeven)}  max loss {figures.money(paid * view.multiplier)}",
        marks=((level, "F" if view.forward is not None else "S"),),
        write_x=figures.strike_label,
        write_y=_signed,
        zero_line=True,
        split_at_zero=True,
    )
