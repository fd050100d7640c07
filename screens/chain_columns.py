"""The columns of the chain in a layout: calls on the left, strike in the middle, puts mirrored on the right."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from optionix_core.market.units import theta_per_day, vega_per_point, volatility_points
from widgets import figures
from widgets.grid_columns import Column, GridRow

if TYPE_CHECKING:
    from optionix_core.services.chain_filter import ChainFilter
    from optionix_core.services.chain_view import ChainRow, ChainView, SideRow

CALL_REJECTED, PUT_REJECTED, AT_THE_MONEY, CALL_IN_MONEY, PUT_IN_MONEY, STALE = 1, 2, 4, 8, 16, 32
CALL_OUT, PUT_OUT, CALL_BOUGHT, CALL_SOLD, PUT_BOUGHT, PUT_SOLD = 64, 128, 256, 512, 1024, 2048

Held = Callable[[str | None], Decimal | None]
LINT: Final = "lint"
HELD: Final = "held"


def _points(value: float | None) -> str:
    return figures.ABSENT if value is None else figures.points(volatility_points(value))


def _theta(value: float | None) -> str:
    return figures.ABSENT if value is None else figures.fraction(theta_per_day(value))


def _vega(value: float | None) -> str:
    return figures.ABSENT if value is None else figures.fraction(vega_per_point(value))


class Staged(NamedTuple):
    """A leg that is put together and not ordered yet, in the place of the position."""

    quantity: int


def _held(value: Decimal | Staged | None) -> str:
    if isinstance(value, Staged):
        return f"›{value.quantity:+d}"
    return "" if value is None or value == 0 else f"{value:+.0f}"


def _worth(value: float | None) -> str:
    """A model's price: no cent that a quote would be rounded to."""
    if value is None:
        return figures.ABSENT
    return f"{value:.3f}" if abs(value) < 100 else f"{value:.2f}"


def _percent(value: float | None) -> str:
    return figures.ABSENT if value is None else f"{100 * value:.1f}"


def _beyond(value: float | None) -> str:
    """Rich with a plus, cheap with a minus; what the spread covers is a blank."""
    if value is None:
        return figures.ABSENT
    return "" if abs(value) < _SMALLEST else f"{value:+.2f}"


_SMALLEST = 0.005
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


class _Shown(NamedTuple):
    """How a column of the options is shown."""

    title: str
    width: int
    write: Callable[[Any], str]
    rank: int
    tone: str = "cell"
    flashes: bool = False


_SHOWN: Final[dict[str, _Shown]] = {
    "held": _Shown("Pos", 4, _held, 3, "strong"),
    "open_interest": _Shown("OI", 6, figures.count, 5, "muted"),
    "volume": _Shown("Vol", 6, figures.count, 4, "muted"),
    "vega": _Shown("V/pt", 6, _vega, 8),
    "theta": _Shown("Θ/d", 6, _theta, 7),
    "gamma": _Shown("Γ", 5, figures.gamma, 6),
    "delta": _Shown("Δ", 5, figures.fraction, 2),
    "iv": _Shown("IV", 5, _points, 1),
    "bid_iv": _Shown("IVbid", 5, _points, 5),
    "ask_iv": _Shown("IVask", 5, _points, 5),
    "bid": _Shown("Bid", 7, figures.quote, 0, "bid", flashes=True),
    "ask": _Shown("Ask", 7, figures.quote, 0, "ask", flashes=True),
    "bid_size": _Shown("×Bid", 5, figures.count, 3, "muted"),
    "ask_size": _Shown("×Ask", 5, figures.count, 3, "muted"),
    "mid": _Shown("Mid", 7, figures.quote, 0),
    "last": _Shown("Last", 7, figures.quote, 6, "muted"),
    "spread": _Shown("Sprd", 6, figures.quote, 5, "muted"),
    "relative_spread": _Shown("Sprd%", 5, _percent, 4, "muted"),
    "value": _Shown("Theo", 7, _worth, 4),
    "beyond": _Shown("R/C", 6, _beyond, 5, "warn"),
    "probability": _Shown("ITM%", 5, _percent, 4),
}
_QUOTED: Final = frozenset({"bid_size", "bid", "mid", "ask", "ask_size", "bid_iv", "ask_iv", "iv"})
"""Columns whose neighbours among themselves stand in the same order on both sides of the strike."""
NAMES: Final = (*_SHOWN, LINT)


@dataclass(frozen=True, slots=True, eq=False)
class Layout:
    """Columns of a layout, and how a row is made for them."""

    name: str
    fields: tuple[str, ...]
    """As a layout tells them: on the calls' side, from the edge to the strike, the lint left out."""
    columns: tuple[Column, ...]

    def rows(
        self, view: ChainView, rows: Sequence[ChainRow], held: Held, marks: RowMarks, *, stale: bool
    ) -> list[GridRow]:
        """Rows for the grid out of a view's rows; the grid compares them with those it has."""
        position = marks.position(held)
        call = _reader(self.fields, position)
        put = _reader(_mirrored(self.fields), position)
        lint = self.columns[-1].key == LINT
        money = view.at_the_money
        level = view.forward if view.forward is not None else view.spot
        sigmas = _sigma_marks(view)
        found = []
        for row in rows:
            strike = row.strike
            flags = (STALE if stale else 0) | marks.of(view, row)
            if level is not None:
                flags |= CALL_IN_MONEY if strike < level else PUT_IN_MONEY
            mark = sigmas.get(strike, "")
            if strike == money:
                flags |= AT_THE_MONEY
                mark = "money"
            cells = (*call(row.call), (strike, mark), *put(row.put))
            found.append(GridRow(strike, (*cells, row.lint) if lint else cells, flags))
        return found


