"""The columns of the chain: calls on the left, strike in the middle, puts mirrored on the right."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import TYPE_CHECKING

from optionix_core.market.units import theta_per_day, vega_per_point, volatility_points
from widgets import figures
from widgets.grid_columns import Column, GridRow

if TYPE_CHECKING:
    from optionix_core.services.chain_view import ChainRow, ChainView, SideRow

CALL_REJECTED, PUT_REJECTED, AT_THE_MONEY, CALL_IN_MONEY, PUT_IN_MONEY, STALE = 1, 2, 4, 8, 16, 32


def _points(value: float | None) -> str:
    return figures.ABSENT if value is None else figures.points(volatility_points(value))


def _theta(value: float | None) -> str:
    return figures.ABSENT if value is None else figures.fraction(theta_per_day(value))


def _vega(value: float | None) -> str:
    return figures.ABSENT if value is None else figures.fraction(vega_per_point(value))


def _held(value: Decimal | None) -> str:
    return "" if value is None or value == 0 else f"{value:+.0f}"


_STRIKE_WIDTH = 7


def _strike(value: tuple[float, str]) -> str:
    """With its mark, as far as there is room: strikes of coins have six digits."""
    strike, mark = value
    text = figures.strike(strike)
    before, after = (">", "<") if mark == "money" else ("", mark)
    for marked in (before + text + after, before + text):
        if len(marked) <= _STRIKE_WIDTH:
            return marked
    return text


_SIDE = (
    # key, title, width, write, rank, tone, flashes
    ("held", "Pos", 4, _held, 3, "strong", False),
    ("open_interest", "OI", 6, figures.count, 5, "muted", False),
    ("volume", "Vol", 6, figures.count, 4, "muted", False),
    ("vega", "V/pt", 6, _vega, 8, "cell", False),
    ("theta", "Θ/d", 6, _theta, 7, "cell", False),
    ("gamma", "Γ", 5, figures.gamma, 6, "cell", False),
    ("delta", "Δ", 5, figures.fraction, 2, "cell", False),
    ("iv", "IV", 5, _points, 1, "cell", False),
    ("bid", "Bid", 7, figures.quote, 0, "bid", True),
    ("ask", "Ask", 7, figures.quote, 0, "ask", True),
)
_FIELDS = tuple(entry[0] for entry in _SIDE)


def _columns(group: str, order: tuple[int, ...]) -> list[Column]:
    return [
        Column(
            key=f"{group}.{_SIDE[index][0]}",
            title=_SIDE[index][1],
            width=_SIDE[index][2],
            write=_SIDE[index][3],
            rank=_SIDE[index][4],
            tone=_SIDE[index][5],
            group=group,
            flashes=_SIDE[index][6],
            home=group == "call" and _SIDE[index][0] == "ask",
        )
        for index in order
    ]


_LEFT = tuple(range(len(_SIDE)))
_RIGHT = (8, 9, 7, 6, 5, 4, 3, 2, 1, 0)

COLUMNS: tuple[Column, ...] = (
    *_columns("call", _LEFT),
    Column("strike", "Strike", _STRIKE_WIDTH, _strike, align="centre", tone="strike", group="strike"),
    *_columns("put", _RIGHT),
    Column("lint", "Lint", 13, str, align="left", rank=9, tone="warn"),
)
GROUPS = (("call", "CALLS"), ("put", "PUTS"))


def style(column: Column, row: GridRow) -> tuple[str, str]:
    """Background and text of a cell: shaded in the money, dim where the quote was rejected."""
    flags = row.flags
    if column.group == "strike":
        return "cell", "atm" if flags & AT_THE_MONEY else "strike"
    if not column.group:
        return "cell", "faint" if flags & STALE else column.tone
    call = column.group == "call"
    ground = "money" if flags & (CALL_IN_MONEY if call else PUT_IN_MONEY) else "cell"
    if flags & (CALL_REJECTED if call else PUT_REJECTED) or flags & STALE:
        return ground, "faint"
    return ground, column.tone


def grid_rows(
    view: ChainView, rows: tuple[ChainRow, ...], held: Callable[[str | None], Decimal | None], *, stale: bool
) -> list[GridRow]:
    """Rows for the grid out of a view's rows; the grid compares them with those it has."""
    money = view.at_the_money
    level = view.forward if view.forward is not None else view.spot
    sigmas = _sigma_marks(view)
    found = []
    for row in rows:
        strike, call, put, _ = row
        flags = STALE if stale else 0
        if call.rejected is not None:
            flags |= CALL_REJECTED
        if put.rejected is not None:
            flags |= PUT_REJECTED
        if level is not None:
            flags |= CALL_IN_MONEY if strike < level else PUT_IN_MONEY
        mark = sigmas.get(strike, "")
        if strike == money:
            flags |= AT_THE_MONEY
            mark = "money"
        found.append(
            GridRow(
                strike,
                (
                    held(call.symbol), call.open_interest, call.volume, call.vega, call.theta, call.gamma,
                    call.delta, call.iv, call.bid, call.ask,
                    (strike, mark),
                    put.bid, put.ask, put.iv, put.delta, put.gamma, put.theta, put.vega,
                    put.volume, put.open_interest, held(put.symbol),
                    row.lint,
                ),
                flags,
            )
        )  # fmt: skip
    return found


def _sigma_marks(view: ChainView) -> dict[float, str]:
    """The strikes nearest one standard deviation below and above the forward."""
    if view.forward is None or view.expected_move is None or not view.rows:
        return {}
    marks: dict[float, str] = {}
    for edge in (view.forward - view.expected_move, view.forward + view.expected_move):
        if view.rows[0].strike <= edge <= view.rows[-1].strike:
            distances = [(abs(row.strike - edge), row.strike) for row in view.rows]
            marks[min(distances)[1]] = "σ"
    return marks


def field_of(column: Column) -> str:
    """The field of a side that a column shows; `strike` and `lint` for those of the whole row."""
    return column.key.rpartition(".")[2]


def side_of(row: ChainRow, column: Column) -> SideRow:
    """The option that a cell belongs to; what is said of a strike as a whole belongs to the call."""
    return row.put if column.group == "put" else row.call
