"""Columns and rows of the book: positions under their underlying, and the ledger's newest entries."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from itertools import groupby
from typing import TYPE_CHECKING

from optionix_core.market.units import theta_per_day, vega_per_point, volatility_points
from widgets import figures
from widgets.grid_columns import Column, GridRow
from widgets.info_line import Piece

if TYPE_CHECKING:
    from optionix_core.portfolio.values import LedgerEntry
    from optionix_core.services.book_view import BookLine, BookView

GROUP, WITHOUT_MARK, WITHOUT_GREEKS = 1, 2, 4


def _text(value: str | None) -> str:
    return value or ""


def _quantity(value: Decimal | None) -> str:
    return "" if value is None else f"{value:+,.0f}"


def _amount(value: Decimal | None) -> str:
    return figures.ABSENT if value is None else figures.signed(value)


def _scaled(value: float | None) -> str:
    return figures.ABSENT if value is None else figures.signed_count(value)


def _per_day(value: float | None) -> str:
    return figures.ABSENT if value is None else figures.signed(theta_per_day(value))


def _per_point(value: float | None) -> str:
    return figures.ABSENT if value is None else figures.signed(vega_per_point(value))


def _points(value: float | None) -> str:
    return figures.ABSENT if value is None else figures.points(volatility_points(value))


def _mark(value: Decimal | str | None) -> str:
    return "" if value == "" else figures.price(value if isinstance(value, Decimal) else None)


def _days(value: int | None) -> str:
    return "" if value is None else f"{value}d"


POSITION_COLUMNS: tuple[Column, ...] = (
    Column("label", "Position", 24, _text, "left", tone="strong", grow=True),
    Column("quantity", "Qty", 5, _quantity, tone="strong"),
    Column("mark", "Mark", 8, _mark, rank=2, flashes=True),
    Column("value", "Value", 11, _amount, rank=5),
    Column("unrealised_pnl", "P&L", 10, _amount, home=True),
    Column("day_pnl", "Day", 10, _amount, rank=1),
    Column("iv", "IV", 6, _points, rank=6),
    Column("dollar_delta", "Δ$", 8, _scaled, rank=1),
    Column("dollar_gamma", "Γ$1%", 7, _scaled, rank=5),
    Column("theta", "Θ/day", 9, _per_day, rank=3),
    Column("vega", "V/pt", 9, _per_point, rank=3),
    Column("days", "Exp", 5, _days, rank=2, tone="muted"),
    Column("note", "Note", 26, _text, "left", rank=7, tone="warn"),
)
_PLACE = {column.key: index for index, column in enumerate(POSITION_COLUMNS)}

LEDGER_COLUMNS: tuple[Column, ...] = (
    Column("time", "Time UTC", 19, _text, "left", tone="muted"),
    Column("kind", "Kind", 10, _text, "left", rank=2),
    Column("cash", "Cash", 12, _amount, tone="strong"),
    Column("memo", "Entry", 44, _text, "left", rank=1, home=True, grow=True),
    Column("postings", "Postings", 60, _text, "left", rank=3, tone="muted", grow=True),
)


def position_style(column: Column, row: GridRow) -> tuple[str, str]:
    """Groups stand out; gains and losses are coloured beside their sign; what cannot be told is dim."""
    ground = "money" if row.flags & GROUP else "cell"
    if column.key in {"unrealised_pnl", "day_pnl"}:
        value = row.cells[_PLACE[column.key]]
        if value:
            return ground, "up" if value > 0 else "down"
    if row.flags & GROUP:
        return ground, "strike" if column.key == "label" else "strong"
    return ground, column.tone


def ledger_style(column: Column, row: GridRow) -> tuple[str, str]:
    """Cash in and out by colour beside the sign."""
    if column.key == "cash" and row.cells[2]:
        return "cell", "up" if row.cells[2] > 0 else "down"
    return "cell", column.tone


def position_rows(view: BookView) -> list[GridRow]:
    """Positions by underlying, each group led by its sums."""
    rows: list[GridRow] = []
    for underlying, members in groupby(view.lines, key=lambda line: line.underlying):
        lines = list(members)
        rows.append(_group(underlying, lines))
        rows.extend(_position(line) for line in lines)
    return rows


def _group(underlying: str, lines: Sequence[BookLine]) -> GridRow:
    values = [line.value for line in lines]
    greeks = [line.greeks for line in lines if line.greeks is not None]
    missing = len(lines) - len(greeks)
    known = bool(greeks)
    return GridRow(
        ("group", underlying),
        (
            f"▾ {underlying}", None, "",
            _total([value.market_value for value in values]),
            _total([value.unrealised_pnl for value in values]),
            _total([value.day_pnl for value in values]),
            None,
            sum(one.dollar_delta for one in greeks) if known else None,
            sum(one.dollar_gamma for one in greeks) if known else None,
            sum(one.theta for one in greeks) if known else None,
            sum(one.vega for one in greeks) if known else None,
            None,
            f"{missing} without Greeks" if missing else "",
        ),
        GROUP,
    )  # fmt: skip


def _total(amounts: Sequence[Decimal | None]) -> Decimal | None:
    """The sum, or None where a part cannot be told."""
    known = [amount for amount in amounts if amount is not None]
    return sum(known, Decimal(0)) if len(known) == len(amounts) else None


def _position(line: BookLine) -> GridRow:
    value, greeks = line.value, line.greeks
    note = value.mark.reason or line.greeks_reason or ""
    flags = (WITHOUT_MARK if value.mark.price is None else 0) | (WITHOUT_GREEKS if greeks is None else 0)
    return GridRow(
        line.symbol,
        (
            f"  {line.label}", value.position.quantity, value.mark.price,
            value.market_value, value.unrealised_pnl, value.day_pnl,
            None if greeks is None else greeks.iv,
            None if greeks is None else greeks.dollar_delta,
            None if greeks is None else greeks.dollar_gamma,
            None if greeks is None else greeks.theta,
            None if greeks is None else greeks.vega,
            line.days, note,
        ),
        flags,
    )  # fmt: skip


def ledger_rows(entries: Sequence[LedgerEntry], currency: str) -> list[GridRow]:
    """The newest entries first; cash is what the entry moved on the account's own cash."""
    rows = []
    for entry in entries:
        cash = sum(
            (leg.amount for leg in entry.postings if leg.commodity == currency and leg.account.endswith(":cash")),
            Decimal(0),
        )
        legs = "  ".join(f"{leg.account} {leg.amount:+f} {leg.commodity.strip()}" for leg in entry.postings)
        rows.append(GridRow(entry.id, (f"{entry.time:%Y-%m-%d %H:%M:%S}", entry.kind, cash, entry.memo, legs)))
    return rows