@dataclass(frozen=True, slots=True, eq=False)
class RowMarks:
    """What beside the quotes marks a row's options: the filter, and the legs that are staged."""

    chosen: ChainFilter | None = None
    legs: dict[str, int] | None = None
    """Signed contracts by key."""

    def position(self, held: Held) -> Callable[[str | None], Decimal | Staged | None]:
        """What stands in a position's cell: a leg that is staged before what is held."""
        legs = self.legs
        if not legs:
            return held
        staged = {symbol: Staged(quantity) for symbol, quantity in legs.items()}
        return lambda symbol: staged.get(symbol or "") or held(symbol)

    def of(self, view: ChainView, row: ChainRow) -> int:
        """Flags of a row."""
        call, put = row.call, row.put
        flags = (CALL_REJECTED if call.rejected is not None else 0) | (PUT_REJECTED if put.rejected is not None else 0)
        if self.chosen is not None and self.chosen.judges_options:
            flags |= 0 if self.chosen.keeps(view, row, call) else CALL_OUT
            flags |= 0 if self.chosen.keeps(view, row, put) else PUT_OUT
        if self.legs:
            number = self.legs.get(call.symbol or "", 0)
            flags |= CALL_BOUGHT if number > 0 else CALL_SOLD if number < 0 else 0
            number = self.legs.get(put.symbol or "", 0)
            flags |= PUT_BOUGHT if number > 0 else PUT_SOLD if number < 0 else 0
        return flags


def layout(name: str, fields: Sequence[str]) -> Layout:
    """The columns of a layout; `fields` are those of `config.chain_layouts`."""
    own = tuple(field for field in fields if field != LINT)
    home = "ask" if "ask" in own else own[-1]
    columns = [
        *(_column("call", field, home=field == home) for field in own),
        Column("strike", "Strike", _STRIKE_WIDTH, _strike, align="centre", tone="strike", group="strike"),
        *(_column("put", field) for field in _mirrored(own)),
    ]
    if LINT in fields:
        columns.append(Column(LINT, "Lint", 13, str, align="left", rank=9, tone="warn"))
    return Layout(name, own, tuple(columns))


def _column(group: str, field: str, *, home: bool = False) -> Column:
    shown = _SHOWN[field]
    return Column(
        key=f"{group}.{field}",
        title=shown.title,
        width=shown.width,
        write=shown.write,
        rank=shown.rank,
        tone=shown.tone,
        group=group,
        flashes=shown.flashes,
        home=home,
    )


def _mirrored(fields: Sequence[str]) -> tuple[str, ...]:
    """From the strike to the edge; what is quoted keeps bid before ask."""
    found: list[str] = []
    run: list[str] = []
    for field in reversed(fields):
        if field in _QUOTED:
            run.insert(0, field)
            continue
        found += [*_bid_first(run), field]
        run = []
    return (*found, *_bid_first(run))


def _bid_first(run: list[str]) -> list[str]:
    """A stretch of quotes as on the calls' side, a volatility of the mid alone at its outer end again."""
    if len(run) > 1 and run[0] == "iv" and not {"bid_iv", "ask_iv"} & set(run):
        return [*run[1:], "iv"]
    return run


_GROUND: Final = {"call": CALL_IN_MONEY, "put": PUT_IN_MONEY}
_FAINT: Final = {"call": CALL_REJECTED | CALL_OUT | STALE, "put": PUT_REJECTED | PUT_OUT | STALE}
_STAGED: Final = {"call": (CALL_BOUGHT, CALL_SOLD), "put": (PUT_BOUGHT, PUT_SOLD)}
GROUPS = (("call", "CALLS"), ("put", "PUTS"))


def style(column: Column, row: GridRow) -> tuple[str, str]:
    """Background and text of a cell: shaded in the money, dim where rejected or filtered out, legs marked."""
    flags = row.flags
    if column.group == "strike":
        return "cell", "atm" if flags & AT_THE_MONEY else "strike"
    if not column.group:
        return "cell", "faint" if flags & STALE else column.tone
    ground = "money" if flags & _GROUND[column.group] else "cell"
    bought, sold = _STAGED[column.group]
    if flags & (bought | sold):
        ground = "bought" if flags & bought else "sold"
    return ground, "faint" if flags & _FAINT[column.group] else column.tone


def _reader(fields: Sequence[str], held: Callable[[str | None], object]) -> Callable[[SideRow], tuple[Any, ...]]:
    """A function that takes the fields out of a side; made once for all rows, since there are many."""
    plain = tuple(field for field in fields if field != HELD)
    if not plain:
        return lambda side: (held(side.symbol),)
    read = attrgetter(*plain) if len(plain) > 1 else _alone(plain[0])
    if HELD not in fields:
        return read
    place = fields.index(HELD)

    def with_position(side: SideRow) -> tuple[Any, ...]:
        cells = read(side)
        return (*cells[:place], held(side.symbol), *cells[place:])

    return with_position


def _alone(field: str) -> Callable[[SideRow], tuple[Any, ...]]:
    get = attrgetter(field)
    return lambda side: (get(side),)


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
