"""Profit and loss explained: why a book's value changed between two states of the market.

The parts of every position sum to its actual change; what they do not reach is the residual, which is shown and never
spread. Positions that were held are explained by their quantity at the start; what was traded on the way counts from
its price to the end (new trades), fees beside it. Money is in the reporting currency of the two books.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from optionix_core.errors import InvalidValueError
from optionix_core.risk._exotic_rows import exotic_greeks
from optionix_core.risk._option_rows import LISTED, OptionRows, option_rows
from optionix_core.risk._path_terms import START_GREEKS, Move, path_terms, start_terms
from optionix_core.risk._pnl_sheet import Sheet
from optionix_core.risk._smile_moves import smile_moves
from optionix_core.risk.book import SECONDS_PER_YEAR, Position, PositionKind, RiskBook
from optionix_core.risk.explained import CashMove, Explained, GreeksOf, Settled, Trade

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from optionix_core.market.protocols import VolatilityFunction
    from optionix_core.pricing.american import Accuracy

    FloatArray = NDArray[np.float64]


def explain(
    before: RiskBook,
    after: RiskBook,
    trades: Sequence[Trade] = (),
    cash: Sequence[CashMove] = (),
    settled: Mapping[str, Settled] | None = None,
    *,
    greeks: GreeksOf = GreeksOf.PATH,
    accuracy: Accuracy = "standard",
) -> Explained:
    """The change from one book to the next, position by position.

    A position closed on the way stays in `after` with quantity 0, so that its value at the end is known; one that
    expired is in `settled` and not in `after`. Values are the positions' own prices where both books state them, else
    those of pricing. Exotics are explained by their Greeks at the start.

    Raises InvalidValueError where the trades do not lead from the quantities of one book to those of the other, where
    times run backwards, or where currencies differ; MissingDataError for a position whose end is not known.
    """
    ended = dict(settled or {})
    elapsed = (after.as_of - before.as_of).total_seconds() / SECONDS_PER_YEAR
    if elapsed < 0.0:
        raise InvalidValueError("moment of the second book", after.as_of, f"not before {before.as_of.isoformat()}")
    if before.reporting_currency != after.reporting_currency:
        raise InvalidValueError("reporting currency", after.reporting_currency, before.reporting_currency)
    sheet = Sheet(before, after, trades, cash, ended)
    held = replace(before, positions=tuple(one for one in before.positions if one.quantity != 0.0))
    last = _end_book(held, after, ended)
    for rows in option_rows(held):
        move = _move(rows, held, last, after, ended, elapsed)
        _explain_options(sheet, move, held, after, ended, greeks, accuracy)
    for position in held.positions:
        if position.kind not in LISTED:
            _explain_other(sheet, position, held, after, elapsed)
    for position in after.positions:
        if position.id not in sheet.valued:
            sheet.value(position.id, 0.0, _price_of(after, position, accuracy))
    return sheet.explained(greeks)


def _explain_options(
    sheet: Sheet,
    move: Move,
    held: RiskBook,
    after: RiskBook,
    settled: Mapping[str, Settled],
    greeks: GreeksOf,
    accuracy: Accuracy,
) -> None:
    rows = move.start
    parts = path_terms(move, accuracy) if greeks is GreeksOf.PATH else start_terms(move, accuracy)
    vega = parts.pop("unit_vega")
    smile = smile_moves(move, _surfaces(held, after, rows.underlying))
    for part, moves in smile._asdict().items():
        parts[f"vega_{part}"] = vega * moves
    names = [held.positions[place].id for place in rows.places]
    start, end = rows.prices(accuracy), _end_prices(move, names, settled, accuracy)
    for row, name in enumerate(names):
        sheet.add(name, {term: float(values[row]) for term, values in parts.items()})
        sheet.value(name, float(start[row]), float(end[row]))


def _end_book(held: RiskBook, after: RiskBook, settled: Mapping[str, Settled]) -> RiskBook:
    known = {one.id: one for one in after.positions}
    return after.with_positions(tuple(known[one.id] for one in held.positions if one.id not in settled))


def _move(
    rows: OptionRows,
    held: RiskBook,
    last: RiskBook,
    after: RiskBook,
    settled: Mapping[str, Settled],
    elapsed: float,
) -> Move:
    names = [held.positions[place].id for place in rows.places]
    ends = {
        last.positions[place].id: (found, row)
        for found in option_rows(last, frozenset(names))
        for row, place in enumerate(found.places)
    }
    columns = {name: np.empty(len(names)) for name in ("spot", "years", "rate", "dividend_yield", "volatility")}
    for row, name in enumerate(names):
        if name in settled:
            values = (settled[name].spot, 0.0, rows.rate[row], rows.dividend_yield[row], rows.volatility[row])
        else:
            found, there = ends[name]
            values = (
                *(after.market.spot(rows.underlying), found.years[there], found.rate[there]),
                *(found.dividend_yield[there], found.volatility[there]),
            )
        for column, value in zip(columns.values(), values, strict=True):
            column[row] = value
    return Move(start=rows, elapsed=elapsed, dividends=after.dividends.get(rows.underlying), **columns)


def _end_prices(move: Move, names: Sequence[str], settled: Mapping[str, Settled], accuracy: Accuracy) -> FloatArray:
    found = move.at(1.0)
    values = replace(found, dividends=move.dividends).prices(accuracy)
    return np.array([settled[name].value if name in settled else values[row] for row, name in enumerate(names)])


def _surfaces(held: RiskBook, after: RiskBook, underlying: str) -> tuple[VolatilityFunction, VolatilityFunction] | None:
    first, last = held.market.surfaces.get(underlying), after.market.surfaces.get(underlying)
    return None if first is None or last is None else (first, last)


def _explain_other(sheet: Sheet, position: Position, held: RiskBook, after: RiskBook, elapsed: float) -> None:
    first, last = held.market.spot(position.underlying), after.market.spot(position.underlying)
    if position.kind is PositionKind.UNDERLYING:
        sheet.add(position.id, {"delta": last - first})
        sheet.value(position.id, first, last)
        return
    there = after.position(position.id)
    start = exotic_greeks(held, position, START_GREEKS)
    end = exotic_greeks(after, there, ())
    found = {name: 0.0 if math.isnan(value) else value for name, value in start.items()}
    volatility = 0.0
    if position.volatility is not None and there.volatility is not None:
        volatility = there.volatility - position.volatility
    spot = last - first
    years = held.years(position)
    rate, payout = held.rate(position.underlying, years), held.dividend_yield(position.underlying, years)
    later = after.years(there)
    carry = rate * found["price"] - (rate - payout) * first * found["delta"]
    sheet.add(
        position.id,
        {
            "delta": found["delta"] * spot,
            "gamma": 0.5 * found["gamma"] * spot**2,
            "vega_level": found["vega"] * volatility,
            "vanna": found["vanna"] * spot * volatility,
            "volga": 0.5 * found["volga"] * volatility**2,
            "theta": (found["theta"] - carry) * elapsed,
            "carry": carry * elapsed,
            "rho": found["rho"] * (after.rate(position.underlying, later) - rate),
            "dividend": found["epsilon"] * (after.dividend_yield(position.underlying, later) - payout),
            "cross": (found["charm"] * spot + found["veta"] * volatility) * elapsed,
        },
    )
    sheet.value(position.id, start["price"], end["price"])


def _price_of(book: RiskBook, position: Position, accuracy: Accuracy) -> float:
    if position.price is not None:
        return position.price
    if position.kind is PositionKind.UNDERLYING:
        return book.market.spot(position.underlying)
    if position.kind is PositionKind.EXOTIC:
        return exotic_greeks(book, position, ())["price"]
    (rows,) = option_rows(book, frozenset({position.id}))
    return float(rows.prices(accuracy)[0])