def account_pieces(view: BookView) -> tuple[Piece, ...]:
    """The account in one line; a day P&L that cannot be told says why."""
    report = view.report
    state = report.state
    pieces = [
        Piece("NLV", "muted", 0), Piece(figures.money(report.nlv), "strong", 0, joined=True),
        Piece("cash", "muted", 1), Piece(figures.money(state.cash), "plain", 1, joined=True),
        Piece("positions", "muted", 3), Piece(figures.money(report.positions_value), "plain", 3, joined=True),
        Piece("BP", "muted", 2), Piece(figures.money(report.buying_power), "plain", 2, joined=True),
    ]  # fmt: skip
    for label, amount, rank in (
        ("day", report.day_pnl, 0),
        ("unrealised", report.unrealised_pnl, 2),
        ("realised", state.realised_pnl, 3),
    ):
        tone = "muted" if not amount else "up" if amount > 0 else "down"
        pieces += [Piece(label, "muted", rank), Piece(_amount(amount), tone, rank, joined=True)]
    pieces += [Piece("fees", "muted", 4), Piece(figures.money(state.fees), "plain", 4, joined=True)]
    if not report.opened:
        pieces.append(Piece("opens with its first order", "muted", 5))
    if report.unmarked:
        pieces.append(Piece(f"{len(report.unmarked)} without a mark", "warn", 0))
    if report.day_reason is not None:
        pieces.append(Piece(f"day: {report.day_reason}", "warn", 5))
    return tuple(pieces)
