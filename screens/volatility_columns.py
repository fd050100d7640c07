"""Columns and rows of what was found: sure profits in quotes, arbitrage of the fit, quotes rich or cheap. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from widgets import figures
from widgets.grid_columns import Column, GridRow

if TYPE_CHECKING:
    from datetime import date

    from optionix_core.services.surface_view import SurfaceView
    from optionix_core.volatility.surface.mispricing import Mispricing

SURE, FAULT, VALUE = 1, 2, 4
"""Marks of a row: sure profit in the quotes, arbitrage of the fit, rich or cheap."""
MOST = 200
"""Rows of each sort; the command line lists the rest."""


class FindingKey(NamedTuple):
    """What a row is about."""

    sort: int
    kind: str
    expiry: date
    root: str
    option_type: str | None
    strike: float | None
    legs: tuple[float, ...] = ()
    """Strikes of what is bought against it."""


def _text(value: str | None) -> str:
    return value or ""


def _strike(value: float | None) -> str:
    return "" if value is None else figures.strike(value)


def _price(value: float | None) -> str:
    return "" if value is None else figures.quote(value)


def _fair(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"


FINDING_COLUMNS: tuple[Column, ...] = (
    Column("kind", "Finding", 9, _text, "left", tone="strong", home=True),
    Column("expiry", "Expiry", 7, _text, "left", tone="muted"),
    Column("strike", "Strike", 6, _strike, tone="strike"),
    Column("type", "", 1, _text, "left"),
    Column("bid", "bid", 8, _price, rank=3, tone="bid"),
    Column("ask", "ask", 8, _price, rank=3, tone="ask"),
    Column("fair", "fair", 9, _fair, rank=2),
    Column("amount", "after", 7, _fair, tone="strong"),
    Column("detail", "How", 22, _text, "left", rank=4, tone="muted", grow=True),
)


def finding_style(column: Column, row: GridRow) -> tuple[str, str]:
    """Sure profits and faults stand out; rich and cheap are coloured beside their word."""
    if row.flags & FAULT:
        return "money", "warn" if column.key in {"kind", "amount"} else column.tone
    if column.key in {"kind", "amount"}:
        if row.flags & SURE:
            return "cell", "warn"
        return "cell", "up" if row.cells[0] == "rich" else "down"
    return "cell", column.tone


def finding_rows(view: SurfaceView) -> list[GridRow]:
    """Faults of the fit first, then sure profits, then rich and cheap; each sort the worst first."""
    answers = view.answers
    rows = [
        GridRow(
            FindingKey(FAULT, one.kind, one.expiry, one.root, None, None),
            (f"fit {one.kind[:4]}", f"{one.expiry:%d%b%y}", None, None, None, None, None, one.severity,
             f"k {one.log_moneyness:+.3f}, {one.points} points"),
            FAULT,
        )
        for one in answers.fit[:MOST]
    ]  # fmt: skip
    rows += [
        GridRow(
            FindingKey(SURE, one.kind.value, one.expiry, one.root, one.option_type, one.strike, one.legs),
            (one.kind.value, f"{one.expiry:%d%b%y}", one.strike, _letter(one.option_type), None, None, None,
             one.severity, f"against {' and '.join(map(figures.strike, one.legs))}" if one.legs else "the forward"),
            SURE,
        )
        for one in (answers.violations or ())[:MOST]
    ]  # fmt: skip
    rows += [
        GridRow(
            FindingKey(SURE, "box", one.expiry, one.root, None, one.strike, (one.other,)),
            ("box", f"{one.expiry:%d%b%y}", one.strike, None, None, None, None, one.severity,
             f"against {figures.strike(one.other)}"),
            SURE,
        )
        for one in (answers.boxes or ())[:MOST]
    ]  # fmt: skip
    return rows + [_value(one) for one in (answers.mispricings or ())[:MOST]]


def _value(one: Mispricing) -> GridRow:
    return GridRow(
        FindingKey(VALUE, one.kind, one.expiry, one.root, one.option_type, one.strike),
        (one.kind, f"{one.expiry:%d%b%y}", one.strike, _letter(one.option_type), one.bid, one.ask, one.fair,
         one.amount, "bid above the fit" if one.kind == "rich" else "ask below the fit"),
        VALUE,
    )  # fmt: skip


def _letter(option_type: str | None) -> str | None:
    return None if option_type is None else option_type[0].upper()
