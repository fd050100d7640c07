"""How a cell is spelled: for eyes by its unit, for programs as it is."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

from optionix_core.portfolio.exact import decimal_text
from optionix_core.reporting.document import Cell, Unit
from optionix_core.sync.canonical import time_text

NO_DATA = "no data"


def for_eyes(cell: Cell, unit: Unit) -> str:
    """`-1,234.50`, `2026-11-20 15:30:00`, `no data`. Exact numbers keep every digit that they have."""
    if cell is None:
        return NO_DATA
    if isinstance(cell, datetime):
        return f"{cell.astimezone(UTC):%Y-%m-%d %H:%M:%S}"
    if isinstance(cell, str | date):
        return str(cell)
    if unit is Unit.PERCENT:
        return f"{100 * cell:,.2f}%"
    if isinstance(cell, Decimal):
        return _decimal(cell, 2 if unit is Unit.MONEY else 0)
    if isinstance(cell, int):
        return f"{cell:,}"
    if unit is Unit.PRICE:
        return f"{cell:,.6g}"
    return f"{cell:,.2f}" if unit is Unit.MONEY or abs(cell) >= 1000 else f"{cell:,.4g}"


def for_programs(cell: Cell) -> str | int | float | None:
    """Exact numbers are text, as everywhere in the log; floats and integers are numbers, None is null."""
    if isinstance(cell, Decimal):
        return decimal_text(cell)
    if isinstance(cell, datetime):
        return time_text(cell)
    if isinstance(cell, date):
        return cell.isoformat()
    return cell


def _decimal(value: Decimal, digits: int) -> str:
    """With thousands set apart and at least `digits` decimals."""
    whole, _, fraction = decimal_text(value.copy_abs()).partition(".")
    fraction = fraction.ljust(digits, "0")
    text = f"{int(whole):,}" + (f".{fraction}" if fraction else "")
    return f"-{text}" if value < 0 else text
