"""Columns and rows of the positions: a tree of groups and what is in them, with sums. Pure."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from optionix_core.market.units import theta_per_day, vega_per_point, volatility_points
from widgets import figures
from widgets.grid_columns import Column, GridRow

if TYPE_CHECKING:
    from optionix_core.services.book_groups import BookGroup, BookPart, BookTree, Totals

GROUP, WITHOUT_MARK, WITHOUT_GREEKS, SUBGROUP, ALL = 1, 2, 4, 8, 16


class RowKey(NamedTuple):
    """What a row is of."""

    kind: str
    """`group`, `part` or `all`."""
    group: str
    """Key of the group, or of the one that the part stands in; empty at the top."""
    symbol: str = ""
    """Of a part."""


def _text(value: str | None) -> str:
    return value or ""


def _quantity(value: Decimal | str | None) -> str:
    if value is None or value == "":
        return ""
    if isinstance(value, str):
        return value
    return f"{value:+,.0f}" if value == value.to_integral_value() else f"{value:+,f}"


def _amount(value: Decimal | None) -> str:
    return figures.ABSENT if value is None else figures.signed(value)


def _scaled(value: float | None) -> str:
    return figures.ABSENT if value is None else figures.signed_count(value)


def _per_day(value: float | None) -> str:
    return figures.ABSENT if value is None else figures.signed(theta_per_day(value))


def _per_point(value: float | None) -> str:
    return figures.ABSENT if value is None else figures.signed(vega_per_point(value))


def _points(value: float | str | None) -> str:
    if value == "":
        return ""
    return figures.ABSENT if not isinstance(value, float) else figures.points(volatility_points(value))


def _mark(value: Decimal | float | str | None) -> str:
    return "" if value == "" else figures.price(None if isinstance(value, str) else value)


def _days(value: int | str | None) -> str:
    return "" if value is None else value if isinstance(value, str) else f"{value}d"


POSITION_COLUMNS: Final[tuple[Column, ...]] = (
    Column("label", "Position", 24, _text, "left", tone="strong", grow=True, words=True),
    Column("quantity", "Qty", 5, _quantity, tone="strong"),
    Column("mark", "Mark", 8, _mark, rank=2, flashes=True),
    Column("value", "Value", 11, _amount, rank=6),
    Column("unrealised_pnl", "P&L", 10, _amount, home=True),
    Column("day_pnl", "Day", 10, _amount, rank=1),
    Column("iv", "IV", 6, _points, rank=8),
    Column("dollar_delta", "Δ$", 7, _scaled, rank=3),
    Column("dollar_gamma", "Γ$1%", 7, _scaled, rank=5),
    Column("theta", "Θ/day", 8, _per_day, rank=5),
    Column("vega", "V/pt", 8, _per_point, rank=5),
    Column("days", "Exp", 5, _days, rank=4, tone="muted"),
    Column("note", "Note", 34, _text, "left", rank=7, tone="warn", words=True),
)
"""Keys as `services.book_order` names figures."""
_PLACE: Final = {column.key: index for index, column in enumerate(POSITION_COLUMNS)}

LAYOUTS: Final[dict[str, tuple[str, ...]]] = {
    "default": tuple(_PLACE),
    "money": ("label", "quantity", "mark", "value", "unrealised_pnl", "day_pnl", "days", "note"),
    "greeks": ("label", "quantity", "iv", "dollar_delta", "dollar_gamma", "theta", "vega", "days", "note"),
}
"""Columns by the name of a layout, in the order in which a key goes through them."""


def columns_of(layout: str) -> tuple[Column, ...]:
    """The columns of a layout, in place: what it leaves out has rank -1 and is never shown."""
    shown = LAYOUTS[layout]
    if layout == "default":
        return POSITION_COLUMNS
    # A layout that was chosen is shown whole as soon as there is room: its own columns stay longer than others would.
    ranks = {key: place for place, key in enumerate(shown)}
    always = {"label", "quantity", "unrealised_pnl", "dollar_delta"}
    return tuple(
        _ranked(column, -1 if column.key not in ranks else 0 if column.key in always else ranks[column.key])
        for column in POSITION_COLUMNS
    )


def _ranked(column: Column, rank: int) -> Column:
    from dataclasses import replace

    return replace(column, rank=rank)


def position_style(column: Column, row: GridRow) -> tuple[str, str]:
    """Groups stand out; gains and losses are coloured beside their sign; what cannot be told is dim."""
    group = row.flags & (GROUP | ALL)
    ground = "money" if group else "row" if row.flags & SUBGROUP else "cell"
    if column.key in {"unrealised_pnl", "day_pnl"}:
        value = row.cells[_PLACE[column.key]]
        if value:
            return ground, "up" if value > 0 else "down"
    if group:
        return ground, "strike" if column.key == "label" else "warn" if column.key == "note" else "strong"
    return ground, column.tone


def position_rows(tree: BookTree, folded: Container[str], notes: Mapping[str, str]) -> list[GridRow]:
    """The tree as rows, what is folded left out, all of it summed in the last one. `notes` by symbol."""
    rows: list[GridRow] = []
    for top in tree.groups:
        rows += _branch(top, 0, folded, notes)
    if not tree.groups:
        rows += [_part(part, "", 0, notes) for part in tree.parts]
    if tree.parts:
        missing = _missing(tree.totals)
        sums = _sums("all", None, "", tree.totals, _noted(None, missing or None), missing)
        rows.append(GridRow(RowKey("all", ""), sums, ALL))
    return rows


def _branch(group: BookGroup, depth: int, folded: Container[str], notes: Mapping[str, str]) -> Iterator[GridRow]:
    if depth and len(group.parts) == 1:
        yield _part(group.parts[0], group.key, depth, notes)
        return
    closed = group.key in folded
    mark = "▸" if closed else "▾"
    told = [_missing(group.totals)]
    if closed:
        told += [notes[part.line.symbol] for part in group.parts if part.line.symbol in notes]
    label = f"{' ' * depth}{mark} {group.title}"
    units = "" if group.units is None else _units(group.units)
    price: Any = "" if group.strategy is None else group.net_price
    note = "; ".join(one for one in told if one)
    yield GridRow(
        RowKey("group", group.key),
        _sums(label, units, price, group.totals, _noted(group.days, note or None), note),
        SUBGROUP if depth else GROUP,
    )
    if closed:
        return
    for below in group.groups:
        yield from _branch(below, depth + 1, folded, notes)
    if not group.groups:
        yield from (_part(part, group.key, depth + 1, notes) for part in group.parts)


def _noted(days: int | None, note: str | None) -> int | str | None:
    """Days to expiry with a sign where there is a note, which may have no room."""
    return days if note is None else f"{'' if days is None else f'{days}d'}!"


def _units(units: Decimal) -> str:
    return f"{units:,.0f}" if units == units.to_integral_value() else f"{units:,f}"


def _sums(label: str, quantity: Any, price: Any, sums: Totals, days: int | str | None, note: str) -> tuple[Any, ...]:
    return (
        label, quantity, price, sums.market_value, sums.unrealised_pnl, sums.day_pnl, "",
        sums.dollar_delta, sums.dollar_gamma, sums.theta, sums.vega, days, note,
    )  # fmt: skip


def _missing(sums: Totals) -> str:
    told = [f"{' and '.join(sums.currencies)} are not added up"] if len(sums.currencies) > 1 else []
    told += [f"{sums.without_mark} without a mark"] if sums.without_mark else []
    told += [f"{sums.without_greeks} without Greeks"] if sums.without_greeks > sums.without_mark else []
    return "; ".join(told)


def _part(part: BookPart, group: str, depth: int, notes: Mapping[str, str]) -> GridRow:
    line, greeks = part.line, part.greeks
    told = [line.value.mark.reason or line.greeks_reason or "", notes.get(line.symbol, "")]
    if not part.whole:
        told.insert(0, f"of {_quantity(line.value.position.quantity)}")
    flags = (WITHOUT_MARK if line.value.mark.price is None else 0) | (WITHOUT_GREEKS if greeks is None else 0)
    return GridRow(
        RowKey("part", group, line.symbol),
        (
            f"{' ' * (depth + 2 if depth else 0)}{line.label}", part.quantity, line.value.mark.price,
            part.market_value, part.unrealised_pnl, part.day_pnl,
            ("" if line.expiry is None else None) if greeks is None or greeks.iv is None else greeks.iv,
            None if greeks is None else greeks.dollar_delta,
            None if greeks is None else greeks.dollar_gamma,
            None if greeks is None else greeks.theta,
            None if greeks is None else greeks.vega,
            _noted(line.days, notes.get(line.symbol)), "; ".join(one for one in told if one),
        ),
        flags,
    )  # fmt: skip
