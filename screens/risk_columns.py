"""Columns of the risk screen's tables, and how their figures are written. Pure.

Money is in the account's currency and market units: gains for 1% of spot, a point of volatility or rate, a day.
"""

from __future__ import annotations

import math
from typing import Final

from widgets import figures
from widgets.grid_columns import Column, GridRow

TOTAL, BAD, NEAR, NONE, AFTER = 1, 2, 4, 8, 16
"""Marks of a row: a sum; a loss or a breach; near its bound; without figures; of the book with the staged legs."""
NEARLY: Final = 0.8
"""Use of a limit from which it is called near."""
METHOD_NAMES: Final[dict[str, str]] = {
    "plain": "past days",
    "age": "weighted by age",
    "filtered": "filtered (EWMA)",
    "copula": "drawn (Student-t copula)",
}
SHORT_NAMES: Final[dict[str, str]] = {"plain": "hist", "age": "age", "filtered": "filtered", "copula": "MC"}


def amount(value: float | None) -> str:
    """`2,410`, `48.20`: no cents where they say nothing."""
    if value is None or not math.isfinite(value):
        return figures.ABSENT
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:,.2f}"


def signed(value: float | None) -> str:
    """The same with its sign."""
    if value is None or not math.isfinite(value):
        return figures.ABSENT
    return figures.signed(value, 0 if abs(value) >= 100 else 2)


def held(value: float | None) -> str:
    """`amount` in eight cells: from a million on `1.2M`."""
    return figures.count(value) if value is not None and 1e6 <= abs(value) < math.inf else amount(value)


def moved(value: float | None) -> str:
    """`signed` in eight cells: from a million on `+1.2M`."""
    return figures.signed_count(value) if value is not None and 1e6 <= abs(value) < math.inf else signed(value)


def short(value: float | None) -> str:
    """The same for a narrow cell: `-12.4k`, `-4.9`."""
    if value is None or not math.isfinite(value):
        return figures.ABSENT
    return figures.signed(value, 1) if 0.05 <= abs(value) < 100 else figures.signed_count(value)


def share(value: float | None) -> str:
    """`48%`; from ten times on `12x`."""
    if value is None:
        return figures.ABSENT
    return f"{100.0 * value:.0f}%" if abs(value) < 9.995 else f"{figures.count(value)}x"


def words(value: str | None) -> str:
    """As it is."""
    return value or ""


def use(value: float | None) -> str:
    """How much of a bound is taken, as a bar and a figure."""
    if value is None:
        return figures.ABSENT
    full = min(max(round(value * 5), 0), 5)
    return f"{'▇' * full}{'▁' * (5 - full)}{100.0 * value:4.0f}%"


def deviations(value: float | None) -> str:
    """`-6.27`."""
    return figures.ABSENT if value is None else f"{value:+.2f}"


def deviation(value: float | None) -> str:
    """`1.40%`."""
    return figures.ABSENT if value is None else f"{100.0 * value:.2f}%"


def quantity(value: float | None) -> str:
    """`+2`, `-100`."""
    return "" if value is None else f"{value:+g}"


def days(value: float | None) -> str:
    """`0.017`."""
    return figures.ABSENT if value is None else f"{value:.3f}"


def price(value: float | None) -> str:
    """As quoted; empty where there is none."""
    return "" if value is None else figures.price(value)


def parted(value: float | None) -> str:
    """`-5%`, against another figure; empty where there is none."""
    return "" if value is None else figures.percent(value, 0)


def horizon_text(confidence: float, days: int) -> str:
    """`99% 1d`."""
    return f"{100.0 * confidence:g}% {days}d"


