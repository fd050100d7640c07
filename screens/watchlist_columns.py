"""Columns and rows of the watchlist: what the list chose, a line of the last days, and what is missing. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from optionix_core.market.units import volatility_points
from widgets import figures
from widgets.grid_columns import Column, GridRow
from widgets.info_line import Piece
from widgets.sparkline import sparkline

if TYPE_CHECKING:
    from datetime import datetime

    from optionix_core.services.watchlist_view import WatchBoard, WatchRow, WatchView
    from optionix_core.services.watchlists import Watchlist

STALE, MISSING = 1, 2
_SIGNED = {"change": (4, 8), "iv-hv": (16, 32)}
"""Marks of a row whose value in a column is above or below zero."""
TREND = 20
"""Days of the line."""


def _text(value: str | None) -> str:
    return value or ""


def _points(value: float | None) -> str:
    return figures.ABSENT if value is None else figures.points(volatility_points(value))


def _signed_points(value: float | None) -> str:
    return figures.ABSENT if value is None else figures.signed(volatility_points(value), 1)


def _rank(value: float | None) -> str:
    return figures.ABSENT if value is None else f"{100 * value:.0f}"


def _move(value: float | None) -> str:
    return figures.ABSENT if value is None else f"±{value:.2f}"


def _change(value: float | None) -> str:
    return figures.ABSENT if value is None else f"{figures.arrow(value)}{figures.percent(value, 2)}"


def _trend(value: tuple[float, ...] | None) -> str:
    return sparkline(value or (), TREND)


_BY_KEY = {
    "last": Column("last", "Last", 9, figures.quote, tone="strong", flashes=True),
    "change": Column("change", "Change", 8, _change),
    "bid": Column("bid", "Bid", 9, figures.quote, tone="bid", flashes=True),
    "ask": Column("ask", "Ask", 9, figures.quote, tone="ask", flashes=True),
    "iv": Column("iv", "IV", 6, _points),
    "iv-rank": Column("iv-rank", "IVR", 4, _rank),
    "hv20": Column("hv20", "HV20", 6, _points),
    "iv-hv": Column("iv-hv", "IV-HV", 6, _signed_points),
    "expected-move": Column("expected-move", "Move 1σ", 8, _move),
    "delta": Column("delta", "Δ", 6, figures.fraction),
}
FIRST = Column("label", "Symbol", 22, _text, "left", tone="strong", home=True, words=True)
LAST = (
    Column("trend", f"{TREND} days", TREND, _trend, "left", rank=4, tone="muted"),
    Column("note", "Note", 20, _text, "left", rank=20, tone="warn", grow=True, words=True),
)


def columns_of(watchlist: Watchlist) -> tuple[Column, ...]:
    """The columns of a list: the later they come in it, the sooner they are left out."""
    chosen = [replace(_BY_KEY[str(one)], rank=place + 1 + (place > 2)) for place, one in enumerate(watchlist.columns)]
    return (FIRST, *chosen, *LAST)


def rows_of(view: WatchView, order: str = "", *, descending: bool = True) -> list[GridRow]:
    """A row a symbol, in the list's order, or by the column `order`; what has no value comes last."""
    rows = list(view.rows)
    if order:
        known = [row for row in rows if value_of(row, order) is not None]
        rest = [row for row in rows if value_of(row, order) is None]
        rows = [*sorted(known, key=lambda row: value_of(row, order), reverse=descending), *rest]  # type: ignore[arg-type, return-value] # of one column
    return [
        GridRow(
            row.symbol,
            (row.label, *row.values.values(), row.closes, note_of(row)),
            _flags(row),
        )
        for row in rows
    ]


def value_of(row: WatchRow, order: str) -> float | str | None:
    """What a row is sorted by."""
    if order == "label":
        return row.label
    return next((value for column, value in row.values.items() if str(column) == order), None)


def note_of(row: WatchRow) -> str:
    """What is wrong with a row, in a word or two."""
    if row.reason:
        return row.reason
    return "stale quote" if row.stale else ""


def _flags(row: WatchRow) -> int:
    found = (STALE if row.stale else 0) | (MISSING if row.reason else 0)
    for column, value in row.values.items():
        above, below = _SIGNED.get(str(column), (0, 0))
        found |= 0 if not value else above if value > 0 else below
    return found


def row_style(column: Column, row: GridRow) -> tuple[str, str]:
    """Signs have their colours; what is stale is marked."""
    if row.flags & STALE and column.key in {"last", "bid", "ask"}:
        return "cell", "warn"
    above, below = _SIGNED.get(column.key, (0, 0))
    tone = "up" if row.flags & above else "down" if row.flags & below else column.tone
    return "cell", tone


def board_pieces(board: WatchBoard, order: str, *, descending: bool) -> tuple[Piece, ...]:
    """The list in one line."""
    view = board.view
    if view is None:
        return (Piece("no watchlist yet", "muted", 0),)
    pieces = [
        Piece(view.watchlist.name, "strong", 0),
        Piece(f"{len(view.rows)} symbols", "plain", 1),
        Piece(f"{view.source} {view.state}", "plain", 3),
        Piece("as of", "muted", 2), Piece(f"{view.moment:%H:%M:%S} UTC", "plain", 2, joined=True),
    ]  # fmt: skip
    if order:
        pieces.append(Piece(f"by {order} {'↓' if descending else '↑'}", "accent", 1))
    missing = sum(row.reason is not None for row in view.rows)
    if missing:
        pieces.append(Piece(f"{missing} without data", "warn", 0))
    stale = sum(row.stale for row in view.rows)
    if stale:
        pieces.append(Piece(f"{stale} stale", "warn", 1))
    return tuple(pieces)


def row_pieces(row: WatchRow | None, now: datetime) -> tuple[Piece, ...]:
    """The symbol under the cursor: how old its quote is, where its closes lie, what is missing."""
    if row is None:
        return (Piece("no symbol under the cursor", "muted", 0),)
    pieces = [Piece(row.label, "title", 0)]
    if row.quoted_at is not None:
        age = figures.age((now - row.quoted_at).total_seconds())
        pieces += [Piece("quote", "muted", 1), Piece(f"{age} old", "warn" if row.stale else "plain", 1, joined=True)]
    if row.closes:
        low, high = min(row.closes), max(row.closes)
        pieces += [
            Piece(f"{len(row.closes)} days", "muted", 2),
            Piece(f"{figures.quote(low)} – {figures.quote(high)}", "plain", 2, joined=True),
        ]
    else:
        pieces.append(Piece("no daily history", "muted", 2))
    if row.reason:
        pieces.append(Piece(f"! {row.reason}", "warn", 0))
    return tuple(pieces)


def names_of(columns: Sequence[object]) -> str:
    """Columns as they are written on the entry line."""
    return " ".join(map(str, columns))
