"""The pictures of the risk screen, out of a view alone: the stress matrix as a heat map, and the backtest. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from optionix_core.market.units import volatility_points
from screens.risk_columns import amount, short
from widgets.braille_chart import Plot, Series
from widgets.heat_map import Heat, HeatLine

if TYPE_CHECKING:
    from optionix_core.services.risk_tails import BacktestReport
    from optionix_core.services.risk_view import Gridded


class Cell(NamedTuple):
    """A cell of the stress matrix, by places on its axes."""

    volatility: int
    spot: int


def middle(gridded: Gridded) -> Cell:
    """Where nothing moves."""
    return Cell(gridded.found.volatility_moves.index(0.0), gridded.found.spot_returns.index(0.0))


def worst(gridded: Gridded, day: int) -> Cell:
    """The cell with the least P&L after so many days (a place on the axis)."""
    sheet = gridded.found.total[:, :, day]
    spot, volatility = divmod(int(sheet.argmin()), sheet.shape[1])
    return Cell(volatility, spot)


def moved(gridded: Gridded, cell: Cell, spots: int, volatilities: int) -> Cell:
    """Another cell, so many places on; at the edge it stays."""
    found = gridded.found
    return Cell(
        min(max(cell.volatility + volatilities, 0), len(found.volatility_moves) - 1),
        min(max(cell.spot + spots, 0), len(found.spot_returns) - 1),
    )


def stress_heat(gridded: Gridded, day: int, cell: Cell | None) -> Heat:
    """P&L by moves of spot (across) and of volatility (down, the rise on top); the worst cell flagged."""
    found = gridded.found
    count = len(found.volatility_moves)
    lines = tuple(
        HeatLine(
            str(place),
            f"{volatility_points(found.volatility_moves[place]):+.0f}pt",
            tuple(found.total[:, place, day].tolist()),
        )
        for place in range(count - 1, -1, -1)
    )
    low = worst(gridded, day)
    spot, move = found.spot_returns[low.spot], volatility_points(found.volatility_moves[low.volatility])
    pnl = float(found.total[low.spot, low.volatility, day])
    passed = "" if not found.days[day] else f", {found.days[day]:g}d on"
    return Heat(
        f"Stress{passed}",
        tuple(map(spot_text, found.spot_returns)),
        lines,
        "" if cell is None else str(cell.volatility),
        note=f"▼ worst {short(pnl)} at {spot_text(spot)} {move:+.0f}pt",
        write=short,
        balanced=True,
        column=None if cell is None else cell.spot,
        flagged=frozenset({(str(low.volatility), low.spot)}),
    )


def spot_text(move: float) -> str:
    """`-7.5%`, `+10%`."""
    return f"{100.0 * move:+.3g}%" if move else "0%"


def backtest_plot(report: BacktestReport) -> Plot:
    """Each day's P&L over the loss that was told for it; days that lost more are marked."""
    told, tests = report.forecasts, report.tests
    pnl, losses = told.pnl.tolist(), told.value_at_risk.tolist()
    days = report.days
    beyond = tuple((float(place), pnl[place]) for place in tests.exceptions)

    def day(x: float) -> str:
        place = min(max(round(x), 0), len(days) - 1)
        return days[place][2:7].replace("-", "/") if days else ""

    light = tests.traffic_light
    return Plot(
        "Backtest",
        (
            *((Series("beyond it", beyond, "down", "dots"),) if beyond else ()),
            Series("loss told", tuple((float(place), -loss) for place, loss in enumerate(losses)), "series-2"),
            Series("P&L", tuple((float(place), value) for place, value in enumerate(pnl)), "series-1", "dots"),
        ),
        note=f"{light.exceptions} of {light.observations} days beyond, {light.zone}",
        write_x=day,
        write_y=amount,
        zero_line=True,
    )