COMPONENT_COLUMNS: Final = (
    Column("name", "Part", 21, words, "left", words=True, grow=True, home=True),
    Column("component", "adds", 8, moved, tone="strong"),
    Column("share", "share", 5, share, rank=1, tone="muted"),
    Column("error", "±", 7, held, rank=3, tone="muted"),
    Column("alone", "alone", 8, held, rank=2),
    Column("incremental", "without", 8, moved, rank=2),
)
SCENARIO_COLUMNS: Final = (
    Column("title", "Scenario", 14, words, "left", words=True, grow=True, home=True),
    Column("pnl", "P&L", 8, moved, tone="strong"),
    Column("market", "market", 7, figures.percent, rank=1),
    Column("day", "day", 10, words, rank=3, tone="muted"),
    Column("closing", "to close", 8, held, rank=2, tone="muted"),
)
LIMIT_COLUMNS: Final = (
    Column("name", "Limit", 12, words, "left", words=True, grow=True, home=True),
    Column("stands", "stands", 8, words, "left", words=True, tone="strong"),
    Column("figure", "figure", 8, moved),
    Column("bound", "bound", 8, held, rank=2),
    Column("use", "use", 10, use, rank=1),
)
MARGIN_COLUMNS: Final = (
    Column("regime", "Regime", 9, words, "left", words=True, grow=True, home=True),
    Column("initial", "initial", 8, held, tone="strong"),
    Column("maintenance", "maint.", 8, held, rank=2),
    Column("excess", "excess", 8, moved, rank=1),
    Column("worst", "worst", 10, words, "left", words=True, rank=3, tone="muted", grow=True),
)
REVERSE_COLUMNS: Final = (
    Column("factor", "Factor", 12, words, "left", words=True, grow=True, home=True),
    Column("move", "move", 8, words, tone="strong"),
    Column("deviations", "dev.", 6, deviations),
    Column("deviation", "1 dev.", 7, deviation, rank=1, tone="muted"),
)
METHOD_COLUMNS: Final = (
    Column("name", "Method", 16, words, "left", words=True, grow=True, home=True),
    Column("value_at_risk", "VaR", 8, held, tone="strong"),
    Column("expected_shortfall", "ES", 8, held),
    Column("interval", "95% of VaR", 15, words, rank=2, tone="muted"),
    Column("against", "to hist", 7, parted, rank=1, tone="muted"),
)
GREEK_COLUMNS: Final = (
    Column("name", "Name", 8, words, "left", words=True, grow=True, home=True),
    Column("delta_cash", "Δ 1%", 7, short, tone="strong"),
    Column("gamma_cash", "Γ 1%", 7, short),
    Column("vega", "vega pt", 7, short),
    Column("theta", "Θ day", 7, short, rank=1),
    Column("rho", "ρ pt", 7, short, rank=4),
    Column("delta", "Δ", 8, short, rank=3),
    Column("vanna", "vanna", 7, short, rank=5),
    Column("volga", "volga", 7, short, rank=5),
    Column("value", "value", 8, moved, rank=2, tone="muted"),
)
LIQUIDITY_COLUMNS: Final = (
    Column("name", "Position", 21, words, "left", words=True, grow=True, home=True),
    Column("cost", "cost", 8, held, tone="strong"),
    Column("quantity", "qty", 6, quantity, rank=1),
    Column("price", "at", 8, price, rank=3),
    Column("displayed", "shown", 5, share, rank=2, tone="muted"),
    Column("days", "days", 6, days, rank=2),
)
COLUMNS: Final = {
    "components": COMPONENT_COLUMNS,
    "scenarios": SCENARIO_COLUMNS,
    "limits": LIMIT_COLUMNS,
    "margin": MARGIN_COLUMNS,
    "reverse": REVERSE_COLUMNS,
    "methods": METHOD_COLUMNS,
    "greeks": GREEK_COLUMNS,
    "liquidity": LIQUIDITY_COLUMNS,
}
_SIGNED_TONES: Final = {"pnl", "component", "excess", "delta_cash", "theta", "value"}


def row_style(column: Column, row: GridRow) -> tuple[str, str]:
    """Sums stand on their own ground; losses and breaches are coloured beside their sign or word."""
    ground = "money" if row.flags & (TOTAL | AFTER) else "cell"
    if row.flags & NONE:
        return ground, "muted"
    if row.flags & BAD and column.key in {"stands", "figure", "pnl", "excess", "use"}:
        return ground, "down"
    if row.flags & NEAR and column.key in {"stands", "use"}:
        return ground, "warn"
    return ground, column.tone
