"""The chain's two charts: the smile of the expiry, and what the option under the cursor pays."""

from __future__ import annotations

from typing import TYPE_CHECKING

from optionix_core.market.units import volatility_points
from widgets import figures
from widgets.braille_chart import Plot, Series

if TYPE_CHECKING:
    from optionix_core.services.chain_view import ChainRow, ChainView, SideRow

SMILE_WIDTH = 3.5
"""Standard deviations of the smile that are drawn on each side."""
PAYOFF_STEPS = 72


def _signed(value: float) -> str:
    return figures.signed_count(value)


def smile_plot(view: ChainView) -> Plot:
    """Implied volatility by strike of the out-of-the-money side: bid to ask as bars, mid as a line."""
    title = f"Smile {view.expiry:%d %b %y}"
    if view.forward is None:
        return Plot(title, note="no forward: too few good pairs of calls and puts")
    reach = SMILE_WIDTH * (view.expected_move or 0.25 * view.forward)
    bars, line = [], []
    for row in view.rows:
        if abs(row.strike - view.forward) > reach:
            continue
        side = row.call if row.strike >= view.forward else row.put
        if side.iv is None:
            continue
        line.append((row.strike, volatility_points(side.iv)))
        if side.bid_iv is not None and side.ask_iv is not None:
            bars.append((row.strike, volatility_points(side.bid_iv), volatility_points(side.ask_iv)))
    if not line:
        return Plot(title, note="no quote of this expiry could be solved")
    return Plot(
        title,
        (Series("mid", tuple(line), "series-2"), Series("bid to ask", tuple(bars), "series-1", "bars")),
        marks=((view.forward, f"F {figures.price(view.forward)}"),),
        write_x=figures.strike_label,
        write_y=figures.points,
    )


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
        today = tuple(
            (
                spot,
                view.multiplier
                * (float(price(option, spot, row.strike, view.years, view.rate, view.carry, side.iv)) - paid),
            )
            for spot in spots
        )
        series.append(Series("today", today, "series-3"))
    breakeven = row.strike + sign * paid
    return Plot(
        title,
        tuple(series),
        note=f"BE {figures.price(breakeven)}  max loss {figures.money(paid * view.multiplier)}",
        marks=((level, "F"),),
        write_x=figures.strike_label,
        write_y=_signed,
        zero_line=True,
        split_at_zero=True,
    )
