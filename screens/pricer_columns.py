"""The tables of the pricer: every Greek in market units, and methods side by side. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from optionix_core.market import units
from widgets import figures
from widgets.grid_columns import Column, GridRow

if TYPE_CHECKING:
    from collections.abc import Sequence

    from optionix_core.services.what_if_methods import MethodRow

SIGNS = {
    "delta": "Δ", "gamma": "Γ", "theta": "Θ", "vega": "V", "rho": "ρ", "epsilon": "ε",
}  # fmt: skip
UNTOLD = 1
ROUNDING = 1e-12


def _words(value: str | None) -> str:
    return value or ""


def greek_text(value: float | None) -> str:
    """Signed, with the digits that its size needs."""
    if value is None:
        return figures.ABSENT
    size = abs(value)
    if size >= 1e5 or 0.0 < size < 1e-6:
        return f"{value:+.3e}"
    digits = 2 if size >= 100 else 3 if size >= 10 else 4 if size >= 0.01 else 6
    return figures.signed(value, digits)


def _price(value: float | None) -> str:
    return figures.ABSENT if value is None else f"{value:.8g}"


def _error(value: float | None) -> str:
    """What is below a millionth of a millionth is rounding, and told as that."""
    if value is None:
        return ""
    return "<1e-12" if value < ROUNDING else f"{value:.1e}"


def _seconds(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value * 1e3:.1f} ms" if value < 1.0 else f"{value:.1f} s"


GREEK_COLUMNS: tuple[Column, ...] = (
    Column("name", "Greek", 10, _words, "left", tone="strong", home=True),
    Column("value", "value", 11, greek_text),
    Column("position", "position", 11, greek_text, rank=2),
    Column("unit", "per", 14, _words, "left", rank=1, tone="muted", grow=True, words=True),
)
METHOD_COLUMNS: tuple[Column, ...] = (
    Column("method", "Method", 18, _words, "left", tone="strong", home=True),
    Column("price", "price", 11, _price),
    Column("error", "error", 7, _error, rank=2),
    Column("kind", "", 5, _words, "left", rank=3, tone="muted"),
    Column("time", "time", 9, _seconds, rank=1, tone="muted"),
    Column("note", "How", 16, _words, "left", rank=4, tone="muted", grow=True, words=True),
)


def greek_rows(greeks: Sequence[tuple[str, float | None]], size: float | None) -> list[GridRow]:
    """One Greek a line in market units; `size` is quantity times multiplier, None where the value is a position's."""
    rows = []
    for name, natural in greeks:
        value = None if natural is None else units.to_market(name, natural)
        held = None if value is None or size is None else value * size
        label = f"{SIGNS[name]} {name}" if name in SIGNS else name.replace("_", " ")
        rows.append(GridRow(name, (label, value, held, units.unit(name).label)))
    return rows


def method_rows(rows: Sequence[MethodRow]) -> list[GridRow]:
    """One method a line; what failed or is not known is said in its place."""
    return [
        GridRow(
            one.id,
            (
                one.id,
                one.price,
                one.error,
                "" if one.error is None else "s.e." if one.simulated else "bound",
                one.seconds,
                one.text if not one.failure or one.price is not None else one.failure,
            ),
            0 if one.price is not None else UNTOLD,
        )
        for one in rows
    ]


def method_style(column: Column, row: GridRow) -> tuple[str, str]:
    """A method that failed stands out."""
    return "cell", "warn" if row.flags & UNTOLD and column.key in {"method", "note"} else column.tone
